//! Errors as the API says them: one JSON form for all of them, whoever found them. Decides none of them.

use std::borrow::Cow;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::errors::Error;
use serde_json::json;

/// What a program waits that finds something not answering.
const UNAVAILABLE_SECONDS: u64 = 5;

/// An error as an answer.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// A word for programs.
    pub(crate) code: &'static str,
    /// A sentence for people, which says what to do.
    pub(crate) message: Cow<'static, str>,
    /// The JSON member or query parameter that it belongs to.
    pub(crate) field: Option<String>,
    pub(crate) retry_after_seconds: Option<u64>,
    /// What the caller should have brought to be known.
    pub(crate) challenge: Option<&'static str>,
}

impl Problem {
    /// One that belongs to nothing in particular.
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self { status, code, message, field: None, retry_after_seconds: None, challenge: None }
    }

    /// Nobody is known: the header is missing, or what it brought is refused.
    pub(crate) fn challenge(message: impl Into<Cow<'static, str>>, challenge: &'static str) -> Self {
        let problem = Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", message);
        Self { challenge: Some(challenge), ..problem }
    }

    /// There is no such address.
    pub(crate) fn not_found() -> Self {
        Error::NotFound.into()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::NotFound => "not_found",
            Error::Denied { .. } => "denied",
            Error::Forbidden { .. } | Error::TurnedAway { .. } => "forbidden",
            Error::StepUp => "step_up",
            Error::Unauthenticated { .. } => "unauthenticated",
            Error::Invalid { .. } => "invalid",
            Error::Conflict { .. } => "conflict",
            Error::Limited { .. } => "limited",
            Error::Unavailable { .. } => "unavailable",
            Error::Internal { .. } => "internal",
        };
        let retry_after_seconds = match &error {
            Error::Limited { retry_after_seconds, .. } => Some(*retry_after_seconds),
            Error::Unavailable { .. } => Some(UNAVAILABLE_SECONDS),
            _ => None,
        };
        let challenge = matches!(error, Error::Unauthenticated { .. }).then_some(INVALID_TOKEN);
        Self {
            status: StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code,
            message: error.to_string().into(),
            field: error.field().map(str::to_owned),
            retry_after_seconds,
            challenge,
        }
    }
}

/// RFC 6750 section 3: what the caller brought is refused.
pub(crate) const INVALID_TOKEN: &str = "Bearer error=\"invalid_token\"";

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut error = json!({
            "message": self.message, "status": self.status.as_u16(), "error_code": self.code,
        });
        if let Some(field) = self.field {
            error["field"] = field.into();
        }
        let body = json!({ "errors": [error], "message": self.message }).to_string();
        let mut response = (self.status, Body::from(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(challenge) = self.challenge {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
