//! Hostile answers, tokens and providers: each is refused by the check that is meant to refuse it.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::secrets::Secret;
use identity::oidc::{
    algorithms::Algorithm,
    checks::Check,
    testing::{Draft, Signing},
    verifications::TokenAuth,
};
use serde_json::{Value, json};

use crate::{
    logouts,
    world::{CLIENT, ISSUER, OTHER, Scene, come_back, failed, ring, seconds},
};

/// A name, the check that has to refuse it, and what is hostile about it.
type Case = (&'static str, Check, fn(&mut Scene));

/// What providers say of themselves.
const DOCUMENTS: &[Case] = &[
    ("no document", Check::Discovery, |s| s.instead("/.well-known/openid-configuration", 404, "{}")),
    ("a redirect", Check::Discovery, |s| s.instead("/.well-known/openid-configuration", 302, "{}")),
    ("a document that is no JSON", Check::Discovery, |s| {
        s.instead("/.well-known/openid-configuration", 200, "<html>");
    }),
    ("a document that is a list", Check::Discovery, |s| {
        s.instead("/.well-known/openid-configuration", 200, "[]");
    }),
    ("a document with two issuers", Check::Discovery, |s| {
        let body = format!(r#"{{"issuer":"{OTHER}","issuer":"{ISSUER}"}}"#);
        s.instead("/.well-known/openid-configuration", 200, body);
    }),
    ("a document without an end", Check::Discovery, |s| s.document("more", "x".repeat(300_000))),
    ("a document nested without an end", Check::Discovery, |s| {
        let body = format!("{}{}", r#"{"a":"#.repeat(5_000), "}".repeat(5_000));
        s.instead("/.well-known/openid-configuration", 200, body);
    }),
    ("an issuer without TLS", Check::Discovery, |s| s.issuer = "http://op.example/tenant".into()),
    ("an issuer that is a file", Check::Discovery, |s| s.issuer = "file:///etc/passwd".into()),
    ("an issuer with a query", Check::Discovery, |s| s.issuer = format!("{ISSUER}?a=b")),
    ("an issuer with a fragment", Check::Discovery, |s| s.issuer = format!("{ISSUER}#a")),
    ("an issuer with a password", Check::Discovery, |s| s.issuer = "https://a:b@op.example/tenant".into()),
    ("a document of another issuer", Check::DiscoveryIssuer, |s| s.document("issuer", OTHER)),
    ("a document of the issuer with a slash", Check::DiscoveryIssuer, |s| {
        s.document("issuer", format!("{ISSUER}/"));
    }),
    ("a document of the issuer in capitals", Check::DiscoveryIssuer, |s| {
        s.document("issuer", ISSUER.to_uppercase());
    }),
    ("a document of a tenant to be filled in", Check::DiscoveryIssuer, |s| {
        s.document("issuer", "https://op.example/{tenantid}");
    }),
    ("a document of nobody", Check::DiscoveryIssuer, |s| s.document("issuer", Value::Null)),
    ("no authorization endpoint", Check::Endpoints, |s| s.document("authorization_endpoint", Value::Null)),
    ("no token endpoint", Check::Endpoints, |s| s.document("token_endpoint", Value::Null)),
    ("no place of keys", Check::Endpoints, |s| s.document("jwks_uri", Value::Null)),
    ("an authorization endpoint that is a script", Check::Endpoints, |s| {
        s.document("authorization_endpoint", "javascript:alert(1)//https://op.example");
    }),
    ("a token endpoint without TLS", Check::Endpoints, |s| {
        s.document("token_endpoint", "http://op.example/token");
    }),
    ("a token endpoint on this machine", Check::Endpoints, |s| {
        s.document("token_endpoint", "http://127.0.0.1/token");
    }),
    ("keys without TLS", Check::Endpoints, |s| s.document("jwks_uri", "http://op.example/keys")),
    ("userinfo without TLS", Check::Endpoints, |s| {
        s.document("userinfo_endpoint", "http://op.example/userinfo");
    }),
    ("an end of sessions with a password", Check::Endpoints, |s| {
        s.document("end_session_endpoint", "https://a:b@op.example/");
    }),
    ("an endpoint that is a number", Check::Endpoints, |s| s.document("userinfo_endpoint", 7)),
    ("an endpoint of 3,000 characters", Check::Endpoints, |s| {
        s.document("token_endpoint", format!("{ISSUER}/{}", "x".repeat(3_000)));
    }),
    ("keys that are not there", Check::Keys, |s| s.instead("/keys", 500, "{}")),
    ("keys that are no JSON", Check::Keys, |s| s.instead("/keys", 200, "keys")),
    ("keys elsewhere that do not answer", Check::Keys, |s| {
        s.document("jwks_uri", "https://nobody.example/keys");
    }),
    ("keys that are shared alone", Check::Keys, |s| {
        s.face(|face| {
            face.key_set = Some(json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0", "kid": "rsa-1" }] }));
        });
    }),
    ("keys for encryption alone", Check::Keys, |s| {
        let mut key = ring().rsa.public();
        key["use"] = json!("enc");
        s.face(|face| face.key_set = Some(json!({ "keys": [key] })));
    }),
];

/// What browsers come back with.
const ANSWERS: &[Case] = &[
    ("another state", Check::State, |s| {
        s.meanwhile = |_, _, _, answer| answer.state = "A".repeat(43);
    }),
    ("no state", Check::State, |s| s.meanwhile = |_, _, _, answer| answer.state.clear()),
    ("the beginning of the state", Check::State, |s| {
        s.meanwhile = |_, _, _, answer| answer.state.truncate(42);
    }),
    ("an answer of another provider", Check::AnswerIssuer, |s| {
        s.meanwhile = |s, _, begun, answer| *answer = come_back(&s.other, begun, &s.person);
    }),
    ("an answer that does not say whose it is", Check::AnswerIssuer, |s| {
        s.meanwhile = |_, _, _, answer| answer.issuer = None;
    }),
    ("an answer of the issuer with a slash", Check::AnswerIssuer, |s| {
        s.meanwhile = |_, _, _, answer| answer.issuer = Some(format!("{ISSUER}/"));
    }),
    ("an answer of another where none is promised", Check::AnswerIssuer, |s| {
        s.document("authorization_response_iss_parameter_supported", false);
        s.meanwhile = |_, _, _, answer| answer.issuer = Some(OTHER.into());
    }),
    ("an error of another provider", Check::AnswerIssuer, |s| {
        s.meanwhile = |_, _, _, answer| {
            answer.issuer = Some(OTHER.into());
            answer.error = Some("access_denied".into());
        };
    }),
    ("an error", Check::Answer, |s| {
        s.meanwhile = |_, _, _, answer| {
            answer.code = None;
            answer.error = Some("access_denied".into());
        };
    }),
    ("an error and a code", Check::Answer, |s| {
        s.meanwhile = |_, _, _, answer| answer.error = Some("server_error".into());
    }),
    ("no code", Check::Answer, |s| s.meanwhile = |_, _, _, answer| answer.code = None),
    ("an empty code", Check::Answer, |s| {
        s.meanwhile = |_, _, _, answer| answer.code = Some(Secret::new(String::new()));
    }),
    ("a code of 5,000 characters", Check::Answer, |s| {
        s.meanwhile = |_, _, _, answer| answer.code = Some(Secret::new("x".repeat(5_000)));
    }),
];

/// What the token endpoint is shown and answers.
const EXCHANGES: &[Case] = &[
    ("a code of another provider, where nobody says whose it is", Check::CodeExchanged, |s| {
        s.document("authorization_response_iss_parameter_supported", false);
        s.meanwhile = |s, _, begun, answer| {
            *answer = come_back(&s.other, begun, &s.person);
            answer.issuer = None;
        };
    }),
    ("a code that nobody gave", Check::CodeExchanged, |s| {
        s.meanwhile = |_, _, _, answer| answer.code = Some(Secret::new("code-7".into()));
    }),
    ("a code that was shown before", Check::CodeExchanged, |s| {
        s.meanwhile = |s, provider, begun, answer| {
            assert!(s.judge(provider, begun, answer).outcome.is_ok());
        };
    }),
    ("a code of another browser (PKCE)", Check::CodeExchanged, |s| {
        s.meanwhile = |_, _, begun, _| begun.verifier = Secret::new("B".repeat(43));
    }),
    ("a code for another redirect URI", Check::CodeExchanged, |s| {
        s.redirect_uri = "https://evil.example/".into();
    }),
    ("another secret", Check::CodeExchanged, |s| {
        s.token_auth = TokenAuth::Basic(Secret::new("another".into()));
    }),
    ("no secret", Check::CodeExchanged, |s| s.token_auth = TokenAuth::Public),
    ("a token endpoint that fails", Check::CodeExchanged, |s| s.instead("/token", 500, "oops")),
    ("a token endpoint that redirects", Check::CodeExchanged, |s| s.instead("/token", 307, "{}")),
    ("a token endpoint that answers no JSON", Check::CodeExchanged, |s| s.instead("/token", 200, "ok")),
    ("a token endpoint that answers without an end", Check::CodeExchanged, |s| {
        s.instead("/token", 200, "x".repeat(300_000));
    }),
    ("a token endpoint that is not there", Check::CodeExchanged, |s| {
        s.document("token_endpoint", "https://nobody.example/token");
    }),
    ("two ID tokens", Check::CodeExchanged, |s| {
        s.instead("/token", 200, r#"{"id_token":"a.b.c","id_token":"d.e.f"}"#);
    }),
    ("no ID token", Check::IdTokenPresent, |s| s.instead("/token", 200, r#"{"access_token":"a"}"#)),
    ("an ID token that is a list", Check::IdTokenPresent, |s| {
        s.instead("/token", 200, r#"{"id_token":["a"]}"#);
    }),
];

fn text(s: &Scene, edit: fn(&str) -> String) {
    let op = std::sync::Arc::downgrade(&s.op);
    s.draft(move |draft| {
        let token = op.upgrade().unwrap().signed(draft);
        draft.answer["id_token"] = json!(edit(&token));
    });
}

/// Puts other claims under a signature.
fn under_the_signature(token: &str, name: &str, value: Value) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    claims[name] = value;
    format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(claims.to_string()), parts[2])
}

/// How tokens are written.
const FORMS: &[Case] = &[
    ("an empty token", Check::TokenForm, |s| text(s, |_| String::new())),
    ("two parts", Check::TokenForm, |s| text(s, |token| token.rsplit_once('.').unwrap().0.to_owned())),
    ("four parts", Check::TokenForm, |s| text(s, |token| format!("{token}.more"))),
    ("an encrypted token", Check::TokenForm, |s| text(s, |token| format!("{token}.more.more"))),
    ("a blank before it", Check::TokenForm, |s| text(s, |token| format!(" {token}"))),
    ("a line after it", Check::TokenForm, |s| text(s, |token| format!("{token}\n"))),
    ("padding", Check::TokenForm, |s| text(s, |token| format!("{token}=="))),
    ("JSON serialization", Check::TokenForm, |s| {
        text(s, |token| {
            let parts: Vec<&str> = token.split('.').collect();
            json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] }).to_string()
        });
    }),
    ("a token of 70 kB", Check::TokenForm, |s| s.claim("more", vec!["x".repeat(2_000); 26])),
    ("a name twice", Check::TokenForm, |s| {
        text(s, |token| {
            let parts: Vec<&str> = token.split('.').collect();
            let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
            let claims = claims.replacen('{', r#"{"sub":"mallory","#, 1);
            format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(claims), parts[2])
        });
    }),
    ("something critical", Check::TokenType, |s| s.header("crit", json!(["exp"]))),
    ("a payload that is not encoded", Check::TokenType, |s| s.header("b64", false)),
    ("a token within", Check::TokenType, |s| s.header("cty", "JWT")),
    ("an access token", Check::TokenType, |s| s.header("typ", "at+jwt")),
    ("a logout token", Check::TokenType, |s| s.header("typ", "logout+jwt")),
    ("a kind that is no text", Check::TokenType, |s| s.header("typ", json!(["JWT"]))),
];

fn unsigned(draft: &mut Draft, name: &str) {
    draft.header = json!({ "alg": name, "typ": "JWT" });
    draft.signing = Signing::Nothing;
}

/// With what tokens are signed.
const SIGNATURES: &[Case] = &[
    ("algorithm none", Check::Algorithm, |s| s.draft(|draft| unsigned(draft, "none"))),
    ("algorithm None", Check::Algorithm, |s| s.draft(|draft| unsigned(draft, "None"))),
    ("algorithm NONE", Check::Algorithm, |s| s.draft(|draft| unsigned(draft, "NONE"))),
    ("algorithm nonE", Check::Algorithm, |s| s.draft(|draft| unsigned(draft, "nonE"))),
    ("an empty algorithm", Check::Algorithm, |s| s.draft(|draft| unsigned(draft, ""))),
    ("no algorithm", Check::Algorithm, |s| {
        s.draft(|draft| {
            draft.header.as_object_mut().unwrap().remove("alg");
        });
    }),
    ("an algorithm that is a list", Check::Algorithm, |s| s.header("alg", json!(["RS256"]))),
    ("an algorithm in small letters", Check::Algorithm, |s| s.header("alg", "rs256")),
    ("an algorithm with a blank", Check::Algorithm, |s| s.header("alg", "RS256 ")),
    ("HS256 with the public key as the secret", Check::Algorithm, |s| {
        s.draft(|draft| {
            draft.header["alg"] = json!("HS256");
            draft.signing = Signing::Shared(ring().rsa.public_pem());
        });
    }),
    ("HS256 with the modulus as the secret", Check::Algorithm, |s| {
        s.draft(|draft| {
            draft.header["alg"] = json!("HS256");
            let key = ring().rsa.public();
            draft.signing = Signing::Shared(key["n"].as_str().unwrap().into());
        });
    }),
    ("HS256 with the client secret", Check::Algorithm, |s| {
        s.draft(|draft| {
            draft.header["alg"] = json!("HS256");
            draft.signing = Signing::Shared(crate::world::SECRET.into());
        });
    }),
    ("ES512", Check::Algorithm, |s| s.header("alg", "ES512")),
    ("RSA with SHA-1", Check::Algorithm, |s| s.header("alg", "RS1")),
    ("an algorithm that is not taken here", Check::Algorithm, |s| {
        s.algorithms = vec![Algorithm::Es256, Algorithm::Ps256];
    }),
    ("no algorithm is taken here", Check::Algorithm, |s| s.algorithms.clear()),
    ("an RSA key for ES256", Check::KeyKnown, |s| s.header("alg", "ES256")),
    ("an RSA key for EdDSA", Check::KeyKnown, |s| s.header("alg", "EdDSA")),
    ("a key of P-256 for ES384", Check::KeyKnown, |s| {
        s.keys(&[&ring().p256]);
        s.header("alg", "ES384");
    }),
    ("a key for another algorithm", Check::KeyKnown, |s| {
        let mut key = ring().rsa.public();
        key["alg"] = json!("RS256");
        s.face(|face| face.key_set = Some(json!({ "keys": [key] })));
        s.header("alg", "PS256");
    }),
    ("a key that is not known", Check::KeyKnown, |s| s.header("kid", "rsa-7")),
    ("a key whose name is a path", Check::KeyKnown, |s| s.header("kid", "../../../dev/null")),
    ("a key whose name is SQL", Check::KeyKnown, |s| s.header("kid", "x' UNION SELECT 'key")),
    ("a key whose name is empty", Check::KeyKnown, |s| s.header("kid", "")),
    ("a key whose name is a number", Check::KeyKnown, |s| s.header("kid", 1)),
    ("a key whose name is long", Check::KeyKnown, |s| s.header("kid", "k".repeat(1_000))),
    ("no name of the key, and several", Check::KeyKnown, |s| {
        s.keys(&[&ring().rsa, &ring().new]);
        s.draft(|draft| {
            draft.header.as_object_mut().unwrap().remove("kid");
        });
    }),
    ("a key that was taken away", Check::KeyKnown, |s| {
        s.face(|face| face.key_set = Some(json!({ "keys": [ring().new.public()] })));
    }),
    ("keys that are gone when they are fetched anew", Check::KeyKnown, |s| {
        s.header("kid", "rsa-7");
        s.meanwhile = |s, _, _, _| s.instead("/keys", 503, "");
    }),
    ("signed by somebody else", Check::Signature, |s| {
        s.draft(|draft| draft.signing = Signing::Stranger(ring().stranger.clone()));
    }),
    ("a key that comes along (jwk)", Check::Signature, |s| {
        s.draft(|draft| {
            draft.header["jwk"] = ring().stranger.named("rsa-1").public();
            draft.signing = Signing::Stranger(ring().stranger.clone());
        });
    }),
    ("a key that comes along under its own name", Check::KeyKnown, |s| {
        s.draft(|draft| {
            draft.header["jwk"] = ring().stranger.public();
            draft.header["kid"] = json!("stranger");
            draft.signing = Signing::Stranger(ring().stranger.clone());
        });
    }),
    ("a key that is elsewhere (jku)", Check::Signature, |s| {
        s.draft(|draft| {
            draft.header["jku"] = json!(format!("{OTHER}/keys"));
            draft.signing = Signing::Stranger(ring().stranger.clone());
        });
    }),
    ("a certificate that is elsewhere (x5u)", Check::Signature, |s| {
        s.draft(|draft| {
            draft.header["x5u"] = json!(format!("{OTHER}/certificate"));
            draft.signing = Signing::Stranger(ring().stranger.clone());
        });
    }),
    ("a certificate that comes along (x5c)", Check::Signature, |s| {
        s.draft(|draft| {
            draft.header["x5c"] = json!([URL_SAFE_NO_PAD.encode(ring().stranger.public_pem())]);
            draft.signing = Signing::Stranger(ring().stranger.clone());
        });
    }),
    ("no signature", Check::Signature, |s| s.draft(|draft| draft.signing = Signing::Nothing)),
    ("a signature of zeros", Check::Signature, |s| {
        s.draft(|draft| draft.signing = Signing::Bytes(vec![0; 256]));
    }),
    ("a signature that is one", Check::Signature, |s| {
        s.draft(|draft| {
            let mut one = vec![0; 256];
            one[255] = 1;
            draft.signing = Signing::Bytes(one);
        });
    }),
    ("a signature that is too long", Check::Signature, |s| {
        s.draft(|draft| draft.signing = Signing::Bytes(vec![0xff; 4_096]));
    }),
    ("ECDSA with zeros", Check::Signature, |s| {
        s.keys(&[&ring().p256]);
        s.draft(|draft| draft.signing = Signing::Bytes(vec![0; 64]));
    }),
    ("EdDSA with zeros", Check::Signature, |s| {
        s.keys(&[&ring().ed25519]);
        s.draft(|draft| draft.signing = Signing::Bytes(vec![0; 64]));
    }),
    ("ECDSA with an RSA signature", Check::Signature, |s| {
        s.keys(&[&ring().p256]);
        s.draft(|draft| draft.signing = Signing::Stranger(ring().rsa.clone()));
    }),
    ("PSS said of a signature without", Check::Signature, |s| {
        text(s, |token| {
            let parts: Vec<&str> = token.split('.').collect();
            let header = json!({ "alg": "PS256", "kid": "rsa-1", "typ": "JWT" }).to_string();
            format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(header), parts[1], parts[2])
        });
    }),
    ("another person under the signature", Check::Signature, |s| {
        text(s, |token| under_the_signature(token, "sub", json!("mallory")));
    }),
    ("another audience under the signature", Check::Signature, |s| {
        text(s, |token| under_the_signature(token, "aud", json!("other")));
    }),
];

/// What correctly signed tokens say.
const CONTENTS: &[Case] = &[
    ("of another issuer", Check::Issuer, |s| s.claim("iss", OTHER)),
    ("of the issuer with a slash", Check::Issuer, |s| s.claim("iss", format!("{ISSUER}/"))),
    ("of the issuer in capitals", Check::Issuer, |s| s.claim("iss", ISSUER.to_uppercase())),
    ("of a list of issuers", Check::Issuer, |s| s.claim("iss", json!([ISSUER]))),
    ("of nobody", Check::Issuer, |s| s.without("iss")),
    ("about nobody", Check::Subject, |s| s.without("sub")),
    ("about an empty name", Check::Subject, |s| s.claim("sub", "")),
    ("about a number", Check::Subject, |s| s.claim("sub", 7)),
    ("about a name with blanks around it", Check::Subject, |s| s.claim("sub", " alice-1")),
    ("about a name in two lines", Check::Subject, |s| s.claim("sub", "alice-1\nadmin")),
    ("about a name with NUL", Check::Subject, |s| s.claim("sub", "alice-1\u{0}")),
    ("about a name of 256 characters", Check::Subject, |s| s.claim("sub", "a".repeat(256))),
    ("for another", Check::Audience, |s| s.claim("aud", "other")),
    ("for others", Check::Audience, |s| {
        s.draft(|draft| {
            draft.claims["aud"] = json!(["other", "another"]);
            draft.claims["azp"] = json!(CLIENT);
        });
    }),
    ("for us in capitals", Check::Audience, |s| s.claim("aud", CLIENT.to_uppercase())),
    ("for the beginning of us", Check::Audience, |s| s.claim("aud", &CLIENT[..4])),
    ("for nobody", Check::Audience, |s| s.without("aud")),
    ("for an empty list", Check::Audience, |s| s.claim("aud", json!([]))),
    ("for a list with something else in it", Check::Audience, |s| s.claim("aud", json!([CLIENT, 7]))),
    ("for an object", Check::Audience, |s| s.claim("aud", json!({ "0": CLIENT }))),
    ("for several, given to nobody", Check::AuthorizedParty, |s| s.claim("aud", json!([CLIENT, "other"]))),
    ("for us twice, given to nobody", Check::AuthorizedParty, |s| s.claim("aud", json!([CLIENT, CLIENT]))),
    ("for several, given to another", Check::AuthorizedParty, |s| {
        s.draft(|draft| {
            draft.claims["aud"] = json!([CLIENT, "other"]);
            draft.claims["azp"] = json!("other");
        });
    }),
    ("for us, given to another", Check::AuthorizedParty, |s| s.claim("azp", "other")),
    ("for us, given to nothing", Check::AuthorizedParty, |s| s.claim("azp", Value::Null)),
    ("good until a minute ago", Check::Expiry, |s| s.claim("exp", seconds(-60))),
    ("good until long ago", Check::Expiry, |s| s.claim("exp", 0)),
    ("good for ever", Check::Expiry, |s| s.without("exp")),
    ("good until a text", Check::Expiry, |s| s.claim("exp", seconds(60).to_string())),
    ("good until before all time", Check::Expiry, |s| s.claim("exp", -1)),
    ("good until after all time", Check::Expiry, |s| s.claim("exp", json!(1e300))),
    ("issued in the future", Check::IssueTime, |s| s.claim("iat", seconds(61))),
    ("issued before we asked", Check::IssueTime, |s| s.claim("iat", seconds(-81))),
    ("issued at no time", Check::IssueTime, |s| s.without("iat")),
    ("issued at a text", Check::IssueTime, |s| s.claim("iat", "2026-11-28T12:00:00Z")),
    ("good from in two minutes", Check::NotBefore, |s| s.claim("nbf", seconds(120))),
    ("good from a text on", Check::NotBefore, |s| s.claim("nbf", "now")),
    ("no nonce", Check::Nonce, |s| s.without("nonce")),
    ("another nonce", Check::Nonce, |s| s.claim("nonce", "A".repeat(43))),
    ("an empty nonce", Check::Nonce, |s| s.claim("nonce", "")),
    ("a list of nonces", Check::Nonce, |s| {
        s.draft(|draft| draft.claims["nonce"] = json!([draft.claims["nonce"].clone()]));
    }),
    ("the nonce of another question", Check::Nonce, |s| {
        s.meanwhile = |s, _, begun, answer| {
            // Somebody else's question, whose answer is brought to this browser.
            let state = answer.state.clone();
            begun.url = begun.url.replace(&begun.nonce, &"B".repeat(43));
            *answer = come_back(&s.op, begun, &s.person);
            answer.state = state;
        };
    }),
    ("the hash of another access token", Check::AccessTokenHash, |s| {
        s.draft(|draft| draft.answer["access_token"] = json!("another"));
    }),
    ("the whole hash of the access token", Check::AccessTokenHash, |s| s.claim("at_hash", "x".repeat(43))),
    ("an empty hash of the access token", Check::AccessTokenHash, |s| s.claim("at_hash", "")),
    ("a hash of the access token that is a number", Check::AccessTokenHash, |s| s.claim("at_hash", 7)),
    ("a hash of no access token", Check::AccessTokenHash, |s| s.draft(|draft| draft.answer = json!({}))),
    ("forced, and signed in long ago", Check::AuthenticationTime, |s| {
        s.is_forced = true;
        s.claim("auth_time", seconds(-3_600));
    }),
    ("forced, and signed in before we asked", Check::AuthenticationTime, |s| {
        s.is_forced = true;
        s.claim("auth_time", seconds(-81));
    }),
    ("forced, and no word when", Check::AuthenticationTime, |s| {
        s.is_forced = true;
        s.without("auth_time");
    }),
    ("signed in in the future", Check::AuthenticationTime, |s| s.claim("auth_time", seconds(61))),
    ("signed in at a text", Check::AuthenticationTime, |s| s.claim("auth_time", "now")),
    ("no word how, where that is demanded", Check::ContextClass, |s| s.context_classes = vec!["phr".into()]),
    ("another way than is demanded", Check::ContextClass, |s| {
        s.context_classes = vec!["phr".into()];
        s.claim("acr", "0");
    }),
    ("a list of ways", Check::ContextClass, |s| {
        s.context_classes = vec!["phr".into()];
        s.claim("acr", json!(["phr"]));
    }),
    ("a session that is a number", Check::Values, |s| s.claim("sid", 7)),
    ("a claim of 3,000 characters", Check::Values, |s| s.claim("name", "x".repeat(3_000))),
    ("6,000 groups", Check::Values, |s| s.claim("groups", vec![1; 6_000])),
    ("300 claims", Check::Values, |s| {
        s.draft(|draft| {
            for number in 0..300 {
                draft.claims[format!("claim{number}")] = json!(1);
            }
        });
    }),
];

/// What userinfo says.
const USERINFO: &[Case] = &[
    ("about somebody else", Check::Userinfo, |s| s.face(|face| face.userinfo = json!({ "sub": "mallory" }))),
    ("about nobody", Check::Userinfo, |s| s.face(|face| face.userinfo = json!({ "sub": null }))),
    ("not there", Check::Userinfo, |s| s.document("userinfo_endpoint", Value::Null)),
    ("not for us", Check::Userinfo, |s| s.instead("/userinfo", 401, "{}")),
    ("that redirects", Check::Userinfo, |s| s.instead("/userinfo", 302, "{}")),
    ("as a token", Check::Userinfo, |s| s.instead("/userinfo", 200, "a.b.c")),
    ("about two people", Check::Userinfo, |s| {
        s.instead("/userinfo", 200, r#"{"sub":"mallory","sub":"alice-1"}"#);
    }),
    ("for no access token", Check::Userinfo, |s| {
        s.draft(|draft| {
            draft.answer = json!({});
            draft.claims.as_object_mut().unwrap().remove("at_hash");
        });
    }),
    ("for an access token of another type", Check::Userinfo, |s| {
        s.draft(|draft| draft.answer["token_type"] = json!("DPoP"));
    }),
    ("for an access token with a line in it", Check::Userinfo, |s| {
        s.draft(|draft| {
            draft.answer["access_token"] = json!("a\r\nHost: evil.example");
            draft.claims.as_object_mut().unwrap().remove("at_hash");
        });
    }),
    ("of too many claims", Check::Values, |s| {
        s.face(|face| face.userinfo = json!({ "roles": vec![1; 6_000] }));
    }),
];

const FAMILIES: &[(&str, &[Case])] = &[
    ("document", DOCUMENTS),
    ("answer", ANSWERS),
    ("exchange", EXCHANGES),
    ("form", FORMS),
    ("signature", SIGNATURES),
    ("content", CONTENTS),
    ("userinfo", USERINFO),
];

/// Plays every case of some families; the checks that refused, with how often.
fn played(families: &[&str]) -> BTreeMap<Check, usize> {
    let (mut checks, mut wrong) = (BTreeMap::<Check, usize>::new(), Vec::new());
    for (family, cases) in FAMILIES.iter().filter(|(family, _)| families.contains(family)) {
        for (name, expected, change) in *cases {
            let mut scene = Scene::new();
            scene.uses_userinfo = *family == "userinfo";
            change(&mut scene);
            let report = scene.play();
            // Of all the checks, that one alone fails: what is hostile is one thing.
            match &report.outcome {
                Ok(claims) => wrong.push(format!("{family} / {name}: ACCEPTED {claims:?}")),
                Err(refusal) if refusal.check != *expected || failed(&report) != [*expected] => {
                    wrong.push(format!(
                        "{family} / {name}: {refusal:?}, {:?} instead of {expected:?}",
                        failed(&report)
                    ));
                }
                Err(_) => *checks.entry(*expected).or_default() += 1,
            }
            if report.findings.windows(2).any(|two| two[0].check == two[1].check) {
                wrong.push(format!("{family} / {name}: a check is told twice"));
            }
            if report.id_token.is_some() {
                wrong.push(format!("{family} / {name}: the token is given on"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), checks.values().sum::<usize>(), wrong.join("\n"));
    println!("{families:?}: {} refused", checks.values().sum::<usize>());
    checks
}

#[test]
fn asvs_10_5_3_providers_are_what_is_set_up_to_the_letter() {
    assert!(played(&["document"])[&Check::DiscoveryIssuer] >= 5);
}

#[test]
fn asvs_10_2_2_answers_are_not_mixed_up() {
    assert!(played(&["answer"])[&Check::AnswerIssuer] >= 5);
}

#[test]
fn codes_are_traded_in_once_by_whom_they_were_given_to() {
    played(&["exchange"]);
}

#[test]
fn tokens_in_another_form_are_refused() {
    played(&["form"]);
}

#[test]
fn asvs_9_1_2_9_1_3_algorithms_and_keys_are_ours_to_choose() {
    let checks = played(&["signature"]);
    assert!(checks[&Check::Algorithm] >= 15 && checks[&Check::Signature] >= 12, "{checks:?}");
}

#[test]
fn asvs_9_2_3_10_5_1_10_5_4_tokens_answer_our_question_and_are_for_us() {
    let checks = played(&["content"]);
    assert!(checks[&Check::Nonce] >= 5 && checks[&Check::Audience] >= 8, "{checks:?}");
}

#[test]
fn userinfo_is_of_the_same_person() {
    played(&["userinfo"]);
}

#[test]
fn every_check_refuses_something() {
    let cases = FAMILIES.iter().flat_map(|(_, cases)| cases.iter());
    let expected: BTreeSet<Check> = cases
        .map(|(_, check, _)| *check)
        .chain(logouts::HOSTILE.iter().map(|(_, check, _)| *check))
        .collect();
    let missing: Vec<&Check> = Check::ALL.iter().filter(|check| !expected.contains(check)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let (names, count) = FAMILIES.iter().fold((BTreeSet::new(), 0), |(mut names, count), (family, cases)| {
        names.extend(cases.iter().map(|(name, ..)| (family, name)));
        (names, count + cases.len())
    });
    assert_eq!(names.len(), count);
    println!("{count} hostile sign-ins, {} hostile logouts", logouts::HOSTILE.len());
    assert!(count >= 60, "{count}");
}

/// What a provider says wrongly is said to admins, but never a secret.
#[test]
fn reports_hold_no_secrets() {
    for (family, cases) in FAMILIES {
        for (name, _, change) in *cases {
            let mut scene = Scene::new();
            scene.uses_userinfo = *family == "userinfo";
            change(&mut scene);
            let report = scene.play();
            let text = serde_json::to_string(&report).unwrap();
            for secret in [crate::world::SECRET, "code-", "access-"] {
                assert!(!text.contains(secret), "{family} / {name}: {text}");
            }
        }
    }
}
