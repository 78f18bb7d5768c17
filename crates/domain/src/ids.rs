//! Typed identifiers: UUIDv7 newtypes, one per kind of thing. Ids are made by `control`, never here.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use uuid::Uuid;

/// What is said of a text that is no id: whoever asks for a thing by it is told that there is none, as with any other id of
/// nothing.
pub const NO_ID: &str = "this is no id";

/// Makes an id newtype: serialises as the hyphenated text, binds as `UUID`/16-byte `BLOB` in the store.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent, no_pg_array))]
        #[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a raw value; `control` makes new ones from its clock and random source.
            #[must_use]
            pub const fn from_uuid(value: Uuid) -> Self { Self(value) }
            /// The raw value.
            #[must_use]
            pub const fn uuid(self) -> Uuid { self.0 }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Uuid::deserialize(deserializer).map(Self).map_err(|_| D::Error::custom(NO_ID))
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.hyphenated().fmt(f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}({})", stringify!($name), self.0) }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { Uuid::try_parse(text).map(Self) }
        }
    )*};
}

ids! {
    /// An organization: the tenant.
    OrganizationId;
    /// An organizational unit.
    UnitId;
    /// A project. In URLs a project is named by its globally unique name instead.
    ProjectId;
    /// A managed service. Its workflow's strand has the same value.
    ServiceId;
    /// One VM of a service; never re-used.
    NodeId;
    /// One LUKS2 disk of a node.
    VolumeId;
    /// A person.
    UserId;
    /// A signed-in browser.
    SessionId;
    /// One audit record.
    EventId;
    /// A set of people and application users.
    GroupId;
    /// An invitation of a person into an organization.
    InvitationId;
    /// A domain that an organization lists.
    DomainId;
    /// A mail.
    MailId;
    /// A personal or application token.
    TokenId;
    /// A second factor of a person: an authenticator app, a security key or a passkey.
    FactorId;
    /// A request that somebody lose their second factors, because they lost them all.
    FactorResetId;
    /// An identity provider of an organization.
    IdentityProviderId;
    /// One of our keys towards an identity provider.
    IdentityProviderKeyId;
    /// A token with which an identity provider pushes people and groups.
    ScimTokenId;
    /// One role or permission given to a principal on a resource.
    GrantId;
    /// A certificate of destruction.
    CertificateId;
    /// A running workflow; equal to the id of the resource it drives.
    StrandId;
    /// One request, as it appears in logs, events and error reports.
    RequestId;
}

impl From<ServiceId> for StrandId {
    fn from(id: ServiceId) -> Self {
        Self::from_uuid(id.uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        let id = OrganizationId::from_uuid(Uuid::from_u128(1));
        let text = serde_json::to_string(&id).unwrap();
        assert_eq!(text, "\"00000000-0000-0000-0000-000000000001\"");
        assert_eq!(serde_json::from_str::<OrganizationId>(&text).unwrap(), id);
        for text in ["\"\"", "\"shop\"", "1", "null"] {
            let error = serde_json::from_str::<OrganizationId>(text).unwrap_err().to_string();
            assert!(error.starts_with(NO_ID), "{text}: {error}");
        }
    }
}
