//! One filing of the gate: what was filed, the verdict of a second person, taking it back.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use base::Ts;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Report;
use crate::Console;
use crate::api::Versioned;
use crate::failure::Failure;
use crate::form::{Form, new_key};
use crate::names::Names;
use crate::pages::terms::Contact;
use crate::session::Visit;
use crate::view::{Frame, Section, page_as, passed_on, query, redirect, segment, segments, to};

#[derive(Template)]
#[template(path = "gate/filing.html")]
pub struct OneFiling {
    frame: Frame,
    filed: Filed,
    title: String,
    party: String,
    href: String,
    version: i64,
    key: String,
    verdict: String,
    reason: String,
    errors: Vec<String>,
    /// The person judges, or is kept from it because of having filed it.
    judges: bool,
    own: bool,
    withdraws: bool,
}

/// A filing that waits for a second person.
pub struct FilingLine {
    /// Number.
    pub id: u64,
    /// Name of the item.
    pub item: String,
    /// Number of the document.
    pub number: String,
    /// Who filed it.
    pub by: String,
    /// When.
    pub at: Ts,
}

#[derive(Clone, Default, Deserialize)]
struct Filed {
    id: u64,
    filing: Filing,
    standing: String,
    #[serde(default)]
    reason: Option<String>,
    history: Vec<Acted>,
}

#[derive(Clone, Default, Deserialize)]
struct Filing {
    party: String,
    item: String,
    #[serde(default)]
    about: Option<String>,
    #[serde(default)]
    number: String,
    issued_on: String,
    #[serde(default)]
    valid_until: Option<String>,
    #[serde(default)]
    file: Option<File>,
    #[serde(default)]
    level: Option<u8>,
    #[serde(default)]
    contacts: Vec<Contact>,
}

#[derive(Clone, Default, Deserialize)]
struct File {
    name: String,
    bytes: u64,
}

#[derive(Clone, Default, Deserialize)]
struct Acted {
    at: Ts,
    by: String,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/cong-an-toan/ho-so/{id}", get(show))
        .route("/cong-an-toan/ho-so/{id}/tep", get(document))
        .route("/cong-an-toan/ho-so/{id}/xet", get(back).post(judge))
        .route("/cong-an-toan/ho-so/{id}/rut", get(back).post(withdraw))
}

/// Filings of a party that wait for a second person.
pub async fn waiting_for(visit: &Visit, party: &str, report: &Report) -> Result<Vec<FilingLine>, Failure> {
    let waiting = visit.get::<Vec<Filed>>("/gate/waiting").await?;
    let own = waiting.into_iter().filter(|filed| filed.filing.party == party);
    let lines = own.map(|filed| FilingLine {
        id: filed.id,
        item: report.title(visit.lang, &filed.filing.item),
        number: filed.filing.number,
        by: filed.history.first().map(|acted| acted.by.clone()).unwrap_or_default(),
        at: filed.history.first().map(|acted| acted.at).unwrap_or_default(),
    });
    Ok(lines.collect())
}

async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    shown(&visit, &id, &Form::default(), None).await
}

/// A refused form stays at its own address; who loads that again, or in the other language, comes back to the filing.
async fn back(Path(id): Path<String>) -> Response {
    redirect(&format!("/cong-an-toan/ho-so/{}", segment(&id)))
}

async fn document(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    let path = format!("/gate/filings/{}/document", segment(&id));
    Ok(passed_on(visit.ask(Method::GET, path).response().await?))
}

async fn judge(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    let (body, done) = match form.get("ket-qua") {
        "accepted" => (json!({ "verdict": "accepted" }), "gate-accepted"),
        "rejected" => (json!({ "verdict": "rejected", "reason": form.get("ly-do") }), "gate-rejected"),
        _ => {
            let none = Failure::field("ket-qua", "Chưa chọn kết quả xem xét", "No verdict was chosen");
            return shown(&visit, &id, &form, Some(none)).await;
        }
    };
    act(&visit, (&id, "judge", done), &form, &body).await
}

async fn withdraw(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    let body = json!({ "reason": form.get("ly-do") });
    act(&visit, (&id, "withdraw", "gate-withdrawn"), &form, &body).await
}

async fn act(
    visit: &Visit,
    (id, verb, done): (&str, &str, &str),
    form: &Form,
    body: &Value,
) -> Result<Response, Failure> {
    let ask = visit.ask(Method::POST, format!("/gate/filings/{}/{verb}", segment(id)));
    match ask.seen(form.version()).once(form.key()).json(body).send::<Value>().await {
        Ok(_) => Ok(to(&format!("/cong-an-toan/ho-so/{}", segment(id)), done)),
        Err(failure) if failure.is_mendable() => shown(visit, id, form, Some(failure)).await,
        Err(failure) => Err(failure),
    }
}

async fn shown(visit: &Visit, id: &str, typed: &Form, failure: Option<Failure>) -> Result<Response, Failure> {
    let path = format!("/gate/filings/{}", segment(id));
    let found: Versioned<Filed> = visit.ask(Method::GET, path).versioned().await?;
    let (version, filed) = (found.version.unwrap_or_default(), found.value);
    let report = visit.get::<Report>(format!("/gate{}", query(&[("party", &filed.filing.party)]))).await?;
    let names = Names::of(visit, [&*filed.filing.party]).await?;
    let frame = visit.titled(
        Section::Sharing,
        visit.lang.ta("gate-filing", &[("name", crate::text::word(filed.id.to_string()))]),
    );
    let frame = frame.marked(failure.as_ref(), &[("reason", "ly-do")]);
    let who = frame.who.clone().unwrap_or_default();
    let platform = who
        .posts
        .iter()
        .any(|post| post.agency.is_none() && matches!(&*post.role, "platform_operator" | "security_officer"));
    let waits = filed.standing == "waiting";
    let own = filed.history.first().is_some_and(|acted| acted.by == who.id);
    let of_gate = who.is("security_officer") || who.is("platform_operator");
    let page = OneFiling {
        title: report.title(frame.lang, &filed.filing.item),
        party: names.get(&filed.filing.party).to_owned(),
        href: format!("/cong-an-toan/{}", segments(&filed.filing.party)),
        errors: failure.as_ref().map(|failure| failure.lines(frame.lang)).unwrap_or_default(),
        judges: waits && platform && !own,
        own: waits && platform && own,
        // Who filed it takes it back; once accepted, also those who answer for the platform.
        withdraws: of_gate && (own && waits || (own || platform) && filed.standing == "accepted"),
        verdict: typed.get("ket-qua").to_owned(),
        reason: typed.get("ly-do").to_owned(),
        key: new_key(),
        frame,
        filed,
        version,
    };
    page_as(failure.map_or(StatusCode::OK, |failure| failure.status), &page)
}

/// The colour of a standing; its words stand in it.
fn standing_colour(standing: &str) -> &'static str {
    match standing {
        "accepted" => "govuk-tag--green",
        "waiting" => "govuk-tag--yellow",
        "rejected" => "govuk-tag--red",
        _ => "govuk-tag--grey",
    }
}

#[cfg(test)]
impl FilingLine {
    pub fn sample(odd: &str) -> Self {
        Self { id: 7, item: odd.into(), number: odd.into(), by: odd.into(), at: Ts::from_secs(1_795_305_900) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn renders() {
        let odd = "<script>alert(1)</script>";
        let contact = Contact { kind: "security".into(), name: odd.into(), ..Contact::default() };
        for (standing, many) in [("waiting", 1), ("accepted", 0), ("rejected", 1), ("withdrawn", 0)] {
            let filing = Filing {
                party: odd.into(),
                number: odd.into(),
                about: Some("YC-2026-000001".into()),
                issued_on: "2026-11-09".into(),
                valid_until: Some("2027-11-09".into()),
                file: Some(File { name: odd.into(), bytes: 2000 }),
                level: Some(3),
                contacts: vec![contact.clone(); many],
                ..Filing::default()
            };
            rendered(|frame| OneFiling {
                frame,
                filed: Filed {
                    id: 7,
                    filing: filing.clone(),
                    standing: standing.into(),
                    reason: Some(odd.into()),
                    history: vec![Acted { by: odd.into(), ..Acted::default() }; many],
                },
                title: odd.into(),
                party: odd.into(),
                href: "/cong-an-toan/a".into(),
                version: 7,
                key: "khoa".into(),
                verdict: "rejected".into(),
                reason: odd.into(),
                errors: vec![odd.into(); many],
                judges: many > 0,
                own: many == 0,
                withdraws: true,
            });
        }
    }
}
