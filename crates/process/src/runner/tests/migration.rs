//! Moving instances to another version.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testkit::TestStore;

use super::{Node, PAGE_MAX, Payload, Plan, name, person};

fn plan(to: i64, pairs: &[(&str, &str)]) -> Plan {
    let elements = pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned()));
    Plan { to, elements: elements.collect::<BTreeMap<_, _>>() }
}

async fn an_instance_moves_with_its_open_task_and_the_history_still_gives_its_state(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("duet").await;
    let id = node.start("duet", json!({"x": 1})).await;
    let task = node.task(id, "A").await;
    node.all.claim(task, &person("an")).await.unwrap();
    let to = node.deploy("duet 2").await.model;
    let renamed = plan(to, &[("A", "A2")]);
    let moved = node.all.migration(id, &renamed).await.unwrap();
    assert_eq!(moved.len(), 1);
    assert_eq!((moved[0].exec, moved[0].from.as_str(), moved[0].to.as_str()), (task.exec, "A", "A2"));
    assert_eq!(node.open_elements(id).await, ["A"], "nothing was done yet");
    node.all.migrate(id, renamed, &person("trưởng")).await.unwrap();
    let shown = node.all.show(id).await.unwrap();
    assert_eq!((shown.version, shown.tasks[0].element.as_str()), (2, "A2"));
    assert_eq!(shown.tasks[0].assignee.as_deref(), Some("an"), "who has it keeps it");
    node.check(id).await;
    node.all.complete(task, Payload::none(), &person("an"), None).await.unwrap();
    node.all.complete(node.task(id, "B").await, Payload::none(), &person("bình"), None).await.unwrap();
    assert_eq!(node.outcome(id).await.as_deref(), Some("completed"));
    node.check(id).await;
    let history = node.all.history(id, 0, PAGE_MAX).await.unwrap();
    let (who, command) = (&history[2].who, &history[2].command);
    assert_eq!((who.as_str(), &command["elements"]["A"]), ("person:trưởng", &json!("A2")));
}

async fn what_has_no_counterpart_of_the_same_kind_stays_where_it_is(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("duet").await;
    let id = node.start("duet", Value::Null).await;
    let renamed = node.deploy("duet 2").await.model;
    let other_kind = node.deploy("duet 3").await.model;
    let stranger = node.deploy("job").await.model;
    for (to, words) in [(renamed, "A: "), (other_kind, "same kind"), (stranger, "no version")] {
        let denied = node.all.migration(id, &plan(to, &[])).await.unwrap_err();
        assert_eq!(denied.code(), "no-migration");
        assert!(denied.to_string().contains(words), "{denied}");
        let denied = node.all.migrate(id, plan(to, &[]), &person("an")).await.unwrap_err();
        assert_eq!(denied.code(), "no-migration");
    }
    assert_eq!(node.all.migrate(id, plan(99, &[]), &person("an")).await.unwrap_err().code(), "no-model");
    assert_eq!(node.all.show(id).await.unwrap().instance.changes, 1);
}

async fn an_instance_with_an_incident_does_not_move(store: TestStore) {
    let node = Node::open(&store).await;
    let to = node.deploy("fork").await.model;
    let id = node.start("fork", Value::Null).await;
    let worker = name("w");
    let job = node.all.fetch(&name("stamp"), &worker, 9, 60).await.unwrap()[0].task.id;
    for _ in 0..2 {
        node.all.job_failed(job, ("hỏng", Some(0)), &worker, None).await.unwrap();
        node.all.fetch(&name("stamp"), &worker, 9, 60).await.unwrap();
    }
    assert_eq!(node.all.migration(id, &plan(to, &[])).await.unwrap_err().code(), "open-incidents");
    assert_eq!(
        node.all.migrate(id, plan(to, &[]), &person("an")).await.unwrap_err().code(),
        "open-incidents"
    );
    node.all.resolve(job, Payload::none(), &person("an")).await.unwrap();
    let nowhere = node.all.migrate(id, plan(to, &[]), &person("an")).await.unwrap_err();
    assert!(nowhere.to_string().contains("it is at version 1 already"), "{nowhere}");
    node.check(id).await;
}

testkit::on_both!(
    an_instance_moves_with_its_open_task_and_the_history_still_gives_its_state,
    what_has_no_counterpart_of_the_same_kind_stays_where_it_is,
    an_instance_with_an_incident_does_not_move,
);
