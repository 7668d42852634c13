//! Rules as data: vocabularies, steps, checklists, calendars. Each has versions with the days on which they count.

pub(crate) mod read;

use worktime::Calendar;

use crate::RegistryError;
use crate::gate::Checklists;
use crate::incident::Clocks;
use crate::request::Roads;
use crate::security_report::Periods;
use crate::service::Vocabulary;

/// All rules; a value that was read is consistent.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Days off and working hours.
    pub calendar: Calendar,
    /// Kinds of sharing and classes of data, old words and new.
    pub vocabulary: Vocabulary,
    /// Steps of connection requests, by kind.
    pub roads: Roads,
    /// Checklists of the readiness gate.
    pub checklists: Checklists,
    /// What must be sent after an incident, and until when.
    pub clocks: Clocks,
    /// Periods of the yearly security report.
    pub periods: Periods,
}

impl Rules {
    /// The rules that come with the program.
    ///
    /// # Errors
    /// Never, as a test proves; the type is that of rules from a folder.
    pub fn built_in() -> Result<Self, RegistryError> {
        Ok(Self {
            calendar: Calendar::built_in()?,
            vocabulary: Vocabulary::parse(include_str!("../rules/vocabulary.toml"))?,
            roads: Roads::parse(include_str!("../rules/roads.toml"))?,
            checklists: Checklists::parse(include_str!("../rules/checklists.toml"))?,
            clocks: Clocks::parse(include_str!("../rules/incidents.toml"))?,
            periods: Periods::parse(include_str!("../rules/security_report.toml"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_built_in_rules_can_be_read() {
        assert!(super::Rules::built_in().is_ok());
    }
}
