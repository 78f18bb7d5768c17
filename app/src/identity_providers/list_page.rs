//! `/organizations/{organization}/identity-providers`: the identity providers of an organization, and the form that adds one.

use domain::{
    actions::Action,
    identity_providers::{ProviderProtocol, ProviderState},
    views::ProviderRow,
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use serde_json::json;

use super::{api::CREATE, facts, form::product};
use crate::{
    components::{
        alerts::warning,
        api_call::ApiCalls,
        badges::{Tone, badge},
        dialog::{dialog, open_button},
        empty::empty,
        field::Field,
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head},
        icons::{Icon, icon},
        page::page,
        select::{Group, Select},
        table::{Column, Row, table},
    },
    context::{answer, control},
    links,
    organizations::asked,
};

const TITLE: &str = "Identity providers";
const DIALOG: &str = "new-provider";
const COLUMNS: [Column; 7] = [
    Column::Name("Name"),
    Column::Text("Product"),
    Column::Text("State"),
    Column::Text("Domains"),
    Column::Figure("People"),
    Column::Text("Test"),
    Column::Text("Certificate ends"),
];

/// The identity providers of an organization.
#[component]
pub(crate) fn IdentityProvidersPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let id = asked(&params)?;
        viewer.require(id, Action::ListIdentityProviders)?;
        let rows = answer(control::identity_providers::list(&control()?, id).await)?;
        let key = id.to_string();
        let may_add = viewer.may(id, Action::EditIdentityProvider);
        let frame = Frame::in_organization(id, Section::IdentityProviders, TITLE).calls(calls(&key));
        Ok(frame.view(viewer, draw(&key, &rows, may_add)))
    })
}

fn calls(organization: &str) -> ApiCalls {
    let path = format!("/v1/organizations/{organization}/identity-providers");
    let body = json!({ "name": "Acme", "protocol": "oidc", "product": "okta" });
    ApiCalls::new().v1("List identity providers", "GET", &path, None).v1(
        "Add one",
        "POST",
        &path,
        Some(&body),
    )
}

fn draw(organization: &str, rows: &[ProviderRow], may_add: bool) -> AnyView {
    let new = || {
        may_add.then(|| {
            open_button(DIALOG, "button button-primary", view! { {icon(Icon::Add)} "Add identity provider" })
        })
    };
    let body = match rows.is_empty() {
        true => empty(
            Icon::SignIn,
            "No identity provider yet",
            "With your company’s identity provider people sign in here as they do everywhere else, and who leaves the company cannot \
             any more. Setting it up takes some ten minutes, and nobody is affected before you switch it on.",
            new(),
        ),
        false => table(TITLE, &COLUMNS, rows.iter().map(|provider| row(organization, provider)).collect()),
    };
    view! {
        {head(TITLE.into(), (), (!rows.is_empty()).then(new).flatten())} {ending(rows)} {body}
        {may_add.then(|| create_dialog(organization))}
    }
    .into_any()
}

/// Says which certificates end soon, of those that people sign in with.
fn ending(rows: &[ProviderRow]) -> Option<AnyView> {
    let is_ending = |row: &&ProviderRow| {
        row.state == ProviderState::Active
            && row.certificate_days_left.is_some_and(|days| days < facts::DAYS_WARNED)
    };
    let names: Vec<&str> = rows.iter().filter(is_ending).map(|row| row.name.as_str()).collect();
    (!names.is_empty()).then(|| {
        let text = format!(
            "The certificate of {} ends soon or has ended. Get the next one from the identity provider and enter it beside the old one.",
            names.join(", ")
        );
        warning(text)
    })
}

fn row(organization: &str, provider: &ProviderRow) -> Row {
    let path = links::identity_provider(organization, &provider.id.to_string());
    let missing = (!provider.missing.is_empty())
        .then(|| view! { <span class="muted">{format!("lacks {}", provider.missing.join(", "))}</span> });
    let domains = match provider.domains.is_empty() {
        true => view! { <span class="muted">"none"</span> }.into_any(),
        false => provider
            .domains
            .iter()
            .map(|domain| {
                let state = (!domain.is_verified).then(|| badge(Tone::Warning, "not verified"));
                view! { <span class="badges"><span class="free-text">{domain.domain_name.clone()}</span> {state}</span> }
            })
            .collect_view()
            .into_any(),
    };
    vec![
        view! { <a class="row-link" href=path>{provider.name.clone()}</a> }.into_any(),
        view! { <span class="principal"><span>{provider.preset.label()}</span> <span class="muted">{facts::protocol(provider.protocol)}</span></span> }
            .into_any(),
        view! { <span class="principal"><span>{facts::state(provider.state)}</span> {missing}</span> }
            .into_any(),
        view! { <span class="principal">{domains}</span> }.into_any(),
        provider.people.into_any(),
        facts::tested(provider),
        facts::certificate_end(provider),
    ]
}

fn create_dialog(organization: &str) -> AnyView {
    let form = FormState::of(CREATE);
    let is_refused = form.is_refused();
    let name = Field {
        name: "name",
        label: "Name",
        hint: Some("What people read at the sign-in: “Continue with …”.".into()),
        has_focus: true,
        ..Field::default()
    };
    let protocols = ProviderProtocol::ALL.iter();
    let protocols =
        protocols.map(|protocol| (protocol.to_string(), facts::protocol(*protocol).to_owned())).collect();
    let protocol = Select {
        name: "protocol",
        label: "Protocol",
        hint: Some(
            "What you set up there. Most products speak both; OpenID Connect has less to enter.".into(),
        ),
        groups: vec![Group { heading: None, choices: protocols }],
        value: form.value("protocol").or_else(|| Some(ProviderProtocol::Saml.to_string())),
        ..Select::default()
    };
    let product = product(&form, "So that this says things in its words.");
    let body = view! {
        <form method="post" action=CREATE class="form">
            {hidden(&[("organization", organization)])} {form.error(&["name", "protocol", "preset"])} {name.view(&form)}
            {protocol.view(&form)} {product.view(&form)}
            <div class="form-actions">
                <button class="button button-primary">"Add it as a draft"</button>
                <button type="button" class="button" commandfor=DIALOG command="close">
                    "Cancel"
                </button>
            </div>
        </form>
    };
    dialog(DIALOG, "Add identity provider".into(), is_refused, body.into_any())
}

#[cfg(test)]
mod tests {
    use leptos::reactive::owner::Owner;

    use super::{super::inputs::tests::view, *};

    #[test]
    fn a_list_says_what_is_missing_and_which_certificates_end() {
        let row =
            ProviderRow { state: ProviderState::Active, missing: vec!["a certificate".into()], ..view().row };
        let html = Owner::new().with(|| draw("o", std::slice::from_ref(&row), true).to_html());
        assert!(
            html.contains("lacks a certificate") && html.contains("The certificate of Acme ends soon"),
            "{html}"
        );
        let html = Owner::new().with(|| draw("o", &[], false).to_html());
        assert!(html.contains("No identity provider yet") && !html.contains("<form"), "{html}");
    }
}
