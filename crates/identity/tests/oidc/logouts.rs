//! Logout tokens: what a provider says of somebody who signed out there.

use identity::oidc::{
    algorithms::Algorithm,
    checks::{Check, Refusal},
    logouts::{Expectations, Logout, read},
    providers::Provider,
    testing::{Draft, Signing},
};
use serde_json::{Value, json};

use crate::world::{CLIENT, OTHER, Scene, come_back, now, ring, run, seconds};

/// A name, the check that has to refuse it, and what is hostile about it.
pub(crate) type Case = (&'static str, Check, fn(&mut Draft));

fn remove(draft: &mut Draft, name: &str) {
    draft.claims.as_object_mut().unwrap().remove(name);
}

pub(crate) const HOSTILE: &[Case] = &[
    ("no kind", Check::TokenType, |d| {
        d.header.as_object_mut().unwrap().remove("typ");
    }),
    ("any kind", Check::TokenType, |d| d.header["typ"] = json!("JWT")),
    ("an access token", Check::TokenType, |d| d.header["typ"] = json!("at+jwt")),
    ("something critical", Check::TokenType, |d| d.header["crit"] = json!(["events"])),
    ("not signed", Check::Algorithm, |d| {
        d.header["alg"] = json!("none");
        d.signing = Signing::Nothing;
    }),
    ("a secret of both", Check::Algorithm, |d| {
        d.header["alg"] = json!("HS256");
        d.signing = Signing::Shared(crate::world::SECRET.into());
    }),
    ("a key that is not known", Check::KeyKnown, |d| d.header["kid"] = json!("rsa-7")),
    ("signed by somebody else", Check::Signature, |d| d.signing = Signing::Stranger(ring().stranger.clone())),
    ("of another issuer", Check::Issuer, |d| d.claims["iss"] = json!(OTHER)),
    ("for another", Check::Audience, |d| d.claims["aud"] = json!("other")),
    ("for nobody", Check::Audience, |d| remove(d, "aud")),
    ("good until a minute ago", Check::Expiry, |d| d.claims["exp"] = json!(seconds(-60))),
    ("good for ever", Check::Expiry, |d| remove(d, "exp")),
    ("issued long ago, and good for long", Check::IssueTime, |d| d.claims["iat"] = json!(seconds(-361))),
    ("issued in the future", Check::IssueTime, |d| d.claims["iat"] = json!(seconds(61))),
    ("issued at no time", Check::IssueTime, |d| remove(d, "iat")),
    ("with a nonce", Check::LogoutEvent, |d| d.claims["nonce"] = json!("n")),
    ("with a nonce that is nothing", Check::LogoutEvent, |d| d.claims["nonce"] = Value::Null),
    ("of no event", Check::LogoutEvent, |d| remove(d, "events")),
    ("of another event", Check::LogoutEvent, |d| {
        d.claims["events"] = json!({ "https://other.example/event": {} });
    }),
    ("of a list of events", Check::LogoutEvent, |d| {
        d.claims["events"] = json!(["http://schemas.openid.net/event/backchannel-logout"]);
    }),
    ("of an event that is a text", Check::LogoutEvent, |d| {
        d.claims["events"] = json!({ "http://schemas.openid.net/event/backchannel-logout": "yes" });
    }),
    ("of nobody's session", Check::LogoutSubject, |d| {
        remove(d, "sub");
        remove(d, "sid");
    }),
    ("of a person that is a number", Check::LogoutSubject, |d| d.claims["sub"] = json!(7)),
    ("of a session that is empty", Check::LogoutSubject, |d| d.claims["sid"] = json!("")),
    ("without an id", Check::LogoutId, |d| remove(d, "jti")),
    ("with an id that is a number", Check::LogoutId, |d| d.claims["jti"] = json!(7)),
    ("with a long id", Check::LogoutId, |d| d.claims["jti"] = json!("j".repeat(256))),
];

fn judged(scene: &Scene, provider: &Provider, token: &str) -> Result<Logout, Refusal> {
    let expectations = Expectations {
        client_id: CLIENT,
        algorithms: Algorithm::ALL,
        may_fetch_keys: scene.may_fetch_keys,
        now: now(),
    };
    run(read(token, provider, &expectations, &scene.ops())).outcome
}

fn draft(scene: &Scene) -> Draft {
    scene.op.logout(CLIENT, &json!({ "sub": "alice-1", "sid": "session-1" }), now())
}

#[test]
fn asvs_10_5_5_logout_tokens_are_nothing_else() {
    let scene = Scene::new();
    let provider = scene.provider();
    let mut wrong = Vec::new();
    for (name, expected, change) in HOSTILE {
        let mut draft = draft(&scene);
        change(&mut draft);
        match judged(&scene, &provider, &scene.op.signed(&draft)) {
            Err(refusal) if refusal.check == *expected => {}
            other => wrong.push(format!("{name}: {other:?} instead of {expected:?}")),
        }
    }
    for text in ["", "a", "a.b.c", &"x".repeat(70_000)] {
        assert_eq!(judged(&scene, &provider, text).unwrap_err().check, Check::TokenForm);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{} logout tokens refused", HOSTILE.len());
}

/// An ID token that the provider signed for us is no logout token, and the other way round.
#[test]
fn asvs_9_2_2_tokens_are_taken_for_their_purpose_alone() {
    let scene = Scene::new();
    let provider = scene.provider();
    let begun = scene.question(&provider);
    let answer = come_back(&scene.op, &begun, &scene.person);
    let id_token = scene.judge(&provider, &begun, &answer).id_token.unwrap();
    let refusal = judged(&scene, &provider, id_token.expose()).unwrap_err();
    assert_eq!(refusal.check, Check::TokenType);

    let token = scene.op.signed(&draft(&scene));
    scene.draft(move |draft| draft.answer["id_token"] = json!(token));
    assert_eq!(scene.play().outcome.unwrap_err().check, Check::TokenType);
}

#[test]
fn whose_sessions_end_is_read() {
    let scene = Scene::new();
    let provider = scene.provider();
    let logout = judged(&scene, &provider, &scene.op.signed(&draft(&scene))).unwrap();
    assert_eq!(
        (logout.subject.as_deref(), logout.session_id.as_deref()),
        (Some("alice-1"), Some("session-1"))
    );
    assert_eq!(logout.issued_at, now());
    // Two minutes good, and a minute for the clocks.
    assert_eq!(logout.until.since(now()).as_secs(), 180);

    let of = |change: fn(&mut Draft)| {
        let mut draft = draft(&scene);
        change(&mut draft);
        judged(&scene, &provider, &scene.op.signed(&draft)).unwrap()
    };
    assert_eq!(of(|draft| remove(draft, "sid")).session_id, None);
    assert_eq!(of(|draft| remove(draft, "sub")).subject, None);
    assert_eq!(of(|draft| draft.claims["aud"] = json!([CLIENT, "other"])).token_id, logout.token_id);
    // However long it says that it is good: its id need not be remembered longer.
    assert_eq!(of(|draft| draft.claims["exp"] = json!(seconds(90_000))).until.since(now()).as_secs(), 360);
}

#[test]
fn keys_that_were_rolled_over_are_fetched_once() {
    let mut scene = Scene::new();
    let provider = scene.provider();
    scene.keys(&[&ring().new]);
    let token = scene.op.signed(&draft(&scene));
    assert!(judged(&scene, &provider, &token).is_ok());
    scene.may_fetch_keys = false;
    assert_eq!(judged(&scene, &provider, &token).unwrap_err().check, Check::KeyKnown);
}
