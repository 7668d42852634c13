//! What this module asks of its neighbours, for as long as they are not here: delete the file when they are.
#![allow(clippy::pedantic, clippy::all, missing_docs)]

use base::{PartyId, Ts};
use jiff::civil::Date;

use super::RequestId;
use crate::agency::{Agencies, Agency, AgencyCode};
use crate::calendar::Calendar;
use crate::gate::Failing;
use crate::service::{Service, Stage, Vocabulary};
use crate::{Rules, State};

#[allow(dead_code)]
pub(crate) enum Standing<'a> {
    Unknown,
    NotYet { from: Date },
    Valid(&'a Agency),
    Closed { last: &'a Agency, since: Date, successor: Option<&'a AgencyCode> },
}

impl Agencies {
    pub(crate) fn on(&self, code: &AgencyCode, _day: Date) -> Standing<'_> {
        let text = code.as_str();
        if text.starts_with("H99") {
            return Standing::Unknown;
        }
        let parent = text.rsplit_once('.').and_then(|(above, _)| above.parse().ok());
        Standing::Valid(Box::leak(Box::new(Agency {
            code: code.clone(),
            name: text.to_owned(),
            parent,
            valid_from: Date::MIN,
            valid_to: None,
            successor: None,
            legal_basis: String::new(),
        })))
    }

    pub(crate) fn is_within(&self, code: &AgencyCode, above: &AgencyCode, _day: Date) -> bool {
        code.as_str()
            .strip_prefix(above.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

const DAY: i64 = 86_400;
impl Calendar {
    pub(crate) fn due(&self, from: Ts, working_days: u32) -> Ts {
        from.plus_secs(i64::from(working_days) * DAY)
    }
    pub(crate) fn due_hours(&self, from: Ts, hours: u32) -> Ts {
        from.plus_secs(i64::from(hours) * 3600)
    }
    pub(crate) fn working_days_between(&self, from: Ts, to: Ts) -> u32 {
        u32::try_from((to.secs() - from.secs()) / DAY).unwrap_or(0)
    }
}

pub(crate) struct Kind {
    pub(crate) request_kind: u8,
}

impl Service {
    pub(crate) fn stage_on(&self, _day: Date) -> Stage {
        self.stage
    }

    pub(crate) fn gives_personal_data(&self, _fields: &[String]) -> bool {
        self.data_class.is_personal()
    }
}

impl Vocabulary {
    pub(crate) fn kind(&self, code: &str, _day: Date) -> Option<&'static Kind> {
        match code {
            "mandatory" => Some(&Kind { request_kind: 1 }),
            "on_request" => Some(&Kind { request_kind: 2 }),
            "special" => Some(&Kind { request_kind: 3 }),
            _ => None,
        }
    }
}

pub(crate) mod gate {
    use super::*;

    pub(crate) fn failing(_: &State, _: &Rules, _: &PartyId, _: Option<&RequestId>, _: Ts) -> Vec<Failing> {
        Vec::new()
    }
    pub(crate) fn closes_at(_: &State, _: &Rules, _: &PartyId, _: Ts) -> Option<(Ts, Vec<Failing>)> {
        None
    }
}
