//! Why something of the world was not fetched, in words that tell nothing of this machine and its neighbours.

use control::domains::LookUpError;

/// Why nothing was fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// It is not an address with `http` or `https` and a name.
    #[error("“{0}” is no address of a page.")]
    Address(String),
    /// It leads to where only this machine or its neighbours get to. Which address that is, is not told.
    #[error("{0} does not lead to a public address.")]
    Private(String),
    /// It is not one of the ports that are reached.
    #[error("The port {0} is not reached from here.")]
    Port(u16),
    /// There is no such name, or it has no address.
    #[error("There is no address for the name {0}.")]
    NoAddress(String),
    /// No name server can tell.
    #[error("The name {0} could not be resolved.")]
    Unresolved(String),
    /// Nothing answered in time.
    #[error("There was no answer in time.")]
    Late,
    /// No connection came about, TLS failed, or it broke off.
    #[error("{0} could not be reached.")]
    Unreachable(String),
    /// The answer is something else than 200.
    #[error("{address} answered {status}.")]
    Status {
        /// What was fetched.
        address: String,
        /// The HTTP status.
        status: u16,
    },
    /// It redirects to where it may not.
    #[error(
        "{from} redirects to {to}, which is not followed: only the same name and the one with www. before it are."
    )]
    Redirect {
        /// What was fetched.
        from: String,
        /// Where it points.
        to: String,
    },
    /// It redirects again and again.
    #[error("{0} redirects too often.")]
    Redirects(String),
    /// The answer is too long.
    #[error("{address} is longer than {limit} bytes.")]
    TooLong {
        /// What was fetched.
        address: String,
        /// How long it may be.
        limit: usize,
    },
    /// This machine cannot ask the world at all.
    #[error("This machine cannot look things up: {0}")]
    Machine(String),
}

impl OutboundError {
    /// Whether the world answered, so that asking again would not help.
    #[must_use]
    pub const fn is_answer(&self) -> bool {
        match self {
            Self::Unresolved(_) | Self::Late | Self::Unreachable(_) | Self::Machine(_) => false,
            Self::Status { status, .. } => *status < 500,
            _ => true,
        }
    }
}

impl From<OutboundError> for LookUpError {
    fn from(error: OutboundError) -> Self {
        Self { reason: error.to_string(), is_answer: error.is_answer() }
    }
}
