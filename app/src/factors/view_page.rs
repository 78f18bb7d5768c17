//! `/profile/authentication/factors/{factor}`: what one of one's factors is, and the form that calls it something else.

use domain::views::FactorRow;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{asked, frame, kind_name};
use crate::{
    components::{
        api_call::ApiCalls,
        field::Field,
        form::{FormState, hidden},
        frame::{Viewer, head},
        page::page,
        time::{maybe_time, time},
    },
    links,
};

const RENAME: &str = "/api/factors/rename";

/// One of one's own factors.
#[component]
pub(crate) fn FactorViewPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let factor = asked(&params).await?;
        let id = factor.id.to_string();
        let calls =
            ApiCalls::new().post("Call it something else", RENAME, &[("factor", &id), ("name", "Blue key")]);
        let frame = frame(&factor.name).step(factor.name.clone(), links::factor(&id)).calls(calls);
        Ok(frame.view(viewer, draw(&factor)))
    })
}

fn draw(factor: &FactorRow) -> AnyView {
    let id = factor.id.to_string();
    let form = FormState::of(RENAME);
    let field = Field {
        name: "name",
        label: "Name",
        hint: Some("So that you know it from the others.".into()),
        value: Some(factor.name.clone()),
        max: Some(64),
        ..Field::default()
    };
    let needed = (!factor.needed_by.is_empty()).then(|| {
        view! { <div><dt>"Needed by"</dt><dd class="break">{factor.needed_by.join(", ")}</dd></div> }
    });
    view! {
        {head(factor.name.clone(), (), ())}
        <section class="card" aria-labelledby="factor">
            <h2 id="factor">{kind_name(factor.kind)}</h2>
            <dl class="facts">
                <div><dt>"Added"</dt><dd>{time(factor.created_at)}</dd></div>
                <div><dt>"Last used"</dt><dd>{maybe_time(factor.last_used_at)}</dd></div>
                {needed}
            </dl>
        </section>
        <section class="card" aria-labelledby="rename-factor">
            <h2 id="rename-factor">"Rename it"</h2>
            <form method="post" action=RENAME class="form form-narrow">
                {hidden(&[("factor", &id)])} {form.error(&["name"])} {field.view(&form)}
                <div class="form-actions">
                    <button class="button button-primary">"Save"</button>
                </div>
            </form>
        </section>
        <section class="card danger" aria-labelledby="remove-factor">
            <div>
                <h2 id="remove-factor">"Remove it"</h2>
                <p>"It opens your account no more, and every other browser of yours is signed out."</p>
            </div>
            <a class="button button-danger" href=links::factor_removal(&id)>"Remove…"</a>
        </section>
    }
    .into_any()
}
