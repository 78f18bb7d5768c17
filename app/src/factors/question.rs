//! The forms with which somebody shows a second factor: a code, or a security key or passkey. The same after the password and
//! before something dangerous; where they are sent is said by the page.

use domain::{errors::Error, secrets::Secret, sign_ins::FactorKind};
use leptos::prelude::*;

use crate::components::{
    field::Field,
    form::{FormState, hidden},
    passkeys::{Options, PasskeyForm, Verb},
};

/// The field for the code of an authenticator app.
const CODE: &str = "code";
/// The field for a recovery code.
const RECOVERY_CODE: &str = "recovery_code";

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

/// The forms, that for the key first: one touch, and nothing to type. Then the code of an app; recovery codes, which are used up,
/// stand behind the rest.
pub(crate) fn question(asked: Question<'_>) -> AnyView {
    let Question { kinds, options, code, key, hidden: values, verb } = asked;
    let (has_key, has_app) = (options.is_some(), kinds.contains(&FactorKind::Totp));
    let has_codes = kinds.contains(&FactorKind::RecoveryCode);
    let fields = [(CODE, has_app), (RECOVERY_CODE, has_codes)];
    let shown: Vec<&str> =
        fields.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name).collect();
    let by_key = options.map(|options| by_key(kinds, options, &key, values.clone()));
    let by_app =
        has_app.then(|| by_code(app_field(!has_key), &code, code.error(&shown), &values, (verb, !has_key)));
    let by_app = by_app.map(|form| match has_key {
        true => view! { <div class="other-way">{form}</div> }.into_any(),
        false => form,
    });
    let by_recovery_code = has_codes.then(|| {
        // What belongs to no field is said once, by the form before.
        let (is_only, refused) = match has_app {
            true => (false, ().into_any()),
            false => (!has_key, code.error(&shown)),
        };
        let is_open = is_only || code.reason(RECOVERY_CODE).is_some() || (code.is_refused() && !has_app);
        view! {
            <details class="lost" open=is_open>
                <summary>"Use a recovery code"</summary>
                {by_code(recovery_field(is_only), &code, refused, &values, (verb, is_only))}
            </details>
        }
    });
    view! { {by_key} {by_app} {by_recovery_code} }.into_any()
}

fn by_key(
    kinds: &[FactorKind],
    options: String,
    form: &FormState,
    values: Vec<(&'static str, String)>,
) -> AnyView {
    PasskeyForm {
        action: form.action.to_owned(),
        verb: Verb::Get,
        options: Options::Begun(options),
        hidden: values,
        fields: form.error(&[]),
        fills: None,
        label: key_label(kinds),
        class: "button-primary button-wide",
        back: None,
    }
    .view()
}

/// The form around one of the fields for codes; its button is the page's first one if `is_first`.
fn by_code(
    field: Field,
    form: &FormState,
    refused: AnyView,
    values: &[(&'static str, String)],
    (verb, is_first): (&'static str, bool),
) -> AnyView {
    let pairs: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let class = if is_first { "button button-primary button-wide" } else { "button button-wide" };
    view! {
        <form method="post" action=form.action class="form">
            {refused} {hidden(&pairs)} {field.view(form)}
            <div class="form-actions">
                <button class=class>{verb}</button>
            </div>
        </form>
    }
    .into_any()
}

fn app_field(has_focus: bool) -> Field {
    Field {
        name: CODE,
        label: "Code",
        hint: Some("The six digits that your authenticator app shows now.".to_owned()),
        autocomplete: Some("one-time-code"),
        inputmode: Some("numeric"),
        has_focus,
        is_code: true,
        max: Some(64),
        ..Field::default()
    }
}

fn recovery_field(has_focus: bool) -> Field {
    Field {
        name: RECOVERY_CODE,
        label: "Recovery code",
        hint: Some("One of your recovery codes; each works once.".to_owned()),
        has_focus,
        is_code: true,
        max: Some(64),
        ..Field::default()
    }
}

/// What was given of the two, and the name of its field.
pub(crate) fn given_code(code: String, recovery_code: Option<String>) -> (Secret, &'static str) {
    match recovery_code {
        Some(code) => (Secret::new(code), RECOVERY_CODE),
        None => (Secret::new(code), CODE),
    }
}

/// The refusal of a code at the field that it was typed into.
pub(crate) fn at_field(error: Error, field: &str) -> Error {
    match error {
        Error::Invalid { field: found, reason } if found == CODE => Error::invalid(field, reason),
        other => other,
    }
}

fn key_label(kinds: &[FactorKind]) -> &'static str {
    match (kinds.contains(&FactorKind::SecurityKey), kinds.contains(&FactorKind::Passkey)) {
        (true, true) => "Use a security key or passkey",
        (false, true) => "Use a passkey",
        _ => "Use a security key",
    }
}

#[cfg(test)]
mod tests {
    use leptos::reactive::owner::Owner;

    use super::*;
    use crate::context::Posted;

    fn asked(kinds: &[FactorKind], refused: Option<Error>) -> String {
        let has_key = kinds.iter().any(|kind| matches!(kind, FactorKind::SecurityKey | FactorKind::Passkey));
        let code = match refused {
            Some(error) => FormState::refused("/api/sign_in/code", error, &Posted([].into())),
            None => FormState::of("/api/sign_in/code"),
        };
        let question = || Question {
            kinds,
            options: has_key.then(|| "{}".to_owned()),
            code,
            key: FormState::of("/api/sign_in/security_key"),
            hidden: Vec::new(),
            verb: "Sign in",
        };
        Owner::new().with(|| self::question(question()).to_html())
    }

    #[test]
    fn who_has_a_key_is_asked_for_it_first_and_for_recovery_codes_last() {
        use FactorKind::{RecoveryCode, SecurityKey, Totp};
        let html = asked(&[Totp, SecurityKey, RecoveryCode], None);
        let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text}: {html}"));
        assert!(at("Use a security key") < at("name=\"code\""), "{html}");
        assert!(at("name=\"code\"") < at("<summary>Use a recovery code"), "{html}");
        assert!(at("<summary>Use a recovery code") < at("name=\"recovery_code\""), "{html}");
        assert!(html.matches("button-primary").count() == 1 && !html.contains("autofocus"), "{html}");
        assert!(!html.contains(" open"), "{html}");
        let html = asked(&[Totp, RecoveryCode], None);
        assert!(
            html.matches("button-primary").count() == 1 && html.matches("autofocus").count() == 1,
            "{html}"
        );
        assert!(html.find("autofocus") < html.find("<details"), "{html}");
        // Without anything else, a recovery code is what is asked for.
        let html = asked(&[RecoveryCode], None);
        assert!(html.contains("<details open class=\"lost\"") && html.contains("button-primary"), "{html}");
    }

    #[test]
    fn a_recovery_code_that_was_refused_is_asked_for_again_where_it_was_typed() {
        use FactorKind::{RecoveryCode, SecurityKey, Totp};
        for kinds in [[Totp, RecoveryCode], [SecurityKey, RecoveryCode]] {
            let wrong = at_field(Error::invalid("code", "Wrong."), RECOVERY_CODE);
            let html = asked(&kinds, Some(wrong));
            let details = html.split("<details").nth(1).unwrap();
            assert!(details.contains(" open") && details.contains("Wrong."), "{html}");
            assert_eq!(html.matches("Wrong.").count(), 1, "{html}");
            assert_eq!(html.matches("autofocus").count(), 1, "{html}");
            assert!(details.contains("autofocus"), "the cursor is there: {html}");
            let html = asked(&kinds, Some(Error::conflict("Too many.")));
            assert_eq!(html.matches("Too many.").count(), 1, "{html}");
        }
    }
}
