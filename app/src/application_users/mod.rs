//! Application users: members of an organization that are programs, and their tokens.

pub mod api;

#[cfg(feature = "ssr")]
mod deletion_page;
#[cfg(feature = "ssr")]
mod list_page;
#[cfg(feature = "ssr")]
mod token_pages;
#[cfg(feature = "ssr")]
mod view_page;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    deletion_page::DeleteApplicationUserPage,
    list_page::ApplicationUsersPage,
    token_pages::{ApplicationTokenPage, NewApplicationTokenPage, RevokeApplicationTokensPage},
    view_page::ApplicationUserPage,
};

#[cfg(feature = "ssr")]
use domain::{actions::Action, errors::Error, views::ApplicationUserView};
#[cfg(feature = "ssr")]
use leptos_router::params::ParamsMap;

#[cfg(feature = "ssr")]
use crate::{
    components::frame::{Frame, Section, Viewer},
    context::{answer, control},
    errors::AppError,
    links,
    organizations::asked,
    tokens::{Owner, Rights},
};

/// The application user that an address names.
#[cfg(feature = "ssr")]
async fn load(params: &ParamsMap) -> Result<ApplicationUserView, AppError> {
    let organization = asked(params)?;
    let user = params.get("user").and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
    answer(control::application_users::view(&control()?, organization, user).await)
}

/// It as the owner of its tokens, with what the viewer may do with them.
#[cfg(feature = "ssr")]
fn owner(viewer: &Viewer, view: &ApplicationUserView) -> Owner {
    let organization = view.organization_id;
    let takes_over = view.protection.is_none();
    let rights = Rights {
        make: takes_over && viewer.may(organization, Action::CreateApplicationToken),
        edit: takes_over && viewer.may(organization, Action::EditApplicationToken),
        revoke: viewer.may(organization, Action::RevokeApplicationToken),
    };
    Owner::program(organization, view.row.user_id, view.row.name.clone(), rights)
}

/// The frame of a page about it.
#[cfg(feature = "ssr")]
fn frame(view: &ApplicationUserView, title: impl Into<String>) -> Frame {
    let organization = view.organization_id.to_string();
    let user = view.row.user_id.to_string();
    Frame::in_organization(view.organization_id, Section::ApplicationUsers, title)
        .step("Application users", links::application_users(&organization, &[]))
        .step(view.row.name.clone(), links::application_user(&organization, &user, &[]))
}
