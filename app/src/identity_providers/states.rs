//! The step that switches an identity provider on and off, and what removes it. Each asks, and says what it means.

use domain::{
    identity_providers::{ProviderProtocol, ProviderState},
    views::{ProviderRemoval, ProviderView},
};
use leptos::prelude::*;

use super::{
    api::{REMOVE, SET_STATE},
    facts,
    form::step,
};
use crate::{
    components::{
        confirm::Confirm,
        dialog::{dialog, open_button},
        form::{FormState, hidden},
    },
    quantities::count,
};

const DIALOG: &str = "set-state";

/// What a change of the state is called and means.
struct Change {
    becomes: ProviderState,
    verb: &'static str,
    title: String,
    means: Vec<String>,
    class: &'static str,
}

/// Draws the step; `may` says whether the viewer may switch it.
pub(super) fn draw(view: &ProviderView, goes: &ProviderRemoval, may: bool) -> AnyView {
    let change = change(view, goes);
    let said = match view.row.state {
        ProviderState::Draft => "It is a draft: nobody signs in with it.",
        ProviderState::Active => "People sign in with it.",
        ProviderState::Disabled => "It is switched off: nobody signs in with it, and its settings are kept.",
    };
    let action = match (may, view.row.missing.is_empty() || change.becomes == ProviderState::Disabled) {
        (false, _) => view! {
            <p class="muted">"Only super admins switch it on or off: whoever it vouches for is believed here."</p>
        }
        .into_any(),
        (true, false) => {
            let text = format!("It cannot be switched on yet: it lacks {}.", view.row.missing.join(", "));
            view! { <p class="muted">{text}</p> }.into_any()
        }
        (true, true) if change.becomes == ProviderState::Disabled && goes.obstacle.is_some() => {
            view! { <p class="muted">{goes.obstacle.clone()}</p> }.into_any()
        }
        (true, true) => view! {
            <div class="form-actions">{open_button(DIALOG, change.class, format!("{}…", change.verb))}</div>
        }
        .into_any(),
    };
    let body = view! { <p class="badges">{facts::state(view.row.state)} <span>{said}</span></p> {action} };
    let asks = may && (view.row.missing.is_empty() || change.becomes == ProviderState::Disabled);
    // Not in the card, which would place it.
    let dialog = asks.then(|| ask(view, &change));
    let title = match view.row.state {
        ProviderState::Active => "It is switched on",
        ProviderState::Draft | ProviderState::Disabled => "Switch it on",
    };
    view! { {step("6", title, "state", body.into_any())} {dialog} }.into_any()
}

fn change(view: &ProviderView, goes: &ProviderRemoval) -> Change {
    let name = &view.row.name;
    if view.row.state == ProviderState::Active {
        let people = count(view.row.people, "person");
        return Change {
            becomes: ProviderState::Disabled,
            verb: "Switch it off",
            title: format!("Switch {name} off?"),
            means: vec![
                "Nobody signs in with it any more, until it is switched on again.".into(),
                format!("Links of people with it are kept ({}).", people.replace("persons", "people")),
                format!("Sessions that began with it go on ({}).", goes.sessions),
            ],
            class: "button button-danger",
        };
    }
    let verified: Vec<&str> = view
        .row
        .domains
        .iter()
        .filter(|domain| domain.is_verified)
        .map(|domain| domain.domain_name.as_str())
        .collect();
    let mut means = match (verified.is_empty(), view.settings.creates_members()) {
        (true, _) => vec![
            "No verified domain leads to it: only members who link their account in their profile can sign in with it.".to_owned(),
        ],
        (false, creates) => vec![
            format!("Who enters an address of {} at the sign-in is led to it.", verified.join(", ")),
            match creates {
                true => "Whoever comes through it with such an address becomes a member of the organization.",
                false => "Only who was invited gets in.",
            }
            .to_owned(),
        ],
    };
    means.push("From then on only super admins change it.".to_owned());
    if view.row.passed_at.is_none() {
        means.push("It has not passed its test with the settings that it has. Test it first, so that people do not meet what is wrong.".to_owned());
    }
    Change {
        becomes: ProviderState::Active,
        verb: "Switch it on",
        title: format!("Switch {name} on?"),
        means,
        class: "button button-primary",
    }
}

fn ask(view: &ProviderView, change: &Change) -> AnyView {
    let form = FormState::of(SET_STATE);
    let (organization, id) = (view.row.organization_id.to_string(), view.row.id.to_string());
    let means = change.means.iter().map(|line| view! { <li>{line.clone()}</li> }).collect_view();
    let is_refused = form.is_refused();
    let body = view! {
        <form method="post" action=SET_STATE class="form">
            {hidden(&[("organization", &organization), ("provider", &id), ("state", change.becomes.as_str())])}
            {form.error(&[])} <p>"What that means:"</p> <ul class="goes">{means}</ul>
            <div class="form-actions">
                <button class=change.class>{change.verb}</button>
                <button type="button" class="button" commandfor=DIALOG command="close">"Cancel"</button>
            </div>
        </form>
    };
    dialog(DIALOG, change.title.clone(), is_refused, body.into_any())
}

/// What removes it; `may` says whether the viewer may.
pub(super) fn removal(view: &ProviderView, goes: &ProviderRemoval, may: bool) -> AnyView {
    let lines = [
        (goes.people, format!("{} with people’s accounts.", count(goes.people, "link"))),
        (goes.sessions, format!("{} that began with it.", count(goes.sessions, "session"))),
        (goes.tokens, format!("{} that people made in such sessions.", count(goes.tokens, "token"))),
        (
            goes.scim_people,
            format!(
                "The keeping of {} by SCIM, who stay and are changed by hand again.",
                count(goes.scim_people, "person").replace("persons", "people")
            ),
        ),
        (
            goes.scim_groups,
            format!(
                "The keeping of {} by SCIM, which stay and are changed by hand again.",
                count(goes.scim_groups, "group")
            ),
        ),
    ];
    let mut all = vec![match view.row.protocol {
        ProviderProtocol::Saml => {
            "The identity provider with its settings and our keys towards it.".to_owned()
        }
        ProviderProtocol::Oidc => "The identity provider with its settings and the client secret.".to_owned(),
    }];
    all.extend(lines.into_iter().filter(|(number, _)| *number > 0).map(|(_, line)| line));
    if view.row.people > 0 {
        all.push("Who has no other way in needs a link that sets a password: an admin sends it from their page under Users.".to_owned());
    }
    Confirm {
        id: "remove-provider",
        action: REMOVE,
        hidden: vec![
            ("organization", view.row.organization_id.to_string()),
            ("provider", view.row.id.to_string()),
        ],
        name: view.row.name.clone(),
        verb: "Remove identity provider",
        goes: all,
        stays: Some("The accounts stay, and so does what is on record in the events."),
        obstacle: match may {
            true => goes.obstacle.clone(),
            false => Some("Only super admins remove one that was in use, or that pushes by SCIM.".to_owned()),
        },
    }
    .view()
}

#[cfg(test)]
mod tests {
    use super::{super::inputs::tests::view, *};

    const NOTHING: ProviderRemoval =
        ProviderRemoval { people: 0, sessions: 0, tokens: 0, scim_people: 0, scim_groups: 0, obstacle: None };

    #[test]
    fn switching_on_says_who_gets_in_and_that_it_was_not_tested() {
        let html = draw(&view(), &NOTHING, true).to_html();
        assert!(
            html.contains("an address of acme.example") && html.contains("Only who was invited"),
            "{html}"
        );
        assert!(html.contains("has not passed its test"), "{html}");
        // Without a domain no address leads to it.
        let mut without = view();
        without.row.domains.clear();
        let html = draw(&without, &NOTHING, true).to_html();
        assert!(html.contains("No verified domain leads") && !html.contains("such an address"), "{html}");
        assert!(!html.contains("Only who was invited"), "{html}");
        let html = draw(&view(), &NOTHING, false).to_html();
        assert!(html.contains("Only super admins") && !html.contains("<form"), "{html}");
    }

    #[test]
    fn switching_off_says_what_goes_on() {
        let mut view = view();
        view.row.state = ProviderState::Active;
        let html = draw(&view, &ProviderRemoval { sessions: 7, ..NOTHING }, true).to_html();
        assert!(html.contains("(2 people)") && html.contains("(7)"), "{html}");
    }

    #[test]
    fn removing_says_what_goes() {
        let goes = ProviderRemoval { people: 2, sessions: 1, scim_people: 3, ..NOTHING };
        let html = removal(&view(), &goes, true).to_html();
        assert!(html.contains("keeping of 3 people") && !html.contains("0 groups"), "{html}");
        assert!(html.contains("2 links with") && html.contains("1 session that began"), "{html}");
        assert!(!html.contains("0 tokens"), "{html}");
    }
}
