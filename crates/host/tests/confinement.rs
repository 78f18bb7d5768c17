//! A confined program computes and answers, and can do nothing else: each try ends the process. Without the usual harness,
//! since this file is also the program: it starts itself.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop, loudly")]

use std::{
    fs::File,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use host::confinement::{Confined, Error, confine};

/// The argument that makes this the confined program.
const ARGUMENT: &str = "be-confined";
/// A file that must not come to be.
const FORBIDDEN_FILE: &str = "/tmp/redoubt-confined";

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(ARGUMENT) {
        return be_confined();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        assert_eq!(ask("answer").await.unwrap(), "did it");
        for question in ["open", "write", "connect", "start", "thread", "remember", "compute"] {
            let began = Instant::now();
            let outcome = ask(question).await;
            assert!(matches!(outcome, Err(Error::Ended(_))), "{question}: {outcome:?}");
            assert!(began.elapsed() < Duration::from_secs(8), "{question} took {:?}", began.elapsed());
            println!("test {question} ... ok ({outcome:?} after {:?})", began.elapsed());
        }
        assert!(!Path::new(FORBIDDEN_FILE).exists());
        assert!(matches!(ask("talk").await, Err(Error::TooLong)));
        let nobody = Confined::new(PathBuf::from("/nonexistent"), ARGUMENT);
        assert!(matches!(nobody.ask(b"").await, Err(Error::Io(_))));
    });
    println!("test result: ok. 10 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
    ExitCode::SUCCESS
}

async fn ask(question: &str) -> Result<String, Error> {
    let confined = Confined::new(std::env::current_exe().unwrap(), ARGUMENT);
    confined.ask(question.as_bytes()).await.map(|answer| String::from_utf8(answer).unwrap())
}

/// Confines itself and then tries what it reads.
#[expect(clippy::disallowed_methods, reason = "it tries what must not work")]
fn be_confined() -> ExitCode {
    if confine().is_err() {
        return ExitCode::from(3);
    }
    let mut question = String::new();
    if std::io::stdin().read_to_string(&mut question).is_err() {
        return ExitCode::from(4);
    }
    let did = match question.as_str() {
        "answer" => true,
        "open" => File::open("/etc/hostname").is_ok(),
        "write" => File::create(FORBIDDEN_FILE).is_ok(),
        "connect" => TcpStream::connect("127.0.0.1:1").is_ok(),
        "start" => Command::new("/bin/true").status().is_ok(),
        "remember" => vec![1_u8; 400 << 20].iter().all(|byte| *byte == 1),
        "compute" => loop {
            std::hint::spin_loop();
        },
        "talk" => std::io::stdout().write_all(&vec![b'x'; 5 << 20]).is_ok(),
        _ => std::thread::Builder::new().spawn(|| ()).is_ok(),
    };
    let answered = std::io::stdout().write_all(if did { b"did it" } else { b"could not" });
    if answered.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(5) }
}
