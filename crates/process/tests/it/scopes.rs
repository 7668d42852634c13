//! Sub-processes, calls, transactions, compensation.

use process::simulate::End::{Fault, Finished};
use serde_json::json;

use crate::help::{check, check_with, file, flows, process, run, tasks};

#[test]
fn a_sub_process_is_done_when_nothing_in_it_is_open() {
    let model = process(
        &(r#"<startEvent id="s"/><subProcess id="sub"><task id="a"/><userTask id="u"/></subProcess>"#
            .to_owned()
            + tasks("after").as_str()
            + flows("s>sub sub>after").as_str()),
    );
    check(&model, "a u after", Finished);
}

#[test]
fn an_event_sub_process_interrupts_its_scope_or_runs_beside() {
    let model = |interrupting: &str, start: &str| {
        file(&format!(
            r#"<signal id="S" name="s"/><message id="M" name="m"/><error id="E" errorCode="e"/><escalation id="X" escalationCode="x"/>
               <process id="P" isExecutable="true"><startEvent id="s"/><subProcess id="sub"><startEvent id="s1"/><parallelGateway id="f"/><userTask id="u"/>
                 <intermediateThrowEvent id="x"><escalationEventDefinition escalationRef="X"/></intermediateThrowEvent>{}
                 <subProcess id="handler" triggeredByEvent="true"><startEvent id="hs" isInterrupting="{interrupting}">{start}</startEvent><task id="h"/>{}</subProcess>
               </subProcess>{}{}</process>"#,
            flows("s1>f f>u f>x"),
            flows("hs>h"),
            tasks("after"),
            flows("s>sub sub>after"),
        ))
    };
    let timer = "<timerEventDefinition><timeDuration>PT2S</timeDuration></timerEventDefinition>";
    let slow = ("{}", r#"{"u":{"after":"PT5S"}}"#);
    check_with(&model("true", timer), slow, "!u h after", Finished);
    check_with(&model("false", timer), slow, "h u after", Finished);
    let escalation = r#"<escalationEventDefinition escalationRef="X"/>"#;
    check(&model("true", escalation), "!u h after", Finished);
    check(&model("false", escalation), "h u after", Finished);
    let condition = "<conditionalEventDefinition><condition>go</condition></conditionalEventDefinition>";
    check_with(&model("true", condition), (r#"{"go":true}"#, "{}"), "!u h after", Finished);
}

#[test]
fn the_handler_of_a_scope_does_not_handle_its_own_errors() {
    let model = |outer: &str| {
        file(&format!(
            r#"<error id="E" errorCode="e"/><process id="P" isExecutable="true"><startEvent id="s"/>
               <subProcess id="sub"><startEvent id="s1"/><endEvent id="e1"><errorEventDefinition errorRef="E"/></endEvent>{}
                 <subProcess id="handler" triggeredByEvent="true"><startEvent id="hs"><errorEventDefinition errorRef="E"/></startEvent><task id="h"/>
                   <endEvent id="e2"><errorEventDefinition errorRef="E"/></endEvent>{}</subProcess></subProcess>{outer}{}{}</process>"#,
            flows("s1>e1"),
            flows("hs>h h>e2"),
            tasks("after"),
            flows("s>sub sub>after"),
        ))
    };
    check(&model(""), "h", Fault);
    let border = r#"<task id="caught"/><boundaryEvent id="b" attachedToRef="sub"><errorEventDefinition errorRef="E"/></boundaryEvent><sequenceFlow id="fb" sourceRef="b" targetRef="caught"/>"#;
    check(&model(border), "h caught", Finished);
}

#[test]
fn a_call_that_names_data_sees_nothing_else_and_gives_nothing_else_back() {
    let model = |data: &str| {
        file(&format!(
            r#"<process id="P" isExecutable="true"><property id="x"/><property id="y"/><startEvent id="s"/><callActivity id="call" calledElement="Q">{data}</callActivity>{}</process>
               <process id="Q"><startEvent id="qs"/><scriptTask id="q"><script>{{y: if inX = null then "none" else inX + 1, x: 99}}</script></scriptTask>{}</process>"#,
            flows("s>call"),
            flows("qs>q"),
        ))
    };
    let data = r#"<ioSpecification><dataInput id="inX"/><dataOutput id="outY"/><inputSet><dataInputRefs>inX</dataInputRefs></inputSet><outputSet><dataOutputRefs>outY</dataOutputRefs></outputSet></ioSpecification>
        <dataInputAssociation id="i"><targetRef>inX</targetRef><assignment><from>x</from><to>inX</to></assignment></dataInputAssociation>
        <dataOutputAssociation id="o"><targetRef>y</targetRef><assignment><from>y</from><to>y</to></assignment></dataOutputAssociation>"#;
    let (became, variables) = run(&model(data), r#"{"x":1}"#, "{}");
    assert_eq!((became.end, json!(variables)), (Finished, json!({"x": 1, "y": 2})), "{became:?}");
    let (_, variables) = run(&model(""), r#"{"x":1}"#, "{}");
    assert_eq!(variables["x"], json!(99));
}

#[test]
fn a_global_task_can_be_called() {
    let model = file(&format!(
        r#"<globalScriptTask id="G"><script>{{n: n + 1}}</script></globalScriptTask>
           <process id="P" isExecutable="true"><startEvent id="s"/><callActivity id="c" calledElement="G"/>{}{}</process>"#,
        tasks("after"),
        flows("s>c c>after"),
    ));
    let (became, variables) = run(&model, r#"{"n":1}"#, "{}");
    assert_eq!((became.end, &variables["n"]), (Finished, &json!(2)), "{became:?}");
}

/// Two tasks with handlers, then what undoes them.
fn undoing(inside: &str) -> String {
    process(
        &(r#"<startEvent id="s"/><task id="a"/><boundaryEvent id="ca" attachedToRef="a"><compensateEventDefinition/></boundaryEvent><task id="ua" isForCompensation="true"/>
             <association id="x1" sourceRef="ca" targetRef="ua"/>
             <task id="b"/><boundaryEvent id="cb" attachedToRef="b"><compensateEventDefinition/></boundaryEvent><task id="ub" isForCompensation="true"/>
             <association id="x2" sourceRef="cb" targetRef="ub"/>"#
            .to_owned()
            + inside),
    )
}

#[test]
fn compensation_undoes_in_reverse_order_what_was_done() {
    let throw = r#"<intermediateThrowEvent id="t"><compensateEventDefinition/></intermediateThrowEvent>"#;
    let all = undoing(&(throw.to_owned() + tasks("after").as_str() + flows("s>a a>b b>t t>after").as_str()));
    check(&all, "a b ub ua after", Finished);
    // What was not done is not undone.
    let early = undoing(&(throw.to_owned() + flows("s>a a>t t>b").as_str()));
    check(&early, "a ua b", Finished);
    let one = undoing(
        &(throw.replace("<compensateEventDefinition/>", r#"<compensateEventDefinition activityRef="a"/>"#)
            + tasks("after").as_str()
            + flows("s>a a>b b>t t>after").as_str()),
    );
    check(&one, "a b ua after", Finished);
    let end = r#"<endEvent id="t"><compensateEventDefinition/></endEvent>"#;
    check(&undoing(&(end.to_owned() + flows("s>a a>b b>t").as_str())), "a b ub ua", Finished);
    // Undone once is undone.
    let twice = r#"<intermediateThrowEvent id="t2"><compensateEventDefinition/></intermediateThrowEvent>"#;
    let twice = undoing(&(throw.to_owned() + twice + flows("s>a a>t t>t2 t2>b").as_str()));
    check(&twice, "a ua b", Finished);
}

#[test]
fn a_done_sub_process_is_undone_by_its_own_handlers_or_its_event_sub_process() {
    let inner = |more: &str| {
        process(
            &(format!(
                r#"<startEvent id="s"/><subProcess id="sub"><startEvent id="s1"/><task id="a"/><boundaryEvent id="ca" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>
                   <task id="ua" isForCompensation="true"/><association id="x1" sourceRef="ca" targetRef="ua"/>{}{more}</subProcess>
                   <intermediateThrowEvent id="t"><compensateEventDefinition activityRef="sub"/></intermediateThrowEvent>"#,
                flows("s1>a")
            ) + tasks("after").as_str()
                + flows("s>sub sub>t t>after").as_str()),
        )
    };
    check(&inner(""), "a ua after", Finished);
    let by_event = r#"<property id="seen"/><subProcess id="h" triggeredByEvent="true"><startEvent id="hs"><compensateEventDefinition/></startEvent><task id="uh"/>
        <sequenceFlow id="hf" sourceRef="hs" targetRef="uh"/></subProcess>"#;
    check(&inner(by_event), "a uh after", Finished);
}

#[test]
fn a_cancelled_transaction_undoes_what_was_done_and_goes_on_at_its_cancel_event() {
    let model = process(
        &(r#"<startEvent id="s"/><transaction id="tx"><startEvent id="s1"/><parallelGateway id="f"/><task id="a"/><userTask id="u"/>
             <boundaryEvent id="ca" attachedToRef="a"><compensateEventDefinition/></boundaryEvent><task id="ua" isForCompensation="true"/><association id="x1" sourceRef="ca" targetRef="ua"/>
             <endEvent id="c"><cancelEventDefinition/></endEvent><sequenceFlow id="i0" sourceRef="s1" targetRef="f"/><sequenceFlow id="i1" sourceRef="f" targetRef="u"/>
             <sequenceFlow id="i2" sourceRef="f" targetRef="a"/><sequenceFlow id="i3" sourceRef="a" targetRef="c"/></transaction>
             <boundaryEvent id="b" attachedToRef="tx"><cancelEventDefinition/></boundaryEvent>"#
            .to_owned()
            + tasks("after cancelled").as_str()
            + flows("s>tx tx>after b>cancelled").as_str()),
    );
    check(&model, "a !u ua cancelled", Finished);
}

#[test]
fn compensation_out_of_an_error_handler_undoes_the_scope_around_it() {
    let model = file(&format!(
        r#"<error id="E" errorCode="TU_CHOI"/><process id="P" isExecutable="true"><startEvent id="s"/><task id="a"/><boundaryEvent id="ca" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>
           <task id="ua" isForCompensation="true"/><association id="x1" sourceRef="ca" targetRef="ua"/><endEvent id="e"><errorEventDefinition errorRef="E"/></endEvent>{}
           <subProcess id="h" triggeredByEvent="true"><startEvent id="hs"><errorEventDefinition errorRef="E"/></startEvent>
             <intermediateThrowEvent id="t"><compensateEventDefinition/></intermediateThrowEvent>{}{}</subProcess></process>"#,
        flows("s>a a>e"),
        tasks("told"),
        flows("hs>t t>told"),
    ));
    check(&model, "a ua told", Finished);
}

/// A task that can be undone: `a` by `ua`.
fn undoable(id: &str, handler: &str) -> String {
    format!(
        r#"<task id="{id}"/><boundaryEvent id="c{id}" attachedToRef="{id}"><compensateEventDefinition/></boundaryEvent>{handler}<association id="x{id}" sourceRef="c{id}" targetRef="u{id}"/>"#
    )
}

fn plainly(id: &str) -> String {
    undoable(id, &format!(r#"<task id="u{id}" isForCompensation="true"/>"#))
}

#[test]
fn what_an_event_tells_beside_an_undoing_is_told_when_all_is_undone() {
    let end = |more: &str| {
        let text = format!(r#"<endEvent id="e"><compensateEventDefinition/>{more}</endEvent>"#);
        file(&format!(
            r#"<error id="E" errorCode="TU_CHOI"/><process id="P" isExecutable="true"><startEvent id="s"/>{}{text}{}</process>"#,
            plainly("a"),
            flows("s>a a>e")
        ))
    };
    check(&end(r#"<errorEventDefinition errorRef="E"/>"#), "a ua", Fault);
    let (_, found) = run(&end("<terminateEventDefinition/>"), "{}", "{}");
    assert!(found.is_empty());
    let two = r#"<endEvent id="e"><compensateEventDefinition activityRef="a"/><compensateEventDefinition activityRef="b"/></endEvent>"#;
    let model = process(
        &[r#"<startEvent id="s"/>"#, &plainly("a"), &plainly("b"), two, &flows("s>a a>b b>e")].concat(),
    );
    check(&model, "a b ua ub", Finished);
}

#[test]
fn what_a_handler_writes_stays_and_what_it_sees_is_of_its_own_scope() {
    let handler = |id: &str| {
        format!(
            r#"<scriptTask id="u{id}" isForCompensation="true"><script>{{undone: append(undone, "{id}")}}</script></scriptTask>"#
        )
    };
    let throw = r#"<intermediateThrowEvent id="t"><compensateEventDefinition/></intermediateThrowEvent>"#;
    let parts = [
        r#"<property id="undone"/><startEvent id="s"/>"#,
        &undoable("a", &handler("a")),
        &undoable("b", &handler("b")),
        throw,
        &flows("s>a a>b b>t"),
    ];
    let (became, found) = run(&process(&parts.concat()), r#"{"undone":[]}"#, "{}");
    assert_eq!((became.end, &found["undone"]), (Finished, &json!(["b", "a"])));
}

#[test]
fn an_event_sub_process_that_undoes_a_scope_undoes_what_was_done_in_it() {
    let sub = [
        r#"<subProcess id="sub"><startEvent id="s1"/>"#,
        &plainly("a"),
        r#"<subProcess id="h" triggeredByEvent="true"><startEvent id="hs"><compensateEventDefinition/></startEvent><intermediateThrowEvent id="ht"><compensateEventDefinition/></intermediateThrowEvent><task id="hd"/>"#,
        &flows("hs>ht ht>hd"),
        "</subProcess>",
        &flows("s1>a"),
        "</subProcess>",
    ];
    let end = r#"<endEvent id="e"><compensateEventDefinition activityRef="sub"/></endEvent>"#;
    let model = process(
        &[r#"<startEvent id="s"/>"#, &plainly("x"), &sub.concat(), end, &flows("s>x x>sub sub>e")].concat(),
    );
    check(&model, "x a ua hd", Finished);
}

#[test]
fn a_transaction_cancelled_from_within_undoes_what_its_running_parts_did() {
    let inner = [
        r#"<subProcess id="in"><startEvent id="s2"/>"#,
        &plainly("b"),
        r#"<endEvent id="no"><cancelEventDefinition/></endEvent>"#,
        &flows("s2>b b>no"),
        "</subProcess>",
    ];
    let transaction = [
        r#"<startEvent id="s"/><transaction id="T"><startEvent id="s1"/>"#,
        &plainly("a"),
        &inner.concat(),
        &flows("s1>a a>in"),
        r#"</transaction><boundaryEvent id="c" attachedToRef="T"><cancelEventDefinition/></boundaryEvent>"#,
        &tasks("after"),
        &flows("s>T c>after"),
    ];
    check(&process(&transaction.concat()), "a b ub ua after", Finished);
}
