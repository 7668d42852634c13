//! Working time.

pub mod agencies;
pub mod calendar;
pub mod clock;
pub mod cycle;
pub mod error;
mod moment;
mod read;
pub mod span;
mod vietnam;

pub use agencies::{AgencyCode, Calendars, Version};
pub use calendar::{Calendar, Certainty, Exception, Year};
pub use cycle::Cycle;
pub use error::{CalendarError, Mistake, TimeError};
pub use moment::moment;
pub use span::Span;
pub use vietnam::{day_of, start_of};
