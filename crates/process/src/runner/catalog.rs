//! The models that were deployed, read once and kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base::Ts;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};
use store::process::{ModelHead, ModelRow, ProcessTx};

use super::links::{Links, Rows};
use super::{Denied, Reader};
use crate::model::{Kind, NodeIx, Program, Task, Timer, Trigger};

/// Vietnam's time, in which days begin.
const VIETNAM: Offset = Offset::constant(7);

/// A procedure that a model claims to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claim {
    pub process: String,
    pub code: String,
    pub from: Option<Date>,
    pub to: Option<Date>,
}

impl Claim {
    fn counts_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// Whether both are the same procedure on some day.
    pub fn meets(&self, other: &Self) -> bool {
        let before = |a: &Self, b: &Self| a.to.zip(b.from).is_some_and(|(to, from)| to < from);
        self.code == other.code && !before(self, other) && !before(other, self)
    }
}

/// Something other than a person by which a process begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StartBy {
    pub process: String,
    pub element: String,
    pub on: StartOn,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum StartOn {
    Message(String),
    Signal(String),
    Timer(Timer),
}

/// What is known of a model without its file.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub row: ModelHead,
    pub claims: Vec<Claim>,
    pub starts: Vec<StartBy>,
    pub links: Links,
}

impl Head {
    fn read(row: ModelHead) -> Result<Self, Denied> {
        let damaged =
            |error: serde_json::Error| Denied::Damaged(format!("process_model {}: {error}", row.id));
        let claims = serde_json::from_str(&row.claims).map_err(damaged)?;
        let starts = serde_json::from_str(&row.starts).map_err(damaged)?;
        let links = serde_json::from_str(&row.links).map_err(damaged)?;
        Ok(Self { row, claims, starts, links })
    }

    /// Whether instances of a process may begin at a moment.
    pub fn counts_at(&self, process: &str, now: Ts) -> bool {
        self.counts(Some(process), day(now))
    }

    /// Whether instances of a process may begin on a day.
    fn counts(&self, process: Option<&str>, day: Date) -> bool {
        let mut of =
            self.claims.iter().filter(|claim| process.is_none_or(|process| claim.process == process));
        of.all(|claim| claim.counts_on(day))
    }
}

/// A model that can be executed.
pub(super) struct Model {
    pub id: i64,
    pub key: String,
    pub version: i64,
    pub program: Program,
}

/// All models.
pub(super) struct Catalog {
    reader: Reader,
    heads: Mutex<Arc<Vec<Head>>>,
    models: Mutex<HashMap<i64, Arc<Model>>>,
}

impl Catalog {
    pub fn new(reader: Reader) -> Self {
        Self { reader, heads: Mutex::default(), models: Mutex::default() }
    }

    /// The heads of all models, those too that other nodes have deployed.
    pub async fn heads(&self, tx: &mut ProcessTx<'_>) -> Result<Arc<Vec<Head>>, Denied> {
        let known = Arc::clone(&lock(&self.heads));
        let last = known.last().map_or(0, |head| head.row.id);
        if tx.last_model().await? == last {
            return Ok(known);
        }
        let heads = tx.models().await?.into_iter().map(Head::read).collect::<Result<Vec<_>, _>>()?;
        let heads = Arc::new(heads);
        *lock(&self.heads) = Arc::clone(&heads);
        Ok(heads)
    }

    /// A model, read from its file the first time.
    pub async fn model(&self, tx: &mut ProcessTx<'_>, id: i64) -> Result<Arc<Model>, Denied> {
        if let Some(model) = self.known(id) {
            return Ok(model);
        }
        let row = tx_model(tx, id).await?;
        let rows = self.whole(tx, row).await?;
        self.learn(&rows)
    }

    /// A model with all that it calls.
    pub async fn whole(&self, tx: &mut ProcessTx<'_>, row: ModelRow) -> Result<Rows, Denied> {
        let mut rows = Rows::of(row)?;
        while let Some(id) = rows.missing() {
            rows.add(tx_model(tx, id).await?)?;
        }
        Ok(rows)
    }

    pub fn known(&self, id: i64) -> Option<Arc<Model>> {
        lock(&self.models).get(&id).cloned()
    }

    pub fn learn(&self, rows: &Rows) -> Result<Arc<Model>, Denied> {
        let row = rows.first();
        let program = rows.program(self.reader).map_err(|_| Denied::ReadOtherwise(row.id))?;
        if layout(&program)[..] != row.layout[..] {
            return Err(Denied::ReadOtherwise(row.id));
        }
        let model = Arc::new(Model { id: row.id, key: row.key.clone(), version: row.version, program });
        lock(&self.models).insert(row.id, Arc::clone(&model));
        Ok(model)
    }
}

async fn tx_model(tx: &mut ProcessTx<'_>, id: i64) -> Result<ModelRow, Denied> {
    tx.model(id).await?.ok_or(Denied::NoModel)
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The model that begins when nobody says which version: the newest whose procedure counts today.
pub(super) fn newest<'a>(heads: &'a [Head], key: &str, process: Option<&str>, now: Ts) -> Option<&'a Head> {
    let of_key = heads.iter().rev().filter(|head| head.row.key == key);
    let day = day(now);
    of_key.into_iter().find(|head| head.counts(process, day))
}

/// By what processes begin now, each of the newest model of its key.
pub(super) fn starts(heads: &[Head], now: Ts) -> impl Iterator<Item = (&Head, &StartBy)> {
    heads.iter().flat_map(move |head| {
        let counts = move |start: &&StartBy| {
            newest(heads, &head.row.key, Some(&start.process), now)
                .is_some_and(|one| one.row.id == head.row.id)
        };
        head.starts.iter().filter(counts).map(move |start| (head, start))
    })
}

fn day(now: Ts) -> Date {
    let at = jiff::Timestamp::from_microsecond(now.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.to_zoned(TimeZone::fixed(VIETNAM)).date()
}

/// The hash of the order in which elements stand in a program: states name them by place.
pub(super) fn layout(program: &Program) -> [u8; 32] {
    let mut text = String::new();
    let ids = program.processes.iter().map(|one| &*one.id);
    let ids =
        ids.chain(program.nodes.iter().map(|one| &*one.id)).chain(program.flows.iter().map(|one| &*one.id));
    for id in ids {
        text.push_str(id);
        text.push('\n');
    }
    for scope in &program.scopes {
        text.push_str(&scope.node.map_or("-".to_owned(), |node| node.0.to_string()));
        text.push('\n');
    }
    crypto::hash::sha256(&[text.as_bytes()])
}

/// The procedures that the executable processes of a program claim to be.
pub(super) fn claims(program: &Program) -> Vec<Claim> {
    let executable = program.processes.iter().filter(|process| process.executable);
    let claims = executable.filter_map(|process| {
        let of = process.procedure.as_ref()?;
        let (process, code) = (process.id.to_string(), of.code.to_string());
        Some(Claim { process, code, from: of.valid_from, to: of.valid_to })
    });
    claims.collect()
}

/// By what the executable processes of a program begin, other than by a person.
pub(super) fn starts_of(program: &Program) -> Vec<StartBy> {
    let mut found = Vec::new();
    for process in program.processes.iter().filter(|process| process.executable) {
        for at in &program.scope(process.scope).nodes {
            let on = match &program.node(*at).kind {
                Kind::Start { on, .. } => on.list.iter().filter_map(start_on).collect(),
                Kind::Catch(on) if behind_start(program, *at) => {
                    on.list.iter().filter_map(start_on).collect()
                }
                Kind::Task(Task::Receive { message, instantiate })
                    if *instantiate || behind_start(program, *at) =>
                {
                    vec![StartOn::Message(message.name.to_string())]
                }
                _ => Vec::new(),
            };
            let (process, element) = (process.id.to_string(), program.node(*at).id.to_string());
            let start = |on| StartBy { process: process.clone(), element: element.clone(), on };
            found.extend(on.into_iter().map(start));
        }
    }
    found
}

fn start_on(trigger: &Trigger) -> Option<StartOn> {
    match trigger {
        Trigger::Message(message) => Some(StartOn::Message(message.name.to_string())),
        Trigger::Signal(name) => Some(StartOn::Signal(name.to_string())),
        Trigger::Timer(timer, _) => Some(StartOn::Timer(*timer)),
        _ => None,
    }
}

fn behind_start(program: &Program, at: NodeIx) -> bool {
    let mut sources = program.node(at).incoming.iter().map(|flow| program.flow(*flow).source);
    sources.any(|from| matches!(program.node(from).kind, Kind::EventBased { instantiate: true, .. }))
}
