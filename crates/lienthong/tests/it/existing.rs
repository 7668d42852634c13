//! Somebody has a SOAP service and offers it, with the command line alone.

use std::io::BufRead as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::harness::{Options, Sandbox, run, wait};
use crate::source::works;

/// The service of a library that is not ours; ends with the test.
struct Foreign(Child);

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn foreign() -> (Foreign, String) {
    let python = std::env::var("LIENTHONG_TEST_PYTHON")
        .expect("LIENTHONG_TEST_PYTHON is not set: run cargo xtask test");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/foreign/soap_service.py");
    let mut command = Command::new(python);
    let mut child =
        command.arg(script).arg("1.1").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut port = String::new();
    std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
    (Foreign(child), format!("http://127.0.0.1:{}/hoso", port.trim()))
}

#[test]
fn a_soap_service_that_somebody_has_becomes_a_signed_answer_in_json() {
    let (mut soap, url) = foreign();
    let mut sandbox = Sandbox::prepare(&Options::default());
    let listen = format!("127.0.0.1:{}", sandbox.port(8));
    let grant = "[[grant]]\nto = \"VN-DEMO/GOV/H17/MOTCUA\"\nservice = \"DANCU/ho-so\"\n";
    sandbox.edit_config("provider", |text| format!("{text}\n[sources]\nlisten = \"{listen}\"\n\n{grant}"));
    sandbox.start_provider();
    sandbox.start_consumer();
    let dir = sandbox.node_dir("provider");
    let (config, draft) = (dir.join("lienthong.toml"), dir.join("ho-so.toml"));
    let (config, draft) = (config.to_str().unwrap(), draft.to_str().unwrap());

    let wsdl = format!("{url}?wsdl");
    let (code, output) = run(&["source", "draft", "--wsdl", &wsdl, "--service", "DANCU/ho-so", "-o", draft]);
    assert!(code != 0 && output.contains("--operation"), "{output}");
    works(&[
        "source",
        "draft",
        "--wsdl",
        &wsdl,
        "--operation",
        "traCuu",
        "--service",
        "DANCU/ho-so",
        "-o",
        draft,
    ]);
    let text = std::fs::read_to_string(draft).unwrap();
    std::fs::write(draft, text.replace("title_vi = \"traCuu\"", "title_vi = \"Tra cứu hồ sơ\"")).unwrap();
    works(&["source", "check", draft]);
    works(&["source", "publish", draft, "--config", config]);

    let ask = |id: &str, body: &str| {
        let (id, length) = (format!("X-Road-Id: {id}"), format!("Content-Length: {}", body.len()));
        let line = "POST /r1/VN-DEMO/GOV/G01/DANCU/ho-so/ HTTP/1.1";
        let head = [line, "Host: nut", crate::raw::CLIENT, &id, &length, "Content-Type: application/json"];
        sandbox.request(&head, body.as_bytes())
    };
    wait(|| ask("cho", r#"{"maHoSo":"H17-1"}"#).status == 200);
    let given = ask("co-san-1", r#"{"maHoSo":"H17-1"}"#).json();
    assert_eq!(
        (&given["maHoSo"], &given["lePhi"]),
        (&"H17-1".into(), &"1234567890123456789.10".into()),
        "{given}"
    );
    assert!(!sandbox.records("consumer", "co-san-1").is_empty(), "the answer is signed and recorded");
    assert_eq!(ask("co-san-2", r#"{"maHoSo":"H17-1","khac":1}"#).status, 422);

    soap.0.kill().unwrap();
    soap.0.wait().unwrap();
    let gone = ask("co-san-3", r#"{"maHoSo":"H17-1"}"#);
    assert!(gone.status >= 500 && gone.text().contains("EX-3002"), "{gone:?}");
    let (code, output) = run(&["source", "check", draft]);
    assert!(code != 0 && output.contains("127.0.0.1"), "{output}");
}
