//! Two gateways and the information systems at both ends.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base::{Clock, FakeClock, ServiceId};
use bytes::Bytes;
use exchange::body::OutBody;
use exchange::dial::{self, Destination, HttpClient};
use exchange::error::CallError;
use exchange::recorder::{self, Checkpoints, Recorder};
use exchange::rights::{ClosedGate, Connection, Grant, Grantee, Rights, Ruling, Service as Offer};
use exchange::signer::Mode;
use exchange::standing::Standing;
use exchange::tls::{DirectoryWatch, NodeVerifier};
use exchange::{Gateway, Limits, Parts, consumer, provider};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use store::Db;
use tempfile::TempDir;
use testkit::TestStore;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use web::Server;

use crate::audit;
use crate::party::{Lives, Party, START};
use crate::service::Service;
use crate::world::World;

/// The service that the consumer may call, up to its code.
pub const SERVICE: &str = "/r1/VN-TEST/GOV/G01/DANCU/dich-vu";
/// A service that exists and is granted to nobody.
pub const CLOSED: &str = "/r1/VN-TEST/GOV/G01/DANCU/kin";

/// What differs from test to test.
#[derive(Clone, Copy)]
pub struct Options {
    pub consumer: Lives,
    pub provider: Lives,
    pub consumer_limits: Limits,
    pub provider_limits: Limits,
    pub mode: Mode,
}

impl Default for Options {
    fn default() -> Self {
        let limits = Limits { call_s: 20, ..Limits::default() };
        Self {
            consumer: Lives::default(),
            provider: Lives::default(),
            consumer_limits: limits,
            provider_limits: limits,
            mode: Mode::Single,
        }
    }
}

/// One running gateway.
pub struct Node {
    pub clock: Arc<FakeClock>,
    pub db: Db,
    /// Where other nodes reach it.
    pub nodes: SocketAddr,
    /// Where its information systems reach it.
    pub systems: SocketAddr,
    pub store: TestStore,
    rights: watch::Sender<Arc<Rights>>,
    running: Running,
}

struct Running {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    _spool: TempDir,
}

/// What a gateway is started from.
struct Start<'a> {
    party: &'a Party,
    directory: DirectoryWatch,
    rights: Arc<Rights>,
    clock: Arc<FakeClock>,
    limits: Limits,
    mode: Mode,
}

impl Node {
    async fn start(from: Start<'_>, store: TestStore) -> Self {
        let Start { party, directory, rights, clock, limits, mode } = from;
        let db = Db::open(store.url()).await.unwrap();
        let signer = party.signer(mode);
        let every = Duration::from_millis(50);
        let checkpoints = Checkpoints { node: party.node.clone(), every, signer: signer.clone() };
        let time: Arc<dyn Clock> = clock.clone();
        let (recorder, writer) = Recorder::start(db.clone(), time.clone(), checkpoints).await.unwrap();
        let standing = Arc::new(Standing::default());
        let identity = party.identity();
        let spool = tempfile::tempdir().unwrap();
        let (rights, rights_now) = watch::channel(rights);
        let gw = Arc::new(Gateway::new(Parts {
            node: party.node.clone(),
            clock: time.clone(),
            directory: directory.clone(),
            rights: rights_now,
            signer,
            recorder,
            standing: standing.clone(),
            identity: identity.clone(),
            limits,
            spool_dir: spool.path().to_owned(),
            pseudonym_key: vec![7; 32].into(),
        }));
        let since = clock.now().plus_secs(-gw.nonces.window_s());
        let recent = recorder::recent_nonces(&db, since).await.unwrap();
        gw.nonces.remember(recent, clock.now().plus_secs(gw.nonces.window_s()));
        let tls = identity.accept_nodes(NodeVerifier::new(directory, standing, time, None)).unwrap();
        let any = (Ipv4Addr::LOCALHOST, 0).into();
        let limits = web::Limits { drain_s: 5, ..web::Limits::default() };
        let for_nodes = Server::bind(any, Some(Arc::new(move || tls.clone())), limits).await.unwrap();
        let for_systems = Server::bind(any, None, limits).await.unwrap();
        let (nodes, systems) = (for_nodes.address().unwrap(), for_systems.address().unwrap());
        let (stop, stopped) = watch::channel(false);
        let (as_provider, as_consumer) = (gw.clone(), gw);
        let answer = move |peer, request| provider::handle(as_provider.clone(), peer, request);
        let ask = move |peer, request| consumer::handle(as_consumer.clone(), peer, request);
        let tasks = vec![
            tokio::spawn(for_nodes.run(answer, stopped.clone())),
            tokio::spawn(for_systems.run(ask, stopped)),
            writer,
        ];
        Self { clock, db, nodes, systems, store, rights, running: Running { stop, tasks, _spool: spool } }
    }

    /// Lets calls finish, writes the log to its end, and leaves the store.
    async fn stop(self) -> (Arc<FakeClock>, TestStore) {
        self.running.stop.send_replace(true);
        for task in self.running.tasks {
            task.await.unwrap();
        }
        self.db.close().await;
        (self.clock, self.store)
    }
}

pub struct Pair {
    pub world: World,
    pub consumer: Node,
    pub provider: Node,
    pub service: Service,
    options: Options,
    system: HttpClient,
}

impl Pair {
    pub async fn new() -> Self {
        Self::with(Options::default()).await
    }

    /// Both on SQLite.
    pub async fn with(options: Options) -> Self {
        Self::on(options, TestStore::sqlite(), TestStore::sqlite()).await
    }

    pub async fn on(options: Options, at_consumer: TestStore, at_provider: TestStore) -> Self {
        let mut world = World::new(options.consumer, options.provider);
        let service = Service::start().await;
        let clock = || Arc::new(FakeClock::at(START));
        let consumer = start_consumer(&world, options, clock(), at_consumer).await;
        let provider = start_provider(&world, &service, options, (clock(), at_provider)).await;
        world.moved(&world.consumer.node.clone(), consumer.nodes);
        world.moved(&world.provider.node.clone(), provider.nodes);
        Self { world, consumer, provider, service, options, system: dial::client(Destination::Url, None) }
    }

    /// Stops the provider's node and starts it again on the same log.
    pub async fn restart_provider(mut self) -> Self {
        let old = self.provider.stop().await;
        self.provider = start_provider(&self.world, &self.service, self.options, old).await;
        self.world.moved(&self.world.provider.node.clone(), self.provider.nodes);
        self
    }

    /// From now on the provider grants this, and nothing else.
    pub fn rule(&self, grants: Vec<Grant>, gates: Vec<ClosedGate>) {
        let member = self.world.provider.member.clone();
        let rights = self.provider.rights.borrow().under(Ruling { member, grants, gates, closed: vec![] });
        self.provider.rights.send_replace(Arc::new(rights));
    }

    /// The grant of the service to the consumer, without limits.
    pub fn grant(&self) -> Grant {
        granted(&self.world)
    }

    /// Both clocks go on.
    pub fn days_later(&self, days: i64) {
        for node in [&self.consumer, &self.provider] {
            node.clock.advance_secs(days * crate::party::DAY);
        }
    }

    /// Asks as the consumer's information system.
    pub async fn ask(&self, request: http::request::Builder, body: impl Into<Bytes>) -> Answer {
        let request = request.body(OutBody::from_bytes(body.into())).unwrap();
        Answer::read(self.system.request(request).await.unwrap()).await
    }

    /// A question to the service, path and query behind its code as given.
    pub fn question(&self, method: Method, path: &str) -> http::request::Builder {
        self.question_to(SERVICE, method, path)
    }

    /// A question to any service.
    pub fn question_to(&self, service: &str, method: Method, path: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("http://{}{service}{path}", self.consumer.systems))
            .header("X-Road-Client", "VN-TEST/GOV/H17/MOTCUA")
    }

    /// A plain GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(self.question(Method::GET, path), "").await
    }

    /// Both logs are whole.
    pub async fn audit(&self) {
        for node in [&self.consumer, &self.provider] {
            audit::check(&node.db, &self.world).await;
        }
    }
}

async fn start_consumer(world: &World, options: Options, clock: Arc<FakeClock>, store: TestStore) -> Node {
    let rights =
        Rights::new(vec![(world.consumer.system.party(), Connection::PlainLoopback)], vec![], vec![]);
    let from = Start {
        party: &world.consumer,
        directory: world.at_consumer.subscribe(),
        rights: Arc::new(rights),
        clock,
        limits: options.consumer_limits,
        mode: options.mode,
    };
    Node::start(from, store).await
}

async fn start_provider(
    world: &World,
    service: &Service,
    options: Options,
    (clock, store): (Arc<FakeClock>, TestStore),
) -> Node {
    let id = |code: &str| ServiceId { provider: world.provider.system.clone(), code: code.parse().unwrap() };
    let offer = |code: &str| Offer {
        id: id(code),
        url: format!("http://{}", service.address),
        timeout: Duration::from_secs(20),
        description: None,
        subject_segment: Some(1),
        disabled: None,
        certificates: vec![],
    };
    let rights = Rights::new(
        vec![(world.provider.system.party(), Connection::Tls)],
        vec![offer("dich-vu"), offer("kin")],
        vec![granted(world)],
    );
    let from = Start {
        party: &world.provider,
        directory: world.at_provider.subscribe(),
        rights: Arc::new(rights),
        clock,
        limits: options.provider_limits,
        mode: options.mode,
    };
    Node::start(from, store).await
}

fn granted(world: &World) -> Grant {
    let service = ServiceId { provider: world.provider.system.clone(), code: "dich-vu".parse().unwrap() };
    Grant::new(Grantee::Party(world.consumer.system.party()), service)
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub async fn read(response: Response<Incoming>) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self { status: parts.status, headers: parts.headers, body }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|v| v.to_str().unwrap())
    }

    /// It is the service's answer.
    #[track_caller]
    pub fn is_answered(&self) {
        assert!(self.status.is_success() && self.header("x-road-error").is_none(), "{self:?}");
    }

    /// It is this very refusal: status, X-Road type and our code.
    #[track_caller]
    pub fn is_refused(&self, expected: &CallError) {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let message = body["message"].as_str().unwrap_or_default();
        let found = (self.status, self.header("x-road-error"), message.split(':').next());
        let (kind, code) = (expected.kind(), expected.code().to_string());
        assert_eq!(found, (expected.status(), Some(&*kind), Some(&*code)), "{self:?}");
        assert_eq!(body["type"], kind);
    }
}
