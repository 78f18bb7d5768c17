//! SCIM over HTTP: what an identity provider pushes with its token, and what becomes of it here.

mod by_hand;
mod conformance;
mod groups;
mod products;
mod tokens;
mod users;
mod workplace;
