//! The steps of each kind of request, as data with versions and the days on which they count.

use base::Ts;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use worktime::Calendar;

use crate::RegistryError;
use crate::people::Role;
use crate::text::Text;

mod read;

/// The kinds of request (CV 4856/BCA-TTDLQG): 1 automatic, 2 on request, 3 special.
pub const KINDS: [u8; 3] = [1, 2, 3];

/// Whose person takes a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// The agency that asks.
    Consumer,
    /// The highest agency above the one that asks: its province or ministry.
    ConsumerRoot,
    /// The data owner.
    Provider,
    /// Who runs the platform.
    Platform,
}

/// Working time that a step may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Until the end of working hours of the n-th working day after it began.
    WorkingDays(u32),
    /// Hours within working time.
    WorkingHours(u32),
}

impl Limit {
    /// The moment until which it must be done when it began at `from`.
    pub fn due(self, calendar: &Calendar, from: Ts) -> Ts {
        match self {
            Self::WorkingDays(days) => calendar.due(from, days),
            Self::WorkingHours(hours) => calendar.due_hours(from, hours),
        }
    }
}

/// A document that steps demand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its code, such as `test_minutes`.
    pub code: String,
    /// Its name.
    pub title: Text,
}

/// Work beside the road that must be closed before going live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskRule {
    /// Its code, such as `risk_assessment`.
    pub code: String,
    /// Its name.
    pub title: Text,
    /// The text that demands it.
    pub legal_basis: String,
    /// The role that closes it.
    pub role: Role,
    /// Whose person.
    pub whose: Whose,
    /// How long it may take.
    pub limit: Limit,
    /// Codes of the documents without which it cannot be closed.
    pub attach: Vec<String>,
}

/// A step of a road.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its code, such as `data_owner`.
    pub code: String,
    /// Its name.
    pub title: Text,
    /// The role that takes it.
    pub role: Role,
    /// Whose person.
    pub whose: Whose,
    /// How long it may take.
    pub limit: Limit,
    /// Codes of the documents without which it cannot be approved.
    pub attach: Vec<String>,
    /// The same, only for services with personal data.
    pub attach_if_personal: Vec<String>,
    /// The task that opens when the step is entered for the first time.
    pub task: Option<String>,
    /// Whether who takes it may grant less than was asked for.
    pub may_narrow: bool,
}

impl Step {
    /// Codes of the documents that it demands.
    pub fn demands(&self, personal: bool) -> impl Iterator<Item = &str> {
        let more = if personal { self.attach_if_personal.as_slice() } else { &[] };
        self.attach.iter().chain(more).map(String::as_str)
    }
}

/// The road of one kind of request while one version of it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Road {
    /// 1 automatic, 2 on request, 3 special.
    pub kind: u8,
    /// Its version; a request stays on the one with which it was opened.
    pub version: String,
    /// The first day on which new requests take it.
    pub valid_from: Date,
    /// The last such day.
    pub valid_to: Option<Date>,
    /// The text that set it.
    pub legal_basis: String,
    /// How long the consumer may take to correct a returned request.
    pub correction: Limit,
    /// Contacts that a request must name.
    pub contacts: Vec<super::ContactKind>,
    /// Its steps; at least one, and approving the last one makes the grant.
    pub steps: Vec<Step>,
}

impl Road {
    /// A step by its code.
    pub fn step(&self, code: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.code == code)
    }

    /// Its first step.
    pub(crate) fn first(&self) -> &Step {
        self.steps.first().expect("a road that was read has a step")
    }

    /// The step behind `code`; `None` behind the last.
    pub fn after(&self, code: &str) -> Option<&Step> {
        self.steps.iter().skip_while(|step| step.code != code).nth(1)
    }
}

/// All roads with the documents and tasks that they name; every name that stands in one is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roads {
    items: Vec<Item>,
    tasks: Vec<TaskRule>,
    versions: Vec<Road>,
}

impl Roads {
    /// Reads `roads.toml`.
    ///
    /// # Errors
    /// Every mistake of the text: unknown roles, roads without steps, codes that stand twice or nowhere, limits of zero,
    /// two versions that count on the same day, kinds without a road.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        read::roads(text)
    }

    /// The road that a new request of this kind takes on this day.
    pub fn on(&self, kind: u8, day: Date) -> Option<&Road> {
        let counts = |road: &&Road| {
            road.kind == kind && road.valid_from <= day && road.valid_to.is_none_or(|last| day <= last)
        };
        self.versions.iter().find(counts)
    }

    /// The road with which a request was opened.
    pub fn get(&self, kind: u8, version: &str) -> Option<&Road> {
        self.versions.iter().find(|road| road.kind == kind && road.version == version)
    }

    /// Every road, old versions too.
    pub fn iter(&self) -> impl Iterator<Item = &Road> {
        self.versions.iter()
    }

    /// A document that steps demand.
    pub fn item(&self, code: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.code == code)
    }

    /// Every document that steps demand.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter()
    }

    /// A task that steps open.
    pub fn task(&self, code: &str) -> Option<&TaskRule> {
        self.tasks.iter().find(|task| task.code == code)
    }

    /// Every task that steps open.
    pub fn tasks(&self) -> impl Iterator<Item = &TaskRule> {
        self.tasks.iter()
    }

    /// How a document is called in messages: code and both names.
    pub fn item_name(&self, code: &str) -> String {
        self.item(code).map_or_else(|| code.to_owned(), |item| named(code, &item.title))
    }

    /// How a task is called in messages: code and both names.
    pub fn task_name(&self, code: &str) -> String {
        self.task(code).map_or_else(|| code.to_owned(), |task| named(code, &task.title))
    }
}

fn named(code: &str, title: &Text) -> String {
    format!("{code} ({} / {})", title.vi, title.en)
}
