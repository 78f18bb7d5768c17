//! Changes documents as text, and says when there was nothing to change: a mutation that changes nothing proves nothing.

use super::{Failure, cases::Made};

/// The text with one part replaced, which has to be there exactly once.
pub(super) fn swap(xml: &str, from: &str, to: &str) -> Made {
    match xml.matches(from).count() {
        1 => Ok(xml.replacen(from, to, 1)),
        count => Err(format!("{from:?} is there {count} times in {xml}").into()),
    }
}

/// The text with every occurrence of a part replaced; there has to be one.
pub(super) fn swap_all(xml: &str, from: &str, to: &str) -> Made {
    if xml.contains(from) { Ok(xml.replace(from, to)) } else { Err(format!("no {from:?} in {xml}").into()) }
}

/// Changes one part of a text in place.
pub(super) fn edit(text: &mut String, from: &str, to: &str) -> Result<(), Failure> {
    *text = swap(text, from, to)?;
    Ok(())
}

/// The first element of that name (with its prefix), which may not hold another one of it.
pub(super) fn element<'a>(xml: &'a str, name: &str) -> Result<&'a str, Failure> {
    let missing = || Failure::from(format!("no {name} in {xml}"));
    let begin = [format!("<{name} "), format!("<{name}>"), format!("<{name}/>")];
    let from = begin.iter().filter_map(|begin| xml.find(begin)).min().ok_or_else(missing)?;
    let rest = &xml[from..];
    let close = format!("</{name}>");
    let tag = rest.find('>').ok_or_else(missing)? + 1;
    let end =
        if rest[..tag].ends_with("/>") { tag } else { rest.find(&close).ok_or_else(missing)? + close.len() };
    Ok(&rest[..end])
}

/// What is in the first element of that name.
pub(super) fn content<'a>(xml: &'a str, name: &str) -> Result<&'a str, Failure> {
    let whole = element(xml, name)?;
    let from = whole.find('>').unwrap_or(0) + 1;
    let to = whole.rfind("</").ok_or_else(|| Failure::from(format!("{name} is empty")))?;
    Ok(&whole[from..to])
}

/// The text without the first element of that name.
pub(super) fn without(xml: &str, name: &str) -> Made {
    Ok(xml.replacen(element(xml, name)?, "", 1))
}

/// The text with something put in front of a marker, which has to be there exactly once.
pub(super) fn before(xml: &str, marker: &str, what: &str) -> Made {
    swap(xml, marker, &format!("{what}{marker}"))
}

/// The text with something put behind a marker, which has to be there exactly once.
pub(super) fn after(xml: &str, marker: &str, what: &str) -> Made {
    swap(xml, marker, &format!("{marker}{what}"))
}

/// Base64 with one of its letters changed.
pub(super) fn flip(value: &str) -> String {
    let middle = value.len() / 3;
    value
        .char_indices()
        .map(|(at, sign)| match sign {
            _ if at != middle => sign,
            'A' => 'B',
            _ => 'A',
        })
        .collect()
}
