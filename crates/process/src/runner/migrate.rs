//! Moving an instance to another version of its model.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Denied;
use super::work::{Change, Work};

/// Where an instance moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Number of the model.
    pub to: i64,
    /// For an element's id, its id there, where it is another.
    pub elements: BTreeMap<String, String>,
}

impl Plan {
    pub(super) fn json(&self) -> Value {
        json!({"act": "migrate", "to": self.to, "elements": self.elements})
    }
}

impl Work {
    pub(super) fn migrate(&mut self, plan: &Plan, change: Change<'_>) -> Result<i64, Denied> {
        let _ = (plan, change);
        Err(Denied::NoModel)
    }
}
