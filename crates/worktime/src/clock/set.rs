//! The clocks of an instance together: one for itself, one for each agency that had it, one for each step that runs.
//!
//! One agency has the instance at a time, and the instance's clock counts by the hours of that agency. Its own clock runs
//! exactly then, so that the working time of all agencies is that of the instance. Steps count by the hours of whoever does
//! them, several at once where the procedure splits.

use std::collections::BTreeMap;

use base::Ts;
use serde::{Deserialize, Serialize};

use super::{Change, Clock, ClockError};
use crate::{AgencyCode, Calendars, Span};

/// Which of the clocks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// That of the instance.
    Instance,
    /// That of an agency, over all the times it had the instance.
    Agency(AgencyCode),
    /// That of a step that runs, by the step's id.
    Step(String),
}

/// What happened to a clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// It began.
    Started(Clock),
    /// It paused, ran on, or is due at another time.
    Changed(Change),
    /// Its step is over.
    Ended {
        /// When.
        at: Ts,
        /// Microseconds of working time that the step took.
        used_micros: i64,
    },
}

/// One entry of the history of clocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    /// Whose clock.
    pub which: Which,
    /// What happened to it.
    pub fact: Fact,
}

impl Tick {
    fn changed(which: Which, change: Change) -> Self {
        Self { which, fact: Fact::Changed(change) }
    }
}

/// All clocks of one instance. It grows with agencies and running steps, not with steps that are over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocks {
    instance: Clock,
    agencies: BTreeMap<AgencyCode, Clock>,
    steps: BTreeMap<String, Clock>,
    /// When something happened last. What seems to happen before happens then.
    last_at: Ts,
}

impl Clocks {
    /// The clocks of an instance that an agency begins; `limits` are those of the instance and of that agency.
    pub fn start(
        limits: (Option<Span>, Option<Span>),
        agency: &AgencyCode,
        at: Ts,
        calendars: &Calendars,
    ) -> Self {
        let start = |limit| Clock::start(limit, agency.clone(), at, calendars);
        let agencies = BTreeMap::from([(agency.clone(), start(limits.1))]);
        Self { instance: start(limits.0), agencies, steps: BTreeMap::new(), last_at: at }
    }

    /// The clock of the instance.
    pub fn instance(&self) -> &Clock {
        &self.instance
    }

    /// The clocks of all agencies that had the instance.
    pub fn agencies(&self) -> impl Iterator<Item = (&AgencyCode, &Clock)> {
        self.agencies.iter()
    }

    /// The clock of a step that runs.
    pub fn step(&self, id: &str) -> Option<&Clock> {
        self.steps.get(id)
    }

    /// Every clock stands still: the citizen is asked for something.
    ///
    /// # Errors
    /// They stand still already.
    pub fn pause(&self, at: Ts, calendars: &Calendars) -> Result<Vec<Tick>, ClockError> {
        let first = Tick::changed(Which::Instance, self.instance.pause(self.order(at), calendars)?);
        let others = self.besides_instance().filter(|(_, clock)| !clock.is_paused());
        let paused = others.filter_map(|(which, clock)| {
            clock.pause(self.order(at), calendars).ok().map(|change| Tick::changed(which, change))
        });
        Ok(std::iter::once(first).chain(paused).collect())
    }

    /// The clocks of steps that still run stand still, too.
    pub fn pause_steps(&self, at: Ts, calendars: &Calendars) -> Vec<Tick> {
        self.change_steps(|clock| clock.pause(self.order(at), calendars).ok())
    }

    /// The clocks of steps that stand still run on, while the instance does not.
    pub fn resume_steps(&self, at: Ts, calendars: &Calendars) -> Vec<Tick> {
        self.change_steps(|clock| clock.resume(self.order(at), calendars).ok())
    }

    fn change_steps(&self, change: impl Fn(&Clock) -> Option<Change>) -> Vec<Tick> {
        let changed =
            |(id, clock): (&String, &Clock)| Some(Tick::changed(Which::Step(id.clone()), change(clock)?));
        self.steps.iter().filter_map(changed).collect()
    }

    /// The clocks of the instance, of the agency that has it and of all paused steps run on.
    ///
    /// # Errors
    /// They run already.
    pub fn resume(&self, at: Ts, calendars: &Calendars) -> Result<Vec<Tick>, ClockError> {
        let first = Tick::changed(Which::Instance, self.instance.resume(self.order(at), calendars)?);
        let others = self.besides_instance().filter(|(which, _)| self.has_it_or_is_step(which));
        let resumed = others.filter_map(|(which, clock)| {
            clock.resume(self.order(at), calendars).ok().map(|change| Tick::changed(which, change))
        });
        Ok(std::iter::once(first).chain(resumed).collect())
    }

    /// Another agency has the instance; `limit` counts only when it has it for the first time.
    pub fn hand_over(
        &self,
        to: &AgencyCode,
        limit: Option<Span>,
        at: Ts,
        calendars: &Calendars,
    ) -> Vec<Tick> {
        let at = self.order(at);
        let from = self.instance.agency();
        if from == to {
            return Vec::new();
        }
        let mut ticks =
            vec![Tick::changed(Which::Instance, self.instance.hand_over(to.clone(), at, calendars))];
        let before = self.agencies.get(from).and_then(|clock| clock.pause(at, calendars).ok());
        ticks.extend(before.map(|change| Tick::changed(Which::Agency(from.clone()), change)));
        let which = Which::Agency(to.clone());
        let paused = self.instance.is_paused();
        match self.agencies.get(to) {
            Some(clock) if !paused => {
                ticks.extend(clock.resume(at, calendars).ok().map(|change| Tick::changed(which, change)));
            }
            Some(_) => {}
            None => {
                let clock = Clock::start(limit, to.clone(), at, calendars);
                let stop = if paused { clock.pause(at, calendars).ok() } else { None };
                ticks.push(Tick { which: which.clone(), fact: Fact::Started(clock) });
                ticks.extend(stop.map(|change| Tick::changed(which, change)));
            }
        }
        ticks
    }

    /// A step begins, also while the instance is paused: what the citizen is asked for has a limit of its own.
    ///
    /// A step of an id that runs already goes on with the new clock.
    pub fn begin_step(
        id: &str,
        limit: Option<Span>,
        agency: &AgencyCode,
        at: Ts,
        calendars: &Calendars,
    ) -> Tick {
        let clock = Clock::start(limit, agency.clone(), at, calendars);
        Tick { which: Which::Step(id.to_owned()), fact: Fact::Started(clock) }
    }

    /// A step is over; nothing when there is none of that id.
    pub fn end_step(&self, id: &str, at: Ts, calendars: &Calendars) -> Option<Tick> {
        let used_micros = self.steps.get(id)?.used_micros(at, calendars);
        Some(Tick { which: Which::Step(id.to_owned()), fact: Fact::Ended { at, used_micros } })
    }

    /// What these calendars change.
    pub fn recalculate(&self, at: Ts, calendars: &Calendars) -> Vec<Tick> {
        std::iter::once((Which::Instance, &self.instance))
            .chain(self.besides_instance())
            .filter_map(|(which, clock)| {
                clock.recalculate(at, calendars).map(|change| Tick::changed(which, change))
            })
            .collect()
    }

    /// Takes over what happened. What does not fit, such as the end of a step that there is not, is passed over.
    pub fn apply(&mut self, tick: &Tick) {
        self.last_at = self.last_at.max(match &tick.fact {
            Fact::Started(clock) => clock.last_change(),
            Fact::Changed(change) => change.at,
            Fact::Ended { at, .. } => *at,
        });
        let clock = match &tick.which {
            Which::Instance => Some(&mut self.instance),
            Which::Agency(agency) => self.agencies.get_mut(agency),
            Which::Step(id) => self.steps.get_mut(id),
        };
        match (&tick.fact, clock, &tick.which) {
            (Fact::Changed(change), Some(clock), _) => clock.apply(change),
            (Fact::Started(new), Some(clock), _) => clock.clone_from(new),
            (Fact::Started(new), None, Which::Agency(agency)) => {
                self.agencies.insert(agency.clone(), new.clone());
            }
            (Fact::Started(new), None, Which::Step(id)) => {
                self.steps.insert(id.clone(), new.clone());
            }
            (Fact::Ended { .. }, _, Which::Step(id)) => {
                self.steps.remove(id);
            }
            (Fact::Changed(_) | Fact::Started(_) | Fact::Ended { .. }, ..) => {}
        }
    }

    /// A moment, but not before the last one: the sums stay the same then.
    fn order(&self, at: Ts) -> Ts {
        at.max(self.last_at)
    }

    fn has_it_or_is_step(&self, which: &Which) -> bool {
        match which {
            Which::Instance | Which::Step(_) => true,
            Which::Agency(agency) => agency == self.instance.agency(),
        }
    }

    fn besides_instance(&self) -> impl Iterator<Item = (Which, &Clock)> {
        let agencies = self.agencies.iter().map(|(agency, clock)| (Which::Agency(agency.clone()), clock));
        let steps = self.steps.iter().map(|(id, clock)| (Which::Step(id.clone()), clock));
        agencies.chain(steps)
    }
}

#[cfg(test)]
mod tests;
