//! The page of one token: what it is, and the forms that change, replace and end it. The one that replaces it is sent to the
//! page itself, which then shows the new token's text, once.

use domain::{
    errors::Error,
    ids::{OrganizationId, TokenId},
    permissions::Granted,
    views::{MadeToken, TokenRow},
};
use leptos::prelude::*;
use serde_json::json;

use super::{
    form::{description, ranges},
    list::ends,
    made::made,
    own_pages::refused_by,
    owners::Owner,
};
use crate::{
    components::{
        alerts::warning,
        api_call::ApiCalls,
        breaks::breakable,
        copy::CopyButton,
        dialog::{dialog, open_button},
        field::Field,
        form::{FormState, hidden},
        frame::{Viewer, head},
        gone::Gone,
        time::time,
    },
    context::{control, posted, set_status},
    errors::AppError,
    quantities::span,
};

/// Names the form that replaces it, for the ids of its fields.
const ROTATE: &str = "rotate-token";
const REVOKE_DIALOG: &str = "revoke-token";
/// Characters of a description that are the title of the token's page, at most.
const TITLE_CHARS_MAX: usize = 80;

/// The page: the token, or the one that took its place just now.
pub(crate) async fn token(viewer: Viewer, owner: Owner, id: TokenId) -> Result<AnyView, AppError> {
    let form = match posted() {
        None => FormState::of(ROTATE),
        Some(sent) => match owner.rotate(id, &sent.value("overlap_hours")).await {
            Ok(token) => return replaced(viewer, &owner, id, token).await,
            Err(error @ (Error::Invalid { .. } | Error::Conflict { .. } | Error::Forbidden { .. })) => {
                set_status(error.status());
                FormState::refused(ROTATE, error, &sent)
            }
            Err(error) => return Err(error.into()),
        },
    };
    let token = owner.find(id).await?;
    let successor = match token.replaced_by {
        Some(by) => owner.find(by).await.ok(),
        None => None,
    };
    let refused_by = refused_by(&owner).await?;
    let frame = owner.frame(&title(&token)).step(token.prefix.clone(), owner.token(id));
    let body = view! { {draw(&owner, &token, successor.as_ref(), &form, refused_by)} };
    Ok(frame.calls(calls(&owner, &token)).view(viewer, body))
}

/// What is said where there is no such token; `list` is the address of the others.
pub(crate) fn gone(
    organization: Option<OrganizationId>,
    list: impl FnOnce() -> String + Send + 'static,
) -> Gone {
    Gone {
        organization,
        said: "There is no such token. If there was one, it has ended, or somebody has revoked it already.",
        label: "Back to the tokens",
        list: Box::new(move |_| list()),
    }
}

async fn replaced(
    viewer: Viewer,
    owner: &Owner,
    old: TokenId,
    token: MadeToken,
) -> Result<AnyView, AppError> {
    let old = owner.find(old).await?;
    let what_became = what_became(&old);
    let frame =
        owner.frame("Token replaced").step(old.prefix.clone(), owner.token(old.id)).calls(calls(owner, &old));
    let body = view! { {head("Token replaced".into(), (), ())} {made(owner, token, Some(what_became))} };
    Ok(frame.view(viewer, body))
}

/// What there is to know of a token that was replaced just now.
fn what_became(old: &TokenRow) -> AnyView {
    let prefix = old.prefix.clone();
    match old.expires_at.filter(|_| !old.is_expired) {
        Some(until) => {
            view! { {prefix} " is good until " {time(until)} ": replace it by then wherever it is used." }
                .into_any()
        }
        None => view! { {prefix} " has ended." }.into_any(),
    }
}

fn calls(owner: &Owner, token: &TokenRow) -> ApiCalls {
    let path = format!("{}/{}", owner.api(), token.id);
    let mut calls = ApiCalls::new();
    // A token changes and replaces no other of its owner.
    let is_open = !owner.is_oneself() && !token.is_expired;
    if owner.rights.edit && is_open {
        let edited = json!({
            "description": token.description, "ip_ranges": token.ip_ranges, "generation": token.generation,
        });
        calls = calls.v1("Change it", "PATCH", &path, Some(&edited));
    }
    if owner.rights.make && is_open && token.replaced_by.is_none() {
        let overlap = json!({ "overlap_hours": 24 });
        calls = calls.v1("Replace it", "POST", &format!("{path}/rotate"), Some(&overlap));
    }
    match owner.rights.revoke {
        true => calls.v1("Revoke the token", "DELETE", &path, None),
        false => calls,
    }
}

/// What it is for, as far as that fits into one line.
fn title(token: &TokenRow) -> String {
    let line = token.description.lines().next().unwrap_or_default();
    match line.char_indices().nth(TITLE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line.to_owned(),
    }
}

fn draw(
    owner: &Owner,
    token: &TokenRow,
    successor: Option<&TokenRow>,
    form: &FormState,
    refused_by: Option<AnyView>,
) -> AnyView {
    let title = title(token);
    let whole = (title != token.description)
        .then(|| view! { <p class="description">{token.description.clone()}</p> });
    view! {
        {head(title, view! { <code class="muted">{token.prefix.clone()}</code> }, ())}
        {whole} {refused_by}
        <section class="card" aria-labelledby="token-facts">
            <h2 id="token-facts">"What it is"</h2>
            {facts(owner, token, successor)} {shut_out(token)}
        </section>
        {(owner.rights.edit && !token.is_expired).then(|| edit(owner, token))}
        {(owner.rights.make && !token.is_expired).then(|| rotation(owner, token, form))}
        {owner.rights.revoke.then(|| revocation(owner, token))}
    }
    .into_any()
}

/// From where it is turned away that somebody might not think of.
fn shut_out(token: &TokenRow) -> Option<AnyView> {
    let ctx = control().ok().filter(|_| !token.is_expired)?;
    let warnings = control::tokens::warnings(&ctx, token);
    Some(warnings.into_iter().map(warning).collect_view().into_any())
}

/// Everything that is known of a token but its text; `successor` is the one that took its place, if that is there still.
pub(super) fn facts(owner: &Owner, token: &TokenRow, successor: Option<&TokenRow>) -> AnyView {
    let id = token.id.to_string();
    let one = |label: &'static str, value: AnyView| view! { <div><dt>{label}</dt><dd>{value}</dd></div> };
    let replaced_by = token.replaced_by.map(|_| {
        let by = match successor {
            Some(by) => view! { <a href=owner.token(by.id)><code>{by.prefix.clone()}</code></a> }.into_any(),
            None => view! { <span class="muted">"a token that is gone"</span> }.into_any(),
        };
        one("Replaced by", by)
    });
    let used = token.last_used_at.map(|_| {
        view! {
            {one("Last used from", code(token.last_address.as_deref()))}
            {one("Last used by", code(token.last_agent.as_deref()))}
        }
    });
    view! {
        <dl class="facts facts-ids">
            {one("Ends", ends(token))}
            {one("Time to live", life(token).into_any())}
            {one("Last used", match token.last_used_at {
                Some(at) => time(at),
                None => view! { <span class="muted">"never"</span> }.into_any(),
            })}
            {used}
            {one("Created", time(token.created_at))}
            {one("Created by", view! { <span class="break">{breakable(&token.created_by)}</span> }.into_any())}
            {replaced_by}
            <div class="facts-wide"><dt>"Limited to"</dt><dd>{scopes(&token.scopes)}</dd></div>
            <div class="facts-wide"><dt>"Good from"</dt><dd>{from(token)}</dd></div>
            <div class="facts-wide">
                <dt>"Id"</dt>
                <dd class="copyable">
                    <code>{id.clone()}</code>
                    <CopyButton text=id what="id".to_owned() />
                </dd>
            </div>
        </dl>
    }
    .into_any()
}

fn code(text: Option<&str>) -> AnyView {
    match text {
        Some(text) => view! { <code class="break">{text.to_owned()}</code> }.into_any(),
        None => view! { <span class="muted">"unknown"</span> }.into_any(),
    }
}

/// For how long it was made.
fn life(token: &TokenRow) -> String {
    match (token.max_age_seconds, token.extend_when_used) {
        (None, _) => "no end".to_owned(),
        (Some(seconds), false) => span(seconds),
        (Some(seconds), true) => format!("{}, anew with each use", span(seconds)),
    }
}

fn scopes(scopes: &[Granted]) -> AnyView {
    if scopes.is_empty() {
        return view! { <span>"nothing: it opens everything that its owner can do"</span> }.into_any();
    }
    let lines = scopes.iter().map(|granted| {
        let label = match granted {
            Granted::Role(role) => role.label(),
            Granted::Permission(permission) => permission.label(),
        };
        view! { <li><span>{label}</span> <code class="muted">{granted.to_string()}</code></li> }
    });
    view! { <ul class="permission-list">{lines.collect_view()}</ul> }.into_any()
}

fn from(token: &TokenRow) -> AnyView {
    if token.ip_ranges.is_empty() {
        return view! { <span>"anywhere"</span> }.into_any();
    }
    let lines =
        token.ip_ranges.iter().map(|range| view! { <li><code class="break">{range.to_string()}</code></li> });
    view! { <ul class="token-limits">{lines.collect_view()}</ul> }.into_any()
}

fn edit(owner: &Owner, token: &TokenRow) -> AnyView {
    let form = FormState::of(owner.actions().edit);
    let (id, generation) = (token.id.to_string(), token.generation.to_string());
    let given = token.ip_ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    view! {
        <section class="card" aria-labelledby="edit-token">
            <h2 id="edit-token">"Change it"</h2>
            <form method="post" action=form.action class="form form-narrow">
                {whose(owner)} {hidden(&[("id", &id), ("generation", &generation)])}
                {form.error(&["description", "ip_ranges"])} {description(&form, Some(&token.description))}
                {ranges(&form, Some(given))}
                <div class="form-actions">
                    <button class="button button-primary">"Save"</button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

fn rotation(owner: &Owner, token: &TokenRow, form: &FormState) -> AnyView {
    if token.replaced_by.is_some() {
        return form.error(&[]);
    }
    let field = Field {
        name: "overlap_hours",
        label: "Hours that both are good",
        hint: Some("The old token ends after them. 0: at once.".into()),
        kind: "number",
        value: Some("24".into()),
        ..Field::default()
    };
    view! {
        <section class="card" aria-labelledby="rotate-token">
            <h2 id="rotate-token">"Replace it"</h2>
            <p class="muted">
                "Makes a token with the same description, limits and time to live. Put it where the old one is while both are good."
            </p>
            <form method="post" action=owner.token(token.id) class="form form-narrow">
                {form.error(&["overlap_hours"])} {field.view(form)}
                <div class="form-actions">
                    <button class="button">"Replace token"</button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

fn revocation(owner: &Owner, token: &TokenRow) -> AnyView {
    let action = owner.actions().revoke;
    let form = FormState::of(action);
    let id = token.id.to_string();
    let body = view! {
        <form method="post" action=action class="form">
            {whose(owner)} {hidden(&[("id", &id)])} <p>"What uses it is refused at once. This cannot be undone."</p>
            <div class="form-actions">
                <button class="button button-danger">"Revoke token"</button>
                <button type="button" class="button" commandfor=REVOKE_DIALOG command="close">"Cancel"</button>
            </div>
        </form>
    };
    view! {
        <section class="card danger" aria-labelledby="revoke-token-heading">
            <div>
                <h2 id="revoke-token-heading">"Revoke it"</h2>
                <p>"What uses it is refused at once. What it did stays on record."</p>
                {form.error(&[])}
            </div>
            {open_button(REVOKE_DIALOG, "button button-danger", "Revoke token…")}
        </section>
        {dialog(REVOKE_DIALOG, format!("Revoke {}?", token.prefix), false, body.into_any())}
    }
    .into_any()
}

fn whose(owner: &Owner) -> AnyView {
    let kept = owner.hidden();
    hidden(&kept.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>())
}
