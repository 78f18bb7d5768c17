//! The people of an organization.

use control::users;
use domain::{
    actions::Action,
    errors::Error,
    inputs::MemberFilter,
    views::{Effects, MemberRow, MemberView, Page},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    answers::Listed,
    calls::{Call, Json},
    operations::{AFTER, Operation, Parameter},
};

const USERS: &str = "/v1/organizations/{organization}/users";
const USER: &str = "/v1/organizations/{organization}/users/{user}";
const DEACTIVATE: &str = "/v1/organizations/{organization}/users/{user}/deactivate";
const REACTIVATE: &str = "/v1/organizations/{organization}/users/{user}/reactivate";
const SUPER_ADMIN: &str = "/v1/organizations/{organization}/users/{user}/super-admin";
const SUPER_ADMIN_EFFECTS: &str = "/v1/organizations/{organization}/users/{user}/super-admin-effects";
const EFFECTS: &str = "/v1/organizations/{organization}/users/{user}/removal-effects";

pub(super) fn operations() -> Vec<Operation> {
    const FILTER: &[Parameter] = &[
        Parameter { name: "text", description: "Part of the e-mail address or name." },
        Parameter {
            name: "state",
            description: "active, deactivated, or without_second_factor: active and without one.",
        },
        Parameter { name: "idle_days", description: "Only those who did nothing for this many days." },
        AFTER,
    ];
    vec![
        Operation::get(USERS, "listUsers", Action::ListUsers, list)
            .about("Lists who belongs to the organization, by e-mail address.")
            .with_query(FILTER),
        Operation::get(USER, "getUser", Action::ListUsers, view).about("Shows a member."),
        Operation::delete(USER, "removeUser", Action::RemoveUser, remove)
            .about("Removes somebody from the organization with all they hold."),
        Operation::get(EFFECTS, "previewUserRemoval", Action::RemoveUser, effects)
            .about("Shows what removing or deactivating somebody would take away, without doing it."),
        Operation::post(DEACTIVATE, "deactivateUser", Action::DeactivateUser, deactivate)
            .about("Shuts somebody out, leaving what they hold in place."),
        Operation::post(REACTIVATE, "reactivateUser", Action::ReactivateUser, reactivate)
            .about("Lets somebody in again."),
        Operation::put(SUPER_ADMIN, "setSuperAdmin", Action::SetSuperAdmin, set_super_admin)
            .about("Makes somebody a super admin, or no longer."),
        Operation::get(
            SUPER_ADMIN_EFFECTS,
            "previewSuperAdmin",
            Action::SetSuperAdmin,
            super_admin_effects,
        )
        .about("Shows what making somebody a super admin would do, or of one making them none any more, without doing it."),
    ]
}

impl Listed for MemberRow {
    const PLURAL: &'static str = "users";
}

/// Whether somebody is to be a super admin.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetSuperAdmin {
    /// Whether they are.
    is_super_admin: bool,
}

async fn list(call: Call) -> Result<Page<MemberRow>, Error> {
    let filter = MemberFilter {
        text: call.query("text").to_owned(),
        state: call.query("state").to_owned(),
        idle_days: call.query("idle_days").to_owned(),
    };
    users::list(&call.ctx, call.id("organization")?, &filter, call.after()).await
}

async fn view(call: Call) -> Result<Json<MemberView>, Error> {
    users::view(&call.ctx, call.id("organization")?, call.id("user")?).await.map(Json)
}

async fn remove(call: Call) -> Result<(), Error> {
    let (organization, user) = (call.id("organization")?, call.id("user")?);
    // Programs name people by their ids and need not type the address as well.
    let email = users::view(&call.ctx, organization, user).await?.row.email;
    users::remove(&call.ctx, organization, user, &email).await
}

async fn effects(call: Call) -> Result<Json<Effects>, Error> {
    users::preview_remove(&call.ctx, call.id("organization")?, call.id("user")?).await.map(Json)
}

async fn deactivate(call: Call) -> Result<(), Error> {
    users::deactivate(&call.ctx, call.id("organization")?, call.id("user")?).await
}

async fn reactivate(call: Call) -> Result<(), Error> {
    users::reactivate(&call.ctx, call.id("organization")?, call.id("user")?).await
}

async fn set_super_admin(call: Call<Json<SetSuperAdmin>>) -> Result<(), Error> {
    let (organization, user) = (call.id("organization")?, call.id("user")?);
    users::set_super_admin(&call.ctx, organization, user, call.body.0.is_super_admin).await
}

async fn super_admin_effects(call: Call) -> Result<Json<Effects>, Error> {
    users::preview_super_admin(&call.ctx, call.id("organization")?, call.id("user")?).await.map(Json)
}
