//! Information systems and databases: who owns them, what they hold, how they share.

use serde::{Deserialize, Serialize};

use crate::state::Stamp;

/// What can happen to entries of the inventory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Event {}

/// The inventory.
#[derive(Clone, Debug, Default)]
pub struct Inventory {}

impl Inventory {
    pub(crate) fn apply(&mut self, _stamp: &Stamp, _event: Event) {}
}
