//! The catalogue: clouds with their zones, plans with their sizes and prices. Prices are exact integers.

use serde::{Deserialize, Serialize};

/// Hours in a month, as prices per month count them.
pub const HOURS_PER_MONTH: i64 = 730;

/// An amount in millionths of a US dollar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MicroUsd(pub i64);

impl MicroUsd {
    /// `$0.0260`: with as many decimals as asked for (at most 6), rounded half up.
    #[must_use]
    pub fn dollars(self, decimals: u32) -> String {
        let decimals = decimals.min(6);
        let unit = 10_i64.pow(6 - decimals);
        let rounded = (self.0 + unit / 2) / unit;
        let whole = 10_i64.pow(decimals);
        if decimals == 0 {
            return format!("${rounded}");
        }
        format!("${}.{:0width$}", rounded / whole, rounded % whole, width = decimals as usize)
    }
}

/// A region of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cloud {
    /// Its id, as in `local-main`.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// Where nodes are spread over.
    pub zones: &'static [&'static str],
}

/// Size, number of nodes and price of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Its id, as in `hobbyist`.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// Whom it is for, in one sentence.
    pub purpose: &'static str,
    /// Nodes.
    pub nodes: u8,
    /// Virtual processors per node.
    pub vcpus: u8,
    /// Memory per node.
    pub memory_mib: u32,
    /// Size of each node's data volume.
    pub data_mib: u32,
    /// Size of each node's root volume.
    pub root_mib: u32,
    /// Price of the whole service per hour.
    pub per_hour: MicroUsd,
}

impl Plan {
    /// Price of the whole service per month of [`HOURS_PER_MONTH`] hours.
    #[must_use]
    pub const fn per_month(&self) -> MicroUsd {
        MicroUsd(self.per_hour.0 * HOURS_PER_MONTH)
    }
    /// Memory of all its nodes.
    #[must_use]
    pub const fn memory_mib_total(&self) -> u64 {
        self.memory_mib as u64 * self.nodes as u64
    }
    /// Disk of all its nodes.
    #[must_use]
    pub const fn disk_mib_total(&self) -> u64 {
        (self.data_mib as u64 + self.root_mib as u64) * self.nodes as u64
    }
}

/// The clouds there are.
pub const CLOUDS: &[Cloud] =
    &[Cloud { name: "local-main", label: "This installation", zones: &["a", "b", "c"] }];

/// The plans there are, smallest first.
pub const PLANS: &[Plan] = &[
    Plan {
        name: "hobbyist",
        label: "Hobbyist",
        purpose: "Trying things out and small tools.",
        nodes: 1,
        vcpus: 1,
        memory_mib: 256,
        data_mib: 1024,
        root_mib: 512,
        per_hour: MicroUsd(26_000),
    },
    Plan {
        name: "startup-1",
        label: "Startup 1",
        purpose: "One application with moderate traffic.",
        nodes: 1,
        vcpus: 1,
        memory_mib: 1024,
        data_mib: 8 * 1024,
        root_mib: 1024,
        per_hour: MicroUsd(69_000),
    },
    Plan {
        name: "startup-4",
        label: "Startup 4",
        purpose: "Busy applications and larger tables.",
        nodes: 1,
        vcpus: 2,
        memory_mib: 4096,
        data_mib: 80 * 1024,
        root_mib: 2048,
        per_hour: MicroUsd(137_000),
    },
];

/// The plan of that name.
#[must_use]
pub fn plan(name: &str) -> Option<&'static Plan> {
    PLANS.iter().find(|plan| plan.name == name)
}

/// The cloud of that name.
#[must_use]
pub fn cloud(name: &str) -> Option<&'static Cloud> {
    CLOUDS.iter().find(|cloud| cloud.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_exact() {
        let hobbyist = plan("hobbyist").unwrap();
        assert_eq!(hobbyist.per_hour.dollars(4), "$0.0260");
        assert_eq!(hobbyist.per_month().dollars(2), "$18.98");
        assert_eq!(MicroUsd(1_999_999).dollars(2), "$2.00");
        assert_eq!(MicroUsd(5).dollars(6), "$0.000005");
    }
}
