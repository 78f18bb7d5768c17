//! `/organizations/{organization}/users/{user}/super-admin`: what somebody gains by being made a super admin, or loses by
//! being made none any more, and the button that does it.

use domain::{
    actions::Action,
    views::{Effects, MemberView},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use serde_json::json;

use super::{
    api::{preview_super_admin, view_user},
    view_page::{super_admin_means, super_admin_verb},
};
use crate::{
    components::{
        api_call::ApiCalls,
        frame::{Frame, Section, Viewer, head},
        page::page,
        preview::Preview,
    },
    links,
};

/// Before somebody is made a super admin, or none any more.
#[component]
pub(crate) fn UserSuperAdminPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let (organization, id) = super::asked(&params)?;
        viewer.require(organization, Action::SetSuperAdmin)?;
        let member = view_user(organization, id).await?;
        let changes = preview_super_admin(organization, id).await?;
        let (key, user) = (organization.to_string(), id.to_string());
        let path = format!("/v1/organizations/{key}/users/{user}/super-admin");
        let verb = super_admin_verb(member.row.is_super_admin);
        let body = json!({ "is_super_admin": !member.row.is_super_admin });
        let calls = ApiCalls::new().v1("See what it changes", "GET", &format!("{path}-effects"), None).v1(
            verb,
            "PUT",
            &path,
            Some(&body),
        );
        let frame =
            Frame::in_organization(organization, Section::Users, format!("{verb}: {}", member.row.email))
                .step("Users", links::users(&key, &[]))
                .step(member.row.email.clone(), links::user(&key, &user))
                .step("Super admin", links::user_super_admin(&key, &user))
                .calls(calls);
        Ok(frame.view(viewer, draw(&member, changes)))
    })
}

fn draw(member: &MemberView, changes: Effects) -> AnyView {
    let (name, email, is_one) = (&member.row.name, &member.row.email, member.row.is_super_admin);
    let (organization, user) = (member.organization_id.to_string(), member.row.user_id.to_string());
    let becomes = if is_one { "is no longer a super admin" } else { "becomes a super admin" };
    let preview = Preview {
        action: "/api/users/set_super_admin",
        sentence: format!("{name} ({email}) {becomes}."),
        note: Some(super_admin_means(is_one)),
        verb: super_admin_verb(is_one),
        is_danger: is_one,
        confirmation: None,
        back: links::user(&organization, &user),
        hidden: vec![
            ("organization", organization),
            ("user", user),
            ("is_super_admin", (!is_one).to_string()),
        ],
    };
    let title = if is_one { "Remove super admin?" } else { "Make them a super admin?" };
    view! { {head(title.into(), (), ())} {preview.view(changes)} }.into_any()
}
