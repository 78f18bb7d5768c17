//! Destroying a node's volumes, network and directory for good, with a journal of what was done and how it was checked.
//!
//! The order matters: the sealed keys go first, because without them nothing that a disk, a snapshot or a
//! copy-on-write filesystem may still hold can be opened. Stopping the VM is not done here. Each text says what was seen
//! of each volume, never what should have been.

use std::{
    collections::BTreeSet,
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
    volumes::{self, Header, cryptsetup},
};
use crate::{Error, MissingVolume, ShredReport, VolumeFacts};

/// How much of an image is overwritten when its header does not say where the data begin: LUKS2's usual 16 MiB.
const HEADER_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How much is overwritten and compared at once.
const CHUNK_BYTES: usize = 1024 * 1024;

/// What is on disk between the first step and `forget`. What a step takes away is noted before it is gone, so that the
/// same step after a crash does not take it for something that was never there.
#[derive(Serialize, Deserialize)]
struct Journal {
    /// Whether this host held anything of the node when it began.
    has_directory: bool,
    volumes: Vec<VolumeFacts>,
    /// The file of sealed keys was there, and was overwritten.
    has_overwritten_keys: bool,
    /// Images that were there, and were discarded.
    discarded: BTreeSet<VolumeKind>,
    /// Volumes whose own image was not there when its keyslots were to be erased.
    missing: Vec<MissingVolume>,
    steps: Vec<DestructionStep>,
}

/// What shredding needs done outside the node's directory.
pub(crate) trait Surroundings {
    /// Fails if a process of the node is left.
    fn check_no_process(&self, node: NodeId) -> Result<(), Error>;
    /// Removes what the node has of the network, and sees that it is gone; says what was looked at.
    fn remove_network(&self, node: NodeId) -> Result<&'static str, Error>;
}

/// One destruction under way.
struct Work<'a> {
    directory: &'a NodeDirectory,
    surroundings: &'a dyn Surroundings,
    journal: Journal,
}

type Step = fn(&mut Work<'_>) -> Result<(&'static str, String), Error>;

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

/// For a node of which this host has no directory: it must not look as if anything had been destroyed here.
const STEPS_OF_UNKNOWN: &[Step] = &[no_process, find_no_directory, remove_network];

/// Shreds what is left of a node, and returns the report of all of it.
pub(crate) fn shred(
    directory: &NodeDirectory,
    surroundings: &dyn Surroundings,
    clock: &dyn Clock,
) -> Result<ShredReport, Error> {
    // Not only on the first try: a VM must not have come to life since the last one.
    surroundings.check_no_process(directory.node)?;
    let mut work = Work { directory, surroundings, journal: Journal::open(directory)? };
    for step in work.journal.all_steps().iter().skip(work.journal.steps.len()) {
        let (what, check) = step(&mut work)?;
        work.journal.steps.push(DestructionStep { what: what.to_owned(), check, at: clock.now() });
        work.save()?;
    }
    let Journal { volumes, missing, steps, .. } = work.journal;
    Ok(ShredReport { volumes, missing, steps })
}

/// Whether shredding has begun: from then on the node is nothing any more.
pub(crate) fn has_begun(directory: &NodeDirectory) -> bool {
    files::exists(directory.journal())
}

/// Drops the journal of a node that is shredded to the end.
pub(crate) fn forget(directory: &NodeDirectory) -> Result<(), Error> {
    let journal: Option<Journal> = files::read_json(directory.journal())?;
    let is_under_way = journal.is_some_and(|journal| journal.steps.len() < journal.all_steps().len());
    if directory.exists() || is_under_way {
        return Err(Error::State("The node is not shredded yet.".into()));
    }
    files::remove(directory.journal()).map(|_| ())
}

impl Journal {
    fn open(directory: &NodeDirectory) -> Result<Self, Error> {
        let has_directory = directory.exists();
        if let Some(journal) = files::read_json::<Self>(directory.journal())?
            // A directory that was brought back since it was not found: all of it is still to be done.
            && (journal.has_directory || !has_directory)
        {
            return Ok(journal);
        }
        let journal = Self {
            has_directory,
            volumes: directory.volumes()?.unwrap_or_default(),
            has_overwritten_keys: false,
            discarded: BTreeSet::new(),
            missing: Vec::new(),
            steps: Vec::new(),
        };
        files::write_json(directory.journal(), &journal)?;
        Ok(journal)
    }

    const fn all_steps(&self) -> &'static [Step] {
        if self.has_directory { STEPS } else { STEPS_OF_UNKNOWN }
    }

    fn facts(&self, kind: VolumeKind) -> Option<&VolumeFacts> {
        self.volumes.iter().find(|volume| volume.kind == kind)
    }
}

impl Work<'_> {
    fn save(&self) -> Result<(), Error> {
        files::write_json(self.directory.journal(), &self.journal)
    }

    /// Does something with each volume that was made or whose image is there (that of a broken-off try counts too),
    /// and says for each what was seen.
    fn each(
        &mut self,
        act: impl Fn(&mut Self, VolumeKind, &Path) -> Result<String, Error>,
    ) -> Result<String, Error> {
        let mut seen = Vec::new();
        for kind in VolumeKind::ALL {
            let image = self.directory.image(*kind);
            if self.journal.facts(*kind).is_some()
                || self.journal.discarded.contains(kind)
                || files::exists(&image)
            {
                seen.push(format!("{kind}: {}.", act(self, *kind, &image)?));
            }
        }
        Ok(if seen.is_empty() { "The node had no volumes.".into() } else { seen.join(" ") })
    }

    /// Notes that the volume itself is not here. Only with its key gone it cannot be opened wherever it is.
    fn miss(&mut self, kind: VolumeKind, why: &str) -> Result<String, Error> {
        let Some(facts) = self.journal.facts(kind) else { return Ok(why.into()) };
        check(self.journal.has_overwritten_keys, || {
            format!(
                "Of the {kind} volume, {why}, and its sealed key is not here either, so nothing of it can be \
                 destroyed. Bring back what was taken out of the node's directory."
            )
        })?;
        let text = format!("{why}; only its sealed key was destroyed");
        let missing = MissingVolume { volume: facts.volume, why: text.clone() };
        self.journal.missing.retain(|known| known.volume != missing.volume);
        self.journal.missing.push(missing);
        Ok(text)
    }
}

fn no_process(work: &mut Work<'_>) -> Result<(&'static str, String), Error> {
    work.surroundings.check_no_process(work.directory.node)?;
    let check = "No process holds the node's run lock, and none runs under the node's name.";
    Ok(("Stopped the VM", check.into()))
}

fn find_no_directory(work: &mut Work<'_>) -> Result<(&'static str, String), Error> {
    check(!work.directory.exists(), || "The node's directory came back while it was looked for.".into())?;
    let check =
        "This host has no directory of the node: no volume and no key of it was found or destroyed here.";
    Ok(("Looked for the node's directory", check.into()))
}

fn delete_keys(work: &mut Work<'_>) -> Result<(&'static str, String), Error> {
    let sealed = work.directory.sealed();
    for file in [sealed.with_extension("new"), sealed.clone()] {
        if files::exists(&file) {
            overwrite(&file, u64::MAX)?;
            work.journal.has_overwritten_keys |= file == sealed;
            work.save()?;
        }
        files::remove(&file)?;
        check(!files::exists(&file), || format!("{} is still there.", file.display()))?;
    }
    let check = match work.journal.has_overwritten_keys {
        true => "The file of sealed keys was overwritten and no longer exists.",
        false => "No file of sealed keys was found.",
    };
    Ok(("Deleted the sealed unlock keys", check.into()))
}

fn erase_keyslots(work: &mut Work<'_>) -> Result<(&'static str, String), Error> {
    let check = work.each(|work, kind, image| {
        if !files::exists(image) {
            return work.miss(kind, "its image was not found");
        }
        if Header::read(image)?.is_none() {
            return work.miss(kind, "its image holds no LUKS2 header");
        }
        let uuid = volumes::luks_uuid(image)?;
        let is_other = work.journal.facts(kind).is_some_and(|facts| facts.luks_uuid != uuid);
        cryptsetup(["erase", "--batch-mode"], image)?.succeed()?;
        let left = Header::read(image)?.map_or(0, |header| header.keyslots.len());
        check(left == 0, || format!("The {kind} volume still has {left} keyslots."))?;
        match is_other {
            true => work.miss(kind, "its image holds another LUKS2 header, whose keyslots were erased"),
            false => Ok("cryptsetup luksDump lists no keyslot".into()),
        }
    })?;
    Ok(("Erased the keyslots", check))
}

fn overwrite_headers(work: &mut Work<'_>) -> Result<(&'static str, String), Error> {
    let check = work.each(|_, kind, image| {
        if !files::exists(image) {
            return Ok("its image was not found".into());
        }
        let header = Header::read(image)?.and_then(|header| header.data_offset());
        overwrite(image, header.unwrap_or(HEADER_BYTES_MAX))?;
        let is_luks = cryptsetup(["isLuks"], image)?.run()?.succeeded();
        check(!is_luks, || format!("The {kind} volume still has a LUKS header."))?;
        Ok("its header reads back as the random bytes that were written, and cryptsetup isLuks finds none"
            .into())
    })?;
    Ok(("Overwrote the LUKS headers", check))
}

fn delete_images(work: &mut Work<'_>) -> Result<(&'static str, String), Error> {
    let check = work.each(|work, kind, image| {
        if files::exists(image) {
            discard(image)?;
            work.journal.discarded.insert(kind);
            work.save()?;
            files::remove(image)?;
        }
        check(!files::exists(image), || format!("The image of the {kind} volume is still there."))?;
        Ok(match work.journal.discarded.contains(&kind) {
            true => "its blocks were discarded and its image file no longer exists".into(),
            false => "its image was not found".into(),
        })
    })?;
    Ok(("Discarded and deleted the volumes", check))
}

fn remove_network(work: &mut Work<'_>) -> Result<(&'static str, String), Error> {
    let check = work.surroundings.remove_network(work.directory.node)?;
    Ok(("Removed the network", check.into()))
}

fn remove_directory(work: &mut Work<'_>) -> Result<(&'static str, String), Error> {
    let directory = work.directory;
    directory.remove()?;
    check(!directory.exists(), || format!("{} is still there.", directory.path().display()))?;
    Ok(("Removed the node's directory", "The directory no longer exists.".into()))
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

#[cfg(test)]
mod tests {
    use domain::{
        ids::{OrganizationId, ServiceId, VolumeId},
        timestamps::Timestamp,
    };

    use super::*;
    use crate::{
        NodeSpec, VolumeSpec,
        qemu::{node_directories::NodeDirectories, sealing::HostKey},
    };

    struct Alone;
    impl Surroundings for Alone {
        fn check_no_process(&self, _: NodeId) -> Result<(), Error> {
            Ok(())
        }
        fn remove_network(&self, _: NodeId) -> Result<&'static str, Error> {
            Ok("There was none.")
        }
    }

    struct Fixed;
    impl Clock for Fixed {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(1_795_325_845_000_000)
        }
    }

    /// A node with its volumes.
    fn make(state: &Path) -> NodeDirectory {
        let id = |number: u8| {
            format!("0190a000-0000-7000-8000-0000000000{number:02x}").parse::<NodeId>().unwrap().uuid()
        };
        let volume =
            |kind, number| VolumeSpec { volume: VolumeId::from_uuid(id(number)), kind, size_mib: 20 };
        let spec = NodeSpec {
            node: NodeId::from_uuid(id(1)),
            service: ServiceId::from_uuid(id(2)),
            organization: OrganizationId::from_uuid(id(3)),
            vcpus: 1,
            memory_mib: 256,
            volumes: vec![volume(VolumeKind::Root, 4), volume(VolumeKind::Data, 5)],
        };
        let directories = NodeDirectories::open(state).unwrap();
        let directory = directories.of(spec.node);
        files::make_directory(directory.path()).unwrap();
        volumes::make(&directories, &directory, &spec, &HostKey::open(state).unwrap()).unwrap();
        directory
    }

    #[test]
    fn a_crash_after_any_step_changes_nothing_in_the_report() {
        let texts = |report: &ShredReport| {
            report.steps.iter().map(|step| (step.what.clone(), step.check.clone())).collect::<Vec<_>>()
        };
        let state = tempfile::tempdir().unwrap();
        let whole = shred(&make(state.path()), &Alone, &Fixed).unwrap();
        assert!(texts(&whole).iter().all(|(_, check)| !check.contains("not found")), "{whole:?}");
        for crash in 0..STEPS.len() {
            let state = tempfile::tempdir().unwrap();
            let directory = make(state.path());
            let mut work = Work {
                directory: &directory,
                surroundings: &Alone,
                journal: Journal::open(&directory).unwrap(),
            };
            for (number, step) in STEPS.iter().enumerate().take(crash + 1) {
                let (what, check) = step(&mut work).unwrap();
                if number < crash {
                    let what = what.to_owned();
                    work.journal.steps.push(DestructionStep { what, check, at: Fixed.now() });
                    work.save().unwrap();
                }
            }
            assert!(forget(&directory).is_err(), "not before its end");
            let report = shred(&directory, &Alone, &Fixed).unwrap();
            assert_eq!((texts(&report), &report.missing), (texts(&whole), &Vec::new()), "after step {crash}");
            assert_eq!(report.volumes.len(), 2);
            assert!(!directory.exists());
            forget(&directory).unwrap();
        }
    }
}
