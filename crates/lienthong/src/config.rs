//! The configuration file of a node: TOML, unknown keys refused, all mistakes reported at once.
//!
//! Relative paths are relative to the file. `docs/configuration.md` lists every key with its default and limit.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use base::{MemberId, NodeId};
use crypto::sign::Passphrase;
use exchange::Limits;
use exchange::rights::Rights;
use exchange::signer::Mode;
use serde::Deserialize;

mod check;
mod file;

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
    /// What is allowed, but probably not meant; a line each.
    pub notices: Vec<String>,
    /// What is offered and allowed.
    pub rights: Rights,
    /// The registry, when this node has that role.
    pub registry: Option<RegistrySection>,
    /// Data sources, when this node has any.
    pub sources: Option<SourcesSection>,
    /// The process engine, when this node has that role.
    pub process: Option<ProcessSection>,
    /// The registry of another machine, when this node takes its rights from there.
    pub registry_elsewhere: Option<RegistryElsewhere>,
    /// For how many seconds what a registry said counts while it is away.
    pub stale_after_s: u32,
}

/// Section `[sources]`: services made from databases, by the definitions of a folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourcesSection {
    /// Folder of the definitions.
    #[serde(default = "sources_dir")]
    pub dir: PathBuf,
    /// Where they answer the node: plain HTTP, loopback only.
    pub listen: SocketAddr,
    /// Address of the store of what is found about them: `sqlite:PATH` or `postgres://…`.
    #[serde(default = "sources_store")]
    pub store: String,
}

fn sources_store() -> String {
    "sqlite:sources.db".into()
}

fn sources_dir() -> PathBuf {
    PathBuf::from("sources")
}

/// Section `[process]`: this node executes procedures; people sign in at its registry.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessSection {
    /// Address of the store of instances and models: `sqlite:PATH` or `postgres://…`; a store of its own.
    #[serde(default = "process_store")]
    pub store: String,
    /// Systems that do work of procedures: `workers.toml`; without it there are none.
    pub workers: Option<PathBuf>,
    /// The country's calendar of working time; without it the one that is built in.
    pub calendar: Option<PathBuf>,
    /// Calendars of agencies over it; without it the country's counts for every agency.
    pub calendars: Option<PathBuf>,
}

fn process_store() -> String {
    "sqlite:process.db".into()
}

/// Section `[rights]`: where this node takes its rights from, and how old they may be.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RightsSection {
    /// The registry's API: `https://HOST:PORT`; without it the registry of this node.
    pub registry: Option<String>,
    /// The member that keeps that registry, whose node answers and whose signature counts.
    pub registry_member: Option<MemberId>,
    /// For how many seconds what the registry said counts while it is away.
    #[serde(default = "day")]
    pub stale_after_s: u32,
}

impl Default for RightsSection {
    fn default() -> Self {
        Self { registry: None, registry_member: None, stale_after_s: day() }
    }
}

fn day() -> u32 {
    86_400
}

/// The registry of another machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryElsewhere {
    /// Its API, `https://HOST:PORT` without a slash at the end.
    pub url: String,
    /// The member that keeps it.
    pub member: MemberId,
}

/// Section `[registry]`: this node is also the registry, whose grants replace those of the file for its own member.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrySection {
    /// Address of the registry's store: `sqlite:PATH` or `postgres://…`; not that of the message log.
    pub store: String,
    /// Who may sign in: `people.toml`.
    pub people: PathBuf,
    /// Folder of the files that are attached to requests.
    #[serde(default = "attachments")]
    pub attachments: PathBuf,
    /// The API, HTTPS.
    pub listen: Option<SocketAddr>,
    /// The API for this machine: plain HTTP, loopback only.
    pub plain: Option<SocketAddr>,
    /// Nobody needs a second factor: for trying out on one machine, refused where anybody else can reach a port.
    #[serde(default)]
    pub password_only: bool,
    /// Pages for people.
    pub console: Option<ConsoleSection>,
    /// The authority whose directory this registry publishes; without it, the registry only follows the directory.
    pub authority: Option<AuthoritySection>,
}

/// Section `[registry.console]`: pages over the registry's API.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleSection {
    /// HTTPS.
    pub listen: Option<SocketAddr>,
    /// Plain HTTP for browsers on this machine, loopback only.
    pub plain: Option<SocketAddr>,
    /// A proxy on this machine speaks TLS with browsers and comes to `plain`: cookies are for TLS only then.
    #[serde(default)]
    pub behind_tls: bool,
}

/// Section `[registry.authority]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthoritySection {
    /// Folder that `lienthong authority init` made, with the keys of the roles targets, snapshot and timestamp.
    pub dir: PathBuf,
    /// File with the passphrase of these keys.
    pub passphrase_file: PathBuf,
}

fn attachments() -> PathBuf {
    PathBuf::from("attachments")
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
        let file: file::File =
            toml::from_str(&text).map_err(|error| Mistakes(vec![error.to_string().trim_end().to_owned()]))?;
        check::check(file, &dir)
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

#[cfg(test)]
mod tests;
