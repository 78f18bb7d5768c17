//! One's own sessions: where one is signed in, and signing other browsers out; and an admin who signs a member out.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{OrganizationId, UserId},
    principals::SubjectKind,
    views::SessionView,
};
use serde_json::{Value, json};
use store::{access::Target, sessions::Row};

use crate::{
    Context,
    errors::attempt,
    profiles,
    standings::{acting_obstacle, guarded},
    users,
};

/// Sessions that are shown, at most; those last used come first.
pub const SESSIONS_SHOWN_MAX: u32 = 200;

/// One's own sessions, last used first, at most [`SESSIONS_SHOWN_MAX`].
///
/// # Errors
/// `Denied` for tokens; `Unauthenticated`.
pub async fn own(ctx: &Context) -> Result<Vec<SessionView>, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ViewOwnSessions)?;
        let mut tx = permit.read().await?;
        let user = profiles::person(ctx, &mut tx).await?;
        let rows = store::sessions::list_for_user(&mut tx, user.id, ctx.now(), SESSIONS_SHOWN_MAX).await?;
        Ok(rows.into_iter().map(|row| draw(row, ctx.session())).collect())
    })
}

/// Signs one other browser out.
///
/// # Errors
/// `Conflict` for the session that asks; `StepUp`; `NotFound`; `Denied` for tokens; `Unauthenticated`.
pub async fn end(ctx: &Context, id: &str) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::EndOwnSessions)?;
        let (mut write, _) = profiles::begin(ctx, &permit, EventType::UserSessionEnded).await?;
        let key_hash = read_id(id).ok_or(Error::NotFound)?;
        if ctx.session() == Some(&key_hash) {
            return Err(Error::conflict("This is the session you are in. Sign out instead.").into());
        }
        let user = ctx.user()?;
        let found = store::sessions::find(&mut write.tx, &key_hash, ctx.now()).await?;
        let found = found.filter(|row| row.user_id == Some(user)).ok_or(Error::NotFound)?;
        if !store::sessions::remove_own(&mut write.tx, user, &key_hash).await? {
            return Err(Error::NotFound.into());
        }
        let text = format!("{} signed another browser out", write.event.actor);
        write.before(&told(&found))?.text(text);
        write.commit().await
    })
}

/// Signs all other browsers out, and ends sign-ins that are half done; says how many browsers.
///
/// # Errors
/// `StepUp`; `Denied` for tokens; `Unauthenticated`.
pub async fn end_others(ctx: &Context) -> Result<u64, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::EndOwnSessions)?;
        let (mut write, _) = profiles::begin(ctx, &permit, EventType::UserSessionEnded).await?;
        let current = ctx.session().unwrap_or_default();
        let count = store::sessions::remove_others(&mut write.tx, ctx.user()?, current).await?;
        // Somebody else may be about to enter a second factor.
        let begun = store::ceremonies::remove_for_user(&mut write.tx, ctx.user()?).await?;
        if count > 0 || begun > 0 {
            let text = format!("{} signed all other browsers out: {count}", write.event.actor);
            write.text(text);
            write.commit().await?;
        }
        Ok(count)
    })
}

/// Signs a member out everywhere, in all browsers; says in how many. Their sessions open all of their organizations.
///
/// # Errors
/// `Conflict` for oneself; `Forbidden` when they are more powerful than the actor; `Denied`; `NotFound`.
pub async fn end_all_of(ctx: &Context, organization: OrganizationId, user: UserId) -> Result<u64, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::EndUserSessions, Target::Organization(organization)).await?;
        let mut write = permit.write(EventType::UserSessionEnded).await?;
        let member = users::find(&mut write.tx, organization, user).await?;
        if ctx.user()? == user {
            return Err(Error::conflict("This is you: sign your other browsers out in your profile.").into());
        }
        let obstacle = acting_obstacle(ctx, &mut write.tx, organization, user).await?;
        let mut write = guarded(&permit, write, obstacle, &format!("of {}", member.email)).await?;
        let count = store::sessions::remove_for_user(&mut write.tx, user).await?;
        store::ceremonies::remove_for_user(&mut write.tx, user).await?;
        let organizations = profiles::organizations(&mut write.tx, user).await?;
        write
            .of_organizations(&organizations)
            .subject(SubjectKind::User, user.uuid(), member.email.clone())
            .text(format!("Signed {} out everywhere: {count}", member.email));
        write.commit().await?;
        Ok(count)
    })
}

fn draw(row: Row, current: Option<&[u8]>) -> SessionView {
    SessionView {
        id: row.key_hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        is_current: current == Some(&row.key_hash),
        method: row.method,
        second_factor: row.second_factor,
        address: row.address,
        agent: row.agent,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        expires_at: row.expires_at,
    }
}

/// The hash that an id names.
fn read_id(id: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = id
        .chars()
        .map(|sign| sign.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    pairs.remainder().is_empty().then(|| pairs.map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// What events hold of a session.
fn told(row: &Row) -> Value {
    json!({
        "address": row.address,
        "agent": row.agent,
        "method": row.method,
        "second_factor": row.second_factor,
        "created_at": row.created_at,
        "last_seen_at": row.last_seen_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        assert_eq!(read_id("00ff1aA0"), Some(vec![0, 255, 26, 160]));
        for bad in ["0", "0g", "+1", "é0", " 0"] {
            assert_eq!(read_id(bad), None, "{bad}");
        }
    }
}
