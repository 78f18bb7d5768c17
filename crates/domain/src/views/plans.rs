//! Plans with their prices as the customer sees them; the plans themselves are in `crate::plans`.

use serde::{Deserialize, Serialize};

use crate::plans::MicroUsd;

/// A plan on a cloud with its price, and whether it can be had now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanView {
    /// Id of the plan.
    pub plan: String,
    /// What people read.
    pub label: String,
    /// Whom it is for.
    pub purpose: String,
    /// Nodes.
    pub nodes: u8,
    /// Virtual processors per node.
    pub vcpus: u8,
    /// Memory per node.
    pub memory_mib: u32,
    /// Data volume per node.
    pub data_mib: u32,
    /// Price per hour.
    pub per_hour: MicroUsd,
    /// Price per month of 730 hours.
    pub per_month: MicroUsd,
    /// Why it cannot be had right now, if so.
    pub unavailable: Option<String>,
}
