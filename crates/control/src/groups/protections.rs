//! On whom in a group the actor may not act, and why: taking somebody out of it is acting on them, and deleting it is taking
//! everybody out. What the group itself gives is judged in `groups`; nothing is changed or put on record here.

use std::collections::BTreeMap;

use domain::{
    ids::{OrganizationId, UserId},
    views::GroupMemberRow,
};
use store::{Tx, grants::Held, groups::Group, memberships::Member};

use super::members::called;
use crate::{
    Context,
    effects::{PEOPLE_MAX, PEOPLE_TOGETHER},
    errors::Failure,
    holdings,
    standings::{Place, Standing},
};

/// What is said where those in a group cannot all be looked at.
const CUT: &str = "Those in it are too many to be looked at, or hold too much. Somebody who administers the organization can.";

/// Says of each row why the actor may not act on them, if so: as [`of`] does, for all of them at once.
pub(super) async fn protect(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    rows: &mut [GroupMemberRow],
) -> Result<(), Failure> {
    let (actor, own) = (Standing::of_actor(ctx, tx, organization).await?, ctx.user()?);
    let users: Vec<_> = rows.iter().map(|row| row.user_id).filter(|user| *user != own).collect();
    let found = holdings::among(ctx, tx, organization, &users).await?;
    let protected = protected(organization, &actor, found).map(|(member, reason)| (member.user_id, reason));
    let reasons: BTreeMap<_, _> = protected.collect();
    for row in rows {
        row.protection = reasons.get(&row.user_id).map(|reason| (*reason).to_owned());
    }
    Ok(())
}

/// Why the actor may not act on them, if so. Oneself is never protected from oneself.
pub(super) async fn of(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    actor: &Standing,
    user: UserId,
) -> Result<Option<String>, Failure> {
    if ctx.user()? == user {
        return Ok(None);
    }
    let other = Standing::of(ctx, tx, organization, user).await?;
    Ok(actor.acting_obstacle(&other).map(str::to_owned))
}

/// Why the actor may not take everybody out of the group at once, if so: how many there are on whom they may not act, and one
/// of them, since who may delete groups may see who is in them. Who administers the organization may, whoever is in it: super
/// admins lose nothing with a group.
pub(super) async fn of_all(
    ctx: &Context,
    tx: &mut Tx,
    group: &Group,
    actor: &Standing,
) -> Result<Option<String>, Failure> {
    let (organization, own) = (group.organization_id, ctx.user()?);
    if actor.at(Place::organization(organization)).administers() {
        return Ok(None);
    }
    let mut users =
        store::memberships::ids_among(tx, organization, &[group.id.uuid()], PEOPLE_MAX + 1).await?;
    if u32::try_from(users.len()).is_ok_and(|count| count > PEOPLE_MAX) {
        return Ok(Some(CUT.to_owned()));
    }
    users.retain(|user| *user != own);
    let (mut count, mut first) = (0, None);
    for some in users.chunks(PEOPLE_TOGETHER) {
        let mut found = holdings::among(ctx, tx, organization, some).await?;
        if holdings::is_cut(&found) {
            return Ok(Some(CUT.to_owned()));
        }
        found.sort_by(|(one, _), (other, _)| one.email.cmp(&other.email));
        for (member, reason) in protected(organization, actor, found) {
            count += 1;
            first.get_or_insert_with(|| (called(&member), reason));
        }
    }
    Ok(first.map(|(named, reason)| told(count, &named, reason)))
}

/// Those of them on whom the actor may not act, each with why.
fn protected(
    organization: OrganizationId,
    actor: &Standing,
    found: Vec<(Member, Vec<Held>)>,
) -> impl Iterator<Item = (Member, &'static str)> {
    found.into_iter().filter_map(move |(member, held)| {
        // Who is deactivated is as powerful as they would be.
        let member = Member { is_active: true, is_user_active: true, ..member };
        let other = Standing::of_member(organization, &member, held);
        actor.acting_obstacle(&other).map(|reason| (member, reason))
    })
}

/// How many they are, and why of the one who is named.
fn told(count: usize, named: &str, reason: &str) -> String {
    match count {
        1 => format!("You may not act on {named}, who is in it. {reason}"),
        _ => format!("You may not act on {count} of those in it, {named} among them. {reason}"),
    }
}
