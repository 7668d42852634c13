//! Look-ups in the population base of a running demo, through the whole path.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result};
use rustix::process::Signal;
use serde::Deserialize;
use serde_json::Value;

use super::http::{self, Url};
use super::load::{self, Target, Throughput};
use super::nodes;
use crate::children::{RunAs, Running};

/// How long the demo may take when it has to build its base first.
const START_SECONDS_MAX: u64 = 300;
/// Households whose members are asked for: the first of the base.
const HOUSEHOLDS: u32 = 500;

/// What of `demo.json` is needed here.
#[derive(Deserialize)]
struct Demo {
    consumer: Consumer,
    services: Vec<String>,
    sample: Sample,
}

#[derive(Deserialize)]
struct Consumer {
    client: String,
    ask_base: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sample {
    so_dinh_danh: String,
    ho_ten: String,
}

/// Look-ups of one kind.
pub struct LookUps {
    pub service: &'static str,
    pub throughput: Throughput,
    /// How many different people were asked for.
    pub different: usize,
}

/// Starts the demo with its data in `folder` and measures each kind of look-up.
pub fn measure(binary: &Path, folder: &Path, seconds: u64, rounds: usize) -> Result<Vec<LookUps>> {
    fs::create_dir_all(folder)?;
    let description = folder.join("demo.json");
    if description.exists() {
        fs::remove_file(&description)?; // That of an earlier run: the new one says that the demo is ready.
    }
    let mut command = RunAs::Myself.command(binary);
    command
        .arg("demo")
        .arg("--by-hand")
        .arg("--data")
        .arg(folder)
        .arg("--port-base")
        .arg(nodes::free_range()?.to_string());
    command.stdout(Stdio::null());
    let mut running = Running::start("lienthong demo", command, Signal::TERM)?;
    running.wait_until(START_SECONDS_MAX, || read::<Value>(&description).is_ok())?;
    let demo: Demo = read(&description)?;
    let households: Vec<String> = (1..=HOUSEHOLDS).map(|number| format!("49{number:07}")).collect();
    let numbers = demo.members_of(&households)?;
    let mut found = Vec::new();
    for (service, script) in [
        ("tra-cuu-cong-dan", get_each(&numbers)),
        ("tra-cuu-cu-tru", get_each(&numbers)),
        ("tra-cuu-ho", get_each(&households)),
        ("xac-thuc-cong-dan", post(&demo.sample)),
    ] {
        let target = demo.target(service)?;
        let script_file = folder.join("look-up.lua");
        fs::write(&script_file, script.replace("{path}", &target.url.path))?;
        let mut throughputs = Vec::new();
        load::flood(&target, 1, Some(&script_file))?; // Warm.
        for _ in 0..rounds {
            throughputs.push(load::flood(&target, seconds, Some(&script_file))?);
        }
        throughputs.sort_by(|a, b| a.calls_per_second.total_cmp(&b.calls_per_second));
        let different = match service {
            "tra-cuu-ho" => households.len(),
            "xac-thuc-cong-dan" => 1,
            _ => numbers.len(),
        };
        found.push(LookUps { service, throughput: throughputs[rounds / 2], different });
    }
    Ok(found)
}

impl Demo {
    /// The numbers of everybody in these households, asked for through the exchange.
    fn members_of(&self, households: &[String]) -> Result<Vec<String>> {
        let target = self.target("tra-cuu-ho")?;
        let mut numbers = Vec::new();
        for household in households {
            let mut url = target.url.clone();
            url.path = format!("{}/{household}", url.path);
            let mut connection = http::Connection::open(url.address)?;
            connection.send(&http::request("GET", &url, &[("X-Road-Client", &target.client)], None))?;
            let (status, body) = connection.receive()?;
            anyhow::ensure!(status == 200, "household {household}: status {status}");
            let answer: Value = serde_json::from_slice(&body)?;
            let members = answer["thanhVien"].as_array().context("no thanhVien in an answer")?;
            numbers.extend(members.iter().filter_map(|m| m["soDinhDanh"].as_str().map(str::to_owned)));
        }
        Ok(numbers)
    }

    fn target(&self, service: &str) -> Result<Target> {
        let ending = format!("/{service}");
        let id = self.services.iter().find(|id| id.ends_with(&ending));
        let id = id.with_context(|| format!("demo.json names no service {service}"))?;
        let base = self.consumer.ask_base.trim_end_matches('/');
        let base = base.strip_suffix("/r1").unwrap_or(base);
        Ok(Target { url: Url::parse(&format!("{base}/r1/{id}"))?, client: self.consumer.client.clone() })
    }
}

/// A script for wrk that asks for one after the other, each thread from its own beginning.
fn get_each(keys: &[String]) -> String {
    let mut script = "local keys = {".to_owned();
    for key in keys {
        let _ = write!(script, "\"{key}\","); // Writing to a string cannot fail.
    }
    script.push_str(
        "}
local at = 0
function init() at = math.random(#keys) end
function request()
  at = at % #keys + 1
  return wrk.format(\"GET\", \"{path}/\" .. keys[at])
end
",
    );
    script
}

fn post(sample: &Sample) -> String {
    let body = serde_json::json!({ "soDinhDanh": sample.so_dinh_danh, "hoTen": sample.ho_ten });
    format!(
        "wrk.method = \"POST\"\nwrk.headers[\"Content-Type\"] = \"application/json\"\nwrk.body = [[{body}]]\n"
    )
}

fn read<T: serde::de::DeserializeOwned>(description: &Path) -> Result<T> {
    Ok(serde_json::from_slice(&fs::read(description)?)?)
}
