//! Exports: whole, exact in both forms, and whole also when the source goes away in the middle.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt as _;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use sources::Definition;
use sources::definition::{CodeList, Entity, Field};
use sources::value::Kind;
use tower_service::Service as _;

use crate::base::{Base, PEOPLE, on_each_engine};
use crate::service::{ask, start};

/// What pyarrow finds in a file.
fn read_back(file: &[u8]) -> Value {
    let python = std::env::var("LIENTHONG_TEST_PYTHON")
        .expect("LIENTHONG_TEST_PYTHON is not set: run cargo xtask test");
    let place = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(place.path(), file).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/foreign/read_parquet.py");
    let output = Command::new(python).arg(script).arg(place.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn exporting(base: &Base) -> Definition {
    let mut definition = base.drafted().await;
    definition.service.export = true;
    definition
}

async fn lines(service: &Router, target: &str) -> Vec<Value> {
    let (status, body) = ask(service, target).await;
    let text = String::from_utf8(body).unwrap();
    assert_eq!(status, StatusCode::OK, "{text}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn parquet(service: &Router) -> Value {
    let (status, body) = ask(service, "/_export?format=parquet").await;
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
    read_back(&body)
}

async fn both_forms_of_an_export_have_the_same_values(base: Base) {
    let service = start(exporting(&base).await).await;
    let rows = lines(&service, "/_export").await;
    let file = parquet(&service).await;
    let found = file["rows"].as_array().unwrap();
    assert_eq!((rows.len(), found.len()), (PEOPLE as usize, PEOPLE as usize));
    for (row, found) in rows.iter().zip(found) {
        for (name, value) in row.as_object().unwrap() {
            let there = &found[name];
            match name.as_str() {
                "ngaySinh" => assert_eq!(*there, format!("date {}", value.as_str().unwrap())),
                "capNhat" => {
                    let utc: jiff::Timestamp = value.as_str().unwrap().parse().unwrap();
                    let utc = utc.to_string().replace('Z', "+00:00");
                    assert_eq!(*there, format!("moment {utc}"));
                }
                _ => assert_eq!(there, value, "{name}"),
            }
        }
    }
    assert_eq!(file["compression"], "ZSTD");
    assert_eq!(file["metadata"]["service"], "HOTICH/khai-sinh");
    assert!(file["metadata"]["exported_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{file}");
}
on_each_engine!(both_forms_of_an_export_have_the_same_values);

/// A field of the table `moi_kieu`.
fn field(name: &str, column: &str, kind: Kind, column_type: &str) -> Field {
    Field {
        name: name.into(),
        column: column.into(),
        kind,
        column_type: column_type.into(),
        meaning: None,
        personal: None,
        code_list: None,
        encoding: None,
        title_vi: String::new(),
        title_en: String::new(),
        required: false,
    }
}

const EVERY_KIND: &str = "
    CREATE TABLE moi_kieu (id bigint PRIMARY KEY, chu text, so bigint, tien numeric, co boolean, ngay date, gio time,
        luc timestamptz, tai_cho timestamp, tai_lieu jsonb, ma char(2), tinh text, xa text);
    INSERT INTO moi_kieu VALUES
        (1, E'Nguye\\u0302\\u0303n \"O\\n', 9223372036854775807, 1234567890123456789.10, true, '0001-01-01', '23:59:59.000001',
         '0001-01-01 00:00:00+00', '0001-01-01 07:00:00', '{\"b\": [1, null], \"a\": \"ữ\"}', '1', 'T', 'X'),
        (2, '', -9223372036854775808, -0.5, false, '9999-12-31', '00:00:00', '2026-11-22 07:00:00.123456+07',
         '2026-11-22 07:00:00.5', '[]', '9', 'T', NULL),
        (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)";

async fn every_kind(base: &Base) -> Definition {
    base.execute(EVERY_KIND).await;
    let mut definition = exporting(base).await;
    definition.entity =
        Entity { table: "public.moi_kieu".into(), key: vec!["id".into()], key_types: vec!["bigint".into()] };
    definition.fields = vec![
        field("id", "id", Kind::Integer, "bigint"),
        field("noi.o.tinh", "tinh", Kind::Text, "text"),
        field("chu", "chu", Kind::Text, "text"),
        field("so", "so", Kind::Integer, "bigint"),
        field("tien", "tien", Kind::Decimal, "numeric"),
        field("co", "co", Kind::Boolean, "boolean"),
        field("ngay", "ngay", Kind::Date, "date"),
        field("gio", "gio", Kind::Time, "time without time zone"),
        field("luc", "luc", Kind::Moment, "timestamp with time zone"),
        field("taiCho", "tai_cho", Kind::LocalMoment, "timestamp without time zone"),
        field("taiLieu", "tai_lieu", Kind::Json, "jsonb"),
        field("phai", "ma", Kind::Text, "character(2)"),
        field("noi.o.xa", "xa", Kind::Text, "text"),
    ];
    definition.fields[11].code_list = Some("gt".into());
    definition.code_lists = vec![CodeList {
        id: "gt".into(),
        catalogue: "DM-GT".into(),
        version: "2".into(),
        values: [("1".to_owned(), "Nam".to_owned())].into(),
    }];
    (definition.service.look_up, definition.service.about_person) = (None, false);
    definition.filters.clear();
    definition.changes = None;
    definition
}

#[tokio::test]
async fn every_kind_of_value_is_read_back_exactly_by_others() {
    let base = Base::postgres().await;
    let service = start(every_kind(&base).await).await;
    let file = parquet(&service).await;
    let phai = json!({ "ma": "9", "ten": null, "danhMuc": "DM-GT", "phienBan": "2" });
    let first = json!({
        "id": 1, "noi": { "o": { "tinh": "T", "xa": "X" } }, "chu": "Nguyễn \"O\n", "so": i64::MAX,
        "tien": "1234567890123456789.10", "co": true, "ngay": "date 0001-01-01", "gio": "time 23:59:59.000001",
        "luc": "moment 0001-01-01T00:00:00+00:00", "taiCho": "moment 0001-01-01T00:00:00+00:00",
        "taiLieu": "{\"a\":\"ữ\",\"b\":[1,null]}",
        "phai": { "ma": "1", "ten": "Nam", "danhMuc": "DM-GT", "phienBan": "2" },
    });
    let second = json!({
        "id": 2, "noi": { "o": { "tinh": "T", "xa": null } }, "chu": "", "so": i64::MIN, "tien": "-0.5", "co": false,
        "ngay": "date 9999-12-31", "gio": "time 00:00:00", "luc": "moment 2026-11-22T00:00:00.123456+00:00",
        "taiCho": "moment 2026-11-22T00:00:00.500000+00:00", "taiLieu": "[]", "phai": phai,
    });
    assert_eq!(file["rows"][0], first);
    assert_eq!(file["rows"][1], second);
    let empty = file["rows"][2].as_object().unwrap();
    assert!(empty.iter().all(|(name, value)| name == "id" || value.is_null()), "{empty:?}");
    let types = json!({
        "id": "int64", "noi": "struct<o: struct<tinh: string, xa: string>>", "chu": "string", "so": "int64",
        "tien": "string", "co": "bool", "ngay": "date32[day]", "gio": "time64[us]", "luc": "timestamp[us, tz=UTC]",
        "taiCho": "timestamp[us, tz=UTC]", "taiLieu": file["types"]["taiLieu"],
        "phai": "struct<ma: string, ten: string, danhMuc: string, phienBan: string>",
    });
    assert_eq!(file["types"], types);
}

#[tokio::test]
async fn a_wrong_value_breaks_a_parquet_export_off() {
    let base = Base::sqlite().await;
    let service = start(exporting(&base).await).await;
    base.execute("UPDATE khai_sinh SET ngay_sinh = '30/02/1990' WHERE id = 90").await;
    let (status, body) = ask(&service, "/_export?format=parquet").await;
    let said = String::from_utf8_lossy(&body);
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{said}");
    assert!(said.contains("EX-3011") && !said.contains("30/02"), "{said}");
}

/// A service on so many rows of two columns.
async fn large(base: &Base, rows: u32) -> Definition {
    let make = format!(
        "CREATE TABLE lon (id bigint PRIMARY KEY, chu text);
         INSERT INTO lon SELECT n, repeat('x', 40) || n FROM generate_series(1, {rows}) AS n; ANALYZE lon"
    );
    base.execute(&make).await;
    let mut definition = every_kind(base).await;
    definition.entity.table = "public.lon".into();
    definition.fields =
        vec![field("id", "id", Kind::Integer, "bigint"), field("chu", "chu", Kind::Text, "text")];
    definition
}

#[tokio::test]
async fn a_long_parquet_export_is_whole_and_in_groups() {
    let base = Base::postgres().await;
    let service = start(large(&base, 45_010).await).await;
    let file = parquet(&service).await;
    let rows = file["rows"].as_array().unwrap();
    assert!(
        rows.iter()
            .zip(1_u64..)
            .all(|(row, id)| row["id"] == id && row["chu"].as_str().unwrap().ends_with(&id.to_string()))
    );
    assert_eq!((rows.len(), &file["groups"]), (45_010, &json!(3)));
}

#[tokio::test]
async fn rows_that_are_large_are_exported_in_smaller_parts() {
    let base = Base::postgres().await;
    let mut definition = large(&base, 3_000).await;
    definition.limits.answer_bytes_max = 300;
    let service = start(definition).await;
    let ids: Vec<_> =
        lines(&service, "/_export").await.iter().map(|row| row["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (1..=3_000).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_consumer_goes_on_behind_the_last_token_it_has() {
    let base = Base::postgres().await;
    let service = start(large(&base, 2_300).await).await;
    let all = lines(&service, "/_export?tokens=true").await;
    let (tokens, rows): (Vec<_>, Vec<_>) = all.iter().partition(|line| line.get("_next").is_some());
    assert_eq!((tokens.len(), rows.len()), (4, 2_300), "no token says that there is more when there is none");
    let token = tokens[1]["_next"].as_str().unwrap();
    let place = all.iter().position(|line| line["_next"] == token).unwrap();
    let rest = lines(&service, &format!("/_export?after={token}")).await;
    let wanted: Vec<_> = all[place..].iter().filter(|line| line.get("_next").is_none()).cloned().collect();
    assert_eq!(rest, wanted);
    assert_eq!(rest.first().unwrap()["id"], 1_001);

    for wrong in [
        "format=csv",
        "format=",
        "tokens=1",
        "format=parquet&tokens=true",
        "after=x",
        "after=WyJhIiwiYiJd",
        "ten=a",
        "format=ndjson&format=ndjson",
    ] {
        let (status, body) = ask(&service, &format!("/_export?{wrong}")).await;
        let said = String::from_utf8(body).unwrap();
        assert!(
            status == StatusCode::UNPROCESSABLE_ENTITY && said.contains("EX-3009"),
            "{wrong}: {status} {said}"
        );
    }
}

/// The answer of an export, to be read bit by bit.
async fn begun(service: &Router, target: &str) -> BodyDataStream {
    let request = Request::get(target).body(Body::empty()).unwrap();
    let answer = service.clone().call(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.into_body().into_data_stream()
}

/// Everything that still comes; an error when the answer is broken off.
async fn rest(mut coming: BodyDataStream, mut read: Vec<u8>) -> Result<Vec<u8>, axum::Error> {
    while let Some(part) = coming.next().await {
        read.extend_from_slice(&part?);
    }
    Ok(read)
}

fn ids(read: &[u8]) -> Vec<u64> {
    let line = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_u64().unwrap();
    std::str::from_utf8(read).unwrap().lines().map(line).collect()
}

#[tokio::test]
async fn an_export_survives_a_restart_of_its_source() {
    let base = Base::postgres().await;
    let service = start(large(&base, 60_000).await).await;
    for format in ["ndjson", "parquet"] {
        let coming = begun(&service, &format!("/_export?format={format}")).await;
        base.store().set_reachable(false).await;
        base.store().cut_connections().await;
        let reading = tokio::spawn(rest(coming, Vec::new()));
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert!(!reading.is_finished(), "the source is away, there cannot be more");
        base.store().set_reachable(true).await;
        let read = reading.await.unwrap().unwrap();
        let found = match format {
            "ndjson" => ids(&read),
            _ => read_back(&read)["rows"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["id"].as_u64().unwrap())
                .collect(),
        };
        assert_eq!(found, (1..=60_000).collect::<Vec<_>>(), "each row once, as {format}");
    }
}

#[tokio::test]
async fn connections_that_end_in_the_middle_of_a_part_lose_and_repeat_no_row() {
    let base = Base::postgres().await;
    let service = start(large(&base, 30_000).await).await;
    let coming = begun(&service, "/_export").await;
    let reading = tokio::spawn(rest(coming, Vec::new()));
    let mut cuts = 0;
    while !reading.is_finished() && cuts < 4 {
        base.store().cut_connections().await;
        cuts += 1;
    }
    assert_eq!(ids(&reading.await.unwrap().unwrap()), (1..=30_000).collect::<Vec<_>>());
    assert!(cuts > 0);
}

#[tokio::test]
async fn a_schema_that_changes_under_an_export_breaks_it_off() {
    let base = Base::postgres().await;
    let service = start(large(&base, 30_000).await).await;
    let mut coming = begun(&service, "/_export").await;
    let first = coming.next().await.unwrap().unwrap();
    base.execute("ALTER TABLE lon RENAME COLUMN chu TO khac").await;
    assert!(rest(coming, first.to_vec()).await.is_err(), "a broken answer, not a short one");
    let (status, body) = ask(&service, "/_export").await;
    assert!(status == StatusCode::SERVICE_UNAVAILABLE && String::from_utf8_lossy(&body).contains("EX-3004"));
}

#[tokio::test]
async fn an_export_ends_when_its_reader_goes_away() {
    let base = Base::postgres().await;
    let mut definition = large(&base, 30_000).await;
    definition.limits.at_once = 1;
    let service = start(definition).await;
    let mut coming = begun(&service, "/_export").await;
    coming.next().await.unwrap().unwrap();
    // With its only connection gone, the export waits for the source: nobody else would get a turn if it went on.
    base.store().set_reachable(false).await;
    base.store().cut_connections().await;
    drop(coming);
    base.store().set_reachable(true).await;
    let again = lines(&service, "/_export").await;
    assert_eq!(again.len(), 30_000);
}

#[tokio::test]
async fn a_service_has_so_many_exports_at_once_and_the_next_is_told_to_come_again() {
    let base = Base::postgres().await;
    let service = start(large(&base, 30_000).await).await;
    let mut reading = Vec::new();
    for _ in 0..4 {
        reading.push(begun(&service, "/_export").await);
    }
    let request = Request::get("/_export").body(Body::empty()).unwrap();
    let refused = service.clone().call(request).await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after"));
    let (_, body) = ask(&service, "/_export?format=parquet").await;
    assert!(String::from_utf8_lossy(&body).contains("EX-3007"), "{}", String::from_utf8_lossy(&body));
    assert_eq!(ask(&service, "/_count").await.0, StatusCode::OK, "other questions are answered");
    let whole = rest(reading.pop().unwrap(), Vec::new()).await.unwrap();
    assert_eq!(ids(&whole).len(), 30_000);
    drop(reading);
    // What was being written ends a moment after its reader went.
    for _ in 0..4 {
        while ask(&service, "/_export").await.0 != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    }
}
