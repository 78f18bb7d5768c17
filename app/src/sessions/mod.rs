//! Signing in and out, and the start page that sends people where they belong.

pub mod api;

#[cfg(feature = "ssr")]
mod home_page;
#[cfg(feature = "ssr")]
mod sign_in_page;

#[cfg(feature = "ssr")]
pub(crate) use self::{home_page::HomePage, sign_in_page::SignInPage};
