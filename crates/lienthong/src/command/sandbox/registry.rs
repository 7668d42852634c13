//! `lienthong sandbox-registry`: what `cargo xtask bench registry` measures with. Nothing of it is for real registries.

use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use base::{Clock as _, PartyId, ServiceId, SystemClock};
use bytes::Bytes;
use http_body_util::Empty;
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::civil::Date;
use registry::gate::filing::{FilingId, Verdict};
use registry::grant::{self, Force, Grant, GrantId, Terms};
use registry::people::{Act, Person, Post, Role};
use registry::state::vietnam_day;
use registry::{Event, Registry, RegistryError, agency, gate, service};
use serde_json::json;

use super::figures;
use crate::command::run::{asked_to_stop, start_logging};
use crate::config::Config;
use crate::node::Node;
use crate::registry_role;
use crate::sandbox::{CONSUMER, CONSUMER_SUBSYSTEM, PROVIDER, PROVIDER_SUBSYSTEM};

/// Events written in one act.
const EVENTS_AT_ONCE: usize = 2_000;
/// Items that a party must have filed before its gate opens.
const ITEMS: [&str; 4] = ["security_level", "security_regulation", "security_minutes", "contacts"];
/// Serial numbers of the grants that are made to be revoked, behind those of any sample.
const FIRST_REVOKED: u64 = 800_000;
/// How long a grant may take to count.
const PATIENCE: Duration = Duration::from_mins(5);

/// What to do.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Ghi cơ quan, dịch vụ, quyền mẫu vào kho trống / write sample agencies, services and grants into an empty store.
    Fill(Fill),
    /// Chạy nút có sổ đăng ký và đo từ thu hồi đến từ chối / run a node with a registry, measure revocation to refusal.
    Run(Run),
    /// Đo quyết định, tìm kiếm, danh bạ trong một tiến trình / measure decisions, search and directory in one process.
    Figures(figures::Args),
}

/// Arguments of `fill`.
#[derive(clap::Args)]
pub struct Fill {
    /// Cấu hình có mục [registry] / configuration with the section [registry].
    #[arg(long)]
    config: PathBuf,
    /// Số dịch vụ / services, all of the sandbox's provider.
    #[arg(long)]
    services: usize,
    /// Số quyền / grants.
    #[arg(long)]
    grants: usize,
    /// Số đơn vị / agencies.
    #[arg(long)]
    units: usize,
}

/// Arguments of `run`.
#[derive(clap::Args)]
pub struct Run {
    /// Cấu hình có mục [registry] / configuration with the section [registry].
    #[arg(long)]
    config: PathBuf,
    /// Địa chỉ gọi dịch vụ qua nút khai thác / address of the service through the consumer's node.
    #[arg(long)]
    ask: String,
    /// Số lần thu hồi / how many grants are given and revoked.
    #[arg(long)]
    rounds: u64,
}

/// Carries out one of the commands.
pub async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Fill(args) => fill(&args).await?,
        Command::Run(args) => serve(&args).await?,
        Command::Figures(args) => println!("{}", figures::measure(&args).await?),
    }
    Ok(ExitCode::SUCCESS)
}

/// Whoever fills samples in holds every post: samples are not decided, they are written.
fn anybody() -> Person {
    let roles = [Role::PlatformOperator, Role::AgencyAdministrator, Role::DataOwner, Role::SecurityOfficer];
    let posts = roles.map(|role| Post::new(role, None)).into();
    Person { id: "sandbox".parse().expect("a constant in the right form"), posts }
}

async fn fill(args: &Fill) -> anyhow::Result<()> {
    let section = Config::read(&args.config)?.registry.context("[registry]")?;
    let registry = registry_role::open(&section, Arc::new(SystemClock)).await?;
    ensure!(registry.read(|state| state.seq) == 0, "the store is not empty");
    let now = SystemClock.now();
    let agencies = agency::sample::units(args.units);
    let agencies = agencies
        .chunks(EVENTS_AT_ONCE)
        .map(|some| Event::Agency(agency::Event::PutMany { agencies: some.to_vec() }));
    for many in agencies {
        write(&registry, Act::AgencyPut, vec![many]).await?;
    }
    let ids = service_ids(args.services)?;
    in_parts(&registry, Act::ServicePut, args.services, |range| {
        let put = |nth: usize| {
            let service = service::sample::service(nth);
            Event::Service(service::Event::Put(Box::new(service::Service {
                id: ids[nth].clone(),
                ..service
            })))
        };
        range.map(put).collect()
    })
    .await?;
    file_all(&registry, args.grants, vietnam_day(now)).await?;
    in_parts(&registry, Act::GrantChange, args.grants, |range| {
        let until = now.plus_secs(365 * 86_400);
        let issued = |nth| grant::Event::Issued(Box::new(grant::sample::grant(nth, &ids, until)));
        range.map(|nth| Event::Grant(issued(nth))).collect()
    })
    .await?;
    println!("{}", json!({ "entries": registry.read(|state| state.seq) }));
    Ok(())
}

/// Services of the sandbox's provider, as its configuration must name them: `dich-vu-00000` and so on.
fn service_ids(count: usize) -> anyhow::Result<Vec<ServiceId>> {
    let id = |nth| Ok(format!("{PROVIDER}/{PROVIDER_SUBSYSTEM}/dich-vu-{nth:05}").parse()?);
    (0..count).map(id).collect()
}

/// Every party has filed what its gate asks for.
async fn file_all(registry: &Registry, grants: usize, today: Date) -> anyhow::Result<()> {
    let own = [format!("{PROVIDER}/{PROVIDER_SUBSYSTEM}"), format!("{CONSUMER}/{CONSUMER_SUBSYSTEM}")];
    let mut parties = own.iter().map(|party| party.parse()).collect::<Result<Vec<PartyId>, _>>()?;
    parties.extend((0..grants.min(grant::sample::CONSUMERS)).map(grant::sample::consumer));
    in_parts(registry, Act::GateFile, parties.len() * ITEMS.len(), |range| {
        let events = range.flat_map(|nth| {
            let id = FilingId(nth as u64 + 1);
            let (party, item) = (&parties[nth / ITEMS.len()], ITEMS[nth % ITEMS.len()]);
            let filing = filing(party, item, today);
            let verdict = Verdict::Accepted;
            [gate::Event::Filed { id, filing: Box::new(filing) }, gate::Event::Judged { id, verdict }]
        });
        events.map(Event::Gate).collect()
    })
    .await
}

fn filing(party: &PartyId, item: &str, today: Date) -> gate::filing::Filing {
    let mut filing = json!({
        "party": party, "item": item, "number": "12/VB-MAU", "issued_on": today, "document": "ab".repeat(32),
    });
    match item {
        "security_level" => filing["level"] = json!(3),
        "contacts" => {
            filing["contacts"] = ["business", "technical", "security"]
                .map(|duty| json!({ "duty": duty, "name": "Trực ban", "phone": "0236 000 000" }))
                .into();
        }
        _ => {}
    }
    serde_json::from_value(filing).expect("written in the form of a filing")
}

/// Writes so many things, some at a time.
async fn in_parts(
    registry: &Registry,
    act: Act,
    count: usize,
    make: impl Fn(Range<usize>) -> Vec<Event>,
) -> anyhow::Result<()> {
    for from in (0..count).step_by(EVENTS_AT_ONCE) {
        write(registry, act, make(from..(from + EVENTS_AT_ONCE).min(count))).await?;
    }
    Ok(())
}

async fn write(registry: &Registry, act: Act, events: Vec<Event>) -> Result<(), RegistryError> {
    registry.act(&anybody(), act, None, "sandbox", |_, _| Ok(events.clone())).await.map(drop)
}

/// Runs the node; measures as soon as calls come through; prints the times and goes on until it is stopped.
async fn serve(args: &Run) -> anyhow::Result<()> {
    start_logging(false);
    let node = Node::start(&args.config).await?;
    let registry = node.registry.clone().context("[registry]")?;
    let measured = tokio::select! {
        measured = revocations(&registry, args) => measured?,
        stopped = asked_to_stop() => { stopped?; Vec::new() }
    };
    println!("{}", json!({ "refused_after_ms": measured }));
    asked_to_stop().await?;
    node.stop().await;
    Ok(())
}

/// Milliseconds from a revocation that is written down to the first call that is refused, once for each round.
async fn revocations(registry: &Registry, args: &Run) -> anyhow::Result<Vec<f64>> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let service: ServiceId = format!("{PROVIDER}/{PROVIDER_SUBSYSTEM}/thu").parse()?;
    let mut all = Vec::new();
    for round in 0..args.rounds {
        let id = GrantId::new(2026, FIRST_REVOKED + round);
        let grant = Grant {
            id: id.clone(),
            to: format!("{CONSUMER}/{CONSUMER_SUBSYSTEM}").parse()?,
            service: service.clone(),
            terms: Terms { legal_basis: "mẫu".to_owned(), ..Terms::default() },
            decision: format!("mau-{round}"),
            force: Force::Active,
            reason: None,
        };
        write(registry, Act::GrantChange, vec![Event::Grant(grant::Event::Issued(Box::new(grant)))]).await?;
        until(&client, &args.ask, true).await?;
        let pause = grant::Pause { id, if_version: None, reason: "Đo / measured".to_owned() };
        let decide =
            |state: &registry::State, moment: &registry::Moment| grant::revoke(state, moment, &pause);
        registry.act(&anybody(), Act::GrantChange, None, "sandbox", decide).await?;
        let written = Instant::now();
        until(&client, &args.ask, false).await?;
        all.push(written.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(all)
}

/// Asks until the answer is, or is not, the service's.
async fn until(
    client: &Client<HttpConnector, Empty<Bytes>>,
    ask: &str,
    answered: bool,
) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        let request = Request::get(ask).header("x-road-client", format!("{CONSUMER}/{CONSUMER_SUBSYSTEM}"));
        // The nodes may still be starting.
        let status = client.request(request.body(Empty::new())?).await.map(|answer| answer.status());
        match status {
            Ok(status) if status.is_success() == answered => return Ok(()),
            Ok(_) if !answered => {}
            _ => tokio::time::sleep(Duration::from_millis(2)).await,
        }
        ensure!(
            started.elapsed() < PATIENCE,
            "calls are not {}",
            if answered { "answered" } else { "refused" }
        );
    }
}
