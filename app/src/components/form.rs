//! A form's state after it was sent: what was typed and what was refused. The form itself is plain HTML.

use std::collections::BTreeMap;

use domain::{errors::Error, views::Flash};
use leptos::prelude::*;

use super::icons::{Icon, icon};
use crate::context::{self, Posted};

/// The form with e-mail and password.
pub(crate) const SIGN_IN: &str = "/api/sign_in";
/// How the forms begin that are about signing in and out and showing who one is: none of them is held back.
const GATES: [&str; 3] = [SIGN_IN, "/api/sign_out", "/api/step_up"];
/// Stands for the forms that narrow lists down, which are sent nowhere.
const SEARCH: &str = "search";

/// What one form has to show: nothing on a first visit.
#[derive(Clone, Debug, Default)]
pub(crate) struct FormState {
    /// Where the form is sent, as in `/api/projects/create`.
    pub(crate) action: &'static str,
    error: Option<Error>,
    values: BTreeMap<String, String>,
    /// It was held back: there is nothing wrong with it.
    is_late: bool,
}

impl FormState {
    /// The state of the form that is sent to `action`.
    pub(crate) fn of(action: &'static str) -> Self {
        Self::found(action, !action.starts_with("/api/"))
    }

    /// The same of a form that is sent to the page itself first, whatever its name.
    pub(crate) fn of_page(action: &'static str) -> Self {
        Self::found(action, true)
    }

    fn found(action: &'static str, is_sent_to_page: bool) -> Self {
        let flash = context::flash();
        // What was sent to a page itself is named after the page.
        let is_of_page = is_sent_to_page && is_own(&flash.form);
        if flash.form != action && !is_of_page {
            return Self { action, ..Self::default() };
        }
        let is_late = Self::is_held_back(&flash);
        let values = flash.values;
        let error = match is_gate(action) {
            true => flash.error,
            false => {
                let is_confirmed = context::control().is_ok_and(|ctx| ctx.is_fresh());
                flash.error.map(|error| not_done_yet(overtaken(error, &values), flash.is_cut, is_confirmed))
            }
        };
        Self { action, error, values, is_late }
    }

    /// The state of a form that was sent to its own page and refused.
    pub(crate) fn refused(action: &'static str, error: Error, sent: &Posted) -> Self {
        Self { action, error: Some(error), values: sent.joined(), is_late: false }
    }

    /// The state of a form that is shown with these values, of which none was refused.
    pub(crate) const fn filled(action: &'static str, values: BTreeMap<String, String>) -> Self {
        Self { action, error: None, values, is_late: false }
    }

    /// The state of a form that narrows a list down: what is asked for, and why it cannot be, if so.
    pub(crate) fn asked(values: &[(&str, &str)], error: Option<Error>) -> Self {
        let values = values.iter().filter(|(_, value)| !value.is_empty());
        let values = values.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { action: SEARCH, error, values, is_late: false }
    }

    /// Whether it narrows a list down: nothing has to be filled in.
    pub(crate) fn is_search(&self) -> bool {
        self.action == SEARCH
    }

    /// Whether anything is in it.
    pub(crate) fn is_filled(&self) -> bool {
        !self.values.is_empty()
    }

    /// The form of the page before, if it came back because the session had ended, or was not fresh enough.
    pub(crate) fn is_held_back(flash: &Flash) -> bool {
        matches!(flash.error, Some(Error::Unauthenticated { .. } | Error::StepUp)) && !is_gate(&flash.form)
    }

    /// Whether what was sent was refused.
    pub(crate) const fn is_refused(&self) -> bool {
        self.error.is_some()
    }

    /// Why it was refused, unless it was only held back.
    pub(crate) fn refusal(&self) -> Option<&Error> {
        self.error.as_ref().filter(|_| !self.is_late)
    }

    /// What was typed into the field.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        self.values.get(name).cloned()
    }

    /// The same with what was sent as one field in another one that was left empty: no page can choose a file for anybody.
    pub(crate) fn shown_as(mut self, from: &str, to: &str) -> Self {
        let is_free = self.values.get(to).is_none_or(|value| value.trim().is_empty());
        if let Some(value) = self.values.remove(from).filter(|_| is_free) {
            self.values.insert(to.to_owned(), value);
        }
        self
    }

    /// The same with that in a field that did not come back: it was too long to be kept. None of an empty form has.
    pub(crate) fn with_missing(mut self, name: &str, value: String) -> Self {
        if self.is_filled() {
            self.values.entry(name.to_owned()).or_insert(value);
        }
        self
    }

    /// All that was sent, with a line for each value of a field that was sent several times.
    pub(crate) fn posted(&self) -> Posted {
        let pairs = self.values.iter().flat_map(|(name, values)| match name.ends_with("[]") {
            true => values.lines().map(|value| (name.clone(), value.to_owned())).collect(),
            false => vec![(name.clone(), values.clone())],
        });
        Posted(pairs.collect())
    }

    /// What was chosen of a field that can be sent several times.
    pub(crate) fn values(&self, name: &str) -> Vec<String> {
        self.values.get(name).map(|chosen| chosen.lines().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// Why the field was refused.
    pub(crate) fn reason(&self, name: &str) -> Option<String> {
        let name = name.trim_end_matches("[]");
        self.error.as_ref().filter(|error| error.field() == Some(name)).map(ToString::to_string)
    }

    /// Whether another field was refused than this one.
    pub(crate) fn is_refused_beside(&self, name: &str) -> bool {
        let name = name.trim_end_matches("[]");
        self.error.as_ref().and_then(Error::field).is_some_and(|field| !field.is_empty() && field != name)
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
        // In a dialog the button that closes it would come first.
        let is_first = matches!(error, Error::Conflict { .. });
        let class = if self.is_late { "alert alert-warning" } else { "alert alert-bad" };
        view! {
            <p class=class role="alert" tabindex=is_first.then_some("-1") autofocus=is_first>
                {icon(Icon::Warning)} <span>{error.to_string()}</span>
            </p>
        }
        .into_any()
    }
}

/// A form that comes back with what somebody else changed meanwhile knows that change: sent again, it overwrites it.
fn overtaken(error: Error, values: &BTreeMap<String, String>) -> Error {
    match error {
        Error::Conflict { reason } if values.contains_key("generation") && reason.contains("you sent") => {
            Error::conflict(format!("{reason} Send the form again to overwrite theirs with yours."))
        }
        other => other,
    }
}

/// A form that was sent after the session had ended, or before somebody showed who they are, is shown again afterwards; also
/// to who has not shown it, but thought better of it.
fn not_done_yet(error: Error, is_cut: bool, is_confirmed: bool) -> Error {
    let (why, what) = match error {
        Error::Unauthenticated { .. } => (
            "Your session had ended, so nothing was done",
            ". What you had entered is still here: send it again.",
        ),
        Error::StepUp if is_confirmed => ("Confirmed. Nothing was done yet", ": send it again."),
        Error::StepUp => ("Nothing was done", ". What you had entered is still here."),
        other => return other,
    };
    let what = match is_cut {
        false => what,
        true => {
            ". Something that you had entered was too long to be kept: look through it all before you send it again."
        }
    };
    Error::conflict(format!("{why}{what}"))
}

fn is_gate(form: &str) -> bool {
    GATES.iter().any(|gate| form.starts_with(gate))
}

/// Whether that is the page that is asked for.
fn is_own(form: &str) -> bool {
    !form.is_empty() && context::own_address().split('?').next() == Some(form)
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
    fn a_form_is_held_back_when_the_session_had_ended_and_not_for_a_wrong_password() {
        let refused = |form: &str, error| Flash { form: form.into(), error: Some(error), ..Flash::default() };
        let ended = || Error::Unauthenticated { reason: "Sign in first.".into() };
        assert!(FormState::is_held_back(&refused("/api/projects/create", ended())));
        assert!(!FormState::is_held_back(&refused("/api/projects/create", Error::NotFound)));
        assert!(FormState::is_held_back(&refused("/api/services/delete", Error::StepUp)));
        for gate in [SIGN_IN, "/api/sign_in/code", "/api/sign_out", "/api/step_up/code"] {
            assert!(!FormState::is_held_back(&refused(gate, ended())), "{gate}");
        }
        for error in [ended(), Error::StepUp] {
            assert!(not_done_yet(error.clone(), false, true).to_string().contains("send it again"));
            assert!(not_done_yet(error, true, true).to_string().contains("look through it all"));
        }
        assert_eq!(not_done_yet(Error::NotFound, true, true), Error::NotFound);
    }

    #[test]
    fn who_confirmed_is_told_to_send_it_again_and_who_thought_better_of_it_that_nothing_was_done() {
        let said = |is_confirmed| not_done_yet(Error::StepUp, false, is_confirmed).to_string();
        assert_eq!(said(true), "Confirmed. Nothing was done yet: send it again.");
        assert_eq!(said(false), "Nothing was done. What you had entered is still here.");
        let cut = not_done_yet(Error::StepUp, true, true).to_string();
        assert!(cut.starts_with("Confirmed. Nothing was done yet. Something"), "{cut}");
    }

    #[test]
    fn who_was_overtaken_is_told_what_sending_again_does() {
        let told = Error::conflict("It is now “a”; you sent “b”.");
        let generation = BTreeMap::from([("generation".to_owned(), "3".to_owned())]);
        assert!(overtaken(told.clone(), &generation).to_string().ends_with("overwrite theirs with yours."));
        assert_eq!(overtaken(told.clone(), &BTreeMap::new()), told);
    }

    #[test]
    fn an_error_is_shown_at_its_field_or_above_the_form() {
        let form = FormState {
            action: "/api/ip_filter/add",
            error: Some(Error::invalid("cidr", "Wrong.")),
            values: BTreeMap::from([("cidr".into(), "x".into())]),
            is_late: false,
        };
        assert_eq!(form.reason("cidr").as_deref(), Some("Wrong."));
        assert_eq!(form.reason("description"), None);
        assert_eq!(form.value("cidr").as_deref(), Some("x"));
        assert_eq!(form.id("cidr"), "ip-filter-add-cidr");
        assert!(form.is_refused());
    }

    #[test]
    fn what_was_chosen_several_times_comes_back() {
        let sent = [("groups[]", "a"), ("name", "x"), ("groups[]", "b")];
        let sent = Posted(sent.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        let form = FormState::refused("/api/x", Error::NotFound, &sent);
        assert_eq!(form.values("groups[]"), ["a", "b"]);
        assert_eq!(form.value("name").as_deref(), Some("x"));
        assert!(form.values("roles[]").is_empty());
    }
}
