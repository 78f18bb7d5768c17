//! What is wrong with what a client sent, in the words of RFC 7644 section 3.12. Finds nothing wrong itself.

use std::fmt;

/// The keyword of a refusal: `scimType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The filter cannot be read, or names what cannot be filtered by.
    InvalidFilter,
    /// More is asked for than is worked out.
    TooMany,
    /// The body is no SCIM.
    InvalidSyntax,
    /// The path of a change cannot be read, or names what there is not.
    InvalidPath,
    /// There is nothing where the path of a change leads.
    NoTarget,
    /// A value cannot be that.
    InvalidValue,
    /// The attribute cannot be changed, or not be removed.
    Mutability,
    /// Somebody or something of that name is there already.
    Uniqueness,
    /// It was changed since the version that the client knows. Has no keyword.
    Version,
}

impl Reason {
    /// `scimType`; none for what the RFC has no keyword for.
    #[must_use]
    pub const fn keyword(self) -> Option<&'static str> {
        Some(match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::Mutability => "mutability",
            Self::Uniqueness => "uniqueness",
            Self::Version => return None,
        })
    }
}

/// A refusal, with a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The sentence.
    pub detail: String,
}

impl Refusal {
    /// One for that reason.
    #[must_use]
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    /// A value that cannot be that.
    #[must_use]
    pub fn value(detail: impl Into<String>) -> Self {
        Self::new(Reason::InvalidValue, detail)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Refusal {}
