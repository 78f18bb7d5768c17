//! Domains: listing them, their proofs, the looks that go on by themselves, and one organization for each.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use control::{
    Context, Control,
    domains::{self, LookUpError, LookUps},
    testing,
};
use domain::{
    domains::{DOMAINS_MAX, DomainState},
    errors::Error,
    ids::{DomainId, OrganizationId, UserId},
    views::DomainRow,
};

use super::factor_resets::mails_to;
use crate::{
    check::check_world,
    world::{EMAIL, World},
};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// The domain of everybody whom a test world adds.
pub const DOMAIN: &str = "example.org";

/// What the world says.
#[derive(Clone)]
pub enum Answer {
    Texts(Vec<Vec<String>>),
    File(Vec<u8>),
    Error(LookUpError),
}

/// A world of names and files that a test makes.
#[derive(Default)]
pub struct TestLookUps {
    answers: Mutex<BTreeMap<String, Answer>>,
    asked: Mutex<Vec<String>>,
}

impl TestLookUps {
    pub fn set(&self, name: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(name.to_owned(), answer);
    }

    fn texts_at(&self, domain: &str, texts: &[&[&str]]) {
        let texts = texts.iter().map(|strings| strings.iter().map(ToString::to_string).collect()).collect();
        self.set(&format!("_redoubt-challenge.{domain}"), Answer::Texts(texts));
    }

    fn fails(&self, domain: &str) {
        let error = LookUpError::unknown("The resolver did not answer in time.");
        self.set(&format!("_redoubt-challenge.{domain}"), Answer::Error(error));
    }

    fn answer(&self, name: &str) -> Option<Answer> {
        self.asked.lock().unwrap().push(name.to_owned());
        self.answers.lock().unwrap().get(name).cloned()
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

#[async_trait]
impl LookUps for TestLookUps {
    async fn texts(&self, name: &str) -> Result<Vec<Vec<String>>, LookUpError> {
        match self.answer(name) {
            Some(Answer::Texts(texts)) => Ok(texts),
            Some(Answer::Error(error)) => Err(error),
            _ => Ok(Vec::new()),
        }
    }

    async fn file(&self, address: &str, _: usize) -> Result<Vec<u8>, LookUpError> {
        match self.answer(address) {
            Some(Answer::File(body)) => Ok(body),
            Some(Answer::Error(error)) => Err(error),
            _ => Err(LookUpError::missing(format!("{address} answered 404."))),
        }
    }
}

/// A world whose server looks things up in one that the test makes.
pub struct Setting {
    pub world: World,
    pub look_ups: Arc<TestLookUps>,
}

impl Setting {
    pub async fn new() -> Self {
        Self::of(World::new().await).await
    }

    async fn of(mut world: World) -> Self {
        let look_ups = Arc::new(TestLookUps::default());
        world.control = world.server_looking_up(look_ups.clone()).await;
        Self { world, look_ups }
    }

    pub fn ctx(&self) -> Context {
        self.world.ctx()
    }

    pub async fn add(&self, name: &str) -> DomainRow {
        domains::add(&self.ctx(), self.world.organization, name, "dns").await.unwrap()
    }

    /// Publishes what proves it.
    pub fn publish(&self, row: &DomainRow) {
        self.look_ups.texts_at(&row.domain_name, &[&[&row.challenge()]]);
    }

    pub async fn verify(&self, id: DomainId) -> Result<DomainRow, Error> {
        self.world.clock.advance(Duration::from_secs(10));
        domains::verify(&self.ctx(), self.world.organization, id).await
    }

    /// A domain that is verified.
    pub async fn verified(&self, name: &str) -> DomainRow {
        let row = self.add(name).await;
        self.publish(&row);
        self.verify(row.domain_id).await.unwrap()
    }

    pub async fn view(&self, id: DomainId) -> DomainRow {
        domains::view(&self.ctx(), self.world.organization, id).await.unwrap()
    }

    /// What a server does by itself in that time, looking every half hour.
    async fn pass(&self, time: Duration) -> usize {
        self.pass_by(&self.world.control, time).await
    }

    async fn pass_by(&self, control: &Control, time: Duration) -> usize {
        let end = self.world.now().plus(time);
        let mut count = 0;
        while self.world.now() < end {
            self.world.clock.advance((HOUR / 2).min(end.since(self.world.now())));
            count += testing::check_domains(control).await.unwrap();
        }
        count
    }
}

fn reason(error: &Error) -> String {
    error.to_string()
}

#[tokio::test]
async fn a_domain_is_listed_proven_and_removed() {
    for world in [World::new().await, World::postgres().await] {
        let setting = Setting::of(world).await;
        let (world, ctx) = (&setting.world, setting.ctx());
        let row = domains::add(&ctx, world.organization, " Example.ORG. ", "dns").await.unwrap();
        assert_eq!((row.domain_name.as_str(), row.state), (DOMAIN, DomainState::Unverified));
        assert_eq!((row.challenge_token.len(), row.managed_people), (40, None));
        assert_eq!(row.record_name(), "_redoubt-challenge.example.org");
        assert_eq!(row.challenge(), format!("token={},expiry=never", row.challenge_token));
        let event = world.last_event(world.organization, "domain.added").await;
        assert_eq!((event.subject_name.as_deref(), event.actor.as_str()), (Some(DOMAIN), EMAIL));
        setting.publish(&row);
        let verified = setting.verify(row.domain_id).await.unwrap();
        assert_eq!((verified.state, verified.managed_people), (DomainState::Verified, Some(1)));
        assert_eq!((verified.verified_at, verified.failing_since), (Some(world.now()), None));
        assert_eq!(verified.next_check_at, Some(world.now().plus(DAY)));
        let event = world.last_event(world.organization, "domain.verified").await;
        assert!(event.text.contains("one person is managed"), "{}", event.text);
        assert_eq!(domains::list(&ctx, world.organization).await.unwrap(), [verified]);
        let wrong = domains::remove(&ctx, world.organization, row.domain_id, "example.com").await;
        assert_eq!(wrong.unwrap_err().field(), Some("confirmation"));
        domains::remove(&ctx, world.organization, row.domain_id, " EXAMPLE.org ").await.unwrap();
        let event = world.last_event(world.organization, "domain.removed").await;
        assert!(event.text.contains("one person is not managed any more"), "{}", event.text);
        assert_eq!(domains::list(&ctx, world.organization).await.unwrap(), []);
        assert_eq!(domains::view(&ctx, world.organization, row.domain_id).await, Err(Error::NotFound));
        check_world(world).await;
    }
}

#[tokio::test]
async fn what_nobody_can_hold_is_refused() {
    let setting = Setting::new().await;
    let (ctx, organization) = (setting.ctx(), setting.world.organization);
    for (name, says) in [
        ("", "like example.com"),
        ("com", "whole domain"),
        ("co.uk", "Everybody can register"),
        ("github.io", "Everybody can register"),
        ("gmail.com", "mailbox"),
        ("GMX.de", "mailbox"),
        ("192.0.2.1", "not a number"),
        ("https://acme.example/", "alone"),
        ("ann@acme.example", "alone"),
        ("acme..example", "letters"),
    ] {
        let error = domains::add(&ctx, organization, name, "dns").await.unwrap_err();
        assert_eq!(error.field(), Some("domain_name"), "{name}");
        assert!(reason(&error).contains(says), "{name}: {error}");
    }
    let error = domains::add(&ctx, organization, "acme.example", "mail").await.unwrap_err();
    assert_eq!(error.field(), Some("verification_type"));
    let row = setting.add("Bücher.example").await;
    assert_eq!(row.domain_name, "xn--bcher-kva.example");
    let again = domains::add(&ctx, organization, "xn--bcher-kva.example", "http").await.unwrap_err();
    assert!(again.field() == Some("domain_name") && reason(&again).contains("already"), "{again}");
    for number in 1..DOMAINS_MAX {
        setting.add(&format!("d{number}.example")).await;
    }
    let full = domains::add(&ctx, organization, "one-more.example", "dns").await.unwrap_err();
    assert!(full.status() == 409 && reason(&full).contains("100"), "{full}");
}

#[tokio::test]
async fn only_the_right_token_proves_it() {
    let setting = Setting::new().await;
    let row = setting.add("acme.example").await;
    let right = row.challenge();
    let refused = async |says: &str| {
        let error = setting.verify(row.domain_id).await.unwrap_err();
        assert!(reason(&error).contains(says), "{error}");
        error.status()
    };
    assert_eq!(refused("no TXT record at _redoubt-challenge.acme.example").await, 409);
    setting.look_ups.texts_at("acme.example", &[&["token=0000,expiry=never"]]);
    assert_eq!(refused("another token").await, 409);
    setting.look_ups.texts_at("acme.example", &[&["v=spf1 -all"], &["hello"]]);
    assert_eq!(refused("None of the 2").await, 409);
    setting.look_ups.fails("acme.example");
    assert_eq!(refused("could not be looked up").await, 503);
    let event = setting.world.last_event(setting.world.organization, "domain.verification_failed").await;
    assert!(event.outcome.as_str() == "failed" && event.text.contains("could not be looked up"));
    assert_eq!(setting.world.count_events("domain.verification_failed").await, 4);
    assert_eq!(
        setting.view(row.domain_id).await.last_failure,
        Some("The proof could not be looked up. The resolver did not answer in time.".into())
    );
    // One of several, and cut into strings as DNS does with long ones.
    let (start, end) = right.split_at(9);
    setting
        .look_ups
        .texts_at("acme.example", &[&["v=spf1 -all"], &["token=old,expiry=never"], &[start, end]]);
    let verified = setting.verify(row.domain_id).await.unwrap();
    assert_eq!((verified.state, verified.last_failure), (DomainState::Verified, None));
}

#[tokio::test]
async fn a_file_proves_it_over_http_or_https() {
    let setting = Setting::new().await;
    let (ctx, organization) = (setting.ctx(), setting.world.organization);
    let row = domains::add(&ctx, organization, "acme.example", "http").await.unwrap();
    let (http, https) = (row.file_address(), row.file_address().replace("http:", "https:"));
    let unreachable = Answer::Error(LookUpError::unknown("It did not answer."));
    assert_eq!(http, "http://acme.example/.well-known/redoubt");
    let error = setting.verify(row.domain_id).await.unwrap_err();
    assert!(reason(&error).contains("http://acme.example/.well-known/redoubt answered 404"), "{error}");
    assert_eq!(setting.look_ups.asked(), [http.clone(), https.clone()]);
    setting.look_ups.set(&http, unreachable.clone());
    setting.look_ups.set(&https, Answer::File(b"token=wrong,expiry=never".to_vec()));
    let error = setting.verify(row.domain_id).await.unwrap_err();
    assert!(error.status() == 409 && reason(&error).contains("https://acme.example"), "{error}");
    setting.look_ups.set(&https, unreachable.clone());
    assert_eq!(setting.verify(row.domain_id).await.unwrap_err().status(), 503);
    setting.look_ups.set(&https, Answer::File(format!("{}\n", row.challenge()).into_bytes()));
    assert_eq!(setting.verify(row.domain_id).await.unwrap().state, DomainState::Verified);
}

#[tokio::test]
async fn the_method_changes_and_the_token_stays() {
    let setting = Setting::new().await;
    let (ctx, organization) = (setting.ctx(), setting.world.organization);
    let row = setting.add("acme.example").await;
    let changed = domains::set_method(&ctx, organization, row.domain_id, "http").await.unwrap();
    assert_eq!(changed.challenge_token, row.challenge_token);
    assert_eq!(changed.verification_type.as_str(), "http");
    assert_eq!(setting.world.count_events("domain.method_changed").await, 1);
    domains::set_method(&ctx, organization, row.domain_id, "http").await.unwrap();
    assert_eq!(setting.world.count_events("domain.method_changed").await, 1, "nothing changed");
    let error = domains::set_method(&ctx, organization, row.domain_id, "mail").await.unwrap_err();
    assert_eq!(error.field(), Some("verification_type"));
    setting.publish(&row);
    assert_eq!(setting.verify(row.domain_id).await.unwrap_err().status(), 409, "the record is not asked");
    domains::set_method(&ctx, organization, row.domain_id, "dns").await.unwrap();
    assert_eq!(setting.verify(row.domain_id).await.unwrap().state, DomainState::Verified);
}

#[tokio::test]
async fn it_is_not_looked_for_over_and_over() {
    let setting = Setting::new().await;
    let row = setting.add("acme.example").await;
    setting.verify(row.domain_id).await.unwrap_err();
    let again = domains::verify(&setting.ctx(), setting.world.organization, row.domain_id).await;
    assert!(matches!(again, Err(Error::Limited { .. })), "{again:?}");
}

#[tokio::test]
async fn who_does_not_hold_it_learns_of_nobody() {
    let setting = Setting::new().await;
    let (ctx, organization) = (setting.ctx(), setting.world.organization);
    setting.world.add_user("bob@acme.example", None, true).await;
    let row = setting.add("acme.example").await;
    let before = domains::preview(&ctx, organization, row.domain_id).await.unwrap();
    assert!(before.people.is_none() && before.obstacle.unwrap().contains("no TXT record"));
    setting.look_ups.fails("acme.example");
    let before = domains::preview(&ctx, organization, row.domain_id).await.unwrap();
    assert!(before.people.is_none() && before.obstacle.unwrap().contains("could not be looked up"));
    setting.publish(&row);
    let before = domains::preview(&ctx, organization, row.domain_id).await.unwrap();
    assert_eq!((before.people, before.obstacle), (Some(1), None));
    assert_eq!(before.row.state, DomainState::Unverified, "nothing is changed");
    assert_eq!(setting.world.count_events("domain.verified").await, 0);
}

#[tokio::test]
async fn who_manages_domains_may_and_nobody_else() {
    let setting = Setting::new().await;
    let (world, organization) = (&setting.world, setting.world.organization);
    let bob = world.add_user("bob@acme.example", Some(false), true).await;
    let row = setting.add("acme.example").await;
    let denied = |error: Error| {
        assert_eq!(error, Error::Denied { permission: "organization:domains:write".into() });
    };
    let ctx = world.ctx_of(bob);
    denied(domains::list(&ctx, organization).await.unwrap_err());
    denied(domains::view(&ctx, organization, row.domain_id).await.unwrap_err());
    denied(domains::add(&ctx, organization, "b.example", "dns").await.unwrap_err());
    denied(domains::set_method(&ctx, organization, row.domain_id, "http").await.unwrap_err());
    denied(domains::preview(&ctx, organization, row.domain_id).await.unwrap_err());
    denied(domains::verify(&ctx, organization, row.domain_id).await.unwrap_err());
    denied(domains::remove(&ctx, organization, row.domain_id, "acme.example").await.unwrap_err());
    denied(domains::discovered(&ctx, organization).await.unwrap_err());
    assert_eq!(setting.look_ups.asked(), [""; 0], "nothing is looked up for who may not");
    world.grant(bob, "organization:domains:write", None).await;
    assert_eq!(domains::list(&ctx, organization).await.unwrap().len(), 1);
    setting.publish(&row);
    assert_eq!(
        domains::verify(&ctx, organization, row.domain_id).await.unwrap().state,
        DomainState::Verified
    );
    // What cannot be undone asks who they are.
    world.clock.advance(HOUR);
    let session = control::testing::session(bob, world.now().minus(HOUR));
    let late = world.control.context(world.origin("203.0.113.9"), Some(session));
    assert_eq!(domains::verify(&late, organization, row.domain_id).await, Err(Error::StepUp));
    assert_eq!(domains::remove(&late, organization, row.domain_id, "acme.example").await, Err(Error::StepUp));
    // One of another organization is not there.
    let (other, eve) = world.another_organization("Evil").await;
    let ctx = world.ctx_of(eve);
    assert_eq!(domains::view(&ctx, other, row.domain_id).await, Err(Error::NotFound));
    assert_eq!(domains::verify(&ctx, other, row.domain_id).await, Err(Error::NotFound));
    assert_eq!(domains::remove(&ctx, other, row.domain_id, "acme.example").await, Err(Error::NotFound));
    assert_eq!(domains::list(&ctx, organization).await, Err(Error::NotFound));
}

/// Another organization that lists the same domain.
async fn rival(setting: &Setting) -> (OrganizationId, UserId, DomainRow) {
    let (other, eve) = setting.world.another_organization("Rival").await;
    let row = domains::add(&setting.world.ctx_of(eve), other, "acme.example", "dns").await.unwrap();
    (other, eve, row)
}

#[tokio::test]
async fn the_first_that_proves_it_has_it() {
    let setting = Setting::new().await;
    let mine = setting.add("acme.example").await;
    let (other, eve, theirs) = rival(&setting).await;
    assert!(mine.challenge_token != theirs.challenge_token);
    // Both tokens are there; listing it first is worth nothing.
    setting.look_ups.texts_at("acme.example", &[&[&mine.challenge()], &[&theirs.challenge()]]);
    let ctx = setting.world.ctx_of(eve);
    assert_eq!(domains::verify(&ctx, other, theirs.domain_id).await.unwrap().state, DomainState::Verified);
    let refused = setting.verify(mine.domain_id).await.unwrap_err();
    assert!(refused.status() == 409 && reason(&refused).contains("Another organization"), "{refused}");
    assert!(!reason(&refused).contains("Rival"));
    let preview = domains::preview(&setting.ctx(), setting.world.organization, mine.domain_id).await.unwrap();
    assert!(preview.people.is_none() && preview.obstacle.unwrap().contains("Another organization"));
    let event = setting.world.last_event(setting.world.organization, "domain.verification_failed").await;
    assert!(!event.text.contains("Rival"), "{}", event.text);
    let third = domains::add(&setting.ctx(), setting.world.organization, "acme.example", "dns").await;
    assert_eq!(third.unwrap_err().field(), Some("domain_name"));
    // It is free again once they let it go.
    domains::remove(&ctx, other, theirs.domain_id, "acme.example").await.unwrap();
    assert_eq!(setting.verify(mine.domain_id).await.unwrap().state, DomainState::Verified);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_organization_has_it_when_both_prove_it_at_once() {
    for world in [World::new().await, World::postgres().await] {
        let setting = Setting::of(world).await;
        let mine = setting.add("acme.example").await;
        let (other, eve, theirs) = rival(&setting).await;
        setting.look_ups.texts_at("acme.example", &[&[&mine.challenge()], &[&theirs.challenge()]]);
        let (ctx, their_ctx) = (setting.ctx(), setting.world.ctx_of(eve));
        let organization = setting.world.organization;
        let (one, two) = (mine.domain_id, theirs.domain_id);
        let first = tokio::spawn(async move { domains::verify(&ctx, organization, one).await });
        let second = tokio::spawn(async move { domains::verify(&their_ctx, other, two).await });
        let results = [first.await.unwrap(), second.await.unwrap()];
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
        let refused = results.iter().find_map(|result| result.as_ref().err()).unwrap();
        assert!(reason(refused).contains("Another organization"), "{refused}");
    }
}

#[tokio::test]
async fn it_is_looked_for_by_itself_for_three_days() {
    let setting = Setting::new().await;
    let row = setting.add("acme.example").await;
    assert!(row.next_check_at.is_some());
    assert_eq!(testing::check_domains(&setting.world.control).await.unwrap(), 0, "not yet");
    let looks = setting.pass(3 * DAY + HOUR).await;
    assert!((70..90).contains(&looks), "{looks}");
    let waiting = setting.view(row.domain_id).await;
    assert_eq!((waiting.state, waiting.next_check_at), (DomainState::Unverified, None));
    assert!(waiting.last_failure.unwrap().contains("no TXT record"));
    assert_eq!(setting.pass(DAY).await, 0);
    assert_eq!(setting.world.count_events("domain.verification_failed").await, 0, "nobody asked for them");
    // Whoever sets it up another way has three more.
    let (ctx, organization) = (setting.ctx(), setting.world.organization);
    domains::set_method(&ctx, organization, row.domain_id, "http").await.unwrap();
    domains::set_method(&ctx, organization, row.domain_id, "dns").await.unwrap();
    setting.publish(&row);
    assert!(setting.pass(HOUR).await >= 1);
    let verified = setting.view(row.domain_id).await;
    assert_eq!((verified.state, verified.next_check_at.is_some()), (DomainState::Verified, true));
    let event = setting.world.last_event(organization, "domain.verified").await;
    assert_eq!(event.actor, "system");
    assert_eq!(mails_to(&setting.world, EMAIL, "acme.example is verified").await.len(), 1);
}

#[tokio::test]
async fn a_domain_lapses_two_weeks_after_its_proof_went() {
    for world in [World::new().await, World::postgres().await] {
        let setting = Setting::of(world).await;
        let (world, organization) = (&setting.world, setting.world.organization);
        let keeper = world.add_user("keeper@elsewhere.example", Some(false), true).await;
        world.grant(keeper, "organization:domains:write", None).await;
        world.add_user("bob@acme.example", None, true).await;
        let row = setting.verified("acme.example").await;
        assert_eq!(setting.pass(3 * DAY).await, 3, "once a day while it is there");
        setting.look_ups.texts_at("acme.example", &[]);
        setting.pass(DAY).await;
        let failing = setting.view(row.domain_id).await;
        let since = failing.failing_since.unwrap();
        assert_eq!((failing.state, failing.managed_people), (DomainState::Verified, Some(1)));
        assert_eq!(failing.lapses_at, Some(since.plus(14 * DAY)));
        assert!(failing.last_failure.unwrap().contains("no TXT record"));
        for who in [EMAIL, "keeper@elsewhere.example"] {
            let mails = mails_to(world, who, "The proof of acme.example is gone").await;
            let body = mails[0].body.as_ref().unwrap().expose();
            assert!(mails.len() == 1 && body.contains("every hour"), "{who}: {body}");
            assert!(body.contains(&since.plus(14 * DAY).human()), "{body}");
        }
        assert!(mails_to(world, "bob@acme.example", "gone").await.is_empty(), "it is not his to mend");
        let looks = setting.pass(13 * DAY).await;
        assert!((300..=320).contains(&looks), "every hour: {looks}");
        assert_eq!(mails_to(world, EMAIL, "The proof of acme.example is gone").await.len(), 3);
        assert_eq!(world.count_events("domain.verification_failed").await, 3, "one with each notice");
        assert_eq!(setting.view(row.domain_id).await.state, DomainState::Verified, "until the time is over");
        setting.pass(DAY + HOUR).await;
        let lapsed = setting.view(row.domain_id).await;
        assert_eq!((lapsed.state, lapsed.managed_people), (DomainState::Unverified, None));
        assert_eq!((lapsed.failing_since, lapsed.lapses_at, lapsed.verified_at), (None, None, None));
        let event = world.last_event(organization, "domain.lapsed").await;
        assert!(event.actor == "system" && event.text.contains("one person is not managed any more"));
        assert_eq!(mails_to(world, EMAIL, "acme.example is not verified any more").await.len(), 1);
        // Put back within three days, it is verified again.
        setting.publish(&row);
        setting.pass(2 * HOUR).await;
        assert_eq!(setting.view(row.domain_id).await.state, DomainState::Verified);
        check_world(world).await;
    }
}

#[tokio::test]
async fn a_proof_that_comes_back_ends_the_grace() {
    let setting = Setting::new().await;
    let row = setting.verified("acme.example").await;
    setting.look_ups.texts_at("acme.example", &[]);
    setting.pass(10 * DAY).await;
    setting.publish(&row);
    setting.pass(2 * HOUR).await;
    let found = setting.view(row.domain_id).await;
    assert_eq!((found.failing_since, found.last_failure, found.lapses_at), (None, None, None));
    assert_eq!(mails_to(&setting.world, EMAIL, "is there again").await.len(), 1);
    let event = setting.world.last_event(setting.world.organization, "domain.verified").await;
    assert!(event.text.contains("again"), "{}", event.text);
    // The next time it goes, the time begins anew, and so do the notices.
    setting.look_ups.texts_at("acme.example", &[]);
    setting.pass(13 * DAY).await;
    assert_eq!(setting.view(row.domain_id).await.state, DomainState::Verified);
    assert_eq!(mails_to(&setting.world, EMAIL, "The proof of acme.example is gone").await.len(), 4);
}

#[tokio::test]
async fn a_resolver_that_is_down_costs_nothing_for_two_weeks() {
    let setting = Setting::new().await;
    let row = setting.verified("acme.example").await;
    setting.look_ups.fails("acme.example");
    setting.pass(DAY + 12 * HOUR).await;
    let failing = setting.view(row.domain_id).await;
    assert!(failing.last_failure.unwrap().contains("could not be looked up"));
    assert!(mails_to(&setting.world, EMAIL, "gone").await.is_empty(), "often it is over soon");
    setting.pass(DAY).await;
    let mails = mails_to(&setting.world, EMAIL, "gone").await;
    assert!(mails[0].body.as_ref().unwrap().expose().contains("could not be looked up"));
    setting.pass(11 * DAY).await;
    assert_eq!(setting.view(row.domain_id).await.state, DomainState::Verified);
    setting.pass(3 * DAY).await;
    assert_eq!(setting.view(row.domain_id).await.state, DomainState::Unverified);
    let event = setting.world.last_event(setting.world.organization, "domain.lapsed").await;
    assert!(event.text.contains("could not be looked up"), "{}", event.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_servers_share_the_looks() {
    let setting = Setting::new().await;
    for number in 0..20 {
        setting.verified(&format!("d{number}.example")).await;
    }
    setting.look_ups.asked();
    let other = setting.world.server_looking_up(setting.look_ups.clone()).await;
    setting.world.clock.advance(2 * DAY);
    let one = setting.world.control.clone();
    let (first, second) = tokio::join!(
        tokio::spawn(async move { testing::check_domains(&one).await.unwrap() }),
        tokio::spawn(async move { testing::check_domains(&other).await.unwrap() }),
    );
    assert!(first.unwrap() + second.unwrap() <= 20);
    let mut asked = setting.look_ups.asked();
    asked.sort();
    let count = asked.len();
    asked.dedup();
    assert_eq!(count, asked.len(), "none was looked for twice");
}

#[tokio::test]
async fn what_changed_during_a_look_is_looked_at_again() {
    let setting = Setting::new().await;
    let row = setting.verified("acme.example").await;
    let (ctx, organization) = (setting.ctx(), setting.world.organization);
    domains::remove(&ctx, organization, row.domain_id, "acme.example").await.unwrap();
    setting.world.clock.advance(2 * DAY);
    assert_eq!(testing::check_domains(&setting.world.control).await.unwrap(), 0);
    let anew = setting.add("acme.example").await;
    assert!(anew.challenge_token != row.challenge_token, "the old proof is worth nothing");
    assert_eq!(setting.verify(anew.domain_id).await.unwrap_err().status(), 409);
}

#[tokio::test]
async fn its_people_are_told_once() {
    let setting = Setting::new().await;
    let world = &setting.world;
    for number in 0..130 {
        world.add_user(&format!("u{number}@acme.example"), None, true).await;
    }
    let row = setting.verified("acme.example").await;
    assert_eq!(row.managed_people, Some(130));
    assert_eq!(testing::tell_managed(&world.control).await.unwrap(), 100);
    assert_eq!(testing::tell_managed(&world.control).await.unwrap(), 30);
    assert_eq!(testing::tell_managed(&world.control).await.unwrap(), 0);
    let mails = mails_to(world, "u99@acme.example", "managed by an organization").await;
    let body = mails[0].body.as_ref().unwrap().expose();
    assert!(mails.len() == 1 && body.contains("Acme") && body.contains("acme.example"), "{body}");
    assert!(mails_to(world, EMAIL, "managed by an organization").await.is_empty());
}

#[tokio::test]
async fn other_organizations_of_its_people_are_shown() {
    let setting = Setting::new().await;
    let (other, _) = setting.world.another_organization("Shadow").await;
    let bob = setting.world.add_user("bob@acme.example", None, true).await;
    let mut tx = setting.world.store.write().await.unwrap();
    store::memberships::add(&mut tx, other, bob, true, setting.world.now()).await.unwrap();
    tx.commit().await.unwrap();
    let (ctx, organization) = (setting.ctx(), setting.world.organization);
    assert_eq!(domains::discovered(&ctx, organization).await.unwrap(), []);
    setting.verified("acme.example").await;
    let found = domains::discovered(&ctx, organization).await.unwrap();
    assert_eq!((found.len(), found[0].organization_name.as_str()), (1, "Shadow"));
    assert_eq!((found[0].people, found[0].super_admins), (1, 1));
}
