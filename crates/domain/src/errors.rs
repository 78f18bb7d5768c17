//! The one error that crosses from `control` to the console and the API.

use serde::{Deserialize, Serialize};

use crate::{names::NameError, permissions::Role, policies::Rule, powers::OF_SCOPE};

/// Why an operation did not happen. Every text says what to do and may be shown to the person who asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Error {
    /// There is no such thing, or the actor may not know of it.
    #[error("This does not exist, or you have no access to it.")]
    NotFound,
    /// The actor may know of the thing but not do this.
    #[error("{}", denial(permission))]
    Denied {
        /// What is missing: the identifier of a permission or role, `super admin`, or `session`; of a token whose owner holds
        /// it, `scope ` before the identifier, or `token without scopes`.
        permission: String,
    },
    /// The actor may do this, but not to this one or not with that: a guard beyond the policy.
    #[error("{reason}")]
    Forbidden {
        /// Why, and who can.
        reason: String,
    },
    /// The authentication policy of the organization turns the actor away, as they are signed in now.
    #[error("{}", rule.refusal(organization))]
    TurnedAway {
        /// By which of its rules.
        rule: Rule,
        /// What the organization is called.
        organization: String,
    },
    /// Nobody is signed in, or the credentials are wrong.
    #[error("{reason}")]
    Unauthenticated {
        /// What to do.
        reason: String,
    },
    /// The session has not shown lately who it belongs to, and this asks for that.
    #[error("Confirm first that it is you, then do this again.")]
    StepUp,
    /// A value was refused.
    #[error("{reason}")]
    Invalid {
        /// Name of the form field or JSON member.
        field: String,
        /// What to do.
        reason: String,
    },
    /// The world is not in a state for this.
    #[error("{reason}")]
    Conflict {
        /// What stands in the way.
        reason: String,
    },
    /// Too often.
    #[error("{reason} Try again in {}.", wait(*retry_after_seconds))]
    Limited {
        /// Name of the form field or JSON member, if it belongs to one.
        field: Option<String>,
        /// What there was too much of, and how much there may be.
        reason: String,
        /// When to come back.
        retry_after_seconds: u64,
    },
    /// Something needed does not answer right now. Nothing was changed, unless the reason says that nobody knows.
    #[error("{reason}")]
    Unavailable {
        /// What, and when to come back.
        reason: String,
    },
    /// A fault of ours. The log has the rest under this id.
    #[error("Something went wrong on our side. If it stays, report this number: {report}")]
    Internal {
        /// Id of the log entry.
        report: String,
    },
}

/// What somebody is told who lacks something.
fn denial(lack: &str) -> String {
    match lack {
        "session" => "A token is not enough for this. Sign in to the console and do it there.".to_owned(),
        "super admin" => "Only a super admin can do this.".to_owned(),
        "token without scopes" => {
            "Only a super admin can do this, and a token with scopes does not act as one. Use a token \
             without scopes, or the console."
                .to_owned()
        }
        scope if scope.starts_with(OF_SCOPE) => format!(
            "The scopes of this token do not include {}, which this takes. Use a token whose scopes do.",
            scope.trim_start_matches(OF_SCOPE)
        ),
        role if role.parse::<Role>().is_ok() => {
            format!("You need the role {role} here for this. Ask an organization admin to grant it.")
        }
        permission => {
            format!("You need the permission {permission} for this. Ask an organization admin to grant it.")
        }
    }
}

/// A time to wait in words; minutes and hours are rounded up, so that nobody comes too early.
#[must_use]
pub fn wait(seconds: u64) -> String {
    match seconds {
        1 => "1 second".to_owned(),
        0..120 => format!("{seconds} seconds"),
        120..7200 => format!("{} minutes", seconds.div_ceil(60)),
        _ => format!("{} hours", seconds.div_ceil(3600)),
    }
}

impl Error {
    /// A refused value.
    pub fn invalid(field: &str, reason: impl Into<String>) -> Self {
        Self::Invalid { field: field.to_owned(), reason: reason.into() }
    }
    /// A refused value, from a failed parse.
    #[must_use]
    pub fn name(field: &str, error: NameError) -> Self {
        Self::Invalid { field: field.to_owned(), reason: error.0 }
    }
    /// The world stands in the way.
    pub fn conflict(reason: impl Into<String>) -> Self {
        Self::Conflict { reason: reason.into() }
    }
    /// Too many tries of something that one can get wrong.
    #[must_use]
    pub fn limited(retry_after_seconds: u64) -> Self {
        Self::Limited { field: None, reason: "Too many tries.".to_owned(), retry_after_seconds }
    }
    /// The field the error belongs to, if it belongs to one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Invalid { field, .. } => Some(field),
            Self::Limited { field, .. } => field.as_deref(),
            _ => None,
        }
    }
    /// The HTTP status (RFC 9110) that says the same.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Denied { .. } | Self::Forbidden { .. } | Self::TurnedAway { .. } | Self::StepUp => 403,
            Self::Unauthenticated { .. } => 401,
            Self::Invalid { .. } => 422,
            Self::Conflict { .. } => 409,
            Self::Limited { .. } => 429,
            Self::Unavailable { .. } => 503,
            Self::Internal { .. } => 500,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_told_what_its_scopes_leave_out() {
        let told = |lack: &str| Error::Denied { permission: lack.to_owned() }.to_string();
        let text = told("scope project:services:write");
        assert!(text.starts_with("The scopes of this token do not include project:services:write"), "{text}");
        assert!(!text.contains("admin to grant"), "{text}");
        assert!(told("token without scopes").contains("a token with scopes does not act as one"));
        assert!(told("project:services:write").contains("Ask an organization admin to grant it."));
    }

    #[test]
    fn waits_are_told_as_people_tell_them() {
        for (retry_after_seconds, words) in [
            (1, "1 second."),
            (2, "2 seconds."),
            (119, "119 seconds."),
            (120, "2 minutes."),
            (121, "3 minutes."),
            (900, "15 minutes."),
            (7199, "120 minutes."),
            (7200, "2 hours."),
            (7201, "3 hours."),
        ] {
            let text = Error::limited(retry_after_seconds).to_string();
            assert_eq!(text, format!("Too many tries. Try again in {words}"));
        }
    }
}
