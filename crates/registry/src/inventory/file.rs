//! The inventory as a file: CSV, Excel or JSON, with the columns of [`super::COLUMNS`].
//!
//! Reading reports every row that is wrong and takes nothing over by itself. Writing no rows gives a template. What is
//! written and read again is the same, to the character. A cell of a table that a spreadsheet would take for a formula
//! is written with an apostrophe before it, which reading takes off again.

mod csv;
mod intake;
mod json;
mod xlsx;

use super::holding::Holding;
use crate::error::RegistryError;

pub(super) use intake::{Intake, Placed, RowPlace};
#[cfg(test)]
pub(super) use xlsx::within_limits;

/// Largest file, in bytes.
pub const FILE_BYTES_MAX: usize = 50 * 1024 * 1024;
/// Rows of a file at most, twice the 100,000 that a country's inventory may have.
pub const ROWS_MAX: usize = 200_000;
/// What an Excel file may unpack to, in bytes: eight times the largest file. Protects against files made to explode.
pub const UNPACKED_BYTES_MAX: u64 = 400 * 1024 * 1024;
/// Longest text of a cell, in characters: Excel's own limit, less room for the apostrophe.
pub(super) const CELL_CHARS_MAX: usize = 32_000;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated text in UTF-8; semicolons and tabs are read, too.
    Csv,
    /// Excel 2007 and later (`.xlsx`).
    Xlsx,
    /// An array of entries.
    Json,
}

/// An entry as it goes to a file or comes from one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The entry.
    pub holding: Holding,
    /// The version it was exported with, so that a file edited for weeks does not undo what others did meanwhile.
    pub version: Option<i64>,
}

/// Writes entries as a file; none make a template.
///
/// # Errors
/// More than [`ROWS_MAX`] rows; a text that Excel cannot hold.
pub fn write(format: Format, rows: &[Row]) -> Result<Vec<u8>, RegistryError> {
    if rows.len() > ROWS_MAX {
        return Err(RegistryError::TooMany { what: "rows", max: ROWS_MAX });
    }
    match format {
        Format::Csv => csv::write(rows),
        Format::Xlsx => xlsx::write(rows),
        Format::Json => json::write(rows),
    }
}

/// Reads a file; the mistakes of rows are in what is returned.
///
/// # Errors
/// The file as a whole cannot be read, or is more than a limit.
pub(super) fn read(format: Format, bytes: &[u8]) -> Result<Intake, RegistryError> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(RegistryError::TooMany { what: "bytes of the file", max: FILE_BYTES_MAX });
    }
    let mut intake = Intake::default();
    match format {
        Format::Csv => csv::read(bytes, &mut intake)?,
        Format::Xlsx => xlsx::read(bytes, &mut intake)?,
        Format::Json => json::read(bytes, &mut intake)?,
    }
    Ok(intake)
}
