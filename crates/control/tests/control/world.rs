//! A whole installation for one test: database, simulated host, a clock that stands still until it is set, seeded
//! randomness, the first organization with its super admin, and the real workflow runner driven step by step.

use std::{
    any::Any,
    collections::BTreeMap,
    io::Cursor,
    net::IpAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use control::{
    Context, Control, MasterKey, Origin, Parts, Random,
    domains::LookUps,
    mails::Mailer,
    passwords::{BreachedList, convert_breached},
    projects, services,
    sessions::{SignInStep, SignedIn},
    set_up,
    testing::{Stepper, session, session_key},
    tokens,
    workflow::{Limits, Point},
};
use domain::{
    errors::Error,
    ids::{GrantId, OrganizationId, RequestId, ServiceId, StrandId, UnitId, UserId},
    inputs::{CompleteSetUp, CreateService, CreateToken, EventFilter},
    permissions::Granted,
    principals::{PrincipalKind, ResourceKind, UserKind},
    secrets::Secret,
    sign_ins::{Proof, SignInMethod},
    states::ServiceState,
    timestamps::{Clock, Timestamp},
    views::{ServiceRow, ServiceView},
};
use host::Host;
use identity::{breached::hash_lines, oidc::exchanges::Http};
use store::{Store, events::Event, nodes::Node, strands::Strand};
use tokio::{sync::watch, task::JoinHandle};
use uuid::Uuid;

use crate::{hosts::TestHost, logs};

/// Password of the super admin.
pub const PASSWORD: &str = "velvet anchor 7 thistle moon";
/// E-mail of the super admin.
pub const EMAIL: &str = "ann@example.org";
/// The project that is there from the start.
pub const PROJECT: &str = "shop";
/// All events there are.
pub static ALL_EVENTS: EventFilter = EventFilter {
    event_type: String::new(),
    outcome: String::new(),
    actor: String::new(),
    subject: String::new(),
    project: String::new(),
    since: String::new(),
    until: String::new(),
    text: String::new(),
};
/// All projects there are.
pub static ALL_PROJECTS: projects::ProjectFilter<'static> = projects::ProjectFilter { unit: "", text: "" };
/// Every key of the installation hangs on this one.
const MASTER_KEY: [u8; 32] = *b"the master key of the test world";
/// Steps after which a test gives up waiting.
const STEPS_MAX: u32 = 3000;

/// A clock that shows what it is set to.
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }

    fn advance_to(&self, at: Timestamp) {
        self.0.fetch_max(at.micros(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// The same bytes in every run (splitmix64).
struct SeededRandom(AtomicU64);

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            part.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..part.len()]);
        }
    }
}

/// What a test waits for.
#[derive(Clone, Copy, Debug)]
pub enum Goal<'a> {
    /// The service runs and its workflow rests.
    Resting(&'a str),
    /// No row of the service is left.
    Gone(&'a str),
    /// It is the step's turn.
    Step(&'a str, &'a str),
    /// The service has a problem that people can see.
    Problem(&'a str),
}

pub struct World {
    pub store: Store,
    pub clock: Arc<TestClock>,
    pub host: Arc<TestHost>,
    pub control: Control,
    pub stepper: Stepper,
    pub limits: Limits,
    pub organization: OrganizationId,
    pub user: UserId,
    /// Texts that must be found nowhere.
    pub secrets: Mutex<Vec<String>>,
    /// Where a SQLite database lies.
    pub path: PathBuf,
    servers: AtomicU64,
    requests: AtomicU64,
    _keep: Box<dyn Any + Send + Sync>,
}

impl World {
    /// A world on SQLite with its organization, super admin and first project.
    pub async fn new() -> Self {
        Self::empty().await.with_organization().await
    }

    /// The same on PostgreSQL.
    pub async fn postgres() -> Self {
        let (store, database) = store::testing::temporary_postgres().await;
        Self::on(store, database).await.with_organization().await
    }

    /// Nothing is set up yet.
    pub async fn empty() -> Self {
        let (store, directory) = store::testing::temporary_sqlite().await;
        let path = directory.path().join("test.db");
        Self { path, ..Self::on(store, directory).await }
    }

    /// On a given database; `keep` lives as long as the world.
    pub async fn on(store: Store, keep: impl Any + Send + Sync) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(1_795_325_845_000_000)));
        let host = Arc::new(TestHost::new(clock.clone()));
        Self::with_host(store, clock, host, keep).await
    }

    /// On a given host as well.
    pub async fn with_host(
        store: Store,
        clock: Arc<TestClock>,
        host: Arc<TestHost>,
        keep: impl Any + Send + Sync,
    ) -> Self {
        logs::start();
        let control = open(&store, &clock, &host, 1).await;
        Self {
            stepper: Stepper::new(&control, Limits::default()),
            limits: Limits::default(),
            store,
            clock,
            host,
            control,
            organization: OrganizationId::from_uuid(Uuid::nil()),
            user: UserId::from_uuid(Uuid::nil()),
            secrets: Mutex::new(vec![
                String::from_utf8(MASTER_KEY.to_vec()).unwrap(),
                "PRIVATE KEY".to_owned(),
            ]),
            path: PathBuf::new(),
            servers: AtomicU64::new(1),
            requests: AtomicU64::new(0),
            _keep: Box::new(keep),
        }
    }

    pub async fn with_organization(mut self) -> Self {
        let token = set_up::make_link(&self.control).await.unwrap();
        self.secrets.lock().unwrap().extend([token.expose().to_owned(), PASSWORD.to_owned()]);
        self.user = set_up::complete(&self.nobody(), complete_set_up(&token)).await.unwrap().user;
        self.add_session(self.user).await;
        let mut tx = self.store.read().await.unwrap();
        let organizations = store::organizations::list_for_user(&mut tx, self.user).await.unwrap();
        self.organization = organizations[0].0.id;
        drop(tx);
        projects::create(&self.ctx(), self.organization, PROJECT, "").await.unwrap();
        self
    }

    /// The server is gone and another one starts on the same database and host.
    pub async fn restart_server(&mut self) {
        self.control = self.another_server().await;
        self.stepper = Stepper::new(&self.control, self.limits);
    }

    /// One more server on the same database and host.
    pub async fn another_server(&self) -> Control {
        let number = self.servers.fetch_add(1, Ordering::SeqCst) + 1;
        open(&self.store, &self.clock, &self.host, number).await
    }

    /// One more server on the same database, on a host of its own.
    pub async fn server_on(&self, host: &Arc<TestHost>) -> Result<Control, String> {
        let number = self.servers.fetch_add(1, Ordering::SeqCst) + 1;
        let opened = Control::open(parts(&self.store, &self.clock, host, number)).await;
        opened.map_err(|error| error.to_string())
    }

    /// One more server on the same database and host, which sends mails.
    pub async fn server_with(&self, mailer: Arc<dyn Mailer>) -> Control {
        let number = self.servers.fetch_add(1, Ordering::SeqCst) + 1;
        let parts = parts(&self.store, &self.clock, &self.host, number);
        Control::open(Parts { mailer: Some(mailer), ..parts }).await.unwrap()
    }

    /// One more server on the same database and host, which looks things up.
    pub async fn server_looking_up(&self, look_ups: Arc<dyn LookUps>) -> Control {
        let number = self.servers.fetch_add(1, Ordering::SeqCst) + 1;
        let parts = parts(&self.store, &self.clock, &self.host, number);
        Control::open(Parts { look_ups: Some(look_ups), ..parts }).await.unwrap()
    }

    /// The server once more, with a list of passwords that became known beside the one that is built in.
    pub async fn know(&mut self, passwords: &[&str]) {
        let mut list = Cursor::new(Vec::new());
        let lines = hash_lines(passwords.iter().copied());
        convert_breached(lines.as_bytes(), &mut list).unwrap();
        let number = self.servers.fetch_add(1, Ordering::SeqCst) + 1;
        let parts = parts(&self.store, &self.clock, &self.host, number);
        let breached = Some(BreachedList::open(list).unwrap());
        self.control = Control::open(Parts { breached, ..parts }).await.unwrap();
    }

    /// The server once more, which reaches identity providers by that.
    pub async fn reach(&mut self, providers: Arc<dyn Http>) {
        let number = self.servers.fetch_add(1, Ordering::SeqCst) + 1;
        let parts = parts(&self.store, &self.clock, &self.host, number);
        self.control = Control::open(Parts { provider_http: Some(providers), ..parts }).await.unwrap();
    }

    /// Other limits for the runner, in real time.
    pub fn limit(&mut self, limits: Limits) {
        self.limits = limits;
        self.stepper = Stepper::new(&self.control, limits);
    }

    /// The super admin.
    pub fn ctx(&self) -> Context {
        self.ctx_of(self.user)
    }

    /// Somebody who is signed in.
    pub fn ctx_of(&self, user: UserId) -> Context {
        self.control.context(self.origin("203.0.113.9"), Some(session(user, self.now())))
    }

    /// Somebody who is not.
    pub fn nobody(&self) -> Context {
        self.nobody_at("203.0.113.9")
    }

    /// Somebody who is not, at a device that brings a mark.
    pub fn nobody_with(&self, device: Option<&Secret>) -> Context {
        let origin = Origin { device: device.cloned(), ..self.origin("203.0.113.9") };
        self.control.context(origin, None)
    }

    /// Keeps the session that `ctx_of` has, without which it does nothing. It outlasts every test.
    pub async fn add_session(&self, user: UserId) {
        let mut tx = self.store.write().await.unwrap();
        assert!(store::sessions::add(&mut tx, &self.session_row(user)).await.unwrap());
        tx.commit().await.unwrap();
    }

    /// The row of that session.
    pub fn session_row(&self, user: UserId) -> store::sessions::Row {
        store::sessions::Row {
            key_hash: session_key(user),
            user_id: Some(user),
            data: Vec::new(),
            created_at: self.now(),
            last_seen_at: self.now(),
            expires_at: self.now().plus(Duration::from_secs(100 * 365 * 24 * 3600)),
            address: None,
            agent: None,
            method: Some(SignInMethod::Password),
            second_factor: None,
            proven_at: Some(self.now()),
            identity_provider_id: None,
            provider_organization_id: None,
            subject: None,
            session_index: None,
        }
    }

    /// Another browser of somebody's, in which they signed in so, from there.
    pub async fn signed_in(&self, user: UserId, proof: Proof, address: &str) -> Context {
        // What differs comes first: sessions are named by that.
        let key_hash: Vec<u8> =
            self.uuid().as_bytes().iter().rev().copied().chain(std::iter::repeat_n(9, 16)).collect();
        let row = store::sessions::Row {
            key_hash: key_hash.clone(),
            address: Some(address.to_owned()),
            method: Some(proof.method),
            second_factor: proof.second_factor,
            ..self.session_row(user)
        };
        let mut tx = self.store.write().await.unwrap();
        assert!(store::sessions::add(&mut tx, &row).await.unwrap());
        tx.commit().await.unwrap();
        let session = control::Session { key_hash, user, proof, proven_at: Some(self.now()), name: None };
        self.control.context(self.origin(address), Some(session))
    }

    /// Ends that session.
    pub async fn end_session(&self, user: UserId) {
        self.control.session_rows().remove(&session_key(user)).await.unwrap();
    }

    /// Somebody who acts with a token of theirs that is limited to these.
    pub async fn token_of(&self, user: UserId, scopes: &[Granted]) -> Context {
        let input = CreateToken {
            description: "tests".into(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            ..CreateToken::default()
        };
        let made = tokens::create(&self.ctx_of(user), &input).await.unwrap();
        tokens::authenticate(&self.control, self.origin("203.0.113.9"), &made.token).await.unwrap()
    }

    pub fn nobody_at(&self, address: &str) -> Context {
        self.control.context(self.origin(address), None)
    }

    pub fn origin(&self, address: &str) -> Origin {
        let request = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
        Origin {
            address: Some(address.parse::<IpAddr>().unwrap()),
            agent: Some("tests".into()),
            device: None,
            request_id: RequestId::from_uuid(Uuid::from_u128(u128::from(request))),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub async fn create(&self, name: &str) -> Result<ServiceRow, Error> {
        services::create(&self.ctx(), create_service(name)).await
    }

    pub async fn delete(&self, name: &str) {
        services::delete(&self.ctx(), PROJECT, name, name).await.unwrap();
    }

    /// A service that runs.
    pub async fn running(&self, name: &str) -> ServiceId {
        let id = self.create(name).await.unwrap().id;
        self.run_to(Goal::Resting(name)).await;
        id
    }

    pub async fn view(&self, name: &str) -> ServiceView {
        services::view(&self.ctx(), PROJECT, name).await.unwrap()
    }

    pub async fn service_id(&self, name: &str) -> Option<ServiceId> {
        let mut tx = self.store.read().await.unwrap();
        let project = store::projects::find_by_name(&mut tx, PROJECT).await.unwrap()?;
        Some(store::services::find_by_name(&mut tx, project.id, name).await.unwrap()?.id)
    }

    pub async fn strand(&self, name: &str) -> Option<Strand> {
        let id = StrandId::from_uuid(self.service_id(name).await?.uuid());
        let mut tx = self.store.read().await.unwrap();
        store::strands::find(&mut tx, id).await.unwrap()
    }

    pub async fn node(&self, name: &str) -> Option<Node> {
        let id = self.service_id(name).await?;
        let mut tx = self.store.read().await.unwrap();
        store::nodes::list(&mut tx, id).await.unwrap().pop()
    }

    pub async fn is(&self, goal: Goal<'_>) -> bool {
        match goal {
            Goal::Resting(name) => {
                let Some(id) = self.service_id(name).await else { return false };
                let mut tx = self.store.read().await.unwrap();
                let service = store::services::find(&mut tx, id).await.unwrap().unwrap();
                let strand = store::strands::find(&mut tx, id.into()).await.unwrap().unwrap();
                let signals = store::signals::list(&mut tx, id.into()).await.unwrap();
                strand.step == "wait"
                    && strand.leased_until.is_none()
                    && signals.is_empty()
                    && service.state == ServiceState::Running
            }
            Goal::Gone(name) => self.service_id(name).await.is_none(),
            Goal::Step(name, step) => self.strand(name).await.is_some_and(|strand| strand.step == step),
            Goal::Problem(name) => {
                let Some(id) = self.service_id(name).await else { return false };
                let mut tx = self.store.read().await.unwrap();
                store::services::find(&mut tx, id).await.unwrap().unwrap().problem.is_some()
            }
        }
    }

    /// Runs one due step, after moving the clock to when one is due. False if there is no workflow at all.
    pub async fn step(&self) -> bool {
        self.step_until(Point::Stored).await
    }

    pub async fn step_until(&self, last: Point) -> bool {
        if self.stepper.step_until(last).await.unwrap() {
            return true;
        }
        let mut tx = self.store.read().await.unwrap();
        let Some(next) = store::strands::next_wake(&mut tx, &[self.host.name()]).await.unwrap() else {
            return false;
        };
        drop(tx);
        self.clock.advance_to(next);
        self.stepper.step_until(last).await.unwrap()
    }

    /// Runs steps until the goal is reached; says how many it took.
    pub async fn run_to(&self, goal: Goal<'_>) -> u32 {
        for count in 0..STEPS_MAX {
            if self.is(goal).await {
                return count;
            }
            assert!(self.step().await, "nothing is left to do, but not {goal:?}");
        }
        panic!("not {goal:?} after {STEPS_MAX} steps: {:#?}", self.dump().await["strands"]);
    }

    /// Runs steps for a while of the clock.
    pub async fn run_for(&self, time: Duration) {
        let end = self.now().plus(time);
        while self.now() < end {
            if !self.stepper.step().await.unwrap() {
                let mut tx = self.store.read().await.unwrap();
                let next = store::strands::next_wake(&mut tx, &[self.host.name()]).await.unwrap();
                drop(tx);
                self.clock.advance_to(next.unwrap_or(end).min(end));
            }
        }
    }

    /// Every row there is.
    pub async fn dump(&self) -> BTreeMap<String, Vec<String>> {
        store::testing::dump(&self.store).await
    }

    /// One more person, who is a member or not, and may sign in or not.
    pub async fn add_user(&self, email: &str, membership: Option<bool>, is_active: bool) -> UserId {
        let id = UserId::from_uuid(self.uuid());
        let mut tx = self.store.write().await.unwrap();
        let user = store::users::User {
            // The same password as the super admin's, without the time it takes to hash it.
            password_hash: store::users::find(&mut tx, self.user).await.unwrap().unwrap().password_hash,
            is_active,
            ..store::users::User::new(id, email, UserKind::Person, self.now())
        };
        assert!(store::users::add(&mut tx, &user).await.unwrap());
        assert!(store::sessions::add(&mut tx, &self.session_row(id)).await.unwrap());
        if let Some(is_super_admin) = membership {
            store::memberships::add(&mut tx, self.organization, id, is_super_admin, self.now())
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        id
    }

    /// Grants a role or permission on the project or on the organization.
    pub async fn grant(&self, user: UserId, granted: &str, resource: Option<Uuid>) {
        let kind = if resource.is_some() { ResourceKind::Project } else { ResourceKind::Organization };
        self.grant_on(user, granted, kind, resource.unwrap_or(self.organization.uuid())).await;
    }

    /// Grants a role or permission on a unit.
    pub async fn grant_on_unit(&self, user: UserId, granted: &str, unit: UnitId) {
        self.grant_on(user, granted, ResourceKind::Unit, unit.uuid()).await;
    }

    async fn grant_on(&self, user: UserId, granted: &str, resource_kind: ResourceKind, resource_id: Uuid) {
        let mut tx = self.store.write().await.unwrap();
        let grant = store::grants::Grant {
            id: GrantId::from_uuid(self.uuid()),
            organization_id: self.organization,
            principal_kind: PrincipalKind::User,
            principal_id: user.uuid(),
            granted: granted.to_owned(),
            resource_kind,
            resource_id,
            created_at: self.now(),
            expires_at: None,
            created_by: "system".to_owned(),
        };
        store::grants::put(&mut tx, &grant).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn project_id(&self) -> Uuid {
        let mut tx = self.store.read().await.unwrap();
        store::projects::find_by_name(&mut tx, PROJECT).await.unwrap().unwrap().id.uuid()
    }

    /// An id that no row has.
    pub fn uuid(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.requests.fetch_add(1, Ordering::SeqCst)) | (0xabcd << 100))
    }

    /// Types of the events about this world's organization, oldest first.
    pub async fn event_types(&self) -> Vec<String> {
        let mut tx = self.store.read().await.unwrap();
        let events = store::events::list_for_organization(
            &mut tx,
            Some(self.organization),
            &store::events::EventFilter::default(),
            None,
            10_000,
        )
        .await
        .unwrap();
        events.iter().rev().map(|event| event.event_type.to_string()).collect()
    }

    pub async fn count_events(&self, event_type: &str) -> usize {
        self.event_types().await.iter().filter(|found| *found == event_type).count()
    }

    /// The last event of that type in the log of an organization.
    pub async fn last_event(&self, organization: OrganizationId, event_type: &str) -> Event {
        let filter = store::events::EventFilter {
            event_type: Some(event_type.parse().unwrap()),
            ..Default::default()
        };
        let mut tx = self.store.read().await.unwrap();
        let found = store::events::list_for_organization(&mut tx, Some(organization), &filter, None, 1)
            .await
            .unwrap();
        found.into_iter().next().unwrap_or_else(|| panic!("no {event_type}"))
    }

    /// Another tenant with its own super admin.
    pub async fn another_organization(&self, name: &str) -> (OrganizationId, UserId) {
        let user = self.add_user(&format!("{}@elsewhere.org", name.to_lowercase()), None, true).await;
        let organization = store::organizations::Organization {
            id: OrganizationId::from_uuid(self.uuid()),
            name: name.to_owned(),
            wrapped_key: vec![0; 60],
            created_at: self.now(),
            generation: 0,
        };
        let mut tx = self.store.write().await.unwrap();
        store::organizations::add(&mut tx, &organization).await.unwrap();
        store::memberships::add(&mut tx, organization.id, user, true, self.now()).await.unwrap();
        tx.commit().await.unwrap();
        (organization.id, user)
    }
}

/// Servers that work by themselves while the clock runs, until it is told to stop.
pub struct Workers {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Lets the runners of all these servers loose.
    pub fn start(world: &World, servers: &[Control]) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks: Vec<_> = servers.iter().flat_map(|server| server.spawn_workers(&stopped)).collect();
        let clock = world.clock.clone();
        tasks.push(tokio::spawn(async move {
            while !*stopped.borrow() {
                tokio::time::sleep(Duration::from_millis(2)).await;
                // Twice as fast as the real one: faster, and leases would end that are still extended in real time.
                clock.advance(Duration::from_millis(4));
            }
        }));
        Self { stop, tasks }
    }

    /// Waits until all the goals are reached.
    pub async fn reach(&self, world: &World, goals: &[Goal<'_>]) {
        let all = async {
            for goal in goals {
                while !world.is(*goal).await {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        };
        if tokio::time::timeout(Duration::from_secs(60), all).await.is_err() {
            panic!("not all of {goals:?}: {:#?}", world.dump().await["strands"]);
        }
    }

    /// Ends them in order.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

async fn open(store: &Store, clock: &Arc<TestClock>, host: &Arc<TestHost>, seed: u64) -> Control {
    Control::open(parts(store, clock, host, seed)).await.unwrap()
}

fn parts(store: &Store, clock: &Arc<TestClock>, host: &Arc<TestHost>, seed: u64) -> Parts {
    Parts {
        store: store.clone(),
        hosts: vec![host.clone() as Arc<dyn Host>],
        clock: clock.clone(),
        random: Arc::new(SeededRandom(AtomicU64::new(seed << 40))),
        master_key: MasterKey::new(MASTER_KEY),
        is_simulated: true,
        mailer: None,
        look_ups: None,
        saml_judge: Arc::new(control::testing::JudgeHere),
        provider_http: None,
        public_url: "http://localhost:8080".into(),
        breached: None,
    }
}

/// Somebody who has no second factor is signed in by their password.
pub fn done(step: SignInStep) -> SignedIn {
    match step {
        SignInStep::Done(signed_in) => signed_in,
        SignInStep::SecondFactor(_) => panic!("a second factor is asked for"),
    }
}

pub fn complete_set_up(token: &Secret) -> CompleteSetUp {
    CompleteSetUp {
        token: token.clone(),
        name: "Ann".into(),
        email: EMAIL.into(),
        password: Secret::new(PASSWORD.into()),
        organization: "Acme".into(),
    }
}

pub fn create_service(name: &str) -> CreateService {
    CreateService {
        project: PROJECT.into(),
        name: name.into(),
        service_type: "pg".into(),
        plan: "hobbyist".into(),
        cloud: "local-main".into(),
    }
}
