//! What commands show: tables that line up, and how long something is still valid.

use std::fmt::Write as _;

use base::Ts;

/// Between two columns.
const GAP: &str = "  ";

/// Rows under a headline, printed with columns as wide as their widest entry.
#[derive(Debug)]
pub struct Table {
    title: String,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with nothing under its column names yet.
    pub fn new<const N: usize>(title: &str, columns: [&str; N]) -> Self {
        Self { title: title.to_owned(), rows: vec![columns.map(str::to_owned).to_vec()] }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(Vec::from(cells));
    }

    /// The text; a table without rows says so.
    pub fn text(&self) -> String {
        let mut text = format!("{} ({})\n", self.title, self.rows.len() - 1);
        if self.rows.len() == 1 {
            return text;
        }
        let width = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| columns(cell)).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.rows.iter().map(Vec::len).max().unwrap_or(0)).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(GAP);
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width - columns(cell)));
            }
            // Writing into a `String` does not fail.
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text
    }

    /// Prints it with an empty line behind.
    pub fn print(&self) {
        println!("{}", self.text());
    }
}

/// How many columns of a terminal a text takes. Vietnamese letters may come as a letter and marks above it.
fn columns(text: &str) -> usize {
    let combining = |c: &char| ('\u{300}'..='\u{36f}').contains(c);
    text.chars().filter(|c| !combining(c)).count()
}

/// The day of a moment, for example `2027-12-31`.
pub fn day(at: Ts) -> String {
    at.to_string().chars().take_while(|c| *c != 'T').collect()
}

/// Whole days from `now` to `until`, rounded down; negative when it is over.
pub fn days_left(until: Ts, now: Ts) -> i64 {
    until.micros_since(now).div_euclid(86_400_000_000)
}

/// How close an end is; operators are warned 30, 7 and 1 days before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// Over.
    Past,
    /// Within a day.
    Day,
    /// Within a week.
    Week,
    /// Within 30 days.
    Month,
    /// Later than that.
    Far,
}

impl Nearness {
    /// How close `until` is at `now`.
    pub fn of(until: Ts, now: Ts) -> Self {
        match days_left(until, now) {
            ..0 => Self::Past,
            0 => Self::Day,
            1..7 => Self::Week,
            7..30 => Self::Month,
            _ => Self::Far,
        }
    }

    /// For scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Past => "expired",
            Self::Day => "1-day",
            Self::Week => "7-days",
            Self::Month => "30-days",
            Self::Far => "ok",
        }
    }

    /// The sign in front of a line.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Past | Self::Day => "✗",
            Self::Week | Self::Month => "!",
            Self::Far => "✓",
        }
    }
}

/// A day and how far it is, for example `2027-12-31 (còn 400 ngày / 400 days left)`.
pub fn until(until: Ts, now: Ts) -> String {
    let date = day(until);
    match days_left(until, now) {
        ..0 => format!("{date} (đã hết hạn / expired)"),
        0 => format!("{date} (chưa đầy 1 ngày / less than a day left)"),
        days => format!("{date} (còn {days} ngày / {days} days left)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_under_vietnamese_letters() {
        let mut table = Table::new("Bảng", ["a", "b"]);
        table.row(["Bộ Công an".into(), "1".into()]);
        table.row(["Bo\u{302}\u{323} Cong an".into(), "2".into()]);
        assert_eq!(table.text().lines().skip(2).map(columns).collect::<Vec<_>>(), [15, 15]);
        assert_eq!(table.text().lines().nth(1), Some("  a           b"));
    }

    #[test]
    fn an_empty_table_has_no_column_names() {
        assert_eq!(Table::new("Nhóm / groups", ["id"]).text(), "Nhóm / groups (0)\n");
    }

    #[test]
    fn warnings_begin_30_and_7_and_1_days_before_the_end() {
        let now = Ts::from_secs(1_800_000_000);
        for (seconds, expected) in [
            (-1, Nearness::Past),
            (0, Nearness::Day),
            (86_400, Nearness::Week),
            (7 * 86_400 - 1, Nearness::Week),
            (7 * 86_400, Nearness::Month),
            (30 * 86_400 - 1, Nearness::Month),
            (30 * 86_400, Nearness::Far),
        ] {
            assert_eq!(Nearness::of(now.plus_secs(seconds), now), expected, "{seconds} s");
        }
    }

    #[test]
    fn a_day_is_written_without_its_time() {
        assert_eq!(day(Ts::from_secs(0)), "1970-01-01");
    }
}
