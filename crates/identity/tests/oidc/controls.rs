//! What is accepted, so that refusing everything is no way to pass.

use domain::secrets::Secret;
use identity::oidc::{
    algorithms::Algorithm,
    checks::Check,
    providers::Reach,
    questions::end_session_url,
    testing::{SigningKey, SoftOp},
    verifications::{Report, TokenAuth},
};
use serde_json::{Value, json};
use url::Url;

use crate::world::{CALLBACK, CLIENT, Scene, failed, now, ring, seconds};

/// A name, and what is unusual about it.
type Control = (&'static str, fn(&mut Scene));

const CONTROLS: &[Control] = &[
    ("the usual", |_| {}),
    ("a document with more than is known", |s| s.document("something_else", json!({ "a": [1] }))),
    ("no promise to say whose the answer is, and none said", |s| {
        s.document("authorization_response_iss_parameter_supported", false);
        s.meanwhile = |_, _, _, answer| answer.issuer = None;
    }),
    ("no promise to say whose the answer is, and said", |s| {
        s.document("authorization_response_iss_parameter_supported", Value::Null);
    }),
    ("an authorization endpoint with a query", |s| {
        s.document("authorization_endpoint", format!("{}/authorize?tenant=7", s.issuer));
    }),
    ("a secret in the form", |s| {
        s.token_auth = TokenAuth::Post(Secret::new(crate::world::SECRET.to_owned()));
    }),
    ("a client without a secret", |s| {
        s.face(|face| face.clients = [(CLIENT.to_owned(), None)].into());
        s.token_auth = TokenAuth::Public;
    }),
    ("one key and no word which", |s| {
        s.draft(|draft| {
            draft.header.as_object_mut().unwrap().remove("kid");
        });
    }),
    ("several keys, the second signs", |s| {
        s.keys(&[&ring().new, &ring().rsa]);
    }),
    ("one key for each algorithm and no word which", |s| {
        s.keys(&[&ring().p256, &ring().rsa, &ring().ed25519]);
        s.draft(|draft| {
            draft.header.as_object_mut().unwrap().remove("kid");
        });
    }),
    ("keys beside it that are not for us", |s| {
        let own = ring().rsa.public();
        s.face(|face| {
            face.key_set =
                Some(json!({ "keys": [{ "kty": "oct", "k": "AAAA" }, own, { "kty": "new" }], "more": 1 }));
        });
    }),
    ("a key that was rolled over since it was discovered", |s| {
        s.meanwhile = |s, _, _, _| s.keys(&[&ring().new]);
    }),
    ("no kind of token", |s| {
        s.draft(|draft| {
            draft.header.as_object_mut().unwrap().remove("typ");
        });
    }),
    ("a kind of token in full", |s| s.header("typ", "application/JWT")),
    ("a key that comes along is not looked at", |s| s.header("jwk", ring().stranger.public())),
    ("a list of one audience", |s| s.claim("aud", json!([CLIENT]))),
    ("several audiences, given to us", |s| {
        s.draft(|draft| {
            draft.claims["aud"] = json!(["https://api.example", CLIENT]);
            draft.claims["azp"] = json!(CLIENT);
        });
    }),
    ("given to us, said for one audience", |s| s.claim("azp", CLIENT)),
    ("no hash of the access token", |s| s.without("at_hash")),
    ("no access token at all", |s| {
        s.draft(|draft| {
            draft.answer = json!({});
            draft.claims.as_object_mut().unwrap().remove("at_hash");
        });
    }),
    ("a clock that is a minute behind", |s| s.claim("exp", seconds(-59))),
    ("a clock that is a minute before", |s| s.claim("iat", seconds(60))),
    ("issued with a clock that is behind, as soon as asked", |s| s.claim("iat", seconds(-80))),
    ("half seconds", |s| {
        #[expect(clippy::cast_precision_loss, reason = "of this size they are exact")]
        s.claim("exp", seconds(60) as f64 + 0.5);
    }),
    ("good from now on", |s| s.claim("nbf", seconds(60))),
    ("forced, and shown just now", |s| s.is_forced = true),
    ("forced, with a clock that is a minute behind", |s| {
        s.is_forced = true;
        s.claim("auth_time", seconds(-80));
    }),
    ("signed in long ago, which nobody asked", |s| s.claim("auth_time", seconds(-90_000))),
    ("one of the ways that are demanded", |s| {
        s.context_classes = vec!["phr".into(), "urn:mfa".into()];
        s.claim("acr", "urn:mfa");
    }),
    ("what userinfo says", |s| {
        s.uses_userinfo = true;
        s.face(|face| face.userinfo = json!({ "email": "other@acme.example", "name": "Alice" }));
    }),
    ("a name of 255 characters", |s| s.claim("sub", "ä".repeat(255))),
    ("many groups", |s| {
        s.claim("groups", (0..400).map(|number| format!("group {number}")).collect::<Vec<_>>());
    }),
    ("a token of 48 kB", |s| s.claim("more", vec!["x".repeat(2_000); 18])),
    ("claims that are no plain values", |s| {
        s.claim("address", json!({ "street": "Hauptstr.", "more": [1, null] }));
    }),
    ("no session there", |s| s.claim("sid", Value::Null)),
];

fn accepted(name: &str, report: &Report) {
    let outcome = report.outcome.as_ref();
    assert!(outcome.is_ok(), "{name}: {outcome:?}");
    assert_eq!(failed(report), [], "{name}");
    let twice = report.findings.windows(2).any(|two| two[0].check == two[1].check);
    assert!(!twice, "{name}: {:?}", report.findings);
    assert!(report.id_token.is_some() && report.header.is_some() && report.claims.is_some(), "{name}");
}

#[test]
fn what_is_right_is_accepted() {
    for (name, change) in CONTROLS {
        let mut scene = Scene::new();
        change(&mut scene);
        accepted(name, &scene.play());
    }
    println!("{} answers accepted", CONTROLS.len());
}

#[test]
fn asvs_11_6_1_every_algorithm_is_taken_with_its_key() {
    let of = |algorithm: &Algorithm| -> &'static SigningKey {
        match algorithm {
            Algorithm::Es256 => &ring().p256,
            Algorithm::Es384 => &ring().p384,
            Algorithm::EdDsa => &ring().ed25519,
            _ => &ring().rsa,
        }
    };
    for algorithm in Algorithm::ALL {
        let mut scene = Scene::new();
        scene.keys(&[of(algorithm)]);
        scene.algorithms = vec![*algorithm];
        let name = algorithm.name();
        scene.draft(move |draft| {
            draft.header["alg"] = json!(name);
            draft.claims.as_object_mut().unwrap().remove("at_hash");
        });
        accepted(name, &scene.play());
    }
}

#[test]
fn hashes_of_access_tokens_are_those_of_the_algorithm() {
    // The left half of a hash with SHA-384 and SHA-512 (OpenID Connect Core, section 3.1.3.6).
    for (key, hash, taken) in [
        (&ring().p384, "VUrR_b7rP1U-LpNPkDMnnpWUvQ77DQDX", "ES384"),
        (&ring().ed25519, "T0X0MqR5vv7fQYbIVI1rLYjOLTTNFfJTMK4QjNzPLcM", "EdDSA"),
    ] {
        let scene = Scene::new();
        scene.keys(&[key]);
        let digest = if taken == "ES384" {
            openssl::hash::MessageDigest::sha384()
        } else {
            openssl::hash::MessageDigest::sha512()
        };
        scene.draft(move |draft| {
            let token = draft.answer["access_token"].as_str().unwrap().to_owned();
            let whole = openssl::hash::hash(digest, token.as_bytes()).unwrap();
            draft.claims["at_hash"] = json!(base64_url(&whole[..whole.len() / 2]));
        });
        accepted(taken, &scene.play());
        scene.claim("at_hash", hash);
        assert_eq!(failed(&scene.play()), [Check::AccessTokenHash], "{taken}");
    }
}

fn base64_url(bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(bytes)
}

#[test]
fn claims_are_what_the_provider_said() {
    let mut scene = Scene::new();
    scene.uses_userinfo = true;
    scene.person["sid"] = json!("session-1");
    scene.person["amr"] = json!(["pwd", "otp"]);
    scene.person["acr"] = json!("phr");
    scene.face(|face| face.userinfo = json!({ "email": "other@acme.example", "name": "Alice" }));
    let claims = scene.play().outcome.unwrap();
    assert_eq!((claims.issuer.as_str(), claims.subject.as_str()), (scene.issuer.as_str(), "alice-1"));
    assert_eq!(claims.session_id.as_deref(), Some("session-1"));
    assert_eq!((claims.context_class.as_deref(), claims.methods.join(" ")), (Some("phr"), "pwd otp".into()));
    assert_eq!((claims.authenticated_at, claims.issued_at), (Some(now()), now()));
    assert_eq!((claims.first("email"), claims.first("name")), (Some("alice@acme.example"), Some("Alice")));
    assert_eq!(claims.values["groups"], ["staff", "ops"]);
    assert_eq!(claims.first("email_verified"), Some("true"));
}

#[test]
fn a_provider_on_this_machine_is_taken_where_that_is_let_through() {
    for issuer in ["http://127.0.0.1:4000", "http://localhost:4000/tenant", "http://[::1]:4000"] {
        let mut scene = Scene::at(issuer);
        assert_eq!(failed(&scene.play()), [Check::Discovery], "{issuer}");
        scene.reach = Reach::AlsoLoopback;
        accepted(issuer, &scene.play());
    }
    for issuer in
        ["http://op.example", "http://10.0.0.1", "http://localhost.example", "http://127.0.0.1.example"]
    {
        let mut scene = Scene::at(issuer);
        scene.reach = Reach::AlsoLoopback;
        assert_eq!(failed(&scene.play()), [Check::Discovery], "{issuer}");
    }
}

#[test]
fn an_issuer_with_a_slash_is_asked_at_its_place() {
    let op = SoftOp::new("https://op.example", ring().rsa.clone(), CLIENT, crate::world::SECRET);
    op.face().document["issuer"] = json!("https://op.example/");
    let ops = vec![std::sync::Arc::new(op)];
    let found =
        crate::world::run(identity::oidc::providers::discover("https://op.example/", Reach::Https, &ops));
    assert_eq!(found.unwrap().issuer, "https://op.example/");
    assert_eq!(ops[0].take_asked(), ["/.well-known/openid-configuration", "/keys"]);
}

#[test]
fn keys_are_fetched_anew_once_and_given_back() {
    let mut scene = Scene::new();
    scene.meanwhile = |s, _, _, _| {
        s.keys(&[&ring().new]);
        s.op.take_asked();
    };
    let report = scene.play();
    assert_eq!(report.keys.map(|keys| keys.count()), Some(1));
    assert_eq!(scene.op.take_asked(), ["/token", "/keys"]);
    // With a token that is no good either, so that it does not use up the asking.
    scene.header("kid", "nobody's");
    let report = scene.play();
    assert_eq!(failed(&report), [Check::KeyKnown]);
    assert_eq!(report.keys.map(|keys| keys.count()), Some(1));
    assert_eq!(scene.op.take_asked(), ["/token", "/keys"]);

    scene.may_fetch_keys = false;
    let report = scene.play();
    assert_eq!((failed(&report), report.keys), (vec![Check::KeyKnown], None));
    assert_eq!(scene.op.take_asked(), ["/token"]);
}

#[test]
fn asvs_10_2_1_questions_are_bound_to_the_browser_by_state_nonce_and_pkce() {
    let mut scene = Scene::new();
    scene.context_classes = vec!["phr".into(), "phrh".into()];
    scene.is_forced = true;
    scene.document("authorization_endpoint", "https://op.example/tenant/authorize?tenant=7&state=theirs");
    let begun = scene.question(&scene.provider());
    let url = Url::parse(&begun.url).unwrap();
    let parameters: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let expected = [
        ("tenant", "7"),
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", CALLBACK),
        ("scope", "openid email"),
        ("state", &begun.state),
        ("nonce", &begun.nonce),
        // The challenge of the verifier below, as by RFC 7636, section 4.2.
        ("code_challenge", &challenge(begun.verifier.expose())),
        ("code_challenge_method", "S256"),
        ("acr_values", "phr phrh"),
        ("prompt", "login"),
        ("max_age", "0"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(parameters, expected);
    // 256 bits each, and none of them twice.
    let three = [begun.state.as_str(), begun.nonce.as_str(), begun.verifier.expose()];
    assert!(three.iter().all(|text| text.len() == 43), "{}", begun.url);
    assert!(three[0] != three[1] && three[1] != three[2] && three[0] != three[2]);
    assert!(!begun.url.contains(begun.verifier.expose()));
}

fn challenge(verifier: &str) -> String {
    base64_url(&openssl::hash::hash(openssl::hash::MessageDigest::sha256(), verifier.as_bytes()).unwrap())
}

#[test]
fn browsers_are_sent_to_sign_out_there_too() {
    let scene = Scene::new();
    let mut provider = scene.provider();
    let token = Secret::new("a.b.c".into());
    let url =
        end_session_url(&provider, CLIENT, Some(&token), "https://console.example.org/signed-out").unwrap();
    assert_eq!(
        url,
        "https://op.example/tenant/end-session?client_id=redoubt&post_logout_redirect_uri=https%3A%2F%2Fconsole.example.org%2Fsigned-out&id_token_hint=a.b.c"
    );
    provider.end_session_endpoint = None;
    assert_eq!(end_session_url(&provider, CLIENT, None, "https://console.example.org/signed-out"), None);
}
