//! Findings are collected, so that all of a file are told at once.

use super::element::{is_flow_node, is_global_task};
use super::fault::{Code, Fault, Weight};
use super::xml::{Lines, Tag};

/// The findings of a file.
pub(super) struct Report<'a> {
    lines: &'a Lines,
    /// Each with the process that it is in, if in one.
    findings: Vec<(Option<&'a str>, Fault)>,
    /// The process that is being read: what is wrong outside of processes is then wrong for it.
    reading: Option<&'a str>,
}

impl<'a> Report<'a> {
    pub(super) fn new(lines: &'a Lines) -> Self {
        Self { lines, findings: Vec::new(), reading: None }
    }

    /// Says what is to be done at an element.
    pub(super) fn add(&mut self, code: Code, at: Tag<'a>, details: &[&str]) {
        let mut fault = Fault::new(code, self.lines.of(at), details);
        let named = nearest_with_id(at);
        fault.element = on_one_line(named.id().unwrap_or(at.kind()));
        fault.name = on_one_line(named.name());
        self.findings.push((process_of(at).or(self.reading), fault));
    }

    /// Says that an element of a process is read next.
    pub(super) fn read(&mut self, at: Tag<'a>) {
        self.reading = process_of(at);
    }

    /// The line of an element.
    pub(super) fn line(&self, at: Tag<'_>) -> u32 {
        self.lines.of(at)
    }

    /// Whether there is a finding of that kind.
    pub(super) fn has(&self, code: Code) -> bool {
        self.findings.iter().any(|(_, fault)| fault.code == code)
    }

    /// The processes that are not complete.
    pub(super) fn incomplete(&self) -> impl Iterator<Item = &'a str> {
        let incomplete = self.findings.iter().filter(|(_, fault)| fault.code.weight() == Weight::Incomplete);
        incomplete.filter_map(|(process, _)| *process)
    }

    /// Faults and warnings, in the order of the file. What is incomplete in a drawing is a warning, and what else is
    /// worth a look when it is executed is not said of it.
    pub(super) fn split(self, is_drawing: impl Fn(&str) -> bool) -> (Vec<Fault>, Vec<Fault>) {
        let mut findings = self.findings;
        findings.sort_by_key(|(_, fault)| (fault.line, fault.code));
        let (mut faults, mut warnings) = (Vec::new(), Vec::new());
        for (process, fault) in findings {
            let drawn = process.is_some_and(&is_drawing);
            match fault.code.weight() {
                Weight::Fault => faults.push(fault),
                Weight::Incomplete if !drawn => faults.push(fault),
                Weight::Warning if drawn && fault.code != Code::DrawingOnly => {}
                Weight::Incomplete | Weight::Warning => warnings.push(fault),
            }
        }
        (faults, warnings)
    }
}

/// The beginning of a text, without line breaks and other signs that move the cursor.
fn on_one_line(text: &str) -> Box<str> {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

/// The element, or what it is in, that authors can find by an id.
fn nearest_with_id(at: Tag<'_>) -> Tag<'_> {
    let mut nearest = at;
    while nearest.id().is_none()
        && !is_flow_node(nearest.kind())
        && let Some(parent) = nearest.parent()
    {
        nearest = parent;
    }
    nearest
}

/// Id of the process, or global task, that an element is in or is.
fn process_of(at: Tag<'_>) -> Option<&str> {
    let mut top = at;
    while let Some(parent) = top.parent() {
        if parent.kind() == "definitions" {
            return top.id().filter(|_| top.kind() == "process" || is_global_task(top.kind()));
        }
        top = parent;
    }
    None
}
