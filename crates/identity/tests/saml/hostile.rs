//! Hostile responses: each is refused by the check that is meant to refuse it, at once, in little memory, and without a
//! word to anybody.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, ErrorKind, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use identity::saml::{
    checks::Check,
    testing::{
        cases::{Case, Demands, World},
        hostile,
    },
};
use samael::crypto::{CertificateDer, Crypto, CryptoProvider, ReduceMode};

use crate::{
    gauges::{self, MEMORY_MAX, TIME_MAX},
    world::bench,
};

/// How the cases of one family went.
#[derive(Default)]
struct Tally {
    checks: BTreeMap<Check, usize>,
    slowest: (Duration, String),
    largest: (u64, String),
}

impl Tally {
    fn add(&mut self, name: &str, check: Check, cost: gauges::Cost) {
        *self.checks.entry(check).or_default() += 1;
        self.slowest = (cost.time, name.to_owned()).max(std::mem::take(&mut self.slowest));
        self.largest = (cost.memory, name.to_owned()).max(std::mem::take(&mut self.largest));
    }

    fn print(&self, family: &str) {
        let checks: Vec<String> =
            self.checks.iter().map(|(check, count)| format!("{} {count}", check.name())).collect();
        println!(
            "{family:>10} {:>4}  {:>6.1} ms ({})  {:>6} kB ({})\n{:>16} {}",
            self.checks.values().sum::<usize>(),
            self.slowest.0.as_secs_f64() * 1_000.0,
            self.slowest.1,
            self.largest.0 >> 10,
            self.largest.1,
            "",
            checks.join(", ")
        );
    }
}

#[test]
fn each_is_refused_by_its_check_at_once_and_in_silence() {
    let bench = bench();
    let mut names = BTreeSet::new();
    let (mut wrong, mut tallies) = (Vec::new(), BTreeMap::<_, Tally>::new());
    for case in hostile() {
        let name = format!("{} / {}", case.family, case.name);
        assert!(names.insert(name.clone()), "{name} twice");
        let field = case.field(&bench.world).unwrap();
        let (report, cost) = gauges::measure(|| bench.judge_field(&field, &case));
        let expected = case.expected.unwrap();
        match report.outcome {
            Ok(accepted) => wrong.push(format!("{name}: ACCEPTED {accepted:?}")),
            Err(refusal) if refusal.check != expected => {
                wrong.push(format!("{name}: {refusal:?} instead of {expected:?}"));
            }
            Err(_) => tallies.entry(case.family).or_default().add(&case.name, expected, cost),
        }
        if cost.time >= TIME_MAX || cost.memory >= MEMORY_MAX {
            wrong.push(format!("{name}: {cost:?}"));
        }
        bench.canary_is_silent(&name);
    }
    for (family, tally) in &tallies {
        tally.print(family);
    }
    println!("{} hostile responses in {} families", names.len(), tallies.len());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), names.len(), wrong.join("\n"));
    assert!(names.len() >= 150, "{}", names.len());
}

/// What is hostile about them is one thing: without it they are accepted.
#[test]
fn what_they_are_made_from_is_accepted() {
    let bench = bench();
    let case = |demands| Case::control("base", demands, |_| Ok(String::new()));
    let usual = case(Demands::USUAL);
    type Make = fn(&World) -> identity::saml::testing::cases::Made;
    let bases: [Make; 3] =
        [World::valid, |world| world.twice_signed(&world.alice()), |world| world.idp.respond(&world.alice())];
    for make in bases {
        let xml = make(&bench.world).unwrap();
        let report = bench.judge_field(&identity::saml::testing::field(&xml), &usual);
        assert!(report.outcome.is_ok(), "{:?}", report.outcome);
        assert!(report.findings.iter().all(|finding| finding.passed));
    }
}

/// Correctly signed with one thing wrong: of all the checks of the content, that one alone fails. A part that is missing
/// altogether takes the checks of what is in it along.
#[test]
fn content_fails_one_check_alone() {
    let bench = bench();
    let mut several = Vec::new();
    for case in hostile().into_iter().filter(|case| case.family == "content") {
        let expected = case.expected.unwrap();
        let failed: Vec<Check> = bench
            .judge(&case)
            .findings
            .into_iter()
            .filter(|finding| !finding.passed)
            .map(|finding| finding.check)
            .collect();
        if failed != [expected] {
            several.push((case.name, failed));
        }
    }
    let subject = vec![Check::Subject, Check::Confirmation];
    let expected = [("no subject".to_owned(), subject.clone()), ("two subjects".to_owned(), subject)];
    assert_eq!(several, expected);
}

#[test]
fn every_check_refuses_something() {
    let expected: BTreeSet<Check> = hostile().into_iter().filter_map(|case| case.expected).collect();
    let missing: Vec<&Check> = Check::ALL.iter().filter(|check| !expected.contains(check)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Why there is a look before xmlsec: it follows a reference before it knows that the signature is right. If it ever
/// stops, this canary has lost its voice and another one is needed.
#[test]
fn without_the_look_references_are_followed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let called = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).unwrap();
        stream.write_all(b"HTTP/1.0 404 Not Found\r\n\r\n").unwrap();
        line
    });
    let world = &bench().world;
    let url = format!("http://{address}/canary");
    let posted = world.valid().unwrap().replace("#_assertion-0123456789abcdef", &url);
    let keys = [CertificateDer::from(world.idp.keys.certificate.clone())];
    let judged =
        Crypto::reduce_xml_to_signed_with_allowed_algorithms(&posted, &keys, ReduceMode::PreDigest, None);
    assert!(judged.is_err());
    // If nobody has called so far, we do, so that the thread does not wait for ever.
    drop(TcpStream::connect(&address).and_then(|mut late| late.write_all(b"nobody else called\n")));
    assert_eq!(called.join().unwrap(), "GET /canary HTTP/1.0\r\n");
}

impl crate::world::Bench {
    fn canary_is_silent(&self, name: &str) {
        match self.listener.accept() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            other => panic!("{name}: {other:?}"),
        }
    }
}
