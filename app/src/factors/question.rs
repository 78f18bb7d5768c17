//! The forms with which somebody shows a second factor: a code, or a security key or passkey. The same after the password and
//! before something dangerous; where they are sent is said by the page.

use domain::sign_ins::FactorKind;
use leptos::prelude::*;

use crate::components::{
    field::Field,
    form::{FormState, hidden},
    passkeys::{Options, PasskeyForm, Verb},
};

/// What is asked.
pub(crate) struct Question<'a> {
    /// What can be answered with.
    pub(crate) kinds: &'a [FactorKind],
    /// Options for security keys and passkeys, if there are any.
    pub(crate) options: Option<String>,
    /// The form with a code.
    pub(crate) code: FormState,
    /// The form with the answer of a security key or passkey.
    pub(crate) key: FormState,
    /// Values that go along.
    pub(crate) hidden: Vec<(&'static str, String)>,
    /// What comes of it, on the button below the code.
    pub(crate) verb: &'static str,
}

/// The forms, that for the key first: one touch, and nothing to type.
pub(crate) fn question(asked: Question<'_>) -> AnyView {
    let Question { kinds, options, code, key, hidden: values, verb } = asked;
    let has_code = kinds.iter().any(|kind| matches!(kind, FactorKind::Totp | FactorKind::RecoveryCode));
    let (fields, action) = (key.error(&[]), key.action.to_owned());
    let by_key = options.map(|options| {
        PasskeyForm {
            action,
            verb: Verb::Get,
            options: Options::Begun(options),
            hidden: values.clone(),
            fields,
            fills: None,
            label: key_label(kinds),
            class: if has_code { "button-wide" } else { "button-primary button-wide" },
            back: None,
        }
        .view()
    });
    let by_key = by_key.map(|form| match has_code {
        true => view! { <div class="other-way">{form}</div> }.into_any(),
        false => form,
    });
    view! { {has_code.then(|| by_code(kinds, &code, &values, verb))} {by_key} }.into_any()
}

fn by_code(
    kinds: &[FactorKind],
    form: &FormState,
    values: &[(&'static str, String)],
    verb: &'static str,
) -> AnyView {
    let pairs: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let field = Field {
        name: "code",
        label: if kinds.contains(&FactorKind::Totp) { "Code" } else { "Recovery code" },
        hint: Some(code_hint(kinds).to_owned()),
        autocomplete: Some("one-time-code"),
        // Recovery codes have letters.
        inputmode: Some(if kinds.contains(&FactorKind::RecoveryCode) { "text" } else { "numeric" }),
        has_focus: true,
        is_code: true,
        max: Some(64),
        ..Field::default()
    };
    view! {
        <form method="post" action=form.action class="form">
            {form.error(&["code"])} {hidden(&pairs)} {field.view(form)}
            <div class="form-actions">
                <button class="button button-primary button-wide">{verb}</button>
            </div>
        </form>
    }
    .into_any()
}

fn code_hint(kinds: &[FactorKind]) -> &'static str {
    match (kinds.contains(&FactorKind::Totp), kinds.contains(&FactorKind::RecoveryCode)) {
        (true, true) => "The six digits that your authenticator app shows now, or a recovery code.",
        (true, false) => "The six digits that your authenticator app shows now.",
        _ => "One of your recovery codes; each works once.",
    }
}

fn key_label(kinds: &[FactorKind]) -> &'static str {
    match (kinds.contains(&FactorKind::SecurityKey), kinds.contains(&FactorKind::Passkey)) {
        (true, true) => "Use a security key or passkey",
        (false, true) => "Use a passkey",
        _ => "Use a security key",
    }
}
