//! SQL that the agent runs as superuser over the guest's own socket. Statements go in by standard input: a password
//! appears in no argument and in no log.

use std::time::Duration;

use domain::{agent::FirstUser, networks::IpFilter};
use zeroize::Zeroizing;

use crate::commands::{Run, User, run};

const LIMIT: Duration = Duration::from_secs(60);
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
pub(super) fn make(user: &FirstUser) -> Result<String, String> {
    let output = psql(&statements(user))?;
    let version = output.lines().last().and_then(|line| line.split(' ').next()).unwrap_or_default();
    if version.starts_with(|c: char| c.is_ascii_digit()) {
        Ok(version.to_owned())
    } else {
        Err("there is no version".into())
    }
}

/// Ends the sessions of clients outside the filter: the firewall keeps their packets out already.
pub(super) fn end_sessions_outside(filter: &IpFilter) -> Result<(), String> {
    let sources: Vec<String> = filter.sources.iter().map(ToString::to_string).collect();
    let sources = sources.join(",");
    psql(&format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE client_addr IS NOT NULL
  AND NOT EXISTS (SELECT FROM unnest('{{{sources}}}'::cidr[]) AS source WHERE client_addr <<= source);\n"
    ))
    .map(drop)
}

fn psql(statements: &str) -> Result<String, String> {
    let arguments = [
        "-X",
        "-q",
        "-A",
        "-t",
        "-v",
        "ON_ERROR_STOP=1",
        "-h",
        "/run/postgresql",
        "-U",
        "postgres",
        "-d",
        "postgres",
        "-f",
        "-",
    ];
    let program = format!("{}/psql", super::PROGRAMS);
    run(&Run {
        program: &program,
        arguments: &arguments,
        input: statements.as_bytes(),
        user: User::Postgres,
        limit: LIMIT,
    })
}

fn statements(user: &FirstUser) -> Zeroizing<String> {
    let FirstUser { name, password, database } = user;
    let password = Zeroizing::new(password.expose().replace('\'', "''"));
    // A role that may create roles can grant itself any role of PostgreSQL 15 that is no superuser, among them
    // those that run programs and read and write files on the server. Marked as superusers they are out of reach.
    Zeroizing::new(format!(
        r#"SET client_min_messages = warning;
SET standard_conforming_strings = on;
SET password_encryption = 'scram-sha-256';
UPDATE pg_catalog.pg_authid SET rolsuper = true WHERE NOT rolsuper
  AND rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files');
SELECT 'CREATE ROLE "{name}"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') \gexec
ALTER ROLE "{name}" LOGIN CREATEDB CREATEROLE INHERIT NOSUPERUSER NOREPLICATION NOBYPASSRLS PASSWORD '{}';
SELECT 'CREATE DATABASE "{database}" OWNER "{name}"' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}') \gexec
SHOW server_version;
"#,
        *password
    ))
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
        let text = statements(&user("rdadmin", "a'; DROP ROLE x; --"));
        assert!(text.contains("PASSWORD 'a''; DROP ROLE x; --';"), "{}", *text);
    }
}
