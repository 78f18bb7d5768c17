//! Instants as SAML writes them: `xs:dateTime` in UTC, with `Z` (SAML core, section 1.3.3). Reads no clock.

use domain::timestamps::Timestamp;

/// Characters of an instant, at most: a year of four digits, fractions of up to nine.
const CHARS_MAX: usize = 30;

/// Reads an instant; `None` for every other form, zones and years of more than four digits among them.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let is_plain = text.len() <= CHARS_MAX
        && text.ends_with('Z')
        && text.as_bytes().get(10) == Some(&b'T')
        && text.bytes().take(4).all(|sign| sign.is_ascii_digit());
    // Surrounding blanks are not taken, as `from_rfc3339` would.
    if is_plain { Timestamp::from_rfc3339(text) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utc_alone_is_read() {
        let second = Timestamp::from_rfc3339("2026-11-28T10:00:00Z");
        assert_eq!(read("2026-11-28T10:00:00Z"), second);
        assert_eq!(
            read("2026-11-28T10:00:00.123456789Z").map(Timestamp::micros),
            second.map(|at| at.micros() + 123_456)
        );
        for bad in [
            "",
            "2026-11-28T10:00:00",
            "2026-11-28T10:00:00+01:00",
            "2026-11-28 10:00:00Z",
            "+262142-12-31T00:00:00Z",
            "12026-11-28T10:00:00Z",
            "-2026-11-28T10:00:00Z",
            " 2026-11-28T10:00:00Z",
            "2026-11-28T10:00:00.0000000000000000Z",
            "2026-02-30T10:00:00Z",
            "2026-11-28T24:00:01Z",
            "tomorrow",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
