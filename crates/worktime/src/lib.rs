//! Working time of agencies in Vietnam: days off, hours, spans, deadlines that pause and move between agencies.
//!
//! [`Calendar`] knows who works when and counts forwards and backwards, [`Calendars`] holds one for each agency, [`Span`],
//! [`Cycle`] and [`moment()`] read what models say, [`clock::Clock`] counts a limit down. Moments are microseconds, days
//! those of Vietnam. All of it is pure: no clock of the machine, no files, no network.
//!
//! # The edge of a shift
//!
//! Between 17:00 and 07:00 no working time passes, so a deadline could be either. It is always the **end** of a shift when
//! counted forwards ([`Calendar::add`]) and its **begin** when counted backwards ([`Calendar::subtract`]). Both belong to
//! the hours ([`Calendar::is_open`]).
//!
//! # Laws of hours (`PT16WH`, `PT30WM`)
//!
//! For every moment `t` and lengths `a` and `b`, nothing included unless it says so:
//! - `add(t, a + b) = add(add(t, a), b)`, and the same backwards;
//! - a result lies within hours;
//! - `add(t, 0)` is `t` within hours, else the next opening; backwards it is the last closing;
//! - `subtract(add(t, a), a) = opening(t)` for `a > 0`: `t` itself wherever working time runs on, else the next opening.
//!   `add(subtract(t, a), a) = closing(t)` likewise. No working time lies between these moments and `t`;
//! - `working_between(t, add(t, a)) = a`.
//!
//! # Laws of days (`P5WD`)
//!
//! The day on which something begins does not count, the last ends with its hours, as one-stop units count. So a day has no
//! length of its own, and a count ends at a close:
//! - `add(t, a + b) = add(add(t, a), b)` for `a ≥ 1`; not for `a = 0` on a day off, where `add(t, 0)` moves to the next
//!   opening, whose day does not count any more;
//! - a result lies within hours; nothing added to a closed moment is the next opening;
//! - `subtract` is the inverse on closes of working days, and counts from the working day of `t` elsewhere;
//! - `P2WDT4WH` is `P2WD`, then `PT4WH`; the order matters.
//!
//! # Laws of clocks
//!
//! - A pause of no length changes nothing, a longer one never makes it due earlier, and after a pause that began in time
//!   it is due within hours and not before the pause ended.
//! - In hours, a way through agencies loses nothing: what each worked adds up to the limit at the due date. In days, the
//!   day of the change belongs to whoever had it in the morning.
//! - The working time of all agencies of an instance is that of the instance.

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
