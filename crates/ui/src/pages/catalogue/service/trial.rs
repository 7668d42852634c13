//! A test call from the browser: a form of what the service's description asks for, sent in the name of a system that the
//! person answers for. It is a call as any other, and the page says so.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::address;
use super::super::describe::{self, Parameter};
use super::{Call, Look, Named, Whole, id, source};
use crate::Console;
use crate::failure::Failure;
use crate::form::{Form, new_key};
use crate::names::Names;
use crate::session::Visit;
use crate::text::word;
use crate::view::{Frame, Section, page, page_as, query, segment};

/// Parameters of a form at most; a description that has more is asked by a program.
const PARAMETERS_MAX: usize = 50;

#[derive(Template)]
#[template(path = "trial.html")]
pub struct Trial {
    frame: Frame,
    errors: Vec<String>,
    service: String,
    back: String,
    operations: Vec<(String, String, bool)>,
    chances: Vec<Chance>,
    /// Systems that hold a grant and cannot be spoken for here, and why.
    others: Vec<(String, String)>,
    fields: Vec<Field>,
    body: Option<String>,
    dossier: Option<String>,
    key: String,
}

/// In whose name and for which purpose.
struct Chance {
    value: String,
    label: String,
    chosen: bool,
}

/// A parameter as a field of the form.
struct Field {
    name: String,
    label: String,
    hint: String,
    required: bool,
    value: String,
}

#[derive(Template)]
#[template(path = "trial_done.html")]
pub struct Done {
    frame: Frame,
    service: String,
    again: String,
    answer: Answer,
    /// Where what was signed of the call is.
    evidence: String,
    body: String,
}

/// A grant by which the person could ask.
#[derive(Deserialize)]
struct Asker {
    grant: String,
    system: String,
    #[serde(default)]
    purposes: Vec<String>,
    #[serde(default)]
    dossier: bool,
    /// `here`, `elsewhere`, `certificate`.
    can: String,
}

/// What came back.
#[derive(Deserialize)]
struct Answer {
    id: String,
    call: String,
    status: u16,
    #[serde(default)]
    code: Option<String>,
    took_ms: u64,
    media_type: String,
    #[serde(default)]
    body: Option<String>,
}

/// What the API is told.
#[derive(Default, Serialize)]
struct Question<'a> {
    grant: &'a str,
    confirmed: bool,
    method: &'a str,
    path: String,
    purpose: &'a str,
    dossier: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: &'a str,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/dich-vu/{instance}/{class}/{member}/{subsystem}/{service}/goi-thu", get(show).post(ask))
}

/// What a form is made of.
struct Made {
    id: String,
    look: Look,
    calls: Vec<Call>,
    parameters: Vec<Parameter>,
    grants: Vec<Asker>,
}

impl Made {
    async fn of(visit: &Visit, path: Named, look: Look) -> Result<Self, Failure> {
        let id = id(path);
        let version = query(&[("version", &look.phien_ban)]);
        let whole = visit.get::<Whole>(format!("{}{version}", source(&id))).await?;
        let document = visit.get::<Value>(format!("{}/openapi{version}", source(&id))).await?;
        let grants = visit.get(format!("/trials{}", query(&[("service", &id)]))).await?;
        let operation = &whole.examples.get(look.goi).ok_or_else(Failure::nothing)?.example.operation;
        let mut parameters = describe::parameters(&document, &operation.path, &operation.method);
        // The body is written as a whole.
        parameters.retain(|one| one.place != "body" && one.place != "cookie");
        parameters.truncate(PARAMETERS_MAX);
        Ok(Self { id, look, calls: whole.examples, parameters, grants })
    }

    fn call(&self) -> &Call {
        // It was there when this was made.
        &self.calls[self.look.goi]
    }

    async fn page(self, visit: &Visit, form: &Form, errors: Vec<String>) -> Result<Trial, Failure> {
        let systems = self.grants.iter().map(|grant| &*grant.system);
        let names = Names::of(visit, systems.chain([&*self.id])).await?;
        let frame = visit.frame(Section::Services, "trial-title");
        let chances = self.chances(&frame, &names, form.get("quyen"));
        let not_here = self.grants.iter().filter(|grant| grant.can != "here");
        let others =
            not_here.map(|one| (named(&names, &one.system), frame.of("trial-cannot", &one.can))).collect();
        let call = self.call();
        let example =
            call.example.call.body.as_ref().and_then(|body| serde_json::to_string_pretty(body).ok());
        let body = example
            .map(|example| if form.has("noi-dung") { form.get("noi-dung").to_owned() } else { example });
        let asks_dossier = self.grants.iter().any(|grant| grant.dossier);
        let operation = |(place, call): (usize, &Call)| {
            let members = [("phien-ban", &*self.look.phien_ban), ("goi", &place.to_string())];
            let operation = &call.example.operation;
            let words = format!("{} {}", operation.method, operation.path);
            (format!("{}/goi-thu{}", address(&self.id), query(&members)), words, place == self.look.goi)
        };
        Ok(Trial {
            errors,
            service: named(&names, &self.id),
            back: format!("{}#goi-thu", address(&self.id)),
            operations: self.calls.iter().enumerate().map(operation).collect(),
            chances,
            others,
            fields: fields(&frame, &self.parameters, form),
            body,
            dossier: asks_dossier.then(|| form.get("ho-so").to_owned()),
            key: new_key(),
            frame,
        })
    }

    /// One for each purpose of each grant by which this node can ask.
    fn chances(&self, frame: &Frame, names: &Names, chosen: &str) -> Vec<Chance> {
        let mut chances = Vec::new();
        for grant in self.grants.iter().filter(|grant| grant.can == "here") {
            let any = [String::new()];
            let purposes = if grant.purposes.is_empty() { &any[..] } else { &grant.purposes };
            for purpose in purposes {
                let value = format!("{} {purpose}", grant.grant);
                let purpose = if purpose.is_empty() { frame.t("trial-any-purpose") } else { purpose.clone() };
                let system = named(names, &grant.system);
                let given =
                    [("system", word(system)), ("purpose", word(purpose)), ("grant", word(&*grant.grant))];
                let label = frame.lang.ta("trial-chance", &given);
                chances.push(Chance { chosen: value.trim() == chosen, label, value });
            }
        }
        if let [only] = &mut chances[..] {
            only.chosen = true;
        }
        chances
    }

    /// What is sent, or what is missing in the form.
    fn question<'a>(&'a self, form: &'a Form) -> Result<Question<'a>, Failure> {
        let (grant, purpose) = form.get("quyen").split_once(' ').unwrap_or((form.get("quyen"), ""));
        if grant.is_empty() {
            return Err(Failure::field("quyen", "Chọn hệ thống và mục đích.", "Choose system and purpose."));
        }
        if !self.grants.iter().any(|one| one.grant == grant && one.can == "here") {
            // The API says why not; unconfirmed, so that nothing goes out even if that has just changed.
            return Ok(Question { grant, ..Question::default() });
        }
        let operation = &self.call().example.operation;
        let (mut path, mut asked, mut headers) = (operation.path.clone(), Vec::new(), Vec::new());
        for (place, one) in self.parameters.iter().enumerate() {
            let value = form.get_nth(place);
            if value.is_empty() && (one.required || one.place == "path") {
                let name = &one.name;
                return Err(Failure::field("ts", format!("Điền “{name}”."), format!("Fill in “{name}”.")));
            }
            match &*one.place {
                "path" => path = path.replace(&format!("{{{}}}", one.name), &segment(value)),
                "query" if !value.is_empty() => asked.push((&*one.name, value)),
                "header" => headers.push((&*one.name, value)),
                _ => {}
            }
        }
        if form.get("dong-y") != "co" {
            let vi = "Xác nhận đây là giao dịch thật trước khi gửi.";
            let en = "Confirm that this is a real call before it is sent.";
            return Err(Failure::field("dong-y", vi, en));
        }
        let body = form.get("noi-dung");
        if !body.is_empty() && serde_json::from_str::<serde::de::IgnoredAny>(body).is_err() {
            return Err(Failure::field(
                "noi-dung",
                "Nội dung gửi đi không phải JSON.",
                "What is to be sent is not JSON.",
            ));
        }
        Ok(Question {
            grant,
            confirmed: true,
            method: &operation.method,
            path: format!("{path}{}", query(&asked)),
            purpose,
            dossier: form.get("ho-so"),
            headers,
            body,
        })
    }
}

impl Form {
    /// The value of the field for a parameter.
    fn get_nth(&self, place: usize) -> &str {
        self.get(&format!("ts-{place}"))
    }
}

/// Name and code of something.
fn named(names: &Names, code: &str) -> String {
    let name = names.get(code);
    if name == code { code.to_owned() } else { format!("{name} ({code})") }
}

fn fields(frame: &Frame, parameters: &[Parameter], form: &Form) -> Vec<Field> {
    let field = |(place, one): (usize, &Parameter)| {
        let title = frame.half(&one.title);
        let kind = format!("{}, {}", frame.of("catalogue-place", &one.place), one.kind);
        Field {
            name: format!("ts-{place}"),
            label: one.name.clone(),
            hint: if title.is_empty() { kind } else { format!("{title} ({kind})") },
            required: one.required || one.place == "path",
            value: form.get_nth(place).to_owned(),
        }
    };
    parameters.iter().enumerate().map(field).collect()
}

async fn show(visit: Visit, path: Named, Query(look): Query<Look>) -> Result<Response, Failure> {
    let made = Made::of(&visit, path, look).await?;
    page(&made.page(&visit, &Form::default(), Vec::new()).await?)
}

async fn ask(visit: Visit, path: Named, Query(look): Query<Look>, form: Form) -> Result<Response, Failure> {
    let made = Made::of(&visit, path, look).await?;
    let sent = match made.question(&form) {
        Ok(question) => {
            visit.ask(Method::POST, "/trials").once(form.key()).json(&question).send::<Answer>().await
        }
        Err(missing) => Err(missing),
    };
    match sent {
        Ok(answer) => {
            let names = Names::of(&visit, [&*made.id]).await?;
            page(&Done {
                service: named(&names, &made.id),
                again: format!("{}/goi-thu{}", address(&made.id), made.look.query()),
                evidence: format!(
                    "/chung-cu/cuoc-goi{}",
                    query(&[("id", &answer.id), ("cuoc", &answer.call)])
                ),
                body: pretty(&answer),
                answer,
                frame: visit.frame(Section::Services, "trial-done-title"),
            })
        }
        Err(refused) if refused.is_mendable() => {
            let errors = refused.lines(visit.lang);
            page_as(refused.status, &made.page(&visit, &form, errors).await?)
        }
        Err(refused) => Err(refused),
    }
}

impl Look {
    fn query(&self) -> String {
        query(&[("phien-ban", &self.phien_ban), ("goi", &self.goi.to_string())])
    }
}

/// JSON with its lines broken, anything else as it came.
fn pretty(answer: &Answer) -> String {
    let text = answer.body.clone().unwrap_or_default();
    let read = serde_json::from_str::<Value>(&text).ok();
    read.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    const ODD: &str = "<script>alert(1)</script>";

    fn made() -> Made {
        let call = serde_json::json!({
            "example": { "operation": { "method": "GET", "path": "/{so}/con" },
                "call": { "method": "GET", "path": "/1/con", "query": [], "headers": [], "body": null } },
            "curl": "", "python": "",
        });
        let parameter = |name: &str, place: &str, required| Parameter {
            name: name.into(),
            place: place.into(),
            required,
            kind: "string".into(),
            title: String::new(),
        };
        Made {
            id: "VN/GOV/G01/DANCU/tra-cuu".into(),
            look: Look::default(),
            calls: vec![serde_json::from_value(call).expect("as the API gives it")],
            parameters: vec![
                parameter("so", "path", false),
                parameter("trang", "query", false),
                parameter("X-Che-Do", "header", false),
            ],
            grants: vec![Asker {
                grant: "QK-2026-000001".into(),
                system: "VN/GOV/G01/THU".into(),
                purposes: Vec::new(),
                dossier: false,
                can: "here".into(),
            }],
        }
    }

    #[test]
    fn what_is_typed_stays_in_its_place() {
        let filled =
            [("quyen", "QK-2026-000001 thu-nghiem"), ("ts-0", "1/../2?x"), ("ts-1", "a&b"), ("dong-y", "co")];
        let (made, form) = (made(), Form::of(&filled));
        let question = made.question(&form).expect("all is there");
        assert_eq!(question.path, "/1%2F..%2F2%3Fx/con?trang=a%26b");
        assert_eq!((question.grant, question.purpose), ("QK-2026-000001", "thu-nghiem"));
    }

    #[test]
    fn nothing_is_sent_before_it_is_confirmed_and_whole() {
        let all = [("quyen", "QK-2026-000001 a"), ("ts-0", "1"), ("dong-y", "co")];
        for missing in 0..all.len() {
            let mut some = all.to_vec();
            some.remove(missing);
            assert!(made().question(&Form::of(&some)).is_err(), "{:?}", all[missing]);
        }
        assert!(made().question(&Form::of(&all)).is_ok());
        let broken = [&all[..], &[("noi-dung", "{")]].concat();
        assert!(made().question(&Form::of(&broken)).is_err());
    }

    #[test]
    fn a_grant_that_is_not_offered_is_left_to_the_api_and_never_confirmed() {
        let filled = [("quyen", "QK-2026-000002 a"), ("ts-0", "1"), ("dong-y", "co")];
        let (made, form) = (made(), Form::of(&filled));
        let question = made.question(&form).expect("the API says why not");
        assert_eq!((question.grant, question.confirmed), ("QK-2026-000002", false));
    }

    #[test]
    fn renders() {
        let field = |required| Field {
            name: if required { "ts-0" } else { "ts-1" }.into(),
            label: ODD.into(),
            hint: ODD.into(),
            required,
            value: ODD.into(),
        };
        let chance = |chosen| Chance { value: ODD.into(), label: ODD.into(), chosen };
        let trial = |frame, full: bool| Trial {
            frame,
            errors: if full { vec![ODD.into()] } else { Vec::new() },
            service: ODD.into(),
            back: "/".into(),
            operations: vec![("/".into(), ODD.into(), true), ("/".into(), ODD.into(), false)],
            chances: if full { vec![chance(true), chance(false)] } else { Vec::new() },
            others: vec![(ODD.into(), ODD.into())],
            fields: vec![field(true), field(false)],
            body: full.then(|| ODD.into()),
            dossier: full.then(|| ODD.into()),
            key: "khoa".into(),
        };
        rendered(|frame| trial(frame, true));
        rendered(|frame| trial(frame, false));
        for (status, code, body) in [
            (200, None, Some("{\"a\":1}")),
            (403, Some("EX-0301"), Some(ODD)),
            (404, None, Some("")),
            (200, None, None),
        ] {
            rendered(|frame| {
                let answer = Answer {
                    id: ODD.into(),
                    call: ODD.into(),
                    status,
                    code: code.map(str::to_owned),
                    took_ms: 7,
                    media_type: "application/json".into(),
                    body: body.map(str::to_owned),
                };
                let body = pretty(&answer);
                Done { frame, service: ODD.into(), again: "/".into(), evidence: "/".into(), body, answer }
            });
        }
    }
}
