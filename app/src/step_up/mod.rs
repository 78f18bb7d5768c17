//! Showing once more who one is, before something dangerous.

pub mod api;

#[cfg(feature = "ssr")]
mod step_up_page;

#[cfg(feature = "ssr")]
pub(crate) use self::step_up_page::StepUpPage;
