//! Grants: given, found again by who holds them and on what, and taken back.

use control::permissions::{self, Filter};
use domain::{errors::Error, inputs::GrantPermission, principals::SubjectKind};

use crate::{
    check::check_world,
    world::{PROJECT, World},
};

fn asked(principal: &str, granted: &str, resource: &str) -> GrantPermission {
    let (principal, granted, resource) = (principal.into(), granted.into(), resource.into());
    GrantPermission { principal, granted, resource, days: String::new() }
}

/// What a list of grants shows, in the order of its rows.
async fn listed(world: &World, principal: &str, resource: &str) -> Vec<String> {
    let filter = Filter { principal, resource };
    let page = permissions::list(&world.ctx(), world.organization, filter, None).await.unwrap();
    page.rows.into_iter().map(|row| format!("{} {}", row.principal.name, row.granted)).collect()
}

#[tokio::test]
async fn grants_are_found_by_who_holds_them_and_on_what() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    world.add_user("cat@example.org", Some(false), true).await;
    let project = format!("project:{PROJECT}");
    for (who, granted, on) in [
        ("bob@example.org", "operator", project.as_str()),
        ("bob@example.org", "organization:billing:read", "organization"),
        ("cat@example.org", "developer", project.as_str()),
    ] {
        permissions::grant(&ctx, organization, &asked(who, granted, on)).await.unwrap();
    }
    let of_bob = listed(&world, &format!("user:{bob}"), "").await;
    assert_eq!(of_bob.len(), 2);
    // By address as by id, in whatever case.
    assert_eq!(listed(&world, " Bob@Example.org ", "").await, of_bob);
    assert_eq!(listed(&world, "bob@example.org", &project).await.len(), 1);
    assert_eq!(listed(&world, "", &project).await.len(), 2);
    // Somebody who is gone, by id, has nothing; an address that nobody has is a mistake.
    assert!(listed(&world, &format!("user:{}", world.uuid()), "").await.is_empty());
    let filter = Filter { principal: "dan@example.org", resource: "" };
    let refused = permissions::list(&ctx, organization, filter, None).await.unwrap_err();
    assert_eq!(refused.field(), Some("principal"));
    check_world(&world).await;
}

#[tokio::test]
async fn who_sees_no_permissions_finds_nobody_by_address() {
    let world = World::new().await;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let (neighbours, neighbour) = world.another_organization("Next door").await;
    let list = async |ctx, organization| {
        let filter = Filter { principal: "bob@example.org", resource: "" };
        permissions::list(&ctx, organization, filter, None).await
    };
    let denied = list(world.ctx_of(bob), world.organization).await;
    assert!(matches!(denied, Err(Error::Denied { .. })), "{denied:?}");
    assert_eq!(list(world.ctx_of(neighbour), world.organization).await, Err(Error::NotFound));
    // And in one's own organization the members of another are nobody.
    let refused = list(world.ctx_of(neighbour), neighbours).await.unwrap_err();
    assert_eq!(refused.field(), Some("principal"));
}

#[tokio::test]
async fn what_is_given_and_taken_back_is_on_record_with_who_and_where() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let input = asked("bob@example.org", "operator", &format!("project:{PROJECT}"));
    let row = permissions::grant(&ctx, organization, &input).await.unwrap();
    let event = world.last_event(organization, "permission.granted").await;
    assert_eq!(event.subject_kind, Some(SubjectKind::User));
    assert_eq!(event.subject_id, Some(bob.uuid()));
    permissions::revoke(&ctx, organization, row.id).await.unwrap();
    let event = world.last_event(organization, "permission.revoked").await;
    assert_eq!(event.subject_name.as_deref(), Some("bob@example.org"));
    assert_eq!(permissions::revoke(&ctx, organization, row.id).await, Err(Error::NotFound));
    check_world(&world).await;
}
