//! What simulated guests say of themselves: the truth, and what a dishonest agent makes of it.

use domain::{
    agent::{Phase, Status, VolumeReport},
    states::VolumeKind,
};

use super::Agent;
use crate::VolumeFacts;

/// Makes a true status into what a dishonest agent would say.
pub(super) fn twist(mut status: Status, agent: Agent, volumes: &[VolumeFacts]) -> Status {
    match agent {
        Agent::Failed(problem) => {
            status.phase = Phase::Failed;
            status.problem = Some(problem);
        }
        Agent::ReadyTooEarly => status.phase = Phase::Ready,
        Agent::Unencrypted => {
            status.volumes = volumes.iter().map(|volume| report(volume.kind, &volume.luks_uuid, 0)).collect();
            for volume in &mut status.volumes {
                volume.luks_type = "PLAIN".into();
                volume.cipher = "cipher_null-ecb".into();
                volume.key_bits = 0;
            }
        }
        Agent::Honest | Agent::Silent | Agent::Garbage => {}
    }
    status
}

/// What `cryptsetup` would say of a volume.
pub(super) fn report(kind: VolumeKind, luks_uuid: &str, size_bytes: u64) -> VolumeReport {
    VolumeReport {
        kind,
        luks_type: "LUKS2".into(),
        cipher: "aes-xts-plain64".into(),
        key_bits: 512,
        hash: "sha256".into(),
        luks_uuid: luks_uuid.to_owned(),
        size_bytes,
        used_bytes: size_bytes / 16,
        capacity_bytes: size_bytes / 16 * 15,
    }
}
