//! Carries what a form's answer has to say over the redirect to the page that says it, without script.
//!
//! A form posts to a server function; the browser asks for HTML. The answer becomes a 303 to a path of ours, and what
//! was wrong or done travels in a short-lived cookie to the next page, which finds a [`Flash`] in its request.
//! Passwords, tokens and codes never travel. A form that is held back while somebody signs in or shows who they are travels
//! beside it, in a cookie of its own, so that neither crowds out the other.

use std::{borrow::Cow, collections::BTreeMap};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{errors::Error, views::Flash};
use url::{Url, form_urlencoded};

use super::keepsakes::cookie_value;
use crate::refusals::Refusal;

/// Bytes of a form, at most.
pub(crate) const FORM_BYTES_MAX: usize = 64 << 10;
/// Bytes of the cookie's value, at most: browsers give up at 4 KiB with name and attributes.
const COOKIE_BYTES_MAX: usize = 3 << 10;
/// The last word in the name of a field whose value must not be seen again.
const SECRET_WORDS: [&str; 3] = ["password", "token", "secret"];
/// Fields with codes of authenticator apps and recovery codes, and with the answers of passkeys.
const SECRET_FIELDS: [&str; 4] = ["code", "next_code", "recovery_code", "answer"];
/// Seconds until a flash that nobody fetched is gone.
const COOKIE_SECONDS_MAX: u32 = 60;
/// Name of the cookie.
pub const COOKIE: &str = "__Host-redoubt-flash";
/// Name of the cookie with the form that is held back.
pub const HELD_BACK_COOKIE: &str = "__Host-redoubt-held-back";
/// The field in which pages hand such a form on.
const HELD_BACK: &str = "held_back";
/// What is said where the reason is too long for a cookie.
const TOO_LONG: &str =
    "This was refused, and the reason is too long to be said here. Shorten what you typed and repeat.";
/// Set by pages that hold back what was sent to them: a flash in JSON, percent-encoded.
const HELD: HeaderName = HeaderName::from_static("redoubt-held");
/// Set by server functions: what was done, percent-encoded.
pub const NOTICE: HeaderName = HeaderName::from_static("redoubt-notice");
/// Set by Leptos on the answer of a server function that failed; its body is the error.
const FAILED: HeaderName = HeaderName::from_static("serverfnerror");

/// The layer.
pub(crate) async fn carry(request: Request, next: Next) -> Response {
    let wants_html = header_text(request.headers(), &header::ACCEPT).contains("text/html");
    let is_call = request.uri().path().starts_with("/api/");
    if wants_html && *request.method() == Method::POST {
        form(request, next).await
    } else if is_call {
        call(request, next).await
    } else if wants_html && *request.method() == Method::GET {
        page(request, next).await
    } else {
        next.run(request).await
    }
}

/// A call without a form: the status says what the error in the body says, whoever found it.
async fn call(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if !response.headers().contains_key(FAILED) {
        return response;
    }
    let (mut parts, answer) = response.into_parts();
    let answer = to_bytes(answer, FORM_BYTES_MAX).await.unwrap_or_default();
    let refusal = Refusal(error(&answer)).into_response();
    parts.status = refusal.status();
    parts.headers.remove(header::LOCATION);
    if let Some(wait) = refusal.headers().get(header::RETRY_AFTER) {
        parts.headers.insert(header::RETRY_AFTER, wait.clone());
    }
    Response::from_parts(parts, Body::from(answer))
}

async fn form(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let has_page = request.headers().contains_key(header::REFERER);
    let (parts, body) = request.into_parts();
    // A form that is sent to a page itself is read there, and its values never travel.
    let (body, sent) = match path.starts_with("/api/") {
        true => match to_bytes(body, FORM_BYTES_MAX).await {
            Ok(sent) => (Body::from(sent.clone()), sent),
            Err(_) => return too_large(FORM_BYTES_MAX),
        },
        false => (body, Bytes::new()),
    };
    let response = next.run(Request::from_parts(parts, body)).await;
    let (mut parts, answer) = response.into_parts();
    let has_failed = parts.headers.remove(FAILED).is_some();
    if !has_failed && !parts.status.is_redirection() {
        return Response::from_parts(parts, answer);
    }
    let notice = parts.headers.remove(NOTICE);
    let held =
        parts.headers.remove(HELD).and_then(|held| serde_json::from_str::<Flash>(&decoded(&held)).ok());
    let (mut location, mut held_back) = (own_path(header_text(&parts.headers, &header::LOCATION)), None);
    let flash = if has_failed {
        let error = error(&to_bytes(answer, FORM_BYTES_MAX).await.unwrap_or_default());
        if !has_page {
            // There is no page to go back to that would show it.
            return Refusal(error).into_response();
        }
        if matches!(error, Error::StepUp) {
            location = step_up(&location);
        }
        held_back = form_urlencoded::parse(&sent).find(|(name, _)| name == HELD_BACK);
        Some(Flash {
            form: path,
            error: Some(error),
            values: values(form_urlencoded::parse(&sent)),
            ..Flash::default()
        })
    } else if let Some(held) = held {
        let sent = held.values.iter().map(|(name, value)| (name.into(), value.into()));
        Some(Flash { values: values(sent), ..held })
    } else {
        let notice = notice.as_ref().map(decoded);
        notice.map(|notice| Flash { notice: Some(notice), ..Flash::default() })
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    for cookie in parts.headers.get_all(header::SET_COOKIE) {
        headers.append(header::SET_COOKIE, cookie.clone());
    }
    headers.insert(header::LOCATION, location);
    let held_back = held_back.and_then(|(_, sealed)| held_back_cookie(&sealed));
    for cookie in flash.and_then(cookie).into_iter().chain(held_back) {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

/// Where somebody shows who they are before they go on at `page`.
fn step_up(page: &HeaderValue) -> HeaderValue {
    let next = page.to_str().unwrap_or("/");
    HeaderValue::from_str(&app::links::step_up(next)).unwrap_or(HeaderValue::from_static("/"))
}

/// The cookie for a form that is held back; none for what is no such form.
fn held_back_cookie(sealed: &str) -> Option<HeaderValue> {
    decode(sealed)?;
    sealed_cookie(HELD_BACK_COOKIE, sealed)
}

fn sealed_cookie(name: &str, value: &str) -> Option<HeaderValue> {
    let attributes = format!("Path=/; Max-Age={COOKIE_SECONDS_MAX}; HttpOnly; Secure; SameSite=Lax");
    HeaderValue::from_str(&format!("{name}={value}; {attributes}")).ok()
}

/// The answer to a form that is larger than that and cannot be shown again.
pub(super) fn too_large(bytes_max: usize) -> Response {
    let text = format!("This form is larger than {} KiB. Go back and shorten it.\n", bytes_max >> 10);
    (StatusCode::PAYLOAD_TOO_LARGE, text).into_response()
}

async fn page(mut request: Request, next: Next) -> Response {
    let flash = cookie_value(request.headers(), COOKIE).map(decode);
    let is_there = |name: &&str| cookie_value(request.headers(), name).is_some();
    let seen: Vec<&str> = [COOKIE, HELD_BACK_COOKIE].into_iter().filter(is_there).collect();
    if let Some(flash) = flash.flatten() {
        request.extensions_mut().insert(flash);
    }
    let mut response = next.run(request).await;
    // A page that only points to another one (to sign in first) leaves the flash for that one, or has something to say there.
    if response.status().is_redirection() {
        let notice = response.headers_mut().remove(NOTICE).as_ref().map(decoded);
        let flash = notice.map(|notice| Flash { notice: Some(notice), ..Flash::default() });
        if let Some(cookie) = flash.and_then(cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        return response;
    }
    for name in seen {
        // The page keeps it itself, for a trip to an identity provider.
        if sets(response.headers(), name) {
            continue;
        }
        let gone = format!("{name}=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax");
        if let Ok(gone) = HeaderValue::from_str(&gone) {
            response.headers_mut().append(header::SET_COOKIE, gone);
        }
    }
    response
}

/// Whether an answer sets that cookie.
fn sets(headers: &HeaderMap, name: &str) -> bool {
    headers.get_all(header::SET_COOKIE).iter().any(|cookie| {
        cookie.to_str().is_ok_and(|cookie| cookie.split_once('=').is_some_and(|(set, _)| set == name))
    })
}

fn header_text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn error(answer: &Bytes) -> Error {
    serde_json::from_slice(answer).unwrap_or_else(|_| Error::Unavailable {
        reason: "The form could not be read. Load the page again and repeat.".into(),
    })
}

fn decoded(header: &HeaderValue) -> String {
    let pair = format!("text={}", header.to_str().unwrap_or_default());
    form_urlencoded::parse(pair.as_bytes()).map(|(_, value)| value.into_owned()).next().unwrap_or_default()
}

/// What was typed, without what must not be seen again or travels by itself. What was sent several times has a line for each.
fn values<'a>(pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>) -> BTreeMap<String, String> {
    let is_secret = |name: &str| {
        let last = name.split(|sign: char| !sign.is_alphabetic()).rfind(|word| !word.is_empty());
        last.is_some_and(|last| SECRET_WORDS.contains(&last))
            || SECRET_FIELDS.contains(&name)
            || name == HELD_BACK
    };
    let mut values = BTreeMap::<String, String>::new();
    for (name, value) in pairs {
        if is_secret(&name.to_ascii_lowercase()) {
            continue;
        }
        let known = values.entry(name.into_owned()).or_default();
        if !known.is_empty() {
            known.push('\n');
        }
        known.push_str(&value);
    }
    values
}

/// The path and query of an address, without what Leptos adds: never a way to another site.
fn own_path(location: &str) -> HeaderValue {
    let base = Url::parse("http://localhost/").expect("a constant address");
    let url = base.join(location).unwrap_or(base);
    let kept: Vec<(String, String)> =
        url.query_pairs().into_owned().filter(|(name, _)| name != "__path" && name != "__err").collect();
    // `//name` would be another site.
    let mut path = format!("/{}", url.path().trim_start_matches(['/', '\\']));
    if !kept.is_empty() {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish();
        path = format!("{path}?{query}");
    }
    HeaderValue::from_str(&path).unwrap_or(HeaderValue::from_static("/"))
}

/// The cookie for a flash; what was typed is left out if there is too much of it, and then what is said of it: that something
/// is wrong is always said.
fn cookie(mut flash: Flash) -> Option<HeaderValue> {
    let mut value = encode(&flash)?;
    while value.len() > COOKIE_BYTES_MAX {
        match flash.values.iter().max_by_key(|(_, value)| value.len()) {
            Some((longest, _)) => {
                let longest = longest.clone();
                flash.values.remove(&longest);
                flash.is_cut = true;
            }
            // Words of whoever filled the form in are a part of it.
            None => {
                let short = Error::conflict(TOO_LONG);
                flash.error.filter(|error| *error != short)?;
                flash = Flash { form: flash.form, error: Some(short), is_cut: true, ..Flash::default() };
            }
        }
        value = encode(&flash)?;
    }
    sealed_cookie(COOKIE, &value)
}

fn encode(flash: &Flash) -> Option<String> {
    serde_json::to_vec(flash).ok().map(|json| URL_SAFE_NO_PAD.encode(json))
}

fn decode(value: &str) -> Option<Flash> {
    let json = URL_SAFE_NO_PAD.decode(value).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_stay_here_and_lose_what_leptos_added() {
        for (location, expected) in [
            ("/projects/a", "/projects/a"),
            ("https://console.example.org/projects?after=x&__path=%2Fapi&__err=abc", "/projects?after=x"),
            ("https://evil.example", "/"),
            ("https://a.example//evil.example/x", "/evil.example/x"),
            ("//evil.example/x", "/x"),
            ("/\\evil.example", "/"),
            ("", "/"),
            ("javascript:alert(1)", "/alert(1)"),
        ] {
            assert_eq!(own_path(location), expected, "{location}");
        }
    }

    #[test]
    fn secrets_do_not_travel_and_the_rest_fits() {
        let body = format!("name=a+b&password=x&Password2=y&set_up_token=z&description={}", "ü".repeat(4000));
        let values = |body: &str| super::values(form_urlencoded::parse(body.as_bytes()));
        assert_eq!(values("groups%5B%5D=a&groups%5B%5D=b")["groups[]"], "a\nb");
        assert_eq!(
            values("code=123456&answer=%7B%7D&held_back=x&next=%2F").keys().collect::<Vec<_>>(),
            ["next"]
        );
        let values = values(&body);
        assert_eq!(values.keys().collect::<Vec<_>>(), ["description", "name"]);
        let error = Some(Error::invalid("name", "no"));
        let flash = Flash { form: "/api/x".into(), error, values, ..Flash::default() };
        let cookie = cookie(flash).unwrap();
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.len() < 4096);
        let value = cookie.split(['=', ';']).nth(1).unwrap();
        let back = decode(value).unwrap();
        assert_eq!(back.values["name"], "a b");
        assert!(back.is_cut && !back.values.contains_key("description"));
    }

    #[test]
    fn however_long_the_reason_something_is_said() {
        let said = |reason: String| {
            let error = Some(Error::conflict(reason));
            let values = [("name".to_owned(), "a".repeat(3000))].into();
            let cookie = cookie(Flash { form: "/api/x".into(), error, values, ..Flash::default() }).unwrap();
            let cookie = cookie.to_str().unwrap().to_owned();
            assert!(cookie.len() < 4096);
            let flash = decode(cookie.split(['=', ';']).nth(1).unwrap()).unwrap();
            assert!(flash.is_cut && flash.values.is_empty() && flash.form == "/api/x");
            flash.error.unwrap().to_string()
        };
        assert_eq!(said("no".into()), "no");
        assert_eq!(said("no ".repeat(1500)), TOO_LONG);
        let notice = Some("done ".repeat(1500));
        assert_eq!(cookie(Flash { notice, ..Flash::default() }), None);
    }

    #[test]
    fn what_only_speaks_of_secrets_travels() {
        let kept = |body: &str| {
            super::values(form_urlencoded::parse(body.as_bytes())).into_keys().collect::<Vec<_>>()
        };
        let policy =
            "password_allowed=true&password_chars_min=8&personal_tokens_allowed=true&token_seconds_max=1";
        let names =
            ["password_allowed", "password_chars_min", "personal_tokens_allowed", "token_seconds_max"];
        assert_eq!(kept(policy), names);
        for secret in
            ["password", "new_password", "password_2", "input%5Bpassword%5D", "TOKEN", "client_secret[]"]
        {
            assert_eq!(kept(&format!("{secret}=x")), [""; 0], "{secret}");
        }
    }

    #[test]
    fn notices_keep_their_signs() {
        let header = HeaderValue::from_static("Deleted%20%E2%80%9Ca%2Bb%E2%80%9D%20%26%20more");
        assert_eq!(decoded(&header), "Deleted “a+b” & more");
    }
}
