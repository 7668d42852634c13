//! Where an instance stands: its open steps and what they wait for. It grows with what is open, not with what is past.

use std::collections::BTreeMap;

use base::Ts;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use worktime::clock::Clock;
use worktime::clock::set::Clocks;

use super::Outcome;
use crate::model::{FlowIx, NodeIx, ScopeIx};

/// Number of an open step, unique within its instance and never given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ExecId(pub u64);

/// An instance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The last number that was given to a step or a wait.
    pub last: u64,
    /// Open steps by number; the first one is the process itself.
    pub execs: BTreeMap<ExecId, Exec>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Its clocks, where something in it has a limit; as they were at the end once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clocks: Option<Box<Clocks>>,
    /// That somebody let the clocks stand still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// The variables of the process at its end.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub variables: Map<String, Value>,
    /// How often something in it waited for less than a second, since the last retry.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hasty: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// That clocks stand still because somebody said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Since when.
    pub since: Ts,
    /// Why.
    pub reason: String,
}

/// An open step: a process, an activity, an event or gateway at which a token stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exec {
    /// The node; none for the process itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeIx>,
    /// The step that it is part of; none for the process itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ExecId>,
    /// What it does.
    pub role: Role,
    /// Its own variables, seen by everything in it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub variables: Map<String, Value>,
    /// What it waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<Wait>,
    /// What stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<Incident>,
    /// Code of the agency whose step it is, where that is not the one of what it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
}

/// What an open step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Role {
    /// It is one step.
    Step(Step),
    /// It has a body with steps of its own.
    Body(Body),
    /// It does its activity several times.
    Many(Many),
    /// It undoes what was done.
    Undoing(Undoing),
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// It goes on by itself, at once; only an incident keeps it, or that it waits for what it told to undo.
    Passing,
    /// Somebody must do it, or a worker.
    Work,
    /// It waits for one of its events.
    Waiting,
    /// It waits for all of its events, each of which goes on by itself.
    WaitingForAll,
}

/// A body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// Its scope.
    pub scope: ScopeIx,
    /// Tokens that wait where several flows join, by flow.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arrived: BTreeMap<FlowIx, u32>,
    /// Complex gateways that were passed and wait for the rest of their tokens.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gates: BTreeMap<NodeIx, Gate>,
    /// What was done and can be undone, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<Done>,
    /// In an ad-hoc sub-process that does one after another: what comes next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub todo: Vec<NodeIx>,
    /// Of an ad-hoc sub-process: its condition has held, and only what is open is still done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over: bool,
}

/// A complex gateway that was passed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Flows whose token it has had.
    pub had: Vec<FlowIx>,
}

/// What was done and can be undone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// The activity.
    pub node: NodeIx,
    /// Its variables when it was completed.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub variables: Map<String, Value>,
    /// What was done in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inner: Vec<Done>,
}

/// An activity that is done several times.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Many {
    /// How many there shall be; none in a loop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u32>,
    /// How many were begun.
    pub begun: u32,
    /// How many were completed.
    pub completed: u32,
    /// The things, one for each; empty without a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Value>,
    /// The results so far, by number of the thing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub results: BTreeMap<u32, Value>,
}

/// Undoing, one after another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Undoing {
    /// What is still to be undone, the next one last.
    pub list: Vec<Undo>,
    /// The event that waits for the end of it; none when nobody does.
    pub waiter: Option<ExecId>,
    /// Whether a transaction is cancelled by it.
    pub cancels: bool,
    /// How many things the event has told before it goes on with the rest.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub told: u32,
    /// What was done in the sub-process that is undone just now, for its own handler to undo.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inner: Vec<Done>,
}

/// What undoes one activity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Undo {
    /// The handler.
    pub handler: NodeIx,
    /// Variables that it sees: those of the sub-process in which the activity was done.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub variables: Map<String, Value>,
    /// What was done in the sub-process, where its own event sub-process undoes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inner: Vec<Done>,
}

/// What a step waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wait {
    /// Its number, unique within the instance.
    pub id: u64,
    /// The event, or the receive task.
    pub node: NodeIx,
    /// Which of the event's definitions.
    pub trigger: u16,
    /// What must happen.
    pub what: Awaited,
}

/// What must happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Awaited {
    /// The moment comes.
    Moment {
        /// The moment.
        at: Ts,
        /// Since when it runs.
        began: Ts,
        /// How often it has come already.
        nth: u32,
        /// The text of the timer, from which it is computed again when a calendar changes.
        text: String,
        /// Code of the agency whose hours and days count.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agency: Option<String>,
        /// Counts the time, once it has stood still: it says when the moment comes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clock: Option<Box<Clock>>,
    },
    /// A message comes.
    Message {
        /// Its name.
        name: String,
        /// What must be equal.
        key: Option<Value>,
    },
    /// A signal is told.
    Signal(String),
    /// A condition becomes true; whether it was when it was last looked at.
    Condition(bool),
    /// It has happened, and the others of a parallel multiple event have not yet.
    Past,
}

impl Awaited {
    /// Whether it is over almost as soon as it began: a loop of such waits never rests.
    pub fn is_hasty(&self) -> bool {
        matches!(self, Self::Moment { at, began, .. } if *at < began.plus_secs(1))
    }
}

/// Why a step stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Short code, for example `no-condition-holds`.
    pub code: String,
    /// In words, for operators.
    pub why: String,
    /// Whether the work was done and only its end failed: a retry does not do the work again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub completing: bool,
}

impl State {
    /// An open step.
    pub fn exec(&self, id: ExecId) -> Option<&Exec> {
        self.execs.get(&id)
    }

    /// A wait by number, with the step whose it is.
    pub fn wait(&self, id: u64) -> Option<(ExecId, &Wait)> {
        let found = |exec: &'_ Exec| exec.waits.iter().position(|wait| wait.id == id);
        self.execs.iter().find_map(|(of, exec)| found(exec).map(|at| (*of, &exec.waits[at])))
    }

    /// Everything that is waited for, with the steps.
    pub fn waits(&self) -> impl Iterator<Item = (ExecId, &Wait)> {
        self.execs.iter().flat_map(|(id, exec)| exec.waits.iter().map(|wait| (*id, wait)))
    }

    /// Steps that stopped.
    pub fn incidents(&self) -> impl Iterator<Item = (ExecId, &Incident)> {
        self.execs.iter().filter_map(|(id, exec)| Some((*id, exec.incident.as_ref()?)))
    }
}

impl Awaited {
    /// The moment that is waited for; none while its clock stands still, and for what is no moment.
    pub fn due(&self) -> Option<Ts> {
        match self {
            Self::Moment { at, clock, .. } => clock.as_ref().map_or(Some(*at), |clock| clock.due()),
            _ => None,
        }
    }
}

impl Body {
    /// A body at its begin.
    pub fn new(scope: ScopeIx) -> Self {
        let (arrived, gates) = (BTreeMap::new(), BTreeMap::new());
        Self { scope, arrived, gates, done: Vec::new(), todo: Vec::new(), over: false }
    }
}

impl Exec {
    /// Its body, where it has one.
    pub fn body(&self) -> Option<&Body> {
        match &self.role {
            Role::Body(body) => Some(body),
            _ => None,
        }
    }
}
