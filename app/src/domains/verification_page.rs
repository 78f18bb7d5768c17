//! `/organizations/{organization}/domains/{domain}/verify`: whether the proof is there, whom it makes managed, and the button that
//! verifies the domain.

use domain::{actions::Action, domains::DomainState, views::DomainPreview};
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
        Ok(frame.view(viewer, draw(&preview)))
    })
}

fn draw(preview: &DomainPreview) -> AnyView {
    let row = &preview.row;
    let form = FormState::of("/api/domains/verify");
    let (organization, id) = (row.organization_id.to_string(), row.domain_id.to_string());
    let back = links::domain(&organization, &id);
    let is_verified = row.state == DomainState::Verified;
    let found = match (&preview.obstacle, preview.people) {
        (Some(obstacle), _) => view! {
            <p class="alert alert-warning">{icon(Icon::Warning)} <span>{obstacle.clone()}</span></p>
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
            {hidden(&[("organization", &organization), ("domain", &id)])} {form.error(&[])}
            <div class="form-actions">
                <button class=class>{verb}</button>
                <a class="button" href=back>"Back"</a>
            </div>
        </form>
    }
    .into_any()
}
