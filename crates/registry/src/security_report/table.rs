//! The systems of the report as a table for spreadsheets.

use base::cell::neutralised;

use super::{Measure, SecurityReport, System};
use crate::agency::table::BYTE_ORDER_MARK;
use crate::gate::report::ItemState;
use crate::inventory::Word as _;
use crate::print::day;

const COLUMNS: [&str; 12] = [
    "Mã",
    "Tên hệ thống",
    "Loại",
    "Cơ quan chủ quản",
    "Đầu mối",
    "Cấp độ",
    "Số quyết định",
    "Ngày quyết định",
    "Biên bản kiểm tra",
    "Biên bản có giá trị đến hết",
    "Biện pháp còn hiệu lực",
    "Biện pháp chưa đạt",
];

impl SecurityReport {
    /// Its systems as CSV in UTF-8, with a byte order mark so that spreadsheets see that it is.
    ///
    /// # Panics
    /// Never: writing to memory does not fail.
    pub fn csv(&self) -> Vec<u8> {
        let memory = "writing to memory does not fail";
        let mut writer = csv::Writer::from_writer(BYTE_ORDER_MARK.to_vec());
        writer.write_record(COLUMNS).expect(memory);
        for system in &self.systems {
            writer.write_record(self.cells(system).map(neutralised)).expect(memory);
        }
        writer.into_inner().expect(memory)
    }

    fn cells(&self, system: &System) -> [String; 12] {
        let level = system.level_that_counts();
        let minutes: Vec<&Measure> = self
            .minutes
            .iter()
            .filter(|one| one.party.iter().any(|party| system.parties.contains(party)))
            .collect();
        let titles = |wanted: fn(ItemState) -> bool| {
            let fit = system.measures.iter().filter(|measure| wanted(measure.state));
            joined(fit.map(|measure| measure.title.vi.clone()))
        };
        [
            system.code.as_ref().map(ToString::to_string).unwrap_or_default(),
            system.name.clone(),
            system.kind.map(|kind| kind.vi().to_owned()).unwrap_or_default(),
            system.owner.to_string(),
            joined(system.parties.iter().map(ToString::to_string)),
            level.map(|level| level.level.to_string()).unwrap_or_default(),
            level.map(|level| level.decision.clone()).unwrap_or_default(),
            level.and_then(|level| level.decided_on).map(day).unwrap_or_default(),
            joined(minutes.iter().map(|one| one.number.clone())),
            joined(minutes.iter().filter_map(|one| one.last_day).map(day)),
            titles(|state| matches!(state, ItemState::InForce | ItemState::EndsSoon)),
            titles(|state| !matches!(state, ItemState::InForce | ItemState::EndsSoon | ItemState::Unknown)),
        ]
    }
}

/// Texts in one cell; empty ones are left out.
fn joined(texts: impl Iterator<Item = String>) -> String {
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ")
}
