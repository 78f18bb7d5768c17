//! Reads the token out of the `Authorization` header. Looks at no cookie, and finds out nothing about the token.

use axum::http::{HeaderMap, header};
use domain::secrets::Secret;

use super::problems::{INVALID_TOKEN, Problem};

/// Schemes that bring a token. Schemes are the same in capitals (RFC 9110 section 11.1).
const SCHEMES: [&str; 2] = ["bearer", "aivenv1"];
/// What is missing.
const CHALLENGE: &str = "Bearer";
/// Bytes of the header, at most.
const HEADER_BYTES_MAX: usize = 1024;

/// The token that a request brings.
///
/// # Errors
/// When there is none, in another scheme, or more than one.
pub(crate) fn token(headers: &HeaderMap) -> Result<Secret, Problem> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = all.next() else {
        return Err(Problem::challenge("Send a token: Authorization: Bearer TOKEN.", CHALLENGE));
    };
    if all.next().is_some() {
        return Err(Problem::challenge("Send one Authorization header, not several.", INVALID_TOKEN));
    }
    let text = value.to_str().ok().filter(|text| text.len() <= HEADER_BYTES_MAX);
    let split = text.and_then(|text| text.trim().split_once(' '));
    let known = split.filter(|(scheme, _)| SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)));
    let Some((_, token)) = known else {
        let sentence = "Only tokens open the API: Authorization: Bearer TOKEN, or aivenv1 TOKEN.";
        return Err(Problem::challenge(sentence, CHALLENGE));
    };
    Ok(Secret::new(token.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_schemes_bring_a_token_and_nothing_else_does() {
        let read = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            token(&headers)
        };
        for value in ["Bearer rdp_x", "bearer rdp_x", "BEARER  rdp_x ", "aivenv1 rdp_x", "AivenV1 rdp_x"] {
            assert_eq!(read(&[value]).unwrap_or_else(|_| panic!("{value}")).expose(), "rdp_x");
        }
        let long = format!("Bearer {}", "x".repeat(HEADER_BYTES_MAX));
        for value in ["", "Bearer", "rdp_x", "Basic rdp_x", "Token rdp_x", "Bearerrdp_x", &long] {
            assert_eq!(read(&[value]).err().and_then(|problem| problem.challenge), Some("Bearer"), "{value}");
        }
        assert_eq!(read(&[]).err().and_then(|problem| problem.challenge), Some("Bearer"));
        let twice = read(&["Bearer rdp_x", "Bearer rdp_y"]).err().and_then(|problem| problem.challenge);
        assert_eq!(twice, Some(INVALID_TOKEN));
    }
}
