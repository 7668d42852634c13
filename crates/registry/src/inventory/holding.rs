//! One entry of the inventory and the words it is made of.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use base::ServiceId;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::agency::AgencyCode;
use crate::text;

/// Longest code of an entry, in bytes.
pub const CODE_BYTES_MAX: usize = 64;

/// The owner's code of a system or database, such as `CSDL-000012`: 1 to 64 of `A-Z a-z 0-9 . - _`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HoldingCode(Box<str>);

/// Why a text is not the code of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the code of a system or database has 1 to {CODE_BYTES_MAX} characters of A-Z a-z 0-9 . - _")]
pub struct HoldingCodeError;

impl HoldingCode {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HoldingCode {
    type Err = HoldingCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b".-_".contains(&b);
        let fits = (1..=CODE_BYTES_MAX).contains(&text.len()) && text.bytes().all(allowed);
        if fits { Ok(Self(text.into())) } else { Err(HoldingCodeError) }
    }
}

impl fmt::Display for HoldingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for HoldingCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for HoldingCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A closed list of words: each value with its code, as in JSON, and its Vietnamese name, as in tables.
pub trait Word: Copy + PartialEq + 'static {
    /// Every value, its code and its Vietnamese name.
    const WORDS: &'static [(Self, &'static str, &'static str)];

    /// The code, such as `off_platform`.
    fn code(self) -> &'static str {
        Self::WORDS.iter().find(|word| word.0 == self).map_or("", |word| word.1)
    }

    /// The Vietnamese name, such as `Ngoài nền tảng`.
    fn vi(self) -> &'static str {
        Self::WORDS.iter().find(|word| word.0 == self).map_or("", |word| word.2)
    }

    /// The value that is written so, as code or as name; case and tone marks do not matter.
    fn read(text: &str) -> Option<Self> {
        let exact = Self::WORDS.iter().find(|word| word.1 == text || word.2 == text);
        let folded = || {
            let wanted = text::fold(text);
            Self::WORDS.iter().find(|word| text::fold(word.1) == wanted || text::fold(word.2) == wanted)
        };
        exact.or_else(folded).map(|word| word.0)
    }
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An information system.
    InformationSystem,
    /// A database.
    Database,
}

impl Word for Kind {
    const WORDS: &'static [(Self, &'static str, &'static str)] = &[
        (Self::InformationSystem, "information_system", "Hệ thống thông tin"),
        (Self::Database, "database", "Cơ sở dữ liệu"),
    ];
}

/// A level of administration at which an entry is in use. Districts ended on 1 July 2025 and stay as history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Ministries and central agencies.
    Central,
    /// Provinces.
    Province,
    /// Districts, until 30 June 2025.
    District,
    /// Communes and wards.
    Commune,
}

impl Word for Level {
    const WORDS: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Central, "central", "Trung ương"),
        (Self::Province, "province", "Tỉnh"),
        (Self::District, "district", "Huyện"),
        (Self::Commune, "commune", "Xã"),
    ];
}

/// How an entry gives its data to others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// Through the platform (LGSP, NDXP, NDOP).
    Platform,
    /// In another way: own connection, files, a copy.
    OffPlatform,
    /// Not at all.
    None,
    /// Nobody has said.
    #[default]
    Unknown,
}

impl Word for Sharing {
    const WORDS: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Platform, "platform", "Qua nền tảng"),
        (Self::OffPlatform, "off_platform", "Ngoài nền tảng"),
        (Self::None, "none", "Không chia sẻ"),
        (Self::Unknown, "unknown", "Chưa kê khai"),
    ];
}

/// For whom an entry was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// A national database (list of QĐ 11/2026/QĐ-TTg; before it QĐ 714/QĐ-TTg of 2015).
    National,
    /// Of one ministry or central agency.
    Ministry,
    /// Of one province.
    Province,
    /// Of somebody else, such as a commune or a state enterprise.
    Other,
}

impl Word for Scope {
    const WORDS: &'static [(Self, &'static str, &'static str)] = &[
        (Self::National, "national", "Quốc gia"),
        (Self::Ministry, "ministry", "Bộ, ngành"),
        (Self::Province, "province", "Tỉnh"),
        (Self::Other, "other", "Khác"),
    ];
}

/// Where an entry stands in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Not in use yet.
    Planned,
    /// In use.
    #[default]
    Running,
    /// No longer in use.
    Closed,
}

impl Word for Stage {
    const WORDS: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Planned, "planned", "Dự kiến"),
        (Self::Running, "running", "Đang sử dụng"),
        (Self::Closed, "closed", "Ngừng sử dụng"),
    ];
}

/// How somebody is reached: the post, not the person. `Debug` shows nothing of it, because it may end in a log.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Contact {
    /// Name of the post, such as `Trưởng phòng Công nghệ số`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub post: String,
    /// Telephone: digits, spaces and `+ - . ( )`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub phone: String,
    /// E-mail.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub email: String,
}

impl Contact {
    /// Whether nothing of it is known.
    pub fn is_empty(&self) -> bool {
        self.post.is_empty() && self.phone.is_empty() && self.email.is_empty()
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "Contact(none)" } else { "Contact(kept back)" })
    }
}

/// The three contacts that a connection asks for (CV 4856/BCA-TTDLQG, step 1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Contacts {
    /// For what the data mean.
    #[serde(skip_serializing_if = "Contact::is_empty")]
    pub business: Contact,
    /// For how they are reached.
    #[serde(skip_serializing_if = "Contact::is_empty")]
    pub technical: Contact,
    /// For incidents.
    #[serde(skip_serializing_if = "Contact::is_empty")]
    pub security: Contact,
}

impl Contacts {
    /// Whether nobody is named.
    pub fn is_empty(&self) -> bool {
        self.business.is_empty() && self.technical.is_empty() && self.security.is_empty()
    }
}

/// A main object whose data an entry holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldObject {
    /// Its code in the catalogue of objects, such as `cong-dan`: `a-z 0-9 -`, 1 to 64.
    pub object: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Names of the fields held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

/// An information system or database: what RIHA, Estonia's inventory, asks for, and what Vietnam's texts add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holding {
    /// Its code; never changes.
    pub code: HoldingCode,
    /// System or database.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its short name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub short_name: String,
    /// The agency that answers for it (cơ quan chủ quản dữ liệu).
    pub owner: AgencyCode,
    /// The unit or post that keeps the data right (đầu mối dữ liệu).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub steward: String,
    /// Whom to ask.
    #[serde(default, skip_serializing_if = "Contacts::is_empty")]
    pub contacts: Contacts,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub purpose: String,
    /// The text by which it exists.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub legal_basis: String,
    /// The main objects it holds, at most ten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<HeldObject>,
    /// The levels at which it is in use; empty when nobody has said.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub levels: BTreeSet<Level>,
    /// How it shares.
    #[serde(default)]
    pub sharing: Sharing,
    /// Through what it shares, such as `LGSP tỉnh, NDXP`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub shares_through: String,
    /// Fields that its forms ask citizens for: `field` or, more exactly, `object:field` (`cong-dan:ngaySinh`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<String>,
    /// Who built or maintains it under contract.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub vendor: String,
    /// First day of the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_from: Option<Date>,
    /// Last day of the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_to: Option<Date>,
    /// Security level, 1 to 5 (NĐ 331/2026/NĐ-CP, Đ11–16; before it NĐ 85/2016/NĐ-CP).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_level: Option<u8>,
    /// Number of the decision that approved the level.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub security_decision: String,
    /// Day of that decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_date: Option<Date>,
    /// Shared catalogues whose codes it stores.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catalogues: Vec<String>,
    /// Services that it offers; they need not be registered yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceId>,
    /// For whom it was made.
    pub scope: Scope,
    /// Planned, running, closed.
    #[serde(default)]
    pub stage: Stage,
    /// First day of use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_from: Option<Date>,
    /// Last day of use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_to: Option<Date>,
    /// What takes over its tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<HoldingCode>,
    /// Where this entry was taken from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
}

impl Holding {
    /// An entry of which nothing else is known.
    pub fn new(code: HoldingCode, kind: Kind, scope: Scope, owner: AgencyCode) -> Self {
        Self {
            code,
            kind,
            name: String::new(),
            short_name: String::new(),
            owner,
            steward: String::new(),
            contacts: Contacts::default(),
            purpose: String::new(),
            legal_basis: String::new(),
            objects: Vec::new(),
            levels: BTreeSet::new(),
            sharing: Sharing::default(),
            shares_through: String::new(),
            asks: Vec::new(),
            vendor: String::new(),
            contract_from: None,
            contract_to: None,
            security_level: None,
            security_decision: String::new(),
            security_date: None,
            catalogues: Vec::new(),
            services: Vec::new(),
            scope,
            stage: Stage::default(),
            used_from: None,
            used_to: None,
            successor: None,
            source: String::new(),
        }
    }

    /// Whether it is in use on a day: running, or closed with a last day that has not passed, and begun.
    pub fn in_use(&self, day: Date) -> bool {
        let ended = match self.stage {
            Stage::Planned => true,
            Stage::Running => false,
            Stage::Closed => self.used_to.is_none_or(|last| last < day),
        };
        !ended && self.used_from.is_none_or(|first| first <= day)
    }
}
