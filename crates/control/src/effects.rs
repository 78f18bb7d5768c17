//! What a change would take from people and give to them, found out before it is made: each one's powers before and
//! after, compared place by place. Changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ids::{GrantId, GroupId, OrganizationId, UserId},
    permissions::Permission,
    powers::Powers,
    principals::{PrincipalKind, UserKind},
    views::{EFFECT_ROWS_MAX, EffectRow, Effects, Principal, Resource},
};
use store::{Tx, grants::Held, memberships::Member};
use uuid::Uuid;

use crate::{
    Context,
    errors::Failure,
    standings::{Place, Standing, place_of},
};

/// People of a group that are looked at, at most.
const PEOPLE_MAX: u32 = EFFECT_ROWS_MAX as u32;

/// A change that could be made to what somebody holds.
#[derive(Clone, Copy)]
pub(crate) enum Change<'a> {
    /// They, or the group, are given this.
    Give(&'a Held),
    /// That grant is taken back.
    TakeGrant {
        /// Which.
        id: GrantId,
        /// What it is on.
        place: Place,
    },
    /// They are put into the group.
    Join(GroupId),
    /// They leave the group, or it goes.
    Leave(GroupId),
    /// They leave the organization, or are shut out of it.
    Remove,
    /// They are made a super admin, or none any more.
    SetSuperAdmin(bool),
}

/// What the change would do to the principal, or to everybody in it if it is a group.
pub(crate) async fn of(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    (kind, id): (PrincipalKind, Uuid),
    change: Change<'_>,
) -> Result<Effects, Failure> {
    let viewer = Standing::of_actor(ctx, tx, organization).await?;
    let names = Names { organization: organization_name(tx, organization).await?, viewer };
    let joined = match change {
        Change::Join(group) => store::grants::held_by_group(tx, group, ctx.now()).await?,
        _ => Vec::new(),
    };
    let (people, further) = match kind {
        PrincipalKind::User => (person(ctx, tx, organization, UserId::from_uuid(id)).await?, 0),
        PrincipalKind::Group => group(ctx, tx, organization, GroupId::from_uuid(id)).await?,
    };
    let (mut rows, mut further) = (Vec::new(), further);
    for (member, before) in people {
        let after = change.apply(&before, &joined);
        let theirs = differences(&member, &before, &after, &names, change.place());
        // Whole people only: who is cut off is counted.
        if rows.len() + theirs.len() > EFFECT_ROWS_MAX && !rows.is_empty() {
            further += 1;
        } else {
            rows.extend(theirs);
        }
    }
    Ok(Effects { rows, further })
}

impl Change<'_> {
    fn apply(&self, before: &Standing, joined: &[Held]) -> Standing {
        let mut after = before.clone();
        match self {
            Self::Give(held) => after.held.push((*held).clone()),
            Self::TakeGrant { id, .. } => after.held.retain(|held| held.id != *id),
            Self::Join(_) => after.held.extend_from_slice(joined),
            Self::Leave(group) => after.held.retain(|held| held.group_id != Some(*group)),
            Self::Remove => after.shut_out(),
            Self::SetSuperAdmin(is_super_admin) => after.set_super_admin(*is_super_admin),
        }
        after
    }

    /// The only place where it changes anything by itself, if there is one.
    fn place(&self) -> Option<Place> {
        match self {
            Self::Give(held) => Some(place_of(held, held.organization_id)),
            Self::TakeGrant { place, .. } => Some(*place),
            Self::Join(_) | Self::Leave(_) | Self::Remove | Self::SetSuperAdmin(_) => None,
        }
    }
}

/// What places are called for who looks.
struct Names {
    organization: String,
    viewer: Standing,
}

async fn organization_name(tx: &mut Tx, id: OrganizationId) -> Result<String, Failure> {
    let found = store::organizations::find(tx, id).await?;
    Ok(found.map(|organization| organization.name).unwrap_or_default())
}

async fn person(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
) -> Result<Vec<(Member, Standing)>, Failure> {
    let Some(member) = store::memberships::find_member(tx, organization, user).await? else {
        return Ok(Vec::new());
    };
    let held = store::grants::held(tx, organization, user, ctx.now()).await?;
    let standing = Standing::of_member(organization, &member, held);
    Ok(vec![(member, standing)])
}

/// The first people of a group with what each holds, and how many more there are.
async fn group(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    group: GroupId,
) -> Result<(Vec<(Member, Standing)>, i64), Failure> {
    let members = store::memberships::list_in_group(tx, organization, group, PEOPLE_MAX).await?;
    let total = store::group_members::count(tx, group, None).await?;
    let mut held: BTreeMap<UserId, Vec<Held>> = BTreeMap::new();
    for one in store::holders::held_in_group(tx, organization, group, PEOPLE_MAX, ctx.now()).await? {
        held.entry(one.user_id).or_default().push(one.held);
    }
    let further = (total - i64::try_from(members.len()).unwrap_or(total)).max(0);
    let people = members.into_iter().map(|member| {
        let held = held.remove(&member.user_id).unwrap_or_default();
        let standing = Standing::of_member(organization, &member, held);
        (member, standing)
    });
    Ok((people.collect(), further))
}

/// One row for each place where the powers differ.
fn differences(
    member: &Member,
    before: &Standing,
    after: &Standing,
    names: &Names,
    place: Option<Place>,
) -> Vec<EffectRow> {
    let places: BTreeSet<Place> = match place {
        Some(place) => [place].into(),
        None => before.places().union(&after.places()).copied().collect(),
    };
    places
        .into_iter()
        .filter_map(|place| {
            let (was, is) = (before.at(place), after.at(place));
            let name = name(place, &[before, after], names);
            difference(member, Resource { kind: place.kind(), id: place.id(), name }, &was, &is)
        })
        .collect()
}

/// What somebody could do at a place and can do then, if it differs.
pub(crate) fn difference(
    member: &Member,
    resource: Resource,
    was: &Powers,
    is: &Powers,
) -> Option<EffectRow> {
    let row = EffectRow {
        principal: principal(member),
        resource,
        loses: beyond(was, is),
        gains: beyond(is, was),
        loses_administration: was.administers() && !is.administers(),
        gains_administration: is.administers() && !was.administers(),
    };
    let is_effect = !row.loses.is_empty()
        || !row.gains.is_empty()
        || row.loses_administration
        || row.gains_administration;
    is_effect.then_some(row)
}

/// What one holds and the other does not.
fn beyond(one: &Powers, other: &Powers) -> Vec<Permission> {
    one.permissions().into_iter().filter(|permission| !other.holds(*permission)).collect()
}

fn name(place: Place, standings: &[&Standing], names: &Names) -> String {
    if place == Place::organization(place.organization) {
        return names.organization.clone();
    }
    if !names.viewer.sees(place) {
        return format!("a {} that you cannot see", place.kind());
    }
    let mut held = standings.iter().flat_map(|standing| &standing.held);
    held.find(|held| held.resource_id == place.id())
        .map(|held| held.resource_name.clone())
        .unwrap_or_default()
}

/// A member as principals are named.
pub(crate) fn principal(member: &Member) -> Principal {
    Principal {
        kind: PrincipalKind::User,
        id: member.user_id.uuid(),
        name: member.name.clone(),
        email: (member.kind == UserKind::Person).then(|| member.email.clone()),
        user_kind: Some(member.kind),
    }
}
