//! The browser's session: the one file of the console that touches it. Who the session belongs to is checked by
//! `control` on every request, not here.

use control::{sessions::SignedIn, single_sign_on::ProviderSession, step_up::Proven};
use domain::secrets::Secret;
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
/// Key of when they signed in: a new id makes a session no younger.
pub const BEGAN_AT: &str = "began_at";
/// Key of what events call it: a new id makes it no other.
pub const SESSION_NAME: &str = "session_name";
/// Key of the session at an identity provider that it began with.
pub const PROVIDER_SESSION: &str = "provider_session";
/// Headers in which a server function hands what the browser is to keep to the middleware that makes cookies of them.
const THEME: HeaderName = HeaderName::from_static("redoubt-theme");
const DEVICE: HeaderName = HeaderName::from_static("redoubt-device");
const CEREMONY: HeaderName = HeaderName::from_static("redoubt-ceremony");
const PASSKEY: HeaderName = HeaderName::from_static("redoubt-passkey");

/// Ids of what this browser began and has not ended. The server puts them into the extensions of every request.
#[derive(Clone, Default)]
pub struct Ceremonies {
    /// Of a second factor, a step-up, or a factor that is being added.
    pub current: Option<Secret>,
    /// Of a passkey that is to sign somebody in: pages that only wait for one take nothing from the others.
    pub passkey: Option<Secret>,
}

/// Makes the session that of the person, under a new id: one that was planted before is worth nothing.
pub(crate) async fn begin(signed_in: SignedIn) -> Result<(), AppError> {
    let session = session()?;
    session.cycle_id().await.map_err(|error| failed(&error))?;
    insert_header(DEVICE, signed_in.device.expose());
    insert_header(CEREMONY, "");
    insert_header(PASSKEY, "");
    session.insert(PROOF, signed_in.proof).await.map_err(|error| failed(&error))?;
    session.insert(PROVEN_AT, signed_in.proven_at).await.map_err(|error| failed(&error))?;
    session.insert(BEGAN_AT, signed_in.proven_at).await.map_err(|error| failed(&error))?;
    session.remove_value(PROVIDER_SESSION).await.map_err(|error| failed(&error))?;
    session.insert(SESSION_NAME, signed_in.session_name).await.map_err(|error| failed(&error))?;
    session.insert(USER_ID, signed_in.user).await.map_err(|error| failed(&error))
}

/// The same for who came through an identity provider.
pub(crate) async fn begin_through(signed_in: SignedIn, provider: ProviderSession) -> Result<(), AppError> {
    begin(signed_in).await?;
    session()?.insert(PROVIDER_SESSION, provider).await.map_err(|error| failed(&error))
}

/// With which session at an identity provider this one began.
pub(crate) async fn provider_session() -> Option<ProviderSession> {
    session().ok()?.get(PROVIDER_SESSION).await.ok()?
}

/// Notes that the person has just shown once more who they are, under a new id.
pub(crate) async fn prove(proven: Proven) -> Result<(), AppError> {
    let session = session()?;
    session.cycle_id().await.map_err(|error| failed(&error))?;
    insert_header(CEREMONY, "");
    session.insert(PROOF, proven.proof).await.map_err(|error| failed(&error))?;
    session.insert(PROVEN_AT, proven.proven_at).await.map_err(|error| failed(&error))
}

/// The id of what this browser began; empty if it began nothing, or too long ago.
pub(crate) fn ceremony() -> Secret {
    ceremonies().current.unwrap_or_else(|| Secret::new(String::new()))
}

/// The same of a passkey that is to sign somebody in.
pub(crate) fn passkey_ceremony() -> Secret {
    ceremonies().passkey.unwrap_or_else(|| Secret::new(String::new()))
}

/// Has the browser keep the id of what it began.
pub(crate) fn keep_ceremony(id: &Secret) {
    insert_header(CEREMONY, id.expose());
}

/// The same of a passkey that is to sign somebody in.
pub(crate) fn keep_passkey_ceremony(id: &Secret) {
    insert_header(PASSKEY, id.expose());
}

fn ceremonies() -> Ceremonies {
    extension().unwrap_or_default()
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
