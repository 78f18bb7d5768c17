//! `/organizations/{organization}/authentication`: the authentication policy, what a change of it would do before it is
//! saved, and the break-glass super admins.

use domain::{
    actions::Action,
    errors::Error,
    ids::OrganizationId,
    views::{BreakGlassRow, OrganizationView, PolicyView},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use serde_json::{Value, json};

use super::{
    api,
    form::{self, FORM},
    preview::{self, CONFIRMED},
};
use crate::{
    components::{
        api_call::ApiCalls,
        badges::{Tone, badge},
        form::FormState,
        frame::{Frame, Section, Viewer, head},
        page::page,
        table::{Column, Row, table},
        time::time,
    },
    context::{Posted, answer, control, done, posted, set_status},
    errors::AppError,
    links,
    organizations::asked,
};

const TITLE: &str = "Authentication policy";
/// What the buttons of the exemption send, with the form of the policy: what was entered there is kept.
const BREAK_GLASS: &str = "break_glass";

/// The authentication policy.
#[component]
pub(crate) fn AuthenticationPolicyPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let id = asked(&params)?;
        viewer.require(id, Action::ViewAuthenticationPolicy)?;
        let mut exempted = None;
        let form = match posted() {
            None => {
                let form = FormState::of(FORM);
                if let Some(body) = confirmed_before(id, &form).await? {
                    return Ok(preview_frame(id).view(viewer, body));
                }
                form
            }
            Some(sent) if sent.has(BREAK_GLASS) => {
                exempted = Some(exempt(id, &sent.value(BREAK_GLASS)).await?);
                FormState::filled(FORM, sent.joined())
            }
            Some(sent) if sent.has(preview::BACK) => FormState::filled(FORM, sent.joined()),
            Some(sent) => match change(id, &sent).await? {
                Step::Saved => {
                    done(
                        &links::authentication_policy(&id.to_string()),
                        "The authentication policy is saved.",
                    );
                    return Ok(().into_any());
                }
                Step::Asked(body) => return Ok(preview_frame(id).view(viewer, body)),
                Step::Refused(form) => form,
            },
        };
        let view = answer(control::policies::view(&control()?, id).await)?;
        let organization = viewer.organization(id).ok_or(Error::NotFound)?;
        let body = draw(organization, &view, &form, exempted);
        Ok(frame(id).calls(calls(&view)).view(viewer, body))
    })
}

/// Exempts somebody from “identity provider required”, or no longer, as a button says: whom, and whether.
async fn exempt(id: OrganizationId, sent: &str) -> Result<Result<&'static str, Error>, AppError> {
    let (user, is_break_glass) = sent.split_once(' ').ok_or(Error::NotFound)?;
    let user = user.parse().map_err(|_| Error::NotFound)?;
    match api::exempt(&control()?, id, user, is_break_glass == "true").await {
        Ok(told) => Ok(Ok(told)),
        Err(error @ Error::Conflict { .. }) => {
            set_status(error.status());
            Ok(Err(error))
        }
        Err(error) => Err(error.into()),
    }
}

/// The preview once more, for who confirmed it and had to show first who they are: if it is that very change still, and they
/// have shown it.
async fn confirmed_before(id: OrganizationId, form: &FormState) -> Result<Option<AnyView>, AppError> {
    let Some(confirmed) = form.value(CONFIRMED).filter(|_| form.is_refused()) else { return Ok(None) };
    let input = form::input(&form.posted());
    let preview = control::policies::preview(&control()?, id, &input).await.ok();
    let preview = preview.filter(|preview| preview.confirmation == confirmed);
    let path = links::authentication_policy(&id.to_string());
    Ok(preview.map(|preview| preview::draw(preview, form::sent(&input), path, form)))
}

/// What became of a form that was sent.
enum Step {
    /// It is saved.
    Saved,
    /// What it would do is to be confirmed.
    Asked(AnyView),
    /// It was refused.
    Refused(FormState),
}

/// Saves what was confirmed, or shows what it would do.
async fn change(id: OrganizationId, sent: &Posted) -> Result<Step, AppError> {
    let (ctx, input, confirmed) = (control()?, form::input(sent), sent.value(CONFIRMED));
    let mut said = FormState::filled(FORM, sent.joined());
    if !confirmed.is_empty() {
        match control::policies::save(&ctx, id, &input, &confirmed).await {
            Ok(_) => return Ok(Step::Saved),
            // It would do something else by now: that is to be looked at.
            Err(error @ Error::Conflict { .. }) => said = FormState::refused(FORM, error, sent),
            Err(error) => return refuse(error, sent),
        }
    }
    match control::policies::preview(&ctx, id, &input).await {
        Ok(preview) if preview.changes.is_empty() => {
            refuse(Error::conflict("The policy is just this already: there is nothing to save."), sent)
        }
        Ok(preview) => {
            if said.is_refused() {
                set_status(409);
            }
            let path = links::authentication_policy(&id.to_string());
            Ok(Step::Asked(preview::draw(preview, form::sent(&input), path, &said)))
        }
        Err(error) => refuse(error, sent),
    }
}

/// Shows the form again with what is wrong with it; everything else is the page's.
fn refuse(error: Error, sent: &Posted) -> Result<Step, AppError> {
    match error {
        error @ (Error::Invalid { .. } | Error::Conflict { .. }) => {
            set_status(error.status());
            Ok(Step::Refused(FormState::refused(FORM, error, sent)))
        }
        other => Err(other.into()),
    }
}

fn frame(id: OrganizationId) -> Frame {
    Frame::in_organization(id, Section::AuthenticationPolicy, TITLE)
        .step(TITLE, links::authentication_policy(&id.to_string()))
}

/// The frame of what a change would do, which is shown under the same address.
fn preview_frame(id: OrganizationId) -> Frame {
    frame(id).step("Change", links::authentication_policy(&id.to_string())).calls(ApiCalls::new())
}

fn calls(view: &PolicyView) -> ApiCalls {
    let path = format!("/v1/organizations/{}/authentication-policy", view.organization_id);
    let mut policy = serde_json::to_value(&view.policy).unwrap_or_default();
    if let Value::Object(members) = &mut policy {
        members.insert("generation".to_owned(), view.generation.into());
    }
    let save = json!({ "policy": policy, "confirmation": "what the preview gave" });
    ApiCalls::new()
        .v1("See the policy", "GET", &path, None)
        .v1("See what a change does", "POST", &format!("{path}/preview"), Some(&policy))
        .v1("Save it", "PUT", &path, Some(&save))
}

fn draw(
    organization: &OrganizationView,
    view: &PolicyView,
    form: &FormState,
    exempted: Option<Result<&'static str, Error>>,
) -> AnyView {
    let may = |action| organization.powers.may(action);
    let changed = view.changed_at.map(|at| view! { <p class="muted">"Last changed " {time(at)} "."</p> });
    view! {
        {head(TITLE.into(), (), ())}
        <p>"What people have to show, and from where, to reach this organization. It counts from the next request on."</p>
        {changed} {form::draw(view, form, may(Action::EditAuthenticationPolicy))}
        {break_glass(view, may(Action::SetBreakGlass), exempted)}
    }
    .into_any()
}

/// Who gets in when the identity provider does not answer.
fn break_glass(view: &PolicyView, may_set: bool, exempted: Option<Result<&'static str, Error>>) -> AnyView {
    let columns = [
        Column::Name("Super admin"),
        Column::Text("Second factor"),
        Column::Text("Break-glass"),
        Column::Actions,
    ];
    let rows = view.super_admins.iter().map(|row| super_admin(row, may_set)).collect();
    let told = exempted.map(|exempted| match exempted {
        Ok(told) => view! { <p class="alert alert-good" role="status">{told}</p> }.into_any(),
        Err(error) => view! { <p class="alert alert-bad" role="alert">{error.to_string()}</p> }.into_any(),
    });
    view! {
        <section class="stack" aria-labelledby="break-glass">
            <h2 id="break-glass">"Break-glass super admins"</h2>
            <p class="muted">
                "They get in without the organization’s identity provider when it is required and does not answer. They \
                 show a second factor for that, whatever the switch says, and every super admin is told by mail each time."
            </p>
            {told}
            {table("Super admins, and which of them are break-glass", &columns, rows)}
        </section>
    }
    .into_any()
}

fn super_admin(row: &BreakGlassRow, may_set: bool) -> Row {
    let name = view! {
        <span class="principal"><span>{row.name.clone()}</span> <span class="muted">{row.email.clone()}</span></span>
    };
    let factor = match row.has_second_factor {
        true => badge(Tone::Good, "has one"),
        false => badge(Tone::Warning, "has none"),
    };
    let since = match row.break_glass_at {
        Some(at) => view! { <span>"since " {time(at)}</span> }.into_any(),
        None => view! { <span class="muted">"no"</span> }.into_any(),
    };
    let (verb, becomes) = match row.break_glass_at {
        Some(_) => ("End break-glass", "false"),
        None => ("Make break-glass", "true"),
    };
    let button = may_set.then(|| {
        let of = format!("{verb}: {}", row.email);
        let value = format!("{} {becomes}", row.user_id);
        view! {
            <button class="button button-small" form=form::ID name=BREAK_GLASS value=value formnovalidate aria-label=of>
                {verb}
            </button>
        }
    });
    vec![name.into_any(), factor, since, button.into_any()]
}
