//! The form before something goes for good: it names what goes and asks for the name to be typed.

use leptos::prelude::*;

use super::{
    dialog::{dialog, open_button},
    field::Field,
    form::{FormState, hidden},
};

/// What is about to go.
pub(crate) struct Confirm {
    /// Id of the dialog.
    pub(crate) id: &'static str,
    /// Where the form is sent.
    pub(crate) action: &'static str,
    /// Values that say which one.
    pub(crate) hidden: Vec<(&'static str, String)>,
    /// The name to type.
    pub(crate) name: String,
    /// `Delete service`.
    pub(crate) verb: &'static str,
    /// What goes, one line each.
    pub(crate) goes: Vec<String>,
    /// What stays on record, and where.
    pub(crate) stays: Option<&'static str>,
    /// Why it cannot go now, if so.
    pub(crate) obstacle: Option<String>,
}

impl Confirm {
    /// The section with the button and the dialog.
    pub(crate) fn view(self) -> AnyView {
        let form = FormState::of(self.action);
        let title = format!("{} {}?", self.verb, self.name);
        let goes = self.goes.iter().map(|line| view! { <li>{line.clone()}</li> }).collect_view();
        let summary = self.goes.join(" ");
        let pairs: Vec<(&str, &str)> =
            self.hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let field = Field {
            name: "confirmation",
            label: "Name",
            hint: Some(format!("Type {} to confirm.", self.name)),
            is_code: true,
            has_focus: true,
            ..Field::default()
        };
        let body = view! {
            <form method="post" action=self.action class="form">
                {hidden(&pairs)} <p>"This cannot be undone. What goes:"</p> <ul class="goes">{goes}</ul>
                {self.stays.map(|stays| view! { <p class="muted">{stays}</p> })}
                {form.error(&["confirmation"])} {field.view(&form)}
                <div class="form-actions">
                    <button class="button button-danger">{self.verb}</button>
                    <button type="button" class="button" commandfor=self.id command="close">
                        "Cancel"
                    </button>
                </div>
            </form>
        };
        let action = match self.obstacle {
            Some(obstacle) => view! { <p class="muted">{obstacle}</p> }.into_any(),
            None => open_button(self.id, "button button-danger", format!("{}…", self.verb)).into_any(),
        };
        view! {
            <section class="card danger" aria-labelledby=format!("{}-heading", self.id)>
                <div>
                    <h2 id=format!("{}-heading", self.id)>{self.verb}</h2>
                    <p>{summary}</p>
                </div>
                {action}
            </section>
            {dialog(self.id, title, form.is_refused(), body.into_any())}
        }
        .into_any()
    }
}
