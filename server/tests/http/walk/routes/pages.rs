//! Rows of pages, and of the forms that are sent to pages themselves.

use axum::http::{Method, StatusCode};
use domain::actions::Action::{
    AddGroupMember, CreateApplicationToken, CreateProject, CreateService, DeleteApplicationUser, DeleteGroup,
    DeleteService, EditAuthenticationPolicy, EditIdentityProvider, Grant, InviteUsers, LeaveOrganization,
    ListApplicationUsers, ListDomains, ListGroups, ListIdentityProviders, ListInvitations, ListProjects,
    ListUsers, ManageOwnFactors, ManageOwnTokens, MoveProject, RemoveGroupMember, RemoveUser, ResetFactors,
    Revoke, RevokeApplicationToken, SetSuperAdmin, StepUp, TestIdentityProvider, TrustIdentityProvider,
    VerifyDomain, ViewAuthenticationPolicy, ViewMails, ViewManagedUsers, ViewOrganization,
    ViewOrganizationCertificates, ViewOrganizationEvents, ViewOwnFactors, ViewOwnPermissions, ViewOwnProfile,
    ViewOwnSessions, ViewOwnTokens, ViewPermissions, ViewProject, ViewProjectEvents, ViewProjectPermissions,
    ViewService, ViewServicePassword, ViewUnit, WithdrawInvitation,
};

use super::{
    Ask::{self, In, InUnit, OnProject, OnUnit, Own, Person},
    Kind::Page,
    Route,
};

fn page(path: &'static str, asks: &'static [Ask]) -> Route {
    Route::new(Page, Method::GET, path, asks)
}

/// A form that is sent to the page itself.
fn posted(path: &'static str, asks: &'static [Ask]) -> Route {
    Route::new(Page, Method::POST, path, asks)
}

pub(super) fn routes() -> Vec<Route> {
    let parts = [
        of_everybody(),
        of_oneself(),
        of_projects(),
        of_organizations(),
        of_people(),
        of_groups(),
        of_application_users(),
        of_permissions(),
    ];
    parts.into_iter().flatten().collect()
}

fn of_everybody() -> Vec<Route> {
    vec![
        page("/", &[]),
        page("/set-up", &[]),
        page("/set-up/{link}", &[]),
        page("/sign-in", &[]),
        posted("/sign-in", &[]).with("email=nobody@example.org"),
        page("/sign-in/factor", &[]).answers(StatusCode::UNAUTHORIZED),
        // A draft lets nobody in; nothing was begun; and nobody is believed.
        page("/sign-in/sso/{provider}", &[]).answers(StatusCode::NOT_FOUND),
        page("/sign-in/answer", &[]).answers(StatusCode::CONFLICT),
        page("/sign-in/refused", &[]).answers(StatusCode::FORBIDDEN),
        page("/signed-out", &[]),
        page("/signed-out/provider", &[]).answers(StatusCode::CONFLICT),
        page("/invitations/{link}", &[]),
        page("/password-reset", &[]),
        page("/password-reset/{link}", &[]),
        page("/factor-resets/{link}", &[]).answers(StatusCode::NOT_FOUND),
    ]
}

fn of_oneself() -> Vec<Route> {
    const APP: &str = "/profile/authentication/apps/new";
    const SECURITY_KEY: &str = "/profile/authentication/security-keys/new";
    const PASSKEY: &str = "/profile/authentication/passkeys/new";
    const CODES: &str = "/profile/authentication/recovery-codes";
    vec![
        page("/profile", &[Person(ViewOwnProfile)]),
        page("/profile/organizations", &[Person(ViewOwnProfile)]),
        page("/profile/organizations/{organization}/leave", &[In(LeaveOrganization)]),
        page("/step-up", &[Person(StepUp)]),
        // A draft vouches for nobody.
        page("/step-up/sso/{provider}", &[Person(StepUp)]).answers(StatusCode::NOT_FOUND),
        page("/profile/authentication", &[Person(ViewOwnFactors)]),
        page("/profile/authentication/password", &[Person(ViewOwnFactors)]),
        page(APP, &[Person(ManageOwnFactors)]),
        posted(APP, &[Person(ManageOwnFactors)]).with("code=1"),
        page(SECURITY_KEY, &[Person(ManageOwnFactors)]),
        posted(SECURITY_KEY, &[Person(ManageOwnFactors)]).with("answer=x"),
        page(PASSKEY, &[Person(ManageOwnFactors)]),
        posted(PASSKEY, &[Person(ManageOwnFactors)]).with("answer=x"),
        page("/profile/authentication/factors/{own_factor}", &[Person(ViewOwnFactors)]),
        page("/profile/authentication/factors/{own_factor}/remove", &[Person(ViewOwnFactors)]),
        page(CODES, &[Person(ViewOwnFactors)]),
        posted(CODES, &[Person(ManageOwnFactors)]).spends(),
        // Linked with none, and none to link with.
        page("/profile/authentication/identity-providers/{own_factor}/link", &[Person(ManageOwnFactors)])
            .answers(StatusCode::NOT_FOUND),
        page("/profile/authentication/identity-providers/{own_factor}/unlink", &[Person(ViewOwnFactors)])
            .answers(StatusCode::NOT_FOUND),
        page("/profile/sessions", &[Person(ViewOwnSessions)]),
        page("/profile/tokens", &[Own(ViewOwnTokens)]),
        page("/profile/tokens/new", &[Own(ManageOwnTokens)]),
        posted("/profile/tokens/new", &[Own(ManageOwnTokens)]).with("description="),
        page("/profile/tokens/revoke", &[Own(ViewOwnTokens)]).with("ids={own_token}"),
        page("/profile/tokens/{own_token}", &[Own(ViewOwnTokens)]),
        // It has been replaced already.
        posted("/profile/tokens/{own_token}", &[Own(ManageOwnTokens)]).with("overlap_hours=1"),
    ]
}

fn of_projects() -> Vec<Route> {
    const CONNECT: &str = "/projects/{project}/services/{service}/connect";
    const SETTINGS: &str = "/projects/{project}/services/{service}/settings";
    const EXPLAIN: &str = "/projects/{project}/permissions/explain";
    vec![
        page("/projects", &[Own(ViewOwnProfile)]),
        page("/projects", &[In(ListProjects)]).with("organization={organization}"),
        page("/projects", &[In(ListProjects), InUnit(ViewUnit)])
            .with("organization={organization}&unit={unit}"),
        page("/projects/{project}", &[OnProject(ViewProject)]),
        page("/projects/{project}/services", &[OnProject(ViewService)]),
        page("/projects/{project}/services/new", &[OnProject(CreateService)]),
        page("/projects/{project}/services/{service}", &[OnProject(ViewService)]),
        page(CONNECT, &[OnProject(ViewService)]),
        posted(CONNECT, &[OnProject(ViewService), OnProject(ViewServicePassword)]),
        page("/projects/{project}/services/{service}/network", &[OnProject(ViewService)]),
        page(SETTINGS, &[OnProject(ViewService), OnProject(DeleteService)]),
        page("/projects/{project}/events", &[OnProject(ViewProjectEvents)]),
        page("/projects/{project}/certificates", &[OnProject(ViewProject)]),
        page("/projects/{project}/certificates/{certificate}", &[OnProject(ViewProject)]),
        page("/projects/{project}/settings", &[OnProject(ViewProject)]),
        page("/projects/{project}/settings/move", &[OnProject(MoveProject), OnUnit(CreateProject)])
            .with("unit={unit}"),
        page("/projects/{project}/permissions", &[OnProject(ViewProjectPermissions)]),
        page(EXPLAIN, &[OnProject(ViewOwnPermissions)]),
        page(EXPLAIN, &[OnProject(ViewProjectPermissions)]).with("principal=user:{user}").chosen(&["user"]),
        page("/projects/{project}/permissions/holders", &[OnProject(ViewProjectPermissions)])
            .with("permission=project:services:read"),
    ]
}

fn of_organizations() -> Vec<Route> {
    const PROVIDER: &str = "/organizations/{organization}/identity-providers/{provider}";
    const SCIM: &str = "/organizations/{organization}/identity-providers/{provider}/scim";
    vec![
        page("/organizations/{organization}", &[In(ViewOrganization)]),
        page("/organizations/{organization}/units/{unit}", &[OnUnit(ViewUnit)]),
        page("/organizations/{organization}/domains", &[In(ListDomains)]),
        page("/organizations/{organization}/domains/{domain}", &[In(ListDomains)]),
        page("/organizations/{organization}/domains/{domain}/verify", &[In(VerifyDomain)]),
        page("/organizations/{organization}/managed-users", &[In(ViewManagedUsers)]),
        page("/organizations/{organization}/managed-users/{managed_user}", &[In(ViewManagedUsers)]),
        page("/organizations/{organization}/mails", &[In(ViewMails)]),
        page("/organizations/{organization}/mails/{mail}", &[In(ViewMails)]),
        page("/organizations/{organization}/events", &[In(ViewOrganizationEvents)]),
        page("/organizations/{organization}/authentication", &[In(ViewAuthenticationPolicy)]),
        // Of a generation that nobody saw.
        posted(
            "/organizations/{organization}/authentication",
            &[In(ViewAuthenticationPolicy), In(EditAuthenticationPolicy)],
        )
        .with(
            "generation=99&idle_seconds=3600&session_seconds=86400&password_chars_min=8&password_chars_min_alone=15",
        ),
        page("/organizations/{organization}/identity-providers", &[In(ListIdentityProviders)]),
        page(PROVIDER, &[In(ListIdentityProviders)]),
        // It pushes by SCIM, so that it is no mere draft.
        posted(PROVIDER, &[In(ListIdentityProviders), In(EditIdentityProvider), In(TrustIdentityProvider)])
            .with(
                "generation=99&name=Acme&preset=other&sso_binding=redirect&second_factor=asserted&signature_algorithm=rsa-sha256",
            ),
        // It lacks something.
        page("/organizations/{organization}/identity-providers/{provider}/test", &[In(TestIdentityProvider)]),
        page(SCIM, &[In(ListIdentityProviders)]),
        // There are two tokens already.
        posted(SCIM, &[In(ListIdentityProviders), In(TrustIdentityProvider)]),
        page("/organizations/{organization}/certificates", &[In(ViewOrganizationCertificates)]),
        page("/organizations/{organization}/certificates/{certificate}", &[In(ViewOrganizationCertificates)]),
    ]
}

fn of_people() -> Vec<Route> {
    const INVITE: &str = "/organizations/{organization}/invitations/new";
    vec![
        page("/organizations/{organization}/users", &[In(ListUsers)]),
        page("/organizations/{organization}/users/{user}", &[In(ListUsers)]),
        page("/organizations/{organization}/users/{user}/remove", &[In(ListUsers), In(RemoveUser)]),
        page("/organizations/{organization}/users/{user}/deactivate", &[In(ListUsers), In(RemoveUser)]),
        page("/organizations/{organization}/users/{user}/super-admin", &[In(ListUsers), In(SetSuperAdmin)]),
        page("/organizations/{organization}/users/{user}/factor-reset", &[In(ListUsers), In(ResetFactors)]),
        page("/organizations/{organization}/invitations", &[In(ListInvitations)]),
        posted("/organizations/{organization}/invitations", &[In(InviteUsers)])
            .with("do=resend&invitations[]={ended_invitation}"),
        posted("/organizations/{organization}/invitations", &[In(WithdrawInvitation)])
            .with("do=withdraw&is_confirmed=true&invitations[]={ended_invitation}"),
        page(INVITE, &[In(InviteUsers)]),
        // They belong to it already.
        posted(INVITE, &[In(InviteUsers), In(AddGroupMember)])
            .with("emails={member}&groups[]={group}")
            .chosen(&["group"]),
    ]
}

fn of_groups() -> Vec<Route> {
    const GROUP: &str = "/organizations/{organization}/groups/{group}";
    const DELETE: &str = "/organizations/{organization}/groups/{group}/delete";
    const ADD: &str = "/organizations/{organization}/groups/{group}/members/new";
    const REMOVE: &str = "/organizations/{organization}/groups/{group}/members/{user}/remove";
    vec![
        page("/organizations/{organization}/groups", &[In(ListGroups)]),
        page(GROUP, &[In(ListGroups)]),
        page(DELETE, &[In(ListGroups), In(DeleteGroup)]),
        page(ADD, &[In(ListGroups), In(AddGroupMember)]),
        posted(ADD, &[In(ListGroups), In(AddGroupMember)]).with("members={member}"),
        page(REMOVE, &[In(ListGroups), In(RemoveGroupMember)]),
    ]
}

fn of_application_users() -> Vec<Route> {
    const USER: &str = "/organizations/{organization}/application-users/{application_user}";
    const DELETE: &str = "/organizations/{organization}/application-users/{application_user}/delete";
    const NEW: &str = "/organizations/{organization}/application-users/{application_user}/tokens/new";
    const REVOKE: &str = "/organizations/{organization}/application-users/{application_user}/tokens/revoke";
    const TOKEN: &str =
        "/organizations/{organization}/application-users/{application_user}/tokens/{application_token}";
    const MAKES: &[Ask] = &[In(ListApplicationUsers), In(CreateApplicationToken)];
    vec![
        page("/organizations/{organization}/application-users", &[In(ListApplicationUsers)]),
        page(USER, &[In(ListApplicationUsers)]),
        page(DELETE, &[In(ListApplicationUsers), In(DeleteApplicationUser)]),
        page(NEW, MAKES),
        // It has as many tokens as it can have.
        posted(NEW, MAKES).with("description=x"),
        page(REVOKE, &[In(ListApplicationUsers), In(RevokeApplicationToken)]).with("ids={application_token}"),
        page(TOKEN, &[In(ListApplicationUsers)]),
        posted(TOKEN, MAKES).with("overlap_hours=1"),
    ]
}

fn of_permissions() -> Vec<Route> {
    const GRANTS: &str = "/organizations/{organization}/permissions";
    const NEW: &str = "/organizations/{organization}/permissions/new";
    const PREVIEW: &str = "/organizations/{organization}/permissions/preview";
    const EXPLAIN: &str = "/organizations/{organization}/permissions/explain";
    const HOLDERS: &str = "/organizations/{organization}/permissions/holders";
    vec![
        page(GRANTS, &[In(ViewPermissions)]),
        page(GRANTS, &[In(ViewPermissions)]).with("principal=user:{user}").filters(&["user"]),
        page(NEW, &[In(Grant)]),
        page(NEW, &[OnUnit(ViewUnit), OnUnit(Grant)]).with("resource=unit:{unit}"),
        page(NEW, &[OnProject(ViewProject), OnProject(Grant)]).with("resource=project:{project}"),
        page(PREVIEW, &[In(Grant)])
            .with("principal=user:{user}&granted=read_only&resource=organization")
            .chosen(&["user"]),
        page(PREVIEW, &[OnProject(Grant)])
            .with("principal=group:{group}&granted=read_only&resource=project:{project}")
            .chosen(&["group"]),
        page(EXPLAIN, &[In(ViewOwnPermissions)]),
        page(EXPLAIN, &[In(ViewPermissions), OnUnit(ViewPermissions)])
            .with("principal=group:{group}&resource=unit:{unit}")
            .chosen(&["group"]),
        page(HOLDERS, &[In(ViewPermissions)]).with("permission=project:services:read"),
        page("/organizations/{organization}/permissions/revoke", &[In(Revoke)]).with("grants={grant}"),
        page("/organizations/{organization}/permissions/{grant}/revoke", &[In(Revoke)]),
    ]
}
