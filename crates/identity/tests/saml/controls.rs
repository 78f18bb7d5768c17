//! Valid responses, in every form that identity providers send.

use identity::saml::testing::{EncryptionDraft, KeyChoice, SignatureDraft, encrypt};

use crate::world::World;

#[test]
fn a_signed_assertion_is_accepted() {
    let world = World::new(KeyChoice::Rsa(2048));
    let assertion = world.accepted(&world.idp.respond(&world.draft()).unwrap());
    assert_eq!(assertion.name_id.value, "alice@acme.example");
    assert_eq!(assertion.attributes[1].values, ["staff", "dba"]);
}

#[test]
fn both_signed_and_encrypted_ones_are_accepted() {
    let world = World::new(KeyChoice::Rsa(2048));
    let (draft, signature) = (world.draft(), SignatureDraft::default());
    let assertion = world.idp.assertion(&draft, &signature).unwrap();
    world.accepted(&world.idp.signed_response(&draft, &assertion, &signature).unwrap());
    for (data, key) in [
        ("aes256-gcm", "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"),
        ("aes256-cbc", "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"),
        ("aes128-cbc", "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"),
        ("aes128-gcm", "http://www.w3.org/2009/xmlenc11#rsa-oaep"),
    ] {
        let how = EncryptionDraft { data, key, is_beside: data == "aes256-cbc" };
        let encrypted = encrypt(assertion.as_bytes(), &world.own, how).unwrap();
        let accepted = world.accepted(&draft.response("", &encrypted));
        assert_eq!(accepted.name_id.value, "alice@acme.example", "{data}");
        world.accepted(&world.idp.signed_response(&draft, &encrypted, &signature).unwrap());
    }
}

#[test]
fn ecdsa_is_accepted() {
    let world = World::new(KeyChoice::P256);
    let signature = SignatureDraft::with("ecdsa-sha256", "sha256");
    let draft = world.draft();
    world.accepted(&draft.response("", &world.idp.assertion(&draft, &signature).unwrap()));
}
