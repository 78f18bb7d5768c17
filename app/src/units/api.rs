//! Server functions of units.

use domain::{
    ids::{OrganizationId, UnitId},
    views::{UnitRow, UnitView},
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    links,
};

/// The units of an organization that one may know of, by name.
#[server(endpoint = "units/list", input = GetUrl)]
pub async fn list_units(organization: OrganizationId) -> Result<Vec<UnitRow>, AppError> {
    answer(control::units::list(&control()?, organization).await)
}

/// One unit.
#[server(endpoint = "units/view", input = GetUrl)]
pub async fn view_unit(organization: OrganizationId, unit: UnitId) -> Result<UnitView, AppError> {
    answer(control::units::view(&control()?, organization, unit).await)
}

/// Makes a unit.
#[server(endpoint = "units/create")]
pub async fn create_unit(
    organization: OrganizationId,
    #[server(default)] name: String,
) -> Result<UnitView, AppError> {
    let unit = answer(control::units::create(&control()?, organization, &name).await)?;
    let path = links::unit(&organization.to_string(), &unit.row.id.to_string());
    done(&path, &format!("The unit {} is ready.", unit.row.name));
    Ok(unit)
}

/// Renames a unit, as long as nobody else changed it.
#[server(endpoint = "units/rename")]
pub async fn rename_unit(
    organization: OrganizationId,
    unit: UnitId,
    generation: i64,
    #[server(default)] name: String,
) -> Result<UnitView, AppError> {
    let renamed = answer(control::units::rename(&control()?, organization, unit, generation, &name).await)?;
    let path = links::unit(&organization.to_string(), &unit.to_string());
    done(&path, &format!("The unit is called {} now.", renamed.row.name));
    Ok(renamed)
}

/// Deletes an empty unit.
#[server(endpoint = "units/delete")]
pub async fn delete_unit(
    organization: OrganizationId,
    unit: UnitId,
    #[server(default)] confirmation: String,
) -> Result<(), AppError> {
    answer(control::units::delete(&control()?, organization, unit, &confirmation).await)?;
    done(&links::organization(&organization.to_string()), "The unit is deleted.");
    Ok(())
}
