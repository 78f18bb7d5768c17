//! What people send in, as it arrives: texts that `control` parses into types, so that every error can name its field.

use serde::{Deserialize, Serialize};

use crate::secrets::Secret;

/// The set-up form. Fields: `name`, `email`, `password`, `organization`.
#[derive(Clone, Serialize, Deserialize)]
pub struct CompleteSetUp {
    /// The token in the set-up link.
    pub token: Secret,
    /// Name of the first user.
    pub name: String,
    /// Sign-in name of the first user.
    pub email: String,
    /// Their password.
    pub password: Secret,
    /// Name of the first organization.
    pub organization: String,
}

/// The sign-in form. Fields: `email`, `password`.
#[derive(Clone, Serialize, Deserialize)]
pub struct SignIn {
    /// Sign-in name.
    pub email: String,
    /// Password.
    pub password: Secret,
}

/// The form that makes a service. Fields: `name`, `service_type`, `plan`, `cloud`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateService {
    /// Name of the project.
    pub project: String,
    /// Name of the service.
    pub name: String,
    /// Id of the service type, `pg`.
    pub service_type: String,
    /// Id of the plan.
    pub plan: String,
    /// Id of the cloud.
    pub cloud: String,
}

/// One changed line of the IP filter editor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddIpFilterEntry {
    /// Name of the project.
    pub project: String,
    /// Name of the service.
    pub service: String,
    /// The range.
    pub cidr: String,
    /// What it is.
    pub description: String,
    /// The person has read that this opens the service to everybody.
    pub open_to_world: bool,
}
