//! The page map: every address of the console that is a page. Downloads and streams are the server's.

use leptos::prelude::*;
use leptos_router::{
    SsrMode::Async,
    components::{FlatRoutes, Route, Router},
    path,
};

use crate::{
    certificates::{CertificatePage, CertificatesPage},
    components::page::NotFoundPage,
    events::EventsPage,
    ip_filters::NetworkPage,
    organizations::{OrganizationCertificatePage, OrganizationCertificatesPage, OrganizationEventsPage},
    projects::{ProjectSettingsPage, ProjectsPage},
    services::{
        ConnectPage, CreateServicePage, OverviewPage, ProjectPage, ServiceSettingsPage, ServicesPage,
    },
    sessions::{HomePage, SignInPage},
    set_up::{SetUpNeededPage, SetUpPage},
};

/// The console. `Async` everywhere: a status or redirect made after the first bytes would be lost.
#[component]
pub fn App() -> impl IntoView {
    view! {
        <Router>
            <FlatRoutes fallback=NotFoundPage>
                <Route ssr=Async path=path!("/") view=HomePage />
                <Route ssr=Async path=path!("/set-up") view=SetUpNeededPage />
                <Route ssr=Async path=path!("/set-up/:token") view=SetUpPage />
                <Route ssr=Async path=path!("/sign-in") view=SignInPage />
                <Route ssr=Async path=path!("/projects") view=ProjectsPage />
                <Route ssr=Async path=path!("/projects/:project") view=ProjectPage />
                <Route ssr=Async path=path!("/projects/:project/services") view=ServicesPage />
                <Route ssr=Async path=path!("/projects/:project/services/new") view=CreateServicePage />
                <Route ssr=Async path=path!("/projects/:project/services/:service") view=OverviewPage />
                <Route ssr=Async path=path!("/projects/:project/services/:service/connect") view=ConnectPage />
                <Route ssr=Async path=path!("/projects/:project/services/:service/network") view=NetworkPage />
                <Route ssr=Async path=path!("/projects/:project/services/:service/settings") view=ServiceSettingsPage />
                <Route ssr=Async path=path!("/projects/:project/events") view=EventsPage />
                <Route ssr=Async path=path!("/projects/:project/certificates") view=CertificatesPage />
                <Route ssr=Async path=path!("/projects/:project/certificates/:id") view=CertificatePage />
                <Route ssr=Async path=path!("/organizations/:organization/events") view=OrganizationEventsPage />
                <Route
                    ssr=Async
                    path=path!("/organizations/:organization/certificates")
                    view=OrganizationCertificatesPage
                />
                <Route
                    ssr=Async
                    path=path!("/organizations/:organization/certificates/:id")
                    view=OrganizationCertificatePage
                />
                <Route ssr=Async path=path!("/projects/:project/settings") view=ProjectSettingsPage />
            </FlatRoutes>
        </Router>
    }
}
