//! Whether an address belongs to somebody: neither the answer nor the time that it takes tells.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use crate::installation::{Answer, Browser, EMAIL, Installation};

/// Tries with each of the two addresses.
const TRIES: usize = 200;
/// The same as they stand in a header.
const ENCODED: [&str; 2] = ["ann%40example.org", "bob%40example.org"];
/// Nobody's; as long as the one that is somebody's.
const UNKNOWN: &str = "bob@example.org";
/// Longer than one try counts against an address, and than five mails to it do.
const APART: Duration = Duration::from_secs(30 * 60);
/// How far from a toss of a coin somebody may be who is told two times, one of each kind. The chance of as much without any
/// difference is one in a million.
const GUESS_MAX: f64 = 0.15;

/// What was answered to one address, and how long each answer took.
#[derive(Default)]
struct Seen {
    answers: Vec<String>,
    times: Vec<f64>,
}

/// Sends the same with both addresses in turn, each time from another network and long after the last time.
async fn try_both(installation: &Installation, send: impl AsyncFn(&Browser, &str) -> Answer) -> [Seen; 2] {
    let mut seen = [Seen::default(), Seen::default()];
    let mut network = 0_u32;
    // The first answers find nothing warm.
    for number in 0..TRIES + 5 {
        installation.clock.advance(APART);
        let turn = if number % 2 == 0 { [0, 1] } else { [1, 0] };
        for who in turn {
            network += 1;
            let mut browser = installation.browser().with_header("accept", "application/json");
            browser.address = IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + network * 256));
            let begun = Instant::now();
            let answer = send(&browser, [EMAIL, UNKNOWN][who]).await;
            let micros = begun.elapsed().as_secs_f64() * 1e6;
            if number >= 5 {
                seen[who].times.push(micros);
                seen[who].answers.push(told(&answer));
            }
        }
    }
    seen
}

/// Everything that an answer says, without the number of the request and the address that was asked about.
fn told(answer: &Answer) -> String {
    let request = answer.header("x-request-id").to_owned();
    let chance = [request.as_str(), EMAIL, UNKNOWN, ENCODED[0], ENCODED[1]];
    let said = |text: &str| chance.iter().fold(text.to_owned(), |text, part| text.replace(part, "…"));
    let headers = answer.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
    let headers: Vec<String> = headers.map(|line| said(&line)).collect();
    format!("{}\n{}\n\n{}", answer.status, headers.join("\n"), said(&answer.body))
}

/// The time that a part of all times lie under.
fn quantile(times: &[f64], part: f64) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "there are 200 of them")]
    #[expect(clippy::cast_precision_loss, reason = "there are 200 of them")]
    let place = ((times.len() - 1) as f64 * part).round() as usize;
    times[place]
}

/// How often somebody who is told two times, one of each kind, is right who takes the longer one for the known address.
fn guessed(known: &[f64], unknown: &[f64]) -> f64 {
    let longer = known.iter().flat_map(|known| unknown.iter().map(move |unknown| known > unknown));
    let (right, all) = longer.fold((0, 0), |(right, all), is_longer| (right + i32::from(is_longer), all + 1));
    f64::from(right) / f64::from(all)
}

fn compare(what: &str, [known, unknown]: &[Seen; 2]) {
    let distinct: std::collections::BTreeSet<&String> =
        known.answers.iter().chain(&unknown.answers).collect();
    let middle = [&known.times, &unknown.times].map(|times| quantile(times, 0.5));
    let spread = [&known.times, &unknown.times].map(|times| quantile(times, 0.75) - quantile(times, 0.25));
    let guessed = guessed(&known.times, &unknown.times);
    println!(
        "{what}: {TRIES} tries each, {} different answers; median {:.0} µs known, {:.0} µs unknown; between the \
         quarters {:.0} and {:.0} µs; the longer one is the known one in {:.1} % of pairs",
        distinct.len(),
        middle[0],
        middle[1],
        spread[0],
        spread[1],
        guessed * 100.0,
    );
    assert_eq!((known.answers.len(), unknown.answers.len()), (TRIES, TRIES));
    assert_eq!(distinct.len(), 1, "{what}: {distinct:#?}");
    assert!((guessed - 0.5).abs() <= GUESS_MAX, "{what}: {guessed}");
}

#[tokio::test]
async fn asvs_6_3_8_a_sign_in_does_not_tell_who_has_an_account() {
    let installation = Installation::new().await;
    installation.signed_in().await;
    installation.stop.send_replace(true);
    let seen = try_both(&installation, async |browser, email| browser.sign_in(email, "a guess").await).await;
    assert!(seen[0].answers[0].starts_with("401 "), "{}", seen[0].answers[0]);
    compare("sign-in", &seen);
}

#[tokio::test]
async fn asvs_6_3_8_asking_for_a_new_password_does_not_tell_who_has_an_account() {
    let installation = Installation::new().await;
    installation.signed_in().await;
    installation.stop.send_replace(true);
    let path = "/api/passwords/ask_reset";
    let send = async |browser: &Browser, email: &str| browser.post("/", path, &[("email", email)]).await;
    let seen = try_both(&installation, send).await;
    assert!(seen[0].answers[0].starts_with("200 "), "{}", seen[0].answers[0]);
    let mails = store::testing::dump_without(&installation.store, &[]).await["mails"].len();
    println!("asking for a new password: {mails} mails");
    assert!(mails >= TRIES, "each was sent a link: {mails}");
    compare("asking for a new password", &seen);
}
