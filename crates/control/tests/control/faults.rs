//! Faults on purpose: of the host, of the guests, of the machine, of other servers, of the database, of time.

mod databases;
mod deadlines;
mod guests;
mod hosts;
mod machines;
mod servers;
