//! The readiness gate: what must be in force before traffic flows, and stays so.
//!
//! What is demanded stands in `rules/checklists.toml`. Somebody files a document for an item, another person accepts it,
//! and it counts through 24:00 (UTC+7) of its last day. A renewal is a new filing: as soon as it is accepted the gate is
//! open again, with the same keys and grants. Nothing else opens or closes the gate.

pub mod checklist;
mod evidence;
pub mod filing;
pub mod report;
#[cfg(test)]
mod tests;

use base::{PartyId, Ts};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use crate::request::RequestId;
use crate::rules::Rules;
use crate::state::State;
use crate::text::Text;

use checklist::Checklist;
pub use checklist::Checklists;
use evidence::{Demand, Held, demands, of_connection};
pub use filing::{Event, Gate, close_connection, file, judge, open_connection, withdraw};
pub use report::{MachineCheck, Report, report};

/// Vietnam has no daylight saving time.
const VIETNAM: Offset = Offset::constant(7);

/// What is missing or has ended, as machines and people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// Code of the item in the checklist, such as `security_minutes`.
    pub item: String,
    /// Its name.
    pub title: Text,
    /// The last day on which it was in force; absent when it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Date>,
}

/// A gate that is closed, or closes by itself later: what is missing then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// From when on; `None` = already.
    pub from: Option<Ts>,
    /// Why.
    pub failing: Vec<Failing>,
}

/// Something that will end soon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Whose.
    pub party: PartyId,
    /// For which connection, where the item is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<RequestId>,
    /// Code of the item.
    pub item: String,
    /// Its name.
    pub title: Text,
    /// The last day on which it counts.
    pub last_day: Date,
    /// From when on the next call is refused.
    pub closes: Ts,
    /// Days from today to the last day; 0 on the last day itself.
    pub days_left: u16,
    /// Which warning this is: the smallest of the item's days (30, 7, 1) that has been reached. Whoever sends warnings
    /// sends one for each value of party, connection, item, last day and stage.
    pub stage: u16,
    /// A renewal was filed and waits for a second person.
    pub renewal_filed: bool,
}

/// Something that a connection still needs before it can go live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Task {
    /// Which connection.
    pub request: RequestId,
    /// Who must show it.
    pub party: PartyId,
    /// Code of the item, such as `risk_assessment`.
    pub item: String,
    /// Its name.
    pub title: Text,
    /// Since when it is open.
    pub opened: Ts,
    /// Something was filed and waits for a second person.
    pub filed: bool,
}

/// What keeps the gate closed for a party; empty = open. `about` adds what is demanded for that connection, without
/// which it cannot go live.
pub fn failing(
    state: &State,
    rules: &Rules,
    party: &PartyId,
    about: Option<&RequestId>,
    now: Ts,
) -> Vec<Failing> {
    missing(state, rules, now, |list| demands(state, list, party, about))
}

/// Whether the gate of a party is closed, or the next moment at which it closes by itself; `None` when it is open
/// without end. A coming version of the checklist counts, too.
pub fn closing(state: &State, rules: &Rules, party: &PartyId, now: Ts) -> Option<Closing> {
    closing_of(state, rules, now, |list| demands(state, list, party, None))
}

/// As [`closing`], for what is demanded of the party for one connection alone.
pub fn connection_closing(
    state: &State,
    rules: &Rules,
    (party, request): (&PartyId, &RequestId),
    now: Ts,
) -> Option<Closing> {
    closing_of(state, rules, now, |list| of_connection(state, list, party, request))
}

/// What of the demands of that day's checklist is not held.
fn missing<'a>(
    state: &State,
    rules: &'a Rules,
    now: Ts,
    demanded: impl Fn(&'a Checklist) -> Vec<Demand<'a>>,
) -> Vec<Failing> {
    let Some(list) = rules.checklists.on(day_of(now)) else {
        let title = Text {
            vi: "Không có danh mục kiểm tra cho ngày này".into(),
            en: "No checklist for this day".into(),
        };
        return vec![Failing { item: "checklist".to_owned(), title, ended: None }];
    };
    let not_held = |demand: Demand<'_>| {
        let ended = match demand.held(state, now) {
            Held::Unknown | Held::InForce { .. } => return None,
            Held::Ended { last, .. } => Some(last),
            Held::Missing => None,
        };
        Some(Failing { item: demand.item.code.clone(), title: demand.item.title.clone(), ended })
    };
    demanded(list).into_iter().filter_map(not_held).collect()
}

fn closing_of<'a>(
    state: &State,
    rules: &'a Rules,
    now: Ts,
    demanded: impl Fn(&'a Checklist) -> Vec<Demand<'a>>,
) -> Option<Closing> {
    let failing = missing(state, rules, now, &demanded);
    if !failing.is_empty() {
        return Some(Closing { from: None, failing });
    }
    let mut moments: Vec<Ts> = Vec::new();
    for list in rules.checklists.iter() {
        moments.push(start(list.valid_from));
        moments.extend(list.valid_to.map(after));
        let held = |demand: &Demand<'_>| match demand.held(state, now) {
            Held::InForce { closes, .. } => closes,
            Held::Unknown | Held::Ended { .. } | Held::Missing => None,
        };
        moments.extend(demanded(list).iter().filter_map(held));
    }
    moments.retain(|moment| *moment > now);
    moments.sort_unstable();
    moments.dedup();
    let mut then = moments.into_iter().map(|at| (at, missing(state, rules, at, &demanded)));
    let (at, failing) = then.find(|(_, failing)| !failing.is_empty())?;
    Some(Closing { from: Some(at), failing })
}

/// What ends soon, of every party, the soonest first. Computed anew each time, so that a warning ends with the renewal.
pub fn warnings(state: &State, rules: &Rules, now: Ts) -> Vec<Warning> {
    let Some(list) = rules.checklists.on(day_of(now)) else { return Vec::new() };
    let mut found = Vec::new();
    for party in state.gate.parties() {
        found.extend(
            demands(state, list, party, None).iter().filter_map(|demand| warning(state, demand, now)),
        );
        for (request, _) in state.gate.connections_of(party) {
            let own = of_connection(state, list, party, request);
            found.extend(own.iter().filter_map(|demand| warning(state, demand, now)));
        }
    }
    found.sort_by(|a, b| (a.closes, &a.party, &a.item).cmp(&(b.closes, &b.party, &b.item)));
    found
}

fn warning(state: &State, demand: &Demand<'_>, now: Ts) -> Option<Warning> {
    let Held::InForce { last: Some(last_day), closes: Some(closes), .. } = demand.held(state, now) else {
        return None;
    };
    let days_left = u16::try_from(day_of(now).until(last_day).ok()?.get_days()).ok()?;
    let reached = demand.item.warn_days.iter().copied().filter(|days| days_left <= *days);
    Some(Warning {
        party: demand.party.clone(),
        about: demand.about.cloned(),
        item: demand.item.code.clone(),
        title: demand.item.title.clone(),
        last_day,
        closes,
        days_left,
        stage: reached.min()?,
        renewal_filed: demand.waiting(state).is_some(),
    })
}

/// What the open connections of a party still need from it, the oldest connection first.
pub fn tasks(state: &State, rules: &Rules, party: &PartyId, now: Ts) -> Vec<Task> {
    let Some(list) = rules.checklists.on(day_of(now)) else { return Vec::new() };
    let mut tasks = Vec::new();
    for (request, connection) in state.gate.connections_of(party) {
        for demand in of_connection(state, list, party, request) {
            if !matches!(demand.held(state, now), Held::InForce { .. } | Held::Unknown) {
                tasks.push(Task {
                    request: request.clone(),
                    party: party.clone(),
                    item: demand.item.code.clone(),
                    title: demand.item.title.clone(),
                    opened: connection.opened.at,
                    filed: demand.waiting(state).is_some(),
                });
            }
        }
    }
    tasks
}

/// What a person wrote, in the form in which it is kept.
pub(crate) fn entry(text: &str) -> String {
    text.trim().nfc().collect()
}

/// The day in Vietnam. A moment outside the years that people use counts as the last or first day of them.
pub(crate) fn day_of(moment: Ts) -> Date {
    let stamp = Timestamp::from_microsecond(moment.0);
    let outside = if moment.0 < 0 { Date::MIN } else { Date::MAX };
    stamp.map_or(outside, |stamp| VIETNAM.to_datetime(stamp).date())
}

/// 00:00 of the day in Vietnam.
fn start(day: Date) -> Ts {
    let outside = if day.year() < 0 { Ts(i64::MIN) } else { Ts(i64::MAX) };
    let stamp = VIETNAM.to_timestamp(day.to_datetime(jiff::civil::Time::midnight()));
    stamp.map_or(outside, |stamp| Ts(stamp.as_microsecond()))
}

/// 24:00 of the day in Vietnam: what counts through this day no longer counts at this moment.
fn after(day: Date) -> Ts {
    day.tomorrow().map_or(Ts(i64::MAX), start)
}
