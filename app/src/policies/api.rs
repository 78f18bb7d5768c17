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
    // Who may not see who has a second factor is not told.
    let view = control::policies::view(ctx, organization).await.ok();
    let row = view.and_then(|view| view.super_admins.into_iter().find(|row| row.user_id == user));
    Ok(told(is_self, is_break_glass, row.is_none_or(|row| row.has_second_factor)))
}

#[cfg(feature = "ssr")]
const fn told(is_self: bool, is_break_glass: bool, has_factor: bool) -> &'static str {
    match (is_self, is_break_glass) {
        (true, true) if !has_factor => {
            "You are a break-glass super admin now. You have no second factor: without one it does not let you in."
        }
        (false, true) if !has_factor => {
            "They are a break-glass super admin now. They have no second factor: without one it does not let them in."
        }
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
    fn who_is_exempt_and_has_no_second_factor_is_told_that_it_is_worth_nothing() {
        for is_self in [true, false] {
            assert!(told(is_self, true, false).contains("no second factor"));
            assert!(!told(is_self, true, true).contains("second factor"));
            assert!(!told(is_self, false, false).contains("second factor"));
        }
    }

    #[test]
    fn who_exempts_themselves_is_spoken_to() {
        for is_break_glass in [true, false] {
            for has_factor in [true, false] {
                assert!(told(true, is_break_glass, has_factor).starts_with("You are"));
                assert!(told(false, is_break_glass, has_factor).starts_with("They are"));
            }
        }
    }
}
