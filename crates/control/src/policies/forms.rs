//! Reading the form of the authentication policy, and the sentences that refuse it. No database.

use std::{collections::BTreeSet, fmt::Display, net::IpAddr, ops::RangeInclusive, str::FromStr};

use domain::{
    errors::Error,
    inputs::EditAuthenticationPolicy,
    networks::Cidr,
    policies::{
        ADDRESSES_MAX, AuthenticationPolicy, IDLE_SECONDS, PASSWORD_CHARS, PASSWORD_CHARS_ALONE,
        SESSION_SECONDS, TOKEN_SECONDS,
    },
};

/// The policy that the form asks for.
pub(super) fn read(input: &EditAuthenticationPolicy) -> Result<AuthenticationPolicy, Error> {
    // In the order of the form: people mend it from the top.
    let addresses = addresses(&input.addresses)?;
    let token_seconds_max = match input.token_seconds_max.trim() {
        "" => None,
        text => Some(number("token_seconds_max", text, &TOKEN_SECONDS, "seconds")?),
    };
    let idle_seconds = number("idle_seconds", &input.idle_seconds, &IDLE_SECONDS, "seconds")?;
    let session_seconds = number("session_seconds", &input.session_seconds, &SESSION_SECONDS, "seconds")?;
    if idle_seconds > session_seconds {
        let reason = "A session cannot last longer without use than it lasts at all.";
        return Err(Error::invalid("idle_seconds", reason));
    }
    let chars = |field: &str, text: &str, range| number(field, text, range, "characters");
    let password_chars_min = chars("password_chars_min", &input.password_chars_min, &PASSWORD_CHARS)?;
    let alone = chars("password_chars_min_alone", &input.password_chars_min_alone, &PASSWORD_CHARS_ALONE)?;
    if alone < password_chars_min {
        let reason = "A password that is the only factor cannot be shorter than one beside a second factor.";
        return Err(Error::invalid("password_chars_min_alone", reason));
    }
    Ok(AuthenticationPolicy {
        password_allowed: input.password_allowed,
        second_factor_required: input.second_factor_required,
        identity_provider_required: input.identity_provider_required,
        other_providers_allowed: input.other_providers_allowed,
        oidc_allowed: input.oidc_allowed,
        personal_tokens_allowed: input.personal_tokens_allowed,
        tokens_bound: input.tokens_bound,
        token_seconds_max,
        addresses,
        idle_seconds,
        session_seconds,
        password_chars_min,
        password_chars_min_alone: alone,
    })
}

fn number<N: FromStr + PartialOrd + Display>(
    field: &str,
    text: &str,
    range: &RangeInclusive<N>,
    of: &str,
) -> Result<N, Error> {
    let number = text.trim().parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        let reason = format!("Enter a whole number of {of} from {} to {}.", range.start(), range.end());
        Error::invalid(field, reason)
    })
}

fn addresses(text: &str) -> Result<Vec<Cidr>, Error> {
    let mut ranges = BTreeSet::new();
    for (line, number) in text.lines().zip(1..) {
        for range in line.split(',').filter(|range| !range.trim().is_empty()) {
            let told = |error| Error::invalid("addresses", format!("Line {number}: {error}"));
            ranges.insert(range.parse::<Cidr>().map_err(told)?);
            if ranges.len() > ADDRESSES_MAX {
                let reason = format!("A policy has at most {ADDRESSES_MAX} ranges. Join neighbours.");
                return Err(Error::invalid("addresses", reason));
            }
        }
    }
    Ok(ranges.into_iter().collect())
}

/// What is said to who would shut themselves out.
pub(super) fn shuts_out(address: Option<IpAddr>) -> Error {
    let reason = match address {
        Some(address) => format!(
            "None of these ranges holds your own address, {}: you would shut yourself out. Add it, or leave the list \
             empty.",
            address.to_canonical()
        ),
        None => "Nobody knows your own address, so that a list of addresses would shut you out.".to_owned(),
    };
    Error::invalid("addresses", reason)
}

/// What is said while there is no identity provider.
pub(super) fn no_provider() -> Error {
    let reason = "No identity provider of this organization has passed a test yet, so nobody could sign in. Set one up under \
                  Admin, Identity providers, and test it first.";
    Error::invalid("identity_provider_required", reason)
}

/// What is said while nobody would get in when the identity provider does not answer; `is_kept` if it is required already.
pub(super) fn no_break_glass(is_kept: bool) -> Error {
    let exempt = "Make a super admin break-glass under “Break-glass super admins” on this page, one who has a second factor";
    match is_kept {
        true => Error::conflict(format!(
            "No break-glass super admin could sign in any more when the identity provider does not answer. {exempt} that this \
             takes, and who comes from where it lets people in."
        )),
        false => Error::invalid(
            "identity_provider_required",
            format!(
                "Nobody would get in when the identity provider does not answer. {exempt}, before this is turned on."
            ),
        ),
    }
}

/// Both versions of what differs, for who was overtaken.
pub(super) fn stale(now: &AuthenticationPolicy, sent: &AuthenticationPolicy) -> Error {
    let versions = |policy: &AuthenticationPolicy, other: &AuthenticationPolicy| {
        let theirs = described(policy).into_iter().zip(described(other));
        let differing = theirs.filter(|(one, other)| one != other);
        differing.map(|((name, value), _)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
    };
    let (is, was_sent) = (versions(now, sent), versions(sent, now));
    Error::conflict(match is.is_empty() {
        true => "Somebody else changed this meanwhile, to just what you sent.".to_owned(),
        false => format!("Somebody else changed this meanwhile. It is now {is}; you sent {was_sent}."),
    })
}

/// What a change changes, a sentence for each.
pub(super) fn changes(before: &AuthenticationPolicy, after: &AuthenticationPolicy) -> Vec<String> {
    let both = described(before).into_iter().zip(described(after));
    let differing = both.filter(|(before, after)| before != after);
    differing.map(|((name, before), (_, after))| format!("{name}: {before} → {after}")).collect()
}

/// Each setting by its name, as people read it.
fn described(policy: &AuthenticationPolicy) -> [(&'static str, String); 13] {
    let switch = |is_on: bool| if is_on { "on" } else { "off" }.to_owned();
    let addresses: Vec<String> = policy.addresses.iter().map(ToString::to_string).collect();
    [
        ("password sign-in", switch(policy.password_allowed)),
        ("second factor required", switch(policy.second_factor_required)),
        ("identity provider required", switch(policy.identity_provider_required)),
        ("other organizations’ identity providers", switch(policy.other_providers_allowed)),
        ("OpenID Connect", switch(policy.oidc_allowed)),
        ("addresses", if addresses.is_empty() { "anywhere".to_owned() } else { addresses.join(" ") }),
        ("personal tokens", switch(policy.personal_tokens_allowed)),
        ("tokens bound to an allowed sign-in", switch(policy.tokens_bound)),
        ("longest token age", policy.token_seconds_max.map_or_else(|| "any".to_owned(), span)),
        ("session without use", span(policy.idle_seconds)),
        ("session at most", span(policy.session_seconds)),
        ("password beside a second factor", characters(policy.password_chars_min)),
        ("password alone", characters(policy.password_chars_min_alone)),
    ]
}

fn characters(number: u32) -> String {
    format!("{number} characters")
}

/// A number of seconds in the largest unit that tells it exactly.
fn span(seconds: i64) -> String {
    let units = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let fits = units.into_iter().find(|(length, _)| seconds % length == 0).unwrap_or((1, "second"));
    let (number, unit) = (seconds / fits.0, fits.1);
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the page sends for the policy that everybody begins with.
    fn usual() -> EditAuthenticationPolicy {
        EditAuthenticationPolicy {
            password_allowed: true,
            other_providers_allowed: true,
            oidc_allowed: true,
            personal_tokens_allowed: true,
            idle_seconds: "3600".into(),
            session_seconds: " 86400 ".into(),
            password_chars_min: "8".into(),
            password_chars_min_alone: "15".into(),
            ..Default::default()
        }
    }

    #[test]
    fn the_form_of_the_usual_policy_is_read_as_it() {
        assert_eq!(read(&usual()), Ok(AuthenticationPolicy::default()));
        let policy = read(&EditAuthenticationPolicy {
            addresses: "192.0.2.0/24, 2001:db8::/32\n192.0.2.0/24\n".into(),
            token_seconds_max: "600".into(),
            ..usual()
        });
        let policy = policy.unwrap();
        assert_eq!((policy.addresses.len(), policy.token_seconds_max), (2, Some(600)));
    }

    #[test]
    fn mistakes_are_told_on_their_field() {
        let many: String = (0..=ADDRESSES_MAX).map(|n| format!("10.0.{}.{}\n", n / 256, n % 256)).collect();
        for (input, field, reason) in [
            (
                EditAuthenticationPolicy { addresses: "10.0.0.0/8\nx".into(), ..usual() },
                "addresses",
                "Line 2: ",
            ),
            (EditAuthenticationPolicy { addresses: many, ..usual() }, "addresses", "at most 256"),
            (
                EditAuthenticationPolicy { token_seconds_max: "599".into(), ..usual() },
                "token_seconds_max",
                "from 600 to 315360000",
            ),
            (EditAuthenticationPolicy { idle_seconds: "299".into(), ..usual() }, "idle_seconds", "from 300"),
            (
                EditAuthenticationPolicy { idle_seconds: String::new(), ..usual() },
                "idle_seconds",
                "whole number",
            ),
            (
                EditAuthenticationPolicy { session_seconds: "86401".into(), ..usual() },
                "session_seconds",
                "from 1800 to 86400",
            ),
            (
                EditAuthenticationPolicy { session_seconds: "1800".into(), ..usual() },
                "idle_seconds",
                "longer without use",
            ),
            (
                EditAuthenticationPolicy { password_chars_min: "7".into(), ..usual() },
                "password_chars_min",
                "from 8 to 64",
            ),
            (
                EditAuthenticationPolicy { password_chars_min_alone: "65".into(), ..usual() },
                "password_chars_min_alone",
                "from 15 to 64",
            ),
            (
                EditAuthenticationPolicy { password_chars_min: "16".into(), ..usual() },
                "password_chars_min_alone",
                "cannot be shorter",
            ),
        ] {
            let error = read(&input).unwrap_err();
            assert_eq!(error.field(), Some(field), "{error}");
            assert!(error.to_string().contains(reason), "{error}");
        }
    }

    #[test]
    fn changes_are_told_as_people_read_them() {
        let before = AuthenticationPolicy::default();
        let after = AuthenticationPolicy {
            password_allowed: false,
            addresses: vec!["192.0.2.0/24".parse().unwrap()],
            token_seconds_max: Some(86_400),
            idle_seconds: 900,
            password_chars_min: 12,
            ..Default::default()
        };
        assert_eq!(
            changes(&before, &after),
            [
                "password sign-in: on → off",
                "addresses: anywhere → 192.0.2.0/24",
                "longest token age: any → 1 day",
                "session without use: 1 hour → 15 minutes",
                "password beside a second factor: 8 characters → 12 characters",
            ]
        );
        assert!(changes(&before, &before).is_empty());
        let told = stale(&after, &before).to_string();
        assert!(
            told.contains("It is now password sign-in off,")
                && told.contains("you sent password sign-in on,")
        );
        assert!(stale(&before, &before).to_string().contains("to just what you sent"));
    }
}
