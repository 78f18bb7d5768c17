//! How failures of the crates below become the one error people see. Logs what is ours, once, here.

use std::fmt::Display;

use domain::{errors::Error, ids::RequestId};
use uuid::Uuid;

/// For a commit whose answer was lost. Not `Conflict`: repeating it unseen could do it twice.
const COMMIT_UNKNOWN: &str = "The connection to the database was lost at the moment of saving. This may or may not have \
    been saved: look before you repeat it.";

/// What can go wrong within an operation or a workflow step.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// An answer for the person who asked.
    #[error(transparent)]
    Refused(#[from] Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The host.
    #[error(transparent)]
    Host(#[from] host::Error),
    /// A sealed value does not open.
    #[error(transparent)]
    Seal(#[from] crate::envelopes::SealBroken),
    /// A certificate could not be made.
    #[error("a certificate could not be made")]
    Certificate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Stored JSON that cannot be read.
    #[error("stored JSON cannot be read")]
    Json(#[from] serde_json::Error),
    /// A fault of the program in one piece of work.
    #[error("This broke off because of a fault of the program: {0}")]
    Panicked(String),
    /// Something that cannot be if everything else is right.
    #[error("{0}")]
    Inconsistent(String),
}

impl From<crate::authorities::CertificateError> for Failure {
    fn from(error: crate::authorities::CertificateError) -> Self {
        Self::Certificate(Box::new(error))
    }
}

impl Failure {
    /// Whether the same operation may succeed if it is repeated at once. A database that does not answer has been
    /// waited for already.
    pub(crate) const fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(store::Error::Conflict))
    }

    /// What the people who watch a strand are told of a step that failed: nothing of a machine's paths and programs,
    /// nor of the server's insides. All of it is in the log, under the strand's id.
    pub(crate) fn public(&self, strand: Uuid) -> String {
        use host::Error::{Agent, Full, Guest, Io, Missing, Program, State};
        match self {
            Self::Refused(_)
            | Self::Inconsistent(_)
            | Self::Host(Full(_) | Agent(_) | Guest(_) | State(_)) => chain(self),
            Self::Host(Missing { .. } | Io { .. } | Program { .. }) => {
                format!("{HOST_CANNOT}; {}.", where_to_look(&strand))
            }
            Self::Panicked(_) => {
                format!("This broke off because of a fault of the program; {}.", where_to_look(&strand))
            }
            Self::Store(_) => format!("The database did not do what was asked; {}.", where_to_look(&strand)),
            _ => format!("A fault of the server; {}.", where_to_look(&strand)),
        }
    }

    /// What the person who asked is told; ours is logged with its chain under the request's id.
    pub(crate) fn into_error(self, request: RequestId) -> Error {
        match self {
            Self::Refused(error) => error,
            Self::Store(store::Error::Conflict) => Error::Conflict {
                reason: "Somebody else changed this at the same moment. Load the page again and repeat."
                    .into(),
            },
            Self::Store(error @ store::Error::Unavailable(_)) => {
                tracing::warn!(report = %request, error = chain(&error), "The database does not answer");
                Error::Unavailable {
                    reason:
                        "The database does not answer right now. Nothing was changed; try again in a moment."
                            .into(),
                }
            }
            Self::Store(error @ store::Error::CommitUnknown(_)) => {
                tracing::warn!(report = %request, error = chain(&error), "Nobody knows whether this was saved");
                Error::Unavailable { reason: COMMIT_UNKNOWN.into() }
            }
            Self::Host(error) => {
                tracing::warn!(report = %request, error = chain(&error), "The host cannot do this");
                host_unavailable(request)
            }
            other => {
                tracing::error!(report = %request, error = chain(&other), "Internal error");
                Error::Internal { report: request.to_string() }
            }
        }
    }
}

/// Both versions of a name and a description that somebody else changed meanwhile.
pub(crate) fn overtaken(now: (&str, &str), sent: (&str, &str)) -> Error {
    let version = |(name, description): (&str, &str)| match description {
        "" => format!("“{name}”, without a description"),
        description => format!("“{name}”, described as “{description}”"),
    };
    let (now, sent) = (version(now), version(sent));
    Error::conflict(format!("Somebody else changed this meanwhile. It is now {now}; you sent {sent}."))
}

/// What people are told when a host cannot do something. Its own words name paths and commands of a machine that is
/// none of a tenant's business; they are in the log, under the request's id.
pub(crate) fn host_unavailable(request: RequestId) -> Error {
    let reason = format!("{HOST_CANNOT}. Try again later; {}.", where_to_look(&request));
    Error::Unavailable { reason }
}

const HOST_CANNOT: &str = "The machine that runs services cannot do this right now";

fn where_to_look(report: &impl Display) -> String {
    format!("whoever operates it finds the reason in the server's log under {report}")
}

/// An error with all its causes on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// How often an operation is tried when the database asks for a repetition.
pub(crate) const TRIES_MAX: u32 = 10;
/// The pause before the second try; it grows by as much with each further one.
const CONFLICT_PAUSE_MILLIS: u64 = 4;

/// Waits before the same is tried again, each time longer, and by chance, so that those who met do not meet again.
pub(crate) async fn pause_after_conflict(random: &dyn crate::Random, tries: u32) {
    let mut byte = [0];
    random.fill(&mut byte);
    let longest = CONFLICT_PAUSE_MILLIS * u64::from(tries);
    let micros = longest * 1000 * u64::from(byte[0]) / 255;
    tokio::time::sleep(std::time::Duration::from_micros(micros)).await;
}

/// Runs the body of an operation: repeats it when the database asks for that, and turns what went wrong into the error
/// that people see. The only place where operations are repeated.
macro_rules! attempt {
    ($ctx:expr, $body:block) => {{
        let mut tries = 1_u32;
        loop {
            let result: Result<_, $crate::errors::Failure> = async { $body }.await;
            match result {
                Ok(value) => break Ok(value),
                Err(failure) if failure.is_conflict() && tries < $crate::errors::TRIES_MAX => {
                    $crate::errors::pause_after_conflict($ctx.control.random(), tries).await;
                    tries += 1;
                }
                Err(failure) => break Err(failure.into_error($ctx.request_id())),
            }
        }
    }};
}
pub(crate) use attempt;
