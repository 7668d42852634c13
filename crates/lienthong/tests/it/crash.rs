//! Nodes that are killed, and nodes that are asked to stop, in the middle of their work.

use std::collections::HashSet;
use std::io::Read as _;
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde_json::Value;
use testkit::TestStore;

use crate::harness::{Options, Sandbox, wait};
use crate::raw::{CLIENT, PROVIDER, request};
use crate::rig::{Load, Patient, answer, block, openings_and_closings, sql};

/// Calls that a load has answered before and between the faults.
const SOME: usize = 60;

#[test]
fn kill_9_of_either_node_during_load_loses_nothing_on_sqlite() {
    let sandbox = Sandbox::prepare(&Options::default());
    let provider_log = sandbox.log_url("provider");
    survive(sandbox, &provider_log);
}

#[test]
fn kill_9_of_either_node_during_load_loses_nothing_on_postgres() {
    let stores = [block(TestStore::postgres()), block(TestStore::postgres())];
    let urls = stores.each_ref().map(|store| store.url().to_owned());
    let provider_log = urls[1].clone();
    survive(Sandbox::prepare(&Options { stores: Some(urls), ..Options::default() }), &provider_log);
}

fn survive(mut sandbox: Sandbox, provider_log: &str) {
    let patient = Patient::offer(&sandbox);
    sandbox.start_provider();
    sandbox.start_consumer();
    let load = Load::start(&sandbox, 6);
    wait(|| load.answered() >= SOME);

    let held = patient.hold(&sandbox, "treo-1");
    let failed = load.failed();
    sandbox.provider.take().unwrap().kill_9();
    wait(|| load.failed() > failed);
    let refusal = held.answer().expect("the consumer's node lives");
    assert!(refusal.text().contains("EX-04"), "{refusal:?}");
    // As if the node had been down for two days.
    sql(provider_log, "UPDATE record SET at = at - 172800000000");
    sandbox.start_provider();
    assert_eq!(sandbox.parts("provider", "treo-1"), ["request", "interrupted"]);
    let answered = load.answered();
    wait(|| load.answered() >= answered + SOME);

    let held = patient.hold(&sandbox, "treo-2");
    sandbox.consumer.take().unwrap().kill_9();
    let (nothing, mut system) = held.unanswered();
    assert!(nothing.is_none(), "{nothing:?}");
    answer(&mut system);
    // The provider's node says how it ended although nobody was there to hear it.
    wait(|| sandbox.parts("provider", "treo-2") == ["request", "response"]);
    sandbox.start_consumer();
    let answered = load.answered();
    wait(|| load.answered() >= answered + SOME);

    let answered = load.finish();
    assert_eq!(sandbox.consumer.take().unwrap().terminate(), Some(0));
    assert_eq!(sandbox.provider.take().unwrap().terminate(), Some(0));
    check_logs(&sandbox, &answered);
}

/// Every call that a client saw answered is in both logs, and no call is half recorded.
fn check_logs(sandbox: &Sandbox, answered: &[String]) {
    for (role, part) in [("consumer", "call"), ("provider", "response")] {
        assert_eq!(sandbox.audit(role)["open"], 0, "{role}");
        let records = sandbox.list(role);
        let is_answer = |r: &&Value| r["part"] == part && r["outcome"]["status"] == 200;
        let logged: HashSet<&str> =
            records.iter().filter(is_answer).filter_map(|r| r["id"].as_str()).collect();
        let lost: Vec<_> = answered.iter().filter(|id| !logged.contains(id.as_str())).collect();
        assert!(lost.is_empty(), "{role}: {lost:?} of {}", answered.len());
        for (call, counts) in openings_and_closings(&records) {
            assert!(counts == (1, 1) || counts == (0, 1), "{role}: call {call} {counts:?}");
        }
    }
}

#[test]
fn nodes_asked_to_stop_finish_the_calls_in_flight() {
    let mut sandbox = Sandbox::prepare(&Options::default());
    let patient = Patient::offer(&sandbox);
    sandbox.start_provider();
    sandbox.start_consumer();
    let held = patient.hold(&sandbox, "do-dang");
    let nodes = [sandbox.provider.take().unwrap(), sandbox.consumer.take().unwrap()];
    let stopping = nodes.map(|node| std::thread::spawn(move || node.terminate()));
    let listens = |port| TcpStream::connect((Ipv4Addr::LOCALHOST, sandbox.port(port))).is_ok();
    wait(|| !listens(0) && !listens(3));
    assert_eq!(held.answer().expect("an answer").status, 200);
    for node in stopping {
        assert_eq!(node.join().unwrap(), Some(0));
    }
    assert_eq!(sandbox.parts("consumer", "do-dang"), ["call"]);
    assert_eq!(sandbox.parts("provider", "do-dang"), ["request", "response"]);
}

#[test]
fn a_call_whose_asker_hangs_up_is_still_recorded_to_its_end() {
    let mut sandbox = Sandbox::prepare(&Options::default());
    let patient = Patient::offer(&sandbox);
    sandbox.start_provider();
    sandbox.start_consumer();
    let mut connection = sandbox.connect();
    let line = format!("GET {PROVIDER}/doi/049 HTTP/1.1");
    connection.write(&request(&[&line, "Host: nut", CLIENT, "X-Road-Id: bo-1"], b""));
    let mut system = patient.take();
    drop(connection);
    // The provider's node goes on waiting for the answer.
    system.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    assert!(system.read(&mut [0]).is_err(), "the call was given up");
    answer(&mut system);
    wait(|| sandbox.parts("provider", "bo-1") == ["request", "response"]);
    wait(|| sandbox.parts("consumer", "bo-1") == ["call"]);
}
