//! Passwords: changing one's own, and setting a new one by a mailed link. Second factors are in `factors`.

pub mod api;
pub mod rules;

#[cfg(feature = "ssr")]
mod change_page;
#[cfg(feature = "ssr")]
mod reset_pages;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    change_page::ChangePasswordPage,
    reset_pages::{AskPasswordResetPage, PasswordResetPage},
};
