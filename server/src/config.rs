//! The configuration: one TOML file and environment overrides, parsed once into types. Every mistake is reported
//! at once, with its key. Opens nothing but the file itself.
//!
//! This is the only place that reads the environment. A setting `[section] key` is overridden by
//! `REDOUBT_SECTION__KEY`.

mod mail;
mod outbound;
mod values;

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

use domain::secrets::Secret;
use host::qemu::{AcceleratorChoice, AddressPool, NetworkChoice};
use ipnet::IpNet;
use url::{Host, Url};

pub use self::mail::{MailAccount, MailPassword, MailProtection, MailSettings};
use self::values::Values;
use crate::outbound::OutboundSettings;

/// Name of the systemd credential that may hold the master key.
const MASTER_KEY_CREDENTIAL: &str = "redoubt-master-key";

/// Everything that can be set.
pub struct Config {
    /// How the console is reached.
    pub server: ServerSettings,
    /// Address of the database.
    pub database: Database,
    /// Where the master key comes from.
    pub master_key: MasterKeySource,
    /// The hypervisor on this machine.
    pub host: HostSettings,
    /// The mail server; without one, mails are kept to be read here.
    pub mail: Option<MailSettings>,
    /// What the server may reach of the world by itself, and by whom names are resolved.
    pub outbound: OutboundSettings,
    /// A list of passwords that became known, beside the one that is built in.
    pub breached_passwords: Option<PathBuf>,
    /// What is logged, and how.
    pub log: LogSettings,
}

/// How the console is reached.
pub struct ServerSettings {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Address that people type.
    pub public_url: Url,
    /// Certificate chain and key, PEM, for TLS of its own.
    pub tls: Option<TlsPaths>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Who may read `/metrics`.
    pub metrics_readers: Vec<IpNet>,
    /// Where the built console is.
    pub site_dir: PathBuf,
}

/// Address of the database.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A file of this machine, made at the first start.
    Sqlite(PathBuf),
    /// A server.
    Postgres(String),
}

impl Database {
    /// As the store wants it: SQLite's path made absolute.
    pub fn url(&self) -> std::io::Result<String> {
        match self {
            Self::Postgres(url) => Ok(url.clone()),
            Self::Sqlite(path) => {
                let url = Url::from_file_path(std::path::absolute(path)?);
                let url = url.map_err(|()| std::io::Error::from(std::io::ErrorKind::InvalidFilename))?;
                Ok(url.as_str().replacen("file:", "sqlite:", 1))
            }
        }
    }
}

/// Files for TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsPaths {
    /// Certificate chain, PEM.
    pub certificate: PathBuf,
    /// Private key, PEM.
    pub key: PathBuf,
}

/// Where the master key comes from.
pub enum MasterKeySource {
    /// A file with mode 0600, made at the first start.
    File(PathBuf),
    /// A systemd credential, which must be there.
    Credential(PathBuf),
    /// The environment: base64 of 32 bytes.
    Value(Secret),
}

/// The hypervisor on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostSettings {
    /// Its name.
    pub name: String,
    /// Where nodes keep their volumes.
    pub state_dir: PathBuf,
    /// Where the guest image is.
    pub image_dir: PathBuf,
    /// How VMs are reached.
    pub network: NetworkChoice,
    /// How VMs are run.
    pub accelerator: AcceleratorChoice,
    /// QEMU: a path, or a name that is looked for in the usual directories.
    pub qemu_binary: PathBuf,
    /// Memory that VMs may have, if less than the machine's.
    pub memory_mib_max: Option<u64>,
    /// Private range that the networks of services are taken from.
    pub address_pool: AddressPool,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// How lines look.
    pub format: LogFormat,
    /// A level, or directives as in `info,control=debug`.
    pub level: String,
}

/// What is wrong with a configuration: every mistake, one a line.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<String>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(f, "The configuration has {count} mistake{}:", if count == 1 { "" } else { "s" })?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}
impl std::error::Error for Mistakes {}

impl Config {
    /// Reads the file (if one is named) and this process's environment.
    pub fn load(file: Option<&Path>) -> Result<Self, Mistakes> {
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let named = environment.iter().find(|(name, _)| name == "REDOUBT_CONFIG");
        let Some(path) = file.map(Path::to_owned).or_else(|| named.map(|(_, path)| path.into())) else {
            return Self::parse(None, &environment);
        };
        let name = path.display().to_string();
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(Some((&name, &text)), &environment),
            Err(error) => Err(Mistakes(vec![format!("{name} cannot be read: {error}")])),
        }
    }

    /// Makes types of a file's text (with its name) and environment variables.
    pub fn parse(file: Option<(&str, &str)>, environment: &[(String, String)]) -> Result<Self, Mistakes> {
        let mut values = Values::collect(file, environment);
        let config = Self {
            server: server_settings(&mut values),
            database: values.get("database.url", Database::Sqlite("var/redoubt.db".into()), database),
            master_key: master_key_source(&mut values, environment),
            host: host_settings(&mut values),
            mail: mail::mail_settings(&mut values, environment),
            outbound: outbound::outbound_settings(&mut values),
            breached_passwords: values.optional("passwords.breached_list", path),
            log: LogSettings {
                format: values.get("log.format", LogFormat::Text, log_format),
                level: values.get("log.level", "info".to_owned(), log_level),
            },
        };
        match values.finish() {
            mistakes if mistakes.is_empty() => Ok(config),
            mistakes => Err(Mistakes(mistakes)),
        }
    }
}

fn server_settings(values: &mut Values) -> ServerSettings {
    let listen = values.get("server.listen", SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)), |text| {
        text.parse().map_err(|_| format!("“{text}” is no address with port; write it like 127.0.0.1:8080"))
    });
    let certificate = values.optional("server.tls_certificate", path);
    let key = values.optional("server.tls_key", path);
    let tls = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(TlsPaths { certificate, key }),
        (None, None) => None,
        (Some(_), None) => {
            values.complain("server.tls_key", "is needed with server.tls_certificate");
            None
        }
        (None, Some(_)) => {
            values.complain("server.tls_certificate", "is needed with server.tls_key");
            None
        }
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    // Cookies are bound to this name; browsers count it as secure even without TLS.
    let default = format!("{scheme}://localhost:{}/", listen.port());
    let default = Url::parse(&default).expect("a port makes a valid address");
    let public_url = values.get("server.public_url", default, public_url);
    if tls.is_some() && public_url.scheme() == "http" {
        values.complain("server.public_url", "must begin with https:// when server.tls_certificate is set");
    }
    let loopback = vec![IpAddr::V4(Ipv4Addr::LOCALHOST).into(), IpAddr::V6(Ipv6Addr::LOCALHOST).into()];
    ServerSettings {
        listen,
        public_url,
        tls,
        trusted_proxies: values.list("server.trusted_proxies", Vec::new(), network),
        metrics_readers: values.list("server.metrics_readers", loopback, network),
        site_dir: values.get("server.site_dir", PathBuf::from("target/site"), path),
    }
}

fn master_key_source(values: &mut Values, environment: &[(String, String)]) -> MasterKeySource {
    let file = values.optional("secrets.master_key_file", path);
    let value = values.optional("secrets.master_key", |text| match text.len() {
        44 => Ok(Secret::new(text.to_owned())),
        _ => Err("must be 32 bytes in base64 (44 characters)"),
    });
    let credential = mail::credential(environment, MASTER_KEY_CREDENTIAL);
    match (value, file, credential) {
        (Some(value), None, _) => MasterKeySource::Value(value),
        (Some(value), Some(_), _) => {
            values.complain("secrets.master_key", "is set together with secrets.master_key_file; keep one");
            MasterKeySource::Value(value)
        }
        (None, Some(file), _) => MasterKeySource::File(file),
        (None, None, Some(credential)) => MasterKeySource::Credential(credential),
        (None, None, None) => MasterKeySource::File("var/master.key".into()),
    }
}

fn host_settings(values: &mut Values) -> HostSettings {
    HostSettings {
        name: values.get("host.name", "local".to_owned(), host_name),
        state_dir: values.get("host.state_dir", PathBuf::from("var/host"), path),
        image_dir: values.get("host.image_dir", PathBuf::from("target/image"), path),
        network: values.get("host.network", NetworkChoice::Auto, network_choice),
        accelerator: values.get("host.accelerator", AcceleratorChoice::Auto, accelerator_choice),
        qemu_binary: values.get("host.qemu_binary", PathBuf::from("qemu-system-x86_64"), path),
        address_pool: values.get("host.address_pool", AddressPool::default(), str::parse),
        memory_mib_max: values.optional("host.memory_mib_max", |text| match text.parse::<u64>() {
            Ok(mib) if mib >= 256 => Ok(mib),
            _ => Err(format!("“{text}” is no number of MiB from 256 up")),
        }),
    }
}

/// The value that a word stands for.
fn choice<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let found = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        format!("“{text}” is none of {}", words.join(", "))
    })
}

fn network_choice(text: &str) -> Result<NetworkChoice, String> {
    let choices =
        [("auto", NetworkChoice::Auto), ("bridge", NetworkChoice::Bridge), ("user", NetworkChoice::User)];
    choice(text, &choices)
}

fn accelerator_choice(text: &str) -> Result<AcceleratorChoice, String> {
    let choices =
        [("auto", AcceleratorChoice::Auto), ("kvm", AcceleratorChoice::Kvm), ("tcg", AcceleratorChoice::Tcg)];
    choice(text, &choices)
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    choice(text, &[("text", LogFormat::Text), ("json", LogFormat::Json)])
}

fn path(text: &str) -> Result<PathBuf, &'static str> {
    if text.is_empty() { Err("must not be empty") } else { Ok(PathBuf::from(text)) }
}

fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| format!("“{text}” is no address or range; write it like 10.0.0.0/8"))
}

fn public_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("“{text}” is no web address: {error}"))?;
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err(format!(
            "“{text}” must be just scheme, name and port, as in https://console.example.org"
        ));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_localhost(&url) => Ok(url),
        "http" => Err(format!("“{text}” must begin with https://; http is for localhost only")),
        _ => Err(format!("“{text}” must begin with https://")),
    }
}

/// Whether an address is this machine's own.
#[must_use]
pub fn is_localhost(url: &Url) -> bool {
    is_this_machine(url.host().as_ref())
}

fn is_this_machine<S: AsRef<str>>(host: Option<&Host<S>>) -> bool {
    match host {
        Some(Host::Domain(name)) => name.as_ref() == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn database(text: &str) -> Result<Database, &'static str> {
    if ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
        return Ok(Database::Postgres(text.to_owned()));
    }
    match text.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
        Some(path) if !path.is_empty() => Ok(Database::Sqlite(path.into())),
        // The text may hold a password: it is not repeated.
        _ => Err("must look like sqlite:PATH or postgres://USER@HOST/DATABASE"),
    }
}

fn host_name(text: &str) -> Result<String, String> {
    let is_good = (1..=63).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if is_good {
        Ok(text.to_owned())
    } else {
        Err(format!("“{text}” must be 1 to 63 of a to z, digits and dashes"))
    }
}

fn log_level(text: &str) -> Result<String, String> {
    text.parse::<tracing_subscriber::filter::Targets>()
        .map(|_| text.to_owned())
        .map_err(|_| format!("“{text}” is no level; write it like info, or info,control=debug"))
}
