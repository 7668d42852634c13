//! Hours of the day in which a source may be asked for much.

use std::fmt;
use std::str::FromStr;

use base::Ts;
use jiff::civil::Time;
use serde::{Deserialize, Serialize};

/// Vietnam's clock is ahead of UTC by so many seconds, the whole year.
const VIETNAM_S: i64 = 7 * 3_600;
/// Seconds of a day.
const DAY_S: i32 = 24 * 3_600;

/// Hours of each day by the clock in Vietnam, written `22:00-05:00`; they may pass midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    from: Time,
    to: Time,
}

impl Window {
    /// Seconds until it opens; 0 while it is open.
    pub fn opens_in_s(self, now: Ts) -> u64 {
        let second = i32::try_from((now.secs() + VIETNAM_S).rem_euclid(DAY_S.into())).unwrap_or(0);
        let clock = Time::MIN + jiff::SignedDuration::from_secs(second.into());
        let is_open = if self.from < self.to {
            self.from <= clock && clock < self.to
        } else {
            self.from <= clock || clock < self.to
        };
        let wait = (seconds(self.from) - seconds(clock)).rem_euclid(DAY_S);
        if is_open { 0 } else { wait.cast_unsigned().into() }
    }
}

fn seconds(time: Time) -> i32 {
    i32::from(time.hour()) * 3_600 + i32::from(time.minute()) * 60 + i32::from(time.second())
}

impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let clock = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
        let read = text.split_once('-').and_then(|(from, to)| Some((clock(from)?, clock(to)?)));
        match read {
            Some((from, to)) if from != to => Ok(Self { from, to }),
            _ => Err(format!("{text}: viết như / write as 22:00-05:00")),
        }
    }
}

impl TryFrom<String> for Window {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.to_string()
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from.strftime("%H:%M"), self.to.strftime("%H:%M"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(window: &str, utc: &str, wait: u64) {
        let window: Window = window.parse().unwrap();
        assert_eq!(window.opens_in_s(Ts::parse(utc).unwrap()), wait, "{window} {utc}");
    }

    #[test]
    fn a_window_is_open_by_the_clock_in_vietnam() {
        check("22:00-05:00", "2026-11-22T15:00:00Z", 0);
        check("22:00-05:00", "2026-11-22T21:59:59Z", 0);
        check("22:00-05:00", "2026-11-22T22:00:00Z", 17 * 3_600);
        check("22:00-05:00", "2026-11-22T14:59:30Z", 30);
        check("01:00-02:00", "2026-11-22T18:30:00Z", 0);
        check("01:00-02:00", "2026-11-22T19:00:00Z", 23 * 3_600);
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for text in ["", "22:00", "22:00-22:00", "25:00-05:00", "22-05"] {
            assert!(text.parse::<Window>().is_err(), "{text}");
        }
        assert_eq!("22:00 - 05:30".parse::<Window>().unwrap().to_string(), "22:00-05:30");
    }
}
