//! What a provider says of somebody, from an ID token whose signature was right.

use std::collections::BTreeMap;

use domain::timestamps::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    checks::{Check, Refusal},
    tokens::Object,
};

/// Claims, at most.
const CLAIMS_MAX: usize = 200;
/// Values of all claims together, at most.
const VALUES_MAX: usize = 5_000;
/// Characters of a claim's name, and of a value, at most.
const CHARS_MAX: usize = 2_048;

/// Claims with plain values, by name, each as texts.
pub type Values = BTreeMap<String, Vec<String>>;

/// What a provider says of somebody. Only from bytes that it signed, and from what it says beside them of the same person
/// (userinfo) if that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who says so (`iss`).
    pub issuer: String,
    /// The person's name at the provider (`sub`), which means something together with the issuer alone.
    pub subject: String,
    /// The session there (`sid`), for logout by the back channel.
    pub session_id: Option<String>,
    /// How the person signed in, as a class (`acr`).
    pub context_class: Option<String>,
    /// How the person signed in, as methods (`amr`).
    pub methods: Vec<String>,
    /// When the person signed in there (`auth_time`), if it says.
    pub authenticated_at: Option<Timestamp>,
    /// When the token was issued (`iat`).
    pub issued_at: Timestamp,
    /// Until when the token is good (`exp`).
    pub expires_at: Timestamp,
    /// Every claim with plain values, by its name: texts, numbers, `true` and `false`, and lists of them, all as texts. What the
    /// token says goes before what userinfo says. Claims with other values (objects, nothing) are left out.
    pub values: Values,
}

impl Claims {
    /// The first value of a claim.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.first().map(String::as_str)
    }
}

/// The plain values of claims, by name. Those of the first object that has a name are taken.
pub(super) fn values(objects: &[&Object]) -> Result<Values, Refusal> {
    let refused = |detail: String| Refusal::new(Check::Values, detail);
    let (mut found, mut count) = (Values::new(), 0);
    for (name, value) in objects.iter().flat_map(|object| object.iter()) {
        let Some(values) = plain(value) else { continue };
        if found.contains_key(name) {
            continue;
        }
        count += values.len();
        let is_long = |text: &String| text.chars().count() > CHARS_MAX;
        if is_long(name) || values.iter().any(is_long) {
            return Err(refused(format!("the claim {name} is longer than {CHARS_MAX} characters")));
        }
        found.insert(name.clone(), values);
    }
    if found.len() > CLAIMS_MAX || count > VALUES_MAX {
        return Err(refused(format!("there are {} claims with {count} values", found.len())));
    }
    Ok(found)
}

/// The texts of a plain value, or of a list of them; `None` for one that is not plain.
fn plain(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        one => text(one).map(|text| vec![text]),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: &Value) -> &Object {
        value.as_object().unwrap()
    }

    #[test]
    fn plain_values_are_texts_and_the_token_goes_first() {
        let token = json!({ "email": "a@a.example", "groups": ["x", 7, true], "address": { "a": 1 }, "nothing": null,
            "mixed": ["x", {}], "none": [] });
        let userinfo = json!({ "email": "b@b.example", "name": "B", "address": "plain" });
        let values = values(&[object(&token), object(&userinfo)]).unwrap();
        let expected = json!({ "email": ["a@a.example"], "groups": ["x", "7", "true"], "name": ["B"], "none": [],
            "address": ["plain"] });
        assert_eq!(serde_json::to_value(values).unwrap(), expected);
    }

    #[test]
    fn too_much_is_refused() {
        let long = "x".repeat(CHARS_MAX + 1);
        let many: Object = (0..=CLAIMS_MAX).map(|number| (number.to_string(), json!(1))).collect();
        for bad in [
            json!({ "a": long }),
            json!({ "a": [long] }),
            json!({ long: "a" }),
            json!({ "a": vec![1; VALUES_MAX + 1] }),
            Value::Object(many),
        ] {
            assert_eq!(values(&[object(&bad)]).unwrap_err().check, Check::Values);
        }
        assert!(values(&[object(&json!({ "a": vec!["x".repeat(CHARS_MAX); 10] }))]).is_ok());
    }
}
