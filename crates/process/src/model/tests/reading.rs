//! What is read of each construct.

use super::*;

#[test]
fn a_line_is_nodes_and_flows_in_the_order_of_the_file() {
    let model = good(&around("<task id=\"a\" name=\"Thẩm định\"/>"));
    assert_eq!(model.warnings, []);
    let process = &model.program.processes[0];
    assert_eq!((&*process.id, &*process.name, process.executable), ("P", "P", true));
    let scope = model.program.scope(process.scope);
    assert_eq!((model.ids(&scope.nodes), model.ids(&scope.starts)), (vec!["s", "a", "e"], vec!["s"]));
    let a = model.node("a");
    assert_eq!((&*a.name, a.line, a.incoming.len(), a.outgoing.len()), ("Thẩm định", 6, 1, 1));
    let flow = model.program.flow(a.outgoing[0]);
    assert_eq!((&*flow.id, flow.source, flow.target), ("f2", model.at("a"), model.at("e")));
    assert!(matches!(a.kind, Kind::Task(Task::Plain)) && a.lane.is_none());
}

#[test]
fn each_task_is_its_kind() {
    let model = good(
        &process(
            r#"<manualTask id="manual"/><userTask id="user"/><serviceTask id="service"/><sendTask id="job"/>
            <sendTask id="send" messageRef="t:m"/><receiveTask id="receive"/><receiveTask id="first" instantiate="true"/>
            <scriptTask id="script"><script><![CDATA[{x: 1 < 2}]]></script></scriptTask><scriptTask id="nothing"/>
            <businessRuleTask id="rule" lt:decision="Lệ phí" lt:result="fee"/><businessRuleTask id="by_job"/>"#,
        )
        .replace("<process", "<message id=\"m\" name=\"Hồ sơ\"/><process"),
    );
    let kind = |id: &str| format!("{:?}", model.node(id).kind);
    assert_eq!(kind("manual"), "Task(Manual)");
    assert_eq!(kind("user"), "Task(User)");
    assert_eq!(kind("service"), "Task(Service)");
    assert_eq!(kind("job"), "Task(Send(None))");
    assert_eq!(kind("send"), "Task(Send(Some(Message { name: \"Hồ sơ\", correlation: None })))");
    assert_eq!(
        kind("receive"),
        "Task(Receive { message: Message { name: \"receive\", correlation: None }, instantiate: false })"
    );
    assert!(kind("first").ends_with("instantiate: true })"));
    assert_eq!(kind("script"), "Task(Script(Some(={x: 1 < 2})))");
    assert_eq!(kind("nothing"), "Task(Script(None))");
    assert_eq!(
        kind("rule"),
        "Task(Rule(Some(Decision { id: \"Lệ phí\", result: Some(\"fee\"), file: None })))"
    );
    assert_eq!(kind("by_job"), "Task(Rule(None))");
}

#[test]
fn gateways_know_their_default_and_their_conditions() {
    let model = good(&process(
        r#"<complexGateway id="c"><activationCondition>activationCount &gt;= 2</activationCondition></complexGateway>
        <inclusiveGateway id="i" default="f2"/><parallelGateway id="p"/>
        <sequenceFlow id="f1" sourceRef="i" targetRef="p"><conditionExpression>x = 1</conditionExpression></sequenceFlow>
        <sequenceFlow id="f2" sourceRef="i" targetRef="p"/>"#,
    ));
    assert_eq!(format!("{:?}", model.node("c").kind), "Complex(Some(=activationCount >= 2))");
    let default = model.node("i").default.expect("it has one");
    assert_eq!(&*model.program.flow(default).id, "f2");
    let condition = &model.program.flow(model.node("i").outgoing[0]).condition;
    assert_eq!(format!("{condition:?}"), "Some(=x = 1)");
    assert!(matches!(model.node("p").kind, Kind::Parallel));
}

#[test]
fn a_condition_without_effect_is_left_out() {
    let condition = "<conditionExpression>x = 1</conditionExpression>";
    let flow = format!("<sequenceFlow id=\"f\" sourceRef=\"p\" targetRef=\"e\">{condition}</sequenceFlow>");
    for gateway in ["<parallelGateway id=\"p\"/>", "<exclusiveGateway id=\"p\" default=\"f\"/>"] {
        let model = good(&process(&format!("{gateway}<endEvent id=\"e\"/>{flow}")));
        assert!(model.program.flows[0].condition.is_none(), "{gateway}");
    }
}

#[test]
fn names_of_messages_signals_errors_and_escalations_are_what_is_meant_before_their_ids() {
    let model = good(
        &process(
            r#"<intermediateThrowEvent id="m1"><messageEventDefinition messageRef="one"/></intermediateThrowEvent>
            <intermediateThrowEvent id="m2"><messageEventDefinition messageRef="two"/></intermediateThrowEvent>
            <intermediateThrowEvent id="m3"><messageEventDefinition><operationRef>op</operationRef>
            </messageEventDefinition></intermediateThrowEvent>
            <intermediateThrowEvent id="m4" lt:correlation="code"><messageEventDefinition/></intermediateThrowEvent>
            <intermediateThrowEvent id="s1"><signalEventDefinition signalRef="sig"/></intermediateThrowEvent>
            <intermediateThrowEvent id="es1"><escalationEventDefinition escalationRef="es"/></intermediateThrowEvent>
            <endEvent id="er1"><errorEventDefinition errorRef="er"/></endEvent>
            <endEvent id="er2"><errorEventDefinition errorRef="er_id"/></endEvent>"#,
        )
        .replace(
            "<process",
            r#"<message id="one" name="Một"/><message id="two"/><signal id="sig" name="Dừng"/>
            <interface id="i" name="i"><operation id="op" name="op"><inMessageRef>one</inMessageRef></operation></interface>
            <error id="er" name="x" errorCode="TU_CHOI"/><error id="er_id"/>
            <escalation id="es" name="Quá hạn"/><process"#,
        ),
    );
    assert_eq!(model.triggers("m1"), "[Message(Message { name: \"Một\", correlation: None })]");
    assert_eq!(model.triggers("m2"), "[Message(Message { name: \"two\", correlation: None })]");
    assert_eq!(model.triggers("m3"), "[Message(Message { name: \"Một\", correlation: None })]");
    assert_eq!(model.triggers("m4"), "[Message(Message { name: \"m4\", correlation: Some(=code) })]");
    assert_eq!(model.triggers("s1"), "[Signal(\"Dừng\")]");
    assert_eq!(model.triggers("es1"), "[Escalation(Some(\"Quá hạn\"))]");
    assert_eq!(model.triggers("er1"), "[Error(Some(\"TU_CHOI\"))]");
    assert_eq!(model.triggers("er2"), "[Error(Some(\"er_id\"))]");
    assert!(model.node("m4").extra.is_empty());
}

#[test]
fn a_message_flow_names_the_message_of_ends_that_name_none() {
    let flows = |message: &str, catch: &str| {
        let text = file(&format!(
            r#"<message id="m" name="M"/><collaboration id="c"><participant id="black"/>
            <messageFlow id="mf" sourceRef="send" targetRef="catch" {message}/>
            <messageFlow id="out" sourceRef="tell" targetRef="black"/></collaboration>
            <process id="P" isExecutable="true"><sendTask id="send"/>
            <intermediateThrowEvent id="tell"><messageEventDefinition/></intermediateThrowEvent></process>
            <process id="Q" isExecutable="true"><startEvent id="catch"><messageEventDefinition {catch}/></startEvent></process>"#
        ));
        let model = good(&text);
        let send = format!("{:?}", model.node("send").kind);
        let name = send.split('"').nth(1).expect("it tells a message").to_owned();
        assert_eq!(model.triggers("tell"), "[Message(Message { name: \"out\", correlation: None })]");
        (name, model.triggers("catch").split('"').nth(1).expect("it waits for a message").to_owned())
    };
    let both = |name: &str| (name.to_owned(), name.to_owned());
    assert_eq!(flows("", ""), both("mf"));
    assert_eq!(flows("messageRef=\"m\"", ""), both("M"));
    assert_eq!(flows("", "messageRef=\"m\""), both("M"));
}

#[test]
fn a_literal_time_is_a_text_and_anything_else_is_an_expression() {
    let timer = |kind: &str, text: &str| {
        let model = good(&process(&format!(
            "<intermediateCatchEvent id=\"a\"><timerEventDefinition><{kind}>{text}</{kind}></timerEventDefinition>
            </intermediateCatchEvent>"
        )));
        model.triggers("a")
    };
    for (kind, name, text) in [
        ("timeDuration", "Duration", "PT5S"),
        ("timeDuration", "Duration", "P1Y2M3W4DT5H6M7.5S"),
        ("timeDuration", "Duration", "P5WD"),
        ("timeDuration", "Duration", "PT16WH"),
        ("timeDuration", "Duration", "P2WDT4WH"),
        ("timeCycle", "Cycle", "R3/PT10S"),
        ("timeCycle", "Cycle", "R/P1D"),
        ("timeCycle", "Cycle", "P5WD"),
        ("timeCycle", "Cycle", "R2/2026-01-31/PT10S"),
        ("timeDate", "Date", "2026-01-31"),
        ("timeDate", "Date", "2026-01-31T08:00:00"),
        ("timeDate", "Date", "2026-01-31T08:00:00Z"),
        ("timeDate", "Date", "2026-01-31T08:00:00+07:00"),
    ] {
        assert_eq!(timer(kind, text), format!("[Timer({name}, =\"{text}\")]"));
    }
    for text in ["deadline", "\"PT5S\"", "duration(\"PT5S\")", "Phí_1", "P", "R"] {
        assert_eq!(timer("timeDuration", text), format!("[Timer(Duration, ={text})]"));
    }
}

#[test]
fn events_know_all_that_they_wait_for_and_whether_all_must_happen() {
    let model = good(
        &process(
            r#"<intermediateCatchEvent id="any"><eventDefinitionRef>shared</eventDefinitionRef>
            <messageEventDefinition/></intermediateCatchEvent>
            <intermediateCatchEvent id="all" parallelMultiple="true"><messageEventDefinition/>
            <conditionalEventDefinition><condition>x &gt; 1</condition></conditionalEventDefinition></intermediateCatchEvent>
            <intermediateThrowEvent id="none"/>"#,
        )
        .replace(
            "<process",
            "<signal id=\"sig\"/><signalEventDefinition id=\"shared\" signalRef=\"sig\"/><process",
        ),
    );
    assert!(model.triggers("any").starts_with("[Signal(\"sig\"), Message("));
    assert!(model.triggers("all").ends_with("Condition(=x > 1)]"));
    let all = |id: &str| matches!(&model.node(id).kind, Kind::Catch(on) if on.all);
    assert_eq!((all("any"), all("all")), (false, true));
    assert_eq!(model.triggers("none"), "[]");
}

#[test]
fn a_boundary_event_is_joined_with_its_activity_wherever_it_stands() {
    let model = good(&process(
        r#"<boundaryEvent id="b" attachedToRef="a" cancelActivity="false"><escalationEventDefinition/></boundaryEvent>
        <userTask id="a"/>"#,
    ));
    assert_eq!(model.ids(&model.node("a").boundary), ["b"]);
    let Kind::Boundary { attached, interrupting, .. } = model.node("b").kind else {
        panic!("a boundary event")
    };
    assert_eq!((attached, interrupting), (model.at("a"), false));
    assert_eq!(model.triggers("b"), "[Escalation(None)]");
    assert_eq!(model.ids(&model.program.scopes[0].starts), ["a"]);
}

#[test]
fn links_go_to_the_catching_event_of_their_name_in_their_scope() {
    let link = |throw: &str, catch: &str| {
        format!(
            r#"<intermediateThrowEvent id="{throw}"><linkEventDefinition name="L"/></intermediateThrowEvent>
            <intermediateCatchEvent id="{catch}"><linkEventDefinition name="L"/></intermediateCatchEvent>"#
        )
    };
    let model = good(&process(&format!(
        "{}<subProcess id=\"s\">{}</subProcess>",
        link("t1", "c1"),
        link("t2", "c2")
    )));
    for (throw, catch) in [("t1", "c1"), ("t2", "c2")] {
        assert_eq!(model.triggers(throw), format!("[Link(Some({:?}))]", model.at(catch)));
        assert_eq!(model.triggers(catch), "[Link(None)]");
    }
    assert_eq!(model.ids(&model.body("s").starts), ["t2"]);
}

#[test]
fn sub_processes_are_scopes_of_their_kind() {
    let model = good(&process(
        r#"<subProcess id="plain"><task id="a"/><property id="own" name="mine"/></subProcess>
        <transaction id="tx"><task id="b"/></transaction>
        <adHocSubProcess id="ah" ordering="Sequential" cancelRemainingInstances="false"><task id="c"/><task id="d"/>
        <completionCondition>done</completionCondition></adHocSubProcess>
        <subProcess id="ev" triggeredByEvent="true"><startEvent id="evs" isInterrupting="false">
        <timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></startEvent></subProcess>"#,
    ));
    assert!(matches!(model.body("plain").kind, ScopeKind::Plain));
    assert_eq!(model.body("plain").variables, ["mine".into()]);
    assert!(matches!(model.body("tx").kind, ScopeKind::Transaction));
    let ScopeKind::AdHoc(ad_hoc) = &model.body("ah").kind else { panic!("an ad-hoc sub-process") };
    assert_eq!((ad_hoc.sequential, ad_hoc.cancel_remaining), (true, false));
    assert_eq!(format!("{:?}", ad_hoc.completion), "Some(=done)");
    assert_eq!(model.ids(&model.body("ah").starts), ["c", "d"]);
    assert!(matches!(model.body("ev").kind, ScopeKind::Event(start) if start == model.at("evs")));
    assert_eq!(model.ids(&model.body("ev").starts), ["evs"]);
    assert!(matches!(model.node("evs").kind, Kind::Start { interrupting: false, .. }));
    let process = &model.program.scopes[0];
    assert_eq!(model.ids(&process.starts), ["plain", "tx", "ah"]);
    assert_eq!(model.ids(&process.event_subs), ["ev"]);
    let body = model.program.node(model.at("c")).scope;
    assert_eq!(model.program.scope(body).node, Some(model.at("ah")));
}

#[test]
fn compensation_is_joined_by_an_association_in_either_direction() {
    for ends in ["sourceRef=\"b\" targetRef=\"h\"", "sourceRef=\"h\" targetRef=\"b\""] {
        let model = good(&process(&format!(
            r#"<userTask id="a"/><boundaryEvent id="b" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>
            <serviceTask id="h" isForCompensation="true"/><association id="as" {ends}/>
            <subProcess id="ev" triggeredByEvent="true"><startEvent id="evs"><errorEventDefinition/></startEvent>
            <endEvent id="ct"><compensateEventDefinition activityRef="a" waitForCompletion="false"/></endEvent>
            <sequenceFlow id="f" sourceRef="evs" targetRef="ct"/></subProcess>"#
        )));
        assert_eq!(model.node("a").compensated_by, Some(model.at("h")));
        assert!(model.node("h").for_compensation);
        assert_eq!(model.ids(&model.program.scopes[0].starts), ["a"]);
        let expected = format!("[Compensation {{ activity: Some({:?}), wait: false }}]", model.at("a"));
        assert_eq!(model.triggers("ct"), expected);
        assert_eq!(model.warnings, []);
    }
}

#[test]
fn loops_and_several_instances_are_read_with_all_that_they_say() {
    let model = good(
        &process(
            r#"<dataObject id="list_id" name="list"/><dataObject id="out_id" name="outs"/>
            <task id="loop" startQuantity="2" completionQuantity="3"><standardLoopCharacteristics testBefore="true" loopMaximum="5">
            <loopCondition>x &lt; 3</loopCondition></standardLoopCharacteristics></task>
            <task id="each"><multiInstanceLoopCharacteristics isSequential="true" behavior="None" noneBehaviorEventRef="shared">
            <loopDataInputRef>list_id</loopDataInputRef><loopDataOutputRef>out_id</loopDataOutputRef>
            <inputDataItem id="item_id" name="one"/><outputDataItem id="result_id"/>
            <completionCondition>enough</completionCondition></multiInstanceLoopCharacteristics></task>
            <task id="first"><multiInstanceLoopCharacteristics behavior="One" oneBehaviorEventRef="shared">
            <loopCardinality>count(list)</loopCardinality></multiInstanceLoopCharacteristics></task>
            <task id="complex"><multiInstanceLoopCharacteristics behavior="Complex"><loopCardinality>2</loopCardinality>
            <complexBehaviorDefinition><condition>a</condition><event><eventDefinitionRef>shared</eventDefinitionRef>
            </event></complexBehaviorDefinition></multiInstanceLoopCharacteristics></task>"#,
        )
        .replace(
            "<process",
            "<signal id=\"sig\"/><signalEventDefinition id=\"shared\" signalRef=\"sig\"/><process",
        ),
    );
    let repeat =
        |id: &str| model.node(id).repeat.as_ref().map(|repeat| format!("{repeat:?}")).expect("it repeats");
    assert_eq!((model.node("loop").start_quantity, model.node("loop").completion_quantity), (2, 3));
    assert_eq!(repeat("loop"), "Loop { before: true, max: Some(5), condition: Some(=x < 3) }");
    assert_eq!(
        repeat("each"),
        "Multi(Multi { sequential: true, cardinality: None, collection: Some(\"list\"), item: Some(\"one\"), \
         results: Some(\"outs\"), result: Some(\"result_id\"), completion: Some(=enough), behavior: Each(Signal(\"sig\")) })"
    );
    assert_eq!(
        repeat("first"),
        "Multi(Multi { sequential: false, cardinality: Some(=count(list)), collection: None, item: None, \
         results: None, result: None, completion: None, behavior: One(Signal(\"sig\")) })"
    );
    assert!(repeat("complex").ends_with("behavior: Complex([(=a, Signal(\"sig\"))]) })"));
}

#[test]
fn each_data_object_is_one_variable_by_its_name_else_that_of_a_reference_else_its_id() {
    let model = good(&process(
        r#"<dataObject id="do" name="dossier"/><dataObjectReference id="ref" name="Hồ sơ có dấu cách" dataObjectRef="do"/>
        <dataObjectReference id="ref2" name="hồ_sơ" dataObjectRef="do"/><property id="p"/>
        <dataObject id="o2"/><dataObjectReference id="r2" name="hai từ" dataObjectRef="o2"/>
        <dataObjectReference id="r3" name="giấy" dataObjectRef="o2"/><dataObject id="o3"/>
        <userTask id="a"><ioSpecification><dataInput id="di" name="input"/><dataOutput id="out"/><inputSet/><outputSet/>
        </ioSpecification><property id="local"/>
        <dataInputAssociation><sourceRef>ref</sourceRef><targetRef>di</targetRef></dataInputAssociation>
        <dataInputAssociation><targetRef>local</targetRef><transformation>p + 1</transformation></dataInputAssociation>
        <dataOutputAssociation><sourceRef>out</sourceRef><targetRef>p</targetRef>
        <assignment><from>out.x</from><to>p</to></assignment><assignment><from>1</from><to>other</to></assignment>
        </dataOutputAssociation></userTask>"#,
    ));
    let mut variables = model.program.scopes[0].variables.clone();
    variables.sort();
    assert_eq!(variables.iter().map(|name| &**name).collect::<Vec<_>>(), ["dossier", "giấy", "o3", "p"]);
    let io = &model.node("a").io;
    assert_eq!(format!("{:?}", io.locals), r#"["input", "out", "local"]"#);
    assert_eq!(
        format!("{:?}", io.inputs),
        "[Mapping { from: Variable(\"dossier\"), to: \"input\" }, \
         Mapping { from: Expression(=p + 1), to: \"local\" }]"
    );
    assert_eq!(
        format!("{:?}", io.outputs),
        "[Mapping { from: Expression(=out.x), to: \"p\" }, Mapping { from: Expression(=1), to: \"other\" }]"
    );
}

#[test]
fn events_give_out_and_take_in_data() {
    let model = good(&process(
        r#"<property id="p"/><startEvent id="s"><dataOutput id="o"/><dataOutputAssociation><sourceRef>o</sourceRef>
        <targetRef>p</targetRef></dataOutputAssociation><messageEventDefinition/></startEvent>
        <endEvent id="e"><dataInput id="i"/><dataInputAssociation><sourceRef>p</sourceRef><targetRef>i</targetRef>
        </dataInputAssociation><messageEventDefinition/></endEvent><sequenceFlow id="f" sourceRef="s" targetRef="e"/>"#,
    ));
    assert_eq!(format!("{:?}", model.node("s").io.outputs), r#"[Mapping { from: Variable("o"), to: "p" }]"#);
    assert_eq!(format!("{:?}", model.node("e").io.inputs), r#"[Mapping { from: Variable("p"), to: "i" }]"#);
    assert_eq!(model.node("e").io.locals, ["i".into()]);
}

#[test]
fn the_role_is_the_innermost_lane_else_the_pool() {
    let model = good(
        &process(
            r#"<laneSet id="ls"><lane id="l" name="Sở"><flowNodeRef>a</flowNodeRef><flowNodeRef>b</flowNodeRef>
            <flowNodeRef>sub</flowNodeRef><childLaneSet id="cs"><lane id="l2" name="Một cửa"><flowNodeRef>b</flowNodeRef>
            </lane></childLaneSet></lane></laneSet>
            <task id="a"/><task id="b"/><task id="c"/><subProcess id="sub"><task id="d"/></subProcess>"#,
        )
        .replace(
            "<process",
            "<collaboration id=\"co\"><participant id=\"pa\" name=\"Tỉnh\" processRef=\"P\"/></collaboration><process",
        ),
    );
    for (id, lane) in [("a", "Sở"), ("b", "Một cửa"), ("c", "Tỉnh"), ("d", "Sở")] {
        assert_eq!(model.node(id).lane.as_deref(), Some(lane), "{id}");
    }
}

#[test]
fn calls_go_to_processes_and_global_tasks_of_the_file_and_else_stay_open() {
    let model = good(&file(
        r#"<globalUserTask id="G" name="Xem"/>
        <process id="P" isExecutable="true"><callActivity id="c1" calledElement="Q"/>
        <callActivity id="c2" calledElement="G"/><callActivity id="c3" calledElement="t:Elsewhere"/></process>
        <process id="Q"><task id="q"/></process>"#,
    ));
    let called = |id: &str| match model.node(id).kind {
        Kind::Call(scope) => scope,
        ref other => panic!("{other:?}"),
    };
    assert_eq!(model.ids(&model.program.scope(called("c1")).nodes), ["q"]);
    let task = model.program.scope(called("c2"));
    assert_eq!((model.ids(&task.nodes), model.ids(&task.starts)), (vec!["G"], vec!["G"]));
    assert!(matches!(model.node("G").kind, Kind::Task(Task::User)));
    assert_eq!(&*model.program.processes[task.process].name, "Xem");
    assert_eq!(called("c3"), UNLINKED);
    assert_eq!(
        model.calls,
        [OpenCall { node: model.at("c3"), what: Called::Process, name: "Elsewhere".into(), version: None }]
    );
}

#[test]
fn what_a_process_says_of_its_procedure_is_read() {
    let model = good(&file(
        r#"<process id="P" name="Khai sinh" lt:procedureCode="1.001193" lt:decision="1872/QĐ-BTP" lt:validFrom="2026-01-01"/>"#,
    ));
    let expected = Procedure {
        code: "1.001193".into(),
        decision: Some("1872/QĐ-BTP".into()),
        valid_from: Some(jiff::civil::date(2026, 1, 1)),
        valid_to: None,
    };
    assert_eq!(model.program.processes[0].procedure, Some(expected));
}

#[test]
fn extension_attributes_of_a_node_are_passed_on() {
    let model = good(&process("<userTask id=\"a\" lt:role=\"Thẩm định\" lt:form=\"f1\"/>"));
    let extra: Vec<_> = model.node("a").extra.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(extra, [("role", "Thẩm định"), ("form", "f1")]);
}

#[test]
fn a_drawing_that_is_not_complete_is_left_out_with_all_that_call_it() {
    let text = file(
        r#"<process id="P" isExecutable="true"><task id="p"/></process>
        <process id="Q"><intermediateCatchEvent id="q"><timerEventDefinition/></intermediateCatchEvent></process>
        <process id="R"><callActivity id="r" calledElement="Q"/></process>
        <process id="S"><task id="s"/></process>"#,
    );
    let model = good(&text);
    let processes: Vec<_> = model.program.processes.iter().map(|process| &*process.id).collect();
    assert_eq!(processes, ["P", "S"]);
    assert_eq!(model.drawings, ["Q".into(), "R".into()]);
    let warnings: Vec<_> = model.warnings.iter().map(|fault| (fault.code, &*fault.element)).collect();
    assert!(warnings.contains(&(Code::TimerMissing, "q")) && warnings.contains(&(Code::DrawingOnly, "R")));
    // Once it is called by what is executed, it must be complete.
    let called = text.replace("<task id=\"p\"/>", "<callActivity id=\"p\" calledElement=\"R\"/>");
    assert!(codes(called.as_bytes()).0.contains(&Code::TimerMissing));
}

#[test]
fn choreographies_and_conversations_are_kept_and_never_run() {
    let model = good(&file(
        r#"<choreography id="ch"><participant id="p1"/><participant id="p2"/><startEvent id="s"/>
        <choreographyTask id="ct" initiatingParticipantRef="p1"><participantRef>p1</participantRef>
        <participantRef>p2</participantRef><messageFlowRef>mf</messageFlowRef></choreographyTask>
        <sequenceFlow id="f" sourceRef="s" targetRef="ct"/><messageFlow id="mf" sourceRef="p1" targetRef="p2"/></choreography>
        <collaboration id="co"><conversation id="cv"/></collaboration>"#,
    ));
    assert!(model.program.processes.is_empty());
    assert_eq!(model.warnings.iter().map(|fault| fault.code).collect::<Vec<_>>(), [Code::NothingExecutable]);
}

#[test]
fn a_step_is_whose_it_says_else_its_lane_and_lanes_within_it() {
    let model = good(&process(
        r#"<laneSet id="ls"><lane id="l1" lt:agency="H17" lt:limit="P3WD"><flowNodeRef>a</flowNodeRef>
            <flowNodeRef>own</flowNodeRef><flowNodeRef>g</flowNodeRef>
            <childLaneSet id="cl"><lane id="l2"><flowNodeRef>b</flowNodeRef></lane>
            <lane id="l3" lt:agency="= noi"><flowNodeRef>c</flowNodeRef></lane></childLaneSet></lane></laneSet>
        <userTask id="a"/><userTask id="own" lt:agency="H18"/><userTask id="b"/><userTask id="c"/>
        <userTask id="none"/><exclusiveGateway id="g"/>"#,
    ));
    let of = |id: &str| {
        let node = model.node(id);
        format!("{:?} {:?}", node.agency, node.lane_limit.map(|span| span.to_string()))
    };
    assert_eq!(of("a"), "Some(Code(\"H17\")) Some(\"P3WD\")");
    assert_eq!(of("own"), "Some(Code(\"H18\")) None", "the limit is that of the lane's agency");
    assert_eq!(of("b"), "Some(Code(\"H17\")) Some(\"P3WD\")");
    assert_eq!(of("c"), "Some(Asked(=noi)) None");
    assert_eq!((of("none"), of("g")), ("None None".to_owned(), "None None".to_owned()));
    assert!(model.node("own").extra.is_empty());
}

#[test]
fn a_process_has_clocks_when_anything_in_it_has_a_limit() {
    let plain = around("<userTask id='a'/>");
    let first = |text: &str| {
        let process = good(text).program.processes.remove(0);
        (process.clocked, process.limit.map(|span| span.to_string()), format!("{:?}", process.agency))
    };
    assert_eq!(first(&plain), (false, None, "None".to_owned()));
    let limited = plain.replace("<process", "<process lt:limit='P8WD' lt:agency='H17'");
    assert_eq!(first(&limited), (true, Some("P8WD".to_owned()), "Some(Code(\"H17\"))".to_owned()));
    for attribute in ["lt:due='PT4WH'", "lt:clock='paused'"] {
        let text = plain.replace("<userTask", &format!("<userTask {attribute}"));
        assert!(first(&text).0, "{attribute}");
    }
    assert!(good(&plain.replace("<userTask", "<userTask lt:clock='paused'")).node("a").pauses);
}

#[test]
fn what_agencies_limits_and_clocks_cannot_be_is_refused() {
    let plain = around("<userTask id='a'/><exclusiveGateway id='g'/>");
    for (from, to, code) in [
        ("<userTask", "<userTask lt:clock='resume'", Code::BadValue),
        ("<exclusiveGateway", "<exclusiveGateway lt:clock='paused'", Code::UnknownExtension),
        ("<exclusiveGateway", "<exclusiveGateway lt:agency='H17'", Code::UnknownExtension),
        ("<endEvent", "<endEvent lt:agency='H17'", Code::UnknownExtension),
        ("<userTask", "<userTask lt:limit='P8WD'", Code::UnknownExtension),
        ("<userTask", "<userTask lt:agency='Sở Tư pháp'", Code::BadValue),
        ("<userTask", "<userTask lt:agency='= (x'", Code::Expression),
        ("<process", "<process lt:limit='8 days'", Code::BadValue),
        ("<process", "<process lt:clock='paused'", Code::UnknownExtension),
    ] {
        let (findings, refused) = codes(plain.replacen(from, to, 1).as_bytes());
        assert!(refused && findings.contains(&code), "{to}: {findings:?}");
    }
}
