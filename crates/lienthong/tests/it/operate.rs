//! What an operator meets: mistakes are one line with a remedy and an exit code, and pages say how the node is.

use std::net::{Ipv4Addr, TcpListener};

use crate::harness::{Options, Sandbox, run};

/// The program ends with this code and says one line that holds these texts.
#[track_caller]
fn assert_ends(args: &[&str], code: i32, texts: &[&str]) {
    let (ended, output) = run(args);
    assert_eq!(ended, code, "{output}");
    let said: Vec<&str> = output.lines().filter(|line| line.starts_with("lỗi / error:")).collect();
    assert_eq!(said.len(), 1, "{output}");
    for text in texts {
        assert!(output.contains(text), "{text:?} is not in {output}");
    }
    assert!(!output.contains("panicked"), "{output}");
}

#[test]
fn a_port_in_use_ends_a_node_with_the_remedy() {
    let sandbox = Sandbox::prepare(&Options::default());
    for (role, key, offset) in
        [("consumer", "systems_plain", 0), ("provider", "nodes", 3), ("provider", "ops", 4)]
    {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, sandbox.port(offset))).unwrap();
        let config = sandbox.fact(&format!("{role}_config"));
        let port = sandbox.port(offset).to_string();
        assert_ends(&["run", "--config", config], 69, &[key, &port, "may be in use"]);
        drop(taken);
    }
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, sandbox.port(1))).unwrap();
    let base = sandbox.port(0).to_string();
    let data = sandbox.dir.path().join("demo");
    let demo = ["demo", "--people", "1000", "--data", data.to_str().unwrap(), "--port-base", &base];
    assert_ends(&demo, 69, &["--port-base", &taken.local_addr().unwrap().port().to_string()]);
}

#[test]
fn a_data_folder_of_another_version_is_refused_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let base = crate::harness::free_ports().to_string();
    let data = dir.path().to_str().unwrap();
    let demo = ["demo", "--people", "1000", "--data", data, "--port-base", &base];
    std::fs::write(dir.path().join("something"), "of somebody").unwrap();
    assert_ends(&demo, 69, &["holds other data", "--data"]);
    std::fs::write(dir.path().join("format"), "lienthong-sandbox/99").unwrap();
    assert_ends(&demo, 69, &["of another version", "lienthong-sandbox/99", "--data"]);
}

#[test]
fn mistakes_in_a_configuration_are_all_named_and_end_with_64() {
    let sandbox = Sandbox::prepare(&Options::default());
    let config = sandbox.fact("provider_config").to_owned();
    let good = std::fs::read_to_string(&config).unwrap();
    for command in ["run", "check-config"] {
        sandbox.edit_config("provider", |_| good.replace("[node]", "[node]\nunknown = 1"));
        assert_ends(&[command, "--config", &config], 64, &["unknown"]);
        sandbox.edit_config("provider", |_| {
            format!(
                "{}\n[limits]\nbody_bytes_max = 1\ncall_s = 0\n",
                good.replace("service = \"DANCU/thu\"", "service = \"DANCU/khac\"")
            )
        });
        assert_ends(&[command, "--config", &config], 64, &["body_bytes_max", "call_s", "DANCU/khac"]);
        assert_ends(&[command, "--config", "nowhere.toml"], 64, &["nowhere.toml", "lienthong init"]);
    }
    sandbox.edit_config("provider", |_| good.replace("sqlite:log.db", "sqlite:no/such/folder/log.db"));
    assert_ends(&["run", "--config", &config], 69, &["no/such/folder"]);
    sandbox.edit_config("provider", |_| good.replace("../passphrase", "sign.pem"));
    assert_ends(&["run", "--config", &config], 69, &["passphrase"]);
}

#[test]
fn the_operators_pages_say_how_the_node_is() {
    let sandbox = Sandbox::start(&Options::default());
    assert_eq!(sandbox.call("mot", "thu", "/1").status, 200);
    assert_eq!(sandbox.call("hai", "cam", "/1").status, 500);
    let page = |role: &str, path: &str| {
        sandbox.get(&format!("{}{path}", sandbox.fact(&format!("{role}_ops"))), &[]).unwrap()
    };
    for role in ["consumer", "provider"] {
        assert_eq!(page(role, "/healthz").text(), "ok\n");
        let ready = page(role, "/readyz").json();
        assert_eq!(ready["ready"], true);
        for check in ["directory", "log", "certificates", "running"] {
            assert_eq!(ready["checks"][check], "ok", "{ready}");
        }
        let metrics = page(role, "/metrics").text();
        for name in [
            &format!("lienthong_calls_total{{side=\"{role}\",outcome=\"answered\",code=\"\"}} 1"),
            &format!("lienthong_call_seconds_count{{side=\"{role}\"}} 2"),
            "lienthong_log_commit_seconds_count",
            "lienthong_log_healthy 1",
            "lienthong_certificate_seconds_left{certificate=\"signing\"}",
            "lienthong_directory_seconds_left",
        ] {
            assert!(metrics.contains(name), "{role}: {name} is not in\n{metrics}");
        }
        assert_eq!(page(role, "/nothing").status, 404);
    }
    assert!(page("provider", "/metrics").text().contains("code=\"EX-0301\""));
}
