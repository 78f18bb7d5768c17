//! QEMU's user networking: no rights needed, one port on the loopback address, no way out for the guest.

use std::net::{IpAddr, Ipv4Addr, TcpListener};

use domain::{
    agent::GuestNetwork,
    networks::{Cidr, IpFilter},
};

use super::{Attachment, GUEST_PORT, NodeNetwork, hardware_address};
use crate::{Error, NodeSpec, qemu::files, qemu::node_directories::NodeRecord};

/// The one address under which guests see every client.
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);
const GUEST: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 15);
/// How often another free port is asked for when the one found is promised to a stopped node.
const TRIES_MAX: usize = 64;

/// A free port for a new node.
pub(super) fn plan(records: &[NodeRecord]) -> Result<NodeNetwork, Error> {
    for _ in 0..TRIES_MAX {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(files::failed("find a free port"))?;
        let network = NodeNetwork::User {
            port: listener.local_addr().map_err(files::failed("find a free port"))?.port(),
        };
        if records.iter().all(|record| record.network != network) {
            return Ok(network);
        }
    }
    Err(Error::Full("No free port was found on the loopback address.".into()))
}

pub(super) fn attach(spec: &NodeSpec, port: u16) -> Attachment {
    let mac = hardware_address(spec.node);
    let arguments = vec![
        "-netdev".into(),
        format!(
            "user,id=net0,restrict=on,ipv6=off,hostfwd=tcp:{}:{port}-{GUEST}:{GUEST_PORT}",
            Ipv4Addr::LOCALHOST
        ),
        "-device".into(),
        format!("virtio-net-pci,netdev=net0,romfile=,mac={mac}"),
    ];
    Attachment { arguments, kept: Vec::new() }
}

pub(super) fn guest_network() -> GuestNetwork {
    GuestNetwork { address: GUEST, prefix: 24, gateway: CLIENT, port: GUEST_PORT }
}

/// Only this machine gets through at all, and the guest cannot tell its users apart: all of them or nobody.
pub(super) fn filter_of_guest(filter: &IpFilter) -> IpFilter {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let is_open = filter.sources.iter().any(|source| source.contains(loopback));
    let sources = is_open.then(|| Cidr::single(IpAddr::V4(CLIENT))).into_iter().collect();
    IpFilter { generation: filter.generation, sources }
}

pub(super) fn client_address(peer: IpAddr) -> (IpAddr, Option<String>) {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let note = if peer.to_canonical().is_loopback() {
        "This host runs without root rights, so its services can be reached from the machine itself only."
    } else {
        "This host runs without root rights, so its services can be reached from the machine itself only, \
         not from your address. Run the server as root to change that."
    };
    (loopback, Some(note.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_is_all_or_nothing() {
        let filter = |source: &str| IpFilter { generation: 7, sources: vec![source.parse().unwrap()] };
        let open = filter_of_guest(&filter("127.0.0.0/8"));
        assert_eq!((open.generation, open.sources[0].to_string().as_str()), (7, "10.0.2.2/32"));
        assert!(filter_of_guest(&filter("203.0.113.0/24")).sources.is_empty());
        assert!(filter_of_guest(&IpFilter::default()).sources.is_empty());
        assert_eq!(filter_of_guest(&filter("0.0.0.0/0")).sources.len(), 1);
    }
}
