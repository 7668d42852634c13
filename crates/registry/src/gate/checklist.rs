//! Checklists as data: what must be shown, by whom, by which law, for how long.

mod read;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::RegistryError;
use crate::text::Text;

/// Which side of a connection has to show an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whom {
    /// Who asks.
    Consumer,
    /// Who answers.
    Provider,
    /// Each of the two for itself.
    Both,
}

/// What an item is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// The information system: shown once for all its connections.
    Subsystem,
    /// One connection: shown anew for each.
    Connection,
}

/// How long what was shown counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InForce {
    /// So many months from the day of issue, through 24:00 of the last day.
    Months(u16),
    /// Through the last day that the document names.
    UntilDate,
    /// Without end, unless the document names one.
    Endless,
    /// For as long as the certificates in the directory; nobody files it.
    Certificate,
    /// Since the request's task of the same code was closed, without end; nobody files it a second time.
    Task,
}

/// A duty for which somebody must be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Knows what the data are for.
    Business,
    /// Keeps the system running.
    Technical,
    /// Answers for its security.
    Security,
}

/// One line of a checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its code, such as `security_minutes`.
    pub code: String,
    /// Its name.
    pub title: Text,
    /// What it proves.
    pub proves: Text,
    /// The text that demands it.
    pub legal_basis: String,
    /// Which side shows it.
    pub whom: Whom,
    /// What it is about.
    pub about: About,
    /// Demanded only where the service answers with personal data.
    pub personal_only: bool,
    /// Demanded only for connections of these kinds of request (1 automatic, 2 on request, 3 special); empty means all.
    pub kinds: Vec<u8>,
    /// How long it counts.
    pub in_force: InForce,
    /// The security level that the document must grant at least.
    pub level_min: Option<u8>,
    /// Who must be named.
    pub contacts: Vec<Duty>,
    /// Days before the last day on which people are warned, the longest first.
    pub warn_days: Vec<u16>,
}

/// What was granted under an earlier law and stays for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Code of the item.
    pub item: String,
    /// The last day of issue to which this applies.
    pub granted_through: Date,
    /// The last day on which it still counts.
    pub stays_through: Date,
    /// The text that lets it stay.
    pub legal_basis: String,
}

/// One version of the checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checklist {
    /// Its code, such as `2026`.
    pub code: String,
    /// Its name.
    pub title: Text,
    /// The texts behind it.
    pub legal_basis: String,
    /// The first day on which it counts.
    pub valid_from: Date,
    /// The last day on which it counts.
    pub valid_to: Option<Date>,
    /// What must be shown.
    pub items: Vec<Item>,
    /// What stays from an earlier law.
    pub transitions: Vec<Transition>,
}

impl Checklist {
    /// The item of that code.
    pub fn item(&self, code: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.code == code)
    }

    /// The rule that lets a document of that day stay, when there is one.
    pub fn transition(&self, item: &str, issued_on: Date) -> Option<&Transition> {
        self.transitions.iter().find(|rule| rule.item == item && issued_on <= rule.granted_through)
    }
}

/// Checklists by version, the oldest first; no two count on the same day.
#[derive(Clone, Debug, Default)]
pub struct Checklists {
    versions: Vec<Checklist>,
}

impl Checklists {
    /// Reads `checklists.toml`.
    ///
    /// # Errors
    /// Every mistake of the text.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        read::checklists(text).map(|versions| Self { versions })
    }

    /// The version that counts on that day.
    pub fn on(&self, day: Date) -> Option<&Checklist> {
        crate::rules::read::on(&self.versions, day)
    }

    /// Every version, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Checklist> {
        self.versions.iter()
    }
}
