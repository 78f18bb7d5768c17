//! People as an identity provider pushes them: made or taken over, changed, shut out.

use domain::{errors::Error, events::EventType, ids::UserId, principals::SubjectKind};
use identity::scim::{
    Filter, Kind, Patch, Reason, Refusal,
    queries::{Query, Wanted},
    resources::{Meta, Person, canonical},
};
use serde_json::{Map, Value, json};
use store::{
    Tx,
    scim_users::{Found, ScimUser},
};

use super::{
    BATCH, Refused, Resource, SCANNED_MAX, Stop, accounts, is_version, operation, tokens::Provisioner,
};
use crate::{contexts::Write, errors::Failure};

/// One of the people whom the identity provider keeps.
///
/// # Errors
/// `NotFound`.
pub async fn view(scim: &Provisioner, id: &str, wanted: &Wanted) -> Result<Resource, Refused> {
    operation!(scim, async {
        let mut tx = scim.read().await?;
        let found = find(scim, &mut tx, id).await?;
        let resource = draw(scim, &found)?;
        Ok(Resource { members: wanted.cut(resource.members), ..resource })
    })
}

/// Those whom the identity provider keeps and a query asks for, and how many they are.
///
/// # Errors
/// `tooMany` where too many would have to be looked at.
pub async fn list(scim: &Provisioner, query: &Query) -> Result<(Vec<Value>, u64), Refused> {
    operation!(scim, async {
        let mut tx = scim.read().await?;
        let skipped = query.start - 1;
        let cut = |found: &Found| Ok::<_, Stop>(Value::Object(query.wanted.cut(draw(scim, found)?.members)));
        let Some(filter) = &query.filter else {
            let total = store::scim_users::count(&mut tx, scim.provider()).await?;
            let rows = store::scim_users::list(&mut tx, scim.provider(), None, skipped, query.count).await?;
            let rows = rows.iter().map(cut).collect::<Result<Vec<_>, _>>()?;
            return Ok((rows, u64::try_from(total).unwrap_or(0)));
        };
        let fitting = fitting(scim, &mut tx, filter).await?;
        let page = fitting.iter().skip(skipped as usize).take(query.count as usize);
        let rows = page.map(cut).collect::<Result<Vec<_>, _>>()?;
        Ok((rows, fitting.len() as u64))
    })
}

/// Those whom a filter fits. What it must equal is looked up; else all are looked at.
async fn fitting(scim: &Provisioner, tx: &mut Tx, filter: &Filter) -> Result<Vec<Found>, Stop> {
    let provider = scim.provider();
    let candidates = if let Some(name) = filter.pinned("userName") {
        store::scim_users::find_by_name(tx, provider, &name.to_lowercase()).await?.into_iter().collect()
    } else if let Some(id) = filter.pinned("id") {
        match id.parse() {
            Ok(id) => store::scim_users::find(tx, provider, id).await?.into_iter().collect(),
            Err(_) => Vec::new(),
        }
    } else if let Some(external_id) = filter.pinned("externalId") {
        store::scim_users::list_by_external_id(tx, provider, external_id, BATCH).await?
    } else {
        return scan(scim, tx, filter).await;
    };
    let mut fitting = Vec::new();
    for found in candidates {
        if filter.fits(&draw(scim, &found)?.members) {
            fitting.push(found);
        }
    }
    Ok(fitting)
}

async fn scan(scim: &Provisioner, tx: &mut Tx, filter: &Filter) -> Result<Vec<Found>, Stop> {
    let provider = scim.provider();
    if store::scim_users::count(tx, provider).await? > SCANNED_MAX {
        let detail =
            format!("There are more than {SCANNED_MAX} people: filter by userName, externalId or id.");
        return Err(Refusal::new(Reason::TooMany, detail).into());
    }
    let (mut fitting, mut after) = (Vec::new(), None);
    loop {
        let batch = store::scim_users::list(tx, provider, after, 0, BATCH).await?;
        after = batch.last().map(|found| found.user.user_id);
        let is_last = batch.len() < BATCH as usize;
        for found in batch {
            if filter.fits(&draw(scim, &found)?.members) {
                fitting.push(found);
            }
        }
        if is_last {
            return Ok(fitting);
        }
    }
}

/// Has the identity provider keep somebody: who is here with that address is taken over, and nobody is made twice.
///
/// # Errors
/// `invalidValue`, also for an address of another domain; `uniqueness` for whom an identity provider keeps already; `Conflict` for
/// who must not be shut out.
pub async fn create(scim: &Provisioner, sent: &Value) -> Result<Resource, Refused> {
    operation!(scim, async {
        let person = Person::read(&canonical(Kind::User, sent)?)?;
        let email = accounts::address(&person)?;
        let texts = accounts::texts(&person, &email)?;
        let mut write = scim.write(EventType::ScimUserAdded).await?;
        scim.may_vouch(&mut write.tx, &email).await?;
        let (user, is_new) = accounts::find_or_make(scim, &mut write, &email).await?;
        if let Some(keeper) = store::scim_users::keeper(&mut write.tx, scim.organization(), user.id).await? {
            let detail = format!("{email} is kept by SCIM of {} already.", keeper.name);
            return Err(Refusal::new(Reason::Uniqueness, detail).into());
        }
        write.subject(SubjectKind::User, user.id.uuid(), email.clone());
        accounts::join(scim, &mut write, &user).await?;
        accounts::set_texts(scim, &mut write, &user, &texts).await?;
        let is_active = person.is_active.unwrap_or(true);
        accounts::let_in(scim, &mut write, user.id, &email, is_active).await?;
        let now = scim.ctx().now();
        let row = ScimUser {
            identity_provider_id: scim.provider(),
            user_id: user.id,
            organization_id: scim.organization(),
            user_name: email.clone(),
            external_id: person.external_id.clone(),
            attributes: serde_json::to_string(&person.kept)?,
            is_active,
            created_at: now,
            changed_at: now,
            generation: 1,
        };
        if !store::scim_users::add(&mut write.tx, &row).await? {
            return Err(store::Error::Conflict.into());
        }
        let was = if is_new { "a new account" } else { "an account that was here" };
        write.after(&recorded(&row)?)?.text(format!("{} keeps {email} from now on, {was}", scim.called()));
        finish(scim, write, user.id).await
    })
}

/// Replaces what the identity provider says of somebody.
///
/// # Errors
/// As [`create`]; the version's refusal; `NotFound`.
pub async fn replace(
    scim: &Provisioner,
    id: &str,
    version: Option<&str>,
    sent: &Value,
) -> Result<Resource, Refused> {
    operation!(scim, async {
        let person = Person::read(&canonical(Kind::User, sent)?)?;
        change(scim, id, version, |_| Ok(person.clone())).await
    })
}

/// Changes what the identity provider says of somebody.
///
/// # Errors
/// As [`replace`]; what a change can be refused for.
pub async fn patch(
    scim: &Provisioner,
    id: &str,
    version: Option<&str>,
    patch: &Patch,
) -> Result<Resource, Refused> {
    operation!(scim, async {
        change(scim, id, version, |mut resource| {
            let emails = resource.get("emails").cloned();
            patch.apply(&mut resource)?;
            // They follow the name, where nothing else is said of them.
            if resource.get("emails") == emails.as_ref() {
                resource.remove("emails");
            }
            Person::read(&resource)
        })
        .await
    })
}

async fn change(
    scim: &Provisioner,
    id: &str,
    version: Option<&str>,
    changed: impl Fn(Map<String, Value>) -> Result<Person, Refusal>,
) -> Result<Resource, Stop> {
    // What is long to work out is worked out before anybody has to wait for it.
    let mut tx = scim.read().await?;
    let read = find(scim, &mut tx, id).await?;
    drop(tx);
    is_version(&draw(scim, &read)?.version, version)?;
    // What it said last is what it changes, whatever an admin did to it by hand.
    let said = Found { is_let_in: read.user.is_active, user: read.user.clone() };
    let person = changed(draw(scim, &said)?.members)?;
    let mut write = scim.write(EventType::ScimUserChanged).await?;
    let before = find(scim, &mut write.tx, id).await?;
    if before.user != read.user {
        return Err(store::Error::Conflict.into());
    }
    is_version(&draw(scim, &before)?.version, version)?;
    let email = accounts::address(&person)?;
    let user_id = before.user.user_id;
    let user = store::users::find(&mut write.tx, user_id).await?.ok_or(Error::NotFound)?;
    let texts = accounts::texts(&person, &email)?;
    write.subject(SubjectKind::User, user_id.uuid(), email.clone());
    accounts::rename(scim, &mut write, &user, &email).await?;
    let is_told = accounts::set_texts(scim, &mut write, &user, &texts).await?;
    let is_active = person.is_active.unwrap_or(before.user.is_active);
    // Who was shut out by hand, in an emergency, stays out until the identity provider says something new of it; whom it shuts
    // out is shut out of everything that it may.
    let is_said = is_active != before.user.is_active || !is_active;
    let is_moved = is_said && accounts::let_in(scim, &mut write, user_id, &email, is_active).await?;
    let row = ScimUser {
        user_name: email.clone(),
        external_id: person.external_id.clone(),
        attributes: serde_json::to_string(&person.kept)?,
        is_active,
        ..before.user.clone()
    };
    if row == before.user && !is_told && !is_moved {
        return draw(scim, &before).map_err(Stop::from);
    }
    let row = ScimUser { changed_at: scim.ctx().now(), ..row };
    if !store::scim_users::set(&mut write.tx, &row).await? {
        return Err(store::Error::Conflict.into());
    }
    write
        .before(&recorded(&before.user)?)?
        .after(&recorded(&row)?)?
        .text(format!("{} changed what it says of {email}", scim.called()));
    finish(scim, write, user_id).await
}

/// Has the identity provider keep somebody no more: they are shut out, and leave its groups. Their account stays.
///
/// # Errors
/// `Conflict` for who must not be shut out; the version's refusal; `NotFound`.
pub async fn delete(scim: &Provisioner, id: &str, version: Option<&str>) -> Result<(), Refused> {
    operation!(scim, async {
        let mut write = scim.write(EventType::ScimUserRemoved).await?;
        let before = find(scim, &mut write.tx, id).await?;
        is_version(&draw(scim, &before)?.version, version)?;
        let (user, email) = (before.user.user_id, &before.user.user_name);
        write.subject(SubjectKind::User, user.uuid(), email.clone());
        accounts::let_in(scim, &mut write, user, email, false).await?;
        let groups =
            store::scim_groups::take_out(&mut write.tx, scim.provider(), user, scim.ctx().now()).await?;
        store::scim_users::remove(&mut write.tx, scim.provider(), user).await?;
        write.before(&recorded(&before.user)?)?.text(format!(
            "{} keeps {email} no more: they are deactivated; groups that they left: {groups}",
            scim.called()
        ));
        Ok(write.commit().await?)
    })
}

/// Commits, and draws what became of somebody.
async fn finish(scim: &Provisioner, mut write: Write, user: UserId) -> Result<Resource, Stop> {
    let found =
        store::scim_users::find(&mut write.tx, scim.provider(), user).await?.ok_or(Error::NotFound)?;
    let resource = draw(scim, &found)?;
    write.commit().await?;
    Ok(resource)
}

async fn find(scim: &Provisioner, tx: &mut Tx, id: &str) -> Result<Found, Failure> {
    let id: UserId = id.parse().map_err(|_| Error::NotFound)?;
    Ok(store::scim_users::find(tx, scim.provider(), id).await?.ok_or(Error::NotFound)?)
}

/// What events hold of somebody.
fn recorded(user: &ScimUser) -> Result<Value, Failure> {
    let attributes: Value = serde_json::from_str(&user.attributes)?;
    Ok(json!({
        "user_name": user.user_name,
        "external_id": user.external_id,
        "is_active": user.is_active,
        "attributes": attributes,
    }))
}

fn draw(scim: &Provisioner, found: &Found) -> Result<Resource, Failure> {
    let Found { user, is_let_in } = found;
    let kept: Map<String, Value> = serde_json::from_str(&user.attributes)?;
    let meta = Meta {
        id: user.user_id.to_string(),
        external_id: user.external_id.clone(),
        created: user.created_at,
        changed: user.changed_at,
        location: format!("{}/Users/{}", scim.base_url(), user.user_id),
        // Whether they are let in changes here as well, in an emergency.
        version: format!("W/\"{}{}\"", user.generation, if *is_let_in { "" } else { "-out" }),
    };
    Ok(Resource::new(Person::draw(&user.user_name, *is_let_in, &kept, &meta), meta))
}
