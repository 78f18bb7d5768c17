//! Looking for the proof of a domain: what is looked up, and what is made of the answer. How names are resolved and files are
//! fetched is the server's; nothing here writes anything.

use std::time::Duration;

use async_trait::async_trait;
use domain::domains::{CHALLENGE_LABEL, CHALLENGE_PATH, DomainVerification, challenge};
use store::domains::Domain;

use crate::Control;

/// How long all look-ups for one proof may take together.
const LOOK_UP_MAX: Duration = Duration::from_secs(30);
/// Characters of what the world answers that are repeated to people, at most.
const ANSWER_CHARS_MAX: usize = 200;
/// Bytes of a file that proves a domain, at most.
const FILE_BYTES_MAX: usize = 64 * 1024;
/// What begins a proof.
const PROOF_START: &str = "token=";

/// Why something could not be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookUpError {
    /// A sentence for those who look after the organization.
    pub reason: String,
    /// The world answered, and it is not there. Otherwise nobody knows.
    pub is_answer: bool,
}

impl LookUpError {
    /// Nobody knows: no answer, or one that says nothing.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), is_answer: false }
    }

    /// It is not there.
    pub fn missing(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), is_answer: true }
    }
}

/// What can be looked up in the world.
#[async_trait]
pub trait LookUps: Send + Sync {
    /// The TXT records of a name, each as the strings that it is made of. None if there is no such name.
    async fn texts(&self, name: &str) -> Result<Vec<Vec<String>>, LookUpError>;

    /// The file at an address, of at most so many bytes. Nothing is fetched from where only this machine or its neighbours get to.
    async fn file(&self, address: &str, bytes_max: usize) -> Result<Vec<u8>, LookUpError>;
}

/// What a look for a proof found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// It is there.
    Proven,
    /// It is not there.
    Missing(String),
    /// It could not be looked up.
    Unknown(String),
}

impl From<LookUpError> for Finding {
    fn from(error: LookUpError) -> Self {
        let reason = cut(&error.reason);
        if error.is_answer { Self::Missing(reason) } else { Self::Unknown(reason) }
    }
}

/// Looks for the proof of a domain. No transaction may be open.
pub(super) async fn look_for(control: &Control, domain: &Domain) -> Finding {
    let Some(look_ups) = control.parts().look_ups.as_deref() else {
        return Finding::Unknown("This installation looks nothing up.".to_owned());
    };
    look_within(look_ups, domain, LOOK_UP_MAX).await
}

async fn look_within(look_ups: &dyn LookUps, domain: &Domain, limit: Duration) -> Finding {
    let looking = async {
        match domain.verification {
            DomainVerification::Dns => by_record(look_ups, domain).await,
            DomainVerification::Http => by_file(look_ups, domain).await,
        }
    };
    tokio::time::timeout(limit, looking)
        .await
        .unwrap_or_else(|_| Finding::Unknown(format!("Nothing answered within {} s.", limit.as_secs_f32())))
}

async fn by_record(look_ups: &dyn LookUps, domain: &Domain) -> Finding {
    let name = format!("{CHALLENGE_LABEL}.{}", domain.name);
    match look_ups.texts(&name).await {
        // A text of more than 255 bytes comes in several strings (RFC 7208, section 3.3, says how they are read).
        Ok(records) => judge_records(&name, records.into_iter().map(|strings| strings.concat()), domain),
        Err(error) => error.into(),
    }
}

fn judge_records(name: &str, records: impl Iterator<Item = String>, domain: &Domain) -> Finding {
    let expected = challenge(&domain.challenge_token);
    let (mut count, mut other) = (0_usize, None);
    for record in records {
        let record = record.trim();
        if record == expected {
            return Finding::Proven;
        }
        if record.starts_with(PROOF_START) {
            other = Some(cut(record));
        }
        count += 1;
    }
    Finding::Missing(match (count, other) {
        (0, _) => {
            format!("There is no TXT record at {name}. A new one can take up to 72 hours until it is seen.")
        }
        (_, Some(other)) => {
            format!(
                "The TXT record at {name} says “{other}”, which is another token than the one of this domain."
            )
        }
        (1, None) => format!("The TXT record at {name} does not hold the token."),
        (count, None) => format!("None of the {count} TXT records at {name} holds the token."),
    })
}

async fn by_file(look_ups: &dyn LookUps, domain: &Domain) -> Finding {
    let plain = fetch(look_ups, "http", domain).await;
    if plain == Finding::Proven {
        return plain;
    }
    match fetch(look_ups, "https", domain).await {
        Finding::Proven => Finding::Proven,
        // What an answer says weighs more than that there is none.
        Finding::Missing(reason) if matches!(plain, Finding::Unknown(_)) => Finding::Missing(reason),
        _ => plain,
    }
}

async fn fetch(look_ups: &dyn LookUps, scheme: &str, domain: &Domain) -> Finding {
    let address = format!("{scheme}://{}{CHALLENGE_PATH}", domain.name);
    match look_ups.file(&address, FILE_BYTES_MAX).await {
        Ok(body) => judge_file(&address, &body, domain),
        Err(error) => error.into(),
    }
}

fn judge_file(address: &str, body: &[u8], domain: &Domain) -> Finding {
    let (text, expected) = (String::from_utf8_lossy(body), challenge(&domain.challenge_token));
    if text.lines().any(|line| line.trim() == expected) {
        return Finding::Proven;
    }
    let other = text.lines().map(str::trim).find(|line| line.starts_with(PROOF_START));
    Finding::Missing(match other {
        Some(other) => format!(
            "The file at {address} says “{}”, which is another token than the one of this domain.",
            cut(other)
        ),
        None => format!("The file at {address} does not hold the token."),
    })
}

/// What the world says goes on a page: one line of it, and no marks that change how it reads.
pub(crate) fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && domain::names::is_seen(*c)).take(ANSWER_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use domain::{
        domains::DomainState,
        ids::{DomainId, OrganizationId},
        timestamps::Timestamp,
    };
    use uuid::Uuid;

    use super::*;

    fn domain() -> Domain {
        Domain {
            id: DomainId::from_uuid(Uuid::nil()),
            organization_id: OrganizationId::from_uuid(Uuid::nil()),
            name: "example.com".into(),
            verification: DomainVerification::Dns,
            challenge_token: "abc".into(),
            state: DomainState::Unverified,
            state_since: Timestamp::from_micros(0),
            created_at: Timestamp::from_micros(0),
            verified_at: None,
            checked_at: None,
            next_check_at: None,
            failing_since: None,
            last_failure: None,
            notices: 0,
            told_until: None,
        }
    }

    fn records(texts: &[&str]) -> Finding {
        judge_records("name", texts.iter().map(|text| (*text).to_owned()), &domain())
    }

    /// A world that never answers.
    struct Silence;

    #[async_trait]
    impl LookUps for Silence {
        async fn texts(&self, _: &str) -> Result<Vec<Vec<String>>, LookUpError> {
            std::future::pending().await
        }
        async fn file(&self, _: &str, _: usize) -> Result<Vec<u8>, LookUpError> {
            std::future::pending().await
        }
    }

    #[tokio::test]
    async fn what_never_answers_is_given_up() {
        for verification in DomainVerification::ALL {
            let domain = Domain { verification: *verification, ..domain() };
            let found = look_within(&Silence, &domain, Duration::from_millis(20)).await;
            assert_eq!(found, Finding::Unknown("Nothing answered within 0.02 s.".into()));
        }
    }

    #[test]
    fn one_of_the_records_is_enough_and_it_must_be_whole() {
        let right = "token=abc,expiry=never";
        assert_eq!(records(&[right]), Finding::Proven);
        assert_eq!(records(&["v=spf1 -all", "token=other,expiry=never", right]), Finding::Proven);
        for wrong in
            ["token=abcd,expiry=never", "token=abc", "token=ABC,expiry=never", "xtoken=abc,expiry=never", ""]
        {
            assert!(matches!(records(&[wrong]), Finding::Missing(_)), "{wrong}");
        }
        let said = |texts: &[&str]| match records(texts) {
            Finding::Missing(reason) => reason,
            other => panic!("{other:?}"),
        };
        assert!(said(&[]).contains("no TXT record"));
        assert!(said(&["a", "token=b\u{202e}"]).contains("says “token=b”"));
        assert!(said(&["a", "b"]).contains("None of the 2"));
    }

    #[test]
    fn the_file_holds_the_proof_on_a_line_of_its_own() {
        let found = |text: &[u8]| judge_file("address", text, &domain());
        assert_eq!(found(b"token=abc,expiry=never"), Finding::Proven);
        assert_eq!(found(b"<p>\r\n  token=abc,expiry=never \r\n</p>"), Finding::Proven);
        assert!(matches!(found(b"x token=abc,expiry=never"), Finding::Missing(_)));
        assert!(matches!(found(&[0xff, 0xfe]), Finding::Missing(_)));
        let Finding::Missing(reason) = found(format!("token={}", "x".repeat(5000)).as_bytes()) else {
            panic!()
        };
        assert!(reason.chars().count() < 400, "{reason}");
    }
}
