//! What a browser keeps besides its session, each in a cookie of its own: the colour scheme and the mark of a device that
//! signed in before, which outlive a sign-out, and the id of what it has begun and not ended. None signs anybody in.

use app::{Ceremonies, Theme};
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use control::sessions::DEVICE_LIFETIME;
use domain::secrets::Secret;

/// Cookie with the colour scheme.
pub const THEME_COOKIE: &str = "__Host-redoubt-theme";
/// Cookie with the mark of a device.
pub const DEVICE_COOKIE: &str = "__Host-redoubt-device";
/// Cookie with the id of what the browser began: a second factor, a step-up, a factor that is being added.
pub const CEREMONY_COOKIE: &str = "__Host-redoubt-ceremony";
/// Cookie with the id of a passkey's sign-in.
pub const PASSKEY_COOKIE: &str = "__Host-redoubt-passkey";
/// Set by server functions: the colour scheme that was chosen.
const THEME: HeaderName = HeaderName::from_static("redoubt-theme");
/// Set by server functions: the mark of the device that just signed in.
const DEVICE: HeaderName = HeaderName::from_static("redoubt-device");
/// Set by server functions: the id of what the browser began; empty when it has ended.
const CEREMONY: HeaderName = HeaderName::from_static("redoubt-ceremony");
const PASSKEY: HeaderName = HeaderName::from_static("redoubt-passkey");
/// Seconds that such an id is kept: what it names ends by itself before that.
const CEREMONY_SECONDS: u64 = 600;
/// Seconds that a chosen colour scheme is kept.
const THEME_SECONDS: u64 = 365 * 24 * 3600;

/// The layer: gives pages the colour scheme, and makes cookies of what server functions want kept.
pub(crate) async fn keep(mut request: Request, next: Next) -> Response {
    let theme = cookie_value(request.headers(), THEME_COOKIE).and_then(Theme::parse);
    let ceremonies = ceremonies(request.headers());
    request.extensions_mut().insert(theme.unwrap_or_default());
    request.extensions_mut().insert(ceremonies);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, cookie, seconds) in [
        (THEME, THEME_COOKIE, THEME_SECONDS),
        (DEVICE, DEVICE_COOKIE, DEVICE_LIFETIME.as_secs()),
        (CEREMONY, CEREMONY_COOKIE, CEREMONY_SECONDS),
        (PASSKEY, PASSKEY_COOKIE, CEREMONY_SECONDS),
    ] {
        let Some(value) = headers.remove(name) else { continue };
        let value = value.to_str().unwrap_or_default();
        let seconds = if value.is_empty() { 0 } else { seconds };
        let line = format!("{cookie}={value}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Lax");
        if let Ok(line) = HeaderValue::from_str(&line) {
            headers.append(header::SET_COOKIE, line);
        }
    }
    response
}

/// What the browser began.
fn ceremonies(headers: &HeaderMap) -> Ceremonies {
    let id = |cookie| cookie_value(headers, cookie).map(|id| Secret::new(id.to_owned()));
    Ceremonies { current: id(CEREMONY_COOKIE), passkey: id(PASSKEY_COOKIE) }
}

/// The mark that a request brings of its device.
pub(crate) fn device(headers: &HeaderMap) -> Option<Secret> {
    cookie_value(headers, DEVICE_COOKIE).map(|mark| Secret::new(mark.to_owned()))
}

/// The value of the cookie of that name.
pub(crate) fn cookie_value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(found, value)| (found == name).then_some(value))
}
