//! The API under `/v1`: JSON for programs, called with a token. One table of operations; the router, the document and the
//! tests are made of it. Knows no cookie and holds no rule.

mod answers;
mod calls;
pub(crate) mod credentials;
mod dispatch;
mod document;
pub(crate) mod limits;
mod operations;
pub(crate) mod problems;

mod application_users;
mod domains;
mod events;
mod groups;
mod identity_providers;
mod invitations;
mod managed;
mod organizations;
mod own;
mod permissions;
mod policies;
mod projects;
mod scim;
mod token_bodies;
mod units;
mod users;
mod way_in;

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use axum::{
    Router,
    extract::Request,
    routing::{MethodFilter, MethodRouter, any},
};
use control::Control;
use domain::timestamps::Clock;
use tower_http::catch_panic::CatchPanicLayer;

use self::{
    dispatch::{Api, answer, no_method, nowhere, panicked},
    limits::Limits,
};

pub(crate) use self::answers::text;
pub use self::{
    document::document,
    operations::{Operation, Parameter},
};

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let parts = [
        own::operations(),
        organizations::operations(),
        units::operations(),
        users::operations(),
        way_in::operations(),
        invitations::operations(),
        groups::operations(),
        application_users::operations(),
        permissions::operations(),
        policies::operations(),
        domains::operations(),
        managed::operations(),
        identity_providers::operations(),
        scim::operations(),
        events::operations(),
        projects::operations(),
        document::operations(),
    ];
    parts.into_iter().flatten().collect()
});

/// Every operation there is.
#[must_use]
pub fn operations() -> &'static [Operation] {
    &OPERATIONS
}

/// The part of the map below `/v1`.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(control: Control, clock: Arc<dyn Clock>) -> Router<S> {
    let api = Arc::new(Api { control, limits: Limits::new(clock) });
    let mut paths: BTreeMap<&str, MethodRouter<S>> = BTreeMap::new();
    for operation in operations() {
        // Every method of the table has a filter; a test asks for each of them.
        let Ok(method) = MethodFilter::try_from(operation.method.clone()) else { continue };
        let api = api.clone();
        let handler = move |request: Request| answer(api, operation, request);
        let methods = paths.remove(operation.path).unwrap_or_default();
        paths.insert(operation.path, methods.on(method, handler));
    }
    let mut router = Router::new();
    for (path, methods) in paths {
        router = router.route(path, methods.fallback(no_method));
    }
    router
        .route("/v1", any(nowhere))
        .route("/v1/", any(nowhere))
        .route("/v1/{*rest}", any(nowhere))
        .layer(CatchPanicLayer::custom(panicked))
}
