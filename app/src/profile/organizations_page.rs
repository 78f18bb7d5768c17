//! `/profile/organizations`: where one belongs, where one is invited, and the form that makes another organization.

use domain::views::{OrganizationView, OwnInvitationRow};
use leptos::prelude::*;

use crate::{
    components::{
        alerts::warning,
        api_call::ApiCalls,
        badges::{Tone, badge},
        dialog::{dialog, open_button},
        empty::empty,
        field::Field,
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head},
        icons::{Icon, icon},
        page::page,
        switcher::end_of_id,
        table::{Column, Row, table},
        time::time,
    },
    context::{answer, control},
    links,
    organizations::{deactivated, standing},
};

const TITLE: &str = "Organizations";
const DIALOG: &str = "new-organization";
const ACCEPT: &str = "/api/profile/accept_invitation";
const DECLINE: &str = "/api/profile/decline_invitation";

/// Where one belongs.
#[component]
pub(crate) fn OwnOrganizationsPage() -> impl IntoView {
    page(async move {
        let viewer = Viewer::load().await?;
        let invitations = answer(control::invitations::own(&control()?).await)?;
        let frame = Frame::of_person(Section::Organizations, TITLE).calls(ApiCalls::new().v1(
            "List your organizations",
            "GET",
            "/v1/organizations",
            None,
        ));
        let shut_out = answer(control::organizations::shut_out_of(&control()?).await)?;
        let obstacle = answer(control::organizations::making_obstacle(&control()?).await)?;
        let body = draw(&viewer.profile.organizations, &shut_out, invitations, obstacle);
        Ok(frame.view(viewer, body))
    })
}

fn draw(
    organizations: &[OrganizationView],
    shut_out: &[String],
    invitations: Vec<OwnInvitationRow>,
    obstacle: Option<String>,
) -> AnyView {
    let may_make = obstacle.is_none();
    let new = || {
        may_make.then(|| {
            open_button(DIALOG, "button button-primary", view! { {icon(Icon::Add)} "New organization" })
        })
    };
    let obstacle = obstacle.map(|text| {
        view! { <p class="alert" role="note">{icon(Icon::Lock)} <span>{text}</span></p> }
    });
    let list = match organizations.is_empty() {
        true if !shut_out.is_empty() => ().into_any(),
        true => empty(
            Icon::Organization,
            "You belong to no organization",
            match may_make {
                true => {
                    "Projects and people belong to organizations. Create one, or ask somebody to invite you into theirs."
                }
                false => {
                    "Projects and people belong to organizations. Ask somebody to invite you into theirs."
                }
            },
            new(),
        ),
        false => {
            let columns = [Column::Name("Name"), Column::Text("You are"), Column::Actions];
            table(
                "Your organizations",
                &columns,
                organizations.iter().map(|one| row(organizations, one)).collect(),
            )
        }
    };
    view! {
        {head(TITLE.into(), (), (!organizations.is_empty() || !shut_out.is_empty()).then(new).flatten())}
        {obstacle}
        {(!shut_out.is_empty()).then(|| warning(deactivated(shut_out)))}
        {pending(invitations)}
        {list}
        {may_make.then(create_dialog)}
    }
    .into_any()
}

fn row(all: &[OrganizationView], organization: &OrganizationView) -> Row {
    let (id, name) = (organization.id.to_string(), organization.name.clone());
    if let Some(rule) = organization.refused_by {
        let refusal = view! { <span>{rule.refusal(&name)}</span> }.into_any();
        let label = format!("What to do to get into {name}");
        let way_in = view! {
            <a class="button button-small" href=links::organization(&id) aria-label=label>"What to do"</a>
        };
        return vec![view! { <span class="free-text">{name}</span> }.into_any(), refusal, way_in.into_any()];
    }
    let role = match standing(organization) {
        "member" => view! { <span class="muted">"member"</span> }.into_any(),
        more => badge(Tone::Plain, more),
    };
    let leave = format!("Leave {name}");
    vec![
        view! {
            <span>
                <a class="free-text" href=links::organization(&id)>{name}</a>
                <span class="muted">{end_of_id(all, organization)}</span>
            </span>
        }
        .into_any(),
        role,
        view! { <a class="button button-small" href=links::leaving(&id) aria-label=leave>"Leave…"</a> }
            .into_any(),
    ]
}

/// Invitations that wait for an answer, and why the last answer was refused.
fn pending(invitations: Vec<OwnInvitationRow>) -> AnyView {
    let refused = [ACCEPT, DECLINE].map(|action| FormState::of(action).error(&[])).collect_view();
    if invitations.is_empty() {
        return refused.into_any();
    }
    let columns = [Column::Name("Organization"), Column::Text("Good until"), Column::Actions];
    let rows = invitations.into_iter().map(invitation).collect();
    view! {
        <section class="stack" aria-labelledby="invitations">
            <h2 id="invitations">"You are invited"</h2>
            {refused} {table("Invitations", &columns, rows)}
        </section>
        <h2>"You belong to"</h2>
    }
    .into_any()
}

fn invitation(row: OwnInvitationRow) -> Row {
    let id = row.id.to_string();
    let name = row.organization_name;
    let answer = |action, class, word: &'static str| {
        view! {
            <form method="post" action=action>
                {hidden(&[("invitation", &id)])}
                <button class=class aria-label=format!("{word} {name}")>{word}</button>
            </form>
        }
    };
    let answers = view! {
        <div class="answers">
            {answer(ACCEPT, "button button-small button-primary", "Accept")}
            {answer(DECLINE, "button button-small", "Decline")}
        </div>
    };
    let answers = answers.into_any();
    vec![view! { <span class="free-text">{name.clone()}</span> }.into_any(), time(row.expires_at), answers]
}

fn create_dialog() -> AnyView {
    let form = FormState::of("/api/organizations/create");
    let field = Field {
        name: "name",
        label: "Name",
        hint: Some("What people call it. You become its super admin.".into()),
        has_focus: true,
        max: Some(83),
        ..Field::default()
    };
    let body = view! {
        <form method="post" action=form.action class="form">
            {form.error(&["name"])} {field.view(&form)}
            <div class="form-actions">
                <button class="button button-primary">"Create organization"</button>
                <button type="button" class="button" commandfor=DIALOG command="close">"Cancel"</button>
            </div>
        </form>
    };
    dialog(DIALOG, "New organization".into(), form.is_refused(), body.into_any())
}

#[cfg(test)]
mod tests {
    use leptos::reactive::owner::Owner;

    use super::*;

    #[test]
    fn who_may_make_no_organization_has_no_button_and_is_told_why() {
        let html = |obstacle: Option<&str>| {
            let obstacle = obstacle.map(str::to_owned);
            Owner::new().with(|| draw(&[], &[], Vec::new(), obstacle).to_html())
        };
        assert!(html(None).contains("New organization") && html(None).contains("Create one"));
        let managed = html(Some("Your account is managed by Acme."));
        assert!(managed.contains("Your account is managed by Acme."), "{managed}");
        assert!(!managed.contains("New organization") && !managed.contains("Create one"), "{managed}");
    }
}
