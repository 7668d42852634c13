//! `lienthong source duplicates`: persons who are there more than once, within a source and across sources.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, bail};
use sources::duplicates::{Columns, Found, Options, PERSONS_MAX, Register, find};
use sources::protect::Protector;
use sources::scan::{PAGE_ROWS, Scan, Step};
use sources::serve;

use super::file;
use super::quality::stop_at_ctrl_c;

/// Pairs and clusters that are printed; `--csv` and `--json` have all.
const PRINTED: usize = 20;

/// Arguments of `source duplicates`.
#[derive(clap::Args)]
pub struct Duplicates {
    /// Các tệp định nghĩa; nhiều tệp thì so cả giữa các nguồn / definition files: of more than one, also across them.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Xác suất tối thiểu / the least probability.
    #[arg(long, default_value_t = 0.9)]
    min: f64,
    /// Kết quả dạng JSON / output as JSON.
    #[arg(long)]
    json: bool,
    /// Ghi thêm bảng CSV; không ghi đè / also write a table; never overwrites.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Hiện khóa đầy đủ / show whole keys.
    #[arg(long)]
    show_keys: bool,
}

/// Carries the command out. Nothing is merged and nothing changed: people decide.
pub async fn run(args: &Duplicates) -> anyhow::Result<ExitCode> {
    if !(0.5..=1.0).contains(&args.min) {
        bail!("--min: từ 0.5 đến 1 / from 0.5 to 1");
    }
    let stop = stop_at_ctrl_c();
    let mut register = Register::default();
    let mut whole = true;
    for path in &args.files {
        whole &= add(path, &mut register, &stop).await?;
    }
    let (options, told) = (Options { min: args.min }, std::io::stderr().is_terminal());
    let (register, found) = tokio::task::spawn_blocking(move || {
        let found = find(&register, options, &stop, |pairs| {
            if told {
                eprint!("\r{pairs} cặp / pairs ");
            }
        });
        (register, found)
    })
    .await?;
    if let Some(path) = &args.csv {
        file::write_new(path, &found.csv(&register, args.show_keys)?, file::PRIVATE)?;
    }
    if args.json {
        println!("{:#}", found.json(&register, args.show_keys));
    } else {
        print_found(&found, &register, args.show_keys);
    }
    if !whole || found.stopped {
        println!("  ! EX-3016: chưa so hết mọi dòng / not all rows were compared");
        return Ok(ExitCode::from(crate::EXIT_CHECK_FAILED));
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the persons of a source; false when there was no room for all of them, or it was stopped.
async fn add(path: &Path, register: &mut Register, stop: &Arc<AtomicBool>) -> anyhow::Result<bool> {
    let definition = super::read_table(path)?;
    let columns = Columns::of(&definition).with_context(|| {
        format!(
            "{}: cần trường có meaning = \"person_name\" và \"birth_date\", hoặc \"personal_number\" / fields with these meanings are needed",
            path.display()
        )
    })?;
    let source = serve::open(&definition).await?;
    let protector = Protector::new(definition.limits.at_once);
    register.begin(format!("{}/{}", definition.service.subsystem, definition.service.code));
    let mut scan = Scan::new(&definition, &source, &protector);
    let mut room = true;
    while room && !stop.load(Ordering::Relaxed) {
        let read =
            scan.step(PAGE_ROWS, |row, key| room &= register.add(&columns, row, &key.join(","))).await?;
        if std::io::stderr().is_terminal() {
            eprint!("\r{} dòng / rows ", register.len());
        }
        if matches!(read, Step::Last(_)) {
            return Ok(room);
        }
    }
    if !room {
        println!("  ! nhiều nhất {PERSONS_MAX} dòng mỗi lần / at most {PERSONS_MAX} rows at a time");
    }
    Ok(false)
}

fn print_found(found: &Found, register: &Register, show_keys: bool) {
    println!(
        "{} dòng, đã so {} cặp; {} cặp có thể là một người, {} nhóm / {0} rows, {1} pairs compared; {2} pairs may be one person, {3} groups",
        register.len(),
        found.compared,
        found.pairs.len(),
        found.clusters.len()
    );
    for (vi, en) in &found.remarks {
        println!("  ! {vi} / {en}");
    }
    if found.more {
        println!("  ! còn nhiều cặp hơn; nâng --min / there are more pairs: raise --min");
    }
    let place = |row: u32| {
        let (source, key) = register.shown(row, show_keys);
        format!("{source} {key}")
    };
    for pair in found.pairs.iter().take(PRINTED) {
        println!("\n  {:.2} %   {}   {}", pair.probability * 100.0, place(pair.a), place(pair.b));
        let words = pair.words();
        let vi: Vec<_> = words.iter().map(|(vi, _)| &**vi).collect();
        let en: Vec<_> = words.iter().map(|(_, en)| &**en).collect();
        println!("      {}\n      {}", vi.join("; "), en.join("; "));
    }
    for group in found.clusters.iter().filter(|group| group.rows.len() > 2).take(PRINTED) {
        let rows: Vec<_> = group.rows.iter().map(|row| place(*row)).collect();
        println!("\n  nhóm {0} dòng / group of {0} rows: {1}", rows.len(), rows.join(", "));
    }
    if found.pairs.len() > PRINTED {
        println!("\n  … {} cặp nữa: --csv FILE / more pairs: --csv FILE", found.pairs.len() - PRINTED);
    }
}
