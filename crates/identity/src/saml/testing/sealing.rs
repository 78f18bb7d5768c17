//! Encrypts assertions as identity providers do, and as attackers would. Chooses no algorithm.

use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::{
    encrypt::Encrypter,
    error::ErrorStack,
    hash::MessageDigest,
    rsa::Padding,
    symm::{Cipher, Crypter, Mode, encrypt_aead},
    x509::X509,
};

use super::Failure;

/// How an assertion is encrypted.
#[derive(Clone, Copy, Debug)]
pub struct EncryptionDraft {
    /// The end of the URI of the data's algorithm: `aes256-gcm`.
    pub data: &'static str,
    /// The algorithm of the key, a URI.
    pub key: &'static str,
    /// Whether the key stands beside the data instead of within.
    pub is_beside: bool,
}

/// What was encrypted, before it becomes XML: hostile ones are changed here.
#[derive(Clone)]
pub struct Sealed {
    /// The algorithm of the data, a URI.
    pub algorithm: String,
    /// Initial vector, data, tag.
    pub data: Vec<u8>,
    /// The key of the data, encrypted.
    pub key: Vec<u8>,
    /// The key of the data.
    pub secret: Vec<u8>,
}

/// Encrypts bytes to the holder of a certificate (in DER).
///
/// # Errors
/// If OpenSSL cannot, or the algorithm is not known here.
pub fn seal(plain: &[u8], recipient: &[u8], how: EncryptionDraft) -> Result<Sealed, Failure> {
    let (cipher, is_authenticated, namespace) = match how.data {
        "aes128-gcm" => (Cipher::aes_128_gcm(), true, "http://www.w3.org/2009/xmlenc11#"),
        "aes192-gcm" => (Cipher::aes_192_gcm(), true, "http://www.w3.org/2009/xmlenc11#"),
        "aes256-gcm" => (Cipher::aes_256_gcm(), true, "http://www.w3.org/2009/xmlenc11#"),
        "aes128-cbc" => (Cipher::aes_128_cbc(), false, "http://www.w3.org/2001/04/xmlenc#"),
        "aes192-cbc" => (Cipher::aes_192_cbc(), false, "http://www.w3.org/2001/04/xmlenc#"),
        "aes256-cbc" => (Cipher::aes_256_cbc(), false, "http://www.w3.org/2001/04/xmlenc#"),
        "tripledes-cbc" => (Cipher::des_ede3_cbc(), false, "http://www.w3.org/2001/04/xmlenc#"),
        other => return Err(format!("no algorithm {other}").into()),
    };
    let mut key = vec![0; cipher.key_len()];
    openssl::rand::rand_bytes(&mut key)?;
    let mut data = vec![0; cipher.iv_len().unwrap_or(0)];
    openssl::rand::rand_bytes(&mut data)?;
    let vector = data.clone();
    if is_authenticated {
        let mut tag = [0; 16];
        data.extend(encrypt_aead(cipher, &key, Some(&vector), &[], plain, &mut tag)?);
        data.extend(tag);
    } else {
        data.extend(encrypt_blocks(cipher, &key, &vector, plain)?);
    }
    let wrapped = wrap(&key, recipient, how.key)?;
    Ok(Sealed { algorithm: format!("{namespace}{}", how.data), data, key: wrapped, secret: key })
}

/// Encrypts an assertion to the holder of a certificate (in DER), as an `EncryptedAssertion`.
///
/// # Errors
/// If OpenSSL cannot, or the algorithm is not known here.
pub fn encrypt(plain: &[u8], recipient: &[u8], how: EncryptionDraft) -> Result<String, Failure> {
    Ok(seal(plain, recipient, how)?.xml(how))
}

fn encrypt_blocks(cipher: Cipher, key: &[u8], vector: &[u8], plain: &[u8]) -> Result<Vec<u8>, Failure> {
    let block = cipher.block_size();
    let padding = block - plain.len() % block;
    let mut padded = plain.to_vec();
    padded.resize(plain.len() + padding, 0);
    if let Some(last) = padded.last_mut() {
        *last = u8::try_from(padding)?;
    }
    let mut crypter = Crypter::new(cipher, Mode::Encrypt, key, Some(vector))?;
    crypter.pad(false);
    let mut out = vec![0; padded.len() + block];
    let mut length = crypter.update(&padded, &mut out)?;
    length += crypter.finalize(&mut out[length..])?;
    out.truncate(length);
    Ok(out)
}

/// Encrypts a key to the holder of a certificate (in DER), as that algorithm does it when nothing else is said.
///
/// # Errors
/// If OpenSSL cannot.
pub fn wrap(key: &[u8], recipient: &[u8], algorithm: &str) -> Result<Vec<u8>, Failure> {
    if algorithm.ends_with("rsa-1_5") {
        return wrapped(key, recipient, |encrypter| encrypter.set_rsa_padding(Padding::PKCS1));
    }
    let digest =
        if algorithm.ends_with("#rsa-oaep") { MessageDigest::sha256() } else { MessageDigest::sha1() };
    wrap_with(key, recipient, digest, digest)
}

/// Encrypts a key to the holder of a certificate (in DER) with OAEP, of these digests of the label and of the mask.
///
/// # Errors
/// If OpenSSL cannot.
pub fn wrap_with(
    key: &[u8],
    recipient: &[u8],
    digest: MessageDigest,
    mask: MessageDigest,
) -> Result<Vec<u8>, Failure> {
    wrapped(key, recipient, |encrypter| {
        encrypter.set_rsa_padding(Padding::PKCS1_OAEP)?;
        encrypter.set_rsa_oaep_md(digest)?;
        encrypter.set_rsa_mgf1_md(mask)
    })
}

fn wrapped(
    key: &[u8],
    recipient: &[u8],
    set: impl Fn(&mut Encrypter<'_>) -> Result<(), ErrorStack>,
) -> Result<Vec<u8>, Failure> {
    let recipient = X509::from_der(recipient)?.public_key()?;
    let mut encrypter = Encrypter::new(&recipient)?;
    set(&mut encrypter)?;
    let mut out = vec![0; encrypter.encrypt_len(key)?];
    let length = encrypter.encrypt(key, &mut out)?;
    out.truncate(length);
    Ok(out)
}

impl Sealed {
    /// The XML of an encrypted assertion with these values.
    #[must_use]
    pub fn xml(&self, how: EncryptionDraft) -> String {
        let details = if how.key.ends_with("#rsa-oaep") {
            r#"<ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><xenc11:MGF xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" Algorithm="http://www.w3.org/2009/xmlenc11#mgf1sha256"/>"#
        } else {
            ""
        };
        let key = format!(
            r#"<xenc:EncryptedKey xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"><xenc:EncryptionMethod Algorithm="{}">{details}</xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>"#,
            how.key,
            STANDARD.encode(&self.key)
        );
        let (info, beside) = if how.is_beside {
            (String::new(), key)
        } else {
            let info =
                format!(r#"<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{key}</ds:KeyInfo>"#);
            (info, String::new())
        };
        format!(
            r#"<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Id="_data-0123456789" Type="http://www.w3.org/2001/04/xmlenc#Element"><xenc:EncryptionMethod Algorithm="{}"/>{info}<xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>{beside}</saml:EncryptedAssertion>"#,
            self.algorithm,
            STANDARD.encode(&self.data)
        )
    }
}
