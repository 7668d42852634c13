//! Text of before Unicode in the columns of a database.

use http::StatusCode;
use serde_json::json;
use sources::check::check;
use sources::definition::{Filter, How};
use sources::encoding::Encoding;
use sources::meaning::Meaning;
use sources::{Definition, draft, inspect};

use crate::base::{Base, on_each_engine};
use crate::service::{ask, json_of, start};

const NAMES: [&str; 5] =
    ["Nguyễn Văn Đức", "Trần Thị Hường", "Lê Quốc Việt", "Đặng Mỹ Quỳnh", "Phạm Đình Trọng"];

/// A table with names as TCVN3 and as VNI, and with good ones.
async fn old_table(base: &Base) -> Definition {
    base.execute("CREATE TABLE cu (id integer PRIMARY KEY, abc varchar(60) NOT NULL UNIQUE, vni varchar(60) NOT NULL, tot varchar(60) NOT NULL)").await;
    for (id, name) in (1..).zip(NAMES) {
        let abc = Encoding::Tcvn3.encode(name).unwrap();
        let vni = Encoding::Vni.encode(name).unwrap();
        base.execute(&format!("INSERT INTO cu VALUES ({id}, '{abc}', '{vni}', '{name}')")).await;
    }
    let source = base.source().await;
    let tables = source.tables().await.unwrap();
    let table = tables.iter().find(|table| table.name == "cu").unwrap();
    let seen = inspect::look(&source, table).await.unwrap();
    let said: Vec<&str> = seen.remarks.iter().map(|remark| &*remark.en).collect();
    assert!(said.iter().any(|said| said.contains("abc is in TCVN3")), "{said:?}");
    assert!(said.iter().any(|said| said.contains("vni is in VNI-Windows")), "{said:?}");
    assert!(!said.iter().any(|said| said.contains("column tot")), "{said:?}");
    let mut drafted = draft::draft(&base.address(), table, &seen, ("HOTICH", "cu")).unwrap();
    drafted.password_file = base.drafted().await.password_file;
    drafted
}

async fn old_text_is_given_and_searched_as_unicode(base: Base) {
    let definition = old_table(&base).await;
    assert_eq!(definition.field("abc").unwrap().encoding, Some(Encoding::Tcvn3));
    assert_eq!(definition.field("tot").unwrap().encoding, None);
    let service = start(definition.clone()).await;
    for (id, name) in (1..).zip(NAMES) {
        assert_eq!(
            json_of(&service, &format!("/{id}")).await,
            json!({ "id": id, "abc": name, "vni": name, "tot": name })
        );
    }
    let coded = NAMES[0].bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
    let found = json_of(&service, &format!("/?abc={coded}")).await;
    assert_eq!((found["items"].as_array().unwrap().len(), &found["items"][0]["id"]), (1, &json!(1)));
    let other = ask(&service, "/?abc=%E6%BC%A2").await;
    assert_eq!(other.0, StatusCode::UNPROCESSABLE_ENTITY, "{}", String::from_utf8_lossy(&other.1));

    // Somebody writes Unicode among the old text.
    base.execute("INSERT INTO cu VALUES (6, 'Vũ Thị Bưởi', 'Vũ Thị Bưởi', 'x')").await;
    let (status, body) = ask(&service, "/6").await;
    let body = String::from_utf8(body).unwrap();
    assert!(status == StatusCode::INTERNAL_SERVER_ERROR && body.contains("EX-3011"), "{body}");
    let source = sources::serve::open(&definition).await.unwrap();
    let checked = check(&definition, &source).await.unwrap();
    assert!(
        checked.mistakes.iter().any(|of| of.en.contains("row 6") && of.en.contains("TCVN3")),
        "{checked:?}"
    );
}
on_each_engine!(old_text_is_given_and_searched_as_unicode);

#[tokio::test]
async fn old_text_is_understood_by_what_it_stands_for_and_told_where_only_some_is() {
    let base = Base::sqlite().await;
    base.execute("CREATE TABLE lan (id INTEGER PRIMARY KEY, ho_ten TEXT NOT NULL, ten_khac TEXT NOT NULL)")
        .await;
    for id in 1..=40 {
        let name = NAMES[id / 10 % NAMES.len()];
        let old = Encoding::Tcvn3.encode(name).unwrap();
        let vni = Encoding::Vni.encode(name).unwrap();
        let text = match id % 20 {
            0 => old.clone(),
            10 => vni,
            _ => name.to_owned(),
        };
        base.execute(&format!("INSERT INTO lan VALUES ({id}, '{old}', '{text}')")).await;
    }
    let source = base.source().await;
    let tables = source.tables().await.unwrap();
    let table = tables.iter().find(|table| table.name == "lan").unwrap();
    let seen = inspect::look(&source, table).await.unwrap();
    assert_eq!(seen.columns[1].guess.map(|guess| guess.meaning), Some(Meaning::PersonName));
    assert!(seen.columns[1].personal.is_some());
    let said: Vec<&str> = seen.remarks.iter().map(|remark| &*remark.en).collect();
    assert!(said.iter().any(|said| said.contains("ten_khac: about 10% of the values")), "{said:?}");
}

#[tokio::test]
async fn a_search_that_old_text_does_not_allow_is_refused_in_the_definition() {
    let base = Base::sqlite().await;
    let mut definition = old_table(&base).await;
    definition.filters = vec![
        Filter { parameter: "a".into(), field: "vni".into(), how: How::Prefix },
        Filter { parameter: "b".into(), field: "abc".into(), how: How::From },
        Filter { parameter: "c".into(), field: "abc".into(), how: How::Prefix },
        Filter { parameter: "d".into(), field: "tot".into(), how: How::Equals },
    ];
    definition.fields[3].encoding = Some(Encoding::Windows1258);
    definition.fields[0].encoding = Some(Encoding::Tcvn3);
    let refused = Definition::parse(&definition.text().unwrap()).unwrap_err().to_string();
    for place in ["filter a", "filter b", "filter d", "field id"] {
        assert!(refused.contains(place), "{place}: {refused}");
    }
    assert!(!refused.contains("filter c"), "{refused}");
}
