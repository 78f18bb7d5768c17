//! Ceremonies of passkeys and security keys with an authenticator of software: the right ones, and every wrong answer.

#![expect(clippy::unwrap_used, reason = "a test that gets no answer has failed")]

use domain::{ids::UserId, sign_ins::FactorKind};
use identity::{
    testing::SoftAuthenticator,
    webauthn::{Authenticated, Begun, Credential, Error, Registrant, RelyingParty},
};
use serde_json::Value;
use uuid::Uuid;

const URL: &str = "https://console.example.org";

fn party() -> RelyingParty {
    RelyingParty::new(URL, "Redoubt").unwrap()
}

fn ann() -> UserId {
    UserId::from_uuid(Uuid::from_u128(1))
}

fn bob() -> UserId {
    UserId::from_uuid(Uuid::from_u128(2))
}

fn registrant(id: UserId) -> Registrant<'static> {
    Registrant { id, account: "ann@example.org", name: "Ann Smith" }
}

fn device() -> SoftAuthenticator {
    SoftAuthenticator::new(URL)
}

fn passkey(device: &mut SoftAuthenticator, user: UserId) -> Credential {
    let begun = party().begin_passkey(&registrant(user), &[]).unwrap();
    let answer = device.create(&begun.options).unwrap();
    party().finish_registration(&begun.state, &answer, user).unwrap()
}

fn security_key(device: &mut SoftAuthenticator, user: UserId) -> Credential {
    let begun = party().begin_security_key(&registrant(user), &[]).unwrap();
    let answer = device.create(&begun.options).unwrap();
    party().finish_registration(&begun.state, &answer, user).unwrap()
}

/// Signs in with what the device has, as Ann with that credential.
fn sign_in(device: &mut SoftAuthenticator, credential: &Credential) -> Result<Authenticated, Error> {
    let begun = party().begin_sign_in().unwrap();
    let answer = device.get(&begun.options).unwrap();
    party().finish_sign_in(&begun.state, &answer, ann(), credential)
}

/// Answers as second factor with what the device has, as Ann with those credentials.
fn authenticate(device: &mut SoftAuthenticator, credentials: &[Credential]) -> Result<Authenticated, Error> {
    let begun = party().begin_authentication(ann(), credentials).unwrap();
    let answer = device.get(&begun.options).unwrap();
    party().finish_authentication(&begun.state, &answer, ann(), credentials)
}

fn options(begun: &Begun) -> Value {
    serde_json::from_str::<Value>(&begun.options).unwrap()["publicKey"].clone()
}

macro_rules! assert_refused {
    ($result:expr, $error:pat) => {
        match $result {
            Err($error) => {}
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("accepted"),
        }
    };
}

#[test]
fn a_passkey_signs_its_person_in() {
    let mut device = device();
    let credential = passkey(&mut device, ann());
    assert_eq!((credential.kind(), credential.counter()), (FactorKind::Passkey, 1));

    let begun = party().begin_sign_in().unwrap();
    let answer = device.get(&begun.options).unwrap();
    let claim = party().claim(&answer).unwrap();
    assert_eq!((claim.user, claim.credential_id.as_slice()), (ann(), credential.id()));
    let kept = Credential::from_json(&credential.to_json().unwrap()).unwrap();
    let done = party().finish_sign_in(&begun.state, &answer, claim.user, &kept).unwrap();
    assert!(done.is_user_verified);
    assert_eq!((done.credential.id(), done.credential.counter()), (credential.id(), 2));
    assert_eq!(sign_in(&mut device, &done.credential).unwrap().credential.counter(), 3);
}

#[test]
fn a_security_key_is_a_second_factor() {
    let mut device = device();
    device.is_discoverable = false;
    device.is_verified = false;
    let credential = security_key(&mut device, ann());
    assert_eq!(credential.kind(), FactorKind::SecurityKey);
    let done = authenticate(&mut device, std::slice::from_ref(&credential)).unwrap();
    assert!(!done.is_user_verified);
    assert_eq!((done.credential.counter(), done.credential.kind()), (2, FactorKind::SecurityKey));
}

#[test]
fn asvs_6_5_7_a_passkey_is_asked_to_be_discoverable_and_to_verify_its_user() {
    let begun = party().begin_passkey(&registrant(ann()), &[]).unwrap();
    let asked = options(&begun);
    assert_eq!(asked["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(asked["authenticatorSelection"]["requireResidentKey"], true);
    assert_eq!(asked["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(
        (&asked["rp"]["id"], &asked["rp"]["name"]),
        (&"console.example.org".into(), &"Redoubt".into())
    );
    assert_eq!(asked["user"]["id"], "AAAAAAAAAAAAAAAAAAAAAQ", "the user's id");
    let asked = options(&party().begin_sign_in().unwrap());
    assert_eq!(
        (&asked["userVerification"], &asked["rpId"]),
        (&"required".into(), &"console.example.org".into())
    );
    assert_eq!(asked["allowCredentials"], Value::Array(Vec::new()));
}

#[test]
fn a_security_key_is_asked_for_what_one_without_a_pin_can_give() {
    let asked = options(&party().begin_security_key(&registrant(ann()), &[]).unwrap());
    assert_eq!(asked["authenticatorSelection"]["userVerification"], "preferred");
    assert_eq!(asked["authenticatorSelection"]["residentKey"], "discouraged");
    assert_eq!(asked["authenticatorSelection"]["authenticatorAttachment"], "cross-platform");
    assert_eq!(asked["extensions"]["credentialProtectionPolicy"], Value::Null);
}

#[test]
fn asvs_6_7_2_each_challenge_has_256_bits_and_is_new() {
    let begun = || options(&party().begin_sign_in().unwrap())["challenge"].as_str().unwrap().to_owned();
    let challenges: std::collections::BTreeSet<String> = (0..1_000).map(|_| begun()).collect();
    assert_eq!(challenges.len(), 1_000);
    assert!(challenges.iter().all(|challenge| challenge.len() == 43));
}

#[test]
fn what_is_registered_is_excluded() {
    let mut device = device();
    let existing = passkey(&mut device, ann());
    let begun = party().begin_security_key(&registrant(ann()), std::slice::from_ref(&existing)).unwrap();
    assert!(device.create(&begun.options).unwrap_err().to_string().starts_with("InvalidStateError"));
    // An answer that brings a credential that was to be excluded all the same.
    let first = party().begin_passkey(&registrant(ann()), &[]).unwrap();
    let answer = device.create(&first.options).unwrap();
    let registered = party().finish_registration(&first.state, &answer, ann()).unwrap();
    let second = party().begin_passkey(&registrant(ann()), &[registered]).unwrap();
    let mut state: Value = serde_json::from_slice(&second.state).unwrap();
    let of_first: Value = serde_json::from_slice(&first.state).unwrap();
    state["step"]["AddPasskey"]["rs"]["challenge"] =
        of_first["step"]["AddPasskey"]["rs"]["challenge"].clone();
    let state = serde_json::to_vec(&state).unwrap();
    assert_refused!(party().finish_registration(&state, &answer, ann()), Error::NotUsable);
}

#[test]
fn an_answer_made_on_another_website_is_refused() {
    for origin in [
        "https://console.example.org.evil.example",
        "https://evil.example",
        "https://sub.console.example.org",
        "https://example.org",
        "http://console.example.org",
        "https://console.example.org:8443",
    ] {
        let mut device = device();
        let credential = passkey(&mut device, ann());
        device.origin = origin.into();
        assert_refused!(sign_in(&mut device, &credential), Error::Origin);
        assert_refused!(authenticate(&mut device, std::slice::from_ref(&credential)), Error::Origin);
        let begun = party().begin_passkey(&registrant(ann()), &[]).unwrap();
        let answer = device.create(&begun.options).unwrap();
        assert_refused!(party().finish_registration(&begun.state, &answer, ann()), Error::Origin);
    }
}

#[test]
fn an_answer_made_inside_another_website_is_refused() {
    let mut device = device();
    let credential = passkey(&mut device, ann());
    device.is_cross_origin = true;
    assert_refused!(sign_in(&mut device, &credential), Error::Origin);
    assert_refused!(authenticate(&mut device, std::slice::from_ref(&credential)), Error::Origin);
    let begun = party().begin_passkey(&registrant(ann()), &[]).unwrap();
    let answer = device.create(&begun.options).unwrap();
    assert_refused!(party().finish_registration(&begun.state, &answer, ann()), Error::Origin);
}

#[test]
fn an_answer_for_another_relying_party_is_refused() {
    let mut device = device();
    let credential = passkey(&mut device, ann());
    device.rp_id = Some("evil.example".into());
    assert_refused!(sign_in(&mut device, &credential), Error::Origin);
    let begun = party().begin_security_key(&registrant(ann()), &[]).unwrap();
    let answer = device.create(&begun.options).unwrap();
    assert_refused!(party().finish_registration(&begun.state, &answer, ann()), Error::Origin);
}

#[test]
fn an_answer_is_no_answer_to_another_challenge() {
    let mut device = device();
    let credential = passkey(&mut device, ann());
    let (first, second) = (party().begin_sign_in().unwrap(), party().begin_sign_in().unwrap());
    let answer = device.get(&first.options).unwrap();
    let done = party().finish_sign_in(&first.state, &answer, ann(), &credential).unwrap();
    assert_refused!(party().finish_sign_in(&second.state, &answer, ann(), &credential), Error::Challenge);
    // The same state a second time is refused by the counter, and where a device does not count by whoever keeps the state.
    assert_refused!(
        party().finish_sign_in(&first.state, &answer, ann(), &done.credential),
        Error::ClonedAuthenticator
    );
    let of_factor = std::slice::from_ref(&done.credential);
    let begun = party().begin_authentication(ann(), of_factor).unwrap();
    assert_refused!(party().finish_authentication(&begun.state, &answer, ann(), of_factor), Error::Challenge);
    let begun = party().begin_passkey(&registrant(ann()), &[]).unwrap();
    let answer = device.create(&begun.options).unwrap();
    let other = party().begin_passkey(&registrant(ann()), &[]).unwrap();
    assert_refused!(party().finish_registration(&other.state, &answer, ann()), Error::Challenge);
}

#[test]
fn presence_is_demanded_and_for_passkeys_verification() {
    let (mut device, mut new) = (device(), device());
    let credential = passkey(&mut device, ann());
    device.is_verified = false;
    assert_refused!(sign_in(&mut device, &credential), Error::NotVerified);
    assert_refused!(authenticate(&mut device, std::slice::from_ref(&credential)), Error::NotVerified);
    device.is_verified = true;
    device.is_present = false;
    assert_refused!(sign_in(&mut device, &credential), Error::NotPresent);
    assert_refused!(authenticate(&mut device, std::slice::from_ref(&credential)), Error::NotPresent);

    new.is_verified = false;
    let begun = party().begin_passkey(&registrant(ann()), &[]).unwrap();
    let answer = new.create(&begun.options).unwrap();
    assert_refused!(party().finish_registration(&begun.state, &answer, ann()), Error::NotVerified);
    new.is_present = false;
    let begun = party().begin_security_key(&registrant(ann()), &[]).unwrap();
    let answer = new.create(&begun.options).unwrap();
    assert_refused!(party().finish_registration(&begun.state, &answer, ann()), Error::NotPresent);
}

#[test]
fn a_security_key_that_verified_its_user_once_does_so_always() {
    let mut device = device();
    let credential = security_key(&mut device, ann());
    device.is_verified = false;
    assert_refused!(authenticate(&mut device, &[credential]), Error::NotVerified);
}

#[test]
fn a_counter_that_does_not_go_up_is_refused() {
    for after in [9, 10] {
        let mut device = device();
        device.counter = 10;
        let credential = passkey(&mut device, ann());
        device.counts = false;
        device.counter = after;
        assert_refused!(sign_in(&mut device, &credential), Error::ClonedAuthenticator);
        assert_refused!(
            authenticate(&mut device, std::slice::from_ref(&credential)),
            Error::ClonedAuthenticator
        );
        device.counter = 11;
        assert_eq!(sign_in(&mut device, &credential).unwrap().credential.counter(), 11);
    }
}

#[test]
fn a_counter_is_compared_with_what_it_is_at_the_end() {
    let mut device = device();
    let before = passkey(&mut device, ann());
    let begun = party().begin_authentication(ann(), std::slice::from_ref(&before)).unwrap();
    let answer = device.get(&begun.options).unwrap();
    // Meanwhile the other copy signed in twice.
    let mut after = sign_in(&mut device, &before).unwrap().credential;
    after = sign_in(&mut device, &after).unwrap().credential;
    assert_refused!(
        party().finish_authentication(&begun.state, &answer, ann(), &[after]),
        Error::ClonedAuthenticator
    );
}

#[test]
fn a_device_that_does_not_count_is_accepted() {
    let mut device = device();
    (device.counts, device.counter) = (false, 0);
    let credential = passkey(&mut device, ann());
    let done = sign_in(&mut device, &credential).unwrap();
    assert_eq!(sign_in(&mut device, &done.credential).unwrap().credential.counter(), 0);
}

#[test]
fn the_backup_state_is_kept_up_to_date() {
    let mut device = device();
    device.backup = (true, false);
    let credential = passkey(&mut device, ann());
    assert!(credential.is_backup_eligible() && !credential.is_backed_up());
    device.backup = (true, true);
    let done = sign_in(&mut device, &credential).unwrap();
    assert!(done.credential.is_backed_up());
    let kept = Credential::from_json(&done.credential.to_json().unwrap()).unwrap();
    assert!(kept.is_backed_up() && kept.is_backup_eligible());
    // One that was bound to its device, and says that it may be copied from now on.
    let mut device = self::device();
    let credential = passkey(&mut device, ann());
    device.backup = (true, false);
    assert_refused!(sign_in(&mut device, &credential), Error::Refused(_));
    let done = authenticate(&mut device, &[credential]).unwrap();
    assert!(done.credential.is_backup_eligible());
    assert!(sign_in(&mut device, &done.credential).is_ok());
    // One that was bound to its device, and says that it was copied.
    let mut device = self::device();
    let credential = security_key(&mut device, ann());
    device.backup = (true, true);
    assert_refused!(authenticate(&mut device, &[credential]), Error::Refused(_));
}

#[test]
fn another_persons_credential_is_refused() {
    let (mut of_ann, mut of_bob) = (device(), device());
    let (ann_credential, bob_credential) = (passkey(&mut of_ann, ann()), passkey(&mut of_bob, bob()));
    // Bob's device answers, and Ann's credential is looked up.
    assert_refused!(sign_in(&mut of_bob, &ann_credential), Error::Unknown);
    // Bob's device says that it is Ann's.
    of_bob.set_user_handle(ann().uuid().as_bytes());
    assert_refused!(sign_in(&mut of_bob, &ann_credential), Error::Unknown);
    // As a second factor: the device has none of those that are asked for.
    let begun = party().begin_authentication(ann(), std::slice::from_ref(&ann_credential)).unwrap();
    assert!(of_bob.get(&begun.options).unwrap_err().to_string().starts_with("NotAllowedError"));
    // It answers with its own all the same.
    let mut of_bobs: Value = serde_json::from_str(&begun.options).unwrap();
    of_bobs["publicKey"]["allowCredentials"] = Value::Array(Vec::new());
    let of_bobs = of_bobs.to_string();
    let answer = of_bob.get(&of_bobs).unwrap();
    assert_refused!(
        party().finish_authentication(&begun.state, &answer, ann(), &[ann_credential, bob_credential]),
        Error::Unknown
    );
}

#[test]
fn a_credential_answers_for_the_person_whose_handle_it_has() {
    let mut device = device();
    let credential = passkey(&mut device, ann());
    let own = std::slice::from_ref(&credential);
    // Ann's credential, found by its id alone and taken for Bob's.
    let begun = party().begin_sign_in().unwrap();
    let answer = device.get(&begun.options).unwrap();
    assert_refused!(party().finish_sign_in(&begun.state, &answer, bob(), &credential), Error::Unknown);
    let begun = party().begin_authentication(bob(), own).unwrap();
    let answer = device.get(&begun.options).unwrap();
    assert_refused!(party().finish_authentication(&begun.state, &answer, bob(), own), Error::Unknown);
    // One that says that it is Bob's.
    device.set_user_handle(bob().uuid().as_bytes());
    assert_refused!(sign_in(&mut device, &credential), Error::Unknown);
    assert_refused!(authenticate(&mut device, own), Error::Unknown);
    device.set_user_handle(ann().uuid().as_bytes());
    assert!(sign_in(&mut device, &credential).is_ok());
}

#[test]
fn another_key_with_the_same_id_is_refused() {
    let (mut of_ann, mut of_bob) = (device(), device());
    let credential = passkey(&mut of_ann, ann());
    let other = passkey(&mut of_bob, ann());
    // The id of Bob's key, so that it is looked up, and Ann's public key.
    let mut forged: Value = serde_json::from_str(&credential.to_json().unwrap()).unwrap();
    let of_other: Value = serde_json::from_str(&other.to_json().unwrap()).unwrap();
    forged["credential"]["cred_id"] = of_other["credential"]["cred_id"].clone();
    let forged = Credential::from_json(&forged.to_string()).unwrap();
    assert_eq!(forged.id(), other.id());
    assert_refused!(sign_in(&mut of_bob, &forged), Error::Signature);
}

#[test]
fn an_answer_that_was_changed_is_refused() {
    let mut device = device();
    let credential = passkey(&mut device, ann());
    let begun = party().begin_sign_in().unwrap();
    let answer = device.get(&begun.options).unwrap();
    let data = serde_json::from_str::<Value>(&answer).unwrap()["response"]["authenticatorData"].clone();
    let data = data.as_str().unwrap();
    // The last byte of the counter.
    let changed = answer.replace(data, &format!("{}P", &data[..data.len() - 1]));
    let changed = if changed == answer {
        answer.replace(data, &format!("{}Q", &data[..data.len() - 1]))
    } else {
        changed
    };
    match party().finish_sign_in(&begun.state, &changed, ann(), &credential) {
        Err(Error::Signature | Error::Answer) => {}
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("accepted"),
    }
    for bad in ["", "{}", "null", "[]", r#"{"id":"x"}"#, &"x".repeat(70_000)] {
        assert_refused!(party().finish_sign_in(&begun.state, bad, ann(), &credential), Error::Answer);
        assert_refused!(party().claim(bad), Error::Answer);
        assert_refused!(party().finish_registration(&begun.state, bad, ann()), Error::Answer);
    }
    assert!(party().finish_sign_in(&begun.state, &answer, ann(), &credential).is_ok());
}

#[test]
fn a_security_key_signs_nobody_in_alone() {
    let mut device = device();
    let credential = security_key(&mut device, ann());
    assert_refused!(sign_in(&mut device, &credential), Error::NotPasskey);
}

#[test]
fn an_answer_without_a_user_handle_signs_nobody_in() {
    let mut device = device();
    let credential = passkey(&mut device, ann());
    device.is_discoverable = false;
    assert_refused!(sign_in(&mut device, &credential), Error::Unknown);
    let begun = party().begin_sign_in().unwrap();
    let answer = device.get(&begun.options).unwrap();
    assert_refused!(party().claim(&answer), Error::Unknown);
    let begun = party().begin_passkey(&registrant(ann()), &[]).unwrap();
    let answer = device.create(&begun.options).unwrap();
    assert_refused!(party().finish_registration(&begun.state, &answer, ann()), Error::NotDiscoverable);
}

#[test]
fn passkeys_and_security_keys_are_asked_for_together() {
    let (mut phone, mut key) = (device(), device());
    key.is_verified = false;
    key.is_discoverable = false;
    let credentials = [passkey(&mut phone, ann()), security_key(&mut key, ann())];
    let begun = party().begin_authentication(ann(), &credentials).unwrap();
    assert_eq!(options(&begun)["allowCredentials"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&options(&begun)["hints"], &options(&begun)["userVerification"]),
        (&Value::Null, &"preferred".into())
    );
    let done = authenticate(&mut phone, &credentials).unwrap();
    assert_eq!((done.credential.kind(), done.is_user_verified), (FactorKind::Passkey, true));
    let done = authenticate(&mut key, &credentials).unwrap();
    assert_eq!((done.credential.kind(), done.is_user_verified), (FactorKind::SecurityKey, false));
    phone.is_verified = false;
    assert_refused!(authenticate(&mut phone, &credentials), Error::NotVerified);
}

#[test]
fn what_one_person_began_for_one_thing_nobody_ends_for_another() {
    let mut device = device();
    let credential = passkey(&mut device, ann());
    let own = std::slice::from_ref(&credential);
    let registration = party().begin_passkey(&registrant(ann()), &[]).unwrap();
    let factor = party().begin_authentication(ann(), own).unwrap();
    let sign_in = party().begin_sign_in().unwrap();
    let created = device.create(&registration.options).unwrap();
    assert_refused!(party().finish_registration(&registration.state, &created, bob()), Error::State);
    let answer = device.get(&sign_in.options).unwrap();
    assert_refused!(party().finish_sign_in(&factor.state, &answer, ann(), &credential), Error::State);
    assert_refused!(party().finish_authentication(&sign_in.state, &answer, ann(), own), Error::State);
    assert_refused!(party().finish_authentication(&registration.state, &answer, ann(), own), Error::State);
    assert_refused!(party().finish_authentication(&factor.state, &answer, bob(), own), Error::State);
    assert_refused!(party().finish_registration(&factor.state, &created, ann()), Error::State);
    assert_refused!(party().finish_sign_in(b"{}", &answer, ann(), &credential), Error::State);
}

#[test]
fn a_credential_that_was_removed_meanwhile_is_refused() {
    let mut device = device();
    let credential = passkey(&mut device, ann());
    let begun = party().begin_authentication(ann(), &[credential]).unwrap();
    let answer = device.get(&begun.options).unwrap();
    assert_refused!(party().finish_authentication(&begun.state, &answer, ann(), &[]), Error::Unknown);
    assert_refused!(party().begin_authentication(ann(), &[]), Error::NoCredential);
}

#[test]
fn a_console_has_a_name_and_https_or_is_on_this_machine() {
    for good in ["https://redoubt.example.org", "https://redoubt.example.org:8443/", "http://localhost:3000"]
    {
        let party = RelyingParty::new(good, "Redoubt").unwrap();
        let mut device = SoftAuthenticator::new(good.trim_end_matches('/'));
        let begun = party.begin_passkey(&registrant(ann()), &[]).unwrap();
        let answer = device.create(&begun.options).unwrap();
        assert!(party.finish_registration(&begun.state, &answer, ann()).is_ok(), "{good}");
    }
    for bad in [
        "http://redoubt.example.org",
        "https://192.0.2.1",
        "http://127.0.0.1:3000",
        "https://[::1]",
        "redoubt",
        "",
    ] {
        assert_refused!(RelyingParty::new(bad, "Redoubt"), Error::PublicUrl);
    }
}

#[test]
fn what_is_kept_of_a_credential_is_read_or_refused() {
    for bad in ["", "{}", r#"{"kind":"passkey"}"#] {
        assert_refused!(Credential::from_json(bad), Error::State);
    }
}
