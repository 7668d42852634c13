//! Messages, signals, timers, conditions.

use base::Clock as _;
use serde_json::{Value, json};
use testkit::TestStore;

use super::{Answer, Listed, Message, Node, Payload, name, payload, person};

fn paid(to: Value, keep_secs: Option<i64>) -> Message {
    let correlation = (!to.is_null()).then_some(to);
    Message {
        name: name("paid"),
        correlation,
        variables: payload(json!({"sum": 5})),
        keep_secs,
        agency: None,
    }
}

async fn a_message_goes_to_the_one_that_waits_for_its_key(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("payee").await;
    let one = node.start("payee", json!({"dossier": "H.1"})).await;
    let two = node.start("payee", json!({"dossier": "H.2"})).await;
    let by = person("kho bạc");
    assert_eq!(
        node.all.message(paid(json!("H.3"), None), &by, None).await.unwrap_err().code(),
        "nobody-waits"
    );
    assert_eq!(
        node.all.message(paid(Value::Null, None), &by, None).await.unwrap_err().code(),
        "nobody-waits"
    );
    let key = Some(name("k"));
    let done = node.all.message(paid(json!("H.2"), None), &by, key.clone()).await.unwrap();
    assert_eq!(done, Answer::Done { instance: two.to_string(), number: 2 });
    assert_eq!(node.all.message(paid(json!("H.2"), None), &by, key).await.unwrap(), done);
    assert_eq!(
        node.all.message(paid(json!("H.2"), None), &by, None).await.unwrap_err().code(),
        "nobody-waits"
    );
    let shown = node.all.show(two).await.unwrap();
    assert_eq!((shown.instance.outcome.as_deref(), &shown.variables["sum"]), (Some("completed"), &json!(5)));
    let history = node.all.history(two, 1, 9).await.unwrap();
    assert_eq!(history[0].command["message"], "paid");
    assert_eq!(node.outcome(one).await, None);
    let wait = &node.all.show(one).await.unwrap().steps[1];
    assert_eq!((wait.element.as_str(), wait.waits.len()), ("c", 1));
    node.check(one).await;
    node.check(two).await;
}

async fn a_message_is_kept_for_as_long_as_its_sender_asks(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("payee").await;
    let by = person("kho bạc");
    assert_eq!(
        node.all.message(paid(json!("H.1"), Some(0)), &by, None).await.unwrap_err().code(),
        "bad-time"
    );
    let kept = node.all.message(paid(json!("H.1"), Some(60)), &by, None).await.unwrap();
    assert_eq!(kept, Answer::Kept);
    assert_eq!(node.later(1).await, 0);
    let one = node.start("payee", json!({"dossier": "H.1"})).await;
    assert_eq!(node.later(1).await, 1);
    assert_eq!(node.outcome(one).await.as_deref(), Some("completed"));
    node.all.message(paid(json!("H.2"), Some(60)), &by, None).await.unwrap();
    node.clock.advance_secs(61);
    assert_eq!(node.all.sweep(node.clock.now()).await.unwrap(), 1);
    let two = node.start("payee", json!({"dossier": "H.2"})).await;
    assert_eq!(node.later(1).await, 0);
    assert_eq!(node.outcome(two).await, None);
}

async fn what_an_instance_tells_reaches_another_also_when_that_waits_later(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("payee").await;
    node.deploy("payer").await;
    let long = "x".repeat(5_000);
    let pays = node.start("payer", json!({"dossier": long})).await;
    node.all.complete(node.task(pays, "T").await, Payload::none(), &person("an"), None).await.unwrap();
    assert_eq!(node.later(1).await, 0);
    let stranger = node.start("payee", json!({"dossier": "y"})).await;
    let waits = node.start("payee", json!({"dossier": long})).await;
    assert_eq!(node.later(1).await, 1);
    assert_eq!(node.outcome(waits).await.as_deref(), Some("completed"));
    assert_eq!(node.outcome(stranger).await, None);
    assert_eq!(node.later(1).await, 0, "it was delivered once");
}

async fn a_message_begins_an_instance_once_for_each_key(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("by message").await;
    let apply = || Message {
        name: name("apply"),
        correlation: None,
        variables: Payload::none(),
        keep_secs: None,
        agency: None,
    };
    let by = person("dân");
    let first = node.all.message(apply(), &by, Some(name("1"))).await.unwrap();
    assert!(matches!(first, Answer::Started { .. }), "{first:?}");
    assert_eq!(node.all.message(apply(), &by, Some(name("1"))).await.unwrap(), first);
    assert_ne!(node.all.message(apply(), &by, Some(name("2"))).await.unwrap(), first);
    let all = node.all.instances(&Listed { limit: 9, ..Listed::default() }).await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(node.open_elements(all[0].id).await, ["T"]);
}

async fn a_signal_reaches_all_that_listen_and_begins_what_begins_with_it(store: TestStore) {
    let node = Node::open(&store).await;
    for file in ["shelter", "by signal", "thunder"] {
        node.deploy(file).await;
    }
    let one = node.start("shelter", Value::Null).await;
    let two = node.start("shelter", Value::Null).await;
    node.start("thunder", Value::Null).await;
    assert_eq!(node.later(0).await, 3);
    assert_eq!(node.open_elements(one).await, ["T"]);
    assert_eq!(node.open_elements(two).await, ["T"]);
    assert_eq!(node.later(0).await, 0);
    let reached = node.all.signal(name("storm"), Payload::none(), &person("an"), None).await.unwrap();
    assert_eq!(reached, Answer::Reached(1), "only a new relief begins");
    assert_eq!(node.later(0).await, 1);
    assert_eq!(node.all.instances(&Listed { limit: 9, ..Listed::default() }).await.unwrap().len(), 5);
    node.check(one).await;
}

async fn a_timer_comes_when_it_is_due_and_not_before(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("hour").await;
    let id = node.start("hour", Value::Null).await;
    assert_eq!(node.later(3_599).await, 0);
    let late = node.start("hour", Value::Null).await;
    assert_eq!(node.later(1).await, 1);
    assert_eq!(node.outcome(id).await.as_deref(), Some("completed"));
    assert_eq!(node.outcome(late).await, None);
    assert_eq!(node.later(100_000).await, 1);
    node.check(id).await;
    node.check(late).await;
}

async fn a_timer_that_repeats_comes_as_often_as_it_says(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("fork").await;
    let id = node.start("fork", Value::Null).await;
    let mut open = Vec::new();
    for _ in 0..4 {
        node.later(3_600).await;
        open.push(node.open_elements(id).await.iter().filter(|one| *one == "warn").count());
        node.check(id).await;
    }
    assert_eq!(open, [1, 2, 2, 2]);
}

async fn a_condition_is_looked_at_when_variables_change(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("fork").await;
    let id = node.start("fork", json!({"rich": false})).await;
    let taken = |changed: &super::Changed| format!("{:?}", changed.events).matches("Entered").count();
    node.all.set_variables(id, payload(json!({"rich": false})), &person("an"), None).await.unwrap();
    node.all.set_variables(id, payload(json!({"rich": true})), &person("an"), None).await.unwrap();
    let history = node.all.history(id, 1, 9).await.unwrap();
    assert_eq!((taken(&history[0]), taken(&history[1])), (0, 2));
    node.check(id).await;
}

async fn a_timer_after_which_variables_would_be_too_large_is_held_and_goes_on_by_hand(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("grower").await;
    let id = node.start("grower", json!({"a": "x".repeat(600_000)})).await;
    let other = node.start("grower", json!({"a": "x"})).await;
    assert_eq!(node.later(3_600).await, 1);
    assert_eq!(node.outcome(other).await.as_deref(), Some("completed"));
    let incident = node.all.incidents(Some(id), None, 9).await.unwrap().remove(0);
    assert_eq!((incident.element.as_str(), incident.code.as_str()), ("c", "held"));
    assert_eq!(node.later(3_600).await, 0, "it is not tried for ever");
    node.all.resolve(incident.id, payload(json!({"a": "y"})), &person("thợ")).await.unwrap();
    assert_eq!(node.later(0).await, 1);
    assert_eq!(node.outcome(id).await.as_deref(), Some("completed"));
    node.check(id).await;
}

async fn what_is_due_is_done_by_itself_while_the_node_keeps_going(store: TestStore) {
    let node = Node::open(&store).await;
    for file in ["payee", "payer"] {
        node.deploy(file).await;
    }
    let waits = node.start("payee", json!({"dossier": 1})).await;
    let pays = node.start("payer", json!({"dossier": 1})).await;
    let all = node.all.clone();
    let going = tokio::spawn(async move { all.keep_going().await });
    node.all.complete(node.task(pays, "T").await, Payload::none(), &person("an"), None).await.unwrap();
    while node.outcome(waits).await.is_none() {
        tokio::task::yield_now().await;
    }
    going.abort();
}

testkit::on_both!(
    a_message_goes_to_the_one_that_waits_for_its_key,
    a_message_is_kept_for_as_long_as_its_sender_asks,
    what_an_instance_tells_reaches_another_also_when_that_waits_later,
    a_message_begins_an_instance_once_for_each_key,
    a_signal_reaches_all_that_listen_and_begins_what_begins_with_it,
    a_timer_comes_when_it_is_due_and_not_before,
    a_timer_that_repeats_comes_as_often_as_it_says,
    a_condition_is_looked_at_when_variables_change,
    a_timer_after_which_variables_would_be_too_large_is_held_and_goes_on_by_hand,
    what_is_due_is_done_by_itself_while_the_node_keeps_going,
);
