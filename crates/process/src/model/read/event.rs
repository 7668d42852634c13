//! Events: what each waits for or tells, and where the standard allows it.

use super::draft::{Draft, truth};
use crate::model::element::{is_activity, is_event_definition};
use crate::model::fault::Code;
use crate::model::xml::Tag;
use crate::model::{Kind, NodeIx, ScopeIx, ScopeKind, Timer, Trigger, Triggers};

/// Where an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Start,
    EventSubStart,
    EmbeddedStart,
    Catch,
    Boundary,
    Throw,
    End,
    Behavior,
}

impl Place {
    /// The event definitions that are allowed there.
    fn allowed(self) -> &'static [&'static str] {
        match self {
            Self::Start => &["message", "timer", "conditional", "signal"],
            Self::EventSubStart => {
                &["message", "timer", "escalation", "error", "compensate", "conditional", "signal"]
            }
            Self::EmbeddedStart => &[],
            Self::Catch => &["message", "timer", "conditional", "link", "signal"],
            Self::Boundary => {
                &["message", "timer", "escalation", "error", "cancel", "compensate", "conditional", "signal"]
            }
            Self::Throw => &["message", "escalation", "link", "compensate", "signal"],
            Self::End => &["message", "error", "escalation", "cancel", "compensate", "signal", "terminate"],
            Self::Behavior => &["message", "escalation", "signal"],
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Start => ("sự kiện bắt đầu quy trình", "a start event of a process"),
            Self::EventSubStart => {
                ("sự kiện bắt đầu quy trình con sự kiện", "a start event of an event sub-process")
            }
            Self::EmbeddedStart => {
                ("sự kiện bắt đầu quy trình con thường", "a start event of an embedded sub-process")
            }
            Self::Catch => ("sự kiện trung gian đợi", "an intermediate catch event"),
            Self::Boundary => ("sự kiện biên", "a boundary event"),
            Self::Throw => ("sự kiện trung gian gửi", "an intermediate throw event"),
            Self::End => ("sự kiện kết thúc", "an end event"),
            Self::Behavior => ("hoạt động nhiều lần", "a multi-instance activity"),
        }
    }

    fn tells(self) -> bool {
        matches!(self, Self::Throw | Self::End | Self::Behavior)
    }
}

impl<'a> Draft<'a> {
    pub(super) fn read_event(&mut self, at: NodeIx) {
        let tag = self.tag(at);
        let place = self.place(at);
        let list = self.triggers(at, tag, place);
        if matches!(place, Place::Catch | Place::Boundary) && !is_defined(tag) {
            self.report.add(Code::EventMissing, tag, &[]);
        }
        let kind = match place {
            Place::Throw | Place::Behavior => Kind::Throw(list),
            Place::End => Kind::End(list),
            Place::Catch => Kind::Catch(self.all_or_any(tag, list)),
            Place::Boundary => return self.boundary(at, list),
            Place::Start | Place::EventSubStart | Place::EmbeddedStart => {
                let interrupting = self.flag(tag, "isInterrupting", true);
                let always = list.iter().any(|trigger| matches!(trigger, Trigger::Error(_)));
                if place == Place::EventSubStart && always && !interrupting {
                    self.report.add(Code::MustInterrupt, tag, &["isInterrupting"]);
                }
                Kind::Start { on: self.all_or_any(tag, list), interrupting }
            }
        };
        self.node_mut(at).kind = kind;
    }

    fn place(&self, at: NodeIx) -> Place {
        match self.tag(at).kind() {
            "intermediateCatchEvent" => Place::Catch,
            "boundaryEvent" => Place::Boundary,
            "intermediateThrowEvent" => Place::Throw,
            "endEvent" => Place::End,
            _ => match self.program.scope(self.program.node(at).scope).node {
                None => Place::Start,
                Some(around) if self.is_event_sub_process(around) => Place::EventSubStart,
                Some(_) => Place::EmbeddedStart,
            },
        }
    }

    fn all_or_any(&mut self, tag: Tag<'a>, list: Vec<Trigger>) -> Triggers {
        let all = self.flag(tag, "parallelMultiple", false) && list.len() > 1;
        Triggers { list, all }
    }

    /// What an event waits for or tells.
    pub(super) fn triggers(&mut self, at: NodeIx, tag: Tag<'a>, place: Place) -> Vec<Trigger> {
        let definitions = self.definitions(tag);
        let several = definitions.len() > 1;
        let mut triggers = Vec::new();
        for definition in definitions {
            // A link goes on elsewhere; it cannot be one of several things.
            if several && definition.kind() == "linkEventDefinition" {
                self.not_allowed(tag, definition, place);
            } else {
                triggers.extend(self.trigger(at, definition, place));
            }
        }
        triggers
    }

    fn not_allowed(&mut self, tag: Tag<'a>, definition: Tag<'a>, place: Place) {
        let (vi, en) = place.words();
        self.report.add(Code::EventNotAllowed, tag, &[definition.kind(), vi, en]);
    }

    /// What one event definition says. Findings about a shared one are those of the event.
    pub(super) fn trigger(&mut self, at: NodeIx, definition: Tag<'a>, place: Place) -> Option<Trigger> {
        if !place.allowed().contains(&definition.kind().trim_end_matches("EventDefinition")) {
            self.not_allowed(self.tag(at), definition, place);
            return None;
        }
        let is_own = definition.parent().is_some_and(|parent| parent.kind() != "definitions");
        let tag = if is_own { definition } else { self.tag(at) };
        Some(match definition.kind() {
            "messageEventDefinition" => Trigger::Message(self.message(at, definition)),
            "timerEventDefinition" => return self.timer(tag, definition),
            "signalEventDefinition" => {
                if definition.get("signalRef").is_none() {
                    self.report.add(Code::SignalMissing, tag, &[]);
                }
                let signal = self.refer_by(definition, "signalRef", &["signal"])?;
                Trigger::Signal(label(signal, "name"))
            }
            "errorEventDefinition" => {
                Trigger::Error(self.code(tag, definition, ("errorRef", "error", "errorCode"), place))
            }
            "escalationEventDefinition" => {
                let names = ("escalationRef", "escalation", "escalationCode");
                Trigger::Escalation(self.code(tag, definition, names, place))
            }
            "conditionalEventDefinition" => {
                let Some(holder) = definition.first("condition") else {
                    self.report.add(Code::ExpressionMissing, tag, &["condition"]);
                    return None;
                };
                Trigger::Condition(self.expression(holder)?)
            }
            "linkEventDefinition" => return self.link(at, definition, place),
            "compensateEventDefinition" => return self.compensation(at, definition, place),
            "cancelEventDefinition" => return self.cancel(at, tag, place),
            _ => Trigger::Terminate,
        })
    }

    fn timer(&mut self, tag: Tag<'a>, definition: Tag<'a>) -> Option<Trigger> {
        let times: Vec<_> = definition.children().filter(|child| child.kind().starts_with("time")).collect();
        let [time] = times[..] else {
            self.report.add(Code::TimerMissing, tag, &[]);
            return None;
        };
        let kind = match time.kind() {
            "timeDate" => Timer::Date,
            "timeDuration" => Timer::Duration,
            _ => Timer::Cycle,
        };
        Some(Trigger::Timer(kind, self.time(time, kind)?))
    }

    /// The code of the error or escalation that is referred to; none where none is.
    fn code(
        &mut self,
        tag: Tag<'a>,
        definition: Tag<'a>,
        (reference, kind, code): (&str, &str, &str),
        place: Place,
    ) -> Option<Box<str>> {
        if definition.get(reference).is_none() && place.tells() {
            self.report.add(Code::ThrowsWithoutCode, tag, &[]);
        }
        let found = self.refer_by(definition, reference, &[kind])?;
        Some(code_of(found, code))
    }

    fn link(&mut self, at: NodeIx, definition: Tag<'a>, place: Place) -> Option<Trigger> {
        let tag = self.tag(at);
        let Some(name) = link_name(tag, definition) else {
            self.report.add(Code::LinkWithoutName, tag, &[]);
            return None;
        };
        if place == Place::Catch {
            return Some(Trigger::Link(None));
        }
        let caught = self.links.get(&(self.program.node(at).scope, name)).copied();
        if caught.is_none() {
            self.report.add(Code::LinkWithoutCatch, tag, &[name]);
        }
        caught.map(|caught| Trigger::Link(Some(caught)))
    }

    /// Notes where each catching link is.
    pub(super) fn find_links(&mut self) {
        for at in self.places() {
            let tag = self.tag(at);
            if tag.kind() != "intermediateCatchEvent" {
                continue;
            }
            let definitions = tag.children().filter_map(|child| match child.kind() {
                "linkEventDefinition" => Some(child),
                "eventDefinitionRef" => self.look_up(child, &child.text()),
                _ => None,
            });
            let links: Vec<_> = definitions.filter(|found| found.kind() == "linkEventDefinition").collect();
            for name in links.into_iter().filter_map(|link| link_name(tag, link)) {
                let scope = self.program.node(at).scope;
                if let Some(first) = self.links.insert((scope, name), at) {
                    let first = self.program.node(first).id.to_string();
                    self.report.add(Code::LinkTwice, tag, &[name, &first]);
                }
            }
        }
    }

    fn compensation(&mut self, at: NodeIx, definition: Tag<'a>, place: Place) -> Option<Trigger> {
        let wait = self.flag(definition, "waitForCompletion", true);
        if !place.tells() || definition.get("activityRef").is_none() {
            return Some(Trigger::Compensation { activity: None, wait });
        }
        let found = self.refer_by(definition, "activityRef", &[])?;
        let activity = found.id().and_then(|id| self.nodes.get(id)).copied();
        let visible = self.compensable(self.program.node(at).scope);
        let is_activity = is_activity(found.kind());
        let activity =
            activity.filter(|activity| is_activity && visible.contains(&self.program.node(*activity).scope));
        if activity.is_none() {
            let id = found.id().unwrap_or_default();
            self.report.add(Code::CompensationScope, self.tag(at), &[id]);
        }
        activity.map(|activity| Trigger::Compensation { activity: Some(activity), wait })
    }

    /// Scopes whose activities can be compensated from a scope: itself, and of an event sub-process those around it.
    fn compensable(&self, scope: ScopeIx) -> Vec<ScopeIx> {
        let mut scopes = vec![scope];
        let mut inner = scope;
        while let Some(around) = self.program.scope(inner).node
            && self.is_event_sub_process(around)
        {
            inner = self.program.node(around).scope;
            scopes.push(inner);
        }
        scopes
    }

    fn cancel(&mut self, at: NodeIx, tag: Tag<'a>, place: Place) -> Option<Trigger> {
        let allowed = if place == Place::Boundary {
            let host = self.tag(at).get("attachedToRef").and_then(|id| self.look_up(tag, id));
            host.is_none_or(|host| host.kind() == "transaction")
        } else {
            let mut scope = Some(self.program.node(at).scope);
            while let Some(inner) = scope
                && self.body(inner).kind() != "transaction"
            {
                scope = self.around(inner);
            }
            scope.is_some()
        };
        if !allowed {
            self.report.add(Code::CancelPlace, tag, &[]);
        }
        allowed.then_some(Trigger::Cancel)
    }

    fn boundary(&mut self, at: NodeIx, list: Vec<Trigger>) {
        let tag = self.tag(at);
        let interrupting = self.flag(tag, "cancelActivity", true);
        let always = list.iter().any(|trigger| matches!(trigger, Trigger::Error(_) | Trigger::Cancel));
        if always && !interrupting {
            self.report.add(Code::MustInterrupt, tag, &["cancelActivity"]);
        }
        if tag.get("attachedToRef").is_none() {
            self.report.add(Code::MissingReference, tag, &["attachedToRef"]);
        }
        let Some(host) = self.refer_by(tag, "attachedToRef", &[]) else { return };
        let attached = host.id().and_then(|id| self.nodes.get(id)).copied();
        let scope = self.program.node(at).scope;
        let attached = attached.filter(|attached| {
            self.program.node(*attached).scope == scope
                && is_activity(host.kind())
                && !truth(host.get("triggeredByEvent"))
        });
        let Some(attached) = attached else {
            let id = host.id().unwrap_or_default();
            return self.report.add(Code::BoundaryHost, tag, &[id]);
        };
        let on = self.all_or_any(tag, list);
        self.node_mut(at).kind = Kind::Boundary { attached, on, interrupting };
        self.node_mut(attached).boundary.push(at);
    }

    /// What begins an event sub-process.
    pub(super) fn read_event_sub_process(&mut self, at: NodeIx, body: ScopeIx) {
        let nodes = &self.program.scope(body).nodes;
        let starts = nodes.iter().filter(|node| self.tag(**node).kind() == "startEvent");
        let starts: Vec<_> = starts.copied().collect();
        let defined = starts.iter().filter(|start| is_defined(self.tag(**start))).count();
        match starts[..] {
            [start] if defined == 1 => self.scope_mut(body).kind = ScopeKind::Event(start),
            _ => self.report.add(Code::EventSubProcessStart, self.tag(at), &[&defined.to_string()]),
        }
    }
}

/// Whether an event has an event definition, right or wrong.
fn is_defined(tag: Tag<'_>) -> bool {
    tag.children().any(|child| is_event_definition(child.kind()) || child.kind() == "eventDefinitionRef")
}

/// An attribute, else the id.
pub(super) fn label(tag: Tag<'_>, attribute: &str) -> Box<str> {
    tag.get(attribute).or(tag.id()).unwrap_or_default().into()
}

/// The code of an error or escalation, else its name, else its id.
pub(super) fn code_of(tag: Tag<'_>, code: &str) -> Box<str> {
    tag.get(code).map_or_else(|| label(tag, "name"), Into::into)
}

/// The name of a link, else that of its event.
fn link_name<'a>(event: Tag<'a>, definition: Tag<'a>) -> Option<&'a str> {
    definition.get("name").or(event.get("name"))
}
