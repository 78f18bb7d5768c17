//! `/profile/tokens` and below: one's own tokens.

use domain::errors::Error;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    chosen::chosen,
    form::new_token,
    list::{Asked, new_button, section},
    owners::Owner,
    view::{gone, token},
};
use crate::{
    components::{
        alerts::warning,
        api_call::ApiCalls,
        filter::found,
        form::FormState,
        frame::{Frame, Section, Viewer, head},
        page::{page, page_of},
    },
    context::{answer, control},
    errors::AppError,
    links,
};

/// One's own tokens.
#[component]
pub(crate) fn OwnTokensPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    page(async move {
        let asked =
            Asked { unused_days: query.get("unused_days").unwrap_or_default(), after: query.get("after") };
        let viewer = Viewer::load().await?;
        let owner = Owner::oneself();
        let list = control::tokens::list(&control()?, &asked.unused_days, asked.after.as_deref()).await;
        let (list, refused) = found(answer(list))?;
        let form = FormState::asked(&[("unused_days", &asked.unused_days)], refused);
        let path = links::with_query(&owner.api(), &[("unused_days", Some(&asked.unused_days))]);
        let frame = Frame::of_person(Section::Tokens, "Tokens").calls(ApiCalls::new().v1(
            "List tokens",
            "GET",
            &path,
            None,
        ));
        let new = (list.total > 0 || form.is_filled()).then(|| new_button(&owner)).flatten();
        let body = view! {
            {head("Tokens".into(), (), new)}
            <p class="muted">
                "With a token a program acts as you through the API, in all of your organizations. A token can make \
                 and change none of yours."
            </p>
            {refused_by(&Owner::oneself()).await?} {section(&owner, list, &asked, form)}
        };
        Ok(frame.view(viewer, body))
    })
}

/// Makes a token for oneself.
#[component]
pub(crate) fn NewOwnTokenPage() -> impl IntoView {
    page(async move { new_token(Viewer::load().await?, Owner::oneself()).await })
}

/// Says where one's own tokens open nothing, if there is such a place. Of others' tokens nothing is said.
pub(super) async fn refused_by(owner: &Owner) -> Result<Option<AnyView>, AppError> {
    if !owner.is_oneself() {
        return Ok(None);
    }
    let names = answer(control::tokens::refused_by(&control()?).await)?;
    Ok((!names.is_empty()).then(|| {
        let names = names.join(", ");
        warning(format!(
            "The authentication policy of {names} takes no personal tokens: yours open nothing there."
        ))
    }))
}

/// Those of one's own tokens that were ticked, before they end.
#[component]
pub(crate) fn RevokeOwnTokensPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let gone = gone(None, || links::own_tokens(&[]));
    page_of(Some(gone), async move { chosen(Viewer::load().await?, Owner::oneself(), &query).await })
}

/// One of one's own tokens.
#[component]
pub(crate) fn OwnTokenPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    let gone = gone(None, || links::own_tokens(&[]));
    page_of(Some(gone), async move {
        let viewer = Viewer::load().await?;
        let id = params.get("token").and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
        token(viewer, Owner::oneself(), id).await
    })
}
