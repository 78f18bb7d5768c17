//! Rows of files that people take with them, of streams, and of what machines ask for.

use axum::http::{Method, StatusCode};
use domain::actions::Action::{
    ListDomains, ViewOrganizationCertificates, ViewOrganizationEvents, ViewProject, ViewProjectEvents,
    ViewService,
};

use super::{
    Ask::{In, OnProject},
    Kind::{Download, Machinery, Stream},
    Route,
};

pub(super) fn routes() -> Vec<Route> {
    const TIMELINE: &str = "/streams/projects/{project}/services/{service}/timeline";
    let download = |path, asks| Route::new(Download, Method::GET, path, asks);
    let machinery = |path| Route::new(Machinery, Method::GET, path, &[]);
    vec![
        download("/projects/{project}/services/{service}/ca.pem", &[OnProject(ViewService)]),
        download("/projects/{project}/certificates/{certificate}/download", &[OnProject(ViewProject)]),
        download(
            "/organizations/{organization}/certificates/{certificate}/download",
            &[In(ViewOrganizationCertificates)],
        ),
        download("/organizations/{organization}/domains/{domain}/file", &[In(ListDomains)]),
        download("/organizations/{organization}/events/export", &[In(ViewOrganizationEvents)])
            .with("format=csv"),
        download("/projects/{project}/events/export", &[OnProject(ViewProjectEvents)]).with("format=jsonl"),
        Route::new(Stream, Method::GET, TIMELINE, &[OnProject(ViewService)]),
        machinery("/.well-known/redoubt/signing-key"),
        machinery("/health/live"),
        // Its workers have been stopped.
        machinery("/health/ready").answers(StatusCode::SERVICE_UNAVAILABLE),
        machinery("/metrics"),
        machinery("/assets/{asset}"),
    ]
}
