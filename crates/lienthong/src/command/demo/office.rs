//! The people of the demo at work: every act goes through the registry's API, as a page or a script would do it.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, StatusCode, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use super::people::{AUDITOR, Member};

/// Longest wait for an answer.
const ANSWER_WAIT: Duration = Duration::from_secs(30);

/// A client of the API.
pub struct Office {
    client: Client<HttpConnector, Full<Bytes>>,
    api: String,
    tokens: HashMap<String, String>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    /// Version of what was read.
    pub etag: Option<String>,
    /// Code of a refusal by a node.
    pub error: Option<String>,
    pub body: Value,
}

impl Answer {
    /// Something was refused, in words.
    pub fn title(&self) -> &str {
        let text = |name: &str| self.body[name].as_str();
        text("title").or_else(|| text("message")).unwrap_or_default()
    }

    fn done(self, what: &str) -> anyhow::Result<Self> {
        if self.status.is_success() {
            return Ok(self);
        }
        bail!("{what}: {} {}", self.status, self.body)
    }
}

/// What is sent.
pub enum Body<'a> {
    Nothing,
    Json(&'a Value),
    Document(String),
}

impl Office {
    /// A client in which nobody is signed in.
    pub fn new(api: String) -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), api, tokens: HashMap::new() }
    }

    /// Signs everybody in.
    pub async fn open(api: String, members: &[Member]) -> anyhow::Result<Self> {
        let mut office = Self::new(api);
        for member in members {
            let token = office.sign_in(member).await?;
            office.tokens.insert(member.id.clone(), token);
        }
        Ok(office)
    }

    /// The token of a new session. A code counts once: somebody who signed in with it just now waits for the next.
    pub async fn sign_in(&self, member: &Member) -> anyhow::Result<String> {
        for wait in [member.next_code_s()? + 1, 0] {
            let proof = json!({ "id": member.id, "password": member.password, "code": member.code()? });
            let url = self.url("/sessions");
            let answer = self.send(Method::POST, &url, &[], Body::Json(&proof)).await?;
            if let Some(token) = answer.body["token"].as_str() {
                return Ok(token.to_owned());
            }
            tokio::time::sleep(Duration::from_secs(wait)).await;
        }
        bail!("{}: không đăng nhập được / cannot sign in", member.id)
    }

    /// Signs everybody in anew, by passwords alone, as the demo's console does: codes are left to whoever asks for a token.
    pub async fn renew(&mut self, members: &[Member]) -> anyhow::Result<()> {
        for Member { id, password, .. } in members {
            let (url, proof) = (self.url("/sessions"), json!({ "id": id, "password": password }));
            let answer = self.send(Method::POST, &url, &[], Body::Json(&proof)).await?.done(id)?;
            let token = answer.body["token"].as_str().context("a session has a token")?;
            self.tokens.insert(id.clone(), token.to_owned());
        }
        Ok(())
    }

    /// Reads something as the auditor, who may see all of it.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        let url = self.url(path);
        self.send(Method::GET, &url, &[self.bearer(AUDITOR)?], Body::Nothing).await?.done(path)
    }

    /// Reads something that need not be there, as the auditor.
    pub async fn seen(&self, path: &str) -> anyhow::Result<Option<Value>> {
        let answer = self.send(Method::GET, &self.url(path), &[self.bearer(AUDITOR)?], Body::Nothing).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        Ok(Some(answer.done(path)?.body))
    }

    /// Somebody makes something new, or puts something in its place.
    pub async fn makes(&self, who: &str, method: Method, path: &str, body: &Value) -> anyhow::Result<Value> {
        let url = self.url(path);
        let answer = self.send(method, &url, &[self.bearer(who)?], Body::Json(body)).await?;
        Ok(answer.done(path)?.body)
    }

    /// Somebody tries to change a thing, having seen its present version.
    pub async fn tries(
        &self,
        who: &str,
        method: Method,
        (thing, verb): (&str, &str),
        body: Body<'_>,
    ) -> anyhow::Result<Answer> {
        let seen = self.get(thing).await?.etag.with_context(|| format!("{thing}: no ETag"))?;
        let headers = [self.bearer(who)?, (header::IF_MATCH.as_str(), seen)];
        self.send(method, &format!("{}{thing}{verb}", self.api), &headers, body).await
    }

    /// Somebody changes a thing.
    pub async fn does(&self, who: &str, (thing, verb): (&str, &str), body: &Value) -> anyhow::Result<Value> {
        let answer = self.tries(who, Method::POST, (thing, verb), Body::Json(body)).await?;
        Ok(answer.done(&format!("{thing}{verb}"))?.body)
    }

    /// Somebody hands in a document of a request.
    pub async fn hands_in(&self, who: &str, request: &str, item: &str) -> anyhow::Result<()> {
        let text = format!(
            "Văn bản minh họa của bản demo, không có giá trị / sample document of the demo, without effect: {item}, {request}\n"
        );
        let verb = format!("/attachments?item={item}&name={item}.txt&number=01/VB-DEMO");
        let thing = format!("/requests/{request}");
        let answer = self.tries(who, Method::POST, (&thing, &verb), Body::Document(text)).await?;
        answer.done(&verb).map(drop)
    }

    /// Where a thing of the API is.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.api)
    }

    /// Any request.
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, String)],
        body: Body<'_>,
    ) -> anyhow::Result<Answer> {
        let (media_type, bytes) = match body {
            Body::Nothing => (None, Bytes::new()),
            Body::Json(json) => (Some("application/json"), json.to_string().into()),
            Body::Document(text) => (Some("text/plain"), text.into()),
        };
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        if let Some(media_type) = media_type {
            request = request.header(header::CONTENT_TYPE, media_type);
        }
        let asked = self.client.request(request.body(Full::new(bytes))?);
        let (head, body) =
            tokio::time::timeout(ANSWER_WAIT, asked).await.context(url.to_owned())??.into_parts();
        let text = |name: &str| head.headers.get(name)?.to_str().ok().map(str::to_owned);
        let (etag, error) = (text(header::ETAG.as_str()), text("lienthong-error"));
        let bytes = body.collect().await?.to_bytes();
        // A few answers have no body.
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Ok(Answer { status: head.status, etag, error, body })
    }

    /// The token of somebody who is signed in.
    pub fn token(&self, who: &str) -> anyhow::Result<&str> {
        Ok(self.tokens.get(who).with_context(|| format!("{who} is not signed in"))?)
    }

    fn bearer(&self, who: &str) -> anyhow::Result<(&'static str, String)> {
        Ok((header::AUTHORIZATION.as_str(), format!("Bearer {}", self.token(who)?)))
    }
}
