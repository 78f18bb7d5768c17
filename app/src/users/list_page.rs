//! `/organizations/{organization}/users`: who belongs to the organization, and since when they did nothing.

use domain::{
    actions::Action,
    errors::Error,
    ids::OrganizationId,
    views::{MemberRow, Page},
};
use leptos::prelude::*;
use leptos_router::{
    hooks::{use_params_map, use_query_map},
    params::ParamsMap,
};

use super::{api::list_users, second_factor, standing};
use crate::{
    components::{
        api_call::ApiCalls,
        empty::empty,
        field::Field,
        filter::{self, Filter, found, nothing_fits},
        form::FormState,
        frame::{Frame, Section, Viewer, head},
        icons::{Icon, icon},
        list::List,
        page::page,
        select::{Group, Select},
        table::{Column, Row},
        time::{maybe_time, time},
    },
    links, organizations,
};

const COLUMNS: [Column; 5] = [
    Column::Name("Person"),
    Column::Text("State"),
    Column::Text("Second factor"),
    Column::Text("Last activity"),
    Column::Text("Joined"),
];

/// What the list is asked for.
struct Asked {
    text: String,
    state: String,
    idle_days: String,
    after: Option<String>,
}

impl Asked {
    fn of(query: &ParamsMap) -> Self {
        let of = |name| query.get(name).unwrap_or_default();
        Self { text: of("text"), state: of("state"), idle_days: of("idle_days"), after: query.get("after") }
    }

    fn query<'a>(&'a self, after: Option<&'a str>) -> [(&'static str, Option<&'a str>); 4] {
        let Self { text, state, idle_days, .. } = self;
        [("text", Some(text)), ("state", Some(state)), ("idle_days", Some(idle_days)), ("after", after)]
    }

    fn form(&self, refusal: Option<Error>) -> FormState {
        let Self { text, state, idle_days, .. } = self;
        FormState::asked(&[("text", text), ("state", state), ("idle_days", idle_days)], refusal)
    }
}

/// The people of an organization.
#[component]
pub(crate) fn UsersPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let viewer = Viewer::load().await?;
        let id = organizations::asked(&params)?;
        let asked = Asked::of(&query);
        let Asked { text, state, idle_days, after } = &asked;
        let answer = list_users(id, text.clone(), state.clone(), idle_days.clone(), after.clone()).await;
        let (list, refusal) = found(answer)?;
        let address = format!("/v1/organizations/{id}/users");
        let calls = ApiCalls::new().v1(
            "List users",
            "GET",
            &links::with_query(&address, &asked.query(after.as_deref())),
            None,
        );
        let invitations = invitations(&viewer, id);
        let frame = Frame::in_organization(id, Section::Users, "Users").calls(calls);
        Ok(frame.view(viewer, draw(id, list, &asked, refusal, invitations)))
    })
}

/// The way to the invitations, for who may invite.
fn invitations(viewer: &Viewer, organization: OrganizationId) -> Option<AnyView> {
    let id = organization.to_string();
    viewer.may(organization, Action::InviteUsers).then(|| {
        view! {
            <a class="button" href=links::managed_users(&id, &[])>"Managed users"</a>
            <a class="button" href=links::invitations(&id, &[])>{icon(Icon::Mail)} "Invitations"</a>
            <a class="button button-primary" href=links::new_invitations(&id)>{icon(Icon::Add)} "Invite"</a>
        }
        .into_any()
    })
}

fn draw(
    organization: OrganizationId,
    page: Page<MemberRow>,
    asked: &Asked,
    refusal: Option<Error>,
    invitations: Option<AnyView>,
) -> AnyView {
    let id = organization.to_string();
    let form = asked.form(refusal);
    let (is_asked, is_refused) = (form.is_filled(), form.is_refused());
    let filter = filter::is_needed(&page, &form).then(|| fields(&id, form));
    let nothing = || match is_asked {
        true => nothing_fits(is_refused),
        false => empty(Icon::Users, "Nobody here", "People come into an organization by invitation.", ()),
    };
    let address = |after: Option<&str>| links::users(&id, &asked.query(after));
    let list = List { caption: "Users", columns: &COLUMNS, after: asked.after.as_deref(), address: &address };
    view! { {head("Users".into(), (), invitations)} {filter} {list.view(page, |member| row(&id, &member), nothing)} }
        .into_any()
}

fn fields(organization: &str, form: FormState) -> AnyView {
    let text = Field { name: "text", label: "E-mail or name", kind: "search", ..Field::default() };
    let state = [
        ("active", "active"),
        ("without_second_factor", "active, without a second factor"),
        ("deactivated", "deactivated"),
    ];
    let state = state.map(|(state, label)| (state.to_owned(), label.to_owned()));
    let state = Select {
        name: "state",
        label: "State",
        groups: vec![Group { heading: None, choices: state.into() }],
        nothing: Some("All"),
        ..Select::default()
    };
    let idle = Field { name: "idle_days", label: "Days without activity", ..Field::default() };
    let fields = vec![text.view(&form), state.view(&form), idle.view(&form)];
    Filter { address: links::users(organization, &[]), hidden: Vec::new(), form }.view(fields)
}

fn row(organization: &str, member: &MemberRow) -> Row {
    let path = links::user(organization, &member.user_id.to_string());
    vec![
        view! {
            <a class="row-link principal" href=path>
                <span>{member.name.clone()}</span>
                <span class="muted">{member.email.clone()}</span>
            </a>
        }
        .into_any(),
        standing(member),
        second_factor(member),
        maybe_time(member.last_activity_at),
        time(member.joined_at),
    ]
}
