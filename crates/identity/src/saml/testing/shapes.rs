//! Valid responses written as known products write them: their prefixes, their order of attributes, their forms of
//! signatures and keys. From their documentation and public examples, with our own values.

use super::{
    SignatureDraft,
    cases::{ALICE, Family, Made, Person, World, base64_of, rsa_key_value},
    edits::{before, swap, swap_all, without},
    field,
    sealing::{EncryptionDraft, encrypt},
};

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
const PROTECTED: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";

/// Adds them.
pub(super) fn add(family: &mut Family) {
    let with = |attributes: &[(&str, &[&str])]| Person {
        name_id: ALICE.into(),
        attributes: attributes
            .iter()
            .map(|(name, values)| {
                ((*name).to_owned(), values.iter().map(|value| (*value).to_owned()).collect())
            })
            .collect(),
    };
    let mut add = |name: &str, person: Person, make: fn(&World) -> Made| {
        family.about(name, person, move |world| Ok(field(&make(world)?)));
    };
    add("Keycloak, both signed", with(&[("Role", &["staff", "dba"]), ("email", &[ALICE])]), keycloak);
    add("Keycloak, encrypted", with(&[("Role", &["staff", "dba"]), ("email", &[ALICE])]), keycloak_encrypted);
    let claim = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";
    add("Entra ID", with(&[(claim, &[ALICE]), (GROUPS, &["a1b2", "c3d4"])]), entra);
    add("Entra ID, encrypted", with(&[(claim, &[ALICE]), (GROUPS, &["a1b2", "c3d4"])]), entra_encrypted);
    add("ADFS", with(&[(claim, &[ALICE])]), adfs);
    add("Okta, both signed", with(&[("email", &[ALICE]), ("groups", &["staff", "dba"])]), okta);
    add("Google Workspace", with(&[("email", &[ALICE])]), google);
    add(
        "SimpleSAMLphp, both signed",
        with(&[("mail", &[ALICE]), ("eduPersonAffiliation", &["staff", "member"])]),
        simplesamlphp,
    );
    add("Shibboleth, encrypted", with(&[("urn:oid:0.9.2342.19200300.100.1.3", &[ALICE])]), shibboleth);
    add("Auth0", with(&[(claim, &[ALICE])]), auth0);
    add("pysaml2, encrypted", Person::default(), pysaml2);
}

const GROUPS: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";

/// `KeyInfo` with the certificate alone, with the prefix `ds`.
fn certificate(world: &World) -> String {
    format!(
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
        base64_of(&world.idp.keys.certificate)
    )
}

/// A template of a signature under another prefix, or in the default namespace.
fn template(id: &str, key_info: &str, prefix: &str) -> String {
    let draft = SignatureDraft { key_info: key_info.to_owned(), ..SignatureDraft::default() };
    let (tag, declared) = match prefix {
        "" => (String::new(), "xmlns=".to_owned()),
        prefix => (format!("{prefix}:"), format!("xmlns:{prefix}=")),
    };
    draft
        .template(id)
        .replace("<ds:", &format!("<{tag}"))
        .replace("</ds:", &format!("</{tag}"))
        .replace("xmlns:ds=", &declared)
}

fn keycloak_assertion(world: &World, signature: &str) -> String {
    let (entity, at, until) = (&world.idp.entity_id, world.at(0), world.at(58));
    let super::Expectations { acs_url, audience, request_id } = &world.expectations;
    let value = r#"<saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">"#;
    let begin = world.at(-2);
    format!(
        r#"<saml:Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="ID_b2a6a1d0-58b0-4d4a-8ee9-ab2dcb1a0b6f" IssueInstant="{at}" Version="2.0"><saml:Issuer>{entity}</saml:Issuer>{signature}<saml:Subject><saml:NameID Format="{EMAIL}">{ALICE}</saml:NameID><saml:SubjectConfirmation Method="{BEARER}"><saml:SubjectConfirmationData InResponseTo="{request_id}" NotOnOrAfter="{until}" Recipient="{acs_url}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{begin}" NotOnOrAfter="{until}"><saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{at}" SessionIndex="4cb0b1f5-61a3-4d3c-b1cd-d6d1b1a2f86f::0c5b2d2e" SessionNotOnOrAfter="{end}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="Role" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">{value}staff</saml:AttributeValue></saml:Attribute><saml:Attribute Name="Role" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">{value}dba</saml:AttributeValue></saml:Attribute><saml:Attribute FriendlyName="email" Name="email" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">{value}{ALICE}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>"#,
        end = world.at(36_000)
    )
}

fn keycloak_around(world: &World, content: &str) -> Made {
    let (entity, at) = (&world.idp.entity_id, world.at(0));
    let super::Expectations { acs_url, request_id, .. } = &world.expectations;
    let info = certificate(world).replace("<ds:KeyInfo>", "<ds:KeyInfo><ds:KeyName>Qm9vay1rZXk</ds:KeyName>");
    let info = before(
        &info,
        "</ds:KeyInfo>",
        &format!("<ds:KeyValue>{}</ds:KeyValue>", rsa_key_value(&world.idp.keys.certificate)?),
    )?;
    let signature = template("ID_6d9ab3ab-2e24-4f5c-a2b5-2b3e7e2a1c11", &info, "dsig");
    world.idp.keys.sign(&format!(
        r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Destination="{acs_url}" ID="ID_6d9ab3ab-2e24-4f5c-a2b5-2b3e7e2a1c11" InResponseTo="{request_id}" IssueInstant="{at}" Version="2.0"><saml:Issuer>{entity}</saml:Issuer>{signature}<samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status>{content}</samlp:Response>"#
    ))
}

fn keycloak(world: &World) -> Made {
    let inner = template("ID_b2a6a1d0-58b0-4d4a-8ee9-ab2dcb1a0b6f", &certificate(world), "dsig");
    keycloak_around(world, &world.idp.keys.sign(&keycloak_assertion(world, &inner))?)
}

fn keycloak_encrypted(world: &World) -> Made {
    let inner = template("ID_b2a6a1d0-58b0-4d4a-8ee9-ab2dcb1a0b6f", &certificate(world), "dsig");
    let plain = world.idp.keys.sign(&keycloak_assertion(world, &inner))?;
    let how = EncryptionDraft {
        data: "aes256-gcm",
        key: "http://www.w3.org/2009/xmlenc11#rsa-oaep",
        is_beside: false,
    };
    // Keycloak leaves out Id.
    let sealed = swap(&encrypt(plain.as_bytes(), &world.recipient, how)?, r#" Id="_data-0123456789""#, "")?;
    keycloak_around(world, &sealed)
}

fn entra_assertion(world: &World) -> Made {
    let (entity, at, until) = (&world.idp.entity_id, world.at(0), world.at(3_900));
    let super::Expectations { acs_url, audience, request_id } = &world.expectations;
    let at = at.replace("00Z", "00.123Z");
    let begin = world.at(-300);
    let info = certificate(world);
    let signature = template("_1f4b8a7c-8d35-4b35-a8c2-0c43b5d1f300", &info, "");
    world.idp.keys.sign(&format!(
        r#"<Assertion ID="_1f4b8a7c-8d35-4b35-a8c2-0c43b5d1f300" IssueInstant="{at}" Version="2.0" xmlns="urn:oasis:names:tc:SAML:2.0:assertion"><Issuer>{entity}</Issuer>{signature}<Subject><NameID Format="{EMAIL}">{ALICE}</NameID><SubjectConfirmation Method="{BEARER}"><SubjectConfirmationData InResponseTo="{request_id}" NotOnOrAfter="{until}" Recipient="{acs_url}"/></SubjectConfirmation></Subject><Conditions NotBefore="{begin}" NotOnOrAfter="{until}"><AudienceRestriction><Audience>{audience}</Audience></AudienceRestriction></Conditions><AttributeStatement><Attribute Name="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"><AttributeValue>{ALICE}</AttributeValue></Attribute><Attribute Name="{GROUPS}"><AttributeValue>a1b2</AttributeValue><AttributeValue>c3d4</AttributeValue></Attribute></AttributeStatement><AuthnStatement AuthnInstant="{began}" SessionIndex="_1f4b8a7c-8d35-4b35-a8c2-0c43b5d1f300"><AuthnContext><AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion>"#,
        began = world.at(-86_000)
    ))
}

fn entra_around(world: &World, content: &str) -> String {
    let (entity, at) = (&world.idp.entity_id, world.at(0));
    let super::Expectations { acs_url, request_id, .. } = &world.expectations;
    format!(
        r#"<samlp:Response ID="_aa6c1d4e-0c9b-4d8a-8f4a-0a6a6c9e7b10" Version="2.0" IssueInstant="{at}" Destination="{acs_url}" InResponseTo="{request_id}" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"><Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">{entity}</Issuer><samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status>{content}</samlp:Response>"#
    )
}

fn entra(world: &World) -> Made {
    Ok(entra_around(world, &entra_assertion(world)?))
}

fn entra_encrypted(world: &World) -> Made {
    let how = EncryptionDraft {
        data: "aes256-cbc",
        key: "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
        is_beside: false,
    };
    let sealed = encrypt(entra_assertion(world)?.as_bytes(), &world.recipient, how)?;
    let sealed = swap(&sealed, r#" Id="_data-0123456789""#, "")?;
    let sealed =
        sealed.replace("saml:EncryptedAssertion", "EncryptedAssertion").replace("xmlns:saml=", "xmlns=");
    let digest = r#"rsa-oaep-mgf1p"><DigestMethod xmlns="http://www.w3.org/2000/09/xmldsig#" Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/>"#;
    let sealed = swap(&sealed, r#"rsa-oaep-mgf1p">"#, digest)?;
    let token = r#"<ds:KeyInfo><o:SecurityTokenReference xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>CN=console</ds:X509IssuerName><ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data></o:SecurityTokenReference></ds:KeyInfo>"#;
    let method = r#"</xenc:EncryptionMethod>"#;
    Ok(entra_around(world, &sealed.replacen(method, &format!("{method}{token}"), 1)))
}

fn adfs(world: &World) -> Made {
    let bare = cut_groups(&without(&entra(world)?, "Signature")?)?;
    let consent = r#" Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified" xmlns:samlp="#;
    let bare = swap(&bare, " xmlns:samlp=", consent)?;
    let from = r#"claims/emailaddress">"#;
    let origin = r#"claims/emailaddress" a:OriginalIssuer="http://upstream.example/adfs/services/trust" xmlns:a="http://schemas.xmlsoap.org/ws/2009/09/identity/claims">"#;
    let bare = swap(&bare, from, origin)?;
    let info = format!(
        r#"<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#">{}</KeyInfo>"#,
        super::edits::content(&certificate(world), "ds:KeyInfo")?
    );
    let signature = template("_1f4b8a7c-8d35-4b35-a8c2-0c43b5d1f300", &info, "ds");
    world.idp.keys.sign(&before(&bare, "<Subject>", &signature)?)
}

/// Without the attribute of groups.
fn cut_groups(xml: &str) -> Made {
    let begin = xml.find(&format!(r#"<Attribute Name="{GROUPS}">"#)).ok_or("no groups")?;
    let end = begin + xml[begin..].find("</Attribute>").ok_or("no end of groups")? + "</Attribute>".len();
    Ok(format!("{}{}", &xml[..begin], &xml[end..]))
}

/// OpenSAML's spelling, which Okta, Google and Shibboleth share.
fn opensaml(xml: &str) -> String {
    let mut xml = xml.to_owned();
    for (from, to) in [("samlp", "saml2p"), ("saml", "saml2")] {
        xml = xml
            .replace(&format!("<{from}:"), &format!("<{to}:"))
            .replace(&format!("</{from}:"), &format!("</{to}:"))
            .replace(&format!("xmlns:{from}="), &format!("xmlns:{to}="));
    }
    xml
}

fn okta(world: &World) -> Made {
    let mut draft = world.alice();
    let entity = r#"<saml:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">"#;
    for issuer in [&mut draft.response_issuer, &mut draft.assertion_issuer] {
        *issuer = swap(issuer, "<saml:Issuer>", entity)?;
    }
    let value = r#"<saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">"#;
    draft.attributes = swap_all(&draft.attributes, "<saml:AttributeValue>", value)?;
    (draft.response_id, draft.assertion_id) = ("id27395827395823905".into(), "id27395827396114521".into());
    let list = r#"<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="xs"/></ds:Transform>"#;
    let plain = SignatureDraft { key_info: certificate(world), ..SignatureDraft::default() };
    let transforms = swap(&plain.transforms, r#"xml-exc-c14n#"/>"#, &format!(r#"xml-exc-c14n#">{list}"#))?;
    let signature = SignatureDraft { transforms, ..plain };
    let xs = r#"xmlns:xs="http://www.w3.org/2001/XMLSchema" "#;
    let inner = opensaml(&draft.assertion(&signature.template(&draft.assertion_id)));
    let inner =
        world.idp.keys.sign(&swap(&inner, "<saml2:Assertion ", &format!("<saml2:Assertion {xs}"))?)?;
    let outer = opensaml(&draft.response(&signature.template(&draft.response_id), ""));
    let outer = swap(&outer, "<saml2p:Response ", &format!("<saml2p:Response {xs}"))?;
    let signed = world.idp.keys.sign(&before(&outer, "</saml2p:Response>", &inner)?)?;
    Ok(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{signed}"))
}

fn google(world: &World) -> Made {
    let mut draft = world.alice();
    let value = r#"<saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:anyType">"#;
    draft.attributes = format!(
        "<saml:AttributeStatement>{}</saml:AttributeStatement>",
        super::attribute("email", &[ALICE]).replace("<saml:AttributeValue>", value)
    );
    draft.statement =
        swap(&draft.statement, PROTECTED, "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified")?;
    let info = certificate(world).replace("<ds:X509Data>", "<ds:X509Data><ds:X509SubjectName>ST=California,C=US,OU=Google For Work,CN=Google,L=Mountain View,O=Google Inc.</ds:X509SubjectName>");
    let signature = SignatureDraft { key_info: info, ..SignatureDraft::default() };
    let inner = world.idp.keys.sign(&opensaml(&draft.assertion(&signature.template(&draft.assertion_id))))?;
    before(&opensaml(&draft.response("", "")), "</saml2p:Response>", &inner)
}

fn simplesamlphp(world: &World) -> Made {
    let mut draft = world.alice();
    let value = r#"<saml:AttributeValue xsi:type="xs:string">"#;
    let attributes =
        [super::attribute("mail", &[ALICE]), super::attribute("eduPersonAffiliation", &["staff", "member"])]
            .concat();
    let attributes = attributes.replace("<saml:AttributeValue>", value);
    draft.attributes = format!("<saml:AttributeStatement>{attributes}</saml:AttributeStatement>");
    let qualifier = format!(r#"<saml:NameID SPNameQualifier="{}" "#, world.expectations.audience);
    draft.subject = swap(&draft.subject, "<saml:NameID ", &qualifier)?;
    let signature = SignatureDraft { key_info: certificate(world), ..SignatureDraft::default() };
    // xmlseclibs puts line breaks and blanks between the parts of SignedInfo.
    let spaced = |id: &str| {
        signature
            .template(id)
            .replace("<ds:SignedInfo>", "\n  <ds:SignedInfo>")
            .replace("<ds:SignatureMethod", "\n    <ds:SignatureMethod")
            .replace("<ds:Reference", "\n  <ds:Reference")
            .replace("<ds:KeyInfo>", "\n<ds:KeyInfo>")
    };
    let types = r#"<saml:Assertion xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema" "#;
    let inner = swap(&draft.assertion(&spaced(&draft.assertion_id)), "<saml:Assertion ", types)?;
    let inner = world.idp.keys.sign(&inner)?;
    world.idp.keys.sign(&draft.response(&spaced(&draft.response_id), &inner))
}

fn shibboleth(world: &World) -> Made {
    let mut draft = world.alice();
    let mail = super::attribute("urn:oid:0.9.2342.19200300.100.1.3", &[ALICE]);
    let mail = swap(
        &mail,
        " Name=",
        r#" FriendlyName="mail" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri" Name="#,
    )?;
    draft.attributes = format!("<saml:AttributeStatement>{mail}</saml:AttributeStatement>");
    draft.subject = swap(
        &draft.subject,
        "<saml:NameID ",
        &format!(
            r#"<saml:NameID NameQualifier="{}" SPNameQualifier="{}" "#,
            world.idp.entity_id, world.expectations.audience
        ),
    )?;
    draft.subject = swap(
        &draft.subject,
        "<saml:SubjectConfirmationData ",
        r#"<saml:SubjectConfirmationData Address="192.0.2.7" "#,
    )?;
    draft.statement = swap(
        &draft.statement,
        "<saml:AuthnContext>",
        r#"<saml:SubjectLocality Address="192.0.2.7"/><saml:AuthnContext>"#,
    )?;
    let signature =
        SignatureDraft { key_info: certificate(world), ..SignatureDraft::with("rsa-sha256", "sha256") };
    let plain = world.idp.keys.sign(&opensaml(&draft.assertion(&signature.template(&draft.assertion_id))))?;
    let how = EncryptionDraft {
        data: "aes128-gcm",
        key: "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
        is_beside: false,
    };
    let sealed = opensaml(&encrypt(plain.as_bytes(), &world.recipient, how)?);
    let key = format!(
        r#"<xenc:EncryptedKey Id="_e17cbb7e0b6cd5e0b5d1d0c9d3b8b1f2" Recipient="{}" "#,
        world.expectations.audience
    );
    let sealed = swap(&sealed, "<xenc:EncryptedKey ", &key)?;
    let digest = r#"rsa-oaep-mgf1p"><ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/></xenc:EncryptionMethod>"#;
    let info = format!(
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
        base64_of(&world.recipient)
    );
    let sealed = swap(&sealed, r#"rsa-oaep-mgf1p"></xenc:EncryptionMethod>"#, &format!("{digest}{info}"))?;
    before(&opensaml(&draft.response("", "")), "</saml2p:Response>", &sealed)
}

fn auth0(world: &World) -> Made {
    let mut draft = world.alice();
    let claim =
        super::attribute("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", &[ALICE]);
    draft.attributes = format!(
        r#"<saml:AttributeStatement xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{}</saml:AttributeStatement>"#,
        claim.replace("<saml:AttributeValue>", r#"<saml:AttributeValue xsi:type="xs:string">"#)
    );
    let signature = template(&draft.assertion_id, &certificate(world), "");
    // Auth0 writes the signature last.
    let bare = draft.assertion("");
    let signed = world.idp.keys.sign(&before(&bare, "</saml:Assertion>", &signature)?)?;
    Ok(draft.response("", &signed))
}

fn pysaml2(world: &World) -> Made {
    let draft = world.alice();
    let spell = |xml: &str| {
        let mut xml = xml.to_owned();
        for (from, to) in [("samlp", "ns0"), ("saml", "ns1"), ("ds", "ns2")] {
            xml = xml
                .replace(&format!("<{from}:"), &format!("<{to}:"))
                .replace(&format!("</{from}:"), &format!("</{to}:"))
                .replace(&format!("xmlns:{from}="), &format!("xmlns:{to}="));
        }
        xml
    };
    let signature = SignatureDraft { key_info: certificate(world), ..SignatureDraft::default() };
    let plain = world.idp.keys.sign(&spell(&draft.assertion(&signature.template(&draft.assertion_id))))?;
    let how = EncryptionDraft {
        data: "aes128-cbc",
        key: "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
        is_beside: false,
    };
    let sealed = spell(&encrypt(plain.as_bytes(), &world.recipient, how)?);
    let sealed = swap(&sealed, "_data-0123456789", "ED")?;
    let sealed = swap(&sealed, "<xenc:EncryptedKey ", r#"<xenc:EncryptedKey Id="EK" "#)?;
    before(&spell(&draft.response("", "")), "</ns0:Response>", &sealed)
}
