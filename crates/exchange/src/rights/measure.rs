//! Invented rights of any size, to measure how long a decision takes (`cargo xtask bench`).

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use base::{IdError, PartyId, ServiceId, Ts};
use directory::Content;
use directory::snapshot::Snapshot;
use http::Method;

use super::{Condition, ConditionError, Grant, Grantee, Rights, Ruling};
use crate::cut::FieldSet;
use crate::message::{Call, Circumstances, Target};
use crate::usage::{Allowance, Usage};

/// The moment of every call.
const NOW: Ts = Ts::from_secs(1_795_000_000);
/// One grant of so many has a condition in Cedar; every second one has fields, quota and rate.
const CONDITION_EVERY: usize = 50;
/// Steps from call to call: prime, so that neighbours in memory do not follow each other.
const STRIDE: usize = 7919;

/// Rights with so many services and grants, and the calls that they allow.
pub struct Sample {
    rights: Rights,
    directory: Snapshot,
    usage: Usage,
    calls: Vec<Call>,
    plain: HashMap<(PartyId, ServiceId), usize>,
}

/// Why there is no sample.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// An identifier.
    #[error(transparent)]
    Id(#[from] IdError),
    /// The condition.
    #[error(transparent)]
    Condition(#[from] ConditionError),
    /// The fields.
    #[error(transparent)]
    Fields(#[from] crate::cut::FieldError),
}

impl Sample {
    /// `grants` grants, spread over `services` services (at least one).
    ///
    /// # Errors
    /// Never, as long as the constants here are well formed.
    pub fn new(services: usize, grants: usize) -> Result<Self, SampleError> {
        let services = services.max(1);
        let condition = Condition::parse("context.hour >= 0 && context.purpose == \"TTHC\"")?;
        let fields = FieldSet::new(["hoTen", "ngaySinh", "thuongTru.xa"])?;
        let (mut all, mut calls) = (Vec::with_capacity(grants), Vec::with_capacity(grants));
        let mut plain = HashMap::with_capacity(grants);
        for nth in 0..grants {
            let service: ServiceId = format!("VN-DEMO/GOV/G01/KHO/dich-vu-{}", nth % services).parse()?;
            let client: PartyId = format!("VN-DEMO/GOV/H{}/MOTCUA", nth / services).parse()?;
            let mut grant = Grant::new(Grantee::Party(client.clone()), service.clone());
            grant.id = Some(format!("QK-2026-{nth:06}"));
            grant.purposes = vec!["TTHC".to_owned()];
            if nth % 2 == 0 {
                grant.fields = Some(fields.clone());
                grant.allowance = Allowance { quota_day: Some(u64::MAX), rate_s: Some(u32::MAX) };
            }
            grant.conditions.cedar = (nth % CONDITION_EVERY == 0).then(|| condition.clone());
            all.push(grant);
            plain.insert((client.clone(), service.clone()), nth);
            calls.push(call(client, service));
        }
        let member = "VN-DEMO/GOV/G01".parse()?;
        let ruling = Ruling { member, grants: all, gates: Vec::new(), closed: Vec::new() };
        let content = Content::empty("VN-DEMO".parse()?, NOW);
        let directory = Snapshot::from_content(content, NOW);
        Ok(Self { rights: Rights::default().under(ruling), directory, usage: Usage::default(), calls, plain })
    }

    /// How long the decision on the `nth` call took; `None` if it was refused, which none is.
    pub fn decide(&self, nth: usize) -> Option<Duration> {
        let call = self.call(nth)?;
        let started = Instant::now();
        let permit = self.rights.authorize(&self.directory, call, NOW, &self.usage).ok()?;
        let took = started.elapsed();
        let _fields = permit.used();
        Some(took)
    }

    /// How long a table of who and what alone takes for the same call: no purpose, condition, gate, quota or time. The
    /// keys are at hand, as they are to a decision.
    pub fn look_up(&self, nth: usize) -> Option<Duration> {
        let call = self.call(nth)?;
        let key = (call.client.clone(), call.target.service.clone());
        let started = Instant::now();
        black_box(self.plain.get(black_box(&key)))?;
        Some(started.elapsed())
    }

    fn call(&self, nth: usize) -> Option<&Call> {
        self.calls.get(nth.wrapping_mul(STRIDE) % self.calls.len().max(1))
    }
}

fn call(client: PartyId, service: ServiceId) -> Call {
    let start = format!("/r1/{service}");
    let target = Target { path_start: start.len(), raw: format!("{start}/ho-so/1"), service };
    let circumstances = Circumstances { purpose: Some("TTHC".to_owned()), ..Circumstances::default() };
    Call {
        method: Method::GET,
        target,
        client,
        id: String::new(),
        request_id: String::new(),
        wanted_node: None,
        circumstances,
        headers: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_of_a_sample_is_allowed() {
        let sample = Sample::new(10, 200).expect("well formed");
        assert!((0..400).all(|nth| sample.decide(nth).is_some() && sample.look_up(nth).is_some()));
    }
}
