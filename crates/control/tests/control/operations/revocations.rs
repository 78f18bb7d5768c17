//! Taking several grants back at once: what is shown before, what goes, what stays and why.

use control::{Context, groups, permissions, projects};
use domain::{
    errors::Error,
    ids::GrantId,
    inputs::GrantPermission,
    permissions::{Permission, Role},
};

use crate::{
    check::check_world,
    world::{PROJECT, World},
};

async fn give(world: &World, principal: &str, granted: &str, resource: &str) -> GrantId {
    let input = GrantPermission {
        principal: principal.into(),
        granted: granted.into(),
        resource: resource.into(),
        ..GrantPermission::default()
    };
    permissions::grant(&world.ctx(), world.organization, &input).await.unwrap().row.id
}

async fn revoked(ctx: &Context, world: &World, grants: &[GrantId]) -> Result<permissions::Revoked, Error> {
    permissions::revoke_chosen(ctx, world.organization, grants).await
}

#[tokio::test]
async fn what_goes_together_is_previewed_together() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    world.add_user("cleo@example.org", Some(false), true).await;
    let mut teams = Vec::new();
    for (name, members) in [("One", "bob@example.org, cleo@example.org"), ("Two", "bob@example.org")] {
        let id = groups::create(&ctx, organization, name, "").await.unwrap().row.id;
        groups::add_members(&ctx, organization, id, members).await.unwrap();
        teams.push(give(&world, &format!("group:{id}"), "operator", "project:shop").await);
    }
    // Each of the two leaves bob the other.
    for team in &teams {
        let alone = permissions::preview_revoke(&ctx, organization, *team).await.unwrap();
        let names: Vec<_> = alone.rows.iter().filter_map(|row| row.principal.email.clone()).collect();
        assert!(!names.contains(&"bob@example.org".to_owned()), "{names:?}");
    }
    let direct = give(&world, "cleo@example.org", "organization:billing:read", "organization").await;
    let before = world.dump().await;
    let chosen = [teams[0], teams[1], direct, teams[0]];
    let would = permissions::preview_revoke_chosen(&ctx, organization, &chosen).await.unwrap();
    assert!(world.dump().await == before, "a preview changes nothing");
    assert_eq!((would.grants.len(), would.gone, would.effects.further), (3, 0, 0));
    assert!(would.grants.iter().all(|chosen| chosen.obstacle.is_none()));
    let told = would
        .effects
        .rows
        .iter()
        .map(|row| (row.principal.email.clone().unwrap(), row.resource.name.clone(), row.loses.clone()));
    let told: Vec<_> = told.collect();
    let operator = Role::Operator.permissions().to_vec();
    let expected = [
        ("bob@example.org".to_owned(), PROJECT.to_owned(), operator.clone()),
        ("cleo@example.org".to_owned(), "Acme".to_owned(), vec![Permission::OrganizationBillingRead]),
        ("cleo@example.org".to_owned(), PROJECT.to_owned(), operator),
    ];
    assert_eq!(told, expected);

    let done = revoked(&ctx, &world, &chosen).await.unwrap();
    assert_eq!((done.revoked.len(), done.kept.len()), (3, 0));
    assert_eq!(world.count_events("permission.revoked").await, 3, "one event each");
    assert_eq!(projects::view(&world.ctx_of(bob), PROJECT).await, Err(Error::NotFound));
    check_world(&world).await;
}

#[tokio::test]
async fn what_has_to_stay_keeps_no_other() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    world.add_user("pal@example.org", Some(false), true).await;
    let lead = world.add_user("lead@example.org", Some(false), true).await;
    world.grant(lead, "admin", Some(world.project_id().await)).await;
    world.grant(lead, "organization:permissions:read", None).await;
    let here = give(&world, "pal@example.org", "operator", "project:shop").await;
    let beyond = give(&world, "pal@example.org", "organization:billing:read", "organization").await;
    let gone = give(&world, "pal@example.org", "developer", "project:shop").await;
    permissions::revoke(&ctx, organization, gone).await.unwrap();
    let lead = world.ctx_of(lead);
    let chosen = [here, beyond, gone];
    let would = permissions::preview_revoke_chosen(&lead, organization, &chosen).await.unwrap();
    assert_eq!((would.grants.len(), would.gone), (2, 1));
    for chosen in &would.grants {
        let is_beyond = chosen.row.id == beyond;
        assert_eq!((chosen.obstacle.is_some(), chosen.row.may_revoke), (is_beyond, !is_beyond));
    }
    assert_eq!(would.effects.rows.len(), 1, "what stays takes nothing away");

    let done = revoked(&lead, &world, &chosen).await.unwrap();
    assert_eq!(done.revoked, [here]);
    let [(id, error @ Error::Denied { .. })] = &done.kept[..] else { panic!("{done:?}") };
    let told = would.grants.iter().find_map(|chosen| chosen.obstacle.clone());
    assert_eq!((*id, Some(error.to_string())), (beyond, told));
    assert!(permissions::view(&ctx, organization, beyond).await.is_ok());
    // Nothing of it goes: that is a refusal, on record.
    let denied = world.count_events("action.denied").await;
    assert!(matches!(revoked(&lead, &world, &[beyond, gone]).await, Err(Error::Denied { .. })));
    assert_eq!(world.count_events("action.denied").await, denied + 1);
    check_world(&world).await;
}

#[tokio::test]
async fn only_what_is_there_and_not_too_much_can_be_chosen() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let missing: Vec<GrantId> =
        (0..=permissions::REVOKED_TOGETHER_MAX).map(|_| GrantId::from_uuid(world.uuid())).collect();
    for (chosen, field) in
        [(&missing[..0], Some("grants")), (&missing[..], Some("grants")), (&missing[..1], None)]
    {
        let error = revoked(&ctx, &world, chosen).await.unwrap_err();
        assert_eq!(error.field(), field, "{error}");
        let preview = permissions::preview_revoke_chosen(&ctx, organization, chosen).await;
        assert_eq!(preview.unwrap_err(), error);
    }
    // Of another organization's grants nobody learns anything.
    world.add_user("pal@example.org", Some(false), true).await;
    let here = give(&world, "pal@example.org", "operator", "project:shop").await;
    let (elsewhere, stranger) = world.another_organization("Elsewhere").await;
    let theirs = world.ctx_of(stranger);
    for organization in [elsewhere, organization] {
        assert_eq!(permissions::revoke_chosen(&theirs, organization, &[here]).await, Err(Error::NotFound));
        let preview = permissions::preview_revoke_chosen(&theirs, organization, &[here]).await;
        assert_eq!(preview, Err(Error::NotFound));
    }
    let reader = world.add_user("reader@example.org", Some(false), true).await;
    world.grant(reader, "read_only", None).await;
    let reader = world.ctx_of(reader);
    assert!(matches!(revoked(&reader, &world, &[here]).await, Err(Error::Denied { .. })));
    let preview = permissions::preview_revoke_chosen(&reader, organization, &[here]).await;
    assert!(matches!(preview, Err(Error::Denied { .. })), "{preview:?}");
    assert!(permissions::view(&ctx, organization, here).await.is_ok());
}
