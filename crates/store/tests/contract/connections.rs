//! The contract of `Store` and `Tx`: what transactions promise, and what happens when the database is not there.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    process::Stdio,
    time::{Duration, Instant},
};

use store::{
    Error, Store, Tx, settings,
    testing::{Cluster, temporary_sqlite},
};

use crate::samples::*;

contract!(
    dropping_rolls_back,
    committing_lasts,
    a_reader_sees_one_state_and_writes_nothing,
    an_interrupted_transaction_leaves_the_connection_usable,
    tells_its_kind_and_answers,
    a_closed_store_is_unavailable,
);

/// Far more than the longest wait of the store, far less than for ever.
const NOT_A_HANG: Duration = Duration::from_secs(20);

async fn value(store: &Store) -> Option<Vec<u8>> {
    let mut tx = store.read().await.unwrap();
    settings::find(&mut tx, "key").await.unwrap()
}

async fn dropping_rolls_back(store: Store) {
    let mut tx = store.write().await.unwrap();
    settings::add_if_absent(&mut tx, "key", b"value").await.unwrap();
    assert!(settings::find(&mut tx, "key").await.unwrap().is_some());
    drop(tx);
    assert_eq!(value(&store).await, None);
    // The writer is free again.
    let mut tx = store.write().await.unwrap();
    assert!(settings::add_if_absent(&mut tx, "key", b"other").await.unwrap());
}

async fn committing_lasts(store: Store) {
    let mut tx = store.write().await.unwrap();
    settings::add_if_absent(&mut tx, "key", b"value").await.unwrap();
    assert_eq!(value(&store).await, None);
    tx.commit().await.unwrap();
    assert_eq!(value(&store).await, Some(b"value".to_vec()));
}

async fn a_reader_sees_one_state_and_writes_nothing(store: Store) {
    let mut reader = store.read().await.unwrap();
    assert_eq!(settings::find(&mut reader, "key").await.unwrap(), None);
    let mut tx = store.write().await.unwrap();
    settings::add_if_absent(&mut tx, "key", b"value").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(settings::find(&mut reader, "key").await.unwrap(), None);
    let error = settings::add_if_absent(&mut reader, "other", b"value").await.unwrap_err();
    assert!(!error.is_retryable(), "{error:?}");
    drop(reader);
    assert!(value(&store).await.is_some());
}

async fn an_interrupted_transaction_leaves_the_connection_usable(store: Store) {
    // As when a browser goes away in the middle of a request: the future is dropped at some await.
    for micros in [0, 50, 200, 800, 3000] {
        let work = async {
            let mut tx = store.write().await.unwrap();
            settings::add_if_absent(&mut tx, "key", b"value").await.unwrap();
            std::future::pending::<()>().await;
        };
        assert!(tokio::time::timeout(Duration::from_micros(micros), work).await.is_err());
    }
    let mut tx = store.write().await.unwrap();
    assert!(settings::add_if_absent(&mut tx, "key", b"value").await.unwrap());
    tx.commit().await.unwrap();
}

async fn tells_its_kind_and_answers(store: Store) {
    let tx = store.read().await.unwrap();
    assert_eq!(store.kind(), if matches!(tx, Tx::Sqlite(_)) { "sqlite" } else { "postgres" });
    store.ping().await.unwrap();
}

async fn a_closed_store_is_unavailable(store: Store) {
    store.close().await;
    assert!(matches!(store.write().await, Err(Error::Unavailable(_))));
    assert!(matches!(store.read().await, Err(Error::Unavailable(_))));
    assert!(matches!(store.ping().await, Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn a_url_that_is_none_is_refused() {
    for url in ["", "redoubt.db", "mysql://localhost/x", "sqlite::memory:", "sqlite://relative.db"] {
        let error = Store::open(url).await.err().unwrap();
        assert!(matches!(error, Error::Database(_)), "{url}: {error:?}");
    }
    let error = Store::open("sqlite:///there/is/no/such/directory.db").await.err().unwrap();
    assert!(error.to_string().contains("/there/is/no/such/directory.db"), "{error}");
    let started = Instant::now();
    let error = Store::open("postgres://nobody@localhost/x?host=/there/is/no/socket").await.err().unwrap();
    assert!(error.is_retryable(), "{error:?}");
    assert!(started.elapsed() < NOT_A_HANG);
}

#[tokio::test]
async fn sqlite_files_are_private_and_durable() {
    let (store, directory) = temporary_sqlite().await;
    populate(&store).await;
    store.read().await.unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["test.db", "test.db-shm", "test.db-wal"]);

    let Tx::Sqlite(mut tx) = store.write().await.unwrap() else { unreachable!() };
    for (pragma, expected) in [
        ("PRAGMA journal_mode", "wal"),
        ("PRAGMA synchronous", "2"),
        ("PRAGMA foreign_keys", "1"),
        ("PRAGMA busy_timeout", "5000"),
    ] {
        let row = sqlx::query(pragma).fetch_one(&mut *tx).await.unwrap();
        let found = sqlx::Row::try_get::<String, _>(&row, 0)
            .or_else(|_| sqlx::Row::try_get::<i64, _>(&row, 0).map(|number| number.to_string()));
        assert_eq!(found.unwrap(), expected, "{pragma}");
    }
    drop(tx);

    // An existing file that others may read is taken back.
    let path = directory.path().join("test.db");
    store.close().await;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    Store::open(&format!("sqlite://{}", path.display())).await.unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_that_holds_sqlite_is_waited_for_and_reported() {
    let (store, directory) = temporary_sqlite().await;
    // Cargo builds examples before it runs tests; they stand beside the directory of this program.
    let built = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned();
    #[expect(clippy::disallowed_methods, reason = "the lock of another process is what is tested")]
    let mut other = std::process::Command::new(built.join("examples/hold_the_lock"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = other.stdin.take().unwrap();
    writeln!(input, "{}", directory.path().join("test.db").display()).unwrap();
    let mut output = BufReader::new(other.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(output.any(|line| line == "locked"));

    let started = Instant::now();
    // Several at once: those behind the first in the queue give up too, not one after the other.
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = store.clone();
        tasks.spawn(async move { store.write().await.err().unwrap() });
    }
    for error in tasks.join_all().await {
        assert!(matches!(error, Error::Unavailable(_)) && error.is_retryable(), "{error:?}");
    }
    assert!(started.elapsed() < NOT_A_HANG, "{:?}", started.elapsed());
    // Readers do not mind.
    assert_eq!(value(&store).await, None);

    drop(input);
    assert!(other.wait().unwrap().success());
    let mut tx = store.write().await.unwrap();
    assert!(settings::add_if_absent(&mut tx, "key", b"value").await.unwrap());
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_may_go_and_come_back() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let store = Store::open(&cluster.url("postgres")).await.unwrap();
    store.migrate().await.unwrap();
    let mut tx = store.write().await.unwrap();
    assert!(settings::add_if_absent(&mut tx, "before", b"value").await.unwrap());
    tx.commit().await.unwrap();

    let mut tx = store.write().await.unwrap();
    assert!(settings::add_if_absent(&mut tx, "key", b"value").await.unwrap());
    cluster.stop();
    let error = tx.commit().await.unwrap_err();
    assert!(matches!(error, Error::CommitUnknown(_)) && !error.is_retryable(), "{error:?}");
    for _ in 0..3 {
        let started = Instant::now();
        let error = store.write().await.err().unwrap();
        assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
        assert!(matches!(store.ping().await, Err(Error::Unavailable(_))));
        assert!(started.elapsed() < NOT_A_HANG, "{:?}", started.elapsed());
    }
    cluster.go_on();
    // The same store, without being opened again.
    assert_eq!(value(&store).await, None);
    let mut tx = store.read().await.unwrap();
    assert!(settings::find(&mut tx, "before").await.unwrap().is_some());
    drop(tx);
    store.close().await;
}

/// Writing is refused and undone; reading goes on; so does writing once there is room.
#[tokio::test]
async fn sqlite_without_room_is_unavailable_and_unchanged() {
    let (store, _directory) = temporary_sqlite().await;
    let set = async |pragma: &'static str| {
        let Tx::Sqlite(mut tx) = store.write().await.unwrap() else { unreachable!() };
        sqlx::query(pragma).execute(&mut *tx).await.unwrap();
    };
    // No more than it has already.
    set("PRAGMA max_page_count = 1").await;
    let large = vec![7; 1 << 20];
    let mut tx = store.write().await.unwrap();
    let error = settings::add_if_absent(&mut tx, "key", &large).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
    drop(tx);
    assert_eq!(value(&store).await, None);
    set("PRAGMA max_page_count = 1000000").await;
    let mut tx = store.write().await.unwrap();
    assert!(settings::add_if_absent(&mut tx, "key", &large).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(value(&store).await, Some(large));
}
