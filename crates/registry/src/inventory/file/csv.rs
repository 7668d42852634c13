//! CSV (RFC 4180) in UTF-8, written with a byte order mark, without which Excel takes it for another encoding.

use base::cell::{neutralised, plain};
use csv::{ByteRecord, ReaderBuilder, WriterBuilder};

use super::super::columns::{COLUMNS, VERSION};
use super::Row;
use super::intake::{Intake, RowPlace, Target, headings};
use crate::error::{Mistake, RegistryError};

const BOM: &[u8] = b"\xef\xbb\xbf";

pub(super) fn write(rows: &[Row]) -> Result<Vec<u8>, RegistryError> {
    let mut writer = WriterBuilder::new().from_writer(BOM.to_vec());
    let names = COLUMNS.iter().map(|column| column.vi).chain([VERSION.1]);
    writer.write_record(names).map_err(|failure| unwritable(&failure))?;
    for row in rows {
        let cells = COLUMNS.iter().map(|column| neutralised((column.get)(&row.holding)));
        let version = row.version.map(|version| version.to_string()).unwrap_or_default();
        writer.write_record(cells.chain([version])).map_err(|failure| unwritable(&failure))?;
    }
    writer.into_inner().map_err(|failure| unwritable(failure.error()))
}

fn unwritable(failure: &dyn std::error::Error) -> RegistryError {
    RegistryError::invalid(
        "file",
        format!("Không ghi được tệp: {failure}"),
        format!("Cannot write: {failure}"),
    )
}

pub(super) fn read(bytes: &[u8], intake: &mut Intake) -> Result<(), RegistryError> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(RegistryError::Import(vec![not_utf8("file")]));
    }
    let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
    let (separator, bytes, lines_before) = separator(bytes);
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(bytes);
    let mut record = ByteRecord::new();
    let mut targets: Option<Vec<Target>> = None;
    let mut row = lines_before;
    loop {
        // Reading from memory cannot fail, and rows may be of any length: see `flexible`.
        let more = reader.read_byte_record(&mut record).map_err(|failure| unreadable(&failure))?;
        if !more {
            break;
        }
        row += 1;
        let line = record.position().map_or(row, |position| position.line() + lines_before);
        let place = RowPlace { row, line };
        let Some(targets) = &targets else {
            let cells: Result<Vec<_>, _> = record.iter().map(std::str::from_utf8).collect();
            let cells = cells.map_err(|_| RegistryError::Import(vec![not_utf8(&place.to_string())]))?;
            targets = Some(headings(place, cells.into_iter())?);
            continue;
        };
        let cells = record.iter().enumerate().map(|(index, cell)| {
            let target = targets.get(index).copied().unwrap_or(Target::Nothing);
            let name = if let Target::Column(index) = target { COLUMNS[index].code } else { "?" };
            (target, std::str::from_utf8(cell).map(|cell| plain(cell).to_owned()).map_err(|_| not_utf8(name)))
        });
        intake.row(place, cells)?;
    }
    match targets {
        Some(_) => Ok(()),
        None => Err(RegistryError::Import(vec![no_headings()])),
    }
}

/// What separates cells, the text after a line `sep=;` of Excel, and how many lines that took.
fn separator(bytes: &[u8]) -> (u8, &[u8], u64) {
    let first = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    if let [b's', b'e', b'p', b'=', separator] = first.trim_ascii_end() {
        return (*separator, bytes.get(first.len() + 1..).unwrap_or_default(), 1);
    }
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in first {
        quoted ^= *byte == b'"';
        for (separator, count) in &mut counts {
            *count += u32::from(!quoted && byte == separator);
        }
    }
    // The first of equals: a file with one column has no separator.
    let most = counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(separator, _)| *separator);
    (most, bytes, 0)
}

fn not_utf8(place: &str) -> Mistake {
    Mistake::new(
        place,
        "Không phải UTF-8. Trong Excel chọn Lưu thành “CSV UTF-8 (Comma delimited)”, hoặc dùng tệp .xlsx.",
        "It is not UTF-8. In Excel save as “CSV UTF-8 (Comma delimited)”, or use an .xlsx file.",
    )
}

fn unreadable(failure: &csv::Error) -> RegistryError {
    RegistryError::Import(vec![Mistake::new(
        "file",
        format!("Không đọc được tệp CSV: {failure}. Xuất lại tệp."),
        format!("The CSV file cannot be read: {failure}. Export it again."),
    )])
}

pub(super) fn no_headings() -> Mistake {
    Mistake::new(
        "file",
        "Tệp không có dòng tên cột. Dùng tệp mẫu; lấy tệp mẫu bằng cách xuất danh sách rỗng.",
        "The file has no row of headings. Use the template; exporting nothing gives it.",
    )
}
