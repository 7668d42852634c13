//! Whether columns tell rows apart: proven by an index, or else counted.
//!
//! Pages go on behind the last key. Of rows with the same key only some are behind it, and a row with an empty value in its
//! key is behind nothing: such rows would be missing from pages and exports without a word.

use crate::check::Checked;
use crate::engine::{Engine, Source, Table};
use crate::error::{Mistake, SourceError};

/// What is known of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The database refuses doubles.
    Proven,
    /// It would not, but there are none now.
    Counted,
    /// They were not counted to the end.
    Unknown {
        /// The time that the count had, in milliseconds.
        limit_ms: u64,
    },
    /// Some rows are not told apart.
    Broken {
        /// Values that stand in more than one row.
        doubles: u64,
        /// Rows with an empty value.
        empty: u64,
    },
}

/// How columns stand as a key, all of them filled.
///
/// # Errors
/// The database does not answer.
pub async fn of_key(source: &Source, table: &Table, key: &[String]) -> Result<Standing, SourceError> {
    let filled = key.iter().all(|name| table.column(name).is_some_and(|column| !column.nullable));
    let proven = filled && is_unique(table, key);
    // SQLite alone lets a primary key be empty.
    if proven && source.engine() != Engine::Sqlite {
        return Ok(Standing::Proven);
    }
    let counted = counted(source, table, key, true).await?;
    let is_broken = matches!(counted, Standing::Broken { .. });
    Ok(if proven && !is_broken { Standing::Proven } else { counted })
}

/// How a column stands by which one row is looked up; some rows may be without a value.
///
/// # Errors
/// The database does not answer.
pub async fn of_look_up(source: &Source, table: &Table, column: &str) -> Result<Standing, SourceError> {
    let columns = [column.to_owned()];
    if is_unique(table, &columns) {
        return Ok(Standing::Proven);
    }
    counted(source, table, &columns, false).await
}

/// Whether an index keeps values of these columns from standing twice.
fn is_unique(table: &Table, columns: &[String]) -> bool {
    table.unique.iter().any(|index| index.iter().all(|name| columns.contains(name)))
}

/// Counts values that stand in more than one row, and rows with an empty one.
async fn counted(
    source: &Source,
    table: &Table,
    columns: &[String],
    with_empty: bool,
) -> Result<Standing, SourceError> {
    let engine = source.engine();
    let names: Vec<_> = columns.iter().map(|name| engine.column(name)).collect();
    let all = |sign: &str, between: &str| {
        names.iter().map(|name| format!("{name} {sign}")).collect::<Vec<_>>().join(between)
    };
    let (count, from) = (engine.count(), engine.table(&table.full_name()));
    let doubles = format!(
        "SELECT {count} FROM (SELECT count(*) AS n FROM {from} WHERE {} GROUP BY {} HAVING count(*) > 1) AS d",
        all("IS NOT NULL", " AND "),
        names.join(", ")
    );
    let empty = format!("SELECT {count} FROM {from} WHERE {}", all("IS NULL", " OR "));
    let mut found = [0, 0];
    let statements = [Some(doubles), with_empty.then_some(empty)];
    for (number, sql) in found.iter_mut().zip(statements.into_iter().flatten()) {
        match source.all(sql, Vec::new()).await {
            Ok(rows) => {
                *number = rows.first().and_then(|row| row.first()?.as_ref()?.parse().ok()).unwrap_or(0);
            }
            Err(SourceError::TimedOut { limit_ms }) => return Ok(Standing::Unknown { limit_ms }),
            Err(error) => return Err(error),
        }
    }
    let [doubles, empty] = found;
    Ok(if (doubles, empty) == (0, 0) { Standing::Counted } else { Standing::Broken { doubles, empty } })
}

/// Notes what is to be known of a key: rows that it does not tell apart are a mistake.
///
/// # Errors
/// The database does not answer.
pub async fn hold(
    source: &Source,
    table: &Table,
    key: &[String],
    checked: &mut Checked,
) -> Result<(), SourceError> {
    let standing = of_key(source, table, key).await?;
    if let Standing::Broken { doubles, empty } = standing {
        let vi = format!(
            "khóa {}: {doubles} giá trị có ở nhiều dòng, {empty} dòng để trống; đi trang và xuất sẽ bỏ sót các dòng ấy; chọn cột khác, hoặc thêm cột vào khóa",
            key.join(", ")
        );
        let en = format!(
            "the key {}: {doubles} values stand in more than one row, {empty} rows have an empty one; pages and exports would leave such rows out: choose other columns, or add one to the key",
            key.join(", ")
        );
        checked.mistakes.push(Mistake::new("entity.key", vi, en));
        return Ok(());
    }
    let said = match standing {
        Standing::Counted => Some((
            "CSDL không bảo đảm khóa này; vừa đếm: không trùng, không trống; dòng trùng về sau sẽ bị bỏ sót khi đi trang".to_owned(),
            "the database does not guarantee this key; counted just now: no doubles, none empty; a later double would be missing from pages".to_owned(),
        )),
        Standing::Unknown { limit_ms } => Some((
            format!("CSDL không bảo đảm khóa này, và chưa đếm xong trong {limit_ms} ms; dòng trùng hoặc trống sẽ bị bỏ sót khi đi trang"),
            format!("the database does not guarantee this key, and it was not counted within {limit_ms} ms; rows with doubles or empty values would be missing from pages"),
        )),
        Standing::Proven | Standing::Broken { .. } => None,
    };
    let other = (!table.is_view && !table.key.is_empty() && table.key != key).then(|| {
        let known = table.key.join(", ");
        (format!("khóa của bảng là {known}"), format!("the table's key is {known}"))
    });
    let said = other.into_iter().chain(said);
    checked.warnings.extend(said.map(|(vi, en)| Mistake::new("entity.key", vi, en)));
    Ok(())
}

/// Notes what is to be known of the column by which one row is looked up.
///
/// # Errors
/// The database does not answer.
pub async fn hold_look_up(
    source: &Source,
    table: &Table,
    (field, column): (&str, &str),
    checked: &mut Checked,
) -> Result<(), SourceError> {
    let said = match of_look_up(source, table, column).await? {
        Standing::Proven | Standing::Counted => return Ok(()),
        Standing::Broken { doubles, .. } => (
            format!(
                "{field}: {doubles} giá trị có ở nhiều dòng; tra cứu các giá trị ấy bị từ chối (EX-3009)"
            ),
            format!(
                "{field}: {doubles} values stand in more than one row; looking those up is refused (EX-3009)"
            ),
        ),
        Standing::Unknown { limit_ms } => (
            format!(
                "{field}: chưa đếm xong trong {limit_ms} ms xem có giá trị ở nhiều dòng không; tra cứu giá trị như vậy bị từ chối (EX-3009)"
            ),
            format!(
                "{field}: whether values stand in more than one row was not counted within {limit_ms} ms; looking such a value up is refused (EX-3009)"
            ),
        ),
    };
    checked.warnings.push(Mistake::new("service.look_up", said.0, said.1));
    Ok(())
}
