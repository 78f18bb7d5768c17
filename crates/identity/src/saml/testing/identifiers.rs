//! Cases about what a signature refers to by: IDs that are there twice, elsewhere, or under another name.

use super::{
    SignatureDraft,
    cases::{Family, Made, World},
    edits::{before, swap},
};
use crate::saml::checks::Check;

const OWN: &str = r#" ID="_assertion-0123456789abcdef""#;
const VALUE: &str = "_assertion-0123456789abcdef";

/// Adds them.
pub(super) fn add(family: &mut Family) {
    duplicates(family);
    names(family);
    forms(family);
    places(family);
}

/// A response of the identity provider whose assertion has that ID.
fn with_assertion_id(world: &World, id: &str) -> Made {
    let mut draft = world.alice();
    draft.assertion_id = id.to_owned();
    world.idp.respond(&draft)
}

fn duplicates(family: &mut Family) {
    family
        .add("the response has the assertion's ID", Check::Identifiers, |world| {
            let mut draft = world.alice();
            draft.response_id.clone_from(&draft.assertion_id);
            world.idp.respond(&draft)
        })
        .add("an element in front has the assertion's ID", Check::Identifiers, |world| {
            let twin = format!(r#"<samlp:Extensions><x xmlns="urn:example"{OWN}/></samlp:Extensions>"#);
            before(&world.valid()?, "<samlp:Status>", &twin)
        })
        .add("an element behind has the assertion's ID", Check::Identifiers, |world| {
            let twin = format!(r#"<x xmlns="urn:example"{OWN}/>"#);
            before(&world.valid()?, "</samlp:Response>", &twin)
        })
        .add("an assertion in front has the signed one's ID", Check::OneAssertion, |world| {
            let mut evil = world.evil();
            evil.assertion_id = VALUE.into();
            before(&world.valid()?, "<saml:Assertion ", &evil.assertion(""))
        })
        .add("an assertion behind has the signed one's ID", Check::OneAssertion, |world| {
            let mut evil = world.evil();
            evil.assertion_id = VALUE.into();
            before(&world.valid()?, "</samlp:Response>", &evil.assertion(""))
        })
        .add("an encrypted part has the assertion's ID", Check::Identifiers, |world| {
            let twin = format!(
                r#"<saml:AttributeStatement><saml:EncryptedAttribute><e:EncryptedData xmlns:e="http://www.w3.org/2001/04/xmlenc#" Id="{VALUE}"/></saml:EncryptedAttribute></saml:AttributeStatement>"#
            );
            let mut draft = world.alice();
            draft.attributes = twin;
            world.idp.respond(&draft)
        });
}

/// The signed ID under other names: for parsers that take any of them for an ID.
fn names(family: &mut Family) {
    for name in ["Id", "id", "iD", "xml:id", "AssertionID", "saml:ID", "samlp:ID", "xmlid:ID"] {
        let declared = if name.starts_with("xmlid") { r#" xmlns:xmlid="urn:example""# } else { "" };
        let attribute = format!(r#"{declared} {name}="{VALUE}""#);
        let (alone, beside) = (attribute.clone(), attribute);
        family
            .add(&format!("the signed ID as {name}"), Check::Identifiers, move |world| {
                swap(&world.valid()?, OWN, &alone)
            })
            .add(&format!("{name} beside the signed ID"), Check::Identifiers, move |world| {
                swap(&world.valid()?, OWN, &format!("{OWN}{}", beside.replace(VALUE, "_another-12345678")))
            });
    }
    family
        .add("the response has no ID", Check::Identifiers, |world| {
            swap(&world.valid()?, r#" ID="_response-0123456789abcdef""#, "")
        })
        .add("the signed assertion has no ID, and the reference is empty", Check::SignatureForm, |world| {
            let valid = swap(&world.valid()?, OWN, "")?;
            swap(&valid, &format!("#{VALUE}"), "#")
        });
}

/// IDs that are none, correctly signed where xmlsec signs them.
fn forms(family: &mut Family) {
    let long = format!("_{}", "a".repeat(128));
    for (name, id) in [
        ("of seven characters", "_abcdef"),
        ("of 129 characters", long.as_str()),
        ("with a digit in front", "0123456789abcdef"),
        ("with a letter that is not ASCII", "_assertion-ä-0123456"),
    ] {
        let id = id.to_owned();
        family.add(&format!("a signed ID {name}"), Check::Identifiers, move |world| {
            with_assertion_id(world, &id)
        });
    }
    for (name, id) in [
        ("is empty", ""),
        ("has a blank in it", "_assertion 0123456789"),
        ("has a blank behind it", "_assertion-0123456789abcdef "),
        ("has a colon", "_assertion:0123456789"),
        ("is an XPointer", "xpointer(id('_assertion-0123456789abcdef'))"),
        ("has a quotation mark", "_assertion&quot;0123456789"),
        ("has a line break", "_assertion&#10;0123456789"),
    ] {
        family.add(&format!("an ID that {name}"), Check::Identifiers, move |world| {
            let valid = swap(&world.valid()?, OWN, &format!(r#" ID="{id}""#))?;
            swap(&valid, &format!("#{VALUE}"), &format!("#{id}"))
        });
    }
}

/// Attributes that others may take for an ID, on other elements; correctly signed in the response.
fn places(family: &mut Family) {
    const ATTRIBUTES: [(&str, &str, &str); 9] = [
        (
            "an ID of another namespace of an attribute",
            r#"<saml:Attribute Name="email""#,
            r#"<saml:Attribute xmlns:x="urn:example" x:ID="_name-0123456789" Name="email""#,
        ),
        (
            "an id of another namespace of an attribute",
            r#"<saml:Attribute Name="email""#,
            r#"<saml:Attribute xmlns:x="urn:example" x:id="_name-0123456789" Name="email""#,
        ),
        (
            "xml:id of an attribute",
            r#"<saml:Attribute Name="email""#,
            r#"<saml:Attribute xml:id="_name-0123456789" Name="email""#,
        ),
        (
            "an ID of SAML's namespace of an attribute",
            r#"<saml:Attribute Name="email""#,
            r#"<saml:Attribute saml:ID="_name-0123456789" Name="email""#,
        ),
        ("an ID of the NameID", "<saml:NameID ", r#"<saml:NameID ID="_name-0123456789" "#),
        ("xml:id of the NameID", "<saml:NameID ", r#"<saml:NameID xml:id="_name-0123456789" "#),
        (
            "xml:base of the assertion's subject",
            "<saml:Subject>",
            r#"<saml:Subject xml:base="http://CANARY/">"#,
        ),
        ("an id of the conditions", "<saml:Conditions ", r#"<saml:Conditions id="_name-0123456789" "#),
        (
            "a foreign attribute of the confirmation",
            "<saml:SubjectConfirmation ",
            r#"<saml:SubjectConfirmation xmlns:x="urn:example" x:InResponseTo="y" "#,
        ),
    ];
    for (name, from, to) in ATTRIBUTES {
        family.add(name, Check::Identifiers, move |world| {
            let draft = world.alice();
            let signature = SignatureDraft::default();
            let bare = draft.assertion(&signature.template(&draft.assertion_id));
            let changed = swap(&bare, from, &to.replace("CANARY", &world.canary))?;
            Ok(draft.response("", &world.idp.keys.sign(&changed)?))
        });
    }
    family
        .add("schemaLocation with a URL", Check::Identifiers, |world| {
            let hint = format!(
                r#"<samlp:Response xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:example {}" "#,
                world.canary_url()
            );
            swap(&world.valid()?, "<samlp:Response ", &hint)
        })
        .add("noNamespaceSchemaLocation with a URL", Check::Identifiers, |world| {
            let hint = format!(
                r#"<samlp:Response xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="{}" "#,
                world.canary_url()
            );
            swap(&world.valid()?, "<samlp:Response ", &hint)
        });
}
