//! One labelled field of a form for a text of several lines.

use leptos::prelude::*;

use super::{field::Label, form::FormState};

/// A field of several lines; what is left out has the usual value.
#[derive(Default)]
pub(crate) struct TextArea {
    /// Name in the form and in the input of the operation.
    pub(crate) name: &'static str,
    /// What people read.
    pub(crate) label: &'static str,
    /// What to enter, if the label does not say it all.
    pub(crate) hint: Option<String>,
    /// What stands in it at first.
    pub(crate) value: Option<String>,
    /// Lines that are shown at once.
    pub(crate) rows: u32,
    /// It may stay empty.
    pub(crate) is_optional: bool,
    /// It may stay empty for now: neither is it needed, nor is it optional.
    pub(crate) is_either: bool,
    /// Names and addresses: a monospaced face, no spelling and no capitals.
    pub(crate) is_code: bool,
}

impl TextArea {
    /// Draws it.
    pub(crate) fn view(self, form: &FormState) -> AnyView {
        let label =
            Label { name: self.name, label: self.label, hint: self.hint, is_optional: self.is_optional };
        label.around(form, |control| {
            let text = escaped(&control.value.or(self.value).unwrap_or_default());
            view! {
                <textarea
                    id=control.id
                    name=self.name
                    rows=self.rows
                    class:code=self.is_code
                    required=!(self.is_optional || self.is_either)
                    autocomplete="off"
                    autocapitalize=self.is_code.then_some("none")
                    spellcheck=self.is_code.then_some("false")
                    autofocus=control.is_refused
                    aria-invalid=control.is_refused.then_some("true")
                    aria-describedby=control.described
                    inner_html=text
                ></textarea>
            }
            .into_any()
        })
    }
}

/// A text as it stands in HTML between the tags of this element, where Leptos escapes nothing; and HTML leaves out a line
/// break right behind the first.
fn escaped(text: &str) -> String {
    format!("\n{}", text.replace('&', "&amp;").replace('<', "&lt;"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_as_it_was_and_cannot_break_out() {
        let area = |value: &str| {
            let area = TextArea {
                name: "members",
                label: "Members",
                value: Some(value.into()),
                ..TextArea::default()
            };
            area.view(&FormState::default()).to_html()
        };
        let html = area("\na@b.c &amp;\n</textarea><script>");
        assert!(html.contains(">\n\na@b.c &amp;amp;\n&lt;/textarea>&lt;script></textarea>"), "{html}");
    }
}
