//! Prints how long an authorization takes among a million grants and a hundred thousand people in groups, on both databases:
//! the database's part alone, and the whole permit. Run with `--release`.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made should stop, loudly")]

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use control::{
    Control, MasterKey, Origin, Parts, SystemRandom, access,
    testing::{authorize, session},
};
use domain::{
    actions::Action,
    ids::RequestId,
    timestamps::{Clock, Timestamp},
};
use host::simulated::{SimulatedHost, SimulatedSettings};
use store::{Store, access::Target, testing::crowds};

/// Authorizations that are timed.
const TRIES: usize = 20_000;
/// Authorizations before that, so that what is read often is in memory.
const WARM_UP: usize = 2_000;

struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_795_325_845_000_000)
    }
}

async fn open(store: &Store) -> Control {
    let clock: Arc<dyn Clock> = Arc::new(StoppedClock);
    let host = SimulatedHost::open(SimulatedSettings::new("local", clock.clone())).unwrap();
    let parts = Parts {
        store: store.clone(),
        hosts: vec![Arc::new(host)],
        clock,
        random: Arc::new(SystemRandom),
        master_key: MasterKey::new([7; 32]),
        is_simulated: true,
        mailer: None,
        look_ups: None,
        saml_judge: Arc::new(control::testing::JudgeHere),
        provider_http: None,
        public_url: "http://localhost:8080".into(),
        breached: None,
    };
    Control::open(parts).await.unwrap()
}

/// The n-th pair of somebody and a project, all over both.
fn pair(number: usize) -> (i64, i64) {
    let number = i64::try_from(number).unwrap();
    (number * 7919 % crowds::PEOPLE, number * 104_729 % crowds::PROJECTS)
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |part: usize| times[times.len() * part / 100].as_secs_f64() * 1e6;
    println!("  {what}: median {:.0} µs, p99 {:.0} µs", at(50), at(99));
}

async fn measure(name: &str, store: Store) {
    let began = Instant::now();
    crowds::gather(&store).await;
    let grants = crowds::count(&store).await;
    println!(
        "{name}: {grants} grants, {} people in {} groups (made in {:.0} s)",
        crowds::PEOPLE,
        crowds::GROUPS,
        began.elapsed().as_secs_f64()
    );
    let control = open(&store).await;
    let (mut alone, mut whole, mut allowed) = (Vec::new(), Vec::new(), 0);
    let mut tx = store.read().await.unwrap();
    for number in 0..WARM_UP + TRIES {
        let (person, project) = pair(number);
        let name = crowds::project(project);
        let began = Instant::now();
        let target = Target::ProjectName(&name);
        let found = store::access::effective(&mut tx, crowds::person(person), target, StoppedClock.now())
            .await
            .unwrap();
        let powers = access::powers(&found.unwrap(), None);
        alone.push(began.elapsed());
        allowed += usize::from(powers.may(Action::ViewProject));
    }
    drop(tx);
    for number in 0..WARM_UP + TRIES {
        let (person, project) = pair(number);
        let origin = Origin {
            address: Some(IpAddr::from([127, 0, 0, 1])),
            agent: None,
            device: None,
            request_id: RequestId::from_uuid(uuid::Uuid::nil()),
        };
        let ctx = control.context(origin, Some(session(crowds::person(person), Timestamp::from_micros(0))));
        let name = crowds::project(project);
        let began = Instant::now();
        let _ = authorize(&ctx, Action::ViewProject, Target::ProjectName(&name)).await;
        whole.push(began.elapsed());
    }
    tell("the query and the decision, in an open transaction", alone.split_off(WARM_UP));
    tell("a whole permit, with a transaction of its own", whole.split_off(WARM_UP));
    println!("  {allowed} of {} were allowed", WARM_UP + TRIES);
}

#[tokio::main]
async fn main() {
    let (store, _directory) = store::testing::temporary_sqlite().await;
    measure("SQLite", store).await;
    let (store, database) = store::testing::temporary_postgres().await;
    measure("PostgreSQL", store.clone()).await;
    store.close().await;
    database.remove().await;
}
