//! Envelope encryption of secrets at rest: the master key wraps organization keys, those seal single values.
//!
//! AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce per value. The associated data is table, column and row
//! id, so that a sealed value moved to another row does not open. Volume keys never come here.

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf, hmac,
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::Random;

/// Bytes of every key here.
pub const KEY_BYTES: usize = 32;

/// The key that wraps all others: a file of mode 0600, a systemd credential or a variable of the environment.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; KEY_BYTES]);

impl MasterKey {
    /// Takes raw bytes over.
    #[must_use]
    pub const fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }
}

/// The key of one organization, unwrapped for the length of an operation.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct OrganizationKey([u8; KEY_BYTES]);

/// A value did not open: the wrong key, the wrong row, or changed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value of {0} does not open with this key")]
pub struct SealBroken(pub &'static str);

/// Where a sealed value lives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// `table.column`.
    pub column: &'static str,
    /// Id of the row.
    pub row: uuid::Uuid,
}

impl MasterKey {
    /// Makes a new organization key and its wrapped form.
    pub(crate) fn make_organization_key(
        &self,
        random: &dyn Random,
        organization: uuid::Uuid,
    ) -> (OrganizationKey, Vec<u8>) {
        let mut key = OrganizationKey([0; KEY_BYTES]);
        random.fill(&mut key.0);
        let wrapped = seal(&self.0, random, wrapped_key(organization), &key.0);
        (key, wrapped)
    }

    /// Unwraps an organization key.
    pub(crate) fn organization_key(
        &self,
        organization: uuid::Uuid,
        wrapped: &[u8],
    ) -> Result<OrganizationKey, SealBroken> {
        let bytes = open(&self.0, wrapped_key(organization), wrapped)?;
        let bytes: [u8; KEY_BYTES] = bytes.as_slice().try_into().map_err(|_| SealBroken("organizations"))?;
        Ok(OrganizationKey(bytes))
    }

    /// Seals a value of the whole installation.
    pub(crate) fn seal(&self, random: &dyn Random, place: Place, value: &[u8]) -> Vec<u8> {
        seal(&self.0, random, place, value)
    }

    /// A key for signing what is given out and comes back, derived by HKDF (RFC 5869); the purpose keeps keys apart.
    pub(crate) fn signing_key(&self, purpose: &str) -> hmac::Key {
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, b"redoubt").extract(&self.0);
        let info = [purpose.as_bytes()];
        #[expect(clippy::expect_used, reason = "fails only for keys of many kilobytes")]
        let expanded = extracted.expand(&info, hmac::HMAC_SHA256).expect("a short key");
        expanded.into()
    }

    /// Opens a value of the whole installation.
    pub(crate) fn open(&self, place: Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
        open(&self.0, place, sealed)
    }
}

impl OrganizationKey {
    /// Seals a value of one row.
    pub(crate) fn seal(&self, random: &dyn Random, place: Place, value: &[u8]) -> Vec<u8> {
        seal(&self.0, random, place, value)
    }

    /// Opens a value of one row.
    pub(crate) fn open(&self, place: Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
        open(&self.0, place, sealed)
    }
}

const fn wrapped_key(organization: uuid::Uuid) -> Place {
    Place { column: "organizations.wrapped_key", row: organization }
}

fn cipher(key: &[u8; KEY_BYTES]) -> LessSafeKey {
    #[expect(clippy::expect_used, reason = "32 bytes are the length of this key, by type")]
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("a key of 32 bytes"))
}

fn associated_data(place: Place) -> Vec<u8> {
    [place.column.as_bytes(), &[0], place.row.as_bytes()].concat()
}

fn seal(key: &[u8; KEY_BYTES], random: &dyn Random, place: Place, value: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE_LEN];
    random.fill(&mut nonce);
    let mut sealed = value.to_vec();
    #[expect(clippy::expect_used, reason = "fails only for values of many gigabytes")]
    cipher(key)
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(associated_data(place)),
            &mut sealed,
        )
        .expect("a short value");
    [&nonce[..], &sealed].concat()
}

fn open(key: &[u8; KEY_BYTES], place: Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
    let broken = SealBroken(place.column);
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(broken)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken)?;
    let mut body = Zeroizing::new(body.to_vec());
    let length = cipher(key)
        .open_in_place(nonce, Aad::from(associated_data(place)), &mut body)
        .map_err(|_| broken)?
        .len();
    body.truncate(length);
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    #[test]
    fn values_open_only_with_their_key_in_their_row_unchanged() {
        let (random, row) = (SystemRandom, uuid::Uuid::from_u128(7));
        let master = MasterKey::new([1; KEY_BYTES]);
        let (key, wrapped) = master.make_organization_key(&random, row);
        let place = Place { column: "services.password_sealed", row };
        let sealed = key.seal(&random, place, b"s3cret");
        assert!(!sealed.windows(6).any(|part| part == b"s3cret"));
        assert_ne!(sealed, key.seal(&random, place, b"s3cret"), "a new nonce each time");

        let again = master.organization_key(row, &wrapped).unwrap();
        assert_eq!(again.open(place, &sealed).unwrap().as_slice(), b"s3cret");

        assert!(MasterKey::new([2; KEY_BYTES]).organization_key(row, &wrapped).is_err());
        assert!(master.organization_key(uuid::Uuid::from_u128(8), &wrapped).is_err());
        assert!(again.open(Place { row: uuid::Uuid::from_u128(8), ..place }, &sealed).is_err());
        assert!(again.open(Place { column: "services.host", ..place }, &sealed).is_err());
        for index in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[index] ^= 1;
            assert!(again.open(place, &flipped).is_err(), "byte {index}");
        }
        assert!(again.open(place, &sealed[..5]).is_err());
    }
}
