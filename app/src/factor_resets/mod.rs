//! The way back in for who lost every second factor: asking for it and taking it back, and objecting. What is waited for and
//! what comes of it is in `control`.

pub mod api;

#[cfg(feature = "ssr")]
mod ask_page;
#[cfg(feature = "ssr")]
mod link_page;
#[cfg(feature = "ssr")]
mod lost;
#[cfg(feature = "ssr")]
mod waiting;

/// What is said to who has shown a second factor while they were to lose them.
#[cfg(feature = "ssr")]
pub(crate) const STOPPED: &str =
    "You showed a second factor, so the removal of them that was asked for is stopped: you keep them all.";

#[cfg(feature = "ssr")]
pub(crate) use self::{
    ask_page::AskFactorResetPage,
    link_page::FactorResetPage,
    lost::lost,
    waiting::{own_banner, own_waiting, waiting},
};
