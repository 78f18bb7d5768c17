//! Devices from which somebody has signed in before. Each keeps a signed mark and has a count of wrong tries of its own,
//! so that a stranger who guesses cannot keep the owner out. A mark signs nobody in.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{ids::UserId, secrets::Secret, timestamps::Timestamp};
use ring::hmac;

use crate::Control;

/// A mark is worth nothing after this long without a sign-in.
pub const LIFETIME: Duration = Duration::from_secs(180 * 24 * 3600);
/// Bytes of a mark: when it was given, which device it names, and the signature over both and the person.
const AT_BYTES: usize = 8;
const ID_BYTES: usize = 16;

/// Which device: as in the key that its tries are counted by.
pub(crate) type DeviceId = [u8; ID_BYTES];

/// A new mark for a device from which `user` just signed in.
pub(super) fn mark(control: &Control, user: UserId) -> Secret {
    let mut id = [0; ID_BYTES];
    control.random().fill(&mut id);
    let body = [&control.now().micros().to_be_bytes()[..], &id].concat();
    let tag = hmac::sign(control.device_key(), &message(user, &body));
    Secret::new(URL_SAFE_NO_PAD.encode([&body, tag.as_ref()].concat()))
}

/// The device that a mark names, if the mark is ours, `user`'s and not too old.
pub(super) fn read(control: &Control, user: UserId, mark: &Secret) -> Option<DeviceId> {
    let bytes = URL_SAFE_NO_PAD.decode(mark.expose()).ok()?;
    let (body, tag) = bytes.split_at_checked(AT_BYTES + ID_BYTES)?;
    // Compares in constant time.
    hmac::verify(control.device_key(), &message(user, body), tag).ok()?;
    let (at, id) = body.split_at(AT_BYTES);
    let at = Timestamp::from_micros(i64::from_be_bytes(at.try_into().ok()?));
    (control.now().since(at) < LIFETIME).then(|| id.try_into().ok())?
}

fn message(user: UserId, body: &[u8]) -> Vec<u8> {
    [user.uuid().as_bytes(), body].concat()
}
