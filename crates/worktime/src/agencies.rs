//! Calendars of agencies over the country's: own hours, own days off and working days, with decisions and validity.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Calendar, CalendarError, TimeError};

mod read;

/// Longest code of an agency, in characters.
const AGENCY_CHARS_MAX: usize = 64;

/// The code of an agency, such as `000.00.00.H57`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AgencyCode(String);

impl AgencyCode {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AgencyCode {
    type Error = TimeError;

    /// Takes 1 to 64 letters, digits, dots, hyphens and underscores.
    fn try_from(text: String) -> Result<Self, TimeError> {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if (1..=AGENCY_CHARS_MAX).contains(&text.len()) && text.chars().all(known) {
            Ok(Self(text))
        } else {
            Err(TimeError::Agency(text.chars().take(AGENCY_CHARS_MAX).collect()))
        }
    }
}

impl std::str::FromStr for AgencyCode {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        text.to_owned().try_into()
    }
}

impl From<AgencyCode> for String {
    fn from(code: AgencyCode) -> Self {
        code.0
    }
}

impl fmt::Display for AgencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which files a date was computed with: the numbers that stand in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version {
    /// Of the country's file.
    pub country: u32,
    /// Of the agencies' file; zero without one.
    pub agencies: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.country, self.agencies)
    }
}

/// The country's calendar and those of agencies.
#[derive(Clone, Debug)]
pub struct Calendars {
    country: Calendar,
    agencies: u32,
    own: Vec<Calendar>,
    /// Which agency has which of them.
    of: BTreeMap<AgencyCode, usize>,
}

impl Calendars {
    /// The country's calendar for every agency.
    pub fn country(country: Calendar) -> Self {
        Self { country, agencies: 0, own: Vec::new(), of: BTreeMap::new() }
    }

    /// Reads the calendars of agencies over that of the country; `rules/agencies.example.toml` shows the form.
    ///
    /// # Errors
    /// Every mistake of the text: unknown keys, an agency with two calendars, one over a calendar that does not stand above
    /// it, hours whose validity overlaps, days named twice, days that change nothing.
    pub fn parse(country: Calendar, text: &str) -> Result<Self, CalendarError> {
        read::calendars(country, text)
    }

    /// The calendar of an agency: its own, else the country's.
    pub fn of(&self, agency: &AgencyCode) -> &Calendar {
        self.of.get(agency).map_or(&self.country, |place| &self.own[*place])
    }

    /// Which files these are.
    pub fn version(&self) -> Version {
        Version { country: self.country.version(), agencies: self.agencies }
    }
}

#[cfg(test)]
mod tests;
