//! Reading the text of filters and paths (RFC 7644 sections 3.4.2.2 and 3.5.2). What a filter means is in `filters`.

use serde_json::Value;

use super::{
    fields::{Field, Named, named},
    filters::{Filter, Operator},
    refusals::{Reason, Refusal},
    schemas::{Attribute, Kind, Type, find},
};

/// Characters of a filter or path, at most.
const CHARS_MAX: usize = 4096;
/// How deep brackets may be, at most.
const DEPTH_MAX: usize = 16;
/// Comparisons of one filter, at most.
const TERMS_MAX: usize = 64;

/// What names are looked up in.
#[derive(Clone, Copy)]
enum Names {
    /// A resource.
    Resource(Kind),
    /// The values of an attribute.
    Parts(&'static Attribute),
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
    terms: usize,
}

/// Where a change is to be made.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    /// At an attribute, or those of its values that fit.
    Field(Field, Option<Filter>),
    /// In a whole extension.
    Extension(&'static str),
    /// In something of which nothing is kept.
    NotKept,
}

/// Reads a filter about resources of that kind.
pub(super) fn filter(kind: Kind, text: &str) -> Result<Filter, Refusal> {
    let mut reader = Reader::new(text)?;
    let filter = reader.any(Names::Resource(kind))?;
    reader.end()?;
    Ok(filter)
}

/// Reads the path of a change: `name`, `name.part`, `name[filter]`, `name[filter].part`, each with a schema before it or not.
pub(super) fn path(kind: Kind, text: &str) -> Result<Place, Refusal> {
    let wrong = |detail: String| Refusal::new(Reason::InvalidPath, detail);
    let mut reader = Reader::new(text.trim()).map_err(|refusal| wrong(refusal.detail))?;
    let name = reader.name();
    let field = match named(kind, name) {
        Named::Field(field) => field,
        Named::Extension(schema) if reader.rest.is_empty() => return Ok(Place::Extension(schema)),
        Named::NotKept => return Ok(Place::NotKept),
        Named::Extension(_) | Named::Nothing => {
            return Err(wrong(format!("There is no attribute {name:?}.")));
        }
    };
    if reader.rest.is_empty() {
        return Ok(Place::Field(field, None));
    }
    if !reader.takes('[') || !field.attribute.is_list || field.part.is_some() {
        return Err(wrong(format!("This path cannot be read from {:?} on.", reader.rest)));
    }
    let filter = reader.any(Names::Parts(field.attribute)).map_err(|refusal| wrong(refusal.detail))?;
    if !reader.takes(']') {
        return Err(wrong("A bracket is not closed.".into()));
    }
    let part = match reader.takes('.').then(|| reader.name()) {
        None => None,
        Some(name) => match find(field.attribute.parts, name) {
            None if super::schemas::is_not_kept(name) => return Ok(Place::NotKept),
            None => return Err(wrong(format!("There is no attribute {}.{name}.", field.attribute.name))),
            found => found,
        },
    };
    match reader.rest.is_empty() {
        true => Ok(Place::Field(Field { part, ..field }, Some(filter))),
        false => Err(wrong(format!("This path cannot be read from {:?} on.", reader.rest))),
    }
}

fn refuse<T>(detail: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(Reason::InvalidFilter, detail))
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Result<Self, Refusal> {
        if text.len() > CHARS_MAX {
            return refuse(format!("A filter or path has at most {CHARS_MAX} bytes."));
        }
        Ok(Self { rest: text, depth: 0, terms: 0 })
    }

    fn end(&mut self) -> Result<(), Refusal> {
        self.skip();
        match self.rest.is_empty() {
            true => Ok(()),
            false => refuse(format!("This filter cannot be read from {:?} on.", self.rest)),
        }
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn takes(&mut self, sign: char) -> bool {
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// A name, which may be empty.
    fn name(&mut self) -> &'a str {
        let is_part =
            |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '_' | '$' | ':' | '.');
        let end = self.rest.find(|sign| !is_part(sign)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name
    }

    /// Whether that word comes next; then it is read.
    fn word(&mut self, word: &str) -> bool {
        self.skip();
        let Some((begin, rest)) = self.rest.split_at_checked(word.len()) else { return false };
        let is_whole = rest.is_empty() || rest.starts_with([' ', '\t', '(', ')', ']']);
        let is_it = begin.eq_ignore_ascii_case(word) && is_whole;
        if is_it {
            self.rest = rest;
        }
        is_it
    }

    fn any(&mut self, names: Names) -> Result<Filter, Refusal> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return refuse(format!("Brackets go at most {DEPTH_MAX} deep."));
        }
        let mut filters = vec![self.all(names)?];
        while self.word("or") {
            filters.push(self.all(names)?);
        }
        self.depth -= 1;
        Ok(one_or(filters, Filter::Any))
    }

    fn all(&mut self, names: Names) -> Result<Filter, Refusal> {
        let mut filters = vec![self.term(names)?];
        while self.word("and") {
            filters.push(self.term(names)?);
        }
        Ok(one_or(filters, Filter::All))
    }

    fn term(&mut self, names: Names) -> Result<Filter, Refusal> {
        self.terms += 1;
        if self.terms > TERMS_MAX {
            return refuse(format!("A filter has at most {TERMS_MAX} comparisons."));
        }
        let is_negated = self.word("not");
        self.skip();
        if self.takes('(') {
            let filter = self.any(names)?;
            self.skip();
            if !self.takes(')') {
                return refuse("A bracket is not closed.");
            }
            return Ok(if is_negated { Filter::Not(Box::new(filter)) } else { filter });
        }
        if is_negated {
            return refuse("A bracket has to follow “not”.");
        }
        self.comparison(names)
    }

    fn comparison(&mut self, names: Names) -> Result<Filter, Refusal> {
        let name = self.name();
        let field = match names {
            Names::Resource(kind) => match named(kind, name) {
                Named::Field(field) => Some(field),
                _ => None,
            },
            Names::Parts(attribute) => find(attribute.parts, name).map(Field::of),
        };
        let Some(field) = field else {
            return refuse(format!("It cannot be filtered by {name:?}: nothing of that name is kept."));
        };
        if field.attribute.is_list && field.part.is_none() && self.takes('[') {
            let filter = self.any(Names::Parts(field.attribute))?;
            self.skip();
            return match self.takes(']') {
                true => Ok(Filter::Within(field, Box::new(filter))),
                false => refuse("A bracket is not closed."),
            };
        }
        self.skip();
        let word = self.name();
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Present(field));
        }
        let Some(operator) = Operator::read(word) else {
            return refuse(format!("There is no operator {word:?}: eq, ne, co, sw, ew, pr, gt, ge, lt, le."));
        };
        self.skip();
        let value = self.value()?;
        let field = comparable(field)?;
        operator.check(field.leaf(), &value)?;
        Ok(Filter::Compare(field, operator, value))
    }

    /// A value as JSON has it.
    fn value(&mut self) -> Result<Value, Refusal> {
        let end = match self.rest.strip_prefix('"') {
            None => self.rest.find([' ', '\t', ')', ']']).unwrap_or(self.rest.len()),
            Some(text) => {
                let mut is_escaped = false;
                let end = text.find(|sign| {
                    let ends = sign == '"' && !is_escaped;
                    is_escaped = sign == '\\' && !is_escaped;
                    ends
                });
                // Both quotation marks.
                end.map_or(self.rest.len(), |end| end + 2)
            }
        };
        let (value, rest) = self.rest.split_at(end);
        self.rest = rest;
        match serde_json::from_str(value) {
            Ok(Value::Array(_) | Value::Object(_)) | Err(_) => {
                refuse(format!("{value:?} is no value: texts are in quotation marks."))
            }
            Ok(value) => Ok(value),
        }
    }
}

/// What is compared of a field: of a list of objects their `value`.
fn comparable(field: Field) -> Result<Field, Refusal> {
    if field.leaf().kind != Type::Complex {
        return Ok(field);
    }
    match find(field.attribute.parts, "value") {
        Some(part) if field.part.is_none() => Ok(Field { part: Some(part), ..field }),
        _ => refuse(format!("Compare a part of {}, and not all of it.", field.attribute.name)),
    }
}

fn one_or(mut filters: Vec<Filter>, several: impl FnOnce(Vec<Filter>) -> Filter) -> Filter {
    match (filters.len(), filters.pop()) {
        (1, Some(filter)) => filter,
        (_, last) => {
            filters.extend(last);
            several(filters)
        }
    }
}
