//! A service as its pages show it, without secrets; its steps are in `timelines`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{ProjectView, Timeline};
use crate::{
    agent::VolumeReport,
    ids::{NodeId, ServiceId, VolumeId},
    networks::{Cidr, IpFilterEntry},
    states::{NodeState, ServiceState, ServiceType, VolumeKind},
    timestamps::Timestamp,
};

/// A service in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRow {
    /// Its id.
    pub id: ServiceId,
    /// Its name, unique in the project.
    pub name: String,
    /// What it runs.
    pub service_type: ServiceType,
    /// Id of its plan.
    pub plan: String,
    /// Id of its cloud.
    pub cloud: String,
    /// What it is doing.
    pub state: ServiceState,
    /// It is being destroyed.
    pub is_deleting: bool,
    /// What goes wrong right now, if anything.
    pub problem: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Everything the service's pages show, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceView {
    /// As in the list.
    pub row: ServiceRow,
    /// Its project.
    pub project: ProjectView,
    /// How to connect, once there is something to connect to.
    pub connection: Option<ConnectionView>,
    /// Its nodes.
    pub nodes: Vec<NodeView>,
    /// Who may connect.
    pub ip_filter: IpFilterView,
    /// What happens and happened.
    pub timeline: Timeline,
}

/// How to connect; the password is asked for separately.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionView {
    /// Address or name to connect to; the server's certificate is valid for it.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Database.
    pub database: String,
    /// First user.
    pub user: String,
    /// CA certificate of the project, PEM.
    pub ca_certificate: String,
    /// `psql` command that asks for the password; expects the CA certificate in `ca.pem`.
    pub psql_command: String,
    /// Connection URI without a password.
    pub uri: String,
    /// Who cannot reach the service, and what lets them in: a sentence of the host.
    pub reach_note: Option<String>,
}

/// One VM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeView {
    /// Its id.
    pub id: NodeId,
    /// What it is doing.
    pub state: NodeState,
    /// The host that runs it.
    pub host: String,
    /// The zone it is in.
    pub zone: String,
    /// How its VM is run: `kvm` or `tcg`.
    pub accelerator: Option<String>,
    /// What an emulated VM is like, and why it is emulated: a sentence.
    pub accelerator_note: Option<String>,
    /// PostgreSQL's version, as the guest reports it.
    pub postgresql_version: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the guest was last heard of.
    pub seen_at: Option<Timestamp>,
    /// Its volumes.
    pub volumes: Vec<VolumeView>,
}

/// One volume, with what the host made and what the guest reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeView {
    /// Its id.
    pub id: VolumeId,
    /// Which disk.
    pub kind: VolumeKind,
    /// Its size.
    pub size_mib: i64,
    /// SHA-256 (hex) of the LUKS2 digest, made when the volume was formatted.
    pub volume_key_fingerprint: Option<String>,
    /// What the guest's cryptsetup says of the open volume.
    pub report: Option<VolumeReport>,
}

/// The IP filter with what is needed to edit it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpFilterView {
    /// Who may connect.
    pub entries: Vec<IpFilterEntry>,
    /// The part of the internet that the entries together let in, if they do: everybody, or millions of addresses.
    pub wide: Option<Cidr>,
    /// Counts up with each change.
    pub generation: i64,
    /// The generation every running guest has in force, if one reported.
    pub applied_generation: Option<i64>,
    /// The viewer's own address as the service would see it.
    pub my_address: Option<IpAddr>,
    /// What the viewer should know about that address (this machine's own, loopback only …).
    pub my_address_note: Option<String>,
    /// Who cannot reach the service whatever the filter says, and what lets them in: a sentence of the host.
    pub reach_note: Option<String>,
}
