//! The protocol between a host and the agent in a node's VM.
//!
//! One JSON object per line over the virtio-serial port named [`PORT_NAME`]. The host asks, the agent answers:
//! every [`Call`] has a number and gets exactly one [`Reply`] with the same number; the agent never speaks
//! unasked. Requests that take time are accepted at once and their progress is read with [`Request::Status`],
//! so that the agent always answers within [`REPLY_SECONDS_MAX`]. A reply of another number is stale and dropped.
//! Unknown fields, unknown versions and lines over [`LINE_BYTES_MAX`] end the conversation.

use serde::{Deserialize, Serialize};

use crate::{networks::IpFilter, secrets::Secret, states::VolumeKind};

/// The version both sides must speak.
pub const PROTOCOL_VERSION: u32 = 1;
/// Name of the virtio-serial port.
pub const PORT_NAME: &str = "redoubt.agent";
/// Longest line, with its newline.
pub const LINE_BYTES_MAX: usize = 128 * 1024;
/// How long a reply may take.
pub const REPLY_SECONDS_MAX: u64 = 10;

/// A numbered request. Holds secrets, so it has no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// [`PROTOCOL_VERSION`].
    pub version: u32,
    /// Counts up from 1 within one connection.
    pub id: u64,
    /// What is asked.
    pub request: Request,
}

/// The answer to the call of the same number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// [`PROTOCOL_VERSION`].
    pub version: u32,
    /// The number of the call.
    pub id: u64,
    /// What is answered.
    pub response: Response,
}

/// What a host asks of an agent. Every request may be repeated without harm.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// How are you?
    Status,
    /// Open (and, for a volume marked new, make the filesystem of) both volumes. Accepted once per boot; a
    /// repetition is accepted and does nothing.
    OpenVolumes(OpenVolumes),
    /// Here is what the service needs; start it as soon as the volumes are open.
    Configure(Box<Configuration>),
    /// Put this IP filter in force.
    SetIpFilter(IpFilter),
    /// Stop PostgreSQL, close the volumes and power off.
    Stop,
}

/// The unlock keys, handed over once per boot.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenVolumes {
    /// Both volumes of the node.
    pub volumes: Vec<VolumeKey>,
}

/// One volume and what unlocks it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeKey {
    /// Which volume; also the serial of its disk.
    pub kind: VolumeKind,
    /// The unlock key, base64 of 64 bytes.
    pub unlock_key: Secret,
    /// The volume has never been opened before, so it gets a filesystem. The agent still refuses to make one
    /// where it finds any signature.
    pub is_new: bool,
}

/// What the guest needs besides the keys.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// The guest's own address.
    pub network: GuestNetwork,
    /// Name of the VM within the guest.
    pub hostname: String,
    /// Certificates of the PostgreSQL server.
    pub tls: TlsFiles,
    /// The first database user, its password and its database.
    pub first_user: FirstUser,
    /// Who may connect, from the first moment on.
    pub ip_filter: IpFilter,
    /// Seconds since the Unix epoch, as the guest's clock may be off.
    pub now_seconds: i64,
}

/// IPv4 settings of the guest's one network card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuestNetwork {
    /// The guest's address.
    pub address: std::net::Ipv4Addr,
    /// Length of the network's prefix.
    pub prefix: u8,
    /// Where everything else is reached through.
    pub gateway: std::net::Ipv4Addr,
    /// TCP port PostgreSQL listens on.
    pub port: u16,
}

/// The server's certificate, its key, and the project's CA.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// Server certificate, PEM.
    pub certificate: String,
    /// Private key, PEM (PKCS#8).
    pub key: Secret,
    /// CA certificate of the project, PEM.
    pub ca: String,
}

/// The customer's administrator of the database.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstUser {
    /// Role name, `rdadmin`.
    pub name: String,
    /// Its password; PostgreSQL keeps only a SCRAM-SHA-256 verifier of it.
    pub password: Secret,
    /// Database that the role owns, `defaultdb`.
    pub database: String,
}

/// What an agent answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Response {
    /// The state of the guest.
    Status(Box<Status>),
    /// Understood; see the next status for progress.
    Accepted,
    /// Not done, and why.
    Refused {
        /// A sentence.
        reason: String,
    },
}

/// How far the guest has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Booted; has no keys yet.
    WaitingForKeys,
    /// Opening the volumes.
    OpeningVolumes,
    /// Volumes are open; has no configuration yet.
    WaitingForConfiguration,
    /// Setting up network, firewall, certificates and PostgreSQL.
    Starting,
    /// PostgreSQL accepts connections and the first user is there.
    Ready,
    /// Going down because it was asked to.
    Stopping,
    /// Something failed for good; `problem` says what. A new boot may help.
    Failed,
}

/// Everything a guest reports of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Random per boot, so that a host sees a reboot.
    pub boot_id: String,
    /// Milliseconds since the kernel started.
    pub uptime_millis: u64,
    /// How far it has come.
    pub phase: Phase,
    /// What went wrong last, if anything.
    pub problem: Option<String>,
    /// What `cryptsetup` says of each open volume.
    pub volumes: Vec<VolumeReport>,
    /// `server_version` of the PostgreSQL that runs.
    pub postgresql_version: Option<String>,
    /// Generation of the IP filter in force in the guest.
    pub ip_filter_generation: Option<i64>,
    /// Memory of the guest: total and available, in KiB.
    pub memory_kib: (u64, u64),
    /// When each phase was entered, in milliseconds since the kernel started.
    pub phase_millis: Vec<(Phase, u64)>,
}

/// What `cryptsetup status` and `cryptsetup luksDump` say of an open volume, plus the filesystem's fill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeReport {
    /// Which volume.
    pub kind: VolumeKind,
    /// `LUKS2`.
    pub luks_type: String,
    /// `aes-xts-plain64`.
    pub cipher: String,
    /// Length of the volume key in bits, 512.
    pub key_bits: u32,
    /// Hash of the anti-forensic splitter and digest, `sha256`.
    pub hash: String,
    /// UUID in the LUKS header.
    pub luks_uuid: String,
    /// Size of the mapped device.
    pub size_bytes: u64,
    /// Bytes used in its filesystem.
    pub used_bytes: u64,
    /// Bytes that its filesystem can hold.
    pub capacity_bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_fields_and_variants_are_refused() {
        let good = r#"{"version":1,"id":7,"request":"status"}"#;
        assert!(serde_json::from_str::<Call>(good).is_ok());
        for bad in [
            r#"{"version":1,"id":7,"request":"status","more":1}"#,
            r#"{"version":1,"id":7,"request":"format_all"}"#,
            r#"{"version":1,"id":-7,"request":"status"}"#,
            r#"{"version":1,"id":7,"request":{"set_ip_filter":{"generation":1,"sources":[],"x":0}}}"#,
        ] {
            assert!(serde_json::from_str::<Call>(bad).is_err(), "{bad}");
        }
    }
}
