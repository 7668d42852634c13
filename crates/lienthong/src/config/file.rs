//! The configuration file as TOML writes it, before it is checked.

use std::path::PathBuf;

use base::{GroupId, NodeId, Part, PartyId};
use exchange::Limits;
use serde::Deserialize;

use super::{
    Directory, Evidence, Keys, Listen, ProcessSection, RegistrySection, RightsSection, SourcesSection,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) node: NodeSection,
    pub(super) keys: Keys,
    pub(super) directory: Directory,
    pub(super) store: StoreSection,
    pub(super) listen: Listen,
    #[serde(default)]
    pub(super) signing: SigningSection,
    #[serde(default)]
    pub(super) evidence: Evidence,
    #[serde(default)]
    pub(super) limits: LimitsSection,
    pub(super) registry: Option<RegistrySection>,
    pub(super) sources: Option<SourcesSection>,
    pub(super) process: Option<ProcessSection>,
    pub(super) rights: Option<RightsSection>,
    #[serde(default, rename = "subsystem")]
    pub(super) subsystems: Vec<SubsystemSection>,
    #[serde(default, rename = "service")]
    pub(super) services: Vec<ServiceSection>,
    #[serde(default, rename = "grant")]
    pub(super) grants: Vec<GrantSection>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeSection {
    pub(super) id: NodeId,
    #[serde(default = "here")]
    pub(super) data: PathBuf,
}

fn here() -> PathBuf {
    PathBuf::from("data")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoreSection {
    pub(super) url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SigningSection {
    pub(super) mode: SigningMode,
    pub(super) window_us: u64,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum SigningMode {
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
pub(super) struct LimitsSection {
    pub(super) body_bytes_max: u64,
    pub(super) cut_bytes_max: u64,
    pub(super) head_bytes_max: usize,
    pub(super) call_s: u64,
    pub(super) calls_max: usize,
    pub(super) clock_skew_max_s: i64,
}

impl Default for LimitsSection {
    fn default() -> Self {
        let Limits { body_bytes_max, cut_bytes_max, head_bytes_max, call_s, calls_max, clock_skew_max_s } =
            Limits::default();
        Self { body_bytes_max, cut_bytes_max, head_bytes_max, call_s, calls_max, clock_skew_max_s }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubsystemSection {
    pub(super) code: Part,
    #[serde(default)]
    pub(super) connection: ConnectionKind,
    #[serde(default)]
    pub(super) certificates: Vec<PathBuf>,
}

#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum ConnectionKind {
    Plain,
    Tls,
    #[default]
    Mutual,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceSection {
    pub(super) subsystem: Part,
    pub(super) code: Part,
    pub(super) url: String,
    pub(super) timeout_s: Option<u64>,
    pub(super) openapi: Option<String>,
    pub(super) subject_segment: Option<usize>,
    pub(super) disabled: Option<String>,
    #[serde(default)]
    pub(super) certificates: Vec<PathBuf>,
}

impl ServiceSection {
    /// Whether both are the same service.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        (&self.subsystem, &self.code) == (&other.subsystem, &other.code)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantSection {
    pub(super) id: Option<String>,
    pub(super) to: Option<PartyId>,
    pub(super) group: Option<GroupId>,
    pub(super) service: String,
    #[serde(default)]
    pub(super) endpoints: Vec<EndpointSection>,
    #[serde(default)]
    pub(super) fields: Vec<String>,
    #[serde(default)]
    pub(super) purposes: Vec<String>,
    pub(super) quota_day: Option<u64>,
    pub(super) rate_s: Option<u32>,
    #[serde(default)]
    pub(super) dossier: bool,
    #[serde(default)]
    pub(super) officer: bool,
    #[serde(default)]
    pub(super) sign_in: u8,
    pub(super) condition: Option<String>,
    pub(super) until: Option<String>,
    pub(super) legal_basis: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointSection {
    pub(super) method: Option<String>,
    pub(super) path: String,
}
