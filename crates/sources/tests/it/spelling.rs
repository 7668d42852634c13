//! One value has one spelling: who asks by another one finds nothing.

use http::StatusCode;
use serde_json::json;
use sources::definition::{Filter, Gives, How, Verified};
use sources::{Definition, draft, inspect};

use crate::base::{Base, on_each_engine};
use crate::service::{ask, json_of, start};

/// A first definition of a table of this database.
pub async fn drafted(base: &Base, table: &str) -> Definition {
    let source = base.source().await;
    let tables = source.tables().await.unwrap();
    let table = tables.iter().find(|one| one.name == table).unwrap();
    let seen = inspect::look(&source, table).await.unwrap();
    let mut drafted = draft::draft(&base.address(), table, &seen, ("HOTICH", "thu")).unwrap();
    drafted.password_file = base.drafted().await.password_file;
    drafted
}

/// A filter on the very value of each of these fields, by its name.
fn equal(definition: &mut Definition, fields: &[&str]) {
    let filter = |name: &&str| Filter { parameter: (*name).into(), field: (*name).into(), how: How::Equals };
    definition.filters = fields.iter().map(filter).collect();
}

async fn a_look_up_finds_a_row_by_the_value_as_it_is_given_and_by_no_other(base: Base) {
    let service = start(base.drafted().await).await;
    assert_eq!(json_of(&service, "/049000000003").await["id"], 3);
    for other in [
        "%20049000000003",
        "049000000003%20",
        "049000000003%09",
        "%E2%80%83049000000003",
        "049000000003%C2%A0",
    ] {
        assert_eq!(ask(&service, &format!("/{other}")).await.0, StatusCode::NOT_FOUND, "{other}");
    }
    let mut by_number = base.drafted().await;
    by_number.service.look_up = Some("id".into());
    equal(&mut by_number, &["id", "conSong"]);
    let service = start(by_number).await;
    assert_eq!(json_of(&service, "/3").await["id"], 3);
    for other in ["/+3", "/%2B3", "/003", "/3%20", "/-0", "/?id=003", "/?id=%203", "/?conSong=1"] {
        let (status, body) = ask(&service, other).await;
        let body = String::from_utf8(body).unwrap();
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{other}: {body}");
        assert!(
            body.contains("EX-3009") && (body.contains("\"id\"") || body.contains("\"conSong\"")),
            "{body}"
        );
    }
    assert_eq!(json_of(&service, "/_count?conSong=true").await, json!({ "count": 60 }));
}
on_each_engine!(a_look_up_finds_a_row_by_the_value_as_it_is_given_and_by_no_other);

async fn what_a_collation_takes_for_equal_is_another_value(base: Base) {
    let collation = if base.url.starts_with("sqlite") { " COLLATE NOCASE" } else { "" };
    base.execute(&format!("CREATE TABLE ho_so (ma varchar(20){collation} PRIMARY KEY, ten varchar(40))"))
        .await;
    base.execute("INSERT INTO ho_so VALUES ('H17-0001', 'A'), ('Nguyễn', 'B')").await;
    let definition = drafted(&base, "ho_so").await;
    let service = start(definition.clone()).await;
    assert_eq!(json_of(&service, "/H17-0001").await["ten"], "A");
    assert_eq!(json_of(&service, "/Nguy%E1%BB%85n").await["ten"], "B");
    // Lower case, a blank at the end, the tone mark on its own.
    for other in ["/h17-0001", "/H17-0001%20", "/Nguyen", "/NGUY%E1%BB%84N"] {
        assert_eq!(ask(&service, other).await.0, StatusCode::NOT_FOUND, "{other}");
    }
    assert_ne!(ask(&service, "/Nguye%CC%82%CC%83n").await.0, StatusCode::OK);

    let mut verdict = definition;
    (verdict.service.gives, verdict.changes) = (Gives::Verdict, None);
    let known = Verified { field: "ma".into(), compare: sources::definition::Compare::Exact, required: true };
    verdict.verified = vec![known];
    let service = start(verdict).await;
    for (value, agrees) in [("H17-0001", true), ("h17-0001", false), ("H17-0001 ", false)] {
        let said = crate::shaped::post(&service, &json!({ "ma": value }).to_string()).await;
        assert_eq!(said, (StatusCode::OK, json!({ "ketQua": agrees }).to_string()), "{value}");
    }
}
on_each_engine!(what_a_collation_takes_for_equal_is_another_value);

#[tokio::test]
async fn postgresql_cuts_off_and_rounds_nothing_that_is_asked_for() {
    let base = Base::postgres().await;
    base.execute(
        "CREATE TABLE the (so char(12) PRIMARY KEY, cmnd varchar(9) NOT NULL UNIQUE, tien numeric(10,2) NOT NULL,
            luc timestamp(0) NOT NULL, loai \"char\" NOT NULL);
         INSERT INTO the VALUES ('049062981763', '123456789', 1.24, '2026-11-22 07:00:00', 'a')",
    )
    .await;
    let mut definition = drafted(&base, "the").await;
    definition.service.look_up = Some("so".into());
    equal(&mut definition, &["so", "cmnd", "tien", "luc", "loai"]);
    let service = start(definition).await;
    assert_eq!(json_of(&service, "/049062981763").await["tien"], "1.24");
    for other in ["/049062981763999", "/049062981763'%20OR%201=1--", "/049062981763%20"] {
        assert_eq!(ask(&service, other).await.0, StatusCode::NOT_FOUND, "{other}");
    }
    let count = async |asked: &str| json_of(&service, &format!("/_count?{asked}")).await["count"].clone();
    for there in
        ["so=049062981763", "cmnd=123456789", "tien=1.24", "luc=2026-11-22T07:00:00%2B07:00", "loai=a"]
    {
        assert_eq!(count(there).await, 1, "{there}");
    }
    for other in [
        "so=0490629817639",
        "cmnd=123456789xyz",
        "tien=1.2449",
        "tien=1.235",
        "luc=2026-11-22T07:00:00.4%2B07:00",
        "loai=abc",
    ] {
        assert_eq!(count(other).await, 0, "{other}");
    }
}
