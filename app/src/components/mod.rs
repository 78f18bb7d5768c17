//! What pages are made of. Islands are in both builds, everything else in the server's alone.

pub mod badges;
pub mod copy;
pub mod icons;
pub mod palette;
pub mod refresher;
pub mod theme;

#[cfg(feature = "ssr")]
pub(crate) mod api_call;
#[cfg(feature = "ssr")]
pub(crate) mod confirm;
#[cfg(feature = "ssr")]
pub(crate) mod dialog;
#[cfg(feature = "ssr")]
pub(crate) mod empty;
#[cfg(feature = "ssr")]
pub(crate) mod field;
#[cfg(feature = "ssr")]
pub(crate) mod form;
#[cfg(feature = "ssr")]
pub(crate) mod frame;
#[cfg(feature = "ssr")]
pub(crate) mod list;
#[cfg(feature = "ssr")]
pub(crate) mod page;
#[cfg(feature = "ssr")]
pub(crate) mod price;
#[cfg(feature = "ssr")]
pub(crate) mod switcher;
#[cfg(feature = "ssr")]
pub(crate) mod table;
#[cfg(feature = "ssr")]
pub(crate) mod time;
#[cfg(feature = "ssr")]
pub(crate) mod toast;
