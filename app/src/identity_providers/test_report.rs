//! The step that tests an identity provider, and what the last test found: every check green or red, who the person would be here,
//! and the XML or the token that was looked at.

use domain::{
    identity_providers::{TestAdmission, TestCheck, TestReport},
    views::ProviderView,
};
use leptos::prelude::*;

use super::form::step;
use crate::{
    components::{
        badges::{Tone, badge},
        icons::{Icon, icon},
        table::{Column, Row, table},
        time::time,
    },
    links,
};

/// Draws it.
pub(super) fn draw(view: &ProviderView) -> AnyView {
    let (organization, id) = (view.row.organization_id.to_string(), view.row.id.to_string());
    let begin = match view.row.missing.is_empty() {
        true => view! {
            <div class="form-actions">
                <a class="button" href=links::identity_provider_test(&organization, &id) rel="external nofollow">
                    {icon(Icon::SignIn)} "Test it now"
                </a>
            </div>
        }
        .into_any(),
        false => {
            let text = format!("It cannot be tested yet: it lacks {}. Enter that in step 2 and save.", view.row.missing.join(", "));
            view! { <p class="muted">{text}</p> }.into_any()
        }
    };
    let last = match &view.last_test {
        Some(report) => report_of(view, report),
        None => view! { <p class="muted">"It was not tested yet."</p> }.into_any(),
    };
    let body = view! {
        <p>
            "You sign in at the identity provider as yourself, with the settings that are saved. Nobody is signed in here by it, and \
             nothing is changed but this report."
        </p>
        {begin} {last}
    };
    step("5", "Test this identity provider", "test", body.into_any())
}

fn report_of(view: &ProviderView, report: &TestReport) -> AnyView {
    let at = view.row.tested_at.map(|at| view! { <p class="muted">"Tested " {time(at)} "."</p> });
    let not_let_in = report.admission.as_ref().filter(|admission| !admission.is_let_in);
    let (class, sign, said) = match (report.passed, view.row.passed_at) {
        (true, Some(_)) if not_let_in.is_some() => (
            "alert alert-warning",
            Icon::Warning,
            "The last test passed, but who signed in there would not be let in here.".to_owned(),
        ),
        (true, Some(_)) => ("alert alert-good", Icon::Done, "The last test passed.".to_owned()),
        (true, None) => (
            "alert alert-warning",
            Icon::Warning,
            "The last test passed, with other settings than it has now. Test it again.".to_owned(),
        ),
        (false, _) => {
            let reason = report.reason.clone().unwrap_or_default();
            ("alert alert-bad", Icon::Warning, format!("The last test did not pass. {reason}"))
        }
    };
    view! {
        <p class=class>{icon(sign)} <span class="break">{said}</span></p>
        {at}
        {person(&report.person, report.admission.as_ref())} {checks(&report.checks)}
        {xml("The response as it came", report.xml.as_deref())} {xml("What was encrypted in it", report.decrypted.as_deref())}
        {xml("The ID token, without its signature", report.token.as_deref())}
    }
    .into_any()
}

fn person(person: &[(String, String)], admission: Option<&TestAdmission>) -> Option<AnyView> {
    if person.is_empty() {
        return None;
    }
    let facts = person
        .iter()
        .map(|(name, value)| {
            view! { <div><dt>{name.clone()}</dt><dd class="break">{value.clone()}</dd></div> }
        })
        .collect_view();
    let admission = admission.map(|admission| {
        let groups = match admission.groups.is_empty() {
            true => "none".to_owned(),
            false => admission.groups.join(", "),
        };
        let groups = admission.is_let_in.then(|| view! { <div><dt>"Groups here"</dt><dd class="break">{groups}</dd></div> });
        view! { <div class="facts-wide"><dt>"Here"</dt><dd class="break">{admission.as_whom.clone()}</dd></div> {groups} }
    });
    Some(
        view! {
            <h3>"The person as they would be here"</h3>
            <dl class="facts">{facts} {admission}</dl>
        }
        .into_any(),
    )
}

fn checks(checks: &[TestCheck]) -> Option<AnyView> {
    if checks.is_empty() {
        return None;
    }
    let columns = [Column::Name("Check"), Column::Text("Result"), Column::Text("What was seen")];
    let passed = checks.iter().filter(|check| check.passed).count();
    // What failed comes first: it is what somebody looks for.
    let (good, bad): (Vec<_>, Vec<_>) = checks.iter().partition(|check| check.passed);
    let rows = bad.into_iter().chain(good).map(check).collect();
    let title = format!("Checks: {passed} of {} passed", checks.len());
    Some(
        view! {
            <details class="provider-checks" open=passed < checks.len()>
                <summary>{title}</summary>
                {table("Checks of the last test", &columns, rows)}
                {(passed < checks.len()).then(|| view! { <p class="hint">"Checks that follow from one that failed were not made."</p> })}
            </details>
        }
        .into_any(),
    )
}

fn check(check: &TestCheck) -> Row {
    let result = if check.passed { badge(Tone::Good, "passed") } else { badge(Tone::Bad, "failed") };
    vec![
        view! { <span class="principal"><code>{check.name.clone()}</code> <span class="muted">{check.demand.clone()}</span></span> }
            .into_any(),
        result,
        view! { <span class="break">{check.seen.clone()}</span> }.into_any(),
    ]
}

fn xml(title: &'static str, xml: Option<&str>) -> Option<AnyView> {
    let xml = xml.filter(|xml| !xml.is_empty())?.to_owned();
    Some(
        view! {
            <details class="provider-pem">
                <summary>{title}</summary>
                <pre tabindex="0" aria-label=title><code>{xml}</code></pre>
            </details>
        }
        .into_any(),
    )
}

#[cfg(test)]
mod tests {
    use super::{super::inputs::tests::view, *};

    fn report(passed: bool) -> TestReport {
        let check = |name: &str, passed| TestCheck {
            name: name.into(),
            demand: "It is so.".into(),
            passed,
            seen: "<script>".into(),
        };
        TestReport {
            passed,
            reason: (!passed).then(|| "The audience is another.".into()),
            checks: vec![check("root", true), check("audience", passed)],
            person: vec![("E-mail".into(), "ann@acme.example".into())],
            admission: Some(TestAdmission {
                is_let_in: true,
                as_whom: "A new member".into(),
                groups: vec!["Staff".into()],
            }),
            xml: Some("<samlp:Response>".into()),
            decrypted: None,
            token: None,
        }
    }

    #[test]
    fn a_report_says_what_failed_and_shows_what_was_seen() {
        let mut view = view();
        view.last_test = Some(report(false));
        let html = draw(&view).to_html();
        assert!(html.contains("alert-bad") && html.contains("The audience is another."), "{html}");
        assert!(html.contains("Checks: 1 of 2 passed") && html.contains("&lt;script&gt;"), "{html}");
        assert!(html.contains("&lt;samlp:Response&gt;") && !html.contains("What was encrypted"), "{html}");
    }

    #[test]
    fn a_test_of_other_settings_does_not_count() {
        let mut view = view();
        view.last_test = Some(report(true));
        assert!(draw(&view).to_html().contains("with other settings"));
        view.row.passed_at = Some(domain::timestamps::Timestamp::from_micros(0));
        assert!(draw(&view).to_html().contains("The last test passed."));
    }

    #[test]
    fn who_would_not_be_let_in_is_warned_of() {
        let mut view = view();
        view.row.passed_at = Some(domain::timestamps::Timestamp::from_micros(0));
        view.last_test = Some(report(true));
        let html = draw(&view).to_html();
        assert!(
            html.contains("A new member") && html.contains("Groups here") && html.contains("Staff"),
            "{html}"
        );
        let refused = TestAdmission {
            is_let_in: false,
            as_whom: "Not let in: Its domain leads elsewhere.".into(),
            groups: Vec::new(),
        };
        view.last_test = Some(TestReport { admission: Some(refused), ..report(true) });
        let html = draw(&view).to_html();
        assert!(html.contains("alert-warning") && html.contains("would not be let in here"), "{html}");
        assert!(html.contains("Its domain leads elsewhere.") && !html.contains("Groups here"), "{html}");
    }

    #[test]
    fn what_lacks_something_cannot_be_tested() {
        let mut view = view();
        assert!(draw(&view).to_html().contains("Test it now"));
        view.row.missing = vec!["a certificate".into()];
        let html = draw(&view).to_html();
        assert!(!html.contains("Test it now") && html.contains("a certificate"), "{html}");
    }
}
