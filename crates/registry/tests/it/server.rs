//! A registry that serves its API on a free port, and a client for it.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use base::{Clock, FakeClock, Ts};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use registry::api::{self, Api, Parts, session::Sessions};
use registry::people::{Person, Post, Proof, Role, SignedIn};
use registry::registry::Registry;
use registry::{RegistryError, Rules};
use serde_json::Value;
use store::Db;
use testkit::TestStore;
use tokio::sync::watch;

/// Monday 9 November 2026, 08:00 in Vietnam.
pub const NOW: Ts = Ts::from_secs(1_794_186_000);

/// Everybody's password and code.
const PASSWORD: &str = "mat-khau-thu-nghiem";
const CODE: &str = "123456";
/// A password whose check takes its time.
pub const SLOW: &str = "mat-khau-cham";

/// Who there is: sign-in name, role, agency of the post.
const PEOPLE: [(&str, Role, Option<&str>); 13] = [
    ("vanhanh1", Role::PlatformOperator, None),
    ("vanhanh2", Role::PlatformOperator, None),
    ("quantri", Role::AgencyAdministrator, None),
    ("quantri.h17", Role::AgencyAdministrator, Some("000.00.00.H17")),
    ("quantri.g01", Role::AgencyAdministrator, Some("000.00.00.G01")),
    ("dulieu.g01", Role::DataOwner, Some("000.00.00.G01")),
    ("dulieu2.g01", Role::DataOwner, Some("000.00.00.G01")),
    ("dulieu.g04", Role::DataOwner, Some("000.00.00.G04")),
    ("anninh.h17", Role::SecurityOfficer, Some("000.00.00.H17")),
    ("anninh.g01", Role::SecurityOfficer, Some("000.00.00.G01")),
    ("lanhdao.h17", Role::Leader, Some("000.00.00.H17")),
    ("lanhdao.g01", Role::Leader, Some("000.00.00.G01")),
    ("kiemtoan", Role::Auditor, None),
];

/// A running registry.
pub struct Server {
    pub registry: Arc<Registry>,
    pub clock: Arc<FakeClock>,
    /// Checks of [`SLOW`] passwords that go on now, and that went on at the same time at most.
    pub checks: Arc<(AtomicUsize, AtomicUsize)>,
    base: String,
    client: Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>>,
    _stop: watch::Sender<bool>,
    /// The folder of documents.
    pub files: tempfile::TempDir,
    _store: TestStore,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {:?}", self.body))
    }

    /// The code of a problem, such as `EX-2004`.
    #[track_caller]
    pub fn problem(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        self.json()["code"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert!(self.status.is_success(), "{} {}", self.status, String::from_utf8_lossy(&self.body));
        self
    }
}

impl Server {
    /// On SQLite.
    pub async fn start() -> Self {
        Self::on(TestStore::sqlite()).await
    }

    pub async fn on(store: TestStore) -> Self {
        let clock = Arc::new(FakeClock::at(NOW));
        let db = Db::open(store.url()).await.unwrap();
        let shared: Arc<dyn Clock> = Arc::clone(&clock) as Arc<dyn Clock>;
        let registry = Registry::open(db, Rules::built_in().unwrap(), shared).await.unwrap();
        let registry = Arc::new(registry);
        let files = tempfile::tempdir().unwrap();
        let checks = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let counted = Arc::clone(&checks);
        let api = Api::new(Parts {
            registry: Arc::clone(&registry),
            sign_in: Arc::new(move |proof: &Proof<'_>, _: Ts| match *proof {
                Proof::Password { password: SLOW, .. } => {
                    let now = counted.0.fetch_add(1, SeqCst) + 1;
                    counted.1.fetch_max(now, SeqCst);
                    let (_open, never) = std::sync::mpsc::channel::<()>();
                    let _ = never.recv_timeout(Duration::from_millis(300));
                    counted.0.fetch_sub(1, SeqCst);
                    Err(RegistryError::SignIn)
                }
                Proof::Password { id, password: PASSWORD, code: CODE, .. } => {
                    let person = person(id).ok_or(RegistryError::SignIn)?;
                    Ok(SignedIn { person, code: None })
                }
                _ => Err(RegistryError::SignIn),
            }),
            standing: Arc::new(|id, _| person(id.as_str())),
            names: Arc::new(|id| Some(format!("Cán bộ {id}"))),
            sessions: Sessions::default(),
            attachments: files.path().to_owned(),
            gateways: None,
        });
        let server =
            web::Server::bind("127.0.0.1:0".parse().unwrap(), None, web::Limits::default()).await.unwrap();
        let base = format!("http://{}{}", server.address().unwrap(), api::ROOT);
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(web::router::serve(server, api::router(api), stopped));
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { registry, clock, checks, base, client, _stop: stop, files, _store: store }
    }

    /// The token of somebody who signs in.
    pub async fn sign_in(&self, id: &str) -> String {
        let credentials = serde_json::json!({ "id": id, "password": PASSWORD, "code": CODE });
        let answer = self.send(Method::POST, "/sessions", &[], Some(credentials)).await.ok();
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    /// A request in the name of somebody; the path begins behind `/api/v1`.
    pub async fn by(&self, id: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let token = format!("Bearer {}", self.sign_in(id).await);
        self.send(method, path, &[("authorization", &token)], body).await
    }

    pub async fn get(&self, id: &str, path: &str) -> Answer {
        self.by(id, Method::GET, path, None).await
    }

    /// Any request.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let json = ("content-type", "application/json");
        self.raw(method, path, &[&[json], headers].concat(), bytes).await
    }

    /// Any request with any body.
    pub async fn raw(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let (parts, body) = self.client.request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

fn person(id: &str) -> Option<Person> {
    let posts = PEOPLE.iter().filter(|(name, _, _)| *name == id);
    let posts: Vec<Post> =
        posts.map(|(_, role, at)| Post::new(*role, at.map(|code| code.parse().unwrap()))).collect();
    (!posts.is_empty()).then(|| Person { id: id.parse().unwrap(), posts })
}
