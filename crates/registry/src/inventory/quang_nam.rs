//! Databases of the State in use in Quảng Nam in February 2022: the figures of a press article as rows.
//!
//! What is known, what is assumed and where it is from stands in `data/quang-nam-2022.md` and, row by row, in `source`.

use jiff::civil::{Date, date};

use super::file::{self, Format};
use super::holding::Holding;

/// The day of the figures. The owners are ministries as they were then, so the rows are entered as of this day.
pub const QUANG_NAM_DAY: Date = date(2022, 2, 28);

const ROWS: &str = include_str!("../../data/quang-nam-2022.csv");

/// 6 national databases and 80 of ministries: 23 of these reach districts, 13 of the 23 communes, too; 14 share
/// through the platform, driving licences and education beside it.
///
/// # Panics
/// Never: the file is compiled in, and a test reads it.
pub fn quang_nam() -> Vec<Holding> {
    let intake = file::read(Format::Csv, ROWS.as_bytes()).expect("a test reads the file that is compiled in");
    assert!(intake.mistakes.is_empty(), "a test reads the file that is compiled in");
    intake.rows.into_iter().map(|(_, row)| row.holding).collect()
}
