//! Grants that end because whoever holds them, or what they are on, goes: what the event of that holds of them, and an event
//! in the log of each project that they were on. Takes nothing back: the store does, together with whatever goes.

use std::collections::BTreeMap;

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
/// Projects that get an event in their own log when somebody goes who held something on them, at most.
const PROJECT_EVENTS_MAX: usize = 1000;

/// The grants that end, without those whose time was over anyway; of more than [`ENDING_MAX`] the oldest.
pub(crate) struct Ending {
    grants: Vec<Described>,
    /// How many there are, and on how many projects, whether they were looked at or not.
    total: usize,
    projects_total: usize,
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
        Self::find(ctx, tx, organization, &filter).await
    }

    /// What was given on a resource itself.
    pub(crate) async fn on_resource(
        ctx: &Context,
        tx: &mut Tx,
        organization: OrganizationId,
        resource: Uuid,
    ) -> Result<Self, Failure> {
        let filter = GrantFilter { principal: None, resource: Some(resource) };
        Self::find(ctx, tx, organization, &filter).await
    }

    async fn find(
        ctx: &Context,
        tx: &mut Tx,
        organization: OrganizationId,
        filter: &GrantFilter,
    ) -> Result<Self, Failure> {
        let (total, projects_total) =
            store::running_grants::count(tx, organization, filter, ctx.now()).await?;
        let count = |count: i64| usize::try_from(count).unwrap_or(usize::MAX);
        Ok(Self {
            grants: store::running_grants::list(tx, organization, filter, ctx.now(), ENDING_MAX).await?,
            total: count(total),
            projects_total: count(projects_total),
            of_principal: filter.principal.is_some(),
        })
    }

    /// Puts them into what an event holds: `granted`, and where they are cut `granted_total`.
    pub(crate) fn tell(&self, before: &mut Value) {
        let told = self.grants.iter().map(|row| match self.of_principal {
            true => until(row, format!("{} on the {}", row.grant.granted, place(row))),
            false => until(row, format!("{} to {}", row.grant.granted, holder(row))),
        });
        tell(before, "granted", told.take(TOLD_MAX).collect(), self.total);
    }

    /// Puts an event in the log of each project that they were on, for all of them that were on it; of more than
    /// [`PROJECT_EVENTS_MAX`] projects in that of those with the oldest. `why` says what became of the holder. Gives the end
    /// of the sentence of what went, which says how many projects have none.
    pub(crate) async fn record(
        &self,
        ctx: &Context,
        write: &mut Write,
        why: &str,
    ) -> Result<String, Failure> {
        let mut events: Vec<Event> = Vec::new();
        for grants in self.by_project().into_iter().take(PROJECT_EVENTS_MAX) {
            events.push(revoked(ctx, &write.event, &grants, why)?);
        }
        let untold = self.projects_total.saturating_sub(events.len());
        audit::append_all(&mut write.tx, write.event.organization_id, events).await?;
        Ok(match untold {
            0 => String::new(),
            1 => "; the log of 1 more project does not say so".to_owned(),
            count => format!("; the logs of {count} more projects do not say so"),
        })
    }

    /// Those that were on projects, by project; that with the oldest comes first.
    fn by_project(&self) -> Vec<Vec<&Described>> {
        let mut places = BTreeMap::new();
        let mut projects: Vec<Vec<&Described>> = Vec::new();
        for row in self.grants.iter().filter(|row| row.grant.resource_kind == ResourceKind::Project) {
            let place = *places.entry(row.grant.resource_id).or_insert(projects.len());
            match projects.get_mut(place) {
                Some(grants) => grants.push(row),
                None => projects.push(vec![row]),
            }
        }
        projects
    }
}

/// The event for the log of a project: what somebody held on it who is gone. There must be a grant.
fn revoked(ctx: &Context, of: &Event, grants: &[&Described], why: &str) -> Result<Event, Failure> {
    let [first, further @ ..] = grants else {
        return Err(Failure::Inconsistent("a project without a grant was to be told of some".into()));
    };
    let (principal, resource) = (principal_of(first), resource_of(first));
    let (kind, subject) = subject(&principal);
    let names: Vec<&str> = grants.iter().map(|row| row.grant.granted.as_str()).collect();
    let names = names.join(", ");
    let before = match further {
        [] => recorded(&subject, &names, &resource, first.grant.expires_at),
        // Each with its own end.
        _ => {
            let each: Vec<String> = grants.iter().map(|row| until(row, row.grant.granted.clone())).collect();
            recorded(&subject, &each.join(", "), &resource, None)
        }
    };
    Ok(Event {
        id: EventId::from_uuid(ctx.control.new_uuid()),
        event_type: EventType::PermissionRevoked,
        project_id: Some(ProjectId::from_uuid(resource.id)),
        text: format!("Revoked {names} on the project {} from {subject}, {why}", resource.name),
        project_name: Some(resource.name),
        before: Some(serde_json::to_string(&before)?),
        after: None,
        subject_kind: Some(kind),
        subject_id: Some(principal.id),
        subject_name: Some(subject),
        ..of.clone()
    })
}

/// Puts a list into what an event holds; where it is cut, how many there were as well.
pub(crate) fn tell(before: &mut Value, name: &str, told: Vec<String>, total: usize) {
    if told.len() < total {
        before[format!("{name}_total")] = total.into();
    }
    before[name] = told.into();
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
