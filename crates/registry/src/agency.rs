//! Bodies of the state: codes of both forms, parents, validity, successors.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::state::Stamp;

/// An agency's code: `000.00.11.H53` (QCVN 102:2016) or `H53.11` (QĐ 20/2020/QĐ-TTg); each form is kept as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AgencyCode(Box<str>);

/// Why a text is not an agency code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an agency code is written 000.00.00.H17 (QCVN 102:2016) or H17.11 (QĐ 20/2020/QĐ-TTg)")]
pub struct AgencyCodeError;

impl AgencyCode {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AgencyCode {
    type Err = AgencyCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = |part: &str, counts: &[usize]| {
            counts.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
        };
        let level1 = |part: &str| {
            part.len() == 3 && part.as_bytes()[0].is_ascii_uppercase() && digits(&part[1..], &[2])
        };
        let parts: Vec<&str> = if text.is_ascii() { text.split('.').collect() } else { Vec::new() };
        let fits = match parts.as_slice() {
            [a, b, c, last] if digits(a, &[3]) => digits(b, &[2]) && digits(c, &[2]) && level1(last),
            [first, rest @ ..] if rest.len() <= 4 => level1(first) && rest.iter().all(|p| digits(p, &[2, 3])),
            _ => false,
        };
        if fits { Ok(Self(text.into())) } else { Err(AgencyCodeError) }
    }
}

impl fmt::Display for AgencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for AgencyCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for AgencyCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An agency during one period of validity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    /// Its code.
    pub code: AgencyCode,
    /// Its name.
    pub name: String,
    /// The agency above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<AgencyCode>,
    /// The first day on which it counts.
    pub valid_from: Date,
    /// The last day on which it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Date>,
    /// Who took over its tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<AgencyCode>,
    /// The decision that made or closed it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub legal_basis: String,
}

/// What can happen to agencies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Event {
    /// Entered, or the period that begins on the same day written anew.
    Put(Agency),
}

/// What a code means on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// Nobody ever had this code.
    Unknown,
    /// It will be somebody's.
    NotYet {
        /// From this day on.
        from: Date,
    },
    /// It is this agency.
    Valid(&'a Agency),
    /// It was an agency's.
    Closed {
        /// The agency as it was last.
        last: &'a Agency,
        /// The first day on which it was no more.
        since: Date,
        /// Who took over.
        successor: Option<&'a AgencyCode>,
    },
}

/// All agencies.
#[derive(Clone, Debug, Default)]
pub struct Agencies {
    /// The periods of each code, by their first days.
    all: BTreeMap<AgencyCode, BTreeMap<Date, Agency>>,
}

impl Agencies {
    /// What a code means on a day.
    pub fn on(&self, code: &AgencyCode, day: Date) -> Standing<'_> {
        let Some(periods) = self.all.get(code) else { return Standing::Unknown };
        let Some((_, last)) = periods.range(..=day).next_back() else {
            return periods.keys().next().map_or(Standing::Unknown, |from| Standing::NotYet { from: *from });
        };
        match last.valid_to.filter(|end| *end < day) {
            None => Standing::Valid(last),
            Some(end) => {
                let since = end.tomorrow().unwrap_or(end);
                Standing::Closed { last, since, successor: last.successor.as_ref() }
            }
        }
    }

    pub(crate) fn apply(&mut self, _stamp: &Stamp, event: Event) {
        let Event::Put(agency) = event;
        self.all.entry(agency.code.clone()).or_default().insert(agency.valid_from, agency);
    }
}
