//! What must be sent after an incident, as `rules/incidents.toml` has it.

use jiff::civil::Date;

use super::{Facts, Incident, Severity};
use crate::RegistryError;
use crate::rules::read::{self, Reader};
use crate::text::Text;

/// Longest clock, tolerance or warning, in hours: thirty days.
const HOURS_MAX: u32 = 720;
/// Every severity.
const SEVERITIES: [Severity; 3] = [Severity::Ordinary, Severity::Serious, Severity::Critical];

/// One obligation and its clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Its code, such as `first_notice`.
    pub code: String,
    /// Its name.
    pub title: Text,
    /// To whom it is sent.
    pub to: Text,
    /// The text that demands it.
    pub legal_basis: String,
    /// The severities that bring it.
    pub severities: Vec<Severity>,
    /// Demanded only when personal data leaked.
    pub personal_data: bool,
    /// Hours after detection, by the calendar; 0 = at once.
    pub hours: u32,
    /// How many hours later it still counts as sent in time.
    pub tolerance_hours: u32,
    /// How many hours before its end people are warned.
    pub warn_hours: u32,
}

impl Clock {
    /// Whether it runs for such an incident.
    pub fn runs_for(&self, facts: &Facts) -> bool {
        self.severities.contains(&facts.severity) && (!self.personal_data || facts.personal_data)
    }
}

/// One version of the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its code, such as `decree_331`.
    pub code: String,
    /// Its name.
    pub title: Text,
    /// The texts behind it.
    pub legal_basis: String,
    /// The first day of detection for which it counts.
    pub valid_from: Date,
    /// The last one.
    pub valid_to: Option<Date>,
    /// What must be sent.
    pub clocks: Vec<Clock>,
}

impl Version {
    /// The obligation of that code, for such an incident.
    pub fn clock(&self, code: &str, facts: &Facts) -> Option<&Clock> {
        let mut same = self.clocks.iter().filter(|clock| clock.code == code);
        // An obligation may outlive the severity that brought it.
        same.clone().find(|clock| clock.runs_for(facts)).or_else(|| same.next())
    }
}

impl read::Version for Version {
    fn code(&self) -> &str {
        &self.code
    }

    fn days(&self) -> (Date, Option<Date>) {
        (self.valid_from, self.valid_to)
    }
}

/// Rules by version, the oldest first; no two count on the same day.
#[derive(Clone, Debug, Default)]
pub struct Clocks {
    versions: Vec<Version>,
}

impl Clocks {
    /// Reads `incidents.toml`.
    ///
    /// # Errors
    /// Every mistake of the text.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        read::versions("incidents.toml", text, "version", version).map(|versions| Self { versions })
    }

    /// The version that counts for incidents detected on that day.
    pub fn on(&self, day: Date) -> Option<&Version> {
        read::on(&self.versions, day)
    }

    /// The version of that code.
    pub fn get(&self, code: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.code == code)
    }

    /// The name of an obligation of an incident; its code when the rules no longer know it.
    pub fn title(&self, incident: &Incident, code: &str) -> Text {
        let version = self.get(&incident.rules);
        let clock = version.and_then(|version| version.clock(code, &incident.facts));
        clock.map_or_else(|| code.to_owned().into(), |clock| clock.title.clone())
    }
}

fn version(mut reader: Reader<'_>) -> Option<Version> {
    let code = reader.code();
    if let Some(code) = &code {
        reader.place = format!("version {code}");
    }
    let (title, legal_basis) = (reader.title("title"), reader.text("legal_basis"));
    let (valid_from, valid_to) = reader.days();
    let clocks = reader.list("obligation", clock);
    for (i, one) in clocks.iter().enumerate() {
        let meets = |other: &Clock| {
            other.code == one.code
                && other.severities.iter().any(|severity| one.severities.contains(severity))
        };
        if clocks[..i].iter().any(meets) {
            let vi = "cùng một mức độ sự cố gặp mã này hai lần, sửa severities";
            let en = "one severity meets this code twice: correct severities";
            reader.note(&format!("obligation {}", one.code), vi, en);
        }
    }
    reader.close();
    Some(Version {
        code: code?,
        title: title?,
        legal_basis: legal_basis?,
        valid_from: valid_from?,
        valid_to,
        clocks,
    })
}

fn clock(mut reader: Reader<'_>) -> Option<Clock> {
    let code = reader.code();
    if let Some(code) = &code {
        reader.place = format!("{}, obligation {code}", reader.above());
    }
    let (title, to, legal_basis) = (reader.title("title"), reader.title("to"), reader.text("legal_basis"));
    let mut severities: Vec<Severity> = reader.optional("severities").unwrap_or_default();
    if severities.is_empty() {
        severities = SEVERITIES.to_vec();
    }
    let personal_data = reader.optional("personal_data").unwrap_or(false);
    let hours = reader.required::<u32>("hours");
    let tolerance_hours = reader.optional("tolerance_hours").unwrap_or(0);
    let warn_hours = reader.required::<u32>("warn_hours");
    for (key, value) in
        [("hours", hours), ("tolerance_hours", Some(tolerance_hours)), ("warn_hours", warn_hours)]
    {
        if value.is_some_and(|hours| hours > HOURS_MAX) {
            reader.note(key, "tối đa 720 giờ", "must be at most 720");
        }
    }
    reader.close();
    Some(Clock {
        code: code?,
        title: title?,
        to: to?,
        legal_basis: legal_basis?,
        severities,
        personal_data,
        hours: hours?,
        tolerance_hours,
        warn_hours: warn_hours?,
    })
}
