//! Time as a parameter: nothing below `main` reads the system clock by itself.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Serialize};

/// A moment: microseconds since 1970-01-01T00:00:00Z.
///
/// Microseconds because that is what both store engines keep without loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ts(pub i64);

impl Ts {
    /// The moment `seconds` after 1970-01-01T00:00:00Z.
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This moment moved by a number of seconds, which may be negative.
    #[must_use]
    pub const fn plus_secs(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Microseconds from `earlier` to this moment.
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The moment written in `text`, RFC 3339.
    ///
    /// # Errors
    /// The text is no RFC 3339 moment.
    pub fn parse(text: &str) -> Result<Self, jiff::Error> {
        let stamp: jiff::Timestamp = text.parse()?;
        Ok(Self(stamp.as_microsecond()))
    }
}

impl fmt::Display for Ts {
    /// RFC 3339 in UTC, for example `2026-11-21T03:00:00.5Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(stamp) => write!(f, "{stamp}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

/// Where the present moment comes from.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Ts;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Ts {
        Ts(jiff::Timestamp::now().as_microsecond())
    }
}

/// A clock that tests set by hand.
#[derive(Debug, Default)]
pub struct FakeClock(AtomicI64);

impl FakeClock {
    /// A clock that stands at `start`.
    pub const fn at(start: Ts) -> Self {
        Self(AtomicI64::new(start.0))
    }

    /// Moves the clock, back when `seconds` is negative.
    pub fn advance_secs(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Ts {
        Ts(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_survives_its_text_form() {
        let moment = Ts(1_795_000_000_123_456);
        assert_eq!(Ts::parse(&moment.to_string()).ok(), Some(moment));
    }

    #[test]
    fn seconds_round_down_before_1970() {
        assert_eq!(Ts(-1).secs(), -1);
    }
}
