//! A form's state after it was sent: what was typed and what was refused. The form itself is plain HTML.

use std::collections::BTreeMap;

use domain::errors::Error;
use leptos::prelude::*;

use super::icons::{Icon, icon};
use crate::context;

/// What one form has to show: nothing on a first visit.
#[derive(Clone, Debug, Default)]
pub(crate) struct FormState {
    /// Where the form is sent, as in `/api/projects/create`.
    pub(crate) action: &'static str,
    error: Option<Error>,
    values: BTreeMap<String, String>,
}

impl FormState {
    /// The state of the form that is sent to `action`.
    pub(crate) fn of(action: &'static str) -> Self {
        let flash = context::flash();
        if flash.form != action {
            return Self { action, ..Self::default() };
        }
        Self { action, error: flash.error, values: flash.values }
    }

    /// Whether what was sent was refused.
    pub(crate) const fn is_refused(&self) -> bool {
        self.error.is_some()
    }

    /// What was typed into the field.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        self.values.get(name).cloned()
    }

    /// Why the field was refused.
    pub(crate) fn reason(&self, name: &str) -> Option<String> {
        self.error.as_ref().filter(|error| error.field() == Some(name)).map(ToString::to_string)
    }

    /// The id of a field's element, unique on the page.
    pub(crate) fn id(&self, name: &str) -> String {
        format!("{}-{name}", self.action.trim_start_matches("/api/").replace(['/', '_'], "-"))
    }

    /// The refusal that belongs to none of the fields the form shows.
    pub(crate) fn error(&self, shown: &[&str]) -> AnyView {
        let Some(error) =
            self.error.as_ref().filter(|error| !error.field().is_some_and(|name| shown.contains(&name)))
        else {
            return ().into_any();
        };
        view! { <p class="alert alert-bad" role="alert">{icon(Icon::Warning)} <span>{error.to_string()}</span></p> }
            .into_any()
    }
}

/// Values that the form sends without showing them.
pub(crate) fn hidden(pairs: &[(&'static str, &str)]) -> AnyView {
    pairs
        .iter()
        .map(|(name, value)| view! { <input type="hidden" name=*name value=(*value).to_owned() /> })
        .collect_view()
        .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_shown_at_its_field_or_above_the_form() {
        let form = FormState {
            action: "/api/ip_filter/add",
            error: Some(Error::invalid("cidr", "Wrong.")),
            values: BTreeMap::from([("cidr".into(), "x".into())]),
        };
        assert_eq!(form.reason("cidr").as_deref(), Some("Wrong."));
        assert_eq!(form.reason("description"), None);
        assert_eq!(form.value("cidr").as_deref(), Some("x"));
        assert_eq!(form.id("cidr"), "ip-filter-add-cidr");
        assert!(form.is_refused());
    }
}
