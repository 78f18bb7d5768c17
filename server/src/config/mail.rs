//! The settings of the mail server. Reads no file and connects to nothing.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

use domain::secrets::Secret;
use lettre::message::Mailbox;
use url::Host;

use super::{choice, is_this_machine, path, values::Values};

/// Name of the systemd credential that may hold the password at the mail server.
const PASSWORD_CREDENTIAL: &str = "redoubt-mail-password";
/// What is of no use without a mail server.
const OTHER_KEYS: &[&str] = &[
    "mail.smtp_port",
    "mail.tls",
    "mail.ca_certificate",
    "mail.from",
    "mail.username",
    "mail.password",
    "mail.password_file",
];

/// The mail server that mails go out through.
pub struct MailSettings {
    /// Its name or address.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// How the connection to it is protected.
    pub protection: MailProtection,
    /// CA certificates that its certificate may be from besides those that this machine trusts, PEM.
    pub ca_certificate: Option<PathBuf>,
    /// Whom the mail server knows this installation as, if it asks.
    pub account: Option<MailAccount>,
    /// What mails have as their sender.
    pub from: Mailbox,
}

/// How a connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailProtection {
    /// TLS from the first byte on.
    Tls,
    /// TLS before anything is said that matters; without it nothing is sent.
    StartTls,
    /// None: for a mail server on this machine.
    None,
}

impl MailProtection {
    /// The port that it is usually found at (RFC 8314, RFC 6409, RFC 5321).
    const fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

/// An account at the mail server.
pub struct MailAccount {
    /// Its name.
    pub username: String,
    /// Where its password comes from.
    pub password: MailPassword,
}

/// Where the password at the mail server comes from.
pub enum MailPassword {
    /// A file that only its owner may read.
    File(PathBuf),
    /// A systemd credential.
    Credential(PathBuf),
    /// The configuration or the environment.
    Value(Secret),
}

/// What the section `mail` says; nothing if there is no mail server.
pub(super) fn mail_settings(values: &mut Values, environment: &[(String, String)]) -> Option<MailSettings> {
    let host = values.optional("mail.smtp_host", host);
    let protection = values.get("mail.tls", MailProtection::Tls, protection);
    let port = values.get("mail.smtp_port", protection.port(), port);
    let ca_certificate = values.optional("mail.ca_certificate", path);
    let from = values.optional("mail.from", mailbox);
    let account = account(values, environment);
    if !values.is_written("mail.smtp_host") {
        if let Some(key) = OTHER_KEYS.iter().find(|key| values.is_written(key)) {
            values.complain("mail.smtp_host", format!("is needed with {key}"));
        }
        return None;
    }
    if !values.is_written("mail.from") {
        values.complain("mail.from", "is needed with mail.smtp_host");
    }
    let host = host?;
    if protection == MailProtection::None && !is_this_machine(Some(&host)) {
        values.complain("mail.tls", "may be none only for a mail server on this machine (localhost)");
    }
    Some(MailSettings { host, port, protection, ca_certificate, account, from: from? })
}

fn account(values: &mut Values, environment: &[(String, String)]) -> Option<MailAccount> {
    let username = values.optional("mail.username", |text| match text {
        "" => Err("must not be empty"),
        _ => Ok(text.to_owned()),
    });
    let file = values.optional("mail.password_file", path);
    // Whatever is wrong with it, a password is not repeated.
    let value = values.optional("mail.password", |text| match text {
        "" => Err("must not be empty"),
        _ => Ok(Secret::new(text.to_owned())),
    });
    let credential = credential(environment, PASSWORD_CREDENTIAL);
    if !values.is_written("mail.smtp_host") {
        return None;
    }
    let (key, password) = match (value, file, credential) {
        (Some(value), file, _) => {
            if file.is_some() {
                values.complain("mail.password", "is set together with mail.password_file; keep one");
            }
            ("mail.password", MailPassword::Value(value))
        }
        (None, Some(file), _) => ("mail.password_file", MailPassword::File(file)),
        (None, None, Some(path)) => (PASSWORD_CREDENTIAL, MailPassword::Credential(path)),
        (None, None, None) => {
            if username.is_some() && !values.is_written("mail.password") {
                values.complain("mail.password", "is needed with mail.username");
            }
            return None;
        }
    };
    if !values.is_written("mail.username") {
        values.complain("mail.username", format!("is needed with {key}"));
    }
    Some(MailAccount { username: username?, password })
}

/// The file of a systemd credential, if this process was given it.
pub(super) fn credential(environment: &[(String, String)], name: &str) -> Option<PathBuf> {
    let directory = environment.iter().find(|(variable, _)| variable == "CREDENTIALS_DIRECTORY");
    directory.map(|(_, directory)| Path::new(directory).join(name)).filter(|path| path.exists())
}

fn host(text: &str) -> Result<Host, String> {
    let address = text.parse::<IpAddr>().map(|address| match address {
        IpAddr::V4(address) => Host::Ipv4(address),
        IpAddr::V6(address) => Host::Ipv6(address),
    });
    address.or_else(|_| Host::parse(text)).map_err(|_| format!("“{text}” is no name or address of a machine"))
}

fn port(text: &str) -> Result<u16, String> {
    let port = text.parse().ok().filter(|port| *port != 0);
    port.ok_or_else(|| format!("“{text}” is no port from 1 to 65535"))
}

fn protection(text: &str) -> Result<MailProtection, String> {
    let choices = [
        ("tls", MailProtection::Tls),
        ("starttls", MailProtection::StartTls),
        ("none", MailProtection::None),
    ];
    choice(text, &choices)
}

fn mailbox(text: &str) -> Result<Mailbox, String> {
    text.parse().map_err(|_| {
        format!("“{text}” is no sender; write it like redoubt@example.org or Redoubt <redoubt@example.org>")
    })
}
