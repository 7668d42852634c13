//! Activities that are done several times: loops and multiple instances.

use serde_json::{Map, Value};

use super::INSTANCES_MAX;
use super::event::{Event, Fault};
use super::run::{Run, Work};
use super::state::{Exec, ExecId, Many, Role};
use crate::model::{Behavior, Multi, NodeIx, Repeat};

impl<'a> Run<'a> {
    /// Begins an activity that is done several times.
    pub fn begin_many(&mut self, parent: ExecId, at: NodeIx) {
        let node = self.program.node(at);
        let exec = ExecId(self.next_id());
        let role = Role::Many(Many::default());
        self.emit(Event::Entered { exec, parent: Some(parent), node: Some(at), role });
        if self.prepare(exec, node) {
            self.go_on_with_many(exec);
        }
    }

    /// Begins the first ones, or goes on after something that could not be told was mended.
    pub fn go_on_with_many(&mut self, exec: ExecId) {
        let (Some((at, node)), Some(many)) = (self.node_of(exec), self.many(exec)) else { return };
        match &node.repeat {
            Some(Repeat::Loop { .. }) => self.next_of_loop(exec, at, many.begun == 0),
            Some(Repeat::Multi(multi)) if many.total.is_some() => self.judge(exec, multi),
            Some(Repeat::Multi(multi)) => match self.how_many(exec, multi) {
                Ok(many) => {
                    let is_empty = many.total == Some(0);
                    self.emit(Event::Counted { exec, many });
                    if is_empty { self.complete(exec) } else { self.next_of_many(exec, at, multi) }
                }
                Err(fault) => self.fail(exec, fault, false),
            },
            None => {}
        }
    }

    /// Begins the next one of those that are done one after another.
    pub fn once_more(&mut self, exec: ExecId) {
        let Some((at, node)) = self.node_of(exec) else { return };
        match &node.repeat {
            Some(Repeat::Loop { .. }) => self.next_of_loop(exec, at, false),
            Some(Repeat::Multi(multi)) => self.next_of_many(exec, at, multi),
            None => {}
        }
    }

    fn many(&self, exec: ExecId) -> Option<Many> {
        match self.role_of(exec)? {
            Role::Many(many) => Some(many.clone()),
            _ => None,
        }
    }

    fn how_many(&self, exec: ExecId, multi: &Multi) -> Result<Many, Fault> {
        let fault = |why: String| Fault { code: "instances", why };
        let mut items = Vec::new();
        let total = if let Some(name) = &multi.collection {
            let sight = self.sight(exec);
            match crate::expression::Variables::get(&sight, name) {
                Some(Value::Array(list)) => items.clone_from(list),
                other => {
                    let what = other.map_or("null".to_owned(), Value::to_string);
                    return Err(fault(format!("{name} = {what}: không phải danh sách / not a list")));
                }
            }
            items.len()
        } else if let Some(cardinality) = &multi.cardinality {
            let value = self.value(exec, cardinality)?;
            let text =
                || format!("{} = {value}: không phải số từ 0 / not a number from 0", cardinality.text());
            value.as_u64().and_then(|count| usize::try_from(count).ok()).ok_or_else(|| fault(text()))?
        } else {
            0
        };
        let total = u32::try_from(total).ok().filter(|count| *count as usize <= INSTANCES_MAX);
        let total =
            total.ok_or_else(|| fault(format!("tối đa {INSTANCES_MAX} / at most {INSTANCES_MAX}")))?;
        Ok(Many { total: Some(total), items, ..Many::default() })
    }

    /// Begins what comes next: one, or all.
    fn next_of_many(&mut self, exec: ExecId, at: NodeIx, multi: &Multi) {
        let Some(mut many) = self.many(exec) else { return };
        let total = many.total.unwrap_or_default();
        let until = if multi.sequential { (many.begun + 1).min(total) } else { total };
        let first = many.begun;
        many.begun = until;
        self.emit(Event::Counted { exec, many: many.clone() });
        for number in first..until {
            // An instance that is done at once may have ended the whole.
            if self.state.exec(exec).is_none() {
                return;
            }
            let mut own = Map::from_iter([("loopCounter".to_owned(), Value::from(number + 1))]);
            if let (Some(name), Some(item)) = (&multi.item, many.items.get(number as usize)) {
                own.insert(name.to_string(), item.clone());
            }
            if let Some(name) = &multi.result {
                own.insert(name.to_string(), Value::Null);
            }
            self.begin(exec, at, own);
        }
    }

    /// Begins the next round of a loop, or completes it.
    fn next_of_loop(&mut self, exec: ExecId, at: NodeIx, first: bool) {
        let Some(Repeat::Loop { before, max, condition }) = &self.program.node(at).repeat else { return };
        let Some(mut many) = self.many(exec) else { return };
        self.own(exec, Map::from_iter([("loopCounter".to_owned(), Value::from(many.completed))]));
        let room = max.is_none_or(|max| i64::from(many.completed) < max);
        let wanted = match condition {
            Some(condition) if *before || !first => match self.holds(exec, condition) {
                Ok(holds) => holds,
                Err(fault) => return self.fail(exec, fault, false),
            },
            _ => true,
        };
        if !room || !wanted {
            return self.complete(exec);
        }
        many.begun += 1;
        let own = Map::from_iter([("loopCounter".to_owned(), Value::from(many.begun))]);
        self.emit(Event::Counted { exec, many });
        self.begin(exec, at, own);
    }

    /// One of several is completed.
    pub fn one_more(&mut self, exec: ExecId, at: NodeIx, closed: Option<Exec>) {
        let Some(mut many) = self.many(exec) else { return };
        many.completed += 1;
        let Some(Repeat::Multi(multi)) = &self.program.node(at).repeat else {
            self.emit(Event::Counted { exec, many });
            return self.queue.push_back(Work::Again { exec });
        };
        if let (Some(name), Some(closed)) = (&multi.result, closed) {
            let number = closed.variables.get("loopCounter").and_then(Value::as_u64).unwrap_or_default();
            let result = closed.variables.get(&**name).cloned().unwrap_or_default();
            many.results.insert(u32::try_from(number).unwrap_or_default(), result);
        }
        self.emit(Event::Counted { exec, many: many.clone() });
        self.own(exec, counts(&many));
        if let Err(fault) = self.told_by(exec, multi, many.completed == 1) {
            return self.fail(exec, fault, false);
        }
        self.judge(exec, multi);
    }

    /// Whether enough are completed, and what comes next.
    fn judge(&mut self, exec: ExecId, multi: &'a Multi) {
        let Some(many) = self.many(exec) else { return };
        match multi.completion.as_ref().map_or(Ok(false), |condition| self.holds(exec, condition)) {
            Err(fault) => self.fail(exec, fault, false),
            Ok(true) => {
                self.cancel_children(exec);
                self.all_done(exec, multi, &many);
            }
            Ok(false) if Some(many.completed) == many.total => self.all_done(exec, multi, &many),
            Ok(false) if multi.sequential => self.queue.push_back(Work::Again { exec }),
            Ok(false) => {}
        }
    }

    fn all_done(&mut self, exec: ExecId, multi: &Multi, many: &Many) {
        if let Some(name) = &multi.results {
            let list = many.results.values().cloned().collect();
            self.assign(exec, Map::from_iter([(name.to_string(), Value::Array(list))]));
        }
        self.complete(exec);
    }

    /// What the activity tells when one of its instances is completed.
    fn told_by(&mut self, exec: ExecId, multi: &'a Multi, first: bool) -> Result<(), Fault> {
        match &multi.behavior {
            Behavior::One(trigger) if first => self.notify(exec, trigger),
            Behavior::All | Behavior::One(_) => {}
            Behavior::Each(trigger) => self.notify(exec, trigger),
            Behavior::Complex(list) => {
                for (condition, trigger) in list {
                    if self.holds(exec, condition)? {
                        self.notify(exec, trigger);
                    }
                }
            }
        }
        Ok(())
    }
}

/// What conditions of a multi-instance activity count with (BPMN 2.0.2, table 10.30).
fn counts(many: &Many) -> Map<String, Value> {
    let total = many.total.unwrap_or_default();
    let pairs = [
        ("numberOfInstances", total),
        ("numberOfActiveInstances", many.begun - many.completed),
        ("numberOfCompletedInstances", many.completed),
        ("numberOfTerminatedInstances", 0),
    ];
    pairs.into_iter().map(|(name, count)| (name.to_owned(), Value::from(count))).collect()
}
