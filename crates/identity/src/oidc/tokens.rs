//! Tokens and documents as they are sent: looks strictly, verifies nothing.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

use super::checks::{Check, Refusal};

/// Bytes of a token, at most.
const TOKEN_BYTES_MAX: usize = 64 * 1024;
/// Members of a header, at most.
const HEADER_MEMBERS_MAX: usize = 32;

/// The members of a JSON object, each of which was there once.
pub(super) type Object = Map<String, Value>;

/// A token in the compact serialization of JWS (RFC 7515, section 7.1). Nothing of it is believed yet.
pub(super) struct Token<'a> {
    /// Its header.
    pub(super) header: Object,
    /// Its claims.
    pub(super) claims: Object,
    /// What was signed: header and claims as they were sent.
    pub(super) signed: &'a str,
    /// The signature.
    pub(super) signature: Vec<u8>,
}

/// What a token is meant for, as its header says (RFC 8725, section 3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// To say who somebody is: `JWT`, or nothing.
    Id,
    /// To say that somebody signed out: `logout+jwt`, never anything else.
    Logout,
}

impl Token<'_> {
    /// Takes a token apart.
    pub(super) fn parse(text: &str) -> Result<Token<'_>, Refusal> {
        let refused = |detail: &str| Refusal::new(Check::TokenForm, detail);
        if text.len() > TOKEN_BYTES_MAX {
            return Err(refused(&format!("it has {} bytes", text.len())));
        }
        let parts: Vec<&str> = text.split('.').collect();
        let [header, claims, signature] = parts[..] else {
            return Err(refused(match parts.len() {
                5 => "it is encrypted, which is not taken: have the provider sign ID tokens alone",
                _ => "it has not three parts",
            }));
        };
        let decoded = |part: &str, what: &str| {
            URL_SAFE_NO_PAD.decode(part).map_err(|_| refused(&format!("its {what} is not base64url")))
        };
        let read = |part: &str, what: &str| {
            object(&decoded(part, what)?).map_err(|error| refused(&format!("its {what}: {error}")))
        };
        let signed = &text[..header.len() + 1 + claims.len()];
        let signature = decoded(signature, "signature")?;
        let (header, claims) = (read(header, "header")?, read(claims, "claims")?);
        if header.len() > HEADER_MEMBERS_MAX {
            return Err(refused(&format!("its header has {} members", header.len())));
        }
        Ok(Token { header, claims, signed, signature })
    }

    /// Whether its header lets it be of that kind, and demands nothing that is not known here (RFC 7515, section 4.1.11).
    pub(super) fn demand(&self, kind: Kind) -> Result<String, Refusal> {
        let refused = |detail: String| Err(Refusal::new(Check::TokenType, detail));
        if let Some(name) =
            ["crit", "b64", "cty", "zip", "enc"].iter().find(|name| self.header.contains_key(**name))
        {
            return refused(format!("its header has {name}"));
        }
        let name = match self.header.get("typ") {
            None if kind == Kind::Id => return Ok("it does not say of what kind it is".into()),
            None => return refused("it does not say of what kind it is (typ)".into()),
            Some(Value::String(name)) => name.to_ascii_lowercase(),
            Some(_) => return refused("its kind (typ) is no text".into()),
        };
        let name = name.strip_prefix("application/").unwrap_or(&name);
        let wanted = match kind {
            Kind::Id => "jwt",
            Kind::Logout => "logout+jwt",
        };
        if name == wanted { Ok(name.to_owned()) } else { refused(format!("its kind (typ) is {name}")) }
    }
}

/// A JSON object of which each object within has each name once: else two readers could see two things.
pub(super) fn object(bytes: &[u8]) -> Result<Object, String> {
    match serde_json::from_slice(bytes) {
        Ok(Strict(Value::Object(members))) => Ok(members),
        Ok(_) => Err("it is no JSON object".into()),
        Err(error) => Err(format!("it is not JSON ({error})")),
    }
}

/// An object as people read it.
pub(super) fn indented(object: &Object) -> String {
    serde_json::to_string_pretty(object).unwrap_or_default()
}

/// A value without a name twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Strict(value))) = members.next_entry::<String, Strict>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a name is there twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_token_is_taken_apart() {
        let text =
            token(r#"{"alg":"RS256","typ":"JWT"}"#, r#"{"sub":"a","n":[1,-2,1.5,null,true,{"b":"c"}]}"#);
        let token = Token::parse(&text).unwrap();
        assert_eq!(token.header["alg"], "RS256");
        assert_eq!(token.claims["n"], serde_json::json!([1, -2, 1.5, null, true, { "b": "c" }]));
        assert_eq!(token.signature, b"sig");
        assert_eq!(format!("{}.c2ln", token.signed), text);
        assert!(token.demand(Kind::Id).is_ok());
    }

    #[test]
    fn what_is_unusual_is_refused() {
        let (header, claims) = (r#"{"alg":"RS256"}"#, r#"{"sub":"a"}"#);
        let plain = token(header, claims);
        let bad = [
            String::new(),
            "..".to_owned(),
            "a.b".to_owned(),
            format!("{plain}.more"),
            format!("{plain}.a.b"),
            format!(" {plain}"),
            format!("{plain}="),
            format!("{plain}\n"),
            plain.replace('.', " . "),
            plain.replacen('e', "+", 1),
            token("[]", claims),
            token("\"RS256\"", claims),
            token(header, "null"),
            token(header, "{"),
            token(header, r#"{"sub":"a"} {}"#),
            token(header, r#"{"sub":"a","sub":"b"}"#),
            token(header, r#"{"sub":"a","a":[{"b":1,"b":2}]}"#),
            token(r#"{"alg":"RS256","alg":"none"}"#, claims),
            token(header, "\u{feff}{}"),
            token(header, &format!("{}{}", "[".repeat(200), "]".repeat(200))),
            token(header, &format!(r#"{{"a":"{}"}}"#, "x".repeat(64 * 1024))),
        ];
        for text in bad {
            let refusal = Token::parse(&text).err().unwrap_or_else(|| panic!("{text}"));
            assert_eq!(refusal.check, Check::TokenForm, "{text}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_no_object() {
        assert!(object(b"{\"a\":\"\xff\"}").is_err());
    }

    #[test]
    fn asvs_9_2_2_kinds_of_tokens_are_told_apart() {
        let kinds = |header: &str| {
            let text = token(header, "{}");
            let token = Token::parse(&text).unwrap();
            (token.demand(Kind::Id).is_ok(), token.demand(Kind::Logout).is_ok())
        };
        assert_eq!(kinds(r#"{}"#), (true, false));
        for name in ["JWT", "jwt", "application/jwt"] {
            assert_eq!(kinds(&format!(r#"{{"typ":"{name}"}}"#)), (true, false), "{name}");
        }
        for name in ["logout+jwt", "application/logout+jwt", "LOGOUT+JWT"] {
            assert_eq!(kinds(&format!(r#"{{"typ":"{name}"}}"#)), (false, true), "{name}");
        }
        for header in [
            r#"{"typ":"at+jwt"}"#,
            r#"{"typ":""}"#,
            r#"{"typ":7}"#,
            r#"{"typ":"secevent+jwt"}"#,
            r#"{"typ":"logout+jwt","crit":["b64"],"b64":false}"#,
            r#"{"typ":"JWT","crit":[]}"#,
            r#"{"typ":"JWT","cty":"JWT"}"#,
            r#"{"typ":"JWT","zip":"DEF"}"#,
        ] {
            assert_eq!(kinds(header), (false, false), "{header}");
        }
    }
}
