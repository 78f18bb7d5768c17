//! Looking for the proofs of domains again by itself, and telling people that they are managed now. Several servers share the
//! work: each look is taken by one of them.

use std::time::Duration;

use domain::{actions::Action, events::EventType};
use store::domains::Domain;
use tokio::{sync::watch, task::JoinSet};

use super::{
    changes::{self, Change},
    is_same, letters,
    look_ups::look_for,
};
use crate::{
    Control,
    errors::{Failure, chain},
    workflow::caught,
};

/// How often it is looked whether a proof is due.
const LOOK_EVERY: Duration = Duration::from_secs(20);
/// Domains that are taken in one look.
const BATCH_ROWS: u32 = 50;
/// Proofs that are looked for at the same time, at most.
const PARALLEL_MAX: usize = 8;
/// After how long a look is taken again that told nothing, because its server was lost.
const CLAIM: Duration = Duration::from_secs(300);
/// People who are told in one transaction.
const TOLD_ROWS: u32 = 100;
/// Domains whose people are told in one go.
const TOLD_DOMAINS: u32 = 10;

/// Looks for what is due, again and again, until `shutdown` turns true; looks that are under way are finished first.
pub(crate) async fn keep_checking(control: Control, mut shutdown: watch::Receiver<bool>) {
    let mut has_told = false;
    while !*shutdown.borrow() {
        let checked = caught(check_due(&control)).await.map(drop);
        let told = caught(tell_due(&control)).await.map(drop);
        let done = checked.and(told);
        // Once for as long as it lasts.
        if let Err(failure) = &done
            && !has_told
        {
            tracing::warn!(error = chain(failure), "Domains could not be looked at");
        }
        has_told = done.is_err();
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = shutdown.changed() => {}
        }
    }
}

/// Looks for every proof that is due; says how many were looked for.
pub(crate) async fn check_due(control: &Control) -> Result<usize, Failure> {
    let mut tx = control.store().read().await?;
    let due = store::domains::due(&mut tx, control.now(), BATCH_ROWS).await?;
    drop(tx);
    let (mut tasks, mut done, mut result) = (JoinSet::new(), 0, Ok(()));
    let mut take = |joined: Option<Result<Result<bool, Failure>, _>>| match joined {
        Some(Ok(Ok(is_done))) => done += usize::from(is_done),
        // Another server was faster, or somebody is changing it right now.
        Some(Ok(Err(failure))) if failure.is_conflict() => {}
        Some(Ok(Err(failure))) => result = Err(failure),
        Some(Err(_)) | None => {}
    };
    for domain in due {
        if tasks.len() >= PARALLEL_MAX {
            take(tasks.join_next().await);
        }
        let control = control.clone();
        tasks.spawn(async move { caught(check(&control, &domain)).await });
    }
    while let Some(joined) = tasks.join_next().await {
        take(Some(joined));
    }
    result.map(|()| done)
}

/// Looks for one proof, unless another server does.
async fn check(control: &Control, due: &Domain) -> Result<bool, Failure> {
    let mut tx = control.store().write().await?;
    let until = control.now().plus(CLAIM);
    let claimed = store::domains::claim(&mut tx, due.id, due.next_check_at, until).await?;
    tx.commit().await?;
    if !claimed {
        return Ok(false);
    }
    let finding = look_for(control, due).await;
    let ctx = control.system_context();
    let mut tx = control.store().write().await?;
    let Some(domain) = store::domains::find(&mut tx, due.organization_id, due.id).await? else {
        return Ok(false);
    };
    if !is_same(due, &domain) {
        return Ok(false);
    }
    let change = Change::of(&domain, &finding, control.now());
    if !change.is_told(&domain) {
        changes::note(&mut tx, &domain, &change, control.now()).await?;
        tx.commit().await?;
        return Ok(true);
    }
    drop(tx);
    let mut write = ctx.system(Action::CheckDomains).write(EventType::DomainVerified).await?;
    let now = store::domains::find(&mut write.tx, due.organization_id, due.id).await?;
    if now.as_ref() != Some(&domain) {
        return Ok(false);
    }
    write.of_organizations(&[domain.organization_id]).event.actor = "system".into();
    changes::carry_out(control, &mut write, &domain, &change).await?;
    write.commit().await?;
    Ok(true)
}

/// Tells the people of domains that were verified that they are managed now; says how many were told.
pub(crate) async fn tell_due(control: &Control) -> Result<usize, Failure> {
    let mut tx = control.store().read().await?;
    let untold = store::domains::untold(&mut tx, TOLD_DOMAINS).await?;
    drop(tx);
    let mut count = 0;
    for domain in untold {
        match tell(control, &domain).await {
            Ok(told) => count += told,
            Err(failure) if failure.is_conflict() => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(count)
}

/// Tells the next of them, and remembers who was last.
async fn tell(control: &Control, domain: &Domain) -> Result<usize, Failure> {
    let mut tx = control.store().write().await?;
    let Some(organization) = store::organizations::find(&mut tx, domain.organization_id).await? else {
        return Ok(0);
    };
    let after = domain.told_until.as_deref().unwrap_or("");
    let people = store::domains::people(&mut tx, &domain.name, after, TOLD_ROWS).await?;
    let mut last = None;
    for id in &people {
        if let Some(user) = store::users::find(&mut tx, *id).await? {
            letters::managed_now(control, &mut tx, &user, &organization.name, domain).await?;
            last = Some(user.email);
        }
    }
    let until = last.filter(|_| people.len() >= TOLD_ROWS as usize);
    let before = domain.told_until.as_deref();
    if !store::domains::set_told_until(&mut tx, domain.id, before, until.as_deref()).await? {
        return Ok(0);
    }
    tx.commit().await?;
    control.notify();
    Ok(people.len())
}
