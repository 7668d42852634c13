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

use checklist::About;
pub use checklist::Checklists;
use evidence::{Demand, Held, demands};
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
    let Some(list) = rules.checklists.on(day_of(now)) else {
        let title = Text {
            vi: "Không có danh mục kiểm tra cho ngày này".into(),
            en: "No checklist for this day".into(),
        };
        return vec![Failing { item: "checklist".to_owned(), title, ended: None }];
    };
    let demands = demands(state, list, party, about);
    let not_held = demands.iter().filter_map(|demand| match demand.held(state, now) {
        Held::Unknown | Held::InForce { .. } => None,
        Held::Ended { last, .. } => Some((demand, Some(last))),
        Held::Missing => Some((demand, None)),
    });
    let failing = |(demand, ended): (&Demand<'_>, _)| Failing {
        item: demand.item.code.clone(),
        title: demand.item.title.clone(),
        ended,
    };
    not_held.map(failing).collect()
}

/// The next moment at which the open gate of a party closes by itself, and why; `None` when it is closed already or has
/// no end. A coming version of the checklist counts, too.
pub fn closes_at(state: &State, rules: &Rules, party: &PartyId, now: Ts) -> Option<(Ts, Vec<Failing>)> {
    connection_closes_at(state, rules, party, None, now)
}

/// As [`closes_at`], with what is demanded for the connection.
pub fn connection_closes_at(
    state: &State,
    rules: &Rules,
    party: &PartyId,
    about: Option<&RequestId>,
    now: Ts,
) -> Option<(Ts, Vec<Failing>)> {
    if !failing(state, rules, party, about, now).is_empty() {
        return None;
    }
    let mut moments: Vec<Ts> = Vec::new();
    for list in rules.checklists.iter() {
        moments.push(start(list.valid_from));
        moments.extend(list.valid_to.map(after));
        let held = |demand: &Demand<'_>| match demand.held(state, now) {
            Held::InForce { closes, .. } => closes,
            Held::Unknown | Held::Ended { .. } | Held::Missing => None,
        };
        moments.extend(demands(state, list, party, about).iter().filter_map(held));
    }
    moments.retain(|moment| *moment > now);
    moments.sort_unstable();
    moments.dedup();
    moments
        .into_iter()
        .map(|moment| (moment, failing(state, rules, party, about, moment)))
        .find(|(_, failing)| !failing.is_empty())
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
            let demands = demands(state, list, party, Some(request));
            let own = demands.iter().filter(|demand| demand.about.is_some());
            found.extend(own.filter_map(|demand| warning(state, demand, now)));
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
        for demand in demands(state, list, party, Some(request)) {
            let held = matches!(demand.held(state, now), Held::InForce { .. } | Held::Unknown);
            if demand.item.about == About::Connection && !held {
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
