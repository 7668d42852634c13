//! Figures agree with the lists behind them, and nobody counts what he does not see.

use serde_json::{Value, json};

use crate::server::Server;
use crate::story::{BASIS, SERVICES, change, go_live, open, set_up};

const DAY_US: i64 = 86_400_000_000;

async fn get(server: &Server, by: &str, path: &str) -> Value {
    server.get(by, path).await.ok().json()
}

#[tokio::test]
async fn figures_are_the_lengths_of_their_lists() {
    let server = Server::start().await;
    set_up(&server).await;
    let first = open(&server, 2).await;
    let grant = go_live(&server, &first).await;
    let second = open(&server, 2).await;

    let figures = get(&server, "kiemtoan", "/figures").await;
    assert_eq!(figures["requests"], json!({ "live": 1, "open": 1 }));
    assert_eq!((&figures["grants"], &figures["grants_ending"]), (&json!(1), &json!(0)));
    let ids = get(&server, "kiemtoan", &format!("/requests?ids={second},{first}")).await;
    assert_eq!(ids["items"].as_array().unwrap().len(), 2);
    let one = get(&server, "kiemtoan", &format!("/requests?ids={first}")).await;
    assert_eq!((one["items"].as_array().unwrap().len(), &one["items"][0]["id"]), (1, &json!(first)));
    assert_eq!(server.get("kiemtoan", "/requests?ids=x").await.problem(), "EX-2002");

    let agencies = get(&server, "kiemtoan", "/figures/agencies").await;
    assert_eq!(agencies, json!({ "000.00.00.H17": { "grants": 1, "requests": 1 } }));
    let services = get(&server, "dulieu.g01", "/figures/services?owner=000.00.00.G01").await;
    assert_eq!(services, json!({ SERVICES[1]: 1 }));
    let owned = get(&server, "dulieu.g01", "/grants?owner=000.00.00.G01").await;
    assert_eq!(owned["items"].as_array().unwrap().len(), 1);
    let others = get(&server, "dulieu.g01", "/grants?owner=000.00.00.G02").await;
    assert_eq!(others["items"], json!([]));

    for (holder, count) in [("000.00.00.H17", 1), ("000.00.00.G01", 0)] {
        let held = get(&server, "quantri.h17", &format!("/grants?holder={holder}")).await;
        assert_eq!(held["items"].as_array().unwrap().len(), count, "{holder}");
    }

    let soon = server.registry.now().0 + 10 * DAY_US;
    let terms =
        json!({ "fields": ["hoTen"], "purposes": ["giai-quyet-tthc"], "legal_basis": BASIS, "until": soon });
    let shorter = json!({ "terms": terms, "reason": "Rút ngắn" });
    change(&server, "dulieu.g01", &format!("/grants/{grant}"), "", shorter).await.ok();
    for (days, count) in [(9, 0), (11, 1)] {
        let ahead = get(&server, "kiemtoan", &format!("/figures?days={days}")).await;
        assert_eq!(ahead["grants_ending"], count, "{days}");
        let list = get(&server, "kiemtoan", &format!("/grants/ending?days={days}")).await;
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{days}");
    }
    for path in ["/figures?days=0", "/figures?days=367", "/grants/ending?days=0", "/grants/ending?after=x"] {
        assert_eq!(server.get("kiemtoan", path).await.problem(), "EX-2002", "{path}");
    }
}

#[tokio::test]
async fn nobody_counts_what_he_does_not_see() {
    let server = Server::start().await;
    set_up(&server).await;
    let id = open(&server, 2).await;
    go_live(&server, &id).await;
    let figures = get(&server, "dulieu.g04", "/figures?days=366").await;
    assert_eq!((&figures["requests"], &figures["grants"]), (&json!({}), &json!(0)));
    assert_eq!(get(&server, "dulieu.g04", "/figures/agencies").await, json!({}));
    assert_eq!(get(&server, "dulieu.g04", "/figures/services?owner=000.00.00.G01").await, json!({}));
    let own = get(&server, "quantri.h17", "/figures").await;
    assert_eq!((&own["requests"], &own["grants"]), (&json!({ "live": 1 }), &json!(1)));
}

#[tokio::test]
async fn agencies_below_one_and_deeds_at_one_are_found() {
    let server = Server::start().await;
    set_up(&server).await;
    open(&server, 2).await;
    let below = get(&server, "kiemtoan", "/agencies?parent=000.00.00.H17").await;
    assert_eq!(below["items"], json!([]), "the built-in list has no departments");
    let made = get(&server, "kiemtoan", "/journal?act=request_make&agency=000.00.00.H17").await;
    assert_eq!(made["items"].as_array().unwrap().len(), 2, "the request and its gate: {made}");
    for path in ["/journal?act=request_make&agency=000.00.00.G01", "/journal?act=no_such_deed"] {
        assert_eq!(get(&server, "kiemtoan", path).await["items"], json!([]), "{path}");
    }
}
