//! `lienthong sandbox-sources`: what `cargo xtask bench sources` measures with.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::bail;
use futures_util::future::try_join_all;
use serde_json::json;
use sources::engine::Engine;
use sources::query::{Page, Query};
use sources::{Address, Definition, bare};

use crate::command::run::{asked_to_stop, start_logging};
use crate::config::SourcesSection;
use crate::credentials::Unsealer;
use crate::sources_role;
use crate::sources_role::Means;
use crypto::sign::Passphrase;
use sources::changes::compare::Comparing;
use std::sync::Arc;

/// What to do.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Phục vụ một thư mục định nghĩa như nút phục vụ / serve a folder of definitions as a node does, until stopped.
    Serve(Serve),
    /// Hỏi CSDL bằng trình điều khiển, không qua HTTP / ask the database by the driver alone, without HTTP.
    Driver(Driver),
}

/// Arguments of `serve`.
#[derive(clap::Args)]
pub struct Serve {
    /// Thư mục định nghĩa / folder of definitions.
    #[arg(long)]
    dir: PathBuf,
    /// Địa chỉ phục vụ / where to answer.
    #[arg(long)]
    listen: SocketAddr,
}

/// Arguments of `driver`.
#[derive(clap::Args)]
pub struct Driver {
    /// Tệp định nghĩa / definition file: its statements are asked.
    #[arg(long)]
    definition: PathBuf,
    /// Địa chỉ có mật khẩu / address with its password, PostgreSQL.
    #[arg(long, env = "LIENTHONG_BENCH_URL")]
    url: String,
    /// Số dòng của bảng / rows of the table, numbered from 1.
    #[arg(long)]
    rows: u64,
    /// Số kết nối / connections.
    #[arg(long)]
    connections: u64,
    /// Số giây / seconds.
    #[arg(long)]
    seconds: u64,
    /// Tham số lọc của trang; không có là tra cứu / filter of a page; without it rows are looked up.
    #[arg(long)]
    page_by: Option<String>,
}

/// Carries a command out.
pub async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(args) => serve(args).await,
        Command::Driver(args) => drive(args).await,
    }
}

async fn serve(args: Serve) -> anyhow::Result<ExitCode> {
    start_logging(false);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let store = format!("sqlite:{}", args.dir.join("sources.db").display());
    // Nothing is sealed or compared here.
    let unsealer = Unsealer::with(Passphrase::new("sandbox".into())?, "sandbox".into());
    let means = Means { unsealer, comparing: Arc::new(Comparing::new(&store, b"sandbox")) };
    let section = SourcesSection { store, dir: args.dir, listen: args.listen };
    let running = sources_role::start(&section, means, stopped).await?;
    asked_to_stop().await?;
    stop.send_replace(true);
    if let Some(serving) = running.serving {
        serving.await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks as often as it goes, over connections that each ask one after the other.
async fn drive(args: Driver) -> anyhow::Result<ExitCode> {
    let definition = Definition::parse(&std::fs::read_to_string(&args.definition)?)?;
    let query = Query::new(&definition, Engine::Postgres);
    let statement = match &args.page_by {
        Some(parameter) => {
            let filters = vec![(parameter.clone(), "1".to_owned())];
            query.page(&Page { filters, limit: PAGE_ROWS, ..Page::default() })?
        }
        None => query.one("1")?,
    };
    if statement.parameters.len() != 1 {
        bail!("a statement with one parameter is wanted: {}", statement.sql);
    }
    let address: Address = args.url.parse()?;
    let until = Instant::now() + Duration::from_secs(args.seconds);
    let began = Instant::now();
    let looks_up = args.page_by.is_none();
    let asking = (1..=args.connections).map(|seed| {
        let (address, statement) = (address.clone(), statement.clone());
        let mut keys = Keys { seed, rows: args.rows, looks_up };
        let asking = async move { bare::ask(&address, &statement, || keys.next(), until).await };
        async move { anyhow::Ok(tokio::spawn(asking).await??) }
    });
    let came = try_join_all(asking).await?;
    let seconds = began.elapsed().as_secs_f64();
    let calls: u64 = came.iter().map(|came| came.answers).sum();
    let bytes: usize = came.iter().map(|came| came.bytes).sum();
    println!("{}", json!({ "calls": calls, "bytes": bytes, "seconds": seconds }));
    Ok(ExitCode::SUCCESS)
}

/// Rows of a page; the statement asks for one more.
const PAGE_ROWS: u32 = 100;

/// Keys of invented rows, by chance from a seed.
struct Keys {
    seed: u64,
    rows: u64,
    looks_up: bool,
}

impl Keys {
    fn next(&mut self) -> String {
        // Numbers of Knuth's MMIX generator; its upper bits are the random ones.
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let row = (self.seed >> 33) % self.rows + 1;
        // The personal number that the benchmark gives the row of this number.
        if self.looks_up { format!("{:012}", row * 7_919) } else { row.to_string() }
    }
}
