//! What simulated guests say of themselves (the truth, and what a dishonest agent makes of it), and what the simulated
//! host says of destroying them.

use domain::{
    agent::{Phase, Status, VolumeReport},
    certificates::DestructionStep,
    states::VolumeKind,
    timestamps::Timestamp,
};

use super::Agent;
use crate::{MissingVolume, ShredReport, VolumeFacts, VolumeSpec};

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
        Agent::RootTwice => {
            status.volumes.retain(|volume| volume.kind == VolumeKind::Root);
            status.volumes.extend(status.volumes.clone());
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

/// What shredding a node says whose images are there but for those that are `lost`.
pub(super) fn shredded(volumes: Vec<VolumeFacts>, lost: &[VolumeKind], now: Timestamp) -> ShredReport {
    let each = |found: &str| {
        let say = |volume: &VolumeFacts| match lost.contains(&volume.kind) {
            true => format!("{}: its image was not found (simulated).", volume.kind),
            false => format!("{}: {found} (simulated).", volume.kind),
        };
        match volumes.is_empty() {
            true => "The node had no volumes.".into(),
            false => volumes.iter().map(say).collect::<Vec<_>>().join(" "),
        }
    };
    let steps = [
        ("Stopped the VM", "No process of the node is left (simulated).".to_owned()),
        ("Deleted the sealed unlock keys", "The file is gone (simulated).".to_owned()),
        ("Erased the keyslots", each("the header has no keyslot left")),
        ("Overwrote the LUKS headers", each("the header reads back as random bytes")),
        ("Discarded and deleted the volumes", each("the file is gone")),
        ("Removed the network", "No interface and no firewall table is left (simulated).".to_owned()),
        ("Removed the node's directory", "The directory is gone (simulated).".to_owned()),
    ];
    let missing = volumes.iter().filter(|volume| lost.contains(&volume.kind));
    let why = "its image was not found; only its sealed key was destroyed";
    let missing = missing.map(|volume| MissingVolume { volume: volume.volume, why: why.into() }).collect();
    ShredReport { missing, volumes, steps: steps.map(|(what, check)| step(what, &check, now)).into() }
}

/// What shredding a node says of which the host has nothing.
pub(super) fn unknown(now: Timestamp) -> ShredReport {
    let steps = [
        ("Stopped the VM", "No process of the node is left (simulated)."),
        ("Looked for the node's directory", "This host has no directory of the node (simulated)."),
        ("Removed the network", "No interface and no firewall table is left (simulated)."),
    ];
    ShredReport {
        volumes: Vec::new(),
        missing: Vec::new(),
        steps: steps.map(|(what, check)| step(what, check, now)).into(),
    }
}

fn step(what: &str, check: &str, at: Timestamp) -> DestructionStep {
    DestructionStep { what: what.into(), check: check.into(), at }
}

/// Nothing is encrypted here, so the fingerprints are made from the volume's id: stable, and different for each.
pub(super) fn made(spec: &VolumeSpec) -> VolumeFacts {
    let fingerprint =
        |what: &str| crate::fingerprints::sha256_hex(format!("{what} {}", spec.volume).as_bytes());
    VolumeFacts {
        volume: spec.volume,
        kind: spec.kind,
        luks_uuid: spec.volume.to_string(),
        volume_key_fingerprint: fingerprint("simulated volume key"),
        unlock_key_fingerprint: fingerprint("simulated unlock key"),
    }
}
