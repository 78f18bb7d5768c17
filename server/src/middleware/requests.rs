//! What is true of every request: its id, who sent it and from where, its log line, its place in the metrics.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use control::{Origin, Random};
use domain::{ids::RequestId, timestamps::Clock};
use ipnet::IpNet;
use tracing::Instrument;
use url::Url;

use super::keepsakes;
use crate::{config::is_localhost, metrics::Metrics};

/// Characters of a client's name that are kept.
const AGENT_CHARS_MAX: usize = 256;
/// Requests slower than this are logged as a warning.
const SLOW: Duration = Duration::from_secs(5);

/// The address at the other end of the connection, put there by the listener.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// What the layers here need to know.
pub(crate) struct Requests {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) public_url: Url,
    pub(crate) metrics: Arc<Metrics>,
}

/// Gives the request its id and origin, and logs and counts it.
pub(crate) async fn identify(
    State(requests): State<Arc<Requests>>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let id = requests.new_id();
    let address = request
        .extensions()
        .get::<Peer>()
        .map(|Peer(peer)| client_address(*peer, request.headers(), &requests.trusted_proxies));
    let agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let agent = agent.map(|agent| agent.chars().take(AGENT_CHARS_MAX).collect());
    let device = keepsakes::device(request.headers());
    request.extensions_mut().insert(Origin { address, agent, device, request_id: id });

    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    // The path of a set-up link is a secret: its route is logged instead.
    let path = match route.as_deref() {
        Some(route) if route.contains("token") => route.to_owned(),
        _ => request.uri().path().to_owned(),
    };
    let span = tracing::info_span!("request", %id);
    let in_flight = requests.metrics.begin();
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, elapsed) = (response.status(), started.elapsed());
    in_flight.end(&method, route.as_deref(), status, elapsed);
    span.in_scope(|| log(&method, &path, status, elapsed, address));
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
    }
    response
}

fn log(method: &Method, path: &str, status: StatusCode, elapsed: Duration, address: Option<IpAddr>) {
    let (status, millis) = (status.as_u16(), elapsed.as_secs_f64() * 1000.0);
    let address = address.map(tracing::field::display);
    if elapsed > SLOW || status >= 500 {
        tracing::warn!(%method, path, status, millis, address, "Request answered");
    } else if path.starts_with("/assets/") || path.starts_with("/health/") {
        tracing::debug!(%method, path, status, millis, address, "Request answered");
    } else {
        tracing::info!(%method, path, status, millis, address, "Request answered");
    }
}

impl Requests {
    /// A UUIDv7, as every id here.
    fn new_id(&self) -> RequestId {
        let mut tail = [0; 10];
        self.random.fill(&mut tail);
        let millis = u64::try_from(self.clock.now().micros() / 1000).unwrap_or(0);
        RequestId::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid())
    }

    fn is_own_host(&self, host: &str) -> bool {
        let Ok(asked) = Url::parse(&format!("{}://{host}/", self.public_url.scheme())) else { return false };
        if is_localhost(&self.public_url) {
            // A forwarded port keeps the name only.
            return asked.host() == self.public_url.host();
        }
        asked.host() == self.public_url.host() && asked.port() == self.public_url.port()
    }
}

/// Answers only under the name people were told: what another name leads here (DNS rebinding) goes no further.
pub(crate) async fn insist_on_host(
    State(requests): State<Arc<Requests>>,
    request: Request,
    next: Next,
) -> Response {
    // A request's target may name a host of its own, which then counts (RFC 9112 section 3.2.2).
    let named = request.uri().authority().map(axum::http::uri::Authority::as_str);
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if named.or(host).is_some_and(|host| requests.is_own_host(host)) {
        return next.run(request).await;
    }
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let target = format!("{}{path}", requests.public_url.as_str().trim_end_matches('/'));
        return Redirect::temporary(&target).into_response();
    }
    let reason = format!("This console answers as {} only.\n", requests.public_url);
    (StatusCode::MISDIRECTED_REQUEST, reason).into_response()
}

/// The client's address: the last one in `X-Forwarded-For` that is no trusted proxy, if a trusted one sent it.
pub(crate) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address.to_canonical()));
    let peer = peer.to_canonical();
    if !is_trusted(peer) {
        return peer;
    }
    let mut client = peer;
    let lines: Vec<&HeaderValue> = headers.get_all("x-forwarded-for").iter().collect();
    let hops = lines.iter().rev().filter_map(|line| line.to_str().ok()).flat_map(|line| line.rsplit(','));
    for hop in hops {
        let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
        client = address.to_canonical();
        if !is_trusted(client) {
            break;
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn believes_trusted_proxies_only() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let check = |peer: &str, forwarded: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in forwarded {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
        };
        assert_eq!(check("192.0.2.1", &["203.0.113.9"]), "192.0.2.1", "not a proxy");
        assert_eq!(check("10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(
            check("10.0.0.1", &["1.1.1.1, 203.0.113.9, 10.0.0.2"]),
            "203.0.113.9",
            "the first is forged"
        );
        assert_eq!(check("10.0.0.1", &["1.1.1.1", "203.0.113.9"]), "203.0.113.9", "lines in order");
        assert_eq!(check("10.0.0.1", &["203.0.113.9, nonsense"]), "10.0.0.1");
        assert_eq!(check("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(check("::ffff:10.0.0.1", &["2001:db8::1"]), "2001:db8::1");
    }
}
