//! Cases across organizations, as far as one response shows them: whose key, for whom, about whom. What an address at a
//! verified domain may do is decided elsewhere; here it has to come out as it was signed.

use super::{
    SignatureDraft, SoftIdp,
    cases::{ALICE, Family, Made, Person, World},
    edits::{edit, swap},
    field,
};
use crate::saml::checks::Check;

/// Adds those that have to be refused.
pub(super) fn add(family: &mut Family) {
    family
        .add("another organization's identity provider", Check::SignatureValid, |world| {
            from(world, &world.stranger.entity_id)
        })
        .add("another identity provider under our one's name", Check::SignatureValid, |world| {
            from(world, &world.idp.entity_id)
        })
        .add("our identity provider, for another organization", Check::Destination, |world| {
            let draft = super::Draft::new(&world.idp.entity_id, &world.neighbour, world.now);
            world.twice_signed(&draft)
        })
        .add("the same, readdressed in what is not signed", Check::Recipient, |world| {
            let theirs = super::Draft::new(&world.idp.entity_id, &world.neighbour, world.now);
            let assertion = world.idp.assertion(&theirs, &SignatureDraft::default())?;
            Ok(world.alice().response("", &assertion))
        })
        .add("the same key under another entity id", Check::AssertionIssuer, |world| {
            let twin = "https://idp.example.org/other";
            let mut draft = world.alice();
            draft.response_issuer.clear();
            edit(&mut draft.assertion_issuer, &world.idp.entity_id, twin)?;
            world.twice_signed(&draft)
        })
        .add("an entity id that begins like ours", Check::AssertionIssuer, |world| {
            let mut draft = world.alice();
            edit(
                &mut draft.assertion_issuer,
                &world.idp.entity_id,
                &format!("{}.example.net", world.idp.entity_id),
            )?;
            world.twice_signed(&draft)
        })
        .add("an entity id in other letters", Check::AssertionIssuer, |world| {
            let mut draft = world.alice();
            let cyrillic = world.idp.entity_id.replace('e', "\u{435}");
            edit(&mut draft.assertion_issuer, &world.idp.entity_id, &cyrillic)?;
            world.twice_signed(&draft)
        })
        .add("an entity id with a blank of no width", Check::AssertionIssuer, |world| {
            let mut draft = world.alice();
            let wide = format!("{}\u{200b}", world.idp.entity_id);
            edit(&mut draft.assertion_issuer, &world.idp.entity_id, &wide)?;
            world.twice_signed(&draft)
        })
        .add("an entity id with a blank that is not XML's", Check::AssertionIssuer, |world| {
            let mut draft = world.alice();
            let wide = format!("{}\u{a0}", world.idp.entity_id);
            edit(&mut draft.assertion_issuer, &world.idp.entity_id, &wide)?;
            world.twice_signed(&draft)
        })
        .add("an audience with a blank that is not XML's", Check::Audience, |world| {
            let mut draft = world.alice();
            let wide = format!("{}\u{3000}", world.expectations.audience);
            edit(&mut draft.conditions, &world.expectations.audience, &wide)?;
            world.twice_signed(&draft)
        });
}

/// A response by the stranger's keys, under that entity id.
fn from(world: &World, entity_id: &str) -> Made {
    let mut draft = world.alice();
    draft.assertion_issuer = swap(&draft.assertion_issuer, &world.idp.entity_id, entity_id)?;
    draft.response_issuer.clone_from(&draft.assertion_issuer);
    let idp: &SoftIdp = &world.stranger;
    idp.respond(&draft)
}

/// Adds names that have to come out as they were signed, neither folded nor trimmed nor cut.
pub(super) fn add_controls(family: &mut Family) {
    const NAMES: [(&str, &str, &str); 8] = [
        ("in capitals", "ALICE@ACME.EXAMPLE", "ALICE@ACME.EXAMPLE"),
        ("of a sub-domain", "alice@sub.acme.example", "alice@sub.acme.example"),
        ("in Cyrillic", "\u{430}lice@acme.example", "\u{430}lice@acme.example"),
        ("in full width", "alice@\u{ff41}cme.example", "alice@\u{ff41}cme.example"),
        ("with two @", "alice@acme.example@evil.example", "alice@acme.example@evil.example"),
        ("in the form for people", "Alice &lt;alice@acme.example&gt;", "Alice <alice@acme.example>"),
        ("with markup", "&lt;script&gt;alert(1)&lt;/script&gt;", "<script>alert(1)</script>"),
        ("by character references", "&#97;&#x6c;ice@acme.example", ALICE),
    ];
    for (name, written, read) in NAMES {
        let person = Person { name_id: read.to_owned(), ..Person::default() };
        family.about(&format!("a name {name}"), person, move |world| {
            let mut draft = world.alice();
            edit(&mut draft.subject, ALICE, written)?;
            Ok(field(&world.idp.respond(&draft)?))
        });
    }
    let both = [ALICE, "ceo@acme.example"].map(str::to_owned).to_vec();
    let mut person = Person::default();
    person.attributes[0].1 = both;
    family.about("two e-mail addresses", person, |world| {
        let mut draft = world.alice();
        let second = format!("{ALICE}</saml:AttributeValue><saml:AttributeValue>ceo@acme.example");
        edit(&mut draft.attributes, ALICE, &second)?;
        Ok(field(&world.idp.respond(&draft)?))
    });
}
