//! Several certificates of one identity provider, and several keys of ours, in whatever order they are configured.

use identity::saml::{
    certificates::Certificate,
    checks::Check,
    testing::{
        KeyChoice, KeyPair, SignatureDraft,
        cases::{Demands, World},
        field,
        sealing::{EncryptionDraft, encrypt},
    },
    verifications::verify,
};

use crate::world::bench;

/// Judges a response with these certificates configured.
fn judge(world: &World, xml: &str, keys: &[&KeyPair]) -> Result<(), Check> {
    let mut trust = world.trust(Demands::USUAL).unwrap();
    trust.certificates =
        keys.iter().map(|keys| Certificate::from_der(keys.certificate.clone()).unwrap()).collect();
    let report = verify(&field(xml), &trust, &world.expectations, world.now);
    report.outcome.map(drop).map_err(|refusal| refusal.check)
}

/// Alice's response, both signed by these keys: the assertion by the first, the response by the second.
fn signed(world: &World, inner: &KeyPair, outer: &KeyPair, method: &str) -> String {
    let (draft, signature) = (world.alice(), SignatureDraft::with(method, "sha256"));
    let assertion = inner.sign(&draft.assertion(&signature.template(&draft.assertion_id))).unwrap();
    outer.sign(&draft.response(&signature.template(&draft.response_id), &assertion)).unwrap()
}

#[test]
fn the_certificate_that_fits_is_found_among_others() {
    let world = &bench().world;
    for (method, choices) in [
        ("rsa-sha256", [KeyChoice::Rsa(2048), KeyChoice::Rsa(3072), KeyChoice::P256]),
        ("ecdsa-sha256", [KeyChoice::P256, KeyChoice::P384, KeyChoice::Rsa(2048)]),
    ] {
        let [one, two, three] = choices.map(|choice| KeyPair::new(choice).unwrap());
        for signer in [&one, &two] {
            let xml = signed(world, signer, signer, method);
            for keys in
                [[&one, &two, &three], [&two, &one, &three], [&three, &two, &one], [&three, &one, &two]]
            {
                assert_eq!(judge(world, &xml, &keys), Ok(()), "{method}");
            }
            assert_eq!(judge(world, &xml, &[&three]), Err(Check::Certificates));
        }
        // While keys are rolled over, some sign responses with one and assertions with the other.
        let next = KeyPair::new(choices[0]).unwrap();
        let xml = signed(world, &one, &next, method);
        assert_eq!(judge(world, &xml, &[&one, &next]), Ok(()), "{method}");
        assert_eq!(judge(world, &xml, &[&next, &one]), Ok(()), "{method}");
        assert_eq!(judge(world, &xml, &[&one]), Err(Check::SignatureValid), "{method}");
        assert_eq!(judge(world, &xml, &[&next]), Err(Check::SignatureValid), "{method}");
    }
}

#[test]
fn each_of_our_keys_decrypts() {
    let world = &bench().world;
    let [old, new] = [2048, 3072].map(|bits| KeyPair::new(KeyChoice::Rsa(bits)).unwrap());
    let how = EncryptionDraft {
        data: "aes256-gcm",
        key: "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
        is_beside: false,
    };
    let judge = |xml: &str, keys: &[&KeyPair]| {
        let mut trust = world.trust(Demands::USUAL).unwrap();
        trust.keys = keys.iter().map(|keys| keys.private_pem().unwrap()).collect();
        let report = verify(&field(xml), &trust, &world.expectations, world.now);
        report.outcome.map(drop).map_err(|refusal| refusal.check)
    };
    let plain = world.valid_assertion().unwrap();
    for recipient in [&old, &new] {
        let sealed = encrypt(plain.as_bytes(), &recipient.certificate, how).unwrap();
        let xml = world.mallory().response("", &sealed);
        assert_eq!(judge(&xml, &[&old, &new]), Ok(()));
        assert_eq!(judge(&xml, &[&new, &old]), Ok(()));
        assert_eq!(judge(&xml, &[recipient]), Ok(()));
        assert_eq!(judge(&xml, &[&world.idp.keys]), Err(Check::Decryption));
        assert_eq!(judge(&xml, &[]), Err(Check::Decryption));
    }
}
