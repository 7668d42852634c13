//! Models of several files.

use process::decision::Decisions;
use process::model::{Content, Model, link_files, read};
use process::simulate::{Choices, End, Plan, simulate};
use process::timer::Timers;
use serde_json::{Value, json};

use crate::help::{MONDAY, file, flows, process, tasks};

fn model(xml: &str) -> Model {
    read(xml.as_bytes()).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn linked(first: &str, others: &[&str]) -> Result<process::model::Program, String> {
    let others = others.iter().map(|other| Content::Processes(model(other)));
    link_files(model(first), others.collect()).map_err(|faults| faults.join("\n"))
}

fn called(id: &str, calls: &str) -> String {
    let inside = format!(r#"<startEvent id="s"/><callActivity id="c" calledElement="{calls}"/>"#)
        + flows("s>c").as_str();
    process(&inside).replace("id=\"P\"", &format!("id=\"{id}\""))
}

fn run(program: &process::model::Program, variables: Value) -> (Vec<String>, End, Value) {
    let Value::Object(variables) = variables else { panic!("{variables}") };
    let timers = Timers::built_in().expect("the calendar");
    let choices = Choices::default();
    let plan =
        Plan { program, process: None, variables, from: MONDAY, until: None, choices, timers: &timers };
    let mut lines = Vec::new();
    let simulated = simulate(plan, &mut |line| lines.push(format!("{} {}", line.event.word(), line.element)));
    (lines, simulated.end, Value::Object(simulated.variables))
}

#[test]
fn a_file_that_calls_another_runs_through_both() {
    let inner = process(
        &(r#"<startEvent id="s"/><scriptTask id="x"><script>{seen: given + 1}</script></scriptTask>
             <subProcess id="sub"><task id="deep"/></subProcess><boundaryEvent id="b" attachedToRef="sub"><timerEventDefinition>
             <timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent><task id="late"/>"#
            .to_owned()
            + flows("s>x x>sub b>late").as_str()),
    )
    .replace("id=\"P\"", "id=\"Q\"");
    let program = linked(&called("P", "Q"), &[&inner]).unwrap();
    let (lines, end, variables) = run(&program, json!({"given": 1}));
    assert_eq!(end, End::Finished);
    assert_eq!(variables["seen"], json!(2));
    let done: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix("completed ")).collect();
    assert_eq!(done, ["s", "Q/s", "x", "deep", "sub", "c", "P"]);
}

#[test]
fn a_compensation_and_a_link_of_a_called_file_stay_in_it() {
    let inner = process(
        &(r#"<startEvent id="s"/><task id="did"/><boundaryEvent id="cb" attachedToRef="did"><compensateEventDefinition/>
             </boundaryEvent><task id="undo" isForCompensation="true"/><association id="as" sourceRef="cb" targetRef="undo"/>
             <intermediateThrowEvent id="lt"><linkEventDefinition name="L"/></intermediateThrowEvent>
             <intermediateCatchEvent id="lc"><linkEventDefinition name="L"/></intermediateCatchEvent>
             <endEvent id="e"><compensateEventDefinition activityRef="did"/></endEvent>"#
            .to_owned()
            + flows("s>did did>lt lc>e").as_str()),
    )
    .replace("id=\"P\"", "id=\"Q\"");
    let more = tasks("t1 t2 t3") + flows("t1>t2 t2>t3").as_str();
    let outer = called("P", "Q").replace("</process>", &(more + "</process>"));
    let (lines, end, _) = run(&linked(&outer, &[&inner]).unwrap(), json!({}));
    assert_eq!(end, End::Finished, "{lines:?}");
    assert!(lines.contains(&"completed undo".to_owned()), "{lines:?}");
}

#[test]
fn circles_through_files_and_missing_files_are_refused_in_words() {
    let missing = linked(&called("A", "B"), &[]).unwrap_err();
    assert!(missing.contains("process B is neither in the file nor deployed"), "{missing}");
    let circle = linked(&called("A", "B"), &[&called("B", "C"), &called("C", "A")]).unwrap_err();
    assert!(circle.contains("A → B → C → A"), "{circle}");
    let itself = linked(&called("A", "B"), &[&called("B", "B2"), &called("B2", "B")]).unwrap_err();
    assert!(itself.contains("B → B2 → B"), "{itself}");
    let waits = process(r#"<startEvent id="s"><messageEventDefinition/></startEvent>"#);
    let waits = waits.replace("id=\"P\"", "id=\"B\"");
    let denied = linked(&called("A", "B"), &[&waits]).unwrap_err();
    assert!(denied.contains("has no none start event"), "{denied}");
    let chain: Vec<_> = (1..=70).map(|nth| called(&format!("P{nth}"), &format!("P{}", nth + 1))).collect();
    let chain: Vec<_> = chain.iter().map(String::as_str).collect();
    let denied = linked(&called("P0", "P1"), &[&chain[..], &[&process(&tasks("t"))]].concat()).unwrap_err();
    assert!(denied.contains("P71") || denied.contains("more than 64 files"), "{denied}");
}

#[test]
fn a_rule_task_asks_the_decision_of_another_file() {
    let rule = file(
        &(r#"<process id="P" isExecutable="true"><startEvent id="s"/><businessRuleTask id="r" lt:decision="Route"/>"#.to_owned()
            + flows("s>r").as_str()
            + "</process>"),
    );
    let decision = r#"<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" namespace="urn:x" name="M" id="m">
        <decision id="Route" name="Route"><variable name="Route"/><context><contextEntry><variable name="to"/>
        <literalExpression><text>"Sở Tư pháp"</text></literalExpression></contextEntry></context></decision></definitions>"#;
    let decisions = Decisions::read(decision.as_bytes()).unwrap();
    let program = link_files(model(&rule), vec![Content::Decisions(decisions)]).unwrap();
    let (_, end, variables) = run(&program, json!({}));
    assert_eq!((end, &variables["to"]), (End::Finished, &json!("Sở Tư pháp")));
    let denied = link_files(model(&rule), Vec::new()).unwrap_err().join("");
    assert!(denied.contains("decision Route is neither"), "{denied}");
}
