//! Puts the request's [`control::Context`] into its extensions: who is signed in, from where. Decides nothing else.

use app::USER_ID;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use control::{Control, Origin};
use domain::ids::UserId;
use tower_sessions::Session;

use crate::sessions::{ORIGIN, key_hash};

/// Outside of the session layer: tells its store where the request came from.
pub(crate) async fn with_origin(request: Request, next: Next) -> Response {
    match request.extensions().get::<Origin>().cloned() {
        Some(origin) => ORIGIN.scope(origin, next.run(request)).await,
        None => next.run(request).await,
    }
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
    let user = match session.get::<UserId>(USER_ID).await {
        Ok(user) => user,
        Err(error) => {
            tracing::warn!(%error, "A session could not be read");
            let sentence = "The database does not answer right now. Try again in a moment.\n";
            return (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "5")], sentence).into_response();
        }
    };
    let signed_in = session.id().zip(user).map(|(id, user)| (key_hash(id), user));
    request.extensions_mut().insert(control.context(origin, signed_in));
    next.run(request).await
}
