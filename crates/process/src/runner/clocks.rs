//! Clocks of instances: looking at them, letting them stand still, and computing again what depends on calendars.

use base::Ts;
use store::process::InstanceFilter;
use worktime::clock::set::{Fact, Which};
use worktime::clock::{Clock, Reason};
use worktime::{Calendars, Version};

use super::call::{Act, What};
use super::work::recomputed;
use super::{Answer, By, Denied, InstanceId, Name, Processes};
use crate::engine::{Event, ExecId, Hold, State};
use crate::timer::{Timers, agency};

/// Instances that are computed again in one transaction.
const PAGE: u32 = 100;

/// The clocks of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClocksShown {
    /// That somebody let them stand still.
    pub hold: Option<Hold>,
    /// That of the instance itself.
    pub instance: ClockShown,
    /// Those of the agencies that had it, by code; none is nobody's time.
    pub agencies: Vec<(Option<String>, ClockShown)>,
    /// Those of open steps with a limit, with the id of the element.
    pub steps: Vec<(ExecId, String, ClockShown)>,
}

/// How a clock stands at the moment, or stood when the instance ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockShown {
    /// Code of the agency by whose hours it counts.
    pub agency: Option<String>,
    /// When it began.
    pub started: Ts,
    /// Its limit, such as `P8WD`.
    pub limit: Option<String>,
    /// When it is due; none without a limit, and while it stands still before that.
    pub due: Option<Ts>,
    /// Whether it stands still.
    pub paused: bool,
    /// Microseconds of working time in which it ran.
    pub used_micros: i64,
    /// Microseconds until it is due, negative after that: of working time, or by the calendar if its limit is.
    pub left_micros: Option<i64>,
}

/// What computing again has done, or would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recalculated {
    /// Instances that were looked at.
    pub looked: u64,
    /// Those in which something moved.
    pub instances: u64,
    /// Due dates and timers that moved.
    pub moments: u64,
}

/// A due date or timer that moves because calendars are others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedMoment {
    /// The instance.
    pub instance: InstanceId,
    /// `instance`, `agency CODE`, `step ELEMENT` or `timer ELEMENT`.
    pub what: String,
    /// When it was due.
    pub old: Option<Ts>,
    /// When it is due then.
    pub new: Option<Ts>,
    /// The calendars it is computed with.
    pub version: Version,
}

impl Processes {
    /// Lets the clocks of an instance stand still, and its timers of working time, until [`resume`](Self::resume).
    ///
    /// # Errors
    /// Somebody did so already, or it is over or unknown.
    pub async fn pause(&self, instance: InstanceId, reason: &Name, by: &By) -> Result<Answer, Denied> {
        self.act(instance, Act::Pause { reason: reason.to_string() }, by, None).await
    }

    /// Lets them run on with what was left, unless an open step of the model lets them stand still.
    ///
    /// # Errors
    /// Nobody let them stand still, or it is over or unknown.
    pub async fn resume(&self, instance: InstanceId, reason: &Name, by: &By) -> Result<Answer, Denied> {
        self.act(instance, Act::Resume { reason: reason.to_string() }, by, None).await
    }

    /// How the clocks of an instance stand; none where nothing in it has a limit.
    ///
    /// # Errors
    /// There is no such instance.
    pub async fn clocks(&self, instance: InstanceId) -> Result<Option<ClocksShown>, Denied> {
        let (row, state, model) = self.stored(instance).await?;
        let now = row.ended.map_or_else(|| self.shared.clock.now(), Ts);
        let calendars = self.shared.outside.calendars();
        let Some(clocks) = &state.clocks else { return Ok(None) };
        let shown = |clock: &Clock| ClockShown::of(clock, now, &calendars);
        let steps = state.execs.iter().filter_map(|(exec, open)| {
            let clock = clocks.step(&crate::engine::clock_name(*exec))?;
            Some((*exec, model.program.node(open.node?).id.to_string(), shown(clock)))
        });
        Ok(Some(ClocksShown {
            hold: state.hold.clone(),
            instance: shown(clocks.instance()),
            agencies: clocks
                .agencies()
                .map(|(code, clock)| (agency(code).map(str::to_owned), shown(clock)))
                .collect(),
            steps: steps.collect(),
        }))
    }

    /// Computes everything again that waits and depends on calendars, after these were exchanged
    /// ([`Timers::exchange`](crate::timer::Timers::exchange)).
    ///
    /// It goes through the instances page by page and tells after each how far it is. What it did stays when it is broken off,
    /// and is not done again: neither the next time nor by another node. What has come already stays as it is. Each change
    /// stands in the history of its instance with both dates and the version of the calendars.
    ///
    /// # Errors
    /// The store failed; it can be begun again.
    pub async fn recalculate(
        &self,
        tell: &mut (dyn FnMut(Recalculated) + Send),
    ) -> Result<Recalculated, Denied> {
        let (mut done, mut after) = (Recalculated::default(), None);
        loop {
            let version = self.shared.outside.calendars().version();
            let ids = self.computed_otherwise(version, after).await?;
            let Some((last, ..)) = ids.last() else { return Ok(done) };
            after = Some(last.clone());
            let calls = ids.into_iter().map(|(instance, _)| {
                let what = What::Act { instance, act: Act::Recalculate };
                self.call(By::engine("calendar"), None, what, None)
            });
            for answer in futures_util::future::join_all(calls).await {
                let moved = match answer {
                    Ok(Answer::Worked(moved)) => moved,
                    Err(denied @ (Denied::Store(_) | Denied::Stopping)) => return Err(denied),
                    // It is over by now, or cannot be read; the others must not suffer from it.
                    Ok(_) | Err(_) => 0,
                };
                done.looked += 1;
                done.instances += u64::from(moved > 0);
                done.moments += moved;
            }
            tell(done);
        }
    }

    /// What [`recalculate`](Self::recalculate) would do if calendars were exchanged for these; nothing is done. Lists at most
    /// `limit` moments, counts all.
    ///
    /// # Errors
    /// The store failed.
    pub async fn recalculation(
        &self,
        calendars: Calendars,
        limit: usize,
    ) -> Result<(Recalculated, Vec<MovedMoment>), Denied> {
        let (version, outside) = (calendars.version(), Timers::with(calendars));
        let (mut all, mut moments, mut after) = (Recalculated::default(), Vec::new(), None);
        loop {
            let page = self.computed_otherwise(version, after).await?;
            let Some((last, ..)) = page.last() else { return Ok((all, moments)) };
            after = Some(last.clone());
            for (id, row) in page {
                let Ok(state) = serde_json::from_str::<State>(&row.state) else { continue };
                let model = self.model(row.model).await?;
                let now = (&outside as &dyn crate::engine::Outside, self.shared.clock.now());
                let events = recomputed(&state, &model.program, now)?;
                all.looked += 1;
                all.instances += u64::from(!events.is_empty());
                all.moments += events.len() as u64;
                let instance: InstanceId = id.parse()?;
                let room = limit.saturating_sub(moments.len());
                let moved =
                    events.iter().filter_map(|event| moved(instance, event, (&state, &model.program)));
                moments.extend(moved.take(room));
            }
        }
    }

    /// Instances that were computed with other calendars than those of this version.
    async fn computed_otherwise(
        &self,
        version: Version,
        after: Option<String>,
    ) -> Result<Vec<(String, store::process::InstanceRow)>, Denied> {
        let not_by = Some(version.to_string());
        let filter = InstanceFilter { not_by, after, ..InstanceFilter::default() };
        let rows = self.shared.store.instances(&filter, PAGE).await?;
        Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
    }
}

impl ClockShown {
    fn of(clock: &Clock, now: Ts, calendars: &Calendars) -> Self {
        Self {
            agency: agency(clock.agency()).map(str::to_owned),
            started: clock.started(),
            limit: clock.limit().map(|span| span.to_string()),
            due: clock.due(),
            paused: clock.is_paused(),
            used_micros: clock.used_micros(now, calendars),
            left_micros: clock.left_micros(now, calendars),
        }
    }
}

/// An event as a moment that moves.
fn moved(
    instance: InstanceId,
    event: &Event,
    (state, program): (&State, &crate::model::Program),
) -> Option<MovedMoment> {
    let (what, old, new, version) = match event {
        Event::Clocked { tick } => {
            let Fact::Changed(change) = &tick.fact else { return None };
            let what = match &tick.which {
                Which::Instance => "instance".to_owned(),
                Which::Agency(code) => format!("agency {code}"),
                Which::Step(id) => {
                    let exec = id.parse().ok().and_then(|id| state.exec(ExecId(id)));
                    let node = exec.and_then(|exec| exec.node);
                    format!("step {}", node.map_or("", |node| &*program.node(node).id))
                }
            };
            (what, change.old, change.new, change.new_version)
        }
        Event::Moved { wait, old, new, reason: Reason::Recalculated, version, .. } => {
            let (_, wait) = state.wait(*wait)?;
            (format!("timer {}", program.node(wait.node).id), *old, *new, *version)
        }
        _ => return None,
    };
    Some(MovedMoment { instance, what, old, new, version })
}
