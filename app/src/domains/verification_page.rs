//! `/organizations/{organization}/domains/{domain}/verify`: whether the proof is there, whom it makes managed, and the button that
//! verifies the domain.

use domain::{actions::Action, domains::DomainState, errors::Error, views::DomainPreview};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    components::{
        form::{FormState, hidden},
        frame::{Viewer, head},
        icons::{Icon, icon},
        page::page_of,
    },
    context::{answer, control},
    links,
};

const VERIFY: &str = "/api/domains/verify";

/// What verifying a domain would do.
#[component]
pub(crate) fn VerifyDomainPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page_of(super::gone(&params), async move {
        let viewer = Viewer::load().await?;
        let (organization, id) = super::named(&params)?;
        viewer.require(organization, Action::VerifyDomain)?;
        let preview = answer(control::domains::preview(&control()?, organization, id).await)?;
        let path = links::domain_verification(&organization.to_string(), &id.to_string());
        let frame = super::frame(&preview.row, "Verify domain").step("Verify", path);
        Ok(frame.view(viewer, draw(&preview, &FormState::of(VERIFY))))
    })
}

/// Whether the page itself says by now what the button was refused for: it looked for the proof again, and what it found is newer.
fn is_answered(preview: &DomainPreview, form: &FormState) -> bool {
    match form.refusal() {
        Some(Error::Conflict { .. } | Error::Unavailable { .. }) => true,
        Some(Error::Limited { .. }) => preview.obstacle.is_some(),
        _ => false,
    }
}

fn draw(preview: &DomainPreview, form: &FormState) -> AnyView {
    let row = &preview.row;
    let is_answered = is_answered(preview, form);
    // Who pressed the button hears what came of it.
    let (class, role) =
        if is_answered { ("alert alert-bad", Some("alert")) } else { ("alert alert-warning", None) };
    let (organization, id) = (row.organization_id.to_string(), row.domain_id.to_string());
    let back = links::domain(&organization, &id);
    let is_verified = row.state == DomainState::Verified;
    let found = match (&preview.obstacle, preview.people) {
        (Some(obstacle), _) => view! {
            <p class=class role=role tabindex=is_answered.then_some("-1") autofocus=is_answered>{icon(Icon::Warning)} <span>{obstacle.clone()}</span></p>
        }
        .into_any(),
        (None, people) => {
            let people = super::people(people.unwrap_or_default());
            let text = match is_verified {
                true => format!("The proof is there. By this domain you manage {people}."),
                false => format!(
                    "The proof is there. Once you verify the domain, {people} with addresses in it will be managed by your \
                     organization, and told so by mail: you decide how they sign in, and can deactivate or delete their accounts."
                ),
            };
            view! { <p class="preview-sentence">{text}</p> }.into_any()
        }
    };
    let (verb, class) = match (preview.obstacle.is_some(), is_verified) {
        (true, _) => ("Look again", "button"),
        (false, true) => ("Note that it is there", "button"),
        (false, false) => ("Verify domain", "button button-primary"),
    };
    view! {
        {head(format!("Verify {}", row.domain_name), (), ())} {found}
        <form method="post" action=form.action class="form form-narrow">
            {hidden(&[("organization", &organization), ("domain", &id)])} {(!is_answered).then(|| form.error(&[]))}
            <div class="form-actions">
                <button class=class>{verb}</button>
                <a class="button" href=back>"Back"</a>
            </div>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::{domains::DomainVerification, timestamps::Timestamp, views::DomainRow};

    use super::*;
    use crate::context::Posted;

    const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn preview(obstacle: Option<&str>) -> DomainPreview {
        let row = DomainRow {
            domain_id: ID.parse().unwrap(),
            domain_name: "acme.example".into(),
            organization_id: ID.parse().unwrap(),
            state: DomainState::Unverified,
            verification_type: DomainVerification::Dns,
            challenge_token: "x".into(),
            created_at: Timestamp::from_micros(0),
            verified_at: None,
            checked_at: None,
            next_check_at: None,
            failing_since: None,
            lapses_at: None,
            last_failure: None,
            managed_people: None,
        };
        DomainPreview { row, obstacle: obstacle.map(Into::into), people: obstacle.is_none().then_some(2) }
    }

    fn html(obstacle: Option<&str>, error: Error) -> String {
        draw(&preview(obstacle), &FormState::refused(VERIFY, error, &Posted([].into()))).to_html()
    }

    #[test]
    fn what_was_found_is_said_once_and_as_it_is_now() {
        let limited = || Error::Limited {
            field: None,
            reason: "Its proof was looked for a moment ago.".into(),
            retry_after_seconds: 5,
        };
        let gone = "No record is there.";
        for error in [Error::conflict(gone), Error::conflict("It says token=x."), limited()] {
            let html = html(Some(gone), error);
            assert_eq!(html.matches("alert-bad").count(), 1, "{html}");
            assert!(html.matches(gone).count() == 1 && !html.contains("alert-warning"), "{html}");
            assert!(!html.contains("token=x") && !html.contains("a moment ago"), "{html}");
        }
        let stale = html(None, Error::conflict(gone));
        assert!(stale.contains("The proof is there") && !stale.contains(gone), "{stale}");
        // It is there, and was not noted: that has to be said.
        assert!(html(None, limited()).contains("a moment ago"));
    }
}
