//! Information systems, nodes and centres that do not do what they should, and bodies at their limit.

use std::path::Path;
use std::process::Command;

use crate::harness::{Answer, Options, Process, Sandbox, curl, wait};
use crate::raw::PROVIDER;
use crate::rig::{ECHO_SERVICE, python};

const MIB: usize = 1024 * 1024;
/// Resident memory of a node at most, in KiB.
const MEMORY_KIB_MAX: u64 = 200 * 1024;

fn with_echo(more: &str) -> Sandbox {
    let mut sandbox = Sandbox::prepare(&Options::default());
    sandbox.offer(&format!("{ECHO_SERVICE}{more}"));
    sandbox.start_provider();
    sandbox.start_consumer();
    sandbox
}

#[track_caller]
fn assert_refused(answer: &Answer, kind: &str, code: &str) {
    assert_eq!(answer.header("x-road-error"), Some(kind), "{answer:?}");
    let body = answer.json();
    assert_eq!(body["type"], kind);
    assert!(body["message"].as_str().unwrap().contains(code), "{body}");
}

#[test]
fn a_failing_information_system_is_named_with_its_own_code() {
    let nowhere = "\n[[service]]\nsubsystem = \"DANCU\"\ncode = \"vang\"\nurl = \"http://127.0.0.1:1\"\n[[grant]]\nto = \"VN-DEMO/GOV/H17/MOTCUA\"\nservice = \"DANCU/vang\"\n";
    let sandbox = with_echo(nowhere);
    let failed = "server.serverproxy.service_failed";
    for (id, service, path, leaf, code) in [
        ("vang", "vang", "/", "network_error", "EX-0501"),
        ("cham", "moi", "/cham/60000", "timeout", "EX-0502"),
        ("im", "moi", "/im-lang", "timeout", "EX-0502"),
        ("som", "moi", "/dong-som", "invalid_message", "EX-0503"),
        ("rac", "moi", "/rac", "invalid_message", "EX-0503"),
    ] {
        let answer = sandbox.call(id, service, path);
        assert_eq!(answer.status, 500, "{path}");
        assert_refused(&answer, &format!("{failed}.{leaf}"), code);
        assert_eq!(sandbox.parts("provider", id), ["request", "refusal"], "{path}");
        let recorded = &sandbox.records("provider", id)[1]["record"]["outcome"];
        assert!(recorded["code"] == code && recorded["fault"] == "service", "{path}: {recorded}");
        assert_eq!(sandbox.parts("consumer", id), ["refusal"], "{path}");
    }
    sandbox.assert_alive("all of that");
}

#[test]
fn what_the_information_system_answers_is_passed_on_whatever_its_status() {
    let sandbox = with_echo("");
    for status in [204, 400, 404, 409, 451, 500, 503, 599] {
        let answer = sandbox.call(&format!("s-{status}"), "moi", &format!("/loi/{status}"));
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("x-road-error"), None);
        assert_eq!(answer.header("x-road-service"), Some("VN-DEMO/GOV/G01/DANCU/moi"));
        if status != 204 {
            assert_eq!(answer.json()["ma"], "LOI_MO_PHONG");
        }
    }
    let redirect = sandbox.call("chuyen", "moi", "/chuyen-huong");
    assert_eq!((redirect.status, redirect.header("location")), (302, Some("/da-chuyen")));
    assert_eq!(redirect.header("x-road-error"), None);
    assert_eq!(sandbox.parts("provider", "chuyen"), ["request", "response"]);
}

#[test]
fn a_provider_node_that_is_not_running_is_named() {
    let mut sandbox = Sandbox::start(&Options::default());
    sandbox.provider.take().unwrap().kill_9();
    let answer = sandbox.call("vang", "thu", "/1");
    assert_refused(&answer, "server.clientproxy.network_error", "EX-0401");
    let recorded = sandbox.records("consumer", "vang").remove(0);
    assert_eq!(recorded["record"]["outcome"]["code"], "EX-0401");
    assert_eq!(recorded["record"]["outcome"]["fault"], "network");
    sandbox.start_provider();
    assert_eq!(sandbox.call("lai", "thu", "/1").status, 200);
}

#[test]
fn nodes_go_on_without_the_centre_but_not_without_a_directory() {
    let mut sandbox = Sandbox::start(&Options::default());
    assert_python_tuf_accepts(&sandbox);
    sandbox.centre.0.kill().unwrap();
    sandbox.centre.0.wait().unwrap();
    assert_eq!(sandbox.call("khong-trung-tam", "thu", "/1").status, 200);
    for role in ["consumer", "provider"] {
        let node = if role == "consumer" { sandbox.consumer.take() } else { sandbox.provider.take() };
        assert_eq!(node.unwrap().terminate(), Some(0));
    }
    sandbox.start_provider();
    sandbox.start_consumer();
    assert_eq!(sandbox.call("tu-bo-nho", "thu", "/1").status, 200);

    assert_eq!(sandbox.consumer.take().unwrap().terminate(), Some(0));
    std::fs::remove_dir_all(sandbox.node_dir("consumer").join("data/directory")).unwrap();
    sandbox.edit_config("consumer", |text| text.replace("[directory]", "[directory]\nrefresh_s = 1"));
    sandbox.consumer = Some(sandbox.spawn("consumer"));
    wait(|| sandbox.readiness("consumer") == 503);
    assert_refused(&sandbox.call("mu", "thu", "/1"), "server.clientproxy.global_conf_outdated", "EX-0601");

    let centre = Path::new(sandbox.fact("repository")).parent().unwrap().to_str().unwrap().to_owned();
    let address =
        sandbox.fact("directory_url").trim_start_matches("http://").trim_end_matches('/').to_owned();
    let log = sandbox.dir.path().join("centre.log");
    sandbox.centre = Process::start(&["authority", "serve", "--dir", &centre, "--listen", &address], &log);
    wait(|| sandbox.readiness("consumer") == 200);
    assert_eq!(sandbox.call("lai", "thu", "/1").status, 200);
}

/// A TUF client that is not ours, on what the sandbox serves.
fn assert_python_tuf_accepts(sandbox: &Sandbox) {
    let url = sandbox.fact("directory_url");
    let (metadata, targets) = (format!("{url}metadata/"), format!("{url}targets/"));
    let root = sandbox.fact("root");
    let (ok, output) =
        python("tests/foreign/check_directory.py", &[root, &metadata, &targets, "directory.json"]);
    assert!(ok, "{output}");
    let found = output.trim().to_owned();
    assert_eq!(found.len(), 64, "{output}");
}

/// The SHA-256 of a file by `openssl`.
fn digest(path: &Path) -> String {
    let output = Command::new("openssl").args(["dgst", "-sha256", "-r"]).arg(path).output().unwrap();
    String::from_utf8_lossy(&output.stdout).split(' ').next().unwrap().to_owned()
}

/// A file of this size whose bytes do not repeat early.
fn file(sandbox: &Sandbox, bytes: usize) -> String {
    let path = sandbox.dir.path().join(format!("{bytes}.bin"));
    let content: Vec<u8> =
        (0_u32..).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).take(bytes).collect();
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Sends a file and keeps what comes back: the head, and the file with the body.
fn send(sandbox: &Sandbox, file: &str, more: &[&str]) -> (Answer, std::path::PathBuf) {
    let url = format!("{}{PROVIDER}/moi/049", sandbox.fact("ask_base"));
    let back =
        tempfile::Builder::new().tempfile_in(sandbox.dir.path()).unwrap().into_temp_path().keep().unwrap();
    let body = format!("@{file}");
    let fixed =
        ["-X", "POST", &url, "-H", crate::raw::CLIENT, "-H", "Content-Type: application/octet-stream"];
    let kept = ["--no-include", "--data-binary", &body, "-o", back.to_str().unwrap(), "-D", "-"];
    (curl(&[&fixed[..], &kept, more].concat(), None).unwrap(), back)
}

#[test]
fn bodies_pass_whole_up_to_the_limit_and_are_refused_above_it() {
    let sandbox = with_echo("");
    for bytes in [1, MIB, MIB + 1, 20 * MIB - 1, 20 * MIB] {
        let sent = file(&sandbox, bytes);
        let (answer, back) = send(&sandbox, &sent, &[]);
        assert_eq!(answer.status, 200, "{bytes}: {answer:?}");
        assert_eq!(digest(&back), digest(Path::new(&sent)), "{bytes}");
    }
    let sent = file(&sandbox, 20 * MIB + 1);
    for more in
        [&["-H", "X-Road-Id: dai"][..], &["-H", "X-Road-Id: khuc", "-H", "Transfer-Encoding: chunked"]]
    {
        let (answer, back) = send(&sandbox, &sent, more);
        assert_eq!(answer.status, 413, "{more:?}: {answer:?}");
        assert_eq!(answer.header("x-road-error"), Some("client.bad_request"));
        assert!(std::fs::read_to_string(back).unwrap().contains("EX-0107"), "{more:?}");
    }
    let answer = sandbox.call("to", "moi", &format!("/to/{}", 20 * MIB + 1));
    assert_refused(&answer, "server.serverproxy.service_failed.body_too_large", "EX-0504");
    assert_eq!(sandbox.parts("provider", "to"), ["request", "refusal"]);
    let answer = sandbox.call("vua", "moi", &format!("/to/{}", 20 * MIB));
    assert_eq!((answer.status, answer.body.len()), (200, 20 * MIB));
}

#[test]
fn sixteen_large_bodies_at_once_do_not_fill_the_memory() {
    let sandbox = with_echo("");
    let sent = file(&sandbox, 20 * MIB);
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..16).map(|_| scope.spawn(|| send(&sandbox, &sent, &[]).0.status)).collect();
        for sender in senders {
            assert_eq!(sender.join().unwrap(), 200);
        }
    });
    for node in [&sandbox.consumer, &sandbox.provider] {
        let pid = node.as_ref().unwrap().0.id();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(peak < MEMORY_KIB_MAX, "{peak} KiB");
    }
}
