//! One's own second factors: what there is, calling it something else, recovery codes. Adding is in `adding` and `credentials`,
//! removing in `removing`, what organizations ask for in `needs`; showing one is a matter of `sessions`.

mod adding;
mod credentials;
mod needs;
mod removing;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::FactorId,
    names::note,
    secrets::Secret,
    sign_ins::FactorKind,
    timestamps::Timestamp,
    views::{FactorRow, OwnFactors},
};
use identity::{recovery_codes, totp::Seed, webauthn::Authenticated};
use serde_json::{Value, json};
use store::{Tx, factors::Factor, users::User};
use zeroize::Zeroizing;

use crate::{
    Context, Control,
    envelopes::Place,
    errors::{Failure, attempt},
    notices::{self, Notice},
    profiles,
};
use needs::Needs;

pub use adding::{Added, begin_totp, finish_totp, offered_totp};
pub use credentials::{
    added_with, begin_passkey, begin_security_key, finish_passkey, finish_security_key, may_begin,
};
pub(crate) use credentials::{credential, credentials, unreadable};
pub use removing::remove;

/// Factors that somebody may have.
pub const FACTORS_MAX: usize = 20;
/// Stands for when recovery codes were made where there are none.
pub const NO_CODES: Timestamp = Timestamp::from_micros(0);
/// Most characters of a factor's name.
const NAME_CHARS_MAX: usize = 64;

/// One's own second factors.
///
/// # Errors
/// `Denied` for tokens; `Unauthenticated`.
pub async fn own(ctx: &Context) -> Result<OwnFactors, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ViewOwnFactors)?;
        let mut tx = permit.read().await?;
        let user = profiles::person(ctx, &mut tx).await?;
        let held = store::factors::list_for_user(&mut tx, user.id).await?;
        let needs = Needs::of(&mut tx, &user).await?;
        Ok(OwnFactors {
            factors: held.iter().map(|factor| draw(factor, &held, &needs)).collect(),
            recovery_codes_left: store::recovery_codes::count_unused(&mut tx, user.id).await?,
            recovery_codes_made_at: store::recovery_codes::made_at(&mut tx, user.id).await?,
            has_password: !user.password_hash.is_empty(),
            password_changed_at: store::users::password_changed_at(&mut tx, user.id).await?,
            factors_max: FACTORS_MAX,
        })
    })
}

/// Calls a factor something else.
///
/// # Errors
/// `Invalid` on `name`; `NotFound`; `Denied` for tokens; `Unauthenticated`.
pub async fn rename(ctx: &Context, factor: FactorId, name: &str) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::RenameOwnFactors)?;
        let (mut write, user) = profiles::begin(ctx, &permit, EventType::UserFactorRenamed).await?;
        let before = store::factors::find(&mut write.tx, user.id, factor).await?.ok_or(Error::NotFound)?;
        let name = parse_name(name, before.kind)?;
        if name == before.name {
            return Ok(());
        }
        store::factors::set_name(&mut write.tx, user.id, factor, &name).await?;
        write.before(&told(&before))?.after(&json!({ "kind": before.kind, "name": name }))?.text(format!(
            "{} calls the {} “{}” “{name}” now",
            user.email,
            before.kind.name(),
            before.name
        ));
        write.commit().await
    })
}

/// Makes recovery codes, which are in the answer and nowhere else; those from before end. With `before`, which says when those
/// were made that are to end ([`NO_CODES`] for none), no newer ones do: a form that is sent twice makes codes once.
///
/// # Errors
/// `Conflict` for who has no factor, or has newer codes; `StepUp`; `Denied` for tokens; `Unauthenticated`.
pub async fn make_recovery_codes(ctx: &Context, before: Option<Timestamp>) -> Result<Vec<Secret>, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ManageOwnFactors)?;
        let (mut write, user) = profiles::begin(ctx, &permit, EventType::UserRecoveryCodesMade).await?;
        if store::factors::list_for_user(&mut write.tx, user.id).await?.is_empty() {
            let reason = "Recovery codes stand in for a second factor, and you have none. Add one first; codes come with it.";
            return Err(Error::conflict(reason).into());
        }
        let made_at = store::recovery_codes::made_at(&mut write.tx, user.id).await?.unwrap_or(NO_CODES);
        if before.is_some_and(|before| before != made_at) {
            return Err(made_already().into());
        }
        let codes = new_recovery_codes(ctx, &mut write.tx, &user).await?;
        notices::post(ctx, &mut write.tx, &user, &Notice::RecoveryCodesMade).await?;
        write.text(format!("{} made recovery codes; those before them ended", user.email));
        write.commit().await?;
        Ok(codes)
    })
}

fn made_already() -> Error {
    Error::conflict(
        "Codes were made already since this page was opened, and were shown then; they are kept nowhere. If you have kept \
         them, they are good. If you did not see them, make new ones again.",
    )
}

/// Recovery codes in the place of those that the person had.
async fn new_recovery_codes(ctx: &Context, tx: &mut Tx, user: &User) -> Result<Vec<Secret>, Failure> {
    let mut random = Zeroizing::new([0; recovery_codes::RANDOM_BYTES]);
    ctx.control.random().fill(random.as_mut());
    let codes = recovery_codes::make(&random);
    let hashes = codes.iter().map(|code| recovery_codes::hash(user.id, code).map(|hash| hash.to_vec()));
    let hashes: Vec<_> = hashes
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::Inconsistent(format!("a new recovery code is none: {error}")))?;
    store::recovery_codes::replace(tx, user.id, &hashes, ctx.now()).await?;
    Ok(codes)
}

/// Keeps what an answer of a passkey or security key changed of it: its counter and whether it is synchronised.
pub(crate) async fn used(
    ctx: &Context,
    tx: &mut Tx,
    factor: &Factor,
    authenticated: &Authenticated,
) -> Result<(), Failure> {
    let after = authenticated.credential.to_json().map_err(|error| unreadable(&error))?;
    let before = factor.credential.as_deref().unwrap_or_default();
    let is_kept =
        store::factors::set_credential(tx, factor.user_id, factor.id, before, &after, ctx.now()).await?;
    // Another answer was quicker, to the same counter.
    if is_kept { Ok(()) } else { Err(store::Error::Conflict.into()) }
}

/// The seed of an authenticator app; none if the factor is something else.
pub(crate) fn seed(control: &Control, factor: &Factor) -> Result<Option<Seed>, Failure> {
    let Some(sealed) = factor.secret_sealed.as_deref().filter(|_| factor.kind == FactorKind::Totp) else {
        return Ok(None);
    };
    let opened = control.master_key().open(place(factor.id), sealed)?;
    let broken = || Failure::Inconsistent(format!("the factor {} has no seed", factor.id));
    let bytes = opened.as_slice().try_into().map_err(|_| broken())?;
    Seed::new(bytes).map(Some).map_err(|_| broken())
}

const fn place(id: FactorId) -> Place {
    Place { column: "factors.secret_sealed", row: id.uuid() }
}

/// What a factor is called; by its kind if nothing was entered.
fn parse_name(name: &str, kind: FactorKind) -> Result<String, Error> {
    let name = note(name, NAME_CHARS_MAX).map_err(|error| Error::name("name", error))?;
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if !name.is_empty() {
        return Ok(name);
    }
    let mut name = kind.name().to_owned();
    name.get_mut(..1).into_iter().for_each(str::make_ascii_uppercase);
    Ok(name)
}

/// What events hold of a factor.
fn told(factor: &Factor) -> Value {
    json!({ "kind": factor.kind, "name": factor.name })
}

fn draw(factor: &Factor, held: &[Factor], needs: &Needs) -> FactorRow {
    FactorRow {
        id: factor.id,
        kind: factor.kind,
        name: factor.name.clone(),
        created_at: factor.created_at,
        last_used_at: factor.last_used_at,
        is_synced: credential(factor).ok().flatten().is_some_and(|credential| credential.is_backed_up()),
        needed_by: needs.needed_by(factor, held),
    }
}
