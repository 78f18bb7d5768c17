//! The browser's session: the one file of the console that touches it. Who the session belongs to is checked by
//! `control` on every request, not here.

use control::sessions::SignedIn;
use http::HeaderName;
use tower_sessions::Session;

use crate::{
    components::theme::Theme,
    context::{extension, insert_header, missing},
    errors::AppError,
};

/// Key of the signed-in person's id in the session.
pub const USER_ID: &str = "user_id";
/// Key of what they showed when they signed in.
pub const PROOF: &str = "proof";
/// Key of when they last showed who they are.
pub const PROVEN_AT: &str = "proven_at";
/// Headers in which a server function hands what the browser is to keep to the middleware that makes cookies of them.
const THEME: HeaderName = HeaderName::from_static("redoubt-theme");
const DEVICE: HeaderName = HeaderName::from_static("redoubt-device");

/// Makes the session that of the person, under a new id: one that was planted before is worth nothing.
pub(crate) async fn begin(signed_in: SignedIn) -> Result<(), AppError> {
    let session = session()?;
    session.cycle_id().await.map_err(|error| failed(&error))?;
    insert_header(DEVICE, signed_in.device.expose());
    session.insert(PROOF, signed_in.proof).await.map_err(|error| failed(&error))?;
    session.insert(PROVEN_AT, signed_in.proven_at).await.map_err(|error| failed(&error))?;
    session.insert(USER_ID, signed_in.user).await.map_err(|error| failed(&error))
}

/// Ends the session and forgets what it held.
pub(crate) async fn end() -> Result<(), AppError> {
    session()?.flush().await.map_err(|error| failed(&error))
}

/// The colour scheme that was chosen in this browser: no matter of the session, which may not have begun.
pub(crate) fn theme() -> Theme {
    extension().unwrap_or_default()
}

/// Has the browser keep the colour scheme.
pub(crate) fn set_theme(theme: Theme) {
    insert_header(THEME, theme.as_str());
}

fn session() -> Result<Session, AppError> {
    extension().ok_or_else(|| missing("session"))
}

fn failed(error: &tower_sessions::session::Error) -> AppError {
    AppError::Refused(domain::errors::Error::Unavailable {
        reason: format!("Your session could not be kept ({error}). Try again."),
    })
}
