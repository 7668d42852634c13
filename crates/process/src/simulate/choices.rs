//! What the tasks of a simulation bring, instead of nothing at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base::Ts;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::engine::ExecId;
use crate::timer::Timers;

/// What becomes of a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// It is done, with these results.
    Complete(Map<String, Value>),
    /// It ends with a business error of this code.
    Error(String, Map<String, Value>),
    /// Nobody does it, or not yet.
    Wait,
}

/// What the tasks bring, by element id: a turn, or a list of turns of which the last one holds on.
///
/// ```json
/// {"Approve": {"set": {"approved": false}}, "Ask": [{"after": "PT3H"}, {"error": "TU_CHOI"}], "Never": {"wait": true}}
/// ```
#[derive(Debug, Default)]
pub struct Choices {
    turns: BTreeMap<String, Vec<Turn>>,
    used: HashMap<String, usize>,
    /// Tasks that are being done, with when they will be.
    begun: HashMap<(usize, ExecId), (Turn, Ts)>,
    moments: BTreeSet<Ts>,
}

/// What one time of a task brings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Turn {
    /// Results.
    set: Map<String, Value>,
    /// Code of a business error.
    error: Option<String>,
    /// How long it takes, as an ISO 8601 duration or working time.
    after: Option<String>,
    /// Whether nobody does it.
    wait: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Turns {
    Several(Vec<Turn>),
    One(Turn),
}

impl Choices {
    /// Reads a file of choices.
    ///
    /// # Errors
    /// It is not JSON, names something unknown, or a time that is none: in words, with the element.
    pub fn parse(text: &str) -> Result<Self, String> {
        let entries: BTreeMap<String, Value> =
            serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut turns = BTreeMap::new();
        for (id, value) in entries {
            let hint = "set, error, after, wait";
            let read = serde_json::from_value(value).map_err(|_| format!("{id}: {hint}"))?;
            let list = match read {
                Turns::One(turn) => vec![turn],
                Turns::Several(list) if list.is_empty() => return Err(format!("{id}: []")),
                Turns::Several(list) => list,
            };
            for after in list.iter().filter_map(|turn| turn.after.as_deref()) {
                worktime::Span::parse(after).map_err(|why| format!("{id}: {why}"))?;
            }
            turns.insert(id, list);
        }
        Ok(Self { turns, ..Self::default() })
    }

    /// The ids that are named.
    pub fn elements(&self) -> impl Iterator<Item = &str> {
        self.turns.keys().map(String::as_str)
    }

    /// What becomes of a task now.
    pub(super) fn take(&mut self, element: &str, step: (usize, ExecId), (now, timers): (Ts, &Timers)) -> Choice {
        let Some(turns) = self.turns.get(element) else { return Choice::Complete(Map::new()) };
        let (turn, due) = self.begun.get(&step).cloned().unwrap_or_else(|| {
            let used = self.used.entry(element.to_owned()).or_default();
            let turn = turns.get(*used).or(turns.last()).cloned().unwrap_or_default();
            *used += 1;
            let due = turn.after.as_deref().and_then(|after| timers.after(after, now).ok()).unwrap_or(now);
            (turn, due)
        });
        if due > now {
            self.moments.insert(due);
        }
        self.begun.insert(step, (turn.clone(), due));
        if turn.wait || due > now {
            return Choice::Wait;
        }
        self.begun.remove(&step);
        match turn.error {
            Some(code) => Choice::Error(code, turn.set),
            None => Choice::Complete(turn.set),
        }
    }

    /// The next moment at which a task is done.
    pub(super) fn later(&self) -> Option<Ts> {
        self.moments.first().copied()
    }

    /// The clock has come so far.
    pub(super) fn reached(&mut self, now: Ts) {
        self.moments.retain(|due| *due > now);
    }
}
