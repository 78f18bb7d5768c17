//! Services as people see them: rows made into views. Reads what it is given and decides nothing.

use std::collections::BTreeMap;

use domain::{
    ids::{NodeId, ServiceId},
    views::{ConnectionView, NodeView, ServiceRow, VolumeView},
};
use host::Accelerator;
use store::{Tx, services::Service};

use crate::errors::Failure;

/// A service as a line of a list.
pub(super) fn row(service: Service) -> Result<ServiceRow, Failure> {
    Ok(ServiceRow {
        id: service.id,
        name: service.name,
        service_type: service.service_type,
        plan: service.plan,
        cloud: service.cloud,
        state: service.state,
        is_deleting: service.deletion_requested_at.is_some(),
        problem: service.problem,
        created_at: service.created_at,
    })
}

/// How to connect, once there is an address.
pub(super) fn connection(
    service: &Service,
    ca_certificate: String,
    reach_note: Option<String>,
) -> Option<ConnectionView> {
    let (host, port) = (service.host.clone()?, u16::try_from(service.port?).ok()?);
    let (user, database) = (&service.username, &service.database_name);
    // IPv6 addresses stand in brackets within a URI (RFC 3986 section 3.2.2).
    let uri_host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    Some(ConnectionView {
        psql_command: format!(
            "psql \"host={host} port={port} dbname={database} user={user} sslmode=verify-full sslrootcert=ca.pem\""
        ),
        uri: format!(
            "postgresql://{user}@{uri_host}:{port}/{database}?sslmode=verify-full&sslrootcert=ca.pem"
        ),
        user: user.clone(),
        database: database.clone(),
        host,
        port,
        reach_note,
        ca_certificate,
    })
}

/// What people should know of an emulated VM; `host` is how its host runs VMs by now, if it says anything.
pub(super) fn accelerator_note(accelerator: Option<&str>, host: Option<&Accelerator>) -> Option<String> {
    let why = match (accelerator?, host) {
        ("tcg", Some(Accelerator::Tcg { reason })) => format!(": {reason}"),
        ("tcg", Some(Accelerator::Kvm)) => {
            ". Its host can do better by now; this takes effect when the VM starts again.".into()
        }
        ("tcg", None) => ".".into(),
        _ => return None,
    };
    Some(format!("Emulated: slow, not for production{why}"))
}

/// The nodes of a service with their volumes and what their guests reported.
pub(super) async fn node_views(tx: &mut Tx, service: ServiceId) -> Result<Vec<NodeView>, Failure> {
    let mut volumes = BTreeMap::<NodeId, Vec<VolumeView>>::new();
    for volume in store::volumes::list_for_service(tx, service).await? {
        volumes.entry(volume.node_id).or_default().push(VolumeView {
            id: volume.id,
            kind: volume.kind,
            size_mib: volume.size_mib,
            volume_key_fingerprint: volume.volume_key_fingerprint,
            report: volume.report.as_deref().map(serde_json::from_str).transpose()?,
        });
    }
    let mut views = Vec::new();
    for node in store::nodes::list(tx, service).await? {
        let report: Option<domain::agent::Status> =
            node.report.as_deref().map(serde_json::from_str).transpose()?;
        views.push(NodeView {
            id: node.id,
            state: node.state,
            host: node.host,
            zone: node.zone,
            accelerator: node.accelerator,
            accelerator_note: None,
            postgresql_version: report.and_then(|report| report.postgresql_version),
            created_at: node.created_at,
            seen_at: node.seen_at,
            volumes: volumes.remove(&node.id).unwrap_or_default(),
        });
    }
    Ok(views)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emulation_is_explained() {
        let reason = Accelerator::Tcg { reason: "There is no /dev/kvm.".into() };
        let note = |accelerator, host| accelerator_note(accelerator, host).unwrap_or_default();
        assert_eq!(
            note(Some("tcg"), Some(&reason)),
            "Emulated: slow, not for production: There is no /dev/kvm."
        );
        assert!(note(Some("tcg"), Some(&Accelerator::Kvm)).contains("starts again"));
        assert_eq!(note(Some("tcg"), None), "Emulated: slow, not for production.");
        assert_eq!(note(Some("kvm"), Some(&reason)) + &note(None, Some(&reason)), "");
    }
}
