//! What the server asks the world by itself: DNS records, files of web servers and identity providers whose names somebody else chose. So that
//! nobody can have it reach what only this machine or its neighbours get to (CWE-918), every address is checked that is connected
//! to, and redirects are followed by hand. Keeps no cookies, uses no proxy.

mod addresses;
mod errors;
mod fetches;
mod names;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use async_trait::async_trait;
use control::domains::{LookUpError, LookUps};
use identity::oidc::exchanges::{Http, HttpError, HttpRequest, HttpResponse};
use ipnet::IpNet;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use url::Url;

use self::{addresses::Allowed, fetches::Fetcher, names::Names};

pub use errors::OutboundError;

/// Port of web servers without TLS (RFC 9110, section 4.2.1).
const HTTP_PORT: u16 = 80;
/// Look-ups at the same time, at most; others wait for their turn within their time.
const PARALLEL_MAX: usize = 16;
/// Of one host, at most: one that is slow keeps nobody else waiting.
const PARALLEL_ON_HOST_MAX: usize = 4;

/// What may be reached, and by whom names are resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundSettings {
    /// Name servers; those of the machine if there are none.
    pub resolvers: Vec<SocketAddr>,
    /// Ranges that may be reached although they are not public.
    pub private_ranges: Vec<IpNet>,
    /// Ports that may be reached.
    pub ports: Vec<u16>,
}

impl Default for OutboundSettings {
    fn default() -> Self {
        Self { resolvers: Vec::new(), private_ranges: Vec::new(), ports: vec![80, 443] }
    }
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// One answer of one name server.
    pub resolve: Duration,
    /// One request with its answer.
    pub request: Duration,
    /// All of a fetch, with its redirects.
    pub whole: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { resolve: seconds(4), request: seconds(10), whole: seconds(14) }
    }
}

/// Asks the world.
pub struct Outbound {
    names: Arc<Names>,
    fetcher: Fetcher,
    slots: Slots,
    limits: Limits,
    /// Where web servers are asked without TLS: an operator may have their network closed to port 80.
    http_port: u16,
}

impl Outbound {
    /// Makes one that reaches what the settings say.
    ///
    /// # Errors
    /// When this machine has no resolver that can be read, or no TLS client can be made.
    pub fn new(settings: &OutboundSettings, limits: Limits) -> Result<Self, OutboundError> {
        let allowed = Allowed::new(&settings.private_ranges, &settings.ports);
        let names = Arc::new(Names::new(&settings.resolvers, allowed.clone(), limits.resolve)?);
        let fetcher = Fetcher::new(names.clone(), allowed, limits.request)?;
        let usual = settings.ports.contains(&HTTP_PORT).then_some(HTTP_PORT);
        let http_port = usual.or(settings.ports.first().copied()).unwrap_or(HTTP_PORT);
        Ok(Self { names, fetcher, slots: Slots::default(), limits, http_port })
    }

    /// The body of what is at an address with `http` or `https`, of at most `limit` bytes. Redirects are followed three times at
    /// most, on the same name or the one with `www.` before it, and never from `https` back to `http`.
    ///
    /// # Errors
    /// When the address leads to what may not be reached, nothing answers in time, or the answer is not 200 or too long.
    pub async fn get(&self, address: &str, limit: usize) -> Result<Vec<u8>, OutboundError> {
        let fetched = async {
            let _slot = self.slots.take(&host(address)).await;
            self.fetcher.get(address, limit).await
        };
        tokio::time::timeout(self.limits.whole, fetched).await.unwrap_or(Err(OutboundError::Late))
    }

    /// The TXT records of a name, each as its strings. None if there is no such name.
    ///
    /// # Errors
    /// When no name server answers in time, or they cannot tell.
    pub async fn texts(&self, name: &str) -> Result<Vec<Vec<String>>, OutboundError> {
        let found = async {
            let _slot = self.slots.take(&name.to_lowercase()).await;
            self.names.texts(name).await
        };
        tokio::time::timeout(self.limits.whole, found).await.unwrap_or(Err(OutboundError::Late))
    }
}

/// The host of an address; of one that cannot be read the address, which is refused.
fn host(address: &str) -> String {
    let host = Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_lowercase));
    host.unwrap_or_else(|| address.to_owned())
}

/// Who may ask right now.
struct Slots {
    all: Semaphore,
    hosts: Mutex<BTreeMap<String, Weak<Semaphore>>>,
}

impl Default for Slots {
    fn default() -> Self {
        Self { all: Semaphore::new(PARALLEL_MAX), hosts: Mutex::default() }
    }
}

/// Leave to ask one host, while it is held.
struct Slot<'a> {
    _all: Option<SemaphorePermit<'a>>,
    _host: Option<OwnedSemaphorePermit>,
}

impl Slots {
    /// Waits for a turn of a host, and then of all.
    async fn take(&self, host: &str) -> Slot<'_> {
        // Nobody closes them.
        let of_host = self.of(host).acquire_owned().await.ok();
        Slot { _all: self.all.acquire().await.ok(), _host: of_host }
    }

    fn of(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slots) = hosts.get(host).and_then(Weak::upgrade) {
            return slots;
        }
        hosts.retain(|_, slots| slots.strong_count() > 0);
        let slots = Arc::new(Semaphore::new(PARALLEL_ON_HOST_MAX));
        hosts.insert(host.to_owned(), Arc::downgrade(&slots));
        slots
    }
}

#[async_trait]
impl LookUps for Outbound {
    async fn texts(&self, name: &str) -> Result<Vec<Vec<String>>, LookUpError> {
        Self::texts(self, name).await.map_err(LookUpError::from)
    }

    async fn file(&self, address: &str, bytes_max: usize) -> Result<Vec<u8>, LookUpError> {
        let mut url = Url::parse(address).map_err(|_| OutboundError::Address(address.to_owned()))?;
        if url.scheme() == "http" && url.port().is_none() {
            // Fails for addresses without a name alone, which are refused below.
            let _ = url.set_port(Some(self.http_port));
        }
        self.get(url.as_str(), bytes_max).await.map_err(LookUpError::from)
    }
}

#[async_trait]
impl Http for Outbound {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let exchanged = async {
            let _slot = self.slots.take(&host(&request.address)).await;
            self.fetcher.exchange(&request).await
        };
        let exchanged = tokio::time::timeout(self.limits.whole, exchanged).await;
        exchanged.unwrap_or(Err(OutboundError::Late)).map_err(|error| HttpError(error.to_string()))
    }
}
