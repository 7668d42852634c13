//! Pages and exports give every row once, or say that they cannot.

use http::StatusCode;
use serde_json::Value;
use sources::definition::Entity;
use sources::{Definition, draft, inspect};

use crate::base::Base;
use crate::service::{ask, json_of, start};
use crate::spelling::drafted;

/// A first definition of a view, by a key that somebody named.
async fn by_key(base: &Base, view: &str, key: &[&str]) -> Result<Definition, String> {
    let source = base.source().await;
    let mut tables = source.tables().await.unwrap();
    let table = tables.iter_mut().find(|one| one.name == view).unwrap();
    table.key = key.iter().map(|column| (*column).to_owned()).collect();
    let seen = inspect::look(&source, table).await.unwrap();
    let made = draft::draft(&base.address(), table, &seen, ("HOTICH", "thu"));
    let mut made = made.map_err(|error| error.to_string())?;
    made.service.export = true;
    made.password_file = base.drafted().await.password_file;
    Ok(made)
}

/// How many rows an export gives; nothing when it breaks off or is refused.
async fn exported(definition: Definition) -> Option<usize> {
    let service = start(definition).await;
    let (status, body) = ask(&service, "/_export").await;
    (status == StatusCode::OK && body != b"broken")
        .then(|| String::from_utf8_lossy(&body).matches('\n').count())
}

/// How many rows all pages give, and the code of what ended them.
async fn paged(definition: Definition, limit: usize) -> (usize, String) {
    let service = start(definition).await;
    let (mut rows, mut target) = (0, format!("/?limit={limit}"));
    for _ in 0..200 {
        let (status, body) = ask(&service, &target).await;
        let page: Value = serde_json::from_slice(&body).unwrap();
        if status != StatusCode::OK {
            return (rows, page["code"].as_str().unwrap().to_owned());
        }
        rows += page["items"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else { return (rows, String::new()) };
        target = format!("/?limit={limit}&after={next}");
    }
    (rows, "never ends".into())
}

#[tokio::test]
async fn mariadb_types_that_texts_do_not_order_are_no_keys() {
    let base = Base::mariadb().await;
    base.execute(
        "CREATE TABLE theo_loai (loai ENUM('zeta','alpha','mid') NOT NULL, so INT NOT NULL, PRIMARY KEY (loai, so));
         CREATE TABLE theo_bo (loai SET('z','a','m') NOT NULL, so INT NOT NULL, PRIMARY KEY (loai, so));
         CREATE TABLE so_le (id FLOAT PRIMARY KEY);
         CREATE TABLE so_lon (id BIGINT UNSIGNED PRIMARY KEY, ten VARCHAR(9));
         INSERT INTO so_lon SELECT 18446744073709551615 - seq, 'x' FROM seq_1_to_1200",
    )
    .await;
    for (table, key) in [("theo_loai", &["loai", "so"][..]), ("theo_bo", &["loai", "so"]), ("so_le", &["id"])]
    {
        let refused = by_key(&base, table, key).await.unwrap_err();
        assert!(refused.contains(key[0]) && refused.contains("pages cannot go"), "{refused}");
    }
    let mut definition = by_key(&base, "so_lon", &["id"]).await.unwrap();
    definition.fields.retain(|field| field.name == "ten");
    definition.service.look_up = None;
    definition.filters.clear();
    assert_eq!(exported(definition.clone()).await, Some(1_200));
    definition.entity.key_types = vec!["enum('a','b')".into()];
    let text = definition.text().unwrap();
    assert!(
        Definition::parse(&text).is_err_and(|error| error.code() == "EX-3010"),
        "one that is there already"
    );
}

#[tokio::test]
async fn sqlite_columns_that_hold_anything_lose_no_row_silently() {
    let base = Base::sqlite().await;
    base.execute(
        "CREATE TABLE khong_kieu (id PRIMARY KEY, ten TEXT);
         CREATE TABLE so (id INTEGER PRIMARY KEY, ten TEXT);
         WITH RECURSIVE dem(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM dem LIMIT 1500) INSERT INTO so SELECT n, 'x' FROM dem;
         INSERT INTO khong_kieu SELECT * FROM so;
         CREATE VIEW cong AS SELECT id + 0 AS id, ten FROM so;
         CREATE VIEW ep AS SELECT CAST(id + 0 AS INTEGER) AS id, ten FROM so;
         CREATE TABLE nhi_phan (id TEXT PRIMARY KEY NOT NULL, ten TEXT);
         INSERT INTO nhi_phan SELECT printf('%05d', id), 'x' FROM so;
         UPDATE nhi_phan SET id = CAST(id AS BLOB) WHERE id > '00600';
         CREATE TABLE le (id NUMERIC PRIMARY KEY NOT NULL, ten TEXT);
         INSERT INTO le SELECT id / 7.0, 'x' FROM so",
    )
    .await;
    for view in ["khong_kieu", "cong"] {
        let refused = by_key(&base, view, &["id"]).await.unwrap_err();
        assert!(refused.contains("id") && refused.contains("CAST"), "{refused}");
    }
    let whole = by_key(&base, "ep", &["id"]).await;
    assert_eq!(exported(whole.unwrap()).await, Some(1_500));
    for table in ["nhi_phan", "le"] {
        let definition = by_key(&base, table, &["id"]).await.unwrap();
        assert_eq!(exported(definition.clone()).await, None, "{table}");
        assert_eq!(paged(definition, 50).await.1, "EX-3011", "{table}");
    }
    // A look-up by a column without type finds numbers and texts.
    let mut definition = drafted(&base, "so").await;
    definition.entity.table = "khong_kieu".into();
    definition.fields[0].column_type = String::new();
    base.execute("INSERT INTO khong_kieu VALUES ('2000', 'chữ')").await;
    let service = start(definition).await;
    assert_eq!(json_of(&service, "/5").await["ten"], "x");
    assert_eq!(json_of(&service, "/2000").await["ten"], "chữ");
}

async fn a_view_whose_key_is_none_stops_pages_and_exports(base: Base) {
    base.execute(
        "CREATE TABLE nhieu (id integer PRIMARY KEY, ten varchar(20));
         CREATE VIEW trung AS SELECT CAST(CASE WHEN id > 900 THEN id - 1 ELSE id END AS INTEGER) AS so, ten FROM nhieu;
         CREATE VIEW rong AS SELECT CAST(CASE WHEN id > 1400 THEN NULL ELSE id END AS INTEGER) AS so, ten FROM nhieu",
    )
    .await;
    let rows: Vec<_> = (1..=1_500).map(|id| format!("({id}, 'x')")).collect();
    base.execute(&format!("INSERT INTO nhieu VALUES {}", rows.join(","))).await;
    let mut definition = by_key(&base, "nhieu", &["id"]).await.unwrap();
    assert_eq!(exported(definition.clone()).await, Some(1_500));
    assert_eq!(paged(definition.clone(), 500).await, (1_500, String::new()));
    let schema = definition.entity.table.strip_suffix("nhieu").unwrap().to_owned();
    definition.fields.retain(|field| field.name == "ten");
    definition.service.look_up = None;
    definition.filters.clear();
    for view in ["trung", "rong"] {
        let key_types = definition.entity.key_types.clone();
        definition.entity = Entity { table: format!("{schema}{view}"), key: vec!["so".into()], key_types };
        assert_eq!(exported(definition.clone()).await, None, "{view}");
        // 900 is the end of a page: the second row with this key would be left out.
        assert_eq!(paged(definition.clone(), 100).await.1, "EX-3011", "{view}");
    }
}
crate::base::on_each_engine!(a_view_whose_key_is_none_stops_pages_and_exports);
