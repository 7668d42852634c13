//! Writing a first definition, which people then read and correct.

use crate::definition::{Changes, Definition, Entity, FORMAT, Field, Filter, Gives, How, Limits, Service};
use crate::encoding::{Detected, Encoding};
use crate::engine::{Address, Table};
use crate::error::{Mistake, SourceError};
use crate::file::LINE;
use crate::inspect::{Seen, SeenColumn};
use crate::meaning::{Meaning, folded};
use crate::value::Kind;

/// A guess that is less sure than this is left to people.
const SURE: u8 = 60;

/// A definition of a table: every column that can be given, a look-up by the personal number or the key, filters on
/// what indexes begin with.
///
/// # Errors
/// The table has no key.
pub fn draft(
    address: &Address,
    table: &Table,
    seen: &Seen,
    (subsystem, code): (&str, &str),
) -> Result<Definition, SourceError> {
    if table.key.is_empty() {
        let vi = "không có khóa; tạo chỉ mục duy nhất trên các cột không trống, hoặc nêu cột bằng --key";
        let en = "there is no key: make a unique index on columns that are never empty, or name columns with --key";
        return Err(SourceError::Definition(vec![Mistake::new(table.full_name(), vi, en)]));
    }
    if let Some(unknown) = table.key.iter().find(|name| table.column(name).is_none()) {
        let vi = format!("không có cột {unknown}");
        let mistake = Mistake::new("--key", vi, format!("there is no column {unknown}"));
        return Err(SourceError::Definition(vec![mistake]));
    }
    let mut fields = fields(table, seen);
    if address.is_file() && table.key != [LINE] {
        // Lines of a file change when somebody inserts one; they are given where nothing else tells rows apart.
        fields.retain(|field| field.column != LINE);
    }
    let of_meaning = |wanted: Meaning| fields.iter().find(|field| field.meaning == Some(wanted));
    let person = of_meaning(Meaning::PersonalNumber);
    let by_key = fields.iter().find(|field| table.key.len() == 1 && field.column == table.key[0]);
    let searchable = |field: &&Field| field.encoding.is_none_or(Encoding::is_searchable);
    let look_up = person.or(by_key).filter(searchable).map(|field| field.name.clone());
    let changes = of_meaning(Meaning::ChangedAt)
        .filter(|field| matches!(field.kind, Kind::Moment | Kind::LocalMoment | Kind::Date))
        .map(|field| Changes::Column { field: field.name.clone() });
    let mut definition = Definition {
        format: FORMAT.into(),
        url: address.without_password(),
        password_file: None,
        import: address.import(),
        password: None,
        service: Service {
            subsystem: subsystem.into(),
            code: code.into(),
            version: "1.0.0".into(),
            title_vi: format!("Tra cứu {}", table.name),
            title_en: format!("Look up {}", table.name),
            about_person: person.is_some(),
            look_up,
            export: false,
            gives: Gives::Rows,
        },
        entity: Entity {
            table: table.full_name(),
            key: table.key.clone(),
            key_types: table
                .key
                .iter()
                .filter_map(|name| table.column(name))
                .map(|c| c.type_name.clone())
                .collect(),
        },
        limits: Limits::default(),
        changes,
        filters: filters(&fields, &seen.columns),
        fields,
        verified: Vec::new(),
        lists: Vec::new(),
        code_lists: Vec::new(),
        rules: Vec::new(),
        quality: None,
    };
    let mistakes = definition.key_mistakes();
    if !mistakes.is_empty() {
        return Err(SourceError::Definition(mistakes));
    }
    definition.rules = crate::quality::propose::rules(&definition);
    Ok(definition)
}

/// Every column that can be given.
fn fields(table: &Table, seen: &Seen) -> Vec<Field> {
    let mut names = Vec::new();
    table
        .columns
        .iter()
        .zip(&seen.columns)
        .filter_map(|(column, seen)| {
            let kind = column.kind?;
            let name = unused(&camel(&column.name), &mut names);
            let meaning = seen.guess.filter(|guess| guess.confidence >= SURE).map(|guess| guess.meaning);
            Some(Field {
                name,
                column: column.name.clone(),
                kind,
                column_type: column.type_name.clone(),
                meaning,
                personal: meaning.and_then(Meaning::personal),
                encoding: seen.encoding.filter(Detected::is_sure).map(|detected| detected.encoding),
                code_list: None,
                title_vi: title(&column.comment, &column.name, meaning),
                required: !column.nullable,
            })
        })
        .collect()
}

/// Only what an index begins with: anything else would read the whole table.
fn filters(fields: &[Field], seen: &[SeenColumn]) -> Vec<Filter> {
    let indexed = fields.iter().filter(|field| seen.iter().any(|s| s.name == field.column && s.indexed));
    let mut filters = Vec::new();
    for field in indexed {
        let mut add = |parameter: String, how| {
            filters.push(Filter { parameter, field: field.name.clone(), how });
        };
        match field.kind {
            Kind::Date | Kind::Moment | Kind::LocalMoment => {
                add(format!("{}Tu", field.name), How::From);
                add(format!("{}Den", field.name), How::To);
            }
            _ if field.encoding.is_some_and(|encoding| !encoding.is_searchable()) => {}
            _ => add(field.name.clone(), How::Equals),
        }
    }
    filters
}

/// `so_dinh_danh` becomes `soDinhDanh`; tone marks go.
/// A name that programs can use.
pub(crate) fn camel(column: &str) -> String {
    let words = column.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut name = String::new();
    for word in words {
        let plain = folded(word);
        // A name that has its own capitals keeps them.
        let inner = word.chars().skip(1).any(char::is_uppercase) && word.chars().any(char::is_lowercase);
        let plain = if inner && plain.len() == word.len() { word.to_owned() } else { plain };
        // Letters of other scripts are none of a name that every program can use.
        let mut letters = plain.chars().filter(char::is_ascii_alphanumeric);
        let Some(first) = letters.next() else { continue };
        let first = if name.is_empty() { first.to_ascii_lowercase() } else { first.to_ascii_uppercase() };
        name.push(first);
        name.extend(letters);
    }
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("cot{name}") }
}

/// The name, or with a number where it is taken.
pub(crate) fn unused(name: &str, names: &mut Vec<String>) -> String {
    let mut unused = name.to_owned();
    for number in 2.. {
        if !names.contains(&unused) {
            break;
        }
        unused = format!("{name}{number}");
    }
    names.push(unused.clone());
    unused
}

fn title(comment: &str, column: &str, meaning: Option<Meaning>) -> String {
    let comment = comment.trim();
    if !comment.is_empty() {
        return comment.chars().take(200).collect();
    }
    let text = meaning.map_or_else(|| column.replace('_', " "), |meaning| meaning.title().0.to_owned());
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_get_names_that_programs_can_use() {
        for (column, name) in [
            ("so_dinh_danh", "soDinhDanh"),
            ("SO_DINH_DANH", "soDinhDanh"),
            ("HoTen", "hoTen"),
            ("Ngày sinh", "ngaySinh"),
            ("2026", "cot2026"),
            ("Địa chỉ (thường trú)", "diaChiThuongTru"),
            ("漢字 x", "x"),
        ] {
            assert_eq!(camel(column), name, "{column}");
        }
    }
}
