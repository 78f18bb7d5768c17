//! Organizations.

use control::{organizations, sessions};
use domain::{
    actions::Action,
    errors::Error,
    views::{OrganizationView, Page},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    answers::{Listed, whole},
    calls::{Call, Json},
    operations::{CONFIRM, Operation},
};

const ORGANIZATION: &str = "/v1/organizations/{organization}";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/organizations", "listOrganizations", Action::ViewOwnProfile, list)
            .about("Lists the organizations that the token's owner belongs to."),
        Operation::get(ORGANIZATION, "getOrganization", Action::ViewOrganization, view)
            .about("Shows an organization."),
        Operation::patch(ORGANIZATION, "renameOrganization", Action::RenameOrganization, rename)
            .about("Gives an organization another name."),
        Operation::delete(ORGANIZATION, "deleteOrganization", Action::DeleteOrganization, delete)
            .about("Deletes an organization that holds no projects and units.")
            .requiring(&[CONFIRM]),
    ]
}

impl Listed for OrganizationView {
    const PLURAL: &'static str = "organizations";
}

/// What an organization is to be called.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RenameOrganization {
    /// Its name.
    name: String,
    /// The generation that this is a change of; if it is not the present one, nothing is changed.
    generation: i64,
}

async fn list(call: Call) -> Result<Page<OrganizationView>, Error> {
    sessions::profile(&call.ctx).await.map(|profile| whole(profile.organizations))
}

async fn view(call: Call) -> Result<Json<OrganizationView>, Error> {
    organizations::view(&call.ctx, call.id("organization")?).await.map(Json)
}

async fn rename(call: Call<Json<RenameOrganization>>) -> Result<Json<OrganizationView>, Error> {
    let Json(RenameOrganization { name, generation }) = &call.body;
    organizations::rename(&call.ctx, call.id("organization")?, *generation, name).await.map(Json)
}

async fn delete(call: Call) -> Result<(), Error> {
    let deleted = organizations::delete(&call.ctx, call.id("organization")?, call.query("confirm"));
    deleted.await.map_err(Call::unconfirmed)
}
