//! The names of the steps and of what they lead to, as stored and as people read them.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A step of a service's life. `Wait` is the resting one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Choose a host; make the rows of node and volumes.
    Place,
    /// Make the encrypted volumes.
    MakeVolumes,
    /// Make the network and start the VM.
    StartVm,
    /// Wait until the agent in the VM answers.
    WaitForAgent,
    /// Hand the unlock keys from the host to the guest.
    OpenVolumes,
    /// Hand certificates, first user and IP filter to the guest.
    HandOver,
    /// Wait until PostgreSQL accepts connections.
    WaitForPostgresql,
    /// Rest; look after the VM.
    Wait,
    /// Put a changed IP filter in force.
    ApplyIpFilter,
    /// Hand a new certificate to the guest before the old one ends.
    RenewCertificate,
    /// Stop the VM and see that it is gone.
    StopVm,
    /// Delete the keys, erase the volumes, remove the network.
    Shred,
    /// Sign the certificate of destruction.
    Certify,
    /// Remove the last rows.
    CleanUp,
}

/// What a sequence of steps leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Run {
    /// From nothing to running.
    Creating,
    /// A VM that was gone, to running.
    Restarting,
    /// A new IP filter.
    Changing,
    /// A new certificate.
    Renewing,
    /// To nothing but a certificate.
    Deleting,
}

impl Step {
    /// Every step, in order.
    pub const ALL: &'static [Self] = &[
        Self::Place,
        Self::MakeVolumes,
        Self::StartVm,
        Self::WaitForAgent,
        Self::OpenVolumes,
        Self::HandOver,
        Self::WaitForPostgresql,
        Self::Wait,
        Self::ApplyIpFilter,
        Self::RenewCertificate,
        Self::StopVm,
        Self::Shred,
        Self::Certify,
        Self::CleanUp,
    ];

    /// The name in `strands.step`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::MakeVolumes => "make_volumes",
            Self::StartVm => "start_vm",
            Self::WaitForAgent => "wait_for_agent",
            Self::OpenVolumes => "open_volumes",
            Self::HandOver => "hand_over",
            Self::WaitForPostgresql => "wait_for_postgresql",
            Self::Wait => "wait",
            Self::ApplyIpFilter => "apply_ip_filter",
            Self::RenewCertificate => "renew_certificate",
            Self::StopVm => "stop_vm",
            Self::Shred => "shred",
            Self::Certify => "certify",
            Self::CleanUp => "clean_up",
        }
    }

    /// What people read in the timeline.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Place => "Choose a host",
            Self::MakeVolumes => "Make the encrypted volumes",
            Self::StartVm => "Start the virtual machine",
            Self::WaitForAgent => "Boot",
            Self::OpenVolumes => "Unlock the volumes",
            Self::HandOver => "Hand over certificates and first user",
            Self::WaitForPostgresql => "Start PostgreSQL",
            Self::Wait => "Running",
            Self::ApplyIpFilter => "Put the IP filter in force",
            Self::RenewCertificate => "Hand over a new certificate",
            Self::StopVm => "Stop the virtual machine",
            Self::Shred => "Shred keys and volumes",
            Self::Certify => "Sign the certificate of destruction",
            Self::CleanUp => "Remove the last traces",
        }
    }

    /// Whether the step is on the way out; such a step is never left for another one.
    #[must_use]
    pub const fn is_destruction(self) -> bool {
        matches!(self, Self::StopVm | Self::Shred | Self::Certify | Self::CleanUp)
    }
}

impl FromStr for Step {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|step| step.as_str() == text);
        found.copied().ok_or_else(|| format!("no step is named {text}"))
    }
}

impl Run {
    /// The name in `step_runs.run`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Restarting => "restarting",
            Self::Changing => "changing",
            Self::Renewing => "renewing",
            Self::Deleting => "deleting",
        }
    }

    /// Whether it is of interest only while it goes on: a service that runs goes on running meanwhile.
    #[must_use]
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::Changing | Self::Renewing)
    }

    /// What people read above the steps.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Creating => "Creating",
            Self::Restarting => "Restarting",
            Self::Changing => "Changing the IP filter",
            Self::Renewing => "Renewing the certificate",
            Self::Deleting => "Deleting",
        }
    }

    /// Its steps, in order.
    #[must_use]
    pub const fn steps(self) -> &'static [Step] {
        match self {
            Self::Creating => &[
                Step::Place,
                Step::MakeVolumes,
                Step::StartVm,
                Step::WaitForAgent,
                Step::OpenVolumes,
                Step::HandOver,
                Step::WaitForPostgresql,
            ],
            Self::Restarting => &[
                Step::StartVm,
                Step::WaitForAgent,
                Step::OpenVolumes,
                Step::HandOver,
                Step::WaitForPostgresql,
            ],
            Self::Changing => &[Step::ApplyIpFilter],
            Self::Renewing => &[Step::RenewCertificate],
            Self::Deleting => &[Step::StopVm, Step::Shred, Step::Certify, Step::CleanUp],
        }
    }
}

impl FromStr for Run {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "creating" => Ok(Self::Creating),
            "restarting" => Ok(Self::Restarting),
            "changing" => Ok(Self::Changing),
            "renewing" => Ok(Self::Renewing),
            "deleting" => Ok(Self::Deleting),
            _ => Err(format!("no run is named {text}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for step in Step::ALL {
            assert_eq!(step.as_str().parse::<Step>().as_ref(), Ok(step));
        }
        for run in [Run::Creating, Run::Restarting, Run::Changing, Run::Renewing, Run::Deleting] {
            assert_eq!(run.as_str().parse::<Run>(), Ok(run));
            assert_eq!(serde_json::to_string(&run).unwrap(), format!("\"{}\"", run.as_str()));
        }
    }
}
