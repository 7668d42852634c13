//! Taking in large models.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::Measured;
use crate::at_work::{Engine, ms, percentiles, somebody};

/// Deploys a file several times, each time as another version.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deploy {
    model: PathBuf,
    times: u32,
}

impl Deploy {
    pub async fn run(self) -> Measured<Value> {
        let engine = Engine::open().await?;
        let xml = std::fs::read_to_string(&self.model)?;
        let (mut took, mut first_start) = (Vec::new(), Vec::new());
        for nth in 0..self.times {
            let file = format!("{xml}<!-- {nth} -->");
            let began = Instant::now();
            let deployed = engine.all.deploy(file.as_bytes(), &somebody()?).await?;
            took.push(ms(began.elapsed()));
            let began = Instant::now();
            engine.start(&deployed.key.parse()?, json!({})).await?;
            first_start.push(ms(began.elapsed()));
        }
        engine.db.close().await;
        Ok(json!({"bytes": xml.len(), "ms": percentiles(took), "first_start_ms": percentiles(first_start)}))
    }
}
