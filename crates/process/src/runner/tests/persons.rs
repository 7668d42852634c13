//! Tasks of persons.

use base::Ts;
use serde_json::{Value, json};
use testkit::TestStore;

use super::{Answer, By, Listed, Node, PAGE_MAX, Payload, Wanted, begin, name, payload, person};

async fn two_persons_do_their_tasks_and_the_history_says_who(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("duet").await;
    let id = node
        .start("duet", json!({"tên": "Nguyễn Thị Đào", "phí": 0.1, "số": 12_345_678_901_234_567_u64}))
        .await;
    let first = node.task(id, "A").await;
    node.all
        .complete(first, payload(json!({"kết quả": [1.5, null, {"a\u{0}b": "\u{0}"}]})), &person("an"), None)
        .await
        .unwrap();
    let second = node.task(id, "B").await;
    node.all.complete(second, Payload::none(), &person("bình"), None).await.unwrap();
    assert_eq!(node.outcome(id).await.as_deref(), Some("completed"));
    let shown = node.all.show(id).await.unwrap();
    assert_eq!(shown.variables["kết quả"], json!([1.5, null, {"a\u{0}b": "\u{0}"}]));
    let who: Vec<_> =
        node.all.history(id, 0, PAGE_MAX).await.unwrap().into_iter().map(|one| one.who).collect();
    assert_eq!(who, ["person:an", "person:an", "person:bình"]);
    let page: Vec<_> = node.all.history(id, 1, 1).await.unwrap().into_iter().map(|one| one.number).collect();
    assert_eq!(page, [2]);
    node.check(id).await;
}

async fn completing_twice_is_refused_but_with_the_same_key_answered_alike(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("duet").await;
    let id = node.start("duet", Value::Null).await;
    let task = node.task(id, "A").await;
    let key = Some(name("k-1"));
    let first = node.all.complete(task, Payload::none(), &person("an"), key.clone()).await.unwrap();
    assert_eq!(first, Answer::Done { instance: id.to_string(), number: 2 });
    let denied = node.all.complete(task, Payload::none(), &person("an"), None).await.unwrap_err();
    assert_eq!(denied.code(), "no-task");
    let again = node.again();
    assert_eq!(again.all.complete(task, Payload::none(), &person("an"), key.clone()).await.unwrap(), first);
    // Another caller's key of the same text is another key.
    let denied = again.all.complete(task, Payload::none(), &person("bình"), key.clone()).await.unwrap_err();
    assert_eq!(denied.code(), "no-task");
    let denied = again.all.start(begin("duet", Value::Null), &person("an"), key).await.unwrap_err();
    assert_eq!(denied.code(), "key-reused");
    node.check(id).await;
}

async fn the_same_start_key_begins_one_instance_also_at_the_same_time(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("duet").await;
    let by = By::System(name("cổng"));
    let start = || node.all.start(begin("duet", Value::Null), &by, Some(name("đơn 7")));
    let many = [start(), start(), start()];
    let mut ids = Vec::new();
    for one in many {
        ids.push(one.await.unwrap());
    }
    let (one, two) = tokio::join!(start(), start());
    ids.extend([one.unwrap(), two.unwrap()]);
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(
        node.all
            .instances(&Listed { business_key: Some(name("H.1")), limit: 9, ..Listed::default() })
            .await
            .unwrap()
            .len(),
        1
    );
}

async fn who_did_the_first_task_may_not_do_the_second(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("duet").await;
    let id = node.start("duet", Value::Null).await;
    node.all.complete(node.task(id, "A").await, Payload::none(), &person("an"), None).await.unwrap();
    let task = node.task(id, "B").await;
    let an = person("an");
    assert_eq!(node.all.claim(task, &an).await.unwrap_err().code(), "four-eyes");
    assert_eq!(node.all.assign(task, name("an"), &person("trưởng")).await.unwrap_err().code(), "four-eyes");
    let denied = node.all.complete(task, Payload::none(), &an, None).await.unwrap_err();
    assert_eq!(denied.code(), "four-eyes");
    assert!(denied.to_string().contains("an did A"), "{denied}");
    node.all.complete(task, Payload::none(), &person("bình"), None).await.unwrap();
    // In another instance it is nobody's business who did this one.
    let other = node.start("duet", Value::Null).await;
    node.all.complete(node.task(other, "A").await, Payload::none(), &person("bình"), None).await.unwrap();
    node.all.claim(node.task(other, "B").await, &an).await.unwrap();
}

async fn a_task_is_taken_given_back_and_handed_over(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("duet").await;
    let id = node.start("duet", Value::Null).await;
    let task = node.task(id, "A").await;
    let (an, binh) = (person("an"), person("bình"));
    assert_eq!(node.all.unclaim(task, &an).await.unwrap_err().code(), "not-taken");
    assert_eq!(node.all.claim(task, &By::System(name("an"))).await.unwrap_err().code(), "no-person");
    node.all.claim(task, &an).await.unwrap();
    node.all.claim(task, &an).await.unwrap();
    assert_eq!(node.all.claim(task, &binh).await.unwrap_err().code(), "taken");
    assert_eq!(node.all.unclaim(task, &binh).await.unwrap_err().code(), "taken");
    assert_eq!(node.all.complete(task, Payload::none(), &binh, None).await.unwrap_err().code(), "taken");
    assert_eq!(node.all.delegate(task, name("chi"), &binh).await.unwrap_err().code(), "taken");
    node.all.delegate(task, name("bình"), &an).await.unwrap();
    node.all.unclaim(task, &binh).await.unwrap();
    node.all.assign(task, name("chi"), &person("trưởng")).await.unwrap();
    let mine = Wanted { assignee: Some(name("chi")), ..Wanted::default() };
    assert_eq!(node.all.tasks(&mine).await.unwrap()[0].id, task);
    assert_eq!(
        node.all.job_done(task, Payload::none(), &name("máy"), None).await.unwrap_err().code(),
        "wrong-kind"
    );
    node.all.complete(task, Payload::none(), &person("chi"), None).await.unwrap();
    let history = node.all.history(id, 0, PAGE_MAX).await.unwrap();
    let acts: Vec<_> = history.iter().map(|one| one.command["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["start", "claim", "claim", "delegate", "unclaim", "assign", "complete"]);
    node.check(id).await;
}

async fn tasks_are_listed_page_by_page(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("duet").await;
    node.deploy("job").await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(node.start("duet", Value::Null).await);
    }
    node.start("job", Value::Null).await;
    let mut wanted = Wanted { roles: vec![name("clerk")], limit: 2, ..Wanted::default() };
    let mut found = Vec::new();
    loop {
        let page = node.all.tasks(&wanted).await.unwrap();
        let Some(last) = page.last() else { break };
        wanted.after = Some(last.id);
        found.extend(page);
    }
    assert_eq!(found.iter().map(|task| task.id.instance).collect::<Vec<_>>(), ids);
    assert_eq!(found[0].due, Some(Ts(super::NOW.0 + 86_400_000_000)));
    assert_eq!(found[0].name, "Bước A");
    let nobody = Wanted { roles: vec![name("judge")], limit: 9, ..Wanted::default() };
    assert!(node.all.tasks(&nobody).await.unwrap().is_empty());
    let of_one = Wanted { instance: Some(ids[3]), limit: 9, ..Wanted::default() };
    assert_eq!(node.all.tasks(&of_one).await.unwrap().len(), 1);
}

async fn one_bad_command_among_many_disturbs_no_other(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("duet").await;
    let mut tasks = Vec::new();
    for _ in 0..40 {
        tasks.push(node.task(node.start("duet", Value::Null).await, "A").await);
    }
    let mut asked = Vec::new();
    for task in &tasks {
        for who in ["an", "bình"] {
            let (all, task, who) = (node.all.clone(), *task, person(who));
            asked.push(tokio::spawn(async move { all.complete(task, Payload::none(), &who, None).await }));
        }
    }
    let (mut done, mut refused) = (0, 0);
    for one in asked {
        match one.await.unwrap() {
            Ok(_) => done += 1,
            Err(denied) => {
                assert_eq!(denied.code(), "no-task");
                refused += 1;
            }
        }
    }
    assert_eq!((done, refused), (40, 40));
    for task in tasks {
        node.check(task.instance).await;
    }
}

async fn an_instance_is_cancelled_with_a_reason_and_takes_no_more(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("fork").await;
    let id = node.start("fork", Value::Null).await;
    let task = node.task(id, "A").await;
    node.all.cancel(id, &name("rút hồ sơ"), &person("an")).await.unwrap();
    assert_eq!(node.outcome(id).await.as_deref(), Some("cancelled"));
    assert_eq!(node.open_elements(id).await, [""; 0]);
    assert_eq!(node.later(7_200).await, 0);
    let history = node.all.history(id, 1, 9).await.unwrap();
    assert_eq!(history[0].command["reason"], json!("rút hồ sơ"));
    assert_eq!(
        node.all.complete(task, Payload::none(), &person("an"), None).await.unwrap_err().code(),
        "no-task"
    );
    assert_eq!(
        node.all.set_variables(id, Payload::none(), &person("an"), None).await.unwrap_err().code(),
        "over"
    );
    let nobody = super::InstanceId(uuid::Uuid::nil());
    assert_eq!(node.all.cancel(nobody, &name("x"), &person("an")).await.unwrap_err().code(), "no-instance");
    assert_eq!(node.all.show(nobody).await.unwrap_err().code(), "no-instance");
    node.check(id).await;
}

async fn variables_of_an_instance_never_grow_beyond_the_limit(store: TestStore) {
    let node = Node::open(&store).await;
    node.deploy("duet").await;
    let id = node.start("duet", json!({"a": "x".repeat(700_000)})).await;
    let task = node.task(id, "A").await;
    let more = payload(json!({"b": "x".repeat(700_000)}));
    let denied = node.all.complete(task, more.clone(), &person("an"), None).await.unwrap_err();
    assert_eq!(denied.code(), "too-large");
    node.all.complete(task, payload(json!({"a": "y".repeat(900_000)})), &person("an"), None).await.unwrap();
    node.check(id).await;
}

testkit::on_both!(
    two_persons_do_their_tasks_and_the_history_says_who,
    completing_twice_is_refused_but_with_the_same_key_answered_alike,
    the_same_start_key_begins_one_instance_also_at_the_same_time,
    who_did_the_first_task_may_not_do_the_second,
    a_task_is_taken_given_back_and_handed_over,
    tasks_are_listed_page_by_page,
    one_bad_command_among_many_disturbs_no_other,
    an_instance_is_cancelled_with_a_reason_and_takes_no_more,
    variables_of_an_instance_never_grow_beyond_the_limit,
);
