//! Real LUKS2 volumes in files: what they are, that only their keys open them, and that nothing opens them after.

#![expect(clippy::unwrap_used, reason = "tests: a failure is the answer")]

#[path = "support/agents.rs"]
mod agents;
#[path = "support/programs.rs"]
mod programs;
mod support;

use std::{
    fs,
    io::Read,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use agents::{fake_agent, next_call, open, pretend_to_run, say, status};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use domain::{ids::NodeId, networks::IpFilter, states::VolumeKind};
use host::{Error, Host, VmState, VolumeFacts, qemu::QemuHost};
use programs::run;
use support::{directory, id, spec};

fn image(state_dir: &Path, node: NodeId, kind: VolumeKind) -> PathBuf {
    directory(state_dir, node).join(format!("{kind}.img"))
}

fn cryptsetup(arguments: &[&str], image: &Path, key: &[u8]) -> std::process::Output {
    let mut all = arguments.to_vec();
    all.push(image.to_str().unwrap());
    run("/usr/sbin/cryptsetup", &all, key)
}

fn opens(image: &Path, key: &[u8]) -> bool {
    let open = ["open", "--test-passphrase", "--type", "luks2", "--key-file=-"];
    cryptsetup(&open, image, key).status.success()
}

/// The unlock keys as the host hands them to the guest, and whether they came for new volumes.
async fn handed_over(state_dir: &Path, host: &QemuHost, node: NodeId) -> Vec<(String, Vec<u8>, bool)> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let keys = Arc::clone(&heard);
    let vm = pretend_to_run(state_dir, node);
    let agent = fake_agent(state_dir, node, 1, move |reader, stream| {
        while let Some(call) = next_call(reader) {
            let id = call["id"].as_u64().unwrap();
            let Some(volumes) = call["request"]["open_volumes"]["volumes"].as_array() else {
                say(stream, &status(id, "waiting_for_keys"));
                continue;
            };
            for volume in volumes {
                let key = BASE64.decode(volume["unlock_key"].as_str().unwrap()).unwrap();
                let is_new = volume["is_new"].as_bool().unwrap();
                keys.lock().unwrap().push((volume["kind"].as_str().unwrap().to_owned(), key, is_new));
            }
            say(stream, &format!(r#"{{"version":1,"id":{id},"response":"accepted"}}"#));
            return;
        }
    });
    host.open_volumes(node).await.unwrap();
    agent.join().unwrap();
    drop(vm);
    // A program that another test starts right now shares the lock until it is itself.
    let began = Instant::now();
    while !matches!(host.observe(node).await.unwrap().vm, VmState::Stopped { .. }) {
        assert!(began.elapsed() < Duration::from_secs(10), "the lock is held though nobody runs");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    fs::remove_file(directory(state_dir, node).join("agent.sock")).unwrap();
    let keys = heard.lock().unwrap();
    keys.clone()
}

#[tokio::test]
async fn volumes_are_as_designed_and_have_keys_of_their_own() {
    let state = tempfile::tempdir().unwrap();
    let host = open(state.path());
    let mut made: Vec<VolumeFacts> = host.make_volumes(&spec(1)).await.unwrap();
    assert_eq!(host.make_volumes(&spec(1)).await.unwrap(), made, "repeating gives what is");
    for kind in VolumeKind::ALL {
        let image = image(state.path(), id(1), *kind);
        let metadata = image.metadata().unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert!(metadata.blocks() * 512 < metadata.len() / 8, "images are sparse");
        let dump = cryptsetup(&["luksDump"], &image, b"");
        let text = String::from_utf8(dump.stdout).unwrap();
        for part in
            ["Version:       \t2", "cipher: aes-xts-plain64", "512 bits", "AF hash:    sha256", "pbkdf2"]
        {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        let facts = made.iter().find(|volume| volume.kind == *kind).unwrap();
        assert!(text.contains(&facts.luks_uuid));
    }
    made.extend(host.make_volumes(&spec(2)).await.unwrap());
    let mut prints: Vec<&String> = made.iter().map(|volume| &volume.volume_key_fingerprint).collect();
    prints.extend(made.iter().map(|volume| &volume.unlock_key_fingerprint));
    prints.sort();
    prints.dedup();
    assert_eq!(prints.len(), 8, "no two keys are the same");
}

#[tokio::test]
async fn only_the_key_that_is_handed_over_opens_a_volume() {
    let state = tempfile::tempdir().unwrap();
    let host = open(state.path());
    host.make_volumes(&spec(1)).await.unwrap();
    let keys = handed_over(state.path(), &host, id(1)).await;
    assert_eq!(keys.len(), 2);
    let (root, data) =
        (image(state.path(), id(1), VolumeKind::Root), image(state.path(), id(1), VolumeKind::Data));
    let key = |kind: &str| keys.iter().find(|(of, _, _)| of == kind).unwrap().1.clone();
    assert!(opens(&root, &key("root")) && opens(&data, &key("data")));
    assert!(!opens(&root, &key("data")) && !opens(&data, &key("root")));
    assert!(keys.iter().all(|(_, key, is_new)| key.len() == 64 && *is_new));

    // The key is in no file of the host: neither as it is, nor in base64 or hexadecimal.
    let secret = key("data");
    let hexadecimal: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut files = vec![state.path().to_owned()];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_none_or(|extension| extension != "sock") {
            // The rest of an image is a hole.
            let mut bytes = Vec::new();
            fs::File::open(&path).unwrap().take(2 * 1024 * 1024).read_to_end(&mut bytes).unwrap();
            for form in [&secret[..], BASE64.encode(&secret).as_bytes(), hexadecimal.as_bytes()] {
                assert!(!bytes.windows(form.len()).any(|window| window == form), "{}", path.display());
            }
        }
    }
}

#[tokio::test]
async fn a_sealed_key_is_worth_nothing_without_its_host() {
    let (state, thief) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let host = open(state.path());
    host.make_volumes(&spec(1)).await.unwrap();
    let stranger = open(thief.path());
    let copy = run(
        "/bin/cp",
        &["-r", state.path().join("nodes").to_str().unwrap(), thief.path().to_str().unwrap()],
        b"",
    );
    assert!(copy.status.success());
    let _vm = pretend_to_run(thief.path(), id(1));
    let error = stranger.open_volumes(id(1)).await.unwrap_err();
    assert!(error.to_string().contains("does not belong to this host"), "{error}");
}

#[tokio::test]
async fn what_is_shredded_opens_with_nothing_that_is_left() {
    let state = tempfile::tempdir().unwrap();
    let host = open(state.path());
    let made = host.make_volumes(&spec(1)).await.unwrap();
    let keys = handed_over(state.path(), &host, id(1)).await;
    // A thief of the disk: one image as it was, and one as it was just before it was unlinked.
    let aside = state.path().join("aside.img");
    let kept = state.path().join("kept.img");
    fs::copy(image(state.path(), id(1), VolumeKind::Data), &aside).unwrap();
    fs::hard_link(image(state.path(), id(1), VolumeKind::Data), &kept).unwrap();

    let running = pretend_to_run(state.path(), id(1));
    assert!(matches!(host.shred(id(1)).await, Err(Error::State(_))), "it runs");
    drop(running);
    let report = host.shred(id(1)).await.unwrap();
    assert_eq!(report.volumes, made);
    assert_eq!(report.steps.len(), 7);
    assert!(report.steps.windows(2).all(|pair| pair[0].at < pair[1].at));
    assert_eq!(host.shred(id(1)).await.unwrap(), report);

    let data = &keys.iter().find(|(kind, _, _)| kind == "data").unwrap().1;
    assert!(!opens(&kept, data), "even the right key finds no header");
    assert_eq!(kept.metadata().unwrap().blocks(), 0, "its blocks were discarded");
    // The copy still has its header, but its key exists nowhere any more.
    assert!(opens(&aside, data), "the test's own copy of the key would open it");
    assert!(!directory(state.path(), id(1)).exists());
    let host_key = fs::read(state.path().join("host.key")).unwrap();
    assert!(!opens(&aside, &host_key));

    assert!(matches!(host.make_volumes(&spec(1)).await, Err(Error::State(_))), "never used again");
    assert_eq!(host.nodes().await.unwrap(), [id(1)]);
    host.forget(id(1)).await.unwrap();
    assert!(host.nodes().await.unwrap().is_empty());
    assert_eq!(host.observe(id(1)).await.unwrap().vm, VmState::Absent);
}

/// Somebody moved an image away: it can still be opened by whoever has its key, and the report must not say otherwise.
#[tokio::test]
async fn a_volume_that_is_not_found_is_reported_as_such() {
    let state = tempfile::tempdir().unwrap();
    let host = open(state.path());
    let made = host.make_volumes(&spec(1)).await.unwrap();
    let data = image(state.path(), id(1), VolumeKind::Data);
    let aside = state.path().join("aside.img");
    fs::rename(&data, &aside).unwrap();
    let report = host.shred(id(1)).await.unwrap();
    let keyslots = cryptsetup(&["luksDump"], &aside, b"");
    assert!(String::from_utf8_lossy(&keyslots.stdout).contains("0: luks2"), "it still has its keyslot");
    let of_data = made.iter().find(|volume| volume.kind == VolumeKind::Data).unwrap();
    assert_eq!(report.volumes, made);
    let missing: Vec<_> = report.missing.iter().map(|missing| missing.volume).collect();
    assert_eq!(missing, [of_data.volume]);
    let check = |what: &str| report.steps.iter().find(|step| step.what == what).unwrap().check.clone();
    for what in ["Erased the keyslots", "Overwrote the LUKS headers", "Discarded and deleted the volumes"] {
        assert!(check(what).contains("data: its image was not found"), "{what}: {}", check(what));
    }
    assert!(check("Erased the keyslots").contains("only its sealed key was destroyed"));
    assert!(check("Erased the keyslots").contains("root: cryptsetup luksDump lists no keyslot"));
    assert_eq!(host.shred(id(1)).await.unwrap(), report);
}

#[tokio::test]
async fn a_volume_in_whose_place_is_something_else_is_reported_as_such() {
    let state = tempfile::tempdir().unwrap();
    let host = open(state.path());
    host.make_volumes(&spec(1)).await.unwrap();
    host.make_volumes(&spec(2)).await.unwrap();
    let at = |node, kind| image(state.path(), node, kind);
    fs::copy(at(id(2), VolumeKind::Root), at(id(1), VolumeKind::Root)).unwrap();
    fs::write(at(id(1), VolumeKind::Data), [0; 4096]).unwrap();
    let report = host.shred(id(1)).await.unwrap();
    assert_eq!(report.missing.len(), 2, "{:?}", report.missing);
    assert!(report.missing.iter().any(|missing| missing.why.contains("another LUKS2 header")));
    assert!(report.missing.iter().any(|missing| missing.why.contains("no LUKS2 header")));
}

/// With the key file taken away as well, nothing at all can be destroyed.
#[tokio::test]
async fn a_volume_of_which_nothing_is_found_is_not_destroyed() {
    let state = tempfile::tempdir().unwrap();
    let host = open(state.path());
    host.make_volumes(&spec(1)).await.unwrap();
    let (data, aside) = (image(state.path(), id(1), VolumeKind::Data), state.path().join("aside.img"));
    fs::rename(&data, &aside).unwrap();
    fs::rename(directory(state.path(), id(1)).join("sealed.json"), state.path().join("aside.json")).unwrap();
    let error = host.shred(id(1)).await.unwrap_err();
    assert!(error.to_string().contains("nothing of it can be destroyed"), "{error}");
    assert!(matches!(host.forget(id(1)).await, Err(Error::State(_))));
    fs::rename(&aside, &data).unwrap();
    let report = host.shred(id(1)).await.unwrap();
    assert_eq!((report.steps.len(), report.missing.len()), (7, 0));
    assert!(report.steps[1].check.contains("No file of sealed keys was found"), "{report:?}");
}

#[tokio::test]
async fn a_host_that_knows_nothing_of_a_node_does_not_say_that_it_destroyed_it() {
    let state = tempfile::tempdir().unwrap();
    let host = open(state.path());
    let report = host.shred(id(1)).await.unwrap();
    assert_eq!((report.volumes.len(), report.steps.len()), (0, 3));
    assert!(report.steps[1].check.contains("no directory of the node"), "{report:?}");
    assert!(matches!(host.make_volumes(&spec(1)).await, Err(Error::State(_))), "never used again");
    // Its state comes back, from a disk that was not mounted: now it is destroyed.
    fs::create_dir(directory(state.path(), id(1))).unwrap();
    assert_eq!(host.shred(id(1)).await.unwrap().steps.len(), 7);
    host.forget(id(1)).await.unwrap();
    assert!(host.nodes().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_state_directory_keeps_its_identity() {
    let (state, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = open(state.path());
    let identity = first.identity().to_owned();
    assert_eq!((identity.len(), &first.facts().await.unwrap().identity), (32, &identity));
    drop(first);
    assert_eq!(open(state.path()).identity(), identity);
    assert_ne!(open(other.path()).identity(), identity);
}

#[tokio::test]
async fn half_made_volumes_are_made_anew() {
    let state = tempfile::tempdir().unwrap();
    let host = open(state.path());
    let first = host.make_volumes(&spec(1)).await.unwrap();
    // As if the server was killed before it wrote down that the volumes are made.
    fs::remove_file(directory(state.path(), id(1)).join("volumes.json")).unwrap();
    fs::write(image(state.path(), id(1), VolumeKind::Data), b"half").unwrap();
    let second = host.make_volumes(&spec(1)).await.unwrap();
    assert_ne!(first[0].unlock_key_fingerprint, second[0].unlock_key_fingerprint);
    let keys = handed_over(state.path(), &host, id(1)).await;
    assert!(opens(
        &image(state.path(), id(1), VolumeKind::Data),
        &keys.iter().find(|key| key.0 == "data").unwrap().1
    ));
    // A directory without a record, and one of a node that never got volumes, can be shredded too.
    fs::create_dir(directory(state.path(), id(2))).unwrap();
    assert_eq!(host.nodes().await.unwrap(), [id(1), id(2)]);
    assert!(host.shred(id(2)).await.unwrap().volumes.is_empty());
    assert!(!directory(state.path(), id(2)).exists());
}

#[tokio::test]
async fn a_node_that_does_not_fit_leaves_nothing() {
    let state = tempfile::tempdir().unwrap();
    let host = open(state.path());
    let mut huge = spec(1);
    huge.volumes[1].size_mib = u32::MAX;
    let error = host.make_volumes(&huge).await.unwrap_err();
    assert!(matches!(error, Error::Full(_)), "{error}");
    assert!(host.nodes().await.unwrap().is_empty());
    let mut lacking = spec(1);
    lacking.volumes.pop();
    assert!(matches!(host.make_volumes(&lacking).await, Err(Error::State(_))));
    host.make_volumes(&spec(1)).await.unwrap();
    assert!(matches!(host.make_volumes(&huge).await, Err(Error::State(_))), "another spec for the same node");
}

#[tokio::test]
async fn one_server_at_a_time() {
    let state = tempfile::tempdir().unwrap();
    let first = open(state.path());
    let second = QemuHost::open(support::settings(state.path()));
    assert!(second.err().unwrap().to_string().contains("Another server"));
    drop(first);
    open(state.path());
}

#[tokio::test]
async fn an_older_filter_is_ignored_and_a_stopped_vm_is_told() {
    let state = tempfile::tempdir().unwrap();
    let host = open(state.path());
    host.make_volumes(&spec(1)).await.unwrap();
    let filter = |generation| IpFilter { generation, sources: Vec::new() };
    for generation in [4, 3] {
        let error = host.set_ip_filter(id(1), &filter(generation)).await.unwrap_err();
        assert!(error.to_string().contains("never started"), "{error}");
    }
    let kept = fs::read_to_string(directory(state.path(), id(1)).join("ip_filter.json")).unwrap();
    assert!(kept.contains(r#""generation":4"#), "{kept}");
}

#[tokio::test]
async fn everything_can_be_destroyed_at_once() {
    let state = tempfile::tempdir().unwrap();
    let host = open(state.path());
    host.make_volumes(&spec(1)).await.unwrap();
    host.make_volumes(&spec(2)).await.unwrap();
    assert_eq!(host.destroy_everything().await.unwrap().len(), 2);
    assert!(host.nodes().await.unwrap().is_empty());
    assert!(fs::read_dir(state.path().join("nodes")).unwrap().next().is_none());
    assert_eq!(host.destroy_everything().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn facts_say_what_to_do() {
    let state = tempfile::tempdir().unwrap();
    let mut settings = support::settings(state.path());
    settings.qemu_binary = "no-such-qemu".into();
    let facts = QemuHost::open(settings).unwrap().facts().await.unwrap();
    assert!(facts.memory_mib > 0 && facts.vcpus > 0 && facts.disk_free_mib > 0);
    assert!(facts.problems.iter().any(|problem| problem.contains("make image")), "{:?}", facts.problems);
    assert!(facts.problems.iter().any(|problem| problem.contains("apt-get install")), "{:?}", facts.problems);
}
