//! What a transaction will write: rows that follow from the states, each once however often it changed.

use std::collections::BTreeMap;

use base::Ts;
use store::process::{AnswerRow, Changes, HistoryRow, IncidentRow, InstanceRow, LetterRow, TaskRow, WaitRow};

use super::input::{correlation, indexed};
use crate::engine::{Awaited, Exec, ExecId, Incident, Role, State, Step};
use crate::model::{Kind, Node, NodeIx, Program, Task};

/// A task of persons.
pub(super) const PERSONS: i64 = 0;
/// A job of workers.
pub(super) const WORKERS: i64 = 1;
const MOMENT: i64 = 0;
const MESSAGE: i64 = 1;
const SIGNAL: i64 = 2;
/// How often a job is tried unless its element says otherwise (`retries`).
pub(super) const TRIES: i64 = 3;
/// More tries than these are never asked for.
const TRIES_MAX: i64 = 1_000;
/// Code of an incident of what the engine itself would have done next, which was refused.
pub(super) const HELD: &str = "held";

/// Instance and number of a step or wait.
pub(super) type Key = (String, i64);

/// Rows by key; none is gone.
#[derive(Default)]
pub(super) struct Book {
    pub waits: BTreeMap<Key, Option<WaitRow>>,
    pub tasks: BTreeMap<Key, Option<TaskRow>>,
    /// Due dates of open work that were computed again.
    pub dues: BTreeMap<Key, Option<i64>>,
    pub incidents: BTreeMap<Key, Option<IncidentRow>>,
    pub history: Vec<HistoryRow>,
    pub letters: Vec<LetterRow>,
    pub letters_gone: Vec<String>,
    pub answers: BTreeMap<String, AnswerRow>,
}

/// With what rows are made.
pub(super) struct Making<'a> {
    pub program: &'a Program,
    pub process: &'a str,
    pub business_key: Option<&'a str>,
    pub now: Ts,
}

impl<'a> Making<'a> {
    pub fn of(row: &'a InstanceRow, program: &'a Program, now: Ts) -> Self {
        Self { program, process: &row.process, business_key: row.business_key.as_deref(), now }
    }
}

/// The value of an extension attribute.
pub(super) fn extra<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    node.extra(name)
}

/// A number as the store keeps it.
pub(super) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Book {
    /// What has changed between two states of an instance.
    pub fn derive(&mut self, id: &str, making: &Making<'_>, before: &State, after: &State) {
        self.derive_waits(id, before, after);
        let (had, has) = (open_work(before), open_work(after));
        for exec in had.keys().filter(|exec| !has.contains_key(exec)) {
            self.tasks.insert((id.to_owned(), number(exec.0)), None);
        }
        for (exec, node) in has.iter().filter(|(exec, _)| !had.contains_key(exec)) {
            let agency = after.agency(*exec).map(str::to_owned);
            let row = task_row(id, making, (*exec, *node), (agency, after.due(*exec)));
            self.tasks.insert((id.to_owned(), number(exec.0)), Some(row));
        }
        for exec in has.keys().filter(|exec| had.contains_key(exec)) {
            let due = after.due(*exec);
            if before.due(*exec) != due {
                self.dues.insert((id.to_owned(), number(exec.0)), due.map(|due| due.0));
            }
        }
        for (exec, incident) in before.incidents() {
            if after.exec(exec).and_then(|exec| exec.incident.as_ref()) != Some(incident) {
                self.incidents.insert((id.to_owned(), number(exec.0)), None);
            }
        }
        for (exec, incident) in after.incidents() {
            if before.exec(exec).and_then(|exec| exec.incident.as_ref()) != Some(incident) {
                let row = incident_row(id, making, (exec, after.exec(exec)), incident);
                self.incidents.insert((id.to_owned(), number(exec.0)), Some(row));
            }
        }
    }

    fn derive_waits(&mut self, id: &str, before: &State, after: &State) {
        let mut had: BTreeMap<u64, &Awaited> =
            before.waits().map(|(_, wait)| (wait.id, &wait.what)).collect();
        for (_, wait) in after.waits() {
            if had.remove(&wait.id) != Some(&wait.what) {
                self.waits.insert((id.to_owned(), number(wait.id)), wait_row(id, wait.id, &wait.what));
            }
        }
        for gone in had.into_keys() {
            self.waits.insert((id.to_owned(), number(gone)), None);
        }
    }

    /// All of it, for the store.
    pub fn into_changes(mut self, changes: &mut Changes) {
        (changes.waits, changes.waits_gone) = parted(self.waits);
        for (key, due) in self.dues {
            match self.tasks.get_mut(&key) {
                Some(Some(row)) => row.due = due,
                Some(None) => {}
                None => changes.dues.push((key, due)),
            }
        }
        (changes.tasks, changes.tasks_gone) = parted(self.tasks);
        (changes.incidents, changes.incidents_gone) = parted(self.incidents);
        changes.history = self.history;
        changes.letters = self.letters;
        changes.letters_gone = self.letters_gone;
        changes.answers = self.answers.into_values().collect();
    }
}

fn parted<R>(rows: BTreeMap<Key, Option<R>>) -> (Vec<R>, Vec<Key>) {
    let (mut there, mut gone) = (Vec::new(), Vec::new());
    for (key, row) in rows {
        match row {
            Some(row) => there.push(row),
            None => gone.push(key),
        }
    }
    (there, gone)
}

/// The row by which a wait is found; none for what nobody looks for.
pub(super) fn wait_row(instance: &str, id: u64, what: &Awaited) -> Option<WaitRow> {
    let row = |kind, due, name, correlation| {
        Some(WaitRow { instance: instance.to_owned(), number: number(id), kind, due, name, correlation })
    };
    match what {
        Awaited::Moment { .. } => row(MOMENT, what.due().map(|due| due.0), None, None),
        Awaited::Message { name, key } => {
            row(MESSAGE, None, Some(indexed(name)), Some(correlation(key.as_ref())))
        }
        Awaited::Signal(name) => row(SIGNAL, None, Some(indexed(name)), None),
        Awaited::Condition(_) | Awaited::Past => None,
    }
}

/// The steps that somebody must do.
fn open_work(state: &State) -> BTreeMap<ExecId, NodeIx> {
    let open = state.execs.iter().filter(|(_, exec)| exec.incident.is_none());
    let open = open.filter(|(_, exec)| exec.role == Role::Step(Step::Work));
    open.filter_map(|(id, exec)| Some((*id, exec.node?))).collect()
}

/// Whether a node is a task of persons or a job.
pub(super) fn kind(node: &Node) -> i64 {
    match node.kind {
        Kind::Task(Task::User | Task::Manual) => PERSONS,
        _ => WORKERS,
    }
}

pub(super) fn task_row(
    instance: &str,
    making: &Making<'_>,
    (exec, at): (ExecId, NodeIx),
    (agency, due): (Option<String>, Option<Ts>),
) -> TaskRow {
    let node = making.program.node(at);
    let kind = kind(node);
    let role = extra(node, "role").or(node.lane.as_deref()).map(str::to_owned);
    let topic = (kind == WORKERS).then(|| extra(node, "topic").unwrap_or(&node.id).to_owned());
    let tries = extra(node, "retries").and_then(|text| text.parse().ok()).unwrap_or(TRIES);
    TaskRow {
        instance: instance.to_owned(),
        exec: number(exec.0),
        kind,
        element: node.id.to_string(),
        name: node.name.to_string(),
        role,
        agency,
        topic,
        assignee: None,
        created: making.now.0,
        due: due.map(|due| due.0),
        retries: tries.clamp(1, TRIES_MAX),
        not_before: making.now.0,
        locked_by: None,
        locked_until: 0,
        business_key: making.business_key.map(str::to_owned),
    }
}

fn incident_row(
    instance: &str,
    making: &Making<'_>,
    (exec, open): (ExecId, Option<&Exec>),
    incident: &Incident,
) -> IncidentRow {
    let node = open.and_then(|exec| exec.node);
    IncidentRow {
        instance: instance.to_owned(),
        exec: number(exec.0),
        element: node.map_or(making.process, |node| &making.program.node(node).id).to_owned(),
        code: incident.code.clone(),
        // PostgreSQL keeps no text with this character.
        why: incident.why.replace('\0', "\u{fffd}"),
        since: making.now.0,
        owner: None,
        business_key: making.business_key.map(str::to_owned),
    }
}
