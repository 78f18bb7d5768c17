//! Cases about what a signature consists of and where it lies; see `signatures`.

use super::{
    cases::{Family, Made},
    edits::{after, before, element, swap, without},
};
use crate::saml::checks::Check;

const SIGNED_INFO_END: &str = "</ds:SignedInfo>";
const SIGNATURE_END: &str = "</ds:Signature>";

/// What a signature consists of. All but the last are valid but for the one thing that they have too much or too little.
pub(super) fn add(family: &mut Family) {
    type Change = fn(&str) -> Made;
    const CHANGES: [(&str, Change); 12] = [
        ("no Reference", |valid| without(valid, "ds:Reference")),
        ("two References", |valid| {
            let reference = element(valid, "ds:Reference")?;
            before(valid, SIGNED_INFO_END, reference)
        }),
        ("two SignedInfos", |valid| {
            let info = element(valid, "ds:SignedInfo")?;
            after(valid, SIGNED_INFO_END, info)
        }),
        ("two SignatureValues", |valid| {
            let value = element(valid, "ds:SignatureValue")?;
            after(valid, "</ds:SignatureValue>", value)
        }),
        ("an empty Object", |valid| before(valid, SIGNATURE_END, "<ds:Object/>")),
        ("an attribute of Signature", |valid| swap(valid, "<ds:Signature ", r#"<ds:Signature Target="x" "#)),
        ("an attribute of SignatureValue", |valid| {
            swap(valid, "<ds:SignatureValue>", r#"<ds:SignatureValue Target="x">"#)
        }),
        ("text between its parts", |valid| after(valid, SIGNED_INFO_END, "text")),
        ("an element in SignatureValue", |valid| after(valid, "<ds:SignatureValue>", "<ds:x/>")),
        ("SignatureValue in front of SignedInfo", |valid| {
            let value = element(valid, "ds:SignatureValue")?;
            before(&without(valid, "ds:SignatureValue")?, "<ds:SignedInfo>", value)
        }),
        ("another part of another namespace", |valid| {
            before(valid, SIGNATURE_END, r#"<x:KeyInfo xmlns:x="urn:example"/>"#)
        }),
        ("no SignedInfo", |valid| without(valid, "ds:SignedInfo")),
    ];
    for (name, change) in CHANGES {
        family.add(&format!("a signature with {name}"), Check::SignatureForm, move |world| {
            change(&world.valid()?)
        });
    }
    const PLACES: [(&str, &str); 5] = [
        ("Subject", "</saml:Subject>"),
        ("Conditions", "</saml:Conditions>"),
        ("Status", "</samlp:Status>"),
        ("an AttributeValue", "guests</saml:AttributeValue>"),
        ("Issuer", "</saml:Issuer><saml:Subject>"),
    ];
    for (name, place) in PLACES {
        family.add(&format!("the signature moved into {name}"), Check::SignaturePlace, move |world| {
            let valid = world.valid()?;
            before(&without(&valid, "ds:Signature")?, place, element(&valid, "ds:Signature")?)
        });
    }
    family.add("parts of a signature outside of one", Check::SignaturePlace, |world| {
        let valid = world.valid()?;
        let info = element(&valid, "ds:SignedInfo")?;
        before(
            &valid,
            "<samlp:Status>",
            &format!(
                "<samlp:Extensions>{}</samlp:Extensions>",
                info.replace(
                    "<ds:SignedInfo>",
                    r#"<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">"#
                )
            ),
        )
    });
}
