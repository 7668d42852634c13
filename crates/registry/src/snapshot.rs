//! What a gateway needs of the registry, as one value: grants and gates of the services of one member.
//!
//! The contract with the data plane: numbered, complete, small enough to be fetched each second when it changed.

use base::{MemberId, PartyId, ServiceId, Ts};
use serde::{Deserialize, Serialize};

use crate::gate::Failing;
use crate::grant::Grant;

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

/// A party whose readiness gate is closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClosedGate {
    /// The consumer, or the provider's own subsystem.
    pub party: PartyId,
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
