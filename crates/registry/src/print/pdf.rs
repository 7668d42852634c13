//! A report as a PDF/A-2u file: A4, fonts embedded, text that can be searched and kept for decades.

mod paper;

use base::Ts;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::metadata::{DateTime, Metadata};
use krilla::{Document as Pdf, SerializeSettings};
use worktime::day_of;

use self::paper::{Look, Paper};
use super::{Block, Cell, Document, SIGN_HINT, TICKS, Table, Tone, clock, made};
use crate::text::Text;

/// Why no PDF could be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the PDF could not be written: {0}")]
pub struct PdfError(String);

/// Room for a signature, in points.
const SIGN_HEIGHT: f32 = 110.0;

impl Document {
    /// The report as a PDF: the same content as [`Document::html`], with boxes to tick by hand.
    ///
    /// # Errors
    /// The writer refused, which its tests never made it do.
    pub fn pdf(&self) -> Result<Vec<u8>, PdfError> {
        let failed = |error: &dyn std::fmt::Debug| PdfError(format!("{error:?}"));
        let archival = ConfigurationBuilder::new().with_archival_validator(Archival::A2_U);
        let configuration = archival.finish().map_err(|error| failed(&error))?;
        let mut pdf =
            Pdf::new_with(SerializeSettings { configuration, enable_tagging: false, ..Default::default() });
        pdf.set_metadata(
            Metadata::new()
                .title(format!("{}: {}", self.heading.vi, self.subject))
                .language("vi".to_owned())
                .creator("lienthong".to_owned())
                .creation_date(date_time(self.made)),
        );
        let mut paper = Paper::new(format!("{} · {}", self.subject, made(self.made)))
            .ok_or_else(|| PdfError("the built-in fonts cannot be read".to_owned()))?;
        paper.paragraph(&lines(&self.heading, Look::Title));
        for block in &self.blocks {
            lay_out(&mut paper, block);
        }
        paper.draw(&mut pdf).ok_or_else(|| PdfError("a page cannot be drawn".to_owned()))?;
        pdf.finish().map_err(|error| failed(&error))
    }
}

fn lay_out(paper: &mut Paper, block: &Block) {
    match block {
        Block::Verdict(text, tone) => paper.boxed(&lines(text, of_tone(*tone))),
        Block::Facts(facts) => {
            for (name, value) in facts {
                let mut both = vec![paper::Line::new(&slashed(name), Look::Strong)];
                both.extend(lines(value, Look::Plain));
                paper.paragraph(&both);
            }
        }
        Block::Section(title) => paper.keep_with_next(&lines(title, Look::Section)),
        Block::Heading(title) => paper.keep_with_next(&lines(title, Look::Strong)),
        Block::Paragraph(text) => paper.paragraph(&lines(text, Look::Plain)),
        Block::Table(table) => lay_out_table(paper, table),
        Block::Signatures(who) => {
            let sign = |who: &Text| {
                let mut lines = vec![paper::Line::new(&slashed(who), Look::Strong)];
                lines.extend([SIGN_HINT.0, SIGN_HINT.1].map(|hint| paper::Line::new(hint, Look::Small)));
                paper::Cell { lines, ticks: 0 }
            };
            paper.side_by_side(&who.each_ref().map(sign), SIGN_HEIGHT);
        }
    }
}

fn lay_out_table(paper: &mut Paper, table: &Table) {
    let widths: Vec<f32> =
        table.columns.iter().map(|column| paper::INNER_WIDTH * f32::from(column.percent) / 100.0).collect();
    let heads = table.columns.iter().map(|column| paper::Cell {
        lines: lines(&Text::from((column.vi, column.en)), Look::Strong),
        ticks: 0,
    });
    let rows: Vec<Vec<paper::Cell>> = table.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    paper.table(&widths, &heads.collect::<Vec<_>>(), &rows);
}

fn cell(cell: &Cell) -> paper::Cell {
    if cell.ticks.is_some() {
        let lines = TICKS.map(|tick| paper::Line::new(&slashed(&tick.into()), Look::Small)).to_vec();
        return paper::Cell { ticks: lines.len(), lines };
    }
    let of_line = |line: &super::Line| {
        let look = match line.look {
            super::Look::Name => Look::Strong,
            super::Look::Plain => Look::Plain,
            super::Look::Small => Look::Small,
            super::Look::State(tone) => of_tone(tone),
        };
        lines(&line.text, look)
    };
    paper::Cell { lines: cell.lines.iter().flat_map(of_line).collect(), ticks: 0 }
}

/// Vietnamese in its look, English small below it.
fn lines(text: &Text, look: Look) -> Vec<paper::Line> {
    let en = Some(&text.en).filter(|en| !en.is_empty() && **en != text.vi);
    let vi = paper::Line::new(&text.vi, look);
    std::iter::once(vi).chain(en.map(|en| paper::Line::new(en, Look::Small))).collect()
}

fn slashed(text: &Text) -> String {
    if text.en.is_empty() { text.vi.clone() } else { format!("{} / {}", text.vi, text.en) }
}

fn of_tone(tone: Tone) -> Look {
    match tone {
        Tone::Good => Look::Good,
        Tone::Soon => Look::Soon,
        Tone::Bad => Look::Bad,
    }
}

fn date_time(made: Ts) -> DateTime {
    let (day, (hour, minute, second)) = (day_of(made), clock(made));
    let year = u16::try_from(day.year()).unwrap_or(0);
    DateTime::new(year)
        .month(day.month().unsigned_abs())
        .day(day.day().unsigned_abs())
        .hour(hour)
        .minute(minute)
        .second(second)
        .utc_offset_hour(7)
        .utc_offset_minute(0)
}
