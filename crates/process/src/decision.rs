//! Decisions in files of their own: DMN 1.3 to 1.5, decided with the variables that a step sees.
//!
//! What a file may cost is found out when it is read, for values of at most [`VALUES_MAX`] together; only input data that
//! it declares are given to it. Nothing of it asks for the clock, for other files or for anything outside.

mod cost;
mod graph;
#[cfg(test)]
mod tests;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use dsntk_feel::Name;
use dsntk_feel::context::FeelContext;
use dsntk_model_evaluator::ModelEvaluator;
use roxmltree::Node;
use serde_json::Value;

use crate::expression::bound::Bound;
use crate::expression::{Variables, from_feel, to_feel};
use crate::model::xml;

/// Beginning of the namespaces of DMN.
const DMN: &str = "https://www.omg.org/spec/DMN/";
/// Largest file.
const BYTES_MAX: usize = 1 << 20;
/// Most elements of a file.
const ELEMENTS_MAX: usize = 10_000;
/// Values that a decision is given together: as many, or eights of bytes of their texts.
pub const VALUES_MAX: u32 = 4_096;

/// Characters of a value that an incident shows.
const SHOWN_CHARS: usize = 100;

/// A file of decisions that can be asked.
#[derive(Clone)]
pub struct Decisions {
    /// Id and name of each decision, in the order of the file.
    list: Vec<(Box<str>, Box<str>)>,
    /// Names of what it must be given.
    inputs: Vec<Box<str>>,
    namespace: Box<str>,
    name: Box<str>,
    /// What a decision may cost.
    work: f64,
    evaluator: Arc<ModelEvaluator>,
}

impl fmt::Debug for Decisions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decisions").field("decisions", &self.list).finish_non_exhaustive()
    }
}

/// Whether a file is one of decisions.
pub fn is_dmn(bytes: &[u8]) -> bool {
    let Ok(text) = xml::decode(bytes) else { return false };
    if !text.contains(DMN) {
        return false;
    }
    let root = |document: roxmltree::Document<'_>| is_of_dmn(document.root_element());
    xml::parse(&text).is_ok_and(root)
}

fn is_of_dmn(node: Node<'_, '_>) -> bool {
    node.tag_name().namespace().is_some_and(|namespace| namespace.starts_with(DMN))
}

impl Decisions {
    /// Reads a file: at most 1 MiB and 10,000 elements.
    ///
    /// # Errors
    /// What is wrong with it, each with its line, in words: not DMN, what is not decided here, expressions that are none or
    /// that may cost too much, requirements in circles.
    pub fn read(bytes: &[u8]) -> Result<Self, Vec<String>> {
        let fault = |fault: crate::model::Fault| vec![fault.to_string()];
        if bytes.len() > BYTES_MAX {
            return Err(vec![format!(
                "tệp quyết định lớn hơn {BYTES_MAX} byte / the file of decisions is larger than {BYTES_MAX} bytes"
            )]);
        }
        let text = xml::decode(bytes).map_err(fault)?;
        let document = xml::parse(&text).map_err(fault)?;
        let root = document.root_element();
        if root.descendants().filter(Node::is_element).count() > ELEMENTS_MAX {
            return Err(vec![format!(
                "tệp quyết định có hơn {ELEMENTS_MAX} phần tử / the file of decisions has more than {ELEMENTS_MAX} elements"
            )]);
        }
        let graph = graph::Graph::of(root)?;
        let work = cost::check(&graph)?;
        let evaluator = build(&text).map_err(|why| vec![said(root, "không đọc được quyết định", &why)])?;
        let attribute = |name| root.attribute(name).unwrap_or_default().into();
        Ok(Self {
            list: graph.decisions(),
            inputs: graph.inputs(),
            namespace: attribute("namespace"),
            name: attribute("name"),
            work,
            evaluator,
        })
    }

    /// Id of the first decision: what the file is deployed as.
    pub fn key(&self) -> &str {
        self.list.first().map_or("", |(id, _)| id)
    }

    /// Ids and names of the decisions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().flat_map(|(id, name)| [&**id, &**name])
    }

    /// The name of a decision by its id, or name.
    pub fn find(&self, wanted: &str) -> Option<&str> {
        let by_id = self.list.iter().find(|(id, _)| &**id == wanted);
        let found = by_id.or_else(|| self.list.iter().find(|(_, name)| &**name == wanted));
        found.map(|(_, name)| &**name)
    }

    /// What a decision says.
    ///
    /// # Errors
    /// There is none of that id or name, it is given too much, or it has no answer; in words.
    pub fn decide(&self, decision: &str, variables: &dyn Variables) -> Result<Value, String> {
        let name = self
            .find(decision)
            .ok_or_else(|| format!("{decision}: không có quyết định này / there is no such decision"))?;
        let (mut given, mut size) = (FeelContext::default(), 0.0);
        for input in &self.inputs {
            let Some(value) = variables.get(input) else { continue };
            size += Bound::of(value).size;
            if size > f64::from(VALUES_MAX) {
                return Err(format!(
                    "{decision}: dữ liệu vào quá {VALUES_MAX} giá trị / it is given more than {VALUES_MAX} values"
                ));
            }
            given.set_entry(&Name::from(&**input), to_feel(value));
        }
        variables.spend(self.work);
        let ask = || from_feel(self.evaluator.evaluate_invocable(&self.namespace, &self.name, name, &given));
        let answer = catch_unwind(AssertUnwindSafe(ask));
        let answer = answer.unwrap_or_else(|_| Err("it cannot be computed".to_owned()));
        let answer = answer.and_then(|value| {
            // No rule fits, or its output is none of those that the table allows.
            if value.is_null() {
                Err("không có kết quả / there is no answer".to_owned())
            } else {
                Ok(value)
            }
        });
        answer.map_err(|why| format!("{decision}: {why}; dữ liệu vào / given: {}", self.given(variables)))
    }

    /// What it is given, as an incident shows it.
    fn given(&self, variables: &dyn Variables) -> String {
        let value =
            |input: &str| variables.get(input).map_or("–".to_owned(), |one| clipped(&one.to_string()));
        let shown = self.inputs.iter().map(|input| format!("{input} = {}", value(input)));
        shown.collect::<Vec<_>>().join(", ")
    }
}

fn clipped(text: &str) -> String {
    let mut clipped: String = text.chars().take(SHOWN_CHARS).collect();
    if clipped.len() < text.len() {
        clipped.push('…');
    }
    clipped
}

fn build(text: &str) -> Result<Arc<ModelEvaluator>, String> {
    let read = || {
        let definitions = dsntk_model::parse(text).map_err(|error| error.to_string())?;
        ModelEvaluator::new(&[definitions]).map_err(|error| error.to_string())
    };
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("the reader failed".to_owned()))
}

/// A finding with its line and element.
fn said(at: Node<'_, '_>, vi: &str, en: &str) -> String {
    let line = at.document().text_pos_at(at.range().start).row;
    let named = at.ancestors().find_map(|node| node.attribute("id").or(node.attribute("name")));
    let named: String = named.unwrap_or(at.tag_name().name()).chars().take(200).collect();
    format!("dòng / line {line}, {named}: {vi} / {en}")
}
