//! “Chia sẻ dữ liệu”: the desk of a data owner: what is to be decided, my services, who uses them.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use base::Ts;
use serde::Deserialize;

use super::grants::{Grant, colour};
use super::requests::own_agencies;
use super::requests::whole::Holder;
use super::terms::Terms;
use crate::Console;
use crate::failure::Failure;
use crate::names::{Names, Rules, Text};
use crate::pages::lists::token;
use crate::pages::work::Paged;
use crate::session::Visit;
use crate::view::{Frame, Section, page, query, segments};

/// Requests that are shown; more stand behind a link.
const REQUESTS: usize = 20;
/// Services of a page.
const SERVICES: usize = 15;
/// Grants of a page.
const GRANTS: usize = 20;

#[derive(Template)]
#[template(path = "sharing.html")]
pub struct Desk {
    frame: Frame,
    requests: Vec<RequestLine>,
    services: Vec<ServiceLine>,
    next_services: Option<String>,
    grants: Vec<GrantLine>,
    next_grants: Option<String>,
    /// Name of the service to which grants are narrowed.
    only: Option<String>,
    /// Whether the person's role decides on grants.
    decides: bool,
    /// Whether the person's role publishes services.
    publishes: bool,
    /// Whether the person belongs to an agency.
    at_agency: bool,
}

/// A request that the data owner decides.
struct RequestLine {
    id: String,
    service: String,
    agency: String,
    step: String,
    due: Ts,
    holder: Holder,
}

/// A service of mine.
struct ServiceLine {
    id: String,
    href: String,
    grants_href: String,
    title: String,
    stage: String,
    sharing: String,
    /// Grants in force.
    in_force: i64,
}

/// A grant on a service of mine.
struct GrantLine {
    id: String,
    consumer: String,
    service: String,
    terms: Terms,
    state: String,
}

/// What is looked at.
#[derive(Clone, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    dich_vu: String,
    #[serde(default)]
    sau: String,
    #[serde(default)]
    quyen_sau: String,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    kind: u8,
    agency: String,
    service: String,
    step: String,
    due: Ts,
    #[serde(default)]
    holder: Option<Holder>,
}

#[derive(Clone, Deserialize)]
struct Service {
    id: String,
    title: Text,
    stage: String,
    sharing: String,
}

#[derive(Deserialize)]
struct Granted {
    grant: Grant,
    state: String,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/chia-se", get(show))
}

async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let rules = Rules::of(&visit).await?;
    let rows = visit.get::<Paged<Row>>(format!("/requests?mine=true&limit={REQUESTS}")).await?.items;
    let rows: Vec<Row> = rows.into_iter().filter(|row| is_owners(row.holder.as_ref())).collect();
    let (services, next_services) = services(&visit, &wanted.sau).await?;
    let (grants, next_grants) = grants(&visit, &wanted).await?;
    let of_rows = rows.iter().flat_map(|row| [&*row.agency, &*row.service]);
    let of_grants = grants.iter().flat_map(|one| [&*one.grant.to, &*one.grant.service]);
    let names = Names::of(&visit, of_rows.chain(of_grants).chain([&*wanted.dich_vu])).await?;
    let counts = counted(&visit).await?;
    let frame = visit.frame(Section::Sharing, "nav-sharing");
    let lang = frame.lang;
    let requests = rows.into_iter().map(|row| RequestLine {
        service: names.get(&row.service).to_owned(),
        agency: names.get(&row.agency).to_owned(),
        step: rules.step(lang, row.kind, &row.step).to_owned(),
        due: row.due,
        holder: row.holder.unwrap_or_default(),
        id: row.id,
    });
    let services = services.into_iter().map(|one| ServiceLine {
        href: format!("/dich-vu/{}", segments(&one.id)),
        grants_href: format!("/chia-se{}", query(&[("dich_vu", &one.id)])),
        title: one.title.of(lang).to_owned(),
        stage: one.stage,
        sharing: rules.sharing(lang, &one.sharing).to_owned(),
        in_force: counts.get(&one.id).copied().unwrap_or_default(),
        id: one.id,
    });
    let grants = grants.into_iter().map(|one| GrantLine {
        consumer: names.get(&one.grant.to).to_owned(),
        service: names.get(&one.grant.service).to_owned(),
        terms: one.grant.terms,
        state: one.state,
        id: one.grant.id,
    });
    let desk = Desk {
        requests: requests.collect(),
        services: services.collect(),
        next_services: next_services.map(|after| format!("/chia-se{}", query(&[("sau", &after)]))),
        grants: grants.collect(),
        next_grants: next_grants.map(|after| {
            format!("/chia-se{}", query(&[("dich_vu", &wanted.dich_vu), ("quyen_sau", &after)]))
        }),
        only: Some(wanted.dich_vu).filter(|id| !id.is_empty()).map(|id| names.get(&id).to_owned()),
        decides: frame.who.as_ref().is_some_and(|who| who.is("data_owner")),
        publishes: frame
            .who
            .as_ref()
            .is_some_and(|who| who.is("data_owner") || who.is("agency_administrator")),
        at_agency: !own_agencies(&visit).is_empty(),
        frame,
    };
    page(&desk)
}

fn is_owners(holder: Option<&Holder>) -> bool {
    holder.is_some_and(|holder| holder.whose == "provider")
}

/// Services that the person's agencies own. More than one agency is rare: each gives its first page.
async fn services(visit: &Visit, after: &str) -> Result<(Vec<Service>, Option<String>), Failure> {
    let agencies = own_agencies(visit);
    let (mut services, mut next) = (Vec::new(), None);
    for agency in &agencies {
        let limit = SERVICES.to_string();
        let asked = query(&[("owner", agency), ("limit", &limit), ("after", after)]);
        let paged = visit.get::<Paged<Service>>(format!("/services{asked}")).await?;
        services.extend(paged.items);
        if let [_] = &agencies[..] {
            next = token(paged.next.as_ref());
        }
    }
    Ok((services, next))
}

/// Grants on one service, or on all that the person's agencies own: the newest first.
async fn grants(visit: &Visit, wanted: &Wanted) -> Result<(Vec<Granted>, Option<String>), Failure> {
    let limit = GRANTS.to_string();
    let agencies = if wanted.dich_vu.is_empty() { own_agencies(visit) } else { vec![String::new()] };
    let (mut grants, mut next) = (Vec::new(), None);
    for agency in &agencies {
        let asked = [("service", &*wanted.dich_vu), ("owner", agency), ("limit", &limit)];
        let path = format!("/grants{}", query(&[&asked[..], &[("after", &wanted.quyen_sau)]].concat()));
        let paged = visit.get::<Paged<Granted>>(path).await?;
        grants.extend(paged.items);
        if let [_] = &agencies[..] {
            next = token(paged.next.as_ref());
        }
    }
    Ok((grants, next))
}

/// How many grants are in force on each service.
async fn counted(visit: &Visit) -> Result<BTreeMap<String, i64>, Failure> {
    let mut counts = BTreeMap::new();
    for agency in own_agencies(visit) {
        let path = format!("/figures/services{}", query(&[("owner", &agency)]));
        counts.extend(visit.get::<BTreeMap<String, i64>>(path).await?);
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn renders() {
        let odd = "<script>alert(1)</script>".to_owned();
        let at = Ts::from_secs(1_795_305_900);
        for many in [0, 2] {
            rendered(|frame| Desk {
                frame,
                requests: (0..many)
                    .map(|_| RequestLine {
                        id: "YC-2026-000001".into(),
                        service: odd.clone(),
                        agency: odd.clone(),
                        step: odd.clone(),
                        due: at,
                        holder: Holder { overdue: true, working_days_late: 1, ..Holder::default() },
                    })
                    .collect(),
                services: (0..many)
                    .map(|_| ServiceLine {
                        id: odd.clone(),
                        href: "/dich-vu/a".into(),
                        grants_href: "/chia-se?dich_vu=a".into(),
                        title: odd.clone(),
                        stage: "published".into(),
                        sharing: odd.clone(),
                        in_force: 20,
                    })
                    .collect(),
                next_services: (many > 0).then(|| "/chia-se?sau=a".into()),
                grants: ["in_force", "suspended", "revoked"]
                    .into_iter()
                    .take(many)
                    .map(|state| GrantLine {
                        id: "QK-2026-000001".into(),
                        consumer: odd.clone(),
                        service: odd.clone(),
                        terms: Terms { until: Some(at), quota_day: Some(1000), ..Terms::default() },
                        state: state.into(),
                    })
                    .collect(),
                next_grants: (many > 0).then(|| "/chia-se?quyen_sau=a".into()),
                only: (many > 0).then(|| odd.clone()),
                decides: many > 0,
                publishes: many > 0,
                at_agency: many > 0,
            });
        }
    }
}
