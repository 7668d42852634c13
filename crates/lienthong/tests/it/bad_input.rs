//! What no honest system sends: a clear error or a closed connection, never a crash, and the next call is answered.

use std::time::{Duration, Instant};

use crate::harness::{Answer, Options, Sandbox};
use crate::raw::{CLIENT, Connection, PROVIDER, request};

/// What must come of a request.
enum Outcome {
    /// An error in X-Road's form: type, our code.
    Refused(&'static str, &'static str),
    /// The HTTP layer's own answer, without a body: what came was not HTTP.
    Bare(u16),
    /// The service's answer.
    Answered,
    /// No answer at all.
    Closed,
}

use Outcome::{Answered, Bare, Closed, Refused};

const BAD: &str = "client.bad_request";
const TARGET: Outcome = Refused("server.clientproxy.internal_error", "EX-0101");
const HEADER: Outcome = Refused(BAD, "EX-0103");
const PATH: Outcome = Refused(BAD, "EX-0109");
const BODY: Outcome = Refused(BAD, "EX-0108");

fn start() -> Sandbox {
    let mut sandbox = Sandbox::prepare(&Options::default());
    sandbox.edit_config("consumer", |text| {
        let text = text.replace("[listen]\n", "[listen]\nhead_s = 2\n");
        format!("{text}\n[limits]\ncall_s = 2\nbody_bytes_max = 100000\n")
    });
    sandbox.start_provider();
    sandbox.start_consumer();
    sandbox
}

/// X-Road's form: three texts in the body, the type again in the header.
#[track_caller]
fn assert_form(answer: &Answer, why: &str) {
    let kind = answer.header("x-road-error").unwrap_or_else(|| panic!("{why}: {answer:?}"));
    if answer.header("content-type") == Some("text/xml;charset=utf-8") {
        assert!(
            answer.text().contains(&format!("<error><type>{kind}</type><message>EX-")),
            "{why}: {answer:?}"
        );
        return;
    }
    let body = answer.json();
    assert_eq!(body["type"], kind, "{why}");
    for name in ["message", "detail"] {
        assert!(body[name].as_str().is_some_and(|text| !text.is_empty()), "{why}: {name} in {body}");
    }
    assert!([400, 408, 413, 431, 500, 503].contains(&answer.status), "{why}: {answer:?}");
}

#[track_caller]
fn check(sandbox: &Sandbox, why: &str, answer: Option<Answer>, expected: &Outcome) {
    match (expected, answer) {
        (Closed, None) => {}
        (Answered, Some(answer)) => assert_eq!(answer.status, 200, "{why}: {answer:?}"),
        (Bare(status), Some(answer)) => {
            assert_eq!((answer.status, answer.body.len()), (*status, 0), "{why}: {answer:?}");
        }
        (Refused(kind, code), Some(answer)) => {
            assert_form(&answer, why);
            assert_eq!(answer.header("x-road-error"), Some(*kind), "{why}: {answer:?}");
            assert!(answer.text().contains(&format!("\"{code}: ")), "{why}: {answer:?}");
        }
        (_, answer) => panic!("{why}: {answer:?}"),
    }
    sandbox.assert_alive(why);
}

/// A good call but for the target.
fn to(target: &str) -> Vec<u8> {
    request(&[&format!("GET {target} HTTP/1.1"), "Host: nut", CLIENT], b"")
}

/// A good call but for the headers.
fn with(headers: &[&str]) -> Vec<u8> {
    let line = format!("GET {PROVIDER}/thu/1 HTTP/1.1");
    request(&[&[&*line, "Host: nut"], headers].concat(), b"")
}

#[test]
fn malformed_targets_and_identifiers_are_refused() {
    let sandbox = start();
    let long = format!("{PROVIDER}/{}", "x".repeat(256));
    for target in [
        "/",
        "/r1",
        "/r1/",
        "/r2/VN-DEMO/GOV/G01/DANCU/thu",
        "/R1/VN-DEMO/GOV/G01/DANCU/thu",
        "*",
        "/asic",
        "/r1/VN-DEMO/GOV/G01/DANCU",
        "/r1/VN-DEMO/GOV/G01//thu",
        "/r1//VN-DEMO/GOV/G01/DANCU/thu",
        "/r1/VN-DEMO/GOV/G01/DANCU/",
        "/r1/VN-DEMO/GOV/G01/DANCU/?x",
        "//r1/VN-DEMO/GOV/G01/DANCU/thu",
        "/r1/VN-DEMO/GOV/G01/DANCU/th%75%",
        "/r1/VN-DEMO/GOV/G01/DANCU/th%7",
        "/r1/VN-DEMO/GOV/G01/DANCU/%zz",
        "/r1/VN-DEMO/GOV/G01/DANCU/%ff",
        "/r1/VN-DEMO/GOV/G01/DANCU/a%00b",
        "/r1/VN-DEMO/GOV/G01/DANCU/a%2Fb",
        "/r1/VN-DEMO%2FGOV/G01/DANCU/thu/x",
        "/r1/VN-DEMO/GOV/G01/../thu",
        "/r1/VN-DEMO/GOV/G01/DANCU/..",
        "/r1/VN-DEMO/GOV/G01/DANCU/%2e%2e",
        "/r1/VN-DEMO/GOV/G01/DANCU/thu%0d%0aX: y",
        "/r1/VN-DEMO/GOV/G01/DANCU/a:b",
        "/r1/VN-DEMO/GOV/G01/DANCU/d%E1%BB%8Bch-v%E1%BB%A5",
        "/r1/VN-DEMO/GOV/G01/DANCU/th%2575",
        &long,
        "/listClients/x",
        "/%72%31/VN-DEMO/GOV/G01/DANCU/thu",
    ] {
        check(
            &sandbox,
            target,
            sandbox.send(&to(target)),
            if target.contains(' ') { &Bare(400) } else { &TARGET },
        );
    }
    for path in [
        "/..",
        "/../x",
        "/a/..",
        "/a/../b",
        "/.",
        "/a/./b",
        "/%2e%2e/x",
        "/.%2E",
        "/a%2f..%2fb",
        "/a%2F%2e%2e",
        "/%5c..",
        "/a%5C..%5Cb",
        "/%252e%252e",
        "/a%252Fb",
        "/%25252e",
        "/%255c",
        "/%",
        "/%4",
        "/%g0",
        "/a%00b",
        "/%ff%fe",
        "/%c0%ae",
    ] {
        check(&sandbox, path, sandbox.send(&to(&format!("{PROVIDER}/thu{path}"))), &PATH);
    }
    // Two dots in a name or in the query are nobody's parent folder.
    for path in ["/a..b", "/...", "/..a", "/x?p=/../..", "/%2E%2E%2E"] {
        check(&sandbox, path, sandbox.send(&to(&format!("{PROVIDER}/thu{path}"))), &Answered);
    }
}

#[test]
fn malformed_headers_are_refused() {
    let sandbox = start();
    let long_id = format!("X-Road-Id: {}", "x".repeat(256));
    let cases: [(&[&str], Outcome); 27] = [
        (&[], Refused(BAD, "EX-0102")),
        (&["X-Road-Client:"], HEADER),
        (&["X-Road-Client: VN-DEMO"], HEADER),
        (&["X-Road-Client: VN-DEMO/GOV"], HEADER),
        (&["X-Road-Client: /VN-DEMO/GOV/H17/MOTCUA"], HEADER),
        (&["X-Road-Client: VN-DEMO/GOV/H17/MOTCUA/"], HEADER),
        (&["X-Road-Client: VN-DEMO/GOV/H17/MOTCUA, VN-DEMO/GOV/H17/MOTCUA"], HEADER),
        (&["X-Road-Client: VN-DEMO/GOV/H17/MOT CUA"], HEADER),
        (&["X-Road-Client: VN-DEMO/GOV/H17/%"], HEADER),
        (&["X-Road-Client: VN-DEMO/GOV/H17/MOT%0d%0aX: y"], HEADER),
        (&["X-Road-Client: VN-DEMO/GOV/H17/MỘT-CỬA"], HEADER),
        (&[CLIENT, CLIENT], Refused("client.duplicate_header_field", "EX-0104")),
        (
            &["X-Road-Client: VN-DEMO/GOV/G01/DANCU", CLIENT],
            Refused("client.duplicate_header_field", "EX-0104"),
        ),
        (&[CLIENT, "X-Road-Id: a", "x-road-id: b"], Refused("client.duplicate_header_field", "EX-0104")),
        (
            &[CLIENT, "X-Road-UserId: a", "X-Road-UserId: b"],
            Refused("client.duplicate_header_field", "EX-0104"),
        ),
        (
            &[CLIENT, "Lienthong-Purpose: a", "Lienthong-Purpose: b"],
            Refused("client.duplicate_header_field", "EX-0104"),
        ),
        (&[CLIENT, "X-Road-Id:"], HEADER),
        (&[CLIENT, "X-Road-Id: a\tb"], HEADER),
        (&[CLIENT, &long_id], HEADER),
        (&[CLIENT, "X-Road-Issue: hồ sơ"], HEADER),
        (&[CLIENT, "X-Road-Id: a\rX-Road-UserId: b"], Bare(400)),
        (&[CLIENT, "X-Road-Id: a\0b"], Bare(400)),
        (&[CLIENT, "X-Road-Id : a"], Bare(400)),
        (&[CLIENT, "X Road: a"], Bare(400)),
        (&[CLIENT, " folded: a"], Bare(400)),
        (&[CLIENT, "no colon"], Bare(400)),
        (&[CLIENT, "X-Own: \u{1f}"], Bare(400)),
    ];
    for (headers, expected) in &cases {
        check(&sandbox, &format!("{headers:?}"), sandbox.send(&with(headers)), expected);
    }
    // A newline ends a line: what follows is a header of its own and passes like any other.
    check(&sandbox, "bare newline", sandbox.send(&with(&[CLIENT, "X-Own: a\nX-Other: b"])), &Answered);
    for (bytes, expected) in [
        (&b"X-Own: \xff\xfe"[..], Answered),
        (b"X-Road-UserId: \xff", HEADER),
        (b"X-Road-Client: \xc3", HEADER),
    ] {
        let client = if bytes.starts_with(b"X-Road-Client") { "X-None: x" } else { CLIENT };
        let line = format!("GET {PROVIDER}/thu/1 HTTP/1.1\r\nHost: nut\r\n{client}\r\n");
        let answer = sandbox.send(&[line.as_bytes(), bytes, b"\r\n\r\n"].concat());
        check(&sandbox, "bytes that are not text", answer, &expected);
    }
    let target = [
        format!("GET {PROVIDER}/thu/").as_bytes(),
        b"\xff\xfe HTTP/1.1\r\nHost: nut\r\n",
        CLIENT.as_bytes(),
        b"\r\n\r\n",
    ]
    .concat();
    check(&sandbox, "target that is not UTF-8", sandbox.send(&target), &Bare(400));
}

#[test]
fn what_is_too_large_or_too_slow_is_refused_with_the_limit_named() {
    let sandbox = start();
    let large = |bytes: usize| format!("X-Own: {}", "x".repeat(bytes));
    let head = sandbox.send(&with(&[CLIENT, &large(70_000)]));
    assert_eq!(head.as_ref().map(|a| a.status), Some(431), "{head:?}");
    check(&sandbox, "large head", head, &Refused(BAD, "EX-0106"));
    check(
        &sandbox,
        "long target",
        sandbox.send(&to(&format!("{PROVIDER}/thu/{}", "x".repeat(65_480)))),
        &Refused(BAD, "EX-0106"),
    );
    check(
        &sandbox,
        "longer target",
        sandbox.send(&to(&format!("{PROVIDER}/thu/{}", "x".repeat(70_000)))),
        &Bare(414),
    );
    check(&sandbox, "gigantic head", sandbox.send(&with(&[CLIENT, &large(10_000_000)])), &Bare(431));
    check(&sandbox, "endless target", sandbox.send(&to(&format!("/{}", "x".repeat(10_000_000)))), &Bare(431));
    let many: Vec<String> = (0..5000).map(|n| format!("X-{n}: {n}")).collect();
    let lines: Vec<&str> = [CLIENT].into_iter().chain(many.iter().map(String::as_str)).collect();
    check(&sandbox, "5000 headers", sandbox.send(&with(&lines)), &Bare(431));
    check(&sandbox, "90 headers", sandbox.send(&with(&lines[..90])), &Answered);

    let post = format!("POST {PROVIDER}/thu/1 HTTP/1.1");
    let body = |length: &str, body: &[u8]| request(&[&post, "Host: nut", CLIENT, length], body);
    for (length, bytes) in [
        ("Content-Length: 100001", &b""[..]),
        ("Transfer-Encoding: chunked", &[&b"186a1\r\n"[..], &vec![b'x'; 100_001], b"\r\n0\r\n\r\n"].concat()),
    ] {
        let answer = sandbox.send(&body(length, bytes));
        assert_eq!(answer.as_ref().map(|a| a.status), Some(413), "{answer:?}");
        check(&sandbox, "large body", answer, &Refused(BAD, "EX-0107"));
    }
    check(
        &sandbox,
        "largest body",
        sandbox.send(&body("Content-Length: 100000", &vec![b'x'; 100_000])),
        &Answered,
    );

    let slow = sandbox.send(&body("Content-Length: 10", b"half"));
    assert_eq!(slow.as_ref().map(|a| a.status), Some(408), "{slow:?}");
    check(&sandbox, "slow body", slow, &BODY);
    for unfinished in [&b"GET"[..], &with(&[CLIENT])[..60], b"", b"\r\n\r\n"] {
        let asked = Instant::now();
        let answer = sandbox.send(unfinished);
        assert!(asked.elapsed() < Duration::from_secs(15), "nobody may keep a connection and say nothing");
        check(&sandbox, "slow head", answer, &Closed);
    }
}

#[test]
fn broken_framing_is_refused_and_nothing_is_smuggled() {
    let sandbox = start();
    let post = format!("POST {PROVIDER}/thu/1 HTTP/1.1");
    let send = |headers: &[&str], body: &[u8]| {
        let mut connection = sandbox.connect();
        connection.write(&request(&[&[&*post, "Host: nut", CLIENT], headers].concat(), body));
        connection
    };
    for headers in [
        &["Content-Length: 3", "Content-Length: 4"][..],
        &["Content-Length: -1"],
        &["Content-Length: 3x"],
        &["Content-Length: 99999999999999999999999"],
        &["Transfer-Encoding: gzip"],
        &["Transfer-Encoding: chunked, identity"],
    ] {
        check(&sandbox, &format!("{headers:?}"), send(headers, b"abc").answer(), &Bare(400));
    }
    for chunks in [
        &b"zz\r\nabc\r\n0\r\n\r\n"[..],
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\nabc",
        b"-1\r\nabc\r\n",
    ] {
        check(&sandbox, "chunks", send(&["Transfer-Encoding: chunked"], chunks).answer(), &BODY);
    }
    // The client goes away in the middle of its body.
    let connection = send(&["Content-Length: 10"], b"abc");
    connection.end();
    let rest = String::from_utf8(connection.rest()).unwrap();
    assert!(rest.is_empty() || rest.contains("EX-0108"), "{rest}");
    // What is longer than its length is another request, and is judged as one.
    let mut connection = send(&["Content-Length: 3"], b"abcGARBAGE\r\n\r\n");
    let first = connection.answer();
    assert_eq!(first.map(|a| a.text()), Some("abc".into()));
    check(&sandbox, "more than its length", connection.answer(), &Bare(400));
    // With both, chunks count (RFC 9112): the rest is no request of its own.
    let both = send(&["Content-Length: 4", "Transfer-Encoding: chunked"], b"3\r\nabc\r\n0\r\n\r\n").answer();
    assert!(both.as_ref().is_some_and(|a| a.status == 400 || a.text() == "abc"), "{both:?}");
    // Several requests in one go are answered in their order.
    let mut connection = sandbox.connect();
    let one = |id: &str| with(&[CLIENT, &format!("X-Road-Id: {id}")]);
    connection.write(&[one("p-1"), to("/r1/x"), one("p-3")].concat());
    let ids: Vec<_> = (0..3).map(|_| connection.answer().unwrap()).collect();
    assert_eq!(ids[0].header("x-road-id"), Some("p-1"));
    assert_form(&ids[1], "the second of three");
    assert_eq!(ids[2].header("x-road-id"), Some("p-3"));
    sandbox.assert_alive("pipelining");
}

#[test]
fn other_kinds_of_requests_do_no_harm() {
    let sandbox = start();
    let line = |line: &str| request(&[line, "Host: nut", CLIENT], b"");
    let target = format!("{PROVIDER}/thu/1");
    let method = Refused("client.invalid_http_method", "EX-0105");
    let cases = [
        (line(&format!("GET {target} HTTP/1.0")), Answered),
        (line(&format!("GET http://elsewhere.invalid{target} HTTP/1.1")), Answered),
        (request(&[&format!("GET {target} HTTP/1.1"), CLIENT], b""), Answered), // No Host.
        (line("CONNECT nut:443 HTTP/1.1"), TARGET),
        (line("OPTIONS * HTTP/1.1"), TARGET),
        (line(&format!("BREW {target} HTTP/1.1")), Refused("client.invalid_http_method", "EX-0105")),
        (line(&format!("get {target} HTTP/1.1")), method),
        (line(&format!("GET {target} HTTP/2.0")), Bare(400)),
        (line(&format!("GET {target} HTTP/9.9")), Bare(400)),
        (line(&format!("GET {target}")), Bare(400)),
        (line(&format!("G\u{e9}T {target} HTTP/1.1")), Bare(400)),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), Closed),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), Bare(400)),
        (b"\0\0\0\0".to_vec(), Bare(400)),
        (b"SSH-2.0-x\r\n\r\n".to_vec(), Bare(400)),
        (line("GET /%00 HTTP/1.1"), TARGET),
    ];
    for (bytes, expected) in &cases {
        check(&sandbox, &String::from_utf8_lossy(bytes), sandbox.send(bytes), expected);
    }
    // The port for nodes: not TLS, and TLS without a certificate.
    let nodes: u16 = sandbox.fact("provider_peer").rsplit(':').next().unwrap().parse().unwrap();
    let mut plain = Connection::open(nodes);
    plain.write(&to(&target));
    assert!(!String::from_utf8_lossy(&plain.rest()).contains("HTTP/1.1 200"));
    let refused = crate::harness::curl(
        &["-k", &format!("https://{}{target}", sandbox.fact("provider_peer")), "-H", CLIENT],
        None,
    );
    assert!(refused.is_err(), "{refused:?}");
    crate::harness::wait(|| sandbox.log("provider").matches("EX-0415").count() >= 2);
    sandbox.assert_alive("strangers at the port for nodes");
}

/// A small generator with a seed, so that a finding can be repeated.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n.max(1) as u64).unwrap()
    }

    fn mutated(&mut self, good: &[Vec<u8>]) -> Vec<u8> {
        let tokens: [&[u8]; 16] = [
            b"\r\n",
            b"\0",
            b"%2e%2e/",
            b"%00",
            b"/../",
            b"X-Road-Client: ",
            b"Content-Length: 9\r\n",
            b"\xff",
            b"%",
            b"//",
            b"Transfer-Encoding: chunked\r\n",
            b"HTTP/1.1",
            b" ",
            b"?",
            b"Accept: text/xml\r\n",
            b"Connection: x-road-id\r\n",
        ];
        let mut bytes = good[self.below(good.len())].clone();
        for _ in 0..=self.below(4) {
            let (at, length) = (self.below(bytes.len()), self.below(24));
            let end = (at + length).min(bytes.len());
            match self.below(5) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => drop(bytes.drain(at..end)),
                2 => drop(bytes.splice(at..at, bytes[at..end].to_vec()).count()),
                3 => drop(bytes.splice(at..at, tokens[self.below(tokens.len())].to_vec()).count()),
                _ => bytes[at] = u8::try_from(self.below(256)).unwrap(),
            }
            if bytes.is_empty() {
                return b"x".to_vec();
            }
        }
        bytes
    }
}

#[test]
fn two_thousand_mutated_requests_leave_the_node_alive_and_small() {
    let sandbox = start();
    let post = format!("POST {PROVIDER}/thu/a/b?c=d HTTP/1.1");
    let good = [
        to(&format!("{PROVIDER}/thu/049?x=1")),
        to("/listClients?xRoadInstance=VN-DEMO"),
        to(&format!("{PROVIDER}/getOpenAPI?serviceCode=thu")),
        with(&[CLIENT, "X-Road-Id: a", "X-Road-UserId: VN1", "Accept: text/xml", "Lienthong-Purpose: 01"]),
        request(
            &[&post, "Host: nut", CLIENT, "Content-Type: application/json", "Content-Length: 13"],
            br#"{"a":[1,"b"]}"#,
        ),
        request(
            &[&post, "Host: nut", CLIENT, "Transfer-Encoding: chunked"],
            b"5\r\n{\"a\":\r\n2\r\n1}\r\n0\r\n\r\n",
        ),
    ];
    let pid = sandbox.consumer.as_ref().unwrap().0.id();
    let resident_kib = || -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    assert!(good.iter().all(|bytes| sandbox.send(bytes).is_some()));
    let before = resident_kib();
    std::thread::scope(|scope| {
        for seed in 1..=8 {
            let (good, sandbox) = (&good, &sandbox);
            scope.spawn(move || {
                let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ seed);
                (0..250).for_each(|n| {
                    try_one(sandbox, &dice.mutated(good), &format!("seed {seed}, request {n}"));
                });
            });
        }
    });
    sandbox.assert_alive("2,000 mutated requests");
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 64 * 1024, "resident memory grew by {grown} KiB");
    assert!(!sandbox.log("consumer").contains("panicked"), "{}", sandbox.log("consumer"));
    assert!(!sandbox.log("provider").contains("panicked"), "{}", sandbox.log("provider"));
    assert_eq!(sandbox.audit("provider")["open"], 0);
    sandbox.audit("consumer");
}

/// Sends it and hangs up when nothing comes for a while; what comes is the service's or an error in form.
fn try_one(sandbox: &Sandbox, bytes: &[u8], which: &str) {
    let mut connection = sandbox.connect();
    connection.write(bytes);
    if !connection.hears(Duration::from_millis(40)) {
        connection.end();
    }
    let Some(answer) = connection.answer() else { return };
    let shown = String::from_utf8_lossy(bytes);
    if answer.header("x-road-error").is_some() {
        if !bytes.starts_with(b"HEAD") {
            assert_form(&answer, &format!("{which}: {shown}"));
        }
    } else if answer.status >= 400 {
        assert!(
            [400, 414, 431].contains(&answer.status) && answer.body.is_empty(),
            "{which}: {shown}: {answer:?}"
        );
    } else {
        assert!([100, 200].contains(&answer.status), "{which}: {shown}: {answer:?}");
    }
}
