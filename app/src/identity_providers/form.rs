//! The form of an identity provider: what it is called, what it said about itself, what it has to show. Who comes through it is in
//! `people`. The form is sent to the page itself: certificates are too long to be kept anywhere else when one is refused.

use domain::{
    identity_providers::{Preset, ProviderSettings, SamlSettings},
    views::{CertificateFacts, ProviderChoices, ProviderView},
};
use leptos::prelude::*;

use super::{client_form, facts::certificate, people, security};
use crate::{
    components::{
        field::{Field, Label},
        form::{FormState, hidden},
        icons::{Icon, icon},
        select::{Group, Select},
        text_area::TextArea,
    },
    links,
};

/// Names the form for the ids of its fields.
pub(super) const FORM: &str = "identity-provider";
/// The fields that say themselves why they were refused.
const SHOWN: [&str; 25] = [
    "name",
    "preset",
    "metadata",
    "metadata_file",
    "metadata_entity_id",
    "metadata_url",
    "entity_id",
    "sso_url",
    "sso_binding",
    "slo_url",
    "certificate",
    "next_certificate",
    "signature_algorithm",
    "context_class",
    "name_id_format",
    "second_factor",
    "session_seconds",
    "mapping.identity",
    "mapping.email",
    "mapping.first_name",
    "mapping.last_name",
    "mapping.real_name",
    "mapping.groups",
    "groups",
    "group_id",
];
/// The fields of metadata, which are folded while they are not needed.
const METADATA: [&str; 4] = ["metadata", "metadata_file", "metadata_entity_id", "metadata_url"];

/// Draws it; for who may only look, with nothing to change.
pub(super) fn draw(
    view: &ProviderView,
    choices: &ProviderChoices,
    form: &FormState,
    may_edit: bool,
    may_list_domains: bool,
) -> AnyView {
    let (theirs, shows) = match &view.settings {
        ProviderSettings::Saml(settings) => (their_side(settings, form, may_edit), security::draw(form)),
        ProviderSettings::Oidc(settings) => {
            (client_form::their_side(view, settings, form), client_form::security(form))
        }
    };
    let rows = people::row_fields(form);
    let shown = SHOWN.into_iter().chain(client_form::SHOWN).chain(rows.iter().map(String::as_str));
    let shown: Vec<&str> = shown.collect();
    let fields = view! {
        {section("2", "Tell Redoubt about your identity provider", "their-side", may_edit, theirs)}
        {section("3", "Security", "security", may_edit, shows)}
        {section("4", "People", "people", may_edit, people::draw(view, choices, form, may_edit, may_list_domains))}
    };
    if !may_edit {
        return view! { <div class="provider-form">{fields}</div> }.into_any();
    }
    let (organization, id) = (view.row.organization_id.to_string(), view.row.id.to_string());
    view! {
        <form
            method="post"
            enctype="multipart/form-data"
            action=links::identity_provider(&organization, &id)
            class="provider-form"
        >
            // Whoever presses Enter saves: browsers take the first button.
            <button class="visually-hidden" name="do" value="save" tabindex="-1" aria-hidden="true">"Save"</button>
            {hidden(&[("generation", &view.row.generation.to_string())])} {form.error(&shown)} {fields}
            <div class="form-actions">
                <button class="button button-primary" name="do" value="save">"Save"</button>
            </div>
        </form>
    }
    .into_any()
}

/// A step, with its number.
pub(super) fn step(number: &'static str, title: &'static str, id: &'static str, body: AnyView) -> AnyView {
    view! {
        <section class="card provider-step" aria-labelledby=id>
            <h2 id=id><span class="provider-number" aria-hidden="true">{number}</span> {title}</h2>
            {body}
        </section>
    }
    .into_any()
}

/// A step that is part of the form.
fn section(
    number: &'static str,
    title: &'static str,
    id: &'static str,
    may_edit: bool,
    body: AnyView,
) -> AnyView {
    let body =
        view! { <fieldset class="form form-wide" disabled=!may_edit aria-labelledby=id>{body}</fieldset> };
    step(number, title, id, body.into_any())
}

fn their_side(settings: &SamlSettings, form: &FormState, may_edit: bool) -> AnyView {
    let name = Field {
        name: "name",
        label: "Name",
        hint: Some("What people read at the sign-in.".into()),
        ..Field::default()
    };
    let product = product(form, "What fits, to say things in its words. It changes nothing by itself.");
    view! {
        {name.view(form)} {product.view(form)} {may_edit.then(|| metadata(form))} {addresses(settings, form)}
        {certificates(settings, form)}
    }
    .into_any()
}

/// The product, to choose.
pub(super) fn product(form: &FormState, hint: &'static str) -> Select {
    let choices = Preset::ALL.iter().filter(|preset| **preset != Preset::Other);
    let choices =
        choices.chain(&[Preset::Other]).map(|preset| (preset.to_string(), preset.label().to_owned()));
    Select {
        name: "preset",
        label: "Product",
        hint: Some(hint.into()),
        groups: vec![Group { heading: None, choices: choices.collect() }],
        value: form.value("preset").or_else(|| Some(Preset::Other.to_string())),
        ..Select::default()
    }
}

/// Where its metadata is pasted or chosen.
fn metadata(form: &FormState) -> AnyView {
    let text = TextArea {
        name: "metadata",
        label: "Or pasted here",
        hint: Some(
            "The whole XML document. It fills in what is below; nothing is saved before you do.".into(),
        ),
        rows: 4,
        is_optional: true,
        is_code: true,
        ..TextArea::default()
    };
    let address = Field {
        name: "metadata_url",
        label: "Where it is",
        hint: Some(
            "It is read again every day: new certificates and addresses are taken over by themselves, with a mail about it.".into(),
        ),
        inputmode: Some("url"),
        is_optional: true,
        is_code: true,
        ..Field::default()
    };
    let file = Label { name: "metadata_file", label: "Or as a file", hint: None, is_optional: true };
    let file = file.around(form, |control| {
        view! {
            <input
                id=control.id
                name="metadata_file"
                type="file"
                accept=".xml,text/xml,application/xml"
                autofocus=control.is_refused
                aria-invalid=control.is_refused.then_some("true")
                aria-describedby=control.described
            />
        }
        .into_any()
    });
    let entity = Field {
        name: "metadata_entity_id",
        label: "Which one, if it describes several",
        hint: Some("The entity id of the one to take.".into()),
        is_optional: true,
        is_code: true,
        ..Field::default()
    };
    let is_open = METADATA.iter().any(|name| form.reason(name).is_some())
        || form.value("entity_id").is_none_or(|id| id.is_empty());
    view! {
        <details class="provider-metadata" open=is_open>
            <summary>"Fill in from its metadata"</summary>
            <div class="form">
                {address.view(form)} {text.view(form)} {file} {entity.view(form)}
                <div class="form-actions">
                    <button class="button" name="do" value="import">"Read the metadata"</button>
                </div>
            </div>
        </details>
    }
    .into_any()
}

fn addresses(settings: &SamlSettings, form: &FormState) -> AnyView {
    let [_, _, address, entity, _] = settings.preset.words();
    let called = |word: &str| Some(format!("Your identity provider calls it “{word}”."));
    let entity = Field {
        name: "entity_id",
        label: "Entity id",
        hint: called(entity),
        is_either: true,
        is_code: true,
        ..Field::default()
    };
    let sso = Field {
        name: "sso_url",
        label: "Address for signing in",
        hint: called(address),
        inputmode: Some("url"),
        is_either: true,
        is_code: true,
        ..Field::default()
    };
    let bindings = [("redirect", "Redirect: in the address"), ("post", "POST: as a form")];
    let binding = Select {
        name: "sso_binding",
        label: "How requests get there",
        hint: Some(
            "Redirect works with every product. POST needs one more click of people without script.".into(),
        ),
        groups: security::choices(&bindings, ""),
        ..Select::default()
    };
    let slo = Field {
        name: "slo_url",
        label: "Address for signing out",
        hint: Some("By redirect. Who signs out there is signed out here, and the other way round.".into()),
        inputmode: Some("url"),
        is_optional: true,
        is_code: true,
        ..Field::default()
    };
    view! { {entity.view(form)} {sso.view(form)} {binding.view(form)} {slo.view(form)} }.into_any()
}

fn certificates(settings: &SamlSettings, form: &FormState) -> AnyView {
    let area = |name, label, hint: &str, is_optional: bool| TextArea {
        name,
        label,
        hint: Some(hint.to_owned()),
        rows: 5,
        is_optional,
        is_either: !is_optional,
        is_code: true,
        ..TextArea::default()
    };
    let [.., called] = settings.preset.words();
    let hint = format!(
        "Your identity provider calls it “{called}”. In PEM or base64; RSA of 2048 bits or more, or an elliptic curve. Only what \
         was signed with it is believed."
    );
    let first = area("certificate", "Certificate", &hint, false);
    let next = area(
        "next_certificate",
        "Next certificate",
        "While the identity provider changes its certificate both are believed. Take the old one out once it is not used any more.",
        true,
    );
    let seen = |name: &str| {
        let certificates = form.value(name).into_iter().collect();
        let settings = SamlSettings { certificates, ..SamlSettings::default() };
        let facts: Vec<CertificateFacts> = control::identity_providers::certificate_facts(&settings);
        facts.into_iter().map(|facts| certificate(&facts)).collect_view()
    };
    view! {
        {first.view(form)} {seen("certificate")} {next.view(form)} {seen("next_certificate")}
    }
    .into_any()
}

/// Why something of several fields was refused, below them.
pub(super) fn reason(form: &FormState, name: &str) -> Option<AnyView> {
    form.reason(name).map(|reason| {
        view! { <p class="field-error" id=error_id(form, name)>{icon(Icon::Warning)} <span>{reason}</span></p> }
            .into_any()
    })
}

/// The id of what says why a field was refused.
pub(super) fn error_id(form: &FormState, name: &str) -> String {
    format!("{}-error", form.id(name))
}
