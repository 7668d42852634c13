//! The report of the readiness gate: every item with state, evidence and legal basis, for an inspector to tick.

mod layout;
mod text;
mod words;

use audit::PersonId;
use base::{PartyId, ServiceId, Ts};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::checklist::{About, Checklist, InForce};
use super::evidence::{Demand, Held, demands};
use super::filing::{Contact, Filed, Standing};
use super::{closing, day_of, failing};
use crate::print::{self, Tone};
use crate::publish::Fingerprint;
use crate::request::{RequestId, Status};
use crate::rules::Rules;
use crate::state::State;
use crate::text::Text;

/// What a machine found when it looked by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it must be.
    Passed,
    /// As it should not be, yet no reason to refuse.
    Warned,
    /// Not as it must be.
    Failed,
    /// It could not look.
    Skipped,
}

/// One check that a machine made by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineCheck {
    /// Its code, such as `tls_versions`.
    pub code: String,
    /// What was looked at.
    pub title: Text,
    /// How it was.
    pub outcome: Outcome,
    /// What was found, and what to do where it is wrong.
    #[serde(default)]
    pub detail: Text,
    /// The text that demands it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub legal_basis: String,
}

/// How an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// It counts.
    InForce,
    /// It counts, and ends within the days of the first warning.
    EndsSoon,
    /// Filed, nobody judged it yet, and nothing else counts.
    Waiting,
    /// It counted once.
    Ended,
    /// What was filed last was rejected.
    Rejected,
    /// Nothing was filed.
    Missing,
    /// The registry cannot tell: it does not keep the directory.
    Unknown,
}

impl ItemState {
    /// Whether a reader may be calm, must hurry, or sees a reason for refusal.
    pub const fn tone(self) -> Tone {
        match self {
            Self::InForce => Tone::Good,
            Self::EndsSoon | Self::Unknown => Tone::Soon,
            Self::Waiting | Self::Ended | Self::Rejected | Self::Missing => Tone::Bad,
        }
    }

    /// The words for it, with the last day on which the item counts or counted.
    pub fn words(self, last_day: Option<Date>) -> Text {
        words::state(self, last_day)
    }
}

/// What was shown for an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Number of the document.
    pub number: String,
    /// The day of issue.
    pub issued_on: Date,
    /// SHA-256 of the document.
    pub document: Option<Fingerprint>,
    /// The level that it grants.
    pub level: Option<u8>,
    /// Who can be reached.
    pub contacts: Vec<Contact>,
    /// Who filed it, and on which day.
    pub filed: (PersonId, Date),
    /// Who judged it, and on which day.
    pub judged: Option<(PersonId, Date)>,
}

/// One item of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its code.
    pub item: String,
    /// Its name.
    pub title: Text,
    /// What it proves.
    pub proves: Text,
    /// The text that demands it.
    pub legal_basis: String,
    /// How it stands.
    pub state: ItemState,
    /// The last day on which it counts or counted.
    pub last_day: Option<Date>,
    /// What was shown.
    pub evidence: Option<Evidence>,
    /// The text that lets a document of the old law stay, why it was rejected, or that a renewal waits.
    pub note: Text,
}

/// What is demanded for one connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConnectionRows {
    /// The request.
    pub request: RequestId,
    /// Who asks.
    pub consumer: PartyId,
    /// For what.
    pub service: ServiceId,
    /// Whether calls go through it: an item that is missing closes it, and does not only wait.
    pub live: bool,
    /// The items.
    pub rows: Vec<Row>,
}

/// How the gate of one party stands at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whose gate.
    pub party: PartyId,
    /// The name that the directory gives it; empty when it knows none.
    pub name: String,
    /// When the report was made.
    pub made: Ts,
    /// Whether traffic flows, as far as the system's own items are concerned.
    pub open: bool,
    /// From when on it will be closed if nothing is renewed.
    pub closes: Option<Ts>,
    /// Name of the checklist; empty when none counts.
    pub checklist: Text,
    /// The texts behind it.
    pub legal_basis: String,
    /// What is demanded of the system.
    pub rows: Vec<Row>,
    /// What is demanded for each of its open connections.
    pub connections: Vec<ConnectionRows>,
    /// What a machine found.
    pub machine: Vec<MachineCheck>,
    /// Where the items of a registry are, when this report is made where there is none and has only the machine's part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Text>,
}

impl Report {
    /// What a machine found at a node that has no registry; `elsewhere` says where the items are.
    pub fn of_machine(party: &PartyId, machine: Vec<MachineCheck>, elsewhere: Text, now: Ts) -> Self {
        Self {
            party: party.clone(),
            name: String::new(),
            made: now,
            open: machine.iter().all(|check| check.outcome != Outcome::Failed),
            closes: None,
            checklist: Text::default(),
            legal_basis: String::new(),
            rows: Vec::new(),
            connections: Vec::new(),
            machine,
            elsewhere: Some(elsewhere),
        }
    }

    /// Whether something that the machine checked by itself is not as it must be.
    pub fn machine_fails(&self) -> bool {
        self.machine.iter().any(|check| check.outcome == Outcome::Failed)
    }

    /// How many items and checks fail. What a connection still lacks that is not live yet does not count.
    pub fn failing(&self) -> usize {
        let live = self.connections.iter().filter(|connection| connection.live);
        let rows = self.rows.iter().chain(live.flat_map(|connection| &connection.rows));
        let failed = self.machine.iter().filter(|check| check.outcome == Outcome::Failed);
        rows.filter(|row| row.state.fails()).count() + failed.count()
    }
}

impl ItemState {
    /// Whether it keeps the gate closed.
    pub const fn fails(self) -> bool {
        match self {
            Self::InForce | Self::EndsSoon | Self::Unknown => false,
            Self::Waiting | Self::Ended | Self::Rejected | Self::Missing => true,
        }
    }
}

/// Puts the report together. `machine` is what `doctor --gate` found; empty when nobody looked.
pub fn report(state: &State, rules: &Rules, party: &PartyId, machine: &[MachineCheck], now: Ts) -> Report {
    let list = rules.checklists.on(day_of(now));
    let connections = state.gate.connections_of(party).map(|(request, connection)| ConnectionRows {
        request: request.clone(),
        consumer: connection.consumer.clone(),
        service: connection.service.clone(),
        live: state.requests.get(request).is_some_and(|request| request.status == Status::Live),
        rows: rows(state, rules, party, Some(request), now),
    });
    Report {
        party: party.clone(),
        name: state.directory.name_of(party).unwrap_or_default(),
        made: now,
        open: failing(state, rules, party, None, now).is_empty(),
        closes: closing(state, rules, party, now).and_then(|closing| closing.from),
        checklist: list.map(|list| list.title.clone()).unwrap_or_default(),
        legal_basis: list.map(|list| list.legal_basis.clone()).unwrap_or_default(),
        rows: rows(state, rules, party, None, now),
        connections: connections.filter(|connection| !connection.rows.is_empty()).collect(),
        machine: machine.to_vec(),
        elsewhere: None,
    }
}

/// How the items stand that are demanded of a party: for its system, or for one connection of it.
pub(crate) fn rows(
    state: &State,
    rules: &Rules,
    party: &PartyId,
    about: Option<&RequestId>,
    now: Ts,
) -> Vec<Row> {
    let wanted = if about.is_some() { About::Connection } else { About::Subsystem };
    let list = rules.checklists.on(day_of(now));
    let demanded = list.map(|list| demands(state, list, party, about)).unwrap_or_default();
    let own = demanded.iter().filter(|demand| demand.item.about == wanted);
    own.map(|demand| row(state, demand, now)).collect()
}

fn row(state: &State, demand: &Demand<'_>, now: Ts) -> Row {
    let item = demand.item;
    let newest = state.gate.filings(demand.party, demand.about, &item.code).next_back();
    let waiting = demand.waiting(state);
    let (standing, shown, last_day) = match demand.held(state, now) {
        Held::Unknown => (ItemState::Unknown, None, None),
        Held::InForce { filed, last, .. } => {
            let soon = item.warn_days.first().copied().unwrap_or(0);
            let left = last.and_then(|last| day_of(now).until(last).ok()).map(|span| span.get_days());
            let ends_soon = left.is_some_and(|left| left <= i32::from(soon));
            (if ends_soon { ItemState::EndsSoon } else { ItemState::InForce }, filed, last)
        }
        Held::Ended { filed, last } => (ItemState::Ended, filed, Some(last)),
        Held::Missing if waiting.is_some() => (ItemState::Waiting, waiting, None),
        Held::Missing => match newest {
            Some(filed) if matches!(filed.standing, Standing::Rejected { .. }) => {
                (ItemState::Rejected, Some(filed), None)
            }
            _ => (ItemState::Missing, None, None),
        },
    };
    let (evidence, note) = of_task(state, demand).map_or_else(
        || (shown.map(evidence), note(demand.list, standing, shown, waiting)),
        |(evidence, conclusion)| (Some(evidence), conclusion),
    );
    Row {
        item: item.code.clone(),
        title: item.title.clone(),
        proves: item.proves.clone(),
        legal_basis: item.legal_basis.clone(),
        state: standing,
        last_day,
        evidence,
        note,
    }
}

/// What the request has for an item that its closed task shows: the document of that code, and the conclusion.
fn of_task(state: &State, demand: &Demand<'_>) -> Option<(Evidence, Text)> {
    let code = &demand.item.code;
    let request = state.requests.get(demand.about.filter(|_| demand.item.in_force == InForce::Task)?)?;
    let task = request.tasks.iter().find(|task| task.code == *code)?;
    let (at, by) = task.closed.as_ref()?;
    let day = day_of(*at);
    let document = request.attachments.iter().rfind(|attachment| attachment.item == *code);
    let evidence = Evidence {
        number: document.map(|document| document.number.clone()).unwrap_or_default(),
        issued_on: day,
        document: document.and_then(|document| document.sha256.parse().ok()),
        level: None,
        contacts: Vec::new(),
        filed: (by.clone(), day),
        judged: None,
    };
    let (vi, en) = (format!("Kết luận: {}", task.conclusion), format!("Conclusion: {}", task.conclusion));
    Some((evidence, Text { vi, en }))
}

fn evidence(filed: &Filed) -> Evidence {
    let filing = &filed.filing;
    let who = |stamp: &crate::state::Stamp| (stamp.by.clone(), day_of(stamp.at));
    Evidence {
        number: filing.number.clone(),
        issued_on: filing.issued_on,
        document: filing.document.clone(),
        level: filing.level,
        contacts: filing.contacts.clone(),
        filed: who(filed.filed()),
        judged: filed.judged().map(who),
    }
}

fn note(list: &Checklist, state: ItemState, shown: Option<&Filed>, waiting: Option<&Filed>) -> Text {
    if let Some(Filed { standing: Standing::Rejected { reason }, .. }) = shown {
        return Text { vi: format!("Bị từ chối: {reason}"), en: format!("Rejected: {reason}") };
    }
    let mut note = Text::default();
    let mut add = |vi: &str, en: &str| {
        for (text, more) in [(&mut note.vi, vi), (&mut note.en, en)] {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(more);
        }
    };
    let rule = shown.and_then(|filed| list.transition(&filed.filing.item, filed.filing.issued_on));
    if let Some(rule) = rule {
        let (end, basis) = (print::day(rule.stays_through), &rule.legal_basis);
        add(
            &format!("Ban hành theo quy định cũ, còn giá trị đến hết ngày {end} ({basis})."),
            &format!("Issued under the old law, counts through {end} ({basis})."),
        );
    }
    if let Some(waiting) = waiting.filter(|_| state != ItemState::Waiting) {
        let id = waiting.id;
        add(&format!("Hồ sơ gia hạn số {id} đang chờ duyệt."), &format!("Renewal {id} waits for approval."));
    }
    note
}
