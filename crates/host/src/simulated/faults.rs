//! Faults ordered for the next calls of a simulated host, and counters of the calls made. Knows nothing of nodes' states.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::ids::NodeId;

use crate::Error;

/// One method of [`crate::Host`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// `facts`
    Facts,
    /// `make_volumes`
    MakeVolumes,
    /// `start_vm`
    StartVm,
    /// `open_volumes`
    OpenVolumes,
    /// `configure`
    Configure,
    /// `set_ip_filter`
    SetIpFilter,
    /// `observe`
    Observe,
    /// `stop_vm`
    StopVm,
    /// `shred`
    Shred,
    /// `forget`
    Forget,
    /// `nodes`
    Nodes,
    /// `client_address`
    ClientAddress,
}

impl Call {
    /// Every call, so that a test can loop over them.
    pub const ALL: &'static [Self] = &[
        Self::Facts,
        Self::MakeVolumes,
        Self::StartVm,
        Self::OpenVolumes,
        Self::Configure,
        Self::SetIpFilter,
        Self::Observe,
        Self::StopVm,
        Self::Shred,
        Self::Forget,
        Self::Nodes,
        Self::ClientAddress,
    ];
}

/// How the pretended agents behave.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Agent {
    /// As they should.
    #[default]
    Honest,
    /// They never answer.
    Silent,
    /// They answer something that is no reply.
    Garbage,
    /// They report that they failed for good, with this problem.
    Failed(String),
    /// They say `Ready` whatever they were told.
    ReadyTooEarly,
    /// They report volumes that are not encrypted.
    Unencrypted,
    /// They report the root volume twice, and the data volume never.
    RootTwice,
}

/// What happens to one call: whether it does its work, and how it ends.
pub(super) struct Fault {
    pub(super) acts: bool,
    pub(super) ending: Ending,
}

pub(super) enum Ending {
    Truth,
    Error(Error),
    Never,
}

impl Ending {
    fn copy(&self) -> Self {
        match self {
            Self::Truth => Self::Truth,
            Self::Error(error) => Self::Error(copy(error)),
            Self::Never => Self::Never,
        }
    }
}

/// The faults of one simulated host. Orders for the same call are served first come, first served.
#[derive(Default)]
pub struct Faults(Mutex<Orders>);

#[derive(Default)]
struct Orders {
    calls: BTreeMap<Call, VecDeque<Fault>>,
    made: BTreeMap<(Call, Option<NodeId>), u64>,
    agent: Agent,
    is_disk_full: bool,
}

impl Faults {
    /// The next `times` calls do nothing and return `error`.
    pub fn fail(&self, call: Call, times: u32, error: Error) {
        self.order(call, times, false, Ending::Error(error));
    }

    /// The next `times` calls do their work and return `error` all the same.
    pub fn fail_after(&self, call: Call, times: u32, error: Error) {
        self.order(call, times, true, Ending::Error(error));
    }

    /// The next `times` calls return what success would have returned, but do nothing.
    pub fn lie(&self, call: Call, times: u32) {
        self.order(call, times, false, Ending::Truth);
    }

    /// The next `times` calls do nothing and never return.
    pub fn hang(&self, call: Call, times: u32) {
        self.order(call, times, false, Ending::Never);
    }

    /// The next `times` calls do their work and never return.
    pub fn hang_after(&self, call: Call, times: u32) {
        self.order(call, times, true, Ending::Never);
    }

    /// The next `times` calls go well: spaces out the faults ordered after it.
    pub fn pass(&self, call: Call, times: u32) {
        self.order(call, times, true, Ending::Truth);
    }

    /// From now on all agents behave like this.
    pub fn agent(&self, agent: Agent) {
        self.orders().agent = agent;
    }

    /// From now on the disk has no room for new volumes, or has it again.
    pub fn disk_full(&self, is_full: bool) {
        self.orders().is_disk_full = is_full;
    }

    /// Takes back every order; counters stay.
    pub fn clear(&self) {
        let mut orders = self.orders();
        orders.calls.clear();
        orders.agent = Agent::Honest;
        orders.is_disk_full = false;
    }

    /// How often a method was called, for all nodes together.
    #[must_use]
    pub fn calls(&self, call: Call) -> u64 {
        self.orders().made.iter().filter(|((made, _), _)| *made == call).map(|(_, count)| count).sum()
    }

    /// How often a method was called for one node.
    #[must_use]
    pub fn calls_for(&self, call: Call, node: NodeId) -> u64 {
        self.orders().made.get(&(call, Some(node))).copied().unwrap_or(0)
    }

    pub(super) fn take(&self, call: Call, node: Option<NodeId>) -> Option<Fault> {
        let mut orders = self.orders();
        *orders.made.entry((call, node)).or_default() += 1;
        orders.calls.get_mut(&call)?.pop_front()
    }

    pub(super) fn agent_now(&self) -> Agent {
        self.orders().agent.clone()
    }

    pub(super) fn disk_free(&self, free: u64) -> u64 {
        if self.orders().is_disk_full { 0 } else { free }
    }

    fn order(&self, call: Call, times: u32, acts: bool, ending: Ending) {
        let mut orders = self.orders();
        let queue = orders.calls.entry(call).or_default();
        queue.extend((1..times).map(|_| Fault { acts, ending: ending.copy() }));
        if times > 0 {
            queue.push_back(Fault { acts, ending });
        }
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `Error` holds an `io::Error`, which cannot be cloned; its kind and text are all that callers see.
fn copy(error: &Error) -> Error {
    match error {
        Error::Missing { what, remedy } => Error::Missing { what: what.clone(), remedy: remedy.clone() },
        Error::Full(text) => Error::Full(text.clone()),
        Error::Agent(text) => Error::Agent(text.clone()),
        Error::Guest(text) => Error::Guest(text.clone()),
        Error::State(text) => Error::State(text.clone()),
        Error::Io { doing, source } => {
            Error::Io { doing: doing.clone(), source: std::io::Error::new(source.kind(), source.to_string()) }
        }
        Error::Program { program, output } => {
            Error::Program { program: program.clone(), output: output.clone() }
        }
    }
}
