//! Passwords of other places, tried here: what is looked at, what is turned away, and who is kept out by it.

use std::net::{IpAddr, Ipv4Addr};

use crate::installation::{EMAIL, Installation, PASSWORD};

const TRIES: usize = 400;
/// Tries of one network that are looked at before it has to wait.
const LOOKED_AT: usize = 21;
/// Tries that are looked at because a wait ends while the test runs.
const LATER_MAX: usize = 6;

/// The same with ten thousand tries is in the tests of `control`.
#[tokio::test]
async fn asvs_6_3_1_a_list_of_passwords_is_turned_away_and_keeps_nobody_out() {
    let installation = Installation::new().await;
    installation.signed_in().await;
    let (mut looked_at, mut turned_away, mut waits) = (0, 0, Vec::new());
    for number in 0..TRIES {
        let mut browser = installation.browser().with_header("accept", "application/json");
        let host = u8::try_from(number % 200).unwrap();
        browser.address = IpAddr::V4(Ipv4Addr::new(198, 51, 100, host));
        let known = number % 10 == 0;
        let email = if known { EMAIL.to_owned() } else { format!("person{}@example.org", number / 2) };
        // Among them the right one, when the network waits already: it looks like all others.
        let password = if number == TRIES / 2 { PASSWORD } else { "a password of another place" };
        let answer = browser.sign_in(&email, password).await;
        match answer.status.as_u16() {
            401 => looked_at += 1,
            429 => {
                turned_away += 1;
                waits.push(answer.header("retry-after").parse::<u64>().unwrap());
            }
            other => panic!("{other}: {}", answer.body),
        }
        assert_eq!(browser.cookie(server::sessions::COOKIE), None);
    }
    let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
    println!(
        "{TRIES} tries from one network: {looked_at} looked at, {turned_away} turned away with Retry-After {least} to {most} s"
    );
    assert!((LOOKED_AT - LATER_MAX..=LOOKED_AT + LATER_MAX).contains(&looked_at), "{looked_at}");
    assert_eq!(looked_at + turned_away, TRIES);
    assert!(*least >= 1 && *most <= 900);
    // Four wrong tries are free: who owns the account does not even wait.
    let mut owner = installation.browser();
    owner.address = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));
    let answer = owner.sign_in(EMAIL, PASSWORD).await;
    assert!(answer.status.is_redirection() && answer.location() == "/projects", "{}", answer.body);
}
