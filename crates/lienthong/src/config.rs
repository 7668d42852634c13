//! The configuration file of a node: TOML, unknown keys refused, all mistakes reported at once.
//!
//! Relative paths are relative to the file. `docs/configuration.md` lists every key with its default and limit.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base::{GroupId, MemberId, NodeId, Part, PartyId, ServiceId, SubsystemId, Ts};
use crypto::certificate::Certificate;
use crypto::sign::Passphrase;
use exchange::Limits;
use exchange::rights::{Connection, Description, Endpoint, Grant, Grantee, Pattern, Rights, Service};
use exchange::signer::Mode;
use serde::Deserialize;

/// Environment variable with the passphrase of the keys, when no file is configured.
pub const PASSPHRASE_VARIABLE: &str = "LIENTHONG_PASSPHRASE";

/// Every mistake of a configuration file, a line each.
#[derive(Debug)]
pub struct Mistakes(pub Vec<String>);

impl std::fmt::Display for Mistakes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tệp cấu hình có {0} lỗi / the configuration file has {0} mistake(s):", self.0.len())?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  - {mistake}"))
    }
}

impl std::error::Error for Mistakes {}

/// A node's configuration, checked.
#[derive(Debug)]
pub struct Config {
    /// This node.
    pub node: NodeId,
    /// Folder for the directory's cache and large bodies.
    pub data_dir: PathBuf,
    /// Keys and certificates.
    pub keys: Keys,
    /// Where the directory comes from.
    pub directory: Directory,
    /// Address of the message log.
    pub store_url: String,
    /// Listening sockets.
    pub listen: Listen,
    /// How messages are signed.
    pub signing: Mode,
    /// Checkpoints, time-stamps, OCSP.
    pub evidence: Evidence,
    /// Numbers.
    pub limits: Limits,
    /// What is offered and allowed.
    pub rights: Rights,
}

/// Section `[keys]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Folder of the key files.
    pub dir: PathBuf,
    /// File with the passphrase; otherwise the environment variable counts.
    pub passphrase_file: Option<PathBuf>,
    /// Label of the member's signing key.
    #[serde(default = "label_sign")]
    pub signing: String,
    /// Its certificate, PEM.
    pub signing_certificate: PathBuf,
    /// Label of the node's TLS key.
    #[serde(default = "label_tls")]
    pub tls: String,
    /// Its certificate, PEM.
    pub tls_certificate: PathBuf,
    /// Label of the secret that makes pseudonyms.
    #[serde(default = "label_pseudonyms")]
    pub pseudonyms: String,
}

fn label_sign() -> String {
    "sign".into()
}

fn label_tls() -> String {
    "tls".into()
}

fn label_pseudonyms() -> String {
    "pseudonyms".into()
}

/// Section `[directory]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// The trusted root file, received out of band.
    pub root: PathBuf,
    /// The repository: `http://…` or `file:///…`.
    pub url: String,
    /// Seconds between downloads.
    #[serde(default = "minute")]
    pub refresh_s: u64,
}

fn minute() -> u64 {
    60
}

/// Section `[listen]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// For other nodes: TLS 1.3, both certificates.
    pub nodes: SocketAddr,
    /// For information systems on this machine: plain HTTP, loopback only, off unless given.
    pub systems_plain: Option<SocketAddr>,
    /// For information systems: HTTPS.
    pub systems: Option<SocketAddr>,
    /// Health and metrics, off unless given.
    pub ops: Option<SocketAddr>,
    /// Open connections on each listener.
    #[serde(default = "connections")]
    pub connections_max: usize,
    /// Seconds for a request's head to arrive from an information system, and for an idle connection to speak.
    #[serde(default = "head")]
    pub head_s: u64,
    /// Seconds for calls in flight to finish at shutdown.
    #[serde(default = "drain")]
    pub drain_s: u64,
}

fn connections() -> usize {
    4096
}

fn head() -> u64 {
    75
}

fn drain() -> u64 {
    30
}

/// Section `[evidence]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Evidence {
    /// Milliseconds between checkpoints while there are new records.
    pub checkpoint_ms: u64,
    /// RFC 3161 authority; without one, checkpoints have no time-stamp.
    pub timestamp_url: Option<String>,
    /// Seconds between time-stamps.
    pub timestamp_s: u64,
    /// Seconds between rounds of OCSP questions.
    pub ocsp_s: u64,
}

impl Default for Evidence {
    fn default() -> Self {
        Self { checkpoint_ms: 1000, timestamp_url: None, timestamp_s: 60, ocsp_s: 600 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    node: NodeSection,
    keys: Keys,
    directory: Directory,
    store: StoreSection,
    listen: Listen,
    #[serde(default)]
    signing: SigningSection,
    #[serde(default)]
    evidence: Evidence,
    #[serde(default)]
    limits: LimitsSection,
    #[serde(default, rename = "subsystem")]
    subsystems: Vec<SubsystemSection>,
    #[serde(default, rename = "service")]
    services: Vec<ServiceSection>,
    #[serde(default, rename = "grant")]
    grants: Vec<GrantSection>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeSection {
    id: NodeId,
    #[serde(default = "here")]
    data: PathBuf,
}

fn here() -> PathBuf {
    PathBuf::from("data")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoreSection {
    url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SigningSection {
    mode: SigningMode,
    window_us: u64,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum SigningMode {
    Single,
    Batch,
}

impl Default for SigningSection {
    fn default() -> Self {
        Self { mode: SigningMode::Batch, window_us: 300 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitsSection {
    body_bytes_max: u64,
    head_bytes_max: usize,
    call_s: u64,
    calls_max: usize,
    clock_skew_max_s: i64,
}

impl Default for LimitsSection {
    fn default() -> Self {
        let Limits { body_bytes_max, head_bytes_max, call_s, calls_max, clock_skew_max_s } =
            Limits::default();
        Self { body_bytes_max, head_bytes_max, call_s, calls_max, clock_skew_max_s }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubsystemSection {
    code: Part,
    #[serde(default)]
    connection: ConnectionKind,
    #[serde(default)]
    certificates: Vec<PathBuf>,
}

#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "lowercase")]
enum ConnectionKind {
    Plain,
    Tls,
    #[default]
    Mutual,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceSection {
    subsystem: Part,
    code: Part,
    url: String,
    timeout_s: Option<u64>,
    openapi: Option<String>,
    subject_segment: Option<usize>,
    disabled: Option<String>,
    #[serde(default)]
    certificates: Vec<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantSection {
    to: Option<PartyId>,
    group: Option<GroupId>,
    service: String,
    #[serde(default)]
    endpoints: Vec<EndpointSection>,
    #[serde(default)]
    purposes: Vec<String>,
    until: Option<String>,
    legal_basis: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndpointSection {
    method: Option<String>,
    path: String,
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// Every mistake, or why the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, Mistakes> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Mistakes(vec![format!(
                "không đọc được / cannot read {}: {error}; tạo mới bằng / make one with `lienthong init`",
                path.display()
            )])
        })?;
        let dir = path.parent().unwrap_or(Path::new(".")).to_owned();
        let dir = std::path::absolute(&dir).unwrap_or(dir);
        let file: File =
            toml::from_str(&text).map_err(|error| Mistakes(vec![error.to_string().trim_end().to_owned()]))?;
        check(file, &dir)
    }

    /// The passphrase of the keys.
    ///
    /// # Errors
    /// Neither file nor variable.
    pub fn passphrase(&self) -> Result<Passphrase, crypto::sign::KeyError> {
        match &self.keys.passphrase_file {
            Some(file) => Passphrase::from_file(file),
            None => Passphrase::from_env(PASSPHRASE_VARIABLE),
        }
    }
}

/// Checks what TOML's types cannot; goes on after a mistake to find them all.
struct Checker<'a> {
    dir: &'a Path,
    owner: &'a MemberId,
    mistakes: Vec<String>,
}

impl Checker<'_> {
    fn wrong(&mut self, place: &str, what: impl std::fmt::Display) {
        self.mistakes.push(format!("{place}: {what}"));
    }

    fn path(&self, path: &Path) -> PathBuf {
        self.dir.join(path)
    }

    fn certificates(&mut self, place: &str, paths: &[PathBuf]) -> Vec<Certificate> {
        let mut read = Vec::new();
        for path in paths {
            let path = self.path(path);
            let text = std::fs::read_to_string(&path).map_err(|e| e.to_string());
            match text.and_then(|text| Certificate::from_pem(&text).map_err(|e| e.to_string())) {
                Ok(certificate) => read.push(certificate),
                Err(error) => self.wrong(place, format!("{}: {error}", path.display())),
            }
        }
        read
    }

    fn subsystem(&mut self, section: SubsystemSection, listen: &Listen) -> (PartyId, Connection) {
        let place = format!("[[subsystem]] {}", section.code);
        let certificates = self.certificates(&place, &section.certificates);
        match section.connection {
            ConnectionKind::Plain if listen.systems_plain.is_none() => {
                self.wrong(&place, "connection = \"plain\" needs [listen] systems_plain")
            }
            ConnectionKind::Tls | ConnectionKind::Mutual if listen.systems.is_none() => {
                self.wrong(&place, "an HTTPS connection needs [listen] systems")
            }
            ConnectionKind::Mutual if section.certificates.is_empty() => {
                self.wrong(&place, "connection = \"mutual\" needs certificates")
            }
            _ => {}
        }
        let connection = match section.connection {
            ConnectionKind::Plain => Connection::PlainLoopback,
            ConnectionKind::Tls => Connection::Tls,
            ConnectionKind::Mutual => Connection::Mutual(certificates),
        };
        (PartyId { member: self.owner.clone(), subsystem: Some(section.code) }, connection)
    }

    fn service(&mut self, section: ServiceSection, call_s: u64) -> Service {
        let provider = SubsystemId { member: self.owner.clone(), code: section.subsystem };
        let id = ServiceId { provider, code: section.code };
        let place = format!("[[service]] {id}");
        let certificates = self.certificates(&place, &section.certificates);
        let scheme = section.url.split("://").next().unwrap_or("");
        match scheme {
            "http" => {}
            "https" if certificates.is_empty() => {
                self.wrong(&place, "an https url needs the certificates that the system may show")
            }
            "https" => {}
            _ => self.wrong(&place, "url must begin with http:// or https://"),
        }
        // The consumer's node waits `call_s`; a little less lets the reason travel back.
        let timeout_s = section.timeout_s.unwrap_or_else(|| call_s.saturating_sub(5).max(1));
        let description = section.openapi.and_then(|source| self.description(&place, source));
        Service {
            id,
            url: section.url,
            timeout: Duration::from_secs(timeout_s),
            description,
            subject_segment: section.subject_segment,
            disabled: section.disabled,
            certificates,
        }
    }

    fn description(&mut self, place: &str, source: String) -> Option<Description> {
        if source.starts_with("http://") || source.starts_with("https://") {
            return Some(Description::Url(source));
        }
        let path = self.path(Path::new(&source));
        match std::fs::read_to_string(&path) {
            Ok(text) => Some(Description::Text(text)),
            Err(error) => {
                self.wrong(place, format!("openapi {}: {error}", path.display()));
                None
            }
        }
    }

    fn grant(&mut self, section: GrantSection, services: &[Service]) -> Option<Grant> {
        let place = format!("[[grant]] {}", section.service);
        let full = if section.service.split('/').count() == 2 {
            format!("{}/{}", self.owner, section.service)
        } else {
            section.service.clone()
        };
        let service: Option<ServiceId> = full.parse().map_err(|e| self.wrong(&place, e)).ok();
        if service.as_ref().is_some_and(|id| !services.iter().any(|s| s.id == *id)) {
            self.wrong(&place, "no [[service]] of that name");
        }
        let to = match (section.to, section.group) {
            (Some(party), None) => Some(Grantee::Party(party)),
            (None, Some(group)) => Some(Grantee::Group(group)),
            _ => {
                self.wrong(&place, "exactly one of `to` and `group` is needed");
                None
            }
        };
        let until = section.until.and_then(|text| {
            Ts::parse(&text)
                .map_err(|e| self.wrong(&place, format!("until: {e} (example: 2027-12-31T00:00:00Z)")))
                .ok()
        });
        let endpoints = section.endpoints.into_iter().filter_map(|e| self.endpoint(&place, &e)).collect();
        Some(Grant {
            to: to?,
            service: service?,
            endpoints,
            purposes: section.purposes,
            until,
            legal_basis: section.legal_basis,
        })
    }

    fn endpoint(&mut self, place: &str, section: &EndpointSection) -> Option<Endpoint> {
        let path = Pattern::new(&section.path)
            .map_err(|e| self.wrong(place, format!("{:?}: {e}", section.path)))
            .ok()?;
        let method = section.method.as_deref().filter(|m| *m != "*");
        let method = method.map(|m| m.to_ascii_uppercase().parse()).transpose();
        let method = method.map_err(|_| self.wrong(place, "method is not an HTTP method")).ok()?;
        Some(Endpoint { method, path })
    }

    fn limits(&mut self, section: &LimitsSection) -> Limits {
        let mut within = |key: &str, value: u64, min: u64, max: u64| {
            if !(min..=max).contains(&value) {
                self.wrong("[limits]", format!("{key} = {value}: allowed are {min} to {max}"));
            }
        };
        within("body_bytes_max", section.body_bytes_max, 1024, 1 << 40);
        within("head_bytes_max", section.head_bytes_max as u64, 1024, 100 * 1024);
        within("call_s", section.call_s, 1, 3600);
        within("calls_max", section.calls_max as u64, 1, 100_000);
        within("clock_skew_max_s", u64::try_from(section.clock_skew_max_s).unwrap_or(u64::MAX), 1, 300);
        Limits {
            body_bytes_max: section.body_bytes_max,
            head_bytes_max: section.head_bytes_max,
            call_s: section.call_s,
            calls_max: section.calls_max,
            clock_skew_max_s: section.clock_skew_max_s,
        }
    }
}

fn check(file: File, dir: &Path) -> Result<Config, Mistakes> {
    let mut checker = Checker { dir, owner: &file.node.id.owner, mistakes: Vec::new() };
    let listen = file.listen;
    if let Some(plain) = listen.systems_plain
        && !plain.ip().is_loopback()
    {
        checker.wrong(
            "[listen] systems_plain",
            format!("{plain}: plain HTTP is allowed on loopback only; use `systems` for HTTPS"),
        );
    }
    if !(1..=3600).contains(&listen.head_s) {
        checker.wrong("[listen]", "head_s: allowed are 1 to 3600");
    }
    if file.signing.window_us > 100_000 {
        checker.wrong("[signing]", "window_us: at most 100000");
    }
    if !(10..=600_000).contains(&file.evidence.checkpoint_ms) {
        checker.wrong("[evidence]", "checkpoint_ms: allowed are 10 to 600000");
    }
    let limits = checker.limits(&file.limits);
    let subsystems = file.subsystems.into_iter().map(|s| checker.subsystem(s, &listen)).collect();
    let services: Vec<Service> =
        file.services.into_iter().map(|s| checker.service(s, limits.call_s)).collect();
    let grants = file.grants.into_iter().filter_map(|g| checker.grant(g, &services)).collect();
    let mode = if file.signing.mode == SigningMode::Single {
        Mode::Single
    } else {
        Mode::Batch { window_us: file.signing.window_us }
    };
    let Keys { dir: keys, passphrase_file, signing_certificate, tls_certificate, .. } = &file.keys;
    let keys = Keys {
        dir: checker.path(keys),
        passphrase_file: passphrase_file.as_ref().map(|p| checker.path(p)),
        signing_certificate: checker.path(signing_certificate),
        tls_certificate: checker.path(tls_certificate),
        ..file.keys.clone()
    };
    let directory = Directory { root: checker.path(&file.directory.root), ..file.directory.clone() };
    let (data_dir, store_url) = (checker.path(&file.node.data), store_url(&file.store.url, dir));
    if !checker.mistakes.is_empty() {
        return Err(Mistakes(checker.mistakes));
    }
    let rights = Rights::new(subsystems, services, grants);
    Ok(Config {
        node: file.node.id,
        data_dir,
        keys,
        directory,
        store_url,
        listen,
        signing: mode,
        evidence: file.evidence,
        limits,
        rights,
    })
}

/// `sqlite:PATH` relative to the configuration file, anything else as it is.
fn store_url(url: &str, dir: &Path) -> String {
    match url.strip_prefix("sqlite:") {
        Some(path) => format!("sqlite:{}", dir.join(path).display()),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests;
