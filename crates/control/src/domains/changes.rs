//! What becomes of a domain once its proof was looked for: a pure decision, and carrying it out with its event and mails.

use std::time::Duration;

use domain::{domains::DomainState, events::EventType, states::Outcome, timestamps::Timestamp};
use serde_json::json;
use store::{
    Tx,
    domains::{Checked, Domain},
};

use super::{Finding, TAKEN, could_not, letters, name_in};
use crate::{Control, contexts::Write, errors::Failure};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long a domain stays verified whose proof is gone.
pub(super) const GRACE: Duration = Duration::from_secs(14 * 24 * 3600);
/// How long the proof of an unverified domain is looked for by itself.
const TRIED_FOR: Duration = Duration::from_secs(72 * 3600);
/// The first pause between two looks for it; it grows with the time that has passed.
pub(super) const RETRY_FIRST: Duration = Duration::from_secs(60);
/// The longest one.
const RETRY_MAX: Duration = HOUR;
/// After how long without a proof people are told, if the world says that it is not there.
const NOTICES_MISSING: [Duration; 3] =
    [Duration::ZERO, Duration::from_secs(7 * 24 * 3600), GRACE.saturating_sub(DAY)];
/// The same if it could not be looked up, which is often over soon.
const NOTICES_UNKNOWN: [Duration; 3] = [DAY, Duration::from_secs(7 * 24 * 3600), GRACE.saturating_sub(DAY)];

/// What a look leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// An unverified domain becomes verified.
    Verify,
    /// An unverified domain stays so; why.
    Wait(String),
    /// A verified domain stays so. Whether its proof had been gone.
    Keep(bool),
    /// A verified domain stays so for now, without its proof; why.
    Fail {
        /// Why.
        reason: String,
        /// Since when.
        since: Timestamp,
        /// How many notices are due altogether.
        notices: i64,
    },
    /// A verified domain is so no more; why.
    Lapse(String),
}

impl Change {
    /// What follows from what was found.
    pub(super) fn of(domain: &Domain, finding: &Finding, now: Timestamp) -> Self {
        let (reason, notices) = match (finding, domain.state) {
            (Finding::Proven, DomainState::Unverified) => return Self::Verify,
            (Finding::Proven, DomainState::Verified) => return Self::Keep(domain.failing_since.is_some()),
            (Finding::Missing(reason), _) => (reason.clone(), NOTICES_MISSING),
            (Finding::Unknown(reason), _) => (could_not(reason), NOTICES_UNKNOWN),
        };
        if domain.state == DomainState::Unverified {
            return Self::Wait(reason);
        }
        let since = domain.failing_since.unwrap_or(now);
        let elapsed = now.since(since);
        if elapsed >= GRACE {
            return Self::Lapse(reason);
        }
        let due = notices.iter().filter(|after| **after <= elapsed).count();
        let notices = i64::try_from(due).unwrap_or(i64::MAX).max(domain.notices);
        Self::Fail { reason, since, notices }
    }

    /// Whether it is to be on record when nobody asked for the look.
    pub(super) fn is_told(&self, domain: &Domain) -> bool {
        match self {
            Self::Verify | Self::Keep(true) | Self::Lapse(_) => true,
            Self::Fail { notices, .. } => *notices > domain.notices,
            Self::Wait(_) | Self::Keep(false) => false,
        }
    }
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// It is as it was decided.
    Yes,
    /// Another organization has the domain.
    Taken,
}

/// Writes a change down without telling anybody.
pub(super) async fn note(
    tx: &mut Tx,
    domain: &Domain,
    change: &Change,
    now: Timestamp,
) -> Result<Done, store::Error> {
    let next = now.plus(DAY);
    let checked = Checked {
        checked_at: now,
        next_check_at: Some(next),
        failing_since: None,
        last_failure: None,
        notices: 0,
    };
    let checked = match change {
        Change::Verify if store::domains::set_verified(tx, domain.id, now, next).await? => {
            return Ok(Done::Yes);
        }
        Change::Verify => {
            let next_check_at = next_try(domain, now);
            let checked = Checked { next_check_at, last_failure: Some(TAKEN), ..checked };
            store::domains::set_checked(tx, domain.id, &checked).await?;
            return Ok(Done::Taken);
        }
        Change::Lapse(reason) => {
            let next = now.plus(RETRY_FIRST);
            store::domains::set_lapsed(tx, domain.id, now, next, reason).await?;
            return Ok(Done::Yes);
        }
        Change::Keep(_) => checked,
        Change::Wait(reason) => {
            Checked { next_check_at: next_try(domain, now), last_failure: Some(reason), ..checked }
        }
        Change::Fail { reason, since, notices } => Checked {
            next_check_at: Some(now.plus(HOUR)),
            failing_since: Some(*since),
            last_failure: Some(reason),
            notices: *notices,
            ..checked
        },
    };
    store::domains::set_checked(tx, domain.id, &checked).await?;
    Ok(Done::Yes)
}

/// Makes a change with its event, and tells those who look after the organization's domains.
pub(super) async fn carry_out(
    control: &Control,
    write: &mut Write,
    domain: &Domain,
    change: &Change,
) -> Result<Done, Failure> {
    let (now, name) = (control.now(), &domain.name);
    let done = note(&mut write.tx, domain, change, now).await?;
    name_in(write, domain);
    let failed = |write: &mut Write, event_type, reason: &str| {
        write.event.event_type = event_type;
        write.event.outcome = Outcome::Failed;
        write.event.text = format!("The domain {name} could not be verified: {reason}");
    };
    match change {
        Change::Verify if done == Done::Taken => failed(write, EventType::DomainVerificationFailed, TAKEN),
        Change::Verify => {
            let people = store::domains::count_people(&mut write.tx, name).await?;
            write.after(&json!({ "domain": name, "verification": domain.verification, "people": people }))?;
            write.text(format!("Verified the domain {name}; {}", managed(people)));
            letters::verified(control, &mut write.tx, domain, people).await?;
        }
        Change::Keep(was_gone) => {
            let text =
                if *was_gone { "Found the proof of the domain" } else { "The proof is there of the domain" };
            write.text(format!("{text} {name}{}", if *was_gone { " again" } else { "" }));
            if *was_gone {
                letters::found_again(control, &mut write.tx, domain).await?;
            }
        }
        Change::Wait(reason) => failed(write, EventType::DomainVerificationFailed, reason),
        Change::Fail { reason, since, notices } => {
            failed(write, EventType::DomainVerificationFailed, reason);
            write.text(format!("The proof of the domain {name} is gone since {}: {reason}", since.human()));
            if *notices > domain.notices {
                letters::gone(control, &mut write.tx, domain, reason, since.plus(GRACE)).await?;
            }
        }
        Change::Lapse(reason) => {
            let people = store::domains::count_people(&mut write.tx, name).await?;
            write.event.event_type = EventType::DomainLapsed;
            write.before(&json!({ "domain": name, "people": people }))?.text(format!(
                "The domain {name} is not verified any more, and {}: {reason}",
                no_longer(people)
            ));
            letters::lapsed(control, &mut write.tx, domain, reason, people).await?;
        }
    }
    Ok(done)
}

/// When an unverified domain is tried again by itself; none once that was done for long enough.
fn next_try(domain: &Domain, now: Timestamp) -> Option<Timestamp> {
    let passed = now.since(domain.state_since);
    let pause = (passed / 2).clamp(RETRY_FIRST, RETRY_MAX);
    (passed < TRIED_FOR).then(|| now.plus(pause))
}

/// When a verified domain whose proof is gone will be so no more.
pub(super) fn lapses_at(domain: &Domain) -> Option<Timestamp> {
    domain.failing_since.map(|since| since.plus(GRACE))
}

/// How many people are managed by it, as part of a sentence.
pub(super) fn managed(people: i64) -> String {
    match people {
        1 => "one person is managed by it".to_owned(),
        people => format!("{people} people are managed by it"),
    }
}

/// How many people are managed by it no more.
pub(super) fn no_longer(people: i64) -> String {
    match people {
        1 => "one person is not managed any more".to_owned(),
        people => format!("{people} people are not managed any more"),
    }
}
