//! Random models, random commands: what holds for all of them.

use std::fmt::Write as _;

use process::engine::{Awaited, Command, Context, Event, Role, State, Step, decide};
use process::model::{Program, read};
use process::timer::Timers;
use proptest::prelude::*;
use serde_json::{Map, json};

use crate::help::{MONDAY, file, replayed};

/// A source of numbers that is the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        // xorshift64*, Vigna 2016.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap_or_default() % end.max(1)
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const TASKS: [&str; 5] = ["task", "userTask", "serviceTask", "scriptTask", "receiveTask"];
const GATEWAYS: [&str; 4] = ["exclusiveGateway", "parallelGateway", "inclusiveGateway", "complexGateway"];
const CATCHES: [&str; 4] = [
    "<timerEventDefinition><timeDuration>PT1M</timeDuration></timerEventDefinition>",
    r#"<signalEventDefinition signalRef="S"/>"#,
    r#"<messageEventDefinition messageRef="M"/>"#,
    "<conditionalEventDefinition><condition>x &gt; 3</condition></conditionalEventDefinition>",
];
const THROWS: [&str; 5] = [
    r#"<signalEventDefinition signalRef="S"/>"#,
    r#"<messageEventDefinition messageRef="M"/>"#,
    r#"<escalationEventDefinition escalationRef="X"/>"#,
    "<compensateEventDefinition/>",
    "",
];
const ENDS: [&str; 4] = [
    r#"<errorEventDefinition errorRef="E"/>"#,
    "<terminateEventDefinition/>",
    "",
    "<compensateEventDefinition/>",
];
const BORDERS: [&str; 3] = [
    r#"<errorEventDefinition errorRef="E"/>"#,
    r#"<escalationEventDefinition escalationRef="X"/>"#,
    "<timerEventDefinition><timeCycle>R2/PT1M</timeCycle></timerEventDefinition>",
];
const REPEATS: [&str; 3] = [
    "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>",
    r#"<multiInstanceLoopCharacteristics isSequential="true"><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>"#,
    r#"<standardLoopCharacteristics loopMaximum="2"><loopCondition>true</loopCondition></standardLoopCharacteristics>"#,
];

/// The inside of a process or sub-process: nodes, then flows that go anywhere.
fn scope(dice: &mut Dice, name: &str, depth: usize) -> String {
    let mut text = format!(r#"<startEvent id="{name}s"/>"#);
    // Where flows begin, and whether they may have conditions.
    let (mut from, mut to) = (vec![(format!("{name}s"), false)], Vec::new());
    for number in 0..2 + dice.below(6) {
        let id = format!("{name}n{number}");
        let kind = dice.below(9);
        match kind {
            0..=3 => activity(dice, &mut text, &id, depth, &mut from),
            4 | 5 => write!(text, r#"<{} id="{id}"/>"#, dice.one(&GATEWAYS)).expect("a string takes all"),
            6 => write!(
                text,
                r#"<intermediateCatchEvent id="{id}">{}</intermediateCatchEvent>"#,
                dice.one(&CATCHES)
            )
            .expect("a string takes all"),
            7 => write!(
                text,
                r#"<intermediateThrowEvent id="{id}">{}</intermediateThrowEvent>"#,
                dice.one(&THROWS)
            )
            .expect("a string takes all"),
            _ => write!(text, r#"<endEvent id="{id}">{}</endEvent>"#, dice.one(&ENDS))
                .expect("a string takes all"),
        }
        if kind < 8 {
            from.push((id.clone(), kind <= 5 && !text.contains(&format!(r#"<parallelGateway id="{id}""#))));
        }
        to.push(id);
    }
    for (number, (source, may)) in from.iter().enumerate() {
        for more in 0..=dice.below(2) {
            let target = &to[dice.below(to.len())];
            let conditions = ["", "", "<conditionExpression>x &gt; 1</conditionExpression>"];
            let condition = if *may { dice.one(&conditions) } else { "" };
            write!(text, r#"<sequenceFlow id="{name}f{number}-{more}" sourceRef="{source}" targetRef="{target}">{condition}</sequenceFlow>"#)
                .expect("a string takes all");
        }
    }
    text
}

fn activity(dice: &mut Dice, text: &mut String, id: &str, depth: usize, from: &mut Vec<(String, bool)>) {
    let repeat = if dice.below(4) == 0 { dice.one(&REPEATS) } else { "" };
    if depth > 0 && dice.below(3) == 0 {
        let inside = scope(dice, &format!("{id}_"), depth - 1);
        let handler = if dice.below(2) == 0 { sub(dice, &format!("{id}_h")) } else { String::new() };
        write!(text, r#"<subProcess id="{id}">{repeat}{inside}{handler}</subProcess>"#)
    } else {
        let kind = dice.one(&TASKS);
        let script = if kind == "scriptTask" { "<script>{x: x + 1}</script>" } else { "" };
        let message = if kind == "receiveTask" { r#"messageRef="M""# } else { "" };
        write!(text, r#"<{kind} id="{id}" {message}>{repeat}{script}</{kind}>"#)
    }
    .expect("a string takes all");
    if dice.below(3) == 0 {
        let cancels = dice.below(2) == 0;
        let event = if cancels { dice.one(&BORDERS) } else { dice.one(&BORDERS[1..]) };
        write!(text, r#"<boundaryEvent id="{id}b" attachedToRef="{id}" cancelActivity="{cancels}">{event}</boundaryEvent>"#)
            .expect("a string takes all");
        from.push((format!("{id}b"), false));
    }
    if dice.below(4) == 0 {
        write!(
            text,
            r#"<boundaryEvent id="{id}c" attachedToRef="{id}"><compensateEventDefinition/></boundaryEvent><userTask id="{id}u" isForCompensation="true"/><association id="{id}a" sourceRef="{id}c" targetRef="{id}u"/>"#
        )
        .expect("a string takes all");
    }
}

/// An event sub-process.
fn sub(dice: &mut Dice, id: &str) -> String {
    let event = dice.one(&[CATCHES[0], CATCHES[1], BORDERS[0], BORDERS[1]]);
    format!(
        r#"<subProcess id="{id}" triggeredByEvent="true"><startEvent id="{id}s">{event}</startEvent><userTask id="{id}t"/><sequenceFlow id="{id}f" sourceRef="{id}s" targetRef="{id}t"/></subProcess>"#
    )
}

fn model(seed: u64) -> Program {
    let mut dice = Dice(seed | 1);
    let inside = scope(&mut dice, "p", 2);
    let xml = file(&format!(
        r#"<signal id="S" name="s"/><message id="M" name="m"/><error id="E" errorCode="e"/><escalation id="X" escalationCode="x"/><process id="P" isExecutable="true">{inside}</process>"#
    ));
    read(xml.as_bytes()).unwrap_or_else(|faults| panic!("seed {seed}: {xml}\n{faults:#?}")).program
}

/// Something that can be told to an instance as it stands.
fn command(dice: &mut Dice, state: &State) -> Command {
    let variables = Map::from_iter([("x".to_owned(), json!(dice.below(6)))]);
    let incidents: Vec<_> = state.incidents().map(|(exec, _)| exec).collect();
    let work = state.execs.iter().filter(|(_, exec)| exec.incident.is_none());
    let work: Vec<_> =
        work.filter(|(_, exec)| exec.role == Role::Step(Step::Work)).map(|(id, _)| *id).collect();
    let waits: Vec<_> =
        state.waits().filter(|(_, wait)| wait.what != Awaited::Past).map(|(_, wait)| wait.id).collect();
    match dice.below(12) {
        0 if !incidents.is_empty() => Command::Retry { exec: incidents[dice.below(incidents.len())] },
        1 => Command::Signal { name: "s".to_owned(), variables },
        2 => Command::Set { variables },
        3 if !work.is_empty() => {
            Command::Error { exec: work[dice.below(work.len())], code: "e".to_owned(), variables: Map::new() }
        }
        4 if !work.is_empty() => Command::Stop { exec: work[dice.below(work.len())], why: "no".to_owned() },
        5..=7 if !waits.is_empty() => Command::Happened { wait: waits[dice.below(waits.len())], variables },
        _ if !work.is_empty() => Command::Complete { exec: work[dice.below(work.len())], variables },
        _ if !waits.is_empty() => Command::Happened { wait: waits[dice.below(waits.len())], variables },
        _ => Command::Cancel,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 25, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_history_adds_up_to_the_state_and_a_running_instance_always_waits_for_something(seed in any::<u64>()) {
        let program = model(seed);
        let timers = Timers::built_in().expect("the calendar");
        let context = Context { program: &program, now: MONDAY, outside: &timers, tells: u32::MAX };
        let mut dice = Dice(seed.rotate_left(17) | 1);
        let start = Command::Start { process: 0, by: None, variables: Map::from_iter([("x".to_owned(), json!(2))]), agency: None };
        let (mut state, mut history): (State, Vec<Event>) = decide(context, State::default(), start).expect("it begins");
        for _ in 0..40 {
            if state.outcome.is_some() {
                prop_assert!(state.execs.is_empty());
                break;
            }
            let works = state.execs.values().any(|exec| exec.role == Role::Step(Step::Work));
            let waits = state.waits().next().is_some();
            prop_assert!(works || waits || state.incidents().next().is_some(), "nobody can go on: {state:#?}");
            // A model whose tokens multiply shows nothing more, only slower.
            let command = if state.execs.len() > 100 { Command::Cancel } else { command(&mut dice, &state) };
            let Ok((next, events)) = decide(context, state.clone(), command.clone()) else {
                prop_assert!(false, "{command:?} does not fit {state:#?}");
                break;
            };
            let again = decide(context, state, command).expect("it did before");
            prop_assert_eq!((&next, &events), (&again.0, &again.1));
            history.extend(events);
            state = next;
        }
        prop_assert_eq!(&replayed(&history), &state);
        let stored: State = serde_json::from_str(&serde_json::to_string(&state).expect("JSON")).expect("its own JSON");
        prop_assert_eq!(stored, state);
    }
}
