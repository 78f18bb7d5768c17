//! What several people hold in an organization, looked up for all of them at once. Judges nothing.

use std::collections::BTreeMap;

use domain::ids::{OrganizationId, UserId};
use store::{Tx, grants::Held, memberships::Member};

use crate::{Context, errors::Failure};

/// Those of these people who are members, by id, each with everything unexpired that they hold.
pub(crate) async fn among(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    users: &[UserId],
) -> Result<Vec<(Member, Vec<Held>)>, Failure> {
    let ids: Vec<_> = users.iter().map(|user| user.uuid()).collect();
    let mut members = store::memberships::list_among(tx, organization, &ids).await?;
    members.sort_by_key(|member| member.user_id);
    let mut held: BTreeMap<UserId, Vec<Held>> = BTreeMap::new();
    for one in store::holders::held_among(tx, organization, &ids, ctx.now()).await? {
        held.entry(one.user_id).or_default().push(one.held);
    }
    let with_held = members.into_iter().map(|member| {
        let held = held.remove(&member.user_id).unwrap_or_default();
        (member, held)
    });
    Ok(with_held.collect())
}

/// Whether more is held by them than was read.
pub(crate) fn is_cut(found: &[(Member, Vec<Held>)]) -> bool {
    let held: usize = found.iter().map(|(_, held)| held.len()).sum();
    i64::try_from(held).is_ok_and(|held| held >= store::holders::HELD_BY_MAX)
}
