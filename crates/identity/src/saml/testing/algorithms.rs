//! Cases about what signatures are computed with. Where this machine can, they are really computed so.

use openssl::{
    hash::{MessageDigest, hash},
    pkey::PKey,
    sign::Signer,
    x509::X509,
};

use super::{
    Failure, SignatureDraft,
    cases::{Configured, Demands, Family, Made, World, base64_of},
    edits::{content, edit, element, swap},
};
use crate::saml::{certificates::Certificate, checks::Check};

const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// Adds them.
pub(super) fn add(family: &mut Family) {
    weak(family);
    unknown(family);
    symmetric(family);
    canonicalizations(family);
    values(family);
    kinds(family);
}

/// A response whose assertion is signed that way with the identity provider's own key.
fn signed(world: &World, signature: &SignatureDraft) -> Made {
    let draft = world.alice();
    Ok(draft.response("", &world.idp.assertion(&draft, signature)?))
}

/// Signatures that the identity provider did make, with algorithms that others may forge.
fn weak(family: &mut Family) {
    const PAIRS: [(&str, &str); 6] = [
        ("rsa-sha1", "sha1"),
        ("rsa-sha1", "sha256"),
        ("rsa-sha256", "sha1"),
        ("rsa-sha224", "sha256"),
        ("rsa-sha256", "sha224"),
        ("rsa-ripemd160", "sha256"),
    ];
    for (method, digest) in PAIRS {
        family.add(&format!("{method} over {digest}"), Check::SignatureAlgorithm, move |world| {
            signed(world, &SignatureDraft::with(method, digest))
        });
    }
    family
        .add("ecdsa-sha1 over sha256", Check::SignatureAlgorithm, |world| {
            let draft = world.alice();
            let signature = SignatureDraft::with("ecdsa-sha1", "sha256").template(&draft.assertion_id);
            Ok(draft.response("", &world.second.sign(&draft.assertion(&signature))?))
        })
        .add("a good assertion, the response signed with rsa-sha1", Check::SignatureAlgorithm, |world| {
            let draft = world.alice();
            let content = world.idp.assertion(&draft, &SignatureDraft::default())?;
            world.idp.signed_response(&draft, &content, &SignatureDraft::with("rsa-sha1", "sha256"))
        })
        .add("a good response, the assertion signed over sha1", Check::SignatureAlgorithm, |world| {
            let draft = world.alice();
            let content = world.idp.assertion(&draft, &SignatureDraft::with("rsa-sha256", "sha1"))?;
            world.idp.signed_response(&draft, &content, &SignatureDraft::default())
        });
}

/// Names of algorithms in the place of the real one: each would do if it were read as the real one, or as none.
fn unknown(family: &mut Family) {
    const METHODS: [&str; 12] = [
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
        "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519",
        "http://www.w3.org/2001/04/xmldsig-more#none",
        "none",
        "",
        SHA256,
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256 ",
        "http://www.w3.org/2001/04/xmldsig-more#RSA-SHA256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256#rsa-sha1",
        "rsa-sha256",
    ];
    for method in METHODS {
        family.add(&format!("SignatureMethod {method:?}"), Check::SignatureAlgorithm, move |world| {
            swap(&world.valid()?, RSA_SHA256, method)
        });
    }
    const DIGESTS: [&str; 5] = [
        "http://www.w3.org/2001/04/xmldsig-more#md5",
        "http://www.w3.org/2001/04/xmlenc#ripemd160",
        "http://www.w3.org/2007/05/xmldsig-more#sha3-256",
        RSA_SHA256,
        "",
    ];
    for digest in DIGESTS {
        family.add(&format!("DigestMethod {digest:?}"), Check::SignatureAlgorithm, move |world| {
            swap(&world.valid()?, SHA256, digest)
        });
    }
    family
        .add("SignatureMethod without an algorithm", Check::SignatureForm, |world| {
            swap(&world.valid()?, &format!(r#" Algorithm="{RSA_SHA256}""#), "")
        })
        .add("DigestMethod without an algorithm", Check::SignatureForm, |world| {
            swap(&world.valid()?, &format!(r#" Algorithm="{SHA256}""#), "")
        })
        .add("SignatureMethod with an attribute more", Check::SignatureForm, |world| {
            swap(&world.valid()?, RSA_SHA256, &format!(r#"{RSA_SHA256}" algorithm="none"#))
        })
        .add("the digest of SignedInfo as the signature", Check::SignatureAlgorithm, |world| {
            computed(world, SHA256, "", |info| Ok(hash(MessageDigest::sha256(), info)?.to_vec()))
        });
}

/// Alice's assertion with a signature that anybody can compute over a `SignedInfo` that is in its canonical form already.
fn computed(
    world: &World,
    method: &str,
    parameter: &str,
    compute: impl Fn(&[u8]) -> Result<Vec<u8>, Failure>,
) -> Made {
    let draft = world.evil();
    let template = SignatureDraft::default().template(&draft.assertion_id);
    let own = world.stranger.keys.sign(&draft.response("", &draft.assertion(&template)))?;
    let method = format!(r#"<ds:SignatureMethod Algorithm="{method}">{parameter}</ds:SignatureMethod>"#);
    let mut info = element(&own, "ds:SignedInfo")?.to_owned();
    for (name, whole) in
        [("CanonicalizationMethod", None), ("SignatureMethod", Some(method)), ("DigestMethod", None)]
    {
        let old = element(&info, &format!("ds:{name}"))?.to_owned();
        edit(&mut info, &old, &whole.unwrap_or_else(|| opened(&old)))?;
    }
    for transform in content(&info.clone(), "ds:Transforms")?.split_inclusive("/>") {
        edit(&mut info, transform, &opened(transform))?;
    }
    let canonical =
        swap(&info, "<ds:SignedInfo>", r#"<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">"#)?;
    let value = base64_of(&compute(canonical.as_bytes())?);
    let xml = swap(&own, element(&own, "ds:SignedInfo")?, &info)?;
    swap(&xml, content(&xml, "ds:SignatureValue")?, &value)
}

/// An empty element with an end tag of its own, as canonical XML has it.
fn opened(empty: &str) -> String {
    let name = empty.trim_start_matches('<').split([' ', '/', '>']).next().unwrap_or_default();
    if empty.ends_with("/>") { empty.replace("/>", &format!("></{name}>")) } else { empty.to_owned() }
}

/// HMAC keyed with what everybody knows: confusion of a public key with a shared one.
fn symmetric(family: &mut Family) {
    const HMAC: &str = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
    type Key = fn(&World) -> Result<Vec<u8>, Failure>;
    const KEYS: [(&str, Key); 5] = [
        ("the certificate in PEM", |world| {
            Ok(Certificate::from_der(world.idp.keys.certificate.clone())?.pem().into_bytes())
        }),
        ("the certificate in DER", |world| Ok(world.idp.keys.certificate.clone())),
        ("the public key", |world| {
            Ok(X509::from_der(&world.idp.keys.certificate)?.public_key()?.public_key_to_der()?)
        }),
        ("the certificate in base64", |world| Ok(base64_of(&world.idp.keys.certificate).into_bytes())),
        ("one NUL", |_| Ok(vec![0])),
    ];
    for (name, key) in KEYS {
        family.add(&format!("HMAC keyed with {name}"), Check::SignatureAlgorithm, move |world| {
            let key = PKey::hmac(&key(world)?)?;
            computed(world, HMAC, "", |info| {
                let mut signer = Signer::new(MessageDigest::sha256(), &key)?;
                Ok(signer.sign_oneshot_to_vec(info)?)
            })
        });
    }
    for (bits, bytes) in [(0, 0), (8, 1)] {
        family.add(&format!("HMAC of {bits} bits"), Check::SignatureForm, move |world| {
            let parameter = format!("<ds:HMACOutputLength>{bits}</ds:HMACOutputLength>");
            computed(world, HMAC, &parameter, |_| Ok(vec![1; bytes.max(1)]))
        });
    }
}

/// Canonical forms that others may read differently; the identity provider did sign with them.
fn canonicalizations(family: &mut Family) {
    const METHODS: [(&str, &str); 4] = [
        ("inclusive", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        ("inclusive with comments", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"),
        ("inclusive 1.1", "http://www.w3.org/2006/12/xml-c14n11"),
        ("exclusive with comments", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"),
    ];
    for (name, uri) in METHODS {
        let method = format!(r#"<ds:CanonicalizationMethod Algorithm="{uri}"/>"#);
        family.add(&format!("SignedInfo canonicalised: {name}"), Check::SignatureForm, move |world| {
            signed(world, &SignatureDraft { canonicalization: method.clone(), ..SignatureDraft::default() })
        });
    }
    for uri in ["urn:example", "", "http://www.w3.org/2000/09/xmldsig#enveloped-signature"] {
        family.add(&format!("SignedInfo canonicalised by {uri:?}"), Check::SignatureForm, move |world| {
            let valid = world.valid()?;
            let method = element(&valid, "ds:CanonicalizationMethod")?;
            swap(&valid, method, &format!(r#"<ds:CanonicalizationMethod Algorithm="{uri}"/>"#))
        });
    }
}

/// Numbers in the place of a signature.
fn values(family: &mut Family) {
    for (name, last) in [("zero", 0), ("one", 1)] {
        family.add(&format!("an RSA signature that is {name}"), Check::SignatureValid, move |world| {
            let mut value = vec![0; 256];
            value[255] = last;
            computed(world, RSA_SHA256, "", |_| Ok(value.clone()))
        });
        family.add(
            &format!("an ECDSA signature whose numbers are {name}"),
            Check::SignatureValid,
            move |world| {
                let mut value = vec![0; 64];
                (value[31], value[63]) = (last, last);
                computed(world, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", "", |_| {
                    Ok(value.clone())
                })
            },
        );
    }
    family
        .add("the digest unencrypted as an RSA signature", Check::SignatureValid, |world| {
            computed(world, RSA_SHA256, "", |info| {
                let mut value = vec![0; 224];
                value.extend_from_slice(&hash(MessageDigest::sha256(), info)?);
                Ok(value)
            })
        })
        .add("an RSA signature of 100,000 bytes", Check::SignatureValid, |world| {
            computed(world, RSA_SHA256, "", |_| Ok(vec![0xff; 100_000]))
        });
}

/// Keys of one kind under algorithms of the other.
fn kinds(family: &mut Family) {
    family
        .add("an RSA signature that is said to be ECDSA", Check::SignatureValid, |world| {
            swap(&world.valid()?, RSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")
        })
        .add("an RSA signature of another digest", Check::SignatureValid, |world| {
            swap(&world.valid()?, RSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512")
        })
        .under(Demands { certificates: Configured::RsaAlone, ..Demands::USUAL })
        .add("ECDSA where only an RSA certificate is configured", Check::Certificates, |world| {
            let draft = world.alice();
            let signature = SignatureDraft::with("ecdsa-sha256", "sha256").template(&draft.assertion_id);
            Ok(draft.response("", &world.second.sign(&draft.assertion(&signature))?))
        })
        .under(Demands::USUAL);
}
