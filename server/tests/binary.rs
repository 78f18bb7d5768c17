//! The binary as its operator sees it: commands, exit codes, a start, a stop, TLS of its own.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop, loudly")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{
    certificates::{ALGORITHM, FORMAT, SignedCertificate},
    ids::MailId,
    principals::{MailKind, MailState},
    timestamps::Timestamp,
};
use ring::signature::{Ed25519KeyPair, KeyPair};
use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream, pki_types::ServerName};
use store::{Store, mails::Mail};
use tempfile::TempDir;
use url::form_urlencoded;
use uuid::Uuid;

/// How long the server may take to stop; requests under way get ten seconds of it.
const STOP_MAX: Duration = Duration::from_secs(15);
/// How long work may take to come to its end after a start: the leases of the dead end within seconds.
const GOES_ON_MAX: Duration = Duration::from_secs(60);

/// A directory with a built console, and everything the server writes.
struct Installation {
    directory: TempDir,
    variables: Vec<(String, String)>,
}

impl Installation {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let assets = directory.path().join("site/assets");
        std::fs::create_dir_all(&assets).unwrap();
        let names = ["console.css", "loader.js", "passkeys.js", "console.js", "console.wasm", "favicon.svg"];
        let manifest: serde_json::Map<_, _> =
            names.iter().map(|name| ((*name).to_owned(), (*name).into())).collect();
        let manifest = serde_json::to_vec(&manifest).unwrap();
        std::fs::write(directory.path().join("site/manifest.json"), manifest).unwrap();
        let mut installation = Self { directory, variables: Vec::new() };
        installation.set("SERVER__LISTEN", "127.0.0.1:0");
        installation.set("SERVER__SITE_DIR", "site");
        installation
    }

    fn set(&mut self, key: &str, value: &str) {
        self.variables.push((format!("REDOUBT_{key}"), value.to_owned()));
    }

    #[expect(clippy::disallowed_methods, reason = "the binary is what is tested")]
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_redoubt"));
        command.args(arguments).current_dir(self.directory.path()).env_clear();
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Before the set-up, which the server offers a link for.
    fn serve(&self) -> Server {
        self.serve_until(true)
    }

    fn serve_until(&self, has_link: bool) -> Server {
        let mut command = self.command(&["serve", "--simulated"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (mut address, mut link) = (None, None);
        for line in lines.by_ref() {
            let line = line.unwrap();
            if let Some(url) = line.strip_prefix("REDOUBT_ADDRESS=") {
                address = Some(url.to_owned());
                if !has_link {
                    break;
                }
            }
            if let Some(url) = line.strip_prefix("REDOUBT_SET_UP_LINK=") {
                link = Some(url.to_owned());
                break;
            }
        }
        Server { child, address: address.unwrap(), link }
    }
}

struct Server {
    child: Child,
    address: String,
    link: Option<String>,
}

impl Server {
    fn port(&self) -> u16 {
        self.address.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap()
    }

    /// A request on a connection of its own; the whole answer as text.
    fn request(&self, text: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port()))?;
        let text = text.replace("HOST", &format!("localhost:{}", self.port()));
        stream.write_all(text.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    fn get(&self, path: &str) -> String {
        self.request(&format!("GET {path} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n")).unwrap()
    }

    /// Sends a form as its page would; the whole answer as text.
    fn post(&self, path: &str, fields: &[(&str, &str)], cookie: &str) -> String {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: HOST\r\nOrigin: http://HOST\r\nCookie: {cookie}\r\nConnection: close\r\n\
             Accept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.request(&request).unwrap()
    }

    /// A page as somebody sees it who is signed in.
    fn look(&self, path: &str, cookie: &str) -> String {
        let head = "Host: HOST\r\nConnection: close\r\nAccept: text/html";
        self.request(&format!("GET {path} HTTP/1.1\r\n{head}\r\nCookie: {cookie}\r\n\r\n")).unwrap()
    }

    /// Looks at a page until it contains a text.
    fn until(&self, path: &str, text: &str, cookie: &str) {
        let began = Instant::now();
        loop {
            let page = self.look(path, cookie);
            if page.contains(text) {
                return;
            }
            assert!(began.elapsed() < GOES_ON_MAX, "{text} is never on {path}: {:?}", page.lines().next());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// As `kill -9` does.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn stop(mut self) {
        let began = Instant::now();
        #[expect(clippy::disallowed_methods, reason = "the signal is what is tested")]
        let status = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
        assert!(began.elapsed() < STOP_MAX, "{:?}", began.elapsed());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gone already unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn starts_serves_and_stops() {
    let installation = Installation::new();
    let server = installation.serve();
    assert!(server.address.starts_with("http://localhost:"), "{}", server.address);
    let link = server.link.clone().unwrap();
    let path = link.strip_prefix(server.address.trim_end_matches('/')).unwrap();
    assert!(server.get("/health/ready").ends_with("ready\n"));
    let page = server.get(path);
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(page.contains("/api/set_up/complete"), "{page}");

    // A new link makes the old one worthless, also while the server runs.
    let output = installation.run(&["admin", "set-up-link"]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(!server.get(path).contains("/api/set_up/complete"));

    // A connection that stays open does not hold up the end.
    let idle = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    server.stop();
    drop(idle);

    // The second start finds what the first one made.
    let server = installation.serve();
    assert!(server.get("/health/ready").ends_with("ready\n"));
    server.stop();
    let output = installation.run(&["migrate"]);
    assert!(text(&output).contains("up to date"), "{}", text(&output));
}

/// In the wrong directory there is no installation, and none is made.
#[test]
fn a_set_up_link_is_made_for_an_installation_that_is_there() {
    let installation = Installation::new();
    let output = installation.run(&["admin", "set-up-link"]);
    assert!(!output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("there is no installation here"), "{}", text(&output));
    assert!(!installation.directory.path().join("var").exists(), "nothing was made");

    installation.serve().stop();
    let key = installation.directory.path().join("var/master.key");
    let aside = key.with_extension("aside");
    std::fs::rename(&key, &aside).unwrap();
    let output = installation.run(&["admin", "set-up-link"]);
    assert!(!output.status.success() && text(&output).contains("master.key"), "{}", text(&output));
    assert!(!key.exists(), "no other key was made");
    std::fs::rename(&aside, &key).unwrap();

    let output = installation.run(&["admin", "set-up-link"]);
    assert!(output.status.success(), "{}", text(&output));
    let output = installation.run(&["admin", "events"]);
    assert!(output.status.success(), "{}", text(&output));
    let events = String::from_utf8(output.stdout).unwrap();
    let first: serde_json::Value = serde_json::from_str(events.lines().next().unwrap()).unwrap();
    let told = ["event_type", "actor", "agent"].map(|key| first[key].as_str().unwrap());
    assert_eq!(told, ["set_up.link_made", "operator", "redoubt admin"], "{events}");

    std::fs::write(installation.directory.path().join("var/empty.db"), []).unwrap();
    let mut other = Installation { directory: installation.directory, variables: installation.variables };
    other.set("DATABASE__URL", "sqlite://var/empty.db");
    let output = other.run(&["admin", "set-up-link"]);
    assert!(!output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("has not been brought up to date"), "{}", text(&output));
}

#[test]
fn the_operator_sees_mails() {
    let mut installation = Installation::new();
    installation.serve().stop();
    let output = installation.run(&["admin", "mails"]);
    assert!(output.status.success() && output.stdout.is_empty(), "{}", text(&output));
    let id = Uuid::from_u128(7);
    let output = installation.run(&["admin", "mails", &id.to_string()]);
    assert!(!output.status.success() && text(&output).contains("does not exist"), "{}", text(&output));
    assert_eq!(installation.run(&["admin", "mails", "seven"]).status.code(), Some(2));

    let path = installation.directory.path().join("var/redoubt.db");
    let add = async {
        let store = Store::open(&format!("sqlite://{}", path.display())).await.unwrap();
        let mut tx = store.write().await.unwrap();
        let mail = Mail {
            id: MailId::from_uuid(id),
            organization_id: None,
            kind: MailKind::Invitation,
            recipient: "ben@example.org".into(),
            subject: "Join Acme".into(),
            body_sealed: None,
            state: MailState::Failed,
            created_at: Timestamp::from_micros(1_795_325_845_000_000),
            wake_at: Timestamp::from_micros(0),
            attempts: 1,
            error: Some("550 no such user".into()),
            sent_at: None,
        };
        store::mails::add(&mut tx, &mail).await.unwrap();
        tx.commit().await.unwrap();
        store.close().await;
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(add);
    let output = installation.run(&["admin", "mails"]);
    let listed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&listed["recipient"], &listed["state"]), (&"ben@example.org".into(), &"failed".into()));
    // Who reads the list may stop at any line.
    for arguments in
        [["admin", "mails"].as_slice(), &["admin", "events"], &["admin", "mails", &id.to_string()]]
    {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = installation.command(arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {}", text(&output));
    }
    let output = installation.run(&["admin", "mails", &id.to_string()]);
    assert!(output.status.success(), "{}", text(&output));
    for expected in [
        "To:      ben@example.org\n",
        "Subject: Join Acme\n",
        "Date:    2026-11-22 05:37:25 UTC\n",
        "State:   failed\n",
        "Error:   550 no such user\n",
        "Its text is for its recipient alone.",
    ] {
        assert!(text(&output).contains(expected), "{}", text(&output));
    }

    // A mail server that cannot be used is told before anything starts.
    installation.set("MAIL__SMTP_HOST", "mail.example.org");
    installation.set("MAIL__FROM", "redoubt@example.org");
    let output = installation.run(&["check-config"]);
    assert!(text(&output).contains("mails       mail.example.org port 465"), "{}", text(&output));
    installation.set("MAIL__USERNAME", "redoubt");
    installation.set("MAIL__PASSWORD_FILE", "nowhere");
    for command in [["check-config"].as_slice(), &["serve", "--simulated"]] {
        let output = installation.run(command);
        assert!(!output.status.success() && text(&output).contains("nowhere"), "{}", text(&output));
    }
}

/// Somewhere in the making of a service and in its destruction, whatever step it is; the workflow's own tests know which.
#[test]
fn a_server_that_is_killed_goes_on_at_its_next_start() {
    let installation = Installation::new();
    let mut server = installation.serve();
    let token = server.link.clone().unwrap().rsplit('/').next().unwrap().to_owned();
    let person = [
        ("token", token.as_str()),
        ("organization", "Acme"),
        ("name", "Ann"),
        ("email", "ann@example.org"),
        ("password", "velvet anchor 7 thistle moon"),
    ];
    let answer = server.post("/api/set_up/complete", &person, "");
    let cookie = answer.split(server::sessions::COOKIE).nth(1).expect(&answer);
    let cookie = format!("{}{}", server::sessions::COOKIE, cookie.split(';').next().unwrap());
    let projects = server.look("/projects", &cookie);
    let field = projects.split('<').find(|tag| tag.contains("name=\"organization\"")).expect(&projects);
    let organization = field.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
    let answer =
        server.post("/api/projects/create", &[("organization", organization), ("name", "shop")], &cookie);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let service = [
        ("project", "shop"),
        ("name", "orders"),
        ("service_type", "pg"),
        ("plan", "hobbyist"),
        ("cloud", "local-main"),
    ];
    let answer = server.post("/api/services/create", &service, &cookie);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for millis in [50, 700] {
        std::thread::sleep(Duration::from_millis(millis));
        server.kill();
        server = installation.serve_until(false);
    }
    server.until("/projects/shop/services/orders", "RUNNING", &cookie);

    let confirmed = [("project", "shop"), ("service", "orders"), ("confirmation", "orders")];
    let answer = server.post("/api/services/delete", &confirmed, &cookie);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    std::thread::sleep(Duration::from_millis(20));
    server.kill();
    server = installation.serve_until(false);
    server.until("/projects/shop/certificates", "/projects/shop/certificates/", &cookie);
    // The last traces go after the certificate is there.
    server.until("/projects/shop/services/orders", "HTTP/1.1 404", &cookie);
    server.stop();
}

#[test]
fn odd_requests_harm_nobody() {
    let installation = Installation::new();
    let server = installation.serve();
    for odd in [
        "GET / HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(),
        "GET http://evil.example/ HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n".to_owned(),
        "nonsense\r\n\r\n".to_owned(),
        format!("GET /{} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n", "x".repeat(100_000)),
        format!("GET / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\nX: {}\r\n\r\n", "x".repeat(100_000)),
        "POST /api/sign_in HTTP/1.1\r\nHost: HOST\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n"
            .to_owned(),
    ] {
        // Being cut off is an answer too.
        let answer = server.request(&odd).unwrap_or_default();
        assert!(
            !answer.starts_with("HTTP/1.1 200") && !answer.starts_with("HTTP/1.1 500"),
            "{odd:.60}: {answer}"
        );
    }
    assert!(server.get("/health/ready").ends_with("ready\n"));
    server.stop();
}

#[test]
fn speaks_tls_of_its_own() {
    let mut installation = Installation::new();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let root = installation.directory.path();
    std::fs::write(root.join("tls.crt"), certificate.pem()).unwrap();
    std::fs::write(root.join("tls.key"), key.serialize_pem()).unwrap();
    installation.set("SERVER__TLS_CERTIFICATE", "tls.crt");
    installation.set("SERVER__TLS_KEY", "tls.key");
    let server = installation.serve();
    assert!(server.address.starts_with("https://localhost:"), "{}", server.address);

    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let mut session = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    let mut tls = Stream::new(&mut session, &mut stream);
    let request = format!(
        "GET /health/live HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n",
        server.port()
    );
    tls.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // The end of the stream may come without a notice; what was read counts.
    let _ = tls.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.ends_with("live\n"), "{answer}");
    assert!(answer.to_lowercase().contains("strict-transport-security"), "{answer}");
    server.stop();
}

#[test]
fn check_config_tells_every_mistake() {
    let mut installation = Installation::new();
    let output = installation.run(&["check-config"]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("The configuration is fine."));

    installation.set("SERVER__LISTEM", "x");
    installation.set("LOG__FORMAT", "xml");
    let output = installation.run(&["check-config"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("2 mistakes"), "{}", text(&output));
    assert!(text(&output).contains("did you mean server.listen?"), "{}", text(&output));
    assert_eq!(installation.run(&["serve"]).status.code(), Some(2));
    assert_eq!(installation.run(&["--config", "missing.toml", "check-config"]).status.code(), Some(2));
    assert!(!installation.directory.path().join("var").exists(), "nothing was made");
}

#[test]
fn a_public_list_of_breached_passwords_is_converted_and_used() {
    let mut installation = Installation::new();
    let path = |name: &str| installation.directory.path().join(name);
    let lines =
        "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:9545824\n86f7e437faa5a7fce15d1ddcb9eaeaea377667b8:7\n";
    std::fs::write(path("public.txt"), lines).unwrap();
    let convert = |installation: &Installation| {
        installation.run(&["convert-breached-passwords", "public.txt", "breached.list"])
    };
    let output = convert(&installation);
    assert!(
        output.status.success() && text(&output).contains("2 passwords in breached.list"),
        "{}",
        text(&output)
    );
    assert_eq!(std::fs::metadata(path("breached.list")).unwrap().len(), 20 + 2 * 8);
    // What cannot be converted leaves the list that is there.
    std::fs::write(path("public.txt"), "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8\nno hash\n").unwrap();
    let output = convert(&installation);
    assert!(!output.status.success() && text(&output).contains("Line 2 is not a SHA-1"), "{}", text(&output));
    assert_eq!(std::fs::metadata(path("breached.list")).unwrap().len(), 20 + 2 * 8);
    assert!(!path("breached.list.part").exists());

    installation.set("PASSWORDS__BREACHED_LIST", "breached.list");
    let output = installation.run(&["check-config"]);
    assert!(
        output.status.success() && text(&output).contains("breached    2 of the operator's"),
        "{}",
        text(&output)
    );
    installation.serve().stop();
    installation.set("PASSWORDS__BREACHED_LIST", "public.txt");
    for command in [["check-config"].as_slice(), &["serve", "--simulated"]] {
        let output = installation.run(command);
        assert!(!output.status.success(), "{}", text(&output));
        assert!(
            text(&output).contains("passwords.breached_list: public.txt cannot be used"),
            "{}",
            text(&output)
        );
    }
}

#[test]
fn second_factors_are_reset_on_the_machine_of_accounts_that_have_any() {
    let installation = Installation::new();
    let mut server = installation.serve();
    let link = server.link.take().unwrap();
    let output = installation.run(&["admin", "reset-factors", "ann@example.org", "--yes"]);
    assert!(!output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("Nobody signs in with ann@example.org"), "{}", text(&output));
    let output = installation.run(&["admin", "reset-factors", "ann", "--yes"]);
    assert!(
        !output.status.success() && text(&output).contains("Enter an e-mail address"),
        "{}",
        text(&output)
    );
    let person = [
        ("token", link.rsplit('/').next().unwrap()),
        ("name", "Ann"),
        ("email", "ann@example.org"),
        ("password", "velvet anchor 7 thistle moon"),
        ("organization", "Acme"),
    ];
    server.post("/api/set_up/complete", &person, "");
    let output = installation.run(&["admin", "reset-factors", "ann@example.org", "--yes"]);
    assert!(text(&output).contains("has no second factor"), "{}", text(&output));
    // No terminal asks, and nobody said that it is meant.
    let output = installation.run(&["admin", "reset-factors", "ann@example.org"]);
    assert!(!output.status.success() && text(&output).contains("add --yes"), "{}", text(&output));
    server.stop();
}

#[test]
fn a_port_that_is_taken_and_a_wrong_master_key_are_told() {
    let mut installation = Installation::new();
    let server = installation.serve();
    installation.set("SERVER__LISTEN", &format!("127.0.0.1:{}", server.port()));
    let output = installation.run(&["serve", "--simulated"]);
    assert!(!output.status.success());
    assert!(text(&output).contains("cannot listen on"), "{}", text(&output));
    server.stop();

    std::fs::remove_file(installation.directory.path().join("var/master.key")).unwrap();
    let output = installation.run(&["serve", "--simulated"]);
    assert!(!output.status.success());
    assert!(text(&output).contains("master key does not fit"), "{}", text(&output));
}

#[test]
fn destroying_everything_asks_for_certainty_and_a_stopped_server() {
    let installation = Installation::new();
    let mut server = installation.serve();
    assert!(!installation.run(&["admin", "destroy-everything", "--simulated"]).status.success());
    let mut running = Installation { directory: tempfile::tempdir().unwrap(), variables: Vec::new() };
    running.set("SERVER__LISTEN", &format!("127.0.0.1:{}", server.port()));
    let output = running.run(&["admin", "destroy-everything", "--simulated", "--yes"]);
    assert!(text(&output).contains("still runs"), "{}", text(&output));
    server.link = None;
    server.stop();
    let output = installation.run(&["admin", "destroy-everything", "--simulated", "--yes"]);
    assert!(output.status.success(), "{}", text(&output));
    let left = installation.directory.path().join("var");
    let left: Vec<_> = std::fs::read_dir(left).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}

fn write_certificate(path: &Path, key: &Ed25519KeyPair, change: impl FnOnce(String) -> String) {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let body = format!(
        r#"{{"format":"{FORMAT}","id":"{id}","organization_id":"{id}","organization_name":"Acme","project_id":"{id}","project_name":"shop","service_id":"{id}","service_name":"orders","requested_by":"ann@example.org","destroyed_at":0,"destroyed_at_text":"1970-01-01T00:00:00Z","nodes":[]}}"#
    );
    let signature = STANDARD.encode(key.sign(body.as_bytes()));
    let public_key = STANDARD.encode(key.public_key());
    let signed = SignedCertificate {
        certificate: change(body),
        algorithm: ALGORITHM.to_owned(),
        public_key,
        signature,
    };
    std::fs::write(path, serde_json::to_string_pretty(&signed).unwrap()).unwrap();
}

#[test]
fn verifies_certificates_without_an_installation() {
    let installation = Installation::new();
    let path = installation.directory.path().join("certificate.json");
    let key = Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap();
    write_certificate(&path, &key, |body| body);
    let encode = |key: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, key);
    let published = encode(key.public_key().as_ref());
    let output = installation.run(&["verify-certificate", "certificate.json", "--public-key", &published]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("orders"), "{}", text(&output));
    // Anybody can sign with a key of their own.
    let output = installation.run(&["verify-certificate", "certificate.json"]);
    assert!(!output.status.success(), "{}", text(&output));
    assert!(
        text(&output).contains("NOT VERIFIED") && text(&output).contains("--public-key"),
        "{}",
        text(&output)
    );
    assert!(!text(&output).contains("VALID:"), "{}", text(&output));

    let other = encode(&[2; 32]);
    let output = installation.run(&["verify-certificate", "certificate.json", "--public-key", &other]);
    assert!(!output.status.success());
    write_certificate(&path, &key, |body| body.replace("orders", "orderz"));
    let output = installation.run(&["verify-certificate", "certificate.json"]);
    assert!(!output.status.success());
    assert!(text(&output).contains("NOT VALID"), "{}", text(&output));
    assert!(!installation.run(&["verify-certificate", "missing.json"]).status.success());
}

#[test]
fn says_its_version() {
    let output = Installation::new().run(&["version"]);
    assert_eq!(text(&output), format!("redoubt {}\n", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn a_saml_response_is_judged_in_a_confined_process() {
    use host::confinement::Confined;
    use identity::saml::{
        questions::{self, ARGUMENT, Question},
        testing::{Draft, KeyChoice, SoftIdp, field},
        verifications::Expectations,
    };
    let idp = SoftIdp::new("https://idp.example.org", KeyChoice::Rsa(2048)).unwrap();
    let expectations = Expectations {
        acs_url: "https://console.example.org/acs".into(),
        audience: "https://console.example.org/metadata".into(),
        request_id: "_0123456789abcdef".into(),
    };
    let now = Timestamp::from_rfc3339("2026-11-28T12:00:00Z").unwrap();
    let response = idp.respond(&Draft::new(&idp.entity_id, &expectations, now)).unwrap();
    let judge = Confined::new(env!("CARGO_BIN_EXE_redoubt").into(), ARGUMENT);
    let began = Instant::now();
    for (xml, is_good) in [(response.clone(), true), (response.replace("alice", "mallory"), false)] {
        let trust = idp.trust().unwrap();
        let question = Question { field: field(&xml), trust, expectations: expectations.clone(), now };
        let answer = judge.ask(&question.to_bytes().unwrap()).await.unwrap();
        let report = questions::report(&answer).unwrap();
        assert_eq!(report.outcome.is_ok(), is_good, "{:?}", report.outcome);
    }
    println!("two answers in {:?}", began.elapsed());
    assert!(judge.ask(b"no question").await.is_err());
}
