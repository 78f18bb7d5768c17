//! The host against agents that break the protocol in every way: it must tell, stay small, and go on.

#![expect(clippy::unwrap_used, reason = "tests: a failure is the answer")]

#[path = "support/agents.rs"]
mod agents;
mod support;

use std::{
    io::Write,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use agents::{fake_agent, next_call, open, pretend_to_run, say, status};
use domain::agent::{LINE_BYTES_MAX, Phase};
use host::{Error, Host, Observation, VmState, qemu::QemuHost};
use support::{id, spec};

struct World {
    directory: tempfile::TempDir,
    host: QemuHost,
    _vm: std::fs::File,
}

impl World {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let host = open(directory.path());
        host.make_volumes(&spec(1)).await.unwrap();
        let vm = pretend_to_run(directory.path(), id(1));
        Self { directory, host, _vm: vm }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    async fn observe(&self) -> Observation {
        let observation = self.host.observe(id(1)).await.unwrap();
        assert_eq!(observation.vm, VmState::Running, "whatever the agent says, the VM runs");
        observation
    }

    /// What the host says of an agent that answers the first call with `answer`.
    async fn problem_with(answer: impl Fn(u64) -> String + Send + 'static) -> String {
        let world = Self::new().await;
        let agent = fake_agent(world.path(), id(1), 1, move |reader, stream| {
            let call = next_call(reader).unwrap();
            say(stream, &answer(call["id"].as_u64().unwrap()));
        });
        let observation = world.observe().await;
        agent.join().unwrap();
        assert_eq!(observation.agent, None);
        observation.agent_problem.unwrap()
    }
}

#[tokio::test]
async fn an_honest_agent_is_heard() {
    let world = World::new().await;
    fake_agent(world.path(), id(1), 1, |reader, stream| {
        while let Some(call) = next_call(reader) {
            say(stream, &status(call["id"].as_u64().unwrap(), "waiting_for_keys"));
        }
    });
    for _ in 0..3 {
        let status = world.observe().await.agent.unwrap();
        assert_eq!(status.phase, Phase::WaitingForKeys);
    }
}

#[tokio::test]
async fn nonsense_is_told() {
    type Answer = fn(u64) -> String;
    let cases: [(Answer, &str); 8] = [
        (|_| "hello".into(), "no reply"),
        (|_| "\u{0}\u{1}\u{ff}".into(), "no reply"),
        (|_| String::new(), "no reply"),
        (|id| format!(r#"{{"version":1,"id":{id},"response":"accepted","more":1}}"#), "no reply"),
        (|id| status(id, "dancing"), "no reply"),
        (|id| format!(r#"{{"version":2,"id":{id},"shape":"of the future"}}"#), "speaks version 2"),
        (|id| status(id + 7, "ready"), "a call that was not made"),
        (|id| format!(r#"{{"version":1,"id":{id},"response":"accepted"}}"#), "accepted a question"),
    ];
    for (answer, expected) in cases {
        let problem = World::problem_with(answer).await;
        assert!(problem.starts_with("The agent in the VM ") && problem.contains(expected), "{problem}");
    }
}

#[tokio::test]
async fn what_the_agent_sends_is_not_repeated() {
    let problem =
        World::problem_with(|_| r#"{"version":1,"id":1,"response":"PGPASSWORD=hunter2"}"#.into()).await;
    assert!(!problem.contains("hunter2"), "{problem}");
}

#[tokio::test]
async fn a_flood_costs_no_more_than_a_line() {
    let world = World::new().await;
    let written = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&written);
    let agent = fake_agent(world.path(), id(1), 1, move |reader, stream| {
        next_call(reader).unwrap();
        let chunk = vec![b'x'; 1024 * 1024];
        for _ in 0..1024 {
            match stream.write(&chunk) {
                Ok(bytes) => count.fetch_add(bytes as u64, Ordering::Relaxed),
                Err(_) => return,
            };
        }
    });
    let problem = world.observe().await.agent_problem.unwrap();
    agent.join().unwrap();
    assert!(problem.contains(&LINE_BYTES_MAX.to_string()), "{problem}");
    // What it took, and what the kernel holds for a socket.
    let taken = written.load(Ordering::Relaxed);
    assert!(taken < 4 * 1024 * 1024, "{taken} bytes were taken");
}

#[tokio::test]
async fn a_flood_of_old_replies_ends() {
    let world = World::new().await;
    fake_agent(world.path(), id(1), 1, |reader, stream| {
        let first = next_call(reader).unwrap()["id"].as_u64().unwrap();
        say(stream, &status(first, "ready"));
        next_call(reader).unwrap();
        while stream.write_all(format!("{}\n", status(first, "ready")).as_bytes()).is_ok() {}
    });
    assert!(world.observe().await.agent.is_some());
    let problem = world.observe().await.agent_problem.unwrap();
    assert!(problem.contains("nothing but old replies"), "{problem}");
}

#[tokio::test]
async fn silence_and_slowness_end_in_time() {
    let world = World::new().await;
    fake_agent(world.path(), id(1), 1, |_, stream| {
        // A byte now and then must not keep the host waiting.
        while stream.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let started = Instant::now();
    let problem = world.observe().await.agent_problem.unwrap();
    assert!(problem.contains("did not answer in time"), "{problem}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_late_reply_is_not_taken_for_another() {
    let world = World::new().await;
    fake_agent(world.path(), id(1), 1, |reader, stream| {
        let greeting = next_call(reader).unwrap()["id"].as_u64().unwrap();
        say(stream, &status(greeting, "waiting_for_keys"));
        let late = next_call(reader).unwrap()["id"].as_u64().unwrap();
        let next = next_call(reader).unwrap()["id"].as_u64().unwrap();
        say(stream, &status(late, "failed"));
        say(stream, &status(next, "ready"));
        while next_call(reader).is_some() {}
    });
    assert!(world.observe().await.agent.is_some());
    assert!(world.observe().await.agent.is_none(), "it did not answer in time");
    assert_eq!(world.observe().await.agent.unwrap().phase, Phase::Ready);
}

#[tokio::test]
async fn the_host_calls_again_when_the_agent_hung_up() {
    let world = World::new().await;
    fake_agent(world.path(), id(1), 3, |reader, stream| {
        let call = next_call(reader).unwrap();
        say(stream, &status(call["id"].as_u64().unwrap(), "ready"));
    });
    let mut heard = 0;
    for _ in 0..6 {
        heard += u32::from(world.observe().await.agent.is_some());
    }
    assert_eq!(heard, 3);
}

#[tokio::test]
async fn a_refusal_is_told_without_control_characters() {
    let world = World::new().await;
    fake_agent(world.path(), id(1), 1, |reader, stream| {
        while let Some(call) = next_call(reader) {
            let id = call["id"].as_u64().unwrap();
            match call["request"].as_str() {
                Some("status") => say(stream, &status(id, "waiting_for_keys")),
                _ => {
                    let reason = r"No.\u001b[31m\nNot now.";
                    let refused = format!(r#"{{"refused":{{"reason":"{reason}"}}}}"#);
                    say(stream, &format!(r#"{{"version":1,"id":{id},"response":{refused}}}"#));
                }
            }
        }
    });
    let error = world.host.open_volumes(id(1)).await.unwrap_err();
    assert!(matches!(error, Error::Guest(_)));
    assert_eq!(error.to_string(), "The guest says: No.[31m Not now.");
}
