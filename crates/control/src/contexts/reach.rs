//! Whether what somebody acts with reaches an organization: what its authentication policy says of it. Records nothing, and
//! says nothing of what they may do there.

use domain::policies::{Asked, AuthenticationPolicy, Credential as Shown, Rule};
use store::access::Access;

use super::{Context, Credential};
use crate::{errors::Failure, policies};

/// Whether somebody reaches an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// They do.
    Open,
    /// They do, as a break-glass super admin whom "identity provider required" would turn away otherwise.
    BreakGlass,
    /// This rule turns them away.
    Refused(Rule),
}

impl Context {
    /// Whether the actor reaches the organization, with what they act with and from where they come. A policy that cannot be
    /// read lets nobody in. Of strangers it says nothing: that they are none of the organization's is said elsewhere.
    pub(crate) fn reach(&self, access: &Access) -> Result<Reach, Failure> {
        let Some(credential) = self.credential.as_ref().filter(|_| access.is_member) else {
            return Ok(Reach::Open);
        };
        let policy = policies::read(access.policy.as_deref())?;
        let (shown, asked) = (credential.shown(self), self.asked(access));
        let without = policy.judge(&shown, &Asked { is_break_glass: false, ..asked });
        Ok(match policy.judge(&shown, &asked) {
            Err(rule) => Reach::Refused(rule),
            Ok(()) if without.is_err() => Reach::BreakGlass,
            Ok(()) => Reach::Open,
        })
    }

    /// Whether the actor would reach the organization under a policy.
    ///
    /// # Errors
    /// The rule that would turn them away.
    pub(crate) fn judged(&self, access: &Access, policy: &AuthenticationPolicy) -> Result<(), Rule> {
        self.credential
            .as_ref()
            .map_or(Ok(()), |credential| policy.judge(&credential.shown(self), &self.asked(access)))
    }

    fn asked(&self, access: &Access) -> Asked {
        Asked {
            organization: access.organization_id,
            is_break_glass: access.is_break_glass && access.is_super_admin,
            address: self.origin.address,
        }
    }
}

impl Credential {
    /// What it shows of who it stands for.
    fn shown(&self, ctx: &Context) -> Shown {
        match self {
            Self::Session(session) => Shown::Session { proof: session.proof },
            Self::Token(token) => Shown::Token {
                kind: token.kind,
                proof: token.proof,
                age_seconds: policies::age_seconds(ctx.now(), token.created_at),
            },
        }
    }
}
