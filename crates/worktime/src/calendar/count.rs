//! Forwards, backwards and between. The laws that hold stand at the head of the crate.

use base::Ts;
use jiff::civil::Date;

use super::Calendar;
use crate::span::{Kind, Span};
use crate::vietnam::{HOUR_MICROS, day_of, start_of};

impl Calendar {
    /// The moment at which a span that begins at `from` is over.
    ///
    /// Working days come before working hours: `P2WDT4WH` is four hours after the end of the second working day. A span of
    /// nothing is over at once within hours, else when work begins again.
    pub fn add(&self, from: Ts, span: Span) -> Ts {
        match span.kind() {
            Kind::Plain(plain) => plain.after(from),
            Kind::Working { days: 0, micros } => self.add_working(from, micros),
            Kind::Working { days, micros: 0 } => self.due(from, days),
            Kind::Working { days, micros } => self.add_working(self.due(from, days), micros),
        }
    }

    /// The moment at which a span must begin to be over at `to`: the latest for hours, the close of the day for days.
    ///
    /// A span of nothing leads back to the last moment at which people worked.
    pub fn subtract(&self, to: Ts, span: Span) -> Ts {
        match span.kind() {
            Kind::Plain(plain) => plain.before(to),
            Kind::Working { days: 0, micros } => self.subtract_working(to, micros),
            Kind::Working { days, micros: 0 } => self.close_before(day_of(to), days),
            Kind::Working { days, micros } => {
                // Days end with a close; the begin of a shift that hours lead back to is the close before it.
                let close = self.closing(self.subtract_working(to, micros));
                self.close_before(day_of(close), days)
            }
        }
    }

    /// The end of working hours of the n-th working day after the day of `from`, which does not count itself.
    ///
    /// Zero days end with the working hours of the day of `from`, or, when these are over, of the next working day.
    /// A count that would leave the calendar (year 9999) ends at its end.
    pub fn due(&self, from: Ts, working_days: u32) -> Ts {
        let start = day_of(from);
        if working_days == 0 && self.is_working_day(start) && from <= self.close(start) {
            return self.close(start);
        }
        let mut day = start;
        for _ in 0..working_days.max(1) {
            match self.next_working_day(day) {
                Some(next) => day = next,
                None => return self.close(Date::MAX),
            }
        }
        self.close(day)
    }

    /// The moment at which `hours` of working time after `from` are over. Hours outside working time do not count.
    ///
    /// A deadline on the edge of a shift is the end of that shift, not the begin of the next: received at 18:20 with eight
    /// hours it is 17:00 of the next working day, not 07:00 of the day after. Zero hours are `from` itself within
    /// working time, else the next begin of a shift.
    pub fn due_hours(&self, from: Ts, hours: u32) -> Ts {
        self.add_working(from, i64::from(hours).saturating_mul(HOUR_MICROS))
    }

    /// Working days after the day of `from`, up to the day of `to`, which counts; zero when `to` is not later.
    ///
    /// It is the inverse of [`Calendar::due`], and the length of a pause: asked on Wednesday, answered on Friday, two.
    pub fn working_days_between(&self, from: Ts, to: Ts) -> u32 {
        let last = day_of(to);
        let mut day = day_of(from);
        let mut count = 0;
        while let Some(next) = self.next_working_day(day).filter(|next| *next <= last) {
            (day, count) = (next, count + 1);
        }
        count
    }

    /// Microseconds of working time from one moment to another; zero when `to` is not later.
    pub fn working_between(&self, from: Ts, to: Ts) -> i64 {
        let last = day_of(to);
        let days = std::iter::successors(Some(day_of(from)), |day| day.tomorrow().ok());
        days.take_while(|day| *day <= last)
            .flat_map(|day| self.hours(day))
            .map(|(begin, end)| end.min(to).micros_since(begin.max(from)).max(0))
            .fold(0, i64::saturating_add)
    }

    /// The first moment, `at` itself or later, from which working time runs: at 17:00 the begin of the next shift.
    pub fn opening(&self, at: Ts) -> Ts {
        // The last shift that a microsecond of work reaches into is the one that was open or opens next.
        Ts(self.add_working(at, 1).0 - 1)
    }

    /// The last moment, `at` itself or earlier, until which working time ran: at 07:00 the end of the shift before.
    pub fn closing(&self, at: Ts) -> Ts {
        Ts(self.subtract_working(at, 1).0 + 1)
    }

    pub(crate) fn add_working(&self, from: Ts, micros: i64) -> Ts {
        let mut left = micros;
        let mut day = day_of(from);
        loop {
            for (begin, end) in self.hours(day) {
                let begin = begin.max(from);
                let room = end.micros_since(begin);
                if left <= room && begin <= end {
                    return Ts(begin.0 + left);
                }
                left -= room.max(0);
            }
            let Ok(next) = day.tomorrow() else { return self.close(Date::MAX) };
            day = next;
        }
    }

    pub(crate) fn subtract_working(&self, to: Ts, micros: i64) -> Ts {
        let mut left = micros;
        let mut day = day_of(to);
        loop {
            for (begin, end) in self.hours(day).rev() {
                let end = end.min(to);
                let room = end.micros_since(begin);
                if left <= room && begin <= end {
                    return Ts(end.0 - left);
                }
                left -= room.max(0);
            }
            let Ok(before) = day.yesterday() else { return start_of(Date::MIN) };
            day = before;
        }
    }

    fn next_working_day(&self, after: Date) -> Option<Date> {
        let mut day = after.tomorrow().ok()?;
        while !self.is_working_day(day) {
            day = day.tomorrow().ok()?;
        }
        Some(day)
    }

    /// The close of the working day that lies `working_days` before the last one up to `day`.
    fn close_before(&self, day: Date, working_days: u32) -> Ts {
        let mut day = day;
        let mut left = working_days;
        loop {
            if self.is_working_day(day) {
                if left == 0 {
                    return self.close(day);
                }
                left -= 1;
            }
            let Ok(before) = day.yesterday() else { return start_of(Date::MIN) };
            day = before;
        }
    }

    fn close(&self, day: Date) -> Ts {
        let end = self.shifts(day).last().map_or(0, |shift| shift.to);
        Ts(start_of(day).0.saturating_add(end))
    }
}

#[cfg(test)]
mod tests;
