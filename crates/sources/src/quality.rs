//! Data quality: rules of a definition, held against every row of its source.
//!
//! Each rule belongs to one of the five criteria of the Data Quality Index, *đúng, đủ, sạch, sống, thống nhất*, and has a
//! severity, which says within how many working days what it finds is put right (Công văn 4856/BCA-TTDLQG of 14/9/2026).
//! A run reads all rows in pages of the key, within the turns of the source's protector, and keeps counts, a few masked
//! examples and an index; no row.

pub mod history;
pub mod judge;
pub mod number;
pub mod propose;
pub mod report;
pub mod rule;
pub mod run;
pub mod schedule;

use base::Ts;
use jiff::Timestamp;

pub use report::Report;
pub use rule::{Criterion, Rule, Severity};
pub use run::{Bounds, Run};
pub use schedule::Schedule;

/// A moment as rules and schedules take it; one that no calendar has is the beginning of 1970.
pub fn moment(at: Ts) -> Timestamp {
    Timestamp::from_microsecond(at.0).unwrap_or_default()
}
