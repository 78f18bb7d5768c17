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
    const METADATA: &str = "/v1/sso/saml/account/{organization}/method/{provider}/metadata";
    const ACS: &str = "/v1/sso/saml/account/{organization}/method/{provider}/acs";
    const SLO: &str = "/v1/sso/saml/account/{organization}/method/{provider}/slo";
    const CALLBACK: &str = "/v1/sso/oidc/account/{organization}/method/{provider}/callback";
    const BACKCHANNEL: &str = "/v1/sso/oidc/account/{organization}/method/{provider}/backchannel-logout";
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
        machinery(METADATA).answers(StatusCode::OK),
        // No response, whoever brings it.
        Route::new(Machinery, Method::POST, ACS, &[]).with("SAMLResponse=x").answers(StatusCode::SEE_OTHER),
        machinery(SLO).answers(StatusCode::FORBIDDEN),
        // It speaks SAML.
        machinery(CALLBACK).answers(StatusCode::NOT_FOUND),
        Route::new(Machinery, Method::POST, BACKCHANNEL, &[])
            .with("logout_token=x")
            .answers(StatusCode::NOT_FOUND),
    ]
    .into_iter()
    .chain(scim())
    .collect()
}

/// What identity providers push to. Tokens of people open none of it, whoever they are of.
fn scim() -> impl Iterator<Item = Route> {
    const ONE: &[Method] = &[Method::GET, Method::PUT, Method::PATCH, Method::DELETE];
    const ALL: &[Method] = &[Method::GET, Method::POST];
    const GET: &[Method] = &[Method::GET];
    const POST: &[Method] = &[Method::POST];
    let paths = [
        (GET, "/v1/scim/v2/account/{organization}/method/{provider}/ServiceProviderConfig"),
        (GET, "/v1/scim/v2/account/{organization}/method/{provider}/ResourceTypes"),
        (GET, "/v1/scim/v2/account/{organization}/method/{provider}/ResourceTypes/{user}"),
        (GET, "/v1/scim/v2/account/{organization}/method/{provider}/Schemas"),
        (GET, "/v1/scim/v2/account/{organization}/method/{provider}/Schemas/{user}"),
        (GET, "/v1/scim/v2/account/{organization}/method/{provider}/Me"),
        (POST, "/v1/scim/v2/account/{organization}/method/{provider}/Bulk"),
        (POST, "/v1/scim/v2/account/{organization}/method/{provider}/.search"),
        (ALL, "/v1/scim/v2/account/{organization}/method/{provider}/Users"),
        (ONE, "/v1/scim/v2/account/{organization}/method/{provider}/Users/{user}"),
        (ALL, "/v1/scim/v2/account/{organization}/method/{provider}/Groups"),
        (ONE, "/v1/scim/v2/account/{organization}/method/{provider}/Groups/{group}"),
    ];
    paths.into_iter().flat_map(|(methods, path)| {
        methods.iter().map(move |method| {
            Route::new(Machinery, method.clone(), path, &[]).answers(StatusCode::UNAUTHORIZED)
        })
    })
}
