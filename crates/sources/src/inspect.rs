//! Looking at a database that nobody has described.

use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use serde::Serialize;

use crate::encoding::{Detected, detect_text};
use crate::engine::{Source, Table};
use crate::error::SourceError;
use crate::meaning::{Guess, Personal, guess};
use crate::value::Kind;

/// Rows of a table that are looked at.
pub const SAMPLE_ROWS: u32 = 100;
/// Tables that are looked at at the same time.
const AT_ONCE: usize = 4;
/// Longest time for the sample of a table: a view that must be computed as a whole first is not worth more.
const SAMPLE_WAIT: Duration = Duration::from_secs(2);

/// Values that look like text of before Unicode, from which a column is told to be mixed, in percent: fewer may be foreign
/// words.
const PARTLY_OLD_PERCENT_MIN: usize = 5;

/// What was seen of a table.
#[derive(Clone, Debug, Serialize)]
pub struct Seen {
    /// Name, with its schema.
    pub table: String,
    /// Whether it is a view.
    pub is_view: bool,
    /// About how many rows.
    pub rows: Option<u64>,
    /// Whether that number is counted, not estimated.
    pub rows_exact: bool,
    /// Columns that tell rows apart.
    pub key: Vec<String>,
    /// Columns.
    pub columns: Vec<SeenColumn>,
    /// How well it would do as a service, 0 to 100.
    pub worth: u8,
    /// What speaks for it or against it.
    pub remarks: Vec<Remark>,
}

/// What was seen of a column.
#[derive(Clone, Debug, Serialize)]
pub struct SeenColumn {
    /// Name.
    pub name: String,
    /// The engine's name of its type.
    pub type_name: String,
    /// What we make of it; nothing for types that cannot be given.
    pub kind: Option<Kind>,
    /// Whether an index begins with it.
    pub indexed: bool,
    /// What it probably means.
    pub guess: Option<Guess>,
    /// Class of personal data, by the guess.
    pub personal: Option<Personal>,
    /// The encoding of before Unicode that its text is in.
    pub encoding: Option<Detected>,
}

/// Something to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// In Vietnamese.
    pub vi: String,
    /// In English.
    pub en: String,
}

impl Remark {
    fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }
}

/// Looks at every table: catalogue, a sample of rows, guesses. No value leaves this function.
///
/// # Errors
/// The database does not answer.
pub async fn inspect(source: &Source) -> Result<Vec<Seen>, SourceError> {
    let tables = source.tables().await?;
    // Boxed and collected: as a closure it would not be `Send` in a handler of a server.
    let looks: Vec<_> = tables.iter().map(|table| look(source, table).boxed()).collect();
    let seen: Vec<Result<Seen, SourceError>> = stream::iter(looks).buffered(AT_ONCE).collect().await;
    let mut seen = seen.into_iter().collect::<Result<Vec<_>, _>>()?;
    seen.sort_by(|a, b| b.worth.cmp(&a.worth).then_with(|| a.table.cmp(&b.table)));
    Ok(seen)
}

/// Looks at one table.
///
/// # Errors
/// The database does not answer.
pub async fn look(source: &Source, table: &Table) -> Result<Seen, SourceError> {
    let sample = sample(source, table).await;
    let mut remarks = Vec::new();
    if let Err(error) = &sample {
        let (vi, en) = error.told();
        remarks
            .push(Remark::new(format!("không đọc được mẫu: {vi}"), format!("no sample could be read: {en}")));
    }
    let sample = sample.unwrap_or_default();
    let columns: Vec<SeenColumn> = (0..)
        .zip(&table.columns)
        .map(|(at, column)| {
            let values: Vec<&str> =
                sample.iter().filter_map(|row: &crate::engine::Row| row.get(at)?.as_deref()).collect();
            let is_text = column.kind == Some(Kind::Text);
            let encoding = detect_text(&values).filter(|_| is_text);
            if is_text && encoding.is_none() {
                remarks.extend(partly_old(&column.name, &values));
            }
            // What the text stands for tells what it means, not how it is kept.
            let sure = encoding.filter(Detected::is_sure).map(|detected| detected.encoding);
            let read = |text: &&str| sure.and_then(|encoding| encoding.convert(text));
            let read: Vec<Option<String>> = values.iter().map(read).collect();
            let read = values.iter().zip(&read).map(|(text, read)| read.as_deref().unwrap_or(text));
            let guess = guess(column, &read.collect::<Vec<_>>());
            SeenColumn {
                name: column.name.clone(),
                type_name: column.type_name.clone(),
                kind: column.kind,
                indexed: table.indexed.contains(&column.name),
                personal: guess.and_then(|guess| guess.meaning.personal()),
                guess,
                encoding,
            }
        })
        .collect();
    remarks.extend(columns.iter().filter_map(old_text));
    if let Some(state) = source.file() {
        let told = state.report.remarks();
        remarks.extend(
            told.iter().map(|of| {
                Remark::new(format!("{}: {}", of.place, of.vi), format!("{}: {}", of.place, of.en))
            }),
        );
        remarks.extend(state.alarm.map(|(vi, en)| Remark::new(vi, en)));
    }
    let worth = worth(table, &columns, &mut remarks);
    Ok(Seen {
        table: table.full_name(),
        is_view: table.is_view,
        rows: table.rows,
        rows_exact: table.rows_exact,
        key: table.key.clone(),
        columns,
        worth,
        remarks,
    })
}

/// What to know of a column in which some values look like text of before Unicode, and most do not.
fn partly_old(name: &str, values: &[&str]) -> Option<Remark> {
    let filled = values.iter().filter(|text| !text.trim().is_empty()).count();
    let found: Vec<&str> =
        values.iter().filter_map(|text| Some(detect_text(&[text])?.encoding.name())).collect();
    let share = (found.len() * 100).checked_div(filled)?;
    if share < PARTLY_OLD_PERCENT_MIN {
        return None;
    }
    let names: std::collections::BTreeSet<&str> = found.into_iter().collect();
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    Some(Remark::new(
        format!("cột {name}: khoảng {share}% giá trị giống chữ phông cũ ({names}): sửa dữ liệu trước"),
        format!(
            "column {name}: about {share}% of the values look like text of an old font ({names}): the data must be corrected first"
        ),
    ))
}

/// What to know of a column with text of before Unicode.
fn old_text(column: &SeenColumn) -> Option<Remark> {
    let Detected { encoding, confidence, mixed } = column.encoding?;
    let (name, encoding) = (&column.name, encoding.name());
    Some(if mixed {
        Remark::new(
            format!("cột {name} lẫn chữ {encoding} ({confidence}%) và chữ Unicode: sửa dữ liệu trước"),
            format!(
                "column {name} mixes {encoding} ({confidence}%) and Unicode: the data must be corrected first"
            ),
        )
    } else {
        Remark::new(
            format!("cột {name} là chữ {encoding} ({confidence}%): khai encoding để trả ra chữ Unicode"),
            format!(
                "column {name} is in {encoding} ({confidence}%): declare encoding, and it is given as Unicode"
            ),
        )
    })
}

async fn sample(source: &Source, table: &Table) -> Result<Vec<crate::engine::Row>, SourceError> {
    let engine = source.engine();
    let columns: Vec<_> = table
        .columns
        .iter()
        .map(|column| engine.as_text(&column.name, column.kind, &column.type_name))
        .collect();
    let from = engine.table(&table.full_name());
    // The first rows that the database finds: no order, so that nothing is sorted or read to its end.
    let end = engine.first_rows("", SAMPLE_ROWS);
    let sql = format!("SELECT {} FROM {from}{end}", columns.join(", "));
    let limit_ms = u64::try_from(SAMPLE_WAIT.as_millis()).unwrap_or(u64::MAX);
    let sample = tokio::time::timeout(SAMPLE_WAIT, source.all(sql, Vec::new())).await;
    sample.unwrap_or(Err(SourceError::TimedOut { limit_ms }))
}

/// A table with a key, rows, an index on what people ask by, and a date of change does well.
fn worth(table: &Table, columns: &[SeenColumn], remarks: &mut Vec<Remark>) -> u8 {
    let mut worth = 20;
    if table.key.is_empty() {
        let en = "no key: pages have no order; make a unique index, or a view";
        remarks.push(Remark::new(
            "không có khóa: không chia trang được; tạo chỉ mục duy nhất hoặc khung nhìn",
            en,
        ));
    } else {
        worth += 30;
    }
    if table.rows.is_some_and(|rows| rows > 0) {
        worth += 10;
    }
    let meant = columns.iter().filter(|column| column.guess.is_some()).count();
    worth += u8::try_from(meant.min(4) * 5).unwrap_or(20);
    let asked_by = columns
        .iter()
        .find(|c| c.guess.is_some_and(|g| g.meaning == crate::meaning::Meaning::PersonalNumber));
    match asked_by {
        Some(column) if column.indexed => worth += 15,
        Some(column) => {
            let name = &column.name;
            let vi = format!("nên có chỉ mục trên {name} để tra cứu nhanh");
            remarks.push(Remark::new(vi, format!("an index on {name} would make look-ups fast")));
        }
        None => {}
    }
    if columns.iter().any(|c| c.guess.is_some_and(|g| g.meaning == crate::meaning::Meaning::ChangedAt)) {
        worth += 5;
    }
    for column in columns.iter().filter(|column| column.kind.is_none()) {
        let (name, kind) = (&column.name, &column.type_name);
        remarks.push(Remark::new(
            format!("cột {name} kiểu {kind} không chia sẻ được"),
            format!("column {name} of type {kind} cannot be given"),
        ));
    }
    worth
}
