//! People and application users. Sign-in names arrive in lower case; nothing here changes case.

use std::fmt;

use domain::{ids::UserId, principals::UserKind, timestamps::Timestamp};

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, fetch_one, fetch_optional, storable},
};

/// A person or an application user.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their sign-in name. An application user has one that nobody can type.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// Argon2id, in PHC form. Empty for those who cannot sign in with a password.
    pub password_hash: String,
    /// When they were added.
    pub created_at: Timestamp,
    /// When they last did anything.
    pub last_activity_at: Option<Timestamp>,
    /// Whether they may sign in, or act with a token.
    pub is_active: bool,
    /// Whether this is a person.
    pub kind: UserKind,
    /// What an application user is for.
    pub description: String,
    /// What a person does.
    pub job_title: String,
    /// Among whom.
    pub department: String,
    /// Where.
    pub city: String,
    /// In which country.
    pub country: String,
    /// Counts up with each change of the texts.
    pub generation: i64,
}

impl User {
    /// Somebody new of that kind, who is called like their address, has no password and has said nothing of themselves.
    #[must_use]
    pub fn new(id: UserId, email: &str, kind: UserKind, created_at: Timestamp) -> Self {
        Self {
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
}

/// What people say about themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileTexts<'a> {
    /// What they are called.
    pub name: &'a str,
    /// What they do.
    pub job_title: &'a str,
    /// Among whom.
    pub department: &'a str,
    /// Where.
    pub city: &'a str,
    /// In which country.
    pub country: &'a str,
}

// The hash belongs in no log.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("email", &self.email).finish_non_exhaustive()
    }
}

/// Adds a person or an application user. False if the e-mail address is taken.
pub async fn add(tx: &mut Tx, user: &User) -> Result<bool, Error> {
    let text =
        "INSERT INTO users (id, email, name, password_hash, created_at, last_activity_at, is_active, kind,
            description, job_title, department, city, country, generation, email_domain)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        ON CONFLICT (email) DO NOTHING RETURNING id";
    let row: Option<(UserId,)> = fetch_optional!(
        tx,
        text,
        user.id,
        &user.email,
        &user.name,
        &user.password_hash,
        user.created_at,
        user.last_activity_at,
        user.is_active,
        user.kind,
        &*storable(&user.description),
        &*storable(&user.job_title),
        &*storable(&user.department),
        &*storable(&user.city),
        &*storable(&user.country),
        user.generation,
        email_domain(&user.email),
    )?;
    Ok(row.is_some())
}

/// The person or application user of that id.
pub async fn find(tx: &mut Tx, id: UserId) -> Result<Option<User>, Error> {
    fetch_optional!(tx, "SELECT * FROM users WHERE id = $1", id)
}

/// The person of that sign-in name.
pub async fn find_by_email(tx: &mut Tx, email: &str) -> Result<Option<User>, Error> {
    fetch_optional!(tx, "SELECT * FROM users WHERE email = $1", email)
}

/// What follows the @ of an address, in ASCII and lower case: whoever verified that domain manages the person. Empty where
/// nothing does.
fn email_domain(email: &str) -> String {
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_lowercase())
}

/// Works out the domains of addresses that no program of this version wrote, of at most `limit`; says of how many.
pub async fn fill_email_domains(tx: &mut Tx, limit: u32) -> Result<u64, Error> {
    let text = "SELECT id, email FROM users WHERE email_domain IS NULL ORDER BY email LIMIT $1";
    let rows: Vec<(UserId, String)> = fetch_all!(tx, text, i64::from(limit))?;
    let mut filled = 0;
    for (id, email) in rows {
        let text = "UPDATE users SET email_domain = $2 WHERE id = $1";
        filled += execute!(tx, text, id, email_domain(&email))?;
    }
    Ok(filled)
}

/// The people who are super admins of an organization that lets this person in, without the person: each once, at most
/// `each` of one organization, by sign-in name.
pub async fn super_admins_over(tx: &mut Tx, user: UserId, each: u32) -> Result<Vec<User>, Error> {
    let text = "SELECT * FROM users WHERE id IN (
            SELECT user_id FROM (
                SELECT m.user_id, ROW_NUMBER() OVER (PARTITION BY m.organization_id ORDER BY u.email) AS place
                FROM memberships own JOIN memberships m ON m.organization_id = own.organization_id
                JOIN users u ON u.id = m.user_id
                WHERE own.user_id = $1 AND own.is_active AND m.is_super_admin AND m.is_active AND u.is_active
                    AND u.kind = 'person' AND u.id <> $1
            ) each_one WHERE place <= $2
        ) ORDER BY email";
    fetch_all!(tx, text, user, i64::from(each))
}

/// How many there are.
pub async fn count(tx: &mut Tx) -> Result<i64, Error> {
    let (count,): (i64,) = fetch_one!(tx, "SELECT COUNT(*) FROM users")?;
    Ok(count)
}

/// Lets somebody sign in and act, or nothing any more, anywhere. False if there is nobody of that id.
pub async fn set_active(tx: &mut Tx, id: UserId, is_active: bool) -> Result<bool, Error> {
    Ok(execute!(tx, "UPDATE users SET is_active = $2 WHERE id = $1", id, is_active)? > 0)
}

/// Changes a sign-in name. False if somebody has it, or there is nobody of that id.
pub async fn set_email(tx: &mut Tx, id: UserId, email: &str) -> Result<bool, Error> {
    let text = "UPDATE users SET email = $2, email_domain = $3
        WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM users other WHERE other.email = $2 AND other.id <> $1)";
    Ok(execute!(tx, text, id, email, email_domain(email)).map_err(Error::unique_is_conflict)? > 0)
}

/// Notes that the person did something.
pub async fn set_last_activity(tx: &mut Tx, id: UserId, at: Timestamp) -> Result<(), Error> {
    execute!(tx, "UPDATE users SET last_activity_at = $2 WHERE id = $1", id, at)?;
    Ok(())
}

/// Replaces the password's hash.
pub async fn set_password_hash(
    tx: &mut Tx,
    id: UserId,
    password_hash: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let text = "UPDATE users SET password_hash = $2, password_changed_at = $3 WHERE id = $1";
    execute!(tx, text, id, password_hash, now)?;
    Ok(())
}

/// When a person last changed their password; none if they have the one that they joined with.
pub async fn password_changed_at(tx: &mut Tx, id: UserId) -> Result<Option<Timestamp>, Error> {
    let row: Option<(Option<Timestamp>,)> =
        fetch_optional!(tx, "SELECT password_changed_at FROM users WHERE id = $1", id)?;
    Ok(row.and_then(|(at,)| at))
}

/// Replaces what a person says about themselves. False if it was changed since that generation, or there is no such
/// person.
pub async fn set_profile(
    tx: &mut Tx,
    id: UserId,
    generation: i64,
    texts: &ProfileTexts<'_>,
) -> Result<bool, Error> {
    let text = "UPDATE users SET name = $3, job_title = $4, department = $5, city = $6, country = $7,
            generation = generation + 1
        WHERE id = $1 AND generation = $2 AND kind = $8";
    let changed = execute!(
        tx,
        text,
        id,
        generation,
        &*storable(texts.name),
        &*storable(texts.job_title),
        &*storable(texts.department),
        &*storable(texts.city),
        &*storable(texts.country),
        UserKind::Person,
    )?;
    Ok(changed > 0)
}

/// Replaces an application user's name and description. False if they were changed since that generation, or there is
/// no such application user.
pub async fn set_application_user(
    tx: &mut Tx,
    id: UserId,
    generation: i64,
    name: &str,
    description: &str,
) -> Result<bool, Error> {
    let text = "UPDATE users SET name = $3, description = $4, generation = generation + 1
        WHERE id = $1 AND generation = $2 AND kind = $5";
    let (name, description) = (storable(name), storable(description));
    Ok(execute!(tx, text, id, generation, &*name, &*description, UserKind::Application)? > 0)
}

/// Removes somebody with everything they hold, are in and act with. False if there is nobody of that id.
pub async fn remove(tx: &mut Tx, id: UserId) -> Result<bool, Error> {
    execute!(tx, "DELETE FROM grants WHERE principal_kind = 'user' AND principal_id = $1", id)?;
    Ok(execute!(tx, "DELETE FROM users WHERE id = $1", id)? > 0)
}
