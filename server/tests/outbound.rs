//! What the server asks the world by itself, over real sockets: a name server and web servers of the test's own on loopback, and
//! what stands beside them that must not be reached.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop, loudly")]

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use control::domains::LookUps;
use server::outbound::{Limits, Outbound, OutboundError, OutboundSettings};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, UdpSocket},
};

const A: u16 = 1;
const TXT: u16 = 16;
const AAAA: u16 = 28;
/// Where the test's web server is.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1));
/// Where nothing may be reached.
const NEIGHBOUR: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));

/// What the name server says.
enum Reply {
    Addresses(Vec<IpAddr>),
    Texts(Vec<Vec<Vec<u8>>>),
    NoSuchName,
    Fails,
    Silence,
}

/// A name server that answers as the function says, which is told the name, the type and how many were asked before.
async fn name_server(answer: impl Fn(&str, u16, usize) -> Reply + Send + Sync + 'static) -> SocketAddr {
    let socket = UdpSocket::bind((HERE, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut buffer, mut count) = ([0; 4096], 0);
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let (name, kind, question) = question(&buffer[..length]);
            let reply = answer(&name, kind, count);
            count += 1;
            if let Some(message) = message(&buffer[..2], question, kind, &reply) {
                socket.send_to(&message, from).await.unwrap();
            }
        }
    });
    address
}

/// The name, type and bytes of the question of a message (RFC 1035, section 4.1).
fn question(message: &[u8]) -> (String, u16, &[u8]) {
    let (mut at, mut labels) = (12, Vec::new());
    while message[at] != 0 {
        let length = usize::from(message[at]);
        labels.push(String::from_utf8(message[at + 1..=at + length].to_vec()).unwrap().to_lowercase());
        at += length + 1;
    }
    (labels.join("."), u16::from_be_bytes([message[at + 1], message[at + 2]]), &message[12..at + 5])
}

fn message(id: &[u8], question: &[u8], kind: u16, reply: &Reply) -> Option<Vec<u8>> {
    let data: Vec<(u16, Vec<u8>)> = match reply {
        Reply::Silence => return None,
        Reply::NoSuchName | Reply::Fails => Vec::new(),
        Reply::Addresses(addresses) => addresses
            .iter()
            .map(|address| match address {
                IpAddr::V4(address) => (A, address.octets().to_vec()),
                IpAddr::V6(address) => (AAAA, address.octets().to_vec()),
            })
            .collect(),
        Reply::Texts(records) => records
            .iter()
            .map(|strings| {
                let string =
                    |text: &Vec<u8>| [vec![u8::try_from(text.len()).unwrap()], text.clone()].concat();
                (TXT, strings.iter().flat_map(string).collect())
            })
            .collect(),
    };
    let data: Vec<_> = data.into_iter().filter(|(of, _)| *of == kind).collect();
    let code = match reply {
        Reply::NoSuchName => 3,
        Reply::Fails => 2,
        _ => 0,
    };
    let mut message =
        [id, &[0x81, 0x80 | code, 0, 1, 0, u8::try_from(data.len()).unwrap(), 0, 0, 0, 0]].concat();
    message.extend_from_slice(question);
    for (kind, bytes) in data {
        message.extend_from_slice(&[0xc0, 12]);
        message.extend_from_slice(&kind.to_be_bytes());
        message.extend_from_slice(&[0, 1, 0, 0, 0, 0]);
        message.extend_from_slice(&u16::try_from(bytes.len()).unwrap().to_be_bytes());
        message.extend_from_slice(&bytes);
    }
    Some(message)
}

/// A web server that counts its connections, and answers as the function says, which is told what was asked for.
struct Web {
    address: SocketAddr,
    hits: Arc<AtomicUsize>,
}

impl Web {
    async fn at(
        address: IpAddr,
        port: u16,
        answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((address, port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let hits = Arc::new(AtomicUsize::new(0));
        let (counted, answer) = (hits.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let answer = answer.clone();
                tokio::spawn(async move {
                    let mut buffer = vec![0; 8192];
                    let length = stream.read(&mut buffer).await.unwrap_or(0);
                    let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
                    let bytes = answer(&request);
                    if bytes.is_empty() {
                        // Keeps the connection and says nothing.
                        tokio::time::sleep(Duration::from_secs(60)).await;
                    }
                    for part in bytes.chunks(64 * 1024) {
                        if stream.write_all(part).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, hits }
    }

    fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }

    fn port(&self) -> u16 {
        self.address.port()
    }
}

fn ok(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn redirect(to: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        .into_bytes()
}

const LIMITS: Limits = Limits {
    resolve: Duration::from_millis(300),
    request: Duration::from_millis(800),
    whole: Duration::from_millis(1500),
};

/// Asks the world by that name server. Of loopback it reaches just [`HERE`], and these ports.
fn outbound(resolver: SocketAddr, ports: &[u16]) -> Outbound {
    let settings = OutboundSettings {
        resolvers: vec![resolver],
        private_ranges: vec![HERE.into()],
        ports: ports.to_vec(),
    };
    Outbound::new(&settings, LIMITS).unwrap()
}

/// Everything is here.
async fn all_here() -> SocketAddr {
    name_server(|_, _, _| Reply::Addresses(vec![HERE])).await
}

#[tokio::test]
async fn a_file_is_fetched_from_a_name() {
    let web = Web::at(HERE, 0, |request| {
        assert!(request.starts_with("GET /.well-known/redoubt HTTP/1.1\r\n"), "{request}");
        assert!(!request.to_lowercase().contains("cookie"), "{request}");
        ok(b"token=abc,expiry=never\n")
    })
    .await;
    let world = outbound(all_here().await, &[web.port()]);
    let url = format!("http://acme.test:{}/.well-known/redoubt", web.port());
    assert_eq!(world.get(&url, 100).await.unwrap(), b"token=abc,expiry=never\n");
    assert_eq!(world.file(&url, 64 << 10).await.unwrap(), b"token=abc,expiry=never\n");
    // Where port 80 is not reached, proofs are fetched from the first port that is.
    let url = "http://acme.test/.well-known/redoubt";
    assert_eq!(world.file(url, 64 << 10).await.unwrap(), b"token=abc,expiry=never\n");
    assert_eq!(world.get(url, 100).await.unwrap_err(), OutboundError::Port(80));
    assert_eq!(web.hits(), 3);
}

#[tokio::test]
async fn a_host_that_is_slow_keeps_nobody_else_waiting() {
    let slow = Web::at(HERE, 0, |_| Vec::new()).await;
    let fast = Web::at(HERE, 0, |_| ok(b"here")).await;
    let world = Arc::new(outbound(all_here().await, &[slow.port(), fast.port()]));
    let url = format!("http://slow.test:{}/", slow.port());
    let waiting: Vec<_> = (0..40)
        .map(|_| {
            let (world, url) = (world.clone(), url.clone());
            tokio::spawn(async move { world.get(&url, 100).await })
        })
        .collect();
    while slow.hits() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let begun = Instant::now();
    let url = format!("http://fast.test:{}/", fast.port());
    assert_eq!(world.get(&url, 100).await.unwrap(), b"here");
    assert!(begun.elapsed() < LIMITS.request / 2, "{:?}", begun.elapsed());
    for waited in waiting {
        assert!(waited.await.unwrap().is_err());
    }
    // Four at a time, for as long as one may take.
    assert!((4..=12).contains(&slow.hits()), "{}", slow.hits());
}

#[tokio::test]
async fn what_is_not_public_is_not_connected_to() {
    let canary = Web::at(NEIGHBOUR, 0, |_| ok(b"the neighbour's secret")).await;
    let port = canary.port();
    let mapped: IpAddr = "::ffff:127.0.0.9".parse().unwrap();
    for addresses in [
        vec![NEIGHBOUR],
        // One that may be reached makes no difference.
        vec![HERE, NEIGHBOUR],
        vec![mapped],
        vec![IpAddr::V6(Ipv6Addr::LOCALHOST)],
        vec!["169.254.169.254".parse().unwrap()],
        vec!["10.0.0.1".parse().unwrap()],
        vec!["64:ff9b::7f00:9".parse().unwrap()],
    ] {
        let told = addresses.clone();
        let resolver = name_server(move |_, _, _| Reply::Addresses(told.clone())).await;
        let error =
            outbound(resolver, &[port]).get(&format!("http://acme.test:{port}/"), 100).await.unwrap_err();
        assert_eq!(error, OutboundError::Private("acme.test".into()), "{addresses:?}");
        assert!(error.is_answer() && !error.to_string().contains("127."), "{error}");
    }
    // As addresses themselves, however they are written.
    let world = outbound(all_here().await, &[port]);
    for host in
        ["127.0.0.9", "2130706441", "0x7f000009", "0177.0.0.9", "127.9", "[::ffff:127.0.0.9]", "[::1]"]
    {
        let error = world.get(&format!("http://{host}:{port}/"), 100).await.unwrap_err();
        assert!(matches!(error, OutboundError::Private(_)), "{host}: {error:?}");
    }
    assert_eq!(canary.hits(), 0);
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_not_followed() {
    let canary = Web::at(NEIGHBOUR, 0, |_| ok(b"the neighbour's secret")).await;
    let port = canary.port();
    let target = format!("http://127.0.0.9:{port}/");
    let web = Web::at(HERE, 0, move |_| redirect(&target)).await;
    let resolver = name_server(|name, _, _| {
        Reply::Addresses(vec![if name == "www.acme.test" { NEIGHBOUR } else { HERE }])
    })
    .await;
    let world = outbound(resolver, &[web.port(), port]);
    let error = world.get(&format!("http://acme.test:{}/", web.port()), 100).await.unwrap_err();
    assert!(matches!(error, OutboundError::Redirect { .. }), "{error:?}");
    // Nor by a name that may be followed, but leads there.
    let target = format!("http://www.acme.test:{port}/");
    let web = Web::at(HERE, 0, move |_| redirect(&target)).await;
    let resolver = name_server(|name, _, _| {
        Reply::Addresses(vec![if name == "www.acme.test" { NEIGHBOUR } else { HERE }])
    })
    .await;
    let world = outbound(resolver, &[web.port(), port]);
    let error = world.get(&format!("http://acme.test:{}/", web.port()), 100).await.unwrap_err();
    assert_eq!(error, OutboundError::Private("www.acme.test".into()));
    assert_eq!((canary.hits(), web.hits()), (0, 1));
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_the_second_time_is_not_believed() {
    let web = Web::at(HERE, 0, |request| match request.starts_with("GET /next") {
        true => ok(b"here"),
        false => redirect("/next"),
    })
    .await;
    let canary = Web::at(NEIGHBOUR, web.port(), |_| ok(b"the neighbour's secret")).await;
    // Asked again for the redirect, the name leads to the neighbour.
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let resolver = name_server(move |_, kind, _| {
        let before = if kind == A { counted.fetch_add(1, Ordering::SeqCst) } else { 0 };
        Reply::Addresses(vec![if before == 0 { HERE } else { NEIGHBOUR }])
    })
    .await;
    let world = outbound(resolver, &[web.port()]);
    let error = world.get(&format!("http://acme.test:{}/", web.port()), 100).await.unwrap_err();
    assert_eq!(error, OutboundError::Private("acme.test".into()));
    assert_eq!(
        (web.hits(), canary.hits(), asked.load(Ordering::SeqCst)),
        (1, 0, 2),
        "one answer, one connection"
    );
}

#[tokio::test]
async fn redirects_are_followed_within_limits() {
    let hops = |count: usize| {
        move |request: &str| {
            let path = request.split(' ').nth(1).unwrap();
            let hop: usize = path.trim_start_matches('/').parse().unwrap_or(0);
            if hop < count { redirect(&format!("/{}", hop + 1)) } else { ok(b"arrived") }
        }
    };
    for (count, arrives) in [(0, true), (3, true), (4, false)] {
        let web = Web::at(HERE, 0, hops(count)).await;
        let world = outbound(all_here().await, &[web.port()]);
        let got = world.get(&format!("http://acme.test:{}/", web.port()), 100).await;
        assert_eq!(got.is_ok(), arrives, "{count}: {got:?}");
        assert!(web.hits() <= 4);
    }
    for (target, is_followed) in [
        ("http://www.acme.test:PORT/x", true),
        ("//www.acme.test:PORT/x", true),
        ("http://evil.test:PORT/x", false),
        ("http://acme.test.evil.test:PORT/x", false),
        ("http://wwwacme.test:PORT/x", false),
        ("http://user@acme.test:PORT/x", false),
        ("http://acme.test:1/x", false),
        ("file:///etc/passwd", false),
        ("gopher://acme.test/x", false),
        ("http://[", false),
    ] {
        let web = Web::at(HERE, 0, |_| ok(b"arrived")).await;
        let to = target.replace("PORT", &web.port().to_string());
        let first = Web::at(HERE, 0, move |_| redirect(&to)).await;
        let world = outbound(all_here().await, &[first.port(), web.port()]);
        let got = world.get(&format!("http://acme.test:{}/", first.port()), 100).await;
        assert_eq!((got.is_ok(), web.hits()), (is_followed, usize::from(is_followed)), "{target}: {got:?}");
    }
}

#[tokio::test]
async fn a_long_answer_is_cut_off() {
    let body = vec![b'x'; 10 * 1024 * 1024];
    let web = Web::at(HERE, 0, move |_| ok(&body)).await;
    // Without a length said before, too.
    let endless = Web::at(HERE, 0, |_| {
        let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
        [head, vec![b'x'; 10 * 1024 * 1024]].concat()
    })
    .await;
    let world = outbound(all_here().await, &[web.port(), endless.port()]);
    for web in [&web, &endless] {
        let url = format!("http://acme.test:{}/", web.port());
        let error = world.get(&url, 1000).await.unwrap_err();
        assert_eq!(error, OutboundError::TooLong { address: url.clone(), limit: 1000 });
        let error = world.file(&url, 64 << 10).await.unwrap_err();
        assert!(error.is_answer && error.reason.contains("longer than 65536"), "{error:?}");
    }
}

#[tokio::test]
async fn what_does_not_answer_is_given_up() {
    let silent = Web::at(HERE, 0, |_| Vec::new()).await;
    let dripping = Web::at(HERE, 0, |_| b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab".to_vec()).await;
    let world = outbound(all_here().await, &[silent.port()]);
    let began = Instant::now();
    let error = world.get(&format!("http://acme.test:{}/", silent.port()), 100).await.unwrap_err();
    assert_eq!((error.clone(), error.is_answer()), (OutboundError::Late, false));
    // A body that breaks off is none.
    let world = outbound(all_here().await, &[dripping.port()]);
    let error = world.get(&format!("http://acme.test:{}/", dripping.port()), 100).await.unwrap_err();
    assert_eq!(error, OutboundError::Unreachable("acme.test".into()));
    // A name server that says nothing.
    let world = outbound(name_server(|_, _, _| Reply::Silence).await, &[80]);
    let error = world.get("http://acme.test/", 100).await.unwrap_err();
    assert!(!error.is_answer(), "{error:?}");
    let error = LookUps::texts(&world, "acme.test").await.unwrap_err();
    assert!(!error.is_answer, "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[tokio::test]
async fn answers_that_are_none_are_told_apart() {
    let web = Web::at(HERE, 0, |request| {
        let status = if request.starts_with("GET /down") { "503 Busy" } else { "404 Not Found" };
        format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").into_bytes()
    })
    .await;
    let free = TcpListener::bind((HERE, 0)).await.unwrap().local_addr().unwrap().port();
    let world = outbound(all_here().await, &[web.port(), free, 80, 443]);
    for (url, is_answer, says) in [
        (format!("http://acme.test:{}/x", web.port()), true, "answered 404"),
        (format!("http://acme.test:{}/down", web.port()), false, "answered 503"),
        (format!("http://acme.test:{free}/"), false, "could not be reached"),
        (format!("https://acme.test:{}/", web.port()), false, "could not be reached"),
        ("http://acme.test:22/".into(), true, "port 22"),
        ("ftp://acme.test/".into(), true, "no address"),
        ("http://ann:secret@acme.test/".into(), true, "no address"),
        ("http:///".into(), true, "no address"),
        ("nonsense".into(), true, "no address"),
    ] {
        let error = world.get(&url, 100).await.unwrap_err();
        assert_eq!(error.is_answer(), is_answer, "{url}: {error:?}");
        assert!(error.to_string().contains(says), "{url}: {error}");
    }
    let nowhere = outbound(name_server(|_, _, _| Reply::NoSuchName).await, &[80]);
    let error = nowhere.get("http://acme.test/", 100).await.unwrap_err();
    assert_eq!((error.clone(), error.is_answer()), (OutboundError::NoAddress("acme.test".into()), true));
    let failing = outbound(name_server(|_, _, _| Reply::Fails).await, &[80]);
    let error = failing.get("http://acme.test/", 100).await.unwrap_err();
    assert_eq!((error.clone(), error.is_answer()), (OutboundError::Unresolved("acme.test".into()), false));
}

#[tokio::test]
async fn text_records_come_whole() {
    let long = vec![b'x'; 200];
    let told = long.clone();
    let resolver = name_server(move |name, kind, _| match (name, kind) {
        ("_redoubt-challenge.acme.test", TXT) => Reply::Texts(vec![
            vec![b"v=spf1 -all".to_vec()],
            vec![b"token=abc,".to_vec(), b"expiry=never".to_vec()],
            vec![told.clone(), vec![0xff]],
        ]),
        ("empty.test", _) => Reply::Texts(Vec::new()),
        ("failing.test", _) => Reply::Fails,
        _ => Reply::NoSuchName,
    })
    .await;
    let world = outbound(resolver, &[80]);
    let texts = LookUps::texts(&world, "_redoubt-challenge.acme.test").await.unwrap();
    assert_eq!(texts[0], ["v=spf1 -all"]);
    assert_eq!(texts[1], ["token=abc,", "expiry=never"]);
    assert_eq!(texts[2], [String::from_utf8(long).unwrap(), "\u{fffd}".to_owned()]);
    for name in ["empty.test", "other.test"] {
        assert_eq!(LookUps::texts(&world, name).await.unwrap(), Vec::<Vec<String>>::new(), "{name}");
    }
    let error = LookUps::texts(&world, "failing.test").await.unwrap_err();
    assert!(!error.is_answer && error.reason.contains("could not be resolved"), "{error:?}");
}
