//! Explanations: whom they tell of.

use std::time::Duration;

use control::{Context, application_users, explanations, groups, permissions, projects, units, users};
use domain::{
    errors::Error,
    inputs::GrantPermission,
    permissions::Permission,
    sign_ins::{FactorKind, Proof},
    views::{Explanation, Page, Path},
};

use crate::world::{PROJECT, World};

async fn ask(world: &World, ctx: &Context, principal: &str) -> Result<Explanation, Error> {
    explanations::explain(ctx, world.organization, principal, &format!("project:{PROJECT}")).await
}

/// Who reads the permissions of a project alone does not find out who else belongs to the organization.
#[tokio::test]
async fn who_holds_nothing_in_the_project_is_told_like_who_is_not_there() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let project = Some(world.project_id().await);
    let add = async |email: &str, membership| world.add_user(email, membership, true).await;
    let reader = add("reader@example.org", Some(false)).await;
    world.grant(reader, "project:permissions:read", project).await;
    let holder = add("holder@example.org", Some(false)).await;
    world.grant(holder, "read_only", project).await;
    let idle = add("idle@example.org", Some(false)).await;
    let outside = add("outside@example.org", None).await;
    let robot = application_users::create(&ctx, organization, "robot", "").await.unwrap().row.user_id;
    let group = groups::create(&ctx, organization, "Team", "").await.unwrap().row.id;
    let hidden = [
        "idle@example.org".to_owned(),
        format!("user:{idle}"),
        "outside@example.org".to_owned(),
        format!("user:{outside}"),
        "nobody@example.org".to_owned(),
        format!("user:{}", world.uuid()),
        format!("user:{robot}"),
        format!("group:{group}"),
        format!("group:{}", world.uuid()),
        "no address".to_owned(),
    ];
    let his = world.ctx_of(reader);
    let nobody = Err(Error::invalid("principal", "Nobody of that name holds anything here."));
    for principal in &hidden {
        assert_eq!(ask(&world, &his, principal).await, nobody, "{principal}");
    }
    for principal in ["holder@example.org", "reader@example.org", "", "ann@example.org"] {
        assert!(!ask(&world, &his, principal).await.unwrap().permissions.is_empty(), "{principal}");
    }
    // Who sees the people is told of them, and of the programs and groups.
    world.grant(reader, "organization:groups:write", None).await;
    for (principal, is_there) in
        hidden.iter().zip([true, true, false, false, false, false, true, true, false, false])
    {
        let answer = ask(&world, &his, principal).await;
        match is_there {
            true => assert!(answer.unwrap().permissions.is_empty(), "{principal}"),
            false => assert_eq!(
                answer,
                Err(Error::invalid("principal", "Nobody of that name belongs to the organization.")),
                "{principal}"
            ),
        }
    }
}

/// Nor what others hold in the organization that does not touch the project.
#[tokio::test]
async fn who_reads_a_project_alone_is_told_of_what_counts_in_it_alone() {
    let world = World::new().await;
    let project = Some(world.project_id().await);
    let add = async |email: &str| world.add_user(email, Some(false), true).await;
    let (reader, billing) = (add("reader@example.org").await, add("billing@example.org").await);
    world.grant(reader, "project:permissions:read", project).await;
    world.grant(reader, "organization:billing:read", None).await;
    world.grant(billing, "organization:billing:read", None).await;
    let both = add("both@example.org").await;
    world.grant(both, "organization:billing:read", None).await;
    world.grant(both, "developer", project).await;
    world.grant(add("admin@example.org").await, "role:organization:admin", None).await;
    world.grant(add("maker@example.org").await, "organization:projects:write", None).await;
    let his = world.ctx_of(reader);
    let nobody = Err(Error::invalid("principal", "Nobody of that name holds anything here."));
    assert_eq!(ask(&world, &his, "billing@example.org").await, nobody);
    for name in ["both", "admin", "maker", "ann"] {
        let told = ask(&world, &his, &format!("{name}@example.org")).await.unwrap();
        let permissions: Vec<_> = told.permissions.iter().map(|explained| explained.permission).collect();
        assert!(!permissions.is_empty(), "{name}");
        assert!(permissions.iter().all(|permission| permission.opens_projects()), "{name}: {permissions:?}");
    }
    let has_billing = |told: Explanation| {
        let billing = Permission::OrganizationBillingRead;
        told.permissions.iter().any(|explained| explained.permission == billing)
    };
    assert!(has_billing(ask(&world, &his, "").await.unwrap()), "everybody sees what they hold themselves");
    let all = ask(&world, &world.ctx(), "both@example.org").await.unwrap();
    assert!(has_billing(all), "who sees the organization's permissions sees them");
    // Neither does the list of those who can do something there tell.
    let resource = format!("project:{PROJECT}");
    let billing = "organization:billing:read";
    let holders = explanations::holders(&his, world.organization, billing, &resource, None).await;
    assert_eq!(holders.unwrap_err().field(), Some("permission"));
}

#[tokio::test]
async fn what_has_ended_is_told_as_the_reason_why_not() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let night = groups::create(&ctx, organization, "Night shift", "").await.unwrap().row.id;
    groups::add_members(&ctx, organization, night, "bob@example.org").await.unwrap();
    let give = async |principal: String, granted: &str, on: &str, days: &str| {
        let (granted, resource, days) = (granted.to_owned(), on.to_owned(), days.to_owned());
        let input = GrantPermission { principal, granted, resource, days, ..GrantPermission::default() };
        permissions::grant(&world.ctx(), organization, &input).await.unwrap()
    };
    let project = format!("project:{PROJECT}");
    give(format!("group:{night}"), "developer", &project, "1").await;
    give(format!("user:{bob}"), "operator", "organization", "2").await;
    projects::create(&ctx, organization, "other", "").await.unwrap();
    give(format!("user:{bob}"), "read_only", "project:other", "1").await;
    let ended = async |principal: &str| -> Vec<(String, Option<String>)> {
        let told = ask(&world, &ctx, principal).await.unwrap();
        let ended = told.ended.into_iter().map(|path| match path {
            Path::Grant { granted, group_name, expires_at, .. } => {
                assert!(expires_at.is_some_and(|at| at <= world.now()));
                (granted.to_string(), group_name)
            }
            Path::SuperAdmin => panic!("that does not end"),
        });
        ended.collect()
    };
    let night_shift = ("developer".to_owned(), Some("Night shift".to_owned()));
    assert_eq!(ended("bob@example.org").await, []);
    world.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(
        ended("bob@example.org").await,
        std::slice::from_ref(&night_shift),
        "and not what was on another project"
    );
    assert_eq!(ended("Night shift").await, std::slice::from_ref(&night_shift));
    world.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(
        ended("bob@example.org").await,
        [("operator".to_owned(), None), night_shift],
        "the last to end first"
    );
    // Given anew it counts again.
    give(format!("group:{night}"), "developer", &project, "").await;
    assert_eq!(ended("bob@example.org").await, [("operator".to_owned(), None)]);
}

/// Neither by asking for the grants of somebody there.
#[tokio::test]
async fn the_grants_of_a_project_do_not_tell_who_else_belongs_to_the_organization() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let project = Some(world.project_id().await);
    let add = async |email: &str, membership| world.add_user(email, membership, true).await;
    let reader = add("reader@example.org", Some(false)).await;
    world.grant(reader, "project:permissions:read", project).await;
    let idle = add("idle@example.org", Some(false)).await;
    world.grant(idle, "organization:billing:read", None).await;
    add("outside@example.org", None).await;
    application_users::create(&ctx, organization, "robot", "").await.unwrap();
    groups::create(&ctx, organization, "Team", "").await.unwrap();
    let his = world.ctx_of(reader);
    let list = async |principal: &str| {
        let resource = format!("project:{PROJECT}");
        let filter = permissions::Filter { principal, resource: &resource };
        permissions::list(&his, organization, filter, None).await
    };
    let id = format!("user:{idle}");
    let there = ["idle@example.org", id.as_str(), "robot", "user:robot", "Team", "group:Team"];
    let unknown = ["outside@example.org", "nobody@example.org", "nobody", "user:nobody", "group:nobody"];
    for principal in there.into_iter().chain(unknown) {
        let nothing = Page { rows: Vec::new(), next: None, total: 0 };
        assert_eq!(list(principal).await, Ok(nothing), "{principal}");
    }
    assert_eq!(list("reader@example.org").await.unwrap().total, 1);
    // Who sees the people is told of a typing mistake.
    world.grant(reader, "organization:users:write", None).await;
    assert_eq!(list("idle@example.org").await.unwrap().total, 0);
    for principal in unknown {
        assert_eq!(list(principal).await.unwrap_err().field(), Some("principal"), "{principal}");
    }
}

#[tokio::test]
async fn who_can_give_and_take_is_told_and_super_admins_are_told_as_such() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let add = async |email: &str| world.add_user(email, Some(false), true).await;
    world.grant(add("admin@example.org").await, "role:organization:admin", None).await;
    let unit = units::create(&ctx, organization, "Lab").await.unwrap().row.id;
    world.grant_on_unit(add("lead@example.org").await, "admin", unit).await;
    projects::create(&ctx, organization, "bench", &unit.to_string()).await.unwrap();
    world.grant(add("owner@example.org").await, "admin", Some(world.project_id().await)).await;
    world.grant(add("reader@example.org").await, "organization:permissions:read", None).await;
    let can = async |ability: &str, resource: &str| -> Vec<(String, bool)> {
        let page = explanations::holders(&ctx, organization, ability, resource, None).await.unwrap();
        let rows = page.rows.into_iter();
        rows.map(|row| (row.email.unwrap_or_default(), row.paths == [Path::SuperAdmin])).collect()
    };
    let told = |names: &[&str]| -> Vec<(String, bool)> {
        let told = ["ann"].iter().chain(names);
        let mut told: Vec<_> = told.map(|name| (format!("{name}@example.org"), *name == "ann")).collect();
        told.sort();
        told
    };
    assert_eq!(can("administration", "organization").await, told(&["admin"]));
    assert_eq!(can("administration", &format!("unit:{unit}")).await, told(&["admin"]));
    assert_eq!(can("administration", "project:bench").await, told(&["admin", "lead"]));
    assert_eq!(can("administration", &format!("project:{PROJECT}")).await, told(&["admin", "owner"]));
    assert_eq!(can("super_admin", "organization").await, told(&[]));
}

#[tokio::test]
async fn what_is_held_without_having_been_given_is_told() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    world.grant(bob, "developer", Some(world.project_id().await)).await;
    let ops = groups::create(&ctx, organization, "Ops", "").await.unwrap().row.id;
    groups::add_members(&ctx, organization, ops, "bob@example.org").await.unwrap();
    let group = format!("group:{ops}");
    let input = GrantPermission {
        principal: group.clone(),
        granted: "operator".into(),
        resource: format!("project:{PROJECT}"),
        ..GrantPermission::default()
    };
    permissions::grant(&ctx, organization, &input).await.unwrap();
    let told = explanations::otherwise(&ctx, organization, &format!("user:{bob}")).await.unwrap();
    assert_eq!(told.total, 1);
    assert!(
        matches!(&told.rows[..], [Path::Grant { group_name: Some(name), .. }] if name == "Ops"),
        "{told:?}"
    );
    let own = explanations::otherwise(&ctx, organization, "ann@example.org").await.unwrap();
    assert_eq!(own.rows, [Path::SuperAdmin]);
    for nobody in [group.as_str(), "nobody@example.org", &format!("user:{}", world.uuid())] {
        assert_eq!(explanations::otherwise(&ctx, organization, nobody).await.unwrap().total, 0, "{nobody}");
    }
    let denied = explanations::otherwise(&world.ctx_of(bob), organization, "ann@example.org").await;
    assert!(matches!(denied, Err(Error::Denied { .. })), "{denied:?}");
}

#[tokio::test]
async fn who_administers_all_projects_of_a_place_is_told() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let unit = units::create(&ctx, organization, "Lab").await.unwrap().row.id;
    let lead = world.add_user("lead@example.org", Some(false), true).await;
    world.grant_on_unit(lead, "admin", unit).await;
    let on_unit = format!("unit:{unit}");
    let of = async |principal: &str, resource: &str| {
        let told = explanations::explain(&ctx, organization, principal, resource).await.unwrap();
        (told.administration.len(), told.administration_of_projects.len())
    };
    assert_eq!(of("lead@example.org", &on_unit).await, (0, 1));
    assert_eq!(of("lead@example.org", "organization").await, (0, 0));
    assert_eq!(of("ann@example.org", &on_unit).await, (1, 1));
    projects::create(&ctx, organization, "bench", &unit.to_string()).await.unwrap();
    assert_eq!(of("lead@example.org", "project:bench").await, (1, 0), "of a project it is said once");
    let input = GrantPermission {
        principal: "lead@example.org".into(),
        granted: "admin".into(),
        resource: "organization".into(),
        ..GrantPermission::default()
    };
    let would = permissions::preview_grant(&ctx, organization, &input).await.unwrap().effects;
    let row = &would.rows[0];
    assert!(row.gains_administration_of_projects && !row.gains_administration, "{row:?}");
    let would = users::preview_remove(&ctx, organization, lead).await.unwrap();
    let row = would.rows.iter().find(|row| row.resource.name == "Lab").unwrap();
    assert!(row.loses_administration_of_projects && !row.loses_administration, "{row:?}");
}

/// Why each of these can do nothing, and the same of everybody who reads services.
async fn obstacles(
    world: &World,
    ctx: &Context,
    principals: &[String],
) -> (Vec<Option<String>>, Vec<(String, Option<String>)>) {
    let mut told = Vec::new();
    for principal in principals {
        told.push(ask(world, ctx, principal).await.unwrap().obstacle);
    }
    let holders =
        explanations::holders(ctx, world.organization, "project:services:read", "organization", None).await;
    let held = holders.unwrap().rows.into_iter().map(|row| (row.name, row.obstacle)).collect();
    (told, held)
}

/// What counts for nothing because nobody gets in with what they have is said where it is asked what they can do.
#[tokio::test]
async fn whom_the_policy_lets_in_by_nothing_is_told() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let program = application_users::create(&ctx, organization, "robot", "").await.unwrap().row.user_id;
    for user in [bob, program] {
        world.grant(user, "developer", None).await;
    }
    super::policies::add_factor(&world, world.user, FactorKind::Totp).await;
    let principals = ["bob@example.org".to_owned(), format!("user:{program}"), "ann@example.org".to_owned()];
    let (told, held) = obstacles(&world, &ctx, &principals).await;
    assert_eq!(told, [None, None, None]);
    assert_eq!(held.len(), 3, "{held:?}");
    assert!(held.iter().all(|(_, obstacle)| obstacle.is_none()), "{held:?}");

    super::policies::store(&world, organization, r#"{"second_factor_required":true,"tokens_bound":true}"#)
        .await;
    let ctx = world.signed_in(world.user, Proof::password_and(FactorKind::Totp), "203.0.113.9").await;
    let sentence = "The authentication policy of Acme asks for a second factor, and they have none. No sign-in of theirs \
                    reaches it, whatever they hold.";
    let (told, held) = obstacles(&world, &ctx, &principals).await;
    assert_eq!(told, [Some(sentence.to_owned()), None, None]);
    for (name, obstacle) in held {
        assert_eq!(obstacle.as_deref(), (name == "bob@example.org").then_some(sentence), "{name}");
    }
    // What is nearer at hand is said first, and whoever adds a factor is let in again.
    super::policies::add_factor(&world, bob, FactorKind::Totp).await;
    assert_eq!(ask(&world, &ctx, "bob@example.org").await.unwrap().obstacle, None);
    users::deactivate(&ctx, organization, bob).await.unwrap();
    let told = ask(&world, &ctx, "bob@example.org").await.unwrap().obstacle.unwrap();
    assert!(told.starts_with("They are deactivated"), "{told}");
}
