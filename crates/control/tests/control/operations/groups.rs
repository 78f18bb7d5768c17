//! Groups: what they are called, who is in them, and who may put in and take out whom.

use control::{Context, groups, permissions, users};
use domain::{
    errors::Error,
    ids::{GroupId, UserId},
    inputs::GrantPermission,
    permissions::Permission,
    principals::{SubjectKind, UserKind},
    views::{GroupView, PAGE_ROWS_MAX},
};

use crate::{check::check_world, statements::counted, world::World};

const WRITE: &str = "organization:groups:write";

async fn made(world: &World, name: &str) -> GroupView {
    groups::create(&world.ctx(), world.organization, name, "").await.unwrap()
}

/// Gives something to a group, as the super admin.
async fn give(world: &World, group: GroupId, granted: &str, resource: &str) {
    let input = GrantPermission {
        principal: format!("group:{group}"),
        granted: granted.into(),
        resource: resource.into(),
        ..GrantPermission::default()
    };
    permissions::grant(&world.ctx(), world.organization, &input).await.unwrap();
}

/// A member who holds this on the organization.
async fn member(world: &World, email: &str, granted: &[&str]) -> UserId {
    let user = world.add_user(email, Some(false), true).await;
    for granted in granted {
        world.grant(user, granted, None).await;
    }
    user
}

async fn names(ctx: &Context, world: &World, group: GroupId, text: &str) -> Vec<String> {
    let page = groups::members(ctx, world.organization, group, text, None).await.unwrap();
    assert_eq!(page.total, i64::try_from(page.rows.len()).unwrap());
    page.rows.into_iter().map(|row| row.email.unwrap_or(row.name)).collect()
}

#[tokio::test]
async fn a_group_is_made_renamed_and_deleted_on_record() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let group = groups::create(&ctx, organization, " Operators ", " Run things\r\nat night ").await.unwrap();
    let id = group.row.id;
    assert_eq!(
        (group.row.name.as_str(), group.row.description.as_str()),
        ("Operators", "Run things\nat night")
    );
    assert_eq!((group.row.members, group.row.grants, group.generation), (0, 0, 0));
    assert_eq!((&group.add_obstacle, &group.take_obstacle, &group.delete_obstacle), (&None, &None, &None));
    assert_eq!(groups::view(&ctx, organization, id).await, Ok(group.clone()));
    let event = world.last_event(organization, "group.created").await;
    assert_eq!((event.subject_kind, event.subject_id), (Some(SubjectKind::Group), Some(id.uuid())));
    assert_eq!(event.subject_name.as_deref(), Some("Operators"));
    assert_eq!(event.after.as_deref(), Some(r#"{"description":"Run things\nat night","name":"Operators"}"#));

    let edited = groups::edit(&ctx, organization, id, 0, "Admins", "").await.unwrap();
    assert_eq!(
        (edited.row.name.as_str(), edited.row.description.as_str(), edited.generation),
        ("Admins", "", 1)
    );
    let event = world.last_event(organization, "group.changed").await;
    assert_eq!(event.text, "Renamed the group Operators to Admins");
    assert_eq!(event.before.as_deref(), Some(r#"{"description":"Run things\nat night","name":"Operators"}"#));
    assert_eq!(event.after.as_deref(), Some(r#"{"description":"","name":"Admins"}"#));
    // The same again is no change and no event.
    assert_eq!(groups::edit(&ctx, organization, id, 1, " Admins", "").await, Ok(edited));
    assert_eq!(world.count_events("group.changed").await, 1);

    groups::add_members(&ctx, organization, id, "ann@example.org").await.unwrap();
    give(&world, id, "developer", "organization").await;
    for bad in ["", "admins", "Operators"] {
        let error = groups::delete(&ctx, organization, id, bad).await.unwrap_err();
        assert_eq!(error.field(), Some("confirmation"), "{bad}");
    }
    groups::delete(&ctx, organization, id, " Admins ").await.unwrap();
    assert_eq!(groups::view(&ctx, organization, id).await, Err(Error::NotFound));
    assert_eq!(groups::delete(&ctx, organization, id, "Admins").await, Err(Error::NotFound));
    let event = world.last_event(organization, "group.deleted").await;
    assert_eq!(
        event.before.as_deref(),
        Some(
            r#"{"description":"","granted":["developer on the organization Acme"],"members":["ann@example.org"],"name":"Admins"}"#
        )
    );
    let dump = world.dump().await;
    assert_eq!((dump["group_members"].len(), dump["grants"].len()), (0, 0), "all of it is gone");
    check_world(&world).await;
}

#[tokio::test]
async fn what_is_wrong_is_told_on_its_field() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let (group, _) = (made(&world, "one").await, made(&world, "two").await);
    let before = world.dump().await;
    let long = "x".repeat(129);
    for (name, description, field) in [
        ("", "", "name"),
        (long.as_str(), "", "name"),
        ("a\nb", "", "name"),
        ("two", "", "name"),
        ("three", "\u{7}", "description"),
        ("three", &"x".repeat(groups::DESCRIPTION_CHARS_MAX + 1), "description"),
        ("", "\u{7}", "name"),
    ] {
        let error = groups::create(&ctx, organization, name, description).await.unwrap_err();
        assert_eq!(error.field(), Some(field), "{name}: {error}");
        let error = groups::edit(&ctx, organization, group.row.id, 0, name, description).await.unwrap_err();
        assert_eq!(error.field(), Some(field), "{name}: {error}");
    }
    for (members, reason) in [
        ("", "Enter the e-mail address"),
        ("ann@example.org\nnobody", "Line 2: “nobody”"),
        ("ann@example.org, eve@elsewhere.org", "Line 1: eve@elsewhere.org does not belong"),
        (&format!("\nuser:{}", world.uuid()), "Line 2: user:"),
        (&format!("group:{}", group.row.id), "Line 1: a group holds"),
        (&"ann@example.org,".repeat(groups::MEMBERS_MAX + 1), "At most 200"),
        ("nobody\neve@elsewhere.org", "Line 1: “nobody”"),
        ("nobody\neve@elsewhere.org", "Line 2: eve@elsewhere.org does not belong"),
        (&"nobody\n".repeat(23), "And 3 more."),
    ] {
        for error in [
            groups::add_members(&ctx, organization, group.row.id, members).await.unwrap_err(),
            groups::preview_add(&ctx, organization, group.row.id, members).await.unwrap_err(),
        ] {
            assert_eq!(error.field(), Some("members"), "{error}");
            assert!(error.to_string().contains(reason), "{error}");
        }
    }
    assert!(world.dump().await == before, "nothing was changed, and nothing is on record");
}

#[tokio::test]
async fn the_second_to_edit_is_told_what_the_first_did() {
    let world = World::new().await;
    let group = made(&world, "one").await.row.id;
    let other = world.add_user("bea@example.org", Some(true), true).await;
    groups::edit(&world.ctx(), world.organization, group, 0, "first", "by Ann").await.unwrap();
    let late = groups::edit(&world.ctx_of(other), world.organization, group, 0, "second", "by Bea").await;
    let Err(Error::Conflict { reason }) = late else { panic!("{late:?}") };
    for part in ["first", "by Ann", "second", "by Bea"] {
        assert!(reason.contains(part), "{reason}");
    }
    assert_eq!(world.count_events("group.changed").await, 1);
    // Having seen it, they may.
    groups::edit(&world.ctx_of(other), world.organization, group, 1, "second", "by Bea").await.unwrap();
}

#[tokio::test]
async fn members_come_and_go_on_record() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let id = made(&world, "Operators").await.row.id;
    let bob = member(&world, "bob@example.org", &[]).await;
    let program = control::application_users::create(&ctx, organization, "deployer", "").await.unwrap();
    let program = program.row.user_id;
    let listed = format!("Bob@Example.ORG\nuser:{program}, user:{bob}\r\n\nann@example.org");
    assert_eq!(groups::add_members(&ctx, organization, id, &listed).await, Ok(3));
    assert_eq!(names(&ctx, &world, id, "").await, ["deployer", "ann@example.org", "bob@example.org"]);
    assert_eq!(names(&ctx, &world, id, " BOB ").await, ["bob@example.org"]);
    let page = groups::members(&ctx, organization, id, "deploy", None).await.unwrap();
    assert_eq!((page.rows[0].kind, page.rows[0].email.as_ref()), (UserKind::Application, None));
    let event = world.last_event(organization, "group.member_added").await;
    assert_eq!((event.subject_kind, event.subject_id), (Some(SubjectKind::Group), Some(id.uuid())));
    let expected = r#"{"members":["bob@example.org","deployer (application user)","ann@example.org"]}"#;
    assert_eq!(event.after.as_deref(), Some(expected));
    // Who is in it already is no event.
    assert_eq!(groups::add_members(&ctx, organization, id, "bob@example.org").await, Ok(0));
    assert_eq!(world.count_events("group.member_added").await, 1);
    assert_eq!(groups::view(&ctx, organization, id).await.unwrap().row.members, 3);

    groups::remove_member(&ctx, organization, id, bob).await.unwrap();
    let event = world.last_event(organization, "group.member_removed").await;
    assert_eq!(event.text, "Removed bob@example.org from the group Operators");
    assert_eq!(event.before.as_deref(), Some(r#"{"members":["bob@example.org"]}"#));
    assert_eq!(groups::remove_member(&ctx, organization, id, bob).await, Err(Error::NotFound));
    assert_eq!(groups::preview_remove(&ctx, organization, id, bob).await, Err(Error::NotFound));
    assert_eq!(names(&ctx, &world, id, "").await, ["deployer", "ann@example.org"]);
    check_world(&world).await;
}

/// All of them or none, and only those who are let in.
#[tokio::test]
async fn whoever_is_deactivated_is_not_added_nor_are_the_others() {
    let world = World::new().await;
    let id = made(&world, "Operators").await.row.id;
    member(&world, "bob@example.org", &[]).await;
    world.add_user("gone@example.org", Some(false), false).await;
    let here = member(&world, "away@example.org", &[]).await;
    let mut tx = world.store.write().await.unwrap();
    assert!(store::memberships::set_active(&mut tx, world.organization, here, false).await.unwrap());
    tx.commit().await.unwrap();
    for email in ["gone@example.org", "away@example.org"] {
        let members = format!("bob@example.org\n{email}");
        let error = groups::add_members(&world.ctx(), world.organization, id, &members).await.unwrap_err();
        assert_eq!(error.field(), Some("members"));
        assert_eq!(error.to_string(), format!("Line 2: {email} is deactivated. Reactivate them first."));
    }
    assert_eq!(names(&world.ctx(), &world, id, "").await, Vec::<String>::new());
}

/// Whoever may only edit groups may not raise anybody through them, least of all themselves.
#[tokio::test]
async fn a_group_that_holds_more_cannot_be_joined() {
    let world = World::new().await;
    let organization = world.organization;
    let (plain, powerful) = (made(&world, "plain").await.row.id, made(&world, "powerful").await.row.id);
    give(&world, powerful, "developer", "project:shop").await;
    let gil = member(&world, "gil@example.org", &[WRITE]).await;
    let ctx = world.ctx_of(gil);
    assert_eq!(groups::add_members(&ctx, organization, plain, "gil@example.org").await, Ok(1));
    let view = groups::view(&ctx, organization, powerful).await.unwrap();
    // Of what lies behind it, not even the name.
    let reason = "It gives something on a project that you cannot see.";
    assert_eq!((view.add_obstacle.as_deref(), view.take_obstacle), (Some(reason), None));
    let forbidden = Error::Forbidden { reason: reason.into() };
    let before = world.count_events("action.denied").await;
    assert_eq!(
        groups::add_members(&ctx, organization, powerful, "gil@example.org").await,
        Err(forbidden.clone())
    );
    assert_eq!(groups::preview_add(&ctx, organization, powerful, "gil@example.org").await, Err(forbidden));
    assert_eq!(world.count_events("action.denied").await, before + 2);
    let event = world.last_event(organization, "action.denied").await;
    assert!(event.text.contains("with the group powerful: It gives something"), "{}", event.text);
    assert_eq!(event.user_id, Some(gil));
    // Holding it is not enough: it takes to be able to give it.
    world.grant(gil, "developer", Some(world.project_id().await)).await;
    assert_eq!(
        groups::add_members(&ctx, organization, powerful, "gil@example.org").await.unwrap_err().status(),
        403
    );
    world.grant(gil, "admin", Some(world.project_id().await)).await;
    assert_eq!(groups::add_members(&ctx, organization, powerful, "gil@example.org").await, Ok(1));
    check_world(&world).await;
}

#[tokio::test]
async fn a_group_that_administers_is_left_alone_by_who_does_not() {
    let world = World::new().await;
    let organization = world.organization;
    let id = made(&world, "admins").await.row.id;
    give(&world, id, "role:organization:admin", "organization").await;
    let bob = member(&world, "bob@example.org", &[]).await;
    groups::add_members(&world.ctx(), organization, id, "bob@example.org").await.unwrap();
    let gil = member(&world, "gil@example.org", &[WRITE]).await;
    let ctx = world.ctx_of(gil);
    let reason = "It administers the organization, and you do not.";
    let forbidden = Error::Forbidden { reason: reason.into() };
    let view = groups::view(&ctx, organization, id).await.unwrap();
    assert_eq!(
        (view.take_obstacle.as_deref(), view.delete_obstacle.as_deref()),
        (Some(reason), Some(reason))
    );
    assert_eq!(groups::remove_member(&ctx, organization, id, bob).await, Err(forbidden.clone()));
    assert_eq!(groups::preview_remove(&ctx, organization, id, bob).await, Err(forbidden.clone()));
    assert_eq!(groups::delete(&ctx, organization, id, "admins").await, Err(forbidden.clone()));
    assert_eq!(groups::preview_delete(&ctx, organization, id).await, Err(forbidden));
    assert_eq!(world.count_events("action.denied").await, 4);
    assert_eq!(names(&ctx, &world, id, "").await, ["bob@example.org"]);
    // Whoever administers may, and whoever is in it may leave.
    groups::add_members(&world.ctx_of(bob), organization, id, "gil@example.org").await.unwrap();
    groups::remove_member(&ctx, organization, id, gil).await.unwrap();
    groups::delete(&world.ctx_of(bob), organization, id, "admins").await.unwrap();
}

/// A group may be harmless and who is in it not.
#[tokio::test]
async fn nobody_takes_the_more_powerful_out() {
    let world = World::new().await;
    let id = made(&world, "readers").await.row.id;
    give(&world, id, "read_only", "organization").await;
    let boss = member(&world, "boss@example.org", &["role:organization:admin"]).await;
    groups::add_members(&world.ctx(), world.organization, id, "ann@example.org, boss@example.org")
        .await
        .unwrap();
    let gil = member(&world, "gil@example.org", &[WRITE]).await;
    let protections = async |user| {
        let page = groups::members(&world.ctx_of(user), world.organization, id, "", None).await.unwrap();
        page.rows.into_iter().map(|row| row.protection).collect::<Vec<_>>()
    };
    for (user, reason) in [
        (world.user, "Only a super admin may act on a super admin."),
        (boss, "They administer something that you do not."),
    ] {
        assert!(protections(gil).await.contains(&Some(reason.to_owned())));
        let answer = groups::remove_member(&world.ctx_of(gil), world.organization, id, user).await;
        assert_eq!(answer, Err(Error::Forbidden { reason: reason.into() }));
        let event = world.last_event(world.organization, "action.denied").await;
        assert!(event.text.contains("from the group readers"), "{}", event.text);
    }
    assert_eq!(protections(world.user).await, [None, None]);
    // An admin may not act on the super admin either, but on themselves.
    assert_eq!(protections(boss).await.iter().flatten().count(), 1);
    let ctx = world.ctx_of(boss);
    assert_eq!(
        groups::remove_member(&ctx, world.organization, id, world.user).await.unwrap_err().status(),
        403
    );
    groups::remove_member(&ctx, world.organization, id, boss).await.unwrap();
}

/// Whoever is in a group that is deleted is taken out of it.
#[tokio::test]
async fn a_group_is_not_deleted_from_under_the_more_powerful() {
    let world = World::new().await;
    let organization = world.organization;
    let id = made(&world, "crew").await.row.id;
    give(&world, id, "project:services:read", "organization").await;
    let (lead, gil) =
        (member(&world, "lead@example.org", &[]).await, member(&world, "gil@example.org", &[WRITE]).await);
    world.grant(lead, "admin", Some(world.project_id().await)).await;
    let obstacle = async |user| {
        let view = groups::view(&world.ctx_of(user), organization, id).await.unwrap();
        assert_eq!(view.take_obstacle, None, "the group itself is harmless");
        view.delete_obstacle
    };
    // Everybody may go away themselves, and from beside those who are not above them.
    let others = "gil@example.org, plain@example.org";
    member(&world, "plain@example.org", &["read_only"]).await;
    groups::add_members(&world.ctx(), organization, id, others).await.unwrap();
    assert_eq!(obstacle(gil).await, None);
    assert!(groups::preview_delete(&world.ctx_of(gil), organization, id).await.is_ok());

    groups::add_members(&world.ctx(), organization, id, "lead@example.org").await.unwrap();
    let reason =
        "You may not act on lead@example.org, who is in it. They administer something that you do not.";
    refuses_deletion(&world, gil, id, reason).await;
    assert_eq!(obstacle(gil).await.as_deref(), Some(reason));
    // Who is deactivated is as powerful as they would be, and who is told of comes first by e-mail address.
    let away = member(&world, "away@example.org", &["role:organization:admin"]).await;
    groups::add_members(&world.ctx(), organization, id, "away@example.org, ann@example.org").await.unwrap();
    users::deactivate(&world.ctx(), organization, away).await.unwrap();
    let reason = "You may not act on 3 of those in it, ann@example.org among them. \
                  Only a super admin may act on a super admin.";
    refuses_deletion(&world, gil, id, reason).await;
    // Nothing is said to who may delete no group anyway.
    let reader = member(&world, "rea@example.org", &["organization:permissions:read"]).await;
    assert_eq!(obstacle(reader).await, None);
    // Who administers the organization deletes it, whoever is in it.
    let boss = member(&world, "boss@example.org", &["role:organization:admin"]).await;
    assert_eq!((obstacle(boss).await, obstacle(world.user).await), (None, None));
    let ctx = world.ctx_of(boss);
    let would = groups::preview_delete(&ctx, organization, id).await.unwrap();
    assert!(would.rows.iter().all(|row| row.principal.id != world.user.uuid()), "{would:?}");
    groups::delete(&ctx, organization, id, "crew").await.unwrap();
    check_world(&world).await;
}

/// Neither deleted nor looked at before; both tries are on record.
async fn refuses_deletion(world: &World, user: UserId, id: GroupId, reason: &str) {
    let (ctx, organization) = (world.ctx_of(user), world.organization);
    let (members, denied) =
        (names(&world.ctx(), world, id, "").await, world.count_events("action.denied").await);
    let forbidden = Error::Forbidden { reason: reason.into() };
    assert_eq!(groups::preview_delete(&ctx, organization, id).await, Err(forbidden.clone()));
    assert_eq!(groups::delete(&ctx, organization, id, "crew").await, Err(forbidden));
    assert_eq!(world.count_events("action.denied").await, denied + 2);
    let event = world.last_event(organization, "action.denied").await;
    assert!(event.text.contains(&format!("with the group crew: {reason}")), "{}", event.text);
    assert_eq!((event.user_id, names(&world.ctx(), world, id, "").await), (Some(user), members));
}

#[tokio::test]
async fn previews_say_what_is_gained_and_lost() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let id = made(&world, "readers").await.row.id;
    give(&world, id, "project:services:read", "organization").await;
    let bob = member(&world, "bob@example.org", &[]).await;
    member(&world, "cat@example.org", &["read_only"]).await;
    let before = world.dump().await;
    let would =
        groups::preview_add(&ctx, organization, id, "bob@example.org, cat@example.org").await.unwrap();
    assert_eq!((would.added, would.present), (2, 0));
    let effects = would.effects;
    // Cat holds it already.
    assert_eq!((effects.rows.len(), effects.further), (1, 0));
    let row = &effects.rows[0];
    assert_eq!((row.principal.id, row.resource.id), (bob.uuid(), organization.uuid()));
    assert_eq!(row.gains, [Permission::ProjectServicesRead]);
    assert!(row.loses.is_empty() && !row.gains_administration && !row.loses_administration);
    assert!(world.dump().await == before, "a preview changes nothing");

    groups::add_members(&ctx, organization, id, "bob@example.org, cat@example.org").await.unwrap();
    let named = "bob@example.org, ann@example.org, ann@example.org";
    let would = groups::preview_add(&ctx, organization, id, named).await.unwrap();
    assert_eq!((would.added, would.present, would.effects.totals.considered), (1, 1, 1));
    for effects in [
        groups::preview_remove(&ctx, organization, id, bob).await.unwrap(),
        groups::preview_delete(&ctx, organization, id).await.unwrap(),
    ] {
        assert_eq!(effects.rows.len(), 1, "Cat keeps what else gives it: {effects:?}");
        assert_eq!(effects.rows[0].principal.id, bob.uuid());
        assert_eq!(effects.rows[0].loses, [Permission::ProjectServicesRead]);
    }
}

#[tokio::test]
async fn lists_come_in_pages() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let rows = PAGE_ROWS_MAX as usize;
    for number in 0..=rows {
        groups::create(&ctx, organization, &format!("g-{number:03}"), "").await.unwrap();
        member(&world, &format!("m-{number:03}@example.org"), &[]).await;
    }
    let first = groups::list(&ctx, organization, "", None).await.unwrap();
    assert_eq!((first.rows.len(), first.total), (rows, i64::try_from(rows).unwrap() + 1));
    let second = groups::list(&ctx, organization, "", first.next.as_deref()).await.unwrap();
    assert_eq!((second.rows.len(), second.rows[0].name.as_str(), second.next), (1, "g-050", None));
    let found = groups::list(&ctx, organization, " G-007 ", None).await.unwrap();
    assert_eq!((found.total, found.rows[0].name.as_str()), (1, "g-007"));

    let id = first.rows[0].id;
    let everybody: String = (0..=rows).map(|number| format!("m-{number:03}@example.org\n")).collect();
    assert_eq!(groups::add_members(&ctx, organization, id, &everybody).await, Ok(51));
    let first = groups::members(&ctx, organization, id, "", None).await.unwrap();
    let second = groups::members(&ctx, organization, id, "", first.next.as_deref()).await.unwrap();
    assert_eq!((first.rows.len(), first.total, second.rows.len(), second.next), (rows, 51, 1, None));
    assert_eq!(groups::list(&ctx, organization, "g-000", None).await.unwrap().rows[0].members, 51);
    let event = world.last_event(organization, "group.member_added").await;
    assert!(event.text.contains("m-002@example.org and 48 more to the group g-000"), "{}", event.text);
}

/// Tries everything; says what each answered.
async fn all(ctx: &Context, world: &World, id: GroupId, user: UserId) -> Vec<Result<(), Error>> {
    let organization = world.organization;
    vec![
        groups::view(ctx, organization, id).await.map(drop),
        groups::members(ctx, organization, id, "", None).await.map(drop),
        groups::edit(ctx, organization, id, 0, "x", "").await.map(drop),
        groups::delete(ctx, organization, id, "x").await,
        groups::preview_delete(ctx, organization, id).await.map(drop),
        groups::add_members(ctx, organization, id, "ann@example.org").await.map(drop),
        groups::preview_add(ctx, organization, id, "ann@example.org").await.map(drop),
        groups::remove_member(ctx, organization, id, user).await,
        groups::preview_remove(ctx, organization, id, user).await.map(drop),
    ]
}

#[tokio::test]
async fn strangers_and_other_tenants_learn_nothing() {
    let world = World::new().await;
    let id = made(&world, "ours").await.row.id;
    groups::add_members(&world.ctx(), world.organization, id, "ann@example.org").await.unwrap();
    let (elsewhere, eve) = world.another_organization("Elsewhere").await;
    let theirs = groups::create(&world.ctx_of(eve), elsewhere, "theirs", "").await.unwrap().row.id;
    groups::add_members(&world.ctx_of(eve), elsewhere, theirs, "elsewhere@elsewhere.org").await.unwrap();
    let before = world.dump().await;
    for answer in all(&world.ctx_of(eve), &world, id, world.user).await {
        assert_eq!(answer, Err(Error::NotFound), "a stranger");
    }
    assert_eq!(groups::list(&world.ctx_of(eve), world.organization, "", None).await, Err(Error::NotFound));
    let created = groups::create(&world.ctx_of(eve), world.organization, "x", "").await;
    assert_eq!(created, Err(Error::NotFound));
    // The other tenant's group, and one that nobody has.
    for id in [theirs, GroupId::from_uuid(world.uuid())] {
        for answer in all(&world.ctx(), &world, id, eve).await {
            assert_eq!(answer, Err(Error::NotFound), "not ours");
        }
    }
    // Their people cannot be put into ours.
    let error = groups::add_members(&world.ctx(), world.organization, id, &format!("user:{eve}")).await;
    assert_eq!(error.unwrap_err().field(), Some("members"));
    assert!(world.dump().await == before, "nothing was changed, and nothing is on record anywhere");
}

#[tokio::test]
async fn each_refusal_names_the_permission() {
    let world = World::new().await;
    let id = made(&world, "ours").await.row.id;
    let mel = member(&world, "mel@example.org", &[]).await;
    let reader = member(&world, "rea@example.org", &["organization:permissions:read"]).await;
    let (denied, reads) = (|text: &str| Err(Error::Denied { permission: text.into() }), 2);
    let answers = all(&world.ctx_of(mel), &world, id, mel).await;
    assert!(answers[..reads].iter().all(|answer| *answer == denied("organization:permissions:read")));
    assert!(answers[reads..].iter().all(|answer| *answer == denied(WRITE)), "{answers:?}");
    assert_eq!(world.count_events("action.denied").await, answers.len());
    let answers = all(&world.ctx_of(reader), &world, id, mel).await;
    assert!(answers[..reads].iter().all(Result::is_ok));
    assert!(answers[reads..].iter().all(|answer| *answer == denied(WRITE)), "{answers:?}");
    assert_eq!(
        groups::create(&world.ctx_of(reader), world.organization, "x", "").await.map(drop),
        denied(WRITE)
    );
    assert_eq!(groups::list(&world.ctx_of(reader), world.organization, "", None).await.unwrap().total, 1);
    for answer in all(&world.nobody(), &world, id, mel).await {
        assert_eq!(answer.unwrap_err().status(), 401);
    }
}

/// However many are on the page, and whatever each of them holds.
#[tokio::test]
async fn a_full_page_of_members_takes_no_more_statements_than_one_row() {
    let world = World::postgres().await;
    let organization = world.organization;
    let (one, many) = (made(&world, "One").await.row.id, made(&world, "Many").await.row.id);
    let boss = member(&world, "boss@example.org", &["role:organization:admin"]).await;
    let (mut people, mut powerful) = (String::new(), Vec::new());
    for number in 0..PAGE_ROWS_MAX + 5 {
        let email = format!("p-{number:02}@example.org");
        let granted: &[&str] = if number % 10 == 3 { &["role:organization:admin"] } else { &["read_only"] };
        member(&world, &email, granted).await;
        if number % 10 == 3 {
            powerful.push(email.clone());
        }
        people.push_str(&format!("{email}\n"));
    }
    groups::add_members(&world.ctx(), organization, one, "p-03@example.org").await.unwrap();
    groups::add_members(&world.ctx(), organization, many, &people).await.unwrap();
    let gil = world.ctx_of(member(&world, "gil@example.org", &[WRITE]).await);
    let list =
        async |ctx: &Context, group| groups::members(ctx, organization, group, "", None).await.unwrap();
    let (page, few) = counted(list(&gil, one)).await;
    assert_eq!(page.rows[0].protection.as_deref(), Some("They administer something that you do not."));
    let (page, full) = counted(list(&gil, many)).await;
    assert_eq!(page.rows.len(), PAGE_ROWS_MAX as usize);
    let protected: Vec<_> = page.rows.iter().filter(|row| row.protection.is_some()).collect();
    let protected: Vec<_> = protected.iter().map(|row| row.email.clone().unwrap()).collect();
    assert_eq!(protected, powerful[..5]);
    assert!(few > 3, "{few}: are statements seen at all?");
    assert_eq!(full, few);
    // As with the page, so before it is deleted: all of them are looked at together.
    let delete = async |group| groups::preview_delete(&gil, organization, group).await;
    let ((one_refused, few), (many_refused, full)) =
        (counted(delete(one)).await, counted(delete(many)).await);
    for (refused, text) in [(one_refused, "on p-03@example.org"), (many_refused, "on 6 of those in it")] {
        assert!(refused.unwrap_err().to_string().contains(text), "{text}");
    }
    assert!(few > 3, "{few}: are statements seen at all?");
    assert_eq!(full, few);
    // Who administers everything finds nobody protected, and oneself never is.
    groups::add_members(&world.ctx(), organization, one, "boss@example.org").await.unwrap();
    let page = list(&world.ctx_of(boss), one).await;
    assert!(page.rows.iter().all(|row| row.protection.is_none()), "{:?}", page.rows);
}
