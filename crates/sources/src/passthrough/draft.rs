//! A first definition of a SOAP service, by its own description; people then read and correct it.

use std::collections::BTreeMap;

use super::definition::{
    Definition, FORMAT, Field, Limits, List, Operation, Parameter, Place, Sending, Service, Soap,
};
use super::http::Target;
use super::wsdl::{Described, Description, Part, Within};
use crate::draft::{camel, unused};
use crate::engine::Column;
use crate::error::{Mistake, SourceError};
use crate::meaning::{Meaning, guess};
use crate::value::Kind;

/// Parts of a question or an answer that are taken, at most.
const PARTS_MAX: usize = 300;
/// Levels of parts within parts.
const LEVELS_MAX: usize = 6;

/// A definition, and what of the description is not in it.
pub struct Drafted {
    /// The definition.
    pub definition: Definition,
    /// Parts that were left out, and schemas that were not read.
    pub left_out: Vec<String>,
}

/// Writes the definition of one operation from a WSDL 1.1 description: a file, or an address. Without a name the mistake says
/// which operations there are.
///
/// # Errors
/// It cannot be read, or has no such operation.
pub async fn draft(
    wsdl: &str,
    operation: &str,
    (subsystem, code): (&str, &str),
) -> Result<Drafted, SourceError> {
    let target = Target::new(None, None, &Limits::default(), wsdl)?;
    let description = Description::read(wsdl, &target).await?;
    let wanted = description.operations.iter().find(|one| one.name == operation).ok_or_else(|| {
        let known: Vec<_> = description.operations.iter().map(|one| &*one.name).collect();
        let known = known.join(", ");
        let (vi, en) = if operation.is_empty() {
            (format!("chọn một thao tác: {known}"), format!("name one of: {known}"))
        } else {
            (format!("không có; các thao tác: {known}"), format!("there is none; there are: {known}"))
        };
        SourceError::Definition(vec![Mistake::new("--operation", vi, en)])
    })?;
    let mut drafting =
        Drafting { description: &description, namespaces: BTreeMap::new(), left_out: Vec::new() };
    let operation = drafting.operation(wanted);
    let namespaces = drafting.namespaces.into_iter().map(|(uri, prefix)| (prefix, uri)).collect();
    let is_of_person = operation
        .parameters
        .iter()
        .any(|one| one.place == Place::Path && one.meaning.and_then(Meaning::personal).is_some());
    let mut left_out = drafting.left_out;
    left_out.extend(description.unread.iter().cloned());
    let service = Service {
        subsystem: subsystem.to_owned(),
        code: code.to_owned(),
        version: "1.0.0".into(),
        title_vi: wanted.name.clone(),
        title_en: String::new(),
        about_person: is_of_person,
    };
    let definition = Definition {
        format: FORMAT.into(),
        url: wanted.endpoint.clone(),
        ca_file: None,
        service,
        limits: Limits::default(),
        credentials: None,
        soap: Some(Soap { version: wanted.version, wsdl: Some(wsdl.to_owned()), namespaces }),
        operations: vec![operation],
    };
    Ok(Drafted { definition, left_out })
}

struct Drafting<'a> {
    description: &'a Description,
    /// Prefixes, by namespace.
    namespaces: BTreeMap<String, String>,
    left_out: Vec<String>,
}

/// A value somewhere in a question or an answer.
struct Leaf {
    /// Path with prefixes.
    path: String,
    /// Names without, outermost first.
    names: Vec<String>,
    kind: Kind,
    optional: bool,
}

impl Drafting<'_> {
    fn operation(&mut self, wanted: &Described) -> Operation {
        let (request, mut answer) = (self.prefixed(&wanted.request), self.prefixed(&wanted.answer));
        let asked = self.description.element(&wanted.request).cloned();
        let leaves = asked.map_or_else(Vec::new, |part| self.leaves(&part).0);
        let in_path = leaves.len() == 1;
        let mut names = Vec::new();
        let (mut parameters, mut sends) = (Vec::new(), Vec::new());
        for leaf in leaves {
            let name = unused(&camel(leaf.names.last().map_or("", String::as_str)), &mut names);
            sends.push(Sending {
                to: leaf.path,
                query: false,
                parameter: Some(name.clone()),
                constant: None,
            });
            parameters.push(Parameter {
                meaning: meaning(&name),
                name,
                place: if in_path { Place::Path } else { Place::Body },
                kind: leaf.kind,
                format: None,
                required: in_path || !leaf.optional,
                values: Vec::new(),
                digits: false,
                length_min: None,
                length_max: None,
                title_vi: String::new(),
            });
        }
        let mut answered = self.description.element(&wanted.answer).cloned();
        // What is only an envelope of one thing is not worth a level.
        while let Some(part) = &answered
            && let Some(Within::Parts(parts)) = self.description.within(part)
            && let [only] = parts.as_slice()
            && !only.repeats
            && matches!(self.description.within(only), Some(Within::Parts(_)))
            && answer.split('/').count() < LEVELS_MAX
        {
            answer = format!("{answer}/{}", self.prefixed(&only.name));
            answered = Some(only.clone());
        }
        let (leaves, repeating) = answered.map_or_else(Default::default, |part| self.leaves(&part));
        let lists = self.lists(repeating);
        Operation {
            at: parameters
                .first()
                .filter(|_| in_path)
                .map_or("POST /".into(), |one: &Parameter| format!("GET /{{{}}}", one.name)),
            title_vi: wanted.name.clone(),
            title_en: String::new(),
            request,
            action: wanted.action.clone(),
            answer,
            not_found: None,
            parameters,
            sends,
            fields: fields(leaves),
            lists,
        }
    }

    fn lists(&mut self, repeating: Vec<(String, Part)>) -> Vec<List> {
        let (mut lists, mut names) = (Vec::new(), Vec::new());
        for (from, part) in repeating {
            let (leaves, inner) = self.leaves(&part);
            self.left_out.extend(inner.into_iter().map(|(path, _)| format!("{from}/{path}")));
            let name = unused(&camel(&local(&part.name)), &mut names);
            let fields = fields(leaves);
            if !fields.is_empty() {
                lists.push(List { name, from, title_vi: String::new(), fields });
            }
        }
        lists
    }

    /// The values of a part, and what repeats in it.
    fn leaves(&mut self, part: &Part) -> (Vec<Leaf>, Vec<(String, Part)>) {
        let (mut leaves, mut repeating) = (Vec::new(), Vec::new());
        match self.description.within(part) {
            Some(Within::Value(kind)) => {
                leaves.push(Leaf {
                    path: ".".into(),
                    names: vec![local(&part.name)],
                    kind,
                    optional: part.optional,
                });
            }
            Some(Within::Parts(parts)) => self.collect(parts, &Leaf::top(), &mut leaves, &mut repeating),
            None => self.left_out.push(part.name.clone()),
        }
        (leaves, repeating)
    }

    fn collect(
        &mut self,
        parts: Vec<Part>,
        above: &Leaf,
        leaves: &mut Vec<Leaf>,
        repeating: &mut Vec<(String, Part)>,
    ) {
        for part in parts {
            let name = self.prefixed(&part.name);
            let path = if above.path.is_empty() { name } else { format!("{}/{name}", above.path) };
            if part.repeats {
                repeating.push((path, part));
                continue;
            }
            let mut names = above.names.clone();
            names.push(local(&part.name));
            let leaf = Leaf { path, names, kind: Kind::Text, optional: above.optional || part.optional };
            match self.description.within(&part) {
                Some(Within::Value(kind)) if leaves.len() < PARTS_MAX => leaves.push(Leaf { kind, ..leaf }),
                Some(Within::Parts(inner)) if leaf.names.len() < LEVELS_MAX => {
                    self.collect(inner, &leaf, leaves, repeating);
                }
                _ => self.left_out.push(leaf.path),
            }
        }
    }

    /// A name as the definition writes it.
    fn prefixed(&mut self, name: &str) -> String {
        let (attribute, name) = name.strip_prefix('@').map_or(("", name), |name| ("@", name));
        let Some((uri, local)) = name.strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
            return format!("{attribute}{name}");
        };
        let next = self.namespaces.len() + 1;
        let prefix = self.namespaces.entry(uri.to_owned()).or_insert_with(|| format!("n{next}"));
        format!("{attribute}{prefix}:{local}")
    }
}

impl Leaf {
    fn top() -> Self {
        Self { path: String::new(), names: Vec::new(), kind: Kind::Text, optional: false }
    }
}

fn fields(leaves: Vec<Leaf>) -> Vec<Field> {
    let mut names = Vec::new();
    let fields = leaves.into_iter().map(|leaf| {
        let name = leaf.names.iter().map(|name| camel(name)).collect::<Vec<_>>().join(".");
        let meaning = meaning(leaf.names.last().map_or("", String::as_str));
        Field {
            name: unused(&name, &mut names),
            from: leaf.path,
            kind: leaf.kind,
            format: None,
            required: !leaf.optional,
            personal: meaning.and_then(Meaning::personal),
            meaning,
            title_vi: String::new(),
        }
    });
    fields.collect()
}

/// A name without namespace.
fn local(name: &str) -> String {
    let name = name.rsplit('}').next().unwrap_or(name);
    name.trim_start_matches('@').to_owned()
}

/// What a name alone says.
fn meaning(name: &str) -> Option<Meaning> {
    let column = Column {
        name: name.to_owned(),
        type_name: String::new(),
        kind: Some(Kind::Text),
        nullable: true,
        comment: String::new(),
    };
    guess(&column, &[]).map(|guess| guess.meaning)
}
