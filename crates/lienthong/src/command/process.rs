//! `lienthong process`: procedures drawn as BPMN, checked and tried out without a node.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use base::{Clock as _, SystemClock, Ts};
use process::model::{Fault, Model, read};
use process::picture::{Mark, svg};
use process::simulate::{Choices, End, Happening, Line, Plan, Simulated, simulate};
use process::timer::Timers;
use serde_json::{Map, Value};

use super::file;

/// A model was refused.
const EXIT_REFUSED: u8 = 2;
/// Something still waits.
const EXIT_WAITING: u8 = 3;

/// Commands of procedures.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Kiểm tra mô hình: mọi lỗi cùng lúc, có dòng và phần tử / check a model: all faults at once, with line and element.
    Check(Check),
    /// Chạy thử không cần CSDL, đồng hồ ảo nhảy tới hẹn giờ kế tiếp. Mã thoát: 0 xong, 1 lỗi, 2 mô hình bị từ chối, 3 còn chờ
    /// / try it out without a database, on a clock that jumps to the next timer. Exit code: 0 finished, 1 fault, 2 refused
    /// model, 3 still waiting.
    Simulate(Simulate),
}

/// What to check.
#[derive(clap::Args)]
pub struct Check {
    /// Tệp BPMN 2.0 / a BPMN 2.0 file.
    file: PathBuf,
}

/// What to simulate.
#[derive(clap::Args)]
pub struct Simulate {
    /// Tệp BPMN 2.0 / a BPMN 2.0 file.
    file: PathBuf,
    /// Quy trình bắt đầu; mặc định là quy trình đầu tiên tự bắt đầu được / the process to begin with; else the first that can
    /// begin by itself.
    #[arg(long, value_name = "ID")]
    process: Option<String>,
    /// Biến ban đầu / variables at the begin: `{"test":"ab"}`.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    vars: String,
    /// Chỉ chạy tới đây: thời lượng hoặc ngày giờ / go no further: a duration or a date, `PT65S`, `2026-12-01T07:00+07:00`.
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// Bắt đầu lúc; mặc định là bây giờ / begin at this date; else now.
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Kết quả của các công việc / what tasks bring: JSON file, `{"Task": {"set": {…}}, "Other": [{"after": "PT3H"}, {"error":
    /// "CODE"}]}`, `"wait": true` leaves a task undone.
    #[arg(long, value_name = "FILE")]
    choose: Option<PathBuf>,
    /// Vẽ mô hình với nơi quy trình đang đứng, số lần và giờ / draw the model with where it stands, how often and since when.
    #[arg(long, value_name = "FILE.svg")]
    picture: Option<PathBuf>,
    /// In từng bước: bảng chữ hoặc mỗi dòng một JSON / how steps are printed.
    #[arg(long, value_enum, default_value_t = Trace::Text)]
    trace: Trace,
}

/// How steps are printed.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Trace {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Carries a command out.
///
/// # Errors
/// A file that cannot be read, or arguments that are none.
pub fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(check) => check_model(&check.file),
        Command::Simulate(options) => try_out(&options),
    }
}

fn load(path: &PathBuf) -> anyhow::Result<Result<Model, Vec<Fault>>> {
    let bytes =
        std::fs::read(path).with_context(|| format!("không đọc được / cannot read {}", path.display()))?;
    Ok(read(&bytes))
}

fn print_faults(faults: &[Fault]) {
    for fault in faults {
        let Fault { line, code, element, name, vi, en } = fault;
        eprintln!("{line}: {element} {name} [{}]\n    {vi}\n    {en}", code.as_str());
    }
}

fn check_model(path: &PathBuf) -> anyhow::Result<ExitCode> {
    match load(path)? {
        Err(faults) => {
            print_faults(&faults);
            eprintln!("{} lỗi / {} faults", faults.len(), faults.len());
            Ok(EXIT_REFUSED.into())
        }
        Ok(model) => {
            print_faults(&model.warnings);
            let program = &model.program;
            for process in &program.processes {
                println!("{}: {}", process.id, process.name);
            }
            println!(
                "{} nút, {} luồng, {} cảnh báo / {} nodes, {} flows, {} warnings",
                program.nodes.len(),
                program.flows.len(),
                model.warnings.len(),
                program.nodes.len(),
                program.flows.len(),
                model.warnings.len()
            );
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn try_out(options: &Simulate) -> anyhow::Result<ExitCode> {
    let variables: Map<String, Value> = serde_json::from_str(&options.vars).with_context(|| {
        format!("--vars {}: không phải một đối tượng JSON / not a JSON object", options.vars)
    })?;
    let model = match load(&options.file)? {
        Ok(model) => model,
        Err(faults) => {
            print_faults(&faults);
            return Ok(EXIT_REFUSED.into());
        }
    };
    let program = &model.program;
    let choices = choices(options, &model)?;
    let process = match &options.process {
        None => None,
        Some(id) => Some(
            program
                .processes
                .iter()
                .position(|process| *process.id == **id)
                .with_context(|| format!("--process {id}: không có trong tệp / is not in the file"))?,
        ),
    };
    let timers = Timers::built_in().context("lịch làm việc / the calendar")?;
    let from = match &options.from {
        Some(text) => moment(&timers, text, Ts(0))?,
        None => SystemClock.now(),
    };
    let until = options.until.as_deref().map(|text| moment(&timers, text, from)).transpose()?;
    let plan = Plan { program, process, variables, from, until, choices, timers: &timers };
    let trace = options.trace;
    let mut out = std::io::stdout().lock();
    let mut written = Ok(());
    let mut marks = BTreeMap::new();
    let simulated = simulate(plan, &mut |line| {
        mark(&mut marks, &line);
        if written.is_ok() {
            written = print_line(&mut out, trace, &line);
        }
    });
    written?;
    if let Some(picture) = &options.picture {
        let xml = std::fs::read_to_string(&options.file)?;
        let drawn = svg(&xml, program, &marks).with_context(|| options.file.display().to_string())?;
        file::replace(picture, drawn.as_bytes(), file::PUBLIC)?;
    }
    Ok(report(&simulated, trace))
}

/// Counts what a picture shows.
fn mark(marks: &mut BTreeMap<String, Mark>, line: &Line) {
    let mark = marks.entry(line.element.clone()).or_default();
    match line.event {
        Happening::Activated => {
            mark.open += 1;
            mark.since = line.at.to_string();
        }
        Happening::Completed => (mark.open, mark.done) = (mark.open.saturating_sub(1), mark.done + 1),
        Happening::Cancelled => mark.open = mark.open.saturating_sub(1),
        Happening::Failed => mark.failed = true,
    }
}

fn choices(options: &Simulate, model: &Model) -> anyhow::Result<Choices> {
    let Some(path) = &options.choose else { return Ok(Choices::default()) };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("không đọc được / cannot read {}", path.display()))?;
    let choices = Choices::parse(&text).map_err(|why| anyhow::anyhow!("{}: {why}", path.display()))?;
    let unknown: Vec<_> = choices.elements().filter(|id| model.program.find(id).is_none()).collect();
    if !unknown.is_empty() {
        bail!("{}: không có trong mô hình / not in the model: {}", path.display(), unknown.join(", "));
    }
    Ok(choices)
}

/// A date, or a duration after a moment.
fn moment(timers: &Timers, text: &str, after: Ts) -> anyhow::Result<Ts> {
    timers.moment(text, after).map_err(|why| anyhow::anyhow!("{why}"))
}

fn print_line(out: &mut impl std::io::Write, trace: Trace, line: &Line) -> std::io::Result<()> {
    match trace {
        Trace::Json => writeln!(out, "{}", line.json()),
        Trace::Text => {
            let Line { event, element, name, at, .. } = line;
            let at = at.to_string();
            writeln!(out, "{at:<28} {:<10} {element} {name}", event.word())
        }
    }
}

fn report(simulated: &Simulated, trace: Trace) -> ExitCode {
    for (element, why) in &simulated.faults {
        eprintln!("{element}: {why}");
    }
    let (code, words) = match simulated.end {
        End::Finished => (0, "xong / finished"),
        End::Fault => (1, "dừng vì lỗi / stopped by a fault"),
        End::NoStart => (EXIT_REFUSED, "không quy trình nào tự bắt đầu được / no process begins by itself"),
        End::Waiting => (EXIT_WAITING, "còn chờ / still waiting"),
    };
    if trace == Trace::Text {
        println!("{words}\n{}", Value::Object(simulated.variables.clone()));
    } else if code != 0 {
        eprintln!("{words}");
    }
    code.into()
}
