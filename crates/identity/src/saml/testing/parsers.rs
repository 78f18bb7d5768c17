//! Cases that two parsers read differently, or one parser takes what is none. Where canonicalisation would leave a
//! difference out, the signature stays valid, so that the look alone stands in the way.

use super::{
    SignatureDraft,
    cases::{ALICE, Family, MALLORY, Made, World},
    edits::{after, before, element, swap, swap_all},
};
use crate::saml::checks::Check;

/// Adds them.
pub(super) fn add(family: &mut Family) {
    comments(family);
    declarations(family);
    entities(family);
    malformed(family);
    namespaces(family);
    hidden(family);
    sizes(family);
}

/// A response of Mallory's, whose name at the identity provider is `alice@acme.example.evil.example`.
fn longer(world: &World) -> Made {
    let mut draft = world.alice();
    draft.subject = swap(&draft.subject, ALICE, "alice@acme.example.evil.example")?;
    world.idp.respond(&draft)
}

/// Duo's finding of 2018 and its likes: a name that is cut at something that canonicalisation leaves out.
fn comments(family: &mut Family) {
    const MARKS: [(&str, &str); 3] = [
        ("a comment", "<!-- -->"),
        ("a processing instruction", "<?x?>"),
        ("a long comment", "<!--.evil.example-->"),
    ];
    for (name, mark) in MARKS {
        family.add(&format!("{name} in the NameID"), Check::Markup, move |world| {
            swap(&longer(world)?, "alice@acme.example.evil", &format!("alice@acme.example{mark}.evil"))
        });
    }
    const PLACES: [(&str, &str); 8] = [
        ("in front of the NameID", ">alice@acme.example.evil.example</saml:NameID>"),
        ("behind the NameID", "</saml:NameID>"),
        ("in the Audience", "</saml:Audience>"),
        ("in an attribute's value", "staff</saml:AttributeValue>"),
        ("in the Issuer", "</saml:Issuer><samlp:Status>"),
        ("in DigestValue", "</ds:DigestValue>"),
        ("in SignatureValue", "</ds:SignatureValue>"),
        ("between elements", "<samlp:Status>"),
    ];
    for (name, place) in PLACES {
        family.add(&format!("a comment {name}"), Check::Markup, move |world| {
            let place_inside = place.strip_prefix('>');
            let valid = longer(world)?;
            match place_inside {
                Some(rest) => swap(&valid, place, &format!("><!--x-->{rest}")),
                None => before(&valid, place, "<!--x-->"),
            }
        });
    }
    family
        .add("a comment in front of the document", Check::Markup, |world| {
            Ok(format!("<!--x-->{}", world.valid()?))
        })
        .add("a comment behind the document", Check::Markup, |world| {
            Ok(format!("{}<!--x-->", world.valid()?))
        })
        .add("a comment that never ends", Check::Markup, |world| Ok(format!("{}<!--", world.valid()?)))
        .add("the NameID as CDATA", Check::Markup, |world| {
            let long = "alice@acme.example.evil.example";
            swap(&longer(world)?, long, &format!("<![CDATA[{long}]]>"))
        })
        .add("a part of the NameID as CDATA", Check::Markup, |world| {
            swap(&longer(world)?, ".evil.example<", "<![CDATA[.evil.example]]><")
        })
        .add("an element in the NameID, signed", Check::Subject, |world| {
            let mut draft = world.alice();
            draft.subject = swap(&draft.subject, ALICE, "alice@acme.example<x/>.evil.example")?;
            world.idp.respond(&draft)
        });
}

fn declarations(family: &mut Family) {
    const HEADS: [(&str, &str); 12] = [
        ("a stylesheet", r#"<?xml-stylesheet type="text/xsl" href="CANARY"?>"#),
        ("a harmless DOCTYPE", "<!DOCTYPE samlp:Response>"),
        ("an external DTD", r#"<!DOCTYPE x SYSTEM "CANARY">"#),
        ("a public DTD", r#"<!DOCTYPE x PUBLIC "-//X//Y" "CANARY">"#),
        ("an external parameter entity", r#"<!DOCTYPE x [<!ENTITY % e SYSTEM "CANARY"> %e;]>"#),
        ("an internal entity that nobody uses", r#"<!DOCTYPE x [<!ENTITY e "alice">]>"#),
        ("a default for InResponseTo", r#"<!DOCTYPE x [<!ATTLIST samlp:Response InResponseTo CDATA "_x">]>"#),
        (
            "a default namespace by DTD",
            r#"<!DOCTYPE x [<!ATTLIST saml:Assertion xmlns CDATA "urn:example">]>"#,
        ),
        ("an attribute of the type ID", r#"<!DOCTYPE x [<!ATTLIST saml:Subject Name ID #IMPLIED>]>"#),
        ("a notation", r#"<!DOCTYPE x [<!NOTATION n SYSTEM "CANARY">]>"#),
        ("XML 1.1", r#"<?xml version="1.1"?>"#),
        ("two XML declarations", r#"<?xml version="1.0"?><?xml version="1.0"?>"#),
    ];
    for (name, head) in HEADS {
        family.add(name, Check::Markup, move |world| {
            Ok(format!("{}{}", head.replace("CANARY", &world.canary_url()), world.valid()?))
        });
    }
    for encoding in ["UTF-7", "ISO-8859-1", "UTF-16", "EBCDIC-US", "utf8", ""] {
        family.add(&format!("said to be in {encoding:?}"), Check::Markup, move |world| {
            Ok(format!(r#"<?xml version="1.0" encoding="{encoding}"?>{}"#, world.valid()?))
        });
    }
}

fn entities(family: &mut Family) {
    const BOMB: &str = r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;"><!ENTITY g "&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;"><!ENTITY h "&g;&g;&g;&g;&g;&g;&g;&g;&g;&g;"><!ENTITY i "&h;&h;&h;&h;&h;&h;&h;&h;&h;&h;">]>"#;
    type Build = fn(&World, String) -> Made;
    const BUILDS: [(&str, Build); 6] = [
        ("the name as an internal entity", |_, valid| {
            Ok(format!(r#"<!DOCTYPE x [<!ENTITY e "mallory">]>{}"#, swap_all(&valid, "mallory@", "&e;@")?))
        }),
        ("a billion laughs in a text", |_, valid| Ok(format!("{BOMB}{}", swap(&valid, "guests", "&i;")?))),
        ("a billion laughs in an attribute", |_, valid| {
            Ok(format!("{BOMB}{}", swap(&valid, r#"Name="groups""#, r#"Name="&i;""#)?))
        }),
        ("a quadratic blow-up", |_, valid| {
            let long = format!(r#"<!DOCTYPE x [<!ENTITY e "{}">]>"#, "a".repeat(50_000));
            Ok(format!("{long}{}", swap(&valid, "guests", &"&e;".repeat(20_000))?))
        }),
        ("an external entity from a URL", |world, valid| {
            let entity = format!(r#"<!DOCTYPE x [<!ENTITY e SYSTEM "{}">]>"#, world.canary_url());
            Ok(format!("{entity}{}", swap(&valid, "guests", "&e;")?))
        }),
        ("an external entity from a file", |_, valid| {
            let entity = r#"<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>"#;
            Ok(format!("{entity}{}", swap(&valid, "guests", "&e;")?))
        }),
    ];
    for (name, build) in BUILDS {
        family.add(name, Check::Markup, move |world| build(world, world.valid()?));
    }
    const REFERENCES: [(&str, &str); 5] = [
        ("an entity that nobody declared", "&nbsp;"),
        ("a reference to NUL", "&#0;"),
        ("a reference to a control character", "&#1;"),
        ("a reference to a surrogate", "&#xD800;"),
        ("an ampersand alone", "&"),
    ];
    for (name, reference) in REFERENCES {
        family.add(name, Check::WellFormed, move |world| after(&world.valid()?, "guests", reference));
    }
}

/// What a parser that repairs documents would repair.
fn malformed(family: &mut Family) {
    type Break = fn(&str) -> Made;
    const BREAKS: [(&str, Break); 16] = [
        ("two roots", |valid| Ok(format!("{valid}{valid}"))),
        ("an evil root behind", |valid| Ok(format!("{valid}<samlp:Response/>"))),
        ("text behind the document", |valid| Ok(format!("{valid}text"))),
        ("text in front of the document", |valid| Ok(format!("text{valid}"))),
        ("an unclosed root", |valid| Ok(valid.replace("</samlp:Response>", ""))),
        ("a document that breaks off", |valid| Ok(valid[..valid.len() / 2].to_owned())),
        ("elements that cross", |valid| {
            swap(valid, "</saml:Conditions>", "<saml:x></saml:Conditions></saml:x>")
        }),
        ("an end tag of another name", |valid| swap(valid, "</saml:Subject>", "</saml:subject>")),
        ("an attribute twice", |valid| swap(valid, " Destination=", r#" Destination="x" Destination="#)),
        ("an attribute without quotes", |valid| swap(valid, "<saml:Conditions ", "<saml:Conditions a=b ")),
        ("an attribute without a value", |valid| swap(valid, "<saml:Conditions ", "<saml:Conditions a ")),
        ("< in an attribute", |valid| swap(valid, "<saml:Conditions ", r#"<saml:Conditions a="<" "#)),
        ("]]> in a text", |valid| after(valid, "guests", "]]>")),
        ("a control character in a text", |valid| after(valid, "guests", "\u{1}")),
        ("a noncharacter in a text", |valid| after(valid, "guests", "\u{ffff}")),
        ("attributes that touch", |valid| swap(valid, "<saml:Conditions ", r#"<saml:Conditions a="b""#)),
    ];
    for (name, break_it) in BREAKS {
        family.add(name, Check::WellFormed, move |world| break_it(&world.valid()?));
    }
    family
        .add("a blank in front of the XML declaration", Check::Markup, |world| {
            Ok(format!(" <?xml version=\"1.0\"?>{}", world.valid()?))
        })
        .add("a tag that never ends", Check::WellFormed, |world| Ok(format!("{}<a", world.valid()?)));
}

fn namespaces(family: &mut Family) {
    type Change = fn(&str) -> Made;
    const CHANGES: [(&str, Check, Change); 12] = [
        ("no namespace is declared", Check::WellFormed, |valid| {
            Ok(valid.replace(r#" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol""#, ""))
        }),
        ("an undeclared prefix", Check::WellFormed, |valid| {
            swap(valid, "<samlp:Status>", "<x:x/><samlp:Status>")
        }),
        ("an undeclared prefix of an attribute", Check::WellFormed, |valid| {
            swap(valid, "<saml:Conditions ", r#"<saml:Conditions x:y="z" "#)
        }),
        ("the prefix xmlns of an element", Check::WellFormed, |valid| {
            swap(valid, "<samlp:Status>", "<xmlns:x/><samlp:Status>")
        }),
        ("xmlns bound to something else", Check::WellFormed, |valid| {
            swap(valid, "<saml:Conditions ", r#"<saml:Conditions xmlns:xmlns="urn:example" "#)
        }),
        ("xml bound to something else", Check::WellFormed, |valid| {
            swap(valid, "<saml:Conditions ", r#"<saml:Conditions xmlns:xml="urn:example" "#)
        }),
        ("a namespace declared twice", Check::WellFormed, |valid| {
            swap(valid, "<saml:Conditions ", r#"<saml:Conditions xmlns:a="urn:a" xmlns:a="urn:b" "#)
        }),
        ("a name of three parts", Check::WellFormed, |valid| {
            swap(valid, "<samlp:Status>", "<saml:a:b/><samlp:Status>")
        }),
        ("a name that begins with a colon", Check::WellFormed, |valid| {
            swap(valid, "<samlp:Status>", "<:saml/><samlp:Status>")
        }),
        ("a prefix rebound around the assertion", Check::OneAssertion, |valid| {
            swap(
                valid,
                r#"<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion""#,
                r#"<saml:Assertion xmlns:saml="urn:example""#,
            )
        }),
        ("the namespace with a slash", Check::Root, |valid| {
            swap(valid, "SAML:2.0:protocol", "SAML:2.0:protocol/")
        }),
        ("the namespace in capitals", Check::Root, |valid| {
            swap(valid, "SAML:2.0:protocol", "SAML:2.0:PROTOCOL")
        }),
    ];
    for (name, check, change) in CHANGES {
        family.add(name, check, move |world| change(&world.valid()?));
    }
}

fn hidden(family: &mut Family) {
    family
        .add("the signed assertion in a comment, evil beside", Check::Markup, |world| {
            let hidden = format!("<!--{}-->", world.valid_assertion()?);
            Ok(world.evil().response("", &format!("{hidden}{}", world.evil().assertion(""))))
        })
        .add("the signed assertion in CDATA, evil beside", Check::Markup, |world| {
            let hidden = format!("<samlp:Extensions><![CDATA[{}]]></samlp:Extensions>", world.valid_assertion()?);
            Ok(world.evil().response("", &format!("{hidden}{}", world.evil().assertion(""))))
        })
        .add("XInclude in an attribute's value, signed", Check::Attributes, |world| {
            let mut draft = world.alice();
            let include = format!(
                r#"<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{}" parse="text"/>"#,
                world.canary_url()
            );
            draft.attributes = swap(&draft.attributes, "staff", &include)?;
            world.idp.respond(&draft)
        })
        .add("XInclude of a file as the NameID, signed", Check::Subject, |world| {
            let mut draft = world.alice();
            let include = r#"<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>"#;
            draft.subject = swap(&draft.subject, ALICE, include)?;
            world.idp.respond(&draft)
        })
        .add("evil as escaped markup, edited", Check::SignatureValid, |world| {
            let escaped = world.evil().assertion("").replace('<', "&lt;");
            swap(&world.valid()?, "guests", &escaped)
        })
        .add("the NameID by character references, edited", Check::SignatureValid, |world| {
            let references: String = ALICE.chars().map(|sign| format!("&#{};", u32::from(sign))).collect();
            swap(&world.valid()?, &format!("{MALLORY}</saml:NameID>"), &format!("{references}</saml:NameID>"))
        });
}

/// Documents that are dear to parse or to canonicalise.
fn sizes(family: &mut Family) {
    family
        .add("40,000 levels", Check::MarkupSize, |world| {
            let deep = "<a>".repeat(40_000);
            before(&world.valid()?, "<samlp:Status>", &format!("<samlp:Extensions>{deep}"))
        })
        .add("25 levels, signed", Check::MarkupSize, |world| {
            let mut draft = world.alice();
            draft.conditions = format!(
                "<saml:Advice>{}{}</saml:Advice>{}",
                "<a>".repeat(22),
                "</a>".repeat(22),
                draft.conditions
            );
            world.idp.respond(&draft)
        })
        .add("20,000 attributes in a tag", Check::MarkupSize, |world| {
            let many: String = (0..20_000).map(|at| format!(" a{at}=\"\"")).collect();
            swap(&world.valid()?, "<samlp:Status>", &format!("<samlp:Status{many}>"))
        })
        .add("25 attributes in a tag, signed", Check::MarkupSize, |world| {
            let many: String = (0..25).map(|at| format!(" a{at}=\"\"")).collect();
            let mut draft = world.alice();
            draft.conditions = swap(&draft.conditions, "<saml:Audience>", &format!("<saml:Audience{many}>"))?;
            world.idp.respond(&draft)
        })
        .add("25 namespaces in a tag, signed", Check::MarkupSize, |world| {
            let many: String = (0..25).map(|at| format!(" xmlns:a{at}=\"urn:a\"")).collect();
            let mut draft = world.alice();
            draft.conditions = swap(&draft.conditions, "<saml:Audience>", &format!("<saml:Audience{many}>"))?;
            world.idp.respond(&draft)
        })
        .add("8,000 namespaces over 23 levels", Check::MarkupSize, |world| {
            let mut at = 0;
            let mut level = || {
                let many: String = (0..350)
                    .map(|_| {
                        at += 1;
                        format!(" xmlns:a{at}=\"u:a\"")
                    })
                    .collect();
                format!("<a{many}>")
            };
            let open: String = (0..20).map(|_| level()).collect();
            let deep = format!(
                "<samlp:Extensions>{open}{}{}</samlp:Extensions>",
                "<a/>".repeat(2_000),
                "</a>".repeat(20)
            );
            before(&world.valid()?, "<samlp:Status>", &deep)
        });
    numbers(family);
}

/// Documents that have too many of something.
fn numbers(family: &mut Family) {
    family
        .add("1,000 signatures", Check::SignaturePlace, |world| {
            let valid = world.valid()?;
            let empty = r#"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>"#.repeat(1_000);
            after(&valid, "</ds:Signature>", &empty)
        })
        .add("100 copies of the signature", Check::SignaturePlace, |world| {
            let valid = world.valid()?;
            let copies = element(&valid, "ds:Signature")?.repeat(100);
            after(&valid, "</ds:Signature>", &copies)
        })
        .add("5,000 elements more, signed", Check::MarkupSize, |world| {
            let mut draft = world.alice();
            draft.conditions =
                format!("<saml:Advice>{}</saml:Advice>{}", "<a/>".repeat(5_000), draft.conditions);
            world.idp.respond(&draft)
        })
        .add("10,000 groups, signed", Check::MarkupSize, |world| {
            let mut draft = world.alice();
            let many = "<saml:AttributeValue/>".repeat(10_000);
            draft.attributes =
                after(&draft.attributes, "<saml:AttributeValue>dba</saml:AttributeValue>", &many)?;
            world.idp.respond(&draft)
        })
        .add("6,001 characters in a tag, signed", Check::MarkupSize, |world| {
            let mut draft = world.alice();
            let long = format!(r#"<saml:Conditions a="{}" "#, "a".repeat(6_000));
            draft.conditions = swap(&draft.conditions, "<saml:Conditions ", &long)?;
            world.idp.signed_response(
                &draft,
                &world.idp.assertion(&draft, &SignatureDraft::default())?,
                &SignatureDraft::default(),
            )
        });
}
