//! Reads an assertion that was signed, and the response around it, against what is expected (SAML core 2 and 3, profiles
//! 4.1.4). Every check is made and noted, also after one has failed. Checks no signature.

use std::time::Duration;

use domain::{names::is_seen, timestamps::Timestamp};
use roxmltree::Node;

use super::{
    ASSERTION, PROTOCOL,
    attributes::attributes,
    checks::{Check, Findings},
    instants,
    looks::{is, text},
    verifications::{Assertion, Expectations, NameId, Trust},
};

/// How far the identity provider's clock may be from ours, either way.
pub(super) const SKEW: Duration = Duration::from_secs(60);
/// How old a response may be when it comes.
const AGE_MAX: Duration = Duration::from_secs(5 * 60);
/// Characters of a name, at most.
const NAME_CHARS_MAX: usize = 1_024;
const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";

/// What is read, and against what.
pub(super) struct Read<'a, 'input> {
    /// The response: as it was signed, or as it came if it was not. It is only asked for reasons to refuse.
    pub(super) shell: Node<'a, 'input>,
    /// The assertion, in bytes that were signed.
    pub(super) assertion: Node<'a, 'input>,
    /// The identity provider.
    pub(super) trust: &'a Trust,
    /// What is expected.
    pub(super) expectations: &'a Expectations,
    /// Now.
    pub(super) now: Timestamp,
}

/// Makes every check of the content. `None` if something that is needed cannot be read; a finding says what.
pub(super) fn read(read: &Read<'_, '_>, findings: &mut Findings) -> Option<Assertion> {
    shell(read, findings);
    let is_current =
        ["2.0"; 2] == [read.shell, read.assertion].map(|node| node.attribute("Version").unwrap_or(""));
    findings.note(Check::Version, is_current, read.assertion.attribute("Version").unwrap_or("none"));
    let issuers = children(read.assertion, ASSERTION, "Issuer");
    let is_issuer = matches!(issuers.as_slice(), [issuer] if is_entity(*issuer, &read.trust.entity_id));
    findings.note(Check::AssertionIssuer, is_issuer, seen(&issuers));
    issued(read.assertion, Check::AssertionTime, read.now, findings);

    let name_id = subject(read, findings);
    let confirmed_until = confirmation(read, findings);
    let conditions_until = conditions(read, findings);
    let statement = statement(read, findings);
    let attributes = attributes(read.assertion, findings);

    let confirmed_until = confirmed_until?;
    let until = conditions_until.map_or(confirmed_until, |until| until.max(confirmed_until));
    let statement = statement?;
    Some(Assertion {
        id: read.assertion.attribute("ID")?.to_owned(),
        name_id: name_id?,
        not_on_or_after: until,
        authenticated_at: statement.at,
        session_index: statement.index,
        session_ends_at: statement.ends_at,
        context_class: statement.context_class,
        attributes: attributes?,
    })
}

/// The response around the assertion.
fn shell(read: &Read<'_, '_>, findings: &mut Findings) {
    let (shell, expected) = (read.shell, read.expectations);
    let issuers = children(shell, ASSERTION, "Issuer");
    let is_issuer = match issuers.as_slice() {
        [] => true,
        [issuer] => is_entity(*issuer, &read.trust.entity_id),
        _ => false,
    };
    findings.note(Check::ResponseIssuer, is_issuer, seen(&issuers));
    let destination = shell.attribute("Destination").unwrap_or("");
    findings.note(Check::Destination, destination == expected.acs_url, or_none(destination));
    let request = shell.attribute("InResponseTo").unwrap_or("");
    findings.note(Check::InResponseTo, request == expected.request_id, or_none(request));
    issued(shell, Check::ResponseTime, read.now, findings);
    let statuses = children(shell, PROTOCOL, "Status");
    let codes: Vec<Node<'_, '_>> =
        statuses.iter().flat_map(|status| children(*status, PROTOCOL, "StatusCode")).collect();
    let is_success = statuses.len() == 1
        && matches!(codes.as_slice(), [code] if code.attribute("Value") == Some(SUCCESS) && !code.children().any(|child| child.is_element()));
    let words: Vec<&str> = statuses
        .iter()
        .flat_map(Node::descendants)
        .filter_map(|node| node.attribute("Value").or_else(|| text(node).filter(|_| node.is_element())))
        .collect();
    findings.note(Check::Status, is_success, or_none(&words.join(" ")));
}

/// `IssueInstant` is of the last minutes.
fn issued(node: Node<'_, '_>, check: Check, now: Timestamp, findings: &mut Findings) {
    let value = node.attribute("IssueInstant").unwrap_or("");
    let is_recent =
        instants::read(value).is_some_and(|at| at <= now.plus(SKEW) && now.since(at) <= AGE_MAX + SKEW);
    findings.note(check, is_recent, or_none(value));
}

/// Whom the assertion is about.
fn subject(read: &Read<'_, '_>, findings: &mut Findings) -> Option<NameId> {
    let subjects = children(read.assertion, ASSERTION, "Subject");
    let names: Vec<Node<'_, '_>> =
        subjects.iter().flat_map(|subject| children(*subject, ASSERTION, "NameID")).collect();
    let value = match (subjects.as_slice(), names.as_slice()) {
        ([_], [name]) => text(*name).filter(|value| is_plain(value, NAME_CHARS_MAX) && is_bare(value, *name)),
        _ => None,
    };
    let Some(value) = value else {
        findings.note(Check::Subject, false, format!("{} names; {}", names.len(), seen(&names)));
        return None;
    };
    findings.pass(Check::Subject, value);
    let qualifier = |name: &str| {
        names.first().and_then(|node| node.attribute(name)).filter(|it| is_plain(it, NAME_CHARS_MAX))
    };
    Some(NameId {
        value: value.to_owned(),
        format: qualifier("Format").map(ToOwned::to_owned),
        name_qualifier: qualifier("NameQualifier").map(ToOwned::to_owned),
        sp_name_qualifier: qualifier("SPNameQualifier").map(ToOwned::to_owned),
    })
}

/// Who may present the assertion, where, until when and for which request. Gives back until when.
fn confirmation(read: &Read<'_, '_>, findings: &mut Findings) -> Option<Timestamp> {
    let confirmations: Vec<Node<'_, '_>> = children(read.assertion, ASSERTION, "Subject")
        .iter()
        .flat_map(|subject| children(*subject, ASSERTION, "SubjectConfirmation"))
        .collect();
    let methods: Vec<&str> =
        confirmations.iter().map(|node| node.attribute("Method").unwrap_or("none")).collect();
    let data: Vec<Node<'_, '_>> =
        confirmations.iter().flat_map(|node| children(*node, ASSERTION, "SubjectConfirmationData")).collect();
    let is_bearer = methods == [BEARER] && data.len() == 1;
    findings.note(Check::Confirmation, is_bearer, or_none(&methods.join(" ")));
    let data = data.first().copied().filter(|_| is_bearer)?;
    let attribute = |name: &str| data.attribute(name).unwrap_or("");
    let recipient = attribute("Recipient");
    findings.note(Check::Recipient, recipient == read.expectations.acs_url, or_none(recipient));
    let request = attribute("InResponseTo");
    findings.note(Check::ConfirmationRequest, request == read.expectations.request_id, or_none(request));
    let until = instants::read(attribute("NotOnOrAfter"));
    let is_good = until.is_some_and(|until| read.now < until.plus(SKEW)) && !data.has_attribute("NotBefore");
    findings.note(Check::ConfirmationTime, is_good, or_none(attribute("NotOnOrAfter")));
    until
}

/// When and for whom the assertion holds. Gives back until when, if it says so.
fn conditions(read: &Read<'_, '_>, findings: &mut Findings) -> Option<Timestamp> {
    let all = children(read.assertion, ASSERTION, "Conditions");
    let [conditions] = all.as_slice() else {
        findings.note(Check::Conditions, false, format!("{} sets of conditions", all.len()));
        return None;
    };
    let known = ["AudienceRestriction", "OneTimeUse", "ProxyRestriction"];
    let stranger = conditions
        .children()
        .filter(Node::is_element)
        .find(|node| !known.iter().any(|name| is(*node, ASSERTION, name)));
    let stranger = stranger.map(|node| node.tag_name().name().to_owned());
    findings.note(Check::Conditions, stranger.is_none(), stranger.as_deref().unwrap_or("all of them known"));

    let (from, until) = (conditions.attribute("NotBefore"), conditions.attribute("NotOnOrAfter"));
    let has_begun =
        from.is_none_or(|from| instants::read(from).is_some_and(|from| from <= read.now.plus(SKEW)));
    let ends_at = until.map(instants::read);
    let holds = ends_at.is_none_or(|until| until.is_some_and(|until| read.now < until.plus(SKEW)));
    let is_in_order = match (from.and_then(instants::read), ends_at.flatten()) {
        (Some(from), Some(until)) => from < until,
        _ => true,
    };
    let window = format!("{} to {}", from.unwrap_or("ever"), until.unwrap_or("ever"));
    findings.note(Check::ConditionsTime, has_begun && holds && is_in_order, window);

    let restrictions = children(*conditions, ASSERTION, "AudienceRestriction");
    let names_us = |restriction: &Node<'_, '_>| {
        children(*restriction, ASSERTION, "Audience")
            .iter()
            .any(|audience| text(*audience) == Some(read.expectations.audience.as_str()))
    };
    let audiences: Vec<&str> = restrictions
        .iter()
        .flat_map(|restriction| children(*restriction, ASSERTION, "Audience"))
        .map(|audience| text(audience).unwrap_or("not a text"))
        .collect();
    let is_ours = !restrictions.is_empty() && restrictions.iter().all(names_us);
    findings.note(Check::Audience, is_ours, or_none(&audiences.join(" ")));
    ends_at.flatten()
}

/// How and when somebody signed in there.
struct Statement {
    at: Timestamp,
    index: Option<String>,
    ends_at: Option<Timestamp>,
    context_class: Option<String>,
}

fn statement(read: &Read<'_, '_>, findings: &mut Findings) -> Option<Statement> {
    let statements = children(read.assertion, ASSERTION, "AuthnStatement");
    let [statement] = statements.as_slice() else {
        findings.note(Check::Statement, false, format!("{} statements", statements.len()));
        return None;
    };
    let at = statement.attribute("AuthnInstant").unwrap_or("");
    let instant = instants::read(at).filter(|at| *at <= read.now.plus(SKEW));
    let index = statement.attribute("SessionIndex");
    let is_good = instant.is_some() && index.is_none_or(|index| is_plain(index, NAME_CHARS_MAX));
    findings.note(Check::Statement, is_good, or_none(at));
    let end = statement.attribute("SessionNotOnOrAfter");
    let ends_at = end.map(instants::read);
    let runs = ends_at.is_none_or(|end| end.is_some_and(|end| read.now < end.plus(SKEW)));
    findings.note(Check::SessionTime, runs, end.unwrap_or("no end"));
    let context_class = children(*statement, ASSERTION, "AuthnContext")
        .iter()
        .flat_map(|context| children(*context, ASSERTION, "AuthnContextClassRef"))
        .find_map(text)
        .filter(|class| is_plain(class, NAME_CHARS_MAX));
    Some(Statement {
        at: instant?,
        index: index.map(ToOwned::to_owned),
        ends_at: ends_at.flatten(),
        context_class: context_class.map(ToOwned::to_owned),
    })
}

/// Whether a name has nothing around or in it that cannot be seen: at the identity provider `alice` and `alice ` may be two
/// people.
fn is_bare(value: &str, node: Node<'_, '_>) -> bool {
    node.text() == Some(value)
        && value.trim() == value
        && value.chars().all(|sign| is_seen(sign) && !matches!(sign, '\u{200c}' | '\u{200d}' | '\u{ad}'))
}

/// Whether an issuer is that entity, and says nothing else of itself.
fn is_entity(issuer: Node<'_, '_>, entity_id: &str) -> bool {
    text(issuer) == Some(entity_id) && issuer.attribute("Format").is_none_or(|format| format == ENTITY)
}

/// A text of one line that can be shown and kept.
pub(super) fn is_plain(value: &str, chars_max: usize) -> bool {
    !value.is_empty() && !value.chars().any(char::is_control) && value.chars().count() <= chars_max
}

/// The children of that name.
pub(super) fn children<'a, 'input>(
    node: Node<'a, 'input>,
    namespace: &str,
    name: &str,
) -> Vec<Node<'a, 'input>> {
    node.children().filter(|child| is(*child, namespace, name)).collect()
}

fn seen(nodes: &[Node<'_, '_>]) -> String {
    let texts: Vec<&str> = nodes.iter().map(|node| text(*node).unwrap_or("not a text")).collect();
    or_none(&texts.join(" ")).to_owned()
}

fn or_none(value: &str) -> &str {
    if value.is_empty() { "none" } else { value }
}
