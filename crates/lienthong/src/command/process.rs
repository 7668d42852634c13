//! `lienthong process`: procedures drawn as BPMN, checked and tried out without a node, run on one.

mod args;
mod print;
mod remote;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use base::{Clock as _, SystemClock, Ts};
use process::decision::{Decisions, is_dmn};
use process::model::{Content, Fault, Program, link_files, read};
use process::picture::{Mark, svg};
use process::simulate::{Choices, End, Happening, Line, Plan, Simulated, simulate};
use process::timer::{Timers, shown};
use serde_json::{Map, Value};

use super::file;

/// A model was refused.
const EXIT_REFUSED: u8 = 2;
/// Something still waits.
const EXIT_WAITING: u8 = 3;

/// Faults of a simulation that are printed; thousands of instances may have the same one.
const FAULTS_SHOWN: usize = 100;

/// Commands of procedures.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Kiểm tra mô hình: mọi lỗi cùng lúc, có dòng và phần tử / check a model: all faults at once, with line and element.
    Check(Check),
    /// Chạy thử không cần CSDL, đồng hồ ảo nhảy tới hẹn giờ kế tiếp. Mã thoát: 0 xong, 1 lỗi, 2 mô hình bị từ chối, 3 còn chờ
    /// / try it out without a database, on a clock that jumps to the next timer. Exit code: 0 finished, 1 fault, 2 refused
    /// model, 3 still waiting.
    Simulate(Simulate),
    #[command(flatten)]
    Remote(args::Command),
}

/// What to check.
#[derive(clap::Args)]
pub struct Check {
    /// Tệp BPMN 2.0 hoặc DMN / a file of BPMN 2.0 or DMN.
    file: PathBuf,
    /// Tệp mà mô hình gọi tới, dùng được nhiều lần / a file that the model calls, any number of them: BPMN or DMN.
    #[arg(long, value_name = "FILE")]
    with: Vec<PathBuf>,
}

/// What to simulate.
#[derive(clap::Args)]
pub struct Simulate {
    /// Tệp BPMN 2.0 / a BPMN 2.0 file.
    file: PathBuf,
    /// Tệp mà mô hình gọi tới, dùng được nhiều lần / a file that the model calls, any number of them: BPMN or DMN.
    #[arg(long, value_name = "FILE")]
    with: Vec<PathBuf>,
    /// Quy trình bắt đầu; mặc định là quy trình đầu tiên tự bắt đầu được / the process to begin with; else the first that can
    /// begin by itself.
    #[arg(long, value_name = "ID")]
    process: Option<String>,
    /// Biến ban đầu của mọi quy trình trong tệp / variables with which each process of the file begins: `{"test":"ab"}`.
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
pub async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(check) => check_model(&check),
        Command::Simulate(options) => try_out(&options),
        Command::Remote(command) => remote::run(command).await,
    }
}

/// Largest file that is read; what a model may have is less.
const BYTES_MAX: u64 = 16 << 20;

/// The bytes of a file, no more than a reader refuses as too many. A pipe, which may never end, is none.
fn bytes_of(path: &Path) -> anyhow::Result<Vec<u8>> {
    let shown = || format!("không đọc được / cannot read {}", path.display());
    if !std::fs::metadata(path).with_context(shown)?.is_file() {
        bail!("{}: không phải tệp thường / not a regular file", path.display());
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(BYTES_MAX).read_to_end(&mut bytes))
        .with_context(shown)?;
    Ok(bytes)
}

fn text_of(path: &Path) -> anyhow::Result<String> {
    let bytes = bytes_of(path)?;
    if bytes.len() as u64 >= BYTES_MAX {
        bail!("{}: quá lớn / too large", path.display());
    }
    let text = String::from_utf8(bytes);
    text.with_context(|| format!("{}: không phải UTF-8 / not UTF-8", path.display()))
}

/// What a file holds, or each of its faults in words.
fn load(path: &Path) -> anyhow::Result<Result<Content, Vec<String>>> {
    let bytes = bytes_of(path)?;
    if is_dmn(&bytes) {
        return Ok(Decisions::read(&bytes).map(Content::Decisions));
    }
    Ok(read(&bytes).map(Content::Processes).map_err(|faults| faults.iter().map(words).collect()))
}

/// The other files, or the faults of all of them.
fn load_all(paths: &[PathBuf]) -> anyhow::Result<Result<Vec<Content>, Vec<String>>> {
    let (mut contents, mut faults) = (Vec::new(), Vec::new());
    for path in paths {
        match load(path)? {
            Ok(content) => contents.push(content),
            Err(why) => faults.extend(why.into_iter().map(|why| format!("{}: {why}", path.display()))),
        }
    }
    Ok(if faults.is_empty() { Ok(contents) } else { Err(faults) })
}

fn words(fault: &Fault) -> String {
    let Fault { line, code, element, name, vi, en } = fault;
    format!("{line}: {element} {name} [{}]\n    {vi}\n    {en}", code.as_str())
}

/// Says what is wrong; nothing more can be done when nobody listens.
fn complain(lines: impl IntoIterator<Item = String>) {
    let mut out = std::io::stderr().lock();
    for line in lines {
        drop(writeln!(out, "{line}"));
    }
}

/// A model, or a file of decisions, is refused.
fn refused(faults: Vec<String>) -> ExitCode {
    let count = faults.len();
    complain(faults.into_iter().chain([format!("{count} lỗi / {count} faults")]));
    EXIT_REFUSED.into()
}

fn check_model(check: &Check) -> anyhow::Result<ExitCode> {
    let (content, others) = (load(&check.file)?, load_all(&check.with)?);
    let (content, others) = match (content, others) {
        (Ok(content), Ok(others)) => (content, others),
        (content, others) => {
            return Ok(refused(content.err().into_iter().chain(others.err()).flatten().collect()));
        }
    };
    let mut out = std::io::stdout().lock();
    let model = match content {
        Content::Decisions(decisions) => {
            for name in decisions.names() {
                writeln!(out, "{name}")?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        Content::Processes(model) => model,
    };
    let (nodes, flows, warnings) =
        (model.program.nodes.len(), model.program.flows.len(), model.warnings.len());
    complain(model.warnings.iter().map(words));
    for process in &model.program.processes {
        writeln!(out, "{}: {}", process.id, process.name)?;
    }
    // What is not in these files may be deployed; nobody knows here.
    let calls = model.calls.iter().map(|call| call.name.to_string()).collect::<BTreeSet<_>>();
    if !check.with.is_empty() {
        if let Err(faults) = link_files(model, others) {
            return Ok(refused(faults));
        }
    } else if !calls.is_empty() {
        let calls = calls.into_iter().collect::<Vec<_>>().join(", ");
        writeln!(out, "gọi, cần triển khai trước / calls, to be deployed before: {calls}")?;
    }
    writeln!(
        out,
        "{nodes} nút, {flows} luồng, {warnings} cảnh báo / {nodes} nodes, {flows} flows, {warnings} warnings"
    )?;
    Ok(ExitCode::SUCCESS)
}

/// The program that is tried out, or what is wrong with its files.
fn program_of(options: &Simulate) -> anyhow::Result<Result<Program, Vec<String>>> {
    let (content, others) = (load(&options.file)?, load_all(&options.with)?);
    let linked = content.and_then(|content| match content {
        Content::Processes(model) => link_files(model, others?),
        Content::Decisions(_) => {
            Err(vec!["tệp quyết định không tự chạy / decisions do not run by themselves".to_owned()])
        }
    });
    Ok(linked)
}

fn try_out(options: &Simulate) -> anyhow::Result<ExitCode> {
    let variables: Map<String, Value> = serde_json::from_str(&options.vars).with_context(|| {
        format!("--vars {}: không phải một đối tượng JSON / not a JSON object", options.vars)
    })?;
    let program = match program_of(options)? {
        Ok(program) => &Box::new(program),
        Err(faults) => return Ok(refused(faults)),
    };
    // A model without drawing is told before it runs, not behind its trace.
    let drawn = |marks: &BTreeMap<String, Mark>| -> anyhow::Result<String> {
        svg(&text_of(&options.file)?, program, marks).with_context(|| options.file.display().to_string())
    };
    if options.picture.is_some() {
        drawn(&BTreeMap::new())?;
    }
    let choices = choices(options, program)?;
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
        file::replace(picture, drawn(&marks)?.as_bytes(), file::PUBLIC)?;
    }
    report(&simulated, trace, &mut out)
}

/// Counts what a picture shows.
fn mark(marks: &mut BTreeMap<String, Mark>, line: &Line) {
    let mark = marks.entry(line.element.clone()).or_default();
    match line.event {
        Happening::Activated => {
            mark.open += 1;
            mark.since = shown(line.at);
        }
        Happening::Completed => (mark.open, mark.done) = (mark.open.saturating_sub(1), mark.done + 1),
        Happening::Cancelled => mark.open = mark.open.saturating_sub(1),
        Happening::Failed => {
            mark.failed = true;
            mark.since = shown(line.at);
        }
    }
}

fn choices(options: &Simulate, program: &Program) -> anyhow::Result<Choices> {
    let Some(path) = &options.choose else { return Ok(Choices::default()) };
    let text = text_of(path)?;
    let choices = Choices::parse(&text).map_err(|why| anyhow::anyhow!("{}: {why}", path.display()))?;
    let unknown: Vec<_> = choices.elements().filter(|id| program.find(id).is_none()).collect();
    if !unknown.is_empty() {
        bail!("{}: không có trong mô hình / not in the model: {}", path.display(), unknown.join(", "));
    }
    Ok(choices)
}

/// A date, or a duration after a moment.
fn moment(timers: &Timers, text: &str, after: Ts) -> anyhow::Result<Ts> {
    timers.moment(text, after).map_err(|why| anyhow::anyhow!("{why}"))
}

fn print_line(out: &mut impl Write, trace: Trace, line: &Line) -> std::io::Result<()> {
    match trace {
        Trace::Json => writeln!(out, "{}", line.json()),
        Trace::Text => {
            let Line { event, element, name, at, .. } = line;
            writeln!(out, "{} {:<10} {element} {name}", shown(*at), event.word())
        }
    }
}

fn report(simulated: &Simulated, trace: Trace, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let faults = &simulated.faults;
    complain(faults.iter().take(FAULTS_SHOWN).map(|(element, why)| format!("{element}: {why}")));
    if let Some(more) = faults.len().checked_sub(FAULTS_SHOWN).filter(|more| *more > 0) {
        complain([format!("và {more} lỗi nữa / and {more} more")]);
    }
    let (code, words) = match simulated.end {
        End::Finished => (0, "xong / finished"),
        End::Fault => (1, "dừng vì lỗi / stopped by a fault"),
        End::NoStart => (EXIT_REFUSED, "không quy trình nào tự bắt đầu được / no process begins by itself"),
        End::Waiting => (EXIT_WAITING, "còn chờ / still waiting"),
        End::TooLong => (
            EXIT_WAITING,
            "chưa xong sau 20.000 lệnh hoặc 1.000 hồ sơ, có thể chạy mãi / not done after 20,000 acts or 1,000 instances: it may go on for ever",
        ),
    };
    if trace == Trace::Text {
        writeln!(out, "{words}\n{}", Value::Object(simulated.variables.clone()))?;
    } else if code != 0 {
        complain([words.to_owned()]);
    }
    Ok(code.into())
}
