//! The guest's file tree: mounts of the initramfs, the overlay that becomes the root, and the way back out of it.
//!
//! The agent stays in reach of the initramfs: the new root is entered with chroot, so that at the end it can be
//! left again and every volume be unmounted and closed.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use domain::states::VolumeKind;
use nix::{
    mount::{MntFlags, MsFlags, mount, umount2},
    unistd::{chroot, fchdir},
};

use crate::console::say;

/// Where the read-only base image is, seen from the initramfs.
pub(crate) const BASE: &str = "/base";
const ROOT: &str = "/newroot";
const ROOT_VOLUME: &str = "/volumes/root";
const DATA_VOLUME: &str = "/newroot/var/lib/postgresql";

/// Where a volume's filesystem is seen once the root is entered.
pub(crate) const fn mount_point(kind: VolumeKind) -> &'static str {
    match kind {
        VolumeKind::Root => "/",
        VolumeKind::Data => "/var/lib/postgresql",
    }
}

fn attach(source: &str, target: &str, kind: &str, flags: MsFlags, options: &str) -> io::Result<()> {
    fs::create_dir_all(target)?;
    mount(Some(source), target, Some(kind), flags, Some(options))
        .map_err(|error| io::Error::other(format!("mounting {target}: {}", error.desc())))
}

/// Mounts what the kernel offers.
pub(crate) fn mount_kernel_filesystems() -> io::Result<()> {
    let strict = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    attach("proc", "/proc", "proc", strict, "hidepid=invisible")?;
    attach("sysfs", "/sys", "sysfs", strict, "")?;
    attach("devtmpfs", "/dev", "devtmpfs", MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC, "mode=0755")?;
    attach("tmpfs", "/dev/shm", "tmpfs", strict, "mode=1777")?;
    attach("tmpfs", "/run", "tmpfs", strict, "mode=0755,size=16m")
}

/// Mounts the base image.
pub(crate) fn mount_base(device: &Path) -> io::Result<()> {
    let flags = MsFlags::MS_RDONLY | MsFlags::MS_NODEV | MsFlags::MS_NOSUID;
    attach(&device.display().to_string(), BASE, "erofs", flags, "")
}

/// Mounts the opened root volume and lays it over the base. Gives the mount point for further work on it.
pub(crate) fn mount_root_volume(device: &str) -> io::Result<&'static str> {
    let flags = MsFlags::MS_NOATIME | MsFlags::MS_NODEV | MsFlags::MS_NOSUID;
    attach(device, ROOT_VOLUME, "ext4", flags, "errors=remount-ro,noinit_itable,discard")?;
    fs::create_dir_all(format!("{ROOT_VOLUME}/upper"))?;
    fs::create_dir_all(format!("{ROOT_VOLUME}/work"))?;
    let options = format!("lowerdir={BASE},upperdir={ROOT_VOLUME}/upper,workdir={ROOT_VOLUME}/work");
    attach("overlay", ROOT, "overlay", flags, &options)?;
    for path in ["/proc", "/sys", "/dev", "/run"] {
        mount(
            Some(path),
            format!("{ROOT}{path}").as_str(),
            None::<&str>,
            MsFlags::MS_BIND | MsFlags::MS_REC,
            None::<&str>,
        )?;
    }
    let strict = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    attach("tmpfs", &format!("{ROOT}/tmp"), "tmpfs", strict, "mode=1777,size=16m")?;
    Ok(ROOT_VOLUME)
}

/// Mounts the opened data volume within the new root.
pub(crate) fn mount_data_volume(device: &str) -> io::Result<&'static str> {
    let flags = MsFlags::MS_NOATIME | MsFlags::MS_NODEV | MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    attach(device, DATA_VOLUME, "ext4", flags, "errors=remount-ro,noinit_itable,discard")?;
    Ok(DATA_VOLUME)
}

/// The way back to the initramfs.
pub(crate) struct WayBack(File);

/// Makes the new root the root of the whole process.
pub(crate) fn enter_root() -> io::Result<WayBack> {
    let back = File::open("/")?;
    std::env::set_current_dir(ROOT)?;
    chroot(".")?;
    Ok(WayBack(back))
}

/// Returns to the initramfs.
pub(crate) fn leave_root(back: &WayBack) -> io::Result<()> {
    fchdir(&back.0)?;
    chroot(".")?;
    Ok(())
}

/// Unmounts everything that keeps a volume open; seen from the initramfs.
pub(crate) fn unmount_volumes() {
    for path in ["/tmp", "/run", "/dev/shm", "/dev", "/sys", "/proc"] {
        let _ = umount2(format!("{ROOT}{path}").as_str(), MntFlags::empty());
    }
    for path in [DATA_VOLUME, ROOT, ROOT_VOLUME] {
        if let Err(error) = umount2(path, MntFlags::empty()) {
            say(format_args!("unmounting {path}: {}", error.desc()));
        }
    }
}
