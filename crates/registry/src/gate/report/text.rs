//! The report as text for a terminal.

use std::fmt::Write as _;

use super::words::{self, Pair};
use super::{MachineCheck, Report, Row};

impl Report {
    /// The report as lines of text: Vietnamese first, a mark in front of each item.
    pub fn text(&self) -> String {
        let mut lines = Lines(String::new());
        let heading = words::heading();
        lines.both("", &heading);
        let party = match self.name.as_str() {
            "" => self.party.to_string(),
            name => format!("{name} ({})", self.party),
        };
        for ((vi, en), value) in [
            (words::PARTY, party.as_str()),
            (words::MADE, words::made(self).as_str()),
            (words::CHECKLIST, self.checklist.vi.as_str()),
            (words::BASIS, self.legal_basis.as_str()),
        ] {
            if !value.is_empty() {
                lines.line(&format!("{vi} / {en}: {value}"));
            }
        }
        match &self.elsewhere {
            Some(elsewhere) => lines.both("\n", &(elsewhere.vi.clone(), elsewhere.en.clone())),
            None => lines.papers(self),
        }
        lines.title(words::MACHINE);
        if self.machine.is_empty() {
            lines.line(&format!("  {}", words::NOTHING.0));
        }
        for check in &self.machine {
            lines.machine(check);
        }
        lines.both("\n", &words::gate(self));
        lines.0
    }
}

struct Lines(String);

impl Lines {
    fn line(&mut self, text: &str) {
        writeln!(self.0, "{text}").expect("a string takes everything");
    }

    fn both(&mut self, before: &str, (vi, en): &Pair) {
        let en = if en.is_empty() || en == vi { String::new() } else { format!(" / {en}") };
        self.line(&format!("{before}{vi}{en}"));
    }

    fn title(&mut self, (vi, en): (&str, &str)) {
        self.line(&format!("\n{vi} / {en}"));
    }

    fn papers(&mut self, report: &Report) {
        self.title(words::OWN);
        report.rows.iter().for_each(|row| self.row(row));
        self.title(words::CONNECTIONS);
        if report.connections.is_empty() {
            self.line(&format!("  {}", words::NOTHING.0));
        }
        for connection in &report.connections {
            let (request, consumer, service) =
                (&connection.request, &connection.consumer, &connection.service);
            self.line(&format!("  {request}: {consumer} → {service}"));
            connection.rows.iter().for_each(|row| self.row(row));
        }
    }

    fn row(&mut self, row: &Row) {
        let mark = mark(words::tone(row.state));
        let title = (row.title.vi.clone(), row.title.en.clone());
        self.both(&format!("  {mark} "), &title);
        self.both("      ", &words::state(row));
        for line in row.evidence.as_ref().map(words::evidence).unwrap_or_default() {
            self.line(&format!("      {line}"));
        }
        if !row.note.vi.is_empty() {
            self.both("      ", &(row.note.vi.clone(), row.note.en.clone()));
        }
    }

    fn machine(&mut self, check: &MachineCheck) {
        let (outcome, tone) = words::outcome(check.outcome);
        let title = (check.title.vi.clone(), check.title.en.clone());
        self.both(&format!("  {} ", mark(tone)), &title);
        self.both("      ", &outcome);
        for text in [&check.detail.vi, &check.detail.en] {
            for line in text.lines() {
                self.line(&format!("      {line}"));
            }
        }
    }
}

fn mark(tone: &str) -> char {
    match tone {
        "good" => '✓',
        "bad" => '✗',
        _ => '!',
    }
}
