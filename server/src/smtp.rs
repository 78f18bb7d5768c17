//! Mail through an SMTP server (RFC 5321, RFC 6409, RFC 8314), on a connection of its own for each. Which mails go out,
//! when and how often is for `control` to decide; nothing is kept here.

use std::{
    error::Error as _,
    net::IpAddr,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, SystemTime},
};

use anyhow::{Context, bail, ensure};
use async_trait::async_trait;
use control::mails::{MailError, Mailer, OutgoingMail};
use domain::{secrets::Secret, timestamps::Timestamp};
use lettre::{
    Address, Message,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        extension::ClientId,
        response::Severity,
    },
};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use url::{Host, Url};
use zeroize::Zeroizing;

use crate::config::{MailAccount, MailPassword, MailProtection, MailSettings};

/// What a mail server answers who wants a sign-in first. That is for the operator to mend, and no fault of the mail.
const SIGN_IN_FIRST: &str = "530";
/// Ways to give the password, the one that servers like most first.
const MECHANISMS: &[Mechanism] = &[Mechanism::Plain, Mechanism::Login];

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Until there is a connection.
    pub connect: Duration,
    /// Until the mail server has taken the mail, connecting included.
    pub whole: Duration,
    /// For taking leave of it afterwards; a mail server that does not answer to that has the mail nevertheless.
    pub leave: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            whole: Duration::from_secs(30),
            leave: Duration::from_secs(2),
        }
    }
}

/// A mail server.
pub struct Smtp {
    host: String,
    port: u16,
    protection: MailProtection,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    from: Mailbox,
    hello: ClientId,
    limits: Limits,
}

impl Smtp {
    /// Reads password and certificate. It connects when there is a mail; `public_url` is what it calls itself then.
    ///
    /// # Errors
    /// What is wrong with one of the files.
    pub fn new(settings: &MailSettings, public_url: &Url, limits: Limits) -> anyhow::Result<Self> {
        // No brackets around IPv6, which a URL would need.
        let host = match &settings.host {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let tls = match settings.protection {
            MailProtection::None => None,
            MailProtection::Tls | MailProtection::StartTls => {
                Some(tls(&host, settings.ca_certificate.as_deref())?)
            }
        };
        let hello = match public_url.host() {
            Some(Host::Ipv4(address)) => ClientId::Ipv4(address),
            Some(Host::Ipv6(address)) => ClientId::Ipv6(address),
            Some(Host::Domain(name)) => ClientId::Domain(name.to_owned()),
            None => ClientId::default(),
        };
        Ok(Self {
            host,
            port: settings.port,
            protection: settings.protection,
            tls,
            credentials: settings.account.as_ref().map(credentials).transpose()?,
            from: settings.from.clone(),
            hello,
            limits,
        })
    }

    /// The mail as it goes over the wire. Addresses and header fields are types of `lettre`, which let no line break
    /// through: nobody can add a header field or a recipient by way of a name.
    fn message(&self, mail: &OutgoingMail) -> Result<Message, MailError> {
        let recipient: Address = mail
            .recipient
            .as_str()
            .parse()
            .map_err(|_| MailError::final_refusal("No mail can be sent to this address."))?;
        // The same at each try, so that a mail server can tell that it has this one already.
        let id = format!("<{}@{}>", mail.id, self.from.email.domain());
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, recipient))
            .subject(mail.subject.as_str())
            .date(system_time(mail.written_at))
            .message_id(Some(id))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(mail.body.expose().to_owned())
            .map_err(|error| MailError::final_refusal(format!("No mail can be made of this: {error}.")))
    }

    /// A connection, protected and signed in as configured. Nothing that goes wrong here is a fault of the mail.
    async fn connect(&self) -> Result<AsyncSmtpConnection, MailError> {
        let limit = Some(self.limits.connect);
        let at_once = self.tls.clone().filter(|_| self.protection == MailProtection::Tls);
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            (self.host.as_str(), self.port),
            limit,
            &self.hello,
            at_once,
            None::<IpAddr>,
        )
        .await
        .map_err(|error| MailError::passing(told(&error)))?;
        if let Some(tls) = self.tls.clone().filter(|_| self.protection == MailProtection::StartTls) {
            connection
                .starttls(tls, &self.hello)
                .await
                .map_err(|error| MailError::passing(format!("There is no TLS: {}", told(&error))))?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(MECHANISMS, credentials).await.map_err(|error| {
                MailError::passing(format!("The account at the mail server does not work: {}", told(&error)))
            })?;
        }
        Ok(connection)
    }

    async fn deliver(&self, message: &Message) -> Result<AsyncSmtpConnection, MailError> {
        let mut connection = self.connect().await?;
        match connection.send(message.envelope(), &message.formatted()).await {
            Ok(_) => Ok(connection),
            Err(error) if is_final(&error) => Err(MailError::final_refusal(told(&error))),
            Err(error) => Err(MailError::passing(told(&error))),
        }
    }
}

#[async_trait]
impl Mailer for Smtp {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        let message = self.message(mail)?;
        let delivered = tokio::time::timeout(self.limits.whole, self.deliver(&message)).await;
        let mut connection = delivered.unwrap_or_else(|_| {
            let seconds = self.limits.whole.as_secs_f32();
            Err(MailError::passing(format!("The mail server was not done within {seconds} s.")))
        })?;
        // It has the mail, whatever it says now.
        let _ = tokio::time::timeout(self.limits.leave, connection.quit()).await;
        Ok(())
    }
}

/// Whether the mail server would refuse this mail the next time too: it said so, or it cannot reach such an address.
fn is_final(error: &Error) -> bool {
    let is_permanent = error.status().is_some_and(|code| {
        code.severity == Severity::PermanentNegativeCompletion && code.to_string() != SIGN_IN_FIRST
    });
    is_permanent || error.is_client()
}

/// What went wrong, as a sentence that people may read who run no mail server.
fn told(error: &Error) -> String {
    let causes = || std::iter::successors(error.source(), |cause| (*cause).source());
    let cause = causes().last().map(ToString::to_string).unwrap_or_default();
    let is_tls = error.is_tls() || causes().any(is_about_tls);
    match error.status() {
        Some(code) => format!("The mail server answers {code} {cause}"),
        None if is_tls => format!("The mail server cannot prove who it is: {cause}"),
        None if error.is_client() => format!("The mail server cannot do what this mail needs: {cause}"),
        None if error.is_response() => "The mail server does not speak SMTP, or broke off.".to_owned(),
        None => format!("The mail server cannot be reached: {cause}"),
    }
}

/// Errors of a handshake come as those of the connection.
fn is_about_tls(cause: &(dyn std::error::Error + 'static)) -> bool {
    let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    matches!(inner, Some(inner) if inner.is::<rustls::Error>())
}

fn tls(host: &str, ca_certificate: Option<&Path>) -> anyhow::Result<TlsParameters> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca_certificate {
        let pem = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        ensure!(CertificateDer::from_pem_slice(&pem).is_ok(), "{} holds no certificate", path.display());
        let certificates = Certificate::from_pem(&pem);
        let certificates = certificates.with_context(|| format!("{} is not PEM", path.display()))?;
        builder = builder.add_root_certificate(certificates);
    }
    builder.build().context("TLS for the mail server cannot be set up")
}

fn credentials(account: &MailAccount) -> anyhow::Result<Credentials> {
    let password = match &account.password {
        MailPassword::Value(value) => value.clone(),
        MailPassword::Credential(path) => read(path)?,
        MailPassword::File(path) => {
            let read = read(path)?;
            let mode = std::fs::metadata(path)?.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                let path = path.display();
                bail!("others may read the mail password {path} (mode {mode:04o}); run: chmod 0600 {path}");
            }
            read
        }
    };
    Ok(Credentials::new(account.username.clone(), password.expose().to_owned()))
}

fn read(path: &Path) -> anyhow::Result<Secret> {
    let what = || format!("the mail password {}", path.display());
    let text = Zeroizing::new(std::fs::read_to_string(path).with_context(what)?);
    let password = text.trim_end_matches(['\r', '\n']);
    ensure!(!password.is_empty(), "{} is empty", what());
    Ok(Secret::new(password.to_owned()))
}

fn system_time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + at.since(Timestamp::from_micros(0))
}
