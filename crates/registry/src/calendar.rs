//! Working time: days off, make-up days, working hours (UTC+7).

use crate::RegistryError;

/// Days off, make-up working days and working hours.
#[derive(Clone, Debug, Default)]
pub struct Calendar {}

impl Calendar {
    /// Reads `calendar.toml`.
    ///
    /// # Errors
    /// Every mistake of the text.
    pub fn parse(_text: &str) -> Result<Self, RegistryError> {
        Ok(Self {})
    }
}
