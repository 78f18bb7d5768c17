//! The guest image that all VMs share: found, checked against its manifest, opened. Does not build it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::files;
use crate::{Error, fingerprints::hex};

const FORMAT: u32 = 1;
const CHUNK_BYTES: usize = 1024 * 1024;
/// Kernel (uncompressed, so that emulation need not unpack it), first root filesystem with the agent, base system.
const NAMES: [&str; 3] = ["vmlinux", "initramfs.cpio", "base.erofs"];

/// An image whose files have the hashes that its manifest lists.
pub(crate) struct Image {
    directory: PathBuf,
    /// Changes when any file does.
    pub(crate) fingerprint: String,
}

/// The image's files, open for reading.
pub(crate) struct OpenImage {
    pub(crate) kernel: File,
    pub(crate) initramfs: File,
    pub(crate) base: File,
}

#[derive(Deserialize)]
struct Manifest {
    format: u32,
    files: BTreeMap<String, ManifestFile>,
}

#[derive(Deserialize)]
struct ManifestFile {
    sha256: String,
    bytes: u64,
}

/// Hashes that were computed before, by what shows that a file has not changed since.
#[derive(Default, Serialize, Deserialize)]
struct Checked(BTreeMap<String, String>);

impl Image {
    /// Checks the image. Hashing 120 MB takes a moment, so the hashes of unchanged files are remembered.
    pub(crate) fn check(directory: &Path, state_dir: &Path) -> Result<Self, Error> {
        let manifest = directory.join("manifest.json");
        let Some(manifest) = files::read_json::<Manifest>(&manifest)? else {
            return Err(missing(format!("There is no guest image in {}", directory.display())));
        };
        if manifest.format != FORMAT {
            return Err(missing(format!("The guest image has format {}, not {FORMAT}", manifest.format)));
        }
        let cache = state_dir.join("image.json");
        let known: Checked = files::read_json(&cache).unwrap_or_default().unwrap_or_default();
        let mut checked = Checked::default();
        let mut fingerprint = Vec::new();
        for name in NAMES {
            let path = directory.join(name);
            let lacks = || missing(format!("The guest image lacks {}", path.display()));
            let wanted = manifest.files.get(name).ok_or_else(lacks)?;
            let metadata = path.metadata().map_err(|_| lacks())?;
            let identity = format!(
                "{} {} {} {}.{:09}",
                path.display(),
                metadata.ino(),
                metadata.len(),
                metadata.mtime(),
                metadata.mtime_nsec()
            );
            let hash = match known.0.get(&identity) {
                Some(hash) => hash.clone(),
                None => hash(&path).map_err(files::failed(format!("read {}", path.display())))?,
            };
            if hash != wanted.sha256 || metadata.len() != wanted.bytes {
                return Err(missing(format!("{} is not what the image's manifest lists", path.display())));
            }
            fingerprint.extend_from_slice(hash.as_bytes());
            checked.0.insert(identity, hash);
        }
        if checked.0 != known.0 {
            files::write_json(&cache, &checked)?;
        }
        Ok(Self {
            directory: directory.to_owned(),
            fingerprint: crate::fingerprints::sha256_hex(&fingerprint),
        })
    }

    pub(crate) fn open(&self) -> Result<OpenImage, Error> {
        let open = |name: &str| {
            let path = self.directory.join(name);
            File::open(&path).map_err(files::failed(format!("open {}", path.display())))
        };
        let [kernel, initramfs, base] = NAMES;
        Ok(OpenImage { kernel: open(kernel)?, initramfs: open(initramfs)?, base: open(base)? })
    }
}

fn missing(what: String) -> Error {
    Error::Missing { what, remedy: "Run `make image`.".into() }
}

fn hash(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(hex(digest.finish().as_ref())),
            count => digest.update(&chunk[..count]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(directory: &Path) {
        let mut listed = serde_json::Map::new();
        for name in NAMES {
            std::fs::write(directory.join(name), name).unwrap();
            let sha256 = crate::fingerprints::sha256_hex(name.as_bytes());
            listed.insert(name.into(), serde_json::json!({ "sha256": sha256, "bytes": name.len() }));
        }
        let manifest = serde_json::json!({ "format": 1, "kernel": "6.1", "files": listed, "packages": [] });
        std::fs::write(directory.join("manifest.json"), manifest.to_string()).unwrap();
    }

    #[test]
    fn a_changed_file_is_noticed() {
        let (directory, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let check = || Image::check(directory.path(), state.path());
        let error = check().err().unwrap().to_string();
        assert!(error.contains("make image"), "{error}");
        image(directory.path());
        let first = check().unwrap().fingerprint;
        assert_eq!(check().unwrap().fingerprint, first);
        check().unwrap().open().unwrap();
        std::fs::write(directory.path().join("vmlinux"), "vmlinuz").unwrap();
        assert!(check().err().unwrap().to_string().contains("not what the image's manifest lists"));
    }
}
