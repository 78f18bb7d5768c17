//! The workflows themselves, one module per kind of thing that lives.

pub mod services;
