//! One labelled field of a form in which something is chosen from a list. A list that is too long for that is not
//! offered here: what is already chosen is always among it.

use leptos::prelude::*;

use super::{field::Label, form::FormState};

/// A choice; what is left out has the usual value.
#[derive(Default)]
pub(crate) struct Select {
    /// Name in the form and in the input of the operation.
    pub(crate) name: &'static str,
    /// What people read.
    pub(crate) label: &'static str,
    /// What to choose, if the label does not say it all.
    pub(crate) hint: Option<String>,
    /// What can be chosen.
    pub(crate) groups: Vec<Group>,
    /// What is chosen at first.
    pub(crate) value: Option<String>,
    /// What stands there while nothing is chosen; without it the first is.
    pub(crate) nothing: Option<&'static str>,
    /// Nothing may be chosen.
    pub(crate) is_optional: bool,
    /// It or the field beside it is filled in: neither is needed, and nor is it optional.
    pub(crate) is_either: bool,
}

/// Choices under one heading.
pub(crate) struct Group {
    /// The heading; none for choices that stand above all headings.
    pub(crate) heading: Option<&'static str>,
    /// What is sent, and what people read.
    pub(crate) choices: Vec<(String, String)>,
}

impl Select {
    /// Draws it.
    pub(crate) fn view(self, form: &FormState) -> AnyView {
        let label =
            Label { name: self.name, label: self.label, hint: self.hint, is_optional: self.is_optional };
        label.around(form, |control| {
            let chosen = control.value.or(self.value).unwrap_or_default();
            let nothing = self.nothing.map(|text| {
                view! { <option value="" selected=chosen.is_empty()>{text}</option> }
            });
            let groups = self.groups.into_iter().map(|group| group.view(&chosen)).collect_view();
            view! {
                <select
                    id=control.id
                    name=self.name
                    required=!(self.is_optional || self.is_either || form.is_search())
                    autocomplete="off"
                    autofocus=control.is_refused
                    aria-invalid=control.is_refused.then_some("true")
                    aria-describedby=control.described
                >
                    {nothing}
                    {groups}
                </select>
            }
            .into_any()
        })
    }
}

impl Group {
    fn view(self, chosen: &str) -> AnyView {
        let choices = self
            .choices
            .into_iter()
            .map(|(value, text)| {
                let is_chosen = value == chosen;
                view! { <option value=value selected=is_chosen>{text}</option> }
            })
            .collect_view();
        match self.heading {
            Some(heading) => view! { <optgroup label=heading>{choices}</optgroup> }.into_any(),
            None => choices.into_any(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_stays_chosen_and_nothing_else_is() {
        let select = Select {
            name: "resource",
            label: "Where",
            groups: vec![
                Group { heading: None, choices: vec![("organization".into(), "Acme".into())] },
                Group { heading: Some("Units"), choices: vec![("unit:1".into(), "<Shops>".into())] },
            ],
            value: Some("unit:1".into()),
            nothing: Some("Choose one"),
            ..Select::default()
        };
        let html = select.view(&FormState::default()).to_html();
        assert!(html.contains("<option value=\"unit:1\" selected>&lt;Shops&gt;"), "{html}");
        assert_eq!(html.matches(" selected").count(), 1, "{html}");
        assert!(html.contains("<optgroup label=\"Units\">") && html.contains("required"), "{html}");
    }
}
