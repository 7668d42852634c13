//! Message logs that cannot be written for a while, or by more than one.

use testkit::TestStore;

use crate::harness::{Options, Process, Sandbox, run, wait};
use crate::raw::{SYSTEM, System};
use crate::rig::{Held, Patient, SYSTEM_SERVICE, SmallDisk, block, sql};

/// Two nodes, an information system that counts and one that waits.
fn counted(mut sandbox: Sandbox) -> (Sandbox, System, Patient) {
    let patient = Patient::offer(&sandbox);
    let system = System::start(sandbox.port(SYSTEM));
    system.answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    sandbox.offer(SYSTEM_SERVICE);
    sandbox.start_provider();
    sandbox.start_consumer();
    assert_eq!(sandbox.call("dau", "dem", "/").status, 200);
    system.one();
    (sandbox, system, patient)
}

/// The answer to a question in the log is withheld while it cannot be recorded.
fn assert_withheld(held: Held, code: &str) {
    let answer = held.answer().unwrap();
    assert!(answer.status == 500 && answer.text().contains(code), "{answer:?}");
}

/// A node that cannot write its log refuses calls with this code and does not forward them.
fn assert_refuses(sandbox: &Sandbox, system: &System, role: &str, code: &str) {
    let side = if role == "consumer" { "server.clientproxy" } else { "server.serverproxy" };
    for number in 0..3 {
        let answer = sandbox.call(&format!("khong-{role}-{number}"), "dem", "/");
        assert_eq!(answer.status, 500, "{answer:?}");
        assert_eq!(answer.header("x-road-error"), Some(&*format!("{side}.logging_failed")), "{answer:?}");
        assert!(answer.text().contains(code), "{answer:?}");
    }
    assert_eq!(system.take().len(), 0, "{role}: forwarded without a record");
    wait(|| sandbox.readiness(role) == 503);
}

/// It goes on by itself, and says so before anybody asks.
fn assert_goes_on(sandbox: &Sandbox, system: &System, role: &str) {
    wait(|| sandbox.readiness(role) == 200);
    assert_eq!(sandbox.call(&format!("lai-{role}"), "dem", "/").status, 200);
    system.one();
}

/// Stops the nodes; both logs are whole.
fn assert_whole(mut sandbox: Sandbox) {
    assert_eq!(sandbox.consumer.take().unwrap().terminate(), Some(0));
    assert_eq!(sandbox.provider.take().unwrap().terminate(), Some(0));
    for role in ["consumer", "provider"] {
        assert_eq!(sandbox.audit(role)["open"], 0, "{role}");
    }
}

#[test]
fn a_full_disk_stops_calls_before_they_are_forwarded_and_ends_by_itself() {
    let disks = [SmallDisk::new(), SmallDisk::new()];
    let sandbox = Sandbox::prepare(&Options::default());
    for (role, disk) in ["consumer", "provider"].into_iter().zip(&disks) {
        sandbox.move_log(role, &format!("sqlite:{}/log.db", disk.path().display()));
    }
    let (sandbox, system, patient) = counted(sandbox);
    let [consumers, providers] = &disks;
    let held = patient.hold(&sandbox, "giua");
    providers.fill(sandbox.provider.as_ref().unwrap());
    assert_withheld(held, providers.code());
    assert_refuses(&sandbox, &system, "provider", providers.code());
    providers.free(sandbox.provider.as_ref().unwrap());
    assert_goes_on(&sandbox, &system, "provider");
    wait(|| sandbox.parts("provider", "giua") == ["request", "interrupted"]);

    consumers.fill(sandbox.consumer.as_ref().unwrap());
    // The first is asked before the log is known to fail; its answer is withheld, and the provider has the proof.
    let withheld = sandbox.call("giu-lai", "dem", "/");
    assert!(withheld.status == 500 && withheld.text().contains(consumers.code()), "{withheld:?}");
    system.one();
    assert_eq!(sandbox.parts("provider", "giu-lai"), ["request", "response"]);
    assert_refuses(&sandbox, &system, "consumer", consumers.code());
    consumers.free(sandbox.consumer.as_ref().unwrap());
    assert_goes_on(&sandbox, &system, "consumer");
    assert_whole(sandbox);
}

#[test]
fn postgresql_gone_and_back_stops_calls_and_lets_them_go_on() {
    let stores = [block(TestStore::postgres()), block(TestStore::postgres())];
    let urls = stores.each_ref().map(|store| store.url().to_owned());
    let (sandbox, system, patient) =
        counted(Sandbox::prepare(&Options { stores: Some(urls), ..Options::default() }));
    let gone = |store: &TestStore| {
        block(async {
            store.set_reachable(false).await;
            store.cut_connections().await;
        });
    };
    let [consumers, providers] = &stores;
    let held = patient.hold(&sandbox, "giua");
    gone(providers);
    assert_withheld(held, "EX-0701");
    assert_refuses(&sandbox, &system, "provider", "EX-0701");
    block(providers.set_reachable(true));
    assert_goes_on(&sandbox, &system, "provider");
    wait(|| sandbox.parts("provider", "giua") == ["request", "interrupted"]);

    gone(consumers);
    assert_eq!(sandbox.call("giu-lai", "dem", "/").status, 500);
    system.one();
    assert_refuses(&sandbox, &system, "consumer", "EX-0701");
    block(consumers.set_reachable(true));
    assert_goes_on(&sandbox, &system, "consumer");

    // Connections that are cut while the server stays cost no call.
    block(providers.cut_connections());
    assert_goes_on(&sandbox, &system, "provider");

    assert_locked(&sandbox, "provider");
    assert_whole(sandbox);
}

/// A second process with the same log and other ports ends with one line that says why.
fn assert_locked(sandbox: &Sandbox, role: &str) {
    let config = std::fs::read_to_string(sandbox.fact(&format!("{role}_config"))).unwrap();
    let second = sandbox.node_dir(role).join("second.toml");
    let moved = (0..5).fold(config, |text, offset| {
        text.replace(&format!("\"127.0.0.1:{}\"", sandbox.port(offset)), "\"127.0.0.1:0\"")
    });
    std::fs::write(&second, moved).unwrap();
    let (code, output) = run(&["run", "--config", second.to_str().unwrap()]);
    assert_eq!(code, 69, "{output}");
    let said: Vec<&str> = output.lines().filter(|line| line.starts_with("lỗi / error:")).collect();
    assert!(said.len() == 1 && said[0].contains("another process writes to this store"), "{output}");
    assert_eq!(sandbox.call(&format!("mot-minh-{role}"), "thu", "/1").status, 200);
}

#[test]
fn a_second_process_on_the_same_log_is_refused() {
    let sandbox = Sandbox::start(&Options::default());
    assert_locked(&sandbox, "consumer");
    assert_locked(&sandbox, "provider");
}

#[test]
fn a_log_of_a_newer_program_is_refused_with_the_remedy() {
    let mut sandbox = Sandbox::start(&Options::default());
    assert_eq!(sandbox.provider.take().unwrap().terminate(), Some(0));
    sql(&sandbox.log_url("provider"), "UPDATE meta SET value = '99' WHERE key = 'schema'");
    let (code, output) = run(&["run", "--config", sandbox.fact("provider_config")]);
    assert_eq!(code, 69, "{output}");
    assert!(output.contains("schema version 99") && output.contains("start the newer program"), "{output}");
    let _: Option<Process> = sandbox.provider.take();
}
