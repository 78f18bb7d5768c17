//! An installation for one test, and a browser without script that talks to it. Checks nothing itself.

use std::{
    any::Any,
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use control::{
    Control, MasterKey, SystemRandom,
    domains::{LookUpError, LookUps},
    set_up,
    single_sign_on::SamlJudge,
    testing::JudgeHere,
};
use domain::timestamps::{Clock, Timestamp};
use host::simulated::{SimulatedHost, SimulatedSettings};
use identity::oidc::exchanges::Http;
use ipnet::IpNet;
use server::{
    clocks::SystemClock, middleware::requests::Peer, router, static_files::StaticFiles, workers::Workers,
};
use store::Store;
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt;
use url::{Url, form_urlencoded};

/// Bytes of an answer, at most.
const BODY_BYTES_MAX: usize = 8 << 20;
/// A password that the rules take.
pub(crate) const PASSWORD: &str = "an otter counts seven lanterns";
/// Sign-in name of the first user.
pub(crate) const EMAIL: &str = "ann@example.org";

/// A world in which there is no proof of any domain but what tests publish.
#[derive(Default)]
pub(crate) struct TestWorld {
    /// TXT records by name.
    texts: Mutex<BTreeMap<String, String>>,
}

impl TestWorld {
    /// Has a name answer with a TXT record.
    pub(crate) fn publish(&self, name: &str, text: &str) {
        self.texts.lock().unwrap().insert(name.to_owned(), text.to_owned());
    }
}

#[async_trait]
impl LookUps for TestWorld {
    async fn texts(&self, name: &str) -> Result<Vec<Vec<String>>, LookUpError> {
        let found = self.texts.lock().unwrap().get(name).cloned();
        Ok(found.into_iter().map(|text| vec![text]).collect())
    }

    async fn file(&self, address: &str, _: usize) -> Result<Vec<u8>, LookUpError> {
        Err(LookUpError::missing(format!("{address} answered 404.")))
    }
}

/// A clock that tests turn forward.
#[derive(Default)]
pub(crate) struct TestClock {
    /// Microseconds.
    ahead: AtomicI64,
    /// Since when it stands still; zero while it goes.
    stopped_at: AtomicI64,
}

impl TestClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.ahead.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::Relaxed);
    }

    /// Has it stand still, until tests turn it forward.
    pub(crate) fn stop(&self) {
        self.stopped_at.store(SystemClock.now().micros(), Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let at = match self.stopped_at.load(Ordering::Relaxed) {
            0 => SystemClock.now().micros(),
            stopped_at => stopped_at,
        };
        Timestamp::from_micros(at + self.ahead.load(Ordering::Relaxed))
    }
}

/// A whole installation.
pub(crate) struct Installation {
    pub(crate) router: Router,
    pub(crate) control: Control,
    pub(crate) store: Store,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) world: Arc<TestWorld>,
    pub(crate) stop: watch::Sender<bool>,
    _site: TempDir,
    _database: Box<dyn Any + Send + Sync>,
}

impl Installation {
    pub(crate) async fn new() -> Self {
        Self::at("http://localhost:8080").await
    }

    pub(crate) async fn at(public_url: &str) -> Self {
        Self::with(public_url, Vec::new()).await
    }

    /// One that believes the proxies of this range.
    pub(crate) async fn behind(proxies: &str) -> Self {
        Self::with("http://localhost:8080", vec![proxies.parse().unwrap()]).await
    }

    /// One on PostgreSQL.
    pub(crate) async fn postgres() -> Self {
        let (store, database) = store::testing::temporary_postgres().await;
        Self::on(store, database, "http://localhost:8080", Vec::new(), Arc::new(JudgeHere), None).await
    }

    /// One that has SAML responses judged by that.
    pub(crate) async fn judged_by(judge: Arc<dyn SamlJudge>) -> Self {
        let (store, directory) = store::testing::temporary_sqlite().await;
        Self::on(store, directory, "http://localhost:8080", Vec::new(), judge, None).await
    }

    /// One that reaches these providers of OpenID Connect.
    pub(crate) async fn reaching(providers: Arc<dyn Http>) -> Self {
        let (store, directory) = store::testing::temporary_sqlite().await;
        let judge = Arc::new(JudgeHere);
        Self::on(store, directory, "http://localhost:8080", Vec::new(), judge, Some(providers)).await
    }

    async fn with(public_url: &str, trusted_proxies: Vec<IpNet>) -> Self {
        let (store, directory) = store::testing::temporary_sqlite().await;
        Self::on(store, directory, public_url, trusted_proxies, Arc::new(JudgeHere), None).await
    }

    /// On a given database; `database` lives as long as the installation.
    async fn on(
        store: Store,
        database: impl Any + Send + Sync,
        public_url: &str,
        trusted_proxies: Vec<IpNet>,
        saml_judge: Arc<dyn SamlJudge>,
        provider_http: Option<Arc<dyn Http>>,
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let site = directory.path().join("site");
        build_site(&site);
        let (clock, world) = (Arc::new(TestClock::default()), Arc::new(TestWorld::default()));
        let host = SimulatedHost::open(SimulatedSettings::new("local", clock.clone())).unwrap();
        let parts = control::Parts {
            store: store.clone(),
            hosts: vec![Arc::new(host)],
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
            master_key: MasterKey::new([7; 32]),
            is_simulated: true,
            mailer: None,
            look_ups: Some(world.clone()),
            saml_judge,
            provider_http,
            public_url: public_url.to_owned(),
            breached: None,
        };
        let control = Control::open(parts).await.unwrap();
        let (stop, shutdown) = watch::channel(false);
        let (static_files, assets) = StaticFiles::load(&site).unwrap();
        let router = router::build(router::Parts {
            control: control.clone(),
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
            public_url: Url::parse(public_url).unwrap(),
            trusted_proxies,
            metrics_readers: vec![IpAddr::V4(Ipv4Addr::LOCALHOST).into()],
            static_files,
            assets,
            workers: Workers::start(&control, &shutdown),
            shutdown,
        });
        Self { router, control, store, clock, world, stop, _site: directory, _database: Box::new(database) }
    }

    /// A browser that has not been here before.
    pub(crate) fn browser(&self) -> Browser {
        Browser {
            router: self.router.clone(),
            cookies: Mutex::default(),
            headers: HeaderMap::new(),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }

    /// A browser in which the first user, just made, is signed in.
    pub(crate) async fn signed_in(&self) -> Browser {
        let browser = self.browser();
        let token = set_up::make_link(&self.control).await.unwrap();
        let answer = browser.set_up(token.expose()).await;
        assert_eq!(answer.location(), "/projects", "{}", answer.body);
        browser
    }

    /// A browser in which the first user, just made, has a project of that name.
    pub(crate) async fn with_project(&self, name: &str) -> Browser {
        let browser = self.signed_in().await;
        let answer = browser.make_project(name).await;
        assert_eq!(answer.location(), format!("/projects/{name}/services"));
        browser
    }
}

/// What `cargo xtask console` leaves, with contents of no meaning.
fn build_site(site: &std::path::Path) {
    std::fs::create_dir_all(site.join("assets")).unwrap();
    let names = ["console.css", "loader.js", "passkeys.js", "console.js", "console.wasm", "favicon.svg"];
    let hashed = |name: &str| name.replacen('.', ".0123456789abcdef.", 1);
    let manifest: BTreeMap<&str, String> = names.iter().map(|name| (*name, hashed(name))).collect();
    for name in names {
        let path = site.join("assets").join(hashed(name));
        std::fs::write(&path, format!("plain {name}")).unwrap();
        std::fs::write(format!("{}.br", path.display()), format!("brotli {name}")).unwrap();
        std::fs::write(format!("{}.gz", path.display()), format!("gzip {name}")).unwrap();
    }
    std::fs::write(site.join("manifest.json"), serde_json::to_vec(&manifest).unwrap()).unwrap();
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where a redirect leads; fails if this is none.
    #[track_caller]
    pub(crate) fn location(&self) -> &str {
        assert!(self.status.is_redirection(), "{} {}", self.status, self.body);
        self.header("location")
    }

    /// Where a page leads by itself that is no redirect, because a form may have led to it; fails if this is none.
    #[track_caller]
    pub(crate) fn leads_to(&self) -> String {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        self.header("refresh").strip_prefix("0; url=").expect(&self.body).to_owned()
    }

    /// The path that a redirect leads to; empty if this is none.
    pub(crate) fn place(&self) -> &str {
        self.header("location").split('?').next().unwrap_or_default()
    }

    /// `Set-Cookie` lines for that cookie.
    pub(crate) fn set_cookies(&self, name: &str) -> Vec<&str> {
        let lines = self.headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap());
        lines.filter(|line| line.split('=').next() == Some(name)).collect()
    }
}

/// A browser without script: keeps cookies, sends what browsers send.
pub(crate) struct Browser {
    router: Router,
    cookies: Mutex<BTreeMap<String, String>>,
    /// Sent with every request, instead of what would be sent.
    pub(crate) headers: HeaderMap,
    pub(crate) address: IpAddr,
}

impl Browser {
    /// The same browser (with the cookies it has now), sending another header.
    pub(crate) fn with_header(&self, name: &'static str, value: &str) -> Self {
        let mut headers = self.headers.clone();
        headers.insert(name, value.parse().unwrap());
        let cookies = Mutex::new(self.cookies.lock().unwrap().clone());
        Self { router: self.router.clone(), cookies, headers, address: self.address }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// Sends a form that stands on the page `from`.
    pub(crate) async fn post(&self, from: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Method::POST, path, Some((from, body))).await
    }

    /// Goes to where redirects lead, at most ten times.
    pub(crate) async fn follow(&self, mut answer: Answer) -> Answer {
        for _ in 0..10 {
            if !answer.status.is_redirection() {
                break;
            }
            let location = answer.location().to_owned();
            answer = self.get(&location).await;
        }
        answer
    }

    /// Sends a request, with a form if there is one: the page that it stands on, and its fields.
    pub(crate) async fn send(&self, method: Method, path: &str, form: Option<(&str, String)>) -> Answer {
        let answer = self.router.clone().oneshot(self.request(method, path, form)).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, BODY_BYTES_MAX).await.unwrap();
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        self.keep_cookies(&answer);
        answer
    }

    /// The request as a browser would send it.
    pub(crate) fn request(&self, method: Method, path: &str, form: Option<(&str, String)>) -> Request<Body> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "localhost:8080".parse().unwrap());
        headers.insert(header::ACCEPT, "text/html,application/xhtml+xml".parse().unwrap());
        headers.insert(header::USER_AGENT, "test browser".parse().unwrap());
        let cookies = self.cookies.lock().unwrap();
        if !cookies.is_empty() {
            let cookies: Vec<String> =
                cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        }
        if let Some((from, _)) = &form {
            headers.insert(header::REFERER, format!("http://localhost:8080{from}").parse().unwrap());
            headers.insert(header::ORIGIN, "http://localhost:8080".parse().unwrap());
            headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
            headers.insert(header::CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap());
        }
        for (name, value) in &self.headers {
            // An empty value takes the header away.
            match value.is_empty() {
                true => drop(headers.remove(name)),
                false => drop(headers.insert(name, value.clone())),
            }
        }
        let body = form.map_or_else(Body::empty, |(_, body)| Body::from(body));
        let mut request = Request::builder().method(method).uri(path).body(body).unwrap();
        *request.headers_mut() = headers;
        request.extensions_mut().insert(Peer(self.address));
        request
    }

    fn keep_cookies(&self, answer: &Answer) {
        let mut cookies = self.cookies.lock().unwrap();
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    pub(crate) fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    pub(crate) async fn set_up(&self, token: &str) -> Answer {
        let fields = [
            ("token", token),
            ("organization", "Acme"),
            ("name", "Ann"),
            ("email", EMAIL),
            ("password", PASSWORD),
        ];
        self.post(&format!("/set-up/{token}"), "/api/set_up/complete", &fields).await
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.post("/sign-in", "/api/sign_in", &[("email", email), ("password", password)]).await
    }

    /// Id of the organization, as the form on the projects page has it.
    pub(crate) async fn organization(&self) -> String {
        let page = self.get("/projects").await.body;
        hidden_value(&page, "organization")
    }

    pub(crate) async fn make_project(&self, name: &str) -> Answer {
        let organization = self.organization().await;
        let fields = [("organization", organization.as_str()), ("name", name)];
        self.post("/projects", "/api/projects/create", &fields).await
    }

    pub(crate) async fn make_service(&self, project: &str, name: &str) -> Answer {
        let fields = [
            ("project", project),
            ("name", name),
            ("service_type", "pg"),
            ("plan", "hobbyist"),
            ("cloud", "local-main"),
        ];
        self.post(&format!("/projects/{project}/services/new"), "/api/services/create", &fields).await
    }

    /// Looks at a page until it contains a text.
    #[track_caller]
    pub(crate) fn until<'a>(
        &'a self,
        path: &'a str,
        text: &'a str,
    ) -> impl Future<Output = Answer> + use<'a> {
        let caller = std::panic::Location::caller();
        async move {
            let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
            loop {
                let answer = self.get(path).await;
                if answer.body.contains(text) {
                    return answer;
                }
                assert!(
                    tokio::time::Instant::now() < deadline,
                    "{caller}: {text} is not on {path}: {}",
                    answer.body
                );
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// The value of a hidden field on a page.
#[track_caller]
pub(crate) fn hidden_value(page: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\"");
    let tag = page.split('<').find(|tag| tag.starts_with("input") && tag.contains(&mark)).unwrap();
    tag.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}
