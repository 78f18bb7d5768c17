//! Giving: what somebody asks to give, what that would do, and giving it. Taking back is in `taking`.

use std::time::Duration;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{GrantId, OrganizationId},
    inputs::GrantPermission,
    permissions::Granted,
    principals::{PrincipalKind, ResourceKind},
    timestamps::Timestamp,
    views::{GrantEffects, GrantRow, Principal, Resource, seen_end},
};
use store::{
    Tx,
    grants::{Grant, Held},
};
use uuid::Uuid;

use super::{draw, find_principal, principals::nobody, recorded, subject};
use crate::{
    Context,
    contexts::Permit,
    effects::{self, Change},
    errors::{Failure, attempt},
    resources,
    standings::{GrantedAt, Place, Standing, forbidden},
};

/// Longest life of a grant that ends, in days.
const DAYS_MAX: u32 = 3650;

/// What was given, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The grant as it is now.
    pub row: GrantRow,
    /// What it was before.
    pub giving: Giving,
}

/// What giving something came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Giving {
    /// It was not held before, or had ended.
    New,
    /// It was held already, and ends at another time now.
    Changed,
    /// It was held just so already: nothing was changed.
    Same,
}

/// Gives a role or permission. What was given before to the same principal on the same resource gets the new end; what is
/// so already stays as it is, without an event.
///
/// # Errors
/// `Invalid` on `principal`, `granted`, `resource`, `days` or `seen_end`; `Forbidden` when the actor does not hold what they
/// would give; `Conflict` when somebody else gave or took it since its end was seen; `Denied`; `NotFound`.
pub async fn grant(
    ctx: &Context,
    organization: OrganizationId,
    input: &GrantPermission,
) -> Result<Given, Error> {
    attempt!(ctx, {
        let asked = Asked::authorize(ctx, organization, input).await?;
        let mut write = asked.permit.write(EventType::PermissionGranted).await?;
        let principal = asked.principal(ctx, &mut write.tx, organization, input).await?;
        let actor = Standing::of_actor(ctx, &mut write.tx, organization).await?;
        if !actor.may_give(&asked.grant) {
            drop(write);
            return Err(beyond(&asked).await?);
        }
        let resource = resources::name(asked.permit.access()?);
        let present = asked.present(ctx, &mut write.tx, &actor, &principal).await?;
        let (kind, subject) = subject(&principal);
        if asked.seen.as_ref().is_some_and(|seen| *seen != seen_end(present.as_ref())) {
            return Err(stale(&asked, present.as_ref(), &subject, &resource).into());
        }
        let giving = match &present {
            None => Giving::New,
            Some(present) if present.expires_at == asked.grant.until => {
                return Ok(Given { row: present.clone(), giving: Giving::Same });
            }
            Some(present) if present.is_expired => Giving::New,
            Some(_) => Giving::Changed,
        };
        let by = write.event.actor.clone();
        let id = put(ctx, &mut write.tx, &asked.grant, (principal.kind, principal.id), &by).await?;
        let GrantedAt { granted, until, .. } = asked.grant;
        if let Some(present) = &present {
            write.before(&recorded(&subject, granted.as_str(), &resource, present.expires_at))?;
        }
        write
            .subject(kind, principal.id, subject.clone())
            .after(&recorded(&subject, granted.as_str(), &resource, until))?
            .text(told(&asked, giving, present.as_ref(), &subject, &resource));
        let row =
            store::grants::find_described(&mut write.tx, organization, id).await?.ok_or(Error::NotFound)?;
        write.commit().await?;
        Ok(Given { row: draw(row, &actor, ctx.now()), giving })
    })
}

/// What giving it would do, and what it would change, without doing it.
///
/// # Errors
/// As [`grant`], but for `Conflict`.
pub async fn preview_grant(
    ctx: &Context,
    organization: OrganizationId,
    input: &GrantPermission,
) -> Result<GrantEffects, Error> {
    attempt!(ctx, {
        let asked = Asked::authorize(ctx, organization, input).await?;
        let mut tx = asked.permit.read().await?;
        let principal = asked.principal(ctx, &mut tx, organization, input).await?;
        let actor = Standing::of_actor(ctx, &mut tx, organization).await?;
        if !actor.may_give(&asked.grant) {
            drop(tx);
            return Err(beyond(&asked).await?);
        }
        let present = asked.present(ctx, &mut tx, &actor, &principal).await?;
        let (resource, permit_unit) = (resources::name(asked.permit.access()?), asked.permit.unit()?);
        let held = Held {
            id: GrantId::from_uuid(Uuid::nil()),
            organization_id: organization,
            principal_kind: principal.kind,
            principal_id: principal.id,
            granted: asked.grant.granted.as_str().to_owned(),
            resource_kind: resource.kind,
            resource_id: resource.id,
            created_at: ctx.now(),
            expires_at: asked.grant.until,
            created_by: String::new(),
            group_id: None,
            group_name: None,
            resource_name: resource.name,
            resource_unit_id: permit_unit,
        };
        let change = Change::Give(&held);
        let effects = effects::of(ctx, &mut tx, organization, (principal.kind, principal.id), change).await?;
        Ok(GrantEffects { effects, principal, present })
    })
}

/// Writes down what `by` gives; who calls has looked at the guards.
pub(crate) async fn put(
    ctx: &Context,
    tx: &mut Tx,
    grant: &GrantedAt,
    (principal_kind, principal_id): (PrincipalKind, Uuid),
    by: &str,
) -> Result<GrantId, Failure> {
    let grant = Grant {
        id: GrantId::from_uuid(ctx.control.new_uuid()),
        organization_id: grant.place.organization,
        principal_kind,
        principal_id,
        granted: grant.granted.as_str().to_owned(),
        resource_kind: grant.place.kind(),
        resource_id: grant.place.id(),
        created_at: ctx.now(),
        expires_at: grant.until,
        created_by: by.to_owned(),
    };
    Ok(store::grants::put(tx, &grant).await?)
}

/// What somebody asks to give, as far as it can be read without the database's rows.
struct Asked {
    permit: Permit,
    grant: GrantedAt,
    /// The end that they saw of what is there already, as [`seen_end`] tells it.
    seen: Option<String>,
}

impl Asked {
    async fn authorize(
        ctx: &Context,
        organization: OrganizationId,
        input: &GrantPermission,
    ) -> Result<Self, Failure> {
        let target = resources::parse(organization, &input.resource)?;
        let permit = resources::authorize(ctx, Action::Grant, organization, target).await?;
        let place = Place::of(permit.access()?);
        let granted = parse_granted(&input.granted, place.kind())?;
        let until = parse_days(&input.days, "days")?.map(|days| ctx.now().plus(days));
        let seen = parse_seen(&input.seen_end)?;
        Ok(Self { permit, grant: GrantedAt { granted, place, until }, seen })
    }

    async fn principal(
        &self,
        ctx: &Context,
        tx: &mut Tx,
        organization: OrganizationId,
        input: &GrantPermission,
    ) -> Result<Principal, Failure> {
        let found = find_principal(ctx, tx, organization, &input.principal).await?;
        Ok(found.ok_or_else(nobody)?)
    }

    /// The grant that is there already, ended or not.
    async fn present(
        &self,
        ctx: &Context,
        tx: &mut Tx,
        actor: &Standing,
        principal: &Principal,
    ) -> Result<Option<GrantRow>, Failure> {
        let GrantedAt { granted, place, .. } = self.grant;
        let (organization, resource) = (place.organization, place.id());
        let found =
            store::grants::find_given(tx, organization, principal.id, granted.as_str(), resource).await?;
        Ok(found.map(|row| draw(row, actor, ctx.now())))
    }
}

/// Puts the try on record and says why it is refused.
async fn beyond(asked: &Asked) -> Result<Failure, Failure> {
    let granted = asked.grant.granted;
    asked.permit.refuse(format!("would give {granted}, which the actor does not hold there")).await?;
    let reason =
        format!("You cannot give {granted} here: you do not hold all of it yourself, or not for as long.");
    Ok(forbidden(reason).into())
}

/// What events say of it.
fn told(
    asked: &Asked,
    giving: Giving,
    present: Option<&GrantRow>,
    subject: &str,
    resource: &Resource,
) -> String {
    let GrantedAt { granted, until, .. } = asked.grant;
    let what = format!("{granted} on the {} {}", resource.kind, resource.name);
    let end = |end: Option<Timestamp>| end.map_or_else(|| "never".to_owned(), Timestamp::human);
    if giving == Giving::Changed {
        let before = end(present.and_then(|present| present.expires_at));
        return format!("Changed the end of {what} of {subject} from {before} to {}", end(until));
    }
    let again = if present.is_some() { " again" } else { "" };
    let until = until.map(|at| format!(" until {}", at.human())).unwrap_or_default();
    format!("Granted {subject} {what}{again}{until}")
}

/// Both versions of an end that somebody else changed meanwhile.
fn stale(asked: &Asked, present: Option<&GrantRow>, subject: &str, resource: &Resource) -> Error {
    let GrantedAt { granted, until, .. } = asked.grant;
    let end = |end: Option<Timestamp>| match end {
        Some(at) => format!("with the end {}", at.human()),
        None => "without an end".to_owned(),
    };
    let what = format!("{granted} on the {} {}", resource.kind, resource.name);
    let now = match present {
        Some(present) => format!("{subject} holds {what} now, {}", end(present.expires_at)),
        None => format!("{subject} does not hold {what} any more"),
    };
    Error::conflict(format!("Somebody else changed this meanwhile. {now}; you sent it {}.", end(until)))
}

/// Reads the end that was shown of what is there already; empty means that none was.
fn parse_seen(text: &str) -> Result<Option<String>, Error> {
    match text.trim() {
        "" => Ok(None),
        word @ ("none" | "never") => Ok(Some(word.to_owned())),
        at => Timestamp::from_rfc3339(at).map(|at| Some(at.rfc3339())).ok_or_else(|| {
            let reason =
                "Give the end as it was shown: an RFC 3339 time, never, or none if it was not given yet.";
            Error::invalid("seen_end", reason)
        }),
    }
}

/// Reads a role or permission that can be given on a resource of that kind.
pub(crate) fn parse_granted(text: &str, kind: ResourceKind) -> Result<Granted, Error> {
    let granted: Granted = text.trim().parse().map_err(|_| {
        let reason = match text.trim() {
            "" => "Choose a role or a permission.".to_owned(),
            text => format!("“{text}” is no role and no permission. Choose one of the list."),
        };
        Error::invalid("granted", reason)
    })?;
    if granted.fits(kind) {
        return Ok(granted);
    }
    let reason =
        format!("{granted} is about the organization; give it on the organization, not on a {kind}.");
    Err(Error::invalid("granted", reason))
}

/// Reads a number of days; empty means none.
pub(crate) fn parse_days(text: &str, field: &str) -> Result<Option<Duration>, Error> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let days = text.trim().parse::<u32>().ok().filter(|days| (1..=DAYS_MAX).contains(days));
    let days = days.ok_or_else(|| {
        Error::invalid(field, format!("Enter a whole number of days from 1 to {DAYS_MAX}, or nothing."))
    })?;
    Ok(Some(Duration::from_secs(u64::from(days) * 24 * 3600)))
}
