//! What the machine has and what it lacks, with what to do about it. Changes nothing.

use std::path::Path;

use super::commands;
use crate::Error;

const MIB: u64 = 1024 * 1024;
/// The share of the machine's memory that VMs may have unless told otherwise, in percent.
const MEMORY_SHARE_PERCENT: u64 = 80;
/// What must stay free for the machine itself.
const MEMORY_RESERVE_MIB: u64 = 256;

/// Memory of the machine: all of it, and what of it is available.
pub(crate) struct Memory {
    pub(crate) total_mib: u64,
    pub(crate) available_mib: u64,
}

impl Memory {
    pub(crate) fn read() -> Result<Self, Error> {
        let text =
            std::fs::read_to_string("/proc/meminfo").map_err(super::files::failed("read /proc/meminfo"))?;
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024 / MIB)
        };
        let unknown = || Error::State("/proc/meminfo does not tell the machine's memory.".into());
        Ok(Self {
            total_mib: field("MemTotal:").ok_or_else(unknown)?,
            available_mib: field("MemAvailable:").ok_or_else(unknown)?,
        })
    }

    /// What VMs may have altogether.
    pub(crate) fn for_vms_mib(&self, max: Option<u64>) -> u64 {
        max.unwrap_or(self.total_mib * MEMORY_SHARE_PERCENT / 100)
    }

    /// What a new VM may have when `promised_mib` are promised to others.
    pub(crate) fn free_mib(&self, max: Option<u64>, promised_mib: u64) -> u64 {
        let unpromised = self.for_vms_mib(max).saturating_sub(promised_mib);
        unpromised.min(self.available_mib.saturating_sub(MEMORY_RESERVE_MIB))
    }
}

/// How to get everything a host needs.
pub(crate) fn install_remedy() -> String {
    "Run `sudo apt-get install --no-install-recommends qemu-system-x86 cryptsetup-bin nftables iproute2` \
     (QEMU from bookworm-backports on Debian 12)."
        .into()
}

/// The programs that are missing, a sentence each.
pub(crate) fn missing_programs(qemu: &Path, needs_network_programs: bool) -> Vec<String> {
    let network = ["nft", "ip"].into_iter().filter(|_| needs_network_programs).map(Path::new);
    let needed = [qemu, Path::new("cryptsetup")].into_iter().chain(network);
    let missing = needed.filter(|program| commands::find(program).is_none());
    missing
        .map(|program| format!("The program {} is not installed. {}", program.display(), install_remedy()))
        .collect()
}

/// Whether the machine may write guest memory, and with it keys, to a disk.
pub(crate) fn has_swap() -> bool {
    std::fs::read_to_string("/proc/swaps").is_ok_and(|swaps| swaps.lines().count() > 1)
}
