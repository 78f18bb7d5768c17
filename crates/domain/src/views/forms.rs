//! What a page says about a form that was sent without script; nothing secret is in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::errors::Error;

/// What a page must say about the form that was just sent without script: kept in a short-lived cookie between the
/// POST and the page that follows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// Path of the server function, as in `/api/projects/create`; empty for a plain notice.
    pub form: String,
    /// Why it did not happen.
    pub error: Option<Error>,
    /// What was typed, without passwords and tokens.
    pub values: BTreeMap<String, String>,
    /// What did happen.
    pub notice: Option<String>,
    /// Something that was typed was too long to be kept.
    #[serde(default)]
    pub is_cut: bool,
}
