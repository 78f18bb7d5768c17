//! Whether a token was signed by a provider: with an algorithm that is taken, and a key that the provider publishes. Reads no
//! claim.

use serde_json::Value;

use super::{
    algorithms::Algorithm,
    checks::{Check, Findings, Refusal},
    exchanges::Http,
    keys::{self, Key, Keys},
    providers::{self, Provider},
    tokens::Token,
};

/// Whose signature is looked for.
pub(super) struct Signers<'a> {
    /// The provider, with the keys that are known of it.
    pub(super) provider: &'a Provider,
    /// The algorithms that are taken.
    pub(super) algorithms: &'a [Algorithm],
    /// Whether the keys may be fetched anew.
    pub(super) may_fetch_keys: bool,
}

/// What signed a token.
pub(super) struct Signed {
    /// The algorithm.
    pub(super) algorithm: Algorithm,
    /// The key.
    pub(super) key: Key,
}

/// Verifies the signature of a token. If no key is known that may have made it, the provider is asked for its keys once: it
/// may have new ones. They are left in `fetched` whatever comes of the token, so that a bad one does not use up the asking.
pub(super) async fn verify(
    token: &Token<'_>,
    signers: &Signers<'_>,
    http: &dyn Http,
    findings: &mut Findings,
    fetched: &mut Option<Keys>,
) -> Result<Signed, Refusal> {
    let algorithm = findings.take(algorithm(token, signers.algorithms))?;
    findings.pass(Check::Algorithm, algorithm.name());
    let known = &signers.provider.keys;
    if signers.may_fetch_keys && known.of(token, algorithm).is_err() {
        let anew = providers::fetch_keys(signers.provider, http).await;
        let unknown = |refusal: Refusal| {
            let detail =
                format!("it is none of the known ones, and they cannot be fetched anew: {}", refusal.detail);
            Refusal::new(Check::KeyKnown, detail)
        };
        *fetched = Some(findings.take(anew.map_err(unknown))?);
    }
    let candidates = findings.take(fetched.as_ref().unwrap_or(known).of(token, algorithm))?;
    let anew = if fetched.is_some() { ", fetched anew" } else { "" };
    findings
        .pass(Check::KeyKnown, format!("the key {}{anew}", candidates.first().map_or("", |key| key.id())));
    let key = findings.take(keys::signer(&candidates, token, algorithm))?.clone();
    findings.pass(Check::Signature, format!("{} bytes were signed", token.signed.len()));
    Ok(Signed { algorithm, key })
}

fn algorithm(token: &Token<'_>, taken: &[Algorithm]) -> Result<Algorithm, Refusal> {
    let refused = |detail: String| Err(Refusal::new(Check::Algorithm, detail));
    let Some(Value::String(name)) = token.header.get("alg") else {
        return refused("the token names no algorithm (alg)".into());
    };
    match Algorithm::named(name) {
        Some(algorithm) if taken.contains(&algorithm) => Ok(algorithm),
        _ => refused(format!("the algorithm is {name}")),
    }
}
