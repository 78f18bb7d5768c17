//! LUKS2 volumes in image files: making them and reading their headers. Destroying is in [`super::shredding`].

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use domain::states::VolumeKind;
use serde::Deserialize;

use super::{
    commands::Program,
    files,
    node_directories::{NodeDirectories, NodeDirectory},
    sealing::{HostKey, SealedKeys, UnlockKey},
};
use crate::{Error, NodeSpec, VolumeFacts, VolumeSpec, fingerprints::sha256_hex};

/// What must stay free on the disk for logs, records and running guests' surprises.
const DISK_RESERVE_MIB: u64 = 256;
const MIB: u64 = 1024 * 1024;

/// The cipher that every volume has; anything else counts as not made.
const CIPHER: &str = "aes-xts-plain64";

/// The part of a LUKS2 header's JSON that is used here.
#[derive(Deserialize)]
pub(crate) struct Header {
    pub(crate) keyslots: std::collections::BTreeMap<String, Keyslot>,
    segments: std::collections::BTreeMap<String, Segment>,
    digests: std::collections::BTreeMap<String, Digest>,
}

#[derive(Deserialize)]
pub(crate) struct Keyslot {
    key_size: u32,
    af: AntiForensic,
}

#[derive(Deserialize)]
struct AntiForensic {
    hash: String,
}

#[derive(Deserialize)]
struct Segment {
    offset: String,
    encryption: String,
}

#[derive(Deserialize)]
struct Digest {
    digest: String,
}

impl Header {
    /// Reads the header of an image; `None` if it holds no LUKS2 header.
    pub(crate) fn read(image: &Path) -> Result<Option<Self>, Error> {
        let dump = cryptsetup(["luksDump", "--dump-json-metadata"], image)?.run()?;
        if !dump.succeeded() {
            return Ok(None);
        }
        let header = serde_json::from_slice(&dump.output);
        header
            .map(Some)
            .map_err(|error| files::failed(format!("read the header of {}", image.display()))(error.into()))
    }

    /// Where the encrypted data begin: everything before is header.
    pub(crate) fn data_offset(&self) -> Option<u64> {
        self.segments.values().map(|segment| segment.offset.parse().ok()).min().flatten()
    }

    fn is_as_designed(&self) -> bool {
        let slots = self.keyslots.values().all(|slot| slot.key_size == 64 && slot.af.hash == "sha256");
        let segments = self.segments.values().all(|segment| segment.encryption == CIPHER);
        slots && segments && self.keyslots.len() == 1 && self.segments.len() == 1
    }

    fn fingerprint(&self) -> Option<String> {
        let digest = BASE64.decode(&self.digests.get("0")?.digest).ok()?;
        Some(sha256_hex(&digest))
    }
}

/// Makes both volumes with keys of their own, or returns what was made before.
pub(crate) fn make(
    directories: &NodeDirectories,
    directory: &NodeDirectory,
    spec: &NodeSpec,
    host_key: &HostKey,
) -> Result<Vec<VolumeFacts>, Error> {
    if let Some(made) = directory.volumes()? {
        return Ok(made);
    }
    // What a broken-off try left is of no use: its keys may be half written and its volumes never held anything.
    clear(directory, spec)?;
    let made = make_anew(directories, directory, spec, host_key);
    made.map_err(|error| {
        // A program that failed on a full disk only says that it failed.
        let is_full = matches!(error, Error::Program { .. })
            && disk_free_mib(directories, directory).is_ok_and(|free| free == 0);
        match clear(directory, spec) {
            Ok(()) if is_full => {
                Error::Full("The volumes could not be made: this host's disk is full.".into())
            }
            Ok(()) => error,
            Err(worse) => worse,
        }
    })
}

/// Refuses what the disk cannot hold even if every volume is written full.
pub(crate) fn check_room(
    directories: &NodeDirectories,
    directory: &NodeDirectory,
    spec: &NodeSpec,
) -> Result<(), Error> {
    let need: u64 = spec.volumes.iter().map(|volume| u64::from(volume.size_mib)).sum();
    let free = disk_free_mib(directories, directory)?;
    if need > free {
        return Err(Error::Full(format!(
            "The volumes need {need} MiB, but this host has room for {free} MiB. Delete services or add disk space."
        )));
    }
    Ok(())
}

/// Disk that is neither used nor promised to the volumes of other nodes.
pub(crate) fn disk_free_mib(directories: &NodeDirectories, except: &NodeDirectory) -> Result<u64, Error> {
    let stat = nix::sys::statvfs::statvfs(directories.state_dir())
        .map_err(|error| files::failed("look at the disk")(error.into()))?;
    let free = stat.blocks_available() * stat.fragment_size();
    let mut promised = 0;
    for node in directories.existing()?.into_iter().filter(|node| *node != except.node) {
        for kind in VolumeKind::ALL {
            if let Ok(image) = directories.of(node).image(*kind).metadata() {
                promised += image.size().saturating_sub(image.blocks() * 512);
            }
        }
    }
    Ok((free.saturating_sub(promised) / MIB).saturating_sub(DISK_RESERVE_MIB))
}

/// The unlock keys of a node, unsealed.
pub(crate) fn unlock_keys(
    directory: &NodeDirectory,
    host_key: &HostKey,
) -> Result<Vec<(VolumeKind, UnlockKey)>, Error> {
    let sealed: Option<SealedKeys> = files::read_json(&directory.sealed())?;
    let sealed = sealed.ok_or_else(|| Error::State("The node has no unlock keys.".into()))?;
    let volumes = directory.volumes()?.unwrap_or_default();
    let kinds = volumes.iter().map(|volume| volume.kind);
    kinds.map(|kind| Ok((kind, host_key.unseal(directory.node, kind, &sealed)?))).collect()
}

fn make_anew(
    directories: &NodeDirectories,
    directory: &NodeDirectory,
    spec: &NodeSpec,
    host_key: &HostKey,
) -> Result<Vec<VolumeFacts>, Error> {
    check_room(directories, directory, spec)?;
    let keys: Result<Vec<UnlockKey>, Error> = spec.volumes.iter().map(|_| UnlockKey::random()).collect();
    let keys = keys?;
    let of_kind: Vec<(VolumeKind, &UnlockKey)> =
        spec.volumes.iter().map(|volume| volume.kind).zip(&keys).collect();
    // Sealed first: a volume whose key is lost is worth nothing, a key without a volume harms nobody.
    files::write_json(&directory.sealed(), &host_key.seal(directory.node, &of_kind)?)?;
    let made: Result<Vec<_>, Error> =
        spec.volumes.iter().zip(&keys).map(|(volume, key)| format(directory, volume, key)).collect();
    let made = made?;
    directory.put_volumes(&made)?;
    Ok(made)
}

fn format(directory: &NodeDirectory, volume: &VolumeSpec, key: &UnlockKey) -> Result<VolumeFacts, Error> {
    let image = directory.image(volume.kind);
    let make = || -> std::io::Result<File> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&image)?;
        file.set_len(u64::from(volume.size_mib) * MIB)?;
        Ok(file)
    };
    let file = make().map_err(files::failed(format!("make {}", image.display())))?;
    let format = [
        "luksFormat",
        "--batch-mode",
        "--type",
        "luks2",
        "--cipher",
        CIPHER,
        "--key-size",
        "512",
        "--hash",
        "sha256",
        "--pbkdf",
        "pbkdf2",
        "--pbkdf-force-iterations",
        "1000",
        "--luks2-metadata-size",
        "16k",
        "--luks2-keyslots-size",
        "512k",
        "--key-file=-",
    ];
    cryptsetup(format, &image)?.input(key.bytes()).succeed()?;
    cryptsetup(["open", "--test-passphrase", "--type", "luks2", "--key-file=-"], &image)?
        .input(key.bytes())
        .succeed()?;
    file.sync_all().map_err(files::failed(format!("sync {}", image.display())))?;
    let wrong = || Error::State(format!("cryptsetup did not make the {} volume as designed.", volume.kind));
    let header = Header::read(&image)?.filter(Header::is_as_designed).ok_or_else(wrong)?;
    let luks_uuid = luks_uuid(&image)?;
    Ok(VolumeFacts {
        volume: volume.volume,
        kind: volume.kind,
        luks_uuid,
        volume_key_fingerprint: header.fingerprint().ok_or_else(wrong)?,
        unlock_key_fingerprint: key.fingerprint(),
    })
}

fn clear(directory: &NodeDirectory, spec: &NodeSpec) -> Result<(), Error> {
    files::remove(&directory.sealed())?;
    for volume in &spec.volumes {
        files::remove(&directory.image(volume.kind))?;
    }
    Ok(())
}

/// UUID in the LUKS header of an image that has one.
pub(crate) fn luks_uuid(image: &Path) -> Result<String, Error> {
    Ok(cryptsetup(["luksUUID"], image)?.succeed()?.text().trim().to_owned())
}

/// `cryptsetup` on an image file. Keys go to its standard input only.
pub(crate) fn cryptsetup<const N: usize>(arguments: [&str; N], image: &Path) -> Result<Program, Error> {
    Ok(Program::find("cryptsetup")?.arguments(arguments).arguments([image]))
}
