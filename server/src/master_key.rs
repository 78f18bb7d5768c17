//! Brings the master key in: from its file (made at the first start), a systemd credential or the environment.

use std::{
    io::{ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use anyhow::{Context, bail, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use control::{MasterKey, Random, envelopes::KEY_BYTES};
use zeroize::Zeroizing;

use crate::config::MasterKeySource;

/// Rights of a file that only its owner may read.
const OWNER_ONLY: u32 = 0o600;

/// The master key of this installation.
pub fn load(source: &MasterKeySource, random: &dyn Random) -> anyhow::Result<MasterKey> {
    match source {
        MasterKeySource::Value(value) => decode(value.expose().as_bytes()).context("secrets.master_key"),
        MasterKeySource::Credential(path) => {
            let text = Zeroizing::new(std::fs::read(path).with_context(|| path.display().to_string())?);
            decode(&text).with_context(|| path.display().to_string())
        }
        MasterKeySource::File(path) => match read(path)? {
            Some(key) => Ok(key),
            None => make(path, random),
        },
    }
}

fn read(path: &Path) -> anyhow::Result<Option<MasterKey>> {
    let text = match std::fs::read(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("the master key {}", path.display())),
    };
    let mode = std::fs::metadata(path)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        bail!("others may read the master key {} (mode {mode:04o}); run: chmod 0600 {0}", path.display());
    }
    decode(&text).with_context(|| format!("the master key {}", path.display())).map(Some)
}

/// Makes a new key. It is written aside and linked into place, so that no crash leaves half a key, and a second
/// server that starts at the same time finds the first one's.
fn make(path: &Path, random: &dyn Random) -> anyhow::Result<MasterKey> {
    let mut bytes = Zeroizing::new([0_u8; KEY_BYTES]);
    random.fill(bytes.as_mut());
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
    let aside = path.with_extension(format!("{}.new", std::process::id()));
    let doing = || format!("could not make the master key {}", path.display());
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY)
        .open(&aside)
        .with_context(doing)?;
    let text = Zeroizing::new(STANDARD.encode(bytes.as_ref()));
    file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).with_context(doing)?;
    file.sync_all().with_context(doing)?;
    let linked = std::fs::hard_link(&aside, path);
    std::fs::remove_file(&aside).with_context(doing)?;
    match linked {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).with_context(doing),
    }
    std::fs::File::open(directory).and_then(|directory| directory.sync_all()).with_context(doing)?;
    read(path)?.with_context(doing)
}

fn decode(text: &[u8]) -> anyhow::Result<MasterKey> {
    let bytes = STANDARD.decode(text.trim_ascii()).map(Zeroizing::new);
    let bytes = bytes.ok().filter(|bytes| bytes.len() == KEY_BYTES);
    ensure!(bytes.is_some(), "is not {KEY_BYTES} bytes in base64");
    let mut key = [0; KEY_BYTES];
    key.copy_from_slice(&bytes.unwrap_or_default());
    Ok(MasterKey::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use control::SystemRandom;

    #[test]
    fn is_made_once_for_its_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys/master.key");
        let source = MasterKeySource::File(path.clone());
        load(&source, &SystemRandom).unwrap();
        let first = std::fs::read(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, OWNER_ONLY);
        load(&source, &SystemRandom).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), first);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left aside");
    }

    #[test]
    fn refuses_a_file_that_others_may_read_or_that_is_cut_short() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        let source = MasterKeySource::File(path.clone());
        load(&source, &SystemRandom).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = load(&source, &SystemRandom).err().unwrap().to_string();
        assert!(error.contains("chmod 0600"), "{error}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(OWNER_ONLY)).unwrap();
        std::fs::write(&path, "c2hvcnQ=").unwrap();
        assert!(load(&source, &SystemRandom).is_err());
    }
}
