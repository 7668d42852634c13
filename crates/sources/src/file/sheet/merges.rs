//! Cells that were merged: the value goes to each of them.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use calamine::Dimensions;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::error::SourceError;
use crate::file::columns::Cell;
use crate::file::{COLUMNS_MAX, refused};

/// Most text that merges add to a sheet, in bytes: one that reaches to the last row writes its value as often.
const SPREAD_BYTES_MAX: u64 = 1 << 30;

/// Merges by rows, in the order of their first rows.
pub(super) struct Merges<'a> {
    path: &'a Path,
    coming: &'a [Dimensions],
    /// Those that the row is within, with their value once it was seen.
    open: Vec<(Dimensions, Cell)>,
    /// Bytes of text that were added.
    spread: u64,
}

impl<'a> Merges<'a> {
    pub(super) fn new(path: &'a Path, sorted: &'a [Dimensions]) -> Self {
        Self { path, coming: sorted, open: Vec::new(), spread: 0 }
    }

    /// Gives the values of merges to the cells of a row. Whether one went to several columns, and the last row that a
    /// merge beginning here reaches.
    ///
    /// # Errors
    /// More merges meet in a row than it has columns, or their values make too much text.
    pub(super) fn spread(&mut self, row: u32, cells: &mut Vec<Cell>) -> Result<(bool, u32), SourceError> {
        let (mut wide, mut reaches) = (false, row);
        while let Some((next, rest)) = self.coming.split_first().filter(|(next, _)| next.start.0 <= row) {
            self.coming = rest;
            if next.start.0 == row && (next.start.1 as usize) < COLUMNS_MAX {
                let value = cells.get(next.start.1 as usize).cloned().unwrap_or(Cell::Empty);
                self.open.push((*next, value));
            }
        }
        self.open.retain(|(merge, value)| merge.end.0 >= row && !value.is_empty());
        // Each row looks at all of them: those that overlap could make that a million times a million.
        if self.open.len() > COLUMNS_MAX {
            let vi = "các ô gộp chồng lên nhau; bỏ gộp ô rồi lưu lại";
            return Err(refused(self.path, vi, "its merged cells overlap: unmerge them and save it again"));
        }
        for (merge, value) in &self.open {
            let last = (merge.end.1 as usize).min(COLUMNS_MAX - 1);
            if cells.len() <= last {
                cells.resize(last + 1, Cell::Empty);
            }
            let first = merge.start.1 as usize;
            self.spread += (last + 1 - first) as u64 * value.text().len() as u64;
            if self.spread > SPREAD_BYTES_MAX {
                return Err(super::too_large(self.path, SPREAD_BYTES_MAX));
            }
            cells[first..=last].fill(value.clone());
            if merge.start.0 == row {
                wide |= merge.end.1 > merge.start.1;
                reaches = reaches.max(merge.end.0);
            }
        }
        Ok((wide, reaches))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_that_overlap_or_make_too_much_text_are_refused() {
        let down = |column| Dimensions::new((0, column), (u32::MAX, column));
        let path = Path::new("a.xlsx");
        let values = |text: &str| vec![Cell::Text(text.to_owned()); COLUMNS_MAX];
        let mut most: Vec<_> = (0..COLUMNS_MAX).map(|column| down(u32::try_from(column).unwrap())).collect();
        assert!(Merges::new(path, &most).spread(0, &mut values("x")).is_ok());
        most.push(down(0));
        let overlap = Merges::new(path, &most).spread(0, &mut values("x")).unwrap_err();
        assert!(overlap.to_string().contains("overlap"), "{overlap}");
        let wide = [Dimensions::new((0, 0), (u32::MAX, 199))];
        let mut merges = Merges::new(path, &wide);
        let long = "x".repeat(1 << 20);
        let ended = (0..10).find_map(|row| merges.spread(row, &mut values(&long)).err()).unwrap();
        assert!(ended.to_string().contains("more than"), "{ended}");
    }
}
