//! Which agencies answer for a party of the exchange, and for which parties an agency answers.

use std::collections::{BTreeMap, BTreeSet};

use base::PartyId;
use jiff::civil::Date;

use crate::agency::AgencyCode;
use crate::request::{Request, Status, Whose, agency_of};
use crate::service::Service;
use crate::state::State;

/// The agencies that answer for a party: the one that its member is or that was recorded for it, and those above and
/// below that which asked for services in its name or offer services by it. Asking or offering alone gives nobody a say
/// about somebody else's system.
pub(crate) fn agencies_of(state: &State, party: &PartyId, day: Date) -> Vec<AgencyCode> {
    let agencies = &state.agencies;
    let asked = asking(state).filter(|request| request.consumer == *party);
    let asked = asked.filter_map(|request| agency_of(state, request, Whose::Consumer, day));
    let offered = offered(state, day).filter(|service| service.id.provider.party() == *party);
    let offered = offered.map(|service| service.owner.clone());
    let others = asked.chain(offered).filter(|agency| agencies.speaks_for(agency, &party.member, day));
    let mut all: Vec<AgencyCode> = others.chain(agencies.of_member(&party.member, day)).collect();
    all.sort();
    all.dedup();
    all
}

/// The parties for which an agency or one below it answers, each with the agency that does.
pub(crate) fn parties_of(state: &State, above: &AgencyCode, day: Date) -> BTreeMap<PartyId, AgencyCode> {
    let asked = asking(state).filter_map(|request| {
        Some((request.consumer.clone(), agency_of(state, request, Whose::Consumer, day)?))
    });
    let offered = offered(state, day).map(|service| (service.id.provider.party(), service.owner.clone()));
    let known: BTreeSet<_> = state.gate.parties().chain(state.grants.iter().map(|grant| &grant.to)).collect();
    let by_code = known
        .into_iter()
        .filter_map(|party| Some((party.clone(), state.agencies.of_member(&party.member, day)?)));
    let all = asked.chain(offered).chain(by_code);
    all.filter(|(_, agency)| state.agencies.is_within(agency, above, day)).collect()
}

/// What was refused or taken back gives nobody a say about somebody else's system.
fn asking(state: &State) -> impl Iterator<Item = &Request> {
    let counts = |status| !matches!(status, Status::Refused | Status::Withdrawn);
    state.requests.iter().filter(move |request| counts(request.status))
}

fn offered(state: &State, day: Date) -> impl Iterator<Item = &Service> {
    state.services.iter().filter(move |service| service.is_on_offer(day))
}
