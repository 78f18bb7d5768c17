//! How VMs are reached: a bridge per service, or QEMU's own user networking. Touches nothing inside guests.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    os::fd::OwnedFd,
    str::FromStr,
    sync::{Mutex, PoisonError},
};

use domain::{
    agent::GuestNetwork,
    ids::{NodeId, ServiceId},
    names::NameError,
    networks::{Cidr, IpFilter},
};
use serde::{Deserialize, Serialize};

use super::node_directories::{NodeDirectories, NodeRecord};
use crate::{Error, NetworkBackend, NodeSpec, Notice};

pub(crate) mod bridge;
pub(crate) mod firewalls;
pub(crate) mod user;

/// TCP port of PostgreSQL inside guests.
pub(crate) const GUEST_PORT: u16 = 5432;
/// Length of a service network's prefix: a gateway and 13 nodes.
pub(crate) const SERVICE_PREFIX: u8 = 28;

/// Which network backend a host uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum NetworkChoice {
    /// Bridge if the server may, else user.
    #[default]
    Auto,
    /// Bridges and taps; needs root.
    Bridge,
    /// QEMU's user networking: services are reached from this machine only.
    User,
}

/// The private IPv4 range that a host takes its services' networks from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressPool {
    base: u32,
    prefix: u8,
}

/// What a node has of the network; decided once and kept in its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NodeNetwork {
    /// An address of its own on the bridge of its service.
    Bridge {
        /// The host's address on the bridge.
        gateway: Ipv4Addr,
        /// The guest's address.
        address: Ipv4Addr,
    },
    /// A port on the loopback address.
    User {
        /// Its number.
        port: u16,
    },
}

/// The network half of a QEMU command line.
pub(crate) struct Attachment {
    pub(crate) arguments: Vec<String>,
    pub(crate) kept: Vec<OwnedFd>,
}

/// The networks of one host.
pub(crate) struct Networks {
    pub(crate) backend: NetworkBackend,
    /// Tells this host's devices and tables from those of others on the same machine.
    tag: String,
    pool: AddressPool,
    /// Held while addresses are given out or bridges come and go.
    changing: Mutex<()>,
}

impl AddressPool {
    /// How many service networks fit in.
    fn networks(self) -> u32 {
        1 << (SERVICE_PREFIX - self.prefix)
    }

    /// The address `offset` of service network `index`.
    fn address(self, index: u32, offset: u32) -> Ipv4Addr {
        Ipv4Addr::from(self.base + index * (1 << (32 - SERVICE_PREFIX)) + offset)
    }
}

impl FromStr for AddressPool {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let cidr: Cidr = text.parse()?;
        let wrong = || NameError(format!("“{cidr}” is no private IPv4 range of 8 to {SERVICE_PREFIX} bits."));
        let text = cidr.to_string();
        let (base, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let base: Ipv4Addr = base.parse().map_err(|_| wrong())?;
        let prefix: u8 = prefix.parse().map_err(|_| wrong())?;
        if !base.is_private() || !(8..=SERVICE_PREFIX).contains(&prefix) {
            return Err(wrong());
        }
        Ok(Self { base: base.into(), prefix })
    }
}

impl fmt::Display for AddressPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.base), self.prefix)
    }
}

impl Default for AddressPool {
    fn default() -> Self {
        Self { base: Ipv4Addr::new(10, 213, 0, 0).into(), prefix: 16 }
    }
}

impl NodeNetwork {
    /// Where clients connect to.
    pub(crate) fn address(&self) -> (IpAddr, u16) {
        match self {
            Self::Bridge { address, .. } => (IpAddr::V4(*address), GUEST_PORT),
            Self::User { port } => (IpAddr::V4(Ipv4Addr::LOCALHOST), *port),
        }
    }

    /// What the guest is told of its network.
    pub(crate) fn of_guest(&self) -> GuestNetwork {
        match self {
            Self::Bridge { gateway, address } => GuestNetwork {
                address: *address,
                prefix: SERVICE_PREFIX,
                gateway: *gateway,
                port: GUEST_PORT,
            },
            Self::User { .. } => user::guest_network(),
        }
    }

    /// The IP filter as the guest has to apply it, given the addresses under which it sees clients.
    pub(crate) fn filter_of_guest(&self, filter: &IpFilter) -> IpFilter {
        match self {
            Self::Bridge { .. } => filter.clone(),
            Self::User { .. } => user::filter_of_guest(filter),
        }
    }
}

impl Networks {
    pub(crate) fn new(choice: NetworkChoice, tag: &str, pool: AddressPool) -> Self {
        let backend = match choice {
            NetworkChoice::Bridge => NetworkBackend::Bridge,
            NetworkChoice::User => NetworkBackend::User,
            NetworkChoice::Auto if bridge::is_possible() => NetworkBackend::Bridge,
            NetworkChoice::Auto => NetworkBackend::User,
        };
        Self { backend, tag: tag.to_owned(), pool, changing: Mutex::new(()) }
    }

    /// The record of a node; decides its address or port and writes it down if the node is new.
    pub(crate) fn record(&self, directories: &NodeDirectories, spec: &NodeSpec) -> Result<NodeRecord, Error> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = directories.of(spec.node);
        if let Some(record) = directory.record()? {
            if record.spec != *spec {
                return Err(Error::State("The node exists with other volumes, memory or owner.".into()));
            }
            return Ok(record);
        }
        let records = directories.records()?;
        let network = match self.backend {
            NetworkBackend::Bridge => bridge::plan(self.pool, &self.tag, &records, spec)?,
            NetworkBackend::User | NetworkBackend::Simulated => user::plan(&records)?,
        };
        let record = NodeRecord { spec: spec.clone(), network };
        directory.put_record(&record)?;
        Ok(record)
    }

    /// Makes what the VM needs, and the arguments that connect it. Nobody gets through but the filter's sources.
    pub(crate) fn attach(&self, record: &NodeRecord, filter: &IpFilter) -> Result<Attachment, Error> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        match record.network {
            NodeNetwork::Bridge { gateway, address } => {
                bridge::attach(&self.tag, &record.spec, gateway, address, filter)
            }
            NodeNetwork::User { port } => Ok(user::attach(&record.spec, port)),
        }
    }

    /// Puts a filter in force on the host.
    pub(crate) fn put_ip_filter(&self, record: &NodeRecord, filter: &IpFilter) -> Result<(), Error> {
        match record.network {
            NodeNetwork::Bridge { address, .. } => {
                firewalls::put(&self.tag, record.spec.node, address, filter)
            }
            // Here the guest sees one address only, and does the filtering alone.
            NodeNetwork::User { .. } => Ok(()),
        }
    }

    /// Removes what a node whose VM is gone has left, and bridges that nobody uses any more.
    pub(crate) fn remove(&self, node: NodeId, network: Option<&NodeNetwork>) -> Result<&'static str, Error> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.backend == NetworkBackend::User {
            if matches!(network, Some(NodeNetwork::Bridge { .. })) {
                return Err(Error::State(
                    "The node has a bridged network, which only root can remove.".into(),
                ));
            }
            return Ok(
                "The node's port was QEMU's own and closed with it; there is no interface and no firewall table.",
            );
        }
        bridge::remove(&self.tag, node)?;
        Ok("No interface and no firewall table of the node is listed any more.")
    }

    /// Nodes that have an interface or a firewall table.
    pub(crate) fn nodes(&self) -> Result<Vec<NodeId>, Error> {
        match self.backend {
            NetworkBackend::Bridge => bridge::nodes(&self.tag),
            _ => Ok(Vec::new()),
        }
    }

    /// Removes every bridge, tap and table of this host; names what it removed.
    pub(crate) fn remove_everything(&self) -> Result<Vec<String>, Error> {
        match self.backend {
            NetworkBackend::Bridge => bridge::remove_everything(&self.tag),
            _ => Ok(Vec::new()),
        }
    }

    /// Who cannot reach services here, and what lets them in.
    pub(crate) fn notices(&self) -> Vec<Notice> {
        let forward = std::fs::read_to_string("/proc/sys/net/ipv4/ip_forward").ok();
        reach(self.backend, self.pool, forward.as_deref()).into_iter().collect()
    }

    /// How the node's guest sees a client, and what the client should know.
    pub(crate) fn client_address(&self, network: &NodeNetwork, peer: IpAddr) -> (IpAddr, Option<String>) {
        match network {
            NodeNetwork::Bridge { gateway, .. } => bridge::client_address(self.pool, *gateway, peer),
            NodeNetwork::User { .. } => user::client_address(peer),
        }
    }
}

/// Who cannot reach services, if somebody cannot: `forward` is what the kernel says of forwarding packets.
fn reach(backend: NetworkBackend, pool: AddressPool, forward: Option<&str>) -> Option<Notice> {
    let remedy = match backend {
        NetworkBackend::Bridge if forward.is_some_and(|forward| forward.trim() == "0") => format!(
            "To let others in, run `sysctl -w net.ipv4.ip_forward=1` on it, and route {pool} to it in their network."
        ),
        NetworkBackend::User => {
            "It uses QEMU's user network. To let others in, run the server as root, with the network “bridge”.".into()
        }
        _ => return None,
    };
    Some(Notice { what: "Services can be reached only from the machine that runs them.".into(), remedy })
}

/// The hardware address of a node's network card: stable, local and its own.
pub(crate) fn hardware_address(node: NodeId) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, node.to_string().as_bytes());
    let bytes = digest.as_ref();
    format!("52:54:00:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2])
}

/// Name of a bridge: at most 15 characters.
pub(crate) fn bridge_name(tag: &str, service: ServiceId) -> String {
    format!("rb{}{}", &tag[..4], &crate::fingerprints::sha256_hex(service.to_string().as_bytes())[..9])
}

/// Name of a tap: at most 15 characters.
pub(crate) fn tap_name(tag: &str, node: NodeId) -> String {
    format!("rt{}{}", &tag[..4], &crate::fingerprints::sha256_hex(node.to_string().as_bytes())[..9])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_are_private_ranges() {
        let pool: AddressPool = "10.213.64.0/18".parse().unwrap();
        assert_eq!(pool.to_string(), "10.213.64.0/18");
        assert_eq!((pool.networks(), pool.address(1, 2).to_string().as_str()), (1024, "10.213.64.18"));
        assert_eq!(AddressPool::default().to_string(), "10.213.0.0/16");
        for bad in ["203.0.113.0/24", "10.0.0.0/29", "10.0.0.1/16", "fd00::/8", "10.0.0.0"] {
            assert!(bad.parse::<AddressPool>().is_err(), "{bad}");
        }
    }

    #[test]
    fn who_cannot_reach_services_is_told() {
        let reach = |backend, forward| reach(backend, AddressPool::default(), forward);
        let Notice { what, remedy: told } = reach(NetworkBackend::Bridge, Some("0\n")).unwrap();
        assert!(!what.contains("sysctl"), "{what}");
        assert!(told.contains("net.ipv4.ip_forward=1") && told.contains("route 10.213.0.0/16"), "{told}");
        assert_eq!(reach(NetworkBackend::Bridge, Some("1\n")), None);
        assert_eq!(reach(NetworkBackend::Bridge, None), None, "it is not known");
        assert!(reach(NetworkBackend::User, Some("1\n")).unwrap().remedy.contains("user network"));
        assert_eq!(reach(NetworkBackend::Simulated, Some("0\n")), None);
    }

    #[test]
    fn names_fit_into_the_kernels() {
        let node: NodeId = "0190a000-0000-7000-8000-000000000001".parse().unwrap();
        assert_eq!(tap_name("abcdef", node).len(), 15);
        assert_eq!(bridge_name("abcdef", ServiceId::from_uuid(node.uuid())).len(), 15);
        assert!(hardware_address(node).starts_with("52:54:00:"));
    }
}
