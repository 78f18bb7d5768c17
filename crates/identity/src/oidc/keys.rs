//! A provider's keys (RFC 7517), and whether one of them made a signature, which a library says. Fetches nothing. A key that a
//! token brings along or points to (`jwk`, `jku`, `x5c`, `x5u`) is never looked at.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{JsonWebKey, core::CoreJsonWebKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::{
    algorithms::Algorithm,
    checks::{Check, Refusal},
    tokens::{self, Object, Token},
};

/// Keys that a provider may publish, at most.
const KEYS_MAX: usize = 100;
/// Characters of a key's id, at most.
const ID_CHARS_MAX: usize = 512;
/// Bits of an RSA key, at least (RFC 7518, section 3.3) and at most: more cost time alone.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;
/// What only a private key has, or one that is shared.
const PRIVATE_MEMBERS: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The public keys of a provider that are for signatures taken here. Others that it publishes are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Keys(Vec<Key>);

/// A public key for signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Key {
    id: Option<String>,
    kind: Kind,
    only: Option<Algorithm>,
    library: CoreJsonWebKey,
}

/// What a key's signatures are made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl Keys {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Reads a key set.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let refused = |detail: String| Refusal::new(Check::Keys, detail);
        let set = tokens::object(bytes).map_err(|error| refused(format!("the key set: {error}")))?;
        let Some(Value::Array(list)) = set.get("keys") else {
            return Err(refused("the key set has no list of keys".into()));
        };
        if list.len() > KEYS_MAX {
            return Err(refused(format!("the key set has {} keys", list.len())));
        }
        let keys: Vec<Key> = list.iter().filter_map(Key::read).collect();
        if keys.is_empty() {
            return Err(refused(format!(
                "none of {} keys is for signatures that are taken here",
                list.len()
            )));
        }
        Ok(Self(keys))
    }

    /// The keys that may have signed a token: those of its key id that fit its algorithm, or the only one that fits if it
    /// names none.
    pub(super) fn of(&self, token: &Token<'_>, algorithm: Algorithm) -> Result<Vec<&Key>, Refusal> {
        let refused = |detail: String| Err(Refusal::new(Check::KeyKnown, detail));
        let name = algorithm.name();
        let id = match token.header.get("kid") {
            None => None,
            Some(Value::String(id)) if id.len() <= ID_CHARS_MAX => Some(id.as_str()),
            Some(_) => return refused("the name of the key (kid) is no text, or too long".into()),
        };
        let found: Vec<&Key> = self
            .0
            .iter()
            .filter(|key| key.fits(algorithm) && (id.is_none() || key.id.as_deref() == id))
            .collect();
        match (id, found.len()) {
            (Some(id), 0) => refused(format!("no key for {name} has the id {id}")),
            (None, 0) => refused(format!("no key is for {name}")),
            (None, 2..) => refused(format!("the token names no key (kid), and several are for {name}")),
            _ => Ok(found),
        }
    }
}

/// Which of the keys made the signature of a token.
pub(super) fn signer<'a>(
    keys: &[&'a Key],
    token: &Token<'_>,
    algorithm: Algorithm,
) -> Result<&'a Key, Refusal> {
    let message = token.signed.as_bytes();
    let is_right =
        |key: &Key| key.library.verify_signature(&algorithm.library(), message, &token.signature).is_ok();
    let signer = keys.iter().copied().find(|key| is_right(key));
    signer.ok_or_else(|| Refusal::new(Check::Signature, "the signature is not that of the key"))
}

impl Key {
    /// Reads a key; `None` if it is not for signatures that are taken here.
    fn read(value: &Value) -> Option<Self> {
        let members = value.as_object()?;
        let is_private = PRIVATE_MEMBERS.iter().any(|name| members.contains_key(*name));
        if is_private || !is_for_signatures(members) {
            return None;
        }
        let kind = Kind::of(members)?;
        let only = match members.get("alg") {
            None => None,
            Some(name) => Some(Algorithm::named(name.as_str()?).filter(|only| kind.makes(*only))?),
        };
        let id = match members.get("kid") {
            None => None,
            Some(id) => Some(id.as_str().filter(|id| id.len() <= ID_CHARS_MAX)?.to_owned()),
        };
        let library = serde_json::from_value(value.clone()).ok()?;
        Some(Self { id, kind, only, library })
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        self.kind.makes(algorithm) && self.only.is_none_or(|only| only == algorithm)
    }

    /// Its id, for people.
    pub(super) fn id(&self) -> &str {
        self.id.as_deref().unwrap_or("without an id")
    }

    /// Whether a hash in an ID token is that of something that came with it: the left half of it (OpenID Connect Core, section
    /// 3.1.3.6).
    pub(super) fn is_hash(&self, hash: &str, of: &str, algorithm: Algorithm) -> bool {
        let Ok(whole) = self.library.hash_bytes(of.as_bytes(), &algorithm.library()) else { return false };
        let half = URL_SAFE_NO_PAD.encode(&whole[..whole.len() / 2]);
        half.as_bytes().ct_eq(hash.as_bytes()).into()
    }
}

impl Kind {
    fn of(members: &Object) -> Option<Self> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        match (text("kty")?, text("crv")) {
            ("RSA", None) => RSA_BITS.contains(&bits(text("n")?)?).then_some(Self::Rsa),
            ("EC", Some("P-256")) => Some(Self::P256),
            ("EC", Some("P-384")) => Some(Self::P384),
            ("OKP", Some("Ed25519")) => Some(Self::Ed25519),
            _ => None,
        }
    }

    const fn makes(self, algorithm: Algorithm) -> bool {
        use Algorithm::{EdDsa, Es256, Es384, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
        matches!(
            (self, algorithm),
            (Self::Rsa, Rs256 | Rs384 | Rs512 | Ps256 | Ps384 | Ps512)
                | (Self::P256, Es256)
                | (Self::P384, Es384)
                | (Self::Ed25519, EdDsa)
        )
    }
}

/// Whether a key may be used to verify signatures, as far as it says for what it is (RFC 7517, sections 4.2 and 4.3).
fn is_for_signatures(members: &Object) -> bool {
    let is_used = members.get("use").is_none_or(|purpose| purpose == "sig");
    let operations = members.get("key_ops");
    is_used
        && operations
            .is_none_or(|list| list.as_array().is_some_and(|list| list.iter().any(|o| o == "verify")))
}

/// The bits of a number in base64url, without zeros before it.
fn bits(number: &str) -> Option<usize> {
    let bytes = URL_SAFE_NO_PAD.decode(number).ok()?;
    let first = bytes.iter().position(|byte| *byte != 0)?;
    Some((bytes.len() - first) * 8 - bytes[first].leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rsa(bits: usize) -> Value {
        let mut bytes = vec![0xff; bits / 8];
        bytes.insert(0, 0);
        json!({ "kty": "RSA", "kid": "a", "n": URL_SAFE_NO_PAD.encode(bytes), "e": "AQAB" })
    }

    fn with(mut key: Value, name: &str, value: Value) -> Value {
        key[name] = value;
        key
    }

    fn is_taken(key: &Value) -> bool {
        let set = json!({ "keys": [key, rsa(2048)] });
        Keys::read(set.to_string().as_bytes()).unwrap().count() == 2
    }

    #[test]
    fn asvs_11_2_3_only_keys_for_signatures_that_are_long_enough_are_taken() {
        let point = URL_SAFE_NO_PAD.encode([7; 32]);
        let ec = json!({ "kty": "EC", "crv": "P-256", "x": point, "y": point });
        let okp = json!({ "kty": "OKP", "crv": "Ed25519", "x": point });
        for good in [
            rsa(2048),
            rsa(3072),
            rsa(4096),
            ec.clone(),
            okp.clone(),
            with(rsa(2048), "use", json!("sig")),
            with(rsa(2048), "alg", json!("PS256")),
            with(rsa(2048), "key_ops", json!(["verify"])),
            with(rsa(2048), "x5c", json!(["anything"])),
        ] {
            assert!(is_taken(&good), "{good}");
        }
        for bad in [
            rsa(1024),
            rsa(2040),
            rsa(4104),
            json!("key"),
            json!({}),
            json!({ "kty": "oct", "k": point }),
            with(rsa(2048), "d", json!(point)),
            with(rsa(2048), "use", json!("enc")),
            with(rsa(2048), "key_ops", json!(["sign"])),
            with(rsa(2048), "key_ops", json!("verify")),
            with(rsa(2048), "alg", json!("RSA-OAEP")),
            with(rsa(2048), "alg", json!("HS256")),
            with(rsa(2048), "alg", json!("none")),
            with(rsa(2048), "alg", json!("ES256")),
            with(rsa(2048), "alg", json!(1)),
            with(rsa(2048), "kid", json!(1)),
            with(rsa(2048), "kid", json!("k".repeat(513))),
            with(rsa(2048), "n", json!("****")),
            with(rsa(2048), "n", json!("AAAA")),
            with(ec.clone(), "crv", json!("P-521")),
            with(ec, "crv", json!("secp256k1")),
            with(okp, "crv", json!("X25519")),
        ] {
            assert!(!is_taken(&bad), "{bad}");
        }
    }

    #[test]
    fn a_set_without_a_key_is_refused() {
        let many = json!({ "keys": vec![rsa(2048); KEYS_MAX + 1] }).to_string();
        for set in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[]}"#, r#"{"keys":[{}]}"#, many.as_str()] {
            let refusal = Keys::read(set.as_bytes()).unwrap_err();
            assert_eq!(refusal.check, Check::Keys);
        }
    }

    #[test]
    fn keys_are_kept_as_they_are() {
        let keys = Keys::read(json!({ "keys": [rsa(2048)] }).to_string().as_bytes()).unwrap();
        let kept: Keys = serde_json::from_str(&serde_json::to_string(&keys).unwrap()).unwrap();
        assert_eq!(kept, keys);
    }
}
