//! A program while it is made.

use std::collections::{BTreeSet, HashMap};

use super::data::Item;
use super::timer;
use crate::expression::{self, Expression};
use crate::model::element::{is_activity, is_event_definition};
use crate::model::fault::Code;
use crate::model::report::Report;
use crate::model::walk::Ids;
use crate::model::xml::Tag;
use crate::model::{FlowIx, Node, NodeIx, OpenCall, Program, Scope, ScopeIx};

/// What all expressions of a file together may cost: about a second.
const EXPRESSIONS_COST_MAX: usize = 200_000_000;

/// Largest quantity of tokens or count of rounds.
const NUMBER_MAX: i64 = 1_000_000;

/// A program, the elements that it is made of, and what is wrong with them.
pub(super) struct Draft<'a> {
    pub root: Tag<'a>,
    pub ids: Ids<'a>,
    pub report: Report<'a>,
    pub program: Program,
    /// Elements of the nodes, of the flows and of the scopes, by place.
    pub tags: Vec<Tag<'a>>,
    pub flow_tags: Vec<Tag<'a>>,
    pub bodies: Vec<Tag<'a>>,
    /// Places by id.
    pub nodes: HashMap<&'a str, NodeIx>,
    pub flows: HashMap<&'a str, FlowIx>,
    pub processes: HashMap<&'a str, usize>,
    /// Lanes that say whose their nodes are, by node.
    pub lane_agencies: HashMap<NodeIx, Tag<'a>>,
    /// Processes by the code of their procedure.
    pub procedures: HashMap<&'a str, Tag<'a>>,
    /// Data by id.
    pub items: HashMap<&'a str, Item>,
    /// Messages that message flows name, by node.
    pub flow_messages: HashMap<NodeIx, Box<str>>,
    /// Catching links by scope and name.
    pub links: HashMap<(ScopeIx, &'a str), NodeIx>,
    pub calls: Vec<OpenCall>,
    cost: usize,
}

impl<'a> Draft<'a> {
    /// Reads all processes but some.
    pub(super) fn read(
        root: Tag<'a>,
        ids: Ids<'a>,
        report: Report<'a>,
        left_out: &BTreeSet<&'a str>,
    ) -> Self {
        let mut draft = Self {
            root,
            ids,
            report,
            program: Program::default(),
            tags: Vec::new(),
            flow_tags: Vec::new(),
            bodies: Vec::new(),
            nodes: HashMap::new(),
            flows: HashMap::new(),
            processes: HashMap::new(),
            lane_agencies: HashMap::new(),
            procedures: HashMap::new(),
            items: HashMap::new(),
            flow_messages: HashMap::new(),
            links: HashMap::new(),
            calls: Vec::new(),
            cost: 0,
        };
        draft.outline(left_out);
        draft.read_flows();
        draft.read_lanes();
        draft.read_message_flows();
        draft.read_items();
        draft.find_links();
        for at in draft.places() {
            draft.read_node(at);
        }
        draft.read_handlers();
        draft.read_conditions();
        draft.find_starts();
        draft.check();
        draft.check_language();
        draft
    }

    /// Whether the file says that its expressions are in another language: many tools write so by default.
    fn check_language(&mut self) {
        let language = self.root.get("expressionLanguage").filter(|language| !is_feel(language));
        if let Some(language) = language.filter(|_| self.cost > 0) {
            self.report.add(Code::ReadAsFeel, self.root, &[language]);
        }
    }

    /// Places of all nodes.
    pub(super) fn places(&self) -> impl Iterator<Item = NodeIx> + use<> {
        (0..u32::try_from(self.tags.len()).unwrap_or(u32::MAX)).map(NodeIx)
    }

    fn read_node(&mut self, at: NodeIx) {
        let tag = self.tag(at);
        self.report.read(tag);
        match tag.kind() {
            kind if is_activity(kind) => self.read_activity(at),
            kind if kind.ends_with("Gateway") => self.read_gateway(at),
            kind if kind.starts_with("global") => self.read_task(at),
            _ => self.read_event(at),
        }
        self.read_io(at);
        self.node_mut(at).extra = extra(tag);
        self.read_agency(at);
        self.read_clock(at);
    }

    pub(super) fn tag(&self, at: NodeIx) -> Tag<'a> {
        self.tags[at.0 as usize]
    }

    pub(super) fn body(&self, at: ScopeIx) -> Tag<'a> {
        self.bodies[at.0 as usize]
    }

    pub(super) fn node_mut(&mut self, at: NodeIx) -> &mut Node {
        &mut self.program.nodes[at.0 as usize]
    }

    pub(super) fn scope_mut(&mut self, at: ScopeIx) -> &mut Scope {
        &mut self.program.scopes[at.0 as usize]
    }

    /// The scope around a scope.
    pub(super) fn around(&self, at: ScopeIx) -> Option<ScopeIx> {
        self.program.scope(at).node.map(|node| self.program.node(node).scope)
    }

    /// Whether a node is an event sub-process.
    pub(super) fn is_event_sub_process(&self, at: NodeIx) -> bool {
        self.tag(at).kind() == "subProcess" && truth(self.tag(at).get("triggeredByEvent"))
    }

    /// The element that an id means, with or without prefix of its namespace.
    pub(super) fn look_up(&self, at: Tag<'a>, id: &str) -> Option<Tag<'a>> {
        self.ids.get(local(at, id)).copied()
    }

    /// The element that a reference means.
    pub(super) fn refer(
        &mut self,
        at: Tag<'a>,
        attribute: &str,
        id: &str,
        kinds: &[&str],
    ) -> Option<Tag<'a>> {
        match self.look_up(at, id) {
            None => self.report.add(Code::DanglingReference, at, &[attribute, id]),
            Some(found) if !kinds.is_empty() && !kinds.contains(&found.kind()) => {
                let expected = kinds.join(", ");
                self.report.add(Code::WrongReference, at, &[attribute, id, found.kind(), &expected]);
            }
            found => return found,
        }
        None
    }

    /// The element that a reference of an attribute means, if it has one.
    pub(super) fn refer_by(&mut self, at: Tag<'a>, attribute: &str, kinds: &[&str]) -> Option<Tag<'a>> {
        let id = at.get(attribute)?;
        self.refer(at, attribute, id, kinds)
    }

    /// An attribute that is true or false.
    pub(super) fn flag(&mut self, at: Tag<'a>, attribute: &str, otherwise: bool) -> bool {
        match at.get(attribute) {
            None => otherwise,
            Some("true" | "1") => true,
            Some("false" | "0") => false,
            Some(other) => {
                self.report.add(Code::BadValue, at, &[attribute, other, "true, false"]);
                otherwise
            }
        }
    }

    /// An attribute that is one of several words; without it the first of them.
    pub(super) fn choice(&mut self, at: Tag<'a>, attribute: &str, words: &[&'static str]) -> &'static str {
        let Some(value) = at.get(attribute) else { return words[0] };
        words.iter().find(|word| **word == value).copied().unwrap_or_else(|| {
            self.report.add(Code::BadValue, at, &[attribute, value, &words.join(", ")]);
            words[0]
        })
    }

    /// An attribute that is a whole number.
    pub(super) fn number(&mut self, at: Tag<'a>, attribute: &str, least: i64) -> Option<i64> {
        let value = at.get(attribute)?;
        let number = value.parse().ok().filter(|number| (least..=NUMBER_MAX).contains(number));
        if number.is_none() {
            let (least, most) = (least.to_string(), NUMBER_MAX.to_string());
            self.report.add(Code::Number, at, &[attribute, value, &least, &most]);
        }
        number
    }

    /// The expression inside an element.
    pub(super) fn expression(&mut self, holder: Tag<'a>) -> Option<Expression> {
        let text = holder.text();
        if let Some(language) = holder.get("language").filter(|language| !is_feel(language)) {
            self.report.add(Code::Language, holder, &[language]);
            return None;
        }
        if text.is_empty() {
            self.report.add(Code::ExpressionMissing, holder, &[holder.kind()]);
            return None;
        }
        self.feel(holder, holder.kind(), &text)
    }

    /// The expression inside an element that may be there.
    pub(super) fn expression_in(&mut self, tag: Tag<'a>, kind: &str) -> Option<Expression> {
        let holder = tag.first(kind)?;
        self.expression(holder)
    }

    /// A text as an expression.
    pub(super) fn feel(&mut self, at: Tag<'a>, what: &str, text: &str) -> Option<Expression> {
        let before = self.cost;
        self.cost = before.saturating_add(expression::cost(text));
        if self.cost > EXPRESSIONS_COST_MAX {
            if before <= EXPRESSIONS_COST_MAX {
                self.report.add(Code::ExpressionsTooMuch, at, &[]);
            }
            return None;
        }
        match Expression::parse(text) {
            Ok(expression) => Some(expression),
            Err(failed) => {
                self.report.add(Code::Expression, at, &[what, &failed.why]);
                None
            }
        }
    }

    /// An ISO 8601 or working time, or an expression that yields it.
    pub(super) fn time(&mut self, holder: Tag<'a>, kind: crate::model::Timer) -> Option<Expression> {
        let text = holder.text();
        match timer::literal(kind, &text) {
            None => self.expression(holder),
            Some(true) => self.feel(holder, holder.kind(), &format!("\"{text}\"")),
            Some(false) => {
                let (vi, en, example) = timer::words(kind);
                self.report.add(Code::TimerText, holder, &[&text, vi, en, example]);
                None
            }
        }
    }

    /// Event definitions of an event, in its order, those by reference too.
    pub(super) fn definitions(&mut self, tag: Tag<'a>) -> Vec<Tag<'a>> {
        let mut definitions = Vec::new();
        for child in tag.children() {
            if is_event_definition(child.kind()) {
                definitions.push(child);
            } else if child.kind() == "eventDefinitionRef" {
                definitions.extend(self.definition(child, &child.text()));
            }
        }
        definitions
    }

    /// The event definition that an id means.
    pub(super) fn definition(&mut self, at: Tag<'a>, id: &str) -> Option<Tag<'a>> {
        let found = self.refer(at, "eventDefinitionRef", id, &[])?;
        if is_event_definition(found.kind()) {
            return Some(found);
        }
        self.report.add(
            Code::WrongReference,
            at,
            &["eventDefinitionRef", id, found.kind(), "…EventDefinition"],
        );
        None
    }
}

/// Whether an attribute of yes or no says yes.
pub(super) fn truth(value: Option<&str>) -> bool {
    matches!(value, Some("true" | "1"))
}

/// An id without the prefix of its namespace.
pub(super) fn local<'i>(at: Tag<'_>, id: &'i str) -> &'i str {
    match id.split_once(':') {
        Some((prefix, local)) if at.node().lookup_namespace_uri(Some(prefix)).is_some() => local,
        _ => id,
    }
}

/// Whether a language is FEEL.
pub(super) fn is_feel(language: &str) -> bool {
    let language = language.trim_end_matches('/').to_ascii_lowercase();
    language == "feel" || language.ends_with("/feel")
}

/// Extension attributes that the engine passes on.
fn extra(tag: Tag<'_>) -> Vec<(Box<str>, Box<str>)> {
    let extensions = tag.extensions().filter(|(name, _)| {
        !matches!(*name, "agency" | "clock" | "correlation" | "decision" | "result" | "version")
    });
    extensions.map(|(name, value)| (name.into(), value.into())).collect()
}
