//! Puts the engine under load on a real store: for `cargo xtask bench process`.
//!
//! The first argument says what is measured, as JSON; `LIENTHONG_LOAD_STORE` has the address of the store, which may hold a
//! password. Figures go to standard output as JSON, what it is doing to standard error.

mod at_work;
mod deploy;
mod growth;
mod pace;
mod waiting;

use serde::Deserialize;
use serde_json::Value;

/// Whatever goes wrong ends the measurement.
type Failure = Box<dyn std::error::Error + Send + Sync>;
/// What a measurement gives.
type Measured<T> = Result<T, Failure>;

/// Names the variable with the address of the store.
const STORE_VARIABLE: &str = "LIENTHONG_LOAD_STORE";

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Subject {
    /// As many tasks as so many callers can complete.
    Throughput(pace::Throughput),
    /// How long a task takes at a steady rate.
    Latency(pace::Latency),
    /// The next step of instances with a long past beside that of young ones.
    Growth(growth::Growth),
    /// Makes instances that wait for a timer.
    Fill(waiting::Fill),
    /// Opens a store with many waiting instances and sees when timers come.
    Wake(waiting::Wake),
    /// Deploys a large model.
    Deploy(deploy::Deploy),
}

#[tokio::main]
async fn main() -> Measured<()> {
    let argument = std::env::args().nth(1).ok_or("the first argument says what is measured")?;
    let figures: Value = match serde_json::from_str(&argument)? {
        Subject::Throughput(one) => one.run().await?,
        Subject::Latency(one) => one.run().await?,
        Subject::Growth(one) => one.run().await?,
        Subject::Fill(one) => one.run().await?,
        Subject::Wake(one) => one.run().await?,
        Subject::Deploy(one) => one.run().await?,
    };
    println!("{figures}");
    Ok(())
}
