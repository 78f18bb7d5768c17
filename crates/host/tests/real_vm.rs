//! A node's whole life in a real VM, on both network backends: from nothing to a verified query, through a crash, to
//! nothing. Needs QEMU and the guest image (`make image`) and fails without them; see the feature `real-vm`.

#![expect(clippy::unwrap_used, reason = "tests: a failure is the answer")]

#[path = "support/programs.rs"]
mod programs;
mod support;

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    process::Output,
    time::{Duration, Instant},
};

use domain::{
    agent::{FirstUser, Phase, Status, TlsFiles},
    ids::ServiceId,
    networks::{Cidr, IpFilter},
    secrets::Secret,
    states::VolumeKind,
};
use host::{
    Accelerator, Host, NetworkBackend, NodeConfiguration, VmFacts, VmState,
    qemu::{AcceleratorChoice, NetworkChoice, QemuHost, QemuSettings},
};
use programs::run;
use support::{id, spec};

const HOSTNAME: &str = "demo-1.redoubt.test";
const PASSWORD: &str = "correct horse battery staple";
/// Emulation on a loaded machine is slow; what never ends must still fail.
const READY_TIME_MAX: Duration = Duration::from_secs(180);

/// `REDOUBT_IMAGE_DIR`, or the newest image under `var/images`.
fn image_dir() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "a test is told by its caller where the image lies")]
    if let Ok(path) = std::env::var("REDOUBT_IMAGE_DIR") {
        return path.into();
    }
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../var/images");
    let found = std::fs::read_dir(&images).into_iter().flatten().flatten().map(|entry| entry.path());
    let complete = found.filter(|path| path.join("manifest.json").is_file());
    let age = |path: &PathBuf| path.join("manifest.json").metadata().unwrap().modified().unwrap();
    complete.max_by_key(age).expect("there is no guest image under var/images; run `make image`")
}

fn settings(state_dir: &Path, network: NetworkChoice) -> QemuSettings {
    QemuSettings {
        image_dir: image_dir(),
        network,
        accelerator: AcceleratorChoice::Auto,
        ..support::settings(state_dir)
    }
}

/// A CA, and a server certificate it has signed.
fn certificates() -> TlsFiles {
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let mut ca = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    ca.distinguished_name.push(rcgen::DnType::CommonName, "Test CA");
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec![HOSTNAME.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    TlsFiles {
        certificate: certificate.pem(),
        key: Secret::new(key.serialize_pem()),
        ca: ca_certificate.pem(),
    }
}

fn now_seconds() -> i64 {
    let output = run("/bin/date", &["+%s"], b"");
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

struct World {
    host: QemuHost,
    tls: TlsFiles,
    filter: IpFilter,
    state: PathBuf,
}

impl World {
    /// Starts the VM and brings it to `Ready`.
    async fn bring_up(&self, number: u8) -> (VmFacts, Status) {
        let (host, node) = (&self.host, spec(number));
        let started = Instant::now();
        let facts = host.start_vm(&node).await.unwrap();
        assert_eq!(host.start_vm(&node).await.unwrap().port, facts.port, "repeating gives what is");
        self.wait(number, Phase::WaitingForKeys).await;
        host.open_volumes(node.node).await.unwrap();
        host.open_volumes(node.node).await.unwrap();
        self.configure(number).await;
        let status =
            self.wait_for(number, |status| status.phase == Phase::Ready && status.volumes.len() == 2).await;
        println!("node {number}: ready after {:?}; phases {:?}", started.elapsed(), status.phase_millis);
        (facts, status)
    }

    async fn configure(&self, number: u8) {
        let configuration = NodeConfiguration {
            hostname: "demo-1".into(),
            tls: self.tls.clone(),
            first_user: FirstUser {
                name: "rdadmin".into(),
                password: Secret::new(PASSWORD.into()),
                database: "defaultdb".into(),
            },
            ip_filter: self.filter.clone(),
            now_seconds: now_seconds(),
        };
        self.host.configure(id(number), configuration).await.unwrap();
    }

    /// Hands over a new certificate, of another CA even, and waits until clients are shown it.
    async fn renew_certificate(&mut self, number: u8, vm: &VmFacts) {
        self.tls = certificates();
        assert!(!self.psql(vm, "select 1").status.success(), "it has the old one");
        self.configure(number).await;
        let started = Instant::now();
        while !self.psql(vm, "select 1").status.success() {
            assert!(started.elapsed() < READY_TIME_MAX, "the new certificate is not shown");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        self.wait(number, Phase::Ready).await;
    }

    async fn wait(&self, number: u8, phase: Phase) -> Status {
        self.wait_for(number, |status| status.phase == phase).await
    }

    async fn wait_for(&self, number: u8, is_so: impl Fn(&Status) -> bool) -> Status {
        let started = Instant::now();
        loop {
            let observation = self.host.observe(id(number)).await.unwrap();
            assert_eq!(observation.vm, VmState::Running);
            if let Some(status) = observation.agent {
                assert_ne!(status.phase, Phase::Failed, "{:?}", status.problem);
                if is_so(&status) {
                    return status;
                }
            }
            assert!(started.elapsed() < READY_TIME_MAX, "not in time: {:?}", observation.agent_problem);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Sets the filter and waits until the guest has it in force.
    async fn set_ip_filter(&self, number: u8, filter: &IpFilter) {
        self.host.set_ip_filter(id(number), filter).await.unwrap();
        self.wait_for(number, |status| status.ip_filter_generation == Some(filter.generation)).await;
    }

    fn psql(&self, vm: &VmFacts, sql: &str) -> Output {
        let ca = self.state.join("ca.pem");
        std::fs::write(&ca, &self.tls.ca).unwrap();
        let passwords = self.state.join("pgpass");
        std::fs::write(&passwords, format!("*:*:*:*:{PASSWORD}")).unwrap();
        std::fs::set_permissions(&passwords, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let target = format!(
            "host={HOSTNAME} hostaddr={} port={} user=rdadmin dbname=defaultdb sslmode=verify-full \
             sslrootcert={} passfile={} connect_timeout=8",
            vm.address,
            vm.port,
            ca.display(),
            passwords.display()
        );
        run("/usr/bin/psql", &["-XAtq", "-v", "ON_ERROR_STOP=1", &target, "-c", sql], b"")
    }

    fn query(&self, vm: &VmFacts, sql: &str) -> String {
        let output = self.psql(vm, sql);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn process(&self, number: u8) -> u32 {
        let record = support::directory(&self.state, id(number)).join("vm.json");
        let value: serde_json::Value = serde_json::from_slice(&std::fs::read(record).unwrap()).unwrap();
        u32::try_from(value["pid"].as_u64().unwrap()).unwrap()
    }
}

/// Ends the node's VM when a test fails halfway.
struct Guard(PathBuf);

impl Drop for Guard {
    fn drop(&mut self) {
        let record = std::fs::read(&self.0).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(pid) = record.and_then(|record: serde_json::Value| record["pid"].as_u64()) {
            run("/bin/kill", &["-9", &pid.to_string()], b"");
        }
    }
}

/// Names of all interfaces and firewall tables of the machine.
fn devices_and_tables() -> Vec<String> {
    let links = run("/usr/sbin/ip", &["-brief", "link"], b"");
    let tables = run("/usr/sbin/nft", &["list", "tables"], b"");
    let links = String::from_utf8(links.stdout).unwrap();
    let tables = String::from_utf8(tables.stdout).unwrap();
    let links = links.lines().filter_map(|line| line.split_whitespace().next());
    let tables = tables.lines().filter_map(|line| line.split_whitespace().last());
    links.chain(tables).map(Into::into).collect()
}

/// The mark in the names of a host's interfaces and tables, found by a node's table. Others may use the machine too.
fn tag(number: u8, before: &[String]) -> Option<String> {
    let node = id(number).to_string().replace('-', "");
    let table =
        devices_and_tables().into_iter().find(|name| name.ends_with(&node) && !before.contains(name))?;
    Some(table.split('_').nth(1).unwrap().to_owned())
}

fn of_tag(tag: &str) -> Vec<String> {
    let prefixes = [format!("rb{}", &tag[..4]), format!("rt{}", &tag[..4]), format!("redoubt_{tag}")];
    let mut names = devices_and_tables();
    names.retain(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)));
    names
}

/// From nothing to rows, through `kill -9` and a restart of the server, to nothing.
async fn life(network: NetworkChoice, source: impl Fn(IpAddr) -> Cidr) {
    let before = devices_and_tables();
    let state = tempfile::tempdir().unwrap();
    let host = QemuHost::open(settings(state.path(), network)).unwrap();
    let facts = host.facts().await.unwrap();
    println!("accelerator {:?}", facts.accelerator);
    assert_eq!(facts.problems, Vec::<String>::new());
    assert!(
        !matches!(facts.accelerator, Accelerator::Tcg { ref reason } if reason.contains("could not be tested"))
    );
    // A service of its own for each backend, as both tests run at once.
    let number = if network == NetworkChoice::User { 1 } else { 2 };
    let node = spec(number);
    let volumes = host.make_volumes(&node).await.unwrap();
    let (seen, _) = host.client_address(node.node, "127.0.0.1".parse().unwrap()).await.unwrap();
    let filter = IpFilter { generation: 1, sources: vec![source(seen)] };
    let _guard = Guard(support::directory(state.path(), node.node).join("vm.json"));
    let mut world = World { host, tls: certificates(), filter, state: state.path().to_owned() };

    let (vm, status) = world.bring_up(number).await;
    assert_eq!(status.volumes.len(), 2);
    for report in &status.volumes {
        let facts = volumes.iter().find(|volume| volume.kind == report.kind).unwrap();
        assert_eq!(
            (report.luks_type.as_str(), report.cipher.as_str(), report.key_bits),
            ("LUKS2", "aes-xts-plain64", 512)
        );
        assert_eq!(report.luks_uuid, facts.luks_uuid, "the guest has opened what the host has made");
    }
    assert!(world.query(&vm, "show server_version").starts_with("15."));
    world.query(
        &vm,
        "create table t as select g as id, 'MARKER-4711' as text from generate_series(1, 1000) g",
    );
    check_process(&world, number);

    let none = IpFilter { generation: 2, sources: Vec::new() };
    world.set_ip_filter(number, &none).await;
    assert!(!world.psql(&vm, "select 1").status.success(), "nobody may connect now");
    world.filter.generation = 3;
    world.set_ip_filter(number, &world.filter).await;
    assert_eq!(world.query(&vm, "select count(*) from t"), "1000");

    world.renew_certificate(number, &vm).await;
    assert_eq!(world.query(&vm, "select count(*) from t"), "1000");

    // The server restarts: the VM runs on and is adopted.
    let pid = world.process(number);
    let World { host, tls, filter, state: path } = world;
    drop(host);
    let host = QemuHost::open(settings(&path, network)).unwrap();
    let mut world = World { host, tls, filter, state: path };
    assert_eq!(world.wait(number, Phase::Ready).await.boot_id, status.boot_id);
    assert_eq!(world.host.start_vm(&node).await.unwrap(), vm);
    assert_eq!(world.process(number), pid);

    // The VM crashes: it is seen, started again, and has its rows.
    run("/bin/kill", &["-9", &pid.to_string()], b"");
    let started = Instant::now();
    while world.host.observe(node.node).await.unwrap().vm == VmState::Running {
        assert!(started.elapsed() < Duration::from_secs(5));
    }
    world.filter.generation = 4;
    let (vm, again) = world.bring_up(number).await;
    assert_ne!(again.boot_id, status.boot_id);
    assert_eq!(world.query(&vm, "select count(*) from t"), "1000");

    for kind in ["root", "data"] {
        let image = support::directory(&world.state, node.node).join(format!("{kind}.img"));
        for word in ["MARKER-4711", "rdadmin", "pg_catalog"] {
            let found = run("/bin/grep", &["-c", "-a", "-F", word, image.to_str().unwrap()], b"");
            assert_eq!(
                String::from_utf8_lossy(&found.stdout).trim(),
                "0",
                "{word} is plain in the {kind} image"
            );
        }
    }

    let tag = tag(number, &before);
    assert_eq!(tag.is_some(), network == NetworkChoice::Bridge);
    assert!(tag.as_ref().is_none_or(|tag| of_tag(tag).len() == 4), "a bridge, a tap and two tables");
    let pid = world.process(number);
    // Somebody takes an image away from under the running VM.
    let is_taken = network == NetworkChoice::Bridge;
    if is_taken {
        let data = support::directory(&world.state, node.node).join("data.img");
        std::fs::rename(data, world.state.join("taken.img")).unwrap();
    }
    let stopping = Instant::now();
    world.host.stop_vm(node.node).await.unwrap();
    println!("stopped after {:?}", stopping.elapsed());
    world.host.stop_vm(node.node).await.unwrap();
    let report = world.host.shred(node.node).await.unwrap();
    assert_eq!(report.volumes, volumes);
    let missing: Vec<_> = report.missing.iter().map(|missing| missing.volume).collect();
    let data = volumes.iter().find(|volume| volume.kind == VolumeKind::Data).unwrap().volume;
    assert_eq!(missing, if is_taken { vec![data] } else { Vec::new() }, "{report:?}");
    world.host.forget(node.node).await.unwrap();
    assert!(world.host.nodes().await.unwrap().is_empty());
    assert_eq!(tag.map(|tag| of_tag(&tag)).unwrap_or_default(), Vec::<String>::new());
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
}

/// The process has rights to nothing, and its command line and environment hold no secret.
fn check_process(world: &World, number: u8) {
    let read = |what: &str| std::fs::read(format!("/proc/{}/{what}", world.process(number))).unwrap();
    for what in ["cmdline", "environ"] {
        let text = String::from_utf8_lossy(&read(what)).into_owned();
        assert!(!text.contains(PASSWORD) && !text.contains("PRIVATE KEY"), "{what}");
    }
    let status = String::from_utf8(read("status")).unwrap();
    assert!(status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2"), "{status}");
    let user = status.lines().find_map(|line| line.strip_prefix("Uid:\t")).unwrap();
    let is_root = nix_user() == "0";
    assert!(!is_root || !user.starts_with("0\t"), "it has a user of its own: {user}");
    let console = support::directory(&world.state, id(number)).join("console.log");
    let console = std::fs::read_to_string(console).unwrap_or_default();
    assert!(!console.contains(PASSWORD) && !console.contains("MARKER"), "{console}");
}

fn nix_user() -> String {
    String::from_utf8(run("/usr/bin/id", &["-u"], b"").stdout).unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_lives_on_the_user_network() {
    life(NetworkChoice::User, |seen| {
        assert!(seen.is_loopback());
        Cidr::single(seen)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_lives_on_a_bridge() {
    if nix_user() != "0" {
        println!("Only root can make bridges; this part did not run.");
        return;
    }
    life(NetworkChoice::Bridge, |seen| {
        assert!(!seen.is_loopback(), "the guest sees the gateway");
        Cidr::single(seen)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vm_whose_server_was_killed_is_found_and_removed() {
    let before = devices_and_tables();
    let state = tempfile::tempdir().unwrap();
    let mut node = spec(3);
    node.service = ServiceId::from_uuid(id(203).uuid());
    let open = || QemuHost::open(settings(state.path(), NetworkChoice::Auto)).unwrap();
    let host = open();
    let backend = host.facts().await.unwrap().network;
    host.make_volumes(&node).await.unwrap();
    host.start_vm(&node).await.unwrap();
    assert_eq!(tag(3, &before).is_some(), backend == NetworkBackend::Bridge);
    drop(host);
    // Somebody removed the directory behind the server's back.
    std::fs::remove_dir_all(support::directory(state.path(), node.node)).unwrap();
    let host = open();
    assert_eq!(host.nodes().await.unwrap(), [node.node], "found by its process ({backend:?})");
    assert_eq!(host.observe(node.node).await.unwrap().vm, VmState::Running);
    let removed = host.destroy_everything().await.unwrap();
    assert!(!removed.is_empty());
    assert!(host.nodes().await.unwrap().is_empty());
    assert_eq!(tag(3, &before), None);
}
