//! Organizations: made, renamed and deleted; a person belongs to several.

use control::{Context, organizations, projects, units};
use domain::{errors::Error, permissions::Permission};

use crate::{
    check::{check_chain, check_world, events},
    world::{ALL_PROJECTS, PROJECT, World},
};

#[tokio::test]
async fn whoever_makes_an_organization_is_its_super_admin() {
    let world = World::new().await;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let ctx = world.ctx_of(bob);
    let view = organizations::create(&ctx, " Second ").await.unwrap();
    assert_eq!((view.name.as_str(), view.is_super_admin), ("Second", true));
    assert!(view.powers.is_member && view.powers.is_super_admin && view.powers.administers());
    assert_eq!(organizations::view(&ctx, view.id).await, Ok(view.clone()));
    let event = world.last_event(view.id, "organization.created").await;
    assert_eq!((event.sequence, event.user_id), (1, Some(bob)));
    assert_eq!(event.after.as_deref(), Some(r#"{"name":"Second"}"#));
    // It can seal its secrets, and it is nobody else's.
    projects::create(&ctx, view.id, "second-shop", "").await.unwrap();
    assert_eq!(organizations::view(&world.ctx(), view.id).await, Err(Error::NotFound));
    let profile = control::sessions::profile(&ctx).await.unwrap();
    let told = profile.organizations.iter().map(|found| (found.name.as_str(), found.powers.is_super_admin));
    assert_eq!(told.collect::<Vec<_>>(), [("Acme", false), ("Second", true)]);
    for bad in ["", "a\nb", &"x".repeat(84)] {
        assert_eq!(organizations::create(&ctx, bad).await.unwrap_err().field(), Some("name"));
    }
    assert_eq!(organizations::create(&world.nobody(), "x").await.unwrap_err().status(), 401);
    let off = world.add_user("off@example.org", Some(false), false).await;
    assert_eq!(organizations::create(&world.ctx_of(off), "x").await.unwrap_err().status(), 401);
    check_world(&world).await;
}

#[tokio::test]
async fn what_somebody_can_do_is_told_of_each_of_their_organizations() {
    let world = World::new().await;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    world.grant(bob, "organization:billing:read", None).await;
    let ctx = world.ctx_of(bob);
    let view = organizations::view(&ctx, world.organization).await.unwrap();
    assert_eq!(view.powers.permissions(), [Permission::OrganizationBillingRead]);
    let profile = control::sessions::profile(&ctx).await.unwrap();
    assert_eq!(profile.organizations, [view]);
}

#[tokio::test]
async fn a_person_belongs_to_so_many_and_makes_no_more() {
    let world = World::new().await;
    let ctx = world.ctx();
    for number in 1..organizations::ORGANIZATIONS_MAX {
        organizations::create(&ctx, &format!("Number {number}")).await.unwrap();
    }
    assert_eq!(organizations::create(&ctx, "One too many").await.unwrap_err().status(), 409);
}

async fn denied(ctx: &Context, world: &World, answer: &Error) {
    let organization = world.organization;
    assert_eq!(organizations::rename(ctx, organization, 0, "New").await.as_ref(), Err(answer));
    assert_eq!(organizations::delete(ctx, organization, "Acme").await.as_ref(), Err(answer));
}

#[tokio::test]
async fn only_super_admins_rename_and_delete() {
    let world = World::new().await;
    let admin = world.add_user("boss@example.org", Some(false), true).await;
    world.grant(admin, "role:organization:admin", None).await;
    let before = world.count_events("action.denied").await;
    denied(&world.ctx_of(admin), &world, &Error::Denied { permission: "super admin".into() }).await;
    assert_eq!(world.count_events("action.denied").await, before + 2);
    let (_, stranger) = world.another_organization("Other").await;
    denied(&world.ctx_of(stranger), &world, &Error::NotFound).await;

    let (ctx, organization) = (world.ctx(), world.organization);
    for bad in ["", "a\nb"] {
        let error = organizations::rename(&ctx, organization, 0, bad).await.unwrap_err();
        assert_eq!(error.field(), Some("name"));
    }
    let renamed = organizations::rename(&ctx, organization, 0, " Acme Ltd. ").await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.generation), ("Acme Ltd.", 1));
    assert_eq!(organizations::view(&ctx, organization).await, Ok(renamed.clone()));
    let event = world.last_event(organization, "organization.renamed").await;
    assert_eq!(event.before.as_deref(), Some(r#"{"name":"Acme"}"#));
    assert_eq!(event.after.as_deref(), Some(r#"{"name":"Acme Ltd."}"#));
    let answer = organizations::rename(&ctx, organization, 0, "Umbrella").await;
    let Err(Error::Conflict { reason }) = answer else { panic!("{answer:?}") };
    assert_eq!(reason, "Somebody else changed this meanwhile. It is now “Acme Ltd.”; you sent “Umbrella”.");
    assert_eq!(organizations::rename(&ctx, organization, 1, "Acme Ltd.").await, Ok(renamed));
    assert_eq!(world.count_events("organization.renamed").await, 1, "the same name is no change");
}

#[tokio::test]
async fn an_organization_goes_when_it_is_empty() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    world.grant(bob, "developer", None).await;
    let unit = units::create(&ctx, organization, "Data").await.unwrap().row.id;
    projects::create(&ctx, organization, "inside", &unit.to_string()).await.unwrap();
    control::groups::create(&ctx, organization, "Operators", "").await.unwrap();
    control::application_users::create(&ctx, organization, "deployer", "").await.unwrap();
    let error = organizations::delete(&ctx, organization, "acme").await.unwrap_err();
    assert_eq!(error.field(), Some("confirmation"));
    let reason = |answer: Result<(), Error>| match answer {
        Err(Error::Conflict { reason }) => reason,
        answer => panic!("{answer:?}"),
    };
    let told = reason(organizations::delete(&ctx, organization, "Acme").await);
    assert!(told.contains("2 projects: inside and shop, and 1 unit: Data."), "{told}");
    projects::delete(&ctx, "inside", "inside").await.unwrap();
    projects::delete(&ctx, PROJECT, PROJECT).await.unwrap();
    let told = reason(organizations::delete(&ctx, organization, "Acme").await);
    assert!(told.contains("holds 1 unit: Data."), "{told}");
    units::delete(&ctx, organization, unit, "Data").await.unwrap();
    organizations::delete(&ctx, organization, " Acme ").await.unwrap();

    assert_eq!(organizations::view(&ctx, organization).await, Err(Error::NotFound));
    let listed = projects::list(&ctx, organization, &ALL_PROJECTS, None).await;
    assert_eq!(listed, Err(Error::NotFound));
    assert_eq!(organizations::delete(&ctx, organization, "Acme").await, Err(Error::NotFound));
    let dump = world.dump().await;
    for table in ["organizations", "memberships", "groups", "grants"] {
        assert_eq!(dump[table].len(), 0, "{table}");
    }
    assert_eq!(dump["users"].len(), 2, "people stay, programs go");
    // Its log ends with this, and the operator's has it, too.
    let mut tx = world.store.read().await.unwrap();
    let own = events(&mut tx, Some(organization)).await;
    let operators = events(&mut tx, None).await;
    check_chain(&own);
    check_chain(&operators);
    for last in [own.last().unwrap(), operators.last().unwrap()] {
        assert_eq!(last.event_type.as_str(), "organization.deleted");
        assert_eq!(
            last.before.as_deref(),
            Some(r#"{"granted":["developer to bob@example.org"],"name":"Acme"}"#)
        );
    }
}
