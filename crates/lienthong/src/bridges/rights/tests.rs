#![allow(clippy::unwrap_used, reason = "a test may panic")]

use base::{FakeClock, Ts};
use exchange::rights::Ruling;
use registry::grant::GrantId;
use registry::text::Text;
use registry::{gate, grant, snapshot};

use super::ruling::ruling;
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
    let clock = Arc::new(FakeClock::at(NOW));
    let freshness = Arc::new(Freshness::new(60, clock));
    freshness.confirm(NOW);
    let service = "VN-DEMO/GOV/G01/DANCU/mot";
    let snapshot = Snapshot {
        format: snapshot::FORMAT.into(),
        number: 1,
        made: NOW,
        member: "VN-DEMO/GOV/G01".parse().unwrap(),
        grants: vec![a_grant(1, service)],
        gates: Vec::new(),
        closed: Vec::new(),
    };
    let (_latest, told) = watch::channel(Some(Arc::new(snapshot)));
    let (_file, configured) = watch::channel(Arc::new(Rights::default()));
    let bridge = Bridge { member: "VN-DEMO/GOV/G01".parse().unwrap(), snapshot: told, freshness, configured };
    let (end, ends) = tokio::sync::oneshot::channel::<()>();
    let (rights, following) = bridge.start(async move { drop(ends.await) });
    assert_eq!(rights.borrow().grants().count(), 1);
    // Whoever tells what the registry says goes away.
    drop(end);
    tokio::time::timeout(Duration::from_secs(20), following).await.unwrap().unwrap();
    assert_eq!(rights.borrow().grants().count(), 0);
}
