//! Finds disks by their serial and the host's port by its name, never by their order. Opens nothing.

use std::{fs, io, path::PathBuf, thread, time::Duration};

/// How long devices may take to appear after their modules are loaded.
const APPEAR_TRIES_MAX: u32 = 200;
const APPEAR_PAUSE: Duration = Duration::from_millis(25);

/// The block device whose serial is `serial`.
pub(crate) fn disk(serial: &str) -> io::Result<PathBuf> {
    appear(|| find("/sys/block", "serial", serial), serial)
}

/// The virtio port whose name is `name`.
pub(crate) fn port(name: &str) -> io::Result<PathBuf> {
    appear(|| find("/sys/class/virtio-ports", "name", name), name)
}

/// The one network card.
pub(crate) fn network_card() -> io::Result<String> {
    for entry in fs::read_dir("/sys/class/net")? {
        if let Ok(name) = entry?.file_name().into_string()
            && name != "lo"
        {
            return Ok(name);
        }
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "there is no network card"))
}

fn appear(find: impl Fn() -> Option<PathBuf>, what: &str) -> io::Result<PathBuf> {
    for _ in 0..APPEAR_TRIES_MAX {
        if let Some(path) = find() {
            return Ok(path);
        }
        thread::sleep(APPEAR_PAUSE);
    }
    Err(io::Error::new(io::ErrorKind::NotFound, format!("no device is named {what}")))
}

fn find(class: &str, attribute: &str, wanted: &str) -> Option<PathBuf> {
    for entry in fs::read_dir(class).ok()?.flatten() {
        let value = fs::read_to_string(entry.path().join(attribute)).unwrap_or_default();
        let device = PathBuf::from("/dev").join(entry.file_name());
        if value.trim() == wanted && device.exists() {
            return Some(device);
        }
    }
    None
}
