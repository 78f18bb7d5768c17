//! Signing in with an identity provider, as a browser sees it: being sent there, coming back. Believes nothing itself.

#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
mod ways;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    pages::{AnswerPage, RefusedPage, TripPage},
    ways::{leave, other_ways},
};
