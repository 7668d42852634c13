//! The first thing that a newcomer runs: `lienthong demo`.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::harness::{Answer, PROGRAM, curl, free_ports, run, wait};

/// How long a demo may take to stop.
const STOP_MAX: Duration = Duration::from_secs(20);

/// A running demo; killed when dropped.
pub struct Demo {
    child: Option<Child>,
    data: PathBuf,
    facts: Value,
}

impl Demo {
    pub fn start(data: &Path, base: u16) -> Self {
        Self::start_with(data, base, &[])
    }

    pub fn start_with(data: &Path, base: u16, more: &[&str]) -> Self {
        let (data, port) = (data.to_owned(), base.to_string());
        let output = std::fs::File::create(data.with_extension("out")).unwrap();
        let mut child = Command::new(PROGRAM)
            .args(["demo", "--people", "2000", "--port-base", &port, "--data", data.to_str().unwrap()])
            .args(more)
            .stdin(Stdio::null())
            .stderr(output.try_clone().unwrap())
            .stdout(output)
            .spawn()
            .unwrap();
        let ready = data.join("demo.json");
        wait(|| ready.exists() || child.try_wait().unwrap().is_some());
        let facts = std::fs::read_to_string(ready);
        let facts = facts
            .unwrap_or_else(|_| panic!("{}", std::fs::read_to_string(data.with_extension("out")).unwrap()));
        Self { child: Some(child), data, facts: serde_json::from_str(&facts).unwrap() }
    }

    pub fn fact(&self, pointer: &str) -> &str {
        self.facts
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("no {pointer} in {}", self.facts))
    }

    fn output(&self) -> String {
        std::fs::read_to_string(self.data.with_extension("out")).unwrap()
    }

    pub fn ask(&self, path: &str, more: &[&str]) -> Answer {
        let url =
            format!("{}/r1/{}/{path}", self.fact("/consumer/ask_base"), self.fact("/provider/subsystem"));
        let client = format!("X-Road-Client: {}", self.fact("/consumer/client"));
        curl(&[&[&*url, "-H", &client], more].concat(), None).unwrap()
    }

    /// Ctrl-C; the demo's exit code.
    pub fn interrupt(mut self) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let asked = Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status.code();
            }
            if asked.elapsed() > STOP_MAX {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("the demo did not stop in {STOP_MAX:?}: {}", self.output());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Runs a command as pasted: exit code and output.
fn paste(command: &str) -> (i32, String) {
    let output = Command::new("sh").args(["-c", command]).env("no_proxy", "*").output().unwrap();
    (output.status.code().unwrap(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn the_demo_keeps_what_it_promises_and_starts_again_with_its_data() {
    let dir = tempfile::tempdir().unwrap();
    let (data, base) = (dir.path().join("dữ liệu"), free_ports());
    std::fs::create_dir(&data).unwrap();
    let demo = Demo::start(&data, base);
    facts_are_complete(&demo);
    tour_works(&demo);
    services_answer(&demo);
    descriptions_can_be_fetched(&demo);
    answers_are_as_described(&demo);
    three_kinds_of_sources_answer(&demo);
    every_definition_fits_its_source(&demo);
    the_story_is_whole(&demo);
    its_commands_work(&demo);
    occupied_things_are_refused(dir.path(), &data, base);

    let population = |data: &Path| std::fs::metadata(data.join("population.db")).unwrap().modified().unwrap();
    let (made, sample) = (population(&data), demo.facts["sample"].clone());
    let story = demo.facts["story"]["chapters"].clone();
    assert_eq!(demo.interrupt(), Some(0));
    assert!(!data.join("demo.json").exists(), "demo.json says that a demo runs");
    let mariadb = database_on_mariadb();
    let again = Demo::start_with(&data, base, &["--mariadb", &mariadb]);
    assert_eq!((population(&data), &again.facts["sample"]), (made, &sample), "the population is reused");
    assert_eq!(again.facts["story"]["chapters"], story, "the story is told once");
    its_commands_work(&again);
    the_register_is_on_mariadb(&again, &mariadb);
    assert_eq!(again.ask(&format!("tra-cuu-ho/{}", again.fact("/sample/soHo")), &[]).status, 200);
    let (code, listed) =
        run(&["evidence", "show", "--id", "demo-1", "--config", again.fact("/consumer/config")]);
    assert_eq!(code, 0, "evidence of the first run is still there: {listed}");
    assert!(again.output().contains("Ctrl-C"));
    assert_eq!(again.interrupt(), Some(0));
}

fn facts_are_complete(demo: &Demo) {
    assert_eq!(demo.fact("/instance"), "VN-DEMO");
    assert_eq!(demo.fact("/consumer/client"), "VN-DEMO/GOV/H17/MOTCUA");
    assert_eq!(demo.fact("/provider/member"), "VN-DEMO/GOV/G01");
    assert!(demo.fact("/provider/subsystem").ends_with("DANCU"));
    for pointer in ["/provider/peer", "/directory/url", "/directory/target", "/sample/hoTen", "/not_granted"]
    {
        assert!(!demo.fact(pointer).is_empty(), "{pointer}");
    }
    for pointer in ["/consumer/config", "/provider/config", "/directory/root"] {
        assert!(Path::new(demo.fact(pointer)).is_file(), "{pointer}");
    }
    assert!(demo.fact("/consumer/ask_base").starts_with("http://127.0.0.1:"));
    let number = demo.fact("/sample/soDinhDanh");
    assert!(number.len() == 12 && number.starts_with("049"), "{number}");
    assert!(demo.fact("/sample/ngaySinh").split('-').map(str::len).eq([4, 2, 2]));
    let services: Vec<_> =
        demo.facts["services"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
    let expected = ["xac-thuc-cong-dan", "tra-cuu-cong-dan", "tra-cuu-ho", "tra-cuu-cu-tru"];
    assert_eq!(services, expected.map(|code| format!("VN-DEMO/GOV/G01/DANCU/{code}")));
}

/// The five commands, in their order, say what the tour says they do.
fn tour_works(demo: &Demo) {
    let commands: Vec<_> =
        demo.facts["try"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
    assert_eq!(commands.len(), 5);
    let shown = demo.output();
    assert!(commands.iter().all(|command| shown.contains(command)), "{shown}");
    let parts = [demo.fact("/sample/hoTen"), "EX-0301", "demo-1", "", "tra-cuu-ho"];
    for (command, part) in commands.iter().zip(parts) {
        let (code, output) = paste(command);
        assert_eq!(code, 0, "{command}: {output}");
        assert!(output.contains(part), "{command}: {output}");
    }
    assert!(!paste(commands[4]).1.contains("thong-ke-dan-cu"), "only what is granted is listed");
    let exported = demo.data.join("demo-1.evidence.json");
    let text = std::fs::read_to_string(&exported).unwrap();
    let altered = demo.data.join("altered.json");
    std::fs::write(&altered, text.replacen("demo-1", "demo-2", 1)).unwrap();
    assert_eq!(run(&["evidence", "verify", exported.to_str().unwrap()]).0, 0);
    assert_eq!(run(&["evidence", "verify", altered.to_str().unwrap()]).0, 1);
}

fn services_answer(demo: &Demo) {
    let [number, name, birth, household] =
        ["soDinhDanh", "hoTen", "ngaySinh", "soHo"].map(|key| demo.fact(&format!("/sample/{key}")));
    let person = demo.ask(&format!("tra-cuu-cong-dan/{number}"), &[]).json();
    assert_eq!((&person["soDinhDanh"], &person["hoTen"]), (&number.into(), &name.into()));
    let home = demo.ask(&format!("tra-cuu-ho/{household}"), &[]);
    assert!(home.json()["thanhVien"].as_array().unwrap().iter().any(|m| m["hoTen"] == name), "{home:?}");
    let residence = demo.ask(&format!("tra-cuu-cu-tru/{number}"), &[]);
    assert_eq!((residence.status, &residence.json()["soDinhDanh"]), (200, &number.into()));
    let matches = |claim: Value| {
        let body = claim.to_string();
        let answer = demo.ask("xac-thuc-cong-dan", &["-H", "Content-Type: application/json", "-d", &body]);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    };
    assert_eq!(matches(json!({ "soDinhDanh": number, "hoTen": name })), json!({ "ketQua": true }));
    assert_eq!(
        matches(json!({ "soDinhDanh": number, "hoTen": name, "ngaySinh": birth })),
        json!({ "ketQua": true })
    );
    assert_eq!(matches(json!({ "soDinhDanh": number, "hoTen": "Không Phải" })), json!({ "ketQua": false }));
    assert_eq!(
        matches(json!({ "soDinhDanh": number, "hoTen": name, "ngaySinh": "1800-01-01" })),
        json!({ "ketQua": false })
    );
    let nobody = demo.ask("tra-cuu-cong-dan/049000000000", &[]);
    assert_eq!((nobody.status, nobody.header("x-road-error")), (404, None));
}

fn descriptions_can_be_fetched(demo: &Demo) {
    for code in ["xac-thuc-cong-dan", "tra-cuu-cong-dan", "tra-cuu-ho", "tra-cuu-cu-tru"] {
        let document = demo.ask(&format!("getOpenAPI?serviceCode={code}"), &[]).json();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{code}");
        let paths = document["paths"].as_object().unwrap();
        assert_eq!(paths.len(), 1, "who knows no number lists nobody: {code} {paths:?}");
    }
    for path in
        ["tra-cuu-cong-dan/", "tra-cuu-cong-dan?limit=5", "tra-cuu-ho/_count", "tra-cuu-cu-tru/_export"]
    {
        assert_eq!(demo.ask(path, &[]).status, 404, "{path}");
    }
}

/// Every part of an answer is in its description, with its type, and nothing that is always there is missing.
#[track_caller]
fn fits(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(target) = schema["$ref"].as_str() {
        return fits(document, document.pointer(target.trim_start_matches('#')).unwrap(), value, at);
    }
    if let Some(only) = schema.get("const") {
        return assert_eq!(only, value, "{at}");
    }
    let kind = match value {
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Number(_) => "integer",
        Value::Bool(_) => "boolean",
        Value::Null => "null",
    };
    let described = &schema["type"];
    let is_so = described == kind || described.as_array().is_some_and(|all| all.contains(&kind.into()));
    assert!(is_so, "{at}: {kind}, {schema}");
    for item in value.as_array().into_iter().flatten() {
        fits(document, &schema["items"], item, &format!("{at}[]"));
    }
    for (name, part) in value.as_object().into_iter().flatten() {
        fits(document, &schema["properties"][name], part, &format!("{at}.{name}"));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter(|_| value.is_object()) {
        assert!(value.get(name.as_str().unwrap()).is_some(), "{at}: {name} is missing");
    }
}

fn answers_are_as_described(demo: &Demo) {
    let [number, household, name] =
        ["soDinhDanh", "soHo", "hoTen"].map(|key| demo.fact(&format!("/sample/{key}")));
    let claim = json!({ "soDinhDanh": number, "hoTen": name }).to_string();
    let posted = ["-H", "Content-Type: application/json", "-d", &claim];
    for (code, key, more) in [
        ("tra-cuu-cong-dan", number, &[][..]),
        ("tra-cuu-cu-tru", number, &[]),
        ("tra-cuu-ho", household, &[]),
        ("xac-thuc-cong-dan", "", &posted),
    ] {
        let document = demo.ask(&format!("getOpenAPI?serviceCode={code}"), &[]).json();
        let answer = demo.ask(format!("{code}/{key}").trim_end_matches('/'), more).json();
        let path = document["paths"].as_object().unwrap().values().next().unwrap();
        let operation = path.get("get").or_else(|| path.get("post")).unwrap();
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        fits(&document, schema, &answer, code);
    }
}

/// A household of a population base, a birth of a register, the households of a sheet; each by a definition file.
fn three_kinds_of_sources_answer(demo: &Demo) {
    let sources = demo.facts["sources"].as_array().unwrap();
    let kinds: Vec<_> = sources.iter().map(|source| source["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["SQLite", "SQLite", "Excel"]);
    let shown = demo.output();
    let answers: Vec<Value> = sources
        .iter()
        .map(|source| {
            let command = source["try"].as_str().unwrap();
            assert!(shown.contains(command), "{command}");
            let (code, output) = paste(command);
            assert_eq!(code, 0, "{command}: {output}");
            serde_json::from_str(&output).unwrap_or_else(|_| panic!("{command}: {output}"))
        })
        .collect();
    let [household, birth, poor] = &answers[..] else { panic!("three kinds") };
    assert_eq!(household["soHo"], demo.fact("/sample/soHo"));
    assert_eq!(birth["gioiTinh"]["danhMuc"], "HT-GIOI-TINH");
    let (child, mother) = (birth["soDinhDanh"].as_str().unwrap(), &birth["me"]);
    let person = demo.ask(&format!("tra-cuu-cong-dan/{child}"), &[]).json();
    let same = ["hoTen", "ngaySinh", "me"].map(|field| person[field] == birth[field]);
    assert_eq!(same, [true; 3], "{mother} {person}");
    let households = poor["items"].as_array().unwrap();
    assert_eq!(households.len(), 3);
    assert!(households.iter().all(|one| one["phanLoai"].as_str().unwrap().starts_with("Hộ ")), "{poor}");
}

/// A database of its own on the tests' MariaDB server.
fn database_on_mariadb() -> String {
    let server = std::env::var("LIENTHONG_TEST_MARIADB")
        .expect("LIENTHONG_TEST_MARIADB is not set: run cargo xtask test, which starts a server");
    let name = format!("demo_{}", std::process::id());
    let create = sqlx::AssertSqlSafe(format!("CREATE OR REPLACE DATABASE {name} CHARACTER SET utf8mb4"));
    let making = async {
        let mut made = sqlx::MySqlConnection::connect(&server).await.unwrap();
        sqlx::raw_sql(create).execute(&mut made).await.unwrap();
    };
    tokio::runtime::Runtime::new().unwrap().block_on(making);
    format!("{}/{name}", server.trim_end_matches('/'))
}

/// The same service with the same answers, from a server, whose password stands in a file of its own.
fn the_register_is_on_mariadb(demo: &Demo, url: &str) {
    let source = &demo.facts["sources"][1];
    assert_eq!(source["kind"], "MariaDB");
    let (code, output) = paste(source["try"].as_str().unwrap());
    let birth: Value = serde_json::from_str(&output).unwrap_or_else(|_| panic!("{output}"));
    assert_eq!((code, &birth["trangThai"]["danhMuc"]), (0, &json!("HT-TRANG-THAI")), "{output}");
    every_definition_fits_its_source(demo);
    let password = url.split_once("://").and_then(|(_, rest)| rest.split(['@', ':']).nth(1)).unwrap();
    for path in [source["definition"].as_str().unwrap(), demo.data.join("demo.json").to_str().unwrap()] {
        assert!(!std::fs::read_to_string(path).unwrap().contains(password), "{path}");
    }
}

fn every_definition_fits_its_source(demo: &Demo) {
    let mut checked = 0;
    for config in ["/provider/config", "/consumer/config"] {
        let folder = Path::new(demo.fact(config)).with_file_name("sources");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "toml") {
                let (code, output) = run(&["source", "check", path.to_str().unwrap()]);
                assert_eq!(code, 0, "{}: {output}", path.display());
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 8);
}

/// From the first refusal to the renewed grant, each step with what the running system answered.
fn the_story_is_whole(demo: &Demo) {
    let chapters = demo.facts["story"]["chapters"].as_array().unwrap();
    let text = |chapter: &Value, name: &str| chapter[name].as_str().unwrap().to_owned();
    let told: Vec<_> =
        chapters.iter().map(|chapter| (text(chapter, "what"), text(chapter, "outcome"))).collect();
    let expected = [
        ("call_refused", "EX-0301"),
        ("requested", "voChong"),
        ("signed", "YC-"),
        ("refused", "refusals: 1"),
        ("corrected", "soDinhDanh, hoTen, ngaySinh, cha, me"),
        ("approved", "3 "),
        ("gate_closed", "security_minutes"),
        ("papers_shown", "security_minutes"),
        ("live", "QK-"),
        ("cut", "withheld: danToc, gioiTinh"),
        ("quota_exceeded", "EX-0309"),
        ("quota_raised", "1000"),
        ("expired", "EX-0304"),
        ("renewed", "QK-"),
    ];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for ((what, outcome), (wanted, part)) in told.iter().zip(expected) {
        assert_eq!(what, wanted);
        assert!(outcome.contains(part), "{what}: {outcome}");
    }
    let shown = demo.output();
    assert!(chapters.iter().all(|chapter| shown.contains(&text(chapter, "vi"))), "{shown}");
}

fn its_commands_work(demo: &Demo) {
    let commands = demo.facts["story"]["try"].as_array().unwrap();
    let [call, hoarding, audit] = [0, 1, 2].map(|number| paste(commands[number].as_str().unwrap()));
    let person: Value = serde_json::from_str(&call.1).unwrap();
    let given: Vec<_> = person.as_object().unwrap().keys().map(String::as_str).collect();
    assert!(given.contains(&"hoTen") && !given.contains(&"gioiTinh"), "{given:?}");
    let board: Value = serde_json::from_str(&hoarding.1).unwrap();
    assert!(board[0]["refused"][0]["reason"].as_str().unwrap().contains("rộng hơn mục đích"), "{board}");
    assert!(audit.0 == 0 && audit.1.contains("whole"), "{audit:?}");
}

/// Each is one line that names the remedy, and exit code 69.
fn occupied_things_are_refused(dir: &Path, data: &Path, base: u16) {
    let refuse = |data: &Path, base: u16, parts: [&str; 2]| {
        let (code, output) = run(&[
            "demo",
            "--people",
            "2000",
            "--port-base",
            &base.to_string(),
            "--data",
            data.to_str().unwrap(),
        ]);
        assert_eq!((code, output.lines().count()), (69, 1), "{output}");
        assert!(parts.iter().all(|part| output.contains(part)), "{output}");
    };
    refuse(&dir.join("new"), base, [&base.to_string(), "--port-base"]);
    let running = free_ports();
    refuse(data, running, ["--data", "in use"]);
    assert!(data.join("demo.json").exists(), "the one that runs is not disturbed");
    let (foreign, older) = (dir.join("foreign"), dir.join("older"));
    std::fs::create_dir(&foreign).unwrap();
    std::fs::write(foreign.join("letter.txt"), "x").unwrap();
    refuse(&foreign, running, ["--data", "foreign"]);
    std::fs::create_dir(&older).unwrap();
    std::fs::write(older.join("format"), "lienthong-sandbox/0").unwrap();
    refuse(&older, running, ["--data", "lienthong-sandbox/0"]);
    assert_eq!(std::fs::read_dir(&foreign).unwrap().count(), 1, "nothing was written there");
}
