//! Lists of requests.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State as Held;
use base::{PartyId, ServiceId, Ts};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::Problem;

use super::{Holder, id};
use crate::Rules;
use crate::agency::AgencyCode;
use crate::api::request::{Asked, limit};
use crate::api::sight::Sight;
use crate::api::{Api, Caller, Paged};
use crate::people::{Person, holds};
use crate::request::{Request, RequestId, Status, Task, Whose, agency_of, overdue, who};
use crate::state::{State, vietnam_day};

/// Numbers of one question.
const IDS_MAX: usize = 500;

/// Which requests are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Items of this page, 1 to 500; 50 unless said.
    limit: Option<usize>,
    /// `next` of the page before.
    after: Option<String>,
    /// Only those that are `open`, `returned`, `refused`, `withdrawn`, `live`.
    #[param(value_type = Option<String>)]
    state: Option<Status>,
    /// Only those of this agency or one below it.
    #[param(value_type = Option<String>)]
    consumer: Option<AgencyCode>,
    /// Only those for services of this data owner or one below it.
    #[param(value_type = Option<String>)]
    owner: Option<AgencyCode>,
    /// Only those of which something is past its limit (`true`), or nothing (`false`).
    overdue: Option<bool>,
    /// Only these, their numbers with commas between, 500 at most.
    #[param(value_type = Option<String>)]
    #[serde(default)]
    ids: Ids,
    /// Only those that wait for a role that I hold, at a step or by a task.
    #[serde(default)]
    mine: bool,
}

/// Numbers in an address.
#[derive(Default, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Ids(Option<BTreeSet<RequestId>>);

impl TryFrom<String> for Ids {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let ids: BTreeSet<RequestId> = text
            .split(',')
            .map(|one| one.trim().parse().map_err(|_| format!("`{one}` is not the number of a request")))
            .collect::<Result<_, _>>()?;
        if ids.len() > IDS_MAX { Err(format!("{IDS_MAX} numbers at most")) } else { Ok(Self(Some(ids))) }
    }
}

/// A request in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct RequestRow {
    /// Its number.
    #[schema(value_type = String)]
    id: RequestId,
    /// 1 automatic, 2 on request, 3 special.
    kind: u8,
    /// Who asks.
    #[schema(value_type = String)]
    consumer: PartyId,
    /// The agency that asks.
    #[schema(value_type = String)]
    agency: AgencyCode,
    /// For which service.
    #[schema(value_type = String)]
    service: ServiceId,
    /// The data owner.
    #[schema(value_type = Option<String>)]
    owner: Option<AgencyCode>,
    /// Where it stands.
    #[schema(value_type = String)]
    state: Status,
    /// The step where it stands or where its road ended.
    step: String,
    /// Since when: since it entered its step, or since its road ended. In microseconds since 1970.
    #[schema(value_type = i64)]
    entered: Ts,
    /// Until when whoever holds it should act.
    #[schema(value_type = i64)]
    due: Ts,
    /// Who has to act; absent when it is at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<Holder>,
    /// Whether who asks holds the role that has to act.
    for_me: bool,
    /// Open work beside the road that waits for a role of who asks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    my_tasks: Vec<MyTask>,
}

/// Work beside the road that waits for who asks.
#[derive(Serialize, ToSchema)]
struct MyTask {
    /// Its code.
    code: String,
    /// Until when, in microseconds since 1970.
    #[schema(value_type = i64)]
    due: Ts,
}

impl RequestRow {
    fn of(state: &State, rules: &Rules, request: &Request, (person, now): (&Person, Ts)) -> Self {
        let task = |task: &Task| MyTask { code: task.code.clone(), due: task.due };
        Self {
            for_me: step_waits_for(state, request, (person, now)),
            my_tasks: tasks_for(state, rules, request, (person, now)).map(task).collect(),
            id: request.id.clone(),
            kind: request.kind,
            consumer: request.consumer.clone(),
            agency: request.agency.clone(),
            service: request.service.clone(),
            owner: agency_of(state, request, Whose::Provider, vietnam_day(now)),
            state: request.status,
            step: request.step.clone(),
            entered: request
                .stays
                .last()
                .and_then(|stay| stay.left.as_ref())
                .map_or(request.entered, |(at, _)| *at),
            due: request.due,
            holder: Holder::of(state, rules, request, now),
        }
    }
}

impl Wanted {
    fn fits(&self, state: &State, request: &Request, now: Ts) -> bool {
        let day = vietnam_day(now);
        let within = |whose, above: &Option<AgencyCode>| {
            above.as_ref().is_none_or(|above| {
                let agency = agency_of(state, request, whose, day);
                let above = who::current(state, above, day);
                agency.is_some_and(|agency| state.agencies.is_within(&agency, &above, day))
            })
        };
        self.ids.0.as_ref().is_none_or(|ids| ids.contains(&request.id))
            && self.state.is_none_or(|status| status == request.status)
            && within(Whose::Consumer, &self.consumer)
            && within(Whose::Provider, &self.owner)
    }
}

/// Whether the present step waits for a role that the person holds.
fn step_waits_for(state: &State, request: &Request, (person, now): (&Person, Ts)) -> bool {
    let day = vietnam_day(now);
    let waits = request.waits_for();
    waits.is_some_and(|(whose, role)| {
        holds(state, person, role, agency_of(state, request, whose, day).as_ref(), day)
    })
}

/// Open work beside the road of a pending request that waits for a role that the person holds.
fn tasks_for<'a>(
    state: &'a State,
    rules: &'a Rules,
    request: &'a Request,
    (person, now): (&'a Person, Ts),
) -> impl Iterator<Item = &'a Task> {
    let day = vietnam_day(now);
    request.open_tasks().filter(|_| request.status.is_pending()).filter(move |task| {
        rules.roads.task(&task.code).is_some_and(|rule| {
            holds(state, person, rule.role, agency_of(state, request, rule.whose, day).as_ref(), day)
        })
    })
}

fn waits_for(state: &State, rules: &Rules, request: &Request, who: (&Person, Ts)) -> bool {
    step_waits_for(state, request, who) || tasks_for(state, rules, request, who).next().is_some()
}

/// Lists requests, newest first.
#[utoipa::path(get, path = "/requests", tag = "requests", params(Wanted),
    responses((status = 200, body = Paged<Object>)))]
pub(super) async fn list(
    Held(api): Held<Api>,
    Caller(person): Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Paged<RequestRow>>, Problem> {
    let (limit, now, rules) = (limit(wanted.limit)?, api.now(), api.registry().rules());
    let after = wanted.after.as_deref().map(id).transpose()?;
    let rows = api.registry().read(|state| {
        let sight = Sight::new(state, &person, now);
        let late: BTreeSet<RequestId> = match wanted.overdue {
            Some(_) => overdue(state, rules, now).into_iter().map(|late| late.request).collect(),
            None => BTreeSet::new(),
        };
        let newest_first = state.requests.iter().rev();
        let rest = newest_first.skip_while(|request| after.as_ref().is_some_and(|id| request.id != *id));
        rest.skip(usize::from(after.is_some()))
            .filter(|request| wanted.overdue.is_none_or(|is| is == late.contains(&request.id)))
            .filter(|request| !wanted.mine || waits_for(state, rules, request, (&person, now)))
            .filter(|request| wanted.fits(state, request, now) && sight.request(request))
            .take(limit + 1)
            .map(|request| RequestRow::of(state, rules, request, (&person, now)))
            .collect()
    });
    Ok(Json(Paged::of(rows, limit, |row: &RequestRow| row.id.to_string())))
}
