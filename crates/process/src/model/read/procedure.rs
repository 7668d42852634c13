//! The administrative procedure that a process claims to be.

use jiff::civil::Date;

use super::super::Procedure;
use super::super::fault::Code;
use super::super::xml::Tag;
use super::draft::Draft;

impl<'a> Draft<'a> {
    pub(super) fn read_procedure(&mut self, tag: Tag<'a>) -> Option<Procedure> {
        let Some(code) = tag.extension("procedureCode") else {
            for name in ["decision", "validFrom", "validTo"] {
                if tag.kind() == "process" && tag.extension(name).is_some() {
                    self.report.add(Code::ProcedureCode, tag, &[name]);
                }
            }
            return None;
        };
        let earlier = self
            .program
            .processes
            .iter()
            .find(|process| process.procedure.as_ref().is_some_and(|procedure| &*procedure.code == code));
        if let Some(earlier) = earlier.map(|process| process.id.to_string()) {
            self.report.add(Code::ProcedureTwice, tag, &[code, &earlier]);
        }
        let valid_from = self.date(tag, "validFrom");
        let valid_to = self.date(tag, "validTo");
        if valid_from.zip(valid_to).is_some_and(|(from, to)| to < from) {
            self.report.add(Code::ProcedureDates, tag, &[]);
        }
        Some(Procedure {
            code: code.into(),
            decision: tag.extension("decision").map(Into::into),
            valid_from,
            valid_to,
        })
    }

    fn date(&mut self, tag: Tag<'a>, name: &str) -> Option<Date> {
        let value = tag.extension(name)?;
        let date = value.parse().ok();
        if date.is_none() {
            self.report.add(Code::BadValue, tag, &[name, value, "2026-01-31"]);
        }
        date
    }
}
