//! Metadata services, rights and the choice of node, through both nodes.

use serde_json::Value;

use crate::harness::{Answer, Options, Sandbox, wait};

const SERVICES: &str = r#"
[[service]]
subsystem = "DANCU"
code = "nhom"
url = "{echo}"
openapi = "nhom.yaml"
[[grant]]
group = "VN-DEMO/MOT-CUA"
service = "DANCU/nhom"
[[service]]
subsystem = "DANCU"
code = "muc-dich"
url = "{echo}"
[[grant]]
to = "VN-DEMO/GOV/H17/MOTCUA"
service = "DANCU/muc-dich"
purposes = ["01", "cu-tru"]
[[service]]
subsystem = "DANCU"
code = "phan"
url = "{echo}"
openapi = "{echo}/soi"
[[grant]]
to = "VN-DEMO/GOV/H17/MOTCUA"
service = "DANCU/phan"
endpoints = [{ method = "GET", path = "/nguoi/*" }, { method = "post", path = "/ho/**" }, { path = "/chung" }]
[[service]]
subsystem = "DANCU"
code = "het-han"
url = "{echo}"
[[grant]]
to = "VN-DEMO/GOV/H17/MOTCUA"
service = "DANCU/het-han"
until = "2024-01-01T00:00:00Z"
[[service]]
subsystem = "DANCU"
code = "tat"
url = "{echo}"
disabled = "Bảo trì đến 8 giờ <mai>"
[[grant]]
to = "VN-DEMO/GOV/H17/MOTCUA"
service = "DANCU/tat"
"#;

fn start() -> Sandbox {
    let mut sandbox = Sandbox::prepare(&Options::default());
    sandbox.offer(SERVICES);
    std::fs::write(sandbox.node_dir("provider").join("nhom.yaml"), "openapi: 3.1.0\n").unwrap();
    sandbox.start_provider();
    sandbox.start_consumer();
    sandbox
}

fn ask(sandbox: &Sandbox, method: &str, target: &str, more: &[&str]) -> Answer {
    let line = format!("{method} {}/{target} HTTP/1.1", crate::raw::PROVIDER);
    sandbox.request(&[&[&*line, "Host: nut", crate::raw::CLIENT], more].concat(), b"")
}

#[track_caller]
fn refused(answer: &Answer, code: &str, kind: &str) {
    assert_eq!(answer.header("x-road-error"), Some(kind), "{answer:?}");
    let body = answer.json();
    assert_eq!(body["type"], kind);
    assert!(body["message"].as_str().unwrap().starts_with(code), "{code}: {body}");
    assert_eq!(answer.status, if kind.starts_with("server.") { 500 } else { 400 });
}

#[test]
fn rights_count_by_party_group_endpoint_purpose_and_time() {
    let sandbox = start();
    let denied = "server.serverproxy.access_denied";
    assert_eq!(ask(&sandbox, "PUT", "nhom/a/b", &[]).status, 200);

    refused(&ask(&sandbox, "GET", "muc-dich/1", &[]), "EX-0305", denied);
    refused(&ask(&sandbox, "GET", "muc-dich/1", &["Lienthong-Purpose: 02"]), "EX-0305", denied);
    let answer =
        ask(&sandbox, "GET", "muc-dich/soi", &["Lienthong-Purpose: cu-tru", "Lienthong-Legal-Basis: QD-1"]);
    assert!(answer.text().contains("[\"lienthong-purpose\",\"cu-tru\"]"), "{answer:?}");

    for (method, path) in [
        ("GET", "/nguoi/1"),
        ("GET", "/nguoi/a%20b"),
        ("GET", "/%6eguoi/1"),
        ("POST", "/ho/1/2"),
        ("DELETE", "/chung"),
        ("GET", "/nguoi/?x=/../"),
    ] {
        assert_eq!(ask(&sandbox, method, &format!("phan{path}"), &[]).status, 200, "{method} {path}");
    }
    for (method, path) in [
        ("POST", "/nguoi/1"),
        ("GET", "/nguoi/1/2"),
        ("GET", "/nguoi/a%2Fb"), // To some systems that is another segment: no right to a part covers it.
        ("GET", "/ho/1"),
        ("GET", "/nguoi"),
        ("GET", "/chung/x"),
        ("GET", ""),
        ("GET", "/NGUOI/1"),
        ("HEAD", "/nguoi/1/"),
    ] {
        let answer = ask(&sandbox, method, &format!("phan{path}"), &[]);
        assert_eq!(answer.header("x-road-error"), Some(denied), "{method} {path}");
    }
    refused(&ask(&sandbox, "GET", "het-han", &[]), "EX-0304", denied);
    refused(&ask(&sandbox, "GET", "cam", &[]), "EX-0301", denied);
    refused(&ask(&sandbox, "GET", "khong-co", &[]), "EX-0302", "server.serverproxy.unknown_service");
    let disabled = ask(&sandbox, "GET", "tat", &[]);
    refused(&disabled, "EX-0303", "server.serverproxy.service_disabled");
    assert!(disabled.text().contains("Bảo trì đến 8 giờ <mai>"), "{disabled:?}");
    assert!(ask(&sandbox, "GET", "tat", &["Accept: text/xml"]).text().contains("&lt;mai&gt;"));
}

const LIMITED: &str = r#"
[[service]]
subsystem = "DANCU"
code = "cat"
url = "{echo}"
[[grant]]
id = "QK-2026-000001"
to = "VN-DEMO/GOV/H17/MOTCUA"
service = "DANCU/cat"
fields = ["method"]
quota_day = 3
officer = true
condition = "context.userId like \"CB-*\""
legal_basis = "01/QĐ-DEMO"
"#;

#[test]
fn answers_are_cut_to_fields_and_a_quota_is_not_given_anew_after_a_crash() {
    let mut sandbox = Sandbox::prepare(&Options::default());
    sandbox.offer(LIMITED);
    sandbox.start_provider();
    sandbox.start_consumer();
    let unnamed = ask(&sandbox, "GET", "cat/soi", &[]);
    refused(&unnamed, "EX-0311", "server.serverproxy.access_denied");
    let call = |sandbox: &Sandbox| ask(sandbox, "GET", "cat/soi", &["X-Road-UserId: CB-1", "X-Road-Id: cat"]);
    assert_eq!(call(&sandbox).text(), r#"{"method":"GET"}"#);
    let records = sandbox.records("provider", "cat");
    assert_eq!(records[0]["record"]["permit"], "QK-2026-000001, 01/QĐ-DEMO", "{records:?}");
    assert!(records[1]["record"]["withheld"].as_array().unwrap().contains(&"headers".into()), "{records:?}");

    let counted = || {
        let counts = sandbox.node_dir("provider").join("data/usage.json");
        std::fs::read_to_string(counts).unwrap_or_default().contains(r#""QK-2026-000001":1"#)
    };
    wait(counted);
    sandbox.provider.take().unwrap().kill_9();
    sandbox.start_provider();
    let mut answered = 0;
    // The first call may still meet the connection to the node that was killed.
    wait(|| {
        let answer = call(&sandbox);
        answered += usize::from(answer.status == 200);
        answer.status == 429
    });
    assert_eq!(answered, 2);
    let over = call(&sandbox);
    assert_eq!(over.header("x-road-error"), Some("server.serverproxy.quota_exceeded"), "{over:?}");
    assert!(over.header("retry-after").unwrap().parse::<u32>().unwrap() <= 86_400);
    sandbox.audit("provider");
}

#[test]
fn a_call_goes_to_the_node_that_was_asked_for_and_only_between_parties_of_the_directory() {
    let sandbox = start();
    let to = |node: &str| ask(&sandbox, "GET", "thu/1", &[&format!("X-Road-Security-Server: {node}")]);
    assert_eq!(to("VN-DEMO/GOV/G01/NUT-1").status, 200);
    refused(&to("VN-DEMO/GOV/H17/NUT-1"), "EX-0205", "server.clientproxy.invalid_security_server");
    refused(&to("VN-DEMO/GOV/G01/KHONG-CO"), "EX-0205", "server.clientproxy.invalid_security_server");
    for malformed in ["VN-DEMO/GOV/G01", "VN-DEMO/GOV/G01/NUT-1/X", "NUT-1", "VN-DEMO//G01/NUT-1"] {
        refused(&to(malformed), "EX-0103", "client.bad_request");
    }
    let elsewhere = |path: &str, client: &str| {
        let client = format!("X-Road-Client: {client}");
        sandbox.request(&[&format!("GET /r1/{path} HTTP/1.1"), "Host: nut", &client], b"")
    };
    let (unknown, own) = ("server.clientproxy.unknown_member", "VN-DEMO/GOV/H17/MOTCUA");
    refused(&elsewhere("VN-DEMO/GOV/G99/DANCU/thu", own), "EX-0203", unknown);
    refused(&elsewhere("VN-DEMO/GOV/G01/KHAC/thu", own), "EX-0203", unknown);
    refused(&elsewhere("XX/GOV/G01/DANCU/thu", own), "EX-0203", unknown);
    for client in
        ["VN-DEMO/GOV/H99/MOTCUA", "VN-DEMO/GOV/H17", "VN-DEMO/GOV/G01/DANCU", "vn-demo/GOV/H17/MOTCUA"]
    {
        refused(&elsewhere("VN-DEMO/GOV/G01/DANCU/thu", client), "EX-0201", unknown);
    }
    // Percent-encoding of a part is another spelling of the same identifier.
    assert_eq!(elsewhere("VN%2DDEMO/GOV/G01/DANC%55/th%75/1", "VN-DEMO/%47OV/H17/MOTCUA").status, 200);
}

#[test]
fn list_clients_is_json_or_xml_and_knows_its_own_instance_only() {
    let sandbox = start();
    let list = |query: &str, accept: &str| {
        sandbox.request(&[&format!("GET /listClients{query} HTTP/1.1"), "Host: nut", accept], b"")
    };
    for query in ["", "?xRoadInstance=VN-DEMO", "?x=y&xRoadInstance=VN-DEMO"] {
        let answer = list(query, "Accept: application/json");
        assert_eq!(answer.header("content-type"), Some("application/json;charset=utf-8"));
        let members = answer.json()["member"].as_array().unwrap().clone();
        assert_eq!(members.len(), 5, "two members and their three subsystems: {members:?}");
        let dancu = members.iter().find(|m| m["id"]["subsystem_code"] == "DANCU").unwrap();
        assert_eq!(dancu["id"]["object_type"], "SUBSYSTEM");
        assert_eq!(dancu["id"]["xroad_instance"], "VN-DEMO");
        assert_eq!(
            (&dancu["id"]["member_class"], &dancu["id"]["member_code"]),
            (&"GOV".into(), &"G01".into())
        );
        assert_eq!(dancu["name"], "Bộ Công an");
        let member = members.iter().find(|m| m["id"]["object_type"] == "MEMBER").unwrap();
        assert_eq!(
            (&member["id"]["subsystem_code"], &member["subsystem_name"]),
            (&Value::Null, &Value::Null)
        );
    }
    for accept in ["Accept: */*", "X-None: x"] {
        let answer = list("", accept);
        assert_eq!(answer.header("content-type"), Some("text/xml;charset=utf-8"));
        let text = answer.text();
        assert!(text.contains("clientList xmlns=\"http://x-road.eu/xsd/xroad.xsd\""), "{text}");
        assert!(text.contains("<id:subsystemCode>MOTCUA</id:subsystemCode>"), "{text}");
        assert_eq!(text.matches("<member>").count(), 5);
    }
    let elsewhere = list("?xRoadInstance=FI", "Accept: application/json");
    assert_eq!((elsewhere.status, elsewhere.json()["member"].as_array().map(Vec::len)), (200, Some(0)));
}

#[test]
fn services_describe_themselves_through_signed_and_recorded_calls() {
    let sandbox = start();
    let services = |question: &str| {
        let answer = ask(&sandbox, "GET", question, &["X-Road-Id: hoi"]);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.header("x-road-request-hash").is_some(), "{answer:?}");
        answer.json()["service"].as_array().unwrap().clone()
    };
    let codes = |list: &[Value]| {
        list.iter().map(|s| s["service_code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = services("listMethods");
    assert_eq!(codes(&all), ["cam", "het-han", "muc-dich", "nhom", "phan", "tat", "thu"]);
    let nhom = all.iter().find(|s| s["service_code"] == "nhom").unwrap();
    assert_eq!((&nhom["object_type"], &nhom["service_type"]), (&"SERVICE".into(), &"OPENAPI".into()));
    assert_eq!((&nhom["subsystem_code"], &nhom["member_code"]), (&"DANCU".into(), &"G01".into()));
    assert_eq!(all[0]["service_type"], "REST");

    let allowed = services("allowedMethods");
    assert_eq!(codes(&allowed), ["muc-dich", "nhom", "phan", "tat", "thu"]);
    let endpoints =
        |code: &str| allowed.iter().find(|s| s["service_code"] == code).unwrap()["endpoint_list"].clone();
    assert_eq!(endpoints("nhom"), serde_json::json!([{ "method": "*", "path": "**" }]));
    let patterns = serde_json::json!([
        { "method": "GET", "path": "/nguoi/*" }, { "method": "POST", "path": "/ho/**" }, { "method": "*", "path": "/chung" }
    ]);
    assert_eq!(endpoints("phan"), patterns);

    let yaml = ask(&sandbox, "GET", "getOpenAPI?serviceCode=nhom", &[]);
    assert_eq!(
        (yaml.status, yaml.header("content-type"), &*yaml.text()),
        (200, Some("text/yaml"), "openapi: 3.1.0\n")
    );
    let json = ask(&sandbox, "GET", "getOpenAPI?x=y&serviceCode=ph%61n", &[]);
    assert_eq!((json.status, json.header("content-type")), (200, Some("application/json")));
    assert_eq!(json.json()["target"], "/soi");
    refused(
        &ask(&sandbox, "GET", "getOpenAPI?serviceCode=thu", &[]),
        "EX-0505",
        "server.serverproxy.service_failed.no_description",
    );
    refused(
        &ask(&sandbox, "GET", "getOpenAPI?serviceCode=xyz", &[]),
        "EX-0302",
        "server.serverproxy.unknown_service",
    );
    for missing in ["getOpenAPI", "getOpenAPI?serviceCode=", "getOpenAPI?serviceCode=a/b"] {
        refused(&ask(&sandbox, "GET", missing, &[]), "EX-0103", "client.bad_request");
    }
    // Only a question by GET is about metadata.
    refused(&ask(&sandbox, "POST", "listMethods", &[]), "EX-0302", "server.serverproxy.unknown_service");
    assert_eq!((sandbox.records("consumer", "hoi").len(), sandbox.records("provider", "hoi").len()), (2, 4));
}
