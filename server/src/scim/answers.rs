//! What is answered to who pushes: JSON of SCIM, also for all that can go wrong (RFC 7644 section 3.12).

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use control::scim::Refused;
use domain::errors::Error;
use identity::scim::{Reason, Refusal};
use serde_json::{Value, json};

use crate::api::problems;

const SCIM: HeaderValue = HeaderValue::from_static("application/scim+json");
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// JSON as an answer.
pub(super) fn document(status: StatusCode, value: &Value) -> Response {
    let mut response = (status, Body::from(value.to_string())).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, SCIM);
    response
}

/// What went wrong, as an answer.
pub(super) struct Problem {
    status: StatusCode,
    keyword: Option<&'static str>,
    detail: String,
    retry_after_seconds: Option<u64>,
    challenge: Option<&'static str>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { status, keyword: None, detail, retry_after_seconds: None, challenge: None }
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is nothing of this id that this identity provider keeps.")
    }

    pub(super) fn not_implemented(detail: &str) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, detail)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.reason {
            Reason::Uniqueness => StatusCode::CONFLICT,
            Reason::Version => StatusCode::PRECONDITION_FAILED,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { keyword: refusal.reason.keyword(), ..Self::new(status, refusal.detail) }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found(),
            error => problems::Problem::from(error).into(),
        }
    }
}

impl From<problems::Problem> for Problem {
    fn from(problem: problems::Problem) -> Self {
        Self {
            status: problem.status,
            keyword: None,
            detail: problem.message.into_owned(),
            retry_after_seconds: problem.retry_after_seconds,
            challenge: problem.challenge,
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Scim(refusal) => refusal.into(),
            Refused::Other(error) => error.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // RFC 7644: the status is a text there.
        let mut body =
            json!({ "schemas": [ERROR], "status": self.status.as_u16().to_string(), "detail": self.detail });
        if let Some(keyword) = self.keyword {
            body["scimType"] = keyword.into();
        }
        let mut response = document(self.status, &body);
        let headers = response.headers_mut();
        headers.extend(
            self.challenge.map(|challenge| (header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))),
        );
        headers.extend(
            self.retry_after_seconds.map(|seconds| (header::RETRY_AFTER, HeaderValue::from(seconds))),
        );
        response
    }
}
