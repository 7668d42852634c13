//! Data: which variables there are, and what activities take in and give out.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::draft::Draft;
use crate::expression::is_name;
use crate::model::fault::Code;
use crate::model::xml::Tag;
use crate::model::{From, Kind, Mapping, NodeIx, ScopeIx};

/// Most names of a data object: each is a variable that is assigned whenever one is.
const NAMES_MAX: usize = 16;

/// Something that has a value.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Its variables, what authors write first.
    names: Vec<Box<str>>,
    owner: Owner,
}

/// Whose variable it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Scope(ScopeIx),
    Node(NodeIx),
}

/// The name that a variable goes by: the name of its element if expressions can use it, else the id.
pub(super) fn variable(tag: Tag<'_>) -> Box<str> {
    names(tag).into_iter().next().unwrap_or_default()
}

/// The names of a variable: its name if expressions can use it, and its id.
fn names(tag: Tag<'_>) -> Vec<Box<str>> {
    let mut names: Vec<Box<str>> = Vec::new();
    for name in [Some(tag.name()).filter(|name| is_name(name)), tag.id()].into_iter().flatten() {
        if !names.iter().any(|known| &**known == name) {
            names.push(name.into());
        }
    }
    names
}

/// Leaves each name once.
fn only_once(names: &mut Vec<Box<str>>) {
    let mut known = HashSet::new();
    names.retain(|name| known.insert(name.clone()));
}

impl<'a> Draft<'a> {
    /// Notes the data of all scopes and nodes.
    pub(super) fn read_items(&mut self) {
        for at in self.scopes() {
            let tag = self.body(at);
            for child in tag.children() {
                match child.kind() {
                    "dataObject" | "property" => self.item(child, names(child), Owner::Scope(at)),
                    "dataStoreReference" => self.data_store(child, at),
                    // Values of a process come from who calls it and are no variables that begin empty.
                    "ioSpecification" if self.program.scope(at).node.is_none() => self.parameters(child, at),
                    _ => {}
                }
            }
        }
        self.data_object_references();
        for at in self.places() {
            let tag = self.tag(at);
            if !tag.kind().starts_with("global") {
                self.locals(at, tag);
            }
        }
        let of_scopes = self.program.scopes.iter_mut().map(|scope| &mut scope.variables);
        of_scopes.chain(self.program.nodes.iter_mut().map(|node| &mut node.io.locals)).for_each(only_once);
    }

    fn item(&mut self, tag: Tag<'a>, names: Vec<Box<str>>, owner: Owner) {
        let variables = match owner {
            Owner::Scope(at) => &mut self.scope_mut(at).variables,
            Owner::Node(at) => &mut self.node_mut(at).io.locals,
        };
        variables.extend(names.iter().cloned());
        if let Some(id) = tag.id() {
            self.items.insert(id, Item { names, owner });
        }
    }

    fn parameters(&mut self, specification: Tag<'a>, at: ScopeIx) {
        for tag in specification.children().filter(|tag| matches!(tag.kind(), "dataInput" | "dataOutput")) {
            if let Some(id) = tag.id() {
                self.items.insert(id, Item { names: names(tag), owner: Owner::Scope(at) });
            }
        }
    }

    fn data_store(&mut self, tag: Tag<'a>, at: ScopeIx) {
        let mut all = names(tag);
        if let Some(store) = self.refer_by(tag, "dataStoreRef", &["dataStore"]) {
            all.extend(names(store));
        }
        self.item(tag, all, Owner::Scope(at));
    }

    /// References are other names of their data object: each is a variable, and what is written to one is written to all.
    fn data_object_references(&mut self) {
        let mut referred: BTreeMap<&str, Vec<Tag>> = BTreeMap::new();
        for at in self.scopes() {
            let references: Vec<_> = self.body(at).all("dataObjectReference").collect();
            for reference in references {
                let object = self.refer_by(reference, "dataObjectRef", &["dataObject"]);
                if let Some(id) = object.and_then(Tag::id) {
                    referred.entry(id).or_default().push(reference);
                } else if reference.get("dataObjectRef").is_none() {
                    self.item(reference, names(reference), Owner::Scope(at));
                }
            }
        }
        for (id, references) in referred {
            let Some(mut item) = self.items.get(id).cloned() else { continue };
            let of_references = references.iter().map(|tag| tag.name()).filter(|name| is_name(name));
            for name in of_references.collect::<BTreeSet<_>>() {
                if !item.names.iter().any(|known| &**known == name) {
                    item.names.insert(0, name.into());
                }
            }
            if item.names.len() > NAMES_MAX {
                self.report.add(Code::DataNames, self.ids[id], &[&NAMES_MAX.to_string()]);
                item.names.truncate(NAMES_MAX);
            }
            for reference in references {
                self.item(reference, item.names.clone(), item.owner);
            }
            self.items.insert(id, item);
        }
    }

    fn locals(&mut self, at: NodeIx, tag: Tag<'a>) {
        let is_sub_process = crate::model::element::is_sub_process(tag.kind());
        for child in tag.children() {
            match child.kind() {
                "dataInput" | "dataOutput" => self.item(child, names(child), Owner::Node(at)),
                "property" if !is_sub_process => self.item(child, names(child), Owner::Node(at)),
                "ioSpecification" => self.locals(at, child),
                "multiInstanceLoopCharacteristics" => self.things(at, child),
                _ => {}
            }
        }
    }

    /// The variables that hold one thing and one result of a multi-instance activity, which sets them itself.
    fn things(&mut self, at: NodeIx, tag: Tag<'a>) {
        for child in tag.children().filter(|child| matches!(child.kind(), "inputDataItem" | "outputDataItem"))
        {
            if let Some(id) = child.id() {
                self.items.insert(id, Item { names: names(child), owner: Owner::Node(at) });
            }
        }
    }

    /// The variable that a reference of a multi-instance activity means.
    pub(super) fn item_of(&mut self, at: NodeIx, reference: Option<Tag<'a>>) -> Option<Box<str>> {
        let reference = reference?;
        self.names_of(at, reference)?.into_iter().next()
    }

    /// The names of what a reference of a node means.
    fn names_of(&mut self, at: NodeIx, reference: Tag<'a>) -> Option<Vec<Box<str>>> {
        let id = reference.text();
        let found = self.refer(reference, reference.kind(), &id, &[])?;
        let Some(item) = found.id().and_then(|id| self.items.get(id)) else {
            let expected =
                "dataObject, dataObjectReference, property, dataInput, dataOutput, dataStoreReference";
            self.report.add(
                Code::WrongReference,
                reference,
                &[reference.kind(), &id, found.kind(), expected],
            );
            return None;
        };
        let (names, owner) = (item.names.clone(), item.owner);
        if !self.sees(at, owner) {
            self.report.add(Code::DataInvisible, reference, &[&id]);
        }
        if found.kind() == "dataStoreReference" {
            self.report.add(Code::DataStoreLocal, reference, &[]);
        }
        Some(names)
    }

    /// Whether a node can use a variable.
    fn sees(&self, at: NodeIx, owner: Owner) -> bool {
        let mut node = Some(at);
        while let Some(inner) = node {
            let scope = self.program.node(inner).scope;
            if owner == Owner::Node(inner) || owner == Owner::Scope(scope) {
                return true;
            }
            node = self.program.scope(scope).node;
        }
        // The data of a sub-process can be used by its own associations.
        matches!(self.program.node(at).kind, Kind::SubProcess(body) if owner == Owner::Scope(body))
    }

    /// What a node takes in and gives out.
    pub(super) fn read_io(&mut self, at: NodeIx) {
        let tag = self.tag(at);
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for association in tag.children() {
            match association.kind() {
                "dataInputAssociation" => inputs.extend(self.mappings(at, association)),
                "dataOutputAssociation" => outputs.extend(self.mappings(at, association)),
                _ => {}
            }
        }
        let io = &mut self.node_mut(at).io;
        (io.inputs, io.outputs) = (inputs, outputs);
    }

    fn mappings(&mut self, at: NodeIx, association: Tag<'a>) -> Vec<Mapping> {
        let sources: Vec<_> = association.all("sourceRef").collect();
        let sources: Vec<_> = sources.into_iter().map(|source| self.names_of(at, source)).collect();
        let target = association.first("targetRef");
        if target.is_none() {
            self.report.add(Code::MissingReference, association, &["targetRef"]);
        }
        let target = target.and_then(|reference| self.names_of(at, reference));
        let assignments: Vec<_> = association.all("assignment").collect();
        let mut mappings = Vec::new();
        if association.first("transformation").is_some() {
            let expression = self.expression_in(association, "transformation");
            mappings.extend(
                expression
                    .zip(target.clone())
                    .map(|(expression, to)| Mapping { from: From::Expression(expression), to }),
            );
        } else if let [source] = &sources[..]
            && assignments.is_empty()
        {
            let both = source.clone().zip(target.clone());
            mappings.extend(both.map(|(names, to)| Mapping { from: From::Variable(names), to }));
        } else if assignments.is_empty() {
            self.report.add(Code::AssociationEmpty, association, &[]);
        }
        for assignment in assignments {
            mappings.extend(self.assignment(assignment, target.as_deref().unwrap_or_default()));
        }
        mappings
    }

    fn assignment(&mut self, tag: Tag<'a>, target: &[Box<str>]) -> Option<Mapping> {
        for kind in ["from", "to"] {
            if tag.first(kind).is_none() {
                self.report.add(Code::ExpressionMissing, tag, &[kind]);
            }
        }
        let expression = self.expression_in(tag, "from");
        let to = tag.first("to")?.text();
        if !is_name(&to) && !target.iter().any(|name| **name == *to) {
            self.report.add(Code::AssignmentTarget, tag, &[&to]);
            return None;
        }
        let to = if target.iter().any(|name| **name == *to) { target.to_vec() } else { vec![to.into()] };
        Some(Mapping { from: From::Expression(expression?), to })
    }
}
