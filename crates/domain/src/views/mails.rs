//! Mails as those see them who look after an organization or after the installation.

use serde::{Deserialize, Serialize};

use crate::{
    ids::MailId,
    principals::{MailKind, MailState},
    secrets::Secret,
    timestamps::Timestamp,
};

/// A mail in a list, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailRow {
    /// Its id.
    pub id: MailId,
    /// What it is about.
    pub kind: MailKind,
    /// The address it goes to.
    pub recipient: String,
    /// Its subject.
    pub subject: String,
    /// What became of it.
    pub state: MailState,
    /// When it was written.
    pub created_at: Timestamp,
    /// When the mail server took it.
    pub sent_at: Option<Timestamp>,
    /// Why the last try failed.
    pub error: Option<String>,
}

/// A mail with its text, which may hold a link that lets its reader in.
#[derive(Clone, Serialize, Deserialize)]
pub struct MailView {
    /// As in the list.
    pub row: MailRow,
    /// The text, of a mail that is kept here to be read.
    pub body: Option<Secret>,
}
