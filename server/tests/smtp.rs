//! Mail over real connections: what goes over the wire, and what becomes of mail servers that refuse, stall, or are not
//! who they should be. The mail server is one of these tests' own.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop, loudly")]

use std::{
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use control::mails::{MailError, Mailer, OutgoingMail};
use domain::{ids::MailId, secrets::Secret, timestamps::Timestamp};
use rcgen::{CertificateParams, KeyPair, SanType};
use rustls::pki_types::PrivateKeyDer;
use server::{
    config::{Config, MailSettings},
    smtp::{Limits, Smtp},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;
use url::Url;
use uuid::Uuid;

/// Short, so that a mail server that stalls does not hold the tests up.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(5),
    whole: Duration::from_millis(1500),
    leave: Duration::from_millis(200),
};
const PASSWORD: &str = "s3cret at the post office";

/// What the mail server does other than a good one.
#[derive(Clone, Copy, Default)]
struct Manners {
    /// What it answers to the command that begins so; nothing at all if the answer is empty.
    answer: Option<(&'static str, &'static str)>,
    /// TLS from the first byte.
    tls: bool,
    /// It offers TLS later.
    starttls: bool,
    /// It knows no addresses beyond ASCII.
    ascii_only: bool,
}

/// A mail server for any number of connections.
struct PostOffice {
    port: u16,
    /// Every line that it was sent, and `<TLS>` where TLS began.
    lines: Arc<Mutex<Vec<String>>>,
    directory: TempDir,
}

impl PostOffice {
    async fn open(manners: Manners) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::default();
        parameters.subject_alt_names = vec![SanType::IpAddress([127, 0, 0, 1].into())];
        let certificate = parameters.self_signed(&key).unwrap();
        std::fs::write(directory.path().join("ca.pem"), certificate.pem()).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(ring).with_safe_default_protocol_versions();
        let config = config.unwrap().with_no_client_auth();
        let config = config.with_single_cert(vec![certificate.der().clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let office = Self { port, lines: lines.clone(), directory };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(attend(stream, acceptor.clone(), manners, lines.clone()));
            }
        });
        office
    }

    /// The settings for it, with more lines of the section `mail`.
    fn settings(&self, more: &str) -> MailSettings {
        let text = format!(
            "[mail]\nsmtp_host = \"127.0.0.1\"\nsmtp_port = {}\nfrom = \"Redoubt <redoubt@example.org>\"\n{more}\n",
            self.port
        );
        Config::parse(Some(("redoubt.toml", &text)), &[]).unwrap().mail.unwrap()
    }

    fn smtp(&self, more: &str) -> Smtp {
        Smtp::new(&self.settings(more), &Url::parse("https://console.example.org/").unwrap(), LIMITS).unwrap()
    }

    fn trusted(&self) -> String {
        format!("ca_certificate = \"{}\"", self.directory.path().join("ca.pem").display())
    }

    fn file(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    fn commands(&self) -> Vec<String> {
        let words =
            self.lines().into_iter().filter_map(|line| line.split([' ', ':']).next().map(str::to_owned));
        words.take_while(|word| word != "DATA").collect()
    }

    /// What came between `DATA` and its end.
    fn mail(&self) -> String {
        let lines = self.lines();
        let begin = lines.iter().position(|line| line == "DATA").unwrap() + 1;
        let end = lines.iter().position(|line| line == ".").unwrap();
        lines[begin..end].join("\n")
    }
}

async fn attend(stream: TcpStream, acceptor: TlsAcceptor, manners: Manners, lines: Arc<Mutex<Vec<String>>>) {
    if manners.tls {
        let Ok(stream) = acceptor.accept(stream).await else { return };
        lines.lock().unwrap().push("<TLS>".to_owned());
        let _ = talk(&mut BufReader::new(stream), manners, &lines, true).await;
        return;
    }
    let mut stream = BufReader::new(stream);
    if talk(&mut stream, manners, &lines, false).await.unwrap_or(false) {
        let Ok(stream) = acceptor.accept(stream.into_inner()).await else { return };
        lines.lock().unwrap().push("<TLS>".to_owned());
        let mut stream = BufReader::new(stream);
        // There is no second greeting after STARTTLS.
        let _ = converse(&mut stream, manners, &lines, true).await;
    }
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    manners: Manners,
    lines: &Mutex<Vec<String>>,
    is_secure: bool,
) -> std::io::Result<bool> {
    let greeting = match manners.answer {
        Some(("", answer)) => answer,
        _ => "220 post.example.org ready",
    };
    stream.write_all(format!("{greeting}\r\n").as_bytes()).await?;
    converse(stream, manners, lines, is_secure).await
}

/// Answers commands until the connection ends, or until TLS is to begin.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    manners: Manners,
    lines: &Mutex<Vec<String>>,
    is_secure: bool,
) -> std::io::Result<bool> {
    let (mut is_data, mut line) = (false, String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(false);
        }
        assert!(line.ends_with("\r\n"), "a line ends with CR and LF: {line:?}");
        let text = line.trim_end_matches("\r\n").to_owned();
        lines.lock().unwrap().push(text.clone());
        if is_data && text != "." {
            continue;
        }
        let usual = match text.split([' ', ':']).next().unwrap() {
            "." => "250 2.0.0 queued",
            "EHLO" if manners.starttls && !is_secure => "250-post.example.org\r\n250 STARTTLS",
            "EHLO" if manners.ascii_only => "250-post.example.org\r\n250 AUTH PLAIN LOGIN",
            "EHLO" => "250-post.example.org\r\n250-SMTPUTF8\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
            "AUTH" => "235 2.7.0 welcome",
            "DATA" => "354 go on",
            "STARTTLS" => "220 begin",
            "QUIT" => "221 bye",
            _ => "250 2.1.0 fine",
        };
        let answer = match manners.answer {
            Some((command, answer)) if !command.is_empty() && text.starts_with(command) => answer,
            _ => usual,
        };
        is_data = answer.starts_with("354");
        if !answer.is_empty() {
            stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        match text.as_str() {
            "STARTTLS" if answer.starts_with("220") => return Ok(true),
            "QUIT" => return Ok(false),
            _ => {}
        }
    }
}

fn mail() -> OutgoingMail {
    OutgoingMail {
        id: MailId::from_uuid(Uuid::from_u128(7)),
        recipient: "ben@example.net".parse().unwrap(),
        subject: "Join Acme".to_owned(),
        body: Secret::new("Hello,\n\nfollow this link.\n.\n.. and\nthe end\n".to_owned()),
        written_at: Timestamp::from_micros(1_795_325_845_000_000),
    }
}

async fn error(office: &PostOffice) -> MailError {
    office.smtp("tls = \"none\"").send(&mail()).await.unwrap_err()
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let office = PostOffice::open(Manners::default()).await;
    office.smtp("tls = \"none\"").send(&mail()).await.unwrap();
    assert_eq!(office.commands(), ["EHLO", "MAIL", "RCPT"]);
    let lines = office.lines();
    assert_eq!(lines[0], "EHLO console.example.org");
    assert_eq!(lines[1], "MAIL FROM:<redoubt@example.org>");
    assert_eq!(lines[2], "RCPT TO:<ben@example.net>");
    assert_eq!(lines.last().unwrap(), "QUIT");

    let text = office.mail();
    let (head, body) = text.split_once("\n\n").unwrap();
    let head: Vec<&str> = head.lines().collect();
    for expected in [
        "From: Redoubt <redoubt@example.org>",
        "To: ben@example.net",
        "Subject: Join Acme",
        "Date: Sun, 22 Nov 2026 05:37:25 +0000",
        "Message-ID: <00000000-0000-0000-0000-000000000007@example.org>",
        "Auto-Submitted: auto-generated",
        "Content-Type: text/plain; charset=utf-8",
    ] {
        assert!(head.contains(&expected), "{expected} is missing in {head:#?}");
    }
    // A dot at the beginning of a line is doubled on the way (RFC 5321, 4.5.2).
    assert_eq!(body.trim_end(), "Hello,\n\nfollow this link.\n..\n... and\nthe end");
}

#[tokio::test]
async fn text_beyond_ascii_arrives_too() {
    let office = PostOffice::open(Manners::default()).await;
    let body = "Grüße aus Žilina — 東京\n";
    let mail = OutgoingMail { subject: "Einladung: Ünlü".into(), body: Secret::new(body.into()), ..mail() };
    office.smtp("tls = \"none\"").send(&mail).await.unwrap();
    let text = office.mail();
    assert!(text.is_ascii(), "{text}");
    assert!(text.contains("Subject: Einladung: =?utf-8?b?"), "{text}");
    let (head, encoded) = text.split_once("\n\n").unwrap();
    assert!(head.contains("Content-Transfer-Encoding: base64"), "{head}");
    let decoded = STANDARD.decode(encoded.replace('\n', "")).unwrap();
    assert_eq!(String::from_utf8(decoded).unwrap().replace("\r\n", "\n"), body);
}

/// Names are free text of people: none may add a header field, a recipient or a command.
#[tokio::test]
async fn line_breaks_cannot_be_smuggled_in() {
    for end in ["\r\n", "\n", "\r"] {
        let office = PostOffice::open(Manners::default()).await;
        let subject = format!("Join{end}Bcc: eve@example.com{end}{end}injected");
        let body = format!("a{end}.{end}MAIL FROM:<eve@example.com>{end}");
        let mail = OutgoingMail { subject, body: Secret::new(body), ..mail() };
        // Refusing such a mail is as good.
        let _ = office.smtp("tls = \"none\"").send(&mail).await;
        let lines = office.lines();
        assert!(!lines.iter().any(|line| line.starts_with("Bcc")), "{lines:#?}");
        let mails = lines.iter().filter(|line| line.starts_with("MAIL FROM:<eve")).count();
        let end_of_data = lines.iter().position(|line| line == ".").unwrap_or(lines.len());
        let first = lines.iter().position(|line| line.starts_with("MAIL FROM:<eve")).unwrap_or(0);
        assert!(mails == 0 || first < end_of_data, "it is text, no command: {lines:#?}");
        let to = lines.iter().filter(|line| line.starts_with("RCPT")).count();
        assert!(to <= 1, "{lines:#?}");
    }
}

#[tokio::test]
async fn refusals_for_now_are_told_from_those_for_good() {
    for (command, answer, is_final) in [
        ("RCPT", "450 4.2.1 mailbox busy", false),
        ("RCPT", "550 5.1.1 no such user", true),
        ("MAIL", "451 4.3.0 later", false),
        ("MAIL", "530 5.7.0 sign in first", false),
        ("DATA", "452 4.3.1 no room", false),
        (".", "554 5.7.1 looks like spam", true),
        (".", "421 4.3.2 closing", false),
        ("", "554 5.7.1 not from you", false),
        ("", "421 4.3.2 too many", false),
    ] {
        let office =
            PostOffice::open(Manners { answer: Some((command, answer)), ..Manners::default() }).await;
        let error = error(&office).await;
        assert_eq!(error.is_final, is_final, "{command}: {answer}: {}", error.reason);
        assert!(error.reason.contains(&answer[..3]), "{}", error.reason);
        assert!(error.reason.contains(&answer[4..]), "{}", error.reason);
    }
}

#[tokio::test]
async fn a_mail_server_that_stalls_is_given_up() {
    for command in ["EHLO", "RCPT", "."] {
        let office = PostOffice::open(Manners { answer: Some((command, "")), ..Manners::default() }).await;
        let began = Instant::now();
        let error = error(&office).await;
        assert!(began.elapsed() < LIMITS.whole * 3, "{command}");
        assert_eq!(error, MailError::passing("The mail server was not done within 1.5 s."), "{command}");
    }
}

#[tokio::test]
async fn a_mail_is_sent_once_it_was_taken_whatever_comes_then() {
    let office = PostOffice::open(Manners { answer: Some(("QUIT", "")), ..Manners::default() }).await;
    office.smtp("tls = \"none\"").send(&mail()).await.unwrap();
    assert!(office.lines().contains(&".".to_owned()));
}

#[tokio::test]
async fn nobody_there_is_told() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let office = PostOffice { port, ..PostOffice::open(Manners::default()).await };
    let error = error(&office).await;
    assert!(!error.is_final);
    assert!(error.reason.starts_with("The mail server cannot be reached: "), "{}", error.reason);
}

#[tokio::test]
async fn the_password_is_given_and_a_wrong_one_is_no_fault_of_the_mail() {
    let office = PostOffice::open(Manners::default()).await;
    let account = format!("tls = \"none\"\nusername = \"redoubt\"\npassword = \"{PASSWORD}\"");
    office.smtp(&account).send(&mail()).await.unwrap();
    let plain = STANDARD.encode(format!("\0redoubt\0{PASSWORD}"));
    assert_eq!(office.lines()[1], format!("AUTH PLAIN {plain}"));

    let answer = Some(("AUTH", "535 5.7.8 wrong password"));
    let office = PostOffice::open(Manners { answer, ..Manners::default() }).await;
    let error = office.smtp(&account).send(&mail()).await.unwrap_err();
    assert!(!error.is_final);
    assert!(error.reason.starts_with("The account at the mail server does not work"), "{}", error.reason);
    assert!(!error.reason.contains(PASSWORD) && !error.reason.contains(&plain), "{}", error.reason);
    assert!(!office.commands().contains(&"MAIL".to_owned()));
}

#[tokio::test]
async fn the_password_can_come_from_a_file_that_nobody_else_reads() {
    let office = PostOffice::open(Manners::default()).await;
    let path = office.file("password", &format!("{PASSWORD}\n"), 0o600);
    let more = format!("tls = \"none\"\nusername = \"redoubt\"\npassword_file = \"{}\"", path.display());
    office.smtp(&more).send(&mail()).await.unwrap();
    let plain = STANDARD.encode(format!("\0redoubt\0{PASSWORD}"));
    assert_eq!(office.lines()[1], format!("AUTH PLAIN {plain}"));

    let url = Url::parse("http://localhost:8080").unwrap();
    let problem = |more: &str| {
        let error = Smtp::new(&office.settings(more), &url, LIMITS).err().unwrap();
        format!("{error:#}")
    };
    office.file("password", PASSWORD, 0o640);
    assert!(problem(&more).contains("chmod 0600"), "{}", problem(&more));
    office.file("password", "\n", 0o600);
    assert!(problem(&more).ends_with("is empty"), "{}", problem(&more));
    std::fs::remove_file(&path).unwrap();
    assert!(problem(&more).contains("No such file"), "{}", problem(&more));
    let text = office.file("text.pem", "nothing", 0o644);
    let more = format!("ca_certificate = \"{}\"", text.display());
    assert!(problem(&more).contains("text.pem"), "{}", problem(&more));
}

#[tokio::test]
async fn tls_comes_first_and_the_mail_server_proves_who_it_is() {
    let office = PostOffice::open(Manners { tls: true, ..Manners::default() }).await;
    office.smtp(&office.trusted()).send(&mail()).await.unwrap();
    assert_eq!(office.commands(), ["<TLS>", "EHLO", "MAIL", "RCPT"]);

    let office = PostOffice::open(Manners { tls: true, ..Manners::default() }).await;
    let error = office.smtp("").send(&mail()).await.unwrap_err();
    assert!(!error.is_final && error.reason.contains("cannot prove who it is"), "{}", error.reason);
    assert!(office.lines().is_empty(), "nothing is said to a stranger");
}

#[tokio::test]
async fn starttls_comes_before_all_that_matters() {
    let office = PostOffice::open(Manners { starttls: true, ..Manners::default() }).await;
    let account = format!("tls = \"starttls\"\nusername = \"redoubt\"\npassword = \"{PASSWORD}\"");
    office.smtp(&format!("{account}\n{}", office.trusted())).send(&mail()).await.unwrap();
    assert_eq!(office.commands(), ["EHLO", "STARTTLS", "<TLS>", "EHLO", "AUTH", "MAIL", "RCPT"]);

    // Somebody on the way takes the offer out, or refuses.
    for manners in [
        Manners::default(),
        Manners { starttls: true, answer: Some(("STARTTLS", "454 4.7.0 not now")), ..Manners::default() },
    ] {
        let office = PostOffice::open(manners).await;
        let error = office.smtp(&format!("{account}\n{}", office.trusted())).send(&mail()).await.unwrap_err();
        assert!(!error.is_final && error.reason.starts_with("There is no TLS"), "{}", error.reason);
        let commands = office.commands();
        assert!(
            !commands.iter().any(|word| ["AUTH", "MAIL", "RCPT"].contains(&word.as_str())),
            "{commands:?}"
        );
    }
}

#[tokio::test]
async fn an_address_that_the_mail_server_cannot_reach_is_given_up() {
    let office = PostOffice::open(Manners { ascii_only: true, ..Manners::default() }).await;
    let mail = OutgoingMail { recipient: "jürgen@example.net".parse().unwrap(), ..mail() };
    let error = office.smtp("tls = \"none\"").send(&mail).await.unwrap_err();
    assert!(error.is_final, "{}", error.reason);

    let office = PostOffice::open(Manners::default()).await;
    office.smtp("tls = \"none\"").send(&mail).await.unwrap();
    assert!(office.lines().contains(&"RCPT TO:<jürgen@example.net>".to_owned()), "{:#?}", office.lines());
}
