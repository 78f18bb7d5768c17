//! From a row of the table to a request, and what comes back. Judges nothing.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::atomic::{AtomicU32, Ordering},
};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use server::middleware::requests::Peer;
use tower::ServiceExt;
use url::form_urlencoded;

use super::{
    actors::{Actor, From},
    routes::{Kind, Route, pieces},
    things::World,
};

/// Bytes of an answer, at most.
const BODY_BYTES_MAX: usize = 8 << 20;

/// What comes back.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The text without what differs from one answer to the next whatever was asked for, and without these ids, which
    /// stand in it because they were asked for.
    pub(super) fn without_chance<'a>(&'a self, ids: impl Iterator<Item = &'a str>) -> String {
        let policy = self.header("content-security-policy");
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next());
        let chance = nonce.into_iter().chain([self.header("x-request-id")]).chain(ids);
        chance.filter(|text| !text.is_empty()).fold(self.text.clone(), |text, part| text.replace(part, ""))
    }
}

/// What is asked for: path and values.
#[derive(Debug)]
pub(super) struct Asked {
    path: String,
    sent: String,
}

impl Asked {
    /// The templates, with these values; `sent` are fields or JSON.
    pub(super) fn new(route: &Route, sent: &str, mut value: impl FnMut(&str) -> String) -> Self {
        let mut fill = |template: &str| -> String {
            let pieces = pieces(template).into_iter();
            pieces.map(|(text, name)| format!("{text}{}", name.map(&mut value).unwrap_or_default())).collect()
        };
        let path = fill(route.path);
        if is_json(route) {
            return Self { path, sent: fill(sent) };
        }
        let mut fields = form_urlencoded::Serializer::new(String::new());
        for (name, template) in sent.split('&').filter_map(|field| field.split_once('=')) {
            fields.append_pair(name, &fill(template));
        }
        Self { path, sent: fields.finish() }
    }
}

fn is_json(route: &Route) -> bool {
    route.kind == Kind::Operation && !matches!(route.method, Method::GET | Method::DELETE)
}

/// Asks, as a browser or a program does.
pub(super) async fn send(world: &World, actor: &Actor, route: &Route, asked: &Asked) -> Reply {
    let accept = if route.kind == Kind::Page { "text/html" } else { "application/json" };
    send_as(world, actor, route, asked, accept).await
}

/// The same, taking another kind of answer.
pub(super) async fn send_as(
    world: &World,
    actor: &Actor,
    route: &Route,
    asked: &Asked,
    accept: &str,
) -> Reply {
    answer(world, (actor, route), asked, headers(actor, route, accept)).await
}

/// The same with other headers: an empty value takes one away.
pub(super) async fn send_with(
    world: &World,
    actor: &Actor,
    route: &Route,
    asked: &Asked,
    changed: &[(&'static str, &str)],
) -> Reply {
    let mut headers = headers(actor, route, "text/html");
    for (name, value) in changed {
        headers.remove(*name);
        if !value.is_empty() {
            headers.insert(*name, value.parse().unwrap());
        }
    }
    answer(world, (actor, route), asked, headers).await
}

async fn answer(world: &World, (actor, route): (&Actor, &Route), asked: &Asked, headers: HeaderMap) -> Reply {
    let in_query = matches!(route.method, Method::GET | Method::DELETE);
    let (uri, body) = match in_query && !asked.sent.is_empty() {
        true => (format!("{}?{}", asked.path, asked.sent), String::new()),
        false => (asked.path.clone(), asked.sent.clone()),
    };
    let mut request =
        Request::builder().method(route.method.clone()).uri(uri).body(Body::from(body)).unwrap();
    *request.headers_mut() = headers;
    request.extensions_mut().insert(Peer(address(actor, route)));
    let answer = world.installation.router.clone().oneshot(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.unwrap();
    Reply { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&body).into_owned() }
}

fn headers(actor: &Actor, route: &Route, accept: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut set = |name: header::HeaderName, value: &str| headers.insert(name, value.parse().unwrap());
    set(header::HOST, "localhost:8080");
    set(header::USER_AGENT, "walker");
    set(header::ACCEPT, accept);
    if is_json(route) {
        set(header::CONTENT_TYPE, "application/json");
    } else if route.method == Method::POST {
        set(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        set(header::HeaderName::from_static("sec-fetch-site"), "same-origin");
    }
    if (route.kind == Kind::Operation) != actor.is_crossed {
        if let Some(token) = &actor.token {
            set(header::AUTHORIZATION, &format!("Bearer {token}"));
        }
    } else if let Some(cookie) = &actor.cookie {
        set(header::COOKIE, &format!("{}={cookie}", server::sessions::COOKIE));
    }
    headers
}

/// One that was not there before for whom refusals are counted; machines read figures here alone.
fn address(actor: &Actor, route: &Route) -> IpAddr {
    static LAST: AtomicU32 = AtomicU32::new(0x0a00_0000);
    match actor.from {
        _ if route.kind == Kind::Machinery => Ipv4Addr::LOCALHOST.into(),
        From::Here => Ipv4Addr::LOCALHOST.into(),
        From::Anywhere => Ipv4Addr::from(LAST.fetch_add(1, Ordering::Relaxed)).into(),
    }
}
