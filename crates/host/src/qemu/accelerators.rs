//! Whether hardware virtualisation works here, told by booting with it: `/dev/kvm` alone proves nothing.

use std::{
    fs::{File, OpenOptions},
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::MetadataExt,
    },
    path::Path,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use super::{
    command_lines::{self, Processor},
    commands::last_words,
    files,
    images::Image,
    processes::{self, Launch},
};
use crate::{Accelerator, Error};

const KVM: &str = "/dev/kvm";
/// How long the test boot may take until the kernel says something, and then until it starts the first process.
const FIRST_WORD_TIME_MAX: Duration = Duration::from_secs(3);
const BOOT_TIME_MAX: Duration = Duration::from_secs(10);
/// What the kernel says when it hands over to the first process.
const SIGN_OF_LIFE: &str = "as init process";
const MEMORY_MIB: u32 = 256;
/// Room for what the test boot writes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// What accelerator a host uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AcceleratorChoice {
    /// Hardware virtualisation if a test boot succeeds, else emulation.
    #[default]
    Auto,
    /// Hardware virtualisation, untested.
    Kvm,
    /// Emulation.
    Tcg,
}

/// The answer of the last test boot, and what it is an answer for.
#[derive(Serialize, Deserialize)]
struct Remembered {
    subject: String,
    accelerator: Accelerator,
}

/// The group that owns `/dev/kvm`, which a VM's own user must be in.
pub(crate) fn groups() -> Vec<u32> {
    let metadata = std::fs::metadata(KVM);
    metadata.ok().map(|metadata| metadata.gid()).filter(|group| *group != 0).into_iter().collect()
}

/// Tests hardware virtualisation, or remembers the answer for the same QEMU, image and boot of the machine.
pub(crate) fn probe(
    qemu: &Path,
    image: &Image,
    state_dir: &Path,
    user: Option<u32>,
) -> Result<Accelerator, Error> {
    if !Path::new(KVM).exists() {
        return Ok(Accelerator::Tcg { reason: format!("This machine has no {KVM}.") });
    }
    let cache = state_dir.join("accelerator.json");
    let subject = subject(qemu, image, user)?;
    match files::read_json::<Remembered>(&cache) {
        Ok(Some(remembered)) if remembered.subject == subject => return Ok(remembered.accelerator),
        _ => {}
    }
    let accelerator = match test_boot(qemu, image, state_dir, user)? {
        None => Accelerator::Kvm,
        Some(reason) => Accelerator::Tcg { reason },
    };
    files::write_json(&cache, &Remembered { subject, accelerator: accelerator.clone() })?;
    Ok(accelerator)
}

fn subject(qemu: &Path, image: &Image, user: Option<u32>) -> Result<String, Error> {
    let metadata = qemu.metadata().map_err(files::failed(format!("look at {}", qemu.display())))?;
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let kvm = std::fs::metadata(KVM).map(|kvm| (kvm.uid(), kvm.gid(), kvm.mode())).unwrap_or_default();
    Ok(format!(
        "{} {} {} {} {} {kvm:?} {}",
        qemu.display(),
        metadata.len(),
        metadata.mtime(),
        image.fingerprint,
        boot.trim(),
        user.is_some()
    ))
}

/// Boots the image with KVM until the kernel starts the first process. Returns why that did not work, if so.
fn test_boot(
    qemu: &Path,
    image: &Image,
    state_dir: &Path,
    user: Option<u32>,
) -> Result<Option<String>, Error> {
    let directory = state_dir.join("probe");
    files::make_directory(&directory)?;
    let (console, log) = (directory.join("console.log"), directory.join("qemu.log"));
    files::remove(&console)?;
    files::remove(&log)?;
    let name = format!("redoubt-probe-{}", std::process::id());
    let (open, console_file) = (image.open()?, processes::open_log(&console)?);
    let mut arguments = command_lines::common(&name, Processor::Kvm, 1, MEMORY_MIB);
    let append = "console=ttyS0 panic=-1";
    arguments.extend(command_lines::kernel(open.kernel.as_raw_fd(), open.initramfs.as_raw_fd(), append));
    arguments.extend(command_lines::console(console_file.as_raw_fd()));
    let kept = [open.kernel, open.initramfs, console_file].map(OwnedFd::from).into();
    let launch = Launch {
        program: qemu,
        arguments: &arguments,
        kept,
        log: processes::open_log(&log)?,
        user,
        groups: groups(),
        locks_memory: false,
        file_bytes_max: FILE_BYTES_MAX,
    };
    let mut child = launch.start()?;
    let started = Instant::now();
    let outcome = loop {
        let said = read(&console);
        if said.contains(SIGN_OF_LIFE) {
            break None;
        }
        if let Ok(Some(status)) = child.try_wait() {
            break Some(format!("A test boot with KVM ended with {status}: {}", complaint(&read(&log))));
        }
        let limit = if said.is_empty() { FIRST_WORD_TIME_MAX } else { BOOT_TIME_MAX };
        if started.elapsed() > limit {
            let words = last_words(&read(&log));
            break Some(format!(
                "A test boot with KVM gave no sign of life within {} seconds. {words}",
                limit.as_secs()
            ));
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    // Our own child, not yet waited for.
    let _ = child.kill();
    let _ = child.wait();
    std::fs::remove_dir_all(&directory).map_err(files::failed("remove the test boot's directory"))?;
    Ok(outcome.map(|reason| reason.trim().to_owned()))
}

fn read(path: &Path) -> String {
    processes::log_tail(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// Whether this process itself may use KVM; a VM with a user of its own is tested by booting only.
pub(crate) fn may_open() -> bool {
    let open: std::io::Result<File> = OpenOptions::new().read(true).write(true).open(KVM);
    open.is_ok()
}
/// What QEMU says first of what it lacks, without its own name; what follows repeats it.
fn complaint(said: &str) -> String {
    let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    last_words(first.strip_prefix("qemu-system-x86_64: ").unwrap_or(first))
}
