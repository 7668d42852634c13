//! Deploying.

use base::Ts;
use serde_json::{Value, json};
use testkit::TestStore;

use super::{Listed, Node, begin, person};

async fn the_same_bytes_are_the_same_version(store: TestStore) {
    let node = Node::open(&store).await;
    let first = node.deploy("duet").await;
    assert_eq!((first.version, first.key.as_str(), first.known), (1, "duet", false));
    let same = node.deploy("duet").await;
    assert_eq!((same.model, same.version, same.known), (first.model, 1, true));
    let second = node.deploy("duet 2").await;
    assert_eq!((second.version, second.known), (2, false));
    // What was once newest and comes again is a version of its own: it counts from now on.
    assert_eq!(node.deploy("duet").await.version, 3);
    assert_eq!(node.deploy("job").await.version, 1);
}

async fn a_model_with_faults_is_refused_with_all_of_them(store: TestStore) {
    let node = Node::open(&store).await;
    let denied = node.all.deploy(b"nonsense", &person("an")).await.unwrap_err();
    assert_eq!(denied.code(), "bad-model");
    assert!(denied.to_string().contains("line 1") && denied.to_string().contains("line 2"), "{denied}");
    let denied = node.all.start(begin("nonsense", Value::Null), &person("an"), None).await.unwrap_err();
    assert_eq!(denied.code(), "no-model");
}

async fn two_models_are_never_the_same_procedure_on_one_day(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("claims 2026").await;
    let denied = node.all.deploy(b"claims 2026 on", &person("an")).await.unwrap_err();
    assert_eq!(denied.code(), "procedure-claimed");
    assert!(denied.to_string().contains("1.011536") && denied.to_string().contains("first"), "{denied}");
    node.deploy("claims 2027 on").await;
    // Only the one that counts today can begin.
    node.start("first", Value::Null).await;
    let denied = node.all.start(begin("second", Value::Null), &person("an"), None).await.unwrap_err();
    assert_eq!(denied.code(), "no-model");
    node.clock.advance_secs(60 * 86_400);
    node.start("second", Value::Null).await;
    let denied = node.all.start(begin("first", Value::Null), &person("an"), None).await.unwrap_err();
    assert_eq!(denied.code(), "no-model");
}

async fn an_instance_stays_on_its_version(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("duet").await;
    let old = node.start("duet", Value::Null).await;
    node.deploy("duet 2").await;
    let new = node.start("duet", Value::Null).await;
    assert_eq!(node.open_elements(old).await, ["A"]);
    assert_eq!(node.open_elements(new).await, ["A2"]);
    let pinned = super::Begin { version: Some(1), ..begin("duet", Value::Null) };
    let pinned = node.all.start(pinned, &person("an"), None).await.unwrap();
    assert_eq!(node.open_elements(pinned).await, ["A"]);
    let again = node.again();
    assert_eq!(again.open_elements(old).await, ["A"]);
    again
        .all
        .complete(again.task(old, "A").await, super::Payload::none(), &person("an"), None)
        .await
        .unwrap();
    again.check(old).await;
}

async fn a_file_that_is_read_otherwise_now_is_refused_by_name(store: TestStore) {
    let node = Node::open(&store).await;
    let model = node.deploy("duet").await.model;
    let id = node.start("duet", Value::Null).await;
    let task = node.task(id, "A").await;
    store.execute("UPDATE process_model SET layout = xml").await;
    let again = node.again();
    let denied = again.all.show(id).await.unwrap_err();
    assert_eq!((denied.code(), model), ("read-otherwise", 1));
    let denied = again.all.complete(task, super::Payload::none(), &person("an"), None).await.unwrap_err();
    assert_eq!(denied.code(), "read-otherwise");
}

async fn an_hourly_process_begins_as_often_as_it_says_and_only_in_its_newest_version(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("by timer").await;
    assert_eq!(node.later(3_599).await, 0);
    assert_eq!(node.later(1).await, 1);
    assert_eq!(node.later(3_600).await, 1);
    assert_eq!(node.later(3_600).await, 1);
    assert_eq!(node.later(36_000).await, 0);
    let all = node.all.instances(&Listed { limit: 10, ..Listed::default() }).await.unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(all[0].begun, Ts(super::NOW.0 + 3_600_000_000));
    let changed = node.all.history(all[0].id, 0, 9).await.unwrap();
    assert_eq!(changed[0].who, "system:engine/timer");
    assert_eq!(changed[0].command["element"], json!("s"));
}

const FILE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="x">
  <process id="CapBanSao" isExecutable="true">
    <startEvent id="nop"><outgoing>f1</outgoing></startEvent>
    <userTask id="xem" name="Xem hồ sơ"><incoming>f1</incoming><outgoing>f2</outgoing></userTask>
    <scriptTask id="tinh" scriptFormat="feel"><incoming>f2</incoming><outgoing>f3</outgoing><script>{phi: so * 8000}</script></scriptTask>
    <endEvent id="xong"><incoming>f3</incoming></endEvent>
    <sequenceFlow id="f1" sourceRef="nop" targetRef="xem"/>
    <sequenceFlow id="f2" sourceRef="xem" targetRef="tinh"/>
    <sequenceFlow id="f3" sourceRef="tinh" targetRef="xong"/>
  </process>
</definitions>"#;

async fn a_file_is_deployed_and_executed(store: TestStore) {
    let node = Node::open(&store).await;
    assert_eq!(node.deploy(FILE).await.key, "CapBanSao");
    let id = node.start("CapBanSao", Value::Null).await;
    let done = super::payload(json!({"so": 3}));
    node.all.complete(node.task(id, "xem").await, done, &person("an"), None).await.unwrap();
    let shown = node.all.show(id).await.unwrap();
    assert_eq!(
        (shown.instance.outcome.as_deref(), &shown.variables["phi"]),
        (Some("completed"), &json!(24_000))
    );
    node.check(id).await;
    let broken = FILE.replace("targetRef=\"xong\"", "targetRef=\"mất\"");
    let denied = node.all.deploy(broken.as_bytes(), &person("an")).await.unwrap_err();
    assert_eq!(denied.code(), "bad-model");
    let calls = FILE.replace("<userTask id=\"xem\"", "<callActivity calledElement=\"KhongCo\" id=\"xem\"");
    let calls = calls.replace("</userTask>", "</callActivity>");
    let denied = node.all.deploy(calls.as_bytes(), &person("an")).await.unwrap_err();
    assert!(denied.to_string().contains("KhongCo is neither in the file nor deployed"), "{denied}");
}

testkit::on_both!(
    a_file_is_deployed_and_executed,
    the_same_bytes_are_the_same_version,
    a_model_with_faults_is_refused_with_all_of_them,
    two_models_are_never_the_same_procedure_on_one_day,
    an_instance_stays_on_its_version,
    a_file_that_is_read_otherwise_now_is_refused_by_name,
    an_hourly_process_begins_as_often_as_it_says_and_only_in_its_newest_version,
);
