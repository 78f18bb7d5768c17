//! A superuser's connection over the guest's own socket, speaking just enough of PostgreSQL's protocol for simple
//! statements. A client program would cost half a second under emulation, and would see passwords.

use std::{
    io::{self, BufReader, Read, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

use zeroize::Zeroizing;

const LIMIT: Duration = Duration::from_secs(60);
const PROTOCOL: i32 = 3 << 16;
/// The answers to the agent's statements are short.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
const MESSAGES_MAX: usize = 10_000;

/// A row: each column as text.
pub(super) type Row = Vec<Option<String>>;

pub(super) struct Connection(BufReader<UnixStream>);

impl Connection {
    /// Signs in as `postgres`, which the server believes the agent by its uid.
    pub(super) fn open(socket: &str) -> Result<Self, String> {
        let open = || {
            let stream = UnixStream::connect(socket)?;
            stream.set_read_timeout(Some(LIMIT))?;
            stream.set_write_timeout(Some(LIMIT))?;
            let mut connection = Self(BufReader::new(stream));
            let mut body = PROTOCOL.to_be_bytes().to_vec();
            body.extend(b"user\0postgres\0database\0postgres\0application_name\0redoubt\0\0");
            connection.send(None, &body)?;
            connection.receive()
        };
        open().map_err(|error| format!("signing in at PostgreSQL: {error}")).map(|(connection, _)| connection)
    }

    /// Runs one statement and gives its rows. Errors name `what` instead of the statement, which may hold a secret.
    pub(super) fn run(&mut self, what: &str, statement: &str) -> Result<Vec<Row>, String> {
        let mut body = Zeroizing::new(Vec::with_capacity(statement.len() + 1));
        body.extend_from_slice(statement.as_bytes());
        body.push(0);
        self.send(Some(b'Q'), &body).and_then(|()| self.rows()).map_err(|error| format!("{what}: {error}"))
    }

    fn send(&mut self, kind: Option<u8>, body: &[u8]) -> io::Result<()> {
        let length = i32::try_from(body.len() + 4).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut message = Zeroizing::new(Vec::with_capacity(body.len() + 5));
        message.extend(kind);
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(body);
        self.0.get_mut().write_all(&message)
    }

    fn receive(mut self) -> io::Result<(Self, Vec<Row>)> {
        let rows = self.rows()?;
        Ok((self, rows))
    }

    fn rows(&mut self) -> io::Result<Vec<Row>> {
        read_rows(&mut self.0)
    }
}

/// Reads until the server is ready for the next statement.
fn read_rows(input: &mut impl Read) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut failure = None;
    for _ in 0..MESSAGES_MAX {
        let mut head = [0; 5];
        input.read_exact(&mut head)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let length = length.checked_sub(4).filter(|length| *length <= MESSAGE_BYTES_MAX);
        let mut body = vec![0; length.ok_or_else(|| invalid("a message is too long"))?];
        input.read_exact(&mut body)?;
        match head[0] {
            b'R' if body != [0; 4] => return Err(invalid("it asks for a password")),
            b'D' => rows.push(row(&body).ok_or_else(|| invalid("a row is cut short"))?),
            b'E' => {
                let code = error_code(&body);
                // During sign-in nothing follows an error.
                if body.starts_with(b"SFATAL") {
                    return Err(io::Error::other(code));
                }
                failure = Some(code);
            }
            b'Z' => return failure.map_or(Ok(rows), |code| Err(io::Error::other(code))),
            _ => (),
        }
    }
    Err(invalid("it does not stop talking"))
}

fn invalid(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text.to_owned())
}

fn row(body: &[u8]) -> Option<Row> {
    let (count, mut rest) = body.split_first_chunk::<2>()?;
    let mut columns = Row::new();
    for _ in 0..u16::from_be_bytes(*count) {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (column, after) = match usize::try_from(i32::from_be_bytes(*length)) {
            Ok(length) => {
                (Some(String::from_utf8_lossy(after.get(..length)?).into_owned()), after.get(length..)?)
            }
            Err(_) => (None, after),
        };
        columns.push(column);
        rest = after;
    }
    Some(columns)
}

/// The code of an error; its text could quote a statement.
fn error_code(body: &[u8]) -> String {
    let code = body.split(|byte| *byte == 0).find_map(|field| field.strip_prefix(b"C"));
    format!("PostgreSQL says error {}", String::from_utf8_lossy(code.unwrap_or(b"without a code")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![kind];
        bytes.extend((body.len() as u32 + 4).to_be_bytes());
        bytes.extend(body);
        bytes
    }

    #[test]
    fn rows_are_read_up_to_the_end_of_the_answer() {
        let mut bytes = message(b'R', &[0; 4]);
        bytes.extend(message(b'S', b"a\0b\0"));
        bytes.extend(message(b'D', b"\0\x03\0\0\0\x02hi\xff\xff\xff\xff\0\0\0\0"));
        bytes.extend(message(b'C', b"SELECT 1\0"));
        bytes.extend(message(b'Z', b"I"));
        bytes.extend(message(b'D', b"more"));
        let rows = read_rows(&mut &*bytes).unwrap();
        assert_eq!(rows, [vec![Some("hi".into()), None, Some(String::new())]]);
    }

    #[test]
    fn errors_are_codes_only() {
        let mut bytes = message(b'E', b"SERROR\0C42601\0Mnear \"secret\"\0\0");
        bytes.extend(message(b'Z', b"I"));
        assert_eq!(read_rows(&mut &*bytes).unwrap_err().to_string(), "PostgreSQL says error 42601");
        let fatal = message(b'E', b"SFATAL\0C28000\0Mno\0\0");
        assert_eq!(read_rows(&mut &*fatal).unwrap_err().to_string(), "PostgreSQL says error 28000");
        assert_eq!(
            read_rows(&mut &*message(b'R', &[0, 0, 0, 10])).unwrap_err().to_string(),
            "it asks for a password"
        );
        for bad in [
            message(b'D', b"\0\x01\0\0\0\x09hi"),
            b"Z\xff\xff\xff\xff".to_vec(),
            b"Z\0\0\0\0".to_vec(),
            b"Z".to_vec(),
        ] {
            assert!(read_rows(&mut &*bad).is_err());
        }
    }
}
