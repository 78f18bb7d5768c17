//! Address ranges and the IP filter of a service.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::names::NameError;

/// Most entries an IP filter may have.
pub const IP_FILTER_ENTRIES_MAX: usize = 1024;
/// Most characters of an entry's description.
pub const DESCRIPTION_CHARS_MAX: usize = 128;

/// Prefixes of ranges from which on they are wide.
const WIDE_PREFIX_IPV4: u8 = 8;
const WIDE_PREFIX_IPV6: u8 = 16;
/// Bits in front of an IPv4 address that is written as IPv6 (`::ffff:a.b.c.d`, RFC 4291 section 2.5.5.2).
const MAPPED_PREFIX: u8 = 96;

/// An address range in CIDR notation with no bits set outside the prefix; a single address is a /32 or /128.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Cidr(IpNet);

impl Cidr {
    /// The range that holds just `address`.
    #[must_use]
    pub fn single(address: IpAddr) -> Self {
        Self(IpNet::from(address))
    }
    /// Whether `address` lies in the range.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
    /// Whether the range is the whole address space (`0.0.0.0/0` or `::/0`).
    #[must_use]
    pub fn is_world(self) -> bool {
        self.0.prefix_len() == 0
    }
    /// The range that comes of joining this one with those of `others` that touch or overlap it, as far as they go.
    #[must_use]
    pub fn joined_with(self, others: &[Self]) -> Self {
        let all: Vec<IpNet> = others.iter().chain([&self]).map(|range| range.0).collect();
        IpNet::aggregate(&all).into_iter().find(|joined| joined.contains(&self.0)).map_or(self, Self)
    }
    /// The widest range that comes of joining all of `ranges` with those they touch or overlap, if it [is wide](Self::is_wide).
    #[must_use]
    pub fn widest(ranges: &[Self]) -> Option<Self> {
        let all: Vec<IpNet> = ranges.iter().map(|range| range.0).collect();
        let joined = IpNet::aggregate(&all).into_iter().map(Self);
        joined.filter(|range| range.is_wide()).min_by_key(|range| range.0.prefix_len())
    }
    /// Whether every address of the range lies in one of `others`, joined where they touch.
    #[must_use]
    pub fn lies_in(self, others: &[Self]) -> bool {
        let all: Vec<IpNet> = others.iter().map(|range| range.0).collect();
        IpNet::aggregate(&all).into_iter().any(|joined| joined.contains(&self.0))
    }
    /// Whether the range holds a part of the internet rather than somebody's network: a /8 of IPv4 and more.
    #[must_use]
    pub fn is_wide(self) -> bool {
        self.0.prefix_len() <= if self.is_ipv4() { WIDE_PREFIX_IPV4 } else { WIDE_PREFIX_IPV6 }
    }
    /// Whether the range is of IPv4.
    #[must_use]
    pub fn is_ipv4(self) -> bool {
        matches!(self.0, IpNet::V4(_))
    }
}

impl FromStr for Cidr {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NameError("Enter an address or a range like 203.0.113.0/24.".into()));
        }
        let refusal = || {
            NameError(format!("“{text}” is no address range; write it like 203.0.113.7 or 203.0.113.0/24."))
        };
        // The library of ranges takes leading zeros, which others read as octal digits.
        let (address, prefix) =
            text.split_once('/').map_or((text, None), |(net, prefix)| (net, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| refusal())?;
        let net = match prefix {
            None => IpNet::from(address),
            Some(_) => text.parse().map_err(|_| refusal())?,
        };
        if net.trunc() != net {
            return Err(NameError(format!(
                "“{text}” has bits set behind its prefix; did you mean {}?",
                net.trunc()
            )));
        }
        Ok(Self(canonical(net)))
    }
}

/// An IPv4 range that is written as IPv6 as what it is.
fn canonical(net: IpNet) -> IpNet {
    let mapped = match net.addr() {
        IpAddr::V6(address) => address.to_ipv4_mapped(),
        IpAddr::V4(_) => None,
    };
    let prefix = net.prefix_len().checked_sub(MAPPED_PREFIX);
    mapped.zip(prefix).and_then(|(address, prefix)| IpNet::new(address.into(), prefix).ok()).unwrap_or(net)
}

impl TryFrom<String> for Cidr {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}
impl From<Cidr> for String {
    fn from(cidr: Cidr) -> Self {
        cidr.to_string()
    }
}
impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One line of an IP filter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpFilterEntry {
    /// Who may connect.
    pub cidr: Cidr,
    /// What the range is, in the customer's words; may be empty.
    pub description: String,
}

/// A service's IP filter as handed to hosts and guests. Empty means that nobody connects.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IpFilter {
    /// Counts up with every change; the guest reports the one in force.
    pub generation: i64,
    /// The ranges that may connect.
    pub sources: Vec<Cidr>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_ranges_and_says_what_is_wrong() {
        assert_eq!("10.0.0.1".parse::<Cidr>().unwrap().to_string(), "10.0.0.1/32");
        assert!("0.0.0.0/0".parse::<Cidr>().unwrap().is_world());
        assert_eq!("2001:db8::/32".parse::<Cidr>().unwrap().to_string(), "2001:db8::/32");
        assert_eq!(
            "10.0.0.1/8".parse::<Cidr>().unwrap_err().0,
            "“10.0.0.1/8” has bits set behind its prefix; did you mean 10.0.0.0/8?"
        );
        for bad in [
            "",
            "10.0.0",
            "10.0.0.0/33",
            "::/129",
            "localhost",
            "10.0.0.0/-1",
            "010.001.0.0/16",
            "08.8.8.8",
            "10.0.0.0/ 8",
        ] {
            assert!(bad.parse::<Cidr>().is_err(), "{bad}");
        }
    }

    #[test]
    fn one_range_has_one_form() {
        let text = |text: &str| text.parse::<Cidr>().unwrap().to_string();
        assert_eq!(text("::ffff:192.0.2.1"), "192.0.2.1/32");
        assert_eq!(text("::ffff:192.0.2.0/120"), "192.0.2.0/24");
        assert_eq!(text("::ffff:0:0/96"), "0.0.0.0/0");
        assert_eq!(text("2001:db8::1"), "2001:db8::1/128");
    }

    #[test]
    fn what_is_wide_is_found_in_pieces_too() {
        let range = |text: &str| text.parse::<Cidr>().unwrap();
        for (text, is_wide) in [
            ("0.0.0.0/1", true),
            ("10.0.0.0/8", true),
            ("10.0.0.0/9", false),
            ("2000::/3", true),
            ("2001:db8::/32", false),
        ] {
            assert_eq!(range(text).is_wide(), is_wide, "{text}");
        }
        let halves = [range("0.0.0.0/2"), range("64.0.0.0/2"), range("192.0.2.0/24")];
        assert!(range("128.0.0.0/1").joined_with(&halves).is_world());
        assert_eq!(range("10.128.0.0/9").joined_with(&[range("10.0.0.0/9")]), range("10.0.0.0/8"));
        assert_eq!(range("10.0.0.0/9").joined_with(&halves[2..]), range("10.0.0.0/9"));
        assert_eq!(Cidr::widest(&halves), Some(range("0.0.0.0/1")));
        assert_eq!(Cidr::widest(&halves[2..]), None);
        assert!(range("10.0.0.0/8").lies_in(&halves) && range("0.0.0.0/1").lies_in(&halves));
        assert!(!range("10.0.0.0/8").lies_in(&halves[1..]) && !range("0.0.0.0/0").lies_in(&halves));
    }
}
