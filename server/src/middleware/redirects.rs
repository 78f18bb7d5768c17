//! Makes a page that leads elsewhere do so for every client. Leptos redirects only those that ask for HTML and leaves
//! the others a 200 with a header for its own script.

use axum::{
    extract::Request,
    http::{HeaderName, StatusCode, header},
    middleware::Next,
    response::Response,
};

/// Set by Leptos instead of a status; means something on answers of server functions only.
const SOFT: HeaderName = HeaderName::from_static("serverfnredirect");

/// The layer.
pub(crate) async fn harden(request: Request, next: Next) -> Response {
    let is_page = !request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    if is_page
        && response.headers_mut().remove(SOFT).is_some()
        && response.headers().contains_key(header::LOCATION)
    {
        *response.status_mut() = StatusCode::FOUND;
    }
    response
}
