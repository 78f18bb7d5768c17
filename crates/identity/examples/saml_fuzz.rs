//! A fuzzer for the verifier of SAML responses: changes all cases of the hostile suite at random for as long as it is told
//! to, and stops at a panic, at an assertion that nobody signed, or at an input that takes more than a second.
//!
//! ```text
//! cargo run --release -p identity --example saml_fuzz -- look|verify SECONDS [SEED]
//! ```
//!
//! `look` runs the look before xmlsec alone, `verify` all of the verifier. The same seed changes the same; keys, and so
//! signatures, are others each time. xmlsec writes of every bad signature to stderr.

use std::{
    collections::{BTreeMap, HashMap},
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use domain::{secrets::Secret, timestamps::Timestamp};
use identity::saml::{
    checks::Check,
    testing::{
        Failure, KeyChoice, KeyPair, SignatureDraft,
        cases::{Demands, World},
        controls, field, hostile, look,
        mutations::{Dice, mutate},
        sealing::{EncryptionDraft, encrypt},
    },
    verifications::{Assertion, Expectations, Report, Trust, verify},
};

/// What one input may take.
const TIME_MAX: Duration = Duration::from_secs(1);
/// Changes of one input, at most.
const STEPS_MAX: usize = 6;

/// A document of the suite and how the service provider is set up for it.
struct Seed {
    xml: String,
    trust: Trust,
    is_good: bool,
}

/// All that a run needs.
struct Fuzzer {
    world: World,
    seeds: Vec<Seed>,
    /// What the identity provider did sign, by ID; an ID is used by several cases.
    signed: HashMap<String, Vec<Assertion>>,
}

/// What a run found out.
#[derive(Default)]
struct Tally {
    /// By the check that refused them; `None` counts those that were accepted.
    outcomes: BTreeMap<Option<Check>, u64>,
    slowest: (Duration, String),
    /// How long it was on a processor, changing and judging.
    busy: Duration,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number =
        |at: usize, otherwise: u64| arguments.get(at).map_or(Ok(otherwise), |text| text.parse::<u64>());
    let target = arguments.first().map_or("", String::as_str);
    let (seconds, seed) = (number(1, 10)?, number(2, 1)?);
    let (mut fuzzer, length) = (Fuzzer::new()?, Duration::from_secs(seconds));
    let tally = match target {
        "look" => fuzzer.run(length, 0, seed, |_, _, xml, _| Ok(look(&field(xml)).err().map(|it| it.check))),
        "verify" => fuzzer.run(length, 0, seed, Fuzzer::judge),
        _ => return Err("say look or verify, seconds and, if you like, a seed".into()),
    }?;
    let inputs: u64 = tally.outcomes.values().sum();
    let busy = tally.busy.as_secs();
    println!(
        "{target}: {inputs} inputs in {seconds} s, {} a second of the {busy} s on a processor",
        inputs / busy.max(1)
    );
    for (outcome, count) in &tally.outcomes {
        println!("{count:>10} {}", outcome.map_or("let through", Check::name));
    }
    let (time, input) = &tally.slowest;
    let input: String = input.chars().take(1_000).collect();
    println!("the slowest took {:.1} ms:\n{input}", time.as_secs_f64() * 1_000.0);
    Ok(())
}

impl Fuzzer {
    fn new() -> Result<Self, Failure> {
        let base = "https://console.example.org/v1/sso/saml/account/o/method/m";
        let expectations = Expectations {
            acs_url: format!("{base}/acs"),
            audience: format!("{base}/metadata"),
            request_id: "_request-0123456789abcdef".into(),
        };
        let own = KeyPair::new(KeyChoice::Rsa(2048))?;
        let now = Timestamp::from_rfc3339("2026-11-28T12:00:00Z").ok_or("no time")?;
        let key = own.private_pem()?.expose().to_owned();
        let world = World::new(expectations, now, own.certificate)?;
        let mut fuzzer = Self { world, seeds: Vec::new(), signed: HashMap::new() };
        for case in controls().into_iter().chain(hostile()) {
            let field = case.field(&fuzzer.world)?;
            let letters: String = field.split_ascii_whitespace().collect();
            let decoded = openssl::base64::decode_block(&letters).unwrap_or_default();
            let Ok(xml) = String::from_utf8(decoded) else { continue };
            let mut trust = fuzzer.world.trust(case.demands)?;
            trust.keys = vec![Secret::new(key.clone())];
            fuzzer.learn(&xml, &trust)?;
            // Long ones are slow to change and say little else.
            if xml.len() < 40_000 {
                fuzzer.seeds.push(Seed { xml, trust, is_good: case.expected.is_none() });
            }
        }
        println!("{} documents, {} IDs of what was signed", fuzzer.seeds.len(), fuzzer.signed.len());
        Ok(fuzzer)
    }

    /// Keeps what the identity provider signed in a document: the assertion in it, alone or in a response that fits.
    fn learn(&mut self, xml: &str, trust: &Trust) -> Result<(), Failure> {
        let mut plain = self.world.trust(Demands::USUAL)?;
        plain.keys.clone_from(&trust.keys);
        let report = self.verify(&field(xml), trust);
        let shell = |content: &str| field(&self.world.alice().response("", content));
        let mut around = vec![(field(xml), trust.clone())];
        for (from, to) in [
            ("<saml:Assertion", "</saml:Assertion>"),
            ("<saml:EncryptedAssertion", "</saml:EncryptedAssertion>"),
        ] {
            for (begin, _) in xml.match_indices(from) {
                if let Some(length) = xml[begin..].find(to) {
                    around.push((shell(&xml[begin..begin + length + to.len()]), plain.clone()));
                }
            }
        }
        if let Some(inner) = report.decrypted {
            around.push((shell(&inner), plain.clone()));
        }
        for (field, trust) in around {
            if let Ok(assertion) = self.verify(&field, &trust).outcome {
                let known = self.signed.entry(assertion.id.clone()).or_default();
                if !known.contains(&assertion) {
                    known.push(assertion);
                }
            }
        }
        Ok(())
    }

    fn verify(&self, field: &str, trust: &Trust) -> Report {
        verify(field, trust, &self.world.expectations, self.world.now)
    }

    /// Judges a document, and says which check refused it. One that the identity provider signed as it is may say
    /// anything; of every other one it has to be known what was signed.
    fn judge(&self, seed: &Seed, xml: &str, is_signed: bool) -> Result<Option<Check>, Failure> {
        let assertion = match self.verify(&field(xml), &seed.trust).outcome {
            Err(refusal) => return Ok(Some(refusal.check)),
            Ok(assertion) => assertion,
        };
        let is_known = self.signed.get(&assertion.id).is_some_and(|known| known.contains(&assertion));
        let name = &assertion.name_id.value;
        let is_sound = assertion.not_on_or_after > self.world.now.minus(Duration::from_secs(60))
            && !name.trim().is_empty()
            && !name.chars().any(char::is_control);
        if is_sound && (is_known || is_signed) {
            return Ok(None);
        }
        Err(format!("nobody signed {assertion:?}").into())
    }

    /// A changed assertion that the identity provider signs all the same, as a hostile tenant's would.
    fn signed(&self, dice: &mut Dice, other: &str) -> Option<String> {
        let draft = self.world.alice();
        let steps = 1 + dice.below(3);
        let changed = (0..steps).fold(draft.assertion(""), |xml, _| mutate(&xml, other, dice));
        // xmlsec signs as it verifies: it would follow what the changes brought along.
        if ["Signature", "Reference", "Transform"].iter().any(|name| changed.contains(name)) {
            return None;
        }
        let at = changed.find("</saml:Issuer>")? + "</saml:Issuer>".len();
        let template = SignatureDraft::default().template(&draft.assertion_id);
        let (head, tail) = changed.split_at(at);
        let signed = self.world.idp.keys.sign(&format!("{head}{template}{tail}")).ok()?;
        Some(draft.response("", &signed))
    }

    /// An encrypted assertion around a part of a changed document.
    fn sealed(&self, xml: &str) -> Result<Option<String>, Failure> {
        let Some(begin) = xml.find("<saml:Assertion") else { return Ok(None) };
        let end = xml.rfind("</saml:Assertion>").map_or(xml.len(), |at| at + "</saml:Assertion>".len());
        let how = EncryptionDraft {
            data: "aes128-cbc",
            key: "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
            is_beside: false,
        };
        let plain = xml.get(begin..end).unwrap_or(xml);
        Ok(Some(self.world.alice().response("", &encrypt(plain.as_bytes(), &self.world.recipient, how)?)))
    }

    /// Goes on for that long, and for that many inputs at least.
    fn run(
        &mut self,
        length: Duration,
        inputs_min: u64,
        seed: u64,
        target: impl Fn(&Self, &Seed, &str, bool) -> Result<Option<Check>, Failure>,
    ) -> Result<Tally, Failure> {
        let (mut tally, mut dice) = (Tally::default(), Dice::new(seed));
        let (began, mut inputs) = (Instant::now(), 0);
        let busy_before = on_processor()?;
        // Those that are accepted come first.
        let good = &self.seeds[..self.seeds.iter().take_while(|seed| seed.is_good).count()];
        while began.elapsed() < length || inputs < inputs_min {
            inputs += 1;
            let (Some(mut base), Some(other)) = (dice.pick(&self.seeds), dice.pick(&self.seeds)) else {
                break;
            };
            // Most of the suite is refused at once; what is changed once and was good goes deeper.
            if dice.below(2) == 0 {
                base = dice.pick(good).unwrap_or(base);
            }
            let steps = 1 + dice.below(STEPS_MAX).saturating_sub(STEPS_MAX / 2);
            let mut xml = (0..steps).fold(base.xml.clone(), |xml, _| mutate(&xml, &other.xml, &mut dice));
            let mut is_signed = false;
            match dice.below(8) {
                0 => xml = self.sealed(&xml)?.unwrap_or(xml),
                1 => {
                    if let Some(signed) = self.signed(&mut dice, &other.xml) {
                        (xml, is_signed) = (signed, true);
                    }
                }
                _ => {}
            }
            let before = on_processor()?;
            let judged = catch_unwind(AssertUnwindSafe(|| target(self, base, &xml, is_signed)));
            let time = on_processor()?.saturating_sub(before);
            match judged {
                Err(_) => return Err(format!("a panic at\n{xml}").into()),
                Ok(Err(failure)) => return Err(format!("{failure}\n{xml}").into()),
                Ok(Ok(outcome)) => *tally.outcomes.entry(outcome).or_default() += 1,
            }
            if time > tally.slowest.0 {
                tally.slowest = (time, xml);
            }
            if time > TIME_MAX {
                return Err(format!("{time:?} for\n{}", tally.slowest.1).into());
            }
        }
        tally.busy = on_processor()?.saturating_sub(busy_before);
        Ok(tally)
    }
}

/// How long this thread was on a processor.
fn on_processor() -> Result<Duration, Failure> {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(Duration::from_nanos(times.split(' ').next().unwrap_or_default().parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_run_finds_nothing() {
        let mut fuzzer = Fuzzer::new().unwrap();
        for tally in [
            fuzzer
                .run(Duration::ZERO, 1_000, 1, |_, _, xml, _| Ok(look(&field(xml)).err().map(|it| it.check))),
            fuzzer.run(Duration::ZERO, 1_000, 1, Fuzzer::judge),
        ] {
            let outcomes = tally.unwrap().outcomes;
            assert!(outcomes.len() > 8 && outcomes.contains_key(&None), "{outcomes:?}");
        }
    }
}
