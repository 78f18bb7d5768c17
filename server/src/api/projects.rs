//! Projects: where they are, what they are called, their tags and contacts. What runs in them is not here yet.

use control::projects::{self, ProjectFilter};
use domain::{
    actions::Action,
    errors::Error,
    names::{TagKey, TagValue},
    views::{Effects, Page, ProjectRow, ProjectView, Tag},
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::{
    answers::{Created, Listed},
    calls::{Call, Json, OrNull, lines},
    operations::{AFTER, CONFIRM, Operation, Parameter},
};

const PROJECTS: &str = "/v1/organizations/{organization}/projects";
const PROJECT: &str = "/v1/projects/{project}";
const MOVE: &str = "/v1/projects/{project}/move";
const MOVE_PREVIEW: &str = "/v1/projects/{project}/move/preview";
const TAGS: &str = "/v1/projects/{project}/tags";
const CONTACTS: &str = "/v1/projects/{project}/contacts";
const UNIT: Parameter = Parameter { name: "unit", description: "Id of a unit: only the projects in it." };
const TEXT: Parameter = Parameter { name: "text", description: "Part of the name." };

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(PROJECTS, "listProjects", Action::ListProjects, list)
            .about("Lists the projects that the token's owner may know of, by name.")
            .with_query(&[UNIT, TEXT, AFTER]),
        Operation::post(PROJECTS, "createProject", Action::CreateProject, create).about("Makes a project."),
        Operation::get(PROJECT, "getProject", Action::ViewProject, view).about("Shows a project."),
        Operation::patch(PROJECT, "renameProject", Action::RenameProject, rename)
            .about("Gives a project another name. Its services keep running."),
        Operation::delete(PROJECT, "deleteProject", Action::DeleteProject, delete)
            .about("Deletes a project that holds no services.")
            .requiring(&[CONFIRM]),
        Operation::post(MOVE, "moveProject", Action::MoveProject, move_to)
            .about("Moves a project to another place in its organization. Takes the right to make projects there, too."),
        Operation::post(MOVE_PREVIEW, "previewProjectMove", Action::MoveProject, preview_move)
            .about("Shows who would gain and lose what by moving a project, without doing it."),
        Operation::get(TAGS, "getProjectTags", Action::ViewProject, tags).about("Shows a project's tags."),
        Operation::put(TAGS, "setProjectTags", Action::SetProjectTags, set_tags)
            .about("Sets all tags of a project."),
        Operation::get(CONTACTS, "getProjectContacts", Action::ViewProject, contacts)
            .about("Shows whom to tell of what happens in a project."),
        Operation::put(CONTACTS, "setProjectContacts", Action::SetProjectContacts, set_contacts)
            .about("Sets whom to tell of what happens in a project."),
    ]
}

impl Listed for ProjectRow {
    const PLURAL: &'static str = "projects";
}

/// A project to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateProject {
    /// Its name, unique in the whole installation.
    #[schemars(example = &"shop")]
    name: String,
    /// Id of the unit to make it in; null for the organization itself.
    #[serde(default)]
    unit: Option<String>,
}

/// What a project is to be called.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RenameProject {
    /// Its name, unique in the whole installation.
    name: String,
}

/// Where a project is to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MoveProject {
    /// Id of the unit; null for the organization itself. It must be there: who forgets it does not mean that.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schemars(with = "OrNull<String>")]
    unit: Option<String>,
    /// Where the project is now, if it is to be moved only from there: id of the unit; null for the organization itself.
    #[serde(default, deserialize_with = "sent")]
    from: Option<Option<String>>,
}

/// Where a project would be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PreviewMove {
    /// Id of the unit; null for the organization itself.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schemars(with = "OrNull<String>")]
    unit: Option<String>,
}

/// A member that was sent, if only as null.
fn sent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// All tags of a project.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ProjectTags {
    /// By key.
    tags: Vec<Tag>,
    /// The project's generation that this is a change of; if it is not the present one, nothing is changed.
    generation: i64,
}

/// Whom to tell.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ProjectContacts {
    /// E-mail addresses.
    contacts: Vec<String>,
    /// The project's generation that this is a change of; if it is not the present one, nothing is changed.
    generation: i64,
}

async fn list(call: Call) -> Result<Page<ProjectRow>, Error> {
    let filter = ProjectFilter { unit: call.query("unit"), text: call.query("text") };
    projects::list(&call.ctx, call.id("organization")?, &filter, call.after()).await
}

async fn create(call: Call<Json<CreateProject>>) -> Result<Created<ProjectView>, Error> {
    let Json(CreateProject { name, unit }) = &call.body;
    let (organization, unit) = (call.id("organization")?, unit.as_deref().unwrap_or_default());
    projects::create(&call.ctx, organization, name, unit).await.map(Created)
}

async fn view(call: Call) -> Result<Json<ProjectView>, Error> {
    projects::view(&call.ctx, call.name("project")).await.map(Json)
}

async fn rename(call: Call<Json<RenameProject>>) -> Result<Json<ProjectView>, Error> {
    projects::rename(&call.ctx, call.name("project"), &call.body.0.name).await.map(Json)
}

async fn delete(call: Call) -> Result<(), Error> {
    let deleted = projects::delete(&call.ctx, call.name("project"), call.query("confirm"));
    deleted.await.map_err(Call::unconfirmed)
}

async fn move_to(call: Call<Json<MoveProject>>) -> Result<Json<ProjectView>, Error> {
    let MoveProject { unit, from } = &call.body.0;
    let (project, unit) = (call.name("project"), unit.as_deref().unwrap_or_default());
    let moved = match from {
        Some(from) => {
            projects::move_from(&call.ctx, project, from.as_deref().unwrap_or_default(), unit).await
        }
        None => projects::move_to(&call.ctx, project, unit).await,
    };
    moved.map(Json)
}

async fn preview_move(call: Call<Json<PreviewMove>>) -> Result<Json<Effects>, Error> {
    let unit = call.body.0.unit.as_deref().unwrap_or_default();
    projects::preview_move(&call.ctx, call.name("project"), unit).await.map(Json)
}

async fn tags(call: Call) -> Result<Json<ProjectTags>, Error> {
    let settings = projects::settings(&call.ctx, call.name("project")).await?;
    Ok(Json(ProjectTags { tags: settings.tags, generation: settings.project.generation }))
}

async fn set_tags(call: Call<Json<ProjectTags>>) -> Result<(), Error> {
    let Json(ProjectTags { tags, generation }) = &call.body;
    let tags: Result<Vec<String>, Error> = tags.iter().map(line).collect();
    projects::set_tags(&call.ctx, call.name("project"), *generation, &tags?.join("\n")).await
}

/// A tag as the form has it. Key and value are read here already: in the form's text nothing else tells them apart.
fn line(Tag { key, value }: &Tag) -> Result<String, Error> {
    let key: TagKey = key.parse().map_err(|error| Error::name("tags", error))?;
    let value: TagValue = value.parse().map_err(|error| Error::name("tags", error))?;
    Ok(format!("{key}={value}"))
}

async fn contacts(call: Call) -> Result<Json<ProjectContacts>, Error> {
    let settings = projects::settings(&call.ctx, call.name("project")).await?;
    Ok(Json(ProjectContacts { contacts: settings.contacts, generation: settings.project.generation }))
}

async fn set_contacts(call: Call<Json<ProjectContacts>>) -> Result<(), Error> {
    let Json(ProjectContacts { contacts, generation }) = &call.body;
    let contacts = lines("contacts", contacts)?;
    projects::set_contacts(&call.ctx, call.name("project"), *generation, &contacts).await
}
