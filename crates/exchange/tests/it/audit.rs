//! Whether a log is whole: what an auditor would find.

use std::collections::HashMap;

use evidence::merkle::leaf_hash;
use evidence::record::{HeadKind, REQUEST_BATCH, REQUEST_SIGNATURE, Record, SignedHead};
use exchange::recorder::KIND_REQUEST;
use store::{Db, LogRow};

use crate::world::World;

/// Every record of a log, in order.
pub async fn rows(db: &Db) -> Vec<LogRow> {
    db.rows(0, 100_000).await.unwrap()
}

/// Every record of a log, read.
pub async fn records(db: &Db) -> Vec<Record> {
    rows(db).await.iter().map(|row| Record::parse(&row.text).unwrap()).collect()
}

/// No gap, no record that does not read, no call that is open or closed twice, no signature that does not hold.
pub async fn check(db: &Db, world: &World) {
    let rows = rows(db).await;
    let mut open: HashMap<i64, Record> = HashMap::new();
    for (number, row) in (0..).zip(&rows) {
        assert_eq!(row.seq, number);
        assert_eq!(row.leaf, leaf_hash(row.text.as_bytes()));
        let record = Record::parse(&row.text).unwrap();
        assert!(record.is_whole(), "{}", row.text);
        let question = row.closes.map(|closed| open.remove(&closed).expect("closes an open call"));
        check_heads(&record, question.as_ref(), world);
        if row.kind == KIND_REQUEST {
            open.insert(row.seq, record);
        }
    }
    assert!(open.is_empty(), "{} calls are half recorded", open.len());
}

fn check_heads(record: &Record, question: Option<&Record>, world: &World) {
    for (head, kind) in [(&record.request, HeadKind::Request), (&record.response, HeadKind::Response)] {
        let Some(head) = head else { continue };
        let mut certificates = world.signing_certificates();
        let certificate = certificates.find(|c| c.fingerprint() == head.certificate).unwrap();
        head.verify(certificate).unwrap().check(kind).unwrap();
    }
    let request = record.request.as_ref().or(question.and_then(|q| q.request.as_ref()));
    if let (Some(request), Some(response)) = (request, &record.response) {
        assert!(bound(request, response), "an answer that belongs to another question");
    }
}

fn bound(request: &SignedHead, response: &SignedHead) -> bool {
    let parts = response.parts().unwrap();
    let signature = format!(":{}:", crypto::b64::encode(&request.signature));
    let batch = request.batch.as_ref().map(evidence::batch::BatchPlace::encode);
    parts.value(REQUEST_SIGNATURE) == Some(&signature) && parts.value(REQUEST_BATCH) == batch.as_deref()
}
