//! Destroying a node's volumes, network and directory for good, with a journal of what was done and how it was checked.
//!
//! The order matters: the sealed keys go first, because without them nothing that a disk, a snapshot or a
//! copy-on-write filesystem may still hold can be opened. Stopping the VM is not done here.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use domain::{certificates::DestructionStep, ids::NodeId, states::VolumeKind, timestamps::Clock};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    files,
    node_directories::NodeDirectory,
    sealing,
    volumes::{Header, cryptsetup},
};
use crate::{Error, ShredReport, VolumeFacts};

/// How much of an image is overwritten when its header does not say where the data begin: LUKS2's usual 16 MiB.
const HEADER_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How much is overwritten and compared at once.
const CHUNK_BYTES: usize = 1024 * 1024;

/// What is on disk between the first step and `forget`.
#[derive(Serialize, Deserialize)]
struct Journal {
    volumes: Vec<VolumeFacts>,
    steps: Vec<DestructionStep>,
}

/// What shredding needs done outside the node's directory.
pub(crate) trait Surroundings {
    /// Fails if a process of the node is left.
    fn check_no_process(&self, node: NodeId) -> Result<(), Error>;
    /// Removes what the node has of the network, and sees that it is gone; says what was looked at.
    fn remove_network(&self, node: NodeId) -> Result<&'static str, Error>;
}

type Step = fn(&NodeDirectory, &dyn Surroundings) -> Result<(&'static str, String), Error>;

/// In order. Each is done again without harm if a crash kept it out of the journal.
const STEPS: &[Step] = &[
    no_process,
    delete_keys,
    erase_keyslots,
    overwrite_headers,
    delete_images,
    remove_network,
    remove_directory,
];

/// Shreds what is left of a node, and returns the report of all of it.
pub(crate) fn shred(
    directory: &NodeDirectory,
    surroundings: &dyn Surroundings,
    clock: &dyn Clock,
) -> Result<ShredReport, Error> {
    // Not only on the first try: a VM must not have come to life since the last one.
    surroundings.check_no_process(directory.node)?;
    let mut journal = match files::read_json::<Journal>(directory.journal())? {
        Some(journal) => journal,
        None => {
            let journal = Journal { volumes: directory.volumes()?.unwrap_or_default(), steps: Vec::new() };
            files::write_json(directory.journal(), &journal)?;
            journal
        }
    };
    for step in STEPS.iter().skip(journal.steps.len()) {
        let (what, check) = step(directory, surroundings)?;
        journal.steps.push(DestructionStep { what: what.to_owned(), check, at: clock.now() });
        files::write_json(directory.journal(), &journal)?;
    }
    Ok(ShredReport { volumes: journal.volumes, steps: journal.steps })
}

/// Whether shredding has begun: from then on the node is nothing any more.
pub(crate) fn has_begun(directory: &NodeDirectory) -> bool {
    files::exists(directory.journal())
}

/// Drops the journal of a node that is shredded to the end.
pub(crate) fn forget(directory: &NodeDirectory) -> Result<(), Error> {
    let journal: Option<Journal> = files::read_json(directory.journal())?;
    if directory.exists() || journal.is_some_and(|journal| journal.steps.len() < STEPS.len()) {
        return Err(Error::State("The node is not shredded yet.".into()));
    }
    files::remove(directory.journal()).map(|_| ())
}

fn no_process(
    directory: &NodeDirectory,
    surroundings: &dyn Surroundings,
) -> Result<(&'static str, String), Error> {
    surroundings.check_no_process(directory.node)?;
    let check = "No process holds the node's run lock, and none runs under the node's name.";
    Ok(("Stopped the VM", check.into()))
}

fn delete_keys(directory: &NodeDirectory, _: &dyn Surroundings) -> Result<(&'static str, String), Error> {
    for sealed in [directory.sealed(), directory.sealed().with_extension("new")] {
        if files::exists(&sealed) {
            overwrite(&sealed, u64::MAX)?;
        }
        files::remove(&sealed)?;
        check(!files::exists(&sealed), || format!("{} is still there.", sealed.display()))?;
    }
    Ok((
        "Deleted the sealed unlock keys",
        "The file of sealed keys was overwritten and no longer exists.".into(),
    ))
}

fn erase_keyslots(directory: &NodeDirectory, _: &dyn Surroundings) -> Result<(&'static str, String), Error> {
    for (kind, image) in images(directory) {
        if Header::read(&image)?.is_none() {
            continue; // No LUKS header: a try to make the volume broke off, or a crash came after the next step.
        }
        cryptsetup(["erase", "--batch-mode"], &image)?.succeed()?;
        let left = Header::read(&image)?.map_or(0, |header| header.keyslots.len());
        check(left == 0, || format!("The {kind} volume still has {left} keyslots."))?;
    }
    let check = "cryptsetup luksDump lists no keyslot in any header of the node.";
    Ok(("Erased all keyslots", check.into()))
}

fn overwrite_headers(
    directory: &NodeDirectory,
    _: &dyn Surroundings,
) -> Result<(&'static str, String), Error> {
    for (kind, image) in images(directory) {
        let header = Header::read(&image)?.and_then(|header| header.data_offset());
        overwrite(&image, header.unwrap_or(HEADER_BYTES_MAX))?;
        let is_luks = cryptsetup(["isLuks"], &image)?.run()?.succeeded();
        check(!is_luks, || format!("The {kind} volume still has a LUKS header."))?;
    }
    let check =
        "The headers read back as the random bytes that were written, and cryptsetup isLuks finds none.";
    Ok(("Overwrote the LUKS headers", check.into()))
}

fn delete_images(directory: &NodeDirectory, _: &dyn Surroundings) -> Result<(&'static str, String), Error> {
    for (kind, image) in images(directory) {
        discard(&image)?;
        files::remove(&image)?;
        check(!files::exists(&image), || format!("The image of the {kind} volume is still there."))?;
    }
    Ok((
        "Discarded and deleted the volumes",
        "The blocks were discarded and no image file exists any more.".into(),
    ))
}

fn remove_network(
    directory: &NodeDirectory,
    surroundings: &dyn Surroundings,
) -> Result<(&'static str, String), Error> {
    let check = surroundings.remove_network(directory.node)?;
    Ok(("Removed the network", check.into()))
}

fn remove_directory(
    directory: &NodeDirectory,
    _: &dyn Surroundings,
) -> Result<(&'static str, String), Error> {
    directory.remove()?;
    check(!directory.exists(), || format!("{} is still there.", directory.path().display()))?;
    Ok(("Removed the node's directory", "The directory no longer exists.".into()))
}

/// The images that exist. Volumes of a broken-off try count too.
fn images(directory: &NodeDirectory) -> Vec<(VolumeKind, std::path::PathBuf)> {
    let all = VolumeKind::ALL.iter().map(|kind| (*kind, directory.image(*kind)));
    all.filter(|(_, image)| files::exists(image)).collect()
}

fn check(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::State(otherwise())) }
}

/// Overwrites the first `length` bytes of a file (or all of it, if it is shorter) with random bytes, and reads them back.
fn overwrite(path: &Path, length: u64) -> Result<(), Error> {
    let put = || -> Result<bool, Error> {
        let io = || files::failed(format!("overwrite {}", path.display()));
        let mut file = open(path).map_err(io())?;
        let length = length.min(file.metadata().map_err(io())?.len());
        let mut random = Zeroizing::new(vec![0; CHUNK_BYTES]);
        let mut written = ring::digest::Context::new(&ring::digest::SHA256);
        let mut left = length;
        while left > 0 {
            let chunk = &mut random[..CHUNK_BYTES.min(usize::try_from(left).unwrap_or(CHUNK_BYTES))];
            sealing::fill(chunk)?;
            written.update(chunk);
            file.write_all(chunk).map_err(io())?;
            left -= chunk.len() as u64;
        }
        file.sync_all().map_err(io())?;
        let mut found = ring::digest::Context::new(&ring::digest::SHA256);
        file.seek(SeekFrom::Start(0)).map_err(io())?;
        let mut reader = file.take(length);
        loop {
            match reader.read(&mut random).map_err(io())? {
                0 => break,
                count => found.update(&random[..count]),
            }
        }
        Ok(found.finish().as_ref() == written.finish().as_ref())
    };
    check(put()?, || format!("{} does not read back as it was overwritten.", path.display()))
}

/// Gives all blocks of a file back, so that a filesystem with discard tells the disk.
fn discard(image: &Path) -> Result<(), Error> {
    let io = || files::failed(format!("discard {}", image.display()));
    let file = open(image).map_err(io())?;
    let length = i64::try_from(file.metadata().map_err(io())?.len()).unwrap_or(i64::MAX);
    let punch =
        nix::fcntl::FallocateFlags::FALLOC_FL_PUNCH_HOLE | nix::fcntl::FallocateFlags::FALLOC_FL_KEEP_SIZE;
    if length > 0 && nix::fcntl::fallocate(&file, punch, 0, length).is_err() {
        // Filesystems that cannot punch holes give the blocks back when the file is cut.
        file.set_len(0).map_err(io())?;
    }
    file.sync_all().map_err(io())
}

/// Never through a link: what is overwritten must be the node's own file.
fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).custom_flags(nix::libc::O_NOFOLLOW).open(path)
}
