//! What a token is to be, read from the texts of its forms. Knows no owner and no database.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use domain::{
    errors::Error,
    inputs::{CreateToken, EditToken},
    names::note,
    networks::Cidr,
    permissions::Granted,
    tokens::{AGE_SECONDS, DESCRIPTION_CHARS_MAX, IP_RANGES_MAX},
};

/// For how long a token and the one that takes its place are both good, in hours: at most, and if nothing is said.
const OVERLAP_HOURS_MAX: u32 = 720;
const OVERLAP_HOURS: u32 = 24;

/// What a new token is to be.
pub(crate) struct Terms {
    /// What it is for.
    pub(crate) description: String,
    /// What it is limited to; none means to nothing.
    pub(crate) scopes: Vec<Granted>,
    /// From where it may be used; none means from anywhere.
    pub(crate) ip_ranges: Vec<Cidr>,
    /// For how long.
    pub(crate) max_age_seconds: Option<i64>,
    /// Whether each use has it last that long again.
    pub(crate) extend_when_used: bool,
    /// What tells the form that makes it from every other; empty if it is made by a program.
    pub(crate) once: String,
}

impl Terms {
    /// Reads the form that makes a token.
    pub(crate) fn parse(input: &CreateToken) -> Result<Self, Error> {
        let description = parse_description(&input.description)?;
        let scopes = parse_scopes(&input.scopes)?;
        let ip_ranges = parse_ranges(&input.ip_ranges)?;
        let max_age_seconds = parse_age(&input.max_age_seconds)?;
        if input.extend_when_used && max_age_seconds.is_none() {
            let reason = "Choose how long the token lives: that is what each use begins anew.";
            return Err(Error::invalid("extend_when_used", reason));
        }
        let extend_when_used = input.extend_when_used;
        let once = input.once.clone();
        Ok(Self { description, scopes, ip_ranges, max_age_seconds, extend_when_used, once })
    }
}

/// What a token is to be changed to.
pub(crate) struct Change {
    /// The generation that was seen.
    pub(crate) generation: i64,
    /// What it is for.
    pub(crate) description: String,
    /// From where it may be used; none means from anywhere.
    pub(crate) ip_ranges: Vec<Cidr>,
}

impl Change {
    /// Reads the form that changes a token.
    pub(crate) fn parse(input: &EditToken) -> Result<Self, Error> {
        let description = parse_description(&input.description)?;
        let ip_ranges = parse_ranges(&input.ip_ranges)?;
        Ok(Self { generation: input.generation, description, ip_ranges })
    }
}

/// Reads for how many hours both are good; empty means a day.
pub(crate) fn parse_overlap(text: &str) -> Result<Duration, Error> {
    let hours = match text.trim() {
        "" => Some(OVERLAP_HOURS),
        text => text.parse().ok().filter(|hours| *hours <= OVERLAP_HOURS_MAX),
    };
    let hours = hours.ok_or_else(|| {
        let reason =
            format!("Enter a whole number of hours from 0 to {OVERLAP_HOURS_MAX}, or nothing for a day.");
        Error::invalid("overlap_hours", reason)
    })?;
    Ok(Duration::from_secs(u64::from(hours) * 3600))
}

/// Whether it may be used from there. An unknown address is in no range; an IPv4 address that is written as IPv6 is
/// the IPv4 address.
pub(crate) fn is_allowed(ranges: &[Cidr], address: Option<IpAddr>) -> bool {
    ranges.is_empty()
        || address.is_some_and(|address| ranges.iter().any(|range| range.contains(address.to_canonical())))
}

/// Words for ranges, with spaces between, as they are stored.
pub(crate) fn words<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn parse_description(text: &str) -> Result<String, Error> {
    let text = note(text, DESCRIPTION_CHARS_MAX).map_err(|error| Error::name("description", error))?;
    match text.is_empty() {
        true => Err(Error::invalid(
            "description",
            "Say what the token is for, so that others know whether it may go.",
        )),
        false => Ok(text),
    }
}

fn parse_scopes(texts: &[String]) -> Result<Vec<Granted>, Error> {
    let texts = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
    let scopes = texts.map(|text| {
        text.parse().map_err(|_| {
            let reason = format!("“{text}” is no role and no permission. Choose some of the list, or none.");
            Error::invalid("scopes", reason)
        })
    });
    let scopes: BTreeSet<Granted> = scopes.collect::<Result<_, _>>()?;
    Ok(scopes.into_iter().collect())
}

fn parse_ranges(text: &str) -> Result<Vec<Cidr>, Error> {
    let mut ranges = BTreeSet::new();
    for (line, number) in text.lines().zip(1..) {
        for range in line.split(',').filter(|range| !range.trim().is_empty()) {
            let range: Cidr = range
                .parse()
                .map_err(|error| Error::invalid("ip_ranges", format!("Line {number}: {error}")))?;
            ranges.insert(range);
            if ranges.len() > IP_RANGES_MAX {
                let reason = format!("A token has at most {IP_RANGES_MAX} ranges. Join neighbours.");
                return Err(Error::invalid("ip_ranges", reason));
            }
        }
    }
    Ok(ranges.into_iter().collect())
}

fn parse_age(text: &str) -> Result<Option<i64>, Error> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let age = text.trim().parse().ok().filter(|age| AGE_SECONDS.contains(age));
    let age = age.ok_or_else(|| {
        let (least, most) = (AGE_SECONDS.start(), AGE_SECONDS.end());
        let reason =
            format!("Enter a whole number of seconds from {least} to {most}, or nothing for no end.");
        Error::invalid("max_age_seconds", reason)
    })?;
    Ok(Some(age))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create() -> CreateToken {
        CreateToken { description: "Deploys".into(), ..CreateToken::default() }
    }

    #[test]
    fn forms_are_read() {
        let terms = Terms::parse(&CreateToken {
            description: " Deploys\r\nat night ".into(),
            scopes: vec!["operator".into(), String::new(), " service:logs:read ".into(), "operator".into()],
            ip_ranges: "10.0.0.0/8, 192.0.2.7\n\n2001:db8::/32\r\n10.0.0.0/8,::ffff:192.0.2.7".into(),
            max_age_seconds: " 600 ".into(),
            extend_when_used: true,
            ..create()
        });
        let terms = terms.unwrap();
        assert_eq!(terms.description, "Deploys\nat night");
        assert_eq!(words(&terms.scopes), "operator service:logs:read");
        assert_eq!(words(&terms.ip_ranges), "10.0.0.0/8 192.0.2.7/32 2001:db8::/32");
        assert_eq!((terms.max_age_seconds, terms.extend_when_used), (Some(600), true));
        let plain = Terms::parse(&create()).unwrap();
        assert!(plain.scopes.is_empty() && plain.ip_ranges.is_empty() && plain.max_age_seconds.is_none());
    }

    #[test]
    fn mistakes_are_told_on_their_field() {
        let many: String = (0..=IP_RANGES_MAX).map(|number| format!("10.0.0.{number}\n")).collect();
        assert_eq!(parse_ranges(many.trim_end().rsplit_once('\n').unwrap().0).unwrap().len(), IP_RANGES_MAX);
        for (input, field, reason) in [
            (CreateToken { description: " ".into(), ..create() }, "description", "what the token is for"),
            (CreateToken { description: "a\u{7}".into(), ..create() }, "description", "control characters"),
            (CreateToken { description: "x".repeat(1001), ..create() }, "description", "at most 1000"),
            (CreateToken { scopes: vec!["owner".into()], ..create() }, "scopes", "“owner” is no role"),
            (CreateToken { ip_ranges: "10.0.0.0/8\n10.0.0.1/8".into(), ..create() }, "ip_ranges", "Line 2: "),
            (CreateToken { ip_ranges: "10.0.0.0/8,x".into(), ..create() }, "ip_ranges", "Line 1: “x”"),
            (CreateToken { ip_ranges: many, ..create() }, "ip_ranges", "at most 64"),
            (CreateToken { max_age_seconds: "599".into(), ..create() }, "max_age_seconds", "from 600 to"),
            (CreateToken { max_age_seconds: "315360001".into(), ..create() }, "max_age_seconds", "315360000"),
            (CreateToken { max_age_seconds: "soon".into(), ..create() }, "max_age_seconds", "whole number"),
            (CreateToken { extend_when_used: true, ..create() }, "extend_when_used", "how long"),
        ] {
            let error = Terms::parse(&input).err().unwrap();
            assert_eq!(error.field(), Some(field), "{error}");
            assert!(error.to_string().contains(reason), "{error}");
        }
    }

    #[test]
    fn overlaps_have_a_longest_and_a_usual_time() {
        let hours = |text: &str| parse_overlap(text).map(|overlap| overlap.as_secs() / 3600);
        assert_eq!((hours(""), hours(" 0 "), hours("720")), (Ok(24), Ok(0), Ok(720)));
        for bad in ["721", "-1", "1.5", "a day"] {
            assert_eq!(hours(bad).unwrap_err().field(), Some("overlap_hours"), "{bad}");
        }
    }

    #[test]
    fn an_address_is_looked_for_in_every_range() {
        let ranges = parse_ranges("192.0.2.0/24\n2001:db8::/32").unwrap();
        let allowed = |address: &str| is_allowed(&ranges, Some(address.parse().unwrap()));
        for (address, expected) in [
            ("192.0.2.0", true),
            ("192.0.2.255", true),
            ("192.0.3.0", false),
            ("::ffff:192.0.2.9", true),
            ("::ffff:192.0.3.9", false),
            ("2001:db8::1", true),
            ("2001:db9::1", false),
            ("::1", false),
        ] {
            assert_eq!(allowed(address), expected, "{address}");
        }
        assert!(!is_allowed(&ranges, None), "nobody knows from where");
        assert!(is_allowed(&[], None) && is_allowed(&[], Some("192.0.2.1".parse().unwrap())));
    }
}
