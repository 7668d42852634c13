//! Agencies as CSV and JSON, the forms in which authorities exchange lists.
//!
//! CSV: UTF-8 with or without byte order mark, `,` or `;` between fields, a header, one line for each period. Columns:
//!
//! | column | what |
//! |---|---|
//! | `code` | the code, in either form; must be there |
//! | `also` | the code in the other form |
//! | `name` | the name; must be there |
//! | `parent` | the code of the agency above |
//! | `valid_from` | the first day, `2025-07-01` or `01/07/2025`; must be there |
//! | `valid_to` | the last day |
//! | `successor` | the code of who took over |
//! | `legal_basis` | the decision that made it |
//! | `closing_basis` | the decision that closed it |
//! | `note` | a note |
//!
//! Columns may stand in any order, those that need not be there may be left out; unknown ones are a mistake, lest a
//! misspelt one loses its data. A cell that a spreadsheet would take for a formula is written with an apostrophe before it,
//! which reading takes off again. JSON has the same fields.

use std::collections::HashSet;

use base::cell::{neutralised, plain};
use csv::StringRecord;
use jiff::civil::Date;

use super::decide::{ROWS_MAX, Rest, import_rows};
use super::{Agency, AgencyCode};
use crate::state::{Moment, State};
use crate::{Mistake, RegistryError};

/// The columns, in the order of an export.
pub const COLUMNS: [&str; 10] = [
    "code",
    "also",
    "name",
    "parent",
    "valid_from",
    "valid_to",
    "successor",
    "legal_basis",
    "closing_basis",
    "note",
];
const REQUIRED: [&str; 3] = ["code", "name", "valid_from"];
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Imports the agencies of a CSV file, as [`import`](super::import) does.
///
/// # Errors
/// `Import` with all mistakes, each at its `line` of the file, those of the header at `line 1`. Then nothing is taken over.
pub fn import_csv(state: &State, moment: &Moment, file: &[u8]) -> Result<Vec<crate::Event>, RegistryError> {
    import_counted(state, moment, file).map(|(_, events)| events)
}

/// As [`import_csv`], with the number of rows that the file has.
///
/// # Errors
/// As [`import_csv`].
pub fn import_counted(
    state: &State,
    _moment: &Moment,
    file: &[u8],
) -> Result<(usize, Vec<crate::Event>), RegistryError> {
    let file = file.strip_prefix(BYTE_ORDER_MARK).unwrap_or(file);
    let head = file.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = if head.contains(&b';') && !head.contains(&b',') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(file);
    let columns = match reader.headers() {
        Ok(header) => Columns::read(header).map_err(RegistryError::Import)?,
        Err(_) => return Err(RegistryError::Import(vec![not_utf8(1)])),
    };
    let mut rest = Rest { word: "line", mistakes: Vec::new(), unread: HashSet::new() };
    let mut rows = Vec::new();
    let mut record = StringRecord::new();
    loop {
        let line = match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => record.position().map_or(0, csv::Position::line),
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                rest.mistakes.push((line, not_utf8(line)));
                if error.is_io_error() {
                    break;
                }
                continue;
            }
        };
        if record.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        if rows.len() >= ROWS_MAX {
            return Err(RegistryError::TooMany { what: "rows", max: ROWS_MAX });
        }
        let mut row = Row { columns: &columns, record: &record, line, mistakes: Vec::new() };
        match row.agency() {
            Some(agency) if row.mistakes.is_empty() => rows.push((line, agency)),
            _ => {
                rest.unread
                    .extend(["code", "also"].into_iter().filter_map(|name| row.field(name).parse().ok()));
                rest.mistakes.extend(row.mistakes.into_iter().map(|mistake| (line, mistake)));
            }
        }
    }
    let count = rows.len();
    import_rows(&state.agencies, rows, rest).map(|events| (count, events))
}

/// Writes agencies as CSV, with a byte order mark so that spreadsheets see that it is UTF-8.
///
/// # Panics
/// Never: writing to memory does not fail.
pub fn to_csv<'a>(agencies: impl IntoIterator<Item = &'a Agency>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(BYTE_ORDER_MARK.to_vec());
    let memory = "writing to memory does not fail";
    writer.write_record(COLUMNS).expect(memory);
    let code = |code: &Option<AgencyCode>| code.as_ref().map(ToString::to_string).unwrap_or_default();
    for agency in agencies {
        let fields = [
            agency.code.to_string(),
            code(&agency.also),
            agency.name.clone(),
            code(&agency.parent),
            agency.valid_from.to_string(),
            agency.valid_to.map(|day| day.to_string()).unwrap_or_default(),
            code(&agency.successor),
            agency.legal_basis.clone(),
            agency.closing_basis.clone(),
            agency.note.clone(),
        ];
        writer.write_record(fields.map(neutralised)).expect(memory);
    }
    writer.into_inner().expect(memory)
}

/// Writes agencies as a JSON list.
///
/// # Panics
/// Never: an agency has only texts and days.
pub fn to_json<'a>(agencies: impl IntoIterator<Item = &'a Agency>) -> String {
    let all: Vec<&Agency> = agencies.into_iter().collect();
    serde_json::to_string(&all).expect("an agency has only texts and days")
}

fn not_utf8(line: u64) -> Mistake {
    Mistake::new(
        format!("line {line}"),
        "không phải UTF-8; hãy lưu lại tệp theo CSV UTF-8",
        "is not UTF-8: save the file as CSV UTF-8",
    )
}

/// In which place of a record each of [`COLUMNS`] stands.
struct Columns {
    place: [Option<usize>; COLUMNS.len()],
    count: usize,
}

impl Columns {
    fn read(header: &StringRecord) -> Result<Self, Vec<Mistake>> {
        let mut place = [None; COLUMNS.len()];
        let mut mistakes = Vec::new();
        let mut wrong = |vi: String, en: String| mistakes.push(Mistake::new("line 1", vi, en));
        for (at, name) in header.iter().enumerate() {
            match COLUMNS.iter().position(|known| known.eq_ignore_ascii_case(name.trim())) {
                Some(column) if place[column].is_none() => place[column] = Some(at),
                Some(_) => {
                    wrong(format!("cột {name} có hai lần"), format!("the column {name} is there twice"));
                }
                None => wrong(
                    format!("không có cột {name:?}; các cột: {}", COLUMNS.join(", ")),
                    format!("there is no column {name:?}; columns are {}", COLUMNS.join(", ")),
                ),
            }
        }
        for name in REQUIRED.iter().filter(|name| place[column(name)].is_none()) {
            wrong(format!("thiếu cột {name}"), format!("the column {name} is missing"));
        }
        if mistakes.is_empty() { Ok(Self { place, count: header.len() }) } else { Err(mistakes) }
    }
}

fn column(name: &str) -> usize {
    COLUMNS.iter().position(|known| *known == name).expect("only names of the table are asked for")
}

struct Row<'a> {
    columns: &'a Columns,
    record: &'a StringRecord,
    line: u64,
    mistakes: Vec<Mistake>,
}

impl<'a> Row<'a> {
    fn agency(&mut self) -> Option<Agency> {
        if self.record.len() != self.columns.count {
            let (found, wanted) = (self.record.len(), self.columns.count);
            self.mistakes.push(Mistake::new(
                format!("line {}", self.line),
                format!("có {found} ô thay vì {wanted}; đặt ô có dấu phẩy trong dấu ngoặc kép"),
                format!(
                    "has {found} fields instead of {wanted}: put a field with a comma into quotation marks"
                ),
            ));
            return None;
        }
        let code = self.code("code");
        let (also, parent, successor) =
            (self.optional("also"), self.optional("parent"), self.optional("successor"));
        let (valid_from, valid_to) = (self.day("valid_from"), self.day("valid_to"));
        if valid_from.is_none() && self.field("valid_from").is_empty() {
            self.wrong("valid_from", "thiếu ngày bắt đầu hiệu lực", "the first day is missing");
        }
        let text = |name| self.field(name).to_owned();
        Some(Agency {
            also,
            parent,
            valid_to,
            successor,
            legal_basis: text("legal_basis"),
            closing_basis: text("closing_basis"),
            note: text("note"),
            ..Agency::new(code?, text("name"), valid_from?)
        })
    }

    fn field(&self, name: &str) -> &'a str {
        let cell = self.columns.place[column(name)].and_then(|at| self.record.get(at)).unwrap_or_default();
        plain(cell.trim())
    }

    fn code(&mut self, name: &str) -> Option<AgencyCode> {
        let read: Result<AgencyCode, _> = self.field(name).parse();
        if let Err(error) = &read {
            let vi = "mã cơ quan có dạng 000.00.00.H17 (QCVN 102:2016) hoặc H17.11 (QĐ 20/2020/QĐ-TTg)";
            self.wrong(name, vi, &error.to_string());
        }
        read.ok()
    }

    fn optional(&mut self, name: &str) -> Option<AgencyCode> {
        if self.field(name).is_empty() { None } else { self.code(name) }
    }

    fn day(&mut self, name: &str) -> Option<Date> {
        let text = self.field(name);
        if text.is_empty() {
            return None;
        }
        let day = Date::strptime("%Y-%m-%d", text).or_else(|_| Date::strptime("%d/%m/%Y", text));
        if day.is_err() {
            self.wrong(
                name,
                "ngày có dạng 2025-07-01 hoặc 01/07/2025",
                "a day is written 2025-07-01 or 01/07/2025",
            );
        }
        day.ok()
    }

    fn wrong(&mut self, name: &str, vi: &str, en: &str) {
        self.mistakes.push(Mistake::new(format!("line {}, {name}", self.line), vi, en));
    }
}
