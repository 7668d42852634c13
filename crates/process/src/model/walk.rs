//! A first look at every element: is it known, is it where it may be, is its id its own.

use std::collections::HashMap;

use roxmltree::Node;

use super::element::{Class, Element};
use super::fault::Code;
use super::report::Report;
use super::xml::{BPMN, DRAWING, OWN, OWN_ALL, Tag};

/// Most elements of BPMN; what only repeats the flows is not counted.
const ELEMENTS_MAX: usize = 20_000;
/// Longest id, name or other attribute of an element of BPMN, in bytes.
const ATTRIBUTE_BYTES_MAX: usize = 1024;
/// Extension attributes of a process.
const OF_PROCESS: [&str; 4] = ["procedureCode", "decision", "validFrom", "validTo"];
/// Extension attributes of steps.
const OF_STEPS: [&str; 8] = ["clock", "due", "form", "fourEyes", "retries", "role", "system", "topic"];

/// Elements by id.
pub(super) type Ids<'a> = HashMap<&'a str, Tag<'a>>;

/// Looks at all elements below the root.
pub(super) fn walk<'a>(root: Tag<'a>, report: &mut Report<'a>) -> Ids<'a> {
    let elements = Element::all().map(|element| (element.name, element)).collect();
    let mut walk = Walk { elements, ids: HashMap::new(), count: 0, report };
    walk.element(root);
    if walk.count > ELEMENTS_MAX {
        walk.report.add(Code::TooManyElements, root, &[&ELEMENTS_MAX.to_string()]);
    }
    walk.ids
}

struct Walk<'a, 'r> {
    elements: HashMap<&'static str, Element>,
    ids: Ids<'a>,
    count: usize,
    report: &'r mut Report<'a>,
}

impl<'a> Walk<'a, '_> {
    fn element(&mut self, tag: Tag<'a>) {
        if !matches!(tag.kind(), "incoming" | "outgoing" | "flowNodeRef") {
            self.count += 1;
        }
        self.attributes(tag);
        self.id(tag);
        // Text may hold any markup, and extensions are those of other tools.
        if tag.kind() == "extensionElements" {
            return self.extension_elements(tag);
        }
        if matches!(tag.kind(), "documentation" | "text" | "script" | "rendering") {
            return;
        }
        for node in tag.node().children().filter(Node::is_element) {
            match Tag::new(node) {
                // What is too much is not looked at.
                _ if self.count > ELEMENTS_MAX => return,
                Some(child) => self.child(tag, child),
                None => self.foreign(tag, node),
            }
        }
    }

    fn child(&mut self, parent: Tag<'a>, tag: Tag<'a>) {
        match self.elements.get(tag.kind()) {
            None => self.report.add(Code::UnknownElement, tag, &[tag.kind()]),
            Some(element) if element.class == Class::Refused => {
                self.report.add(Code::RefusedElement, tag, &[tag.kind(), element.vi, element.en]);
            }
            Some(element) => {
                if !element.within.is_empty() && !element.within.contains(&parent.kind()) {
                    let places = element.within.join(", ");
                    self.report.add(Code::MisplacedElement, tag, &[tag.kind(), parent.kind(), &places]);
                }
            }
        }
        self.element(tag);
    }

    /// Of another namespace: drawing beside the processes, anything inside extension elements.
    fn foreign(&mut self, parent: Tag<'a>, node: Node<'a, 'a>) {
        let namespace = node.tag_name().namespace().unwrap_or_default();
        if !(parent.kind() == "definitions" && DRAWING.contains(&namespace)) {
            self.count += 1;
            self.report.add(Code::ForeignElement, parent, &[node.tag_name().name()]);
        }
    }

    /// Those of other tools are kept; ours are attributes.
    fn extension_elements(&mut self, tag: Tag<'a>) {
        let parent = tag.parent().map_or("definitions", Tag::kind);
        for node in tag.node().children().filter(|node| node.tag_name().namespace() == Some(OWN)) {
            self.report.add(Code::UnknownExtension, tag, &[node.tag_name().name(), parent]);
        }
    }

    fn attributes(&mut self, tag: Tag<'a>) {
        for attribute in tag.node().attributes() {
            if attribute.namespace().is_none_or(|namespace| namespace == BPMN || namespace == OWN)
                && attribute.value().len() > ATTRIBUTE_BYTES_MAX
            {
                let details = [attribute.name(), &ATTRIBUTE_BYTES_MAX.to_string()];
                self.report.add(Code::TooLong, tag, &details);
            }
        }
        let of_others = |namespace: &&str| namespace.starts_with(OWN_ALL) && *namespace != OWN;
        let mut others = tag.node().attributes().filter_map(|one| one.namespace()).filter(of_others);
        if let Some(namespace) = others.next() {
            self.report.add(Code::UnknownExtension, tag, &[namespace, tag.kind()]);
        }
        for (name, _) in tag.extensions() {
            if !may_have(tag.kind(), name) {
                self.report.add(Code::UnknownExtension, tag, &[name, tag.kind()]);
            }
        }
        if tag.kind() == "extension" && matches!(tag.get("mustUnderstand"), Some("true" | "1")) {
            let definition = tag.get("definition").unwrap_or("?");
            self.report.add(Code::MustUnderstand, tag, &[definition]);
        }
    }

    fn id(&mut self, tag: Tag<'a>) {
        let Some(id) = tag.id() else { return };
        match self.ids.get(id) {
            Some(first) => {
                let line = self.report.line(*first).to_string();
                self.report.add(Code::DuplicateId, tag, &[id, &line]);
            }
            None => {
                self.ids.insert(id, tag);
            }
        }
    }
}

/// Whether an extension attribute means something on an element.
fn may_have(kind: &str, name: &str) -> bool {
    match name {
        "correlation" => {
            kind.ends_with("Event")
                || matches!(kind, "messageEventDefinition" | "sendTask" | "receiveTask" | "event")
        }
        "agency" => {
            matches!(kind, "process" | "lane")
                || super::element::is_flow_node(kind)
                || super::element::is_global_task(kind)
        }
        "limit" => matches!(kind, "process" | "lane"),
        "version" => matches!(kind, "callActivity" | "businessRuleTask" | "globalBusinessRuleTask"),
        "result" => matches!(kind, "businessRuleTask" | "globalBusinessRuleTask"),
        "decision" => matches!(kind, "process" | "businessRuleTask" | "globalBusinessRuleTask"),
        _ if OF_PROCESS.contains(&name) => kind == "process",
        _ => {
            OF_STEPS.contains(&name)
                && (super::element::is_flow_node(kind) || super::element::is_global_task(kind))
        }
    }
}
