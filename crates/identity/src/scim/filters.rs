//! Filters (RFC 7644 section 3.4.2.2): which resources they mean. Reads no text; that is in `parsing`.

use domain::timestamps::Timestamp;
use serde_json::{Map, Value};

use super::{
    fields::Field,
    parsing,
    refusals::{Reason, Refusal},
    schemas::{Attribute, Kind, Type},
};

/// A filter that was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// All of these.
    All(Vec<Self>),
    /// Any of these.
    Any(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// There is a value.
    Present(Field),
    /// One of the values compares so.
    Compare(Field, Operator, Value),
    /// One of the values is such that this fits it.
    Within(Field, Box<Self>),
}

/// How values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
}

impl Operator {
    /// The operator of that name.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        const ALL: [(&str, Operator); 9] = [
            ("eq", Operator::Eq),
            ("ne", Operator::Ne),
            ("co", Operator::Co),
            ("sw", Operator::Sw),
            ("ew", Operator::Ew),
            ("gt", Operator::Gt),
            ("ge", Operator::Ge),
            ("lt", Operator::Lt),
            ("le", Operator::Le),
        ];
        ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, operator)| *operator)
    }

    /// Whether values of the attribute can be compared so with that one.
    pub(super) fn check(self, attribute: &Attribute, value: &Value) -> Result<(), Refusal> {
        let refuse = |detail: String| Err(Refusal::new(Reason::InvalidFilter, detail));
        let name = attribute.name;
        let is_equality = matches!(self, Self::Eq | Self::Ne);
        match (attribute.kind, value) {
            (_, Value::Null) if is_equality => Ok(()),
            (Type::Boolean, _) if !is_equality => {
                refuse(format!("{name} is true or false: it is compared with eq and ne."))
            }
            (Type::Boolean, value) if boolean(value).is_none() => refuse(format!("{name} is true or false.")),
            (Type::Boolean, _) => Ok(()),
            (Type::Instant, Value::String(text)) => match Timestamp::from_rfc3339(text) {
                _ if matches!(self, Self::Co | Self::Sw | Self::Ew) => Ok(()),
                Some(_) => Ok(()),
                None => refuse(format!("{name} is an instant like 2026-11-28T12:00:00Z.")),
            },
            (_, Value::String(_)) => Ok(()),
            _ => refuse(format!("{name} is a text: its values are in quotation marks.")),
        }
    }

    fn holds(self, attribute: &Attribute, value: &Value, wanted: &Value) -> bool {
        if attribute.kind == Type::Boolean {
            return (boolean(value) == boolean(wanted)) == (self == Self::Eq);
        }
        let (Some(value), Some(wanted)) = (value.as_str(), wanted.as_str()) else {
            return self == Self::Ne;
        };
        let ordering = match attribute.kind {
            Type::Instant => {
                let instant = |text| Timestamp::from_rfc3339(text).map(Timestamp::micros);
                instant(value).cmp(&instant(wanted))
            }
            _ => folded(attribute, value).cmp(&folded(attribute, wanted)),
        };
        match self {
            Self::Eq => ordering.is_eq(),
            Self::Ne => ordering.is_ne(),
            Self::Gt => ordering.is_gt(),
            Self::Ge => ordering.is_ge(),
            Self::Lt => ordering.is_lt(),
            Self::Le => ordering.is_le(),
            Self::Co => folded(attribute, value).contains(&folded(attribute, wanted)),
            Self::Sw => folded(attribute, value).starts_with(&folded(attribute, wanted)),
            Self::Ew => folded(attribute, value).ends_with(&folded(attribute, wanted)),
        }
    }
}

fn folded(attribute: &Attribute, text: &str) -> String {
    if attribute.is_exact { text.to_owned() } else { text.to_lowercase() }
}

/// A value that says yes or no: some products send it as a text.
#[must_use]
pub fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

impl Filter {
    /// Reads a filter about resources of that kind.
    ///
    /// # Errors
    /// [`Reason::InvalidFilter`], saying where it cannot be read, or what nothing is kept of.
    pub fn read(kind: Kind, text: &str) -> Result<Self, Refusal> {
        parsing::filter(kind, text)
    }

    /// Whether it fits a resource, or a value of a list.
    #[must_use]
    pub fn fits(&self, object: &Map<String, Value>) -> bool {
        match self {
            Self::All(filters) => filters.iter().all(|filter| filter.fits(object)),
            Self::Any(filters) => filters.iter().any(|filter| filter.fits(object)),
            Self::Not(filter) => !filter.fits(object),
            Self::Present(field) => field.values(object).into_iter().any(is_something),
            Self::Compare(field, operator, wanted) => {
                let values = field.values(object);
                match (wanted, operator) {
                    (Value::Null, Operator::Eq) => !values.into_iter().any(is_something),
                    (Value::Null, _) => values.into_iter().any(is_something),
                    // None of them is it, also where there is none.
                    (_, Operator::Ne) => {
                        values.iter().all(|value| Operator::Ne.holds(field.leaf(), value, wanted))
                    }
                    _ => values.iter().any(|value| operator.holds(field.leaf(), value, wanted)),
                }
            }
            Self::Within(field, filter) => field
                .values(object)
                .into_iter()
                .filter_map(Value::as_object)
                .any(|element| filter.fits(element)),
        }
    }

    /// The value that an attribute must equal for the filter to fit, if it must equal one.
    #[must_use]
    pub fn pinned(&self, name: &str) -> Option<&str> {
        match self {
            Self::Compare(field, Operator::Eq, Value::String(value)) => {
                let is_it = field.extension.is_none() && field.part.is_none() && field.attribute.name == name;
                is_it.then_some(value.as_str())
            }
            Self::All(filters) => filters.iter().find_map(|filter| filter.pinned(name)),
            _ => None,
        }
    }

    /// Whether it asks for an attribute anywhere.
    #[must_use]
    pub fn asks_for(&self, name: &str) -> bool {
        match self {
            Self::All(filters) | Self::Any(filters) => filters.iter().any(|filter| filter.asks_for(name)),
            Self::Not(filter) => filter.asks_for(name),
            Self::Present(field) | Self::Compare(field, ..) | Self::Within(field, _) => {
                field.attribute.name == name
            }
        }
    }

    /// What the values of a list must be for the filter to fit, where it says so alone by equalities: what a new value is made of.
    #[must_use]
    pub(super) fn described(&self) -> Option<Map<String, Value>> {
        match self {
            Self::Compare(field, Operator::Eq, value) => {
                Some(Map::from_iter([(field.attribute.name.to_owned(), value.clone())]))
            }
            Self::All(filters) => filters.iter().map(Self::described).try_fold(Map::new(), |mut all, one| {
                all.extend(one?);
                Some(all)
            }),
            _ => None,
        }
    }
}

fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests;
