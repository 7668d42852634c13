//! Clocks of an instance: its own, those of the agencies that had it, those of its steps.
//!
//! They begin with an instance whose process has something with a limit (extension attributes `limit` of a process or
//! lane, `due` of an activity, `clock="paused"`), else with the first such step of a process that is called, or when
//! somebody lets them stand still. They are looked at once more when a command has come to rest:
//!
//! - An agency has the instance as long as it has open work in it; then the agency whose open work began first.
//! - Clocks stand still while somebody says so, or while a step with `clock="paused"` is open. So do timers that are
//!   durations of working time. Not those of that step and what is in it: what the citizen is asked for has a time of its own.
//!   Dates, durations of the calendar and cycles, which remind somebody, go on. What begins while such a step is open runs at
//!   once; what begins while somebody stops the clocks stands still with the rest.

use std::sync::Arc;

use base::Ts;
use worktime::clock::set::{Clocks, Fact, Tick, Which};
use worktime::clock::{Change, Clock, ClockError, Reason};
use worktime::{Calendars, Span};

use super::event::Event;
use super::run::Run;
use super::state::{Awaited, ExecId, Hold, Role, State, Step, Wait};
use super::{Refused, Timing};
use crate::model::{Kind, Process, Timer, Trigger};
use crate::timer::{code, due, is_working};

impl State {
    /// When a step should be done, by its own clock; none while that stands still.
    pub fn due(&self, exec: ExecId) -> Option<Ts> {
        self.clocks.as_ref()?.step(&clock_name(exec))?.due()
    }

    /// Whether something in it depends on a calendar.
    pub fn counts_working_time(&self) -> bool {
        let timer = |wait: &Wait| matches!(&wait.what, Awaited::Moment { text, .. } if is_working(text));
        self.outcome.is_none() && (self.clocks.is_some() || self.waits().any(|(_, wait)| timer(wait)))
    }
}

/// The name of a step among clocks.
pub(crate) fn clock_name(exec: ExecId) -> String {
    exec.0.to_string()
}

impl<'a> Run<'a> {
    fn calendars(&self) -> Arc<Calendars> {
        self.context.outside.calendars()
    }

    /// Begins the clock of a step that has a limit, and those of the instance with the first one.
    pub fn begin_clock(&mut self, exec: ExecId) {
        let Some((_, node)) = self.node_of(exec) else { return };
        let due = node.extra.iter().find(|(name, _)| &**name == "due");
        let limit = due.and_then(|(_, text)| Span::parse(text).ok());
        if node.pauses {
            self.begin_clocks(exec);
        }
        let times = matches!(self.role_of(exec), Some(Role::Many(_)));
        let is_activity = matches!(node.kind, Kind::Task(_) | Kind::SubProcess(_) | Kind::Call(_));
        let begun = self.state.clocks.as_ref().is_some_and(|clocks| clocks.step(&clock_name(exec)).is_some());
        if limit.is_none() || times || !is_activity || begun {
            return;
        }
        self.begin_clocks(exec);
        let agency = code(self.state.agency(exec));
        let tick = Clocks::begin_step(&clock_name(exec), limit, &agency, self.context.now, &self.calendars());
        self.clocked([tick]);
    }

    /// The clock of a step that is closed is over.
    pub fn end_clock(&mut self, exec: ExecId) {
        let Some(clocks) = &self.state.clocks else { return };
        let tick = clocks.end_step(&clock_name(exec), self.context.now, &self.calendars());
        self.clocked(tick);
    }

    /// What the instance and its agencies took in all.
    pub fn end_clocks(&mut self) {
        let Some(clocks) = &self.state.clocks else { return };
        let (at, calendars) = (self.context.now, self.calendars());
        let over = |which, clock: &Clock| {
            let used_micros = clock.used_micros(at, &calendars);
            Tick { which, fact: Fact::Ended { at, used_micros } }
        };
        let agencies = clocks.agencies().map(|(code, clock)| over(Which::Agency(code.clone()), clock));
        let all: Vec<_> = std::iter::once(over(Which::Instance, clocks.instance())).chain(agencies).collect();
        self.clocked(all);
    }

    fn clocked(&mut self, ticks: impl IntoIterator<Item = Tick>) {
        for tick in ticks {
            self.emit(Event::Clocked { tick: Box::new(tick) });
        }
    }

    /// The clocks of the instance begin, at the agency of a step.
    fn begin_clocks(&mut self, exec: ExecId) {
        if self.state.clocks.is_some() {
            return;
        }
        let limit = self.root_process().and_then(|process| process.limit);
        let agency = code(self.state.agency(exec));
        let limits = (limit, self.limit_of_agency(exec));
        let clocks = Clocks::start(limits, &agency, self.context.now, &self.calendars());
        self.emit(Event::ClocksBegan { clocks: Box::new(clocks) });
    }

    fn root_process(&self) -> Option<&'a Process> {
        let root = self.state.execs.values().next()?.body()?;
        self.program.processes.get(self.program.scope(root.scope).process)
    }

    /// The limit that the lane of a step, or of what it is in, gives to its agency.
    fn limit_of_agency(&self, exec: ExecId) -> Option<Span> {
        let up = std::iter::successors(Some(exec), |at| self.parent_of(*at));
        let mut nodes = up.filter_map(|at| self.node_of(at));
        nodes.find(|(_, node)| node.agency.is_some()).and_then(|(_, node)| node.lane_limit)
    }

    /// Begins, hands over, lets stand still and run on, as the open steps ask for.
    pub fn settle_clocks(&mut self) {
        let Some(root) = self.state.execs.keys().next().copied() else { return };
        if self.state.clocks.is_none() && self.root_process().is_some_and(|process| process.clocked) {
            self.begin_clocks(self.first_work().unwrap_or(root));
        }
        if self.state.clocks.is_none() {
            return;
        }
        self.give_to_who_works();
        let pausing: Vec<_> = self.pausing().collect();
        let Some(clocks) = &self.state.clocks else { return };
        let stood = clocks.instance().is_paused();
        match &self.state.hold {
            Some(_) if !stood => self.stand_still(&[]),
            Some(hold) => self.stand_still_since(hold.since),
            // What a step asks the citizen for runs on.
            None if !stood && !pausing.is_empty() => self.stand_still(&pausing),
            None if stood && pausing.is_empty() => self.run_on(),
            None => {}
        }
    }

    fn works(&self) -> impl Iterator<Item = ExecId> {
        let work = self.state.execs.iter().filter(|(_, exec)| exec.role == Role::Step(Step::Work));
        work.map(|(id, _)| *id)
    }

    fn first_work(&self) -> Option<ExecId> {
        self.works().next()
    }

    fn give_to_who_works(&mut self) {
        let Some(clocks) = &self.state.clocks else { return };
        let has = crate::timer::agency(clocks.instance().agency());
        if self.works().any(|exec| self.state.agency(exec) == has) {
            return;
        }
        let Some(next) = self.first_work() else { return };
        let (to, limit) = (code(self.state.agency(next)), self.limit_of_agency(next));
        let ticks = clocks.hand_over(&to, limit, self.context.now, &self.calendars());
        self.clocked(ticks);
    }

    fn pausing(&self) -> impl Iterator<Item = ExecId> {
        let pauses = |node| self.program.node(node).pauses;
        self.state.execs.iter().filter(move |(_, exec)| exec.node.is_some_and(pauses)).map(|(id, _)| *id)
    }

    fn is_in(&self, exec: ExecId, of: &[ExecId]) -> bool {
        std::iter::successors(Some(exec), |at| self.parent_of(*at)).any(|at| of.contains(&at))
    }

    fn stand_still(&mut self, exempt: &[ExecId]) {
        let Some(clocks) = &self.state.clocks else { return };
        let mut ticks = clocks.pause(self.context.now, &self.calendars()).unwrap_or_default();
        ticks.retain(|tick| match &tick.which {
            Which::Step(id) => id.parse().is_ok_and(|id| !self.is_in(ExecId(id), exempt)),
            _ => true,
        });
        self.clocked(ticks);
        self.move_timers(Clock::pause, |run, exec, _| !run.is_in(exec, exempt));
    }

    /// What began after somebody stopped the clocks stands still, too.
    fn stand_still_since(&mut self, since: Ts) {
        self.move_steps(Clocks::pause_steps, since);
        self.move_timers(Clock::pause, |_, _, began| began > since);
    }

    fn run_on(&mut self) {
        let Some(clocks) = &self.state.clocks else { return };
        let ticks = clocks.resume(self.context.now, &self.calendars()).unwrap_or_default();
        self.clocked(ticks);
        self.move_timers(Clock::resume, |_, _, _| true);
    }

    /// What began after somebody stopped the clocks runs on, while a step keeps the others still.
    fn run_on_since(&mut self, since: Ts) {
        self.move_steps(Clocks::resume_steps, since);
        self.move_timers(Clock::resume, |_, _, began| began > since);
    }

    fn move_steps(&mut self, how: fn(&Clocks, Ts, &Calendars) -> Vec<Tick>, since: Ts) {
        let Some(clocks) = &self.state.clocks else { return };
        let mut ticks = how(clocks, self.context.now, &self.calendars());
        ticks.retain(|tick| match &tick.which {
            Which::Step(id) => clocks.step(id).is_some_and(|clock| clock.started() > since),
            _ => true,
        });
        self.clocked(ticks);
    }

    /// Changes the clocks of timers that can stand still, by the step that waits and since when.
    fn move_timers(
        &mut self,
        how: fn(&Clock, Ts, &Calendars) -> Result<Change, ClockError>,
        these: impl Fn(&Self, ExecId, Ts) -> bool,
    ) {
        let (now, calendars) = (self.context.now, self.calendars());
        let mut moved = Vec::new();
        for (exec, wait) in self.state.waits() {
            let Awaited::Moment { began, .. } = &wait.what else { continue };
            let clock = self.clock_of(wait, &calendars).filter(|_| these(self, exec, *began));
            let Some(clock) = clock else { continue };
            if let Ok(change) = how(&clock, now, &calendars) {
                moved.extend(moved_by(exec, wait, (clock, &change)));
            }
        }
        for event in moved {
            self.emit(event);
        }
    }

    /// The clock of a timer that can stand still: a duration of working time that is not over.
    fn clock_of(&self, wait: &Wait, calendars: &Calendars) -> Option<Clock> {
        let Awaited::Moment { at, began, text, agency, clock, .. } = &wait.what else { return None };
        if let Some(clock) = clock {
            return Some(Clock::clone(clock));
        }
        let is_duration = matches!(self.timer_of(wait), Some(Timer::Duration));
        let limit = Span::parse(text).ok().filter(|span| is_duration && span.is_working())?;
        let counts = *at > self.context.now;
        counts.then(|| Clock::start(Some(limit), code(agency.as_deref()), *began, calendars))
    }

    fn timer_of(&self, wait: &Wait) -> Option<Timer> {
        match self.program.triggers(wait.node).get(usize::from(wait.trigger)) {
            Some(Trigger::Timer(timer, _)) => Some(*timer),
            _ => None,
        }
    }

    /// Somebody lets the clocks stand still.
    pub fn hold(&mut self, reason: String) -> Result<(), Refused> {
        if self.state.hold.is_some() {
            return Err(Refused::Paused);
        }
        let root = *self.state.execs.keys().next().ok_or(Refused::Over)?;
        self.begin_clocks(self.first_work().unwrap_or(root));
        self.emit(Event::Held { hold: Some(Hold { since: self.context.now, reason }) });
        Ok(())
    }

    /// Somebody lets them run on.
    pub fn let_run(&mut self) -> Result<(), Refused> {
        let since = self.state.hold.as_ref().ok_or(Refused::NotPaused)?.since;
        if self.pausing().next().is_some() {
            self.run_on_since(since);
        }
        self.emit(Event::Held { hold: None });
        Ok(())
    }

    /// Computes again what depends on calendars. Moments that have come stay.
    pub fn recalculate(&mut self) {
        let (now, calendars) = (self.context.now, self.calendars());
        if let Some(clocks) = &self.state.clocks {
            let mut ticks = clocks.recalculate(now, &calendars);
            // Another version that says the same changes nothing.
            ticks.retain(|tick| matches!(&tick.fact, Fact::Changed(change) if change.old != change.new));
            self.clocked(ticks);
        }
        let mut moved = Vec::new();
        for (exec, wait) in self.state.waits() {
            let Awaited::Moment { at, began, nth, text, agency, clock } = &wait.what else { continue };
            if let Some(clock) = clock {
                let change = clock.recalculate(now, &calendars).filter(|change| change.old != change.new);
                moved.extend(change.and_then(|change| moved_by(exec, wait, (Clock::clone(clock), &change))));
                continue;
            }
            let Some(timer) = self.timer_of(wait).filter(|_| *at > now && is_working(text)) else { continue };
            let timing = Timing { timer, text, began: *began, nth: *nth, agency: agency.as_deref() };
            let Some(new) = due(&calendars, timing).ok().flatten().filter(|new| new != at) else { continue };
            let mut what = wait.what.clone();
            if let Awaited::Moment { at, .. } = &mut what {
                *at = new;
            }
            let (old, new, wait) = (Some(*at), Some(new), wait.id);
            let (reason, version) = (Reason::Recalculated, calendars.version());
            moved.push(Event::Moved { exec, wait, old, new, reason, version, what });
        }
        for event in moved {
            self.emit(event);
        }
    }
}

/// What a change of its clock makes of a timer.
fn moved_by(
    exec: ExecId,
    wait: &Wait,
    (mut clock, change): (Clock, &worktime::clock::Change),
) -> Option<Event> {
    clock.apply(change);
    let mut what = wait.what.clone();
    let Awaited::Moment { at, clock: kept, .. } = &mut what else { return None };
    *at = clock.due().unwrap_or(*at);
    *kept = Some(Box::new(clock));
    let (old, new, wait) = (change.old, change.new, wait.id);
    let (reason, version) = (change.reason.clone(), change.new_version);
    Some(Event::Moved { exec, wait, old, new, reason, version, what })
}

#[cfg(test)]
mod tests;
