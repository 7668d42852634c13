//! The engine is killed in the middle of its work, again and again: what it had answered is there, nothing is there twice.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use base::{Clock as _, FakeClock, SystemClock};
use process::runner::{By, Changed, InstanceId, Listed, Name, Payload, Processes, Wanted};
use testkit::{TestStore, on_both};

use worker::{TOPIC, begin, person};

const MODEL: &[u8] = include_bytes!("crash/model.bpmn");
/// Names the variable with the store on which a child works, and the number of its round.
const CHILD_VARIABLE: &str = "LIENTHONG_TEST_CRASH";
/// How often it is killed.
const ROUNDS: u64 = 20;
/// Before what a child says: its test runner speaks too.
const MARK: char = '@';
/// Commands, after which a child would end if nobody killed it.
const NEVER: u64 = 1_000_000;
/// Tasks that each instance has.
const TASKS: usize = 3;

on_both!(kill_9_loses_nothing_and_repeats_nothing);

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

async fn kill_9_loses_nothing_and_repeats_nothing(store: TestStore) {
    let all = worker::open(store.url(), Arc::new(SystemClock)).await;
    all.deploy(MODEL, &person()).await.unwrap();
    let mut said = Vec::new();
    for round in 0..ROUNDS {
        let lines_before_kill = 5 + usize::try_from(round * 37 % 60).unwrap();
        said.extend(killed_after(lines_before_kill, child(store.url(), round)));
    }
    assert!(said.iter().filter(|line| line.starts_with("got ")).count() > 200, "{}", said.len());
    check(&store, &said).await;
}

/// This test is what a child runs; as a test it shows that what is checked holds without a kill.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_nobody_kills_loses_nothing() {
    if let Ok(given) = std::env::var(CHILD_VARIABLE) {
        let (round, url) = given.split_once(' ').unwrap();
        let says = Arc::new(|line: String| println!("{MARK}{line}"));
        return worker::work(url, round.parse().unwrap(), NEVER, says).await;
    }
    let store = TestStore::sqlite();
    let all = worker::open(store.url(), Arc::new(SystemClock)).await;
    all.deploy(MODEL, &person()).await.unwrap();
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&said);
    worker::work(store.url(), 0, 200, Arc::new(move |line| heard.lock().unwrap().push(line))).await;
    let said = said.lock().unwrap().clone();
    check(&store, &said).await;
}

fn child(url: &str, round: u64) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "crash::a_worker_that_nobody_kills_loses_nothing", "--nocapture"]);
    command.env(CHILD_VARIABLE, format!("{round} {url}")).stdout(Stdio::piped());
    command.spawn().unwrap()
}

/// What a child said until it was killed, which was after so many lines.
fn killed_after(lines: usize, mut child: Child) -> Vec<String> {
    let said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut said = said.filter_map(|line| Some(line.split_once(MARK)?.1.to_owned()));
    let mut heard: Vec<_> = said.by_ref().take(lines).collect();
    assert_eq!(heard.len(), lines, "the worker has ended by itself");
    child.kill().unwrap();
    // What it wrote before the kill is in the pipe still; its last line may be cut short.
    heard.extend(said);
    child.wait().unwrap();
    heard
}

/// What was asked for, by key, and what was answered.
#[derive(Default)]
struct Said {
    asked: BTreeMap<String, (String, String)>,
    got: BTreeMap<String, (InstanceId, i64)>,
    effects: BTreeSet<String>,
}

impl Said {
    fn read(lines: &[String]) -> Self {
        let mut said = Self::default();
        for line in lines {
            let words: Vec<_> = line.split(' ').collect();
            match words.as_slice() {
                ["asked", key, what, of] => {
                    drop(said.asked.insert((*key).to_owned(), ((*what).to_owned(), (*of).to_owned())));
                }
                ["got", key, answer] => {
                    let Some((id, number)) = answer.split_once('/') else { continue };
                    let (Ok(id), Ok(number)) = (id.parse(), number.parse()) else { continue };
                    said.got.insert((*key).to_owned(), (id, number));
                }
                ["effect", job] => drop(said.effects.insert((*job).to_owned())),
                _ => {}
            }
        }
        said
    }
}

async fn check(store: &TestStore, lines: &[String]) {
    let said = Said::read(lines);
    // An hour later: jobs of workers that are gone can be had again, and timers have come.
    let clock = Arc::new(FakeClock::at(SystemClock.now().plus_secs(3_600)));
    let all = worker::open(store.url(), clock.clone()).await;
    let mut started = BTreeSet::new();
    for (key, (what, of)) in &said.asked {
        let again = match what.as_str() {
            "start" => {
                let id = all.start(begin(), &person(), Some(name(key))).await.unwrap();
                assert!(started.insert(id), "{key} gives {id}, which another key has begun");
                Some((id, 1))
            }
            "complete" => {
                done(all.complete(of.parse().unwrap(), Payload::none(), &person(), Some(name(key))).await)
            }
            // Whoever had the job is gone: only what was done can be answered again.
            _ => None,
        };
        if let Some(got) = said.got.get(key).filter(|_| what != "job") {
            assert_eq!(again, Some(*got), "{key} {what} {of} was answered otherwise before");
        }
    }
    let known: BTreeSet<_> = instances(&all).await;
    assert_eq!(known, started, "an instance was lost, or began that nobody asked for");
    for (key, (id, number)) in &said.got {
        let (what, of) = &said.asked[key];
        let history = all.history(*id, number - 1, 1).await.unwrap();
        assert!(is(&history[0], what, of), "{key} {what} {of} is not in the history: {history:?}");
    }
    // Those that were begun only now have timers of their own.
    clock.advance_secs(60);
    all.tick(clock.now()).await.unwrap();
    finish(&all).await;
    for id in known {
        went_once(&all, id, &said).await;
    }
}

fn done(answer: Result<process::runner::Answer, process::runner::Denied>) -> Option<(InstanceId, i64)> {
    match answer.ok()? {
        process::runner::Answer::Done { instance, number } => Some((instance.parse().unwrap(), number)),
        other => panic!("{other:?}"),
    }
}

async fn instances(all: &Processes) -> BTreeSet<InstanceId> {
    let page = all.instances(&Listed { limit: 1_000, ..Listed::default() }).await.unwrap();
    assert!(page.len() < 1_000);
    page.into_iter().map(|one| one.id).collect()
}

/// Whether a change is what was asked for.
fn is(change: &Changed, what: &str, of: &str) -> bool {
    let exec = of.split_once('/').and_then(|(_, exec)| exec.parse::<u64>().ok());
    let act = if what == "job" { "job-done" } else { what };
    change.command["act"] == act && (what == "start" || change.command["exec"].as_u64() == exec)
}

/// Does everything that is open.
async fn finish(all: &Processes) {
    loop {
        let tasks = all.tasks(&Wanted { limit: 1_000, ..Wanted::default() }).await.unwrap();
        let jobs = all.fetch(&name(TOPIC), &name("last"), 1_000, 60).await.unwrap();
        if tasks.is_empty() && jobs.is_empty() {
            return;
        }
        for task in tasks {
            all.complete(task.id, Payload::none(), &person(), None).await.unwrap();
        }
        for job in jobs {
            all.job_done(job.task.id, Payload::none(), &name("last"), None).await.unwrap();
        }
    }
}

/// Each instance has ended, and everything in it was done as often as drawn.
async fn went_once(all: &Processes, id: InstanceId, said: &Said) {
    let shown = all.show(id).await.unwrap();
    assert_eq!(shown.instance.outcome.as_deref(), Some("completed"), "{id}: {shown:?}");
    let counts = ["dem", "gui", "hen"].map(|name| shown.variables[name].as_u64().unwrap());
    assert_eq!(counts, [TASKS as u64, 1, 1], "{id}");
    let history = all.history(id, 0, 1_000).await.unwrap();
    let of = |act: &str| history.iter().filter(|change| change.command["act"] == act).collect::<Vec<_>>();
    assert_eq!([of("start").len(), of("complete").len(), of("happened").len()], [1, TASKS, 1], "{id}");
    let jobs = of("job-done");
    assert_eq!(jobs.len(), 1, "{id}");
    // What was done outside for this instance had one key, that of its job, however often it was done.
    let key = format!("{id}/{}", jobs[0].command["exec"]);
    let effects = said.effects.iter().filter(|effect| effect.starts_with(&id.to_string()));
    assert!(effects.clone().all(|effect| *effect == key), "{id}: {:?}", effects.collect::<Vec<_>>());
    let by_worker = jobs[0].who != By::System(name("last")).to_string();
    assert!(!by_worker || said.effects.contains(&key), "{id}: a job was done of which nobody knew");
}
