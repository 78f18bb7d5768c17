//! What a request brings: the one file that takes `control::Context` and the flash from the request's extensions,
//! and that shapes the answer's head. Decides nothing.

use std::{collections::BTreeMap, sync::Arc};

use domain::{errors::Error, views::Flash};
use http::{
    HeaderName, HeaderValue, Method, StatusCode,
    header::{ACCEPT, CACHE_CONTROL, COOKIE, HOST, SET_COOKIE},
    request::Parts,
};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use crate::{components::form::FormState, errors::AppError, links};

/// Header in which a server function hands its notice to the middleware that makes the flash of it.
const NOTICE: HeaderName = HeaderName::from_static("redoubt-notice");

/// The cookie in which the server's middleware carries a flash to the next page, and its limits there.
const FLASH: &str = "__Host-redoubt-flash";
/// The same for a form that further pages hold back.
const HELD_BACK: &str = "__Host-redoubt-held-back";
/// Header in which a page hands what was sent to it to that middleware, to be kept.
const HELD: HeaderName = HeaderName::from_static("redoubt-held");
const FLASH_SECONDS: u32 = 60;
/// How long a form waits for somebody who is at an identity provider: as long as they may take there.
const TRIP_SECONDS: u32 = 600;
const FLASH_BYTES_MAX: usize = 3 << 10;

/// Where the installation says that it answers, as in `https://console.example.org`: the server puts it into the
/// extensions of every request.
#[derive(Clone, Debug)]
pub struct PublicOrigin(pub Arc<str>);

/// What a form sent to a page itself with POST, as pairs of name and value; files are texts, too. The server puts it into
/// the extensions of such requests.
#[derive(Clone)]
pub struct Posted(pub Arc<[(String, String)]>);

/// A field of such a form that was left out of it. The server puts it into the request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub field: String,
    /// Why.
    pub why: WhyLeftOut,
}

/// Why a field was left out of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyLeftOut {
    /// The form became too large with it.
    TooLarge {
        /// How large it can be here.
        bytes_max: usize,
    },
    /// It is not text in UTF-8.
    NotText,
}

impl Posted {
    /// The value of a field; empty if it was not sent.
    pub(crate) fn value(&self, name: &str) -> String {
        self.values(name).into_iter().next().unwrap_or_default()
    }

    /// Whether the field was sent, if only empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(sent, _)| sent == name)
    }

    /// Every field with its value; what was sent several times has a line for each.
    pub(crate) fn joined(&self) -> BTreeMap<String, String> {
        let mut values = BTreeMap::<String, String>::new();
        for (name, value) in self.0.iter() {
            let known = values.entry(name.clone()).or_default();
            if !known.is_empty() {
                known.push('\n');
            }
            known.push_str(value);
        }
        values
    }

    /// Every value of a field that can be sent several times.
    pub(crate) fn values(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(sent, _)| sent == name).map(|(_, value)| value.clone()).collect()
    }
}

/// The request's way into `control`.
pub(crate) fn control() -> Result<control::Context, AppError> {
    extension().ok_or_else(|| missing("control::Context"))
}

/// Something the server's middleware put into the request's extensions.
pub(crate) fn extension<T: Clone + Send + Sync + 'static>() -> Option<T> {
    use_context::<Parts>()?.extensions.get::<T>().cloned()
}

/// A fault in how the server is put together.
pub(crate) fn missing(what: &str) -> AppError {
    AppError::Refused(Error::Internal { report: format!("no {what} in the request") })
}

/// What the form sent before this page has to say.
pub(crate) fn flash() -> Flash {
    extension().unwrap_or_default()
}

/// The value of a cookie of this request; none if it is empty.
fn cookie(name: &str) -> Option<String> {
    let parts = use_context::<Parts>()?;
    let cookies = parts.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|cookies| cookies.split(';')).filter_map(|one| one.trim().split_once('='));
    pairs.find_map(|(found, value)| (found == name && !value.is_empty()).then(|| value.to_owned()))
}

/// The form that was sent too early or too late, sealed: it goes along until the page it stands on can be shown again.
pub(crate) fn held_back() -> Option<String> {
    match FormState::is_held_back(&flash()) {
        true => cookie(FLASH),
        false => cookie(HELD_BACK),
    }
}

/// Gives a form that was held back to the page that follows, which shows it.
pub(crate) fn hand_on(sealed: &str) {
    set_sealed(FLASH, sealed);
}

/// Gives it to the page that follows, which only holds it back as well.
pub(crate) fn hold_back(sealed: &str) {
    set_sealed(HELD_BACK, sealed);
}

/// Keeps it for somebody who may go to an identity provider from here and come back: no form of ours goes along there.
pub(crate) fn keep_for_trip(sealed: &str) {
    set_sealed_for(HELD_BACK, sealed, TRIP_SECONDS);
}

/// Keeps what is kept for a trip when a page stands between.
pub(crate) fn go_on_keeping() {
    if let Some(sealed) = cookie(HELD_BACK) {
        keep_for_trip(&sealed);
    }
}

/// Gives what was kept for a trip to the page that follows, which shows it.
pub(crate) fn unpack_after_trip() {
    if let Some(sealed) = cookie(HELD_BACK) {
        hand_on(&sealed);
        set_sealed_for(HELD_BACK, &sealed, 0);
    }
}

/// Throws away what was kept for a trip: somebody else came back from it.
pub(crate) fn throw_away_after_trip() {
    if let Some(sealed) = cookie(HELD_BACK) {
        set_sealed_for(HELD_BACK, &sealed, 0);
    }
}

/// Holds back what was sent to this page itself: the server's middleware seals it.
pub(crate) fn hold_back_posted(error: Error) {
    let Some(sent) = posted() else { return };
    let form = own_address().split('?').next().unwrap_or_default().to_owned();
    let flash = Flash { form, error: Some(error), values: sent.joined(), ..Flash::default() };
    if let Ok(json) = serde_json::to_string(&flash) {
        insert_header(HELD, &links::encode(&json));
    }
}

fn set_sealed(name: &str, sealed: &str) {
    set_sealed_for(name, sealed, FLASH_SECONDS);
}

fn set_sealed_for(name: &str, sealed: &str, seconds: u32) {
    if !is_sealed(sealed) {
        return;
    }
    let cookie = format!("{name}={sealed}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Lax");
    if let (Some(response), Ok(value)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(&cookie)) {
        response.append_header(SET_COOKIE, value);
    }
}

/// Whether this can be the value of a flash's cookie and nothing else.
fn is_sealed(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    is_plain && (1..=FLASH_BYTES_MAX).contains(&text.len())
}

/// Path and query of the page that is asked for.
pub(crate) fn own_address() -> String {
    let address =
        use_context::<Parts>().and_then(|parts| parts.uri.path_and_query().map(ToString::to_string));
    address.unwrap_or_else(|| "/".into())
}

/// Whether the page was asked for with POST.
pub(crate) fn is_post() -> bool {
    use_context::<Parts>().is_some_and(|parts| parts.method == Method::POST)
}

/// What was sent to the page; none if it was only asked for.
pub(crate) fn posted() -> Option<Posted> {
    extension()
}

/// What was left out of what was sent to the page.
pub(crate) fn left_out() -> Option<LeftOut> {
    extension()
}

/// Scheme and host as the browser sees them, for texts to copy.
pub(crate) fn origin() -> String {
    let public = extension::<PublicOrigin>();
    let parts = use_context::<Parts>();
    // HTTP/2 names the host in the request's target.
    let host = parts.as_ref().and_then(|parts| {
        let named = parts.uri.authority().map(http::uri::Authority::as_str);
        named.or_else(|| parts.headers.get(HOST).and_then(|host| host.to_str().ok()))
    });
    origin_of(public.as_ref().map_or("http://localhost", |PublicOrigin(public)| public), host)
}

/// The public origin under the name that was asked for: another port may lead here, another scheme does not.
fn origin_of(public: &str, host: Option<&str>) -> String {
    match (public.split_once("://"), host) {
        (Some((scheme, _)), Some(host)) => format!("{scheme}://{host}"),
        _ => public.to_owned(),
    }
}

/// The answer of an operation. The server's middleware makes of an error what its reader understands: a status for
/// programs, a flash for browsers.
pub(crate) fn answer<T>(result: Result<T, Error>) -> Result<T, AppError> {
    result.map_err(AppError::Refused)
}

/// After a form did its work: where to go, and what to say there.
pub(crate) fn done(path: &str, notice: &str) {
    if let (Some(response), Ok(value)) =
        (use_context::<ResponseOptions>(), HeaderValue::from_str(&links::encode(notice)))
    {
        response.insert_header(NOTICE, value);
    }
    go(path);
}

/// Redirects; to the start if `path` is none of this console.
pub(crate) fn go(path: &str) {
    leptos_axum::redirect(links::own_path(path).unwrap_or("/"));
}

/// Redirects to an address that is none of this console: an identity provider's, which an admin set.
pub(crate) fn go_outside(address: &str) {
    leptos_axum::redirect(address);
}

/// Sets the status of the answer.
pub(crate) fn set_status(status: u16) {
    if let (Some(response), Ok(status)) = (use_context::<ResponseOptions>(), StatusCode::from_u16(status)) {
        response.set_status(status);
    }
}

/// Keeps the answer out of every cache: it shows a secret.
pub(crate) fn no_store() {
    insert_header(CACHE_CONTROL, "no-store");
}

/// Sets a header of the answer.
pub(crate) fn insert_header(name: HeaderName, value: &str) {
    if let (Some(response), Ok(value)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(value)) {
        response.insert_header(name, value);
    }
}

/// Whether whoever asks wants to see a page.
pub(crate) fn wants_html() -> bool {
    use_context::<Parts>().is_some_and(|parts| {
        parts
            .headers
            .get(ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|text| text.contains("text/html"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_the_public_one_and_the_port_the_one_that_was_asked_for() {
        for (public, host, origin) in [
            ("https://localhost:8443", Some("localhost:8443"), "https://localhost:8443"),
            ("http://localhost:8080", Some("localhost:9000"), "http://localhost:9000"),
            ("https://localhost.example.com", Some("localhost.example.com"), "https://localhost.example.com"),
            ("http://console.example.org", Some("console.example.org"), "http://console.example.org"),
            ("https://console.example.org", None, "https://console.example.org"),
        ] {
            assert_eq!(origin_of(public, host), origin);
        }
    }

    #[test]
    fn what_is_handed_on_cannot_break_out_of_its_cookie() {
        assert!(is_sealed("eyJmb3JtIjoiIn0-_"));
        for bad in ["", "a; Path=/x", "a\r\nx: y", "a=b", &"a".repeat(FLASH_BYTES_MAX + 1)] {
            assert!(!is_sealed(bad), "{bad}");
        }
    }
}
