//! The readiness gate: what must be in force before traffic flows, and stays so.

use serde::{Deserialize, Serialize};

use crate::RegistryError;
use crate::state::Stamp;
use crate::text::Text;

/// What is missing or has ended, as machines and people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// Code of the item in the checklist, such as `security_minutes`.
    pub item: String,
    /// Its name.
    pub title: Text,
    /// The last day on which it was in force; absent when it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<jiff::civil::Date>,
}

/// Checklists by version.
#[derive(Clone, Debug, Default)]
pub struct Checklists {}

impl Checklists {
    /// Reads `checklists.toml`.
    ///
    /// # Errors
    /// Every mistake of the text.
    pub fn parse(_text: &str) -> Result<Self, RegistryError> {
        Ok(Self {})
    }
}

/// What can happen to items of the gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Event {}

/// What was filed for whom.
#[derive(Clone, Debug, Default)]
pub struct Gate {}

impl Gate {
    pub(crate) fn apply(&mut self, _stamp: &Stamp, _event: Event) {}
}
