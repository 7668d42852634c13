//! Loops and multiple instances.

use process::engine::{Command, Context, ExecId, Role, State, Step, decide};
use process::model::read;
use process::simulate::End::{Fault, Finished};
use process::timer::Timers;
use serde_json::{Map, json};

use crate::help::{MONDAY, check, check_with, flows, process, run, tasks};

fn repeated(kind: &str, characteristics: &str, more: &str) -> String {
    let activity = format!(r#"<startEvent id="s"/><{kind} id="a">{characteristics}</{kind}>{more}"#);
    process(&(activity + tasks("after").as_str() + flows("s>a a>after").as_str()))
}

#[test]
fn a_multi_instance_activity_is_done_as_often_as_said() {
    for sequential in ["true", "false"] {
        let multi = |count: &str| {
            format!(
                r#"<multiInstanceLoopCharacteristics isSequential="{sequential}"><loopCardinality>{count}</loopCardinality></multiInstanceLoopCharacteristics>"#
            )
        };
        check(&repeated("task", &multi("3"), ""), "a a a after", Finished);
        check(&repeated("task", &multi("0"), ""), "after", Finished);
        check_with(&repeated("userTask", &multi("n"), ""), (r#"{"n":2}"#, "{}"), "a a after", Finished);
        check_with(&repeated("task", &multi("n"), ""), (r#"{"n":-1}"#, "{}"), "", Fault);
        check_with(&repeated("task", &multi("n"), ""), (r#"{"n":10001}"#, "{}"), "", Fault);
    }
}

#[test]
fn results_are_gathered_in_the_order_of_the_list_and_the_rest_is_cancelled_when_enough_are_there() {
    let multi = |more: &str| {
        format!(
            r#"<multiInstanceLoopCharacteristics><loopDataInputRef>members</loopDataInputRef><loopDataOutputRef>votes</loopDataOutputRef>
               <inputDataItem id="member"/><outputDataItem id="vote"/>{more}</multiInstanceLoopCharacteristics>"#
        )
    };
    let data = r#"<property id="members"/><property id="votes"/>"#;
    let variables = r#"{"members":["An","Bình","Chi"]}"#;
    let choices = r#"{"a":[{"after":"PT3S","set":{"vote":"1"}},{"after":"PT1S","set":{"vote":"2"}},{"after":"PT2S","set":{"vote":"3"}}]}"#;
    let (became, found) = run(&repeated("userTask", &multi(""), data), variables, choices);
    assert_eq!((became.tasks.as_str(), became.seconds), ("a a a after", 3));
    assert_eq!(found["votes"], json!(["1", "2", "3"]));
    let enough = "<completionCondition>numberOfCompletedInstances = 2</completionCondition>";
    let (became, found) = run(&repeated("userTask", &multi(enough), data), variables, choices);
    assert_eq!((became.tasks.as_str(), became.seconds), ("a a !a after", 2));
    assert_eq!(found["votes"], json!(["2", "3"]));
}

#[test]
fn what_a_multi_instance_activity_tells_reaches_its_border_and_ends_nothing() {
    let model = |behavior: &str| {
        let parts = format!(
            r#"<signal id="S" name="one"/><signalEventDefinition id="D" signalRef="S"/>
               <process id="P" isExecutable="true"><startEvent id="s"/><task id="a"><multiInstanceLoopCharacteristics {behavior}>
               <loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics></task>
               <boundaryEvent id="b" attachedToRef="a"><signalEventDefinition signalRef="S"/></boundaryEvent>{}{}</process>"#,
            tasks("after told"),
            flows("s>a a>after b>told")
        );
        crate::help::file(&parts)
    };
    let (became, _) = run(&model(r#"behavior="One" oneBehaviorEventRef="D""#), "{}", "{}");
    let mut parts: Vec<_> = became.tasks.split(' ').collect();
    parts.sort_unstable();
    assert_eq!(parts, ["a", "a", "a", "after", "told"]);
    let (became, _) = run(&model(r#"behavior="None" noneBehaviorEventRef="D""#), "{}", "{}");
    assert_eq!(became.tasks.matches("told").count(), 3);
}

#[test]
fn a_loop_goes_on_while_its_condition_holds() {
    let looped = |attributes: &str, condition: &str| {
        let inner = format!(
            r"<standardLoopCharacteristics {attributes}><loopCondition>{condition}</loopCondition></standardLoopCharacteristics><script>{{n: n + 1}}</script>"
        );
        repeated("scriptTask", &inner, "")
    };
    let variables = (r#"{"n":0}"#, "{}");
    check_with(&looped(r#"testBefore="true""#, "n &lt; 3"), variables, "a a a after", Finished);
    check_with(&looped(r#"testBefore="true""#, "n &lt; 0"), variables, "after", Finished);
    check_with(&looped(r#"testBefore="false""#, "n &lt; 0"), variables, "a after", Finished);
    check_with(&looped(r#"testBefore="true" loopMaximum="2""#, "n &lt; 5"), variables, "a a after", Finished);
    // One that never ends is stopped.
    assert_eq!(run(&looped(r#"testBefore="false""#, "true"), variables.0, "{}").0.end, Fault);
}

#[test]
fn an_ad_hoc_sub_process_does_its_activities_one_by_one_or_at_once() {
    let model = |attributes: &str, condition: &str| {
        let parts = format!(
            r#"<startEvent id="s"/><adHocSubProcess id="h" {attributes}><userTask id="a"/><userTask id="b"/><userTask id="c"/>{condition}</adHocSubProcess>"#
        );
        process(&(parts + tasks("after").as_str() + flows("s>h h>after").as_str()))
    };
    check(&model(r#"ordering="Sequential""#, ""), "a b c after", Finished);
    check(&model("", ""), "a b c after", Finished);
    let two = "<completionCondition>enough</completionCondition>";
    let choices = r#"{"a":{"set":{"enough":false}},"b":{"set":{"enough":true}}}"#;
    check_with(&model("", two), ("{}", choices), "a b !c after", Finished);
    check_with(&model(r#"cancelRemainingInstances="false""#, two), ("{}", choices), "a b c after", Finished);
    check_with(&model(r#"ordering="Sequential""#, two), ("{}", choices), "a b after", Finished);
}

#[test]
fn thousands_within_thousands_stop_before_the_memory_is_full() {
    let (open, close): (String, String) = (0..5)
        .map(|nth| {
            let open = format!(
                r#"<subProcess id="x{nth}"><multiInstanceLoopCharacteristics><loopCardinality>9000</loopCardinality></multiInstanceLoopCharacteristics>"#
            );
            (open, "</subProcess>")
        })
        .unzip();
    let inside = format!(r#"<startEvent id="s"/>{open}{}{close}"#, tasks("z")) + &*flows("s>x0");
    let (became, _) = run(&process(&inside), "{}", "{}");
    assert_eq!(became.end, Fault);
}

#[test]
fn an_ad_hoc_sub_process_whose_condition_held_begins_nothing_more() {
    let model = process(
        &(r#"<startEvent id="s"/><adHocSubProcess id="h" cancelRemainingInstances="false"><userTask id="a"/><userTask id="b"/>
             <completionCondition>done = true</completionCondition></adHocSubProcess>"#
            .to_owned()
            + tasks("after").as_str()
            + flows("s>h h>after").as_str()),
    );
    let choices = r#"{"a":{"set":{"done":true}},"b":{"after":"PT1H","set":{"done":false}}}"#;
    check_with(&model, ("{}", choices), "a b after", Finished);
}

#[test]
fn an_ad_hoc_sub_process_that_could_not_tell_goes_on_where_it_was() {
    let xml = process(
        &(r#"<startEvent id="s"/><adHocSubProcess id="h"><userTask id="a"/><userTask id="b"/>
             <completionCondition>need &gt; 1</completionCondition></adHocSubProcess>"#
            .to_owned()
            + flows("s>h").as_str()),
    );
    let program = read(xml.as_bytes()).expect("a good model").program;
    let timers = Timers::built_in().expect("the calendar");
    let step = |state: State, command: Command| {
        decide(Context { program: &program, now: MONDAY, outside: &timers, tells: u32::MAX }, state, command)
            .expect("it fits")
            .0
    };
    let work = |state: &State| -> Vec<ExecId> {
        let open = state.execs.iter().filter(|(_, exec)| exec.role == Role::Step(Step::Work));
        open.map(|(id, _)| *id).collect()
    };
    let state =
        step(State::default(), Command::Start { process: 0, by: None, variables: Map::new(), agency: None });
    let both = work(&state);
    let state = step(state, Command::Complete { exec: both[0], variables: Map::new() });
    let (stopped, incident) = state.incidents().next().expect("nobody knows whether it is done");
    assert_eq!(incident.code, "completion-failed");
    let state = step(state, Command::Set { variables: Map::from_iter([("need".to_owned(), json!(0))]) });
    let state = step(state, Command::Retry { exec: stopped });
    assert_eq!(work(&state), [both[1]], "what was open is open, and nothing else");
}
