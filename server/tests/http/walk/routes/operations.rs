//! Rows of the operations of the API.

use axum::http::Method;
use domain::actions::Action::{
    AddDomain, AddGroupMember, AskManagedPasswordReset, AskPasswordResetFor, CreateApplicationToken,
    CreateApplicationUser, CreateGroup, CreateProject, CreateUnit, DeactivateManagedUser, DeactivateUser,
    DeleteApplicationUser, DeleteGroup, DeleteManagedUser, DeleteOrganization, DeleteProject, DeleteUnit,
    EditApplicationToken, EditApplicationUser, EditAuthenticationPolicy, EditGroup, EditIdentityProvider,
    EndUserSessions, Grant, InviteUsers, ListApplicationUsers, ListDomains, ListGroups,
    ListIdentityProviders, ListInvitations, ListProjects, ListUnits, ListUsers, ManageOwnTokens, MoveProject,
    ReactivateManagedUser, ReactivateUser, RemoveDomain, RemoveGroupMember, RemoveUser, RenameOrganization,
    RenameProject, RenameUnit, ResetFactors, Revoke, RevokeApplicationToken, RevokeManagedToken,
    SetBreakGlass, SetDomainMethod, SetProjectContacts, SetProjectTags, SetSuperAdmin, TrustIdentityProvider,
    VerifyDomain, ViewAuthenticationPolicy, ViewManagedUsers, ViewOrganization, ViewOrganizationEvents,
    ViewOwnPermissions, ViewOwnProfile, ViewOwnTokens, ViewPermissions, ViewProject, ViewProjectEvents,
    ViewProjectPermissions, ViewUnit, WithdrawFactorReset, WithdrawInvitation,
};

use super::{
    Ask::{self, In, InUnit, OnProject, OnUnit, Own},
    Kind::Operation,
    Route,
};

fn get(path: &'static str, asks: &'static [Ask]) -> Route {
    Route::new(Operation, Method::GET, path, asks)
}

fn post(path: &'static str, asks: &'static [Ask]) -> Route {
    Route::new(Operation, Method::POST, path, asks).with("{}")
}

fn put(path: &'static str, asks: &'static [Ask]) -> Route {
    Route::new(Operation, Method::PUT, path, asks)
}

fn patch(path: &'static str, asks: &'static [Ask]) -> Route {
    Route::new(Operation, Method::PATCH, path, asks)
}

fn delete(path: &'static str, asks: &'static [Ask]) -> Route {
    Route::new(Operation, Method::DELETE, path, asks)
}

pub(super) fn routes() -> Vec<Route> {
    let parts = [
        of_oneself(),
        of_organizations(),
        of_users(),
        of_policies(),
        of_domains(),
        of_managed(),
        of_identity_providers(),
        of_groups(),
        of_application_users(),
        of_permissions(),
        of_projects(),
    ];
    parts.into_iter().flatten().collect()
}

fn of_oneself() -> Vec<Route> {
    const TOKENS: &str = "/v1/me/tokens";
    const TOKEN: &str = "/v1/me/tokens/{own_token}";
    vec![
        get("/v1/openapi.json", &[]),
        get("/v1/permissions", &[Own(ViewOwnProfile)]),
        get("/v1/me", &[Own(ViewOwnProfile)]),
        get("/v1/me/permissions", &[In(ViewOwnPermissions)]).with("organization={organization}"),
        get("/v1/me/permissions", &[OnProject(ViewOwnPermissions)])
            .with("organization={organization}&resource=project:{project}"),
        get(TOKENS, &[Own(ViewOwnTokens)]),
        post(TOKENS, &[Own(ManageOwnTokens)]).with(r#"{"description":"x"}"#),
        patch(TOKEN, &[Own(ManageOwnTokens)]).with(r#"{"description":"x","ip_ranges":[],"generation":99}"#),
        delete(TOKEN, &[Own(ViewOwnTokens)]).spends(),
    ]
}

fn of_organizations() -> Vec<Route> {
    const ORGANIZATION: &str = "/v1/organizations/{organization}";
    const UNITS: &str = "/v1/organizations/{organization}/units";
    const UNIT: &str = "/v1/organizations/{organization}/units/{unit}";
    const EVENTS: &str = "/v1/organizations/{organization}/events";
    vec![
        get("/v1/organizations", &[Own(ViewOwnProfile)]),
        get(ORGANIZATION, &[In(ViewOrganization)]),
        patch(ORGANIZATION, &[In(RenameOrganization)]).with(r#"{"name":"Elsewhere","generation":99}"#),
        delete(ORGANIZATION, &[In(DeleteOrganization)]).with("confirm=x"),
        get(UNITS, &[In(ListUnits)]),
        post(UNITS, &[In(CreateUnit)]).with(r#"{"name":""}"#),
        get(UNIT, &[OnUnit(ViewUnit)]),
        patch(UNIT, &[OnUnit(RenameUnit)]).with(r#"{"name":"Stores","generation":99}"#),
        delete(UNIT, &[OnUnit(DeleteUnit)]).with("confirm=x"),
        get(EVENTS, &[In(ViewOrganizationEvents)]),
        get(EVENTS, &[In(ViewOrganizationEvents)]).with("project={project}").filters(&["project"]),
        get("/v1/organizations/{organization}/events/export", &[In(ViewOrganizationEvents)])
            .with("format=csv"),
    ]
}

fn of_users() -> Vec<Route> {
    const USERS: &str = "/v1/organizations/{organization}/users";
    const USER: &str = "/v1/organizations/{organization}/users/{user}";
    const SPARE: &str = "/v1/organizations/{organization}/users/{spare_user}";
    const EFFECTS: &str = "/v1/organizations/{organization}/users/{user}/removal-effects";
    const DEACTIVATE: &str = "/v1/organizations/{organization}/users/{deactivated_user}/deactivate";
    const REACTIVATE: &str = "/v1/organizations/{organization}/users/{user}/reactivate";
    const SUPER_ADMIN: &str = "/v1/organizations/{organization}/users/{user}/super-admin";
    const SUPER_ADMIN_EFFECTS: &str = "/v1/organizations/{organization}/users/{user}/super-admin-effects";
    const BREAK_GLASS: &str = "/v1/organizations/{organization}/users/{user}/break-glass";
    const FACTOR_RESET: &str = "/v1/organizations/{organization}/users/{user}/factor-reset";
    const PASSWORD_RESET: &str = "/v1/organizations/{organization}/users/{user}/password-reset";
    const SESSIONS: &str = "/v1/organizations/{organization}/users/{user}/sessions";
    const INVITATIONS: &str = "/v1/organizations/{organization}/invitations";
    const INVITATION: &str = "/v1/organizations/{organization}/invitations/{ended_invitation}";
    const RESEND: &str = "/v1/organizations/{organization}/invitations/{ended_invitation}/resend";
    vec![
        get(USERS, &[In(ListUsers)]),
        get(USER, &[In(ListUsers)]),
        delete(SPARE, &[In(ListUsers), In(RemoveUser)]).spends(),
        get(FACTOR_RESET, &[In(ListUsers)]),
        post(FACTOR_RESET, &[In(ResetFactors)]).with(r#"{"reason":"x"}"#).actors_send(r#"{"reason":""}"#),
        delete(FACTOR_RESET, &[In(WithdrawFactorReset)]),
        post(PASSWORD_RESET, &[In(AskPasswordResetFor)]),
        // They are signed in nowhere.
        delete(SESSIONS, &[In(EndUserSessions)]),
        get(EFFECTS, &[In(RemoveUser)]),
        post(DEACTIVATE, &[In(DeactivateUser)]),
        post(REACTIVATE, &[In(ReactivateUser)]),
        get(SUPER_ADMIN_EFFECTS, &[In(SetSuperAdmin)]),
        put(SUPER_ADMIN, &[In(SetSuperAdmin)]).with(r#"{"is_super_admin":false}"#),
        put(BREAK_GLASS, &[In(SetBreakGlass)]).with(r#"{"is_break_glass":false}"#),
        get(INVITATIONS, &[In(ListInvitations)]),
        // They belong to it already.
        post(INVITATIONS, &[In(InviteUsers), In(AddGroupMember)])
            .with(r#"{"emails":["{member}"],"groups":["{group}"]}"#)
            .chosen(&["group"]),
        post(INVITATIONS, &[In(InviteUsers), OnUnit(ViewUnit)])
            .with(r#"{"emails":["{member}"],"resource":"unit:{unit}"}"#),
        delete(INVITATION, &[In(WithdrawInvitation)]),
        post(RESEND, &[In(InviteUsers)]),
    ]
}

fn of_domains() -> Vec<Route> {
    const DOMAINS: &str = "/v1/organizations/{organization}/domains";
    const DOMAIN: &str = "/v1/organizations/{organization}/domains/{domain}";
    vec![
        get(DOMAINS, &[In(ListDomains)]),
        post(DOMAINS, &[In(AddDomain)]).with(r#"{"domain_name":""}"#),
        get(DOMAIN, &[In(ListDomains)]),
        // As it is already.
        patch(DOMAIN, &[In(SetDomainMethod)]).with(r#"{"verification_type":"dns"}"#),
        delete(DOMAIN, &[In(RemoveDomain)]).with("confirm=x"),
        // There is no proof of it.
        post("/v1/organizations/{organization}/domains/{domain}/verify", &[In(VerifyDomain)]),
        get("/v1/organizations/{organization}/discovered-organizations", &[In(ListDomains)]),
    ]
}

fn of_managed() -> Vec<Route> {
    const USERS: &str = "/v1/organizations/{organization}/managed-users";
    const USER: &str = "/v1/organizations/{organization}/managed-users/{managed_user}";
    const DEACTIVATE: &str = "/v1/organizations/{organization}/managed-users/{shut_out_user}/deactivate";
    const REACTIVATE: &str = "/v1/organizations/{organization}/managed-users/{managed_user}/reactivate";
    const RESET: &str = "/v1/organizations/{organization}/managed-users/{shut_out_user}/password-reset";
    const TOKENS: &str = "/v1/organizations/{organization}/managed-users/{managed_user}/tokens";
    const TOKEN: &str =
        "/v1/organizations/{organization}/managed-users/{managed_user}/tokens/{managed_token}";
    vec![
        get(USERS, &[In(ViewManagedUsers)]),
        get(USER, &[In(ViewManagedUsers)]),
        delete(USER, &[In(DeleteManagedUser)]).with("confirm=x"),
        post(DEACTIVATE, &[In(DeactivateManagedUser)]),
        post(REACTIVATE, &[In(ReactivateManagedUser)]),
        // Their account is deactivated.
        post(RESET, &[In(AskManagedPasswordReset)]),
        get(TOKENS, &[In(ViewManagedUsers)]),
        delete(TOKEN, &[In(RevokeManagedToken)]).spends(),
    ]
}

fn of_policies() -> Vec<Route> {
    const POLICY: &str = "/v1/organizations/{organization}/authentication-policy";
    const PREVIEW: &str = "/v1/organizations/{organization}/authentication-policy/preview";
    vec![
        get(POLICY, &[In(ViewAuthenticationPolicy)]),
        // Of a generation that nobody saw.
        post(PREVIEW, &[In(EditAuthenticationPolicy)]).with(
            r#"{"password_allowed":true,"second_factor_required":false,"identity_provider_required":false,
                "other_providers_allowed":true,"oidc_allowed":true,"personal_tokens_allowed":true,
                "tokens_bound":false,"token_seconds_max":null,"addresses":[],"idle_seconds":3600,
                "session_seconds":86400,"password_chars_min":8,"password_chars_min_alone":15,"generation":99}"#,
        ),
        put(POLICY, &[In(EditAuthenticationPolicy)]).with(
            r#"{"policy":{"password_allowed":true,"second_factor_required":false,
                "identity_provider_required":false,"other_providers_allowed":true,"oidc_allowed":true,
                "personal_tokens_allowed":true,"tokens_bound":false,"token_seconds_max":null,"addresses":[],
                "idle_seconds":3600,"session_seconds":86400,"password_chars_min":8,
                "password_chars_min_alone":15,"generation":99},"confirmation":"x"}"#,
        ),
    ]
}

fn of_identity_providers() -> Vec<Route> {
    const PROVIDERS: &str = "/v1/organizations/{organization}/identity-providers";
    const PROVIDER: &str = "/v1/organizations/{organization}/identity-providers/{provider}";
    const STATE: &str = "/v1/organizations/{organization}/identity-providers/{provider}/state";
    const METADATA: &str = "/v1/organizations/{organization}/identity-providers/{provider}/metadata";
    const REMOVAL: &str = "/v1/organizations/{organization}/identity-providers/{provider}/removal-effects";
    const KEYS: &str = "/v1/organizations/{organization}/identity-providers/{provider}/keys";
    const KEY: &str = "/v1/organizations/{organization}/identity-providers/{provider}/keys/{provider_key}";
    const USE: &str =
        "/v1/organizations/{organization}/identity-providers/{provider}/keys/{provider_key}/use";
    const SCIM: &str = "/v1/organizations/{organization}/identity-providers/{provider}/scim";
    const TOKENS: &str = "/v1/organizations/{organization}/identity-providers/{provider}/scim/tokens";
    const TOKEN: &str =
        "/v1/organizations/{organization}/identity-providers/{provider}/scim/tokens/{scim_token}";
    vec![
        get(PROVIDERS, &[In(ListIdentityProviders)]),
        post(PROVIDERS, &[In(EditIdentityProvider)]).with(r#"{"name":""}"#),
        get(PROVIDER, &[In(ListIdentityProviders)]),
        // It pushes by SCIM, so that it is no mere draft.
        put(PROVIDER, &[In(EditIdentityProvider), In(TrustIdentityProvider)])
            .with(r#"{"name":"Acme","settings":{"protocol":"saml"},"domains":[],"generation":99}"#),
        // It lacks something.
        put(STATE, &[In(TrustIdentityProvider)]).with(r#"{"state":"active"}"#),
        post(METADATA, &[In(EditIdentityProvider)]).with(r#"{"metadata":"","generation":99}"#),
        get(REMOVAL, &[In(ListIdentityProviders)]),
        delete(PROVIDER, &[In(EditIdentityProvider), In(TrustIdentityProvider)]).with("confirm=x"),
        // There are two already, and this is the one in use.
        post(KEYS, &[In(EditIdentityProvider), In(TrustIdentityProvider)]),
        put(USE, &[In(EditIdentityProvider), In(TrustIdentityProvider)]),
        delete(KEY, &[In(EditIdentityProvider), In(TrustIdentityProvider)]),
        get(SCIM, &[In(ListIdentityProviders)]),
        // It is on, and there are two tokens already.
        post(SCIM, &[In(TrustIdentityProvider)]),
        delete(SCIM, &[In(TrustIdentityProvider)]).with("confirm=x"),
        post(TOKENS, &[In(TrustIdentityProvider)]),
        delete(TOKEN, &[In(TrustIdentityProvider)]).spends(),
    ]
}

fn of_groups() -> Vec<Route> {
    const GROUPS: &str = "/v1/organizations/{organization}/groups";
    const GROUP: &str = "/v1/organizations/{organization}/groups/{group}";
    const DELETION: &str = "/v1/organizations/{organization}/groups/{group}/deletion-effects";
    const MEMBERS: &str = "/v1/organizations/{organization}/groups/{group}/members";
    const PREVIEW: &str = "/v1/organizations/{organization}/groups/{group}/members/preview";
    const MEMBER: &str = "/v1/organizations/{organization}/groups/{group}/members/{user}";
    const REMOVAL: &str = "/v1/organizations/{organization}/groups/{group}/members/{user}/removal-effects";
    // They are in it already.
    const ADDED: &str = r#"{"members":["user:{user}"]}"#;
    vec![
        get(GROUPS, &[In(ListGroups)]),
        post(GROUPS, &[In(CreateGroup)]).with(r#"{"name":""}"#),
        get(GROUP, &[In(ListGroups)]),
        patch(GROUP, &[In(EditGroup)]).with(r#"{"name":"Day shift","description":"","generation":99}"#),
        delete(GROUP, &[In(DeleteGroup)]).with("confirm=x"),
        get(DELETION, &[In(DeleteGroup)]),
        get(MEMBERS, &[In(ListGroups)]),
        post(MEMBERS, &[In(AddGroupMember)]).with(ADDED).chosen(&["user"]),
        post(PREVIEW, &[In(AddGroupMember)]).with(ADDED).chosen(&["user"]),
        delete(MEMBER, &[In(RemoveGroupMember)]).spends(),
        get(REMOVAL, &[In(RemoveGroupMember)]),
    ]
}

fn of_application_users() -> Vec<Route> {
    const USERS: &str = "/v1/organizations/{organization}/application-users";
    const USER: &str = "/v1/organizations/{organization}/application-users/{application_user}";
    const EFFECTS: &str =
        "/v1/organizations/{organization}/application-users/{application_user}/deletion-effects";
    const TOKENS: &str = "/v1/organizations/{organization}/application-users/{application_user}/tokens";
    const TOKEN: &str =
        "/v1/organizations/{organization}/application-users/{application_user}/tokens/{application_token}";
    const ROTATE: &str = "/v1/organizations/{organization}/application-users/{application_user}/tokens/{application_token}/rotate";
    const REVOKE: &str =
        "/v1/organizations/{organization}/application-users/{application_user}/tokens/revoke";
    vec![
        get(USERS, &[In(ListApplicationUsers)]),
        post(USERS, &[In(CreateApplicationUser)]).with(r#"{"name":""}"#),
        get(USER, &[In(ListApplicationUsers)]),
        patch(USER, &[In(EditApplicationUser)]).with(r#"{"name":"Robot","description":"","generation":99}"#),
        delete(USER, &[In(DeleteApplicationUser)]).with("confirm=x"),
        get(EFFECTS, &[In(DeleteApplicationUser)]),
        get(TOKENS, &[In(ListApplicationUsers)]),
        // It has as many as it can have.
        post(TOKENS, &[In(CreateApplicationToken)])
            .with(r#"{"description":"x","scopes":["read_only"],"ip_ranges":["127.0.0.1"]}"#),
        patch(TOKEN, &[In(EditApplicationToken)])
            .with(r#"{"description":"x","ip_ranges":[],"generation":99}"#),
        delete(TOKEN, &[In(RevokeApplicationToken)]).spends(),
        post(ROTATE, &[In(CreateApplicationToken)]),
        post(REVOKE, &[In(RevokeApplicationToken)]).with(r#"{"unused_days":3650}"#),
    ]
}

fn of_permissions() -> Vec<Route> {
    const GRANTS: &str = "/v1/organizations/{organization}/permissions";
    const GRANT: &str = "/v1/organizations/{organization}/permissions/{grant}";
    const EFFECTS: &str = "/v1/organizations/{organization}/permissions/{grant}/revocation-effects";
    const PREVIEW: &str = "/v1/organizations/{organization}/permissions/preview";
    const EXPLAIN: &str = "/v1/organizations/{organization}/permissions/explain";
    const HOLDERS: &str = "/v1/organizations/{organization}/permissions/holders";
    const ON_PROJECT: &str =
        r#"{"principal":"user:{user}","granted":"read_only","resource":"project:{project}"}"#;
    vec![
        get(GRANTS, &[In(ViewPermissions)]),
        get(GRANTS, &[In(ViewPermissions)]).with("principal=group:{group}").filters(&["group"]),
        get(GRANTS, &[OnProject(ViewProjectPermissions)]).with("resource=project:{project}"),
        post(GRANTS, &[In(Grant)])
            .with(r#"{"principal":"group:{group}","granted":"read_only","resource":"organization"}"#)
            .actors_send(r#"{"principal":"","granted":"read_only","resource":"organization","days":0}"#)
            .chosen(&["group"]),
        post(GRANTS, &[OnProject(Grant)])
            .with(ON_PROJECT)
            .actors_send(r#"{"principal":"","granted":"read_only","resource":"project:{project}","days":0}"#)
            .chosen(&["user"]),
        post(PREVIEW, &[OnProject(Grant)]).with(ON_PROJECT).chosen(&["user"]),
        post(PREVIEW, &[OnUnit(Grant)])
            .with(r#"{"principal":"group:{group}","granted":"read_only","resource":"unit:{unit}"}"#)
            .chosen(&["group"]),
        get(GRANT, &[In(Revoke)]),
        delete(GRANT, &[In(Revoke)]).spends(),
        get(EFFECTS, &[In(Revoke)]),
        get(EXPLAIN, &[In(ViewPermissions)]).with("principal=user:{user}").chosen(&["user"]),
        get(EXPLAIN, &[OnProject(ViewProjectPermissions)])
            .with("principal=group:{group}&resource=project:{project}")
            .chosen(&["group"]),
        get(HOLDERS, &[In(ViewPermissions), OnUnit(ViewPermissions)])
            .with("permission=project:services:read&resource=unit:{unit}"),
        get(HOLDERS, &[OnProject(ViewProjectPermissions)])
            .with("permission=project:services:read&resource=project:{project}"),
    ]
}

fn of_projects() -> Vec<Route> {
    const PROJECTS: &str = "/v1/organizations/{organization}/projects";
    const PROJECT: &str = "/v1/projects/{project}";
    const TAGS: &str = "/v1/projects/{project}/tags";
    const CONTACTS: &str = "/v1/projects/{project}/contacts";
    const MOVES: &[Ask] = &[OnProject(MoveProject), OnUnit(CreateProject)];
    // It is there already.
    const PLACE: &str = r#"{"unit":"{unit}"}"#;
    vec![
        get(PROJECTS, &[In(ListProjects)]),
        get(PROJECTS, &[In(ListProjects), InUnit(ViewUnit)]).with("unit={unit}"),
        post(PROJECTS, &[In(CreateProject)]).with(r#"{"name":""}"#),
        post(PROJECTS, &[OnUnit(CreateProject)]).with(r#"{"name":"","unit":"{unit}"}"#),
        get(PROJECT, &[OnProject(ViewProject)]),
        patch(PROJECT, &[OnProject(RenameProject)]).with(r#"{"name":""}"#),
        delete(PROJECT, &[OnProject(DeleteProject)]).with("confirm=x"),
        post("/v1/projects/{project}/move", MOVES).with(PLACE),
        post("/v1/projects/{project}/move/preview", MOVES).with(PLACE),
        get(TAGS, &[OnProject(ViewProject)]),
        put(TAGS, &[OnProject(SetProjectTags)]).with(r#"{"tags":[],"generation":99}"#),
        get(CONTACTS, &[OnProject(ViewProject)]),
        put(CONTACTS, &[OnProject(SetProjectContacts)]).with(r#"{"contacts":[],"generation":99}"#),
        get("/v1/projects/{project}/events", &[OnProject(ViewProjectEvents)]),
        get("/v1/projects/{project}/events/export", &[OnProject(ViewProjectEvents)]).with("format=jsonl"),
    ]
}
