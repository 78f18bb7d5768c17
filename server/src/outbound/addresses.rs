//! Which addresses and ports of the world may be reached. Knows nothing of names.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What is not public of IPv4: the special-purpose registry of IANA (RFC 6890), multicast, and what is reserved.
const NOT_PUBLIC_V4: &[([u8; 4], u8)] = &[
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 52, 193, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([192, 175, 48, 0], 24),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];
/// Of IPv6 just this is public (RFC 4291, section 2.4) …
const PUBLIC_V6: ([u16; 8], u8) = ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);
/// … without protocol assignments, Teredo among them, documentation, and 6to4, which hides IPv4 addresses.
const NOT_PUBLIC_V6: &[([u16; 8], u8)] = &[
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
    ([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

/// What may be reached.
#[derive(Clone)]
pub(super) struct Allowed {
    private_ranges: Arc<[IpNet]>,
    ports: Arc<[u16]>,
}

impl Allowed {
    pub(super) fn new(private_ranges: &[IpNet], ports: &[u16]) -> Self {
        Self { private_ranges: private_ranges.into(), ports: ports.into() }
    }

    /// Whether an address may be reached. One of IPv4 that is written as one of IPv6 is what it is.
    pub(super) fn address(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || self.private_ranges.iter().any(|range| range.contains(&address))
    }

    /// Whether a port may be reached.
    pub(super) fn port(&self, port: u16) -> bool {
        self.ports.contains(&port)
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|range| v4(range).contains(&address)),
        IpAddr::V6(address) => {
            v6(&PUBLIC_V6).contains(&address)
                && !NOT_PUBLIC_V6.iter().any(|range| v6(range).contains(&address))
        }
    }
}

fn v4((address, length): &([u8; 4], u8)) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::from(*address), *length)
}

fn v6((address, length): &([u16; 8], u8)) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::from(*address), *length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(allowed: &Allowed, text: &str) -> bool {
        allowed.address(text.parse().unwrap())
    }

    #[test]
    fn only_what_is_public_is_reached() {
        let allowed = Allowed::new(&[], &[80, 443]);
        for public in ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]
        {
            assert!(allows(&allowed, public), "{public}");
        }
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!allows(&allowed, private), "{private}");
        }
        assert!(allowed.port(443) && !allowed.port(22));
    }

    #[test]
    fn an_operator_allows_ranges_of_their_own_and_no_more() {
        let ranges = ["10.1.0.0/16".parse().unwrap(), "fd12::/64".parse().unwrap()];
        let allowed = Allowed::new(&ranges, &[8443]);
        for (address, is_allowed) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("10.2.0.1", false),
            ("fd12::5", true),
            ("fd13::5", false),
            ("127.0.0.1", false),
            ("8.8.8.8", true),
        ] {
            assert_eq!(allows(&allowed, address), is_allowed, "{address}");
        }
        assert!(allowed.port(8443) && !allowed.port(443));
    }
}
