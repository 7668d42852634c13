//! Reports as people get them: one form, made into a page (HTML) or a file to sign and keep (PDF/A).
//!
//! A report says what stands in it; how that looks is decided here, once for all reports.

mod html;
mod pdf;

use base::Ts;
use jiff::civil::Date;
use worktime::day_of;

use crate::text::Text;

pub use pdf::PdfError;

/// What stands where there is nothing to show.
pub(crate) const NOTHING: (&str, &str) = ("Không có.", "None.");
/// What the inspector ticks.
const TICKS: [(&str, &str); 2] = [("Đạt", "pass"), ("Không đạt", "fail")];
/// What stands below each place to sign.
const SIGN_HINT: (&str, &str) = ("(ký, ghi rõ họ tên, ngày)", "(signature, name, day)");

/// A report that can be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    heading: Text,
    subject: String,
    made: Ts,
    blocks: Vec<Block>,
}

/// Whether a reader may be calm, must hurry, or sees that something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it must be.
    Good,
    /// Not for long, or not known.
    Soon,
    /// Not as it must be.
    Bad,
}

/// How a line of a cell looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// What the row is about.
    Name,
    /// Text.
    Plain,
    /// What only some readers need: legal basis, numbers.
    Small,
    /// How something stands.
    State(Tone),
}

/// A line of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    text: Text,
    look: Look,
}

/// A cell of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    lines: Vec<Line>,
    /// What the boxes to tick are about, where there are some.
    ticks: Option<String>,
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Vietnamese heading.
    pub vi: &'static str,
    /// English heading.
    pub en: &'static str,
    /// Its part of the width; those of a table add up to 100.
    pub percent: u8,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Block {
    Verdict(Text, Tone),
    Facts(Vec<(Text, Text)>),
    Section(Text),
    Heading(Text),
    Paragraph(Text),
    Table(Table),
    Signatures([Text; 2]),
}

impl Cell {
    /// A cell of one line.
    pub fn of(text: impl Into<Text>, look: Look) -> Self {
        Self::default().line(text, look)
    }

    /// The cell with one line more; an empty text is left out.
    #[must_use]
    pub fn line(mut self, text: impl Into<Text>, look: Look) -> Self {
        let text = text.into();
        if !text.vi.is_empty() {
            self.lines.push(Line { text, look });
        }
        self
    }

    /// Two boxes for an inspector to tick.
    pub fn ticks(about: &str) -> Self {
        Self { lines: Vec::new(), ticks: Some(about.to_owned()) }
    }
}

impl Document {
    /// An empty report about a subject, made at that moment.
    pub fn new(heading: impl Into<Text>, subject: impl Into<String>, made: Ts) -> Self {
        Self { heading: heading.into(), subject: subject.into(), made, blocks: Vec::new() }
    }

    /// What must be seen first, in a frame.
    pub fn verdict(&mut self, text: impl Into<Text>, tone: Tone) {
        self.blocks.push(Block::Verdict(text.into(), tone));
    }

    /// Names with their values.
    pub fn facts<N: Into<Text>, V: Into<Text>>(&mut self, facts: impl IntoIterator<Item = (N, V)>) {
        let facts = facts.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.blocks.push(Block::Facts(facts.collect()));
    }

    /// The heading of a part.
    pub fn section(&mut self, title: impl Into<Text>) {
        self.blocks.push(Block::Section(title.into()));
    }

    /// The heading of something within a part.
    pub fn heading(&mut self, title: impl Into<Text>) {
        self.blocks.push(Block::Heading(title.into()));
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: impl Into<Text>) {
        self.blocks.push(Block::Paragraph(text.into()));
    }

    /// A table with a row for each list of cells, as many as there are columns; without rows it says that there are none.
    pub fn table(&mut self, columns: &[Column], rows: impl IntoIterator<Item = Vec<Cell>>) {
        let rows: Vec<_> = rows.into_iter().collect();
        if rows.is_empty() {
            return self.paragraph(NOTHING);
        }
        self.blocks.push(Block::Table(Table { columns: columns.to_vec(), rows }));
    }

    /// Two places to sign.
    pub fn signatures(&mut self, left: impl Into<Text>, right: impl Into<Text>) {
        self.blocks.push(Block::Signatures([left.into(), right.into()]));
    }
}

/// A day as it is written in documents of the state: `05/09/2026`.
pub fn day(day: Date) -> String {
    format!("{:02}/{:02}/{}", day.day(), day.month(), day.year())
}

/// A moment as clocks in Vietnam show it: `22:30 ngày 05/09/2026`.
pub fn moment(at: Ts) -> String {
    let (hour, minute, _) = clock(at);
    format!("{hour:02}:{minute:02} ngày {}", day(day_of(at)))
}

/// When a report was made.
pub fn made(at: Ts) -> String {
    format!("{} (UTC+7)", moment(at))
}

/// Hours, minutes and seconds in Vietnam.
fn clock(at: Ts) -> (u8, u8, u8) {
    let seconds = at.secs().saturating_add(7 * 3_600).rem_euclid(86_400);
    let part = |value: i64| u8::try_from(value).expect("hours, minutes and seconds are less than 60");
    (part(seconds / 3_600), part(seconds / 60 % 60), part(seconds % 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_the_time_of_vietnam() {
        let at = Ts::parse("2026-03-02T22:30:00+07:00").expect("a moment");
        assert_eq!(moment(at), "22:30 ngày 02/03/2026");
        assert_eq!(made(at), "22:30 ngày 02/03/2026 (UTC+7)");
        assert_eq!(moment(Ts::parse("2026-03-02T17:30:00Z").expect("a moment")), "00:30 ngày 03/03/2026");
    }

    #[test]
    fn a_table_without_rows_says_that_there_are_none() {
        let mut document = Document::new(("Báo cáo", "Report"), "x", Ts(0));
        document.table(&[Column { vi: "Một", en: "One", percent: 100 }], []);
        let page = document.html();
        assert!(page.contains("Không có.") && !page.contains("<table"), "{page}");
    }
}
