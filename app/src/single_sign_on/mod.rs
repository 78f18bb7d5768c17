//! Signing in with an identity provider, as a browser sees it: being sent there, coming back, and one's own links with one.
//! Believes nothing itself.

pub mod api;

#[cfg(feature = "ssr")]
mod own_pages;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
mod signed_out;
#[cfg(feature = "ssr")]
mod ways;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    own_pages::{LinkPage, UnlinkPage, own_identities},
    pages::{AnswerPage, ConfirmationTripPage, RefusedPage, TripPage},
    signed_out::{ProviderSignOutPage, SignedOutPage},
    ways::{first_way, leave},
};
