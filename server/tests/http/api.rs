//! The API under `/v1` as a program sees it: what each operation does, and every way in which one does not happen.

pub(crate) mod callers;
mod documents;
mod exports;
mod journeys;
mod managing;
mod neighbours;
mod refusals;
mod required;
mod texts;
mod tokens;
