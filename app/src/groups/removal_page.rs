//! `/organizations/{organization}/groups/{group}/members/{user}/remove`: what somebody loses who is taken out of a group,
//! and the form that does it.

use domain::{
    actions::Action,
    errors::Error,
    ids::{OrganizationId, UserId},
};
use leptos::prelude::*;
use leptos_router::{hooks::use_params_map, params::ParamsMap};

use crate::{
    components::{
        api_call::ApiCalls,
        frame::{Viewer, head},
        gone::Gone,
        page::page_of,
        preview::Preview,
    },
    context::{answer, control},
    errors::AppError,
    links,
    organizations::asked,
};

/// What taking somebody out of a group would do.
#[component]
pub(crate) fn RemoveMemberPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page_of(gone(&params), async move {
        let viewer = Viewer::load().await?;
        let group = super::load(&params).await?;
        let user: UserId =
            params.get("user").and_then(|id| id.parse().ok()).ok_or(AppError::Refused(Error::NotFound))?;
        let (organization, id) = (group.organization_id, group.row.id);
        viewer.require(organization, Action::RemoveGroupMember)?;
        let would = control::groups::preview_remove(&control()?, organization, id, user).await;
        let (would, name) = (answer(would)?, name(organization, user).await?);
        let (owner, key, member) = (organization.to_string(), id.to_string(), user.to_string());
        let path = format!("/v1/organizations/{owner}/groups/{key}/members/{member}");
        let calls = ApiCalls::new().v1("Remove them", "DELETE", &path, None);
        let frame = super::frame(&group, "Remove member")
            .step("Remove", links::group_removal(&owner, &key, &member))
            .calls(calls);
        let preview = Preview {
            action: "/api/groups/remove_member",
            sentence: format!("{name} will be taken out of the group {}.", group.row.name),
            note: Some("They stay in the organization and keep what they hold otherwise."),
            verb: "Remove from group",
            is_danger: true,
            confirmation: None,
            back: links::group(&owner, &key, &[]),
            hidden: vec![("organization", owner), ("group", key), ("user", member)],
        };
        let title = head(format!("Remove from {}?", group.row.name), (), ());
        Ok(frame.view(viewer, view! { {title} {preview.view(would)} }.into_any()))
    })
}

/// What is said where nobody of that kind is in the group.
fn gone(params: &ParamsMap) -> Option<Gone> {
    let (id, group) = (asked(params).ok()?, params.get("group").unwrap_or_default());
    Some(Gone {
        organization: Some(id),
        said: "There is no such member of the group. If there was one, somebody has taken them out already.",
        label: "Back to the group",
        list: Box::new(move |_| links::group(&id.to_string(), &group, &[])),
    })
}

/// What a member is called, whether person or program.
async fn name(organization: OrganizationId, user: UserId) -> Result<String, AppError> {
    match control::users::view(&control()?, organization, user).await {
        Ok(member) => Ok(format!("{} ({})", member.row.name, member.row.email)),
        Err(Error::NotFound) => {
            let found = control::application_users::view(&control()?, organization, user).await;
            Ok(format!("The application user {}", answer(found)?.row.name))
        }
        Err(other) => Err(other.into()),
    }
}
