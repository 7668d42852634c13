//! The one that writes: takes what is asked for, some hundred at a time, and makes one durable transaction of it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base::Ts;
use store::process::{Changes, LetterRow, ProcessTx};
use tokio::sync::mpsc;

use super::book::{Book, number};
use super::call::{Act, Answer, Call, Of, Told, What};
use super::catalog::{StartOn, newest, starts};
use super::chain::Cause;
use super::input::{By, Payload, indexed};
use super::work::{Ended, Open, Signalled, Work, begun_by, by_key};
use super::{Denied, Shared};
use crate::engine::State;

/// Calls of one transaction.
pub(super) const BATCH_MAX: usize = 256;
/// How long one transaction decides before it leaves the rest of its calls to the next: who asks for little must not wait for
/// hundreds that are heavy.
const DECIDING: Duration = Duration::from_millis(200);
/// Pause before instances that another node holds are tried again.
const BUSY_PAUSE: Duration = Duration::from_millis(2);
/// How often a transaction is made anew because another node answered a key meanwhile.
const ATTEMPTS_MAX: u32 = 5;

/// Writes until nobody can ask any more.
pub(super) async fn run(shared: Arc<Shared>, mut asked: mpsc::Receiver<Call>) {
    let (mut calls, mut later) = (Vec::new(), Vec::new());
    loop {
        if later.is_empty() {
            if asked.recv_many(&mut calls, BATCH_MAX).await == 0 {
                return;
            }
        } else {
            tokio::time::sleep(BUSY_PAUSE).await;
            calls.append(&mut later);
            while calls.len() < BATCH_MAX {
                let Ok(call) = asked.try_recv() else { break };
                calls.push(call);
            }
        }
        let mut again = batch(&shared, std::mem::take(&mut calls)).await;
        // What was left because another node was faster may be gone for good; whoever asked may be too.
        again.retain(|call| call.reply.as_ref().is_none_or(|reply| !reply.is_closed()));
        later = again;
    }
}

/// One transaction. Gives the calls whose instances another node holds.
async fn batch(shared: &Arc<Shared>, calls: Vec<Call>) -> Vec<Call> {
    let mut calls = calls;
    for _ in 0..ATTEMPTS_MAX {
        match attempt(shared, calls).await {
            Ok(Some(later)) => return later,
            Ok(None) => return Vec::new(),
            Err(back) => calls = back,
        }
    }
    answer_all(calls, &Denied::Stopping);
    Vec::new()
}

fn answer_all(calls: Vec<Call>, denied: &Denied) {
    for reply in calls.into_iter().filter_map(|call| call.reply) {
        // Who asked may be gone.
        let _ = reply.send(Err(denied.clone()));
    }
}

/// One attempt; gives the calls back when it must be made again.
async fn attempt(shared: &Arc<Shared>, calls: Vec<Call>) -> Result<Option<Vec<Call>>, Vec<Call>> {
    let mut expanded = calls;
    match transact(shared, &mut expanded).await {
        Ok(Some(ended)) => Ok(Some(answer(shared, expanded, ended))),
        Ok(None) => {
            expanded.retain(|call| {
                call.reply.is_some() || matches!(call.what, What::Letters { .. } | What::Due { .. })
            });
            Err(expanded)
        }
        Err(denied) => {
            tracing::error!(error = %denied, "a transaction of the process engine failed");
            answer_all(expanded, &denied);
            Ok(None)
        }
    }
}

/// Tells everybody how it ended.
fn answer(shared: &Shared, calls: Vec<Call>, ended: Vec<Ended>) -> Vec<Call> {
    let worked =
        |(call, ended): &(&Call, &Ended)| call.reply.is_none() && matches!(ended, Ended::Answered(Ok(_)));
    let worked = calls.iter().zip(&ended).filter(worked).count() as u64;
    let mut later = Vec::new();
    for (mut call, ended) in calls.into_iter().zip(ended) {
        match ended {
            // Letters and moments are found again by the next look.
            Ended::Later if call.reply.is_some() => later.push(call),
            Ended::Later => shared.letters_wait(),
            Ended::Answered(result) => {
                let result = match (&call.what, result) {
                    (What::Due { .. } | What::Letters { .. }, Ok(_)) => Ok(Answer::Worked(worked)),
                    (_, result) => result,
                };
                if let Some(reply) = call.reply.take() {
                    let _ = reply.send(result);
                }
            }
        }
    }
    later
}

/// Reads, carries out, writes, commits. None when another node answered one of the keys meanwhile.
async fn transact(shared: &Arc<Shared>, calls: &mut Vec<Call>) -> Result<Option<Vec<Ended>>, Denied> {
    let mut tx = shared.store.begin().await?;
    let now = shared.clock.now();
    expand(shared, &mut tx, calls, now).await?;
    let mut work = gather(shared, &mut tx, calls, now).await?;
    let all = std::mem::take(calls);
    // Deciding may take a while; other tasks of this thread must not wait for it.
    let decided = tokio::task::spawn_blocking(move || {
        let began = Instant::now();
        let mut decided = 0;
        let ended = all.iter().map(|call| match call.what {
            What::Due { .. } | What::Letters { .. } => work.carry_out(call),
            // One at least, however heavy it is.
            _ if decided > 0 && began.elapsed() > DECIDING => Ended::Later,
            _ => {
                decided += 1;
                work.carry_out(call)
            }
        });
        let ended: Vec<_> = ended.collect();
        (all, work, ended)
    });
    let (all, mut work, ended) = decided.await.map_err(|_| Denied::Stopping)?;
    *calls = all;
    tell_signals(&mut tx, &mut work).await?;
    let Work { opens, mut book, .. } = work;
    let mut changes = Changes::default();
    let wakes = !book.letters.is_empty() || book.waits.values().flatten().any(|wait| wait.kind == 1);
    let book = std::mem::take(&mut book);
    book.into_changes(&mut changes);
    changes.instances = opens.into_values().filter(|open| open.changed).map(|open| open.row).collect();
    if !tx.write(changes).await? {
        tx.undo().await?;
        return Ok(None);
    }
    tx.commit().await?;
    if wakes {
        shared.letters_wait();
    }
    Ok(Some(ended))
}

/// Puts what is due, and letters, in the place of the calls that ask for them.
async fn expand(
    shared: &Shared,
    tx: &mut ProcessTx<'_>,
    calls: &mut Vec<Call>,
    now: Ts,
) -> Result<(), Denied> {
    let mut found = Vec::new();
    for call in calls.iter() {
        let moment = call.now.unwrap_or(now);
        match call.what {
            What::Due { limit } => {
                for (instance, wait) in tx.due(moment.0, limit).await? {
                    let wait = u64::try_from(wait).unwrap_or_default();
                    let act = Act::Happened { wait, variables: Payload::none(), message: None };
                    found.push((What::Act { instance, act }, "timer", moment, None));
                }
            }
            What::Letters { limit } => {
                let heads = shared.catalog.heads(tx).await?;
                let names = starts(&heads, moment).filter_map(|(_, start)| match &start.on {
                    StartOn::Message(name) => Some(indexed(name)),
                    _ => None,
                });
                let names: Vec<_> = names.collect();
                for letter in tx.letters(moment.0, &names, limit).await? {
                    found.push((delivery(&letter)?, "letter", moment, Some(letter)));
                }
            }
            _ => {}
        }
    }
    calls.extend(found.into_iter().map(|(what, part, moment, letter)| Call {
        // Who sent it stands in the history, however long it was kept.
        by: letter.as_ref().map_or_else(|| By::engine(part), |letter| By::read(&letter.who)),
        key: None,
        what,
        now: Some(moment),
        reply: None,
        letter,
    }));
    Ok(())
}

/// What a letter asks for.
fn delivery(letter: &LetterRow) -> Result<What, Denied> {
    let variables = serde_json::from_str(&letter.variables);
    let variables =
        variables.map_err(|error| Denied::Damaged(format!("process_letter {}: {error}", letter.id)))?;
    let variables = Payload::trusted(variables);
    let name = letter.name.clone();
    Ok(match (letter.kind, &letter.instance, letter.model) {
        (1, Some(instance), _) => {
            What::Act { instance: instance.clone(), act: Act::Signal { name, variables } }
        }
        (2, _, Some(model)) => {
            let start = super::catalog::StartBy {
                process: String::new(),
                element: name,
                on: StartOn::Message(String::new()),
            };
            What::Start(begun_by(model, &start, (variables, letter.agency.as_deref())))
        }
        _ => {
            let (correlation, agency) = (letter.correlation.clone(), letter.agency.clone());
            What::Message(Told { name, correlation, variables, keep_secs: None, agency })
        }
    })
}

/// Reads everything that the calls need.
async fn gather(
    shared: &Arc<Shared>,
    tx: &mut ProcessTx<'_>,
    calls: &[Call],
    now: Ts,
) -> Result<Work, Denied> {
    let heads = shared.catalog.heads(tx).await?;
    let mut work = Work {
        now,
        ids: Arc::clone(&shared.ids),
        outside: Arc::clone(&shared.outside),
        heads,
        models: HashMap::new(),
        opens: HashMap::new(),
        unread: HashMap::new(),
        busy: Vec::new(),
        tasks: HashMap::new(),
        incidents: HashMap::new(),
        done: HashMap::new(),
        waiting: HashMap::new(),
        listening: HashMap::new(),
        answers: HashMap::new(),
        book: Book::default(),
        signals: Vec::new(),
        chains: Arc::clone(&shared.chains),
        cause: Cause::default(),
    };
    let keys = calls.iter().filter_map(|call| Some(format!("{}|{}", call.by, call.key.as_ref()?)));
    for row in tx.answers(keys.collect()).await? {
        work.answers.insert(row.key.clone(), row);
    }
    listeners(tx, calls, &mut work).await?;
    instances(shared, tx, calls, &mut work).await?;
    starting(shared, tx, calls, &mut work).await?;
    rows_of_steps(tx, calls, &mut work).await?;
    Ok(work)
}

/// Who waits for the messages and signals.
async fn listeners(tx: &mut ProcessTx<'_>, calls: &[Call], work: &mut Work) -> Result<(), Denied> {
    let mut messages: HashMap<(String, String), i64> = HashMap::new();
    for call in calls {
        match &call.what {
            What::Message(told) => {
                *messages.entry((told.name.clone(), told.correlation.clone())).or_default() += 1;
            }
            What::Signal { name, .. } if !work.listening.contains_key(name.as_str()) => {
                let found = tx.listening(&indexed(name.as_str())).await?;
                work.listening.insert(name.to_string(), found);
            }
            _ => {}
        }
    }
    for (to, count) in messages {
        // Some of them may not wait any more when they are looked at.
        let found = tx.waiting((&to.0, &to.1), count + 4).await?;
        work.waiting.insert(to, found);
    }
    Ok(())
}

/// Locks and reads the instances.
async fn instances(
    shared: &Shared,
    tx: &mut ProcessTx<'_>,
    calls: &[Call],
    work: &mut Work,
) -> Result<(), Denied> {
    let named = calls.iter().filter_map(|call| match &call.what {
        What::Act { instance, .. } => Some(instance.clone()),
        _ => None,
    });
    let waiting = work.waiting.values().flatten().map(|(id, _)| id.clone());
    let mut ids: BTreeSet<String> = named.chain(waiting).collect();
    for row in tx.lock(ids.iter().cloned().collect()).await? {
        ids.remove(&row.id);
        let model = match shared.catalog.model(tx, row.model).await {
            Ok(model) => model,
            Err(store @ Denied::Store(_)) => return Err(store),
            // The others of the batch must not suffer from one that cannot be read.
            Err(denied) => {
                tracing::error!(model = row.model, error = %denied, "a model cannot be read");
                work.unread.insert(row.id, denied);
                continue;
            }
        };
        let state: State = match serde_json::from_str(&row.state) {
            Ok(state) => state,
            Err(error) => {
                tracing::error!(instance = row.id, %error, "the state of an instance cannot be read");
                work.unread.insert(row.id, Denied::Damaged(error.to_string()));
                continue;
            }
        };
        work.models.insert(row.model, Arc::clone(&model));
        work.opens.insert(row.id.clone(), Open { row, state, model, changed: false });
    }
    // What is there and was not given to us is held by another node.
    work.busy = tx.instances(ids.into_iter().collect()).await?.into_iter().map(|row| row.id).collect();
    Ok(())
}

/// Reads the models of which instances may begin.
async fn starting(
    shared: &Shared,
    tx: &mut ProcessTx<'_>,
    calls: &[Call],
    work: &mut Work,
) -> Result<(), Denied> {
    let heads = Arc::clone(&work.heads);
    let mut ids = BTreeSet::new();
    for call in calls {
        let now = call.now.unwrap_or(work.now);
        match &call.what {
            What::Start(start) => match &start.model {
                Of::Newest(key) => {
                    let process = start.process.as_ref().map(super::Name::as_str);
                    ids.extend(newest(&heads, key.as_str(), process, now).map(|head| head.row.id));
                }
                Of::Version(key, version) => {
                    let of = heads.iter().filter(|head| head.row.key == key.as_str());
                    ids.extend(of.filter(|head| head.row.version == *version).map(|head| head.row.id));
                }
                Of::Id(id) => drop(ids.insert(*id)),
            },
            What::Message(told) => {
                let begins =
                    |on: &StartOn| matches!(on, StartOn::Message(name) if indexed(name) == told.name);
                ids.extend(
                    starts(&heads, now).filter(|(_, start)| begins(&start.on)).map(|(head, _)| head.row.id),
                );
            }
            What::Act { act: Act::Migrate(plan), .. } => drop(ids.insert(plan.to)),
            _ => {}
        }
    }
    for id in ids {
        match shared.catalog.model(tx, id).await {
            Ok(model) => drop(work.models.insert(id, model)),
            Err(Denied::NoModel | Denied::ReadOtherwise(_)) => {}
            Err(denied) => return Err(denied),
        }
    }
    Ok(())
}

/// Reads the tasks and incidents that calls are about, and who did what they must not have done.
async fn rows_of_steps(tx: &mut ProcessTx<'_>, calls: &[Call], work: &mut Work) -> Result<(), Denied> {
    let (mut tasks, mut incidents, mut done) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for call in calls {
        let What::Act { instance, act } = &call.what else { continue };
        if let (Act::Migrate(_), Some(open)) = (act, work.opens.get(instance)) {
            let all = open.state.execs.keys().map(|exec| (instance.clone(), number(exec.0)));
            tasks.extend(all.clone());
            incidents.extend(all);
        }
        let Some(exec) = act.exec() else { continue };
        let key = (instance.clone(), number(exec.0));
        if matches!(act, Act::Retry { .. } | Act::Resolve { .. } | Act::Own { .. }) {
            incidents.insert(key);
            continue;
        }
        tasks.insert(key);
        let Some(open) = work.opens.get(instance) else { continue };
        let Some(node) = open.state.exec(exec).and_then(|exec| exec.node) else { continue };
        let others = open.model.program.node(node).four_eyes();
        done.extend(others.map(|element| (instance.clone(), element.to_owned())));
    }
    work.tasks = by_key(tx.tasks(tasks.into_iter().collect()).await?, |row| (row.instance.clone(), row.exec));
    let incidents = tx.incidents(incidents.into_iter().collect()).await?;
    work.incidents = by_key(incidents, |row| (row.instance.clone(), row.exec));
    for row in tx.done(done.into_iter().collect()).await? {
        if let Some(element) = row.element {
            work.done.entry((row.instance, element)).or_default().push(row.who);
        }
    }
    Ok(())
}

/// Makes letters of the signals that instances told.
async fn tell_signals(tx: &mut ProcessTx<'_>, work: &mut Work) -> Result<(), Denied> {
    let signals = std::mem::take(&mut work.signals);
    for Signalled { name, .. } in &signals {
        if !work.listening.contains_key(name) {
            let found = tx.listening(&indexed(name)).await?;
            work.listening.insert(name.clone(), found);
        }
    }
    let now = work.now;
    for told in signals {
        let by = By::engine(told.from.as_deref().unwrap_or_default());
        work.spread(told, (&by, now));
    }
    Ok(())
}
