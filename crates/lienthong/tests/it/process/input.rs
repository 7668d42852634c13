//! What is wrong is refused by name, and nothing is lost by it.

use serde_json::{Value, json};

use super::{BIRTH, CITY, Lab, WORKER};

const UNKNOWN: &str = "01920000-0000-7000-8000-000000000000";
const BOMB: &str = r#"<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><definitions>&b;</definitions>"#;
const UNDRAWN: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="x">
  <process id="KhongVe" isExecutable="true"><startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="e"/><endEvent id="e"/></process>
</definitions>"#;

/// Who, method, path, what is sent, what comes back.
type Line = (&'static str, &'static str, String, String, u16, &'static str);

fn start(more: &str) -> String {
    let variables = if more.contains("variables") { "" } else { r#","variables":{"ma_ho_so":"1"}"# };
    format!(r#"{{"model":"KhaiSinhThuongTruBhyt","agency":"{CITY}"{variables}{more}}}"#)
}

fn lines(instance: &str, task: &str) -> Vec<Line> {
    let deep = format!(",\"variables\":{{\"a\":{}1{}}}", "[".repeat(100), "]".repeat(100));
    let text = |bytes: usize| format!(",\"variables\":{{\"a\":\"{}\"}}", "x".repeat(bytes));
    let at = |what: &str| format!("/process/{what}");
    let of = |what: &str| format!("{instance}/{what}");
    let on = |what: &str| format!("{task}/{what}");
    let job = |what: &str| task.replace("/tasks/", "/jobs/") + "/" + what;
    let incident = |what: &str| task.replace("/tasks/", "/incidents/") + "/" + what;
    let models = || at("models");
    vec![
        ("van-hanh", "POST", models(), "<definitions".into(), 422, "EX-4004"),
        ("van-hanh", "POST", models(), String::new(), 422, "EX-4004"),
        ("van-hanh", "POST", models(), BOMB.into(), 422, "EX-4004"),
        ("van-hanh", "POST", models(), " ".repeat(9 << 20), 413, "EX-2022"),
        ("van-hanh", "POST", at("models?dry=co"), BIRTH.into(), 422, "EX-2002"),
        ("an", "GET", at("models?limit=-1"), String::new(), 422, "EX-2002"),
        ("an", "GET", at("models?after=x"), String::new(), 422, "EX-2002"),
        ("an", "GET", at("models?after=-1"), String::new(), 422, "EX-2002"),
        ("an", "GET", at("models/khong-co/1/file"), String::new(), 404, "EX-4006"),
        ("an", "GET", at("models/KhaiSinhThuongTruBhyt/x/file"), String::new(), 422, "EX-2002"),
        ("an", "GET", at("models/KhongVe/1/picture"), String::new(), 404, "EX-4028"),
        ("chi", "POST", at("instances"), "{".into(), 422, "EX-2002"),
        ("chi", "POST", at("instances"), "[]".into(), 422, "EX-2002"),
        ("chi", "POST", at("instances"), start(",\"la\":1"), 422, "EX-2002"),
        ("chi", "POST", at("instances"), start(&text(10 << 20)), 413, "EX-2022"),
        ("chi", "POST", at("instances"), start(&text(2 << 20)), 413, "EX-4002"),
        ("chi", "POST", at("instances"), start(&deep), 422, "EX-4003"),
        ("chi", "POST", at("instances"), start(",\"business_key\":\"\""), 422, "EX-4001"),
        ("chi", "POST", at("instances"), start(",\"version\":99"), 404, "EX-4006"),
        ("chi", "POST", at("instances"), start(",\"process\":\"khong-co\""), 422, "EX-4008"),
        ("chi", "POST", at("instances"), start(",\"variables\":{}"), 422, "EX-4014"),
        ("chi", "POST", at("instances"), r#"{"model":"x","agency":"dau do"}"#.into(), 422, "EX-2002"),
        ("chi", "GET", at("instances?limit=0"), String::new(), 422, "EX-2002"),
        ("chi", "GET", at("instances?limit=501"), String::new(), 422, "EX-2002"),
        ("chi", "GET", at("instances?after=x"), String::new(), 422, "EX-2002"),
        ("chi", "GET", at("instances?version=1"), String::new(), 422, "EX-2002"),
        ("chi", "GET", at("instances/x"), String::new(), 404, "EX-4009"),
        ("chi", "GET", at(&format!("instances/{UNKNOWN}/history")), String::new(), 404, "EX-4009"),
        ("chi", "GET", of("history?after=-1"), String::new(), 422, "EX-2002"),
        ("van-hanh", "POST", of("variables"), r#"{"variables":1}"#.into(), 422, "EX-2002"),
        ("van-hanh", "POST", of("variables"), start(&text(10 << 20)), 413, "EX-2022"),
        ("van-hanh", "POST", of("cancel"), "{}".into(), 422, "EX-2002"),
        ("van-hanh", "POST", of("migrate"), r#"{"plan":{"to":1}}"#.into(), 422, "EX-2002"),
        ("van-hanh", "POST", of("migrate"), r#"{"plan":{"to":99},"dry":false}"#.into(), 404, "EX-4006"),
        ("van-hanh", "POST", of("migrate"), r#"{"plan":{"to":2},"dry":false}"#.into(), 422, "EX-4023"),
        ("van-hanh", "POST", at("messages"), r#"{"name":"khong-ai-cho"}"#.into(), 404, "EX-4021"),
        ("van-hanh", "POST", at("messages"), r#"{"name":"x","keep_s":-1}"#.into(), 422, "EX-4024"),
        ("van-hanh", "POST", at("signals"), r#"{"name":""}"#.into(), 422, "EX-4001"),
        ("an", "GET", at("tasks?limit=-5"), String::new(), 422, "EX-2002"),
        ("an", "GET", at("tasks?instance=x"), String::new(), 404, "EX-4009"),
        ("an", "GET", at(&format!("tasks/{UNKNOWN}/1")), String::new(), 404, "EX-4010"),
        ("an", "POST", at(&format!("tasks/{UNKNOWN}/1/claim")), "{}".into(), 404, "EX-4010"),
        ("an", "POST", at("tasks/x/1/complete"), "{}".into(), 404, "EX-4009"),
        ("an", "POST", on("complete"), "x".into(), 422, "EX-2002"),
        ("an", "POST", on("unclaim"), "{}".into(), 409, "EX-4018"),
        ("an", "POST", on("error"), r#"{"code":""}"#.into(), 422, "EX-4001"),
        ("an", "POST", on("error"), r#"{"code":"TU_CHOl"}"#.into(), 422, "EX-4034"),
        ("lanh-dao", "POST", on("assign"), r#"{"to":"Không Có"}"#.into(), 422, "EX-2002"),
        ("an", "POST", on("delegate"), r#"{"to":"binh"}"#.into(), 409, "EX-4018"),
        (WORKER, "POST", at("jobs/fetch"), r#"{"topic":"cap-the-bhyt","limit":0}"#.into(), 422, "EX-2002"),
        (WORKER, "POST", at("jobs/fetch"), r#"{"topic":"cap-the-bhyt","wait_s":31}"#.into(), 422, "EX-2002"),
        (WORKER, "POST", at("jobs/fetch"), r#"{"topic":"cap-the-bhyt","lock_s":-1}"#.into(), 422, "EX-4024"),
        (WORKER, "POST", job("done"), "{}".into(), 409, "EX-4016"),
        (WORKER, "POST", job("error"), r#"{"code":"X"}"#.into(), 409, "EX-4016"),
        (WORKER, "POST", job("failed"), r#"{"why":"x"}"#.into(), 409, "EX-4016"),
        (WORKER, "POST", job("extend"), r#"{"lock_s":0}"#.into(), 422, "EX-4024"),
        ("quan-tri", "GET", at("incidents?instance=x"), String::new(), 404, "EX-4009"),
        ("quan-tri", "POST", incident("retry"), "{}".into(), 404, "EX-4015"),
        ("quan-tri", "POST", incident("resolve"), r#"{"variables":[]}"#.into(), 422, "EX-2002"),
        ("quan-tri", "POST", incident("own"), r#"{"owner":"x"}"#.into(), 404, "EX-4015"),
    ]
}

#[test]
fn what_is_wrong_is_refused_by_name_and_changes_nothing() {
    let lab = Lab::start(None);
    lab.deploy(BIRTH);
    lab.deploy(UNDRAWN);
    let instance = lab.begins(&[]);
    let task = lab.task(&instance, "TiepNhan");
    let before = lab.get("chi", &instance);
    let mut wrong = Vec::new();
    for (who, method, path, body, status, code) in lines(&instance, &task) {
        let body = Some(body.as_str()).filter(|_| method == "POST");
        let answer = lab.send(who, method, &path, body, &[]);
        let said = answer.json();
        let both = said["title"].as_str().is_some_and(|title| title.contains(" / "));
        if (answer.status, &said["code"]) != (status, &json!(code)) || !both {
            wrong.push(format!("{who} {method} {path}: {} {said}", answer.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(lab.get("chi", &instance), before);
    assert_eq!(lab.get("chi", "/process/instances")["items"].as_array().unwrap().len(), 1);
    assert_eq!(lab.get("chi", "/process/models")["items"].as_array().unwrap().len(), 2);
}

#[test]
fn all_faults_of_a_model_come_at_once_with_their_places() {
    let lab = Lab::start(None);
    let broken = UNDRAWN.replace("targetRef=\"e\"", "targetRef=\"dau\"").replace("id=\"e\"", "id=\"s\"");
    let answer = lab.send("van-hanh", "POST", "/process/models", Some(&broken), &[]);
    assert_eq!(answer.json()["code"], "EX-4004");
    let errors = answer.json()["errors"].as_array().unwrap().clone();
    assert!(errors.len() >= 2, "{errors:?}");
    let told =
        |error: &Value| ["place", "vi", "en"].iter().all(|part| !error[part].as_str().unwrap().is_empty());
    assert!(errors.iter().all(told), "{errors:?}");
}

#[test]
fn a_key_stands_for_one_request() {
    let lab = Lab::start(None);
    lab.deploy(BIRTH);
    let key = ["Idempotency-Key: mot-lan"];
    let begin = |body: &str| lab.send("an", "POST", "/process/instances", Some(body), &key);
    let (first, again) = (begin(&start("")), begin(&start("")));
    assert_eq!((first.status, again.status), (201, 201), "{again:?}");
    assert_eq!(first.json(), again.json());
    for more in [",\"version\":1", ",\"variables\":{\"a\":1}", ",\"business_key\":\"x\""] {
        let other = begin(&start(more));
        assert_eq!((other.status, &other.json()["code"]), (422, &json!("EX-2021")), "{other:?}");
    }
    assert_eq!(lab.get("an", "/process/instances")["items"].as_array().unwrap().len(), 1);
}
