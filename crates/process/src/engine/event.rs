//! What happened to an instance, as it stands in its history.

use base::Ts;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use worktime::Version;
use worktime::clock::Reason;
use worktime::clock::set::{Clocks, Tick};

use super::state::{Awaited, Done, ExecId, Gate, Hold, Incident, Many, Role, Undoing, Wait};
use crate::model::{FlowIx, NodeIx};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A step began: `activated`.
    Entered {
        /// Its number.
        exec: ExecId,
        /// The step that it is part of; none for the process itself.
        parent: Option<ExecId>,
        /// The node; none for the process itself.
        node: Option<NodeIx>,
        /// What it does.
        role: Role,
    },
    /// A step was completed and is closed.
    Left {
        /// Its number.
        exec: ExecId,
    },
    /// A step was ended from outside and is closed.
    Cancelled {
        /// Its number.
        exec: ExecId,
    },
    /// A token went along a flow.
    Taken {
        /// The body in which.
        body: ExecId,
        /// The flow.
        flow: FlowIx,
    },
    /// A token waits where flows join.
    Arrived {
        /// The body in which.
        body: ExecId,
        /// The flow on which it came.
        flow: FlowIx,
    },
    /// Tokens that waited went on.
    Joined {
        /// The body in which.
        body: ExecId,
        /// One token of each of these flows.
        flows: Vec<FlowIx>,
    },
    /// A complex gateway was passed and waits for the rest, or no longer.
    Gated {
        /// The body in which.
        body: ExecId,
        /// The gateway.
        node: NodeIx,
        /// What it has had; none when it is as at the begin.
        gate: Option<Gate>,
    },
    /// A step waits for something.
    Awaits {
        /// The step.
        exec: ExecId,
        /// For what.
        wait: Wait,
    },
    /// What a step waits for has changed.
    Observed {
        /// The step.
        exec: ExecId,
        /// The wait.
        wait: u64,
        /// How it stands now.
        what: Awaited,
    },
    /// A step does not wait for something any more.
    Stopped {
        /// The step.
        exec: ExecId,
        /// The wait.
        wait: u64,
    },
    /// It was found out whose a step is.
    Belongs {
        /// The step.
        exec: ExecId,
        /// Code of the agency.
        agency: String,
    },
    /// The clocks of the instance begin.
    ClocksBegan {
        /// How they stand.
        clocks: Box<Clocks>,
    },
    /// A clock began, ended, paused, ran on, or is due at another time.
    Clocked {
        /// Whose, and what: due dates before and after, with the calendars that they were computed with.
        tick: Box<Tick>,
    },
    /// A timer comes at another moment than it would have.
    Moved {
        /// The step.
        exec: ExecId,
        /// The wait.
        wait: u64,
        /// When it would have come; none while it stood still.
        old: Option<Ts>,
        /// When it comes; none while it stands still.
        new: Option<Ts>,
        /// Why.
        reason: Reason,
        /// The calendars that the new moment was computed with.
        version: Version,
        /// How the wait stands now.
        what: Awaited,
    },
    /// Somebody lets the clocks stand still, or run on.
    Held {
        /// That they stand still; none lets them run on.
        hold: Option<Hold>,
    },
    /// Variables of a step have new values.
    Assigned {
        /// The step whose variables they are.
        exec: ExecId,
        /// The values.
        values: Map<String, Value>,
    },
    /// An activity that is done several times goes on.
    Counted {
        /// Its step.
        exec: ExecId,
        /// How it stands.
        many: Many,
    },
    /// What comes next in an ad-hoc sub-process.
    Planned {
        /// Its step.
        exec: ExecId,
        /// The activities.
        todo: Vec<NodeIx>,
        /// Its condition holds: nothing begins in it any more.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        over: bool,
    },
    /// An activity can be undone.
    Recorded {
        /// The body in which it was done.
        body: ExecId,
        /// What was done.
        done: Done,
    },
    /// Activities are being undone and cannot be again.
    Withdrawn {
        /// The body in which they were done.
        body: ExecId,
        /// Places in what was done, ascending.
        places: Vec<usize>,
    },
    /// Undoing goes on.
    Undone {
        /// Its step.
        exec: ExecId,
        /// What is left.
        undoing: Undoing,
    },
    /// Something was told to the outside, or to whoever listens.
    Told {
        /// The step that told it.
        exec: ExecId,
        /// What.
        what: Told,
    },
    /// A step stopped: `failed`.
    Failed {
        /// The step.
        exec: ExecId,
        /// Why.
        incident: Incident,
    },
    /// A step that stopped is tried again.
    Retried {
        /// The step.
        exec: ExecId,
    },
    /// The instance is over.
    Ended {
        /// How.
        outcome: Outcome,
    },
}

/// What a step told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Told {
    /// A message for another instance or system.
    Message {
        /// Its name.
        name: String,
        /// What must be equal at who waits for it.
        key: Option<Value>,
        /// What it brings.
        variables: Map<String, Value>,
    },
    /// A signal for everybody.
    Signal {
        /// Its name.
        name: String,
        /// What it brings.
        variables: Map<String, Value>,
    },
    /// An error that was caught, or ended the instance.
    Error {
        /// Its code.
        code: String,
    },
    /// An escalation, caught or not.
    Escalation {
        /// Its code.
        code: String,
        /// Whether somebody caught it.
        caught: bool,
    },
}

/// How an instance ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// All was done.
    Completed,
    /// A terminate end event was reached.
    Terminated,
    /// An error that nobody caught, by code: for example a refusal.
    Error(String),
    /// Somebody ended it.
    Cancelled,
}

/// What went wrong with a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Short code.
    pub code: &'static str,
    /// In words.
    pub why: String,
}
