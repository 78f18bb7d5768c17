//! Cases about the field of the form, before there is XML.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE},
};

use super::{
    cases::{Family, World},
    edits::swap,
    field,
};
use crate::saml::checks::Check;

/// Adds them.
pub(super) fn add(family: &mut Family) {
    texts(family);
    encodings(family);
    sizes(family);
}

fn texts(family: &mut Family) {
    family
        .raw("empty", Check::FieldPresent, |_| Ok(String::new()))
        .raw("blanks", Check::FieldPresent, |_| Ok(" \r\n\t ".into()))
        .raw("XML that is not encoded", Check::FieldEncoding, World::valid)
        .raw("no base64", Check::FieldEncoding, |_| Ok("*** no base64 ***".into()))
        .raw("JSON", Check::FieldEncoding, |_| Ok(r#"{"email":"alice@acme.example"}"#.into()))
        .raw("form encoding left in", Check::FieldEncoding, |world| {
            Ok(field(&world.valid()?).replace('+', "%2B").replace('=', "%3D") + "%0A")
        })
        .raw("base64 for URLs", Check::FieldEncoding, |world| {
            let xml = format!("{}<!--\u{7ff}\u{7ff}>>>???-->", world.valid()?);
            Ok(URL_SAFE.encode(xml))
        })
        .raw("base64 without its end", Check::FieldEncoding, |world| {
            let xml = world.valid()?;
            let whole = field(&xml[..xml.len() / 3 * 3 - 2]);
            Ok(whole.trim_end_matches('=').to_owned())
        })
        .raw("base64 twice", Check::WellFormed, |world| Ok(field(&field(&world.valid()?))))
        .raw("the same response twice in one field", Check::FieldEncoding, |world| {
            let once = field(&format!("{} ", world.valid()?));
            let once = if once.ends_with('=') { once } else { field(&format!("{}  ", world.valid()?)) };
            Ok(once.repeat(2))
        })
        .raw("text", Check::WellFormed, |_| Ok(field("alice@acme.example")))
        .raw("JSON in base64", Check::WellFormed, |_| Ok(field(r#"{"email":"alice@acme.example"}"#)))
        .raw("HTML", Check::WellFormed, |_| Ok(field("<html><body><br>Sign in</body></html>")))
        .add("SAML 1.1", Check::Root, |world| {
            Ok(format!(
                r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:1.0:protocol" ResponseID="_response-0123456789" MajorVersion="1" MinorVersion="1" IssueInstant="{}"><samlp:Status><samlp:StatusCode Value="samlp:Success"/></samlp:Status></samlp:Response>"#,
                world.at(0)
            ))
        })
        .add("WS-Federation", Check::Root, |_| {
            Ok(r#"<t:RequestSecurityTokenResponse xmlns:t="http://schemas.xmlsoap.org/ws/2005/02/trust"/>"#.into())
        });
}

/// A stored block of DEFLATE (RFC 1951, section 3.2.4) with that text, as the Redirect binding would send it.
fn deflated(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let mut out = vec![1];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(&text.as_bytes()[..usize::from(length)]);
    out
}

/// DEFLATE that becomes 150 times as long, of zeros: pairs of length 258 and distance 1 in the fixed code (RFC 1951,
/// section 3.2.6).
fn bomb(bytes: usize) -> Vec<u8> {
    // The block's header (last, fixed code), the literal 0; then as long as wanted 11000101 and 00000.
    let mut bits: Vec<bool> = vec![true, true, false, false, false, true, true, false, false, false, false];
    while bits.len() < bytes * 8 {
        bits.extend([true, true, false, false, false, true, false, true]);
        bits.extend([false; 5]);
    }
    bits.chunks(8)
        .map(|byte| byte.iter().enumerate().fold(0, |value, (at, bit)| value | (u8::from(*bit) << at)))
        .collect()
}

fn encodings(family: &mut Family) {
    family
        .raw("deflated", Check::FieldEncoding, |world| Ok(STANDARD.encode(deflated(&world.valid()?))))
        .raw("a zip bomb", Check::FieldEncoding, |_| Ok(STANDARD.encode(bomb(250_000))))
        .raw("NUL behind the document", Check::FieldEncoding, |world| {
            Ok(field(&format!("{}\0<evil/>", world.valid()?)))
        })
        .raw("NUL in the NameID", Check::FieldEncoding, |world| {
            Ok(field(&swap(&world.valid()?, "</saml:NameID>", "\0</saml:NameID>")?))
        })
        .raw("UTF-8 that is none", Check::FieldEncoding, |world| {
            let mut bytes = world.valid()?.into_bytes();
            bytes.extend([0xc0, 0xbc]);
            Ok(STANDARD.encode(bytes))
        })
        .raw("a surrogate in UTF-8", Check::FieldEncoding, |world| {
            let mut bytes = world.valid()?.into_bytes();
            bytes.extend([0xed, 0xa0, 0x80]);
            Ok(STANDARD.encode(bytes))
        });
    for (name, mark, is_big) in [
        ("UTF-16, little first", true, false),
        ("UTF-16, big first", true, true),
        ("UTF-16 unmarked", false, false),
    ] {
        family.raw(name, Check::FieldEncoding, move |world| {
            let text = format!(
                "{}<?xml version=\"1.0\" encoding=\"UTF-16\"?>{}",
                if mark { "\u{feff}" } else { "" },
                world.valid()?
            );
            let bytes: Vec<u8> = text
                .encode_utf16()
                .flat_map(|unit| if is_big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect();
            Ok(STANDARD.encode(bytes))
        });
    }
}

fn sizes(family: &mut Family) {
    for (name, megabytes) in [("1 MB", 1), ("8 MB", 8), ("10 MB", 10)] {
        family.raw(&format!("{name} of blanks in the document"), Check::FieldSize, move |world| {
            let blanks = " ".repeat(megabytes * 1_000_000);
            Ok(field(&swap(&world.valid()?, "<samlp:Status>", &format!("{blanks}<samlp:Status>"))?))
        });
    }
    family.raw("350,001 characters of blanks", Check::FieldPresent, |_| Ok(" ".repeat(350_001))).raw(
        "a field that is one character too long",
        Check::FieldSize,
        |world| {
            let field = field(&world.valid()?);
            Ok(format!("{}{field}", "\n".repeat(350_001 - field.len())))
        },
    );
}
