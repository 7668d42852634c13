//! Runs a model without a store, on a clock that jumps: what would become of it, step by step.
//!
//! Everything that nobody else in the file does is done at once: tasks complete by themselves, unless [`Choices`] say
//! otherwise. When nothing is left to do the clock jumps to the next timer.

mod choices;
mod line;

use std::collections::{BTreeSet, HashMap, VecDeque};

use base::Ts;
use serde_json::{Map, Value};

pub use choices::{Choice, Choices};
pub use line::{Happening, Line};

use crate::engine::{
    Awaited, Command, Context, Event, ExecId, NoVariables, Outcome, Outside, Refused, Role, State, Step,
    Timing, Told, Wait, decide,
};
use crate::model::{Kind, NodeIx, Program, Task, Trigger};
use crate::timer::Timers;

/// Instances of one simulation.
const INSTANCES_MAX: usize = 1_000;
/// Commands of one simulation; a model that repeats for ever stops here, still waiting.
const COMMANDS_MAX: usize = 20_000;

/// What to simulate.
pub struct Plan<'a> {
    /// The model.
    pub program: &'a Program,
    /// The process to begin with, by place; none for the first executable one that can begin by itself.
    pub process: Option<usize>,
    /// Variables with which it begins, and every other process of the file that begins by a message or signal.
    pub variables: Map<String, Value>,
    /// When it begins.
    pub from: Ts,
    /// How far the clock may jump.
    pub until: Option<Ts>,
    /// What the tasks bring.
    pub choices: Choices,
    /// What timers mean.
    pub timers: &'a Timers,
}

/// How a simulation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All instances are done.
    Finished,
    /// A step stopped, or an error ended an instance.
    Fault,
    /// The file has no process that begins by itself.
    NoStart,
    /// Something still waits.
    Waiting,
    /// It was not done after 20,000 commands, or would have begun more than 1,000 instances.
    TooLong,
}

/// What was simulated.
#[derive(Debug)]
pub struct Simulated {
    /// How it ended.
    pub end: End,
    /// Variables of the first instance as they were last.
    pub variables: Map<String, Value>,
    /// Why steps stopped, in words: element, then reason.
    pub faults: Vec<(String, String)>,
}

/// Simulates; each step goes to `show` in order.
pub fn simulate(plan: Plan<'_>, show: &mut dyn FnMut(Line)) -> Simulated {
    let mail = plan.choices.messages(plan.from, plan.timers).into();
    let (now, instances, post) = (plan.from, Vec::new(), VecDeque::new());
    let (refused, commands, full) = (Vec::new(), 0, false);
    let mut world = World { plan, now, instances, refused, post, mail, show, commands, full };
    // What only a message begins may have its message from outside.
    let begun = world.begin() || !world.mail.is_empty();
    while begun && !world.is_too_long() && (world.deliver() || world.work() || world.jump()) {}
    let end = match begun {
        _ if !world.refused.is_empty() => End::Fault,
        true => world.end(),
        false => End::NoStart,
    };
    let faults = world.faults();
    let first = world.instances.into_iter().next();
    let variables = first.map(|first| first.state).map(last_variables).unwrap_or_default();
    Simulated { end, variables, faults }
}

fn last_variables(state: State) -> Map<String, Value> {
    match state.execs.into_iter().next() {
        Some((_, root)) => root.variables,
        None => state.variables,
    }
}

/// One instance.
struct Instance {
    process: usize,
    state: State,
    /// What its steps are called in the trace.
    names: HashMap<ExecId, line::Named>,
}

/// Something on its way to whoever waits for it.
struct Letter {
    from: usize,
    what: Told,
}

struct World<'a> {
    plan: Plan<'a>,
    now: Ts,
    instances: Vec<Instance>,
    /// Processes that could not begin, and why.
    refused: Vec<(usize, String)>,
    post: VecDeque<Letter>,
    /// Messages from outside that have not come yet, in order.
    mail: VecDeque<(Ts, Told)>,
    show: &'a mut dyn FnMut(Line),
    commands: usize,
    /// Whether one more instance than there may be would have begun.
    full: bool,
}

impl World<'_> {
    /// Begins the first instance; false when nothing can begin.
    fn begin(&mut self) -> bool {
        let program = self.plan.program;
        let by_itself = |at: &usize| !program.scope(program.processes[*at].scope).starts.is_empty();
        let places = 0..program.processes.len();
        let found = self.plan.process.or_else(|| {
            places.clone().filter(|at| program.processes[*at].executable).find(by_itself).or_else(|| {
                // A model that only a timer or a condition begins is begun by it.
                places
                    .clone()
                    .filter(|at| program.processes[*at].executable)
                    .find(|at| self.self_starting(*at).is_some())
            })
        });
        let Some(process) = found else { return false };
        let by = if by_itself(&process) { None } else { self.self_starting(process) };
        if let Some((_, Some(at))) = by {
            self.now = at;
        }
        self.start(process, by.map(|(node, _)| node), Map::new())
    }

    /// A start event of a process that nobody needs to send anything to, with its moment.
    fn self_starting(&self, process: usize) -> Option<(NodeIx, Option<Ts>)> {
        let program = self.plan.program;
        let scope = program.scope(program.processes.get(process)?.scope);
        let none = NoVariables;
        scope.nodes.iter().find_map(|at| {
            let Kind::Start { on, .. } = &program.node(*at).kind else { return None };
            on.list.iter().find_map(|trigger| match trigger {
                Trigger::Timer(timer, text) => {
                    let value = text.value(&none).ok()?;
                    let text = value.as_str()?;
                    let timing = Timing { timer: *timer, text, began: self.now, nth: 0, agency: None };
                    let due = self.plan.timers.due(timing).ok()??;
                    Some((*at, Some(due)))
                }
                Trigger::Condition(_) => Some((*at, None)),
                _ => None,
            })
        })
    }

    /// Begins a process with the variables of the plan and those that a message or signal brings.
    fn start(&mut self, process: usize, by: Option<NodeIx>, brought: Map<String, Value>) -> bool {
        if self.instances.len() >= INSTANCES_MAX {
            self.full = true;
            return false;
        }
        let mut variables = self.plan.variables.clone();
        variables.extend(brought);
        self.instances.push(Instance { process, state: State::default(), names: HashMap::new() });
        let begun =
            self.tell(self.instances.len() - 1, Command::Start { process, by, variables, agency: None });
        if !begun {
            self.instances.pop();
        }
        begun
    }

    /// Gives a command to an instance; false when it does not fit.
    fn tell(&mut self, at: usize, command: Command) -> bool {
        self.commands += 1;
        let (program, now, outside): (_, _, &dyn Outside) = (self.plan.program, self.now, self.plan.timers);
        let instance = &mut self.instances[at];
        let state = instance.state.clone();
        // Commands are counted here.
        let context = Context { program, now, outside, tells: u32::MAX };
        let decided = decide(context, state, command);
        if let Err(Refused::NoEvent(why)) = &decided {
            self.refused.push((instance.process, why.clone()));
        }
        let Ok((state, events)) = decided else { return false };
        instance.state = state;
        for event in events {
            let named = &mut instance.names;
            if let Some(line) = line::of(program, (at, instance.process), named, &event) {
                (self.show)(Line { at: self.now, ..line });
            }
            if let Event::Told { what: what @ (Told::Message { .. } | Told::Signal { .. }), .. } = event {
                self.post.push_back(Letter { from: at, what });
            }
        }
        true
    }

    /// Brings one message or signal to whoever waits for it.
    fn deliver(&mut self) -> bool {
        for place in 0..self.post.len() {
            let Some(letter) = self.post.get(place) else { break };
            let (from, what) = (letter.from, letter.what.clone());
            let delivered = match what {
                Told::Signal { name, variables } => {
                    self.post.remove(place);
                    self.signal(from, &name, &variables);
                    return true;
                }
                Told::Message { name, key, variables } => self.message(&name, key.as_ref(), &variables),
                _ => true,
            };
            if delivered {
                self.post.remove(place);
                return true;
            }
        }
        false
    }

    fn message(&mut self, name: &str, key: Option<&Value>, variables: &Map<String, Value>) -> bool {
        let fits = |what: &Awaited| {
            matches!(what, Awaited::Message { name: one, key: wanted }
            if one == name && (wanted.is_none() || key.is_none() || wanted.as_ref() == key))
        };
        let waits = self.instances.iter().enumerate().find_map(|(at, instance)| {
            let (_, wait) = instance.state.waits().find(|(_, wait)| fits(&wait.what))?;
            Some((at, wait.id))
        });
        if let Some((at, wait)) = waits {
            return self.tell(at, Command::Happened { wait, variables: variables.clone() });
        }
        let begins =
            |trigger: &Trigger| matches!(trigger, Trigger::Message(message) if &*message.name == name);
        let starts = self.starts(&begins, &|task| &*task.name == name);
        starts.first().is_some_and(|(process, node)| self.start(*process, Some(*node), variables.clone()))
    }

    fn signal(&mut self, from: usize, name: &str, variables: &Map<String, Value>) {
        let begins = |trigger: &Trigger| matches!(trigger, Trigger::Signal(one) if &**one == name);
        let starts = self.starts(&begins, &|_| false);
        let waits = self.instances.iter().flat_map(|instance| instance.state.waits());
        let waiting: BTreeSet<NodeIx> = waits.map(|(_, wait)| wait.node).collect();
        for at in (0..self.instances.len()).filter(|at| *at != from) {
            if self.instances[at].state.outcome.is_none() {
                let (name, variables) = (name.to_owned(), variables.clone());
                self.tell(at, Command::Signal { name, variables });
            }
        }
        for (process, node) in starts {
            // An instance that waits for the rest of what it begins with has just had it.
            if waiting.contains(&node) {
                continue;
            }
            self.start(process, Some(node), variables.clone());
        }
    }

    /// Nodes with which processes begin when something fitting happens.
    fn starts(
        &self,
        begins: &dyn Fn(&Trigger) -> bool,
        receives: &dyn Fn(&crate::model::Message) -> bool,
    ) -> Vec<(usize, NodeIx)> {
        let program = self.plan.program;
        let mut found = Vec::new();
        for (at, process) in program.processes.iter().enumerate().filter(|(_, process)| process.executable) {
            for node in &program.scope(process.scope).nodes {
                let starts = match &program.node(*node).kind {
                    Kind::Start { on, .. } => on.list.iter().any(begins),
                    Kind::Catch(on) => self.is_behind_start(*node) && on.list.iter().any(begins),
                    Kind::Task(Task::Receive { message, instantiate }) => {
                        (*instantiate || self.is_behind_start(*node)) && receives(message)
                    }
                    _ => false,
                };
                if starts {
                    found.push((at, *node));
                }
            }
        }
        found
    }

    fn is_behind_start(&self, at: NodeIx) -> bool {
        let program = self.plan.program;
        let sources = program.node(at).incoming.iter().map(|flow| program.flow(*flow).source);
        sources
            .into_iter()
            .any(|from| matches!(program.node(from).kind, Kind::EventBased { instantiate: true, .. }))
    }

    /// Does one task that somebody would do.
    fn work(&mut self) -> bool {
        for at in 0..self.instances.len() {
            let open = self.instances[at].state.execs.iter().filter(|(_, exec)| exec.incident.is_none());
            let open = open.filter(|(_, exec)| exec.role == Role::Step(Step::Work));
            let open: Vec<_> = open.filter_map(|(id, exec)| Some((*id, exec.node?))).collect();
            for (exec, node) in open {
                let id = &self.plan.program.node(node).id;
                let command = match self.plan.choices.take(id, (at, exec), (self.now, self.plan.timers)) {
                    Choice::Complete(variables) => Command::Complete { exec, variables },
                    Choice::Error(code, variables) => Command::Error { exec, code, variables },
                    Choice::Wait => continue,
                };
                if self.tell(at, command) {
                    return true;
                }
            }
        }
        false
    }

    /// Jumps to the next moment for which something waits.
    fn jump(&mut self) -> bool {
        let waits = self.instances.iter().enumerate().flat_map(|(at, instance)| {
            let due = move |(_, wait): (ExecId, &Wait)| Some((wait.what.due()?, at, Some(wait.id)));
            instance.state.waits().filter_map(due)
        });
        let tasks = self.plan.choices.later();
        let mail = self.mail.front().map(|(due, _)| *due);
        let others = tasks.into_iter().chain(mail).map(|due| (due, usize::MAX, None));
        let Some((due, at, wait)) = waits.chain(others).min() else { return false };
        if self.plan.until.is_some_and(|until| due > until) {
            return false;
        }
        self.now = self.now.max(due);
        let Some(wait) = wait else {
            self.plan.choices.reached(self.now);
            while self.mail.front().is_some_and(|(due, _)| *due <= self.now) {
                let what = self.mail.pop_front().map(|(_, what)| what);
                self.post.extend(what.map(|what| Letter { from: usize::MAX, what }));
            }
            return true;
        };
        self.tell(at, Command::Happened { wait, variables: Map::new() })
    }

    fn faults(&self) -> Vec<(String, String)> {
        let program = self.plan.program;
        let of_process = |(at, why): &(usize, String)| (program.processes[*at].id.to_string(), why.clone());
        let mut faults: Vec<_> = self.refused.iter().map(of_process).collect();
        for instance in &self.instances {
            let process = &*program.processes[instance.process].id;
            for (exec, incident) in instance.state.incidents() {
                let node = instance.state.exec(exec).and_then(|exec| exec.node);
                let id = node.map_or(process, |node| &*program.node(node).id);
                faults.push((id.to_owned(), format!("{}: {}", incident.code, incident.why)));
            }
            if let Some(Outcome::Error(code)) = &instance.state.outcome {
                faults.push((process.to_owned(), format!("lỗi không ai bắt / uncaught error: {code}")));
            }
        }
        faults
    }

    fn is_too_long(&self) -> bool {
        self.full || self.commands >= COMMANDS_MAX
    }

    fn end(&self) -> End {
        if !self.faults().is_empty() {
            End::Fault
        } else if self.instances.is_empty() {
            End::NoStart
        } else if self.is_too_long() {
            End::TooLong
        } else if self.instances.iter().all(|instance| instance.state.outcome.is_some()) {
            End::Finished
        } else {
            End::Waiting
        }
    }
}
