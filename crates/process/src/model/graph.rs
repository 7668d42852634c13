//! What is executed: the nodes, flows and scopes of all processes of a deployment, in flat tables.
//!
//! Everything that a file says by reference stands here by place, so that execution looks nothing up and cannot miss.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use worktime::Span;

use crate::decision::Decisions;
use crate::expression::Expression;

/// Place of a flow node in [`Program::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeIx(pub u32);

/// Place of a sequence flow in [`Program::flows`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FlowIx(pub u32);

/// Place of a scope in [`Program::scopes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ScopeIx(pub u32);

/// Everything that the instances of one deployment run through: the processes of its file, and those of other files that
/// its call activities call, pinned.
#[derive(Debug, Default)]
pub struct Program {
    /// The processes, those of the file first, in its order.
    pub processes: Vec<Process>,
    /// Bodies of processes and sub-processes.
    pub scopes: Vec<Scope>,
    /// Flow nodes: events, activities, gateways.
    pub nodes: Vec<Node>,
    /// Sequence flows.
    pub flows: Vec<Flow>,
    /// Files of decisions that its rule tasks ask.
    pub decisions: Vec<Decisions>,
    /// Codes of the errors that its files name.
    pub errors: BTreeSet<Box<str>>,
}

/// A process, or a global task, which is a process of one node.
#[derive(Debug)]
pub struct Process {
    /// Its id in the file.
    pub id: Box<str>,
    /// Its name, or its id where it has none.
    pub name: Box<str>,
    /// `isExecutable`.
    pub executable: bool,
    /// What is inside.
    pub scope: ScopeIx,
    /// The administrative procedure that this process claims to be.
    pub procedure: Option<Procedure>,
    /// Whose steps these are, unless a step, its lane or what it is in says otherwise.
    pub agency: Option<Agency>,
    /// How long an instance may take: extension attribute `limit`.
    pub limit: Option<Span>,
    /// Whether anything in it has a limit or lets clocks stand still.
    pub clocked: bool,
}

/// Whose a step is: extension attribute `agency`, a code, or FEEL behind `=` that gives one.
#[derive(Debug)]
pub enum Agency {
    /// The code of an agency.
    Code(Box<str>),
    /// What gives the code, with the variables that the step sees when it begins.
    Asked(Expression),
}

/// The administrative procedure behind a process: extension attributes of the `process` element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Procedure {
    /// Code of the national list, for example `1.011536`.
    pub code: Box<str>,
    /// Number of the decision that announced it.
    pub decision: Option<Box<str>>,
    /// First day on which instances may begin.
    pub valid_from: Option<jiff::civil::Date>,
    /// Last day on which instances may begin.
    pub valid_to: Option<jiff::civil::Date>,
}

/// The body of a process or sub-process.
#[derive(Debug)]
pub struct Scope {
    /// The sub-process that it is the body of; none for a process.
    pub node: Option<NodeIx>,
    /// Place of its process in [`Program::processes`].
    pub process: usize,
    /// What kind of body.
    pub kind: ScopeKind,
    /// Its own nodes, without those of sub-processes, in the order of the file.
    pub nodes: Vec<NodeIx>,
    /// What gets a token when the scope begins: none start events, and activities and gateways that no flow leads to.
    /// In an event sub-process its start event; in an ad-hoc sub-process what no flow leads to.
    pub starts: Vec<NodeIx>,
    /// Its event sub-processes.
    pub event_subs: Vec<NodeIx>,
    /// Names of its data objects and properties: variables of this scope, empty at its begin.
    pub variables: Vec<Box<str>>,
}

/// What kind of body a scope is.
#[derive(Debug)]
pub enum ScopeKind {
    /// A process or an embedded sub-process.
    Plain,
    /// A transaction sub-process.
    Transaction,
    /// An ad-hoc sub-process.
    AdHoc(AdHoc),
    /// An event sub-process, begun by this start event.
    Event(NodeIx),
}

/// How the activities of an ad-hoc sub-process are done.
#[derive(Debug)]
pub struct AdHoc {
    /// One at a time, in the order of the file.
    pub sequential: bool,
    /// When it is done, looked at after each activity; without one, when every activity was done once.
    pub completion: Option<Expression>,
    /// Whether what still runs then is cancelled, else awaited.
    pub cancel_remaining: bool,
}

/// A sequence flow.
#[derive(Debug)]
pub struct Flow {
    /// Its id in the file.
    pub id: Box<str>,
    /// Its name, or nothing.
    pub name: Box<str>,
    /// Where it comes from.
    pub source: NodeIx,
    /// Where it leads to.
    pub target: NodeIx,
    /// Taken only when this is true.
    pub condition: Option<Expression>,
}

/// A flow node.
#[derive(Debug)]
pub struct Node {
    /// Its id in the file.
    pub id: Box<str>,
    /// Its name, or nothing.
    pub name: Box<str>,
    /// Line in the file, from 1.
    pub line: u32,
    /// The scope that it is in.
    pub scope: ScopeIx,
    /// What it is.
    pub kind: Kind,
    /// Flows that lead to it, in the order of the file.
    pub incoming: Vec<FlowIx>,
    /// Flows that lead on, in the order of the file.
    pub outgoing: Vec<FlowIx>,
    /// The flow that is taken when no condition is true.
    pub default: Option<FlowIx>,
    /// Events on its border.
    pub boundary: Vec<NodeIx>,
    /// Whether and how it is done several times.
    pub repeat: Option<Repeat>,
    /// What it knows and yields by itself.
    pub io: Io,
    /// Tokens that must have arrived before an activity begins; at least 1.
    pub start_quantity: u32,
    /// Tokens that an activity gives to each flow; at least 1.
    pub completion_quantity: u32,
    /// Whether it is begun by compensation only.
    pub for_compensation: bool,
    /// For an activity: the handler that a compensation boundary event is associated with.
    pub compensated_by: Option<NodeIx>,
    /// Name of the innermost lane, or of the pool: the role that does it.
    pub lane: Option<Box<str>>,
    /// For an activity, and an event that waits: whose it is by itself or by its lane; else it is whose that is in which it is.
    pub agency: Option<Agency>,
    /// How long that agency may have an instance, by its lane: extension attribute `limit`.
    pub lane_limit: Option<Span>,
    /// Whether the clocks of the instance stand still while it is open: extension attribute `clock="paused"`.
    pub pauses: bool,
    /// Extension attributes of our namespace, by local name, for example `role` or `form`.
    pub extra: Vec<(Box<str>, Box<str>)>,
}

impl Node {
    /// The value of an extension attribute.
    pub fn extra(&self, name: &str) -> Option<&str> {
        self.extra.iter().find(|(one, _)| &**one == name).map(|(_, value)| &**value)
    }

    /// The elements whose doers may not do a task: extension attribute `fourEyes`, ids separated by spaces or commas.
    pub fn four_eyes(&self) -> impl Iterator<Item = &str> {
        let list = self.extra("fourEyes").unwrap_or_default();
        list.split([' ', ',']).filter(|id| !id.is_empty())
    }
}

/// What a flow node is.
#[derive(Debug)]
pub enum Kind {
    /// A start event; without triggers a none start event. `interrupting` counts in event sub-processes only.
    Start {
        /// What begins it.
        on: Triggers,
        /// Whether the rest of the enclosing scope is cancelled.
        interrupting: bool,
    },
    /// An intermediate event that waits.
    Catch(Triggers),
    /// An intermediate event that tells.
    Throw(Vec<Trigger>),
    /// An end event.
    End(Vec<Trigger>),
    /// An event on the border of an activity.
    Boundary {
        /// The activity.
        attached: NodeIx,
        /// What it waits for.
        on: Triggers,
        /// Whether it cancels the activity.
        interrupting: bool,
    },
    /// An activity that is one step.
    Task(Task),
    /// An embedded, transaction, ad-hoc or event sub-process with its body.
    SubProcess(ScopeIx),
    /// A call activity with the body of the process, or global task, that it calls.
    Call(ScopeIx),
    /// `exclusiveGateway`.
    Exclusive,
    /// `parallelGateway`.
    Parallel,
    /// `inclusiveGateway`.
    Inclusive,
    /// `complexGateway` with its activation condition.
    Complex(Option<Expression>),
    /// `eventBasedGateway`.
    EventBased {
        /// Whether a process begins with it.
        instantiate: bool,
        /// Whether all its events must happen, in a process that begins with it; else the first one decides.
        parallel: bool,
    },
}

/// What kind of task.
#[derive(Debug)]
pub enum Task {
    /// `task`: no kind; done as soon as it begins.
    Plain,
    /// `manualTask`: done outside; somebody says when.
    Manual,
    /// `userTask`.
    User,
    /// `serviceTask`: a job.
    Service,
    /// `sendTask`: tells a message; without one it is a job.
    Send(Option<Message>),
    /// `receiveTask`: waits for a message.
    Receive {
        /// The message; none waits for its own id.
        message: Message,
        /// Whether a process begins with it.
        instantiate: bool,
    },
    /// `scriptTask` with a FEEL context; none has nothing to do.
    Script(Option<Expression>),
    /// `businessRuleTask` with a decision; none is a job.
    Rule(Option<Decision>),
}

/// A decision that a business rule task asks for: extension attributes `decision` and `result`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Id or name of the DMN decision.
    pub id: Box<str>,
    /// Variable that takes its result; without one the entries of a context result are assigned.
    pub result: Option<Box<str>>,
    /// Place of its file in [`Program::decisions`]; none until it is linked.
    pub file: Option<usize>,
}

/// What an event waits for.
#[derive(Debug, Default)]
pub struct Triggers {
    /// Event definitions; none for a none start event.
    pub list: Vec<Trigger>,
    /// Whether all of them must happen (`parallelMultiple`), else any one.
    pub all: bool,
}

/// An event definition.
#[derive(Debug)]
pub enum Trigger {
    /// `messageEventDefinition`.
    Message(Message),
    /// `timerEventDefinition`.
    Timer(Timer, Expression),
    /// `signalEventDefinition`: the signal's name, or its id where it has none.
    Signal(Box<str>),
    /// `errorEventDefinition`: the error's code, else name, else id; none catches every error.
    Error(Option<Box<str>>),
    /// `escalationEventDefinition`: code, else name, else id; none catches every escalation.
    Escalation(Option<Box<str>>),
    /// `conditionalEventDefinition`.
    Condition(Expression),
    /// `linkEventDefinition`, told: the catching event of the same name in the same scope. A catching one stands by itself.
    Link(Option<NodeIx>),
    /// `compensateEventDefinition`.
    Compensation {
        /// The one activity; none means all of the scope.
        activity: Option<NodeIx>,
        /// `waitForCompletion`.
        wait: bool,
    },
    /// `cancelEventDefinition`.
    Cancel,
    /// `terminateEventDefinition`.
    Terminate,
}

/// A message by name.
#[derive(Debug)]
pub struct Message {
    /// The message's name, or its id where it has none; for an event without message the id of its message flow, else its own.
    pub name: Box<str>,
    /// What must be equal on both sides, from the extension attribute `correlation`; none fits everything of that name.
    pub correlation: Option<Expression>,
}

/// What kind of timer; its text is an expression or, as it stands, an ISO 8601 date, duration or cycle, or a working time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Timer {
    /// `timeDate`.
    Date,
    /// `timeDuration`, working time `P5WD` and `PT16WH` too.
    Duration,
    /// `timeCycle`: `R3/PT10S`, `R/P1D`, or a duration that repeats for ever.
    Cycle,
}

/// Whether and how an activity is done several times.
#[derive(Debug)]
pub enum Repeat {
    /// `standardLoopCharacteristics`.
    Loop {
        /// Whether the condition is looked at before each round, else after.
        before: bool,
        /// Rounds at most.
        max: Option<i64>,
        /// Goes on while this is true.
        condition: Option<Expression>,
    },
    /// `multiInstanceLoopCharacteristics`.
    Multi(Box<Multi>),
}

/// One activity for each of several things.
#[derive(Debug)]
pub struct Multi {
    /// One after another, else all at once.
    pub sequential: bool,
    /// How many.
    pub cardinality: Option<Expression>,
    /// Variable that holds the list, one instance for each of it.
    pub collection: Option<Box<str>>,
    /// Variable of each instance that holds its thing.
    pub item: Option<Box<str>>,
    /// Variable that takes the list of results.
    pub results: Option<Box<str>>,
    /// Variable of each instance that is its result.
    pub result: Option<Box<str>>,
    /// Done when this is true, looked at after each instance.
    pub completion: Option<Expression>,
    /// What is told when instances are completed.
    pub behavior: Behavior,
}

/// `behavior` of a multi-instance activity: what it tells to the events on its border.
#[derive(Debug)]
pub enum Behavior {
    /// Nothing.
    All,
    /// This, when the first one is completed.
    One(Trigger),
    /// This, at each one.
    Each(Trigger),
    /// At each one, those whose condition is true.
    Complex(Vec<(Expression, Trigger)>),
}

/// Data that an activity takes in and gives out.
#[derive(Debug, Default)]
pub struct Io {
    /// Names of its data inputs and outputs: variables of the activity itself.
    pub locals: Vec<Box<str>>,
    /// Done when it begins.
    pub inputs: Vec<Mapping>,
    /// Done when it is completed.
    pub outputs: Vec<Mapping>,
}

/// A data association.
#[derive(Debug)]
pub struct Mapping {
    /// What is taken: a variable by name, or what an expression says.
    pub from: From,
    /// The variable that takes it.
    pub to: Box<str>,
}

/// Where a data association takes its value from.
#[derive(Debug)]
pub enum From {
    /// A variable; while it is empty nothing is assigned.
    Variable(Box<str>),
    /// A transformation or an assignment.
    Expression(Expression),
}

impl Program {
    /// The node at a place.
    pub fn node(&self, at: NodeIx) -> &Node {
        &self.nodes[at.0 as usize]
    }

    /// The flow at a place.
    pub fn flow(&self, at: FlowIx) -> &Flow {
        &self.flows[at.0 as usize]
    }

    /// The scope at a place.
    pub fn scope(&self, at: ScopeIx) -> &Scope {
        &self.scopes[at.0 as usize]
    }

    /// Whether a file names an error with this code, or something in it catches every error. Any other code is a slip.
    pub fn knows_error(&self, code: &str) -> bool {
        let catches_all = |trigger: &Trigger| matches!(trigger, Trigger::Error(None));
        let all = || (0..).map(NodeIx).take(self.nodes.len());
        self.errors.contains(code) || all().any(|at| self.triggers(at).iter().any(catches_all))
    }

    /// The node with an id, of any process of the program.
    pub fn find(&self, id: &str) -> Option<NodeIx> {
        let at = self.nodes.iter().position(|node| &*node.id == id)?;
        u32::try_from(at).ok().map(NodeIx)
    }
}

impl Triggers {
    /// Whether it is that of a none start event.
    pub fn is_none(&self) -> bool {
        self.list.is_empty()
    }
}
