//! Answers that are more than the columns of one table: objects, lists, codes, verdicts; and answers given again.

use axum::Router;
use axum::body::Body;
use base::{Clock as _, SystemClock};
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sources::Definition;
use sources::check::check;
use sources::definition::{CodeList, Compare, Field, Gives, Link, List, Verified};
use sources::value::Kind;
use tower_service::Service as _;

use crate::base::{Base, on_each_engine};
use crate::service::{ask, json_of, start};

/// The children of person 7 and, for person 8, one more than the list may have.
const CHILDREN: &str = "
    CREATE TABLE con (so_cha varchar(12) NOT NULL, stt integer NOT NULL, ten varchar(40) NOT NULL, PRIMARY KEY (so_cha, stt));
    INSERT INTO con VALUES ('049000000007', 2, 'Hai'), ('049000000007', 1, 'Ba'),
        ('049000000008', 1, 'a'), ('049000000008', 2, 'b'), ('049000000008', 3, 'c')";

fn text(name: &str, column: &str, column_type: &str) -> Field {
    Field {
        name: name.into(),
        column: column.into(),
        kind: Kind::Text,
        column_type: column_type.into(),
        meaning: None,
        personal: None,
        encoding: None,
        code_list: None,
        title_vi: String::new(),
        title_en: String::new(),
        required: true,
    }
}

/// The types of the list's columns are written as each engine writes them.
async fn with_children(base: &Base) -> Definition {
    base.execute(CHILDREN).await;
    let mut definition = base.drafted().await;
    let tables = base.source().await.tables().await.unwrap();
    let table = tables.iter().find(|table| table.name == "con").unwrap();
    let type_of = |column: &str| table.column(column).unwrap().type_name.clone();
    definition.lists.push(List {
        name: "con".into(),
        table: table.full_name(),
        by: vec![Link { column: "so_cha".into(), column_type: type_of("so_cha"), of: "so_dinh_danh".into() }],
        order: vec!["stt".into()],
        rows_max: 2,
        fields: vec![text("ten.goi", "ten", &type_of("ten"))],
    });
    definition.rules.clear();
    for field in &mut definition.fields {
        match &*field.name {
            "maXa" => {
                field.name = "noiO.xa".into();
                field.code_list = Some("xa".into());
            }
            "ngaySinh" => field.name = "sinh.ngay".into(),
            _ => {}
        }
    }
    for filter in &mut definition.filters {
        filter.field = filter.field.replace("maXa", "noiO.xa").replace("ngaySinh", "sinh.ngay");
    }
    definition.code_lists.push(CodeList {
        id: "xa".into(),
        catalogue: "DVHC".into(),
        version: "2025-07-01".into(),
        values: [("20242".to_owned(), "Phường Hội An".to_owned())].into(),
    });
    Definition::parse(&definition.text().unwrap()).unwrap()
}

async fn a_look_up_has_objects_codes_and_lists(base: Base) {
    let definition = with_children(&base).await;
    let checked = check(&definition, &base.source().await).await.unwrap();
    assert_eq!(checked.mistakes, []);
    let service = start(definition.clone()).await;
    let seventh = json_of(&service, "/049000000007").await;
    assert_eq!(seventh["con"], json!([{ "ten": { "goi": "Ba" } }, { "ten": { "goi": "Hai" } }]));
    assert_eq!(seventh["sinh"], json!({ "ngay": "1990-08-28" }));
    let commune =
        json!({ "ma": "20242", "ten": "Phường Hội An", "danhMuc": "DVHC", "phienBan": "2025-07-01" });
    assert_eq!(seventh["noiO"]["xa"], commune);
    assert_eq!(json_of(&service, "/049000000003").await["con"], json!([]));
    let (status, body) = ask(&service, "/049000000008").await;
    let body = String::from_utf8(body).unwrap();
    assert!(
        status == StatusCode::UNPROCESSABLE_ENTITY && body.contains("rows_max"),
        "never a short list: {body}"
    );
    let page = json_of(&service, "/?limit=1").await;
    assert!(page["items"][0].get("con").is_none(), "pages have no lists");

    let described = json_of(&service, "/_openapi.json").await;
    let whole = &described["components"]["schemas"]["Whole"]["properties"];
    let names = |schema: &Value| schema.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let mut given = names(&seventh);
    given.sort();
    let mut told = names(whole);
    told.sort();
    assert_eq!(given, told);
    assert_eq!(whole["noiO"]["properties"]["xa"]["properties"]["phienBan"]["const"], "2025-07-01");

    base.execute("ALTER TABLE con RENAME COLUMN ten TO ten_con").await;
    let checked = check(&definition, &base.source().await).await.unwrap();
    assert_eq!(checked.mistakes.len(), 1, "{:?}", checked.mistakes);
    assert!(checked.mistakes[0].place.contains("con"), "{:?}", checked.mistakes);
}
on_each_engine!(a_look_up_has_objects_codes_and_lists);

pub async fn post(router: &Router, body: &str) -> (StatusCode, String) {
    let request = Request::post("/").body(Body::from(body.to_owned())).unwrap();
    let answer = router.clone().call(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

async fn a_verdict_gives_nothing_but_yes_or_no(base: Base) {
    let mut definition = base.drafted().await;
    definition.service.gives = Gives::Verdict;
    definition.changes = None;
    definition.verified = [
        ("soDinhDanh", Compare::Exact, true),
        ("hoTen", Compare::Name, true),
        ("ngaySinh", Compare::Exact, false),
    ]
    .map(|(field, compare, required)| Verified { field: field.into(), compare, required })
    .into();
    let definition = Definition::parse(&definition.text().unwrap()).unwrap();
    let service = start(definition).await;
    for (known, verdict) in [
        (json!({ "soDinhDanh": "049000000007", "hoTen": "nguyễn  thị O'MẪU" }), true),
        (
            json!({ "soDinhDanh": "049000000007", "hoTen": "Nguyễn Thị O'Mẫu", "ngaySinh": "1990-08-28" }),
            true,
        ),
        (json!({ "soDinhDanh": "049000000007", "hoTen": "Nguyễn Thị O'Mẫu", "ngaySinh": null }), true),
        (
            json!({ "soDinhDanh": "049000000007", "hoTen": "Nguyễn Thị O'Mẫu", "ngaySinh": "1990-08-27" }),
            false,
        ),
        (json!({ "soDinhDanh": "049000000007", "hoTen": "Nguyen Thi O'Mau" }), false),
        (json!({ "soDinhDanh": "049999999999", "hoTen": "Nguyễn Thị O'Mẫu" }), false),
        (json!({ "soDinhDanh": "' OR '1'='1", "hoTen": "Nguyễn Thị O'Mẫu" }), false),
    ] {
        let (status, body) = post(&service, &known.to_string()).await;
        assert_eq!((status, body), (StatusCode::OK, json!({ "ketQua": verdict }).to_string()), "{known}");
    }
    for wrong in [
        "",
        "[]",
        "{}",
        r#"{"soDinhDanh":"049000000007"}"#,
        r#"{"soDinhDanh":"1","hoTen":"a","lePhi":"1"}"#,
        r#"{"soDinhDanh":"1","hoTen":"a","ngaySinh":"hom qua"}"#,
        r#"{"soDinhDanh":{},"hoTen":"a"}"#,
    ] {
        let (status, body) = post(&service, wrong).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {body}");
    }
    let large = json!({ "soDinhDanh": "1", "hoTen": "a".repeat(20_000) }).to_string();
    assert_eq!(post(&service, &large).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    for target in ["/049000000007", "/", "/_count", "/_export", "/_changes?since=2026-01-01"] {
        let status = ask(&service, target).await.0;
        assert!(
            status == StatusCode::NOT_FOUND || status == StatusCode::METHOD_NOT_ALLOWED,
            "{target} {status}"
        );
    }
    let described = json_of(&service, "/_openapi.json").await;
    assert_eq!(described["paths"].as_object().unwrap().len(), 1);
    assert!(described["paths"]["/"]["post"].is_object() && described["paths"]["/"]["get"].is_null());
}
on_each_engine!(a_verdict_gives_nothing_but_yes_or_no);

async fn answers_are_given_again_with_their_age(base: Base) {
    let mut definition = base.drafted().await;
    definition.limits.cache_s = 60;
    let service = start(definition.clone()).await;
    let age = async |target: &str| {
        let answer = service.clone().call(Request::get(target).body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let age = answer.headers().get(header::AGE).map(|age| age.to_str().unwrap().to_owned());
        (age, answer.into_body().collect().await.unwrap().to_bytes())
    };
    for target in ["/049000000003", "/?limit=3", "/_count"] {
        let (none, first) = age(target).await;
        assert_eq!(none, None, "{target}");
        base.execute("UPDATE khai_sinh SET ho_ten = 'Khác' WHERE id = 3").await;
        let (some, again) = age(target).await;
        assert!(
            some.is_some_and(|age| age.parse::<u64>().is_ok_and(|age| age < 60)) && first == again,
            "{target}"
        );
    }
    definition.limits.cache_s = 0;
    assert_eq!(json_of(&start(definition).await, "/049000000003").await["hoTen"], "Khác");
}
on_each_engine!(answers_are_given_again_with_their_age);

#[tokio::test]
async fn exports_begin_in_their_hours_only() {
    let base = Base::sqlite().await;
    let mut definition = base.drafted().await;
    definition.service.export = true;
    let hour = i8::try_from((SystemClock.now().secs() / 3_600 + 7) % 24).unwrap();
    let window = |first: i8| {
        format!("{:02}:00-{:02}:00", first.rem_euclid(24), (first + 2).rem_euclid(24)).parse().unwrap()
    };
    definition.limits.bulk = Some(window(hour + 3));
    let (status, body) = ask(&start(definition.clone()).await, "/_export").await;
    assert!(
        status == StatusCode::SERVICE_UNAVAILABLE && String::from_utf8(body).unwrap().contains("EX-3019")
    );
    definition.limits.bulk = Some(window(hour - 1));
    let written = definition.text().unwrap();
    assert!(written.contains("bulk = \""), "{written}");
    assert_eq!(ask(&start(Definition::parse(&written).unwrap()).await, "/_export").await.0, StatusCode::OK);
}

#[test]
fn everything_wrong_with_a_definition_is_told_at_once() {
    let text = r#"
        format = "lienthong-source/1"
        url = "sqlite:x"
        [service]
        subsystem = "A"
        code = "b"
        title_vi = "Thử"
        gives = "verdict"
        export = true
        [entity]
        table = "t"
        key = ["k"]
        key_types = ["text"]
        [limits]
        cache_s = 4000
        [[field]]
        name = "a"
        column = "a"
        type = "text"
        column_type = "text"
        code_list = "khong-co"
        [[field]]
        name = "a.b"
        column = "b"
        type = "decimal"
        column_type = "text"
        [[verify]]
        field = "x"
        [[list]]
        name = "a"
        table = "t"
        by = []
        field = []
    "#;
    let told = Definition::parse(text).unwrap_err().to_string();
    for place in [
        "limits.cache_s",
        "khong-co",
        "is a field and an object",
        "there is no field x",
        "service.gives",
        "list a",
        "verify:",
    ] {
        assert!(told.contains(place), "{place}: {told}");
    }
}

async fn a_service_of_single_rows_lists_nothing(base: Base) {
    let mut definition = base.drafted().await;
    definition.service.gives = Gives::Row;
    assert!(Definition::parse(&definition.text().unwrap()).is_err(), "changes and filters are lists");
    definition.changes = None;
    definition.filters.clear();
    let service = start(Definition::parse(&definition.text().unwrap()).unwrap()).await;
    assert_eq!(json_of(&service, "/049000000007").await["soDinhDanh"], "049000000007");
    for target in ["/", "/?limit=1", "/_count", "/_export", "/_changes"] {
        assert_eq!(ask(&service, target).await.0, StatusCode::NOT_FOUND, "{target}");
    }
    let described = json_of(&service, "/_openapi.json").await;
    let paths: Vec<_> = described["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths, ["/{soDinhDanh}"]);
}
on_each_engine!(a_service_of_single_rows_lists_nothing);
