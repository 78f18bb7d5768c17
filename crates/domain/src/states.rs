//! Closed sets that are stored and shown as text: states of services and nodes, kinds of volumes, outcomes.

use serde::{Deserialize, Serialize};

/// Makes an enum with one stable text per variant, used in the database, in JSON and on the page.
macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// The stable text of this value.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $text,)* } }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.pad(self.as_str()) }
        }
        impl std::str::FromStr for $name {
            type Err = crate::states::UnknownText;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    _ => Err(crate::states::UnknownText { kind: stringify!($name), text: text.to_owned() }),
                }
            }
        }
        #[cfg(feature = "sqlx")]
        impl<DB: sqlx::Database> sqlx::Type<DB> for $name where str: sqlx::Type<DB> {
            fn type_info() -> DB::TypeInfo { <str as sqlx::Type<DB>>::type_info() }
            fn compatible(ty: &DB::TypeInfo) -> bool { <str as sqlx::Type<DB>>::compatible(ty) }
        }
        #[cfg(feature = "sqlx")]
        impl<'q, DB: sqlx::Database> sqlx::Encode<'q, DB> for $name where &'static str: sqlx::Encode<'q, DB> {
            fn encode_by_ref(&self, buf: &mut <DB as sqlx::Database>::ArgumentBuffer) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                <&'static str as sqlx::Encode<'q, DB>>::encode_by_ref(&self.as_str(), buf)
            }
        }
        #[cfg(feature = "sqlx")]
        impl<'r, DB: sqlx::Database> sqlx::Decode<'r, DB> for $name where &'r str: sqlx::Decode<'r, DB> {
            fn decode(value: <DB as sqlx::Database>::ValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
                Ok(<&'r str as sqlx::Decode<'r, DB>>::decode(value)?.parse()?)
            }
        }
    };
}
pub(crate) use text_enum;

/// A text that is none of the values of its set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is not a {kind}")]
pub struct UnknownText {
    /// The set that was expected.
    pub kind: &'static str,
    /// What was found.
    pub text: String,
}

text_enum! {
    /// What a service is doing as a whole.
    ServiceState {
        /// Being created, or a node is being made anew.
        Rebuilding = "REBUILDING",
        /// Answers queries.
        Running = "RUNNING",
        /// Data moves between nodes; answers queries.
        Rebalancing = "REBALANCING",
        /// Switched off; holds no VM.
        Poweroff = "POWEROFF",
    }
}

text_enum! {
    /// What a node is doing.
    NodeState {
        /// The VM is made and booted.
        SettingUpVm = "setting_up_vm",
        /// The node catches up with the data of its service.
        SyncingData = "syncing_data",
        /// The node serves.
        Running = "running",
        /// The node is being destroyed.
        Leaving = "leaving",
        /// The node has not answered for a while.
        TimingOut = "timing_out",
        /// Nothing is known of the node.
        Unknown = "unknown",
    }
}

text_enum! {
    /// Which disk of a node a volume is.
    VolumeKind {
        /// The writable layer over the shared read-only base image.
        Root = "root",
        /// The service's data.
        Data = "data",
    }
}

text_enum! {
    /// The software a service runs.
    ServiceType {
        /// PostgreSQL.
        Postgresql = "pg",
    }
}

impl ServiceType {
    /// The name people know it by.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Postgresql => "PostgreSQL",
        }
    }
}

text_enum! {
    /// How a tried action ended.
    Outcome {
        /// It was done.
        Done = "done",
        /// The actor may not do it.
        Denied = "denied",
        /// It was allowed but failed.
        Failed = "failed",
    }
}

text_enum! {
    /// What a person asked a running service workflow to do.
    Signal {
        /// Take the service down and shred its volumes.
        Destroy = "destroy",
        /// The IP filter was changed; hand it to the guest.
        ApplyIpFilter = "apply_ip_filter",
        /// Try the failing step again now instead of waiting for its turn.
        RetryNow = "retry_now",
    }
}

/// How one try of a workflow step ended, as the timeline shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It is this step's turn.
    Active,
    /// It is done.
    Done,
    /// Its last try failed; it will be tried again.
    Failing,
    /// Its turn has not come.
    Pending,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_round_trip() {
        for state in ServiceState::ALL {
            assert_eq!(state.as_str().parse::<ServiceState>().as_ref(), Ok(state));
        }
        let error = "CREATING".parse::<ServiceState>().unwrap_err();
        assert_eq!(error.to_string(), "“CREATING” is not a ServiceState");
    }
}
