//! Finding the row with the names of the columns, and making names of it.

use super::columns::Cell;
use crate::meaning::folded;

/// Rows from the top among which the header is looked for.
pub(super) const ROWS_LOOKED_AT: usize = 50;
/// Longest name of a column, in characters; a field's name of it must stay within 64.
const NAME_CHARS_MAX: usize = 60;
/// The column with the line of the file.
pub const LINE: &str = "so_dong";

/// A row of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// Its line, counted from 1.
    pub line: u64,
    /// Its cells from the first column on; those at the end may be left out.
    pub cells: Vec<Cell>,
    /// Whether it is one cell that was merged across others: a title, not data.
    pub banner: bool,
    /// The last line of the cells that reach down from it.
    pub reaches: u64,
}

impl Row {
    fn filled(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(|cell| !cell.is_empty())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.filled().next().is_none()
    }
}

/// Where the names are, and what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Data begin behind this line.
    pub last_line: u64,
    pub names: Vec<String>,
}

/// The header of a file by its first rows; `wanted` is the line that somebody named, 0 for none. Nothing when no row
/// looks like one.
pub(super) fn find(rows: &[Row], wanted: Option<u64>) -> Option<Header> {
    let width = rows.iter().map(|row| row.filled().count()).max().filter(|width| *width > 0)?;
    if wanted == Some(0) {
        let columns = rows.iter().map(|row| row.cells.len()).max().unwrap_or(width);
        return Some(Header { last_line: 0, names: names(&vec![String::new(); columns]) });
    }
    let first = match wanted {
        Some(line) => rows.iter().position(|row| row.line == line),
        None => rows.iter().position(|row| looks_like_names(row, width)),
    }?;
    // Cells that reach down make a header of several rows: a group above, the names below.
    let end = rows[first].reaches.max(rows[first].line);
    let within: Vec<&Row> = rows.iter().filter(|row| (rows[first].line..=end).contains(&row.line)).collect();
    let mut texts = vec![String::new(); within.iter().map(|row| row.cells.len()).max()?];
    for (column, text) in texts.iter_mut().enumerate() {
        let mut parts: Vec<&str> = Vec::new();
        for part in within.iter().filter_map(|row| row.cells.get(column)).map(Cell::text) {
            if !part.is_empty() && !parts.contains(&part) {
                parts.push(part);
            }
        }
        *text = parts.join(" ");
    }
    let numbers = rows.iter().find(|row| row.line > end).filter(|row| counts_columns(row));
    Some(Header { last_line: numbers.map_or(end, |row| row.line), names: names(&texts) })
}

impl Header {
    /// Gives names to columns that have none, as far as a row goes.
    pub(super) fn reach(&mut self, row: &Row) {
        let columns = row.cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
        if columns > self.names.len() {
            let mut texts = self.names.clone();
            texts.resize(columns, String::new());
            self.names = names(&texts);
        }
    }
}

/// Names are different texts with letters, and there are about as many as columns. A title is one, across many columns.
fn looks_like_names(row: &Row, width: usize) -> bool {
    let mut texts: Vec<&str> = row.filled().map(Cell::text).collect();
    let named = texts.iter().all(|text| text.chars().any(char::is_alphabetic) && text.len() <= 300);
    let typed = row.filled().any(|cell| matches!(cell, Cell::Typed(..)));
    let count = texts.len();
    texts.sort_unstable();
    texts.dedup();
    named && !typed && !row.banner && texts.len() * 10 >= width * 6 && texts.len() * 2 > count
}

/// Forms of the state have a row `(1) (2) (3)` below the names. Without brackets it could be data.
fn counts_columns(row: &Row) -> bool {
    let count = row.filled().count();
    count >= 2 && (1..).zip(row.filled()).all(|(number, cell)| cell.text() == format!("({number})"))
}

/// Names that are there, different from each other and from ours. Engines do not tell capitals apart.
fn names(texts: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut taken = vec![LINE.to_owned()];
    for (number, text) in (1..).zip(texts) {
        let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
        let words = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let base: String = words.chars().take(NAME_CHARS_MAX).collect();
        let base = if base.trim().is_empty() { format!("cot_{number}") } else { base.trim().to_owned() };
        let mut name = base.clone();
        for again in 2.. {
            if !taken.contains(&name.to_lowercase()) {
                break;
            }
            name = format!("{base}_{again}");
        }
        taken.push(name.to_lowercase());
        names.push(name);
    }
    names
}

/// The name of a table for a file or a sheet: small letters, digits and `_`.
pub(super) fn table_name(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).map(folded);
    let plain = words.map(|word| word.chars().filter(char::is_ascii_alphanumeric).collect::<String>());
    let name = plain.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_");
    let name: String = name.chars().take(NAME_CHARS_MAX).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.starts_with("sqlite") {
        name
    } else {
        format!("bang_{name}").trim_end_matches('_').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(texts: &[&str]) -> Vec<Row> {
        let cell = |text: &str| if text.is_empty() { Cell::Empty } else { Cell::Text(text.into()) };
        (1..)
            .zip(texts)
            .map(|(line, text)| Row {
                line,
                cells: text.split('|').map(cell).collect(),
                banner: false,
                reaches: line,
            })
            .collect()
    }

    #[track_caller]
    fn check(texts: &[&str], wanted: Option<u64>, expected: Option<(u64, &[&str])>) {
        let found = find(&rows(texts), wanted);
        let expected = expected.map(|(last_line, names)| Header {
            last_line,
            names: names.iter().map(|n| (*n).to_owned()).collect(),
        });
        assert_eq!(found, expected, "{texts:?}");
    }

    #[test]
    fn the_header_is_the_first_row_that_looks_like_one() {
        check(&["Họ tên|Tuổi", "An|5"], None, Some((1, &["Họ tên", "Tuổi"])));
        check(&["UBND XÃ MẪU|", "|", "Họ tên|Tuổi|Xã", "An|5|M"], None, Some((3, &["Họ tên", "Tuổi", "Xã"])));
        check(
            &["A|A|A", "Họ tên|Tuổi|Xã", "(1)|(2)|(3)", "An|5|M"],
            None,
            Some((3, &["Họ tên", "Tuổi", "Xã"])),
        );
        check(&["Tên|tên||Tên ", "a|b|c|d"], None, Some((1, &["Tên", "tên_2", "cot_3", "Tên_3"])));
        check(&["so_dong|x"], None, Some((1, &["so_dong_2", "x"])));
        check(&["1|2", "3|4"], None, None);
        check(&["1|2", "3|4"], Some(0), Some((0, &["cot_1", "cot_2"])));
        check(&["x|y", "Họ tên|Tuổi", "An|5"], Some(2), Some((2, &["Họ tên", "Tuổi"])));
        check(&["x|y"], Some(9), None);
        check(&[], None, None);
    }

    #[test]
    fn a_header_of_two_rows_names_the_group_too() {
        let mut two = rows(&["Họ tên|Thường trú|Thường trú", "Họ tên|Xã|Tỉnh", "An|M|N"]);
        two[0].reaches = 2;
        let found = find(&two, None).unwrap();
        assert_eq!(
            (found.last_line, found.names),
            (2, vec!["Họ tên".into(), "Thường trú Xã".into(), "Thường trú Tỉnh".into()])
        );
    }

    #[test]
    fn tables_get_names_that_every_statement_takes() {
        for (text, name) in [
            ("Hộ tịch 2026.v2", "ho_tich_2026_v2"),
            ("2026", "bang_2026"),
            ("漢", "bang"),
            ("sqlite_x", "bang_sqlite_x"),
            ("a`; DROP", "a_drop"),
        ] {
            assert_eq!(table_name(text), name);
        }
    }
}
