//! `lienthong sandbox` and `lienthong sandbox-backend`: what tests and benchmarks need.

mod figures;
pub mod registry;
pub mod sources;

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::authority::serve;
use super::run::{asked_to_stop, start_logging};
use crate::sandbox::{
    self, CONSUMER, CONSUMER_SUBSYSTEM, PROVIDER, PROVIDER_SUBSYSTEM, Plan, Ports, SandboxService,
};

/// Arguments of `sandbox`.
#[derive(clap::Args)]
pub struct Args {
    /// Thư mục / folder.
    #[arg(long)]
    dir: PathBuf,
    /// Cổng đầu tiên của chín cổng / first of nine ports.
    #[arg(long, default_value_t = 7580)]
    port_base: u16,
    /// Nhật ký trên PostgreSQL: hai địa chỉ, bên khai thác rồi bên cung cấp / PostgreSQL message logs: consumer's, provider's.
    #[arg(long, num_args = 2, value_names = ["CONSUMER", "PROVIDER"])]
    stores: Option<Vec<String>>,
    /// Cách ký / how messages are signed.
    #[arg(long, default_value = "batch", value_parser = ["single", "batch"])]
    sign: String,
    /// Địa chỉ hệ thống của bên cung cấp / base URL of the provider's information system.
    #[arg(long)]
    backend: String,
    /// Tệp TOML thêm vào cả hai cấu hình / TOML file added to both configurations.
    #[arg(long)]
    more: Option<PathBuf>,
    /// Cơ quan cấp dấu thời gian: địa chỉ và chứng thư gốc / time-stamping authority: address and PEM of its anchor.
    #[arg(long, num_args = 2, value_names = ["URL", "PEM"])]
    timestamp: Option<Vec<String>>,
    /// Chạy luôn máy chủ danh bạ / serve the directory too, until stopped.
    #[arg(long)]
    serve: bool,
}

/// Arguments of `sandbox-backend`.
#[derive(clap::Args)]
pub struct BackendArgs {
    /// Cổng / port.
    #[arg(long)]
    port: u16,
    /// Độ dài câu trả lời, byte / bytes of an answer.
    #[arg(long, default_value_t = 1000)]
    bytes: usize,
}

/// Makes the environment and prints where things are, as JSON.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let ports = Ports { base: args.port_base };
    let service = |code, granted| SandboxService { code, url: format!("{}/{code}", args.backend), granted };
    let timestamp = match args.timestamp.as_deref() {
        Some([url, pem]) => Some((url.clone(), crate::node::certificate(&pem.into())?)),
        _ => None,
    };
    let plan = Plan {
        dir: args.dir,
        ports,
        services: vec![service("thu", true), service("cam", false)],
        stores: args.stores.and_then(|stores| stores.try_into().ok()),
        sign: args.sign,
        more: args.more.map(std::fs::read_to_string).transpose()?.unwrap_or_default(),
        offers: Default::default(),
        timestamp,
        registry: false,
    };
    let made = sandbox::prepare(&plan).await?;
    let facts = json!({
        "ask_base": format!("http://{}", ports.ask()),
        "client": format!("{CONSUMER}/{CONSUMER_SUBSYSTEM}"),
        "service_path": format!("/r1/{PROVIDER}/{PROVIDER_SUBSYSTEM}/thu"),
        "not_granted_path": format!("/r1/{PROVIDER}/{PROVIDER_SUBSYSTEM}/cam"),
        "consumer_config": made.consumer,
        "provider_config": made.provider,
        "consumer_ops": format!("http://{}", ports.consumer_ops()),
        "provider_ops": format!("http://{}", ports.provider_ops()),
        "provider_peer": ports.provider_nodes().to_string(),
        "repository": made.repository,
        "root": made.root,
        "directory_url": format!("http://{}/", ports.directory()),
    });
    println!("{facts}");
    if args.serve {
        start_logging(false);
        let listener = tokio::net::TcpListener::bind(ports.directory()).await?;
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let serving = tokio::spawn(serve::serve(listener, made.repository, stopped));
        asked_to_stop().await?;
        stop.send_replace(true);
        serving.await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs the stand-in information system until stopped.
pub async fn backend(args: BackendArgs) -> anyhow::Result<ExitCode> {
    let running = simulators::echo::start((Ipv4Addr::LOCALHOST, args.port).into(), args.bytes).await?;
    println!("{}", json!({ "address": running.address().to_string() }));
    asked_to_stop().await?;
    running.stop().await;
    Ok(ExitCode::SUCCESS)
}
