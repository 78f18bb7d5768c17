//! Server functions of groups.

use domain::{
    ids::{GroupId, OrganizationId, UserId},
    views::GroupView,
};
use leptos::prelude::*;

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    links,
    quantities::count,
};

/// Makes a group.
#[server(endpoint = "groups/create")]
pub async fn create_group(
    organization: OrganizationId,
    #[server(default)] name: String,
    #[server(default)] description: String,
) -> Result<GroupView, AppError> {
    let group = answer(control::groups::create(&control()?, organization, &name, &description).await)?;
    done(&path(organization, group.row.id), &format!("The group {} is ready.", group.row.name));
    Ok(group)
}

/// Changes what a group is called and what it is for.
#[server(endpoint = "groups/edit")]
pub async fn edit_group(
    organization: OrganizationId,
    group: GroupId,
    generation: i64,
    #[server(default)] name: String,
    #[server(default)] description: String,
) -> Result<GroupView, AppError> {
    let ctx = control()?;
    let edited = control::groups::edit(&ctx, organization, group, generation, &name, &description);
    let edited = answer(edited.await)?;
    done(&path(organization, group), "The group is changed.");
    Ok(edited)
}

/// Deletes a group.
#[server(endpoint = "groups/delete")]
pub async fn delete_group(
    organization: OrganizationId,
    group: GroupId,
    #[server(default)] confirmation: String,
) -> Result<(), AppError> {
    answer(control::groups::delete(&control()?, organization, group, &confirmation).await)?;
    done(
        &links::groups(&organization.to_string(), &[]),
        &format!("The group {} is deleted.", confirmation.trim()),
    );
    Ok(())
}

/// Puts members of the organization into a group; says how many were not in it.
#[server(endpoint = "groups/add_members")]
pub async fn add_group_members(
    organization: OrganizationId,
    group: GroupId,
    #[server(default)] members: String,
) -> Result<i64, AppError> {
    let added = answer(control::groups::add_members(&control()?, organization, group, &members).await)?;
    let notice = match added {
        0 => "All of them were in the group already.".to_owned(),
        added => format!("{} added.", count(added, "member")),
    };
    done(&path(organization, group), &notice);
    Ok(added)
}

/// Takes somebody out of a group.
#[server(endpoint = "groups/remove_member")]
pub async fn remove_group_member(
    organization: OrganizationId,
    group: GroupId,
    user: UserId,
) -> Result<(), AppError> {
    answer(control::groups::remove_member(&control()?, organization, group, user).await)?;
    done(&path(organization, group), "They are no longer in the group.");
    Ok(())
}

#[cfg(feature = "ssr")]
fn path(organization: OrganizationId, group: GroupId) -> String {
    links::group(&organization.to_string(), &group.to_string(), &[])
}
