//! Files as sources: `csv:PATH` and `xlsx:PATH#SHEET` (also `.xls`, `.ods`) are read into a private table of SQLite,
//! which then answers like any database, and are read again when they change.
//!
//! Nothing is guessed silently: what was skipped, converted, left empty or could be read in two ways is in the
//! [`Report`], by line or cell, never with the value.

mod columns;
mod copy;
mod csv;
mod header;
mod import;
mod sheet;

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use crate::encoding::Encoding;
use crate::error::{Mistake, SourceError};

use columns::Cell;
pub(crate) use copy::{Following, IMPORTED};
pub use header::LINE;
use header::Row;

/// Largest file, in bytes.
pub const FILE_BYTES_MAX: u64 = 1 << 30;
/// Rows at most.
pub const ROWS_MAX: u64 = 1_000_000;
/// Columns at most.
pub const COLUMNS_MAX: usize = 200;
/// Largest cell, in bytes of UTF-8: what Excel allows in characters.
pub const CELL_BYTES_MAX: usize = 32 << 10;
/// Problems that a report shows; it counts all.
pub const SHOWN_MAX: usize = 20;
/// The type of decimals: text to SQLite, so that they stay exact.
pub(crate) const DECIMAL: &str = "DECIMAL TEXT";

/// `[import]`: how a file is to be read, where it does not say so itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Import {
    /// Line with the names of the columns, counted from 1; 0: there is none. Otherwise the first that looks like it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_row: Option<u64>,
    /// Name of the sheet; otherwise the first that shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// What separates values in a line; otherwise one of `, ; tab |`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// Encoding of the file, or of the font with which a sheet was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// Folder for the private copies, mode 0700; otherwise `.lienthong-nguon` beside the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<PathBuf>,
}

impl Import {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn mistakes(&self, url: &str) -> Vec<Mistake> {
        let mut all = Vec::new();
        if !is_file(url) && !self.is_default() {
            let en = "is for sources csv: and xlsx: only";
            all.push(Mistake::new("import", "chỉ dùng cho nguồn csv: và xlsx:", en));
        }
        if self
            .delimiter
            .is_some_and(|sign| !sign.is_ascii() || sign.is_ascii_alphanumeric() || "\"\r\n\0".contains(sign))
        {
            let en = "is one character such as , ; | or a tab";
            all.push(Mistake::new("import.delimiter", "là một ký tự như , ; | hoặc tab", en));
        }
        all
    }
}

/// Which kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Format {
    Csv,
    Sheet,
}

/// A file and how it is to be read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileAddress {
    format: Format,
    path: PathBuf,
    import: Import,
    /// Types of columns that a definition was written by; they count, whatever the file's cells say now.
    expected: BTreeMap<String, String>,
}

/// Whether an address is one of a file that is imported.
pub fn is_file(url: &str) -> bool {
    url.starts_with("csv:") || url.starts_with("xlsx:")
}

/// An address of a file with its relative path in a folder; other addresses as they are.
pub fn placed(url: &str, dir: &Path) -> String {
    let found = url.split_once(':').filter(|(scheme, _)| ["sqlite", "csv", "xlsx"].contains(scheme));
    match found {
        Some((scheme, path)) if Path::new(path).is_relative() => {
            format!("{scheme}:{}", dir.join(path).display())
        }
        _ => url.to_owned(),
    }
}

impl FileAddress {
    /// The file of an address; nothing for other addresses.
    pub(crate) fn of(url: &str) -> Option<Self> {
        let mut import = Import::default();
        let (format, path) = match url.split_once(':')? {
            ("csv", path) => (Format::Csv, path),
            ("xlsx", place) => match place.rsplit_once('#') {
                Some((path, sheet)) => {
                    import.sheet = Some(sheet.to_owned());
                    (Format::Sheet, path)
                }
                None => (Format::Sheet, place),
            },
            _ => return None,
        };
        // One file has one name, from wherever it is looked at.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.into());
        Some(Self { format, path, import, expected: BTreeMap::new() })
    }

    /// With what a definition says; a sheet of the address counts before one of `[import]`.
    pub(crate) fn with(&self, import: &Import, expected: BTreeMap<String, String>) -> Self {
        let sheet = self.import.sheet.clone().or_else(|| import.sheet.clone());
        Self { import: Import { sheet, ..import.clone() }, expected, ..self.clone() }
    }

    pub(crate) fn import(&self) -> &Import {
        &self.import
    }

    fn stamp(&self) -> Result<Stamp, SourceError> {
        let meta = std::fs::metadata(&self.path).map_err(|error| unreadable(&self.path, &error))?;
        if !meta.is_file() {
            return Err(refused(&self.path, "không phải là tệp", "is no file"));
        }
        if meta.len() > FILE_BYTES_MAX {
            let (vi, en) =
                (format!("lớn hơn {FILE_BYTES_MAX} byte"), format!("is larger than {FILE_BYTES_MAX} bytes"));
            return Err(refused(&self.path, &vi, &en));
        }
        Ok(Stamp::of(&meta))
    }
}

/// A file as it was: its size and when it changed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Stamp {
    bytes: u64,
    /// Seconds and nanoseconds of the file system's clock.
    changed: (i64, i64),
}

impl Stamp {
    fn of(meta: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self { bytes: meta.len(), changed: (meta.mtime(), meta.mtime_nsec()) }
    }
}

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Name of the table.
    pub table: String,
    /// The sheet that was read.
    pub sheet: Option<String>,
    /// Sheets that were not read.
    pub other_sheets: Vec<String>,
    /// Line with the names of the columns, the last one where there are more; 0: there is none.
    pub header_line: u64,
    /// Rows that were taken.
    pub rows: u64,
    /// Rows of data that were left out, each for a problem that is told; empty ones and titles do not count.
    pub left_out: u64,
    /// Encoding of a file of separated values, or the one of before Unicode that a sheet was written in.
    pub encoding: Option<Encoding>,
    /// What separates values.
    pub delimiter: Option<char>,
    /// Cells from which characters that nobody sees were taken.
    pub repaired: u64,
    /// How many problems there were.
    pub problems: u64,
    /// The first of them, by line or cell, at most [`SHOWN_MAX`].
    pub shown: Vec<Mistake>,
}

impl Report {
    /// Something to know of a whole column.
    fn note(&mut self, column: &str, vi: &str, en: &str) {
        self.problems += 1;
        if self.shown.len() < SHOWN_MAX {
            self.shown.push(Mistake::new(format!("cột / column {column}"), vi, en));
        }
    }

    /// What people should know, the summary first.
    pub fn remarks(&self) -> Vec<Mistake> {
        let (rows, out, header) = (self.rows, self.left_out, self.header_line);
        let mut vi = vec![format!("{rows} dòng, bỏ {out}, tên cột ở dòng {header}")];
        let mut en = vec![format!("{rows} rows, {out} left out, names of columns in line {header}")];
        if let Some(encoding) = self.encoding {
            vi.push(format!("bảng mã {}", encoding.name()));
            en.push(format!("encoding {}", encoding.name()));
        }
        if let Some(sign) = self.delimiter {
            vi.push(format!("dấu phân cách {sign:?}"));
            en.push(format!("separator {sign:?}"));
        }
        if self.repaired > 0 {
            vi.push(format!("{} ô đã bỏ ký tự ẩn", self.repaired));
            en.push(format!("hidden characters taken from {} cells", self.repaired));
        }
        if !self.other_sheets.is_empty() {
            let names = self.other_sheets.join(", ");
            vi.push(format!("trang tính khác, chọn bằng #TÊN: {names}"));
            en.push(format!("other sheets, to choose with #NAME: {names}"));
        }
        let mut all = vec![Mistake::new("import", vi.join(", "), en.join(", "))];
        all.extend(self.shown.iter().cloned());
        let more = self.problems.saturating_sub(self.shown.len() as u64);
        if more > 0 {
            all.push(Mistake::new(
                "import",
                format!("và {more} vấn đề khác"),
                format!("and {more} more problems"),
            ));
        }
        all
    }
}

/// Where a service of a file stands.
#[derive(Clone, Debug)]
pub struct FileState {
    /// What the copy that answers was made of.
    pub report: Report,
    /// Why the file as it is now does not answer, in Vietnamese and in English.
    pub alarm: Option<(String, String)>,
    /// For how long the copy has been older than the file.
    pub behind: Option<std::time::Duration>,
}

/// Takes a row, and says whether more are wanted.
type Take<'a> = dyn FnMut(Row, &mut Found) -> Result<ControlFlow<()>, SourceError> + 'a;

/// What a reading finds on its way.
#[derive(Default)]
struct Found {
    repaired: u64,
    problems: u64,
    shown: Vec<Mistake>,
}

impl Found {
    fn problem(&mut self, place: String, vi: &str, en: &str) {
        self.problems += 1;
        if self.shown.len() < SHOWN_MAX {
            self.shown.push(Mistake::new(place, vi, en));
        }
    }

    /// A cell that is no text in the encoding.
    fn no_text(&mut self, place: String, encoding: Encoding) {
        let name = encoding.name();
        let vi = format!("EX-3014: không phải chữ {name}, để trống");
        self.problem(place, &vi, &format!("EX-3014: is no text in {name}, left empty"));
    }

    /// A text in normal form C without characters that nobody sees.
    fn cleaned(&mut self, text: String) -> Cell {
        let hidden =
            |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || c == '\u{feff}' || c == '\u{200b}';
        let text = if text.contains("\r\n") { text.replace("\r\n", "\n") } else { text };
        let clean: String = text.nfc().filter(|c| !hidden(*c)).collect();
        if text.contains(hidden) {
            self.repaired += 1;
        }
        let trimmed = clean.trim();
        if trimmed.is_empty() { Cell::Empty } else { Cell::Text(trimmed.to_owned()) }
    }
}

/// [`SourceError::Import`].
fn refused(path: &Path, vi: &str, en: &str) -> SourceError {
    SourceError::Import { file: path.display().to_string(), vi: vi.to_owned(), en: en.to_owned() }
}

fn unreadable(path: &Path, error: &std::io::Error) -> SourceError {
    refused(path, &format!("không đọc được: {error}"), &format!("cannot be read: {error}"))
}
