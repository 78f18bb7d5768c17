//! Mails: kept or sent, once and in order, tried again or given up; and who may read them.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use control::{
    Control,
    mails::{self, Kept, MailError, Mailer, OutgoingMail},
    organizations, projects, testing,
};
use domain::{
    errors::Error,
    ids::{MailId, OrganizationId},
    principals::MailState,
    views::{MailRow, PAGE_ROWS_MAX},
};

use crate::{
    check::check_world,
    world::{PROJECT, Workers, World},
};

const BODY: &str = "Follow http://localhost:8080/invitations/abc-the-secret-part";
const MINUTE: Duration = Duration::from_secs(60);

/// What the mailer of a test does with a mail.
#[derive(Clone, Copy)]
enum Manner {
    Takes,
    Fails,
    Refuses,
    Panics,
    Stalls,
}

/// Keeps what it was given, as `recipient subject`.
struct TestMailer {
    manner: Mutex<Manner>,
    taken: Mutex<Vec<String>>,
    tries: Mutex<u32>,
    bodies: Mutex<Vec<String>>,
}

impl TestMailer {
    fn new(manner: Manner) -> Arc<Self> {
        Arc::new(Self {
            manner: Mutex::new(manner),
            taken: Mutex::default(),
            tries: Mutex::default(),
            bodies: Mutex::default(),
        })
    }

    fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }

    fn tries(&self) -> u32 {
        *self.tries.lock().unwrap()
    }

    fn set(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }
}

#[async_trait]
impl Mailer for TestMailer {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        *self.tries.lock().unwrap() += 1;
        let manner = *self.manner.lock().unwrap();
        match manner {
            Manner::Takes => {
                // Gives another server the time to do the same.
                tokio::time::sleep(Duration::from_millis(5)).await;
                self.taken.lock().unwrap().push(format!("{} {}", mail.recipient, mail.subject));
                self.bodies.lock().unwrap().push(mail.body.expose().to_owned());
                Ok(())
            }
            Manner::Fails => Err(MailError::passing("450 later,\r\nplease")),
            Manner::Refuses => Err(MailError::final_refusal("550 no such user")),
            Manner::Panics => panic!("the mailer of a test"),
            Manner::Stalls => std::future::pending().await,
        }
    }
}

async fn post(
    world: &World,
    control: &Control,
    organization: Option<OrganizationId>,
    recipient: &str,
) -> MailId {
    world.secrets.lock().unwrap().push("abc-the-secret-part".to_owned());
    let mut tx = world.store.write().await.unwrap();
    let recipient = recipient.parse().unwrap();
    let id = testing::post_mail(control, &mut tx, organization, &recipient, "Join Acme", BODY).await.unwrap();
    tx.commit().await.unwrap();
    control.notify();
    id
}

async fn send_mails(control: &Control) -> Result<usize, String> {
    testing::send_mails(control, None).await
}

async fn row(world: &World, id: MailId) -> MailRow {
    mails::view_for_operator(&world.control, id).await.unwrap().row
}

/// The mail as it is in the database.
async fn stored(world: &World, id: MailId) -> store::mails::Mail {
    let mut tx = world.store.read().await.unwrap();
    store::mails::find(&mut tx, id).await.unwrap().unwrap()
}

#[tokio::test]
async fn without_a_mail_server_mails_are_kept_to_be_read() {
    let world = World::new().await;
    let id = post(&world, &world.control, Some(world.organization), "ben@example.org").await;
    assert_eq!(send_mails(&world.control).await, Ok(0));

    let view = mails::view(&world.ctx(), world.organization, id).await.unwrap();
    assert_eq!(view.body.unwrap().expose(), BODY);
    assert_eq!(view.row.recipient, "ben@example.org");
    assert_eq!(view.row.subject, "Join Acme");
    assert_eq!((view.row.state, view.row.sent_at), (MailState::Kept, None));
    let view = mails::view_for_operator(&world.control, id).await.unwrap();
    assert_eq!(view.body.unwrap().expose(), BODY);

    // Those of the installation are the operator's alone.
    world.clock.advance(Duration::from_secs(1));
    let other = post(&world, &world.control, None, "cara@example.org").await;
    let view = mails::view_for_operator(&world.control, other).await.unwrap();
    assert_eq!(view.body.unwrap().expose(), BODY);
    let refused = mails::view(&world.ctx(), world.organization, other).await;
    assert_eq!(refused.err(), Some(Error::NotFound));
    let all = mails::list_for_operator(&world.control, None).await.unwrap();
    assert_eq!(all.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [other, id]);
    let own = mails::list(&world.ctx(), world.organization, "", None).await.unwrap();
    assert_eq!((own.rows.iter().map(|row| row.id).collect::<Vec<_>>(), own.total), (vec![id], 1));
    for (text, total) in [(" Ben@", 1), ("cara", 0)] {
        let found = mails::list(&world.ctx(), world.organization, text, None).await.unwrap();
        assert_eq!(found.total, total, "{text}");
    }
}

/// Whoever invites is told that nobody gets a mail, and who can read what was written.
#[tokio::test]
async fn who_invites_learns_where_mails_are_kept() {
    let world = World::new().await;
    world.clock.advance(MINUTE);
    let (other, admin) = world.another_organization("Other").await;
    assert_eq!(mails::kept(&world.ctx(), world.organization).await, Ok(Some(Kept::Here)));
    assert_eq!(mails::kept(&world.ctx_of(admin), other).await, Ok(Some(Kept::ByOperator)));
    assert_eq!(mails::kept(&world.ctx(), other).await, Err(Error::NotFound));
    // Once the organization is gone that the installation was set up with, no other takes its place.
    projects::delete(&world.ctx(), PROJECT, PROJECT).await.unwrap();
    organizations::delete(&world.ctx(), world.organization, "Acme").await.unwrap();
    let later = world.another_server().await;
    for control in [&world.control, &later] {
        let ctx = control.context(world.origin("203.0.113.9"), Some(testing::session(admin, world.now())));
        assert_eq!(mails::kept(&ctx, other).await, Ok(Some(Kept::ByOperator)));
    }
    let control = world.server_with(TestMailer::new(Manner::Takes)).await;
    let ctx = control.context(world.origin("203.0.113.9"), Some(testing::session(admin, world.now())));
    assert_eq!(mails::kept(&ctx, other).await, Ok(None));
    let stranger = testing::session(world.user, world.now());
    let stranger = control.context(world.origin("203.0.113.9"), Some(stranger));
    assert_eq!(mails::kept(&stranger, other).await, Err(Error::NotFound));
}

#[tokio::test]
async fn a_mail_is_sealed_in_the_database() {
    let world = World::new().await;
    let one = post(&world, &world.control, Some(world.organization), "ben@example.org").await;
    let two = post(&world, &world.control, None, "ben@example.org").await;
    // In no row, in no line of the log, and nowhere in the database's files.
    check_world(&world).await;
    for ending in ["", "-wal"] {
        let bytes = std::fs::read(format!("{}{ending}", world.path.display())).unwrap();
        assert!(ending != "-wal" || bytes.windows(9).any(|part| part == b"Join Acme"), "that is there");
        assert!(!bytes.windows(10).any(|part| part == b"the-secret"), "the text is in the file");
    }

    // Under keys of their own and in their own rows: one put in the other's place does not open.
    let (mut one, two) = (stored(&world, one).await, stored(&world, two).await);
    assert_ne!(one.body_sealed, two.body_sealed);
    one.id = MailId::from_uuid(world.uuid());
    let mut tx = world.store.write().await.unwrap();
    store::mails::add(&mut tx, &one).await.unwrap();
    tx.commit().await.unwrap();
    let refused = mails::view_for_operator(&world.control, one.id).await.err();
    assert!(matches!(refused, Some(Error::Internal { .. })), "{refused:?}");
}

#[tokio::test]
async fn mails_go_out_once_and_oldest_first() {
    let world = World::new().await;
    let mailer = TestMailer::new(Manner::Takes);
    let control = world.server_with(mailer.clone()).await;
    let mut ids = Vec::new();
    for name in ["ben", "cara", "dan"] {
        ids.push(post(&world, &control, Some(world.organization), &format!("{name}@example.org")).await);
        world.clock.advance(Duration::from_secs(1));
    }
    let queued = mails::view(&world.ctx(), world.organization, ids[0]).await.unwrap();
    assert_eq!(queued.row.state, MailState::Queued);
    assert!(queued.body.is_none(), "it is for its recipient alone");

    assert_eq!(send_mails(&control).await, Ok(3));
    assert_eq!(send_mails(&control).await, Ok(0));
    let expected = ["ben", "cara", "dan"].map(|name| format!("{name}@example.org Join Acme"));
    assert_eq!(mailer.taken(), expected);
    assert_eq!(*mailer.bodies.lock().unwrap(), [BODY, BODY, BODY]);
    let stored = stored(&world, ids[0]).await;
    assert_eq!((stored.state, stored.sent_at), (MailState::Sent, Some(world.now())));
    assert!(stored.body_sealed.is_none(), "nothing is kept of what was sent");
    check_world(&world).await;
}

async fn several_servers(world: World) {
    let mailer = TestMailer::new(Manner::Takes);
    let one = world.server_with(mailer.clone()).await;
    let two = world.server_with(mailer.clone()).await;
    for number in 0..8 {
        post(&world, &one, Some(world.organization), &format!("p{number}@example.org")).await;
    }
    let mut sent = 0;
    // Whoever comes second to a mail goes on to the next.
    for _ in 0..8 {
        let (first, second) = tokio::join!(send_mails(&one), send_mails(&two));
        sent += first.unwrap() + second.unwrap();
    }
    let mut taken = mailer.taken();
    taken.sort_unstable();
    let expected: Vec<String> = (0..8).map(|number| format!("p{number}@example.org Join Acme")).collect();
    assert_eq!(taken, expected);
    assert_eq!(sent, 8);
}

#[tokio::test]
async fn two_servers_send_each_mail_once() {
    several_servers(World::new().await).await;
}

#[tokio::test]
async fn two_servers_send_each_mail_once_on_postgres() {
    several_servers(World::postgres().await).await;
}

#[tokio::test]
async fn a_failed_mail_is_tried_again_with_growing_pauses_for_two_days() {
    let world = World::new().await;
    let mailer = TestMailer::new(Manner::Fails);
    let control = world.server_with(mailer.clone()).await;
    let id = post(&world, &control, Some(world.organization), "ben@example.org").await;
    let written_at = world.now();

    let mut pauses = Vec::new();
    let mut last = world.now();
    for _ in 0..80 {
        assert_eq!(send_mails(&control).await, Ok(0));
        let tries = mailer.tries();
        assert_eq!(send_mails(&control).await, Ok(0));
        assert_eq!(mailer.tries(), tries, "not before its pause is over");
        let stored = stored(&world, id).await;
        if stored.state != MailState::Queued {
            break;
        }
        assert_eq!(stored.error.as_deref(), Some("450 later,  please"), "one line");
        pauses.push(stored.wake_at.since(last).as_secs() / 60);
        last = stored.wake_at;
        world.clock.advance(stored.wake_at.since(world.now()));
    }
    assert_eq!(pauses[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
    let given_up = row(&world, id).await;
    assert_eq!(given_up.state, MailState::Failed);
    assert_eq!(given_up.error.as_deref(), Some("450 later,  please"));
    let hours = world.now().since(written_at).as_secs() / 3600;
    assert_eq!(hours, 48, "tried for two days and no longer");
    assert!(stored(&world, id).await.body_sealed.is_none());

    // The next one arrives, once the mail server is itself again.
    mailer.set(Manner::Takes);
    post(&world, &control, Some(world.organization), "cara@example.org").await;
    assert_eq!(send_mails(&control).await, Ok(1));
}

#[tokio::test]
async fn a_mail_that_failed_at_first_goes_out_without_its_error() {
    let world = World::new().await;
    let mailer = TestMailer::new(Manner::Fails);
    let control = world.server_with(mailer.clone()).await;
    let id = post(&world, &control, None, "ben@example.org").await;
    assert_eq!(send_mails(&control).await, Ok(0));
    mailer.set(Manner::Takes);
    world.clock.advance(MINUTE);
    assert_eq!(send_mails(&control).await, Ok(1));
    let row = row(&world, id).await;
    assert_eq!((row.state, row.error, row.sent_at), (MailState::Sent, None, Some(world.now())));
}

#[tokio::test]
async fn a_final_refusal_ends_it() {
    let world = World::new().await;
    let mailer = TestMailer::new(Manner::Refuses);
    let control = world.server_with(mailer.clone()).await;
    let id = post(&world, &control, Some(world.organization), "ben@example.org").await;
    assert_eq!(send_mails(&control).await, Ok(0));
    world.clock.advance(MINUTE * 60);
    assert_eq!(send_mails(&control).await, Ok(0));
    assert_eq!(mailer.tries(), 1);
    let view = mails::view(&world.ctx(), world.organization, id).await.unwrap();
    assert_eq!(view.row.state, MailState::Failed);
    assert_eq!(view.row.error.as_deref(), Some("550 no such user"));
    assert!(view.body.is_none());
    assert!(stored(&world, id).await.body_sealed.is_none());
}

#[tokio::test]
async fn a_panic_with_one_mail_leaves_the_others_alone() {
    let world = World::new().await;
    let mailer = TestMailer::new(Manner::Panics);
    let control = world.server_with(mailer.clone()).await;
    let id = post(&world, &control, Some(world.organization), "ben@example.org").await;
    post(&world, &control, Some(world.organization), "cara@example.org").await;
    assert_eq!(send_mails(&control).await, Ok(0));
    assert_eq!(mailer.tries(), 2, "both were tried");
    let row = row(&world, id).await;
    assert_eq!(row.state, MailState::Queued);
    assert!(row.error.unwrap().starts_with("A fault of the server"));
    mailer.set(Manner::Takes);
    world.clock.advance(MINUTE);
    assert_eq!(send_mails(&control).await, Ok(2));
}

#[tokio::test]
async fn a_mailer_that_never_returns_is_given_up() {
    let world = World::new().await;
    let mailer = TestMailer::new(Manner::Stalls);
    let control = world.server_with(mailer.clone()).await;
    let id = post(&world, &control, Some(world.organization), "ben@example.org").await;
    assert_eq!(testing::send_mails(&control, Some(Duration::from_millis(50))).await, Ok(0));
    let row = row(&world, id).await;
    assert_eq!(row.error.as_deref(), Some("The mail server was not done within 0.05 s."));
    assert_eq!(row.state, MailState::Queued);
}

/// A server that dies while a mail is under way, and one that has no mail server.
#[tokio::test]
async fn what_nobody_answers_for_is_taken_up_or_given_up() {
    let world = World::new().await;
    let mailer = TestMailer::new(Manner::Takes);
    let control = world.server_with(mailer.clone()).await;
    let id = post(&world, &control, Some(world.organization), "ben@example.org").await;
    let mail = stored(&world, id).await;
    let mut tx = world.store.write().await.unwrap();
    assert!(store::mails::claim(&mut tx, id, mail.attempts, world.now().plus(MINUTE)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(send_mails(&control).await, Ok(0));
    world.clock.advance(MINUTE);
    assert_eq!(send_mails(&control).await, Ok(1));

    let id = post(&world, &control, Some(world.organization), "cara@example.org").await;
    assert_eq!(send_mails(&world.control).await, Ok(0));
    assert_eq!(row(&world, id).await.state, MailState::Queued, "another server may have one");
    world.clock.advance(MINUTE * 60 * 48);
    assert_eq!(send_mails(&world.control).await, Ok(0));
    let row = row(&world, id).await;
    assert_eq!(row.state, MailState::Failed);
    assert_eq!(row.error.as_deref(), Some("There is no mail server any more."));
}

#[tokio::test]
async fn the_workers_send_by_themselves() {
    let world = World::new().await;
    let mailer = TestMailer::new(Manner::Panics);
    let control = world.server_with(mailer.clone()).await;
    let workers = Workers::start(&world, std::slice::from_ref(&control));
    post(&world, &control, Some(world.organization), "ben@example.org").await;
    let until = async |is_done: &dyn Fn() -> bool| {
        let wait = async {
            while !is_done() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), wait).await.expect("the workers do not send");
    };
    until(&|| mailer.tries() == 1).await;
    // The panic did not end the worker.
    mailer.set(Manner::Takes);
    post(&world, &control, Some(world.organization), "cara@example.org").await;
    until(&|| !mailer.taken().is_empty()).await;
    assert_eq!(mailer.taken(), ["cara@example.org Join Acme"]);
    world.clock.advance(MINUTE);
    control.notify();
    until(&|| mailer.taken().len() == 2).await;
    workers.stop().await;
}

#[tokio::test]
async fn only_super_admins_read_mails() {
    let world = World::new().await;
    let id = post(&world, &world.control, Some(world.organization), "ben@example.org").await;
    let member = world.add_user("ben@example.org", Some(false), true).await;
    world.grant(member, "admin", None).await;
    let stranger = world.add_user("eve@example.com", None, true).await;
    for (user, expected) in
        [(member, Error::Denied { permission: "super admin".into() }), (stranger, Error::NotFound)]
    {
        let ctx = world.ctx_of(user);
        let listed = mails::list(&ctx, world.organization, "", None).await;
        assert_eq!(listed.err().as_ref(), Some(&expected));
        let viewed = mails::view(&ctx, world.organization, id).await;
        assert_eq!(viewed.err().as_ref(), Some(&expected));
    }
    let nobody = mails::view(&world.nobody(), world.organization, id).await;
    assert!(matches!(nobody.err(), Some(Error::Unauthenticated { .. })));
    for missing in [world.uuid(), world.organization.uuid()] {
        let viewed = mails::view(&world.ctx(), world.organization, MailId::from_uuid(missing)).await;
        assert_eq!(viewed.err(), Some(Error::NotFound));
    }
    let elsewhere = OrganizationId::from_uuid(world.uuid());
    assert_eq!(mails::view(&world.ctx(), elsewhere, id).await.err(), Some(Error::NotFound));
    assert_eq!(mails::list(&world.ctx(), elsewhere, "", None).await.err(), Some(Error::NotFound));
    let bad = mails::list(&world.ctx(), world.organization, "", Some("x")).await.unwrap_err();
    assert_eq!(bad.field(), Some("after"));
}

#[tokio::test]
async fn lists_go_on_where_the_page_before_ended() {
    let world = World::new().await;
    let rows = PAGE_ROWS_MAX as usize + 2;
    let mut ids = Vec::new();
    for number in 0..rows {
        ids.push(
            post(&world, &world.control, Some(world.organization), &format!("p{number}@example.org")).await,
        );
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = mails::list(&world.ctx(), world.organization, "", after.as_deref()).await.unwrap();
        assert_eq!(page.total, i64::try_from(rows).unwrap());
        seen.extend(page.rows.into_iter().map(|row| row.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    // All were written at the same instant: newer ids are larger.
    ids.sort_unstable_by(|one, other| other.cmp(one));
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn what_is_done_with_goes_after_a_month() {
    let world = World::new().await;
    let mailer = TestMailer::new(Manner::Takes);
    let control = world.server_with(mailer.clone()).await;
    post(&world, &control, Some(world.organization), "sent@example.org").await;
    assert_eq!(send_mails(&control).await, Ok(1));
    mailer.set(Manner::Refuses);
    post(&world, &control, Some(world.organization), "failed@example.org").await;
    assert_eq!(send_mails(&control).await, Ok(0));
    post(&world, &world.control, None, "kept@example.org").await;
    let queued = post(&world, &control, None, "queued@example.org").await;

    world.clock.advance(MINUTE * 60 * 24 * 30);
    assert_eq!(testing::tidy(&world.control).await.unwrap().mails, 0, "not on the day itself");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(testing::tidy(&world.control).await.unwrap().mails, 3);
    let left = mails::list_for_operator(&world.control, None).await.unwrap();
    assert_eq!(left.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [queued]);
}
