//! Rows of server functions.

use axum::http::{Method, StatusCode};
use domain::actions::Action::{
    AcceptInvitation, AddDomain, AddGroupMember, AskManagedPasswordReset, AskPasswordResetFor,
    ChangeOwnPassword, CreateApplicationUser, CreateGroup, CreateOrganization, CreateProject, CreateService,
    CreateUnit, DeactivateManagedUser, DeactivateUser, DeleteApplicationUser, DeleteGroup, DeleteManagedUser,
    DeleteOrganization, DeleteProject, DeleteService, DeleteUnit, EditApplicationToken, EditApplicationUser,
    EditGroup, EditIdentityProvider, EditOwnProfile, EndOwnSessions, EndUserSessions, Grant, InviteUsers,
    LeaveOrganization, ListInvitations, ListProjects, ListUnits, ListUsers, ManageOwnFactors,
    ManageOwnTokens, MoveProject, ObjectToOwnFactorReset, ReactivateManagedUser, ReactivateUser,
    RemoveDomain, RemoveGroupMember, RemoveUser, RenameOrganization, RenameOwnFactors, RenameProject,
    RenameUnit, ResetFactors, RetryService, Revoke, RevokeApplicationToken, RevokeManagedToken,
    SetBreakGlass, SetDomainMethod, SetIpFilter, SetProjectContacts, SetProjectTags, SetSuperAdmin, SignOut,
    StepUp, TrustIdentityProvider, VerifyDomain, ViewMails, ViewOrganization, ViewOrganizationCertificates,
    ViewOrganizationEvents, ViewOwnFactors, ViewOwnProfile, ViewOwnTokens, ViewProject, ViewProjectEvents,
    ViewService, ViewServicePassword, ViewUnit, WithdrawFactorReset, WithdrawInvitation,
};

use super::{
    Ask::{self, In, OnProject, OnUnit, Own, Person},
    Kind::Function,
    Route,
};

fn get(path: &'static str, asks: &'static [Ask]) -> Route {
    Route::new(Function, Method::GET, path, asks)
}

fn post(path: &'static str, asks: &'static [Ask]) -> Route {
    Route::new(Function, Method::POST, path, asks)
}

pub(super) fn routes() -> Vec<Route> {
    let parts = [
        of_everybody(),
        of_oneself(),
        of_organizations(),
        of_units(),
        of_domains(),
        of_managed(),
        of_users(),
        of_invitations(),
        of_groups(),
        of_identity_providers(),
        of_application_users(),
        of_permissions(),
        of_projects(),
        of_services(),
    ];
    parts.into_iter().flatten().collect()
}

fn of_everybody() -> Vec<Route> {
    vec![
        post("/api/set_up/complete", &[]).with("token=x"),
        post("/api/sign_in", &[]).with("email=nobody"),
        // Nothing was begun.
        post("/api/sign_in/code", &[]).with("code=123456").answers(StatusCode::UNAUTHORIZED),
        post("/api/sign_in/security_key", &[]).with("answer=x").answers(StatusCode::UNAUTHORIZED),
        post("/api/sign_in/begin_passkey", &[]),
        post("/api/sign_in/passkey", &[]).with("answer=x").answers(StatusCode::UNAUTHORIZED),
        post("/api/step_up/cancel", &[]),
        post("/api/passwords/ask_reset", &[]).with("email=nobody"),
        post("/api/passwords/reset", &[]).with("token=x&password=x"),
        post("/api/passwords/judge", &[]).with("password=x"),
        post("/api/passwords/judge_by_link", &[]).with("token=x&password=x"),
        post("/api/invitations/judge_password", &[]).with("token=x&password=x"),
        post("/api/factor_resets/object", &[]).with("token=x").answers(StatusCode::NOT_FOUND),
        post("/api/sessions/set_theme", &[]).with("theme=dark"),
        post("/api/invitations/join", &[]).with("token=x"),
        post("/api/invitations/decline", &[]).with("token=x"),
    ]
}

fn of_oneself() -> Vec<Route> {
    vec![
        post("/api/sign_out", &[Own(SignOut)]).spends(),
        get("/api/sessions/profile", &[Own(ViewOwnProfile)]),
        // It is the one that asks.
        post("/api/sessions/end", &[Person(EndOwnSessions)]).with("id={own_session}"),
        post("/api/sessions/end_others", &[Person(EndOwnSessions)]),
        post("/api/step_up/code", &[Person(StepUp)]).with("code=123456"),
        post("/api/step_up/security_key", &[Person(StepUp)]).with("answer=x"),
        // They have a second factor.
        post("/api/step_up/password", &[Person(StepUp)]).with("password=x"),
        post("/api/passwords/change", &[Person(ChangeOwnPassword)]).with("old_password=x"),
        post("/api/passwords/judge_own", &[Person(ChangeOwnPassword)]).with("password=x"),
        post("/api/factor_resets/object_own", &[Person(ObjectToOwnFactorReset)]),
        get("/api/factors/list", &[Person(ViewOwnFactors)]),
        post("/api/factors/begin_passkey", &[Person(ManageOwnFactors)]).with("name=Laptop"),
        post("/api/factors/begin_security_key", &[Person(ManageOwnFactors)]).with("name=Blue key"),
        post("/api/factors/rename", &[Person(RenameOwnFactors)])
            .with("factor={own_factor}&name=A name that is much longer than anybody would want to read in any list of them"),
        post("/api/factors/remove", &[Person(ManageOwnFactors)]).with("factor={own_factor}").spends(),
        get("/api/palette/entries", &[Own(ViewOwnProfile)]),
        post("/api/invitations/accept", &[Person(AcceptInvitation)]).with("token=x"),
        post("/api/profile/edit", &[Person(EditOwnProfile)]).with("generation=99&name=Somebody"),
        post("/api/profile/leave", &[In(LeaveOrganization)])
            .with("organization={organization}&confirmation=x"),
        post("/api/organizations/create", &[Person(CreateOrganization)]).with("name="),
        // They belong to it already.
        post("/api/profile/accept_invitation", &[Person(AcceptInvitation)])
            .with("invitation={own_invitation}"),
        post("/api/profile/decline_invitation", &[Person(AcceptInvitation)])
            .with("invitation={unwanted_invitation}")
            .spends(),
        post("/api/tokens/edit", &[Own(ManageOwnTokens)]).with("id={own_token}&generation=99&description=x"),
        post("/api/tokens/revoke", &[Own(ViewOwnTokens)]).with("id={own_token}").spends(),
        post("/api/tokens/revoke_chosen", &[Own(ViewOwnTokens)]).with("ids[]={own_token}").spends(),
        post("/api/tokens/revoke_many", &[Own(ViewOwnTokens)]).with("unused_days=3650"),
    ]
}

fn of_organizations() -> Vec<Route> {
    const HERE: &str = "organization={organization}";
    vec![
        get("/api/organizations/view", &[In(ViewOrganization)]).with(HERE),
        post("/api/organizations/rename", &[In(RenameOrganization)])
            .with("organization={organization}&generation=99&name=Elsewhere"),
        post("/api/organizations/delete", &[In(DeleteOrganization)])
            .with("organization={organization}&confirmation=x"),
        get("/api/organizations/events", &[In(ViewOrganizationEvents)]).with(HERE),
        get("/api/organizations/certificates", &[In(ViewOrganizationCertificates)]).with(HERE),
        get("/api/organizations/certificate", &[In(ViewOrganizationCertificates)])
            .with("organization={organization}&certificate={certificate}"),
        get("/api/mails/list", &[In(ViewMails)]).with(HERE),
        get("/api/mails/view", &[In(ViewMails)]).with("organization={organization}&mail={mail}"),
    ]
}

fn of_units() -> Vec<Route> {
    vec![
        get("/api/units/list", &[In(ListUnits)]).with("organization={organization}"),
        get("/api/units/view", &[OnUnit(ViewUnit)]).with("organization={organization}&unit={unit}"),
        post("/api/units/create", &[In(CreateUnit)]).with("organization={organization}&name="),
        post("/api/units/rename", &[OnUnit(RenameUnit)])
            .with("organization={organization}&unit={unit}&generation=99&name=Stores"),
        post("/api/units/delete", &[OnUnit(DeleteUnit)])
            .with("organization={organization}&unit={unit}&confirmation=x"),
    ]
}

fn of_domains() -> Vec<Route> {
    const DOMAIN: &str = "organization={organization}&domain={domain}";
    vec![
        post("/api/domains/add", &[In(AddDomain)]).with("organization={organization}&domain_name="),
        // As it is already.
        post("/api/domains/set_method", &[In(SetDomainMethod)])
            .with("organization={organization}&domain={domain}&verification_type=dns"),
        // There is no proof of it.
        post("/api/domains/verify", &[In(VerifyDomain)]).with(DOMAIN),
        post("/api/domains/remove", &[In(RemoveDomain)])
            .with("organization={organization}&domain={domain}&confirmation=x"),
    ]
}

fn of_managed() -> Vec<Route> {
    const USER: &str = "organization={organization}&user={managed_user}";
    vec![
        post("/api/managed/deactivate", &[In(DeactivateManagedUser)])
            .with("organization={organization}&user={shut_out_user}"),
        post("/api/managed/reactivate", &[In(ReactivateManagedUser)]).with(USER),
        post("/api/managed/delete", &[In(DeleteManagedUser)])
            .with("organization={organization}&user={managed_user}&confirmation=x"),
        // Their account is deactivated.
        post("/api/managed/ask_password_reset", &[In(AskManagedPasswordReset)])
            .with("organization={organization}&user={shut_out_user}"),
        post("/api/managed/revoke_token", &[In(RevokeManagedToken)])
            .with("organization={organization}&user={managed_user}&token={managed_token}")
            .spends(),
    ]
}

fn of_users() -> Vec<Route> {
    const USER: &str = "organization={organization}&user={user}";
    vec![
        get("/api/users/list", &[In(ListUsers)]).with("organization={organization}"),
        get("/api/users/view", &[In(ListUsers)]).with(USER),
        get("/api/users/preview_remove", &[In(RemoveUser)]).with(USER),
        post("/api/users/deactivate", &[In(DeactivateUser)])
            .with("organization={organization}&user={deactivated_user}"),
        post("/api/users/reactivate", &[In(ReactivateUser)]).with(USER),
        post("/api/users/remove", &[In(RemoveUser)])
            .with("organization={organization}&user={user}&confirmation=x"),
        get("/api/users/preview_super_admin", &[In(SetSuperAdmin)]).with(USER),
        post("/api/users/set_super_admin", &[In(SetSuperAdmin)])
            .with("organization={organization}&user={user}&is_super_admin=false"),
        post("/api/users/ask_password_reset", &[In(AskPasswordResetFor)]).with(USER),
        post("/api/users/ask_factor_reset", &[In(ResetFactors)])
            .with("organization={organization}&user={user}&reason=x")
            .actors_send("organization={organization}&user={user}"),
        post("/api/users/withdraw_factor_reset", &[In(WithdrawFactorReset)]).with(USER),
        // They are signed in nowhere.
        post("/api/users/end_sessions", &[In(EndUserSessions)]).with(USER),
        post("/api/policies/set_break_glass", &[In(SetBreakGlass)])
            .with("organization={organization}&user={user}&is_break_glass=false"),
    ]
}

fn of_invitations() -> Vec<Route> {
    const ENDED: &str = "organization={organization}&invitations[]={ended_invitation}";
    vec![
        get("/api/invitations/list", &[In(ListInvitations)]).with("organization={organization}"),
        // They belong to it already.
        post("/api/invitations/invite", &[In(InviteUsers), In(AddGroupMember)])
            .with("organization={organization}&emails={member}&groups[]={group}")
            .chosen(&["group"]),
        post("/api/invitations/invite", &[In(InviteUsers), OnProject(ViewProject)])
            .with("organization={organization}&emails={member}&resource=project:{project}"),
        post("/api/invitations/resend", &[In(InviteUsers)]).with(ENDED),
        post("/api/invitations/withdraw", &[In(WithdrawInvitation)]).with(ENDED),
    ]
}

fn of_identity_providers() -> Vec<Route> {
    const PROVIDER: &str = "organization={organization}&provider={provider}";
    const KEY: &str = "organization={organization}&provider={provider}&key={provider_key}";
    vec![
        post("/api/identity_providers/create", &[In(EditIdentityProvider)])
            .with("organization={organization}&name="),
        // It lacks something.
        post("/api/identity_providers/set_state", &[In(TrustIdentityProvider)])
            .with("organization={organization}&provider={provider}&state=active"),
        post("/api/identity_providers/remove", &[In(EditIdentityProvider), In(TrustIdentityProvider)])
            .with("organization={organization}&provider={provider}&confirmation=x"),
        // There are two already, and this is the one in use.
        post("/api/identity_providers/add_key", &[In(EditIdentityProvider), In(TrustIdentityProvider)])
            .with(PROVIDER),
        post("/api/identity_providers/use_key", &[In(EditIdentityProvider), In(TrustIdentityProvider)])
            .with(KEY),
        post("/api/identity_providers/remove_key", &[In(EditIdentityProvider), In(TrustIdentityProvider)])
            .with(KEY),
        // It is on already.
        post("/api/scim/switch_on", &[In(TrustIdentityProvider)]).with(PROVIDER),
        post("/api/scim/switch_off", &[In(TrustIdentityProvider)])
            .with("organization={organization}&provider={provider}&confirmation=x"),
        post("/api/scim/remove_token", &[In(TrustIdentityProvider)])
            .with("organization={organization}&provider={provider}&token={scim_token}")
            .spends(),
        get("/api/identities/list", &[Person(ViewOwnFactors)]),
        // They are linked with none.
        post("/api/identities/unlink", &[Person(ManageOwnFactors)])
            .with("provider=01890a5d-ac96-774b-bcce-b302099a8057&subject=x")
            .answers(StatusCode::NOT_FOUND),
    ]
}

fn of_groups() -> Vec<Route> {
    vec![
        post("/api/groups/create", &[In(CreateGroup)]).with("organization={organization}&name="),
        post("/api/groups/edit", &[In(EditGroup)])
            .with("organization={organization}&group={group}&generation=99&name=Day shift"),
        post("/api/groups/delete", &[In(DeleteGroup)])
            .with("organization={organization}&group={group}&confirmation=x"),
        // They are in it already.
        post("/api/groups/add_members", &[In(AddGroupMember)])
            .with("organization={organization}&group={group}&members=user:{user}")
            .chosen(&["user"]),
        post("/api/groups/remove_member", &[In(RemoveGroupMember)])
            .with("organization={organization}&group={group}&user={user}")
            .spends(),
    ]
}

fn of_application_users() -> Vec<Route> {
    const EDITED: &str = "organization={organization}&user={application_user}&id={application_token}&generation=99&description=x";
    vec![
        post("/api/application_users/create", &[In(CreateApplicationUser)])
            .with("organization={organization}&name="),
        post("/api/application_users/edit", &[In(EditApplicationUser)])
            .with("organization={organization}&user={application_user}&generation=99&name=Robot"),
        post("/api/application_users/delete", &[In(DeleteApplicationUser)])
            .with("organization={organization}&user={application_user}&confirmation=x"),
        post("/api/application_users/edit_token", &[In(EditApplicationToken)]).with(EDITED),
        post("/api/application_users/revoke_token", &[In(RevokeApplicationToken)])
            .with("organization={organization}&user={application_user}&id={application_token}")
            .spends(),
        post("/api/application_users/revoke_chosen_tokens", &[In(RevokeApplicationToken)])
            .with("organization={organization}&user={application_user}&ids[]={application_token}")
            .spends(),
        post("/api/application_users/revoke_tokens", &[In(RevokeApplicationToken)])
            .with("organization={organization}&user={application_user}&unused_days=3650"),
    ]
}

fn of_permissions() -> Vec<Route> {
    const GRANT: &str = "/api/permissions/grant";
    const IN_ORGANIZATION: &str =
        "organization={organization}&principal=user:{user}&granted=read_only&resource=organization";
    const ON_UNIT: &str =
        "organization={organization}&principal=group:{group}&granted=read_only&resource=unit:{unit}";
    const ON_PROJECT: &str =
        "organization={organization}&principal=user:{user}&granted=read_only&resource=project:{project}";
    vec![
        post(GRANT, &[In(Grant)])
            .with(IN_ORGANIZATION)
            .actors_send("organization={organization}&granted=read_only&resource=organization&days=0")
            .chosen(&["user"]),
        post(GRANT, &[OnUnit(Grant)])
            .with(ON_UNIT)
            .actors_send("organization={organization}&granted=read_only&resource=unit:{unit}&days=0")
            .chosen(&["group"]),
        post(GRANT, &[OnProject(Grant)])
            .with(ON_PROJECT)
            .actors_send("organization={organization}&granted=read_only&resource=project:{project}&days=0")
            .chosen(&["user"]),
        post("/api/permissions/revoke", &[In(Revoke)])
            .with("organization={organization}&grant={grant}")
            .spends(),
        post("/api/permissions/revoke_chosen", &[In(Revoke)])
            .with("organization={organization}&grants[]={grant}")
            .spends(),
    ]
}

fn of_projects() -> Vec<Route> {
    const PROJECT: &str = "project={project}";
    const PLACE: &str = "project={project}&unit={unit}";
    const MOVES: &[Ask] = &[OnProject(MoveProject), OnUnit(CreateProject)];
    vec![
        get("/api/projects/list", &[In(ListProjects)]).with("organization={organization}"),
        get("/api/projects/view", &[OnProject(ViewProject)]).with(PROJECT),
        get("/api/projects/settings", &[OnProject(ViewProject)]).with(PROJECT),
        post("/api/projects/create", &[In(CreateProject)]).with("organization={organization}&name="),
        post("/api/projects/create", &[OnUnit(CreateProject)])
            .with("organization={organization}&name=&unit={unit}"),
        post("/api/projects/rename", &[OnProject(RenameProject)]).with("project={project}&name="),
        get("/api/projects/preview_move", MOVES).with(PLACE),
        // It is there already.
        post("/api/projects/move", MOVES).with(PLACE),
        post("/api/projects/set_tags", &[OnProject(SetProjectTags)])
            .with("project={project}&generation=99&tags=a=b"),
        post("/api/projects/set_contacts", &[OnProject(SetProjectContacts)])
            .with("project={project}&generation=99&contacts="),
        post("/api/projects/delete", &[OnProject(DeleteProject)]).with("project={project}&confirmation=x"),
        get("/api/events/list", &[OnProject(ViewProjectEvents)]).with(PROJECT),
        get("/api/certificates/list", &[OnProject(ViewProject)]).with(PROJECT),
        get("/api/certificates/view", &[OnProject(ViewProject)])
            .with("project={project}&certificate={certificate}"),
    ]
}

fn of_services() -> Vec<Route> {
    const PROJECT: &str = "project={project}";
    const SERVICE: &str = "project={project}&service={service}";
    vec![
        get("/api/services/plans", &[OnProject(ViewProject)]).with(PROJECT),
        get("/api/services/list", &[OnProject(ViewService)]).with(PROJECT),
        get("/api/services/view", &[OnProject(ViewService)]).with(SERVICE),
        get("/api/services/timeline", &[OnProject(ViewService)]).with(SERVICE),
        post("/api/services/create", &[OnProject(CreateService)]).with("project={project}&name=x&plan=x"),
        post("/api/services/delete", &[OnProject(DeleteService)])
            .with("project={project}&service={service}&confirmation=x"),
        // Nothing of it fails.
        post("/api/services/retry", &[OnProject(RetryService)]).with(SERVICE),
        post("/api/services/password", &[OnProject(ViewServicePassword)]).with(SERVICE),
        post("/api/ip_filter/add", &[OnProject(SetIpFilter)])
            .with("project={project}&service={service}&cidr=x"),
        post("/api/ip_filter/remove", &[OnProject(SetIpFilter)])
            .with("project={project}&service={service}&cidr=192.0.2.0/24"),
    ]
}
