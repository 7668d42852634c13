#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod compared;
mod journal;
mod log;
mod postgres;
mod process;
mod source_quality;
mod sqlite;
mod tables;
mod writer;

use base::Ts;
use testkit::TestStore;

use crate::db::on_writer;
use crate::{Db, LogRow, StoreError, TreeNode};

/// A request (even numbers) or the response that closes it (odd numbers).
fn row(seq: i64) -> LogRow {
    let request = seq % 2 == 0;
    LogRow {
        seq,
        at: Ts::from_secs(1_000 + seq),
        kind: i16::from(!request),
        id_key: seq / 2 - 3,
        closes: (!request).then_some(seq - 1),
        leaf: [u8::try_from(seq & 0xff).unwrap(); 32],
        nonce: request.then(|| vec![0, 0xff, u8::try_from(seq & 0xff).unwrap()]),
        text: format!("{{\"số\":{seq},\"tên\":\"Nguyễn Thị Đào\\u0000\"}}\r\n "),
    }
}

fn group(from: i64, to: i64) -> Vec<LogRow> {
    (from..to).map(row).collect()
}

fn node(level: i16, index: i64) -> TreeNode {
    TreeNode { level, index, hash: [u8::try_from(level).unwrap(); 32] }
}

async fn open(store: &TestStore) -> Db {
    Db::open(store.url()).await.unwrap()
}

/// Runs a statement behind the store's back, as a careless operator would.
async fn meddle(db: &Db, statement: &'static str) {
    let run = async {
        on_writer!(db, |conn| sqlx::query(statement).execute(conn).await.map(drop))?;
        Ok::<_, StoreError>(())
    };
    run.await.unwrap();
}
