//! Whose sign-in it is: finding the account, turning it away during a wait, and what is written down once it is through.

use domain::{
    errors::{Error, wait},
    events::EventType,
    ids::{OrganizationId, UserId},
    names::EmailAddress,
    principals::{SubjectKind, UserKind},
    sign_ins::{FactorKind, Proof, SignInMethod},
    states::Outcome,
};
use store::{Tx, users::User};
use uuid::Uuid;

use super::{
    SignedIn, devices,
    lock_outs::{self, LockOut, REFUSALS_TOLD_MAX},
};
use crate::{
    Context,
    contexts::{Permit, Write},
    errors::{Failure, attempt},
    factor_resets, managed,
    notices::{self, Notice},
    profiles,
};

/// What events call an actor of whom nothing is known.
pub(crate) const NOBODY: &str = "anonymous";

/// Whom an e-mail address belongs to, if to anybody, and in whose log their sign-ins are.
pub(crate) struct Account {
    pub(crate) email: String,
    pub(crate) user: Option<User>,
    pub(crate) organizations: Vec<OrganizationId>,
}

impl Account {
    /// The account of that address; one of nobody's if there is none.
    pub(crate) async fn find(tx: &mut Tx, email: &EmailAddress) -> Result<Self, Failure> {
        let user = store::users::find_by_email(tx, email.as_str()).await?;
        // Application users have no password; nobody is to learn that the address is one of them.
        let user = user.filter(|user| user.kind == UserKind::Person);
        // Asked for nobody as well, so that both take the same time.
        let id = user.as_ref().map_or_else(|| UserId::from_uuid(Uuid::nil()), |user| user.id);
        let organizations = profiles::organizations(tx, id).await?;
        Ok(Self { email: email.as_str().to_owned(), user, organizations })
    }

    /// What stands for an account where nobody said whose it is.
    pub(crate) fn nobodys() -> Self {
        Self { email: NOBODY.into(), user: None, organizations: Vec::new() }
    }

    /// The account of somebody who showed something already, unless it is gone or deactivated.
    pub(crate) async fn of(tx: &mut Tx, user: UserId) -> Result<Option<(Self, User)>, Failure> {
        let user = store::users::find(tx, user).await?;
        let Some(user) = user.filter(|user| user.is_active && user.kind == UserKind::Person) else {
            return Ok(None);
        };
        let organizations = profiles::organizations(tx, user.id).await?;
        Ok(Some((Self { email: user.email.clone(), user: Some(user.clone()), organizations }, user)))
    }

    /// Opens the transaction of something about the account, in the log of its organizations.
    pub(crate) async fn begin(&self, permit: &Permit, event_type: EventType) -> Result<Write, Failure> {
        let mut write = permit.write(event_type).await?;
        self.name_in(&mut write);
        Ok(write)
    }

    /// Opens the transaction of a try of somebody who has not shown to be its owner: it is about the account, and not its act.
    pub(crate) async fn begin_refusal(
        &self,
        permit: &Permit,
        event_type: EventType,
    ) -> Result<Write, Failure> {
        let mut write = permit.write(event_type).await?;
        self.name_in_refusal(&mut write);
        Ok(write)
    }

    /// Writes down which account somebody tried who has not shown to be its owner.
    pub(crate) fn name_in_refusal(&self, write: &mut Write) {
        write.of_organizations(&self.organizations);
        write.event.outcome = Outcome::Denied;
        if let Some(user) = &self.user {
            write.subject(SubjectKind::User, user.id.uuid(), user.email.clone());
        }
    }

    /// Writes down whose sign-in an event is about.
    pub(crate) fn name_in(&self, write: &mut Write) {
        write.of_organizations(&self.organizations).event.actor.clone_from(&self.email);
    }
}

/// Puts a try that nobody looked at on record, and says how long to wait.
pub(crate) async fn turn_away(
    ctx: &Context,
    permit: &Permit,
    event_type: EventType,
    account: &Account,
    lock_out: &LockOut,
) -> Error {
    let retry_after_seconds = lock_out.seconds_left(ctx.now());
    let Some(number) = ctx.control.refusals().count(lock_out, ctx.now()) else {
        return Error::limited(retry_after_seconds);
    };
    let recorded: Result<(), Error> = attempt!(ctx, {
        // Of a second factor, who has shown the password: it is the account's act.
        let mut write = match event_type {
            EventType::UserSignInRefused => account.begin_refusal(permit, event_type).await?,
            _ => account.begin(permit, event_type).await?,
        };
        write.event.outcome = Outcome::Denied;
        let rest = match number {
            REFUSALS_TOLD_MAX => "; further tries until then are not recorded one by one",
            _ => "",
        };
        let wait = wait(retry_after_seconds);
        let email = &account.email;
        write.text(format!("Turned {email} away for another {wait}, after too many wrong tries{rest}"));
        write.commit().await
    });
    recorded.err().unwrap_or_else(|| Error::limited(retry_after_seconds))
}

/// Ends a sign-in: writes down that it was one, and gives what the browser is to keep.
pub(crate) async fn complete(
    ctx: &Context,
    write: Write,
    account: &Account,
    user: &User,
    proof: Proof,
) -> Result<SignedIn, Failure> {
    let mut write = managed::admit(write, account, user, proof).await?;
    store::users::set_last_activity(&mut write.tx, user.id, ctx.now()).await?;
    // A network where people sign in asks for as many challenges as it needs.
    lock_outs::clear(&mut write.tx, &lock_outs::challenge_counters(ctx.origin().address)).await?;
    let mark = ctx.origin().device.as_ref();
    if mark.and_then(|mark| devices::read(&ctx.control, user.id, mark)).is_none() {
        notices::post(ctx, &mut write.tx, user, &Notice::NewDevice(proof)).await?;
    }
    account.name_in(&mut write);
    let has_stopped_reset = match proof.second_factor {
        Some(_) => factor_resets::object_by_factor(ctx, &mut write, user).await?,
        None => false,
    };
    write.event.event_type = EventType::UserSignedIn;
    let signed_in = SignedIn { has_stopped_reset, ..SignedIn::new(ctx, user.id, proof) };
    write.event.user_id = Some(user.id);
    write.event.session_id = Some(signed_in.session_name.clone());
    write.event.credential = Some(credential(proof));
    write.text(format!("{} signed in", user.email));
    write.commit().await?;
    Ok(signed_in)
}

/// What events call what somebody showed.
fn credential(proof: Proof) -> String {
    match (proof.method, proof.second_factor.map(FactorKind::name)) {
        (SignInMethod::Password, Some(factor)) => format!("password and {factor}"),
        (method, _) => method.to_string(),
    }
}
