//! Random commands, crashes, two nodes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use testkit::TestStore;

use super::{By, Denied, InstanceId, Listed, Message, Node, Payload, Wanted, begin, name, payload, person};

/// A small generator (xorshift): the same numbers for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() { None } else { Some(&of[self.below(of.len())]) }
    }
}

const FILES: [&str; 11] = [
    "duet",
    "fork",
    "job",
    "payee",
    "payer",
    "by message",
    "by signal",
    "shelter",
    "thunder",
    super::clocks::RELAY,
    super::clocks::SUPPLEMENT,
];
const MODELS: [&str; 9] =
    ["duet", "fork", "job", "payee", "payer", "shelter", "thunder", "relay", "supplement"];
const PEOPLE: [&str; 3] = ["an", "bình", "chi"];

/// One random command; whether it was carried out.
async fn step(node: &Node, chance: &mut Chance) -> bool {
    let by = person(chance.one(&PEOPLE).unwrap());
    let open = node.all.tasks(&Wanted { limit: 1_000, ..Wanted::default() }).await.unwrap();
    let task = chance.one(&open).map(|task| task.id);
    let variables =
        payload(json!({"ok": chance.below(2) == 0, "rich": chance.below(3) == 0, "x": 0.1 + 0.2}));
    let incidents = node.all.incidents(None, None, 9).await.unwrap();
    let incident = chance.one(&incidents).map(|one| one.id);
    let worker = name(chance.one(&["w1", "w2"]).unwrap());
    let dossier = json!(chance.below(3));
    let done: Result<(), Denied> = match (chance.below(16), task, incident) {
        (0 | 1, ..) => {
            let model = chance.one(&MODELS).unwrap();
            let vars = json!({"dossier": dossier, "ok": null, "rich": false, "noi": "H.CA"});
            node.all.start(begin(model, vars), &by, None).await.map(drop)
        }
        (2 | 3, Some(task), _) => node.all.complete(task, variables, &by, None).await.map(drop),
        (4, Some(task), _) => node.all.claim(task, &by).await.map(drop),
        (5, Some(task), _) => node.all.unclaim(task, &by).await.map(drop),
        (6 | 7, ..) => {
            let topic = name(chance.one(&["stamp", "J", "warn"]).unwrap());
            let Some(job) = node.all.fetch(&topic, &worker, 1, 60).await.unwrap().pop() else { return false };
            let id = job.task.id;
            match chance.below(4) {
                0 => node.all.job_failed(id, ("hỏng", Some(0)), &worker, None).await.map(drop),
                1 => node.all.job_error(id, (name("NO"), variables), &worker, None).await.map(drop),
                _ => node.all.job_done(id, variables, &worker, None).await.map(drop),
            }
        }
        (8, ..) => {
            let keep_secs = (chance.below(2) == 0).then_some(600);
            let message = Message {
                name: name("paid"),
                correlation: Some(dossier),
                variables,
                keep_secs,
                agency: None,
            };
            node.all.message(message, &by, None).await.map(drop)
        }
        (9, ..) => node.all.signal(name("storm"), variables, &by, None).await.map(drop),
        (10, ..) => {
            node.later(1_200).await;
            Ok(())
        }
        (11, Some(task), _) => node.all.set_variables(task.instance, variables, &by, None).await.map(drop),
        (12, _, Some(incident)) if chance.below(2) == 0 => node.all.retry(incident, &by).await.map(drop),
        (12, _, Some(incident)) => node.all.resolve(incident, variables, &by).await.map(drop),
        (13, Some(task), _) if chance.below(4) == 0 => {
            node.all.cancel(task.instance, &name("thử"), &by).await.map(drop)
        }
        (14, Some(task), _) => node.all.pause(task.instance, &name("thử"), &by).await.map(drop),
        (15, Some(task), _) => node.all.resume(task.instance, &name("thử"), &by).await.map(drop),
        _ => return false,
    };
    if let Err(denied) = &done {
        assert!(!matches!(denied, Denied::Store(_) | Denied::Damaged(_) | Denied::Stopping), "{denied}");
    }
    done.is_ok()
}

async fn after_any_commands_the_history_gives_the_stored_state(store: TestStore) {
    let node = Node::open(&store).await;
    for file in FILES {
        node.deploy(file).await;
    }
    for seed in 1..=4_u64 {
        let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut done = 0;
        for _ in 0..150 {
            done += u32::from(step(&node, &mut chance).await);
        }
        assert!(done > 50, "{done} of 150 commands fitted");
    }
    let mut after = None;
    let mut seen = 0;
    loop {
        let page = node.all.instances(&Listed { after, limit: 50, ..Listed::default() }).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for one in page {
            seen += 1;
            node.check(one.id).await;
        }
    }
    assert!(seen > 40, "{seen} instances");
}

/// A small procedure, in which each step has a key: what was asked before a crash is asked again after it.
async fn scenario(node: &Node, run: i64) -> Result<(), Denied> {
    let key = |step: &str| Some(name(&format!("{run}-{step}")));
    let (an, binh) = (person("an"), person("bình"));
    let dossier = json!({"dossier": run, "ok": true});
    let waits = node.all.start(begin("payee", dossier.clone()), &an, key("payee")).await?;
    let pays = node.all.start(begin("payer", dossier), &an, key("payer")).await?;
    let fork = node.all.start(begin("fork", json!({"ok": true})), &an, key("fork")).await?;
    for (id, element, who) in [(pays, "T", &an), (fork, "A", &binh)] {
        let task = super::TaskId { instance: id, exec: first_work(element) };
        node.all.complete(task, Payload::none(), who, key(element)).await?;
    }
    let worker = name("w");
    // The job may be held by the worker of before the crash: it is the same one.
    node.clock.advance_secs(61);
    for job in node.all.fetch(&name("stamp"), &worker, 9, 60).await? {
        node.all.job_done(job.task.id, Payload::none(), &worker, key("job")).await?;
    }
    for id in [waits, pays, fork] {
        // What the crashed transaction held is passed over until the server has undone it.
        for _ in 0..500 {
            node.all.tick(base::Clock::now(&*node.clock)).await?;
            if node.outcome(id).await.is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        assert_eq!(node.outcome(id).await.as_deref(), Some("completed"));
    }
    Ok(())
}

/// Numbers are given in the order of the model, so that they are the same in every instance.
fn first_work(element: &str) -> crate::engine::ExecId {
    crate::engine::ExecId(if element == "T" { 3 } else { 4 })
}

/// What happened to the instances of a run: how many changes each element's process had, and letters left.
async fn traces(node: &Node) -> Vec<BTreeMap<String, i64>> {
    let all = node.all.instances(&Listed { limit: 1_000, ..Listed::default() }).await.unwrap();
    let mut runs: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for one in all {
        node.check(one.id).await;
        let history = node.all.history(one.id, 0, super::PAGE_MAX).await.unwrap();
        // After a crash a job may be fetched again: that stands there too.
        let changes = history.iter().filter(|one| one.command["act"] != "fetch").count();
        let run = &history[0];
        let shown = node.all.show(one.id).await.unwrap();
        let run = shown.variables.get("dossier").map_or_else(|| run.number.to_string(), Value::to_string);
        *runs.entry(run).or_default().entry(one.process).or_default() += i64::try_from(changes).unwrap();
    }
    runs.into_values().collect()
}

async fn a_crash_at_any_write_loses_nothing_and_does_nothing_twice(store: TestStore) {
    let mut node = Node::open(&store).await;
    for file in ["payee", "payer", "fork"] {
        node.deploy(file).await;
    }
    scenario(&node, 0).await.unwrap();
    let whole = traces(&node).await;
    let mut crashes = 0;
    for run in 1.. {
        node.fails.after(run - 1);
        let mut ended = scenario(&node, run).await;
        if !node.fails.has_failed() {
            ended.unwrap();
            break;
        }
        crashes += 1;
        // After a crash another process goes on with what it finds.
        node = node.again();
        if ended.is_err() {
            ended = scenario(&node, run).await;
        }
        ended.unwrap();
    }
    node.fails.after(i64::MAX);
    assert!(crashes > 20, "{crashes} places at which it can crash");
    let all = traces(&node).await;
    let sum = |of: &[BTreeMap<String, i64>], process: &str| -> i64 {
        of.iter().filter_map(|run| run.get(process)).sum()
    };
    for process in ["payee", "payer", "fork"] {
        assert_eq!(sum(&all, process), sum(&whole, process) * (crashes + 2), "{process}");
    }
    assert_eq!(node.all.sweep(base::Ts(i64::MAX - 1)).await.unwrap(), 0, "no letter is left");
}

async fn two_nodes_on_one_store_do_no_step_twice(store: TestStore) {
    let one = Node::open(&store).await;
    for file in ["duet", "hour", "payee", "payer"] {
        one.deploy(file).await;
    }
    let two = Node::open(&store).await;
    let mut ids = Vec::new();
    let mut timers = Vec::new();
    for run in 0..20 {
        ids.push(one.start("duet", Value::Null).await);
        timers.push(two.start("hour", Value::Null).await);
        timers.push(two.start("payee", json!({"dossier": run})).await);
        let payer = one.start("payer", json!({"dossier": run})).await;
        let task = one.task(payer, "T").await;
        one.all.complete(task, Payload::none(), &person("an"), None).await.unwrap();
    }
    let now = super::NOW.plus_secs(3_600);
    let (a, b) = tokio::join!(one.all.tick(now), two.all.tick(now));
    assert!(a.unwrap() + b.unwrap() >= 40);
    // What was just then in the hands of the other node is left for the next look.
    one.all.tick(now).await.unwrap();
    for id in timers {
        assert_eq!(one.outcome(id).await.as_deref(), Some("completed"));
        assert_eq!(one.all.show(id).await.unwrap().instance.changes, 2);
        one.check(id).await;
    }
    let mut asked = Vec::new();
    for id in &ids {
        let task = one.task(*id, "A").await;
        for (node, who) in [(&one, "an"), (&two, "bình"), (&one, "chi")] {
            let (all, who) = (node.all.clone(), person(who));
            asked.push(tokio::spawn(async move { all.complete(task, Payload::none(), &who, None).await }));
        }
    }
    let mut done = 0;
    for one in asked {
        match one.await.unwrap() {
            Ok(_) => done += 1,
            Err(denied) => assert_eq!(denied.code(), "no-task"),
        }
    }
    assert_eq!(done, ids.len());
    for id in ids {
        one.check(id).await;
    }
    same_key(&one, &two).await;
}

/// Both nodes are asked with the same keys at the same time.
async fn same_key(one: &Node, two: &Node) {
    let by = Arc::new(By::System(name("cổng")));
    let mut asked = Vec::new();
    for number in 0..20 {
        for node in [one, two] {
            let (all, by) = (node.all.clone(), Arc::clone(&by));
            let key = Some(name(&format!("đơn {number}")));
            asked.push(tokio::spawn(async move {
                (number, all.start(begin("duet", Value::Null), &by, key).await)
            }));
        }
    }
    let mut begun: BTreeMap<i32, Vec<InstanceId>> = BTreeMap::new();
    for one in asked {
        let (number, id) = one.await.unwrap();
        begun.entry(number).or_default().push(id.unwrap());
    }
    assert!(begun.values().all(|ids| ids[0] == ids[1]), "{begun:?}");
}

testkit::on_both!(
    after_any_commands_the_history_gives_the_stored_state,
    a_crash_at_any_write_loses_nothing_and_does_nothing_twice,
    two_nodes_on_one_store_do_no_step_twice,
);
