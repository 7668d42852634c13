//! The administrative procedure that a process claims to be.

use jiff::civil::Date;

use super::draft::Draft;
use crate::model::Procedure;
use crate::model::fault::Code;
use crate::model::xml::Tag;

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
        if let Some(earlier) = self.procedures.insert(code, tag) {
            let earlier = earlier.id().unwrap_or_default();
            self.report.add(Code::ProcedureTwice, tag, &[code, earlier]);
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
