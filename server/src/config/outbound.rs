//! The settings of what the server asks the world by itself. Connects to nothing.

use std::net::{IpAddr, SocketAddr};

use super::{network, values::Values};
use crate::outbound::OutboundSettings;

/// Port of a name server (RFC 1035, section 4.2).
const DNS_PORT: u16 = 53;

/// What may be reached, and by whom names are resolved.
pub(super) fn outbound_settings(values: &mut Values) -> OutboundSettings {
    let defaults = OutboundSettings::default();
    OutboundSettings {
        resolvers: values.list("domains.resolver", defaults.resolvers, name_server),
        private_ranges: values.list("outbound.private_ranges", defaults.private_ranges, network),
        ports: values.list("outbound.ports", defaults.ports, port),
    }
}

fn name_server(text: &str) -> Result<SocketAddr, String> {
    let whole = text.parse::<SocketAddr>();
    let address = whole.or_else(|_| text.parse::<IpAddr>().map(|address| SocketAddr::new(address, DNS_PORT)));
    address.map_err(|_| format!("“{text}” is no address of a name server; write it like 192.0.2.53"))
}

fn port(text: &str) -> Result<u16, String> {
    let port = text.parse().ok().filter(|port| *port != 0);
    port.ok_or_else(|| format!("“{text}” is no port from 1 to 65535"))
}
