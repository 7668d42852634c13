//! Events: where they are caught, what they interrupt.

use process::simulate::End::{Fault, Finished, Waiting};
use serde_json::json;

use crate::help::{check, check_with, file, flows, process, run, tasks};

const DECLARED: &str = r#"<message id="M" name="paid"/><signal id="S" name="storm"/><error id="E" name="refused" errorCode="TU_CHOI"/>
<error id="E2" errorCode="OTHER"/><escalation id="X" escalationCode="late"/>"#;

/// Declarations, then a process.
fn declared(inside: &str) -> String {
    file(&format!(r#"{DECLARED}<process id="P" isExecutable="true">{inside}</process>"#))
}

#[test]
fn a_timer_waits_and_the_clock_jumps() {
    let model = process(
        &(r#"<startEvent id="s"/><intermediateCatchEvent id="t"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>"#
            .to_owned()
            + tasks("a").as_str()
            + flows("s>t t>a").as_str()),
    );
    let (became, _) = run(&model, "{}", "{}");
    assert_eq!((became.tasks.as_str(), became.seconds), ("a", 3600));
    let date = model
        .replace("<timeDuration>PT1H</timeDuration>", "<timeDate>= \"2026-03-02T09:30:00+07:00\"</timeDate>")
        .replace("= \"2026-03-02T09:30:00+07:00\"", "2026-03-02T09:30:00+07:00");
    assert_eq!(run(&date, "{}", "{}").0.seconds, 5400);
    let computed = model.replace("PT1H", "\"PT\" + string(minutes) + \"M\"");
    assert_eq!(run(&computed, r#"{"minutes":2}"#, "{}").0.seconds, 120);
    check(&computed, "", Fault);
}

#[test]
fn a_loop_of_waits_without_length_stops_with_an_incident() {
    let model = |length: &str| {
        process(
            &(format!(
                r#"<startEvent id="s"/><exclusiveGateway id="m"/><intermediateCatchEvent id="t"><timerEventDefinition><timeDuration>{length}</timeDuration></timerEventDefinition></intermediateCatchEvent>"#
            ) + flows("s>m m>t t>m").as_str()),
        )
    };
    check(&model("PT0S"), "", Fault);
    check(&model("PT0.9S"), "", Fault);
}

#[test]
fn a_cycle_does_not_come_for_the_times_that_were_past_when_it_began() {
    let model = |cycle: &str| {
        process(
            &(format!(
                r#"<startEvent id="s"/><userTask id="u"/><boundaryEvent id="b" attachedToRef="u" cancelActivity="false"><timerEventDefinition><timeCycle>{cycle}</timeCycle></timerEventDefinition></boundaryEvent>"#
            ) + tasks("late").as_str()
                + flows("s>u b>late").as_str()),
        )
    };
    let slow = r#"{"u":{"after":"PT2H30M"}}"#;
    // The simulation begins on 2026-03-02 at 08:00.
    check_with(&model("R/2000-01-01T00:00:00+07:00/PT1H"), ("{}", slow), "late late late u", Finished);
    check_with(&model("R3/2026-03-02T07:30:00+07:00/PT1H"), ("{}", slow), "late late u", Finished);
    check_with(&model("R3/2000-01-01T00:00:00+07:00/PT1H"), ("{}", slow), "", Fault);
}

#[test]
fn a_timer_on_the_border_interrupts_or_goes_on_beside() {
    let model = |cancel: &str, timer: &str| {
        process(
            &(format!(
                r#"<startEvent id="s"/><userTask id="u"/><boundaryEvent id="b" attachedToRef="u" cancelActivity="{cancel}"><timerEventDefinition>{timer}</timerEventDefinition></boundaryEvent>"#
            ) + tasks("a late").as_str()
                + flows("s>u u>a b>late").as_str()),
        )
    };
    let once = "<timeDuration>PT10S</timeDuration>";
    let slow = r#"{"u":{"after":"PT35S"}}"#;
    check_with(&model("true", once), ("{}", slow), "!u late", Finished);
    check_with(&model("false", once), ("{}", slow), "late u a", Finished);
    check_with(
        &model("false", "<timeCycle>R/PT10S</timeCycle>"),
        ("{}", slow),
        "late late late u a",
        Finished,
    );
    check_with(&model("false", "<timeCycle>R2/PT10S</timeCycle>"), ("{}", slow), "late late u a", Finished);
    check(&model("true", once), "u a", Finished);
}

#[test]
fn messages_go_between_the_processes_of_a_collaboration() {
    let model = file(&format!(
        r#"<message id="ask" name="ask"/><message id="answer" name="answer"/>
           <process id="A" isExecutable="true"><startEvent id="s"/><sendTask id="send" messageRef="ask"/>
             <receiveTask id="wait" messageRef="answer"/>{}{}</process>
           <process id="B" isExecutable="true"><startEvent id="m"><messageEventDefinition messageRef="ask"/></startEvent>
             <endEvent id="e"><messageEventDefinition messageRef="answer"/></endEvent>{}{}</process>"#,
        tasks("after"),
        flows("s>send send>wait wait>after"),
        tasks("work"),
        flows("m>work work>e"),
    ));
    check(&model, "send work wait after", Finished);
    let unanswered = model.replace(
        r#"<endEvent id="e"><messageEventDefinition messageRef="answer"/></endEvent>"#,
        r#"<endEvent id="e"/>"#,
    );
    check(&unanswered, "send work", Waiting);
}

#[test]
fn a_message_reaches_the_instance_whose_key_is_its_own() {
    let model = file(&format!(
        r#"<message id="ask" name="ask"/><message id="answer" name="answer"/>
           <process id="A" isExecutable="true"><startEvent id="s"/><parallelGateway id="f"/>
             <intermediateCatchEvent id="one"><messageEventDefinition messageRef="answer" lt:correlation="&quot;k1&quot;"/></intermediateCatchEvent>
             <intermediateCatchEvent id="two"><messageEventDefinition messageRef="answer" lt:correlation="&quot;k2&quot;"/></intermediateCatchEvent>
             <sendTask id="send" messageRef="answer" lt:correlation="&quot;k2&quot;"/>{}{}</process>"#,
        tasks("first second"),
        flows("s>f f>one f>two f>send one>first two>second"),
    ));
    check(&model, "send second", Waiting);
    // Without a value nobody could tell the instances apart.
    let nothing = declared(
        &(r#"<startEvent id="s"/><receiveTask id="r" messageRef="M" lt:correlation="dossier"/>"#.to_owned()
            + flows("s>r").as_str()),
    );
    check(&nothing, "", Fault);
    check_with(&nothing, (r#"{"dossier":"1"}"#, "{}"), "", Waiting);
}

#[test]
fn an_event_based_gateway_takes_what_happens_first() {
    let model = declared(
        &(r#"<startEvent id="s"/><eventBasedGateway id="g"/>
             <intermediateCatchEvent id="t"><timerEventDefinition><timeDuration>PT5S</timeDuration></timerEventDefinition></intermediateCatchEvent>
             <intermediateCatchEvent id="c"><conditionalEventDefinition><condition>ready</condition></conditionalEventDefinition></intermediateCatchEvent>
             <parallelGateway id="f"/><userTask id="u"/>"#
            .to_owned()
            + tasks("a b").as_str()
            + flows("s>f f>g f>u g>t g>c t>a c>b").as_str()),
    );
    let choices = r#"{"u":{"after":"PT2S","set":{"ready":true}}}"#;
    check_with(&model, (r#"{"ready":false}"#, choices), "u b", Finished);
    let late = r#"{"u":{"after":"PT9S","set":{"ready":true}}}"#;
    check_with(&model, (r#"{"ready":false}"#, late), "a u", Finished);
}

#[test]
fn an_error_is_caught_by_the_nearest_handler_that_names_it() {
    let model = |boundary: &str| {
        declared(
            &(format!(
                r#"<startEvent id="s"/><subProcess id="sub"><startEvent id="s1"/><endEvent id="e1"><errorEventDefinition errorRef="E"/></endEvent>
                   <userTask id="beside"/><parallelGateway id="f"/>{}</subProcess>{boundary}"#,
                flows("s1>f f>beside f>e1")
            ) + tasks("after").as_str()
                + flows("s>sub sub>after").as_str()),
        )
    };
    let on = |id: &str, error: &str, to: &str| {
        format!(
            r#"<boundaryEvent id="{id}" attachedToRef="sub"><errorEventDefinition {error}/></boundaryEvent><task id="{to}"/><sequenceFlow id="f{id}" sourceRef="{id}" targetRef="{to}"/>"#
        )
    };
    let beside = "!beside";
    check(&model(""), beside, Fault);
    check(&model(&on("b", r#"errorRef="E""#, "any")), &format!("{beside} any"), Finished);
    check(&model(&on("b", r#"errorRef="E2""#, "any")), beside, Fault);
    check(&model(&on("b", "", "any")), &format!("{beside} any"), Finished);
    let both = on("b", "", "any") + on("b2", r#"errorRef="E""#, "other").as_str();
    check(&model(&both), &format!("{beside} other"), Finished);
}

#[test]
fn a_task_may_end_with_a_business_error() {
    let model = declared(
        &(r#"<startEvent id="s"/><userTask id="u"/><boundaryEvent id="b" attachedToRef="u"><errorEventDefinition errorRef="E"/></boundaryEvent>"#
            .to_owned()
            + tasks("a refused").as_str()
            + flows("s>u u>a b>refused").as_str()),
    );
    check_with(&model, ("{}", r#"{"u":{"error":"TU_CHOI"}}"#), "!u refused", Finished);
    check_with(&model, ("{}", r#"{"u":{"error":"OTHER"}}"#), "!u", Fault);
}

#[test]
fn a_signal_reaches_everybody_who_waits_for_it() {
    let model = declared(
        &(r#"<startEvent id="s"/><parallelGateway id="f"/><userTask id="u"/>
             <intermediateThrowEvent id="throw"><signalEventDefinition signalRef="S"/></intermediateThrowEvent>
             <intermediateCatchEvent id="c"><signalEventDefinition signalRef="S"/></intermediateCatchEvent>
             <userTask id="long"/><boundaryEvent id="b" attachedToRef="long"><signalEventDefinition signalRef="S"/></boundaryEvent>"#
            .to_owned()
            + tasks("a d").as_str()
            + flows("s>f f>u u>throw f>c f>long c>a b>d").as_str()),
    );
    check_with(&model, ("{}", r#"{"long":{"wait":true}}"#), "u !long a d", Finished);
}

#[test]
fn an_escalation_goes_on_beside_or_takes_over_and_unheard_does_nothing() {
    let model = |boundary: &str| {
        declared(
            &(format!(
                r#"<startEvent id="s"/><subProcess id="sub"><startEvent id="s1"/><intermediateThrowEvent id="x"><escalationEventDefinition escalationRef="X"/></intermediateThrowEvent>
                   <task id="inner"/>{}</subProcess>{boundary}"#,
                flows("s1>x x>inner")
            ) + tasks("after").as_str()
                + flows("s>sub sub>after").as_str()),
        )
    };
    let on = |cancel: &str| {
        format!(
            r#"<boundaryEvent id="b" attachedToRef="sub" cancelActivity="{cancel}"><escalationEventDefinition escalationRef="X"/></boundaryEvent><task id="told"/><sequenceFlow id="fb" sourceRef="b" targetRef="told"/>"#
        )
    };
    check(&model(""), "inner after", Finished);
    check(&model(&on("false")), "told inner after", Finished);
    check(&model(&on("true")), "told", Finished);
}

#[test]
fn a_condition_happens_when_it_becomes_true() {
    let model = |cancel: &str| {
        process(
            &(format!(
                r#"<startEvent id="s"/><parallelGateway id="f"/><userTask id="u"/><userTask id="v"/>
                   <boundaryEvent id="b" attachedToRef="u" cancelActivity="{cancel}"><conditionalEventDefinition><condition>n &gt; 1</condition></conditionalEventDefinition></boundaryEvent>"#
            ) + tasks("a").as_str()
                + flows("s>f f>u f>v v>x x>v?n_<_4 b>a").as_str()
                + r#"<exclusiveGateway id="x" default="x-e-d"/><endEvent id="e"/><sequenceFlow id="x-e-d" sourceRef="x" targetRef="e"/>"#),
        )
    };
    let choices =
        r#"{"u":{"after":"PT1H"},"v":[{"set":{"n":1}},{"set":{"n":2}},{"set":{"n":1}},{"set":{"n":4}}]}"#;
    check_with(&model("true"), (r#"{"n":0}"#, choices), "v v !u a v v", Finished);
    check_with(&model("false"), (r#"{"n":0}"#, choices), "v v a v v a u", Finished);
}

#[test]
fn a_link_leads_to_the_catching_event_of_its_name() {
    let model = process(
        &(r#"<startEvent id="s"/><intermediateThrowEvent id="from"><linkEventDefinition name="L"/></intermediateThrowEvent>
             <intermediateCatchEvent id="to"><linkEventDefinition name="L"/></intermediateCatchEvent>"#
            .to_owned()
            + tasks("a b").as_str()
            + flows("s>a a>from to>b").as_str()),
    );
    check(&model, "a b", Finished);
}

#[test]
fn a_terminate_event_ends_its_own_scope_only() {
    let inner = format!(
        r#"<startEvent id="s1"/><parallelGateway id="f"/><userTask id="u"/><endEvent id="e"><terminateEventDefinition/></endEvent>{}"#,
        flows("s1>f f>u f>e")
    );
    let sub = format!(r#"<startEvent id="s"/><subProcess id="sub">{inner}</subProcess>"#);
    let model = process(&(sub + tasks("after").as_str() + flows("s>sub sub>after").as_str()));
    check(&model, "!u after", Finished);
    check(&process(&inner), "!u", Finished);
}

#[test]
fn a_parallel_multiple_event_needs_all_and_a_multiple_event_any() {
    let model = |all: &str| {
        declared(
            &(format!(
                r#"<startEvent id="s"/><intermediateCatchEvent id="c" parallelMultiple="{all}">
                   <timerEventDefinition><timeDuration>PT5S</timeDuration></timerEventDefinition><conditionalEventDefinition><condition>ready</condition></conditionalEventDefinition></intermediateCatchEvent>
                   <parallelGateway id="f"/><userTask id="u"/>"#
            ) + tasks("a").as_str()
                + flows("s>f f>c f>u c>a").as_str()),
        )
    };
    let choices = r#"{"u":{"after":"PT9S","set":{"ready":true}}}"#;
    check_with(&model("true"), (r#"{"ready":false}"#, choices), "u a", Finished);
    check_with(&model("false"), (r#"{"ready":false}"#, choices), "a u", Finished);
}

#[test]
fn a_process_begins_with_a_message_a_signal_or_a_receiving_task() {
    let begun = |begin: &str| {
        file(&format!(
            r#"{DECLARED}<process id="A" isExecutable="true"><startEvent id="s"/><task id="first"/>
               <endEvent id="e"><messageEventDefinition messageRef="M"/></endEvent><endEvent id="e2"><signalEventDefinition signalRef="S"/></endEvent>{}</process>
               <process id="B" isExecutable="true">{begin}{}</process>"#,
            flows("s>first first>e first>e2"),
            tasks("second"),
        ))
    };
    let message = r#"<startEvent id="m"><messageEventDefinition messageRef="M"/></startEvent>"#.to_owned();
    check(&begun(&(message + flows("m>second").as_str())), "first second", Finished);
    let signal = r#"<startEvent id="m"><signalEventDefinition signalRef="S"/></startEvent>"#.to_owned();
    check(&begun(&(signal + flows("m>second").as_str())), "first second", Finished);
    let receive = r#"<receiveTask id="m" instantiate="true" messageRef="M"/>"#.to_owned();
    check(&begun(&(receive + flows("m>second").as_str())), "first m second", Finished);
    let gateway = r#"<eventBasedGateway id="g" instantiate="true"/>
        <intermediateCatchEvent id="m"><messageEventDefinition messageRef="M"/></intermediateCatchEvent>
        <intermediateCatchEvent id="m2"><signalEventDefinition signalRef="S"/></intermediateCatchEvent>"#;
    let one = gateway.to_owned() + flows("g>m g>m2 m>second m2>second").as_str();
    let (became, _) = run(&begun(&one), "{}", "{}");
    assert_eq!(became.tasks, "first second second", "each begins an instance: {became:?}");
    let all = gateway.replace("instantiate", r#"eventGatewayType="Parallel" instantiate"#);
    let all = all + r#"<parallelGateway id="j"/>"# + flows("g>m g>m2 m>j m2>j j>second").as_str();
    let (became, _) = run(&begun(&all), "{}", "{}");
    assert_eq!((became.tasks.as_str(), became.end), ("first second", Finished));
}

#[test]
fn what_a_message_brings_becomes_variables() {
    let model = file(&format!(
        r#"<message id="M" name="m"/><process id="A" isExecutable="true"><startEvent id="s"/>
           <endEvent id="e"><dataInput id="amount"/><dataInputAssociation id="ia"><targetRef>amount</targetRef><assignment><from>x * 2</from><to>amount</to></assignment></dataInputAssociation>
             <inputSet><dataInputRefs>amount</dataInputRefs></inputSet><messageEventDefinition messageRef="M"/></endEvent>{}</process>
           <process id="B" isExecutable="true"><startEvent id="m"><messageEventDefinition messageRef="M"/></startEvent>
             <exclusiveGateway id="g"/>{}{}</process>"#,
        flows("s>e"),
        tasks("right wrong"),
        flows("m>g g>right?amount_=_10 g>wrong?amount_!=_10"),
    ));
    check_with(&model, (r#"{"x":5}"#, "{}"), "right", Finished);
}

#[test]
fn variables_of_the_begin_are_there_at_the_end() {
    let (_, variables) = run(&process(r#"<startEvent id="s"/>"#), r#"{"a":[1,{"b":null}]}"#, "{}");
    assert_eq!(json!(variables), json!({"a": [1, {"b": null}]}));
}

#[test]
fn a_signal_that_brings_too_much_is_not_told() {
    let model = process(
        &(r#"<startEvent id="s"/><intermediateThrowEvent id="t"><dataInput id="in1" name="all"/><dataInputAssociation id="x">
             <targetRef>in1</targetRef><assignment><from>all</from><to>in1</to></assignment></dataInputAssociation><inputSet/>
             <signalEventDefinition signalRef="S"/></intermediateThrowEvent>"#
            .to_owned()
            + tasks("a").as_str()
            + flows("s>t t>a").as_str()),
    )
    .replace("<process ", r#"<signal id="S" name="S"/><process "#);
    let with = |bytes: usize| format!(r#"{{"all":"{}"}}"#, "x".repeat(bytes));
    check_with(&model, (&with(16_000), "{}"), "a", Finished);
    check_with(&model, (&with(17_000), "{}"), "", Fault);
}

#[test]
fn a_simulation_that_would_go_on_for_ever_says_so() {
    let round = |begins: &str, tells: &str| {
        format!(
            r#"<startEvent id="s"><messageEventDefinition messageRef="{begins}"/></startEvent><endEvent id="e"><messageEventDefinition messageRef="{tells}"/></endEvent>{}"#,
            flows("s>e")
        )
    };
    let model = |tells: &str| {
        let roots = r#"<message id="m" name="m"/><message id="n" name="n"/><process "#;
        process(&round("m", tells)).replacen("<process ", roots, 1)
    };
    let begun = r#"{"@messages":[{"name":"m","after":"PT1S"}]}"#;
    check_with(&model("n"), ("{}", begun), "", Finished);
    check_with(&model("m"), ("{}", begun), "", process::simulate::End::TooLong);
    check_with(&model("m"), ("{}", "{}"), "", process::simulate::End::NoStart);
}
