//! Days and moments by the clocks of Vietnam.

use base::Ts;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

/// Vietnam's time; the country has had no daylight saving time since 1975.
pub(crate) const VIETNAM: Offset = Offset::constant(7);
/// Microseconds of a second.
pub(crate) const SECOND_MICROS: i64 = 1_000_000;
/// Microseconds of a minute.
pub(crate) const MINUTE_MICROS: i64 = 60 * SECOND_MICROS;
/// Microseconds of an hour.
pub(crate) const HOUR_MICROS: i64 = 60 * MINUTE_MICROS;
/// Microseconds of a day.
pub(crate) const DAY_MICROS: i64 = 24 * HOUR_MICROS;

/// The day on which a moment falls in Vietnam.
pub fn day_of(moment: Ts) -> Date {
    local(moment).date()
}

/// The first moment of a day in Vietnam.
pub fn start_of(day: Date) -> Ts {
    moment_of(day.to_datetime(Time::midnight()))
}

/// What clocks in Vietnam show at a moment.
pub(crate) fn local(moment: Ts) -> DateTime {
    // The ends of the calendar have no local form everywhere; 24 hours before them every moment has one.
    let (first, last) = (jiff::Timestamp::MIN.as_microsecond(), jiff::Timestamp::MAX.as_microsecond());
    let inside = moment.0.clamp(first + DAY_MICROS, last - DAY_MICROS);
    let stamp = jiff::Timestamp::from_microsecond(inside).expect("it was brought within the limits");
    VIETNAM.to_datetime(stamp)
}

/// The moment at which clocks in Vietnam show this.
pub(crate) fn moment_of(local: DateTime) -> Ts {
    let stamp = VIETNAM.to_timestamp(local);
    // Only the last hours of the year 9999 and the first of -9999 lie outside what a moment can be.
    Ts(stamp.map_or(if local.year() > 0 { i64::MAX } else { i64::MIN }, jiff::Timestamp::as_microsecond))
}
