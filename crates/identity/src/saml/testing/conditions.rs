//! Cases of content about whom an assertion is for, until when, and what else it says; see `contents`.

use super::{
    Draft, Failure,
    cases::World,
    edits::{after, before, edit, swap_all, without},
};
use crate::saml::checks::Check;

type Change = fn(&World, &mut Draft) -> Result<(), Failure>;

const ONE_MORE: &str =
    "<saml:AudienceRestriction><saml:Audience>https://example.org</saml:Audience></saml:AudienceRestriction>";

pub(super) const CASES: &[(&str, Check, Change)] = &[
    ("another Recipient", Check::Recipient, |world, draft| {
        edit(&mut draft.subject, &world.expectations.acs_url, "https://example.org/acs")
    }),
    ("no Recipient", Check::Recipient, |world, draft| {
        edit(&mut draft.subject, &format!(r#"Recipient="{}""#, world.expectations.acs_url), "")
    }),
    ("a Recipient that begins like ours", Check::Recipient, |world, draft| {
        edit(
            &mut draft.subject,
            &world.expectations.acs_url,
            &format!("{}.example.org", world.expectations.acs_url),
        )
    }),
    ("a Recipient that ours begins with", Check::Recipient, |world, draft| {
        edit(
            &mut draft.subject,
            &world.expectations.acs_url,
            world.expectations.acs_url.trim_end_matches("/acs"),
        )
    }),
    ("the Recipient of another organization", Check::Recipient, |world, draft| {
        edit(&mut draft.subject, &world.expectations.acs_url, &world.neighbour.acs_url)
    }),
    ("the confirmation is over since an hour", Check::ConfirmationTime, |world, draft| {
        edit(&mut draft.subject, &world.at(300), &world.at(-3_600))
    }),
    ("the confirmation is over since 60 seconds", Check::ConfirmationTime, |world, draft| {
        edit(&mut draft.subject, &world.at(300), &world.at(-60))
    }),
    ("the confirmation without an end", Check::ConfirmationTime, |world, draft| {
        edit(&mut draft.subject, &format!(r#"NotOnOrAfter="{}""#, world.at(300)), "")
    }),
    ("the confirmation ends in the year +262142", Check::ConfirmationTime, |world, draft| {
        edit(&mut draft.subject, &world.at(300), "+262142-12-31T23:59:59Z")
    }),
    ("the confirmation ends at a time with another zone", Check::ConfirmationTime, |world, draft| {
        edit(&mut draft.subject, &world.at(300), &world.at(300).replace('Z', "-05:00"))
    }),
    ("the confirmation with NotBefore", Check::ConfirmationTime, |world, draft| {
        let begin = format!(r#"<saml:SubjectConfirmationData NotBefore="{}" "#, world.at(-60));
        edit(&mut draft.subject, "<saml:SubjectConfirmationData ", &begin)
    }),
    ("the confirmation without InResponseTo", Check::ConfirmationRequest, |world, draft| {
        edit(&mut draft.subject, &format!(r#"InResponseTo="{}""#, world.expectations.request_id), "")
    }),
    ("the confirmation with an empty InResponseTo", Check::ConfirmationRequest, |world, draft| {
        edit(&mut draft.subject, &world.expectations.request_id, "")
    }),
    ("the confirmation for another browser's request", Check::ConfirmationRequest, |world, draft| {
        edit(&mut draft.subject, &world.expectations.request_id, &world.neighbour.request_id)
    }),
    ("no Conditions", Check::Conditions, |_, draft| {
        draft.conditions.clear();
        Ok(())
    }),
    ("two Conditions", Check::Conditions, |_, draft| {
        draft.conditions = draft.conditions.repeat(2);
        Ok(())
    }),
    ("a condition that nobody knows", Check::Conditions, |_, draft| {
        let unknown = r#"<saml:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="urn:example" xsi:type="x:OnlyOnMondays"/>"#;
        draft.conditions = before(&draft.conditions, "</saml:Conditions>", unknown)?;
        Ok(())
    }),
    ("a condition of another namespace", Check::Conditions, |_, draft| {
        draft.conditions =
            before(&draft.conditions, "</saml:Conditions>", r#"<OneTimeUse xmlns="urn:example"/>"#)?;
        Ok(())
    }),
    ("over since an hour", Check::ConditionsTime, |world, draft| {
        edit(&mut draft.conditions, &world.at(0), &world.at(-7_200))?;
        edit(&mut draft.conditions, &world.at(300), &world.at(-3_600))
    }),
    ("over since ten minutes", Check::ConditionsTime, |world, draft| {
        edit(&mut draft.conditions, &world.at(0), &world.at(-1_200))?;
        edit(&mut draft.conditions, &world.at(300), &world.at(-600))
    }),
    ("over since 60 seconds", Check::ConditionsTime, |world, draft| {
        edit(&mut draft.conditions, &world.at(0), &world.at(-300))?;
        edit(&mut draft.conditions, &world.at(300), &world.at(-60))
    }),
    ("begins in ten minutes", Check::ConditionsTime, |world, draft| {
        edit(&mut draft.conditions, &world.at(300), &world.at(3_600))?;
        edit(&mut draft.conditions, &world.at(0), &world.at(600))
    }),
    ("begins after it ends", Check::ConditionsTime, |world, draft| {
        edit(&mut draft.conditions, &world.at(300), &world.at(-30))?;
        edit(&mut draft.conditions, &world.at(0), &world.at(30))
    }),
    ("begins when it ends", Check::ConditionsTime, |world, draft| {
        edit(&mut draft.conditions, &world.at(0), &world.at(300))?;
        draft.conditions = swap_all(&draft.conditions, &world.at(300), &world.at(10))?;
        Ok(())
    }),
    ("begins at a time that is none", Check::ConditionsTime, |world, draft| {
        edit(&mut draft.conditions, &world.at(0), "yesterday")
    }),
    ("ends at an empty time", Check::ConditionsTime, |world, draft| {
        edit(&mut draft.conditions, &world.at(300), "")
    }),
    ("ends at a time without a zone", Check::ConditionsTime, |world, draft| {
        edit(&mut draft.conditions, &world.at(300), world.at(300).trim_end_matches('Z'))
    }),
    ("another audience", Check::Audience, |world, draft| {
        edit(&mut draft.conditions, &world.expectations.audience, "https://example.org")
    }),
    ("the audience of another organization", Check::Audience, |world, draft| {
        edit(&mut draft.conditions, &world.expectations.audience, &world.neighbour.audience)
    }),
    ("no AudienceRestriction", Check::Audience, |_, draft| {
        draft.conditions = without(&draft.conditions, "saml:AudienceRestriction")?;
        Ok(())
    }),
    ("an empty AudienceRestriction", Check::Audience, |_, draft| {
        draft.conditions = without(&draft.conditions, "saml:Audience")?;
        Ok(())
    }),
    ("an empty audience", Check::Audience, |world, draft| {
        edit(&mut draft.conditions, &world.expectations.audience, "")
    }),
    ("ours and another restriction besides", Check::Audience, |_, draft| {
        draft.conditions = after(&draft.conditions, "</saml:AudienceRestriction>", ONE_MORE)?;
        Ok(())
    }),
    ("another restriction, then ours", Check::Audience, |_, draft| {
        draft.conditions = before(&draft.conditions, "<saml:AudienceRestriction>", ONE_MORE)?;
        Ok(())
    }),
    ("an audience that begins like ours", Check::Audience, |_, draft| {
        edit(&mut draft.conditions, "</saml:Audience>", ".example.org</saml:Audience>")
    }),
    ("an audience that ours begins with", Check::Audience, |world, draft| {
        edit(
            &mut draft.conditions,
            &world.expectations.audience,
            world.expectations.audience.trim_end_matches('a'),
        )
    }),
    ("an audience with a slash behind", Check::Audience, |_, draft| {
        edit(&mut draft.conditions, "</saml:Audience>", "/</saml:Audience>")
    }),
    ("an audience in capitals", Check::Audience, |world, draft| {
        edit(&mut draft.conditions, &world.expectations.audience, &world.expectations.audience.to_uppercase())
    }),
    ("two audiences in one text", Check::Audience, |world, draft| {
        edit(
            &mut draft.conditions,
            &world.expectations.audience,
            &format!("{} https://example.org", world.expectations.audience),
        )
    }),
    ("an element in the audience", Check::Audience, |_, draft| {
        edit(&mut draft.conditions, "</saml:Audience>", "<x/></saml:Audience>")
    }),
    ("no AuthnStatement", Check::Statement, |_, draft| {
        draft.statement.clear();
        Ok(())
    }),
    ("two AuthnStatements", Check::Statement, |_, draft| {
        draft.statement = draft.statement.repeat(2);
        Ok(())
    }),
    ("signed in tomorrow", Check::Statement, |world, draft| {
        edit(&mut draft.statement, &world.at(0), &world.at(86_400))
    }),
    ("signed in at no time", Check::Statement, |world, draft| {
        edit(&mut draft.statement, &format!(r#"AuthnInstant="{}" "#, world.at(0)), "")
    }),
    ("a line break in the session's name", Check::Statement, |_, draft| {
        edit(&mut draft.statement, "_session-1", "_session&#10;1")
    }),
    ("an AuthzDecisionStatement alone", Check::Statement, |_, draft| {
        draft.statement = r#"<saml:AuthzDecisionStatement Resource="x" Decision="Permit"><saml:Action Namespace="urn:example">x</saml:Action></saml:AuthzDecisionStatement>"#.into();
        Ok(())
    }),
    ("the session there is over", Check::SessionTime, |world, draft| {
        let end = format!(r#"<saml:AuthnStatement SessionNotOnOrAfter="{}" "#, world.at(-3_600));
        edit(&mut draft.statement, "<saml:AuthnStatement ", &end)
    }),
    ("the session there ends at a time that is none", Check::SessionTime, |_, draft| {
        edit(
            &mut draft.statement,
            "<saml:AuthnStatement ",
            r#"<saml:AuthnStatement SessionNotOnOrAfter="never" "#,
        )
    }),
    ("an attribute without a name", Check::Attributes, |_, draft| {
        edit(&mut draft.attributes, r#"<saml:Attribute Name="email">"#, "<saml:Attribute>")
    }),
    ("a line break in an attribute's name", Check::Attributes, |_, draft| {
        edit(&mut draft.attributes, r#"Name="email""#, r#"Name="e&#10;mail""#)
    }),
    ("a line break in a value", Check::Attributes, |_, draft| {
        edit(&mut draft.attributes, "dba", "dba&#10;admins")
    }),
    ("elements in a value", Check::Attributes, |_, draft| edit(&mut draft.attributes, "dba", "<x>dba</x>")),
    ("a value of 2,049 characters", Check::Attributes, |_, draft| {
        edit(&mut draft.attributes, "dba", &"a".repeat(2_049))
    }),
    ("a name of an attribute of 2,049 characters", Check::Attributes, |_, draft| {
        edit(&mut draft.attributes, r#"Name="email""#, &format!(r#"Name="{}""#, "a".repeat(2_049)))
    }),
    ("201 attributes", Check::Attributes, |_, draft| {
        let many: String = (0..201).map(|at| format!(r#"<saml:Attribute Name="a{at}"/>"#)).collect();
        draft.attributes = format!("<saml:AttributeStatement>{many}</saml:AttributeStatement>");
        Ok(())
    }),
];
