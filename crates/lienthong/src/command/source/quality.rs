//! `lienthong source quality`: the rules of a definition held against every row, now or as it was.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use base::{Clock as _, SystemClock};
use sources::protect::Protector;
use sources::quality::run::EXAMPLES;
use sources::quality::{Bounds, Report, Run, history, moment, report};
use sources::serve;
use store::Db;

use super::file;
use crate::EXIT_CHECK_FAILED;
use crate::config::Config;

/// Rows that are listed of each rule: work for weeks, and a few megabytes at most.
const LISTED_MAX: usize = 10_000;
/// Earlier runs that are shown.
const RUNS: u32 = 50;

/// Arguments of `source quality`.
#[derive(clap::Args)]
pub struct Quality {
    /// Tệp định nghĩa / definition file.
    #[arg(required_unless_present = "history")]
    file: Option<PathBuf>,
    /// Kết quả dạng JSON / output as JSON.
    #[arg(long)]
    json: bool,
    /// Ghi thêm bảng CSV, với --show-keys mỗi dòng lỗi một hàng; không ghi đè / also write a table, with --show-keys a line
    /// for each broken row; never overwrites.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Số dòng tối đa / rows at most.
    #[arg(long, default_value_t = 5_000_000)]
    rows_max: u64,
    /// Thời gian tối đa, giây / seconds at most.
    #[arg(long, default_value_t = 28_800)]
    time_s: u64,
    /// Hiện khóa đầy đủ của các dòng lỗi, để sửa / show whole keys of broken rows, to put them right.
    #[arg(long)]
    show_keys: bool,
    /// Xem các lần kiểm tra trước / show earlier runs.
    #[arg(long)]
    history: bool,
    /// Tệp cấu hình của nút; có thì lưu kết quả vào lịch sử / configuration of a node: the run is kept in its history.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Quality {
    /// Whether the table is the list of rows to work off.
    fn is_list(&self) -> bool {
        self.show_keys && self.csv.is_some() && self.config.is_none()
    }
}

/// Carries the command out.
pub async fn run(args: &Quality) -> anyhow::Result<ExitCode> {
    if args.history {
        return show_history(args).await;
    }
    let definition = super::read_table(args.file.as_deref().unwrap_or(Path::new("")))?;
    let source = serve::open(&definition).await?;
    let protector = Protector::new(definition.limits.at_once);
    let stop = stop_at_ctrl_c();
    // Whole keys are for who asked, never for the history.
    let keep = args.config.is_some();
    let bounds = Bounds {
        rows_max: args.rows_max,
        time: Duration::from_secs(args.time_s),
        whole_keys: args.show_keys && !keep,
        examples: if args.is_list() { LISTED_MAX } else { EXAMPLES },
    };
    let (definition, source, protector) = (&definition, &source, &protector);
    let run = Run { definition, source, protector, now: moment(SystemClock.now()), bounds, stop: &stop };
    let shown = std::io::stderr().is_terminal();
    let report = run
        .carry_out(|rows| {
            if shown {
                eprint!("\r{rows} dòng / rows ");
            }
        })
        .await?;
    if shown {
        eprintln!();
    }
    if let Some(path) = &args.csv {
        let table = if args.is_list() { report::rows_csv(&report)? } else { report::csv(&report)? };
        file::write_new(path, &table, file::PRIVATE)?;
    }
    if let Some(config) = &args.config {
        history::keep(&store(config).await?, &report).await?;
    }
    if args.json {
        println!("{:#}", serde_json::to_value(&report)?);
    } else {
        print_report(&report);
    }
    let whole = report.identity_is_whole() && report.complete().is_ok();
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(EXIT_CHECK_FAILED) })
}

/// A flag that Ctrl-C sets, so that what was read so far is told.
pub(super) fn stop_at_ctrl_c() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&stop);
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            set.store(true, Ordering::Relaxed);
        }
    });
    stop
}

async fn store(config: &Path) -> anyhow::Result<Db> {
    let config = Config::read(config)?;
    let section = config.sources.context("thiếu mục / the section is missing: [sources]")?;
    Ok(Db::open(&section.store).await?)
}

fn percent(index: Option<f64>) -> String {
    index.map_or_else(|| "—".to_owned(), |index| format!("{index:.2}"))
}

fn print_report(report: &Report) {
    println!("{}   {} dòng / rows   {} ms\n", report.service, report.rows, report.took_ms);
    for rule in &report.rules {
        let mark = if rule.failed == 0 { " " } else { "✗" };
        let ((check, check_en), (severity, severity_en)) = (rule.check.title(), rule.severity.title());
        println!(
            "  {mark} {}: {check} / {check_en}   {}/{} lỗi / failed   {}   {severity} / {severity_en}, {} ngày làm việc / working days",
            rule.field,
            rule.failed,
            rule.checked,
            percent(rule.index()),
            rule.severity.repair_days()
        );
        for example in rule.examples.iter().take(EXAMPLES) {
            println!("        {}   {}", example.key, example.value);
        }
        if rule.cut {
            println!(
                "        ! quá nhiều giá trị khác nhau, phần sau chưa so / too many different values, the rest was not compared"
            );
        }
    }
    println!();
    for (criterion, index) in &report.criteria {
        let (vi, en) = criterion.title();
        println!("  {vi} / {en}: {index:.2}");
    }
    println!("  chung / overall: {}", percent(report.overall));
    println!("  khóa định danh, phải đạt 100 / identity keys, 100 is needed: {}", percent(report.identity));
    if let Err(error) = report.complete() {
        println!("  ! {}: {error}", error.code());
    }
}

async fn show_history(args: &Quality) -> anyhow::Result<ExitCode> {
    let config = args.config.as_deref().unwrap_or(Path::new("lienthong.toml"));
    let service =
        args.file.as_deref().map(super::read_table).transpose()?.map(|definition| definition.service);
    let service = service.map(|service| format!("{}/{}", service.subsystem, service.code));
    let db = store(config).await?;
    let reports = history::list(&db, service.as_deref(), RUNS).await?;
    db.close().await;
    if args.json {
        println!("{:#}", serde_json::to_value(&reports)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} lần kiểm tra / runs", reports.len());
    for report in &reports {
        let of = |(criterion, index): &(sources::quality::Criterion, f64)| {
            format!("{} {index:.2}", criterion.title().0)
        };
        let criteria: Vec<_> = report.criteria.iter().map(of).collect();
        let failed = report.rules.iter().filter(|rule| rule.failed > 0).count();
        let early = if report.ended.is_some() { "   ! chưa hết / ended early" } else { "" };
        println!(
            "{}   {}   {} dòng / rows   chung / overall {}   ({})   {failed} quy tắc có lỗi / rules broken{early}",
            report.at,
            report.service,
            report.rows,
            percent(report.overall),
            criteria.join(", ")
        );
    }
    Ok(ExitCode::SUCCESS)
}
