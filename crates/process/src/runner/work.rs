//! Carries calls out one after another, in memory, on what the transaction has read.

use std::collections::HashMap;
use std::sync::Arc;

use base::Ts;
use serde_json::{Map, Value, json};
use store::process::{AnswerRow, HistoryRow, IncidentRow, InstanceRow, LetterRow, TaskRow, WaitRow};

use super::book::{Book, HELD, Key, Making, number};
use super::call::{Act, Answer, Call, Of, Start, What};
use super::catalog::{Head, Model, StartBy, newest};
use super::chain::{Cause, Chains};
use super::input::{By, InstanceId, VARIABLES_BYTES_MAX, depth};
use super::{Denied, Ids};
use crate::engine::{Awaited, Command, Context, Event, ExecId, Outcome, Outside, Refused, State, decide};

/// Stored states within each other: the reader of JSON takes 128.
const STATE_DEPTH_MAX: usize = 120;
/// Beyond this a state is looked at for how large its variables are; what else is in a state is small beside them.
const STATE_BYTES_SMALL: usize = VARIABLES_BYTES_MAX;

/// Before what could not be read is looked at again.
const UNREAD_PAUSE_SECS: i64 = 3_600;

/// An instance that this transaction holds.
pub(super) struct Open {
    pub row: InstanceRow,
    pub state: State,
    pub model: Arc<Model>,
    pub changed: bool,
}

/// Everything that calls are carried out on.
pub(super) struct Work {
    pub now: Ts,
    pub ids: Arc<Ids>,
    pub outside: Arc<dyn Outside + Send + Sync>,
    pub heads: Arc<Vec<Head>>,
    pub models: HashMap<i64, Arc<Model>>,
    pub opens: HashMap<String, Open>,
    /// Instances that cannot be read, with why.
    pub unread: HashMap<String, Denied>,
    /// Instances that another node holds just now.
    pub busy: Vec<String>,
    /// Open work that was read; what became of it stands in the book.
    pub tasks: HashMap<Key, TaskRow>,
    pub incidents: HashMap<Key, IncidentRow>,
    /// Who did which element of which instance.
    pub done: HashMap<(String, String), Vec<String>>,
    /// For each message, who waits for it.
    pub waiting: HashMap<(String, String), Vec<(String, i64)>>,
    /// For each signal, the instances that wait for it.
    pub listening: HashMap<String, Vec<String>>,
    pub answers: HashMap<String, AnswerRow>,
    pub book: Book,
    /// Signals that instances told, for the writer to find who listens.
    pub signals: Vec<Signalled>,
    pub chains: Arc<Chains>,
    /// Why the call is carried out that is just now.
    pub cause: Cause,
}

/// A signal that was told.
pub(super) struct Signalled {
    /// The instance; none for somebody outside.
    pub from: Option<String>,
    /// Whose instances begin with it, where their processes do not say.
    pub agency: Option<String>,
    pub chain: Option<String>,
    pub name: String,
    pub variables: Map<String, Value>,
}

/// How a call ended.
pub(super) enum Ended {
    Answered(Result<Answer, Denied>),
    /// Another node has the instance: again, later.
    Later,
}

impl From<Result<Answer, Denied>> for Ended {
    fn from(result: Result<Answer, Denied>) -> Self {
        Self::Answered(result)
    }
}

/// One change of an instance.
pub(super) struct Change<'a> {
    pub id: &'a str,
    pub by: &'a By,
    pub now: Ts,
    pub command: Value,
    /// The element whose work was done.
    pub element: Option<String>,
}

impl Work {
    /// Carries one call out.
    pub fn carry_out(&mut self, call: &Call) -> Ended {
        let now = call.now.unwrap_or(self.now);
        let key = call.key.as_ref().map(|key| format!("{}|{key}", call.by));
        if let Some(known) = key.as_ref().and_then(|key| self.answers.get(key)) {
            let same = known.asked == call.what.asked();
            let answer =
                serde_json::from_str(&known.answer).map_err(|error| Denied::Damaged(error.to_string()));
            return if same { answer.into() } else { Err(Denied::KeyReused).into() };
        }
        self.cause = Cause::of(call);
        let ended = match &call.what {
            What::Start(start) => self.start(start, (&call.by, now)).into(),
            What::Act { instance, .. } if self.busy.contains(instance) => Ended::Later,
            What::Act { instance, act } => self.act((instance, act), &call.by, now).into(),
            What::Message(told) => self.message(told, (&call.by, now), call.letter.as_ref()),
            What::Signal { name, variables } => {
                let (name, variables) = (name.to_string(), variables.map().clone());
                let told = Signalled { from: None, agency: None, chain: None, name, variables };
                Ok(Answer::Reached(self.spread(told, (&call.by, now)))).into()
            }
            What::Due { .. } | What::Letters { .. } => Ok(Answer::Worked(0)).into(),
        };
        if let Ended::Answered(result) = &ended {
            self.after(call, (key, now), result);
        }
        ended
    }

    /// Remembers the answer, and that the letter was delivered.
    fn after(&mut self, call: &Call, (key, now): (Option<String>, Ts), result: &Result<Answer, Denied>) {
        if let Some(letter) = &call.letter {
            self.wind_up(letter);
        }
        if let (Some(key), Ok(answer)) = (key, result) {
            let answer = serde_json::to_string(answer).expect("an answer has only strings and numbers");
            let row = AnswerRow { key: key.clone(), at: now.0, asked: call.what.asked(), answer };
            self.answers.insert(key.clone(), row.clone());
            self.book.answers.insert(key, row);
        }
        let Err(denied) = result else {
            return self.book.letters_gone.extend(call.letter.as_ref().map(|letter| letter.id.clone()));
        };
        self.not_carried_out(call, denied, now);
    }

    /// What the engine itself wanted to do and could not: what is over is forgotten, the rest waits for a person.
    fn not_carried_out(&mut self, call: &Call, denied: &Denied, now: Ts) {
        if let Some(letter) = &call.letter {
            match denied {
                // Somebody was faster; the next one who waits gets it.
                Denied::NobodyWaits => {}
                Denied::TooLarge { .. } | Denied::TooDeep => {
                    let target = self.target(letter);
                    self.hold(target.as_ref(), denied, now);
                    if letter.kind != 0 {
                        self.book.letters_gone.push(letter.id.clone());
                    }
                }
                _ => self.book.letters_gone.push(letter.id.clone()),
            }
        }
        let What::Act { instance, act: Act::Happened { wait, .. } } = &call.what else { return };
        if call.reply.is_some() {
            return;
        }
        let key = (instance.clone(), number(*wait));
        if let Some(open) = self.opens.get(instance) {
            match open.state.wait(*wait) {
                Some(_) => self.hold(Some(&key), denied, now),
                None => drop(self.book.waits.insert(key, None)),
            }
            return;
        }
        // What cannot be read now is looked at again later, and not before everything else each time.
        let due = Some(now.plus_secs(UNREAD_PAUSE_SECS).0);
        let (instance, number) = key.clone();
        let row = WaitRow { instance, number, kind: 0, due, name: None, correlation: None };
        self.book.waits.insert(key, Some(row));
    }

    /// The instance and wait that a letter is for.
    fn target(&self, letter: &LetterRow) -> Option<Key> {
        if let Some(id) = &letter.instance {
            let waits = self.opens.get(id)?.state.waits();
            let mut hears = waits.filter(|(_, wait)| wait.what == Awaited::Signal(letter.name.clone()));
            return hears.next().map(|(_, wait)| (id.clone(), number(wait.id)));
        }
        let waits = self.waiting.get(&(letter.name.clone(), letter.correlation.clone()))?;
        waits.iter().find(|(id, wait)| self.waits_still(id, *wait)).cloned()
    }

    /// Holds a wait back and says so in an incident.
    fn hold(&mut self, wait: Option<&Key>, denied: &Denied, now: Ts) {
        let Some((id, wait)) = wait else { return };
        let Some(open) = self.opens.get(id) else { return };
        let Some((exec, found)) = u64::try_from(*wait).ok().and_then(|wait| open.state.wait(wait)) else {
            return;
        };
        let element = open.model.program.node(found.node).id.to_string();
        let row = super::book::wait_row(id, found.id, &found.what);
        let held = row.map(|row| WaitRow { due: None, name: None, ..row });
        self.book.waits.insert((id.clone(), *wait), held);
        let incident = IncidentRow {
            instance: id.clone(),
            exec: number(exec.0),
            element,
            code: HELD.to_owned(),
            why: denied.to_string(),
            since: now.0,
            owner: None,
            business_key: open.row.business_key.clone(),
        };
        self.book.incidents.insert((id.clone(), number(exec.0)), Some(incident));
    }

    pub(super) fn waits_still(&self, id: &str, wait: i64) -> bool {
        let Some(open) = self.opens.get(id) else { return false };
        let found = u64::try_from(wait).ok().and_then(|wait| open.state.wait(wait));
        found.is_some_and(|(_, wait)| matches!(wait.what, Awaited::Message { .. }))
    }

    pub(super) fn start(&mut self, start: &Start, (by, now): (&By, Ts)) -> Result<Answer, Denied> {
        let process = start.process.as_ref().map(super::Name::as_str);
        let id = match &start.model {
            Of::Newest(key) => newest(&self.heads, key.as_str(), process, now).map(|head| head.row.id),
            Of::Version(key, version) => {
                let is = |head: &&Head| head.row.key == key.as_str() && head.row.version == *version;
                self.heads.iter().find(is).map(|head| head.row.id)
            }
            Of::Id(id) => Some(*id),
        };
        let model = id.and_then(|id| self.models.get(&id)).cloned().ok_or(Denied::NoModel)?;
        let program = &model.program;
        let fits = |one: &crate::model::Process| process.map_or(one.executable, |wanted| &*one.id == wanted);
        let place = program.processes.iter().position(fits).ok_or(Denied::NoProcess)?;
        let node = match &start.element {
            Some(element) => Some(program.find(element).ok_or(Denied::NoProcess)?),
            None => None,
        };
        let place = node.map_or(place, |node| program.scope(program.node(node).scope).process);
        if !program.processes[place].executable {
            return Err(Denied::NoProcess);
        }
        let head = self.heads.iter().find(|head| head.row.id == model.id);
        if node.is_some() && !head.is_some_and(|head| head.counts_at(&program.processes[place].id, now)) {
            return Err(Denied::NoModel);
        }
        let instance = InstanceId(self.ids.next(now)).to_string();
        let process = program.processes[place].id.to_string();
        let row = InstanceRow {
            id: instance.clone(),
            model: model.id,
            process,
            business_key: start.business_key.as_ref().map(ToString::to_string),
            agency: start.agency.as_ref().map(ToString::to_string),
            state: String::new(),
            version: 0,
            begun: now.0,
            ended: None,
            outcome: None,
            calendar: None,
            chain: None,
        };
        let command =
            json!({"act": "start", "model": model.key, "version": model.version, "element": start.element});
        self.opens.insert(instance.clone(), Open { row, state: State::default(), model, changed: false });
        let variables = start.variables.clone().into_map();
        let change = Change { id: &instance, by, now, command, element: None };
        let agency = start.agency.as_ref().map(ToString::to_string);
        let start = Command::Start { process: place, by: node, variables, agency };
        let done = self.change(&change, vec![start]);
        if let Err(denied) = done {
            self.opens.remove(&instance);
            return Err(denied);
        }
        if let Some(open) = self.opens.get_mut(&instance).filter(|open| open.row.agency.is_none()) {
            open.row.agency = open.state.execs.values().next().and_then(|root| root.agency.clone());
        }
        Ok(Answer::Started { instance })
    }

    /// Decides, and writes down what follows. Gives the number of the change.
    pub fn change(&mut self, change: &Change<'_>, commands: Vec<Command>) -> Result<i64, Denied> {
        let open = self.opens.get(change.id).ok_or(Denied::NoInstance)?;
        let model = Arc::clone(&open.model);
        let (chain, tells) = self.chain(&open.row, change.now);
        let context = Context { program: &model.program, now: change.now, outside: &*self.outside, tells };
        let (state, events) = decided(context, open.state.clone(), commands)?;
        let text = stored(&state)?;
        let chain = self.counted(chain, &events, change.now);
        let open = self.opens.get_mut(change.id).ok_or(Denied::NoInstance)?;
        (open.row.state, open.row.chain, open.changed) = (text, chain.clone(), true);
        open.row.version += 1;
        let before = std::mem::replace(&mut open.state, state);
        if let Some(outcome) = &open.state.outcome {
            open.row.ended = Some(change.now.0);
            open.row.outcome = Some(outcome_word(outcome));
        }
        let making = Making::of(&open.row, &model.program, change.now);
        self.book.derive(change.id, &making, &before, &open.state);
        let calendars = self.outside.calendars().version();
        open.row.calendar =
            computed_by(open.row.calendar.take(), open.state.counts_working_time(), calendars);
        let version = open.row.version;
        self.write_down(change, version, &events, None);
        self.pass_on(change, chain.as_ref(), events);
        Ok(version)
    }

    /// Computes everything of an instance again that depends on calendars; gives how many moments moved.
    pub fn recalculate(&mut self, change: &Change<'_>) -> Result<Answer, Denied> {
        let by = self.outside.calendars().version().to_string();
        let open = self.opens.get_mut(change.id).ok_or(Denied::NoInstance)?;
        if open.row.calendar.as_ref().is_none_or(|known| *known == by) {
            return Ok(Answer::Worked(0));
        }
        let moved = recomputed(&open.state, &open.model.program, (&*self.outside, change.now))?.len();
        if moved > 0 {
            self.change(change, vec![Command::Recalculate])?;
        }
        let open = self.opens.get_mut(change.id).ok_or(Denied::NoInstance)?;
        (open.row.calendar, open.changed) = (Some(by), true);
        Ok(Answer::Worked(moved as u64))
    }

    /// Adds a row of history.
    pub(super) fn write_down(
        &mut self,
        change: &Change<'_>,
        version: i64,
        events: &[Event],
        snapshot: Option<String>,
    ) {
        if let Some(element) = &change.element {
            let of = (change.id.to_owned(), element.clone());
            self.done.entry(of).or_default().push(change.by.to_string());
        }
        self.book.history.push(HistoryRow {
            instance: change.id.to_owned(),
            number: version,
            at: change.now.0,
            who: change.by.to_string(),
            element: change.element.clone(),
            command: change.command.to_string(),
            events: serde_json::to_string(events).expect("events have only names that are strings"),
            snapshot,
        });
    }

    /// The task as it stands now.
    pub fn task(&self, id: &str, exec: ExecId) -> Result<TaskRow, Denied> {
        let key = (id.to_owned(), number(exec.0));
        let row = match self.book.tasks.get(&key) {
            Some(row) => row.as_ref(),
            None => self.tasks.get(&key),
        };
        let mut row = row.cloned().ok_or(Denied::NoTask)?;
        if let Some(due) = self.book.dues.get(&key) {
            row.due = *due;
        }
        Ok(row)
    }

    /// Who did the tasks whose doers may not do this one.
    pub fn four_eyes(&self, id: &str, task: &TaskRow, who: &By) -> Result<(), Denied> {
        let open = self.opens.get(id).ok_or(Denied::NoInstance)?;
        let Some(at) = open.model.program.find(&task.element) else { return Ok(()) };
        for element in open.model.program.node(at).four_eyes() {
            let of = (id.to_owned(), element.to_owned());
            if self.done.get(&of).is_some_and(|list| list.contains(&who.to_string())) {
                return Err(Denied::FourEyes { who: who.name().to_string(), element: element.to_owned() });
            }
        }
        Ok(())
    }
}

/// A process that begins with an event.
pub(super) fn begun_by(
    model: i64,
    start: &StartBy,
    (variables, agency): (super::Payload, Option<&str>),
) -> Start {
    let process = start.process.parse().ok();
    let element = Some(start.element.clone());
    let agency = agency.and_then(|code| code.parse().ok());
    Start { model: Of::Id(model), process, element, business_key: None, agency, variables }
}

/// What calendars of today would change in an instance.
pub(super) fn recomputed(
    state: &State,
    program: &crate::model::Program,
    (outside, now): (&dyn Outside, Ts),
) -> Result<Vec<Event>, Denied> {
    let context = Context { program, now, outside, tells: 0 };
    Ok(decided(context, state.clone(), vec![Command::Recalculate])?.1)
}

/// Decides commands one after another. What makes the engine, or an expression, fail badly is refused like anything else:
/// the other calls of the transaction must not suffer from it.
fn decided(
    context: Context<'_>,
    state: State,
    commands: Vec<Command>,
) -> Result<(State, Vec<Event>), Denied> {
    let all = move || {
        let (mut state, mut events) = (state, Vec::new());
        for command in commands {
            let (next, more) = decide(context, state, command)?;
            state = next;
            events.extend(more);
        }
        Ok::<_, Refused>((state, events))
    };
    let broken = |_| Denied::Damaged("quyết định bị lỗi / deciding failed".to_owned());
    Ok(std::panic::catch_unwind(std::panic::AssertUnwindSafe(all)).map_err(broken)??)
}

/// Which calendars an instance was computed with, after a change that was made with these.
fn computed_by(before: Option<String>, counts: bool, by: worktime::Version) -> Option<String> {
    counts.then(|| match before {
        None => by.to_string(),
        Some(same) if same == by.to_string() => same,
        // What is older stays until all is computed again.
        Some(_) => String::new(),
    })
}

/// The word for an outcome in lists.
pub(super) fn outcome_word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Completed => "completed".to_owned(),
        Outcome::Terminated => "terminated".to_owned(),
        Outcome::Error(code) => format!("error:{code}"),
        Outcome::Cancelled => "cancelled".to_owned(),
    }
}

/// A state as it is stored.
pub(super) fn stored(state: &State) -> Result<String, Denied> {
    let text = serde_json::to_string(state).map_err(|_| Denied::TooDeep)?;
    if depth(&text) > STATE_DEPTH_MAX {
        return Err(Denied::TooDeep);
    }
    if text.len() > STATE_BYTES_SMALL {
        let of = |map: &Map<String, Value>| serde_json::to_string(map).map_or(usize::MAX, |text| text.len());
        let sizes = state.execs.values().map(|exec| of(&exec.variables));
        let bytes = sizes.fold(of(&state.variables), usize::saturating_add);
        // What is remembered for undoing, and lists that are gone through, are variables too.
        if bytes > VARIABLES_BYTES_MAX || text.len() > 4 * VARIABLES_BYTES_MAX {
            return Err(Denied::TooLarge { bytes: bytes.max(text.len()) });
        }
    }
    Ok(text)
}

/// Rows by key.
pub(super) fn by_key<R>(rows: Vec<R>, key: impl Fn(&R) -> Key) -> HashMap<Key, R> {
    rows.into_iter().map(|row| (key(&row), row)).collect()
}
