//! The data of the demo: three kinds of sources, each with the definitions that make services of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use hyper::{Method, StatusCode};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use simulators::population::{self, Plan as People, Sample};
use simulators::{civil_status, poor_households};
use sources::engine::Engine;
use sources::{Address, Definition, Offer};

use super::office::{Body, Office};
use crate::command::file;
use crate::sandbox::{CONSUMER, CONSUMER_SUBSYSTEM, PROVIDER, Plan, Ports, SECOND_SUBSYSTEM, Sandbox};
use crate::sources_role;

/// The population base, in the demo's folder; its definitions name it.
const POPULATION: &str = "population.db";
/// The civil-status register where no MariaDB server keeps it.
const REGISTER: &str = "hotich.db";
/// The list of a commune.
const LIST: &str = "danh-sach-ho-ngheo.xlsx";
/// Password of the register's account, beside its definition.
const PASSWORD: &str = "hotich.mat-khau";
/// How long the sources may take to answer; the list of a commune is read first.
const OPENS_WITHIN: Duration = Duration::from_secs(30);

/// What the demo's nodes answer from.
pub struct Data {
    /// A person to ask about.
    pub sample: Sample,
    /// A child whose birth is registered.
    child: Option<String>,
    /// Where the register is, without password.
    register: String,
    /// All definitions, with the address where they answer.
    definitions: Vec<(PathBuf, String)>,
}

/// The definition of a service of the population base.
pub fn of_population(code: &str) -> anyhow::Result<Offer> {
    let ending = format!(".{code}.toml");
    let found = population::DEFINITIONS.iter().find(|(name, _)| name.ends_with(&ending));
    let (_, text) = found.with_context(|| format!("no definition of {code}"))?;
    Ok(Offer::parse(text)?)
}

/// Sections of the configurations of consumer and provider: where their sources answer, and to whom within the province.
pub fn offers(ports: Ports) -> [String; 2] {
    let listen = |address| format!("\n[sources]\nlisten = \"{address}\"\n");
    let grant = |to: &str, service: &str, basis: &str| {
        format!("\n[[grant]]\nto = \"{CONSUMER}/{to}\"\nservice = \"{service}\"\nlegal_basis = \"{basis}\"\n")
    };
    let births = grant(CONSUMER_SUBSYSTEM, "HOTICH/khai-sinh", "Quyết định mẫu 02/QĐ-DEMO");
    // Poor households pay no fee for civil status (Luật Hộ tịch 2014, Điều 11).
    let poor = grant(SECOND_SUBSYSTEM, "MOTCUA/ho-ngheo", "Luật Hộ tịch 2014, Điều 11");
    let procedures = "\n[process]\nstore = \"sqlite:process.db\"\nworkers = \"workers.toml\"\n";
    [
        listen(ports.consumer_sources()) + births.as_str() + poor.as_str(),
        listen(ports.provider_sources()) + procedures,
    ]
}

/// Invents what is missing and writes the definitions into the folders of the nodes.
pub async fn make(
    plan: &Plan,
    sandbox: &Sandbox,
    people: &People,
    mariadb: Option<&str>,
) -> anyhow::Result<Data> {
    let base = plan.dir.join(POPULATION);
    build(&base, people).await?;
    poor_households::ensure(&base, &plan.dir.join(LIST)).await?;
    let (child, register) = match mariadb {
        None => (civil_status::ensure_file(&base, &plan.dir.join(REGISTER)).await?, None),
        Some(url) => {
            let address: Address = url.parse()?;
            if address.engine() != Engine::MySql {
                bail!("--mariadb: mysql://USER:PASSWORD@HOST/DATABASE");
            }
            (civil_status::ensure_mariadb(&base, url).await?, Some(address))
        }
    };
    let [of_consumer, of_provider] = [&sandbox.consumer, &sandbox.provider].map(|config| folder(config));
    let mut definitions = Vec::new();
    for (name, text) in population::DEFINITIONS {
        definitions.push((write(&of_provider, name, text)?, plan.ports.provider_sources().to_string()));
    }
    let (name, text) = civil_status::DEFINITION;
    let text = match &register {
        Some(address) => kept_by(text, address, &of_consumer)?,
        None => text.to_owned(),
    };
    for (name, text) in [(name, &*text), poor_households::DEFINITION] {
        definitions.push((write(&of_consumer, name, text)?, plan.ports.consumer_sources().to_string()));
    }
    let register =
        register.map_or_else(|| format!("sqlite:{REGISTER}"), |address| address.without_password());
    Ok(Data { sample: population::sample(&base).await?, child, register, definitions })
}

/// The folder of definitions of a node.
fn folder(config: &Path) -> PathBuf {
    config.with_file_name("sources")
}

/// Writes a definition unless there is one of the same source, which somebody may have changed.
fn write(folder: &Path, name: &str, text: &str) -> anyhow::Result<PathBuf> {
    file::make_dir(folder)?;
    let path = folder.join(name);
    let wanted = Definition::parse(text)?.url;
    let kept = std::fs::read_to_string(&path)
        .is_ok_and(|old| Definition::parse(&old).map_or(true, |definition| definition.url == wanted));
    if !kept {
        file::replace(&path, text.as_bytes(), file::PUBLIC)?;
    }
    Ok(path)
}

/// The definition of the register for a MariaDB server, whose password goes into a file of its own.
fn kept_by(text: &str, address: &Address, folder: &Path) -> anyhow::Result<String> {
    let mut url = format!("url = {}\n", toml::Value::from(address.without_password()));
    if let Some(password) = address.password() {
        file::make_dir(folder)?;
        file::replace(&folder.join(PASSWORD), password.as_bytes(), file::PRIVATE)?;
        url = format!("{url}password_file = \"{PASSWORD}\"\n");
    }
    let line = text.lines().find(|line| line.starts_with("url = ")).context("a definition has a source")?;
    Ok(text.replacen(&format!("{line}\n"), &url, 1))
}

async fn build(base: &Path, people: &People) -> anyhow::Result<()> {
    let bar = ProgressBar::hidden();
    let shown = bar.clone();
    let style = ProgressStyle::with_template(
        "Tạo cơ sở dân cư giả định / inventing the population {bar:30} {percent}% {eta}",
    )?;
    let progress = Arc::new(move |done: u64, all: u64| {
        if shown.is_hidden() {
            shown.set_draw_target(indicatif::ProgressDrawTarget::stderr());
            shown.set_style(style.clone());
            shown.set_length(all);
        }
        shown.set_position(done);
    });
    population::ensure(base, people, progress).await?;
    bar.finish_and_clear();
    Ok(())
}

impl Data {
    /// Waits until every source answers its node.
    pub async fn answers(&self) -> anyhow::Result<()> {
        let client = Office::new(String::new());
        for (path, listen) in &self.definitions {
            let definition =
                Offer::parse(&std::fs::read_to_string(path)?).with_context(|| path.display().to_string())?;
            let url = format!("{}/_openapi.json", sources_role::url(listen.parse()?, &definition));
            let asking = async {
                while client.send(Method::GET, &url, &[], Body::Nothing).await?.status != StatusCode::OK {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                anyhow::Ok(())
            };
            let answered = tokio::time::timeout(OPENS_WITHIN, asking).await;
            answered.with_context(|| {
                format!("{}: không mở được nguồn / the source does not open", path.display())
            })??;
        }
        Ok(())
    }

    /// The kinds of sources, each with a service to try: for `demo.json` and for the tour.
    pub fn facts(&self, ask: &str) -> Value {
        let definition = |code: &str| {
            let ending = format!(".{code}.toml");
            self.definitions
                .iter()
                .map(|(path, _)| path)
                .find(|path| path.to_string_lossy().ends_with(&ending))
        };
        let child = self.child.as_ref().unwrap_or(&self.sample.number);
        let one_stop = format!("{CONSUMER}/{CONSUMER_SUBSYSTEM}");
        let civil = format!("{CONSUMER}/{SECOND_SUBSYSTEM}");
        let register = if self.register.starts_with("sqlite:") {
            (
                "SQLite",
                "Sổ khai sinh: bảng kiểu MariaDB, chạy thử trên tệp SQLite; --mariadb URL dùng máy chủ thật",
                "A register of births: tables of MariaDB's taste in an SQLite file; --mariadb URL uses a real server",
            )
        } else {
            ("MariaDB", "Sổ khai sinh trên máy chủ MariaDB", "A register of births on a MariaDB server")
        };
        let of = |(kind, vi, en): (&str, &str, &str), service: String, (path, client): (String, &str)| {
            let code = service.rsplit('/').next().unwrap_or_default();
            json!({
                "kind": kind, "vi": vi, "en": en, "service": service, "definition": definition(code),
                "try": format!("curl -s '{ask}/r1/{service}{path}' -H 'X-Road-Client: {client}'"),
            })
        };
        let population = (
            "SQLite",
            "Cơ sở dân cư: tra một hộ với các thành viên",
            "The population base: a household with its members",
        );
        let list = (
            "Excel",
            "Danh sách hộ nghèo của một xã, từ tệp Excel",
            "A commune's list of poor households, from an Excel file",
        );
        let household = format!("/{}", self.sample.household);
        json!([
            of(population, format!("{PROVIDER}/DANCU/tra-cuu-ho"), (household, &one_stop)),
            of(register, format!("{CONSUMER}/HOTICH/khai-sinh"), (format!("/{child}"), &one_stop)),
            of(list, format!("{CONSUMER}/MOTCUA/ho-ngheo"), ("?limit=3".into(), &civil)),
        ])
    }
}
