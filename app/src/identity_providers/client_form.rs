//! What the form of an identity provider asks for that speaks OpenID Connect: who it is, what it calls us, what it has to show. The
//! steps themselves and who comes through it are in `form` and `people`.

use domain::{
    identity_providers::{OidcSettings, TOKEN_ALGORITHMS, TokenAuth},
    views::ProviderView,
};
use leptos::prelude::*;

use super::{client_inputs::SECRET, form::product, security};
use crate::components::{
    badges::{Tone, badge},
    field::Field,
    form::FormState,
    select::{Group, Select},
    switch::Switch,
};

/// The fields that say themselves why they were refused.
pub(super) const SHOWN: [&str; 7] =
    ["issuer", "client_id", SECRET, "token_auth", "scopes", "algorithms", "acr_values"];

/// The step about their side.
pub(super) fn their_side(view: &ProviderView, settings: &OidcSettings, form: &FormState) -> AnyView {
    let [_, issuer, client, secret] = settings.preset.client_words();
    let called = |word: &str| format!("Your identity provider calls it “{word}”.");
    let code = |name, label, hint: String| Field {
        name,
        label,
        hint: Some(hint),
        is_either: true,
        is_code: true,
        ..Field::default()
    };
    let name = Field {
        name: "name",
        label: "Name",
        hint: Some("What people read at the sign-in.".into()),
        ..Field::default()
    };
    let product = product(form, "What fits, to say things in its words. It changes nothing by itself.");
    let issuer = Field {
        inputmode: Some("url"),
        ..code(
            "issuer",
            "Issuer",
            format!(
                "{} To the letter, as in {}. Its addresses and keys are found from it.",
                called(issuer),
                settings.preset.issuer_example()
            ),
        )
    };
    let client = code("client_id", "Client id", called(client));
    let known =
        view.has_secret.then(|| view! { <p class="badges">{badge(Tone::Good, "a secret is stored")}</p> });
    let hint = match view.has_secret {
        true => format!("{} It is never shown. Empty: the stored one stays.", called(secret)),
        false => format!("{} It is stored encrypted, and never shown.", called(secret)),
    };
    let secret = Field { kind: "password", ..code(SECRET, "Client secret", hint) };
    view! {
        {name.view(form)} {product.view(form)} {issuer.view(form)} {client.view(form)} {secret.view(form)} {known}
        {token_auth().view(form)}
    }
    .into_any()
}

fn token_auth() -> Select {
    let text = |auth| match auth {
        TokenAuth::Basic => "The secret in a header (client_secret_basic)",
        TokenAuth::Post => "The secret in the body (client_secret_post)",
        TokenAuth::None => "No secret: PKCE alone (none)",
    };
    let choices = TokenAuth::ALL.iter().map(|auth| (auth.to_string(), text(*auth).to_owned()));
    Select {
        name: "token_auth",
        label: "How we show who we are",
        hint: Some("When a code is exchanged. PKCE is always used besides.".into()),
        groups: vec![Group { heading: None, choices: choices.collect() }],
        ..Select::default()
    }
}

/// The step about security.
pub(super) fn security(form: &FormState) -> AnyView {
    let switch =
        |name, label, hint: &str| Switch { name, label, hint: hint.to_owned(), is_on: false }.view(form);
    let text = |name, label, hint: String, is_optional| {
        let field = Field {
            name,
            label,
            hint: Some(hint),
            is_optional,
            is_either: !is_optional,
            is_code: true,
            ..Field::default()
        };
        field.view(form)
    };
    view! {
        <h3>"What it has to show"</h3>
        {text(
            "algorithms",
            "ID tokens are signed with",
            format!(
                "One or more of {}, with blanks between. Tokens that nothing signs, or the secret of both, are never believed.",
                TOKEN_ALGORITHMS.join(", "),
            ),
            false,
        )}
        {switch(
            "requires_verified_email",
            "It verified the e-mail address",
            "On: a token has to say so (email_verified). Off: it may leave that out, for products that never say it. One that says \
             it did not is refused always.",
        )}
        {text(
            "acr_values",
            "How people sign in there",
            "Classes of authentication (acr), any of which is demanded, with blanks between. Empty: however the identity provider wants."
                .into(),
            true,
        )}
        <h3>"What we ask for"</h3>
        {text(
            "scopes",
            "Scopes",
            "With blanks between. Some products send groups only if they are asked for them here.".into(),
            false,
        )}
        {switch(
            "uses_userinfo",
            "Ask for more about people",
            "On: claims that are not in the ID token are fetched from the identity provider (userinfo).",
        )}
        {switch(
            "is_forced",
            "Ask for credentials each time",
            "On: the identity provider asks again even who is signed in there.",
        )}
        <h3>"What counts here"</h3>
        {security::second_factor(
            "Where the authentication policy requires one. It says so with methods of two kinds or “mfa” (amr), or with a class that no \
             password alone can meet (acr).",
        )
            .view(form)} {security::session(form).view(form)}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::{super::inputs::tests::client_view, *};

    #[test]
    fn the_secret_is_said_to_be_there_and_never_shown() {
        let view = client_view();
        let settings = view.settings.oidc().unwrap();
        let html = their_side(&view, settings, &FormState::default()).to_html();
        assert!(html.contains("a secret is stored") && html.contains("type=\"password\""), "{html}");
        assert!(html.contains("Valid") || html.contains("OpenID Endpoint Configuration"), "{html}");
        let html =
            their_side(&ProviderView { has_secret: false, ..view.clone() }, settings, &FormState::default());
        assert!(!html.to_html().contains("a secret is stored"));
    }
}
