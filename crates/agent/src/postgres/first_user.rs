//! What the agent does as superuser: the first user, its database, and the end of sessions. Statements go over the
//! guest's own socket; a password appears in no argument and in no log.

use domain::{agent::FirstUser, networks::IpFilter};
use zeroize::Zeroizing;

use super::sql::Connection;

/// A role that may create roles can grant itself any role of PostgreSQL 15 that is no superuser, among them these,
/// which run programs and read and write files on the server. Marked as superusers they are out of its reach.
const SERVER_ROLES: &str = "'pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files'";
/// Longest name PostgreSQL keeps.
const NAME_BYTES_MAX: usize = 63;
const PASSWORD_BYTES_MAX: usize = 256;

/// Whether a configured user can be written into SQL.
pub(crate) fn check(user: &FirstUser) -> Result<(), String> {
    for name in [&user.name, &user.database] {
        let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !is_plain || name.len() > NAME_BYTES_MAX || name.starts_with("pg_") || name == "postgres" {
            return Err("a name of role or database is not allowed".into());
        }
    }
    let password = user.password.expose();
    if password.is_empty() || password.len() > PASSWORD_BYTES_MAX || password.contains(char::is_control) {
        return Err("the password is empty, too long or holds control characters".into());
    }
    Ok(())
}

/// Makes role and database what they should be. Gives the version of the server.
pub(super) fn make(user: &FirstUser, socket: &str) -> Result<String, String> {
    let FirstUser { name, database, .. } = user;
    let mut connection = Connection::open(socket)?;
    let rows = connection.run(
        "looking around",
        &format!(
            "SELECT current_setting('server_version'), EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}'),
             EXISTS (SELECT FROM pg_database WHERE datname = '{database}'),
             EXISTS (SELECT FROM pg_authid WHERE rolname IN ({SERVER_ROLES}) AND NOT rolsuper)"
        ),
    )?;
    let Some([Some(version), has_role, has_database, is_open]) = rows.first().map(Vec::as_slice) else {
        return Err("PostgreSQL does not say its version".into());
    };
    let is_there = |column: &Option<String>| column.as_deref() == Some("t");
    if is_there(is_open) {
        let close =
            format!("UPDATE pg_catalog.pg_authid SET rolsuper = true WHERE rolname IN ({SERVER_ROLES})");
        connection.run("closing the server's own roles", &close)?;
    }
    if !is_there(has_role) {
        connection.run("making the role", &format!("CREATE ROLE \"{name}\""))?;
    }
    connection.run("setting the password", &alter_role(user))?;
    if !is_there(has_database) {
        connection.run("making the database", &format!("CREATE DATABASE \"{database}\" OWNER \"{name}\""))?;
    }
    Ok(version.split(' ').next().unwrap_or_default().to_owned())
}

fn alter_role(user: &FirstUser) -> Zeroizing<String> {
    let password = Zeroizing::new(user.password.expose().replace('\'', "''"));
    let name = &user.name;
    Zeroizing::new(format!(
        "ALTER ROLE \"{name}\" LOGIN CREATEDB CREATEROLE INHERIT NOSUPERUSER NOREPLICATION NOBYPASSRLS PASSWORD '{}'",
        *password
    ))
}

/// Ends the sessions of clients outside the filter: the firewall keeps their packets out already.
pub(super) fn end_sessions_outside(filter: &IpFilter, socket: &str) -> Result<(), String> {
    let sources: Vec<String> = filter.sources.iter().map(ToString::to_string).collect();
    let sources = sources.join(",");
    let statement = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE client_addr IS NOT NULL
         AND NOT EXISTS (SELECT FROM unnest('{{{sources}}}'::cidr[]) AS source WHERE client_addr <<= source)"
    );
    Connection::open(socket)?.run("ending sessions", &statement).map(drop)
}

#[cfg(test)]
mod tests {
    use domain::secrets::Secret;

    use super::*;

    fn user(name: &str, password: &str) -> FirstUser {
        FirstUser { name: name.into(), password: Secret::new(password.into()), database: "defaultdb".into() }
    }

    #[test]
    fn odd_names_and_passwords_are_refused() {
        assert_eq!(check(&user("rdadmin", "it's \\ “fine”")), Ok(()));
        for name in ["", "postgres", "pg_x", "a\"b", "Ä", "a b", "1a", "a;", &"a".repeat(64)] {
            assert!(check(&user(name, "p")).is_err(), "{name}");
        }
        for password in ["", "a\nb", "a\0", &"p".repeat(257)] {
            assert!(check(&user("rdadmin", password)).is_err());
        }
    }

    #[test]
    fn the_password_is_quoted() {
        let text = alter_role(&user("rdadmin", "a'; DROP ROLE x; --"));
        assert!(text.ends_with("PASSWORD 'a''; DROP ROLE x; --'"), "{}", *text);
    }
}
