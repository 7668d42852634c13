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

use crate::bridges::rights::{Age, Freshness};
use crate::process_role;
use crate::sources_role::{self, status};

/// Days before a certificate's end at which operators are warned.
const WARN_DAYS: [i64; 3] = [30, 7, 1];

/// A timer of a procedure that is later than this, in microseconds, is somebody's business: a minute.
const LATE_US_MAX: i64 = 60_000_000;

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
pub struct Subjects {
    /// The gateway with its message log.
    pub gateway: Arc<Gateway>,
    /// The directory.
    pub directory: DirectoryWatch,
    /// The node's own certificates.
    pub own: Vec<(Certificate, &'static str)>,
    /// How old the rights of a registry are, where one has a say.
    pub rights: Option<Arc<Freshness>>,
    /// The data sources, where there are any.
    pub sources: Option<sources_role::Offered>,
    /// The process engine, where there is one.
    pub process: Option<process_role::Counted>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// How a node is.
pub struct Health {
    subjects: Subjects,
    stopping: AtomicBool,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing is wrong.
    Good,
    /// The node works, but somebody should look.
    Degraded(String),
    /// Calls are refused.
    Bad(String),
}

impl From<Result<(), String>> for Found {
    fn from(result: Result<(), String>) -> Self {
        result.map_or_else(Self::Bad, |()| Self::Good)
    }
}

impl Health {
    /// A node that is running.
    pub fn new(subjects: Subjects) -> Self {
        Self { subjects, stopping: AtomicBool::new(false) }
    }

    /// The node is about to stop: balancers should send no more calls.
    pub fn stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Each check by name, with what is wrong.
    pub fn checks(&self) -> Vec<(&'static str, Found)> {
        let Subjects { gateway, own, rights, clock, .. } = &self.subjects;
        let now = clock.now();
        let directory = gateway.directory().map(|_| ()).map_err(|reason| reason.to_string());
        let log = if gateway.recorder().is_healthy() {
            Ok(())
        } else {
            Err("the message log cannot be written (EX-0701)".into())
        };
        let ended = own.iter().find(|(certificate, _)| certificate.not_after() <= now);
        let certificates = ended.map_or(Ok(()), |(certificate, what)| {
            Err(format!("the {what} certificate expired on {} (EX-0801)", certificate.not_after()))
        });
        let stopping =
            if self.stopping.load(Ordering::Relaxed) { Err("shutting down".into()) } else { Ok(()) };
        let mut checks = vec![
            ("directory", directory.into()),
            ("log", log.into()),
            ("certificates", certificates.into()),
            ("running", stopping.into()),
        ];
        checks.extend(rights.as_ref().map(|freshness| ("rights", aged(freshness.age()))));
        checks.extend(self.subjects.process.as_ref().map(|counted| ("process", going(counted))));
        checks.extend(self.subjects.sources.as_ref().map(|offered| ("sources", usable(offered))));
        checks
    }
}

/// The data sources: one that cannot be used is no reason to send the calls of all others elsewhere.
fn usable(offered: &sources_role::Offered) -> Found {
    let wrong = status::troubles(offered);
    if wrong.is_empty() { Found::Good } else { Found::Degraded(wrong.join(", ")) }
}

/// The process engine: its store is not that of calls, which go on without it.
fn going(counted: &process_role::Counted) -> Found {
    match &*counted.borrow() {
        Err(why) => Found::Degraded(why.clone()),
        Ok(figures) if figures.late_us > LATE_US_MAX => {
            Found::Degraded(format!("timers of procedures are late by {} s", figures.late_us / 1_000_000))
        }
        Ok(_) => Found::Good,
    }
}

/// The rights by their age.
fn aged(age: Age) -> Found {
    match age {
        Age::Fresh => Found::Good,
        Age::Aging { age_s } => {
            Found::Degraded(format!("the registry was not heard for {age_s} s; the rights known last count"))
        }
        Age::Stale { age_s: Some(age_s) } => Found::Bad(format!(
            "the registry was not heard for {age_s} s, longer than stale_after_s (EX-0313)"
        )),
        Age::Stale { age_s: None } => Found::Bad("the registry was never heard (EX-0313)".into()),
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
    let ok = !checks.iter().any(|(_, found)| matches!(found, Found::Bad(_)));
    let degraded = checks.iter().any(|(_, found)| *found != Found::Good);
    let texts: serde_json::Map<String, Value> = checks
        .into_iter()
        .map(|(name, found)| match found {
            Found::Good => (name.to_owned(), "ok".into()),
            Found::Degraded(text) => (name.to_owned(), format!("degraded: {text}").into()),
            Found::Bad(text) => (name.to_owned(), text.into()),
        })
        .collect();
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": ok, "degraded": degraded, "checks": texts })))
}

async fn metrics_page() -> (StatusCode, String) {
    match PROMETHEUS.get().and_then(Option::as_ref) {
        Some(handle) => (StatusCode::OK, handle.render()),
        None => (StatusCode::SERVICE_UNAVAILABLE, "no metrics recorder\n".into()),
    }
}

/// Keeps gauges up to date and warns of certificates that end soon, forever.
pub async fn gauges(health: Arc<Health>) {
    let mut warned = vec![None; health.subjects.own.len()];
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
    let health = &health.subjects;
    let (consuming, providing) = health.gateway.in_flight();
    metrics::gauge!("lienthong_calls_in_flight", "side" => "consumer").set(consuming as f64);
    metrics::gauge!("lienthong_calls_in_flight", "side" => "provider").set(providing as f64);
    metrics::gauge!("lienthong_log_waiting_records").set(health.gateway.recorder().waiting() as f64);
    metrics::gauge!("lienthong_log_healthy").set(f64::from(u8::from(health.gateway.recorder().is_healthy())));
    if let Some(offered) = &health.sources {
        status::gauges(offered);
    }
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
    if let Some(age_s) = health.rights.as_ref().and_then(|rights| rights.age_s()) {
        metrics::gauge!("lienthong_rights_age_seconds").set(age_s as f64);
    }
}

fn warn_of_expiry(health: &Health, warned: &mut [Option<i64>]) {
    let health = &health.subjects;
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
