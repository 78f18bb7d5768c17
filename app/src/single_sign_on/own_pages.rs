//! One's own links with identity providers: the card of the page about signing in, what begins to link, and what asks before a link
//! goes.

use domain::{
    errors::Error,
    views::{OwnIdentities, OwnIdentity},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{api::UNLINK, leave};
use crate::{
    components::{
        api_call::ApiCalls,
        badges::{Tone, badge},
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head},
        icons::{Icon, icon},
        page::page,
        table::{Column, Row, table},
        time::{maybe_time, time},
    },
    context::{answer, control},
    links,
};

const COLUMNS: [Column; 5] = [
    Column::Name("Identity provider"),
    Column::Text("Known there as"),
    Column::Text("Linked"),
    Column::Text("Last used"),
    Column::Actions,
];

/// The card; nothing for who has no organization with an identity provider.
pub(crate) fn own_identities(own: &OwnIdentities) -> Option<AnyView> {
    if own.identities.is_empty() && own.linkable.is_empty() {
        return None;
    }
    let linked = (!own.identities.is_empty()).then(|| {
        table(
            "Identity providers that you are linked with",
            &COLUMNS,
            own.identities.iter().map(row).collect(),
        )
    });
    let links = own
        .linkable
        .iter()
        .map(|provider| {
            let path = links::provider_link(&provider.id.to_string());
            let label = format!("Link with {} of {}", provider.name, provider.organization);
            view! { <a class="button" href=path rel="external nofollow">{icon(Icon::Add)} {label}</a> }
        })
        .collect_view();
    Some(
        view! {
            <section class="stack" aria-labelledby="identity-providers">
                <h2 id="identity-providers">"Identity providers"</h2>
                <p class="muted">
                    "Sign in here with your account at your company. To link it, you sign in there once: that shows that both are yours."
                </p>
                {linked} <div class="form-actions">{links}</div>
            </section>
        }
        .into_any(),
    )
}

fn row(identity: &OwnIdentity) -> Row {
    let path = links::provider_unlink(&identity.provider_id.to_string(), &identity.subject);
    let off = (!identity.is_active).then(|| badge(Tone::Warning, "switched off"));
    let label = format!("Unlink {}", identity.provider);
    let name = view! {
        <span class="principal">
            <span class="badges"><span class="free-text">{identity.provider.clone()}</span> {off}</span>
            <span class="muted">{identity.organization.clone()}</span>
        </span>
    };
    vec![
        name.into_any(),
        view! { <span class="break">{identity.subject.clone()}</span> }.into_any(),
        time(identity.linked_at),
        maybe_time(identity.last_used_at),
        view! { <a class="button button-small" href=path aria-label=label>"Unlink…"</a> }.into_any(),
    ]
}

/// Begins to link, and leads to the identity provider.
#[component]
pub(crate) fn LinkPage() -> impl IntoView {
    let id = use_params_map().read_untracked().get("provider").and_then(|id| id.parse().ok());
    page(async move {
        let id = id.ok_or(Error::NotFound)?;
        Ok(leave(answer(control::single_sign_on::begin_link(&control()?, id).await)?))
    })
}

/// Asks before a link goes.
#[component]
pub(crate) fn UnlinkPage() -> impl IntoView {
    let id = use_params_map().read_untracked().get("provider");
    let subject = use_query_map().read_untracked().get("subject").unwrap_or_default();
    page(async move {
        let viewer = Viewer::load().await?;
        let own = answer(control::single_sign_on::own(&control()?).await)?;
        let is_asked = |identity: &OwnIdentity| {
            Some(identity.provider_id.to_string()) == id
                && (subject.is_empty() || identity.subject == subject)
        };
        let identity = own.identities.into_iter().find(is_asked).ok_or(Error::NotFound)?;
        let provider = identity.provider_id.to_string();
        let calls = ApiCalls::new().post(
            "Unlink",
            UNLINK,
            &[("provider", &provider), ("subject", &identity.subject)],
        );
        let frame = Frame::of_person(Section::Authentication, "Unlink an identity provider")
            .step("Authentication", links::authentication())
            .step("Unlink", links::provider_unlink(&provider, &identity.subject))
            .calls(calls);
        Ok(frame.view(viewer, ask(&identity)))
    })
}

fn ask(identity: &OwnIdentity) -> AnyView {
    let form = FormState::of(UNLINK);
    let provider = identity.provider_id.to_string();
    view! {
        {head(format!("Unlink {}?", identity.provider), (), ())}
        <p>"What goes:"</p>
        <ul class="goes">
            <li>
                {format!("You no longer sign in here as {} at {} of {}.", identity.subject, identity.provider, identity.organization)}
            </li>
            <li>"Browsers that you signed in with it are signed out, this one included."</li>
            <li>"Tokens that you made in such sessions end."</li>
        </ul>
        <p class="muted">
            "If your organization requires its identity provider, you do not get into it any other way. If your address is of a domain \
             that leads to it, the next sign-in there links it again."
        </p>
        <form method="post" action=UNLINK class="form form-narrow">
            {hidden(&[("provider", &provider), ("subject", &identity.subject)])} {form.error(&[])}
            <div class="form-actions">
                <button class="button button-danger">"Unlink it"</button>
                <a class="button" href=links::authentication()>"Cancel"</a>
            </div>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::{timestamps::Timestamp, views::LinkableProvider};

    use super::*;

    #[test]
    fn the_card_shows_what_is_linked_and_what_could_be() {
        assert!(own_identities(&OwnIdentities::default()).is_none());
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let own = OwnIdentities {
            identities: vec![OwnIdentity {
                provider_id: id.parse().unwrap(),
                provider: "Acme".into(),
                organization: "Acme Inc".into(),
                subject: "ann&co".into(),
                linked_at: Timestamp::from_micros(0),
                last_used_at: None,
                is_active: false,
            }],
            linkable: vec![LinkableProvider {
                id: id.parse().unwrap(),
                name: "Other".into(),
                organization: "Next".into(),
            }],
        };
        let html = own_identities(&own).unwrap().to_html();
        assert!(html.contains("switched off") && html.contains("Link with Other of Next"), "{html}");
        assert!(html.contains("/unlink?subject=ann%26co"), "{html}");
    }
}
