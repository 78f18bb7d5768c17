//! People. Sign-in names arrive in lower case; nothing here changes case.

use std::fmt;

use domain::{ids::UserId, timestamps::Timestamp};

use crate::{
    Error, Tx,
    queries::{execute, fetch_one, fetch_optional},
};

/// A person.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their sign-in name.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// Argon2id, in PHC form.
    pub password_hash: String,
    /// When they were added.
    pub created_at: Timestamp,
    /// When they last did anything.
    pub last_activity_at: Option<Timestamp>,
    /// Whether they may sign in.
    pub is_active: bool,
}

// The hash belongs in no log.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("email", &self.email).finish_non_exhaustive()
    }
}

/// Adds a person. False if the e-mail address is taken.
pub async fn add(tx: &mut Tx, user: &User) -> Result<bool, Error> {
    let User { id, email, name, password_hash, created_at, last_activity_at, is_active } = user;
    let text = "INSERT INTO users (id, email, name, password_hash, created_at, last_activity_at, is_active)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (email) DO NOTHING RETURNING id";
    let row: Option<(UserId,)> =
        fetch_optional!(tx, text, id, email, name, password_hash, created_at, last_activity_at, is_active)?;
    Ok(row.is_some())
}

/// The person of that id.
pub async fn find(tx: &mut Tx, id: UserId) -> Result<Option<User>, Error> {
    fetch_optional!(tx, "SELECT * FROM users WHERE id = $1", id)
}

/// The person of that sign-in name.
pub async fn find_by_email(tx: &mut Tx, email: &str) -> Result<Option<User>, Error> {
    fetch_optional!(tx, "SELECT * FROM users WHERE email = $1", email)
}

/// How many there are.
pub async fn count(tx: &mut Tx) -> Result<i64, Error> {
    let (count,): (i64,) = fetch_one!(tx, "SELECT COUNT(*) FROM users")?;
    Ok(count)
}

/// Notes that the person did something.
pub async fn set_last_activity(tx: &mut Tx, id: UserId, at: Timestamp) -> Result<(), Error> {
    execute!(tx, "UPDATE users SET last_activity_at = $2 WHERE id = $1", id, at)?;
    Ok(())
}

/// Replaces the password's hash.
pub async fn set_password_hash(tx: &mut Tx, id: UserId, password_hash: &str) -> Result<(), Error> {
    execute!(tx, "UPDATE users SET password_hash = $2 WHERE id = $1", id, password_hash)?;
    Ok(())
}
