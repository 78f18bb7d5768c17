//! The hostile suite over HTTP: every response is posted to the address for answers of a real identity provider, where a request
//! waits for it, and is judged by the confined process of the real binary. None begins a session; every control does.

use std::{
    collections::BTreeMap,
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use axum::http::StatusCode;
use control::single_sign_on::{JudgeError, SamlJudge};
use domain::{events::EventType, identity_providers::SamlSettings, states::Outcome};
use identity::saml::{
    certificates::Certificate,
    checks::Check,
    questions::Question,
    testing::{
        KeyChoice, KeyPair, SoftIdp,
        cases::{ALICE, Case, Configured, Demands, World},
        controls, hostile,
    },
    verifications::Report,
};
use server::{judging::ConfinedJudge, sessions::COOKIE};
use store::events::Event;

use super::company::{Company, form};
use crate::installation::Installation;

/// Processor time that judging an answer may take.
const TIME_MAX: Duration = Duration::from_secs(1);
/// Bytes that the confined process may have at most.
const MEMORY_MAX: u64 = 200 << 20;

/// In the place of where whoever posted is sent, for what was not read to its end.
const TOO_LARGE: &str = "too large";

/// Takes the time of each verdict.
struct TimedJudge {
    confined: ConfinedJudge,
    took: Arc<Mutex<Vec<Duration>>>,
}

#[async_trait]
impl SamlJudge for TimedJudge {
    async fn judge(&self, question: &Question) -> Result<Report, JudgeError> {
        let began = Instant::now();
        let report = self.confined.judge(question).await;
        if let Err(error) = &report {
            // A hostile one that could bring the process down is refused, but not by its check.
            println!("no verdict: {error}");
        }
        self.took.lock().unwrap().push(began.elapsed());
        report
    }
}

/// A company whose identity provider is that of the suite's world.
struct Bench {
    company: Company,
    world: Mutex<World>,
    settings: SamlSettings,
    took: Arc<Mutex<Vec<Duration>>>,
    addresses: AtomicU32,
}

/// What became of a response.
struct Became {
    /// Where whoever posted it was sent.
    location: String,
    /// What is on record.
    answered: Option<Event>,
    /// What the browser that asked got then.
    status: StatusCode,
    body: String,
    has_session: bool,
    /// From question to verdict, however busy the machine was.
    took: Duration,
    /// Of which on a processor.
    processor: Duration,
}

impl Bench {
    async fn new() -> Self {
        let took = Arc::<Mutex<Vec<Duration>>>::default();
        let confined = ConfinedJudge::by(env!("CARGO_BIN_EXE_redoubt").into());
        let judge = TimedJudge { confined, took: took.clone() };
        let installation = Installation::judged_by(Arc::new(judge)).await;
        let idp = SoftIdp::new("https://idp.example.org/metadata", KeyChoice::Rsa(2048)).unwrap();
        let company = Company::on(installation, idp).await;
        // The clock stands still: what is good for five minutes is so to the second.
        company.installation.clock.stop();
        let mut tx = company.installation.store.read().await.unwrap();
        let keys = store::identity_providers::keys(&mut tx, company.provider).await.unwrap();
        let row = store::identity_providers::find(&mut tx, company.provider).await.unwrap().unwrap();
        drop(tx);
        let recipient = keys[0].certificate.clone();
        let world = World::new(company.expectations(String::new()), company.now(), recipient).unwrap();
        let settings = serde_json::from_str(&row.settings).unwrap();
        let addresses = AtomicU32::new(0x0a00_0000);
        Self { company, world: Mutex::new(world), settings, took, addresses }
    }

    /// Sets the identity provider up as a case has it.
    async fn set_up(&self, demands: Demands) {
        let pem = |keys: &KeyPair| Certificate::from_der(keys.certificate.clone()).unwrap().pem();
        let (entity_id, certificates) = {
            let world = self.world.lock().unwrap();
            let certificates = match demands.certificates {
                Configured::Both => vec![pem(&world.idp.keys), pem(&world.second)],
                Configured::RsaAlone => vec![pem(&world.idp.keys)],
                Configured::None => Vec::new(),
            };
            (world.idp.entity_id.clone(), certificates)
        };
        let settings = SamlSettings {
            entity_id,
            certificates,
            assertion_signed: demands.assertion_signed,
            response_signed: demands.response_signed,
            encrypted: demands.encrypted,
            ..self.settings.clone()
        };
        let mut tx = self.company.installation.store.write().await.unwrap();
        let row = store::identity_providers::find(&mut tx, self.company.provider).await.unwrap().unwrap();
        let settings = serde_json::to_string(&settings).unwrap();
        let changed = store::identity_providers::IdentityProvider { settings, ..row };
        assert!(store::identity_providers::set(&mut tx, &changed).await.unwrap());
        // The suite's assertions share their ID: what was accepted before is no matter of theirs.
        let end = domain::timestamps::Timestamp::from_micros(i64::MAX);
        store::accepted_assertions::remove_expired(&mut tx, end, 1_000).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Has a browser ask, and a case answer.
    async fn post(&self, case: &Case) -> Became {
        self.set_up(Demands::USUAL).await;
        let mut browser = self.company.installation.browser();
        // Each comes from a network of its own: what they ask for is counted.
        let next = self.addresses.fetch_add(0x100, Ordering::Relaxed);
        browser.address = std::net::Ipv4Addr::from(next).into();
        let away = self.company.send(browser, "/projects").await;
        self.set_up(case.demands).await;
        let field = {
            let mut world = self.world.lock().unwrap();
            world.expectations.request_id.clone_from(&away.expectations.request_id);
            case.field(&world).unwrap()
        };
        self.took.lock().unwrap().clear();
        let before = self.company.events(EventType::SingleSignOnAnswered).await.first().map(|event| event.id);
        let began = on_processor();
        let answer = self.company.post_from(&away.browser, form(&field)).await;
        let processor = on_processor().saturating_sub(began);
        let took = self.took.lock().unwrap().iter().sum();
        let location = match answer.status {
            StatusCode::PAYLOAD_TOO_LARGE => TOO_LARGE.to_owned(),
            _ => answer.place().to_owned(),
        };
        let events = self.company.events(EventType::SingleSignOnAnswered).await;
        let answered = events.into_iter().next().filter(|event| Some(event.id) != before);
        let end = away.browser.get(&self.company.fetch()).await;
        let has_session = away.browser.cookie(COOKIE).is_some()
            && away.browser.get("/projects").await.status == StatusCode::OK;
        let (status, body) = (end.status, end.body);
        Became { location, answered, status, body, has_session, took, processor }
    }
}

impl Became {
    fn text(&self) -> &str {
        self.answered.as_ref().map_or("nothing on record", |event| &event.text)
    }

    fn outcome(&self) -> Option<Outcome> {
        self.answered.as_ref().map(|event| event.outcome)
    }

    /// Why the response was not refused as it has to be, if so.
    fn wrongly_taken(&self, case: &Case) -> Option<String> {
        let (text, expected) = (self.text(), case.expected.unwrap());
        if self.has_session || self.status.is_redirection() {
            return Some(format!("SIGNED IN: {text}"));
        }
        let is_in_one_of_three_ways = match self.location.as_str() {
            // Nobody has read it, so that nothing is on record.
            TOO_LARGE => return (expected != Check::FieldSize).then(|| "was not read".to_owned()),
            "/sign-in/refused" => self.status == StatusCode::CONFLICT,
            "/sign-in/answer" => self.status == StatusCode::FORBIDDEN,
            _ => false,
        };
        let named = format!("{} (", expected.name());
        // What names another request than the one that waits is no answer to any.
        let is_unasked = (expected == Check::InResponseTo || case.family == "tenant")
            && (text.contains("that we did not make") || text.contains("answers no request of ours"));
        let is_on_record = self.outcome() == Some(Outcome::Denied) && (text.contains(&named) || is_unasked);
        let tells = self.body.contains(&named) || self.body.contains(expected.demand());
        (!is_in_one_of_three_ways || !is_on_record || tells)
            .then(|| format!("{}, {}: {text} instead of {}", self.location, self.status, expected.name()))
    }
}

/// Whom the sign-in is about that a control leads to: the one address that it names, if it is of the organization's domain.
fn address(case: &Case) -> Option<String> {
    let emails = case.person.attributes.iter().find(|(name, _)| name == "email");
    let named = match emails.map(|(_, values)| values.as_slice()) {
        None | Some([]) => &case.person.name_id,
        Some([email]) => email,
        Some(_) => return None,
    };
    named.eq_ignore_ascii_case(ALICE).then(|| named.to_ascii_lowercase())
}

/// Watches the processes that this one starts, which are gone in a moment: the most memory that any of them had.
struct Watch {
    highest: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
}

impl Watch {
    fn begin() -> Self {
        let watch = Self { highest: Arc::default(), is_over: Arc::default() };
        let (highest, is_over) = (watch.highest.clone(), watch.is_over.clone());
        std::thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                highest.fetch_max(largest_child(), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        watch
    }

    /// In bytes.
    fn end(&self) -> u64 {
        self.is_over.store(true, Ordering::Relaxed);
        self.highest.load(Ordering::Relaxed)
    }
}

/// The most memory that a process had which runs now and was started by this one, in bytes.
fn largest_child() -> u64 {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let children: Vec<String> =
        children.flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect();
    children.iter().filter_map(|child| highest_of(child)).max().unwrap_or(0)
}

fn highest_of(process: &str) -> Option<u64> {
    // Until it runs the binary it is this process once more.
    fs::read_link(format!("/proc/{process}/exe")).ok()?.ends_with("redoubt").then_some(())?;
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1_024)
}

/// Processor time of all processes that this one started and that are gone, which is counted in hundredths of a second. Those of
/// other tests count as well.
fn on_processor() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    // Behind the name, which may hold blanks, comes the third field; those of children are the 16th and 17th (proc(5)).
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let hundredths: u64 = fields[13..15].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(hundredths * 10)
}

fn print(what: &str, took: &mut [Duration], highest: u64) {
    took.sort();
    let milliseconds = |at: usize| took[at].as_secs_f64() * 1_000.0;
    println!(
        "{} {what}: {:.1} ms in the middle, {:.1} ms the slowest; the largest process had {} MB",
        took.len(),
        milliseconds(took.len() / 2),
        milliseconds(took.len() - 1),
        highest >> 20
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_hostile_response_signs_anybody_in() {
    let (bench, watch) = (Bench::new().await, Watch::begin());
    let mut slowest = Duration::ZERO;
    let (mut wrong, mut judged, mut families) = (Vec::new(), Vec::new(), BTreeMap::<_, usize>::new());
    let cases = hostile();
    for case in &cases {
        let became = bench.post(case).await;
        let name = format!("{} / {}", case.family, case.name);
        if let Some(why) = became.wrongly_taken(case) {
            wrong.push(format!("{name}: {why}"));
        }
        if became.processor >= TIME_MAX {
            wrong.push(format!("{name}: took {:?} on a processor", became.processor));
        }
        slowest = slowest.max(became.processor);
        *families.entry(case.family).or_default() += 1;
        // What is refused at a first look needs no process.
        judged.extend((!became.took.is_zero()).then_some(became.took));
    }
    println!("{} hostile responses over HTTP: {families:?}", cases.len());
    let highest = watch.end();
    print("of them were judged", &mut judged, highest);
    println!("none took more than {slowest:?} on a processor");
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(cases.len() >= 150 && judged.len() >= 50, "{} {}", cases.len(), judged.len());
    assert!((1..MEMORY_MAX).contains(&highest), "{highest}");
    // Nobody was made a member, or anything else, by any of them.
    assert_eq!(bench.company.sessions_of(ALICE).await.len(), 0);
    for event_type in [EventType::UserJoined, EventType::UserIdentityLinked] {
        assert_eq!(bench.company.events(event_type).await.len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_control_is_accepted() {
    let (bench, watch) = (Bench::new().await, Watch::begin());
    let (mut wrong, mut judged, mut sessions) = (Vec::new(), Vec::new(), 0);
    let cases = controls();
    for case in &cases {
        let became = bench.post(case).await;
        let name = format!("{} / {}", case.family, case.name);
        let is_accepted = became.location == "/sign-in/answer" && became.outcome() == Some(Outcome::Done);
        let is_right = match address(case) {
            Some(_) => became.has_session,
            // It was verified, and says nothing that an account here can be told by.
            None => !became.has_session && became.status == StatusCode::FORBIDDEN,
        };
        if !is_accepted || !is_right {
            wrong.push(format!("{name}: {}, {}: {}", became.location, became.status, became.text()));
        }
        sessions += usize::from(became.has_session);
        judged.push(became.took);
    }
    let highest = watch.end();
    print("controls", &mut judged, highest);
    println!("{sessions} of them began a session");
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!((1..MEMORY_MAX).contains(&highest), "{highest}");
    assert!(cases.len() >= 20 && sessions >= cases.len() - 5, "{} {sessions}", cases.len());
    assert_eq!(bench.company.sessions_of(ALICE).await.len(), sessions);
}
