//! Mails that tell somebody what happened to their account, so that they notice what they did not do. Each is written in the
//! transaction of what it tells; nobody is flooded with them.

use std::fmt::Write as _;

use domain::{
    ids::OrganizationId,
    names::EmailAddress,
    permissions::Permission,
    principals::{MailKind, UserKind},
    sign_ins::{FactorKind, Proof, SignInMethod},
    timestamps::Timestamp,
};
use store::{Tx, holders::HolderFilter, users::User};
use zeroize::Zeroizing;

use crate::{Context, Control, errors::Failure, explanations::openings, mails};

/// Mails of one kind to one address within two hours, at most: none of them keeps one of another kind from being sent.
pub const MAILS_MAX: i64 = 30;
/// The same of the kinds that others can cause, or that weigh little.
pub const MAILS_MAX_OF_LITTLE_WEIGHT: i64 = 10;
/// People of one organization who are told of what it has, at most.
const TOLD_MAX: u32 = 50;
/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;

/// What happened.
pub(crate) enum Notice<'a> {
    /// Somebody signed in from a browser that had not been signed in before.
    NewDevice(Proof),
    /// The password was right, and the second factor wrong, again and again.
    SecondFactorRefused,
    /// A second factor was added.
    FactorAdded {
        /// What it is.
        kind: FactorKind,
        /// What it is called.
        name: &'a str,
    },
    /// A second factor was removed.
    FactorRemoved {
        /// What it is.
        kind: FactorKind,
        /// What it was called.
        name: &'a str,
        /// Whether it was the last one.
        is_last: bool,
    },
    /// Recovery codes were made; those before them ended.
    RecoveryCodesMade,
    /// A recovery code was used.
    RecoveryCodeUsed {
        /// How many are left.
        left: i64,
    },
    /// The password was changed, or set anew by a mailed link.
    PasswordChanged,
    /// A personal token was made, or one in the place of another.
    TokenMade {
        /// What it is for.
        description: &'a str,
    },
    /// Second factors were taken.
    FactorsReset {
        /// At once, by whoever operates the installation; otherwise somebody had asked for it, and nobody objected.
        by_operator: bool,
    },
}

impl Notice<'_> {
    const fn kind(&self) -> MailKind {
        match self {
            Self::NewDevice(_) => MailKind::NewDevice,
            Self::SecondFactorRefused => MailKind::SecondFactorRefused,
            Self::FactorAdded { .. } | Self::FactorRemoved { .. } | Self::RecoveryCodesMade => {
                MailKind::FactorsChanged
            }
            Self::RecoveryCodeUsed { .. } => MailKind::RecoveryCodeUsed,
            Self::PasswordChanged => MailKind::PasswordChanged,
            Self::TokenMade { .. } => MailKind::TokenMade,
            Self::FactorsReset { .. } => MailKind::FactorReset,
        }
    }

    const fn max(&self) -> i64 {
        match self {
            Self::NewDevice(_) | Self::SecondFactorRefused | Self::TokenMade { .. } => {
                MAILS_MAX_OF_LITTLE_WEIGHT
            }
            _ => MAILS_MAX,
        }
    }

    fn subject(&self) -> String {
        match self {
            Self::NewDevice(_) => "New sign-in to Redoubt".to_owned(),
            Self::SecondFactorRefused => "Somebody may know your Redoubt password".to_owned(),
            Self::FactorAdded { kind, .. } => {
                format!("{} added to your Redoubt account", capital(kind.name()))
            }
            Self::FactorRemoved { kind, .. } => {
                format!("{} removed from your Redoubt account", capital(kind.name()))
            }
            Self::RecoveryCodesMade => "New recovery codes for your Redoubt account".to_owned(),
            Self::RecoveryCodeUsed { .. } => "A recovery code of your Redoubt account was used".to_owned(),
            Self::TokenMade { .. } => "Token made for your Redoubt account".to_owned(),
            Self::PasswordChanged => "The password of your Redoubt account was changed".to_owned(),
            Self::FactorsReset { .. } => "The second factors of your Redoubt account were removed".to_owned(),
        }
    }

    /// What happened. `has_password` says whether the account has one.
    fn sentence(&self, email: &str, has_password: bool) -> String {
        match self {
            Self::NewDevice(proof) => {
                let with = match proof.method {
                    SignInMethod::Password => "your password",
                    SignInMethod::Passkey => "a passkey",
                    SignInMethod::Saml | SignInMethod::Oidc => "your identity provider",
                };
                let and = proof.second_factor.filter(|_| proof.method == SignInMethod::Password);
                let and = and.map(|factor| format!(" and a second factor ({})", factor.name()));
                let and = and.unwrap_or_default();
                format!(
                    "Somebody signed in as {email} with {with}{and}, from a browser that had not been signed in before."
                )
            }
            Self::SecondFactorRefused => format!(
                "Somebody has the password of the account {email}, and tried wrong codes or keys for the second factor \
                 again and again. They did not get in."
            ),
            Self::FactorAdded { kind, name } => {
                format!("The {} “{name}” was added to the account {email}.", kind.name())
            }
            Self::FactorRemoved { kind, name, is_last } => {
                let last = match (is_last, has_password) {
                    (true, true) => {
                        " It was the last second factor: the password alone opens the account now."
                    }
                    (true, false) => " It was the last second factor.",
                    (false, _) => "",
                };
                format!("The {} “{name}” was removed from the account {email}.{last}", kind.name())
            }
            Self::RecoveryCodesMade => {
                format!(
                    "Recovery codes were made for the account {email}. Those from before open nothing any more."
                )
            }
            Self::RecoveryCodeUsed { left } => {
                format!("A recovery code of the account {email} was used. {left} are left.")
            }
            Self::PasswordChanged => format!("The password of the account {email} was changed."),
            Self::TokenMade { description } => {
                format!("A token was made for the account {email}: “{description}”.")
            }
            Self::FactorsReset { by_operator } => {
                let why = match by_operator {
                    true => "by whoever operates this installation",
                    false => "because an admin asked for it and nobody objected",
                };
                let with = if has_password { "with your password" } else { "as before" };
                format!(
                    "All second factors and recovery codes of the account {email} were removed, {why}. You were signed out \
                     everywhere. Sign in {with} and add a second factor."
                )
            }
        }
    }

    /// What to do about it, with the console's address. Nobody is told to change a password who has none.
    fn advice(&self, email: &str, has_password: bool, url: &str) -> String {
        let nothing = "If that was you, you need not do anything.";
        match self {
            // It was somebody else in any case.
            Self::FactorsReset { .. } => {
                let talked = match has_password {
                    true => {
                        "somebody may know your password and have talked others into this: change it, and tell"
                    }
                    false => "somebody has talked others into this: tell",
                };
                format!(
                    "If you had lost them, add new ones at {url}/profile/authentication\n\nIf you had not, {talked} a super \
                     admin of your organization or whoever operates this installation.\n"
                )
            }
            // Whoever changed it knows the new one, and the person does not.
            Self::PasswordChanged => format!(
                "{nothing}\n\nIf it was not, somebody else gets into the account {email}, and the password that you know does \
                 not any more. Set a new one with “Forgot your password?”, which also signs everybody out:\n\n\
                 {url}/password-reset\n\nThen look through your second factors and tokens: {url}/profile\n"
            ),
            // Nobody got in.
            Self::SecondFactorRefused => format!(
                "{nothing}\n\nIf it was not, change your password, because somebody else knows it: \
                 {url}/profile/authentication/password\n"
            ),
            Self::NewDevice(Proof { method: SignInMethod::Saml | SignInMethod::Oidc, .. }) => format!(
                "{nothing}\n\nIf it was not, somebody else gets into the account {email} through your identity provider: tell \
                 whoever looks after that, sign all other browsers out and look through your second factors and tokens. They \
                 are at {url}/profile\n"
            ),
            _ => {
                let password = if has_password { "change your password, " } else { "" };
                format!(
                    "{nothing}\n\nIf it was not, somebody else gets into the account {email}: {password}sign all other \
                     browsers out and look through your second factors and tokens. They are at {url}/profile\n"
                )
            }
        }
    }
}

/// Writes the mail that tells somebody, unless they got too many lately.
pub(crate) async fn post(
    ctx: &Context,
    tx: &mut Tx,
    user: &User,
    notice: &Notice<'_>,
) -> Result<(), Failure> {
    let body = Zeroizing::new(body(ctx, user, notice));
    post_within(&ctx.control, tx, user, notice.kind(), notice.max(), &notice.subject(), &body).await?;
    Ok(())
}

/// Writes a mail to somebody, unless they got so many of that kind lately. False if it was not written.
pub(crate) async fn post_within(
    control: &Control,
    tx: &mut Tx,
    user: &User,
    kind: MailKind,
    max: i64,
    subject: &str,
    body: &str,
) -> Result<bool, Failure> {
    let Ok(recipient) = user.email.parse::<EmailAddress>() else { return Ok(false) };
    if user.kind != UserKind::Person || !has_room(tx, &recipient, kind, max, control.now()).await? {
        return Ok(false);
    }
    mails::post(control, tx, None, kind, &recipient, subject, body).await?;
    Ok(true)
}

/// Writes a mail to the super admins of an organization and whoever holds a permission on it, unless they got too many of that
/// kind lately.
pub(crate) async fn tell_holders(
    control: &Control,
    tx: &mut Tx,
    organization: OrganizationId,
    permission: Permission,
    kind: MailKind,
    subject: &str,
    body: &str,
) -> Result<(), Failure> {
    let openings = openings(|granted| granted.opens(permission));
    let filter =
        HolderFilter { organization, unit: None, project: None, openings: &openings, now: control.now() };
    for holder in store::holders::list(tx, &filter, None, TOLD_MAX).await? {
        if holder.kind == UserKind::Person
            && let Some(user) = store::users::find(tx, holder.user_id).await?
        {
            post_within(control, tx, &user, kind, MAILS_MAX, subject, body).await?;
        }
    }
    Ok(())
}

/// Counts a mail to an address. False if it got so many of that kind lately.
async fn has_room(
    tx: &mut Tx,
    recipient: &EmailAddress,
    kind: MailKind,
    max: i64,
    now: Timestamp,
) -> Result<bool, store::Error> {
    let hour = hour(now);
    if store::mail_tallies::count(tx, recipient.as_str(), kind, hour - 1).await? >= max {
        return Ok(false);
    }
    store::mail_tallies::add(tx, recipient.as_str(), kind, hour).await?;
    Ok(true)
}

/// The hour since 1970 that an instant is in.
pub(crate) const fn hour(at: Timestamp) -> i64 {
    at.micros().div_euclid(HOUR)
}

/// The instant that an hour since 1970 begins with.
pub(crate) const fn hour_begins(hour: i64) -> Timestamp {
    Timestamp::from_micros(hour.saturating_mul(HOUR))
}

fn body(ctx: &Context, user: &User, notice: &Notice<'_>) -> String {
    let (origin, has_password) = (ctx.origin(), !user.password_hash.is_empty());
    let sentence = notice.sentence(&user.email, has_password);
    let mut body = format!("{sentence}\n\nWhen: {}\n", ctx.now().human());
    if let Some(address) = origin.address {
        let _ = writeln!(body, "From: {address}");
    }
    if let Some(agent) = &origin.agent {
        let _ = writeln!(body, "With: {agent}");
    }
    body.push('\n');
    body.push_str(&notice.advice(&user.email, has_password, ctx.control.public_url()));
    body
}

fn capital(text: &str) -> String {
    let mut text = text.to_owned();
    text.get_mut(..1).into_iter().for_each(str::make_ascii_uppercase);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(notice: &Notice<'_>, has_password: bool) -> String {
        let sentence = notice.sentence("ann@example.org", has_password);
        format!("{sentence}\n\n{}", notice.advice("ann@example.org", has_password, "https://console"))
    }

    #[test]
    fn who_did_not_get_in_is_not_said_to_get_in() {
        let told = mail(&Notice::SecondFactorRefused, true);
        assert!(told.contains("They did not get in.") && !told.contains("gets into"), "{told}");
        assert!(told.contains("change your password") && told.contains("/profile/authentication/password"));
    }

    #[test]
    fn nobody_is_told_to_change_a_password_who_has_none() {
        let through = Proof { method: SignInMethod::Saml, second_factor: None, provider: None };
        let (kind, name) = (FactorKind::Totp, "Phone");
        for notice in [
            Notice::NewDevice(through),
            Notice::NewDevice(Proof::PASSKEY),
            Notice::FactorAdded { kind, name },
            Notice::FactorRemoved { kind, name, is_last: true },
            Notice::RecoveryCodesMade,
            Notice::RecoveryCodeUsed { left: 1 },
            Notice::TokenMade { description: "x" },
            Notice::FactorsReset { by_operator: false },
        ] {
            let told = mail(&notice, false);
            assert!(!told.contains("password"), "{told}");
        }
        assert!(mail(&Notice::NewDevice(Proof::PASSWORD), true).contains("change your password"));
        assert!(mail(&Notice::NewDevice(through), true).contains("through your identity provider"));
    }
}
