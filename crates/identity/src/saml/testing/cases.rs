//! What a case of the hostile suite is, and the world that it is made in: one service provider, one identity provider, a
//! stranger. Judges nothing.

use std::time::Duration;

use domain::timestamps::Timestamp;
use openssl::{pkey::PKey, x509::X509};

use super::{Draft, Failure, KeyChoice, KeyPair, SignatureDraft, SoftIdp, field};
use crate::saml::{
    certificates::Certificate,
    checks::Check,
    verifications::{Expectations, Trust},
};

/// What a step of making a case gives.
pub type Made = Result<String, Failure>;

type Maker = Box<dyn Fn(&World) -> Made + Send + Sync>;

/// Whom an attacker would like to be. The valid responses that he may have are [`MALLORY`]'s.
pub const ALICE: &str = "alice@acme.example";
/// Who signs in as himself before he attacks.
pub const MALLORY: &str = "mallory@acme.example";

/// Everything that a response is made from.
pub struct World {
    /// The identity provider, with an RSA key.
    pub idp: SoftIdp,
    /// Its other key, on P-256: as while one is rolled over.
    pub second: KeyPair,
    /// Somebody with keys and a certificate of the same name, whom nobody knows.
    pub stranger: SoftIdp,
    /// The certificate (DER) that assertions are encrypted to: the service provider's.
    pub recipient: Vec<u8>,
    /// What the service provider expects.
    pub expectations: Expectations,
    /// What another organization's service provider on the same console expects.
    pub neighbour: Expectations,
    /// Now.
    pub now: Timestamp,
    /// Host and port that nobody may connect to because of a response.
    pub canary: String,
}

/// Which certificates the service provider has of the identity provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Configured {
    /// Those of both keys.
    #[default]
    Both,
    /// That of the RSA key.
    RsaAlone,
    /// None: an identity provider that was not set up to the end.
    None,
}

/// How the service provider is set up for a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demands {
    /// The certificates.
    pub certificates: Configured,
    /// Assertions must be signed.
    pub assertion_signed: bool,
    /// Responses must be signed.
    pub response_signed: bool,
    /// Assertions must be encrypted.
    pub encrypted: bool,
}

impl Demands {
    /// What is on when nothing was chosen.
    pub const USUAL: Self = Self {
        certificates: Configured::Both,
        assertion_signed: true,
        response_signed: false,
        encrypted: false,
    };
    /// A signature of the response is enough.
    pub const RESPONSE_ALONE: Self = Self { assertion_signed: false, response_signed: true, ..Self::USUAL };
}

/// Whom an accepted response is about, and in which groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name_id: String,
    /// All attributes.
    pub attributes: Vec<(String, Vec<String>)>,
}

impl Default for Person {
    fn default() -> Self {
        let list = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        Self {
            name_id: ALICE.into(),
            attributes: vec![("email".into(), list(&[ALICE])), ("groups".into(), list(&["staff", "dba"]))],
        }
    }
}

/// One response with what has to come of it.
pub struct Case {
    /// The family in the catalogue of attacks.
    pub family: &'static str,
    /// What it is, in a few words; told apart within its family.
    pub name: String,
    /// The check that has to refuse it; `None` if it has to be accepted.
    pub expected: Option<Check>,
    /// Who has to come out of one that is accepted.
    pub person: Person,
    /// How the service provider is set up.
    pub demands: Demands,
    make: Maker,
}

impl Case {
    /// A document that has to be accepted by a service provider that is set up that way, of no family.
    pub fn control(
        name: &str,
        demands: Demands,
        xml: impl Fn(&World) -> Made + Send + Sync + 'static,
    ) -> Self {
        Self {
            family: "control",
            name: name.to_owned(),
            expected: None,
            person: Person::default(),
            demands,
            make: Box::new(move |world| Ok(field(&xml(world)?))),
        }
    }

    /// The field `SAMLResponse` as it is posted.
    ///
    /// # Errors
    /// If the case cannot be made: a mistake in the suite.
    pub fn field(&self, world: &World) -> Made {
        (self.make)(world).map_err(|failure| format!("{} / {}: {failure}", self.family, self.name).into())
    }
}

/// Cases of one family, as they are written down.
pub(super) struct Family {
    name: &'static str,
    demands: Demands,
    pub(super) cases: Vec<Case>,
}

impl Family {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, demands: Demands::USUAL, cases: Vec::new() }
    }

    /// How the service provider is set up for the cases that follow.
    pub(super) fn under(&mut self, demands: Demands) -> &mut Self {
        self.demands = demands;
        self
    }

    fn push(&mut self, name: &str, expected: Option<Check>, person: Person, make: Maker) -> &mut Self {
        let name = name.to_owned();
        self.cases.push(Case { family: self.name, name, expected, person, demands: self.demands, make });
        self
    }

    /// A document that has to be refused by a check.
    pub(super) fn add(
        &mut self,
        name: &str,
        check: Check,
        xml: impl Fn(&World) -> Made + Send + Sync + 'static,
    ) -> &mut Self {
        self.raw(name, check, move |world| Ok(field(&xml(world)?)))
    }

    /// A field that has to be refused by a check.
    pub(super) fn raw(
        &mut self,
        name: &str,
        check: Check,
        make: impl Fn(&World) -> Made + Send + Sync + 'static,
    ) -> &mut Self {
        self.push(name, Some(check), Person::default(), Box::new(make))
    }

    /// A document that has to be accepted, about Alice.
    pub(super) fn good(
        &mut self,
        name: &str,
        xml: impl Fn(&World) -> Made + Send + Sync + 'static,
    ) -> &mut Self {
        self.about(name, Person::default(), move |world| Ok(field(&xml(world)?)))
    }

    /// A field that has to be accepted, about that person.
    pub(super) fn about(
        &mut self,
        name: &str,
        person: Person,
        make: impl Fn(&World) -> Made + Send + Sync + 'static,
    ) -> &mut Self {
        self.push(name, None, person, Box::new(make))
    }
}

impl World {
    /// A world around what a service provider expects, and the certificate that it decrypts with.
    ///
    /// # Errors
    /// If OpenSSL makes no keys.
    pub fn new(expectations: Expectations, now: Timestamp, recipient: Vec<u8>) -> Result<Self, Failure> {
        let neighbour = Expectations {
            acs_url: "https://console.example.org/v1/sso/saml/account/other/method/theirs/acs".into(),
            audience: "https://console.example.org/v1/sso/saml/account/other/method/theirs/metadata".into(),
            request_id: "_request-of-somebody-else".into(),
        };
        Ok(Self {
            idp: SoftIdp::new("https://idp.example.org/metadata", KeyChoice::Rsa(2048))?,
            second: KeyPair::new(KeyChoice::P256)?,
            stranger: SoftIdp::new("https://idp.example.net/metadata", KeyChoice::Rsa(2048))?,
            recipient,
            expectations,
            neighbour,
            now,
            canary: "127.0.0.1:9".into(),
        })
    }

    /// What the service provider knows of the identity provider in a case, without keys to decrypt with.
    ///
    /// # Errors
    /// If a certificate is not taken.
    pub fn trust(&self, demands: Demands) -> Result<Trust, Failure> {
        let keys: &[&KeyPair] = match demands.certificates {
            Configured::Both => &[&self.idp.keys, &self.second],
            Configured::RsaAlone => &[&self.idp.keys],
            Configured::None => &[],
        };
        let certificates = keys
            .iter()
            .map(|keys| Certificate::from_der(keys.certificate.clone()))
            .collect::<Result<_, _>>()?;
        Ok(Trust {
            entity_id: self.idp.entity_id.clone(),
            certificates,
            assertion_signed: demands.assertion_signed,
            response_signed: demands.response_signed,
            encrypted: demands.encrypted,
            keys: Vec::new(),
        })
    }

    /// A response about Alice, in parts.
    #[must_use]
    pub fn alice(&self) -> Draft {
        Draft::new(&self.idp.entity_id, &self.expectations, self.now)
    }

    /// A response about Mallory, in parts.
    #[must_use]
    pub fn mallory(&self) -> Draft {
        let mut draft = self.alice();
        draft.subject = draft.subject.replace(ALICE, MALLORY);
        draft.attributes = draft.attributes.replace(ALICE, MALLORY).replace("dba", "guests");
        draft
    }

    /// A response about Alice as Mallory writes one: fitting, with IDs of its own, by nobody signed.
    #[must_use]
    pub fn evil(&self) -> Draft {
        let mut draft = self.alice();
        draft.response_id = "_response-of-mallory".into();
        draft.assertion_id = "_assertion-of-mallory".into();
        draft
    }

    /// Mallory's valid response, with a signed assertion.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn valid(&self) -> Made {
        self.idp.respond(&self.mallory())
    }

    /// Mallory's signed assertion.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn valid_assertion(&self) -> Made {
        self.idp.assertion(&self.mallory(), &SignatureDraft::default())
    }

    /// A response in which both are signed.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn twice_signed(&self, draft: &Draft) -> Made {
        let signature = SignatureDraft::default();
        self.idp.signed_response(draft, &self.idp.assertion(draft, &signature)?, &signature)
    }

    /// An instant that many seconds from now, as SAML writes it.
    #[must_use]
    pub fn at(&self, seconds: i64) -> String {
        let distance = Duration::from_secs(seconds.unsigned_abs());
        if seconds < 0 { self.now.minus(distance).rfc3339() } else { self.now.plus(distance).rfc3339() }
    }

    /// The URL of the canary.
    #[must_use]
    pub fn canary_url(&self) -> String {
        format!("http://{}/canary", self.canary)
    }
}

/// A certificate's base64, as `X509Certificate` has it.
#[must_use]
pub fn base64_of(certificate: &[u8]) -> String {
    openssl::base64::encode_block(certificate)
}

/// The public key of a certificate as `RSAKeyValue`.
///
/// # Errors
/// If it is none of RSA.
pub fn rsa_key_value(certificate: &[u8]) -> Made {
    let key: PKey<openssl::pkey::Public> = X509::from_der(certificate)?.public_key()?;
    let rsa = key.rsa()?;
    let encode = |number: &openssl::bn::BigNumRef| base64_of(&number.to_vec());
    Ok(format!(
        "<ds:RSAKeyValue><ds:Modulus>{}</ds:Modulus><ds:Exponent>{}</ds:Exponent></ds:RSAKeyValue>",
        encode(rsa.n()),
        encode(rsa.e())
    ))
}
