//! The handle that everything hangs on: store, hosts, clock, randomness, keys. The server makes one.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{
    errors::Error,
    ids::RequestId,
    timestamps::{Clock, Timestamp},
};
use host::{Host, HostFacts};
use identity::{oidc::exchanges::Http, webauthn::RelyingParty};
use ring::hmac;
use store::Store;
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};
use uuid::Uuid;

use crate::{
    Context, MasterKey, Origin, Random,
    certificates::SigningKey,
    contexts::{Credential, Session},
    domains::{LookUps, keep_checking},
    envelopes::{OrganizationKey, Place},
    errors::Failure,
    identity_providers::keep_watching,
    mails::{Mailer, keep_sending},
    passwords::BreachedList,
    random,
    sessions::{Hashes, Refusals},
    single_sign_on::{Discoveries, SamlJudge},
    tokens::TokenRefusals,
    workflow::{Limits, Runner, caught},
    workflows::services::{ServiceWorkflow, sweep},
};

/// Workflow steps that run at the same time, at most.
const WORKERS: usize = 4;
/// How often hosts are searched for what the database does not know.
const SWEEP_EVERY: Duration = Duration::from_secs(30);
/// How long what a host says of itself is repeated on pages before it is asked again, and how long a page waits for it.
const FACTS_LAST: Duration = Duration::from_secs(20);
/// See [`FACTS_LAST`].
const FACTS_LIMIT: Duration = Duration::from_secs(2);
/// Value whose sealed form in the database shows that the master key is the right one.
const MASTER_KEY_CHECK: &[u8] = b"redoubt master key";

/// What a [`Control`] is made of.
pub struct Parts {
    /// The database, migrated.
    pub store: Store,
    /// The hypervisor machines.
    pub hosts: Vec<Arc<dyn Host>>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// What wraps all keys in the database.
    pub master_key: MasterKey,
    /// Whether the hosts are simulated, which the console says in its header.
    pub is_simulated: bool,
    /// What sends mails; without it they are kept to be read here.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Address of the console without a slash at its end, which links in mails begin with.
    pub public_url: String,
    /// What judges SAML responses.
    pub saml_judge: Arc<dyn SamlJudge>,
    /// What sends our requests to identity providers that speak OpenID Connect; without it nobody signs in with one.
    pub provider_http: Option<Arc<dyn Http>>,
    /// What looks for the proofs of domains; without it none can be verified.
    pub look_ups: Option<Arc<dyn LookUps>>,
    /// The operator's list of passwords that became known, which new ones are compared with beside the one that is built in.
    pub breached: Option<BreachedList>,
}

/// The handle; clones are cheap and share everything.
#[derive(Clone)]
pub struct Control(Arc<Inner>);

struct Inner {
    parts: Parts,
    /// What hosts lately said of themselves, and when.
    facts: Mutex<BTreeMap<String, (Timestamp, Option<HostFacts>)>>,
    signing_key: SigningKey,
    /// Signs the marks of devices that have signed in.
    device_key: hmac::Key,
    /// The console as passkeys and security keys know it; why there is none if browsers allow none at its address.
    relying_party: Result<RelyingParty, String>,
    hashes: Hashes,
    /// What providers of OpenID Connect said of themselves lately.
    discoveries: Discoveries,
    /// Sign-ins that were turned away.
    refusals: Refusals,
    /// Tokens that were turned away.
    token_refusals: TokenRefusals,
    /// Wakes the workflow runner.
    work: Notify,
    /// Counts up whenever something was written, so that watchers look again.
    changed: watch::Sender<u64>,
}

/// Why the handle could not be made.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database.
    #[error("The database cannot be used")]
    Store(#[from] store::Error),
    /// The key and the database do not belong together.
    #[error("The master key does not fit this database, which was made with another. Restore that key file.")]
    WrongMasterKey,
    /// There is no host.
    #[error("No host is configured.")]
    NoHost,
    /// The nodes that the database knows on a host of this name are somewhere else.
    #[error(
        "This database knows another host by the name {0}, so this server cannot run the services that are on it. If \
         that host belongs to another server, give this one's host a name of its own (host.name). If it is this \
         machine, bring back the state directory (host.state_dir) it had."
    )]
    OtherHost(String),
}

impl Control {
    /// Checks the master key and the hosts against the database, and makes the installation's signing key at the first
    /// start.
    ///
    /// # Errors
    /// When the database does not answer, the master key is not the one it was made with, or a host is not the one
    /// that the database knows by its name.
    pub async fn open(parts: Parts) -> Result<Self, OpenError> {
        if parts.hosts.is_empty() {
            return Err(OpenError::NoHost);
        }
        let place = Place { column: "settings.master_key_check", row: Uuid::nil() };
        let sealed = parts.master_key.seal(&*parts.random, place, MASTER_KEY_CHECK);
        let mut tx = parts.store.write().await?;
        store::settings::add_if_absent(&mut tx, "master_key_check", &sealed).await?;
        let stored = store::settings::find(&mut tx, "master_key_check").await?.unwrap_or_default();
        parts.master_key.open(place, &stored).map_err(|_| OpenError::WrongMasterKey)?;
        let signing_key = SigningKey::load_or_make(&mut tx, &parts.master_key, &*parts.random).await?;
        for host in &parts.hosts {
            let key = format!("host_identity.{}", host.name());
            store::settings::add_if_absent(&mut tx, &key, host.identity().as_bytes()).await?;
            let stored = store::settings::find(&mut tx, &key).await?.unwrap_or_default();
            if stored != host.identity().as_bytes() {
                return Err(OpenError::OtherHost(host.name().to_owned()));
            }
        }
        tx.commit().await?;
        Ok(Self(Arc::new(Inner {
            device_key: parts.master_key.signing_key("device marks"),
            relying_party: RelyingParty::new(&parts.public_url, "Redoubt").map_err(|error| error.to_string()),
            parts,
            facts: Mutex::default(),
            signing_key,
            hashes: Hashes::new(),
            discoveries: Discoveries::default(),
            refusals: Refusals::default(),
            token_refusals: TokenRefusals::default(),
            work: Notify::new(),
            changed: watch::Sender::new(0),
        })))
    }

    /// The context of one request.
    #[must_use]
    pub fn context(&self, origin: Origin, session: Option<Session>) -> Context {
        Context::new(self.clone(), origin, session.map(Credential::Session))
    }

    /// The context of a command that the operator gives on the machine itself.
    pub(crate) fn operator(&self) -> Context {
        self.own_context(Some("redoubt admin".into()))
    }

    /// The context of what the server does by itself.
    pub(crate) fn system_context(&self) -> Context {
        self.own_context(None)
    }

    fn own_context(&self, agent: Option<String>) -> Context {
        let request_id = RequestId::from_uuid(self.new_uuid());
        self.context(Origin { address: None, agent, device: None, request_id }, None)
    }

    /// Starts the workflow runner, the sending of mails and the looking for proofs of domains: tasks that end after their current
    /// step once `shutdown` turns true.
    #[must_use]
    pub fn spawn_workers(&self, shutdown: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
        let runner = self.runner(Limits::default());
        let worker = |_| tokio::spawn(runner.clone().work(shutdown.clone()));
        let mut tasks: Vec<_> = (0..WORKERS).map(worker).collect();
        tasks.push(tokio::spawn(runner.watch_over(shutdown.clone())));
        tasks.push(tokio::spawn(self.clone().keep_sweeping(shutdown.clone())));
        tasks.push(tokio::spawn(keep_sending(self.clone(), shutdown.clone())));
        tasks.push(tokio::spawn(keep_checking(self.clone(), shutdown.clone())));
        tasks.push(tokio::spawn(keep_watching(self.clone(), shutdown.clone())));
        tasks
    }

    /// The workflow runner with every workflow there is.
    pub(crate) fn runner(&self, limits: Limits) -> Runner {
        Runner::new(self.clone(), vec![Arc::new(ServiceWorkflow)], limits)
    }

    /// Looks for nodes that nobody knows, again and again.
    async fn keep_sweeping(self, mut shutdown: watch::Receiver<bool>) {
        let mut has_told = false;
        while !*shutdown.borrow() {
            tokio::select! {
                () = tokio::time::sleep(SWEEP_EVERY) => {}
                _ = shutdown.changed() => return,
            }
            let swept = caught(sweep(&self)).await;
            // Once for as long as it lasts.
            if let Err(failure) = &swept
                && !has_told
            {
                let error = crate::errors::chain(failure);
                tracing::warn!(error, "The hosts could not be compared with the database");
            }
            has_told = swept.is_err();
        }
    }

    /// Whether requests can be served: the database answers.
    ///
    /// # Errors
    /// What is wrong, as a sentence.
    pub async fn ready(&self) -> Result<(), String> {
        self.store().ping().await.map_err(|error| crate::errors::chain(&error))
    }

    /// What the first host is and has, for health and metrics.
    ///
    /// # Errors
    /// The host's error as a sentence.
    pub async fn host_facts(&self) -> Result<HostFacts, String> {
        self.first_host().facts().await.map_err(|error| error.to_string())
    }

    /// Figures for `/metrics`, in Prometheus' text format.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn metrics(&self) -> Result<String, String> {
        let text = |error: store::Error| crate::errors::chain(&error);
        let mut tx = self.store().read().await.map_err(text)?;
        let strands = store::strands::count(&mut tx).await.map_err(text)?;
        let users = store::users::count(&mut tx).await.map_err(text)?;
        let overdue = store::strands::overdue(&mut tx, self.now()).await.map_err(text)?.len();
        Ok(format!(
            "# HELP redoubt_strands Workflows that exist.\n# TYPE redoubt_strands gauge\nredoubt_strands {strands}\n\
             # HELP redoubt_strands_overdue Workflows past their deadline.\n# TYPE redoubt_strands_overdue gauge\nredoubt_strands_overdue {overdue}\n\
             # HELP redoubt_users Users that exist.\n# TYPE redoubt_users gauge\nredoubt_users {users}\n"
        ))
    }

    /// Whether the hosts are simulated.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.0.parts.is_simulated
    }

    /// Address of the console without a slash at its end, which links in mails begin with.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.0.parts.public_url
    }

    /// Lets the runner and everybody who watches look at the database again.
    pub fn notify(&self) {
        self.0.changed.send_modify(|count| *count = count.wrapping_add(1));
        self.0.work.notify_waiters();
        // Kept for a worker that is just about to wait.
        self.0.work.notify_one();
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.parts.store
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.parts.clock.now()
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.0.parts.random
    }

    pub(crate) fn new_uuid(&self) -> Uuid {
        random::uuid(self.random(), self.now())
    }

    pub(crate) fn master_key(&self) -> &MasterKey {
        &self.0.parts.master_key
    }

    /// What it was opened with.
    pub(crate) fn parts(&self) -> &Parts {
        &self.0.parts
    }

    pub(crate) fn discoveries(&self) -> &Discoveries {
        &self.0.discoveries
    }

    pub(crate) fn signing_key(&self) -> &SigningKey {
        &self.0.signing_key
    }

    pub(crate) fn device_key(&self) -> &hmac::Key {
        &self.0.device_key
    }

    /// The console as passkeys and security keys know it.
    ///
    /// # Errors
    /// `Conflict` when browsers allow none at its address.
    pub(crate) fn relying_party(&self) -> Result<&RelyingParty, Error> {
        self.0.relying_party.as_ref().map_err(Error::conflict)
    }

    pub(crate) fn hashes(&self) -> &Hashes {
        &self.0.hashes
    }

    pub(crate) fn refusals(&self) -> &Refusals {
        &self.0.refusals
    }

    pub(crate) fn token_refusals(&self) -> &TokenRefusals {
        &self.0.token_refusals
    }

    pub(crate) fn changed(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    /// Waits until somebody calls [`Control::notify`], at most for `limit`.
    pub(crate) async fn wait_for_work(&self, limit: Duration) {
        let _ = tokio::time::timeout(limit, self.0.work.notified()).await;
    }

    /// The host that new nodes go to. With one host there is no choice yet; a scheduler takes this place later.
    pub(crate) fn first_host(&self) -> &Arc<dyn Host> {
        &self.0.parts.hosts[0]
    }

    pub(crate) fn hosts(&self) -> &[Arc<dyn Host>] {
        &self.0.parts.hosts
    }

    pub(crate) fn host_names(&self) -> Vec<&str> {
        self.hosts().iter().map(|host| host.name()).collect()
    }

    /// What the host of that name lately said of itself, if it is one of this server's and says anything in time.
    pub(crate) async fn recent_facts(&self, name: &str) -> Option<HostFacts> {
        let now = self.now();
        let facts = || self.0.facts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, known)) = facts().get(name)
            && now.since(*at) < FACTS_LAST
        {
            return known.clone();
        }
        let host = self.host(name).ok()?;
        // That it says nothing is remembered as well: the next page is not to wait for it again.
        let asked = tokio::time::timeout(FACTS_LIMIT, host.facts()).await.ok().and_then(Result::ok);
        facts().insert(name.to_owned(), (now, asked.clone()));
        asked
    }

    pub(crate) fn host(&self, name: &str) -> Result<&Arc<dyn Host>, Failure> {
        self.hosts().iter().find(|host| host.name() == name).ok_or_else(|| {
            Failure::Host(host::Error::Missing {
                what: format!("The host {name} is not configured"),
                remedy: "Add it to the configuration again".into(),
            })
        })
    }

    /// The key that an organization's secrets are sealed with.
    pub(crate) async fn organization_key(
        &self,
        tx: &mut store::Tx,
        organization: domain::ids::OrganizationId,
    ) -> Result<OrganizationKey, Failure> {
        let found = store::organizations::find(tx, organization)
            .await?
            .ok_or_else(|| Failure::Inconsistent(format!("organization {organization} is gone")))?;
        Ok(self.master_key().organization_key(organization.uuid(), &found.wrapped_key)?)
    }
}
