//! The step about security: what an identity provider has to show, what we ask of it, and what counts here.

use domain::identity_providers::{SESSION_SECONDS, SecondFactorRule};
use leptos::prelude::*;

use crate::{
    components::{
        form::FormState,
        select::{Group, Select},
        switch::Switch,
    },
    quantities::span,
};

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

/// What to choose from, with what is set, whatever it is.
pub(super) fn choices(known: &[(&str, &str)], set: &str) -> Vec<Group> {
    let mut choices: Vec<(String, String)> =
        known.iter().map(|(value, text)| ((*value).to_owned(), (*text).to_owned())).collect();
    if !set.is_empty() && !known.iter().any(|(value, _)| *value == set) {
        choices.push((set.to_owned(), set.to_owned()));
    }
    vec![Group { heading: None, choices }]
}

/// Draws it.
pub(super) fn draw(form: &FormState) -> AnyView {
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
        {second_factor(
            "Where the authentication policy requires one. It says so with a context of REFEDS or Microsoft, or with one that no \
             password alone can meet.",
        )
            .view(form)} {session(form).view(form)}
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

/// When a second factor counts; `hint` says how it is told.
pub(super) fn second_factor(hint: &str) -> Select {
    let text = |rule| match rule {
        SecondFactorRule::Asserted => "When the identity provider says so of the sign-in",
        SecondFactorRule::Always => "Always: it demands one of everybody",
        SecondFactorRule::Never => "Never, whatever it says",
    };
    let rules = SecondFactorRule::ALL.iter().map(|rule| (rule.to_string(), text(*rule).to_owned()));
    Select {
        name: "second_factor",
        label: "A second factor counts as shown",
        hint: Some(hint.to_owned()),
        groups: vec![Group { heading: None, choices: rules.collect() }],
        ..Select::default()
    }
}

/// How long sessions last.
pub(super) fn session(form: &FormState) -> Select {
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
