//! The form of who comes through an identity provider as texts, whatever that speaks. Draws nothing.

use domain::{
    errors::Error,
    identity_providers::{AttributeMapping, MappedGroup, Preset, ProviderSettings, SecondFactorRule},
    ids::GroupId,
};

use super::inputs::Values;
use crate::context::Posted;

/// Rows for mapped groups that are empty at first, and how many more there are to have.
pub(super) const ROWS: usize = 3;
/// Rows that are read, at most: those that can be mapped, and empty ones between them.
const ROWS_MAX: usize = 600;
/// Where the number of rows is kept.
pub(super) const ROW_COUNT: &str = "rows";

/// The name of the field with what the identity provider calls a group.
pub(super) fn group_value(row: usize) -> String {
    format!("value_{row}")
}

/// The name of the field with the group here.
pub(super) fn group_id(row: usize) -> String {
    format!("group_{row}")
}

/// What both protocols have.
pub(super) fn put_people(values: &mut Values, settings: &ProviderSettings) {
    for (name, value) in [
        ("preset", settings.preset().to_string()),
        ("second_factor", settings.second_factor().to_string()),
        (
            "session_seconds",
            settings.session_seconds().map(|seconds| seconds.to_string()).unwrap_or_default(),
        ),
        ("group_id", settings.group_id().map(|id| id.to_string()).unwrap_or_default()),
        (ROW_COUNT, (settings.groups().len() + ROWS).to_string()),
    ] {
        values.insert(name.into(), value);
    }
    put_mapping(values, settings.mapping());
    for (row, mapped) in settings.groups().iter().enumerate() {
        values.insert(group_value(row), mapped.value.clone());
        values.insert(group_id(row), mapped.group_id.to_string());
    }
    if settings.creates_members() {
        values.insert("creates_members".into(), "true".into());
    }
}

/// Puts the names of attributes into the form.
pub(super) fn put_mapping(values: &mut Values, mapping: &AttributeMapping) {
    for (name, value) in [
        ("mapping.identity", &mapping.identity),
        ("mapping.email", &mapping.email),
        ("mapping.first_name", &mapping.first_name),
        ("mapping.last_name", &mapping.last_name),
        ("mapping.real_name", &mapping.real_name),
        ("mapping.groups", &mapping.groups),
    ] {
        values.insert(name.into(), value.clone());
    }
}

/// What both protocols ask for.
pub(super) struct People {
    pub(super) preset: Preset,
    pub(super) second_factor: SecondFactorRule,
    pub(super) mapping: AttributeMapping,
    pub(super) creates_members: bool,
    pub(super) groups: Vec<MappedGroup>,
    pub(super) group_id: Option<GroupId>,
    pub(super) session_seconds: Option<i64>,
}

impl People {
    /// As the form asks for it.
    pub(super) fn read(sent: &Posted) -> Result<Self, Error> {
        let choice = |field: &str| Error::invalid(field, "Choose one of the list.");
        let seconds = match sent.value("session_seconds").as_str() {
            "" => None,
            text => Some(text.parse().map_err(|_| choice("session_seconds"))?),
        };
        let group_id = match sent.value("group_id").as_str() {
            "" => None,
            id => Some(id.parse().map_err(|_| choice("group_id"))?),
        };
        Ok(Self {
            preset: sent.value("preset").parse().map_err(|_| choice("preset"))?,
            second_factor: sent.value("second_factor").parse().map_err(|_| choice("second_factor"))?,
            mapping: mapping(sent),
            creates_members: sent.value("creates_members") == "true",
            groups: groups(sent)?,
            group_id,
            session_seconds: seconds,
        })
    }
}

fn mapping(sent: &Posted) -> AttributeMapping {
    AttributeMapping {
        identity: sent.value("mapping.identity"),
        email: sent.value("mapping.email"),
        first_name: sent.value("mapping.first_name"),
        last_name: sent.value("mapping.last_name"),
        real_name: sent.value("mapping.real_name"),
        groups: sent.value("mapping.groups"),
    }
}

/// How many rows of mapped groups the form has.
pub(super) fn rows(count: &str) -> usize {
    count.parse().unwrap_or(ROWS).clamp(ROWS, ROWS_MAX)
}

/// The mapped groups; rows without anything in them are none.
fn groups(sent: &Posted) -> Result<Vec<MappedGroup>, Error> {
    let mut groups = Vec::new();
    for row in 0..rows(&sent.value(ROW_COUNT)) {
        let (value, id) = (sent.value(&group_value(row)), sent.value(&group_id(row)));
        let value = value.trim();
        match (value.is_empty(), id.parse()) {
            (true, Err(_)) => {}
            (false, Ok(group_id)) => groups.push(MappedGroup { value: value.to_owned(), group_id }),
            (true, Ok(_)) => {
                let reason = "Enter what the identity provider calls this group.";
                return Err(Error::invalid(&group_value(row), reason));
            }
            (false, Err(_)) => {
                let reason = format!("Choose the group here that {value} stands for.");
                return Err(Error::invalid(&group_id(row), reason));
            }
        }
    }
    Ok(groups)
}
