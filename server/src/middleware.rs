//! The layers around every handler, each in a file of its own. Which request passes which is in [`crate::router`].

pub mod contexts;
pub(crate) mod csrf;
pub mod flash;
pub(crate) mod headers;
pub mod keepsakes;
pub(crate) mod posted;
pub(crate) mod redirects;
pub mod requests;
