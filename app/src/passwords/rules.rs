//! What is said of a new password while somebody types it: rule by rule, as the server judges it. Without script there is
//! nothing of it, and the form says what is wrong once it is sent.

use domain::views::PasswordRule;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::components::icons::{Icon, icon};

/// For whom it is judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Judge {
    /// Who is signed in.
    Own,
    /// Whose mailed link the form holds.
    Link,
    /// Who joins by the invitation that the form holds.
    Invitation,
    /// Who sets the installation up: what they type beside it counts.
    SetUp,
}

/// The rules, below the password that is typed into the element `field`. The server is asked once somebody pauses.
#[island]
pub fn PasswordRules(
    /// Id of the field.
    field: String,
    /// For whom.
    judge: Judge,
) -> impl IntoView {
    let rules = RwSignal::new(Vec::<PasswordRule>::new());
    let is_stale = RwSignal::new(false);
    #[cfg(feature = "hydrate")]
    typing::follow(field, judge, rules, is_stale);
    #[cfg(not(feature = "hydrate"))]
    let _ = (field, judge);
    view! {
        <ul class="password-rules" class:is-stale=move || is_stale.get() hidden=move || rules.with(Vec::is_empty)>
            {move || rules.get().into_iter().map(line).collect_view()}
        </ul>
        // Not the whole list each time: who hears the page learns the first thing to do.
        <p class="visually-hidden" role="status" aria-live="polite">
            {move || rules.with(|rules| said(rules))}
        </p>
    }
}

fn line(rule: PasswordRule) -> AnyView {
    let (class, symbol, word) = match rule.is_met {
        true => ("is-met", Icon::Done, "Met: "),
        false => ("is-unmet", Icon::Close, "Not met: "),
    };
    view! {
        <li class=class>
            {icon(symbol)} <span><span class="visually-hidden">{word}</span> {rule.sentence}</span>
        </li>
    }
    .into_any()
}

/// The first thing to do, or that there is nothing left to do.
fn said(rules: &[PasswordRule]) -> String {
    match rules.iter().find(|rule| !rule.is_met) {
        Some(rule) => rule.sentence.clone(),
        None if rules.is_empty() => String::new(),
        None => "The password meets every rule.".to_owned(),
    }
}

#[cfg(feature = "hydrate")]
mod typing {
    use std::{cell::Cell, rc::Rc};

    use domain::views::PasswordRule;
    use leptos::prelude::*;
    use wasm_bindgen::{JsCast as _, closure::Closure};
    use web_sys::HtmlInputElement;

    use super::Judge;
    use crate::{
        errors::AppError,
        invitations::api::judge_joining_password,
        passwords::api::{judge_own_password, judge_password, judge_password_by_link},
    };

    /// How long nobody types before the server is asked.
    const PAUSE_MILLIS: u32 = 400;

    struct Typing {
        /// Id of the field.
        field: String,
        judge: Judge,
        rules: RwSignal<Vec<PasswordRule>>,
        is_stale: RwSignal<bool>,
        /// Counts what was typed: only what is said of the last counts.
        typed: Cell<u32>,
    }

    /// Keeps `rules` up to date from now on.
    pub(super) fn follow(
        field: String,
        judge: Judge,
        rules: RwSignal<Vec<PasswordRule>>,
        is_stale: RwSignal<bool>,
    ) {
        let typing = Rc::new(Typing { field, judge, rules, is_stale, typed: Cell::default() });
        let Some(input) = typing.input() else { return };
        // What was typed before this was here.
        if !input.value().is_empty() {
            typing.clone().heed();
        }
        let on_input = Closure::<dyn Fn()>::new(move || typing.clone().heed()).into_js_value();
        let _ = input.add_event_listener_with_callback("input", on_input.unchecked_ref());
    }

    impl Typing {
        fn input(&self) -> Option<HtmlInputElement> {
            document().get_element_by_id(&self.field)?.dyn_into().ok()
        }

        fn heed(self: Rc<Self>) {
            let typed = self.typed.get().wrapping_add(1);
            self.typed.set(typed);
            self.is_stale.set(true);
            leptos::task::spawn_local(async move {
                gloo_timers::future::TimeoutFuture::new(PAUSE_MILLIS).await;
                if self.typed.get() == typed {
                    let rules = self.judged().await.unwrap_or_default();
                    if self.typed.get() == typed {
                        self.rules.set(rules);
                        self.is_stale.set(false);
                    }
                }
            });
        }

        /// What the server says. Of an empty field it says nothing.
        async fn judged(&self) -> Result<Vec<PasswordRule>, AppError> {
            let password = self.input().map(|input| input.value()).unwrap_or_default();
            if password.is_empty() {
                return Ok(Vec::new());
            }
            match &self.judge {
                Judge::Own => judge_own_password(password).await,
                Judge::Link => judge_password_by_link(self.beside("token"), password).await,
                Judge::Invitation => {
                    judge_joining_password(self.beside("token"), self.beside("name"), password).await
                }
                Judge::SetUp => {
                    let (name, email) = (self.beside("name"), self.beside("email"));
                    judge_password(password, name, email, self.beside("organization")).await
                }
            }
        }

        /// What another field of the form holds.
        fn beside(&self, name: &str) -> String {
            let form = self.input().and_then(|input| input.form());
            let field =
                form.and_then(|form| form.query_selector(&format!("input[name={name}]")).ok().flatten());
            let field = field.and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
            field.map(|field| field.value()).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(is_met: bool, sentence: &str) -> PasswordRule {
        PasswordRule { is_met, sentence: sentence.into() }
    }

    #[test]
    fn the_first_thing_to_do_is_said_aloud() {
        assert_eq!(said(&[]), "");
        let rules = [rule(true, "Long enough."), rule(false, "Add a word."), rule(false, "Choose another.")];
        assert_eq!(said(&rules), "Add a word.");
        assert_eq!(said(&rules[..1]), "The password meets every rule.");
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn a_line_says_in_words_whether_the_rule_is_met() {
        let html = line(rule(true, "At least 15 characters.")).to_html();
        assert!(html.contains("is-met") && html.contains("Met: "), "{html}");
        let html = line(rule(false, "Add a word.")).to_html();
        assert!(html.contains("is-unmet") && html.contains("Not met: "), "{html}");
    }
}
