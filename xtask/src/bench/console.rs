//! `cargo xtask bench console`: how long pages take over a registry at the size of a country, beside the question to the API
//! that is most of a page.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use super::machine::Machine;
use super::nodes::{self, Backend, Setup, Signing};
use super::registry::Place;
use crate::children::{RunAs, Running};
use crate::{demo, ports, repository};

/// Temporary files go here, as those of the other benchmarks do.
const FOLDER: &str = "/var/tmp";
/// How long filling and starting may take, each.
const SECONDS_MAX: u64 = 3_600;
/// 95 of 100 pages are answered within this.
const P95_MS_MAX: f64 = 50.0;
/// Who looks at the pages, with the password that [`Place`] gave.
const PERSON: (&str, &str) = ("vanhanh", "only for measuring");

/// Each page, and the question that is most of it.
const PAGES: [(&str, &str); 10] = [
    ("/viec", "/grants/ending?days=30&limit=50"),
    ("/dich-vu", "/services?limit=20"),
    ("/dich-vu?q=dich+vu+so+500", "/services?limit=20&q=dich+vu+so+500"),
    ("/chia-se/csdl", "/holdings/overlaps"),
    ("/ket-noi", "/requests?limit=50"),
    ("/giam-sat", "/figures?days=30"),
    ("/giam-sat/sap-het-han", "/grants/ending?days=30&limit=50"),
    ("/quan-tri/co-quan", "/agencies?limit=50"),
    ("/quan-tri/co-quan?q=so+tu+phap", "/agencies?limit=50&q=so+tu+phap"),
    ("/quan-tri/nhat-ky", "/journal?limit=50"),
];

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// Services.
    #[arg(long, default_value_t = 10_000)]
    services: u32,
    /// Grants on them.
    #[arg(long, default_value_t = 100_000)]
    grants: u32,
    /// Agencies.
    #[arg(long, default_value_t = 120_000)]
    units: u32,
    /// How often each page is asked for.
    #[arg(long, default_value_t = 200)]
    times: usize,
    /// Measure this binary instead of building one.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Write docs/benchmarks-console.md.
    #[arg(long)]
    write_docs: bool,
}

/// Measures, prints, writes.
pub fn run(options: &Options) -> Result<()> {
    let binary = options.binary.clone().map_or_else(demo::release_binary, Ok)?;
    let folder = tempfile::Builder::new().prefix("lienthong-bench-").tempdir_in(FOLDER)?;
    let backend = Backend::start(&binary)?;
    let (_centre, setup) =
        Setup::make(&binary, &folder.path().join("nodes"), None, Signing::Batch, &backend.url)?;
    let place = Place::make(&binary, &setup)?;
    let (api, console) = open_to_browsers(&place.config)?;
    say("filling the registry");
    fill(&binary, &place.config, options)?;
    say("starting it");
    let (_node, _): (Running, _) =
        nodes::start_node(&binary, "registry", &place.config, (&place.ops, SECONDS_MAX))?;
    let visitor = Visitor::sign_in(folder.path(), &api, &console)?;
    let mut rows = Vec::new();
    for (page, question) in PAGES {
        say(page);
        let mut page_times = visitor.page(&format!("{console}{page}"), options.times)?;
        let mut api_times = visitor.question(&format!("{api}/api/v1{question}"), options.times)?;
        rows.push((page, Times::of(&mut page_times), Times::of(&mut api_times)));
    }
    publish(options, &rows)
}

/// Adds the console to a registry's configuration, both on plain addresses; gives their origins.
fn open_to_browsers(config: &Path) -> Result<(String, String)> {
    let (api, console) = (ports::free()?, ports::free()?);
    let text = fs::read_to_string(config)?;
    let kept: String = text
        .lines()
        .filter(|line| !line.starts_with("listen = "))
        .fold(String::new(), |all, line| all + line + "\n");
    let more = format!(
        "plain = \"127.0.0.1:{api}\"\npassword_only = true\n\n[registry.console]\nplain = \"127.0.0.1:{console}\"\n"
    );
    fs::write(config, kept + &more)?;
    Ok((format!("http://127.0.0.1:{api}"), format!("http://127.0.0.1:{console}")))
}

fn fill(binary: &Path, config: &Path, options: &Options) -> Result<()> {
    let mut command = RunAs::Myself.command(binary);
    command.args(["sandbox-registry", "fill", "--config"]).arg(config);
    for (name, number) in
        [("--services", options.services), ("--grants", options.grants), ("--units", options.units)]
    {
        command.arg(name).arg(number.to_string());
    }
    ensure!(command.stdout(Stdio::null()).status()?.success(), "sandbox-registry fill failed");
    Ok(())
}

/// Somebody who is signed in at both, with curl.
struct Visitor {
    cookies: PathBuf,
    bearer: String,
}

impl Visitor {
    fn sign_in(folder: &Path, api: &str, console: &str) -> Result<Self> {
        let (id, password) = PERSON;
        let cookies = folder.join("cookies");
        let page = curl(&[&format!("{console}/dang-nhap")], &[])?;
        let token = page.split("name=\"bieu-mau\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let token = token.context("the sign-in page has a form")?.replace("&#43;", "+").replace("&#61;", "=");
        let fields = [format!("bieu-mau={token}"), format!("ten={id}"), format!("mat-khau={password}")];
        let fields: Vec<&str> = fields.iter().flat_map(|field| ["--data-urlencode", field]).collect();
        let jar = cookies.display().to_string();
        curl(&[&format!("{console}/dang-nhap"), "--cookie-jar", &jar], &fields)?;
        let body = format!("{{\"id\":\"{id}\",\"password\":\"{password}\"}}");
        let session = curl(
            &[&format!("{api}/api/v1/sessions"), "-H", "Content-Type: application/json", "-d", &body],
            &[],
        )?;
        let session: serde_json::Value = serde_json::from_str(&session)?;
        let token = session["token"].as_str().context("the API signs the visitor in")?;
        Ok(Self { cookies, bearer: format!("Authorization: Bearer {token}") })
    }

    fn page(&self, url: &str, times: usize) -> Result<Vec<(f64, f64)>> {
        timed(url, times, &["--cookie".to_owned(), self.cookies.display().to_string()])
    }

    fn question(&self, url: &str, times: usize) -> Result<Vec<(f64, f64)>> {
        timed(url, times, &["-H".to_owned(), self.bearer.clone()])
    }
}

fn curl(arguments: &[&str], more: &[&str]) -> Result<String> {
    let output = Command::new("curl").args(["-sS", "--noproxy", "*"]).args(arguments).args(more).output()?;
    ensure!(output.status.success(), "curl: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// Asks so often over one connection: milliseconds and bytes of each answer.
fn timed(url: &str, times: usize, who: &[String]) -> Result<Vec<(f64, f64)>> {
    let mut command = Command::new("curl");
    command.args(["-sS", "--noproxy", "*", "-w", "%{http_code} %{time_total} %{size_download}\n"]).args(who);
    for _ in 0..times {
        command.args([url, "-o", "/dev/null"]);
    }
    let output = command.output()?;
    let text = String::from_utf8(output.stdout)?;
    let read = |line: &str| {
        let mut words = line.split(' ');
        ensure!(words.next() == Some("200"), "{url}: {line}");
        let number = |word: Option<&str>| word.unwrap_or_default().parse::<f64>();
        Ok((number(words.next())? * 1000.0, number(words.next())?))
    };
    // The first one opens the connection.
    let all: Vec<_> = text.lines().skip(1).map(read).collect::<Result<_>>()?;
    ensure!(all.len() + 1 == times, "{url}: {} answers of {times}", all.len() + 1);
    Ok(all)
}

/// What became of one address.
struct Times {
    p50_ms: f64,
    p95_ms: f64,
    bytes: f64,
}

impl Times {
    fn of(all: &mut [(f64, f64)]) -> Self {
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let at =
            |percent: usize| all.get((all.len() * percent / 100).min(all.len() - 1)).map_or(0.0, |one| one.0);
        Self { p50_ms: at(50), p95_ms: at(95), bytes: all.first().map_or(0.0, |one| one.1) }
    }
}

fn publish(options: &Options, rows: &[(&str, Times, Times)]) -> Result<()> {
    let Machine { cores, processor, memory_gib, kernel, date } = Machine::here();
    let Options { services, grants, units, times, .. } = options;
    let mut text = format!(
        "# Benchmarks of the console\n\nWritten by `cargo xtask bench console --write-docs` on {date}; run it to have the figures of your machine.\n\n\
         Machine: {cores} cores ({processor}), {memory_gib} GiB, {kernel}, shared with others.\n\n\
         A registry with {services} services, {grants} grants and {units} agencies. curl asks for each page {times} times over one connection,\n\
         then as often for the question to the API that is most of the page: their difference is what making the page costs.\n\n\
         | page | p50 | p95 | HTML | the API alone, p50 | page ÷ API | p95 ≤ {P95_MS_MAX} ms |\n|---|---|---|---|---|---|---|\n"
    );
    for (page, shown, api) in rows {
        let met = if shown.p95_ms <= P95_MS_MAX { "yes" } else { "**no**" };
        let _ = writeln!(
            text,
            "| `{page}` | {:.1} ms | {:.1} ms | {:.1} kB | {:.1} ms | {:.1} | {met} |",
            shown.p50_ms,
            shown.p95_ms,
            shown.bytes / 1000.0,
            api.p50_ms,
            shown.p50_ms / api.p50_ms.max(0.01),
        ); // Writing to a string cannot fail.
    }
    println!("{text}");
    if options.write_docs {
        let page = repository::root().join("docs/benchmarks-console.md");
        fs::write(&page, text).with_context(|| format!("cannot write {}", page.display()))?;
    }
    Ok(())
}

fn say(what: &str) {
    eprintln!("… {what}");
}
