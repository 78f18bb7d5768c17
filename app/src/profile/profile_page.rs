//! `/profile`: what one is called and where one works.

use domain::views::OwnProfile;
use leptos::prelude::*;

use crate::{
    components::{
        api_call::ApiCalls,
        copy::CopyButton,
        field::Field,
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head},
        page::page,
    },
    context::{answer, control},
};

/// The names of the form's fields, in its order.
const FIELDS: [&str; 5] = ["name", "job_title", "department", "city", "country"];

/// One's own profile.
#[component]
pub(crate) fn ProfilePage() -> impl IntoView {
    page(async move {
        let viewer = Viewer::load().await?;
        let profile = answer(control::profiles::own(&control()?).await)?;
        let frame = Frame::of_person(Section::Profile, "Profile").calls(ApiCalls::new().v1(
            "See who you are",
            "GET",
            "/v1/me",
            None,
        ));
        Ok(frame.view(viewer, draw(&profile)))
    })
}

fn draw(profile: &OwnProfile) -> AnyView {
    let form = FormState::of("/api/profile/edit");
    let generation = profile.generation.to_string();
    let texts = &profile.texts;
    let [name, job_title, department, city, country] = [
        ("Name", &texts.name, None, "name"),
        ("Job title", &texts.job_title, None, "organization-title"),
        ("Department", &texts.department, None, "off"),
        ("City", &texts.city, None, "address-level2"),
        ("Country", &texts.country, Some("Its code of two letters, like DE or JP."), "country"),
    ];
    let fields = [name, job_title, department, city, country].into_iter().zip(FIELDS).map(
        |((label, value, hint, autocomplete), field)| {
            Field {
                name: field,
                label,
                hint: hint.map(str::to_owned),
                autocomplete: Some(autocomplete),
                value: Some(value.clone()),
                is_optional: field != "name",
                max: Some(128),
                ..Field::default()
            }
            .view(&form)
        },
    );
    let fields = fields.collect_view();
    let (email, id) = (profile.email.clone(), profile.user_id.to_string());
    let body = match changed_there(profile) {
        Some(text) => managed(profile, text),
        None => view! {
            <p class="muted">"The people who manage your organizations see this."</p>
            <form method="post" action=form.action class="form form-narrow">
                {hidden(&[("generation", &generation)])} {form.error(&FIELDS)} {fields}
                <div class="form-actions">
                    <button class="button button-primary">"Save"</button>
                </div>
            </form>
        }
        .into_any(),
    };
    view! {
        {head("Profile".into(), (), ())}
        <section class="card" aria-labelledby="account">
            <h2 id="account">"Account"</h2>
            <dl class="facts facts-ids">
                <div><dt>"E-mail address"</dt><dd class="break">{email}</dd></div>
                <div>
                    <dt>"Id"</dt>
                    <dd class="copyable"><code>{id.clone()}</code> <CopyButton text=id what="id".to_owned() /></dd>
                </div>
            </dl>
        </section>
        <section class="card" aria-labelledby="texts">
            <h2 id="texts">"About you"</h2>
            {body}
        </section>
    }
    .into_any()
}

/// What is said instead of the form to who is managed.
/// Where a profile is changed that is not one's own to change.
fn changed_there(profile: &OwnProfile) -> Option<String> {
    if let Some(keeper) = &profile.managed_by_scim {
        return Some(format!(
            "Your profile is managed by SCIM of the identity provider {}: it is changed there.",
            keeper.identity_provider_name
        ));
    }
    let manager = profile.managed_by.as_ref()?;
    Some(format!(
        "Your account is managed by {}, to which the domain {} belongs. It decides how you sign in, and your profile is changed \
         there.",
        manager.organization_name, manager.domain_name
    ))
}

/// A profile that is not one's own to change, and who changes it.
fn managed(profile: &OwnProfile, text: String) -> AnyView {
    let texts = &profile.texts;
    let said = [
        ("Name", &texts.name),
        ("Job title", &texts.job_title),
        ("Department", &texts.department),
        ("City", &texts.city),
        ("Country", &texts.country),
    ];
    let said = said
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(label, text)| view! { <div><dt>{label}</dt><dd class="break">{text.clone()}</dd></div> })
        .collect_view();
    view! { <p>{text}</p> <dl class="facts">{said}</dl> }.into_any()
}

#[cfg(test)]
mod tests {
    use domain::views::{Manager, ProfileTexts, ScimKeeper};
    use leptos::reactive::owner::Owner;

    use super::*;

    fn provider() -> domain::ids::IdentityProviderId {
        "01890a5d-ac96-774b-bcce-b302099a8059".parse().unwrap()
    }

    fn id_of_organization() -> domain::ids::OrganizationId {
        "01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap()
    }

    #[test]
    fn each_text_stands_in_its_own_field() {
        let texts = ProfileTexts {
            name: "Ann".into(),
            job_title: "Engineer".into(),
            department: "Platform".into(),
            city: "Graz".into(),
            country: "AT".into(),
        };
        let id = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let profile = OwnProfile {
            user_id: id,
            email: "ann@example.org".into(),
            texts,
            generation: 7,
            managed_by: None,
            managed_by_scim: None,
        };
        let manager = Manager {
            organization_id: id_of_organization(),
            organization_name: "Acme".into(),
            domain_name: "acme.example".into(),
        };
        let managed = OwnProfile { managed_by: Some(manager), ..profile.clone() };
        let html = Owner::new().with(|| draw(&managed).to_html());
        assert!(
            html.contains("managed by Acme") && html.contains("Engineer") && !html.contains("<form"),
            "{html}"
        );
        let keeper = ScimKeeper { identity_provider_id: provider(), identity_provider_name: "Okta".into() };
        let kept = OwnProfile { managed_by_scim: Some(keeper), ..managed };
        let html = Owner::new().with(|| draw(&kept).to_html());
        assert!(html.contains("SCIM of the identity provider Okta") && !html.contains("<form"), "{html}");
        let html = Owner::new().with(|| draw(&profile).to_html());
        for (name, value) in FIELDS.into_iter().zip(["Ann", "Engineer", "Platform", "Graz", "AT"]) {
            let input = html.split("<input").find(|input| input.contains(&format!("name=\"{name}\"")));
            assert!(input.unwrap().contains(&format!("value=\"{value}\"")), "{name}: {html}");
        }
        assert!(html.contains("name=\"generation\" value=\"7\""), "{html}");
    }
}
