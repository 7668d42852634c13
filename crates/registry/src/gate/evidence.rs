//! Which items are demanded of whom, and whether what was shown for one is in force.

use base::{PartyId, Ts};
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::checklist::{About, Checklist, InForce, Item, Whom};
use super::filing::{Connection, Filed, Filing, Standing};
use super::{after, day_of};
use crate::publish::Certified;
use crate::request::RequestId;
use crate::state::State;

/// What a party holds for an item.
#[derive(Clone, Copy, Debug)]
pub(super) enum Held<'a> {
    /// The registry cannot tell; the gate stays out of it.
    Unknown,
    /// It counts: through the last day, or without end.
    InForce { filed: Option<&'a Filed>, last: Option<Date>, closes: Option<Ts> },
    /// It counted until that day.
    Ended { filed: Option<&'a Filed>, last: Date },
    /// It never counted.
    Missing,
}

/// One item that is demanded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand<'a> {
    pub list: &'a Checklist,
    pub item: &'a Item,
    pub party: &'a PartyId,
    pub about: Option<&'a RequestId>,
}

/// The last day on which a filing counts; `None` = without end.
///
/// A period of months ends with the day that has the number of the day of issue, or with the last day of the month (Bộ
/// luật Dân sự 2015, Điều 148). What the document itself names, and what stays from an earlier law, may end it sooner.
pub(super) fn last_day(list: &Checklist, item: &Item, filing: &Filing) -> Option<Date> {
    let by_rule = match item.in_force {
        InForce::Months(months) => Some(filing.issued_on.saturating_add(i32::from(months).months())),
        InForce::UntilDate | InForce::Endless | InForce::Certificate | InForce::Task => None,
    };
    let stays = list.transition(&item.code, filing.issued_on).map(|rule| rule.stays_through);
    [by_rule, filing.valid_until, stays].into_iter().flatten().min()
}

impl Demand<'_> {
    /// What the party holds at that moment.
    pub(super) fn held<'s>(&self, state: &'s State, now: Ts) -> Held<'s> {
        if self.item.in_force == InForce::Certificate {
            return match state.directory.certified(self.party) {
                Certified::Unknown => Held::Unknown,
                Certified::Missing => Held::Missing,
                Certified::Until(end) if end > now => {
                    Held::InForce { filed: None, last: Some(day_of(end)), closes: Some(end) }
                }
                Certified::Until(end) => Held::Ended { filed: None, last: day_of(end) },
            };
        }
        if self.item.in_force == InForce::Task {
            let request = self.about.and_then(|request| state.requests.get(request));
            return match request.filter(|request| request.task_closed(&self.item.code)) {
                Some(_) => Held::InForce { filed: None, last: None, closes: None },
                None => Held::Missing,
            };
        }
        let today = day_of(now);
        let filings = state.gate.filings(self.party, self.about, &self.item.code);
        let accepted = filings.filter(|filed| filed.standing == Standing::Accepted);
        let begun = accepted.filter(|filed| filed.filing.issued_on <= today);
        let with_end = begun.map(|filed| (filed, last_day(self.list, self.item, &filed.filing)));
        // Without end is longer than any day; of two that end together the newer is shown.
        match with_end.max_by_key(|(_, last)| last.unwrap_or(Date::MAX)) {
            None => Held::Missing,
            Some((filed, None)) => Held::InForce { filed: Some(filed), last: None, closes: None },
            Some((filed, Some(last))) if last >= today => {
                Held::InForce { filed: Some(filed), last: Some(last), closes: Some(after(last)) }
            }
            Some((filed, Some(last))) => Held::Ended { filed: Some(filed), last },
        }
    }

    /// Whether something waits for a second person.
    pub(super) fn waiting<'s>(&self, state: &'s State) -> Option<&'s Filed> {
        let mut newest = state.gate.filings(self.party, self.about, &self.item.code).rev();
        newest.find(|filed| filed.standing == Standing::Waiting)
    }
}

/// What is demanded of a party: for its system, and for the connection where one is named.
pub(super) fn demands<'a>(
    state: &State,
    list: &'a Checklist,
    party: &'a PartyId,
    about: Option<&'a RequestId>,
) -> Vec<Demand<'a>> {
    let own = Own::of(state, party);
    let of_system = |item: &&Item| item.about == About::Subsystem && own.demands(item);
    let demand = |item: &'a Item| Demand { list, item, party, about: None };
    let of_system = list.items.iter().filter(of_system).map(demand);
    let of_connection = about.map(|request| of_connection(state, list, party, request));
    of_system.chain(of_connection.into_iter().flatten()).collect()
}

/// What is demanded of a party for one connection alone; the cost does not depend on how many others it has.
pub(super) fn of_connection<'a>(
    state: &State,
    list: &'a Checklist,
    party: &'a PartyId,
    request: &'a RequestId,
) -> Vec<Demand<'a>> {
    let connection = state.gate.connection(request);
    let demanded = |item: &&Item| {
        item.about == About::Connection
            && is_of_kind(state, request, item)
            && connection_demands(state, connection, item, party)
    };
    let demand = |item: &'a Item| Demand { list, item, party, about: Some(request) };
    list.items.iter().filter(demanded).map(demand).collect()
}

/// On which sides a party stands, and whether personal data are involved.
struct Own {
    sides: Vec<Whom>,
    personal: bool,
}

impl Own {
    fn of(state: &State, party: &PartyId) -> Self {
        let mut own = Self { sides: Vec::new(), personal: false };
        for (_, connection) in state.gate.connections_of(party) {
            own.sides.extend(connection.side(party));
            own.personal = own.personal || is_personal(state, connection);
        }
        own
    }

    /// Nothing is known of a party without connections: whatever some side must show is demanded.
    fn demands(&self, item: &Item) -> bool {
        let side = self.sides.is_empty() || self.sides.iter().any(|side| fits(item, *side));
        side && (!item.personal_only || self.personal)
    }
}

fn connection_demands(state: &State, connection: Option<&Connection>, item: &Item, party: &PartyId) -> bool {
    // A connection that nobody opened is judged as if everything applied: the gate errs towards closed.
    let Some(connection) = connection else { return true };
    let side = connection.side(party).is_some_and(|side| fits(item, side));
    side && (!item.personal_only || is_personal(state, connection))
}

/// A request that nobody knows counts as of every kind.
fn is_of_kind(state: &State, request: &RequestId, item: &Item) -> bool {
    item.kinds.is_empty() || state.requests.get(request).is_none_or(|found| item.kinds.contains(&found.kind))
}

fn fits(item: &Item, side: Whom) -> bool {
    item.whom == Whom::Both || side == Whom::Both || item.whom == side
}

/// A service that nobody knows (any more) counts as personal.
fn is_personal(state: &State, connection: &Connection) -> bool {
    state.services.get(&connection.service).is_none_or(|service| service.data_class.is_personal())
}
