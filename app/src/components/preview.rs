//! The page before something is changed that others hold: what it would do to whom, and the form that does it. The change
//! is not made here, and what it would do was found out before.

use domain::views::Effects;
use leptos::prelude::*;

use super::{
    effects::effects,
    field::Field,
    form::{FormState, hidden},
};

/// A change that is about to be made.
pub(crate) struct Preview {
    /// Where the form is sent.
    pub(crate) action: &'static str,
    /// Values that say what is changed.
    pub(crate) hidden: Vec<(&'static str, String)>,
    /// What will be done, in a sentence.
    pub(crate) sentence: String,
    /// What more there is to know.
    pub(crate) note: Option<&'static str>,
    /// `Remove member`.
    pub(crate) verb: &'static str,
    /// It takes something away.
    pub(crate) is_danger: bool,
    /// What has to be typed to confirm, and what that is; none if the button is enough.
    pub(crate) confirmation: Option<(&'static str, String)>,
    /// Where those go on who think better of it.
    pub(crate) back: String,
}

impl Preview {
    /// Draws it.
    pub(crate) fn view(self, would: Effects) -> AnyView {
        self.view_with((), would)
    }

    /// Draws it with more behind the sentence.
    pub(crate) fn view_with(self, more: impl IntoView + 'static, would: Effects) -> AnyView {
        let form = FormState::of(self.action);
        let pairs: Vec<(&str, &str)> =
            self.hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let class = if self.is_danger { "button button-danger" } else { "button button-primary" };
        let field = self.confirmation.map(|(label, text)| Field {
            name: "confirmation",
            label,
            hint: Some(format!("Type {text} to confirm.")),
            is_code: true,
            ..Field::default()
        });
        let shown: &[&str] = if field.is_some() { &["confirmation"] } else { &[] };
        view! {
            <p class="preview-sentence">{self.sentence} {more}</p>
            {self.note.map(|note| view! { <p class="muted">{note}</p> })}
            {effects(would)}
            <form method="post" action=self.action class="form form-narrow">
                {hidden(&pairs)} {form.error(shown)} {field.map(|field| field.view(&form))}
                <div class="form-actions">
                    <button class=class>{self.verb}</button>
                    <a class="button" href=self.back>"Cancel"</a>
                </div>
            </form>
        }
        .into_any()
    }
}

#[cfg(test)]
mod tests {
    use leptos::reactive::owner::Owner;

    use super::*;

    #[test]
    fn a_preview_says_what_is_done_and_sends_what_it_says() {
        let owner = Owner::new();
        let preview = |confirmation| Preview {
            action: "/api/groups/delete",
            hidden: vec![("group", "7".into())],
            sentence: "The group Night shift is deleted.".into(),
            note: None,
            verb: "Delete group",
            is_danger: true,
            confirmation,
            back: "/back".into(),
        };
        let html = owner.with(|| preview(None).view(Effects::default()).to_html());
        assert!(html.contains("method=\"post\" action=\"/api/groups/delete\""), "{html}");
        assert!(html.contains("name=\"group\" value=\"7\"") && html.contains("href=\"/back\""), "{html}");
        assert!(!html.contains("name=\"confirmation\""), "{html}");
        let named = Some(("Name", "Night shift".to_owned()));
        let html = owner.with(|| preview(named).view(Effects::default()).to_html());
        assert!(
            html.contains("name=\"confirmation\"") && html.contains("Type Night shift to confirm."),
            "{html}"
        );
    }
}
