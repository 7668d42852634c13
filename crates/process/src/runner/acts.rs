//! What persons and workers do with one instance.

use std::collections::BTreeSet;

use base::Ts;
use store::process::TaskRow;

use super::Denied;
use super::book::{HELD, PERSONS, WORKERS, number, wait_row};
use super::call::{Act, Answer};
use super::input::{By, Name};
use super::work::{Change, Work};
use crate::engine::{Command, ExecId, Role, Step, WORK_FAILED};

/// First pause after a job failed, in seconds; it doubles each time.
const PAUSE_SECS: i64 = 10;
/// Longest pause.
const PAUSE_SECS_MAX: i64 = 24 * 3_600;
/// Longest time for which a worker holds a job.
pub(super) const LOCK_SECS_MAX: i64 = 24 * 3_600;
/// Longest reason that is kept, in bytes.
const WHY_BYTES_MAX: usize = 4_096;

/// Which instance, by whom, when.
#[derive(Clone, Copy)]
struct About<'a> {
    id: &'a str,
    by: &'a By,
    now: Ts,
}

impl Work {
    /// Does one thing with one instance.
    pub fn act(&mut self, (id, act): (&str, &Act), by: &By, now: Ts) -> Result<Answer, Denied> {
        if !self.opens.contains_key(id) {
            return Err(self.unread.get(id).cloned().unwrap_or(Denied::NoInstance));
        }
        let about = About { id, by, now };
        let number = match act {
            Act::Complete { exec, .. } | Act::Error { exec, .. } => self.finish_task(about, *exec, act)?,
            Act::Claim { exec } | Act::Unclaim { exec } => self.claim(about, *exec, act)?,
            Act::Assign { exec, to } | Act::Delegate { exec, to } => {
                self.hand_over(about, (*exec, to), act)?
            }
            Act::JobDone { exec, .. } | Act::JobError { exec, .. } => self.finish_job(about, *exec, act)?,
            Act::JobFailed { exec, why, after_secs } => self.job_failed(about, *exec, (why, *after_secs))?,
            Act::JobExtend { exec, secs } => self.extend(about, *exec, *secs)?,
            Act::Retry { exec } | Act::Resolve { exec, .. } => self.retry(about, *exec, act)?,
            Act::Own { exec, owner } => self.own(about, *exec, owner)?,
            Act::Migrate(plan) => self.migrate(plan, &change_of(about, act))?,
            Act::Set { variables } => {
                self.plain(about, act, Command::Set { variables: variables.clone().into_map() })?
            }
            Act::Cancel { .. } => self.plain(about, act, Command::Cancel)?,
            Act::Pause { reason } => self.plain(about, act, Command::Pause { reason: reason.clone() })?,
            Act::Resume { .. } => self.plain(about, act, Command::Resume)?,
            Act::Recalculate => return self.recalculate(&change_of(about, act)),
            Act::Happened { wait, variables, .. } => {
                let variables = variables.clone().into_map();
                self.plain(about, act, Command::Happened { wait: *wait, variables })?
            }
            Act::Signal { name, variables } => {
                let (name, variables) = (name.clone(), variables.clone().into_map());
                self.plain(about, act, Command::Signal { name, variables })?
            }
        };
        Ok(Answer::Done { instance: id.to_owned(), number })
    }

    fn plain(&mut self, about: About<'_>, act: &Act, command: Command) -> Result<i64, Denied> {
        let change = change_of(about, act);
        self.change(&change, vec![command])
    }

    /// A change of a task that moves no token.
    fn note(&mut self, about: About<'_>, act: &Act, row: TaskRow) -> Result<i64, Denied> {
        let number = self.plain_note(about, act)?;
        self.book.tasks.insert((row.instance.clone(), row.exec), Some(row));
        Ok(number)
    }

    fn plain_note(&mut self, about: About<'_>, act: &Act) -> Result<i64, Denied> {
        let change = change_of(about, act);
        self.change(&change, Vec::new())
    }

    fn task_of(&self, about: About<'_>, exec: ExecId, kind: i64) -> Result<TaskRow, Denied> {
        let row = self.task(about.id, exec)?;
        if row.kind == kind { Ok(row) } else { Err(Denied::WrongKind) }
    }

    fn person(&self, about: About<'_>, row: &TaskRow, who: &By) -> Result<(), Denied> {
        if matches!(who, By::System(_)) {
            return Err(Denied::NoPerson);
        }
        self.four_eyes(about.id, row, who)
    }

    fn finish_task(&mut self, about: About<'_>, exec: ExecId, act: &Act) -> Result<i64, Denied> {
        let row = self.task_of(about, exec, PERSONS)?;
        match &row.assignee {
            Some(has) if has != about.by.name().as_str() => return Err(Denied::Taken(has.clone())),
            // Who took it long ago may have done the other task since.
            _ => self.person(about, &row, about.by)?,
        }
        self.finish(about, &row, act)
    }

    fn finish_job(&mut self, about: About<'_>, exec: ExecId, act: &Act) -> Result<i64, Denied> {
        let row = self.job_of(about, exec)?;
        self.finish(about, &row, act)
    }

    /// The job, if this worker has it. One whose time is over may still end it, as long as nobody else got it.
    fn job_of(&self, about: About<'_>, exec: ExecId) -> Result<TaskRow, Denied> {
        let row = self.task_of(about, exec, WORKERS)?;
        match &row.locked_by {
            Some(has) if has == about.by.name().as_str() => Ok(row),
            Some(has) => Err(Denied::Taken(has.clone())),
            None => Err(Denied::NotTaken),
        }
    }

    fn finish(&mut self, about: About<'_>, row: &TaskRow, act: &Act) -> Result<i64, Denied> {
        let command = match act {
            Act::Complete { exec, variables } | Act::JobDone { exec, variables } => {
                Command::Complete { exec: *exec, variables: variables.clone().into_map() }
            }
            Act::Error { exec, code, variables } | Act::JobError { exec, code, variables } => {
                self.known_error(about.id, code.as_str())?;
                let (code, variables) = (code.to_string(), variables.clone().into_map());
                Command::Error { exec: *exec, code, variables }
            }
            _ => return Err(Denied::WrongKind),
        };
        let change = Change { element: Some(row.element.clone()), ..change_of(about, act) };
        self.change(&change, vec![command])
    }

    /// A slip in a code that nothing catches would end the instance.
    fn known_error(&self, id: &str, code: &str) -> Result<(), Denied> {
        let program = &self.opens.get(id).ok_or(Denied::NoInstance)?.model.program;
        if program.knows_error(code) {
            return Ok(());
        }
        let known = if program.errors.is_empty() { "–".to_owned() } else { listed(&program.errors) };
        Err(Denied::NoError { code: code.to_owned(), known })
    }

    fn claim(&mut self, about: About<'_>, exec: ExecId, act: &Act) -> Result<i64, Denied> {
        let row = self.task_of(about, exec, PERSONS)?;
        let me = about.by.name().as_str();
        let assignee = match (&row.assignee, act) {
            (Some(has), _) if has != me => return Err(Denied::Taken(has.clone())),
            (None, Act::Unclaim { .. }) => return Err(Denied::NotTaken),
            (_, Act::Unclaim { .. }) => None,
            _ => {
                self.person(about, &row, about.by)?;
                Some(me.to_owned())
            }
        };
        self.note(about, act, TaskRow { assignee, ..row })
    }

    fn hand_over(&mut self, about: About<'_>, (exec, to): (ExecId, &Name), act: &Act) -> Result<i64, Denied> {
        let row = self.task_of(about, exec, PERSONS)?;
        if matches!(act, Act::Delegate { .. }) {
            match &row.assignee {
                Some(has) if has == about.by.name().as_str() => {}
                Some(has) => return Err(Denied::Taken(has.clone())),
                None => return Err(Denied::NotTaken),
            }
        }
        self.four_eyes(about.id, &row, &By::Person(to.clone()))?;
        self.note(about, act, TaskRow { assignee: Some(to.to_string()), ..row })
    }

    fn job_failed(
        &mut self,
        about: About<'_>,
        exec: ExecId,
        (why, after_secs): (&str, Option<i64>),
    ) -> Result<i64, Denied> {
        let row = self.job_of(about, exec)?;
        let why = cut(why);
        let act = Act::JobFailed { exec, why: why.to_owned(), after_secs };
        let retries = row.retries - 1;
        if retries <= 0 {
            return self.plain(about, &act, Command::Stop { exec, why: why.to_owned() });
        }
        let failed = self.tries(about.id, &row) - retries;
        let doubled = PAUSE_SECS << (failed - 1).clamp(0, 20);
        let pause = after_secs.unwrap_or(doubled).clamp(0, PAUSE_SECS_MAX);
        let not_before = about.now.plus_secs(pause).0;
        self.note(about, &act, TaskRow { retries, not_before, locked_by: None, locked_until: 0, ..row })
    }

    /// How often the job is tried altogether.
    fn tries(&self, id: &str, row: &TaskRow) -> i64 {
        let node = self.opens.get(id).and_then(|open| {
            let at = open.model.program.find(&row.element)?;
            super::book::extra(open.model.program.node(at), "retries")?.parse().ok()
        });
        node.unwrap_or(super::book::TRIES)
    }

    fn extend(&mut self, about: About<'_>, exec: ExecId, secs: i64) -> Result<i64, Denied> {
        let row = self.job_of(about, exec)?;
        let locked_until = about.now.plus_secs(secs).0;
        self.note(about, &Act::JobExtend { exec, secs }, TaskRow { locked_until, ..row })
    }

    /// Lets a step that stopped go on, or what the engine held back.
    fn retry(&mut self, about: About<'_>, exec: ExecId, act: &Act) -> Result<i64, Denied> {
        let key = (about.id.to_owned(), number(exec.0));
        let row = match self.book.incidents.get(&key) {
            Some(row) => row.as_ref(),
            None => self.incidents.get(&key),
        };
        if row.is_some_and(|row| row.code == HELD) {
            return self.let_go(about, exec, act);
        }
        let mut commands = vec![Command::Retry { exec }];
        if let Act::Resolve { variables, .. } = act {
            let variables = variables.clone().into_map();
            let open = self.opens.get(about.id).ok_or(Denied::NoInstance)?;
            let is_work = open.state.exec(exec).is_some_and(|one| one.role == Role::Step(Step::Work));
            let completing = open.state.exec(exec).and_then(|one| one.incident.as_ref());
            match completing {
                // What has not begun cannot be done: it begins with these variables.
                Some(incident) if is_work && incident.code == WORK_FAILED => {
                    commands.push(Command::Complete { exec, variables });
                }
                _ => commands.insert(0, Command::Set { variables }),
            }
        }
        let change = change_of(about, act);
        self.change(&change, commands)
    }

    fn let_go(&mut self, about: About<'_>, exec: ExecId, act: &Act) -> Result<i64, Denied> {
        let number_of_change = match act {
            Act::Resolve { variables, .. } => {
                self.plain(about, act, Command::Set { variables: variables.clone().into_map() })?
            }
            _ => self.plain_note(about, act)?,
        };
        let open = self.opens.get(about.id).ok_or(Denied::NoInstance)?;
        for wait in open.state.exec(exec).map(|exec| exec.waits.as_slice()).unwrap_or_default() {
            let key = (about.id.to_owned(), number(wait.id));
            self.book.waits.insert(key, wait_row(about.id, wait.id, &wait.what));
        }
        self.book.incidents.insert((about.id.to_owned(), number(exec.0)), None);
        Ok(number_of_change)
    }

    fn own(&mut self, about: About<'_>, exec: ExecId, owner: &Name) -> Result<i64, Denied> {
        let key = (about.id.to_owned(), number(exec.0));
        let row = match self.book.incidents.get(&key) {
            Some(row) => row.clone(),
            None => self.incidents.get(&key).cloned(),
        };
        let mut row = row.ok_or(Denied::NoIncident)?;
        row.owner = Some(owner.to_string());
        let number = self.plain_note(about, &Act::Own { exec, owner: owner.clone() })?;
        self.book.incidents.insert(key, Some(row));
        Ok(number)
    }
}

fn listed(codes: &BTreeSet<Box<str>>) -> String {
    codes.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", ")
}

fn change_of<'a>(About { id, by, now }: About<'a>, act: &Act) -> Change<'a> {
    Change { id, by, now, command: act.json(), element: None }
}

/// The begin of a reason, as long as one is kept.
fn cut(why: &str) -> &str {
    let mut end = why.len().min(WHY_BYTES_MAX);
    while !why.is_char_boundary(end) {
        end -= 1;
    }
    &why[..end]
}
