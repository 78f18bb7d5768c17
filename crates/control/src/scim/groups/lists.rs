//! Lists of the groups that an identity provider keeps, by page and by filter: with a bound on how much is read for each.

use identity::scim::{Filter, Reason, Refusal, queries::Query};
use serde_json::Value;
use store::{Tx, scim_groups::Found};

use super::look;
use crate::{
    errors::Failure,
    scim::{BATCH, Refused, SCANNED_MAX, Stop, operation, tokens::Provisioner},
};

/// Members of groups on one page, at most, unless one group alone has more.
const MEMBERS_MAX: i64 = 20_000;
/// Members of groups that are looked at for one filter, at most.
const SCANNED_MEMBERS_MAX: i64 = 200_000;

/// Those that the identity provider keeps and a query asks for, and how many they are.
///
/// # Errors
/// `tooMany` where too many would have to be looked at.
pub async fn list(scim: &Provisioner, query: &Query) -> Result<(Vec<Value>, u64), Refused> {
    operation!(scim, async {
        let mut tx = scim.read().await?;
        let skipped = query.start - 1;
        let (rows, total) = match &query.filter {
            None => {
                let total = store::scim_groups::count(&mut tx, scim.provider()).await?;
                let rows =
                    store::scim_groups::list(&mut tx, scim.provider(), None, skipped, query.count).await?;
                (rows, u64::try_from(total).unwrap_or(0))
            }
            Some(filter) => {
                let fitting = fitting(scim, &mut tx, filter).await?;
                let total = fitting.len() as u64;
                (fitting.into_iter().skip(skipped as usize).take(query.count as usize).collect(), total)
            }
        };
        let mut drawn = Vec::with_capacity(rows.len());
        let with_members = query.wanted.has("members");
        let mut members = 0;
        for found in &rows {
            // A page may hold fewer than were asked for (RFC 7644 section 3.4.2.4): the next one begins where this one ends.
            members += member_count(&mut tx, found, with_members).await?;
            if members > MEMBERS_MAX && !drawn.is_empty() {
                break;
            }
            let resource = look(scim, &mut tx, found, with_members).await?;
            drawn.push(Value::Object(query.wanted.cut(resource.members)));
        }
        Ok((drawn, total))
    })
}

async fn fitting(scim: &Provisioner, tx: &mut Tx, filter: &Filter) -> Result<Vec<Found>, Stop> {
    let provider = scim.provider();
    let candidates = if let Some(name) = filter.pinned("displayName") {
        store::scim_groups::find_by_name(tx, provider, name).await?.into_iter().collect()
    } else if let Some(id) = filter.pinned("id") {
        match id.parse() {
            Ok(id) => store::scim_groups::find(tx, provider, id).await?.into_iter().collect(),
            Err(_) => Vec::new(),
        }
    } else if let Some(external_id) = filter.pinned("externalId") {
        store::scim_groups::list_by_external_id(tx, provider, external_id, BATCH).await?
    } else {
        all(scim, tx).await?
    };
    let with_members = filter.asks_for("members");
    let (mut fitting, mut members) = (Vec::new(), 0);
    for found in candidates {
        members += member_count(tx, &found, with_members).await?;
        if members > SCANNED_MEMBERS_MAX {
            let detail = "The groups have too many members to look at them all: filter by displayName, externalId or id as well.";
            return Err(Refusal::new(Reason::TooMany, detail).into());
        }
        if filter.fits(&look(scim, tx, &found, with_members).await?.members) {
            fitting.push(found);
        }
    }
    Ok(fitting)
}

/// How many members of a group are about to be read.
async fn member_count(tx: &mut Tx, found: &Found, with_members: bool) -> Result<i64, Failure> {
    match with_members {
        true => Ok(store::group_members::count(tx, found.group.group_id, None).await?),
        false => Ok(0),
    }
}

async fn all(scim: &Provisioner, tx: &mut Tx) -> Result<Vec<Found>, Stop> {
    let provider = scim.provider();
    if store::scim_groups::count(tx, provider).await? > SCANNED_MAX {
        let detail =
            format!("There are more than {SCANNED_MAX} groups: filter by displayName, externalId or id.");
        return Err(Refusal::new(Reason::TooMany, detail).into());
    }
    let mut found = Vec::new();
    loop {
        let after = found.last().map(|found: &Found| found.group.group_id);
        let batch = store::scim_groups::list(tx, provider, after, 0, BATCH).await?;
        let is_last = batch.len() < BATCH as usize;
        found.extend(batch);
        if is_last {
            return Ok(found);
        }
    }
}
