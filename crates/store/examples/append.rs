//! Measures durable appends: `cargo run --release -p store --example append -- URL [ROWS] [PREFILL]`.
//!
//! URL is `sqlite:PATH` or `postgres://…`, best an empty store on the disk in question. Prints the
//! rows a second for groups of several sizes with texts of 1.2 kB.

use std::error::Error;
use std::time::{Duration, Instant};

use base::Ts;
use store::{Db, LogRow, LogWriter, TreeNode};

const TEXT_BYTES: usize = 1_200;
const GROUPS: [usize; 6] = [1, 16, 63, 64, 256, 1_024];

/// No group size is measured for longer.
const LIMIT: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let url = args.next().ok_or("which store? `sqlite:PATH` or `postgres://…`")?;
    let rows: usize = args.next().map_or(Ok(200_000), |text| text.parse())?;
    let prefill: usize = args.next().map_or(Ok(0), |text| text.parse())?;
    let db = Db::open(&url).await?;
    let mut writer = LogWriter::open(&db).await?;
    if prefill > 0 {
        let (done, spent) = run(&mut writer, 1_024, prefill, Duration::MAX).await?;
        println!("prefill {done} rows in {:.1} s", spent.as_secs_f64());
    }
    println!("{:>6} {:>10} {:>12} {:>12}", "group", "rows/s", "groups/s", "rows");
    for group in GROUPS {
        let (done, spent) = run(&mut writer, group, rows.min(group * 5_000), LIMIT).await?;
        let per_second = count(done) / spent.as_secs_f64();
        println!("{group:>6} {per_second:>10.0} {:>12.0} {done:>12}", per_second / count(group));
    }
    writer.close().await;
    let started = Instant::now();
    let found = db.rows_by_id_key(key(db.log_size().await? / 2)).await?;
    println!("look-up by id: {} found in {:.1} ms", found.len(), started.elapsed().as_secs_f64() * 1e3);
    db.close().await;
    Ok(())
}

async fn run(
    writer: &mut LogWriter,
    group: usize,
    rows: usize,
    limit: Duration,
) -> Result<(usize, Duration), Box<dyn Error>> {
    let mut done = 0;
    let mut spent = Duration::ZERO;
    while done < rows && spent < limit {
        let first = writer.size().await?;
        let batch: Vec<LogRow> = (first..).take(group).map(row).collect();
        let end = first + i64::try_from(group)?;
        let nodes: Vec<TreeNode> =
            (first / 256..end / 256).map(|index| TreeNode { level: 8, index, hash: [7; 32] }).collect();
        let started = Instant::now();
        writer.append(&batch, &nodes).await?;
        spent += started.elapsed();
        done += group;
    }
    Ok((done, spent))
}

fn row(seq: i64) -> LogRow {
    let request = seq % 2 == 0;
    LogRow {
        seq,
        at: Ts(1_795_000_000_000_000 + seq * 100),
        kind: i16::from(request),
        id_key: key(seq),
        closes: (!request).then_some(seq - 1),
        leaf: [u8::try_from(seq & 0xff).unwrap_or_default(); 32],
        nonce: request.then(|| key(seq).to_be_bytes().repeat(2)),
        text: "x".repeat(TEXT_BYTES),
    }
}

/// Spreads over the whole range as the first bytes of a hash do.
fn key(seq: i64) -> i64 {
    seq.wrapping_mul(0x1E37_79B9_7F4A_7C15).rotate_left(31).wrapping_mul(0x3F58_476D_1CE4_E5B9)
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}
