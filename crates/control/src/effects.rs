//! What a change would take from people and give to them, found out before it is made: each one's powers before and
//! after, compared place by place. Changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ids::{GrantId, GroupId, OrganizationId, UserId},
    permissions::Permission,
    powers::Powers,
    principals::{PrincipalKind, ResourceKind, UserKind},
    views::{
        EFFECT_ROWS_MAX, EFFECT_TOTALS_MAX, EffectRow, EffectTotal, EffectTotals, Effects, Principal,
        Resource,
    },
};
use store::{Tx, grants::Held, memberships::Member};
use uuid::Uuid;

use crate::{
    Context,
    errors::Failure,
    holdings,
    standings::{Place, Standing, place_of},
};

/// People who are looked at, at most.
pub(crate) const PEOPLE_MAX: u32 = 20_000;
/// People who are looked at together.
pub(crate) const PEOPLE_TOGETHER: usize = 500;
/// Effects that are told apart when people are counted, at most: beyond them each is one person's own.
const KINDS_MAX: usize = 1000;

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
    let ids: BTreeSet<Uuid> = principals.iter().map(|(_, id)| *id).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let people = People {
        ids: store::memberships::ids_among(tx, organization, &ids, PEOPLE_MAX).await?,
        total: store::memberships::count_among(tx, organization, &ids).await?,
    };
    of_people(ctx, tx, organization, &people, |before| {
        let differences = changes.iter().flat_map(|change| {
            let after = change.apply(before, &joined);
            differences(before, &after, &names, change.place())
        });
        differences.collect()
    })
    .await
}

/// Those whom a change concerns.
pub(crate) struct People {
    /// Who is looked at, at most [`PEOPLE_MAX`].
    pub(crate) ids: Vec<UserId>,
    /// How many they are.
    pub(crate) total: i64,
}

/// What becomes of these people, who are looked at some at a time. `differ` says of each where they can do something else
/// then.
pub(crate) async fn of_people(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    people: &People,
    differ: impl Fn(&Standing) -> Vec<(Resource, Difference)>,
) -> Result<Effects, Failure> {
    let mut tally = Tally::default();
    for some in people.ids.chunks(PEOPLE_TOGETHER) {
        let mut found = holdings::among(ctx, tx, organization, some).await?;
        if holdings::is_cut(&found) {
            // Not all that they hold was read: nothing is said of them, nor of those behind them.
            break;
        }
        found.sort_by(|(one, _), (other, _)| one.email.cmp(&other.email));
        for (member, held) in found {
            let before = Standing::of_member(organization, &member, held);
            tally.add(&member, differ(&before));
        }
    }
    Ok(tally.effects(people.total))
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

/// Each place where the powers differ, and how.
fn differences(
    before: &Standing,
    after: &Standing,
    names: &Names,
    place: Option<Place>,
) -> Vec<(Resource, Difference)> {
    let places: BTreeSet<Place> = match place {
        Some(place) => [place].into(),
        None => before.places().union(&after.places()).copied().collect(),
    };
    let differs = |place: Place| Some((place, Difference::between(&before.at(place), &after.at(place))?));
    let named = places.into_iter().filter_map(differs).map(|(place, difference)| {
        let name = name(place, &[before, after], names);
        (Resource { kind: place.kind(), id: place.id(), name }, difference)
    });
    named.collect()
}

/// What somebody can do then and could not before, and the other way round.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Difference {
    loses: Beyond,
    gains: Beyond,
}

impl Difference {
    /// The one between what somebody could do at a place and what they can do then, if there is one.
    pub(crate) fn between(was: &Powers, is: &Powers) -> Option<Self> {
        let (loses, gains) = (Beyond::of(was, is), Beyond::of(is, was));
        let differs = loses.is_something() || gains.is_something();
        differs.then_some(Self { loses, gains })
    }

    fn row(self, principal: Principal, resource: Resource) -> EffectRow {
        EffectRow {
            principal,
            resource,
            loses: self.loses.permissions,
            gains: self.gains.permissions,
            loses_administration: self.loses.administration,
            gains_administration: self.gains.administration,
            loses_administration_of_projects: self.loses.administration_of_projects,
            gains_administration_of_projects: self.gains.administration_of_projects,
            loses_super_admin: self.loses.super_admin,
            gains_super_admin: self.gains.super_admin,
        }
    }
}

/// What one can do and the other cannot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Beyond {
    permissions: Vec<Permission>,
    administration: bool,
    administration_of_projects: bool,
    super_admin: bool,
}

impl Beyond {
    fn of(one: &Powers, other: &Powers) -> Self {
        // Of a project itself it is said once.
        let has_below = one.place != ResourceKind::Project;
        Self {
            permissions: beyond(one, other),
            administration: one.administers() && !other.administers(),
            administration_of_projects: has_below
                && one.administers_projects()
                && !other.administers_projects(),
            // What super admins alone can do is about the organization.
            super_admin: one.place == ResourceKind::Organization
                && one.acts_as_super_admin()
                && !other.acts_as_super_admin(),
        }
    }

    fn is_something(&self) -> bool {
        !self.permissions.is_empty()
            || self.administration
            || self.administration_of_projects
            || self.super_admin
    }
}

/// What becomes of people, counted as they are looked at one after the other.
#[derive(Default)]
struct Tally {
    totals: EffectTotals,
    losing: Rows,
    gaining: Rows,
    same: BTreeMap<(Uuid, Difference), EffectTotal>,
}

impl Tally {
    fn add(&mut self, member: &Member, theirs: Vec<(Resource, Difference)>) {
        let loses = theirs.iter().any(|(_, difference)| difference.loses.is_something());
        let gains = theirs.iter().any(|(_, difference)| difference.gains.is_something());
        self.totals.considered += 1;
        self.totals.losing += i64::from(loses);
        self.totals.gaining += i64::from(gains);
        self.totals.unchanged += i64::from(theirs.is_empty());
        let rows = if loses { &mut self.losing } else { &mut self.gaining };
        let is_listed = rows.has_room(theirs.len());
        let mut listed = Vec::new();
        for (resource, difference) in theirs {
            let row = || difference.clone().row(principal(member), resource.clone());
            if is_listed {
                listed.push(row());
            }
            let key = (resource.id, difference.clone());
            let has_room = self.same.len() < KINDS_MAX;
            match self.same.get_mut(&key) {
                Some(total) => total.people += 1,
                None if has_room => {
                    self.same.insert(key, EffectTotal { people: 1, effect: row() });
                }
                None => {}
            }
        }
        rows.add(listed);
    }

    /// All of it, where `total` people are concerned.
    fn effects(self, total: i64) -> Effects {
        let Self { mut totals, mut losing, gaining, same } = self;
        for theirs in gaining.people {
            if !losing.has_room(theirs.len()) {
                break;
            }
            losing.add(theirs);
        }
        totals.listed = i64::try_from(losing.people.len()).unwrap_or(i64::MAX);
        let mut same: Vec<_> = same.into_values().collect();
        same.sort_by_key(|total| std::cmp::Reverse(total.people));
        same.truncate(EFFECT_TOTALS_MAX);
        totals.same = same;
        let further = (total - totals.considered).max(0);
        Effects { rows: losing.people.into_iter().flatten().collect(), totals, further }
    }
}

/// The rows of the first people; of each all or none.
#[derive(Default)]
struct Rows {
    people: Vec<Vec<EffectRow>>,
    number: usize,
    is_full: bool,
}

impl Rows {
    /// Whether all of somebody's rows are to be among them; who comes behind somebody who is not, is not either.
    fn has_room(&mut self, rows: usize) -> bool {
        self.is_full |= self.number > 0 && self.number + rows > EFFECT_ROWS_MAX;
        !self.is_full
    }

    fn add(&mut self, theirs: Vec<EffectRow>) {
        if !theirs.is_empty() {
            self.number += theirs.len();
            self.people.push(theirs);
        }
    }
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
        is_active: member.is_active && member.is_user_active,
    }
}
