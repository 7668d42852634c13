//! What is asked for or granted, as requests and grants show it and forms change it.

use std::collections::BTreeSet;

use base::Ts;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::failure::Failure;
use crate::form::Form;
use crate::pages::catalogue::describe;
use crate::session::Visit;
use crate::text::Lang;
use crate::time;
use crate::view::segments;

/// Fields that a page names; more are counted.
const FIELDS_SHOWN: usize = 60;
/// Fields that a group without a name is called by.
const GROUP_NAMED: usize = 3;
/// Vietnam's time is this far ahead of UTC, in seconds.
const VIETNAM_S: i64 = 7 * 3600;

/// What is asked for or granted.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Terms {
    /// Fields of the answer; empty means all.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Purposes; empty means any.
    #[serde(default)]
    pub purposes: Vec<String>,
    /// The text that allows asking.
    #[serde(default)]
    pub legal_basis: String,
    /// Calls a day at most.
    #[serde(default)]
    pub quota_day: Option<u64>,
    /// Calls a second at most.
    #[serde(default)]
    pub rate_s: Option<u32>,
    /// Until when (exclusive).
    #[serde(default)]
    pub until: Option<Ts>,
    /// What each call must meet.
    #[serde(default)]
    pub conditions: Conditions,
}

/// What each call must meet beside who, what and why.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Conditions {
    /// The call quotes a dossier.
    #[serde(default)]
    pub dossier: bool,
    /// The call names the officer.
    #[serde(default)]
    pub officer: bool,
    /// How strongly the officer signed in.
    #[serde(default)]
    pub sign_in: u8,
    /// A condition in Cedar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cedar: Option<String>,
}

impl Terms {
    /// What somebody typed over these terms. Members that the form does not have stay as they are.
    ///
    /// # Errors
    /// A number or day that is none.
    pub fn typed(&self, form: &Form) -> Result<Self, Failure> {
        let mut terms = self.clone();
        if form.has("co-truong") {
            terms.fields = topmost(form.all("truong"));
        }
        if form.has("muc-dich") {
            terms.purposes = listed(form.get("muc-dich"));
        }
        if form.has("can-cu-khai-thac") {
            form.get("can-cu-khai-thac").clone_into(&mut terms.legal_basis);
        }
        if form.has("han-muc") {
            terms.quota_day = quota(form.get("han-muc"))?;
        }
        // A day that was not touched must not move the moment behind it.
        if form.has("den-ngay") && form.get("den-ngay") != self.last_day() {
            terms.until = end(form.get("den-ngay"))?;
        }
        Ok(terms)
    }

    /// The last day, as a form shows it; empty without end.
    pub fn last_day(&self) -> String {
        self.until.map(|until| time::day_of(Ts(until.0.saturating_sub(1)))).unwrap_or_default()
    }

    /// The quota, as a form shows it; empty without limit.
    pub fn quota_text(&self, lang: Lang) -> String {
        let shown =
            |quota: u64| i64::try_from(quota).map_or_else(|_| quota.to_string(), |quota| lang.int(quota));
        self.quota_day.map(shown).unwrap_or_default()
    }
}

/// A field stands for all below it: those are left out.
pub fn topmost(fields: Vec<String>) -> Vec<String> {
    let chosen: BTreeSet<String> = fields.iter().cloned().collect();
    let covered = |field: &String| field.match_indices('.').any(|(end, _)| chosen.contains(&field[..end]));
    fields.into_iter().filter(|field| !covered(field)).collect()
}

fn listed(text: &str) -> Vec<String> {
    text.split(['\n', ',']).map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

fn quota(text: &str) -> Result<Option<u64>, Failure> {
    // Groups of three are how both languages write large numbers.
    let digits: String = text.chars().filter(|one| !matches!(one, '.' | ',' | ' ')).collect();
    if digits.is_empty() {
        return Ok(None);
    }
    let wrong = |_| {
        Failure::field(
            "han-muc",
            "Hạn mức phải là số lượt gọi mỗi ngày, ví dụ 1.000",
            "The quota is a number of calls a day, such as 1,000",
        )
    };
    digits.parse().map(Some).map_err(wrong)
}

/// The end of a day that somebody typed; nothing for an empty text.
///
/// # Errors
/// No day.
pub fn end(text: &str) -> Result<Option<Ts>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    let end = time::typed_day(text).and_then(end_of);
    end.map(Some).ok_or_else(|| {
        if time::is_like_a_day(text) {
            return Failure::field(
                "den-ngay",
                format!("Không có ngày {text}"),
                format!("There is no day {text}"),
            );
        }
        Failure::field(
            "den-ngay",
            "Thời hạn viết theo ngày/tháng/năm, ví dụ 31/12/2027",
            "The last day is written as day/month/year, such as 31/12/2027",
        )
    })
}

fn end_of(day: Date) -> Option<Ts> {
    let next = day.checked_add(1.day()).ok()?;
    let midnight = next.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    Some(Ts::from_secs(midnight - VIETNAM_S))
}

/// A service, as far as terms are about it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Service {
    /// Its fields.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// Its description, where its fields are to be chosen from.
    #[serde(skip)]
    document: Value,
}

/// A field to choose.
pub struct FieldBox {
    /// Its path.
    pub path: String,
    /// Its name; empty where it has none.
    pub title: String,
    /// `personal` or `sensitive` when it, or one below it, is; else empty.
    pub mark: &'static str,
    /// Whether there are fields below it.
    pub group: bool,
    /// Names above it.
    pub depth: usize,
    /// Whether it is ticked.
    pub chosen: bool,
}

#[cfg(test)]
impl FieldBox {
    pub fn sample(odd: &str) -> Self {
        let (path, title) = (odd.to_owned(), odd.to_owned());
        Self { path, title, mark: "sensitive", group: true, depth: 1, chosen: true }
    }
}

/// A field of a service.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Field {
    /// Its path.
    pub path: String,
    /// Its name, Vietnamese and English.
    #[serde(default)]
    pub title: String,
    /// Whether it tells of a person.
    #[serde(default)]
    pub personal: bool,
}

impl Service {
    /// Asks for it. A service that is not on offer any more has no fields to name.
    pub async fn of(visit: &Visit, id: &str) -> Self {
        visit.get(format!("/services/{}", segments(id))).await.unwrap_or_default()
    }

    /// The same, with what its description says of the fields.
    pub async fn described(visit: &Visit, id: &str) -> Self {
        let document = visit.get(format!("/services/{}/openapi", segments(id))).await.unwrap_or_default();
        Self { document, ..Self::of(visit, id).await }
    }

    /// The name of a field; empty where it has none.
    pub fn title(&self, lang: Lang, path: &str) -> String {
        let title = self.fields.iter().find(|field| field.path == path).map(|field| field.title.as_str());
        lang.half(title.unwrap_or_default()).to_owned()
    }

    /// The fields as boxes of a form.
    pub fn boxes(&self, lang: Lang, chosen: &[String]) -> Vec<FieldBox> {
        self.fields.iter().map(|field| self.one_box(lang, &field.path, chosen)).collect()
    }

    /// One field as a box of a form, also one that the service does not have any more.
    pub fn one_box(&self, lang: Lang, path: &str, chosen: &[String]) -> FieldBox {
        let within = |other: &&Field| other.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
        let inside: Vec<&Field> = self.fields.iter().filter(within).collect();
        let own = self.fields.iter().filter(|field| field.path == path);
        let all: Vec<&Field> = own.chain(inside.iter().copied()).collect();
        let mark = if all.iter().any(|field| describe::field(&self.document, &field.path).sensitive) {
            "sensitive"
        } else if all.iter().any(|field| field.personal) {
            "personal"
        } else {
            ""
        };
        FieldBox {
            title: self.title_of(lang, path),
            mark,
            group: !inside.is_empty(),
            depth: path.matches('.').count(),
            chosen: chosen.iter().any(|one| one == path),
            path: path.to_owned(),
        }
    }

    /// The name of a field; a group without one is called by the first that are in it.
    fn title_of(&self, lang: Lang, path: &str) -> String {
        let title = self.title(lang, path);
        if !title.is_empty() {
            return title;
        }
        let within = |other: &&Field| other.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
        let inside = self.fields.iter().filter(within).map(|field| lang.half(&field.title));
        let inside: Vec<&str> = inside.filter(|one| !one.is_empty()).collect();
        let more = if inside.len() > GROUP_NAMED { "…" } else { "" };
        format!("{}{more}", inside[..inside.len().min(GROUP_NAMED)].join(", "))
    }

    /// Whether these fields tell of persons.
    pub fn is_personal(&self, fields: &[String]) -> bool {
        let within = |path: &str, above: &str| {
            path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let asked = |field: &&Field| fields.is_empty() || fields.iter().any(|one| within(&field.path, one));
        self.fields.iter().filter(asked).any(|field| field.personal)
    }
}

/// Terms as a page shows them.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// The terms.
    pub terms: Terms,
    /// The first fields: name and path.
    pub fields: Vec<(String, String)>,
    /// Further fields.
    pub more: usize,
}

impl Shown {
    /// Terms with the names of their fields.
    pub fn of(lang: Lang, terms: Terms, service: &Service) -> Self {
        let named = |path: &String| (service.title_of(lang, path), path.clone());
        let fields = terms.fields.iter().take(FIELDS_SHOWN).map(named).collect();
        Self { fields, more: terms.fields.len().saturating_sub(FIELDS_SHOWN), terms }
    }
}

/// A contact of a request.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Contact {
    /// `business`, `technical`, `security`.
    #[serde(alias = "duty")]
    pub kind: String,
    /// Name with the post.
    pub name: String,
    /// Telephone.
    #[serde(default)]
    pub phone: String,
    /// Mail.
    #[serde(default)]
    pub email: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        Terms {
            fields: vec!["hoTen".into(), "cha".into()],
            legal_basis: "Điều 7".into(),
            quota_day: Some(3),
            until: Some(Ts(1_826_883_650_000_001)),
            ..Terms::default()
        }
    }

    #[test]
    fn what_a_form_does_not_touch_stays_as_it_is() {
        let given = terms();
        let form = Form::of(&[("den-ngay", &given.last_day()), ("han-muc", "1.000")]);
        let typed = given.typed(&form).expect("well formed");
        assert_eq!(typed, Terms { quota_day: Some(1000), ..given.clone() });
        let none = given.typed(&Form::of(&[("co-truong", "1"), ("han-muc", "")])).expect("well formed");
        assert!(none.fields.is_empty() && none.quota_day.is_none());
        assert!(given.typed(&Form::of(&[("den-ngay", "mai")])).is_err());
        assert!(given.typed(&Form::of(&[("han-muc", "nhiều")])).is_err());
    }

    #[test]
    fn a_field_covers_those_below_it() {
        let given = ["cha", "cha.hoTen", "chaNuoi", "me.hoTen"].map(str::to_owned);
        assert_eq!(topmost(given.into()), ["cha", "chaNuoi", "me.hoTen"]);
    }

    #[test]
    fn a_box_is_marked_as_the_page_of_the_service_marks_the_field() {
        let field = |path: &str| Field { path: path.into(), title: "Tên / Name".into(), personal: true };
        let document = serde_json::json!({ "paths": { "/a": { "get": { "responses": { "200": { "content": {
            "application/json": { "schema": { "properties": { "danToc": {
                "x-personal-data": "sensitive", "properties": { "ma": {} } }, "hoTen": {} } } } } } } } } } });
        let fields = ["danToc", "danToc.ma", "hoTen"].map(field).into();
        let service = Service { fields, document };
        let boxes = service.boxes(Lang::En, &["hoTen".into()]);
        let marks: Vec<_> = boxes.iter().map(|one| (one.mark, one.group, one.chosen)).collect();
        assert_eq!(
            marks,
            [("sensitive", true, false), ("sensitive", false, false), ("personal", false, true)]
        );
        assert_eq!(boxes[0].title, "Name");
    }

    #[test]
    fn a_last_day_counts_to_its_midnight_in_vietnam() {
        let until = end("22/11/2027").expect("a day");
        assert_eq!(until, Some(Ts::from_secs(1_826_902_800)));
        assert_eq!(Terms { until, ..Terms::default() }.last_day(), "22/11/2027");
        assert_eq!(end("").expect("empty"), None);
    }

    #[test]
    fn fields_below_an_asked_one_are_personal_too() {
        let field = |path: &str, personal| Field { path: path.into(), title: String::new(), personal };
        let service =
            Service { fields: vec![field("cha.hoTen", true), field("ngay", false)], ..Service::default() };
        assert!(service.is_personal(&["cha".into()]) && service.is_personal(&[]));
        assert!(!service.is_personal(&["ngay".into()]) && !service.is_personal(&["c".into()]));
    }
}
