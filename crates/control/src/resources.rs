//! What grants can be given on, as people name it: `organization`, `unit:{id}`, `project:{name}`. Decides nothing.

use domain::{
    actions::Action, errors::Error, ids::OrganizationId, principals::ResourceKind, views::Resource,
};
use store::access::{Access, Target};

use crate::{Context, contexts::Permit, errors::Failure, standings::Place};

/// Reads the name of a resource in an organization.
pub(crate) fn parse(organization: OrganizationId, text: &str) -> Result<Target<'_>, Error> {
    let text = text.trim();
    match text.split_once(':') {
        None if text.is_empty() || text == ResourceKind::Organization.as_str() => {
            Ok(Target::Organization(organization))
        }
        Some(("unit", id)) => id.parse().map(Target::Unit).map_err(|_| Error::NotFound),
        Some(("project", name)) => Ok(Target::ProjectName(name)),
        _ => Err(Error::invalid(
            "resource",
            "Choose the organization, a unit or a project: organization, unit:ID or project:NAME.",
        )),
    }
}

/// A permit for an action on a resource of just this organization.
pub(crate) async fn authorize(
    ctx: &Context,
    action: Action,
    organization: OrganizationId,
    target: Target<'_>,
) -> Result<Permit, Failure> {
    if target != Target::Organization(organization) {
        // Before anything is put on record: what lies in another organization is not here.
        let mut tx = ctx.any_read().await?;
        let found = ctx.look(&mut tx, target).await?;
        if found.is_none_or(|found| found.access.organization_id != organization) {
            return Err(Error::NotFound.into());
        }
    }
    ctx.authorize(action, target).await
}

/// The resource by its name.
pub(crate) fn name(access: &Access) -> Resource {
    let place = Place::of(access);
    let name = match place.kind() {
        ResourceKind::Organization => Some(&access.organization_name),
        ResourceKind::Unit => access.unit_name.as_ref(),
        ResourceKind::Project => access.project_name.as_ref(),
    };
    Resource { kind: place.kind(), id: place.id(), name: name.cloned().unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_read_as_people_name_them() {
        let organization = OrganizationId::from_uuid(uuid::Uuid::from_u128(1));
        assert_eq!(parse(organization, " organization "), Ok(Target::Organization(organization)));
        assert_eq!(parse(organization, ""), Ok(Target::Organization(organization)));
        assert_eq!(parse(organization, "project:shop"), Ok(Target::ProjectName("shop")));
        assert_eq!(parse(organization, "unit:nonsense"), Err(Error::NotFound));
        for bad in ["service:x", "shop", "units:1"] {
            assert_eq!(parse(organization, bad).unwrap_err().field(), Some("resource"), "{bad}");
        }
    }
}
