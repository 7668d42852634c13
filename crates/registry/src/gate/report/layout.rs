//! The report as it is printed.

use super::words;
use super::{MachineCheck, Report, Row};
use crate::print::{self, Cell, Column, Document, Look, PdfError, Tone};
use crate::text::Text;

const COLUMNS: [Column; 4] = [
    Column { vi: "Nội dung", en: "Item", percent: 36 },
    Column { vi: "Tình trạng", en: "State", percent: 17 },
    Column { vi: "Minh chứng", en: "Evidence", percent: 31 },
    Column { vi: "Kiểm tra", en: "Inspector", percent: 16 },
];

impl Report {
    /// The report as a page: Vietnamese first, with boxes to tick, on screen or on paper.
    pub fn html(&self) -> String {
        self.document().html()
    }

    /// The report as a PDF: the same content, with boxes to tick by hand.
    ///
    /// # Errors
    /// The writer refused, which its tests never made it do.
    pub fn pdf(&self) -> Result<Vec<u8>, PdfError> {
        self.document().pdf()
    }

    fn document(&self) -> Document {
        let mut document = Document::new(words::HEADING, self.party.to_string(), self.made);
        document.verdict(words::gate(self), if self.open { Tone::Good } else { Tone::Bad });
        if self.elsewhere.is_none() && !self.machine.is_empty() {
            let tone = if self.machine_fails() { Tone::Bad } else { Tone::Good };
            document.verdict(words::machine(self), tone);
        }
        let party = match self.name.as_str() {
            "" => self.party.to_string(),
            name => format!("{name} ({})", self.party),
        };
        let facts: [((&str, &str), Text); 4] = [
            (words::PARTY, party.into()),
            (words::MADE, print::made(self.made).into()),
            (words::CHECKLIST, self.checklist.clone()),
            (words::BASIS, self.legal_basis.clone().into()),
        ];
        document.facts(facts.into_iter().filter(|(_, value)| !value.vi.is_empty()));
        match &self.elsewhere {
            Some(elsewhere) => document.paragraph(elsewhere),
            None => self.papers(&mut document),
        }
        document.section(words::MACHINE);
        document.table(&COLUMNS, self.machine.iter().map(machine));
        document.signatures(words::SIGN_OWNER, words::SIGN_INSPECTOR);
        document
    }

    /// What people showed, for the system and for each connection.
    fn papers(&self, document: &mut Document) {
        document.section(words::OWN);
        document.table(&COLUMNS, self.rows.iter().map(row));
        document.section(words::CONNECTIONS);
        if self.connections.is_empty() {
            document.table(&COLUMNS, []);
        }
        for connection in &self.connections {
            let (request, consumer, service) =
                (&connection.request, &connection.consumer, &connection.service);
            document.heading(format!("{request}: {consumer} → {service}"));
            document.table(&COLUMNS, connection.rows.iter().map(row));
        }
    }
}

fn row(row: &Row) -> Vec<Cell> {
    let item = Cell::of(&row.title, Look::Name)
        .line(row.proves.vi.clone(), Look::Plain)
        .line(row.legal_basis.clone(), Look::Small);
    let shown = row.evidence.as_ref().map(words::evidence).unwrap_or_default();
    let shown = shown.into_iter().fold(Cell::default(), |cell, line| cell.line(line, Look::Small));
    vec![
        item,
        Cell::of(words::state(row.state, row.last_day), Look::State(row.state.tone())),
        shown.line(&row.note, Look::Small),
        Cell::ticks(&row.title.vi),
    ]
}

fn machine(check: &MachineCheck) -> Vec<Cell> {
    let (outcome, tone) = words::outcome(check.outcome);
    let found = [&check.detail.vi, &check.detail.en].into_iter().flat_map(|text| text.lines());
    vec![
        Cell::of(&check.title, Look::Name).line(check.legal_basis.clone(), Look::Small),
        Cell::of(outcome, Look::State(tone)),
        found.fold(Cell::default(), |cell, line| cell.line(line.to_owned(), Look::Small)),
        Cell::ticks(&check.title.vi),
    ]
}
