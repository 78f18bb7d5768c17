//! One labelled field of a form with its hint, what was typed, and why it was refused.

use leptos::prelude::*;

use super::{
    form::FormState,
    icons::{Icon, icon},
};

/// How many times what is taken can be typed: the browser cuts off the rest without a word.
const SLACK: u32 = 8;

/// A text field; what is left out has the usual value.
#[derive(Default)]
pub(crate) struct Field {
    /// Name in the form and in the input of the operation.
    pub(crate) name: &'static str,
    /// What people read.
    pub(crate) label: &'static str,
    /// What to enter, if the label does not say it all.
    pub(crate) hint: Option<String>,
    /// HTML's type; `text` if empty.
    pub(crate) kind: &'static str,
    /// HTML's autocomplete token.
    pub(crate) autocomplete: Option<&'static str>,
    /// What stands in it at first.
    pub(crate) value: Option<String>,
    /// It may stay empty.
    pub(crate) is_optional: bool,
    /// It or the field beside it is filled in: neither is needed, and nor is it optional.
    pub(crate) is_either: bool,
    /// The cursor starts here (it always does in a refused field).
    pub(crate) has_focus: bool,
    /// Most characters that are taken. The browser stops people much later, so that they see why it is refused.
    pub(crate) max: Option<u32>,
    /// The browser stops people there: what comes of it is made before anybody sees why it is refused.
    pub(crate) stops_at_max: bool,
    /// Fewest characters.
    pub(crate) min: Option<u32>,
    /// HTML's inputmode: which keyboard a phone shows.
    pub(crate) inputmode: Option<&'static str>,
    /// Names and addresses: a monospaced face, no spelling and no capitals.
    pub(crate) is_code: bool,
}

impl Field {
    /// Draws it.
    pub(crate) fn view(self, form: &FormState) -> AnyView {
        let label =
            Label { name: self.name, label: self.label, hint: self.hint, is_optional: self.is_optional };
        let kind = if self.kind.is_empty() { "text" } else { self.kind };
        let slack = if self.stops_at_max { 1 } else { SLACK };
        // What was refused is looked at first, whatever the cursor would start in.
        let has_focus = self.has_focus && !form.is_refused_beside(self.name);
        label.around(form, |control| {
            view! {
                <input
                    id=control.id
                    name=self.name
                    type=kind
                    class:code=self.is_code
                    value=control.value.or(self.value)
                    required=!(self.is_optional || self.is_either || form.is_search())
                    maxlength=self.max.map(|max| max.saturating_mul(slack))
                    minlength=self.min
                    autocomplete=self.autocomplete.unwrap_or("off")
                    inputmode=self.inputmode
                    autocapitalize=self.is_code.then_some("none")
                    spellcheck=self.is_code.then_some("false")
                    autofocus=has_focus || control.is_refused
                    aria-invalid=control.is_refused.then_some("true")
                    aria-describedby=control.described
                />
            }
            .into_any()
        })
    }
}

/// What stands around every field, whatever it is made of: its label and hint, and why it was refused.
pub(crate) struct Label {
    /// Name in the form and in the input of the operation.
    pub(crate) name: &'static str,
    /// What people read.
    pub(crate) label: &'static str,
    /// What to enter, if the label does not say it all.
    pub(crate) hint: Option<String>,
    /// It may stay empty.
    pub(crate) is_optional: bool,
}

/// What the element that is typed into or chosen from needs to know of its form.
pub(crate) struct Control {
    /// Its id.
    pub(crate) id: String,
    /// What was sent before.
    pub(crate) value: Option<String>,
    /// Ids of what describes it.
    pub(crate) described: Option<String>,
    /// What was sent was refused.
    pub(crate) is_refused: bool,
}

impl Label {
    /// Draws it around the element that `control` makes.
    pub(crate) fn around(self, form: &FormState, control: impl FnOnce(Control) -> AnyView) -> AnyView {
        let id = form.id(self.name);
        let reason = form.reason(self.name);
        let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
        let described: Vec<&str> =
            [self.hint.as_ref().map(|_| hint_id.as_str()), reason.as_ref().map(|_| error_id.as_str())]
                .into_iter()
                .flatten()
                .collect();
        let described = (!described.is_empty()).then(|| described.join(" "));
        let (is_refused, label_for) = (reason.is_some(), id.clone());
        let control = control(Control { id, value: form.value(self.name), described, is_refused });
        view! {
            <div class="field" class:is-refused=is_refused>
                <label for=label_for>
                    {self.label} {(self.is_optional && !form.is_search()).then(|| view! { <span class="muted">" (optional)"</span> })}
                </label>
                {self.hint.map(|hint| view! { <p class="hint" id=hint_id.clone()>{hint}</p> })} {control}
                {reason
                    .map(|reason| {
                        view! { <p class="field-error" id=error_id.clone()>{icon(Icon::Warning)} <span>{reason}</span></p> }
                    })}
            </div>
        }
        .into_any()
    }
}

#[cfg(test)]
mod tests {
    use domain::errors::Error;

    use super::*;
    use crate::context::Posted;

    #[test]
    fn the_cursor_starts_in_the_field_that_was_refused() {
        let field = |name| Field { name, label: "Field", has_focus: name == "first", ..Field::default() };
        let html = |error: Option<Error>| {
            let form = match error {
                Some(error) => FormState::refused("/api/x", error, &Posted([].into())),
                None => FormState::default(),
            };
            ["first", "second"].map(|name| field(name).view(&form).to_html().contains("autofocus"))
        };
        assert_eq!(html(None), [true, false]);
        assert_eq!(html(Some(Error::invalid("first", "Wrong."))), [true, false]);
        assert_eq!(html(Some(Error::invalid("second", "Wrong."))), [false, true]);
        assert_eq!(html(Some(Error::NotFound)), [true, false]);
    }

    #[test]
    fn what_is_too_long_arrives_too_long() {
        let field = Field { name: "name", label: "Name", max: Some(63), ..Field::default() };
        let html = field.view(&FormState::default()).to_html();
        assert!(html.contains("maxlength=\"504\""), "{html}");
        let field =
            Field { name: "name", label: "Name", max: Some(63), stops_at_max: true, ..Field::default() };
        let html = field.view(&FormState::default()).to_html();
        assert!(html.contains("maxlength=\"63\""), "{html}");
        let html =
            Field { name: "name", label: "Name", ..Field::default() }.view(&FormState::default()).to_html();
        assert!(!html.contains("maxlength"), "{html}");
    }
}
