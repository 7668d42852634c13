//! What tests and benchmarks need beside the Rust toolchain: found, or installed as root on Debian.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{assets, interrupt, repository};

/// The pinned Python packages; see the comment in the file.
const PYTHON_PACKAGES: &str = include_str!("../test-tools.txt");
/// The pinned Python packages that benchmarks compare with.
const BENCH_PACKAGES: &str = include_str!("../bench-tools.txt");

/// A program, and how to get it.
pub struct Tool {
    /// What it is, for messages.
    pub what: &'static str,
    /// The Debian package that has it.
    pub package: &'static str,
    /// Whether it is there.
    pub present: fn() -> bool,
}

/// The database server that store tests run on.
pub const POSTGRES: Tool =
    Tool { what: "the PostgreSQL server", package: "postgresql", present: || postgres_programs().is_some() };

/// The other server that data sources are tested on.
pub const MARIADB: Tool = Tool {
    what: "the MariaDB server",
    package: "mariadb-server-core",
    present: || answers("mariadbd", &["--version"]),
};

/// What MariaDB's installer calls.
pub const MARIADB_CLIENT: Tool = Tool {
    what: "my_print_defaults of MariaDB",
    package: "mariadb-client-core",
    present: || answers("my_print_defaults", &["--version"]),
};

/// The command line of OpenSSL, the second opinion on certificates, signatures and time-stamps.
pub const OPENSSL: Tool =
    Tool { what: "the openssl command", package: "openssl", present: || answers("openssl", &["version"]) };

/// Python with its module for virtual environments.
pub const PYTHON: Tool = Tool {
    what: "Python 3 with venv",
    package: "python3-venv",
    present: || answers("python3", &["-c", "import venv, ensurepip"]),
};

/// Node.js with its package manager.
pub const NODE: Tool = Tool {
    what: "Node.js with npm",
    package: "npm",
    present: || answers("npm", &["--version"]) && answers("node", &["--version"]),
};

/// The browser in which the console is tested.
pub const CHROMIUM: Tool =
    Tool { what: "Chromium", package: "chromium", present: || answers("chromium", &["--version"]) };

/// Installs what is missing of `tools`, or says what to do when it must not.
pub fn ensure_installed(tools: &[Tool]) -> Result<()> {
    let missing: Vec<&Tool> = tools.iter().filter(|tool| !(tool.present)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let what = missing.iter().map(|tool| tool.what).collect::<Vec<_>>().join(", ");
    let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    let by_hand = format!("apt-get install {}", packages.join(" "));
    if !rustix::process::geteuid().is_root() {
        bail!("missing: {what}. Install it (on Debian, as root: `{by_hand}`) and try again");
    }
    if !answers("apt-get", &["--version"]) {
        bail!(
            "missing: {what}. This system has no apt-get: install it by your system's own means and try again"
        );
    }
    println!("missing: {what}; installing {} from Debian's packages", packages.join(" "));
    apt_get(&["update", "--quiet"])?;
    let install = ["install", "--quiet", "--yes", "--no-install-recommends"];
    apt_get(&[install.as_slice(), packages.as_slice()].concat())?;
    for tool in missing {
        ensure!((tool.present)(), "{} is still missing after `{by_hand}`", tool.what);
    }
    Ok(())
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    let status = interrupt::run(&mut command)?;
    ensure!(status.success(), "`apt-get {}` failed, see above", arguments.join(" "));
    Ok(())
}

/// Whether a program can be run with these arguments.
pub fn answers(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// The folder of `initdb`, `postgres` and `pg_ctl`: the newest version that is installed.
pub fn postgres_programs() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = debian
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, folder)| has_server(folder))
        .collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    versions
        .pop()
        .map(|(_, folder)| folder)
        .or_else(|| std::env::split_paths(&path).find(|folder| has_server(folder)))
}

fn has_server(folder: &Path) -> bool {
    ["initdb", "postgres", "pg_ctl"].iter().all(|program| folder.join(program).exists())
}

/// The folder of the packages that drive the browser and judge pages: those of `xtask/browser/package-lock.json`.
pub fn browser() -> Result<PathBuf> {
    let folder = repository::root().join("xtask/browser");
    let (wanted, installed) = (folder.join("package-lock.json"), folder.join("node_modules/.installed-of"));
    let lock = std::fs::read_to_string(&wanted).with_context(|| wanted.display().to_string())?;
    if !std::fs::read_to_string(&installed).is_ok_and(|last| last == lock) {
        println!("installing the packages of xtask/browser");
        assets::install(&folder)?;
        std::fs::write(&installed, lock).with_context(|| installed.display().to_string())?;
    }
    Ok(folder.join("node_modules"))
}

/// The Python interpreter with the packages that tests need.
pub fn python() -> Result<PathBuf> {
    environment("test-tools", PYTHON_PACKAGES)
}

/// The Python interpreter with what benchmarks compare with.
pub fn python_of_benchmarks() -> Result<PathBuf> {
    environment("bench-tools", BENCH_PACKAGES)
}

/// The interpreter with the packages of `xtask/NAME.txt`; makes its environment when it is missing or of other pins.
fn environment(name: &str, packages: &str) -> Result<PathBuf> {
    let folder = repository::Metadata::read()?.target_directory.join(name).join("python");
    let interpreter = folder.join("bin/python");
    let stamp = folder.join("installed.txt"); // Written last: without it the environment is half made.
    if std::fs::read_to_string(&stamp).is_ok_and(|pins| pins == packages) && interpreter.exists() {
        return Ok(interpreter);
    }
    println!("installing the Python packages of xtask/{name}.txt into {}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    let status = interrupt::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    ensure!(
        status.success(),
        "`python3 -m venv` failed, see above; on Debian it is in the package python3-venv"
    );
    let pins = repository::root().join(format!("xtask/{name}.txt"));
    let mut pip = Command::new(&interpreter);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(pins);
    let status = interrupt::run(&mut pip)?;
    ensure!(
        status.success(),
        "pip could not install xtask/{name}.txt, see above. It needs the Python package index or a mirror: \
         set PIP_INDEX_URL (or PIP_FIND_LINKS to a folder of wheels) if this machine reaches it another way, or set \
         LIENTHONG_TEST_PYTHON to an interpreter that has these packages"
    );
    std::fs::write(&stamp, packages).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(interpreter)
}
