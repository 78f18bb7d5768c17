//! `/organizations/{organization}/invitations`: the open invitations; many can be sent again or taken back at once.

use domain::{
    actions::Action,
    ids::OrganizationId,
    views::{AttachedView, InvitationRow, Page},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::api::list_invitations;
use crate::{
    components::{
        api_call::ApiCalls,
        badges::{Tone, badge},
        effects::place,
        empty::empty,
        field::Field,
        filter::{Filter, is_needed, nothing_fits},
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head},
        icons::{Icon, icon},
        list::List,
        page::page,
        table::{Column, Row},
        time::time,
    },
    links, organizations,
};

const RESEND: &str = "/api/invitations/resend";
const WITHDRAW: &str = "/api/invitations/withdraw";
const COLUMNS: [Column; 4] =
    [Column::Name("E-mail"), Column::Text("Comes with"), Column::Text("Sent"), Column::Text("Expires")];

/// The open invitations of an organization.
#[component]
pub(crate) fn InvitationsPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let viewer = Viewer::load().await?;
        let id = organizations::asked(&params)?;
        let (text, after) = (query.get("text").unwrap_or_default(), query.get("after"));
        let list = list_invitations(id, text.clone(), after.clone()).await?;
        let key = id.to_string();
        let sees_users = viewer.may(id, Action::ListUsers);
        let mut frame = Frame::in_organization(id, Section::Users, "Invitations");
        if sees_users {
            frame = frame.step("Users", links::users(&key, &[]));
        }
        let frame = frame.step("Invitations", links::invitations(&key, &[])).calls(calls(&key, &text));
        Ok(frame.view(viewer, draw(id, list, &text, after.as_deref())))
    })
}

fn calls(organization: &str, text: &str) -> ApiCalls {
    let path = format!("/v1/organizations/{organization}/invitations");
    ApiCalls::new()
        .v1("List invitations", "GET", &links::with_query(&path, &[("text", Some(text))]), None)
        .v1("Send one again", "POST", &format!("{path}/INVITATION/resend"), None)
        .v1("Take one back", "DELETE", &format!("{path}/INVITATION"), None)
}

fn draw(organization: OrganizationId, page: Page<InvitationRow>, text: &str, after: Option<&str>) -> AnyView {
    let id = organization.to_string();
    let path = links::new_invitations(&id);
    let new = || view! { <a class="button button-primary" href=path.clone()>{icon(Icon::Add)} "Invite"</a> };
    let form = FormState::asked(&[("text", text)], None);
    let (is_asked, has_rows) = (form.is_filled(), !page.rows.is_empty());
    let step = new();
    let nothing = move || match is_asked {
        true => nothing_fits(false),
        false => empty(
            Icon::Mail,
            "No open invitations",
            "People come into the organization by an invitation that is sent to their e-mail address. What they are to hold \
             can come with it.",
            step,
        ),
    };
    let filter = is_needed(&page, &form).then(|| {
        let field = Field { name: "text", label: "E-mail", kind: "search", ..Field::default() };
        let field = field.view(&form);
        Filter { address: links::invitations(&id, &[]), hidden: Vec::new(), form }.view(vec![field])
    });
    let address = |after: Option<&str>| links::invitations(&id, &[("text", Some(text)), ("after", after)]);
    let list = List { caption: "Invitations", columns: &COLUMNS, after, address: &address };
    let table = list.view(page, row, nothing);
    let body = match has_rows {
        true => chosen(&id, table),
        false => table,
    };
    view! { {head("Invitations".into(), (), (has_rows || is_asked).then(new))} {filter} {body} }.into_any()
}

/// The list in the form that does something with what is chosen in it.
fn chosen(organization: &str, table: AnyView) -> AnyView {
    view! {
        {FormState::of(RESEND).error(&[])} {FormState::of(WITHDRAW).error(&[])}
        <form method="post" action=RESEND class="stack">
            {hidden(&[("organization", organization)])}
            {table}
            <div class="form-actions chosen-actions">
                <span class="muted">"Chosen:"</span>
                <button class="button">"Send again"</button>
                <button class="button" formaction=WITHDRAW>"Take back"</button>
            </div>
        </form>
    }
    .into_any()
}

fn row(invitation: InvitationRow) -> Row {
    let expired = invitation.is_expired.then(|| badge(Tone::Warning, "expired"));
    let label = format!("Choose {}", invitation.email);
    vec![
        view! {
            <label class="check">
                <input type="checkbox" name="invitations[]" value=invitation.id.to_string() aria-label=label />
                <span class="break">{invitation.email}</span>
            </label>
        }
        .into_any(),
        attached(invitation.attached),
        view! {
            <span class="principal">
                {time(invitation.sent_at)} <span class="muted">{format!("by {}", invitation.invited_by)}</span>
            </span>
        }
        .into_any(),
        view! { <span>{time(invitation.expires_at)} " " {expired}</span> }.into_any(),
    ]
}

/// What comes with an invitation.
fn attached(attached: AttachedView) -> AnyView {
    if attached.groups.is_empty() && attached.grants.is_empty() {
        return view! { <span class="muted nothing">"–"</span> }.into_any();
    }
    let groups = attached.groups.into_iter().map(|group| format!("Group {}", group.name));
    let grants = attached.grants.into_iter().map(|grant| {
        let place = place(grant.resource.kind, &grant.resource.name);
        format!("{} on {place}", grant.granted.label())
    });
    let lines = groups.chain(grants).map(|line| view! { <li class="free-text">{line}</li> }).collect_view();
    view! { <ul class="lines">{lines}</ul> }.into_any()
}
