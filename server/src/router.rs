//! The whole map: which address leads where, and through which layers. Pages and server functions are `app`'s.

use std::{convert::Infallible, sync::Arc, time::Duration};

use app::{App, Assets, PublicOrigin, shell};
use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, FromRef, Request},
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
    response::IntoResponse,
    routing::{MethodRouter, get, post},
};
use control::{Control, Random};
use domain::timestamps::Clock;
use ipnet::IpNet;
use leptos::config::LeptosOptions;
use leptos_axum::{LeptosRoutes, generate_route_list};
use tokio::sync::watch;
use tower_http::{catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer, timeout::TimeoutLayer};
use url::Url;

use crate::{
    api, downloads,
    health::{self, Health},
    metrics::Metrics,
    middleware::{
        contexts, csrf,
        flash::{self, FORM_BYTES_MAX},
        headers, keepsakes,
        posted::{self, FILE_FORM_BYTES_READ_MAX},
        redirects,
        requests::{self, Requests},
    },
    oidc, saml, scim, sessions,
    static_files::{self, StaticFiles},
    streams::{self, Streams},
    workers::Workers,
};

/// How long an answer may take to begin.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Pages that take a file: of people to invite, and of an identity provider's metadata.
const WITH_FILE: &[&str] = &[
    "/organizations/{organization}/invitations/new",
    "/organizations/{organization}/identity-providers/{provider}",
];

/// Pages that show, once, what a form sent to the page itself brings about; without script there is no other way.
pub const POSTED: &[&str] = &[
    "/sign-in",
    "/profile/authentication/apps/new",
    "/profile/authentication/security-keys/new",
    "/profile/authentication/passkeys/new",
    "/profile/authentication/recovery-codes",
    "/projects/{project}/services/{service}/connect",
    "/organizations/{organization}/authentication",
    "/organizations/{organization}/invitations",
    WITH_FILE[0],
    WITH_FILE[1],
    "/organizations/{organization}/identity-providers/{provider}/scim",
    "/organizations/{organization}/groups/{group}/members/new",
    "/organizations/{organization}/application-users/{user}/tokens/new",
    "/organizations/{organization}/application-users/{user}/tokens/{token}",
    "/profile/tokens/new",
    "/profile/tokens/{token}",
];

/// What the router is made of.
pub struct Parts {
    /// The operations.
    pub control: Control,
    /// Time, for ids of requests.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for ids of requests.
    pub random: Arc<dyn Random>,
    /// Address that people type.
    pub public_url: Url,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Who may read `/metrics`.
    pub metrics_readers: Vec<IpNet>,
    /// The built console.
    pub static_files: StaticFiles,
    /// Names of the built files that pages ask for.
    pub assets: Assets,
    /// The background tasks, for health.
    pub workers: Workers,
    /// Turns true when the server stops.
    pub shutdown: watch::Receiver<bool>,
}

#[derive(Clone, FromRef)]
struct Shared {
    leptos: LeptosOptions,
    static_files: StaticFiles,
    health: Health,
    streams: Streams,
}

/// The map. Needs a running tokio runtime.
pub fn build(parts: Parts) -> Router {
    let metrics = Arc::new(Metrics::default());
    let public_origin = PublicOrigin(parts.public_url.origin().ascii_serialization().into());
    let is_https = parts.public_url.scheme() == "https";
    let requests = Arc::new(Requests {
        clock: parts.clock,
        random: parts.random,
        trusted_proxies: parts.trusted_proxies,
        public_url: parts.public_url,
        metrics: metrics.clone(),
    });
    let shared = Shared {
        leptos: LeptosOptions::builder().output_name("console").build(),
        static_files: parts.static_files,
        health: Health {
            control: parts.control.clone(),
            metrics: metrics.clone(),
            metrics_readers: parts.metrics_readers.into(),
            shutdown: parts.shutdown.clone(),
            workers: parts.workers,
        },
        streams: Streams::new(metrics, parts.shutdown),
    };

    let machinery = placed(machinery(control::certificates::public_key(&parts.control)));
    let files = placed(files()).layer(from_fn_with_state(requests.clone(), requests::insist_on_host));
    let console = console(&shared, parts.assets)
        .layer(from_fn(redirects::harden))
        .layer(Extension(public_origin))
        .layer(from_fn(keepsakes::keep))
        .layer(from_fn(flash::carry))
        .layer(from_fn_with_state(parts.control.clone(), contexts::provide))
        .layer(sessions::layer(parts.control.session_rows()))
        .layer(from_fn(contexts::note_use))
        .layer(from_fn(csrf::refuse_cross_site))
        .layer(from_fn_with_state(requests.clone(), requests::insist_on_host));
    let saml = saml::router(parts.control.clone())
        .layer(from_fn_with_state(requests.clone(), requests::insist_on_host));
    let oidc = oidc::router(parts.control.clone())
        .layer(from_fn_with_state(requests.clone(), requests::insist_on_host));
    let scim = scim::router(parts.control.clone(), requests.clock.clone())
        .layer(from_fn_with_state(requests.clone(), requests::insist_on_host));
    let api = api::router(parts.control, requests.clock.clone())
        .layer(from_fn_with_state(requests.clone(), requests::insist_on_host));
    console
        .merge(api)
        .merge(saml)
        .merge(oidc)
        .merge(scim)
        .merge(machinery)
        .merge(files)
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, ANSWER_TIMEOUT))
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(is_https, headers::secure))
        .layer(from_fn_with_state(requests, requests::identify))
        .with_state(shared)
}

/// An address, and what answers there.
type Place = (&'static str, MethodRouter<Shared>);

/// What people take with them, and what they watch.
fn taken() -> Vec<Place> {
    vec![
        ("/projects/{project}/services/{service}/ca.pem", get(downloads::ca_certificate)),
        ("/projects/{project}/certificates/{id}/download", get(downloads::destruction_certificate)),
        (
            "/organizations/{organization}/certificates/{id}/download",
            get(downloads::organization_certificate),
        ),
        ("/organizations/{organization}/domains/{domain}/file", get(downloads::domain_file)),
        ("/organizations/{organization}/events/export", get(downloads::organization_events)),
        ("/projects/{project}/events/export", get(downloads::project_events)),
        ("/streams/projects/{project}/services/{service}/timeline", get(streams::timeline)),
    ]
}

/// What machines ask for, by address and by no name.
fn machinery(signing_key: String) -> Vec<Place> {
    vec![
        ("/.well-known/redoubt/signing-key", get(async move || format!("{signing_key}\n"))),
        ("/health/live", get(health::live)),
        ("/health/ready", get(health::ready)),
        ("/metrics", get(health::metrics)),
    ]
}

/// The built console.
fn files() -> Vec<Place> {
    vec![("/assets/{*name}", get(static_files::serve))]
}

fn placed(places: Vec<Place>) -> Router<Shared> {
    places.into_iter().fold(Router::new(), |router, (path, methods)| router.route(path, methods))
}

/// Every address that is neither a page nor a server function, which `app` names, nor an operation of the API, which has a
/// table of its own. All of them are asked for with GET.
#[must_use]
pub fn plain_paths() -> Vec<&'static str> {
    let places = [taken(), machinery(String::new()), files()];
    places.into_iter().flatten().map(|(path, _)| path).collect()
}

/// What people see: pages, what their forms call, what they download, what they watch.
fn console(shared: &Shared, assets: Assets) -> Router<Shared> {
    let assets = Arc::new(assets);
    let page = move || shell(&assets);
    let router = placed(taken());
    let render = leptos_axum::render_app_async_with_context(|| {}, page.clone());
    let mut router = router
        // Also registers the server functions.
        .leptos_routes(shared, generate_route_list(App), page);
    let shown = || {
        let render = render.clone();
        post(|request: Request| async move { render(request).await.into_response() })
    };
    for path in POSTED.iter().filter(|path| !WITH_FILE.contains(path)) {
        router = router.route(path, shown().layer(from_fn(posted::provide)));
    }
    let with_file = shown()
        .layer::<_, Infallible>(from_fn(posted::provide_with_file))
        // The page's own limit counts.
        .layer::<_, Infallible>(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(FILE_FORM_BYTES_READ_MAX));
    let not_found = render;
    let router = router
        .fallback(|request: Request| async move { not_found(request).await.into_response() })
        .layer(RequestBodyLimitLayer::new(FORM_BYTES_MAX));
    WITH_FILE.iter().fold(router, |router, path| router.route(path, with_file.clone()))
}
