//! `/organizations/{organization}/application-users`: the programs that belong to an organization, and the form that makes
//! one.

use domain::{
    actions::Action,
    views::{ApplicationUserRow, Page},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde_json::json;

use crate::{
    components::{
        api_call::ApiCalls,
        clamped::clamped,
        dialog::{dialog, open_button},
        empty::empty,
        field::Field,
        filter::{Filter, found, is_needed, nothing_fits},
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head},
        icons::{Icon, icon},
        list::List,
        page::page,
        table::{Column, Row},
        text_area::TextArea,
        time::{maybe_time, time},
    },
    context::{answer, control},
    links,
    organizations::asked,
};

const TITLE: &str = "Application users";
const DIALOG: &str = "new-application-user";
const COLUMNS: [Column; 5] = [
    Column::Name("Name"),
    Column::Text("Description"),
    Column::Figure("Tokens"),
    Column::Text("Last used"),
    Column::Text("Created"),
];

/// The application users of an organization.
#[component]
pub(crate) fn ApplicationUsersPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let (text, after) = (query.get("text").unwrap_or_default(), query.get("after"));
        let viewer = Viewer::load().await?;
        let id = asked(&params)?;
        let list = control::application_users::list(&control()?, id, &text, after.as_deref()).await;
        let (list, refused) = found(answer(list))?;
        let (key, may_create) = (id.to_string(), viewer.may(id, Action::CreateApplicationUser));
        let form = FormState::asked(&[("text", &text)], refused);
        let calls = calls(&key, &text, may_create);
        let frame = Frame::in_organization(id, Section::ApplicationUsers, TITLE).calls(calls);
        Ok(frame.view(viewer, draw(&key, list, form, (&text, after.as_deref()), may_create)))
    })
}

fn calls(organization: &str, text: &str, may_create: bool) -> ApiCalls {
    let path = format!("/v1/organizations/{organization}/application-users");
    let list = links::with_query(&path, &[("text", Some(text))]);
    let calls = ApiCalls::new().v1("List application users", "GET", &list, None);
    match may_create {
        true => calls.v1("Create one", "POST", &path, Some(&json!({ "name": "deployer" }))),
        false => calls,
    }
}

fn draw(
    organization: &str,
    page: Page<ApplicationUserRow>,
    form: FormState,
    (text, after): (&str, Option<&str>),
    may_create: bool,
) -> AnyView {
    let new = || {
        let label = || view! { {icon(Icon::Add)} "New application user" };
        may_create.then(|| open_button(DIALOG, "button button-primary", label()))
    };
    let (is_needed, is_filled) = (is_needed(&page, &form), form.is_filled());
    let empty = || match is_filled {
        true => nothing_fits(false),
        false => empty(
            Icon::Application,
            "No application users yet",
            "An application user is a member that is a program: it holds roles as people do, acts with tokens alone, and \
             stays when whoever made it leaves. Make one for each tool.",
            new(),
        ),
    };
    let list = List {
        caption: TITLE,
        columns: &COLUMNS,
        after,
        address: &|after| links::application_users(organization, &[("text", Some(text)), ("after", after)]),
    };
    let filter = is_needed.then(|| {
        let field =
            Field { name: "text", label: "Name", kind: "search", is_optional: true, ..Field::default() };
        let fields = vec![field.view(&form)];
        Filter { address: links::application_users(organization, &[]), hidden: Vec::new(), form }.view(fields)
    });
    view! {
        {head(TITLE.into(), (), is_needed.then(new).flatten())} {filter}
        {list.view(page, |user| row(organization, user), empty)}
        {may_create.then(|| create_dialog(organization))}
    }
    .into_any()
}

fn row(organization: &str, user: ApplicationUserRow) -> Row {
    let path = links::application_user(organization, &user.user_id.to_string(), &[]);
    vec![
        view! { <a class="row-link free-text" href=path>{user.name}</a> }.into_any(),
        clamped(&user.description),
        user.tokens.into_any(),
        maybe_time(user.last_used_at),
        time(user.created_at),
    ]
}

fn create_dialog(organization: &str) -> AnyView {
    let form = FormState::of("/api/application_users/create");
    let is_refused = form.is_refused();
    let body = view! {
        <form method="post" action=form.action class="form">
            {hidden(&[("organization", organization)])} {texts(&form, None)} <div class="form-actions">
                <button class="button button-primary">"Create application user"</button>
                <button type="button" class="button" commandfor=DIALOG command="close">"Cancel"</button>
            </div>
        </form>
    };
    dialog(DIALOG, "New application user".into(), is_refused, body.into_any())
}

/// The fields of an application user: empty, or with what it is called and what it is for.
pub(super) fn texts(form: &FormState, now: Option<&ApplicationUserRow>) -> AnyView {
    let name = Field {
        name: "name",
        label: "Name",
        hint: Some("What the program is, like Terraform or Nightly backup check.".into()),
        value: now.map(|now| now.name.clone()),
        has_focus: now.is_none(),
        max: Some(128),
        ..Field::default()
    };
    let description = TextArea {
        name: "description",
        label: "Description",
        hint: Some("What it does, and whom to ask about it.".into()),
        value: now.map(|now| now.description.clone()),
        rows: 3,
        is_optional: true,
        ..TextArea::default()
    };
    view! { {form.error(&["name", "description"])} {name.view(form)} {description.view(form)} }.into_any()
}
