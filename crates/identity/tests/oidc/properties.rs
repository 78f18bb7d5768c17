//! Whatever is done to a token that was signed, and whatever a provider answers: it is refused, or says what it said.

use domain::timestamps::Timestamp;
use identity::oidc::{
    checks::Check,
    logouts,
    providers::{Reach, discover},
    testing::Draft,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{CLIENT, Scene, now, run};

const CASES: u32 = 600;

/// Signs somebody in with a token that was changed after it was signed; what comes out.
fn changed(edit: impl Fn(String) -> String + Send + Sync + 'static) -> Option<String> {
    let scene = Scene::new();
    let op = std::sync::Arc::downgrade(&scene.op);
    scene.draft(move |draft: &mut Draft| {
        let token = op.upgrade().unwrap().signed(draft);
        draft.answer["id_token"] = json!(edit(token));
    });
    scene.play().outcome.ok().map(|claims| claims.subject)
}

/// Any JSON, not deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

const CLAIMS: &[&str] =
    &["iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "at_hash", "auth_time", "acr", "amr", "sid"];
const HEADERS: &[&str] = &["alg", "kid", "typ", "crit", "cty", "jwk", "jku", "x5c", "x5u", "b64", "zip"];
const MEMBERS: &[&str] = &["kty", "n", "e", "kid", "use", "alg", "key_ops", "crv", "x", "y", "d"];

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_are_refused_or_change_nothing(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), 0..7_u32), 1..4),
    ) {
        let after = changed(move |token| {
            let mut bytes = token.into_bytes();
            for (at, bit) in &flips {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            String::from_utf8(bytes).unwrap()
        });
        // Two flips of the same bit leave it as it was.
        prop_assert!(after.is_none() || after.as_deref() == Some("alice-1"), "{after:?}");
    }

    #[test]
    fn cut_and_spliced_tokens_are_refused(from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
        let after = changed(move |token| {
            let (from, to) = (from.index(token.len()), to.index(token.len()));
            let (from, to) = (from.min(to), from.max(to) + 1);
            format!("{}{}", &token[..from], &token[to..])
        });
        prop_assert_eq!(after, None);
    }

    #[test]
    fn any_claim_is_borne(name in prop::sample::select(CLAIMS), value in any_json()) {
        let scene = Scene::new();
        scene.claim(name, value);
        let report = scene.play();
        if let Ok(claims) = report.outcome {
            prop_assert_eq!(claims.issuer.as_str(), scene.issuer.as_str());
            prop_assert!(name == "sub" || claims.subject == "alice-1");
            prop_assert!(!matches!(name, "iss" | "aud" | "nonce"), "{}", name);
            prop_assert!(claims.expires_at > now().minus(std::time::Duration::from_secs(61)));
        }
    }

    #[test]
    fn any_header_is_borne(name in prop::sample::select(HEADERS), value in any_json()) {
        let scene = Scene::new();
        scene.header(name, value);
        let report = scene.play();
        let is_ignored = matches!(name, "jwk" | "jku" | "x5c" | "x5u");
        prop_assert_eq!(report.outcome.is_ok(), is_ignored, "{}", name);
    }

    #[test]
    fn any_key_is_borne(name in prop::sample::select(MEMBERS), value in any_json()) {
        let scene = Scene::new();
        let mut key = crate::world::ring().rsa.public();
        key[name] = value;
        scene.face(|face| face.key_set = Some(json!({ "keys": [key] })));
        if let Err(refusal) = scene.play().outcome {
            prop_assert!(matches!(refusal.check, Check::Keys | Check::KeyKnown | Check::Signature), "{refusal:?}");
        }
    }

    #[test]
    fn any_document_is_borne(name in any::<prop::sample::Index>(), value in any_json()) {
        let scene = Scene::new();
        let names: Vec<String> = scene.op.face().document.as_object().unwrap().keys().cloned().collect();
        scene.op.face().document[name.get(&names)] = value;
        if let Ok(provider) = run(discover(&scene.issuer, Reach::Https, &scene.ops())) {
            prop_assert_eq!(&provider.issuer, &scene.issuer);
            for address in [&provider.authorization_endpoint, &provider.token_endpoint, &provider.jwks_uri] {
                prop_assert!(address.starts_with("https://"), "{}", address);
            }
        }
    }

    #[test]
    fn any_bytes_are_borne(path in prop::sample::select(vec!["/token", "/keys", "/userinfo"]), body in any::<Vec<u8>>()) {
        let mut scene = Scene::new();
        scene.uses_userinfo = true;
        scene.instead(path, 200, body);
        prop_assert!(scene.play().outcome.is_err());
    }

    #[test]
    fn any_text_is_no_logout(text in "[A-Za-z0-9_.=-]{0,200}") {
        let scene = Scene::new();
        let provider = scene.provider();
        let expectations = logouts::Expectations {
            client_id: CLIENT,
            algorithms: &scene.algorithms,
            may_fetch_keys: false,
            now: now(),
        };
        let read = run(logouts::read(&text, &provider, &expectations, &scene.ops()));
        prop_assert!(read.outcome.is_err());
    }

    /// Whenever it is looked at, a token is taken from when it was issued until it ends, give or take a minute.
    #[test]
    fn asvs_9_2_1_tokens_are_taken_in_their_time_alone(issued in -4_000_i64..4_000, good_for in -4_000_i64..4_000) {
        let scene = Scene::new();
        let issued_at = now().micros() / 1_000_000 + issued;
        scene.draft(move |draft| {
            draft.claims["iat"] = json!(issued_at);
            draft.claims["exp"] = json!(issued_at + good_for);
        });
        let expected = (-80..=60).contains(&issued) && issued + good_for > -60;
        let outcome = scene.play().outcome;
        prop_assert_eq!(outcome.is_ok(), expected);
        if let Ok(claims) = outcome {
            prop_assert_eq!(claims.issued_at, Timestamp::from_micros(issued_at * 1_000_000));
        }
    }
}
