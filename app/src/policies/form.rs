//! The form of the authentication policy: every switch with what on and off do. Sent to the page itself, which shows first
//! what the change would do.

use domain::{
    inputs::EditAuthenticationPolicy,
    networks::Cidr,
    policies::{ADDRESSES_MAX, AuthenticationPolicy, PASSWORD_CHARS, PASSWORD_CHARS_ALONE},
    views::PolicyView,
};
use leptos::prelude::*;

use crate::{
    components::{
        field::Field,
        form::{FormState, hidden},
        select::{Group, Select},
        switch,
        text_area::TextArea,
    },
    context::Posted,
    links,
    quantities::span,
};

/// Names the form for the ids of its fields.
pub(super) const FORM: &str = "authentication-policy";
/// Names its element: buttons elsewhere send it, too.
pub(super) const ID: &str = "policy";
const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// What a session can last without use, at most, and how old a token may be, to choose from.
const IDLE: [i64; 5] = [5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR];
const SESSIONS: [i64; 7] = [30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR, DAY];
const TOKENS: [i64; 6] = [DAY, 7 * DAY, 30 * DAY, 90 * DAY, 180 * DAY, 365 * DAY];

/// A switch: its name, what it is called, and what on and off do.
struct Switch {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    is_on: fn(&AuthenticationPolicy) -> bool,
}

const SIGN_IN: [Switch; 5] = [
    Switch {
        name: "password_allowed",
        label: "Password sign-in",
        hint: "On: e-mail and password reach the organization. Off: only passkeys and identity providers do.",
        is_on: |policy| policy.password_allowed,
    },
    Switch {
        name: "second_factor_required",
        label: "Require a second factor",
        hint: "On: who signed in with a password alone reaches nothing here until they add a second factor. A passkey is two \
               factors. An identity provider can vouch for one. Off: a password alone is enough. Personal tokens from before stay \
               good, unless you bind them below.",
        is_on: |policy| policy.second_factor_required,
    },
    Switch {
        name: "identity_provider_required",
        label: "Require this organization’s identity provider",
        hint: "On: nobody signs in another way but the break-glass super admins below, who show a second factor. First an \
               identity provider has to pass its test, and a break-glass super admin has to have a second factor. Off: every \
               other way that is on stays open. Personal tokens from before stay good, unless you bind them below.",
        is_on: |policy| policy.identity_provider_required,
    },
    Switch {
        name: "other_providers_allowed",
        label: "Allow other organizations’ identity providers",
        hint: "On: who signed in through an identity provider of another organization of theirs gets in as well. Off: of \
               identity providers only this organization’s own count.",
        is_on: |policy| policy.other_providers_allowed,
    },
    Switch {
        name: "oidc_allowed",
        label: "Allow OpenID Connect",
        hint: "On: identity providers that speak OpenID Connect are good enough. Off: only those that speak SAML are.",
        is_on: |policy| policy.oidc_allowed,
    },
];

const TOKEN_SWITCHES: [Switch; 2] = [
    Switch {
        name: "personal_tokens_allowed",
        label: "Allow personal tokens",
        hint: "On: people’s own tokens reach the organization. Off: of tokens only those of application users do.",
        is_on: |policy| policy.personal_tokens_allowed,
    },
    Switch {
        name: "tokens_bound",
        label: "Bind personal tokens to an allowed sign-in",
        hint: "On: a personal token is good only as long as the sign-in that it was made in is allowed here. Off: it stays \
               good whatever its owner had signed in with.",
        is_on: |policy| policy.tokens_bound,
    },
];

/// What the form sent.
pub(super) fn input(sent: &Posted) -> EditAuthenticationPolicy {
    let is_on = |name: &str| sent.value(name) == "true";
    EditAuthenticationPolicy {
        password_allowed: is_on("password_allowed"),
        second_factor_required: is_on("second_factor_required"),
        identity_provider_required: is_on("identity_provider_required"),
        other_providers_allowed: is_on("other_providers_allowed"),
        oidc_allowed: is_on("oidc_allowed"),
        personal_tokens_allowed: is_on("personal_tokens_allowed"),
        tokens_bound: is_on("tokens_bound"),
        token_seconds_max: sent.value("token_seconds_max"),
        addresses: sent.value("addresses"),
        idle_seconds: sent.value("idle_seconds"),
        session_seconds: sent.value("session_seconds"),
        password_chars_min: sent.value("password_chars_min"),
        password_chars_min_alone: sent.value("password_chars_min_alone"),
        generation: sent.value("generation").parse().unwrap_or(-1),
    }
}

/// What a form sends that asks for the same.
pub(super) fn sent(input: &EditAuthenticationPolicy) -> Vec<(&'static str, String)> {
    let switches = [
        ("password_allowed", input.password_allowed),
        ("second_factor_required", input.second_factor_required),
        ("identity_provider_required", input.identity_provider_required),
        ("other_providers_allowed", input.other_providers_allowed),
        ("oidc_allowed", input.oidc_allowed),
        ("personal_tokens_allowed", input.personal_tokens_allowed),
        ("tokens_bound", input.tokens_bound),
    ];
    let on = switches.into_iter().filter(|(_, is_on)| *is_on).map(|(name, _)| (name, "true".to_owned()));
    let texts = [
        ("token_seconds_max", input.token_seconds_max.clone()),
        ("addresses", input.addresses.clone()),
        ("idle_seconds", input.idle_seconds.clone()),
        ("session_seconds", input.session_seconds.clone()),
        ("password_chars_min", input.password_chars_min.clone()),
        ("password_chars_min_alone", input.password_chars_min_alone.clone()),
        ("generation", input.generation.to_string()),
    ];
    on.chain(texts).collect()
}

/// Draws it; for who may only look, with nothing to change.
pub(super) fn draw(view: &PolicyView, form: &FormState, may_edit: bool) -> AnyView {
    let (policy, organization) = (&view.policy, view.organization_id.to_string());
    let shown = [
        "identity_provider_required",
        "addresses",
        "token_seconds_max",
        "idle_seconds",
        "session_seconds",
        "password_chars_min",
        "password_chars_min_alone",
    ];
    let switches = |all: &[Switch]| all.iter().map(|switch| switch.view(policy, form)).collect_view();
    let fields = view! {
            <fieldset disabled=!may_edit>
                <legend>"Signing in"</legend>
                {switches(&SIGN_IN)}
            </fieldset>
            <fieldset disabled=!may_edit>
                <legend>"Addresses"</legend>
                {addresses(view, form)}
            </fieldset>
            <fieldset disabled=!may_edit>
                <legend>"Tokens"</legend>
                {switches(&TOKEN_SWITCHES)} {token_age(policy, form)}
            </fieldset>
            <fieldset disabled=!may_edit>
                <legend>"Sessions"</legend>
                {sessions(policy, form)}
            </fieldset>
            <fieldset disabled=!may_edit>
                <legend>"Passwords"</legend>
                {passwords(policy, form)}
            </fieldset>
    };
    if !may_edit {
        return view! { <div class="form form-wide policy-form">{fields}</div> }.into_any();
    }
    view! {
        <form
            id=ID
            method="post"
            action=links::authentication_policy(&organization)
            class="form form-wide policy-form"
        >
            {hidden(&[("generation", &view.generation.to_string())])} {form.error(&shown)} {fields}
            <div class="form-actions">
                <button class="button button-primary">"See what it changes"</button>
            </div>
        </form>
    }
    .into_any()
}

impl Switch {
    fn view(&self, policy: &AuthenticationPolicy, form: &FormState) -> AnyView {
        let (name, label, hint) = (self.name, self.label, self.hint.to_owned());
        switch::Switch { name, label, hint, is_on: (self.is_on)(policy) }.view(form)
    }
}

fn addresses(view: &PolicyView, form: &FormState) -> AnyView {
    let own = view.own_address.as_ref().map(|own| format!(" You come from {own}.")).unwrap_or_default();
    let ranges: Vec<String> = view.policy.addresses.iter().map(Cidr::to_string).collect();
    TextArea {
        name: "addresses",
        label: "Allowed addresses",
        hint: Some(format!(
            "Ranges like 203.0.113.0/24 or 2001:db8::/32, one a line, at most {ADDRESSES_MAX}. People, their tokens and those \
             of application users reach the organization from there only. Empty: from anywhere.{own}"
        )),
        value: Some(ranges.join("\n")),
        rows: 4,
        is_optional: true,
        is_code: true,
        ..TextArea::default()
    }
    .view(form)
}

/// Lengths of time to choose from, with the one that is set, whatever it is.
fn spans(choices: &[i64], set: Option<i64>) -> Vec<Group> {
    let mut all: Vec<i64> = choices.iter().copied().chain(set).collect();
    all.sort_unstable();
    all.dedup();
    let choices = all.into_iter().map(|seconds| (seconds.to_string(), span(seconds))).collect();
    vec![Group { heading: None, choices }]
}

fn token_age(policy: &AuthenticationPolicy, form: &FormState) -> AnyView {
    Select {
        name: "token_seconds_max",
        label: "Longest token age",
        hint: Some("Older tokens do not reach the organization, those of application users included.".into()),
        groups: spans(&TOKENS, policy.token_seconds_max),
        value: policy.token_seconds_max.map(|seconds| seconds.to_string()),
        nothing: Some("Any age"),
        is_optional: true,
        ..Select::default()
    }
    .view(form)
}

fn sessions(policy: &AuthenticationPolicy, form: &FormState) -> AnyView {
    let idle = Select {
        name: "idle_seconds",
        label: "Ends without use after",
        hint: Some("Of who belongs to several organizations, the strictest counts.".into()),
        groups: spans(&IDLE, Some(policy.idle_seconds)),
        value: Some(policy.idle_seconds.to_string()),
        ..Select::default()
    };
    let whole = Select {
        name: "session_seconds",
        label: "Ends in any case after",
        hint: Some("However it is used: then its owner signs in again.".into()),
        groups: spans(&SESSIONS, Some(policy.session_seconds)),
        value: Some(policy.session_seconds.to_string()),
        ..Select::default()
    };
    view! { {idle.view(form)} {whole.view(form)} }.into_any()
}

fn passwords(policy: &AuthenticationPolicy, form: &FormState) -> AnyView {
    let field = |name, label, hint: String, value: u32| Field {
        name,
        label,
        hint: Some(hint),
        inputmode: Some("numeric"),
        value: Some(value.to_string()),
        ..Field::default()
    };
    let (least, most) = (PASSWORD_CHARS.start(), PASSWORD_CHARS.end());
    let beside = field(
        "password_chars_min",
        "Fewest characters beside a second factor",
        format!("From {least} to {most}. It counts when a password is set."),
        policy.password_chars_min,
    );
    let (least, most) = (PASSWORD_CHARS_ALONE.start(), PASSWORD_CHARS_ALONE.end());
    let alone = field(
        "password_chars_min_alone",
        "Fewest characters of a password alone",
        format!("From {least} to {most}. For who has no second factor. It counts when a password is set."),
        policy.password_chars_min_alone,
    );
    view! { {beside.view(form)} {alone.view(form)} }.into_any()
}

#[cfg(test)]
mod tests {
    use leptos::reactive::owner::Owner;

    use super::*;

    fn view() -> PolicyView {
        PolicyView {
            organization_id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            policy: AuthenticationPolicy { token_seconds_max: Some(601), ..AuthenticationPolicy::default() },
            generation: 3,
            changed_at: None,
            super_admins: Vec::new(),
            own_address: Some("192.0.2.1".into()),
        }
    }

    #[test]
    fn every_setting_is_on_the_form_and_is_read_from_it() {
        let html = Owner::new().with(|| draw(&view(), &FormState::default(), true).to_html());
        let policy = serde_json::to_value(AuthenticationPolicy::default()).unwrap();
        for name in policy.as_object().unwrap().keys() {
            assert!(html.contains(&format!("name=\"{name}\"")), "{name}");
        }
        assert!(
            html.contains("name=\"generation\" value=\"3\"") && html.contains("You come from 192.0.2.1.")
        );
        assert!(html.contains("value=\"601\" selected"), "{html}");
        let asked = EditAuthenticationPolicy {
            oidc_allowed: true,
            tokens_bound: true,
            addresses: "192.0.2.0/24".into(),
            idle_seconds: "300".into(),
            generation: 3,
            ..EditAuthenticationPolicy::default()
        };
        let pairs = sent(&asked).into_iter().map(|(name, value)| (name.to_owned(), value));
        assert_eq!(input(&Posted(pairs.collect())), asked);
    }

    #[test]
    fn what_a_switch_does_is_told_in_short_sentences() {
        for switch in SIGN_IN.iter().chain(&TOKEN_SWITCHES) {
            assert!(!switch.hint.contains(';'), "{}", switch.hint);
            for sentence in switch.hint.split(". ") {
                assert!(sentence.split_whitespace().count() <= 25, "{sentence}");
            }
        }
    }

    #[test]
    fn who_may_only_look_changes_nothing() {
        let html = Owner::new().with(|| draw(&view(), &FormState::default(), false).to_html());
        assert!(html.contains("<fieldset disabled") && !html.contains("<button"), "{html}");
    }
}
