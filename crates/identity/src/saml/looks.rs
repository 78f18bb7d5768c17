//! The look before any library for signatures sees a document: refuses everything that no identity provider needs and
//! that attacks are made of. Checks no signature and believes nothing.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use roxmltree::{Document, Node, ParsingOptions};

use super::{
    ASSERTION, ENCRYPTION, PROTOCOL, SIGNATURE,
    checks::{Check, Refusal},
    markup,
    signature_forms::{self, KeyKind},
};

/// Characters of the field, at most.
pub(super) const FIELD_CHARS_MAX: usize = 350_000;
/// Attributes of an element, at most.
const ATTRIBUTES_MAX: usize = 24;
/// Nodes (elements, texts, attributes) that the parser makes, at most.
const NODES_MAX: u32 = 100_000;
/// Characters of an ID (NCName), at least and at most.
const ID_CHARS_MIN: usize = 8;
const ID_CHARS_MAX: usize = 128;
/// Namespace of `xsi:type` and `xsi:nil`, the only attributes that may have a prefix on every element.
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// What a document consists of, as far as it decides where to read on.
pub(super) struct Shape {
    /// ID of the root: the response's, or that of an assertion that was encrypted.
    pub(super) root_id: String,
    /// The kind of key that signed the root, if it is signed.
    pub(super) root_signature: Option<KeyKind>,
    /// The assertion in a response; `None` if the assertion is encrypted or is the root itself.
    pub(super) assertion: Option<Inner>,
}

/// A plain assertion in a response.
pub(super) struct Inner {
    /// Its ID.
    pub(super) id: String,
    /// The kind of key that signed it, if it is signed.
    pub(super) signature: Option<KeyKind>,
}

/// The text in the field `SAMLResponse` of the POST binding (SAML bindings, section 3.5.4). White space between the
/// letters does not count.
pub(super) fn decode(field: &str) -> Result<String, Refusal> {
    if field.trim().is_empty() {
        return Err(Refusal::new(Check::FieldPresent, "the field is empty"));
    }
    if field.len() > FIELD_CHARS_MAX {
        return Err(Refusal::new(Check::FieldSize, format!("{} characters", field.len())));
    }
    let letters: Vec<u8> = field.bytes().filter(|sign| !sign.is_ascii_whitespace()).collect();
    let bytes = STANDARD
        .decode(letters)
        .map_err(|error| Refusal::new(Check::FieldEncoding, format!("not base64: {error}")))?;
    let text = String::from_utf8(bytes)
        .map_err(|error| Refusal::new(Check::FieldEncoding, format!("not UTF-8: {error}")))?;
    if text.contains('\0') {
        return Err(Refusal::new(Check::FieldEncoding, "NUL in the text"));
    }
    Ok(text)
}

/// Parses a document strictly, after looking at its markup.
pub(super) fn parse(text: &str) -> Result<Document<'_>, Refusal> {
    markup::look(text)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    Document::parse_with_options(text, options)
        .map_err(|error| Refusal::new(Check::WellFormed, error.to_string()))
}

/// Looks at a response.
pub(super) fn response(document: &Document<'_>) -> Result<Shape, Refusal> {
    let root = document.root_element();
    if !is(root, PROTOCOL, "Response") {
        return Err(Refusal::new(Check::Root, named(root)));
    }
    let assertion = only_assertion(root)?;
    // One that is encrypted shows neither its ID nor its signature.
    let plain = Some(assertion).filter(|node| is(*node, ASSERTION, "Assertion"));
    identifiers(root, plain)?;
    let signatures = signature_forms::find(root, plain)?;
    let root_id = id(root)?;
    let inner = plain.map(|node| Ok(Inner { id: id(node)?, signature: signatures.inner })).transpose()?;
    Ok(Shape { root_id, root_signature: signatures.root, assertion: inner })
}

/// Looks at an assertion that was encrypted, which is a document of its own.
pub(super) fn assertion(document: &Document<'_>) -> Result<Shape, Refusal> {
    let root = document.root_element();
    if !is(root, ASSERTION, "Assertion") {
        return Err(Refusal::new(Check::OneAssertion, format!("encrypted is {}", named(root))));
    }
    if let Some(second) = assertions(root).find(|node| *node != root) {
        return Err(Refusal::new(Check::OneAssertion, format!("{} within the assertion", named(second))));
    }
    identifiers(root, None)?;
    let signatures = signature_forms::find(root, None)?;
    Ok(Shape { root_id: id(root)?, root_signature: signatures.root, assertion: None })
}

/// Elements whose name is that of an assertion, in whatever namespace.
fn assertions<'a, 'input>(root: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    root.descendants().filter(|node| {
        matches!(node.tag_name().name(), "Assertion" | "EncryptedAssertion") && node.is_element()
    })
}

fn only_assertion<'a, 'input>(root: Node<'a, 'input>) -> Result<Node<'a, 'input>, Refusal> {
    let mut found = assertions(root);
    let (Some(assertion), None) = (found.next(), found.next()) else {
        return Err(Refusal::new(Check::OneAssertion, format!("{} assertions", assertions(root).count())));
    };
    let is_ours = assertion.tag_name().namespace() == Some(ASSERTION);
    if !is_ours || assertion.parent_element() != Some(root) {
        return Err(Refusal::new(Check::OneAssertion, format!("{} is in the wrong place", named(assertion))));
    }
    Ok(assertion)
}

/// IDs are where they belong and nowhere else, under one name, and told apart.
fn identifiers(root: Node<'_, '_>, assertion: Option<Node<'_, '_>>) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    for node in root.descendants().filter(Node::is_element) {
        if node.attributes().len() > ATTRIBUTES_MAX {
            return Err(Refusal::new(Check::MarkupSize, format!("{} attributes", node.attributes().len())));
        }
        let may_have_id = node == root || Some(node) == assertion;
        for attribute in node.attributes() {
            let (name, namespace) = (attribute.name(), attribute.namespace());
            let refuse = || Refusal::new(Check::Identifiers, format!("{name} in {}", named(node)));
            match (name, namespace) {
                (_, Some(SCHEMA_INSTANCE)) if matches!(name, "type" | "nil") => {}
                (_, Some(namespace)) if may_be_foreign(node, namespace, name) => {}
                (_, Some(_)) => return Err(refuse()),
                ("ID", None) if !may_have_id => return Err(refuse()),
                // XML encryption names its parts by `Id`; nothing refers to them but they themselves.
                ("Id", None) if node.tag_name().namespace() != Some(ENCRYPTION) => return Err(refuse()),
                ("ID", None) if attribute.value().len() < ID_CHARS_MIN => return Err(refuse()),
                ("ID" | "Id", None) if !is_id(attribute.value()) || !seen.insert(attribute.value()) => {
                    return Err(refuse());
                }
                ("ID" | "Id", None) => {}
                (name, None) if name.eq_ignore_ascii_case("id") || name == "AssertionID" => {
                    return Err(refuse());
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Attributes of other namespaces that say where a person's attribute comes from (SAML core, section 2.7.3.1), as ADFS
/// (`OriginalIssuer`) and the X.500 profile (`Encoding`) send them. Nothing reads them; but none may be taken for an ID:
/// libxml2 finds `ID` whatever its namespace.
fn may_be_foreign(node: Node<'_, '_>, namespace: &str, name: &str) -> bool {
    const XML: &str = "http://www.w3.org/XML/1998/namespace";
    is(node, ASSERTION, "Attribute")
        && ![XML, SCHEMA_INSTANCE, ASSERTION, PROTOCOL, SIGNATURE, ENCRYPTION].contains(&namespace)
        && !name.to_ascii_lowercase().ends_with("id")
}

fn id(node: Node<'_, '_>) -> Result<String, Refusal> {
    node.attribute("ID")
        .map(ToOwned::to_owned)
        .ok_or_else(|| Refusal::new(Check::Identifiers, format!("{} has no ID", named(node))))
}

/// An NCName of plain letters: what every identity provider makes.
fn is_id(value: &str) -> bool {
    value.len() <= ID_CHARS_MAX
        && value.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '_')
        && value.bytes().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, b'_' | b'-' | b'.'))
}

/// Whether a node is that element.
pub(super) fn is(node: Node<'_, '_>, namespace: &str, name: &str) -> bool {
    node.is_element() && node.has_tag_name((namespace, name))
}

/// The elements in an element; a refusal by `check` if there is text between them.
pub(super) fn elements<'a, 'input>(
    node: Node<'a, 'input>,
    check: Check,
) -> Result<Vec<Node<'a, 'input>>, Refusal> {
    let is_blank = |child: &Node<'_, '_>| child.text().is_none_or(|text| text.trim().is_empty());
    if node.children().any(|child| !child.is_element() && !is_blank(&child)) {
        return Err(Refusal::new(check, format!("text in {}", named(node))));
    }
    Ok(node.children().filter(Node::is_element).collect())
}

/// The text of an element that holds nothing else, without the blanks (of XML, no others) around it; `None` if it holds
/// elements.
pub(super) fn text<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    let mut children = node.children();
    match (children.next(), children.next()) {
        (None, _) => Some(""),
        (Some(child), None) if child.is_text() => {
            child.text().map(|text| text.trim_matches([' ', '\t', '\r', '\n']))
        }
        _ => None,
    }
}

/// Name and namespace of an element, for a refusal.
pub(super) fn named(node: Node<'_, '_>) -> String {
    let name = node.tag_name();
    match name.namespace() {
        Some(PROTOCOL) => format!("samlp:{}", name.name()),
        Some(ASSERTION) => format!("saml:{}", name.name()),
        Some(SIGNATURE) => format!("ds:{}", name.name()),
        Some(other) => format!("{} of {other}", name.name()),
        None => format!("{} without a namespace", name.name()),
    }
}
