//! Cases about whether there is a signature, by whom it is, and what it covers.

use super::{
    SignatureDraft,
    cases::{ALICE, Configured, Demands, Family, MALLORY, Made, World, base64_of, rsa_key_value},
    edits::{after, before, content, edit, element, flip, swap, swap_all, without},
};
use crate::saml::checks::Check;

const SIGNATURE_END: &str = "</ds:Signature>";

/// Adds them.
pub(super) fn add(family: &mut Family) {
    absent(family);
    edited(family);
    foreign_keys(family);
    key_infos(family);
    reused(family);
    mixed(family);
    super::forms::add(family);
    demands(family);
}

fn absent(family: &mut Family) {
    family
        .add("unsigned", Check::AssertionSigned, |world| {
            let evil = world.evil();
            Ok(evil.response("", &evil.assertion("")))
        })
        .add("both signatures stripped, then edited", Check::AssertionSigned, |world| {
            let twice = world.twice_signed(&world.mallory())?;
            let bare = without(&without(&twice, "ds:Signature")?, "ds:Signature")?;
            swap_all(&bare, MALLORY, ALICE)
        })
        .add(
            "the signature stripped from the assertion, the response's kept",
            Check::AssertionSigned,
            |world| {
                world.idp.signed_response(
                    &world.evil(),
                    &world.evil().assertion(""),
                    &SignatureDraft::default(),
                )
            },
        )
        .add("SignatureValue is empty", Check::SignatureForm, |world| {
            let valid = world.valid()?;
            swap(&valid, content(&valid, "ds:SignatureValue")?, "")
        })
        .add("DigestValue is empty", Check::SignatureForm, |world| {
            let valid = world.valid()?;
            swap(&valid, content(&valid, "ds:DigestValue")?, "")
        })
        .add("a Signature of another namespace", Check::SignaturePlace, |world| {
            swap(
                &world.valid()?,
                r#"xmlns:ds="http://www.w3.org/2000/09/xmldsig#""#,
                r#"xmlns:ds="urn:example""#,
            )
        })
        .add("a Signature without its parts", Check::SignatureForm, |world| {
            let valid = world.valid()?;
            swap(&valid, content(&valid, "ds:Signature")?, "")
        });
}

fn edited(family: &mut Family) {
    let changes: [(&str, &str, &str); 7] = [
        ("another NameID", "mallory@acme.example</saml:NameID>", "alice@acme.example</saml:NameID>"),
        ("another group", "guests", "dba"),
        ("another audience", "</saml:Audience>", "/x</saml:Audience>"),
        ("another session", "_session-1", "_session-2"),
        ("an attribute taken out", "<saml:AttributeValue>guests</saml:AttributeValue>", ""),
        ("a blank more between elements", "<saml:Conditions", " <saml:Conditions"),
        ("an attribute more", "<saml:Conditions", r#"<saml:Conditions id-less="1""#),
    ];
    for (name, from, to) in changes {
        family.add(&format!("edited after signing: {name}"), Check::SignatureValid, move |world| {
            swap(&world.valid()?, from, to)
        });
    }
    for (name, part) in [("SignatureValue", "ds:SignatureValue"), ("DigestValue", "ds:DigestValue")] {
        family.add(&format!("{name} flipped"), Check::SignatureValid, move |world| {
            let valid = world.valid()?;
            let value = content(&valid, part)?;
            swap(&valid, value, &flip(value))
        });
    }
    family
        .add("SignatureValue cut to its half", Check::SignatureValid, |world| {
            let valid = world.valid()?;
            let value = content(&valid, "ds:SignatureValue")?.to_owned();
            swap(&valid, &value, &value[..value.len() / 8 * 4])
        })
        .add("SignatureValue twice in one", Check::SignatureValid, |world| {
            let valid = world.valid()?;
            let value = content(&valid, "ds:SignatureValue")?.trim_end_matches('=').to_owned();
            after(&valid, "<ds:SignatureValue>", &value[..value.len() / 4 * 4])
        })
        .add("SignatureValue is no base64", Check::SignatureValid, |world| {
            let valid = world.valid()?;
            swap(&valid, content(&valid, "ds:SignatureValue")?, "%%%%")
        })
        .add("the digest of the evil assertion under the old signature", Check::SignatureValid, |world| {
            let evil = world.evil();
            let signature = SignatureDraft::default().template(&evil.assertion_id);
            let own = world.stranger.keys.sign(&evil.response("", &evil.assertion(&signature)))?;
            let valid = world.valid()?;
            swap(&own, element(&own, "ds:SignatureValue")?, element(&valid, "ds:SignatureValue")?)
        });
}

/// Alice's response, signed by the stranger, with that `KeyInfo`.
fn by_stranger(world: &World, key_info: &str) -> Made {
    let evil = world.evil();
    let signature = SignatureDraft { key_info: key_info.to_owned(), ..SignatureDraft::default() };
    let assertion = world.stranger.keys.sign(&evil.assertion(&signature.template(&evil.assertion_id)))?;
    Ok(evil.response("", &assertion))
}

fn x509(certificates: &[&[u8]]) -> String {
    let all: String = certificates
        .iter()
        .map(|der| format!("<ds:X509Certificate>{}</ds:X509Certificate>", base64_of(der)))
        .collect();
    format!("<ds:KeyInfo><ds:X509Data>{all}</ds:X509Data></ds:KeyInfo>")
}

fn foreign_keys(family: &mut Family) {
    family
        .add("attacker's key, no KeyInfo", Check::SignatureValid, |world| by_stranger(world, ""))
        .add("attacker's key, his certificate of the same name", Check::SignatureValid, |world| {
            by_stranger(world, &x509(&[&world.stranger.keys.certificate]))
        })
        .add("attacker's key, the real certificate", Check::SignatureValid, |world| {
            by_stranger(world, &x509(&[&world.idp.keys.certificate]))
        })
        .add("attacker's key, both certificates", Check::SignatureValid, |world| {
            by_stranger(world, &x509(&[&world.idp.keys.certificate, &world.stranger.keys.certificate]))
        })
        .add("attacker's key as KeyValue", Check::SignatureValid, |world| {
            let value = rsa_key_value(&world.stranger.keys.certificate)?;
            by_stranger(world, &format!("<ds:KeyInfo><ds:KeyValue>{value}</ds:KeyValue></ds:KeyInfo>"))
        })
        .add("attacker's key under the real one's name", Check::SignatureValid, |world| {
            by_stranger(world, "<ds:KeyInfo><ds:KeyName>idp.example.org</ds:KeyName></ds:KeyInfo>")
        })
        .add("our own key for encryption", Check::SignatureValid, |world| {
            by_stranger(world, &x509(&[&world.recipient]))
        });
}

/// KeyInfo is not covered by a signature, so that each of these is put into one that stays valid.
fn key_infos(family: &mut Family) {
    const INFOS: [(&str, &str); 10] = [
        (
            "RetrievalMethod with a URL",
            r#"<ds:RetrievalMethod URI="CANARY" Type="http://www.w3.org/2000/09/xmldsig#X509Data"/>"#,
        ),
        ("RetrievalMethod with a fragment", r##"<ds:RetrievalMethod URI="#_assertion-0123456789abcdef"/>"##),
        (
            "KeyInfoReference",
            r#"<k:KeyInfoReference xmlns:k="http://www.w3.org/2009/xmldsig11#" URI="CANARY"/>"#,
        ),
        ("PGPData", "<ds:PGPData><ds:PGPKeyID>AAAA</ds:PGPKeyID></ds:PGPData>"),
        ("SPKIData", "<ds:SPKIData><ds:SPKISexp>AAAA</ds:SPKISexp></ds:SPKIData>"),
        ("MgmtData", "<ds:MgmtData>CANARY</ds:MgmtData>"),
        (
            "DEREncodedKeyValue",
            r#"<k:DEREncodedKeyValue xmlns:k="http://www.w3.org/2009/xmldsig11#">AAAA</k:DEREncodedKeyValue>"#,
        ),
        ("an element that nobody knows", r#"<x:Key xmlns:x="urn:example"/>"#),
        (
            "a reference to a security token",
            r#"<o:SecurityTokenReference xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><o:Reference URI="CANARY"/></o:SecurityTokenReference>"#,
        ),
        (
            "an EncryptedKey",
            r#"<e:EncryptedKey xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:CipherData><e:CipherReference URI="CANARY"/></e:CipherData></e:EncryptedKey>"#,
        ),
    ];
    for (name, info) in INFOS {
        family.add(&format!("KeyInfo with {name}"), Check::SignatureForm, move |world| {
            let info = info.replace("CANARY", &world.canary_url());
            before(&world.valid()?, SIGNATURE_END, &format!("<ds:KeyInfo>{info}</ds:KeyInfo>"))
        });
    }
    family
        .add("KeyInfo twice", Check::SignatureForm, |world| {
            let info = x509(&[&world.idp.keys.certificate]);
            before(&world.valid()?, SIGNATURE_END, &info.repeat(2))
        })
        .add("KeyInfo with an Id-like attribute", Check::SignatureForm, |world| {
            before(&world.valid()?, SIGNATURE_END, r#"<ds:KeyInfo Target="_key-12345678"/>"#)
        });
}

/// Metadata of the identity provider, signed with its key, as everybody can load it.
fn metadata(world: &World) -> Made {
    world.idp.keys.sign(&format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_metadata-0123456789" entityID="{}">{}</md:EntityDescriptor>"#,
        world.idp.entity_id,
        SignatureDraft::default().template("_metadata-0123456789")
    ))
}

/// A failed sign-in, signed: everybody can have one.
fn error_response(world: &World) -> Made {
    let mut draft = world.mallory();
    edit(&mut draft.status, "status:Success", "status:Responder")?;
    world.idp.signed_response(&draft, "", &SignatureDraft::default())
}

fn logout_response(world: &World) -> Made {
    let answer = world.idp.signed_response(&world.mallory(), "", &SignatureDraft::default())?;
    // What is signed has to be called so when it is signed.
    let bare = without(&answer, "ds:Signature")?.replace("samlp:Response", "samlp:LogoutResponse");
    let signature = SignatureDraft::default().template(&world.mallory().response_id);
    world.idp.keys.sign(&before(&bare, "<samlp:Status>", &signature)?)
}

fn reused(family: &mut Family) {
    family
        .add("signed metadata inside, an unsigned assertion beside", Check::Identifiers, |world| {
            let evil = world.evil();
            let parked = format!("<samlp:Extensions>{}</samlp:Extensions>", metadata(world)?);
            before(&evil.response("", &evil.assertion("")), "<samlp:Status>", &parked)
        })
        .add("the signature of metadata, hoisted", Check::SignatureForm, |world| {
            let (evil, metadata) = (world.evil(), metadata(world)?);
            let signature = element(&metadata, "ds:Signature")?;
            let parked = format!(
                "{signature}<samlp:Extensions>{}</samlp:Extensions>",
                without(&metadata, "ds:Signature")?
            );
            // Metadata may not have its ID here; without it the reference would have nothing to point at.
            let parked = swap_all(&parked, r#" ID="_metadata-0123456789""#, "")?;
            before(&evil.response("", &evil.assertion("")), "<samlp:Status>", &parked)
        })
        .add("the signature of metadata in the assertion", Check::SignatureForm, |world| {
            let (mut evil, metadata) = (world.evil(), metadata(world)?);
            evil.assertion_id = "_metadata-0123456780".into();
            Ok(evil.response("", &evil.assertion(element(&metadata, "ds:Signature")?)))
        })
        .add("the signature of metadata under its own ID", Check::SignatureValid, |world| {
            let (mut evil, metadata) = (world.evil(), metadata(world)?);
            evil.assertion_id = "_metadata-0123456789".into();
            Ok(evil.response("", &evil.assertion(element(&metadata, "ds:Signature")?)))
        })
        .add("a logout response with an assertion in it", Check::Root, |world| {
            before(&logout_response(world)?, "</samlp:LogoutResponse>", &world.evil().assertion(""))
        })
        .add("a logout response inside, an unsigned assertion beside", Check::Identifiers, |world| {
            let evil = world.evil();
            let parked = format!("<samlp:Extensions>{}</samlp:Extensions>", logout_response(world)?);
            before(&evil.response("", &evil.assertion("")), "<samlp:Status>", &parked)
        })
        .add("an error response with an assertion", Check::AssertionSigned, |world| {
            before(&error_response(world)?, "</samlp:Response>", &world.evil().assertion(""))
        })
        .add("an error response inside, an unsigned assertion beside", Check::Identifiers, |world| {
            let evil = world.evil();
            let parked = format!("<samlp:Extensions>{}</samlp:Extensions>", error_response(world)?);
            before(&evil.response("", &evil.assertion("")), "<samlp:Status>", &parked)
        })
        .add("an assertion of somebody else's signature", Check::SignatureValid, |world| {
            let valid = world.valid()?;
            let mut evil = world.evil();
            evil.assertion_id = world.mallory().assertion_id;
            Ok(evil.response("", &evil.assertion(element(&valid, "ds:Signature")?)))
        });
}

/// A stranger's signature of what Mallory's assertion says.
fn second_signature(world: &World) -> Made {
    let draft = world.mallory();
    let signature = SignatureDraft::default().template(&draft.assertion_id);
    Ok(element(&world.stranger.keys.sign(&draft.assertion(&signature))?, "ds:Signature")?.to_owned())
}

fn mixed(family: &mut Family) {
    family
        .add("a good and a bad signature in the assertion", Check::SignaturePlace, |world| {
            after(&world.valid()?, SIGNATURE_END, &second_signature(world)?)
        })
        .add("a bad and a good signature in the assertion", Check::SignaturePlace, |world| {
            before(&world.valid()?, "<ds:Signature ", &second_signature(world)?)
        })
        .add("a good assertion, the response signed by a stranger", Check::SignatureValid, |world| {
            let signature = SignatureDraft::default();
            let draft = world.mallory();
            let content = world.valid_assertion()?;
            world.stranger.keys.sign(&draft.response(&signature.template(&draft.response_id), &content))
        })
        .add("a good response, the assertion signed by a stranger", Check::SignatureValid, |world| {
            let by_stranger = by_stranger(world, "")?;
            let content = element(&by_stranger, "saml:Assertion")?;
            world.idp.signed_response(&world.evil(), content, &SignatureDraft::default())
        })
        .add("a good assertion in a response that was edited after signing", Check::SignatureValid, |world| {
            let twice = world.twice_signed(&world.mallory())?;
            swap(&twice, "<samlp:Status>", "<samlp:Extensions/><samlp:Status>")
        })
        .add("RSA around ECDSA", Check::Certificates, |world| {
            let draft = world.mallory();
            let inner = SignatureDraft::with("ecdsa-sha256", "sha256").template(&draft.assertion_id);
            let content = world.second.sign(&draft.assertion(&inner))?;
            world.idp.signed_response(&draft, &content, &SignatureDraft::default())
        });
}

fn demands(family: &mut Family) {
    family
        .add("only the response is signed", Check::AssertionSigned, |world| {
            let draft = world.mallory();
            world.idp.signed_response(&draft, &draft.assertion(""), &SignatureDraft::default())
        })
        .under(Demands { response_signed: true, ..Demands::USUAL })
        .add("only the assertion is signed where both must be", Check::ResponseSigned, World::valid)
        .under(Demands::RESPONSE_ALONE)
        .add("nothing is signed where the response must be", Check::ResponseSigned, |world| {
            Ok(world.evil().response("", &world.evil().assertion("")))
        })
        .add(
            "an error response with an assertion, where the response alone counts",
            Check::SignatureValid,
            |world| before(&error_response(world)?, "</samlp:Response>", &world.evil().assertion("")),
        )
        .under(Demands { assertion_signed: false, ..Demands::USUAL })
        .add("nothing is signed where either would do", Check::AssertionSigned, |world| {
            Ok(world.evil().response("", &world.evil().assertion("")))
        })
        .under(Demands { certificates: Configured::None, ..Demands::USUAL })
        .add("no certificate is configured, and nothing is signed", Check::Certificates, |world| {
            Ok(world.evil().response("", &world.evil().assertion("")))
        })
        .add("no certificate is configured, and the signature is good", Check::Certificates, World::valid)
        .add(
            "no certificate is configured, and the signature is the attacker's",
            Check::Certificates,
            |world| by_stranger(world, &x509(&[&world.stranger.keys.certificate])),
        )
        .under(Demands::USUAL);
}
