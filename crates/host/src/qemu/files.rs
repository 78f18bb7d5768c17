//! Small files that must survive a power cut or stay private: whole, synced, mode 0600. Knows no contents.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::Error;

/// Largest of our own small files that is read.
const BYTES_MAX: u64 = 4 * 1024 * 1024;

/// An I/O error with what was tried; a full disk gets its own kind.
pub(crate) fn failed(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
    let doing = doing.into();
    move |source| match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            tracing::warn!(doing, "The disk is full");
            Error::Full("The host's disk is full.".into())
        }
        _ => Error::Io { doing, source },
    }
}

/// Replaces a file at once: a crash leaves the old or the new contents, and what is returned as done stays done.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let fresh = path.with_extension("new");
    let put = || -> std::io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .custom_flags(nix::libc::O_NOFOLLOW)
            .open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        sync_parent(path)
    };
    put().map_err(failed(format!("write {}", path.display())))
}

/// [`write`] of a value as JSON.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let bytes = serde_json::to_vec(value)
        .map_err(|error| failed(format!("write {}", path.display()))(error.into()))?;
    write(path, &bytes)
}

/// A file's contents, or `None` if there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let mut bytes = Zeroizing::new(Vec::new());
    let get = File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_end(&mut bytes));
    match get {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(failed(format!("read {}", path.display()))(error)),
    }
}

/// [`read`] of a value in JSON.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    let value = serde_json::from_slice(&bytes);
    value.map(Some).map_err(|error| failed(format!("understand {}", path.display()))(error.into()))
}

/// Makes a directory that only its owner may enter, and its parents.
pub(crate) fn make_directory(path: &Path) -> Result<(), Error> {
    let make = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    make.and_then(|()| sync_parent(path)).map_err(failed(format!("make the directory {}", path.display())))
}

/// Removes a file; true if there was one.
pub(crate) fn remove(path: &Path) -> Result<bool, Error> {
    match fs::remove_file(path) {
        Ok(()) => sync_parent(path)
            .map(|()| true)
            .map_err(failed(format!("sync after removing {}", path.display()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed(format!("remove {}", path.display()))(error)),
    }
}

/// Whether something has this name, without following links.
pub(crate) fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn sync_parent(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}
