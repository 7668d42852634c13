//! Information systems and databases: who owns them, what they hold, how they share.
//!
//! What is asked of an entry follows Estonia's RIHA and what Vietnamese texts add (NĐ 278/2025/NĐ-CP, CV
//! 4856/BCA-TTDLQG): level reached, sharing through the platform or beside it, vendor, security level and decision.
//! The inventory answers three questions: what is there ([`figures()`]), what is there twice ([`overlaps`]), and what
//! citizens are asked for although a service has it ([`asked_again`]).

mod check;
mod columns;
mod decide;
mod figures;
mod file;
mod holding;
mod import;
mod overlap;
mod quang_nam;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::state::Stamp;
use crate::text::Text;

pub use columns::{COLUMNS, Column};
pub use decide::{Closing, close, concerned, put};
pub use figures::{CONTRACT_WARNING_DAYS, Figures, figures, figures_of};
pub use file::{FILE_BYTES_MAX, Format, ROWS_MAX, Row, UNPACKED_BYTES_MAX, write};
pub use holding::{
    CODE_BYTES_MAX, Contact, Contacts, HeldObject, Holding, HoldingCode, HoldingCodeError, Kind, Level,
    Scope, Sharing, Stage, Word,
};
pub use import::{import, import_counted};
pub use overlap::{AskedAgain, Overlap, OverlapRule, Overlaps, Side, asked_again, overlaps};
pub use quang_nam::{QUANG_NAM_DAY, quang_nam};

/// What can happen to entries of the inventory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Event {
    /// Entered, or written anew.
    Put(Box<Holding>),
    /// Taken out of use.
    Close(Closing),
}

/// What an act did to an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was entered.
    Entered,
    /// These columns were changed, by their codes.
    Changed(Vec<&'static str>),
    /// It was taken out of use, by this decision.
    Closed {
        /// Its last day.
        on: Date,
        /// The decision.
        legal_basis: String,
    },
}

impl Done {
    /// In words; columns by their Vietnamese headings and their codes.
    pub fn text(&self) -> Text {
        match self {
            Self::Entered => Text { vi: "Đăng ký mới".into(), en: "Entered".into() },
            Self::Changed(codes) => {
                let heading = |code: &&str| COLUMNS.iter().find(|column| column.code == *code).map(|c| c.vi);
                let headings: Vec<_> = codes.iter().filter_map(heading).collect();
                Text {
                    vi: format!("Thay đổi: {}", headings.join(", ")),
                    en: format!("Changed: {}", codes.join(", ")),
                }
            }
            Self::Closed { on, legal_basis } => Text {
                vi: format!("Ngừng sử dụng, ngày cuối {on}; căn cứ: {legal_basis}"),
                en: format!("Taken out of use, last day {on}; legal basis: {legal_basis}"),
            },
        }
    }
}

/// One line of an entry's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When and by whom.
    pub stamp: Stamp,
    /// What.
    pub done: Done,
}

/// An entry with its version and its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// As it stands.
    pub holding: Holding,
    /// Number in the journal of the act that last touched it.
    pub version: i64,
    /// Everything that was done to it, oldest first.
    pub history: Vec<Change>,
}

/// The inventory.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    all: BTreeMap<HoldingCode, Entry>,
}

impl Inventory {
    /// An entry.
    pub fn get(&self, code: &HoldingCode) -> Option<&Entry> {
        self.all.get(code)
    }

    /// Every entry, by code; closed ones, too.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.all.values()
    }

    pub(crate) fn apply(&mut self, stamp: &Stamp, event: Event) {
        match event {
            Event::Put(holding) => self.put(stamp, *holding),
            Event::Close(closing) => self.close(stamp, closing),
        }
    }

    fn put(&mut self, stamp: &Stamp, holding: Holding) {
        let known = self.all.get_mut(&holding.code);
        let Some(entry) = known else {
            let history = vec![Change { stamp: stamp.clone(), done: Done::Entered }];
            let entry = Entry { holding, version: stamp.seq, history };
            self.all.insert(entry.holding.code.clone(), entry);
            return;
        };
        let done = Done::Changed(columns::differing(&entry.holding, &holding));
        entry.holding = holding;
        entry.version = stamp.seq;
        entry.history.push(Change { stamp: stamp.clone(), done });
    }

    fn close(&mut self, stamp: &Stamp, closing: Closing) {
        if let Some(entry) = self.all.get_mut(&closing.code) {
            entry.holding.stage = Stage::Closed;
            entry.holding.used_to = Some(closing.on);
            entry.holding.successor = closing.successor;
            entry.version = stamp.seq;
            let done = Done::Closed { on: closing.on, legal_basis: closing.legal_basis };
            entry.history.push(Change { stamp: stamp.clone(), done });
        }
    }
}
