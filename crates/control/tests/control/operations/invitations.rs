//! Invitations: row by row, with what comes with them, accepted once by the right address, and what the inviter can no
//! longer give left out.

mod limits;

use std::time::Duration;

use control::{Context, groups, invitations, mails, projects, sessions, users};
use domain::{
    errors::Error,
    ids::{GroupId, InvitationId, UserId},
    inputs::{GrantPermission, InviteUsers, JoinByInvitation, SignIn},
    permissions::{Granted, Role},
    principals::SubjectKind,
    secrets::Secret,
    states::Outcome,
    views::{InvitationRow, InvitedLine, PAGE_ROWS_MAX},
};

use crate::{
    check::check_world,
    statements::counted,
    world::{PROJECT, World},
};

const WRITE: &str = "organization:users:write";
const BOB: &str = "bob@example.org";
const BOBS_PASSWORD: &str = "copper lantern 4 quiet harbour";
const DAY: Duration = Duration::from_secs(24 * 3600);

fn form(emails: &str) -> InviteUsers {
    InviteUsers { emails: emails.into(), ..InviteUsers::default() }
}

fn reasons(lines: &[InvitedLine]) -> Vec<(u32, &str)> {
    lines.iter().map(|line| (line.line, line.reason.as_deref().unwrap_or(""))).collect()
}

async fn invite(ctx: &Context, world: &World, input: &InviteUsers) {
    let lines = invitations::invite(ctx, world.organization, input).await.unwrap();
    assert!(lines.iter().all(|line| line.reason.is_none()), "{lines:?}");
}

async fn open(world: &World) -> Vec<InvitationRow> {
    invitations::list(&world.ctx(), world.organization, "", None).await.unwrap().rows
}

/// The token in the newest mail to that address, as its recipient reads it.
async fn token(world: &World, email: &str) -> Secret {
    let listed = mails::list(&world.ctx(), world.organization, "", None).await.unwrap().rows;
    let row = listed.iter().find(|row| row.recipient == email).unwrap();
    let body = mails::view(&world.ctx(), world.organization, row.id).await.unwrap().body.unwrap();
    let (_, rest) = body.expose().split_once("http://localhost:8080/invitations/").unwrap();
    let token = rest.split_whitespace().next().unwrap().to_owned();
    world.secrets.lock().unwrap().push(token.clone());
    Secret::new(token)
}

fn join_form(token: &Secret) -> JoinByInvitation {
    JoinByInvitation { token: token.clone(), name: "Bob".into(), password: Secret::new(BOBS_PASSWORD.into()) }
}

fn conflict<T>(answer: Result<T, Error>, part: &str) {
    match answer {
        Err(Error::Conflict { reason }) => assert!(reason.contains(part), "{reason}"),
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it was done"),
    }
}

async fn group(world: &World, name: &str) -> GroupId {
    groups::create(&world.ctx(), world.organization, name, "").await.unwrap().row.id
}

async fn member(world: &World, email: &str, granted: &[&str]) -> UserId {
    let user = world.add_user(email, Some(false), true).await;
    for granted in granted {
        world.grant(user, granted, None).await;
    }
    user
}

#[tokio::test]
async fn somebody_new_joins_with_what_comes_with_it() {
    let world = World::new().await;
    let organization = world.organization;
    world.secrets.lock().unwrap().push(BOBS_PASSWORD.into());
    let operators = group(&world, "Operators").await;
    let input = InviteUsers {
        groups: vec![operators.to_string()],
        granted: vec!["developer".into(), " developer ".into(), String::new()],
        resource: format!("project:{PROJECT}"),
        ..form(" Bob@Example.ORG ")
    };
    invite(&world.ctx(), &world, &input).await;
    let row = open(&world).await.remove(0);
    assert_eq!(
        (row.email.as_str(), row.invited_by.as_str(), row.is_expired),
        (BOB, "ann@example.org", false)
    );
    assert_eq!(row.expires_at, world.now().plus(7 * DAY));
    assert_eq!(row.attached.groups[0].name, "Operators");
    assert_eq!(row.attached.grants.len(), 1);
    let (granted, resource) = (row.attached.grants[0].granted, &row.attached.grants[0].resource);
    assert_eq!((granted, resource.name.as_str()), (Granted::Role(Role::Developer), PROJECT));
    let event = world.last_event(organization, "user.invited").await;
    assert_eq!((event.subject_kind, event.subject_id), (Some(SubjectKind::Invitation), Some(row.id.uuid())));
    let after: serde_json::Value = serde_json::from_str(&event.after.unwrap()).unwrap();
    assert_eq!(after["groups"][0], "Operators");
    assert_eq!(after["granted"][0], "developer on the project shop");

    let token = token(&world, BOB).await;
    let view = invitations::view(&world.nobody(), &token).await.unwrap();
    assert_eq!((view.organization_name.as_str(), view.email.as_str()), ("Acme", BOB));
    assert_eq!((view.has_account, view.signed_in_as), (false, None));
    let joined = invitations::join(&world.nobody(), join_form(&token)).await.unwrap();
    assert_eq!(joined.organization, organization);
    let bob = joined.signed_in.user;
    world.add_session(bob).await;
    let project = projects::view(&world.ctx_of(bob), PROJECT).await.unwrap();
    assert_eq!(project.powers.granted, [Granted::Role(Role::Developer)]);
    let found = groups::members(&world.ctx(), organization, operators, "", None).await.unwrap();
    assert_eq!(found.rows[0].user_id, bob);
    let event = world.last_event(organization, "user.joined").await;
    assert_eq!((event.actor.as_str(), event.user_id), (BOB, Some(bob)));
    assert_eq!(event.credential.as_deref(), Some("invitation link"));
    let after = r#"{"email":"bob@example.org","granted":["developer on the project shop"],"groups":["Operators"],"invited_by":"ann@example.org","left_out":[]}"#;
    assert_eq!(event.after.as_deref(), Some(after));
    // They come back with their password, and the link with nothing.
    let sign_in = SignIn { email: BOB.into(), password: Secret::new(BOBS_PASSWORD.into()) };
    assert_eq!(crate::world::done(sessions::sign_in(&world.nobody(), sign_in).await.unwrap()).user, bob);
    conflict(invitations::view(&world.nobody(), &token).await, "accepted already");
    conflict(invitations::join(&world.nobody(), join_form(&token)).await, "accepted already");
    conflict(invitations::accept(&world.ctx_of(bob), &token).await, "accepted already");
    conflict(invitations::decline(&world.nobody(), &token).await, "accepted already");
    assert_eq!(open(&world).await, []);
    check_world(&world).await;
}

#[tokio::test]
async fn what_is_wrong_with_joining_is_told_on_its_field() {
    let world = World::new().await;
    invite(&world.ctx(), &world, &form(BOB)).await;
    let token = token(&world, BOB).await;
    let before = world.dump().await;
    let with = |name: &str, password: &str| JoinByInvitation {
        token: token.clone(),
        name: name.into(),
        password: Secret::new(password.into()),
    };
    for (input, field) in [
        (with(" ", "short"), "name"),
        (with("Bob", "short"), "password"),
        (with("Bob", "bob@example.org of Acme"), "password"),
    ] {
        let error = invitations::join(&world.nobody(), input).await.err().unwrap();
        assert_eq!(error.field(), Some(field), "{error}");
    }
    let unknown = Secret::new("x".repeat(43));
    conflict(invitations::join(&world.nobody(), join_form(&unknown)).await, "no invitation of this link");
    conflict(invitations::view(&world.nobody(), &unknown).await, "no invitation of this link");
    assert!(world.dump().await == before, "nothing was changed, and nothing is on record");
}

#[tokio::test]
async fn each_line_is_looked_at_by_itself() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let cat = member(&world, "cat@example.org", &[]).await;
    users::deactivate(&ctx, organization, cat).await.unwrap();
    invite(&ctx, &world, &form("old@example.org")).await;
    let emails = "Ann@example.org\nnobody\n\nOLD@example.org\ncat@example.org\nnew@example.org\nx@y.invalid\nNEW@example.org";
    let lines = invitations::invite(&ctx, organization, &form(emails)).await.unwrap();
    assert_eq!(
        reasons(&lines),
        [
            (1, "Belongs to the organization already."),
            (2, "Enter an e-mail address like name@example.org."),
            (4, "Is invited already. Send that invitation again instead."),
            (5, "Belongs to the organization and is deactivated. Reactivate them instead."),
            (6, ""),
            (7, "No mail arrives at addresses that end with .invalid."),
            (8, "Is in the list twice: line 6 has it, too."),
        ]
    );
    let invited: std::collections::BTreeSet<_> =
        open(&world).await.into_iter().map(|row| row.email).collect();
    assert!(invited.iter().eq(["new@example.org", "old@example.org"]), "{invited:?}");
    assert_eq!(world.count_events("user.invited").await, 2);
    // Nobody at all is no event.
    let lines = invitations::invite(&ctx, organization, &form("ann@example.org")).await.unwrap();
    assert_eq!(lines[0].reason.as_deref(), Some("Belongs to the organization already."));
    assert_eq!(world.count_events("user.invited").await, 2);
    check_world(&world).await;
}

#[tokio::test]
async fn a_list_says_what_comes_with_each() {
    let world = World::new().await;
    let (operators, readers) = (group(&world, "Operators").await, group(&world, "Readers, old").await);
    let csv = "email,groups,granted\na@x.org,\"Operators;Readers, old\",developer\nb@x.org,Nobody,\nc@x.org,,owner\nd@x.org,,organization:billing:read\ne@x.org,Operators,developer,surplus\n";
    let input = InviteUsers {
        groups: vec![readers.to_string()],
        granted: vec!["read_only".into()],
        resource: format!("project:{PROJECT}"),
        ..form(csv)
    };
    let lines = invitations::invite(&world.ctx(), world.organization, &input).await.unwrap();
    let told = reasons(&lines);
    assert_eq!(told[0], (2, ""));
    assert_eq!(told[1], (3, "There is no group named Nobody."));
    assert!(told[2].1.contains("no role and no permission"), "{told:?}");
    assert!(told[3].1.contains("give it on the organization"), "{told:?}");
    assert!(told[4].1.contains("more cells than the header"), "{told:?}");
    let row = open(&world).await.remove(0);
    let groups: Vec<_> = row.attached.groups.iter().map(|group| group.id).collect();
    assert_eq!(groups, [readers, operators], "each once");
    let granted: Vec<_> = row.attached.grants.iter().map(|grant| grant.granted.as_str()).collect();
    assert_eq!(granted, ["read_only", "developer"]);
}

#[tokio::test]
async fn what_is_wrong_with_the_form_is_told_on_its_field() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let before = world.dump().await;
    let with = |change: &dyn Fn(&mut InviteUsers)| {
        let mut input = form(BOB);
        change(&mut input);
        input
    };
    for (input, field) in [
        (form(""), "emails"),
        (form(&"a@b.c\n".repeat(invitations::INVITED_MAX + 1)), "emails"),
        (form("email,role\na@b.c,admin"), "emails"),
        (with(&|input| input.groups = vec!["x".into()]), "groups"),
        (with(&|input| input.groups = vec![world.uuid().to_string()]), "groups"),
        (with(&|input| input.granted = vec!["owner".into()]), "granted"),
        (with(&|input| input.resource = "service:x".into()), "resource"),
        (with(&|input| input.days = "0".into()), "days"),
        (with(&|input| input.days = "31".into()), "days"),
    ] {
        let error = invitations::invite(&ctx, organization, &input).await.unwrap_err();
        assert_eq!(error.field(), Some(field), "{error}");
    }
    for resource in ["project:none", &format!("unit:{}", world.uuid())] {
        let input = with(&|input| input.resource = resource.into());
        assert_eq!(invitations::invite(&ctx, organization, &input).await, Err(Error::NotFound));
    }
    assert!(world.dump().await == before, "nothing was changed, and nothing is on record");
    let long = InviteUsers { days: "30".into(), ..form(BOB) };
    invite(&ctx, &world, &long).await;
    assert_eq!(open(&world).await[0].expires_at, world.now().plus(30 * DAY));
}

/// With an invitation nobody gives what they cannot give directly.
#[tokio::test]
async fn an_invitation_raises_nobody() {
    let world = World::new().await;
    let organization = world.organization;
    let (plain, powerful) = (group(&world, "plain").await, group(&world, "powerful").await);
    let given = GrantPermission {
        principal: format!("group:{powerful}"),
        granted: "developer".into(),
        resource: "organization".into(),
        ..GrantPermission::default()
    };
    control::permissions::grant(&world.ctx(), organization, &given).await.unwrap();
    let uma = member(&world, "uma@example.org", &[WRITE]).await;
    let gil = member(&world, "gil@example.org", &[WRITE, "organization:groups:write"]).await;
    let in_groups = |group: GroupId| InviteUsers { groups: vec![group.to_string()], ..form(BOB) };
    let granting = InviteUsers { granted: vec![WRITE.into()], ..form(BOB) };
    let before = world.count_events("action.denied").await;
    for (user, input, part) in [
        (uma, in_groups(plain), "it takes organization:groups:write"),
        (uma, granting, "only who holds all of it and administers"),
        (gil, in_groups(powerful), "which you cannot give"),
    ] {
        let error = invitations::invite(&world.ctx_of(user), organization, &input).await.unwrap_err();
        let Error::Forbidden { reason } = error else { panic!("{error:?}") };
        assert!(reason.contains(part), "{reason}");
    }
    assert_eq!(world.count_events("action.denied").await, before + 3);
    // In a list, line by line.
    let csv = "email,groups,granted\na@x.org,plain,\nb@x.org,powerful,\nc@x.org,,developer\nd@x.org,nobody,";
    let lines = invitations::invite(&world.ctx_of(gil), organization, &form(csv)).await.unwrap();
    assert_eq!(lines[0].reason, None);
    assert!(lines[1].reason.as_deref().unwrap().contains("which you cannot give"), "{lines:?}");
    assert!(lines[2].reason.as_deref().unwrap().contains("only who holds all of it"), "{lines:?}");
    // What a guard refused is on record; a slip of the pen is not.
    assert!(lines[3].reason.is_some(), "{lines:?}");
    assert_eq!(world.count_events("action.denied").await, before + 5);
    let event = world.last_event(organization, "action.denied").await;
    let text =
        "Refused: invitation.create of c@x.org: You cannot give this with an invitation. developer on the";
    assert!(event.text.starts_with(text), "{}", event.text);
    assert_eq!((event.outcome, event.user_id, event.subject_id), (Outcome::Denied, Some(gil), None));
    // Also where nobody is invited.
    let csv = "email,groups\ne@x.org,powerful";
    invitations::invite(&world.ctx_of(gil), organization, &form(csv)).await.unwrap();
    assert_eq!(world.count_events("action.denied").await, before + 6);
    // Without anything, whoever may invite may.
    invite(&world.ctx_of(uma), &world, &form(BOB)).await;
    // Who does not know of a project cannot tell it from one that is not there.
    let unseen = InviteUsers { resource: format!("project:{PROJECT}"), ..form("c@x.org") };
    assert_eq!(invitations::invite(&world.ctx_of(uma), organization, &unseen).await, Err(Error::NotFound));
    check_world(&world).await;
}

/// What the inviter could give when they invited and cannot give any more when it is accepted.
#[tokio::test]
async fn what_the_inviter_lost_since_is_left_out() {
    let world = World::new().await;
    let organization = world.organization;
    let (kept, gone) = (group(&world, "kept").await, group(&world, "gone").await);
    let boss = member(&world, "boss@example.org", &["role:organization:admin", WRITE]).await;
    let input = InviteUsers {
        groups: vec![kept.to_string(), gone.to_string()],
        granted: vec!["developer".into()],
        ..form("bob@example.org\ncat@example.org")
    };
    invite(&world.ctx_of(boss), &world, &input).await;
    groups::delete(&world.ctx(), organization, gone, "gone").await.unwrap();
    assert_eq!(open(&world).await[0].attached.groups.len(), 1, "what is gone is not shown");
    let bob = token(&world, BOB).await;
    let bob = invitations::join(&world.nobody(), join_form(&bob)).await.unwrap().signed_in.user;
    let event = world.last_event(organization, "user.joined").await;
    let after: serde_json::Value = serde_json::from_str(&event.after.unwrap()).unwrap();
    assert_eq!(after["left_out"], serde_json::json!(["A group that is gone."]));
    assert_eq!(after["groups"], serde_json::json!(["kept"]));
    let held = control::explanations::explain(&world.ctx_of(bob), organization, "", "").await.unwrap();
    assert!(!held.permissions.is_empty());

    // Who may do no more than invite gives nothing with it; that somebody was invited stays.
    let filter = control::permissions::Filter { principal: &format!("user:{boss}"), resource: "" };
    let held = control::permissions::list(&world.ctx(), organization, filter, None).await.unwrap();
    let admin = held.rows.iter().find(|row| row.granted == "role:organization:admin").unwrap().id;
    control::permissions::revoke(&world.ctx(), organization, admin).await.unwrap();
    let cat = token(&world, "cat@example.org").await;
    // And who may not even invite any more brings nobody in.
    users::deactivate(&world.ctx(), organization, boss).await.unwrap();
    conflict(invitations::join(&world.nobody(), join_form(&cat)).await, "may invite nobody any more");
    users::reactivate(&world.ctx(), organization, boss).await.unwrap();
    let cat = invitations::join(&world.nobody(), join_form(&cat)).await.unwrap().signed_in.user;
    let event = world.last_event(organization, "user.joined").await;
    assert!(event.text.contains("left out what boss@example.org cannot give any more"), "{}", event.text);
    let after: serde_json::Value = serde_json::from_str(&event.after.unwrap()).unwrap();
    assert_eq!(after["left_out"].as_array().unwrap().len(), 3);
    let view = users::view(&world.ctx(), organization, cat).await.unwrap();
    assert_eq!(view.groups, []);
    let held = control::explanations::explain(&world.ctx_of(cat), organization, "", "").await.unwrap();
    assert_eq!(held.permissions, []);
    check_world(&world).await;
}

#[tokio::test]
async fn somebody_with_an_account_accepts_or_declines() {
    let world = World::new().await;
    let organization = world.organization;
    let bob = world.add_user(BOB, None, true).await;
    let eve = world.add_user("eve@example.org", None, true).await;
    invite(&world.ctx(), &world, &form(BOB)).await;
    let link = token(&world, BOB).await;
    let view = invitations::view(&world.ctx_of(eve), &link).await.unwrap();
    assert_eq!((view.has_account, view.signed_in_as.as_deref()), (true, Some("eve@example.org")));
    conflict(invitations::join(&world.nobody(), join_form(&link)).await, "Sign in with it");
    assert_eq!(invitations::accept(&world.nobody(), &link).await.unwrap_err().status(), 401);
    // Another address: on record, and still open.
    let error = invitations::accept(&world.ctx_of(eve), &link).await.unwrap_err();
    assert!(
        matches!(&error, Error::Forbidden { reason } if reason.contains("signed in as eve@")),
        "{error:?}"
    );
    let event = world.last_event(organization, "user.joined").await;
    assert_eq!((event.outcome, event.user_id), (Outcome::Denied, Some(eve)));
    assert_eq!(event.subject_name.as_deref(), Some(BOB));
    assert_eq!(invitations::accept(&world.ctx_of(bob), &link).await, Ok(organization));
    assert!(control::organizations::view(&world.ctx_of(bob), organization).await.is_ok());
    conflict(invitations::accept(&world.ctx_of(bob), &link).await, "works once");
    assert_eq!(world.count_events("user.joined").await, 2);

    invite(&world.ctx(), &world, &form("eve@example.org")).await;
    let link = token(&world, "eve@example.org").await;
    invitations::decline(&world.nobody(), &link).await.unwrap();
    let event = world.last_event(organization, "user.invitation_declined").await;
    assert_eq!(
        (event.actor.as_str(), event.credential.as_deref()),
        ("eve@example.org", Some("invitation link"))
    );
    conflict(invitations::accept(&world.ctx_of(eve), &link).await, "was declined");
    // Another invitation can follow.
    invite(&world.ctx(), &world, &form("eve@example.org")).await;
    check_world(&world).await;
}

#[tokio::test]
async fn ones_own_invitations_need_no_link() {
    let world = World::new().await;
    let bob = world.add_user(BOB, None, true).await;
    let ctx = world.ctx_of(bob);
    assert_eq!(invitations::own(&ctx).await, Ok(Vec::new()));
    invite(&world.ctx(), &world, &form(BOB)).await;
    let own = invitations::own(&ctx).await.unwrap();
    assert_eq!(own[0].organization_name, "Acme");
    let id = own[0].id;
    let eve = world.add_user("eve@example.org", None, true).await;
    for answer in [
        invitations::accept_own(&world.ctx_of(eve), id).await.map(drop),
        invitations::decline_own(&world.ctx_of(eve), id).await,
        invitations::decline_own(&ctx, InvitationId::from_uuid(world.uuid())).await,
    ] {
        assert_eq!(answer, Err(Error::NotFound));
    }
    invitations::decline_own(&ctx, id).await.unwrap();
    let event = world.last_event(world.organization, "user.invitation_declined").await;
    assert_eq!((event.user_id, event.credential.as_deref()), (Some(bob), Some("session")));
    assert_eq!(invitations::accept_own(&ctx, id).await, Err(Error::NotFound));
    invite(&world.ctx(), &world, &form(BOB)).await;
    let id = invitations::own(&ctx).await.unwrap()[0].id;
    assert_eq!(invitations::accept_own(&ctx, id).await, Ok(world.organization));
    assert_eq!(invitations::own(&ctx).await, Ok(Vec::new()));
    check_world(&world).await;
}

#[tokio::test]
async fn sending_again_ends_the_link_before() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    invite(&ctx, &world, &InviteUsers { days: "2".into(), ..form(BOB) }).await;
    let id = open(&world).await[0].id;
    let first = token(&world, BOB).await;
    world.clock.advance(3 * DAY);
    assert!(open(&world).await[0].is_expired);
    conflict(invitations::view(&world.nobody(), &first).await, "expired on");
    conflict(invitations::join(&world.nobody(), join_form(&first)).await, "expired on");
    invitations::resend(&ctx, organization, id).await.unwrap();
    let row = open(&world).await.remove(0);
    assert_eq!((row.is_expired, row.expires_at), (false, world.now().plus(2 * DAY)));
    let second = token(&world, BOB).await;
    conflict(invitations::view(&world.nobody(), &first).await, "no invitation of this link");
    invitations::view(&world.nobody(), &second).await.unwrap();
    let event = world.last_event(organization, "user.invitation_resent").await;
    assert_eq!((event.subject_id, event.subject_name.as_deref()), (Some(id.uuid()), Some(BOB)));
    // So often within an hour, and not more.
    for _ in 0..4 {
        world.clock.advance(Duration::from_secs(60));
        invitations::resend(&ctx, organization, id).await.unwrap();
    }
    let limited = invitations::resend(&ctx, organization, id).await.unwrap_err();
    let Error::Limited { retry_after_seconds, .. } = limited else { panic!("{limited:?}") };
    assert_eq!(retry_after_seconds, 3600 - 4 * 60 + 1);
    world.clock.advance(Duration::from_secs(retry_after_seconds));
    invitations::resend(&ctx, organization, id).await.unwrap();

    let last = token(&world, BOB).await;
    invitations::withdraw(&ctx, organization, id).await.unwrap();
    let event = world.last_event(organization, "user.invitation_withdrawn").await;
    assert_eq!(event.text, "Withdrew the invitation of bob@example.org");
    conflict(invitations::join(&world.nobody(), join_form(&last)).await, "withdrawn");
    conflict(invitations::resend(&ctx, organization, id).await, "was withdrawn already");
    conflict(invitations::withdraw(&ctx, organization, id).await, "was withdrawn already");
    check_world(&world).await;
}

#[tokio::test]
async fn several_are_sent_again_or_taken_back_at_once() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    invite(&ctx, &world, &form("a@x.org\nb@x.org\nc@x.org\nd@x.org")).await;
    let ids: Vec<_> = open(&world).await.into_iter().map(|row| (row.email, row.id)).collect();
    let id = |email: &str| ids.iter().find(|(found, _)| found == email).unwrap().1;
    let (a, b, c, d) = (id("a@x.org"), id("b@x.org"), id("c@x.org"), id("d@x.org"));
    invitations::withdraw(&ctx, organization, b).await.unwrap();
    for _ in 0..4 {
        invitations::resend(&ctx, organization, c).await.unwrap();
    }
    let absent = InvitationId::from_uuid(world.uuid());
    let events = world.dump().await["events"].len();
    // One permit, and for each that was done or refused by a limit an event.
    let answers = invitations::resend_chosen(&ctx, organization, &[a, b, c, absent, d, a]).await.unwrap();
    let told: Vec<_> = answers
        .iter()
        .map(|answer| (answer.id, answer.email.as_deref(), answer.reason.as_deref().unwrap_or("")))
        .collect();
    let too_often = answers[2].reason.clone().unwrap();
    assert!(too_often.contains("At most 5 invitations an hour"), "{too_often}");
    assert_eq!(
        told,
        [
            (a, Some("a@x.org"), ""),
            (b, Some("b@x.org"), "The invitation of b@x.org was withdrawn already."),
            (c, Some("c@x.org"), too_often.as_str()),
            (absent, None, "This does not exist, or you have no access to it."),
            (d, Some("d@x.org"), ""),
        ]
    );
    let waits: Vec<_> = answers.iter().map(|answer| answer.retry_after_seconds).collect();
    assert_eq!(waits, [None, None, Some(3601), None, None]);
    assert_eq!(world.dump().await["events"].len(), events + 3);
    assert_eq!(world.count_events("user.invitation_resent").await, 4 + 2);
    let event = world.last_event(organization, "action.denied").await;
    assert!(event.text.starts_with("Refused: invitation.create of c@x.org: At most 5"), "{}", event.text);
    assert_eq!((event.outcome, event.subject_id, event.after), (Outcome::Denied, None, None));
    let event = world.last_event(organization, "user.invitation_resent").await;
    assert_eq!((event.outcome, event.subject_id), (Outcome::Done, Some(d.uuid())));

    let answers = invitations::withdraw_chosen(&ctx, organization, &[a, b, c]).await.unwrap();
    let done: Vec<_> = answers.iter().map(|answer| answer.reason.is_none()).collect();
    assert_eq!(done, [true, false, true]);
    assert_eq!(world.count_events("user.invitation_withdrawn").await, 3);
    assert_eq!(open(&world).await.into_iter().map(|row| row.id).collect::<Vec<_>>(), [d]);

    // Nothing that can be done is no event.
    let before = world.dump().await;
    let answers = invitations::withdraw_chosen(&ctx, organization, &[a, absent]).await.unwrap();
    assert!(answers.iter().all(|answer| answer.reason.is_some()), "{answers:?}");
    let many = vec![d; invitations::CHOSEN_MAX + 1];
    for chosen in [&[][..], &many] {
        for answer in [
            invitations::resend_chosen(&ctx, organization, chosen).await,
            invitations::withdraw_chosen(&ctx, organization, chosen).await,
        ] {
            assert_eq!(answer.unwrap_err().field(), Some("invitations"));
        }
    }
    assert!(world.dump().await == before);
    check_world(&world).await;
}

#[tokio::test]
async fn invitations_are_the_organizations_own() {
    let world = World::new().await;
    let organization = world.organization;
    invite(&world.ctx(), &world, &form(BOB)).await;
    let id = open(&world).await[0].id;
    let (other, stranger) = world.another_organization("Other").await;
    let theirs = world.ctx_of(stranger);
    let events = world.dump().await["events"].len();
    for answer in [
        invitations::list(&theirs, organization, "", None).await.map(drop),
        invitations::invite(&theirs, organization, &form("x@y.org")).await.map(drop),
        invitations::resend(&theirs, organization, id).await,
        invitations::withdraw(&theirs, organization, id).await,
        // Their own organization, and somebody else's invitation.
        invitations::resend(&theirs, other, id).await,
        invitations::withdraw(&theirs, other, id).await,
        invitations::resend(&theirs, other, InvitationId::from_uuid(world.uuid())).await,
        invitations::resend_chosen(&theirs, organization, &[id]).await.map(drop),
        invitations::resend_chosen(&theirs, other, &[id]).await.map(drop),
        invitations::withdraw_chosen(&theirs, organization, &[id]).await.map(drop),
        invitations::withdraw_chosen(&theirs, other, &[id]).await.map(drop),
    ] {
        assert_eq!(answer, Err(Error::NotFound));
    }
    assert_eq!(world.dump().await["events"].len(), events, "nothing on record, here or there");
    let dan = member(&world, "dan@example.org", &["organization:permissions:read"]).await;
    let ctx = world.ctx_of(dan);
    for answer in [
        invitations::list(&ctx, organization, "", None).await.map(drop),
        invitations::invite(&ctx, organization, &form("x@y.org")).await.map(drop),
        invitations::resend(&ctx, organization, id).await,
        invitations::withdraw(&ctx, organization, id).await,
        invitations::resend_chosen(&ctx, organization, &[id]).await.map(drop),
        invitations::withdraw_chosen(&ctx, organization, &[id]).await.map(drop),
    ] {
        assert_eq!(answer, Err(Error::Denied { permission: WRITE.into() }));
    }
}

#[tokio::test]
async fn many_are_invited_at_once_and_listed_in_pages() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let emails: String = (0..120).map(|number| format!("m-{number:03}@example.org\n")).collect();
    invite(&ctx, &world, &form(&emails)).await;
    assert_eq!(world.count_events("user.invited").await, 120);
    let (mut after, mut found, mut sizes) = (None, Vec::new(), Vec::new());
    loop {
        let page = invitations::list(&ctx, organization, "", after.as_deref()).await.unwrap();
        assert_eq!(page.total, 120);
        sizes.push(page.rows.len());
        found.extend(page.rows.into_iter().map(|row| row.email));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let rows = PAGE_ROWS_MAX as usize;
    assert_eq!(sizes, [rows, rows, 20]);
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 120);
    let some = invitations::list(&ctx, organization, " M-00 ", None).await.unwrap();
    assert_eq!((some.rows.len(), some.total), (10, 10));
    let error = invitations::list(&ctx, organization, "", Some("x")).await.unwrap_err();
    assert_eq!(error.field(), Some("after"));
    check_world(&world).await;
}

/// Who invites need not know of everything that comes with the invitations of others.
#[tokio::test]
async fn the_list_names_no_place_that_its_reader_may_not_know_of() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let unit = control::units::create(&ctx, organization, "Secret shops").await.unwrap().row.id;
    let operators = group(&world, "Operators").await;
    for (email, resource) in [
        ("a@x.org", "organization".to_owned()),
        ("b@x.org", format!("unit:{unit}")),
        ("c@x.org", format!("project:{PROJECT}")),
    ] {
        let (granted, groups) = (vec!["developer".into()], vec![operators.to_string()]);
        invite(&ctx, &world, &InviteUsers { granted, groups, resource, ..form(email) }).await;
    }
    let places = async |ctx: &Context| {
        let mut rows = invitations::list(ctx, organization, "", None).await.unwrap().rows;
        assert!(rows.iter().all(|row| row.attached.groups[0].name == "Operators"));
        rows.sort_by(|one, other| one.email.cmp(&other.email));
        let grants = rows.into_iter().map(|mut row| row.attached.grants.remove(0));
        grants.map(|grant| (grant.resource.is_unseen(), grant.resource.name)).collect::<Vec<_>>()
    };
    let all = [(false, "Acme".into()), (false, "Secret shops".into()), (false, PROJECT.into())];
    assert_eq!(places(&ctx).await, all);
    let uma = member(&world, "uma@example.org", &[WRITE]).await;
    let unseen = |kind: &str| (true, format!("a {kind} that you cannot see"));
    assert_eq!(places(&world.ctx_of(uma)).await, [all[0].clone(), unseen("unit"), unseen("project")]);
    world.grant(uma, "read_only", Some(world.project_id().await)).await;
    assert_eq!(places(&world.ctx_of(uma)).await, [all[0].clone(), unseen("unit"), all[2].clone()]);
    // Who reads all permissions reads these.
    let rita = member(&world, "rita@example.org", &[WRITE, "organization:permissions:read"]).await;
    assert_eq!(places(&world.ctx_of(rita)).await, all);
}

#[tokio::test]
async fn a_full_page_takes_no_more_statements_than_one_row() {
    let world = World::postgres().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    invite(&ctx, &world, &form("first@x.org")).await;
    let list = async || invitations::list(&ctx, organization, "", None).await.unwrap();
    let (page, one) = counted(list()).await;
    assert_eq!(page.rows.len(), 1);
    world.clock.advance(Duration::from_secs(1));
    let mut groups = Vec::new();
    for number in 0..20 {
        groups.push(group(&world, &format!("g-{number}")).await.to_string());
    }
    let granted: Vec<String> = ["developer", "operator", "read_only"].map(str::to_owned).into();
    let emails: String = (0..60).map(|number| format!("m-{number}@x.org\n")).collect();
    let resource = format!("project:{PROJECT}");
    invite(&ctx, &world, &InviteUsers { groups, granted, resource, ..form(&emails) }).await;
    let (page, full) = counted(list()).await;
    assert_eq!(page.rows.len(), PAGE_ROWS_MAX as usize);
    assert!(page.rows.iter().all(|row| (row.attached.groups.len(), row.attached.grants.len()) == (20, 3)));
    assert!(one > 3, "{one}: are statements seen at all?");
    assert_eq!(full, one);
}

/// Accepted by two windows at once: once.
async fn at_once(world: World) {
    let bob = world.add_user(BOB, None, true).await;
    invite(&world.ctx(), &world, &form(BOB)).await;
    let link = token(&world, BOB).await;
    let (one, two) = (world.ctx_of(bob), world.ctx_of(bob));
    let answers = tokio::join!(invitations::accept(&one, &link), invitations::accept(&two, &link));
    assert_eq!([&answers.0, &answers.1].iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    assert_eq!(world.count_events("user.joined").await, 1);
    check_world(&world).await;
}

#[tokio::test]
async fn what_is_accepted_at_once_is_accepted_once_on_sqlite() {
    at_once(World::new().await).await;
}

#[tokio::test]
async fn what_is_accepted_at_once_is_accepted_once_on_postgres() {
    at_once(World::postgres().await).await;
}
