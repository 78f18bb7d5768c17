//! The protocol endpoints of SAML, which other sites' forms are posted to: they know neither cookies nor sessions. Whoever comes
//! back with an answer is sent on to a page of the console, where the browser shows what it began.

use axum::{
    Extension, Form, Router,
    extract::{DefaultBodyLimit, Path, RawQuery, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use control::{
    Control, Origin, identity_providers,
    single_sign_on::{self, Left, Received},
};
use domain::{
    errors::Error,
    ids::{IdentityProviderId, OrganizationId},
    secrets::Secret,
};
use serde::Deserialize;

use crate::refusals::Refusal;

/// Bytes of a form, at most: the response in base64, percent-encoded, and what travels beside it.
const FORM_BYTES_MAX: usize = 512 << 10;
/// Where the browser shows what it began.
const ANSWER: &str = "/sign-in/answer";
/// Where it is told that it is signed out.
const SIGNED_OUT: &str = "/signed-out";
/// Where it is told that the answer was not accepted.
const REFUSED: &str = "/sign-in/refused";

type Place = Path<(OrganizationId, IdentityProviderId)>;

/// The part of the map below `/v1/sso/saml`.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(control: Control) -> Router<S> {
    let router: Router<Control> = Router::new()
        .route(PATHS[0].1, get(metadata))
        .route(PATHS[2].1, get(slo))
        .route(PATHS[1].1, post(acs).layer(DefaultBodyLimit::max(FORM_BYTES_MAX)));
    router.with_state(control)
}

/// Every address here, with the method that it takes.
pub const PATHS: &[(Method, &str)] = &[
    (Method::GET, "/v1/sso/saml/account/{organization}/method/{provider}/metadata"),
    (Method::POST, "/v1/sso/saml/account/{organization}/method/{provider}/acs"),
    (Method::GET, "/v1/sso/saml/account/{organization}/method/{provider}/slo"),
];

/// The field of the POST binding. What travels beside it says nothing to us.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "SAMLResponse", default)]
    response: String,
}

async fn metadata(
    State(control): State<Control>,
    Extension(origin): Extension<Origin>,
    place: Result<Place, axum::extract::rejection::PathRejection>,
) -> Response {
    let Ok(Path((organization, provider))) = place else { return Refusal(Error::NotFound).into_response() };
    let ctx = control.context(origin, None);
    match identity_providers::own_metadata(&ctx, organization, provider).await {
        Ok(xml) => ([(header::CONTENT_TYPE, "application/samlmetadata+xml")], xml).into_response(),
        Err(error) => Refusal(error).into_response(),
    }
}

async fn acs(
    State(control): State<Control>,
    Extension(origin): Extension<Origin>,
    place: Result<Place, axum::extract::rejection::PathRejection>,
    form: Result<Form<Answer>, axum::extract::rejection::FormRejection>,
) -> Response {
    let Ok(Path((organization, provider))) = place else { return Refusal(Error::NotFound).into_response() };
    let form = match form {
        Ok(Form(form)) => form,
        // What is too long, no form, or has the field twice.
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return (StatusCode::PAYLOAD_TOO_LARGE, "This is longer than any response.\n").into_response();
        }
        Err(_) => Answer { response: String::new() },
    };
    let ctx = control.context(origin, None);
    match single_sign_on::receive(&ctx, organization, provider, &form.response).await {
        Ok(Received::Kept(receipt)) => fetch_answer(&receipt),
        Ok(Received::Unasked) => Redirect::to(&format!("/sign-in/sso/{provider}")).into_response(),
        Err(Error::Forbidden { .. }) => Redirect::to(REFUSED).into_response(),
        Err(error) => Refusal(error).into_response(),
    }
}

/// Leads the browser that brought an answer to where it shows what it began, with its receipt.
pub(crate) fn fetch_answer(receipt: &Secret) -> Response {
    Redirect::to(&format!("{ANSWER}?receipt={}", receipt.expose())).into_response()
}

async fn slo(
    State(control): State<Control>,
    Extension(origin): Extension<Origin>,
    place: Result<Place, axum::extract::rejection::PathRejection>,
    RawQuery(query): RawQuery,
) -> Response {
    let Ok(Path((organization, provider))) = place else { return Refusal(Error::NotFound).into_response() };
    let ctx = control.context(origin, None);
    let query = query.unwrap_or_default();
    match single_sign_on::receive_logout(&ctx, organization, provider, &query).await {
        Ok(Left::Answer(address)) => Redirect::to(&address).into_response(),
        Ok(Left::Done) => Redirect::to(SIGNED_OUT).into_response(),
        Err(error) => Refusal(error).into_response(),
    }
}
