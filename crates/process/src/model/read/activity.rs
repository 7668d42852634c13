//! Activities: tasks, sub-processes, calls, loops.

use std::collections::HashMap;

use super::draft::{Draft, is_feel, local};
use super::event::Place;
use crate::model::element::is_activity;
use crate::model::fault::Code;
use crate::model::xml::Tag;
use crate::model::{
    AdHoc, Behavior, Called, Decision, Kind, Multi, NodeIx, OpenCall, Repeat, ScopeKind, Task, Trigger,
    UNLINKED,
};

/// Who does a task by the standard, which has no effect here.
const ROLES: [&str; 4] = ["resourceRole", "performer", "humanPerformer", "potentialOwner"];

impl<'a> Draft<'a> {
    pub(super) fn read_activity(&mut self, at: NodeIx) {
        let tag = self.tag(at);
        self.flag(tag, "isForCompensation", false);
        if self.flag(tag, "triggeredByEvent", false) && tag.kind() != "subProcess" {
            self.report.add(Code::BadValue, tag, &["triggeredByEvent", "true", "false"]);
        }
        let quantity =
            |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or(1);
        let (start, completion) =
            (self.number(tag, "startQuantity", 1), self.number(tag, "completionQuantity", 1));
        self.node_mut(at).start_quantity = quantity(start);
        self.node_mut(at).completion_quantity = quantity(completion);
        if let Kind::SubProcess(body) = self.program.node(at).kind {
            match tag.kind() {
                "transaction" => self.scope_mut(body).kind = ScopeKind::Transaction,
                "adHocSubProcess" => self.scope_mut(body).kind = ScopeKind::AdHoc(self.ad_hoc(tag)),
                _ if self.is_event_sub_process(at) => self.read_event_sub_process(at, body),
                _ => {}
            }
        } else if tag.kind() == "callActivity" {
            self.call(at);
        } else {
            self.read_task(at);
        }
        self.read_default(at);
        self.repeat(at);
    }

    fn ad_hoc(&mut self, tag: Tag<'a>) -> AdHoc {
        AdHoc {
            sequential: self.choice(tag, "ordering", &["Parallel", "Sequential"]) == "Sequential",
            completion: self.expression_in(tag, "completionCondition"),
            cancel_remaining: self.flag(tag, "cancelRemainingInstances", true),
        }
    }

    fn call(&mut self, at: NodeIx) {
        let tag = self.tag(at);
        let Some(called) = tag.get("calledElement") else {
            self.node_mut(at).kind = Kind::Call(UNLINKED);
            return self.report.add(Code::CallNothing, tag, &[]);
        };
        let called = local(tag, called);
        // Who names a version means one that is deployed, whatever this file has.
        let process = self.processes.get(called).filter(|_| tag.extension("version").is_none());
        let scope = process.map_or(UNLINKED, |process| self.program.processes[*process].scope);
        if scope == UNLINKED {
            if let Some(other) = self.ids.get(called).filter(|other| other.kind() != "process") {
                let details = ["calledElement", called, other.kind(), "process, global…Task"];
                self.report.add(Code::WrongReference, tag, &details);
            }
            let (what, version) = (Called::Process, self.version(tag));
            self.calls.push(OpenCall { node: at, what, name: called.into(), version });
        }
        self.node_mut(at).kind = Kind::Call(scope);
    }

    pub(super) fn read_task(&mut self, at: NodeIx) {
        let tag = self.tag(at);
        if let Some(role) = tag.children().find(|child| ROLES.contains(&child.kind())) {
            self.report.add(Code::ResourceIgnored, role, &[role.kind()]);
        }
        let task = match tag.kind() {
            "manualTask" | "globalManualTask" => Task::Manual,
            "userTask" | "globalUserTask" => Task::User,
            "serviceTask" => Task::Service,
            "sendTask" => {
                let names = tag.get("messageRef").is_some() || tag.get("operationRef").is_some();
                let tells = names || self.flow_messages.contains_key(&at);
                Task::Send(tells.then(|| self.message(at, tag)))
            }
            "receiveTask" => {
                Task::Receive { message: self.message(at, tag), instantiate: self.instantiates(at) }
            }
            "scriptTask" | "globalScriptTask" => Task::Script(self.script(tag)),
            "businessRuleTask" | "globalBusinessRuleTask" => Task::Rule(self.decision(at)),
            _ => Task::Plain,
        };
        self.node_mut(at).kind = Kind::Task(task);
    }

    fn decision(&mut self, at: NodeIx) -> Option<Decision> {
        let tag = self.tag(at);
        let name = tag.extension("decision")?;
        let (what, version) = (Called::Decision, self.version(tag));
        self.calls.push(OpenCall { node: at, what, name: name.into(), version });
        Some(Decision { id: name.into(), result: tag.extension("result").map(Into::into), file: None })
    }

    /// The version that a call wants.
    fn version(&mut self, tag: Tag<'a>) -> Option<i64> {
        let text = tag.extension("version")?;
        let version = text.parse().ok().filter(|version| *version > 0);
        if version.is_none() {
            self.report.add(Code::BadValue, tag, &["version", text, "1, 2, 3 …"]);
        }
        version
    }

    fn script(&mut self, tag: Tag<'a>) -> Option<crate::expression::Expression> {
        let language = tag.get("scriptFormat").or(tag.get("scriptLanguage"));
        if let Some(language) = language.filter(|language| !is_feel(language)) {
            self.report.add(Code::Language, tag, &[language]);
            return None;
        }
        let script = tag.first("script").filter(|script| !script.text().is_empty())?;
        self.expression(script)
    }

    fn repeat(&mut self, at: NodeIx) {
        let tag = self.tag(at);
        let repeat = if let Some(tag) = tag.first("standardLoopCharacteristics") {
            let condition = self.expression_in(tag, "loopCondition");
            let max = self.number(tag, "loopMaximum", 0);
            if tag.first("loopCondition").is_none() && tag.get("loopMaximum").is_none() {
                self.report.add(Code::LoopWithoutEnd, tag, &[]);
            }
            Repeat::Loop { before: self.flag(tag, "testBefore", false), max, condition }
        } else if let Some(tag) = tag.first("multiInstanceLoopCharacteristics") {
            Repeat::Multi(Box::new(self.multi(at, tag)))
        } else {
            return;
        };
        self.node_mut(at).repeat = Some(repeat);
    }

    fn multi(&mut self, at: NodeIx, tag: Tag<'a>) -> Multi {
        let cardinality = tag.first("loopCardinality");
        if let Some(text) = cardinality.map(Tag::text)
            && text.parse::<i128>().is_ok_and(|number| number < 0)
        {
            self.report.add(Code::Number, tag, &["loopCardinality", &text, "0", "…"]);
        }
        if cardinality.is_some() == tag.first("loopDataInputRef").is_some() {
            self.report.add(Code::InstancesUnknown, tag, &[]);
        }
        let variable = |item: Option<Tag<'a>>| item.map(super::data::variable);
        Multi {
            sequential: self.flag(tag, "isSequential", false),
            cardinality: cardinality.and_then(|holder| self.expression(holder)),
            collection: self.item_of(at, tag.first("loopDataInputRef")),
            item: variable(tag.first("inputDataItem")),
            results: self.item_of(at, tag.first("loopDataOutputRef")),
            result: variable(tag.first("outputDataItem")),
            completion: self.expression_in(tag, "completionCondition"),
            behavior: self.behavior(at, tag),
        }
    }

    fn behavior(&mut self, at: NodeIx, tag: Tag<'a>) -> Behavior {
        let behavior = self.choice(tag, "behavior", &["All", "None", "One", "Complex"]);
        let needed = match behavior {
            "One" => "oneBehaviorEventRef",
            "None" => "noneBehaviorEventRef",
            "Complex" => return Behavior::Complex(self.complex_behavior(at, tag)),
            _ => return Behavior::All,
        };
        let Some(id) = tag.get(needed) else {
            self.report.add(Code::BehaviorEvent, tag, &[behavior, needed]);
            return Behavior::All;
        };
        let definition = self.definition(tag, id);
        let trigger = definition.and_then(|definition| self.trigger(at, definition, Place::Behavior));
        match trigger {
            Some(trigger) if behavior == "One" => Behavior::One(trigger),
            Some(trigger) => Behavior::Each(trigger),
            None => Behavior::All,
        }
    }

    fn complex_behavior(
        &mut self,
        at: NodeIx,
        tag: Tag<'a>,
    ) -> Vec<(crate::expression::Expression, Trigger)> {
        let mut told = Vec::new();
        let definitions: Vec<_> = tag.all("complexBehaviorDefinition").collect();
        for definition in &definitions {
            let Some(condition) = definition.first("condition") else {
                self.report.add(Code::ExpressionMissing, *definition, &["condition"]);
                continue;
            };
            let Some(event) = definition.first("event") else { continue };
            for trigger in self.triggers(at, event, Place::Behavior) {
                told.extend(self.expression(condition).map(|condition| (condition, trigger)));
            }
        }
        if told.is_empty() {
            self.report.add(Code::BehaviorEvent, tag, &["Complex", "complexBehaviorDefinition"]);
        }
        told
    }

    /// Joins compensation boundary events with their handlers.
    pub(super) fn read_handlers(&mut self) {
        let root = self.root;
        let tags = root.node().descendants().filter_map(Tag::new);
        let associations: Vec<_> = tags.filter(|tag| tag.kind() == "association").collect();
        let mut joined: HashMap<NodeIx, Vec<NodeIx>> = HashMap::new();
        for association in associations {
            let mut ends = [None, None];
            for (end, attribute) in ends.iter_mut().zip(["sourceRef", "targetRef"]) {
                if association.get(attribute).is_none() {
                    self.report.add(Code::MissingReference, association, &[attribute]);
                }
                let found = self.refer_by(association, attribute, &[]);
                *end = found.and_then(Tag::id).and_then(|id| self.nodes.get(id)).copied();
            }
            if let [Some(one), Some(other)] = ends {
                joined.entry(one).or_default().push(other);
                joined.entry(other).or_default().push(one);
            }
        }
        for at in self.places() {
            let Kind::Boundary { attached, on, .. } = &self.program.node(at).kind else { continue };
            if on.list.iter().any(|trigger| matches!(trigger, Trigger::Compensation { .. })) {
                let attached = *attached;
                let mut ends = joined.get(&at).into_iter().flatten().copied();
                let handler = ends.find(|end| is_activity(self.tag(*end).kind()));
                self.handler(at, attached, handler);
            }
        }
    }

    fn handler(&mut self, at: NodeIx, attached: NodeIx, handler: Option<NodeIx>) {
        let tag = self.tag(at);
        let Some(handler) = handler else { return self.report.add(Code::HandlerMissing, tag, &[]) };
        let node = self.program.node(handler);
        if !node.for_compensation || node.scope != self.program.node(at).scope {
            let id = node.id.to_string();
            self.report.add(Code::HandlerKind, tag, &[&id]);
        }
        let activity = self.node_mut(attached);
        if activity.compensated_by.replace(handler).is_some() {
            let id = activity.id.to_string();
            self.report.add(Code::HandlerTwice, tag, &[&id]);
        }
    }
}
