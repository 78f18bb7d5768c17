//! Grants that end because whoever holds them, or what they are on, goes: what the event of that holds of them, and an event
//! in the log of each project that they were on. Takes nothing back: the store does, together with whatever goes.

use domain::{
    events::EventType,
    ids::{EventId, OrganizationId, ProjectId},
    principals::{ResourceKind, SubjectKind},
    timestamps::Timestamp,
};
use serde_json::Value;
use store::{
    Tx,
    events::Event,
    grants::{Described, GrantFilter},
};
use uuid::Uuid;

use super::{principal_of, recorded, resource_of, subject};
use crate::{Context, audit, contexts::Write, errors::Failure};

/// Grants, and members of a group, that the event of what goes spells out, at most.
pub(crate) const TOLD_MAX: usize = 100;
/// Grants that are looked at when something goes, at most: as many as are looked at of somebody who acts.
const ENDING_MAX: u32 = 10_000;
/// Grants on projects that get an event of their own when their holder goes, at most.
const PROJECT_EVENTS_MAX: usize = 1000;

/// The grants that end, without those whose time was over anyway; of more than [`ENDING_MAX`] the oldest.
pub(crate) struct Ending {
    grants: Vec<Described>,
    of_principal: bool,
}

impl Ending {
    /// What somebody, or a group, was given themselves.
    pub(crate) async fn of_principal(
        ctx: &Context,
        tx: &mut Tx,
        organization: OrganizationId,
        principal: Uuid,
    ) -> Result<Self, Failure> {
        let filter = GrantFilter { principal: Some(principal), resource: None };
        Ok(Self { grants: running(ctx, tx, organization, filter).await?, of_principal: true })
    }

    /// What was given on a resource itself.
    pub(crate) async fn on_resource(
        ctx: &Context,
        tx: &mut Tx,
        organization: OrganizationId,
        resource: Uuid,
    ) -> Result<Self, Failure> {
        let filter = GrantFilter { principal: None, resource: Some(resource) };
        Ok(Self { grants: running(ctx, tx, organization, filter).await?, of_principal: false })
    }

    /// Puts them into what an event holds: `granted`, and where they are cut `granted_total`.
    pub(crate) fn tell(&self, before: &mut Value) {
        let told = self.grants.iter().map(|row| match self.of_principal {
            true => until(row, format!("{} on the {}", row.grant.granted, place(row))),
            false => until(row, format!("{} to {}", row.grant.granted, holder(row))),
        });
        tell(before, "granted", told.take(TOLD_MAX).collect(), self.grants.len());
    }

    /// Puts an event in the log of each project for each of them that was on it. `why` says what became of the holder.
    pub(crate) async fn record(&self, ctx: &Context, write: &mut Write, why: &str) -> Result<(), Failure> {
        let on_projects = self.grants.iter().filter(|row| row.grant.resource_kind == ResourceKind::Project);
        for row in on_projects.take(PROJECT_EVENTS_MAX) {
            let principal = principal_of(row);
            let (kind, subject) = subject(&principal);
            let (granted, resource) = (&row.grant.granted, resource_of(row));
            let before = recorded(&subject, granted, &resource, row.grant.expires_at);
            let event = Event {
                id: EventId::from_uuid(ctx.control.new_uuid()),
                event_type: EventType::PermissionRevoked,
                project_id: Some(ProjectId::from_uuid(resource.id)),
                text: format!("Revoked {granted} on the project {} from {subject}, {why}", resource.name),
                project_name: Some(resource.name),
                before: Some(serde_json::to_string(&before)?),
                after: None,
                subject_kind: Some(kind),
                subject_id: Some(principal.id),
                subject_name: Some(subject),
                ..write.event.clone()
            };
            audit::append(&mut write.tx, event).await?;
        }
        Ok(())
    }
}

/// Puts a list into what an event holds; where it is cut, how many there were as well.
pub(crate) fn tell(before: &mut Value, name: &str, told: Vec<String>, total: usize) {
    if told.len() < total {
        before[format!("{name}_total")] = total.into();
    }
    before[name] = told.into();
}

async fn running(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    filter: GrantFilter,
) -> Result<Vec<Described>, Failure> {
    let found = store::grants::list(tx, organization, &filter, None, ENDING_MAX).await?;
    let is_running = |row: &Described| row.grant.expires_at.is_none_or(|at| at > ctx.now());
    Ok(found.into_iter().filter(is_running).collect())
}

fn place(row: &Described) -> String {
    format!("{} {}", row.grant.resource_kind, row.resource_name)
}

fn holder(row: &Described) -> String {
    match subject(&principal_of(row)) {
        (SubjectKind::Group, name) => format!("the group {name}"),
        (SubjectKind::ApplicationUser, name) => format!("the application user {name}"),
        (_, name) => name,
    }
}

fn until(row: &Described, told: String) -> String {
    match row.grant.expires_at.map(Timestamp::rfc3339) {
        Some(end) => format!("{told} until {end}"),
        None => told,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_cut_says_how_many_there_were() {
        let names = |count: usize| vec!["ann".to_owned(); count];
        let mut before = json!({ "name": "shop" });
        tell(&mut before, "members", names(2), 2);
        assert_eq!(before, json!({ "name": "shop", "members": ["ann", "ann"] }));
        tell(&mut before, "members", names(1), 2);
        assert_eq!(before, json!({ "name": "shop", "members": ["ann"], "members_total": 2 }));
    }
}
