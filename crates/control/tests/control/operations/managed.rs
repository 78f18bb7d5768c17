//! Managed users: what a verified domain takes from its people, and what it gives the organization over their accounts.

use control::{domains, mails, managed, organizations, policies, profiles, sessions, tokens, users};
use domain::{
    domains::DomainState,
    errors::Error,
    ids::{OrganizationId, UserId},
    inputs::{CreateToken, EditAuthenticationPolicy, SignIn},
    policies::AuthenticationPolicy,
    secrets::Secret,
    sign_ins::FactorKind,
    states::Outcome,
    views::ProfileTexts,
};

use super::{
    domains::{DOMAIN, Setting},
    factor_resets::mails_to,
    policies::{add_factor, usual},
};
use crate::{
    check::check_world,
    world::{EMAIL, PASSWORD, World},
};

const BOB: &str = "bob@acme.example";

/// A world whose organization manages Bob, who is none of its members.
async fn with_bob() -> (Setting, UserId) {
    let setting = Setting::new().await;
    let bob = setting.world.add_user(BOB, None, true).await;
    let row = setting.verified("acme.example").await;
    assert_eq!(row.state, DomainState::Verified);
    (setting, bob)
}

async fn sign_in(world: &World, email: &str, password: &str) -> Result<sessions::SignInStep, Error> {
    let input = SignIn { email: email.into(), password: Secret::new(password.into()) };
    sessions::sign_in(&world.nobody(), input).await
}

/// Sets the organization's policy behind its back: guards of changes are tested elsewhere.
async fn set_policy(world: &World, organization: OrganizationId, policy: &AuthenticationPolicy) {
    let mut tx = world.store.write().await.unwrap();
    let generation = store::authentication_policies::find(&mut tx, organization)
        .await
        .unwrap()
        .map_or(0, |row| row.generation);
    let text = serde_json::to_string(policy).unwrap();
    let now = world.now();
    assert!(
        store::authentication_policies::set(&mut tx, organization, generation, &text, now).await.unwrap()
    );
    tx.commit().await.unwrap();
}

fn forbidden<T>(result: Result<T, Error>, says: &str) {
    match result {
        Err(Error::Forbidden { reason }) => assert!(reason.contains(says), "{reason}"),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was done"),
    }
}

#[tokio::test]
async fn a_managed_profile_is_not_ones_own_to_change() {
    let (setting, bob) = with_bob().await;
    let ctx = setting.world.ctx_of(bob);
    let own = profiles::own(&ctx).await.unwrap();
    let manager = own.managed_by.unwrap();
    assert_eq!((manager.organization_name.as_str(), manager.domain_name.as_str()), ("Acme", "acme.example"));
    let texts = ProfileTexts { name: "Robert".into(), ..ProfileTexts::default() };
    forbidden(profiles::edit_own(&ctx, own.generation, &texts).await, "managed by Acme");
    assert_eq!(profiles::own(&ctx).await.unwrap().texts.name, BOB);
    // Who is not managed goes on as before, and so does he once it is over.
    assert_eq!(profiles::own(&setting.ctx()).await.unwrap().managed_by, None);
    let row = &domains::list(&setting.ctx(), setting.world.organization).await.unwrap()[0];
    domains::remove(&setting.ctx(), setting.world.organization, row.domain_id, "acme.example").await.unwrap();
    assert_eq!(profiles::own(&ctx).await.unwrap().managed_by, None);
    profiles::edit_own(&ctx, own.generation, &texts).await.unwrap();
}

#[tokio::test]
async fn only_admins_among_the_managed_make_organizations() {
    let (setting, bob) = with_bob().await;
    let ctx = setting.world.ctx_of(bob);
    forbidden(organizations::create(&ctx, "Shadow").await, "managed by Acme");
    setting.verified(DOMAIN).await;
    assert!(profiles::own(&setting.ctx()).await.unwrap().managed_by.is_some());
    organizations::create(&setting.ctx(), "Further").await.unwrap();
}

#[tokio::test]
async fn the_policy_decides_how_they_sign_in_at_all() {
    let (setting, bob) = with_bob().await;
    let (world, organization) = (&setting.world, setting.world.organization);
    // Of another organization, where nothing is asked for.
    let (other, _) = world.another_organization("Other").await;
    let mut tx = world.store.write().await.unwrap();
    store::memberships::add(&mut tx, other, bob, false, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert!(sign_in(world, BOB, PASSWORD).await.is_ok());
    let strict = AuthenticationPolicy { password_allowed: false, ..AuthenticationPolicy::default() };
    set_policy(world, organization, &strict).await;
    forbidden(
        sign_in(world, BOB, PASSWORD).await,
        "The authentication policy of Acme lets nobody in with a password",
    );
    for log in [organization, other] {
        let event = world.last_event(log, "user.sign_in_refused").await;
        assert_eq!((event.outcome, event.actor.as_str(), event.user_id), (Outcome::Denied, BOB, Some(bob)));
    }
    // A stranger learns nothing of it.
    let wrong = sign_in(world, BOB, "wrong horse battery").await.err().unwrap();
    let nobody = sign_in(world, "nobody@acme.example", "wrong horse battery").await.err().unwrap();
    assert_eq!(wrong, nobody);
    // Who is not managed by it signs in, and is turned away at its door.
    assert!(sign_in(world, EMAIL, PASSWORD).await.is_ok());
    // A missing second factor is added after signing in.
    let two = AuthenticationPolicy { second_factor_required: true, ..AuthenticationPolicy::default() };
    set_policy(world, organization, &two).await;
    assert!(sign_in(world, BOB, PASSWORD).await.is_ok());
    let provider =
        AuthenticationPolicy { identity_provider_required: true, ..AuthenticationPolicy::default() };
    set_policy(world, organization, &provider).await;
    forbidden(sign_in(world, BOB, PASSWORD).await, "identity provider");
    // Once the domain is not theirs any more, it is his own affair.
    let row = &domains::list(&setting.ctx(), organization).await;
    assert!(row.is_err(), "the policy holds for everybody at the door");
    set_policy(world, organization, &AuthenticationPolicy::default()).await;
    let row = domains::list(&setting.ctx(), organization).await.unwrap().remove(0);
    domains::remove(&setting.ctx(), organization, row.domain_id, "acme.example").await.unwrap();
    set_policy(world, organization, &strict).await;
    assert!(sign_in(world, BOB, PASSWORD).await.is_ok());
}

#[tokio::test]
async fn the_preview_of_a_policy_counts_who_could_not_sign_in_at_all() {
    let (setting, _) = with_bob().await;
    let (world, organization) = (&setting.world, setting.world.organization);
    let carol = world.add_user("carol@acme.example", Some(false), true).await;
    world.add_user("off@acme.example", None, false).await;
    for user in [world.user, carol] {
        add_factor(world, user, FactorKind::Passkey).await;
    }
    let preview = async |input| policies::preview(&setting.ctx(), organization, &input).await.unwrap();
    let asked = EditAuthenticationPolicy { second_factor_required: true, ..usual() };
    assert_eq!(preview(asked).await.totals.managed_losing, 0, "they sign in to add one");
    let asked = EditAuthenticationPolicy { password_allowed: false, ..usual() };
    let before = preview(asked.clone()).await;
    assert_eq!(before.totals.managed_losing, 1, "Bob has nothing but a password, and off is out already");
    // What was confirmed names them.
    world.add_user("dan@acme.example", None, true).await;
    let after = preview(asked).await;
    assert_eq!(after.totals.managed_losing, 2);
    assert!(before.confirmation != after.confirmation);
}

#[tokio::test]
async fn break_glass_keeps_its_way_in() {
    let (setting, bob) = with_bob().await;
    let (world, organization) = (&setting.world, setting.world.organization);
    let mut tx = world.store.write().await.unwrap();
    store::memberships::add(&mut tx, organization, bob, true, world.now()).await.unwrap();
    store::authentication_policies::set_break_glass(&mut tx, organization, bob, Some(world.now()))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let provider =
        AuthenticationPolicy { identity_provider_required: true, ..AuthenticationPolicy::default() };
    set_policy(world, organization, &provider).await;
    assert!(sign_in(world, BOB, PASSWORD).await.is_ok());
    let mut tx = world.store.write().await.unwrap();
    store::authentication_policies::set_break_glass(&mut tx, organization, bob, None).await.unwrap();
    tx.commit().await.unwrap();
    forbidden(sign_in(world, BOB, PASSWORD).await, "identity provider");
}

#[tokio::test]
async fn everybody_in_the_domain_is_seen_and_nobody_else() {
    let (setting, bob) = with_bob().await;
    let (world, organization) = (&setting.world, setting.world.organization);
    let carol = world.add_user("carol@acme.example", Some(false), true).await;
    let stranger = world.add_user("eve@sub.acme.example", None, true).await;
    let list =
        async |text, membership| managed::list(&setting.ctx(), organization, text, membership, None).await;
    let emails = async |text, membership| -> Vec<String> {
        list(text, membership).await.unwrap().rows.into_iter().map(|row| row.email).collect()
    };
    assert_eq!(emails("", "").await, [BOB, "carol@acme.example"]);
    assert_eq!(emails("", "not_member").await, [BOB]);
    assert_eq!(emails("", "member").await, ["carol@acme.example"]);
    assert_eq!(emails("car", "").await, ["carol@acme.example"]);
    assert_eq!(list("", "both").await.unwrap_err().field(), Some("membership"));
    let view = managed::view(&setting.ctx(), organization, bob).await.unwrap();
    assert_eq!((view.row.is_member, view.organizations, view.tokens, view.obstacle), (false, 0, 0, None));
    assert_eq!(managed::view(&setting.ctx(), organization, stranger).await, Err(Error::NotFound));
    let member = users::view(&setting.ctx(), organization, carol).await.unwrap();
    assert_eq!(member.managed_by.unwrap().organization_name, "Acme");
    assert_eq!(users::view(&setting.ctx(), organization, world.user).await.unwrap().managed_by, None);
    // Who does not manage people sees none of them.
    let denied = Err(Error::Denied { permission: "organization:users:write".into() });
    assert_eq!(managed::list(&world.ctx_of(carol), organization, "", "", None).await, denied);
    let denied = Err(Error::Denied { permission: "organization:users:write".into() });
    assert_eq!(managed::deactivate(&world.ctx_of(carol), organization, bob).await, denied);
    // Nor does another organization reach them.
    let (other, eve) = world.another_organization("Other").await;
    assert_eq!(managed::view(&world.ctx_of(eve), other, bob).await, Err(Error::NotFound));
    assert_eq!(managed::delete(&world.ctx_of(eve), other, bob, BOB).await, Err(Error::NotFound));
}

#[tokio::test]
async fn an_account_is_shut_out_everywhere_and_let_in_again() {
    let (setting, bob) = with_bob().await;
    let (world, organization) = (&setting.world, setting.world.organization);
    managed::deactivate(&setting.ctx(), organization, bob).await.unwrap();
    assert_eq!(profiles::own(&world.ctx_of(bob)).await.unwrap_err().status(), 401);
    assert_eq!(sign_in(world, BOB, PASSWORD).await.err().unwrap().status(), 401);
    let event = world.last_event(organization, "user.account_deactivated").await;
    assert_eq!((event.subject_id, event.actor.as_str()), (Some(bob.uuid()), EMAIL));
    assert!(event.text.contains("sessions that ended: 1"), "{}", event.text);
    let again = managed::deactivate(&setting.ctx(), organization, bob).await.unwrap_err();
    assert_eq!(again.status(), 409);
    managed::reactivate(&setting.ctx(), organization, bob).await.unwrap();
    assert!(sign_in(world, BOB, PASSWORD).await.is_ok());
    assert_eq!(managed::reactivate(&setting.ctx(), organization, bob).await.unwrap_err().status(), 409);
    assert_eq!(world.count_events("user.account_reactivated").await, 1);
}

#[tokio::test]
async fn an_account_is_deleted_with_all_it_holds() {
    let (setting, bob) = with_bob().await;
    let (world, organization) = (&setting.world, setting.world.organization);
    let wrong = managed::delete(&setting.ctx(), organization, bob, "bob").await.unwrap_err();
    assert_eq!(wrong.field(), Some("confirmation"));
    managed::delete(&setting.ctx(), organization, bob, " BOB@acme.example ").await.unwrap();
    assert_eq!(managed::view(&setting.ctx(), organization, bob).await, Err(Error::NotFound));
    assert_eq!(sign_in(world, BOB, PASSWORD).await.err().unwrap().status(), 401);
    let event = world.last_event(organization, "user.account_deleted").await;
    assert!(event.before.unwrap().contains(BOB));
    assert_eq!(world.count_events("user.account_deleted").await, 1, "once in the log of the organization");
    check_world(world).await;
}

#[tokio::test]
async fn nobody_acts_on_who_is_more_powerful_or_on_themselves() {
    let (setting, bob) = with_bob().await;
    let (world, organization) = (&setting.world, setting.world.organization);
    setting.verified(DOMAIN).await;
    let keeper = world.add_user("keeper@elsewhere.example", Some(false), true).await;
    world.grant(keeper, "organization:users:write", None).await;
    let ctx = world.ctx_of(keeper);
    forbidden(managed::deactivate(&ctx, organization, world.user).await, "super admin");
    forbidden(managed::delete(&ctx, organization, world.user, EMAIL).await, "super admin");
    forbidden(managed::ask_password_reset(&ctx, organization, world.user).await, "super admin");
    let seen = managed::view(&ctx, organization, world.user).await.unwrap();
    assert!(seen.obstacle.unwrap().contains("super admin"));
    managed::deactivate(&ctx, organization, bob).await.unwrap();
    managed::reactivate(&ctx, organization, bob).await.unwrap();
    let own = managed::deactivate(&setting.ctx(), organization, world.user).await.unwrap_err();
    assert!(own.status() == 409 && own.to_string().contains("your own"), "{own}");
}

#[tokio::test]
async fn the_last_super_admin_of_any_organization_stays() {
    let (setting, bob) = with_bob().await;
    let (world, organization) = (&setting.world, setting.world.organization);
    let (other, eve) = world.another_organization("Other").await;
    let mut tx = world.store.write().await.unwrap();
    store::memberships::add(&mut tx, other, bob, true, world.now()).await.unwrap();
    store::memberships::set_super_admin(&mut tx, other, eve, false).await.unwrap();
    tx.commit().await.unwrap();
    for refused in [
        managed::deactivate(&setting.ctx(), organization, bob).await.unwrap_err(),
        managed::delete(&setting.ctx(), organization, bob, BOB).await.unwrap_err(),
    ] {
        assert!(refused.status() == 409 && refused.to_string().contains("last active super admin of Other"));
    }
    assert!(managed::view(&setting.ctx(), organization, bob).await.unwrap().stays.is_some());
    let mut tx = world.store.write().await.unwrap();
    store::memberships::set_super_admin(&mut tx, other, eve, true).await.unwrap();
    tx.commit().await.unwrap();
    managed::delete(&setting.ctx(), organization, bob, BOB).await.unwrap();
    let event = world.last_event(other, "user.account_deleted").await;
    assert_eq!(event.subject_name.as_deref(), Some(BOB), "the other one's log has it as well");
}

#[tokio::test]
async fn the_last_break_glass_super_admin_of_any_organization_stays() {
    let (setting, bob) = with_bob().await;
    let (world, organization) = (&setting.world, setting.world.organization);
    let (other, _) = world.another_organization("Other").await;
    let mut tx = world.store.write().await.unwrap();
    store::memberships::add(&mut tx, other, bob, true, world.now()).await.unwrap();
    store::authentication_policies::set_break_glass(&mut tx, other, bob, Some(world.now())).await.unwrap();
    tx.commit().await.unwrap();
    let required = AuthenticationPolicy { identity_provider_required: true, ..Default::default() };
    set_policy(world, other, &required).await;
    for refused in [
        managed::deactivate(&setting.ctx(), organization, bob).await.unwrap_err(),
        managed::delete(&setting.ctx(), organization, bob, BOB).await.unwrap_err(),
    ] {
        assert!(
            refused.status() == 409 && refused.to_string().contains("who gets into Other when"),
            "{refused}"
        );
    }
    assert!(managed::view(&setting.ctx(), organization, bob).await.unwrap().stays.is_some());
    set_policy(world, other, &AuthenticationPolicy::default()).await;
    managed::deactivate(&setting.ctx(), organization, bob).await.unwrap();
}

#[tokio::test]
async fn a_new_password_is_set_by_mail_and_tokens_end() {
    let (setting, bob) = with_bob().await;
    let (world, organization) = (&setting.world, setting.world.organization);
    managed::ask_password_reset(&setting.ctx(), organization, bob).await.unwrap();
    let mails = mails_to(world, BOB, "Set a new password").await;
    assert!(mails.len() == 1 && mails[0].body.as_ref().unwrap().expose().contains("/password-reset/"));
    let event = world.last_event(organization, "user.password_reset_asked").await;
    assert_eq!(event.subject_id, Some(bob.uuid()));
    assert!(
        mails::list(&setting.ctx(), organization, BOB, None).await.unwrap().rows.is_empty(),
        "it is his alone"
    );
    let input = CreateToken { description: "script".into(), ..CreateToken::default() };
    let made = tokens::create(&world.ctx_of(bob), &input).await.unwrap();
    let listed = managed::tokens(&setting.ctx(), organization, bob, None).await.unwrap();
    assert_eq!((listed.total, listed.rows[0].description.as_str()), (1, "script"));
    managed::revoke_token(&setting.ctx(), organization, bob, made.row.id).await.unwrap();
    let used = tokens::authenticate(&world.control, world.origin("203.0.113.9"), &made.token).await;
    assert_eq!(used.err().unwrap().status(), 401);
    assert_eq!(world.count_events("token.revoked").await, 1);
    let gone = managed::revoke_token(&setting.ctx(), organization, bob, made.row.id).await;
    assert_eq!(gone, Err(Error::NotFound));
    // One of somebody else's is none of his.
    let own = tokens::create(&setting.ctx(), &input).await.unwrap();
    let other = managed::revoke_token(&setting.ctx(), organization, bob, own.row.id).await;
    assert_eq!(other, Err(Error::NotFound));
}
