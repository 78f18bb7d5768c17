//! `/organizations/{organization}/identity-providers/{provider}/scim`: what an identity provider pushes people and groups with. The
//! form that makes a token is sent to the page itself, which then shows the token, once.

use domain::{
    actions::Action,
    errors::Error,
    views::{MadeScimToken, ProviderView, ScimTokenRow, ScimView},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    scim_api::{REMOVE_TOKEN, SWITCH_OFF, SWITCH_ON},
    view_page::{frame, gone, named},
};
use crate::{
    components::{
        api_call::ApiCalls,
        badges::{Tone, badge},
        confirm::Confirm,
        copy::CopyButton,
        dialog::{dialog, open_button},
        form::{FormState, hidden},
        frame::{Viewer, head},
        page::page_of,
        table::{Column, Row, table},
        time::{maybe_time, time},
    },
    context::{answer, control, no_store, posted, set_status},
    links,
    quantities::count,
};

const TITLE: &str = "SCIM provisioning";
/// Names the form for what is said of it.
const FORM: &str = "scim-token";
/// Names the field with the tokens that there were when the form was drawn: sent again, it makes no further one.
const SEEN: &str = "seen";
/// Dialogs, of which there is one for each token: there are two at most.
const REMOVE_DIALOGS: [&str; 2] = ["remove-scim-token-1", "remove-scim-token-2"];

/// SCIM of an identity provider.
#[component]
pub(crate) fn ScimPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page_of(gone(&params), async move {
        let viewer = Viewer::load().await?;
        let (organization, id) = named(&params)?;
        viewer.require(organization, Action::ListIdentityProviders)?;
        let ctx = control()?;
        let provider = answer(control::identity_providers::view(&ctx, organization, id).await)?;
        let may = viewer.may(organization, Action::TrustIdentityProvider);
        let mut new = None;
        let form = match posted() {
            None => FormState::of(FORM),
            Some(sent)
                if may
                    && sent.value(SEEN)
                        != seen(&answer(control::scim::view(&ctx, organization, id).await)?) =>
            {
                let reason = "This was done already: a token was made or removed since. One that was made is shown once.";
                set_status(409);
                FormState::refused(FORM, Error::conflict(reason), &sent)
            }
            Some(sent) => match control::scim::make_token(&ctx, organization, id).await {
                Ok(token) => {
                    new = Some(made(&token));
                    FormState::of(FORM)
                }
                Err(error @ (Error::Conflict { .. } | Error::Forbidden { .. })) => {
                    set_status(error.status());
                    FormState::refused(FORM, error, &sent)
                }
                Err(error) => return Err(error.into()),
            },
        };
        let view = answer(control::scim::view(&ctx, organization, id).await)?;
        let path = page_path(&provider);
        let body = view! {
            {head(TITLE.into(), (), ())} {new} {state(&provider, &view, may)} {address(&view)}
            {tokens(&provider, &view, &form, may)} {end(&provider, &view, may)}
        };
        let frame = frame(&provider).step(TITLE, path).calls(calls(&provider));
        Ok(frame.view(viewer, view! { <div class="stack">{body}</div> }.into_any()))
    })
}

/// What the page of an identity provider says of it.
pub(super) fn section(provider: &ProviderView) -> AnyView {
    view! {
        <section class="card" aria-labelledby="scim">
            <h2 id="scim">{TITLE}</h2>
            <p>
                "An identity provider can push people and groups here and keep them: who leaves there is shut out here at once. Works with \
                 Okta, Microsoft Entra ID and everything else that speaks SCIM 2.0."
            </p>
            <div class="form-actions"><a class="button" href=page_path(provider)>"SCIM provisioning"</a></div>
        </section>
    }
    .into_any()
}

fn page_path(provider: &ProviderView) -> String {
    links::identity_provider_scim(&provider.row.organization_id.to_string(), &provider.row.id.to_string())
}

fn calls(provider: &ProviderView) -> ApiCalls {
    let (organization, id) = (provider.row.organization_id, provider.row.id);
    let path = format!("/v1/organizations/{organization}/identity-providers/{id}/scim");
    ApiCalls::new().v1("View SCIM", "GET", &path, None).v1("Switch it on", "POST", &path, None).v1(
        "Make a token",
        "POST",
        &format!("{path}/tokens"),
        None,
    )
}

fn ids(provider: &ProviderView) -> [(&'static str, String); 2] {
    [("organization", provider.row.organization_id.to_string()), ("provider", provider.row.id.to_string())]
}

/// A token that was just made.
fn made(made: &MadeScimToken) -> AnyView {
    no_store();
    // The person made it to give it away.
    let text = made.token.expose().to_owned();
    view! {
        <section class="card made-token" aria-labelledby="made-token">
            <h2 id="made-token">"Copy the token now"</h2>
            <p>
                "This is the only time that it is shown: only its fingerprint is kept. Whoever has it can make, change and shut out people \
                 of your domains; give it to the identity provider and to nobody else."
            </p>
            <div class="copyable">
                <pre class="secret" tabindex="0" aria-label="Token"><code>{text.clone()}</code></pre>
                <CopyButton text what="token".to_owned() />
            </div>
        </section>
    }
    .into_any()
}

fn state(provider: &ProviderView, view: &ScimView, may: bool) -> AnyView {
    if view.is_on {
        let kept = format!(
            "It keeps {} and {}.",
            count(view.people, "person").replace("persons", "people"),
            count(view.groups, "group")
        );
        return view! {
            <section class="card" aria-labelledby="scim-state">
                <h2 id="scim-state">"State"</h2>
                <p class="badges">{badge(Tone::Good, "on")} <span>{kept}</span></p>
                <dl class="facts"><div><dt>"Switched on"</dt><dd>{maybe_time(view.switched_on_at)}</dd></div></dl>
            </section>
        }
        .into_any();
    }
    let ids = ids(provider);
    let action = match may {
        true => view! {
            <form method="post" action=SWITCH_ON class="form">
                {hidden(&ids.each_ref().map(|(name, value)| (*name, value.as_str())))} {FormState::of(SWITCH_ON).error(&[])}
                <div class="form-actions"><button class="button button-primary">"Switch SCIM on"</button></div>
            </form>
        }
        .into_any(),
        false => view! { <p class="muted">"Only super admins switch it on."</p> }.into_any(),
    };
    view! {
        <section class="card" aria-labelledby="scim-state">
            <h2 id="scim-state">"State"</h2>
            <p class="badges">{badge(Tone::Plain, "off")} <span>"Nothing is pushed."</span></p>
            <p>
                "Once it is on, the identity provider makes people with addresses of the domains that lead to it, takes over those who are \
                 here, and keeps their profiles and its groups: they are changed there alone."
            </p>
            {action}
        </section>
    }
    .into_any()
}

fn address(view: &ScimView) -> AnyView {
    let base = view.base_url.clone();
    view! {
        <section class="card" aria-labelledby="scim-address">
            <h2 id="scim-address">"Tell your identity provider"</h2>
            <dl class="facts facts-list">
                <div>
                    <dt>"Base URL, or tenant URL"</dt>
                    <dd class="copyable"><code class="break">{base.clone()}</code> <CopyButton text=base what="base URL".to_owned() /></dd>
                </div>
                <div><dt>"User name"</dt><dd>"The e-mail address"</dd></div>
                <div><dt>"Authentication"</dt><dd>"HTTP header, Bearer token"</dd></div>
            </dl>
            <p class="hint">"Have it create, update and deactivate users, and push groups. Do not have it set passwords."</p>
        </section>
    }
    .into_any()
}

fn seen(view: &ScimView) -> String {
    view.tokens.iter().map(|token| token.id.to_string()).collect::<Vec<_>>().join(" ")
}

fn tokens(provider: &ProviderView, view: &ScimView, form: &FormState, may: bool) -> Option<AnyView> {
    if !view.is_on {
        return None;
    }
    let columns = [
        Column::Name("Token"),
        Column::Text("Made"),
        Column::Text("By"),
        Column::Text("Last used"),
        Column::Actions,
    ];
    let numbered = || view.tokens.iter().zip(REMOVE_DIALOGS);
    let rows: Vec<Row> = numbered().map(|(token, dialog)| row(token, may.then_some(dialog))).collect();
    let dialogs =
        may.then(|| numbered().map(|(token, id)| remove_dialog(provider, token, id)).collect_view());
    let list = match view.tokens.is_empty() {
        true => view! { <p>"There is no token yet."</p> }.into_any(),
        false => table("Tokens of SCIM", &columns, rows),
    };
    let make = (may && view.tokens.len() < REMOVE_DIALOGS.len()).then(|| {
        view! {
            <form method="post" action=page_path(provider) class="form">
                {hidden(&[(SEEN, &seen(view))])} {form.error(&[])}
                <div class="form-actions"><button class="button">"Make a token"</button></div>
            </form>
        }
    });
    Some(
        view! {
            <section class="card" aria-labelledby="scim-tokens">
                <h2 id="scim-tokens">"Tokens"</h2>
                <p class="muted">
                    "There may be two: make the next one, give it to the identity provider, and remove the old one. A token opens SCIM of \
                     this identity provider and nothing else."
                </p>
                {list} {make}
            </section>
            {dialogs}
        }
        .into_any(),
    )
}

fn row(token: &ScimTokenRow, dialog: Option<&'static str>) -> Row {
    let action = dialog.map(|id| open_button(id, "button button-small", "Remove…"));
    vec![
        view! { <code>{format!("{}…", token.prefix)}</code> }.into_any(),
        time(token.created_at),
        token.created_by.clone().into_any(),
        maybe_time(token.last_used_at),
        view! { <span class="badges">{action}</span> }.into_any(),
    ]
}

fn remove_dialog(provider: &ProviderView, token: &ScimTokenRow, id: &'static str) -> AnyView {
    let (form, ids, key) = (FormState::of(REMOVE_TOKEN), ids(provider), token.id.to_string());
    let body = view! {
        <form method="post" action=REMOVE_TOKEN class="form">
            {hidden(&ids.each_ref().map(|(name, value)| (*name, value.as_str())))} {hidden(&[("token", &key)])}
            {form.error(&[])}
            <p>
                "Whoever pushes with it is turned away at once. If the identity provider still uses it, people who leave there are not \
                 shut out here any more."
            </p>
            <div class="form-actions">
                <button class="button button-danger">"Remove it"</button>
                <button type="button" class="button" commandfor=id command="close">"Cancel"</button>
            </div>
        </form>
    };
    dialog(id, format!("Remove the token {}…?", token.prefix), false, body.into_any())
}

/// What switches it off.
fn end(provider: &ProviderView, view: &ScimView, may: bool) -> Option<AnyView> {
    let goes = vec![
        format!(
            "{}: whoever pushes with one is turned away at once.",
            count(view.tokens.len() as i64, "token")
        ),
        format!(
            "The keeping of {} and {}: they stay, and are changed by hand again.",
            count(view.people, "person").replace("persons", "people"),
            count(view.groups, "group")
        ),
    ];
    view.is_on.then(|| {
        Confirm {
            id: "switch-scim-off",
            action: SWITCH_OFF,
            hidden: ids(provider).to_vec(),
            name: provider.row.name.clone(),
            verb: "Switch SCIM off",
            goes,
            stays: Some("Who leaves there is not shut out here any more. Accounts, groups and what is on record stay."),
            obstacle: (!may).then(|| "Only super admins switch it off.".to_owned()),
        }
        .view()
    })
}
