//! The decisions of a file, what they require, and that nothing requires itself.

use std::collections::BTreeMap;

use roxmltree::Node;

use super::said;
use crate::model::cycle;

/// Most times that decisions are decided for one answer: a decision that two others require is decided for each.
const TIMES_MAX: u64 = 1_000;
/// Decisions that require each other in a row.
const DEPTH_MAX: usize = 50;
/// What is not decided here, with what to do instead.
const REFUSED: [(&str, &str, &str); 8] = [
    ("import", "không dùng tệp khác; hãy gộp vào một tệp", "other files are not used; put all into one file"),
    ("functionDefinition", "hãy viết thành `businessKnowledgeModel`", "write it as `businessKnowledgeModel`"),
    ("for", "hãy viết bằng FEEL trong `literalExpression`", "write it in FEEL in a `literalExpression`"),
    ("every", "hãy viết bằng FEEL trong `literalExpression`", "write it in FEEL in a `literalExpression`"),
    ("some", "hãy viết bằng FEEL trong `literalExpression`", "write it in FEEL in a `literalExpression`"),
    ("filter", "hãy viết bằng FEEL trong `literalExpression`", "write it in FEEL in a `literalExpression`"),
    ("decisionService", "hãy gọi thẳng quyết định", "name the decision itself"),
    ("functionItem", "kiểu hàm không dùng được", "types of functions are not used"),
];

/// A decision, a business knowledge model or input data.
pub(super) struct Part<'a> {
    pub node: Node<'a, 'a>,
    pub name: &'a str,
    /// Places of what it requires.
    pub requires: Vec<usize>,
}

/// What a file has, in its order.
pub(super) struct Graph<'a> {
    pub root: Node<'a, 'a>,
    pub parts: Vec<Part<'a>>,
    /// Places of the parts, each after those that it requires.
    pub order: Vec<usize>,
}

impl<'a> Graph<'a> {
    /// Finds the parts of a file and what they require.
    pub fn of(root: Node<'a, 'a>) -> Result<Self, Vec<String>> {
        let mut faults = not_decided(root);
        let mut parts = Vec::new();
        let mut places = BTreeMap::new();
        for node in root.children().filter(|node| kind(*node).is_some()) {
            let (id, name) =
                (node.attribute("id").unwrap_or_default(), node.attribute("name").unwrap_or_default());
            if id.is_empty() || name.is_empty() {
                faults.push(said(node, "thiếu `id` hoặc `name`", "`id` or `name` is missing"));
            }
            if places.insert(id, parts.len()).is_some()
                || parts.iter().any(|part: &Part<'_>| part.name == name)
            {
                faults.push(said(
                    node,
                    &format!("`{id}` hoặc `{name}` đã dùng"),
                    &format!("`{id}` or `{name}` is used already"),
                ));
            }
            parts.push(Part { node, name, requires: Vec::new() });
        }
        for part in &mut parts {
            let hrefs = part.node.descendants().filter(|node| {
                matches!(node.tag_name().name(), "requiredDecision" | "requiredKnowledge" | "requiredInput")
            });
            for node in hrefs {
                let href = node.attribute("href").unwrap_or_default().trim_start_matches('#');
                if !href.is_ascii() {
                    faults.push(said(
                        node,
                        &format!("mã `{href}` phải không dấu"),
                        &format!("the id `{href}` must be of ASCII characters"),
                    ));
                }
                match places.get(href) {
                    Some(place) => part.requires.push(*place),
                    None => faults.push(said(
                        node,
                        &format!("không có `{href}` trong tệp"),
                        &format!("`{href}` is not in the file"),
                    )),
                }
            }
        }
        let mut graph = Self { root, parts, order: Vec::new() };
        if !graph.parts.iter().any(|part| kind(part.node) == Some("decision")) {
            faults.push(said(root, "tệp không có quyết định nào", "the file has no decision"));
        }
        if faults.is_empty() {
            graph.sort().map_err(|why| vec![why])?;
            return Ok(graph);
        }
        Err(faults)
    }

    /// Puts what is required first.
    fn sort(&mut self) -> Result<(), String> {
        let requires: Vec<Vec<usize>> = self.parts.iter().map(|part| part.requires.clone()).collect();
        if let Some(way) = cycle(&requires) {
            let names: Vec<_> = way.iter().take(20).map(|place| self.parts[*place].name).collect();
            let (node, way) = (self.parts[way[0]].node, names.join(" → "));
            return Err(said(
                node,
                &format!("các quyết định đòi nhau vòng tròn: {way}"),
                &format!("decisions require each other in circles: {way}"),
            ));
        }
        let mut left: Vec<usize> = (0..self.parts.len()).collect();
        let (mut times, mut depth) = (vec![0_u64; left.len()], vec![0_usize; left.len()]);
        while !left.is_empty() {
            let ready: Vec<usize> = left
                .iter()
                .copied()
                .filter(|place| requires[*place].iter().all(|one| times[*one] > 0))
                .collect();
            for place in &ready {
                let inner = requires[*place].iter().map(|one| times[*one]);
                times[*place] = inner.fold(1, u64::saturating_add);
                depth[*place] = requires[*place].iter().map(|one| depth[*one] + 1).max().unwrap_or(0);
                if times[*place] > TIMES_MAX || depth[*place] > DEPTH_MAX {
                    let node = self.parts[*place].node;
                    return Err(said(
                        node,
                        &format!("đòi hơn {TIMES_MAX} lần quyết định, hoặc hơn {DEPTH_MAX} tầng"),
                        &format!("it requires more than {TIMES_MAX} decisions, or {DEPTH_MAX} in a row"),
                    ));
                }
            }
            left.retain(|place| !ready.contains(place));
            self.order.extend(ready);
        }
        Ok(())
    }

    /// Id and name of each decision.
    pub fn decisions(&self) -> Vec<(Box<str>, Box<str>)> {
        let decisions = self.parts.iter().filter(|part| kind(part.node) == Some("decision"));
        decisions
            .map(|part| (part.node.attribute("id").unwrap_or_default().into(), part.name.into()))
            .collect()
    }

    /// Names of the input data.
    pub fn inputs(&self) -> Vec<Box<str>> {
        let inputs = self.parts.iter().filter(|part| kind(part.node) == Some("inputData"));
        inputs.map(|part| part.name.into()).collect()
    }
}

/// What of a file is not decided here.
fn not_decided(root: Node<'_, '_>) -> Vec<String> {
    let mut faults = Vec::new();
    if !super::is_of_dmn(root) || root.tag_name().name() != "definitions" {
        faults.push(said(
            root,
            "phần tử gốc phải là `definitions` của DMN",
            "the root must be `definitions` of DMN",
        ));
    }
    for node in root.descendants().filter(Node::is_element) {
        let name = node.tag_name().name();
        let refused = REFUSED.iter().find(|(kind, ..)| *kind == name && super::is_of_dmn(node));
        if let Some((kind, vi, en)) = refused {
            faults.push(said(node, &format!("`{kind}`: {vi}"), &format!("`{kind}`: {en}")));
        }
    }
    for node in root.descendants().filter(|node| super::is_of_dmn(*node)) {
        let other =
            |name| node.attribute(name).is_some_and(|value| !value.to_ascii_uppercase().contains("FEEL"));
        if other("expressionLanguage") || node.tag_name().name() == "encapsulatedLogic" && other("kind") {
            faults.push(said(node, "chỉ tính được bằng FEEL", "only FEEL is decided here"));
        }
    }
    faults.extend(root.descendants().filter_map(uneven));
    faults.extend(types_in_circles(root));
    faults
}

/// A rule that has not one entry for each column of its table.
fn uneven(rule: Node<'_, '_>) -> Option<String> {
    let table = rule.parent().filter(|_| rule.tag_name().name() == "rule")?;
    let count =
        |node: Node<'_, '_>, name| node.children().filter(|one| one.tag_name().name() == name).count();
    let even = count(rule, "inputEntry") == count(table, "input")
        && count(rule, "outputEntry") == count(table, "output");
    let fault = || {
        said(
            rule,
            "luật phải có đúng một ô cho mỗi cột",
            "a rule must have exactly one entry for each column",
        )
    };
    (!even).then(fault)
}

/// Types that are made of themselves.
fn types_in_circles(root: Node<'_, '_>) -> Option<String> {
    let types: Vec<_> = root.children().filter(|node| node.tag_name().name() == "itemDefinition").collect();
    let places: BTreeMap<_, _> =
        types.iter().enumerate().filter_map(|(place, node)| Some((node.attribute("name")?, place))).collect();
    let made_of = |node: &Node<'_, '_>| {
        let inside = node.descendants().filter(|inner| inner.tag_name().name() == "typeRef");
        inside.filter_map(|inner| places.get(inner.text()?.trim()).copied()).collect::<Vec<_>>()
    };
    let way = cycle(&types.iter().map(made_of).collect::<Vec<_>>())?;
    let names: Vec<_> = way.iter().take(20).filter_map(|place| types[*place].attribute("name")).collect();
    let names = names.join(" → ");
    Some(said(
        types[way[0]],
        &format!("các kiểu chứa nhau vòng tròn: {names}"),
        &format!("types are made of each other in circles: {names}"),
    ))
}

/// What kind of part a node is.
pub(super) fn kind(node: Node<'_, '_>) -> Option<&'static str> {
    let kinds = ["decision", "businessKnowledgeModel", "inputData"];
    kinds.into_iter().find(|kind| *kind == node.tag_name().name() && super::is_of_dmn(node))
}
