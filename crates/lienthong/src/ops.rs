//! For operators: `/healthz`, `/readyz`, `/metrics`, on a listener of their own.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use base::Clock;
use crypto::certificate::Certificate;
use exchange::Gateway;
use exchange::tls::DirectoryWatch;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde_json::{Value, json};
use tokio::sync::watch;

/// Days before a certificate's end at which operators are warned.
const WARN_DAYS: [i64; 3] = [30, 7, 1];

static PROMETHEUS: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Installs the metrics recorder, once for the process.
pub fn install_metrics() {
    PROMETHEUS.get_or_init(|| {
        let buckets =
            [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
        let builder = PrometheusBuilder::new().set_buckets(&buckets).ok()?;
        builder.install_recorder().inspect_err(|error| tracing::warn!(%error, "no metrics")).ok()
    });
}

/// What readiness looks at.
pub struct Health {
    gateway: Arc<Gateway>,
    directory: DirectoryWatch,
    own: Vec<(Certificate, &'static str)>,
    clock: Arc<dyn Clock>,
    stopping: AtomicBool,
}

impl Health {
    /// A node that is running.
    pub fn new(
        gateway: Arc<Gateway>,
        directory: DirectoryWatch,
        own: Vec<(Certificate, &'static str)>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { gateway, directory, own, clock, stopping: AtomicBool::new(false) }
    }

    /// The node is about to stop: balancers should send no more calls.
    pub fn stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Each check by name, with what is wrong.
    pub fn checks(&self) -> Vec<(&'static str, Result<(), String>)> {
        let now = self.clock.now();
        let directory = self.gateway.directory().map(|_| ()).map_err(|reason| reason.to_string());
        let log = if self.gateway.recorder().is_healthy() {
            Ok(())
        } else {
            Err("the message log cannot be written (EX-0701)".into())
        };
        let ended = self.own.iter().find(|(certificate, _)| certificate.not_after() <= now);
        let certificates = ended.map_or(Ok(()), |(certificate, what)| {
            Err(format!("the {what} certificate expired on {} (EX-0801)", certificate.not_after()))
        });
        let stopping =
            if self.stopping.load(Ordering::Relaxed) { Err("shutting down".into()) } else { Ok(()) };
        vec![("directory", directory), ("log", log), ("certificates", certificates), ("running", stopping)]
    }
}

/// Serves the three pages until `stop` turns true.
pub async fn serve(listener: tokio::net::TcpListener, health: Arc<Health>, mut stop: watch::Receiver<bool>) {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics_page))
        .with_state(health);
    let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
        tracing::error!(%error, "the operators' listener ended");
    }
}

async fn ready(State(health): State<Arc<Health>>) -> (StatusCode, Json<Value>) {
    let checks = health.checks();
    let ok = checks.iter().all(|(_, result)| result.is_ok());
    let texts: serde_json::Map<String, Value> = checks
        .into_iter()
        .map(|(name, result)| (name.to_owned(), Value::from(result.err().unwrap_or_else(|| "ok".into()))))
        .collect();
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": ok, "checks": texts })))
}

async fn metrics_page() -> (StatusCode, String) {
    match PROMETHEUS.get().and_then(Option::as_ref) {
        Some(handle) => (StatusCode::OK, handle.render()),
        None => (StatusCode::SERVICE_UNAVAILABLE, "no metrics recorder\n".into()),
    }
}

/// Keeps gauges up to date and warns of certificates that end soon, forever.
pub async fn gauges(health: Arc<Health>) {
    let mut warned = vec![None; health.own.len()];
    loop {
        if let Some(handle) = PROMETHEUS.get().and_then(Option::as_ref) {
            handle.run_upkeep();
        }
        gauges_once(&health);
        warn_of_expiry(&health, &mut warned);
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

#[expect(clippy::cast_precision_loss, reason = "gauges are floating point; the numbers are small")]
fn gauges_once(health: &Health) {
    let (consuming, providing) = health.gateway.in_flight();
    metrics::gauge!("lienthong_calls_in_flight", "side" => "consumer").set(consuming as f64);
    metrics::gauge!("lienthong_calls_in_flight", "side" => "provider").set(providing as f64);
    metrics::gauge!("lienthong_log_waiting_records").set(health.gateway.recorder().waiting() as f64);
    metrics::gauge!("lienthong_log_healthy").set(f64::from(u8::from(health.gateway.recorder().is_healthy())));
    let now = health.clock.now();
    for (certificate, what) in &health.own {
        let left = certificate.not_after().micros_since(now) / 1_000_000;
        metrics::gauge!("lienthong_certificate_seconds_left", "certificate" => *what).set(left as f64);
    }
    if let Some(directory) = health.directory.borrow().as_ref() {
        metrics::gauge!("lienthong_directory_number").set(directory.number() as f64);
        metrics::gauge!("lienthong_directory_seconds_left")
            .set((directory.expires().micros_since(now) / 1_000_000) as f64);
    }
}

fn warn_of_expiry(health: &Health, warned: &mut [Option<i64>]) {
    let now = health.clock.now();
    for ((certificate, what), warned) in health.own.iter().zip(warned) {
        let days = certificate.not_after().micros_since(now).div_euclid(86_400_000_000);
        let level = WARN_DAYS.into_iter().filter(|limit| days < *limit).min();
        if level.is_some() && *warned != level {
            tracing::warn!(
                certificate = what,
                days,
                "chứng thư sắp hết hạn / the certificate ends soon; `lienthong keys csr` makes a request for a new one"
            );
        }
        *warned = level;
    }
}
