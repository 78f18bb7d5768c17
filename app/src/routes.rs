//! The page map: every address of the console that is a page. Downloads and streams are the server's.

use leptos::prelude::*;
use leptos_router::{
    MatchNestedRoutes,
    SsrMode::Async,
    components::{FlatRoutes, Route, Router},
    path,
};

use crate::{
    application_users::{
        ApplicationTokenPage, ApplicationUserPage, ApplicationUsersPage, DeleteApplicationUserPage,
        NewApplicationTokenPage, RevokeApplicationTokensPage,
    },
    certificates::{CertificatePage, CertificatesPage},
    components::page::NotFoundPage,
    domains::{DomainPage, DomainsPage, VerifyDomainPage},
    events::EventsPage,
    factor_resets::{AskFactorResetPage, FactorResetPage},
    factors::{
        AuthenticationPage, FactorViewPage, NewAppPage, NewPasskeyPage, NewSecurityKeyPage,
        RecoveryCodesPage, RemoveFactorPage,
    },
    groups::{AddMembersPage, DeleteGroupPage, GroupPage, GroupsPage, RemoveMemberPage},
    identity_providers::{IdentityProviderPage, IdentityProvidersPage, ScimPage, TestProviderPage},
    invitations::{InvitationPage, InvitationsPage, InvitePage},
    ip_filters::NetworkPage,
    mails::{MailPage, MailsPage},
    managed::{ManagedUserPage, ManagedUsersPage},
    organizations::{
        OrganizationCertificatePage, OrganizationCertificatesPage, OrganizationEventsPage, OrganizationPage,
    },
    passwords::{AskPasswordResetPage, ChangePasswordPage, PasswordResetPage},
    permissions::{
        ExplainPage, GrantPage, HoldersPage, PermissionsPage, PreviewGrantPage, RevokeChosenPage, RevokePage,
    },
    policies::AuthenticationPolicyPage,
    profile::{LeavePage, OwnOrganizationsPage, ProfilePage},
    projects::{MoveProjectPage, ProjectSettingsPage, ProjectsPage},
    services::{
        ConnectPage, CreateServicePage, OverviewPage, ProjectPage, ServiceSettingsPage, ServicesPage,
    },
    sessions::{FactorPage, HomePage, OwnSessionsPage, SignInPage},
    set_up::{SetUpNeededPage, SetUpPage},
    single_sign_on::{
        AnswerPage, ConfirmationTripPage, LinkPage, ProviderSignOutPage, RefusedPage, SignedOutPage,
        TripPage, UnlinkPage,
    },
    step_up::StepUpPage,
    tokens::{NewOwnTokenPage, OwnTokenPage, OwnTokensPage, RevokeOwnTokensPage},
    units::UnitPage,
    users::{UserDeactivationPage, UserPage, UserRemovalPage, UserSuperAdminPage, UsersPage},
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
                <Route ssr=Async path=path!("/sign-in/factor") view=FactorPage />
                <Route ssr=Async path=path!("/sign-in/sso/:provider") view=TripPage />
                <Route ssr=Async path=path!("/sign-in/answer") view=AnswerPage />
                <Route ssr=Async path=path!("/sign-in/refused") view=RefusedPage />
                <Route ssr=Async path=path!("/signed-out") view=SignedOutPage />
                <Route ssr=Async path=path!("/signed-out/provider") view=ProviderSignOutPage />
                <Route ssr=Async path=path!("/step-up") view=StepUpPage />
                <Route ssr=Async path=path!("/step-up/sso/:provider") view=ConfirmationTripPage />
                <Route ssr=Async path=path!("/password-reset") view=AskPasswordResetPage />
                <Route ssr=Async path=path!("/password-reset/:token") view=PasswordResetPage />
                <Route ssr=Async path=path!("/factor-resets/:token") view=FactorResetPage />
                <Route ssr=Async path=path!("/invitations/:token") view=InvitationPage />
                <OwnRoutes />
                <ProjectRoutes />
                <ServiceRoutes />
                <OrganizationRoutes />
                <DomainRoutes />
                <PeopleRoutes />
                <PermissionRoutes />
            </FlatRoutes>
        </Router>
    }
}

/// What is one’s own.
#[component(transparent)]
fn OwnRoutes() -> impl MatchNestedRoutes + Clone + Send + 'static {
    view! {
        <Route ssr=Async path=path!("/profile") view=ProfilePage />
        <Route ssr=Async path=path!("/profile/authentication") view=AuthenticationPage />
        <Route ssr=Async path=path!("/profile/authentication/password") view=ChangePasswordPage />
        <Route ssr=Async path=path!("/profile/authentication/apps/new") view=NewAppPage />
        <Route ssr=Async path=path!("/profile/authentication/security-keys/new") view=NewSecurityKeyPage />
        <Route ssr=Async path=path!("/profile/authentication/passkeys/new") view=NewPasskeyPage />
        <Route ssr=Async path=path!("/profile/authentication/factors/:factor") view=FactorViewPage />
        <Route ssr=Async path=path!("/profile/authentication/factors/:factor/remove") view=RemoveFactorPage />
        <Route ssr=Async path=path!("/profile/authentication/recovery-codes") view=RecoveryCodesPage />
        <Route ssr=Async path=path!("/profile/authentication/identity-providers/:provider/link") view=LinkPage />
        <Route ssr=Async path=path!("/profile/authentication/identity-providers/:provider/unlink") view=UnlinkPage />
        <Route ssr=Async path=path!("/profile/sessions") view=OwnSessionsPage />
        <Route ssr=Async path=path!("/profile/tokens") view=OwnTokensPage />
        <Route ssr=Async path=path!("/profile/tokens/new") view=NewOwnTokenPage />
        <Route ssr=Async path=path!("/profile/tokens/revoke") view=RevokeOwnTokensPage />
        <Route ssr=Async path=path!("/profile/tokens/:token") view=OwnTokenPage />
        <Route ssr=Async path=path!("/profile/organizations") view=OwnOrganizationsPage />
        <Route ssr=Async path=path!("/profile/organizations/:organization/leave") view=LeavePage />
    }
    .into_inner()
}

/// Projects, and what belongs to a whole project.
#[component(transparent)]
fn ProjectRoutes() -> impl MatchNestedRoutes + Clone + Send + 'static {
    view! {
        <Route ssr=Async path=path!("/projects") view=ProjectsPage />
        <Route ssr=Async path=path!("/projects/:project") view=ProjectPage />
        <Route ssr=Async path=path!("/projects/:project/events") view=EventsPage />
        <Route ssr=Async path=path!("/projects/:project/certificates") view=CertificatesPage />
        <Route ssr=Async path=path!("/projects/:project/certificates/:id") view=CertificatePage />
        <Route ssr=Async path=path!("/projects/:project/settings/move") view=MoveProjectPage />
        <Route ssr=Async path=path!("/projects/:project/settings") view=ProjectSettingsPage />
        <Route ssr=Async path=path!("/projects/:project/permissions") view=PermissionsPage />
        <Route ssr=Async path=path!("/projects/:project/permissions/explain") view=ExplainPage />
        <Route ssr=Async path=path!("/projects/:project/permissions/holders") view=HoldersPage />
    }
    .into_inner()
}

/// Services.
#[component(transparent)]
fn ServiceRoutes() -> impl MatchNestedRoutes + Clone + Send + 'static {
    view! {
        <Route ssr=Async path=path!("/projects/:project/services") view=ServicesPage />
        <Route ssr=Async path=path!("/projects/:project/services/new") view=CreateServicePage />
        <Route ssr=Async path=path!("/projects/:project/services/:service") view=OverviewPage />
        <Route ssr=Async path=path!("/projects/:project/services/:service/connect") view=ConnectPage />
        <Route ssr=Async path=path!("/projects/:project/services/:service/network") view=NetworkPage />
        <Route ssr=Async path=path!("/projects/:project/services/:service/settings") view=ServiceSettingsPage />
    }
    .into_inner()
}

/// An organization, and what belongs to all of it.
#[component(transparent)]
fn OrganizationRoutes() -> impl MatchNestedRoutes + Clone + Send + 'static {
    view! {
        <Route ssr=Async path=path!("/organizations/:organization") view=OrganizationPage />
        <Route ssr=Async path=path!("/organizations/:organization/units/:unit") view=UnitPage />
        <Route ssr=Async path=path!("/organizations/:organization/mails") view=MailsPage />
        <Route ssr=Async path=path!("/organizations/:organization/mails/:mail") view=MailPage />
        <Route ssr=Async path=path!("/organizations/:organization/authentication") view=AuthenticationPolicyPage />
        <Route ssr=Async path=path!("/organizations/:organization/identity-providers") view=IdentityProvidersPage />
        <Route ssr=Async path=path!("/organizations/:organization/identity-providers/:provider") view=IdentityProviderPage />
        <Route ssr=Async path=path!("/organizations/:organization/identity-providers/:provider/test") view=TestProviderPage />
        <Route ssr=Async path=path!("/organizations/:organization/identity-providers/:provider/scim") view=ScimPage />
        <Route ssr=Async path=path!("/organizations/:organization/events") view=OrganizationEventsPage />
        <Route ssr=Async path=path!("/organizations/:organization/certificates") view=OrganizationCertificatesPage />
        <Route ssr=Async path=path!("/organizations/:organization/certificates/:id") view=OrganizationCertificatePage />
    }
    .into_inner()
}

/// The domains of an organization, and the accounts that it manages because of them.
#[component(transparent)]
fn DomainRoutes() -> impl MatchNestedRoutes + Clone + Send + 'static {
    view! {
        <Route ssr=Async path=path!("/organizations/:organization/domains") view=DomainsPage />
        <Route ssr=Async path=path!("/organizations/:organization/domains/:domain") view=DomainPage />
        <Route ssr=Async path=path!("/organizations/:organization/domains/:domain/verify") view=VerifyDomainPage />
        <Route ssr=Async path=path!("/organizations/:organization/managed-users") view=ManagedUsersPage />
        <Route ssr=Async path=path!("/organizations/:organization/managed-users/:user") view=ManagedUserPage />
    }
    .into_inner()
}

/// Who belongs to an organization, or is to.
#[component(transparent)]
fn PeopleRoutes() -> impl MatchNestedRoutes + Clone + Send + 'static {
    view! {
        <Route ssr=Async path=path!("/organizations/:organization/users") view=UsersPage />
        <Route ssr=Async path=path!("/organizations/:organization/users/:user") view=UserPage />
        <Route ssr=Async path=path!("/organizations/:organization/users/:user/remove") view=UserRemovalPage />
        <Route ssr=Async path=path!("/organizations/:organization/users/:user/deactivate") view=UserDeactivationPage />
        <Route ssr=Async path=path!("/organizations/:organization/users/:user/super-admin") view=UserSuperAdminPage />
        <Route ssr=Async path=path!("/organizations/:organization/users/:user/factor-reset") view=AskFactorResetPage />
        <Route ssr=Async path=path!("/organizations/:organization/invitations") view=InvitationsPage />
        <Route ssr=Async path=path!("/organizations/:organization/invitations/new") view=InvitePage />
        <Route ssr=Async path=path!("/organizations/:organization/application-users") view=ApplicationUsersPage />
        <Route ssr=Async path=path!("/organizations/:organization/application-users/:user") view=ApplicationUserPage />
        <Route
            ssr=Async
            path=path!("/organizations/:organization/application-users/:user/delete")
            view=DeleteApplicationUserPage
        />
        <Route
            ssr=Async
            path=path!("/organizations/:organization/application-users/:user/tokens/new")
            view=NewApplicationTokenPage
        />
        <Route
            ssr=Async
            path=path!("/organizations/:organization/application-users/:user/tokens/revoke")
            view=RevokeApplicationTokensPage
        />
        <Route
            ssr=Async
            path=path!("/organizations/:organization/application-users/:user/tokens/:token")
            view=ApplicationTokenPage
        />
    }
    .into_inner()
}

/// Who is in which group, and who holds what in an organization.
#[component(transparent)]
fn PermissionRoutes() -> impl MatchNestedRoutes + Clone + Send + 'static {
    view! {
        <Route ssr=Async path=path!("/organizations/:organization/groups") view=GroupsPage />
        <Route ssr=Async path=path!("/organizations/:organization/groups/:group") view=GroupPage />
        <Route ssr=Async path=path!("/organizations/:organization/groups/:group/delete") view=DeleteGroupPage />
        <Route ssr=Async path=path!("/organizations/:organization/groups/:group/members/new") view=AddMembersPage />
        <Route
            ssr=Async
            path=path!("/organizations/:organization/groups/:group/members/:user/remove")
            view=RemoveMemberPage
        />
        <Route ssr=Async path=path!("/organizations/:organization/permissions") view=PermissionsPage />
        <Route ssr=Async path=path!("/organizations/:organization/permissions/new") view=GrantPage />
        <Route ssr=Async path=path!("/organizations/:organization/permissions/preview") view=PreviewGrantPage />
        <Route ssr=Async path=path!("/organizations/:organization/permissions/explain") view=ExplainPage />
        <Route ssr=Async path=path!("/organizations/:organization/permissions/holders") view=HoldersPage />
        <Route ssr=Async path=path!("/organizations/:organization/permissions/revoke") view=RevokeChosenPage />
        <Route ssr=Async path=path!("/organizations/:organization/permissions/:grant/revoke") view=RevokePage />
    }
    .into_inner()
}
