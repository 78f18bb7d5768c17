//! One's own profile, and leaving.

use control::{groups, profiles};
use domain::{errors::Error, principals::SubjectKind, views::ProfileTexts};

use crate::{check::check_world, world::World};

fn texts() -> ProfileTexts {
    ProfileTexts {
        name: "Ann Archer".into(),
        job_title: "Engineer".into(),
        department: "Data".into(),
        city: "Oslo".into(),
        country: "no".into(),
    }
}

#[tokio::test]
async fn a_profile_is_changed_on_record_in_every_organization() {
    let world = World::new().await;
    let ctx = world.ctx();
    let second = control::organizations::create(&ctx, "Second").await.unwrap().id;
    let own = profiles::own(&ctx).await.unwrap();
    assert_eq!((own.email.as_str(), own.texts.name.as_str(), own.generation), ("ann@example.org", "Ann", 0));
    let edited = profiles::edit_own(&ctx, 0, &texts()).await.unwrap();
    let expected = ProfileTexts { country: "NO".into(), ..texts() };
    assert_eq!((&edited.texts, edited.generation), (&expected, 1));
    assert_eq!(profiles::own(&ctx).await, Ok(edited.clone()));
    for organization in [world.organization, second] {
        let event = world.last_event(organization, "user.profile_changed").await;
        assert_eq!(
            (event.subject_kind, event.subject_id),
            (Some(SubjectKind::User), Some(world.user.uuid()))
        );
        let before: ProfileTexts = serde_json::from_str(&event.before.unwrap()).unwrap();
        let after: ProfileTexts = serde_json::from_str(&event.after.unwrap()).unwrap();
        assert_eq!((before, &after), (own.texts.clone(), &expected));
    }
    // The same again is no change and no event.
    assert_eq!(profiles::edit_own(&ctx, 1, &texts()).await, Ok(edited));
    assert_eq!(world.count_events("user.profile_changed").await, 1);
    check_world(&world).await;
}

#[tokio::test]
async fn what_is_wrong_is_told_on_its_field_in_the_order_of_the_form() {
    let world = World::new().await;
    let before = world.dump().await;
    let long = "x".repeat(129);
    let bad = ProfileTexts {
        name: " ".into(),
        job_title: long.clone(),
        department: "a\nb".into(),
        city: "\u{7}".into(),
        country: "Norway".into(),
    };
    let mut sent = bad.clone();
    for field in ["name", "job_title", "department", "city", "country"] {
        let error = profiles::edit_own(&world.ctx(), 0, &sent).await.unwrap_err();
        assert_eq!(error.field(), Some(field), "{error}");
        match field {
            "name" => sent.name = "Ann".into(),
            "job_title" => sent.job_title.clear(),
            "department" => sent.department.clear(),
            _ => sent.city.clear(),
        }
    }
    assert!(world.dump().await == before, "nothing was changed, and nothing is on record");
    assert_eq!(profiles::own(&world.nobody()).await.unwrap_err().status(), 401);
    assert_eq!(profiles::edit_own(&world.nobody(), 0, &texts()).await.unwrap_err().status(), 401);
    let off = world.add_user("off@example.org", Some(false), false).await;
    assert_eq!(profiles::own(&world.ctx_of(off)).await.unwrap_err().status(), 401);
}

#[tokio::test]
async fn the_second_window_is_told_what_the_first_did() {
    let world = World::new().await;
    let ctx = world.ctx();
    profiles::edit_own(&ctx, 0, &texts()).await.unwrap();
    let late = ProfileTexts { city: "Bergen".into(), country: "NO".into(), ..texts() };
    let reason = "This was changed meanwhile. It is now city “Oslo”; you sent city “Bergen”.";
    assert_eq!(profiles::edit_own(&ctx, 0, &late).await, Err(Error::conflict(reason)));
    assert_eq!(profiles::edit_own(&ctx, 1, &late).await.unwrap().texts.city, "Bergen");
    assert_eq!(profiles::edit_own(&ctx, 0, &late).await.unwrap_err().status(), 409);
}

#[tokio::test]
async fn whoever_leaves_takes_nothing_along() {
    let world = World::new().await;
    let organization = world.organization;
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    world.grant(bob, "developer", None).await;
    let group = groups::create(&world.ctx(), organization, "Operators", "").await.unwrap().row.id;
    groups::add_members(&world.ctx(), organization, group, "bob@example.org").await.unwrap();
    let ctx = world.ctx_of(bob);
    for bad in ["", "acme"] {
        let error = profiles::leave(&ctx, organization, bad).await.unwrap_err();
        assert_eq!(error.field(), Some("confirmation"));
    }
    profiles::leave(&ctx, organization, "Acme").await.unwrap();
    assert_eq!(profiles::leave(&ctx, organization, "Acme").await, Err(Error::NotFound));
    assert_eq!(control::organizations::view(&ctx, organization).await, Err(Error::NotFound));
    let event = world.last_event(organization, "user.left").await;
    assert_eq!(event.text, "bob@example.org left the organization");
    let before = event.before.unwrap();
    assert!(
        before.contains("developer on the organization Acme") && before.contains("Operators"),
        "{before}"
    );
    let dump = world.dump().await;
    assert_eq!((dump["grants"].len(), dump["group_members"].len(), dump["memberships"].len()), (0, 0, 1));
    let (_, stranger) = world.another_organization("Other").await;
    let answer = profiles::leave(&world.ctx_of(stranger), organization, "Acme").await;
    assert_eq!(answer, Err(Error::NotFound));
    check_world(&world).await;
}
