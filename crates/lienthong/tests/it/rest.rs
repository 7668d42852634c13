//! X-Road's message protocol for REST, as an information system sees it: what arrives, what comes back.

use base64::Engine as _;

use crate::harness::{Answer, Options, Sandbox};
use crate::raw::{CLIENT, PROVIDER, Seen, System, openssl_sha512};

const METHODS: [&str; 8] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/// A service at a base path of the recording system, and one at the root of the echo.
const SERVICES: &str = r#"
[[service]]
subsystem = "DANCU"
code = "tho"
url = "{system}/co-so/"
[[grant]]
to = "VN-DEMO/GOV/H17/MOTCUA"
service = "DANCU/tho"
[[service]]
subsystem = "DANCU"
code = "goc"
url = "{echo}"
[[grant]]
group = "VN-DEMO/MOT-CUA"
service = "DANCU/goc"
"#;

fn start() -> (Sandbox, System) {
    let mut sandbox = Sandbox::prepare(&Options::default());
    sandbox.offer(SERVICES);
    let system = System::start(sandbox.port(crate::raw::SYSTEM));
    sandbox.start_provider();
    sandbox.start_consumer();
    (sandbox, system)
}

/// `METHOD target HTTP/1.1` with the headers that every call needs.
fn ask(sandbox: &Sandbox, method: &str, target: &str, more: &[&str], body: &str) -> Answer {
    let line = format!("{method} {PROVIDER}/{target} HTTP/1.1");
    let length = format!("Content-Length: {}", body.len());
    let mut lines = vec![line.as_str(), "Host: nut", CLIENT];
    if !body.is_empty() {
        lines.push(&length);
    }
    lines.extend(more);
    sandbox.request(&lines, body.as_bytes())
}

/// X-Road's request hash, made again from what was sent, by OpenSSL.
fn request_hash(line: &str, headers: &[(&str, &str)], body: &[u8]) -> String {
    let first = line.split(' ').take(2).map(str::to_owned);
    let lines: Vec<_> = first.chain(headers.iter().map(|(name, value)| format!("{name}:{value}"))).collect();
    let mut hash = openssl_sha512(format!("{}\r\n", lines.join("\r\n")).as_bytes());
    if !body.is_empty() {
        hash = openssl_sha512(&[hash, openssl_sha512(body)].concat());
    }
    base64::engine::general_purpose::STANDARD.encode(hash)
}

fn names(seen: &Seen) -> Vec<&str> {
    seen.headers.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn every_method_path_query_and_body_reaches_the_service_as_it_was_sent() {
    let (sandbox, system) = start();
    for method in METHODS {
        for body in ["", "nội dung"] {
            let answer = ask(&sandbox, method, "tho/x", &["Content-Type: text/x; charset=tcvn3"], body);
            let seen = system.one();
            assert_eq!((answer.status, seen.line), (200, format!("{method} /co-so/x HTTP/1.1")));
            assert_eq!(String::from_utf8_lossy(&seen.body), body, "{method}");
            assert_eq!(answer.text(), if method == "HEAD" { "" } else { "ok" }, "{method}");
        }
    }
    let raw = [
        (
            "tho/a%2Fb//c;v=1,2/%E1%BB%87/%7e?x=%2e%2e&y=a+b&&z=%zz?",
            "/co-so/a%2Fb//c;v=1,2/%E1%BB%87/%7e?x=%2e%2e&y=a+b&&z=%zz?",
        ),
        ("tho/", "/co-so/"),
        ("tho", "/co-so/"),
        ("tho?only=query", "/co-so/?only=query"),
        ("tho/%41%2d%2D:@!$&'()*+,;=-._~", "/co-so/%41%2d%2D:@!$&'()*+,;=-._~"),
    ];
    for (asked, expected) in raw {
        assert_eq!(ask(&sandbox, "GET", asked, &[], "").status, 200);
        assert_eq!(system.one().line, format!("GET {expected} HTTP/1.1"));
    }
    let bomb = "[".repeat(200_000);
    assert_eq!(ask(&sandbox, "POST", "goc/x", &["Content-Type: application/json"], &bomb).text(), bomb);
    let large = "0123456789abcdef".repeat(160 * 1024); // Kept on disk on its way.
    assert!(ask(&sandbox, "PUT", "goc/x", &[], &large).text() == large);
}

#[test]
fn headers_reach_the_service_except_those_of_the_connection_and_of_the_nodes() {
    let (sandbox, system) = start();
    let line = format!("POST {PROVIDER}/tho/a?b=%20 HTTP/1.1");
    let passed = [
        ("content-type", "application/xml; charset=tcvn3"),
        ("x-road-client", "VN-DEMO/GOV/H17/MOTCUA"),
        ("x-road-id", "ma-1"),
        ("x-road-userid", "VN049"),
        ("x-road-issue", "HS-2027/1"),
        ("x-road-represented-party", "GOV/PHUONG-1"),
        ("x-road-security-server", "VN-DEMO/GOV/G01/NUT-1"),
        ("accept", "text/csv;q=0.5"),
        ("authorization", "Bearer x.y.z"),
        ("cookie", "a=b; c=d"),
        ("x-own", "one"),
        ("x-own", "two"),
        ("lienthong-purpose", "01"),
        ("lienthong-legal-basis", "QD-1"),
        ("signature", "own=:AAAA:"),
        ("signature-input", "own=()"),
        ("content-digest", "md5=:AAAA:"),
        ("cache-control", "no-store"),
    ];
    let dropped = [
        "Host: nut",
        "User-Agent: mot-cua/1",
        "X-Road-Request-Id: forged",
        "X-Road-Request-Hash: forged",
        "X-Road-Error: forged",
        "Connection: keep-alive, X-Hop, X-Road-Issue",
        "X-Hop: gone",
        "Keep-Alive: timeout=5",
        "TE: trailers",
        "Trailer: X-T",
        "Upgrade: h2c",
        "Proxy-Authorization: Basic x",
        "Proxy-Authenticate: Basic",
        "Server: none",
        "Lienthong-Error: EX-0001",
        "Lienthong-Node: VN-DEMO/GOV/G01/NUT-2",
        "Lienthong-Pass-Signature: own=:BBBB:",
        "Content-Length: 5",
    ];
    let sent: Vec<String> = passed.iter().map(|(n, v)| format!("{n}: {v}")).collect();
    let lines: Vec<&str> =
        [line.as_str()].into_iter().chain(dropped).chain(sent.iter().map(String::as_str)).collect();
    let answer = sandbox.request(&lines, b"12345");
    assert_eq!(answer.status, 200, "{answer:?}");
    let seen = system.one();
    let request_id = answer.header("x-road-request-id").unwrap();
    let mut expected = passed.to_vec();
    expected.push(("x-road-request-id", request_id));
    let own = |(n, v): &&(String, String)| !["host", "content-length"].contains(&n.as_str()) || v == "nut";
    let arrived: Vec<_> = seen.headers.iter().filter(own).map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(arrived, expected);
    assert_eq!(answer.header("x-road-request-hash"), Some(&*request_hash(&line, &expected, b"12345")));
    for (role, count) in [("consumer", 1), ("provider", 2)] {
        let records = sandbox.records(role, "ma-1");
        assert_eq!(records.len(), count, "{role}");
        assert!(records.iter().all(|r| r["record"]["call"] == request_id), "{role}");
        assert!(records[0]["record"]["request"]["base"].as_str().unwrap().contains("HS-2027/1"), "{role}");
    }
}

#[test]
fn ids_and_hash_are_made_for_a_request_that_brings_none() {
    let (sandbox, system) = start();
    let line = format!("GET {PROVIDER}/tho HTTP/1.1");
    let answer = sandbox.request(&[&line, "Host: nut", CLIENT], b"");
    let id = answer.header("x-road-id").unwrap();
    let request_id = answer.header("x-road-request-id").unwrap();
    let uuid = id.strip_prefix("VN-DEMO-").unwrap();
    assert!(uuid.len() == 36 && uuid.split('-').map(str::len).eq([8, 4, 4, 4, 12]), "{id}");
    let seen = system.one();
    assert_eq!(seen.header("x-road-id"), Some(id));
    assert_eq!(seen.header("x-road-request-id"), Some(request_id));
    assert_eq!(names(&seen).iter().filter(|n| n.starts_with("lienthong-")).count(), 0, "{seen:?}");
    let headers =
        [("x-road-client", "VN-DEMO/GOV/H17/MOTCUA"), ("x-road-request-id", request_id), ("x-road-id", id)];
    assert_eq!(answer.header("x-road-request-hash"), Some(&*request_hash(&line, &headers, b"")));
    let again = sandbox.request(&[&line, "Host: nut", CLIENT], b"");
    assert_ne!(again.header("x-road-request-id"), Some(request_id));
    // A client that waits for permission to send its body gets it; the header goes no further.
    let mut connection = sandbox.connect();
    let line = format!("POST {PROVIDER}/tho HTTP/1.1");
    let head =
        crate::raw::request(&[&line, "Host: nut", CLIENT, "Content-Length: 2", "Expect: 100-continue"], b"");
    system.take();
    connection.write(&head);
    assert_eq!(connection.answer().unwrap().status, 100);
    connection.write(b"ab");
    assert_eq!(connection.answer().unwrap().status, 200);
    let seen = system.one();
    assert_eq!((seen.header("expect"), &*seen.body), (None, &b"ab"[..]));
}

#[test]
fn an_answer_comes_back_as_the_service_gave_it_with_xroads_headers() {
    let (sandbox, system) = start();
    system.answers(concat!(
        "HTTP/1.1 201 Da Tao\r\nContent-Type: application/x-own; charset=tcvn3\r\nContent-Length: 4\r\n",
        "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nServer: secret/1\r\nConnection: close, X-Hop\r\nX-Hop: gone\r\n",
        "Keep-Alive: timeout=1\r\nUpgrade: h2c\r\nProxy-Authenticate: Basic\r\nTrailer: X-T\r\n",
        "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nCache-Control: max-age=5\r\nETag: \"x\"\r\nLocation: /moi\r\n",
        "X-Road-Id: forged\r\nX-Road-Client: forged\r\nX-Road-Service: forged\r\nX-Road-Request-Id: forged\r\n",
        "X-Road-Request-Hash: forged\r\nX-Road-Error: forged\r\nX-Road-UserId: VN1\r\nX-Road-Issue: HS-1\r\n",
        "Lienthong-Error: EX-0001\r\nSignature: own=:BBBB:\r\n\r\nbody",
    ));
    let answer = ask(&sandbox, "GET", "tho", &["X-Road-Id: ma-2"], "");
    assert_eq!((answer.status, answer.text().as_str()), (201, "body"));
    let mut expected = vec![
        ("content-type", "application/x-own; charset=tcvn3"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("cache-control", "max-age=5"),
        ("etag", "\"x\""),
        ("location", "/moi"),
        ("x-road-userid", "VN1"),
        ("x-road-issue", "HS-1"),
        ("signature", "own=:BBBB:"),
        ("x-road-id", "ma-2"),
        ("x-road-client", "VN-DEMO/GOV/H17/MOTCUA"),
        ("x-road-service", "VN-DEMO/GOV/G01/DANCU/tho"),
    ];
    let made = ["x-road-request-id", "x-road-request-hash", "content-length", "date"];
    let mut came: Vec<_> = answer.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert!(
        made.iter().all(|name| came.iter().filter(|(n, v)| n == name && *v != "forged").count() == 1),
        "{came:?}"
    );
    assert_ne!(answer.header("date"), Some("Thu, 01 Jan 1970 00:00:00 GMT"));
    came.retain(|(n, _)| !made.contains(n));
    came.sort_unstable();
    expected.sort_unstable();
    assert_eq!(came, expected);
}

#[test]
fn errors_and_redirects_of_the_service_pass_and_are_not_a_nodes_errors() {
    let (sandbox, system) = start();
    for status in [204, 304, 400, 404, 418, 500, 503, 599] {
        let answer = ask(&sandbox, "GET", &format!("goc/loi/{status}"), &[], "");
        assert_eq!((answer.status, answer.header("x-road-error")), (status, None), "{answer:?}");
        assert!(answer.header("x-road-request-hash").is_some(), "{answer:?}");
        assert_eq!(answer.body.is_empty(), [204, 304].contains(&status), "{answer:?}");
    }
    system.answers("HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
    let answer = ask(&sandbox, "POST", "tho", &[], "once");
    assert_eq!((answer.status, answer.header("location")), (307, Some("/elsewhere")));
    assert_eq!(system.take().len(), 1, "a redirect is the asking system's to follow");
    let head = ask(&sandbox, "HEAD", "goc/loi/404", &[], "");
    assert_eq!((head.status, head.header("x-road-error"), head.body.len()), (404, None, 0));
}

#[test]
fn a_nodes_error_is_json_or_xml_as_the_asking_system_accepts() {
    let (sandbox, _system) = start();
    // The first is noticed by the consumer's node, the second by the provider's.
    for (target, kind, code) in [
        ("tho/../x", "client.bad_request", "EX-0109"),
        ("cam", "server.serverproxy.access_denied", "EX-0301"),
    ] {
        for accept in ["Accept: */*", "Accept: application/json", "X-None: x"] {
            let answer = ask(&sandbox, "GET", target, &[accept], "");
            assert_eq!(answer.header("content-type"), Some("application/json;charset=utf-8"), "{answer:?}");
            let body = answer.json();
            assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["detail", "message", "type"]);
            assert_eq!(body["detail"], *answer.header("x-road-request-id").unwrap());
        }
        for accept in
            ["Accept: text/xml", "Accept: application/json;q=0.1, application/xml", "Accept: text/*"]
        {
            let answer = ask(&sandbox, "GET", target, &[accept], "");
            assert_eq!(answer.header("content-type"), Some("text/xml;charset=utf-8"), "{answer:?}");
            let body = answer.text();
            assert!(body.contains(&format!("<error><type>{kind}</type><message>{code}: ")), "{body}");
            assert!(body.ends_with("</detail></error>"), "{body}");
            let status = if kind.starts_with("server.") { 500 } else { 400 };
            assert_eq!((answer.status, answer.header("x-road-error")), (status, Some(kind)));
        }
        let head = ask(&sandbox, "HEAD", target, &[], "");
        assert_eq!((head.header("x-road-error"), head.body.len()), (Some(kind), 0), "{head:?}");
    }
}

#[test]
fn a_client_that_hangs_up_leaves_a_whole_record_of_its_call() {
    let (sandbox, _system) = start();
    for id in ["bo-1", "bo-2"] {
        let line = format!("GET {PROVIDER}/goc/cham/700 HTTP/1.1");
        let id_line = format!("X-Road-Id: {id}");
        let mut connection = sandbox.connect();
        connection.write(&crate::raw::request(&[&line, "Host: nut", CLIENT, &id_line], b""));
        crate::harness::wait(|| sandbox.records("provider", id).len() == 1);
        if id == "bo-1" {
            drop(connection); // Gone altogether.
        } else {
            connection.end(); // Only says that nothing more comes.
            let _ = connection.rest();
        }
        crate::harness::wait(|| sandbox.records("provider", id).len() == 2);
        crate::harness::wait(|| sandbox.records("consumer", id).len() == 1);
    }
    assert_eq!(sandbox.audit("provider")["open"], 0);
    assert_eq!(sandbox.audit("consumer")["records"], 2);
}
