//! Files that nobody would write: whatever is read must be sound, and nothing may panic.

use proptest::prelude::*;

use super::*;

/// A model with most constructs.
fn rich() -> String {
    file(
        r#"<message id="m" name="Hồ sơ"/><signal id="sig" name="Dừng"/><error id="er" errorCode="TU_CHOI"/>
<escalation id="es" escalationCode="QUA_HAN"/><signalEventDefinition id="shared" signalRef="sig"/>
<collaboration id="c"><participant id="pa" name="Sở" processRef="P"/>
<messageFlow id="mf" sourceRef="send" targetRef="catch"/></collaboration>
<globalScriptTask id="G"><script>{x: 1}</script></globalScriptTask>
<process id="P" isExecutable="true" lt:procedureCode="1.0" lt:validFrom="2026-01-01">
<laneSet id="ls"><lane id="l" name="Một cửa"><flowNodeRef>user</flowNodeRef></lane></laneSet>
<dataObject id="do" name="data"/><dataObjectReference id="dor" dataObjectRef="do"/><property id="pr" name="p"/>
<startEvent id="s"/><sequenceFlow id="f1" sourceRef="s" targetRef="user"/>
<userTask id="user" lt:role="r"><ioSpecification><dataInput id="di" name="input"/><dataOutput id="out"/>
<inputSet/><outputSet/></ioSpecification>
<dataInputAssociation><sourceRef>dor</sourceRef><targetRef>di</targetRef></dataInputAssociation>
<dataOutputAssociation><sourceRef>out</sourceRef><targetRef>pr</targetRef>
<transformation>out + 1</transformation></dataOutputAssociation></userTask>
<boundaryEvent id="late" attachedToRef="user" cancelActivity="false"><timerEventDefinition>
<timeDuration>P5WD</timeDuration></timerEventDefinition></boundaryEvent>
<sequenceFlow id="f2" sourceRef="late" targetRef="send"/><sendTask id="send"/>
<sequenceFlow id="f3" sourceRef="user" targetRef="x"/><exclusiveGateway id="x" default="f5"/>
<sequenceFlow id="f4" sourceRef="x" targetRef="tx"><conditionExpression>p &gt; 1</conditionExpression></sequenceFlow>
<sequenceFlow id="f5" sourceRef="x" targetRef="eg"/><eventBasedGateway id="eg"/>
<sequenceFlow id="f6" sourceRef="eg" targetRef="catch"/><sequenceFlow id="f7" sourceRef="eg" targetRef="rt"/>
<intermediateCatchEvent id="catch"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>
<receiveTask id="rt" messageRef="m" lt:correlation="p"/>
<sequenceFlow id="f8" sourceRef="catch" targetRef="lt"/><intermediateThrowEvent id="lt">
<linkEventDefinition name="L"/></intermediateThrowEvent>
<intermediateCatchEvent id="lc"><linkEventDefinition name="L"/></intermediateCatchEvent>
<sequenceFlow id="f9" sourceRef="lc" targetRef="call"/><callActivity id="call" calledElement="G">
<multiInstanceLoopCharacteristics behavior="One" oneBehaviorEventRef="shared"><loopCardinality>3</loopCardinality>
</multiInstanceLoopCharacteristics></callActivity>
<transaction id="tx"><startEvent id="ts"/><sequenceFlow id="f10" sourceRef="ts" targetRef="tt"/><task id="tt"/>
<boundaryEvent id="tb" attachedToRef="tt"><compensateEventDefinition/></boundaryEvent>
<task id="th" isForCompensation="true"/><association id="as" sourceRef="tb" targetRef="th"/>
<sequenceFlow id="f11" sourceRef="tt" targetRef="te"/><endEvent id="te"><cancelEventDefinition/></endEvent>
<subProcess id="es1" triggeredByEvent="true"><startEvent id="es2"><errorEventDefinition errorRef="er"/></startEvent>
<sequenceFlow id="f12" sourceRef="es2" targetRef="es3"/><endEvent id="es3"><terminateEventDefinition/></endEvent>
</subProcess></transaction>
<boundaryEvent id="txb" attachedToRef="tx"><cancelEventDefinition/></boundaryEvent>
<adHocSubProcess id="ah" ordering="Sequential"><task id="ah1"/><task id="ah2"><standardLoopCharacteristics
loopMaximum="3"/></task></adHocSubProcess>
<sequenceFlow id="f13" sourceRef="txb" targetRef="ah"/>
</process>"#,
    )
}

/// Every place of a program is one of its tables.
fn assert_sound(model: &Model) {
    let program = &model.program;
    let nodes = |at: NodeIx| assert!((at.0 as usize) < program.nodes.len());
    let scopes = |at: ScopeIx| assert!((at.0 as usize) < program.scopes.len());
    for flow in &program.flows {
        nodes(flow.source);
        nodes(flow.target);
    }
    for process in &program.processes {
        scopes(process.scope);
    }
    for scope in &program.scopes {
        assert!(scope.process < program.processes.len());
        scope
            .nodes
            .iter()
            .chain(&scope.starts)
            .chain(&scope.event_subs)
            .chain(&scope.node)
            .for_each(|at| nodes(*at));
        if let ScopeKind::Event(start) = scope.kind {
            nodes(start);
        }
    }
    for (node, at) in program.nodes.iter().zip((0..).map(NodeIx)) {
        scopes(node.scope);
        assert!(program.scope(node.scope).nodes.contains(&at));
        node.boundary.iter().chain(&node.compensated_by).for_each(|at| nodes(*at));
        for flow in node.incoming.iter().chain(&node.outgoing).chain(&node.default) {
            assert!((flow.0 as usize) < program.flows.len());
        }
        match node.kind {
            Kind::SubProcess(body) => assert_eq!(program.scope(body).node, Some(at)),
            Kind::Call(UNLINKED) => assert!(model.calls.iter().any(|call| call.node == at)),
            Kind::Call(called) => assert_eq!(program.scope(called).node, None),
            Kind::Boundary { attached, .. } => assert!(program.node(attached).boundary.contains(&at)),
            _ => {}
        }
        assert!(node.start_quantity > 0 && node.completion_quantity > 0);
    }
}

/// Changes a text at two of its places: tags and values of attributes are where the sense is.
fn change(text: &str, how: u8, one: usize, other: usize) -> String {
    let (open, close) = if how < 4 { ('"', '"') } else { ('<', '>') };
    let mut parts: Vec<String> = text.split_inclusive([open, close]).map(str::to_owned).collect();
    let (one, other) = (one % parts.len(), other % parts.len());
    match how % 4 {
        0 => parts.swap(one, other),
        1 => parts[one] = parts[other].clone(),
        2 => {
            parts.remove(one);
        }
        _ => {
            let part = parts[other].clone();
            parts.insert(one, part);
        }
    }
    parts.concat()
}

#[test]
fn the_model_that_is_changed_has_no_fault() {
    let model = good(&rich());
    assert_sound(&model);
    assert_eq!(model.program.nodes.len(), 25);
}

proptest! {
    #[test]
    fn a_changed_model_is_read_or_refused_and_what_is_read_is_sound(
        changes in prop::collection::vec((0_u8..8, any::<usize>(), any::<usize>()), 1..6)
    ) {
        let mut text = rich();
        for (how, one, other) in changes {
            text = change(&text, how, one, other);
        }
        if let Ok(model) = read(text.as_bytes()) {
            assert_sound(&model);
        }
    }

    #[test]
    fn values_that_change_places_leave_a_file_that_is_read_or_refused(
        swaps in prop::collection::vec((any::<usize>(), any::<usize>()), 1..4)
    ) {
        let text = rich();
        let mut values: Vec<&str> = text.split('"').collect();
        for (one, other) in swaps {
            // Every second part is the value of an attribute; the file stays well-formed.
            let half = values.len() / 2;
            values.swap(one % half * 2 + 1, other % half * 2 + 1);
        }
        match read(values.join("\"").as_bytes()) {
            Ok(model) => assert_sound(&model),
            Err(faults) => prop_assert!(!faults.is_empty()),
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read(&bytes).is_err());
    }
}
