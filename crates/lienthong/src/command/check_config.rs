//! `lienthong check-config`.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::Config;

/// Arguments of `check-config`.
#[derive(clap::Args)]
pub struct Args {
    /// Tệp cấu hình / configuration file.
    #[arg(long, default_value = "lienthong.toml")]
    config: PathBuf,
}

/// Reports every mistake of the file.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.config)?;
    let (services, grants) = (config.rights.services().count(), config.rights.grants().count());
    println!("Đúng / correct: {} — {services} dịch vụ / services, {grants} quyền / grants", config.node);
    for notice in &config.notices {
        println!("! {notice}");
    }
    if let Some(elsewhere) = &config.registry_elsewhere {
        println!(
            "Quyền lấy từ / rights from {} ({}), {} s",
            elsewhere.url, elsewhere.member, config.stale_after_s
        );
    }
    Ok(ExitCode::SUCCESS)
}
