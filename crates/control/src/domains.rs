//! The domains of an organization: listing them, having their proof looked for, and removing them. Who proves to hold one manages
//! the people whose addresses are in it: that is in `managed`. Looking again by itself is in `checking`.

mod changes;
mod checking;
mod letters;
mod look_ups;

use std::{collections::BTreeMap, time::Duration};

use domain::{
    actions::Action,
    domains::{DOMAINS_MAX, DomainState, DomainVerification, MAIL_HOSTS},
    errors::Error,
    events::EventType,
    ids::{DomainId, OrganizationId},
    names::{DomainName, NameError},
    principals::SubjectKind,
    views::{DiscoveredOrganization, DomainPreview, DomainRow},
};
use serde_json::json;
use store::{Tx, access::Target, domains::Domain};

use self::{
    changes::{Change, lapses_at},
    look_ups::{Finding, look_for},
};
use crate::{
    Context,
    contexts::Write,
    errors::{Failure, attempt},
};

pub(crate) use checking::keep_checking;
#[cfg(feature = "testing")]
pub(crate) use checking::{check_due, tell_due};
pub(crate) use look_ups::cut;
pub use look_ups::{LookUpError, LookUps};

/// How long a domain is not looked for again by hand.
const VERIFY_PAUSE: Duration = Duration::from_secs(5);
/// Bytes of what the proof holds: 160 bits.
const TOKEN_BYTES: usize = 20;
/// Other organizations that are shown, at most.
const DISCOVERED_MAX: u32 = 500;
/// What is said when another organization was first. It does not say which.
const TAKEN: &str = "Another organization of this installation has verified this domain. If it is yours, ask whoever operates the \
    installation.";

/// The organization's domains by name.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn list(ctx: &Context, organization: OrganizationId) -> Result<Vec<DomainRow>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListDomains, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let counts: BTreeMap<DomainId, i64> =
            store::domains::count_managed_each(&mut tx, organization).await?.into_iter().collect();
        let domains = store::domains::list(&mut tx, organization).await?.into_iter();
        Ok(domains.map(|domain| row(counts.get(&domain.id).copied(), domain)).collect())
    })
}

/// One domain.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn view(ctx: &Context, organization: OrganizationId, id: DomainId) -> Result<DomainRow, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListDomains, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let domain = find(&mut tx, organization, id).await?;
        look(&mut tx, domain).await
    })
}

/// Lists a domain, which nothing is proven of yet. Its proof is looked for by itself for three days.
///
/// # Errors
/// `Invalid` on `domain_name`, also when it is listed already, nobody can hold it, or another organization has it;
/// `Invalid` on `verification_type`; `Conflict` when there are too many; `Denied`; `NotFound`.
pub async fn add(
    ctx: &Context,
    organization: OrganizationId,
    name: &str,
    verification: &str,
) -> Result<DomainRow, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::AddDomain, Target::Organization(organization)).await?;
        let name = parse_name(name).map_err(|error| Error::name("domain_name", error))?;
        let verification = parse_verification(verification)?;
        let mut write = permit.write(EventType::DomainAdded).await?;
        if store::domains::count(&mut write.tx, organization).await? >= DOMAINS_MAX {
            let reason = format!("An organization has at most {DOMAINS_MAX} domains. Remove one first.");
            return Err(Error::conflict(reason).into());
        }
        let id = DomainId::from_uuid(ctx.control.new_uuid());
        let domain = Domain {
            id,
            organization_id: organization,
            name: name.into(),
            verification,
            challenge_token: new_token(ctx),
            state: DomainState::Unverified,
            state_since: ctx.now(),
            created_at: ctx.now(),
            verified_at: None,
            checked_at: None,
            next_check_at: Some(ctx.now().plus(changes::RETRY_FIRST)),
            failing_since: None,
            last_failure: None,
            notices: 0,
            told_until: None,
        };
        if !store::domains::add(&mut write.tx, &domain).await? {
            let reason = format!("{} is listed already.", domain.name);
            return Err(Error::invalid("domain_name", reason).into());
        }
        if store::domains::find_verified(&mut write.tx, &domain.name).await?.is_some() {
            return Err(Error::invalid("domain_name", TAKEN).into());
        }
        name_in(&mut write, &domain);
        write
            .after(&json!({ "domain": domain.name, "verification": domain.verification }))?
            .text(format!("Listed the domain {}", domain.name));
        let row = look(&mut write.tx, domain).await?;
        write.commit().await?;
        Ok(row)
    })
}

/// Chooses how a domain is proven. What the proof holds stays the same. A verified domain stays so, as long as it is found the
/// new way before its time is over.
///
/// # Errors
/// `Invalid` on `verification_type`; `Denied`; `NotFound`.
pub async fn set_method(
    ctx: &Context,
    organization: OrganizationId,
    id: DomainId,
    verification: &str,
) -> Result<DomainRow, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::SetDomainMethod, Target::Organization(organization)).await?;
        let verification = parse_verification(verification)?;
        let mut write = permit.write(EventType::DomainMethodChanged).await?;
        let before = find(&mut write.tx, organization, id).await?;
        if before.verification == verification {
            return look(&mut write.tx, before).await;
        }
        let (now, next) = (ctx.now(), ctx.now().plus(changes::RETRY_FIRST));
        store::domains::set_verification(&mut write.tx, id, verification, now, next).await?;
        name_in(&mut write, &before);
        write
            .before(&json!({ "verification": before.verification }))?
            .after(&json!({ "verification": verification }))?
            .text(format!("The domain {} is to be proven by a {}", before.name, verification.label()));
        let domain = find(&mut write.tx, organization, id).await?;
        let row = look(&mut write.tx, domain).await?;
        write.commit().await?;
        Ok(row)
    })
}

/// What verifying a domain now would do: its proof is looked for, and nothing is changed. How many people have an address in it
/// is told to nobody who does not hold it.
///
/// # Errors
/// `StepUp`; `Denied`; `NotFound`.
pub async fn preview(
    ctx: &Context,
    organization: OrganizationId,
    id: DomainId,
) -> Result<DomainPreview, Error> {
    let domain = seen(ctx, organization, id).await?;
    let finding = look_for(&ctx.control, &domain).await;
    attempt!(ctx, {
        let permit = ctx.authorize(Action::VerifyDomain, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let domain = find(&mut tx, organization, id).await?;
        let holder = store::domains::find_verified(&mut tx, &domain.name).await?;
        let is_taken = holder.is_some_and(|holder| holder.id != id);
        let obstacle = match &finding {
            Finding::Proven if is_taken => Some(TAKEN.to_owned()),
            Finding::Proven => None,
            Finding::Missing(reason) => Some(reason.clone()),
            Finding::Unknown(reason) => Some(could_not(reason)),
        };
        let people = match obstacle {
            None => Some(store::domains::count_people(&mut tx, &domain.name).await?),
            Some(_) => None,
        };
        Ok(DomainPreview { row: look(&mut tx, domain).await?, obstacle, people })
    })
}

/// Looks for a domain's proof, and has it verified if it is there: whose addresses are in it are managed from then on, and are
/// told so.
///
/// # Errors
/// `Conflict` saying why the proof was not found, or that another organization has the domain; `Unavailable` when it could not
/// be looked up; `Limited` when it was looked for a moment ago; `StepUp`; `Denied`; `NotFound`.
pub async fn verify(ctx: &Context, organization: OrganizationId, id: DomainId) -> Result<DomainRow, Error> {
    let domain = seen(ctx, organization, id).await?;
    if let Some(at) = domain.checked_at
        && ctx.now().since(at) < VERIFY_PAUSE
    {
        let reason = "Its proof was looked for a moment ago.".to_owned();
        let retry_after_seconds = VERIFY_PAUSE.as_secs();
        return Err(Error::Limited { field: None, reason, retry_after_seconds });
    }
    let finding = look_for(&ctx.control, &domain).await;
    attempt!(ctx, {
        let permit = ctx.authorize(Action::VerifyDomain, Target::Organization(organization)).await?;
        let mut write = permit.write(EventType::DomainVerified).await?;
        let now = find(&mut write.tx, organization, id).await?;
        if !is_same(&domain, &now) {
            return Err(Error::conflict("Somebody else changed this meanwhile. Do it again.").into());
        }
        let change = Change::of(&now, &finding, ctx.now());
        let done = changes::carry_out(&ctx.control, &mut write, &now, &change).await?;
        let domain = find(&mut write.tx, organization, id).await?;
        let row = look(&mut write.tx, domain).await?;
        write.commit().await?;
        match (done, &finding) {
            (changes::Done::Taken, _) => Err(Error::conflict(TAKEN).into()),
            (_, Finding::Proven) => Ok(row),
            (_, Finding::Missing(reason)) => Err(Error::conflict(reason).into()),
            (_, Finding::Unknown(reason)) => Err(Error::Unavailable { reason: could_not(reason) }.into()),
        }
    })
}

/// Removes a domain: who was managed by it is so no more. `confirmation` must be its name.
///
/// # Errors
/// `Invalid` on `confirmation`; `StepUp`; `Denied`; `NotFound`.
pub async fn remove(
    ctx: &Context,
    organization: OrganizationId,
    id: DomainId,
    confirmation: &str,
) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::RemoveDomain, Target::Organization(organization)).await?;
        let mut write = permit.write(EventType::DomainRemoved).await?;
        let domain = find(&mut write.tx, organization, id).await?;
        if confirmation.trim().to_lowercase() != domain.name {
            let reason = format!("Type the domain, {}, to remove it.", domain.name);
            return Err(Error::invalid("confirmation", reason).into());
        }
        let row = look(&mut write.tx, domain.clone()).await?;
        store::domains::remove(&mut write.tx, id).await?;
        name_in(&mut write, &domain);
        let people = match row.managed_people {
            Some(people) => format!("; {}", changes::no_longer(people)),
            None => String::new(),
        };
        write
            .before(&json!({
                "domain": domain.name,
                "state": domain.state,
                "verification": domain.verification,
                "people": row.managed_people,
            }))?
            .text(format!("Removed the domain {}{people}", domain.name));
        write.commit().await
    })
}

/// The other organizations that people are in whom this one manages, by name.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn discovered(
    ctx: &Context,
    organization: OrganizationId,
) -> Result<Vec<DiscoveredOrganization>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListDomains, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let found = store::domains::discovered(&mut tx, organization, DISCOVERED_MAX).await?;
        let draw = |one: store::domains::Discovered| DiscoveredOrganization {
            organization_id: one.organization_id,
            organization_name: one.name,
            people: one.people,
            super_admins: one.super_admins,
        };
        Ok(found.into_iter().map(draw).collect())
    })
}

/// The domain as it is before its proof is looked for, with no transaction left open.
async fn seen(ctx: &Context, organization: OrganizationId, id: DomainId) -> Result<Domain, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::VerifyDomain, Target::Organization(organization)).await?;
        find(&mut permit.read().await?, organization, id).await
    })
}

/// Whether what was looked for is still what proves the domain.
fn is_same(seen: &Domain, now: &Domain) -> bool {
    (&seen.challenge_token, seen.verification, seen.state)
        == (&now.challenge_token, now.verification, now.state)
}

async fn find(tx: &mut Tx, organization: OrganizationId, id: DomainId) -> Result<Domain, Failure> {
    Ok(store::domains::find(tx, organization, id).await?.ok_or(Error::NotFound)?)
}

fn name_in(write: &mut Write, domain: &Domain) {
    write.subject(SubjectKind::Domain, domain.id.uuid(), domain.name.clone());
}

async fn look(tx: &mut Tx, domain: Domain) -> Result<DomainRow, Failure> {
    let managed_people = match domain.state {
        DomainState::Verified => Some(store::domains::count_people(tx, &domain.name).await?),
        DomainState::Unverified => None,
    };
    Ok(row(managed_people, domain))
}

/// A line of the list. How many people it makes managed is known of verified ones alone.
fn row(managed_people: Option<i64>, domain: Domain) -> DomainRow {
    DomainRow {
        lapses_at: lapses_at(&domain),
        domain_id: domain.id,
        domain_name: domain.name,
        organization_id: domain.organization_id,
        state: domain.state,
        verification_type: domain.verification,
        challenge_token: domain.challenge_token,
        created_at: domain.created_at,
        verified_at: domain.verified_at,
        checked_at: domain.checked_at,
        next_check_at: domain.next_check_at,
        failing_since: domain.failing_since,
        last_failure: domain.last_failure,
        managed_people,
    }
}

/// A domain that somebody can hold, whatever letters it is written in.
fn parse_name(text: &str) -> Result<DomainName, NameError> {
    let ascii = idna::domain_to_ascii(text.trim()).unwrap_or_else(|_| text.to_owned());
    let name: DomainName = ascii.parse()?;
    if MAIL_HOSTS.contains(&name.as_str()) {
        return Err(NameError(format!(
            "Everybody can have a mailbox at {name}: no organization can verify it."
        )));
    }
    if psl::domain_str(name.as_str()).is_none() {
        return Err(NameError(format!(
            "Everybody can register names beneath {name}: no organization can verify it. Enter one of your own, like \
             example.{name}."
        )));
    }
    Ok(name)
}

fn parse_verification(text: &str) -> Result<DomainVerification, Error> {
    let choose = |_| Error::invalid("verification_type", "Choose dns or http.");
    text.trim().parse().map_err(choose)
}

fn new_token(ctx: &Context) -> String {
    let mut bytes = [0; TOKEN_BYTES];
    ctx.control.random().fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn could_not(reason: &str) -> String {
    format!("The proof could not be looked up. {reason}")
}
