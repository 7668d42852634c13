//! Figures of one process: decisions, search, directory.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use base::{Clock as _, MemberId, NodeId, Part, SystemClock, Ts};
use crypto::ca::{Profile, SmallCa};
use crypto::certificate::Certificate;
use crypto::sign::{Algorithm, CsrSubject, FileKeyStore, Passphrase};
use directory::authority::Options;
use directory::content::{Authority as Issuer, Content, Node};
use directory::{Authority, Client, Limits};
use exchange::rights::measure::Sample;
use registry::agency;
use registry::state::{Event, Stamp, State, vietnam_day};
use serde_json::{Value, json};

use crate::sandbox::{INSTANCE, write_private};

/// Items of a page of agencies, as the API gives them.
const PAGE_ITEMS: usize = 50;
/// Decisions that warm memory up before the measured ones.
const WARM: usize = 10_000;
/// Subsystems of each member of the directory.
const SUBSYSTEMS: usize = 3;
/// Validity of what is made here.
const VALID_S: i64 = 86_400;

/// Arguments of `figures`.
#[derive(clap::Args)]
pub struct Args {
    /// Số dịch vụ / services.
    #[arg(long)]
    services: usize,
    /// Số quyền / grants.
    #[arg(long)]
    grants: usize,
    /// Số quyết định đo / decisions that are measured.
    #[arg(long)]
    calls: usize,
    /// Số đơn vị để tìm / agencies to search in.
    #[arg(long)]
    units: usize,
    /// Số lần đặt mỗi câu tìm / how often each query is asked.
    #[arg(long)]
    searches: usize,
    /// Số thành viên của danh bạ / members of the directory.
    #[arg(long)]
    members: usize,
}

/// Measures everything, one after the other.
///
/// # Errors
/// A sample is refused, or a folder cannot be written.
pub async fn measure(args: &Args) -> anyhow::Result<Value> {
    Ok(json!({
        "decisions": decisions(args)?,
        "search": search(args),
        "directory": directory(args.members).await?,
    }))
}

fn decisions(args: &Args) -> anyhow::Result<Value> {
    let sample = Sample::new(args.services, args.grants)?;
    let timed = |one: &dyn Fn(usize) -> Option<Duration>| -> anyhow::Result<Value> {
        for nth in 0..WARM.min(args.calls) {
            one(nth).context("a call of the sample is refused")?;
        }
        let times: Option<Vec<Duration>> = (0..args.calls).map(one).collect();
        Ok(percentiles(times.context("a call of the sample is refused")?))
    };
    Ok(json!({
        "authorize": timed(&|nth| sample.decide(nth))?,
        "hash_map": timed(&|nth| sample.look_up(nth))?,
    }))
}

fn search(args: &Args) -> Value {
    let mut state = State::default();
    let stamp = Stamp { seq: 0, at: Ts(0), by: "sandbox".parse().expect("a constant in the right form") };
    let units = agency::sample::units(args.units);
    state.apply(&stamp, Event::Agency(agency::Event::PutMany { agencies: units }));
    let (today, queries) = (vietnam_day(SystemClock.now()), agency::sample::queries());
    let mut times = Vec::new();
    for query in std::iter::repeat_n(&queries, args.searches).flatten() {
        let started = Instant::now();
        let found = state.agencies.search(query, today, PAGE_ITEMS).len();
        times.push(started.elapsed());
        std::hint::black_box(found);
    }
    percentiles(times)
}

/// Microseconds below which so many of a hundred lie.
fn percentiles(mut times: Vec<Duration>) -> Value {
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    let at = |percent: usize| times.get(last * percent / 100).map_or(0.0, |time| time.as_secs_f64() * 1e6);
    json!({ "count": times.len(), "p50_us": at(50), "p99_us": at(99), "max_us": at(100) })
}

/// The size of a directory, and what it costs a node to take it over and to hear that nothing is new.
async fn directory(members: usize) -> anyhow::Result<Value> {
    let dir = tempfile::tempdir()?;
    let now = SystemClock.now();
    let file = dir.path().join("passphrase");
    write_private(&file, "only for measuring\n")?;
    let passphrase = Passphrase::from_file(&file)?;
    let content = content(dir.path(), members, &passphrase, now)?;
    let centre = dir.path().join("centre");
    let mut authority = Authority::create(&centre, Options::new(INSTANCE.parse()?), &passphrase, now).await?;
    authority.replace(content.to_json().as_bytes())?;
    let started = Instant::now();
    authority.publish(now).await?;
    let publish_ms = ms(started);
    let bytes = authority.content().to_json().len();
    let url = format!("file://{}", authority.repository_path().display());
    let client = Client::new(&authority.root_path(), &dir.path().join("cache"), &url, Limits::default())?;
    let started = Instant::now();
    let first = client.refresh().await?;
    let first_ms = ms(started);
    ensure!(first.content().members.len() == members, "the directory is another one");
    let started = Instant::now();
    client.refresh().await?;
    let same_ms = ms(started);
    Ok(json!({
        "members": members, "subsystems": members * SUBSYSTEMS, "bytes": bytes,
        "publish_ms": publish_ms, "first_ms": first_ms, "same_ms": same_ms,
    }))
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

/// Members with a signing certificate, a node and subsystems each; certificates of one key, which nobody minds here.
fn content(dir: &Path, members: usize, passphrase: &Passphrase, now: Ts) -> anyhow::Result<Content> {
    let mut keys = FileKeyStore::open(&dir.join("keys"), passphrase)?;
    keys.generate("any", Algorithm::EcdsaP256Sha256)?;
    let ca = SmallCa::create("CA", Algorithm::EcdsaP256Sha256, now)?;
    let issue = |identifier: String, profile| -> anyhow::Result<Certificate> {
        let subject = CsrSubject {
            organization: "Cơ quan mẫu".into(),
            common_name: identifier.clone(),
            identifier,
            hosts: Vec::new(),
        };
        Ok(ca.issue(&keys.csr("any", &subject)?, profile, (now.plus_secs(-3_600), now.plus_secs(VALID_S)))?)
    };
    let mut content = Content::empty(INSTANCE.parse()?, now);
    content.put_authority(Issuer {
        name: "CA".into(),
        certificate: ca.certificate(),
        intermediates: Vec::new(),
        crl_url: None,
        ocsp_url: None,
    });
    content.crls.push(ca.crl(now, now.plus_secs(VALID_S))?);
    for nth in 0..members {
        let member: MemberId = format!("{INSTANCE}/GOV/M{nth:05}").parse()?;
        let node = NodeId { owner: member.clone(), code: "NUT-1".parse()? };
        content.put_member(member.clone(), &format!("Cơ quan mẫu số {nth}"));
        content.put_signing_certificate(&member, issue(member.to_string(), Profile::Signing)?)?;
        let mut subsystems = Vec::new();
        for system in 0..SUBSYSTEMS {
            let code: Part = format!("HT-{system}").parse()?;
            content.put_subsystem(&member, &code, &format!("Hệ thống mẫu {system}"))?;
            subsystems.push(base::SubsystemId { member: member.clone(), code });
        }
        content.put_node(Node {
            tls_certificates: vec![issue(node.to_string(), Profile::Node)?],
            id: node,
            addresses: vec![format!("nut-{nth}.example.vn:5500")],
            subsystems,
            maintenance: None,
        });
    }
    Ok(content)
}
