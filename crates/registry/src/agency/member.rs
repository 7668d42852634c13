//! Which agency answers for a member of the directory: its own code says it, or the platform operator has recorded it.
//!
//! A company or an association is no agency; it takes part for one, which asks in its name and is asked about it.

use std::collections::BTreeMap;

use base::MemberId;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Agencies, AgencyCode, Event, Standing, TEXT_CHARS_MAX};
use crate::state::{Moment, Stamp, State};
use crate::{Mistake, RegistryError};

/// Who answers for a member that is no agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answering {
    /// The member, such as `VN/COM/0100109106`.
    pub member: MemberId,
    /// The agency; absent when nobody answers for it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<AgencyCode>,
    /// The contract or decision.
    pub legal_basis: String,
}

/// What was recorded last about a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// What.
    pub answering: Answering,
    /// When and by whom, each time, oldest first; never empty.
    pub history: Vec<Stamp>,
}

impl Recorded {
    /// The version, for who changes it.
    pub fn version(&self) -> i64 {
        self.history.last().map_or(0, |stamp| stamp.seq)
    }
}

/// All that was recorded.
pub(super) type Members = BTreeMap<MemberId, Recorded>;

pub(super) fn apply(members: &mut Members, stamp: &Stamp, answering: Answering) {
    let stamp = stamp.clone();
    match members.get_mut(&answering.member) {
        Some(known) => {
            known.answering = answering;
            known.history.push(stamp);
        }
        None => {
            members.insert(answering.member.clone(), Recorded { answering, history: vec![stamp] });
        }
    }
}

impl Agencies {
    /// The agency that answers for a member of the directory, or its successor: the one whose code the member has, of
    /// class `GOV`, else the one that was recorded.
    pub fn of_member(&self, member: &MemberId, day: Date) -> Option<AgencyCode> {
        let code = self.itself(member, day).or_else(|| self.members.get(member)?.answering.agency.clone())?;
        Some(self.current_successor(&code, day).map_or(code, |agency| agency.code.clone()))
    }

    /// Whether an agency may speak for a member: the one that answers for it, one above or one below that.
    pub fn speaks_for(&self, agency: &AgencyCode, member: &MemberId, day: Date) -> bool {
        self.of_member(member, day)
            .is_some_and(|own| self.is_within(agency, &own, day) || self.is_within(&own, agency, day))
    }

    /// What was recorded about members that are no agencies, by member.
    pub fn members(&self) -> impl Iterator<Item = &Recorded> {
        self.members.values()
    }

    /// What was recorded about a member.
    pub fn member(&self, member: &MemberId) -> Option<&Recorded> {
        self.members.get(member)
    }

    /// The agency that a member is.
    fn itself(&self, member: &MemberId, day: Date) -> Option<AgencyCode> {
        let code = member.code.as_str().parse().ok().filter(|_| member.class.as_str() == "GOV")?;
        (!matches!(self.on(&code, day), Standing::Unknown)).then_some(code)
    }
}

/// Records who answers for a member that is no agency, or that nobody does any more.
///
/// # Errors
/// `Conflict`; all that is wrong: the member is an agency itself, the agency does not count today, no legal basis.
pub fn answer(
    state: &State,
    moment: &Moment,
    mut answering: Answering,
    if_version: Option<i64>,
) -> Result<Vec<crate::Event>, RegistryError> {
    let agencies = &state.agencies;
    answering.legal_basis = answering.legal_basis.trim().into();
    let known = agencies.member(&answering.member);
    if known.is_some_and(|known| known.answering == answering) {
        return Ok(Vec::new());
    }
    let found = known.map(Recorded::version);
    if found != if_version {
        let name = answering.member.to_string();
        let (expected, found) = (if_version.unwrap_or(-1), found.unwrap_or(-1));
        return Err(RegistryError::Conflict { name, expected, found });
    }
    let mut mistakes = Vec::new();
    if let Some(own) = agencies.itself(&answering.member, moment.today) {
        let vi = format!("thành viên này chính là cơ quan {own}, không cần ghi nhận");
        mistakes.push(Mistake::new("member", vi, format!("this member is the agency {own} itself")));
    }
    let counts = |agency: &AgencyCode| matches!(agencies.on(agency, moment.today), Standing::Valid(_));
    if answering.agency.as_ref().is_some_and(|agency| !counts(agency)) {
        mistakes.push(Mistake::new(
            "agency",
            "cơ quan chưa có hoặc không còn hiệu lực trong sổ đăng ký",
            "the agency is not in the registry, or does not count today",
        ));
    }
    let length = answering.legal_basis.chars().count();
    if !(1..=TEXT_CHARS_MAX).contains(&length) {
        let vi = format!("phải nêu căn cứ (hợp đồng, quyết định), tối đa {TEXT_CHARS_MAX} ký tự");
        let en = format!("wants the contract or decision, {TEXT_CHARS_MAX} characters at most");
        mistakes.push(Mistake::new("legal_basis", vi, en));
    }
    if !mistakes.is_empty() {
        return Err(RegistryError::Invalid(mistakes));
    }
    Ok(vec![crate::Event::Agency(Event::Answering(answering))])
}
