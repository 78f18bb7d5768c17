//! Something that is on or off, with what that means. A browser sends nothing of one that is off.

use leptos::prelude::*;

use super::{
    form::FormState,
    icons::{Icon, icon},
};

/// A switch.
pub(crate) struct Switch {
    /// Name in the form and in the input of the operation.
    pub(crate) name: &'static str,
    /// What people read.
    pub(crate) label: &'static str,
    /// What on and off do.
    pub(crate) hint: String,
    /// Whether it is on at first.
    pub(crate) is_on: bool,
}

impl Switch {
    /// Draws it.
    pub(crate) fn view(self, form: &FormState) -> AnyView {
        let id = form.id(self.name);
        let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
        let reason = form.reason(self.name);
        let described = reason.as_ref().map_or_else(|| hint_id.clone(), |_| format!("{hint_id} {error_id}"));
        let is_refused = reason.is_some();
        let is_on = match form.is_filled() {
            true => form.value(self.name).is_some(),
            false => self.is_on,
        };
        view! {
            <div class="field" class:is-refused=is_refused>
                <label class="check">
                    <input
                        type="checkbox"
                        id=id
                        name=self.name
                        value="true"
                        checked=is_on
                        aria-invalid=is_refused.then_some("true")
                        aria-describedby=described
                    />
                    {self.label}
                </label>
                <p class="hint" id=hint_id>{self.hint}</p>
                {reason
                    .map(|reason| view! { <p class="field-error" id=error_id>{icon(Icon::Warning)} <span>{reason}</span></p> })}
            </div>
        }
        .into_any()
    }
}
