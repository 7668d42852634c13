#![allow(clippy::unwrap_used, reason = "a test may panic")]

use base::FakeClock;
use registry::Rules;
use store::Db;
use testkit::TestStore;

use super::*;

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
