//! Prints what the workflow engine adds to the making of one service: the whole creating flow on the simulated host,
//! with the host's own time and all waiting taken off. Budget: 50 ms. Run with `--release`.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made should stop, loudly")]

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use control::{
    Control, MasterKey, Origin, Parts, SystemRandom, projects, services, set_up,
    testing::{Stepper, keep_session, session},
    workflow::Limits,
};
use domain::{
    ids::{NodeId, RequestId},
    inputs::{CompleteSetUp, CreateService},
    networks::IpFilter,
    secrets::Secret,
    states::ServiceState,
    timestamps::{Clock, Timestamp},
};
use host::{
    Error, Host, HostFacts, NodeConfiguration, NodeSpec, Observation, ShredReport, VmFacts, VolumeFacts,
    simulated::{SimulatedHost, SimulatedSettings},
};

const SERVICES: usize = 20;
const BUDGET: Duration = Duration::from_millis(50);

/// Set by hand, so that naps cost nothing.
struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// The simulated host with a watch on its own time.
struct Timed {
    inner: SimulatedHost,
    nanos: AtomicI64,
}

impl Timed {
    async fn time<T>(&self, call: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let result = call.await;
        let nanos = i64::try_from(began.elapsed().as_nanos()).unwrap_or(i64::MAX);
        self.nanos.fetch_add(nanos, Ordering::SeqCst);
        result
    }

    fn taken(&self) -> Duration {
        Duration::from_nanos(u64::try_from(self.nanos.load(Ordering::SeqCst)).unwrap())
    }
}

#[async_trait]
impl Host for Timed {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn identity(&self) -> &str {
        self.inner.identity()
    }
    async fn facts(&self) -> Result<HostFacts, Error> {
        self.time(self.inner.facts()).await
    }
    async fn make_volumes(&self, node: &NodeSpec) -> Result<Vec<VolumeFacts>, Error> {
        self.time(self.inner.make_volumes(node)).await
    }
    async fn start_vm(&self, node: &NodeSpec) -> Result<VmFacts, Error> {
        self.time(self.inner.start_vm(node)).await
    }
    async fn open_volumes(&self, node: NodeId) -> Result<(), Error> {
        self.time(self.inner.open_volumes(node)).await
    }
    async fn configure(&self, node: NodeId, configuration: NodeConfiguration) -> Result<(), Error> {
        self.time(self.inner.configure(node, configuration)).await
    }
    async fn set_ip_filter(&self, node: NodeId, filter: &IpFilter) -> Result<i64, Error> {
        self.time(self.inner.set_ip_filter(node, filter)).await
    }
    async fn observe(&self, node: NodeId) -> Result<Observation, Error> {
        self.time(self.inner.observe(node)).await
    }
    async fn stop_vm(&self, node: NodeId) -> Result<(), Error> {
        self.time(self.inner.stop_vm(node)).await
    }
    async fn shred(&self, node: NodeId) -> Result<ShredReport, Error> {
        self.time(self.inner.shred(node)).await
    }
    async fn forget(&self, node: NodeId) -> Result<(), Error> {
        self.time(self.inner.forget(node)).await
    }
    async fn nodes(&self) -> Result<Vec<NodeId>, Error> {
        self.time(self.inner.nodes()).await
    }
    async fn client_address(&self, node: NodeId, peer: IpAddr) -> Result<(IpAddr, Option<String>), Error> {
        self.time(self.inner.client_address(node, peer)).await
    }
}

fn origin() -> Origin {
    Origin { address: None, agent: None, device: None, request_id: RequestId::from_uuid(uuid::Uuid::nil()) }
}

#[tokio::main]
async fn main() {
    let (store, _directory) = store::testing::temporary_sqlite().await;
    let clock = Arc::new(SetClock(AtomicI64::new(1_795_325_845_000_000)));
    let inner = SimulatedHost::open(SimulatedSettings::new("host-1", clock.clone())).unwrap();
    let host = Arc::new(Timed { inner, nanos: AtomicI64::new(0) });
    let control = Control::open(Parts {
        store,
        hosts: vec![host.clone() as Arc<dyn Host>],
        clock: clock.clone(),
        random: Arc::new(SystemRandom),
        master_key: MasterKey::new([7; 32]),
        is_simulated: true,
        mailer: None,
        look_ups: None,
        saml_judge: Arc::new(control::testing::JudgeHere),
        provider_http: None,
        public_url: "http://localhost:8080".into(),
        breached: None,
    })
    .await
    .unwrap();
    let input = CompleteSetUp {
        token: set_up::make_link(&control).await.unwrap(),
        name: "Ann".into(),
        email: "ann@example.org".into(),
        password: Secret::new("velvet anchor 7 thistle moon".into()),
        organization: "Acme".into(),
    };
    let user = set_up::complete(&control.context(origin(), None), input).await.unwrap().user;
    keep_session(&control, user).await.unwrap();
    let ctx = control.context(origin(), Some(session(user, clock.now())));
    let profile = control::sessions::profile(&ctx).await.unwrap();
    projects::create(&ctx, profile.organizations[0].id, "shop", "").await.unwrap();
    let stepper = Stepper::new(&control, Limits::default());

    let mut flows = Vec::new();
    for number in 0..SERVICES {
        let name = format!("service-{number}");
        services::create(&ctx, service(&name)).await.unwrap();
        let (mut engine, mut turns, before) = (Duration::ZERO, 0, host.taken());
        while services::timeline(&ctx, "shop", &name).await.unwrap().state != ServiceState::Running {
            let began = Instant::now();
            let did = stepper.step().await.unwrap();
            engine += began.elapsed();
            turns += u32::from(did);
            if !did {
                clock.0.fetch_add(50_000, Ordering::SeqCst);
            }
        }
        flows.push((engine.saturating_sub(host.taken() - before), turns));
        // Destroying asks for somebody who has lately shown who they are.
        let fresh = control.context(origin(), Some(session(user, clock.now())));
        services::delete(&fresh, "shop", &name, &name).await.unwrap();
        while services::timeline(&ctx, "shop", &name).await.is_ok() {
            if !stepper.step().await.unwrap() {
                clock.0.fetch_add(50_000, Ordering::SeqCst);
            }
        }
    }
    flows.sort_unstable();
    let (median, turns) = flows[SERVICES / 2];
    let slowest = flows[SERVICES - 1].0;
    println!(
        "engine overhead of one creating flow: median {:.1} ms, slowest {:.1} ms of {SERVICES} ({turns} turns each; SQLite, synchronous=FULL; budget {} ms)",
        median.as_secs_f64() * 1000.0,
        slowest.as_secs_f64() * 1000.0,
        BUDGET.as_millis(),
    );
}

fn service(name: &str) -> CreateService {
    CreateService {
        project: "shop".into(),
        name: name.into(),
        service_type: "pg".into(),
        plan: "hobbyist".into(),
        cloud: "local-main".into(),
    }
}
