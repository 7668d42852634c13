#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::Map;
use worktime::{Calendar, moment};

use super::*;
use crate::engine::{Command, Context, Outside, decide};
use crate::model::{Model, read};
use crate::timer::Timers;

/// The country, without or with another day off for the police.
fn timers(off: Option<&str>) -> Timers {
    let off = off.map_or(String::new(), |day| {
        format!(
            "[[calendar.day]]\ndays = \"{day}\"\nworks = false\nname = \"Nghỉ\"\ndecision = \"Công điện 9\"\n"
        )
    });
    let version = 1 + u32::from(!off.is_empty());
    let text = format!(
        "version = {version}\n[[calendar]]\ncode = \"ca\"\nname = \"Công an\"\nagencies = [\"H.CA\"]\n\
         [[calendar.hours]]\nvalid_from = \"2020-01-01\"\ndecision = \"Quyết định 1\"\n\
         working_days = [\"monday\", \"tuesday\", \"wednesday\", \"thursday\", \"friday\"]\n\
         working_hours = [\"08:00-12:00\", \"13:00-17:00\"]\n{off}"
    );
    Timers::with(Calendars::parse(Calendar::built_in().unwrap(), &text).unwrap())
}

fn at(text: &str) -> Ts {
    moment(text).unwrap()
}

/// Two tasks beside each other, one of the police, with timers; then a wait for the citizen.
fn model(due: &str) -> Model {
    let text = format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:lt="urn:lienthong:bpmn:1"
 targetNamespace="t"><message id="more"/><process id="P" isExecutable="true" lt:limit="P9WD" lt:agency="H.MC">
<startEvent id="s"/><parallelGateway id="g"/><userTask id="A" lt:due="{due}"/>
<userTask id="B" lt:agency="H.CA" lt:due="PT20WH"/><receiveTask id="W" messageRef="more" lt:clock="paused"/>
<endEvent id="e"/><endEvent id="e2"/>
<boundaryEvent id="t" attachedToRef="A" cancelActivity="false"><timerEventDefinition><timeDuration>{due}</timeDuration>
</timerEventDefinition></boundaryEvent><endEvent id="e3"/><sequenceFlow id="f6" sourceRef="t" targetRef="e3"/>
<boundaryEvent id="u" attachedToRef="W" cancelActivity="false"><timerEventDefinition><timeCycle>R3/P1WD</timeCycle>
</timerEventDefinition></boundaryEvent><sequenceFlow id="f7" sourceRef="u" targetRef="e3"/>
<sequenceFlow id="f1" sourceRef="s" targetRef="g"/><sequenceFlow id="f2" sourceRef="g" targetRef="A"/>
<sequenceFlow id="f3" sourceRef="g" targetRef="B"/><sequenceFlow id="f4" sourceRef="A" targetRef="e"/>
<sequenceFlow id="f5" sourceRef="B" targetRef="W"/><sequenceFlow id="f8" sourceRef="W" targetRef="e2"/>
</process></definitions>"#
    );
    read(text.as_bytes()).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// Carries a command out, and checks that the state is what happened adds up to.
fn done(
    (model, timers): (&Model, &Timers),
    now: Ts,
    state: &State,
    command: Command,
) -> Result<(State, Vec<Event>), Refused> {
    let context = Context { program: &model.program, now, outside: timers, tells: u32::MAX };
    let (after, events) = decide(context, state.clone(), command)?;
    let mut sum: State = serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap();
    for event in &events {
        let stored = serde_json::to_string(event).unwrap();
        sum.apply(&serde_json::from_str(&stored).unwrap()).unwrap();
    }
    assert_eq!(sum, after);
    Ok((after, events))
}

fn start() -> Command {
    Command::Start { process: 0, by: None, variables: Map::new(), agency: None }
}

fn exec(model: &Model, state: &State, id: &str) -> Option<ExecId> {
    let at = model.program.find(id).unwrap();
    state.execs.iter().find(|(_, exec)| exec.node == Some(at)).map(|(id, _)| *id)
}

#[test]
fn due_dates_and_timers_of_working_days_are_those_of_annex_c() {
    for (received, days, due) in [
        ("2026-02-13", 3, "2026-02-25"),
        ("2026-02-13", 5, "2026-02-27"),
        ("2025-12-30", 3, "2026-01-06"),
        ("2025-12-31", 5, "2026-01-09"),
        ("2026-01-09", 1, "2026-01-10"),
        ("2025-04-25", 2, "2025-04-28"),
        ("2026-08-20", 3, "2026-08-24"),
        ("2026-08-28", 2, "2026-09-04"),
        ("2026-04-24", 3, "2026-05-04"),
        ("2026-04-29", 2, "2026-05-05"),
        ("2026-11-23", 1, "2026-11-25"),
    ] {
        let (model, timers) = (model(&format!("P{days}WD")), timers(None));
        let now = at(&format!("{received}T09:00"));
        let (state, _) = done((&model, &timers), now, &State::default(), start()).unwrap();
        let expected = Some(at(&format!("{due}T17:00")));
        let task = exec(&model, &state, "A").unwrap();
        assert_eq!(state.due(task), expected, "{received} + {days}");
        assert_eq!(state.waits().next().unwrap().1.what.due(), expected, "{received} + {days}");
    }
}

#[test]
fn a_step_that_begins_in_a_pause_runs_and_the_pause_of_a_person_outlasts_that_of_a_step() {
    let (model, timers) = (model("P2WD"), timers(None));
    let all = (&model, &timers);
    let step = |now: &str, state: &State, command: Command| done(all, at(now), state, command).unwrap().0;
    let state = step("2026-03-02T08:00", &State::default(), start());
    let work = exec(&model, &state, "B").unwrap();
    let complete = Command::Complete { exec: work, variables: Map::new() };
    let state = step("2026-03-02T09:00", &state, complete);
    let stands = |state: &State| state.clocks.as_ref().unwrap().instance().is_paused();
    let wait = exec(&model, &state, "W").unwrap();
    assert!(stands(&state) && state.execs[&wait].waits.iter().any(|wait| wait.what.due().is_some()));
    let state = step("2026-03-02T10:00", &state, Command::Pause { reason: "x".to_owned() });
    let message = state.execs[&wait].waits.iter().find(|wait| wait.what.due().is_none()).unwrap().id;
    let happened = Command::Happened { wait: message, variables: Map::new() };
    let state = step("2026-03-02T11:00", &state, happened);
    assert!(stands(&state) && exec(&model, &state, "W").is_none());
    let state = step("2026-03-03T08:00", &state, Command::Resume);
    assert!(!stands(&state));
    let refused = done(all, at("2026-03-03T08:00"), &state, Command::Resume).unwrap_err();
    assert_eq!(refused, Refused::NotPaused);
}

#[test]
fn what_begins_while_somebody_stops_the_clocks_stands_still_and_runs_on_with_the_rest() {
    let text = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:lt="urn:lienthong:bpmn:1"
 targetNamespace="t"><process id="P" isExecutable="true" lt:limit="P9WD"><startEvent id="s"/><userTask id="A"/>
<userTask id="B" lt:due="PT8WH"/><boundaryEvent id="t" attachedToRef="B"><timerEventDefinition><timeDuration>PT8WH</timeDuration>
</timerEventDefinition></boundaryEvent><endEvent id="e"/><sequenceFlow id="f0" sourceRef="s" targetRef="A"/>
<sequenceFlow id="f1" sourceRef="A" targetRef="B"/><sequenceFlow id="f2" sourceRef="t" targetRef="e"/></process></definitions>"#;
    let (model, timers) = (read(text.as_bytes()).unwrap(), timers(None));
    let step = |now: &str, state: &State, command: Command| {
        done((&model, &timers), at(now), state, command).unwrap().0
    };
    let state = step("2026-03-02T08:00", &State::default(), start());
    let state = step("2026-03-02T09:00", &state, Command::Pause { reason: "x".to_owned() });
    let first = exec(&model, &state, "A").unwrap();
    let state = step("2026-03-02T10:00", &state, Command::Complete { exec: first, variables: Map::new() });
    let second = exec(&model, &state, "B").unwrap();
    assert_eq!((state.due(second), dues(&state)[0]), (None, None), "nothing of it runs");
    let state = step("2026-03-05T07:00", &state, Command::Resume);
    let due = Some(at("2026-03-05T17:00"));
    assert_eq!((state.due(second), dues(&state)[0]), (due, due));
}

/// Calendars are read once: that takes longer than a case.
static BOTH: LazyLock<(Model, [Timers; 2])> =
    LazyLock::new(|| (model("PT13WH"), [timers(None), timers(Some("2026-03-04"))]));

fn dues(state: &State) -> Vec<Option<Ts>> {
    let waits = state.waits().map(|(_, wait)| wait.what.due());
    let steps = state.execs.keys().map(|exec| state.due(*exec));
    let whole = state.clocks.as_ref().and_then(|clocks| clocks.instance().due());
    waits.chain(steps).chain([whole]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whatever happens, computing again with the same calendars and a pause of no length change nothing, the agencies'
    /// times are that of the instance, and what happened adds up to the state.
    #[test]
    fn the_laws_of_clocks_hold_in_any_order_of_commands(
        begin in 0_i64..2_000, steps in prop::collection::vec((0_u8..6, 1_i64..3_000), 1..14),
    ) {
        let (model, both) = &*BOTH;
        let mut now = at("2026-02-28T06:00").plus_secs(begin * 60);
        let mut by = 0;
        let mut state = done((model, &both[by]), now, &State::default(), start()).unwrap().0;
        for (what, minutes) in steps {
            now = now.plus_secs(minutes * 60);
            let none = Map::new();
            let works = |state: &State| state.execs.iter()
                .find(|(_, exec)| exec.role == Role::Step(Step::Work)).map(|(id, _)| *id);
            let due = |state: &State| state.waits().find(|(_, wait)| wait.what.due().is_some_and(|due| due <= now))
                .map(|(_, wait)| wait.id);
            let command = match (what, works(&state), due(&state)) {
                (0, Some(exec), _) => Command::Complete { exec, variables: none },
                (1, ..) => Command::Pause { reason: "x".to_owned() },
                (2, ..) => Command::Resume,
                (3, _, Some(wait)) => Command::Happened { wait, variables: none },
                (4, ..) => { by = 1 - by; Command::Recalculate }
                _ => continue,
            };
            let Ok((after, _)) = done((model, &both[by]), now, &state, command) else { continue };
            state = after;
            if state.outcome.is_some() {
                break;
            }
            // From here on everything is computed with the calendars of now.
            let all = (model, &both[by]);
            let (same, _) = done(all, now, &state, Command::Recalculate).unwrap();
            let (again, events) = done(all, now, &same, Command::Recalculate).unwrap();
            prop_assert_eq!(&events, &[]);
            if let Ok((paused, _)) = done(all, now, &again, Command::Pause { reason: "y".to_owned() }) {
                let (resumed, _) = done(all, now, &paused, Command::Resume).unwrap();
                prop_assert_eq!(dues(&resumed), dues(&again));
            }
            let clocks = state.clocks.as_ref().unwrap();
            let calendars = both[by].calendars();
            let sum: i64 = clocks.agencies().map(|(_, clock)| clock.used_micros(now, &calendars)).sum();
            prop_assert_eq!(sum, clocks.instance().used_micros(now, &calendars));
        }
    }
}
