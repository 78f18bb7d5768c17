//! Where an identity provider is required, somebody gets in without it: that is not turned on before, and nothing takes the last
//! one away who does.

use control::{factors, identity_providers, policies, profiles, users};
use domain::{
    errors::Error,
    identity_providers::ProviderState,
    inputs::EditAuthenticationPolicy,
    policies::AuthenticationPolicy,
    secrets::Secret,
    sign_ins::{FactorKind, Proof},
};

use store::identity_providers::IdentityProvider;

use super::{
    own_identities::add_provider,
    policies::{add_factor, form, store, usual},
};
use crate::world::{EMAIL, PASSWORD, World};

const HERE: &str = "203.0.113.9";
const EVE: &str = "eve@example.org";

/// What makes nobody get in but through the identity provider, and the exempt.
fn required() -> AuthenticationPolicy {
    AuthenticationPolicy { identity_provider_required: true, ..AuthenticationPolicy::default() }
}

/// An organization whose identity provider has passed a test, and vouches for its super admin.
async fn world() -> World {
    let world = World::new().await;
    let id = add_provider(&world, world.organization, "Acme IdP", ProviderState::Active).await;
    let mut tx = world.store.write().await.unwrap();
    let provider = store::identity_providers::find(&mut tx, id).await.unwrap().unwrap();
    let (generation, now) = (provider.generation, world.now());
    let report = r#"{"passed":true,"reason":null,"checks":[],"person":[],"xml":null,"decrypted":null}"#;
    store::identity_providers::set_test(&mut tx, id, generation, report, true, now).await.unwrap();
    tx.commit().await.unwrap();
    super::own_identities::link(&world, id, world.user).await;
    world
}

#[tokio::test]
async fn a_provider_is_not_required_before_somebody_gets_in_without_it() {
    let world = world().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let preview = async |input: &EditAuthenticationPolicy| policies::preview(&ctx, organization, input).await;
    let asks = form(&required(), 0);
    let refused = async |what: &str| {
        let error = preview(&asks).await.unwrap_err();
        assert_eq!(error.field(), Some("identity_provider_required"), "{what}: {error}");
        assert!(
            error.to_string().contains("Nobody would get in when the identity provider"),
            "{what}: {error}"
        );
        assert_eq!(policies::save(&ctx, organization, &asks, "x").await.unwrap_err(), error, "{what}");
    };
    refused("nobody is exempt").await;
    let eve = world.add_user(EVE, Some(true), true).await;
    add_factor(&world, eve, FactorKind::Totp).await;
    refused("who is not exempt has a second factor").await;
    policies::set_break_glass(&ctx, organization, world.user, true).await.unwrap();
    refused("who is exempt has no second factor").await;
    policies::set_break_glass(&ctx, organization, eve, true).await.unwrap();
    users::deactivate(&ctx, organization, eve).await.unwrap();
    refused("who is exempt and has one is shut out").await;
    users::reactivate(&ctx, organization, eve).await.unwrap();
    assert!(preview(&asks).await.is_ok());
    // What they have is not always good enough.
    let input = form(&AuthenticationPolicy { password_allowed: false, ..required() }, 0);
    assert_eq!(preview(&input).await.unwrap_err().field(), Some("identity_provider_required"));
    add_factor(&world, eve, FactorKind::Passkey).await;
    let confirmed = preview(&input).await.unwrap().confirmation;
    policies::save(&ctx, organization, &input, &confirmed).await.unwrap();
}

#[tokio::test]
async fn no_further_change_takes_the_way_in_that_there_is() {
    let world = world().await;
    let organization = world.organization;
    let eve = world.add_user(EVE, Some(true), true).await;
    add_factor(&world, eve, FactorKind::Totp).await;
    policies::set_break_glass(&world.ctx(), organization, eve, true).await.unwrap();
    store(&world, organization, &serde_json::to_string(&required()).unwrap()).await;
    let ctx = world.signed_in(eve, Proof::password_and(FactorKind::Totp), HERE).await;
    let no_passwords = AuthenticationPolicy { password_allowed: false, ..required() };
    let error = policies::preview(&ctx, organization, &form(&no_passwords, 1)).await.unwrap_err();
    assert!(error.status() == 409 && error.to_string().contains("that this takes"), "{error}");
    let shorter = AuthenticationPolicy { idle_seconds: 900, ..required() };
    assert!(policies::preview(&ctx, organization, &form(&shorter, 1)).await.is_ok());
    // Where nobody gets in already, other changes are made all the same, and the switch is turned off.
    let mut tx = world.store.write().await.unwrap();
    store::authentication_policies::set_break_glass(&mut tx, organization, eve, None).await.unwrap();
    tx.commit().await.unwrap();
    let ann = world.signed_in(world.user, vouched(&world), HERE).await;
    for input in [form(&shorter, 1), EditAuthenticationPolicy { generation: 1, ..usual() }] {
        assert!(policies::preview(&ann, organization, &input).await.is_ok());
    }
}

/// What somebody shows who comes through the organization's identity provider.
fn vouched(world: &World) -> Proof {
    Proof {
        method: domain::sign_ins::SignInMethod::Saml,
        second_factor: None,
        provider: Some(world.organization),
    }
}

/// Whoever is the only super admin, too, is kept for both.
#[tokio::test]
async fn the_only_super_admin_stays_break_glass() {
    let world = world().await;
    let organization = world.organization;
    add_factor(&world, world.user, FactorKind::Totp).await;
    policies::set_break_glass(&world.ctx(), organization, world.user, true).await.unwrap();
    store(&world, organization, &serde_json::to_string(&required()).unwrap()).await;
    let ann = world.signed_in(world.user, Proof::password_and(FactorKind::Totp), HERE).await;
    let Err(Error::Conflict { reason }) =
        policies::set_break_glass(&ann, organization, world.user, false).await
    else {
        panic!()
    };
    assert!(reason.contains("the last one who gets into this organization when"), "{reason}");
    let told = users::view(&ann, organization, world.user).await.unwrap().indispensable.unwrap();
    assert!(told.contains("last active super admin"), "{told}");
}

#[tokio::test]
async fn the_last_one_who_gets_in_stays_whatever_is_tried() {
    let world = world().await;
    let organization = world.organization;
    let eve = world.add_user(EVE, Some(true), true).await;
    add_factor(&world, eve, FactorKind::Totp).await;
    policies::set_break_glass(&world.ctx(), organization, eve, true).await.unwrap();
    store(&world, organization, &serde_json::to_string(&required()).unwrap()).await;
    let ann = world.signed_in(world.user, vouched(&world), HERE).await;
    let own = world.signed_in(eve, Proof::password_and(FactorKind::Totp), HERE).await;
    // Announces once that she got in.
    let _: domain::views::PolicyView = policies::view(&own, organization).await.unwrap();
    let before = world.dump().await;
    let stays = async |what: &str| {
        for answer in [
            users::deactivate(&ann, organization, eve).await,
            users::remove(&ann, organization, eve, EVE).await,
            users::preview_remove(&ann, organization, eve).await.map(drop),
            users::set_super_admin(&ann, organization, eve, false).await,
            users::preview_super_admin(&ann, organization, eve).await.map(drop),
            policies::set_break_glass(&ann, organization, eve, false).await,
            profiles::leave(&own, organization, "Acme").await,
        ] {
            let Err(Error::Conflict { reason }) = answer else { panic!("{what}: {answer:?}") };
            assert!(reason.contains("the last one who gets into this organization when"), "{what}: {reason}");
        }
        let told = users::view(&ann, organization, eve).await.unwrap().indispensable;
        assert!(told.is_some_and(|told| told.contains("break-glass first")), "{what}");
    };
    stays("alone").await;
    assert!(world.dump().await == before, "nothing was changed, and nothing is on record");
    // Others count only if they could sign in: not without a second factor, and not who is shut out.
    let bob = world.add_user("bob@example.org", Some(true), true).await;
    policies::set_break_glass(&ann, organization, bob, true).await.unwrap();
    stays("beside one without a second factor").await;
    add_factor(&world, bob, FactorKind::SecurityKey).await;
    assert_eq!(users::view(&ann, organization, eve).await.unwrap().indispensable, None);
    users::deactivate(&ann, organization, bob).await.unwrap();
    stays("beside one who is shut out").await;
    // Nor does she count herself once she is.
    users::reactivate(&ann, organization, bob).await.unwrap();
    users::deactivate(&ann, organization, eve).await.unwrap();
    policies::set_break_glass(&ann, organization, eve, false).await.unwrap();
    assert!(users::deactivate(&ann, organization, bob).await.is_err(), "it is his turn");
    // He may change what he shows, and not have nothing to show.
    let his = world.signed_in(bob, Proof::password_and(FactorKind::SecurityKey), HERE).await;
    let password = Secret::new(PASSWORD.to_owned());
    let remove = async |factor| factors::remove(&his, factor, true, &password).await;
    let key = factors::own(&his).await.unwrap().factors[0].id;
    add_factor(&world, bob, FactorKind::Passkey).await;
    remove(key).await.unwrap();
    let passkey = factors::own(&his).await.unwrap().factors[0].id;
    let Err(Error::Conflict { reason }) = remove(passkey).await else { panic!() };
    assert!(reason.contains("With it you are the last one who gets into Acme when"), "{reason}");
    // Where no provider is required, nobody is kept for that.
    store(&world, organization, &serde_json::to_string(&AuthenticationPolicy::default()).unwrap()).await;
    users::remove(&ann, organization, bob, "bob@example.org").await.unwrap();
    assert!(users::view(&ann, organization, world.user).await.unwrap().indispensable.is_some(), "{EMAIL}");
}

#[tokio::test]
async fn the_only_identity_provider_stays_on_while_one_is_required() {
    let world = world().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let provider = identity_providers::list(&ctx, organization).await.unwrap().remove(0).id;
    let removal = identity_providers::preview_remove(&ctx, organization, provider).await.unwrap();
    assert_eq!(removal.obstacle, None);
    store(&world, organization, &serde_json::to_string(&required()).unwrap()).await;
    // Ann is there without it by what she showed as break-glass.
    add_factor(&world, world.user, FactorKind::Totp).await;
    let mut tx = world.store.write().await.unwrap();
    store::authentication_policies::set_break_glass(&mut tx, organization, world.user, Some(world.now()))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let ctx = world.signed_in(world.user, Proof::password_and(FactorKind::Totp), HERE).await;
    let obstacle =
        async || identity_providers::preview_remove(&ctx, organization, provider).await.unwrap().obstacle;
    assert!(obstacle().await.is_some_and(|told| told.contains("Acme IdP is the only one")));
    for refused in [
        identity_providers::set_state(&ctx, organization, provider, ProviderState::Disabled).await.map(drop),
        identity_providers::remove(&ctx, organization, provider, "Acme IdP").await,
    ] {
        let Err(Error::Conflict { reason }) = refused else { panic!("{refused:?}") };
        assert!(reason.contains("requires an identity provider"), "{reason}");
    }
    // Beside another one that is on it goes.
    let second = add_provider(&world, organization, "Second", ProviderState::Disabled).await;
    assert!(obstacle().await.is_some(), "that one lets nobody in");
    let mut tx = world.store.write().await.unwrap();
    let row = store::identity_providers::find(&mut tx, second).await.unwrap().unwrap();
    let row = IdentityProvider { state: ProviderState::Active, ..row };
    assert!(store::identity_providers::set(&mut tx, &row).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(obstacle().await, None);
    identity_providers::set_state(&ctx, organization, provider, ProviderState::Disabled).await.unwrap();
    identity_providers::remove(&ctx, organization, provider, "Acme IdP").await.unwrap();
}
