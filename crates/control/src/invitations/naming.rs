//! What comes with invitations, by name, for somebody who reads a list of them: looked up for all of them together, and
//! without the names of places that the reader may not know of.

use std::collections::BTreeMap;

use domain::{
    ids::{GroupId, OrganizationId, ProjectId, UnitId},
    principals::ResourceKind,
    views::{AttachedGrantView, AttachedView, NamedGroup, Resource},
};
use store::{Tx, invitations::Attachable};
use uuid::Uuid;

use super::attached::{Attached, AttachedGrant};
use crate::{
    Context,
    errors::Failure,
    standings::{Place, Standing},
};

/// The names of groups and places of an organization.
pub(super) struct Names<'a> {
    organization: OrganizationId,
    organization_name: &'a str,
    reader: Standing,
    found: BTreeMap<Uuid, Attachable>,
}

impl<'a> Names<'a> {
    /// Those of all that is attached.
    pub(super) async fn find(
        ctx: &Context,
        tx: &mut Tx,
        (organization, organization_name): (OrganizationId, &'a str),
        attached: &[Attached],
    ) -> Result<Self, Failure> {
        let groups = attached.iter().flat_map(|attached| &attached.groups).map(|group| group.uuid());
        let places = attached.iter().flat_map(|attached| &attached.grants).map(|grant| grant.resource_id);
        let mut ids: Vec<Uuid> = groups.chain(places).collect();
        ids.sort_unstable();
        ids.dedup();
        let found = store::invitations::attachable(tx, organization, &ids).await?;
        let found = found.into_iter().map(|found| (found.id, found)).collect();
        let reader = Standing::of_actor(ctx, tx, organization).await?;
        Ok(Self { organization, organization_name, reader, found })
    }

    /// What of it is still there.
    pub(super) fn view(&self, attached: &Attached) -> AttachedView {
        AttachedView {
            groups: attached.groups.iter().filter_map(|id| self.group(*id)).collect(),
            grants: attached.grants.iter().filter_map(|grant| self.grant(grant)).collect(),
        }
    }

    fn group(&self, id: GroupId) -> Option<NamedGroup> {
        let found = self.found.get(&id.uuid()).filter(|found| found.resource_kind.is_none())?;
        Some(NamedGroup { id, name: found.name.clone() })
    }

    fn grant(&self, grant: &AttachedGrant) -> Option<AttachedGrantView> {
        let AttachedGrant { granted, resource_kind: kind, resource_id: id } = *grant;
        let (place, name) = self.place(kind, id)?;
        let resource = match self.reader.sees(place) {
            true => Resource { kind, id, name: name.to_owned() },
            false => Resource::unseen(kind, id),
        };
        Some(AttachedGrantView { granted, resource })
    }

    fn place(&self, kind: ResourceKind, id: Uuid) -> Option<(Place, &str)> {
        let whole = Place::organization(self.organization);
        if kind == ResourceKind::Organization {
            return (id == self.organization.uuid()).then_some((whole, self.organization_name));
        }
        let found = self.found.get(&id).filter(|found| found.resource_kind == Some(kind))?;
        let place = match kind {
            ResourceKind::Project => {
                Place { unit: found.unit_id, project: Some(ProjectId::from_uuid(id)), ..whole }
            }
            _ => Place { unit: Some(UnitId::from_uuid(id)), ..whole },
        };
        Some((place, &found.name))
    }
}
