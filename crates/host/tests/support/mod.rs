//! What the tests of the host share: settings of a host in a temporary directory, and nodes.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use domain::{
    ids::{NodeId, OrganizationId, ServiceId, VolumeId},
    states::VolumeKind,
    timestamps::{Clock, Timestamp},
};
use host::{
    NodeSpec, VolumeSpec,
    qemu::{AcceleratorChoice, AddressPool, NetworkChoice, QemuSettings},
};

/// A clock that goes on by a second with each look.
#[derive(Default)]
pub(crate) struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_795_325_845_000_000 + self.0.fetch_add(1_000_000, Ordering::Relaxed))
    }
}

pub(crate) fn settings(state_dir: &Path) -> QemuSettings {
    QemuSettings {
        name: "local-a".into(),
        cloud: "local-main".into(),
        zone: "a".into(),
        state_dir: state_dir.to_owned(),
        image_dir: state_dir.join("no-image"),
        network: NetworkChoice::User,
        accelerator: AcceleratorChoice::Tcg,
        qemu_binary: "qemu-system-x86_64".into(),
        memory_mib_max: None,
        address_pool: AddressPool::default(),
        clock: Arc::new(Ticking::default()),
    }
}

pub(crate) fn id(number: u8) -> NodeId {
    format!("0190a000-0000-7000-8000-0000000000{number:02x}").parse().unwrap()
}

pub(crate) fn spec(number: u8) -> NodeSpec {
    let volume = |kind, more: u8, size_mib| VolumeSpec {
        volume: VolumeId::from_uuid(id(number * 4 + more).uuid()),
        kind,
        size_mib,
    };
    NodeSpec {
        node: id(number),
        service: ServiceId::from_uuid(id(200).uuid()),
        organization: OrganizationId::from_uuid(id(201).uuid()),
        vcpus: 1,
        memory_mib: 256,
        volumes: vec![volume(VolumeKind::Root, 1, 64), volume(VolumeKind::Data, 2, 192)],
    }
}

pub(crate) fn directory(state_dir: &Path, node: NodeId) -> PathBuf {
    state_dir.join("nodes").join(node.to_string())
}
