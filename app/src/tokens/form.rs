//! The page that makes a token. The form is sent to the page itself, which then shows the token's text, once; sent again, it
//! makes no second one and says so.

use domain::{
    errors::Error,
    inputs::CreateToken,
    permissions::Granted,
    tokens::{AGE_SECONDS, DESCRIPTION_CHARS_MAX, IP_RANGES_MAX},
};
use leptos::prelude::*;
use serde_json::json;

use control::tokens::StrictestAge;

use super::{made::made, own_pages::refused_by, owners::Owner};
use crate::{
    components::{
        api_call::ApiCalls,
        form::{FormState, hidden},
        frame::{Viewer, head},
        grantables::Grantables,
        icons::{Icon, icon},
        select::{Group, Select},
        text_area::TextArea,
    },
    context::{Posted, answer, control, posted, set_status},
    errors::AppError,
    quantities::span,
};

/// Names the form for the ids of its fields.
const FORM: &str = "new-token";
/// The name that [`Grantables`] send.
const SCOPES: &str = "scopes[]";
const DAY: i64 = 24 * 3600;
/// How long a token lives if nothing else is chosen.
const USUAL_AGE: i64 = 90 * DAY;

/// The page: the form, or the token that it made.
pub(crate) async fn new_token(viewer: Viewer, owner: Owner) -> Result<AnyView, AppError> {
    let frame = owner.frame("New token").step("New token", owner.new_token()).calls(calls(&owner));
    let form = match posted() {
        None => FormState::of(FORM),
        Some(sent) => match owner.create(&input(&sent)).await {
            Ok(token) => {
                let body = view! { {head("Token created".into(), (), ())} {made(&owner, token, None)} };
                return Ok(frame.view(viewer, body));
            }
            Err(error @ (Error::Invalid { .. } | Error::Conflict { .. } | Error::Forbidden { .. })) => {
                set_status(error.status());
                FormState::refused(FORM, on_its_field(error), &sent)
            }
            Err(error) => return Err(error.into()),
        },
    };
    let once = control()?.request_id().to_string();
    let (refused_by, oldest) = match owner.is_oneself() {
        true => (refused_by(&owner).await?, answer(control::tokens::strictest_age(&control()?).await)?),
        false => (None, None),
    };
    let body = view! { {refused_by} {draw(&owner, &form, &once, oldest.as_ref())} };
    Ok(frame.view(viewer, body))
}

/// What the form sent.
fn input(sent: &Posted) -> CreateToken {
    CreateToken {
        description: sent.value("description"),
        scopes: sent.values(SCOPES),
        ip_ranges: sent.value("ip_ranges"),
        max_age_seconds: sent.value("max_age_seconds"),
        extend_when_used: sent.value("extend_when_used") == "true",
        once: sent.value("once"),
    }
}

/// The operation calls the field of several values by its plain name.
fn on_its_field(error: Error) -> Error {
    match error {
        Error::Invalid { field, reason } if field == "scopes" => Error::invalid(SCOPES, reason),
        other => other,
    }
}

fn calls(owner: &Owner) -> ApiCalls {
    let body = json!({
        "description": "Deploys at night", "scopes": ["operator"], "ip_ranges": ["203.0.113.0/24"],
        "max_age_seconds": USUAL_AGE, "extend_when_used": false,
    });
    // A token makes no other of its owner.
    match owner.is_oneself() {
        true => ApiCalls::new().v1("List tokens", "GET", &owner.api(), None),
        false => ApiCalls::new().v1("Create a token", "POST", &owner.api(), Some(&body)),
    }
}

fn draw(owner: &Owner, form: &FormState, once: &str, oldest: Option<&StrictestAge>) -> AnyView {
    let whose = match owner.name() {
        Some(name) => format!("With it a program acts as {name}, with everything that {name} holds."),
        None => "With it a program acts as you, in all of your organizations.".to_owned(),
    };
    let shown = ["description", "ip_ranges", "max_age_seconds", "extend_when_used", SCOPES];
    view! {
        {head("New token".into(), (), ())}
        <p class="muted">{whose}</p>
        <form method="post" action=owner.new_token() class="form form-wide">
            {hidden(&[("once", once)])} {form.error(&shown)} {description(form, None)}
            {age(form, oldest)} {extension(form)} {ranges(form, None)} {scopes(form)}
            <div class="form-actions">
                <button class="button button-primary">"Create token"</button>
                <a class="button" href=owner.list(&[])>"Cancel"</a>
            </div>
        </form>
    }
    .into_any()
}

/// The field that says what a token is for.
pub(super) fn description(form: &FormState, value: Option<&str>) -> AnyView {
    TextArea {
        name: "description",
        label: "Description",
        hint: Some(format!(
            "What it is for and where it is kept, so that others know whether it may go. At most {DESCRIPTION_CHARS_MAX} characters."
        )),
        value: value.map(str::to_owned),
        rows: 2,
        ..TextArea::default()
    }
    .view(form)
}

/// The field that says from where a token may be used.
pub(super) fn ranges(form: &FormState, value: Option<String>) -> AnyView {
    TextArea {
        name: "ip_ranges",
        label: "Good from",
        hint: Some(format!(
            "Address ranges like 203.0.113.0/24 or 2001:db8::/32, one a line, at most {IP_RANGES_MAX}. Empty: from anywhere."
        )),
        value,
        rows: 3,
        is_optional: true,
        is_code: true,
        ..TextArea::default()
    }
    .view(form)
}

/// How long it lives; what is more than an organization takes of its owner's tokens is marked.
fn age(form: &FormState, oldest: Option<&StrictestAge>) -> AnyView {
    let ages = [
        (*AGE_SECONDS.start(), "10 minutes"),
        (3600, "1 hour"),
        (DAY, "1 day"),
        (7 * DAY, "7 days"),
        (30 * DAY, "30 days"),
        (USUAL_AGE, "90 days"),
        (365 * DAY, "1 year"),
        (*AGE_SECONDS.end(), "10 years"),
    ];
    let is_good = |seconds: i64| oldest.is_none_or(|oldest| seconds <= oldest.seconds);
    let marked = |seconds: i64, text: &str| match oldest.filter(|_| !is_good(seconds)) {
        Some(oldest) => format!("{text} (too long for {})", oldest.organization),
        None => text.to_owned(),
    };
    let usual = ages.iter().rev().find(|(seconds, _)| *seconds <= USUAL_AGE && is_good(*seconds));
    let usual = usual.map_or(USUAL_AGE, |(seconds, _)| *seconds);
    let never = (String::new(), marked(i64::MAX, "Never"));
    let choices = ages.iter().map(|(seconds, text)| (seconds.to_string(), marked(*seconds, text)));
    let choices = std::iter::once(never).chain(choices).collect();
    let hint = oldest.map(|oldest| {
        let (name, longest) = (&oldest.organization, span(oldest.seconds));
        format!("The authentication policy of {name} takes no token that is older than {longest}: then it opens nothing there.")
    });
    Select {
        name: "max_age_seconds",
        label: "Ends after",
        groups: vec![Group { heading: None, choices }],
        hint,
        value: Some(usual.to_string()),
        is_optional: true,
        ..Select::default()
    }
    .view(form)
}

fn extension(form: &FormState) -> AnyView {
    let id = form.id("extend_when_used");
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let reason = form.reason("extend_when_used");
    let described = reason.as_ref().map_or_else(|| hint_id.clone(), |_| format!("{hint_id} {error_id}"));
    let (is_refused, is_checked) = (reason.is_some(), form.value("extend_when_used").is_some());
    view! {
        <div class="field" class:is-refused=is_refused>
            <label class="check">
                <input
                    type="checkbox"
                    id=id
                    name="extend_when_used"
                    value="true"
                    checked=is_checked
                    aria-invalid=is_refused.then_some("true")
                    aria-describedby=described
                />
                "Each use begins its time anew"
            </label>
            <p class="hint" id=hint_id>"What is in use lives on then, and what is forgotten ends by itself."</p>
            {reason
                .map(|reason| view! { <p class="field-error" id=error_id>{icon(Icon::Warning)} <span>{reason}</span></p> })}
        </div>
    }
    .into_any()
}

/// What it is limited to, folded unless something is chosen.
fn scopes(form: &FormState) -> AnyView {
    let chosen = form.values(SCOPES);
    let is_open = !chosen.is_empty() || form.reason(SCOPES).is_some();
    let choice = Grantables {
        name: SCOPES,
        legend: "What it can do at most",
        choices: Granted::all().collect(),
        chosen,
        is_many: true,
    };
    view! {
        <details class="field-wide scopes" open=is_open>
            <summary>"Limit what it can do"</summary>
            <p class="hint">
                "Nothing chosen: everything that its owner can do. A token never opens more than its owner holds, \
                 whatever is chosen here."
            </p>
            {choice.view(form)}
        </details>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_once_which_token_it_makes() {
        let sent = [("description", "x"), (SCOPES, "operator"), (SCOPES, "read_only"), ("once", "r-1")];
        let sent = Posted(sent.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        let input = input(&sent);
        assert_eq!((input.scopes.len(), input.once.as_str(), input.extend_when_used), (2, "r-1", false));
    }

    #[test]
    fn ages_that_an_organization_does_not_take_are_marked() {
        let html = |oldest| age(&FormState::default(), oldest).to_html();
        let any = html(None);
        assert!(!any.contains("too long") && any.contains("value=\"7776000\" selected"), "{any}");
        let oldest = StrictestAge { organization: "Acme".into(), seconds: DAY };
        let marked = html(Some(&oldest));
        for good in ["1 hour", "1 day"] {
            assert!(marked.contains(&format!(">{good}</option>")), "{good}: {marked}");
        }
        for bad in ["Never", "7 days", "10 years"] {
            assert!(marked.contains(&format!(">{bad} (too long for Acme)</option>")), "{bad}: {marked}");
        }
        assert!(
            marked.contains("value=\"86400\" selected") && marked.contains("older than 1 day"),
            "{marked}"
        );
        assert_eq!(marked.matches(" selected").count(), 1, "{marked}");
    }

    #[test]
    fn a_refusal_of_what_it_is_limited_to_is_shown_there() {
        assert_eq!(on_its_field(Error::invalid("scopes", "no")).field(), Some(SCOPES));
        assert_eq!(on_its_field(Error::invalid("ip_ranges", "no")).field(), Some("ip_ranges"));
    }
}
