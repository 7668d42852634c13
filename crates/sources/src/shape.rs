//! The form of an answer: which objects the fields stand in, made once, and rows written into it as JSON text.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::definition::{CodeList, Field};
use crate::error::SourceError;
use crate::value::Kind;

/// The form of the rows of one list of fields.
pub struct Shape {
    leaves: Vec<Leaf>,
    nodes: Vec<Node>,
}

/// A field.
struct Leaf {
    name: String,
    kind: Kind,
    codes: Option<Codes>,
}

/// The values of a list of codes, as JSON text.
struct Codes {
    known: BTreeMap<String, String>,
    /// What follows the code of a value that the list has no name for.
    unnamed: String,
}

/// A place in the answer: its name as `"name":`, and what stands there.
struct Node {
    name: String,
    content: Content,
}

enum Content {
    /// The field of this number.
    Leaf(usize),
    /// An object; with the fields that stand in it, at any depth.
    Object(Vec<Node>, Vec<usize>),
}

/// Field of which a row has no right value.
pub struct Unfit(pub usize);

impl Shape {
    /// The form of fields.
    pub fn new(fields: &[Field], code_lists: &[CodeList]) -> Self {
        let leaf = |field: &Field| {
            let list = code_lists.iter().find(|list| Some(&list.id) == field.code_list.as_ref());
            Leaf { name: field.name.clone(), kind: field.kind, codes: list.map(Codes::new) }
        };
        let places: Vec<(usize, Vec<&str>)> =
            fields.iter().map(|field| field.name.split('.').collect()).enumerate().collect();
        Self { leaves: fields.iter().map(leaf).collect(), nodes: nodes(&places) }
    }

    /// Writes a row as a JSON object. Values of the row beyond the fields are left out.
    ///
    /// # Errors
    /// A value is not what its field says: better no answer than a wrong one. What was written is then of no use.
    pub fn write(&self, row: &[Option<String>], out: &mut Vec<u8>) -> Result<(), Unfit> {
        self.object(&self.nodes, row, out)
    }

    /// The error for a field without a right value.
    pub fn unfit(&self, Unfit(at): Unfit, key: &[String]) -> SourceError {
        let leaf = &self.leaves[at];
        SourceError::Value { field: leaf.name.clone(), key: key.join(","), wanted: leaf.kind.name() }
    }

    fn object(&self, nodes: &[Node], row: &[Option<String>], out: &mut Vec<u8>) -> Result<(), Unfit> {
        out.push(b'{');
        for (place, node) in nodes.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            out.extend_from_slice(node.name.as_bytes());
            match &node.content {
                Content::Leaf(at) => self.leaf(*at, row, out)?,
                Content::Object(_, leaves) if leaves.iter().all(|at| row[*at].is_none()) => {
                    out.extend_from_slice(b"null");
                }
                Content::Object(nodes, _) => self.object(nodes, row, out)?,
            }
        }
        out.push(b'}');
        Ok(())
    }

    fn leaf(&self, at: usize, row: &[Option<String>], out: &mut Vec<u8>) -> Result<(), Unfit> {
        let leaf = &self.leaves[at];
        let Some(text) = row[at].as_deref() else {
            out.extend_from_slice(b"null");
            return Ok(());
        };
        let fits = match &leaf.codes {
            Some(codes) => codes.write(text, out),
            None => leaf.kind.write(text, out),
        };
        if fits { Ok(()) } else { Err(Unfit(at)) }
    }
}

impl Codes {
    fn new(list: &CodeList) -> Self {
        let rest = |name: Option<&str>| {
            let of = json!({ "danhMuc": list.catalogue, "phienBan": list.version }).to_string();
            format!(",\"ten\":{},{}", name.map_or(Value::Null, Value::from), &of[1..])
        };
        let known = list.values.iter().map(|(code, name)| (code.clone(), rest(Some(name)))).collect();
        Self { known, unnamed: rest(None) }
    }

    /// A code with its name, its catalogue and the catalogue's version.
    fn write(&self, text: &str, out: &mut Vec<u8>) -> bool {
        let code = text.trim();
        out.extend_from_slice(b"{\"ma\":");
        let fits = Kind::Text.write(code, out);
        out.extend_from_slice(self.known.get(code).unwrap_or(&self.unnamed).as_bytes());
        fits
    }
}

/// Fields that begin with the same segment stand in one object, where the first of them stands.
fn nodes(places: &[(usize, Vec<&str>)]) -> Vec<Node> {
    let mut order: Vec<&str> = Vec::new();
    for (_, path) in places {
        if !order.contains(&path[0]) {
            order.push(path[0]);
        }
    }
    let node = |name: &str| {
        let within: Vec<_> = places.iter().filter(|(_, path)| path[0] == name).collect();
        let content = match within.as_slice() {
            [(at, path)] if path.len() == 1 => Content::Leaf(*at),
            _ => {
                let deeper: Vec<_> = within
                    .iter()
                    .filter(|(_, path)| path.len() > 1)
                    .map(|(at, path)| (*at, path[1..].to_vec()))
                    .collect();
                Content::Object(nodes(&deeper), within.iter().map(|(at, _)| *at).collect())
            }
        };
        Node { name: format!("{}:", Value::from(name)), content }
    };
    order.into_iter().map(node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, code_list: Option<&str>) -> Field {
        Field {
            name: name.into(),
            column: name.into(),
            kind: Kind::Text,
            column_type: "text".into(),
            meaning: None,
            personal: None,
            code_list: code_list.map(str::to_owned),
            title_vi: String::new(),
            required: false,
        }
    }

    #[track_caller]
    fn check(row: &[Option<&str>], expected: &Value) {
        let fields = [
            field("ten", None),
            field("o.xa.ma", None),
            field("phai", Some("gt")),
            field("o.tinh", None),
            field("o.xa.ten", None),
        ];
        let values = [("1", "Nam"), ("2", "Nữ")].map(|(code, name)| (code.into(), name.into()));
        let list = CodeList {
            id: "gt".into(),
            catalogue: "DM-GT".into(),
            version: "2".into(),
            values: values.into(),
        };
        let row: Vec<_> = row.iter().map(|text| text.map(str::to_owned)).collect();
        let mut out = Vec::new();
        assert!(Shape::new(&fields, &[list]).write(&row, &mut out).is_ok());
        assert_eq!(&serde_json::from_slice::<Value>(&out).unwrap(), expected);
    }

    #[test]
    fn dots_make_objects_and_codes_come_with_their_catalogue() {
        check(
            &[Some("A \"b\"\n"), Some("01"), Some("2"), Some("T"), None],
            &json!({
                "ten": "A \"b\"\n", "o": { "xa": { "ma": "01", "ten": null }, "tinh": "T" },
                "phai": { "ma": "2", "ten": "Nữ", "danhMuc": "DM-GT", "phienBan": "2" },
            }),
        );
        let unknown = json!({ "ma": "9", "ten": null, "danhMuc": "DM-GT", "phienBan": "2" });
        check(
            &[None, None, Some("9"), Some("T"), None],
            &json!({ "ten": null, "o": { "xa": null, "tinh": "T" }, "phai": unknown }),
        );
        check(&[None; 5], &json!({ "ten": null, "o": null, "phai": null }));
    }
}
