//! Changes documents at random, as an attacker does who knows what XML is: elements are taken out, doubled, moved, wrapped
//! and exchanged with those of other documents, attributes and texts likewise; bytes too. Judges nothing.

use std::ops::Range;

/// Numbers that look random and are the same for the same seed (SplitMix64). Nothing secret comes from it.
pub struct Dice(u64);

impl Dice {
    /// From a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next one.
    pub const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One below a limit; 0 if that is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.roll() % limit).unwrap_or(0)
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }
}

/// Texts that mean something to somebody who reads a response.
const TEXTS: &[&str] = &[
    "alice@acme.example",
    "admin",
    "",
    " ",
    "<!---->",
    "<!--x-->",
    "<?x?>",
    "<![CDATA[x]]>",
    "&#97;",
    "&#0;",
    "&#xD800;",
    "&lt;",
    "&x;",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "\u{a0}",
    "]]>",
    "2.0",
    "+262142-12-31T00:00:00Z",
    "urn:oasis:names:tc:SAML:2.0:assertion",
    "urn:oasis:names:tc:SAML:2.0:protocol",
    "http://www.w3.org/2000/09/xmldsig#",
    "#xpointer(/)",
    "urn:oasis:names:tc:SAML:2.0:cm:bearer",
    "urn:oasis:names:tc:SAML:2.0:status:Success",
    "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
];
/// Names that elements and attributes may take.
const NAMES: &[&str] = &[
    "saml:Assertion",
    "saml:EncryptedAssertion",
    "samlp:Response",
    "samlp:Extensions",
    "saml:Advice",
    "ds:Signature",
    "ds:Object",
    "ds:SignedInfo",
    "ds:Reference",
    "ds:KeyInfo",
    "saml:NameID",
    "saml:Subject",
    "saml:Conditions",
    ":x",
    "x:",
    "x",
];
const ATTRIBUTES: &[&str] = &[
    "ID",
    "Id",
    "id",
    "xml:id",
    "saml:ID",
    "AssertionID",
    "xmlns",
    "xmlns:saml",
    "xmlns:ds",
    "xmlns:x",
    "Version",
    "Algorithm",
    "URI",
    "Type",
    "InResponseTo",
    "Destination",
    "Recipient",
    "xsi:type",
    ":ID",
];

/// The document after one change; parts may come from another one.
#[must_use]
pub fn mutate(xml: &str, other: &str, dice: &mut Dice) -> String {
    match dice.below(16) {
        0 => bytes(xml, dice),
        1 => text(xml, dice),
        2 => rename(xml, dice),
        3..=5 => attribute(xml, dice),
        6 => part(xml, dice, |_, _| String::new()),
        7 => part(xml, dice, |part, _| part.repeat(2)),
        8 => part(xml, dice, |part, dice| {
            let name = dice.pick(NAMES).copied().unwrap_or("x");
            format!("<{name}>{part}</{name}>")
        }),
        9 => part(xml, dice, |part, _| inside(part).to_owned()),
        10 => exchange(xml, dice),
        11..=12 => moved(xml, dice),
        _ => graft(xml, other, dice),
    }
}

/// Changes some bytes, so that text stays text.
fn bytes(xml: &str, dice: &mut Dice) -> String {
    let mut bytes = xml.as_bytes().to_vec();
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len());
        match (dice.below(3), bytes.get_mut(at)) {
            (0, Some(byte)) => *byte ^= 1 << dice.below(7),
            (1, Some(_)) => drop(bytes.remove(at)),
            (_, _) => bytes.insert(at.min(bytes.len()), u8::try_from(dice.below(128)).unwrap_or(b'x')),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Puts a text somewhere into or in the place of a text.
fn text(xml: &str, dice: &mut Dice) -> String {
    let texts: Vec<Range<usize>> = xml
        .match_indices('>')
        .filter_map(|(at, _)| xml[at + 1..].find('<').map(|length| at + 1..at + 1 + length))
        .collect();
    let (Some(range), Some(text)) = (dice.pick(&texts).cloned(), dice.pick(TEXTS)) else {
        return xml.to_owned();
    };
    let old = &xml[range.clone()];
    let at = boundary(old, dice.below(old.len() + 1));
    let new = match dice.below(3) {
        0 => (*text).to_owned(),
        1 => format!("{}{text}{}", &old[..at], &old[at..]),
        _ => old[..at].to_owned(),
    };
    put(xml, range, &new)
}

/// Gives an element another name, at both ends or at one.
fn rename(xml: &str, dice: &mut Dice) -> String {
    let Some(range) = dice.pick(&elements(xml)).cloned() else { return xml.to_owned() };
    let part = &xml[range.clone()];
    let name = part[1..].split([' ', '>', '/', '\n']).next().unwrap_or_default();
    let Some(new) = dice.pick(NAMES) else { return xml.to_owned() };
    let mut changed = part.replacen(&format!("<{name}"), &format!("<{new}"), 1);
    if dice.below(8) > 0 && changed.ends_with(&format!("</{name}>")) {
        let end = changed.len() - name.len() - 1;
        changed = format!("{}{new}>", &changed[..end]);
    }
    put(xml, range, &changed)
}

/// Takes an attribute out, adds one, doubles one or gives it another value.
fn attribute(xml: &str, dice: &mut Dice) -> String {
    let Some(range) = dice.pick(&elements(xml)).cloned() else { return xml.to_owned() };
    let part = &xml[range.clone()];
    let tag = &part[..part.find('>').unwrap_or(part.len())];
    let values: Vec<Range<usize>> = quoted(tag);
    let text = dice.pick(TEXTS).copied().unwrap_or_default();
    let name = dice.pick(ATTRIBUTES).copied().unwrap_or("x");
    let changed = match (dice.below(4), dice.pick(&values).cloned()) {
        (0, Some(value)) => put(tag, value, text),
        (1, Some(value)) => {
            let begin = tag[..value.start].rfind(' ').unwrap_or(value.start);
            put(tag, begin..(value.end + 1).min(tag.len()), "")
        }
        (2, Some(value)) => format!("{} {name}=\"{}\"", tag.trim_end_matches('/'), &tag[value]),
        _ => format!("{} {name}=\"{text}\"", tag.trim_end_matches('/')),
    };
    let closed = if tag.ends_with('/') && !changed.ends_with('/') { format!("{changed}/") } else { changed };
    put(xml, range.start..range.start + tag.len(), &closed)
}

/// Puts something in the place of an element.
fn part(xml: &str, dice: &mut Dice, change: impl Fn(&str, &mut Dice) -> String) -> String {
    let Some(range) = dice.pick(&elements(xml)).cloned() else { return xml.to_owned() };
    let changed = change(&xml[range.clone()], dice);
    put(xml, range, &changed)
}

/// Exchanges two elements.
fn exchange(xml: &str, dice: &mut Dice) -> String {
    let all = elements(xml);
    let (Some(one), Some(two)) = (dice.pick(&all).cloned(), dice.pick(&all).cloned()) else {
        return xml.to_owned();
    };
    let (first, second) = if one.start < two.start { (one, two) } else { (two, one) };
    if first.end > second.start {
        return xml.to_owned();
    }
    format!(
        "{}{}{}{}{}",
        &xml[..first.start],
        &xml[second.clone()],
        &xml[first.end..second.start],
        &xml[first.clone()],
        &xml[second.end..]
    )
}

/// Moves or copies an element to another place.
fn moved(xml: &str, dice: &mut Dice) -> String {
    let Some(range) = dice.pick(&elements(xml)).cloned() else { return xml.to_owned() };
    let moved = xml[range.clone()].to_owned();
    let rest = if dice.below(2) == 0 { put(xml, range, "") } else { xml.to_owned() };
    insert(&rest, &moved, dice)
}

/// Takes an element of another document over, into a place or in the place of one.
fn graft(xml: &str, other: &str, dice: &mut Dice) -> String {
    let Some(range) = dice.pick(&elements(other)).cloned() else { return xml.to_owned() };
    let graft = &other[range];
    if dice.below(2) == 0 {
        return insert(xml, graft, dice);
    }
    // Mostly one of the same name: an assertion for an assertion, a signature for a signature.
    let name: String = graft.chars().take_while(|sign| !matches!(sign, ' ' | '>' | '/')).collect();
    let all = elements(xml);
    let same: Vec<Range<usize>> =
        all.iter().filter(|range| xml[(*range).clone()].starts_with(&name)).cloned().collect();
    let place = if same.is_empty() || dice.below(8) == 0 { dice.pick(&all) } else { dice.pick(&same) };
    place.cloned().map_or_else(|| xml.to_owned(), |place| put(xml, place, graft))
}

/// Puts something in front of, behind, or as the first thing into an element.
fn insert(xml: &str, what: &str, dice: &mut Dice) -> String {
    let Some(range) = dice.pick(&elements(xml)).cloned() else { return xml.to_owned() };
    let inside = xml[range.clone()].find('>').map_or(range.end, |at| range.start + at + 1);
    let at = [range.start, range.end, inside][dice.below(3)];
    put(xml, at..at, what)
}

fn put(xml: &str, range: Range<usize>, what: &str) -> String {
    format!("{}{what}{}", &xml[..range.start], &xml[range.end..])
}

/// What is in an element.
fn inside(part: &str) -> &str {
    match (part.find('>'), part.rfind("</")) {
        (Some(open), Some(close)) if open < close => &part[open + 1..close],
        _ => "",
    }
}

/// Where the values of a tag's attributes are.
fn quoted(tag: &str) -> Vec<Range<usize>> {
    let quotes: Vec<usize> = tag.match_indices('"').map(|(at, _)| at).collect();
    quotes.chunks_exact(2).map(|pair| pair[0] + 1..pair[1]).collect()
}

/// The next place at or before that where a letter begins.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Where elements begin and end, as far as the tags of the document fit together.
fn elements(xml: &str) -> Vec<Range<usize>> {
    let (mut open, mut found) = (Vec::new(), Vec::new());
    for (at, _) in xml.match_indices('<') {
        let Some(length) = xml[at..].find('>') else { break };
        let (tag, end) = (&xml[at..at + length], at + length + 1);
        if tag.starts_with("</") {
            if let Some(begin) = open.pop() {
                found.push(begin..end);
            }
        } else if tag.ends_with('/') {
            found.push(at..end);
        } else if !tag.starts_with("<!") && !tag.starts_with("<?") {
            open.push(at);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found() {
        let xml = "<?xml version='1.0'?><a><b c='d'>e</b><f/></a>";
        let found: Vec<&str> = elements(xml).into_iter().map(|range| &xml[range]).collect();
        assert_eq!(found, ["<b c='d'>e</b>", "<f/>", "<a><b c='d'>e</b><f/></a>"]);
        assert_eq!(inside(found[0]), "e");
    }

    #[test]
    fn the_same_seed_changes_the_same_and_mostly_something() {
        let xml = "<a x=\"y\"><b>c</b><d/>ä</a>";
        let run = |seed| {
            let mut dice = Dice::new(seed);
            (0..20).fold(xml.to_owned(), |xml, _| mutate(&xml, "<b><e/></b>", &mut dice))
        };
        let all: std::collections::BTreeSet<String> = (0..200).map(run).collect();
        assert!(all.len() > 150, "{}", all.len());
        assert_eq!(run(7), run(7));
    }
}
