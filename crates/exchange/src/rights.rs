//! What this node offers, to whom, and the check that yields a [`Permit`].
//!
//! Default deny. The whole of it is one immutable value in a `watch` channel: whoever fills the channel (today the
//! configuration file, later the registry) changes rights without a restart, and a call never queries.

use std::collections::HashMap;
use std::time::Duration;

use base::{GroupId, Part, PartyId, ServiceId, SubsystemId, Ts};
use crypto::certificate::Certificate;
use directory::snapshot::Snapshot;
use http::Method;

use crate::error::Reason;
use crate::message::Call;
use crate::wire::rest::decoded_path;

pub mod pattern;

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

/// To whom something is granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grantee {
    /// One subsystem or member.
    Party(PartyId),
    /// All parties of a group in the directory.
    Group(GroupId),
}

/// Method and path of a finer right; absent method means any.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The method, or any.
    pub method: Option<Method>,
    /// The path behind the service code.
    pub path: Pattern,
}

/// A provider's permission.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Who.
    pub to: Grantee,
    /// Which service.
    pub service: ServiceId,
    /// Which part of it; empty means all of it.
    pub endpoints: Vec<Endpoint>,
    /// For which purposes; empty means any.
    pub purposes: Vec<String>,
    /// Until when (exclusive).
    pub until: Option<Ts>,
    /// The decision it rests on.
    pub legal_basis: Option<String>,
}

/// Proof that the check was made; the only way to [`crate::forward`].
#[derive(Debug)]
pub struct Permit {
    by: String,
}

impl Permit {
    /// Why it was allowed, for the operator.
    pub fn by(&self) -> &str {
        &self.by
    }
}

/// Everything this node offers and allows.
#[derive(Debug, Default)]
pub struct Rights {
    subsystems: HashMap<PartyId, Connection>,
    services: HashMap<ServiceId, Service>,
    grants: HashMap<ServiceId, Vec<Grant>>,
}

impl Rights {
    /// Puts the parts together.
    pub fn new(subsystems: Vec<(PartyId, Connection)>, services: Vec<Service>, grants: Vec<Grant>) -> Self {
        let mut by_service: HashMap<ServiceId, Vec<Grant>> = HashMap::new();
        for grant in grants {
            by_service.entry(grant.service.clone()).or_default().push(grant);
        }
        let services = services.into_iter().map(|s| (s.id.clone(), s)).collect();
        Self { subsystems: subsystems.into_iter().collect(), services, grants: by_service }
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
    /// There is none of that name, or it is switched off.
    pub fn service(&self, id: &ServiceId) -> Result<&Service, Reason> {
        let service = self.services.get(id).ok_or(Reason::ServiceUnknown)?;
        match &service.disabled {
            Some(notice) => Err(Reason::ServiceDisabled(notice.clone())),
            None => Ok(service),
        }
    }

    /// A service whether switched off or not; for descriptions.
    pub fn described(&self, provider: &SubsystemId, code: &Part) -> Option<&Service> {
        self.services.get(&ServiceId { provider: provider.clone(), code: code.clone() })
    }

    /// The services of one subsystem, by code.
    pub fn services_of(&self, provider: &SubsystemId) -> Vec<&Service> {
        let mut services: Vec<_> = self.services.values().filter(|s| s.id.provider == *provider).collect();
        services.sort_by(|a, b| a.id.cmp(&b.id));
        services
    }

    /// Grants on a service, in the order of the configuration.
    pub fn grants_on(&self, service: &ServiceId) -> &[Grant] {
        self.grants.get(service).map_or(&[], Vec::as_slice)
    }

    /// Every service.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.values()
    }

    /// Every grant.
    pub fn grants(&self) -> impl Iterator<Item = &Grant> {
        self.grants.values().flatten()
    }

    /// The one check: who × service, method and path × purpose × until when.
    ///
    /// # Errors
    /// The reason of the grant that came closest, so that the caller learns what to ask for.
    pub fn authorize(&self, directory: &Snapshot, call: &Call, now: Ts) -> Result<Permit, Reason> {
        let path = decoded_path(call.target.path())?;
        let mut closest = Reason::NotGranted;
        for grant in self.grants_on(&call.target.service) {
            if !grant.concerns(directory, &call.client) || !grant.covers(&call.method, &path) {
                continue;
            }
            if grant.until.is_some_and(|until| now >= until) {
                closest = Reason::GrantExpired;
            } else if !grant.allows_purpose(call.circumstances.purpose.as_deref()) {
                closest = Reason::PurposeNotGranted;
            } else {
                return Ok(Permit { by: grant.describe() });
            }
        }
        Err(closest)
    }
}

impl Grant {
    /// Whether the party is the one, or in the group, that this was granted to.
    pub fn concerns(&self, directory: &Snapshot, party: &PartyId) -> bool {
        match &self.to {
            Grantee::Party(granted) => granted == party,
            Grantee::Group(group) => directory.in_group(group, party),
        }
    }

    fn covers(&self, method: &Method, path: &str) -> bool {
        // To some systems these separate segments and to others not: a right to a part of a service does not cover them.
        if !self.endpoints.is_empty() && (path.contains("%2F") || path.contains('\\')) {
            return false;
        }
        let path = if path.is_empty() { "/" } else { path };
        let fits = |e: &Endpoint| e.method.as_ref().is_none_or(|m| m == method) && e.path.matches(path);
        self.endpoints.is_empty() || self.endpoints.iter().any(fits)
    }

    fn allows_purpose(&self, purpose: Option<&str>) -> bool {
        self.purposes.is_empty() || purpose.is_some_and(|p| self.purposes.iter().any(|allowed| allowed == p))
    }

    fn describe(&self) -> String {
        self.legal_basis.clone().unwrap_or_else(|| match &self.to {
            Grantee::Party(party) => party.to_string(),
            Grantee::Group(group) => group.to_string(),
        })
    }
}

#[cfg(test)]
mod tests;
