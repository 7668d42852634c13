//! Opening the file of an incident: what is known so far. The clocks of its reports run from the detection.

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use base::Ts;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Console;
use crate::failure::Failure;
use crate::form::{Form, new_key};
use crate::names::Names;
use crate::session::Visit;
use crate::time::{begin_of, typed_day};
use crate::view::{Frame, Section, page_as, segment, to};

/// How bad it can be, the least first.
const SEVERITIES: [&str; 3] = ["ordinary", "serious", "critical"];
/// The role that opens such files at its agency.
pub const ROLE: &str = "security_officer";
const MINUTE_US: i64 = 60_000_000;

#[derive(Template)]
#[template(path = "admin_incident_new.html")]
pub struct Opening {
    frame: Frame,
    /// Codes and names of the agencies for which the person answers.
    agencies: Vec<(String, String)>,
    typed: Form,
    key: String,
    errors: Vec<String>,
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/quan-tri/su-co/lap", get(show).post(open))
}

async fn show(visit: Visit) -> Result<Response, Failure> {
    shown(&visit, Form::default(), None).await
}

async fn shown(visit: &Visit, typed: Form, failure: Option<Failure>) -> Result<Response, Failure> {
    let posts = visit.who.iter().flat_map(|who| &who.posts).filter(|post| post.role == ROLE);
    let codes: Vec<String> = posts.filter_map(|post| post.agency.clone()).collect();
    let names = Names::of(visit, codes.iter().map(String::as_str)).await?;
    let option = |code: &String| (code.clone(), names.get(code).to_owned());
    let page = Opening {
        frame: visit.frame(Section::Admin, "admin-incident-new"),
        agencies: codes.iter().map(option).collect(),
        typed,
        key: new_key(),
        errors: failure.as_ref().map(|failure| failure.lines(visit.lang)).unwrap_or_default(),
    };
    page_as(failure.map_or(StatusCode::OK, |failure| failure.status), &page)
}

async fn open(visit: Visit, form: Form) -> Result<Response, Failure> {
    let sent = async {
        let ask = visit.ask(Method::POST, "/incidents").once(form.key());
        ask.json(&opening(&form)?).send::<Created>().await
    };
    match sent.await {
        Ok(Created { id }) => Ok(to(&format!("/quan-tri/su-co/{}", segment(&id)), "admin-incident")),
        Err(failure) if failure.is_mendable() => shown(&visit, form, Some(failure)).await,
        Err(failure) => Err(failure),
    }
}

/// What was filled in, as the API takes it.
fn opening(form: &Form) -> Result<Value, Failure> {
    let subjects = form.get("so-nguoi").replace(['.', ',', ' '], "");
    let subjects: Option<u64> = match &*subjects {
        "" => None,
        text => Some(text.parse().map_err(|_| {
            Failure::field(
                "data_subjects",
                "Số người là một số, ví dụ 1.200",
                "Write a number, such as 1,200",
            )
        })?),
    };
    let severity = form.get("muc-do");
    if !SEVERITIES.contains(&severity) {
        return Err(Failure::field("severity", "Chọn mức độ", "Choose how serious it is"));
    }
    let parties: Vec<&str> =
        form.get("he-thong").lines().map(str::trim).filter(|one| !one.is_empty()).collect();
    Ok(json!({
        "agency": form.get("co-quan"),
        "facts": {
            "detected": detected(form)?,
            "description": form.get("mo-ta"),
            "severity": severity,
            "personal_data": form.get("ca-nhan") == "co",
            "data_subjects": subjects,
            "parties": parties,
        },
    }))
}

/// The moment of detection, of a day and a time of the day in Vietnam.
fn detected(form: &Form) -> Result<Ts, Failure> {
    let wrong = || {
        let vi = "Ghi ngày theo ngày/tháng/năm và giờ theo giờ:phút, ví dụ 21/11/2026 và 22:30";
        Failure::field("detected", vi, "Write the day as day/month/year, and hours:minutes, such as 22:30")
    };
    let begin = typed_day(form.get("ngay")).and_then(begin_of).ok_or_else(wrong)?;
    let (hours, minutes) = form.get("gio").split_once([':', 'h']).ok_or_else(wrong)?;
    let (hours, minutes): (i64, i64) =
        (hours.trim().parse().map_err(|_| wrong())?, minutes.trim().parse().map_err(|_| wrong())?);
    if !(0..24).contains(&hours) || !(0..60).contains(&minutes) {
        return Err(wrong());
    }
    Ok(Ts(begin.0 + (hours * 60 + minutes) * MINUTE_US))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn renders() {
        let odd = "<script>alert(1)</script>";
        for many in [0, 2] {
            let code = |place: usize| (format!("000.00.0{place}.H17"), odd.to_owned());
            rendered(|frame| Opening {
                frame,
                agencies: (0..many).map(code).collect(),
                typed: Form::of(&[
                    ("mo-ta", odd),
                    ("ngay", odd),
                    ("gio", odd),
                    ("he-thong", odd),
                    ("muc-do", "serious"),
                ]),
                key: "k".into(),
                errors: vec![odd.into(); many],
            });
        }
    }

    #[test]
    fn what_was_filled_in_becomes_facts() {
        let full = [
            ("co-quan", "000.00.00.H17"),
            ("ngay", "21/11/2026"),
            ("gio", "22:30"),
            ("mo-ta", "Máy chủ bị mã hóa"),
            ("muc-do", "serious"),
            ("ca-nhan", "co"),
            ("so-nguoi", "1.200"),
            ("he-thong", "VN/GOV/H17/A\n\nVN/GOV/H17/B"),
        ];
        let facts = &opening(&Form::of(&full)).expect("all is there")["facts"];
        assert_eq!(facts["detected"], 1_795_275_000_000_000_i64);
        assert_eq!((&facts["data_subjects"], &facts["personal_data"]), (&json!(1200), &json!(true)));
        assert_eq!(facts["parties"], json!(["VN/GOV/H17/A", "VN/GOV/H17/B"]));
        for (name, wrong) in
            [("gio", "25:00"), ("gio", ""), ("ngay", "mai"), ("muc-do", ""), ("so-nguoi", "nhiều")]
        {
            let mut form = full;
            form.iter_mut().filter(|(found, _)| *found == name).for_each(|(_, value)| *value = wrong);
            assert!(opening(&Form::of(&form)).is_err(), "{name}: {wrong}");
        }
    }
}
