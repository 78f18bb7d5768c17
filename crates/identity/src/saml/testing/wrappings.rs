//! Cases in which a signed element is moved to where nobody reads it, and an evil one to where it is read.

use super::{
    SignatureDraft,
    cases::{Demands, Family, Made, World},
    edits::{after, before, element, swap, without},
};
use crate::saml::checks::Check;

/// Adds them.
pub(super) fn add(family: &mut Family) {
    around_responses(family);
    around_assertions(family);
    parked(family);
    envelopes(family);
}

/// What the attacker has, and what he would like to be read.
struct Parts {
    /// Mallory's signed assertion.
    original: String,
    /// Its signature.
    signature: String,
    /// It without its signature.
    bare: String,
    /// Alice's assertion, not signed.
    evil: String,
}

fn parts(world: &World) -> Result<Parts, super::Failure> {
    let original = world.valid_assertion()?;
    Ok(Parts {
        signature: element(&original, "ds:Signature")?.to_owned(),
        bare: without(&original, "ds:Signature")?,
        evil: world.evil().assertion(""),
        original,
    })
}

/// Puts something into the evil assertion, behind its issuer.
fn into_evil(evil: &str, what: &str) -> Made {
    after(evil, "</saml:Issuer>", what)
}

fn extensions(what: &str) -> String {
    format!("<samlp:Extensions>{what}</samlp:Extensions>")
}

/// Signature in, of which the assertion is wrapped: with an `Object` that holds something.
fn with_object(signature: &str, object: &str) -> Made {
    before(signature, "</ds:Signature>", &format!("<ds:Object>{object}</ds:Object>"))
}

/// XSW 1 and 2: of responses that are signed.
fn around_responses(family: &mut Family) {
    fn split(world: &World) -> Result<(String, String, String), super::Failure> {
        let whole = world.twice_signed(&world.mallory())?;
        let signature = element(&whole, "ds:Signature")?.to_owned();
        Ok((without(&whole, "ds:Signature")?, signature, whole))
    }
    for demands in [Demands::USUAL, Demands::RESPONSE_ALONE] {
        let how = if demands.assertion_signed { "" } else { ", where the response alone counts" };
        family
            .under(demands)
            .add(
                &format!("1: the original response in its signature in an evil one{how}"),
                Check::OneAssertion,
                |world| {
                    let (bare, signature, _) = split(world)?;
                    let evil = world.evil();
                    Ok(evil.response(&with_object(&signature, &bare)?, &evil.assertion("")))
                },
            )
            .add(
                &format!("2: the original response in front of its signature{how}"),
                Check::OneAssertion,
                |world| {
                    let (bare, signature, _) = split(world)?;
                    let evil = world.evil();
                    Ok(evil.response(&format!("{bare}{signature}"), &evil.assertion("")))
                },
            )
            .add(&format!("the whole original response in Extensions{how}"), Check::OneAssertion, |world| {
                let (_, _, whole) = split(world)?;
                let evil = world.evil();
                Ok(evil.response("", &format!("{}{}", extensions(&whole), evil.assertion(""))))
            })
            .add(
                &format!("an evil response in Extensions of the original{how}"),
                Check::OneAssertion,
                |world| {
                    let (_, _, whole) = split(world)?;
                    let evil = world.evil();
                    before(&whole, "<samlp:Status>", &extensions(&evil.response("", &evil.assertion(""))))
                },
            )
            .add(&format!("an evil assertion more in the original{how}"), Check::OneAssertion, |world| {
                let (_, _, whole) = split(world)?;
                before(&whole, "<saml:Assertion ", &world.evil().assertion(""))
            });
    }
    family.under(Demands::USUAL);
}

/// XSW 3 to 8: of assertions that are signed; each in a plain response, and in one that keeps the signature that it had.
fn around_assertions(family: &mut Family) {
    type Wrap = fn(&Parts) -> Made;
    const WRAPS: [(&str, Wrap); 12] = [
        ("3: evil in front of the original", |parts| Ok(format!("{}{}", parts.evil, parts.original))),
        ("3: evil behind the original", |parts| Ok(format!("{}{}", parts.original, parts.evil))),
        ("4: evil around the original", |parts| into_evil(&parts.evil, &parts.original)),
        ("4: the original around evil", |parts| before(&parts.original, "</saml:Assertion>", &parts.evil)),
        ("5: evil takes the signature, the original last", |parts| {
            Ok(format!("{}{}", into_evil(&parts.evil, &parts.signature)?, parts.bare))
        }),
        ("5: evil takes the signature, the original first", |parts| {
            Ok(format!("{}{}", parts.bare, into_evil(&parts.evil, &parts.signature)?))
        }),
        ("6: the original in the signature of evil", |parts| {
            let signature = before(&parts.signature, "</ds:Signature>", &parts.bare)?;
            into_evil(&parts.evil, &signature)
        }),
        ("7: evil in Extensions in front", |parts| {
            Ok(format!("{}{}", extensions(&parts.evil), parts.original))
        }),
        ("7: the original in Extensions", |parts| {
            Ok(format!("{}{}", extensions(&parts.original), parts.evil))
        }),
        ("7: evil in Extensions behind", |parts| {
            Ok(format!("{}{}", parts.original, extensions(&parts.evil)))
        }),
        ("8: the original in an Object of evil", |parts| {
            into_evil(&parts.evil, &with_object(&parts.signature, &parts.bare)?)
        }),
        ("8: evil in an Object of the original", |parts| {
            swap(&parts.original, &parts.signature, &with_object(&parts.signature, &parts.evil)?)
        }),
    ];
    for (name, wrap) in WRAPS {
        family.add(name, Check::OneAssertion, move |world| {
            Ok(world.mallory().response("", &wrap(&parts(world)?)?))
        });
        family.add(&format!("{name}, the response's signature kept"), Check::OneAssertion, move |world| {
            let whole = world.twice_signed(&world.mallory())?;
            swap(&whole, element(&whole, "saml:Assertion")?, &wrap(&parts(world)?)?)
        });
    }
}

/// The original where an evil response has room for anything.
fn parked(family: &mut Family) {
    const PLACES: [(&str, &str, &str, &str); 6] = [
        ("StatusDetail", "</samlp:Status>", "<samlp:StatusDetail>", "</samlp:StatusDetail>"),
        ("Advice", "<saml:AuthnStatement ", "<saml:Advice>", "</saml:Advice>"),
        (
            "an AttributeValue",
            "</saml:AttributeStatement>",
            r#"<saml:Attribute Name="x"><saml:AttributeValue>"#,
            "</saml:AttributeValue></saml:Attribute>",
        ),
        (
            "SubjectConfirmation",
            "<saml:SubjectConfirmationData ",
            "<saml:SubjectConfirmationData>",
            "</saml:SubjectConfirmationData>",
        ),
        (
            "KeyInfo",
            "<saml:Subject>",
            r#"<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">"#,
            "</ds:KeyInfo>",
        ),
        ("AuthnContextDecl", "</saml:AuthnContext>", "<saml:AuthnContextDecl>", "</saml:AuthnContextDecl>"),
    ];
    for (name, place, open, close) in PLACES {
        family.add(&format!("the original parked in {name}"), Check::OneAssertion, move |world| {
            let evil = world.evil();
            before(
                &evil.response("", &evil.assertion("")),
                place,
                &format!("{open}{}{close}", world.valid_assertion()?),
            )
        });
    }
    family
        .add("the original under another name, its signature with evil", Check::SignatureForm, |world| {
            let parts = parts(world)?;
            let renamed = parts.bare.replace("saml:Assertion", "saml:Advice");
            let renamed = swap(&renamed, r#" ID="_assertion-0123456789abcdef""#, "")?;
            let evil = into_evil(&parts.evil, &parts.signature)?;
            Ok(world.mallory().response("", &format!("{}{evil}", extensions(&renamed))))
        })
        .add("the original in another namespace", Check::OneAssertion, |world| {
            let parts = parts(world)?;
            let renamed = parts.original.replace("urn:oasis:names:tc:SAML:2.0:assertion", "urn:example");
            Ok(world.mallory().response("", &format!("{}{}", extensions(&renamed), parts.evil)))
        })
        .add("the signature hoisted to the response", Check::SignatureForm, |world| {
            let parts = parts(world)?;
            Ok(world.mallory().response(&parts.signature, &parts.bare))
        })
        .add("the signature hoisted to the response, evil in the assertion", Check::SignatureForm, |world| {
            let parts = parts(world)?;
            Ok(world.mallory().response(&parts.signature, &parts.evil))
        })
        .add("the assertion not directly in the response", Check::OneAssertion, |world| {
            Ok(world.mallory().response("", &extensions(&world.valid_assertion()?)))
        })
        .add("the signed response as the assertion's neighbour", Check::OneAssertion, |world| {
            let draft = world.mallory();
            let inner =
                world.idp.signed_response(&draft, &draft.assertion(""), &SignatureDraft::default())?;
            Ok(world.evil().response("", &format!("{}{inner}", world.evil().assertion(""))))
        });
}

/// Other documents around it, or none.
fn envelopes(family: &mut Family) {
    family
        .add("a response in a response", Check::OneAssertion, |world| {
            Ok(world.evil().response("", &world.valid()?))
        })
        .add("a response in a SOAP envelope", Check::Root, |world| {
            Ok(format!(
                r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>"#,
                world.valid()?
            ))
        })
        .add("an evil assertion as the document", Check::Root, |world| Ok(world.evil().assertion("")))
        .add("a signed assertion as the document", Check::Root, World::valid_assertion)
        .add("an evil assertion around the response", Check::Root, |world| {
            into_evil(&world.evil().assertion(""), &world.valid()?)
        })
        .add("a response of the wrong namespace", Check::Root, |world| {
            swap(&world.valid()?, "SAML:2.0:protocol", "SAML:2.0:assertion")
        })
        .add("a request that holds an assertion", Check::Root, |world| {
            Ok(world.valid()?.replace("samlp:Response", "samlp:AuthnRequest"))
        })
        .add("no assertion at all", Check::OneAssertion, |world| Ok(world.mallory().response("", "")))
        .add("the assertion in another namespace", Check::OneAssertion, |world| {
            let assertion = world.evil().assertion("");
            let assertion = assertion.replace(":SAML:2.0:assertion", ":SAML:1.0:assertion");
            Ok(world.mallory().response("", &assertion))
        });
}
