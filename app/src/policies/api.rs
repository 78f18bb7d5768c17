//! Server functions of the authentication policy. The form of the policy itself is sent to its page.

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
    answer(control::policies::set_break_glass(&control()?, organization, user, is_break_glass).await)?;
    let notice = match is_break_glass {
        true => "They are a break-glass super admin now.",
        false => "They are no break-glass super admin any more.",
    };
    done(&links::authentication_policy(&organization.to_string()), notice);
    Ok(())
}
