//! `doctor --gate` at real nodes: what a machine can check of the readiness gate, and the report that an inspector ticks.

use serde_json::Value;

use crate::harness::{Sandbox, run, wait};
use crate::registry::{CONSUMER, PROVIDER, start};

/// Runs the doctor at the gate of a party; gives exit code and output.
fn doctor(sandbox: &Sandbox, role: &str, party: &str, more: &[&str]) -> (i32, String) {
    let config = sandbox.fact(&format!("{role}_config"));
    run(&[&["doctor", "--config", config, "--gate", party], more].concat())
}

fn report(sandbox: &Sandbox, role: &str, party: &str) -> (i32, Value) {
    let (code, output) = doctor(sandbox, role, party, &["--json"]);
    (code, serde_json::from_str(&output).unwrap_or_else(|error| panic!("{error}: {output}")))
}

#[track_caller]
fn outcome<'a>(report: &'a Value, code: &str) -> &'a str {
    let checks = report["machine"].as_array().unwrap();
    let found = checks.iter().find(|check| check["code"] == code);
    found.unwrap_or_else(|| panic!("no {code} in {report:#}"))["outcome"].as_str().unwrap()
}

#[test]
fn the_doctor_checks_a_running_node_and_puts_the_papers_of_its_registry_beside_it() {
    let (sandbox, office) = start(None);
    office.prepare();
    wait(|| report(&sandbox, "provider", PROVIDER).0 == 0);
    let (_, found) = report(&sandbox, "provider", PROVIDER);
    for code in [
        "subsystem",
        "certificate_chain",
        "tls_versions",
        "security_headers",
        "clock",
        "software_version",
        "log_level",
        "audit_journal",
    ] {
        assert_eq!(outcome(&found, code), "passed", "{found:#}");
    }
    // Other programs of this machine may have public ports, and its folder for tests may lie in memory.
    for code in ["open_ports", "message_log"] {
        assert!(["passed", "warned"].contains(&outcome(&found, code)), "{found:#}");
    }
    assert_eq!((&found["open"], &found["rows"][2]["item"]), (&true.into(), &"security_minutes".into()));

    let dir = sandbox.dir.path();
    for (name, begin) in
        [("bao-cao.html", "<!DOCTYPE html>"), ("bao-cao.pdf", "%PDF-"), ("bao-cao.json", "{")]
    {
        let file = dir.join(name);
        let (code, output) = doctor(&sandbox, "provider", PROVIDER, &["-o", file.to_str().unwrap()]);
        assert_eq!(code, 0, "{output}");
        assert!(std::fs::read(&file).unwrap().starts_with(begin.as_bytes()), "{name}");
    }
    let page = std::fs::read_to_string(dir.join("bao-cao.html")).unwrap();
    assert!(page.contains("Phiên bản và bộ mã TLS") && page.contains("Biên bản kiểm tra an ninh mạng"));
    let (_, text) = doctor(&sandbox, "provider", PROVIDER, &[]);
    assert!(text.contains("✓ Phiên bản và bộ mã TLS") && text.contains("1.3 TLS13_"), "{text}");
    let wrong_end = dir.join("bao-cao.txt");
    let (code, output) = doctor(&sandbox, "provider", PROVIDER, &["-o", wrong_end.to_str().unwrap()]);
    assert!(code != 0 && output.contains(".html") && !wrong_end.exists(), "{output}");

    // Somebody else's subsystem is not this node's to answer for.
    let (code, other) = report(&sandbox, "provider", CONSUMER);
    assert_eq!((code, outcome(&other, "subsystem")), (1, "failed"));

    // What is open must be what is configured: here the file was edited and the node not started again.
    let ops = sandbox.fact("provider_ops").trim_start_matches("http://").to_owned();
    let free = format!("0.0.0.0:{}", sandbox.port(6));
    sandbox.edit_config("provider", |text| text.replace(&ops, &free));
    let (code, edited) = report(&sandbox, "provider", PROVIDER);
    assert_eq!((code, outcome(&edited, "open_ports")), (1, "failed"));
    for part in [ops.as_str(), "không có trong cấu hình", "không mở", "plain text"] {
        assert!(edited.to_string().contains(part), "{part} is not in {edited:#}");
    }
}

#[test]
fn a_node_without_a_registry_says_where_the_papers_are_and_checks_what_it_can() {
    let (mut sandbox, _office) = start(None);
    let (code, found) = report(&sandbox, "consumer", CONSUMER);
    assert_eq!(code, 0, "{found:#}");
    assert_eq!(outcome(&found, "tls_versions"), "passed");
    assert_eq!(found["rows"], Value::Array(Vec::new()));
    let (_, text) = doctor(&sandbox, "consumer", CONSUMER, &[]);
    assert!(text.contains(&format!("/api/v1/gate?party={CONSUMER}")), "{text}");
    assert!(!text.contains("Phần II."), "{text}");

    sandbox.consumer = None;
    let (_, stopped) = report(&sandbox, "consumer", CONSUMER);
    for code in ["tls_versions", "open_ports", "log_level"] {
        assert_eq!(outcome(&stopped, code), "skipped", "nobody could look: {stopped:#}");
    }
}
