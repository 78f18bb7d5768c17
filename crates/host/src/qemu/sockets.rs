//! Unix sockets inside node directories, however long the path. Speaks no protocol.

use std::{
    fs::File,
    os::{
        fd::AsRawFd,
        unix::net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
};

use super::files;

/// Makes a listening socket in place of an old one. QEMU gets it as a file descriptor and needs no right to the path.
pub(crate) fn listen(path: &Path) -> std::io::Result<UnixListener> {
    if files::exists(path) {
        std::fs::remove_file(path)?;
    }
    let (_directory, short) = shorten(path)?;
    UnixListener::bind(short)
}

/// Connects to a socket.
pub(crate) fn connect(path: &Path) -> std::io::Result<UnixStream> {
    let (_directory, short) = shorten(path)?;
    UnixStream::connect(short)
}

/// Names of sockets end at 107 bytes, paths do not: reach the directory through a descriptor, which must stay open.
fn shorten(path: &Path) -> std::io::Result<(File, PathBuf)> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(std::io::ErrorKind::InvalidInput.into());
    };
    let directory = File::open(parent)?;
    let short = Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name);
    Ok((directory, short))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_paths_work() {
        let directory = tempfile::tempdir().unwrap();
        let deep = directory.path().join("x".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        let path = deep.join("agent.sock");
        drop(listen(&path).unwrap());
        let _listener = listen(&path).unwrap();
        connect(&path).unwrap();
    }
}
