//! Runs of data quality.

use base::Ts;
use testkit::TestStore;

use super::open;
use crate::QualityRow;

fn run(service: &str, at: i64) -> QualityRow {
    QualityRow { service: service.into(), at: Ts::from_secs(at), text: format!("{{\"số dòng\":{at}}}") }
}

async fn runs_are_read_newest_first_of_one_service_or_of_all(store: TestStore) {
    let db = open(&store).await;
    for row in [run("HOTICH/ket-hon", 1), run("HOTICH/ket-hon", 3), run("DANCU/cong-dan", 2)] {
        db.source_quality_put(&row).await.unwrap();
    }
    let all = db.source_quality_runs(None, 10).await.unwrap();
    assert_eq!(all, [run("HOTICH/ket-hon", 3), run("DANCU/cong-dan", 2), run("HOTICH/ket-hon", 1)]);
    let one = db.source_quality_runs(Some("HOTICH/ket-hon"), 1).await.unwrap();
    assert_eq!(one, [run("HOTICH/ket-hon", 3)], "the latest");
    assert_eq!(db.source_quality_runs(Some("HOTICH"), 10).await.unwrap(), []);
}

async fn a_run_is_never_replaced(store: TestStore) {
    let db = open(&store).await;
    db.source_quality_put(&run("A/b", 1)).await.unwrap();
    let other = QualityRow { text: "{}".into(), ..run("A/b", 1) };
    assert!(db.source_quality_put(&other).await.is_err());
    assert_eq!(db.source_quality_runs(None, 10).await.unwrap(), [run("A/b", 1)]);
}

testkit::on_both!(runs_are_read_newest_first_of_one_service_or_of_all, a_run_is_never_replaced);
