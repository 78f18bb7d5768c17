//! `/organizations/{organization}/application-users/{user}/tokens/…`: the pages of the tokens of an application user.

use domain::{actions::Action, errors::Error};
use leptos::prelude::*;
use leptos_router::{
    hooks::{use_params_map, use_query_map},
    params::ParamsMap,
};

use crate::{
    components::{
        frame::Viewer,
        gone::Gone,
        page::{page, page_of},
    },
    context::posted,
    links,
    organizations::asked,
    tokens::{chosen, gone, new_token, token},
};

/// What is said where it has no such token.
fn gone_token(params: &ParamsMap) -> Option<Gone> {
    let (id, user) = (asked(params).ok()?, params.get("user").unwrap_or_default());
    Some(gone(Some(id), move || links::application_user(&id.to_string(), &user, &[])))
}

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

/// Those of its tokens that were ticked, before they end.
#[component]
pub(crate) fn RevokeApplicationTokensPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page_of(gone_token(&params), async move {
        let viewer = Viewer::load().await?;
        let view = super::load(&params).await?;
        viewer.require(view.organization_id, Action::RevokeApplicationToken)?;
        let owner = super::owner(&viewer, &view);
        chosen(viewer, owner, &query).await
    })
}

/// One token of an application user.
#[component]
pub(crate) fn ApplicationTokenPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page_of(gone_token(&params), async move {
        let viewer = Viewer::load().await?;
        let view = super::load(&params).await?;
        let id = params.get("token").and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
        let owner = super::owner(&viewer, &view);
        token(viewer, owner, id).await
    })
}
