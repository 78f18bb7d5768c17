//! Server functions of permissions.

#[cfg(feature = "ssr")]
use domain::inputs;
use domain::{
    ids::{GrantId, OrganizationId},
    views::GrantRow,
};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::list_page::label;
use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    components::effects::place,
    context::{answer, control, done},
};

/// Gives a role or permission; `next` is where the form leads.
#[server(endpoint = "permissions/grant")]
pub async fn grant_permission(
    organization: OrganizationId,
    #[server(default)] principal: String,
    #[server(default)] granted: String,
    #[server(default)] resource: String,
    #[server(default)] days: String,
    #[server(default)] next: String,
) -> Result<GrantRow, AppError> {
    let input = inputs::GrantPermission { principal, granted, resource, days };
    let row = answer(control::permissions::grant(&control()?, organization, &input).await)?;
    let place = place(row.resource.kind, &row.resource.name);
    done(&next, &format!("{} now holds “{}” on {place}.", row.principal.name, label(&row.granted)));
    Ok(row)
}

/// Takes a role or permission back; `next` is where the form leads.
#[server(endpoint = "permissions/revoke")]
pub async fn revoke_permission(
    organization: OrganizationId,
    grant: GrantId,
    #[server(default)] next: String,
) -> Result<(), AppError> {
    answer(control::permissions::revoke(&control()?, organization, grant).await)?;
    done(&next, "It is taken back.");
    Ok(())
}
