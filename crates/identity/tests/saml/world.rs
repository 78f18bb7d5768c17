//! One identity provider, one service provider, one moment.

use std::{net::TcpListener, sync::OnceLock};

use domain::{secrets::Secret, timestamps::Timestamp};
use identity::saml::{
    testing::{
        KeyChoice, KeyPair,
        cases::{Case, World},
    },
    verifications::{Expectations, Report, verify},
};

/// The world, and the key that its service provider decrypts with. Made once: keys are dear.
pub(crate) struct Bench {
    pub(crate) world: World,
    /// The canary: nobody may connect to it because of a response.
    pub(crate) listener: TcpListener,
    key: String,
}

pub(crate) fn bench() -> &'static Bench {
    static BENCH: OnceLock<Bench> = OnceLock::new();
    BENCH.get_or_init(Bench::new)
}

impl Bench {
    fn new() -> Self {
        let base = "https://console.example.org/v1/sso/saml/account/o/method/m";
        let expectations = Expectations {
            acs_url: format!("{base}/acs"),
            audience: format!("{base}/metadata"),
            request_id: "_request-0123456789abcdef".into(),
        };
        let own = KeyPair::new(KeyChoice::Rsa(2048)).unwrap();
        let now = Timestamp::from_rfc3339("2026-11-28T12:00:00Z").unwrap();
        let key = own.private_pem().unwrap().expose().to_owned();
        let mut world = World::new(expectations, now, own.certificate).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        world.canary = listener.local_addr().unwrap().to_string();
        Self { world, listener, key }
    }

    /// Judges a case as the service provider is set up for it.
    pub(crate) fn judge(&self, case: &Case) -> Report {
        self.judge_field(&case.field(&self.world).unwrap(), case)
    }

    /// Judges a field as if it came in a case's place.
    pub(crate) fn judge_field(&self, field: &str, case: &Case) -> Report {
        let mut trust = self.world.trust(case.demands).unwrap();
        trust.keys = vec![Secret::new(self.key.clone())];
        verify(field, &trust, &self.world.expectations, self.world.now)
    }
}
