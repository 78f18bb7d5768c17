//! The browser's session: the one file of the console that touches it. Who the session belongs to is checked by
//! `control` on every request, not here.

use domain::ids::UserId;
use tower_sessions::Session;

use crate::{
    components::theme::Theme,
    context::{extension, missing},
    errors::AppError,
};

/// Key of the signed-in person's id in the session.
pub const USER_ID: &str = "user_id";
const THEME: &str = "theme";

/// Makes the session that of `user`, under a new id: one that was planted before is worth nothing.
pub(crate) async fn begin(user: UserId) -> Result<(), AppError> {
    let session = session()?;
    session.cycle_id().await.map_err(|error| failed(&error))?;
    session.insert(USER_ID, user).await.map_err(|error| failed(&error))
}

/// Ends the session and forgets what it held.
pub(crate) async fn end() -> Result<(), AppError> {
    session()?.flush().await.map_err(|error| failed(&error))
}

/// The colour scheme that the person chose.
pub(crate) async fn theme() -> Theme {
    match session() {
        Ok(session) => session.get(THEME).await.ok().flatten().unwrap_or_default(),
        Err(_) => Theme::default(),
    }
}

/// Keeps the colour scheme that the person chose.
pub(crate) async fn set_theme(theme: Theme) -> Result<(), AppError> {
    session()?.insert(THEME, theme).await.map_err(|error| failed(&error))
}

fn session() -> Result<Session, AppError> {
    extension().ok_or_else(|| missing("session"))
}

fn failed(error: &tower_sessions::session::Error) -> AppError {
    AppError::Refused(domain::errors::Error::Unavailable {
        reason: format!("Your session could not be kept ({error}). Try again."),
    })
}
