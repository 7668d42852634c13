//! Sheets of Excel (`.xlsx`, `.xls`) and `LibreOffice` (`.ods`).

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use calamine::{Data, DataRef, Dimensions, ExcelDateTime, Ods, Range, Reader, SheetVisible, Xls, Xlsx};
use jiff::civil::DateTime;

use super::columns::{self, Cell, Form};
use super::header::Row;
use super::{COLUMNS_MAX, Found, Import, Take};
use crate::encoding::{Detected, Encoding, detect_text};
use crate::error::SourceError;

mod merges;
mod ods;

use merges::Merges;

/// Largest content of a packed file when it is unpacked, in bytes.
const UNPACKED_BYTES_MAX: u64 = 2 << 30;
/// Largest part that is held in memory while a packed file is read: texts of `.xlsx`, everything of `.ods`.
const HELD_BYTES_MAX: u64 = 256 << 20;
/// Largest `.xls`, which is held in memory as a whole.
const XLS_BYTES_MAX: u64 = 64 << 20;
/// Parts of a packed file at most.
const PARTS_MAX: usize = 10_000;
/// Texts by which an old encoding is found out.
const SAMPLE_TEXTS: usize = 2_000;

/// A sheet that was found.
pub(super) struct SheetFile {
    path: PathBuf,
    book: Book,
    sheet: String,
    /// Names of the sheets that are not read.
    pub(super) others: Vec<String>,
    merges: Vec<Dimensions>,
    /// What the characters stand for, where a font of before Unicode was used.
    pub(super) text: Option<Encoding>,
}

enum Book {
    Xlsx(Box<Xlsx<BufReader<File>>>),
    /// The other two come as a whole.
    Whole(Range<Data>),
}

impl SheetFile {
    pub(super) fn open(path: &Path, import: &Import) -> Result<Self, SourceError> {
        let mut file = File::open(path).map_err(|error| super::unreadable(path, &error))?;
        let mut magic = [0; 4];
        let read = file.read(&mut magic).and_then(|_| file.rewind());
        read.map_err(|error| super::unreadable(path, &error))?;
        let mut opened = match &magic {
            b"PK\x03\x04" => Self::packed(path, file, import)?,
            [0xD0, 0xCF, 0x11, 0xE0] => Self::xls(path, file, import)?,
            _ => {
                let vi = "không phải tệp .xlsx, .xls hay .ods";
                return Err(super::refused(path, vi, "is no file of .xlsx, .xls or .ods"));
            }
        };
        opened.merges.retain(|merge| merge.start.0 <= merge.end.0 && merge.start.1 <= merge.end.1);
        opened.merges.sort_by_key(|merge| merge.start);
        opened.text = match import.encoding {
            Some(encoding) => Some(encoding).filter(|encoding| encoding.is_legacy()),
            None => opened.written_in()?,
        };
        Ok(opened)
    }

    fn packed(path: &Path, file: File, import: &Import) -> Result<Self, SourceError> {
        let is_ods = within_limits(path, &file)?;
        let broken = |error: &dyn std::error::Error| unreadable(path, error);
        let reader = BufReader::new(file);
        if is_ods {
            ods::within_limits(path)?;
            let mut ods = Ods::new(reader).map_err(|error| broken(&error))?;
            let (sheet, others) = chosen(path, &ods, import)?;
            let range = ods.worksheet_range(&sheet).map_err(|error| broken(&error))?;
            let merges = merges::of_ods(path, &sheet)?;
            return Ok(Self::new(path, Book::Whole(range), (sheet, others), merges));
        }
        let mut xlsx = Xlsx::new(reader).map_err(|error| broken(&error))?;
        let (sheet, others) = chosen(path, &xlsx, import)?;
        let merges = xlsx.merge_cells_by_sheet_name(&sheet).map_err(|error| broken(&error))?;
        Ok(Self::new(path, Book::Xlsx(Box::new(xlsx)), (sheet, others), merges))
    }

    fn xls(path: &Path, file: File, import: &Import) -> Result<Self, SourceError> {
        let size = file.metadata().map_err(|error| super::unreadable(path, &error))?.len();
        if size > XLS_BYTES_MAX {
            return Err(too_large(path, XLS_BYTES_MAX));
        }
        let mut xls = Xls::new(BufReader::new(file)).map_err(|error| unreadable(path, &error))?;
        let (sheet, others) = chosen(path, &xls, import)?;
        let range = xls.worksheet_range(&sheet).map_err(|error| unreadable(path, &error))?;
        let merges = xls.merge_cells_by_sheet_name(&sheet).map_err(|error| unreadable(path, &error))?;
        Ok(Self::new(path, Book::Whole(range), (sheet, others), merges))
    }

    fn new(path: &Path, book: Book, (sheet, others): (String, Vec<String>), merges: Vec<Dimensions>) -> Self {
        Self { path: path.to_owned(), book, sheet, others, merges, text: None }
    }

    pub(super) fn sheet(&self) -> &str {
        &self.sheet
    }

    /// The encoding of before Unicode whose font the sheet was written with, if one was.
    fn written_in(&mut self) -> Result<Option<Encoding>, SourceError> {
        let mut texts = Vec::new();
        self.each(&mut Found::default(), &mut |row, _| {
            texts.extend(row.cells.into_iter().filter_map(|cell| match cell {
                Cell::Text(text) if !text.is_ascii() => Some(text),
                _ => None,
            }));
            Ok(if texts.len() < SAMPLE_TEXTS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        let samples: Vec<&str> = texts.iter().map(String::as_str).collect();
        Ok(detect_text(&samples).filter(Detected::is_sure).map(|detected| detected.encoding))
    }

    /// Gives each row that has a value of its own.
    pub(super) fn each(&mut self, found: &mut Found, take: &mut Take<'_>) -> Result<(), SourceError> {
        let mut rows = Rows {
            path: &self.path,
            merges: Merges::new(&self.path, &self.merges),
            text: self.text,
            cells: Vec::new(),
        };
        let mut last = 0;
        match &mut self.book {
            Book::Whole(range) => {
                let (top, left) = range.start().unwrap_or_default();
                for (row, cells) in (top..).zip(range.rows()) {
                    for (column, value) in (left..).zip(cells) {
                        rows.put((row, column), value, found)?;
                    }
                    if rows.end(row, found, take)?.is_break() {
                        return Ok(());
                    }
                }
                return Ok(());
            }
            Book::Xlsx(xlsx) => {
                let broken = |error: &dyn std::error::Error| unreadable(&self.path, error);
                let mut cells = xlsx.worksheet_cells_reader(&self.sheet).map_err(|error| broken(&error))?;
                while let Some(cell) =
                    cells.next_cell_with_formula_metadata().map_err(|error| broken(&error))?
                {
                    let (row, column) = cell.pos;
                    if row < last {
                        return Err(super::refused(
                            &self.path,
                            "các dòng không theo thứ tự",
                            "its rows are out of order",
                        ));
                    }
                    if row > last && rows.end(last, found, take)?.is_break() {
                        return Ok(());
                    }
                    last = row;
                    if cell.formula.is_some() && cell.value == DataRef::Empty {
                        let place = place(row, column);
                        found.problem(
                            place,
                            "công thức không có kết quả; mở và lưu lại bằng Excel",
                            "a formula without its result: open and save the file in Excel",
                        );
                    }
                    rows.put((row, column), &Data::from(cell.value), found)?;
                }
            }
        }
        rows.end(last, found, take).map(|_| ())
    }
}

/// The row that is being read.
struct Rows<'a> {
    path: &'a Path,
    merges: Merges<'a>,
    text: Option<Encoding>,
    cells: Vec<Cell>,
}

impl Rows<'_> {
    fn put(&mut self, (row, column): (u32, u32), value: &Data, found: &mut Found) -> Result<(), SourceError> {
        let cell = self.cell((row, column), value, found);
        if cell.is_empty() {
            return Ok(());
        }
        let at = column as usize;
        if at >= COLUMNS_MAX {
            let (vi, en) = (format!("quá {COLUMNS_MAX} cột"), format!("more than {COLUMNS_MAX} columns"));
            return Err(super::refused(self.path, &vi, &en));
        }
        if at >= self.cells.len() {
            self.cells.resize(at + 1, Cell::Empty);
        }
        self.cells[at] = cell;
        Ok(())
    }

    fn end(
        &mut self,
        row: u32,
        found: &mut Found,
        take: &mut Take<'_>,
    ) -> Result<ControlFlow<()>, SourceError> {
        let mut cells = std::mem::take(&mut self.cells);
        let own = cells.iter().filter(|cell| !cell.is_empty()).count();
        let (spread, reaches) = self.merges.spread(row, &mut cells)?;
        if own == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        let line = u64::from(row) + 1;
        let banner = own == 1 && spread;
        take(Row { line, cells, banner, reaches: u64::from(reaches) + 1 }, found)
    }

    fn cell(&self, (row, column): (u32, u32), value: &Data, found: &mut Found) -> Cell {
        match value {
            Data::Empty => Cell::Empty,
            Data::String(text) => self.text_cell((row, column), text, found),
            Data::Int(number) => Cell::Typed(number.to_string(), Form::Whole),
            Data::Float(number) => number_cell(*number),
            Data::Bool(yes) => Cell::Typed(i32::from(*yes).to_string(), Form::Boolean),
            Data::DateTime(at) => date_cell(*at),
            Data::DateTimeIso(text) => columns::iso(text).unwrap_or_else(|| Cell::Text(text.clone())),
            Data::DurationIso(text) => Cell::Text(text.clone()),
            Data::Error(error) => {
                let (vi, en) = (
                    format!("lỗi công thức {error}, để trống"),
                    format!("error {error} of a formula, left empty"),
                );
                found.problem(place(row, column), &vi, &en);
                Cell::Empty
            }
        }
    }

    fn text_cell(&self, (row, column): (u32, u32), text: &str, found: &mut Found) -> Cell {
        let Some(encoding) = self.text else { return found.cleaned(text.to_owned()) };
        if let Some(text) = encoding.convert(text.trim()) {
            return found.cleaned(text);
        }
        found.no_text(place(row, column), encoding);
        Cell::Empty
    }
}

/// A number as people see it: whole ones without `.0`. Excel knows 15 digits; beyond 2^53 none is a whole number for sure.
fn number_cell(number: f64) -> Cell {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let form = if number.fract() == 0.0 && number.abs() < EXACT { Form::Whole } else { Form::Decimal };
    Cell::Typed(if number == 0.0 { "0".into() } else { number.to_string() }, form)
}

/// A day, a moment, or a time of day; a duration is text.
fn date_cell(at: ExcelDateTime) -> Cell {
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    let clock = format!("{hour:02}:{minute:02}:{second:02}");
    if at.is_duration() {
        return Cell::Text(at.as_f64().to_string());
    }
    if (0.0..1.0).contains(&at.as_f64()) {
        return Cell::Typed(clock, Form::Time);
    }
    let small = |value: u8| i8::try_from(value).unwrap_or_default();
    let year = i16::try_from(year).unwrap_or_default();
    let nanos = i32::from(milli) * 1_000_000;
    DateTime::new(year, small(month), small(day), small(hour), small(minute), small(second), nanos)
        .map_or_else(|_| Cell::Text(at.as_f64().to_string()), columns::at_moment)
}

/// The sheet that is meant, and the others: the one that was named, else the first that shows.
fn chosen<R: Reader<BufReader<File>>>(
    path: &Path,
    book: &R,
    import: &Import,
) -> Result<(String, Vec<String>), SourceError> {
    let all = book.sheets_metadata();
    let found = match &import.sheet {
        Some(wanted) => all.iter().find(|sheet| sheet.name == *wanted),
        None => all.iter().find(|sheet| sheet.visible == SheetVisible::Visible).or(all.first()),
    };
    let names: Vec<&str> = all.iter().map(|sheet| &*sheet.name).collect();
    let Some(found) = found else {
        let wanted = import.sheet.as_deref().unwrap_or_default();
        let names = names.join(", ");
        let vi = format!("không có trang tính {wanted}; có: {names}");
        return Err(super::refused(path, &vi, &format!("there is no sheet {wanted}; there are: {names}")));
    };
    let others = names.into_iter().filter(|name| *name != found.name).map(str::to_owned).collect();
    Ok((found.name.clone(), others))
}

/// Unpacks every part once to count its bytes: what a file says of its own sizes may be wrong. Tells whether it is one
/// of `.ods`.
fn within_limits(path: &Path, file: &File) -> Result<bool, SourceError> {
    let again = file.try_clone().map_err(|error| super::unreadable(path, &error))?;
    let mut archive =
        zip::ZipArchive::new(BufReader::new(again)).map_err(|error| unreadable(path, &error))?;
    if archive.len() > PARTS_MAX {
        let (vi, en) = (format!("quá {PARTS_MAX} phần"), format!("more than {PARTS_MAX} parts"));
        return Err(super::refused(path, &vi, &en));
    }
    let (mut is_ods, mut is_xlsx, mut left) = (false, false, UNPACKED_BYTES_MAX);
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|error| unreadable(path, &error))?;
        let name = part.name().map_err(|error| unreadable(path, &error))?.into_owned();
        is_ods |= name == "content.xml";
        is_xlsx |= name == "xl/workbook.xml";
        let held = name == "content.xml" || !name.starts_with("xl/worksheets/");
        let limit = if held { left.min(HELD_BYTES_MAX) } else { left };
        let size = io::copy(&mut part.take(limit + 1), &mut io::sink());
        let size = size.map_err(|error| unreadable(path, &error))?;
        if size > limit {
            return Err(too_large(path, limit));
        }
        left -= size;
    }
    if is_ods || is_xlsx {
        return Ok(is_ods);
    }
    Err(super::refused(path, "không phải tệp .xlsx hay .ods", "is no file of .xlsx or .ods"))
}

fn too_large(path: &Path, limit: u64) -> SourceError {
    let vi = format!("giải nén ra quá {limit} byte; chia tệp, hoặc lưu thành CSV");
    super::refused(path, &vi, &format!("unpacks to more than {limit} bytes: split it, or save it as CSV"))
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> SourceError {
    let vi = format!(
        "không đọc được: {error}. Mở và lưu lại bằng Excel, bỏ mật khẩu nếu có; tệp có thể chưa chép xong"
    );
    let en =
        format!("cannot be read: {error}. Open and save it again, without password; it may be half written");
    super::refused(path, &vi, &en)
}

/// A cell as spreadsheets name it.
fn place(row: u32, column: u32) -> String {
    let mut letters = Vec::new();
    let mut left = column + 1;
    while left > 0 {
        letters.push(char::from(b'A' + u8::try_from((left - 1) % 26).unwrap_or_default()));
        left = (left - 1) / 26;
    }
    format!("ô / cell {}{}", letters.iter().rev().collect::<String>(), u64::from(row) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_the_names_that_people_see() {
        assert_eq!(
            [place(0, 0), place(9, 25), place(1, 26), place(0, 701)],
            ["ô / cell A1", "ô / cell Z10", "ô / cell AA2", "ô / cell ZZ1"]
        );
    }
}
