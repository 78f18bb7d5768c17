//! Keys that a provider of software signs with, by another library than the one that verifies.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcKey},
    ecdsa::EcdsaSig,
    error::ErrorStack,
    hash::{MessageDigest, hash},
    nid::Nid,
    pkey::{PKey, Private},
    rsa::{Padding, Rsa},
    sign::{RsaPssSaltlen, Signer},
};
use serde_json::{Value, json};

/// The kinds of keys that providers sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyChoice {
    /// RSA with that many bits.
    Rsa(u32),
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
    /// EdDSA on Ed25519.
    Ed25519,
}

/// A key with its id.
#[derive(Clone)]
pub struct SigningKey {
    /// Its id.
    pub id: String,
    choice: KeyChoice,
    key: PKey<Private>,
}

/// How a token is signed.
#[derive(Clone)]
pub enum Signing {
    /// With the key of that number, by the algorithm that the header says; if it has none of that, by its usual one.
    Key(usize),
    /// The same with a key that is none of the provider's.
    Stranger(SigningKey),
    /// Not at all: with an empty signature.
    Nothing,
    /// With a secret that both share (HMAC with SHA-256).
    Shared(Vec<u8>),
    /// With these bytes.
    Bytes(Vec<u8>),
}

impl SigningKey {
    /// A new key.
    ///
    /// # Errors
    /// If none can be made.
    pub fn new(id: &str, choice: KeyChoice) -> Result<Self, ErrorStack> {
        let curve = |nid| EcGroup::from_curve_name(nid).and_then(|group| EcKey::generate(&group));
        let key = match choice {
            KeyChoice::Rsa(bits) => PKey::from_rsa(Rsa::generate(bits)?)?,
            KeyChoice::P256 => PKey::from_ec_key(curve(Nid::X9_62_PRIME256V1)?)?,
            KeyChoice::P384 => PKey::from_ec_key(curve(Nid::SECP384R1)?)?,
            KeyChoice::Ed25519 => PKey::generate_ed25519()?,
        };
        Ok(Self { id: id.to_owned(), choice, key })
    }

    /// The same key under another id.
    #[must_use]
    pub fn named(&self, id: &str) -> Self {
        Self { id: id.to_owned(), ..self.clone() }
    }

    /// The algorithm that it usually signs with.
    #[must_use]
    pub const fn algorithm(&self) -> &'static str {
        match self.choice {
            KeyChoice::Rsa(_) => "RS256",
            KeyChoice::P256 => "ES256",
            KeyChoice::P384 => "ES384",
            KeyChoice::Ed25519 => "EdDSA",
        }
    }

    /// Its public half, as a JWK.
    #[must_use]
    pub fn public(&self) -> Value {
        let mut public = self.parts().unwrap_or_else(|_| json!({}));
        public["kid"] = json!(self.id);
        public["use"] = json!("sig");
        public
    }

    /// Its public half in PEM: what somebody may take for a secret.
    #[must_use]
    pub fn public_pem(&self) -> Vec<u8> {
        self.key.public_key_to_pem().unwrap_or_default()
    }

    fn parts(&self) -> Result<Value, ErrorStack> {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self.choice {
            KeyChoice::Rsa(_) => {
                let key = self.key.rsa()?;
                Ok(json!({ "kty": "RSA", "n": text(&key.n().to_vec()), "e": text(&key.e().to_vec()) }))
            }
            KeyChoice::P256 | KeyChoice::P384 => {
                let (name, length) =
                    if self.choice == KeyChoice::P256 { ("P-256", 32) } else { ("P-384", 48) };
                let (key, mut context) = (self.key.ec_key()?, BigNumContext::new()?);
                let (mut x, mut y) = (BigNum::new()?, BigNum::new()?);
                key.public_key().affine_coordinates(key.group(), &mut x, &mut y, &mut context)?;
                let (x, y) = (x.to_vec_padded(length)?, y.to_vec_padded(length)?);
                Ok(json!({ "kty": "EC", "crv": name, "x": text(&x), "y": text(&y) }))
            }
            KeyChoice::Ed25519 => {
                Ok(json!({ "kty": "OKP", "crv": "Ed25519", "x": text(&self.key.raw_public_key()?) }))
            }
        }
    }

    fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let digest = match algorithm.get(2..) {
            Some("384") => MessageDigest::sha384(),
            Some("512") => MessageDigest::sha512(),
            _ => MessageDigest::sha256(),
        };
        match self.choice {
            KeyChoice::Rsa(_) => {
                let mut signer = Signer::new(digest, &self.key)?;
                if algorithm.starts_with("PS") {
                    signer.set_rsa_padding(Padding::PKCS1_PSS)?;
                    signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
                }
                signer.sign_oneshot_to_vec(message)
            }
            KeyChoice::P256 => self.sign_on_curve(MessageDigest::sha256(), 32, message),
            KeyChoice::P384 => self.sign_on_curve(MessageDigest::sha384(), 48, message),
            KeyChoice::Ed25519 => Signer::new_without_digest(&self.key)?.sign_oneshot_to_vec(message),
        }
    }

    fn sign_on_curve(
        &self,
        digest: MessageDigest,
        length: i32,
        message: &[u8],
    ) -> Result<Vec<u8>, ErrorStack> {
        let signature = EcdsaSig::sign(&hash(digest, message)?, &*self.key.ec_key()?)?;
        Ok([signature.r().to_vec_padded(length)?, signature.s().to_vec_padded(length)?].concat())
    }
}

/// A token with that header and those claims.
#[must_use]
pub fn token(header: &Value, claims: &Value, signing: &Signing, keys: &[SigningKey]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let (message, algorithm) = (signed.as_bytes(), header["alg"].as_str().unwrap_or_default());
    let signature = match signing {
        Signing::Key(number) => keys[*number].sign(algorithm, message),
        Signing::Stranger(key) => key.sign(algorithm, message),
        Signing::Nothing => Ok(Vec::new()),
        Signing::Shared(secret) => shared(secret, message),
        Signing::Bytes(bytes) => Ok(bytes.clone()),
    };
    // A key that cannot sign makes a token that is refused, which the test that wanted another says.
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.unwrap_or_default()))
}

fn shared(secret: &[u8], message: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let key = PKey::hmac(secret)?;
    Signer::new(MessageDigest::sha256(), &key)?.sign_oneshot_to_vec(message)
}
