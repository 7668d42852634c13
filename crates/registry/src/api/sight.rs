//! Where a person may look: what is not for everybody needs the right to read at an agency that takes part in it.

use base::{PartyId, Ts};
use jiff::civil::Date;

use crate::agency::AgencyCode;
use crate::grant::Grant;
use crate::people::{self, Act, Person};
use crate::request::{Request, RequestId, Status, Whose, agency_of};
use crate::state::{State, vietnam_day};

/// What a person sees of a state.
#[derive(Clone, Copy)]
pub(super) struct Sight<'a> {
    state: &'a State,
    person: &'a Person,
    day: Date,
}

impl<'a> Sight<'a> {
    pub(super) fn new(state: &'a State, person: &'a Person, now: Ts) -> Self {
        Self { state, person, day: vietnam_day(now) }
    }

    /// Whether the person may read there; `None` means everything.
    pub(super) fn at(&self, agency: Option<&AgencyCode>) -> bool {
        people::may(self.state, self.person, Act::Read, agency, self.day).is_ok()
    }

    /// A request: who asks and who decides see it.
    pub(super) fn request(&self, request: &Request) -> bool {
        [Whose::Consumer, Whose::Provider]
            .into_iter()
            .any(|whose| self.at(agency_of(self.state, request, whose, self.day).as_ref()))
    }

    /// A grant: who holds it and who gave it see it.
    pub(super) fn grant(&self, grant: &Grant) -> bool {
        let request = grant.decision.parse::<RequestId>().ok();
        let request = request.and_then(|id| self.state.requests.get(&id));
        match request {
            Some(request) => self.request(request),
            None => self.party(&grant.to) || self.party(&grant.service.provider.party()),
        }
    }

    /// What concerns a party.
    pub(super) fn party(&self, party: &PartyId) -> bool {
        self.at(None) || agencies_of(self.state, party, self.day).iter().any(|agency| self.at(Some(agency)))
    }
}

/// The agencies that answer for a party: the one that its member is or that was recorded for it, and those above and
/// below that which asked for services in its name or offer services by it. Asking or offering alone gives nobody a say
/// about somebody else's system.
pub(super) fn agencies_of(state: &State, party: &PartyId, day: Date) -> Vec<AgencyCode> {
    let agencies = &state.agencies;
    let counts = |status| !matches!(status, Status::Refused | Status::Withdrawn);
    let asked = state.requests.iter().filter(|r| r.consumer == *party && counts(r.status));
    let asked = asked.filter_map(|request| agency_of(state, request, Whose::Consumer, day));
    let offered = state.services.iter().filter(|s| s.id.provider.party() == *party && s.is_on_offer(day));
    let offered = offered.map(|service| service.owner.clone());
    let others = asked.chain(offered).filter(|agency| agencies.speaks_for(agency, &party.member, day));
    let mut all: Vec<AgencyCode> = others.chain(agencies.of_member(&party.member, day)).collect();
    all.sort();
    all.dedup();
    all
}

/// The place at which the person may act, or the first one, so that the refusal is about it.
pub(super) fn place(
    (state, person, day): (&State, &Person, Date),
    act: Act,
    places: &[Option<AgencyCode>],
) -> Option<AgencyCode> {
    let may = |agency: &&Option<AgencyCode>| people::may(state, person, act, agency.as_ref(), day).is_ok();
    let fits = places.iter().find(may).or(places.first());
    fits.cloned().flatten()
}
