//! Services on offer: description, class, kind of sharing, fields, versions.

use std::collections::BTreeMap;

use base::ServiceId;
use serde::{Deserialize, Serialize};

use crate::RegistryError;
use crate::agency::AgencyCode;
use crate::state::Stamp;
use crate::text::Text;

/// How carefully data must be handled; state secrets have no class because they are never accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataClass {
    /// For everybody.
    Public,
    /// For agencies.
    Internal,
    /// Basic personal data (Luật 91/2025/QH15).
    PersonalBasic,
    /// Sensitive personal data.
    PersonalSensitive,
}

impl DataClass {
    /// Whether the law on personal data applies.
    pub const fn is_personal(self) -> bool {
        matches!(self, Self::PersonalBasic | Self::PersonalSensitive)
    }
}

/// A field of a service's answers, by its path: `hoTen`, `thuongTru.xa`; arrays are passed through (`thanhVien.hoTen`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Names from the root of the answer, joined by dots.
    pub path: String,
    /// What it means.
    #[serde(default)]
    pub title: String,
}

/// Where a version of a service stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Being described; nobody can ask for it.
    Draft,
    /// On offer.
    Published,
    /// On offer until a day, not for new requests.
    Deprecated,
    /// Gone.
    Withdrawn,
}

/// A service on offer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// `INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE`.
    pub id: ServiceId,
    /// The version of its description (OpenAPI `info.version`).
    pub version: String,
    /// The data owner: who decides on requests.
    pub owner: AgencyCode,
    /// Its name.
    pub title: Text,
    /// What it is for.
    #[serde(default)]
    pub summary: Text,
    /// Where it stands.
    pub stage: Stage,
    /// Class of its data.
    pub data_class: DataClass,
    /// Kind of sharing: a code of the vocabulary, such as `mandatory`, `on_request`, `special`.
    pub sharing: String,
    /// The text that makes the owner share it.
    pub legal_basis: String,
    /// The kind of master data of which it is the only source, such as `cong-dan`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master_of: Option<String>,
    /// Number of the impact assessment, for special services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact_assessment: Option<String>,
    /// Answer time promised, milliseconds (p95).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_ms: Option<u32>,
    /// Fields of its answers, read from the OpenAPI description.
    pub fields: Vec<Field>,
    /// The OpenAPI 3.1 description.
    pub openapi: serde_json::Value,
}

/// Kinds of sharing and classes, old words and new.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {}

impl Vocabulary {
    /// Reads `vocabulary.toml`.
    ///
    /// # Errors
    /// Every mistake of the text.
    pub fn parse(_text: &str) -> Result<Self, RegistryError> {
        Ok(Self {})
    }
}

/// What can happen to services.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Event {
    /// Entered, or this version of it written anew.
    Put(Box<Service>),
}

/// All services.
#[derive(Clone, Debug, Default)]
pub struct Services {
    current: BTreeMap<ServiceId, Service>,
}

impl Services {
    /// The current version of a service.
    pub fn get(&self, id: &ServiceId) -> Option<&Service> {
        self.current.get(id)
    }

    /// The current version of every service, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Service> {
        self.current.values()
    }

    pub(crate) fn apply(&mut self, _stamp: &Stamp, event: Event) {
        match event {
            Event::Put(service) => drop(self.current.insert(service.id.clone(), *service)),
        }
    }
}
