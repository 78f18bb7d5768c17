//! Health and figures for the machinery around the server: `/health/live`, `/health/ready`, `/metrics`.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use control::Control;
use ipnet::IpNet;
use tokio::sync::watch;

use crate::{metrics::Metrics, middleware::requests::Peer, workers::Workers};

/// How long the database may take to answer.
const READY_TIMEOUT: Duration = Duration::from_secs(2);

/// What the endpoints here look at.
#[derive(Clone)]
pub(crate) struct Health {
    pub(crate) control: Control,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) metrics_readers: Arc<[IpNet]>,
    pub(crate) shutdown: watch::Receiver<bool>,
    pub(crate) workers: Workers,
}

/// `GET /health/live`: the process answers.
pub(crate) async fn live() -> &'static str {
    "live\n"
}

/// `GET /health/ready`: requests can be served and workflows go on. The reason for a no is in the log.
pub(crate) async fn ready(State(health): State<Health>) -> Response {
    let reason = if *health.shutdown.borrow() {
        Some("The server is stopping".to_owned())
    } else if !health.workers.is_running() {
        Some("The workers do not run".to_owned())
    } else {
        match tokio::time::timeout(READY_TIMEOUT, health.control.ready()).await {
            Ok(Ok(())) => None,
            Ok(Err(reason)) => Some(reason),
            Err(_) => Some("The database does not answer in time".to_owned()),
        }
    };
    match reason {
        None => "ready\n".into_response(),
        Some(reason) => {
            tracing::warn!(reason, "Not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response()
        }
    }
}

/// `GET /metrics`: for the addresses that may read them, and not through a proxy; others see what is not there.
pub(crate) async fn metrics(
    State(health): State<Health>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Response {
    let is_forwarded = headers.contains_key("x-forwarded-for") || headers.contains_key(header::FORWARDED);
    let may_read = peer.is_some_and(|Extension(Peer(peer))| {
        health.metrics_readers.iter().any(|net| net.contains(&peer.to_canonical()))
    });
    if is_forwarded || !may_read {
        return StatusCode::NOT_FOUND.into_response();
    }
    let known = match tokio::time::timeout(READY_TIMEOUT, health.control.metrics()).await {
        Ok(Ok(known)) => known,
        // What this process counts is worth most when the database is gone.
        _ => "# The database does not answer.\n".to_owned(),
    };
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], health.metrics.render(&known)).into_response()
}
