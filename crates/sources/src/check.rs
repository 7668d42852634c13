//! Holding a definition against the database that it is about.

use std::collections::BTreeMap;

use crate::changes::table::{Mark, Reading};
use crate::definition::{Changes, Definition, Field};
use crate::engine::{Source, Table};
use crate::error::{Mistake, SourceError};
use crate::key;
use crate::query::{Page, Query};
use crate::shape::{Shape, Unfit, wanted};

/// Rows that are read to see whether values fit their fields.
const ROWS: u32 = 200;

/// What the check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Nothing can be published with these.
    pub mistakes: Vec<Mistake>,
    /// It works, but people should know.
    pub warnings: Vec<Mistake>,
    /// Rows that were read as they would be given.
    pub rows: usize,
    /// About how many rows there are, where that is known.
    pub of: Option<u64>,
}

/// Compares table, columns, types and key, then reads some rows as a consumer would get them.
///
/// # Errors
/// The database does not answer.
pub async fn check(definition: &Definition, source: &Source) -> Result<Checked, SourceError> {
    let tables = source.tables().await?;
    let mut checked = Checked::default();
    if let Some(state) = source.file() {
        checked.warnings.extend(state.report.remarks());
        let alarm = state.alarm.map(|(vi, en)| Mistake::new("url", vi, en));
        checked.mistakes.extend(alarm);
    }
    if let Some(table) = find(&tables, ("entity.table", &definition.entity.table), &mut checked) {
        compare(definition, table, &mut checked);
        checked.of = table.rows;
    }
    for list in &definition.lists {
        let place = format!("list {}", list.name);
        if let Some(table) = find(&tables, (&format!("{place}: table"), &list.table), &mut checked) {
            compare_fields(&format!("{place}: "), &list.fields, table, &mut checked);
            let wanted = list.by.iter().map(|link| &link.column).chain(&list.order);
            missing_columns((&place, table), wanted, &mut checked);
            if !table.is_view && !list.by.iter().any(|link| table.indexed.contains(&link.column)) {
                let en = "no index begins with a column of by: each look-up reads the whole table";
                checked.warnings.push(Mistake::new(
                    place,
                    "không có chỉ mục cho cột của by: mỗi lượt hỏi đọc cả bảng",
                    en,
                ));
            }
        }
        if let Some(table) = tables.iter().find(|table| table.full_name() == definition.entity.table) {
            let of = list.by.iter().map(|link| &link.of);
            missing_columns((&format!("list {}: by", list.name), table), of, &mut checked);
        }
    }
    if checked.mistakes.is_empty()
        && let Some(table) = tables.iter().find(|table| table.full_name() == definition.entity.table)
    {
        key::hold(source, table, &definition.entity.key, &mut checked).await?;
        let look_up = definition.service.look_up.as_deref().and_then(|name| definition.field(name));
        if let Some(field) = look_up {
            key::hold_look_up(source, table, (&field.name, &field.column), &mut checked).await?;
        }
    }
    if checked.mistakes.is_empty() {
        follow(definition, source, &mut checked).await?;
    }
    if checked.mistakes.is_empty() {
        read(definition, source, &mut checked).await?;
    }
    Ok(checked)
}

/// The table of this name; names that are alike are told when there is none.
fn find<'a>(tables: &'a [Table], (place, name): (&str, &str), checked: &mut Checked) -> Option<&'a Table> {
    let found = tables.iter().find(|table| table.full_name() == name);
    if found.is_none() {
        let near: Vec<_> =
            tables.iter().map(Table::full_name).filter(|known| is_near(known, name)).take(5).collect();
        let near = if near.is_empty() { "—".to_owned() } else { near.join(", ") };
        let vi = format!("không có bảng {name}, hoặc tài khoản không đọc được; gần giống: {near}");
        let en = format!("there is no table {name}, or the account may not read it; alike are: {near}");
        checked.mistakes.push(Mistake::new(place, vi, en));
    }
    found
}

fn missing_columns<'a>(
    (place, table): (&str, &Table),
    wanted: impl Iterator<Item = &'a String>,
    checked: &mut Checked,
) {
    for column in wanted.filter(|column| table.column(column).is_none()) {
        let vi = format!("không có cột {column}");
        checked.mistakes.push(Mistake::new(place, vi, format!("there is no column {column}")));
    }
}

fn is_near(known: &str, wanted: &str) -> bool {
    let last = |name: &str| crate::meaning::folded(name.rsplit('.').next().unwrap_or_default());
    last(known).contains(&last(wanted)) || last(wanted).contains(&last(known))
}

fn compare_fields(within: &str, fields: &[Field], table: &Table, checked: &mut Checked) {
    for field in fields {
        let place = format!("{within}field {}", field.name);
        match table.column(&field.column) {
            None => {
                let vi = format!("không còn cột {}", field.column);
                checked.mistakes.push(Mistake::new(
                    place,
                    vi,
                    format!("there is no column {}", field.column),
                ));
            }
            Some(column) if column.type_name != field.column_type => {
                let (was, is) = (&field.column_type, &column.type_name);
                let vi = format!("kiểu cột đã đổi từ {was} thành {is}; sửa column_type");
                let en = format!("the column's type was {was} and is {is}: correct column_type");
                checked.mistakes.push(Mistake::new(place, vi, en));
            }
            // No column of a view says whether it may be empty.
            Some(column) if field.required && column.nullable && !table.is_view => {
                let vi = "ghi required nhưng cột có thể trống";
                checked.warnings.push(Mistake::new(place, vi, "is required, but the column may be empty"));
            }
            Some(_) => {}
        }
    }
}

fn compare(definition: &Definition, table: &Table, checked: &mut Checked) {
    compare_fields("", &definition.fields, table, checked);
    missing_columns(("entity.key", table), definition.entity.key.iter(), checked);
    for (column, was) in definition.entity.key.iter().zip(&definition.entity.key_types) {
        if let Some(is) = table.column(column).map(|column| &column.type_name).filter(|is| *is != was) {
            let vi = format!("kiểu cột {column} đã đổi từ {was} thành {is}");
            let en = format!("the type of the column {column} was {was} and is {is}");
            checked.mistakes.push(Mistake::new("entity.key_types", vi, en));
        }
    }
    let asked_by = definition.filters.iter().map(|filter| &filter.field).chain(&definition.service.look_up);
    for field in asked_by.filter_map(|name| definition.field(name)) {
        if !table.is_view && !table.indexed.contains(&field.column) {
            let vi = format!("cột {} không có chỉ mục: mỗi lượt hỏi đọc cả bảng", field.column);
            let en = format!("no index begins with {}: each question reads the whole table", field.column);
            checked.warnings.push(Mistake::new(format!("field {}", field.name), vi, en));
        }
    }
}

/// Asks the table of changes once, where there is one.
async fn follow(definition: &Definition, source: &Source, checked: &mut Checked) -> Result<(), SourceError> {
    let Some(Changes::Table(table)) = &definition.changes else { return Ok(()) };
    let asked = Reading::new(definition, table, source.engine()).statement(Mark::default(), 1);
    match source.all(asked.sql, asked.parameters).await {
        Ok(_) => Ok(()),
        Err(error @ (SourceError::Changed { .. } | SourceError::NoRight { .. })) => {
            let (vi, en) = error.told();
            let vi =
                format!("{vi}; bảng thay đổi: chủ CSDL chạy `lienthong source triggers` và GRANT SELECT");
            let en = format!(
                "{en}; the table of changes: the database's owner runs `lienthong source triggers`, and grants SELECT"
            );
            checked.mistakes.push(Mistake::new("changes", vi, en));
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Rows that are named of those whose field is wrong.
const NAMED: usize = 3;

/// Reads rows; fields that are not what they should be are named with the keys of a few rows, never with a value.
async fn read(definition: &Definition, source: &Source, checked: &mut Checked) -> Result<(), SourceError> {
    let query = Query::new(definition, source.engine());
    let statement = query.page(&Page { limit: ROWS, ..Page::default() })?;
    let shape = Shape::new(&definition.fields, &definition.code_lists);
    let mut scratch = Vec::new();
    let mut wrong: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for row in source.all(statement.sql, statement.parameters).await? {
        scratch.clear();
        match shape.write(&row, &mut scratch) {
            Ok(()) => checked.rows += 1,
            Err(Unfit(at)) => wrong.entry(at).or_default().push(query.key_of(&row).join(",")),
        }
    }
    for (at, keys) in wrong {
        let (field, rows) = (&definition.fields[at], keys.len());
        let wanted = wanted(field.kind, field.encoding);
        let named = keys.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
        let vi = format!("{rows} dòng có giá trị không phải {wanted}: dòng {named}");
        let en = format!("the value is not {wanted} in {rows} rows: row {named}");
        checked.mistakes.push(Mistake::new(format!("field {}", field.name), vi, en));
    }
    Ok(())
}
