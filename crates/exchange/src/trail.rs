//! What happened to a call: always closed, with a metric and, when it was refused, a log line.

use std::time::Instant;

use base::Code;
use http::HeaderValue;

use crate::error::CallError;
use crate::message::Call;

/// The story of one call at one node.
pub struct Trail {
    side: &'static str,
    started: Instant,
    request_id: String,
    id: String,
    parties: Option<(String, String)>,
    /// The provider's error type and code.
    refused: Option<(String, String)>,
}

impl Trail {
    /// A call that begins here; makes its `X-Road-Request-Id`.
    pub fn consumer() -> Self {
        Self::new("consumer", uuid::Uuid::now_v7().to_string())
    }

    /// A call that another node brings.
    pub fn provider() -> Self {
        Self::new("provider", String::new())
    }

    fn new(side: &'static str, request_id: String) -> Self {
        Self { side, started: Instant::now(), request_id, id: String::new(), parties: None, refused: None }
    }

    /// The call was read.
    pub fn call(&mut self, call: &Call) {
        self.request_id.clone_from(&call.request_id);
        self.id.clone_from(&call.id);
        self.parties = Some((call.client.text(), call.target.service.text()));
    }

    /// The provider's node answered with a refusal.
    pub fn refused_by_provider(&mut self, kind: &HeaderValue, code: Option<Code>) {
        let kind = kind.to_str().unwrap_or("unreadable").to_owned();
        self.refused = Some((kind, code.map(|code| code.to_string()).unwrap_or_default()));
    }

    /// `X-Road-Request-Id`.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// `X-Road-Id`, empty until the call was read.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The call is over.
    pub fn close(self, error: Option<&CallError>) {
        let outcome = match (error, &self.refused) {
            (Some(_), _) => "failed",
            (None, Some(_)) => "refused",
            (None, None) => "answered",
        };
        let theirs = || self.refused.as_ref().map(|(_, code)| code.clone()).unwrap_or_default();
        let code = error.map_or_else(theirs, |e| e.code().to_string());
        metrics::counter!("lienthong_calls_total", "side" => self.side, "outcome" => outcome, "code" => code)
            .increment(1);
        metrics::histogram!("lienthong_call_seconds", "side" => self.side)
            .record(self.started.elapsed().as_secs_f64());
        let (client, service) = self.parties.unwrap_or_default();
        if let Some(error) = error {
            tracing::warn!(
                call.id = %self.request_id, call.side = self.side, client.id = %client, service.id = %service,
                error.code = %error.code(), error.fault = %error.fault(), error.kind = %error.kind(), "call failed"
            );
        } else if let Some((kind, code)) = self.refused {
            tracing::info!(
                call.id = %self.request_id, call.side = self.side, client.id = %client, service.id = %service,
                error.code = %code, error.kind = %kind, "call refused by the provider"
            );
        }
    }
}
