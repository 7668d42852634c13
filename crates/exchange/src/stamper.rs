//! Has checkpoints time-stamped (RFC 3161), away from the path of calls.

use std::time::Duration;

use crypto::timestamp;
use evidence::checkpoint::imprint;
use store::{Db, StoredCheckpoint};

/// Asks the authority at `url` for a stamp over the newest unstamped checkpoint, forever.
///
/// One stamp covers every earlier record, so when the authority was away only the newest checkpoint is stamped.
pub async fn run(db: Db, url: String, every: Duration) {
    let mut failing = false;
    loop {
        tokio::time::sleep(every).await;
        match round(&db, &url).await {
            Ok(stamped) => {
                if failing && stamped {
                    tracing::info!(tsa = %url, "time-stamps are given again");
                }
                failing &= !stamped;
                if stamped {
                    metrics::gauge!("lienthong_timestamp_failing").set(0.0);
                }
            }
            Err(error) => {
                if !failing {
                    tracing::warn!(tsa = %url, %error, "no time-stamp; calls go on and the next round tries again (EX-0706)");
                }
                metrics::gauge!("lienthong_timestamp_failing").set(1.0);
                failing = true;
            }
        }
    }
}

async fn round(db: &Db, url: &str) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
    let Some(newest) = db.checkpoint_latest().await?.filter(|c| c.stamp.is_none()) else { return Ok(false) };
    let StoredCheckpoint { size, text, signature, .. } = newest;
    let token = timestamp::request(url, &imprint(&text, &signature), timestamp::Limits::default()).await?;
    Ok(db.checkpoint_stamp(size, &token).await?)
}
