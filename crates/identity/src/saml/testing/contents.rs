//! Cases that are correctly signed, response and assertion, and say something wrong. Each differs from a good one in one
//! place, so that one check alone stands in the way.

use super::{
    Draft, Failure,
    cases::{ALICE, Family, World},
    edits::{after, before, edit, swap_all, without},
};
use crate::saml::checks::Check;

type Change = fn(&World, &mut Draft) -> Result<(), Failure>;

const SHELL: &[(&str, Check, Change)] = &[
    ("the response of version 1.1", Check::Version, |_, draft| {
        edit(&mut draft.response_attributes, "\"2.0\"", "\"1.1\"")
    }),
    ("the response of version 2.1", Check::Version, |_, draft| {
        edit(&mut draft.response_attributes, "\"2.0\"", "\"2.1\"")
    }),
    ("the response without a version", Check::Version, |_, draft| {
        edit(&mut draft.response_attributes, "Version=\"2.0\" ", "")
    }),
    ("the assertion of version 1.1", Check::Version, |_, draft| {
        edit(&mut draft.assertion_attributes, "\"2.0\"", "\"1.1\"")
    }),
    ("the assertion without a version", Check::Version, |_, draft| {
        edit(&mut draft.assertion_attributes, "Version=\"2.0\" ", "")
    }),
    ("another issuer of the response", Check::ResponseIssuer, |_, draft| {
        edit(&mut draft.response_issuer, "idp.example.org", "idp.example.net")
    }),
    ("two issuers of the response", Check::ResponseIssuer, |_, draft| {
        draft.response_issuer = draft.response_issuer.repeat(2);
        Ok(())
    }),
    ("an issuer of the response of another format", Check::ResponseIssuer, |_, draft| {
        edit(&mut draft.response_issuer, "<saml:Issuer>", r#"<saml:Issuer Format="urn:example">"#)
    }),
    ("an empty issuer of the response", Check::ResponseIssuer, |_, draft| {
        draft.response_issuer = "<saml:Issuer/>".into();
        Ok(())
    }),
    ("another Destination", Check::Destination, |world, draft| {
        edit(&mut draft.response_attributes, &destination(world), r#"Destination="https://example.org/acs""#)
    }),
    ("no Destination", Check::Destination, |world, draft| {
        edit(&mut draft.response_attributes, &destination(world), "")
    }),
    ("an empty Destination", Check::Destination, |world, draft| {
        edit(&mut draft.response_attributes, &destination(world), r#"Destination="""#)
    }),
    ("a Destination that goes on", Check::Destination, |world, draft| {
        edit(
            &mut draft.response_attributes,
            &world.expectations.acs_url,
            &format!("{}/x", world.expectations.acs_url),
        )
    }),
    ("a Destination in capitals", Check::Destination, |world, draft| {
        edit(&mut draft.response_attributes, "https://console", "HTTPS://CONSOLE").or_else(|_| {
            let upper = world.expectations.acs_url.to_uppercase();
            edit(&mut draft.response_attributes, &world.expectations.acs_url, &upper)
        })
    }),
    ("a Destination with a blank behind", Check::Destination, |world, draft| {
        edit(
            &mut draft.response_attributes,
            &world.expectations.acs_url,
            &format!("{} ", world.expectations.acs_url),
        )
    }),
    ("no InResponseTo", Check::InResponseTo, |world, draft| {
        edit(&mut draft.response_attributes, &request(world), "")
    }),
    ("an empty InResponseTo", Check::InResponseTo, |world, draft| {
        edit(&mut draft.response_attributes, &request(world), r#"InResponseTo="""#)
    }),
    ("an answer to another request", Check::InResponseTo, |world, draft| {
        edit(&mut draft.response_attributes, &world.expectations.request_id, &world.neighbour.request_id)
    }),
    ("issued an hour ago", Check::ResponseTime, |world, draft| {
        edit(&mut draft.response_attributes, &world.at(0), &world.at(-3_600))
    }),
    ("issued 361 seconds ago", Check::ResponseTime, |world, draft| {
        edit(&mut draft.response_attributes, &world.at(0), &world.at(-361))
    }),
    ("issued in 61 seconds", Check::ResponseTime, |world, draft| {
        edit(&mut draft.response_attributes, &world.at(0), &world.at(61))
    }),
    ("issued tomorrow", Check::ResponseTime, |world, draft| {
        edit(&mut draft.response_attributes, &world.at(0), &world.at(86_400))
    }),
    ("issued at no time", Check::ResponseTime, |world, draft| {
        edit(&mut draft.response_attributes, &format!(r#"IssueInstant="{}""#, world.at(0)), "")
    }),
    ("issued in the year +262142", Check::ResponseTime, |world, draft| {
        edit(&mut draft.response_attributes, &world.at(0), "+262142-12-31T23:59:59Z")
    }),
    ("issued at a time without a zone", Check::ResponseTime, |world, draft| {
        edit(&mut draft.response_attributes, &world.at(0), world.at(0).trim_end_matches('Z'))
    }),
    ("the sign-in failed", Check::Status, |_, draft| {
        edit(&mut draft.status, "status:Success", "status:Responder")
    }),
    ("a failure in the success", Check::Status, |_, draft| {
        edit(
            &mut draft.status,
            "/></samlp:Status>",
            r#"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"/></samlp:StatusCode></samlp:Status>"#,
        )
    }),
    ("a success in the failure", Check::Status, |_, draft| {
        edit(
            &mut draft.status,
            "/></samlp:Status>",
            r#"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:StatusCode></samlp:Status>"#,
        )?;
        draft.status = draft.status.replacen("status:Success", "status:Responder", 1);
        Ok(())
    }),
    ("no Status", Check::Status, |_, draft| {
        draft.status.clear();
        Ok(())
    }),
    ("an empty Status", Check::Status, |_, draft| {
        draft.status = "<samlp:Status/>".into();
        Ok(())
    }),
    ("two Statuses", Check::Status, |_, draft| {
        draft.status = draft.status.repeat(2);
        Ok(())
    }),
    ("a StatusCode without a value", Check::Status, |_, draft| {
        draft.status = "<samlp:Status><samlp:StatusCode/></samlp:Status>".into();
        Ok(())
    }),
    ("a Status of another namespace", Check::Status, |_, draft| {
        draft.status = draft.status.replace("samlp:", "saml:");
        Ok(())
    }),
];

const WHO: &[(&str, Check, Change)] = &[
    ("another issuer of the assertion", Check::AssertionIssuer, |_, draft| {
        edit(&mut draft.assertion_issuer, "idp.example.org", "idp.example.net")
    }),
    ("an issuer of the assertion with a slash behind", Check::AssertionIssuer, |_, draft| {
        edit(&mut draft.assertion_issuer, "</saml:Issuer>", "/</saml:Issuer>")
    }),
    ("no issuer of the assertion", Check::AssertionIssuer, |_, draft| {
        draft.assertion_issuer.clear();
        Ok(())
    }),
    ("two issuers of the assertion", Check::AssertionIssuer, |_, draft| {
        draft.assertion_issuer = draft.assertion_issuer.repeat(2);
        Ok(())
    }),
    ("an element in the issuer of the assertion", Check::AssertionIssuer, |_, draft| {
        edit(&mut draft.assertion_issuer, "</saml:Issuer>", "<x/></saml:Issuer>")
    }),
    ("an issuer of the assertion that is a person", Check::AssertionIssuer, |_, draft| {
        edit(
            &mut draft.assertion_issuer,
            "<saml:Issuer>",
            r#"<saml:Issuer Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">"#,
        )
    }),
    ("the assertion issued an hour ago", Check::AssertionTime, |world, draft| {
        edit(&mut draft.assertion_attributes, &world.at(0), &world.at(-3_600))
    }),
    ("the assertion issued tomorrow", Check::AssertionTime, |world, draft| {
        edit(&mut draft.assertion_attributes, &world.at(0), &world.at(86_400))
    }),
    ("the assertion issued at a time that is none", Check::AssertionTime, |world, draft| {
        edit(&mut draft.assertion_attributes, &world.at(0), "now")
    }),
    ("the assertion issued on 30 February", Check::AssertionTime, |world, draft| {
        edit(&mut draft.assertion_attributes, &world.at(0), "2026-02-30T00:00:00Z")
    }),
    ("no subject", Check::Subject, |_, draft| {
        draft.subject.clear();
        Ok(())
    }),
    ("two subjects", Check::Subject, |_, draft| {
        draft.subject = draft.subject.repeat(2);
        Ok(())
    }),
    ("no NameID", Check::Subject, |_, draft| {
        draft.subject = without(&draft.subject, "saml:NameID")?;
        Ok(())
    }),
    ("an empty NameID", Check::Subject, |_, draft| edit(&mut draft.subject, ALICE, "")),
    ("a NameID of blanks", Check::Subject, |_, draft| edit(&mut draft.subject, ALICE, "  ")),
    ("two NameIDs", Check::Subject, |_, draft| {
        draft.subject =
            after(&draft.subject, "<saml:Subject>", "<saml:NameID>admin@acme.example</saml:NameID>")?;
        Ok(())
    }),
    ("a NameID of 1,025 characters", Check::Subject, |_, draft| {
        edit(&mut draft.subject, ALICE, &"a".repeat(1_025))
    }),
    ("a NameID of 200 kB", Check::Subject, |_, draft| edit(&mut draft.subject, ALICE, &"a".repeat(200_000))),
    ("a line break in the NameID", Check::Subject, |_, draft| {
        edit(&mut draft.subject, ALICE, "alice@acme.example&#10;admin")
    }),
    ("a tab in the NameID", Check::Subject, |_, draft| {
        edit(&mut draft.subject, ALICE, "alice\t@acme.example")
    }),
    ("a blank behind the NameID", Check::Subject, |_, draft| {
        edit(&mut draft.subject, ALICE, "alice@acme.example ")
    }),
    ("a blank in front of the NameID", Check::Subject, |_, draft| {
        edit(&mut draft.subject, ALICE, "\u{a0}alice@acme.example")
    }),
    ("a joiner without width in the NameID", Check::Subject, |_, draft| {
        edit(&mut draft.subject, ALICE, "alice\u{200d}@acme.example")
    }),
    ("a mark that turns the direction in the NameID", Check::Subject, |_, draft| {
        edit(&mut draft.subject, ALICE, "\u{202e}alice@acme.example")
    }),
    ("an encrypted NameID", Check::Subject, |_, draft| {
        draft.subject = swap_all(&draft.subject, "saml:NameID", "saml:EncryptedID")?;
        Ok(())
    }),
    ("a NameID in the confirmation alone", Check::Subject, |_, draft| {
        draft.subject = without(&draft.subject, "saml:NameID")?;
        draft.subject = before(
            &draft.subject,
            "<saml:SubjectConfirmationData",
            "<saml:NameID>alice@acme.example</saml:NameID>",
        )?;
        Ok(())
    }),
    ("holder of key", Check::Confirmation, |_, draft| {
        edit(&mut draft.subject, "cm:bearer", "cm:holder-of-key")
    }),
    ("sender vouches", Check::Confirmation, |_, draft| {
        edit(&mut draft.subject, "cm:bearer", "cm:sender-vouches")
    }),
    ("no confirmation", Check::Confirmation, |_, draft| {
        draft.subject = without(&draft.subject, "saml:SubjectConfirmation")?;
        Ok(())
    }),
    ("a confirmation without a method", Check::Confirmation, |_, draft| {
        edit(&mut draft.subject, r#" Method="urn:oasis:names:tc:SAML:2.0:cm:bearer""#, "")
    }),
    ("a confirmation without data", Check::Confirmation, |_, draft| {
        draft.subject = without(&draft.subject, "saml:SubjectConfirmationData")?;
        Ok(())
    }),
    ("two confirmations, one for somebody else", Check::Confirmation, |_, draft| {
        draft.subject = before(
            &draft.subject,
            "<saml:SubjectConfirmation ",
            r#"<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData Recipient="https://example.org/acs"/></saml:SubjectConfirmation>"#,
        )?;
        Ok(())
    }),
    ("two sets of data in one confirmation", Check::Confirmation, |_, draft| {
        draft.subject =
            before(&draft.subject, "<saml:SubjectConfirmationData ", "<saml:SubjectConfirmationData/>")?;
        Ok(())
    }),
];

/// Adds them.
pub(super) fn add(family: &mut Family) {
    for table in [SHELL, WHO, super::conditions::CASES] {
        for (name, check, change) in table {
            family.add(name, *check, move |world| {
                let mut draft = world.alice();
                change(world, &mut draft)?;
                world.twice_signed(&draft)
            });
        }
    }
    family.add("two assertions, both signed", Check::OneAssertion, |world| {
        let (first, mut second) = (world.alice(), world.alice());
        second.assertion_id = "_assertion-of-later".into();
        let signature = super::SignatureDraft::default();
        let both =
            [world.idp.assertion(&first, &signature)?, world.idp.assertion(&second, &signature)?].concat();
        world.idp.signed_response(&first, &both, &signature)
    });
}

fn destination(world: &World) -> String {
    format!(r#"Destination="{}""#, world.expectations.acs_url)
}

fn request(world: &World) -> String {
    format!(r#"InResponseTo="{}""#, world.expectations.request_id)
}
