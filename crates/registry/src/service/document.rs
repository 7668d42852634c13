//! An OpenAPI document as it is kept: JSON, limited in size and depth.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::Mistake;

/// Largest description, in bytes of JSON without spaces.
pub const DOCUMENT_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Deepest nesting of a description. Written and read again as part of a journal entry it stays below the 128 levels
/// that the JSON parser allows.
pub const DEPTH_MAX: usize = 64;

/// A description as it is kept: compact JSON text, which takes a tenth of the memory of the parsed form.
///
/// In JSON it is the object itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Document(Arc<str>);

impl Document {
    /// The description, parsed.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    /// The description as JSON text without spaces.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Value> for Document {
    fn from(value: Value) -> Self {
        Self(value.to_string().into())
    }
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Document({} bytes)", self.0.len())
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value: Value = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        value.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

/// Reads a description that was handed in as a JSON object or as the text of a file.
pub(super) fn read(given: &Value) -> Result<Value, Mistake> {
    let value = match given {
        Value::String(text) => parse(text)?,
        other => other.clone(),
    };
    // Measured as it is kept, so that spaces in a file do not count.
    let bytes = value.to_string().len();
    if bytes > DOCUMENT_BYTES_MAX { Err(too_large(bytes)) } else { Ok(value) }
}

fn parse(text: &str) -> Result<Value, Mistake> {
    // A file with wide margins may be larger than what is kept of it, but not without end.
    if text.len() > 4 * DOCUMENT_BYTES_MAX {
        return Err(too_large(text.len()));
    }
    serde_json::from_str(text).map_err(|e| {
        let (line, column) = (e.line(), e.column());
        if e.to_string().starts_with("recursion limit") {
            return too_deep();
        }
        let (hint_vi, hint_en) = if text.trim_start().starts_with(['{', '[']) {
            ("", "")
        } else {
            ("; chỉ nhận JSON, hãy chuyển YAML sang JSON", "; only JSON is taken: convert YAML to JSON")
        };
        let vi = format!("không phải JSON (dòng {line}, cột {column}){hint_vi}");
        Mistake::new("openapi", vi, format!("is not JSON (line {line}, column {column}){hint_en}"))
    })
}

fn too_large(bytes: usize) -> Mistake {
    Mistake::new(
        "openapi",
        format!("mô tả có {bytes} byte, tối đa {DOCUMENT_BYTES_MAX}; hãy tách thành nhiều dịch vụ"),
        format!(
            "the description has {bytes} bytes, at most {DOCUMENT_BYTES_MAX}: split it into several services"
        ),
    )
}

fn too_deep() -> Mistake {
    Mistake::new(
        "openapi",
        format!("lồng quá {DEPTH_MAX} mức; hãy đưa các phần vào components"),
        format!("is nested deeper than {DEPTH_MAX} levels: move parts into components"),
    )
}

/// The mistake of a description that is nested too deeply to be walked through.
pub(super) fn depth_mistake(document: &Value) -> Option<Mistake> {
    let mut level: Vec<&Value> = vec![document];
    for _ in 0..DEPTH_MAX {
        level = level.into_iter().flat_map(children).collect();
        if level.is_empty() {
            return None;
        }
    }
    Some(too_deep())
}

fn children(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(members) => Box::new(members.values()),
        _ => Box::new(std::iter::empty()),
    }
}
