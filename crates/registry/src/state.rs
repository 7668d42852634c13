//! All that the registry knows, and the events it is folded from.

use audit::PersonId;
use base::Ts;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{agency, gate, grant, incident, inventory, procedure, publish, request, service};

/// When, where in the journal and by whom something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Its number in the journal; what it changed has this as its version.
    pub seq: i64,
    /// When.
    pub at: Ts,
    /// By whom.
    pub by: PersonId,
}

/// What a decision may know beside the state.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Now.
    pub now: Ts,
    /// Today in Vietnam (UTC+7, no daylight saving time).
    pub today: Date,
    /// Who decides.
    pub by: PersonId,
}

impl Moment {
    /// The moment `now`, for a person.
    pub fn new(now: Ts, by: PersonId) -> Self {
        Self { now, today: vietnam_day(now), by }
    }
}

/// The day that a moment has in Vietnam: UTC+7, without daylight saving time.
pub fn vietnam_day(at: Ts) -> Date {
    // A moment outside the years -9999 to 9999 comes from no clock; any day will do.
    let stamp = jiff::Timestamp::from_microsecond(at.0).unwrap_or_default();
    jiff::tz::Offset::constant(7).to_datetime(stamp).date()
}

/// Something that happened; the journal keeps it as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "noun", content = "event", rename_all = "snake_case")]
pub enum Event {
    /// To an agency.
    Agency(agency::Event),
    /// To an entry of the inventory.
    Inventory(inventory::Event),
    /// To a service.
    Service(service::Event),
    /// To a connection request.
    Request(request::Event),
    /// To a grant.
    Grant(grant::Event),
    /// To what the readiness gate looks at.
    Gate(gate::Event),
    /// To the directory.
    Directory(publish::Event),
    /// To the file of an incident.
    Incident(incident::Event),
    /// To an instance of a procedure, or a model of one.
    Procedure(procedure::Event),
}

/// All that the registry knows.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Journal entries folded so far.
    pub seq: i64,
    /// Agencies.
    pub agencies: agency::Agencies,
    /// Information systems and databases.
    pub inventory: inventory::Inventory,
    /// Services.
    pub services: service::Services,
    /// Connection requests.
    pub requests: request::Requests,
    /// Grants.
    pub grants: grant::Grants,
    /// What the readiness gate looks at.
    pub gate: gate::Gate,
    /// Changes of the directory.
    pub directory: publish::Publishing,
    /// Files of incidents.
    pub incidents: incident::Incidents,
}

impl State {
    /// Takes an event over. Never fails: what was decided once is true.
    pub fn apply(&mut self, stamp: &Stamp, event: Event) {
        match event {
            Event::Agency(event) => self.agencies.apply(stamp, event),
            Event::Inventory(event) => self.inventory.apply(stamp, event),
            Event::Service(event) => self.services.apply(stamp, event),
            Event::Request(event) => self.requests.apply(stamp, event),
            Event::Grant(event) => self.grants.apply(stamp, event),
            Event::Gate(event) => self.gate.apply(stamp, event),
            Event::Directory(event) => self.directory.apply(stamp, event),
            Event::Incident(event) => self.incidents.apply(stamp, event),
            // What became of it the process engine keeps; that it was done stands in the journal.
            Event::Procedure(_) => {}
        }
        self.seq = stamp.seq + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_begins_seven_hours_earlier_than_in_utc() {
        let day = |text| vietnam_day(Ts::parse(text).expect("a moment"));
        assert_eq!(day("2025-06-30T16:59:59.999999Z"), jiff::civil::date(2025, 6, 30));
        assert_eq!(day("2025-06-30T17:00:00Z"), jiff::civil::date(2025, 7, 1));
    }
}
