//! `lienthong demo`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use simulators::population::{self, Plan as People, Population, Sample};
use tokio::sync::watch;

use super::authority::serve;
use super::run::{asked_to_stop, start_logging};
use crate::node::Node;
use crate::ops;
use crate::sandbox::{
    self, CONSUMER, CONSUMER_SUBSYSTEM, INSTANCE, PROVIDER, PROVIDER_SUBSYSTEM, Plan, Ports, Sandbox,
    SandboxService,
};

/// Written when everything runs, removed at the end.
const READY_FILE: &str = "demo.json";

const SERVICES: [(&str, bool, bool); 5] = [
    ("xac-thuc-cong-dan", false, true),
    ("tra-cuu-cong-dan", true, true),
    ("tra-cuu-ho", false, true),
    ("tra-cuu-cu-tru", true, true),
    ("thong-ke-dan-cu", false, false),
];

/// Arguments of `demo`.
#[derive(clap::Args)]
pub struct Args {
    /// Thư mục dữ liệu / data folder.
    #[arg(long, default_value = "lienthong-demo")]
    data: PathBuf,
    /// Cổng đầu tiên của bảy cổng liên tiếp / first of seven ports in a row.
    #[arg(long, default_value_t = 7480)]
    port_base: u16,
    /// Số người trong cơ sở dân cư giả định / people in the invented population base.
    #[arg(long, default_value_t = population::PEOPLE)]
    people: u32,
    /// Hạt giống của dữ liệu giả định / seed of the invention.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs two nodes, the directory and the population base until Ctrl-C.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    if std::env::var_os("RUST_LOG").is_some() {
        start_logging(false);
    }
    ops::install_metrics();
    let ports = Ports { base: args.port_base };
    ports.check_free()?;
    let plan = plan(&args, ports);
    let sandbox = sandbox::prepare(&plan).await?;
    let ready = plan.dir.join(READY_FILE);
    // Left over by a demo that was killed.
    let _ = std::fs::remove_file(&ready);

    let file = plan.dir.join("population.db");
    let Some(population) = until_stopped(build(&file, &args)).await? else { return Ok(ExitCode::SUCCESS) };
    let sample = population.sample().await?;
    let system = population::serve(population, ports.system()).await?;
    let (stop, stopped) = watch::channel(false);
    let listener = tokio::net::TcpListener::bind(ports.directory()).await?;
    let centre = tokio::spawn(serve::serve(listener, sandbox.repository.clone(), stopped));
    let provider = Node::start(&sandbox.provider).await?;
    let consumer = Node::start(&sandbox.consumer).await?;

    let facts = facts(&plan, &sandbox, &sample)?;
    write_whole(&ready, &serde_json::to_string_pretty(&facts)?)?;
    print_tour(&plan, &facts);
    asked_to_stop().await?;
    println!("\nĐang dừng… / stopping…");
    let _ = std::fs::remove_file(&ready);
    consumer.stop().await;
    provider.stop().await;
    stop.send_replace(true);
    // Kept-alive connections of this process would hold the two for as long as they like.
    let _ = tokio::time::timeout(Duration::from_secs(2), async { (centre.await, system.stop().await) }).await;
    println!("Đã dừng; dữ liệu còn ở {0} / stopped; the data stay in {0}", plan.dir.display());
    Ok(ExitCode::SUCCESS)
}

fn plan(args: &Args, ports: Ports) -> Plan {
    let service =
        |(code, about_person, granted)| SandboxService { code, about_person, granted, described: true };
    Plan {
        dir: args.data.clone(),
        ports,
        system: format!("http://{}", ports.system()),
        services: SERVICES.into_iter().map(service).collect(),
        stores: None,
        sign: "batch".into(),
        more: String::new(),
        timestamp: None,
    }
}

/// The result, or nothing when the user asked to stop first.
async fn until_stopped<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<Option<T>> {
    tokio::select! {
        done = work => done.map(Some),
        asked = asked_to_stop() => { asked?; println!("\nĐã dừng / stopped"); Ok(None) }
    }
}

async fn build(file: &Path, args: &Args) -> anyhow::Result<Population> {
    let bar = ProgressBar::hidden();
    let shown = bar.clone();
    let style = ProgressStyle::with_template(
        "Tạo cơ sở dân cư giả định / inventing the population {bar:30} {percent}% {eta}",
    )?;
    let progress = Arc::new(move |done: u64, all: u64| {
        if shown.is_hidden() {
            shown.set_draw_target(indicatif::ProgressDrawTarget::stderr());
            shown.set_style(style.clone());
            shown.set_length(all);
        }
        shown.set_position(done);
    });
    let people = People { people: args.people, seed: args.seed };
    population::ensure(file, &people, progress).await?;
    bar.finish_and_clear();
    Ok(Population::open(file).await?)
}

/// Everything that scripts need: `demo.json`.
fn facts(plan: &Plan, sandbox: &Sandbox, sample: &Sample) -> anyhow::Result<Value> {
    let subsystem = format!("{PROVIDER}/{PROVIDER_SUBSYSTEM}");
    let of = |granted: bool| {
        SERVICES.into_iter().filter(move |s| s.2 == granted).map(|s| format!("{subsystem}/{}", s.0))
    };
    let services: Vec<String> = of(true).collect();
    let not_granted = of(false).next().context("one service is not granted")?;
    let ask_base = format!("http://{}", plan.ports.ask());
    let client = format!("{CONSUMER}/{CONSUMER_SUBSYSTEM}");
    Ok(json!({
        "instance": INSTANCE,
        "consumer": { "client": client, "ask_base": ask_base, "config": sandbox.consumer, "ops": format!("http://{}", plan.ports.consumer_ops()) },
        "provider": {
            "member": PROVIDER, "subsystem": subsystem, "config": sandbox.provider,
            "peer": plan.ports.provider_nodes().to_string(), "ops": format!("http://{}", plan.ports.provider_ops()),
        },
        "services": services,
        "not_granted": not_granted,
        "directory": { "url": format!("http://{}/", plan.ports.directory()), "root": sandbox.root, "target": directory::TARGET },
        "sample": sample,
        "try": tour(&ask_base, &client, &not_granted, &Paths::new(plan, sandbox)?, sample),
    }))
}

struct Paths {
    program: String,
    config: String,
    evidence: String,
    authority: String,
}

impl Paths {
    fn new(plan: &Plan, sandbox: &Sandbox) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        let dir = std::path::absolute(&plan.dir)?;
        Ok(Self {
            program: quoted(&program),
            config: quoted(&sandbox.consumer),
            evidence: quoted(&dir.join("demo-1.evidence.json")),
            authority: quoted(&dir.join("centre/ca/ca.pem")),
        })
    }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

fn tour(ask: &str, client: &str, not_granted: &str, paths: &Paths, sample: &Sample) -> [String; 5] {
    let Paths { program, config, evidence, authority } = paths;
    let base = format!("{ask}/r1/{PROVIDER}/{PROVIDER_SUBSYSTEM}");
    let number = &sample.number;
    [
        format!(
            "curl -s {base}/tra-cuu-cong-dan/{number} -H 'X-Road-Client: {client}' -H 'X-Road-Id: demo-1'"
        ),
        format!("curl -s {ask}/r1/{not_granted} -H 'X-Road-Client: {client}'"),
        format!("{program} evidence list --config {config}"),
        format!(
            "{program} evidence export --id demo-1 --config {config} -o {evidence} --force && {program} evidence verify {evidence} --trust {authority}"
        ),
        format!("curl -s {base}/allowedMethods -H 'X-Road-Client: {client}'"),
    ]
}

fn print_tour(plan: &Plan, facts: &Value) {
    let says = [
        ("Hỏi về một người (gọi qua hai nút)", "Ask about a person (through both nodes)"),
        ("Hỏi dịch vụ chưa được cấp quyền", "Ask for something that is not granted"),
        ("Xem chứng cứ của các cuộc gọi", "See the evidence of the calls"),
        ("Xuất và kiểm tra chứng cứ, không cần nút", "Export evidence and verify it offline"),
        ("Liệt kê dịch vụ được phép gọi", "List the services that may be called"),
    ];
    println!("Liên Thông đang chạy: nút trung ương (Bộ Công an) và nút tỉnh (Đà Nẵng).");
    println!(
        "Liên Thông is running: a central node (Ministry of Public Security) and a provincial one (Đà Nẵng)."
    );
    println!("Dữ liệu giả định / invented data: {}\n", plan.dir.display());
    let commands = facts["try"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (number, ((vi, en), command)) in (1..).zip(says.iter().zip(commands)) {
        println!("{number}. {vi} / {en}:\n   {}\n", command.as_str().unwrap_or_default());
    }
    println!("Ctrl-C để dừng / Ctrl-C stops.");
}

/// Writes beside and renames, so that a script never reads half a file.
fn write_whole(path: &Path, text: &str) -> anyhow::Result<()> {
    let new = path.with_extension("json.new");
    std::fs::write(&new, text)?;
    std::fs::rename(&new, path)?;
    Ok(())
}
