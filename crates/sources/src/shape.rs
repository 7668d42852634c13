//! The form of an answer: which objects the fields stand in, made once, and rows written into it as JSON text.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::definition::{CodeList, Field};
use crate::encoding::Encoding;
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
    encoding: Option<Encoding>,
    codes: Option<Codes>,
    required: bool,
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
            Leaf {
                name: field.name.clone(),
                kind: field.kind,
                encoding: field.encoding,
                codes: list.map(Codes::new),
                required: field.required,
            }
        };
        let places: Vec<(usize, Vec<&str>)> =
            fields.iter().map(|field| field.name.split('.').collect()).enumerate().collect();
        Self { leaves: fields.iter().map(leaf).collect(), nodes: nodes(&places) }
    }

    /// Writes a row as a JSON object. Values of the row beyond the fields are left out.
    ///
    /// # Errors
    /// A value is not what its field says: better no answer than a wrong one. What was written is then of no use.
    pub fn write<T: AsRef<str>>(&self, row: &[Option<T>], out: &mut Vec<u8>) -> Result<(), Unfit> {
        self.object(&self.nodes, row, out)
    }

    /// The error for a field without a right value.
    pub fn unfit(&self, Unfit(at): Unfit, key: &[String]) -> SourceError {
        let leaf = &self.leaves[at];
        SourceError::Value {
            field: leaf.name.clone(),
            key: key.join(","),
            wanted: wanted(leaf.kind, leaf.encoding),
        }
    }

    /// Whether a field of a row is given in another form than this. Databases find more than the very value: some pay no
    /// heed to case or to blanks at the end, others read `007` as 7.
    pub fn is_other<T: AsRef<str>>(&self, at: usize, row: &[Option<T>], wanted: &str) -> bool {
        let leaf = &self.leaves[at];
        let Some(stored) = row[at].as_ref().map(AsRef::as_ref) else { return true };
        let converted = leaf.encoding.map_or(Some(stored.into()), |of| of.convert(stored).map(Cow::Owned));
        let told = converted.as_deref().map(|text| match leaf.codes {
            Some(_) => Kind::Text.told(text.trim()),
            None => leaf.kind.told(text),
        });
        // What is no value of its field is an error, which is told where the row is written.
        told.flatten().is_some_and(|told| told != wanted)
    }

    fn object<T: AsRef<str>>(
        &self,
        nodes: &[Node],
        row: &[Option<T>],
        out: &mut Vec<u8>,
    ) -> Result<(), Unfit> {
        out.push(b'{');
        for (place, node) in nodes.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            out.extend_from_slice(node.name.as_bytes());
            match &node.content {
                Content::Leaf(at) => self.leaf(*at, row, out)?,
                Content::Object(_, leaves) if leaves.iter().all(|at| row[*at].is_none()) => {
                    if let Some(at) = leaves.iter().find(|at| self.leaves[**at].required) {
                        return Err(Unfit(*at));
                    }
                    out.extend_from_slice(b"null");
                }
                Content::Object(nodes, _) => self.object(nodes, row, out)?,
            }
        }
        out.push(b'}');
        Ok(())
    }

    fn leaf<T: AsRef<str>>(&self, at: usize, row: &[Option<T>], out: &mut Vec<u8>) -> Result<(), Unfit> {
        let leaf = &self.leaves[at];
        let Some(text) = row[at].as_ref().map(AsRef::as_ref) else {
            if leaf.required {
                return Err(Unfit(at));
            }
            out.extend_from_slice(b"null");
            return Ok(());
        };
        let converted = leaf.encoding.map(|encoding| encoding.convert(text));
        let text = match &converted {
            None => text,
            Some(Some(unicode)) => unicode,
            Some(None) => return Err(Unfit(at)),
        };
        let fits = match &leaf.codes {
            Some(codes) => codes.write(text, out),
            None => leaf.kind.write(text, out),
        };
        if fits { Ok(()) } else { Err(Unfit(at)) }
    }
}

/// What a value should be, in messages.
pub(crate) fn wanted(kind: Kind, encoding: Option<Encoding>) -> &'static str {
    encoding.map_or(kind.name(), Encoding::name)
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
            encoding: None,
            code_list: code_list.map(str::to_owned),
            title_vi: String::new(),
            title_en: String::new(),
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
        let mut out = Vec::new();
        assert!(Shape::new(&fields, &[list]).write(row, &mut out).is_ok());
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
