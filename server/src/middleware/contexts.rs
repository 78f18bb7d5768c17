//! Puts the request's [`control::Context`] into its extensions: who is signed in, from where. Decides nothing else.

use app::{PROOF, PROVEN_AT, SESSION_NAME, USER_ID};
use axum::{
    extract::{Request, State},
    http::{HeaderName, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use control::{Control, Origin};
use domain::{ids::UserId, sign_ins::Proof, timestamps::Timestamp};
use tower_sessions::{Session, session::Error};

use crate::sessions::{USE, Use, key_hash};

/// Sent by the console with what it fetches by itself while nobody does anything.
pub const BACKGROUND: HeaderName = HeaderName::from_static("redoubt-background");

/// Outside of the session layer: tells its store what kind of use of a session the request is. What the console fetches
/// by itself is none, and so are streams, to which it comes back by itself.
pub(crate) async fn note_use(request: Request, next: Next) -> Response {
    let is_background =
        request.headers().contains_key(BACKGROUND) || request.uri().path().starts_with("/streams/");
    let origin = request.extensions().get::<Origin>();
    let session_use = Use {
        address: origin.and_then(|origin| origin.address).map(|address| address.to_string()),
        agent: origin.and_then(|origin| origin.agent.clone()),
        is_background,
    };
    USE.scope(session_use, next.run(request)).await
}

/// Inside of the session layer: makes the context.
pub(crate) async fn provide(State(control): State<Control>, mut request: Request, next: Next) -> Response {
    let extensions = request.extensions();
    let (Some(origin), Some(session)) =
        (extensions.get::<Origin>().cloned(), extensions.get::<Session>().cloned())
    else {
        tracing::error!("A request reached a page without origin or session");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    // Nobody is signed in while the database does not answer, and nobody is told that they are not.
    let signed_in = match signed_in(&session).await {
        Ok(signed_in) => signed_in,
        Err(error) => {
            tracing::warn!(%error, "A session could not be read");
            let sentence = "The database does not answer right now. Try again in a moment.\n";
            return (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "5")], sentence).into_response();
        }
    };
    request.extensions_mut().insert(control.context(origin, signed_in));
    next.run(request).await
}

/// Whose session it is, and what they showed. What one from before this was kept does not say counts as a password.
async fn signed_in(session: &Session) -> Result<Option<control::Session>, Error> {
    let user = session.get::<UserId>(USER_ID).await?;
    let Some((id, user)) = session.id().zip(user) else { return Ok(None) };
    let proof = session.get::<Proof>(PROOF).await?.unwrap_or(Proof::PASSWORD);
    let proven_at = session.get::<Timestamp>(PROVEN_AT).await?;
    let name = session.get::<String>(SESSION_NAME).await?;
    Ok(Some(control::Session { key_hash: key_hash(id), user, proof, proven_at, name }))
}
