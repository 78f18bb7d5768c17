//! Single logout (SAML profiles, section 4.4), by the redirect binding alone: its signatures are over letters, so that
//! nothing is parsed before they were checked. Ends no session.

use std::time::Duration;

use domain::timestamps::Timestamp;
use roxmltree::Node;

use super::{
    ASSERTION, PROTOCOL,
    checks::{Check, Refusal},
    contents::{SKEW, children, is_plain},
    instants,
    looks::{self, is, named, text},
    requests::escaped,
    verifications::NameId,
};

/// How old a message may be when it comes.
const AGE_MAX: Duration = Duration::from_secs(5 * 60);
/// Sessions that one request names, at most.
const SESSIONS_MAX: usize = 100;
/// Characters of a name, at most.
const NAME_CHARS_MAX: usize = 1_024;
const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
const PARTIAL: &str = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout";
const RESPONDER: &str = "urn:oasis:names:tc:SAML:2.0:status:Responder";

/// What a message has to fit. It came by the redirect binding, its signature was good.
pub struct Expected<'a> {
    /// The identity provider's entity id.
    pub entity_id: &'a str,
    /// Our address for signing out.
    pub slo_url: &'a str,
}

/// What an identity provider asks for: that somebody be signed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// ID of the request, for the answer.
    pub id: String,
    /// Who.
    pub name_id: NameId,
    /// Which of their sessions; all of them if none is named.
    pub session_indexes: Vec<String>,
}

/// Reads a request to sign somebody out, after its signature was checked.
///
/// # Errors
/// The check that refused it.
pub fn read_request(xml: &str, expected: &Expected<'_>, now: Timestamp) -> Result<Asked, Refusal> {
    let document = looks::parse(xml)?;
    let root = document.root_element();
    let id = shell(root, "LogoutRequest", expected, now)?;
    if let Some(until) = root.attribute("NotOnOrAfter")
        && instants::read(until).is_none_or(|until| until.plus(SKEW) <= now)
    {
        return Err(Refusal::new(Check::ConditionsTime, until));
    }
    let names = children(root, ASSERTION, "NameID");
    let value = match names.as_slice() {
        [name] => text(*name).filter(|value| is_plain(value, NAME_CHARS_MAX)),
        _ => None,
    };
    let Some(value) = value else {
        return Err(Refusal::new(Check::Subject, format!("{} names", names.len())));
    };
    let qualifier = |name: &str| names.first().and_then(|node| node.attribute(name)).map(ToOwned::to_owned);
    let name_id = NameId {
        value: value.to_owned(),
        format: qualifier("Format"),
        name_qualifier: qualifier("NameQualifier"),
        sp_name_qualifier: qualifier("SPNameQualifier"),
    };
    let indexes = children(root, PROTOCOL, "SessionIndex");
    if indexes.len() > SESSIONS_MAX {
        return Err(Refusal::new(Check::Statement, format!("{} sessions", indexes.len())));
    }
    let session_indexes = indexes
        .into_iter()
        .map(|index| text(index).filter(|index| is_plain(index, NAME_CHARS_MAX)).map(ToOwned::to_owned))
        .collect::<Option<_>>()
        .ok_or_else(|| Refusal::new(Check::Statement, "a SessionIndex is not plain"))?;
    Ok(Asked { id, name_id, session_indexes })
}

/// Reads an answer to a request of ours, after its signature was checked. True if everybody has signed the person out, false
/// if somebody has not.
///
/// # Errors
/// The check that refused it, [`Check::Status`] if the identity provider did not sign them out.
pub fn read_response(
    xml: &str,
    request_id: &str,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<bool, Refusal> {
    let document = looks::parse(xml)?;
    let root = document.root_element();
    shell(root, "LogoutResponse", expected, now)?;
    let answered = root.attribute("InResponseTo").unwrap_or("none");
    if answered != request_id {
        return Err(Refusal::new(Check::InResponseTo, answered));
    }
    let statuses = children(root, PROTOCOL, "Status");
    let codes: Vec<&str> = statuses
        .iter()
        .flat_map(Node::descendants)
        .filter(|node| is(*node, PROTOCOL, "StatusCode"))
        .filter_map(|node| node.attribute("Value"))
        .collect();
    match codes.as_slice() {
        [SUCCESS] => Ok(true),
        [SUCCESS | RESPONDER, PARTIAL] => Ok(false),
        other => Err(Refusal::new(Check::Status, other.join(" "))),
    }
}

/// What every message says of itself; gives its ID.
fn shell(root: Node<'_, '_>, name: &str, expected: &Expected<'_>, now: Timestamp) -> Result<String, Refusal> {
    if !is(root, PROTOCOL, name) {
        return Err(Refusal::new(Check::Root, named(root)));
    }
    let attribute = |name: &str| root.attribute(name).unwrap_or("none");
    if attribute("Version") != "2.0" {
        return Err(Refusal::new(Check::Version, attribute("Version")));
    }
    let issuers = children(root, ASSERTION, "Issuer");
    if !matches!(issuers.as_slice(), [issuer] if text(*issuer) == Some(expected.entity_id)) {
        return Err(Refusal::new(Check::ResponseIssuer, format!("{} issuers", issuers.len())));
    }
    if attribute("Destination") != expected.slo_url {
        return Err(Refusal::new(Check::Destination, attribute("Destination")));
    }
    let issued = instants::read(attribute("IssueInstant"));
    if !issued.is_some_and(|at| at <= now.plus(SKEW) && now.since(at) <= AGE_MAX + SKEW) {
        return Err(Refusal::new(Check::ResponseTime, attribute("IssueInstant")));
    }
    match root.attribute("ID").filter(|id| is_plain(id, NAME_CHARS_MAX)) {
        Some(id) => Ok(id.to_owned()),
        None => Err(Refusal::new(Check::Identifiers, "no ID")),
    }
}

/// A message of ours about signing out.
pub struct Message<'a> {
    /// Its ID, made by [`super::requests::id`].
    pub id: &'a str,
    /// Now.
    pub issued_at: Timestamp,
    /// The identity provider's address for signing out.
    pub destination: &'a str,
    /// Our entity id.
    pub issuer: &'a str,
}

impl Message<'_> {
    /// Asks the identity provider to sign somebody out: of one session, if it named one.
    #[must_use]
    pub fn request(&self, name_id: &NameId, session_index: Option<&str>) -> String {
        let attribute = |name: &str, value: &Option<String>| {
            value.as_ref().map_or_else(String::new, |value| format!(r#" {name}="{}""#, escaped(value)))
        };
        let index = session_index.map_or_else(String::new, |index| {
            format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", escaped(index))
        });
        let body = format!(
            "<saml:NameID{}{}{}>{}</saml:NameID>{index}",
            attribute("NameQualifier", &name_id.name_qualifier),
            attribute("SPNameQualifier", &name_id.sp_name_qualifier),
            attribute("Format", &name_id.format),
            escaped(&name_id.value)
        );
        self.write("LogoutRequest", "", &body)
    }

    /// Answers a request: whether the person was signed out here.
    #[must_use]
    pub fn response(&self, in_response_to: &str, is_done: bool) -> String {
        let status = if is_done { SUCCESS } else { RESPONDER };
        let body = format!(r#"<samlp:Status><samlp:StatusCode Value="{status}"/></samlp:Status>"#);
        self.write("LogoutResponse", &format!(r#" InResponseTo="{}""#, escaped(in_response_to)), &body)
    }

    fn write(&self, name: &str, attributes: &str, body: &str) -> String {
        format!(
            r#"<samlp:{name} xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}" ID="{}" Version="2.0" IssueInstant="{}" Destination="{}"{attributes}><saml:Issuer>{}</saml:Issuer>{body}</samlp:{name}>"#,
            escaped(self.id),
            self.issued_at.rfc3339(),
            escaped(self.destination),
            escaped(self.issuer),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLO: &str = "https://console.example.org/slo";
    const IDP: &str = "https://idp.example.org";

    fn now() -> Timestamp {
        Timestamp::from_rfc3339("2026-11-28T12:00:00Z").unwrap()
    }

    fn message() -> Message<'static> {
        Message { id: "_0123456789", issued_at: now(), destination: SLO, issuer: IDP }
    }

    fn alice() -> NameId {
        NameId {
            value: "alice & <bob>".into(),
            format: Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".into()),
            name_qualifier: None,
            sp_name_qualifier: Some("us".into()),
        }
    }

    #[test]
    fn what_is_asked_is_read() {
        let expected = Expected { entity_id: IDP, slo_url: SLO };
        let asked = read_request(&message().request(&alice(), Some("_s1")), &expected, now()).unwrap();
        assert_eq!(
            asked,
            Asked { id: "_0123456789".into(), name_id: alice(), session_indexes: vec!["_s1".into()] }
        );
        let all = read_request(&message().request(&alice(), None), &expected, now()).unwrap();
        assert!(all.session_indexes.is_empty());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let good = message().request(&alice(), Some("_s1"));
        let refusal = |xml: &str, entity_id: &str, slo_url: &str, at: Timestamp| {
            read_request(xml, &Expected { entity_id, slo_url }, at).unwrap_err().check
        };
        let late = now().plus(Duration::from_secs(361));
        let early = now().minus(Duration::from_secs(61));
        assert_eq!(refusal(&good, "https://other.example.org", SLO, now()), Check::ResponseIssuer);
        assert_eq!(refusal(&good, IDP, "https://console.example.org/other", now()), Check::Destination);
        assert_eq!(refusal(&good, IDP, SLO, late), Check::ResponseTime);
        assert_eq!(refusal(&good, IDP, SLO, early), Check::ResponseTime);
        for (from, to, check) in [
            ("LogoutRequest", "LogoutResponse", Check::Root),
            ("Version=\"2.0\"", "Version=\"1.1\"", Check::Version),
            (" ID=\"_0123456789\"", "", Check::Identifiers),
            ("</saml:NameID>", "</saml:NameID><saml:NameID>eve</saml:NameID>", Check::Subject),
            ("saml:NameID", "saml:EncryptedID", Check::Subject),
            (" Version", " NotOnOrAfter=\"2026-11-28T11:59:00Z\" Version", Check::ConditionsTime),
            ("<saml:Issuer>", "<!-- --><saml:Issuer>", Check::Markup),
        ] {
            assert_eq!(refusal(&good.replace(from, to), IDP, SLO, now()), check, "{to}");
        }
        let many = "<samlp:SessionIndex>_x</samlp:SessionIndex>".repeat(SESSIONS_MAX);
        let many = good.replace("</samlp:LogoutRequest>", &format!("{many}</samlp:LogoutRequest>"));
        assert_eq!(refusal(&many, IDP, SLO, now()), Check::Statement);
    }

    #[test]
    fn an_answer_is_read() {
        let expected = Expected { entity_id: IDP, slo_url: SLO };
        let read = |xml: &str, id: &str| read_response(xml, id, &expected, now());
        assert_eq!(read(&message().response("_request", true), "_request"), Ok(true));
        let refused = |xml: &str, id: &str| read(xml, id).unwrap_err().check;
        assert_eq!(refused(&message().response("_request", false), "_request"), Check::Status);
        assert_eq!(refused(&message().response("_request", true), "_other"), Check::InResponseTo);
        let partial = message().response("_request", true).replace(
            "/></samlp:Status>",
            &format!("><samlp:StatusCode Value=\"{PARTIAL}\"/></samlp:StatusCode></samlp:Status>"),
        );
        assert_eq!(read(&partial, "_request"), Ok(false));
    }
}
