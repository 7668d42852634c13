//! Models of our own, one for each thing that can be read and each that can be wrong.

mod faults;
mod files;
mod random;
mod reading;

use super::*;

/// A file with these root elements.
fn file(inside: &str) -> String {
    format!(
        "<?xml version='1.0' encoding='UTF-8'?>
<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' xmlns:lt='urn:lienthong:bpmn:1'
    xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' targetNamespace='urn:test' xmlns:t='urn:test'>
{inside}
</definitions>"
    )
}

/// A file with one executable process.
fn process(inside: &str) -> String {
    file(&format!("<process id='P' isExecutable='true'>\n{inside}\n</process>"))
}

/// A file with one executable process of one start, one end and something between them, `a`.
fn around(inside: &str) -> String {
    process(&format!(
        "<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='a'/>
{inside}
<sequenceFlow id='f2' sourceRef='a' targetRef='e'/><endEvent id='e'/>"
    ))
}

/// What is read of a file without faults.
fn good(text: &str) -> Model {
    read(text.as_bytes()).unwrap_or_else(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        panic!("{}\nin {text}", faults.join("\n"))
    })
}

/// The codes of all findings of a file, and whether it is refused.
fn codes(bytes: &[u8]) -> (Vec<Code>, bool) {
    let (findings, refused) = match read(bytes) {
        Ok(model) => (model.warnings, false),
        Err(faults) => (faults, true),
    };
    (findings.iter().map(|fault| fault.code).collect(), refused)
}

impl Model {
    fn node(&self, id: &str) -> &Node {
        self.program.node(self.at(id))
    }

    fn at(&self, id: &str) -> NodeIx {
        self.program.find(id).unwrap_or_else(|| panic!("no node {id}"))
    }

    /// Ids of nodes.
    fn ids(&self, nodes: &[NodeIx]) -> Vec<&str> {
        nodes.iter().map(|at| &*self.program.node(*at).id).collect()
    }

    /// The scope of a sub-process.
    fn body(&self, id: &str) -> &Scope {
        match self.node(id).kind {
            Kind::SubProcess(at) => self.program.scope(at),
            ref other => panic!("{id} is {other:?}"),
        }
    }

    /// What an event waits for or tells, as it is shown for finding mistakes.
    fn triggers(&self, id: &str) -> String {
        match &self.node(id).kind {
            Kind::Start { on, .. } | Kind::Catch(on) | Kind::Boundary { on, .. } => format!("{:?}", on.list),
            Kind::Throw(list) | Kind::End(list) => format!("{list:?}"),
            other => panic!("{id} is {other:?}"),
        }
    }
}

#[test]
fn every_element_of_the_table_stands_there_once_and_in_elements_of_the_table() {
    let names: Vec<_> = Element::all().map(|element| element.name).collect();
    for element in Element::all() {
        assert_eq!(names.iter().filter(|name| **name == element.name).count(), 1, "{}", element.name);
        for parent in element.within {
            assert!(names.contains(parent), "{parent} of {}", element.name);
        }
    }
}

#[test]
fn every_kind_of_finding_has_a_name_of_its_own() {
    let mut names: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Code::ALL.len());
}

#[test]
fn a_refusal_says_why_in_vietnamese_too() {
    for element in Element::all() {
        assert_eq!(element.vi.is_empty(), element.class != Class::Refused, "{}", element.name);
    }
}
