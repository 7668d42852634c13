//! One grant: to whom, what of it, for what, under which conditions, how much, and whether it counts.

use base::{GroupId, PartyId, ServiceId, Ts};
use directory::snapshot::Snapshot;
use http::{Method, header};

use super::condition::Condition;
use super::gate::ClosedGate;
use super::pattern::Pattern;
use crate::cut::FieldSet;
use crate::error::{Reason, Side};
use crate::message::Call;
use crate::usage::Allowance;

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

/// Whether a grant counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Force {
    /// It counts.
    #[default]
    Active,
    /// Not at present; can be resumed.
    Suspended,
    /// Never again.
    Revoked,
}

/// What each call must meet beside method, path and purpose.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// The call quotes a dossier, `X-Road-Issue`.
    pub dossier: bool,
    /// The call names the officer, `X-Road-UserId`.
    pub officer: bool,
    /// How strongly the officer must have signed in, `Lienthong-Sign-In`: 1 password, 2 second factor, 3 hardware key;
    /// 0 is not asked.
    pub sign_in: u8,
    /// What the others cannot say.
    pub cedar: Option<Condition>,
}

/// The condition that a call does not meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmet {
    /// No dossier.
    Dossier,
    /// No officer.
    Officer,
    /// The officer signed in less strongly than this.
    SignIn(u8),
    /// The condition in Cedar.
    Cedar(String),
    /// It writes under a tag or time of an answer, which a grant for some fields does not show.
    Tag,
}

/// A provider's permission.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Its number in the registry, or a name; by it the calls are counted.
    pub id: Option<String>,
    /// Who.
    pub to: Grantee,
    /// Which service.
    pub service: ServiceId,
    /// Which part of it; empty means all of it.
    pub endpoints: Vec<Endpoint>,
    /// Which fields of the answers; `None` means all of them.
    pub fields: Option<FieldSet>,
    /// For which purposes; empty means any.
    pub purposes: Vec<String>,
    /// What each call must meet.
    pub conditions: Conditions,
    /// How much.
    pub allowance: Allowance,
    /// Until when (exclusive).
    pub until: Option<Ts>,
    /// The decision it rests on.
    pub legal_basis: Option<String>,
    /// Whether it counts.
    pub force: Force,
    /// Why it was suspended or revoked, for the caller.
    pub reason: Option<String>,
    /// What closes this connection alone, now or later; a party's own gate closes all of its connections.
    pub gates: Vec<ClosedGate>,
}

/// A call as a grant looks at it.
pub(super) struct Asked<'a> {
    pub call: &'a Call,
    /// The path behind the service code, decoded once.
    pub path: &'a str,
    pub now: Ts,
}

/// How far a call came with a grant that did not allow it: the farthest is the closest to being allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Covered,
    Revoked,
    Ended,
    Suspended,
    Gate,
    Purpose,
    Condition,
    Allowance,
}

impl Grant {
    /// All of a service, for ever, without conditions; the start of every other grant.
    pub fn new(to: Grantee, service: ServiceId) -> Self {
        Self {
            id: None,
            to,
            service,
            endpoints: Vec::new(),
            fields: None,
            purposes: Vec::new(),
            conditions: Conditions::default(),
            allowance: Allowance::default(),
            until: None,
            legal_basis: None,
            force: Force::Active,
            reason: None,
            gates: Vec::new(),
        }
    }

    /// Whether the party is the one, or in the group, that this was granted to.
    pub fn concerns(&self, directory: &Snapshot, party: &PartyId) -> bool {
        match &self.to {
            Grantee::Party(granted) => granted == party,
            Grantee::Group(group) => directory.in_group(group, party),
        }
    }

    /// Whether it counts at `now`: not suspended, not revoked, not ended.
    pub fn is_in_force(&self, now: Ts) -> bool {
        self.force == Force::Active && !self.has_ended(now)
    }

    fn has_ended(&self, now: Ts) -> bool {
        self.until.is_some_and(|until| now >= until)
    }

    /// Why this connection alone is closed at `now`, if it is: the consumer's items, or else the provider's.
    pub(super) fn closed(&self, now: Ts) -> Option<Reason> {
        let provider = self.service.provider.party();
        let closed_by = |side: Side| {
            let of_side = |gate: &&ClosedGate| (gate.party == provider) == (side == Side::Provider);
            let closed = self.gates.iter().filter(of_side).filter(|gate| gate.is_closed(now));
            let failing: Vec<_> = closed.flat_map(|gate| gate.failing.iter().cloned()).collect();
            (!failing.is_empty()).then_some(Reason::GateClosed { side, failing })
        };
        closed_by(Side::Consumer).or_else(|| closed_by(Side::Provider))
    }

    /// What is recorded as the permit: number and decision, or who it was granted to.
    pub fn describe(&self) -> String {
        match (&self.id, &self.legal_basis) {
            (Some(id), Some(basis)) => format!("{id}, {basis}"),
            (Some(text), None) | (None, Some(text)) => text.clone(),
            (None, None) => self.to.to_string(),
        }
    }

    pub(super) fn covers(&self, method: &Method, path: &str) -> bool {
        // To some systems these separate segments and to others not: a right to a part of a service does not cover them.
        if !self.endpoints.is_empty() && (path.contains("%2F") || path.contains('\\')) {
            return false;
        }
        let path = if path.is_empty() { "/" } else { path };
        let fits = |e: &Endpoint| e.method.as_ref().is_none_or(|m| m == method) && e.path.matches(path);
        self.endpoints.is_empty() || self.endpoints.iter().any(fits)
    }

    /// Why this grant, which covers the call, does not allow it; how much was used is not looked at here.
    pub(super) fn judge(&self, asked: &Asked<'_>, gate: Option<&Reason>) -> Result<(), (Step, Reason)> {
        let purpose = asked.call.circumstances.purpose.as_deref();
        let because = || self.reason.clone();
        if self.force == Force::Revoked {
            Err((Step::Revoked, Reason::GrantRevoked(because())))
        } else if self.has_ended(asked.now) {
            Err((Step::Ended, Reason::GrantExpired))
        } else if self.force == Force::Suspended {
            Err((Step::Suspended, Reason::GrantSuspended(because())))
        } else if let Some(closed) = gate.cloned().or_else(|| self.closed(asked.now)) {
            Err((Step::Gate, closed))
        } else if !self.allows_purpose(purpose) {
            Err((Step::Purpose, Reason::PurposeNotGranted))
        } else {
            let by_tag = || self.fields.as_ref().filter(|_| writes_by_tag(asked.call)).map(|_| Unmet::Tag);
            let unmet = self.conditions.unmet(asked).or_else(by_tag);
            unmet.map_or(Ok(()), |unmet| Err((Step::Condition, Reason::ConditionNotMet(unmet))))
        }
    }

    fn allows_purpose(&self, purpose: Option<&str>) -> bool {
        self.purposes.is_empty() || purpose.is_some_and(|p| self.purposes.iter().any(|allowed| allowed == p))
    }
}

impl Conditions {
    fn unmet(&self, asked: &Asked<'_>) -> Option<Unmet> {
        let of_call = &asked.call.circumstances;
        if self.dossier && of_call.issue.is_none() {
            Some(Unmet::Dossier)
        } else if self.officer && of_call.user_id.is_none() {
            Some(Unmet::Officer)
        } else if self.sign_in > of_call.sign_in.unwrap_or(0) {
            Some(Unmet::SignIn(self.sign_in))
        } else {
            let cedar = self.cedar.as_ref().filter(|condition| !condition.is_met(asked));
            cedar.map(|condition| Unmet::Cedar(condition.text().to_owned()))
        }
    }
}

/// Whether a call that writes shall do so only under a tag or a time. Passing it on would tell whether the guess of a tag
/// is right; leaving it out would overwrite what the caller did not mean. `*` asks only whether there is something.
fn writes_by_tag(call: &Call) -> bool {
    let names =
        [header::IF_MATCH, header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE, header::IF_UNMODIFIED_SINCE];
    !matches!(call.method, Method::GET | Method::HEAD)
        && call.headers.iter().any(|(name, value)| names.contains(name) && value != "*")
}

impl std::fmt::Display for Grantee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Party(party) => party.fmt(f),
            Self::Group(group) => group.fmt(f),
        }
    }
}

impl Unmet {
    /// What the call lacks, in Vietnamese.
    pub(crate) fn vi(&self) -> String {
        match self {
            Self::Dossier => "phải nêu mã hồ sơ đang giải quyết (X-Road-Issue)".to_owned(),
            Self::Officer => "phải nêu cán bộ thực hiện (X-Road-UserId)".to_owned(),
            Self::SignIn(level) => {
                format!("cán bộ phải đăng nhập ở mức {level} trở lên (Lienthong-Sign-In)")
            }
            Self::Cedar(text) => format!("phải thỏa điều kiện {text}"),
            Self::Tag => {
                "quyền chỉ gồm một số trường: ghi không được kèm If-Match, If-None-Match, If-Unmodified-Since, If-Modified-Since".to_owned()
            }
        }
    }

    /// The same in English.
    pub(crate) fn en(&self) -> String {
        match self {
            Self::Dossier => "it must quote an open dossier (X-Road-Issue)".to_owned(),
            Self::Officer => "it must name the officer (X-Road-UserId)".to_owned(),
            Self::SignIn(level) => {
                format!("the officer must have signed in at level {level} or above (Lienthong-Sign-In)")
            }
            Self::Cedar(text) => format!("it must meet the condition {text}"),
            Self::Tag => {
                "the grant is for some fields: what writes must not have If-Match, If-None-Match, If-Unmodified-Since, If-Modified-Since".to_owned()
            }
        }
    }
}
