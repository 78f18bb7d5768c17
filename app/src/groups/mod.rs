//! Groups: who is in them and what that would change. What they hold is in `permissions`.

pub mod api;

#[cfg(feature = "ssr")]
mod addition_page;
#[cfg(feature = "ssr")]
mod deletion_page;
#[cfg(feature = "ssr")]
mod list_page;
#[cfg(feature = "ssr")]
mod removal_page;
#[cfg(feature = "ssr")]
mod view_page;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    addition_page::AddMembersPage, deletion_page::DeleteGroupPage, list_page::GroupsPage,
    removal_page::RemoveMemberPage, view_page::GroupPage,
};

#[cfg(feature = "ssr")]
use domain::{
    errors::Error,
    ids::{GroupId, OrganizationId},
    views::GroupView,
};
#[cfg(feature = "ssr")]
use leptos_router::params::ParamsMap;

#[cfg(feature = "ssr")]
use crate::{
    components::{
        frame::{Frame, Section},
        gone::Gone,
    },
    context::{answer, control},
    errors::AppError,
    links,
    organizations::asked,
};

/// The group that an address names.
#[cfg(feature = "ssr")]
async fn load(params: &ParamsMap) -> Result<GroupView, AppError> {
    let (organization, group) = named(params)?;
    answer(control::groups::view(&control()?, organization, group).await)
}

/// The ids in the address of a group.
#[cfg(feature = "ssr")]
fn named(params: &ParamsMap) -> Result<(OrganizationId, GroupId), Error> {
    let group = params.get("group").and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
    Ok((asked(params)?, group))
}

/// What is said where there is no such group.
#[cfg(feature = "ssr")]
fn gone(params: &ParamsMap) -> Option<Gone> {
    let id = asked(params).ok()?;
    Some(Gone {
        organization: Some(id),
        said: "There is no such group. If there was one, somebody has deleted it already.",
        label: "Back to the groups",
        list: Box::new(move |_| links::groups(&id.to_string(), &[])),
    })
}

/// The frame of a page of a group; its own page if there is no title.
#[cfg(feature = "ssr")]
fn frame(group: &GroupView, title: &str) -> Frame {
    let (organization, key) = (group.organization_id.to_string(), group.row.id.to_string());
    let shown = if title.is_empty() { group.row.name.as_str() } else { title };
    Frame::in_organization(group.organization_id, Section::Groups, shown)
        .step("Groups", links::groups(&organization, &[]))
        .step(group.row.name.clone(), links::group(&organization, &key, &[]))
}
