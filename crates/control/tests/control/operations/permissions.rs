//! Grants: giving, taking back, what that would do, why somebody can do something, and who can.

use std::time::Duration;

use control::{
    Context, explanations, groups,
    permissions::{self, Given, Giving},
    projects, units,
};
use domain::{
    errors::Error,
    ids::{GrantId, GroupId, UserId},
    inputs::GrantPermission,
    permissions::{Granted, Permission, Role},
    principals::{PrincipalKind, ResourceKind, SubjectKind},
    views::{GrantRow, Path, seen_end},
};
use uuid::Uuid;

use crate::{
    check::check_world,
    world::{PROJECT, World},
};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn input(principal: &str, granted: &str, resource: &str, days: &str) -> GrantPermission {
    GrantPermission {
        principal: principal.into(),
        granted: granted.into(),
        resource: resource.into(),
        days: days.into(),
        ..GrantPermission::default()
    }
}

async fn give(
    ctx: &Context,
    world: &World,
    principal: &str,
    granted: &str,
    resource: &str,
) -> Result<GrantRow, Error> {
    let input = input(principal, granted, resource, "");
    permissions::grant(ctx, world.organization, &input).await.map(|given| given.row)
}

async fn member(world: &World, email: &str) -> UserId {
    world.add_user(email, Some(false), true).await
}

async fn group(world: &World, name: &str, members: &str) -> GroupId {
    let id = groups::create(&world.ctx(), world.organization, name, "").await.unwrap().row.id;
    if !members.is_empty() {
        groups::add_members(&world.ctx(), world.organization, id, members).await.unwrap();
    }
    id
}

#[tokio::test]
async fn a_grant_is_given_found_and_taken_back_on_record() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let bob = member(&world, "bob@example.org").await;
    let asked = input(" BOB@example.org ", "operator", &format!("project:{PROJECT}"), "30");
    let Given { row, giving } = permissions::grant(&ctx, organization, &asked).await.unwrap();
    assert_eq!(giving, Giving::New);
    assert_eq!((row.principal.kind, row.principal.id), (PrincipalKind::User, bob.uuid()));
    assert_eq!(
        (row.granted.as_str(), row.resource.kind, row.resource.name.as_str()),
        ("operator", ResourceKind::Project, PROJECT)
    );
    assert_eq!(row.expires_at, Some(world.now().plus(DAY * 30)));
    assert!(!row.is_expired && row.may_revoke);
    assert_eq!(row.created_by, "ann@example.org");
    let event = world.last_event(organization, "permission.granted").await;
    assert_eq!(event.subject_kind, Some(SubjectKind::User));
    assert_eq!(
        (event.subject_id, event.subject_name.as_deref()),
        (Some(bob.uuid()), Some("bob@example.org"))
    );
    assert_eq!(event.project_name.as_deref(), Some(PROJECT));
    assert!(
        event.text.starts_with("Granted bob@example.org operator on the project shop until "),
        "{}",
        event.text
    );
    assert!(event.after.as_deref().unwrap().contains(r#""granted":"operator""#));
    assert_eq!(event.before, None);

    // The same again changes the end of what is there.
    let again =
        permissions::grant(&ctx, organization, &input("bob@example.org", "operator", "project:shop", ""))
            .await;
    let Given { row: again, giving } = again.unwrap();
    assert_eq!((again.id, again.expires_at, giving), (row.id, None, Giving::Changed));
    let event = world.last_event(organization, "permission.granted").await;
    let end = row.expires_at.unwrap().human();
    assert_eq!(
        event.text,
        format!("Changed the end of operator on the project shop of bob@example.org from {end} to never")
    );
    let end = row.expires_at.unwrap().rfc3339();
    assert!(event.before.as_deref().unwrap().contains(&format!(r#""expires_at":"{end}""#)));
    assert!(event.after.as_deref().unwrap().contains(r#""expires_at":null"#));
    // Just so again is no change and no event.
    let before = world.dump().await;
    let asked = input("bob@example.org", "operator", "project:shop", "");
    let same = permissions::grant(&ctx, organization, &asked).await;
    assert_eq!(same, Ok(Given { row: again.clone(), giving: Giving::Same }));
    assert_eq!(world.dump().await, before);

    let all = permissions::Filter::default();
    let listed = permissions::list(&ctx, organization, all, None).await.unwrap();
    assert_eq!((listed.total, listed.rows), (1, vec![again.clone()]));
    let own = format!("user:{bob}");
    for (principal, resource, count) in [
        (own.as_str(), "", 1),
        ("", "project:shop", 1),
        ("", "organization", 0),
        ("user:00000000-0000-0000-0000-000000000001", "", 0),
    ] {
        let filter = permissions::Filter { principal, resource };
        let listed = permissions::list(&ctx, organization, filter, None).await.unwrap();
        assert_eq!(listed.total, count, "{principal} {resource}");
    }
    assert_eq!(permissions::view(&ctx, organization, row.id).await, Ok(again));

    permissions::revoke(&ctx, organization, row.id).await.unwrap();
    let event = world.last_event(organization, "permission.revoked").await;
    assert_eq!(event.text, "Revoked operator on the project shop from bob@example.org");
    assert!(event.before.as_deref().unwrap().contains(r#""principal":"bob@example.org""#));
    assert_eq!(permissions::revoke(&ctx, organization, row.id).await, Err(Error::NotFound));
    assert_eq!(permissions::view(&ctx, organization, row.id).await, Err(Error::NotFound));
    assert_eq!(world.count_events("permission.revoked").await, 1);
    check_world(&world).await;
}

#[tokio::test]
async fn an_end_is_an_end() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let bob = member(&world, "bob@example.org").await;
    let row =
        permissions::grant(&ctx, organization, &input("bob@example.org", "read_only", "project:shop", "1"))
            .await;
    let row = row.unwrap().row;
    assert!(projects::view(&world.ctx_of(bob), PROJECT).await.is_ok());
    world.clock.advance(DAY);
    assert_eq!(projects::view(&world.ctx_of(bob), PROJECT).await, Err(Error::NotFound));
    let shown = permissions::view(&world.ctx(), organization, row.id).await.unwrap();
    assert!(shown.is_expired, "still listed, so that it can be cleared away");
    // What has ended is given again.
    let asked = input("bob@example.org", "read_only", "project:shop", "1");
    let again = permissions::grant(&world.ctx(), organization, &asked).await.unwrap();
    assert_eq!((again.row.id, again.giving), (row.id, Giving::New));
    let event = world.last_event(organization, "permission.granted").await;
    assert!(
        event.text.starts_with("Granted bob@example.org read_only on the project shop again until "),
        "{}",
        event.text
    );
    assert!(event.before.is_some());
}

#[tokio::test]
async fn who_changes_an_end_second_is_told_both_versions() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    member(&world, "bob@example.org").await;
    let asked = |days: &str, seen: &str| GrantPermission {
        seen_end: seen.into(),
        ..input("bob@example.org", "operator", "project:shop", days)
    };
    let give =
        async |days: &str, seen: &str| permissions::grant(&ctx, organization, &asked(days, seen)).await;
    let shown = async || {
        let preview = permissions::preview_grant(&ctx, organization, &asked("", "")).await.unwrap();
        seen_end(preview.present.as_ref())
    };
    let told = |answer: Result<Given, Error>| match answer {
        Err(Error::Conflict { reason }) => reason,
        answer => panic!("{answer:?}"),
    };
    // Both saw that it was not given yet.
    let nothing = shown().await;
    assert_eq!(nothing, "none");
    let first = give("30", &nothing).await.unwrap().row;
    let before = world.dump().await;
    let end = first.expires_at.unwrap().human();
    assert_eq!(
        told(give("", &nothing).await),
        format!(
            "Somebody else changed this meanwhile. bob@example.org holds operator on the project shop now, with the \
             end {end}; you sent it without an end."
        )
    );
    assert_eq!(world.dump().await, before, "nothing was changed, and nothing is on record");
    // Both saw the same end.
    let until = shown().await;
    assert_eq!(give("", &until).await.unwrap().giving, Giving::Changed);
    assert_eq!(shown().await, "never");
    assert!(told(give("7", &until).await).contains("now, without an end; you sent it with the end "));
    // And what was taken back is not given again by who only meant its end.
    permissions::revoke(&ctx, organization, first.id).await.unwrap();
    assert!(told(give("7", "never").await).contains("does not hold operator on the project shop any more;"));
    assert_eq!(give("7", "soon").await.unwrap_err().field(), Some("seen_end"));
    assert_eq!(give("7", &shown().await).await.unwrap().giving, Giving::New);
    check_world(&world).await;
}

#[tokio::test]
async fn what_is_wrong_is_told_at_its_field() {
    let world = World::new().await;
    let ctx = world.ctx();
    member(&world, "bob@example.org").await;
    let (elsewhere, stranger) = world.another_organization("Elsewhere").await;
    let foreign = format!("user:{stranger}");
    let nobody = format!("group:{}", Uuid::from_u128(7));
    for (principal, granted, resource, days, field) in [
        ("", "operator", "organization", "", "principal"),
        ("nobody@example.org", "operator", "organization", "", "principal"),
        (foreign.as_str(), "operator", "organization", "", "principal"),
        (nobody.as_str(), "operator", "organization", "", "principal"),
        ("bob@example.org", "owner", "organization", "", "granted"),
        ("bob@example.org", "", "organization", "", "granted"),
        ("bob@example.org", "organization:billing:read", "project:shop", "", "granted"),
        ("bob@example.org", "role:organization:admin", "project:shop", "", "granted"),
        ("bob@example.org", "operator", "service:orders", "", "resource"),
        ("bob@example.org", "operator", "organization", "0", "days"),
        ("bob@example.org", "operator", "organization", "3651", "days"),
        ("bob@example.org", "operator", "organization", "soon", "days"),
    ] {
        let asked = input(principal, granted, resource, days);
        let error = permissions::grant(&ctx, world.organization, &asked).await.unwrap_err();
        assert_eq!(error.field(), Some(field), "{asked:?}: {error}");
        let error = permissions::preview_grant(&ctx, world.organization, &asked).await.unwrap_err();
        assert_eq!(error.field(), Some(field), "{asked:?}: {error}");
    }
    for resource in ["project:nope", "unit:00000000-0000-0000-0000-000000000001", "unit:x"] {
        let asked = input("bob@example.org", "operator", resource, "");
        let answer = permissions::grant(&ctx, world.organization, &asked).await;
        assert_eq!(answer.unwrap_err(), Error::NotFound, "{resource}");
    }
    // In the name of another organization, of which the actor knows nothing.
    let answer =
        permissions::grant(&ctx, elsewhere, &input("bob@example.org", "operator", "organization", "")).await;
    assert_eq!(answer.unwrap_err(), Error::NotFound);
    assert_eq!(world.count_events("permission.granted").await, 0);
}

#[tokio::test]
async fn nothing_crosses_organizations() {
    let world = World::new().await;
    let (elsewhere, stranger) = world.another_organization("Elsewhere").await;
    let bob = member(&world, "bob@example.org").await;
    let row = give(&world.ctx(), &world, "bob@example.org", "operator", "project:shop").await.unwrap();
    let theirs = world.ctx_of(stranger);
    let before = world.dump().await;
    let known = format!("user:{bob}");
    for organization in [elsewhere, world.organization] {
        let asked = input(&known, "read_only", "project:shop", "");
        assert_eq!(permissions::grant(&theirs, organization, &asked).await, Err(Error::NotFound));
        assert_eq!(permissions::preview_grant(&theirs, organization, &asked).await, Err(Error::NotFound));
        assert_eq!(permissions::revoke(&theirs, organization, row.id).await, Err(Error::NotFound));
        assert_eq!(permissions::preview_revoke(&theirs, organization, row.id).await, Err(Error::NotFound));
        let explained = explanations::explain(&theirs, organization, &known, "project:shop").await;
        assert_eq!(explained, Err(Error::NotFound));
        let holders =
            explanations::holders(&theirs, organization, "project:services:read", "project:shop", None).await;
        assert_eq!(holders, Err(Error::NotFound));
    }
    assert_eq!(world.dump().await, before, "and nothing is on record here");
}

#[tokio::test]
async fn nobody_gives_what_they_do_not_hold() {
    let world = World::new().await;
    let ctx = world.ctx();
    let unit = units::create(&ctx, world.organization, "Unit").await.unwrap().row.id;
    projects::create(&ctx, world.organization, "lab", &unit.to_string()).await.unwrap();
    member(&world, "pal@example.org").await;
    let in_unit = format!("unit:{unit}");
    for (email, held, resource, may) in [
        (
            "unit@example.org",
            "role:organization:admin",
            in_unit.as_str(),
            vec!["role:organization:admin", "admin", "operator"],
        ),
        ("admin@example.org", "admin", "project:lab", vec![]),
        ("operator@example.org", "operator", in_unit.as_str(), vec![]),
    ] {
        let user = member(&world, email).await;
        give(&ctx, &world, email, held, resource).await.unwrap();
        let theirs = world.ctx_of(user);
        for granted in ["role:organization:admin", "admin", "operator"] {
            let answer = give(&theirs, &world, "pal@example.org", granted, &in_unit).await;
            assert_eq!(answer.is_ok(), may.contains(&granted), "{email} {granted}: {answer:?}");
        }
        let answer = give(&theirs, &world, "pal@example.org", "operator", "organization").await;
        assert!(matches!(answer, Err(Error::Denied { .. })), "{email}: {answer:?}");
    }
    // A project's admin gives everything that is about the project, there.
    let admin = world.ctx_of(find(&world, "admin@example.org").await);
    for granted in ["admin", "developer", "service:secrets:read", "role:services:recover"] {
        give(&admin, &world, "pal@example.org", granted, "project:lab").await.unwrap();
    }
    let answer = give(&admin, &world, "pal@example.org", "read_only", "project:shop").await;
    assert_eq!(answer, Err(Error::NotFound), "of another project they know nothing");
}

async fn find(world: &World, email: &str) -> UserId {
    let mut tx = world.store.read().await.unwrap();
    store::users::find_by_email(&mut tx, email).await.unwrap().unwrap().id
}

#[tokio::test]
async fn giving_beyond_oneself_is_refused_on_record() {
    let world = World::new().await;
    let ctx = world.ctx();
    member(&world, "pal@example.org").await;
    let boss = member(&world, "boss@example.org").await;
    let lent = input("boss@example.org", "role:organization:admin", "organization", "7");
    permissions::grant(&ctx, world.organization, &lent).await.unwrap();
    let limited = world.token_of(boss, &[Granted::Role(Role::OrganizationAdmin)]).await;
    let short = input("pal@example.org", "operator", "project:shop", "2");
    permissions::grant(&limited, world.organization, &short).await.unwrap();
    let before = world.count_events("action.denied").await;
    let answer = give(&limited, &world, "pal@example.org", "organization:billing:read", "organization").await;
    let Err(Error::Forbidden { reason }) = answer else { panic!("{answer:?}") };
    assert_eq!(
        reason,
        "You cannot give organization:billing:read here: you do not hold all of it yourself, or not for as long."
    );
    let asked = input("pal@example.org", "organization:billing:read", "organization", "");
    let preview = permissions::preview_grant(&limited, world.organization, &asked).await;
    assert!(matches!(preview, Err(Error::Forbidden { .. })));
    assert_eq!(world.count_events("action.denied").await, before + 2);
    let event = world.last_event(world.organization, "action.denied").await;
    assert_eq!(event.actor, "boss@example.org");
    assert_eq!(event.credential.as_deref(), Some("personal token"));
    assert!(event.token_id.is_some() && event.session_id.is_none());
}

#[tokio::test]
async fn taking_back_takes_a_role_that_administers_the_place() {
    let world = World::new().await;
    let ctx = world.ctx();
    let lab = projects::create(&ctx, world.organization, "lab", "").await.unwrap();
    let admin = member(&world, "admin@example.org").await;
    let reader = member(&world, "reader@example.org").await;
    give(&ctx, &world, "admin@example.org", "admin", "project:lab").await.unwrap();
    give(&ctx, &world, "reader@example.org", "organization:permissions:read", "organization").await.unwrap();
    let here = give(&ctx, &world, "reader@example.org", "operator", "project:lab").await.unwrap();
    let there = give(&ctx, &world, "reader@example.org", "operator", "project:shop").await.unwrap();

    let reader = world.ctx_of(reader);
    assert!(matches!(
        permissions::revoke(&reader, world.organization, here.id).await,
        Err(Error::Denied { .. })
    ));
    let admin = world.ctx_of(admin);
    assert_eq!(permissions::revoke(&admin, world.organization, there.id).await, Err(Error::NotFound));
    let listed = permissions::list(
        &admin,
        world.organization,
        permissions::Filter { principal: "", resource: "project:lab" },
        None,
    );
    let listed = listed.await.unwrap();
    assert_eq!(listed.total, 2);
    assert!(listed.rows.iter().all(|row| row.may_revoke && row.resource.id == lab.id.uuid()));
    let on_all = permissions::list(&admin, world.organization, permissions::Filter::default(), None).await;
    assert!(matches!(on_all, Err(Error::Denied { .. })), "{on_all:?}");
    permissions::revoke(&admin, world.organization, here.id).await.unwrap();
    let missing = GrantId::from_uuid(Uuid::from_u128(1));
    assert_eq!(permissions::revoke(&admin, world.organization, missing).await, Err(Error::NotFound));
}

#[tokio::test]
async fn previews_tell_what_then_happens() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    for email in ["bob@example.org", "cleo@example.org"] {
        member(&world, email).await;
    }
    group(&world, "Team", "bob@example.org, cleo@example.org").await;
    give(&ctx, &world, "bob@example.org", "read_only", "organization").await.unwrap();
    let team = format!("group:{}", find_group(&world, "Team").await);
    let asked = input(&team, "operator", "project:shop", "");
    let effects = permissions::preview_grant(&ctx, organization, &asked).await.unwrap().effects;
    assert_eq!(effects.further, 0);
    let gains = |email: &str| {
        let row = effects.rows.iter().find(|row| row.principal.email.as_deref() == Some(email)).unwrap();
        assert!(row.loses.is_empty() && !row.gains_administration && !row.loses_administration);
        assert_eq!((row.resource.kind, row.resource.name.as_str()), (ResourceKind::Project, PROJECT));
        row.gains.clone()
    };
    assert_eq!(gains("cleo@example.org"), Role::Operator.permissions());
    let beyond: Vec<Permission> = Role::Operator
        .permissions()
        .iter()
        .copied()
        .filter(|permission| !Role::ReadOnly.permissions().contains(permission))
        .collect();
    assert_eq!(gains("bob@example.org"), beyond, "what bob has anyway is no gain");
    assert_eq!(world.count_events("permission.granted").await, 1, "a preview gives nothing");

    let row = permissions::grant(&ctx, organization, &asked).await.unwrap().row;
    let effects = permissions::preview_revoke(&ctx, organization, row.id).await.unwrap();
    let bob =
        effects.rows.iter().find(|row| row.principal.email.as_deref() == Some("bob@example.org")).unwrap();
    assert_eq!((&bob.loses, bob.gains.len()), (&beyond, 0));
    // Given once more directly, nothing is lost.
    give(&ctx, &world, "bob@example.org", "operator", "project:shop").await.unwrap();
    let effects = permissions::preview_revoke(&ctx, organization, row.id).await.unwrap();
    let names: Vec<_> = effects.rows.iter().filter_map(|row| row.principal.email.clone()).collect();
    assert_eq!(names, ["cleo@example.org"]);
    let admin = give(&ctx, &world, "cleo@example.org", "admin", "project:shop").await.unwrap();
    let effects = permissions::preview_revoke(&ctx, organization, admin.id).await.unwrap();
    assert!(effects.rows[0].loses_administration && !effects.rows[0].gains_administration);
}

async fn find_group(world: &World, name: &str) -> GroupId {
    let mut tx = world.store.read().await.unwrap();
    store::groups::find_by_name(&mut tx, world.organization, name).await.unwrap().unwrap().id
}

#[tokio::test]
async fn every_permission_is_told_with_every_path() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let unit = units::create(&ctx, organization, "Unit").await.unwrap().row.id;
    projects::create(&ctx, organization, "lab", &unit.to_string()).await.unwrap();
    let bob = member(&world, "bob@example.org").await;
    let team = group(&world, "Team", "bob@example.org").await;
    give(&ctx, &world, "bob@example.org", "read_only", "project:lab").await.unwrap();
    give(&ctx, &world, &format!("group:{team}"), "developer", &format!("unit:{unit}")).await.unwrap();
    give(&ctx, &world, "bob@example.org", "operator", "project:shop").await.unwrap();

    let explained =
        explanations::explain(&ctx, organization, "bob@example.org", "project:lab").await.unwrap();
    assert_eq!(explained.obstacle, None);
    let told: Vec<Permission> = explained.permissions.iter().map(|one| one.permission).collect();
    let mut expected = Role::Developer.permissions().to_vec();
    expected.sort_by_key(|permission| Permission::ALL.iter().position(|known| known == permission));
    assert_eq!(told, expected);
    let of = |permission: Permission| {
        explained.permissions.iter().find(|one| one.permission == permission).unwrap().paths.clone()
    };
    let through_team = Path::Grant {
        granted: Granted::Role(Role::Developer),
        resource_kind: ResourceKind::Unit,
        resource_name: "Unit".into(),
        group_id: Some(team),
        group_name: Some("Team".into()),
        expires_at: None,
    };
    let direct = Path::Grant {
        granted: Granted::Role(Role::ReadOnly),
        resource_kind: ResourceKind::Project,
        resource_name: "lab".into(),
        group_id: None,
        group_name: None,
        expires_at: None,
    };
    assert_eq!(of(Permission::ServiceDataWrite), std::slice::from_ref(&through_team));
    let mut both = of(Permission::ProjectServicesRead);
    both.sort();
    let mut expected = vec![direct, through_team.clone()];
    expected.sort();
    assert_eq!(both, expected);
    assert!(explained.administration.is_empty());

    // Of oneself everybody may ask, of others only who sees who holds what.
    let own = explanations::explain(&world.ctx_of(bob), organization, "", "project:lab").await.unwrap();
    assert_eq!(own, explained);
    let of_group =
        explanations::explain(&ctx, organization, &format!("group:{team}"), "project:lab").await.unwrap();
    assert_eq!(of_group.permissions.len(), Role::Developer.permissions().len());
    let cleo = world.ctx_of(member(&world, "cleo@example.org").await);
    let asked = explanations::explain(&cleo, organization, "bob@example.org", "organization").await;
    assert!(matches!(asked, Err(Error::Denied { .. })), "{asked:?}");
    let asked = explanations::explain(&cleo, organization, "bob@example.org", "project:lab").await;
    assert_eq!(asked, Err(Error::NotFound));
    let boss = explanations::explain(&ctx, organization, "", "project:lab").await.unwrap();
    assert!(boss.permissions.iter().all(|one| one.paths == [Path::SuperAdmin]));
    assert_eq!(boss.permissions.len(), Permission::ALL.len());
    assert_eq!(boss.administration, [Path::SuperAdmin]);
}

#[tokio::test]
async fn who_is_deactivated_is_told_to_hold_nothing_and_why() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let bob = member(&world, "bob@example.org").await;
    give(&ctx, &world, "bob@example.org", "admin", "project:shop").await.unwrap();
    control::users::deactivate(&ctx, organization, bob).await.unwrap();
    let explained =
        explanations::explain(&ctx, organization, "bob@example.org", "project:shop").await.unwrap();
    assert!(explained.permissions.is_empty() && explained.administration.is_empty());
    assert!(explained.obstacle.unwrap().contains("deactivated in this organization"));
    let holders =
        explanations::holders(&ctx, organization, "project:services:read", "project:shop", None).await;
    let names: Vec<_> = holders.unwrap().rows.into_iter().filter_map(|row| row.email).collect();
    assert_eq!(names, ["ann@example.org"]);
}

#[tokio::test]
async fn who_can_is_told_page_by_page_with_the_paths() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let crowd: Vec<String> = (0..60).map(|number| format!("m{number:02}@example.org")).collect();
    for email in &crowd {
        member(&world, email).await;
    }
    let team = group(&world, "Team", &crowd.join("\n")).await;
    give(&ctx, &world, &format!("group:{team}"), "operator", "project:shop").await.unwrap();
    give(&ctx, &world, "m07@example.org", "admin", "organization").await.unwrap();
    let ask = async |ctx: &Context, permission: &str, after: Option<&str>| {
        explanations::holders(ctx, organization, permission, "project:shop", after).await
    };
    let first = ask(&ctx, "project:services:write", None).await.unwrap();
    assert_eq!((first.total, first.rows.len()), (61, 50));
    assert_eq!(
        (first.rows[0].email.as_deref(), &first.rows[0].paths[..]),
        (Some("ann@example.org"), &[Path::SuperAdmin][..])
    );
    assert_eq!(first.rows[8].email.as_deref(), Some("m07@example.org"));
    assert_eq!(first.rows[8].paths.len(), 2);
    assert!(first.rows.iter().all(|row| !row.paths.is_empty()));
    let second = ask(&ctx, "project:services:write", first.next.as_deref()).await.unwrap();
    assert_eq!((second.rows.len(), second.next), (11, None));
    let secrets = ask(&ctx, "service:secrets:read", None).await.unwrap();
    let names: Vec<_> = secrets.rows.iter().filter_map(|row| row.email.as_deref()).collect();
    assert_eq!(names, ["ann@example.org", "m07@example.org"]);
    assert_eq!(ask(&ctx, "everything", None).await.unwrap_err().field(), Some("permission"));
    // A reader of the project sees who holds what on it, and not on the organization.
    let reader = world.ctx_of(find(&world, "m00@example.org").await);
    assert_eq!(ask(&reader, "service:secrets:read", None).await.unwrap().total, 2);
    let on_all = explanations::holders(&reader, organization, "service:secrets:read", "", None).await;
    assert!(matches!(on_all, Err(Error::Denied { .. })), "{on_all:?}");
}

/// What a list of grants shows, in the order of its rows.
async fn listed(world: &World, principal: &str, resource: &str) -> Vec<String> {
    let filter = permissions::Filter { principal, resource };
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
        permissions::grant(&ctx, organization, &input(who, granted, on, "")).await.unwrap();
    }
    let of_bob = listed(&world, &format!("user:{bob}"), "").await;
    assert_eq!(of_bob.len(), 2);
    // By address as by id, in whatever case.
    assert_eq!(listed(&world, " Bob@Example.org ", "").await, of_bob);
    assert_eq!(listed(&world, "bob@example.org", &project).await.len(), 1);
    assert_eq!(listed(&world, "", &project).await.len(), 2);
    // Somebody who is gone, by id, has nothing; an address that nobody has is a mistake.
    assert!(listed(&world, &format!("user:{}", world.uuid()), "").await.is_empty());
    let filter = permissions::Filter { principal: "dan@example.org", resource: "" };
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
        let filter = permissions::Filter { principal: "bob@example.org", resource: "" };
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
async fn nobody_gives_longer_than_they_hold() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let temp = member(&world, "temp@example.org").await;
    let granted = input("temp@example.org", "role:organization:admin", "organization", "7");
    permissions::grant(&ctx, organization, &granted).await.unwrap();
    let lasting = group(&world, "Lasting", "").await;
    give(&ctx, &world, &format!("group:{lasting}"), "role:organization:admin", "organization").await.unwrap();
    let temp = world.ctx_of(temp);
    for (days, may) in [("", false), ("8", false), ("7", true), ("3", true)] {
        let asked = input("temp@example.org", "role:organization:admin", "organization", days);
        let answer = permissions::grant(&temp, organization, &asked).await;
        assert_eq!(answer.is_ok(), may, "{days:?}: {answer:?}");
        assert!(may || matches!(answer, Err(Error::Forbidden { .. })));
    }
    // Nor by way of a group that holds it for ever.
    let answer = groups::add_members(&temp, organization, lasting, "temp@example.org").await;
    assert!(matches!(answer, Err(Error::Forbidden { .. })), "{answer:?}");
}

#[tokio::test]
async fn nobody_takes_from_those_who_hold_more() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let unit = units::create(&ctx, organization, "Unit").await.unwrap().row.id;
    let lead = member(&world, "lead@example.org").await;
    member(&world, "boss@example.org").await;
    give(&ctx, &world, "lead@example.org", "admin", "organization").await.unwrap();
    give(&ctx, &world, "lead@example.org", "organization:groups:write", "organization").await.unwrap();
    let bosses =
        give(&ctx, &world, "boss@example.org", "role:organization:admin", "organization").await.unwrap();
    let admins = group(&world, "Admins", "").await;
    give(&ctx, &world, &format!("group:{admins}"), "role:organization:admin", "organization").await.unwrap();
    let lead = world.ctx_of(lead);
    // A project's admin, wherever they are it, administers projects.
    let answer = permissions::revoke(&lead, organization, bosses.id).await;
    assert!(matches!(answer, Err(Error::Denied { .. })), "{answer:?}");
    let answer = groups::delete(&lead, organization, admins, "Admins").await;
    assert!(matches!(answer, Err(Error::Forbidden { .. })), "{answer:?}");
    let answer = groups::edit(&lead, organization, admins, 0, "Readers", "").await;
    assert!(matches!(answer, Err(Error::Forbidden { .. })), "{answer:?}");
    for answer in [
        units::create(&lead, organization, "Mine").await.map(drop),
        units::rename(&lead, organization, unit, 0, "Mine").await.map(drop),
        units::delete(&lead, organization, unit, "Unit").await,
    ] {
        assert!(matches!(answer, Err(Error::Denied { .. })), "{answer:?}");
    }
    give(&lead, &world, "boss@example.org", "operator", "project:shop").await.unwrap();
}

#[tokio::test]
async fn two_who_take_from_each_other_do_not_both_succeed() {
    let world = World::postgres().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let mut ids = Vec::new();
    for email in ["one@example.org", "two@example.org"] {
        let user = member(&world, email).await;
        let row = give(&ctx, &world, email, "role:organization:admin", "organization").await.unwrap();
        ids.push((world.ctx_of(user), row.id));
    }
    let (one, two) = tokio::join!(
        permissions::revoke(&ids[0].0, organization, ids[1].1),
        permissions::revoke(&ids[1].0, organization, ids[0].1),
    );
    assert_ne!(one.is_ok(), two.is_ok(), "{one:?} {two:?}");
}

#[tokio::test]
async fn a_project_is_not_taken_from_those_who_administer_where_it_is() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let unit = units::create(&ctx, organization, "Mine").await.unwrap().row.id;
    let mover = member(&world, "mover@example.org").await;
    give(&ctx, &world, "mover@example.org", "admin", "project:shop").await.unwrap();
    give(&ctx, &world, "mover@example.org", "role:organization:admin", &format!("unit:{unit}"))
        .await
        .unwrap();
    let answer = projects::move_to(&world.ctx_of(mover), PROJECT, &unit.to_string()).await;
    assert!(matches!(answer, Err(Error::Denied { .. })), "{answer:?}");
    give(&ctx, &world, "mover@example.org", "organization:projects:write", "organization").await.unwrap();
    projects::move_to(&world.ctx_of(mover), PROJECT, &unit.to_string()).await.unwrap();
}
