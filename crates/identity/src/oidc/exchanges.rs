//! What is fetched from a provider and posted to it, as the caller has to send it. Opens no connection.

use async_trait::async_trait;
use domain::secrets::Secret;

use super::tokens::{self, Object};

/// A request to a provider. It is sent as it is, follows no redirect and keeps no cookie.
pub struct HttpRequest {
    /// Where to: an absolute URL of a scheme that discovery let through.
    pub address: String,
    /// What is posted, as `application/x-www-form-urlencoded`; nothing if the request is a GET. Holds secrets.
    pub form: Option<Secret>,
    /// The header `Authorization`.
    pub authorization: Option<Secret>,
    /// Bytes of the answer's body that are taken, at most: a longer one is an error.
    pub bytes_max: usize,
}

/// What a provider answers, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer: a sentence for those who look after the organization.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HttpError(pub String);

/// Sends requests. Whoever implements it sees to it that nothing is reached that may not be, that an answer comes in time, and
/// that redirects are not followed: a redirect's own status is the answer.
#[async_trait]
pub trait Http: Send + Sync {
    /// Sends one, with `Accept: application/json`.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError>;
}

/// The JSON object that an answer with status 200 is; otherwise a sentence that says what there was instead.
pub(super) fn object_in(response: &HttpResponse) -> Result<Object, String> {
    if response.status != 200 {
        return Err(format!("it answers with status {}", response.status));
    }
    tokens::object(&response.body)
}

/// Asks for something.
pub(super) async fn get(
    http: &dyn Http,
    address: &str,
    authorization: Option<Secret>,
    bytes_max: usize,
) -> Result<HttpResponse, String> {
    let request = HttpRequest { address: address.to_owned(), form: None, authorization, bytes_max };
    http.send(request).await.map_err(|error| error.0)
}
