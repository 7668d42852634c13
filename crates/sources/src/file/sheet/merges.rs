//! Cells that were merged: the value goes to each of them.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use calamine::Dimensions;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::error::SourceError;
use crate::file::COLUMNS_MAX;
use crate::file::columns::Cell;

/// Merges by rows, in the order of their first rows.
pub(super) struct Merges<'a> {
    coming: &'a [Dimensions],
    /// Those that the row is within, with their value once it was seen.
    open: Vec<(Dimensions, Cell)>,
}

impl<'a> Merges<'a> {
    pub(super) fn new(sorted: &'a [Dimensions]) -> Self {
        Self { coming: sorted, open: Vec::new() }
    }

    /// Gives the values of merges to the cells of a row. Whether one went to several columns, and the last row that a
    /// merge beginning here reaches.
    pub(super) fn spread(&mut self, row: u32, cells: &mut Vec<Cell>) -> (bool, u32) {
        let (mut wide, mut reaches) = (false, row);
        while let Some((next, rest)) = self.coming.split_first().filter(|(next, _)| next.start.0 <= row) {
            self.coming = rest;
            if next.start.0 == row && (next.start.1 as usize) < COLUMNS_MAX {
                let value = cells.get(next.start.1 as usize).cloned().unwrap_or(Cell::Empty);
                self.open.push((*next, value));
            }
        }
        self.open.retain(|(merge, value)| merge.end.0 >= row && !value.is_empty());
        for (merge, value) in &self.open {
            let last = (merge.end.1 as usize).min(COLUMNS_MAX - 1);
            if cells.len() <= last {
                cells.resize(last + 1, Cell::Empty);
            }
            cells[merge.start.1 as usize..=last].fill(value.clone());
            if merge.start.0 == row {
                wide |= merge.end.1 > merge.start.1;
                reaches = reaches.max(merge.end.0);
            }
        }
        (wide, reaches)
    }
}

/// The merges of a sheet of `.ods`, which calamine does not tell.
pub(super) fn of_ods(path: &Path, sheet: &str) -> Result<Vec<Dimensions>, SourceError> {
    let broken = |error: &dyn std::error::Error| super::unreadable(path, error);
    let file = File::open(path).map_err(|error| broken(&error))?;
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&error))?;
    let content = archive.by_name("content.xml").map_err(|error| broken(&error))?;
    let mut reader = Reader::from_reader(BufReader::new(content));
    let (mut buffer, mut merges) = (Vec::new(), Vec::new());
    let (mut within, mut row, mut column) = (false, 0_u32, 0_u32);
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(|error| broken(&error))? {
            Event::Start(tag) | Event::Empty(tag) => match tag.name().as_ref() {
                "table:table" => {
                    (within, row) = (text(&tag, "table:name").as_deref() == Some(sheet), 0);
                }
                "table:table-row" if within => {
                    (row, column) = (row.saturating_add(number(&tag, "table:number-rows-repeated")), 0);
                }
                "table:table-cell" | "table:covered-table-cell" if within => {
                    let columns = number(&tag, "table:number-columns-spanned");
                    let rows = number(&tag, "table:number-rows-spanned");
                    if columns > 1 || rows > 1 {
                        let top = row.saturating_sub(1);
                        let end = (top.saturating_add(rows - 1), column.saturating_add(columns - 1));
                        merges.push(Dimensions::new((top, column), end));
                    }
                    column = column.saturating_add(number(&tag, "table:number-columns-repeated"));
                }
                _ => {}
            },
            Event::Eof => return Ok(merges),
            _ => {}
        }
    }
}

fn text(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().flatten().find(|attribute| attribute.key.as_ref() == name)?;
    Some(found.normalized_value(quick_xml::XmlVersion::Explicit1_0).ok()?.into_owned())
}

/// A count, 1 where there is none.
fn number(tag: &BytesStart<'_>, name: &str) -> u32 {
    text(tag, name).and_then(|text| text.parse().ok()).filter(|number| *number > 0).unwrap_or(1)
}
