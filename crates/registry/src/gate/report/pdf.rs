//! The report as a PDF/A-2u file: A4, fonts embedded, text that can be searched and kept for decades.

mod paper;

use base::Ts;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::metadata::{DateTime, Metadata};
use krilla::{Document, SerializeSettings};

use self::paper::{Cell, Line, Look, Paper};
use super::words::{self, Pair};
use super::{MachineCheck, Report, Row};

/// Why no PDF could be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the PDF could not be written: {0}")]
pub struct PdfError(String);

/// Widths of the columns, in points; together the width between the margins.
const WIDTHS: [f32; 4] = [184.0, 90.0, 157.0, 84.0];
const SIGN_HEIGHT: f32 = 110.0;

impl Report {
    /// The report as a PDF: the same content as [`Report::html`], with boxes to tick by hand.
    ///
    /// # Errors
    /// The writer refused, which its tests never made it do.
    pub fn pdf(&self) -> Result<Vec<u8>, PdfError> {
        let failed = |error: &dyn std::fmt::Debug| PdfError(format!("{error:?}"));
        let archival = ConfigurationBuilder::new().with_archival_validator(Archival::A2_U);
        let configuration = archival.finish().map_err(|error| failed(&error))?;
        let mut document = Document::new_with(SerializeSettings {
            configuration,
            enable_tagging: false,
            ..Default::default()
        });
        let heading = words::heading();
        let made = date_time(self.made);
        document.set_metadata(
            Metadata::new()
                .title(format!("{}: {}", heading.0, self.party))
                .language("vi".to_owned())
                .creator("lienthong".to_owned())
                .creation_date(made),
        );
        let mut paper = Paper::new(format!("{} · {}", self.party, words::made(self)))
            .ok_or_else(|| PdfError("the built-in fonts cannot be read".to_owned()))?;
        self.lay_out(&mut paper, &heading);
        paper.draw(&mut document).ok_or_else(|| PdfError("a page cannot be drawn".to_owned()))?;
        document.finish().map_err(|error| failed(&error))
    }

    fn lay_out(&self, paper: &mut Paper, heading: &Pair) {
        paper.paragraph(&[Line::new(&heading.0, Look::Title), Line::new(&heading.1, Look::Small)]);
        let gate = words::gate(self);
        let look = if self.open { Look::Good } else { Look::Bad };
        paper.boxed(&[Line::new(&gate.0, look), Line::new(&gate.1, Look::Small)]);
        let party = if self.name.is_empty() {
            self.party.to_string()
        } else {
            format!("{} ({})", self.name, self.party)
        };
        for ((vi, en), value) in [
            (words::PARTY, party),
            (words::MADE, words::made(self)),
            (words::CHECKLIST, self.checklist.vi.clone()),
            (words::BASIS, self.legal_basis.clone()),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        {
            paper.paragraph(&[
                Line::new(&format!("{vi} / {en}"), Look::Strong),
                Line::new(&value, Look::Plain),
            ]);
        }
        match &self.elsewhere {
            Some(elsewhere) => {
                paper.paragraph(&[
                    Line::new(&elsewhere.vi, Look::Plain),
                    Line::new(&elsewhere.en, Look::Small),
                ]);
            }
            None => papers(paper, self),
        }
        section(paper, words::MACHINE);
        if self.machine.is_empty() {
            nothing(paper);
        } else {
            let cells = self.machine.iter().map(machine).collect::<Vec<_>>();
            paper.table(&WIDTHS, &columns(), &cells);
        }
        let sign = |(vi, en): (&str, &str)| Cell {
            lines: vec![
                Line::new(&format!("{vi} / {en}"), Look::Strong),
                Line::new(words::SIGN_HINT.0, Look::Small),
                Line::new(words::SIGN_HINT.1, Look::Small),
            ],
            ticks: 0,
        };
        paper.side_by_side(&[sign(words::SIGN_OWNER), sign(words::SIGN_INSPECTOR)], SIGN_HEIGHT);
    }
}

fn date_time(made: Ts) -> DateTime {
    let day = super::day_of(made);
    let seconds = (made.secs() + 7 * 3_600).rem_euclid(86_400);
    let part = |value: i64| u8::try_from(value).expect("hours, minutes and seconds are less than 60");
    let year = u16::try_from(day.year()).unwrap_or(0);
    DateTime::new(year)
        .month(day.month().unsigned_abs())
        .day(day.day().unsigned_abs())
        .hour(part(seconds / 3_600))
        .minute(part(seconds / 60 % 60))
        .second(part(seconds % 60))
        .utc_offset_hour(7)
        .utc_offset_minute(0)
}

fn section(paper: &mut Paper, (vi, en): (&str, &str)) {
    paper.keep_with_next(&[Line::new(vi, Look::Section), Line::new(en, Look::Small)]);
}

fn papers(paper: &mut Paper, report: &Report) {
    section(paper, words::OWN);
    rows(paper, &report.rows);
    section(paper, words::CONNECTIONS);
    if report.connections.is_empty() {
        nothing(paper);
    }
    for connection in &report.connections {
        let title = format!("{}: {} - {}", connection.request, connection.consumer, connection.service);
        paper.keep_with_next(&[Line::new(&title, Look::Strong)]);
        rows(paper, &connection.rows);
    }
}

fn nothing(paper: &mut Paper) {
    paper.paragraph(&[Line::new(words::NOTHING.0, Look::Plain)]);
}

fn columns() -> [Cell; 4] {
    words::COLUMNS.map(|(vi, en)| Cell {
        lines: vec![Line::new(vi, Look::Strong), Line::new(en, Look::Small)],
        ticks: 0,
    })
}

fn rows(paper: &mut Paper, rows: &[Row]) {
    if rows.is_empty() {
        return nothing(paper);
    }
    let cells = rows.iter().map(row).collect::<Vec<_>>();
    paper.table(&WIDTHS, &columns(), &cells);
}

fn look(tone: &str) -> Look {
    match tone {
        "good" => Look::Good,
        "bad" => Look::Bad,
        _ => Look::Soon,
    }
}

fn lines(looks: &[(&str, Look)]) -> Cell {
    let written = looks.iter().filter(|(text, _)| !text.is_empty());
    Cell { lines: written.map(|(text, look)| Line::new(text, *look)).collect(), ticks: 0 }
}

fn ticks() -> Cell {
    let lines = words::TICKS.map(|(vi, en)| Line::new(&format!("{vi} / {en}"), Look::Small)).to_vec();
    Cell { ticks: lines.len(), lines }
}

fn row(row: &Row) -> [Cell; 4] {
    let state = words::state(row);
    let evidence = row.evidence.as_ref().map(words::evidence).unwrap_or_default();
    let mut shown: Vec<(&str, Look)> = evidence.iter().map(|line| (line.as_str(), Look::Small)).collect();
    shown.extend([(row.note.vi.as_str(), Look::Small), (row.note.en.as_str(), Look::Small)]);
    [
        lines(&[
            (&row.title.vi, Look::Strong),
            (&row.title.en, Look::Small),
            (&row.proves.vi, Look::Plain),
            (&row.legal_basis, Look::Small),
        ]),
        lines(&[(&state.0, look(words::tone(row.state))), (&state.1, Look::Small)]),
        lines(&shown),
        ticks(),
    ]
}

fn machine(check: &MachineCheck) -> [Cell; 4] {
    let (outcome, tone) = words::outcome(check.outcome);
    [
        lines(&[
            (&check.title.vi, Look::Strong),
            (&check.title.en, Look::Small),
            (&check.legal_basis, Look::Small),
        ]),
        lines(&[(&outcome.0, look(tone)), (&outcome.1, Look::Small)]),
        lines(
            &[&check.detail.vi, &check.detail.en]
                .into_iter()
                .flat_map(|text| text.lines())
                .map(|line| (line, Look::Small))
                .collect::<Vec<_>>(),
        ),
        ticks(),
    ]
}
