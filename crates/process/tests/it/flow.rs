//! Gateways, conditions, scripts and data.

use process::engine::{Command, Context, Exec, Outcome, Role, State, Step, decide};
use process::model::read;
use process::simulate::End::{Fault, Finished, Waiting};
use process::timer::Timers;
use serde_json::json;

use crate::help::{MONDAY, check, check_with, flows, process, run, tasks};

#[test]
fn an_exclusive_gateway_takes_the_first_flow_that_holds_else_the_default_else_stops() {
    let model = |default: &str| {
        let gateway = format!(r#"<startEvent id="s"/><exclusiveGateway id="g" {default}/>"#);
        process(&(gateway + tasks("a b c").as_str() + flows("s>g g>a?x_>_1 g>b?x_>_0 g>c?x_=_0-7").as_str()))
    };
    check_with(&model(""), (r#"{"x":2}"#, "{}"), "a", Finished);
    check_with(&model(""), (r#"{"x":1}"#, "{}"), "b", Finished);
    check_with(&model(""), (r#"{"x":-1}"#, "{}"), "", Fault);
    check_with(&model(r#"default="g-c-3""#), (r#"{"x":-1}"#, "{}"), "c", Finished);
    // A condition that has no value is a fault, not false.
    check_with(&model(r#"default="g-c-3""#), ("{}", "{}"), "", Fault);
}

#[test]
fn conditional_flows_out_of_a_task_are_taken_each_by_itself() {
    let model = process(
        &(r#"<startEvent id="s"/><task id="t" default="t-d-3"/>"#.to_owned()
            + tasks("a b d e").as_str()
            + flows("s>t t>a?x_>_0 t>b?x_>_1 t>d t>e").as_str()),
    );
    check_with(&model, (r#"{"x":2}"#, "{}"), "t a b e", Finished);
    check_with(&model, (r#"{"x":0}"#, "{}"), "t e d", Finished);
}

#[test]
fn a_parallel_join_waits_for_all_and_one_that_can_never_go_on_is_a_fault() {
    let fork = r#"<startEvent id="s"/><parallelGateway id="f"/><parallelGateway id="j"/>"#.to_owned();
    let good = process(&(fork.clone() + tasks("a b c").as_str() + flows("s>f f>a f>b a>j b>j j>c").as_str()));
    check(&good, "a b c", Finished);
    let choice = r#"<startEvent id="s"/><exclusiveGateway id="f"/><parallelGateway id="j"/>"#.to_owned();
    let stuck =
        process(&(choice + tasks("a b c").as_str() + flows("s>f f>a?true f>b?true a>j b>j j>c").as_str()));
    check(&stuck, "a", Fault);
}

#[test]
fn an_inclusive_join_waits_for_what_may_still_come_and_for_nothing_else() {
    let model = process(
        &(r#"<startEvent id="s"/><inclusiveGateway id="f"/><inclusiveGateway id="j"/>
             <exclusiveGateway id="x"/><userTask id="u"/>"#
            .to_owned()
            + tasks("a b c late").as_str()
            + flows("s>f f>a?n_>_0 f>u?n_>_1 f>b?n_>_2 a>j u>x x>j?back_=_false x>late?back_=_true b>j j>c")
                .as_str()),
    );
    check_with(&model, (r#"{"n":1,"back":false}"#, "{}"), "a c", Finished);
    check_with(&model, (r#"{"n":3,"back":false}"#, "{}"), "a b u c", Finished);
    // The token of the user task leaves the part that leads to the join: the join no longer waits for it.
    check_with(&model, (r#"{"n":3,"back":true}"#, "{}"), "a b u late c", Finished);
    check_with(&model, (r#"{"n":2,"back":false}"#, r#"{"u":{"wait":true}}"#), "a", Waiting);
}

#[test]
fn a_complex_join_goes_on_once_and_takes_the_late_tokens_in_silence() {
    let gateways = r#"<startEvent id="s"/><parallelGateway id="f"/><complexGateway id="j">
        <activationCondition>activationCount >= 2</activationCondition></complexGateway>"#;
    let model = process(
        &(gateways.to_owned()
            + tasks("a b c after").as_str()
            + flows("s>f f>a f>b f>c a>j b>j c>j j>after").as_str()),
    );
    check(&model, "a b c after", Finished);
    // In a loop the gateway starts again once all have come.
    let again = r#"<startEvent id="s"/><parallelGateway id="f"/><complexGateway id="j">
        <activationCondition>activationCount >= 1</activationCondition></complexGateway>
        <scriptTask id="n"><script>{n: n + 1}</script></scriptTask><exclusiveGateway id="x"/><exclusiveGateway id="m"/>"#;
    let again = process(
        &(again.to_owned()
            + tasks("a b").as_str()
            + flows("s>m m>f f>a f>b a>j b>j j>n n>x x>m?n_<_3 x>e?n_>=_3").as_str()
            + r#"<endEvent id="e"/>"#),
    );
    let (became, variables) = run(&again, r#"{"n":0}"#, "{}");
    assert_eq!((became.end, &variables["n"]), (Finished, &json!(3)), "{became:?}");
}

#[test]
fn an_activity_may_need_several_tokens_and_give_several() {
    let model = process(
        &(r#"<startEvent id="s"/><task id="a" completionQuantity="3"/><task id="b" startQuantity="3"/><task id="c"/>"#
            .to_owned()
            + flows("s>a a>b b>c").as_str()),
    );
    check(&model, "a b c", Finished);
    let missing = process(
        &(r#"<startEvent id="s"/><task id="a" completionQuantity="2"/><task id="b" startQuantity="3"/>"#
            .to_owned()
            + flows("s>a a>b").as_str()),
    );
    check(&missing, "a", Fault);
}

#[test]
fn a_script_assigns_the_entries_of_its_context_where_the_variables_are() {
    let model = process(
        &(r#"<property id="own"/><startEvent id="s"/>
             <subProcess id="sub"><dataObject id="D" name="inner"/><startEvent id="s1"/>
               <scriptTask id="a" scriptFormat="feel"><script>{inner: 5, x: x + 1, own: inner}</script></scriptTask>
               <sequenceFlow id="i" sourceRef="s1" targetRef="a"/>
               <sequenceFlow id="i2" sourceRef="a" targetRef="b"/>
               <scriptTask id="b"><script>{own: inner * 2}</script></scriptTask></subProcess>"#
            .to_owned()
            + flows("s>sub").as_str()),
    );
    let (became, variables) = run(&model, r#"{"x":1}"#, "{}");
    assert_eq!(became.end, Finished);
    // The inner variable ends with its sub-process.
    assert_eq!(json!(variables), json!({"own": 10, "x": 2}));
}

#[test]
fn a_failing_script_stops_the_step_unless_an_error_event_is_on_its_border() {
    let script = r#"<startEvent id="s"/><scriptTask id="a"><script>{x: nothing + 1}</script></scriptTask>"#;
    check(&process(&(script.to_owned() + tasks("b").as_str() + flows("s>a a>b").as_str())), "", Fault);
    let border = r#"<boundaryEvent id="e" attachedToRef="a"><errorEventDefinition/></boundaryEvent>"#;
    let caught =
        process(&(script.to_owned() + border + tasks("b c").as_str() + flows("s>a a>b e>c").as_str()));
    check(&caught, "!a c", Finished);
}

#[test]
fn data_associations_carry_values_in_and_out() {
    let model = process(
        &(r#"<dataObject id="O" name="decision"/><dataObjectReference id="OR" dataObjectRef="O"/>
             <startEvent id="s"/><userTask id="u"><ioSpecification><dataOutput id="out"/><inputSet/>
               <outputSet><dataOutputRefs>out</dataOutputRefs></outputSet></ioSpecification>
               <dataOutputAssociation id="oa"><sourceRef>out</sourceRef><targetRef>OR</targetRef></dataOutputAssociation></userTask>
             <scriptTask id="c"><ioSpecification><dataInput id="given"/>
               <inputSet><dataInputRefs>given</dataInputRefs></inputSet><outputSet/></ioSpecification>
               <dataInputAssociation id="ia"><sourceRef>OR</sourceRef><targetRef>given</targetRef></dataInputAssociation>
               <script>{seen: given}</script></scriptTask>"#
            .to_owned()
            + flows("s>u u>c").as_str()),
    );
    let (became, variables) = run(&model, "{}", r#"{"u":{"set":{"out":"yes"}}}"#);
    assert_eq!(
        (became.end, &variables["decision"], &variables["seen"]),
        (Finished, &json!("yes"), &json!("yes"))
    );
}

#[test]
fn a_model_that_never_waits_is_stopped() {
    let model = process(
        &(r#"<startEvent id="s"/>"#.to_owned() + tasks("a b").as_str() + flows("s>a a>b b>a").as_str()),
    );
    let (became, _) = run(&model, "{}", "{}");
    assert_eq!(became.end, Fault);
}

/// What a retry does to the steps that stopped, after variables were set.
fn mended(xml: &str, variables: &str, set: &str) -> (State, Vec<String>) {
    let program = read(xml.as_bytes()).unwrap_or_else(|faults| panic!("{faults:#?}")).program;
    let timers = Timers::built_in().expect("the calendar");
    let context = Context { program: &program, now: MONDAY, outside: &timers, tells: u32::MAX };
    let map = |text: &str| serde_json::from_str(text).expect("the test's JSON");
    let start = Command::Start { process: 0, by: None, variables: map(variables), agency: None };
    let (state, _) = decide(context, State::default(), start).expect("it begins");
    let stopped: Vec<_> = state.incidents().map(|(exec, _)| exec).collect();
    let codes = state.incidents().map(|(_, incident)| incident.code.clone()).collect();
    let (mut state, _) = decide(context, state, Command::Set { variables: map(set) }).expect("it fits");
    for exec in stopped {
        state = decide(context, state, Command::Retry { exec }).expect("it fits").0;
    }
    (state, codes)
}

#[test]
fn what_stopped_goes_on_where_it_was_once_it_is_mended() {
    let after =
        |inside: &str, flow: &str| process(&(inside.to_owned() + tasks("a").as_str() + flows(flow).as_str()));
    let cases = [
        (
            after(
                r#"<startEvent id="s"/><exclusiveGateway id="g"/>"#,
                "s>g g>a?if_n_=_null_then_false_else_n_=_1",
            ),
            "no-condition-holds",
        ),
        (
            after(
                r#"<startEvent id="s"/><scriptTask id="t"><script>{m: n + 1}</script></scriptTask>"#,
                "s>t t>a",
            ),
            "script-failed",
        ),
        (
            after(
                r#"<startEvent id="s"/><task id="t"><multiInstanceLoopCharacteristics><loopCardinality>n</loopCardinality></multiInstanceLoopCharacteristics></task>"#,
                "s>t t>a",
            ),
            "instances",
        ),
        (
            after(
                r#"<startEvent id="s"/><task id="t"><multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality><completionCondition>n &gt; 0</completionCondition></multiInstanceLoopCharacteristics></task>"#,
                "s>t t>a",
            ),
            "expression-failed",
        ),
        (
            after(
                r#"<startEvent id="s"/><subProcess id="t"><task id="i"/><subProcess id="h" triggeredByEvent="true"><startEvent id="hs"><timerEventDefinition><timeDuration>"PT" + string(n + 0) + "S"</timeDuration></timerEventDefinition></startEvent></subProcess></subProcess>"#,
                "s>t t>a",
            ),
            "no-event",
        ),
        (
            after(
                r#"<startEvent id="s"/><task id="t"><ioSpecification><dataInput id="in1"/><inputSet/><outputSet/></ioSpecification><dataInputAssociation id="x"><targetRef>in1</targetRef><assignment><from>n + 1</from><to>in1</to></assignment></dataInputAssociation></task>"#,
                "s>t t>a",
            ),
            "no-input",
        ),
    ];
    for (xml, code) in cases {
        // A name that is no variable has no value at all; one that is null makes an operation null.
        let begin = if code == "instances" { r#"{"n":null}"# } else { "{}" };
        let (state, codes) = mended(&xml, begin, r#"{"n":1}"#);
        assert!(codes.iter().all(|one| one == code) && !codes.is_empty(), "{codes:?} {xml}");
        assert_eq!(state.outcome, Some(Outcome::Completed), "{code}: {state:#?}");
    }
}

#[test]
fn a_complex_join_looks_at_its_condition_again_when_variables_are_others() {
    let model = process(
        &(r#"<startEvent id="s"/><parallelGateway id="f"/><userTask id="a"/><userTask id="b"/><userTask id="c"/>
             <complexGateway id="g"><activationCondition>activationCount = 2 and go = true</activationCondition></complexGateway>"#
            .to_owned()
            + tasks("after").as_str()
            + flows("s>f f>a f>b f>c a>g b>g g>after").as_str()),
    );
    let later = r#"{"c":{"after":"PT1H","set":{"go":true}}}"#;
    check_with(&model, (r#"{"go":false}"#, later), "a b c after", Finished);
    check_with(&model, (r#"{"go":false}"#, "{}"), "a b c", Fault);
}

#[test]
fn what_may_not_begin_yet_stands_before_its_first_step_and_goes_in_when_it_is_tried_again() {
    let many = r#"<startEvent id="s"/><userTask id="a"><multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics></userTask>"#;
    let sub = r#"<startEvent id="s"/><subProcess id="a"><userTask id="b"/></subProcess>"#;
    let one = r#"<startEvent id="s"/><userTask id="a"/>"#;
    for (inside, open) in [(one, 1), (many, 3), (sub, 1)] {
        let model = process(&(inside.to_owned() + flows("s>a").as_str()));
        let program = read(model.as_bytes()).expect("a good model").program;
        let timers = Timers::built_in().expect("the calendar");
        let context = |tells| Context { program: &program, now: MONDAY, outside: &timers, tells };
        let variables = serde_json::Map::new();
        let start = Command::Start { process: 0, by: None, variables, agency: None };
        let (state, _) = decide(context(0), State::default(), start).expect("it begins");
        let stopped: Vec<_> = state.incidents().map(|(exec, one)| (exec, one.code.clone())).collect();
        assert!(matches!(&stopped[..], [(_, code)] if code == "runs-in-circles"), "{stopped:?}");
        let retry = Command::Retry { exec: stopped[0].0 };
        let (state, _) = decide(context(9), state, retry).expect("it fits");
        assert_eq!(state.incidents().count(), 0);
        let is_work = |exec: &&Exec| exec.role == Role::Step(Step::Work);
        assert_eq!(state.execs.values().filter(is_work).count(), open, "{inside}");
    }
}
