//! What a registry says beside grants: whose readiness gate is closed, which services are.

use base::{MemberId, PartyId, ServiceId, Ts};
use jiff::civil::Date;

use super::Grant;

/// An item of the checklist that is missing or has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Its code, such as `security_minutes`: what programs read.
    pub item: String,
    /// Its name in Vietnamese.
    pub title_vi: String,
    /// Its name in English.
    pub title_en: String,
    /// The last day on which it was in force; absent when it never was.
    pub ended: Option<Date>,
}

/// A readiness gate that is closed: a party's, or that of one of its connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedGate {
    /// Who: a consumer, or a provider's own subsystem.
    pub party: PartyId,
    /// From when on; `None` is already. A gate whose papers run out closes by itself, with or without the registry.
    pub from: Option<Ts>,
    /// Why.
    pub failing: Vec<Failing>,
}

/// A service on which no call is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedService {
    /// Which.
    pub service: ServiceId,
    /// What callers are told.
    pub notice: String,
}

/// What a registry says of one member's services. Its grants replace those of the configuration file for that member.
#[derive(Clone, Debug)]
pub struct Ruling {
    /// Whose services.
    pub member: MemberId,
    /// Grants on them, also those that no longer count, so that callers can be told.
    pub grants: Vec<Grant>,
    /// Closed gates, of consumers and of the member's own subsystems.
    pub gates: Vec<ClosedGate>,
    /// Closed services.
    pub closed: Vec<ClosedService>,
}

impl ClosedGate {
    pub(super) fn is_closed(&self, now: Ts) -> bool {
        self.from.is_none_or(|from| now >= from)
    }
}

impl Failing {
    /// For people, in Vietnamese.
    pub(crate) fn vi(&self) -> String {
        let Self { item, title_vi, .. } = self;
        match self.ended {
            Some(day) => format!("{title_vi} ({item}), hết hiệu lực sau ngày {}", day.strftime("%d/%m/%Y")),
            None => format!("{title_vi} ({item}), chưa có"),
        }
    }

    /// For people, in English.
    pub(crate) fn en(&self) -> String {
        let Self { item, title_en, .. } = self;
        match self.ended {
            Some(day) => format!("{title_en} ({item}), in force until {day}"),
            None => format!("{title_en} ({item}), missing"),
        }
    }
}
