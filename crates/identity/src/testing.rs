//! A browser with an authenticator of software, which answers as real ones do or as a hostile one would. Never built into
//! the server.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_cbor_2::Value as Cbor;
use serde_json::{Value, json};

/// Flags of authenticator data (Web Authentication section 6.1).
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const HAS_CREDENTIAL: u8 = 0x40;

/// What went wrong in the browser or the device; a person would see its dialog.
pub type Failure = Box<dyn std::error::Error>;

/// A browser and its authenticator. How it behaves is in its fields: change them between a ceremony and the next.
pub struct SoftAuthenticator {
    /// The origin that the browser is at.
    pub origin: String,
    /// The relying party's id that the device signs for; `None` for the one that it is asked for.
    pub rp_id: Option<String>,
    /// Whether the device sees somebody.
    pub is_present: bool,
    /// Whether the device verifies its user.
    pub is_verified: bool,
    /// Whether its credentials may be copied to other devices, and whether they were.
    pub backup: (bool, bool),
    /// How many signatures it has made; 0 if it does not count.
    pub counter: u32,
    /// Whether the counter goes up with each signature.
    pub counts: bool,
    /// Whether it gives the user handle with its answers, as for a discoverable credential.
    pub is_discoverable: bool,
    /// Whether it makes a credential although it has one that is to be excluded.
    pub ignores_exclusions: bool,
    /// What the browser says of the page that asked: inside another website's.
    pub is_cross_origin: bool,
    credentials: Vec<Held>,
}

struct Held {
    id: Vec<u8>,
    user_handle: Vec<u8>,
    key: EcdsaKeyPair,
}

impl SoftAuthenticator {
    /// One that behaves well and counts, at that origin.
    #[must_use]
    pub fn new(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            rp_id: None,
            is_present: true,
            is_verified: true,
            backup: (false, false),
            counter: 1,
            counts: true,
            is_discoverable: true,
            ignores_exclusions: false,
            is_cross_origin: false,
            credentials: Vec::new(),
        }
    }

    /// Answers `navigator.credentials.create(options)`, as JSON the way `toJSON()` writes it.
    ///
    /// # Errors
    /// If the options are none, or the device has a credential that is to be excluded.
    pub fn create(&mut self, options: &str) -> Result<String, Failure> {
        let options: Value = serde_json::from_str(options)?;
        let asked = &options["publicKey"];
        let excluded = decoded_ids(&asked["excludeCredentials"])?;
        if !self.ignores_exclusions && self.credentials.iter().any(|held| excluded.contains(&held.id)) {
            return Err("InvalidStateError: the device has a credential already".into());
        }
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new())
            .map_err(|_| "no key")?;
        let key =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &SystemRandom::new())
                .map_err(|error| error.to_string())?;
        // Told apart by their keys, so that no two devices have the same.
        let id = digest(&SHA256, key.public_key().as_ref()).as_ref().to_vec();

        let mut data = self.data(text(&asked["rp"]["id"])?, HAS_CREDENTIAL);
        data.extend([0; 16]);
        data.extend(u16::try_from(id.len())?.to_be_bytes());
        data.extend(&id);
        data.extend(serde_cbor_2::to_vec(&cose_key(key.public_key().as_ref())?)?);
        let object = Cbor::Map(
            [
                (Cbor::Text("fmt".into()), Cbor::Text("none".into())),
                (Cbor::Text("attStmt".into()), Cbor::Map([].into())),
                (Cbor::Text("authData".into()), Cbor::Bytes(data)),
            ]
            .into(),
        );
        let answer = json!({
            "id": encode(&id), "rawId": encode(&id), "type": "public-key", "authenticatorAttachment": "platform",
            "response": {
                "attestationObject": encode(&serde_cbor_2::to_vec(&object)?),
                "clientDataJSON": encode(self.client_data("webauthn.create", text(&asked["challenge"])?).as_bytes()),
                "transports": ["internal"],
            },
            "clientExtensionResults": { "credProps": { "rk": self.is_discoverable } },
        });
        self.credentials.push(Held { id, user_handle: decode(text(&asked["user"]["id"])?)?, key });
        Ok(answer.to_string())
    }

    /// Answers `navigator.credentials.get(options)` with the newest credential that may be used, as JSON.
    ///
    /// # Errors
    /// If the options are none, or the device has no such credential.
    pub fn get(&mut self, options: &str) -> Result<String, Failure> {
        let options: Value = serde_json::from_str(options)?;
        let asked = &options["publicKey"];
        let allowed = decoded_ids(&asked["allowCredentials"])?;
        if self.counts {
            self.counter += 1;
        }
        let held = self
            .credentials
            .iter()
            .rev()
            .find(|held| allowed.is_empty() || allowed.contains(&held.id))
            .ok_or("NotAllowedError: the device has no such credential")?;
        let data = self.data(text(&asked["rpId"])?, 0);
        let client_data = self.client_data("webauthn.get", text(&asked["challenge"])?);
        let signed = [data.as_slice(), digest(&SHA256, client_data.as_bytes()).as_ref()].concat();
        let signature = held.key.sign(&SystemRandom::new(), &signed).map_err(|_| "no signature")?;
        let mut response = json!({
            "authenticatorData": encode(&data),
            "clientDataJSON": encode(client_data.as_bytes()),
            "signature": encode(signature.as_ref()),
        });
        // Browsers leave it out where there is none.
        if self.is_discoverable {
            response["userHandle"] = json!(encode(&held.user_handle));
        }
        let answer = json!({
            "id": encode(&held.id), "rawId": encode(&held.id), "type": "public-key", "response": response,
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
        });
        Ok(answer.to_string())
    }

    /// The user handle of the newest credential, as the device keeps it.
    pub fn set_user_handle(&mut self, handle: &[u8]) {
        if let Some(held) = self.credentials.last_mut() {
            held.user_handle = handle.to_vec();
        }
    }

    fn data(&self, asked: &str, flags: u8) -> Vec<u8> {
        let rp_id = self.rp_id.as_deref().unwrap_or(asked);
        let flags = flags
            | if self.is_present { PRESENT } else { 0 }
            | if self.is_verified { VERIFIED } else { 0 }
            | if self.backup.0 { BACKUP_ELIGIBLE } else { 0 }
            | if self.backup.1 { BACKED_UP } else { 0 };
        let mut data = digest(&SHA256, rp_id.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn client_data(&self, kind: &str, challenge: &str) -> String {
        let (origin, is_cross_origin) = (&self.origin, self.is_cross_origin);
        json!({ "type": kind, "challenge": challenge, "origin": origin, "crossOrigin": is_cross_origin })
            .to_string()
    }
}

/// A public key of P-256 as COSE writes it (RFC 9053 section 7.1.1).
fn cose_key(point: &[u8]) -> Result<Cbor, Failure> {
    let (Some(x), Some(y)) = (point.get(1..33), point.get(33..65)) else { return Err("no point".into()) };
    let number = |number: i128| Cbor::Integer(number);
    Ok(Cbor::Map(
        [
            (number(1), number(2)),
            (number(3), number(-7)),
            (number(-1), number(1)),
            (number(-2), Cbor::Bytes(x.to_vec())),
            (number(-3), Cbor::Bytes(y.to_vec())),
        ]
        .into(),
    ))
}

fn decoded_ids(list: &Value) -> Result<Vec<Vec<u8>>, Failure> {
    list.as_array().into_iter().flatten().map(|entry| decode(text(&entry["id"])?)).collect()
}

fn text(value: &Value) -> Result<&str, Failure> {
    value.as_str().ok_or_else(|| "TypeError: the options lack a member".into())
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &str) -> Result<Vec<u8>, Failure> {
    Ok(URL_SAFE_NO_PAD.decode(text)?)
}
