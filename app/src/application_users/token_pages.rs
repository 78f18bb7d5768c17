//! `/organizations/{organization}/application-users/{user}/tokens/…`: the pages of the tokens of an application user.

use domain::{actions::Action, errors::Error};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    components::{
        frame::Viewer,
        page::{page, page_of},
    },
    context::posted,
    links,
    organizations::asked,
    tokens::{gone, new_token, token},
};

/// Makes a token for an application user.
#[component]
pub(crate) fn NewApplicationTokenPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let view = super::load(&params).await?;
        let owner = super::owner(&viewer, &view);
        // Nobody gets a form that would be refused; a form that is sent all the same is refused on record.
        if posted().is_none() {
            viewer.require(view.organization_id, Action::CreateApplicationToken)?;
            if let Some(reason) = view.protection {
                return Err(Error::Forbidden { reason }.into());
            }
        }
        new_token(viewer, owner).await
    })
}

/// One token of an application user.
#[component]
pub(crate) fn ApplicationTokenPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    let user = params.get("user").unwrap_or_default();
    let gone = asked(&params)
        .ok()
        .map(|id| gone(Some(id), move || links::application_user(&id.to_string(), &user, &[])));
    page_of(gone, async move {
        let viewer = Viewer::load().await?;
        let view = super::load(&params).await?;
        let id = params.get("token").and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
        let owner = super::owner(&viewer, &view);
        token(viewer, owner, id).await
    })
}
