//! The simulated host with what only these tests need: problems of the machine, calls that are held up in the middle,
//! and a look-out for two callers at one node.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use domain::{ids::NodeId, networks::IpFilter, timestamps::Clock};
use host::{
    Error, Host, HostFacts, NodeConfiguration, NodeSpec, Notice, Observation, ShredReport, VmFacts,
    VolumeFacts,
    simulated::{Call, Faults, SimulatedHost, SimulatedSettings},
};
use tokio::sync::Notify;

/// A call that is held up.
#[derive(Default)]
pub struct Gate {
    /// The call has arrived.
    pub reached: Notify,
    /// It may go on.
    pub go: Notify,
}

pub struct TestHost {
    pub inner: SimulatedHost,
    problems: Mutex<Vec<String>>,
    notices: Mutex<Vec<Notice>>,
    panics: AtomicU32,
    gate: Mutex<Option<(Call, Arc<Gate>)>>,
    busy: Mutex<BTreeMap<NodeId, u32>>,
    overlaps: AtomicU32,
}

/// A call under way.
struct Visit<'a>(&'a TestHost, NodeId);

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        *self.0.busy.lock().unwrap().get_mut(&self.1).unwrap() -= 1;
    }
}

impl TestHost {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with(SimulatedSettings::new("host-1", clock))
    }

    pub fn with(settings: SimulatedSettings) -> Self {
        Self {
            inner: SimulatedHost::open(settings).unwrap(),
            problems: Mutex::default(),
            notices: Mutex::default(),
            panics: AtomicU32::new(0),
            gate: Mutex::default(),
            busy: Mutex::default(),
            overlaps: AtomicU32::new(0),
        }
    }

    pub fn faults(&self) -> &Faults {
        self.inner.faults()
    }

    /// From now on this stands in the way of running VMs.
    pub fn set_problems(&self, problems: &[&str]) {
        *self.problems.lock().unwrap() = problems.iter().map(|text| (*text).to_owned()).collect();
    }

    /// From now on this keeps people from reaching services.
    pub fn set_notices(&self, notices: &[&str]) {
        let notice = |what: &&str| Notice { what: (*what).into(), remedy: "Run a command.".into() };
        *self.notices.lock().unwrap() = notices.iter().map(notice).collect();
    }

    /// The next looks at nodes panic.
    pub fn panic(&self, times: u32) {
        self.panics.store(times, Ordering::SeqCst);
    }

    /// Holds the next such call up before it does anything.
    pub fn hold(&self, call: Call) -> Arc<Gate> {
        let gate = Arc::new(Gate::default());
        *self.gate.lock().unwrap() = Some((call, gate.clone()));
        gate
    }

    /// How often a call came for a node that another call was changing.
    pub fn overlaps(&self) -> u32 {
        self.overlaps.load(Ordering::SeqCst)
    }

    async fn enter(&self, call: Call, node: NodeId) -> Visit<'_> {
        {
            let mut busy = self.busy.lock().unwrap();
            let count = busy.entry(node).or_default();
            *count += 1;
            if *count > 1 {
                self.overlaps.fetch_add(1, Ordering::SeqCst);
            }
        }
        let visit = Visit(self, node);
        let gate = {
            let mut gate = self.gate.lock().unwrap();
            if gate.as_ref().is_some_and(|(held, _)| *held == call) { gate.take() } else { None }
        };
        if let Some((_, gate)) = gate {
            gate.reached.notify_one();
            gate.go.notified().await;
        }
        // Others get a chance to come in between, if they are not kept away.
        tokio::task::yield_now().await;
        visit
    }
}

#[async_trait]
impl Host for TestHost {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn identity(&self) -> &str {
        self.inner.identity()
    }
    async fn facts(&self) -> Result<HostFacts, Error> {
        let facts = self.inner.facts().await?;
        let (problems, notices) = (&self.problems, &self.notices);
        let (problems, notices) = (problems.lock().unwrap().clone(), notices.lock().unwrap().clone());
        Ok(HostFacts { problems, notices, ..facts })
    }
    async fn make_volumes(&self, node: &NodeSpec) -> Result<Vec<VolumeFacts>, Error> {
        let _visit = self.enter(Call::MakeVolumes, node.node).await;
        self.inner.make_volumes(node).await
    }
    async fn start_vm(&self, node: &NodeSpec) -> Result<VmFacts, Error> {
        let _visit = self.enter(Call::StartVm, node.node).await;
        self.inner.start_vm(node).await
    }
    async fn open_volumes(&self, node: NodeId) -> Result<(), Error> {
        let _visit = self.enter(Call::OpenVolumes, node).await;
        self.inner.open_volumes(node).await
    }
    async fn configure(&self, node: NodeId, configuration: NodeConfiguration) -> Result<(), Error> {
        let _visit = self.enter(Call::Configure, node).await;
        self.inner.configure(node, configuration).await
    }
    async fn set_ip_filter(&self, node: NodeId, filter: &IpFilter) -> Result<i64, Error> {
        let _visit = self.enter(Call::SetIpFilter, node).await;
        self.inner.set_ip_filter(node, filter).await
    }
    async fn observe(&self, node: NodeId) -> Result<Observation, Error> {
        let left = self.panics.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(left.is_err(), "the host's own fault");
        self.inner.observe(node).await
    }
    async fn stop_vm(&self, node: NodeId) -> Result<(), Error> {
        let _visit = self.enter(Call::StopVm, node).await;
        self.inner.stop_vm(node).await
    }
    async fn shred(&self, node: NodeId) -> Result<ShredReport, Error> {
        let _visit = self.enter(Call::Shred, node).await;
        self.inner.shred(node).await
    }
    async fn forget(&self, node: NodeId) -> Result<(), Error> {
        let _visit = self.enter(Call::Forget, node).await;
        self.inner.forget(node).await
    }
    async fn nodes(&self) -> Result<Vec<NodeId>, Error> {
        self.inner.nodes().await
    }
    async fn client_address(&self, node: NodeId, peer: IpAddr) -> Result<(IpAddr, Option<String>), Error> {
        self.inner.client_address(node, peer).await
    }
}
