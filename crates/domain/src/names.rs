//! Names and addresses of people as parsed types: what has one of these types is well formed.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Why a name was refused. The text tells the person what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NameError(pub String);

/// Makes a name newtype with a checking `FromStr`; serde goes through the same check.
macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $check:path;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> { $check(text).map(Self) }
        }
        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> { text.parse() }
        }
        impl From<$name> for String {
            fn from(name: $name) -> Self { name.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.pad(&self.0) }
        }
    )*};
}

names! {
    /// Free text, 1 to 83 characters, without control characters.
    OrganizationName = organization_name;
    /// Globally unique; a letter, then letters, digits and dashes; at most 63 characters. Lower case.
    ProjectName = project_name;
    /// Unique in its project; `^[a-z][-a-z0-9]+$`, at most 63 characters.
    ServiceName = service_name;
    /// A mail address in lower case, as sign-in name.
    EmailAddress = email_address;
    /// What a person is called, 1 to 128 characters.
    PersonName = person_name;
    /// Unique in its organization; free text, 1 to 83 characters.
    UnitName = unit_name;
    /// Unique in its organization; free text, 1 to 83 characters.
    ProviderName = provider_name;
    /// Unique in its organization; free text, 1 to 128 characters.
    GroupName = group_name;
    /// What an application user is called, 1 to 128 characters.
    ApplicationUserName = application_user_name;
    /// What kind of word a tag is: a letter, then letters, digits, `_` and `-`, at most 64; `billing:` may stand before it.
    TagKey = tag_key;
    /// The word of a tag, at most 64 characters.
    TagValue = tag_value;
    /// ISO 3166-1 alpha-2 code of a country, in capitals.
    CountryCode = country_code;
    /// A domain in ASCII and lower case, of two labels at least and at most [`DOMAIN_CHARS_MAX`] characters.
    DomainName = domain_name;
}

fn refuse<T>(reason: impl Into<String>) -> Result<T, NameError> {
    Err(NameError(reason.into()))
}

fn free_text(text: &str, what: &str, max: usize) -> Result<String, NameError> {
    let text = text.trim();
    if text.is_empty() {
        return refuse(format!("Enter {what}."));
    }
    if text.chars().count() > max {
        return refuse(format!("Use at most {max} characters; this has {}.", text.chars().count()));
    }
    if text.chars().any(|c| c.is_control() || is_unseen(c)) {
        return refuse("Remove the line breaks, control characters and marks that cannot be seen.");
    }
    Ok(text.to_owned())
}

/// Whether it is a mark that is not seen but changes how what stands beside it reads: the directional formatting characters
/// (Unicode Standard Annex #9, section 2), and spaces and separators without a shape.
const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
    )
}

/// Whether it is no mark that changes how what stands beside it reads without being seen itself.
#[must_use]
pub const fn is_seen(c: char) -> bool {
    !is_unseen(c)
}

fn organization_name(text: &str) -> Result<String, NameError> {
    free_text(text, "the organization's name", 83)
}

fn person_name(text: &str) -> Result<String, NameError> {
    free_text(text, "a name", 128)
}

fn unit_name(text: &str) -> Result<String, NameError> {
    free_text(text, "the unit's name", 83)
}

fn provider_name(text: &str) -> Result<String, NameError> {
    free_text(text, "what people know the identity provider by", 83)
}

fn group_name(text: &str) -> Result<String, NameError> {
    free_text(text, "the group's name", 128)
}

fn application_user_name(text: &str) -> Result<String, NameError> {
    free_text(text, "the application user's name", 128)
}

/// What stands before the keys of tags that are printed on invoices.
pub const BILLING_TAG_PREFIX: &str = "billing:";
const TAG_CHARS_MAX: usize = 64;

fn tag_key(text: &str) -> Result<String, NameError> {
    let text = text.trim();
    let key = text.strip_prefix(BILLING_TAG_PREFIX).unwrap_or(text);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !key.starts_with(|c: char| c.is_ascii_alphabetic()) || !key.chars().all(is_plain) {
        return refuse(format!(
            "“{text}” is no key: start with a letter and use only letters, digits, _ and -. Only billing: may stand before it."
        ));
    }
    if key.len() > TAG_CHARS_MAX {
        return refuse(format!(
            "Use at most {TAG_CHARS_MAX} characters for a key; “{key}” has {}.",
            key.len()
        ));
    }
    Ok(text.to_owned())
}

fn tag_value(text: &str) -> Result<String, NameError> {
    free_text(text, "a value for the tag", TAG_CHARS_MAX)
}

/// The codes that ISO 3166-1 assigns, in order.
const COUNTRIES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV \
    BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES \
    ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE \
    IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY \
    MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU \
    NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM \
    SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE \
    VG VI VN VU WF WS YE YT ZA ZM ZW";

fn country_code(text: &str) -> Result<String, NameError> {
    let text = text.trim().to_ascii_uppercase();
    if text.len() != 2 || !text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return refuse("Enter the two letters of the country's code, like DE.");
    }
    if !COUNTRIES.split(' ').any(|code| code == text) {
        return refuse(format!(
            "No country has the code {text}. Enter the two letters of ISO 3166, like DE or GB."
        ));
    }
    Ok(text)
}

/// A text that may be empty, without control characters but for line breaks.
///
/// # Errors
/// When it is too long or holds what cannot be shown.
pub fn note(text: &str, max: usize) -> Result<String, NameError> {
    let text = text.trim().replace("\r\n", "\n");
    let count = text.chars().count();
    if count > max {
        return refuse(format!("Use at most {max} characters; this has {count}."));
    }
    if text.chars().any(|c| (c.is_control() && c != '\n') || is_unseen(c)) {
        return refuse("Remove the control characters and marks that cannot be seen.");
    }
    Ok(text)
}

fn identifier(text: &str, what: &str, min: usize) -> Result<String, NameError> {
    let text = text.trim().to_ascii_lowercase();
    let Some(first) = text.chars().next() else {
        return refuse(format!("Enter a name for the {what}."));
    };
    if !first.is_ascii_lowercase() {
        return refuse(format!("Start with a letter: “{first}” is none of a to z."));
    }
    if let Some(bad) = text.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-')) {
        return refuse(format!("Use only letters a to z, digits and dashes: “{bad}” is none of them."));
    }
    if text.len() > 63 {
        return refuse(format!("Use at most 63 characters; this has {}.", text.len()));
    }
    if text.len() < min {
        return refuse(format!("Use at least {min} characters."));
    }
    if text.ends_with('-') {
        return refuse("End with a letter or digit, not a dash.");
    }
    Ok(text)
}

fn project_name(text: &str) -> Result<String, NameError> {
    // `new` is a page of its own below /projects.
    match identifier(text, "project", 2)?.as_str() {
        "new" => refuse("“new” is a word of this console; choose another name."),
        name => Ok(name.to_owned()),
    }
}

fn service_name(text: &str) -> Result<String, NameError> {
    match identifier(text, "service", 2)?.as_str() {
        "new" => refuse("“new” is a word of this console; choose another name."),
        name => Ok(name.to_owned()),
    }
}

/// Most characters of a domain: RFC 1035 (section 2.3.4) has room for 253, of which the label before it that proves it takes 19.
pub const DOMAIN_CHARS_MAX: usize = 234;

fn domain_name(text: &str) -> Result<String, NameError> {
    let text = text.trim().trim_end_matches('.').to_ascii_lowercase();
    if text.is_empty() {
        return refuse("Enter a domain like example.com.");
    }
    if text.contains(['/', '@', ':']) {
        return refuse(
            "Enter the domain alone, like example.com: neither an address of a page nor one of a mailbox.",
        );
    }
    if text.len() > DOMAIN_CHARS_MAX {
        return refuse(format!("Use at most {DOMAIN_CHARS_MAX} characters; this has {}.", text.len()));
    }
    // RFC 1123, section 2.1.
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if !text.split('.').all(is_label) {
        return refuse("A domain is made of letters, digits and dashes with dots between, like example.com.");
    }
    match text.rsplit_once('.') {
        None => refuse("Enter the whole domain with its ending, like example.com."),
        Some((_, ending)) if ending.bytes().all(|byte| byte.is_ascii_digit()) => {
            refuse("Enter a domain like example.com, not a number or address.")
        }
        Some(_) => Ok(text),
    }
}

fn email_address(text: &str) -> Result<String, NameError> {
    let text = text.trim().to_lowercase();
    if text.is_empty() {
        return refuse("Enter an e-mail address.");
    }
    let well_formed = text.split_once('@').is_some_and(|(local, domain)| {
        // RFC 5321, section 4.1.2, without quoted strings.
        local.len() <= 64
            && local.split('.').all(|atom| !atom.is_empty())
            && domain.len() <= 253
            && !domain.contains('@')
            && domain.split('.').all(|label| {
                !label.is_empty()
                    && label.len() <= 63
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            })
    });
    if !well_formed
        || text
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || is_unseen(c) || "<>(),;:\\\"".contains(c))
    {
        return refuse("Enter an e-mail address like name@example.org.");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_and_normalises() {
        assert_eq!("  Acme-1 ".parse::<ProjectName>().unwrap().as_str(), "acme-1");
        assert_eq!("Ann@Example.ORG".parse::<EmailAddress>().unwrap().as_str(), "ann@example.org");
        assert_eq!("billing:Cost-Center_1".parse::<TagKey>().unwrap().as_str(), "billing:Cost-Center_1");
        assert_eq!(" de ".parse::<CountryCode>().unwrap().as_str(), "DE");
        assert_eq!(note(" a\r\nb ", 3).unwrap(), "a\nb");
        assert_eq!("Ünlü Ltd.".parse::<OrganizationName>().unwrap().as_str(), "Ünlü Ltd.");
        // Joined signs are seen.
        assert_eq!("👩\u{200D}🔧".parse::<GroupName>().unwrap().as_str(), "👩\u{200D}🔧");
    }

    #[test]
    fn domains_are_whole_and_ascii() {
        assert_eq!(" Example.COM. ".parse::<DomainName>().unwrap().as_str(), "example.com");
        assert!("xn--bcher-kva.example".parse::<DomainName>().is_ok());
        let long = format!("{}.example", vec!["x".repeat(57); 4].join("."));
        for bad in [
            "",
            ".",
            "com",
            "a..b",
            ".a.b",
            "-a.com",
            "a-.com",
            "a_b.com",
            "bücher.de",
            "a b.com",
            "192.0.2.1",
            "https://example.com",
            "example.com/x",
            "a@example.com",
            "example.com:80",
            "[::1]",
            &long,
            &format!("{}.com", "x".repeat(64)),
        ] {
            assert!(bad.parse::<DomainName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn marks_that_are_not_seen_are_refused() {
        for bad in ["ad\u{202E}nim", "admin\u{200B}s", "\u{2066}a\u{2069}", "a\u{2028}b", "\u{FEFF}a"] {
            assert!(bad.parse::<GroupName>().is_err() && note(bad, 99).is_err(), "{bad:?}");
            assert!(format!("{bad}@example.org").parse::<EmailAddress>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn refuses_with_what_to_do() {
        for (text, reason) in [
            ("", "Enter a name for the service."),
            ("1st", "Start with a letter: “1” is none of a to z."),
            ("a_b", "Use only letters a to z, digits and dashes: “_” is none of them."),
            ("a", "Use at least 2 characters."),
            ("ab-", "End with a letter or digit, not a dash."),
            ("new", "“new” is a word of this console; choose another name."),
        ] {
            assert_eq!(text.parse::<ServiceName>().unwrap_err().0, reason);
        }
        assert!("x".repeat(64).parse::<ServiceName>().is_err());
        for bad in ["", "1a", "a b", "cost:center", "billing:", "billing:1", &"x".repeat(65)] {
            assert!(bad.parse::<TagKey>().is_err(), "{bad}");
        }
        assert!("x".repeat(64).parse::<TagKey>().is_ok());
        assert!("ZZ".parse::<CountryCode>().is_err() && "UK".parse::<CountryCode>().is_err());
        assert!("D1".parse::<CountryCode>().is_err() && "DEU".parse::<CountryCode>().is_err());
        assert!(note("a\u{7}", 9).is_err() && note("abcd", 3).is_err());
        for bad in
            ["", "a", "a@", "@b", "a b@c.d", "a@b@c", "a@-b.c", "<a@b.c>", ".a@b.c", "a.@b.c", "a..b@c.d"]
        {
            assert!(bad.parse::<EmailAddress>().is_err(), "{bad}");
        }
    }
}
