//! SCIM 2.0 (RFC 7643, RFC 7644) as pure functions on JSON: what resources look like, filters, PATCH, and how refusals are said.
//!
//! Knows neither the database nor HTTP. Who may do what, and what follows from it, is said in `control`.

pub mod discovery;
pub mod fields;
pub mod filters;
mod parsing;
pub mod patches;
pub mod queries;
pub mod refusals;
pub mod resources;
pub mod schemas;

pub use self::{
    filters::Filter,
    patches::Patch,
    refusals::{Reason, Refusal},
    schemas::Kind,
};
