//! What becomes of everything that lets somebody in when something changes later: the whole table of credentials and changes,
//! tried one by one over HTTP. Each pair has an organization of its own.

mod cases;
mod changes;
mod credentials;

use tokio::task::JoinSet;

pub(crate) use cases::App;

use self::{
    cases::{Case, Hash},
    changes::Change,
    credentials::Credential,
};
use crate::{api::callers::owner, installation::Installation};

/// Pairs that were tried when this was last changed: it may only become more.
const PAIRS_MIN: usize = 385;

/// Why somebody reaches the project all the same; none if they must not.
fn unaffected(credential: Credential, change: Change) -> Option<&'static str> {
    use Credential::{ApplicationToken, BreakGlassSession, InvitationLink, ResetLink, SecondFactorAsked};
    use credentials::{BREAK_GLASS, PASSKEYS, PERSONAL_TOKENS, SESSIONS, TOKENS};
    let is_of = |credentials: &[Credential]| credentials.contains(&credential);
    let unless = |is_affected: bool, why: &'static str| (!is_affected).then_some(why);
    match change {
        Change::Nothing => Some("nothing happened"),
        Change::Deactivated | Change::Removed => {
            unless(credential != ApplicationToken, "it is the application user's, whoever made it")
        }
        Change::LeftGroup | Change::GrantRevoked | Change::GrantExpired => {
            unless(!is_of(BREAK_GLASS), "a super admin needs no grant")
        }
        Change::SuperAdminTaken => {
            unless(credential != ApplicationToken, "it is the application user's, whoever made it")
        }
        Change::PasswordForbidden
        | Change::SecondFactorRequired
        | Change::ProviderRequired
        | Change::TokensBound
            if credential == ApplicationToken =>
        {
            Some("no sign-in made it")
        }
        Change::PasswordForbidden | Change::SecondFactorRequired | Change::ProviderRequired
            if is_of(TOKENS) =>
        {
            Some("tokens are judged by the sign-in that they were made in only where they are bound to it")
        }
        Change::PasswordForbidden => unless(!is_of(PASSKEYS), "it began without a password"),
        Change::SecondFactorRequired => unless(!shows_two(credential), "a second factor is shown"),
        Change::ProviderRequired => unless(!is_of(BREAK_GLASS), "break-glass super admins are exempt"),
        Change::OtherProvidersForbidden | Change::OidcForbidden => {
            Some("it is about sign-ins through identity providers")
        }
        Change::PersonalTokensForbidden => unless(is_of(PERSONAL_TOKENS), "it is no personal token"),
        Change::TokensBound => unless(!shows_two(credential), "a second factor is shown"),
        Change::TokensLimited => unless(is_of(TOKENS), "it is no token"),
        Change::AddressesNarrowed | Change::ProjectDeleted | Change::OrganizationDeleted => None,
        Change::IdleShortened | Change::SessionsShortened => {
            unless(is_of(SESSIONS), "there is no session yet, or none at all")
        }
        Change::PasswordsLengthened => {
            unless([ResetLink, InvitationLink].contains(&credential), "it is about new passwords")
        }
        Change::FactorRemoved if is_of(TOKENS) => Some("tokens stay until they are revoked"),
        Change::FactorRemoved if credential == ResetLink => Some("it is about the password"),
        Change::PasswordChanged if is_of(SESSIONS) => Some("its person kept their other browsers signed in"),
        Change::PasswordChanged | Change::PasswordChangedAlone | Change::PasswordReset if is_of(TOKENS) => {
            Some("tokens stay until they are revoked")
        }
        Change::FactorRemoved
        | Change::PasswordChanged
        | Change::PasswordChangedAlone
        | Change::PasswordReset => unless(
            credential != InvitationLink,
            "what whoever invited may do counts, not what they sign in with",
        ),
        Change::TokenRevoked | Change::TokenAddressesNarrowed => unless(is_of(TOKENS), "it is no token"),
        Change::SessionEnded | Change::SignedOut => {
            unless(is_of(SESSIONS), "there is no session yet, or none at all")
        }
        Change::SignedOutEverywhere | Change::SignedOutByAdmin => unless(
            is_of(SESSIONS) || credential == SecondFactorAsked,
            "there is no session yet, or none at all",
        ),
        Change::ApplicationUserDeleted => {
            unless(credential == ApplicationToken, "it is no application user's")
        }
        Change::NewerLink => unless(credential == ResetLink, "it is no such link"),
        Change::InvitationWithdrawn => unless(credential == InvitationLink, "it is no invitation"),
        Change::BreakGlassTaken => {
            unless(credential == BreakGlassSession, "it does not get in by an exemption")
        }
    }
}

/// Whether a second factor is shown with it, or asked for before it lets anybody in.
fn shows_two(credential: Credential) -> bool {
    credentials::PASSKEYS.contains(&credential)
        || [Credential::AppSession, Credential::SecondFactorAsked].contains(&credential)
}

/// The rows of one credential, and what is wrong with them.
async fn rows(credential: Credential) -> (Vec<String>, Vec<String>) {
    let installation = Installation::new().await;
    owner(&installation).await;
    let hash = Hash::of(&installation).await;
    let (mut rows, mut wrongs) = (Vec::new(), Vec::new());
    for (number, change) in (1..).zip(Change::ALL.iter().copied()) {
        let mut case = Case::new(&installation, &hash, number).await;
        let held = credential.make(&mut case, change).await;
        if held.is_used_often() {
            assert_eq!(held.use_it(&case).await, Ok(()), "{credential:?} before {change:?}");
        }
        change.happen(&case, &held).await;
        let used = held.use_it(&case).await;
        let why = unaffected(credential, change);
        let verdict = match (used, why) {
            (Ok(()), Some(why)) => format!("unaffected: {why}"),
            (Ok(()), None) => "UNAFFECTED".to_owned(),
            (Err(refusal), None) => format!("refused: {refusal}"),
            (Err(refusal), Some(_)) => format!("REFUSED: {refusal}"),
        };
        let is_plain = match used {
            Ok(()) => true,
            Err(refusal) => matches!(refusal.status, 401 | 403 | 404 | 409 | 422),
        };
        let row = format!("{:<28} | {:<39} | {verdict}", credential.name(), change.name());
        if used.is_ok() != why.is_some() || !is_plain {
            wrongs.push(row.clone());
        }
        rows.push(row);
    }
    (rows, wrongs)
}

/// Each pair of a credential and a later change: the next request is refused, or there is a reason why it is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asvs_7_4_2_what_changes_later_counts_at_the_next_request() {
    let mut tasks = JoinSet::new();
    for (place, credential) in Credential::ALL.iter().copied().enumerate() {
        tasks.spawn(async move { (place, rows(credential).await) });
    }
    let (mut found, mut wrongs) = (Vec::new(), Vec::new());
    while let Some(done) = tasks.join_next().await {
        match done {
            Ok(rows) => found.push(rows),
            Err(error) => wrongs.push(error.to_string()),
        }
    }
    found.sort_by_key(|(place, _)| *place);
    wrongs.extend(found.iter().flat_map(|(_, (_, wrongs))| wrongs.clone()));
    let rows: Vec<String> = found.iter().flat_map(|(_, (rows, _))| rows.clone()).collect();
    let refused = rows.iter().filter(|row| row.contains("| refused")).count();
    println!("{}", rows.join("\n"));
    println!("{} pairs: {refused} refused, {} unaffected", rows.len(), rows.len() - refused);
    assert!(wrongs.is_empty(), "{} of {}: {wrongs:#?}", wrongs.len(), rows.len());
    assert!(rows.len() >= PAIRS_MIN, "{}", rows.len());
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("credential_events", rows.join("\n"));
    });
}
