//! Resolving names: TXT records, and the addresses of web servers, which are checked here before anything connects to them.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use hickory_resolver::{
    TokioResolver,
    config::{NameServerConfig, ResolverConfig},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::rr::{RData, RecordType},
};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{addresses::Allowed, errors::OutboundError};

/// How often a name server is asked that does not answer.
const ATTEMPTS: usize = 2;
/// Records of one name that are looked at, at most.
const RECORDS_MAX: usize = 200;

/// Resolves names.
pub(super) struct Names {
    resolver: TokioResolver,
    allowed: Allowed,
}

impl Names {
    /// With these name servers, or those of the machine if there are none.
    pub(super) fn new(
        servers: &[SocketAddr],
        allowed: Allowed,
        timeout: Duration,
    ) -> Result<Self, OutboundError> {
        let machine = |error: NetError| OutboundError::Machine(error.to_string());
        let mut builder = if servers.is_empty() {
            TokioResolver::builder_tokio().map_err(machine)?
        } else {
            let servers = servers.iter().map(name_server).collect();
            let config = ResolverConfig::from_parts(None, Vec::new(), servers);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let options = builder.options_mut();
        (options.timeout, options.attempts) = (timeout, ATTEMPTS);
        // Whoever has just published a record does not wait for an old answer to be over.
        options.cache_size = 0;
        Ok(Self { resolver: builder.build().map_err(machine)?, allowed })
    }

    /// The TXT records of a name.
    pub(super) async fn texts(&self, name: &str) -> Result<Vec<Vec<String>>, OutboundError> {
        let found = match self.resolver.lookup(absolute(name), RecordType::TXT).await {
            Ok(found) => found,
            Err(error) if is_nothing(&error) => return Ok(Vec::new()),
            Err(error) => return Err(unresolved(name, &error)),
        };
        let strings = |record: &hickory_resolver::proto::rr::Record| match &record.data {
            RData::TXT(text) => {
                Some(text.txt_data.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect())
            }
            _ => None,
        };
        Ok(found.answers().iter().filter_map(strings).take(RECORDS_MAX).collect())
    }

    /// The addresses of a name, all of which may be reached.
    pub(super) async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, OutboundError> {
        let found: Vec<IpAddr> = match self.resolver.lookup_ip(absolute(name)).await {
            Ok(found) => found.iter().take(RECORDS_MAX).collect(),
            Err(error) if is_nothing(&error) => Vec::new(),
            Err(error) => return Err(unresolved(name, &error)),
        };
        if found.is_empty() {
            return Err(OutboundError::NoAddress(name.to_owned()));
        }
        // One that may not be reached among others is no accident.
        match found.iter().all(|address| self.allowed.address(*address)) {
            true => Ok(found),
            false => Err(OutboundError::Private(name.to_owned())),
        }
    }
}

/// What the HTTP client asks when it connects: what is checked is what is connected to.
#[derive(Clone)]
pub(super) struct Checked(pub(super) Arc<Names>);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.0.clone();
        Box::pin(async move {
            let addresses = names.addresses(name.as_str()).await?;
            // The client puts the port of the address in.
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

fn name_server(address: &SocketAddr) -> NameServerConfig {
    let mut server = NameServerConfig::udp_and_tcp(address.ip());
    for connection in &mut server.connections {
        connection.port = address.port();
    }
    server
}

/// A name with the dot at its end: nothing of this machine's own domain is put behind it.
fn absolute(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.'))
}

fn is_nothing(error: &NetError) -> bool {
    use hickory_resolver::proto::op::ResponseCode::{NXDomain, NoError};
    matches!(error, NetError::Dns(DnsError::NoRecordsFound(found)) if matches!(found.response_code, NXDomain | NoError))
}

fn unresolved(name: &str, error: &NetError) -> OutboundError {
    tracing::info!(name, %error, "A name could not be resolved");
    OutboundError::Unresolved(name.to_owned())
}
