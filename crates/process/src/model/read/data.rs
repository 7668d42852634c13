//! Data: which variables there are, and what activities take in and give out.

use std::collections::{BTreeMap, HashSet};

use super::draft::Draft;
use crate::expression::is_name;
use crate::model::fault::Code;
use crate::model::xml::Tag;
use crate::model::{From, Kind, Mapping, NodeIx, ScopeIx};

/// Something that has a value.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Its variable.
    name: Box<str>,
    /// What else an assignment may call it.
    aliases: Vec<Box<str>>,
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
    usable_name(tag).or(tag.id()).unwrap_or_default().into()
}

fn usable_name(tag: Tag<'_>) -> Option<&str> {
    Some(tag.name()).filter(|name| is_name(name))
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
                    "property" => self.item(child, variable(child), Owner::Scope(at)),
                    "dataStoreReference" => self.data_store(child, at),
                    // Values of a process come from who calls it and are no variables that begin empty.
                    "ioSpecification" if self.program.scope(at).node.is_none() => self.parameters(child, at),
                    _ => {}
                }
            }
        }
        self.data_objects();
        for at in self.places() {
            let tag = self.tag(at);
            if !tag.kind().starts_with("global") {
                self.locals(at, tag);
            }
        }
        let of_scopes = self.program.scopes.iter_mut().map(|scope| &mut scope.variables);
        of_scopes.chain(self.program.nodes.iter_mut().map(|node| &mut node.io.locals)).for_each(only_once);
    }

    fn item(&mut self, tag: Tag<'a>, name: Box<str>, owner: Owner) {
        let variables = match owner {
            Owner::Scope(at) => &mut self.scope_mut(at).variables,
            Owner::Node(at) => &mut self.node_mut(at).io.locals,
        };
        variables.push(name.clone());
        self.known_as(tag, name, owner);
    }

    /// Notes by which variable an element goes.
    fn known_as(&mut self, tag: Tag<'a>, name: Box<str>, owner: Owner) {
        let Some(id) = tag.id() else { return };
        let aliases = [Some(id), usable_name(tag)].into_iter().flatten().map(Into::into).collect();
        self.items.insert(id, Item { name, aliases, owner });
    }

    fn parameters(&mut self, specification: Tag<'a>, at: ScopeIx) {
        for tag in specification.children().filter(|tag| matches!(tag.kind(), "dataInput" | "dataOutput")) {
            self.known_as(tag, variable(tag), Owner::Scope(at));
        }
    }

    /// By its own name, else by that of its store, else by its id.
    fn data_store(&mut self, tag: Tag<'a>, at: ScopeIx) {
        let store = self.refer_by(tag, "dataStoreRef", &["dataStore"]);
        let name = usable_name(tag).or(store.and_then(usable_name));
        self.item(tag, name.map_or_else(|| variable(tag), Into::into), Owner::Scope(at));
    }

    /// A data object and its references are one variable: by the object's name, else by that of the first reference that
    /// has one which expressions can use, else by the object's id.
    fn data_objects(&mut self) {
        let mut referred: BTreeMap<&str, Vec<Tag>> = BTreeMap::new();
        for at in self.scopes() {
            let references: Vec<_> = self.body(at).all("dataObjectReference").collect();
            for reference in references {
                let object = self.refer_by(reference, "dataObjectRef", &["dataObject"]);
                if let Some(id) = object.and_then(Tag::id) {
                    referred.entry(id).or_default().push(reference);
                } else if reference.get("dataObjectRef").is_none() {
                    self.item(reference, variable(reference), Owner::Scope(at));
                }
            }
        }
        for at in self.scopes() {
            let objects: Vec<_> = self.body(at).all("dataObject").collect();
            for object in objects {
                let references = object.id().and_then(|id| referred.remove(id)).unwrap_or_default();
                let of_references = references.iter().find_map(|reference| usable_name(*reference));
                let name: Box<str> =
                    usable_name(object).or(of_references).map_or_else(|| variable(object), Into::into);
                self.item(object, name.clone(), Owner::Scope(at));
                for reference in references {
                    self.known_as(reference, name.clone(), Owner::Scope(at));
                }
            }
        }
    }

    fn locals(&mut self, at: NodeIx, tag: Tag<'a>) {
        let is_sub_process = crate::model::element::is_sub_process(tag.kind());
        for child in tag.children() {
            match child.kind() {
                "dataInput" | "dataOutput" => self.item(child, variable(child), Owner::Node(at)),
                "property" if !is_sub_process => self.item(child, variable(child), Owner::Node(at)),
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
            self.known_as(child, variable(child), Owner::Node(at));
        }
    }

    /// The variable that a reference of a multi-instance activity means.
    pub(super) fn item_of(&mut self, at: NodeIx, reference: Option<Tag<'a>>) -> Option<Box<str>> {
        let reference = reference?;
        Some(self.meant(at, reference)?.name)
    }

    /// The variable that a reference of a node means.
    fn meant(&mut self, at: NodeIx, reference: Tag<'a>) -> Option<Item> {
        let id = reference.text();
        let found = self.refer(reference, reference.kind(), &id, &[])?;
        let Some(item) = found.id().and_then(|id| self.items.get(id)).cloned() else {
            let expected =
                "dataObject, dataObjectReference, property, dataInput, dataOutput, dataStoreReference";
            self.report.add(
                Code::WrongReference,
                reference,
                &[reference.kind(), &id, found.kind(), expected],
            );
            return None;
        };
        if !self.sees(at, item.owner) {
            self.report.add(Code::DataInvisible, reference, &[&id]);
        }
        if found.kind() == "dataStoreReference" {
            self.report.add(Code::DataStoreLocal, reference, &[]);
        }
        Some(item)
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
        let sources: Vec<_> = sources.into_iter().map(|source| self.meant(at, source)).collect();
        let target = association.first("targetRef");
        if target.is_none() {
            self.report.add(Code::MissingReference, association, &["targetRef"]);
        }
        let target = target.and_then(|reference| self.meant(at, reference));
        let assignments: Vec<_> = association.all("assignment").collect();
        let mut mappings = Vec::new();
        if association.first("transformation").is_some() {
            let expression = self.expression_in(association, "transformation");
            mappings.extend(
                expression
                    .zip(target.clone())
                    .map(|(expression, to)| Mapping { from: From::Expression(expression), to: to.name }),
            );
        } else if let [source] = &sources[..]
            && assignments.is_empty()
        {
            let both = source.clone().zip(target.clone());
            mappings.extend(both.map(|(from, to)| Mapping { from: From::Variable(from.name), to: to.name }));
        } else if assignments.is_empty() {
            self.report.add(Code::AssociationEmpty, association, &[]);
        }
        for assignment in assignments {
            mappings.extend(self.assignment(assignment, target.as_ref()));
        }
        mappings
    }

    fn assignment(&mut self, tag: Tag<'a>, target: Option<&Item>) -> Option<Mapping> {
        for kind in ["from", "to"] {
            if tag.first(kind).is_none() {
                self.report.add(Code::ExpressionMissing, tag, &[kind]);
            }
        }
        let expression = self.expression_in(tag, "from");
        let to = tag.first("to")?.text();
        let target = target.filter(|item| item.aliases.iter().any(|name| **name == *to));
        if !is_name(&to) && target.is_none() {
            self.report.add(Code::AssignmentTarget, tag, &[&to]);
            return None;
        }
        let to = target.map_or_else(|| to.into(), |item| item.name.clone());
        Some(Mapping { from: From::Expression(expression?), to })
    }
}
