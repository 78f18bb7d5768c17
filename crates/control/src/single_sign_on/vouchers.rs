//! What an identity provider said of somebody, whichever protocol it speaks: the verdict on it, and what a sign-in needs of it.
//! Believes nothing by itself.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    identity_providers::{ProviderSettings, SamlSettings, TestCheck, TestReport, spaced},
    secrets::Secret,
    timestamps::Timestamp,
};
use identity::{
    oidc::{self, claims::Claims},
    saml::{
        self,
        verifications::{Assertion, NameId},
    },
};
use serde_json::json;
use store::identity_providers::IdentityProvider;

use super::{ProviderSession, people::Person};
use crate::{Control, envelopes::Place, identity_providers::certificate_facts};

/// Characters of XML and of tokens that a test keeps.
const SEEN_CHARS_MAX: usize = 20_000;
/// Bytes of an ID token that is kept with a session, at most: it goes into an address when somebody signs out.
const ID_TOKEN_BYTES_MAX: usize = 4_096;

/// What an identity provider vouches for.
pub(super) enum Voucher {
    /// An assertion that was verified.
    Saml(Box<Assertion>),
    /// Claims that were verified, and the ID token that they are of.
    Oidc(Box<Claims>, Option<Secret>),
}

impl Voucher {
    /// Who it is, by the settings' mapping.
    pub(super) fn person(&self, settings: &ProviderSettings) -> Result<Person, String> {
        match (self, settings) {
            (Self::Saml(assertion), ProviderSettings::Saml(settings)) => Person::read(assertion, settings),
            (Self::Oidc(claims, _), ProviderSettings::Oidc(settings)) => Person::of_claims(claims, settings),
            _ => Err("the identity provider speaks another protocol by now".to_owned()),
        }
    }

    /// What the person is called there, for the log.
    pub(super) fn subject(&self) -> &str {
        match self {
            Self::Saml(assertion) => &assertion.name_id.value,
            Self::Oidc(claims, _) => &claims.subject,
        }
    }

    /// When they signed in there, if it says so.
    pub(super) const fn authenticated_at(&self) -> Option<Timestamp> {
        match self {
            Self::Saml(assertion) => Some(assertion.authenticated_at),
            Self::Oidc(claims, _) => claims.authenticated_at,
        }
    }

    /// The session there that one here begins with, which ends at `own_end` if not before.
    pub(super) fn session(
        &self,
        control: &Control,
        provider: &IdentityProvider,
        own_end: Option<Timestamp>,
    ) -> ProviderSession {
        match self {
            Self::Saml(assertion) => ProviderSession {
                provider: provider.id,
                name_id: assertion.name_id.clone(),
                index: assertion.session_index.clone(),
                ends_at: [own_end, assertion.session_ends_at].into_iter().flatten().min(),
                id_token_sealed: None,
            },
            Self::Oidc(claims, token) => ProviderSession {
                provider: provider.id,
                name_id: NameId {
                    value: claims.subject.clone(),
                    format: None,
                    name_qualifier: None,
                    sp_name_qualifier: None,
                },
                index: claims.session_id.clone(),
                ends_at: own_end,
                id_token_sealed: token.as_ref().and_then(|token| seal(control, provider, token)),
            },
        }
    }
}

const fn place(provider: uuid::Uuid) -> Place {
    Place { column: "sessions.data.provider_session.id_token_sealed", row: provider }
}

fn seal(control: &Control, provider: &IdentityProvider, token: &Secret) -> Option<String> {
    let token = token.expose().as_bytes();
    let is_short = token.len() <= ID_TOKEN_BYTES_MAX;
    is_short.then(|| {
        STANDARD.encode(control.master_key().seal(control.random(), place(provider.id.uuid()), token))
    })
}

/// The ID token that a session began with, if it was kept.
pub(super) fn id_token(control: &Control, session: &ProviderSession) -> Option<Secret> {
    let sealed = STANDARD.decode(session.id_token_sealed.as_ref()?).ok()?;
    let token = control.master_key().open(place(session.provider.uuid()), &sealed).ok()?;
    Some(Secret::new(String::from_utf8_lossy(&token).into_owned()))
}

/// The verdict on what an identity provider said.
pub(super) struct Verdict {
    /// What it vouches for; or why it is not believed.
    pub(super) outcome: Result<Voucher, Refused>,
    /// What a test shows, all but whether it passed and who the person is.
    pub(super) seen: TestReport,
    /// Whether it is on record already.
    pub(super) is_recorded: bool,
    /// Whose certificates it says that it was signed with, where no signature of it is believed: fingerprints, for a test alone.
    offered: Option<Vec<String>>,
}

/// Why something is not believed: by a check, which demands something, and what there was instead.
pub(super) struct Refused {
    /// The name of the check.
    check: &'static str,
    /// What it demands.
    demand: &'static str,
    /// What there was.
    detail: String,
}

impl Refused {
    /// For the log.
    pub(super) fn words(&self) -> String {
        format!("{} ({})", self.check, self.detail)
    }

    /// For the test's report.
    pub(super) fn reason(&self) -> String {
        format!("This does not hold: {} Found: {}.", self.demand, self.detail.trim_end_matches('.'))
    }
}

impl Verdict {
    /// On a SAML response, which was judged and put on record when it came.
    pub(super) fn of_saml(report: saml::verifications::Report) -> Self {
        let short = |xml: String| xml.chars().take(SEEN_CHARS_MAX).collect::<String>();
        let checks = report.findings.iter().map(|finding| TestCheck {
            name: finding.check.name().to_owned(),
            demand: finding.check.demand().to_owned(),
            passed: finding.passed,
            seen: finding.seen.clone(),
        });
        let is_unsigned = |refusal: &saml::checks::Refusal| {
            matches!(refusal.check, saml::checks::Check::Certificates | saml::checks::Check::SignatureValid)
        };
        let is_unsigned = report.outcome.as_ref().is_err_and(is_unsigned);
        Self {
            offered: is_unsigned.then(|| report.offered_fingerprints()),
            seen: TestReport {
                checks: checks.collect(),
                xml: report.xml.map(short),
                decrypted: report.decrypted.map(short),
                ..nothing()
            },
            outcome: report.outcome.map(|assertion| Voucher::Saml(Box::new(assertion))).map_err(|refusal| {
                Refused {
                    check: refusal.check.name(),
                    demand: refusal.check.demand(),
                    detail: refusal.detail,
                }
            }),
            is_recorded: true,
        }
    }

    /// On an answer of OpenID Connect, which nobody has heard of yet.
    pub(super) fn of_oidc(report: oidc::verifications::Report) -> Self {
        let oidc::verifications::Report { findings, header, claims, userinfo, id_token, outcome, .. } =
            report;
        let checks = findings.iter().map(|finding| TestCheck {
            name: finding.check.name().to_owned(),
            demand: finding.check.demand().to_owned(),
            passed: finding.passed,
            seen: finding.seen.clone(),
        });
        let part = |text: Option<String>| {
            text.map(|text| serde_json::from_str(&text).unwrap_or_else(|_| json!(text)))
        };
        let parts = [("header", part(header)), ("claims", part(claims)), ("userinfo", part(userinfo))];
        let parts: serde_json::Map<String, serde_json::Value> =
            parts.into_iter().filter_map(|(name, part)| Some((name.to_owned(), part?))).collect();
        let token = (!parts.is_empty()).then(|| serde_json::to_string_pretty(&parts).unwrap_or_default());
        Self {
            offered: None,
            seen: TestReport {
                checks: checks.collect(),
                token: token.map(|token| token.chars().take(SEEN_CHARS_MAX).collect()),
                ..nothing()
            },
            outcome: outcome.map(|claims| Voucher::Oidc(Box::new(claims), id_token)).map_err(|refusal| {
                Refused {
                    check: refusal.check.name(),
                    demand: refusal.check.demand(),
                    detail: refusal.detail,
                }
            }),
            is_recorded: false,
        }
    }

    /// Who the person is, if the identity provider is believed.
    pub(super) fn person(&self, settings: &ProviderSettings) -> Option<Person> {
        self.outcome.as_ref().ok()?.person(settings).ok()
    }

    /// What a test found, by the settings that the identity provider has.
    pub(super) fn test_report(&self, settings: &ProviderSettings) -> TestReport {
        let (reason, person) = match &self.outcome {
            Err(refused) => {
                let offered = self.offered.as_deref().zip(settings.saml());
                let signer = offered.map(|(offered, settings)| format!(" {}", signer(offered, settings)));
                (Some(format!("{}{}", refused.reason(), signer.unwrap_or_default())), None)
            }
            Ok(voucher) => match voucher.person(settings) {
                Ok(person) => (None, Some(person)),
                Err(why) => (Some(format!("Everything was verified, but {why}.")), None),
            },
        };
        TestReport {
            passed: reason.is_none(),
            reason,
            person: person.map(|person| person.described()).unwrap_or_default(),
            ..self.seen.clone()
        }
    }
}

/// What can be known of who signed what is not believed: the certificates that it says itself, beside those that are kept.
fn signer(offered: &[String], settings: &SamlSettings) -> String {
    let kept = certificate_facts(settings).into_iter().map(|facts| facts.fingerprint).collect::<Vec<_>>();
    let list = |fingerprints: &[String]| {
        fingerprints.iter().map(|text| spaced(text)).collect::<Vec<_>>().join(" and ")
    };
    let here = match kept.is_empty() {
        true => "None is kept here.".to_owned(),
        false => format!("Kept here: {}.", list(&kept)),
    };
    if offered.is_empty() {
        return format!(
            "It does not say with which certificate it was signed. {here} These are SHA-256 fingerprints."
        );
    }
    let says = format!("It says that it was signed with the certificate {}", list(offered));
    if offered.iter().all(|fingerprint| kept.contains(fingerprint)) {
        return format!(
            "{says}, which is kept here (SHA-256 fingerprint): so it was changed after it was signed, or says so wrongly."
        );
    }
    format!(
        "{says}. {here} These are SHA-256 fingerprints. If your identity provider shows the first one as its own, enter that certificate."
    )
}

const fn nothing() -> TestReport {
    TestReport {
        passed: false,
        reason: None,
        checks: Vec::new(),
        person: Vec::new(),
        admission: None,
        xml: None,
        decrypted: None,
        token: None,
    }
}
