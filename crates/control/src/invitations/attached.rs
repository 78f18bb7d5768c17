//! What comes with an invitation: groups to be put into, roles and permissions to be given. It is looked at when it is
//! attached and again when it is given, each time with what the inviter holds then.

use std::collections::BTreeMap;

use domain::{
    actions::Action,
    ids::{GroupId, OrganizationId, ProjectId, UnitId, UserId},
    permissions::{Granted, Permission},
    principals::{PrincipalKind, ResourceKind},
};
use serde::{Deserialize, Serialize};
use store::{Tx, invitations::Invitation};
use uuid::Uuid;

use crate::{
    Context,
    errors::Failure,
    permissions,
    standings::{GrantedAt, Place, Standing},
};

/// What comes with one invitation, as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attached {
    pub(super) groups: Vec<GroupId>,
    pub(super) grants: Vec<AttachedGrant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AttachedGrant {
    pub(super) granted: Granted,
    pub(super) resource_kind: ResourceKind,
    pub(super) resource_id: Uuid,
}

impl Attached {
    pub(super) fn read(invitation: &Invitation) -> Result<Self, Failure> {
        Ok(serde_json::from_str(&invitation.attached)?)
    }

    /// Both together, each thing once.
    pub(super) fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for group in &other.groups {
            if !both.groups.contains(group) {
                both.groups.push(*group);
            }
        }
        for grant in &other.grants {
            if !both.grants.contains(grant) {
                both.grants.push(*grant);
            }
        }
        both
    }
}

/// What was given in the end, and what was not, as events tell it.
#[derive(Default, Serialize)]
pub(super) struct Given {
    pub(super) groups: Vec<String>,
    pub(super) granted: Vec<String>,
    pub(super) left_out: Vec<String>,
}

struct FoundGroup {
    name: String,
    standing: Standing,
}

/// Groups and places of an organization, each looked up once.
pub(super) struct Things {
    organization: OrganizationId,
    groups: BTreeMap<GroupId, Option<FoundGroup>>,
    places: BTreeMap<(ResourceKind, Uuid), Option<(Place, String)>>,
}

impl Things {
    pub(super) const fn new(organization: OrganizationId) -> Self {
        Self { organization, groups: BTreeMap::new(), places: BTreeMap::new() }
    }

    /// What of it is still there, as events tell it: groups, and what is given where.
    pub(super) async fn told(
        &mut self,
        ctx: &Context,
        tx: &mut Tx,
        attached: &Attached,
    ) -> Result<(Vec<String>, Vec<String>), Failure> {
        let (mut groups, mut granted) = (Vec::new(), Vec::new());
        for id in &attached.groups {
            groups.extend(self.group(ctx, tx, *id).await?.map(|group| group.name.clone()));
        }
        for grant in &attached.grants {
            let AttachedGrant { granted: what, resource_kind, resource_id } = *grant;
            let place = self.place(tx, resource_kind, resource_id).await?;
            granted.extend(place.map(|(_, name)| format!("{what} on the {resource_kind} {name}")));
        }
        Ok((groups, granted))
    }

    /// Why somebody of that standing may not give all of it, if so.
    pub(super) async fn obstacle(
        &mut self,
        ctx: &Context,
        tx: &mut Tx,
        inviter: &Standing,
        attached: &Attached,
    ) -> Result<Option<String>, Failure> {
        for id in &attached.groups {
            if let Err(reason) = self.may_add(ctx, tx, inviter, *id).await? {
                return Ok(Some(reason));
            }
        }
        for grant in &attached.grants {
            if let Err(reason) = self.may_give(tx, inviter, grant).await? {
                return Ok(Some(reason));
            }
        }
        Ok(None)
    }

    /// Gives somebody who just joined what the inviter can still give.
    pub(super) async fn give(
        &mut self,
        ctx: &Context,
        tx: &mut Tx,
        (inviter, inviter_name): (&Standing, &str),
        attached: &Attached,
        user: UserId,
    ) -> Result<Given, Failure> {
        let (mut given, now) = (Given::default(), ctx.now());
        for id in &attached.groups {
            match self.may_add(ctx, tx, inviter, *id).await? {
                Ok(name) if store::scim_groups::keeper(tx, *id).await?.is_some() => {
                    given.left_out.push(format!("the group {name} is filled by an identity provider"));
                }
                Ok(name) => {
                    store::group_members::add(tx, *id, user, now).await?;
                    given.groups.push(name);
                }
                Err(reason) => given.left_out.push(reason),
            }
        }
        for grant in &attached.grants {
            let (at, name) = match self.may_give(tx, inviter, grant).await? {
                Ok(found) => found,
                Err(reason) => {
                    given.left_out.push(reason);
                    continue;
                }
            };
            let principal = (PrincipalKind::User, user.uuid());
            permissions::put(ctx, tx, &at, principal, inviter_name).await?;
            given.granted.push(format!("{} on the {} {name}", grant.granted, grant.resource_kind));
        }
        Ok(given)
    }

    /// The group's name if somebody of that standing may put people into it, or why not.
    async fn may_add(
        &mut self,
        ctx: &Context,
        tx: &mut Tx,
        inviter: &Standing,
        id: GroupId,
    ) -> Result<Result<String, String>, Failure> {
        let organization = Place::organization(self.organization);
        let Some(group) = self.group(ctx, tx, id).await? else {
            return Ok(Err("A group that is gone.".into()));
        };
        let name = &group.name;
        if !inviter.at(organization).may(Action::AddGroupMember) {
            let lack = Permission::OrganizationGroupsWrite;
            return Ok(Err(format!("The group {name}: it takes {lack} to put anybody into a group.")));
        }
        Ok(match inviter.giving_obstacle(&group.standing) {
            Some(reason) => Err(format!("The group {name}: {reason}")),
            None => Ok(name.clone()),
        })
    }

    /// What is given and the resource's name if somebody of that standing may give that on it, or why not.
    async fn may_give(
        &mut self,
        tx: &mut Tx,
        inviter: &Standing,
        grant: &AttachedGrant,
    ) -> Result<Result<(GrantedAt, String), String>, Failure> {
        let AttachedGrant { granted, resource_kind, resource_id } = *grant;
        let Some((place, name)) = self.place(tx, resource_kind, resource_id).await? else {
            return Ok(Err(format!("{granted} on a {resource_kind} that is gone.")));
        };
        let at = GrantedAt { granted, place: *place, until: None };
        Ok(match inviter.may_give(&at) {
            true => Ok((at, name.clone())),
            false => Err(format!(
                "{granted} on the {resource_kind} {name}: only who holds all of it and administers the {resource_kind} can give it."
            )),
        })
    }

    async fn group(
        &mut self,
        ctx: &Context,
        tx: &mut Tx,
        id: GroupId,
    ) -> Result<Option<&FoundGroup>, Failure> {
        if !self.groups.contains_key(&id) {
            let found = match store::groups::find(tx, self.organization, id).await? {
                Some(group) => Some(FoundGroup {
                    name: group.name,
                    standing: Standing::of_group(ctx, tx, self.organization, id).await?,
                }),
                None => None,
            };
            self.groups.insert(id, found);
        }
        Ok(self.groups.get(&id).and_then(Option::as_ref))
    }

    async fn place(
        &mut self,
        tx: &mut Tx,
        kind: ResourceKind,
        id: Uuid,
    ) -> Result<Option<&(Place, String)>, Failure> {
        if !self.places.contains_key(&(kind, id)) {
            let found = find_place(tx, self.organization, kind, id).await?;
            self.places.insert((kind, id), found);
        }
        Ok(self.places.get(&(kind, id)).and_then(Option::as_ref))
    }
}

/// The place of that id in the organization, and its name.
async fn find_place(
    tx: &mut Tx,
    organization: OrganizationId,
    kind: ResourceKind,
    id: Uuid,
) -> Result<Option<(Place, String)>, Failure> {
    let whole = Place::organization(organization);
    Ok(match kind {
        ResourceKind::Organization => {
            let found = store::organizations::find(tx, organization).await?;
            found.filter(|_| id == organization.uuid()).map(|found| (whole, found.name))
        }
        ResourceKind::Unit => {
            let found = store::units::find(tx, UnitId::from_uuid(id)).await?;
            let found = found.filter(|unit| unit.organization_id == organization);
            found.map(|unit| (Place { unit: Some(unit.id), ..whole }, unit.name))
        }
        ResourceKind::Project => {
            let found = store::projects::find(tx, ProjectId::from_uuid(id)).await?;
            let found = found.filter(|project| project.organization_id == organization);
            found.map(|found| {
                (Place { unit: found.unit_id, project: Some(found.id), organization }, found.name)
            })
        }
    })
}
