//! The form that asks the browser for a passkey or security key. The script for that puts the browser's answer into the form
//! and sends it; without script there is no such thing, which the form says.

use leptos::prelude::*;

use super::{
    form::hidden,
    icons::{Icon, icon},
};

/// What the browser is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Answer with a credential that it has.
    Get,
    /// Make one.
    Create,
}

/// Where the server's side of it is.
pub(crate) enum Options {
    /// It has begun, and these are the options in JSON.
    Begun(String),
    /// It begins when the button is pressed, by a request to this path.
    BeginAt(&'static str),
}

/// Such a form.
pub(crate) struct PasskeyForm {
    /// Where the answer is sent.
    pub(crate) action: String,
    pub(crate) verb: Verb,
    pub(crate) options: Options,
    /// Values that go with it.
    pub(crate) hidden: Vec<(&'static str, String)>,
    /// What people fill in before.
    pub(crate) fields: AnyView,
    /// Id of the field at which the browser offers passkeys by itself.
    pub(crate) fills: Option<String>,
    /// What the button says.
    pub(crate) label: &'static str,
    /// The classes of the button.
    pub(crate) class: &'static str,
    /// Where those go on who think better of it.
    pub(crate) back: Option<String>,
}

impl PasskeyForm {
    /// Draws it.
    pub(crate) fn view(self) -> AnyView {
        let verb = match self.verb {
            Verb::Get => "get",
            Verb::Create => "create",
        };
        let (begun, begin_at) = match self.options {
            Options::Begun(options) => (Some(options), None),
            Options::BeginAt(path) => (None, Some(path)),
        };
        let pairs: Vec<(&str, &str)> =
            self.hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let cancel = self.back.map(|path| view! { <a class="button" href=path>"Cancel"</a> });
        // What is filled in for a key that cannot be made leads nowhere.
        let fields = match self.verb {
            Verb::Get => self.fields,
            Verb::Create => view! { <div class="needs-script passkey-fields">{self.fields}</div> }.into_any(),
        };
        view! {
            <form
                method="post"
                action=self.action
                class="form passkey-form"
                data-passkey=verb
                data-options=begun
                data-begin=begin_at
                data-fills=self.fills
            >
                {hidden(&pairs)} {fields} <input type="hidden" name="answer" value="" autocomplete="off" />
                <p class="alert alert-bad" role="alert" data-passkey-error="" hidden>{icon(Icon::Warning)} <span></span></p>
                <p class="hint without-script">"Passkeys and security keys need JavaScript, and it is off in this browser."</p>
                <div class="form-actions">
                    <button class=format!("button needs-script {}", self.class)>{icon(Icon::Permission)} {self.label}</button>
                    {cancel}
                </div>
            </form>
        }
        .into_any()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(options: Options) -> String {
        html_of(Verb::Get, options)
    }

    fn html_of(verb: Verb, options: Options) -> String {
        let form = PasskeyForm {
            action: "/api/sign_in/passkey".into(),
            verb,
            options,
            hidden: vec![("next", "/projects".into())],
            fields: view! { <input name="name" /> }.into_any(),
            fills: None,
            label: "Use a passkey",
            class: "",
            back: None,
        };
        form.view().to_html()
    }

    #[test]
    fn the_script_finds_what_it_needs_and_nothing_can_break_out() {
        let html = html(Options::Begun("{\"publicKey\":{\"rpId\":\"a\\\"><script>\"}}".into()));
        assert!(html.contains("data-passkey=\"get\"") && html.contains("name=\"answer\""), "{html}");
        assert!(
            html.contains("data-options=\"{&quot;publicKey&quot;") && !html.contains("<script"),
            "{html}"
        );
        assert!(!html.contains("data-begin") && !html.contains("data-fills"), "{html}");
    }

    #[test]
    fn without_script_it_says_what_it_needs() {
        let html = html(Options::BeginAt("/api/sign_in/begin_passkey"));
        assert!(html.contains("data-begin=\"/api/sign_in/begin_passkey\""), "{html}");
        assert!(html.contains("need JavaScript") && html.contains("needs-script"), "{html}");
        let html = html_of(Verb::Create, Options::Begun("{}".into()));
        assert!(html.contains("<div class=\"needs-script passkey-fields\"><input name=\"name\""), "{html}");
    }
}
