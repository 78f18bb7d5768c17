//! How many invitations are mailed: to one address, and by one organization.

use std::time::Duration;

use control::{Context, invitations};
use domain::{errors::Error, ids::OrganizationId, sign_ins::Proof};

use super::{BOB, DAY, form, invite, open, reasons};
use crate::{check::check_world, world::World};

fn limited<T: std::fmt::Debug>(answer: Result<T, Error>, part: &str) -> (Option<String>, Duration) {
    let Err(Error::Limited { field, reason, retry_after_seconds }) = answer else { panic!("{answer:?}") };
    assert!(reason.contains(part), "{reason}");
    (field, Duration::from_secs(retry_after_seconds))
}

/// Another organization, and who invites there.
async fn elsewhere(world: &World) -> (OrganizationId, Context) {
    let ctx = world.ctx_of(world.add_user("sam@example.com", None, true).await);
    (control::organizations::create(&ctx, "Other").await.unwrap().id, ctx)
}

/// Taken back and invited anew, sent again, by another organization: it all arrives at the same address.
#[tokio::test]
async fn nobody_is_mailed_too_often() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let (other, theirs) = elsewhere(&world).await;
    for _ in 0..2 {
        invite(&ctx, &world, &form(BOB)).await;
        invitations::withdraw(&ctx, organization, open(&world).await[0].id).await.unwrap();
    }
    let lines = invitations::invite(&theirs, other, &form("BOB@example.org")).await.unwrap();
    assert_eq!(reasons(&lines), [(1, "")]);
    invite(&ctx, &world, &form(BOB)).await;
    let id = open(&world).await[0].id;
    invitations::resend(&ctx, organization, id).await.unwrap();
    // That is five. The others of the list are invited all the same.
    let (before, denied) = (mailed(&world, BOB).await, world.count_events("action.denied").await);
    let (field, wait) =
        limited(invitations::resend(&ctx, organization, id).await, "At most 5 invitations an hour");
    assert_eq!((field, wait), (None, Duration::from_secs(3601)));
    assert_eq!(world.count_events("action.denied").await, denied + 1, "on record");
    invitations::withdraw(&ctx, organization, id).await.unwrap();
    let lines =
        invitations::invite(&ctx, organization, &form("eve@example.org\nbob@example.org")).await.unwrap();
    let waits: Vec<_> = lines.iter().map(|line| line.retry_after_seconds).collect();
    assert_eq!(waits, [None, Some(3601)]);
    assert_eq!(world.count_events("action.denied").await, denied + 2, "on record, too");
    let reason = lines[1].reason.as_deref().unwrap();
    assert!(reason.contains("bob@example.org") && reason.ends_with("Try again in 61 minutes."), "{reason}");
    assert_eq!(mailed(&world, BOB).await, before, "and no further mail");
    world.clock.advance(wait);
    // Up to twenty in a day.
    for round in 1..=3 {
        invite(&ctx, &world, &form(BOB)).await;
        let id = open(&world).await[0].id;
        for _ in 0..4 {
            invitations::resend(&ctx, organization, id).await.unwrap();
        }
        let hour = if round < 3 { 3601 } else { 24 * 3600 - 3 * 3601 + 1 };
        let (_, wait) = limited(invitations::resend(&ctx, organization, id).await, "20 a day");
        assert_eq!(wait, Duration::from_secs(hour), "{round}");
        invitations::withdraw(&ctx, organization, id).await.unwrap();
        world.clock.advance(Duration::from_secs(3601));
    }
    let lines = invitations::invite(&ctx, organization, &form(BOB)).await.unwrap();
    assert_eq!(lines[0].retry_after_seconds, Some(24 * 3600 - 4 * 3601 + 1));
    world.clock.advance(Duration::from_secs(24 * 3600 - 4 * 3601 + 1));
    invite(&ctx, &world, &form(BOB)).await;
    check_world(&world).await;
}

/// What an organization had mailed counts when it is gone, too.
#[tokio::test]
async fn who_deletes_organizations_mails_nobody_more_often() {
    let world = World::new().await;
    let sam = world.add_user("sam@example.com", None, true).await;
    let mut denied = 0;
    for round in 0..7 {
        let sam = world.signed_in(sam, Proof::PASSWORD, "203.0.113.9").await;
        let other = control::organizations::create(&sam, "Other").await.unwrap().id;
        let lines = invitations::invite(&sam, other, &form(BOB)).await.unwrap();
        if let Some(wait) = lines[0].retry_after_seconds {
            assert!(round == 5 && wait <= 3600, "{round}: {wait}");
            assert!(lines[0].reason.as_deref().unwrap().contains("5 invitations an hour"));
            denied += 1;
        }
        control::organizations::delete(&sam, other, "Other").await.unwrap();
        world.clock.advance(Duration::from_secs(lines[0].retry_after_seconds.unwrap_or(0)));
    }
    assert_eq!(denied, 1);
    check_world(&world).await;
}

/// How many mails went to that address, of all organizations.
async fn mailed(world: &World, email: &str) -> usize {
    world.dump().await["mails"].iter().filter(|row| row.contains(email)).count()
}

#[tokio::test]
async fn an_organization_mails_so_many_a_day() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let emails = |from: usize, count: usize| -> String {
        (from..from + count).map(|number| format!("m-{number}@example.org\n")).collect()
    };
    let most = invitations::MAILS_OF_ORGANIZATION_PER_DAY as usize;
    for from in (0..most - 1).step_by(invitations::INVITED_MAX) {
        let count = invitations::INVITED_MAX.min(most - 1 - from);
        invite(&ctx, &world, &form(&emails(from, count))).await;
        world.clock.advance(Duration::from_secs(3600));
    }
    // One more has room, and two have not: then neither is invited, and nothing is lost.
    let before = world.dump().await;
    let (field, _) =
        limited(invitations::invite(&ctx, organization, &form("a@x.org\nb@x.org")).await, "2 more");
    assert_eq!(field.as_deref(), Some("emails"));
    assert!(world.dump().await["invitations"] == before["invitations"]);
    assert!(world.dump().await["mails"] == before["mails"]);
    invite(&ctx, &world, &form("a@x.org")).await;
    let id = open(&world).await[0].id;
    let (_, wait) = limited(invitations::resend(&ctx, organization, id).await, "1 more would be too many");
    let passed =
        Duration::from_secs(3600) * u32::try_from((most - 1).div_ceil(invitations::INVITED_MAX)).unwrap();
    assert_eq!(wait, DAY - passed + Duration::from_secs(1));
    // Each organization has its own.
    let (other, theirs) = elsewhere(&world).await;
    let lines = invitations::invite(&theirs, other, &form("a@x.org")).await.unwrap();
    assert_eq!(reasons(&lines), [(1, "")]);
    world.clock.advance(wait);
    invitations::resend(&ctx, organization, id).await.unwrap();
}
