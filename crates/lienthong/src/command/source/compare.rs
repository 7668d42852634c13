//! `lienthong source compare`: a comparison by hand, of a service that tells its changes by hashes.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, bail};
use base::SystemClock;
use sources::changes::compare;
use sources::definition::Changes;
use sources::serve::Service;

use crate::config::Config;
use crate::credentials::Unsealer;
use crate::{node, sources_role};

/// Arguments of `source compare`.
#[derive(clap::Args)]
pub struct Compare {
    /// Tệp định nghĩa có `[changes] by = "hash"` / definition file with `[changes] by = "hash"`.
    file: PathBuf,
    /// Tệp cấu hình của nút có mục [sources] / configuration of the node with the section [sources].
    #[arg(long, default_value = "lienthong.toml")]
    config: PathBuf,
    /// Tin cả khi nguồn mất hơn một nửa số dòng / believe a source that has lost more than half of its rows.
    #[arg(long)]
    few_rows: bool,
}

/// Carries the command out.
pub async fn run(args: &Compare) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.config)?;
    let section = config.sources.as_ref().with_context(|| {
        format!("{}: thiếu mục [sources] / the section [sources] is missing", args.config.display())
    })?;
    let definition = super::read_table(&args.file)?;
    if !matches!(definition.changes, Some(Changes::Hash { .. })) {
        bail!("{}: cần / wants [changes] by = \"hash\"", args.file.display());
    }
    let comparing = sources_role::comparing(&config, section, &*node::open_keys(&config)?)?;
    let definition = Unsealer::new(&config)?.opened_table(definition).await?;
    let service = Service::open(definition).await?.with_comparing(Arc::clone(&comparing));
    let started = Instant::now();
    let found = compare::run(&service, &comparing, &SystemClock, args.few_rows).await?;
    let seconds = started.elapsed().as_secs();
    if found.is_base {
        println!(
            "Lần đầu, làm mốc so sánh: {0} dòng, {seconds} s / the first time, which is the base line: {0} rows, {seconds} s",
            found.rows
        );
    } else {
        println!(
            "{0} dòng: thêm {1}, sửa {2}, xóa {3}; {seconds} s / {0} rows: {1} came, {2} changed, {3} went; {seconds} s",
            found.rows, found.added, found.changed, found.gone
        );
    }
    Ok(ExitCode::SUCCESS)
}
