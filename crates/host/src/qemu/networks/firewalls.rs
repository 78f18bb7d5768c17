//! The nftables rules of one VM, in two tables of its own: who may reach it, and that it speaks only for itself.
//!
//! The rules use addresses and ports only, no text from people. Removing the tables removes everything.

use std::{fmt::Write as _, net::Ipv4Addr};

use domain::{ids::NodeId, networks::IpFilter};

use super::GUEST_PORT;
use crate::{Error, qemu::commands::Program};

const PREFIX: &str = "redoubt_";

/// Name of both tables of a node.
pub(crate) fn table_name(tag: &str, node: NodeId) -> String {
    format!("{PREFIX}{tag}_{}", node.to_string().replace('-', ""))
}

/// Puts the filter in force in one transaction. Connections of sources that are not in it any more end at once,
/// because established ones get through by the same list.
pub(crate) fn put(tag: &str, node: NodeId, address: Ipv4Addr, filter: &IpFilter) -> Result<(), Error> {
    apply(&filter_rules(&table_name(tag, node), node, address, filter))
}

/// Binds the tap to the node's addresses: what does not come from them is dropped.
pub(crate) fn bind(tag: &str, node: NodeId, tap: &str, mac: &str, address: Ipv4Addr) -> Result<(), Error> {
    apply(&binding_rules(&table_name(tag, node), tap, mac, address))
}

/// Removes both tables.
pub(crate) fn remove(tag: &str, node: NodeId) -> Result<(), Error> {
    let table = table_name(tag, node);
    apply(&format!("{}{}", without("inet", &table), without("netdev", &table)))
}

/// Nodes that have a table of this host.
pub(crate) fn nodes(tag: &str) -> Result<Vec<NodeId>, Error> {
    let listed = Program::find("nft")?.arguments(["list", "tables"]).succeed()?.text();
    let names = listed.lines().filter_map(|line| line.split_whitespace().last());
    let ids = names
        .filter_map(|name| name.strip_prefix(PREFIX)?.strip_prefix(tag)?.strip_prefix('_')?.parse().ok());
    let mut nodes: Vec<NodeId> = ids.collect();
    nodes.sort_unstable();
    nodes.dedup();
    Ok(nodes)
}

fn apply(rules: &str) -> Result<(), Error> {
    Program::find("nft")?.arguments(["-f", "-"]).input(rules.as_bytes()).succeed().map(|_| ())
}

/// `destroy table` came with nftables 1.0.8; adding first makes deleting succeed always.
fn without(family: &str, table: &str) -> String {
    format!("add table {family} {table}\ndelete table {family} {table}\n")
}

fn filter_rules(table: &str, node: NodeId, address: Ipv4Addr, filter: &IpFilter) -> String {
    let sources: Vec<String> =
        filter.sources.iter().filter(|source| source.is_ipv4()).map(ToString::to_string).collect();
    let elements = if sources.is_empty() {
        String::new()
    } else {
        format!("    elements = {{ {} }}\n", sources.join(", "))
    };
    let mut rules = without("inet", table);
    // Writing to a `String` cannot fail.
    let _ = write!(
        rules,
        "table inet {table} {{
  comment \"redoubt node {node} generation {generation}\"
  set sources {{
    type ipv4_addr
    flags interval
    auto-merge
{elements}  }}
  chain to_guest {{
    ip saddr @sources tcp dport {GUEST_PORT} accept
    ct state related icmp type destination-unreachable accept
    counter drop
  }}
  chain from_guest {{
    ip daddr @sources tcp sport {GUEST_PORT} ct state established accept
    counter drop
  }}
  chain output {{
    type filter hook output priority filter
    policy accept
    ip daddr {address} jump to_guest
  }}
  chain input {{
    type filter hook input priority filter
    policy accept
    ip saddr {address} jump from_guest
  }}
  chain forward {{
    type filter hook forward priority filter
    policy accept
    ip daddr {address} jump to_guest
    ip saddr {address} jump from_guest
  }}
}}
",
        generation = filter.generation,
    );
    rules
}

fn binding_rules(table: &str, tap: &str, mac: &str, address: Ipv4Addr) -> String {
    let mut rules = without("netdev", table);
    let _ = write!(
        rules,
        "table netdev {table} {{
  chain ingress {{
    type filter hook ingress device \"{tap}\" priority filter
    policy drop
    ether saddr {mac} ether type arp arp saddr ether {mac} arp saddr ip {address} accept
    ether saddr {mac} ether type ip ip saddr {address} accept
    counter drop
  }}
}}
"
    );
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_hold_addresses_only() {
        let node: NodeId = "0190a000-0000-7000-8000-000000000001".parse().unwrap();
        let address = Ipv4Addr::new(10, 213, 0, 2);
        let mut filter = IpFilter { generation: 4, sources: Vec::new() };
        assert!(
            !filter_rules("t", node, address, &filter).contains("elements"),
            "an empty set is written without"
        );
        filter.sources = vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        let rules = filter_rules("t", node, address, &filter);
        assert!(rules.contains("elements = { 10.0.0.0/8 }"), "{rules}");
        assert_eq!(table_name("abcdef", node), "redoubt_abcdef_0190a000000070008000000000000001");
    }
}
