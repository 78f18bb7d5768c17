//! What happens in the guest, in order: volumes are opened, PostgreSQL is configured, the IP filter follows.
//! One thread does all of it, so that nothing is done twice at once; the conversation goes on meanwhile.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, PoisonError, mpsc::Receiver},
    thread,
    time::Duration,
};

use domain::{
    agent::{Configuration, Phase, VolumeReport},
    networks::{IP_FILTER_ENTRIES_MAX, IpFilter},
    states::VolumeKind,
};
use zeroize::Zeroizing;

use crate::{commands, firewall, guest::Guest, network, postgres::Postgres, tree::WayBack, volumes};

/// How often it is looked whether the service is up.
const REPORT_PAUSE: Duration = Duration::from_millis(100);

/// Pause before a volume is asked about again that could not be reported.
const RETRY_PAUSE: Duration = Duration::from_secs(2);

/// Work that the conversation hands over.
pub(crate) enum Job {
    Open(volumes::Keys),
    Configure(Box<Configuration>),
    Filter(IpFilter),
}

/// What the stop needs as well.
pub(crate) struct Node {
    pub(crate) guest: Guest,
    pub(crate) postgres: Postgres,
    pub(crate) way_back: Mutex<Option<WayBack>>,
}

impl Node {
    pub(crate) const fn new(guest: Guest) -> Self {
        Self { guest, postgres: Postgres::new(), way_back: Mutex::new(None) }
    }
}

/// Rejects what cannot be put into configuration files as it stands.
pub(crate) fn check(configuration: &Configuration) -> Result<(), String> {
    let hostname = &configuration.hostname;
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if hostname.is_empty() || hostname.len() > 63 || !hostname.chars().all(is_name) {
        return Err("the hostname is not allowed".into());
    }
    if configuration.network.port == 0 || !(1..=31).contains(&configuration.network.prefix) {
        return Err("the port or the prefix is not allowed".into());
    }
    for pem in [&configuration.tls.certificate, &configuration.tls.ca] {
        if !pem.starts_with("-----BEGIN CERTIFICATE-----") {
            return Err("a certificate is not in PEM".into());
        }
    }
    check_filter(&configuration.ip_filter)?;
    crate::postgres::first_user::check(&configuration.first_user)
}

/// Rejects an IP filter that is longer than there may be.
pub(crate) fn check_filter(filter: &IpFilter) -> Result<(), String> {
    match filter.sources.len() {
        0..=IP_FILTER_ENTRIES_MAX => Ok(()),
        _ => Err(format!("the IP filter has more than {IP_FILTER_ENTRIES_MAX} entries")),
    }
}

/// Does the jobs as they come.
pub(crate) fn live(node: &Arc<Node>, jobs: &Receiver<Job>) {
    let mut life =
        Life { node, waiting: None, newest: None, service: None, is_open: false, random: RandomState::new() };
    for job in jobs {
        if matches!(node.guest.phase(), Phase::Failed | Phase::Stopping) {
            continue;
        }
        if let Err(problem) = life.take(job) {
            node.guest.fail(problem);
        }
    }
}

/// What is in force.
struct Service {
    port: u16,
    fingerprint: u64,
    filter: Option<IpFilter>,
}

struct Life<'a> {
    node: &'a Arc<Node>,
    /// A configuration that came before the volumes were open.
    waiting: Option<Box<Configuration>>,
    /// The newest IP filter that was heard of.
    newest: Option<IpFilter>,
    service: Option<Service>,
    is_open: bool,
    random: RandomState,
}

impl Life<'_> {
    fn take(&mut self, job: Job) -> Result<(), String> {
        match job {
            Job::Open(keys) => self.open(&keys)?,
            Job::Configure(configuration) => self.waiting = Some(configuration),
            Job::Filter(filter) => {
                self.hear(filter);
                return self.apply_filter();
            }
        }
        match self.waiting.take_if(|_| self.is_open) {
            Some(configuration) => self.configure(&configuration),
            None => Ok(()),
        }
    }

    fn open(&mut self, keys: &volumes::Keys) -> Result<(), String> {
        let guest = &self.node.guest;
        guest.enter(Phase::OpeningVolumes);
        let way_back = volumes::open(keys)?;
        *self.node.way_back.lock().unwrap_or_else(PoisonError::into_inner) = Some(way_back);
        self.is_open = true;
        guest.enter(Phase::WaitingForConfiguration);
        Ok(())
    }

    fn hear(&mut self, filter: IpFilter) {
        if self.newest.as_ref().is_none_or(|newest| newest.generation <= filter.generation) {
            self.newest = Some(filter);
        }
    }

    /// Puts the newest filter in force, if it is not. A failure leaves the old one in force and is no end.
    fn apply_filter(&mut self) -> Result<(), String> {
        let (Some(service), Some(newest)) = (&mut self.service, &self.newest) else { return Ok(()) };
        if service.filter.as_ref() == Some(newest) {
            return Ok(());
        }
        let guest = &self.node.guest;
        if let Err(problem) = firewall::apply(service.port, newest) {
            guest.note_problem(problem);
            return Ok(());
        }
        guest.note_ip_filter(newest.generation);
        if service.filter.replace(newest.clone()).is_some() && guest.phase() == Phase::Ready {
            // What the firewall no longer lets through would linger until its keep-alive gives up.
            if let Err(problem) = self.node.postgres.end_sessions_outside(newest) {
                guest.note_problem(format!("sessions outside the IP filter were not ended: {problem}"));
            }
        }
        Ok(())
    }

    fn configure(&mut self, configuration: &Configuration) -> Result<(), String> {
        let guest = &self.node.guest;
        let fingerprint = self.fingerprint(configuration);
        self.hear(configuration.ip_filter.clone());
        if let Some(service) = &mut self.service {
            // A repetition, or new certificates or a new password for a service that runs.
            let is_same = std::mem::replace(&mut service.fingerprint, fingerprint) == fingerprint;
            self.apply_filter()?;
            if !is_same {
                self.node
                    .postgres
                    .configure(configuration)
                    .map_err(|error| format!("configuring PostgreSQL: {error}"))?;
                if guest.phase() == Phase::Ready {
                    self.node.postgres.make_first_user(guest)?;
                }
            }
            return Ok(());
        }
        guest.enter(Phase::Starting);
        network::set_clock(configuration.now_seconds)
            .map_err(|error| format!("setting the clock: {error}"))?;
        let _ = nix::unistd::sethostname(&configuration.hostname);
        // The firewall comes first: no packet is answered without it.
        self.service = Some(Service { port: configuration.network.port, fingerprint, filter: None });
        self.apply_filter()?;
        if self.service.as_ref().is_none_or(|service| service.filter.is_none()) {
            return Err("there is no firewall, so there will be no network".into());
        }
        network::set_up(&configuration.network)
            .map_err(|error| format!("setting up the network: {error}"))?;
        self.node
            .postgres
            .configure(configuration)
            .map_err(|error| format!("configuring PostgreSQL: {error}"))?;
        self.start()
    }

    fn start(&self) -> Result<(), String> {
        let node = Arc::clone(self.node);
        let supervise = move || node.postgres.supervise(&node.guest);
        thread::Builder::new().name("postgres".into()).spawn(supervise).map_err(|error| error.to_string())?;
        let node = Arc::clone(self.node);
        let report = move || report_volumes(&node.guest);
        thread::Builder::new().name("reports".into()).spawn(report).map_err(|error| error.to_string())?;
        Ok(())
    }

    /// Tells a repeated configuration from a changed one without keeping its secrets.
    fn fingerprint(&self, configuration: &Configuration) -> u64 {
        let mut configuration = configuration.clone();
        // Differ at each repetition and have their own ways.
        configuration.now_seconds = 0;
        configuration.ip_filter = IpFilter::default();
        let text = Zeroizing::new(serde_json::to_vec(&configuration).unwrap_or_default());
        self.random.hash_one(&*text)
    }
}

/// Asks cryptsetup about both volumes, once the service is up: doing it earlier would delay that by a second.
fn report_volumes(guest: &Guest) {
    commands::yield_to_others();
    while guest.phase() == Phase::Starting {
        thread::sleep(REPORT_PAUSE);
    }
    report_each(guest, volumes::report, RETRY_PAUSE);
}

/// Reports each volume, and tries again for as long as one cannot be: without both the host takes the service for one
/// that does not run, and starts the VM over.
fn report_each(guest: &Guest, ask: impl Fn(VolumeKind) -> Result<VolumeReport, String>, pause: Duration) {
    for kind in [VolumeKind::Root, VolumeKind::Data] {
        let mut noted: Option<String> = None;
        while !guest.is_stopping() && guest.phase() != Phase::Failed {
            match ask(kind) {
                Ok(report) => {
                    guest.note_volume(report);
                    if let Some(problem) = noted {
                        guest.take_back_problem(&problem);
                    }
                    break;
                }
                // It is going down, which is why.
                Err(_) if guest.is_stopping() => return,
                Err(problem) => {
                    if noted.as_ref() != Some(&problem) {
                        guest.note_problem(problem.clone());
                    }
                    noted = Some(problem);
                    thread::sleep(pause);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn report(kind: VolumeKind) -> VolumeReport {
        VolumeReport {
            kind,
            luks_type: "LUKS2".into(),
            cipher: "aes-xts-plain64".into(),
            key_bits: 512,
            hash: "sha256".into(),
            luks_uuid: String::new(),
            size_bytes: 0,
            used_bytes: 0,
            capacity_bytes: 0,
        }
    }

    #[test]
    fn a_volume_is_asked_about_until_it_answers() {
        let (guest, tries) = (Guest::new(), Cell::new(0));
        let ask = |kind| {
            tries.set(tries.get() + 1);
            if kind == VolumeKind::Data && tries.get() < 5 {
                Err("no memory".into())
            } else {
                Ok(report(kind))
            }
        };
        report_each(&guest, ask, Duration::from_millis(1));
        let status = guest.status();
        assert_eq!((status.volumes.len(), tries.get(), status.problem), (2, 5, None));
    }

    #[test]
    fn a_guest_that_stops_asks_no_more() {
        let (guest, tries) = (Guest::new(), Cell::new(0));
        let ask = |_| {
            tries.set(tries.get() + 1);
            if tries.get() == 2 {
                guest.begin_stop();
            }
            Err("closed".to_owned())
        };
        report_each(&guest, ask, Duration::from_millis(1));
        assert_eq!(tries.get(), 2);
    }
}
