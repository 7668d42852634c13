//! Nodes that are killed, and nodes that are asked to stop, in the middle of their work.

use std::collections::HashSet;

use serde_json::Value;
use testkit::TestStore;

use crate::harness::{Options, Sandbox, wait};
use crate::rig::{ECHO_SERVICE, Load, block, get, openings_and_closings, sql};

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
    sandbox.offer(ECHO_SERVICE);
    sandbox.start_provider();
    sandbox.start_consumer();
    let load = Load::start(&sandbox, 6);
    wait(|| load.answered() >= SOME);

    let stuck = ask_in_background(&sandbox, "treo-1", "/im-lang");
    wait(|| sandbox.parts("provider", "treo-1") == ["request"]);
    let failed = load.failed();
    sandbox.provider.take().unwrap().kill_9();
    wait(|| load.failed() > failed);
    let refusal = stuck.join().unwrap().expect("the consumer's node lives");
    assert!(refusal.text().contains("EX-04"), "{refusal:?}");
    // As if the node had been down for two days.
    sql(provider_log, "UPDATE record SET at = at - 172800000000");
    sandbox.start_provider();
    assert_eq!(sandbox.parts("provider", "treo-1"), ["request", "interrupted"]);
    let answered = load.answered();
    wait(|| load.answered() >= answered + SOME);

    let stuck = ask_in_background(&sandbox, "treo-2", "/cham/1000");
    wait(|| sandbox.parts("provider", "treo-2") == ["request"]);
    sandbox.consumer.take().unwrap().kill_9();
    assert!(stuck.join().unwrap().is_none());
    // The provider's node says how it ended although nobody was there to hear it.
    wait(|| sandbox.parts("provider", "treo-2") == ["request", "response"]);
    sandbox.start_consumer();
    let before = load.answered();
    wait(|| load.answered() >= before + SOME);

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

/// A call by a thread of its own; `None` when the node broke off.
fn ask_in_background(
    sandbox: &Sandbox,
    id: &str,
    path: &str,
) -> std::thread::JoinHandle<Option<crate::harness::Answer>> {
    let (mut connection, id, path) = (sandbox.connect(), id.to_owned(), path.to_owned());
    std::thread::spawn(move || get(&mut connection, &id, "moi", &path))
}

#[test]
fn nodes_asked_to_stop_finish_the_calls_in_flight() {
    let mut sandbox = Sandbox::prepare(&Options::default());
    sandbox.offer(ECHO_SERVICE);
    sandbox.start_provider();
    sandbox.start_consumer();
    let slow = ask_in_background(&sandbox, "cham-1", "/cham/2000");
    wait(|| sandbox.parts("provider", "cham-1") == ["request"]);
    assert_eq!(sandbox.provider.take().unwrap().terminate(), Some(0));
    assert_eq!(sandbox.consumer.take().unwrap().terminate(), Some(0));
    assert_eq!(slow.join().unwrap().expect("an answer").status, 200);
    assert_eq!(sandbox.parts("consumer", "cham-1"), ["call"]);
    assert_eq!(sandbox.audit("provider")["open"], 0);
}

#[test]
fn a_call_whose_asker_hangs_up_is_still_recorded_to_its_end() {
    let mut sandbox = Sandbox::prepare(&Options::default());
    sandbox.offer(ECHO_SERVICE);
    sandbox.start_provider();
    sandbox.start_consumer();
    let mut connection = sandbox.connect();
    let line = format!("GET {}/moi/cham/800 HTTP/1.1", crate::raw::PROVIDER);
    connection.write(&crate::raw::request(&[&line, "Host: nut", crate::raw::CLIENT, "X-Road-Id: bo-1"], b""));
    wait(|| sandbox.parts("provider", "bo-1") == ["request"]);
    drop(connection);
    wait(|| sandbox.parts("provider", "bo-1") == ["request", "response"]);
    wait(|| sandbox.parts("consumer", "bo-1") == ["call"]);
}
