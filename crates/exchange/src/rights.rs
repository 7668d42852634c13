//! What this node offers, to whom, and the check that yields a [`Permit`].
//!
//! Default deny. The whole of it is one immutable value in a `watch` channel: whoever fills the channel (the
//! configuration file, or a registry beside it) changes rights without a restart, and a call never queries. What was
//! used of a grant is counted in [`Usage`], which outlives the value.

use std::collections::HashMap;
use std::time::Duration;

use base::{MemberId, Part, PartyId, ServiceId, SubsystemId, Ts};
use crypto::certificate::Certificate;
use directory::snapshot::Snapshot;

use crate::cut::FieldSet;
use crate::error::{Reason, Side};
use crate::message::Call;
use crate::usage::{Place, Usage};
use crate::wire::rest::decoded_path;
use grant::{Asked, Step};

mod condition;
mod gate;
mod grant;
pub mod measure;
pub mod pattern;

pub use condition::{CONDITION_BYTES_MAX, Condition, ConditionError, ConditionReader};
pub use gate::{ClosedGate, ClosedService, Failing, Ruling};
pub use grant::{Conditions, Endpoint, Force, Grant, Grantee, Unmet};
pub use pattern::Pattern;

/// How a subsystem's information system proves who it is to its node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Plain HTTP, from this machine only; X-Road's `HTTP`.
    PlainLoopback,
    /// HTTPS without a client certificate; X-Road's `HTTPS NOAUTH`.
    Tls,
    /// HTTPS with one of these certificates, compared whole; X-Road's `HTTPS`, the default.
    Mutual(Vec<Certificate>),
}

/// Where a service's OpenAPI description comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Description {
    /// Fetched from the information system when asked for.
    Url(String),
    /// Read from a file when the configuration was read.
    Text(String),
}

/// A service that this node offers.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its full identifier.
    pub id: ServiceId,
    /// Where it is: base URL, to which path and query are appended.
    pub url: String,
    /// How long the information system may take.
    pub timeout: Duration,
    /// OpenAPI description.
    pub description: Option<Description>,
    /// Which path segment (0 = first behind the service code) names the person concerned.
    pub subject_segment: Option<usize>,
    /// Notice to callers while the service is switched off.
    pub disabled: Option<String>,
    /// Certificates that an `https` service may present; X-Road's pinned list.
    pub certificates: Vec<Certificate>,
}

/// Proof that the check was made; the only way to [`crate::forward`].
///
/// Holds the call's place in the day's quota, which is free again when the permit is dropped unused.
#[derive(Debug)]
pub struct Permit {
    by: String,
    fields: Option<FieldSet>,
    place: Option<Place>,
}

impl Permit {
    /// Why it was allowed, for the record.
    pub fn by(&self) -> &str {
        &self.by
    }

    /// What of the answer may be given; `None` means all of it.
    pub fn fields(&self) -> Option<&FieldSet> {
        self.fields.as_ref()
    }

    /// The call goes to the service now, and counts; what of the answer may be given.
    pub(crate) fn used(self) -> Option<FieldSet> {
        if let Some(place) = self.place {
            place.keep();
        }
        self.fields
    }
}

/// Everything this node offers and allows.
#[derive(Debug, Default)]
pub struct Rights {
    subsystems: HashMap<PartyId, Connection>,
    services: HashMap<ServiceId, Service>,
    granted: HashMap<ServiceId, Granted>,
    gates: HashMap<PartyId, Vec<ClosedGate>>,
    closed: HashMap<ServiceId, String>,
    /// On whose services nothing is allowed, because what is known of the rights on them is too old.
    out_of_date: Option<MemberId>,
}

/// Grants on one service, found by who asks.
#[derive(Debug, Default)]
struct Granted {
    all: Vec<Entry>,
    by_party: HashMap<PartyId, Vec<u32>>,
    to_groups: Vec<u32>,
}

/// A grant with the name by which its calls are counted.
#[derive(Debug)]
struct Entry {
    grant: Grant,
    key: Box<str>,
}

impl Granted {
    fn push(&mut self, grant: Grant) {
        let key = grant.id.clone().unwrap_or_else(|| self.name_of(&grant));
        let nth = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        match &grant.to {
            Grantee::Party(party) => self.by_party.entry(party.clone()).or_default().push(nth),
            Grantee::Group(_) => self.to_groups.push(nth),
        }
        self.all.push(Entry { grant, key: key.into() });
    }

    /// Without a number: who and what, and which one of those.
    fn name_of(&self, grant: &Grant) -> String {
        let same = match &grant.to {
            Grantee::Party(party) => self.by_party.get(party).map_or(0, Vec::len),
            Grantee::Group(_) => {
                let groups = self.to_groups.iter().filter_map(|nth| self.all.get(*nth as usize));
                groups.filter(|entry| entry.grant.to == grant.to).count()
            }
        };
        let name = format!("{} {}", grant.to, grant.service);
        if same == 0 { name } else { format!("{name} {}", same + 1) }
    }

    /// Grants to the party, then grants to its groups.
    fn to<'a, 'b>(
        &'a self,
        directory: &'b Snapshot,
        party: &'b PartyId,
    ) -> impl Iterator<Item = &'a Entry> + use<'a, 'b> {
        let own = self.by_party.get(party).map_or(&[][..], Vec::as_slice);
        let entry = move |nth: &u32| self.all.get(*nth as usize);
        let of_groups = self.to_groups.iter().filter_map(entry);
        let of_groups = of_groups.filter(move |entry| entry.grant.concerns(directory, party));
        own.iter().filter_map(entry).chain(of_groups)
    }
}

impl Rights {
    /// Puts the parts together.
    pub fn new(subsystems: Vec<(PartyId, Connection)>, services: Vec<Service>, grants: Vec<Grant>) -> Self {
        let services = services.into_iter().map(|s| (s.id.clone(), s)).collect();
        let mut rights = Self { subsystems: subsystems.into_iter().collect(), services, ..Self::default() };
        rights.grant(grants);
        rights
    }

    fn grant(&mut self, grants: impl IntoIterator<Item = Grant>) {
        for grant in grants {
            self.granted.entry(grant.service.clone()).or_default().push(grant);
        }
    }

    /// The same subsystems and services under what a registry says: its grants in the place of all grants on services of
    /// its member, its gates, its closed services.
    #[must_use]
    pub fn under(&self, ruling: Ruling) -> Self {
        let Ruling { member, grants, gates, closed } = ruling;
        let mut rights = Self {
            subsystems: self.subsystems.clone(),
            services: self.services.clone(),
            closed: closed.into_iter().map(|c| (c.service, c.notice)).collect(),
            ..Self::default()
        };
        let own = |service: &ServiceId| service.provider.member == member;
        rights.grant(self.grants().filter(|grant| !own(&grant.service)).cloned());
        rights.grant(grants.into_iter().filter(|grant| own(&grant.service)));
        for gate in gates {
            rights.gates.entry(gate.party.clone()).or_default().push(gate);
        }
        rights
    }

    /// The same subsystems and services while nobody knows what a registry says of this member: every call on its
    /// services is refused.
    #[must_use]
    pub fn out_of_date(&self, member: &MemberId) -> Self {
        let nothing =
            Ruling { member: member.clone(), grants: Vec::new(), gates: Vec::new(), closed: Vec::new() };
        Self { out_of_date: Some(member.clone()), ..self.under(nothing) }
    }

    /// How the subsystem proves itself; `None` when it is not one of this node's.
    pub fn connection(&self, party: &PartyId) -> Option<&Connection> {
        self.subsystems.get(party)
    }

    /// Parties that live at this node.
    pub fn parties(&self) -> impl Iterator<Item = &PartyId> {
        self.subsystems.keys()
    }

    /// A service of this node.
    ///
    /// # Errors
    /// There is none of that name, it is switched off or closed, or nobody knows who may call it.
    pub fn service(&self, id: &ServiceId) -> Result<&Service, Reason> {
        let service = self.services.get(id).ok_or(Reason::ServiceUnknown)?;
        if self.out_of_date.as_ref() == Some(&id.provider.member) {
            return Err(Reason::RightsOutOfDate);
        }
        match self.closed.get(id).or(service.disabled.as_ref()) {
            Some(notice) => Err(Reason::ServiceDisabled(notice.clone())),
            None => Ok(service),
        }
    }

    /// A service whether switched off or not; for descriptions.
    pub fn described(&self, provider: &SubsystemId, code: &Part) -> Option<&Service> {
        self.services.get(&ServiceId { provider: provider.clone(), code: code.clone() })
    }

    /// The services of one subsystem, by code; those that are switched off too, those that the registry closed not.
    pub fn services_of(&self, provider: &SubsystemId) -> Vec<&Service> {
        let of_provider = |s: &&Service| s.id.provider == *provider && !self.closed.contains_key(&s.id);
        let mut services: Vec<_> = self.services.values().filter(of_provider).collect();
        services.sort_by(|a, b| a.id.cmp(&b.id));
        services
    }

    /// Every service.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.values()
    }

    /// Every grant.
    pub fn grants(&self) -> impl Iterator<Item = &Grant> {
        self.granted.values().flat_map(|granted| &granted.all).map(|entry| &entry.grant)
    }

    /// Grants on a service that a party can use now: in force, and no gate closed.
    pub fn usable<'a, 'b>(
        &'a self,
        directory: &'b Snapshot,
        party: &'b PartyId,
        service: &ServiceId,
        now: Ts,
    ) -> impl Iterator<Item = &'a Grant> + use<'a, 'b> {
        let open = self.gate(party, service, now).is_none();
        let granted = self.granted.get(service).filter(|_| open).into_iter();
        let grants = granted.flat_map(move |granted| granted.to(directory, party)).map(|entry| &entry.grant);
        grants.filter(move |grant| grant.is_in_force(now) && grant.closed(now).is_none())
    }

    /// The one check: who × service, method and path × in force × gate × purpose × conditions × how much.
    ///
    /// The first grant that allows the call counts: those to the party itself in their order, then those to its groups.
    ///
    /// # Errors
    /// The reason of the grant that came closest, so that the caller learns what to ask for.
    pub fn authorize(
        &self,
        directory: &Snapshot,
        call: &Call,
        now: Ts,
        usage: &Usage,
    ) -> Result<Permit, Reason> {
        let take = |entry: &Entry| usage.take(&entry.key, entry.grant.allowance, now);
        let (grant, place) = self.first(directory, call, now, take)?;
        Ok(Permit { by: grant.describe(), fields: grant.fields.clone(), place })
    }

    /// The grant by which [`Rights::authorize`] would allow the call if nothing had been used yet.
    ///
    /// # Errors
    /// As there, but for quota and rate.
    pub fn explain(&self, directory: &Snapshot, call: &Call, now: Ts) -> Result<&Grant, Reason> {
        self.first(directory, call, now, |_| Ok(())).map(|(grant, ())| grant)
    }

    fn first<T>(
        &self,
        directory: &Snapshot,
        call: &Call,
        now: Ts,
        take: impl Fn(&Entry) -> Result<T, Reason>,
    ) -> Result<(&Grant, T), Reason> {
        let path = decoded_path(call.target.path())?;
        let asked = Asked { call, path: &path, now };
        let service = &call.target.service;
        let gate = self.gate(&call.client, service, now);
        let (mut came, mut closest) = (Step::Covered, Reason::NotGranted);
        let granted = self.granted.get(service).into_iter();
        for entry in granted.flat_map(|granted| granted.to(directory, &call.client)) {
            let grant = &entry.grant;
            if !grant.covers(&call.method, &path) {
                continue;
            }
            let taken = grant.judge(&asked, gate.as_ref());
            let taken = taken.and_then(|()| take(entry).map_err(|reason| (Step::Allowance, reason)));
            match taken {
                Ok(taken) => return Ok((grant, taken)),
                Err((step, reason)) if step > came => (came, closest) = (step, reason),
                Err(_) => {}
            }
        }
        Err(closest)
    }

    /// Whether the readiness gate of the consumer, or else of the provider, is closed.
    fn gate(&self, consumer: &PartyId, service: &ServiceId, now: Ts) -> Option<Reason> {
        if self.gates.is_empty() {
            return None;
        }
        let closed = |party: &PartyId, side: Side| {
            let gates = self.gates.get(party)?.iter().filter(|gate| gate.is_closed(now));
            let mut gates = gates.peekable();
            gates.peek()?;
            let failing = gates.flat_map(|gate| gate.failing.iter().cloned()).collect();
            Some(Reason::GateClosed { side, failing })
        };
        closed(consumer, Side::Consumer).or_else(|| closed(&service.provider.party(), Side::Provider))
    }
}

#[cfg(test)]
mod tests;
