//! Who may do what: every route, everybody.

use serde_json::json;

use super::{BIRTH, CITY, Lab, OTHER_WORKER, WORKER};

const EVERYBODY: &str = "van-hanh kiem-toan quan-tri lanh-dao an chi em dung an-ninh";
/// Who looks at instances of the city: not another ministry's officer, nor who has to do with other things.
const READERS: &str = "van-hanh kiem-toan quan-tri lanh-dao an chi em";
const OPERATORS: &str = "van-hanh";
const MENDERS: &str = "van-hanh quan-tri";
const DOERS: &str = "lanh-dao an chi";

/// Method, path, what is sent (right as to who may, mostly wrong in what it says), who may.
/// `{i}` is the instance, `{t}` its task of the group `mot-cua-xa`.
const TABLE: &[(&str, &str, &str, &str)] = &[
    ("GET", "/process/models", "", EVERYBODY),
    ("POST", "/process/models?dry=true", "<x/>", OPERATORS),
    ("GET", "/process/models/KhaiSinhThuongTruBhyt/1/file", "", EVERYBODY),
    ("GET", "/process/models/KhaiSinhThuongTruBhyt/1/picture", "", EVERYBODY),
    ("GET", "/process/instances", "", EVERYBODY),
    ("GET", "/process/instances?agency=000.00.00.H17", "", READERS),
    ("POST", "/process/instances", r#"{"model":"khong-co","agency":"000.00.00.H17"}"#, "quan-tri an chi em"),
    ("GET", "/process/instances/{i}", "", READERS),
    ("GET", "/process/instances/{i}/history", "", READERS),
    ("GET", "/process/instances/{i}/picture", "", READERS),
    ("POST", "/process/instances/{i}/variables", r#"{"variables":{"":1}}"#, OPERATORS),
    ("POST", "/process/instances/{i}/cancel", r#"{"reason":""}"#, MENDERS),
    ("POST", "/process/instances/{i}/migrate", r#"{"plan":{"to":99},"dry":true}"#, OPERATORS),
    ("POST", "/process/messages", r#"{"name":"khong-ai-cho"}"#, OPERATORS),
    ("POST", "/process/signals", r#"{"name":"khong-ai-nghe"}"#, OPERATORS),
    ("GET", "/process/tasks", "", EVERYBODY),
    ("GET", "/process/tasks?agency=000.00.00.H17", "", READERS),
    ("GET", "/process/tasks/{t}", "", "van-hanh kiem-toan quan-tri lanh-dao an chi"),
    ("POST", "/process/tasks/{t}/claim", "{}", DOERS),
    ("POST", "/process/tasks/{t}/unclaim", "{}", DOERS),
    ("POST", "/process/tasks/{t}/delegate", r#"{"to":"khong-co"}"#, DOERS),
    ("POST", "/process/tasks/{t}/complete", r#"{"variables":{"":1}}"#, DOERS),
    ("POST", "/process/tasks/{t}/error", r#"{"code":""}"#, DOERS),
    ("POST", "/process/tasks/{t}/assign", r#"{"to":"khong-co"}"#, "quan-tri lanh-dao"),
    ("POST", "/process/jobs/fetch", r#"{"topic":"khong-co"}"#, ""),
    ("POST", "/process/jobs/{t}/done", "{}", ""),
    ("POST", "/process/jobs/{t}/error", r#"{"code":"X"}"#, ""),
    ("POST", "/process/jobs/{t}/failed", r#"{"why":"x"}"#, ""),
    ("POST", "/process/jobs/{t}/extend", r#"{"lock_s":1}"#, ""),
    ("GET", "/process/incidents", "", EVERYBODY),
    ("POST", "/process/incidents/{t}/retry", "{}", MENDERS),
    ("POST", "/process/incidents/{t}/resolve", "{}", MENDERS),
    ("POST", "/process/incidents/{t}/own", "{}", MENDERS),
];

/// A lab with an instance that waits for its first officer; gives what stands for `{i}` and `{t}`.
fn waiting() -> (Lab, String, String) {
    let lab = Lab::start(None);
    lab.deploy(BIRTH);
    let instance = lab.begins(&[]);
    let task = lab.task(&instance, "TiepNhan").replace("/process/tasks/", "");
    (lab, instance.replace("/process/instances/", ""), task)
}

#[test]
fn everybody_may_what_the_table_says_and_nothing_else() {
    let (lab, instance, task) = waiting();
    let before = lab.get("van-hanh", &format!("/process/instances/{instance}"))["changes"].clone();
    let mut wrong = Vec::new();
    for (method, path, body, who) in TABLE {
        let path = path.replace("{i}", &instance).replace("{t}", &task);
        let body = Some(*body).filter(|body| !body.is_empty());
        let allowed: Vec<_> = who.split_whitespace().collect();
        for person in EVERYBODY.split_whitespace() {
            let answer = lab.send(person, method, &path, body, &[]);
            let refused = answer.status == 403 && ["EX-2004", "EX-4030"].contains(&code(&answer).as_str());
            if refused == allowed.contains(&person) || answer.status == 429 || answer.status >= 500 {
                wrong.push(format!("{person} {method} {path}: {} {}", answer.status, answer.text()));
            }
        }
        let stranger = lab.send("", method, &path, body, &[]);
        let other = lab.send("khong-ai-co-ma-nay", method, &path, body, &[]);
        if (stranger.status, other.status) != (401, 401) {
            wrong.push(format!("a stranger {method} {path}: {stranger:?} {other:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Only the claims, and that they were given back, changed anything.
    let history = lab.get("van-hanh", &format!("/process/instances/{instance}/history?after={before}"));
    let acts: Vec<_> =
        history["items"].as_array().unwrap().iter().map(|one| one["command"]["act"].clone()).collect();
    assert!(!acts.is_empty() && acts.iter().all(|act| act == "claim" || act == "unclaim"), "{acts:?}");
}

fn code(answer: &crate::harness::Answer) -> String {
    answer.json()["code"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn lists_show_what_one_may_see_and_variables_stay_with_those_who_work_on_them() {
    let (lab, instance, task) = waiting();
    let sees = |who: &str, path: &str| !lab.get(who, path)["items"].as_array().unwrap().is_empty();
    for (who, instances, tasks) in [
        ("an", true, true),
        ("em", true, false),
        ("dung", false, false),
        ("an-ninh", false, false),
        ("kiem-toan", true, true),
    ] {
        assert_eq!(sees(who, "/process/instances"), instances, "{who}");
        assert_eq!(sees(who, "/process/tasks"), tasks, "{who}");
    }
    assert!(
        sees("an", "/process/tasks?role=mot-cua-xa") && !sees("an", "/process/tasks?role=tu-phap-ho-tich")
    );
    let shown = |who: &str| lab.get(who, &format!("/process/instances/{instance}"));
    assert!(shown("an")["variables"].is_object());
    assert!(shown("em").get("variables").is_none(), "of another group");
    assert!(lab.get("an", &format!("/process/tasks/{task}"))["variables"].is_object());
    let values = |who: &str| lab.get(who, &format!("/process/instances/{instance}/history")).to_string();
    assert!(values("an").contains("giay_to") && !values("em").contains("giay_to"));
}

#[test]
fn workers_do_what_their_file_lists_and_the_file_counts_when_it_changes() {
    let (lab, instance, _) = waiting();
    let fetch = |topic: &str| json!({ "topic": topic });
    lab.refused(WORKER, "/process/jobs/fetch", &fetch("khong-co"), (403, "EX-4030"));
    lab.refused(OTHER_WORKER, "/process/jobs/fetch", &fetch("cap-the-bhyt"), (403, "EX-4030"));
    let begin = json!({ "model": "KhaiSinhThuongTruBhyt", "agency": CITY });
    lab.refused(WORKER, "/process/instances", &begin, (401, "EX-2020"));
    assert_eq!(lab.send(WORKER, "GET", &format!("/process/instances/{instance}"), None, &[]).status, 401);

    let file = lab.sandbox.node_dir("provider").join("workers.toml");
    std::fs::write(&file, super::worker(OTHER_WORKER, "topics = [\"cap-the-bhyt\"]")).unwrap();
    crate::harness::wait(|| {
        lab.post(OTHER_WORKER, "/process/jobs/fetch", &fetch("cap-the-bhyt")).status == 200
    });
    lab.refused(WORKER, "/process/jobs/fetch", &fetch("cap-the-bhyt"), (401, "EX-4029"));
    std::fs::write(&file, "[[worker]]\nten = \"sai\"\n").unwrap();
    crate::harness::wait(|| lab.sandbox.log("provider").contains("workers file refused"));
    lab.does(OTHER_WORKER, "/process/jobs/fetch", &fetch("cap-the-bhyt"));
}
