//! Who visits: the cookie, the language, and the guard in front of every page.

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Console;
use crate::api::Ask;
use crate::failure::Failure;
use crate::pages::failed;
use crate::text::Lang;
use crate::view::{Frame, Post, Section, Who, redirect, segment};

/// Cookie of the session over TLS; browsers take this name only from the host itself and never without TLS.
const SESSION_TLS: &str = "__Host-lienthong";
/// Cookie of the session on a loopback port without TLS.
const SESSION_PLAIN: &str = "lienthong";
/// Cookie of the language.
const LANGUAGE: &str = "ngon-ngu";
/// Media type of our pages.
const HTML: &str = "text/html; charset=utf-8";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// One request of somebody's browser.
#[derive(Clone)]
pub struct Visit {
    console: Console,
    /// The API's session; absent before signing in.
    session: Option<String>,
    /// Who that is.
    pub who: Option<Who>,
    /// Language.
    pub lang: Lang,
    /// Whether the browser came over TLS.
    tls: bool,
    peer: Option<web::Peer>,
    here: String,
    done: Option<String>,
}

/// What the API says about a session.
#[derive(Deserialize)]
struct Me {
    id: String,
    #[serde(default)]
    name: Option<String>,
    posts: Vec<Post>,
}

impl Visit {
    async fn find_who(&mut self) {
        if self.session.is_none() {
            return;
        }
        // A session that has ended is no session; any other failure shows itself on the page.
        if let Ok(Me { id, name, posts }) = self.get::<Me>("/me").await {
            let name = name.unwrap_or_else(|| id.clone());
            self.who = Some(Who { id, name, posts });
        }
    }

    /// The frame of a page; `title` is a key.
    pub fn frame(&self, section: Section, title: &str) -> Frame {
        self.titled(section, self.lang.t(title))
    }

    /// The frame of a page whose title is a text.
    pub fn titled(&self, section: Section, title: impl Into<String>) -> Frame {
        Frame {
            lang: self.lang,
            section,
            title: title.into(),
            who: self.who.clone(),
            token: self.form_token(),
            here: self.here.clone(),
            done: self.done.as_ref().filter(|key| self.lang.has(key)).map(|key| self.lang.t(key)),
        }
    }

    /// Asks the API for something.
    ///
    /// # Errors
    /// What it refuses.
    pub async fn get<T: DeserializeOwned>(&self, path: impl Into<String>) -> Result<T, Failure> {
        self.ask(Method::GET, path).send().await
    }

    /// A question to the API in the name of whoever visits.
    pub fn ask(&self, method: Method, path: impl Into<String>) -> Ask<'_> {
        self.console.api().ask(self.session.as_deref(), method, path)
    }

    /// Who is at the other end.
    pub fn peer(&self) -> Option<web::Peer> {
        self.peer.clone()
    }

    /// The console.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// What stands in every form of this session.
    pub fn form_token(&self) -> String {
        let session = self.session.as_deref().unwrap_or_default();
        crypto::b64::encode(&crypto::hash::hmac_sha256(&self.console.0.forms_key, &[session.as_bytes()]))
    }

    /// The cookie that carries a session, or takes it away.
    pub fn session_cookie(&self, token: Option<&str>) -> HeaderValue {
        let (name, secure) = if self.tls { (SESSION_TLS, "; Secure") } else { (SESSION_PLAIN, "") };
        let end = if token.is_some() { "" } else { "; Max-Age=0" };
        let token = token.unwrap_or_default();
        let text = format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax{secure}{end}");
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
    }
}

/// The cookie of a language.
pub fn language_cookie(lang: Lang) -> HeaderValue {
    let text = format!("{LANGUAGE}={}; Path=/; SameSite=Lax; Max-Age=31536000", lang.tag());
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

impl FromRequestParts<Console> for Visit {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &Console) -> Result<Self, Failure> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Failure::signed_out)
    }
}

impl IntoResponse for Failure {
    /// The guard turns it into a page in the visitor's language.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Finds out who visits, keeps strangers on the sign-in page and foreign forms out, and turns failures into pages.
pub async fn guard(State(console): State<Console>, mut request: Request, next: Next) -> Response {
    let mut visit = visit(console, &request);
    visit.find_who().await;
    if request.method() != Method::GET && !from_our_page(request.headers()) {
        return shown(&visit, &Failure::foreign_form());
    }
    let open = ["/dang-nhap", "/ngon-ngu/"].iter().any(|begin| request.uri().path().starts_with(begin));
    if visit.who.is_none() && !open {
        return redirect(&format!("/dang-nhap?den={}", segment(&visit.here)));
    }
    request.extensions_mut().insert(visit.clone());
    let mut response = next.run(request).await;
    // What the framework refuses before a handler sees it, such as a query that cannot be read.
    // A form that is shown again is a page of its own.
    let is_page = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == HTML);
    if response.status().is_client_error() && !is_page && response.extensions().get::<Failure>().is_none() {
        let refused = Failure { status: response.status(), ..Failure::nothing() };
        response.extensions_mut().insert(refused);
    }
    let Some(failure) = response.extensions().get::<Failure>() else { return response };
    if failure.status == StatusCode::UNAUTHORIZED {
        return redirect(&format!("/dang-nhap?den={}", segment(&visit.here)));
    }
    shown(&visit, failure)
}

fn shown(visit: &Visit, failure: &Failure) -> Response {
    failed::page(visit, failure).unwrap_or_else(|_| failure.status.into_response())
}

/// Browsers say where a request comes from; one that says nothing at all is a tool, and has no cookies of others.
fn from_our_page(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return site == "same-origin";
    }
    let Some(origin) = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok()) else { return true };
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    origin.split_once("://").is_some_and(|(_, from)| from == host)
}

fn visit(console: Console, request: &Request) -> Visit {
    let headers = request.headers();
    let peer = request.extensions().get::<web::Peer>().cloned();
    let tls = console.0.behind_tls || peer.as_ref().is_some_and(|peer| peer.tls);
    let session = cookie(headers, if tls { SESSION_TLS } else { SESSION_PLAIN }).map(str::to_owned);
    let lang = cookie(headers, LANGUAGE).and_then(Lang::of).unwrap_or_default();
    let here = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let done =
        request.uri().query().and_then(|query| query.split('&').find_map(|one| one.strip_prefix("xong=")));
    Visit {
        console,
        session,
        who: None,
        lang,
        tls,
        peer,
        here: without_banner(here),
        done: done.map(|key| format!("done-{key}")),
    }
}

/// The address without the banner, which is shown once.
fn without_banner(here: &str) -> String {
    let Some((path, query)) = here.split_once('?') else { return here.to_owned() };
    let kept: Vec<_> = query.split('&').filter(|one| !one.starts_with("xong=")).collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn forms_of_other_sites_are_told_from_ours() {
        let host = (header::HOST, "127.0.0.1:7489");
        assert!(from_our_page(&headers(&[(SEC_FETCH_SITE, "same-origin")])));
        assert!(!from_our_page(&headers(&[(SEC_FETCH_SITE, "same-site")])));
        assert!(!from_our_page(&headers(&[(SEC_FETCH_SITE, "cross-site"), host.clone()])));
        assert!(from_our_page(&headers(&[(header::ORIGIN, "http://127.0.0.1:7489"), host.clone()])));
        assert!(!from_our_page(&headers(&[(header::ORIGIN, "http://127.0.0.1:7480"), host.clone()])));
        assert!(!from_our_page(&headers(&[(header::ORIGIN, "null"), host])));
    }

    #[test]
    fn a_banner_is_not_part_of_the_address() {
        assert_eq!(without_banner("/viec?xong=a"), "/viec");
        assert_eq!(without_banner("/viec?b=1&xong=a&c=2"), "/viec?b=1&c=2");
    }

    #[test]
    fn cookies_are_found_among_others() {
        let cookies = headers(&[(header::COOKIE, "a=1; lienthong=x; b=2")]);
        assert_eq!(cookie(&cookies, "lienthong"), Some("x"));
        assert_eq!(cookie(&cookies, "ong"), None);
    }
}
