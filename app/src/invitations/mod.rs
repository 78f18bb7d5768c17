//! Invitations: the open ones of an organization, the form that invites, and the page behind the link.

pub mod api;

#[cfg(feature = "ssr")]
mod create_page;
#[cfg(feature = "ssr")]
mod kept;
#[cfg(feature = "ssr")]
mod link_page;
#[cfg(feature = "ssr")]
mod list_page;
#[cfg(feature = "ssr")]
mod withdrawal;

#[cfg(feature = "ssr")]
pub(crate) use self::{create_page::InvitePage, link_page::InvitationPage, list_page::InvitationsPage};

/// Where the form that invites is sent by programs; without script it goes to its own page, which shows the answer.
#[cfg(feature = "ssr")]
const INVITE: &str = "/api/invitations/invite";
