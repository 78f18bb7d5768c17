//! What tests need to drive the real runner one step at a time. Never built into the server.

use std::time::Duration;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{MailId, OrganizationId, UserId},
    names::EmailAddress,
    principals::MailKind,
    sign_ins::{Proof, SignInMethod},
    timestamps::Timestamp,
};
use identity::saml::{
    questions::Question,
    verifications::{Report, verify},
};
use store::{Tx, access::Target};

use crate::{
    Control, Session, domains,
    errors::{Failure, chain},
    factor_resets,
    housekeeping::{self, Removed},
    identity_providers, mails,
    single_sign_on::{JudgeError, SamlJudge},
    workflow::{Limits, Point, Runner},
    workflows::services::sweep,
};

/// One server's workflow runner, driven by hand.
#[derive(Clone)]
pub struct Stepper(Runner, Control);

impl Stepper {
    /// A runner of this server.
    #[must_use]
    pub fn new(control: &Control, limits: Limits) -> Self {
        Self(control.runner(limits), control.clone())
    }

    /// Runs one due step. False when nothing is due.
    ///
    /// # Errors
    /// When not even the failure of the step could be stored.
    pub async fn step(&self) -> Result<bool, String> {
        self.step_until(Point::Stored).await
    }

    /// Runs one due step up to this point and forgets it there, as a server does that is killed.
    ///
    /// # Errors
    /// When not even the failure of the step could be stored.
    pub async fn step_until(&self, last: Point) -> Result<bool, String> {
        self.0.run_until(last).await.map_err(text)
    }

    /// Compares the hosts with the database; says how many unknown nodes were left alone.
    ///
    /// # Errors
    /// When a host or the database does not answer.
    pub async fn sweep(&self) -> Result<usize, String> {
        sweep(&self.1).await.map_err(text)
    }

    /// Looks for workflows that are past their deadline.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn raise_alerts(&self) -> Result<(), String> {
        self.0.raise_alerts().await.map_err(text)
    }
}

/// Writes an invitation's mail within a transaction, as the operations do that send one.
///
/// # Errors
/// When the database does not answer.
pub async fn post_mail(
    control: &Control,
    tx: &mut Tx,
    organization: Option<OrganizationId>,
    recipient: &EmailAddress,
    subject: &str,
    body: &str,
) -> Result<MailId, String> {
    let kind = MailKind::Invitation;
    mails::post(control, tx, organization, kind, recipient, subject, body).await.map_err(text)
}

/// Sends the mails that are due, as a server does by itself, but each of them within `limit` if one is given; says how
/// many the mail server took.
///
/// # Errors
/// When the database does not answer.
pub async fn send_mails(control: &Control, limit: Option<Duration>) -> Result<usize, String> {
    mails::send_due(control, limit).await.map_err(text)
}

/// Removes what has ended by itself, as a server does once a minute.
///
/// # Errors
/// When the database does not answer.
pub async fn tidy(control: &Control) -> Result<Removed, String> {
    housekeeping::tidy(control).await.map_err(text)
}

/// Carries out the requests that somebody lose their factors whose time has come, as a server does once a minute; says how
/// many did.
///
/// # Errors
/// When the database does not answer.
pub async fn carry_out_factor_resets(control: &Control) -> Result<usize, String> {
    factor_resets::carry_out_due(control).await.map_err(text)
}

/// Looks for the proofs of domains that are due, as a server does by itself; says how many were looked for.
///
/// # Errors
/// When the database does not answer.
pub async fn check_domains(control: &Control) -> Result<usize, String> {
    domains::check_due(control).await.map_err(text)
}

/// Tells people that they are managed now, as a server does by itself; says how many were told.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_managed(control: &Control) -> Result<usize, String> {
    domains::tell_due(control).await.map_err(text)
}

/// Looks at identity providers again that are due, as a server does by itself; says how many were looked at.
///
/// # Errors
/// When the database does not answer.
pub async fn watch_identity_providers(control: &Control) -> Result<usize, String> {
    identity_providers::look_at_due(control).await.map_err(text)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn text(failure: Failure) -> String {
    chain(&failure)
}

/// A browser in which that person signed in with their password at that time. It acts only while its row is there.
#[must_use]
pub fn session(user: UserId, proven_at: Timestamp) -> Session {
    Session {
        key_hash: session_key(user),
        user,
        proof: Proof::PASSWORD,
        proven_at: Some(proven_at),
        name: None,
    }
}

/// Judges SAML responses in this process: for tests, which make them themselves.
pub struct JudgeHere;

#[async_trait::async_trait]
impl SamlJudge for JudgeHere {
    async fn judge(&self, question: &Question) -> Result<Report, JudgeError> {
        let Question { field, trust, expectations, now } = question;
        Ok(verify(field, trust, expectations, *now))
    }
}

/// Keeps the row of that session.
///
/// # Errors
/// When the database does not answer.
pub async fn keep_session(control: &Control, user: UserId) -> Result<(), String> {
    let now = control.now();
    let row = store::sessions::Row {
        key_hash: session_key(user),
        user_id: Some(user),
        data: Vec::new(),
        created_at: now,
        last_seen_at: now,
        expires_at: Timestamp::from_micros(i64::MAX),
        address: None,
        agent: None,
        method: Some(SignInMethod::Password),
        second_factor: None,
        proven_at: Some(now),
        identity_provider_id: None,
        provider_organization_id: None,
        subject: None,
        session_index: None,
    };
    control.session_rows().add(&row).await.map(drop).map_err(|error| chain(&error))
}

/// The hash of the key of that session: each person has one.
#[must_use]
pub fn session_key(user: UserId) -> Vec<u8> {
    [*user.uuid().as_bytes(), [7; 16]].concat()
}

/// Asks for a permit and lets it go: what every operation begins with.
///
/// # Errors
/// As the operation would.
pub async fn authorize(ctx: &crate::Context, action: Action, target: Target<'_>) -> Result<(), Error> {
    crate::errors::attempt!(ctx, { ctx.authorize(action, target).await.map(drop) })
}

/// Asks for a permit, lets something happen, and then begins to write with it: what an operation does that another one
/// overtakes.
///
/// # Errors
/// As the operation would.
pub async fn overtaken(
    ctx: &crate::Context,
    action: Action,
    target: Target<'_>,
    by: impl Future<Output = ()>,
) -> Result<(), Error> {
    let permit = crate::errors::attempt!(ctx, { ctx.authorize(action, target).await })?;
    by.await;
    let write = permit.write(EventType::OrganizationRenamed).await;
    write.map(drop).map_err(|failure| failure.into_error(ctx.request_id()))
}
