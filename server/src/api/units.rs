//! Units of an organization.

use control::units;
use domain::{
    actions::Action,
    errors::Error,
    views::{Page, UnitRow, UnitView},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    answers::{Created, Listed, whole},
    calls::{Call, Json},
    operations::{CONFIRM, Operation},
};

const UNITS: &str = "/v1/organizations/{organization}/units";
const UNIT: &str = "/v1/organizations/{organization}/units/{unit}";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(UNITS, "listUnits", Action::ListUnits, list)
            .about("Lists the units that the token's owner may know of, by name."),
        Operation::post(UNITS, "createUnit", Action::CreateUnit, create).about("Makes a unit."),
        Operation::get(UNIT, "getUnit", Action::ViewUnit, view).about("Shows a unit."),
        Operation::patch(UNIT, "renameUnit", Action::RenameUnit, rename).about("Gives a unit another name."),
        Operation::delete(UNIT, "deleteUnit", Action::DeleteUnit, delete)
            .about("Deletes a unit that holds no projects.")
            .requiring(&[CONFIRM]),
    ]
}

impl Listed for UnitRow {
    const PLURAL: &'static str = "units";
}

/// A unit to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateUnit {
    /// Its name, unique in the organization.
    name: String,
}

/// What a unit is to be called.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RenameUnit {
    /// Its name, unique in the organization.
    name: String,
    /// The generation that this is a change of; if it is not the present one, nothing is changed.
    generation: i64,
}

async fn list(call: Call) -> Result<Page<UnitRow>, Error> {
    units::list(&call.ctx, call.id("organization")?).await.map(whole)
}

async fn create(call: Call<Json<CreateUnit>>) -> Result<Created<UnitView>, Error> {
    units::create(&call.ctx, call.id("organization")?, &call.body.0.name).await.map(Created)
}

async fn view(call: Call) -> Result<Json<UnitView>, Error> {
    units::view(&call.ctx, call.id("organization")?, call.id("unit")?).await.map(Json)
}

async fn rename(call: Call<Json<RenameUnit>>) -> Result<Json<UnitView>, Error> {
    let Json(RenameUnit { name, generation }) = &call.body;
    let (organization, unit) = (call.id("organization")?, call.id("unit")?);
    units::rename(&call.ctx, organization, unit, *generation, name).await.map(Json)
}

async fn delete(call: Call) -> Result<(), Error> {
    let (organization, unit) = (call.id("organization")?, call.id("unit")?);
    units::delete(&call.ctx, organization, unit, call.query("confirm")).await.map_err(Call::unconfirmed)
}
