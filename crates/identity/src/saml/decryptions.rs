//! Decrypts an encrypted assertion (XML Encryption 1.1): AES in GCM or CBC, its key with RSA-OAEP. Believes nothing of
//! what comes out. RSA PKCS #1 v1.5 and Triple DES are refused.

use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::{
    encrypt::Decrypter,
    hash::MessageDigest,
    pkey::{PKey, Private},
    rsa::Padding,
    symm::{Cipher, Crypter, Mode, decrypt_aead},
};
use roxmltree::Node;

use super::{
    ENCRYPTION, SIGNATURE,
    checks::{Check, Refusal},
    looks::{elements, is, named, text},
};

/// Namespace of XML Encryption 1.1.
const ENCRYPTION_11: &str = "http://www.w3.org/2009/xmlenc11#";
/// Bytes of the tag of GCM.
const TAG_BYTES: usize = 16;
/// Bytes of a block of AES.
const BLOCK_BYTES: usize = 16;
/// What an encrypted element is said to be.
const ELEMENT_KIND: &str = "http://www.w3.org/2001/04/xmlenc#Element";

/// An algorithm for the data.
#[derive(Clone, Copy)]
struct DataMethod {
    cipher: fn() -> Cipher,
    key_bytes: usize,
    is_authenticated: bool,
}

/// How the key of the data was encrypted.
struct KeyMethod {
    digest: MessageDigest,
    mask: MessageDigest,
    label: Vec<u8>,
}

/// Decrypts the content of a `saml:EncryptedAssertion` with one of our keys (two while they are rolled over). Every
/// failure that depends on a key says the same, so that the answer is no oracle.
pub(super) fn decrypt(node: Node<'_, '_>, keys: &[PKey<Private>]) -> Result<String, Refusal> {
    let (data, beside) = match elements(node, Check::Decryption)?.as_slice() {
        [data] => (*data, None),
        [data, key] if is(*key, ENCRYPTION, "EncryptedKey") => (*data, Some(*key)),
        _ => return Err(bad("not one EncryptedData")),
    };
    let kind = data.attribute("Type").unwrap_or(ELEMENT_KIND);
    if !is(data, ENCRYPTION, "EncryptedData") || kind != ELEMENT_KIND {
        return Err(bad(format!("{} of type {kind}", named(data))));
    }
    let method = data_method(data)?;
    let key = encrypted_key(data, beside)?;
    let key_method = key_method(key)?;
    let (wrapped, sealed) = (cipher_value(key)?, cipher_value(data)?);
    // Whatever fails from here on depends on a secret.
    keys.iter()
        .filter_map(|own| unwrap(own, &key_method, &wrapped))
        .filter(|key| key.len() == method.key_bytes)
        .find_map(|key| open(method, &key, &sealed))
        .and_then(|plain| String::from_utf8(plain).ok())
        .ok_or_else(undecipherable)
}

/// Why something is refused as soon as our key decides what is seen: the same, whether the key, the padding or the text
/// that came out was wrong. In CBC whoever learns more than that can have texts decrypted bit by bit.
pub(super) fn undecipherable() -> Refusal {
    bad("it cannot be decrypted with our key, or what was encrypted is no XML that is taken")
}

fn bad(detail: impl AsRef<str>) -> Refusal {
    Refusal::new(Check::Decryption, detail)
}

fn data_method(data: Node<'_, '_>) -> Result<DataMethod, Refusal> {
    let method = part(data, ENCRYPTION, "EncryptionMethod")?;
    let (cipher, key_bytes, is_authenticated): (fn() -> Cipher, usize, bool) =
        match method.attribute("Algorithm").unwrap_or_default() {
            "http://www.w3.org/2009/xmlenc11#aes128-gcm" => (Cipher::aes_128_gcm, 16, true),
            "http://www.w3.org/2009/xmlenc11#aes192-gcm" => (Cipher::aes_192_gcm, 24, true),
            "http://www.w3.org/2009/xmlenc11#aes256-gcm" => (Cipher::aes_256_gcm, 32, true),
            "http://www.w3.org/2001/04/xmlenc#aes128-cbc" => (Cipher::aes_128_cbc, 16, false),
            "http://www.w3.org/2001/04/xmlenc#aes192-cbc" => (Cipher::aes_192_cbc, 24, false),
            "http://www.w3.org/2001/04/xmlenc#aes256-cbc" => (Cipher::aes_256_cbc, 32, false),
            other => return Err(bad(format!("data encrypted by {other:?}"))),
        };
    Ok(DataMethod { cipher, key_bytes, is_authenticated })
}

/// The `EncryptedKey`: within the data's `KeyInfo`, or beside the data (SAML core, section 2.3.4), where the `KeyInfo`
/// may say so with a `RetrievalMethod` that is not followed.
fn encrypted_key<'a, 'input>(
    data: Node<'a, 'input>,
    beside: Option<Node<'a, 'input>>,
) -> Result<Node<'a, 'input>, Refusal> {
    let within = data
        .children()
        .filter(|child| is(*child, SIGNATURE, "KeyInfo"))
        .flat_map(|info| info.children())
        .filter(|child| is(*child, ENCRYPTION, "EncryptedKey"));
    let mut found = within.chain(beside);
    match (found.next(), found.next()) {
        (Some(key), None) => Ok(key),
        (None, _) => Err(bad("no EncryptedKey")),
        _ => Err(bad("several EncryptedKeys")),
    }
}

fn key_method(key: Node<'_, '_>) -> Result<KeyMethod, Refusal> {
    let method = part(key, ENCRYPTION, "EncryptionMethod")?;
    let algorithm = method.attribute("Algorithm").unwrap_or_default();
    let own = |namespace, name| method.children().find(|child| is(*child, namespace, name));
    let digest =
        match own(SIGNATURE, "DigestMethod").map(|node| node.attribute("Algorithm").unwrap_or_default()) {
            None | Some("http://www.w3.org/2000/09/xmldsig#sha1") => MessageDigest::sha1(),
            Some("http://www.w3.org/2001/04/xmlenc#sha256") => MessageDigest::sha256(),
            Some("http://www.w3.org/2001/04/xmldsig-more#sha384") => MessageDigest::sha384(),
            Some("http://www.w3.org/2001/04/xmlenc#sha512") => MessageDigest::sha512(),
            Some(other) => return Err(bad(format!("OAEP with the digest {other:?}"))),
        };
    let mask = own(ENCRYPTION_11, "MGF").map(|node| node.attribute("Algorithm").unwrap_or_default());
    let mask = match (algorithm, mask) {
        ("http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p", None) => MessageDigest::sha1(),
        (
            "http://www.w3.org/2009/xmlenc11#rsa-oaep",
            None | Some("http://www.w3.org/2009/xmlenc11#mgf1sha1"),
        ) => MessageDigest::sha1(),
        ("http://www.w3.org/2009/xmlenc11#rsa-oaep", Some("http://www.w3.org/2009/xmlenc11#mgf1sha256")) => {
            MessageDigest::sha256()
        }
        ("http://www.w3.org/2009/xmlenc11#rsa-oaep", Some("http://www.w3.org/2009/xmlenc11#mgf1sha384")) => {
            MessageDigest::sha384()
        }
        ("http://www.w3.org/2009/xmlenc11#rsa-oaep", Some("http://www.w3.org/2009/xmlenc11#mgf1sha512")) => {
            MessageDigest::sha512()
        }
        _ => return Err(bad(format!("a key encrypted by {algorithm:?}"))),
    };
    let label = own(ENCRYPTION, "OAEPparams").map(bytes).transpose()?.unwrap_or_default();
    Ok(KeyMethod { digest, mask, label })
}

fn cipher_value(node: Node<'_, '_>) -> Result<Vec<u8>, Refusal> {
    let data = part(node, ENCRYPTION, "CipherData")?;
    match elements(data, Check::Decryption)?.as_slice() {
        [value] if is(*value, ENCRYPTION, "CipherValue") => bytes(*value),
        _ => Err(bad("no CipherValue; references are not followed")),
    }
}

/// The one child of that name.
fn part<'a, 'input>(
    node: Node<'a, 'input>,
    namespace: &str,
    name: &str,
) -> Result<Node<'a, 'input>, Refusal> {
    let mut found = node.children().filter(|child| is(*child, namespace, name));
    match (found.next(), found.next()) {
        (Some(child), None) => Ok(child),
        _ => Err(bad(format!("not one {name} in {}", named(node)))),
    }
}

fn bytes(node: Node<'_, '_>) -> Result<Vec<u8>, Refusal> {
    let letters: Vec<u8> =
        text(node).unwrap_or_default().bytes().filter(|sign| !sign.is_ascii_whitespace()).collect();
    STANDARD.decode(letters).map_err(|_| bad(format!("{} is not base64", named(node))))
}

fn unwrap(own: &PKey<Private>, method: &KeyMethod, wrapped: &[u8]) -> Option<Vec<u8>> {
    let mut decrypter = Decrypter::new(own).ok()?;
    decrypter.set_rsa_padding(Padding::PKCS1_OAEP).ok()?;
    decrypter.set_rsa_oaep_md(method.digest).ok()?;
    decrypter.set_rsa_mgf1_md(method.mask).ok()?;
    if !method.label.is_empty() {
        decrypter.set_rsa_oaep_label(&method.label).ok()?;
    }
    let mut key = vec![0; decrypter.decrypt_len(wrapped).ok()?];
    let length = decrypter.decrypt(wrapped, &mut key).ok()?;
    key.truncate(length);
    Some(key)
}

/// Decrypts the data: what begins with the initial vector, and ends with the tag (GCM) or the padding (CBC).
fn open(method: DataMethod, key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let cipher = (method.cipher)();
    let (vector, rest) = sealed.split_at_checked(cipher.iv_len()?)?;
    if method.is_authenticated {
        let (body, tag) = rest.split_at_checked(rest.len().checked_sub(TAG_BYTES)?)?;
        return decrypt_aead(cipher, key, Some(vector), &[], body, tag).ok();
    }
    if rest.is_empty() || rest.len() % BLOCK_BYTES != 0 {
        return None;
    }
    // The padding of XML encryption (section 5.2) says its length in its last byte alone, unlike that of PKCS #7.
    let mut crypter = Crypter::new(cipher, Mode::Decrypt, key, Some(vector)).ok()?;
    crypter.pad(false);
    let mut plain = vec![0; rest.len() + BLOCK_BYTES];
    let mut length = crypter.update(rest, &mut plain).ok()?;
    length += crypter.finalize(&mut plain[length..]).ok()?;
    plain.truncate(length);
    let padding = usize::from(*plain.last()?);
    let end = plain.len().checked_sub(padding).filter(|_| (1..=BLOCK_BYTES).contains(&padding))?;
    plain.truncate(end);
    Some(plain)
}
