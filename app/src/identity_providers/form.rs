//! The form of an identity provider: what it is called, what it said about itself, what it has to show. Who comes through it is in
//! `people`. The form is sent to the page itself: certificates are too long to be kept anywhere else when one is refused.

use domain::{
    identity_providers::{Preset, SECOND_FACTOR_CONTEXTS, SESSION_SECONDS, SamlSettings, SecondFactorRule},
    views::{CertificateFacts, ProviderChoices, ProviderView},
};
use leptos::prelude::*;

use super::{facts::certificate, people};
use crate::{
    components::{
        field::{Field, Label},
        form::{FormState, hidden},
        icons::{Icon, icon},
        select::{Group, Select},
        switch::Switch,
        text_area::TextArea,
    },
    links,
    quantities::span,
};

/// Names the form for the ids of its fields.
pub(super) const FORM: &str = "identity-provider";
/// The fields that say themselves why they were refused.
const SHOWN: [&str; 23] = [
    "name",
    "preset",
    "metadata",
    "metadata_entity_id",
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
const HALF_HOUR: i64 = 1_800;
const HOUR: i64 = 3_600;
/// How long sessions can last, to choose from.
const SESSIONS: [i64; 6] = [HALF_HOUR, HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR, *SESSION_SECONDS.end()];
/// Contexts of authentication that can be demanded, with what people call them.
const CONTEXTS: [(&str, &str); 4] = [
    ("https://refeds.org/profile/mfa", "Several factors (REFEDS)"),
    ("http://schemas.microsoft.com/claims/multipleauthn", "Several factors (Microsoft)"),
    ("urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken", "A one-time code (TimeSyncToken)"),
    (
        "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
        "At least a password over TLS (PasswordProtectedTransport)",
    ),
];
/// Formats of NameIDs that can be asked for.
const NAME_ID_FORMATS: [(&str, &str); 3] = [
    ("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", "Persistent: the same for good"),
    ("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress", "E-mail address"),
    ("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified", "Unspecified"),
];

/// Draws it; for who may only look, with nothing to change.
pub(super) fn draw(
    view: &ProviderView,
    choices: &ProviderChoices,
    form: &FormState,
    may_edit: bool,
    may_list_domains: bool,
) -> AnyView {
    let fields = view! {
        {section("2", "Tell Redoubt about your identity provider", "their-side", may_edit, their_side(view, form, may_edit))}
        {section("3", "Security", "security", may_edit, security(form))}
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
            {hidden(&[("generation", &view.row.generation.to_string())])} {form.error(&SHOWN)} {fields}
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

fn their_side(view: &ProviderView, form: &FormState, may_edit: bool) -> AnyView {
    let name = Field {
        name: "name",
        label: "Name",
        hint: Some("What people read at the sign-in.".into()),
        ..Field::default()
    };
    let product = product(form, "What fits, to say things in its words. It changes nothing by itself.");
    view! {
        {name.view(form)} {product.view(form)} {may_edit.then(|| metadata(form))} {addresses(view, form)}
        {certificates(form)}
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
        label: "Its metadata, pasted here",
        hint: Some(
            "The whole XML document. It fills in what is below; nothing is saved before you do.".into(),
        ),
        rows: 4,
        is_optional: true,
        is_code: true,
        ..TextArea::default()
    };
    let file = Label { name: "metadata_file", label: "Or as a file", hint: None, is_optional: true };
    let file = file.around(form, |control| {
        view! { <input id=control.id name="metadata_file" type="file" accept=".xml,text/xml,application/xml" /> }.into_any()
    });
    let entity = Field {
        name: "metadata_entity_id",
        label: "Which one, if it describes several",
        hint: Some("The entity id of the one to take.".into()),
        is_optional: true,
        is_code: true,
        ..Field::default()
    };
    view! {
        <details class="provider-metadata" open=form.reason("metadata").is_some() || form.value("entity_id").is_none_or(|id| id.is_empty())>
            <summary>"Fill in from its metadata"</summary>
            <div class="form">
                {text.view(form)} {file} {entity.view(form)}
                <div class="form-actions">
                    <button class="button" name="do" value="import">"Read the metadata"</button>
                </div>
            </div>
        </details>
    }
    .into_any()
}

fn addresses(view: &ProviderView, form: &FormState) -> AnyView {
    let [_, _, address, entity, _] = view.settings.preset.words();
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
        groups: choices(&bindings, ""),
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

fn certificates(form: &FormState) -> AnyView {
    let area = |name, label, hint: &str, is_optional| TextArea {
        name,
        label,
        hint: Some(hint.to_owned()),
        rows: 5,
        is_optional,
        is_code: true,
        ..TextArea::default()
    };
    let first = area(
        "certificate",
        "Certificate",
        "In PEM or base64. RSA of 2048 bits or more, or an elliptic curve. Only what was signed with it is believed.",
        true,
    );
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

/// What to choose from, with what is set, whatever it is.
fn choices(known: &[(&str, &str)], set: &str) -> Vec<Group> {
    let mut choices: Vec<(String, String)> =
        known.iter().map(|(value, text)| ((*value).to_owned(), (*text).to_owned())).collect();
    if !set.is_empty() && !known.iter().any(|(value, _)| *value == set) {
        choices.push((set.to_owned(), set.to_owned()));
    }
    vec![Group { heading: None, choices }]
}

fn security(form: &FormState) -> AnyView {
    let switch =
        |name, label, hint: &str| Switch { name, label, hint: hint.to_owned(), is_on: false }.view(form);
    view! {
        <h3>"What it has to show"</h3>
        {switch(
            "assertion_signed",
            "Its assertions are signed themselves",
            "On: what says who somebody is has a signature of its own. Off: one around the whole response is enough.",
        )}
        {switch("response_signed", "Its responses are signed", "On: the whole response needs a signature as well.")}
        {switch(
            "encrypted",
            "Its assertions are encrypted",
            "On: a plain one is refused. Off: encrypted ones are read all the same. They are encrypted to our certificate of step 1.",
        )}
        <h3>"What we ask for"</h3>
        {switch(
            "requests_signed",
            "Our requests are signed",
            "On: the identity provider can see that it is us who ask. Many check it only if they are told to.",
        )}
        {algorithm().view(form)} {context(form).view(form)} {name_id_format(form).view(form)}
        {switch(
            "is_forced",
            "Ask for credentials each time",
            "On: the identity provider asks again even who is signed in there.",
        )}
        {switch(
            "idp_initiated",
            "Sign-ins may begin there",
            "On: a click on a tile in your company’s portal leads here and from here back for a fresh answer. What nobody here \
             asked for is never believed. Off: such a click is refused.",
        )}
        <h3>"What counts here"</h3>
        {second_factor().view(form)} {session(form).view(form)}
    }
    .into_any()
}

fn algorithm() -> Select {
    let known = [
        ("rsa-sha256", "RSA with SHA-256"),
        ("rsa-sha384", "RSA with SHA-384"),
        ("rsa-sha512", "RSA with SHA-512"),
    ];
    Select {
        name: "signature_algorithm",
        label: "Signed with",
        hint: Some("SHA-1 is not safe any more, and not offered.".into()),
        groups: choices(&known, ""),
        ..Select::default()
    }
}

fn context(form: &FormState) -> Select {
    Select {
        name: "context_class",
        label: "How people sign in there",
        hint: Some(
            "The authentication context that is demanded. Not every product knows all of them: test it."
                .into(),
        ),
        groups: choices(&CONTEXTS, &form.value("context_class").unwrap_or_default()),
        nothing: Some("However the identity provider wants"),
        is_optional: true,
        ..Select::default()
    }
}

fn name_id_format(form: &FormState) -> Select {
    Select {
        name: "name_id_format",
        label: "Format of the NameID",
        hint: Some("Only if your identity provider has to be told.".into()),
        groups: choices(&NAME_ID_FORMATS, &form.value("name_id_format").unwrap_or_default()),
        nothing: Some("Any"),
        is_optional: true,
        ..Select::default()
    }
}

fn second_factor() -> Select {
    let text = |rule| match rule {
        SecondFactorRule::Asserted => "When the identity provider says so of the sign-in",
        SecondFactorRule::Always => "Always: it demands one of everybody",
        SecondFactorRule::Never => "Never, whatever it says",
    };
    let rules = SecondFactorRule::ALL.iter().map(|rule| (rule.to_string(), text(*rule).to_owned()));
    Select {
        name: "second_factor",
        label: "A second factor counts as shown",
        hint: Some(format!(
            "Where the authentication policy requires one. It says so with one of {} contexts, or as Microsoft Entra ID does.",
            SECOND_FACTOR_CONTEXTS.len()
        )),
        groups: vec![Group { heading: None, choices: rules.collect() }],
        ..Select::default()
    }
}

fn session(form: &FormState) -> Select {
    let set = form.value("session_seconds").and_then(|seconds| seconds.parse().ok());
    let mut all: Vec<i64> = SESSIONS.into_iter().chain(set).collect();
    all.sort_unstable();
    all.dedup();
    let choices = all.into_iter().map(|seconds| (seconds.to_string(), span(seconds))).collect();
    Select {
        name: "session_seconds",
        label: "Sessions end after",
        hint: Some("Then people come through the identity provider again. The authentication policy may end them sooner.".into()),
        groups: vec![Group { heading: None, choices }],
        nothing: Some("As long as the policy lets them"),
        is_optional: true,
        ..Select::default()
    }
}

/// Why something of several fields was refused, below them.
pub(super) fn reason(form: &FormState, name: &str) -> Option<AnyView> {
    form.reason(name).map(|reason| {
        view! { <p class="field-error" id=format!("{}-error", form.id(name))>{icon(Icon::Warning)} <span>{reason}</span></p> }
            .into_any()
    })
}
