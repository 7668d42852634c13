//! Reading `directory.json` so that every mistake is reported, not only the first.
//!
//! A value that cannot be read is noted and left out; what stands around it is read on. The result of a file
//! with mistakes is never used, it only serves to look for more of them.

use std::fmt;

use base::{Part, Ts};
use crypto::certificate::Certificate;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{Authority, Content, FORMAT, Group, Member, Node, Subsystem, TimestampAuthority};
use crate::TARGET_BYTES_MAX;
use crate::mistake::Notes;

/// Reads the file; `None` when too little of it could be read to look further.
pub(super) fn content(bytes: &[u8], m: &mut Notes) -> Option<Content> {
    if bytes.len() as u64 > TARGET_BYTES_MAX {
        m.note(
            "",
            format_args!("the file has {} bytes, at most {TARGET_BYTES_MAX} are allowed", bytes.len()),
        );
        return None;
    }
    let tree = match serde_json::from_slice::<Tree>(bytes) {
        Ok(tree) => tree.0,
        Err(error) => {
            m.note("", format_args!("not readable as JSON: {error}"));
            return None;
        }
    };
    let mut file = Object::open(tree, String::new(), m)?;
    if file.required::<String>("format", m).is_some_and(|format| format != FORMAT) {
        m.note("format", format_args!("must be {FORMAT:?}"));
    }
    let instance = file.required::<Part>("instance", m);
    let number = file.required("number", m);
    let created = file.required::<String>("created", m).and_then(|text| moment(&text, m));
    let mut content = Content::empty(instance?, created.unwrap_or_default());
    content.number = number.unwrap_or_default();
    content.members = file.list("members", m, member);
    content.nodes = file.list("nodes", m, node);
    content.authorities = file.list("authorities", m, authority);
    content.crls = file.list("crls", m, plain);
    content.timestamp_authorities = file.list("timestamp_authorities", m, timestamp_authority);
    content.groups = file.list("groups", m, group);
    file.close(m);
    Some(content)
}

fn moment(text: &str, m: &mut Notes) -> Option<Ts> {
    match Ts::parse(text) {
        // One written form only: whole seconds, UTC.
        Ok(moment) if moment.to_string() == text && moment == Ts::from_secs(moment.secs()) => Some(moment),
        _ => {
            m.note("created", format_args!("{text:?} is not a moment like 2026-11-21T03:00:00Z"));
            None
        }
    }
}

// Below, an entry is kept as soon as its identifier is readable: its other mistakes are noted already, and an
// entry that is left out would make every reference to it look wrong.

fn member(value: Value, path: &str, m: &mut Notes) -> Option<Member> {
    let mut object = Object::open(value, path.to_owned(), m)?;
    let id = object.required("id", m);
    let name = object.required("name", m).unwrap_or_else(placeholder);
    let signing_certificates = object.list("signing_certificates", m, plain);
    let subsystems = object.list("subsystems", m, subsystem);
    object.close(m);
    Some(Member { id: id?, name, signing_certificates, subsystems })
}

fn subsystem(value: Value, path: &str, m: &mut Notes) -> Option<Subsystem> {
    let mut object = Object::open(value, path.to_owned(), m)?;
    let code = object.required("code", m);
    let name = object.required("name", m).unwrap_or_else(placeholder);
    object.close(m);
    Some(Subsystem { code: code?, name })
}

fn node(value: Value, path: &str, m: &mut Notes) -> Option<Node> {
    let mut object = Object::open(value, path.to_owned(), m)?;
    let id = object.required("id", m);
    let addresses = object.list("addresses", m, plain);
    let tls_certificates = object.list("tls_certificates", m, plain);
    let subsystems = object.list("subsystems", m, plain);
    let maintenance = object.optional("maintenance", m);
    object.close(m);
    Some(Node { id: id?, addresses, tls_certificates, subsystems, maintenance })
}

fn authority(value: Value, path: &str, m: &mut Notes) -> Option<Authority> {
    let mut object = Object::open(value, path.to_owned(), m)?;
    let name = object.required("name", m).unwrap_or_else(placeholder);
    let certificate = object.required("certificate", m);
    let intermediates = object.list("intermediates", m, plain::<Certificate>);
    let crl_url = object.optional("crl_url", m);
    let ocsp_url = object.optional("ocsp_url", m);
    object.close(m);
    Some(Authority { name, certificate: certificate?, intermediates, crl_url, ocsp_url })
}

fn timestamp_authority(value: Value, path: &str, m: &mut Notes) -> Option<TimestampAuthority> {
    let mut object = Object::open(value, path.to_owned(), m)?;
    let name = object.required("name", m).unwrap_or_else(placeholder);
    let url = object.required("url", m);
    let certificate = object.required("certificate", m);
    object.close(m);
    Some(TimestampAuthority { name, url: url?, certificate: certificate? })
}

fn group(value: Value, path: &str, m: &mut Notes) -> Option<Group> {
    let mut object = Object::open(value, path.to_owned(), m)?;
    let id = object.required("id", m);
    let parties = object.list("parties", m, plain);
    object.close(m);
    Some(Group { id: id?, parties })
}

/// Stands for a name whose mistake is noted already; long enough not to be reported a second time.
fn placeholder() -> String {
    "?".to_owned()
}

fn plain<T: DeserializeOwned>(value: Value, path: &str, m: &mut Notes) -> Option<T> {
    serde_json::from_value(value).map_err(|error| m.note(path, error)).ok()
}

/// A JSON object of which one field after the other is taken.
struct Object {
    path: String,
    fields: Map<String, Value>,
}

impl Object {
    fn open(value: Value, path: String, m: &mut Notes) -> Option<Self> {
        if let Value::Object(fields) = value {
            return Some(Self { path, fields });
        }
        m.note(path, "must be an object");
        None
    }

    fn at(&self, field: &str) -> String {
        if self.path.is_empty() { field.to_owned() } else { format!("{}.{field}", self.path) }
    }

    fn required<T: DeserializeOwned>(&mut self, field: &str, m: &mut Notes) -> Option<T> {
        let Some(value) = self.fields.remove(field) else {
            m.note(self.at(field), "is missing");
            return None;
        };
        plain(value, &self.at(field), m)
    }

    fn optional<T: DeserializeOwned>(&mut self, field: &str, m: &mut Notes) -> Option<T> {
        let value = self.fields.remove(field)?;
        plain(value, &self.at(field), m)
    }

    fn list<T>(
        &mut self,
        field: &str,
        m: &mut Notes,
        read: fn(Value, &str, &mut Notes) -> Option<T>,
    ) -> Vec<T> {
        let path = self.at(field);
        match self.fields.remove(field) {
            Some(Value::Array(items)) => {
                let (mut places, mut list) = (Vec::new(), Vec::new());
                for (index, item) in items.into_iter().enumerate() {
                    if let Some(entry) = read(item, &format!("{path}[{index}]"), m) {
                        places.push(index);
                        list.push(entry);
                    }
                }
                m.placed(path, places);
                list
            }
            Some(_) => {
                m.note(path, "must be a list");
                Vec::new()
            }
            None => {
                m.note(path, "is missing");
                Vec::new()
            }
        }
    }

    /// What was not taken is unknown.
    fn close(self, m: &mut Notes) {
        for field in self.fields.keys() {
            m.note(self.at(field), "is not a known field");
        }
    }
}

/// A JSON value in which no object has the same field twice: two readers could take different ones.
struct Tree(Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor).map(Self)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Tree(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some((field, Tree(value))) = entries.next_entry::<String, Tree>()? {
            if fields.contains_key(&field) {
                return Err(A::Error::custom(format_args!("the field {field:?} is given twice")));
            }
            fields.insert(field, value);
        }
        Ok(Value::Object(fields))
    }
}
