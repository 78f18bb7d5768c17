//! Operations, workflows and faults, on a temporary database with the simulated host, a clock that is set by hand and
//! the real workflow runner. One binary.

#![expect(unreachable_pub, reason = "all of it is one binary")]
#![expect(clippy::unwrap_used, reason = "these are tests, also where a function is not marked as one")]

mod check;
mod guards;
mod hosts;
mod logs;
mod providers;
mod wires;
mod world;

mod faults;
mod operations;
mod properties;
mod statements;
mod workflows;
