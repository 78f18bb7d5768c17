//! One request as its handler gets it: who asks, the values in path and query, and the body as a type. Every value that is
//! wrong in form is refused here, with its name.

use std::{borrow::Cow, collections::BTreeMap, marker::PhantomData, str::FromStr};

use axum::http::{HeaderMap, StatusCode, header};
use control::Context;
use domain::{errors::Error, secrets::Secret};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use url::form_urlencoded;

use super::{operations::Parameter, problems::Problem};

/// Bytes of a body, at most: a list of invitations is the longest there is.
pub(super) const BODY_BYTES_MAX: usize = 256 << 10;

/// A request.
pub(super) struct Call<B = ()> {
    /// Who asks.
    pub(super) ctx: Context,
    /// What they showed for it: asked for again by an answer that outlives the request.
    pub(super) token: Option<Secret>,
    /// What they sent.
    pub(super) body: B,
    /// The values in path and query.
    pub(super) values: Values,
}

/// The values in path and query, by name.
#[derive(Default)]
pub(super) struct Values {
    path: BTreeMap<String, String>,
    query: BTreeMap<String, String>,
}

impl<B> Call<B> {
    /// An id in the path. One that is none is an id of nothing.
    pub(super) fn id<T: FromStr>(&self, name: &str) -> Result<T, Error> {
        self.name(name).parse().map_err(|_| Error::NotFound)
    }

    /// A name in the path.
    pub(super) fn name(&self, name: &str) -> &str {
        self.values.path.get(name).map_or("", String::as_str)
    }

    /// A value in the query; empty if it is not there.
    pub(super) fn query(&self, name: &str) -> &str {
        self.values.query.get(name).map_or("", String::as_str)
    }

    /// Where a list goes on.
    pub(super) fn after(&self) -> Option<&str> {
        self.values.query.get(AFTER).map(String::as_str)
    }
}

impl Call {
    /// A missing confirmation, under the name that it has in the query.
    pub(super) fn unconfirmed(error: Error) -> Error {
        match error {
            Error::Invalid { field, reason } if field == "confirmation" => Error::invalid("confirm", reason),
            other => other,
        }
    }
}

/// Name of the parameter that says where a list goes on.
pub(super) const AFTER: &str = "after";

impl Values {
    /// Reads the query: each parameter at most once, and only those that the operation has.
    pub(super) fn new(
        path: BTreeMap<String, String>,
        query: Option<&str>,
        parameters: &[Parameter],
    ) -> Result<Self, Problem> {
        let mut values = Self { path, query: BTreeMap::new() };
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if !parameters.iter().any(|parameter| parameter.name == name) {
                let known: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
                let reason = match known.is_empty() {
                    true => "This takes no parameters in the query.".to_owned(),
                    false => format!("There is no parameter of this name. There are: {}.", known.join(", ")),
                };
                return Err(Error::invalid(&name, reason).into());
            }
            if values.query.insert(name.clone().into_owned(), value.into_owned()).is_some() {
                return Err(Error::invalid(&name, "Give this parameter once.").into());
            }
        }
        Ok(values)
    }
}

/// A JSON value: what is sent, and what is answered.
pub(super) struct Json<T>(pub(super) T);

/// How a member is described that must be there and may be null: an `Option` says that it may be left out.
pub(super) struct OrNull<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for OrNull<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("{}OrNull", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Option<T>>()
    }
}

/// The elements of an array as a form has them, one a line. An element that would be several there is refused here, or none:
/// in the form's text nothing else tells them apart, and what comes of a variable that is not set must not mean “no limit”.
pub(super) fn lines(member: &str, elements: &[String]) -> Result<String, Error> {
    refuse_empty(member, elements)?;
    let is_several =
        |element: &String| element.contains(|sign: char| sign.is_control() || matches!(sign, ',' | ';'));
    match elements.iter().position(is_several) {
        Some(index) => {
            let reason = format!(
                "Element {} holds a comma, a semicolon or a line break. Give each of them an element of its own.",
                index + 1
            );
            Err(Error::invalid(member, reason))
        }
        None => Ok(elements.join("\n")),
    }
}

/// Refuses an array that holds an element without a text.
pub(super) fn refuse_empty(member: &str, elements: &[String]) -> Result<(), Error> {
    match elements.iter().position(|element| element.trim().is_empty()) {
        Some(index) => Err(Error::invalid(
            member,
            format!("Element {} is empty. Leave it out, or fill it in.", index + 1),
        )),
        None => Ok(()),
    }
}

/// What an operation takes as its body.
pub(super) trait Body: Sized + Send + 'static {
    /// Whether it takes any.
    const IS_TAKEN: bool;

    /// How it looks.
    fn schema(generator: &mut SchemaGenerator) -> Option<Schema>;

    /// Reads it.
    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Problem>;
}

impl Body for () {
    const IS_TAKEN: bool = false;

    fn schema(_: &mut SchemaGenerator) -> Option<Schema> {
        None
    }

    fn read(_: &HeaderMap, _: &[u8]) -> Result<Self, Problem> {
        Ok(())
    }
}

impl<T: DeserializeOwned + JsonSchema + Send + 'static> Body for Json<T> {
    const IS_TAKEN: bool = true;

    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<T>())
    }

    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Problem> {
        if !is_json(headers) {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            let sentence = "Send JSON, and say so: Content-Type: application/json.";
            return Err(Problem::new(status, "unsupported_media_type", sentence));
        }
        let mut reader = serde_json::Deserializer::from_slice(body);
        let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            refuse(error.inner(), field(Some(path).filter(|path| path != "."), error.inner()))
        })?;
        reader.end().map_err(|error| refuse(&error, None))?;
        Ok(Self(value))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.starts_with("application/") && essence.ends_with("+json")
}

/// The member that an error is about. Of one that is missing the path knows only where it should be.
fn field(path: Option<String>, error: &serde_json::Error) -> Option<String> {
    let text = error.to_string();
    let missing = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    match (path, missing) {
        (Some(path), Some(missing)) => Some(format!("{path}.{missing}")),
        (None, Some(missing)) => Some(missing.to_owned()),
        (path, None) => path,
    }
}

fn refuse(error: &serde_json::Error, field: Option<String>) -> Problem {
    // The parser's sentence ends with line and column.
    match error.classify() {
        Category::Data => {
            let problem = Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                format!("This does not fit: {error}."),
            );
            Problem { field, ..problem }
        }
        _ => Problem::new(StatusCode::BAD_REQUEST, "malformed", format!("The body is no JSON: {error}.")),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        name: String,
        #[serde(default)]
        days: Vec<u32>,
    }

    fn read(content_type: &str, body: &str) -> Result<Thing, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        Json::<Thing>::read(&headers, body.as_bytes()).map(|Json(thing)| thing)
    }

    #[test]
    fn bodies_are_read_or_refused_with_the_place() {
        for content_type in ["application/json", "Application/JSON; charset=utf-8", "application/x+json"] {
            let thing = read(content_type, r#"{"name": "a", "days": [1]}"#).unwrap();
            assert_eq!((thing.name.as_str(), thing.days), ("a", vec![1]));
        }
        for content_type in ["", "text/plain", "application/x-www-form-urlencoded", "text/json"] {
            assert_eq!(read(content_type, "{}").unwrap_err().status, 415, "{content_type}");
        }
        for (body, status, field, part) in [
            ("", 400, None, "line 1 column 0"),
            ("{\"name\": }", 400, None, "line 1 column 10"),
            ("{\"name\": \"a\"} x", 400, None, "trailing characters at line 1 column 15"),
            ("{}", 422, Some("name"), "missing field `name`"),
            ("[]", 422, None, "line 1 column 2"),
            ("{\"name\": 1}", 422, Some("name"), "expected a string"),
            ("{\"name\": \"a\", \"days\": [1, -1]}", 422, Some("days[1]"), "expected u32"),
            ("{\"name\": \"a\", \"date\": 1}", 422, Some("date"), "unknown field `date`"),
        ] {
            let problem = read("application/json", body).unwrap_err();
            assert_eq!((problem.status.as_u16(), problem.field.as_deref()), (status, field), "{problem:?}");
            assert!(problem.message.contains(part), "{problem:?}");
        }
    }

    #[test]
    fn an_element_is_one_line_or_is_refused() {
        let joined = |elements: &[&str]| {
            lines("emails", &elements.iter().map(|element| (*element).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(joined(&["a@x.org", "user:1"]).unwrap(), "a@x.org\nuser:1");
        assert_eq!(joined(&[]).unwrap(), "");
        for bad in
            ["a@x.org\nb@x.org", "a@x.org\r", "a@x.org,b@x.org", "a@x.org;", "a\t", "a\u{85}b", "", " "]
        {
            let error = joined(&["c@x.org", bad]).unwrap_err();
            assert_eq!(error.field(), Some("emails"), "{bad:?}");
            assert!(error.to_string().starts_with("Element 2 "), "{error}");
        }
    }

    #[test]
    fn the_query_holds_what_the_operation_knows_and_holds_it_once() {
        const PARAMETERS: &[Parameter] = &[Parameter { name: "text", description: "Part of the name." }];
        let values = Values::new(BTreeMap::new(), Some("text=a%20b"), PARAMETERS).unwrap();
        assert_eq!(values.query["text"], "a b");
        for (query, field) in [("txt=a", "txt"), ("text=a&text=b", "text"), ("text=a&x", "x")] {
            let problem = Values::new(BTreeMap::new(), Some(query), PARAMETERS).err().unwrap();
            assert_eq!((problem.status.as_u16(), problem.field.as_deref()), (422, Some(field)));
        }
        assert!(Values::new(BTreeMap::new(), Some("after=1"), &[]).is_err());
        assert!(Values::new(BTreeMap::new(), None, &[]).is_ok());
    }
}
