//! One's own tokens, and acting with a token: what it opens, from where, until when, and what is on record.

mod limits;
mod refusals;

use std::time::Duration;

use control::{Context, application_users, projects, tokens};
use domain::{
    errors::Error,
    ids::{TokenId, UserId},
    inputs::{CreateToken, EditToken},
    permissions::{Granted, Role},
    principals::SubjectKind,
    secrets::Secret,
    tokens::TokenKind,
    views::{MadeToken, PAGE_ROWS_MAX, TokenRow},
};

use crate::{
    check::check_world,
    world::{PROJECT, World},
};

const HOME: &str = "203.0.113.9";
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn plain() -> CreateToken {
    CreateToken { description: "Laptop".into(), ..CreateToken::default() }
}

/// A token of the super admin; its text must be found nowhere.
async fn made(world: &World, input: &CreateToken) -> MadeToken {
    keep(world, tokens::create(&world.ctx(), input).await.unwrap())
}

fn keep(world: &World, made: MadeToken) -> MadeToken {
    world.secrets.lock().unwrap().push(made.token.expose().to_owned());
    made
}

/// A token of a new application user that holds this on the organization.
async fn program(world: &World, granted: &[&str], input: &CreateToken) -> (UserId, MadeToken) {
    let (ctx, organization) = (world.ctx(), world.organization);
    let user = application_users::create(&ctx, organization, "deployer", "").await.unwrap().row.user_id;
    for granted in granted {
        world.grant(user, granted, None).await;
    }
    (user, keep(world, application_users::create_token(&ctx, organization, user, input).await.unwrap()))
}

async fn present(world: &World, token: &Secret, address: &str) -> Result<Context, Error> {
    tokens::authenticate(&world.control, world.origin(address), token).await
}

/// Why it is turned away.
async fn turned_away(world: &World, token: &Secret, address: &str) -> String {
    match present(world, token, address).await {
        Err(Error::Unauthenticated { reason }) => reason,
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it was let in"),
    }
}

async fn stored(world: &World, id: TokenId) -> store::tokens::Token {
    let mut tx = world.store.read().await.unwrap();
    store::tokens::find(&mut tx, id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_token_is_made_listed_and_ended_on_record() {
    let world = World::new().await;
    let (elsewhere, _) = world.another_organization("Elsewhere").await;
    let mut tx = world.store.write().await.unwrap();
    store::memberships::add(&mut tx, elsewhere, world.user, false, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    let input = CreateToken {
        scopes: vec!["read_only".into()],
        ip_ranges: "203.0.113.0/24\n10.0.0.0/8".into(),
        max_age_seconds: "3600".into(),
        extend_when_used: true,
        ..plain()
    };
    let token = made(&world, &input).await;
    let text = token.token.expose();
    assert!(text.starts_with("rdp_") && text.len() == 53 && text.starts_with(&token.row.prefix));
    assert_eq!(token.warning, None);
    let row = &token.row;
    assert_eq!((row.kind, row.description.as_str()), (TokenKind::Personal, "Laptop"));
    assert_eq!(row.scopes, [Granted::Role(Role::ReadOnly)]);
    assert_eq!(
        row.ip_ranges.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["10.0.0.0/8", "203.0.113.0/24"]
    );
    assert_eq!((row.max_age_seconds, row.extend_when_used), (Some(3600), true));
    assert_eq!((row.expires_at, row.is_expired), (Some(world.now().plus(HOUR)), false));
    assert_eq!((row.created_by.as_str(), row.last_used_at, row.generation), ("ann@example.org", None, 0));
    let page = tokens::list(&world.ctx(), "", None).await.unwrap();
    assert_eq!((page.rows.as_slice(), page.next, page.total), (std::slice::from_ref(row), None, 1));
    // It is in the log of both organizations, since it acts in both.
    for organization in [world.organization, elsewhere] {
        let event = world.last_event(organization, "token.created").await;
        assert_eq!((event.subject_kind, event.subject_id), (Some(SubjectKind::Token), Some(row.id.uuid())));
        assert_eq!(event.subject_name.as_deref(), Some(row.prefix.as_str()));
        let after = event.after.unwrap();
        for part in [r#""scopes":["read_only"]"#, r#""ip_ranges":["10.0.0.0/8","203.0.113.0/24"]"#] {
            assert!(after.contains(part), "{after}");
        }
    }
    // Only its hash is kept, which nobody gets to see.
    assert_eq!(stored(&world, row.id).await.token_hash.len(), 32);

    tokens::revoke(&world.ctx(), row.id).await.unwrap();
    assert_eq!(tokens::revoke(&world.ctx(), row.id).await, Err(Error::NotFound));
    assert_eq!(tokens::list(&world.ctx(), "", None).await.unwrap().total, 0);
    for organization in [world.organization, elsewhere] {
        let event = world.last_event(organization, "token.revoked").await;
        assert_eq!(event.subject_id, Some(row.id.uuid()));
        assert!(event.before.unwrap().contains("Laptop") && event.after.is_none());
    }
    check_world(&world).await;
}

#[tokio::test]
async fn what_is_wrong_is_told_on_its_field() {
    let world = World::new().await;
    let ctx = world.ctx();
    let token = made(&world, &plain()).await.row.id;
    let before = world.dump().await;
    for (input, field) in [
        (CreateToken::default(), "description"),
        (CreateToken { scopes: vec!["owner".into()], ..plain() }, "scopes"),
        (CreateToken { ip_ranges: "10.0.0.0/8\n10.0.0.1/8".into(), ..plain() }, "ip_ranges"),
        (CreateToken { max_age_seconds: "1".into(), ..plain() }, "max_age_seconds"),
        (CreateToken { extend_when_used: true, ..plain() }, "extend_when_used"),
    ] {
        let error = tokens::create(&ctx, &input).await.err().unwrap();
        assert_eq!(error.field(), Some(field), "{error}");
    }
    let edit = EditToken { description: "x".into(), ip_ranges: "x".into(), generation: 0 };
    assert_eq!(tokens::edit(&ctx, token, &edit).await.unwrap_err().field(), Some("ip_ranges"));
    assert_eq!(tokens::rotate(&ctx, token, "x").await.err().unwrap().field(), Some("overlap_hours"));
    assert_eq!(tokens::list(&ctx, "x", None).await.unwrap_err().field(), Some("unused_days"));
    assert_eq!(tokens::list(&ctx, "", Some("x")).await.unwrap_err().field(), Some("after"));
    assert_eq!(tokens::revoke_many(&ctx, "-1").await.unwrap_err().field(), Some("unused_days"));
    assert!(world.dump().await == before, "nothing was changed, and nothing is on record");
}

#[tokio::test]
async fn whoever_shuts_themselves_out_is_warned() {
    let world = World::new().await;
    let ranges = |ranges: &str| CreateToken { ip_ranges: ranges.into(), ..plain() };
    let token = made(&world, &ranges("10.0.0.0/8")).await;
    assert!(token.warning.unwrap().contains(HOME));
    assert_eq!(made(&world, &ranges("10.0.0.0/8, 203.0.113.9")).await.warning, None);
    let edit = |ranges: &str, generation| EditToken {
        description: "Laptop".into(),
        ip_ranges: ranges.into(),
        generation,
    };
    let row = tokens::edit(&world.ctx(), token.row.id, &edit("203.0.113.0/24", 0)).await.unwrap();
    assert_eq!(tokens::warnings(&world.ctx(), &row), [""; 0]);
    let row = tokens::edit(&world.ctx(), token.row.id, &edit("203.0.112.0/24", 1)).await.unwrap();
    assert!(tokens::warnings(&world.ctx(), &row)[0].contains(HOME));
    // It is used from somewhere else: that counts, too.
    let used = TokenRow { last_address: Some("203.0.112.1".into()), ..row.clone() };
    assert_eq!(tokens::warnings(&world.ctx(), &used).len(), 1);
    let used = TokenRow { last_address: Some("198.51.100.1".into()), ..row };
    let warnings = tokens::warnings(&world.ctx(), &used);
    assert!(warnings.len() == 2 && warnings[1].contains("198.51.100.1"), "{warnings:?}");
    let next = keep(&world, tokens::rotate(&world.ctx(), token.row.id, "").await.unwrap());
    assert!(next.warning.unwrap().contains(HOME));
}

#[tokio::test]
async fn an_edit_is_of_what_was_seen() {
    let world = World::new().await;
    let id = made(&world, &plain()).await.row.id;
    let edit = |description: &str, generation| EditToken {
        description: description.into(),
        ip_ranges: String::new(),
        generation,
    };
    let row = tokens::edit(&world.ctx(), id, &edit("first", 0)).await.unwrap();
    assert_eq!((row.description.as_str(), row.generation), ("first", 1));
    let late = tokens::edit(&world.ctx(), id, &edit("second", 0)).await;
    let Err(Error::Conflict { reason }) = late else { panic!("{late:?}") };
    assert!(reason.contains("“first”") && reason.contains("“second”"), "{reason}");
    // The same again is no change and no event.
    assert_eq!(tokens::edit(&world.ctx(), id, &edit("first", 1)).await, Ok(row));
    assert_eq!(world.count_events("token.changed").await, 1);
    let event = world.last_event(world.organization, "token.changed").await;
    assert!(event.before.unwrap().contains("Laptop") && event.after.unwrap().contains("first"));
}

#[tokio::test]
async fn two_are_good_while_one_takes_the_others_place() {
    let world = World::new().await;
    let input = CreateToken {
        scopes: vec!["read_only".into()],
        ip_ranges: "203.0.113.0/24".into(),
        max_age_seconds: (30 * 24 * 3600).to_string(),
        extend_when_used: true,
        ..plain()
    };
    let old = made(&world, &input).await;
    let new = keep(&world, tokens::rotate(&world.ctx(), old.row.id, "2").await.unwrap());
    assert_ne!(new.token.expose(), old.token.expose());
    let same = |token: &MadeToken| {
        let row = token.row.clone();
        (row.description, row.scopes, row.ip_ranges, row.max_age_seconds, row.extend_when_used, row.kind)
    };
    assert_eq!(same(&new), same(&old));
    assert_eq!((new.row.expires_at, new.row.replaced_by), (Some(world.now().plus(30 * DAY)), None));
    let page = tokens::list(&world.ctx(), "", None).await.unwrap();
    let replaced = page.rows.iter().find(|row| row.id == old.row.id).unwrap();
    assert_eq!(
        (replaced.replaced_by, replaced.expires_at),
        (Some(new.row.id), Some(world.now().plus(2 * HOUR)))
    );
    let event = world.last_event(world.organization, "token.rotated").await;
    assert_eq!(event.subject_id, Some(old.row.id.uuid()));
    assert!(
        event.before.unwrap().contains(&old.row.prefix) && event.after.unwrap().contains(&new.row.prefix)
    );
    let again = tokens::rotate(&world.ctx(), old.row.id, "").await.err().unwrap();
    assert!(matches!(&again, Error::Conflict { reason } if reason.contains("already")), "{again:?}");

    // Both are good, and no use has the old one last longer.
    for _ in 0..3 {
        present(&world, &old.token, HOME).await.unwrap();
        present(&world, &new.token, HOME).await.unwrap();
        world.clock.advance(30 * MINUTE);
    }
    world.clock.advance(30 * MINUTE);
    assert!(turned_away(&world, &old.token, HOME).await.contains("another one has taken its place"));
    present(&world, &new.token, HOME).await.unwrap();
    let expired = made(&world, &CreateToken { max_age_seconds: "600".into(), ..plain() }).await;
    world.clock.advance(10 * MINUTE);
    let error = tokens::rotate(&world.ctx(), expired.row.id, "").await.err().unwrap();
    assert!(matches!(&error, Error::Conflict { reason } if reason.contains("expired")), "{error:?}");
    // Without an overlap the old one ends at once.
    keep(&world, tokens::rotate(&world.ctx(), new.row.id, "0").await.unwrap());
    turned_away(&world, &new.token, HOME).await;
    check_world(&world).await;
}

/// Long after its end nobody needs to be told what became of it.
#[tokio::test]
async fn what_ended_long_ago_is_taken_away() {
    let world = World::new().await;
    let short = CreateToken { max_age_seconds: "600".into(), ..plain() };
    let (expired, lasting) = (made(&world, &short).await, made(&world, &plain()).await);
    let replaced = made(&world, &plain()).await;
    keep(&world, tokens::rotate(&world.ctx(), replaced.row.id, "1").await.unwrap());
    let events = world.event_types().await;
    let tidied = async || control::testing::tidy(&world.control).await.unwrap().tokens;
    world.clock.advance(90 * DAY + 10 * MINUTE - Duration::from_micros(1));
    assert_eq!(tidied().await, 0);
    assert!(turned_away(&world, &expired.token, HOME).await.contains("expired"));
    world.clock.advance(Duration::from_micros(1));
    assert_eq!(tidied().await, 1);
    assert!(turned_away(&world, &expired.token, HOME).await.contains("never was one"));
    world.clock.advance(HOUR);
    assert_eq!(tidied().await, 1);
    assert_eq!(tokens::view(&world.ctx(), replaced.row.id).await, Err(Error::NotFound));
    present(&world, &lasting.token, HOME).await.unwrap();
    assert_eq!(tidied().await, 0);
    let refusals = world.count_events("token.refused").await;
    assert_eq!(world.event_types().await.len(), events.len() + refusals, "and none of this is an event");
}

#[tokio::test]
async fn what_is_unused_is_found_and_ended() {
    let world = World::new().await;
    let old = made(&world, &plain()).await;
    world.clock.advance(MINUTE);
    let used = made(&world, &plain()).await;
    world.clock.advance(8 * DAY);
    present(&world, &used.token, HOME).await.unwrap();
    let new = made(&world, &plain()).await;
    let ids = async |days: &str| {
        let page = tokens::list(&world.ctx(), days, None).await.unwrap();
        assert_eq!(page.total, i64::try_from(page.rows.len()).unwrap());
        page.rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, [new.row.id, used.row.id, old.row.id]);
    assert_eq!(ids("7").await, [old.row.id]);
    assert_eq!(ids("9").await, []);
    assert_eq!(tokens::revoke_many(&world.ctx(), "9").await, Ok(0));
    assert_eq!(tokens::revoke_many(&world.ctx(), "7").await, Ok(1));
    let event = world.last_event(world.organization, "token.revoked").await;
    assert_eq!((event.subject_kind, event.subject_id), (Some(SubjectKind::User), Some(world.user.uuid())));
    assert!(event.before.unwrap().contains(&old.row.prefix));
    assert_eq!(tokens::revoke_many(&world.ctx(), "").await, Ok(2));
    assert_eq!(world.count_events("token.revoked").await, 2, "the one of nothing is none");
    for token in [&old, &used, &new] {
        assert!(turned_away(&world, &token.token, HOME).await.contains("revoked"));
    }
}

#[tokio::test]
async fn those_that_were_chosen_end_and_the_rest_stays() {
    let world = World::new().await;
    let [a, b, c] =
        [made(&world, &plain()).await, made(&world, &plain()).await, made(&world, &plain()).await];
    let ids = [a.row.id, b.row.id, c.row.id];
    let bob = world.ctx_of(world.add_user("bob@example.org", Some(true), true).await);
    let of_bob = keep(&world, tokens::create(&bob, &plain()).await.unwrap()).row.id;
    let before = world.dump().await;
    for (chosen, status) in [(vec![], 422), (vec![of_bob], 404), (vec![ids[0]; 201], 422)] {
        assert_eq!(tokens::revoke_chosen(&world.ctx(), &chosen).await.unwrap_err().status(), status);
    }
    assert!(world.dump().await == before, "nothing was ended, and nothing is on record");
    // Twice the same one is one; what is not one's own is passed over like what is gone.
    assert_eq!(tokens::revoke_chosen(&world.ctx(), &[ids[0], ids[2], ids[0], of_bob]).await, Ok(2));
    assert_eq!(tokens::view(&world.ctx(), ids[1]).await.unwrap().id, ids[1]);
    for gone in [ids[0], of_bob] {
        assert_eq!(tokens::view(&world.ctx(), gone).await, Err(Error::NotFound));
    }
    assert_eq!(tokens::view(&bob, of_bob).await.unwrap().id, of_bob);
    let event = world.last_event(world.organization, "token.revoked").await;
    assert_eq!((event.subject_id, event.text.as_str()), (Some(world.user.uuid()), "Revoked 2 tokens"));
    check_world(&world).await;
}

#[tokio::test]
async fn a_form_that_is_sent_again_makes_no_second_token() {
    let world = World::new().await;
    let form = CreateToken { once: world.uuid().to_string(), ..plain() };
    let first = made(&world, &form).await;
    let again = tokens::create(&world.ctx(), &form).await.err().unwrap();
    let Error::Conflict { reason } = &again else { panic!("{again:?}") };
    assert!(reason.contains(&first.row.prefix) && reason.contains("kept nowhere"), "{reason}");
    assert_eq!(tokens::list(&world.ctx(), "", None).await.unwrap().total, 1);
    // Whoever else sends the same names a token of their own.
    let bob = world.ctx_of(world.add_user("bob@example.org", Some(true), true).await);
    assert_ne!(keep(&world, tokens::create(&bob, &form).await.unwrap()).row.id, first.row.id);
    assert_eq!(world.count_events("token.created").await, 2);
}

#[tokio::test]
async fn pages_and_the_most_there_can_be() {
    let world = World::new().await;
    let short = CreateToken { max_age_seconds: "600".into(), ..plain() };
    made(&world, &short).await;
    for _ in 1..tokens::TOKENS_MAX {
        tokens::create(&world.ctx(), &plain()).await.unwrap();
    }
    let error = tokens::create(&world.ctx(), &plain()).await.err().unwrap();
    assert!(matches!(&error, Error::Conflict { reason } if reason.contains("100 tokens")), "{error:?}");
    let first = tokens::list(&world.ctx(), "", None).await.unwrap();
    assert_eq!((first.rows.len(), first.total), (PAGE_ROWS_MAX as usize, 100));
    let second = tokens::list(&world.ctx(), "", first.next.as_deref()).await.unwrap();
    assert_eq!((second.rows.len(), second.next.as_ref()), (PAGE_ROWS_MAX as usize, None));
    assert!(first.rows.iter().all(|row| !second.rows.contains(row)));
    // In place of another there is always room, but not next to it.
    let id = first.rows[0].id;
    assert_eq!(tokens::rotate(&world.ctx(), id, "1").await.err().unwrap().status(), 409);
    assert_eq!(stored(&world, id).await.replaced_by, None);
    tokens::rotate(&world.ctx(), id, "0").await.unwrap();
    // Those that have ended do not count.
    world.clock.advance(10 * MINUTE);
    tokens::create(&world.ctx(), &plain()).await.unwrap();
    assert_eq!(tokens::create(&world.ctx(), &plain()).await.err().unwrap().status(), 409);
    // Another person has a hundred of their own.
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    tokens::create(&world.ctx_of(bob), &plain()).await.unwrap();
    assert_eq!(tokens::revoke_many(&world.ctx(), "").await, Ok(102));
    assert_eq!(tokens::list(&world.ctx_of(bob), "", None).await.unwrap().total, 1);
}

#[tokio::test]
async fn only_ones_own_are_there() {
    let world = World::new().await;
    let id = made(&world, &plain()).await.row.id;
    let bob = world.ctx_of(world.add_user("bob@example.org", Some(true), true).await);
    let gone = world.ctx_of(world.add_user("gone@example.org", Some(true), false).await);
    let removed = world.ctx_of(UserId::from_uuid(world.uuid()));
    let (_, program) = program(&world, &[], &plain()).await;
    let edit = EditToken { description: "x".into(), ..EditToken::default() };
    let before = world.dump().await;
    for id in [id, program.row.id, TokenId::from_uuid(world.uuid())] {
        assert_eq!(tokens::edit(&bob, id, &edit).await, Err(Error::NotFound));
        assert_eq!(tokens::rotate(&bob, id, "").await.err(), Some(Error::NotFound));
        assert_eq!(tokens::revoke(&bob, id).await, Err(Error::NotFound));
        assert_eq!(tokens::revoke_chosen(&bob, &[id]).await, Err(Error::NotFound));
        assert_eq!(tokens::view(&bob, id).await, Err(Error::NotFound));
    }
    assert_eq!(tokens::list(&bob, "", None).await.unwrap().total, 0);
    assert_eq!(tokens::revoke_many(&bob, "").await, Ok(0));
    for ctx in [gone, removed, world.nobody()] {
        for answer in [
            tokens::list(&ctx, "", None).await.map(drop),
            tokens::create(&ctx, &plain()).await.map(drop),
            tokens::edit(&ctx, id, &edit).await.map(drop),
            tokens::rotate(&ctx, id, "").await.map(drop),
            tokens::revoke(&ctx, id).await,
            tokens::view(&ctx, id).await.map(drop),
            tokens::revoke_chosen(&ctx, &[id]).await.map(drop),
            tokens::revoke_many(&ctx, "").await.map(drop),
        ] {
            assert_eq!(answer.unwrap_err().status(), 401);
        }
    }
    assert!(world.dump().await == before, "nothing was changed, and nothing is on record");
}

/// What is no token is told before anybody asks the database: it answers when there is none.
#[tokio::test]
async fn a_typing_mistake_is_told_without_the_database() {
    let world = World::new().await;
    let token = made(&world, &plain()).await.token;
    world.store.close().await;
    let text = token.expose();
    let last = if text.ends_with('0') { "1" } else { "0" };
    let mistyped = Secret::new(format!("{}{last}", &text[..text.len() - 1]));
    let reason = turned_away(&world, &mistyped, HOME).await;
    assert_eq!(reason, "The token has a typing mistake: its checksum does not fit.");
    for other in ["", "rdp_", "hunter2", &text[1..], &format!("{text}0")] {
        let reason = turned_away(&world, &Secret::new(other.to_owned()), HOME).await;
        assert_eq!(reason, "This is no Redoubt token.", "{other}");
    }
    assert_eq!(present(&world, &token, HOME).await.err().unwrap().status(), 503);
}

/// A token acts as its owner, and what it does says so.
#[tokio::test]
async fn what_a_token_does_is_on_record_as_that() {
    let world = World::new().await;
    let token = made(&world, &plain()).await;
    let ctx = present(&world, &token.token, HOME).await.unwrap();
    assert!(ctx.is_signed_in() && ctx.session().is_none());
    projects::rename(&ctx, PROJECT, "store").await.unwrap();
    let event = world.last_event(world.organization, "project.renamed").await;
    assert_eq!((event.actor.as_str(), event.user_id), ("ann@example.org", Some(world.user)));
    assert_eq!((event.credential.as_deref(), event.session_id), (Some("personal token"), None));
    assert_eq!((event.token_id, event.address.as_deref()), (Some(token.row.id), Some(HOME)));

    let (user, token) = program(&world, &["organization:projects:write"], &plain()).await;
    let ctx = present(&world, &token.token, HOME).await.unwrap();
    projects::rename(&ctx, "store", PROJECT).await.unwrap();
    let event = world.last_event(world.organization, "project.renamed").await;
    assert_eq!((event.actor.as_str(), event.user_id), ("deployer (application user)", Some(user)));
    assert_eq!(
        (event.credential.as_deref(), event.token_id),
        (Some("application token"), Some(token.row.id))
    );
    check_world(&world).await;
}

#[tokio::test]
async fn a_use_is_written_down_once_a_minute_and_when_the_address_changes() {
    let world = World::new().await;
    let token = made(&world, &plain()).await;
    let id = token.row.id;
    let used = async || {
        let token = stored(&world, id).await;
        (token.last_used_at, token.last_address, token.last_agent)
    };
    let at = |address: &str, at| (Some(at), Some(address.to_owned()), Some("tests".to_owned()));
    assert_eq!(used().await, (None, None, None));
    let first = world.now();
    let events = world.event_types().await;
    present(&world, &token.token, HOME).await.unwrap();
    assert_eq!(used().await, at(HOME, first));
    let mut tx = world.store.read().await.unwrap();
    let user = store::users::find(&mut tx, world.user).await.unwrap().unwrap();
    assert_eq!(user.last_activity_at, Some(first));
    drop(tx);
    world.clock.advance(MINUTE - Duration::from_micros(1));
    present(&world, &token.token, &format!("::ffff:{HOME}")).await.unwrap();
    assert_eq!(used().await, at(HOME, first), "the same address, and the minute is not over");
    present(&world, &token.token, "192.0.2.1").await.unwrap();
    let second = world.now();
    assert_eq!(used().await, at("192.0.2.1", second));
    world.clock.advance(MINUTE);
    present(&world, &token.token, "192.0.2.1").await.unwrap();
    assert_eq!(used().await, at("192.0.2.1", world.now()));
    assert_eq!(world.event_types().await, events, "a use is no event");
    assert_eq!(tokens::list(&world.ctx(), "", None).await.unwrap().rows[0].generation, 0);
}

#[tokio::test]
async fn each_use_moves_the_end_if_it_is_to() {
    let world = World::new().await;
    let input = CreateToken { max_age_seconds: "3600".into(), extend_when_used: true, ..plain() };
    let token = made(&world, &input).await;
    for _ in 0..5 {
        world.clock.advance(50 * MINUTE);
        present(&world, &token.token, HOME).await.unwrap();
        assert_eq!(stored(&world, token.row.id).await.expires_at, Some(world.now().plus(HOUR)));
    }
    world.clock.advance(HOUR);
    assert!(turned_away(&world, &token.token, HOME).await.contains("expired"));
    let fixed = made(&world, &CreateToken { extend_when_used: false, ..input }).await;
    world.clock.advance(50 * MINUTE);
    present(&world, &fixed.token, HOME).await.unwrap();
    assert_eq!(stored(&world, fixed.row.id).await.expires_at, fixed.row.expires_at);
}

/// Many requests at the same moment are one use, and a token that is ended meanwhile is not brought back.
async fn at_once(world: World) {
    let token = made(&world, &plain()).await;
    let one = async || present(&world, &token.token, HOME).await.map(drop);
    let answers = tokio::join!(one(), one(), one(), one(), one(), one());
    assert_eq!(answers, (Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), Ok(())));
    assert_eq!(stored(&world, token.row.id).await.last_used_at, Some(world.now()));
    let rotate = async || tokens::rotate(&world.ctx(), token.row.id, "1").await.map(|made| made.row.id);
    let answers = tokio::join!(rotate(), rotate(), rotate(), rotate());
    let answers = [answers.0, answers.1, answers.2, answers.3];
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    assert_eq!(world.count_events("token.rotated").await, 1);
    world.clock.advance(2 * MINUTE);
    let revoke = async || tokens::revoke(&world.ctx(), token.row.id).await;
    let answers = tokio::join!(revoke(), one(), revoke(), one(), revoke());
    let revoked = [answers.0, answers.2, answers.4];
    assert_eq!(revoked.iter().filter(|answer| answer.is_ok()).count(), 1, "{revoked:?}");
    assert_eq!(world.count_events("token.revoked").await, 1);
    assert!(turned_away(&world, &token.token, HOME).await.contains("revoked"));
    let short = CreateToken { max_age_seconds: "600".into(), ..plain() };
    let mut expired = Vec::new();
    for _ in 0..5 {
        expired.push(made(&world, &short).await);
    }
    world.clock.advance(10 * MINUTE);
    let refuse = async |index: usize| {
        let token: &MadeToken = &expired[index];
        assert!(turned_away(&world, &token.token, HOME).await.contains("expired"));
    };
    tokio::join!(refuse(0), refuse(1), refuse(2), refuse(3), refuse(4), refuse(0), refuse(1), refuse(2));
    assert_eq!(world.count_events("token.refused").await, expired.len());
    check_world(&world).await;
}

#[tokio::test]
async fn what_happens_at_once_happens_once_on_sqlite() {
    at_once(World::new().await).await;
}

#[tokio::test]
async fn what_happens_at_once_happens_once_on_postgres() {
    at_once(World::postgres().await).await;
}

/// The examples that are published are tokens in form, and nobody's.
#[tokio::test]
async fn the_published_examples_are_well_formed() {
    let world = World::new().await;
    let text = include_str!("../../../../../docs/tokens.md");
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let examples: Vec<_> = words.filter(|word| word.len() == 53).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        let reason = turned_away(&world, &Secret::new(example.to_owned()), HOME).await;
        assert_eq!(reason, "This token was revoked, or never was one.");
    }
}
