//! What applies to somebody in all of their organizations: the strictest of the limits of each. Asks nobody whether they
//! reach one.

use std::time::Duration;

use domain::{
    ids::UserId,
    policies::{AuthenticationPolicy, IDLE_SECONDS, PASSWORD_CHARS, PASSWORD_CHARS_ALONE, SESSION_SECONDS},
};
use store::Tx;

/// How long sessions last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Without use.
    pub idle: Duration,
    /// However they are used.
    pub age: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Strictest::default().sessions()
    }
}

/// The strictest limits of somebody's organizations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Strictest {
    idle_seconds: i64,
    session_seconds: i64,
    /// Fewest characters of a password beside a second factor.
    pub(crate) password_chars_min: u32,
    /// Fewest characters of a password that is the only factor.
    pub(crate) password_chars_min_alone: u32,
}

impl Default for Strictest {
    fn default() -> Self {
        Self::of(&AuthenticationPolicy::default())
    }
}

impl Strictest {
    const fn of(policy: &AuthenticationPolicy) -> Self {
        Self {
            idle_seconds: policy.idle_seconds,
            session_seconds: policy.session_seconds,
            password_chars_min: policy.password_chars_min,
            password_chars_min_alone: policy.password_chars_min_alone,
        }
    }

    /// What counts where a policy cannot be read.
    const fn utmost() -> Self {
        Self {
            idle_seconds: *IDLE_SECONDS.start(),
            session_seconds: *SESSION_SECONDS.start(),
            password_chars_min: *PASSWORD_CHARS.end(),
            password_chars_min_alone: *PASSWORD_CHARS_ALONE.end(),
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            idle_seconds: self.idle_seconds.min(other.idle_seconds),
            session_seconds: self.session_seconds.min(other.session_seconds),
            password_chars_min: self.password_chars_min.max(other.password_chars_min),
            password_chars_min_alone: self.password_chars_min_alone.max(other.password_chars_min_alone),
        }
    }

    /// Those of sessions.
    pub(crate) fn sessions(self) -> Limits {
        let seconds = |seconds: i64| Duration::from_secs(seconds.try_into().unwrap_or(0));
        Limits { idle: seconds(self.idle_seconds), age: seconds(self.session_seconds) }
    }
}

/// The strictest limits of all organizations that let this person in.
pub(crate) async fn strictest(tx: &mut Tx, user: UserId) -> Result<Strictest, store::Error> {
    let rows = store::authentication_policies::list_for_user(tx, user).await?;
    let each = rows.iter().map(|row| {
        serde_json::from_str(&row.policy)
            .map_or_else(|_| Strictest::utmost(), |policy| Strictest::of(&policy))
    });
    Ok(each.fold(Strictest::default(), Strictest::and))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_is_the_strictest_of_its_kind() {
        let one = AuthenticationPolicy { idle_seconds: 300, password_chars_min: 12, ..Default::default() };
        let other = AuthenticationPolicy {
            session_seconds: 1800,
            password_chars_min_alone: 20,
            ..Default::default()
        };
        let both = Strictest::of(&one).and(Strictest::of(&other));
        assert_eq!(
            both.sessions(),
            Limits { idle: Duration::from_secs(300), age: Duration::from_secs(1800) }
        );
        assert_eq!((both.password_chars_min, both.password_chars_min_alone), (12, 20));
        assert_eq!(both.and(Strictest::utmost()), Strictest::utmost());
        let usual = Limits { idle: Duration::from_secs(3600), age: Duration::from_secs(24 * 3600) };
        assert_eq!(Limits::default(), usual);
    }
}
