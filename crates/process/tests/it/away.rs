//! The store is full, or away for a while: who asks is told so, nothing that was answered is lost, and work goes on.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use base::{Clock, SystemClock};
use process::runner::{Begin, By, Denied, InstanceId, Listed, Name, Payload, Processes, Wanted, read_bpmn};
use process::timer::Timers;
use store::Db;
use store::process::ProcessStore;
use testkit::TestStore;

const MODEL: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="away" targetNamespace="urn:test">
  <process id="Away" isExecutable="true">
    <startEvent id="Nop"/>
    <intermediateCatchEvent id="Hen"><timerEventDefinition><timeDuration>PT1S</timeDuration></timerEventDefinition></intermediateCatchEvent>
    <userTask id="Lam"/>
    <endEvent id="Xong"/>
    <sequenceFlow id="f1" sourceRef="Nop" targetRef="Hen"/>
    <sequenceFlow id="f2" sourceRef="Hen" targetRef="Lam"/>
    <sequenceFlow id="f3" sourceRef="Lam" targetRef="Xong"/>
  </process>
</definitions>"#;
/// Set for the process whose disk is full.
const CHILD_VARIABLE: &str = "LIENTHONG_TEST_FULL";
/// Commands while there is no room.
const COMMANDS: usize = 40;
/// Longest wait for what must come.
const WAIT_MAX: Duration = Duration::from_secs(30);

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn person() -> By {
    By::Person(name("an"))
}

async fn open(url: &str) -> Processes {
    let store = ProcessStore::new(Db::open(url).await.unwrap());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Processes::open(store, clock, Arc::new(Timers::built_in().unwrap()), read_bpmn)
}

async fn start(all: &Processes, key: usize) -> Result<InstanceId, Denied> {
    let (version, process, business_key) = (None, None, None);
    let (model, variables) = (name("Away"), Payload::none());
    let begin = Begin { model, version, process, business_key, agency: None, variables };
    all.start(begin, &person(), Some(name(&format!("k{key}")))).await
}

/// A disk of its own where mounting is allowed; else the files of this process may not grow.
enum SmallDisk<'a> {
    Mounted(&'a Path),
    Limited,
}

impl<'a> SmallDisk<'a> {
    fn at(path: &'a Path) -> Self {
        // For whoever wants to see the other way work where mounting is allowed.
        if std::env::var_os("LIENTHONG_TEST_NO_MOUNT").is_some() {
            return Self::Limited;
        }
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", "size=32m", "lienthong-test"]).arg(path).output();
        if mounted.is_ok_and(|done| done.status.success()) { Self::Mounted(path) } else { Self::Limited }
    }

    fn fill(&self) {
        match self {
            Self::Mounted(path) => {
                let mut filler = std::fs::File::create(path.join("filler")).unwrap();
                while filler.write_all(&[0; 4_096]).is_ok() {}
            }
            Self::Limited => limit("--fsize=0:unlimited"),
        }
    }

    fn make_room(&self) {
        match self {
            Self::Mounted(path) => std::fs::remove_file(path.join("filler")).unwrap(),
            Self::Limited => limit("--fsize=unlimited"),
        }
    }

    /// What must stand in the answer.
    fn words(&self) -> &'static str {
        match self {
            Self::Mounted(_) => "disk is full",
            Self::Limited => "disk",
        }
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        if let Self::Mounted(path) = self {
            // Connections may still have the files open: it goes when they are closed.
            let _ = Command::new("umount").arg("--lazy").arg(path).output();
        }
    }
}

fn limit(limit: &str) {
    let pid = std::process::id().to_string();
    let done = Command::new("prlimit").args(["--pid", &pid, limit]).output().unwrap();
    assert!(done.status.success(), "{done:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_said_and_nothing_that_was_answered_is_lost() {
    if std::env::var_os(CHILD_VARIABLE).is_some() {
        return on_a_small_disk().await;
    }
    // A process of its own: a limit of its files must not meet other tests, nor end it by a signal.
    let mut child = Command::new("sh");
    child.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(std::env::current_exe().unwrap());
    child.args(["--exact", "away::a_full_disk_is_said_and_nothing_that_was_answered_is_lost", "--nocapture"]);
    let done = child.env(CHILD_VARIABLE, "1").output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(String::from_utf8_lossy(&done.stdout).contains("1 passed"), "the child has tested nothing");
}

async fn on_a_small_disk() {
    let store = TestStore::sqlite();
    let file = store.file().unwrap();
    let disk = SmallDisk::at(file.parent().unwrap());
    let all = open(store.url()).await;
    all.deploy(MODEL.as_bytes(), &person()).await.unwrap();
    let mut there = BTreeSet::from([start(&all, 0).await.unwrap()]);
    disk.fill();
    let mut refused = Vec::new();
    for key in 1..=COMMANDS {
        match start(&all, key).await {
            Ok(id) => drop(there.insert(id)),
            Err(denied) => {
                assert!(denied.code() == "store" && denied.to_string().contains(disk.words()), "{denied}");
                refused.push(key);
            }
        }
    }
    assert!(!refused.is_empty(), "the disk was not full");
    disk.make_room();
    // The same keys again: what was refused is done now, once.
    for key in refused {
        there.insert(start(&all, key).await.unwrap());
    }
    assert_eq!(there.len(), COMMANDS + 1);
    assert_eq!(instances(&all).await, there);
    assert_eq!(instances(&open(store.url()).await).await, there);
}

async fn instances(all: &Processes) -> BTreeSet<InstanceId> {
    let page = all.instances(&Listed { limit: 1_000, ..Listed::default() }).await.unwrap();
    page.into_iter().map(|one| one.id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_engine_goes_on_by_itself_when_the_server_is_back() {
    let store = TestStore::postgres().await;
    let all = open(store.url()).await;
    all.deploy(MODEL.as_bytes(), &person()).await.unwrap();
    let going = tokio::spawn({
        let all = all.clone();
        async move { all.keep_going().await }
    });
    let first = start(&all, 0).await.unwrap();
    store.set_reachable(false).await;
    store.cut_connections().await;
    for key in 1..=3 {
        assert_eq!(start(&all, key).await.unwrap_err().code(), "store");
    }
    // The timer comes while nobody can write it down.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    store.set_reachable(true).await;
    let second = start(&all, 1).await.unwrap();
    let due = async {
        loop {
            let tasks = all.tasks(&Wanted { limit: 10, ..Wanted::default() }).await.unwrap();
            let open: BTreeSet<_> = tasks.iter().map(|task| task.id.instance).collect();
            if open == BTreeSet::from([first, second]) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(WAIT_MAX, due).await.expect("the timers do not come");
    going.abort();
    assert_eq!(instances(&all).await, BTreeSet::from([first, second]));
}
