//! Lines of the protocol with the host as bytes: cutting, reading and writing them. Does no I/O and acts on nothing.

use domain::agent::{Call, LINE_BYTES_MAX, PROTOCOL_VERSION, Reply, Response};
use zeroize::{Zeroize, Zeroizing};

/// Why a conversation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breach {
    LineTooLong,
    NotACall,
    UnknownVersion,
}

impl Breach {
    /// Fixed texts: what was received may hold a secret and is never repeated.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::LineTooLong => "a line was too long",
            Self::NotACall => "a line was no call",
            Self::UnknownVersion => "the host speaks another version",
        }
    }
}

/// Collects bytes until there is a line. Wiped when used, as keys pass through it.
pub(crate) struct Lines {
    bytes: Zeroizing<Vec<u8>>,
}

impl Lines {
    pub(crate) fn new() -> Self {
        // Its full size from the start: growing would leave copies of secrets behind.
        Self { bytes: Zeroizing::new(Vec::with_capacity(2 * LINE_BYTES_MAX)) }
    }

    /// Takes over what was received, at most [`LINE_BYTES_MAX`] bytes at once.
    pub(crate) fn push(&mut self, received: &[u8]) -> Result<(), Breach> {
        if self.bytes.len() + received.len() > 2 * LINE_BYTES_MAX {
            return Err(Breach::LineTooLong);
        }
        self.bytes.extend_from_slice(received);
        Ok(())
    }

    /// The next whole line as a call, if one has come in.
    pub(crate) fn next(&mut self) -> Result<Option<Call>, Breach> {
        let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') else {
            return if self.bytes.len() >= LINE_BYTES_MAX { Err(Breach::LineTooLong) } else { Ok(None) };
        };
        if end >= LINE_BYTES_MAX {
            return Err(Breach::LineTooLong);
        }
        let call = read(&self.bytes[..end]);
        self.bytes[..=end].zeroize();
        let length = self.bytes.len();
        self.bytes.copy_within(end + 1.., 0);
        self.bytes[length - end - 1..].zeroize();
        self.bytes.truncate(length - end - 1);
        call.map(Some)
    }

    /// Forgets a half-received line.
    pub(crate) fn clear(&mut self) {
        self.bytes.zeroize();
    }
}

fn read(line: &[u8]) -> Result<Call, Breach> {
    #[derive(serde::Deserialize)]
    struct Version {
        version: u32,
    }
    let version: Version = serde_json::from_slice(line).map_err(|_| Breach::NotACall)?;
    if version.version != PROTOCOL_VERSION {
        return Err(Breach::UnknownVersion);
    }
    serde_json::from_slice(line).map_err(|_| Breach::NotACall)
}

/// The line that answers call `id`.
pub(crate) fn write(id: u64, response: Response) -> Vec<u8> {
    let reply = Reply { version: PROTOCOL_VERSION, id, response };
    // Plain structs of numbers and texts always serialise.
    let mut line = serde_json::to_vec(&reply).unwrap_or_default();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use domain::agent::Request;

    use super::*;

    const STATUS: &[u8] = b"{\"version\":1,\"id\":7,\"request\":\"status\"}\n";

    fn feed(bytes: &[u8]) -> Result<Option<Call>, Breach> {
        let mut lines = Lines::new();
        for chunk in bytes.chunks(LINE_BYTES_MAX) {
            lines.push(chunk)?;
        }
        lines.next()
    }

    #[test]
    fn lines_come_in_pieces_and_in_bunches() {
        let mut lines = Lines::new();
        lines.push(&STATUS[..10]).unwrap();
        assert!(lines.next().unwrap().is_none());
        lines.push(&STATUS[10..]).unwrap();
        lines.push(STATUS).unwrap();
        lines.push(b"{\"ver").unwrap();
        for _ in 0..2 {
            let call = lines.next().unwrap().unwrap();
            assert!(matches!((call.id, call.request), (7, Request::Status)));
        }
        assert!(lines.next().unwrap().is_none());
        lines.clear();
        lines.push(STATUS).unwrap();
        assert!(lines.next().unwrap().is_some(), "a half line is forgotten");
    }

    #[test]
    fn breaches_end_the_conversation() {
        let none = |bytes: &[u8]| feed(bytes).err();
        assert_eq!(none(b"\n"), Some(Breach::NotACall));
        assert_eq!(none(b"\xff\xfe\x00\n"), Some(Breach::NotACall));
        assert_eq!(none(b"[1]\n"), Some(Breach::NotACall));
        assert_eq!(
            none(b"{\"version\":1,\"id\":7,\"request\":\"status\",\"x\":1}\n"),
            Some(Breach::NotACall)
        );
        assert_eq!(none(b"{\"version\":1,\"id\":7,\"request\":\"format\"}\n"), Some(Breach::NotACall));
        assert_eq!(
            none(b"{\"version\":2,\"id\":7,\"request\":\"anything\"}\n"),
            Some(Breach::UnknownVersion)
        );
        assert_eq!(none(&vec![b' '; LINE_BYTES_MAX]), Some(Breach::LineTooLong));
        assert_eq!(none(&vec![b' '; 3 * LINE_BYTES_MAX]), Some(Breach::LineTooLong));
        let mut longest = vec![b' '; LINE_BYTES_MAX - STATUS.len()];
        longest.extend(STATUS);
        assert_eq!(longest.len(), LINE_BYTES_MAX);
        assert!(feed(&longest).unwrap().is_some(), "exactly the limit is fine");
        longest.insert(0, b' ');
        assert_eq!(none(&longest), Some(Breach::LineTooLong));
    }

    #[test]
    fn replies_are_one_line() {
        let line = write(3, Response::Refused { reason: "two\nlines".into() });
        assert_eq!(
            line,
            b"{\"version\":1,\"id\":3,\"response\":{\"refused\":{\"reason\":\"two\\nlines\"}}}\n"
        );
    }
}
