//! Units, the level between an organization and its projects: one unit, and what the organization's page shows of them.

pub mod api;

#[cfg(feature = "ssr")]
mod section;
#[cfg(feature = "ssr")]
mod view_page;

#[cfg(feature = "ssr")]
pub(crate) use self::{section::section, view_page::UnitPage};
