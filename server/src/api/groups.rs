//! Groups and who is in them.

use control::groups;
use domain::{
    actions::Action,
    errors::Error,
    views::{AdditionEffects, Effects, GroupMemberRow, GroupRow, GroupView, Page},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    answers::{Created, Listed},
    calls::{Call, Json, lines},
    operations::{AFTER, CONFIRM, Operation, Parameter},
};

const GROUPS: &str = "/v1/organizations/{organization}/groups";
const GROUP: &str = "/v1/organizations/{organization}/groups/{group}";
const MEMBERS: &str = "/v1/organizations/{organization}/groups/{group}/members";
const MEMBER: &str = "/v1/organizations/{organization}/groups/{group}/members/{user}";
const DELETION: &str = "/v1/organizations/{organization}/groups/{group}/deletion-effects";
const ADDING: &str = "/v1/organizations/{organization}/groups/{group}/members/preview";
const REMOVAL: &str = "/v1/organizations/{organization}/groups/{group}/members/{user}/removal-effects";
const TEXT: Parameter = Parameter { name: "text", description: "Part of the name or e-mail address." };

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(GROUPS, "listGroups", Action::ListGroups, list)
            .about("Lists the groups by name.")
            .with_query(&[TEXT, AFTER]),
        Operation::post(GROUPS, "createGroup", Action::CreateGroup, create).about("Makes a group."),
        Operation::get(GROUP, "getGroup", Action::ListGroups, view).about("Shows a group."),
        Operation::patch(GROUP, "editGroup", Action::EditGroup, edit)
            .about("Changes a group's name and description."),
        Operation::delete(GROUP, "deleteGroup", Action::DeleteGroup, delete)
            .about("Deletes a group; its members lose what they held through it.")
            .requiring(&[CONFIRM]),
        Operation::get(DELETION, "previewGroupDeletion", Action::DeleteGroup, preview_delete)
            .about("Shows what deleting a group would take away, without doing it."),
        Operation::get(MEMBERS, "listGroupMembers", Action::ListGroups, members)
            .about("Lists who is in a group.")
            .with_query(&[TEXT, AFTER]),
        Operation::post(MEMBERS, "addGroupMembers", Action::AddGroupMember, add)
            .about("Puts members of the organization into a group: all of them or none."),
        Operation::post(ADDING, "previewGroupMembers", Action::AddGroupMember, preview_add)
            .about("Shows what putting them into a group would do, without doing it."),
        Operation::get(REMOVAL, "previewGroupMemberRemoval", Action::RemoveGroupMember, preview_remove)
            .about("Shows what taking somebody out of a group would take away, without doing it."),
        Operation::delete(MEMBER, "removeGroupMember", Action::RemoveGroupMember, remove)
            .about("Takes somebody out of a group."),
    ]
}

impl Listed for GroupRow {
    const PLURAL: &'static str = "groups";
}
impl Listed for GroupMemberRow {
    const PLURAL: &'static str = "members";
}

/// A group to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateGroup {
    /// Its name, unique in the organization.
    name: String,
    /// What it is for.
    #[serde(default)]
    description: String,
}

/// What a group is to be called.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EditGroup {
    /// Its name, unique in the organization.
    name: String,
    /// What it is for.
    description: String,
    /// The generation that this is a change of; if it is not the present one, nothing is changed.
    generation: i64,
}

/// Who is to be put into a group.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AddGroupMembers {
    /// E-mail addresses of people, or `user:ID`.
    #[schemars(example = ["ann@example.org", "user:01890a5d-ac96-774b-bcce-b302099a8057"])]
    members: Vec<String>,
}

/// How many were put into a group.
#[derive(Serialize, JsonSchema)]
struct AddedGroupMembers {
    /// Those who were not in it before.
    added: i64,
}

async fn list(call: Call) -> Result<Page<GroupRow>, Error> {
    groups::list(&call.ctx, call.id("organization")?, call.query("text"), call.after()).await
}

async fn create(call: Call<Json<CreateGroup>>) -> Result<Created<GroupView>, Error> {
    let Json(body) = &call.body;
    let organization = call.id("organization")?;
    groups::create(&call.ctx, organization, &body.name, &body.description).await.map(Created)
}

async fn view(call: Call) -> Result<Json<GroupView>, Error> {
    groups::view(&call.ctx, call.id("organization")?, call.id("group")?).await.map(Json)
}

async fn edit(call: Call<Json<EditGroup>>) -> Result<Json<GroupView>, Error> {
    let Json(body) = &call.body;
    let (organization, group) = (call.id("organization")?, call.id("group")?);
    let edited = groups::edit(&call.ctx, organization, group, body.generation, &body.name, &body.description);
    edited.await.map(Json)
}

async fn delete(call: Call) -> Result<(), Error> {
    let (organization, group) = (call.id("organization")?, call.id("group")?);
    groups::delete(&call.ctx, organization, group, call.query("confirm")).await.map_err(Call::unconfirmed)
}

async fn members(call: Call) -> Result<Page<GroupMemberRow>, Error> {
    let (organization, group) = (call.id("organization")?, call.id("group")?);
    groups::members(&call.ctx, organization, group, call.query("text"), call.after()).await
}

async fn add(call: Call<Json<AddGroupMembers>>) -> Result<Json<AddedGroupMembers>, Error> {
    let (organization, group) = (call.id("organization")?, call.id("group")?);
    let members = lines("members", &call.body.0.members)?;
    let added = groups::add_members(&call.ctx, organization, group, &members).await?;
    Ok(Json(AddedGroupMembers { added }))
}

async fn remove(call: Call) -> Result<(), Error> {
    let (organization, group) = (call.id("organization")?, call.id("group")?);
    groups::remove_member(&call.ctx, organization, group, call.id("user")?).await
}

async fn preview_delete(call: Call) -> Result<Json<Effects>, Error> {
    groups::preview_delete(&call.ctx, call.id("organization")?, call.id("group")?).await.map(Json)
}

async fn preview_add(call: Call<Json<AddGroupMembers>>) -> Result<Json<AdditionEffects>, Error> {
    let (organization, group) = (call.id("organization")?, call.id("group")?);
    let members = lines("members", &call.body.0.members)?;
    groups::preview_add(&call.ctx, organization, group, &members).await.map(Json)
}

async fn preview_remove(call: Call) -> Result<Json<Effects>, Error> {
    let (organization, group) = (call.id("organization")?, call.id("group")?);
    groups::preview_remove(&call.ctx, organization, group, call.id("user")?).await.map(Json)
}
