//! `lienthong demo`: two nodes, a directory, three kinds of data sources, and a registry in which a connection was fought for.

mod colleagues;
mod connect;
mod data;
pub mod office;
mod people;
mod seed;
mod story;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use simulators::population::{self, Plan as People, Sample};
use tokio::sync::watch;

use super::authority::serve;
use super::file;
use super::run::{asked_to_stop, start_logging};
use crate::config::Config;
use crate::node::Node;
use crate::ops;
use crate::sandbox::{
    self, CONSUMER, CONSUMER_SUBSYSTEM, INSTANCE, PROVIDER, PROVIDER_SUBSYSTEM, Plan, Ports, REGISTRY_STORE,
    Sandbox,
};
use colleagues::{Colleagues, Place};
use data::Data;
use office::Office;
use story::{Chapter, Story};

/// Written when everything runs, removed at the end.
const READY_FILE: &str = "demo.json";
/// What happened in the registry; written when the story is told to its end.
const STORY_FILE: &str = "story.json";
/// The service that the story is about.
const FAMILY: &str = "nhan-than-ho-tich";

/// Services of the population base, and whether the one-stop shop has them.
const SERVICES: [(&str, bool); 5] = [
    ("xac-thuc-cong-dan", true),
    ("tra-cuu-cong-dan", true),
    ("tra-cuu-ho", true),
    ("tra-cuu-cu-tru", true),
    ("thong-ke-dan-cu", false),
];

/// Arguments of `demo`.
#[derive(clap::Args)]
pub struct Args {
    /// Thư mục dữ liệu / data folder.
    #[arg(long, default_value = "lienthong-demo")]
    data: PathBuf,
    /// Cổng đầu tiên của mười cổng liên tiếp / first of ten ports in a row.
    #[arg(long, default_value_t = 7480)]
    port_base: u16,
    /// Số người trong cơ sở dân cư giả định / people in the invented population base.
    #[arg(long, default_value_t = population::PEOPLE)]
    people: u32,
    /// Hạt giống của dữ liệu giả định / seed of the invention.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Máy chủ MariaDB giữ sổ hộ tịch thay cho tệp SQLite / MariaDB server that keeps the civil-status register instead of an
    /// SQLite file: `mysql://USER:PASSWORD@HOST/DATABASE`; the account may make tables there.
    #[arg(long, value_name = "URL")]
    mariadb: Option<String>,
    /// Tự làm mọi bước của một đăng ký trong trang quản lý; nếu không, bản demo làm thay các bước thường lệ của người khác,
    /// trừ việc đăng ký và quyết định của chủ quản dữ liệu / take every step of a request in the console by hand: otherwise
    /// the demo takes the routine steps of the others, all but asking and the data owner's decision.
    #[arg(long)]
    by_hand: bool,
    /// Đăng nhập sổ đăng ký của bản đang chạy, in thẻ phiên rồi thôi / sign somebody in to the registry of a demo that
    /// runs and print the session's token: names are in people.json.
    #[arg(long, value_name = "PERSON")]
    token: Option<String>,
    /// Kết nối một dịch vụ đã `source publish` vào nút trung ương của bản demo đang chạy: cấp quyền cho một cửa, qua đủ các
    /// bước / connect a service that was published on the running demo's central node: the one-stop shop gets a grant.
    #[arg(long, value_name = "SUBSYSTEM/CODE", conflicts_with = "token")]
    connect: Option<String>,
}

/// Runs two nodes, the directory and the population base until Ctrl-C.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    if let Some(id) = &args.token {
        return print_token(&args, id).await;
    }
    if let Some(service) = &args.connect {
        return connect::run(&args, service).await;
    }
    if std::env::var_os("RUST_LOG").is_some() {
        start_logging(false);
    }
    ops::install_metrics();
    let ports = Ports { base: args.port_base };
    ports.check_free()?;
    let plan = plan(&args, ports);
    let sandbox = sandbox::prepare(&plan).await?;
    ensure_workers(&sandbox.provider)?;
    let ready = plan.dir.join(READY_FILE);
    // Left over by a demo that was killed.
    let _ = std::fs::remove_file(&ready);

    let people = People { people: args.people, seed: args.seed };
    let making = data::make(&plan, &sandbox, &people, args.mariadb.as_deref());
    let Some(data) = until_stopped(making).await? else { return Ok(ExitCode::SUCCESS) };
    let (stop, stopped) = watch::channel(false);
    let listener = tokio::net::TcpListener::bind(ports.directory()).await?;
    let centre = tokio::spawn(serve::serve(listener, sandbox.repository.clone(), stopped));
    let told = plan.dir.join(STORY_FILE);
    // What was told in an earlier run.
    let earlier: Option<Vec<Chapter>> = read_json(&told)?;
    let members = if earlier.is_none() { new_registry(&plan, &sandbox).await? } else { Vec::new() };
    let provider = Node::start(&sandbox.provider).await?;
    let consumer = Node::start(&sandbox.consumer).await?;
    data.answers().await?;
    let chapters = if let Some(earlier) = earlier {
        earlier
    } else {
        let telling = tell(&plan, &members, &data.sample);
        let Some(chapters) = until_stopped(telling).await? else { return Ok(ExitCode::SUCCESS) };
        file::replace(&told, serde_json::to_string_pretty(&chapters)?.as_bytes(), file::PUBLIC)?;
        chapters
    };

    let facts = facts(&plan, &sandbox, (&data, &chapters))?;
    print_tour(&plan, &facts);
    print_console(&facts, &console_people(&plan)?, args.by_hand);
    let place = Place { api: api(plan.ports), ask: format!("http://{}", plan.ports.ask()) };
    let colleagues = Colleagues::new(place, people::read(&plan.dir)?, data.sample.clone());
    let colleagues = (!args.by_hand).then(|| tokio::spawn(colleagues.work()));
    // Last: whoever waits for this file finds the tour printed.
    file::replace(&ready, serde_json::to_string_pretty(&facts)?.as_bytes(), file::PUBLIC)?;
    asked_to_stop().await?;
    println!("\nĐang dừng… / stopping…");
    let _ = std::fs::remove_file(&ready);
    if let Some(colleagues) = colleagues {
        colleagues.abort();
    }
    consumer.stop().await;
    provider.stop().await;
    stop.send_replace(true);
    // Kept-alive connections of this process would hold it for as long as they like.
    let _ = tokio::time::timeout(Duration::from_secs(2), centre).await;
    println!("Đã dừng; dữ liệu còn ở {0} / stopped; the data stay in {0}", plan.dir.display());
    Ok(ExitCode::SUCCESS)
}

fn plan(args: &Args, ports: Ports) -> Plan {
    Plan {
        dir: args.data.clone(),
        ports,
        services: Vec::new(),
        stores: None,
        sign: "batch".into(),
        more: String::new(),
        offers: data::offers(ports),
        timestamp: None,
        registry: true,
    }
}

async fn print_token(args: &Args, id: &str) -> anyhow::Result<ExitCode> {
    let members = people::read(&args.data)?;
    let names = || members.iter().map(|member| &*member.id).collect::<Vec<_>>().join(", ");
    let member = members.iter().find(|member| member.id == id);
    let member = member.with_context(|| format!("--token {id}: có / there are {}", names()))?;
    // A demo that runs says itself where, whichever ports it was given.
    let running = running(&args.data)?;
    let told = running.as_ref().and_then(|facts| facts.pointer("/registry/api")?.as_str());
    let api = told.map_or_else(|| api(Ports { base: args.port_base }), str::to_owned);
    println!("{}", Office::new(api).sign_in(member).await?);
    Ok(ExitCode::SUCCESS)
}

/// What a demo that runs says of itself.
fn running(data: &Path) -> anyhow::Result<Option<Value>> {
    read_json(&data.join(READY_FILE))
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<Option<T>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(serde_json::from_str(&text).with_context(|| path.display().to_string())?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// A registry with agencies and an inventory, in place of one whose story was cut short.
async fn new_registry(plan: &Plan, sandbox: &Sandbox) -> anyhow::Result<Vec<people::Member>> {
    let config = Config::read(&sandbox.provider)?;
    let section = config.registry.context("the provider's node of the demo runs the registry")?;
    let folder = sandbox.provider.parent().context("a configuration lies in a folder")?;
    for end in ["", "-wal", "-shm"] {
        match std::fs::remove_file(folder.join(format!("{REGISTRY_STORE}{end}"))) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    let members = people::make(&plan.dir, &section.people)?;
    seed::load(&section).await?;
    Ok(members)
}

/// The file of systems that do jobs of procedures: nobody yet, for visitors to add to.
fn ensure_workers(config: &Path) -> anyhow::Result<()> {
    let path = config.with_file_name("workers.toml");
    if path.exists() { Ok(()) } else { file::write_new(&path, b"", file::PRIVATE) }
}

/// Lives through the story, aloud.
async fn tell(plan: &Plan, members: &[people::Member], sample: &Sample) -> anyhow::Result<Vec<Chapter>> {
    println!("Chuẩn bị sổ đăng ký… / preparing the registry…");
    let working = members.iter().filter(|member| member.id != people::GUEST).cloned();
    let working: Vec<_> = working.collect();
    let office = Office::open(api(plan.ports), &working).await?;
    seed::connect(&office, story::a_year_from_now()).await?;
    println!("Câu chuyện một kết nối / the story of a connection: {}", story::head());
    Story::new(&office, &format!("http://{}", plan.ports.ask()), &sample.number).tell().await
}

/// The registry's API.
fn api(ports: Ports) -> String {
    format!("http://{}{}", ports.registry(), registry::api::ROOT)
}

/// The result, or nothing when the user asked to stop first.
async fn until_stopped<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<Option<T>> {
    tokio::select! {
        done = work => done.map(Some),
        asked = asked_to_stop() => { asked?; println!("\nĐã dừng / stopped"); Ok(None) }
    }
}

/// Everything that scripts need: `demo.json`.
fn facts(plan: &Plan, sandbox: &Sandbox, (data, chapters): (&Data, &[Chapter])) -> anyhow::Result<Value> {
    let sample = &data.sample;
    let subsystem = format!("{PROVIDER}/{PROVIDER_SUBSYSTEM}");
    let of = |granted: bool| {
        SERVICES.into_iter().filter(move |s| s.1 == granted).map(|s| format!("{subsystem}/{}", s.0))
    };
    let services: Vec<String> = of(true).collect();
    let not_granted = of(false).next().context("one service is not granted")?;
    let ask_base = format!("http://{}", plan.ports.ask());
    let client = format!("{CONSUMER}/{CONSUMER_SUBSYSTEM}");
    let paths = Paths::new(plan, sandbox)?;
    Ok(json!({
        "instance": INSTANCE,
        "consumer": { "client": client, "ask_base": ask_base, "config": sandbox.consumer, "ops": format!("http://{}", plan.ports.consumer_ops()) },
        "provider": {
            "member": PROVIDER, "subsystem": subsystem, "config": sandbox.provider,
            "peer": plan.ports.provider_nodes().to_string(), "ops": format!("http://{}", plan.ports.provider_ops()),
        },
        "services": services,
        "not_granted": not_granted,
        "sources": data.facts(&ask_base),
        "directory": { "url": format!("http://{}/", plan.ports.directory()), "root": sandbox.root, "target": directory::TARGET },
        "sample": sample,
        "try": tour(&ask_base, &client, &not_granted, &paths, sample),
        "registry": { "api": api(plan.ports), "config": sandbox.provider, "people": people::path(&std::path::absolute(&plan.dir)?) },
        "console": { "url": format!("http://{}/", plan.ports.console()) },
        "procedures": { "try": procedure_tour(plan, &paths) },
        "story": {
            "consumer": story::consumer(), "service": seed::service(FAMILY), "purpose": story::PURPOSE,
            "chapters": chapters, "try": registry_tour(&ask_base, plan, &paths, sample),
        },
    }))
}

/// Who is shown to whoever opens the console, with their passwords.
fn console_people(plan: &Plan) -> anyhow::Result<Vec<people::Member>> {
    let mut members = people::read(&plan.dir)?;
    members.retain(|member| people::IN_THE_CONSOLE.contains(&&*member.id));
    Ok(members)
}

struct Paths {
    program: String,
    data: String,
    config: String,
    provider_config: String,
    evidence: String,
    authority: String,
}

impl Paths {
    fn new(plan: &Plan, sandbox: &Sandbox) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        let dir = std::path::absolute(&plan.dir)?;
        Ok(Self {
            program: quoted(&program),
            data: quoted(&dir),
            config: quoted(&sandbox.consumer),
            provider_config: quoted(&sandbox.provider),
            evidence: quoted(&dir.join("demo-1.evidence.json")),
            authority: quoted(&dir.join("centre/ca/ca.pem")),
        })
    }
}

/// The first steps with a procedure; the walkthrough goes on from there.
fn procedure_tour(plan: &Plan, paths: &Paths) -> [String; 2] {
    let Paths { program, data, .. } = paths;
    let (registry, operator) = (plan.ports.registry(), people::OPERATOR);
    let kept = format!("--session {data}/{operator}.json");
    let file = "procedures/khai-sinh-thuong-tru-bhyt.bpmn";
    [
        format!(
            "{program} sign-in {operator} --api http://{registry} --password-file {data}/passwords/{operator} {kept}"
        ),
        format!("{program} process deploy {file} {kept}"),
    ]
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

fn tour(ask: &str, client: &str, not_granted: &str, paths: &Paths, sample: &Sample) -> [String; 5] {
    let Paths { program, config, evidence, authority, .. } = paths;
    let base = format!("{ask}/r1/{PROVIDER}/{PROVIDER_SUBSYSTEM}");
    let number = &sample.number;
    [
        format!(
            "curl -s {base}/tra-cuu-cong-dan/{number} -H 'X-Road-Client: {client}' -H 'X-Road-Id: demo-1'"
        ),
        format!("curl -s {ask}/r1/{not_granted}/49 -H 'X-Road-Client: {client}'"),
        format!("{program} evidence list --config {config}"),
        format!(
            "{program} evidence export --id demo-1 --config {config} -o {evidence} --force && {program} evidence verify {evidence} --trust {authority}"
        ),
        format!("curl -s {base}/allowedMethods -H 'X-Road-Client: {client}'"),
    ]
}

/// What the story led to, as commands.
fn registry_tour(ask: &str, plan: &Plan, paths: &Paths, sample: &Sample) -> [String; 3] {
    let Paths { program, data, provider_config, .. } = paths;
    let (service, consumer, purpose) = (seed::service(FAMILY), story::consumer(), story::PURPOSE);
    let (api, base, guest) = (api(plan.ports), plan.ports.base, people::GUEST);
    [
        format!(
            "curl -s {ask}/r1/{service}/{} -H 'X-Road-Client: {consumer}' -H 'Lienthong-Purpose: {purpose}'",
            sample.number
        ),
        format!(
            "curl -s {api}/hoarding -H \"Authorization: Bearer $({program} demo --data {data} --port-base {base} --token {guest})\""
        ),
        format!("{program} registry audit --config {provider_config}"),
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
    print_registry_tour(facts);
    print_sources(facts);
    print_procedures(facts);
}

fn print_registry_tour(facts: &Value) {
    let says = [
        (
            "Gọi bằng quyền vừa được cấp: chỉ các trường đã cấp",
            "Call with the new grant: the granted fields only",
        ),
        (
            "Đăng nhập sổ đăng ký, xem ai từ chối chia sẻ và vì sao",
            "Sign in to the registry, see who refused to share and why",
        ),
        ("Kiểm tra nhật ký sổ đăng ký", "Check the registry's journal"),
    ];
    let chapters = facts.pointer("/story/chapters").and_then(Value::as_array).map_or(0, Vec::len);
    println!("Sổ đăng ký / registry: {}/openapi.json", facts["registry"]["api"].as_str().unwrap_or_default());
    println!(
        "  câu chuyện {chapters} bước ở demo.json / the story of {chapters} steps is in demo.json: story.chapters\n"
    );
    let commands =
        facts.pointer("/story/try").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (number, ((vi, en), command)) in (6..).zip(says.iter().zip(commands)) {
        println!("{number}. {vi} / {en}:\n   {}\n", command.as_str().unwrap_or_default());
    }
}

/// Where the pages are, and as whom to look at them.
fn print_console(facts: &Value, people: &[people::Member], by_hand: bool) {
    let url = facts["console"]["url"].as_str().unwrap_or_default();
    println!("Trang quản lý, mở bằng trình duyệt / the console, for a browser: {url}");
    println!(
        "  tên đăng nhập · mật khẩu / sign-in name · password (chỉ có trong bản demo / of the demo only):"
    );
    for people::Member { id, password, name, .. } in people {
        println!("  {id:<16} {password}   {name}");
    }
    if !by_hand {
        println!(
            "  Mười phút trong trình duyệt: quan-tri.stp đăng ký kết nối, du-lieu.g01 quyết định. Bản demo làm thay các bước khác (tự làm: --by-hand)\n  \
             và gọi dịch vụ thay phần mềm của sở trong nửa giờ sau khi vận hành: xem ở Giám sát."
        );
        println!(
            "  Ten minutes in the browser: quan-tri.stp asks, du-lieu.g01 decides. The demo takes the other steps (by yourself: --by-hand)\n  \
             and calls in place of the department's software for half an hour once it is live: see Monitoring."
        );
    }
    println!("\nCtrl-C để dừng / Ctrl-C stops.");
}

fn print_procedures(facts: &Value) {
    let says = [
        ("Đăng nhập bằng dòng lệnh", "Sign in from the command line"),
        ("Triển khai một quy trình lên nút", "Deploy a procedure on the node"),
    ];
    println!("Quy trình liên thông / procedures that cross agencies:\n");
    let commands =
        facts.pointer("/procedures/try").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for ((vi, en), command) in says.iter().zip(commands) {
        println!("- {vi} / {en}:\n   {}\n", command.as_str().unwrap_or_default());
    }
    println!(
        "  chạy thử, bắt đầu hồ sơ, làm việc / try it out, begin an instance, do its work: docs/walkthroughs/run-a-procedure.md\n"
    );
}

/// The kinds of sources; the newcomer's own database is the next.
fn print_sources(facts: &Value) {
    println!(
        "Nguồn dữ liệu, mỗi dịch vụ một tệp định nghĩa / data sources, one definition file for each service:\n"
    );
    for (number, source) in (9..).zip(facts["sources"].as_array().into_iter().flatten()) {
        let text = |name: &str| source[name].as_str().unwrap_or_default();
        println!("{number}. [{}] {} / {}:", text("kind"), text("vi"), text("en"));
        println!("   {}\n   {}\n", text("definition"), text("try"));
    }
    println!(
        "CSDL PostgreSQL, MariaDB, SQLite của chính mình / a database of your own: lienthong source inspect URL\n"
    );
}
