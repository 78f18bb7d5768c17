//! What lies between a server and its PostgreSQL: lets everything through, until it is told to break at a commit.

use std::{
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
};

use store::testing::Cluster;

/// Name of PostgreSQL's socket in its directory.
const SOCKET: &str = ".s.PGSQL.5432";
/// How a transaction asks to be committed: a simple query, its length, its text.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

/// Where the connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The database never hears of the commit.
    Before,
    /// The database commits, and nobody hears of it.
    After,
}

/// A socket of its own in front of a cluster's.
pub struct Wire {
    directory: tempfile::TempDir,
    orders: Orders,
}

/// What to do at a commit, and how many are let through before.
type Orders = Arc<Mutex<Option<(u32, Cut)>>>;

impl Wire {
    pub fn to(cluster: &Cluster) -> Self {
        let url = cluster.url("postgres");
        let target = Path::new(url.split_once("host=").unwrap().1).join(SOCKET);
        let directory = tempfile::tempdir().unwrap();
        let orders = Orders::default();
        let listener = UnixListener::bind(directory.path().join(SOCKET)).unwrap();
        let given = orders.clone();
        // Ends with the process: nothing is left to accept once its directory is gone.
        thread::spawn(move || {
            for client in listener.incoming() {
                connect(client.unwrap(), &target, &given);
            }
        });
        Self { directory, orders }
    }

    pub fn url(&self) -> String {
        let directory: PathBuf = self.directory.path().into();
        format!("postgres://redoubt@localhost/postgres?host={}", directory.display())
    }

    /// Breaks the connection at the next commit but `skipped`.
    pub fn cut(&self, skipped: u32, cut: Cut) {
        *self.orders.lock().unwrap() = Some((skipped, cut));
    }

    /// Breaks nothing any more.
    pub fn spare(&self) {
        *self.orders.lock().unwrap() = None;
    }

    /// Whether the order was carried out.
    pub fn is_done(&self) -> bool {
        self.orders.lock().unwrap().is_none()
    }
}

fn connect(client: UnixStream, target: &Path, orders: &Orders) {
    let server = UnixStream::connect(target).unwrap();
    let (mut answers, mut back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    // What comes back is kept while this is held.
    let silence = Arc::new(Mutex::new(()));
    let is_silent = silence.clone();
    thread::spawn(move || {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(count @ 1..) = answers.read(&mut bytes) {
            let _turn = is_silent.lock().unwrap();
            if back.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = back.shutdown(std::net::Shutdown::Both);
    });
    let orders = orders.clone();
    thread::spawn(move || {
        let (mut client, mut server) = (client, server);
        let mut bytes = vec![0; 1 << 16];
        while let Ok(count @ 1..) = client.read(&mut bytes) {
            let cut = bytes[..count].ends_with(COMMIT).then(|| next(&orders)).flatten();
            match cut {
                None if server.write_all(&bytes[..count]).is_ok() => {}
                Some(Cut::After) => {
                    let _held = silence.lock().unwrap();
                    client.shutdown(std::net::Shutdown::Both).unwrap();
                    server.write_all(&bytes[..count]).unwrap();
                    // It ends the session only after it has done what it was sent.
                    server.shutdown(std::net::Shutdown::Write).unwrap();
                    return;
                }
                _ => break,
            }
        }
        let _ = client.shutdown(std::net::Shutdown::Both);
        let _ = server.shutdown(std::net::Shutdown::Both);
    });
}

/// What to do at this commit.
fn next(orders: &Orders) -> Option<Cut> {
    let mut orders = orders.lock().unwrap();
    match &mut *orders {
        Some((0, _)) => orders.take().map(|(_, cut)| cut),
        Some((skipped, _)) => {
            *skipped -= 1;
            None
        }
        None => None,
    }
}
