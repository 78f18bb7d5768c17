//! A look at markup as text, before any parser: no declarations, and sizes that cost no parser anything. Knows nothing of
//! SAML.

use super::checks::{Check, Refusal};

/// Characters of one tag, at most: a parser may take quadratic time for its attributes.
const TAG_CHARS_MAX: usize = 6_000;
/// How deep elements may lie in each other.
const DEPTH_MAX: usize = 24;
/// Elements, at most.
const ELEMENTS_MAX: usize = 5_000;
/// Namespaces that a tag declares, at most: parsers look through all those in scope for each name.
const NAMESPACES_MAX: usize = 24;

/// Looks at a whole document. In well-formed XML without comments and CDATA sections every `<` begins a tag, so that no
/// parser is needed to count them; what is not well-formed is refused afterwards.
pub(super) fn look(text: &str) -> Result<(), Refusal> {
    let text = after_declaration(text)?;
    for (sign, what) in [("<!", "a DOCTYPE, comment or CDATA section"), ("<?", "a processing instruction")] {
        if text.contains(sign) {
            return Err(Refusal::new(Check::Markup, what));
        }
    }
    let (mut depth, mut elements) = (0_usize, 0_usize);
    for tag in text.split('<').skip(1) {
        let tag = &tag[..end_of_tag(tag)];
        if tag.len() > TAG_CHARS_MAX {
            return Err(Refusal::new(Check::MarkupSize, "a tag that is too long"));
        }
        names(tag)?;
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
            continue;
        }
        (elements, depth) = (elements + 1, depth + 1);
        if depth > DEPTH_MAX || elements > ELEMENTS_MAX {
            return Err(Refusal::new(Check::MarkupSize, format!("{elements} elements, {depth} levels")));
        }
        if tag.ends_with('/') {
            depth -= 1;
        }
    }
    references(text)
}

/// Looks at the names in a tag, and at the namespaces that it declares, as text: what parsers read differently is refused.
/// roxmltree takes a name that begins with a colon for one without, and `xmlns` as a prefix; libxml2 gives up
/// canonicalising at a relative namespace.
fn names(tag: &str) -> Result<(), Refusal> {
    let (mut rest, mut namespaces) = (tag, 0_usize);
    while let Some((names, value, after)) = next_value(rest) {
        colons(names)?;
        let name = names.trim_end_matches(|sign: char| sign == '=' || sign.is_ascii_whitespace());
        let name = name.rsplit(|sign: char| sign.is_ascii_whitespace()).next().unwrap_or_default();
        if let Some(prefix) = name.strip_prefix("xmlns") {
            namespaces += 1;
            if prefix == ":xmlns" || !(is_absolute(value) || prefix.is_empty() && value.is_empty()) {
                return Err(Refusal::new(Check::WellFormed, format!("the namespace {name}={value:?}")));
            }
        }
        rest = after;
    }
    if namespaces > NAMESPACES_MAX {
        return Err(Refusal::new(Check::MarkupSize, format!("{namespaces} namespaces in a tag")));
    }
    colons(rest)
}

/// Splits at the first value in quotes: what is in front of it, the value, what is behind it.
fn next_value(tag: &str) -> Option<(&str, &str, &str)> {
    let (names, quoted) = tag.split_at(tag.find(['"', '\''])?);
    let quote = quoted.chars().next()?;
    let (value, after) = quoted[1..].split_once(quote)?;
    Some((names, value, after))
}

/// Refuses a colon that does not stand between two names.
fn colons(names: &str) -> Result<(), Refusal> {
    let is_name = |sign: Option<&u8>| {
        sign.is_some_and(|sign| {
            sign.is_ascii_alphanumeric() || matches!(sign, b'_' | b'-' | b'.') || *sign >= 0x80
        })
    };
    let bytes = names.as_bytes();
    let is_lost =
        |at: usize| !is_name(at.checked_sub(1).and_then(|at| bytes.get(at))) || !is_name(bytes.get(at + 1));
    if bytes.iter().enumerate().any(|(at, sign)| *sign == b':' && is_lost(at)) {
        return Err(Refusal::new(Check::WellFormed, "a name that begins or ends with a colon"));
    }
    Ok(())
}

/// Whether a namespace begins with a scheme (RFC 3986, section 3.1).
fn is_absolute(uri: &str) -> bool {
    uri.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|sign: char| sign.is_ascii_alphabetic())
            && scheme.bytes().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, b'+' | b'-' | b'.'))
    })
}

/// Refuses character references to what is no character of XML (section 2.2): parsers leave them out, or do not.
fn references(text: &str) -> Result<(), Refusal> {
    for reference in text.split("&#").skip(1) {
        let number = reference.split(';').next().unwrap_or_default();
        let value = match number.strip_prefix('x') {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        let is_character =
            |value| matches!(value, 0x9 | 0xA | 0xD | 0x20..=0xD7FF | 0xE000..=0xFFFD | 0x1_0000..=0x10_FFFF);
        // `from_str_radix` takes a sign as well.
        if !value.is_ok_and(is_character) || number.contains('+') {
            let number: String = number.chars().take(12).collect();
            return Err(Refusal::new(Check::WellFormed, format!("the character reference {number}")));
        }
    }
    Ok(())
}

/// What follows an XML declaration, if there is one. It has to say version 1.0, and UTF-8 if it says an encoding.
fn after_declaration(text: &str) -> Result<&str, Refusal> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(rest) = text.strip_prefix("<?xml") else { return Ok(text) };
    let (declaration, rest) =
        rest.split_once("?>").ok_or_else(|| Refusal::new(Check::Markup, "an XML declaration without end"))?;
    let words = declaration.replace('\'', "\"").to_ascii_lowercase();
    let is_known = words.split_ascii_whitespace().all(|word| {
        matches!(word, "version=\"1.0\"" | "encoding=\"utf-8\"" | "standalone=\"yes\"" | "standalone=\"no\"")
    });
    if is_known {
        Ok(rest)
    } else {
        Err(Refusal::new(Check::Markup, format!("the declaration {declaration}")))
    }
}

/// Where a tag ends: at the first `>` that is not within quotes; at the end of the text if there is none.
fn end_of_tag(tag: &str) -> usize {
    let mut quote = None;
    for (at, sign) in tag.bytes().enumerate() {
        match (sign, quote) {
            (b'"' | b'\'', None) => quote = Some(sign),
            (_, Some(open)) if sign == open => quote = None,
            (b'>', None) => return at,
            _ => {}
        }
    }
    tag.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<Check> {
        look(text).err().map(|refusal| refusal.check)
    }

    #[test]
    fn declarations_and_ordinary_markup_pass() {
        for good in [
            "<a/>",
            "\u{feff}<a/>",
            "<?xml version=\"1.0\"?><a/>",
            "<?xml version='1.0' encoding='utf-8' standalone='no'?>\n<a b='>' c=\"/>\"><d/></a>",
        ] {
            assert_eq!(refused(good), None, "{good}");
        }
    }

    #[test]
    fn what_no_response_needs_is_refused() {
        for bad in [
            "<!DOCTYPE a><a/>",
            "<a><!-- b --></a>",
            "<a><![CDATA[b]]></a>",
            "<a><?b c?></a>",
            " <?xml version=\"1.0\"?><a/>",
            "<?xml version=\"1.1\"?><a/>",
            "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>",
            "<?xml version=\"1.0\"<a/>",
            "<?xml-stylesheet href=\"x\"?><a/>",
        ] {
            assert_eq!(refused(bad), Some(Check::Markup), "{bad}");
        }
    }

    #[test]
    fn what_parsers_read_differently_is_refused() {
        for good in [
            "<a:b xmlns:a=\"urn:b\" xmlns='' c:d=':'/>",
            "<a>: &#65; &#x1F980; &#xD;</a>",
            "<a xmlns='a+b:c'/>",
        ] {
            assert_eq!(refused(good), None, "{good}");
        }
        for bad in [
            "<:a/>",
            "<a:/>",
            "<a :b=\"c\"/>",
            "<a b:=\"c\"/>",
            "<a>b</:a>",
            "<a xmlns:xmlns=\"urn:b\"/>",
            "<a xmlns:b=\"c\"/>",
            "<a xmlns:b=''/>",
            "<a xmlns = 'c'/>",
            "<a>&#xD800;</a>",
            "<a>&#0;</a>",
            "<a b='&#xFFFF;'/>",
            "<a>&#+65;</a>",
            "<a>&#x110000;</a>",
            "<a>&#;</a>",
        ] {
            assert_eq!(refused(bad), Some(Check::WellFormed), "{bad}");
        }
    }

    #[test]
    fn sizes_are_limited() {
        assert_eq!(refused(&"<a>".repeat(DEPTH_MAX)), None);
        assert_eq!(refused(&"<a>".repeat(DEPTH_MAX + 1)), Some(Check::MarkupSize));
        assert_eq!(refused(&"<a/>".repeat(ELEMENTS_MAX)), None);
        assert_eq!(refused(&"<a/>".repeat(ELEMENTS_MAX + 1)), Some(Check::MarkupSize));
        assert_eq!(refused(&format!("<a b=\"{}\"/>", "c".repeat(TAG_CHARS_MAX))), Some(Check::MarkupSize));
        // An empty element is a level too.
        assert_eq!(refused(&format!("{}<b/>", "<a>".repeat(DEPTH_MAX))), Some(Check::MarkupSize));
        let namespaces = |count| format!("<a{}/>", " xmlns:a='urn:b'".repeat(count));
        assert_eq!(refused(&namespaces(NAMESPACES_MAX)), None);
        assert_eq!(refused(&namespaces(NAMESPACES_MAX + 1)), Some(Check::MarkupSize));
        // A slash before the end within quotes ends no element.
        assert_eq!(refused(&"<a b='/>'>".repeat(DEPTH_MAX + 1)), Some(Check::MarkupSize));
        // Text is no tag, however long.
        assert_eq!(refused(&format!("<a>{}</a>", "b".repeat(10 * TAG_CHARS_MAX))), None);
    }
}
