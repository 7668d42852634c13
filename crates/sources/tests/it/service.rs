//! Answers of a service.

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sources::definition::{Definition, Filter, How};
use sources::serve::{Service, router};
use tower_service::Service as _;

use crate::base::{Base, PEOPLE, on_each_engine};

/// A service by a definition.
pub async fn start(definition: Definition) -> Router {
    router(Service::open(definition).await.unwrap())
}

pub async fn ask(router: &Router, target: &str) -> (StatusCode, Vec<u8>) {
    let request = Request::get(target).body(Body::empty()).unwrap();
    let answer = router.clone().call(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.map(|body| body.to_bytes().to_vec());
    (status, body.unwrap_or_else(|_| b"broken".to_vec()))
}

pub async fn json_of(router: &Router, target: &str) -> Value {
    let (status, body) = ask(router, target).await;
    assert_eq!(status, StatusCode::OK, "{target}: {}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).unwrap()
}

async fn one_row_is_given_exactly_as_it_is(base: Base) {
    let service = start(base.drafted().await).await;
    let third = json_of(&service, "/049000000003").await;
    assert_eq!(third["hoTen"], "Trần Văn Mẫu 3");
    assert_eq!(third["ngaySinh"], "1990-04-28");
    assert_eq!(third["lePhi"].as_str().map(|fee| fee.starts_with("1234567890123456")), Some(true), "{third}");
    assert_eq!(third["conSong"], false);
    let seventh = json_of(&service, "/049000000007").await;
    assert_eq!(seventh["hoTen"], "Nguyễn Thị O'Mẫu", "in normal form C");
    assert_eq!(ask(&service, "/049999999999").await.0, StatusCode::NOT_FOUND);
}
on_each_engine!(one_row_is_given_exactly_as_it_is);

async fn pages_show_every_row_once_in_the_order_of_the_key(base: Base) {
    let service = start(base.drafted().await).await;
    let (mut seen, mut target) = (Vec::new(), "/?limit=50".to_owned());
    loop {
        let page = json_of(&service, &target).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        target = format!("/?limit=50&after={next}");
    }
    assert_eq!(seen, (1..=i64::from(PEOPLE)).collect::<Vec<_>>());

    // Pages go by the key, also where it is not given to anybody.
    let mut without = base.drafted().await;
    without.fields.retain(|field| field.name != "id");
    let service_without = start(without).await;
    let first = json_of(&service_without, "/?limit=100").await;
    let second =
        json_of(&service_without, &format!("/?limit=100&after={}", first["next"].as_str().unwrap())).await;
    assert_eq!(
        (second["items"].as_array().unwrap().len(), &second["next"]),
        (PEOPLE as usize - 100, &Value::Null)
    );
    assert_eq!(json_of(&service, "/_count").await, json!({ "count": PEOPLE }));
}
on_each_engine!(pages_show_every_row_once_in_the_order_of_the_key);

async fn only_declared_filters_find_and_no_text_becomes_sql(base: Base) {
    let mut definition = base.drafted().await;
    definition.filters = vec![
        Filter { parameter: "hoTen".into(), field: "hoTen".into(), how: How::Prefix },
        Filter { parameter: "sinhTu".into(), field: "ngaySinh".into(), how: How::From },
        Filter { parameter: "sinhDen".into(), field: "ngaySinh".into(), how: How::To },
    ];
    let service = start(definition).await;
    let count =
        async |query: &str| json_of(&service, &format!("/_count?{query}")).await["count"].as_u64().unwrap();
    assert_eq!(count("hoTen=Tr%E1%BA%A7n%20V%C4%83n%20M%E1%BA%ABu%2012").await, 2, "12 and 120");
    assert_eq!(count("sinhTu=1990-03-01&sinhDen=1990-04-28").await, 20);
    assert_eq!(count("hoTen=%25").await, 0, "a percent sign is a percent sign");
    assert_eq!(
        count("hoTen=Nguy%E1%BB%85n%20Th%E1%BB%8B%20O%27").await,
        0,
        "stored in form D, asked in form C"
    );

    for wrong in [
        "sinhTu=1990-03-01&sinhTu=1990-03-02",
        "maXa=20242",
        "sinhTu=hom-qua",
        "limit=0",
        "limit=501",
        "after=x",
        "sinhTu=1990-03-01&x=1",
    ] {
        let (status, body) = ask(&service, &format!("/?{wrong}")).await;
        let body = String::from_utf8(body).unwrap();
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {body}");
        assert!(body.contains("EX-3009"), "{body}");
    }
    let many: Vec<_> = (0..2_000).map(|number| format!("p{number}=1")).collect();
    let (status, body) = ask(&service, &format!("/?{}", many.join("&"))).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && body.len() < 10_000, "{} bytes", body.len());
    assert_eq!(ask(&service, "/049000000003?x=1").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let attempts = [
        "' OR '1'='1",
        "'; DROP TABLE khai_sinh; --",
        "\" OR 1=1 --",
        "` OR 1=1 #",
        "\\' OR 1=1 -- ",
        "%' OR '%'='",
    ];
    for attempt in attempts {
        let coded = attempt.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        assert_eq!(count(&format!("hoTen={coded}")).await, 0, "{attempt}");
        assert_eq!(ask(&service, &format!("/{coded}")).await.0, StatusCode::NOT_FOUND, "{attempt}");
        assert_eq!(
            ask(&service, &format!("/?{coded}=1")).await.0,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{attempt}"
        );
        assert_eq!(ask(&service, &format!("/?sinhTu={coded}")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(count("").await, u64::from(PEOPLE));
}
on_each_engine!(only_declared_filters_find_and_no_text_becomes_sql);

async fn changes_and_exports_give_what_they_promise(base: Base) {
    let mut definition = base.drafted().await;
    definition.service.export = true;
    let service = start(definition).await;
    // Midnight in Vietnam, whatever the engine keeps.
    let page = json_of(&service, "/_changes?since=2026-01-27T17:00:00Z").await;
    let changed = page["items"].as_array().unwrap();
    assert_eq!(
        changed.iter().map(|item| item["id"].as_i64().unwrap()).collect::<Vec<_>>(),
        [27, 55, 83, 111]
    );
    let asked_again = changed[0]["capNhat"].as_str().unwrap().replace('+', "%2B");
    let page = json_of(&service, &format!("/_changes?since={asked_again}")).await;
    assert!(
        page["items"].as_array().unwrap().iter().any(|item| item["id"] == 27),
        "a value that was given can be sent back: {page}"
    );

    let (status, body) = ask(&service, "/_export").await;
    let lines: Vec<Value> =
        String::from_utf8(body).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((status, lines.len()), (StatusCode::OK, PEOPLE as usize));
    assert_eq!(lines[2], json_of(&service, "/049000000003").await);
    let described = json_of(&service, "/_openapi.json").await;
    assert_eq!(described["openapi"], "3.1.1");
    assert!(described["paths"].get("/_export").is_some());
    let fields = described["components"]["schemas"]["Item"]["properties"].as_object().unwrap();
    let given = lines[0].as_object().unwrap();
    assert!(fields.keys().eq(given.keys()), "{fields:?} {given:?}");
    assert_eq!(fields["soDinhDanh"]["x-personal-data"], "basic");
}
on_each_engine!(changes_and_exports_give_what_they_promise);

#[tokio::test]
async fn a_question_that_is_no_text_or_asks_for_a_page_of_a_count_is_refused_with_its_code() {
    let base = Base::sqlite().await;
    let mut definition = base.drafted().await;
    definition.filters.push(Filter { parameter: "ten".into(), field: "hoTen".into(), how: How::Equals });
    let service = start(definition).await;
    for wrong in ["/%ff%fe", "/?ten=%ff", "/_count?ten=%c3", "/_count?limit=1", "/_count?after=x"] {
        let (status, body) = ask(&service, wrong).await;
        let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("EX-3009")),
            "{wrong}"
        );
    }
    assert_eq!(ask(&service, "/%C3%A2%zz%4").await.0, StatusCode::NOT_FOUND);
}
