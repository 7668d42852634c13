//! How much memory a sheet of `.ods` takes: a cell or a row of it may say that it stands there a million times.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::HELD_BYTES_MAX;
use crate::error::SourceError;

/// What a cell takes beside its text, in bytes: its value and its formula, each a text.
const CELL_BYTES: u64 = 56;
/// Rows that a sheet has at most.
const ROWS_MAX: u64 = 1 << 20;
/// Columns that a sheet has at most.
const COLUMNS_MAX: u64 = 1 << 14;
/// Attributes of an element at most; a reader of documents may compare each with all others.
const ATTRIBUTES_MAX: usize = 256;

/// Refuses a file whose cells, each as often as it says, do not go into memory.
///
/// # Errors
/// It is one of them, or its content is no XML.
pub(super) fn within_limits(path: &Path) -> Result<(), SourceError> {
    let broken = |error: &dyn std::error::Error| super::unreadable(path, error);
    let file = File::open(path).map_err(|error| broken(&error))?;
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&error))?;
    let content = archive.by_name("content.xml").map_err(|error| broken(&error))?;
    let mut reader = Reader::from_reader(BufReader::new(content));
    let (mut buffer, mut held) = (Vec::new(), Held::default());
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer).map_err(|error| broken(&error))?;
        if let Event::Eof = event {
            return Ok(());
        }
        held.take(&event).map_err(|error| broken(&error))?;
        if held.bytes() > HELD_BYTES_MAX {
            return Err(super::too_large(path, HELD_BYTES_MAX));
        }
    }
}

/// What has been counted. Sheets are held together, and each as a rectangle.
#[derive(Default)]
struct Held {
    /// Texts of rows that ended, and sheets that ended.
    before: u64,
    rows: u64,
    width: u64,
    /// Rows without a value, which count only before one that has some.
    empty_rows: u64,
    row: Line,
    cell: Cell,
}

#[derive(Default)]
struct Line {
    repeats: u64,
    cells: u64,
    /// As with rows.
    empty_cells: u64,
    texts: u64,
}

#[derive(Default)]
struct Cell {
    repeats: u64,
    has_value: bool,
    text: u64,
}

impl Held {
    fn bytes(&self) -> u64 {
        let open = self.cell.repeats.saturating_mul(self.cell.text);
        let cells = self.rows.saturating_mul(self.width).saturating_add(self.row.cells);
        let texts = self.row.texts.saturating_add(open).saturating_mul(self.row.repeats.max(1));
        self.before.saturating_add(texts).saturating_add(cells.saturating_mul(CELL_BYTES))
    }

    fn take(&mut self, event: &Event<'_>) -> Result<(), quick_xml::Error> {
        match event {
            Event::Start(tag) => self.start(tag)?,
            Event::Empty(tag) => {
                self.start(tag)?;
                self.end(tag.name().as_ref());
            }
            Event::End(tag) => self.end(tag.name().as_ref()),
            Event::Text(text) => self.text(text.len() as u64),
            Event::GeneralRef(name) => self.text(name.len() as u64),
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), quick_xml::Error> {
        match tag.name().as_ref() {
            "table:table-row" => {
                let repeats = Attributes::of(tag, "table:number-rows-repeated")?.count.min(ROWS_MAX);
                self.row = Line { repeats, ..Line::default() };
            }
            "table:table-cell" | "table:covered-table-cell" => {
                let attributes = Attributes::of(tag, "table:number-columns-repeated")?;
                let repeats = attributes.count.min(COLUMNS_MAX);
                self.cell = Cell { repeats, has_value: attributes.has_value, text: attributes.bytes };
            }
            // So many spaces.
            "text:s" => self.text(Attributes::of(tag, "text:c")?.count),
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, bytes: u64) {
        self.cell.text = self.cell.text.saturating_add(bytes);
    }

    fn end(&mut self, name: &str) {
        match name {
            "table:table-cell" | "table:covered-table-cell" => {
                let Cell { repeats, has_value, text } = std::mem::take(&mut self.cell);
                if has_value {
                    self.row.cells += std::mem::take(&mut self.row.empty_cells) + repeats;
                    self.row.texts = self.row.texts.saturating_add(repeats.saturating_mul(text));
                } else {
                    self.row.empty_cells += repeats;
                }
            }
            "table:table-row" => {
                let Line { repeats, cells, texts, .. } = std::mem::take(&mut self.row);
                if cells == 0 {
                    self.empty_rows += repeats;
                    return;
                }
                self.before = self.before.saturating_add(texts.saturating_mul(repeats));
                self.rows += std::mem::take(&mut self.empty_rows) + repeats;
                self.width = self.width.max(cells);
            }
            "table:table" => {
                let cells = std::mem::take(&mut self.rows).saturating_mul(std::mem::take(&mut self.width));
                self.before = self.before.saturating_add(cells.saturating_mul(CELL_BYTES));
                self.empty_rows = 0;
            }
            _ => {}
        }
    }
}

/// What the attributes of an element say.
struct Attributes {
    /// How often it stands there.
    count: u64,
    /// Whether it has a value or a formula.
    has_value: bool,
    /// All of them together.
    bytes: u64,
}

impl Attributes {
    fn of(tag: &BytesStart<'_>, repeats: &str) -> Result<Self, quick_xml::Error> {
        let mut found = Self { count: 1, has_value: false, bytes: 0 };
        for (at, attribute) in tag.attributes().with_checks(false).enumerate() {
            let attribute = attribute?;
            let key = attribute.key.as_ref();
            if at >= ATTRIBUTES_MAX {
                let what = format!("{} > {ATTRIBUTES_MAX} thuộc tính / attributes", tag.name().as_ref());
                return Err(std::io::Error::other(what).into());
            }
            if key == repeats {
                let value = attribute.normalized_value(quick_xml::XmlVersion::Explicit1_0)?;
                found.count = value.parse().unwrap_or(1);
            }
            let is_value = key.starts_with("office:") || key.starts_with("calcext:");
            found.has_value |= is_value || key == "table:formula";
            found.bytes += attribute.value.len() as u64;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that a sheet takes.
    #[track_caller]
    fn check(rows: &str, expected: u64) {
        let text = format!("<table:table>{rows}</table:table>");
        let (mut reader, mut held) = (Reader::from_str(&text), Held::default());
        loop {
            match reader.read_event().unwrap() {
                Event::Eof => break,
                event => held.take(&event).unwrap(),
            }
        }
        assert_eq!(held.bytes(), expected, "{rows}");
    }

    #[test]
    fn a_cell_counts_as_often_as_it_stands_there_and_an_empty_one_only_before_a_value() {
        let cell = "<table:table-cell office:value-type='s'>abc</table:table-cell>";
        let row = |repeats: u64, cells: &str| {
            format!("<table:table-row table:number-rows-repeated='{repeats}'>{cells}</table:table-row>")
        };
        let empty = "<table:table-cell table:number-columns-repeated='9'/>";
        check(&row(1, cell), CELL_BYTES + 4);
        check(&row(7, cell), 7 * (CELL_BYTES + 4));
        check(&row(1, &[cell, empty].concat()), CELL_BYTES + 4);
        check(&row(1, &[empty, cell].concat()), 10 * CELL_BYTES + 4);
        check(&[row(1, cell), row(1_000_000, empty)].concat(), CELL_BYTES + 4);
        check(&[row(1, cell), row(8, empty), row(1, cell)].concat(), 10 * CELL_BYTES + 8);
        check(&[row(1, &cell.repeat(3)), row(1, cell)].concat(), 6 * CELL_BYTES + 16);
        let spaces = "<table:table-cell office:value-type='s'><text:s text:c='500'/></table:table-cell>";
        check(&row(2, spaces), 2 * (CELL_BYTES + 501));
        let often = "<table:table-cell table:number-columns-repeated='99999999999' office:value='1'/>";
        check(&row(1, often), (CELL_BYTES + 12) * COLUMNS_MAX);
    }
}
