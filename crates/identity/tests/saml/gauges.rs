//! What judging one response cost: processor time of this thread, and memory at its highest. Measures, judges nothing.

use std::{fs, time::Duration};

/// What judging a response may take: of a processor's time, and of memory.
pub(crate) const TIME_MAX: Duration = Duration::from_secs(1);
pub(crate) const MEMORY_MAX: u64 = 200 << 20;

/// What something cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) time: Duration,
    /// Growth of resident memory from before to its highest, in bytes. Other tests of this process count as well.
    pub(crate) memory: u64,
}

/// Does something and measures it.
pub(crate) fn measure<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    // Sets the highest back to what is resident now (proc(5), clear_refs).
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let (before, began) = (status("VmRSS:"), on_processor());
    let done = work();
    let time = on_processor().saturating_sub(began);
    (done, Cost { time, memory: status("VmHWM:").saturating_sub(before) })
}

fn status(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024
}

/// How long this thread was on a processor (the first number of schedstat, in nanoseconds).
fn on_processor() -> Duration {
    let times = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(times.split(' ').next().unwrap().parse().unwrap())
}

#[test]
fn costs_are_seen() {
    let (list, cost) = measure(|| {
        let mut list = vec![1_u8; 64 << 20];
        for (at, byte) in list.iter_mut().enumerate() {
            *byte = u8::try_from(at % 251).unwrap();
        }
        list
    });
    assert!(cost.memory > 60 << 20, "{cost:?}");
    assert!(cost.time > Duration::from_millis(5), "{cost:?}");
    assert_eq!(list[252], 1);
}
