//! Whatever is done to a response that was signed: it is refused, or says what it said.

use identity::saml::{
    testing::{
        SignatureDraft,
        cases::{Case, Demands, Made, World},
        field,
        mutations::{Dice, mutate},
        sealing::{EncryptionDraft, encrypt},
    },
    verifications::Assertion,
};
use proptest::prelude::*;

use crate::world::bench;

const CASES: u32 = 2_000;

/// A response in one of the forms that are accepted, and how the service provider is set up for it.
fn form(world: &World, which: usize) -> (Made, Demands) {
    let (draft, signature) = (world.mallory(), SignatureDraft::default());
    let how = EncryptionDraft {
        data: "aes256-gcm",
        key: "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
        is_beside: false,
    };
    match which {
        0 => (world.valid(), Demands::USUAL),
        1 => (world.twice_signed(&draft), Demands::USUAL),
        2 => (world.idp.signed_response(&draft, &draft.assertion(""), &signature), Demands::RESPONSE_ALONE),
        _ => {
            let sealed = world.valid_assertion().and_then(|it| encrypt(it.as_bytes(), &world.recipient, how));
            (sealed.map(|sealed| draft.response("", &sealed)), Demands::USUAL)
        }
    }
}

/// What an attacker has to put into it: Alice's assertion by nobody and by himself.
fn loot(world: &World, is_signed: bool) -> String {
    let evil = world.evil();
    let signature =
        if is_signed { SignatureDraft::default().template(&evil.assertion_id) } else { String::new() };
    let xml = evil.response("", &evil.assertion(&signature));
    if is_signed { world.stranger.keys.sign(&xml).unwrap() } else { xml }
}

/// What comes of a document; `None` if it is refused.
fn judged(xml: &str, demands: Demands) -> Option<Assertion> {
    let case = Case::control("changed", demands, |_| Ok(String::new()));
    bench().judge_field(&field(xml), &case).outcome.ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn asvs_6_8_2_changed_bytes_are_refused_or_change_nothing(
        which in 0..4_usize,
        flips in proptest::collection::vec((any::<prop::sample::Index>(), 0..8_u32), 1..4),
    ) {
        let world = &bench().world;
        let (xml, demands) = form(world, which);
        let xml = xml.unwrap();
        let original = judged(&xml, demands);
        prop_assert!(original.is_some());
        let mut bytes = xml.into_bytes();
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        if let Ok(changed) = String::from_utf8(bytes) {
            let after = judged(&changed, demands);
            prop_assert!(after.is_none() || after == original, "{after:?}");
        }
    }

    #[test]
    fn changed_elements_are_refused_or_change_nothing(
        which in 0..4_usize,
        is_signed in any::<bool>(),
        seed in any::<u64>(),
        steps in 1..6_usize,
    ) {
        let world = &bench().world;
        let (xml, demands) = form(world, which);
        let xml = xml.unwrap();
        let original = judged(&xml, demands);
        prop_assert!(original.is_some());
        let (mut dice, loot) = (Dice::new(seed), loot(world, is_signed));
        let changed = (0..steps).fold(xml, |xml, _| mutate(&xml, &loot, &mut dice));
        let after = judged(&changed, demands);
        prop_assert!(after.is_none() || after == original, "{after:?}\n{changed}");
    }
}
