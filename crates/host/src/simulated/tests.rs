//! Tests of the simulated host: it behaves like a real one, and fails when it is told to.

use std::time::Duration;

use domain::{
    agent::{FirstUser, Phase, TlsFiles},
    ids::{OrganizationId, ServiceId, VolumeId},
    secrets::Secret,
    states::VolumeKind,
    timestamps::Timestamp,
};

use super::*;
use crate::{VmState, VolumeSpec};

struct Fixed;
impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_795_325_845_000_000)
    }
}

fn id(number: u8) -> NodeId {
    format!("0190a000-0000-7000-8000-0000000000{number:02x}").parse().unwrap()
}

fn spec(number: u8) -> NodeSpec {
    let volume = |kind, more: u8| VolumeSpec {
        volume: VolumeId::from_uuid(id(number * 4 + more).uuid()),
        kind,
        size_mib: 512,
    };
    NodeSpec {
        node: id(number),
        service: ServiceId::from_uuid(id(200).uuid()),
        organization: OrganizationId::from_uuid(id(201).uuid()),
        vcpus: 1,
        memory_mib: 256,
        volumes: vec![volume(VolumeKind::Root, 1), volume(VolumeKind::Data, 2)],
    }
}

fn configuration(generation: i64) -> NodeConfiguration {
    NodeConfiguration {
        hostname: "demo-1".into(),
        tls: TlsFiles { certificate: "".into(), key: Secret::new("".into()), ca: "".into() },
        first_user: FirstUser {
            name: "rdadmin".into(),
            password: Secret::new("".into()),
            database: "defaultdb".into(),
        },
        ip_filter: IpFilter { generation, sources: Vec::new() },
        now_seconds: 0,
    }
}

fn host() -> SimulatedHost {
    SimulatedHost::open(SimulatedSettings::new("local-a", Arc::new(Fixed))).unwrap()
}

fn failure() -> Error {
    Error::Full("No room.".into())
}

async fn phase(host: &SimulatedHost, node: NodeId) -> Option<Phase> {
    host.observe(node).await.unwrap().agent.map(|status| status.phase)
}

#[tokio::test]
async fn a_node_lives_and_leaves_nothing() {
    let host = host();
    let node = spec(1);
    let made = host.make_volumes(&node).await.unwrap();
    assert_eq!(host.make_volumes(&node).await.unwrap(), made, "repeating gives what is");
    assert_ne!(made[0].volume_key_fingerprint, made[1].volume_key_fingerprint);
    let facts = host.start_vm(&node).await.unwrap();
    assert_eq!(host.start_vm(&node).await.unwrap(), facts);
    assert!(matches!(host.open_volumes(node.node).await, Err(Error::Agent(_))), "it boots");
    assert_eq!(phase(&host, node.node).await, None);
    assert_eq!(phase(&host, node.node).await, Some(Phase::WaitingForKeys));
    host.open_volumes(node.node).await.unwrap();
    host.open_volumes(node.node).await.unwrap();
    assert_eq!(phase(&host, node.node).await, Some(Phase::OpeningVolumes));
    assert_eq!(phase(&host, node.node).await, Some(Phase::WaitingForConfiguration));
    host.configure(node.node, configuration(3)).await.unwrap();
    assert_eq!(phase(&host, node.node).await, Some(Phase::Starting));
    let observation = host.observe(node.node).await.unwrap();
    let status = observation.agent.unwrap();
    assert_eq!((status.phase, status.ip_filter_generation), (Phase::Ready, Some(3)));
    assert_eq!(status.volumes.len(), 2);
    let in_force = host.set_ip_filter(node.node, &IpFilter { generation: 2, sources: Vec::new() }).await;
    assert_eq!(in_force.unwrap(), 3, "the caller is told");
    assert_eq!(host.ip_filter(node.node).unwrap().generation, 3, "older ones are ignored");

    assert!(matches!(host.shred(node.node).await, Err(Error::State(_))), "it runs");
    host.stop_vm(node.node).await.unwrap();
    let report = host.shred(node.node).await.unwrap();
    assert_eq!(report.volumes, made);
    assert_eq!(host.shred(node.node).await.unwrap(), report);
    assert!(matches!(host.make_volumes(&node).await, Err(Error::State(_))), "never used again");
    assert_eq!(host.nodes().await.unwrap(), [node.node]);
    host.forget(node.node).await.unwrap();
    host.forget(node.node).await.unwrap();
    assert_eq!(host.leftovers(), Vec::<String>::new());
    assert!(host.nodes().await.unwrap().is_empty());
}

#[tokio::test]
async fn faults_come_in_the_order_they_were_asked_for() {
    let host = host();
    let node = spec(1);
    host.faults().fail(Call::MakeVolumes, 1, failure());
    host.faults().lie(Call::MakeVolumes, 1);
    host.faults().fail_after(Call::MakeVolumes, 1, failure());
    assert!(host.make_volumes(&node).await.is_err());
    assert_eq!(host.leftovers().len(), 0);
    assert_eq!(host.make_volumes(&node).await.unwrap().len(), 2);
    assert_eq!(host.leftovers().len(), 0, "it lied");
    assert!(host.make_volumes(&node).await.is_err());
    assert_eq!(host.leftovers().len(), 4, "it did it all the same");
    host.faults().hang(Call::StartVm, 1);
    assert!(tokio::time::timeout(Duration::from_millis(20), host.start_vm(&node)).await.is_err());
    assert!(host.running().is_empty());
    host.start_vm(&node).await.unwrap();
    assert_eq!(host.faults().calls(Call::StartVm), 2);
    assert_eq!(host.faults().calls_for(Call::MakeVolumes, node.node), 3);
    assert!(host.kill_vm(node.node));
    assert!(!host.kill_vm(node.node));
    assert!(matches!(host.observe(node.node).await.unwrap().vm, VmState::Stopped { .. }));
}

#[tokio::test]
async fn a_bad_agent_and_a_full_disk_are_seen() {
    let host = host();
    let node = spec(1);
    host.faults().disk_full(true);
    assert!(matches!(host.make_volumes(&node).await, Err(Error::Full(_))));
    host.faults().clear();
    host.make_volumes(&node).await.unwrap();
    host.start_vm(&node).await.unwrap();
    for agent in [Agent::Silent, Agent::Garbage] {
        host.faults().agent(agent);
        let observation = host.observe(node.node).await.unwrap();
        assert_eq!((observation.vm, observation.agent), (VmState::Running, None));
        assert!(observation.agent_problem.is_some());
        assert!(matches!(host.open_volumes(node.node).await, Err(Error::Agent(_))));
    }
    host.faults().agent(Agent::Failed("The volume has a foreign signature.".into()));
    assert_eq!(phase(&host, node.node).await, Some(Phase::Failed));
}

#[tokio::test]
async fn the_state_file_outlives_the_server() {
    let directory = tempfile::tempdir().unwrap();
    let settings = SimulatedSettings {
        state_file: Some(directory.path().join("host.json")),
        ..SimulatedSettings::new("local-a", Arc::new(Fixed))
    };
    let first = SimulatedHost::open(settings.clone()).unwrap();
    first.make_volumes(&spec(1)).await.unwrap();
    let facts = first.start_vm(&spec(1)).await.unwrap();
    drop(first);
    let second = SimulatedHost::open(settings).unwrap();
    assert_eq!(second.running(), [id(1)]);
    assert_eq!(second.start_vm(&spec(1)).await.unwrap(), facts);
}
