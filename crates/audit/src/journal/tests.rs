#![allow(clippy::unwrap_used, reason = "a test may panic")]

use base::Ts;
use evidence::merkle::{Tree, empty_root, leaf_hash, root_of};
use store::Db;
use testkit::TestStore;

use crate::{AuditError, Draft, Journal, Outcome};

fn draft(subject: &str) -> Draft {
    Draft {
        at: Ts::from_secs(1_795_230_000),
        by: "an".parse().unwrap(),
        in_role: Some("platform_operator".into()),
        agency: None,
        act: "agency_put".into(),
        subject: subject.into(),
        outcome: Outcome::Done,
        event: Some(serde_json::json!({"subject": subject})),
        key: None,
        key_request: None,
    }
}

fn drafts(count: usize) -> Vec<Draft> {
    (0..count).map(|number| draft(&format!("agency/{number}"))).collect()
}

async fn open(store: &TestStore) -> Journal {
    Journal::open(Db::open(store.url()).await.unwrap())
}

async fn entries_read_back_as_append_returned_them(store: TestStore) {
    let journal = open(&store).await;
    let mut written = journal.append(0, drafts(3)).await.unwrap();
    written.extend(journal.append(3, drafts(1_500)).await.unwrap());
    assert_eq!(written[4].seq, 4);
    assert_eq!(journal.size().await.unwrap(), 1_503);
    assert_eq!(journal.read(0, 5_000).await.unwrap(), written);
    assert_eq!(journal.read(1_502, 9).await.unwrap(), written[1_502..]);
    assert_eq!(journal.read(1_503, 9).await.unwrap(), []);
}

async fn who_is_behind_learns_by_how_much(store: TestStore) {
    let (one, two) = (open(&store).await, open(&store).await);
    one.append(0, drafts(5)).await.unwrap();
    let late = two.append(0, drafts(1)).await;
    assert!(matches!(late, Err(AuditError::Behind { expected: 0, found: 5 })), "{late:?}");
    two.append(5, drafts(1)).await.unwrap();
}

async fn the_root_is_that_of_the_stored_texts(store: TestStore) {
    let (one, two) = (open(&store).await, open(&store).await);
    assert_eq!(one.root().await.unwrap(), Tree { size: 0, root: empty_root() });
    one.append(0, drafts(7)).await.unwrap();
    two.append(7, drafts(1_100)).await.unwrap();
    let rows = Db::open(store.url()).await.unwrap().journal_rows(0, 5_000).await.unwrap();
    let leaves: Vec<_> = rows.iter().map(|row| leaf_hash(row.text.as_bytes())).collect();
    let wanted = Tree { size: 1_107, root: root_of(&leaves) };
    assert_eq!(one.root().await.unwrap(), wanted);
    assert_eq!(two.root().await.unwrap(), wanted);
    assert_eq!(open(&store).await.check(&[]).await.unwrap(), wanted);
    let before = Tree { size: 7, root: root_of(&leaves[..7]) };
    assert_eq!(one.check(&[wanted, before, before]).await.unwrap(), wanted);
}

async fn a_changed_line_is_named(store: TestStore) {
    let journal = open(&store).await;
    journal.append(0, drafts(1_300)).await.unwrap();
    store
        .execute("UPDATE journal SET text = replace(text, 'agency/1234', 'agency/1235') WHERE seq = 1234")
        .await;
    for error in [
        journal.check(&[]).await.unwrap_err(),
        open(&store).await.root().await.unwrap_err(),
        open(&store).await.read(1_234, 1).await.unwrap_err(),
    ] {
        assert!(matches!(error, AuditError::Damaged { seq: 1_234, .. }), "{error}");
        assert!(error.to_string().contains("entry 1234 "), "{error}");
    }
}

async fn a_removed_line_is_named(store: TestStore) {
    let journal = open(&store).await;
    journal.append(0, drafts(10)).await.unwrap();
    store.execute("DELETE FROM journal WHERE seq = 4").await;
    let gap = journal.check(&[]).await;
    assert!(matches!(gap, Err(AuditError::Damaged { seq: 4, .. })), "{gap:?}");
}

async fn a_journal_that_was_made_anew_is_not_the_one_known_before(store: TestStore) {
    let journal = open(&store).await;
    journal.append(0, drafts(10)).await.unwrap();
    let noted = journal.root().await.unwrap();
    journal.append(10, drafts(1)).await.unwrap();
    store.execute("DELETE FROM journal").await;
    // Who can write to the store can make leaves that fit, but not the roots that others have noted.
    let forger = open(&store).await;
    let short = forger.check(&[noted]).await;
    assert!(matches!(short, Err(AuditError::Rewritten { size: 10 })), "{short:?}");
    let mut acts = drafts(11);
    acts[3].by = "binh".parse().unwrap();
    forger.append(0, acts).await.unwrap();
    assert!(forger.check(&[]).await.is_ok());
    let noted = open(&store).await.check(&[noted]).await;
    assert!(matches!(noted, Err(AuditError::Rewritten { size: 10 })), "{noted:?}");
    let running = journal.check(&[]).await;
    assert!(matches!(running, Err(AuditError::Rewritten { size: 11 })), "{running:?}");
}

testkit::on_both!(
    entries_read_back_as_append_returned_them,
    who_is_behind_learns_by_how_much,
    the_root_is_that_of_the_stored_texts,
    a_changed_line_is_named,
    a_removed_line_is_named,
    a_journal_that_was_made_anew_is_not_the_one_known_before,
);
