//! Whether the next step of an instance costs more because it has a long past.

use std::path::PathBuf;

use process::runner::{InstanceId, Name};
use serde::Deserialize;
use serde_json::{Value, json};
use store::process::{HistoryPage, ProcessStore};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::Measured;
use crate::at_work::{Engine, dossier, ms, percentiles, say};

/// Instances that are made with a past, and as many without.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Growth {
    /// A loop of one task.
    model: PathBuf,
    instances: usize,
    past_long: usize,
    past_short: usize,
    /// Steps of each that are measured.
    steps: usize,
}

impl Growth {
    pub async fn run(self) -> Measured<Value> {
        let engine = Engine::open().await?;
        let model = engine.deploy(&self.model).await?;
        say(&format!("{} instances with {} past steps", self.instances, self.past_long));
        let old = self.made(&engine, &model, self.past_long).await?;
        let young = self.made(&engine, &model, self.past_short).await?;
        let (mut took_old, mut took_young) = (Vec::new(), Vec::new());
        for _ in 0..self.steps {
            for (old, young) in old.iter().zip(&young) {
                took_old.push(step(&engine, *old).await?);
                took_young.push(step(&engine, *young).await?);
            }
        }
        let store = ProcessStore::new(engine.db.clone());
        let bytes = [stored(&store, &old).await?, stored(&store, &young).await?];
        engine.db.close().await;
        Ok(json!({
            "long": {"ms": percentiles(took_old), "state_bytes": bytes[0].0, "history_rows": bytes[0].1},
            "short": {"ms": percentiles(took_young), "state_bytes": bytes[1].0, "history_rows": bytes[1].1},
        }))
    }

    async fn made(&self, engine: &Engine, model: &Name, past: usize) -> Measured<Vec<InstanceId>> {
        let mut makers = JoinSet::new();
        for _ in 0..self.instances {
            let (engine, model) = (engine.clone(), model.clone());
            makers.spawn(async move {
                let instance = engine.start(&model, dossier()).await?;
                for _ in 0..past {
                    step(&engine, instance).await?;
                }
                Ok::<_, crate::Failure>(instance)
            });
        }
        let mut made = Vec::new();
        while let Some(one) = makers.join_next().await {
            made.push(one??);
        }
        Ok(made)
    }
}

/// Does the only open task; gives how long that took.
async fn step(engine: &Engine, instance: InstanceId) -> Measured<f64> {
    let task = engine.tasks(instance).await?.pop().ok_or("the loop has ended")?;
    let began = Instant::now();
    engine.complete(task.id).await?;
    Ok(ms(began.elapsed()))
}

/// Bytes of the state of the first instance, and rows of its history.
async fn stored(store: &ProcessStore, all: &[InstanceId]) -> Measured<(usize, usize)> {
    let id = all.first().ok_or("no instance was made")?.to_string();
    let row = store.instance(&id).await?.ok_or("the instance is gone")?;
    let history = store.history(&id, HistoryPage { after: 0, limit: u32::MAX }).await?;
    Ok((row.state.len(), history.len()))
}
