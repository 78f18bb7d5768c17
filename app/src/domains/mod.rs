//! Domains: which an organization lists, how they are proven, and whom that makes managed.

pub mod api;

#[cfg(feature = "ssr")]
mod list_page;
#[cfg(feature = "ssr")]
mod verification_page;
#[cfg(feature = "ssr")]
mod view_page;

#[cfg(feature = "ssr")]
pub(crate) use self::{list_page::DomainsPage, verification_page::VerifyDomainPage, view_page::DomainPage};

#[cfg(feature = "ssr")]
use domain::{
    domains::DomainState,
    errors::Error,
    ids::{DomainId, OrganizationId},
    views::DomainRow,
};
#[cfg(feature = "ssr")]
use leptos::prelude::*;
#[cfg(feature = "ssr")]
use leptos_router::params::ParamsMap;

#[cfg(feature = "ssr")]
use crate::{
    components::{
        badges::{Tone, badge},
        frame::{Frame, Section},
        gone::Gone,
    },
    links,
    organizations::asked,
};

/// The ids in the address of a domain.
#[cfg(feature = "ssr")]
fn named(params: &ParamsMap) -> Result<(OrganizationId, DomainId), Error> {
    let domain = params.get("domain").and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
    Ok((asked(params)?, domain))
}

/// What is said where there is no such domain.
#[cfg(feature = "ssr")]
fn gone(params: &ParamsMap) -> Option<Gone> {
    let id = asked(params).ok()?;
    Some(Gone {
        organization: Some(id),
        said: "There is no such domain here. If there was one, somebody has removed it already.",
        label: "Back to the domains",
        list: Box::new(move |_| links::domains(&id.to_string())),
    })
}

/// The frame of a page of a domain; its own page if there is no title.
#[cfg(feature = "ssr")]
fn frame(row: &DomainRow, title: &str) -> Frame {
    let (organization, key) = (row.organization_id.to_string(), row.domain_id.to_string());
    let shown = if title.is_empty() { row.domain_name.as_str() } else { title };
    Frame::in_organization(row.organization_id, Section::Domains, shown)
        .step("Domains", links::domains(&organization))
        .step(row.domain_name.clone(), links::domain(&organization, &key))
}

/// `1 person`, `2 people`.
#[cfg(feature = "ssr")]
fn people(number: i64) -> String {
    if number == 1 { "1 person".to_owned() } else { format!("{number} people") }
}

/// Whether it is proven, as a word.
#[cfg(feature = "ssr")]
fn state(row: &DomainRow) -> AnyView {
    match (row.state, row.failing_since) {
        (DomainState::Verified, None) => badge(Tone::Good, "verified"),
        (DomainState::Verified, Some(_)) => badge(Tone::Warning, "verified, proof gone"),
        (DomainState::Unverified, _) => badge(Tone::Plain, "unverified"),
    }
}
