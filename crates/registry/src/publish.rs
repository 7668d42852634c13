//! Changes of the directory: proposed by one person, approved by another, published under the next number.

use serde::{Deserialize, Serialize};

use crate::state::Stamp;

/// What can happen to the directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Event {}

/// Changes of the directory and where they stand.
#[derive(Clone, Debug, Default)]
pub struct Publishing {}

impl Publishing {
    pub(crate) fn apply(&mut self, _stamp: &Stamp, _event: Event) {}
}
