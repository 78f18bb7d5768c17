//! What the guest knows of itself and reports. Holds no secrets and does no work.

use std::{
    fs,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use domain::{
    agent::{Phase, Status, VolumeReport},
    states::VolumeKind,
};
use nix::{
    sys::statvfs::statvfs,
    time::{ClockId, clock_gettime},
};

use crate::{console::say, tree};

/// Changes of phase that are remembered; a PostgreSQL that dies again and again must not fill the memory.
const PHASES_MAX: usize = 32;

/// Shared by all threads.
pub(crate) struct Guest {
    boot_id: String,
    is_stopping: AtomicBool,
    inner: Mutex<Inner>,
}

struct Inner {
    phase: Phase,
    phase_millis: Vec<(Phase, u64)>,
    problem: Option<String>,
    volumes: Vec<VolumeReport>,
    postgresql_version: Option<String>,
    ip_filter_generation: Option<i64>,
    memory_kib: (u64, u64),
}

impl Guest {
    pub(crate) fn new() -> Self {
        let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self {
            boot_id: boot_id.trim().to_owned(),
            is_stopping: AtomicBool::new(false),
            inner: Mutex::new(Inner {
                phase: Phase::WaitingForKeys,
                phase_millis: vec![(Phase::WaitingForKeys, uptime_millis())],
                problem: None,
                volumes: Vec::new(),
                postgresql_version: None,
                ip_filter_generation: None,
                memory_kib: (0, 0),
            }),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn phase(&self) -> Phase {
        self.inner().phase
    }

    /// Enters a phase. Nothing leads out of [`Phase::Stopping`], and only stopping leads out of failure.
    pub(crate) fn enter(&self, phase: Phase) {
        let mut inner = self.inner();
        let is_final = match inner.phase {
            Phase::Stopping => true,
            Phase::Failed => phase != Phase::Stopping,
            current => current == phase,
        };
        if is_final {
            return;
        }
        let millis = uptime_millis();
        say(format_args!("{phase:?} at {millis} ms"));
        inner.phase = phase;
        if inner.phase_millis.len() >= PHASES_MAX {
            // The first entries tell how the boot went; the rest is a sliding window.
            inner.phase_millis.remove(PHASES_MAX / 2);
        }
        inner.phase_millis.push((phase, millis));
    }

    /// Something failed for good.
    pub(crate) fn fail(&self, problem: String) {
        self.note_problem(problem);
        self.enter(Phase::Failed);
    }

    /// Something went wrong.
    pub(crate) fn note_problem(&self, problem: String) {
        say(format_args!("problem: {problem}"));
        self.inner().problem = Some(problem);
    }

    /// What went wrong is right again, unless something else went wrong meanwhile.
    pub(crate) fn take_back_problem(&self, problem: &str) {
        self.inner().problem.take_if(|now| *now == problem);
    }

    pub(crate) fn note_volume(&self, report: VolumeReport) {
        let volumes = &mut self.inner().volumes;
        volumes.retain(|known| known.kind != report.kind);
        volumes.push(report);
        volumes.sort_by_key(|volume| volume.kind);
    }

    pub(crate) fn note_version(&self, version: String) {
        self.inner().postgresql_version = Some(version);
    }

    pub(crate) fn note_ip_filter(&self, generation: i64) {
        self.inner().ip_filter_generation = Some(generation);
    }

    /// Marks the guest as going down; gives false if it already was.
    pub(crate) fn begin_stop(&self) -> bool {
        let is_first = !self.is_stopping.swap(true, Ordering::SeqCst);
        self.enter(Phase::Stopping);
        is_first
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::SeqCst)
    }

    /// The whole report, with the fill of volumes and memory as of now.
    pub(crate) fn status(&self) -> Status {
        // Outside the lock: these read files.
        let memory = memory_kib();
        let fills = [VolumeKind::Root, VolumeKind::Data].map(|kind| (kind, fill(tree::mount_point(kind))));
        let mut inner = self.inner();
        if let Some(memory) = memory {
            inner.memory_kib = memory;
        }
        let mut volumes = inner.volumes.clone();
        for volume in &mut volumes {
            if let Some((_, Some((used, capacity)))) = fills.iter().find(|(kind, _)| *kind == volume.kind) {
                (volume.used_bytes, volume.capacity_bytes) = (*used, *capacity);
            }
        }
        Status {
            boot_id: self.boot_id.clone(),
            uptime_millis: uptime_millis(),
            phase: inner.phase,
            problem: inner.problem.clone(),
            volumes,
            postgresql_version: inner.postgresql_version.clone(),
            ip_filter_generation: inner.ip_filter_generation,
            memory_kib: inner.memory_kib,
            phase_millis: inner.phase_millis.clone(),
        }
    }
}

/// Milliseconds since the kernel started.
pub(crate) fn uptime_millis() -> u64 {
    let time = clock_gettime(ClockId::CLOCK_BOOTTIME)
        .map_or(0, |time| time.tv_sec() * 1000 + time.tv_nsec() / 1_000_000);
    u64::try_from(time).unwrap_or(0)
}

fn fill(path: &str) -> Option<(u64, u64)> {
    let facts = statvfs(path).ok()?;
    let block = facts.fragment_size();
    Some(((facts.blocks() - facts.blocks_free()) * block, facts.blocks() * block))
}

/// Total and available memory, unless `/proc` cannot be read just now.
pub(crate) fn memory_kib() -> Option<(u64, u64)> {
    parse_memory(&fs::read_to_string("/proc/meminfo").ok()?)
}

fn parse_memory(text: &str) -> Option<(u64, u64)> {
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().split(' ').next()?.parse().ok()
    };
    Some((field("MemTotal")?, field("MemAvailable")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_meminfo() {
        let text = "MemTotal:         225836 kB\nMemFree:           90000 kB\nMemAvailable:     150000 kB\n";
        assert_eq!(parse_memory(text), Some((225_836, 150_000)));
        assert_eq!(parse_memory("MemTotal: x kB\nMemAvailable: 1 kB\n"), None);
    }

    #[test]
    fn phases_only_go_where_they_may() {
        let guest = Guest::new();
        guest.enter(Phase::OpeningVolumes);
        guest.enter(Phase::OpeningVolumes);
        guest.fail("no".into());
        guest.enter(Phase::Ready);
        assert_eq!(guest.phase(), Phase::Failed);
        assert!(guest.begin_stop());
        assert!(!guest.begin_stop());
        guest.enter(Phase::Ready);
        let status = guest.status();
        let phases: Vec<Phase> = status.phase_millis.iter().map(|(phase, _)| *phase).collect();
        assert_eq!(phases, [Phase::WaitingForKeys, Phase::OpeningVolumes, Phase::Failed, Phase::Stopping]);
        assert_eq!(status.problem.as_deref(), Some("no"));
    }

    #[test]
    fn phases_are_remembered_up_to_a_limit() {
        let guest = Guest::new();
        for _ in 0..100 {
            guest.enter(Phase::Starting);
            guest.enter(Phase::Ready);
        }
        let phases = guest.status().phase_millis;
        assert_eq!(phases.len(), PHASES_MAX);
        assert_eq!(phases[0].0, Phase::WaitingForKeys);
        assert_eq!(phases[PHASES_MAX - 1].0, Phase::Ready);
    }
}
