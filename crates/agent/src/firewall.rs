//! The guest's packet filter: one nftables table, replaced as a whole. Knows nothing of PostgreSQL but its port.

use std::{fmt::Write, time::Duration};

use domain::networks::{Cidr, IpFilter};

use crate::commands::{Run, User, run};

const LIMIT: Duration = Duration::from_secs(30);

/// Puts a filter in force. Either all of it or nothing takes effect.
pub(crate) fn apply(port: u16, filter: &IpFilter) -> Result<(), String> {
    let rules = rules(port, &filter.sources);
    let arguments = ["-f", "-"];
    run(&Run {
        program: "/usr/sbin/nft",
        arguments: &arguments,
        input: rules.as_bytes(),
        user: User::Root,
        limit: LIMIT,
    })
    .map(drop)
    .map_err(|error| format!("the firewall could not be set: {error}"))
}

/// The ruleset. The port's sources are checked before established connections are let through, so that a source
/// that is taken off the filter loses its connections too.
fn rules(port: u16, sources: &[Cidr]) -> String {
    let mut text = String::from("add table inet redoubt\ndelete table inet redoubt\ntable inet redoubt {\n");
    for (name, kind, is_ipv4) in [("sources4", "ipv4_addr", true), ("sources6", "ipv6_addr", false)] {
        let elements: Vec<String> = elements(sources, is_ipv4);
        let _ = writeln!(text, "  set {name} {{\n    type {kind}\n    flags interval\n    auto-merge");
        if !elements.is_empty() {
            let _ = writeln!(text, "    elements = {{ {} }}", elements.join(", "));
        }
        text.push_str("  }\n");
    }
    let _ = write!(
        text,
        "  chain input {{
    type filter hook input priority filter; policy drop;
    iif lo accept
    ct state invalid drop
    tcp dport {port} ip saddr @sources4 accept
    tcp dport {port} ip6 saddr @sources6 accept
    tcp dport {port} drop
    ct state established,related accept
    icmp type destination-unreachable icmp code frag-needed accept
    icmpv6 type {{ packet-too-big, nd-neighbor-solicit, nd-neighbor-advert }} accept
  }}
  chain forward {{
    type filter hook forward priority filter; policy drop;
  }}
  chain output {{
    type filter hook output priority filter; policy drop;
    oif lo accept
    ct state established,related accept
    icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} accept
  }}
}}
"
    );
    text
}

fn elements(sources: &[Cidr], is_ipv4: bool) -> Vec<String> {
    let of_family = sources.iter().filter(|cidr| cidr.is_ipv4() == is_ipv4);
    if of_family.clone().any(|cidr| cidr.is_world()) {
        // The whole space as one range: all else lies within.
        let world =
            if is_ipv4 { "0.0.0.0-255.255.255.255" } else { "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" };
        return vec![world.to_owned()];
    }
    of_family.map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidrs(texts: &[&str]) -> Vec<Cidr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn nobody_comes_in_by_default() {
        let text = rules(5432, &[]);
        assert!(!text.contains("elements"));
        assert_eq!(text.matches("policy drop").count(), 3);
    }

    #[test]
    fn sources_are_split_by_family_and_checked_before_established_connections() {
        let text = rules(25432, &cidrs(&["203.0.113.7", "2001:db8::/32", "10.0.0.0/8"]));
        assert!(text.contains("elements = { 203.0.113.7/32, 10.0.0.0/8 }"), "{text}");
        assert!(text.contains("elements = { 2001:db8::/32 }"), "{text}");
        let position = |what: &str| text.find(what).unwrap();
        assert!(position("tcp dport 25432 ip saddr @sources4 accept") < position("tcp dport 25432 drop"));
        assert!(position("tcp dport 25432 drop") < position("ct state established,related accept"));
        assert!(position("delete table inet redoubt") < position("table inet redoubt {"));
    }

    #[test]
    fn the_whole_world_is_one_range() {
        let text = rules(1, &cidrs(&["10.0.0.0/8", "0.0.0.0/0"]));
        assert!(text.contains("elements = { 0.0.0.0-255.255.255.255 }"), "{text}");
        assert!(!text.contains("10.0.0.0"), "{text}");
    }
}
