//! Tokens: one's own, and what pages about them have in common with those of application users.

pub mod api;

#[cfg(feature = "ssr")]
mod chosen;
#[cfg(feature = "ssr")]
mod form;
#[cfg(feature = "ssr")]
mod list;
#[cfg(feature = "ssr")]
mod made;
#[cfg(feature = "ssr")]
mod own_pages;
#[cfg(feature = "ssr")]
mod owners;
#[cfg(feature = "ssr")]
mod view;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    chosen::chosen,
    form::new_token,
    list::{Asked, new_button, section},
    own_pages::{NewOwnTokenPage, OwnTokenPage, OwnTokensPage, RevokeOwnTokensPage},
    owners::{Owner, Rights},
    view::{gone, token},
};
