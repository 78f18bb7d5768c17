//! What the binary can be told to do, one function each. Prints for people; errors go up to `main`.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, bail, ensure};
use clap::{Parser, Subcommand};
use control::{Control, certificates, events, factor_resets, mails, passwords, set_up};
use domain::{
    certificates::{DestructionCertificate, SignedCertificate},
    ids::MailId,
    views::MailView,
};
use host::{
    Host,
    simulated::{SimulatedHost, SimulatedSettings},
};
use store::Store;
use tokio::net::TcpStream;

use crate::{
    clocks::SystemClock,
    config::{Config, Database, MasterKeySource},
    confirmations, logs, serving, tls,
};

/// Bytes of a certificate file, at most.
const CERTIFICATE_BYTES_MAX: u64 = 1 << 20;

/// Self-hosted managed PostgreSQL on encrypted virtual machines of its own.
#[derive(Parser)]
#[command(name = "redoubt", version)]
pub struct Arguments {
    /// Configuration file; without it the environment and the defaults count.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server.
    Serve {
        /// Run no virtual machines, only pretend; for looking around and for tests.
        #[arg(long)]
        simulated: bool,
    },
    /// Bring the database's schema up to date.
    Migrate,
    /// Check the configuration and say everything that is wrong with it.
    CheckConfig,
    /// For the operator of this machine.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Make a list for `passwords.breached_list` of a public one: lines HASH or HASH:COUNT, SHA-1, sorted by hash.
    ConvertBreachedPasswords {
        /// The public list.
        from: PathBuf,
        /// The list that is made; it takes the place of the one before it once it is whole.
        to: PathBuf,
    },
    /// Check a certificate of destruction; needs neither configuration nor server.
    VerifyCertificate {
        /// The downloaded file.
        file: PathBuf,
        /// The public key that the installation publishes at /.well-known/redoubt/signing-key, base64. Without it nothing is
        /// proved, and the command fails.
        #[arg(long, value_name = "KEY")]
        public_key: Option<String>,
    },
    /// Print the version.
    Version,
}

#[derive(Subcommand)]
enum AdminCommand {
    /// Make a new set-up link; the one before stops working.
    SetUpLink,
    /// Print what happened to the installation and to no organization, latest first: one JSON object per line.
    Events,
    /// Print the mails of the installation, latest first: one JSON object per line. With an id, print that mail; one that
    /// is kept because there is no mail server has its text.
    Mails {
        /// Id of a mail.
        id: Option<MailId>,
    },
    /// Remove all second factors of an account, at once, for somebody who lost them and whom no other admin can help: their
    /// password alone signs them in then. They and every super admin are told.
    ResetFactors {
        /// E-mail address of the account.
        email: String,
        /// Really; otherwise the address is asked for once more.
        #[arg(long)]
        yes: bool,
    },
    /// Destroy every virtual machine, volume and network of this host, then the database and the master key.
    DestroyEverything {
        /// The installation runs on the simulated host.
        #[arg(long)]
        simulated: bool,
        /// Really.
        #[arg(long)]
        yes: bool,
    },
}

/// Does what was asked for.
pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let load = || Config::load(arguments.config.as_deref());
    match arguments.command {
        Command::Serve { simulated } => {
            let config = load()?;
            logs::start(&config.log);
            serving::serve(config, simulated).await
        }
        Command::Migrate => migrate(&load()?).await,
        Command::CheckConfig => check_config(&load()?),
        Command::Admin(AdminCommand::SetUpLink) => set_up_link(&load()?).await,
        Command::Admin(AdminCommand::Events) => print_events(&load()?).await,
        Command::Admin(AdminCommand::Mails { id: None }) => print_mails(&load()?).await,
        Command::Admin(AdminCommand::Mails { id: Some(id) }) => print_mail(&load()?, id).await,
        Command::Admin(AdminCommand::ResetFactors { email, yes }) => {
            reset_factors(&load()?, &email, yes).await
        }
        Command::Admin(AdminCommand::DestroyEverything { simulated, yes }) => {
            destroy_everything(&load()?, simulated, yes).await
        }
        Command::ConvertBreachedPasswords { from, to } => convert_breached_passwords(&from, &to),
        Command::VerifyCertificate { file, public_key } => verify_certificate(&file, public_key.as_deref()),
        Command::Version => {
            println!("redoubt {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
    }
}

async fn migrate(config: &Config) -> anyhow::Result<()> {
    let store = serving::open_store(&config.database).await?;
    println!("The {} database is up to date.", store.kind());
    store.close().await;
    Ok(())
}

/// Writes beside the list that is there, which stays whole until the new one is.
fn convert_breached_passwords(from: &Path, to: &Path) -> anyhow::Result<()> {
    let told = |path: &Path| path.display().to_string();
    let lines = File::open(from).with_context(|| format!("{} cannot be read", told(from)))?;
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let file = File::create(&part).with_context(|| format!("{} cannot be written", told(&part)))?;
    let mut writer = BufWriter::new(file);
    let count = match passwords::convert_breached(BufReader::new(lines), &mut writer) {
        Ok(count) => count,
        Err(error) => {
            // What is left of it is no list, and of no use.
            let _ = std::fs::remove_file(&part);
            return Err(error).with_context(|| format!("{} is no list that can be converted", told(from)));
        }
    };
    writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    std::fs::rename(&part, to).with_context(|| format!("{} cannot be written", told(to)))?;
    println!(
        "{count} passwords in {}. Set passwords.breached_list to it and start the server again.",
        told(to)
    );
    Ok(())
}

fn check_config(config: &Config) -> anyhow::Result<()> {
    if let Some(paths) = &config.server.tls {
        tls::acceptor(paths)?;
    }
    serving::mailer(config)?;
    let breached = serving::breached_list(config)?;
    let key = match &config.master_key {
        MasterKeySource::File(path) => path.display().to_string(),
        MasterKeySource::Credential(_) => "systemd credential".to_owned(),
        MasterKeySource::Value(_) => "environment".to_owned(),
    };
    let database = match &config.database {
        Database::Sqlite(path) => format!("SQLite, {}", path.display()),
        Database::Postgres(_) => "PostgreSQL".to_owned(),
    };
    let mail = config.mail.as_ref().map(|mail| format!("{} port {}", mail.host, mail.port));
    println!("The configuration is fine.");
    println!("  listens on  {}", config.server.listen);
    println!("  answers as  {}", config.server.public_url);
    println!("  TLS         {}", if config.server.tls.is_some() { "its own" } else { "none of its own" });
    println!("  database    {database}");
    println!("  master key  {key}");
    println!("  mails       {}", mail.as_deref().unwrap_or("kept here; there is no mail server"));
    let known =
        breached.map(|list| format!("{} of the operator's, and those that are built in", list.count()));
    println!("  breached    {}", known.as_deref().unwrap_or("passwords that are built in"));
    println!("  volumes in  {}", config.host.state_dir.display());
    Ok(())
}

/// A host's name that the configuration refuses.
const NO_HOST: &str = "";

/// For what is a matter of the database alone. The true host belongs to the server, which may well be running; the name
/// of this one no host can have.
async fn without_host(config: &Config) -> anyhow::Result<Control> {
    let nothing = SimulatedHost::open(SimulatedSettings::new(NO_HOST, Arc::new(SystemClock)))?;
    let store = existing_store(config).await?;
    // Nothing that is done here sends a mail.
    serving::open_control(config, store, Arc::new(nothing), false, None, None).await
}

async fn set_up_link(config: &Config) -> anyhow::Result<()> {
    let token = set_up::make_link(&without_host(config).await?).await?;
    println!("{}", serving::set_up_url(&config.server.public_url, token.expose()));
    Ok(())
}

async fn reset_factors(config: &Config, email: &str, is_sure: bool) -> anyhow::Result<()> {
    let control = without_host(config).await?;
    if !is_sure {
        confirmations::before_reset(email)?;
    }
    let count = match factor_resets::reset_by_operator(&control, email).await {
        Err(domain::errors::Error::NotFound) => bail!("Nobody signs in with {email}."),
        answer => answer?,
    };
    let factors = if count == 1 { "1 second factor".into() } else { format!("{count} second factors") };
    println!("{email} has lost {factors} and all recovery codes, and is signed out everywhere.");
    Ok(())
}

async fn print_events(config: &Config) -> anyhow::Result<()> {
    let control = without_host(config).await?;
    let mut out = std::io::stdout().lock();
    let mut after = None;
    loop {
        let page = events::list_for_installation(&control, after.as_deref()).await?;
        for event in &page.rows {
            writeln!(out, "{}", serde_json::to_string(event)?)?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

async fn print_mails(config: &Config) -> anyhow::Result<()> {
    let control = without_host(config).await?;
    let mut out = std::io::stdout().lock();
    let mut after = None;
    loop {
        let page = mails::list_for_operator(&control, after.as_deref()).await?;
        for mail in &page.rows {
            writeln!(out, "{}", serde_json::to_string(mail)?)?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

async fn print_mail(config: &Config, id: MailId) -> anyhow::Result<()> {
    let MailView { row, body } = mails::view_for_operator(&without_host(config).await?, id).await?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "To:      {}", row.recipient)?;
    writeln!(out, "Subject: {}", row.subject)?;
    writeln!(out, "Date:    {}", row.created_at.human())?;
    writeln!(out, "State:   {}", row.state)?;
    if let Some(sent_at) = row.sent_at {
        writeln!(out, "Sent:    {}", sent_at.human())?;
    }
    if let Some(error) = &row.error {
        writeln!(out, "Error:   {error}")?;
    }
    match body {
        Some(body) => writeln!(out, "\n{}", body.expose())?,
        None => writeln!(out, "\nIts text is for its recipient alone.")?,
    }
    Ok(())
}

/// The database of an installation that is there: what is made by mistake in the wrong directory helps nobody.
async fn existing_store(config: &Config) -> anyhow::Result<Store> {
    const REMEDY: &str = "start the server first, or run this in the server's directory and with its configuration \
        (--config FILE, or the same REDOUBT_ variables)";
    if let Database::Sqlite(path) = &config.database {
        ensure!(path.exists(), "there is no installation here: {} does not exist; {REMEDY}", path.display());
    }
    if let MasterKeySource::File(path) = &config.master_key {
        ensure!(path.exists(), "there is no installation here: {} does not exist; {REMEDY}", path.display());
    }
    let store = Store::open(&config.database.url()?).await.context("The database cannot be opened")?;
    let pending = store.pending_migrations().await.context("The database's schema cannot be read")?;
    ensure!(pending.is_empty(), "the database has not been brought up to date; {REMEDY}");
    Ok(store)
}

async fn destroy_everything(config: &Config, is_simulated: bool, is_sure: bool) -> anyhow::Result<()> {
    ensure!(is_sure, "this destroys every service and its data for good; add --yes if that is what you want");
    if TcpStream::connect(config.server.listen).await.is_ok() {
        bail!("a server still runs on {}; stop it first", config.server.listen);
    }
    let removed = match is_simulated {
        true => destroy_nodes(&serving::simulated_host(&config.host)?).await?,
        false => serving::qemu_host(&config.host)?.destroy_everything().await?,
    };
    for thing in &removed {
        println!("Destroyed {thing}");
    }
    if removed.is_empty() {
        println!("There was no virtual machine, volume or network to destroy.");
    }
    remove(&config.host.state_dir, |path| std::fs::remove_dir_all(path))?;
    match &config.database {
        Database::Sqlite(path) => {
            for ending in ["", "-wal", "-shm"] {
                let path = format!("{}{ending}", path.display());
                remove(Path::new(&path), |path| std::fs::remove_file(path))?;
            }
        }
        Database::Postgres(_) => println!("The PostgreSQL database is left; drop it where it runs."),
    }
    match &config.master_key {
        MasterKeySource::File(path) => remove(path, |path| std::fs::remove_file(path))?,
        _ => println!("The master key is left where it came from."),
    }
    Ok(())
}

async fn destroy_nodes(host: &dyn Host) -> anyhow::Result<Vec<String>> {
    let mut removed = Vec::new();
    for node in host.nodes().await? {
        host.stop_vm(node).await?;
        let volumes = host.shred(node).await?.volumes.len();
        host.forget(node).await?;
        removed.push(format!("pretended node {node} with {volumes} volumes"));
    }
    Ok(removed)
}

fn remove(path: &Path, with: impl FnOnce(&Path) -> io::Result<()>) -> anyhow::Result<()> {
    match with(path) {
        Ok(()) => println!("Removed {}", path.display()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("cannot remove {}", path.display())),
    }
    Ok(())
}

fn verify_certificate(file: &Path, public_key: Option<&str>) -> anyhow::Result<()> {
    let read = || -> anyhow::Result<SignedCertificate> {
        let size = std::fs::metadata(file)?.len();
        ensure!(size <= CERTIFICATE_BYTES_MAX, "is too large to be a certificate");
        serde_json::from_str(&std::fs::read_to_string(file)?).context("is no certificate of destruction")
    };
    let signed = read().with_context(|| file.display().to_string())?;
    let body = certificates::verify(&signed, public_key)
        .map_err(|reason| anyhow::anyhow!("{}: NOT VALID: {reason}", file.display()))?;
    print_certificate(&body);
    ensure!(
        public_key.is_some(),
        "{}: NOT VERIFIED: it is whole, but anybody can sign with a key of their own. Give the key that the installation \
         publishes at /.well-known/redoubt/signing-key with --public-key; this was signed with {}",
        file.display(),
        signed.public_key
    );
    println!("VALID: signed with the key that was given.");
    Ok(())
}

fn print_certificate(body: &DestructionCertificate) {
    println!("Certificate of destruction {}", body.id);
    println!("  organization  {}", body.organization_name);
    println!("  project       {}", body.project_name);
    println!("  service       {} ({})", body.service_name, body.service_id);
    println!("  requested by  {}", body.requested_by);
    println!("  destroyed at  {}", body.destroyed_at_text);
    for node in &body.nodes {
        println!("  node {} on host {}", node.node_id, node.host);
        for volume in &node.volumes {
            println!(
                "    {} volume {}: key {}",
                volume.kind, volume.volume_id, volume.volume_key_fingerprint
            );
            if let Some(why) = &volume.not_erased {
                println!("      NOT ERASED: {why}");
            }
        }
        for step in &node.steps {
            println!("    {}  {} ({})", step.at.human(), step.what, step.check);
        }
    }
}
