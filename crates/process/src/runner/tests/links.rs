//! Models that call other files.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testkit::TestStore;

use super::{Node, Payload, Plan, person};

/// A process of one step between its start and its end.
fn file(process: &str, step: &str) -> String {
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:lt="urn:lienthong:bpmn:1" targetNamespace="x">
  <process id="{process}" isExecutable="true"><startEvent id="s"/>{step}<endEvent id="e"/>
    <sequenceFlow id="f1" sourceRef="s" targetRef="x"/><sequenceFlow id="f2" sourceRef="x" targetRef="e"/></process>
  <globalUserTask id="Ky" name="Ký"/></definitions>"#
    )
}

fn calls(process: &str, called: &str, more: &str) -> String {
    file(process, &format!(r#"<callActivity id="x" calledElement="{called}" {more}/>"#))
}

fn task(process: &str, name: &str) -> String {
    file(process, &format!(r#"<userTask id="x" name="{name}"/>"#))
}

async fn refused(node: &Node, file: &str) -> String {
    node.all.deploy(file.as_bytes(), &person("an")).await.unwrap_err().to_string()
}

async fn names(node: &Node, id: super::InstanceId) -> Vec<String> {
    node.all.show(id).await.unwrap().tasks.into_iter().map(|task| task.name).collect()
}

async fn a_call_means_the_version_that_was_there_when_its_caller_was_deployed(store: TestStore) {
    let node = Node::open(&store).await;
    let missing = refused(&node, &calls("Cha", "Con", "")).await;
    assert!(missing.contains("process Con is neither in the file nor deployed"), "{missing}");
    node.deploy(&task("Con", "một")).await;
    let first = node.deploy(&calls("Cha", "Con", "")).await;
    let old = node.start("Cha", Value::Null).await;
    node.deploy(&task("Con", "hai")).await;
    let same = node.start("Cha", Value::Null).await;
    // The same file means the newer one when it is deployed again, and is a version of its own then.
    let second = node.deploy(&calls("Cha", "Con", "")).await;
    assert_eq!((first.version, second.version, second.known), (1, 2, false));
    assert!(node.deploy(&calls("Cha", "Con", "")).await.known);
    let new = node.start("Cha", Value::Null).await;
    node.deploy(&calls("Cha", "Con", r#"lt:version="1""#)).await;
    let pinned = node.start("Cha", Value::Null).await;
    let again = node.again();
    for (id, name) in [(old, "một"), (same, "một"), (new, "hai"), (pinned, "một")] {
        assert_eq!(names(&again, id).await, [name]);
        let task = again.all.show(id).await.unwrap().tasks[0].clone();
        assert_eq!(task.element, "Con/x", "the caller has an `x` of its own");
        again.all.complete(task.id, Payload::none(), &person("an"), None).await.unwrap();
        assert_eq!(again.outcome(id).await.as_deref(), Some("completed"));
        again.check(id).await;
    }
    let gone = refused(&node, &calls("Cha", "Con", r#"lt:version="9""#)).await;
    assert!(gone.contains("process Con (version 9) is neither"), "{gone}");
}

async fn files_call_files_and_never_in_circles(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy(&task("C", "sâu")).await;
    node.deploy(&calls("B", "C", "")).await;
    node.deploy(&calls("A", "B", "")).await;
    let id = node.start("A", Value::Null).await;
    assert_eq!(names(&node, id).await, ["sâu"]);
    node.check(id).await;
    // C would call A, which calls B, which calls C.
    let circle = refused(&node, &calls("C", "A", "")).await;
    assert!(circle.contains("C → A → B → C"), "{circle}");
    node.deploy(&calls("D", "Ky", "")).await;
}

async fn a_global_task_of_another_file_is_called_alike(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy(&task("Con", "một")).await;
    let only = calls("Cha", "Ky", "").replace(r#"<globalUserTask id="Ky" name="Ký"/>"#, "");
    node.deploy(&only).await;
    let id = node.start("Cha", Value::Null).await;
    assert_eq!(names(&node, id).await, ["Ký"]);
    node.check(id).await;
}

async fn what_stands_in_a_called_file_moves_with_its_caller_or_is_refused_by_name(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy(&task("Con", "một")).await;
    node.deploy(&calls("Cha", "Con", "")).await;
    let id = node.start("Cha", Value::Null).await;
    node.deploy(&task("Con", "hai")).await;
    let to = node.deploy(&calls("Cha", "Con", "")).await.model;
    node.all.migrate(id, Plan { to, elements: BTreeMap::new() }, &person("an")).await.unwrap();
    assert_eq!(names(&node, id).await, ["hai"]);
    node.check(id).await;
    node.deploy(&file("Con", r#"<serviceTask id="x"/>"#)).await;
    let to = node.deploy(&calls("Cha", "Con", "")).await.model;
    let denied =
        node.all.migrate(id, Plan { to, elements: BTreeMap::new() }, &person("an")).await.unwrap_err();
    assert_eq!(denied.code(), "no-migration");
    assert!(denied.to_string().contains("Con/x"), "{denied}");
}

const FEE: &str = r##"<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" namespace="urn:x" name="Phí" id="d">
  <inputData id="i" name="so_ban"><variable name="so_ban" typeRef="number"/></inputData>
  <decision id="Phi" name="Phí bản sao"><variable name="Phí bản sao" typeRef="number"/>
    <informationRequirement id="r"><requiredInput href="#i"/></informationRequirement>
    <literalExpression><text>so_ban * 8000</text></literalExpression></decision></definitions>"##;

async fn a_decision_is_pinned_like_a_call_and_its_failing_is_an_incident(store: TestStore) {
    let node = Node::open(&store).await;
    let rule = file("ThuPhi", r#"<businessRuleTask id="x" lt:decision="Phi" lt:result="phi"/>"#);
    let missing = refused(&node, &rule).await;
    assert!(missing.contains("decision Phi is neither"), "{missing}");
    let fee = node.deploy(FEE).await;
    assert_eq!((fee.key.as_str(), fee.version), ("Phi", 1));
    assert!(node.deploy(FEE).await.known);
    node.deploy(&rule).await;
    node.deploy(&FEE.replace("8000", "9000")).await;
    let id = node.start("ThuPhi", json!({"so_ban": 3})).await;
    let shown = node.all.show(id).await.unwrap();
    assert_eq!(shown.variables["phi"], json!(24_000));
    assert_eq!(shown.instance.outcome.as_deref(), Some("completed"));
    node.check(id).await;
    node.deploy(&rule).await;
    let id = node.start("ThuPhi", json!({"so_ban": 3})).await;
    assert_eq!(node.all.show(id).await.unwrap().variables["phi"], json!(27_000));
    let id = node.start("ThuPhi", json!({"so_ban": "ba"})).await;
    let shown = node.all.show(id).await.unwrap();
    assert_eq!(shown.incidents[0].code, "decision-failed", "{:?}", shown.incidents);
    assert!(shown.incidents[0].why.ends_with("given: so_ban = \"ba\""), "{}", shown.incidents[0].why);
    node.check(id).await;
    let faulty = FEE.replace("so_ban * 8000", "so_ban * * 8000");
    let denied = refused(&node, &faulty).await;
    assert!(denied.contains("line 5, Phi"), "{denied}");
    let denied = node.all.start(super::begin("Phi", Value::Null), &person("an"), None).await.unwrap_err();
    assert_eq!(denied.code(), "no-process");
}

async fn a_process_that_only_a_condition_begins_is_refused_with_the_reason(store: TestStore) {
    let node = Node::open(&store).await;
    let condition = r#"<startEvent id="s"><conditionalEventDefinition><condition>a > 1</condition></conditionalEventDefinition></startEvent>"#;
    let model = task("P", "x").replace(r#"<startEvent id="s"/>"#, condition);
    let denied = refused(&node, &model).await;
    assert!(denied.contains("nobody looks at the condition before there is an instance"), "{denied}");
}

testkit::on_both!(
    a_call_means_the_version_that_was_there_when_its_caller_was_deployed,
    files_call_files_and_never_in_circles,
    a_global_task_of_another_file_is_called_alike,
    what_stands_in_a_called_file_moves_with_its_caller_or_is_refused_by_name,
    a_decision_is_pinned_like_a_call_and_its_failing_is_an_incident,
    a_process_that_only_a_condition_begins_is_refused_with_the_reason,
);
