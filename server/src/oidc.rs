//! The protocol endpoints of OpenID Connect, which know neither cookies nor sessions: browsers come back from an identity provider with
//! a code, and are sent on to a page of the console, where they show what they began; and identity providers say that somebody signed
//! out there.

use std::collections::BTreeMap;

use axum::{
    Extension, Form, Router,
    extract::{DefaultBodyLimit, Path, RawQuery, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use control::{Control, Origin, single_sign_on};
use domain::{
    errors::Error,
    ids::{IdentityProviderId, OrganizationId},
    secrets::Secret,
};
use identity::oidc::verifications::Answer;
use serde::Deserialize;
use url::form_urlencoded;

use crate::{refusals::Refusal, saml::fetch_answer};

/// Bytes of a logout token's form, at most.
const FORM_BYTES_MAX: usize = 128 << 10;
/// Characters of what a browser comes back with that are read, at most.
const QUERY_CHARS_MAX: usize = 16 << 10;
/// Where it is told that the answer was not accepted.
const REFUSED: &str = "/sign-in/refused";

type Place = Path<(OrganizationId, IdentityProviderId)>;

/// The part of the map below `/v1/sso/oidc`.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(control: Control) -> Router<S> {
    let router: Router<Control> = Router::new()
        .route(PATHS[0].1, get(callback))
        .route(PATHS[1].1, post(backchannel_logout).layer(DefaultBodyLimit::max(FORM_BYTES_MAX)));
    router.with_state(control)
}

/// Every address here, with the method that it takes.
pub const PATHS: &[(Method, &str)] = &[
    (Method::GET, "/v1/sso/oidc/account/{organization}/method/{provider}/callback"),
    (Method::POST, "/v1/sso/oidc/account/{organization}/method/{provider}/backchannel-logout"),
];

/// The form of the back channel. What travels beside it says nothing to us.
#[derive(Deserialize)]
struct Logout {
    #[serde(default)]
    logout_token: String,
}

async fn callback(
    State(control): State<Control>,
    Extension(origin): Extension<Origin>,
    place: Result<Place, axum::extract::rejection::PathRejection>,
    RawQuery(query): RawQuery,
) -> Response {
    let Ok(Path((organization, provider))) = place else { return Refusal(Error::NotFound).into_response() };
    let ctx = control.context(origin, None);
    let answer = answer(query.as_deref().unwrap_or_default());
    match single_sign_on::receive_code(&ctx, organization, provider, &answer).await {
        Ok(receipt) => fetch_answer(&receipt),
        Err(Error::Forbidden { .. }) => Redirect::to(REFUSED).into_response(),
        Err(error) => Refusal(error).into_response(),
    }
}

/// What a browser came back with. What is there twice is as if it were not there (RFC 6749, section 3.1).
fn answer(query: &str) -> Answer {
    let mut found: BTreeMap<String, Option<String>> = BTreeMap::new();
    let query = if query.len() > QUERY_CHARS_MAX { "" } else { query };
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = Some(value.into_owned());
        found.entry(name.into_owned()).and_modify(|known| *known = None).or_insert(value);
    }
    let mut take = |name: &str| found.remove(name).flatten();
    Answer {
        state: take("state").unwrap_or_default(),
        code: take("code").map(Secret::new),
        issuer: take("iss"),
        error: take("error"),
        error_description: take("error_description"),
    }
}

/// Answers as section 2.8 of OpenID Connect Back-Channel Logout 1.0 wants it: 200 or 400, and kept by nobody.
async fn backchannel_logout(
    State(control): State<Control>,
    Extension(origin): Extension<Origin>,
    place: Result<Place, axum::extract::rejection::PathRejection>,
    form: Result<Form<Logout>, axum::extract::rejection::FormRejection>,
) -> Response {
    let Ok(Path((organization, provider))) = place else { return Refusal(Error::NotFound).into_response() };
    let token = form.map(|Form(form)| form.logout_token).unwrap_or_default();
    let ctx = control.context(origin, None);
    let response = match single_sign_on::receive_logout_token(&ctx, organization, provider, &token).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(Error::Forbidden { reason }) => (StatusCode::BAD_REQUEST, format!("{reason}\n")).into_response(),
        Err(error) => Refusal(error).into_response(),
    };
    ([(header::CACHE_CONTROL, "no-store")], response).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_twice_is_not_there() {
        let read = answer("code=a%20b&state=s&iss=https%3A%2F%2Fop.example");
        assert_eq!(read.code.map(|code| code.expose().to_owned()).as_deref(), Some("a b"));
        assert_eq!((read.state.as_str(), read.issuer.as_deref()), ("s", Some("https://op.example")));
        let read = answer("code=a&code=b&state=s&state=t&error=x");
        assert!(read.code.is_none() && read.state.is_empty() && read.error.as_deref() == Some("x"));
        assert!(answer(&format!("state={}", "s".repeat(QUERY_CHARS_MAX))).state.is_empty());
    }
}
