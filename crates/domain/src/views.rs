//! What operations answer: everything a page or an API answer shows, and nothing it must not.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{
    certificates::{DestructionCertificate, SignedCertificate},
    ids::{CertificateId, EventId, NodeId, OrganizationId, ProjectId, ServiceId, UserId, VolumeId},
    networks::{Cidr, IpFilterEntry},
    states::{NodeState, Outcome, ServiceState, ServiceType, StepState, VolumeKind},
    timestamps::Timestamp,
};

/// Rows on a page of a list, at most.
pub const PAGE_ROWS_MAX: u32 = 50;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Give this as `after` to get the next page; none on the last.
    pub next: Option<String>,
    /// Rows in the whole list.
    pub total: i64,
}

/// Who is signed in, and where they belong: the console's frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The person.
    pub user_id: UserId,
    /// What they are called.
    pub name: String,
    /// Their sign-in name.
    pub email: String,
    /// Their organizations, by name.
    pub organizations: Vec<OrganizationView>,
    /// The installation runs on the simulated host (say so in the header).
    pub is_simulated: bool,
}

/// An organization as its members see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationView {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Whether the viewer is a super admin of it.
    pub is_super_admin: bool,
}

/// A project in a list or as a page's head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectView {
    /// Its id.
    pub id: ProjectId,
    /// Its organization.
    pub organization_id: OrganizationId,
    /// Name of its organization.
    pub organization_name: String,
    /// Its globally unique name.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// How many services it holds.
    pub services: i64,
}

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
    pub report: Option<crate::agent::VolumeReport>,
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

/// The steps of a service's workflow, as the customer sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// What the steps lead to: `Creating`, `Restarting`, `Deleting`.
    pub title: String,
    /// Whether something is under way.
    pub is_active: bool,
    /// The steps in order: done, active, pending.
    pub steps: Vec<TimelineStep>,
    /// When the first step began.
    pub started_at: Option<Timestamp>,
    /// When the last step ended, if nothing is under way.
    pub finished_at: Option<Timestamp>,
    /// How long the whole took lately (median of the last successful ones), in milliseconds.
    pub estimate_millis: Option<i64>,
    /// The server's time when this was made, so that a browser can show elapsed times.
    pub now: Timestamp,
    /// State of the service at that time.
    pub state: ServiceState,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineStep {
    /// The step's name in the workflow.
    pub step: String,
    /// What people read.
    pub label: String,
    /// How far it is.
    pub state: StepState,
    /// When its first try began.
    pub started_at: Option<Timestamp>,
    /// When it was done.
    pub finished_at: Option<Timestamp>,
    /// Tries so far.
    pub attempts: i64,
    /// Why the last try failed.
    pub error: Option<String>,
    /// When the next try is due, after a failure.
    pub next_try_at: Option<Timestamp>,
    /// How long this step took lately, in milliseconds.
    pub estimate_millis: Option<i64>,
}

/// One audit record as a reader of the log sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventView {
    /// Its id.
    pub id: EventId,
    /// Its place in the organization's chain.
    pub sequence: i64,
    /// When.
    pub at: Timestamp,
    /// Its type, as in `service.created`.
    pub event_type: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Who: a sign-in name, or `system`.
    pub actor: String,
    /// With what credential: `password`, `session`.
    pub credential: Option<String>,
    /// In which session: a name that does not give its key away.
    pub session: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// With what program.
    pub agent: Option<String>,
    /// The request's id.
    pub request_id: String,
    /// Project it concerns.
    pub project_name: Option<String>,
    /// Service it concerns.
    pub service_name: Option<String>,
    /// A sentence.
    pub text: String,
    /// The thing before, as JSON, secrets left out.
    pub before: Option<String>,
    /// The thing after.
    pub after: Option<String>,
}

/// A certificate of destruction in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateRow {
    /// Its id.
    pub id: CertificateId,
    /// The project that the service was in, which may be gone as well.
    pub project_name: String,
    /// The service that is gone.
    pub service_name: String,
    /// When it was destroyed.
    pub destroyed_at: Timestamp,
    /// Whether every volume was erased, not only its key.
    pub is_whole: bool,
}

/// A certificate with what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateView {
    /// What people download.
    pub signed: SignedCertificate,
    /// What it says.
    pub body: DestructionCertificate,
    /// Whether the signature was just found good.
    pub is_valid: bool,
}

/// A plan on a cloud with its price, and whether it can be had now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanView {
    /// Id of the plan.
    pub plan: String,
    /// What people read.
    pub label: String,
    /// Whom it is for.
    pub purpose: String,
    /// Nodes.
    pub nodes: u8,
    /// Virtual processors per node.
    pub vcpus: u8,
    /// Memory per node.
    pub memory_mib: u32,
    /// Data volume per node.
    pub data_mib: u32,
    /// Price per hour.
    pub per_hour: crate::plans::MicroUsd,
    /// Price per month of 730 hours.
    pub per_month: crate::plans::MicroUsd,
    /// Why it cannot be had right now, if so.
    pub unavailable: Option<String>,
}

/// What a page must say about the form that was just sent without script: kept in a short-lived cookie between the
/// POST and the page that follows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// Path of the server function, as in `/api/projects/create`; empty for a plain notice.
    pub form: String,
    /// Why it did not happen.
    pub error: Option<crate::errors::Error>,
    /// What was typed, without passwords and tokens.
    pub values: std::collections::BTreeMap<String, String>,
    /// What did happen.
    pub notice: Option<String>,
}
