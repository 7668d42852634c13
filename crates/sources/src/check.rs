//! Holding a definition against the database that it is about.

use crate::definition::Definition;
use crate::engine::{Source, Table};
use crate::error::{Mistake, SourceError};
use crate::query::{Page, Query};

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
}

/// Compares table, columns, types and key, then reads some rows as a consumer would get them.
///
/// # Errors
/// The database does not answer.
pub async fn check(definition: &Definition, source: &Source) -> Result<Checked, SourceError> {
    let tables = source.tables().await?;
    let mut checked = Checked::default();
    let Some(table) = tables.iter().find(|table| table.full_name() == definition.entity.table) else {
        let name = &definition.entity.table;
        let near: Vec<_> =
            tables.iter().map(Table::full_name).filter(|known| is_near(known, name)).take(5).collect();
        let near = if near.is_empty() { "—".to_owned() } else { near.join(", ") };
        let vi = format!("không có bảng {name}, hoặc tài khoản không đọc được; gần giống: {near}");
        let en = format!("there is no table {name}, or the account may not read it; alike are: {near}");
        checked.mistakes.push(Mistake::new("entity.table", vi, en));
        return Ok(checked);
    };
    compare(definition, table, &mut checked);
    if checked.mistakes.is_empty() {
        read(definition, source, &mut checked).await?;
    }
    Ok(checked)
}

fn is_near(known: &str, wanted: &str) -> bool {
    let last = |name: &str| crate::meaning::folded(name.rsplit('.').next().unwrap_or_default());
    last(known).contains(&last(wanted)) || last(wanted).contains(&last(known))
}

fn compare(definition: &Definition, table: &Table, checked: &mut Checked) {
    for field in &definition.fields {
        let place = format!("field {}", field.name);
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
            Some(column) if field.required && column.nullable => {
                let vi = "ghi required nhưng cột có thể trống";
                checked.warnings.push(Mistake::new(place, vi, "is required, but the column may be empty"));
            }
            Some(_) => {}
        }
    }
    for column in definition.entity.key.iter().filter(|column| table.column(column).is_none()) {
        let vi = format!("không có cột {column}");
        checked.mistakes.push(Mistake::new("entity.key", vi, format!("there is no column {column}")));
    }
    for (column, was) in definition.entity.key.iter().zip(&definition.entity.key_types) {
        if let Some(is) = table.column(column).map(|column| &column.type_name).filter(|is| *is != was) {
            let vi = format!("kiểu cột {column} đã đổi từ {was} thành {is}");
            let en = format!("the type of the column {column} was {was} and is {is}");
            checked.mistakes.push(Mistake::new("entity.key_types", vi, en));
        }
    }
    if !table.is_view && table.key != definition.entity.key {
        let vi = format!("khóa của bảng là {}", table.key.join(", "));
        let en = format!("the table's key is {}", table.key.join(", "));
        checked.warnings.push(Mistake::new("entity.key", vi, en));
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

/// Reads rows; what is not what it should be is named with the row's key, not with its value.
async fn read(definition: &Definition, source: &Source, checked: &mut Checked) -> Result<(), SourceError> {
    let query = Query::new(definition, source.engine());
    let statement = query.page(&Page { limit: ROWS, ..Page::default() })?;
    for row in source.all(statement.sql, statement.parameters).await? {
        match query.item(&row) {
            Ok(_) => checked.rows += 1,
            Err(SourceError::Value { field, key, wanted }) => {
                let vi = format!("dòng {key}: giá trị không phải {wanted}");
                let en = format!("row {key}: the value is not {wanted}");
                checked.mistakes.push(Mistake::new(format!("field {field}"), vi, en));
            }
            Err(error) => return Err(error),
        }
        if checked.mistakes.len() >= 20 {
            break;
        }
    }
    Ok(())
}
