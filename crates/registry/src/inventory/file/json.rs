//! JSON: an array of entries as they stand in the registry, with `version` beside their own fields.

use std::fmt;

use serde::de::{DeserializeSeed, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::columns::{COLUMNS, VERSION, objects_text};
use super::super::holding::{HeldObject, Holding};
use super::Row;
use super::intake::{Intake, RowPlace, Target, target, too_long, unknown_heading};
use crate::error::{Mistake, RegistryError};

/// Longest entry, in bytes: all its cells filled to the limit would be more than anybody writes.
const ENTRY_BYTES_MAX: usize = 1024 * 1024;

pub(super) fn write(rows: &[Row]) -> Result<Vec<u8>, RegistryError> {
    #[derive(Serialize)]
    struct Out<'a> {
        #[serde(flatten)]
        holding: &'a Holding,
        #[serde(skip_serializing_if = "Option::is_none")]
        version: Option<i64>,
    }
    let rows: Vec<_> = rows.iter().map(|row| Out { holding: &row.holding, version: row.version }).collect();
    serde_json::to_vec_pretty(&rows).map_err(|failure| {
        RegistryError::invalid(
            "file",
            format!("Không ghi được tệp: {failure}"),
            format!("Cannot write: {failure}"),
        )
    })
}

pub(super) fn read(bytes: &[u8], intake: &mut Intake) -> Result<(), RegistryError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut refused = None;
    let entries = Entries { bytes, intake, refused: &mut refused };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let outcome = entries.deserialize(&mut reader).and_then(|()| reader.end());
    match (refused, outcome) {
        (Some(refused), _) => Err(refused),
        (None, Ok(())) => Ok(()),
        (None, Err(failure)) => Err(RegistryError::Import(vec![Mistake::new(
            format!("line {}, column {}", failure.line(), failure.column()),
            "Không phải JSON đúng, hoặc không phải một mảng [ … ]. Sửa tại vị trí này.",
            "It is not proper JSON, or not an array [ … ]. Correct it at this place.",
        )])),
    }
}

/// Takes the array's entries one by one, so that memory grows with the entries and not with what JSON can be made into.
struct Entries<'a> {
    bytes: &'a [u8],
    intake: &'a mut Intake,
    /// Why reading stopped, where that is not JSON's fault.
    refused: &'a mut Option<RegistryError>,
}

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let mut place = RowPlace { row: 0, line: 1 };
        let mut counted = 0;
        while let Some(entry) = sequence.next_element::<&'de RawValue>()? {
            let text = entry.get();
            // The entry lies inside the file, so the difference is its offset.
            let offset = (text.as_ptr() as usize).saturating_sub(self.bytes.as_ptr() as usize);
            let between = self.bytes.get(counted..offset).unwrap_or_default();
            place.line += between.iter().map(|b| u64::from(*b == b'\n')).sum::<u64>();
            place.row += 1;
            counted = offset;
            if let Err(refused) = take(self.intake, place, text) {
                *self.refused = Some(refused);
                return Err(serde::de::Error::custom("refused"));
            }
        }
        Ok(())
    }
}

fn take(intake: &mut Intake, place: RowPlace, text: &str) -> Result<(), RegistryError> {
    let value = if text.len() > ENTRY_BYTES_MAX { None } else { serde_json::from_str(text).ok() };
    let fields = match value {
        Some(Value::Object(fields)) if !fields.is_empty() => fields,
        _ => {
            intake.mistake(
                place,
                Mistake::new(
                    "entry",
                    format!("Mục này trống, không phải là {{ … }} hoặc lớn hơn {ENTRY_BYTES_MAX} byte. Ghi lại mục này."),
                    format!("It is empty, not {{ … }}, or larger than {ENTRY_BYTES_MAX} bytes. Write it anew."),
                ),
            );
            return Ok(());
        }
    };
    let mut cells = Vec::new();
    for (name, value) in fields {
        flatten(name, value, &mut cells);
    }
    let known = cells.into_iter().map(|(path, cell)| match target(&path) {
        Some(target @ (Target::Column(_) | Target::Version)) => (target, cell.ok_or_else(|| unfit(target))),
        _ => (Target::Nothing, Err(unknown_heading(&path))),
    });
    intake.row(place, known)
}

fn unfit(target: Target) -> Mistake {
    match target {
        Target::Column(index) => {
            let (vi, en) = COLUMNS[index].about;
            Mistake::new(
                COLUMNS[index].code,
                format!("Giá trị không đúng kiểu. {vi}"),
                format!("The value is of another type. {en}"),
            )
        }
        _ => too_long(VERSION.0),
    }
}

/// The values below a path, as the text that a table's cell would hold; `None` where no cell could.
fn flatten(path: String, value: Value, cells: &mut Vec<(String, Option<String>)>) {
    match value {
        Value::Null => {}
        Value::Bool(value) => cells.push((path, Some(value.to_string()))),
        Value::Number(value) => cells.push((path, Some(value.to_string()))),
        Value::String(value) => cells.push((path, Some(value))),
        Value::Array(values) if path == "objects" => {
            let objects: Result<Vec<_>, _> = values.into_iter().map(HeldObject::deserialize).collect();
            let clean = |held: &HeldObject| {
                !held.object.contains(['|', '\n'])
                    && !held.title.contains(['|', '\n'])
                    && !held.fields.iter().any(|field| field.contains([',', ';', '|', '\n']))
            };
            let objects = objects.ok().filter(|objects| objects.iter().all(clean));
            cells.push((path, objects.map(|objects| objects_text(&objects))));
        }
        Value::Array(values) => {
            let item = |value: Value| match value {
                Value::String(text) if !text.contains([';', '\n']) => Some(text),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            };
            let items: Option<Vec<_>> = values.into_iter().map(item).collect();
            cells.push((path, items.map(|items| items.join("; "))));
        }
        Value::Object(values) => {
            for (name, value) in values {
                flatten(format!("{path}.{name}"), value, cells);
            }
        }
    }
}
