//! Where obligations stand: running, soon, past, met, sent too late.

use base::Ts;
use serde::Serialize;
use worktime::day_of;

use super::{Due, Facts, Incident, IncidentId, Obligation, Version};
use crate::agency::AgencyCode;
use crate::people::Role;
use crate::request::who;
use crate::state::State;

const HOUR_SECONDS: i64 = 3_600;

/// Where an obligation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// There is time.
    Running,
    /// It ends within the hours of the warning.
    Soon,
    /// Its time is over and nothing was sent: shown in red.
    Past,
    /// Sent in time.
    Met,
    /// Sent, but too late.
    SentLate,
}

impl Standing {
    /// Whether it is late, for whatever reason.
    pub const fn is_missed(self) -> bool {
        matches!(self, Self::Past | Self::SentLate)
    }
}

impl Obligation {
    /// When something was first sent for it.
    pub fn sent_at(&self) -> Option<Ts> {
        self.sent.iter().map(|sent| sent.message.at).min()
    }

    /// Where it stands at a moment.
    pub fn standing(&self, now: Ts) -> Standing {
        match self.sent_at() {
            Some(at) if at <= self.clock.in_time => Standing::Met,
            Some(_) => Standing::SentLate,
            None if self.clock.due < now => Standing::Past,
            None if self.clock.warn <= now => Standing::Soon,
            None => Standing::Running,
        }
    }

    /// Whether nothing about it keeps a file open: it was met, or somebody said why it was not.
    pub fn is_settled(&self, now: Ts) -> bool {
        self.late.is_some() || self.standing(now) == Standing::Met
    }

    /// Whether somebody can record that it is late.
    pub fn is_late(&self, now: Ts) -> bool {
        self.standing(now).is_missed() && self.clock.in_time < now
    }
}

/// The clocks that run for an incident, from its detection.
pub(super) fn clocks(rules: &Version, facts: &Facts) -> Vec<Due> {
    let hours = |from: Ts, hours: u32| from.plus_secs(i64::from(hours) * HOUR_SECONDS);
    let of_clock = |clock: &super::Clock| {
        let due = hours(facts.detected, clock.hours);
        Due {
            code: clock.code.clone(),
            warn: due.plus_secs(-i64::from(clock.warn_hours) * HOUR_SECONDS),
            due,
            in_time: hours(due, clock.tolerance_hours),
        }
    };
    rules.clocks.iter().filter(|clock| clock.runs_for(facts)).map(of_clock).collect()
}

/// An obligation past its end: shown in red and counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Late {
    /// Which incident.
    pub incident: IncidentId,
    /// Which obligation.
    pub obligation: String,
    /// In which role somebody should act.
    pub role: Role,
    /// At which agency; who took over the tasks of a closed one stands in for it.
    pub agency: AgencyCode,
    /// Since when it is late.
    pub due: Ts,
    /// Whole hours since.
    pub hours: u32,
}

/// Every obligation of an open file past its end at `now`, the longest first. A reason that somebody recorded takes none
/// away: it must be sent all the same.
pub fn overdue(state: &State, now: Ts) -> Vec<Late> {
    let of_incident = |incident: &Incident| {
        let past = incident.obligations.iter().filter(|one| one.standing(now) == Standing::Past);
        past.map(|one| Late {
            incident: incident.id.clone(),
            obligation: one.clock.code.clone(),
            role: Role::SecurityOfficer,
            agency: who::current(state, &incident.agency, day_of(now)),
            due: one.clock.due,
            hours: hours_between(one.clock.due, now),
        })
        .collect::<Vec<_>>()
    };
    let open = state.incidents.iter().filter(|incident| incident.is_open());
    let mut late: Vec<Late> = open.flat_map(of_incident).collect();
    late.sort_by(|a, b| (a.due, &a.incident, &a.obligation).cmp(&(b.due, &b.incident, &b.obligation)));
    late
}

/// Whole hours from one moment to a later one.
fn hours_between(from: Ts, to: Ts) -> u32 {
    u32::try_from(to.micros_since(from) / (HOUR_SECONDS * 1_000_000)).unwrap_or(0)
}
