//! `lienthong doctor`: looks at everything that a node needs and says what is wrong and what to do.

mod gate;
mod listener;
mod local;
mod network;
mod report;
mod rights;
mod trust;

use std::path::PathBuf;
use std::process::ExitCode;

use base::{Clock as _, PartyId, SystemClock};

use crate::EXIT_CHECK_FAILED;
use crate::config::Config;
use report::Report;

/// Arguments of `doctor`.
#[derive(clap::Args)]
pub struct Args {
    /// Tệp cấu hình / configuration file.
    #[arg(long, default_value = "lienthong.toml")]
    config: PathBuf,
    /// Kết quả dạng JSON / output as JSON.
    #[arg(long)]
    json: bool,
    /// Báo cáo cổng an toàn của hệ thống này / the report of the readiness gate of this subsystem, such as
    /// `VN-DEMO/GOV/H17/MOTCUA`.
    #[arg(long, value_name = "PARTY")]
    gate: Option<PartyId>,
    /// Ghi báo cáo cổng an toàn vào tệp .html, .pdf hoặc .json / write that report to a file that ends so.
    #[arg(short, long, value_name = "FILE", requires = "gate", conflicts_with = "json")]
    output: Option<PathBuf>,
}

/// Examines a node; what it has is not changed.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    if let Some(party) = &args.gate {
        return gate::run(party, &args).await;
    }
    let mut report = Report::default();
    match Config::read(&args.config) {
        Ok(config) => {
            report
                .good(("Cấu hình", "configuration"), format!("{} — {}", args.config.display(), config.node));
            examine(&config, &args, &mut report).await;
        }
        Err(mistakes) => {
            let remedy = (
                "sửa tệp rồi kiểm tra bằng `lienthong check-config`",
                "correct the file, then `lienthong check-config`",
            );
            report.wrong(("Cấu hình", "configuration"), mistakes.to_string(), remedy);
        }
    }
    if args.json {
        println!("{:#}", report.json());
    } else {
        print!("{}", report.text());
    }
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_CHECK_FAILED) })
}

async fn examine(config: &Config, args: &Args, report: &mut Report) {
    let now = SystemClock.now();
    let keys = local::keys(config, report);
    let own = local::certificates(config, keys.as_ref(), now, report);
    local::permissions(config, &args.config, report);
    local::space(config, report);
    let running = local::store(config, report).await;
    network::ports(&listener::listeners(config), running, report).await;
    let directory = network::directory(config, now, report).await;
    network::clock(&config.directory.url, report).await;
    if let Some(directory) = &directory {
        trust::registered(config, directory, &own, now, report);
        rights::registry(config, directory, (keys.as_ref(), &own), report).await;
        network::peers(config, directory, report).await;
    }
}
