//! `lienthong doctor --gate`: the report of the readiness gate, with what a machine can check by itself.
//!
//! An inspector ticks it: on screen, as a page, or on paper. The items that people file come from the registry of this
//! node; a node without one shows where they are.

mod headers;
mod log;
mod sockets;
mod tls;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use base::{Clock as _, PartyId, SystemClock, Ts};
use directory::Snapshot;
use registry::Registry;
use registry::gate::{self, MachineCheck, Report as GateReport};
use registry::text::Text;

use super::listener::{Listener, listeners};
use super::report::{Both, Report};
use super::{Args, local, network, trust};
use crate::command::file;
use crate::config::Config;
use crate::{EXIT_CHECK_FAILED, registry_role};
use sockets::Process;

/// How the report is written to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Html,
    Pdf,
    Json,
}

impl Form {
    fn of(path: &Path) -> anyhow::Result<Self> {
        match path.extension().and_then(|end| end.to_str()) {
            Some("html") => Ok(Self::Html),
            Some("pdf") => Ok(Self::Pdf),
            Some("json") => Ok(Self::Json),
            _ => bail!("{}: cần .html, .pdf hoặc .json / .html, .pdf or .json is needed", path.display()),
        }
    }

    fn bytes(self, report: &GateReport) -> anyhow::Result<Vec<u8>> {
        Ok(match self {
            Self::Html => report.html().into_bytes(),
            Self::Pdf => report.pdf()?,
            Self::Json => serde_json::to_vec_pretty(report)?,
        })
    }
}

/// Looks at the node, puts the report together and shows it; exit code 1 when an item fails.
pub async fn run(party: &PartyId, args: &Args) -> anyhow::Result<ExitCode> {
    let form = args.output.as_deref().map(|path| Form::of(path).map(|form| (form, path))).transpose()?;
    let config = Config::read(&args.config)?;
    let registry = open(&config).await;
    let now = SystemClock.now();
    let mut checks = machine(&config, args, party, now).await;
    if let Some(registry) = &registry {
        checks.push(item(AUDIT_JOURNAL, log::journal(registry).await));
    }
    let report = match &registry {
        Some(Ok(registry)) => {
            registry.read(|state| gate::report(state, registry.rules(), party, &checks, now))
        }
        _ => GateReport::of_machine(party, checks, elsewhere(party), now),
    };
    match form {
        Some((form, path)) => {
            // It names persons and how to reach them.
            file::replace(path, &form.bytes(&report)?, file::PRIVATE)?;
            println!("Đã ghi / wrote {}", path.display());
        }
        None if args.json => println!("{}", serde_json::to_string_pretty(&report)?),
        None => print!("{}", report.text()),
    }
    let good = report.open && report.failing() == 0;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(EXIT_CHECK_FAILED) })
}

/// The registry of this node, where it has that role.
async fn open(config: &Config) -> Option<anyhow::Result<Registry>> {
    let section = config.registry.as_ref()?;
    // Opening would make an empty one, which would belong to whoever called the doctor.
    if let Some(path) = section.store.strip_prefix("sqlite:").filter(|path| !Path::new(path).exists()) {
        let what = format!("chưa có, nút chưa chạy lần nào / not there, the node never ran: {path}");
        return Some(Err(anyhow::anyhow!(what)));
    }
    let opened = registry_role::open(section, std::sync::Arc::new(SystemClock)).await;
    Some(opened.with_context(|| "[registry] store"))
}

fn elsewhere(party: &PartyId) -> Text {
    let path = format!("{}/gate?party={party}&format=html", registry::api::ROOT);
    Text {
        vi: format!("Các mục hồ sơ (phần I, II) nằm ở sổ đăng ký, xem tại nút đó: {path}"),
        en: format!(
            "The items on paper (parts I, II) are at the registry, on the node that keeps it: {path}"
        ),
    }
}

const NO_DIRECTORY: &str = "không có danh bạ / no directory";

/// Code, title and the text that demands it.
type Item = (&'static str, Both, &'static str);

const SUBSYSTEM: Item = (
    "subsystem",
    ("Hệ thống thuộc nút này và có trong danh bạ", "The subsystem is of this node and in the directory"),
    "Công văn 4856/BCA-TTDLQG, Phụ lục 4, bước 3",
);
const CERTIFICATES: Item = (
    "certificate_chain",
    ("Chứng thư ký và TLS: chuỗi, thu hồi, ngày còn lại", "Certificates: chain, revocation, days left"),
    "Công văn 4856/BCA-TTDLQG, Phụ lục 4, bước 3",
);
const TLS: Item = (
    "tls_versions",
    ("Phiên bản và bộ mã TLS", "TLS versions and cipher suites"),
    "TCVN 14423:2026 (mã hóa trên đường truyền)",
);
const HEADERS: Item = (
    "security_headers",
    ("Tiêu đề an toàn của API sổ đăng ký", "Security headers of the registry's API"),
    "",
);
const PORTS: Item = (
    "open_ports",
    ("Cổng đang mở so với cấu hình", "Open ports compared with the configuration"),
    "Nghị định 331/2026/NĐ-CP, Điều 21, 22 (danh mục ứng dụng, dịch vụ trong hồ sơ cấp độ)",
);
const CLOCK: Item = ("clock", ("Đồng hồ", "Clock"), "TCVN 14423:2026 (thời gian trong nhật ký theo NTP)");
const VERSION: Item = ("software_version", ("Phiên bản phần mềm", "Software version"), "");
const MESSAGE_LOG: Item = (
    "message_log",
    ("Nhật ký thông điệp: bền vững, nguyên vẹn", "Message log: durable and whole"),
    "TCVN 14423:2026 (nhật ký); Nghị định 330/2026/NĐ-CP",
);
const AUDIT_JOURNAL: Item = (
    "audit_journal",
    ("Sổ nhật ký của sổ đăng ký nguyên vẹn", "The registry's journal is whole"),
    "TCVN 14423:2026 (nhật ký); Nghị định 330/2026/NĐ-CP",
);
const LOG_LEVEL: Item = (
    "log_level",
    ("Mức nhật ký không ghi nội dung", "The log level records no bodies"),
    "Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15",
);

fn item((code, title, legal_basis): Item, found: Report) -> MachineCheck {
    found.into_item(code, title, legal_basis)
}

/// Everything that a machine can check, except the registry's journal.
async fn machine(config: &Config, args: &Args, party: &PartyId, now: Ts) -> Vec<MachineCheck> {
    let all = listeners(config);
    let process = sockets::process(&all);
    // What the directory itself is like is the node's doctor's matter; here it is what others are compared with.
    let directory = network::directory(config, now, &mut Report::default()).await;

    let mut subsystem = Report::default();
    here(config, directory.as_deref(), party, &mut subsystem);
    let certificates = certificates(config, directory.as_deref(), now).await;
    let (tls, headers) = probed(config, &all).await;
    let mut clock = Report::default();
    network::clock(&config.directory.url, &mut clock).await;
    let mut checks = vec![
        item(SUBSYSTEM, subsystem),
        item(CERTIFICATES, certificates),
        item(TLS, tls),
        item(PORTS, ports(config, &all, process.as_ref(), directory.as_deref()).await),
        item(CLOCK, clock),
        item(VERSION, version(process.as_ref())),
        item(MESSAGE_LOG, log::messages(config, &args.config).await),
        item(LOG_LEVEL, log::level(process.as_ref())),
    ];
    if all.iter().any(|listener| listener.registry) {
        checks.insert(3, item(HEADERS, headers));
    }
    checks
}

/// The subsystem is one of this node's, in the configuration and in the directory.
fn here(config: &Config, directory: Option<&Snapshot>, party: &PartyId, report: &mut Report) {
    let name = ("Trong cấu hình", "in the configuration");
    let offers = config.rights.services().any(|service| service.id.provider.party() == *party);
    if offers || config.rights.connection(party).is_some() {
        report.good(name, party.to_string());
    } else {
        let remedy = (
            "chạy lệnh này tại nút của hệ thống, hoặc khai báo [[subsystem]], [[service]]",
            "run this at the node of the subsystem, or declare a [[subsystem]] or [[service]]",
        );
        report.wrong(name, format!("không có / not there: {party}"), remedy);
    }
    let name = ("Trong danh bạ", "in the directory");
    let Some(directory) = directory else {
        report.wrong(name, NO_DIRECTORY, ("chạy `lienthong doctor`", "run `lienthong doctor`"));
        return;
    };
    let served = match party.subsystem_id() {
        Some(system) => directory.nodes_of(&system).iter().any(|node| node.id == config.node),
        None => directory.party_exists(party),
    };
    if served {
        report.good(name, config.node.to_string());
    } else {
        let remedy = (
            "đề nghị cơ quan quản lý danh bạ gắn hệ thống với nút này",
            "have the holder of the directory add the subsystem to this node",
        );
        report.wrong(name, format!("{}: không phục vụ / does not serve {party}", config.node), remedy);
    }
}

/// The certificates of the node: key, period, chain to the directory's authorities, revocation.
async fn certificates(config: &Config, directory: Option<&Snapshot>, now: Ts) -> Report {
    let mut report = Report::default();
    let keys = local::keys(config, &mut Report::default());
    let own = local::certificates(config, keys.as_ref(), now, &mut report);
    match directory {
        Some(directory) => {
            trust::registered(config, directory, &own, now, &mut report);
            trust::revocation(directory, &own, now, &mut report).await;
        }
        None => report.unseen(("Chuỗi, thu hồi", "chain, revocation"), NO_DIRECTORY),
    }
    report
}

/// What the listeners show from outside: versions of TLS, headers.
async fn probed(config: &Config, all: &[Listener]) -> (Report, Report) {
    let certificate = file::certificate(&config.keys.tls_certificate);
    let all = all.to_vec();
    let looked = tokio::task::spawn_blocking(move || {
        let (mut versions, mut headers) = (Report::default(), Report::default());
        match &certificate {
            Ok(certificate) => {
                tls::versions(&all, certificate, &mut versions);
                headers::sent(&all, certificate, &mut headers);
            }
            Err(error) => versions.unseen(("Chứng thư TLS", "TLS certificate"), format!("{error:#}")),
        }
        (versions, headers)
    });
    looked.await.unwrap_or_default()
}

/// Only what is configured is open, nothing public in plain text, and the registered addresses answer.
async fn ports(
    config: &Config,
    all: &[Listener],
    process: Option<&Process>,
    directory: Option<&Snapshot>,
) -> Report {
    let mut report = Report::default();
    sockets::compared(all, process, &mut report);
    if process.is_none() {
        return report;
    }
    for address in directory.and_then(|known| known.node(&config.node)).into_iter().flat_map(|n| &n.addresses)
    {
        let name = ("Địa chỉ đã đăng ký", "registered address");
        if network::reaches(address).await {
            report.good(name, address.clone());
        } else {
            let remedy = (
                "kiểm tra từ một nút khác; sửa danh bạ hoặc tường lửa",
                "look from another node; correct the directory or the firewall",
            );
            report.doubtful(
                name,
                format!("{address}: không nối được từ máy này / not reached from here"),
                remedy,
            );
        }
    }
    report
}

fn version(process: Option<&Process>) -> Report {
    let mut report = Report::default();
    report.good(("Chương trình này", "this program"), format!("lienthong {}", env!("CARGO_PKG_VERSION")));
    let name = ("Nút đang chạy", "the running node");
    match process.map(|process| process.runs(std::env::current_exe().ok().as_deref())) {
        None => report.unseen(name, sockets::NOT_SEEN),
        Some(None) => report.unseen(name, "không xem được / cannot be seen"),
        Some(Some(Ok(()))) => report.good(name, "cùng chương trình này / the same program"),
        Some(Some(Err(other))) => {
            let remedy = ("khởi động lại nút sau khi nâng cấp", "start the node again after an upgrade");
            report.doubtful(name, other.display().to_string(), remedy);
        }
    }
    report
}
