//! Working time in Vietnam.

pub mod calendar;
pub mod error;
mod vietnam;

pub use calendar::{Calendar, Certainty, Exception, Year};
pub use error::{CalendarError, Mistake};
pub use vietnam::{day_of, start_of};
