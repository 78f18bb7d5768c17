//! Lines on the serial console, which the host keeps as a plain file: nothing secret and no SQL may go here.

use std::{fmt::Display, io::Write};

/// Writes one line; a console that does not take it is no reason to stop.
pub(crate) fn say(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "agent: {text}");
}
