//! `cargo xtask test`: every check in order, the tests last, so that their own count closes the output.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};

use crate::postgres::Cluster;
use crate::{assets, deny, interrupt, mariadb, repository, tidy, tools};

/// Where tests find a PostgreSQL server: the administrator's address.
const POSTGRES_VARIABLE: &str = "LIENTHONG_TEST_POSTGRES";
/// Where tests find a MariaDB server: the administrator's address, without a database.
const MARIADB_VARIABLE: &str = "LIENTHONG_TEST_MARIADB";
/// Where tests find a Python interpreter with the packages of `xtask/test-tools.txt`.
const PYTHON_VARIABLE: &str = "LIENTHONG_TEST_PYTHON";

/// Where tests find the packages that drive a browser.
const BROWSER_VARIABLE: &str = "LIENTHONG_TEST_BROWSER";

#[derive(Args)]
pub struct Options {
    /// Run only this step; may be given several times.
    #[arg(long, value_enum)]
    only: Vec<Step>,
    /// Only the tests of this crate; may be given several times.
    #[arg(long, short)]
    package: Vec<String>,
    /// Handed on to the test runner; then only the tests run.
    #[arg(last = true)]
    filters: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Step {
    /// Formatting is rustfmt's.
    Fmt,
    /// No warning of the compiler or of clippy.
    Clippy,
    /// The repository's own rules.
    Tidy,
    /// Licences, bans and sources of dependencies.
    Deny,
    /// The documentation builds without a warning.
    Doc,
    /// Unit and integration tests on both stores.
    Tests,
}

const IN_ORDER: [Step; 6] = [Step::Fmt, Step::Clippy, Step::Tidy, Step::Deny, Step::Doc, Step::Tests];

/// Runs the steps; ends at the first that fails.
pub fn run(options: &Options) -> Result<()> {
    let only_tests = !(options.package.is_empty() && options.filters.is_empty());
    let wanted = |step: Step| match options.only.as_slice() {
        [] => step == Step::Tests || !only_tests,
        only => only.contains(&step),
    };
    // Before anything is compiled: the binary embeds them.
    assets::ensure_built(repository::root())?;
    for step in IN_ORDER.into_iter().filter(|step| wanted(*step)) {
        let name = step.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        println!("\n=== {name}");
        let start = Instant::now();
        take(step, options)
            .with_context(|| format!("step `{name}` failed (it alone: cargo xtask test --only {name})"))?;
        if step != Step::Tests {
            println!("--- {name}: ok, {:.1} s", start.elapsed().as_secs_f64());
        }
    }
    Ok(())
}

fn take(step: Step, options: &Options) -> Result<()> {
    match step {
        Step::Fmt => cargo(&["fmt", "--all", "--check"], &[]),
        Step::Clippy => {
            cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"], &[])
        }
        Step::Tidy => tidy::run(),
        Step::Deny => deny::check(),
        Step::Doc => {
            let deny_warnings = [("RUSTDOCFLAGS", "--deny warnings".to_owned())];
            cargo(&["doc", "--workspace", "--no-deps", "--document-private-items", "--quiet"], &deny_warnings)
        }
        Step::Tests => tests(options),
    }
}

/// Runs the tests with the servers and tools they need.
fn tests(options: &Options) -> Result<()> {
    let mut environment = Vec::new();
    if std::env::var_os(PYTHON_VARIABLE).is_none() {
        tools::ensure_installed(&[tools::OPENSSL, tools::PYTHON])?;
        environment.push((PYTHON_VARIABLE, tools::python()?.display().to_string()));
    }
    if std::env::var_os(BROWSER_VARIABLE).is_none() {
        tools::ensure_installed(&[tools::NODE, tools::CHROMIUM])?;
        environment.push((BROWSER_VARIABLE, tools::browser()?.display().to_string()));
    }
    let caller_has_server = std::env::var_os(POSTGRES_VARIABLE).is_some();
    let cluster = if caller_has_server { None } else { Some(own_cluster()?) };
    if let Some(cluster) = &cluster {
        environment.push((POSTGRES_VARIABLE, cluster.url().to_owned()));
    }
    let mariadb = if std::env::var_os(MARIADB_VARIABLE).is_some() { None } else { Some(own_mariadb()?) };
    if let Some(server) = &mariadb {
        environment.push((MARIADB_VARIABLE, server.url().to_owned()));
    }
    let mut scope = vec!["--workspace"];
    if !options.package.is_empty() {
        scope = options.package.iter().flat_map(|name| ["--package", name]).collect();
    }
    if options.filters.is_empty() && options.package.is_empty() {
        // First, because the closing count should be that of all other tests.
        cargo(&["test", "--workspace", "--doc", "--quiet"], &environment)?;
    }
    let runner: &[&str] = if tools::answers("cargo-nextest", &["nextest", "--version"]) {
        &["nextest", "run", "--no-fail-fast"]
    } else {
        &["test", "--lib", "--bins", "--tests", "--no-fail-fast"]
    };
    let filters: Vec<&str> = options.filters.iter().map(String::as_str).collect();
    cargo(&[runner, &scope, &filters].concat(), &environment)
    // The servers are dropped here: stopped and removed without a word.
}

fn own_cluster() -> Result<Cluster> {
    tools::ensure_installed(&[tools::POSTGRES])?;
    Cluster::start(&std::env::temp_dir())
}

fn own_mariadb() -> Result<mariadb::Server> {
    tools::ensure_installed(&[tools::MARIADB, tools::MARIADB_CLIENT])?;
    mariadb::Server::start(&std::env::temp_dir())
}

fn cargo(arguments: &[&str], environment: &[(&str, String)]) -> Result<()> {
    let mut command: Command = repository::cargo(arguments);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    let status = interrupt::run(&mut command)?;
    ensure!(status.success(), "`cargo {}` failed, see above", arguments.join(" "));
    Ok(())
}
