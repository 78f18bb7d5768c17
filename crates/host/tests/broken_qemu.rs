//! QEMUs that end at once, or never answer: the host says so, stops them by force, and leaves nothing.

#![expect(clippy::unwrap_used, reason = "tests: a failure is the answer")]

#[path = "support/programs.rs"]
mod programs;
mod support;

use std::{os::unix::fs::PermissionsExt, path::Path, time::Duration};

use host::{
    Accelerator, Error, Host, VmState,
    qemu::{AcceleratorChoice, QemuHost},
};
use programs::run;
use support::{id, spec};

/// A host whose QEMU is a shell script and whose image is made of three words.
async fn host(state_dir: &Path, script: &str) -> QemuHost {
    let image_dir = state_dir.join("image");
    std::fs::create_dir(&image_dir).unwrap();
    let mut files = serde_json::Map::new();
    for name in ["vmlinux", "initramfs.cpio", "base.erofs"] {
        let path = image_dir.join(name);
        std::fs::write(&path, name).unwrap();
        let sum = run("/usr/bin/sha256sum", &[path.to_str().unwrap()], b"").stdout;
        let sha256 = String::from_utf8(sum).unwrap().split(' ').next().unwrap().to_owned();
        files.insert(name.into(), serde_json::json!({ "sha256": sha256, "bytes": name.len() }));
    }
    let manifest = serde_json::json!({ "format": 1, "files": files });
    std::fs::write(image_dir.join("manifest.json"), manifest.to_string()).unwrap();
    let qemu_binary = state_dir.join("qemu");
    std::fs::write(&qemu_binary, format!("#!/bin/sh\n{script}\n")).unwrap();
    for (path, mode) in [(state_dir, 0o755), (&qemu_binary, 0o755)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let host =
        QemuHost::open(host::qemu::QemuSettings { image_dir, qemu_binary, ..support::settings(state_dir) })
            .unwrap();
    host.make_volumes(&spec(1)).await.unwrap();
    host
}

async fn remove(host: &QemuHost, state_dir: &Path) {
    host.stop_vm(id(1)).await.unwrap();
    host.shred(id(1)).await.unwrap();
    assert!(!support::directory(state_dir, id(1)).exists());
    host.forget(id(1)).await.unwrap();
    assert!(host.nodes().await.unwrap().is_empty());
}

#[tokio::test]
async fn one_that_ends_at_once_is_told_with_its_last_words() {
    let state = tempfile::tempdir().unwrap();
    let host = host(state.path(), "echo no such machine >&2; exit 3").await;
    for _ in 0..2 {
        let error = host.start_vm(&spec(1)).await.unwrap_err();
        assert!(matches!(error, Error::Program { .. } | Error::State(_)), "{error}");
        let VmState::Stopped { reason } = host.observe(id(1)).await.unwrap().vm else {
            panic!("it does not run")
        };
        assert!(reason.contains("exit status: 3") && reason.contains("no such machine"), "{reason}");
    }
    remove(&host, state.path()).await;
}

#[tokio::test]
async fn one_that_never_answers_is_ended_by_force() {
    let state = tempfile::tempdir().unwrap();
    let host = host(state.path(), "trap '' TERM; while :; do sleep 1; done").await;
    let error = host.start_vm(&spec(1)).await.unwrap_err();
    assert!(error.to_string().contains("monitor does not answer"), "{error}");
    let observation = host.observe(id(1)).await.unwrap();
    assert_eq!((observation.vm, observation.agent), (VmState::Running, None));
    host.start_vm(&spec(1)).await.unwrap();
    assert!(matches!(host.shred(id(1)).await, Err(Error::State(_))), "it runs");
    let stopped = tokio::time::timeout(Duration::from_secs(20), host.stop_vm(id(1))).await;
    stopped.unwrap().unwrap();
    remove(&host, state.path()).await;
}

#[tokio::test]
async fn one_that_is_left_by_its_server_is_stopped_by_the_next() {
    let state = tempfile::tempdir().unwrap();
    let first = host(state.path(), "while :; do sleep 1; done").await;
    let image_dir = state.path().join("image");
    let qemu_binary = state.path().join("qemu");
    // Nobody waits for the answer: as if the server was killed meanwhile.
    let abandoned = tokio::time::timeout(Duration::from_secs(2), first.start_vm(&spec(1))).await;
    assert!(abandoned.is_err());
    tokio::time::sleep(Duration::from_secs(8)).await;
    drop(first);
    let second = QemuHost::open(host::qemu::QemuSettings {
        image_dir,
        qemu_binary,
        ..support::settings(state.path())
    });
    let second = second.unwrap();
    assert_eq!(second.nodes().await.unwrap(), [id(1)]);
    assert_eq!(second.observe(id(1)).await.unwrap().vm, VmState::Running);
    remove(&second, state.path()).await;
}

/// Whether the machine has no /dev/kvm or has one that does not work with this QEMU: services can be had all the same.
#[tokio::test]
async fn without_kvm_that_works_the_host_emulates_and_says_so() {
    let state = tempfile::tempdir().unwrap();
    drop(host(state.path(), "echo no such machine >&2; exit 3").await);
    let settings = host::qemu::QemuSettings {
        image_dir: state.path().join("image"),
        qemu_binary: state.path().join("qemu"),
        accelerator: AcceleratorChoice::Auto,
        ..support::settings(state.path())
    };
    let facts = QemuHost::open(settings).unwrap().facts().await.unwrap();
    let Accelerator::Tcg { reason } = facts.accelerator else { panic!("this QEMU runs nothing") };
    let expected = match Path::new("/dev/kvm").exists() {
        true => "A test boot with KVM ended with exit status: 3: no such machine",
        false => "This machine has no /dev/kvm.",
    };
    assert_eq!(reason, expected);
    assert!(!facts.problems.iter().any(|problem| problem.contains("KVM")), "{:?}", facts.problems);
}
