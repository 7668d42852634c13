//! Processes that would begin, or wake, each other for ever.

use serde_json::json;
use testkit::TestStore;

use super::*;

/// A process that begins by a message or signal; `<throw id="…" of="…"/>` tells one of them.
fn process(id: &str, begins: &str, body: &str) -> String {
    let (mut body, mut told) = (body.to_owned(), Vec::new());
    while let Some((before, rest)) = body.split_once("of=\"") {
        let (name, rest) = rest.split_once("\"/>").unwrap();
        let event = event(name);
        told.push(name.to_owned());
        body = format!("{before}>{event}</intermediateThrowEvent>{rest}");
    }
    let body = body.replace("<throw", "<intermediateThrowEvent");
    told.push(begins.to_owned());
    told.sort();
    told.dedup();
    let of_kind = |name: &str| if name.starts_with('!') { "signal" } else { "message" };
    let roots = told.iter().map(|name| format!(r#"<{} id="{}" name="{name}"/>"#, of_kind(name), local(name)));
    let roots = roots.collect::<Vec<_>>().concat();
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:x">{roots}
        <process id="{id}" isExecutable="true"><startEvent id="s">{}</startEvent>{body}</process></definitions>"#,
        event(begins)
    )
}

fn local(name: &str) -> String {
    name.replace('!', "signal_")
}

fn event(name: &str) -> String {
    let kind = if name.starts_with('!') { "signal" } else { "message" };
    format!(r#"<{kind}EventDefinition {kind}Ref="{}"/>"#, local(name))
}

fn flow(source: &str, target: &str) -> String {
    format!(r#"<sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}"/>"#)
}

/// Tells one thing and is done.
fn passes_on(id: &str, begins: &str, tells: &str) -> String {
    let (first, last) = (flow("s", "t"), flow("t", "e"));
    process(id, begins, &format!(r#"{first}<throw id="t" of="{tells}"/>{last}<endEvent id="e"/>"#))
}

async fn told(node: &Node, message: &str) {
    let message = Message {
        name: name(message),
        correlation: None,
        variables: Payload::none(),
        keep_secs: None,
        agency: None,
    };
    node.all.message(message, &person("dân"), None).await.unwrap();
}

/// Lets everything go on until nothing is left to do; gives how many instances there are.
async fn settled(node: &Node) -> usize {
    for _ in 0..40 {
        if node.later(0).await == 0 {
            let all = node.all.instances(&Listed { limit: PAGE_MAX, ..Listed::default() }).await.unwrap();
            for one in &all {
                node.check(one.id).await;
            }
            return all.len();
        }
    }
    panic!("it never rests");
}

async fn stopped(node: &Node) -> Vec<(String, String)> {
    let incidents = node.all.incidents(None, None, PAGE_MAX).await.unwrap();
    incidents.into_iter().map(|one| (one.element, one.code)).collect()
}

fn circles(count: usize) -> Vec<(String, String)> {
    vec![("t".to_owned(), "runs-in-circles".to_owned()); count]
}

async fn processes_that_begin_each_other_stop_with_an_incident(store: TestStore) {
    let node = Node::chained(&store, 20).await;
    node.deploy(&passes_on("pinger", "ping", "pong")).await;
    node.deploy(&passes_on("ponger", "pong", "ping")).await;
    told(&node, "ping").await;
    assert_eq!(settled(&node).await, 20, "one for each message, and the one that may tell no more");
    assert_eq!(stopped(&node).await, circles(1));
    let incident = node.all.incidents(None, None, 9).await.unwrap().remove(0);
    node.all.retry(incident.id, &person("thợ")).await.unwrap();
    assert_eq!(settled(&node).await, 39, "somebody looked: it may go on for as long again");
    assert_eq!(stopped(&node).await, circles(1));
}

async fn what_one_message_makes_many_of_is_one_chain(store: TestStore) {
    let node = Node::chained(&store, 20).await;
    let twice = [flow("s", "t"), flow("s", "u"), flow("t", "e"), flow("u", "e")].concat();
    let fission = format!(r#"{twice}<throw id="t" of="split"/><throw id="u" of="split"/><endEvent id="e"/>"#);
    node.deploy(&process("fission", "split", &fission)).await;
    told(&node, "split").await;
    let count = settled(&node).await;
    assert!((19..=22).contains(&count), "{count}");
    assert!(stopped(&node).await.len() > 1);
}

async fn a_signal_counts_for_each_that_it_reaches(store: TestStore) {
    let node = Node::chained(&store, 20).await;
    node.deploy(&passes_on("echo", "!call", "!call")).await;
    let reached = node.all.signal(name("!call"), Payload::none(), &person("an"), None).await.unwrap();
    assert_eq!(reached, Answer::Reached(1));
    let count = settled(&node).await;
    assert!((19..=22).contains(&count), "{count}");
    assert_eq!(stopped(&node).await, circles(1));
}

async fn a_wait_of_no_time_does_not_end_a_chain(store: TestStore) {
    let node = Node::chained(&store, 20).await;
    let lines = [flow("s", "w"), flow("w", "t"), flow("t", "e")].concat();
    let wait = r#"<intermediateCatchEvent id="w"><timerEventDefinition><timeDuration>PT0S</timeDuration>
        </timerEventDefinition></intermediateCatchEvent>"#;
    let body = format!(r#"{lines}{wait}<throw id="t" of="again"/><endEvent id="e"/>"#);
    node.deploy(&process("timed", "again", &body)).await;
    told(&node, "again").await;
    assert_eq!(settled(&node).await, 20);
    assert_eq!(stopped(&node).await.len(), 1);
}

async fn whom_a_person_helps_on_begins_a_chain_of_its_own(store: TestStore) {
    let node = Node::chained(&store, 2).await;
    let lines = [flow("s", "T"), flow("T", "t"), flow("t", "e")].concat();
    let body = format!(r#"{lines}<userTask id="T"/><throw id="t" of="again"/><endEvent id="e"/>"#);
    node.deploy(&process("desk", "again", &body)).await;
    told(&node, "again").await;
    for nth in 1..=6 {
        assert_eq!(settled(&node).await, nth);
        let wanted = crate::runner::Wanted { limit: 9, ..Default::default() };
        let open = node.all.tasks(&wanted).await.unwrap().remove(0);
        node.all.complete(open.id, payload(json!({})), &person("an"), None).await.unwrap();
    }
    assert!(stopped(&node).await.is_empty());
}

async fn what_goes_round_slowly_may_go_round_for_ever(store: TestStore) {
    let node = Node::chained(&store, 3).await;
    let lines = [flow("s", "w"), flow("w", "t"), flow("t", "e")].concat();
    let wait = r#"<intermediateCatchEvent id="w"><timerEventDefinition><timeDuration>PT1S</timeDuration>
        </timerEventDefinition></intermediateCatchEvent>"#;
    let body = format!(r#"{lines}{wait}<throw id="t" of="again"/><endEvent id="e"/>"#);
    node.deploy(&process("pulse", "again", &body)).await;
    told(&node, "again").await;
    for _ in 0..12 {
        node.later(1).await;
    }
    assert_eq!(node.all.instances(&Listed { limit: 99, ..Listed::default() }).await.unwrap().len(), 13);
    assert!(stopped(&node).await.is_empty());
}

async fn the_times_of_a_process_that_begins_by_the_clock_are_one_chain(store: TestStore) {
    let node = Node::chained(&store, 50).await;
    let beat = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:x"><message id="x" name="x"/>
        <process id="beat" isExecutable="true"><startEvent id="s"><timerEventDefinition><timeCycle>R/PT1S</timeCycle>
        </timerEventDefinition></startEvent><sendTask id="t" messageRef="x"><multiInstanceLoopCharacteristics>
        <loopCardinality>30</loopCardinality></multiInstanceLoopCharacteristics></sendTask><sequenceFlow id="f" sourceRef="s"
        targetRef="t"/></process></definitions>"#;
    node.deploy(beat).await;
    for _ in 0..2 {
        node.later(1).await;
    }
    assert!(stopped(&node).await.len() < 30, "two beats of 30, and ten are forgotten each second");
    for _ in 0..4 {
        node.later(1).await;
    }
    assert!(stopped(&node).await.len() > 30);
}

async fn what_is_begun_by_a_message_belongs_to_the_agency_of_whoever_told_it(store: TestStore) {
    let node = Node::open(&store).await;
    let lines = [flow("s", "T"), flow("T", "e")].concat();
    let body = format!(r#"{lines}<userTask id="T"/><endEvent id="e"/>"#);
    node.deploy(&process("desk", "hand-over", &body)).await;
    node.deploy(&passes_on("sender", "go", "hand-over")).await;
    let agency = Some(name("H17"));
    let go =
        Message { name: name("go"), correlation: None, variables: Payload::none(), keep_secs: None, agency };
    node.all.message(go, &person("dân"), None).await.unwrap();
    assert_eq!(settled(&node).await, 2);
    let wanted = crate::runner::Wanted { limit: 9, ..Default::default() };
    let open = node.all.tasks(&wanted).await.unwrap().remove(0);
    assert_eq!(open.agency.as_deref(), Some("H17"));
}

testkit::on_both!(
    the_times_of_a_process_that_begins_by_the_clock_are_one_chain,
    what_is_begun_by_a_message_belongs_to_the_agency_of_whoever_told_it,
    processes_that_begin_each_other_stop_with_an_incident,
    what_one_message_makes_many_of_is_one_chain,
    a_signal_counts_for_each_that_it_reaches,
    a_wait_of_no_time_does_not_end_a_chain,
    whom_a_person_helps_on_begins_a_chain_of_its_own,
    what_goes_round_slowly_may_go_round_for_ever,
);
