//! Rows of cells become entries, and every cell that does not fit becomes a mistake with its place.

use std::collections::HashMap;
use std::fmt;

use super::super::check::{tidied, tidy};
use super::super::columns::{COLUMNS, Column, VERSION, VERSION_ABOUT};
use super::super::holding::{Holding, HoldingCode, Kind, Scope};
use super::{CELL_CHARS_MAX, ROWS_MAX, Row};
use crate::error::{Mistake, RegistryError};
use crate::text;

/// Where a row stands: its number as spreadsheets count, and its line where that is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct RowPlace {
    pub(in super::super) row: u64,
    pub(in super::super) line: u64,
}

impl fmt::Display for RowPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.row == self.line {
            write!(f, "row {}", self.row)
        } else {
            write!(f, "row {} (line {})", self.row, self.line)
        }
    }
}

/// A mistake with the row it belongs to, so that all can be put in order.
pub(in super::super) type Placed = (RowPlace, Mistake);

/// What a column of the file is.
#[derive(Clone, Copy)]
pub(super) enum Target {
    Column(usize),
    Version,
    /// A column without heading: it must stay empty.
    Nothing,
}

/// Rows that were read, and all that was wrong.
#[derive(Default)]
pub(in super::super) struct Intake {
    /// Rows without mistakes.
    pub(in super::super) rows: Vec<(RowPlace, Row)>,
    /// Mistakes of the others.
    pub(in super::super) mistakes: Vec<Placed>,
    /// Every code that could be read, of bad rows, too.
    pub(in super::super) codes: HashMap<HoldingCode, RowPlace>,
    taken: usize,
}

impl Intake {
    /// Takes a row whose cells are known; an empty one is passed over.
    ///
    /// # Errors
    /// More rows than [`ROWS_MAX`].
    pub(super) fn row(
        &mut self,
        place: RowPlace,
        cells: impl Iterator<Item = (Target, Result<String, Mistake>)>,
    ) -> Result<(), RegistryError> {
        let before = self.mistakes.len();
        let mut holding = blank();
        let mut version = None;
        let mut seen = [false; COLUMNS.len()];
        let mut filled = false;
        for (target, cell) in cells {
            let cell = cell.map(tidy);
            if cell.as_ref().is_ok_and(String::is_empty) {
                continue;
            }
            filled = true;
            if let Target::Column(index) = target {
                seen[index] = true;
            }
            if let Err(mistake) = cell.and_then(|text| set(&mut holding, &mut version, target, &text)) {
                self.mistake(place, mistake);
            } else if matches!(target, Target::Column(index) if COLUMNS[index].code == "code") {
                self.code(place, &holding.code);
            }
        }
        if !filled {
            return Ok(());
        }
        self.taken += 1;
        if self.taken > ROWS_MAX {
            return Err(RegistryError::TooMany { what: "rows", max: ROWS_MAX });
        }
        for (column, _) in COLUMNS.iter().zip(seen).filter(|(column, seen)| column.required && !seen) {
            let (vi, en) = column.about;
            self.mistake(
                place,
                Mistake::new(column.code, format!("Chưa điền. {vi}"), format!("It is empty. {en}")),
            );
        }
        if self.mistakes.len() == before {
            self.rows.push((place, Row { holding: tidied(holding), version }));
        }
        Ok(())
    }

    /// Notes a mistake of a row, at the column that it names.
    pub(in super::super) fn mistake(&mut self, place: RowPlace, mistake: Mistake) {
        let full = format!("{place}, {}", mistake.place);
        self.mistakes.push((place, Mistake { place: full, ..mistake }));
    }

    fn code(&mut self, place: RowPlace, code: &HoldingCode) {
        if let Some(first) = self.codes.get(code) {
            let first = first.row;
            self.mistake(
                place,
                Mistake::new(
                    "code",
                    format!("Mã {code} đã có ở dòng {first}. Mỗi mã chỉ ghi một dòng."),
                    format!("The code {code} stands in row {first} already. Write each code once."),
                ),
            );
        } else {
            self.codes.insert(code.clone(), place);
        }
    }
}

/// What the cells of the first row say the columns are.
///
/// # Errors
/// Unknown, double and missing headings: without them no row can be read.
pub(super) fn headings<'a>(
    place: RowPlace,
    cells: impl Iterator<Item = &'a str>,
) -> Result<Vec<Target>, RegistryError> {
    let mut mistakes = Vec::new();
    let mut targets = Vec::new();
    let mut seen = [false; COLUMNS.len() + 1];
    for cell in cells {
        let cell = tidy(cell.to_owned());
        let Some(target) = target(&cell) else {
            let mistake = unknown_heading(&cell);
            mistakes.push(Mistake { place: format!("{place}, {}", mistake.place), ..mistake });
            continue;
        };
        let index = match target {
            Target::Column(index) => Some(index),
            Target::Version => Some(COLUMNS.len()),
            Target::Nothing => None,
        };
        if index.is_some_and(|index| std::mem::replace(&mut seen[index], true)) {
            mistakes.push(Mistake::new(
                format!("{place}, {cell}"),
                "Cột này có hai lần. Bỏ một cột.",
                "This column is there twice. Remove one.",
            ));
        }
        targets.push(target);
    }
    for (column, _) in COLUMNS.iter().zip(seen).filter(|(column, seen)| column.required && !seen) {
        mistakes.push(Mistake::new(
            format!("{place}, {}", column.code),
            format!("Thiếu cột {}. Thêm cột; lấy tệp mẫu bằng cách xuất danh sách rỗng.", column.vi),
            format!("The column {} is missing. Add it; exporting nothing gives a template.", column.code),
        ));
    }
    if mistakes.is_empty() { Ok(targets) } else { Err(RegistryError::Import(mistakes)) }
}

/// The column of a heading or JSON path.
pub(super) fn target(heading: &str) -> Option<Target> {
    if heading.is_empty() {
        return Some(Target::Nothing);
    }
    if let Some(index) = COLUMNS.iter().position(|column| column.code == heading || column.vi == heading) {
        return Some(Target::Column(index));
    }
    let folded = text::fold(heading);
    let same = |code: &str, vi: &str| text::fold(code) == folded || text::fold(vi) == folded;
    if same(VERSION.0, VERSION.1) {
        return Some(Target::Version);
    }
    COLUMNS.iter().position(|column| same(column.code, column.vi)).map(Target::Column)
}

fn set(holding: &mut Holding, version: &mut Option<i64>, target: Target, text: &str) -> Result<(), Mistake> {
    match target {
        Target::Nothing => Err(Mistake::new(
            "?",
            "Ô này không thuộc cột nào có tên. Xóa ô hoặc đặt trong ngoặc kép ô có dấu phân cách.",
            "This cell stands below no heading. Remove it, or put quotes around a cell that holds the separator.",
        )),
        Target::Version => {
            let (vi, en) = VERSION_ABOUT;
            *version = Some(text.parse().map_err(|_| Mistake::new(VERSION.0, vi, en))?);
            Ok(())
        }
        Target::Column(index) => {
            let column: &Column = &COLUMNS[index];
            if text.len() > CELL_CHARS_MAX && text.chars().count() > CELL_CHARS_MAX {
                return Err(too_long(column.code));
            }
            let (vi, en) = column.about;
            let mistake = || {
                Mistake::new(
                    column.code,
                    format!("Nội dung không đúng. {vi}{}", choice(column)),
                    format!("It does not fit. {en}{}", choice(column)),
                )
            };
            (column.set)(holding, text).ok_or_else(mistake)
        }
    }
}

/// The words to choose from, for the end of a sentence.
fn choice(column: &Column) -> String {
    let words = (column.words)();
    if words.is_empty() { String::new() } else { format!(" ({})", words.join(" / ")) }
}

pub(super) fn too_long(column: &str) -> Mistake {
    Mistake::new(
        column,
        format!("Ô dài hơn {CELL_CHARS_MAX} ký tự. Rút gọn, hoặc kiểm tra dấu ngoặc kép chưa đóng."),
        format!(
            "The cell is longer than {CELL_CHARS_MAX} characters. Shorten it, or look for an open quote."
        ),
    )
}

pub(super) fn unknown_heading(heading: &str) -> Mistake {
    Mistake::new(
        heading.chars().take(80).collect::<String>(),
        "Không có cột này. Dùng tên cột của tệp mẫu; lấy tệp mẫu bằng cách xuất danh sách rỗng.",
        "There is no such column. Use the headings of the template; exporting nothing gives it.",
    )
}

/// An entry to be filled; a row in which a required column is missing is never used.
fn blank() -> Holding {
    let code = "x".parse().expect("x is a code");
    let owner = "H00".parse().expect("H00 has the form of an agency code");
    Holding::new(code, Kind::Database, Scope::Other, owner)
}
