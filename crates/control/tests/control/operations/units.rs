//! Units: who knows of them, what they are called, and what keeps them.

use control::{Context, projects, units};
use domain::{
    errors::Error,
    ids::UnitId,
    permissions::{Granted, Role},
    principals::SubjectKind,
    views::UnitRow,
};

use crate::{
    check::check_world,
    world::{PROJECT, World},
};

async fn names(ctx: &Context, world: &World) -> Vec<String> {
    let rows = units::list(ctx, world.organization).await.unwrap();
    rows.into_iter().map(|row| row.name).collect()
}

async fn made(world: &World, name: &str) -> UnitRow {
    units::create(&world.ctx(), world.organization, name).await.unwrap().row
}

#[tokio::test]
async fn a_unit_is_made_renamed_and_deleted_on_record() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let unit = units::create(&ctx, organization, " Data ").await.unwrap();
    let id = unit.row.id;
    assert_eq!((unit.row.name.as_str(), unit.row.projects, unit.row.generation), ("Data", 0, 0));
    assert!(unit.powers.is_super_admin && unit.powers.administers());
    assert_eq!(units::view(&ctx, organization, id).await, Ok(unit.clone()));
    let event = world.last_event(organization, "unit.created").await;
    assert_eq!((event.subject_kind, event.subject_id), (Some(SubjectKind::Unit), Some(id.uuid())));
    assert_eq!(event.after.as_deref(), Some(r#"{"name":"Data"}"#));

    let renamed = units::rename(&ctx, organization, id, 0, "Web").await.unwrap();
    assert_eq!((renamed.row.name.as_str(), renamed.row.generation), ("Web", 1));
    let event = world.last_event(organization, "unit.renamed").await;
    assert_eq!(event.before.as_deref(), Some(r#"{"name":"Data"}"#));
    assert_eq!(event.after.as_deref(), Some(r#"{"name":"Web"}"#));
    // The same name is no change and no event.
    assert_eq!(units::rename(&ctx, organization, id, 1, "Web ").await, Ok(renamed));
    assert_eq!(world.count_events("unit.renamed").await, 1);

    projects::create(&ctx, organization, "inside", &id.to_string()).await.unwrap();
    assert_eq!(units::view(&ctx, organization, id).await.unwrap().row.projects, 1);
    for bad in ["", "web", "Data"] {
        let error = units::delete(&ctx, organization, id, bad).await.unwrap_err();
        assert_eq!(error.field(), Some("confirmation"), "{bad}");
    }
    let error = units::delete(&ctx, organization, id, "Web").await.unwrap_err();
    assert!(
        matches!(&error, Error::Conflict { reason } if reason.contains("1 project: inside.")),
        "{error:?}"
    );
    projects::delete(&ctx, "inside", "inside").await.unwrap();
    units::delete(&ctx, organization, id, "Web").await.unwrap();
    assert_eq!(units::view(&ctx, organization, id).await, Err(Error::NotFound));
    assert_eq!(units::delete(&ctx, organization, id, "Web").await, Err(Error::NotFound));
    let event = world.last_event(organization, "unit.deleted").await;
    assert_eq!(event.before.as_deref(), Some(r#"{"granted":[],"name":"Web"}"#));
    check_world(&world).await;
}

#[tokio::test]
async fn names_are_checked_and_taken_once() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let (one, _) = (made(&world, "one").await, made(&world, "two").await);
    let (other, _) = world.another_organization("Other").await;
    let before = world.dump().await;
    for bad in ["", "two", "a\nb", &"x".repeat(84)] {
        let error = units::create(&ctx, organization, bad).await.unwrap_err();
        assert_eq!(error.field(), Some("name"), "{bad}");
        let error = units::rename(&ctx, organization, one.id, 0, bad).await.unwrap_err();
        assert_eq!(error.field(), Some("name"), "{bad}");
    }
    assert!(world.dump().await == before, "nothing was changed, and nothing is on record");
    // Another tenant's unit, one that is gone and one that never was are all the same.
    let gone = made(&world, "gone").await.id;
    units::delete(&ctx, organization, gone, "gone").await.unwrap();
    let foreign = {
        let id = UnitId::from_uuid(world.uuid());
        let unit = store::units::Unit {
            id,
            organization_id: other,
            name: "theirs".into(),
            created_at: world.now(),
            generation: 0,
        };
        let mut tx = world.store.write().await.unwrap();
        assert!(store::units::add(&mut tx, &unit).await.unwrap());
        tx.commit().await.unwrap();
        id
    };
    let events = world.dump().await["events"].len();
    for id in [foreign, gone, UnitId::from_uuid(world.uuid())] {
        assert_eq!(units::view(&ctx, organization, id).await, Err(Error::NotFound));
        assert_eq!(units::rename(&ctx, organization, id, 0, "x").await, Err(Error::NotFound));
        assert_eq!(units::delete(&ctx, organization, id, "x").await, Err(Error::NotFound));
        let made = projects::create(&ctx, organization, "inside", &id.to_string()).await;
        assert_eq!(made, Err(Error::NotFound));
        let moved = projects::move_to(&ctx, PROJECT, &id.to_string()).await;
        assert_eq!(moved, Err(Error::NotFound));
    }
    assert_eq!(world.dump().await["events"].len(), events, "nothing on record, here or there");
}

#[tokio::test]
async fn the_second_to_rename_is_told_what_the_first_did() {
    let world = World::new().await;
    let unit = made(&world, "one").await.id;
    let other = world.add_user("bea@example.org", Some(true), true).await;
    units::rename(&world.ctx(), world.organization, unit, 0, "first").await.unwrap();
    let late = units::rename(&world.ctx_of(other), world.organization, unit, 0, "second").await;
    let reason = "Somebody else changed this meanwhile. It is now “first”; you sent “second”.";
    assert_eq!(late, Err(Error::conflict(reason)));
    assert_eq!(world.count_events("unit.renamed").await, 1);
    units::rename(&world.ctx_of(other), world.organization, unit, 1, "second").await.unwrap();
}

#[tokio::test]
async fn units_are_known_to_those_who_hold_something_on_them() {
    let world = World::new().await;
    let organization = world.organization;
    let (one, two) = (made(&world, "one").await.id, made(&world, "two").await.id);
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let ctx = world.ctx_of(bob);
    assert_eq!(names(&ctx, &world).await, [""; 0]);
    assert_eq!(units::view(&ctx, organization, one).await, Err(Error::NotFound));
    world.grant_on_unit(bob, "role:organization:admin", one).await;
    assert_eq!(names(&ctx, &world).await, ["one"]);
    let view = units::view(&ctx, organization, one).await.unwrap();
    assert_eq!(view.powers.granted, [Granted::Role(Role::OrganizationAdmin)]);
    assert_eq!(units::view(&ctx, organization, two).await, Err(Error::NotFound));
    // Who administers the unit may rename it, and makes no unit beside it.
    units::rename(&ctx, organization, one, 0, "uno").await.unwrap();
    let denied = Err(Error::Denied { permission: "role:organization:admin".into() });
    assert_eq!(units::create(&ctx, organization, "three").await, denied);
    assert_eq!(units::rename(&ctx, organization, two, 0, "dos").await, Err(Error::NotFound));
    // Who looks at a unit changes nothing of it.
    let cat = world.add_user("cat@example.org", Some(false), true).await;
    world.grant_on_unit(cat, "read_only", two).await;
    assert_eq!(units::rename(&world.ctx_of(cat), organization, two, 0, "dos").await, denied);
    let answer = units::delete(&world.ctx_of(cat), organization, two, "two").await;
    assert_eq!(answer, Err(Error::Denied { permission: "role:organization:admin".into() }));
    // Who sees the permissions of the organization sees all units.
    let dan = world.add_user("dan@example.org", Some(false), true).await;
    world.grant(dan, "organization:permissions:read", None).await;
    assert_eq!(names(&world.ctx_of(dan), &world).await, ["two", "uno"]);
    let (_, stranger) = world.another_organization("Other").await;
    assert_eq!(units::list(&world.ctx_of(stranger), organization).await, Err(Error::NotFound));
    assert_eq!(units::create(&world.ctx_of(stranger), organization, "x").await, Err(Error::NotFound));
    assert_eq!(units::view(&world.ctx_of(stranger), organization, one).await, Err(Error::NotFound));
}

/// Nobody counts what they may not know of.
#[tokio::test]
async fn a_unit_counts_the_projects_that_its_reader_may_know_of() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let unit = made(&world, "one").await.id;
    made(&world, "two").await;
    for name in ["first", "second"] {
        projects::create(&ctx, organization, name, &unit.to_string()).await.unwrap();
    }
    let counts = async |ctx: &Context| {
        let rows = units::list(ctx, organization).await.unwrap();
        let listed: Vec<i64> = rows.iter().map(|row| row.projects).collect();
        assert_eq!(units::view(ctx, organization, unit).await.unwrap().row.projects, listed[0]);
        listed
    };
    assert_eq!(counts(&ctx).await, [2, 0]);
    // Who sees all units because they see what everybody holds knows of no project for that.
    let dan = world.add_user("dan@example.org", Some(false), true).await;
    world.grant(dan, "organization:permissions:read", None).await;
    assert_eq!(counts(&world.ctx_of(dan)).await, [0, 0]);
    let first = projects::view(&ctx, "first").await.unwrap().id;
    world.grant(dan, "read_only", Some(first.uuid())).await;
    assert_eq!(counts(&world.ctx_of(dan)).await, [1, 0]);
    world.grant_on_unit(dan, "read_only", unit).await;
    assert_eq!(counts(&world.ctx_of(dan)).await, [2, 0]);
}
