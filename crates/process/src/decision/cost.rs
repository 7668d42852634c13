//! What the expressions of a file may cost, whatever it is given.

use std::collections::HashMap;

use dsntk_feel::FeelScope;
use dsntk_feel_parser::AstNode;
use roxmltree::Node;

use super::graph::{Graph, kind};
use super::{VALUES_MAX, said};
use crate::expression::bound::{Bound, Bounds, Named};
use crate::expression::tree::children;
use crate::expression::{cost, scope_with, within_limits};

/// What all expressions of a file together may cost to read: about a second.
const READ_MAX: usize = 200_000_000;

/// Looks at all expressions of a file. Gives what its costliest decision may cost.
///
/// # Errors
/// Those that are none, or may cost too much.
pub(super) fn check(graph: &Graph<'_>) -> Result<f64, Vec<String>> {
    let trees = trees(graph)?;
    let mut results: HashMap<usize, (f64, f64)> = HashMap::new();
    let mut faults = Vec::new();
    for place in &graph.order {
        let part = &graph.parts[*place];
        if kind(part.node) == Some("inputData") {
            results.insert(*place, (f64::from(VALUES_MAX), 1.0));
            continue;
        }
        let mut bounds = Bounds::within(f64::from(VALUES_MAX));
        for required in &part.requires {
            let other = &graph.parts[*required];
            let Some((size, work)) = results.get(required).copied() else { continue };
            bounds.name(
                other.name,
                match kind(other.node) {
                    Some("businessKnowledgeModel") => {
                        Named::Given { size, work, most: f64::from(VALUES_MAX) }
                    }
                    _ => Named::Value(Bound::sized(size)),
                },
            );
            bounds.work += work;
        }
        if let Some(name) = undeclared(graph, *place, &trees) {
            faults.push(said(
                part.node,
                &format!("dùng `{name}` mà không khai `knowledgeRequirement`"),
                &format!("it uses `{name}` without `knowledgeRequirement`"),
            ));
            continue;
        }
        match (Logic { trees: &trees }).of(part.node, &mut bounds) {
            Ok(size) => drop(results.insert(*place, (size, bounds.work))),
            Err(why) => faults.push(said(part.node, "có thể tốn quá nhiều thời gian hoặc bộ nhớ", &why)),
        }
    }
    let works = results.values().map(|(_, work)| *work);
    if faults.is_empty() { Ok(works.fold(1.0, f64::max)) } else { Err(faults) }
}

/// The function of the file that a part names and does not require: it would be found all the same, and could be itself.
fn undeclared<'a>(graph: &Graph<'a>, place: usize, trees: &Trees<'a>) -> Option<&'a str> {
    fn names(tree: &AstNode, found: &mut Vec<String>) {
        if let AstNode::Name(name) | AstNode::QualifiedNameSegment(name) = tree {
            found.push(name.to_string());
        }
        for child in children(tree) {
            names(child, found);
        }
    }
    let part = &graph.parts[place];
    let mut found = Vec::new();
    for tree in part.node.descendants().filter_map(|node| trees.get(&node)) {
        names(tree, &mut found);
    }
    let functions = graph.parts.iter().enumerate().filter(|(at, other)| {
        kind(other.node) == Some("businessKnowledgeModel") && !part.requires.contains(at)
    });
    functions.map(|(_, other)| other.name).find(|name| found.iter().any(|one| one == name))
}

/// The expressions of a file, by the node of their text.
type Trees<'a> = HashMap<Node<'a, 'a>, AstNode>;

fn trees<'a>(graph: &Graph<'a>) -> Result<Trees<'a>, Vec<String>> {
    let names: Vec<&str> = graph.root.descendants().filter_map(|node| node.attribute("name")).collect();
    let (mut trees, mut faults, mut spent) = (HashMap::new(), Vec::new(), 0_usize);
    for node in graph.root.descendants().filter(|node| node.tag_name().name() == "text") {
        let holder = node.parent().map_or("", |parent| parent.tag_name().name());
        let text = node.text().unwrap_or_default().trim();
        if holder == "textAnnotation" || text.is_empty() || text == "-" || !super::is_of_dmn(node) {
            continue;
        }
        spent = spent.saturating_add(cost(text));
        if spent > READ_MAX {
            faults.push(said(
                node,
                "các biểu thức của tệp quá dài",
                "the expressions of the file are too long",
            ));
            break;
        }
        let scope = scope_with(text, &names);
        match within_limits(text).and_then(|()| read(&scope, text, holder)) {
            Ok(tree) => drop(trees.insert(node, tree)),
            Err(why) => faults.push(said(node, "biểu thức sai", &why)),
        }
    }
    if faults.is_empty() { Ok(trees) } else { Err(faults) }
}

fn read(scope: &FeelScope, text: &str, holder: &str) -> Result<AstNode, String> {
    let tree = match holder {
        "inputEntry" | "inputValues" | "outputValues" | "allowedValues" | "typeConstraint" => {
            dsntk_feel_parser::parse_unary_tests(scope, text, false)
        }
        _ => dsntk_feel_parser::parse_expression(scope, text, false),
    };
    tree.map_err(|error| error.to_string())
}

struct Logic<'a, 't> {
    trees: &'t Trees<'a>,
}

impl<'a, 't> Logic<'a, 't> {
    /// The size of what is inside an element, at most.
    fn of(&self, node: Node<'a, 'a>, bounds: &mut Bounds<'t, '_>) -> Result<f64, String> {
        if let Some(tree) = self.trees.get(&node) {
            return Ok(bounds.of(tree)?.size);
        }
        let known = bounds.known();
        if node.tag_name().name() == "decisionTable" {
            self.tested(node, bounds)?;
        }
        let mut size = 1.0;
        for child in node.children().filter(Node::is_element) {
            let one = self.of(child, bounds)?;
            size += one;
            // What an entry of a context is called can be used by those behind it; so can what a function is given.
            let named = child.children().find(|inner| inner.tag_name().name() == "variable");
            if child.tag_name().name() == "contextEntry"
                && let Some(name) = named.and_then(|variable| variable.attribute("name"))
            {
                bounds.name(name, Named::Value(Bound::sized(one)));
            }
        }
        bounds.forget(known);
        if node.tag_name().name() == "invocation" {
            size += invoked(node, size, bounds)?;
        }
        Ok(size)
    }

    /// Rules of a table look at its inputs, which may be large, once for each rule.
    fn tested(&self, table: Node<'a, 'a>, bounds: &mut Bounds<'t, '_>) -> Result<(), String> {
        let inputs = table.descendants().filter(|node| node.tag_name().name() == "inputExpression");
        let mut most = 1.0_f64;
        for input in inputs.collect::<Vec<_>>() {
            most = most.max(self.of(input, bounds)?);
        }
        let rules = table.children().filter(|node| node.tag_name().name() == "rule").count();
        bounds.name("?", Named::Value(Bound::sized(most)));
        bounds.work += most * u32::try_from(rules).map_or(f64::INFINITY, f64::from);
        Ok(())
    }
}

/// What the function of a boxed invocation yields.
fn invoked(node: Node<'_, '_>, given: f64, bounds: &mut Bounds<'_, '_>) -> Result<f64, String> {
    let called = node.children().find(|child| child.tag_name().name() == "literalExpression");
    let text = called.and_then(|called| called.descendants().find(|inner| inner.tag_name().name() == "text"));
    bounds.given(text.and_then(|text| text.text()).unwrap_or_default().trim(), given)
}
