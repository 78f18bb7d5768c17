//! Hostile responses: each is refused by the check that is meant to refuse it.

use std::collections::{BTreeMap, BTreeSet};

use identity::saml::{checks::Check, testing::hostile};

use crate::world::bench;

#[test]
fn each_is_refused_by_its_check() {
    let bench = bench();
    let mut names = BTreeSet::new();
    let (mut wrong, mut families) = (Vec::new(), BTreeMap::<_, BTreeMap<Check, usize>>::new());
    for case in hostile() {
        let name = format!("{} / {}", case.family, case.name);
        assert!(names.insert(name.clone()), "{name} twice");
        let expected = case.expected.unwrap();
        match bench.judge(&case).outcome {
            Ok(accepted) => wrong.push(format!("{name}: ACCEPTED {accepted:?}")),
            Err(refusal) if refusal.check == expected => {
                *families.entry(case.family).or_default().entry(expected).or_default() += 1;
            }
            Err(refusal) => wrong.push(format!("{name}: {refusal:?} instead of {expected:?}")),
        }
    }
    for (family, checks) in &families {
        let checks: Vec<String> =
            checks.iter().map(|(check, count)| format!("{} {count}", check.name())).collect();
        println!("{family}: {}", checks.join(", "));
    }
    println!("{} hostile responses", names.len());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), names.len(), wrong.join("\n"));
}
