//! A look at markup as text, before any parser: no declarations, and sizes that cost no parser anything. Knows nothing of
//! SAML.

use super::checks::{Check, Refusal};

/// Characters of one tag, at most: a parser may take quadratic time for its attributes.
const TAG_CHARS_MAX: usize = 6_000;
/// How deep elements may lie in each other.
const DEPTH_MAX: usize = 24;
/// Elements, at most.
const ELEMENTS_MAX: usize = 5_000;

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
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) => depth = depth.saturating_sub(1),
            (false, true) => elements += 1,
            (false, false) => (elements, depth) = (elements + 1, depth + 1),
        }
        if depth > DEPTH_MAX || elements > ELEMENTS_MAX {
            return Err(Refusal::new(Check::MarkupSize, format!("{elements} elements, {depth} levels")));
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
    fn sizes_are_limited() {
        assert_eq!(refused(&"<a>".repeat(DEPTH_MAX)), None);
        assert_eq!(refused(&"<a>".repeat(DEPTH_MAX + 1)), Some(Check::MarkupSize));
        assert_eq!(refused(&"<a/>".repeat(ELEMENTS_MAX)), None);
        assert_eq!(refused(&"<a/>".repeat(ELEMENTS_MAX + 1)), Some(Check::MarkupSize));
        assert_eq!(refused(&format!("<a b=\"{}\"/>", "c".repeat(TAG_CHARS_MAX))), Some(Check::MarkupSize));
        // A slash before the end within quotes ends no element.
        assert_eq!(refused(&"<a b='/>'>".repeat(DEPTH_MAX + 1)), Some(Check::MarkupSize));
        // Text is no tag, however long.
        assert_eq!(refused(&format!("<a>{}</a>", "b".repeat(10 * TAG_CHARS_MAX))), None);
    }
}
