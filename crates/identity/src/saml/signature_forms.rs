//! What an XML signature may look like (XML Signature Syntax, and SAML core section 5.4): one reference to the element it
//! lies in, two transforms, SHA-2. Looks at the form alone and computes nothing.

use roxmltree::Node;

use super::{
    ENCRYPTION, ENVELOPED, EXCLUSIVE, SIGNATURE,
    checks::{Check, Refusal},
    looks::{elements, is, named, text},
};

/// The kind of key that an algorithm of signatures needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyKind {
    /// RSA with PKCS #1 v1.5.
    Rsa,
    /// ECDSA.
    Ecdsa,
}

/// The algorithms that are taken.
const SIGNATURE_METHODS: &[(&str, KeyKind)] = &[
    ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", KeyKind::Rsa),
    ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", KeyKind::Rsa),
    ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", KeyKind::Rsa),
    ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", KeyKind::Ecdsa),
    ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", KeyKind::Ecdsa),
    ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512", KeyKind::Ecdsa),
];
const DIGEST_METHODS: &[&str] = &[
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
];

/// Prefixes in a list of `InclusiveNamespaces`, at most: for each of them libxml2 looks through all namespaces in scope at
/// every element, so that a list of a few kilobytes takes it ten seconds.
const PREFIXES_MAX: usize = 16;

/// Which kinds of keys signed.
pub(super) struct Signatures {
    /// The root.
    pub(super) root: Option<KeyKind>,
    /// The assertion in it.
    pub(super) inner: Option<KeyKind>,
}

/// Finds the signatures of a document: in the root and in the assertion, if that is another element; refuses them
/// anywhere else, and whatever else belongs to signatures.
pub(super) fn find(root: Node<'_, '_>, assertion: Option<Node<'_, '_>>) -> Result<Signatures, Refusal> {
    let mut found = Signatures { root: None, inner: None };
    for node in root.descendants().filter(Node::is_element) {
        let is_signature = node.tag_name().name() == "Signature";
        if !is_signature {
            if node.tag_name().namespace() == Some(SIGNATURE) && !is_at_home(node) {
                return Err(Refusal::new(
                    Check::SignaturePlace,
                    format!("{} outside of a signature", named(node)),
                ));
            }
            continue;
        }
        let parent = node.parent_element();
        let slot = match parent {
            Some(parent) if parent == root => &mut found.root,
            Some(parent) if Some(parent) == assertion => &mut found.inner,
            _ => return Err(Refusal::new(Check::SignaturePlace, "a signature in another element")),
        };
        let is_first = slot.is_none() && node.tag_name().namespace() == Some(SIGNATURE);
        let Some(parent) = parent.filter(|_| is_first) else {
            return Err(Refusal::new(Check::SignaturePlace, format!("a second signature: {}", named(node))));
        };
        *slot = Some(form(node, parent)?);
    }
    Ok(found)
}

/// Whether an element of signatures lies in a signature or tells of a key of encryption.
fn is_at_home(node: Node<'_, '_>) -> bool {
    node.ancestors().skip(1).any(|above| {
        is(above, SIGNATURE, "Signature")
            || (above.tag_name().namespace() == Some(ENCRYPTION) && above.is_element())
        // Some put the encrypted key beside the data, with a KeyInfo of its own within.
    })
}

/// Looks at one signature that lies in `signed`.
fn form(signature: Node<'_, '_>, signed: Node<'_, '_>) -> Result<KeyKind, Refusal> {
    let parts = elements(signature, Check::SignatureForm)?;
    let bad = |what: &str| Refusal::new(Check::SignatureForm, what);
    plain(signature)?;
    let (info, value) = match parts.as_slice() {
        [info, value] => (*info, *value),
        [info, value, key] => {
            key_info(*key)?;
            (*info, *value)
        }
        _ => return Err(bad("other parts than SignedInfo, SignatureValue and KeyInfo")),
    };
    if !is(info, SIGNATURE, "SignedInfo") || !is(value, SIGNATURE, "SignatureValue") {
        return Err(bad("other parts than SignedInfo, SignatureValue and KeyInfo"));
    }
    plain(info)?;
    if text(value).is_none_or(str::is_empty) || value.attributes().len() > 0 {
        return Err(bad("no SignatureValue"));
    }
    let parts = elements(info, Check::SignatureForm)?;
    let [canonicalization, method, reference] = parts.as_slice() else {
        return Err(bad("not one CanonicalizationMethod, SignatureMethod and Reference"));
    };
    if !is(*canonicalization, SIGNATURE, "CanonicalizationMethod")
        || !is(*method, SIGNATURE, "SignatureMethod")
    {
        return Err(bad("not one CanonicalizationMethod, SignatureMethod and Reference"));
    }
    exclusive(*canonicalization)?;
    let algorithm = only_algorithm(*method)?;
    let (_, kind) = SIGNATURE_METHODS
        .iter()
        .find(|(known, _)| *known == algorithm)
        .ok_or_else(|| Refusal::new(Check::SignatureAlgorithm, algorithm))?;
    look_at_reference(*reference, signed)?;
    Ok(*kind)
}

fn look_at_reference(reference: Node<'_, '_>, signed: Node<'_, '_>) -> Result<(), Refusal> {
    let bad = |what: &str| Refusal::new(Check::SignatureForm, what);
    if !is(reference, SIGNATURE, "Reference") {
        return Err(bad("no Reference"));
    }
    let uri = reference.attribute("URI").unwrap_or_default();
    let is_own = uri.strip_prefix('#').is_some_and(|id| signed.attribute("ID") == Some(id));
    if !is_own || reference.attributes().len() != 1 {
        return Err(bad(&format!("a reference to {uri:?}")));
    }
    let parts = elements(reference, Check::SignatureForm)?;
    let [transforms, method, value] = parts.as_slice() else { return Err(bad("another Reference")) };
    if !is(*transforms, SIGNATURE, "Transforms") || !is(*value, SIGNATURE, "DigestValue") {
        return Err(bad("another Reference"));
    }
    plain(*transforms)?;
    let is_value = text(*value).is_some_and(|value| !value.is_empty()) && value.attributes().len() == 0;
    if !is(*method, SIGNATURE, "DigestMethod") || !is_value {
        return Err(bad("no DigestMethod or DigestValue"));
    }
    let digest = only_algorithm(*method)?;
    if !DIGEST_METHODS.contains(&digest) {
        return Err(Refusal::new(Check::SignatureAlgorithm, digest));
    }
    match elements(*transforms, Check::SignatureForm)?.as_slice() {
        [enveloped] => is_enveloped(*enveloped),
        [enveloped, canonical] => is_enveloped(*enveloped).and_then(|()| exclusive(*canonical)),
        _ => Err(bad("other transforms than enveloped-signature and exclusive canonicalisation")),
    }
}

fn is_enveloped(transform: Node<'_, '_>) -> Result<(), Refusal> {
    if is(transform, SIGNATURE, "Transform") && only_algorithm(transform)? == ENVELOPED {
        return Ok(());
    }
    Err(Refusal::new(Check::SignatureForm, "the first transform is not enveloped-signature"))
}

/// Exclusive canonicalisation, with a list of prefixes or without.
fn exclusive(node: Node<'_, '_>) -> Result<(), Refusal> {
    let bad = |what: String| Refusal::new(Check::SignatureForm, what);
    let algorithm = node.attribute("Algorithm").unwrap_or_default();
    if algorithm != EXCLUSIVE || node.attributes().len() != 1 {
        return Err(bad(format!("canonicalisation by {algorithm}")));
    }
    match elements(node, Check::SignatureForm)?.as_slice() {
        [] => Ok(()),
        [list]
            if is(*list, EXCLUSIVE, "InclusiveNamespaces")
                && list.attributes().len() == 1
                && list.attribute("PrefixList").is_some_and(is_short)
                && !list.has_children() =>
        {
            Ok(())
        }
        _ => Err(bad("other parts of a canonicalisation".to_owned())),
    }
}

/// Whether a list of prefixes is as short as identity providers send it.
fn is_short(prefixes: &str) -> bool {
    prefixes.split_ascii_whitespace().nth(PREFIXES_MAX).is_none()
}

/// The algorithm of an element that says nothing else.
fn only_algorithm<'a>(node: Node<'a, '_>) -> Result<&'a str, Refusal> {
    match node.attribute("Algorithm") {
        Some(algorithm) if node.attributes().len() == 1 && !node.has_children() => Ok(algorithm),
        _ => Err(Refusal::new(Check::SignatureForm, format!("{} says more than an algorithm", named(node)))),
    }
}

/// Keys are ours to choose, so that what a signature says of its key is not read; but it may not refer to anything.
fn key_info(node: Node<'_, '_>) -> Result<(), Refusal> {
    const NAMES: &[&str] = &[
        "KeyInfo",
        "KeyName",
        "KeyValue",
        "RSAKeyValue",
        "Modulus",
        "Exponent",
        "X509Data",
        "X509Certificate",
        "X509IssuerSerial",
        "X509IssuerName",
        "X509SerialNumber",
        "X509SubjectName",
        "X509SKI",
    ];
    let stranger = node.descendants().filter(Node::is_element).find(|part| {
        part.tag_name().namespace() != Some(SIGNATURE) || !NAMES.contains(&part.tag_name().name())
    });
    match stranger {
        None if is(node, SIGNATURE, "KeyInfo")
            && node.descendants().all(|part| part.attributes().len() == 0) =>
        {
            Ok(())
        }
        stranger => Err(Refusal::new(Check::SignatureForm, named(stranger.unwrap_or(node)))),
    }
}

/// Refuses attributes.
fn plain(node: Node<'_, '_>) -> Result<(), Refusal> {
    if node.attributes().len() == 0 {
        return Ok(());
    }
    Err(Refusal::new(Check::SignatureForm, format!("attributes of {}", named(node))))
}
