//! The verdict on the answer that a browser comes back with: trades the code in, and judges what the provider gives for it.
//! Remembers nothing: that a state is taken once is for the caller to see to.

use std::time::Duration;

use domain::{secrets::Secret, timestamps::Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::{
    algorithms::Algorithm,
    checks::{Check, Finding, Findings, Refusal},
    claims::{self, Claims, Values},
    contents::{Contents, Found},
    exchanges::Http,
    grants::{Exchange, Given, error_words},
    keys::Keys,
    providers::Provider,
    signatures::{self, Signed, Signers},
    tokens::{self, Kind, Object, Token},
};

pub use super::grants::TokenAuth;

/// Bytes of a code, at most.
const CODE_BYTES_MAX: usize = 4096;

/// How far clocks may be apart.
pub const SKEW: Duration = Duration::from_secs(60);

/// What an answer has to fit.
pub struct Expectations<'a> {
    /// Who we are to the provider.
    pub client_id: &'a str,
    /// How we show that.
    pub token_auth: &'a TokenAuth,
    /// Where the browser was to come back to, as in the question.
    pub redirect_uri: &'a str,
    /// The question's state.
    pub state: &'a str,
    /// The question's nonce.
    pub nonce: &'a str,
    /// The question's code verifier.
    pub verifier: &'a Secret,
    /// The algorithms that are taken.
    pub algorithms: &'a [Algorithm],
    /// The ways of signing in of which one is demanded; none if any will do.
    pub context_classes: &'a [String],
    /// How long before the question the person may have signed in there; `None` if that does not matter. 0 for a question that
    /// was forced.
    pub age_max: Option<Duration>,
    /// When the question was asked.
    pub asked_at: Timestamp,
    /// Whether the provider is asked for more than the token says (userinfo).
    pub uses_userinfo: bool,
    /// Whether the provider's keys may be fetched anew if the token's is none of them: once a minute at most.
    pub may_fetch_keys: bool,
    /// Now.
    pub now: Timestamp,
}

/// What a browser comes back with: the parameters of the redirect URI, each if it was there once.
#[derive(Clone, Serialize, Deserialize)]
pub struct Answer {
    /// `state`.
    pub state: String,
    /// `code`.
    pub code: Option<Secret>,
    /// `iss`.
    pub issuer: Option<String>,
    /// `error`.
    pub error: Option<String>,
    /// `error_description`.
    pub error_description: Option<String>,
}

/// What came out.
#[derive(Clone, Serialize, Deserialize)]
pub struct Report {
    /// Every check that was made, in the order of the checks.
    pub findings: Vec<Finding>,
    /// The header of the ID token, as indented JSON, if it could be read.
    pub header: Option<String>,
    /// The claims of the ID token, as indented JSON, if they could be read. Believed only if the outcome is.
    pub claims: Option<String>,
    /// What userinfo said, as indented JSON, if it was asked.
    pub userinfo: Option<String>,
    /// The provider's keys, if they were fetched anew: to be kept, whatever the outcome.
    pub keys: Option<Keys>,
    /// The ID token itself, if it is believed: to sign out at the provider with.
    pub id_token: Option<Secret>,
    /// What the provider says of somebody, or the first check that refused it.
    pub outcome: Result<Claims, Refusal>,
}

impl Report {
    /// A report on a sign-in that did not get as far as an answer: when discovery refused.
    #[must_use]
    pub fn refused(refusal: Refusal) -> Self {
        let finding = Finding { check: refusal.check, passed: false, seen: refusal.detail.clone() };
        Self {
            findings: vec![finding],
            header: None,
            claims: None,
            userinfo: None,
            keys: None,
            id_token: None,
            outcome: Err(refusal),
        }
    }
}

/// Trades the code of an answer in and judges what the provider gives for it: one request, two if the keys are fetched anew,
/// and one more if userinfo is asked.
pub async fn finish(
    provider: &Provider,
    expectations: &Expectations<'_>,
    answer: &Answer,
    http: &dyn Http,
) -> Report {
    let mut report = Report {
        findings: Vec::new(),
        header: None,
        claims: None,
        userinfo: None,
        keys: None,
        id_token: None,
        outcome: Err(Refusal::new(Check::Answer, "nothing was judged")),
    };
    let mut findings = Findings::default();
    findings.pass(Check::Discovery, "it could be read");
    findings.pass(Check::DiscoveryIssuer, &provider.issuer);
    findings.pass(Check::Endpoints, &provider.authorization_endpoint);
    findings.pass(Check::Keys, format!("{} keys", provider.keys.count()));
    let asked = Asked { provider, expectations, http };
    report.outcome = asked.judge(answer, &mut findings, &mut report).await;
    report.findings = findings.into_list();
    report
}

/// A question that was asked, and who may be asked more.
struct Asked<'a> {
    provider: &'a Provider,
    expectations: &'a Expectations<'a>,
    http: &'a dyn Http,
}

impl Asked<'_> {
    async fn judge(
        &self,
        answer: &Answer,
        findings: &mut Findings,
        report: &mut Report,
    ) -> Result<Claims, Refusal> {
        let code = self.code_in(answer, findings)?;
        let exchange = Exchange {
            address: &self.provider.token_endpoint,
            client_id: self.expectations.client_id,
            token_auth: self.expectations.token_auth,
            redirect_uri: self.expectations.redirect_uri,
            verifier: self.expectations.verifier,
        };
        let given = findings.take(exchange.trade_in(code, self.http).await)?;
        findings.pass(Check::CodeExchanged, "tokens were given");
        let id_token = findings.take(given.id_token())?;
        findings.pass(Check::IdTokenPresent, format!("{} characters", id_token.len()));

        let token = findings.take(Token::parse(id_token))?;
        findings.pass(Check::TokenForm, format!("{} claims", token.claims.len()));
        (report.header, report.claims) =
            (Some(tokens::indented(&token.header)), Some(tokens::indented(&token.claims)));
        let kind = findings.take(token.demand(Kind::Id))?;
        findings.pass(Check::TokenType, kind);
        let signers = Signers {
            provider: self.provider,
            algorithms: self.expectations.algorithms,
            may_fetch_keys: self.expectations.may_fetch_keys,
        };
        let signed = signatures::verify(&token, &signers, self.http, findings, &mut report.keys).await?;
        let claims = self.read(&token.claims, &given, &signed, findings)?;
        let claims = match self.expectations.uses_userinfo {
            false => claims,
            true => self.extend(claims, &token.claims, &given, findings, report).await?,
        };
        report.id_token = Some(Secret::new(id_token.to_owned()));
        Ok(claims)
    }

    /// The code of an answer that is one to our question.
    fn code_in<'b>(&self, answer: &'b Answer, findings: &mut Findings) -> Result<&'b Secret, Refusal> {
        let is_ours = answer.state.as_bytes().ct_eq(self.expectations.state.as_bytes());
        findings.note(Check::State, is_ours.into(), if is_ours.into() { "ours" } else { "another one" });
        let (passed, seen) = match answer.issuer.as_deref() {
            Some(issuer) => (issuer == self.provider.issuer, issuer),
            None if self.provider.answers_with_issuer => (false, "the answer does not say whose it is (iss)"),
            None => {
                (true, "the answer does not say whose it is, and the provider does not promise that it does")
            }
        };
        findings.note(Check::AnswerIssuer, passed, seen);
        // Whatever else the answer says is not to be believed then.
        if let Some(refusal) = findings.refusal() {
            return Err(refusal);
        }
        let code = match (&answer.error, &answer.code) {
            (Some(error), _) => Err(error_words(error, answer.error_description.as_deref())),
            (None, Some(code)) if (1..=CODE_BYTES_MAX).contains(&code.expose().len()) => Ok(code),
            (None, Some(code)) => Err(format!("the code has {} characters", code.expose().len())),
            (None, None) => Err("the answer has no code".to_owned()),
        };
        let code = findings.take(code.map_err(|detail| Refusal::new(Check::Answer, detail)))?;
        findings.pass(Check::Answer, "it succeeded");
        Ok(code)
    }

    /// Reads the claims of a token that the provider signed.
    fn read(
        &self,
        claims: &Object,
        given: &Given,
        signed: &Signed,
        findings: &mut Findings,
    ) -> Result<Claims, Refusal> {
        let expectations = self.expectations;
        let mut contents = Contents { claims, findings, now: expectations.now };
        contents.issuer(&self.provider.issuer);
        let subject = match contents.name("sub") {
            Found::Right(subject) => Some(subject),
            Found::Missing => contents.fail(Check::Subject, "the token is about nobody (sub)"),
            Found::Wrong(seen) => contents.fail(Check::Subject, seen),
        };
        let audiences = contents.audience(expectations.client_id);
        contents.authorized_party(expectations.client_id, audiences);
        let expires_at = contents.expiry();
        let issued_at = contents.issue_time(expectations.asked_at);
        contents.not_before();
        contents.nonce(expectations.nonce);
        access_token_hash(&mut contents, given, signed);
        let authenticated_at = contents.authentication_time(expectations.asked_at, expectations.age_max);
        let context_class = contents.context_class(expectations.context_classes);
        let session_id = contents.name("sid");
        let plain = findings.take(plain_values(session_id, claims)).ok();
        if let Some(subject) = &subject {
            findings.pass(Check::Subject, subject);
        }
        if let Some((_, values)) = plain.as_ref().filter(|_| !expectations.uses_userinfo) {
            findings.pass(Check::Values, format!("{} claims", values.len()));
        }
        match (findings.refusal(), plain, subject, issued_at, expires_at) {
            (None, Some((session_id, values)), Some(subject), Some(issued_at), Some(expires_at)) => {
                Ok(Claims {
                    issuer: self.provider.issuer.clone(),
                    subject,
                    session_id,
                    context_class,
                    methods: values.get("amr").cloned().unwrap_or_default(),
                    authenticated_at,
                    issued_at,
                    expires_at,
                    values,
                })
            }
            (Some(refusal), ..) => Err(refusal),
            (None, ..) => Err(Refusal::new(Check::TokenForm, "the token cannot be read")),
        }
    }

    /// Adds what the provider says beside the token, of the same person (OpenID Connect Core, section 5.3).
    async fn extend(
        &self,
        mut claims: Claims,
        signed: &Object,
        given: &Given,
        findings: &mut Findings,
        report: &mut Report,
    ) -> Result<Claims, Refusal> {
        let endpoint = self.provider.userinfo_endpoint.as_deref();
        let told = given.userinfo(endpoint, self.http).await;
        let told = findings.take(told.map_err(|detail| Refusal::new(Check::Userinfo, detail)))?;
        report.userinfo = Some(tokens::indented(&told));
        let subject = told.get("sub").and_then(Value::as_str);
        if subject != Some(claims.subject.as_str()) {
            let detail = format!("it is of {}", subject.unwrap_or("nobody"));
            return findings.take(Err(Refusal::new(Check::Userinfo, detail)));
        }
        findings.pass(Check::Userinfo, "it is of the same person");
        claims.values = findings.take(claims::values(&[signed, &told]))?;
        findings.pass(Check::Values, format!("{} claims", claims.values.len()));
        Ok(claims)
    }
}

/// The session there, and every claim with plain values.
fn plain_values(session_id: Found<String>, claims: &Object) -> Result<(Option<String>, Values), Refusal> {
    let session_id = match session_id {
        Found::Right(id) => Some(id),
        Found::Missing => None,
        Found::Wrong(seen) => return Err(Refusal::new(Check::Values, seen)),
    };
    Ok((session_id, claims::values(&[claims])?))
}

/// The access token is the one that the ID token came with, if that says so.
fn access_token_hash(contents: &mut Contents<'_>, given: &Given, signed: &Signed) {
    let Some(hash) = contents.claims.get("at_hash") else { return };
    let (passed, seen) = match (hash.as_str(), given.access_token()) {
        (None, _) => (false, "at_hash is no text"),
        (_, None) => (false, "no access token came with the ID token"),
        (Some(hash), Some(token)) if signed.key.is_hash(hash, token, signed.algorithm) => (true, "it is"),
        _ => (false, "it is another one"),
    };
    contents.findings.note(Check::AccessTokenHash, passed, seen);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_that_discovery_refused_is_reported() {
        let refusal = Refusal::new(Check::DiscoveryIssuer, "the document is of https://other.example");
        let report = Report::refused(refusal.clone());
        assert_eq!(report.outcome, Err(refusal));
        assert_eq!(report.findings.len(), 1);
        assert!(!report.findings[0].passed);
    }
}
