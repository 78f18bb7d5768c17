//! The one error of server functions and pages: what `control` refused, or that the call itself failed.

use domain::{errors::Error, ids::NO_ID};
use leptos::server_fn::{
    Decodes, Encodes,
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a server function or a page did not do what was asked.
///
/// On the wire it is the JSON of a [`domain::errors::Error`], so that every reader knows one shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppError {
    /// The operation refused or failed.
    #[error("{0}")]
    Refused(Error),
    /// The call did not get through, or its answer cannot be read.
    #[error("The server could not be reached, or its answer could not be read. Try again.")]
    Transport(String),
}

impl AppError {
    /// The same as what the operation would have said.
    #[must_use]
    pub fn to_domain(&self) -> Error {
        match self {
            Self::Refused(error) => error.clone(),
            Self::Transport(_) => Error::Unavailable { reason: self.to_string() },
        }
    }
}

impl From<Error> for AppError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl Serialize for AppError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_domain().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AppError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Error::deserialize(deserializer).map(Self::Refused)
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            // What is no id is an id of nothing, as it is in addresses.
            ServerFnErrorErr::Args(reason) if reason.contains(NO_ID) => Self::Refused(Error::NotFound),
            // What arrived is no such form: the sender can mend it.
            ServerFnErrorErr::Args(reason) | ServerFnErrorErr::MissingArg(reason) => {
                Self::Refused(Error::invalid("", format!("The request is incomplete: {reason}.")))
            }
            other => Self::Transport(other.to_string()),
        }
    }
}

/// Proof that [`AppError`] travels in JSON; `JsonEncoding` is what [`FromServerFnError`] wants.
const _: fn() = || {
    const fn travels<T: Encodes<AppError> + Decodes<AppError>>() {}
    travels::<JsonEncoding>();
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn travels_as_the_domains_error() {
        let refused = AppError::Refused(Error::invalid("name", "Taken."));
        let bytes = refused.ser();
        assert_eq!(serde_json::from_slice::<Error>(&bytes).unwrap(), Error::invalid("name", "Taken."));
        assert_eq!(AppError::de(bytes), refused);
    }

    #[test]
    fn what_is_no_id_is_an_id_of_nothing() {
        let reason = serde_json::from_str::<domain::ids::UserId>("\"shop\"").unwrap_err().to_string();
        let error = AppError::from_server_fn_error(ServerFnErrorErr::Args(reason));
        assert_eq!(error.to_domain(), Error::NotFound);
    }

    #[test]
    fn an_incomplete_form_is_the_senders_to_mend() {
        let error = AppError::from_server_fn_error(ServerFnErrorErr::MissingArg("name".into()));
        assert_eq!(error.to_domain().status(), 422);
        let error = AppError::from_server_fn_error(ServerFnErrorErr::Request("offline".into()));
        assert_eq!(error.to_domain().status(), 503);
    }
}
