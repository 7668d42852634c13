//! Services of JSON over HTTP.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};
use sources::passthrough::{Definition, check};

use super::peer::{Peer, Reply};
use super::{ATTEMPTS, REFUSED, ask, coded, start};

fn definition(url: &str) -> String {
    include_str!("http.toml").replace("http://SERVICE", url)
}

#[tokio::test]
async fn an_http_service_gets_what_is_declared_and_gives_what_is_declared() {
    let answer = r#"{"maLoi":0,"data":{"ma":"H1","thoiGian":{"ngay":"22/11/2026"},"tien":12345678901234567890.10,"bi_mat":"x"}}"#;
    let peer = Peer::start(Reply::json(answer)).await;
    let service = start(&definition(&format!("http://{}/api/v1/", peer.address)));
    let (status, given) = ask(&service, "GET /H1?tuNgay=2026-01-02", "").await;
    let expected = json!({ "ma": "H1", "ngay": "2026-11-22", "tien": "12345678901234567890.10" });
    assert_eq!((status, given), (200, expected));
    let line = peer.last().lines().next().unwrap().to_owned();
    assert_eq!(line, "GET /api/v1/ho-so/H1/chi-tiet?tu=02%2F01%2F2026&nguon=li%C3%AAn+th%C3%B4ng HTTP/1.1");

    for none in [Reply::json(r#"{"maLoi":-1,"data":null}"#), Reply::of("404 Not Found", "text/html", "")] {
        peer.set(none);
        assert_eq!(ask(&service, "GET /H1", "").await.0, 404);
    }
    for (wrong, code) in [
        (r#"{"maLoi":0}"#, "EX-3004"),
        (r#"{"data":{"ma":7}}"#, "EX-3011"),
        (r#"{"data":{"tien":"1e5x"}}"#, "EX-3011"),
        (r#"{"data":null}"#, "EX-3004"),
        (r#"{"data":"H1"}"#, "EX-3004"),
        (r#"{"data":{"ma":"H1","ma":"H2"}}"#, "EX-3012"),
        ("null", "EX-3004"),
        (r#"[{"data":{"ma":"H1"}}]"#, "EX-3004"),
        (r#"{"data":{"ma":["a","b"]}}"#, "EX-3011"),
        (r#"{"data":{"ma":"a""#, "EX-3012"),
    ] {
        peer.set(Reply::json(wrong));
        assert_eq!(ask(&service, "GET /H1", "").await.1["code"], code, "{wrong}");
    }

    peer.set(Reply::json(r#"[{"ma":"1"},{"ma":null},{"khac":1}]"#));
    let (status, given) = ask(&service, "POST /tim", r#"{"soDinhDanh":"049099000001","trang":2}"#).await;
    assert_eq!((status, given), (200, json!({ "hoSo": [{ "ma": "1" }, { "ma": null }, { "ma": null }] })));
    let sent: Value = serde_json::from_str(peer.last().split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(sent, json!({ "dieuKien": { "cccd": "049099000001" }, "trang": 2 }));
    let asked = peer.count();
    for wrong in [
        "",
        "[]",
        "{",
        r#"{"soDinhDanh":49099000001}"#,
        r#"{"soDinhDanh":"04909900000"}"#,
        r#"{"soDinhDanh":"04909900000x"}"#,
        r#"{"soDinhDanh":"049099000001","loai":"C"}"#,
        r#"{"soDinhDanh":"049099000001","trang":"2x"}"#,
        r#"{"soDinhDanh":"049099000001","trang":{"$gt":1}}"#,
        r#"{"soDinhDanh":"049099000001","quyen":"admin"}"#,
    ] {
        let (status, problem) = ask(&service, "POST /tim", wrong).await;
        assert_eq!((status, &problem["code"]), (422, &json!("EX-3009")), "{wrong}: {problem}");
    }
    assert_eq!(peer.count(), asked, "wrong questions do not reach the service");
}

#[tokio::test]
async fn nothing_that_a_consumer_writes_changes_the_address_or_the_head() {
    let peer = Peer::start(Reply::json(r#"{"data":{}}"#)).await;
    let service = start(&definition(&format!("http://{}/api", peer.address)));
    for attempt in ATTEMPTS {
        assert_eq!(ask(&service, &format!("GET /{}", coded(attempt)), "").await.0, 200, "{attempt}");
        let asked = peer.last();
        let (line, rest) = asked.split_once("\r\n").unwrap();
        let path = line.strip_prefix("GET /api/ho-so/").unwrap().split_once("/chi-tiet?").unwrap().0;
        assert!(!path.contains(['/', '?', '#', ' ', '<', '\\']), "{line}");
        let back = path.replace('&', "%26").replace('=', "%3D");
        let back = url::form_urlencoded::parse(back.as_bytes()).next().unwrap().0;
        assert_eq!(back, attempt, "{line}");
        assert!(!rest.contains("Evil"), "{rest}");
    }
    let asked = peer.count();
    for refused in REFUSED.into_iter().chain([".", "..", " H1", "H1\u{a0}"]) {
        let (status, _) = ask(&service, &format!("GET /{}", coded(refused)), "").await;
        assert_eq!(status, 422, "{refused:?}");
    }
    assert_eq!(peer.count(), asked);
}

#[tokio::test]
async fn a_service_knows_us_by_a_secret_of_a_file_and_we_know_it_by_its_certificate() {
    let (peer, root) = Peer::with_tls(Reply::json(r#"{"data":{}}"#)).await;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("ca.pem"), root).unwrap();
    let secret = dir.path().join("khoa");
    std::fs::write(&secret, "bi-mat\n").unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    let url = format!("https://{}/api", peer.address);
    let with = |more: &str| {
        let text = definition(&url).replacen("[service]", &format!("{more}\n[service]"), 1);
        Definition::parse(&text).unwrap().placed(dir.path())
    };
    let service = |definition| sources::passthrough::serve::Service::open(definition);
    let trusting = "ca_file = \"ca.pem\"";

    let basic = with(&format!("{trusting}\n[credentials]\nuser = \"h17\"\nsecret_file = \"khoa\""));
    let routes = sources::passthrough::serve::router(service(basic.clone()).unwrap());
    assert_eq!(ask(&routes, "GET /H1", "").await.0, 200);
    assert!(peer.last().contains("\r\nauthorization: Basic aDE3OmJpLW1hdA==\r\n"), "{}", peer.last());
    let header = with(&format!("{trusting}\n[credentials]\nheader = \"X-Api-Key\"\nsecret_file = \"khoa\""));
    let routes = sources::passthrough::serve::router(service(header).unwrap());
    assert_eq!(ask(&routes, "GET /H1", "").await.0, 200);
    assert!(peer.last().contains("\r\nx-api-key: bi-mat\r\n"), "{}", peer.last());
    assert!(check::check(&basic).await.unwrap().mistakes.is_empty());

    let stranger = sources::passthrough::serve::router(service(with("")).unwrap());
    assert_eq!(ask(&stranger, "GET /H1", "").await.1["code"], "EX-3002", "no public authority knows it");
    assert_eq!(check::check(&with("")).await.err().map(|error| error.code()), Some("EX-3002"));
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(service(basic).err().map(|error| error.code()), Some("EX-3017"), "others can read the secret");
}

#[tokio::test]
async fn the_description_names_what_is_offered() {
    let service = start(&definition("http://127.0.0.1:1/api"));
    let (status, described) = ask(&service, "GET /_openapi.json", "").await;
    assert_eq!((status, &described["openapi"]), (200, &json!("3.1.1")));
    let paths = described["paths"].as_object().unwrap();
    assert!(paths.len() == 2 && paths.contains_key("/tim") && paths.contains_key("/{maHoSo}"), "{paths:?}");
    let find = &paths["/tim"]["post"];
    let asked = &find["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(asked["required"], json!(["soDinhDanh"]));
    assert_eq!(asked["properties"]["loai"]["enum"], json!(["A", "B"]));
    assert_eq!(asked["additionalProperties"], json!(false));
    let given = &find["responses"]["200"]["content"]["application/json"]["schema"];
    assert_eq!(given["properties"]["hoSo"]["items"]["properties"]["ma"]["x-personal-data"], "basic");
    let one = &paths["/{maHoSo}"]["get"];
    assert_eq!(one["parameters"][0]["in"], "path");
    assert!(!described.to_string().contains("127.0.0.1"), "where the service is, is its owner's matter");
}
