//! The yearly report on cybersecurity of an agency and those below it: systems with level and measures, connections,
//! incidents with their clocks, minutes, and what ends soon.
//!
//! Nghị định 331/2026/NĐ-CP, Điều 35 and 36: which days it covers stands in `rules/security_report.toml`. What was filed
//! for the readiness gate is judged at the end of the period, or now while it runs; the inventory, the grants and the
//! files of incidents are shown as they are now.

mod gather;
mod layout;
mod period;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use base::{PartyId, ServiceId, Ts};
use jiff::civil::Date;
use serde::Serialize;

use crate::agency::AgencyCode;
use crate::gate::Warning;
use crate::gate::checklist::Whom;
use crate::gate::report::ItemState;
use crate::grant::{self, GrantId};
use crate::incident::{self, IncidentId, Severity};
use crate::inventory::{HoldingCode, Kind};
use crate::text::Text;

pub use gather::security_report;
pub use period::{Period, Periods, Window};

/// A security level with the decision on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Level {
    /// 1 to 5.
    pub level: u8,
    /// Number of the decision.
    pub decision: String,
    /// Its day.
    pub decided_on: Option<Date>,
}

/// How one measure stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Measure {
    /// The subsystem that shows it to the readiness gate; absent for what stands in the inventory.
    pub party: Option<PartyId>,
    /// Code of the item, such as `security_minutes`.
    pub item: String,
    /// Its name.
    pub title: Text,
    /// How it stands.
    pub state: ItemState,
    /// Number of the document.
    pub number: String,
    /// Day of issue of the document.
    pub issued_on: Option<Date>,
    /// The last day on which it counts or counted.
    pub last_day: Option<Date>,
}

/// An information system or database; or a subsystem of the exchange that the inventory does not tell of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct System {
    /// Its code in the inventory.
    pub code: Option<HoldingCode>,
    /// What it is, as the inventory says.
    pub kind: Option<Kind>,
    /// Its name.
    pub name: String,
    /// The agency that answers for it.
    pub owner: AgencyCode,
    /// Its subsystems in the exchange.
    pub parties: Vec<PartyId>,
    /// Its level, as the inventory says.
    pub level: Option<Level>,
    /// Its level, as the decision says that was filed for the readiness gate.
    pub level_filed: Option<Level>,
    /// Its measures.
    pub measures: Vec<Measure>,
}

impl System {
    /// The level that counts: that of the inventory, else that of the filed decision.
    pub fn level_that_counts(&self) -> Option<&Level> {
        self.level.as_ref().or(self.level_filed.as_ref())
    }

    /// Whether inventory and filed decision name different levels.
    pub fn levels_differ(&self) -> bool {
        let levels = self.level.as_ref().zip(self.level_filed.as_ref());
        levels.is_some_and(|(one, other)| one.level != other.level)
    }
}

/// A connection over which calls may go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Connection {
    /// Its grant.
    pub grant: GrantId,
    /// The request that it came out of.
    pub request: String,
    /// Who asks.
    pub consumer: PartyId,
    /// For what.
    pub service: ServiceId,
    /// On which side the agency stands.
    pub side: Whom,
    /// In force, or suspended.
    pub state: grant::Standing,
    /// Until when (exclusive).
    pub until: Option<Ts>,
}

/// One obligation of an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Obligation {
    /// Its code, such as `first_notice`.
    pub code: String,
    /// Its name.
    pub title: Text,
    /// Until when it must be sent.
    pub due: Ts,
    /// Where it stands.
    pub state: incident::Standing,
    /// When something was first sent.
    pub sent_at: Option<Ts>,
    /// Why it was late, as somebody recorded it.
    pub late: Option<String>,
}

/// An incident that was detected in the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// Its number.
    pub id: IncidentId,
    /// The agency that answers for it.
    pub agency: AgencyCode,
    /// When it was detected.
    pub detected: Ts,
    /// How grave it is.
    pub severity: Severity,
    /// Whether personal data leaked.
    pub personal_data: bool,
    /// How many persons' data.
    pub data_subjects: Option<u64>,
    /// Its obligations.
    pub obligations: Vec<Obligation>,
    /// Measures that were recorded.
    pub measures: usize,
    /// When its file was closed.
    pub closed: Option<Ts>,
    /// What came out of it.
    pub conclusion: String,
}

/// The figures of the report; each is the length of a list in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Systems, databases and subsystems.
    pub systems: usize,
    /// Those of each level, 1 to 5.
    pub by_level: BTreeMap<u8, usize>,
    /// Those without a decision on a level.
    pub without_decision: usize,
    /// Measures that count, those that end soon among them.
    pub measures_in_force: usize,
    /// Measures that are missing, rejected, waiting or over.
    pub measures_lacking: usize,
    /// Connections in force.
    pub connections_live: usize,
    /// Connections that are suspended.
    pub connections_suspended: usize,
    /// Incidents of each severity.
    pub incidents: BTreeMap<Severity, usize>,
    /// Obligations that were met in time.
    pub clocks_met: usize,
    /// Obligations that were missed: sent too late, or past their end.
    pub clocks_missed: usize,
    /// Items that end soon.
    pub expiring: usize,
}

/// The report of one agency and those below it for one year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SecurityReport {
    /// The agency.
    pub agency: AgencyCode,
    /// Its name.
    pub name: String,
    /// The days that are covered, and until when the report is handed in.
    pub window: Window,
    /// The texts behind it.
    pub legal_basis: String,
    /// When the report was made.
    pub made: Ts,
    /// The moment at which the measures are judged.
    pub as_of: Ts,
    /// The figures.
    pub figures: Figures,
    /// Systems, by code; subsystems that the inventory does not tell of stand behind them.
    pub systems: Vec<System>,
    /// Connections, by grant.
    pub connections: Vec<Connection>,
    /// Minutes of security checks, one row for each subsystem.
    pub minutes: Vec<Measure>,
    /// Incidents of the period, by number.
    pub incidents: Vec<Incident>,
    /// What ends soon after the moment at which the measures are judged, the soonest first.
    pub expiring: Vec<Warning>,
}
