//! `/organizations/{organization}/domains/{domain}`: how a domain is proven, whether it is, and what becomes of it.

use domain::{
    actions::Action,
    domains::{DomainState, DomainVerification},
    views::DomainRow,
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use serde_json::json;

use super::list_page::method;
use crate::{
    components::{
        api_call::ApiCalls,
        confirm::Confirm,
        copy::CopyButton,
        form::{FormState, hidden},
        frame::{Viewer, head},
        icons::{Icon, icon},
        page::page_of,
        time::{maybe_time, time},
    },
    context::{answer, control},
    links,
};

/// A domain.
#[component]
pub(crate) fn DomainPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page_of(super::gone(&params), async move {
        let viewer = Viewer::load().await?;
        let (organization, id) = super::named(&params)?;
        let row = answer(control::domains::view(&control()?, organization, id).await)?;
        let may_read_events = viewer.may(organization, Action::ViewOrganizationEvents);
        let may_manage = viewer.may(organization, Action::ViewManagedUsers);
        let frame = super::frame(&row, "").calls(calls(&row));
        let body = view! {
            {title(&row, may_read_events, may_manage)} {alert(&row)} {proof(&row)} {change(&row)} {end(&row)}
        };
        Ok(frame.view(viewer, body.into_any()))
    })
}

fn calls(row: &DomainRow) -> ApiCalls {
    let path = format!("/v1/organizations/{}/domains/{}", row.organization_id, row.domain_id);
    ApiCalls::new()
        .v1("View the domain", "GET", &path, None)
        .v1("Verify it", "POST", &format!("{path}/verify"), None)
        .v1("Prove it another way", "PATCH", &path, Some(&json!({ "verification_type": "http" })))
        .v1("Remove it", "DELETE", &format!("{path}?confirm={}", row.domain_name), None)
}

fn title(row: &DomainRow, may_read_events: bool, may_manage: bool) -> AnyView {
    let (organization, id) = (row.organization_id.to_string(), row.domain_id.to_string());
    let label = if row.state == DomainState::Verified { "Look for the proof…" } else { "Verify…" };
    let class = if row.state == DomainState::Verified { "button" } else { "button button-primary" };
    let verify = view! { <a class=class href=links::domain_verification(&organization, &id)>{label}</a> };
    let people = row.managed_people.map(|people| {
        let path = links::managed_users(&organization, &[]);
        let told = match may_manage {
            true => view! { <a href=path>{super::people(people)}</a> }.into_any(),
            false => super::people(people).into_any(),
        };
        view! { <div><dt>"Managed people"</dt><dd>{told}</dd></div> }
    });
    let history = may_read_events.then(|| {
        let events = format!("/organizations/{organization}/events");
        let path = links::with_query(&events, &[("subject", Some(&id))]);
        view! { <div><dt>"History"</dt><dd><a href=path>"Events of this domain"</a></dd></div> }
    });
    view! {
        {head(row.domain_name.clone(), super::state(row), verify)}
        <dl class="facts">
            <div><dt>"Added"</dt><dd>{time(row.created_at)}</dd></div>
            <div><dt>"Verified"</dt><dd>{maybe_time(row.verified_at)}</dd></div>
            <div><dt>"Last looked for"</dt><dd>{maybe_time(row.checked_at)}</dd></div>
            <div><dt>"Looked for again"</dt><dd>{maybe_time(row.next_check_at)}</dd></div>
            {people} {history}
        </dl>
    }
    .into_any()
}

/// What is wrong, if anything is.
fn alert(row: &DomainRow) -> AnyView {
    let reason = row.last_failure.clone();
    let text = match (row.state, row.lapses_at, reason) {
        (DomainState::Verified, Some(lapses_at), reason) => view! {
            "The proof is gone. If it is not there again before " {time(lapses_at)} ", the domain is not verified any more. "
            {reason}
        }
        .into_any(),
        (DomainState::Unverified, _, Some(reason)) => reason.into_any(),
        _ => return ().into_any(),
    };
    view! { <p class="alert alert-warning">{icon(Icon::Warning)} <span>{text}</span></p> }.into_any()
}

/// What to publish where.
fn proof(row: &DomainRow) -> AnyView {
    let body = match row.verification_type {
        DomainVerification::Dns => view! {
            <p>"Add this TXT record where the DNS of the domain is kept. It can take up to 72 hours until it is seen; it is \
                looked for by itself. Leave it in place: it is looked for every day."</p>
            <dl class="facts facts-wide">
                {line("Type", "TXT".into(), false)} {line("Name", row.record_name(), true)} {line("Value", row.challenge(), true)}
            </dl>
        }
        .into_any(),
        DomainVerification::Http => {
            let path = links::domain_file(&row.organization_id.to_string(), &row.domain_id.to_string());
            view! {
                <p>"Put this file on the web server of the domain, at this address; https will do as well. Leave it in place: \
                    it is looked for every day."</p>
                <dl class="facts facts-wide">
                    {line("Address", row.file_address(), true)} {line("Content", row.challenge(), true)}
                </dl>
                <p><a class="button" href=path download>"Download the file"</a></p>
            }
            .into_any()
        }
    };
    view! { <section class="card" aria-labelledby="proof"><h2 id="proof">"How it is proven"</h2> {body}</section> }
        .into_any()
}

fn line(label: &'static str, text: String, is_copied: bool) -> AnyView {
    let copy = is_copied.then(|| view! { <CopyButton text=text.clone() what=label.to_lowercase() /> });
    view! {
        <div class="facts-wide">
            <dt>{label}</dt>
            <dd class="copyable"><code class="break">{text}</code> {copy}</dd>
        </div>
    }
    .into_any()
}

/// The choice of another way to prove it.
fn change(row: &DomainRow) -> AnyView {
    let form = FormState::of("/api/domains/set_method");
    let (organization, id) = (row.organization_id.to_string(), row.domain_id.to_string());
    view! {
        <section class="card" aria-labelledby="method">
            <h2 id="method">"Another way to prove it"</h2>
            <form method="post" action=form.action class="form form-narrow">
                {hidden(&[("organization", &organization), ("domain", &id)])} {form.error(&["verification_type"])}
                {method(Some(row.verification_type)).view(&form)}
                <p class="hint">"What the record or file holds stays the same."</p>
                <div class="form-actions"><button class="button">"Change"</button></div>
            </form>
        </section>
    }
    .into_any()
}

/// The way to remove it.
fn end(row: &DomainRow) -> AnyView {
    let managed = row.managed_people.map(|people| {
        (people > 0).then(|| {
            format!(
                "{} will not be managed any more: nobody decides for them how they sign in.",
                super::people(people)
            )
        })
    });
    let goes = match managed {
        Some(managed) => {
            let stop = "Identity providers stop working for this domain.".to_owned();
            managed.into_iter().chain([stop]).collect()
        }
        None => vec!["Nothing but the entry in this list: the domain is not verified.".into()],
    };
    Confirm {
        id: "remove-domain",
        action: "/api/domains/remove",
        hidden: vec![
            ("organization", row.organization_id.to_string()),
            ("domain", row.domain_id.to_string()),
        ],
        name: row.domain_name.clone(),
        verb: "Remove domain",
        goes,
        stays: Some(
            "The accounts stay, and so do the events. To have the domain again it must be proven anew.",
        ),
        obstacle: None,
    }
    .view()
}
