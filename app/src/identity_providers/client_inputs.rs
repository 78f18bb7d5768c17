//! The form of an identity provider that speaks OpenID Connect as texts. What both protocols have is in `people_inputs`. Draws nothing.

use domain::{
    errors::Error,
    identity_providers::{OidcSettings, TokenAuth},
    secrets::Secret,
};

use super::{inputs::Values, people_inputs::People};
use crate::context::Posted;

/// The field of the secret, which is read and never shown.
pub(super) const SECRET: &str = "client_secret";

/// What stands in the form; nothing of the secret.
pub(super) fn of_settings(settings: &OidcSettings) -> Values {
    let words = |words: &[String]| words.join(" ");
    let mut values: Values = [
        ("issuer", settings.issuer.clone()),
        ("client_id", settings.client_id.clone()),
        ("token_auth", settings.token_auth.to_string()),
        ("scopes", words(&settings.scopes)),
        ("algorithms", words(&settings.algorithms)),
        ("acr_values", words(&settings.acr_values)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    for (name, is_on) in [
        ("is_forced", settings.is_forced),
        ("uses_userinfo", settings.uses_userinfo),
        ("requires_verified_email", settings.requires_verified_email),
    ] {
        if is_on {
            values.insert(name.into(), "true".into());
        }
    }
    values
}

/// The settings that the form asks for.
pub(super) fn settings(sent: &Posted) -> Result<OidcSettings, Error> {
    let is_on = |name: &str| sent.value(name) == "true";
    let words = |name: &str| sent.value(name).split_whitespace().map(ToOwned::to_owned).collect();
    let People { preset, second_factor, mapping, creates_members, groups, group_id, session_seconds } =
        People::read(sent)?;
    let token_auth: Result<TokenAuth, _> = sent.value("token_auth").parse();
    Ok(OidcSettings {
        preset,
        issuer: sent.value("issuer"),
        client_id: sent.value("client_id"),
        token_auth: token_auth.map_err(|_| Error::invalid("token_auth", "Choose one of the list."))?,
        scopes: words("scopes"),
        algorithms: words("algorithms"),
        acr_values: words("acr_values"),
        is_forced: is_on("is_forced"),
        uses_userinfo: is_on("uses_userinfo"),
        requires_verified_email: is_on("requires_verified_email"),
        second_factor,
        mapping,
        creates_members,
        groups,
        group_id,
        session_seconds,
    })
}

/// The secret that was entered, if one was.
pub(super) fn secret(sent: &Posted) -> Option<Secret> {
    let text = sent.value(SECRET);
    let text = text.trim();
    (!text.is_empty()).then(|| Secret::new(text.to_owned()))
}
