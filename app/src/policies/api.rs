//! Server functions of the authentication policy. The form of the policy itself is sent to its page.

#[cfg(feature = "ssr")]
use domain::errors::Error;
use domain::ids::{OrganizationId, UserId};
use leptos::prelude::*;

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    links,
};

/// Exempts a super admin from "identity provider required", or no longer.
#[server(endpoint = "policies/set_break_glass")]
pub async fn set_break_glass(
    organization: OrganizationId,
    user: UserId,
    #[server(default)] is_break_glass: bool,
) -> Result<(), AppError> {
    let told = answer(exempt(&control()?, organization, user, is_break_glass).await)?;
    done(&links::authentication_policy(&organization.to_string()), told);
    Ok(())
}

/// Does so, and gives what is said of it to who did it, perhaps to themselves.
#[cfg(feature = "ssr")]
pub(super) async fn exempt(
    ctx: &control::Context,
    organization: OrganizationId,
    user: UserId,
    is_break_glass: bool,
) -> Result<&'static str, Error> {
    control::policies::set_break_glass(ctx, organization, user, is_break_glass).await?;
    // A program is nobody that one could be.
    let is_self = control::sessions::profile(ctx).await.is_ok_and(|profile| profile.user_id == user);
    Ok(told(is_self, is_break_glass))
}

#[cfg(feature = "ssr")]
const fn told(is_self: bool, is_break_glass: bool) -> &'static str {
    match (is_self, is_break_glass) {
        (true, true) => "You are a break-glass super admin now.",
        (true, false) => "You are no break-glass super admin any more.",
        (false, true) => "They are a break-glass super admin now.",
        (false, false) => "They are no break-glass super admin any more.",
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn who_exempts_themselves_is_spoken_to() {
        for is_break_glass in [true, false] {
            assert!(told(true, is_break_glass).starts_with("You are"));
            assert!(told(false, is_break_glass).starts_with("They are"));
        }
    }
}
