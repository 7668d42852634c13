//! A model in few words, and what becomes of it.

use base::Ts;
use process::decision::Decisions;
use process::engine::{Event, State};
use process::model::{Content, Kind, Program, link_files, read};
use process::simulate::{Choices, End, Happening, Plan, simulate};
use process::timer::Timers;

/// Variables by name.
pub type Variables = serde_json::Map<String, serde_json::Value>;

/// Monday 2026-03-02T08:00+07:00.
pub const MONDAY: Ts = Ts(1_772_413_200_000_000);

/// A whole file around what stands between `definitions`.
pub fn file(inside: &str) -> String {
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:lt="urn:lienthong:bpmn:1"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="file" targetNamespace="urn:test">{inside}</definitions>"#
    )
}

/// A file with one process. `a > b` lines of flows stand for sequence flows.
pub fn process(inside: &str) -> String {
    file(&format!(r#"<process id="P" isExecutable="true">{inside}</process>"#))
}

/// Sequence flows `from>to`, separated by blanks; `from>to?condition_` with `_` for blanks in the condition.
pub fn flows(text: &str) -> String {
    let flow = |(number, one): (usize, &str)| {
        let (path, condition) = one.split_once('?').map_or((one, None), |(path, rest)| (path, Some(rest)));
        let (from, to) = path.split_once('>').expect("a flow is from>to");
        let condition = condition.map_or(String::new(), |text| {
            let text = text.replace('_', " ").replace('<', "&lt;");
            format!("<conditionExpression>{text}</conditionExpression>")
        });
        format!(
            r#"<sequenceFlow id="{from}-{to}-{number}" sourceRef="{from}" targetRef="{to}">{condition}</sequenceFlow>"#
        )
    };
    text.split_whitespace().enumerate().map(flow).collect()
}

/// Tasks without a kind.
pub fn tasks(ids: &str) -> String {
    ids.split_whitespace().map(|id| format!(r#"<task id="{id}"/>"#)).collect::<Vec<_>>().concat()
}

/// What became of a model.
#[derive(Debug, PartialEq)]
pub struct Became {
    /// Ids of the tasks that were completed, in order; cancelled ones with `!`.
    pub tasks: String,
    /// How it ended.
    pub end: End,
    /// Seconds on the clock from begin to end.
    pub seconds: i64,
}

/// Runs a model. `choices` is what its tasks bring.
pub fn run(xml: &str, variables: &str, choices: &str) -> (Became, Variables) {
    let model = read(xml.as_bytes()).unwrap_or_else(|faults| panic!("{faults:#?}"));
    run_program(&model.program, variables, choices)
}

/// Runs a model beside the file of decisions that it asks.
pub fn run_with(xml: &str, decisions: &str, (variables, choices): (&str, &str)) -> (Became, Variables) {
    let model = read(xml.as_bytes()).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let decisions = Decisions::read(decisions.as_bytes()).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let program = link_files(model, vec![Content::Decisions(decisions)]).expect("all that is asked is there");
    run_program(&program, variables, choices)
}

fn run_program(program: &Program, variables: &str, choices: &str) -> (Became, Variables) {
    let choices = Choices::parse(choices).expect("the test's choices");
    let variables = serde_json::from_str(variables).expect("the test's variables");
    let timers = Timers::built_in().expect("the calendar");
    let plan =
        Plan { program, process: None, variables, from: MONDAY, until: None, choices, timers: &timers };
    let (mut done, mut last) = (Vec::new(), MONDAY);
    let simulated = simulate(plan, &mut |line| {
        last = line.at;
        let is_task =
            program.find(&line.element).is_some_and(|at| matches!(program.node(at).kind, Kind::Task(_)));
        match line.event {
            Happening::Completed if is_task => done.push(line.element),
            Happening::Cancelled if is_task => done.push(format!("!{}", line.element)),
            _ => {}
        }
    });
    let seconds = last.micros_since(MONDAY) / 1_000_000;
    (Became { tasks: done.join(" "), end: simulated.end, seconds }, simulated.variables)
}

/// Checks what becomes of a model without variables and choices.
pub fn check(xml: &str, tasks: &str, end: End) {
    check_with(xml, ("{}", "{}"), tasks, end);
}

/// Checks what becomes of a model with variables and choices.
pub fn check_with(xml: &str, (variables, choices): (&str, &str), tasks: &str, end: End) {
    let (became, _) = run(xml, variables, choices);
    assert_eq!((became.tasks.as_str(), became.end), (tasks, end), "{xml}");
}

/// The state that a history adds up to.
pub fn replayed(history: &[Event]) -> State {
    let mut state = State::default();
    for event in history {
        state.apply(event).expect("it happened");
    }
    state
}
