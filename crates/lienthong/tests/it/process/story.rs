//! One procedure from the citizen's form to the result, over the API.

use serde_json::{Value, json};
use testkit::TestStore;

use super::{BIRTH, Lab, OTHER_WORKER, WORKER};
use crate::rig::block;

#[test]
fn a_birth_is_registered_by_officers_and_systems_with_an_incident_on_the_way_on_sqlite() {
    story(&Lab::start(None));
}

#[test]
fn a_birth_is_registered_by_officers_and_systems_with_an_incident_on_the_way_on_postgres() {
    let store = block(TestStore::postgres());
    story(&Lab::start(Some(store.url())));
}

fn story(lab: &Lab) {
    is_deployed(lab);
    let instance = lab.begins(&["giay-chung-sinh", "can-cuoc"]);
    papers_are_compared(lab, &instance);
    officers_decide(lab, &instance);
    systems_finish(lab, &instance);
    everything_is_told(lab, &instance);
}

fn is_deployed(lab: &Lab) {
    let dry = lab.send("van-hanh", "POST", "/process/models?dry=true", Some(BIRTH), &[]);
    assert_eq!((dry.status, &dry.json()["dry"], &dry.json()["version"]), (200, &json!(true), &json!(1)));
    assert!(dry.json()["warnings"].is_null(), "{}", dry.text());
    let strange = BIRTH.replacen("isExecutable=", "lt:agency=\"000.00.99.Z99\" isExecutable=", 1);
    let dry = lab.send("van-hanh", "POST", "/process/models?dry=true", Some(&strange), &[]).json();
    assert!(dry["warnings"][0].as_str().is_some_and(|text| text.starts_with("000.00.99.Z99: ")), "{dry}");
    assert_eq!(lab.get("an", "/process/models")["items"], json!([]), "it was only checked");
    let first = lab.deploy(BIRTH);
    assert_eq!((&first["known"], &first["version"]), (&json!(false), &json!(1)));
    assert_eq!(lab.deploy(BIRTH)["known"], json!(true));
    let models = lab.get("an", "/process/models");
    assert_eq!(models["items"][0]["who"], "person:van-hanh");
    let path = "/process/models/KhaiSinhThuongTruBhyt/1";
    let file = lab.send("an", "GET", &format!("{path}/file"), None, &[]);
    assert_eq!(file.body, BIRTH.as_bytes());
    is_svg(lab, &format!("{path}/picture"));
}

#[track_caller]
fn is_svg(lab: &Lab, path: &str) -> String {
    let picture = lab.send("chi", "GET", path, None, &[]);
    assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/svg+xml")), "{picture:?}");
    assert!(picture.text().starts_with("<svg"));
    picture.text()
}

/// Two jobs: one is done and said twice, the other fails until an administrator resolves it.
fn papers_are_compared(lab: &Lab, instance: &str) {
    let jobs = lab.fetches("doi-chieu-giay-to", 5);
    assert_eq!(jobs.len(), 2);
    lab.refused(OTHER_WORKER, &format!("{}/done", jobs[0]), &json!({}), (409, "EX-4017"));
    let key = ["Idempotency-Key: lan-1"];
    let done = || lab.send(WORKER, "POST", &format!("{}/done", jobs[0]), Some("{}"), &key);
    let (first, again) = (done(), done());
    assert_eq!((first.status, again.status), (200, 200), "{again:?}");
    assert_eq!(first.json(), again.json(), "the same answer");
    let failed = json!({ "why": "CSDL không trả lời", "after_s": 0 });
    let path = &jobs[1];
    for round in 0..3 {
        let next = if round == 0 { vec![path.clone()] } else { lab.fetches("doi-chieu-giay-to", 1) };
        assert_eq!(next, std::slice::from_ref(path));
        lab.does(WORKER, &format!("{path}/failed"), &failed);
    }
    let incidents = lab.get("quan-tri", "/process/incidents");
    assert_eq!(incidents["items"].as_array().unwrap().len(), 1, "{incidents}");
    let incident = format!("/process/incidents/{}", incidents["items"][0]["id"].as_str().unwrap());
    lab.does("quan-tri", &format!("{incident}/own"), &json!({}));
    let shown = lab.get("quan-tri", "/process/incidents")["items"][0].clone();
    assert_eq!((&shown["owner"], &shown["business_key"]), (&json!("quan-tri"), &json!("H17-2026-0001")));
    let resolved = lab.does("quan-tri", &format!("{incident}/resolve"), &json!({ "variables": {} }));
    assert_eq!(resolved["stopped"], json!(0));
    assert_eq!(lab.get("quan-tri", instance)["incidents"], json!([]));
    let journal = lab.get("van-hanh", "/journal?act=process_mend&refused=false");
    let written: Vec<_> = journal["items"].as_array().unwrap().iter().map(|entry| &entry["by"]).collect();
    assert_eq!(written, ["quan-tri", "quan-tri"], "{journal:#}");
}

fn officers_decide(lab: &Lab, instance: &str) {
    let task = lab.task(instance, "TiepNhan");
    let whole = lab.get("an", &task);
    assert_eq!(
        (&whole["form"], &whole["may"]),
        (&json!("tiep-nhan/1"), &json!(["claim", "complete", "error"]))
    );
    assert_eq!(whole["variables"]["giay_to"], json!(["giay-chung-sinh", "can-cuoc"]));
    lab.does("an", &format!("{task}/claim"), &json!({}));
    lab.refused("binh", &format!("{task}/claim"), &json!({}), (409, "EX-4017"));
    lab.refused("an", &format!("{task}/delegate"), &json!({ "to": "em" }), (422, "EX-2002"));
    lab.refused("an", &format!("{task}/delegate"), &json!({ "to": "khong-co" }), (404, "EX-2001"));
    lab.does("an", &format!("{task}/delegate"), &json!({ "to": "binh" }));
    let mine = lab.get("binh", "/process/tasks?mine=true")["items"][0].clone();
    assert_eq!((&mine["element"], &mine["business_key"]), (&json!("TiepNhan"), &json!("H17-2026-0001")));
    lab.does("binh", &format!("{task}/complete"), &json!({ "variables": { "du_dieu_kien": true } }));

    let birth = lab.task(instance, "KhaiSinh");
    lab.refused("an", &format!("{birth}/claim"), &json!({}), (403, "EX-2004"));
    assert_eq!(
        lab.get("binh", &birth)["may"],
        json!([]),
        "who received the papers does not register the birth"
    );
    lab.refused("binh", &format!("{birth}/claim"), &json!({}), (403, "EX-4019"));
    lab.refused("lanh-dao", &format!("{birth}/assign"), &json!({ "to": "binh" }), (403, "EX-4019"));
    lab.does("lanh-dao", &format!("{birth}/assign"), &json!({ "to": "chi" }));
    lab.does("chi", &format!("{birth}/complete"), &json!({}));
    let refusals = lab.get("van-hanh", "/journal?act=task_do&refused=true");
    assert_eq!(refusals["items"][0]["by"], "an", "{refusals:#}");
}

fn systems_finish(lab: &Lab, instance: &str) {
    let mut named = json!({ "name": "so-dinh-danh-da-cap", "variables": { "so_dinh_danh": "049326000001" } });
    lab.refused(OTHER_WORKER, "/process/messages", &named, (403, "EX-4030"));
    lab.refused(WORKER, "/process/messages", &named, (404, "EX-4021"));
    named["correlation"] = "H17-2026-0001".into();
    lab.does(WORKER, "/process/messages", &named);
    lab.refused(WORKER, "/process/messages", &named, (404, "EX-4021"));
    let [home] = &lab.fetches("dang-ky-thuong-tru", 5)[..] else { panic!("one job") };
    lab.does(WORKER, &format!("{home}/extend"), &json!({ "lock_s": 60 }));
    lab.does(WORKER, &format!("{home}/done"), &json!({ "variables": { "thuong_tru": "đã đăng ký" } }));
    let [card] = &lab.fetches("cap-the-bhyt", 5)[..] else { panic!("one job") };
    lab.does(WORKER, &format!("{card}/error"), &json!({ "code": "TU_CHOI" }));
    let last = lab.task(instance, "TraKetQua");
    let key = ["Idempotency-Key: tra-ket-qua"];
    let done = |key: &[&str]| lab.send("an", "POST", &format!("{last}/complete"), Some("{}"), key);
    assert_eq!((done(&key).status, done(&key).status, done(&[]).status), (200, 200, 404));
}

fn everything_is_told(lab: &Lab, instance: &str) {
    let shown = lab.get("chi", instance);
    assert_eq!(
        (&shown["outcome"], &shown["agency"]),
        (&json!("completed"), &json!(super::CITY)),
        "{shown:#}"
    );
    assert_eq!(shown["variables"]["the_bhyt"], "từ chối");
    let list = lab.get("chi", "/process/instances?business_key=H17-2026-0001&open=false");
    assert_eq!(list["items"][0]["id"], shown["id"]);
    assert_eq!(lab.get("chi", "/process/instances?open=true")["items"], json!([]));

    let mut told = Vec::new();
    let mut next = String::from("0");
    loop {
        let page = lab.get("chi", &format!("{instance}/history?limit=3&after={next}"));
        told.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(cursor) => cursor.clone_into(&mut next),
            None => break,
        }
    }
    let who = |element: &str| {
        let is = |step: &Value| step["element"] == element && step["event"] == "completed";
        let change = told.iter().find(|change| change["steps"].as_array().unwrap().iter().any(is));
        change.unwrap_or_else(|| panic!("{element} is not in {told:#?}"))["who"].as_str().unwrap().to_owned()
    };
    assert_eq!(who("TiepNhan"), "person:binh");
    assert_eq!(who("KhaiSinh"), "person:chi");
    assert_eq!(who("ThuongTru"), "system:may/ho-tich");
    assert_eq!(who("TraKetQua"), "person:an");
    let numbers: Vec<_> = told.iter().map(|change| change["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=i64::try_from(told.len()).unwrap()).collect::<Vec<_>>());

    let picture = is_svg(lab, &format!("{instance}/picture"));
    assert!(
        picture.len() > is_svg(lab, "/process/models/KhaiSinhThuongTruBhyt/1/picture").len(),
        "it has marks"
    );
    let described = lab.send("", "GET", "/openapi.json", None, &[]).text();
    assert!(described.contains("/api/v1/process/jobs/fetch"));
    let ready = lab.sandbox.get(&format!("{}/readyz", lab.sandbox.fact("provider_ops")), &[]).unwrap();
    assert_eq!(ready.json()["checks"]["process"], "ok");
    crate::harness::wait(|| {
        let metrics = lab.sandbox.get(&format!("{}/metrics", lab.sandbox.fact("provider_ops")), &[]).unwrap();
        metrics.text().contains("lienthong_process_incidents_open 0")
    });
}
