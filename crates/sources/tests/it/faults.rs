//! Sources that change, refuse or do not answer.

use http::StatusCode;
use serde_json::Value;
use sources::engine::{Address, Guard, Source};
use sources::serve::{Service, router};

use crate::base::{Base, on_each_engine};
use crate::service::{ask, start};

async fn a_schema_that_changes_under_a_service_is_named_and_gives_no_wrong_data(base: Base) {
    let service = start(base.drafted().await).await;
    base.execute("ALTER TABLE khai_sinh RENAME COLUMN ho_ten TO ten").await;
    let (status, body) = ask(&service, "/049000000003").await;
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &"EX-3004".into()), "{problem}");
    assert!(
        !problem.to_string().contains("ho_ten"),
        "what the database is like is its owner's matter: {problem}"
    );
    base.execute("ALTER TABLE khai_sinh RENAME COLUMN ten TO ho_ten").await;
    assert_eq!(ask(&service, "/049000000003").await.0, StatusCode::OK);
}
on_each_engine!(a_schema_that_changes_under_a_service_is_named_and_gives_no_wrong_data);

async fn the_source_cannot_be_written_through_us(base: Base) {
    let source = base.source().await;
    let written = source.all("DELETE FROM khong_khoa", Vec::new()).await;
    let inserted = source.all("INSERT INTO khong_khoa (ghi_chu) VALUES ('x')", Vec::new()).await;
    assert!(written.is_err() && inserted.is_err(), "{written:?} {inserted:?}");
}
on_each_engine!(the_source_cannot_be_written_through_us);

#[tokio::test]
async fn values_that_are_not_what_their_field_says_are_an_error_and_not_a_guess() {
    let base = Base::sqlite().await;
    let service = start(base.drafted().await).await;
    base.execute("UPDATE khai_sinh SET ngay_sinh = '30/02/1990' WHERE id = 3").await;
    let (status, body) = ask(&service, "/049000000003").await;
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::INTERNAL_SERVER_ERROR, &"EX-3011".into()),
        "{problem}"
    );
    assert!(!problem.to_string().contains("30/02"), "the value itself is not told: {problem}");
    assert_eq!(ask(&service, "/049000000004").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_slow_statement_ends_at_its_limit() {
    let base = Base::postgres().await;
    base.execute("CREATE VIEW cham AS SELECT id, pg_sleep(20)::text AS ngu FROM khai_sinh").await;
    let mut definition = base.drafted().await;
    definition.entity.table = "public.cham".into();
    definition.fields.retain(|field| field.name == "id");
    let mut slow = definition.fields[0].clone();
    (slow.name, slow.column, slow.column_type) = ("ngu".into(), "ngu".into(), "text".into());
    definition.fields.push(slow);
    (definition.service.look_up, definition.changes) = (None, None);
    definition.filters.clear();
    definition.limits.statement_ms = 300;
    let service = start(definition).await;
    let started = std::time::Instant::now();
    let (status, body) = ask(&service, "/?limit=1").await;
    let text = String::from_utf8(body).unwrap();
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{text}");
    assert!(text.contains("EX-3005") && started.elapsed().as_secs() < 5, "{text}");
}

#[tokio::test]
async fn nobody_there_and_no_rights_are_told_apart_and_passwords_never_shown() {
    let nobody: Address = "postgres://doc:bi-mat@127.0.0.1:1/x".parse().unwrap();
    let error = Source::open(&nobody, &Guard::default()).await.err().unwrap();
    let text = error.to_string();
    assert!(error.code() == "EX-3002" && text.contains("***") && !text.contains("bi-mat"), "{text}");
    assert!(!format!("{nobody:?}").contains("bi-mat"));
    let in_query = "postgres://doc@127.0.0.1/x?password=bi-mat".parse::<Address>();
    assert!(in_query.is_err_and(|error| !error.to_string().contains("bi-mat")));
    for wrong in ["oracle://x/y", "postgres://", "postgres://host", "", "khai-sinh.db"] {
        assert_eq!(wrong.parse::<Address>().err().map(|error| error.code()), Some("EX-3001"), "{wrong}");
    }
    let missing: Address = "sqlite:/khong/co.db".parse().unwrap();
    assert_eq!(
        Source::open(&missing, &Guard::default()).await.err().map(|error| error.code()),
        Some("EX-3002")
    );
}

#[tokio::test]
async fn values_that_the_column_refuses_are_the_callers_fault_and_do_not_tire_the_source() {
    let base = Base::postgres().await;
    base.execute("CREATE TABLE the (id uuid PRIMARY KEY, ten text NOT NULL); INSERT INTO the VALUES ('6f9619ff-8b86-d011-b42d-00c04fc964ff', 'a')").await;
    let mut definition = base.drafted().await;
    definition.entity = sources::definition::Entity {
        table: "public.the".into(),
        key: vec!["id".into()],
        key_types: vec!["uuid".into()],
    };
    definition.fields.truncate(1);
    let id = &mut definition.fields[0];
    (id.name, id.column, id.column_type, id.kind) =
        ("id".into(), "id".into(), "uuid".into(), sources::value::Kind::Text);
    (definition.service.look_up, definition.changes) = (Some("id".into()), None);
    definition.filters.clear();
    let service = start(definition).await;
    for _ in 0..10 {
        assert_eq!(ask(&service, "/khong-phai").await.0, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(ask(&service, "/?after=WyJ4Il0").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(ask(&service, "/6f9619ff-8b86-d011-b42d-00c04fc964ff").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_slow_statement_on_sqlite_ends_at_its_limit_and_leaves_the_connection_usable() {
    let base = Base::sqlite().await;
    base.execute(
        "CREATE VIEW cham AS WITH RECURSIVE dem(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM dem LIMIT 4000000000)
         SELECT 1 AS id, max(n) AS so FROM dem",
    )
    .await;
    let guard = Guard { statement_ms: 200, connections: 1 };
    let source = Source::open(&base.address(), &guard).await.unwrap();
    let began = std::time::Instant::now();
    let slow = source.all("SELECT CAST(so AS TEXT) FROM cham", Vec::new()).await;
    assert_eq!(slow.err().map(|error| error.code()), Some("EX-3005"));
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
    let quick = source.all("SELECT 'con day'", Vec::new()).await.unwrap();
    assert_eq!(quick, [[Some("con day".to_owned())]]);
}

#[tokio::test]
async fn a_connection_that_the_database_closed_meanwhile_is_replaced_and_nobody_notices() {
    let base = Base::postgres().await;
    let service = start(base.drafted().await).await;
    for _ in 0..3 {
        assert_eq!(ask(&service, "/049000000003").await.0, StatusCode::OK);
        base.store().cut_connections().await;
    }
    assert_eq!(ask(&service, "/049000000003").await.0, StatusCode::OK);
}

async fn a_column_of_another_type_ends_answers_before_values_go_wrong(base: Base) {
    let (clock, code, other) = match &base.url[..5] {
        "mysql" => ("DATETIME", "VARCHAR(20)", ["TIMESTAMP", "BIGINT"]),
        "postg" => ("timestamp", "varchar(20)", ["timestamptz", "bigint USING ma::bigint"]),
        // A table of SQLite is made anew.
        _ => ("DATETIME", "VARCHAR(20)", ["INTEGER", "INTEGER"]),
    };
    let make =
        |clock: &str, code: &str| format!("CREATE TABLE rt (id INTEGER PRIMARY KEY, luc {clock}, ma {code})");
    base.execute(&make(clock, code)).await;
    base.execute("INSERT INTO rt VALUES (1, '2026-11-22 07:00:00', '049')").await;
    let definition = crate::spelling::drafted(&base, "rt").await;
    let service = std::sync::Arc::new(Service::open(definition).await.unwrap());
    let routes = router(std::sync::Arc::clone(&service));
    let code_of = async || {
        let (_, body) = ask(&routes, "/1").await;
        serde_json::from_slice::<Value>(&body).unwrap()["code"].as_str().map(str::to_owned)
    };
    assert_eq!(code_of().await, None);
    let alter = async |clock: &str, code: &str| {
        if base.url.starts_with("sqlite") {
            let code = code.split(' ').next().unwrap();
            base.execute(&format!("DROP TABLE rt; {}", make(clock, code))).await;
            base.execute("INSERT INTO rt VALUES (1, '2026-11-22 07:00:00', '049')").await;
        } else {
            let verb = if base.url.starts_with("mysql") { "MODIFY" } else { "ALTER" };
            let of = if verb == "ALTER" { "TYPE " } else { "" };
            for (column, of_type) in [("luc", clock), ("ma", code)] {
                base.execute(&format!("ALTER TABLE rt {verb} {column} {of}{of_type}")).await;
            }
        }
        service.look_at_types().await;
    };
    for (luc, ma) in [(other[0], code), (clock, other[1])] {
        alter(luc, ma).await;
        assert_eq!(code_of().await.as_deref(), Some("EX-3004"), "{luc} {ma}");
        assert!(service.load().counts().changed, "readiness knows");
        alter(clock, code).await;
        assert_eq!(code_of().await, None, "{luc} {ma}");
        assert!(!service.load().counts().changed);
    }
    let longer = code.replace("20", "40");
    alter(clock, &longer).await;
    assert_eq!(code_of().await, None, "a longer text is no other type");
}
on_each_engine!(a_column_of_another_type_ends_answers_before_values_go_wrong);

#[tokio::test]
async fn a_clocks_time_that_got_a_zone_is_no_value_even_before_the_types_are_compared() {
    let base = Base::postgres().await;
    base.execute("CREATE TABLE rt (id char(3) PRIMARY KEY, luc timestamp, gio timetz); INSERT INTO rt VALUES ('1', '2026-11-22 07:00:00', '08:00:00+07')").await;
    let definition = crate::spelling::drafted(&base, "rt").await;
    let service = start(definition.clone()).await;
    assert_eq!(crate::service::json_of(&service, "/1").await["gio"], "08:00:00+07", "nothing is lost of it");
    base.execute("ALTER TABLE rt ALTER luc TYPE timestamptz").await;
    let said = async |service: &axum::Router| String::from_utf8(ask(service, "/1").await.1).unwrap();
    let first = said(&service).await;
    assert!(first.contains("EX-3011"), "{first}");
    // That made the node look at the types.
    let mut later = first;
    for _ in 0..200 {
        later = said(&service).await;
        if later.contains("EX-3004") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(later.contains("EX-3004"), "{later}");
    let opened_late = start(definition.clone()).await;
    assert!(said(&opened_late).await.contains("EX-3004"), "from the first question on");

    base.execute("ALTER TABLE rt ALTER luc TYPE timestamp").await;
    let service = start(definition).await;
    base.execute("ALTER TABLE rt ALTER id TYPE bigint USING id::bigint").await;
    let said = said(&service).await;
    assert!(said.contains("EX-3004"), "the database knows no such comparison: {said}");
}

#[tokio::test]
async fn numbers_keep_their_digits_and_what_is_always_there_is_never_null() {
    let base = Base::postgres().await;
    base.execute(
        r#"CREATE TABLE du (id integer PRIMARY KEY, diem float8, tai jsonb, ten text NOT NULL);
        INSERT INTO du VALUES (1, 1e20, '{"a": 12345678901234567890123, "b": 0.12345678901234567891}', 'x'), (2, 1e-7, '[]', 'y')"#,
    )
    .await;
    let definition = crate::spelling::drafted(&base, "du").await;
    let service = start(definition).await;
    let text = String::from_utf8(ask(&service, "/1").await.1).unwrap();
    assert!(text.contains(r#""tai":{"a":12345678901234567890123,"b":0.12345678901234567891}"#), "{text}");
    assert!(text.contains(r#""diem":"100000000000000000000""#), "{text}");
    assert_eq!(crate::service::json_of(&service, "/2").await["diem"], "0.0000001");
    base.execute("ALTER TABLE du ALTER ten DROP NOT NULL; UPDATE du SET ten = NULL WHERE id = 2").await;
    let (status, body) = ask(&service, "/2").await;
    let text = String::from_utf8(body).unwrap();
    assert!(
        status == StatusCode::INTERNAL_SERVER_ERROR && text.contains("EX-3011") && text.contains("ten"),
        "{text}"
    );
    assert_eq!(ask(&service, "/1").await.0, StatusCode::OK);
}
