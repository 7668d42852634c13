//! Which message an event or task means.

use super::draft::Draft;
use super::event::label;
use crate::model::fault::Code;
use crate::model::xml::Tag;
use crate::model::{Message, NodeIx};

impl<'a> Draft<'a> {
    /// The message that an event definition or a task means: its own, that of its operation, that of its message flow.
    pub(super) fn message(&mut self, at: NodeIx, holder: Tag<'a>) -> Message {
        let name = self.named_message(holder).or_else(|| self.flow_messages.get(&at).cloned());
        let tag = self.tag(at);
        let correlation = holder.extension("correlation").or(tag.extension("correlation"));
        let correlation = correlation.and_then(|text| self.feel(tag, "correlation", text));
        Message { name: name.unwrap_or_else(|| label(tag, "id")), correlation }
    }

    /// The message by reference, its own or that of its operation.
    pub(super) fn named_message(&mut self, holder: Tag<'a>) -> Option<Box<str>> {
        if holder.get("messageRef").is_some() {
            let message = self.refer_by(holder, "messageRef", &["message"])?;
            return Some(label(message, "name"));
        }
        let operation = match holder.first("operationRef") {
            Some(reference) => self.refer(reference, "operationRef", &reference.text(), &["operation"])?,
            None => self.refer_by(holder, "operationRef", &["operation"])?,
        };
        let reference = operation.first("inMessageRef")?;
        let message = self.refer(reference, "inMessageRef", &reference.text(), &["message"])?;
        Some(label(message, "name"))
    }

    /// Message flows name the message of their ends.
    pub(super) fn read_message_flows(&mut self) {
        let collaborations = self.root.children().filter(|tag| tag.kind() == "collaboration");
        let flows: Vec<_> = collaborations.flat_map(|tag| tag.all("messageFlow")).collect();
        for flow in flows {
            let source = self.message_end(flow, "sourceRef");
            let target = self.message_end(flow, "targetRef");
            let ends: Vec<NodeIx> = [source, target].into_iter().flatten().collect();
            let mut name = self.named_message(flow);
            for end in &ends {
                // What the reference of an end is worth is said where the end is read.
                name = name.or_else(|| self.known_message(*end));
            }
            let name = name.unwrap_or_else(|| label(flow, "id"));
            for end in ends {
                self.flow_messages.entry(end).or_insert_with(|| name.clone());
            }
        }
    }

    /// The node at an end of a message flow; none for a participant.
    fn message_end(&mut self, flow: Tag<'a>, attribute: &str) -> Option<NodeIx> {
        if flow.get(attribute).is_none() {
            self.report.add(Code::MissingReference, flow, &[attribute]);
        }
        let end = self.refer_by(flow, attribute, &[])?;
        if end.kind() == "participant" {
            return None;
        }
        let node = end.id().and_then(|id| self.nodes.get(id)).copied();
        let id = end.id().unwrap_or_default();
        if node.is_none() {
            let expected = "participant, …Event, …Task";
            self.report.add(Code::WrongReference, flow, &[attribute, id, end.kind(), expected]);
        } else if !may_have_message(end) {
            self.report.add(Code::MessageFlowIgnored, flow, &[id]);
        }
        node
    }

    /// The message that an end of a message flow means by itself, or that an earlier flow gave it.
    fn known_message(&self, at: NodeIx) -> Option<Box<str>> {
        let tag = self.tag(at);
        let mut holders = tag.all("messageEventDefinition").chain([tag]);
        let id = holders.find_map(|holder| holder.get("messageRef"));
        let message = id.and_then(|id| self.look_up(tag, id)).filter(|found| found.kind() == "message");
        message.map(|message| label(message, "name")).or_else(|| self.flow_messages.get(&at).cloned())
    }
}

/// Whether an element can tell or wait for a message.
fn may_have_message(tag: Tag<'_>) -> bool {
    matches!(tag.kind(), "sendTask" | "receiveTask")
        || tag.children().any(|child| matches!(child.kind(), "messageEventDefinition" | "eventDefinitionRef"))
}
