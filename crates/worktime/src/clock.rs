//! A clock that counts one span down, for an instance, an agency or a step: it pauses, moves to other hours, is recomputed.
//!
//! A clock is a value. What shall become of it is asked with `pause`, `resume`, `hand_over` and `recalculate`, which need
//! calendars and answer with a [`Change`]: what was due before, what is due now, and why. [`Clock::apply`] takes a change
//! over and needs none, so that a history can be read again when calendars are others.

use base::Ts;
use serde::{Deserialize, Serialize};

use crate::{AgencyCode, Calendars, Span, Version};
use left::Left;

mod left;
pub mod set;

/// Why a change was not possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// It stands still already.
    #[error("Đồng hồ đang tạm dừng / The clock is paused already")]
    Paused,
    /// It runs already.
    #[error("Đồng hồ đang chạy / The clock is running already")]
    Running,
}

/// Why a due date was computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The citizen is asked for something.
    Paused,
    /// The citizen answered.
    Resumed,
    /// Another agency has it now, with hours of its own.
    HandedOver(AgencyCode),
    /// Days or hours are others than they were.
    Recalculated,
}

/// What becomes of a clock, for its history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When. A moment before the clock's last change counts as that: clocks of two machines differ by milliseconds.
    pub at: Ts,
    /// Why.
    pub reason: Reason,
    /// When it was due before; nothing without a limit and during a pause.
    pub old: Option<Ts>,
    /// When it is due now. A pause that begins when it is due already moves nothing.
    pub new: Option<Ts>,
    /// Which calendars the old date was computed with.
    pub old_version: Version,
    /// Which calendars the new date was computed with.
    pub new_version: Version,
}

/// A stretch of time in which a clock ran under the hours of one agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stretch {
    agency: AgencyCode,
    from: Ts,
    /// Nothing while it runs.
    to: Option<Ts>,
}

impl Stretch {
    /// How long it is until a moment, in working time or day and night.
    fn length(&self, until: Ts, working: bool, calendars: &Calendars) -> i64 {
        self.between(self.from, self.to.unwrap_or(until).min(until), working, calendars)
    }

    fn between(&self, from: Ts, to: Ts, working: bool, calendars: &Calendars) -> i64 {
        if working {
            calendars.of(&self.agency).working_between(from, to)
        } else {
            to.micros_since(from).max(0)
        }
    }
}

/// Counts working time, and a limit down when it has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    limit: Option<Span>,
    /// Stretches that are over, in order.
    past: Vec<Stretch>,
    /// The last stretch, open while it runs.
    last: Stretch,
    version: Version,
    due: Option<Ts>,
}

impl Clock {
    /// A clock that begins to run under the hours of an agency; without a limit it only counts.
    pub fn start(limit: Option<Span>, agency: AgencyCode, at: Ts, calendars: &Calendars) -> Self {
        let last = Stretch { agency, from: at, to: None };
        let mut clock = Self { limit, past: Vec::new(), last, version: calendars.version(), due: None };
        clock.due = clock.computed(calendars);
        clock
    }

    /// When it is due; nothing without a limit, and during a pause that began before it was due.
    pub fn due(&self) -> Option<Ts> {
        self.due
    }

    /// The limit that it was given.
    pub fn limit(&self) -> Option<Span> {
        self.limit
    }

    /// Whether it stands still.
    pub fn is_paused(&self) -> bool {
        self.last.to.is_some()
    }

    /// When it began to run.
    pub fn started(&self) -> Ts {
        self.past.first().unwrap_or(&self.last).from
    }

    /// Whose hours count, or would count if it ran.
    pub fn agency(&self) -> &AgencyCode {
        &self.last.agency
    }

    /// Stands still from a moment on.
    ///
    /// # Errors
    /// It stands still already.
    pub fn pause(&self, at: Ts, calendars: &Calendars) -> Result<Change, ClockError> {
        if self.is_paused() {
            Err(ClockError::Paused)
        } else {
            Ok(self.change(Reason::Paused, at, calendars))
        }
    }

    /// Runs on with what was left. A pause of no length changes nothing.
    ///
    /// # Errors
    /// It runs already.
    pub fn resume(&self, at: Ts, calendars: &Calendars) -> Result<Change, ClockError> {
        if self.is_paused() {
            Ok(self.change(Reason::Resumed, at, calendars))
        } else {
            Err(ClockError::Running)
        }
    }

    /// Counts under the hours of another agency from a moment on, or from the end of a pause.
    pub fn hand_over(&self, agency: AgencyCode, at: Ts, calendars: &Calendars) -> Change {
        self.change(Reason::HandedOver(agency), at, calendars)
    }

    /// What these calendars change; nothing when the due date stays and so does their version.
    pub fn recalculate(&self, at: Ts, calendars: &Calendars) -> Option<Change> {
        let change = self.change(Reason::Recalculated, at, calendars);
        (change.old != change.new || change.old_version != change.new_version).then_some(change)
    }

    /// Takes a change over. What does not fit the state, such as a second pause, is passed over.
    pub fn apply(&mut self, change: &Change) {
        self.shape(&change.reason, change.at);
        self.due = change.new;
        self.version = change.new_version;
    }

    /// Microseconds of working time in which it ran until a moment, also when its limit is by the calendar.
    pub fn used_micros(&self, until: Ts, calendars: &Calendars) -> i64 {
        self.stretches().map(|stretch| stretch.length(until, true, calendars)).sum()
    }

    /// Microseconds from a moment until it is due, negative when that is past; nothing without a limit.
    ///
    /// Of working time, or day and night when the limit is by the calendar. During a pause it is what was left when the
    /// pause began.
    pub fn left_micros(&self, now: Ts, calendars: &Calendars) -> Option<i64> {
        let last = &self.last;
        let now = last.to.unwrap_or(now);
        let due = self.left_at(now, calendars)?.due(calendars.of(&last.agency), now);
        let between = |from, to| last.between(from, to, self.counts_working_time(), calendars);
        Some(if now <= due { between(now, due) } else { -between(due, now) })
    }

    /// The moment at which so many per cent of the time until it is due are used up, which may be past.
    ///
    /// Nothing without a limit and while it has no due date. A hundred per cent are the due date itself.
    pub fn reached(&self, percent: u8, calendars: &Calendars) -> Option<Ts> {
        let due = self.due?;
        if percent >= 100 {
            return Some(due);
        }
        let working = self.counts_working_time();
        let length = |stretch: &Stretch| stretch.length(due, working, calendars);
        let total = self.stretches().map(length).map(i128::from).sum::<i128>();
        let mut left = i64::try_from(total * i128::from(percent) / 100).unwrap_or(i64::MAX);
        for stretch in self.stretches() {
            let length = length(stretch);
            if left <= length {
                let own = calendars.of(&stretch.agency);
                return Some(if working {
                    own.add_working(stretch.from, left)
                } else {
                    Ts(stretch.from.0 + left)
                });
            }
            left -= length;
        }
        Some(due)
    }

    fn stretches(&self) -> impl Iterator<Item = &Stretch> {
        self.past.iter().chain([&self.last])
    }

    /// The last moment at which it began, paused, ran on or moved.
    fn last_change(&self) -> Ts {
        self.last.to.unwrap_or(self.last.from)
    }

    fn counts_working_time(&self) -> bool {
        self.limit.is_none_or(Span::is_working)
    }

    /// What is left of the limit at a moment, after all stretches until then.
    fn left_at(&self, until: Ts, calendars: &Calendars) -> Option<Left> {
        let mut left = Left::of(self.limit?, self.started());
        for stretch in self.stretches() {
            let to = stretch.to.unwrap_or(until).min(until);
            left = left.after(calendars.of(&stretch.agency), stretch.from, to);
        }
        Some(left)
    }

    /// When it is due as it stands, by these calendars.
    fn computed(&self, calendars: &Calendars) -> Option<Ts> {
        let last = &self.last;
        let from = last.to.unwrap_or(last.from);
        let left = self.left_at(from, calendars)?;
        if let Left::Spent(due) = left {
            return Some(due);
        }
        (!self.is_paused()).then(|| left.due(calendars.of(&last.agency), from))
    }

    fn change(&self, reason: Reason, at: Ts, calendars: &Calendars) -> Change {
        let at = at.max(self.last_change());
        let mut after = self.clone();
        after.shape(&reason, at);
        Change {
            at,
            reason,
            old: self.due,
            new: after.computed(calendars),
            old_version: self.version,
            new_version: calendars.version(),
        }
    }

    /// Changes the stretches.
    fn shape(&mut self, reason: &Reason, at: Ts) {
        let paused = self.is_paused();
        let last = &mut self.last;
        match reason {
            Reason::Recalculated => {}
            Reason::Paused if paused => {}
            Reason::Paused => last.to = Some(at),
            Reason::Resumed if !paused => {}
            Reason::Resumed if last.to == Some(at) => last.to = None,
            Reason::Resumed => {
                let next = Stretch { agency: last.agency.clone(), from: at, to: None };
                self.past.push(std::mem::replace(last, next));
            }
            Reason::HandedOver(agency) if *agency == last.agency => {}
            // No time ran under the agency that had it.
            Reason::HandedOver(agency) if last.from == last.to.unwrap_or(at) => last.agency = agency.clone(),
            Reason::HandedOver(agency) => {
                let from = *last.to.get_or_insert(at);
                let next = Stretch { agency: agency.clone(), from, to: paused.then_some(from) };
                self.past.push(std::mem::replace(last, next));
            }
        }
    }
}

#[cfg(test)]
mod tests;
