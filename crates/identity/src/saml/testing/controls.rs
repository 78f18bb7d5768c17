//! Valid responses in the forms that the standards and the products leave open; all of them have to be accepted.

use openssl::hash::MessageDigest;

use super::{
    SignatureDraft,
    cases::{Configured, Demands, Family, Made, Person, World, base64_of, rsa_key_value},
    edits::{after, before, edit, swap, swap_all},
    field,
    sealing::{EncryptionDraft, encrypt, seal, wrap_with},
};

/// Adds them.
pub(super) fn add(family: &mut Family) {
    signed(family);
    key_infos(family);
    written(family);
    said(family);
    encrypted(family);
}

fn assertion_signed(world: &World, signature: &SignatureDraft) -> Made {
    let draft = world.alice();
    Ok(draft.response("", &world.idp.assertion(&draft, signature)?))
}

fn signed(family: &mut Family) {
    family
        .good("the assertion is signed", |world| world.idp.respond(&world.alice()))
        .good("both are signed", |world| world.twice_signed(&world.alice()))
        .under(Demands { response_signed: true, ..Demands::USUAL })
        .good("both are signed, and must be", |world| world.twice_signed(&world.alice()))
        .under(Demands::RESPONSE_ALONE)
        .good("the response is signed, and that is enough", |world| {
            let draft = world.alice();
            world.idp.signed_response(&draft, &draft.assertion(""), &SignatureDraft::default())
        })
        .under(Demands { certificates: Configured::RsaAlone, ..Demands::USUAL })
        .good("one certificate", |world| world.idp.respond(&world.alice()))
        .under(Demands::USUAL)
        .good("signed with the second key", |world| {
            let draft = world.alice();
            let template = SignatureDraft::with("ecdsa-sha256", "sha256").template(&draft.assertion_id);
            Ok(draft.response("", &world.second.sign(&draft.assertion(&template))?))
        })
        .good("both signed with the second key", |world| {
            let draft = world.alice();
            let signature = SignatureDraft::with("ecdsa-sha512", "sha512");
            let inner = world.second.sign(&draft.assertion(&signature.template(&draft.assertion_id)))?;
            world.second.sign(&draft.response(&signature.template(&draft.response_id), &inner))
        });
    for bits in ["256", "384", "512"] {
        family.good(&format!("rsa-sha{bits} over sha{bits}"), move |world| {
            assertion_signed(world, &SignatureDraft::with(&format!("rsa-sha{bits}"), &format!("sha{bits}")))
        });
    }
    family
        .good("SHA-512 over SHA-256", |world| assertion_signed(world, &SignatureDraft::with("rsa-sha512", "sha256")))
        .good("one transform", |world| {
            let transforms = r#"<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>"#;
            // Without canonicalisation the inclusive one is meant, which takes namespaces along: none but its own here.
            let draft = world.alice();
            let signature = SignatureDraft { transforms: transforms.into(), ..SignatureDraft::default() };
            let template = signature.template(&draft.assertion_id);
            world.idp.keys.sign(&draft.response("", &draft.assertion(&template)))
        })
        .good("InclusiveNamespaces", |world| {
            let list = r#"<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="xs saml samlp"/>"#;
            let transform = r#"Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#""#;
            let open = SignatureDraft::default();
            let transforms = swap(&open.transforms, &format!("{transform}/>"), &format!("{transform}>{list}</ds:Transform>"))?;
            let canonicalization = swap(&open.canonicalization, "/>", &format!(">{list}</ds:CanonicalizationMethod>"))?;
            let signature = SignatureDraft { transforms, canonicalization, ..open };
            let draft = world.alice();
            world.idp.keys.sign(&draft.response("", &draft.assertion(&signature.template(&draft.assertion_id))))
        });
}

fn key_infos(family: &mut Family) {
    type Info = fn(&World) -> Made;
    const INFOS: [(&str, Info); 4] = [
        ("a certificate", |world| {
            Ok(format!(
                "<ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data>",
                base64_of(&world.idp.keys.certificate)
            ))
        }),
        ("a certificate in lines", |world| {
            let lines: Vec<String> = base64_of(&world.idp.keys.certificate)
                .as_bytes()
                .chunks(76)
                .map(|line| String::from_utf8_lossy(line).into_owned())
                .collect();
            Ok(format!(
                "\n<ds:X509Data>\n<ds:X509Certificate>{}\n</ds:X509Certificate>\n</ds:X509Data>\n",
                lines.join("\n")
            ))
        }),
        ("a name, a certificate and a key", |world| {
            Ok(format!(
                "<ds:KeyName>key-1</ds:KeyName><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data><ds:KeyValue>{}</ds:KeyValue>",
                base64_of(&world.idp.keys.certificate),
                rsa_key_value(&world.idp.keys.certificate)?
            ))
        }),
        ("a subject, an issuer and a number", |_| {
            Ok("<ds:X509Data><ds:X509SubjectName>CN=idp.example.org</ds:X509SubjectName><ds:X509IssuerSerial><ds:X509IssuerName>CN=idp.example.org</ds:X509IssuerName><ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>".into())
        }),
    ];
    for (name, info) in INFOS {
        family.good(&format!("KeyInfo with {name}"), move |world| {
            let signed = world.idp.respond(&world.alice())?;
            before(&signed, "</ds:Signature>", &format!("<ds:KeyInfo>{}</ds:KeyInfo>", info(world)?))
        });
    }
}

/// How the XML and the field are written.
fn written(family: &mut Family) {
    let group = |value: &str| {
        let mut person = Person::default();
        person.attributes[1].1 = vec![value.to_owned(), "dba".into()];
        person
    };
    family
        .about("base64 in lines", Person::default(), |world| {
            let whole = field(&world.idp.respond(&world.alice())?);
            let lines: Vec<&str> = (0..whole.len()).step_by(76).map(|at| &whole[at..whole.len().min(at + 76)]).collect();
            Ok(lines.join("\r\n"))
        })
        .good("an XML declaration", |world| {
            Ok(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n{}", world.idp.respond(&world.alice())?))
        })
        .good("a byte order mark", |world| Ok(format!("\u{feff}{}", world.idp.respond(&world.alice())?)))
        .good("blanks in front and behind", |world| Ok(format!("\n  {}\n\n", world.idp.respond(&world.alice())?)))
        .good("printed in lines", |world| {
            let draft = world.alice();
            let bare = draft.response("", &draft.assertion(&SignatureDraft::default().template(&draft.assertion_id)));
            world.idp.keys.sign(&bare.replace("><", ">\n    <"))
        })
        .good("values in lines of their own", |world| {
            let mut draft = world.alice();
            edit(&mut draft.attributes, "staff", "\n      staff\n    ")?;
            edit(&mut draft.assertion_issuer, &world.idp.entity_id, &format!("\n  {}\n", world.idp.entity_id))?;
            world.idp.respond(&draft)
        })
        .good("carriage returns in the signature's values, as Java writes them", |world| {
            let signed = world.idp.respond(&world.alice())?;
            let value = super::edits::content(&signed, "ds:SignatureValue")?.replace('\n', "");
            let lines: Vec<&str> = (0..value.len()).step_by(76).map(|at| &value[at..value.len().min(at + 76)]).collect();
            swap(&signed, super::edits::content(&signed, "ds:SignatureValue")?, &format!("{}&#13;\n", lines.join("&#13;\n")))
        })
        .about("letters of other scripts", group("Gruppe Ä – 日本語 🦀"), |world| {
            let mut draft = world.alice();
            edit(&mut draft.attributes, "staff", "Gruppe Ä – 日本語 🦀")?;
            Ok(field(&world.idp.respond(&draft)?))
        })
        .about("character references in a value", group("R&D <EU>"), |world| {
            let mut draft = world.alice();
            edit(&mut draft.attributes, "staff", "R&amp;D &lt;EU&gt;")?;
            Ok(field(&world.idp.respond(&draft)?))
        })
        .good("types of values", |world| {
            let mut draft = world.alice();
            let value = r#"<saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">"#;
            draft.attributes = swap_all(&draft.attributes, "<saml:AttributeValue>", value)?;
            world.idp.respond(&draft)
        });
}

type Change = fn(&World, &mut super::Draft) -> Result<(), super::Failure>;
/// What a response may say, or leave unsaid.
const CHANGES: [(&str, Change); 15] = [
    ("several audiences", |_, draft| {
        draft.conditions = before(
            &draft.conditions,
            "<saml:Audience>",
            "<saml:Audience>https://example.org</saml:Audience>",
        )?;
        Ok(())
    }),
    ("several restrictions, all of them ours", |world, draft| {
        let again = format!(
            "<saml:AudienceRestriction><saml:Audience>{}</saml:Audience></saml:AudienceRestriction>",
            world.expectations.audience
        );
        draft.conditions = after(&draft.conditions, "</saml:AudienceRestriction>", &again)?;
        Ok(())
    }),
    ("OneTimeUse and ProxyRestriction", |_, draft| {
        draft.conditions = before(
            &draft.conditions,
            "</saml:Conditions>",
            r#"<saml:OneTimeUse/><saml:ProxyRestriction Count="0"/>"#,
        )?;
        Ok(())
    }),
    ("a clock that is 59 seconds ahead", |world, draft| {
        for part in [
            &mut draft.response_attributes,
            &mut draft.assertion_attributes,
            &mut draft.conditions,
            &mut draft.statement,
        ] {
            *part = swap_all(part, &world.at(0), &world.at(59))?;
        }
        Ok(())
    }),
    ("a clock that is 59 seconds behind", |world, draft| {
        edit(&mut draft.conditions, &world.at(0), &world.at(-300))?;
        edit(&mut draft.conditions, &world.at(300), &world.at(-59))?;
        edit(&mut draft.subject, &world.at(300), &world.at(-59))
    }),
    ("a second factor that took five minutes", |world, draft| {
        for part in [&mut draft.response_attributes, &mut draft.assertion_attributes] {
            edit(part, &world.at(0), &world.at(-300))?;
        }
        Ok(())
    }),
    ("milliseconds", |_, draft| {
        for part in [&mut draft.response_attributes, &mut draft.assertion_attributes, &mut draft.conditions] {
            *part = part.replace("00Z", "00.123Z");
        }
        Ok(())
    }),
    ("times at the end of the calendar", |world, draft| {
        let last = "9999-12-31T23:59:59Z";
        edit(&mut draft.conditions, &world.at(300), last)?;
        edit(&mut draft.subject, &world.at(300), last)
    }),
    ("conditions without times", |world, draft| {
        edit(&mut draft.conditions, &format!(r#" NotBefore="{}""#, world.at(0)), "")?;
        edit(&mut draft.conditions, &format!(r#" NotOnOrAfter="{}""#, world.at(300)), "")
    }),
    ("no issuer of the response", |_, draft| {
        draft.response_issuer.clear();
        Ok(())
    }),
    ("issuers that say that they are entities", |_, draft| {
        let entity = r#"<saml:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">"#;
        for part in [&mut draft.response_issuer, &mut draft.assertion_issuer] {
            edit(part, "<saml:Issuer>", entity)?;
        }
        Ok(())
    }),
    ("the words of a success", |_, draft| {
        edit(
            &mut draft.status,
            "</samlp:Status>",
            "<samlp:StatusMessage>Welcome</samlp:StatusMessage></samlp:Status>",
        )
    }),
    ("a success in lines", |_, draft| {
        edit(&mut draft.status, "/></samlp:Status>", ">\n</samlp:StatusCode>\n</samlp:Status>")
    }),
    ("signed in yesterday, the session ends tomorrow", |world, draft| {
        edit(&mut draft.statement, &world.at(0), &world.at(-86_400))?;
        edit(
            &mut draft.statement,
            "<saml:AuthnStatement ",
            &format!(r#"<saml:AuthnStatement SessionNotOnOrAfter="{}" "#, world.at(86_400)),
        )
    }),
    ("an address of the subject, and where it signed in", |_, draft| {
        edit(
            &mut draft.subject,
            "<saml:SubjectConfirmationData ",
            r#"<saml:SubjectConfirmationData Address="192.0.2.1" "#,
        )?;
        edit(
            &mut draft.statement,
            "<saml:AuthnContext>",
            r#"<saml:SubjectLocality Address="192.0.2.1"/><saml:AuthnContext>"#,
        )
    }),
];

fn said(family: &mut Family) {
    for (name, change) in CHANGES {
        family.good(name, move |world| {
            let mut draft = world.alice();
            change(world, &mut draft)?;
            world.twice_signed(&draft)
        });
    }
    groups(family);
}

fn groups(family: &mut Family) {
    for count in [500, 3_000] {
        let names: Vec<String> = (0..count).map(|at| format!("group-{at}")).collect();
        let mut person = Person::default();
        person.attributes[1].1.clone_from(&names);
        family.about(&format!("{count} groups"), person, move |world| {
            let mut draft = world.alice();
            let values: Vec<&str> = names.iter().map(String::as_str).collect();
            draft.attributes = format!(
                "<saml:AttributeStatement>{}{}</saml:AttributeStatement>",
                super::attribute("email", &[super::cases::ALICE]),
                super::attribute("groups", &values)
            );
            Ok(field(&world.twice_signed(&draft)?))
        });
    }
    let opaque = Person { name_id: "AAdzZWNyZXQx+/Qk9iLCB0aGUgb3RoZXIgb25l=".into(), attributes: Vec::new() };
    family.about("an opaque name, and no attributes", opaque, |world| {
        let mut draft = world.alice();
        edit(&mut draft.subject, super::cases::ALICE, "AAdzZWNyZXQx+/Qk9iLCB0aGUgb3RoZXIgb25l=")?;
        draft.attributes.clear();
        Ok(field(&world.idp.respond(&draft)?))
    });
    let mut person = Person::default();
    person.attributes.push(("eduPersonTargetedID".into(), vec!["_persistent-1".into()]));
    person.attributes.push(("nothing".into(), Vec::new()));
    family.about("a NameID as a value, and empty values", person, |world| {
        let mut draft = world.alice();
        let more = r#"<saml:Attribute Name="eduPersonTargetedID"><saml:AttributeValue><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">_persistent-1</saml:NameID></saml:AttributeValue></saml:Attribute><saml:Attribute Name="nothing"><saml:AttributeValue/><saml:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/></saml:Attribute>"#;
        draft.attributes = before(&draft.attributes, "</saml:AttributeStatement>", more)?;
        Ok(field(&world.idp.respond(&draft)?))
    });
}

fn encrypted(family: &mut Family) {
    const MGF1P: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
    const OAEP: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";
    for (data, key, is_beside) in [
        ("aes128-cbc", MGF1P, false),
        ("aes192-cbc", MGF1P, false),
        ("aes256-cbc", MGF1P, true),
        ("aes128-gcm", MGF1P, false),
        ("aes192-gcm", MGF1P, false),
        ("aes256-gcm", MGF1P, true),
        ("aes128-gcm", OAEP, false),
        ("aes256-gcm", OAEP, false),
    ] {
        let how = EncryptionDraft { data, key, is_beside };
        let end = key.rsplit('#').next().unwrap_or_default();
        let place = if is_beside { ", the key beside" } else { "" };
        family.good(&format!("signed, then encrypted by {data} and {end}{place}"), move |world| {
            let draft = world.alice();
            let plain = world.idp.assertion(&draft, &SignatureDraft::default())?;
            Ok(draft.response("", &encrypt(plain.as_bytes(), &world.recipient, how)?))
        });
    }
    let how = EncryptionDraft { data: "aes256-gcm", key: MGF1P, is_beside: false };
    family
        .good("its key beside, with references both ways", |world| {
            let draft = world.alice();
            let plain = world.idp.assertion(&draft, &SignatureDraft::default())?;
            let how = EncryptionDraft { data: "aes128-gcm", key: MGF1P, is_beside: true };
            let sealed = encrypt(plain.as_bytes(), &world.recipient, how)?;
            let info = r##"<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:RetrievalMethod Type="http://www.w3.org/2001/04/xmlenc#EncryptedKey" URI="#_key-0123456789"/></ds:KeyInfo>"##;
            let sealed = after(&sealed, r#"aes128-gcm"/>"#, info)?;
            let sealed = swap(&sealed, "<xenc:EncryptedKey ", r#"<xenc:EncryptedKey Id="_key-0123456789" "#)?;
            let list = r##"<xenc:ReferenceList><xenc:DataReference URI="#_data-0123456789"/></xenc:ReferenceList>"##;
            Ok(draft.response("", &before(&sealed, "</xenc:EncryptedKey>", list)?))
        })
        .good("its key by OAEP over SHA-256, the mask over SHA-1", move |world| {
            let draft = world.alice();
            let plain = world.idp.assertion(&draft, &SignatureDraft::default())?;
            let mut sealed = seal(plain.as_bytes(), &world.recipient, how)?;
            sealed.key = wrap_with(&sealed.secret, &world.recipient, MessageDigest::sha256(), MessageDigest::sha1())?;
            let digest = r#"<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>"#;
            Ok(draft.response("", &after(&sealed.xml(how), r#"rsa-oaep-mgf1p">"#, digest)?))
        })
        .good("signed, encrypted, and signed again", move |world| {
            let draft = world.alice();
            let plain = world.idp.assertion(&draft, &SignatureDraft::default())?;
            let sealed = encrypt(plain.as_bytes(), &world.recipient, how)?;
            world.idp.signed_response(&draft, &sealed, &SignatureDraft::default())
        })
        .under(Demands { encrypted: true, ..Demands::USUAL })
        .good("encrypted, as it must be", move |world| {
            let draft = world.alice();
            let plain = world.idp.assertion(&draft, &SignatureDraft::default())?;
            Ok(draft.response("", &encrypt(plain.as_bytes(), &world.recipient, how)?))
        })
        .under(Demands::RESPONSE_ALONE)
        .good("encrypted, then signed around", move |world| {
            let draft = world.alice();
            let sealed = encrypt(draft.assertion("").as_bytes(), &world.recipient, how)?;
            world.idp.signed_response(&draft, &sealed, &SignatureDraft::default())
        })
        .under(Demands::USUAL);
}
