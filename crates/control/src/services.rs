//! Services: what can be had, list, make, look at, delete. What takes time is left to the service's workflow.

mod views;

use std::time::Duration;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::ServiceId,
    inputs::CreateService,
    names::ServiceName,
    networks::{Cidr, IpFilterEntry},
    plans::{CLOUDS, Cloud, PLANS, Plan},
    secrets::Secret,
    states::{ServiceState, ServiceType, Signal},
    views::{IpFilterView, Page, PlanView, ServiceRow, ServiceView, Timeline},
};
use host::{HostFacts, Notice};
use serde_json::json;
use store::{Tx, access::Target, services::Service};

use crate::{
    Context,
    contexts::Permit,
    envelopes::Place,
    errors::{Failure, attempt, host_unavailable},
    pages, projects, random, timelines,
    workflows::services::ServiceWorkflow,
};

use views::{accelerator_note, connection, node_views, row};

/// Column that a first user's password is sealed for.
pub(crate) const PASSWORD: &str = "services.password_sealed";
/// Name of the first database user of every service.
const FIRST_USER: &str = "rdadmin";
/// Name of the first database of every service.
const FIRST_DATABASE: &str = "defaultdb";
/// How long a page waits for the host to say how it sees the viewer.
const CLIENT_ADDRESS_LIMIT: Duration = Duration::from_secs(2);
/// Characters of a generated password: 139 bits.
const PASSWORD_CHARS: usize = 24;

/// The plans with their prices, each with the reason if it cannot be had right now.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn plans(ctx: &Context, project: &str) -> Result<Vec<PlanView>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewProject, Target::ProjectName(project)).await?;
        let facts = ctx.control.first_host().facts().await?;
        let mut tx = permit.read().await?;
        let promised = promised_memory(&mut tx).await?;
        Ok(PLANS
            .iter()
            .map(|plan| PlanView {
                plan: plan.name.into(),
                label: plan.label.into(),
                purpose: plan.purpose.into(),
                nodes: plan.nodes,
                vcpus: plan.vcpus,
                memory_mib: plan.memory_mib,
                data_mib: plan.data_mib,
                per_hour: plan.per_hour,
                per_month: plan.per_month(),
                unavailable: unavailable(plan, &facts, promised),
            })
            .collect())
    })
}

/// One page of a project's services by name, after the service named `after`.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn list(ctx: &Context, project: &str, after: Option<&str>) -> Result<Page<ServiceRow>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewService, Target::ProjectName(project)).await?;
        let id = permit.project()?;
        let mut tx = permit.read().await?;
        let total = store::services::count(&mut tx, id).await?;
        let found = store::services::list(&mut tx, id, after, pages::FETCHED).await?;
        let Page { rows, next, total } = pages::page(found, total, |service| service.name.clone(), row);
        Ok(Page { rows: rows.into_iter().collect::<Result<_, _>>()?, next, total })
    })
}

/// Asks for a service. Its workflow makes it; see [`timeline`].
///
/// # Errors
/// `Invalid` on `name`, `service_type`, `plan` or `cloud`; `Unavailable` when the host cannot run VMs; `Denied`;
/// `NotFound`.
pub async fn create(ctx: &Context, input: CreateService) -> Result<ServiceRow, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::CreateService, Target::ProjectName(&input.project)).await?;
        let name: ServiceName = input.name.parse().map_err(|error| Error::name("name", error))?;
        let (service_type, plan, cloud) = parse_choices(&input)?;
        let facts = ctx.control.first_host().facts().await?;
        if !facts.problems.is_empty() {
            tracing::warn!(report = %ctx.request_id(), problems = facts.problems.join(" "), "The host cannot run VMs");
            return Err(host_unavailable(ctx.request_id()).into());
        }
        let (id, now) = (ServiceId::from_uuid(ctx.control.new_uuid()), ctx.now());
        let password = random::text(ctx.control.random(), PASSWORD_CHARS);

        let mut write = permit.write(EventType::ServiceCreated).await?;
        let promised = promised_memory(&mut write.tx).await?;
        if let Some(reason) = unavailable(plan, &facts, promised) {
            return Err(Error::invalid("plan", reason).into());
        }
        let key = ctx.control.organization_key(&mut write.tx, permit.organization()?).await?;
        let place = Place { column: PASSWORD, row: id.uuid() };
        let service = Service {
            id,
            project_id: permit.project()?,
            name: name.as_str().to_owned(),
            service_type,
            plan: plan.name.into(),
            cloud: cloud.name.into(),
            state: ServiceState::Rebuilding,
            created_at: now,
            created_by: write.event.actor.clone(),
            database_name: FIRST_DATABASE.into(),
            username: FIRST_USER.into(),
            password_sealed: key.seal(ctx.control.random(), place, password.expose().as_bytes()),
            host: None,
            port: None,
            deletion_requested_at: None,
            deletion_requested_by: None,
            ip_filter_generation: 0,
            problem: None,
            running_at: None,
        };
        if !store::services::add(&mut write.tx, &service).await? {
            let reason = format!("This project has a service named {name} already.");
            return Err(Error::invalid("name", reason).into());
        }
        ServiceWorkflow::begin(&mut write.tx, id, now).await?;
        write.event.service_id = Some(id);
        write.event.service_name = Some(service.name.clone());
        write
            .after(&json!({ "name": name, "service_type": service_type, "plan": plan.name, "cloud": cloud.name }))?
            .text(format!("Asked for the service {name}: {} on the plan {}", service_type.label(), plan.name));
        write.commit().await?;
        row(service)
    })
}

/// Everything about a service but its password.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn view(ctx: &Context, project: &str, service: &str) -> Result<ServiceView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewService, Target::Service { project, service }).await?;
        let mut tx = permit.read().await?;
        let found = find(&mut tx, permit.service()?).await?;
        let stored_project =
            store::projects::find(&mut tx, found.project_id).await?.ok_or(Error::NotFound)?;
        let project = projects::find(&mut tx, &permit).await?;
        let mut nodes = node_views(&mut tx, found.id).await?;
        let timeline = timelines::draw(&mut tx, &found, ctx.now()).await?;
        drop(tx);
        for node in &mut nodes {
            let facts = ctx.control.recent_facts(&node.host).await;
            let accelerator = facts.as_ref().map(|facts| &facts.accelerator);
            node.accelerator_note = accelerator_note(node.accelerator.as_deref(), accelerator);
        }
        let ip_filter = ip_filter_view(ctx, &permit, found.id).await?;
        Ok(ServiceView {
            connection: connection(&found, stored_project.ca_certificate, ip_filter.reach_note.clone()),
            row: row(found)?,
            project,
            nodes,
            ip_filter,
            timeline,
        })
    })
}

/// The steps of a service's workflow.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn timeline(ctx: &Context, project: &str, service: &str) -> Result<Timeline, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewService, Target::Service { project, service }).await?;
        let mut tx = permit.read().await?;
        let found = find(&mut tx, permit.service()?).await?;
        timelines::draw(&mut tx, &found, ctx.now()).await
    })
}

/// The password of a service's first user. Each look is an event.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn password(ctx: &Context, project: &str, service: &str) -> Result<Secret, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewServicePassword, Target::Service { project, service }).await?;
        let mut write = permit.write(EventType::ServicePasswordViewed).await?;
        let found = find(&mut write.tx, permit.service()?).await?;
        let key = ctx.control.organization_key(&mut write.tx, permit.organization()?).await?;
        let text = open_password(&key, &found)?;
        write.event.service_name = Some(found.name);
        write.text(format!("Looked at the password of {} on {service}", found.username));
        write.commit().await?;
        Ok(text)
    })
}

/// Asks for a service's destruction. `confirmation` must be its name. Its workflow shreds the volumes and leaves a
/// certificate.
///
/// # Errors
/// `Invalid` on `confirmation`; `Conflict` when it is being deleted already; `Denied`; `NotFound`.
pub async fn delete(ctx: &Context, project: &str, service: &str, confirmation: &str) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::DeleteService, Target::Service { project, service }).await?;
        if confirmation.trim() != service {
            let reason = format!("Type the service's name, {service}, to delete it.");
            return Err(Error::invalid("confirmation", reason).into());
        }
        let (id, now) = (permit.service()?, ctx.now());
        let mut write = permit.write(EventType::ServiceDeletionRequested).await?;
        let actor = write.event.actor.clone();
        if !store::services::request_deletion(&mut write.tx, id, now, &actor).await? {
            return Err(Error::conflict(format!("The service {service} is being deleted already.")).into());
        }
        store::signals::add(&mut write.tx, id.into(), Signal::Destroy, now).await?;
        store::strands::wake(&mut write.tx, id.into(), now).await?;
        write.event.service_name = Some(service.to_owned());
        write.text(format!("Asked for the deletion of the service {service}"));
        write.commit().await?;
        Ok(())
    })
}

/// Has a step that waits for its next try tried at once.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn retry(ctx: &Context, project: &str, service: &str) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::RetryService, Target::Service { project, service }).await?;
        let mut write = permit.write(EventType::ServiceRetryRequested).await?;
        store::strands::wake(&mut write.tx, permit.service()?.into(), ctx.now()).await?;
        write.event.service_name = Some(service.to_owned());
        write.text(format!("Asked for another try on the service {service}"));
        write.commit().await?;
        Ok(())
    })
}

/// The first user's password, opened.
pub(crate) fn open_password(
    key: &crate::envelopes::OrganizationKey,
    service: &Service,
) -> Result<Secret, Failure> {
    let bytes = key.open(Place { column: PASSWORD, row: service.id.uuid() }, &service.password_sealed)?;
    let text = String::from_utf8(bytes.to_vec());
    Ok(Secret::new(text.map_err(|_| Failure::Inconsistent("a password is no text".into()))?))
}

/// The IP filter with the viewer's own address as the service would see it.
pub(crate) async fn ip_filter_view(
    ctx: &Context,
    permit: &Permit,
    id: ServiceId,
) -> Result<IpFilterView, Failure> {
    let mut tx = permit.read().await?;
    let service = find(&mut tx, id).await?;
    let mut entries = Vec::new();
    for entry in store::ip_filter_entries::list(&mut tx, id).await? {
        let cidr = entry.cidr.parse();
        let cidr = cidr.map_err(|error| Failure::Inconsistent(format!("stored range of {id}: {error}")))?;
        entries.push(IpFilterEntry { cidr, description: entry.description });
    }
    let nodes = store::nodes::list(&mut tx, id).await?;
    drop(tx);
    let (mut my_address, mut my_address_note) = (ctx.origin().address, None);
    if let (Some(node), Some(peer)) = (nodes.first(), my_address)
        // A page is no place to wait for a host that hangs.
        && let Ok(host) = ctx.control.host(&node.host)
        && let Ok(Ok((address, note))) =
            tokio::time::timeout(CLIENT_ADDRESS_LIMIT, host.client_address(node.id, peer)).await
    {
        (my_address, my_address_note) = (Some(address), note);
    }
    let mut reach_note = None;
    if let Some(node) = nodes.first() {
        let facts = ctx.control.recent_facts(&node.host).await;
        reach_note = facts.and_then(|facts| reach(&facts.notices));
    }
    let applied = nodes.iter().map(|node| node.ip_filter_generation).min().flatten();
    let ranges: Vec<Cidr> = entries.iter().map(|entry| entry.cidr).collect();
    Ok(IpFilterView {
        wide: Cidr::widest(&ranges),
        entries,
        generation: service.ip_filter_generation,
        // A later one than ours is another list, that of a database of which this one is an older copy: it is about to
        // be replaced, like an earlier one.
        applied_generation: applied.map(|applied| match applied > service.ip_filter_generation {
            true => service.ip_filter_generation - 1,
            false => applied,
        }),
        reach_note,
        my_address,
        my_address_note,
    })
}

/// Who cannot reach a service, without the remedy: that is for whoever operates the host, and in the server's log.
fn reach(notices: &[Notice]) -> Option<String> {
    let whats = notices.iter().map(|notice| notice.what.as_str()).collect::<Vec<_>>().join(" ");
    (!whats.is_empty()).then(|| format!("{whats} Whoever operates it finds what to do in the server's log."))
}

fn parse_choices(input: &CreateService) -> Result<(ServiceType, &'static Plan, &'static Cloud), Error> {
    let service_type: ServiceType = input
        .service_type
        .parse()
        .map_err(|_| Error::invalid("service_type", "Choose one of the service types in the list."))?;
    let plan = domain::plans::plan(&input.plan).ok_or_else(|| {
        let names = PLANS.iter().map(|plan| plan.name).collect::<Vec<_>>().join(", ");
        Error::invalid("plan", format!("Choose one of the plans: {names}."))
    })?;
    let cloud = domain::plans::cloud(&input.cloud).ok_or_else(|| {
        let names = CLOUDS.iter().map(|cloud| cloud.name).collect::<Vec<_>>().join(", ");
        Error::invalid("cloud", format!("Choose one of the clouds: {names}."))
    })?;
    Ok((service_type, plan, cloud))
}

/// Memory of all services there are, running or on their way.
async fn promised_memory(tx: &mut Tx) -> Result<u64, Failure> {
    let in_use = store::services::plans_in_use(tx).await?;
    let memory = |(name, count): &(String, i64)| {
        domain::plans::plan(name).map_or(0, Plan::memory_mib_total) * u64::try_from(*count).unwrap_or(0)
    };
    Ok(in_use.iter().map(memory).sum())
}

/// Why a plan cannot be had now, if so.
fn unavailable(plan: &Plan, facts: &HostFacts, promised_mib: u64) -> Option<String> {
    if !facts.problems.is_empty() {
        let why = "The machine that runs services is not ready for any. Whoever operates it finds what is missing in the \
                   server's log.";
        return Some(why.into());
    }
    let free = facts.memory_mib.saturating_sub(promised_mib);
    if plan.memory_mib_total() > free {
        return Some(format!(
            "The host has {free} MiB of memory left for services; {} takes {} MiB. Choose a smaller plan or delete a service.",
            plan.name,
            plan.memory_mib_total(),
        ));
    }
    if plan.disk_mib_total() > facts.disk_free_mib {
        return Some(format!(
            "The host has {} MiB of disk left; {} takes up to {} MiB. Choose a smaller plan or make room.",
            facts.disk_free_mib,
            plan.name,
            plan.disk_mib_total(),
        ));
    }
    if u32::from(plan.vcpus) > facts.vcpus {
        return Some(format!("The host has {} processors; {} takes {}.", facts.vcpus, plan.name, plan.vcpus));
    }
    None
}

async fn find(tx: &mut Tx, id: ServiceId) -> Result<Service, Failure> {
    Ok(store::services::find(tx, id).await?.ok_or(Error::NotFound)?)
}
