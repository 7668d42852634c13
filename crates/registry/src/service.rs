//! Services on offer: description, class, kind of sharing, fields, versions.
//!
//! A service has one entry with its versions, numbered as its own description says (`info.version`). A version is a
//! draft, then published, deprecated, withdrawn; what is published keeps its description for ever, a new description
//! is a new version. The decisions are in `decide`, the checks of OpenAPI documents in `openapi`.

pub mod catalogue;
mod decide;
mod document;
pub mod example;
mod fields;
#[cfg(test)]
mod fixtures;
mod mistakes;
mod openapi;
mod owner;
pub mod quality;
mod reference;
pub mod sample;
mod schema;
mod vocabulary;

use std::collections::{BTreeMap, BTreeSet};

use base::ServiceId;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::agency::AgencyCode;
use crate::state::Stamp;
use crate::text::Text;

pub use decide::{
    Deprecation, Draft, Given, HandOver, Publication, RESPONSE_MS_MAX, Withdrawal, deprecate, hand_over,
    publish, put, withdraw,
};
pub use document::{DEPTH_MAX, DOCUMENT_BYTES_MAX, Document};
pub use fields::{FIELDS_MAX, fields_of};
pub use openapi::{Operation, operations};
pub use vocabulary::{ClassRule, SharingKind, SharingMethod, Vocabulary};

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
    /// Every class.
    pub const ALL: [Self; 4] = [Self::Public, Self::Internal, Self::PersonalBasic, Self::PersonalSensitive];

    /// Whether the law on personal data applies.
    pub const fn is_personal(self) -> bool {
        matches!(self, Self::PersonalBasic | Self::PersonalSensitive)
    }

    /// Its code in the vocabulary and in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::PersonalBasic => "personal_basic",
            Self::PersonalSensitive => "personal_sensitive",
        }
    }

    /// The class with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.code() == code)
    }
}

/// A field of a service's answers, by its path: `hoTen`, `thuongTru.xa`; arrays are passed through (`thanhVien.hoTen`).
///
/// An object is a field and so are its parts: `thuongTru` means all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Names from the root of the answer, joined by dots.
    pub path: String,
    /// What it means.
    #[serde(default)]
    pub title: String,
    /// Whether it is personal data, by the description's `x-lienthong-personal` or by who entered the service.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub personal: bool,
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

impl Stage {
    /// Its name.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Draft => "bản thảo / draft",
            Self::Published => "đã công bố / published",
            Self::Deprecated => "sắp dừng / deprecated",
            Self::Withdrawn => "đã rút / withdrawn",
        }
    }
}

/// One version of a service.
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
    /// Where it stands; see [`Service::stage_on`] for a day.
    pub stage: Stage,
    /// Class of its data.
    pub data_class: DataClass,
    /// Kind of sharing: a code of the vocabulary, such as `mandatory`, `on_request`, `special`.
    pub sharing: String,
    /// How data reach the consumer: a code of the vocabulary, such as `query`.
    #[serde(default = "query")]
    pub method: String,
    /// The text that makes the owner share it.
    pub legal_basis: String,
    /// The kind of master data of which it is the only source, such as `cong-dan` (NĐ 278/2025/NĐ-CP, Điều 5 khoản 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master_of: Option<String>,
    /// Number of the impact assessment, for special services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact_assessment: Option<String>,
    /// Answer time promised, milliseconds (p95).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_ms: Option<u32>,
    /// Last day on which a deprecated version answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sunset: Option<Date>,
    /// What consumers of a deprecated version should ask for; its own id when a newer version takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<ServiceId>,
    /// Fields of its answers, read from the OpenAPI description.
    pub fields: Vec<Field>,
    /// The OpenAPI 3.1 description.
    pub openapi: Document,
}

/// The method that is meant when none is named.
fn query() -> String {
    "query".to_owned()
}

impl Service {
    /// Where it stands on a day: after its sunset a deprecated version is gone, without an act of anybody.
    pub fn stage_on(&self, day: Date) -> Stage {
        match (self.stage, self.sunset) {
            (Stage::Deprecated, Some(sunset)) if sunset < day => Stage::Withdrawn,
            (stage, _) => stage,
        }
    }

    /// Whether it answers calls on the day.
    pub fn is_on_offer(&self, day: Date) -> bool {
        matches!(self.stage_on(day), Stage::Published | Stage::Deprecated)
    }

    /// Whether new requests for it can be made on the day.
    pub fn is_open(&self, day: Date) -> bool {
        self.stage_on(day) == Stage::Published
    }

    /// The field at a path.
    pub fn field(&self, path: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.path == path)
    }

    /// Those of the paths that the service does not have; for [`crate::RegistryError::UnknownFields`].
    pub fn unknown_fields(&self, paths: &[String]) -> Vec<String> {
        paths.iter().filter(|path| self.field(path).is_none()).cloned().collect()
    }

    /// Whether an answer cut to these paths (none = all) contains personal data: fields that are marked, or lie in or
    /// around a path; without any mark, all of a service whose class is personal.
    pub fn gives_personal_data(&self, paths: &[String]) -> bool {
        let mut marked = self.fields.iter().filter(|field| field.personal).peekable();
        if marked.peek().is_none() {
            return self.data_class.is_personal();
        }
        paths.is_empty()
            || marked
                .any(|field| paths.iter().any(|path| within(&field.path, path) || within(path, &field.path)))
    }
}

/// Whether a path is `above` or a part of it.
fn within(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// What can happen to services.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Event {
    /// Entered, or this version of it written anew.
    Put(Box<Service>),
    /// A version is on offer.
    Published {
        /// The service.
        id: ServiceId,
        /// Which version.
        version: String,
    },
    /// A version is on offer until a day, and not for new requests.
    Deprecated {
        /// The service.
        id: ServiceId,
        /// Which version.
        version: String,
        /// The last day on which it answers.
        sunset: Date,
        /// What to ask for instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replacement: Option<ServiceId>,
    },
    /// A version is gone.
    Withdrawn {
        /// The service.
        id: ServiceId,
        /// Which version.
        version: String,
        /// Why.
        reason: String,
    },
    /// One service took over from another as the only source of a kind of master data.
    MasterHandedOver {
        /// The kind of master data.
        object: String,
        /// The source until now.
        from: ServiceId,
        /// The source from now on.
        to: ServiceId,
    },
}

/// An act on a service, for its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// When and by whom.
    pub stamp: Stamp,
    /// What was done.
    pub text: Text,
}

/// A service with all of its versions.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Number of the act that last touched any of its versions; what `if_version` is compared with.
    pub revision: i64,
    /// All that was done to it, oldest first.
    pub history: Vec<Past>,
    versions: Vec<Service>,
    /// Versions that were on offer at some time: what everybody saw then is no secret later.
    offered: BTreeSet<String>,
    /// What is searched in, for each version.
    words: Vec<catalogue::Words>,
}

impl Entry {
    /// Its versions, in the order in which they were entered.
    pub fn versions(&self) -> &[Service] {
        &self.versions
    }

    /// One version.
    pub fn version(&self, version: &str) -> Option<&Service> {
        self.versions.iter().find(|service| service.version == version)
    }

    /// Whether a version is on offer, or was at some time; drafts are their owner's alone.
    pub fn is_public(&self, service: &Service) -> bool {
        matches!(service.stage, Stage::Published | Stage::Deprecated)
            || self.offered.contains(&service.version)
    }

    /// The version that speaks for the service: the published one, else the last that was deprecated, withdrawn,
    /// entered.
    pub fn current(&self) -> Option<&Service> {
        let rank = |service: &&Service| match service.stage {
            Stage::Published => 3,
            Stage::Deprecated => 2,
            Stage::Withdrawn => 1,
            Stage::Draft => 0,
        };
        self.versions.iter().max_by_key(rank)
    }

    fn put(&mut self, service: Service) {
        let words = catalogue::Words::of(&service);
        if let Some(place) = self.versions.iter().position(|known| known.version == service.version) {
            self.versions[place] = service;
            self.words[place] = words;
        } else {
            self.versions.push(service);
            self.words.push(words);
        }
    }

    fn change(&mut self, version: &str, change: impl FnOnce(&mut Service)) {
        if let Some(place) = self.versions.iter().position(|known| known.version == version) {
            change(&mut self.versions[place]);
        }
    }

    fn set_master(&mut self, from: Option<&str>, to: Option<&str>) {
        let living = self.versions.iter_mut().zip(&mut self.words);
        for (service, words) in living.filter(|(service, _)| service.stage != Stage::Withdrawn) {
            if service.master_of.as_deref() == from {
                service.master_of = to.map(str::to_owned);
                *words = catalogue::Words::of(service);
            }
        }
    }
}

/// All services.
#[derive(Clone, Debug, Default)]
pub struct Services {
    all: BTreeMap<ServiceId, Entry>,
}

impl Services {
    /// The version that speaks for a service: the one on offer, if any is. See [`Entry::current`].
    pub fn get(&self, id: &ServiceId) -> Option<&Service> {
        self.entry(id).and_then(Entry::current)
    }

    /// A service with its versions and its history.
    pub fn entry(&self, id: &ServiceId) -> Option<&Entry> {
        self.all.get(id)
    }

    /// Every service, by id.
    pub fn entries(&self) -> impl Iterator<Item = (&ServiceId, &Entry)> {
        self.all.iter()
    }

    /// The version that speaks for each service, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Service> {
        self.all.values().filter_map(Entry::current)
    }

    /// The only source of a kind of master data on a day.
    pub fn master_source(&self, object: &str, day: Date) -> Option<&Service> {
        let versions = self.all.values().flat_map(Entry::versions);
        let mut sources = versions.filter(|service| service.master_of.as_deref() == Some(object));
        sources.find(|service| service.is_on_offer(day))
    }

    pub(crate) fn apply(&mut self, stamp: &Stamp, event: Event) {
        let past = Past { stamp: stamp.clone(), text: history_text(self, &event) };
        match event {
            Event::Put(service) => self.touch(service.id.clone(), past, |entry| entry.put(*service)),
            Event::Published { id, version } => self.touch(id, past, |entry| {
                entry.offered.insert(version.clone());
                entry.change(&version, |service| {
                    (service.stage, service.sunset, service.replacement) = (Stage::Published, None, None);
                });
            }),
            Event::Deprecated { id, version, sunset, replacement } => self.touch(id, past, |entry| {
                entry.change(&version, |service| {
                    service.stage = Stage::Deprecated;
                    service.sunset = Some(sunset);
                    service.replacement = replacement;
                });
            }),
            Event::Withdrawn { id, version, .. } => self.touch(id, past, |entry| {
                entry.change(&version, |service| service.stage = Stage::Withdrawn);
            }),
            Event::MasterHandedOver { object, from, to } => {
                self.touch(from, past.clone(), |entry| entry.set_master(Some(&object), None));
                self.touch(to, past, |entry| entry.set_master(None, Some(&object)));
            }
        }
    }

    fn touch(&mut self, id: ServiceId, past: Past, change: impl FnOnce(&mut Entry)) {
        let entry = self.all.entry(id).or_default();
        change(entry);
        entry.revision = past.stamp.seq;
        entry.history.push(past);
    }
}

/// What the history says of an event, before it is applied.
fn history_text(services: &Services, event: &Event) -> Text {
    let (vi, en) = match event {
        Event::Put(service) => {
            let version = &service.version;
            let known = services.entry(&service.id).and_then(|entry| entry.version(version)).is_some();
            if known {
                (format!("Sửa phiên bản {version}"), format!("Version {version} changed"))
            } else {
                (format!("Nhập phiên bản {version}"), format!("Version {version} entered"))
            }
        }
        Event::Published { version, .. } => {
            (format!("Công bố phiên bản {version}"), format!("Version {version} published"))
        }
        Event::Deprecated { version, sunset, replacement, .. } => {
            let other = replacement.as_ref().map(|other| format!(" → {other}")).unwrap_or_default();
            (
                format!("Dừng phiên bản {version} sau ngày {sunset}{other}"),
                format!("Version {version} ends after {sunset}{other}"),
            )
        }
        Event::Withdrawn { version, reason, .. } => {
            (format!("Rút phiên bản {version}: {reason}"), format!("Version {version} withdrawn: {reason}"))
        }
        Event::MasterHandedOver { object, from, to } => (
            format!("Chuyển nguồn dữ liệu chủ {object} từ {from} sang {to}"),
            format!("The source of the master data {object} moves from {from} to {to}"),
        ),
    };
    Text { vi, en }
}

#[cfg(test)]
mod tests;
