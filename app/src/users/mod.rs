//! The people of an organization: list, look at one, shut out and let in, remove, super admins.

pub mod api;

#[cfg(feature = "ssr")]
mod list_page;
#[cfg(feature = "ssr")]
mod removal_page;
#[cfg(feature = "ssr")]
mod super_admin_page;
#[cfg(feature = "ssr")]
mod view_page;
#[cfg(feature = "ssr")]
mod way_in;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    list_page::UsersPage,
    removal_page::{UserDeactivationPage, UserRemovalPage},
    super_admin_page::UserSuperAdminPage,
    view_page::UserPage,
};

#[cfg(feature = "ssr")]
use domain::{
    errors::Error,
    ids::{OrganizationId, UserId},
    views::MemberRow,
};
#[cfg(feature = "ssr")]
use leptos::prelude::*;
#[cfg(feature = "ssr")]
use leptos_router::params::ParamsMap;

#[cfg(feature = "ssr")]
use crate::{
    components::badges::{Tone, badge},
    organizations,
};

/// The person that an address names.
#[cfg(feature = "ssr")]
pub(crate) fn asked(params: &ParamsMap) -> Result<(OrganizationId, UserId), Error> {
    let user = params.get("user").and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
    Ok((organizations::asked(params)?, user))
}

/// What somebody is here, in words.
#[cfg(feature = "ssr")]
fn standing(member: &MemberRow) -> AnyView {
    let state = match member.is_active {
        true => badge(Tone::Good, "active"),
        false => badge(Tone::Warning, "deactivated"),
    };
    let super_admin = member.is_super_admin.then(|| badge(Tone::Plain, "super admin"));
    let managed = member.is_managed.then(|| badge(Tone::Plain, "managed"));
    let kept = member.is_kept_by_scim.then(|| badge(Tone::Plain, "SCIM"));
    view! { <span class="badges">{state} {super_admin} {managed} {kept}</span> }.into_any()
}

/// Whether somebody has a second factor, in words.
#[cfg(feature = "ssr")]
fn second_factor(member: &MemberRow) -> AnyView {
    match member.has_second_factor {
        true if member.is_factor_reset_waiting => {
            view! { <span class="badges">"yes" {badge(Tone::Warning, "reset waiting")}</span> }.into_any()
        }
        true => "yes".into_any(),
        false => view! { <span class="muted">"none"</span> }.into_any(),
    }
}
