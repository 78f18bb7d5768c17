//! Opens and closes the encrypted volumes. Makes a filesystem only on a volume that is marked new and holds nothing.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::fd::AsRawFd,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    agent::{OpenVolumes, VolumeKey, VolumeReport},
    secrets::Secret,
    states::VolumeKind,
};
use zeroize::Zeroizing;

use crate::{
    commands::{Run, User, run},
    console::say,
    devices, luks,
    signatures::{self, Content},
    templates, tree,
};

/// Bytes of an unlock key.
const KEY_BYTES: usize = 64;
const OPEN_LIMIT: Duration = Duration::from_secs(60);
const REPORT_LIMIT: Duration = Duration::from_secs(30);
const CLOSE_LIMIT: Duration = Duration::from_secs(3);
/// The UUID that templates carry; each volume gets one of its own.
const TEMPLATE_UUID: [u8; 16] = *b"\x5e\xd0\x0b\x70\0\0\x40\0\x80\0\0\0\0\0\0\x01";

/// Both keys, decoded.
pub(crate) struct Keys {
    root: Key,
    data: Key,
}

struct Key {
    bytes: Zeroizing<Vec<u8>>,
    is_new: bool,
}

impl Keys {
    /// Checks what the host handed over.
    pub(crate) fn read(open: &OpenVolumes) -> Result<Self, String> {
        let only = |kind: VolumeKind| {
            let mut keys = open.volumes.iter().filter(|volume| volume.kind == kind);
            match (keys.next(), keys.next()) {
                (Some(key), None) => decode(key),
                _ => Err(format!("there must be exactly one key of volume {kind}")),
            }
        };
        Ok(Self { root: only(VolumeKind::Root)?, data: only(VolumeKind::Data)? })
    }
}

fn decode(key: &VolumeKey) -> Result<Key, String> {
    let secret: &Secret = &key.unlock_key;
    let mut bytes = Zeroizing::new(vec![0; KEY_BYTES + 2]);
    match STANDARD.decode_slice(secret.expose(), &mut bytes) {
        Ok(KEY_BYTES) => {
            bytes.truncate(KEY_BYTES);
            Ok(Key { bytes, is_new: key.is_new })
        }
        _ => Err(format!("the unlock key of volume {} is not base64 of {KEY_BYTES} bytes", key.kind)),
    }
}

/// Opens both volumes, mounts them and enters the new root.
pub(crate) fn open(keys: &Keys) -> Result<tree::WayBack, String> {
    for (kind, key) in [(VolumeKind::Root, &keys.root), (VolumeKind::Data, &keys.data)] {
        let device = devices::disk(kind.as_str()).map_err(|error| error.to_string())?;
        unlock(kind, &device.display().to_string(), key)?;
        let step = |result: io::Result<()>| result.map_err(|error| format!("volume {kind}: {error}"));
        let mut uuid = [0; 16];
        step(prepare(kind, key.is_new).map(|found| uuid = found))?;
        let mapping = mapping(kind);
        let mounted = match kind {
            VolumeKind::Root => tree::mount_root_volume(&mapping),
            VolumeKind::Data => tree::mount_data_volume(&mapping),
        };
        step(mounted.and_then(|path| finish(kind, path, uuid == TEMPLATE_UUID)))?;
    }
    tree::enter_root().map_err(|error| format!("entering the new root: {error}"))
}

fn mapping(kind: VolumeKind) -> String {
    format!("/dev/mapper/{kind}")
}

/// Runs cryptsetup out of the base image, while the agent is still in the initramfs.
fn cryptsetup_of_base(arguments: &[&str], input: &[u8], limit: Duration) -> Result<String, String> {
    let program = format!("{}/usr/sbin/cryptsetup", tree::BASE);
    let libraries = format!("{}/usr/lib/x86_64-linux-gnu", tree::BASE);
    let mut all = vec!["--library-path", &libraries, &program];
    all.extend(arguments);
    let loader = format!("{}/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", tree::BASE);
    run(&Run { program: &loader, arguments: &all, input, user: User::Root, limit })
        .map_err(|error| error.replace("ld-linux-x86-64.so.2", "cryptsetup"))
}

fn unlock(kind: VolumeKind, device: &str, key: &Key) -> Result<(), String> {
    let arguments = [
        "open",
        "--type=luks2",
        "--disable-keyring",
        "--allow-discards",
        "--perf-no_read_workqueue",
        "--perf-no_write_workqueue",
        "--key-file=-",
        "--keyfile-size=64",
        device,
        kind.as_str(),
    ];
    cryptsetup_of_base(&arguments, &key.bytes, OPEN_LIMIT)
        .map(drop)
        .map_err(|error| format!("volume {kind}: {error}"))
}

/// Makes the filesystem of a new volume; gives the UUID of the filesystem there is.
fn prepare(kind: VolumeKind, is_new: bool) -> io::Result<[u8; 16]> {
    let volume = OpenOptions::new().read(true).write(is_new).open(mapping(kind))?;
    let size = size_of(&volume)?;
    match (signatures::look(&volume, size, kind)?, is_new) {
        (Content::Ours { uuid }, _) => {
            if is_new {
                say(format_args!(
                    "volume {kind} is called new but has its filesystem already; it stays as it is"
                ));
            }
            Ok(uuid)
        }
        (Content::Nothing, true) => {
            let mut template = File::open(format!("{}/usr/share/redoubt/{kind}.template", tree::BASE))?;
            templates::unpack(&mut template, &volume, size)?;
            Ok(TEMPLATE_UUID)
        }
        (Content::Nothing, false) => Err(io::Error::other("it holds no filesystem, and it is not new")),
        (Content::Foreign(what), _) => Err(io::Error::other(format!("it holds {what}; nothing was written"))),
    }
}

/// Lets the mounted filesystem fill its volume and gives it a UUID of its own.
fn finish(kind: VolumeKind, path: &str, needs_uuid: bool) -> io::Result<()> {
    let blocks = size_of(&File::open(mapping(kind))?)? / 4096;
    let directory = File::open(path)?;
    ioctls::resize(&directory, blocks).map_err(|error| io::Error::other(format!("growing it: {error}")))?;
    if needs_uuid {
        let mut uuid = [0; 16];
        File::open("/dev/urandom")?.read_exact(&mut uuid)?;
        uuid[6] = uuid[6] & 0x0f | 0x40;
        uuid[8] = uuid[8] & 0x3f | 0x80;
        ioctls::set_uuid(&directory, uuid).map_err(|error| io::Error::other(format!("its UUID: {error}")))?;
    }
    Ok(())
}

fn size_of(device: &File) -> io::Result<u64> {
    use std::io::{Seek, SeekFrom};
    let mut device = device;
    let size = device.seek(SeekFrom::End(0))?;
    device.rewind()?;
    Ok(size)
}

/// What cryptsetup says of a volume; for use within the new root.
pub(crate) fn report(kind: VolumeKind) -> Result<VolumeReport, String> {
    let cryptsetup = |arguments: &[&str]| {
        run(&Run {
            program: "/usr/sbin/cryptsetup",
            arguments,
            input: b"",
            user: User::Root,
            limit: REPORT_LIMIT,
        })
    };
    let device = devices::disk(kind.as_str()).map_err(|error| error.to_string())?;
    let status = cryptsetup(&["status", kind.as_str()])?;
    let dump = cryptsetup(&["luksDump", "--disable-locks", &device.display().to_string()])?;
    luks::report(kind, &status, &dump)
}

/// Closes both volumes, as far as they are open; for use in the initramfs after unmounting.
pub(crate) fn close() {
    for kind in [VolumeKind::Data, VolumeKind::Root] {
        if let Err(error) = cryptsetup_of_base(&["close", kind.as_str()], b"", CLOSE_LIMIT) {
            say(format_args!("volume {kind}: {error}"));
        }
    }
}

/// What ext4 understands and no library wraps.
mod ioctls {
    use super::{AsRawFd, File, io};

    #[repr(C)]
    struct FilesystemUuid {
        length: u32,
        flags: u32,
        uuid: [u8; 16],
    }

    nix::ioctl_write_ptr!(resize_filesystem, b'f', 16, u64);
    // The kernel counts only the fixed part of the structure into the number.
    nix::ioctl_write_ptr_bad!(set_filesystem_uuid, nix::request_code_write!(b'f', 44, 8), FilesystemUuid);

    #[expect(unsafe_code, reason = "EXT4_IOC_RESIZE_FS reads one u64, which is alive during the call")]
    pub(super) fn resize(directory: &File, blocks: u64) -> io::Result<()> {
        unsafe { resize_filesystem(directory.as_raw_fd(), &raw const blocks) }?;
        Ok(())
    }

    #[expect(unsafe_code, reason = "EXT4_IOC_SETFSUUID reads one structure, which is alive during the call")]
    pub(super) fn set_uuid(directory: &File, uuid: [u8; 16]) -> io::Result<()> {
        let argument = FilesystemUuid { length: 16, flags: 0, uuid };
        unsafe { set_filesystem_uuid(directory.as_raw_fd(), &raw const argument) }?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kind: VolumeKind, text: String) -> VolumeKey {
        VolumeKey { kind, unlock_key: Secret::new(text), is_new: true }
    }

    #[test]
    fn keys_are_checked() {
        let good = STANDARD.encode([7; KEY_BYTES]);
        let both = |root: String, data: String| {
            let volumes = vec![key(VolumeKind::Root, root), key(VolumeKind::Data, data)];
            Keys::read(&OpenVolumes { volumes }).map(|keys| keys.data.bytes.to_vec())
        };
        assert_eq!(both(good.clone(), good.clone()), Ok(vec![7; KEY_BYTES]));
        for bad in [
            STANDARD.encode([7; 63]),
            STANDARD.encode([7; 65]),
            STANDARD.encode([7; 66]),
            "?".into(),
            String::new(),
        ] {
            let error = both(good.clone(), bad.clone()).unwrap_err();
            assert_eq!(error, "the unlock key of volume data is not base64 of 64 bytes");
        }
        let once = OpenVolumes { volumes: vec![key(VolumeKind::Root, good.clone())] };
        assert_eq!(Keys::read(&once).err().as_deref(), Some("there must be exactly one key of volume data"));
        let twice =
            OpenVolumes { volumes: vec![key(VolumeKind::Root, good.clone()), key(VolumeKind::Root, good)] };
        assert!(Keys::read(&twice).is_err());
    }
}
