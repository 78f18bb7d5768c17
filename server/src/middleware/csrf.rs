//! Refuses requests that another site made a browser send: unsafe methods must come from the console itself.
//!
//! Decides by `Sec-Fetch-Site`, which every current browser sends; else by `Origin` against `Host`. What has neither
//! is no browser; it may go on unless it brings cookies.

use axum::{
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Why a request was refused, if it was.
pub(crate) fn verdict(method: &Method, headers: &HeaderMap) -> Result<(), &'static str> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text("sec-fetch-site"), text("origin"), text("host")) {
        (Some("same-origin" | "none"), _, _) => Ok(()),
        (Some(_), _, _) => Err("it was sent by another site"),
        (None, Some(origin), Some(host)) => {
            // `Origin` is scheme://host[:port]; `null` has no host at all.
            match origin.split_once("://") {
                Some((_, authority)) if authority.eq_ignore_ascii_case(host) => Ok(()),
                _ => Err("its Origin is not this site"),
            }
        }
        (None, Some(_), None) => Err("it has no Host"),
        (None, None, _) if headers.contains_key(header::COOKIE) => Err("it brings cookies but no Origin"),
        (None, None, _) => Ok(()),
    }
}

/// The layer.
pub(crate) async fn refuse_cross_site(request: Request, next: Next) -> Response {
    match verdict(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(reason) => {
            tracing::warn!(reason, "Request refused as cross-site");
            (StatusCode::FORBIDDEN, format!("This request was refused: {reason}.\n")).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_console_itself_may_change_things() {
        let check = |method: Method, headers: &[(&'static str, &str)]| {
            let headers =
                headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            verdict(&method, &headers).is_ok()
        };
        let host = ("host", "console.example.org");
        for (is_fine, headers) in [
            (true, vec![host, ("sec-fetch-site", "same-origin")]),
            (true, vec![host, ("sec-fetch-site", "none")]),
            (false, vec![host, ("sec-fetch-site", "cross-site")]),
            (false, vec![host, ("sec-fetch-site", "same-site")]),
            (false, vec![host, ("sec-fetch-site", "cross-site"), ("origin", "https://console.example.org")]),
            (true, vec![host, ("origin", "https://console.example.org")]),
            (false, vec![host, ("origin", "https://console.example.org.evil.example")]),
            (false, vec![host, ("origin", "https://evil.example")]),
            (false, vec![host, ("origin", "null")]),
            (false, vec![("origin", "https://console.example.org")]),
            (false, vec![host, ("cookie", "a=b")]),
            (true, vec![host]),
        ] {
            assert_eq!(check(Method::POST, &headers), is_fine, "{headers:?}");
            assert_eq!(check(Method::DELETE, &headers), is_fine, "{headers:?}");
            assert!(check(Method::GET, &headers));
        }
    }
}
