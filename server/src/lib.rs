//! The server behind the binary `redoubt`: configuration, router, sessions, protocol endpoints, workers.
//!
//! The only crate that knows HTTP and cookies. It holds no rule: handlers make a context, call one operation of
//! `control` and return its answer.

pub mod api;
pub mod clocks;
pub mod commands;
pub mod config;
pub mod judging;
pub mod logs;
pub mod master_key;
pub mod oidc;
pub mod outbound;

pub mod router;
pub mod saml;
pub mod scim;
pub mod sessions;
pub mod smtp;
pub mod static_files;
pub mod workers;

mod confirmations;
mod downloads;
mod exports;
mod health;
mod listener;
mod metrics;
pub mod middleware;
mod refusals;
mod serving;
mod shutdown;
mod streams;
mod tls;
