//! Excel files: one sheet with the entries, one that explains the columns.

use std::io::{Cursor, Read as _};

use base::cell::{neutralised, plain};
use calamine::{DataRef, Reader as _, Xlsx};
use rust_xlsxwriter::{DataValidation, DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::super::columns::{COLUMNS, VERSION, VERSION_ABOUT};
use super::csv::no_headings;
use super::intake::{Intake, RowPlace, Target, headings, too_long};
use super::{CELL_CHARS_MAX, ROWS_MAX, Row, UNPACKED_BYTES_MAX};
use crate::error::{Mistake, RegistryError};

/// Parts of an Excel file at most; one with a single sheet has about ten.
const PARTS_MAX: usize = 1_000;
/// Cells of a row at most; more than twice what there are columns.
const CELLS_MAX: usize = 100;
/// Width of columns, in characters.
const WIDTH: f64 = 24.0;

pub(super) fn write(rows: &[Row]) -> Result<Vec<u8>, RegistryError> {
    let unwritable = |failure: XlsxError| {
        RegistryError::invalid(
            "file",
            format!("Không ghi được tệp Excel: {failure}"),
            format!("Cannot write Excel: {failure}"),
        )
    };
    let mut workbook = Workbook::new();
    // The same entries make the same file: no clock.
    let made = ExcelDateTime::from_ymd(2000, 1, 1).map_err(unwritable)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    entries(workbook.add_worksheet(), rows).map_err(unwritable)?;
    explanation(workbook.add_worksheet()).map_err(unwritable)?;
    workbook.save_to_buffer().map_err(unwritable)
}

fn entries(sheet: &mut Worksheet, rows: &[Row]) -> Result<(), XlsxError> {
    let heading = Format::new().set_bold().set_text_wrap();
    // Cells are text, so that Excel keeps the zeros of codes and telephone numbers and computes nothing.
    let text = Format::new().set_num_format("@");
    sheet.set_name("Danh sách")?.set_freeze_panes(1, 1)?;
    let last = u32::try_from(ROWS_MAX).unwrap_or(u32::MAX);
    for (index, column) in (0..).zip(&COLUMNS) {
        sheet.set_column_width(index, WIDTH)?.set_column_format(index, &text)?;
        sheet.write_string_with_format(0, index, column.vi, &heading)?;
        let words = (column.words)();
        if !words.is_empty() {
            let choice = DataValidation::new().allow_list_strings(&words)?;
            sheet.add_data_validation(1, index, last, index, &choice)?;
        }
    }
    let version = u16::try_from(COLUMNS.len()).unwrap_or(u16::MAX);
    sheet.write_string_with_format(0, version, VERSION.1, &heading)?;
    for (number, row) in (1..).zip(rows) {
        for (index, column) in (0..).zip(&COLUMNS) {
            let cell = (column.get)(&row.holding);
            if !cell.is_empty() {
                sheet.write_string(number, index, neutralised(cell))?;
            }
        }
        if let Some(value) = row.version {
            sheet.write_string(number, version, value.to_string())?;
        }
    }
    Ok(())
}

/// What each column is for, so that the template explains itself.
fn explanation(sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let heading = Format::new().set_bold();
    sheet.set_name("Hướng dẫn")?;
    let names = ["Cột", "Mã / code", "Bắt buộc / required", "Cách ghi", "What to write", "Giá trị / words"];
    for (index, text) in (0..).zip(names) {
        sheet.set_column_width(index, WIDTH)?;
        sheet.write_string_with_format(0, index, text, &heading)?;
    }
    let columns = COLUMNS.iter().map(|column| {
        (
            column.vi,
            column.code,
            if column.required { "x" } else { "" },
            column.about,
            (column.words)().join(" / "),
        )
    });
    let version = (VERSION.1, VERSION.0, "", VERSION_ABOUT, String::new());
    for (number, (vi, code, required, (about_vi, about_en), words)) in (1..).zip(columns.chain([version])) {
        for (index, text) in (0..).zip([vi, code, required, about_vi, about_en, &words]) {
            sheet.write_string(number, index, text)?;
        }
    }
    Ok(())
}

pub(super) fn read(bytes: &[u8], intake: &mut Intake) -> Result<(), RegistryError> {
    within_limits(bytes, UNPACKED_BYTES_MAX)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|failure| unreadable(&failure))?;
    let Some(first) = workbook.sheet_names().first().cloned() else {
        return Err(RegistryError::Import(vec![no_headings()]));
    };
    let mut cells = workbook.worksheet_cells_reader(&first).map_err(|failure| unreadable(&failure))?;
    let mut sheet = Sheet { intake, targets: None, row: 0, cells: Vec::new(), bytes: 0 };
    // Cells one by one, never as a rectangle: a single cell far below and to the right would make it enormous.
    while let Some(cell) = cells.next_cell().map_err(|failure| unreadable(&failure))? {
        let (row, column) = cell.get_position();
        sheet.cell(row, column, cell.get_value())?;
    }
    sheet.end_row()?;
    if sheet.targets.is_some() { Ok(()) } else { Err(RegistryError::Import(vec![no_headings()])) }
}

/// Unpacks every part once to count its bytes: what the file says about its own sizes may be wrong.
pub(in super::super) fn within_limits(bytes: &[u8], unpacked_bytes_max: u64) -> Result<(), RegistryError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|failure| unreadable(&failure))?;
    if archive.len() > PARTS_MAX {
        return Err(RegistryError::TooMany { what: "parts of the file", max: PARTS_MAX });
    }
    let mut left = unpacked_bytes_max;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|failure| unreadable(&failure))?;
        let size = std::io::copy(&mut part.take(left + 1), &mut std::io::sink());
        let size = size.map_err(|failure| unreadable(&failure))?;
        left = left.checked_sub(size).ok_or(too_large())?;
    }
    Ok(())
}

fn too_large() -> RegistryError {
    let max = usize::try_from(UNPACKED_BYTES_MAX).unwrap_or(usize::MAX);
    RegistryError::TooMany { what: "bytes of the unpacked file", max }
}

fn unreadable(failure: &dyn std::error::Error) -> RegistryError {
    RegistryError::Import(vec![Mistake::new(
        "file",
        format!("Không đọc được tệp Excel (.xlsx): {failure}. Mở và lưu lại bằng Excel, bỏ mật khẩu nếu có."),
        format!(
            "The Excel file (.xlsx) cannot be read: {failure}. Open and save it again, without password."
        ),
    )])
}

/// The sheet as far as it was read.
struct Sheet<'a> {
    intake: &'a mut Intake,
    targets: Option<Vec<Target>>,
    row: u32,
    cells: Vec<(u32, Result<String, Mistake>)>,
    /// Bytes of all texts so far: cells may share one text, so that they are more than the file.
    bytes: u64,
}

impl Sheet<'_> {
    fn cell(&mut self, row: u32, column: u32, value: &DataRef<'_>) -> Result<(), RegistryError> {
        if row != self.row {
            self.end_row()?;
            self.row = row;
        }
        let text = self.text(column, value);
        if text.as_ref().is_ok_and(String::is_empty) {
            return Ok(());
        }
        self.bytes += text.as_ref().map_or(0, |text| text.len() as u64);
        if self.bytes > UNPACKED_BYTES_MAX {
            return Err(too_large());
        }
        if self.cells.len() >= CELLS_MAX {
            return Err(RegistryError::TooMany { what: "cells of a row", max: CELLS_MAX });
        }
        self.cells.push((column, text));
        Ok(())
    }

    fn text(&self, column: u32, value: &DataRef<'_>) -> Result<String, Mistake> {
        let name = || match self.target(column) {
            Target::Column(index) => COLUMNS[index].code,
            _ => "?",
        };
        let whole = |text: &str| {
            if text.len() > 4 * CELL_CHARS_MAX { Err(too_long(name())) } else { Ok(plain(text).to_owned()) }
        };
        match value {
            DataRef::Empty => Ok(String::new()),
            DataRef::String(text) => whole(text),
            DataRef::SharedString(text) => whole(text),
            DataRef::Int(number) => Ok(number.to_string()),
            // A whole number is written without `.0`: Excel knows no other numbers.
            DataRef::Float(number) => Ok(number.to_string()),
            DataRef::Bool(value) => Ok(value.to_string()),
            DataRef::DateTime(moment) if moment.is_datetime() => {
                let (year, month, day, ..) = moment.to_ymd_hms_milli();
                Ok(format!("{year:04}-{month:02}-{day:02}"))
            }
            DataRef::DateTime(duration) => Ok(duration.as_f64().to_string()),
            DataRef::DateTimeIso(text) => Ok(text.split('T').next().unwrap_or_default().to_owned()),
            DataRef::DurationIso(text) => Ok(text.clone()),
            DataRef::Error(_) => Err(Mistake::new(
                name(),
                "Ô chứa lỗi công thức. Ghi lại bằng giá trị.",
                "The cell holds the error of a formula. Write its value.",
            )),
        }
    }

    fn target(&self, column: u32) -> Target {
        let targets = self.targets.as_deref().unwrap_or_default();
        targets.get(column as usize).copied().unwrap_or(Target::Nothing)
    }

    fn end_row(&mut self) -> Result<(), RegistryError> {
        let cells = std::mem::take(&mut self.cells);
        if cells.is_empty() {
            return Ok(());
        }
        let number = u64::from(self.row) + 1;
        let place = RowPlace { row: number, line: number };
        if self.targets.is_none() {
            // Columns without heading lie between those with one.
            let mut texts: Vec<String> = Vec::new();
            for (column, text) in cells {
                let column = column as usize;
                if column >= CELLS_MAX {
                    return Err(RegistryError::TooMany { what: "cells of a row", max: CELLS_MAX });
                }
                texts.resize(texts.len().max(column + 1), String::new());
                texts[column] = text.map_err(|mistake| RegistryError::Import(vec![mistake]))?;
            }
            self.targets = Some(headings(place, texts.iter().map(String::as_str))?);
            return Ok(());
        }
        let cells: Vec<_> = cells.into_iter().map(|(column, text)| (self.target(column), text)).collect();
        self.intake.row(place, cells.into_iter())
    }
}
