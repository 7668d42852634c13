//! The inventory through the API.

use http::Method;
use registry::inventory::{Format, Row, quang_nam, write};
use serde_json::{Value, json};
use testkit::TestStore;

use crate::server::Server;

fn entry(code: &str, owner: &str) -> Value {
    json!({ "code": code, "kind": "database", "name": "CSDL thử", "owner": owner, "scope": "province",
        "levels": ["province"], "objects": [{ "object": "ho-gia-dinh", "fields": ["chuHo"] }],
        "contacts": { "security": { "post": "Trực ban", "phone": "0236 3 123 456" } } })
}

fn length(list: &Value) -> usize {
    list.as_array().unwrap_or_else(|| panic!("{list}")).len()
}

#[tokio::test]
async fn the_figures_of_quang_nam_are_computed_from_its_file() {
    let server = Server::start().await;
    // 28 February 2022: the owners are ministries as they were then.
    server.clock.advance_secs(1_646_017_200 - 1_794_186_000);
    let server = server.with_agencies().await;
    let rows: Vec<Row> = quang_nam().into_iter().map(|holding| Row { holding, version: None }).collect();
    let file = write(Format::Csv, &rows).unwrap();
    let tried = server.upload("quantri", "/holdings/import?format=csv&dry_run=true", file.clone()).await.ok();
    assert_eq!((&tried.json()["rows"], &tried.json()["changes"]), (&json!(86), &json!(86)));
    assert_eq!(length(&server.get("quantri", "/holdings").await.ok().json()["items"]), 0);
    let refused = server.upload("quantri.h17", "/holdings/import?format=csv", file.clone()).await;
    assert_eq!(refused.problem(), "EX-2004");
    let named = refused.json();
    let owners: Vec<_> = named["errors"].as_array().unwrap().iter().map(|one| &one["place"]).collect();
    assert!(
        owners.contains(&&json!("000.00.00.G01")) && !owners.contains(&&json!("000.00.00.H17")),
        "{owners:?}"
    );
    server.upload("quantri", "/holdings/import?format=csv", file).await.ok();

    let figures = server.get("lanhdao.h17", "/holdings/figures").await.ok().json();
    assert_eq!(length(&figures["scope"]["national"]), 6);
    assert_eq!(length(&figures["scope"]["ministry"]), 80);
    assert_eq!(length(&figures["reaching"]["district"]), 23);
    assert_eq!(length(&figures["reaching"]["commune"]), 13);
    assert_eq!(length(&figures["sharing"]["platform"]), 14);
    assert_eq!(length(&figures["sharing"]["off_platform"]), 2);
    let listed = server.get("lanhdao.h17", "/holdings?level=commune&limit=500").await.ok().json();
    assert_eq!(length(&listed["items"]), 13);
    let overlaps = server.get("lanhdao.h17", "/holdings/overlaps").await.ok().json();
    assert!(length(&overlaps["pairs"]) > 0);
    assert_eq!(server.get("lanhdao.h17", "/holdings/asked-again").await.ok().json()["items"], json!([]));
}

#[tokio::test]
async fn a_file_with_a_bad_row_in_the_middle_leaves_nothing_in_any_format() {
    let server = Server::start().await.with_agencies().await;
    let mut rows = Vec::new();
    for code in ["A", "B", "C"] {
        let mut holding: registry::inventory::Holding =
            serde_json::from_value(entry(code, "000.00.00.H17")).unwrap();
        if code == "B" {
            holding.owner = "000.00.00.H47".parse().unwrap();
        }
        rows.push(Row { holding, version: None });
    }
    for (word, format) in [("csv", Format::Csv), ("xlsx", Format::Xlsx), ("json", Format::Json)] {
        let path = format!("/holdings/import?format={word}");
        let file = write(format, &rows).unwrap();
        let refused = server.upload("quantri.h17", &path, file).await;
        assert_eq!(refused.problem(), "EX-2018", "{word}");
        assert_eq!(length(&refused.json()["errors"]), 1, "{word}");
        assert_eq!(server.get("quantri.h17", "/holdings").await.ok().json()["items"], json!([]));
        assert_eq!(server.newest().await, ("inventory_put".into(), "holding".into(), Some("EX-2018".into())));
    }
    rows.remove(1);
    let file = write(Format::Xlsx, &rows).unwrap();
    server.upload("quantri.h17", "/holdings/import?format=xlsx", file).await.ok();
    for word in ["csv", "xlsx", "json"] {
        let path = format!("/holdings/export?format={word}");
        let file = server.get("quantri.h17", &path).await.ok().body.to_vec();
        let path = format!("/holdings/import?format={word}");
        let again = server.upload("quantri.h17", &path, file).await.ok().json();
        assert_eq!((&again["rows"], &again["changes"]), (&json!(2), &json!(0)), "{word}");
    }
    let others = server.get("quantri.g01", "/holdings/export?format=json").await.ok().json();
    assert_eq!(others, json!([]));
}

async fn every_change_is_in_the_journal(server: Server) {
    let server = server.with_agencies().await;
    let (path, close) = ("/holdings/CSDL-1", "/holdings/CSDL-1/close");
    let own = || entry("CSDL-1", "000.00.00.H17");
    let ending = json!({ "on": "2026-12-31", "legal_basis": "1/QĐ" });
    server.by("quantri.h17", Method::PUT, path, Some(own())).await.ok();
    let subject = || "holding/CSDL-1".to_owned();
    assert_eq!(server.newest().await, ("inventory_put".into(), subject(), None));
    let tag = server.tag("quantri.h17", path).await;
    let taken = entry("CSDL-1", "000.00.00.G01");
    let refusals = [
        // Neither who takes it over nor who gives it away can do so alone.
        ("quantri.g01", Method::PUT, path, tag.as_str(), taken.clone(), "EX-2004"),
        ("quantri.h17", Method::PUT, path, tag.as_str(), taken, "EX-2004"),
        ("kiemtoan", Method::PUT, path, tag.as_str(), own(), "EX-2004"),
        ("vanhanh1", Method::POST, close, tag.as_str(), ending.clone(), "EX-2004"),
        ("quantri.h17", Method::PUT, path, "\"0\"", own(), "EX-2003"),
        ("quantri.h17", Method::POST, close, "\"0\"", ending.clone(), "EX-2003"),
    ];
    for (who, method, path, seen, body, code) in refusals {
        let refused = server.change(who, method.clone(), path, seen, body).await;
        assert_eq!(refused.problem(), code, "{who} {method} {path}");
        assert_eq!(server.newest().await, ("inventory_put".into(), subject(), Some(code.into())));
    }
    let mut named = own();
    named["name"] = "CSDL khác".into();
    let unseen = server.by("quantri.h17", Method::PUT, path, Some(named.clone())).await;
    assert_eq!(unseen.json()["errors"][0]["place"], "If-Match");
    server.change("quantri.h17", Method::PUT, path, &tag, named).await.ok();
    assert_eq!(server.change("quantri", Method::PUT, path, &tag, own()).await.problem(), "EX-2003");
    let tag = server.tag("quantri.h17", path).await;
    server.change("quantri.h17", Method::POST, close, &tag, ending).await.ok();
    let shown = server.get("quantri.h17", path).await.ok().json();
    assert_eq!((length(&shown["history"]), &shown["holding"]["stage"]), (3, &json!("closed")));
}

#[tokio::test]
async fn every_change_of_the_inventory_is_in_the_journal_with_its_refusals() {
    every_change_is_in_the_journal(Server::start().await).await;
}

#[tokio::test]
async fn every_change_of_the_inventory_is_in_the_journal_on_postgresql() {
    every_change_is_in_the_journal(Server::on(TestStore::postgres().await).await).await;
}

#[tokio::test]
async fn contacts_are_shown_only_to_who_may_read_at_the_owner() {
    let server = Server::start().await.with_agencies().await;
    let body = Some(entry("CSDL-1", "000.00.00.H17"));
    server.by("quantri.h17", Method::PUT, "/holdings/CSDL-1", body).await.ok();
    for (who, reads) in
        [("lanhdao.h17", true), ("kiemtoan", true), ("vanhanh1", true), ("quantri.g01", false)]
    {
        for path in ["/holdings/CSDL-1", "/holdings"] {
            let shown = server.get(who, path).await.ok();
            let text = String::from_utf8_lossy(&shown.body).into_owned();
            assert_eq!(text.contains("0236 3 123 456"), reads, "{who} {path}");
        }
    }
}
