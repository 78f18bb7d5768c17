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
    /// These grants on one place are taken back.
    TakeGrants {
        /// Which.
        ids: &'a BTreeSet<GrantId>,
        /// What they are on.
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
    principal: (PrincipalKind, Uuid),
    change: Change<'_>,
) -> Result<Effects, Failure> {
    of_all(ctx, tx, organization, &[principal], &[change]).await
}

/// What the changes would do to all of these principals, or to everybody in those of them that are groups.
pub(crate) async fn of_all(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    principals: &[(PrincipalKind, Uuid)],
    changes: &[Change<'_>],
) -> Result<Effects, Failure> {
    let viewer = Standing::of_actor(ctx, tx, organization).await?;
    let names = Names { organization: organization_name(tx, organization).await?, viewer };
    let joined = match changes {
        [Change::Join(group)] => store::grants::held_by_group(tx, *group, ctx.now()).await?,
        _ => Vec::new(),
    };
    let (people, mut further) = people(ctx, tx, organization, principals).await?;
    let mut rows = Vec::new();
    for (member, before) in people {
        let theirs: Vec<_> = changes
            .iter()
            .flat_map(|change| {
                let after = change.apply(&before, &joined);
                differences(&member, &before, &after, &names, change.place())
            })
            .collect();
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
            Self::TakeGrants { ids, .. } => after.held.retain(|held| !ids.contains(&held.id)),
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
            Self::TakeGrants { place, .. } => Some(*place),
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

/// The first of them by e-mail address, each once, with what each holds; and how many more there are.
async fn people(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    principals: &[(PrincipalKind, Uuid)],
) -> Result<(Vec<(Member, Standing)>, i64), Failure> {
    let (mut people, mut ids) = (BTreeMap::new(), BTreeSet::new());
    for (kind, id) in principals {
        if !ids.insert(*id) {
            continue;
        }
        let found = match kind {
            PrincipalKind::User => person(ctx, tx, organization, UserId::from_uuid(*id)).await?,
            PrincipalKind::Group => group(ctx, tx, organization, GroupId::from_uuid(*id)).await?,
        };
        people.extend(found.into_iter().map(|found| (found.0.email.clone(), found)));
    }
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let total = store::memberships::count_among(tx, organization, &ids).await?;
    let people: Vec<_> = people.into_values().take(EFFECT_ROWS_MAX).collect();
    let further = (total - i64::try_from(people.len()).unwrap_or(total)).max(0);
    Ok((people, further))
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

/// The first people of a group with what each holds.
async fn group(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    group: GroupId,
) -> Result<Vec<(Member, Standing)>, Failure> {
    let members = store::memberships::list_in_group(tx, organization, group, PEOPLE_MAX).await?;
    let mut held: BTreeMap<UserId, Vec<Held>> = BTreeMap::new();
    for one in store::holders::held_in_group(tx, organization, group, PEOPLE_MAX, ctx.now()).await? {
        held.entry(one.user_id).or_default().push(one.held);
    }
    let people = members.into_iter().map(|member| {
        let held = held.remove(&member.user_id).unwrap_or_default();
        let standing = Standing::of_member(organization, &member, held);
        (member, standing)
    });
    Ok(people.collect())
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
