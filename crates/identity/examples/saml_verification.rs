//! How long it takes to verify one response of an identity provider: in this process, and as the server does it, in a confined
//! process of its own (the binary is the argument). Prints figures and judges nothing.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on should stop, loudly")]

use std::{
    io::Write,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use domain::timestamps::Timestamp;
use identity::saml::{
    questions::{ARGUMENT, Question, report},
    testing::{
        Draft, KeyChoice, KeyPair, SignatureDraft, SoftIdp, field,
        sealing::{EncryptionDraft, encrypt},
    },
    verifications::{Expectations, Trust, verify},
};

/// How often each is measured.
const TIMES: usize = 200;

fn main() {
    let binary = std::env::args().nth(1);
    let idp = SoftIdp::new("https://idp.example.org", KeyChoice::Rsa(2048)).unwrap();
    let own = KeyPair::new(KeyChoice::Rsa(3072)).unwrap();
    let mut trust = idp.trust().unwrap();
    trust.keys = vec![own.private_pem().unwrap()];
    let expectations = Expectations {
        acs_url: "https://console.example.org/acs".into(),
        audience: "https://console.example.org/metadata".into(),
        request_id: "_0123456789abcdef".into(),
    };
    let now = Timestamp::from_rfc3339("2026-11-28T12:00:00Z").unwrap();
    let draft = Draft::new(&idp.entity_id, &expectations, now);
    let signature = SignatureDraft::default();
    let assertion = idp.assertion(&draft, &signature).unwrap();
    let how = EncryptionDraft {
        data: "aes256-gcm",
        key: "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
        is_beside: false,
    };
    let encrypted = encrypt(assertion.as_bytes(), &own.certificate, how).unwrap();
    for (what, xml) in [
        ("signed assertion", draft.response("", &assertion)),
        ("signed response and assertion", idp.signed_response(&draft, &assertion, &signature).unwrap()),
        ("signed, then encrypted assertion", draft.response("", &encrypted)),
    ] {
        let field = field(&xml);
        let median = median(|| {
            assert!(verify(&field, &trust, &expectations, now).outcome.is_ok());
        });
        print!("  {what}: {median:.2?} in this process");
        if let Some(binary) = &binary {
            let question = question(&field, &trust, &expectations, now);
            let median = self::median(|| ask(binary, &question));
            print!(", {median:.2?} in a confined one");
        }
        println!();
    }
}

fn question(field: &str, trust: &Trust, expectations: &Expectations, now: Timestamp) -> Vec<u8> {
    let question =
        Question { field: field.to_owned(), trust: trust.clone(), expectations: expectations.clone(), now };
    question.to_bytes().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the binary is what is measured")]
fn ask(binary: &str, question: &[u8]) {
    let mut child = Command::new(binary)
        .arg(ARGUMENT)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(question).unwrap();
    let answer = child.wait_with_output().unwrap();
    assert!(report(&answer.stdout).unwrap().outcome.is_ok());
}

fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..TIMES)
        .map(|_| {
            let began = Instant::now();
            work();
            began.elapsed()
        })
        .collect();
    times.sort();
    times[TIMES / 2]
}
