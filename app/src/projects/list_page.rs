//! `/projects`: the projects of one organization that the viewer may know of, and the form that makes one.

use domain::{
    actions::Action,
    errors::Error,
    ids::OrganizationId,
    views::{OrganizationView, Page, ProjectRow, Tag, UnitRow},
};
use leptos::prelude::*;
use leptos_router::{hooks::use_query_map, params::ParamsMap};

use super::{
    api::list_projects,
    create_form::{Place, create_dialog, new_button},
};
use crate::{
    components::{
        alerts::warning,
        api_call::ApiCalls,
        empty::empty,
        field::Field,
        filter::{Filter, is_needed, nothing_fits},
        form::FormState,
        frame::{Frame, Section, Viewer, head},
        icons::Icon,
        list::List,
        page::page,
        select::{Group, Select},
        switcher,
        table::{Column, Row},
        time::time,
    },
    context::{answer, control},
    links,
    organizations::deactivated,
    units::api::{list_units, view_unit},
};

/// What the list is asked for.
struct Asked {
    unit: String,
    text: String,
    after: Option<String>,
}

impl Asked {
    fn of(query: &ParamsMap) -> Self {
        let of = |name| query.get(name).unwrap_or_default();
        Self { unit: of("unit"), text: of("text"), after: query.get("after") }
    }
}

/// The projects of an organization.
#[component]
pub(crate) fn ProjectsPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    page(async move {
        let organization: Option<OrganizationId> =
            query.get("organization").map(|id| id.parse()).transpose().map_err(|_| Error::NotFound)?;
        let viewer = Viewer::load().await?;
        let Some(found) = switcher::current(&viewer.profile, organization).cloned() else {
            // Who belongs nowhere is told so, but not of an organization that they ask for.
            return match organization {
                Some(_) => Err(Error::NotFound.into()),
                None => {
                    let shut_out = answer(control::organizations::shut_out_of(&control()?).await)?;
                    Ok(nowhere(viewer, &shut_out))
                }
            };
        };
        if organization.is_some_and(|asked| asked != found.id) {
            return Err(Error::NotFound.into());
        }
        let asked = Asked::of(&query);
        let (unit, text) = (asked.unit.clone(), asked.text.clone());
        let list = list_projects(found.id, unit, text, asked.after.clone()).await?;
        let units = list_units(found.id).await?;
        // Who may make no project in the organization may yet in a unit of it.
        let may_create = match asked.unit.parse() {
            Ok(unit) if units.iter().any(|known| known.id == unit) => {
                view_unit(found.id, unit).await?.powers.may(Action::CreateProject)
            }
            _ => found.powers.may(Action::CreateProject),
        };
        let frame = Frame::in_organization(found.id, Section::Projects, "Projects");
        let frame = frame.calls(calls(&found.id.to_string(), &asked, may_create));
        Ok(frame.view(viewer, draw(&found, list, units, &asked, may_create)))
    })
}

fn calls(organization: &str, asked: &Asked, may_create: bool) -> ApiCalls {
    let path = format!("/v1/organizations/{organization}/projects");
    let query =
        [("unit", Some(asked.unit.as_str())), ("text", Some(&asked.text)), ("after", asked.after.as_deref())];
    let calls = ApiCalls::new().v1("List projects", "GET", &links::with_query(&path, &query), None);
    match may_create {
        true => {
            let unit = Some(&asked.unit).filter(|unit| !unit.is_empty());
            let body = serde_json::json!({ "name": "my-project", "unit": unit });
            calls.v1("Create a project", "POST", &path, Some(&body))
        }
        false => calls,
    }
}

const COLUMNS: [Column; 5] = [
    Column::Name("Name"),
    Column::Text("Unit"),
    Column::Text("Tags"),
    Column::Figure("Services"),
    Column::Text("Created"),
];
/// The columns of the projects of one unit.
pub(crate) const IN_UNIT: [Column; 4] =
    [Column::Name("Name"), Column::Text("Tags"), Column::Figure("Services"), Column::Text("Created")];

fn draw(
    organization: &OrganizationView,
    page: Page<ProjectRow>,
    units: Vec<UnitRow>,
    asked: &Asked,
    may_create: bool,
) -> AnyView {
    let id = organization.id.to_string();
    let form = FormState::asked(&[("unit", &asked.unit), ("text", &asked.text)], None);
    let (is_first, is_asked) = (page.rows.is_empty() && asked.after.is_none(), form.is_filled());
    let new = move || may_create.then(new_button);
    let nothing = move || match is_asked {
        true => nothing_fits(false),
        false => none(may_create, new()),
    };
    let filter = is_needed(&page, &form).then(|| filter(&id, &units, form));
    let list = List {
        caption: "Projects",
        columns: &COLUMNS,
        after: asked.after.as_deref(),
        address: &|after| address(&id, &asked.unit, &asked.text, after),
    };
    let place = match asked.unit.is_empty() {
        true => Place::Choice(units),
        false => Place::Unit(asked.unit.clone()),
    };
    let beside = view! { <span class="muted break">{organization.name.clone()}</span> };
    view! {
        {head("Projects".into(), beside, (!is_first || is_asked).then(new))} {filter}
        {list.view(page, |project| row(&id, project), nothing)}
        {may_create.then(|| create_dialog(&id, place))}
    }
    .into_any()
}

fn address(organization: &str, unit: &str, text: &str, after: Option<&str>) -> String {
    let query =
        [("organization", Some(organization)), ("unit", Some(unit)), ("text", Some(text)), ("after", after)];
    links::with_query("/projects", &query)
}

fn filter(organization: &str, units: &[UnitRow], form: FormState) -> AnyView {
    let text = Field { name: "text", label: "Name", kind: "search", ..Field::default() };
    let choices = units.iter().map(|unit| (unit.id.to_string(), unit.name.clone())).collect();
    let unit = (!units.is_empty()).then(|| Select {
        name: "unit",
        label: "Unit",
        groups: vec![Group { heading: None, choices }],
        nothing: Some("All"),
        ..Select::default()
    });
    let fields = [Some(text.view(&form)), unit.map(|unit| unit.view(&form))].into_iter().flatten().collect();
    let hidden = vec![("organization", organization.to_owned())];
    Filter { address: "/projects".into(), hidden, form }.view(fields)
}

fn none(may_create: bool, step: Option<AnyView>) -> AnyView {
    let text = match may_create {
        true => {
            "A project holds services that belong together, with one CA for their certificates and one log of events."
        }
        false => {
            "A project holds services that belong together. You see those on which you hold a permission: ask an \
             organization admin for one."
        }
    };
    empty(Icon::Projects, "No projects yet", text, step)
}

/// A line of the projects of one unit.
pub(crate) fn row_in_unit(project: ProjectRow) -> Row {
    let path = links::project(&project.name);
    vec![
        view! { <a class="row-link" href=path>{project.name}</a> }.into_any(),
        tags(project.tags),
        project.services.into_any(),
        time(project.created_at),
    ]
}

fn row(organization: &str, project: ProjectRow) -> Row {
    let unit = project.unit.clone().map(|unit| {
        let path = address(organization, &unit.id.to_string(), "", None);
        view! { <a class="over free-text" href=path>{unit.name}</a> }
    });
    let unit = unit.map_or_else(dash, IntoAny::into_any);
    let mut row = row_in_unit(project);
    row.insert(1, unit);
    row
}

fn dash() -> AnyView {
    view! { <span class="muted nothing">"–"</span> }.into_any()
}

/// Tags, one beside the other.
pub(crate) fn tags(tags: Vec<Tag>) -> AnyView {
    if tags.is_empty() {
        return dash();
    }
    let tags = tags.into_iter().map(|Tag { key, value }| {
        view! { <li class="tag"><span class="muted">{format!("{key}=")}</span>{value}</li> }
    });
    view! { <ul class="tags">{tags.collect_view()}</ul> }.into_any()
}

/// For people who belong to no organization, or are deactivated in all of theirs.
fn nowhere(viewer: Viewer, shut_out: &[String]) -> AnyView {
    let frame = Frame {
        section: Section::Projects,
        calls: ApiCalls::new().v1("Who am I", "GET", "/v1/me", None),
        ..Frame::nowhere("Projects")
    };
    let step = view! { <a class="button" href=links::own_organizations()>"See your organizations"</a> };
    let told = match shut_out {
        [] => empty(
            Icon::Projects,
            "You belong to no organization",
            "Projects belong to organizations. Accept an invitation, make an organization of your own, or ask an \
             organization admin to invite you.",
            step,
        ),
        shut_out => view! { {warning(deactivated(shut_out))} <p>{step}</p> }.into_any(),
    };
    let body = view! { {head("Projects".into(), (), ())} {told} };
    frame.view(viewer, body)
}
