#![allow(clippy::unwrap_used, reason = "a test may panic")]

use base::{FakeClock, Ts};
use registry::Rules;
use registry::text::Text;
use store::Db;
use testkit::TestStore;

use super::*;

const NOW: Ts = Ts::from_secs(1_794_186_000);

fn a_grant(count: u64, service: &str) -> grant::Grant {
    grant::Grant {
        id: GrantId::new(2026, count),
        to: "VN-DEMO/GOV/H17/MOTCUA".parse().unwrap(),
        service: service.parse().unwrap(),
        terms: grant::Terms::default(),
        decision: format!("YC-2026-{count:06}"),
        force: grant::Force::Active,
        reason: None,
    }
}

#[test]
fn a_gate_of_one_grant_closes_that_grant_at_its_moment_and_no_other_of_the_same_party() {
    let [first, second] = ["VN-DEMO/GOV/G01/DANCU/mot", "VN-DEMO/GOV/G01/DANCU/hai"];
    let title = Text { vi: "Biên bản kiểm thử kết nối".into(), en: "Minutes of the test".into() };
    let failing = gate::Failing { item: "test_minutes".into(), title, ended: None };
    let of = |grant, from| snapshot::ClosedGate {
        party: "VN-DEMO/GOV/H17/MOTCUA".parse().unwrap(),
        grant,
        from: Some(from),
        failing: vec![failing.clone()],
    };
    let next_year = NOW.plus_secs(365 * 86_400);
    let snapshot = Snapshot {
        format: snapshot::FORMAT.into(),
        number: 1,
        made: NOW,
        member: "VN-DEMO/GOV/G01".parse().unwrap(),
        grants: vec![a_grant(1, first), a_grant(2, second)],
        gates: vec![of(Some(GrantId::new(2026, 1)), NOW), of(None, next_year)],
        closed: Vec::new(),
    };
    let Ruling { grants, gates, .. } = ruling(&snapshot, &mut ConditionReader::default());
    assert_eq!(gates.iter().map(|gate| gate.from).collect::<Vec<_>>(), [Some(next_year)]);
    assert_eq!(grants[0].gates.len(), 1);
    assert_eq!((grants[0].gates[0].from, &*grants[0].gates[0].failing[0].item), (Some(NOW), "test_minutes"));
    assert!(grants[1].gates.is_empty());
}

#[tokio::test]
async fn a_bridge_that_ends_refuses_every_call() {
    let store = TestStore::sqlite();
    let clock = Arc::new(FakeClock::at(base::Ts::from_secs(1_795_230_000)));
    let db = Db::open(store.url()).await.unwrap();
    let registry = Registry::open(db, Rules::built_in().unwrap(), clock.clone()).await.unwrap();
    // Another member's service: the registry has no say about it, so that the grant of the file counts.
    let to = Grantee::Party("VN-DEMO/GOV/H17/MOTCUA".parse().unwrap());
    let grant = Grant::new(to, "VN-DEMO/GOV/G02/HO-TICH/tra-cuu".parse().unwrap());
    let (file, configured) = watch::channel(Arc::new(Rights::new(vec![], vec![], vec![grant])));
    let bridge = Bridge::new(Arc::new(registry), "VN-DEMO/GOV/G01".parse().unwrap(), clock);
    let (changing, rights) = watch::channel(bridge.rights(&configured.borrow()));
    assert_eq!(rights.borrow().grants().count(), 1);
    let following = bridge.start(configured, changing);
    // Without whoever reads the file the bridge ends.
    drop(file);
    tokio::time::timeout(Duration::from_secs(20), following).await.unwrap().unwrap();
    assert_eq!(rights.borrow().grants().count(), 0);
}
