//! Filing a document, or contacts, for an item of the gate.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Report;
use crate::Console;
use crate::failure::Failure;
use crate::form::{File, FileForm, Form, new_key, with_file};
use crate::names::Names;
use crate::pages::terms::Contact;
use crate::session::Visit;
use crate::time::typed_day;
use crate::view::{Frame, Section, page_as, query, segment, segments, to};

/// The item for which persons are named instead of a document.
const CONTACTS: &str = "contacts";
/// The item whose document grants a level.
const LEVEL: &str = "security_level";
/// Those who must be named.
const DUTIES: [&str; 3] = ["business", "technical", "security"];

/// Fields of the form, by the places of the API.
const FIELDS: [(&str, &str); 6] = [
    ("number", "so"),
    ("issued_on", "ngay"),
    ("valid_until", "den-het"),
    ("level", "cap-do"),
    ("document", "tep"),
    ("contacts", "ten-business"),
];

#[derive(Template)]
#[template(path = "gate/hand_in.html")]
pub struct HandIn {
    frame: Frame,
    party: String,
    name: String,
    href: String,
    item: String,
    title: String,
    about: String,
    typed: Form,
    contacts: Vec<Contact>,
    key: String,
    errors: Vec<String>,
}

/// For whom and for what something is filed.
#[derive(Clone, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    he_thong: String,
    #[serde(default)]
    muc: String,
    #[serde(default)]
    ket_noi: String,
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/cong-an-toan/nop", with_file(get(ask).post(act)))
}

async fn ask(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    shown(&visit, wanted, Form::default(), None).await
}

async fn act(
    visit: Visit,
    Query(wanted): Query<Wanted>,
    FileForm { form, file }: FileForm,
) -> Result<Response, Failure> {
    let sent = async { send(&visit, &wanted, &form, file?).await };
    match sent.await {
        Ok(id) => Ok(to(&format!("/cong-an-toan/ho-so/{}", segment(&id)), "gate-filed")),
        Err(failure) if failure.is_mendable() => shown(&visit, wanted, form, Some(failure)).await,
        Err(failure) => Err(failure),
    }
}

async fn send(visit: &Visit, wanted: &Wanted, form: &Form, file: Option<File>) -> Result<String, Failure> {
    let (party, item, about) = (&*wanted.he_thong, &*wanted.muc, &*wanted.ket_noi);
    let (number, issued_on) = (form.get("so"), day(form, "ngay")?.unwrap_or_default());
    if issued_on.is_empty() {
        return Err(Failure::field("ngay", "Chưa ghi ngày ban hành", "The day of issue is missing"));
    }
    if item == CONTACTS {
        let contacts: Vec<Value> =
            contacts(form).iter().filter(|one| !one.name.is_empty()).map(duty).collect();
        let mut body = json!({
            "party": party, "item": item, "number": number, "issued_on": issued_on, "contacts": contacts,
        });
        if !about.is_empty() {
            body["about"] = json!(about);
        }
        let ask = visit.ask(Method::POST, "/gate/filings").once(form.key()).json(&body);
        return Ok(ask.send::<Created>().await?.id);
    }
    let none = || Failure::field("tep", "Chưa chọn tệp", "No file was chosen");
    let file = file.ok_or_else(none)?;
    let until = day(form, "den-het")?.unwrap_or_default();
    let paper = query(&[
        ("party", party),
        ("item", item),
        ("about", about),
        ("number", number),
        ("issued_on", &issued_on),
        ("valid_until", &until),
        ("level", if item == LEVEL { form.get("cap-do") } else { "" }),
        ("name", &file.name),
    ]);
    let ask = visit.ask(Method::POST, format!("/gate/documents{paper}")).once(form.key());
    Ok(ask.file(file.media_type, file.bytes).send::<Created>().await?.id)
}

/// A day as the API writes it; nothing for an empty field.
fn day(form: &Form, name: &str) -> Result<Option<String>, Failure> {
    let text = form.get(name);
    let wrong = || {
        Failure::field(
            name,
            "Ngày viết theo ngày/tháng/năm, ví dụ 09/11/2026",
            "Days are written as day/month/year, such as 09/11/2026",
        )
    };
    if text.is_empty() {
        Ok(None)
    } else {
        typed_day(text).map(|day| Some(day.to_string())).ok_or_else(wrong)
    }
}

/// The persons whom somebody named.
fn contacts(form: &Form) -> Vec<Contact> {
    let named = |kind: &str| Contact {
        kind: kind.to_owned(),
        name: form.get(&format!("ten-{kind}")).to_owned(),
        phone: form.get(&format!("dien-thoai-{kind}")).to_owned(),
        email: form.get(&format!("thu-{kind}")).to_owned(),
    };
    DUTIES.map(named).into()
}

fn duty(contact: &Contact) -> Value {
    json!({ "duty": contact.kind, "name": contact.name, "phone": contact.phone, "email": contact.email })
}

async fn shown(
    visit: &Visit,
    wanted: Wanted,
    typed: Form,
    failure: Option<Failure>,
) -> Result<Response, Failure> {
    let report = visit.get::<Report>(format!("/gate{}", query(&[("party", &wanted.he_thong)]))).await?;
    let names = Names::of(visit, [&*wanted.he_thong]).await?;
    let frame = visit.frame(Section::Sharing, "gate-hand-in").marked(failure.as_ref(), &FIELDS);
    let page = HandIn {
        name: names.get(&wanted.he_thong).to_owned(),
        href: format!("/cong-an-toan/{}", segments(&wanted.he_thong)),
        title: report.title(frame.lang, &wanted.muc),
        contacts: if wanted.muc == CONTACTS { contacts(&typed) } else { Vec::new() },
        errors: failure.as_ref().map(|failure| failure.lines(frame.lang)).unwrap_or_default(),
        party: wanted.he_thong,
        item: wanted.muc,
        about: wanted.ket_noi,
        key: new_key(),
        frame,
        typed,
    };
    page_as(failure.map_or(StatusCode::OK, |failure| failure.status), &page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn renders() {
        let odd = "<script>alert(1)</script>";
        for (item, many) in [(CONTACTS, 1), (LEVEL, 1), ("security_minutes", 0)] {
            let typed = Form::of(&[("so", odd), ("ten-security", odd)]);
            rendered(|frame| HandIn {
                frame,
                party: odd.into(),
                name: odd.into(),
                href: "/cong-an-toan/a".into(),
                item: item.into(),
                title: odd.into(),
                about: if many > 0 { "YC-2026-000001".into() } else { String::new() },
                contacts: if item == CONTACTS { contacts(&typed) } else { Vec::new() },
                typed: typed.clone(),
                key: "khoa".into(),
                errors: vec![odd.into(); many],
            });
        }
    }

    #[test]
    fn days_go_to_the_api_in_its_form() {
        let form = Form::of(&[("ngay", "9/11/2026"), ("den-het", "mai")]);
        assert_eq!(day(&form, "ngay").expect("a day"), Some("2026-11-09".into()));
        assert_eq!(day(&form, "khac").expect("empty"), None);
        assert!(day(&form, "den-het").is_err());
    }
}
