//! Previews of what becomes of more people than are listed.

use control::{groups, permissions};
use domain::{
    ids::{GroupId, UserId},
    inputs::GrantPermission,
    permissions::Role,
    principals::UserKind,
    views::{EFFECT_ROWS_MAX, EFFECT_TOTALS_MAX, Effects},
};

use crate::world::{PROJECT, World};

/// More people than are looked at together.
const CROWD: usize = 1203;

/// A group of so many people.
async fn crowd(world: &World, number: usize) -> (GroupId, Vec<UserId>) {
    let group = groups::create(&world.ctx(), world.organization, "Crowd", "").await.unwrap().row.id;
    let mut tx = world.store.write().await.unwrap();
    let mut ids = Vec::new();
    for number in 0..number {
        let id = UserId::from_uuid(world.uuid());
        let email = format!("m{number:05}@example.org");
        let user = store::users::User::new(id, &email, UserKind::Person, world.now());
        assert!(store::users::add(&mut tx, &user).await.unwrap());
        store::memberships::add(&mut tx, world.organization, id, false, world.now()).await.unwrap();
        assert!(store::group_members::add(&mut tx, group, id, world.now()).await.unwrap());
        ids.push(id);
    }
    tx.commit().await.unwrap();
    (group, ids)
}

fn input(group: GroupId, granted: &str) -> GrantPermission {
    GrantPermission {
        principal: format!("group:{group}"),
        granted: granted.into(),
        resource: format!("project:{PROJECT}"),
        ..GrantPermission::default()
    }
}

/// How many people are in each line of the totals.
fn numbers(effects: &Effects) -> Vec<i64> {
    effects.totals.same.iter().map(|total| total.people).collect()
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap()
}

#[tokio::test]
async fn everybody_in_a_large_group_is_looked_at_and_counted() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let (group, people) = crowd(&world, CROWD).await;
    let project = Some(world.project_id().await);
    // At the end of the list, where nobody was looked at before: two who hold it anyway, one who holds a part of it.
    for user in &people[CROWD - 2..] {
        world.grant(*user, "operator", project).await;
    }
    world.grant(people[CROWD - 3], "read_only", project).await;
    let would =
        permissions::preview_grant(&ctx, organization, &input(group, "operator")).await.unwrap().effects;
    assert_eq!((would.rows.len(), would.further), (EFFECT_ROWS_MAX, 0));
    let totals = &would.totals;
    assert_eq!((totals.considered, totals.unchanged), (number(CROWD), 2));
    assert_eq!((totals.losing, totals.gaining), (0, number(CROWD - 2)));
    assert_eq!(totals.listed, number(EFFECT_ROWS_MAX));
    assert_eq!(numbers(&would), [number(CROWD - 3), 1]);
    assert_eq!(would.totals.same[0].effect.gains, Role::Operator.permissions());

    let grant = permissions::grant(&ctx, organization, &input(group, "operator")).await.unwrap().row.id;
    let would = permissions::preview_revoke(&ctx, organization, grant).await.unwrap();
    assert_eq!((would.totals.losing, would.totals.gaining), (number(CROWD - 2), 0));
    assert_eq!(numbers(&would), [number(CROWD - 3), 1]);
    let first = would.rows[0].principal.email.as_deref();
    assert_eq!(first, Some("m00000@example.org"));
    let would = groups::preview_delete(&ctx, organization, group).await.unwrap();
    assert_eq!((would.totals.losing, would.totals.unchanged, would.further), (number(CROWD - 2), 2, 0));
}

#[tokio::test]
async fn people_with_effects_of_their_own_are_cut_off_whole() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let (group, people) = crowd(&world, EFFECT_ROWS_MAX + 1).await;
    // Each of them loses something on the organization as well, and so has two rows.
    let other = groups::create(&ctx, organization, "Other", "").await.unwrap().row.id;
    permissions::grant(&ctx, organization, &input(group, "operator")).await.unwrap();
    permissions::grant(
        &ctx,
        organization,
        &GrantPermission { resource: "organization".into(), ..input(group, "organization:billing:read") },
    )
    .await
    .unwrap();
    let would = groups::preview_delete(&ctx, organization, group).await.unwrap();
    assert_eq!(would.totals.listed, number(EFFECT_ROWS_MAX / 2));
    assert_eq!(would.rows.len(), EFFECT_ROWS_MAX);
    assert_eq!(numbers(&would), [number(people.len()); 2]);
    assert!(would.totals.same.len() <= EFFECT_TOTALS_MAX);
    let nobody = groups::preview_delete(&ctx, organization, other).await.unwrap();
    assert_eq!((nobody.totals.considered, nobody.rows.len()), (0, 0));
}
