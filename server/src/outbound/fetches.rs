//! Fetching over HTTP and posting forms: one request after the other, each to a checked address, with limits on everything.

use std::{error::Error as _, sync::Arc, time::Duration};

use identity::oidc::exchanges::{HttpRequest, HttpResponse};
use reqwest::{Client, Response, StatusCode, Url, header, header::HeaderValue, redirect::Policy};
use url::Host;

use super::{addresses::Allowed, errors::OutboundError, names::Checked, names::Names};

/// Redirects that are followed, at most.
const REDIRECTS_MAX: usize = 3;
/// How a request names us.
const AGENT: &str = "Redoubt";
/// Characters of an address in an error, at most.
const ADDRESS_CHARS_MAX: usize = 200;

/// Fetches.
pub(super) struct Fetcher {
    client: Client,
    allowed: Allowed,
}

impl Fetcher {
    pub(super) fn new(names: Arc<Names>, allowed: Allowed, timeout: Duration) -> Result<Self, OutboundError> {
        let client = Client::builder()
            .user_agent(AGENT)
            .timeout(timeout)
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            // Each request resolves, and so checks, anew.
            .pool_max_idle_per_host(0)
            .dns_resolver(Arc::new(Checked(names)))
            .build()
            .map_err(|error| OutboundError::Machine(error.to_string()))?;
        Ok(Self { client, allowed })
    }

    /// The body of what is at an address.
    pub(super) async fn get(&self, address: &str, limit: usize) -> Result<Vec<u8>, OutboundError> {
        let unreadable = || OutboundError::Address(cut(address));
        let mut url = Url::parse(address).map_err(|_| unreadable())?;
        let first = url.host_str().ok_or_else(unreadable)?.to_owned();
        for _ in 0..=REDIRECTS_MAX {
            self.check(&url)?;
            let response =
                self.client.get(url.clone()).send().await.map_err(|error| meaning(&url, &error))?;
            match target(&url, &response)? {
                Some(next) => {
                    let refused =
                        || OutboundError::Redirect { from: cut(url.as_str()), to: cut(next.as_str()) };
                    if !may_follow(&first, &url, &next) {
                        return Err(refused());
                    }
                    url = next;
                }
                None => return body(&url, response, limit).await,
            }
        }
        Err(OutboundError::Redirects(cut(address)))
    }

    /// Sends one request as it is, and gives the answer whatever its status is. Follows no redirect.
    pub(super) async fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, OutboundError> {
        let unreadable = || OutboundError::Address(cut(&request.address));
        let url = Url::parse(&request.address).map_err(|_| unreadable())?;
        self.check(&url)?;
        let mut sent = match &request.form {
            Some(form) => self
                .client
                .post(url.clone())
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.expose().to_owned()),
            None => self.client.get(url.clone()),
        };
        if let Some(authorization) = &request.authorization {
            let mut value = HeaderValue::from_str(authorization.expose()).map_err(|_| unreadable())?;
            value.set_sensitive(true);
            sent = sent.header(header::AUTHORIZATION, value);
        }
        let sent = sent.header(header::ACCEPT, "application/json").send().await;
        let response = sent.map_err(|error| meaning(&url, &error))?;
        let status = response.status().as_u16();
        Ok(HttpResponse { status, body: read(&url, response, request.bytes_max).await? })
    }

    /// Whether an address may be fetched, as far as it tells by itself. Names are checked when they are resolved.
    fn check(&self, url: &Url) -> Result<(), OutboundError> {
        let unreadable = || OutboundError::Address(cut(url.as_str()));
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some()
        {
            return Err(unreadable());
        }
        let literal = match url.host().ok_or_else(unreadable)? {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
        };
        if literal.is_some_and(|address| !self.allowed.address(address)) {
            return Err(OutboundError::Private(url.host_str().unwrap_or_default().to_owned()));
        }
        let port = url.port_or_known_default().ok_or_else(unreadable)?;
        if self.allowed.port(port) { Ok(()) } else { Err(OutboundError::Port(port)) }
    }
}

/// Where an answer redirects to, if it does.
fn target(url: &Url, response: &Response) -> Result<Option<Url>, OutboundError> {
    let is_redirect = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    if !is_redirect {
        return Ok(None);
    }
    let location =
        response.headers().get(header::LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let Some(location) = location else {
        return Err(OutboundError::Status { address: cut(url.as_str()), status: response.status().as_u16() });
    };
    let unreadable = |_| OutboundError::Redirect { from: cut(url.as_str()), to: cut(&location) };
    url.join(&location).map(Some).map_err(unreadable)
}

/// Whether a redirect is followed.
fn may_follow(first: &str, from: &Url, to: &Url) -> bool {
    let is_same = to.host_str().is_some_and(|host| host == first || host.strip_prefix("www.") == Some(first));
    let is_downgrade = from.scheme() == "https" && to.scheme() != "https";
    is_same && !is_downgrade
}

async fn body(url: &Url, response: Response, limit: usize) -> Result<Vec<u8>, OutboundError> {
    let address = cut(url.as_str());
    if response.status() != StatusCode::OK {
        return Err(OutboundError::Status { address, status: response.status().as_u16() });
    }
    read(url, response, limit).await
}

async fn read(url: &Url, mut response: Response, limit: usize) -> Result<Vec<u8>, OutboundError> {
    let address = cut(url.as_str());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| meaning(url, &error))? {
        if body.len() + chunk.len() > limit {
            return Err(OutboundError::TooLong { address, limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What an error of the client means. What it says of connections is in the log alone.
fn meaning(url: &Url, error: &reqwest::Error) -> OutboundError {
    let mut cause = error.source();
    while let Some(found) = cause {
        if let Some(ours) = found.downcast_ref::<OutboundError>() {
            return ours.clone();
        }
        cause = found.source();
    }
    if error.is_timeout() {
        return OutboundError::Late;
    }
    let host = url.host_str().unwrap_or_default();
    tracing::info!(host, error = format!("{error:?}"), "Something could not be fetched");
    OutboundError::Unreachable(host.to_owned())
}

fn cut(address: &str) -> String {
    address.chars().filter(|c| !c.is_control()).take(ADDRESS_CHARS_MAX).collect()
}
