//! The authentication policy of an organization: the form, what a change would do, and who is exempt. What it leads to is
//! decided elsewhere.

pub mod api;

#[cfg(feature = "ssr")]
mod form;
#[cfg(feature = "ssr")]
mod preview;
#[cfg(feature = "ssr")]
mod view_page;

#[cfg(feature = "ssr")]
pub(crate) use self::view_page::AuthenticationPolicyPage;
