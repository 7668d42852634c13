//! Writing a first definition, which people then read and correct.

use crate::check::Checked;
use crate::definition::{Changes, Definition, Entity, FORMAT, Field, Filter, Gives, How, Limits, Service};
use crate::encoding::{Detected, Encoding};
use crate::engine::{Address, Source, Table};
use crate::error::{Mistake, SourceError};
use crate::file::LINE;
use crate::inspect::{Seen, SeenColumn, look};
use crate::key::{self, Standing};
use crate::meaning::{Meaning, folded};
use crate::value::Kind;

/// A guess that is less sure than this is left to people.
const SURE: u8 = 60;
/// Columns of which it is counted whether they tell rows apart.
const COUNTED_MAX: usize = 4;

/// A first definition of a table, and what people should know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Drafted {
    /// The definition.
    pub definition: Definition,
    /// What nobody can see in it.
    pub warnings: Vec<Mistake>,
    /// Columns that cannot be given, with their types.
    pub left_out: Vec<(String, String)>,
}

impl Drafted {
    /// The text of the definition, with a comment about what it lacks.
    pub fn commented(&self, text: &str) -> String {
        let line = |(name, kind): &(String, String)| {
            // What a maker of tables calls a column must not end the comment.
            let of = format!("{name} ({kind})").replace(char::is_control, " ");
            format!("# không chia sẻ được, bỏ lại / left out: {of}\n")
        };
        self.left_out.iter().map(line).collect::<String>() + text
    }
}

/// Looks at a table and drafts a definition of it, with pages by `key` where that is said, by the table's own otherwise.
///
/// # Errors
/// There is no key, or it does not tell rows apart; the database does not answer.
pub async fn write(
    source: &Source,
    table: &Table,
    key: &[String],
    service: (&str, &str),
) -> Result<Drafted, SourceError> {
    let seen = look(source, table).await?;
    let mut wanted = table.clone();
    if !key.is_empty() {
        wanted.key = key.to_vec();
    }
    let persons = table.columns.iter().zip(&seen.columns).filter(|(_, seen)| {
        let meant = seen.guess.filter(|guess| guess.confidence >= SURE);
        meant.is_some_and(|guess| guess.meaning == Meaning::PersonalNumber)
    });
    for (column, _) in persons.take(COUNTED_MAX) {
        if key::of_look_up(source, table, &column.name).await? == Standing::Counted {
            wanted.unique.push(vec![column.name.clone()]);
        }
    }
    let definition = draft(source.address(), &wanted, &seen, service)?;
    let mut checked = Checked::default();
    key::hold(source, table, &definition.entity.key, &mut checked).await?;
    if !checked.mistakes.is_empty() {
        return Err(SourceError::Definition(checked.mistakes));
    }
    let unknown = table.columns.iter().filter(|column| column.kind.is_none());
    let left_out = unknown.map(|column| (column.name.clone(), column.type_name.clone())).collect();
    Ok(Drafted { definition, warnings: checked.warnings, left_out })
}

/// A definition of a table: every column that can be given, a look-up by a personal number that stands in one row only or
/// by the key, filters on what indexes begin with.
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
    let searchable = |field: &Field| field.encoding.is_none_or(Encoding::is_searchable);
    let of_meaning = |wanted: Meaning| fields.iter().find(|field| field.meaning == Some(wanted));
    let tells_apart = |field: &&Field| table.unique.iter().any(|index| *index == [field.column.as_str()]);
    let persons = fields.iter().filter(|field| field.meaning == Some(Meaning::PersonalNumber));
    let person = persons.filter(tells_apart).find(|field| searchable(field));
    let by_key = fields.iter().find(|field| table.key.len() == 1 && field.column == table.key[0]);
    let look_up = person.or(by_key.filter(|field| searchable(field))).map(|field| field.name.clone());
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
                title_en: String::new(),
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
