//! Signing in and out, where one is signed in, and the start page that sends people where they belong.

pub mod api;

#[cfg(feature = "ssr")]
mod agents;
#[cfg(feature = "ssr")]
mod factor_page;
#[cfg(feature = "ssr")]
pub(crate) mod gate;
#[cfg(feature = "ssr")]
mod home_page;
#[cfg(feature = "ssr")]
mod list_page;
#[cfg(feature = "ssr")]
mod sign_in_page;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    factor_page::FactorPage, home_page::HomePage, list_page::OwnSessionsPage, sign_in_page::SignInPage,
};
