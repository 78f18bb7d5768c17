//! The people of an organization: lists, shutting out and letting in, removing, super admins, and who may do that to whom.

use std::time::Duration;

use control::{Context, groups, projects, users};
use domain::{
    errors::Error, ids::UserId, inputs::MemberFilter, permissions::Permission, principals::SubjectKind,
    views::PAGE_ROWS_MAX,
};

use crate::{
    check::check_world,
    world::{EMAIL, PROJECT, World},
};

const WRITE: &str = "organization:users:write";
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A member who holds this on the organization.
async fn member(world: &World, email: &str, granted: &[&str]) -> UserId {
    let user = world.add_user(email, Some(false), true).await;
    for granted in granted {
        world.grant(user, granted, None).await;
    }
    user
}

async fn emails(ctx: &Context, world: &World, filter: &MemberFilter) -> Vec<String> {
    let page = users::list(ctx, world.organization, filter, None).await.unwrap();
    assert_eq!(page.total, i64::try_from(page.rows.len()).unwrap());
    page.rows.into_iter().map(|row| row.email).collect()
}

#[tokio::test]
async fn people_are_found_by_what_is_known_of_them() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    member(&world, "bob@example.org", &[]).await;
    let cat = member(&world, "cat@example.org", &[]).await;
    control::application_users::create(&ctx, organization, "deployer", "").await.unwrap();
    let (_, stranger) = world.another_organization("Other").await;
    users::deactivate(&ctx, organization, cat).await.unwrap();
    let filter = |text: &str, state: &str, idle_days: &str| MemberFilter {
        text: text.into(),
        state: state.into(),
        idle_days: idle_days.into(),
    };
    let all = ["ann@example.org", "bob@example.org", "cat@example.org"];
    assert_eq!(emails(&ctx, &world, &MemberFilter::default()).await, all);
    assert_eq!(emails(&ctx, &world, &filter(" BOB ", "", "")).await, ["bob@example.org"]);
    assert_eq!(emails(&ctx, &world, &filter("", "active", "")).await, all[..2]);
    assert_eq!(emails(&ctx, &world, &filter("", "deactivated", "")).await, all[2..]);
    assert_eq!(emails(&ctx, &world, &filter("", "", "1")).await, [""; 0]);
    super::policies::add_factor(&world, world.user, domain::sign_ins::FactorKind::Totp).await;
    let without = emails(&ctx, &world, &filter("", "without_second_factor", "")).await;
    assert_eq!(without, ["bob@example.org"], "nobody who is deactivated, and no program");
    let page = users::list(&ctx, organization, &MemberFilter::default(), None).await.unwrap();
    let have: Vec<bool> = page.rows.iter().map(|row| row.has_second_factor).collect();
    assert_eq!(have, [true, false, false]);
    assert!(users::view(&ctx, organization, world.user).await.unwrap().row.has_second_factor);
    let has_password = async |user| users::view(&ctx, organization, user).await.unwrap().has_password;
    assert!(has_password(cat).await);
    let mut tx = world.store.write().await.unwrap();
    store::users::set_password_hash(&mut tx, cat, "", world.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert!(!has_password(cat).await, "who signs in another way alone");
    world.clock.advance(DAY + Duration::from_secs(1));
    assert_eq!(emails(&ctx, &world, &filter("", "", "1")).await, all);
    for (filter, field) in [
        (filter("", "gone", ""), "state"),
        (filter("", "", "0"), "idle_days"),
        (filter("", "", "many"), "idle_days"),
        (filter("", "gone", "0"), "state"),
    ] {
        let error = users::list(&ctx, organization, &filter, None).await.unwrap_err();
        assert_eq!(error.field(), Some(field), "{error}");
    }
    for number in 0..PAGE_ROWS_MAX {
        member(&world, &format!("m-{number:03}@example.org"), &[]).await;
    }
    let first = users::list(&ctx, organization, &MemberFilter::default(), None).await.unwrap();
    let rest =
        users::list(&ctx, organization, &MemberFilter::default(), first.next.as_deref()).await.unwrap();
    assert_eq!((first.rows.len(), rest.rows.len(), rest.next), (PAGE_ROWS_MAX as usize, 3, None));
    // Whoever manages people sees them; nobody else does.
    let strangers = users::list(&world.ctx_of(stranger), organization, &MemberFilter::default(), None).await;
    assert_eq!(strangers, Err(Error::NotFound));
    let dan = member(&world, "dan@example.org", &[]).await;
    let refused = users::list(&world.ctx_of(dan), organization, &MemberFilter::default(), None).await;
    let permission = Permission::OrganizationPermissionsRead.to_string();
    assert_eq!(refused, Err(Error::Denied { permission }));
    let eve = member(&world, "eve@example.org", &[WRITE]).await;
    assert!(users::list(&world.ctx_of(eve), organization, &MemberFilter::default(), None).await.is_ok());
}

#[tokio::test]
async fn a_person_is_shown_with_what_there_is_to_know() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let bob = member(&world, "bob@example.org", &[WRITE]).await;
    let group = groups::create(&ctx, organization, "Operators", "").await.unwrap().row.id;
    groups::add_members(&ctx, organization, group, "bob@example.org").await.unwrap();
    let view = users::view(&ctx, organization, bob).await.unwrap();
    assert_eq!((view.row.email.as_str(), view.row.is_active), ("bob@example.org", true));
    assert_eq!(view.groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["Operators"]);
    assert_eq!((view.is_self, view.indispensable, view.protection), (false, None, None));
    let own = users::view(&ctx, organization, world.user).await.unwrap();
    assert!(own.is_self && own.indispensable.is_some() && own.protection.is_none());
    let ann = users::view(&world.ctx_of(bob), organization, world.user).await.unwrap();
    assert_eq!(ann.protection.as_deref(), Some("Only a super admin may act on a super admin."));
    // Nobody of another tenant, nor what is no person, is here.
    let (_, stranger) = world.another_organization("Other").await;
    let program = control::application_users::create(&ctx, organization, "deployer", "").await.unwrap();
    for id in [stranger, program.row.user_id, UserId::from_uuid(world.uuid())] {
        assert_eq!(users::view(&ctx, organization, id).await, Err(Error::NotFound));
        for answer in every_act(&ctx, &world, id).await {
            assert_eq!(answer, Err(Error::NotFound));
        }
    }
    assert_eq!(world.count_events("action.denied").await, 0);
}

/// Everything that can be done to somebody.
async fn every_act(ctx: &Context, world: &World, user: UserId) -> Vec<Result<(), Error>> {
    let organization = world.organization;
    vec![
        users::deactivate(ctx, organization, user).await,
        users::reactivate(ctx, organization, user).await,
        users::remove(ctx, organization, user, "?").await,
        users::preview_remove(ctx, organization, user).await.map(drop),
        users::set_super_admin(ctx, organization, user, true).await,
        users::set_super_admin(ctx, organization, user, false).await,
    ]
}

#[tokio::test]
async fn whoever_is_deactivated_is_shut_out_and_comes_back_with_everything() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let bob = member(&world, "bob@example.org", &["developer"]).await;
    let his = world.ctx_of(bob);
    projects::view(&his, PROJECT).await.unwrap();
    let effects = users::preview_remove(&ctx, organization, bob).await.unwrap();
    assert_eq!((effects.rows.len(), effects.rows[0].gains.len()), (1, 0));
    assert!(effects.rows[0].loses.contains(&Permission::ServiceDataRead));
    users::deactivate(&ctx, organization, bob).await.unwrap();
    assert_eq!(projects::view(&his, PROJECT).await, Err(Error::NotFound), "at once");
    assert_eq!(control::organizations::view(&his, organization).await, Err(Error::NotFound));
    let event = world.last_event(organization, "user.deactivated").await;
    assert_eq!((event.subject_kind, event.subject_id), (Some(SubjectKind::User), Some(bob.uuid())));
    assert_eq!(event.before.as_deref(), Some(r#"{"is_active":true}"#));
    assert_eq!(event.after.as_deref(), Some(r#"{"is_active":false}"#));
    // The second one is told that it is done.
    assert_eq!(users::deactivate(&ctx, organization, bob).await.unwrap_err().status(), 409);
    users::reactivate(&ctx, organization, bob).await.unwrap();
    assert_eq!(users::reactivate(&ctx, organization, bob).await.unwrap_err().status(), 409);
    projects::view(&his, PROJECT).await.unwrap();
    assert_eq!(world.count_events("user.deactivated").await, 1);
    assert_eq!(world.count_events("user.reactivated").await, 1);
    check_world(&world).await;
}

#[tokio::test]
async fn whoever_is_removed_leaves_nothing_behind_but_the_record() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let bob = member(&world, "bob@example.org", &["developer"]).await;
    world.grant(bob, "admin", Some(world.project_id().await)).await;
    let group = groups::create(&ctx, organization, "Operators", "").await.unwrap().row.id;
    groups::add_members(&ctx, organization, group, "bob@example.org").await.unwrap();
    for bad in ["", "bob", EMAIL] {
        let error = users::remove(&ctx, organization, bob, bad).await.unwrap_err();
        assert_eq!(error.field(), Some("confirmation"), "{bad}");
    }
    users::remove(&ctx, organization, bob, " Bob@example.org").await.unwrap();
    let event = world.last_event(organization, "user.removed").await;
    let before = r#"{"email":"bob@example.org","granted":["developer on the organization Acme","admin on the project shop"],"groups":["Operators"],"is_active":true,"is_super_admin":false}"#;
    assert_eq!(event.before.as_deref(), Some(before));
    assert_eq!(projects::view(&world.ctx_of(bob), PROJECT).await, Err(Error::NotFound));
    let dump = world.dump().await;
    assert_eq!((dump["grants"].len(), dump["group_members"].len(), dump["memberships"].len()), (0, 0, 1));
    assert_eq!(dump["users"].len(), 2, "the account stays");
    assert_eq!(users::remove(&ctx, organization, bob, "bob@example.org").await, Err(Error::NotFound));
    check_world(&world).await;
}

#[tokio::test]
async fn super_admins_are_made_and_unmade_by_super_admins() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let bob = member(&world, "bob@example.org", &["role:organization:admin"]).await;
    let lack = Err(Error::Denied { permission: "super admin".into() });
    assert_eq!(users::set_super_admin(&world.ctx_of(bob), organization, bob, true).await, lack);
    users::set_super_admin(&ctx, organization, bob, true).await.unwrap();
    assert_eq!(users::set_super_admin(&ctx, organization, bob, true).await.unwrap_err().status(), 409);
    let event = world.last_event(organization, "user.super_admin_made").await;
    assert_eq!(event.text, "Made bob@example.org a super admin");
    assert_eq!(event.after.as_deref(), Some(r#"{"is_super_admin":true}"#));
    users::set_super_admin(&world.ctx_of(bob), organization, world.user, false).await.unwrap();
    assert_eq!(users::set_super_admin(&ctx, organization, bob, false).await, lack, "not any more");
    let event = world.last_event(organization, "user.super_admin_unmade").await;
    assert_eq!(event.subject_name.as_deref(), Some(EMAIL));
    // Only people who are let in become one.
    users::deactivate(&world.ctx_of(bob), organization, world.user).await.unwrap();
    let error = users::set_super_admin(&world.ctx_of(bob), organization, world.user, true).await.unwrap_err();
    assert!(matches!(&error, Error::Conflict { reason } if reason.contains("Reactivate")), "{error:?}");
    check_world(&world).await;
}

#[tokio::test]
async fn what_a_super_admin_gains_and_loses_is_shown_before() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    world.grant(bob, "developer", None).await;
    world.grant(bob, "admin", Some(world.project_id().await)).await;
    let before = world.dump().await;
    let preview = async || users::preview_super_admin(&ctx, organization, bob).await.unwrap();
    let gained = preview().await;
    assert!(world.dump().await == before, "a preview changes nothing");
    let places: Vec<_> = gained.rows.iter().map(|row| row.resource.name.as_str()).collect();
    assert_eq!((places, gained.further), (vec!["Acme", "shop"], 0), "{gained:?}");
    let (here, there) = (&gained.rows[0], &gained.rows[1]);
    assert!(here.gains_administration && here.gains.contains(&Permission::OrganizationBillingWrite));
    assert!(!here.gains.contains(&Permission::ProjectServicesRead), "they hold it already");
    assert!(!there.gains_administration && there.loses.is_empty(), "they administer the project already");
    assert!(here.gains_super_admin && !there.gains_super_admin && !here.loses_super_admin, "{gained:?}");

    users::set_super_admin(&ctx, organization, bob, true).await.unwrap();
    let lost = preview().await;
    assert_eq!(lost.rows.len(), gained.rows.len());
    for (lost, gained) in lost.rows.iter().zip(&gained.rows) {
        assert_eq!((&lost.loses, &lost.gains), (&gained.gains, &gained.loses));
        assert_eq!(lost.loses_administration, gained.gains_administration);
        assert_eq!(lost.loses_super_admin, gained.gains_super_admin);
    }
    // Who administers the organization already still becomes more than that.
    let admin = world.add_user("admin@example.org", Some(false), true).await;
    world.grant(admin, "role:organization:admin", None).await;
    let gained = users::preview_super_admin(&ctx, organization, admin).await.unwrap();
    let [row] = &gained.rows[..] else { panic!("{gained:?}") };
    assert!(row.gains_super_admin && row.gains.is_empty() && !row.gains_administration, "{row:?}");
    users::set_super_admin(&ctx, organization, world.user, false).await.unwrap();
    let his = world.ctx_of(bob);
    let last = users::preview_super_admin(&his, organization, bob).await.unwrap_err();
    assert_eq!(last.status(), 409, "the last one stays: {last}");
    let lack = Err(Error::Denied { permission: "super admin".into() });
    assert_eq!(users::preview_super_admin(&ctx, organization, bob).await, lack);
    let nobody = UserId::from_uuid(world.uuid());
    assert_eq!(users::preview_super_admin(&his, organization, nobody).await, Err(Error::NotFound));
}

#[tokio::test]
async fn the_last_super_admin_stays_whatever_is_tried() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let before = world.dump().await;
    let others = async |what: &str| {
        for answer in [
            users::deactivate(&ctx, organization, world.user).await,
            users::remove(&ctx, organization, world.user, EMAIL).await,
            users::preview_remove(&ctx, organization, world.user).await.map(drop),
            users::set_super_admin(&ctx, organization, world.user, false).await,
            control::profiles::leave(&ctx, organization, "Acme").await,
        ] {
            let Err(Error::Conflict { reason }) = answer else { panic!("{what}: {answer:?}") };
            assert!(reason.contains("Make somebody else a super admin first."), "{what}: {reason}");
        }
    };
    others("alone").await;
    assert!(world.dump().await == before, "nothing was changed, and nothing is on record");
    // Who cannot act does not count.
    world.add_user("off@example.org", Some(true), false).await;
    let away = world.add_user("away@example.org", Some(true), true).await;
    users::deactivate(&ctx, organization, away).await.unwrap();
    others("with two who are deactivated").await;
    // With another one who can act they may go, but not by themselves here.
    users::reactivate(&ctx, organization, away).await.unwrap();
    let error = users::deactivate(&ctx, organization, world.user).await.unwrap_err();
    assert!(
        matches!(&error, Error::Conflict { reason } if reason.contains("Leave the organization")),
        "{error:?}"
    );
    users::set_super_admin(&ctx, organization, world.user, false).await.unwrap();
    check_world(&world).await;
}

/// Two who demote each other at the same moment: one stays.
async fn at_once(world: World) {
    let organization = world.organization;
    let bob = world.add_user("bob@example.org", Some(true), true).await;
    let (first, second) = (world.ctx(), world.ctx_of(bob));
    let answers = tokio::join!(
        users::set_super_admin(&first, organization, bob, false),
        users::set_super_admin(&second, organization, world.user, false),
    );
    assert_eq!([answers.0.is_ok(), answers.1.is_ok()].iter().filter(|is_ok| **is_ok).count(), 1);
    let mut tx = world.store.read().await.unwrap();
    assert_eq!(store::memberships::super_admins(&mut tx, organization).await.unwrap(), 1);
}

#[tokio::test]
async fn of_two_who_demote_each_other_one_stays_on_sqlite() {
    at_once(World::new().await).await;
}

#[tokio::test]
async fn of_two_who_demote_each_other_one_stays_on_postgres() {
    at_once(World::postgres().await).await;
}

#[tokio::test]
async fn nobody_acts_on_the_more_powerful() {
    let world = World::new().await;
    let organization = world.organization;
    let boss = member(&world, "boss@example.org", &["role:organization:admin"]).await;
    let uma = member(&world, "uma@example.org", &[WRITE]).await;
    let both = member(&world, "both@example.org", &[WRITE, "developer"]).await;
    let equal = member(&world, "equal@example.org", &[WRITE]).await;
    let ctx = world.ctx_of(uma);
    for (user, reason) in [
        (world.user, "Only a super admin may act on a super admin."),
        (boss, "They administer something that you do not."),
        (both, "They hold everything that you hold, and more."),
    ] {
        let forbidden = Err(Error::Forbidden { reason: reason.into() });
        let before = world.count_events("action.denied").await;
        let answers = every_act(&ctx, &world, user).await;
        for answer in &answers[..4] {
            assert_eq!(answer, &forbidden);
        }
        assert!(answers[4..].iter().all(|answer| matches!(answer, Err(Error::Denied { .. }))));
        assert_eq!(world.count_events("action.denied").await, before + 6);
        let event = world.last_event(organization, "action.denied").await;
        assert_eq!(event.user_id, Some(uma));
    }
    // Who is no more powerful can be acted on, also by who holds less of something else.
    users::deactivate(&ctx, organization, equal).await.unwrap();
    users::remove(&ctx, organization, equal, "equal@example.org").await.unwrap();
    // Who lacks the permission is told which.
    let dan = member(&world, "dan@example.org", &[]).await;
    for answer in &every_act(&world.ctx_of(dan), &world, uma).await[..4] {
        assert_eq!(answer, &Err(Error::Denied { permission: WRITE.into() }));
    }
    let (_, stranger) = world.another_organization("Other").await;
    for answer in every_act(&world.ctx_of(stranger), &world, uma).await {
        assert_eq!(answer, Err(Error::NotFound));
    }
    check_world(&world).await;
}
