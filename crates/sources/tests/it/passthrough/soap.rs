//! A SOAP service of a library that is not ours, in both versions of SOAP.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::json;
use sources::passthrough::{Definition, check, draft};

use super::{ATTEMPTS, REFUSED, ask, coded, start};

fn foreign(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/foreign").join(name)
}

/// The service at work; ends with the test.
struct Foreign {
    url: String,
    child: Child,
    _stdin: ChildStdin,
}

impl Foreign {
    fn start(version: &str) -> Self {
        let python = std::env::var("LIENTHONG_TEST_PYTHON")
            .expect("LIENTHONG_TEST_PYTHON is not set: run cargo xtask test");
        let mut command = Command::new(python);
        command.arg(foreign("soap_service.py")).arg(version).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port: u16 = line.trim().parse().expect("the service says its port: is soapbar installed?");
        let stdin = child.stdin.take().unwrap();
        Self { url: format!("http://127.0.0.1:{port}/hoso"), child, _stdin: stdin }
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The definition of the service, as somebody would write it.
pub fn definition(version: &str, url: &str) -> String {
    include_str!("soap.toml").replace("http://SERVICE", url).replace("VERSION", version)
}

#[tokio::test]
async fn a_soap_service_answers_as_json_by_its_mapping_and_nothing_else_of_it_is_given() {
    for version in ["1.1", "1.2"] {
        let foreign = Foreign::start(version);
        let service = start(&definition(version, &foreign.url));
        let (status, given) = ask(&service, "GET /H17-0001?nam=40", "").await;
        let expected = json!({
            "ma": "H17-0001", "hoTen": "Nguyễn Văn <Mẫu> & con", "lePhi": "1234567890123456789.10", "soTrang": 40,
            "xuLy": { "ngayNop": "2026-11-22", "daXong": true, "ghiChu": null },
            "giayTo": [{ "loai": "CCCD", "so": "049099000001" }, { "loai": "GKS", "so": "12/2026" }],
        });
        assert_eq!((status, &given), (200, &expected), "{version}");
        assert_eq!(
            ask(&service, "GET /KHONG-CO-1", "").await.0,
            404,
            "{version}: a declared fault is no error"
        );
        let (status, problem) = ask(&service, "GET /LOI", "").await;
        assert_eq!((status, &problem["code"]), (503, &json!("EX-3015")), "{version}");
        assert!(!problem.to_string().contains("Mau"), "the text of a fault stays here: {problem}");
        assert_eq!(
            ask(&service, "GET /H17-0001", "").await.1["soTrang"],
            12,
            "an optional parameter is left out"
        );
    }
}

#[tokio::test]
async fn nothing_that_a_consumer_writes_becomes_markup() {
    let foreign = Foreign::start("1.1");
    let service = start(&definition("1.1", &foreign.url));
    for attempt in ATTEMPTS {
        let (status, given) = ask(&service, &format!("GET /{}", coded(attempt)), "").await;
        assert_eq!((status, given["ma"].as_str()), (200, Some(attempt)));
    }
    for refused in REFUSED {
        let (status, problem) = ask(&service, &format!("GET /{}", coded(refused)), "").await;
        assert_eq!((status, &problem["code"]), (422, &json!("EX-3009")), "{refused:?}: {problem}");
    }
}

#[tokio::test]
async fn questions_that_are_not_as_declared_are_refused_before_anybody_is_asked() {
    let service = start(&definition("1.1", "http://127.0.0.1:1/hoso"));
    for wrong in ["?nam=hai", "?nam=1&nam=2", "?thang=1", "?maHoSo=x", "?nam=99999999999999999999"] {
        let (status, problem) = ask(&service, &format!("GET /H17{wrong}"), "").await;
        assert_eq!((status, &problem["code"]), (422, &json!("EX-3009")), "{wrong}");
    }
    assert_eq!(ask(&service, "GET /H17", "{\"nam\":1}").await.0, 422, "a body that is not declared");
    assert_eq!(ask(&service, "POST /H17", "").await.0, 405);
    let long = "x".repeat(1_001);
    assert_eq!(ask(&service, &format!("GET /{long}"), "").await.0, 422);
    let (status, problem) = ask(&service, "GET /H17", "").await;
    assert_eq!((status, &problem["code"]), (503, &json!("EX-3002")), "nobody is there");
}

#[tokio::test]
async fn a_definition_that_was_drafted_from_a_wsdl_works_as_it_is() {
    for version in ["1.1", "1.2"] {
        let foreign = Foreign::start(version);
        let drafted =
            draft::draft(&format!("{}?wsdl", foreign.url), "traCuu", ("MOTCUA", "ho-so")).await.unwrap();
        assert_eq!(drafted.left_out, Vec::<String>::new());
        let text = drafted.definition.text().unwrap();
        let read = Definition::parse(&text).unwrap();
        assert_eq!(read, drafted.definition);
        let checked = check::check(&read).await.unwrap();
        assert_eq!((checked.mistakes, checked.warnings), (Vec::new(), Vec::new()), "{text}");
        let (status, given) = ask(&start(&text), "POST /", r#"{"maHoSo":"H17-1","nam":3}"#).await;
        assert_eq!(
            (status, &given["maHoSo"], &given["soTrang"]),
            (200, &json!("H17-1"), &json!(3)),
            "{given}"
        );
        assert_eq!(given["giayTo"][1], json!({ "loai": "GKS", "so": "12/2026" }));
        let unknown = draft::draft(&format!("{}?wsdl", foreign.url), "xoa", ("MOTCUA", "ho-so")).await;
        assert!(unknown.err().unwrap().to_string().contains("traCuu"), "the operations are named");
    }
    let from_file =
        draft::draft(foreign("ho_so.wsdl").to_str().unwrap(), "traCuu", ("MOTCUA", "ho-so")).await;
    assert_eq!(
        from_file.err().map(|error| error.code()),
        Some("EX-3002"),
        "its binding is of no SOAP that there is"
    );
}

#[tokio::test]
async fn a_service_that_changed_is_told_by_its_wsdl() {
    let foreign = Foreign::start("1.1");
    let check = async |from: &str, to: &str| {
        let text = definition("1.1", &foreign.url).replacen(from, to, 1);
        let checked = check::check(&Definition::parse(&text).unwrap()).await.unwrap();
        let said =
            |all: Vec<sources::error::Mistake>| all.iter().map(ToString::to_string).collect::<String>();
        (said(checked.mistakes), said(checked.warnings))
    };
    let (mistakes, _) = check("h:ghiChu", "h:noiBo").await;
    assert_eq!(mistakes, "");
    let (mistakes, _) = check("x", "x").await;
    assert!(mistakes.contains("h:ghiChu") || mistakes.contains("ghiChu"), "{mistakes}");
    let (mistakes, _) = check("h:hoSo", "h:hoSoMoi").await;
    assert!(mistakes.contains("hoSoMoi"), "{mistakes}");
    let (mistakes, _) = check("action = \"http://hoso.example/1/traCuu\"", "action = \"x\"").await;
    assert!(mistakes.contains("no such request and action"), "{mistakes}");
    let (_, warnings) = check("to = \"h:maHoSo\"", "to = \"h:maSo\"").await;
    assert!(warnings.contains("wants {http://hoso.example/1}maHoSo"), "{warnings}");
    let (_, warnings) = check(&format!("wsdl = \"{}?wsdl\"", foreign.url), "").await;
    assert!(warnings.contains("only the connection was tried"), "{warnings}");
}
