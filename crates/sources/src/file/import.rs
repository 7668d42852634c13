//! Reading a file twice: to see what its columns are, then into a table.

use std::ops::ControlFlow;
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tokio::sync::mpsc;

use super::columns::{Cell, Form, Tally, is_asked_by, is_code};
use super::csv::CsvFile;
use super::header::{self, Header, LINE, ROWS_LOOKED_AT, Row, table_name};
use super::sheet::SheetFile;
use super::{CELL_BYTES_MAX, COLUMNS_MAX, FileAddress, Format, Found, ROWS_MAX, Report, Take, refused};
use crate::engine::{Column, Engine};
use crate::error::SourceError;
use crate::meaning::{Meaning, guess};
use crate::value::Kind;

/// Parameters of a statement: what SQLite takes at most.
const PARAMETERS_MAX: usize = 32_000;
/// Rows that are written with one statement.
const ROWS_AT_ONCE: usize = 200;
/// Batches of rows that wait to be written.
const BATCHES: usize = 4;
/// Columns for which a unique index is tried: each try sorts the whole table.
const UNIQUE_TRIES: usize = 8;

/// A value to store.
type Values = Vec<Option<String>>;

/// A file that is open, of whichever kind.
enum Opened {
    Csv(CsvFile),
    Sheet(SheetFile),
}

impl Opened {
    fn each(&mut self, found: &mut Found, take: &mut Take<'_>) -> Result<(), SourceError> {
        match self {
            Self::Csv(file) => file.each(found, take),
            Self::Sheet(file) => file.each(found, take),
        }
    }
}

/// What the first reading decided.
struct Plan {
    opened: Opened,
    file: FileAddress,
    header: Header,
    columns: Vec<Planned>,
    report: Report,
}

/// A column to be.
#[derive(Clone)]
struct Planned {
    name: String,
    form: Form,
    never_empty: bool,
    may_be_key: bool,
}

/// Writes a file as a table of a new database, which is whole when this returns.
pub(super) async fn import(file: &FileAddress, into: &Path) -> Result<Report, SourceError> {
    let file = file.clone();
    let path = file.path.clone();
    // A library that reads files of others may give up on a damaged one.
    let stopped = |_| refused(&path, "tệp hỏng, không đọc được", "it is damaged and cannot be read");
    let plan = tokio::task::spawn_blocking(move || Plan::make(file)).await.map_err(stopped)??;
    let (table, columns) = (plan.report.table.clone(), plan.columns.clone());
    let failed = |error: sqlx::Error| {
        refused(
            &path,
            &format!("không ghi được bản sao: {error}"),
            &format!("the copy cannot be written: {error}"),
        )
    };
    let options = SqliteConnectOptions::new()
        .filename(into)
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off);
    let mut made = options.connect().await.map_err(failed)?;
    run(&mut made, &create(&table, &columns)).await.map_err(failed)?;
    run(&mut made, "BEGIN").await.map_err(failed)?;
    let (send, mut coming) = mpsc::channel(BATCHES);
    let filling = tokio::task::spawn_blocking(move || plan.fill(&send));
    while let Some(batch) = coming.recv().await {
        insert(&mut made, &table, batch).await.map_err(failed)?;
    }
    let report = filling.await.map_err(stopped)??;
    run(&mut made, "COMMIT").await.map_err(failed)?;
    index(&mut made, &table, &columns).await.map_err(failed)?;
    made.close().await.map_err(failed)?;
    Ok(report)
}

impl Plan {
    fn make(file: FileAddress) -> Result<Self, SourceError> {
        let opened = match file.format {
            Format::Csv => Opened::Csv(CsvFile::open(&file.path, &file.import)?),
            Format::Sheet => Opened::Sheet(SheetFile::open(&file.path, &file.import)?),
        };
        let report = first_report(&file, &opened);
        let mut plan = Self {
            opened,
            file,
            header: Header { last_line: 0, names: Vec::new() },
            columns: Vec::new(),
            report,
        };
        plan.header = plan.find_header()?;
        plan.report.header_line = plan.header.last_line;
        plan.survey()?;
        Ok(plan)
    }

    fn find_header(&mut self) -> Result<Header, SourceError> {
        let mut first = Vec::new();
        let wanted = self.file.import.header_row;
        let enough = ROWS_LOOKED_AT + usize::try_from(wanted.unwrap_or(0)).unwrap_or(0).min(1_000);
        self.opened.each(&mut Found::default(), &mut |row, _| {
            first.push(row);
            Ok(if first.len() < enough { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        let header = header::find(&first, wanted).ok_or_else(|| {
            refused(
                &self.file.path,
                "không thấy dòng tên cột; ghi [import] header_row (0 nếu tệp không có)",
                "no row with names of columns was found: write [import] header_row (0 where there is none)",
            )
        })?;
        if header.names.len() > COLUMNS_MAX {
            let (vi, en) = (format!("quá {COLUMNS_MAX} cột"), format!("more than {COLUMNS_MAX} columns"));
            return Err(refused(&self.file.path, &vi, &en));
        }
        Ok(header)
    }

    /// Looks at every cell and decides what the columns are.
    fn survey(&mut self) -> Result<(), SourceError> {
        let mut tallies: Vec<Tally> = self.header.names.iter().map(|_| Tally::default()).collect();
        let (mut header, path) = (self.header.clone(), self.file.path.clone());
        let mut rows = 0;
        // In a sheet there may be notes beside the table; in a file of values a longer row is a broken one.
        let free = self.file.format == Format::Sheet;
        self.opened.each(&mut Found::default(), &mut |row, found| {
            if free && row.line > header.last_line && !row.banner {
                header.reach(&row);
                tallies.resize_with(header.names.len(), || Tally::after(rows));
            }
            if let Some(cells) = data(&header, row, found) {
                rows += 1;
                if rows > ROWS_MAX {
                    let (vi, en) = (format!("quá {ROWS_MAX} dòng"), format!("more than {ROWS_MAX} rows"));
                    return Err(refused(&path, &vi, &en));
                }
                for (tally, cell) in tallies.iter_mut().zip(&cells.1) {
                    tally.note(cell);
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        self.header = header;
        for (name, tally) in self.header.names.iter().zip(&tallies) {
            let (form, two_ways) = tally.form(name);
            let expected = self.file.expected.get(name).and_then(|name| Form::of_type(name));
            if two_ways {
                let vi = "số có thể đọc theo hai cách (phần nghìn hay phần thập phân), giữ dạng chữ";
                let en = "numbers that can be read in two ways (thousands or fractions) stay text";
                self.report.note(name, vi, en);
            }
            if tally.lost_zeros(name) {
                let vi = "ô dạng số: số 0 ở đầu, nếu có, đã mất trong tệp; để cột dạng văn bản rồi nhập lại";
                let en = "cells are numbers: zeros in front are lost in the file; make the column text and write them again";
                self.report.note(name, vi, en);
            }
            // A decimal alone does not say what its sign means; its column does.
            if expected == Some(Form::Decimal)
                && !matches!(form, Form::Decimal | Form::Whole)
                && tally.filled > 0
            {
                let vi = format!("cột {name} không còn là số thập phân rõ ràng");
                let en = format!("the column {name} is no longer one of decimals beyond doubt");
                return Err(refused(&self.file.path, &vi, &en));
            }
            self.columns.push(Planned {
                name: name.clone(),
                form: expected.unwrap_or(form),
                never_empty: tally.empty == 0 && tally.filled > 0,
                may_be_key: tally.may_be_key(),
            });
        }
        Ok(())
    }

    /// Reads the file again and sends its rows in batches; ends early when nobody takes them.
    fn fill(mut self, send: &mpsc::Sender<Vec<Values>>) -> Result<Report, SourceError> {
        let size = (PARAMETERS_MAX / (self.columns.len() + 1)).clamp(1, ROWS_AT_ONCE);
        let (mut batch, mut rows, mut left_out) = (Vec::new(), 0_u64, 0_u64);
        let gone = |_| SourceError::Other { what: "the copy is no longer written".into() };
        let (header, columns) = (self.header.clone(), std::mem::take(&mut self.columns));
        let mut found = Found {
            problems: self.report.problems,
            shown: std::mem::take(&mut self.report.shown),
            repaired: 0,
        };
        self.opened.each(&mut found, &mut |row, found| {
            let is_data = row.line > header.last_line && !row.is_empty() && !row.banner;
            let Some((line, cells)) = data(&header, row, found) else {
                left_out += u64::from(is_data);
                return Ok(ControlFlow::Continue(()));
            };
            batch.push(kept(&columns, line, &cells, found));
            rows += 1;
            if batch.len() == size {
                send.blocking_send(std::mem::take(&mut batch)).map_err(gone)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if !batch.is_empty() {
            send.blocking_send(batch).map_err(gone)?;
        }
        if left_out > rows {
            let vi =
                format!("{left_out} dòng hỏng, chỉ {rows} dòng đọc được; xem dấu phân cách và header_row");
            let en = format!(
                "{left_out} rows are broken and only {rows} are not: see the separator and header_row"
            );
            return Err(refused(&self.file.path, &vi, &en));
        }
        let Found { repaired, problems, shown } = found;
        Ok(Report { rows, left_out, repaired, problems, shown, ..self.report })
    }
}

fn first_report(file: &FileAddress, opened: &Opened) -> Report {
    let stem = file.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    match opened {
        Opened::Csv(csv) => Report {
            table: table_name(&stem),
            encoding: Some(csv.encoding()),
            delimiter: Some(csv.delimiter()),
            ..Report::default()
        },
        Opened::Sheet(sheet) => Report {
            table: table_name(if file.import.sheet.is_some() { sheet.sheet() } else { &stem }),
            sheet: Some(sheet.sheet().to_owned()),
            other_sheets: sheet.others.clone(),
            encoding: sheet.text,
            ..Report::default()
        },
    }
}

/// The cells of a row of data, as many as there are columns; nothing for what is above the header, empty, a title among
/// the data, or broken.
fn data(header: &Header, row: Row, found: &mut Found) -> Option<(u64, Vec<Cell>)> {
    let (line, columns) = (row.line, header.names.len());
    if line <= header.last_line || row.is_empty() {
        return None;
    }
    let place = || format!("dòng / line {line}");
    if row.banner && columns > 1 {
        found.problem(
            place(),
            "một ô gộp ngang, coi là tiêu đề, bỏ qua",
            "one cell across columns is taken for a title and left out",
        );
        return None;
    }
    let mut cells = row.cells;
    let given = cells.len();
    if cells.iter().skip(columns).any(|cell| !cell.is_empty()) {
        let (vi, en) = (
            format!("có {given} ô, nhiều hơn {columns} cột: bỏ dòng này"),
            format!("has {given} cells, more than {columns} columns: the row is left out"),
        );
        found.problem(place(), &vi, &en);
        return None;
    }
    cells.resize(columns, Cell::Empty);
    for (cell, name) in cells.iter_mut().zip(&header.names) {
        if cell.text().len() > CELL_BYTES_MAX {
            let (vi, en) = (
                format!("cột {name}: ô dài quá {CELL_BYTES_MAX} byte, để trống"),
                format!("column {name}: a cell of more than {CELL_BYTES_MAX} bytes, left empty"),
            );
            found.problem(place(), &vi, &en);
            *cell = Cell::Empty;
        }
    }
    Some((line, cells))
}

/// The values of a row as they are stored, its line first. What is none of its column's form stays as it is, so that
/// whoever asks for the row is told instead of given something else.
fn kept(columns: &[Planned], line: u64, cells: &[Cell], found: &mut Found) -> Values {
    let mut values = vec![Some(line.to_string())];
    for (column, cell) in columns.iter().zip(cells) {
        if cell.is_empty() {
            values.push(None);
            continue;
        }
        values.push(column.form.keep(cell).or_else(|| {
            let (name, form) = (&column.name, column.form.type_name());
            let (vi, en) = (format!("cột {name}: không phải {form}"), format!("column {name}: is no {form}"));
            found.problem(format!("dòng / line {line}"), &vi, &en);
            Some(cell.text().to_owned())
        }));
    }
    values
}

async fn run(made: &mut SqliteConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(made).await.map(|_| ())
}

fn create(table: &str, columns: &[Planned]) -> String {
    let quoted = |name: &str| Engine::Sqlite.quoted(name);
    let columns = columns.iter().map(|column| {
        let always = if column.never_empty { " NOT NULL" } else { "" };
        format!(", {} {}{always}", quoted(&column.name), column.form.type_name())
    });
    format!("CREATE TABLE {} ({LINE} INTEGER NOT NULL{})", quoted(table), columns.collect::<String>())
}

async fn insert(made: &mut SqliteConnection, table: &str, batch: Vec<Values>) -> Result<(), sqlx::Error> {
    let row = format!("({})", vec!["?"; batch.first().map_or(0, Vec::len)].join(","));
    let sql =
        format!("INSERT INTO {} VALUES {}", Engine::Sqlite.quoted(table), vec![row; batch.len()].join(","));
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for value in batch.into_iter().flatten() {
        query = query.bind(value);
    }
    query.execute(made).await.map(|_| ())
}

/// Indexes: the key, what is unique, what people ask by. Catalogues list indexes by name, so that `a_khoa` is the key.
async fn index(made: &mut SqliteConnection, table: &str, columns: &[Planned]) -> Result<(), sqlx::Error> {
    let meaning = |column: &Planned| {
        let kind = Some(Kind::Text);
        let named = Column {
            name: column.name.clone(),
            type_name: String::new(),
            kind,
            nullable: true,
            comment: String::new(),
        };
        guess(&named, &[]).map(|guess| guess.meaning)
    };
    let mut order: Vec<(usize, &Planned)> = columns.iter().enumerate().collect();
    order.sort_by_key(|(at, column)| {
        (meaning(column) != Some(Meaning::PersonalNumber), !is_code(&column.name), *at)
    });
    let on = |kind: &str, name: &str, column: &str| {
        let quoted = |name: &str| Engine::Sqlite.quoted(name);
        format!("CREATE {kind} {name} ON {} ({})", quoted(table), quoted(column))
    };
    let (mut key, mut tries) = (false, 0);
    for (at, column) in order {
        let can_be_compared = matches!(column.form, Form::Text | Form::Whole);
        let mut unique = false;
        if column.may_be_key && can_be_compared && tries < UNIQUE_TRIES {
            tries += 1;
            let is_key = !key && is_code(&column.name);
            let name = if is_key { "a_khoa".to_owned() } else { format!("u_{at}") };
            match run(made, &on("UNIQUE INDEX", &name, &column.name)).await {
                Ok(()) => (unique, key) = (true, key || is_key),
                Err(sqlx::Error::Database(said)) if said.is_unique_violation() => {}
                Err(error) => return Err(error),
            }
        }
        if !unique && (is_code(&column.name) || meaning(column).is_some_and(is_asked_by)) {
            run(made, &on("INDEX", &format!("i_{at}"), &column.name)).await?;
        }
    }
    let name = if key { "z_dong" } else { "a_khoa" };
    run(made, &on("UNIQUE INDEX", name, LINE)).await
}
