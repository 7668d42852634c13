//! Checkpoints and certificates.

use base::Ts;
use testkit::TestStore;

use super::{meddle, open};
use crate::{StoreError, StoredCertificate, StoredCheckpoint};

fn checkpoint(size: i64) -> StoredCheckpoint {
    StoredCheckpoint {
        size,
        at: Ts::from_secs(size),
        text: format!("VN-DEMO/GOV/G01/nút-1\n{size}\n"),
        signature: vec![0, 1, 0xff],
        certificate: [7; 32],
        stamp: None,
    }
}

async fn the_first_checkpoint_that_covers_a_row_is_found(store: TestStore) {
    let db = open(&store).await;
    assert_eq!(db.checkpoint_latest().await.unwrap(), None);
    for size in [10, 20, 30] {
        assert!(db.checkpoint_put(&checkpoint(size)).await.unwrap());
    }
    assert_eq!(db.checkpoint_latest().await.unwrap(), Some(checkpoint(30)));
    assert_eq!(db.checkpoint_covering(10).await.unwrap(), Some(checkpoint(10)));
    assert_eq!(db.checkpoint_covering(11).await.unwrap(), Some(checkpoint(20)));
    assert_eq!(db.checkpoint_covering(31).await.unwrap(), None);
}

async fn the_settings_on_which_durability_depends_are_told(store: TestStore) {
    let settings = open(&store).await.durability().await.unwrap();
    let names: Vec<&str> = settings.iter().map(|setting| setting.name).collect();
    if store.url().starts_with("sqlite:") {
        assert_eq!(names, ["journal_mode", "synchronous"]);
        assert!(settings.iter().all(|setting| setting.is_safe), "{settings:?}");
    } else {
        // A server for tests may be told not to wait for its disk.
        assert_eq!(names, ["fsync", "full_page_writes"]);
        assert!(settings.iter().all(|setting| setting.is_safe == (setting.value == "on")), "{settings:?}");
    }
}

async fn a_checkpoint_is_never_replaced(store: TestStore) {
    let db = open(&store).await;
    assert!(db.checkpoint_put(&checkpoint(10)).await.unwrap());
    let other = StoredCheckpoint { text: "khác".into(), ..checkpoint(10) };
    assert!(!db.checkpoint_put(&other).await.unwrap());
    assert_eq!(db.checkpoint_latest().await.unwrap(), Some(checkpoint(10)));
}

async fn a_time_stamp_is_added_once(store: TestStore) {
    let db = open(&store).await;
    for size in [10, 20, 30] {
        db.checkpoint_put(&checkpoint(size)).await.unwrap();
    }
    assert!(db.checkpoint_stamp(20, &[1, 2]).await.unwrap());
    assert!(!db.checkpoint_stamp(20, &[3]).await.unwrap());
    assert!(!db.checkpoint_stamp(21, &[3]).await.unwrap());
    let stamped = StoredCheckpoint { stamp: Some(vec![1, 2]), ..checkpoint(20) };
    assert_eq!(db.checkpoint_stamped_covering(5).await.unwrap(), Some(stamped));
    assert_eq!(db.checkpoint_stamped_covering(21).await.unwrap(), None);
    assert_eq!(db.checkpoints_unstamped(9).await.unwrap(), [checkpoint(10), checkpoint(30)]);
    assert_eq!(db.checkpoints_unstamped(1).await.unwrap(), [checkpoint(10)]);
}

async fn a_certificate_is_kept_once(store: TestStore) {
    let db = open(&store).await;
    let certificate = StoredCertificate { fingerprint: [9; 32], kind: 2, der: vec![0x30, 0, 0xff] };
    db.certificate_put(&certificate).await.unwrap();
    db.certificate_put(&certificate).await.unwrap();
    assert_eq!(db.certificate_get(&[9; 32]).await.unwrap(), Some(certificate));
    assert_eq!(db.certificate_get(&[8; 32]).await.unwrap(), None);
}

async fn a_damaged_checkpoint_is_named(store: TestStore) {
    let db = open(&store).await;
    db.checkpoint_put(&checkpoint(10)).await.unwrap();
    meddle(&db, "UPDATE checkpoint SET certificate = signature").await;
    let error = db.checkpoint_latest().await.unwrap_err();
    assert!(matches!(&error, StoreError::Corrupt { table: "checkpoint", row, .. } if row == "10"), "{error}");
}

testkit::on_both!(
    the_settings_on_which_durability_depends_are_told,
    the_first_checkpoint_that_covers_a_row_is_found,
    a_checkpoint_is_never_replaced,
    a_time_stamp_is_added_once,
    a_certificate_is_kept_once,
    a_damaged_checkpoint_is_named,
);
