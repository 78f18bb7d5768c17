//! A few words with QEMU itself over its monitor socket. Knows nothing of the guest.

use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, json};

/// How long QEMU may take for one line.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(2);
/// Longest line QEMU may send. Its process is as untrusted as the guest in it.
const LINE_BYTES_MAX: u64 = 64 * 1024;
/// How many events may come before an answer.
const EVENTS_MAX: usize = 64;

/// An open monitor.
pub(crate) struct Monitor {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "return")]
    answer: Option<Value>,
    error: Option<Value>,
    #[serde(rename = "QMP")]
    greeting: Option<Value>,
}

impl Monitor {
    /// Greets QEMU. It serves one monitor at a time.
    pub(crate) fn open(stream: UnixStream) -> std::io::Result<Self> {
        stream.set_read_timeout(Some(ANSWER_TIME_MAX))?;
        stream.set_write_timeout(Some(ANSWER_TIME_MAX))?;
        let mut monitor = Self { writer: stream.try_clone()?, reader: BufReader::new(stream) };
        let greeting = monitor.read()?.greeting;
        greeting.ok_or_else(|| std::io::Error::other("the monitor did not greet"))?;
        monitor.execute("qmp_capabilities")?;
        Ok(monitor)
    }

    /// What the VM is doing, in QEMU's words: `running`, `io-error`, ...
    pub(crate) fn status(&mut self) -> std::io::Result<String> {
        let answer = self.execute("query-status")?;
        Ok(answer.get("status").and_then(Value::as_str).unwrap_or("unknown").to_owned())
    }

    /// The name QEMU was started under.
    pub(crate) fn name(&mut self) -> std::io::Result<String> {
        let answer = self.execute("query-name")?;
        Ok(answer.get("name").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// Goes on after the disk of the host was full.
    pub(crate) fn go_on(&mut self) -> std::io::Result<()> {
        self.execute("cont").map(|_| ())
    }

    /// Ends QEMU at once.
    pub(crate) fn quit(&mut self) -> std::io::Result<()> {
        self.execute("quit").map(|_| ())
    }

    fn execute(&mut self, command: &str) -> std::io::Result<Value> {
        self.writer.write_all(format!("{}\n", json!({ "execute": command })).as_bytes())?;
        for _ in 0..EVENTS_MAX {
            let line = self.read()?;
            if let Some(error) = line.error {
                return Err(std::io::Error::other(format!("QEMU refused {command}: {error}")));
            }
            if let Some(answer) = line.answer {
                return Ok(answer);
            }
        }
        Err(std::io::Error::other("the monitor does not stop telling events"))
    }

    fn read(&mut self) -> std::io::Result<Line> {
        let mut line = Vec::new();
        let count = self.reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        serde_json::from_slice(&line).map_err(Into::into)
    }
}
