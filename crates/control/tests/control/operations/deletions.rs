//! What is told of what goes with a member, a group, an application user or a place: in its own event, and in the logs of the
//! projects that it held something on.

use std::time::Duration;

use control::{
    application_users, events, groups, organizations, permissions, profiles, projects, units, users,
};
use domain::{
    ids::{GrantId, OrganizationId, ProjectId},
    inputs::GrantPermission,
    principals::{PrincipalKind, ResourceKind, SubjectKind},
    sign_ins::Proof,
    views::EventView,
};
use serde_json::{Value, json};
use store::{grants::Grant, projects::Project};

use crate::{
    check::check_world,
    world::{ALL_EVENTS, EMAIL, PROJECT, World},
};

/// Gives something for so many days, or without an end.
async fn give(world: &World, principal: &str, granted: &str, resource: &str, days: &str) {
    let input = GrantPermission {
        principal: principal.into(),
        granted: granted.into(),
        resource: resource.into(),
        days: days.into(),
        ..GrantPermission::default()
    };
    permissions::grant(&world.ctx(), world.organization, &input).await.unwrap();
    // What is told is told by age.
    world.clock.advance(Duration::from_secs(1));
}

/// What the last event of that type holds of what was before.
async fn before(world: &World, organization: OrganizationId, event_type: &str) -> Value {
    let event = world.last_event(organization, event_type).await;
    serde_json::from_str(&event.before.unwrap()).unwrap()
}

/// What was revoked by the log of a project, newest first.
async fn revoked(world: &World, project: &str) -> Vec<EventView> {
    let mut page = events::list(&world.ctx(), project, &ALL_EVENTS, None).await.unwrap();
    page.rows.retain(|event| event.event_type == "permission.revoked");
    page.rows
}

#[tokio::test]
async fn a_group_that_is_deleted_leaves_its_members_and_grants_on_record() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    world.add_user("bob@example.org", Some(false), true).await;
    let program = application_users::create(&ctx, organization, "deployer", "").await.unwrap().row.user_id;
    let group = groups::create(&ctx, organization, "Operators", "").await.unwrap().row.id;
    let members = format!("bob@example.org\n{EMAIL}\nuser:{program}");
    groups::add_members(&ctx, organization, group, &members).await.unwrap();
    projects::create(&ctx, organization, "ledger", "").await.unwrap();
    let principal = format!("group:{group}");
    give(&world, &principal, "operator", "project:shop", "7").await;
    give(&world, &principal, "read_only", "organization", "").await;
    let end = world.last_event(organization, "permission.granted").await.at;
    assert!(revoked(&world, PROJECT).await.is_empty());
    groups::delete(&ctx, organization, group, "Operators").await.unwrap();

    let told = before(&world, organization, "group.deleted").await;
    let granted = told["granted"].as_array().unwrap();
    assert!(granted[0].as_str().unwrap().starts_with("operator on the project shop until 20"), "{told}");
    assert_eq!(granted[1], "read_only on the organization Acme");
    assert_eq!((granted.len(), told.get("granted_total")), (2, None));
    let mut members: Vec<_> =
        told["members"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    members.sort_unstable();
    assert_eq!(members, [EMAIL, "bob@example.org", "deployer (application user)"]);
    // The log of the project says so too, and that of the other one nothing.
    let [event] = &revoked(&world, PROJECT).await[..] else { panic!("one, for the grant on the project") };
    assert_eq!(event.text, "Revoked operator on the project shop from Operators, a group that was deleted");
    assert_eq!(event.project_name.as_deref(), Some(PROJECT));
    assert!(revoked(&world, "ledger").await.is_empty());
    let event = world.last_event(organization, "permission.revoked").await;
    assert_eq!(
        (event.subject_kind, event.subject_id, event.subject_name.as_deref(), event.after),
        (Some(SubjectKind::Group), Some(group.uuid()), Some("Operators"), None)
    );
    let before: Value = serde_json::from_str(&event.before.unwrap()).unwrap();
    assert_eq!((&before["granted"], &before["resource"]), (&json!("operator"), &json!("shop")));
    assert!(before["expires_at"].as_str().unwrap() > end.rfc3339().as_str(), "{before}");
    check_world(&world).await;
}

#[tokio::test]
async fn more_than_is_told_is_counted() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let group = groups::create(&ctx, organization, "All", "").await.unwrap().row.id;
    let mut members = String::new();
    for number in 0..101 {
        let email = format!("p{number:03}@example.org");
        world.add_user(&email, Some(false), true).await;
        members.push_str(&format!("{email}\n"));
    }
    groups::add_members(&ctx, organization, group, &members).await.unwrap();
    groups::delete(&ctx, organization, group, "All").await.unwrap();
    let told = before(&world, organization, "group.deleted").await;
    assert_eq!((told["members"].as_array().unwrap().len(), &told["members_total"]), (100, &json!(101)));
    assert_eq!((&told["members"][0], &told["granted"]), (&json!("p000@example.org"), &json!([])));
}

/// Each project has one event of it, whatever they held on it; where there are more projects than get one, it is said.
#[tokio::test]
async fn so_many_projects_are_told_and_the_others_counted() {
    const PROJECTS: usize = 1002;
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let mut tx = world.store.write().await.unwrap();
    for number in 0..PROJECTS {
        let id = ProjectId::from_uuid(world.uuid());
        let project = Project {
            id,
            organization_id: organization,
            unit_id: None,
            name: format!("p{number:04}"),
            ca_certificate: String::new(),
            ca_key_sealed: Vec::new(),
            created_at: world.now(),
            generation: 0,
        };
        assert!(store::projects::add(&mut tx, &project).await.unwrap());
        for (granted, age) in [("developer", PROJECTS - number), ("read_only", 0)] {
            let grant = Grant {
                id: GrantId::from_uuid(world.uuid()),
                organization_id: organization,
                principal_kind: PrincipalKind::User,
                principal_id: bob.uuid(),
                granted: granted.to_owned(),
                resource_kind: ResourceKind::Project,
                resource_id: id.uuid(),
                created_at: world.now().minus(Duration::from_secs(age as u64)),
                expires_at: None,
                created_by: EMAIL.to_owned(),
            };
            store::grants::put(&mut tx, &grant).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    users::remove(&ctx, organization, bob, "bob@example.org").await.unwrap();
    assert_eq!(world.count_events("permission.revoked").await, 1000);
    for (project, count) in [("p0000", 1), ("p0999", 1), ("p1000", 0), ("p1001", 0)] {
        let events = revoked(&world, project).await;
        assert_eq!(events.len(), count, "{project}");
        let text = format!(
            "Revoked developer, read_only on the project {project} from bob@example.org, who was removed from the organization"
        );
        assert!(events.iter().all(|event| event.text == text), "{events:?}");
    }
    let event = world.last_event(organization, "user.removed").await;
    let text = "Removed bob@example.org from the organization; the logs of 2 more projects do not say so";
    assert_eq!(event.text, text);
    let told = before(&world, organization, "user.removed").await;
    assert_eq!((told["granted"].as_array().unwrap().len(), &told["granted_total"]), (100, &json!(2004)));
    check_world(&world).await;
}

#[tokio::test]
async fn whoever_goes_leaves_a_line_in_the_logs_of_their_projects() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let removed = world.add_user("bob@example.org", Some(false), true).await;
    let left = world.add_user("cat@example.org", Some(false), true).await;
    let program = application_users::create(&ctx, organization, "deployer", "").await.unwrap().row.user_id;
    let group = groups::create(&ctx, organization, "programs", "").await.unwrap().row.id;
    groups::add_members(&ctx, organization, group, &format!("user:{program}")).await.unwrap();
    for user in [removed, left, program] {
        give(&world, &format!("user:{user}"), "developer", "project:shop", "").await;
        give(&world, &format!("user:{user}"), "read_only", "organization", "").await;
    }
    give(&world, &format!("group:{group}"), "operator", "project:shop", "").await;
    users::remove(&ctx, organization, removed, "bob@example.org").await.unwrap();
    profiles::leave(&world.ctx_of(left), organization, "Acme").await.unwrap();
    application_users::delete(&ctx, organization, program, "deployer").await.unwrap();
    let texts: Vec<String> = revoked(&world, PROJECT).await.into_iter().map(|event| event.text).collect();
    assert_eq!(
        texts,
        [
            "Revoked developer on the project shop from deployer, an application user that was deleted",
            "Revoked developer on the project shop from cat@example.org, who left the organization",
            "Revoked developer on the project shop from bob@example.org, who was removed from the organization",
        ]
    );
    let granted = json!(["developer on the project shop", "read_only on the organization Acme"]);
    for event_type in ["user.removed", "user.left", "application_user.deleted"] {
        assert_eq!(before(&world, organization, event_type).await["granted"], granted, "{event_type}");
    }
    let told = before(&world, organization, "application_user.deleted").await;
    assert_eq!(told["groups"], json!(["programs"]));
    check_world(&world).await;
}

#[tokio::test]
async fn what_has_ended_before_ends_with_nobody() {
    let world = World::new().await;
    let organization = world.organization;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    give(&world, "bob@example.org", "developer", "project:shop", "1").await;
    world.clock.advance(Duration::from_secs(25 * 3600));
    let ctx = world.signed_in(world.user, Proof::PASSWORD, "203.0.113.9").await;
    users::remove(&ctx, organization, bob, "bob@example.org").await.unwrap();
    assert_eq!(before(&world, organization, "user.removed").await["granted"], json!([]));
    assert_eq!(world.count_events("permission.revoked").await, 0);
}

#[tokio::test]
async fn a_place_that_is_deleted_leaves_on_record_who_held_what_on_it() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    world.add_user("bob@example.org", Some(false), true).await;
    let group = groups::create(&ctx, organization, "Operators", "").await.unwrap().row.id;
    let unit = units::create(&ctx, organization, "Data").await.unwrap().row.id;
    for resource in ["project:shop".to_owned(), format!("unit:{unit}"), "organization".to_owned()] {
        give(&world, "bob@example.org", "developer", &resource, "").await;
        give(&world, &format!("group:{group}"), "read_only", &resource, "").await;
    }
    let held = json!(["developer to bob@example.org", "read_only to the group Operators"]);
    projects::delete(&ctx, PROJECT, PROJECT).await.unwrap();
    let told = before(&world, organization, "project.deleted").await;
    assert_eq!(told, json!({ "name": PROJECT, "granted": held }));
    units::delete(&ctx, organization, unit, "Data").await.unwrap();
    assert_eq!(before(&world, organization, "unit.deleted").await["granted"], held);
    organizations::delete(&ctx, organization, "Acme").await.unwrap();
    assert_eq!(before(&world, organization, "organization.deleted").await["granted"], held);
    assert_eq!(world.count_events("permission.revoked").await, 0, "their logs have ended");
}
