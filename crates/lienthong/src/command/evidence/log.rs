//! The message log as the command line reads it, beside a running node or without one.

use std::path::Path;

use anyhow::bail;
use crypto::hash::Digest;
use evidence::merkle;
use evidence::record::Record;
use exchange::recorder::{hash_of_level, id_key};
use store::{Db, STORED_LEVEL_MIN};

use crate::config::Config;

/// Rows read at a time.
const PAGE: u32 = 1000;

/// An open message log.
pub struct Log {
    /// The store.
    pub db: Db,
    /// The configuration it belongs to.
    pub config: Config,
}

impl Log {
    /// Opens the log of a node.
    pub async fn open(config: &Path) -> anyhow::Result<Self> {
        let config = Config::read(config)?;
        // Opening would make an empty one, in which everything is in order.
        if let Some(file) = config.store_url.strip_prefix("sqlite:").filter(|file| !Path::new(file).exists())
        {
            bail!(
                "không có nhật ký tại {file}; kiểm tra [store] url / no message log at {file}; check [store] url"
            );
        }
        Ok(Self { db: Db::open(&config.store_url).await?, config })
    }

    /// The latest records, newest last, of clients or services that contain `only`.
    pub async fn latest(&self, limit: u32, only: Option<&str>) -> anyhow::Result<Vec<(i64, Record)>> {
        let mut found = Vec::new();
        let mut end = self.db.log_size().await?;
        while end > 0 && found.len() < limit as usize {
            let start = (end - i64::from(PAGE)).max(0);
            let rows = self.db.rows(start, u32::try_from(end - start).unwrap_or(PAGE)).await?;
            for row in rows.into_iter().rev() {
                let record = Record::parse(&row.text)?;
                let fits = |text: &str| {
                    record.client.to_string().contains(text) || record.service.to_string().contains(text)
                };
                if only.is_none_or(fits) && found.len() < limit as usize {
                    found.push((row.seq, record));
                }
            }
            end = start;
        }
        found.reverse();
        Ok(found)
    }

    /// All records with this `X-Road-Id`.
    pub async fn find(&self, id: &str) -> anyhow::Result<Vec<(i64, Record)>> {
        let mut found = Vec::new();
        for row in self.db.rows_by_id_key(id_key(id)).await? {
            let record = Record::parse(&row.text)?;
            if record.id == id {
                found.push((row.seq, record));
            }
        }
        Ok(found)
    }

    /// As [`Log::find`], for somebody who says that there is one.
    pub async fn of_id(&self, id: &str) -> anyhow::Result<Vec<(i64, Record)>> {
        let found = self.find(id).await?;
        if found.is_empty() {
            bail!(
                "không có cuộc gọi nào với X-Road-Id {id:?} trong nhật ký này / no call with X-Road-Id {id:?} in this log; `lienthong evidence list` shows what there is"
            );
        }
        Ok(found)
    }

    /// The audit path of record `index` in the tree over the first `size` records.
    pub async fn inclusion_path(&self, index: u64, size: u64) -> anyhow::Result<Vec<Digest>> {
        // The nodes that the path needs are learnt first, then fetched, then put together.
        let mut wanted = Vec::new();
        let _ = merkle::inclusion_path::<()>(index, size, &mut |level, at| {
            wanted.push((level, at));
            Ok([0; 32])
        });
        let mut hashes = std::collections::HashMap::new();
        for (level, at) in wanted {
            hashes.insert((level, at), self.node(level, at).await?);
        }
        let path = merkle::inclusion_path(index, size, &mut |level, at| {
            hashes.get(&(level, at)).copied().ok_or("a node is missing")
        });
        path.map_err(anyhow::Error::msg)
    }

    async fn node(&self, level: u8, index: u64) -> anyhow::Result<Digest> {
        let index = i64::try_from(index)?;
        if i16::from(level) >= STORED_LEVEL_MIN {
            return Ok(self.db.tree_node(i16::from(level), index).await?);
        }
        let width = 1_i64 << level;
        let leaves = self.db.leaf_hashes(index * width, (index + 1) * width).await?;
        hash_of_level(&leaves).ok_or_else(|| anyhow::anyhow!("leaves are missing"))
    }
}
