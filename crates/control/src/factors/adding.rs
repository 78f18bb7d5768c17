//! Adding a second factor: what is shown first, and what has to come back before it counts.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::FactorId,
    secrets::Secret,
    sign_ins::{CeremonyKind, FactorKind},
    views::{AddedFactor, TotpOffer},
};
use identity::totp::{self, SEED_BYTES, Seed};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use store::{Tx, factors::Factor, users::User};
use zeroize::Zeroizing;

use super::{FACTORS_MAX, Needs, draw, new_recovery_codes, parse_name, place, told};
use crate::{
    Context,
    ceremonies::{self, Begun, Ceremony},
    contexts::Write,
    errors::{Failure, attempt},
    notices::{self, Notice},
    profiles,
    step_up::{self, Proven},
};

/// What authenticator apps list the account under.
const ISSUER: &str = "Redoubt";
/// What a screen reader says of the code.
const QR_NAME: &str = "QR code for your authenticator app";

/// A factor that was just added, and what its person has shown with it.
pub struct Added {
    /// What they see of it.
    pub shown: AddedFactor,
    /// What the session is now: who added a factor has shown it.
    pub proven: Proven,
}

/// An authenticator app that is to be added.
#[derive(Serialize, Deserialize)]
struct OfferedSeed {
    /// The factor that it becomes.
    factor: FactorId,
    seed: Secret,
}

impl OfferedSeed {
    fn bytes(&self) -> Result<Zeroizing<[u8; SEED_BYTES]>, Failure> {
        let bytes = Zeroizing::new(STANDARD.decode(self.seed.expose()).unwrap_or_default());
        let array = bytes.as_slice().try_into();
        array.map(Zeroizing::new).map_err(|_| Failure::Inconsistent("an offered seed is none".into()))
    }
}

/// Offers to add an authenticator app.
///
/// # Errors
/// `Conflict` when there are [`FACTORS_MAX`]; `StepUp`; `Denied` for tokens; `Unauthenticated`.
pub async fn begin_totp(ctx: &Context) -> Result<Begun<TotpOffer>, Error> {
    attempt!(ctx, {
        let (user, _) = may_add(ctx).await?;
        let mut bytes = Zeroizing::new([0; SEED_BYTES]);
        ctx.control.random().fill(bytes.as_mut());
        let factor = FactorId::from_uuid(ctx.control.new_uuid());
        let shown = offer(factor, *bytes, &user)?;
        let state = OfferedSeed { factor, seed: Secret::new(STANDARD.encode(bytes.as_ref())) };
        let kind = CeremonyKind::TotpRegistration;
        let ceremony = ceremonies::begin_unrecorded(ctx, kind, Some(user.id), &state).await?;
        Ok(Begun { ceremony, shown })
    })
}

/// What was offered, once more: for who has scanned it and mistyped a code.
///
/// # Errors
/// `Conflict` when the offer was taken or is too old; `StepUp`; `Denied` for tokens; `Unauthenticated`.
pub async fn offered_totp(ctx: &Context, ceremony: &Secret) -> Result<TotpOffer, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ManageOwnFactors)?;
        let mut tx = permit.read().await?;
        let user = profiles::person(ctx, &mut tx).await?;
        let kind = CeremonyKind::TotpRegistration;
        let found: Ceremony<OfferedSeed> = offered(ctx, &mut tx, ceremony, kind, &user).await?;
        offer(found.state.factor, *found.state.bytes()?, &user)
    })
}

/// What the page shows of a seed.
fn offer(factor: FactorId, bytes: [u8; SEED_BYTES], user: &User) -> Result<TotpOffer, Failure> {
    let refused = |error: totp::Error| Failure::Inconsistent(format!("a new seed is refused: {error}"));
    let seed = Seed::new(bytes).map_err(refused)?;
    let uri = seed.address(ISSUER, &user.email).map_err(refused)?;
    let qr_svg = totp::qr_code(&uri, QR_NAME).map_err(refused)?;
    Ok(TotpOffer { factor, secret: seed.grouped(), uri, qr_svg })
}

/// Adds the authenticator app that was offered, after two codes of it in a row. What is wrong with them can be mended: the
/// offer stays.
///
/// # Errors
/// `Invalid` on `name`, `code` or `next_code`; `Conflict` when the offer was taken or is too old, or there are
/// [`FACTORS_MAX`]; `StepUp`; `Denied` for tokens; `Unauthenticated`.
pub async fn finish_totp(
    ctx: &Context,
    ceremony: &Secret,
    name: &str,
    codes: [&Secret; 2],
) -> Result<Added, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ManageOwnFactors)?;
        let name = parse_name(name, FactorKind::Totp)?;
        let (mut write, user) = profiles::begin(ctx, &permit, EventType::UserFactorAdded).await?;
        let kind = CeremonyKind::TotpRegistration;
        let found: Ceremony<OfferedSeed> = offered(ctx, &mut write.tx, ceremony, kind, &user).await?;
        let bytes = found.state.bytes()?;
        let seed =
            Seed::new(*bytes).map_err(|_| Failure::Inconsistent("an offered seed is refused".into()))?;
        let last_step = seed.confirm(codes[0].expose(), codes[1].expose(), ctx.now()).map_err(|error| {
            Error::invalid(if error == totp::Error::Form { "code" } else { "next_code" }, error.to_string())
        })?;
        ceremonies::end(&mut write.tx, &found, ctx.now()).await?;
        let id = found.state.factor;
        let sealed = ctx.control.master_key().seal(ctx.control.random(), place(id), bytes.as_ref());
        let factor = Factor {
            id,
            user_id: user.id,
            kind: FactorKind::Totp,
            name,
            secret_sealed: Some(sealed),
            last_step: Some(last_step),
            credential_id: None,
            credential: None,
            created_at: ctx.now(),
            last_used_at: None,
        };
        add(ctx, write, &user, factor).await
    })
}

/// Who may add a factor now, with those they have.
pub(super) async fn may_add(ctx: &Context) -> Result<(User, Vec<Factor>), Failure> {
    let permit = ctx.own(Action::ManageOwnFactors)?;
    let mut tx = permit.read().await?;
    let user = profiles::person(ctx, &mut tx).await?;
    let held = store::factors::list_for_user(&mut tx, user.id).await?;
    has_room(&held)?;
    Ok((user, held))
}

fn has_room(held: &[Factor]) -> Result<(), Error> {
    if held.len() < FACTORS_MAX {
        return Ok(());
    }
    Err(Error::conflict(format!(
        "You have {FACTORS_MAX} second factors, which is the most. Remove one first."
    )))
}

/// What was offered to that person in the ceremony.
async fn offered<T: DeserializeOwned>(
    ctx: &Context,
    tx: &mut Tx,
    ceremony: &Secret,
    kind: CeremonyKind,
    user: &User,
) -> Result<Ceremony<T>, Failure> {
    let found = ceremonies::find(&ctx.control, tx, ceremony, kind).await?;
    let found = found.filter(|found: &Ceremony<T>| found.user() == Some(user.id));
    Ok(found.ok_or_else(offer_is_over)?)
}

pub(super) fn offer_is_over() -> Error {
    Error::conflict(
        "This took too long, or was done already: then it is listed under Authentication, where you can make new recovery codes, \
         too. If it is not, begin again.",
    )
}

/// Adds a factor that has shown that it works; recovery codes come with the first one.
pub(super) async fn add(
    ctx: &Context,
    mut write: Write,
    user: &User,
    factor: Factor,
) -> Result<Added, Failure> {
    let held = store::factors::list_for_user(&mut write.tx, user.id).await?;
    has_room(&held)?;
    if !store::factors::add(&mut write.tx, &factor).await? {
        return Err(Error::conflict("This one is registered already. Use another one.").into());
    }
    store::factor_resets::make_up(&mut write.tx, user.id).await?;
    write.after(&told(&factor))?.text(format!(
        "{} added the {} “{}”",
        user.email,
        factor.kind.name(),
        factor.name
    ));
    let notice = Notice::FactorAdded { kind: factor.kind, name: &factor.name };
    notices::post(ctx, &mut write.tx, user, &notice).await?;
    let mut recovery_codes = None;
    if held.is_empty() {
        recovery_codes = Some(new_recovery_codes(ctx, &mut write.tx, user).await?);
        let text = format!("{} got recovery codes with the first second factor", user.email);
        write.record(EventType::UserRecoveryCodesMade, text).await?;
    }
    write.commit().await?;
    let shown = AddedFactor { factor: draw(&factor, &[], &Needs::default()), recovery_codes };
    Ok(Added { shown, proven: step_up::with_added(ctx, factor.kind) })
}
