//! `/projects/{project}/services/{service}/network`: the IP filter editor. Every change is a form of its own.

use domain::{actions::Action, networks::IpFilterEntry, views::IpFilterView};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    components::{
        alerts::warning,
        badges::{Tone, badge},
        empty::empty,
        field::Field,
        form::{FormState, hidden},
        icons::{Icon, icon},
        page::page,
        refresher::Refresher,
        table::{Column, Row, table},
    },
    services::tabs::{Tab, pairs, service_page},
};

/// Id of the part that is fetched anew while a change is being applied.
const REGION: &str = "ip-filter-state";
const BUSY_MILLIS: u32 = 1_000;
const IDLE_MILLIS: u32 = 30_000;

/// Who may connect.
#[component]
pub(crate) fn NetworkPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        service_page(&params, Tab::Network, |service, calls| {
            let [project, name] = pairs(service);
            let may_edit = service.project.powers.may(Action::SetIpFilter);
            let cidr = ("cidr", "203.0.113.0/24");
            let calls = match may_edit {
                true => calls
                    .post(
                        "Add an entry",
                        "/api/ip_filter/add",
                        &[project, name, cidr, ("description", "Office")],
                    )
                    .post("Remove it", "/api/ip_filter/remove", &[project, name, cidr]),
                false => calls,
            };
            (calls, draw(project.1, name.1, &service.ip_filter, may_edit))
        })
        .await
    })
}

fn draw(project: &str, service: &str, filter: &IpFilterView, may_edit: bool) -> AnyView {
    view! {
        <section class="card" aria-labelledby="ip-filter">
            <header class="card-head">
                <h2 id="ip-filter">"IP filter"</h2>
                {in_force(filter)}
            </header>
            <p class="muted">
                "Only these addresses can open a connection; the guest’s own firewall drops everything else. Changes take \
                 effect within seconds, without a restart."
            </p>
            {filter.reach_note.clone().map(warning)}
            {wide(filter).map(warning)}
            {FormState::of("/api/ip_filter/remove").error(&[])}
            {entries(project, service, &filter.entries, may_edit)}
        </section>
        {may_edit.then(|| add(project, service))}
        {may_edit.then(|| add_own(project, service, filter))}
    }
    .into_any()
}

/// Says whom the entries together let in, if that is a part of the internet: also when none of them does by itself.
pub(crate) fn wide(filter: &IpFilterView) -> Option<String> {
    let range = filter.wide?;
    let whom = if range.is_world() { "everybody on the internet" } else { "millions of addresses" };
    Some(format!("Open to {range}: {whom} may try to connect; only TLS and the password stand in their way."))
}

/// Whether what is shown is in force in every guest.
fn in_force(filter: &IpFilterView) -> AnyView {
    let (tone, text) = match filter.applied_generation {
        Some(applied) if applied >= filter.generation => (Tone::Good, "in force in the guest"),
        Some(_) => (Tone::Busy, "being applied"),
        None => (Tone::Plain, "applies when the service runs"),
    };
    let version = format!("{}-{:?}", filter.generation, filter.applied_generation);
    let is_active = tone == Tone::Busy;
    view! {
        <span id=REGION data-version=version data-active=is_active.then_some("") role="status">
            {badge(tone, text)}
        </span>
        <Refresher region=REGION.to_owned() busy_millis=BUSY_MILLIS idle_millis=IDLE_MILLIS />
    }
    .into_any()
}

fn entries(project: &str, service: &str, entries: &[IpFilterEntry], may_edit: bool) -> AnyView {
    if entries.is_empty() {
        return empty(
            Icon::Lock,
            "Closed: nobody can connect",
            "A new service lets nobody in. Add the addresses of the applications and people that should reach it.",
            (),
        )
        .into_any();
    }
    let columns = [Column::Name("Address range"), Column::Text("Description"), Column::Actions];
    let columns = if may_edit { &columns[..] } else { &columns[..2] };
    let rows = entries.iter().map(|entry| row(project, service, entry)).collect();
    table("Addresses that may connect", columns, rows)
}

fn row(project: &str, service: &str, entry: &IpFilterEntry) -> Row {
    let cidr = entry.cidr.to_string();
    let world = entry.cidr.is_world().then(|| badge(Tone::Warning, "open to everybody"));
    let description = match entry.description.as_str() {
        "" => view! { <span class="muted">"–"</span> }.into_any(),
        text => view! { <span class="free-text">{text.to_owned()}</span> }.into_any(),
    };
    let name = view! { <code>{cidr.clone()}</code> {world} };
    let remove = view! {
        <form method="post" action="/api/ip_filter/remove">
            {hidden(&[("project", project), ("service", service), ("cidr", &cidr)])}
            <button class="button button-small" aria-label=format!("Remove {cidr}")>
                "Remove"
            </button>
        </form>
    };
    vec![name.into_any(), description, remove.into_any()]
}

fn add(project: &str, service: &str) -> AnyView {
    let form = FormState::of("/api/ip_filter/add");
    let cidr = Field {
        name: "cidr",
        label: "Address or range",
        hint: Some("Like 203.0.113.7 or 203.0.113.0/24; IPv4 only so far.".into()),
        is_code: true,
        max: Some(64),
        ..Field::default()
    };
    let description = Field {
        name: "description",
        label: "Description",
        hint: Some("What it is, for whoever reads this later.".into()),
        is_optional: true,
        max: Some(128),
        ..Field::default()
    };
    view! {
        <section class="card" aria-labelledby="add-entry">
            <h2 id="add-entry">"Add an entry"</h2>
            <form method="post" action=form.action class="form form-row">
                {hidden(&[("project", project), ("service", service)])}
                {form.error(&["cidr", "description", "open_to_world"])} {cidr.view(&form)} {description.view(&form)}
                {open_to_world(&form)} <div class="form-actions">
                    <button class="button button-primary">"Add entry"</button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

/// Asked only of somebody who is about to open the service to everybody.
fn open_to_world(form: &FormState) -> AnyView {
    let Some(reason) = form.reason("open_to_world") else { return ().into_any() };
    let id = form.id("open_to_world");
    let reason_id = format!("{id}-error");
    let (label_for, described_by) = (id.clone(), reason_id.clone());
    view! {
        <div class="field field-wide is-refused">
            <p class="alert alert-warning" id=reason_id>
                {icon(Icon::Warning)}
                <span>{reason}</span>
            </p>
            <label class="check" for=label_for>
                <input
                    type="checkbox"
                    id=id
                    name="open_to_world"
                    value="true"
                    required
                    autofocus
                    aria-describedby=described_by
                />
                "Yes: all of these may try to connect; only TLS and the password stand in their way."
            </label>
        </div>
    }
    .into_any()
}

/// The viewer's own address as a second form, ready to send.
fn add_own(project: &str, service: &str, filter: &IpFilterView) -> AnyView {
    let Some(address) = filter.my_address else { return ().into_any() };
    let text = address.to_string();
    let is_in = filter.entries.iter().any(|entry| !entry.cidr.is_world() && entry.cidr.contains(address));
    let note = filter.my_address_note.clone().map(|note| view! { <p class="muted">{note}</p> });
    let action = if is_in {
        view! { <p>{badge(Tone::Good, "may connect already")}</p> }.into_any()
    } else {
        view! {
            <form method="post" action="/api/ip_filter/add">
                {hidden(&[("project", project), ("service", service), ("cidr", &text), ("description", "My address")])}
                <button class="button">"Add my address"</button>
            </form>
        }
        .into_any()
    };
    view! {
        <section class="card card-line" aria-labelledby="my-address">
            <div>
                <h2 id="my-address">"Your address"</h2>
                <p><code>{text}</code></p>
                {note}
            </div>
            {action}
        </section>
    }
    .into_any()
}
