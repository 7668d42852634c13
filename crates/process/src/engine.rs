//! What becomes of an instance: a command goes in, events come out, and the state is what the events add up to.
//!
//! Nothing here knows the time, a store or a network: the moment comes with the command, and what only the outside can
//! say (working time, decisions) is asked through [`Outside`]. The same state and command give the same events.
//!
//! A command is carried out to the end: tokens move until everything waits for somebody, a message, a signal, a moment or
//! a condition. An instance that does not come to rest within [`STEPS_MAX`] steps stops with an incident.

mod activity;
mod agency;
mod apply;
mod clocks;
mod compensation;
mod event;
mod gateway;
mod happen;
mod many;
mod run;
mod scope;
mod settle;
mod state;
mod tell;
mod tree;
mod variables;

use std::sync::Arc;

use base::Ts;
use serde_json::{Map, Value};
use worktime::Calendars;

pub(crate) use clocks::clock_name;
pub use event::{Event, Fault, Outcome, Told};
pub(crate) use happen::timer_text;
pub use state::{
    Awaited, Body, Done, Exec, ExecId, Gate, Hold, Incident, Many, Role, State, Step, Undo, Undoing, Wait,
};

use crate::model::{NodeIx, Program, Timer};

/// Steps of one command, after which an instance is thought to run in circles.
pub const STEPS_MAX: u32 = 20_000;
/// Instances of one multi-instance activity.
pub const INSTANCES_MAX: usize = 10_000;
/// Variables that one signal brings, in bytes as JSON: each instance that it reaches gets its own copy.
pub const SIGNAL_BYTES_MAX: usize = 16 << 10;
/// Code of the incident of work that somebody could not do.
pub const WORK_FAILED: &str = "work-failed";
/// Sub-processes and calls within each other.
pub const DEPTH_MAX: usize = 100;

/// What an instance is told to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Begins an instance of a process of the program.
    Start {
        /// Place of the process in [`Program::processes`].
        process: usize,
        /// The start event, receive task, or event behind an event-based gateway that begins it; none for a none start.
        by: Option<NodeIx>,
        /// Variables of the instance; for an event, what it brought.
        variables: Map<String, Value>,
        /// Code of the agency whose instance it is, unless the process says otherwise.
        agency: Option<String>,
    },
    /// Somebody did a task, a worker its job.
    Complete {
        /// The task.
        exec: ExecId,
        /// Results.
        variables: Map<String, Value>,
    },
    /// The work ended with a business error, for example a refusal.
    Error {
        /// The task.
        exec: ExecId,
        /// Code that error events catch.
        code: String,
        /// What it brings along.
        variables: Map<String, Value>,
    },
    /// What a wait was for has come: the message, or the moment.
    Happened {
        /// Its number.
        wait: u64,
        /// What a message brought.
        variables: Map<String, Value>,
    },
    /// A signal was told somewhere.
    Signal {
        /// Its name.
        name: String,
        /// What it brought.
        variables: Map<String, Value>,
    },
    /// Variables of the instance changed from outside, for example a field of its dossier.
    Set {
        /// New values.
        variables: Map<String, Value>,
    },
    /// Work that could not be done stops the step until somebody looks.
    Stop {
        /// The task.
        exec: ExecId,
        /// Why.
        why: String,
    },
    /// Tries again what stopped with an incident.
    Retry {
        /// The step that stopped.
        exec: ExecId,
    },
    /// Lets the clocks of the instance stand still, for example while a citizen is asked for something.
    Pause {
        /// Why.
        reason: String,
    },
    /// Lets them run on.
    Resume,
    /// Computes everything again that is counted in working time: calendars are others than they were.
    Recalculate,
    /// Ends the instance as it stands.
    Cancel,
}

/// Why a command was not carried out; the instance is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such step, or no longer.
    #[error("bước {0} không còn chờ / step {0} does not wait any more")]
    NoStep(u64),
    /// It does not wait for this.
    #[error("không còn chờ {0} / wait {0} is over")]
    NoWait(u64),
    /// The instance is over.
    #[error("hồ sơ đã kết thúc / the instance is over")]
    Over,
    /// The process does not begin like this.
    #[error("quy trình không bắt đầu như vậy / the process does not begin like this")]
    NoStart,
    /// It cannot begin to wait for what may happen to it at any time.
    #[error("quy trình không bắt đầu được / the process cannot begin: {0}")]
    NoEvent(String),
    /// The clocks stand still already because somebody said so.
    #[error("đồng hồ đã dừng / the clocks are paused already")]
    Paused,
    /// Nobody let the clocks stand still.
    #[error(
        "không ai dừng đồng hồ; bước `clock=\"paused\"` tự thả khi xong / nobody paused the clocks; a step with `clock=\"paused\"` lets them run when it is done"
    )]
    NotPaused,
    /// The process does not say whose it is, though it should.
    #[error("không rõ cơ quan / the agency is not known: {0}")]
    NoAgency(String),
    /// The step did not stop with an incident.
    #[error("bước {0} không có sự cố / step {0} has no incident")]
    NoIncident(u64),
}

/// A timer whose moment is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing<'a> {
    /// What kind of timer.
    pub timer: Timer,
    /// Its text: a date, duration or cycle.
    pub text: &'a str,
    /// When it began.
    pub began: Ts,
    /// For the how manieth time it comes, the first being 0.
    pub nth: u32,
    /// Code of the agency whose hours and days count; none is the country.
    pub agency: Option<&'a str>,
}

/// What only the outside knows. Answers depend on nothing but the arguments and on data that are part of the deployment.
pub trait Outside {
    /// Hours and days of agencies.
    fn calendars(&self) -> Arc<Calendars>;

    /// When a timer comes due; nothing when that is once too often.
    ///
    /// # Errors
    /// The text is no date, duration or cycle, in words.
    fn due(&self, timing: Timing<'_>) -> Result<Option<Ts>, String> {
        crate::timer::due(&self.calendars(), timing)
    }

    /// With what number a timer begins, so that a cycle does not come for all the times that were past already; nothing when
    /// all were.
    ///
    /// # Errors
    /// As [`due`](Self::due).
    fn first(&self, timing: Timing<'_>) -> Result<Option<u32>, String> {
        crate::timer::first(&self.calendars(), timing)
    }

    /// What a decision says.
    ///
    /// # Errors
    /// It is not there, or has no answer, in words.
    fn decide(&self, decision: &str, variables: &dyn crate::expression::Variables) -> Result<Value, String>;
}

/// What is decided with: the program, the moment and the outside.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What is executed.
    pub program: &'a Program,
    /// The moment of the command.
    pub now: Ts,
    /// What only the outside knows.
    pub outside: &'a dyn Outside,
    /// How many messages and signals may be told; a step that would tell one more stops with an incident.
    pub tells: u32,
}

/// Carries out a command. Gives the state after it and what happened, in order.
///
/// # Errors
/// The command does not fit the state; nothing has happened.
pub fn decide(context: Context<'_>, state: State, command: Command) -> Result<(State, Vec<Event>), Refused> {
    let mut run = run::Run::new(context, state);
    run.command(command)?;
    run.until_rest();
    Ok(run.into_result())
}

/// The variables that a step sees: its own, and those of what it is in.
pub fn seen(program: &Program, state: &State, exec: ExecId) -> Map<String, Value> {
    use crate::expression::Variables as _;
    let sight = variables::Sight::new(program, state, exec);
    let names = sight.names().into_iter();
    names.filter_map(|name| Some((name.to_owned(), sight.get(name)?.clone()))).collect()
}

/// Nothing is known before an instance begins.
#[derive(Clone, Copy, Debug)]
pub struct NoVariables;

impl crate::expression::Variables for NoVariables {
    fn get(&self, _: &str) -> Option<&Value> {
        None
    }
}
