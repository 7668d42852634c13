//! For each kind of finding a model that has it, and the same model without it.

use super::*;

/// A model without the finding, and what of it is replaced so that it has it.
struct Case {
    code: Code,
    good: String,
    from: &'static str,
    to: String,
}

fn case(code: Code, good: impl Into<String>, from: &'static str, to: impl Into<String>) -> Case {
    Case { code, good: good.into(), from, to: to.into() }
}

/// The kinds of whole files; `files.rs` and the test below have their models.
const OF_FILES: [Code; 6] = [
    Code::TooLarge,
    Code::Encoding,
    Code::TooManyElements,
    Code::TooManyAttributes,
    Code::TooDeep,
    Code::ExpressionsTooMuch,
];

fn check(case: &Case) {
    let Case { code, good, from, to } = case;
    assert!(good.contains(from), "{code:?}: {from} in {good}");
    let (findings, refused) = codes(good.as_bytes());
    assert!(!refused && !findings.contains(code), "{code:?} in the good model: {findings:?} {good}");
    let bad = good.replacen(from, to, 1);
    let (findings, refused) = codes(bad.as_bytes());
    assert!(findings.contains(code), "{code:?} not in {findings:?} of {bad}");
    assert_eq!(refused, code.weight() != Weight::Warning, "{code:?}: {findings:?}");
}

#[test]
fn each_kind_of_finding_is_found_where_it_is_and_nowhere_else() {
    let cases = [elements(), references(), more_references(), flows(), places_of_events(), events()];
    let more = [gateway_events(), link_events(), compensation(), expressions(), activities(), data()];
    let more = more.into_iter().chain([procedures(), warnings(), warnings_of_ways()]);
    let cases: Vec<Case> = cases.into_iter().chain(more).flatten().collect();
    cases.iter().for_each(check);
    for code in Code::ALL {
        let has_model = OF_FILES.contains(code) || cases.iter().any(|case| case.code == *code);
        assert!(has_model, "{code:?} has no model");
    }
}

#[test]
fn files_that_are_too_much_or_no_text_are_refused_by_name() {
    assert_eq!(codes(&vec![b' '; (8 << 20) + 1]).0, [Code::TooLarge]);
    assert_eq!(codes(&[b'<', b'a', 0xFF]).0, [Code::Encoding]);
    assert_eq!(codes(&[0xFF, 0xFE, b'<']).0, [Code::Encoding]);
    assert_eq!(codes(&[0xFF, 0xFE, 0, 0xD8]).0, [Code::Encoding]);
    let sum = " + 1".repeat(99);
    let condition = format!("<conditionExpression>1{sum}</conditionExpression>");
    let flows: Vec<String> = (0..50).map(|at| flow(&format!("c{at}"), "a", "e", &condition)).collect();
    let flows = flows.concat();
    let text = around(&format!("<exclusiveGateway id='a'/>{flows}"));
    assert_eq!(codes(text.as_bytes()), (vec![Code::ExpressionsTooMuch], true));
}

fn flow(id: &str, from: &str, to: &str, inside: &str) -> String {
    format!("<sequenceFlow id='{id}' sourceRef='{from}' targetRef='{to}'>{inside}</sequenceFlow>")
}

/// Root elements that events refer to.
fn rooted(model: &str) -> String {
    let roots = "<message id='m'/><signal id='sig'/><error id='er'/><escalation id='es'/><process";
    model.replacen("<process", roots, 1)
}

fn catch(inside: &str) -> String {
    around(&format!("<intermediateCatchEvent id='a'>{inside}</intermediateCatchEvent>"))
}

fn boundary(inside: &str) -> String {
    around(&format!(
        "<userTask id='a'/><boundaryEvent id='b' attachedToRef='a' cancelActivity='true'>{inside}</boundaryEvent>"
    ))
}

fn event_sub(start: &str) -> String {
    around(&format!(
        "<task id='a'/><subProcess id='ev' triggeredByEvent='true'><startEvent id='evs'>{start}</startEvent>
        </subProcess>"
    ))
}

/// A model with a flow that may go wrong, `f3` from `c` to `e`.
fn with_flow(inside: &str) -> String {
    around(&format!("<task id='a'/>{inside}<task id='c'/>{}", flow("f3", "c", "e", "")))
}

const CONDITION: &str = "<conditionExpression>true</conditionExpression>";

fn elements() -> Vec<Case> {
    let task = || process("<task id='a'/>");
    let long = format!("id='a' name='{}'", "x".repeat(1 << 20));
    vec![
        case(Code::Malformed, task(), "</process>", "</proces>"),
        case(Code::Dtd, task(), "<definitions", "<!DOCTYPE a [<!ENTITY b 'c'>]><definitions"),
        case(Code::Dtd, task(), "id='a'", "id='a' name='&b;'"),
        case(Code::WrongNamespace, task(), "20100524/MODEL", "20100524"),
        case(Code::WrongNamespace, task(), "xmlns=", "xmlns:other="),
        case(Code::TooLong, task(), "id='a'", long),
        case(Code::UnknownElement, task(), "<task id='a'/>", "<task id='a'/><tusk id='b'/>"),
        case(Code::ForeignElement, task(), "<task", "<lt:form/><task"),
        case(Code::MisplacedElement, task(), "<task id='a'/>", "<task id='a'><task id='b'/></task>"),
        case(Code::RefusedElement, task(), "<task id='a'/>", "<activity id='a'/>"),
        case(Code::RefusedElement, task(), "<process", "<correlationProperty id='k'/><process"),
        case(Code::UnknownExtension, task(), "<process id", "<process lt:role='r' id"),
        case(Code::UnknownExtension, task(), "id='a'", "id='a' lt:correlation='x'"),
        case(Code::UnknownExtension, task(), "id='a'", "id='a' lt:rol='clerk'"),
        case(
            Code::UnknownExtension,
            task(),
            "id='a'/>",
            "id='a'><extensionElements><lt:role/></extensionElements></task>",
        ),
        case(
            Code::MustUnderstand,
            task(),
            "<process",
            "<extension definition='t:x' mustUnderstand='true'/><process",
        ),
    ]
}

fn dangling(good: impl Into<String>, from: &'static str, to: &str) -> Case {
    case(Code::DanglingReference, good, from, to)
}

fn references() -> Vec<Case> {
    let a = || around("<task id='a'/>");
    let message = || rooted(&catch("<messageEventDefinition messageRef='m'/>"));
    let signal = rooted(&catch("<signalEventDefinition signalRef='sig'/>"));
    let error = || rooted(&boundary("<errorEventDefinition errorRef='er'/>"));
    let escalation = rooted(&boundary("<escalationEventDefinition escalationRef='es'/>"));
    vec![
        case(Code::MissingId, a(), "<startEvent id='s'/>", "<startEvent id='s'/><task/>"),
        case(Code::MissingId, a(), "<sequenceFlow id='f1'", "<sequenceFlow"),
        case(Code::MissingId, a(), "<process id='P'", "<process"),
        case(Code::DuplicateId, a(), "<endEvent id='e'/>", "<endEvent id='e'/><task id='s'/>"),
        case(Code::MissingReference, a(), "targetRef='a'", ""),
        case(Code::MissingReference, error(), "attachedToRef='a'", ""),
        case(Code::WrongReference, a(), "sourceRef='s'", "sourceRef='P'"),
        case(Code::WrongReference, message(), "messageRef='m'", "messageRef='sig'"),
        dangling(a(), "sourceRef='s'", "sourceRef='gone'"),
        dangling(a(), "targetRef='a'", "targetRef='gone'"),
        dangling(around("<task id='a' default='f2'/>"), "default='f2'", "default='gone'"),
        dangling(error(), "attachedToRef='a'", "attachedToRef='gone'"),
        dangling(message(), "messageRef='m'", "messageRef='gone'"),
        dangling(signal, "signalRef='sig'", "signalRef='gone'"),
        dangling(error(), "errorRef='er'", "errorRef='gone'"),
        dangling(escalation, "escalationRef='es'", "escalationRef='gone'"),
    ]
}

fn more_references() -> Vec<Case> {
    let object =
        process("<dataObject id='do'/><dataObjectReference id='r' dataObjectRef='do'/><task id='a'/>");
    let lane =
        process("<laneSet id='l'><lane id='l1'><flowNodeRef>a</flowNodeRef></lane></laneSet><task id='a'/>");
    let association =
        process("<task id='a'/><group id='g'/><association id='as' sourceRef='a' targetRef='g'/>");
    let pool =
        file("<collaboration id='c'><participant id='pa' processRef='P'/></collaboration><process id='P'/>");
    let message_flow = file(
        "<collaboration id='c'><participant id='pa'/><participant id='pb'/>
        <messageFlow id='mf' sourceRef='pa' targetRef='pb'/></collaboration><process id='P'/>",
    );
    let ad_hoc = process("<adHocSubProcess id='h' ordering='Parallel'><task id='a'/></adHocSubProcess>");
    vec![
        dangling(object, "dataObjectRef='do'", "dataObjectRef='gone'"),
        dangling(lane, "<flowNodeRef>a<", "<flowNodeRef>gone<"),
        dangling(association, "targetRef='g'", "targetRef='gone'"),
        dangling(pool, "processRef='P'", "processRef='gone'"),
        dangling(message_flow, "targetRef='pb'", "targetRef='gone'"),
        case(Code::BadValue, around("<task id='a'/>"), "isExecutable='true'", "isExecutable='yes'"),
        case(Code::BadValue, ad_hoc, "'Parallel'", "'Random'"),
        case(Code::BadValue, around("<serviceTask id='a' lt:retries='2'/>"), "'2'", "'-1'"),
    ]
}

fn flows() -> Vec<Case> {
    let sub = around(&format!(
        "<subProcess id='a'><task id='x'/><task id='y'/>{}</subProcess>",
        flow("f3", "x", "y", "")
    ));
    let handler = with_flow(
        "<boundaryEvent id='b' attachedToRef='a'><compensateEventDefinition/></boundaryEvent>
        <task id='h' isForCompensation='true'/><association id='as' sourceRef='b' targetRef='h'/>",
    );
    let event_sub = with_flow(
        "<subProcess id='ev' triggeredByEvent='true'><startEvent id='evs'><errorEventDefinition/></startEvent>
        </subProcess>",
    );
    let link = with_flow(
        "<intermediateThrowEvent id='lt'><linkEventDefinition name='L'/></intermediateThrowEvent>
        <intermediateCatchEvent id='lc'><linkEventDefinition name='L'/></intermediateCatchEvent>",
    );
    let into = |good: &str, to: &str| {
        case(Code::FlowInto, good, "sourceRef='c' targetRef='e'", format!("sourceRef='c' targetRef='{to}'"))
    };
    let out_of = |good: &str, from: &str| {
        case(
            Code::FlowOutOf,
            good,
            "sourceRef='c' targetRef='e'",
            format!("sourceRef='{from}' targetRef='c'"),
        )
    };
    vec![
        case(Code::FlowCrossesScope, sub, "sourceRef='x' targetRef='y'", "sourceRef='x' targetRef='e'"),
        into(&with_flow(""), "s"),
        into(&handler, "b"),
        into(&handler, "h"),
        into(&event_sub, "ev"),
        into(&link, "lc"),
        out_of(&with_flow(""), "e"),
        out_of(&handler, "b"),
        out_of(&handler, "h"),
        out_of(&event_sub, "ev"),
        out_of(&link, "lt"),
        case(
            Code::ConditionOnEvent,
            with_flow(""),
            "targetRef='a'/>",
            format!("targetRef='a'>{CONDITION}</sequenceFlow>"),
        ),
        case(Code::DefaultNotOutgoing, around("<task id='a' default='f2'/>"), "default='f2'", "default='f1'"),
    ]
}

/// Event definitions where the standard does not allow them.
fn places_of_events() -> Vec<Case> {
    let a = || around("<task id='a'/>");
    let throw = around("<intermediateThrowEvent id='a'><messageEventDefinition/></intermediateThrowEvent>");
    let embedded = around("<subProcess id='a'><startEvent id='i'/></subProcess>");
    let message = "<messageEventDefinition/>";
    let not = |good: String, from, to: &str| case(Code::EventNotAllowed, good, from, to);
    let end = |inside: &str| format!("<endEvent id='e'>{inside}</endEvent>");
    vec![
        not(catch(message), message, "<terminateEventDefinition/>"),
        not(catch(message), message, "<messageEventDefinition/><linkEventDefinition name='x'/>"),
        not(throw, message, "<errorEventDefinition/>"),
        not(boundary(message), message, "<linkEventDefinition name='x'/>"),
        not(event_sub(message), message, "<cancelEventDefinition/>"),
        not(a(), "<endEvent id='e'/>", &end("<conditionalEventDefinition/>")),
        not(a(), "<startEvent id='s'/>", "<startEvent id='s'><escalationEventDefinition/></startEvent>"),
        not(
            embedded,
            "<startEvent id='i'/>",
            "<startEvent id='i'><messageEventDefinition/></startEvent><task id='j'/>",
        ),
        case(Code::CancelPlace, a(), "<endEvent id='e'/>", end("<cancelEventDefinition/>")),
    ]
}

fn events() -> Vec<Case> {
    let message = "<messageEventDefinition/>";
    let error = "<errorEventDefinition/>";
    let transaction = around(&format!(
        "<transaction id='a'><task id='tt'/>{}<endEvent id='te'><cancelEventDefinition/></endEvent></transaction>
        <task id='o'/><boundaryEvent id='b' attachedToRef='a'><cancelEventDefinition/></boundaryEvent>",
        flow("tf", "tt", "te", "")
    ));
    let signal = rooted(&catch("<signalEventDefinition signalRef='sig'/>"));
    let two = "<startEvent id='two'><errorEventDefinition/></startEvent><startEvent id='evs'>";
    vec![
        case(Code::EventMissing, catch(message), message, ""),
        case(Code::EventMissing, boundary(message), message, ""),
        case(Code::MustInterrupt, boundary(error), "cancelActivity='true'", "cancelActivity='false'"),
        case(Code::MustInterrupt, event_sub(error), "id='evs'", "id='evs' isInterrupting='false'"),
        case(Code::CancelPlace, transaction, "attachedToRef='a'", "attachedToRef='o'"),
        case(Code::EventSubProcessStart, event_sub(message), message, ""),
        case(Code::EventSubProcessStart, event_sub(message), "<startEvent id='evs'>", two),
        case(Code::BoundaryHost, boundary(message), "attachedToRef='a'", "attachedToRef='e'"),
        case(Code::SignalMissing, signal, "signalRef='sig'", ""),
    ]
}

fn gateway_events() -> Vec<Case> {
    let catch = |id: &str| {
        format!("<intermediateCatchEvent id='{id}'><messageEventDefinition/></intermediateCatchEvent>")
    };
    let gateway = process(&format!(
        "<eventBasedGateway id='g' instantiate='true' eventGatewayType='Parallel'/>{}{}{}{}<task id='t'/>{}",
        catch("c1"),
        catch("c2"),
        flow("f1", "g", "c1", ""),
        flow("f2", "g", "c2", ""),
        flow("f3", "c2", "t", ""),
    ));
    vec![
        case(Code::GatewayEvent, gateway.clone(), "targetRef='c2'", "targetRef='t'"),
        case(Code::ParallelEvents, gateway.clone(), "instantiate='true'", ""),
        case(Code::InstantiatePlace, gateway, "sourceRef='c2' targetRef='t'", "sourceRef='c2' targetRef='g'"),
        case(
            Code::InstantiatePlace,
            process("<subProcess id='a'><receiveTask id='r'/></subProcess>"),
            "id='r'",
            "id='r' instantiate='true'",
        ),
    ]
}

fn link_events() -> Vec<Case> {
    let link = process(
        "<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='lt'/>
        <intermediateThrowEvent id='lt'><linkEventDefinition name='L'/></intermediateThrowEvent>
        <intermediateCatchEvent id='lc'><linkEventDefinition name='L'/></intermediateCatchEvent>
        <intermediateCatchEvent id='l2'><linkEventDefinition name='M'/></intermediateCatchEvent>",
    );
    vec![
        case(
            Code::LinkWithoutName,
            link.clone(),
            "<linkEventDefinition name='L'/>",
            "<linkEventDefinition/>",
        ),
        case(Code::LinkWithoutCatch, link.clone(), "name='L'", "name='N'"),
        case(Code::LinkTwice, link, "name='M'", "name='L'"),
    ]
}

fn compensation() -> Vec<Case> {
    let handled = || {
        around(
            "<task id='a'/><boundaryEvent id='b' attachedToRef='a'><compensateEventDefinition/></boundaryEvent>
            <task id='h' isForCompensation='true'/><association id='as' sourceRef='b' targetRef='h'/>
            <subProcess id='sub'><task id='inner'/></subProcess>
            <intermediateThrowEvent id='ct'><compensateEventDefinition activityRef='a'/></intermediateThrowEvent>",
        )
    };
    vec![
        case(Code::HandlerMissing, handled(), "<association id='as' sourceRef='b' targetRef='h'/>", ""),
        case(Code::HandlerKind, handled(), " isForCompensation='true'", ""),
        case(Code::HandlerKind, handled(), "targetRef='h'", "targetRef='inner'"),
        case(
            Code::HandlerTwice,
            handled(),
            "<subProcess",
            "<boundaryEvent id='b2' attachedToRef='a'><compensateEventDefinition/></boundaryEvent>
            <association id='as2' sourceRef='h' targetRef='b2'/><subProcess",
        ),
        case(Code::CompensationScope, handled(), "activityRef='a'", "activityRef='inner'"),
        case(Code::CompensationScope, handled(), "activityRef='a'", "activityRef='e'"),
        case(Code::CompensatesNothing, handled(), "activityRef='a'", "activityRef='h'"),
    ]
}

fn expressions() -> Vec<Case> {
    let gateway = || {
        around(&format!(
            "<exclusiveGateway id='a'/>{}",
            flow(
                "f3",
                "a",
                "e",
                "<conditionExpression xsi:type='tFormalExpression'>x &gt; 1</conditionExpression>"
            )
        ))
    };
    let timer = || {
        around(
            "<intermediateCatchEvent id='a'><timerEventDefinition><timeDuration>PT5S</timeDuration>
            </timerEventDefinition></intermediateCatchEvent>",
        )
    };
    let script = || around("<scriptTask id='a' scriptFormat='FEEL'><script>{x: 1}</script></scriptTask>");
    let text = |to: &str| case(Code::TimerText, timer(), "PT5S", to);
    vec![
        case(Code::Expression, gateway(), "x &gt; 1", "x is large"),
        case(Code::Expression, script(), "{x: 1}", "x = 1; y"),
        case(Code::ExpressionMissing, gateway(), "x &gt; 1", " "),
        case(Code::ExpressionMissing, timer(), "PT5S", ""),
        case(Code::Language, script(), "'FEEL'", "'javascript'"),
        case(Code::Language, gateway(), "xsi:type", "language='http://www.w3.org/1999/XPath' xsi:type"),
        text("PT5X"),
        text("P5WDT4H"),
        text("-P1D"),
        text("P1D-"),
        text("R3/PT5S"),
        text("2026-01-01"),
        text("pt5s"),
        case(Code::TimerMissing, timer(), "<timeDuration>PT5S</timeDuration>", ""),
        case(Code::TimerMissing, timer(), "<timeDuration>", "<timeDate>2026-01-01</timeDate><timeDuration>"),
        case(
            Code::Expression,
            around("<receiveTask id='a' lt:correlation='code'/>"),
            "correlation='code'",
            "correlation='code +'",
        ),
    ]
}

fn activities() -> Vec<Case> {
    let many = |behavior: &str, inside: &str| {
        let tag = "multiInstanceLoopCharacteristics";
        rooted(&around(&format!("<task id='a'><{tag} behavior='{behavior}'>{inside}</{tag}></task>")))
    };
    let looped = || around("<task id='a'><standardLoopCharacteristics loopMaximum='3'/></task>");
    let three = "<loopCardinality>3</loopCardinality>";
    let event = "<event><signalEventDefinition signalRef='sig'/></event>";
    let complex = format!(
        "{three}<complexBehaviorDefinition><condition>true</condition>{event}</complexBehaviorDefinition>"
    );
    let called = || {
        file(&format!(
            "<process id='P' isExecutable='true'><callActivity id='c' calledElement='t:Q'/></process>
            <process id='Q'><startEvent id='qs'/>{}<callActivity id='c2' calledElement='R'/></process>",
            flow("f", "qs", "c2", "")
        ))
    };
    vec![
        case(Code::Number, around("<task id='a' startQuantity='2'/>"), "'2'", "'0'"),
        case(Code::Number, around("<task id='a' completionQuantity='2'/>"), "'2'", "'-1'"),
        case(Code::Number, around("<task id='a' completionQuantity='2'/>"), "'2'", "'99999999999'"),
        case(Code::Number, looped(), "'3'", "'-3'"),
        case(Code::Number, many("All", three), ">3<", ">-3<"),
        case(Code::LoopWithoutEnd, looped(), "loopMaximum='3'", ""),
        case(Code::InstancesUnknown, many("All", three), three, ""),
        case(Code::BehaviorEvent, many("All", three), "'All'", "'One'"),
        case(Code::BehaviorEvent, many("Complex", &complex), event, ""),
        case(Code::NothingToBegin, process("<task id='a'/>"), "<task id='a'/>", ""),
        case(
            Code::NothingToBegin,
            process(&format!("<task id='a'/><userTask id='b'/>{}", flow("f", "a", "b", ""))),
            "</process>",
            format!("{}</process>", flow("back", "b", "a", "")),
        ),
        case(
            Code::NothingToBegin,
            around("<subProcess id='a'><userTask id='b'/></subProcess>"),
            "</subProcess>",
            format!("{}</subProcess>", flow("back", "b", "b", "")),
        ),
        case(Code::CallNothing, called(), "calledElement='t:Q'", ""),
        case(Code::CallRecursion, called(), "calledElement='R'", "calledElement='P'"),
        case(Code::CallRecursion, called(), "calledElement='R'", "calledElement='Q'"),
        case(
            Code::CallWithoutStart,
            called(),
            "<startEvent id='qs'/>",
            "<startEvent id='qs'><messageEventDefinition/></startEvent>",
        ),
        case(Code::WrongReference, called(), "calledElement='R'", "calledElement='qs'"),
    ]
}

fn data() -> Vec<Case> {
    let mapped = || {
        process(
            "<dataObject id='do' name='data'/>
            <task id='a'><ioSpecification><dataInput id='di'/><inputSet/><outputSet/></ioSpecification>
            <dataInputAssociation><sourceRef>do</sourceRef><targetRef>di</targetRef></dataInputAssociation></task>
            <task id='b'><property id='own'/></task>",
        )
    };
    let assigned = || {
        process(
            "<dataObject id='do' name='data'/>
            <task id='a'><dataOutputAssociation><targetRef>do</targetRef>
            <assignment><from>1 + 1</from><to>data</to></assignment></dataOutputAssociation></task>",
        )
    };
    vec![
        case(Code::AssociationEmpty, mapped(), "<sourceRef>do</sourceRef>", ""),
        case(
            Code::AssociationEmpty,
            mapped(),
            "<sourceRef>do</sourceRef>",
            "<sourceRef>do</sourceRef><sourceRef>do</sourceRef>",
        ),
        case(Code::DanglingReference, mapped(), "<sourceRef>do<", "<sourceRef>gone<"),
        case(Code::MissingReference, mapped(), "<targetRef>di</targetRef>", ""),
        case(Code::WrongReference, mapped(), "<sourceRef>do<", "<sourceRef>b<"),
        case(Code::DataInvisible, mapped(), "<sourceRef>do<", "<sourceRef>own<"),
        case(Code::AssignmentTarget, assigned(), "<to>data<", "<to>data.part<"),
        case(Code::ExpressionMissing, assigned(), "<from>1 + 1</from>", ""),
        case(
            Code::DanglingReference,
            process(
                "<dataObject id='do'/><task id='a'><multiInstanceLoopCharacteristics>
                <loopDataInputRef>do</loopDataInputRef></multiInstanceLoopCharacteristics></task>",
            ),
            ">do<",
            ">gone<",
        ),
    ]
}

fn procedures() -> Vec<Case> {
    let procedure = || {
        file(
            "<process id='P' isExecutable='true' lt:procedureCode='1.011536' lt:decision='12/QĐ-BTP'
            lt:validFrom='2026-01-01' lt:validTo='2026-12-31'><task id='a'/></process>
            <process id='Q' lt:procedureCode='2'/>",
        )
    };
    vec![
        case(Code::ProcedureCode, procedure(), "lt:procedureCode='1.011536'", ""),
        case(Code::ProcedureDates, procedure(), "2026-12-31", "2025-12-31"),
        case(Code::ProcedureTwice, procedure(), "lt:procedureCode='2'", "lt:procedureCode='1.011536'"),
        case(Code::BadValue, procedure(), "2026-12-31", "31/12/2026"),
    ]
}

fn warnings() -> Vec<Case> {
    let a = || around("<task id='a'/>");
    let listed = || around("<task id='a'><incoming>f1</incoming><outgoing>f2</outgoing></task>");
    let pools = |target: &str| {
        around("<sendTask id='a'/><userTask id='u'/><receiveTask id='r'/>").replace(
            "<process",
            &format!("<collaboration id='c'><messageFlow id='mf' sourceRef='a' targetRef='{target}'/></collaboration><process"),
        )
    };
    let days = || {
        around(
            "<intermediateCatchEvent id='a'><timerEventDefinition><timeDuration>P5WD</timeDuration>
            </timerEventDefinition></intermediateCatchEvent>",
        )
        .replace("<process", "<process lt:procedureCode='1'")
    };
    let store = || {
        process(
            "<dataObject id='do'/><dataStoreReference id='ds'/><task id='a'><property id='p'/>
            <dataInputAssociation><sourceRef>do</sourceRef><targetRef>p</targetRef></dataInputAssociation></task>",
        )
    };
    vec![
        case(Code::NothingExecutable, a(), "isExecutable='true'", ""),
        case(
            Code::DrawingOnly,
            a().replace(
                "</process>",
                "</process><process id='Q'><callActivity id='q' calledElement='R'/></process>",
            ),
            "calledElement='R'",
            "",
        ),
        case(
            Code::ReadAsFeel,
            around("<scriptTask id='a'><script>{x: 1}</script></scriptTask>"),
            "targetNamespace",
            "expressionLanguage='http://www.w3.org/1999/XPath' targetNamespace",
        ),
        case(Code::FlowListed, listed(), "<incoming>f1</incoming>", ""),
        case(Code::FlowListed, listed(), "<outgoing>f2<", "<outgoing>f3<"),
        case(Code::MessageFlowIgnored, pools("r"), "targetRef='r'", "targetRef='u'"),
        case(Code::CalendarDays, days(), "P5WD", "P5D"),
        case(
            Code::ResourceIgnored,
            around("<userTask id='a'/>"),
            "<userTask id='a'/>",
            "<userTask id='a'><potentialOwner/></userTask>",
        ),
        case(Code::DataStoreLocal, store(), "<sourceRef>do<", "<sourceRef>ds<"),
        case(
            Code::EmptySubProcess,
            around("<subProcess id='a'><task id='b'/></subProcess>"),
            "<task id='b'/>",
            "",
        ),
        case(
            Code::ThrowsWithoutCode,
            a().replace(
                "<endEvent id='e'/>",
                "<endEvent id='e'><errorEventDefinition errorRef='er'/></endEvent>",
            )
            .replace("<process", "<error id='er'/><process"),
            "errorRef='er'",
            "",
        ),
    ]
}

/// Two processes, of which one begins the other, which tells something that begins nothing.
fn pair() -> String {
    let one = |id: &str, begins: &str, tells: &str| {
        format!(
            "<process id='{id}' isExecutable='true'><startEvent id='{id}s'>{begins}</startEvent>{}<endEvent id='{id}e'>
            {tells}</endEvent></process>",
            flow(&format!("{id}f"), &format!("{id}s"), &format!("{id}e"), "")
        )
    };
    let message = |name: &str| format!("<messageEventDefinition messageRef='{name}'/>");
    let signal = |name: &str| format!("<signalEventDefinition signalRef='{name}'/>");
    let first = one("P", &[message("m"), signal("sig")].concat(), &message("n"));
    let second = one("Q", &message("n"), &[message("other"), signal("other_sig")].concat());
    let roots = "<message id='n'/><message id='other'/><signal id='other_sig'/><signalEventDefinition id='d' signalRef='sig'/>";
    rooted(&file(&format!("{roots}{first}{second}")))
}

fn warnings_of_ways() -> Vec<Case> {
    let a = || around("<task id='a'/>");
    let split =
        |kind: &str| around(&format!("<{kind} id='a' default='f2'/>{}", flow("f3", "a", "e", CONDITION)));
    let parallel = || around(&format!("<parallelGateway id='a'/>{}", flow("f3", "a", "e", "")));
    let cycle = || {
        around(&format!(
            "<scriptTask id='a'/><userTask id='b'/>{}{}",
            flow("f3", "a", "b", ""),
            flow("f4", "b", "a", "")
        ))
    };
    vec![
        case(
            Code::ConditionIgnored,
            parallel(),
            "targetRef='e'></sequenceFlow>",
            format!("targetRef='e'>{CONDITION}</sequenceFlow>"),
        ),
        case(
            Code::ConditionIgnored,
            split("exclusiveGateway"),
            "targetRef='e'/>",
            format!("targetRef='e'>{CONDITION}</sequenceFlow>"),
        ),
        case(Code::ConditionMissing, split("exclusiveGateway"), CONDITION, ""),
        case(Code::ConditionMissing, split("inclusiveGateway"), CONDITION, ""),
        case(
            Code::MessageForAny,
            around("<receiveTask id='a' lt:correlation='code'/>"),
            "lt:correlation='code'",
            "",
        ),
        case(Code::BeginsItself, pair(), "messageRef='other'", "messageRef='m'"),
        case(Code::BeginsItself, pair(), "signalRef='other_sig'", "signalRef='sig'"),
        case(
            Code::BeginsItself,
            pair(),
            "<startEvent id='Qs'>",
            "<task id='many'><multiInstanceLoopCharacteristics behavior='One' oneBehaviorEventRef='d'>
             <loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></task><startEvent id='Qs'>",
        ),
        case(Code::CycleWithoutWait, cycle(), "<userTask id='b'/>", "<task id='b'/>"),
        case(Code::Unreachable, a(), "<endEvent id='e'/>", "<endEvent id='e'/><endEvent id='never'/>"),
        case(
            Code::Unreachable,
            a(),
            "<endEvent id='e'/>",
            "<endEvent id='e'/><task id='never' isForCompensation='true'/>",
        ),
        case(Code::StartsBeside, a(), "<endEvent id='e'/>", "<endEvent id='e'/><task id='b'/>"),
    ]
}
