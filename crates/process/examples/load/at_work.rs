//! The engine at work, and what callers do with it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base::SystemClock;
use process::runner::{Begin, By, InstanceId, Name, OpenTask, Payload, Processes, TaskId, Wanted, read_bpmn};
use process::timer::Timers;
use serde_json::{Map, Value, json};
use store::Db;
use store::process::ProcessStore;

use crate::{Measured, STORE_VARIABLE};

/// Tasks of one instance that are looked at.
const TASKS_MAX: u32 = 10;

/// The engine on the store that the environment names.
#[derive(Clone)]
pub struct Engine {
    pub db: Db,
    pub all: Processes,
}

impl Engine {
    pub async fn open() -> Measured<Self> {
        let url = std::env::var(STORE_VARIABLE).map_err(|_| format!("{STORE_VARIABLE} names no store"))?;
        let db = Db::open(&url).await?;
        let outside = Arc::new(Timers::built_in()?);
        let all = Processes::open(ProcessStore::new(db.clone()), Arc::new(SystemClock), outside, read_bpmn);
        Ok(Self { db, all })
    }

    /// Deploys a model; gives its key.
    pub async fn deploy(&self, file: &Path) -> Measured<Name> {
        let xml = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(self.all.deploy(&xml, &somebody()?).await?.key.parse()?)
    }

    pub async fn start(&self, model: &Name, variables: Value) -> Measured<InstanceId> {
        let Value::Object(variables) = variables else { return Err("variables are an object".into()) };
        let begin = Begin {
            model: model.clone(),
            version: None,
            process: None,
            business_key: None,
            agency: None,
            variables: Payload::new(variables)?,
        };
        Ok(self.all.start(begin, &somebody()?, None).await?)
    }

    /// The open tasks of an instance.
    pub async fn tasks(&self, instance: InstanceId) -> Measured<Vec<OpenTask>> {
        let wanted = Wanted { instance: Some(instance), limit: TASKS_MAX, ..Wanted::default() };
        Ok(self.all.tasks(&wanted).await?)
    }

    /// Completes a task as its form would, with a few values.
    pub async fn complete(&self, task: TaskId) -> Measured<()> {
        let variables = Map::from_iter([("ket_qua".to_owned(), json!("đạt")), ("so".to_owned(), json!(7))]);
        self.all.complete(task, Payload::new(variables)?, &somebody()?, None).await?;
        Ok(())
    }
}

/// What a dossier brings: of 600 bytes or so.
pub fn dossier() -> Value {
    json!({
        "tong": 250, "ho_ten": "Nguyễn Thị Bình An", "dia_chi": "Số 1 đường Trần Hưng Đạo, phường Hoàn Kiếm, Hà Nội",
        "giay_to": ["to-khai", "giay-chung-sinh", "giay-chung-nhan-ket-hon"],
        "noi_dung": "Đề nghị giải quyết theo quy định; kết quả nhận tại nhà qua bưu chính công ích. ".repeat(4),
    })
}

pub fn somebody() -> Measured<By> {
    Ok(By::Person("can-bo".parse()?))
}

/// The values within which these shares of all lie, in the unit in which they are given.
pub fn percentiles(mut all: Vec<f64>) -> Value {
    all.sort_by(f64::total_cmp);
    let at = |percent: usize| all.get(all.len().saturating_sub(1) * percent / 100).copied();
    json!({"count": all.len(), "p50": at(50), "p95": at(95), "p99": at(99), "max": at(100)})
}

pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Says what it is doing.
pub fn say(what: &str) {
    eprintln!("… {what}");
}
