//! Jobs of workers, and incidents.

use serde_json::{Value, json};
use testkit::TestStore;

use super::{Node, Payload, name, payload, person};

async fn a_worker_fetches_does_and_ends_a_job(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("fork").await;
    let id = node.start("fork", json!({"ok": true})).await;
    let (stamp, one, two) = (name("stamp"), name("w1"), name("w2"));
    assert_eq!(node.all.fetch(&stamp, &one, 9, 0).await.unwrap_err().code(), "bad-time");
    assert!(node.all.fetch(&name("other"), &one, 9, 60).await.unwrap().is_empty());
    let jobs = node.all.fetch(&stamp, &one, 9, 60).await.unwrap();
    assert_eq!((jobs.len(), jobs[0].task.element.as_str()), (1, "J"));
    assert_eq!((&jobs[0].variables["ok"], jobs[0].task.business_key.as_deref()), (&json!(true), Some("H.1")));
    let job = jobs[0].task.id;
    assert!(node.all.fetch(&stamp, &two, 9, 60).await.unwrap().is_empty(), "it is held");
    assert_eq!(node.all.job_done(job, Payload::none(), &two, None).await.unwrap_err().code(), "taken");
    node.clock.advance_secs(50);
    node.all.job_extend(job, 60, &one).await.unwrap();
    node.clock.advance_secs(50);
    assert!(node.all.fetch(&stamp, &two, 9, 60).await.unwrap().is_empty(), "it was extended");
    node.clock.advance_secs(10);
    // The first worker is dead; the second one gets the same key for what it does outside.
    let taken = node.all.fetch(&stamp, &two, 9, 60).await.unwrap();
    assert_eq!((taken.len(), &taken[0].key), (1, &jobs[0].key));
    assert_eq!(node.all.job_done(job, Payload::none(), &one, None).await.unwrap_err().code(), "taken");
    let key = Some(name("k"));
    let done = node.all.job_done(job, payload(json!({"số": 7})), &two, key.clone()).await.unwrap();
    assert_eq!(node.all.job_done(job, payload(json!({"số": 7})), &two, key).await.unwrap(), done);
    assert_eq!(node.all.job_done(job, Payload::none(), &two, None).await.unwrap_err().code(), "no-task");
    node.all.complete(node.task(id, "A").await, Payload::none(), &person("an"), None).await.unwrap();
    assert_eq!(node.outcome(id).await.as_deref(), Some("completed"));
    node.check(id).await;
}

async fn a_job_that_fails_is_tried_again_later_and_then_becomes_an_incident(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("fork").await;
    let id = node.start("fork", json!({"ok": true})).await;
    let (stamp, worker) = (name("stamp"), name("w"));
    let job = node.all.fetch(&stamp, &worker, 9, 60).await.unwrap()[0].task.id;
    node.all.job_failed(job, ("máy in hỏng", None), &worker, None).await.unwrap();
    assert!(node.all.fetch(&stamp, &worker, 9, 60).await.unwrap().is_empty(), "it pauses");
    node.clock.advance_secs(9);
    assert!(node.all.fetch(&stamp, &worker, 9, 60).await.unwrap().is_empty(), "it pauses still");
    node.clock.advance_secs(1);
    assert_eq!(node.all.fetch(&stamp, &worker, 9, 60).await.unwrap().len(), 1);
    node.all.job_failed(job, ("hết giấy", None), &worker, None).await.unwrap();
    assert_eq!(node.open_elements(id).await, ["A"]);
    let incident = node.all.incidents(None, None, 9).await.unwrap().remove(0);
    assert_eq!((incident.element.as_str(), incident.code.as_str()), ("J", "work-failed"));
    assert_eq!((incident.why.as_str(), incident.owner.as_deref(), incident.id), ("hết giấy", None, job));
    node.all.own(job, name("thợ"), &person("trưởng")).await.unwrap();
    assert_eq!(node.all.incidents(Some(id), None, 9).await.unwrap()[0].owner.as_deref(), Some("thợ"));
    node.check(id).await;
    node.all.retry(job, &person("thợ")).await.unwrap();
    assert!(node.all.incidents(None, None, 9).await.unwrap().is_empty());
    assert_eq!(node.all.retry(job, &person("thợ")).await.unwrap_err().code(), "no-incident");
    assert_eq!(node.all.own(job, name("thợ"), &person("an")).await.unwrap_err().code(), "no-incident");
    assert_eq!(node.all.fetch(&stamp, &worker, 9, 60).await.unwrap()[0].task.retries, 2);
    node.check(id).await;
}

async fn an_incident_is_resolved_by_hand(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("fork").await;
    let id = node.start("fork", Value::Null).await;
    let (stamp, worker) = (name("stamp"), name("w"));
    let job = node.all.fetch(&stamp, &worker, 9, 60).await.unwrap()[0].task.id;
    for _ in 0..2 {
        node.all.job_failed(job, ("hỏng", Some(0)), &worker, None).await.unwrap();
        node.all.fetch(&stamp, &worker, 9, 60).await.unwrap();
    }
    node.all.resolve(job, payload(json!({"số": 1})), &person("thợ")).await.unwrap();
    node.all.complete(node.task(id, "A").await, Payload::none(), &person("an"), None).await.unwrap();
    // Nobody has said whether it is ok: the choice stops.
    let incident = node.all.incidents(Some(id), None, 9).await.unwrap().remove(0);
    assert_eq!((incident.element.as_str(), incident.code.as_str()), ("choice", "expression-failed"));
    node.all.retry(incident.id, &person("thợ")).await.unwrap();
    assert_eq!(node.all.incidents(Some(id), None, 9).await.unwrap().len(), 1, "nothing has changed");
    node.all.resolve(incident.id, payload(json!({"ok": true})), &person("thợ")).await.unwrap();
    let shown = node.all.show(id).await.unwrap();
    assert_eq!((shown.instance.outcome.as_deref(), &shown.variables["số"]), (Some("completed"), &json!(1)));
    node.check(id).await;
}

async fn a_business_error_takes_the_way_that_is_drawn(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("fork").await;
    let id = node.start("fork", Value::Null).await;
    let worker = name("w");
    let job = node.all.fetch(&name("stamp"), &worker, 9, 60).await.unwrap()[0].task.id;
    node.all.job_error(job, (name("NO"), payload(json!({"lý do": "x"}))), &worker, None).await.unwrap();
    assert_eq!(node.open_elements(id).await, ["A", "by-hand"]);
    // A slip in the code does not end the instance; what the file names and nobody catches does.
    let slip = (name("TU_CH0I"), Payload::none());
    let denied = node.all.error(node.task(id, "A").await, slip, &person("an"), None).await.unwrap_err();
    assert!(denied.to_string().ends_with("only: `NO`, `TU_CHOI`"), "{denied}");
    node.all
        .error(node.task(id, "A").await, (name("TU_CHOI"), Payload::none()), &person("an"), None)
        .await
        .unwrap();
    assert_eq!(node.outcome(id).await.as_deref(), Some("error:TU_CHOI"));
    node.check(id).await;
}

async fn jobs_are_given_to_one_worker_each(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("job").await;
    for _ in 0..30 {
        node.start("job", Value::Null).await;
    }
    let other = Node::open(&store).await;
    let (topic, one, two) = (name("J"), name("w1"), name("w2"));
    let mut got = Vec::new();
    for _ in 0..5 {
        let (a, b) = tokio::join!(node.all.fetch(&topic, &one, 4, 60), other.all.fetch(&topic, &two, 4, 60));
        got.extend(a.unwrap().into_iter().chain(b.unwrap()).map(|job| job.key));
    }
    let all = got.len();
    got.sort();
    got.dedup();
    assert_eq!((got.len(), all), (30, 30));
}

testkit::on_both!(
    a_worker_fetches_does_and_ends_a_job,
    a_job_that_fails_is_tried_again_later_and_then_becomes_an_incident,
    an_incident_is_resolved_by_hand,
    a_business_error_takes_the_way_that_is_drawn,
    jobs_are_given_to_one_worker_each,
);
