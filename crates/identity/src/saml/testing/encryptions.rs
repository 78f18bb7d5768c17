//! Cases about encrypted assertions. Anybody can encrypt to a service provider: that says nothing about who did.

use openssl::rand::rand_bytes;

use super::{
    SignatureDraft,
    cases::{Demands, Family, MALLORY, Made, World},
    edits::{after, before, content, edit, element, swap, swap_all},
    sealing::{EncryptionDraft, Sealed, encrypt, seal, wrap},
};
use crate::saml::checks::Check;

const OAEP: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
const GCM: EncryptionDraft = EncryptionDraft { data: "aes256-gcm", key: OAEP, is_beside: false };
const CBC: EncryptionDraft = EncryptionDraft { data: "aes128-cbc", key: OAEP, is_beside: false };

/// Adds them.
pub(super) fn add(family: &mut Family) {
    unsigned(family);
    algorithms(family);
    cut(family);
    plaintexts(family);
    forms(family);
    tampered(family);
    contents(family);
}

/// A response around some encrypted bytes.
fn around(world: &World, plain: &[u8]) -> Made {
    Ok(world.mallory().response("", &encrypt(plain, &world.recipient, GCM)?))
}

/// Mallory's valid response, encrypted: every case of a wrong form begins with it.
fn valid(world: &World) -> Made {
    around(world, world.valid_assertion()?.as_bytes())
}

fn unsigned(family: &mut Family) {
    family
        .add("an unsigned assertion", Check::AssertionSigned, |world| {
            around(world, world.evil().assertion("").as_bytes())
        })
        .add("an unsigned assertion in a signed response", Check::AssertionSigned, |world| {
            let sealed = encrypt(world.evil().assertion("").as_bytes(), &world.recipient, GCM)?;
            world.idp.signed_response(&world.alice(), &sealed, &SignatureDraft::default())
        })
        .add("an unsigned one in front of a signed one", Check::OneAssertion, |world| {
            let sealed = encrypt(world.evil().assertion("").as_bytes(), &world.recipient, GCM)?;
            before(&world.valid()?, "<saml:Assertion ", &sealed)
        })
        .add("an unsigned one behind a signed one", Check::OneAssertion, |world| {
            let sealed = encrypt(world.evil().assertion("").as_bytes(), &world.recipient, GCM)?;
            after(&world.valid()?, "</saml:Assertion>", &sealed)
        })
        .add("signed by a stranger", Check::SignatureValid, |world| {
            let evil = world.evil();
            let signed = world
                .stranger
                .keys
                .sign(&evil.assertion(&SignatureDraft::default().template(&evil.assertion_id)))?;
            around(world, signed.as_bytes())
        })
        .add("edited after signing", Check::SignatureValid, |world| {
            let edited = swap_all(&world.valid_assertion()?, MALLORY, super::cases::ALICE)?;
            around(world, edited.as_bytes())
        })
        .add("a signature that covers nothing", Check::SignatureForm, |world| {
            let bare = super::edits::without(&world.valid_assertion()?, "ds:Reference")?;
            around(world, bare.as_bytes())
        })
        .add("a signed response around it that was edited", Check::SignatureValid, |world| {
            let sealed = encrypt(world.valid_assertion()?.as_bytes(), &world.recipient, GCM)?;
            let signed = world.idp.signed_response(
                &world.mallory(),
                "<saml:EncryptedAssertion/>",
                &SignatureDraft::default(),
            )?;
            swap(&signed, "<saml:EncryptedAssertion/>", &sealed)
        })
        .under(Demands { assertion_signed: false, ..Demands::USUAL })
        .add("an unsigned assertion where either signature would do", Check::AssertionSigned, |world| {
            around(world, world.evil().assertion("").as_bytes())
        })
        .under(Demands { encrypted: true, ..Demands::USUAL })
        .add("a plain one where it must be encrypted", Check::Encrypted, World::valid)
        .under(Demands::RESPONSE_ALONE)
        .add(
            "replaced in a signed response, where the response alone counts",
            Check::SignatureValid,
            |world| {
                let original = encrypt(world.mallory().assertion("").as_bytes(), &world.recipient, GCM)?;
                let evil = encrypt(world.evil().assertion("").as_bytes(), &world.recipient, GCM)?;
                let signed =
                    world.idp.signed_response(&world.mallory(), &original, &SignatureDraft::default())?;
                swap(&signed, element(&signed, "saml:EncryptedAssertion")?, &evil)
            },
        )
        .under(Demands::USUAL);
}

fn algorithms(family: &mut Family) {
    family
        .add("the key by RSA 1.5", Check::Decryption, |world| {
            let how = EncryptionDraft { key: "http://www.w3.org/2001/04/xmlenc#rsa-1_5", ..GCM };
            Ok(world
                .mallory()
                .response("", &encrypt(world.valid_assertion()?.as_bytes(), &world.recipient, how)?))
        })
        .add("the data by Triple DES", Check::Decryption, |world| {
            let how = EncryptionDraft { data: "tripledes-cbc", ..GCM };
            Ok(world
                .mallory()
                .response("", &encrypt(world.valid_assertion()?.as_bytes(), &world.recipient, how)?))
        })
        .add("the key for somebody else", Check::Decryption, |world| {
            let sealed = encrypt(world.valid_assertion()?.as_bytes(), &world.stranger.keys.certificate, GCM)?;
            Ok(world.mallory().response("", &sealed))
        });
    const NAMES: [(&str, &str, &str); 7] = [
        ("data by an unknown algorithm", "http://www.w3.org/2009/xmlenc11#aes256-gcm", "urn:example"),
        (
            "data by ChaCha20",
            "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            "http://www.w3.org/2021/04/xmldsig-more#chacha20",
        ),
        (
            "data said to be in CBC",
            "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
        ),
        ("data said to have a shorter key", "xmlenc11#aes256-gcm", "xmlenc11#aes128-gcm"),
        ("the key said to be by RSA 1.5", OAEP, "http://www.w3.org/2001/04/xmlenc#rsa-1_5"),
        ("the key by a shared key", OAEP, "http://www.w3.org/2001/04/xmlenc#kw-aes256"),
        ("no algorithm of the key", OAEP, ""),
    ];
    for (name, from, to) in NAMES {
        family.add(name, Check::Decryption, move |world| swap(&valid(world)?, from, to));
    }
    family
        .add("OAEP over MD5", Check::Decryption, |world| {
            let digest = r#"<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#md5"/>"#;
            let method = format!(r#"<xenc:EncryptionMethod Algorithm="{OAEP}">"#);
            after(&valid(world)?, &method, digest)
        })
        .add("OAEP with a label that it has not", Check::Decryption, |world| {
            let method = format!(r#"<xenc:EncryptionMethod Algorithm="{OAEP}">"#);
            after(&valid(world)?, &method, "<xenc:OAEPparams>AAAA</xenc:OAEPparams>")
        });
}

/// Ciphertexts shorter than an initial vector and a tag: several of them make samael panic.
fn cut(family: &mut Family) {
    for how in [GCM, CBC] {
        for length in [0, 1, 8, 11, 12, 13, 15, 16, 17, 27, 28, 31, 33] {
            let name = format!("{} of {length} bytes", how.data);
            family.add(&name, Check::Decryption, move |world| {
                let mut sealed = seal(world.valid_assertion()?.as_bytes(), &world.recipient, how)?;
                sealed.data.truncate(length);
                Ok(world.mallory().response("", &sealed.xml(how)))
            });
        }
    }
    for length in [0, 1, 255, 257] {
        family.add(&format!("a key of {length} bytes, encrypted"), Check::Decryption, move |world| {
            let mut sealed = seal(world.valid_assertion()?.as_bytes(), &world.recipient, GCM)?;
            sealed.key.resize(length, 1);
            Ok(world.mallory().response("", &sealed.xml(GCM)))
        });
    }
    for length in [0, 15, 33] {
        family.add(&format!("a key of {length} bytes"), Check::Decryption, move |world| {
            let mut sealed = seal(world.valid_assertion()?.as_bytes(), &world.recipient, GCM)?;
            sealed.key = wrap(&vec![1; length], &world.recipient, OAEP)?;
            Ok(world.mallory().response("", &sealed.xml(GCM)))
        });
    }
}

/// What is encrypted is no assertion. Ours is the only key, so that nothing else tells.
fn plaintexts(family: &mut Family) {
    family
        .add("nothing", Check::Decryption, |world| around(world, b""))
        .add("text", Check::Decryption, |world| around(world, b"alice@acme.example"))
        .add("bytes that are no text", Check::Decryption, |world| around(world, &[0xff; 4_096]))
        .add("NUL in an assertion", Check::Decryption, |world| {
            around(world, format!("{}\0", world.valid_assertion()?).as_bytes())
        })
        .add("a DOCTYPE in front of it", Check::Decryption, |world| {
            let plain =
                format!(r#"<!DOCTYPE x SYSTEM "{}">{}"#, world.canary_url(), world.valid_assertion()?);
            around(world, plain.as_bytes())
        })
        .add("a comment in its NameID", Check::Decryption, |world| {
            let plain = after(&world.valid_assertion()?, "mallory@acme.example</saml:NameID>", "")?;
            around(world, swap(&plain, "</saml:NameID>", "<!---->.x</saml:NameID>")?.as_bytes())
        })
        .add("half an assertion", Check::Decryption, |world| {
            let plain = world.valid_assertion()?;
            around(world, &plain.as_bytes()[..plain.len() / 2])
        })
        .add("a response", Check::OneAssertion, |world| around(world, world.valid()?.as_bytes()))
        .add("an encrypted assertion", Check::OneAssertion, |world| {
            let inner = encrypt(world.valid_assertion()?.as_bytes(), &world.recipient, GCM)?;
            around(world, inner.as_bytes())
        })
        .add("an assertion in an assertion", Check::OneAssertion, |world| {
            let evil = after(&world.evil().assertion(""), "</saml:Issuer>", &world.valid_assertion()?)?;
            around(world, evil.as_bytes())
        })
        .add("two assertions", Check::Decryption, |world| {
            around(world, format!("{}{}", world.evil().assertion(""), world.valid_assertion()?).as_bytes())
        })
        .add("an assertion with the response's ID", Check::Identifiers, |world| {
            let mut draft = world.alice();
            draft.assertion_id.clone_from(&draft.response_id);
            around(world, world.idp.assertion(&draft, &SignatureDraft::default())?.as_bytes())
        })
        .add("300 kB of elements", Check::FieldSize, |world| around(world, "<a/>".repeat(75_000).as_bytes()))
        .add("50,000 levels", Check::Decryption, |world| around(world, "<a>".repeat(50_000).as_bytes()));
}

/// What stands around the data; everything but that one thing is right.
fn forms(family: &mut Family) {
    type Change = fn(&str, &str) -> Made;
    const CHANGES: [(&str, Check, Change); 14] = [
        ("CipherReference in the place of the data", Check::Decryption, |valid, url| {
            let data = valid.rfind("<xenc:CipherData>").unwrap_or(0);
            let (head, tail) = valid.split_at(data);
            let reference = format!(r#"<xenc:CipherReference URI="{url}"/>"#);
            Ok(format!("{head}{}", swap(tail, element(tail, "xenc:CipherValue")?, &reference)?))
        }),
        ("CipherReference in the place of the key", Check::Decryption, |valid, url| {
            let reference = format!(r#"<xenc:CipherReference URI="{url}"/>"#);
            swap(valid, element(valid, "xenc:CipherValue")?, &reference)
        }),
        ("RetrievalMethod in the place of the key", Check::Decryption, |valid, url| {
            swap(valid, content(valid, "ds:KeyInfo")?, &format!(r#"<ds:RetrievalMethod URI="{url}"/>"#))
        }),
        ("no key", Check::Decryption, |valid, _| swap(valid, element(valid, "ds:KeyInfo")?, "")),
        ("two keys", Check::Decryption, |valid, _| {
            let key = element(valid, "xenc:EncryptedKey")?;
            after(valid, key, key)
        }),
        ("a second key beside", Check::Decryption, |valid, _| {
            let key = element(valid, "xenc:EncryptedKey")?;
            after(valid, "</xenc:EncryptedData>", key)
        }),
        ("a stranger beside the data", Check::Decryption, |valid, _| {
            after(valid, "</xenc:EncryptedData>", r#"<x xmlns="urn:example"/>"#)
        }),
        ("two EncryptedDatas", Check::Decryption, |valid, _| {
            let data = element(valid, "xenc:EncryptedData")?;
            after(valid, "</xenc:EncryptedData>", data)
                .map(|twice| twice.replacen("_data-0123456789", "_data-9876543210", 1))
        }),
        ("data of the type Content", Check::Decryption, |valid, _| {
            swap(valid, "xmlenc#Element", "xmlenc#Content")
        }),
        ("no EncryptionMethod of the data", Check::Decryption, |valid, _| {
            swap(valid, element(valid, "xenc:EncryptionMethod")?, "")
        }),
        ("data that is no base64", Check::Decryption, |valid, _| {
            swap(valid, content(valid, "xenc:CipherValue")?, "%%%%")
        }),
        ("two of them", Check::OneAssertion, |valid, _| {
            let one = element(valid, "saml:EncryptedAssertion")?;
            let other = one.replace("_data-0123456789", "_data-9876543210");
            after(valid, one, &other)
        }),
        ("a signature of the ciphertext", Check::SignaturePlace, |valid, _| {
            let signature = SignatureDraft::default().template("_sealed-0123456789");
            let signature = signature.replace("<ds:DigestValue/>", "<ds:DigestValue>AAAA</ds:DigestValue>");
            let signature =
                signature.replace("<ds:SignatureValue/>", "<ds:SignatureValue>AAAA</ds:SignatureValue>");
            after(valid, "</xenc:EncryptedData>", &signature)
        }),
        ("an ID of the ciphertext", Check::Identifiers, |valid, _| {
            swap(valid, "<saml:EncryptedAssertion ", r#"<saml:EncryptedAssertion ID="_sealed-0123456789" "#)
        }),
    ];
    for (name, check, change) in CHANGES {
        family.add(name, check, move |world| change(&valid(world)?, &world.canary_url()));
    }
    family.add("data of another namespace", Check::Decryption, |world| {
        let how = EncryptionDraft { is_beside: true, ..GCM };
        let sealed = encrypt(world.valid_assertion()?.as_bytes(), &world.recipient, how)?;
        let foreign = r#"<xenc:EncryptedData xmlns:xenc="urn:example" Identity="#;
        let own = r#"<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Id="#;
        Ok(world.mallory().response("", &swap(&sealed, own, foreign)?))
    });
}

/// Ciphertexts that were changed on the way; in CBC as one asks an oracle.
fn tampered(family: &mut Family) {
    fn changed(world: &World, how: EncryptionDraft, change: impl Fn(&mut Sealed)) -> Made {
        let mut sealed = seal(world.valid_assertion()?.as_bytes(), &world.recipient, how)?;
        change(&mut sealed);
        Ok(world.mallory().response("", &sealed.xml(how)))
    }
    family
        .add("GCM with a bit of the data changed", Check::Decryption, |world| {
            changed(world, GCM, |sealed| sealed.data[100] ^= 1)
        })
        .add("GCM with a bit of the tag changed", Check::Decryption, |world| {
            changed(world, GCM, |sealed| sealed.data.iter_mut().rev().take(1).for_each(|byte| *byte ^= 1))
        })
        .add("GCM with a bit of the vector changed", Check::Decryption, |world| {
            changed(world, GCM, |sealed| sealed.data[0] ^= 1)
        })
        .add("GCM with a bit of the key changed", Check::Decryption, |world| {
            changed(world, GCM, |sealed| sealed.key[128] ^= 1)
        })
        .add("CBC: the first letter changed through the vector", Check::Decryption, |world| {
            changed(world, CBC, |sealed| sealed.data[0] ^= 1)
        })
        .add("CBC: the last block cut off", Check::Decryption, |world| {
            changed(world, CBC, |sealed| sealed.data.truncate(sealed.data.len() - 16))
        })
        .add("CBC: two blocks exchanged", Check::Decryption, |world| {
            changed(world, CBC, |sealed| sealed.data[32..64].rotate_left(16))
        })
        .add("CBC: the vector alone and a block of chance", Check::Decryption, |world| {
            changed(world, CBC, |sealed| {
                sealed.data.truncate(32);
                // Whatever the block becomes, it is no assertion.
                drop(rand_bytes(&mut sealed.data[16..]));
            })
        });
    for value in [0x00, 0x01, 0x0f, 0x10, 0x11, 0x7f, 0x80, 0xff] {
        family.add(&format!("CBC: the padding asked for {value:#04x}"), Check::Decryption, move |world| {
            changed(world, CBC, |sealed| {
                let at = sealed.data.len() - 17;
                // What the padding is comes from the length, so that this asks for another one each time.
                sealed.data[at] ^= value ^ 0x55;
            })
        });
    }
}

/// What decrypted well is judged like any other.
fn contents(family: &mut Family) {
    family
        .add("the audience of somebody else inside", Check::Audience, |world| {
            let mut draft = world.alice();
            edit(&mut draft.conditions, &world.expectations.audience, &world.neighbour.audience)?;
            around(world, world.idp.assertion(&draft, &SignatureDraft::default())?.as_bytes())
        })
        .add("an answer to another request around", Check::InResponseTo, |world| {
            let sealed = encrypt(world.valid_assertion()?.as_bytes(), &world.recipient, GCM)?;
            let mut draft = world.alice();
            edit(
                &mut draft.response_attributes,
                &world.expectations.request_id,
                &world.neighbour.request_id,
            )?;
            world.idp.signed_response(&draft, &sealed, &SignatureDraft::default())
        })
        .add("over since an hour inside", Check::ConfirmationTime, |world| {
            let mut draft = world.alice();
            edit(&mut draft.subject, &world.at(300), &world.at(-3_600))?;
            around(world, world.idp.assertion(&draft, &SignatureDraft::default())?.as_bytes())
        });
}
