//! Puts an installation together from its configuration: database, key, host, `control`; and runs the server on it.

use std::{fs::File, path::Path, sync::Arc};

use anyhow::{Context, bail};
use control::{
    Control, Parts, SystemRandom, domains::LookUps, mails::Mailer, passwords::BreachedList, set_up,
};
use domain::errors::Error;
use host::{
    Accelerator, Host,
    qemu::{QemuHost, QemuSettings},
    simulated::{Pace, SimulatedHost, SimulatedSettings},
};
use identity::oidc::exchanges::Http;
use store::Store;
use tokio::net::TcpListener;
use url::Url;

use crate::{
    clocks::SystemClock,
    config::{Config, Database, HostSettings},
    judging::ConfinedJudge,
    listener, master_key,
    outbound::{self, Outbound},
    router, shutdown,
    smtp::{Limits, Smtp},
    static_files::StaticFiles,
    tls,
    workers::Workers,
};

/// The cloud and zone of the host on this machine.
const CLOUD: &str = "local-main";
const ZONE: &str = "a";
/// How long a phase of a pretended guest takes, so that people can watch it.
const SIMULATED_PHASE: std::time::Duration = std::time::Duration::from_millis(700);

/// Opens the configured database and brings its schema up to date.
pub(crate) async fn open_store(database: &Database) -> anyhow::Result<Store> {
    if let Database::Sqlite(path) = database {
        make_parent(path)?;
    }
    let store = Store::open(&database.url()?).await.context("The database cannot be opened")?;
    let applied = store.migrate().await.context("The database's schema cannot be brought up to date")?;
    if !applied.is_empty() {
        tracing::info!(kind = store.kind(), migrations = applied.len(), "Schema brought up to date");
    }
    Ok(store)
}

/// The host that only pretends.
pub(crate) fn simulated_host(settings: &HostSettings) -> anyhow::Result<SimulatedHost> {
    let mut simulated = SimulatedSettings::new(&settings.name, Arc::new(SystemClock));
    simulated.pace = Pace::Clock(SIMULATED_PHASE);
    let state_file = settings.state_dir.join("simulated.json");
    make_parent(&state_file)?;
    simulated.state_file = Some(state_file);
    Ok(SimulatedHost::open(simulated)?)
}

/// The hypervisor on this machine.
pub(crate) fn qemu_host(settings: &HostSettings) -> anyhow::Result<QemuHost> {
    let settings = QemuSettings {
        name: settings.name.clone(),
        cloud: CLOUD.to_owned(),
        zone: ZONE.to_owned(),
        state_dir: std::path::absolute(&settings.state_dir)?,
        image_dir: std::path::absolute(&settings.image_dir)?,
        network: settings.network,
        accelerator: settings.accelerator,
        qemu_binary: settings.qemu_binary.clone(),
        memory_mib_max: settings.memory_mib_max,
        address_pool: settings.address_pool,
        clock: Arc::new(SystemClock),
    };
    QemuHost::open(settings).context("The hypervisor on this machine cannot be used")
}

/// The operations on the configured database and this host.
pub(crate) async fn open_control(
    config: &Config,
    store: Store,
    host: Arc<dyn Host>,
    is_simulated: bool,
    mailer: Option<Arc<dyn Mailer>>,
    outbound: Option<Arc<Outbound>>,
) -> anyhow::Result<Control> {
    let control = Control::open(Parts {
        store,
        hosts: vec![host],
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        master_key: master_key::load(&config.master_key, &SystemRandom)?,
        is_simulated,
        mailer,
        look_ups: outbound.clone().map(|outbound| outbound as Arc<dyn LookUps>),
        provider_http: outbound.map(|outbound| outbound as Arc<dyn Http>),
        saml_judge: Arc::new(ConfinedJudge::new()),
        public_url: config.server.public_url.as_str().trim_end_matches('/').to_owned(),
        breached: breached_list(config)?,
    });
    control.await.context("The installation cannot be opened")
}

/// The operator's list of passwords that became known, if one is configured.
pub(crate) fn breached_list(config: &Config) -> anyhow::Result<Option<BreachedList>> {
    let Some(path) = &config.breached_passwords else { return Ok(None) };
    let failed = || format!("passwords.breached_list: {} cannot be used", path.display());
    let file = File::open(path).with_context(failed)?;
    let list = BreachedList::open(file).with_context(failed)?;
    Ok(Some(list))
}

/// What sends the mails, if a mail server is configured.
pub(crate) fn mailer(config: &Config) -> anyhow::Result<Option<Arc<dyn Mailer>>> {
    let Some(settings) = &config.mail else { return Ok(None) };
    let smtp = Smtp::new(settings, &config.server.public_url, Limits::default());
    Ok(Some(Arc::new(smtp.context("The mail server cannot be used")?)))
}

/// What looks for the proofs of domains and asks identity providers; nothing does on a machine that has no resolver, unless name
/// servers are configured.
fn outbound(config: &Config) -> anyhow::Result<Option<Arc<Outbound>>> {
    match Outbound::new(&config.outbound, outbound::Limits::default()) {
        Ok(outbound) => Ok(Some(Arc::new(outbound))),
        Err(error) if config.outbound.resolvers.is_empty() => {
            tracing::warn!(%error, "No domain can be verified, and nobody signs in with OpenID Connect: set domains.resolver");
            Ok(None)
        }
        Err(error) => Err(error).context("Nothing can be looked up"),
    }
}

/// Serves until a signal asks for an end.
pub(crate) async fn serve(mut config: Config, is_simulated: bool) -> anyhow::Result<()> {
    let stop = shutdown::on_signal()?;
    let tls = config.server.tls.as_ref().map(tls::acceptor).transpose()?;
    let (static_files, assets) = StaticFiles::load(&config.server.site_dir)?;
    let listen = config.server.listen;
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    if config.server.public_url.port() == Some(0) {
        // Any free port was asked for: only now is it known which.
        let _ = config.server.public_url.set_port(Some(listener.local_addr()?.port()));
    }
    let public_url = config.server.public_url.clone();

    let host: Arc<dyn Host> = match is_simulated {
        true => Arc::new(simulated_host(&config.host)?),
        false => Arc::new(qemu_host(&config.host)?),
    };
    let store = open_store(&config.database).await?;
    let control =
        open_control(&config, store, host, is_simulated, mailer(&config)?, outbound(&config)?).await?;
    report_host(&control).await;
    let workers = Workers::start(&control, &stop);
    let router = router::build(router::Parts {
        control: control.clone(),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        public_url: public_url.clone(),
        trusted_proxies: config.server.trusted_proxies,
        metrics_readers: config.server.metrics_readers,
        static_files,
        assets,
        workers: workers.clone(),
        shutdown: stop.clone(),
    });
    announce(&control, &public_url).await?;
    listener::serve(listener, tls, router, stop).await;
    workers.ended().await;
    tracing::info!("Stopped");
    Ok(())
}

/// Says what stands in the way of running VMs, if anything does.
async fn report_host(control: &Control) {
    match control.host_facts().await {
        Ok(facts) => {
            let (accelerator, reason) = match &facts.accelerator {
                Accelerator::Kvm => ("kvm", None),
                Accelerator::Tcg { reason } => ("tcg", Some(reason)),
            };
            let (host, memory_mib, network) = (&facts.name, facts.memory_mib, &facts.network);
            tracing::info!(host, accelerator, reason, ?network, memory_mib, "Host ready");
            for problem in facts.problems {
                tracing::warn!(host = facts.name, problem, "The host has a problem");
            }
            for notice in facts.notices {
                tracing::info!(
                    host = facts.name,
                    notice = notice.what,
                    remedy = notice.remedy,
                    "Not everybody can reach this host"
                );
            }
        }
        Err(error) => tracing::warn!(error, "The host does not answer"),
    }
}

/// Tells people (and, in the last lines, programs) where the console is, and how to begin if nobody has yet.
async fn announce(control: &Control, public_url: &Url) -> anyhow::Result<()> {
    let link = match set_up::make_link(control).await {
        Ok(token) => Some(set_up_url(public_url, token.expose())),
        Err(Error::Conflict { .. }) => None,
        Err(error) => bail!(error),
    };
    println!("\nRedoubt is ready at {public_url}");
    if let Some(link) = &link {
        println!(
            "Nobody has an account yet. Make the first one here (works once, for 24 hours):\n\n  {link}\n"
        );
    }
    println!("REDOUBT_ADDRESS={public_url}");
    if let Some(link) = link {
        println!("REDOUBT_SET_UP_LINK={link}");
    }
    Ok(())
}

/// Where a set-up token is used.
pub(crate) fn set_up_url(public_url: &Url, token: &str) -> String {
    format!("{public_url}set-up/{token}")
}

fn make_parent(path: &Path) -> anyhow::Result<()> {
    let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) else { return Ok(()) };
    std::fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))
}
