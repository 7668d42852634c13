//! Telling changes where no column tells them: by a table that triggers fill, and by comparing hashes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use base::SystemClock;
use http::StatusCode;
use serde_json::{Value, json};
use sources::Definition;
use sources::changes::compare::{self, Comparing, Summary};
use sources::changes::triggers;
use sources::check::check;
use sources::definition::{ChangeTable, Changes, Every};
use sources::serve::{Service, router};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection};
use testkit::TestStore;

use crate::base::{Base, PEOPLE, on_each_engine};
use crate::service::{ask, json_of, start};

/// The register with its table of changes, as `source triggers` has its owner make it.
async fn with_triggers(base: &Base) -> Definition {
    let mut definition = base.drafted().await;
    let schema = definition.entity.table.rsplit_once('.').map(|(schema, _)| format!("{schema}."));
    let table = ChangeTable::new(format!("{}thay_doi", schema.unwrap_or_default()));
    definition.changes = Some(Changes::Table(table));
    let definition = Definition::parse(&definition.text().unwrap())
        .map(|read| Definition { password_file: definition.password_file, ..read })
        .unwrap();
    let engine = base.address().engine();
    let checked = check(&definition, &base.source().await).await.unwrap();
    assert!(checked.mistakes.iter().any(|mistake| mistake.place == "changes"), "{checked:?}");
    for statement in triggers::statements(&definition, engine).unwrap() {
        base.execute(&statement).await;
    }
    assert_eq!(check(&definition, &base.source().await).await.unwrap().mistakes, []);
    definition
}

/// Follows changes from a mark to the end: what was told of each row last, and the next mark.
async fn follow(service: &Router, since: &mut String) -> BTreeMap<i64, String> {
    let mut told = BTreeMap::new();
    loop {
        let page = json_of(service, &format!("/_changes?since={since}&limit=7")).await;
        let items = page["items"].as_array().unwrap();
        for item in items {
            let gone = item["thaoTac"] == "xoa";
            assert_eq!(item["dong"].is_null(), gone, "{item}");
            if !gone {
                assert_eq!(item["dong"]["id"], item["khoa"]["id"]);
            }
            told.insert(item["khoa"]["id"].as_i64().unwrap(), item["thaoTac"].as_str().unwrap().to_owned());
        }
        page["next"].as_str().unwrap().clone_into(since);
        if items.is_empty() {
            return told;
        }
    }
}

/// Follows until so many rows were told of; other tests of the same server may hold changes back for a while.
async fn follow_until(service: &Router, since: &mut String, rows: usize) -> BTreeMap<i64, String> {
    let mut told = BTreeMap::new();
    for _ in 0..600 {
        told.extend(follow(service, since).await);
        if told.len() >= rows {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("only {told:?} was told");
}

fn row(id: i64) -> String {
    format!("({id}, '04910000{id:04}', 'Mới', '2000-01-01', 1, TRUE, '20242', '2026-02-01 00:00:00')")
}

const COLUMNS: &str = "id, so_dinh_danh, ho_ten, ngay_sinh, le_phi, con_song, ma_xa, cap_nhat";

async fn a_table_of_changes_tells_what_came_changed_and_went(base: Base) {
    let service = start(with_triggers(&base).await).await;
    let mut since = "0".to_owned();
    assert_eq!(follow(&service, &mut since).await, BTreeMap::new());
    base.execute("UPDATE khai_sinh SET ho_ten = 'Một' WHERE id = 3").await;
    base.execute("UPDATE khai_sinh SET ho_ten = 'Hai' WHERE id = 3").await;
    base.execute("DELETE FROM khai_sinh WHERE id = 5").await;
    base.execute(&format!("INSERT INTO khai_sinh ({COLUMNS}) VALUES {}", row(500))).await;
    let expected = [(3, "sua"), (5, "xoa"), (500, "them")].map(|(id, what)| (id, what.to_owned()));
    assert_eq!(follow_until(&service, &mut since, 3).await, BTreeMap::from(expected));
    assert_eq!(follow(&service, &mut since).await, BTreeMap::new(), "each change once");

    base.execute("UPDATE khai_sinh SET id = 600 WHERE id = 7").await;
    let expected = [(7, "xoa"), (600, "sua")].map(|(id, what)| (id, what.to_owned()));
    assert_eq!(follow_until(&service, &mut since, 2).await, BTreeMap::from(expected));
    let all = json_of(&service, "/_changes?since=0&limit=500").await;
    let third = all["items"].as_array().unwrap().iter().filter(|item| item["khoa"]["id"] == 3);
    let third: Vec<&Value> = third.collect();
    assert_eq!(third.len(), 1, "one item for a row: {third:?}");
    assert_eq!(third[0]["dong"]["hoTen"], "Hai");
    assert!(third[0]["luc"].as_str().unwrap().ends_with('Z'), "{third:?}");

    for wrong in ["/_changes", "/_changes?since=x", "/_changes?since=-1", "/_changes?since=1.2.3"] {
        let (status, body) = ask(&service, wrong).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {}", String::from_utf8_lossy(&body));
    }
}
on_each_engine!(a_table_of_changes_tells_what_came_changed_and_went);

#[tokio::test]
async fn no_change_is_lost_when_transactions_end_in_another_order_on_postgresql() {
    let base = Base::postgres().await;
    let service = start(with_triggers(&base).await).await;
    let mut since = "0".to_owned();
    let mut first = PgConnection::connect(&base.url).await.unwrap();
    let mut second = PgConnection::connect(&base.url).await.unwrap();
    let run = async |conn: &mut PgConnection, sql: &str| {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(conn).await.unwrap();
    };
    run(&mut first, "BEGIN; UPDATE khai_sinh SET ho_ten = 'a' WHERE id = 1").await;
    run(&mut second, "BEGIN; UPDATE khai_sinh SET ho_ten = 'a' WHERE id = 2").await;
    // The older transaction takes a later number and ends first.
    run(&mut first, "UPDATE khai_sinh SET ho_ten = 'a' WHERE id = 3; COMMIT").await;
    let told = follow_until(&service, &mut since, 2).await;
    assert_eq!(told.keys().copied().collect::<Vec<_>>(), [1, 3]);
    run(&mut second, "COMMIT").await;
    assert_eq!(follow_until(&service, &mut since, 1).await.keys().copied().collect::<Vec<_>>(), [2]);
    // The younger one ends first: what it did waits for the older one.
    run(&mut first, "BEGIN; UPDATE khai_sinh SET ho_ten = 'b' WHERE id = 4").await;
    run(&mut second, "UPDATE khai_sinh SET ho_ten = 'b' WHERE id = 5").await;
    assert_eq!(follow(&service, &mut since).await, BTreeMap::new());
    run(&mut first, "ROLLBACK").await;
    assert_eq!(follow_until(&service, &mut since, 1).await.keys().copied().collect::<Vec<_>>(), [5]);
    run(&mut first, "TRUNCATE khai_sinh").await;
    let told = follow_until(&service, &mut since, PEOPLE as usize).await;
    assert!(told.values().all(|what| what == "xoa"), "{told:?}");
}

#[tokio::test]
async fn many_writers_at_once_lose_no_change_on_postgresql() {
    let base = Base::postgres().await;
    let service = start(with_triggers(&base).await).await;
    let writers: Vec<_> = (0..6)
        .map(|writer: u64| {
            let url = base.url.clone();
            tokio::spawn(async move {
                let mut conn = PgConnection::connect(&url).await.unwrap();
                for round in 0..10 {
                    let (one, two) = (writer * 20 + round * 2 + 1, writer * 20 + round * 2 + 2);
                    let wait = (writer * 7 + round * 3) % 11;
                    let sql = format!(
                        "BEGIN; UPDATE khai_sinh SET ho_ten = 'w' WHERE id = {one}; SELECT pg_sleep(0.00{wait:02});
                         UPDATE khai_sinh SET ho_ten = 'w' WHERE id = {two}; COMMIT"
                    );
                    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
                }
            })
        })
        .collect();
    let mut since = "0".to_owned();
    let told = follow_until(&service, &mut since, PEOPLE as usize).await;
    assert_eq!(told.len(), PEOPLE as usize);
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn a_gap_in_the_numbers_holds_back_what_follows_until_it_is_old_on_mariadb() {
    let base = Base::mariadb().await;
    let service = start(with_triggers(&base).await).await;
    let mut since = "0".to_owned();
    let mut open = MySqlConnection::connect(&base.url).await.unwrap();
    sqlx::raw_sql("START TRANSACTION; UPDATE khai_sinh SET ho_ten = 'a' WHERE id = 1")
        .execute(&mut open)
        .await
        .unwrap();
    base.execute("UPDATE khai_sinh SET ho_ten = 'a' WHERE id = 2").await;
    assert_eq!(follow(&service, &mut since).await, BTreeMap::new(), "the first number is still to come");
    sqlx::raw_sql("COMMIT").execute(&mut open).await.unwrap();
    assert_eq!(follow(&service, &mut since).await.keys().copied().collect::<Vec<_>>(), [1, 2]);

    sqlx::raw_sql("START TRANSACTION; UPDATE khai_sinh SET ho_ten = 'b' WHERE id = 3; ROLLBACK")
        .execute(&mut open)
        .await
        .unwrap();
    base.execute("UPDATE khai_sinh SET ho_ten = 'b' WHERE id = 4").await;
    assert_eq!(follow(&service, &mut since).await, BTreeMap::new(), "it may still come");
    base.execute("UPDATE thay_doi SET lt_luc = lt_luc - INTERVAL 11 MINUTE").await;
    assert_eq!(follow(&service, &mut since).await.keys().copied().collect::<Vec<_>>(), [4]);
}

/// A service whose changes are found by comparing, on a store.
async fn compared(definition: Definition, store: &TestStore) -> (Router, Arc<Service>, Arc<Comparing>) {
    let comparing = Arc::new(Comparing::new(store.url(), &[7; 32]));
    let service = Service::open(definition).await.unwrap().with_comparing(Arc::clone(&comparing));
    let service = Arc::new(service);
    (router(Arc::clone(&service)), service, comparing)
}

async fn by_hash(base: &Base) -> Definition {
    let mut definition = base.drafted().await;
    definition.changes = Some(Changes::Hash { every: Every::Day, at: "23:30".parse().unwrap() });
    Definition::parse(&definition.text().unwrap())
        .map(|read| Definition { password_file: definition.password_file, ..read })
        .unwrap()
}

async fn each_store() -> [TestStore; 2] {
    [TestStore::sqlite(), TestStore::postgres().await]
}

async fn a_comparison_tells_what_came_changed_and_went(base: Base) {
    for store in each_store().await {
        let mut definition = by_hash(&base).await;
        definition.fields.retain(|field| field.name != "maXa");
        let (service, compared, comparing) = compared(definition, &store).await;
        let (status, body) = ask(&service, "/_changes?since=0").await;
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("EX-3018")));
        let run = async || compare::run(&compared, &comparing, &SystemClock, false).await.unwrap();
        let rows = i64::from(PEOPLE);
        assert_eq!(run().await, Summary { is_base: true, rows, ..Summary::default() });
        let mut since = "0".to_owned();
        assert_eq!(follow(&service, &mut since).await, BTreeMap::new());
        assert_eq!(run().await, Summary { rows, ..Summary::default() }, "nothing changed");

        base.execute("UPDATE khai_sinh SET ho_ten = 'Một' WHERE id = 3").await;
        base.execute("UPDATE khai_sinh SET ma_xa = '00001' WHERE id = 4").await;
        base.execute("DELETE FROM khai_sinh WHERE id = 5").await;
        base.execute(&format!("INSERT INTO khai_sinh ({COLUMNS}) VALUES {}", row(500))).await;
        let summary = run().await;
        assert_eq!(
            (summary.added, summary.changed, summary.gone, summary.rows),
            (1, 1, 1, rows),
            "a column that is not given does not count"
        );
        let expected = [(3, "sua"), (5, "xoa"), (500, "them")].map(|(id, what)| (id, what.to_owned()));
        assert_eq!(follow(&service, &mut since).await, BTreeMap::from(expected));
        let first = json_of(&service, "/_changes?since=0&limit=1").await;
        assert_eq!(first["items"].as_array().unwrap().len(), 1);

        // As it was before, for the other store.
        base.execute("UPDATE khai_sinh SET ho_ten = 'Trần Văn Mẫu 3' WHERE id = 3").await;
        base.execute("DELETE FROM khai_sinh WHERE id = 500").await;
        base.execute(&format!("INSERT INTO khai_sinh ({COLUMNS}) VALUES {}", row(5))).await;
        run().await;
        let expected = [(3, "sua"), (5, "them"), (500, "xoa")].map(|(id, what)| (id, what.to_owned()));
        assert_eq!(follow(&service, &mut since).await, BTreeMap::from(expected));
        assert_eq!(ask(&service, "/_changes?since=99").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
on_each_engine!(a_comparison_tells_what_came_changed_and_went);

/// 2,620 rows: three pages.
async fn large() -> Base {
    let base = Base::sqlite().await;
    let rows: Vec<_> = (1_000..3_500).map(row).collect();
    base.execute(&format!("INSERT INTO khai_sinh ({COLUMNS}) VALUES {}", rows.join(","))).await;
    base
}

#[tokio::test]
async fn a_comparison_that_was_interrupted_goes_on_where_it_was() {
    for store in each_store().await {
        let base = large().await;
        let (service, compared, comparing) = compared(by_hash(&base).await, &store).await;
        let run = async || compare::run(&compared, &comparing, &SystemClock, false).await;
        assert_eq!(run().await.unwrap().rows, 2_620);
        base.execute("UPDATE khai_sinh SET ngay_sinh = 'hỏng' WHERE id = 2500").await;
        base.execute("UPDATE khai_sinh SET ho_ten = 'Một' WHERE id = 3").await;
        base.execute("DELETE FROM khai_sinh WHERE id IN (4, 3400)").await;
        assert_eq!(run().await.unwrap_err().code(), "EX-3011");
        let state = comparing.state(compared.definition()).await.unwrap().unwrap();
        assert_eq!((state.read_rows, state.token), (1_000, None));
        let mut since = "0".to_owned();
        assert_eq!(follow(&service, &mut since).await.len(), 1, "what was found is told already");
        base.execute("UPDATE khai_sinh SET ngay_sinh = '2000-01-01' WHERE id = 2500").await;
        base.execute("UPDATE khai_sinh SET ho_ten = 'Hai' WHERE id = 3").await;
        let summary = run().await.unwrap();
        assert_eq!((summary.changed, summary.gone, summary.rows), (0, 2, 2_618), "the first page counts");
        let told = follow(&service, &mut since).await;
        assert_eq!(told, BTreeMap::from([(4, "xoa".to_owned()), (3400, "xoa".to_owned())]));
        assert_eq!(run().await.unwrap().changed, 1, "the next run sees what changed behind this one");
    }
}

#[tokio::test]
async fn a_source_that_is_nearly_empty_is_not_believed() {
    let (base, store) = (Base::sqlite().await, TestStore::sqlite());
    let (service, compared, comparing) = compared(by_hash(&base).await, &store).await;
    compare::run(&compared, &comparing, &SystemClock, false).await.unwrap();
    base.execute("DELETE FROM khai_sinh WHERE id > 20").await;
    for _ in 0..2 {
        let refused = compare::run(&compared, &comparing, &SystemClock, false).await.unwrap_err();
        assert!(refused.code() == "EX-3018" && refused.to_string().contains("--few-rows"), "{refused}");
    }
    let mut since = "0".to_owned();
    assert_eq!(follow(&service, &mut since).await, BTreeMap::new());
    let summary = compare::run(&compared, &comparing, &SystemClock, true).await.unwrap();
    assert_eq!(summary.gone, 100);
    assert_eq!(follow(&service, &mut since).await.len(), 100);
}

#[tokio::test]
async fn nobody_reads_a_key_of_the_source_in_the_store() {
    let (base, store) = (Base::sqlite().await, TestStore::sqlite());
    let mut definition = by_hash(&base).await;
    definition.entity.key = vec!["so_dinh_danh".into()];
    definition.entity.key_types = vec!["VARCHAR(12)".into()];
    let (service, compared, comparing) = compared(definition.clone(), &store).await;
    compare::run(&compared, &comparing, &SystemClock, false).await.unwrap();
    base.execute("DELETE FROM khai_sinh WHERE id = 5").await;
    compare::run(&compared, &comparing, &SystemClock, false).await.unwrap();
    let told = json_of(&service, "/_changes?since=0").await;
    assert_eq!(told["items"][0]["khoa"], json!({ "soDinhDanh": "049000000005" }));
    let file = store.file().unwrap();
    let all = ["", "-wal"].map(|end| std::fs::read(format!("{}{end}", file.display())).unwrap_or_default());
    let all = all.concat();
    assert!(all.windows(15).any(|bytes| bytes == b"HOTICH/khai-sin"), "this is the file");
    assert!(!all.windows(12).any(|bytes| bytes == b"049000000005" || bytes == b"049000000006"));

    // Another secret opens nothing: everything begins anew, and old numbers are refused.
    let other = Arc::new(Comparing::new(store.url(), &[8; 32]));
    let service = Arc::new(Service::open(definition).await.unwrap().with_comparing(Arc::clone(&other)));
    let answers = router(Arc::clone(&service));
    assert_eq!(ask(&answers, "/_changes?since=0").await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert!(compare::run(&service, &other, &SystemClock, false).await.unwrap().is_base);
    assert_eq!(ask(&answers, "/_changes?since=1").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let next = json_of(&answers, "/_changes?since=0").await["next"].clone();
    assert_eq!(next, "2");
    assert_eq!(json_of(&answers, "/_changes?since=2").await["items"], json!([]));
}

#[tokio::test]
async fn a_definition_names_what_its_way_of_telling_changes_lacks() {
    let base = Base::sqlite().await;
    let mut definition = by_hash(&base).await;
    definition.fields.retain(|field| field.name != "id");
    let refused = Definition::parse(&definition.text().unwrap()).unwrap_err();
    assert!(refused.to_string().contains("changes") && refused.to_string().contains("id"), "{refused}");
}
