//! Reading every row of a source, and counting what breaks a rule.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::judge::{Judge, Verdict};
use super::report::{Ended, Example, Found, Report};
use super::rule::{Check, Rule, Severity};
use crate::definition::Definition;
use crate::engine::Source;
use crate::error::SourceError;
use crate::masked::masked;
use crate::protect::Protector;
use crate::scan::{Scan, Step};

/// Rows that broke a rule, of those that are named of each; enough to see what is wrong.
pub const EXAMPLES: usize = 5;
/// Different values that all `unique` rules of a run remember together, as hashes of 8 bytes: about 200 MB. Two of ten
/// million different values have the same hash once in 370,000 runs.
pub const UNIQUE_VALUES_MAX: usize = 10_000_000;

/// How far a run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Rows at most.
    pub rows_max: u64,
    /// Time at most.
    pub time: Duration,
    /// Whether keys of examples are shown whole: only to who asked for it on the machine itself.
    pub whole_keys: bool,
    /// Rows that are named of each rule, such as [`EXAMPLES`].
    pub examples: usize,
}

/// A run over the rows of a source.
pub struct Run<'a> {
    /// What is checked, with its rules.
    pub definition: &'a Definition,
    /// Where the rows are.
    pub source: &'a Source,
    /// Whose turns are waited for.
    pub protector: &'a Protector,
    /// When the run begins: today, for rules about time.
    pub now: Timestamp,
    /// How far it goes.
    pub bounds: Bounds,
    /// Set to end it after the page that is being read.
    pub stop: &'a AtomicBool,
}

/// What a run holds while it goes: counts, a few examples, hashes of values that must be unique. Never rows.
struct Counting<'a> {
    judge: Judge,
    found: Vec<Found>,
    /// For each `unique` rule its number and the place of its field.
    unique: Vec<(usize, usize)>,
    seen: Vec<HashSet<u64>>,
    hasher: RandomState,
    run: &'a Run<'a>,
}

impl Run<'_> {
    /// Reads the rows; tells how many after each page.
    ///
    /// # Errors
    /// Nothing could be read at all. An error after that ends the run, and its report says so.
    pub async fn carry_out(&self, mut progress: impl FnMut(u64)) -> Result<Report, SourceError> {
        let started = Instant::now();
        let mut counting = Counting::new(self);
        let mut rows = 0;
        let ended = match self.read(&mut counting, &mut rows, started, &mut progress).await {
            Ok(ended) => ended,
            Err(error) if rows == 0 => return Err(error),
            Err(error) => Some(Ended::Failed(error.code().to_owned())),
        };
        let service = &self.definition.service;
        let mut report = Report {
            service: format!("{}/{}", service.subsystem, service.code),
            at: self.now.to_string(),
            rows,
            took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            ended,
            red_answers: 0,
            criteria: Vec::new(),
            overall: None,
            identity: None,
            rules: counting.found,
        };
        report.sum_up();
        Ok(report)
    }

    async fn read(
        &self,
        counting: &mut Counting<'_>,
        rows: &mut u64,
        started: Instant,
        progress: &mut impl FnMut(u64),
    ) -> Result<Option<Ended>, SourceError> {
        let mut scan = Scan::new(self.definition, self.source, self.protector);
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(Some(Ended::Stopped));
            }
            if started.elapsed() >= self.bounds.time {
                return Ok(Some(Ended::Time(self.bounds.time.as_secs())));
            }
            let left = self.bounds.rows_max.saturating_sub(*rows);
            if left == 0 {
                return Ok(Some(Ended::Rows(*rows)));
            }
            let page = u32::try_from(left).unwrap_or(u32::MAX);
            let step = scan.step(page, |row, key| counting.row(row, &key)).await?;
            let (Step::Read(count) | Step::Last(count)) = step else { continue };
            *rows += count;
            progress(*rows);
            if matches!(step, Step::Last(_)) {
                return Ok(None);
            }
        }
    }
}

impl<'a> Counting<'a> {
    fn new(run: &'a Run<'a>) -> Self {
        let definition = run.definition;
        let typed = Rule::new("*", Check::Typed, Severity::Red);
        let rules: Vec<&Rule> = definition.rules.iter().chain([&typed]).collect();
        let place = |name: &str| definition.fields.iter().position(|field| field.name == name);
        let is_unique = |(number, rule): (usize, &&Rule)| {
            (rule.check == Check::Unique).then_some((number, place(&rule.field)?))
        };
        let unique: Vec<_> = rules.iter().enumerate().filter_map(is_unique).collect();
        Self {
            judge: Judge::new(definition),
            found: rules.iter().map(|rule| Found::new(rule, definition)).collect(),
            seen: vec![HashSet::new(); unique.len()],
            unique,
            hasher: RandomState::new(),
            run,
        }
    }

    fn row(&mut self, row: &[Option<String>], key: &[String]) {
        let definition = self.run.definition;
        let mut broken = Vec::new();
        for (number, verdict) in self.judge.verdicts(row, self.run.now).enumerate() {
            self.found[number].checked += u64::from(verdict != Verdict::PassedOver);
            if verdict == Verdict::Broken {
                broken.push(number);
            }
        }
        let mut remembered: usize = self.seen.iter().map(HashSet::len).sum();
        for ((number, at), seen) in self.unique.iter().zip(&mut self.seen) {
            let Some(text) = row[*at].as_deref() else { continue };
            let hash = self.hasher.hash_one(text);
            if remembered >= UNIQUE_VALUES_MAX && !seen.contains(&hash) {
                self.found[*number].cut = true;
                continue;
            }
            self.found[*number].checked += 1;
            remembered += 1;
            if !seen.insert(hash) {
                broken.push(*number);
            }
        }
        for number in broken {
            let found = &mut self.found[number];
            found.failed += 1;
            if found.examples.len() < self.run.bounds.examples {
                let key = key.join(",");
                let key = if self.run.bounds.whole_keys { key } else { masked(&key) };
                let is_typed = found.check == Check::Typed;
                let named = || definition.fields.iter().position(|field| field.name == found.field);
                let at = if is_typed { self.judge.unfit(row) } else { named() };
                let value = at.and_then(|at| row[at].as_deref()).map(masked).unwrap_or_default();
                // This rule is about all fields: which one it was is half of the finding.
                let of = at.filter(|_| is_typed).map(|at| format!("{}: ", definition.fields[at].name));
                let value = of.unwrap_or_default() + &value;
                found.examples.push(Example { key, value });
            }
        }
    }
}
