//! The host key, and unlock keys sealed with it. Unlock keys leave this module only as [`UnlockKey`], which wipes itself.

use std::{collections::BTreeMap, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use domain::{ids::NodeId, states::VolumeKind};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{commands::Program, files};
use crate::{Error, fingerprints::sha256_hex};

/// Length of an unlock key: 512 random bits need no stretching.
pub(crate) const UNLOCK_KEY_BYTES: usize = 64;
const HOST_KEY_BYTES: usize = 32;
const FORMAT: u32 = 1;
/// Name under which systemd-creds binds the host key.
const CREDENTIAL: &str = "redoubt-host-key";

/// What opens a volume. No `Debug`; wiped when dropped.
pub(crate) struct UnlockKey(Zeroizing<[u8; UNLOCK_KEY_BYTES]>);

/// What seals unlock keys. No `Debug`.
pub(crate) struct HostKey(LessSafeKey);

/// The sealed unlock keys of one node: useless without the host key and for any other node or volume.
#[derive(Serialize, Deserialize)]
pub(crate) struct SealedKeys {
    format: u32,
    keys: BTreeMap<VolumeKind, SealedKey>,
}

#[derive(Serialize, Deserialize)]
struct SealedKey {
    nonce: String,
    sealed: String,
}

impl UnlockKey {
    pub(crate) fn random() -> Result<Self, Error> {
        let mut bytes = Zeroizing::new([0; UNLOCK_KEY_BYTES]);
        fill(bytes.as_mut())?;
        Ok(Self(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    pub(crate) fn fingerprint(&self) -> String {
        sha256_hex(self.bytes())
    }

    /// As the agent wants it.
    pub(crate) fn base64(&self) -> domain::secrets::Secret {
        domain::secrets::Secret::new(BASE64.encode(self.bytes()))
    }
}

impl HostKey {
    /// Reads the host key, or makes one at first start: with the TPM if the machine has one, else a root-only file.
    pub(crate) fn open(state_dir: &Path) -> Result<Self, Error> {
        let file = state_dir.join("host.key");
        let credential = state_dir.join("host.key.tpm2");
        let bytes = if files::exists(&credential) {
            from_tpm(&credential)?
        } else if let Some(bytes) = files::read(&file)? {
            bytes
        } else {
            let mut bytes = Zeroizing::new(vec![0; HOST_KEY_BYTES]);
            fill(&mut bytes)?;
            if !has_tpm() || to_tpm(&bytes, &credential).is_err() {
                files::write(&file, &bytes)?;
            }
            bytes
        };
        let key = UnboundKey::new(&AES_256_GCM, &bytes)
            .map_err(|_| Error::State(format!("{} does not hold {HOST_KEY_BYTES} bytes.", file.display())))?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Seals the keys of a node's volumes.
    pub(crate) fn seal(&self, node: NodeId, keys: &[(VolumeKind, &UnlockKey)]) -> Result<SealedKeys, Error> {
        let seal = |&(kind, key): &(VolumeKind, &UnlockKey)| {
            let mut nonce = [0; NONCE_LEN];
            fill(&mut nonce)?;
            // Room for the tag, so that sealing in place does not move the key.
            let mut bytes = Zeroizing::new(Vec::with_capacity(UNLOCK_KEY_BYTES + AES_256_GCM.tag_len()));
            bytes.extend_from_slice(key.bytes());
            self.0
                .seal_in_place_append_tag(
                    Nonce::assume_unique_for_key(nonce),
                    context(node, kind),
                    &mut *bytes,
                )
                .map_err(|_| Error::State("An unlock key could not be sealed.".into()))?;
            Ok((kind, SealedKey { nonce: BASE64.encode(nonce), sealed: BASE64.encode(&*bytes) }))
        };
        Ok(SealedKeys { format: FORMAT, keys: keys.iter().map(seal).collect::<Result<_, Error>>()? })
    }

    /// Unseals the key of one volume.
    pub(crate) fn unseal(
        &self,
        node: NodeId,
        kind: VolumeKind,
        sealed: &SealedKeys,
    ) -> Result<UnlockKey, Error> {
        let foreign = || {
            Error::State(format!(
                "The sealed key of the {kind} volume does not belong to this host and node."
            ))
        };
        let entry = sealed.keys.get(&kind).filter(|_| sealed.format == FORMAT).ok_or_else(foreign)?;
        let nonce = BASE64.decode(&entry.nonce).map_err(|_| foreign())?;
        let nonce = Nonce::try_assume_unique_for_key(&nonce).map_err(|_| foreign())?;
        let mut bytes = Zeroizing::new(BASE64.decode(&entry.sealed).map_err(|_| foreign())?);
        let opened = self.0.open_in_place(nonce, context(node, kind), &mut bytes).map_err(|_| foreign())?;
        let mut key = Zeroizing::new([0; UNLOCK_KEY_BYTES]);
        if opened.len() != key.len() {
            return Err(foreign());
        }
        key.copy_from_slice(opened);
        Ok(UnlockKey(key))
    }
}

/// What a sealed key is bound to.
fn context(node: NodeId, kind: VolumeKind) -> Aad<Vec<u8>> {
    Aad::from(format!("redoubt unlock key/{FORMAT} node {node} volume {kind}").into_bytes())
}

/// Bytes of the system's random source.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    let filled = SystemRandom::new().fill(bytes);
    filled.map_err(|_| Error::State("The system's random source failed.".into()))
}

fn has_tpm() -> bool {
    let works = || Program::find("systemd-creds")?.arguments(["has-tpm2", "--quiet"]).succeed();
    Path::new("/dev/tpmrm0").exists() && works().is_ok()
}

fn to_tpm(key: &[u8], credential: &Path) -> Result<(), Error> {
    let name = format!("--name={CREDENTIAL}");
    let arguments = ["encrypt", "--with-key=tpm2", &name, "-", "-"];
    let sealed = Program::find("systemd-creds")?.arguments(arguments).input(key).succeed()?;
    files::write(credential, &sealed.output)?;
    // Only a credential that opens again may replace the file.
    match from_tpm(credential) {
        Ok(opened) if *opened == key => Ok(()),
        _ => {
            files::remove(credential)?;
            Err(Error::State("The TPM does not give back what it sealed.".into()))
        }
    }
}

fn from_tpm(credential: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let sealed = files::read(credential)?.unwrap_or_default();
    let name = format!("--name={CREDENTIAL}");
    let opened =
        Program::find("systemd-creds")?.arguments(["decrypt", &name, "-", "-"]).input(&sealed).succeed()?;
    Ok(opened.output)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn node(number: u8) -> NodeId {
        format!("0190a000-0000-7000-8000-0000000000{number:02x}").parse().unwrap()
    }

    #[test]
    fn a_sealed_key_opens_only_with_its_host_node_and_volume() {
        let directory = tempfile::tempdir().unwrap();
        let host = HostKey::open(directory.path()).unwrap();
        let key = UnlockKey::random().unwrap();
        let sealed = host.seal(node(1), &[(VolumeKind::Root, &key)]).unwrap();
        let again = HostKey::open(directory.path()).unwrap();
        assert!(again.unseal(node(1), VolumeKind::Root, &sealed).unwrap().bytes() == key.bytes());
        assert!(host.unseal(node(2), VolumeKind::Root, &sealed).is_err());
        assert!(host.unseal(node(1), VolumeKind::Data, &sealed).is_err());
        let elsewhere = tempfile::tempdir().unwrap();
        assert!(HostKey::open(elsewhere.path()).unwrap().unseal(node(1), VolumeKind::Root, &sealed).is_err());
        let text = serde_json::to_string(&sealed).unwrap();
        assert!(!text.contains(key.base64().expose()));
    }

    #[test]
    fn the_host_key_is_for_its_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        HostKey::open(directory.path()).unwrap();
        let mode = directory.path().join("host.key").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_broken_host_key_is_never_replaced() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("host.key"), b"short").unwrap();
        assert!(HostKey::open(directory.path()).is_err());
        assert_eq!(std::fs::read(directory.path().join("host.key")).unwrap(), b"short");
    }
}
