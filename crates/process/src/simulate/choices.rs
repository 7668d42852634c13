//! What the tasks of a simulation bring, instead of nothing at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base::Ts;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::engine::{ExecId, Told};
use crate::timer::Timers;

/// What stands for messages from outside where element ids stand.
const MESSAGES: &str = "@messages";

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
/// {"Approve": {"set": {"approved": false}}, "Ask": [{"after": "PT3H"}, {"error": "TU_CHOI"}], "Never": {"wait": true},
///  "@messages": [{"name": "paid", "after": "P2WD", "set": {"amount": 5}}]}
/// ```
///
/// `@messages` are what comes from outside; one that nobody waits for is kept until somebody does.
#[derive(Debug, Default)]
pub struct Choices {
    turns: BTreeMap<String, Vec<Turn>>,
    messages: Vec<Message>,
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

/// A message from outside.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    name: String,
    /// What must be equal.
    #[serde(default)]
    key: Option<Value>,
    /// When it comes, after the begin.
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    set: Map<String, Value>,
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
        let (mut turns, mut messages) = (BTreeMap::new(), Vec::new());
        for (id, value) in entries {
            if id == MESSAGES {
                messages = serde_json::from_value(value)
                    .map_err(|error| format!("{id}: name, key, after, set: {error}"))?;
                continue;
            }
            let hint = "set, error, after, wait";
            let read = serde_json::from_value(value).map_err(|_| format!("{id}: {hint}"))?;
            let list = match read {
                Turns::One(turn) => vec![turn],
                Turns::Several(list) if list.is_empty() => return Err(format!("{id}: []")),
                Turns::Several(list) => list,
            };
            list.iter().try_for_each(|turn| check_span(&id, turn.after.as_deref()))?;
            turns.insert(id, list);
        }
        messages.iter().try_for_each(|one: &Message| check_span(&one.name, one.after.as_deref()))?;
        Ok(Self { turns, messages, ..Self::default() })
    }

    /// The ids that are named.
    pub fn elements(&self) -> impl Iterator<Item = &str> {
        self.turns.keys().map(String::as_str)
    }

    /// The messages from outside, with their moments.
    pub(super) fn messages(&self, from: Ts, timers: &Timers) -> Vec<(Ts, Told)> {
        let one = |message: &Message| {
            let Message { name, key, after, set } = message.clone();
            let due = after.and_then(|after| timers.after(&after, from).ok()).unwrap_or(from);
            (due, Told::Message { name, key, variables: set })
        };
        let mut all: Vec<_> = self.messages.iter().map(one).collect();
        all.sort_by_key(|(due, _)| *due);
        all
    }

    /// What becomes of a task now.
    pub(super) fn take(
        &mut self,
        element: &str,
        step: (usize, ExecId),
        (now, timers): (Ts, &Timers),
    ) -> Choice {
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

fn check_span(of: &str, text: Option<&str>) -> Result<(), String> {
    text.map_or(Ok(()), |text| worktime::Span::parse(text).map(drop).map_err(|why| format!("{of}: {why}")))
}
