//! What a gateway needs of the registry, as one value: grants and gates of the services of one member.
//!
//! The contract with the data plane: numbered, complete, small enough to be fetched each second when it changed.

pub mod signature;

use std::collections::{BTreeMap, BTreeSet};

use base::{MemberId, PartyId, ServiceId, Ts};
use serde::{Deserialize, Serialize};
use worktime::day_of;

use crate::gate::{Closing, Failing};
use crate::grant::{Grant, GrantId, Held};
use crate::service::Stage;
use crate::{Rules, State, gate};

/// The value of `format`.
pub const FORMAT: &str = "lienthong-rights/1";

/// Rights on the services of one member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Always [`FORMAT`].
    pub format: String,
    /// Journal entries that it is folded from; grows with every change.
    pub number: i64,
    /// When it was made.
    pub made: Ts,
    /// Whose services.
    pub member: MemberId,
    /// Grants in force or suspended; revoked and ended ones, too, for as long as a caller should be told so (30 days).
    pub grants: Vec<Grant>,
    /// Parties whose gate is closed, with the reason.
    pub gates: Vec<ClosedGate>,
    /// Services on which no call is answered, with the notice.
    pub closed: Vec<ClosedService>,
}

impl Snapshot {
    /// Whether a gateway would decide every call in the same way by either; when and from what they were made does not
    /// matter.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        self.member == other.member
            && self.grants == other.grants
            && self.gates == other.gates
            && self.closed == other.closed
    }

    /// A name that snapshots have in common when they say the same, and no others: SHA-256, hexadecimal.
    #[expect(clippy::missing_panics_doc, reason = "it cannot happen, whatever the snapshot")]
    pub fn tag(&self) -> String {
        let said = (&self.member, &self.grants, &self.gates, &self.closed);
        let text = serde_json::to_vec(&said).expect("every part of a snapshot has a JSON form");
        hex::encode(crypto::hash::sha256(&[&text]))
    }
}

/// A readiness gate that is closed: that of a party, or of one of its connections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClosedGate {
    /// The consumer, or the provider's own subsystem.
    pub party: PartyId,
    /// The only grant that it closes, when an item of that connection alone is missing; `None` = all of the party's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantId>,
    /// From when on it is closed; `None` = already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Ts>,
    /// Why.
    pub failing: Vec<Failing>,
}

/// A service that is withdrawn or whose provider's gate is closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClosedService {
    /// The service.
    pub service: ServiceId,
    /// What callers are told.
    pub notice: String,
}
/// How long a grant that is over stays in the snapshot, so that the caller is told what happened to it: 30 days.
pub const TOLD_SECS: i64 = 30 * 86_400;

/// Everything that the gateways of a member need: rights on its services, gates of those who ask and of its own systems,
/// services that answer nobody. Looks only at what concerns the member.
pub fn of(state: &State, rules: &Rules, member: &MemberId, now: Ts) -> Snapshot {
    let mut grants: Vec<Grant> = Vec::new();
    let mut parties: BTreeSet<&PartyId> = BTreeSet::new();
    let (mut gates, mut closed) = (Vec::new(), Vec::new());
    let today = day_of(now);
    let mut providers: BTreeMap<PartyId, bool> = BTreeMap::new();
    for (service, on_service) in state.grants.on_member(member) {
        let told = |held: &&Held| held.over_since(now).is_none_or(|since| since.plus_secs(TOLD_SECS) > now);
        for held in on_service.filter(told) {
            if held.over_since(now).is_none() {
                parties.insert(&held.grant.to);
                gates.extend(gates_of_grant(state, rules, &held.grant, now));
            }
            grants.push(held.grant.clone());
        }
        let provider = service.provider.party();
        let shut = *providers
            .entry(provider)
            .or_insert_with_key(|party| !gate::failing(state, rules, party, None, now).is_empty());
        let withdrawn = state.services.get(service).is_some_and(|s| s.stage_on(today) == Stage::Withdrawn);
        if let Some(notice) = notice(withdrawn, shut) {
            closed.push(ClosedService { service: service.clone(), notice: notice.to_owned() });
        }
    }
    let parties = parties.into_iter().chain(providers.keys());
    gates.extend(parties.filter_map(|party| gate_of(state, rules, party, now)));
    Snapshot {
        format: FORMAT.to_owned(),
        number: state.seq,
        made: now,
        member: member.clone(),
        grants,
        gates,
        closed,
    }
}

/// What callers of a closed service are told.
fn notice(withdrawn: bool, shut: bool) -> Option<&'static str> {
    if withdrawn {
        Some("Dịch vụ đã ngừng cung cấp / The service was withdrawn")
    } else if shut {
        Some("Bên cung cấp chưa đủ điều kiện an toàn / The provider's readiness gate is closed")
    } else {
        None
    }
}

/// The gate of a party that is closed, or closes by itself later: a gateway must know even while the registry is down.
fn gate_of(state: &State, rules: &Rules, party: &PartyId, now: Ts) -> Option<ClosedGate> {
    let Closing { from, failing } = gate::closing(state, rules, party, now)?;
    Some(ClosedGate { party: party.clone(), grant: None, from, failing })
}

/// The same for what is demanded for the connection of one grant alone, on either side.
fn gates_of_grant(state: &State, rules: &Rules, grant: &Grant, now: Ts) -> Vec<ClosedGate> {
    let Some(request) = grant.connection(&state.gate) else { return Vec::new() };
    let provider = grant.service.provider.party();
    let other = (provider != grant.to).then_some(&provider);
    let closed = |party: &PartyId| {
        let closing = gate::connection_closing(state, rules, (party, &request), now)?;
        let Closing { from, failing } = closing;
        Some(ClosedGate { party: party.clone(), grant: Some(grant.id.clone()), from, failing })
    };
    std::iter::once(&grant.to).chain(other).filter_map(closed).collect()
}

#[cfg(test)]
mod tests;
