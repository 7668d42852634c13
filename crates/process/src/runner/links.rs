//! Which models a model's calls mean: found once, when it is deployed, and kept with it.

use std::collections::BTreeSet;

use base::Ts;
use serde::{Deserialize, Serialize};
use store::process::ModelRow;

use super::catalog::{Head, newest};
use super::{Denied, Reader};
use crate::decision::Decisions;
use crate::model::{Called, Content, FILES_MAX, OpenCall, Part, Program, link};

/// What a model offers and what it calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Links {
    /// Whether it is a file of decisions.
    pub decisions: bool,
    /// Ids of its processes; ids and names of its decisions.
    pub offers: Vec<String>,
    pub calls: Vec<Linked>,
}

/// A model that calls mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Linked {
    pub what: Called,
    pub name: String,
    pub version: Option<i64>,
    pub model: i64,
}

impl Linked {
    fn is(&self, call: &OpenCall) -> bool {
        self.what == call.what && self.name == *call.name && self.version == call.version
    }
}

impl Links {
    /// The links of a file that is being deployed.
    ///
    /// # Errors
    /// What it calls is not deployed; each call in words.
    pub fn find(content: &Content, heads: &[Head], now: Ts) -> Result<Self, Vec<String>> {
        let model = match content {
            Content::Decisions(decisions) => {
                let offers: BTreeSet<String> = decisions.names().map(str::to_owned).collect();
                return Ok(Self { decisions: true, offers: offers.into_iter().collect(), calls: Vec::new() });
            }
            Content::Processes(model) => model,
        };
        let offers = model.program.processes.iter().map(|process| process.id.to_string()).collect();
        let mut links = Self { decisions: false, offers, calls: Vec::new() };
        let mut faults = Vec::new();
        for call in &model.calls {
            if links.calls.iter().any(|known| known.is(call)) {
                continue;
            }
            let node = model.program.node(call.node);
            let Some(head) = meant(call, heads, now) else {
                faults.push(call.missing(node.line, &node.id));
                continue;
            };
            let (what, name, version) = (call.what, call.name.to_string(), call.version);
            links.calls.push(Linked { what, name, version, model: head.row.id });
        }
        if faults.is_empty() { Ok(links) } else { Err(faults) }
    }
}

/// The model that a call means: of the version that it names, else the newest that counts that day. One that has the id
/// of what is called as its key goes before one that only has it beside others.
fn meant<'a>(call: &OpenCall, heads: &'a [Head], now: Ts) -> Option<&'a Head> {
    let name = &*call.name;
    let offers = |head: &&Head| {
        head.links.decisions == (call.what == Called::Decision)
            && (head.row.key == name || head.links.offers.iter().any(|one| one == name))
    };
    let counts = |head: &&Head| match call.version {
        Some(version) => head.row.version == version,
        None => {
            newest(heads, &head.row.key, Some(name), now).is_some_and(|newest| newest.row.id == head.row.id)
        }
    };
    let fitting = heads.iter().filter(offers).filter(counts);
    fitting.max_by_key(|head| (head.row.key == name, head.row.id))
}

/// A model with all that it calls.
pub(super) struct Rows(Vec<(ModelRow, Links)>);

impl Rows {
    pub fn of(row: ModelRow) -> Result<Self, Denied> {
        let mut rows = Self(Vec::new());
        rows.add(row)?;
        Ok(rows)
    }

    /// The number of a model that is called and not here yet.
    pub fn missing(&self) -> Option<i64> {
        let called = self.0.iter().flat_map(|(_, links)| links.calls.iter().map(|call| call.model));
        called.into_iter().find(|id| self.place(*id).is_none()).filter(|_| self.0.len() <= FILES_MAX)
    }

    pub fn add(&mut self, row: ModelRow) -> Result<(), Denied> {
        let damaged =
            |error: serde_json::Error| Denied::Damaged(format!("process_model {}: {error}", row.id));
        let links = serde_json::from_str(&row.links).map_err(damaged)?;
        self.0.push((row, links));
        Ok(())
    }

    /// The model itself.
    pub fn first(&self) -> &ModelRow {
        &self.0[0].0
    }

    fn place(&self, id: i64) -> Option<usize> {
        self.0.iter().position(|(row, _)| row.id == id)
    }

    /// The whole as one program.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn program(&self, reader: Reader) -> Result<Program, Vec<String>> {
        let mut parts = Vec::new();
        for (row, links) in &self.0 {
            let (key, version) = (row.key.as_str().into(), Some(row.version));
            let (content, links) = if links.decisions {
                (Content::Decisions(Decisions::read(&row.xml)?), Vec::new())
            } else {
                let model = reader(&row.xml)?;
                let model_of = |call: &OpenCall| links.calls.iter().find(|known| known.is(call));
                let places = model.calls.iter().map(|call| {
                    let node = model.program.node(call.node);
                    let place = model_of(call).and_then(|linked| self.place(linked.model));
                    place.ok_or_else(|| vec![call.missing(node.line, &node.id)])
                });
                let places = places.collect::<Result<Vec<_>, _>>()?;
                (Content::Processes(model), places)
            };
            parts.push(Part { key, version, content, links });
        }
        link(parts)
    }
}
