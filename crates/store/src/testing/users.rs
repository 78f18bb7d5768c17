//! A person or an application user as tests need one: what is not asked about is left empty. Stores nothing.

use domain::{ids::UserId, principals::UserKind, timestamps::Timestamp};

use crate::users::User;

/// The row of somebody of that kind, who is called like their address, has no password and has said nothing of themselves.
#[must_use]
pub fn user(id: UserId, email: &str, kind: UserKind, created_at: Timestamp) -> User {
    User {
        id,
        email: email.to_owned(),
        name: email.to_owned(),
        password_hash: String::new(),
        created_at,
        last_activity_at: None,
        is_active: true,
        kind,
        description: String::new(),
        job_title: String::new(),
        department: String::new(),
        city: String::new(),
        country: String::new(),
        generation: 0,
    }
}
