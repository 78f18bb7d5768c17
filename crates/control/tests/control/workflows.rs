//! The workflows, one module each.

pub mod services;
