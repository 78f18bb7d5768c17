//! Grants, what follows from them, and why.

use control::{explanations, permissions};
use domain::{
    actions::Action,
    errors::Error,
    inputs,
    permissions::{Granted, Permission},
    principals::ResourceKind,
    views::{Effects, Explanation, GrantEffects, GrantRow, HolderRow, Page},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    answers::{Created, Listed, whole},
    calls::{Call, Json},
    operations::{AFTER, Operation, Parameter},
    token_bodies::number,
};

const GRANTS: &str = "/v1/organizations/{organization}/permissions";
const GRANT: &str = "/v1/organizations/{organization}/permissions/{grant}";
const PREVIEW: &str = "/v1/organizations/{organization}/permissions/preview";
const EFFECTS: &str = "/v1/organizations/{organization}/permissions/{grant}/revocation-effects";
const EXPLAIN: &str = "/v1/organizations/{organization}/permissions/explain";
const HOLDERS: &str = "/v1/organizations/{organization}/permissions/holders";

/// On what something is held.
pub(super) const RESOURCE: Parameter = Parameter {
    name: "resource",
    description: "organization, unit:ID or project:NAME; without it the organization.",
};
const ON: Parameter =
    Parameter { name: "resource", description: "organization, unit:ID or project:NAME; without it all." };
const PRINCIPAL: Parameter = Parameter {
    name: "principal",
    description: "user:ID, group:ID, the e-mail address of a member, or, for who may list them, the name of a group or \
                  application user.",
};
const PERMISSION: Parameter = Parameter {
    name: "permission",
    description: "A permission, as in project:services:write; administration, to give and take roles and permissions \
                  there; or super_admin, to do everything.",
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/permissions", "listPermissions", Action::ViewOwnProfile, catalog)
            .about("Lists the roles and permissions that there are, and what each opens."),
        Operation::get(GRANTS, "listGrants", Action::ViewPermissions, list)
            .about("Lists who holds what. Those on a project are open to its readers as well.")
            .with_query(&[PRINCIPAL, ON, AFTER]),
        Operation::post(GRANTS, "grant", Action::Grant, grant)
            .about("Gives a role or permission. Given again, it gets the new end; what is so already stays as it is."),
        Operation::post(PREVIEW, "previewGrant", Action::Grant, preview)
            .about("Shows what giving it would do, and the grant that it would change, without doing it."),
        Operation::get(GRANT, "getGrant", Action::Revoke, view)
            .about("Shows a grant to who may take it back."),
        Operation::delete(GRANT, "revoke", Action::Revoke, revoke).about("Takes a role or permission back."),
        Operation::get(EFFECTS, "previewRevocation", Action::Revoke, effects)
            .about("Shows what taking it back would do, without doing it."),
        Operation::get(EXPLAIN, "explainPermissions", Action::ViewPermissions, explain)
            .about("Shows what a member or group can do at a place, and why.")
            .with_query(&[PRINCIPAL, RESOURCE]),
        Operation::get(HOLDERS, "listHolders", Action::ViewPermissions, holders)
            .about("Lists those who can do something at a place, super admins among them, and how they came by it.")
            .requiring(&[PERMISSION])
            .with_query(&[RESOURCE, AFTER]),
    ]
}

impl Listed for GrantRow {
    const PLURAL: &'static str = "grants";
}
impl Listed for HolderRow {
    const PLURAL: &'static str = "holders";
}
impl Listed for Grantable {
    const PLURAL: &'static str = "permissions";
}

/// A role or permission that there is.
#[derive(Serialize, JsonSchema)]
struct Grantable {
    /// Its identifier.
    id: Granted,
    /// What it opens.
    opens: Vec<Permission>,
    /// On what it can be given.
    levels: Vec<ResourceKind>,
    /// Whether it lets its holder give and take what they hold on projects.
    administers: bool,
}

impl From<Granted> for Grantable {
    fn from(granted: Granted) -> Self {
        let levels = ResourceKind::ALL.iter().copied().filter(|kind| granted.fits(*kind)).collect();
        Self {
            id: granted,
            opens: granted.permissions(),
            levels,
            administers: granted.administers(ResourceKind::Project),
        }
    }
}

/// What is to be given.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GrantPermission {
    /// Who: `user:ID`, `group:ID`, the e-mail address of a member, or, for who may list them, the name of a group or
    /// application user.
    #[schemars(example = &"group:01890a5d-ac96-774b-bcce-b302099a8057")]
    principal: String,
    /// What: a role or permission.
    #[schemars(example = &"developer")]
    granted: String,
    /// On what: `organization`, `unit:ID` or `project:NAME`.
    #[schemars(example = &"project:shop")]
    resource: String,
    /// Days until it ends; null for never.
    #[serde(default)]
    days: Option<i64>,
    /// The end of the same grant as you read it: an RFC 3339 time, `never`, or `none` if there was no such grant. If it is
    /// another one now, nothing is changed. Null to give whatever is there.
    #[serde(default)]
    seen_end: Option<String>,
}

impl From<GrantPermission> for inputs::GrantPermission {
    fn from(body: GrantPermission) -> Self {
        Self {
            principal: body.principal,
            granted: body.granted,
            resource: body.resource,
            days: number(body.days),
            seen_end: body.seen_end.unwrap_or_default(),
        }
    }
}

async fn catalog(_: Call) -> Result<Page<Grantable>, Error> {
    Ok(whole(Granted::all().map(Grantable::from).collect()))
}

async fn list(call: Call) -> Result<Page<GrantRow>, Error> {
    let filter = permissions::Filter { principal: call.query("principal"), resource: call.query("resource") };
    permissions::list(&call.ctx, call.id("organization")?, filter, call.after()).await
}

async fn grant(call: Call<Json<GrantPermission>>) -> Result<Created<GrantRow>, Error> {
    let organization = call.id("organization")?;
    permissions::grant(&call.ctx, organization, &call.body.0.into()).await.map(|given| Created(given.row))
}

async fn preview(call: Call<Json<GrantPermission>>) -> Result<Json<GrantEffects>, Error> {
    let organization = call.id("organization")?;
    permissions::preview_grant(&call.ctx, organization, &call.body.0.into()).await.map(Json)
}

async fn view(call: Call) -> Result<Json<GrantRow>, Error> {
    permissions::view(&call.ctx, call.id("organization")?, call.id("grant")?).await.map(Json)
}

async fn revoke(call: Call) -> Result<(), Error> {
    permissions::revoke(&call.ctx, call.id("organization")?, call.id("grant")?).await
}

async fn effects(call: Call) -> Result<Json<Effects>, Error> {
    permissions::preview_revoke(&call.ctx, call.id("organization")?, call.id("grant")?).await.map(Json)
}

async fn explain(call: Call) -> Result<Json<Explanation>, Error> {
    let organization = call.id("organization")?;
    explanations::explain(&call.ctx, organization, call.query("principal"), call.query("resource"))
        .await
        .map(Json)
}

async fn holders(call: Call) -> Result<Page<HolderRow>, Error> {
    let (permission, resource) = (call.query("permission"), call.query("resource"));
    explanations::holders(&call.ctx, call.id("organization")?, permission, resource, call.after()).await
}
