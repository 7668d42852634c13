//! How the data sources of a node are: for `lienthong source status`, readiness and metrics. Never a row, never a password.

use std::path::Path;
use std::sync::{Arc, PoisonError};

use base::Clock;
use serde::{Deserialize, Serialize};
use sources::SourceError;
use sources::definition::Changes;
use sources::load::Counts;
use sources::serve::Service;

use super::Offered;

/// A file that cannot be used, or not yet.
#[derive(Clone, Debug)]
pub struct Unusable {
    /// Name of the file.
    file: String,
    /// `SUBSYSTEM/CODE`, where it is known.
    service: Option<String>,
    /// Why; nothing while it is being opened.
    code: Option<&'static str>,
}

impl Unusable {
    /// A file, its service and what is wrong with it; the log has the words.
    pub fn new(path: &Path, service: Option<String>, error: &SourceError) -> Self {
        Self { file: file_name(path), service, code: Some(error.code()) }
    }

    /// A file whose source is being opened.
    pub fn opening(path: &Path, service: String) -> Self {
        Self { file: file_name(path), service: Some(service), code: None }
    }

    /// Whether it may be of this service; of a file that cannot be read nobody knows.
    pub fn may_be(&self, name: &str) -> bool {
        self.service.as_deref().is_none_or(|service| service == name)
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What a service does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It answers.
    Works,
    /// Its source rests after failures in a row.
    Rests,
    /// Its source is another than the definition says (EX-3004).
    Changed,
    /// It answers from an earlier copy of its file, which cannot be read now (EX-3013).
    Behind,
    /// Its definition or its source cannot be used.
    NotOpened,
    /// Its source is being opened.
    Opening,
}

/// How one service is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// `SUBSYSTEM/CODE`, or the file's name.
    pub service: String,
    /// Where its source is, without a password.
    pub address: Option<String>,
    /// What it does.
    pub state: State,
    /// Why it cannot be used.
    pub code: Option<String>,
    /// Seconds for which the source still rests.
    pub rests_s: Option<u64>,
    /// Questions that may be in the source at once.
    pub at_once: usize,
    /// When rows were last compared, in seconds since 1970, where they are compared.
    pub compared_at: Option<i64>,
    /// Seconds since then.
    pub compared_s: Option<i64>,
    /// What was asked of it.
    #[serde(flatten)]
    pub counts: Counts,
}

/// The services that work, then the files that cannot be used.
fn now(offered: &Offered) -> (Vec<(String, Arc<Service>)>, Vec<Unusable>) {
    let offer = offered.read().unwrap_or_else(PoisonError::into_inner);
    let working = offer.services.iter().filter_map(|(name, it)| Some((name.clone(), it.table.clone()?)));
    (working.collect(), offer.unusable.clone())
}

/// How each service is.
pub async fn services(offered: &Offered, clock: &dyn Clock) -> Vec<ServiceStatus> {
    let (working, unusable) = now(offered);
    let mut all = Vec::with_capacity(working.len() + unusable.len());
    for (name, service) in working {
        let finished = match &service.definition().changes {
            Some(Changes::Hash { .. }) => service.compared().await,
            _ => None,
        };
        all.push(ServiceStatus {
            service: name,
            address: Some(service.address()),
            state: state(&service),
            code: code(state(&service)).map(str::to_owned),
            rests_s: service.rests_s(),
            at_once: service.definition().limits.at_once,
            compared_at: finished.map(base::Ts::secs),
            compared_s: finished.map(|finished| clock.now().micros_since(finished) / 1_000_000),
            counts: service.load().counts(),
        });
    }
    all.extend(unusable.into_iter().map(|it| ServiceStatus {
        service: it.service.unwrap_or(it.file),
        address: None,
        state: if it.code.is_some() { State::NotOpened } else { State::Opening },
        code: it.code.map(str::to_owned),
        rests_s: None,
        at_once: 0,
        compared_at: None,
        compared_s: None,
        counts: Counts::default(),
    }));
    all
}

fn state(service: &Service) -> State {
    if service.load().counts().changed {
        State::Changed
    } else if service.rests_s().is_some() {
        State::Rests
    } else if service.is_behind() {
        State::Behind
    } else {
        State::Works
    }
}

/// What is wrong with a service that was opened, beside a rest, of which its seconds tell.
const fn code(state: State) -> Option<&'static str> {
    match state {
        State::Changed => Some("EX-3004"),
        State::Behind => Some("EX-3013"),
        State::Works | State::Rests | State::NotOpened | State::Opening => None,
    }
}

/// What cannot be used, or only as it was, each with its code.
pub fn troubles(offered: &Offered) -> Vec<String> {
    let (working, unusable) = now(offered);
    let named = working.iter().filter_map(|(name, service)| {
        let state = state(service);
        let code = if state == State::Rests { Some("EX-3006") } else { code(state) };
        Some(format!("{name} ({})", code?))
    });
    let closed = unusable.iter().map(|it| {
        let why = it.code.unwrap_or("đang mở / is being opened");
        format!("{} ({why})", it.service.as_ref().unwrap_or(&it.file))
    });
    named.chain(closed).collect()
}

/// Gauges of each service.
#[expect(clippy::cast_precision_loss, reason = "gauges are floating point; the numbers are small")]
pub fn gauges(offered: &Offered) {
    let (working, unusable) = now(offered);
    for (name, service) in working {
        let counts = service.load().counts();
        let is = |wanted: State| f64::from(u8::from(state(&service) == wanted));
        metrics::gauge!("lienthong_source_usable", "service" => name.clone())
            .set(is(State::Works) + is(State::Behind));
        metrics::gauge!("lienthong_source_resting", "service" => name.clone()).set(is(State::Rests));
        metrics::gauge!("lienthong_source_in_flight", "service" => name.clone()).set(counts.in_flight as f64);
        metrics::gauge!("lienthong_source_exports_running", "service" => name).set(counts.exports as f64);
    }
    for it in unusable {
        metrics::gauge!("lienthong_source_usable", "service" => it.service.unwrap_or(it.file)).set(0.0);
    }
}
