//! A bridge per service with a tap per VM. The taps live as long as QEMU holds them; the rest is removed by name.

use std::{
    fs::{File, OpenOptions},
    net::{IpAddr, Ipv4Addr},
    os::fd::{AsRawFd, OwnedFd},
    path::Path,
    time::{Duration, Instant},
};

use domain::{ids::NodeId, networks::IpFilter};
use nix::libc;

use super::{
    AddressPool, Attachment, NodeNetwork, SERVICE_PREFIX, bridge_name, firewalls, hardware_address, tap_name,
};
use crate::{
    Error, NodeSpec,
    qemu::{commands, commands::Program, files, node_directories::NodeRecord},
};

const TUN: &str = "/dev/net/tun";
/// Nodes a service may have on one host: a /28 without network, gateway and broadcast address.
const NODES_MAX: u32 = 13;
/// How long the kernel may take to remove the tap of a process that has ended.
const REMOVAL_TIME_MAX: Duration = Duration::from_secs(2);
/// What an interface's alias begins with, before the id.
const ALIAS: &str = "redoubt node ";

mod tun_ioctl {
    use nix::libc;
    nix::ioctl_write_ptr_bad!(set_interface, libc::TUNSETIFF, libc::ifreq);
}

/// Whether this process may make bridges, taps and firewall tables.
pub(super) fn is_possible() -> bool {
    let may_list = || Program::find("nft")?.arguments(["list", "tables"]).succeed();
    let tun = OpenOptions::new().read(true).write(true).open(TUN);
    nix::unistd::geteuid().is_root()
        && tun.is_ok()
        && commands::find(Path::new("ip")).is_some()
        && may_list().is_ok()
}

/// An address for a new node: in the network its service has on this host already, else in a free one.
pub(super) fn plan(
    pool: AddressPool,
    tag: &str,
    records: &[NodeRecord],
    spec: &NodeSpec,
) -> Result<NodeNetwork, Error> {
    let of = |record: &NodeRecord| match record.network {
        NodeNetwork::Bridge { gateway, address } => Some((record.spec.service, gateway, address)),
        NodeNetwork::User { .. } => None,
    };
    let taken: Vec<_> = records.iter().filter_map(of).collect();
    let gateway = match taken.iter().find(|(service, _, _)| *service == spec.service) {
        Some((_, gateway, _)) => *gateway,
        None => {
            free_gateway(pool, tag, spec, &taken.iter().map(|(_, gateway, _)| *gateway).collect::<Vec<_>>())?
        }
    };
    let guests = (1..=NODES_MAX).map(|offset| Ipv4Addr::from(u32::from(gateway) + offset));
    let free = guests.into_iter().find(|guest| taken.iter().all(|(_, _, address)| address != guest));
    let address =
        free.ok_or_else(|| Error::Full(format!("A service has at most {NODES_MAX} nodes on one host.")))?;
    Ok(NodeNetwork::Bridge { gateway, address })
}

/// Begins the search at a place of the service's own, so that an address is not handed to the next tenant at once.
fn free_gateway(
    pool: AddressPool,
    tag: &str,
    spec: &NodeSpec,
    taken: &[Ipv4Addr],
) -> Result<Ipv4Addr, Error> {
    let digest = crate::fingerprints::sha256_hex(format!("{tag} {}", spec.service).as_bytes());
    let start = u32::from_str_radix(&digest[..8], 16).unwrap_or(0);
    let machine = machine_networks();
    let gateways =
        (0..pool.networks()).map(|step| pool.address(start.wrapping_add(step) % pool.networks(), 1));
    let is_free = |gateway: &Ipv4Addr| {
        !taken.contains(gateway) && machine.iter().all(|(address, mask)| !overlaps(*gateway, *address, *mask))
    };
    gateways.into_iter().find(is_free).ok_or_else(|| {
        Error::Full(format!(
            "All networks of the address pool {pool} are in use. Give this host a larger pool."
        ))
    })
}

/// Whether the service network around `gateway` and the network of an interface of the machine share an address.
fn overlaps(gateway: Ipv4Addr, address: u32, mask: u32) -> bool {
    let wider = mask & (u32::MAX << (32 - SERVICE_PREFIX));
    u32::from(gateway) & wider == address & wider
}

fn machine_networks() -> Vec<(u32, u32)> {
    let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
    let ipv4 = interfaces.filter_map(|interface| {
        let address = interface.address?.as_sockaddr_in()?.ip();
        let mask = interface.netmask?.as_sockaddr_in()?.ip();
        Some((u32::from(address), u32::from(mask)))
    });
    ipv4.collect()
}

/// Makes bridge, tap and tables. The tap comes up only when its rules are in force.
pub(super) fn attach(
    tag: &str,
    spec: &NodeSpec,
    gateway: Ipv4Addr,
    address: Ipv4Addr,
    filter: &IpFilter,
) -> Result<Attachment, Error> {
    let (bridge, tap, mac) =
        (bridge_name(tag, spec.service), tap_name(tag, spec.node), hardware_address(spec.node));
    ensure_bridge(&bridge, spec, gateway)?;
    firewalls::put(tag, spec.node, address, filter)?;
    let held = open_tap(&tap)?;
    ip(&format!(
        "link set dev {tap} alias \"{ALIAS}{node}\"
link set dev {tap} master {bridge}
link set dev {tap} type bridge_slave isolated on
",
        node = spec.node,
    ))?;
    firewalls::bind(tag, spec.node, &tap, &mac, address)?;
    ip(&format!("link set dev {tap} up\n"))?;
    let arguments = vec![
        "-netdev".into(),
        format!("tap,id=net0,fd={},vhost=off", held.as_raw_fd()),
        "-device".into(),
        format!("virtio-net-pci,netdev=net0,romfile=,mac={mac}"),
    ];
    Ok(Attachment { arguments, kept: vec![OwnedFd::from(held)] })
}

fn ensure_bridge(bridge: &str, spec: &NodeSpec, gateway: Ipv4Addr) -> Result<(), Error> {
    if !interface_exists(bridge) {
        // A hardware address of its own, or it would change with every tap and confuse the guests.
        let mac = hardware_address(spec.node).replacen("52:54:00", "02:72:64", 1);
        ip(&format!("link add name {bridge} address {mac} type bridge\n"))?;
    }
    let ipv6 = format!("/proc/sys/net/ipv6/conf/{bridge}/disable_ipv6");
    if Path::new(&ipv6).exists() {
        std::fs::write(&ipv6, "1").map_err(files::failed("switch IPv6 off on the bridge"))?;
    }
    ip(&format!(
        "link set dev {bridge} alias \"redoubt service {service}\"
address replace {gateway}/{SERVICE_PREFIX} dev {bridge}
link set dev {bridge} up
",
        service = spec.service,
    ))
}

/// Makes a tap that vanishes when the last holder of the descriptor ends.
fn open_tap(tap: &str) -> Result<File, Error> {
    let tun =
        OpenOptions::new().read(true).write(true).open(TUN).map_err(files::failed(format!("open {TUN}")))?;
    #[expect(unsafe_code, reason = "ifreq is plain data, for which all zeros are valid")]
    // SAFETY: as above.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(tap.bytes().take(libc::IFNAMSIZ - 1)) {
        *to = from.cast_signed();
    }
    let flags = libc::IFF_TAP | libc::IFF_NO_PI | libc::IFF_VNET_HDR;
    request.ifr_ifru.ifru_flags = libc::c_short::try_from(flags).unwrap_or(0);
    #[expect(unsafe_code, reason = "ioctl with a pointer to a request that lives long enough")]
    // SAFETY: `request` is a valid ifreq and the kernel only reads and writes within it.
    let made = unsafe { tun_ioctl::set_interface(tun.as_raw_fd(), &raw const request) };
    made.map_err(|error| files::failed(format!("make the interface {tap}"))(error.into()))?;
    Ok(tun)
}

/// Removes a node's tap and tables, then bridges that have no tap.
pub(super) fn remove(tag: &str, node: NodeId) -> Result<(), Error> {
    firewalls::remove(tag, node)?;
    remove_interface(&tap_name(tag, node))?;
    if firewalls::nodes(tag)?.contains(&node) {
        return Err(Error::State("The node still has a firewall table.".into()));
    }
    remove_idle_bridges(tag).map(|_| ())
}

/// Nodes with a tap (by its alias) or a table.
pub(super) fn nodes(tag: &str) -> Result<Vec<NodeId>, Error> {
    let mut nodes = firewalls::nodes(tag)?;
    for tap in interfaces(&format!("rt{}", &tag[..4])) {
        let alias = std::fs::read_to_string(format!("/sys/class/net/{tap}/ifalias")).unwrap_or_default();
        nodes.extend(alias.trim().strip_prefix(ALIAS).and_then(|id| id.parse::<NodeId>().ok()));
    }
    Ok(nodes)
}

pub(super) fn remove_everything(tag: &str) -> Result<Vec<String>, Error> {
    let mut removed = Vec::new();
    for node in firewalls::nodes(tag)? {
        firewalls::remove(tag, node)?;
        removed.push(format!("firewall tables of node {node}"));
    }
    for tap in interfaces(&format!("rt{}", &tag[..4])) {
        remove_interface(&tap)?;
        removed.push(format!("interface {tap}"));
    }
    removed.extend(remove_idle_bridges(tag)?.into_iter().map(|bridge| format!("bridge {bridge}")));
    Ok(removed)
}

fn remove_idle_bridges(tag: &str) -> Result<Vec<String>, Error> {
    let mut removed = Vec::new();
    for bridge in interfaces(&format!("rb{}", &tag[..4])) {
        let ports = std::fs::read_dir(format!("/sys/class/net/{bridge}/brif"));
        if ports.is_ok_and(|mut ports| ports.next().is_none()) {
            remove_interface(&bridge)?;
            removed.push(bridge);
        }
    }
    Ok(removed)
}

fn remove_interface(name: &str) -> Result<(), Error> {
    let started = Instant::now();
    while interface_exists(name) {
        // It may vanish by itself between the look and the removal, which then fails; only what stays is an error.
        let result = ip(&format!("link delete dev {name}\n"));
        if interface_exists(name) && started.elapsed() > REMOVAL_TIME_MAX {
            return result.and(Err(Error::State(format!("The interface {name} is still there."))));
        }
    }
    Ok(())
}

fn interface_exists(name: &str) -> bool {
    files::exists(&Path::new("/sys/class/net").join(name))
}

fn interfaces(prefix: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/sys/class/net").into_iter().flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| name.starts_with(prefix)).collect()
}

fn ip(batch: &str) -> Result<(), Error> {
    Program::find("ip")?.arguments(["-batch", "-"]).input(batch.as_bytes()).succeed().map(|_| ())
}

/// Clients on this machine reach the guest through the bridge, so it sees the bridge's address.
pub(super) fn client_address(pool: AddressPool, gateway: Ipv4Addr, peer: IpAddr) -> (IpAddr, Option<String>) {
    let peer = peer.to_canonical();
    let is_local = peer.is_loopback() || own_addresses().contains(&peer);
    if is_local {
        let note = format!("You are on the machine that runs the service, which sees you as {gateway}.");
        return (IpAddr::V4(gateway), Some(note));
    }
    let note = match peer {
        IpAddr::V4(_) => format!("Your network needs a route to {pool} through this host."),
        IpAddr::V6(_) => format!(
            "Services have IPv4 addresses only, and your network needs a route to {pool} through this host."
        ),
    };
    (peer, Some(note))
}

fn own_addresses() -> Vec<IpAddr> {
    let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
    let addresses = interfaces.filter_map(|interface| {
        let address = interface.address?;
        let ipv4 = address.as_sockaddr_in().map(|ipv4| IpAddr::V4(ipv4.ip()));
        ipv4.or_else(|| address.as_sockaddr_in6().map(|ipv6| IpAddr::V6(ipv6.ip())))
    });
    addresses.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_that_share_an_address_overlap() {
        let gateway = Ipv4Addr::new(10, 213, 4, 17);
        let net = |address: [u8; 4], prefix: u32| {
            (u32::from_be_bytes(address), u32::MAX.checked_shl(32 - prefix).unwrap_or(0))
        };
        for (address, mask) in [net([10, 213, 4, 30], 32), net([10, 1, 2, 3], 8), net([10, 213, 4, 17], 28)] {
            assert!(overlaps(gateway, address, mask));
        }
        for (address, mask) in [net([10, 213, 4, 33], 28), net([192, 0, 2, 2], 24), net([10, 213, 5, 1], 32)]
        {
            assert!(!overlaps(gateway, address, mask));
        }
    }

    #[test]
    fn local_clients_are_seen_as_the_gateway() {
        let gateway = Ipv4Addr::new(10, 213, 4, 17);
        let seen = |peer: &str| client_address(AddressPool::default(), gateway, peer.parse().unwrap()).0;
        assert_eq!(seen("127.0.0.1"), IpAddr::V4(gateway));
        assert_eq!(seen("::1"), IpAddr::V4(gateway));
        assert_eq!(seen("::ffff:127.0.0.1"), IpAddr::V4(gateway));
        assert_eq!(seen("203.0.113.9").to_string(), "203.0.113.9");
    }

    fn node(number: u8) -> NodeSpec {
        let id: NodeId = format!("0190a000-0000-7000-8000-0000000000{number:02x}").parse().unwrap();
        NodeSpec {
            node: id,
            service: domain::ids::ServiceId::from_uuid(id.uuid()),
            organization: domain::ids::OrganizationId::from_uuid(id.uuid()),
            vcpus: 1,
            memory_mib: 256,
            volumes: Vec::new(),
        }
    }

    #[test]
    fn addresses_are_given_out_once() {
        let pool: AddressPool = "10.213.0.0/27".parse().unwrap();
        let mut records: Vec<NodeRecord> = Vec::new();
        let mut add = |spec: NodeSpec| {
            let network = plan(pool, "abcdef", &records, &spec)?;
            records.push(NodeRecord { spec, network: network.clone() });
            Ok::<_, Error>(network)
        };
        let first = add(node(1)).unwrap();
        for number in 2..=13 {
            let sibling = add(NodeSpec { service: node(1).service, ..node(number) }).unwrap();
            assert_ne!(first.address(), sibling.address());
            assert_eq!(first.of_guest().gateway, sibling.of_guest().gateway);
        }
        let one_more = add(NodeSpec { service: node(1).service, ..node(14) });
        assert!(matches!(one_more, Err(Error::Full(_))), "a /28 is full");
        assert_ne!(add(node(15)).unwrap().of_guest().gateway, first.of_guest().gateway);
        assert!(matches!(add(node(16)), Err(Error::Full(_))), "the pool is full");
    }

    #[test]
    fn networks_go_without_a_trace() {
        if !is_possible() {
            return; // Only root can make bridges; everything else is tested without.
        }
        let tag = format!("{:06x}", std::process::id());
        let (gateway, address) = (Ipv4Addr::new(10, 213, 255, 1), Ipv4Addr::new(10, 213, 255, 2));
        let mut filter = IpFilter { generation: 1, sources: vec!["10.0.0.0/8".parse().unwrap()] };
        let spec = node(1);
        let attachment = attach(&tag, &spec, gateway, address, &filter).unwrap();
        assert!(
            interface_exists(&tap_name(&tag, spec.node))
                && interface_exists(&bridge_name(&tag, spec.service))
        );
        assert_eq!(firewalls::nodes(&tag).unwrap(), [spec.node]);
        assert!(nodes(&tag).unwrap().contains(&spec.node));
        filter.sources = (0..=255).map(|net| format!("10.{net}.0.0/16").parse().unwrap()).collect();
        firewalls::put(&tag, spec.node, address, &filter).unwrap();
        assert!(attach(&tag, &spec, gateway, address, &filter).is_err(), "the tap is in use");
        drop(attachment);
        let again = attach(&tag, &spec, gateway, address, &filter).unwrap();
        assert!(remove_idle_bridges(&tag).unwrap().is_empty(), "it has a tap");
        remove(&tag, spec.node).unwrap();
        drop(again);
        remove(&tag, spec.node).unwrap();
        assert!(nodes(&tag).unwrap().is_empty() && firewalls::nodes(&tag).unwrap().is_empty());
        assert!(interfaces(&format!("rb{}", &tag[..4])).is_empty());

        drop(attach(&tag, &spec, gateway, address, &filter).unwrap());
        assert_eq!(remove_everything(&tag).unwrap().len(), 2, "tables and bridge; the tap went by itself");
        assert!(remove_everything(&tag).unwrap().is_empty());
    }
}
