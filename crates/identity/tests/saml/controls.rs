//! Valid responses, in every form that identity providers send.

use std::collections::BTreeSet;

use identity::saml::testing::{cases::Person, controls};

use crate::world::bench;

#[test]
fn valid_responses_are_accepted_as_they_were_signed() {
    let bench = bench();
    let mut names = BTreeSet::new();
    let mut wrong = Vec::new();
    for case in controls() {
        assert!(names.insert((case.family, case.name.clone())), "{} twice", case.name);
        assert_eq!(case.expected, None, "{}", case.name);
        match bench.judge(&case).outcome {
            Err(refusal) => wrong.push(format!("{} / {}: {refusal:?}", case.family, case.name)),
            Ok(accepted) => {
                let person = Person {
                    name_id: accepted.name_id.value,
                    attributes: accepted.attributes.into_iter().map(|it| (it.name, it.values)).collect(),
                };
                if person != case.person {
                    wrong.push(format!("{} / {}: {person:?}", case.family, case.name));
                }
            }
        }
    }
    println!("{} valid responses accepted", names.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(names.len() >= 25, "{}", names.len());
}
