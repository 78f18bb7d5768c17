//! Naming things in forms by hand: groups and application users by name, places by name, and what is not told by it.

use control::{
    Context, application_users, explanations, groups, invitations, permissions, places, projects, units,
};
use domain::{
    errors::Error,
    inputs::{GrantPermission, InviteUsers},
    principals::PrincipalKind,
};

use crate::world::{PROJECT, World};

async fn give(ctx: &Context, world: &World, principal: &str) -> Result<(PrincipalKind, String), Error> {
    let input = GrantPermission {
        principal: principal.into(),
        granted: "read_only".into(),
        resource: format!("project:{PROJECT}"),
        ..GrantPermission::default()
    };
    let given = permissions::grant(ctx, world.organization, &input).await?;
    Ok((given.row.principal.kind, given.row.principal.id.to_string()))
}

#[tokio::test]
async fn a_group_or_application_user_is_meant_by_its_name_where_no_address_is() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let group = groups::create(&ctx, organization, "Team 350", "").await.unwrap().row.id;
    let robot = application_users::create(&ctx, organization, "robot", "").await.unwrap().row.user_id;
    for name in ["Team 350", " Team 350 ", "group:Team 350", "group: Team 350"] {
        assert_eq!(give(&ctx, &world, name).await, Ok((PrincipalKind::Group, group.to_string())), "{name}");
    }
    for name in ["robot", "user:robot"] {
        assert_eq!(give(&ctx, &world, name).await, Ok((PrincipalKind::User, robot.to_string())), "{name}");
    }
    let nobody = |answer: Result<_, Error>| assert_eq!(answer.unwrap_err().field(), Some("principal"));
    for name in ["Team 3500", "group:robot", "user:Team 350", "team 350"] {
        nobody(give(&ctx, &world, name).await);
    }
    // Where two have one name from before names were given once, neither is meant, and that is said.
    let twin = application_users::create(&ctx, organization, "twin", "").await.unwrap().row.user_id;
    for name in ["robot", "Team 350"] {
        let mut tx = world.store.write().await.unwrap();
        let generation = store::users::find(&mut tx, twin).await.unwrap().unwrap().generation;
        assert!(store::users::set_application_user(&mut tx, twin, generation, name, "").await.unwrap());
        tx.commit().await.unwrap();
        let told = give(&ctx, &world, name).await.unwrap_err();
        assert_eq!(told.field(), Some("principal"));
        assert!(told.to_string().starts_with(&format!("More than one goes by the name {name}.")), "{told}");
    }
    assert_eq!(give(&ctx, &world, "group:Team 350").await, Ok((PrincipalKind::Group, group.to_string())));
    let told = give(&ctx, &world, "nobody").await.unwrap_err().to_string();
    assert!(told.contains("no application user of that name"), "{told}");
    let filter = permissions::Filter { principal: "group:Team 350", resource: "" };
    assert_eq!(permissions::list(&ctx, organization, filter, None).await.unwrap().total, 1);
}

#[tokio::test]
async fn a_name_is_given_once_in_an_organization() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let group = groups::create(&ctx, organization, "Ops", "").await.unwrap();
    let robot = application_users::create(&ctx, organization, "robot", "").await.unwrap();
    for taken in ["robot", "ROBOT", "Ops", "ops", "ann@example.org", "Ann@example.org"] {
        let before = world.dump().await;
        let made = application_users::create(&ctx, organization, taken, "").await.map(drop);
        let grouped = groups::create(&ctx, organization, taken, "").await.map(drop);
        for answer in [made, grouped] {
            assert_eq!(answer.unwrap_err().field(), Some("name"), "{taken}");
        }
        assert!(world.dump().await == before, "{taken}");
    }
    let (id, key) = (group.row.id, robot.row.user_id);
    let renamed = groups::edit(&ctx, organization, id, 0, "Robot", "").await;
    assert_eq!(renamed.unwrap_err().field(), Some("name"));
    let renamed = application_users::edit(&ctx, organization, key, 0, "OPS", "").await;
    assert_eq!(renamed.unwrap_err().field(), Some("name"));
    // Its own name in other capitals is free for itself, and so is what others have elsewhere.
    groups::edit(&ctx, organization, id, 0, "OPS", "").await.unwrap();
    application_users::edit(&ctx, organization, key, 0, "Robot", "").await.unwrap();
    let (elsewhere, other) = world.another_organization("Other").await;
    application_users::create(&world.ctx_of(other), elsewhere, "Robot", "").await.unwrap();
}

#[tokio::test]
async fn what_is_called_like_an_address_does_not_stand_for_whom_it_belongs_to() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let eve = world.add_user("eve@example.org", Some(false), true).await;
    world.grant(eve, "organization:app_users:write", None).await;
    world.grant(eve, "organization:groups:write", None).await;
    let hers = world.ctx_of(eve);
    let robot = application_users::create(&hers, organization, "carol@example.org", "").await.unwrap();
    let group = groups::create(&hers, organization, "dora@example.org", "").await.unwrap().row.id;
    let carol = world.add_user("carol@example.org", None, true).await;
    for text in ["carol@example.org", " Carol@example.org ", "user:carol@example.org", "dora@example.org"] {
        assert_eq!(give(&ctx, &world, text).await.unwrap_err().field(), Some("principal"), "{text}");
        let explained = explanations::explain(&ctx, organization, text, "organization").await;
        assert_eq!(explained.unwrap_err().field(), Some("principal"), "{text}");
    }
    // Who means these says so.
    let robot = format!("user:{}", robot.row.user_id);
    assert_eq!(give(&ctx, &world, &robot).await.unwrap().0, PrincipalKind::User);
    let by_name = give(&ctx, &world, "group:dora@example.org").await;
    assert_eq!(by_name, Ok((PrincipalKind::Group, group.to_string())));
    // A member has the address to herself.
    let mut tx = world.store.write().await.unwrap();
    store::memberships::add(&mut tx, organization, carol, false, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    let member = give(&ctx, &world, "carol@example.org").await;
    assert_eq!(member, Ok((PrincipalKind::User, carol.to_string())));
}

#[tokio::test]
async fn a_preview_tells_whom_it_found_whoever_has_the_name_later() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let meant = groups::create(&ctx, organization, "Ops", "").await.unwrap().row;
    let input = GrantPermission {
        principal: "Ops".into(),
        granted: "operator".into(),
        resource: format!("project:{PROJECT}"),
        ..GrantPermission::default()
    };
    let found = permissions::preview_grant(&ctx, organization, &input).await.unwrap().principal;
    assert_eq!((found.kind, found.id, found.name.as_str()), (PrincipalKind::Group, meant.id.uuid(), "Ops"));
    groups::edit(&ctx, organization, meant.id, 0, "Operators", "").await.unwrap();
    groups::create(&ctx, organization, "Ops", "").await.unwrap();
    let given = give(&ctx, &world, &format!("{}:{}", found.kind, found.id)).await;
    assert_eq!(given, Ok((PrincipalKind::Group, meant.id.to_string())));
}

#[tokio::test]
async fn who_may_not_list_the_groups_does_not_find_out_their_names() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let group = groups::create(&ctx, organization, "Board", "").await.unwrap().row.id;
    let admin = world.add_user("bob@example.org", Some(false), true).await;
    world.grant(admin, "admin", Some(world.project_id().await)).await;
    let his = world.ctx_of(admin);
    let refused = give(&his, &world, "Board").await.unwrap_err();
    assert_eq!(give(&his, &world, "Boards").await, Err(refused));
    // Whoever knows its id was told it.
    let by_id = give(&his, &world, &format!("group:{group}")).await;
    assert_eq!(by_id, Ok((PrincipalKind::Group, group.to_string())));
    let (elsewhere, other) = world.another_organization("Other").await;
    let other = world.ctx_of(other);
    groups::create(&other, elsewhere, "Theirs", "").await.unwrap();
    assert_eq!(give(&ctx, &world, "Theirs").await.unwrap_err().field(), Some("principal"));
}

#[tokio::test]
async fn a_place_is_meant_by_its_name() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let unit = units::create(&ctx, organization, "Lab").await.unwrap().row.id;
    for name in ["shop-east", "shop-west", "lab"] {
        projects::create(&ctx, organization, name, "").await.unwrap();
    }
    for (text, place) in [
        ("", "organization".to_owned()),
        ("organization", "organization".to_owned()),
        ("shop-east", "project:shop-east".to_owned()),
        (" Shop-East ", "project:shop-east".to_owned()),
        ("project:shop-west", "project:shop-west".to_owned()),
        ("lab", "project:lab".to_owned()),
        ("Lab", "project:lab".to_owned()),
        ("unit:Lab", format!("unit:{unit}")),
        (&format!("unit:{unit}"), format!("unit:{unit}")),
    ] {
        assert_eq!(places::named(&ctx, organization, text).await, Ok(place), "{text}");
    }
    let error = places::named(&ctx, organization, "sho").await.unwrap_err();
    assert_eq!(error.field(), Some("place"));
    let told = error.to_string();
    assert!(told.ends_with("There is shop, shop-east, shop-west."), "{told}");
    let told = places::named(&ctx, organization, "nothing").await.unwrap_err().to_string();
    assert_eq!(told, "There is no project and no unit of that name here.");
    let elsewhere = world.another_organization("Other").await.0;
    assert_eq!(places::named(&ctx, elsewhere, "shop").await, Err(Error::NotFound));
}

#[tokio::test]
async fn a_place_that_one_may_not_know_of_has_no_name() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    units::create(&ctx, organization, "Lab").await.unwrap();
    projects::create(&ctx, organization, "secret", "").await.unwrap();
    let reader = world.add_user("dan@example.org", Some(false), true).await;
    world.grant(reader, "read_only", Some(world.project_id().await)).await;
    let his = world.ctx_of(reader);
    let nowhere = places::named(&his, organization, "nothing").await;
    assert!(nowhere.is_err());
    for name in ["secret", "secre", "Lab", "unit:Lab", "project:secret"] {
        assert_eq!(places::named(&his, organization, name).await, nowhere, "{name}");
    }
    assert_eq!(places::named(&his, organization, PROJECT).await, Ok(format!("project:{PROJECT}")));
}

#[tokio::test]
async fn groups_of_an_invitation_are_meant_by_id_or_name() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let one = groups::create(&ctx, organization, "Team 350", "").await.unwrap().row.id;
    let two = groups::create(&ctx, organization, "Ops", "").await.unwrap().row.id;
    let mut input = InviteUsers {
        emails: "bob@example.org".into(),
        groups: vec![two.to_string(), " Team 350".into(), String::new()],
        days: "7".into(),
        ..InviteUsers::default()
    };
    invitations::invite(&ctx, organization, &input).await.unwrap();
    let row = invitations::list(&ctx, organization, "", None).await.unwrap().rows.remove(0);
    let mut attached: Vec<_> = row.attached.groups.iter().map(|group| group.id).collect();
    attached.sort();
    let mut named = [one, two];
    named.sort();
    assert_eq!(attached, named);
    input.groups = vec!["Team 351".into()];
    let refused = invitations::invite(&ctx, organization, &input).await.unwrap_err();
    assert_eq!(refused.field(), Some("groups"));
}
