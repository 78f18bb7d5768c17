//! The nouns of Redoubt: ids, names, states, roles, actions, inputs, views and errors.
//!
//! Pure data. Nothing here does I/O, reads a clock or makes randomness, and everything compiles to WASM,
//! so that the browser, the server and the guest agent speak of the same things in the same words.

pub mod ids;
pub mod timestamps;

pub mod names;
pub mod networks;

pub mod actions;
pub mod agent;
pub mod certificates;
pub mod domains;
pub mod errors;
pub mod events;
pub mod identity_providers;
pub mod inputs;
pub mod lists;
pub mod permissions;
pub mod plans;
pub mod policies;
pub mod powers;
pub mod principals;
#[cfg(feature = "schemas")]
mod schemas;
pub mod secrets;
pub mod sign_ins;
pub mod states;
pub mod tokens;
pub mod views;
