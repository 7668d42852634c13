//! The same over the command line: what an officer, an administrator and an operator type.

use serde_json::Value;

use super::{BIRTH, CITY, Lab, PASSWORD};
use crate::harness::run;

/// People at their terminals.
struct Desk {
    lab: Lab,
    dir: std::path::PathBuf,
}

impl Desk {
    fn open(people: &[&str]) -> Self {
        let lab = Lab::start(None);
        let dir = lab.sandbox.node_dir("provider");
        std::fs::write(dir.join("password"), PASSWORD).unwrap();
        let desk = Self { lab, dir };
        let (api, password) =
            (format!("http://127.0.0.1:{}", desk.lab.sandbox.port(8)), desk.file("password"));
        for id in people {
            desk.says(id, &["sign-in", id, "--api", &api, "--password-file", &password], "30 phút");
        }
        desk
    }

    fn file(&self, name: &str) -> String {
        self.dir.join(name).to_str().unwrap().to_owned()
    }

    fn runs(&self, who: &str, args: &[&str]) -> (i32, String) {
        let session = self.file(&format!("{who}.json"));
        run(&[args, &["--session", &session]].concat())
    }

    #[track_caller]
    fn says(&self, who: &str, args: &[&str], what: &str) -> String {
        let (code, output) = self.runs(who, args);
        assert!(code == 0 && output.contains(what), "{who} {args:?}: {code}, {output}");
        output
    }

    #[track_caller]
    fn refuses(&self, who: &str, args: &[&str], what: &str) {
        let (code, output) = self.runs(who, args);
        assert!(code == 1 && output.contains(what), "{who} {args:?}: {code}, {output}");
    }

    /// The first open task of an element.
    #[track_caller]
    fn task(&self, element: &str) -> String {
        let page: Value =
            serde_json::from_str(&self.says("chi", &["process", "tasks", "--json"], "items")).unwrap();
        let all = page["items"].as_array().unwrap();
        let found = all.iter().find(|task| task["element"] == element);
        found.unwrap_or_else(|| panic!("no {element} in {page:#}"))["id"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_procedure_is_deployed_begun_worked_on_and_watched_from_the_command_line() {
    let desk = Desk::open(&["van-hanh", "quan-tri", "an", "chi", "giang"]);
    let model = desk.file("birth.bpmn");
    std::fs::write(&model, BIRTH).unwrap();
    desk.refuses("an", &["process", "deploy", &model], "EX-2");
    desk.says("van-hanh", &["process", "deploy", &model, "--dry-run"], "nothing was written");
    desk.says("van-hanh", &["process", "deploy", &model], "KhaiSinhThuongTruBhyt v1");
    desk.says("van-hanh", &["process", "models"], "person:van-hanh");
    let begin = [
        "process",
        "start",
        "KhaiSinhThuongTruBhyt",
        "--agency",
        CITY,
        "--vars",
        r#"{"ma_ho_so": "1", "giay_to": []}"#,
    ];
    let begin = [&begin[..], &["--business-key", "H17-1", "--key", "lan-1"]].concat();
    let instance = desk.says("an", &begin, "-").trim().to_owned();
    assert_eq!(desk.says("an", &begin, "-").trim(), instance, "the same key begins none again");
    works(&desk, &instance);
    stands_still(&desk, &instance);
    desk.says("van-hanh", &["process", "incidents"], "(0)");
    desk.says("quan-tri", &["process", "cancel", &instance, "--reason", "rút hồ sơ"], &instance);
    desk.says("chi", &["process", "instances"], "cancelled");
}

fn works(desk: &Desk, instance: &str) {
    let task = desk.task("TiepNhan");
    desk.says("chi", &["process", "task", "show", &task], "tiep-nhan/1");
    desk.says("chi", &["process", "task", "claim", &task], instance);
    desk.refuses("giang", &["process", "task", "claim", &task], "EX-4017");
    let complete = ["process", "task", "complete", &task, "--vars"];
    desk.says("chi", &[&complete[..], &[r#"{"du_dieu_kien": true}"#]].concat(), instance);
    let eyes = desk.task("KhaiSinh");
    desk.refuses("chi", &["process", "task", "claim", &eyes], "EX-4019");
    let picture = desk.file("where.svg");
    let shown = desk.says(
        "chi",
        &["process", "show", instance, "--history", "--picture", &picture],
        "person:chi complete",
    );
    assert!(shown.contains("KhaiSinh") && shown.contains("du_dieu_kien"), "{shown}");
    assert!(std::fs::read_to_string(&picture).unwrap().starts_with("<svg"));
}

fn stands_still(desk: &Desk, instance: &str) {
    desk.refuses("an", &["process", "pause", instance, "--reason", "chờ"], "EX-2");
    desk.says("quan-tri", &["process", "pause", instance, "--reason", "chờ giấy tờ"], instance);
    desk.says("chi", &["process", "clocks", instance], "chờ giấy tờ");
    desk.refuses("quan-tri", &["process", "pause", instance, "--reason", "chờ"], "EX-4032");
    desk.says("quan-tri", &["process", "resume", instance, "--reason", "đủ"], instance);
    let calendars = desk.file("agencies.toml");
    std::fs::write(&calendars, "version = 2\ncalendar = []\n").unwrap();
    desk.says("van-hanh", &["process", "calendars", "--agencies", &calendars], "1.2");
    std::fs::write(&calendars, "version = 2\ncalendar = []\nla = 1\n").unwrap();
    desk.refuses("van-hanh", &["process", "calendars", "--agencies", &calendars], "EX-2003");
}

/// A script that needs a variable.
const COUNTS: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:x">
<process id="Dem" isExecutable="true"><startEvent id="s"/><scriptTask id="cong" scriptFormat="feel"><script>{m: n + 1}</script>
</scriptTask><endEvent id="e"/><sequenceFlow id="f1" sourceRef="s" targetRef="cong"/>
<sequenceFlow id="f2" sourceRef="cong" targetRef="e"/></process></definitions>"#;

#[test]
fn who_tries_an_incident_again_is_told_whether_the_instance_goes_on() {
    let desk = Desk::open(&["van-hanh", "quan-tri", "an"]);
    let model = desk.file("counts.bpmn");
    std::fs::write(&model, COUNTS).unwrap();
    desk.says("van-hanh", &["process", "deploy", &model], "Dem v1");
    let instance = desk.says("an", &["process", "start", "Dem", "--agency", CITY], "-").trim().to_owned();
    let found = desk.says("quan-tri", &["process", "incidents", "--json"], "script-failed");
    let found: Value = serde_json::from_str(&found).unwrap();
    let incident = found["items"][0]["id"].as_str().unwrap();
    desk.refuses("quan-tri", &["process", "incident", "retry", incident], "have stopped: 1");
    let resolve = ["process", "incident", "resolve", incident, "--vars", r#"{"n": 1}"#];
    assert_eq!(desk.says("quan-tri", &resolve, "-").trim(), instance);
    desk.says("quan-tri", &["process", "incidents"], "(0)");
    let all = desk.says("quan-tri", &["process", "show", &instance, "--history", "--json"], "history");
    let all: Value = serde_json::from_str(&all).unwrap();
    assert_eq!(
        (&all["outcome"], all["history"].as_array().unwrap().len()),
        (&"completed".into(), 3),
        "{all:#}"
    );
}

#[test]
fn who_is_not_signed_in_is_told_how_and_a_worker_gets_a_token_that_works() {
    let desk = Desk::open(&["van-hanh"]);
    let (code, output) = desk.runs("nobody", &["process", "tasks"]);
    assert!(code != 0 && output.contains("lienthong sign-in"), "{output}");
    let (code, output) = run(&["process", "worker", "may-in", "--agency", CITY]);
    assert!(code != 0 && output.contains("--topic"), "{output}");
    let file = desk.file("workers.toml");
    let worker = ["process", "worker", "may-in", "--agency", CITY, "--topic", "in", "--file", &file];
    let (code, output) = run(&worker);
    assert_eq!(code, 0, "{output}");
    let token = |output: &str| output.lines().find(|line| !line.contains(' ')).unwrap().to_owned();
    let first = token(&output);
    let (code, twice) = run(&worker);
    assert!(code != 0 && twice.contains("may-in"), "one name, one system: {twice}");
    let fetch = |token: &str| {
        desk.lab.send(token, "POST", "/process/jobs/fetch", Some(r#"{"topic": "in", "lock_s": 60}"#), &[])
    };
    let known = |token: &str| {
        (0..50).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            fetch(token).status == 200
        })
    };
    assert!(known(&first), "{:?}", fetch(&first));
    let (code, output) = run(&["process", "worker", "may-in", "--renew", "--file", &file]);
    assert_eq!(code, 0, "{output}");
    assert!(known(&token(&output)), "{output}");
    assert_eq!(fetch(&first).status, 401, "the old token counts no more");
    let (code, output) = run(&["process", "worker", "may-ve", "--renew", "--file", &file]);
    assert!(code != 0 && output.contains("may-ve"), "{output}");
    let session = desk.file("van-hanh.json");
    let (code, output) = run(&["sign-out", "--session", &session]);
    assert_eq!(code, 0, "{output}");
    assert!(!std::path::Path::new(&session).exists());
}
