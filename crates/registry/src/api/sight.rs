//! Where a person may look: what is not for everybody needs the right to read at an agency that takes part in it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;

use base::{PartyId, ServiceId, Ts};
use jiff::civil::Date;

use crate::agency::AgencyCode;
use crate::grant::Grant;
use crate::party::agencies_of;
use crate::people::{self, Act, Person};
use crate::request::{Request, Whose, agency_of};
use crate::state::{State, vietnam_day};

/// What a person sees of a state. Each agency and each party is weighed once, however many things of theirs are looked at.
pub(super) struct Sight<'a> {
    state: &'a State,
    person: &'a Person,
    day: Date,
    /// Reads everywhere.
    everything: bool,
    agencies: RefCell<HashMap<AgencyCode, bool>>,
    parties: RefCell<HashMap<PartyId, bool>>,
}

impl<'a> Sight<'a> {
    pub(super) fn new(state: &'a State, person: &'a Person, now: Ts) -> Self {
        let day = vietnam_day(now);
        let everything = people::may(state, person, Act::Read, None, day).is_ok();
        Self { state, person, day, everything, agencies: RefCell::default(), parties: RefCell::default() }
    }

    /// Whether the person may read there; `None` means everything.
    pub(super) fn at(&self, agency: Option<&AgencyCode>) -> bool {
        self.everything || agency.is_some_and(|agency| self.reads(agency))
    }

    fn reads(&self, agency: &AgencyCode) -> bool {
        let may = || people::may(self.state, self.person, Act::Read, Some(agency), self.day).is_ok();
        once(&self.agencies, agency, may)
    }

    /// A request: who asks and who decides see it.
    pub(super) fn request(&self, request: &Request) -> bool {
        self.everything
            || [Whose::Consumer, Whose::Provider]
                .into_iter()
                .any(|whose| self.at(agency_of(self.state, request, whose, self.day).as_ref()))
    }

    /// A grant: who holds it and who gave it see it.
    pub(super) fn grant(&self, grant: &Grant) -> bool {
        if self.everything {
            return true;
        }
        let request = grant.request().and_then(|id| self.state.requests.get(&id));
        match request {
            Some(request) => self.request(request),
            None => self.party(&grant.to) || self.party(&grant.service.provider.party()),
        }
    }

    /// What concerns a party.
    pub(super) fn party(&self, party: &PartyId) -> bool {
        let answers = || agencies_of(self.state, party, self.day).iter().any(|agency| self.reads(agency));
        self.everything || once(&self.parties, party, answers)
    }
}

impl Sight<'_> {
    /// What a party does: its agency sees it, be it that others asked in its name. Asking is no proof of anything.
    pub(super) fn own(&self, party: &PartyId) -> bool {
        let agency = || self.state.agencies.of_member(&party.member, self.day);
        self.everything || agency().is_some_and(|agency| self.reads(&agency))
    }

    /// A call: both sides see it, the owner of the service, and the agency for whose request a grant was issued.
    pub(super) fn call(&self, client: &PartyId, service: &ServiceId) -> bool {
        let owner = || self.state.services.get(service).is_some_and(|service| self.reads(&service.owner));
        let asked = || {
            let held = self.state.grants.find(client, service);
            let request = held.and_then(|held| held.grant.request());
            request.and_then(|id| self.state.requests.get(&id)).is_some_and(|request| self.request(request))
        };
        self.own(client) || self.own(&service.provider.party()) || owner() || asked()
    }
}

fn once<K: Clone + Eq + Hash>(
    known: &RefCell<HashMap<K, bool>>,
    key: &K,
    find: impl FnOnce() -> bool,
) -> bool {
    if let Some(found) = known.borrow().get(key) {
        return *found;
    }
    let found = find();
    known.borrow_mut().insert(key.clone(), found);
    found
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
