//! Generic servers that turn a database into an API, as their packages install them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use rustix::process::Signal;

use crate::bench::http::{self, Url};
use crate::bench::machine;
use crate::children::{RunAs, Running};
use crate::ports;

/// How long a peer may take to start; ROAPI reads all rows into its memory.
const START_SECONDS_MAX: u64 = 600;

/// Different calls of a script.
const MADE: u32 = 20_000;

/// A peer at work.
pub struct Peer {
    pub running: Running,
    pub name: String,
    /// `http://127.0.0.1:PORT`.
    pub base: String,
    pub paths: Paths,
}

/// What is asked of somebody. `{so}` stands for the personal number of a row, `{n}` for its number.
#[derive(Clone, Copy)]
pub struct Paths {
    pub look_up: &'static str,
    pub page: &'static str,
}

/// ROAPI and Datasette on the same SQLite file: the wheel of ROAPI has no driver for PostgreSQL, Datasette has none at all.
pub fn start(python: &Path, file: &Path) -> Result<Vec<Peer>> {
    let programs = python.parent().context("an interpreter lies in a folder")?;
    Ok(vec![roapi(programs, file)?, datasette(programs, file)?])
}

fn roapi(programs: &Path, file: &Path) -> Result<Peer> {
    let (port, program) = (ports::free()?, programs.join("roapi"));
    let mut command = RunAs::Myself.command(&program);
    command.arg("--addr-http").arg(format!("127.0.0.1:{port}"));
    command.arg("--table").arg(format!("nguoi=sqlite://{}", file.display())).env("RUST_LOG", "error");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = Running::start("ROAPI", command, Signal::TERM)?;
    let base = format!("http://127.0.0.1:{port}");
    let paths = Paths {
        look_up: "/api/tables/nguoi?filter[so_dinh_danh]=%27{so}%27",
        page: "/api/tables/nguoi?filter[id]gte={n}&sort=id&limit=100",
    };
    let probe = Url::parse(&format!("{base}/api/tables/nguoi?limit=1"))?;
    running.wait_until(START_SECONDS_MAX, || matches!(http::get(&probe), Ok((200, _))))?;
    Ok(Peer { running, name: version(&program), base, paths })
}

fn datasette(programs: &Path, file: &Path) -> Result<Peer> {
    let (port, program) = (ports::free()?, programs.join("datasette"));
    let mut command = RunAs::Myself.command(&program);
    command.arg("serve").arg("--immutable").arg(file).args(["--port", &port.to_string()]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = Running::start("Datasette", command, Signal::TERM)?;
    let base = format!("http://127.0.0.1:{port}");
    let paths = Paths {
        look_up: "/nguoi/nguoi.json?so_dinh_danh={so}&_shape=array&_nofacet=1&_nocount=1",
        page: "/nguoi/nguoi.json?id__gte={n}&_sort=id&_size=100&_shape=array&_nofacet=1&_nocount=1",
    };
    let probe = Url::parse(&format!("{base}/nguoi/nguoi.json?_size=1&_nofacet=1&_nocount=1"))?;
    running.wait_until(START_SECONDS_MAX, || matches!(http::get(&probe), Ok((200, _))))?;
    Ok(Peer { running, name: version(&program), base, paths })
}

fn version(program: &Path) -> String {
    machine::output(&program.display().to_string(), &["--version"])
}

/// Writes a script for wrk: calls for rows by chance, made before the first is sent, so that the load costs little itself.
pub fn script(folder: &Path, name: &str, rows: u64, path: &str) -> Result<PathBuf> {
    let file = folder.join(format!("{name}.lua"));
    let path =
        path.replace("{so}", "' .. string.format('%012d', n * 7919) .. '").replace("{n}", "' .. n .. '");
    let text = format!(
        "local threads = 0\n\
         setup = function(thread) threads = threads + 1; thread:set('seed', threads) end\n\
         local made, next = {{}}, 0\n\
         init = function()\n  math.randomseed(os.time() + seed * 7919)\n  \
         for at = 1, {MADE} do\n    local n = math.random({rows})\n    made[at] = wrk.format('GET', '{path}')\n  end\nend\n\
         request = function()\n  next = next % {MADE} + 1\n  return made[next]\nend\n"
    );
    fs::write(&file, text)?;
    Ok(file)
}

/// Asks once for row 17, so that what is measured are rows and not empty answers; how many bytes they are.
pub fn check(base: &str, path: &str) -> Result<usize> {
    let so = format!("{:012}", 17 * 7_919);
    let path = path.replace("{so}", &so).replace("{n}", "17");
    let (status, body) = http::get(&Url::parse(&format!("{base}{path}"))?)?;
    let text = String::from_utf8_lossy(&body);
    ensure!(status == 200 && text.contains(&so), "{base}{path} answered {status}: {text}");
    Ok(body.len())
}
