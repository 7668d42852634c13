//! What is late, and how data owners decide: silence is counted as well as refusal.

use std::collections::BTreeMap;

use audit::PersonId;
use base::Ts;
use serde::Serialize;

use super::who::{agency_of, owner, vietnam};
use super::{Did, Outcome, Request, RequestId, Status, Stay, Whose};
use crate::agency::AgencyCode;
use crate::people::Role;
use crate::{Rules, State};

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "for", content = "code")]
pub enum Waiting {
    /// The decision at a step.
    Step(String),
    /// The consumer's correction of a request that this step returned.
    Correction(String),
    /// The end of a task.
    Task(String),
}

/// Something past its limit: shown in red and counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Late {
    /// Which request.
    pub request: RequestId,
    /// What is waited for.
    pub waiting: Waiting,
    /// In which role somebody should act.
    pub role: Role,
    /// At which agency; absent for the platform.
    pub agency: Option<AgencyCode>,
    /// Since when it is late.
    pub due: Ts,
    /// Whole working days since.
    pub working_days: u32,
}

/// Everything past its limit at `now`, the longest first.
pub fn overdue(state: &State, rules: &Rules, now: Ts) -> Vec<Late> {
    let day = vietnam(now).date();
    let mut late = Vec::new();
    for request in state.requests.iter().filter(|request| request.status.is_pending()) {
        let mut add = |waiting, (whose, role), due: Ts| {
            if due < now {
                let agency = agency_of(state, request, whose, day);
                let working_days = rules.calendar.working_days_between(due, now);
                late.push(Late { request: request.id.clone(), waiting, role, agency, due, working_days });
            }
        };
        if let Some(who) = request.waits_for() {
            let step = request.step.clone();
            let returned = request.status == Status::Returned;
            let waiting = if returned { Waiting::Correction(step) } else { Waiting::Step(step) };
            add(waiting, who, request.due);
        }
        for task in request.open_tasks() {
            let who = rules.roads.task(&task.code).map(|rule| (rule.whose, rule.role));
            // A task whose rule was taken away is still the consumer's to close.
            let who = who.unwrap_or((Whose::Consumer, Role::SecurityOfficer));
            add(Waiting::Task(task.code.clone()), who, task.due);
        }
    }
    late.sort_by(|a, b| (a.due, &a.request, &a.waiting).cmp(&(b.due, &b.request, &b.waiting)));
    late
}

/// A refusal, as it stands on the board: who, when, why, by which text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Which request.
    pub request: RequestId,
    /// At which step.
    pub step: String,
    /// Who.
    pub by: PersonId,
    /// When.
    pub at: Ts,
    /// Why.
    pub reason: String,
    /// By which text.
    pub legal_basis: String,
}

/// How one data owner answers requests. Each figure is the length of the list behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnerBoard {
    /// The data owner; who took over its tasks stands for a closed one.
    pub owner: AgencyCode,
    /// Requests for its services, automatic ones too.
    pub received: Vec<RequestId>,
    /// Of these, those that reached its own decision.
    pub to_decide: Vec<RequestId>,
    /// It approved.
    pub approved: Vec<RequestId>,
    /// It refused.
    pub refused: Vec<Refusal>,
    /// Refused by others on the road, such as the technical check.
    pub refused_by_others: Vec<Refusal>,
    /// It returned for correction, and the consumer has not handed in again.
    pub returned: Vec<RequestId>,
    /// They wait for its decision, within the limit or past it.
    pub waiting: Vec<RequestId>,
    /// Of those waiting, the ones past the limit: silence.
    pub silent: Vec<RequestId>,
    /// Decided, but past the limit.
    pub late: Vec<RequestId>,
    /// Median of the working days from arrival to decision, over all decisions, returns among them; absent when it never
    /// decided. Of two middle values the mean, rounded up.
    pub median_working_days: Option<u32>,
}

/// How each data owner answers, worst silence first.
pub fn hoarding(state: &State, rules: &Rules, now: Ts) -> Vec<OwnerBoard> {
    let day = vietnam(now).date();
    let mut owners: BTreeMap<AgencyCode, (OwnerBoard, Vec<u32>)> = BTreeMap::new();
    for request in state.requests.iter() {
        let owner = owner(state, request, day);
        let (board, days) =
            owners.entry(owner).or_insert_with_key(|owner| (OwnerBoard::new(owner.clone()), Vec::new()));
        board.count(rules, request, now, days);
    }
    let finish = |(mut board, days): (OwnerBoard, Vec<u32>)| {
        board.median_working_days = median(days);
        board
    };
    let mut boards: Vec<OwnerBoard> = owners.into_values().map(finish).collect();
    // The sort is stable: owners who are alike stay in the order of their codes.
    boards.sort_by_key(|board| std::cmp::Reverse((board.silent.len(), board.refused.len())));
    boards
}

impl OwnerBoard {
    fn new(owner: AgencyCode) -> Self {
        Self {
            owner,
            received: Vec::new(),
            to_decide: Vec::new(),
            approved: Vec::new(),
            refused: Vec::new(),
            refused_by_others: Vec::new(),
            returned: Vec::new(),
            waiting: Vec::new(),
            silent: Vec::new(),
            late: Vec::new(),
            median_working_days: None,
        }
    }

    fn count(&mut self, rules: &Rules, request: &Request, now: Ts, days: &mut Vec<u32>) {
        let id = || request.id.clone();
        self.received.push(id());
        let own: Vec<&Stay> = request.stays.iter().filter(|stay| stay.whose == Whose::Provider).collect();
        if !own.is_empty() {
            self.to_decide.push(id());
        }
        let decided = |stay: &&Stay| stay.left.filter(|(_, outcome)| *outcome != Outcome::Withdrawn);
        days.extend(own.iter().filter_map(|stay| {
            decided(stay).map(|(at, _)| rules.calendar.working_days_between(stay.entered, at))
        }));
        if own.iter().any(|stay| decided(stay).is_some_and(|(at, _)| at > stay.due)) {
            self.late.push(id());
        }
        let last = own.last();
        if last.and_then(|stay| stay.left).is_some_and(|(_, outcome)| outcome == Outcome::Approved) {
            self.approved.push(id());
        }
        // Where the request itself stands: the owner's step may lie behind it.
        let here = request.stays.last().is_some_and(|stay| stay.whose == Whose::Provider);
        match request.status {
            Status::Open if here => {
                self.waiting.push(id());
                if request.due < now {
                    self.silent.push(id());
                }
            }
            Status::Returned if here => self.returned.push(id()),
            Status::Refused => {
                let refusals = if here { &mut self.refused } else { &mut self.refused_by_others };
                refusals.extend(request.history.iter().rfind(|entry| entry.did == Did::Refused).map(
                    |entry| Refusal {
                        request: request.id.clone(),
                        step: entry.step.clone(),
                        by: entry.by.clone(),
                        at: entry.at,
                        reason: entry.comment.clone(),
                        legal_basis: entry.legal_basis.clone(),
                    },
                ));
            }
            _ => {}
        }
    }
}

fn median(mut values: Vec<u32>) -> Option<u32> {
    values.sort_unstable();
    let upper = *values.get(values.len() / 2)?;
    let lower = values[(values.len() - 1) / 2];
    Some(lower + (upper - lower).div_ceil(2))
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_the_middle_value() {
        for (values, expected) in
            [(vec![], None), (vec![4], Some(4)), (vec![9, 1, 2], Some(2)), (vec![1, 2, 9, 3], Some(3))]
        {
            assert_eq!(median(values), expected);
        }
    }
}
