//! Reads the attributes of an assertion that was signed (SAML core, section 2.7.3). Gives them no meaning.

use roxmltree::Node;

use super::{
    ASSERTION,
    checks::{Check, Findings},
    contents::{children, is_plain},
    looks::text,
    verifications::Attribute,
};

/// Attributes of a person, at most.
const ATTRIBUTES_MAX: usize = 200;
/// Values of all of them together, at most.
const VALUES_MAX: usize = 5_000;
/// Characters of a name or a value, at most.
const CHARS_MAX: usize = 2_048;

/// The attributes, those of one name together. Empty values are left out. `None`, with a finding, if they are not plain
/// or too many.
pub(super) fn attributes(assertion: Node<'_, '_>, findings: &mut Findings) -> Option<Vec<Attribute>> {
    let read = read(assertion);
    match &read {
        Ok(attributes) => {
            let names: Vec<&str> = attributes.iter().map(|attribute| attribute.name.as_str()).collect();
            findings.pass(Check::Attributes, format!("{}: {}", names.len(), names.join(", ")));
        }
        Err(what) => findings.note(Check::Attributes, false, what),
    }
    read.ok()
}

fn read(assertion: Node<'_, '_>) -> Result<Vec<Attribute>, String> {
    let mut attributes: Vec<Attribute> = Vec::new();
    let mut values = 0;
    let nodes = children(assertion, ASSERTION, "AttributeStatement")
        .into_iter()
        .flat_map(|statement| children(statement, ASSERTION, "Attribute"));
    for node in nodes {
        let name = node.attribute("Name").unwrap_or("");
        if !is_plain(name, CHARS_MAX) {
            return Err("an attribute without a plain name".to_owned());
        }
        let read = children(node, ASSERTION, "AttributeValue")
            .into_iter()
            .map(|value| plain(value).ok_or_else(|| format!("a value of {name} is not plain text")))
            .filter(|value| value.as_ref().is_ok_and(|value| !value.is_empty()) || value.is_err())
            .collect::<Result<Vec<String>, String>>()?;
        values += read.len();
        match attributes.iter_mut().find(|attribute| attribute.name == name) {
            Some(attribute) => attribute.values.extend(read),
            None => attributes.push(Attribute {
                name: name.to_owned(),
                friendly_name: node
                    .attribute("FriendlyName")
                    .filter(|name| is_plain(name, CHARS_MAX))
                    .map(ToOwned::to_owned),
                values: read,
            }),
        }
        if attributes.len() > ATTRIBUTES_MAX || values > VALUES_MAX {
            return Err(format!("{} attributes, {values} values", attributes.len()));
        }
    }
    Ok(attributes)
}

/// A value as text. One that holds an element counts if that is a single NameID, as some identity providers send for
/// `eduPersonTargetedID`.
fn plain(value: Node<'_, '_>) -> Option<String> {
    let names = children(value, ASSERTION, "NameID");
    let read = match names.as_slice() {
        [name] if value.children().filter(Node::is_element).count() == 1 => text(*name)?,
        _ => text(value)?,
    };
    (read.is_empty() || is_plain(read, CHARS_MAX)).then(|| read.to_owned())
}
