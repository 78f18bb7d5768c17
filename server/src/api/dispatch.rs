//! From a request to its operation and back: who asks, how often they may, and the forms of all that can go wrong on the
//! way. What may be done is `control`'s to say.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc, time::Duration};

use axum::{
    body::to_bytes,
    extract::{FromRequestParts, RawPathParams, Request},
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use control::{Context, Control, Origin, tokens};
use domain::errors::Error;

use super::{
    calls::BODY_BYTES_MAX,
    credentials,
    limits::{Key, Limits, Quota, TOKEN_REQUESTS_MAX},
    operations::{Incoming, Operation},
    problems::Problem,
};

/// How long an answer may take to begin. A little less than what the server gives any answer, so that programs read JSON.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(28);

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// What all operations need.
pub(super) struct Api {
    pub(super) control: Control,
    pub(super) limits: Limits,
}

/// Answers a request for this operation.
pub(super) async fn answer(api: Arc<Api>, operation: &'static Operation, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let mut quota = None;
    let answered = async {
        let origin = parts.extensions.get::<Origin>().cloned();
        let origin = origin.ok_or_else(|| {
            tracing::error!("A request reached the API without an origin");
            Problem::from(Error::Internal { report: "no origin".into() })
        })?;
        let ctx = match operation.is_open {
            true => api.control.context(origin, None),
            false => {
                let (ctx, rest) = api.authenticate(origin, &parts).await?;
                quota = Some(rest);
                ctx
            }
        };
        let path = path_values(&mut parts).await?;
        let body = match operation.takes_body {
            true => to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| too_large())?,
            false => axum::body::Bytes::new(),
        };
        let (query, headers) = (parts.uri.query(), &parts.headers);
        operation.answer(Incoming { ctx, path, query, headers, body: &body }).await
    };
    let answered = tokio::time::timeout(ANSWER_TIMEOUT, answered).await.unwrap_or_else(|_| Err(late()));
    let mut response = answered.unwrap_or_else(IntoResponse::into_response);
    if let Some(quota) = quota {
        say(&mut response, quota);
    }
    response
}

impl Api {
    /// Who asks, and what their token has left.
    async fn authenticate(&self, origin: Origin, parts: &Parts) -> Result<(Context, Quota), Problem> {
        let token = credentials::token(&parts.headers)?;
        let (key, address): (Key, Option<IpAddr>) = (Key::of(&token), origin.address);
        self.limits.may_try(&key, address)?;
        match tokens::authenticate(&self.control, origin, &token).await {
            Ok(ctx) => Ok((ctx, self.limits.accepted(key))),
            Err(error) => {
                if matches!(error, Error::Unauthenticated { .. }) {
                    self.limits.refused(&key, address);
                }
                Err(error.into())
            }
        }
    }
}

/// The values in the path; what is no text names nothing.
async fn path_values(parts: &mut Parts) -> Result<BTreeMap<String, String>, Problem> {
    let values = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| Problem::not_found())?;
    Ok(values.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

fn say(response: &mut Response, quota: Quota) {
    let headers = response.headers_mut();
    headers.insert(LIMIT, HeaderValue::from(TOKEN_REQUESTS_MAX));
    headers.insert(REMAINING, HeaderValue::from(quota.remaining));
    headers.insert(RESET, HeaderValue::from(quota.reset_seconds));
}

fn too_large() -> Problem {
    let sentence = format!("The body is larger than {BODY_BYTES_MAX} bytes, or did not arrive whole.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", sentence)
}

fn late() -> Problem {
    let reason = "This took too long. It may or may not have been done: look before you repeat it.";
    Error::Unavailable { reason: reason.into() }.into()
}

/// For addresses below `/v1` that lead nowhere.
pub(super) async fn nowhere() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such address; see /v1/openapi.json.")
}

/// For methods that an address does not have; the router says which it has.
pub(super) async fn no_method() -> Problem {
    let sentence = "This address does not have the method; the header Allow names those it has.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", sentence)
}

/// For a fault of the program in one request.
pub(super) fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    tracing::error!("A request broke off because of a fault of the program");
    let sentence = "Something went wrong on our side. If it stays, report the header X-Request-Id.";
    let mut response = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", sentence).into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_we_did_wrong_is_told_in_the_form_of_all_errors() {
        for (response, status) in [
            (panicked(Box::new("a secret")), 500),
            (late().into_response(), 503),
            (too_large().into_response(), 413),
            (nowhere().await.into_response(), 404),
            (no_method().await.into_response(), 405),
        ] {
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
            let body = to_bytes(response.into_body(), BODY_BYTES_MAX).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["errors"][0]["status"], status);
            assert_eq!(body["errors"][0]["message"], body["message"]);
            assert!(!body.to_string().contains("secret"));
        }
    }
}
