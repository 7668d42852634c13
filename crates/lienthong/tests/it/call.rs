//! The main job: one question across two nodes.

use crate::harness::{Options, Sandbox, curl, run};

#[test]
fn a_granted_call_is_answered_and_stands_in_both_logs() {
    let sandbox = Sandbox::start(&Options::default());
    let answer = sandbox.ask("/049?x=1", &["-H", "X-Road-Id: call-1", "-H", "X-Road-UserId: VN123"]);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("x-road-id"), Some("call-1"));
    assert_eq!(answer.header("x-road-service"), Some("VN-DEMO/GOV/G01/DANCU/thu"));
    assert!(answer.header("x-road-request-hash").is_some_and(|h| h.len() == 88));
    assert_eq!(answer.header("x-road-error"), None);
    let (consumer, provider) = (sandbox.records("consumer", "call-1"), sandbox.records("provider", "call-1"));
    assert_eq!((consumer.len(), provider.len()), (1, 2));
    assert_eq!(sandbox.audit("consumer")["records"], 1);
    assert_eq!(sandbox.audit("provider")["open"], 0);
}

#[test]
fn what_is_not_granted_is_refused_with_a_signed_refusal_in_both_logs() {
    let sandbox = Sandbox::start(&Options { sign_single: true, ..Options::default() });
    let url = format!("{}{}", sandbox.fact("ask_base"), sandbox.fact("not_granted_path"));
    let client = format!("X-Road-Client: {}", sandbox.fact("client"));
    let answer = curl(&[&url, "-H", &client, "-H", "X-Road-Id: no-1"], None).unwrap();
    assert_eq!(answer.status, 500);
    assert_eq!(answer.header("x-road-error"), Some("server.serverproxy.access_denied"));
    let body = answer.json();
    assert_eq!(body["type"], "server.serverproxy.access_denied");
    assert!(body["message"].as_str().unwrap().contains("EX-0301"));
    for role in ["consumer", "provider"] {
        let records = sandbox.records(role, "no-1");
        assert_eq!(records.len(), 1, "{role}");
        assert!(records[0]["record"]["response"]["signature"].is_string(), "{role}: the refusal is signed");
    }
}

#[test]
fn a_grant_that_is_taken_away_ends_within_a_second_without_a_restart() {
    let sandbox = Sandbox::start(&Options::default());
    assert_eq!(sandbox.ask("/1", &[]).status, 200);
    sandbox.edit_config("provider", |text| text.replace("DANCU/thu\"\nuntil", "DANCU/cam\"\nuntil"));
    crate::harness::wait(|| {
        sandbox.ask("/1", &[]).header("x-road-error") == Some("server.serverproxy.access_denied")
    });
}

#[test]
fn evidence_of_a_call_is_exported_and_verified_without_any_node() {
    let sandbox = Sandbox::start(&Options::default());
    assert_eq!(sandbox.ask("/049", &["-H", "X-Road-Id: e-1"]).status, 200);
    for role in ["consumer", "provider"] {
        let file = sandbox.dir.path().join(format!("{role}.json"));
        let file = file.to_str().unwrap();
        let (code, output) = run(&[
            "evidence",
            "export",
            "--id",
            "e-1",
            "--config",
            sandbox.fact(&format!("{role}_config")),
            "-o",
            file,
        ]);
        assert_eq!(code, 0, "{output}");
        let (code, output) = run(&["evidence", "verify", file]);
        assert_eq!(code, 0, "{output}");
        let altered = std::fs::read_to_string(file).unwrap().replacen("e-1", "e-2", 1);
        std::fs::write(file, altered).unwrap();
        let (code, output) = run(&["evidence", "verify", file]);
        assert_eq!(code, 1, "{output}");
    }
}

#[test]
fn a_node_asked_to_stop_ends_cleanly_and_its_log_is_whole() {
    let mut sandbox = Sandbox::start(&Options::default());
    assert_eq!(sandbox.ask("/1", &[]).status, 200);
    assert_eq!(sandbox.consumer.take().unwrap().terminate(), Some(0));
    assert_eq!(sandbox.provider.take().unwrap().terminate(), Some(0));
    assert_eq!(sandbox.audit("consumer")["checkpoints"], 1);
    assert_eq!(sandbox.audit("provider")["open"], 0);
}
