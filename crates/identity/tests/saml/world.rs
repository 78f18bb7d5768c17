//! One identity provider, one service provider, one moment.

use domain::timestamps::Timestamp;
use identity::saml::{
    checks::Check,
    testing::{Draft, KeyChoice, KeyPair, SoftIdp, field},
    verifications::{Assertion, Expectations, Report, Trust, verify},
};

/// Everything a response is about.
pub(crate) struct World {
    pub(crate) idp: SoftIdp,
    pub(crate) own: KeyPair,
    pub(crate) trust: Trust,
    pub(crate) expectations: Expectations,
    pub(crate) now: Timestamp,
}

impl World {
    pub(crate) fn new(choice: KeyChoice) -> Self {
        let idp = SoftIdp::new("https://idp.example.org/metadata", choice).unwrap();
        let own = KeyPair::new(KeyChoice::Rsa(2048)).unwrap();
        let mut trust = idp.trust().unwrap();
        trust.keys = vec![own.private_pem().unwrap()];
        let base = "https://console.example.org/v1/sso/saml/account/o/method/m";
        Self {
            idp,
            own,
            trust,
            expectations: Expectations {
                acs_url: format!("{base}/acs"),
                audience: format!("{base}/metadata"),
                request_id: "_request-0123456789abcdef".into(),
            },
            now: Timestamp::from_rfc3339("2026-11-28T12:00:00Z").unwrap(),
        }
    }

    pub(crate) fn draft(&self) -> Draft {
        Draft::new(&self.idp.entity_id, &self.expectations, self.now)
    }

    pub(crate) fn verify(&self, xml: &str) -> Report {
        verify(&field(xml), &self.trust, &self.expectations, self.now)
    }

    pub(crate) fn accepted(&self, xml: &str) -> Assertion {
        let report = self.verify(xml);
        report.outcome.unwrap_or_else(|refusal| panic!("{refusal:?}\n{xml}"))
    }

    pub(crate) fn refused(&self, xml: &str) -> Check {
        self.verify(xml).outcome.expect_err(xml).check
    }
}
