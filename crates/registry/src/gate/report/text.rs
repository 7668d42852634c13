//! The report as text for a terminal.

use std::fmt::Write as _;

use super::words;
use super::{MachineCheck, Report, Row};
use crate::print::{self, Tone};
use crate::text::Text;

impl Report {
    /// The report as lines of text: Vietnamese first, a mark in front of each item.
    pub fn text(&self) -> String {
        let mut lines = Lines(String::new());
        lines.title(words::HEADING);
        let party = match self.name.as_str() {
            "" => self.party.to_string(),
            name => format!("{name} ({})", self.party),
        };
        for ((vi, en), value) in [
            (words::PARTY, party.as_str()),
            (words::MADE, print::made(self.made).as_str()),
            (words::CHECKLIST, self.checklist.vi.as_str()),
            (words::BASIS, self.legal_basis.as_str()),
        ] {
            if !value.is_empty() {
                lines.line(&format!("{vi} / {en}: {value}"));
            }
        }
        match &self.elsewhere {
            Some(elsewhere) => lines.both("\n", elsewhere),
            None => lines.papers(self),
        }
        lines.title(words::MACHINE);
        if self.machine.is_empty() {
            lines.line(&format!("  {}", print::NOTHING.0));
        }
        for check in &self.machine {
            lines.machine(check);
        }
        lines.both("\n", &words::gate(self));
        if self.elsewhere.is_none() && !self.machine.is_empty() {
            lines.both("", &words::machine(self));
        }
        lines.0
    }
}

struct Lines(String);

impl Lines {
    fn line(&mut self, text: &str) {
        writeln!(self.0, "{text}").expect("a string takes everything");
    }

    fn both(&mut self, before: &str, Text { vi, en }: &Text) {
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
            self.line(&format!("  {}", print::NOTHING.0));
        }
        for connection in &report.connections {
            let (request, consumer, service) =
                (&connection.request, &connection.consumer, &connection.service);
            self.line(&format!("  {request}: {consumer} → {service}"));
            connection.rows.iter().for_each(|row| self.row(row));
        }
    }

    fn row(&mut self, row: &Row) {
        self.both(&format!("  {} ", mark(row.state.tone())), &row.title);
        self.both("      ", &words::state(row.state, row.last_day));
        for line in row.evidence.as_ref().map(words::evidence).unwrap_or_default() {
            self.line(&format!("      {line}"));
        }
        if !row.note.vi.is_empty() {
            self.both("      ", &row.note);
        }
    }

    fn machine(&mut self, check: &MachineCheck) {
        let (outcome, tone) = words::outcome(check.outcome);
        self.both(&format!("  {} ", mark(tone)), &check.title);
        self.both("      ", &outcome);
        for text in [&check.detail.vi, &check.detail.en] {
            for line in text.lines() {
                self.line(&format!("      {line}"));
            }
        }
    }
}

fn mark(tone: Tone) -> char {
    match tone {
        Tone::Good => '✓',
        Tone::Bad => '✗',
        Tone::Soon => '!',
    }
}
