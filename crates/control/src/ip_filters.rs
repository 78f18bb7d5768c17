//! Who may connect to a service: closed at first, changed here, put in force by the service's workflow.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    inputs::AddIpFilterEntry,
    networks::{Cidr, DESCRIPTION_CHARS_MAX, IP_FILTER_ENTRIES_MAX, IpFilter},
    states::Signal,
    views::IpFilterView,
};
use store::{Tx, access::Target};

use crate::{
    Context,
    contexts::{Permit, Write},
    errors::{Failure, attempt},
    services,
};
use domain::ids::ServiceId;

/// Lets a range connect.
///
/// # Errors
/// `Invalid` on `cidr`, `description` or `open_to_world`; `Conflict` when the service is being deleted; `Denied`;
/// `NotFound`.
pub async fn add(ctx: &Context, input: AddIpFilterEntry) -> Result<IpFilterView, Error> {
    attempt!(ctx, {
        let target = Target::Service { project: &input.project, service: &input.service };
        let permit = ctx.authorize(Action::SetIpFilter, target).await?;
        let cidr: Cidr = input.cidr.parse().map_err(|error| Error::name("cidr", error))?;
        let description = input.description.trim();
        if description.chars().count() > DESCRIPTION_CHARS_MAX || description.chars().any(char::is_control) {
            let reason = format!("Use at most {DESCRIPTION_CHARS_MAX} characters on one line.");
            return Err(Error::invalid("description", reason).into());
        }
        if !cidr.is_ipv4() {
            let reason = "Services are reached by IPv4 only so far; enter an IPv4 address or range.";
            return Err(Error::invalid("cidr", reason).into());
        }
        let id = permit.service()?;
        let (mut write, ranges) = begin(&permit, id, &input.service).await?;
        if !input.open_to_world {
            refuse_wide(cidr, &ranges)?;
        }
        if store::ip_filter_entries::count(&mut write.tx, id).await? >= IP_FILTER_ENTRIES_MAX as i64 {
            let reason = format!(
                "A service has at most {IP_FILTER_ENTRIES_MAX} ranges. Remove one, or join neighbours."
            );
            return Err(Error::invalid("cidr", reason).into());
        }
        let text = cidr.to_string();
        if !store::ip_filter_entries::add(&mut write.tx, id, &text, description, ctx.now()).await? {
            return Err(Error::invalid("cidr", format!("{cidr} is in the list already.")).into());
        }
        write.text(format!("Let {cidr} connect to {}", input.service));
        finish(write, id, ctx).await?;
        services::ip_filter_view(ctx, &permit, id).await
    })
}

/// Takes a range out again. Connections from it are cut.
///
/// # Errors
/// `NotFound` also when the range is not in the list; `Conflict`; `Denied`.
pub async fn remove(ctx: &Context, project: &str, service: &str, cidr: &str) -> Result<IpFilterView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::SetIpFilter, Target::Service { project, service }).await?;
        let cidr: Cidr = cidr.parse().map_err(|error| Error::name("cidr", error))?;
        let id = permit.service()?;
        let (mut write, _) = begin(&permit, id, service).await?;
        if !store::ip_filter_entries::remove(&mut write.tx, id, &cidr.to_string()).await? {
            return Err(Error::conflict(format!("{cidr} is not in the list any more.")).into());
        }
        write.text(format!("No longer let {cidr} connect to {service}"));
        finish(write, id, ctx).await?;
        services::ip_filter_view(ctx, &permit, id).await
    })
}

/// What is handed to hosts: the ranges with the generation they belong to.
pub(crate) async fn current(tx: &mut Tx, service: &store::services::Service) -> Result<IpFilter, Failure> {
    let entries = store::ip_filter_entries::list(tx, service.id).await?;
    let sources = entries
        .iter()
        .map(|entry| entry.cidr.parse::<Cidr>())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Failure::Inconsistent(format!("stored range of {}: {error}", service.id)))?;
    Ok(IpFilter { generation: service.ip_filter_generation, sources })
}

/// Refuses what opens a service to a part of the internet, by itself or with what is in the list, so that it is not done
/// by mistake. What the list lets in already changes nothing.
fn refuse_wide(cidr: Cidr, ranges: &[Cidr]) -> Result<(), Error> {
    let joined = cidr.joined_with(ranges);
    if !joined.is_wide() || cidr.lies_in(ranges) {
        return Ok(());
    }
    let what =
        if joined == cidr { cidr.to_string() } else { format!("{cidr} makes {joined} of the list, which") };
    let whom = if joined.is_world() { "everybody on the internet" } else { "millions of addresses" };
    let reason = format!("{what} lets {whom} try to connect. Tick the box if you mean it.");
    Err(Error::invalid("open_to_world", reason))
}

/// The transaction of a change, and the ranges before it.
async fn begin(permit: &Permit, id: ServiceId, name: &str) -> Result<(Write, Vec<Cidr>), Failure> {
    let mut write = permit.write(EventType::ServiceIpFilterChanged).await?;
    let service = store::services::find(&mut write.tx, id).await?.ok_or(Error::NotFound)?;
    if service.deletion_requested_at.is_some() {
        return Err(Error::conflict(format!("The service {name} is being deleted.")).into());
    }
    let ranges = current(&mut write.tx, &service).await?.sources;
    write.event.service_name = Some(service.name);
    write.before(&ranges)?;
    Ok((write, ranges))
}

async fn finish(mut write: Write, id: ServiceId, ctx: &Context) -> Result<(), Failure> {
    store::services::bump_ip_filter_generation(&mut write.tx, id).await?;
    let service = store::services::find(&mut write.tx, id).await?.ok_or(Error::NotFound)?;
    let ranges = current(&mut write.tx, &service).await?.sources;
    write.after(&ranges)?;
    store::signals::add(&mut write.tx, id.into(), Signal::ApplyIpFilter, ctx.now()).await?;
    store::strands::wake(&mut write.tx, id.into(), ctx.now()).await?;
    write.commit().await
}
