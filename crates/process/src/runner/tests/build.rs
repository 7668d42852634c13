//! Small programs by hand, by the name that stands in the place of a file.

use crate::expression::Expression;
use crate::model::{
    Flow, FlowIx, From, Io, Kind, Mapping, Message, Model, Node, NodeIx, Procedure, Process, Program, Scope,
    ScopeIx, ScopeKind, Task, Timer, Trigger, Triggers,
};

pub(super) struct Build(Program);

pub(super) fn feel(text: &str) -> Expression {
    Expression::parse(text).unwrap()
}

pub(super) fn on(trigger: Trigger) -> Triggers {
    Triggers { list: vec![trigger], all: false }
}

pub(super) fn message(name: &str, correlation: Option<&str>) -> Message {
    Message { name: name.into(), correlation: correlation.map(feel) }
}

fn user() -> Kind {
    Kind::Task(Task::User)
}

fn service() -> Kind {
    Kind::Task(Task::Service)
}

fn end() -> Kind {
    Kind::End(Vec::new())
}

fn begin() -> Kind {
    Kind::Start { on: Triggers::default(), interrupting: true }
}

impl Build {
    pub fn new(id: &str) -> Self {
        let scope = Scope {
            node: None,
            process: 0,
            kind: ScopeKind::Plain,
            nodes: Vec::new(),
            starts: Vec::new(),
            event_subs: Vec::new(),
            variables: Vec::new(),
        };
        let process = Process {
            id: id.into(),
            name: id.into(),
            executable: true,
            scope: ScopeIx(0),
            procedure: None,
            agency: None,
            limit: None,
            clocked: false,
        };
        Self(Program {
            processes: vec![process],
            scopes: vec![scope],
            nodes: Vec::new(),
            flows: Vec::new(),
            decisions: Vec::new(),
            errors: ["NO".into(), "TU_CHOI".into()].into(),
        })
    }

    pub fn node(&mut self, id: &str, kind: Kind) -> NodeIx {
        let at = NodeIx(u32::try_from(self.0.nodes.len()).unwrap());
        self.0.scopes[0].nodes.push(at);
        if matches!(&kind, Kind::Start { on, .. } if on.is_none()) {
            self.0.scopes[0].starts.push(at);
        }
        if let Kind::Boundary { attached, .. } = kind {
            self.0.nodes[attached.0 as usize].boundary.push(at);
        }
        self.0.nodes.push(Node {
            id: id.into(),
            name: format!("Bước {id}").into(),
            line: 1,
            scope: ScopeIx(0),
            kind,
            incoming: Vec::new(),
            outgoing: Vec::new(),
            default: None,
            boundary: Vec::new(),
            repeat: None,
            io: Io::default(),
            start_quantity: 1,
            completion_quantity: 1,
            for_compensation: false,
            compensated_by: None,
            lane: None,
            agency: None,
            lane_limit: None,
            pauses: false,
            extra: Vec::new(),
        });
        at
    }

    pub fn extra(&mut self, at: NodeIx, name: &str, value: &str) {
        self.0.nodes[at.0 as usize].extra.push((name.into(), value.into()));
    }

    pub fn flow(&mut self, source: NodeIx, target: NodeIx, condition: Option<&str>) {
        let at = FlowIx(u32::try_from(self.0.flows.len()).unwrap());
        self.0.nodes[source.0 as usize].outgoing.push(at);
        self.0.nodes[target.0 as usize].incoming.push(at);
        let id = format!("f{}", at.0).into();
        self.0.flows.push(Flow { id, name: "".into(), source, target, condition: condition.map(feel) });
    }

    pub fn line(&mut self, nodes: Vec<(&str, Kind)>) -> Vec<NodeIx> {
        let places: Vec<_> = nodes.into_iter().map(|(id, kind)| self.node(id, kind)).collect();
        for pair in places.windows(2) {
            self.flow(pair[0], pair[1], None);
        }
        places
    }
}

fn line(id: &str, nodes: Vec<(&str, Kind)>) -> Program {
    let mut build = Build::new(id);
    build.line(nodes);
    build.0
}

/// Two persons, of whom the second must be another one.
fn duet(id: &str) -> Build {
    let mut build = Build::new(id);
    let at = build.line(vec![("s", begin()), ("A", user()), ("B", user()), ("e", end())]);
    build.extra(at[1], "role", "clerk");
    build.extra(at[1], "due", "P1D");
    build.extra(at[2], "fourEyes", "A");
    build
}

/// A job beside a task, with a timer and an error on its border, then a choice.
fn fork() -> Program {
    let mut build = Build::new("fork");
    let at = build.line(vec![
        ("s", begin()),
        ("split", Kind::Parallel),
        ("A", user()),
        ("join", Kind::Parallel),
        ("choice", Kind::Exclusive),
        ("yes", end()),
    ]);
    let job = build.node("J", service());
    build.extra(job, "topic", "stamp");
    build.extra(job, "retries", "2");
    let merge = build.node("merge", Kind::Exclusive);
    build.flow(at[1], job, None);
    build.flow(job, merge, None);
    build.flow(merge, at[3], None);
    let back = build.node("again", user());
    build.0.flows[4].condition = Some(feel("ok = true"));
    build.flow(at[4], back, Some("ok = false"));
    build.flow(back, at[4], None);
    let error = Trigger::Error(Some("NO".into()));
    let caught = build.node("caught", Kind::Boundary { attached: job, on: on(error), interrupting: true });
    let by_hand = build.node("by-hand", user());
    build.flow(caught, by_hand, None);
    build.flow(by_hand, merge, None);
    let timer = Trigger::Timer(Timer::Cycle, feel("\"R2/PT1H\""));
    let late = build.node("late", Kind::Boundary { attached: at[2], on: on(timer), interrupting: false });
    let warn = build.node("warn", service());
    build.flow(late, warn, None);
    let over = build.node("over", end());
    build.flow(warn, over, None);
    let rich = Trigger::Condition(feel("rich = true"));
    let seen = build.node("rich", Kind::Boundary { attached: at[2], on: on(rich), interrupting: false });
    build.flow(seen, over, None);
    build.0
}

fn catch(trigger: Trigger) -> Kind {
    Kind::Catch(on(trigger))
}

fn starts(trigger: Trigger) -> Kind {
    Kind::Start { on: on(trigger), interrupting: true }
}

fn storm() -> Trigger {
    Trigger::Signal("storm".into())
}

fn claims(mut build: Build, from: Option<&str>, to: Option<&str>) -> Program {
    let (code, decision) = ("1.011536".into(), Some("123/QĐ-BTP".into()));
    let (valid_from, valid_to) = (from.map(|day| day.parse().unwrap()), to.map(|day| day.parse().unwrap()));
    build.0.processes[0].procedure = Some(Procedure { code, decision, valid_from, valid_to });
    build.0
}

/// The reader of tests: the file is a name, or a real one.
pub(super) fn read(xml: &[u8]) -> Result<Model, Vec<String>> {
    if xml.starts_with(b"<") {
        return crate::runner::read_bpmn(xml);
    }
    let name = str::from_utf8(xml).unwrap();
    let paid = |key| Trigger::Message(message("paid", key));
    let program = match name {
        "duet" => duet("duet").0,
        "duet 2" => {
            let mut build = duet("duet");
            build.0.nodes[1].id = "A2".into();
            build.node("unused", end());
            build.0
        }
        "duet 3" => {
            let mut build = duet("duet");
            build.0.nodes[1].kind = service();
            build.0
        }
        "claims 2026" => claims(duet("first"), Some("2026-01-01"), Some("2026-12-31")),
        "claims 2026 on" => claims(duet("second"), Some("2026-12-31"), None),
        "claims 2027 on" => claims(duet("second"), Some("2027-01-01"), None),
        "fork" => fork(),
        "job" => line("job", vec![("s", begin()), ("J", service()), ("T", user()), ("e", end())]),
        "payee" => line("payee", vec![("s", begin()), ("c", catch(paid(Some("dossier")))), ("e", end())]),
        "payer" => {
            let tells = Kind::Throw(vec![paid(Some("dossier"))]);
            line("payer", vec![("s", begin()), ("T", user()), ("t", tells), ("e", end())])
        }
        "by message" => line(
            "applied",
            vec![("s", starts(Trigger::Message(message("apply", None)))), ("T", user()), ("e", end())],
        ),
        "by signal" => line("relief", vec![("s", starts(storm())), ("T", user()), ("e", end())]),
        "by timer" => {
            let every = Trigger::Timer(Timer::Cycle, feel("\"R3/PT1H\""));
            line("hourly", vec![("s", starts(every)), ("T", user()), ("e", end())])
        }
        "shelter" => {
            line("shelter", vec![("s", begin()), ("c", catch(storm())), ("T", user()), ("e", end())])
        }
        "thunder" => line("thunder", vec![("s", begin()), ("t", Kind::Throw(vec![storm()])), ("e", end())]),
        "hour" => {
            let hour = Trigger::Timer(Timer::Duration, feel("\"PT1H\""));
            line("hour", vec![("s", begin()), ("c", catch(hour)), ("e", end())])
        }
        // What comes after its hour makes its variables twice as large.
        "grower" => {
            let hour = Trigger::Timer(Timer::Duration, feel("\"PT1H\""));
            let mut program = line("grower", vec![("s", begin()), ("c", catch(hour)), ("e", end())]);
            let doubles = Mapping { from: From::Variable("a".into()), to: "b".into() };
            program.nodes[1].io.outputs.push(doubles);
            program
        }
        _ => return Err(vec!["dòng / line 1: x".to_owned(), "dòng / line 2: y".to_owned()]),
    };
    Ok(Model { program, ..Model::default() })
}
