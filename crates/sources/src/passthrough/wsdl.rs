//! What a SOAP service says of itself: WSDL 1.1, document/literal, with its schemas.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use http::Method;
use roxmltree::Node;
use url::Url;

use super::definition::SoapVersion;
use super::http::{Question, Target};
use super::soap::parse;
use super::tree::expanded;
use crate::error::SourceError;
use crate::value::Kind;

/// Namespace of descriptions.
const WSDL: &str = "http://schemas.xmlsoap.org/wsdl/";
/// Namespace of schemas.
const SCHEMA: &str = "http://www.w3.org/2001/XMLSchema";
/// Namespaces of the bindings of SOAP.
const BINDINGS: [(&str, SoapVersion); 2] = [
    ("http://schemas.xmlsoap.org/wsdl/soap/", SoapVersion::V1_1),
    ("http://schemas.xmlsoap.org/wsdl/soap12/", SoapVersion::V1_2),
];
/// Documents of one description.
const DOCUMENTS_MAX: usize = 30;
/// Elements that are named in one another, at most: a type may contain itself.
const DEPTH_MAX: usize = 12;

/// What a service says of itself.
#[derive(Debug, Default)]
pub struct Description {
    /// What can be asked.
    pub operations: Vec<Described>,
    /// Schemas and descriptions that it names and that were not read: of another place, or missing.
    pub unread: Vec<String>,
    elements: BTreeMap<String, Part>,
    types: BTreeMap<String, Shape>,
}

/// An operation of a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub name: String,
    /// Which SOAP.
    pub version: SoapVersion,
    /// Its action.
    pub action: String,
    /// Where it answers.
    pub endpoint: String,
    /// The element that is asked with, `{uri}name`.
    pub request: String,
    /// The element that is answered with.
    pub answer: String,
}

/// An element, or an attribute with `@` before its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// `{uri}name`.
    pub name: String,
    /// Whether there may be several.
    pub repeats: bool,
    /// Whether it may be left out.
    pub optional: bool,
    shape: Shape,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    Value(Kind),
    Parts(Vec<Part>, Option<String>),
    /// A type of another place, by its name.
    Type(String),
    /// An element of another place.
    Element(String),
}

/// What is in a part.
pub enum Within {
    /// A value.
    Value(Kind),
    /// Other parts.
    Parts(Vec<Part>),
}

/// A WSDL's place in a definition that lies in a folder.
pub(super) fn placed(place: &str, dir: &Path) -> String {
    if is_url(place) { place.to_owned() } else { dir.join(place).display().to_string() }
}

fn is_url(place: &str) -> bool {
    place.starts_with("http://") || place.starts_with("https://")
}

impl Description {
    /// Reads a description and what it imports: from files beside it, or from the same server.
    ///
    /// # Errors
    /// It cannot be read, or describes nothing that we can ask.
    pub(super) async fn read(place: &str, target: &Target) -> Result<Self, SourceError> {
        let (mut read, mut raw) = (Self::default(), Raw::default());
        let (mut waiting, mut seen) = (vec![place.to_owned()], BTreeSet::new());
        while let Some(next) = waiting.pop() {
            if !seen.insert(next.clone()) {
                continue;
            }
            let text = if seen.len() > DOCUMENTS_MAX { None } else { fetch(&next, target).await };
            let document = text.as_deref().and_then(|text| parse(text).ok());
            let Some(document) = document else {
                if next == place {
                    return Err(unreadable(place, "không đọc được WSDL / the WSDL cannot be read"));
                }
                read.unread.push(next);
                continue;
            };
            for import in document.descendants().filter(|node| is_import(*node)) {
                let location = import.attribute("schemaLocation").or_else(|| import.attribute("location"));
                match location.map(|location| (beside(&next, location), location)) {
                    Some((Some(other), _)) => waiting.push(other),
                    Some((None, location)) => read.unread.push(location.to_owned()),
                    None => {}
                }
            }
            for schema in document.descendants().filter(|node| node.has_tag_name((SCHEMA, "schema"))) {
                read.schema(schema);
            }
            raw.take(document.root_element());
        }
        read.operations = raw.operations();
        if read.operations.is_empty() {
            let what = "không có thao tác document/literal / there is no operation of document/literal";
            return Err(unreadable(place, what));
        }
        Ok(read)
    }

    fn schema(&mut self, schema: Node<'_, '_>) {
        let target = schema.attribute("targetNamespace");
        let reading =
            Reading { target, qualified: schema.attribute("elementFormDefault") == Some("qualified") };
        for child in schema.children().filter(|child| child.tag_name().namespace() == Some(SCHEMA)) {
            let Some(name) = child.attribute("name") else { continue };
            let name = expanded(target, name);
            match child.tag_name().name() {
                "element" => {
                    let shape = reading.shape(child, 0);
                    self.elements.insert(name.clone(), Part { name, repeats: false, optional: false, shape });
                }
                "complexType" | "simpleType" => drop(self.types.insert(name, reading.inner(child, 0))),
                _ => {}
            }
        }
    }

    /// An element that stands for itself.
    pub fn element(&self, name: &str) -> Option<&Part> {
        self.elements.get(name)
    }

    /// What is in a part; nothing where it is of a type that was not read.
    pub fn within(&self, part: &Part) -> Option<Within> {
        self.of(&part.shape, 0)
    }

    fn of(&self, shape: &Shape, depth: usize) -> Option<Within> {
        if depth > DEPTH_MAX {
            return None;
        }
        match shape {
            Shape::Value(kind) => Some(Within::Value(*kind)),
            Shape::Element(name) => self.of(&self.elements.get(name)?.shape, depth + 1),
            Shape::Type(name) => match base_kind(name) {
                Some(kind) => Some(Within::Value(kind)),
                None => self.of(self.types.get(name)?, depth + 1),
            },
            Shape::Parts(parts, None) => Some(Within::Parts(parts.clone())),
            Shape::Parts(own, Some(base)) => match self.of(&Shape::Type(base.clone()), depth + 1)? {
                Within::Parts(mut parts) => {
                    parts.extend(own.iter().cloned());
                    Some(Within::Parts(parts))
                }
                Within::Value(kind) => Some(Within::Value(kind)),
            },
        }
    }

    /// The part at a path below another; nothing where there is none, or its type was not read.
    pub fn at(&self, start: &Part, path: &[String]) -> Option<Part> {
        path.iter().try_fold(start.clone(), |part, name| match self.within(&part)? {
            Within::Parts(parts) => parts.into_iter().find(|part| part.name == *name),
            Within::Value(_) => None,
        })
    }
}

fn unreadable(place: &str, what: &str) -> SourceError {
    SourceError::Unreachable { source_name: place.to_owned(), what: what.to_owned() }
}

fn is_import(node: Node<'_, '_>) -> bool {
    let names = [(SCHEMA, "import"), (SCHEMA, "include"), (WSDL, "import")];
    names.iter().any(|name| node.has_tag_name(*name))
}

/// A place that another names; nothing when it is on another server.
fn beside(place: &str, location: &str) -> Option<String> {
    if is_url(place) {
        let base = Url::parse(place).ok()?;
        let other = base.join(location).ok()?;
        return (other.origin() == base.origin()).then(|| other.into());
    }
    (!is_url(location)).then(|| Path::new(place).with_file_name("").join(location).display().to_string())
}

async fn fetch(place: &str, target: &Target) -> Option<String> {
    if !is_url(place) {
        return tokio::fs::read_to_string(place).await.ok();
    }
    let url = Url::parse(place).ok()?;
    let answer =
        target.ask(Question { method: Method::GET, url, headers: Vec::new(), body: Vec::new() }).await;
    answer.ok().filter(|answer| answer.status.is_success())?.text
}

/// A name of the document as `{uri}name`.
fn resolved(node: Node<'_, '_>, name: &str) -> String {
    match name.split_once(':') {
        Some((prefix, local)) => expanded(node.lookup_namespace_uri(Some(prefix)), local),
        None => expanded(node.lookup_namespace_uri(None), name),
    }
}

/// What we make of a type of XML Schema itself.
fn base_kind(name: &str) -> Option<Kind> {
    let local = name.strip_prefix('{')?.strip_prefix(SCHEMA)?.strip_prefix('}')?;
    Some(match local {
        "integer" | "int" | "long" | "short" | "byte" | "nonNegativeInteger" | "positiveInteger"
        | "unsignedInt" | "unsignedShort" | "unsignedByte" | "unsignedLong" => Kind::Integer,
        "decimal" | "double" | "float" => Kind::Decimal,
        "boolean" => Kind::Boolean,
        "date" => Kind::Date,
        "time" => Kind::Time,
        "dateTime" => Kind::LocalMoment,
        _ => Kind::Text,
    })
}

/// A schema while it is read.
struct Reading<'a> {
    target: Option<&'a str>,
    qualified: bool,
}

impl Reading<'_> {
    /// What an element or attribute is: by its type, or by what is written in it.
    fn shape(&self, node: Node<'_, '_>, depth: usize) -> Shape {
        if let Some(name) = node.attribute("type") {
            return Shape::Type(resolved(node, name));
        }
        let inner = node.children().find(|child| {
            child.has_tag_name((SCHEMA, "complexType")) || child.has_tag_name((SCHEMA, "simpleType"))
        });
        inner.map_or(Shape::Value(Kind::Text), |inner| self.inner(inner, depth))
    }

    /// What a type is.
    fn inner(&self, node: Node<'_, '_>, depth: usize) -> Shape {
        if node.has_tag_name((SCHEMA, "simpleType")) {
            let restriction = node.children().find(|child| child.has_tag_name((SCHEMA, "restriction")));
            let base = restriction
                .and_then(|restriction| Some(resolved(restriction, restriction.attribute("base")?)));
            return base.map_or(Shape::Value(Kind::Text), Shape::Type);
        }
        let (mut parts, mut base) = (Vec::new(), None);
        if depth <= DEPTH_MAX {
            self.collect(node, depth, &mut parts, &mut base);
        }
        Shape::Parts(parts, base)
    }

    fn collect(&self, node: Node<'_, '_>, depth: usize, parts: &mut Vec<Part>, base: &mut Option<String>) {
        for child in node.children().filter(|child| child.tag_name().namespace() == Some(SCHEMA)) {
            match child.tag_name().name() {
                "element" => parts.extend(self.part(child, depth)),
                "attribute" => {
                    let name = child.attribute("name").map(|name| format!("@{name}"));
                    let optional = child.attribute("use") != Some("required");
                    let shape = self.shape(child, depth + 1);
                    parts.extend(name.map(|name| Part { name, repeats: false, optional, shape }));
                }
                "extension" | "restriction" => {
                    *base = child.attribute("base").map(|name| resolved(child, name));
                    self.collect(child, depth, parts, base);
                }
                "sequence" | "all" | "choice" | "complexContent" | "simpleContent" => {
                    let before = parts.len();
                    self.collect(child, depth, parts, base);
                    // Of a choice each may be missing; what repeats as a whole repeats in its parts.
                    for part in &mut parts[before..] {
                        part.optional |= child.has_tag_name((SCHEMA, "choice")) || is_optional(child);
                        part.repeats |= does_repeat(child);
                    }
                }
                _ => {}
            }
        }
    }

    fn part(&self, node: Node<'_, '_>, depth: usize) -> Option<Part> {
        let (repeats, optional) = (does_repeat(node), is_optional(node));
        if let Some(name) = node.attribute("ref") {
            let name = resolved(node, name);
            return Some(Part { shape: Shape::Element(name.clone()), name, repeats, optional });
        }
        let qualified = node.attribute("form").map_or(self.qualified, |form| form == "qualified");
        let name = expanded(self.target.filter(|_| qualified), node.attribute("name")?);
        Some(Part { name, repeats, optional, shape: self.shape(node, depth + 1) })
    }
}

fn does_repeat(node: Node<'_, '_>) -> bool {
    node.attribute("maxOccurs").is_some_and(|most| most != "1" && most != "0")
}

fn is_optional(node: Node<'_, '_>) -> bool {
    node.attribute("minOccurs") == Some("0")
}

/// Parts of descriptions, which may stand in several documents.
#[derive(Default)]
struct Raw {
    /// Elements of messages.
    messages: BTreeMap<String, String>,
    /// Messages of operations, by port type and name.
    operations: BTreeMap<(String, String), (String, String)>,
    bindings: BTreeMap<String, Binding>,
    /// Bindings and addresses of ports.
    ports: Vec<(String, String)>,
}

struct Binding {
    port_type: String,
    version: SoapVersion,
    /// Names and actions.
    operations: Vec<(String, String)>,
}

impl Raw {
    fn take(&mut self, root: Node<'_, '_>) {
        let target = root.attribute("targetNamespace");
        for node in root.children().filter(|node| node.tag_name().namespace() == Some(WSDL)) {
            let name = expanded(target, node.attribute("name").unwrap_or_default());
            let children = |wanted: &'static str| {
                node.children().filter(move |child| child.has_tag_name((WSDL, wanted)))
            };
            match node.tag_name().name() {
                "message" => {
                    let element =
                        children("part").find_map(|part| Some(resolved(part, part.attribute("element")?)));
                    self.messages.extend(element.map(|element| (name, element)));
                }
                "portType" => {
                    for operation in children("operation") {
                        let message = |wanted| {
                            let one =
                                operation.children().find(|child| child.has_tag_name((WSDL, wanted)))?;
                            Some(resolved(one, one.attribute("message")?))
                        };
                        if let (Some(asked), Some(answered)) = (message("input"), message("output")) {
                            let key =
                                (name.clone(), operation.attribute("name").unwrap_or_default().to_owned());
                            self.operations.insert(key, (asked, answered));
                        }
                    }
                }
                "binding" => drop(binding(node).map(|binding| self.bindings.insert(name, binding))),
                "service" => {
                    for port in children("port") {
                        let address = port.children().find(|child| child.tag_name().name() == "address");
                        let location = address.and_then(|address| address.attribute("location"));
                        let binding = port.attribute("binding").map(|binding| resolved(port, binding));
                        self.ports.extend(binding.zip(location.map(str::to_owned)));
                    }
                }
                _ => {}
            }
        }
    }

    fn operations(&self) -> Vec<Described> {
        let mut all = Vec::new();
        for (binding, endpoint) in &self.ports {
            let Some(binding) = self.bindings.get(binding) else { continue };
            for (name, action) in &binding.operations {
                let messages = self.operations.get(&(binding.port_type.clone(), name.clone()));
                let elements = messages.and_then(|(asked, answered)| {
                    Some((self.messages.get(asked)?.clone(), self.messages.get(answered)?.clone()))
                });
                let Some((request, answer)) = elements else { continue };
                let (name, action, endpoint) = (name.clone(), action.clone(), endpoint.clone());
                all.push(Described { name, version: binding.version, action, endpoint, request, answer });
            }
        }
        all
    }
}

fn binding(node: Node<'_, '_>) -> Option<Binding> {
    let of_soap = |node: Node<'_, '_>, wanted: &str| {
        node.children().find_map(|child| {
            let (_, version) = BINDINGS.iter().find(|(uri, _)| child.has_tag_name((*uri, wanted)))?;
            Some((*version, child.attribute("soapAction").unwrap_or_default().to_owned()))
        })
    };
    let (version, _) = of_soap(node, "binding")?;
    let operations = node.children().filter(|child| child.has_tag_name((WSDL, "operation")));
    let operations = operations.filter_map(|operation| {
        let action = of_soap(operation, "operation").map_or_else(String::new, |(_, action)| action);
        Some((operation.attribute("name")?.to_owned(), action))
    });
    let port_type = resolved(node, node.attribute("type")?);
    Some(Binding { port_type, version, operations: operations.collect() })
}
