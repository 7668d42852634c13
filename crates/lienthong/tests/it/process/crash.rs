//! A node that is killed in the middle of its work loses and doubles nothing.

use std::collections::BTreeSet;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::{CITY, Lab};
use crate::harness::wait;

const COUNT: usize = 200;
/// The officers who complete at the same time, each a part.
const OFFICERS: [&str; 4] = ["an", "chi", "giang", "hoa"];
/// A task beside a timer.
const MODEL: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:lt="urn:lienthong:bpmn:1" targetNamespace="x">
  <process id="HaiNhanh" isExecutable="true">
    <startEvent id="s"/><parallelGateway id="tach"/><endEvent id="xong"/><endEvent id="het"/>
    <userTask id="Viec" lt:role="mot-cua-xa"/>
    <intermediateCatchEvent id="Cho"><timerEventDefinition><timeDuration>PT10S</timeDuration></timerEventDefinition></intermediateCatchEvent>
    <sequenceFlow id="f1" sourceRef="s" targetRef="tach"/><sequenceFlow id="f2" sourceRef="tach" targetRef="Viec"/>
    <sequenceFlow id="f3" sourceRef="tach" targetRef="Cho"/><sequenceFlow id="f4" sourceRef="Viec" targetRef="xong"/>
    <sequenceFlow id="f5" sourceRef="Cho" targetRef="het"/>
  </process>
</definitions>"#;

/// Lets each officer do a part of it at the same time.
fn together<T: Sync>(all: &[T], work: impl Fn(&str, usize, &T) + Sync) {
    let part = all.len().div_ceil(OFFICERS.len());
    std::thread::scope(|scope| {
        for (turn, (who, part_of)) in OFFICERS.iter().zip(all.chunks(part)).enumerate() {
            let work = &work;
            scope.spawn(move || {
                part_of.iter().enumerate().for_each(|(at, one)| work(who, turn * part + at, one));
            });
        }
    });
}

fn completes(lab: &Lab, (who, number, task): (&str, usize, &str)) -> Result<u16, String> {
    let key = format!("Idempotency-Key: viec-{number}");
    let body = json!({ "variables": { "so": number } }).to_string();
    lab.tries(who, "POST", &format!("{task}/complete"), Some(&body), &[&key]).map(|answer| answer.status)
}

#[test]
fn kill_9_in_the_middle_of_completions_loses_none_doubles_none_and_no_timer() {
    let mut lab = Lab::start(None);
    lab.deploy(MODEL);
    let begun = Mutex::new(Vec::new());
    together(&[(); COUNT], |who, _, ()| {
        let body = json!({ "model": "HaiNhanh", "agency": CITY });
        let id = lab.does(who, "/process/instances", &body)["instance"].as_str().unwrap().to_owned();
        begun.lock().unwrap().push(id);
    });
    let begun = begun.into_inner().unwrap();
    let tasks: Vec<String> =
        begun.iter().map(|id| lab.task(&format!("/process/instances/{id}"), "Viec")).collect();

    let acknowledged = Mutex::new(BTreeSet::new());
    let node = Mutex::new(lab.sandbox.provider.take());
    together(&tasks, |who, number, task| {
        if let Ok(status) = completes(&lab, (who, number, task)) {
            assert_eq!(status, 200);
            acknowledged.lock().unwrap().insert(number);
        }
        if acknowledged.lock().unwrap().len() >= COUNT / 3
            && let Some(node) = node.lock().unwrap().take()
        {
            node.kill_9();
        }
    });
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!((COUNT / 3..COUNT).contains(&acknowledged.len()), "{}", acknowledged.len());
    lab.sandbox.start_provider();
    lab.sign_in();

    let done = |id: &str| {
        let history = lab.get("kiem-toan", &format!("/process/instances/{id}/history"));
        let all = history["items"].as_array().unwrap().clone();
        all.into_iter().filter(|change| change["command"]["act"] == "complete").collect::<Vec<Value>>()
    };
    for number in &acknowledged {
        assert_eq!(done(&begun[*number]).len(), 1, "{number} was acknowledged");
    }
    // Whoever heard nothing says it again under the same key.
    together(&tasks, |who, number, task| {
        assert_eq!(completes(&lab, (who, number, task)), Ok(200), "{number}");
    });
    for (number, id) in begun.iter().enumerate() {
        assert_eq!(done(id).len(), 1, "{number} is there once");
    }
    wait(|| lab.get("kiem-toan", "/process/instances?open=true")["items"] == json!([]));
    assert_eq!(
        lab.get("kiem-toan", "/process/instances?open=false&limit=500")["items"].as_array().unwrap().len(),
        COUNT
    );
}
