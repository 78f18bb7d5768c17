//! `/organizations/{organization}/domains`: the domains of an organization, the form that lists one, and the other organizations
//! that their people are in.

use domain::{
    domains::DomainVerification,
    views::{DiscoveredOrganization, DomainRow},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use serde_json::json;

use crate::{
    components::{
        api_call::ApiCalls,
        dialog::{dialog, open_button},
        empty::empty,
        field::Field,
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head},
        icons::{Icon, icon},
        page::page,
        select::{Group, Select},
        table::{Column, Row, table},
        time::maybe_time,
    },
    context::{answer, control},
    links,
    organizations::asked,
};

const DIALOG: &str = "new-domain";

/// The domains of an organization.
#[component]
pub(crate) fn DomainsPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let (ctx, id) = (control()?, asked(&params)?);
        let rows = answer(control::domains::list(&ctx, id).await)?;
        let discovered = answer(control::domains::discovered(&ctx, id).await)?;
        let key = id.to_string();
        let frame = Frame::in_organization(id, Section::Domains, "Domains").calls(calls(&key));
        Ok(frame.view(viewer, draw(&key, &rows, discovered)))
    })
}

fn calls(organization: &str) -> ApiCalls {
    let path = format!("/v1/organizations/{organization}/domains");
    let body = json!({ "domain_name": "example.com", "verification_type": "dns" });
    ApiCalls::new().v1("List domains", "GET", &path, None).v1("List a domain", "POST", &path, Some(&body)).v1(
        "List other organizations of your people",
        "GET",
        &format!("/v1/organizations/{organization}/discovered-organizations"),
        None,
    )
}

fn draw(organization: &str, rows: &[DomainRow], discovered: Vec<DiscoveredOrganization>) -> AnyView {
    let new = || open_button(DIALOG, "button button-primary", view! { {icon(Icon::Add)} "Add domain" });
    let list = match rows.is_empty() {
        true => empty(
            Icon::Domain,
            "No domains yet",
            "Prove that a domain is yours, and you manage the accounts of everybody with an address in it: how they sign in, \
             and whether they do.",
            new(),
        ),
        false => {
            let columns = [
                Column::Name("Domain"),
                Column::Text("State"),
                Column::Text("Proven by"),
                Column::Figure("Managed people"),
                Column::Text("Last looked for"),
            ];
            table("Domains", &columns, rows.iter().map(|domain| row(organization, domain)).collect())
        }
    };
    let is_filled = !rows.is_empty();
    view! {
        {head("Domains".into(), (), is_filled.then(new))} {list} {others(discovered)} {add_dialog(organization)}
    }
    .into_any()
}

fn row(organization: &str, domain: &DomainRow) -> Row {
    let path = links::domain(organization, &domain.domain_id.to_string());
    let people = domain.managed_people.map_or_else(|| "–".to_owned(), |people| people.to_string());
    vec![
        view! { <a class="row-link" href=path>{domain.domain_name.clone()}</a> }.into_any(),
        super::state(domain),
        domain.verification_type.label().into_any(),
        people.into_any(),
        maybe_time(domain.checked_at),
    ]
}

/// Where else managed people are.
fn others(discovered: Vec<DiscoveredOrganization>) -> AnyView {
    if discovered.is_empty() {
        return ().into_any();
    }
    let columns = [
        Column::Name("Organization"),
        Column::Figure("Managed people in it"),
        Column::Figure("Super admins among them"),
    ];
    let rows = discovered
        .into_iter()
        .map(|one| {
            vec![
                view! { <span class="free-text">{one.organization_name}</span> }.into_any(),
                one.people.into_any(),
                one.super_admins.into_any(),
            ]
        })
        .collect();
    view! {
        <section class="stack" aria-labelledby="discovered">
            <h2 id="discovered">"Other organizations of your people"</h2>
            <p class="muted">
                "People with addresses in your verified domains joined or made these organizations. You do not see into them."
            </p>
            {table("Other organizations of your people", &columns, rows)}
        </section>
    }
    .into_any()
}

fn add_dialog(organization: &str) -> AnyView {
    let form = FormState::of("/api/domains/add");
    let is_refused = form.is_refused();
    let name = Field {
        name: "domain_name",
        label: "Domain",
        hint: Some("As it stands behind the @ of your addresses, like example.com.".into()),
        has_focus: true,
        ..Field::default()
    };
    let body = view! {
        <form method="post" action=form.action class="form">
            {hidden(&[("organization", organization)])} {form.error(&["domain_name", "verification_type"])}
            {name.view(&form)} {method(None).view(&form)} <div class="form-actions">
                <button class="button button-primary">"Add domain"</button>
                <button type="button" class="button" commandfor=DIALOG command="close">
                    "Cancel"
                </button>
            </div>
        </form>
    };
    dialog(DIALOG, "Add domain".into(), is_refused, body.into_any())
}

/// The choice of how a domain is proven.
pub(super) fn method(chosen: Option<DomainVerification>) -> Select {
    let labels = [
        (DomainVerification::Dns, "A DNS record (recommended)"),
        (DomainVerification::Http, "A file on its web server"),
    ];
    let choices = labels.map(|(method, label)| (method.as_str().to_owned(), label.to_owned()));
    Select {
        name: "verification_type",
        label: "Proven by",
        groups: vec![Group { heading: None, choices: choices.into() }],
        value: chosen.map(|method| method.as_str().to_owned()),
        ..Select::default()
    }
}
