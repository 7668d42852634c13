//! The page of a service: what it gives, who may use it and how to ask, how to call it.

mod trial;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::describe::{self, Answer, Parameter, Shape};
use super::example::TestCall;
use super::{Listed, address};
use crate::Console;
use crate::failure::Failure;
use crate::names::{Names, Rules, Text};
use crate::session::Visit;
use crate::text::{Lang, word};
use crate::view::{Frame, Section, page, query};

/// Fields that are shown before somebody asks for all of them.
const FIELDS: usize = 40;

#[derive(Template)]
#[template(path = "catalogue_service.html")]
pub struct ServicePage {
    frame: Frame,
    service: Listed,
    href: String,
    title: String,
    summary: String,
    owner: String,
    sharing: String,
    replacement: Option<(String, String)>,
    legal_basis: String,
    impact_assessment: Option<String>,
    fields: Vec<FieldRow>,
    fields_all: usize,
    versions: Vec<VersionRow>,
    hints: Vec<HintRow>,
    asking: Asking,
    /// Whether requests are this person's to make.
    asks: bool,
    /// Whether the person's role is one that may try services.
    tries: bool,
    operations: Vec<OperationRow>,
    chosen: Option<Chosen>,
}

/// What is looked at.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", default)]
#[derive(Default)]
struct Look {
    /// Another version than the one that speaks for the service.
    phien_ban: String,
    /// `tat-ca` shows all fields.
    truong: String,
    /// Which operation is shown with its examples.
    goi: usize,
}

/// A service as the API shows it.
#[derive(Deserialize)]
struct Whole {
    shown: Listed,
    legal_basis: String,
    #[serde(default)]
    impact_assessment: Option<String>,
    fields: Vec<Field>,
    versions: Vec<Listed>,
    history: Vec<Value>,
    hints: Vec<Hint>,
    examples: Vec<Call>,
}

/// A field of the answers.
#[derive(Clone, Debug, Deserialize)]
pub struct Field {
    /// Names from the root of the answer, joined by dots.
    pub path: String,
    /// What it means.
    #[serde(default)]
    pub title: String,
    /// Whether it is personal data.
    #[serde(default)]
    pub personal: bool,
}

#[derive(Deserialize)]
struct Hint {
    place: String,
    text: Text,
}

#[derive(Deserialize)]
struct Call {
    example: Example,
    curl: String,
    python: String,
}

#[derive(Deserialize)]
struct Example {
    operation: Operation,
    call: TestCall,
    #[serde(default)]
    answer: Option<Value>,
}

#[derive(Deserialize)]
struct Operation {
    method: String,
    path: String,
    #[serde(default)]
    summary: Option<String>,
}

/// A field with what the description says of it.
struct FieldRow {
    field: Field,
    shape: Shape,
}

/// A version of the service.
struct VersionRow {
    version: String,
    href: String,
    stage: String,
    sunset: Option<String>,
    shown: bool,
}

/// What would make the service easier to use.
struct HintRow {
    place: String,
    text: String,
}

/// How this service is asked for.
struct Asking {
    /// 1 automatic, 2 on request, 3 special; 0 when the rules have no road for it.
    kind: u8,
    legal_basis: String,
    steps: Vec<StepRow>,
    documents: Vec<DocumentRow>,
    contacts: Vec<String>,
    /// Whether new requests are taken.
    open: bool,
}

/// A step of the road.
struct StepRow {
    title: String,
    whose: String,
    role: String,
}

/// A document that the road demands.
struct DocumentRow {
    title: String,
    only_personal: bool,
}

/// An operation in the list of them.
struct OperationRow {
    method: String,
    path: String,
    summary: String,
    href: String,
    chosen: bool,
}

/// The operation that is shown, with its examples.
struct Chosen {
    method: String,
    path: String,
    parameters: Vec<Parameter>,
    answers: Vec<Answer>,
    answer: String,
    client: String,
    /// Language and code.
    examples: Vec<(&'static str, String)>,
}

/// The parts of a service's identifier, as they stand in the path.
type Named = Path<(String, String, String, String, String)>;

/// The routes.
pub fn routes() -> Router<Console> {
    let path = "/dich-vu/{instance}/{class}/{member}/{subsystem}/{service}";
    Router::new()
        .route(path, get(show))
        .route(&format!("{path}/openapi"), get(openapi))
        .merge(trial::routes())
}

fn id(Path((instance, class, member, subsystem, service)): Named) -> String {
    format!("{instance}/{class}/{member}/{subsystem}/{service}")
}

/// Where the API has a service.
pub fn source(id: &str) -> String {
    format!("/services/{}", crate::view::segments(id))
}

async fn openapi(visit: Visit, path: Named, Query(look): Query<Look>) -> Result<Response, Failure> {
    let version = query(&[("version", &look.phien_ban)]);
    visit.ask(Method::GET, format!("{}/openapi{version}", source(&id(path)))).response().await
}

async fn show(visit: Visit, path: Named, Query(look): Query<Look>) -> Result<Response, Failure> {
    let id = id(path);
    let version = query(&[("version", &look.phien_ban)]);
    let whole = visit.get::<Whole>(format!("{}{version}", source(&id))).await?;
    let document = visit.get::<Value>(format!("{}/openapi{version}", source(&id))).await?;
    let rules = Rules::of(&visit).await?;
    let service = whole.shown;
    let replaced = service.replacement.as_deref();
    let names = Names::of(&visit, [&*service.owner].into_iter().chain(replaced)).await?;
    let title = service.title.of(visit.lang).to_owned();
    let frame = visit.titled(Section::Services, title.clone());
    let asking = Asking::of(&frame, &rules, &service);
    // The API tells the history only to who may read at the owner; hints are for the same people.
    let hints = if whole.history.is_empty() { Vec::new() } else { whole.hints };
    let all = look.truong == "tat-ca";
    let fields_all = whole.fields.len();
    let shown = whole.fields.into_iter().take(if all { usize::MAX } else { FIELDS });
    let operations = operations(&whole.examples, &look, &service.id);
    let chosen = whole.examples.into_iter().nth(look.goi).map(|call| chosen(call, &document, &service.id));
    let page_of = ServicePage {
        href: address(&service.id),
        title,
        summary: service.summary.of(frame.lang).to_owned(),
        owner: names.get(&service.owner).to_owned(),
        sharing: rules.sharing(frame.lang, &service.sharing).to_owned(),
        replacement: replaced.map(|id| (address(id), names.get(id).to_owned())),
        legal_basis: whole.legal_basis,
        impact_assessment: whole.impact_assessment,
        fields: shown
            .map(|field| FieldRow { shape: describe::field(&document, &field.path), field })
            .collect(),
        fields_all,
        versions: whole.versions.into_iter().map(|one| version_row(one, &service)).collect(),
        hints: hints
            .into_iter()
            .map(|hint| HintRow { text: hint.text.of(frame.lang).to_owned(), place: hint.place })
            .collect(),
        asking,
        tries: visit.who.as_ref().is_some_and(|who| who.is("agency_administrator") || who.is("data_owner")),
        asks: visit.who.as_ref().is_some_and(|who| who.is("agency_administrator")),
        operations,
        chosen,
        service,
        frame,
    };
    page(&page_of)
}

/// The type of a field in words: `array<string (date)>` is a list of days.
fn spoken_kind(lang: Lang, kind: &str) -> String {
    if let Some(items) = kind.strip_prefix("array<").and_then(|rest| rest.strip_suffix('>')) {
        return lang.ta("catalogue-type-list", &[("name", word(spoken_kind(lang, items)))]);
    }
    let one = |one: &str| {
        let (base, format) =
            one.split_once(" (").map_or((one, ""), |(base, rest)| (base, rest.trim_end_matches(')')));
        let formatted = lang.of_family("catalogue-type", format);
        if formatted == format { lang.of_family("catalogue-type", base) } else { formatted }
    };
    kind.split(", ").map(one).collect::<Vec<_>>().join(", ")
}

fn version_row(one: Listed, shown: &Listed) -> VersionRow {
    VersionRow {
        href: format!("{}{}", address(&one.id), query(&[("phien-ban", &one.version)])),
        shown: one.version == shown.version,
        version: one.version,
        stage: one.stage,
        sunset: one.sunset,
    }
}

fn operations(calls: &[Call], look: &Look, id: &str) -> Vec<OperationRow> {
    let one = |(place, call): (usize, &Call)| {
        let number = place.to_string();
        let members = [("phien-ban", &*look.phien_ban), ("goi", &number)];
        OperationRow {
            method: call.example.operation.method.clone(),
            path: call.example.operation.path.clone(),
            summary: call.example.operation.summary.clone().unwrap_or_default(),
            href: format!("{}{}#goi", address(id), query(&members)),
            chosen: place == look.goi,
        }
    };
    calls.iter().enumerate().map(one).collect()
}

fn chosen(call: Call, document: &Value, id: &str) -> Chosen {
    let Call { example: Example { operation, call, answer }, curl, python } = call;
    let answer = answer.and_then(|answer| serde_json::to_string_pretty(&answer).ok()).unwrap_or_default();
    Chosen {
        parameters: describe::parameters(document, &operation.path, &operation.method),
        answers: describe::answers(document, &operation.path, &operation.method),
        client: call.client(id),
        examples: vec![
            ("curl", curl),
            ("Python 3", python),
            ("Java 11", call.java(id)),
            ("C# (.NET)", call.csharp(id)),
            ("PHP", call.php(id)),
        ],
        method: operation.method,
        path: operation.path,
        answer,
    }
}

impl Asking {
    fn of(frame: &Frame, rules: &Rules, service: &Listed) -> Self {
        let kind =
            rules.sharing.iter().find(|word| word.code == service.sharing).and_then(|word| word.request_kind);
        let road = kind.and_then(|kind| rules.present_road(kind));
        let open = service.stage == "published" && road.is_some();
        let Some(road) = road else {
            let (legal_basis, steps, documents, contacts) =
                (String::new(), Vec::new(), Vec::new(), Vec::new());
            return Self { kind: 0, legal_basis, steps, documents, contacts, open };
        };
        let step = |step: &crate::names::Step| StepRow {
            title: step.title.of(frame.lang).to_owned(),
            whose: step.whose.clone(),
            role: step.role.clone(),
        };
        let personal = service.data_class.starts_with("personal");
        let documents = road.steps.iter().flat_map(|step| {
            let always = step.attach.iter().map(|code| (code, false));
            let personal = step.attach_if_personal.iter().filter(|_| personal).map(|code| (code, true));
            always.chain(personal)
        });
        let document = |(code, only_personal): (&String, bool)| DocumentRow {
            title: rules.item(frame.lang, code).to_owned(),
            only_personal,
        };
        Self {
            kind: road.kind,
            legal_basis: road.legal_basis.clone(),
            steps: road.steps.iter().map(step).collect(),
            documents: documents.map(document).collect(),
            contacts: road.contacts.clone(),
            open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    const ODD: &str = "<script>alert(1)</script>";

    fn empty(frame: Frame) -> ServicePage {
        let legal_basis = String::new();
        let (steps, documents, contacts) = (Vec::new(), Vec::new(), Vec::new());
        ServicePage {
            frame,
            service: Listed { id: ODD.into(), stage: "withdrawn".into(), ..Listed::default() },
            href: "/dich-vu/a".into(),
            title: ODD.into(),
            summary: String::new(),
            owner: ODD.into(),
            sharing: ODD.into(),
            replacement: Some(("/dich-vu/b".into(), ODD.into())),
            legal_basis: legal_basis.clone(),
            impact_assessment: None,
            fields: Vec::new(),
            fields_all: 0,
            versions: Vec::new(),
            hints: Vec::new(),
            asking: Asking { kind: 0, legal_basis, steps, documents, contacts, open: false },
            asks: true,
            tries: true,
            operations: Vec::new(),
            chosen: None,
        }
    }

    fn chosen() -> Chosen {
        let parameter = Parameter {
            name: ODD.into(),
            place: "path".into(),
            required: true,
            kind: "string".into(),
            title: ODD.into(),
        };
        Chosen {
            method: "GET".into(),
            path: ODD.into(),
            parameters: vec![parameter],
            answers: vec![Answer { status: "200".into(), title: ODD.into() }],
            answer: ODD.into(),
            client: ODD.into(),
            examples: vec![("curl", ODD.repeat(20)), ("PHP", ODD.repeat(20))],
        }
    }

    #[test]
    fn renders() {
        rendered(empty);
        let field = |place: usize| FieldRow {
            field: Field { path: format!("cha.truong{place}"), title: ODD.into(), personal: true },
            shape: Shape {
                kind: "string".into(),
                list: "DM-DAN-TOC (1979)".into(),
                values: vec![ODD.into()],
                sensitive: true,
            },
        };
        rendered(|frame| ServicePage {
            summary: ODD.into(),
            impact_assessment: Some(ODD.into()),
            fields: (0..FIELDS).map(field).collect(),
            fields_all: 100,
            versions: vec![VersionRow {
                version: ODD.into(),
                href: "/".into(),
                stage: "published".into(),
                sunset: Some("2027-01-01".into()),
                shown: true,
            }],
            hints: vec![HintRow { place: ODD.into(), text: ODD.into() }],
            asking: Asking {
                kind: 2,
                legal_basis: ODD.into(),
                steps: vec![StepRow {
                    title: ODD.into(),
                    whose: "consumer_root".into(),
                    role: "leader".into(),
                }],
                documents: vec![DocumentRow { title: ODD.into(), only_personal: true }],
                contacts: vec!["business".into(), "security".into()],
                open: true,
            },
            operations: vec![OperationRow {
                method: "GET".into(),
                path: ODD.into(),
                summary: ODD.into(),
                href: "/".into(),
                chosen: false,
            }],
            chosen: Some(chosen()),
            ..empty(frame)
        });
    }

    #[test]
    fn a_service_that_ends_takes_no_requests() {
        let step = serde_json::json!({ "code": "department", "title": { "vi": "Đơn vị" }, "role": "agency_administrator",
            "whose": "consumer", "attach": ["a"], "attach_if_personal": ["b"] });
        let rules: Rules = serde_json::from_value(serde_json::json!({
            "roads": [{ "kind": 2, "version": "1", "legal_basis": "", "contacts": [], "steps": [step] }],
            "items": [], "tasks": [], "sharing": [{ "code": "on_request", "title": { "vi": "" }, "request_kind": 2 }],
        }))
        .expect("as the API gives it");
        let service = |stage: &str, class: &str| Listed {
            stage: stage.into(),
            data_class: class.into(),
            sharing: "on_request".into(),
            ..Listed::default()
        };
        let frame = Frame::sample(crate::text::Lang::Vi);
        let open = Asking::of(&frame, &rules, &service("published", "personal_basic"));
        assert_eq!((open.open, open.kind, open.documents.len()), (true, 2, 2));
        let closed = Asking::of(&frame, &rules, &service("deprecated", "internal"));
        assert_eq!((closed.open, closed.documents.len()), (false, 1));
    }

    #[test]
    fn types_are_told_in_words() {
        let told = ["string (date)", "array<object>", "integer, string", "string (uuid)"]
            .map(|kind| spoken_kind(Lang::Vi, kind));
        assert_eq!(told, ["ngày", "danh sách nhóm trường", "số nguyên, chuỗi ký tự", "chuỗi ký tự"]);
    }
}
